/** The panel's style sheet, as text for a constructed sheet: a host's strict policy allows it.
 *  Everything is nested, so that nothing here reaches the loader's button beside the panel. */

export const SHEET = `
.carillon{--text:#1e232b;--muted:#555b64;--bg:#f3f5f8;--surface:#fff;--raised:#ebeef2;--control:#7a818a;--line:#d6d9de;
--late:#b51f1f;--late-tint:#fceae8;--soon:#7f5314;--soon-tint:#feefcb;--ok:#176938;--radius:var(--carillon-radius,8px);
position:absolute;inset:0;color:var(--text);background:var(--surface);font-size:15px;line-height:1.43;
font-family:var(--carillon-font,"Segoe UI",system-ui,Roboto,"Noto Sans","PingFang SC","Microsoft YaHei UI","Noto Sans CJK SC",sans-serif)}
.carillon[data-theme=dark]{--text:#e7eaee;--muted:#a7adb4;--bg:#0f1216;--surface:#171b20;--raised:#20252b;--control:#7a818a;
--line:#343a41;--late:#fc958f;--late-tint:#4d1f1d;--soon:#f8c655;--soon-tint:#3f2f11;--ok:#70e093;color-scheme:dark}
.carillon:lang(zh-CN){line-height:1.6}
.carillon{
*{box-sizing:border-box}
.drawing,.panel{height:100%}
.panel{display:flex;flex-direction:column;overflow-wrap:anywhere}
h1,h2,p,fieldset,legend{margin:0;padding:0;border:0;font-weight:400;min-width:0}
h1{font-size:16px;font-weight:600;flex:1;padding-inline-start:6px;outline:0}
h2,legend{font-size:20px;font-weight:600;outline:0}
header{display:flex;align-items:center;gap:2px;padding:8px 8px 8px 12px;background:var(--accent);color:var(--on-accent);
border-bottom:1px solid var(--accent-edge)}
header button.quiet{color:var(--on-accent)}
header button.quiet:focus-visible{outline-color:var(--on-accent);outline-offset:-4px}
.icon{width:20px;height:20px;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;vertical-align:-4px}
button,input,select,textarea{font:inherit;color:inherit;letter-spacing:inherit;margin:0}
button,.menu a{min-height:44px;padding:8px 16px;border:1px solid var(--control);border-radius:var(--radius);background:var(--surface);
color:var(--text);font-weight:500;cursor:pointer;text-align:center}
button:hover,.menu a:hover{background:var(--raised)}
button.primary{background:var(--accent);color:var(--on-accent);border-color:var(--accent-edge);font-weight:600}
button.primary:hover{filter:brightness(.94)}
button.danger{background:var(--late);border-color:var(--late);color:var(--surface)}
button.quiet{min-width:44px;padding:0;display:inline-grid;place-items:center;border-color:transparent;background:none}
button.quiet:hover{background:#8883}
button.link{min-height:24px;padding:0 4px;border:0;background:none;color:var(--text);text-decoration:underline;font-weight:600}
button[aria-disabled=true]{opacity:.7;cursor:progress}
:focus-visible{outline:2px solid var(--text);outline-offset:2px}
a{color:var(--link)}
.muted{color:var(--muted)}
.small{font-size:13px;color:var(--muted)}
.small:empty{display:none}
.unseen{position:absolute!important;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.trap{position:absolute;inset-inline-start:-9999px;width:1px;height:1px;overflow:hidden}
.scroll{flex:1;overflow:auto;padding:20px;display:flex;flex-direction:column;gap:14px}
.scroll form{display:flex;flex-direction:column;gap:14px}
.filling{flex:1;min-height:0;display:flex;flex-direction:column}
.foot{padding:12px 20px;border-top:1px solid var(--line)}.foot button{width:100%}
.centred{justify-content:center;text-align:center}
.greeting{font-size:20px;font-weight:600;line-height:1.3}
.back{font-weight:600}
.field{display:flex;flex-direction:column;gap:4px}
.field label{font-weight:500;font-size:14px}
input,select,textarea{width:100%;min-height:44px;padding:10px 12px;border:1px solid var(--control);border-radius:var(--radius);
background:var(--surface);resize:vertical}
input:focus-visible,select:focus-visible,textarea:focus-visible{outline:2px solid var(--text);outline-offset:0}
::placeholder{color:var(--muted);opacity:1}
[aria-invalid]{border-color:var(--late);border-width:2px}
.wrong{color:var(--late);font-size:14px;font-weight:500}
.strip{padding:8px 16px;background:var(--soon-tint);color:var(--soon);font-size:14px;font-weight:500}
&[data-theme=light] .strip{color:#6b4610}
.strip.soft{background:var(--raised);color:var(--text);font-weight:400}
.strip button{background:none;border-color:currentColor;color:inherit}
.aside{padding:16px 20px;background:var(--bg);border-bottom:1px solid var(--line);display:flex;flex-direction:column;gap:12px;
max-height:70%;overflow:auto;flex:none;outline:0}
.aside h2,.aside legend{font-size:16px}
.menu a{display:block;text-decoration:none}
.choices{display:flex;flex-wrap:wrap;justify-content:flex-end;gap:8px}
.queue{display:flex;flex-direction:column;gap:10px;padding:14px 20px;background:var(--bg);border-bottom:1px solid var(--line)}
.queue strong{font-size:16px;font-weight:600;display:block}
.wait{color:var(--muted)}.wait .icon{width:16px;height:16px;vertical-align:-3px}
.log{flex:1;overflow:auto;padding:16px 16px 4px;display:flex;flex-direction:column;gap:10px;min-height:80px;overscroll-behavior:contain}
.log:focus-visible{outline-offset:-3px}
.turn{max-width:84%;align-self:flex-start;display:flex;flex-direction:column;gap:3px;align-items:flex-start}
.turn.mine{align-self:flex-end;align-items:flex-end}
.who,.mark,.day{font-size:12px;color:var(--muted)}
.bubble{padding:9px 13px;border-radius:4px 14px 14px 14px;background:var(--raised);white-space:pre-wrap}
.mine .bubble{border-radius:14px 4px 14px 14px;background:var(--accent);color:var(--on-accent);border:1px solid var(--accent-edge)}
.mine .bubble.out{opacity:.85}
.bubble.gone{font-style:italic;color:var(--muted)}
.mark.failed{color:var(--late);font-weight:600}
.mark .icon{width:14px;height:14px;vertical-align:-2px;margin-inline-end:3px}
.event,.day{align-self:center;text-align:center;font-size:13px;color:var(--muted);padding:2px 12px;max-width:100%}
.file{display:flex;align-items:center;gap:8px;max-width:100%;text-align:start;padding:8px 12px;border-radius:var(--radius);
border:1px solid var(--line);background:var(--surface);font-size:14px}
.file .name{flex:1;min-width:0;font-weight:500}
.attached{display:flex;flex-wrap:wrap;gap:6px;padding-bottom:8px}
.offered{display:flex;flex-wrap:wrap;gap:8px;padding:8px 16px;flex:none;max-height:40%;overflow:auto}
.row input{flex:1}
.typing{min-height:24px;padding:0 18px;font-size:13px;color:var(--muted)}
.dots{display:inline-flex;gap:3px;margin-inline-end:6px;vertical-align:2px}
.dots i{width:5px;height:5px;border-radius:50%;background:currentColor;opacity:.5}
.composer{padding:10px 12px;border-top:1px solid var(--line);flex:none}
.composer .strip{margin:-10px -12px 10px}
.row{display:flex;gap:4px;align-items:flex-end}
.row textarea{flex:1;max-height:120px;resize:none;field-sizing:content}
.send{min-width:44px;padding:0;display:inline-grid;place-items:center}
.composer>.small{padding-top:6px;font-size:12px}
.ended{padding:16px 20px;border-top:1px solid var(--line);background:var(--bg);display:flex;flex-direction:column;gap:12px;
max-height:72%;overflow:auto;flex:none;text-align:center}
.ended form{display:flex;flex-direction:column;gap:12px;text-align:start}
.scores{display:grid;grid-template-columns:repeat(5,1fr);gap:6px}
.scores legend{font-size:16px;margin-bottom:8px}
.scores label{overflow-wrap:normal;min-height:64px;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:2px;padding:6px 2px;
border:1px solid var(--control);border-radius:var(--radius);background:var(--surface);font-size:12px;text-align:center;cursor:pointer;position:relative}
.scores .number{font-size:18px;font-weight:600}
.scores input{position:absolute;inset:0;opacity:0;width:100%;height:100%;min-height:0;margin:0;cursor:pointer}
.scores label.chosen{background:var(--accent);color:var(--on-accent);border-color:var(--accent-edge)}
.scores label:focus-within{outline:2px solid var(--text);outline-offset:2px}
@media (prefers-contrast:more){&{--muted:var(--text);--line:var(--control)}}
@media (forced-colors:active){.bubble,.file,.scores label.chosen{border:2px solid}}
@media (max-width:639px),(pointer:coarse){input,select,textarea{font-size:16px}}
@media (prefers-reduced-motion:no-preference){.dots i{animation:carillon-dot 1.2s infinite}.dots i:nth-child(2){animation-delay:.15s}.dots i:nth-child(3){animation-delay:.3s}}
}
@keyframes carillon-dot{0%,60%,100%{opacity:.3}30%{opacity:1}}
`;

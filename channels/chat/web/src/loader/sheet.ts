/** The button's and the dialog's frame; everything inside the dialog brings its own sheet. */

export const SHEET = `
:host{all:initial;--a:var(--carillon-accent,var(--site-accent,#215db3));--r:var(--carillon-radius,8px);
--o:var(--carillon-offset,20px);font-family:var(--carillon-font,system-ui,sans-serif)}
.o{all:unset;box-sizing:border-box;position:fixed;z-index:2147483000;bottom:var(--o);inset-inline-end:var(--o);
display:flex;align-items:center;gap:8px;min-width:48px;height:48px;padding:0 18px 0 14px;border-radius:calc(var(--r)*3);
background:var(--a);color:var(--on,#fff);font-size:16px;font-weight:600;line-height:1;cursor:pointer;
box-shadow:0 6px 20px #0004}
.line{border:1px solid var(--on)}
.o:focus-visible{outline:2px solid #fff;box-shadow:0 0 0 4px #0f1216}
.o svg{width:22px;height:22px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.o b{position:absolute;inset-inline-end:-4px;top:-6px;min-width:12px;padding:5px;border-radius:12px;background:#b51f1f;color:#fff;
font-size:12px;text-align:center;box-shadow:0 0 0 2px #fff}
.o b:empty{display:none}
.start .o,.start .d{inset-inline-end:auto;inset-inline-start:var(--o)}
.d{position:fixed;z-index:2147483000;bottom:calc(var(--o) + 60px);inset-inline-end:var(--o);width:376px;
height:min(600px,calc(100dvh - var(--o) - 80px));border-radius:calc(var(--r)*1.5);overflow:hidden;background:#fff;
box-shadow:0 0 0 1px #0002,0 12px 40px #0004;outline-offset:2px}
.d[hidden]{display:none}
.d[data-theme=dark]{background:#171b20;color-scheme:dark}
@media (prefers-color-scheme:dark){.d[data-theme=auto]{background:#171b20;color-scheme:dark}}
.d iframe{border:0;width:100%;height:100%;display:block}
@media (max-width:639px){.d{inset:0!important;width:auto;height:auto;border-radius:0}.o[aria-expanded=true]{display:none}}
@media (forced-colors:active){.o,.d{border:2px solid}}
@media print{:host{display:none}}
`;

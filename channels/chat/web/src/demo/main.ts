/** `demo.js`: gives the page to try the widget on a plain look; a host's policy allows it. */

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
body{font:18px/1.6 "Segoe UI",system-ui,Roboto,"Noto Sans",sans-serif;color:#1e232b;background:#f3f5f8}
main{max-width:36rem;margin:0 auto;padding:12vh 24px}
h1{font-size:44px;line-height:1.15;margin:.2em 0 .6em}
main>p:first-child{color:#555b64;margin:0}
@media (prefers-color-scheme:dark){body{color:#e7eaee;background:#0f1216}main>p:first-child{color:#a7adb4}}
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

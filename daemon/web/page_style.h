/*
 * The style sheet of the public pages. The colours of the shop stand before it as variables; it
 * names no font, picture or other thing that would have to be fetched.
 */
#ifndef NUDGED_WEB_PAGE_STYLE_H
#define NUDGED_WEB_PAGE_STYLE_H

/* What the colours stand on. */
#define PAGE_CARD_LIGHT 0xff, 0xff, 0xff
#define PAGE_CARD_DARK  0x1f, 0x1f, 0x22

static const char page_style[] =
    "*{box-sizing:border-box}"
    "html{color-scheme:light dark;-webkit-text-size-adjust:100%}"
    "body{margin:0;overflow-wrap:anywhere;min-height:100vh;display:flex;flex-direction:column;"
    "background:#f4f3f1;"
    "color:#1d1d20;font:400 1.0625rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,"
    "\"Noto Sans\",\"Liberation Sans\",sans-serif}"
    "header,main,footer{width:100%;max-width:32rem;margin:0 auto;padding:0 1.25rem}"
    "header{padding-top:2rem;padding-bottom:1.25rem;font-size:1.25rem;font-weight:650;"
    "}"
    "header a,footer a{color:inherit}"
    "header a{text-decoration:none}"
    "header a:hover{text-decoration:underline}"
    ".card{background:#fff;border:1px solid #e2dfda;"
    "border-radius:.875rem;padding:2rem 1.5rem 1.75rem;"
    "box-shadow:inset 0 .3125rem 0 var(--accent),0 1px 2px #0000000a,0 8px 24px #0000000f}"
    "h1{margin:0 0 .875rem;font-size:1.625rem;line-height:1.22;font-weight:700;"
    "letter-spacing:-.01em;text-wrap:balance}"
    "p{margin:0 0 1rem;text-wrap:pretty}"
    "ul{list-style:none;margin:0 0 1.25rem;padding:0}"
    ".topics li{padding:.625rem .875rem;margin:0 0 .5rem;border-radius:.5rem;background:#f4f3f1;"
    "font-weight:600}"
    ".choices li{border-bottom:1px solid #e2dfda}"
    ".choices li:first-child{border-top:1px solid #e2dfda}"
    "label{display:flex;gap:.875rem;align-items:center;min-height:3.25rem;padding:.5rem .25rem;"
    "cursor:pointer}"
    "label bdi{min-width:0}"
    "input[type=checkbox]{flex:none;width:1.5rem;height:1.5rem;margin:0;accent-color:var(--accent)}"
    "fieldset{border:0;margin:0;padding:0;min-width:0}"
    "button{display:block;width:100%;min-height:3rem;margin:.25rem 0 0;padding:.75rem 1.25rem;"
    "border:2px solid var(--accent);border-radius:.625rem;background:var(--accent);"
    "color:var(--ink);font:inherit;font-weight:650;cursor:pointer}"
    "button+button{margin-top:.75rem}"
    ".quiet{background:transparent;border-color:#76736e;color:inherit}"
    "button:hover{filter:brightness(.94)}"
    ".quiet:hover{filter:none;background:#0000000d}"
    ":focus-visible{outline:3px solid currentColor;outline-offset:3px;border-radius:.375rem}"
    "button:focus-visible{outline-color:#1d1d20;border-radius:.625rem}"
    ".note{margin:1.25rem 0 0;font-size:.9375rem;color:#57534e}"
    "footer{margin-top:auto;padding-top:1.5rem;padding-bottom:2rem;font-size:.9375rem;"
    "color:#57534e}"
    "footer p{margin:0}"
    "@media(min-width:40rem){header{padding-top:4rem}.card{padding:2.25rem}}"
    "@media(prefers-color-scheme:dark){"
    "body{background:#131315;color:#ededee}"
    ".card{background:#1f1f22;border-color:#38383d;"
    "box-shadow:inset 0 .3125rem 0 var(--accent)}"
    ".topics li{background:#2b2b2f}"
    ".choices li,.choices li:first-child{border-color:#38383d}"
    ".quiet{border-color:#8f8f96}"
    ".quiet:hover{background:#ffffff14}"
    "button:focus-visible{outline-color:#ededee}"
    ".note,footer{color:#b4b4ba}}";

#endif

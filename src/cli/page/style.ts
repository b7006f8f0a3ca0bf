/** The look of the page: light and dark, phone and paper. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c2024;--soft:#5a626b;--paper:#fff;--line:#d5dade;--bar:#2f6f9f;--good:#146c2e;--bad:#a3201d;--code:#f1f3f5}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a9b1ba;--paper:#16191c;--line:#3a4148;--bar:#6db3e4;--good:#6fd08c;--bad:#ff9b94;--code:#22272c}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:62rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
.good{color:var(--good)}.bad{color:var(--bad)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;overflow-wrap:anywhere}
th{font-weight:600}
.facts th{width:9rem;color:var(--soft);font-weight:400}
.counts{width:auto}.counts th,.counts td{white-space:nowrap;overflow-wrap:normal}.counts td,.counts thead th+th{text-align:right}
code,pre{font:.875rem/1.5 ui-monospace,SFMono-Regular,Consolas,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--code);padding:.6rem .75rem;border-radius:.3rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:.25rem 0 1rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1.5rem}
figure{margin:0;break-inside:avoid}
figcaption{font-weight:600;margin-bottom:.25rem}
svg{width:100%;max-width:32rem;height:auto;display:block}
svg rect{fill:var(--bar)}svg line{stroke:var(--soft)}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg text.name{text-anchor:end}
summary{cursor:pointer;color:var(--soft);font-size:.875rem}
.same{table-layout:fixed}.same th:first-child{width:6.5rem}
footer{margin-top:2.5rem;color:var(--soft);font-size:.875rem}
@media print{body{max-width:none;padding:0;font-size:11pt}details,footer a{display:none}h2{break-after:avoid}:root{--ink:#000;--paper:#fff;--bar:#444;--code:#fff;--line:#999;--soft:#333;--good:#000;--bad:#000}}
`.trim();

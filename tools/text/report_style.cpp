#include "tools/text/report_parts.h"

namespace postern::text {

namespace {

constexpr std::string_view style = R"css(
:root{color-scheme:light dark;--ink:#16202b;--soft:#4c5a68;--page:#f6f7f9;--card:#fff;
--line:#d9dfe6;--link:#0b57a4;--hot:180,60,20;--c1:#0b57a4;--c2:#0f7b6c;--c3:#b4540a;
--c4:#7a3fa0;--c5:#5a6672;--bad:#b3261e;--good:#0f7b6c}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#a9b5c1;--page:#11161c;
--card:#1a2129;--line:#313c48;--link:#8ec2ff;--hot:255,140,90;--c1:#6fb1ff;--c2:#4fc7b2;
--c3:#f0a35c;--c4:#c99aee;--c5:#a9b5c1;--bad:#ff9a8f;--good:#4fc7b2}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main,header,footer{max-width:72rem;margin:0 auto;padding:1.25rem}
h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0}
h2{font-size:1.35rem;margin:2.4rem 0 .4rem;padding-top:.6rem;border-top:3px solid var(--ink)}
h3{font-size:1.1rem;margin:1.8rem 0 .2rem}
p{margin:.35rem 0;max-width:46rem}
a{color:var(--link)}
.eyebrow{letter-spacing:.08em;text-transform:uppercase;font-size:.8rem;color:var(--soft)}
.soft{color:var(--soft)}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85em;
overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;
margin:1rem 0;padding:0;list-style:none}
.tiles li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:.8rem .9rem}
.tiles b{display:block;font-size:1.8rem;line-height:1.15;font-variant-numeric:tabular-nums}
.tiles a{text-decoration:none}
.tiles a:hover{text-decoration:underline}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem;
margin:.8rem 0}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.6rem;
margin:.6rem 0}
.wide:focus-visible,a:focus-visible{outline:3px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.45rem .7rem;border-bottom:1px solid var(--line);
vertical-align:top}
tr:last-child td,tr:last-child th{border-bottom:0}
thead th{font-weight:600;color:var(--soft);white-space:nowrap}
tbody th{font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.t{white-space:nowrap}
.d{min-width:13rem}
.zero{color:var(--soft)}
svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1rem;margin:.5rem 0 0;padding:0;list-style:none;
font-size:.9rem}
.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:.15rem;margin-right:.4rem;
vertical-align:-.05rem}
.bar{display:flex;height:1.5rem;border-radius:.35rem;overflow:hidden;gap:2px}
.bar span{display:block;min-width:2px}
.sign{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:2.2rem 1.5rem;
margin-top:2.6rem}
.sign div{border-top:1px solid var(--ink);padding-top:.3rem;font-size:.85rem;color:var(--soft)}
@media(max-width:34rem){main,header,footer{padding:1rem}h1{font-size:1.5rem}
.tiles{grid-template-columns:1fr 1fr}.tiles b{font-size:1.5rem}th,td{padding:.4rem .5rem}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--page:#fff;--card:#fff;--line:#bbb;
--link:#000;--hot:180,60,20;--c1:#0b57a4;--c2:#0f7b6c;--c3:#b4540a;--c4:#7a3fa0;--c5:#5a6672;
--bad:#8a1c16;--good:#0b5c51}
@page{size:A4;margin:16mm 14mm}
body{font-size:10.5pt}main,header,footer{max-width:none;padding:0}
h2{break-after:avoid}h3{break-after:avoid}tr,.tiles li,.card,svg{break-inside:avoid}
thead{display:table-header-group}.wide{overflow:visible;border-radius:0}
table{font-size:8.5pt}th,td{padding:.25rem .4rem;overflow-wrap:break-word}
.d{min-width:0}.t,thead th{white-space:normal}a{text-decoration:none}nav{display:none}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";

}  // namespace

std::string_view report_style() { return style; }

}  // namespace postern::text

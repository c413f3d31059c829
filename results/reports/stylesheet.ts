/**
 * How a report looks: one column, 16 px text, colours from the charts' themes, a light and a dark page and paper. Two
 * rules shape the rest: nothing is wider than the screen (wide tables scroll in a box of their own, so a phone never
 * scrolls sideways), and what works without JavaScript is there first (the SVG stands until a canvas replaces it, and
 * print always shows the SVG in light colours).
 */
import { cssVariables } from "../charts/theme";

export function stylesheet(): string {
  return `:root{${cssVariables("light")};color-scheme:light}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${cssVariables("dark")};color-scheme:dark}}
:root[data-theme=dark]{${cssVariables("dark")};color-scheme:dark}
${RULES}
@media print{:root,:root[data-theme],:root:not([data-theme=light]){${cssVariables("light")};color-scheme:light}
${PRINT}}`;
}

const RULES = `*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:3.5rem}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
main,header.top,footer{max-width:1100px;margin:0 auto;padding:0 1.1rem}
a{color:var(--link)}
h1{font-size:1.75rem;line-height:1.25;margin:1.4rem 0 .3rem;overflow-wrap:anywhere}
h2{font-size:1.35rem;line-height:1.3;margin:0 0 .4rem}
h3{font-size:1.05rem;margin:.2rem 0 .5rem}
h4{font-size:.9rem;font-weight:600;margin:.2rem 0 .1rem;text-align:center}
p{margin:.5rem 0;overflow-wrap:anywhere}
section{padding:1.8rem 0 .6rem;border-top:1px solid var(--grid)}
.question{color:var(--muted);font-size:1.1rem;margin:0 0 .8rem}
.verdict{font-size:1.15rem;border-left:4px solid var(--s1);padding:.1rem 0 .1rem .9rem;margin:.9rem 0}
.answer{font-size:1.05rem;max-width:75ch}
.facts{color:var(--muted);font-size:.9rem}
.facts span{white-space:nowrap}
.badges{display:flex;flex-wrap:wrap;gap:.4rem;margin:.7rem 0;padding:0;list-style:none}
.badges li{border:1px solid var(--line);border-radius:1rem;padding:.05rem .7rem;font-size:.9rem;background:var(--panel)}
.badges .doubtful,.badges .dirty{border-color:var(--bad);color:var(--bad)}
.badges .invalid{border-color:var(--bad);background:var(--bad);color:var(--page)}
.badges .valid{border-color:var(--good);color:var(--good)}
.badges .bare{border:0;padding:0;background:none}
.world{display:inline-block;border:1px solid var(--ink);border-radius:.25rem;padding:0 .5rem;font-size:.85rem;font-weight:600;white-space:nowrap}
.world.processes{background:var(--ink);color:var(--page)}
.world.simulation{border-style:dashed}
.whose{margin:.9rem 0 .3rem}
.of-world+.of-world{margin-top:1.6rem;padding-top:.4rem;border-top:1px dashed var(--line)}
.tag{border:1px solid var(--line);border-radius:.25rem;padding:0 .35rem}
.warnings{border:1px solid var(--bad);border-radius:.4rem;padding:.3rem .9rem;margin:.8rem 0}
.warnings ul{margin:.3rem 0;padding-left:1.2rem}
nav.sections{position:sticky;top:0;z-index:5;background:var(--page);border-bottom:1px solid var(--line);margin-top:1rem}
nav.sections .row{max-width:1100px;margin:0 auto;padding:0 1.1rem;display:flex;align-items:center;gap:.6rem}
nav.sections ol{display:flex;gap:.65rem;overflow-x:auto;list-style:none;margin:0;padding:.55rem 0;flex:1;white-space:nowrap;font-size:.85rem;scrollbar-width:none}
nav.sections a{text-decoration:none}
nav.sections a:hover{text-decoration:underline}
button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--line);border-radius:.35rem;padding:.1rem .55rem;cursor:pointer}
#theme{display:none;font-size:.85rem;white-space:nowrap}
.js #theme{display:block}
#all-time{font-size:.85rem;white-space:nowrap}
figure{margin:1rem 0 0}
figcaption{color:var(--muted);font-size:.9rem;max-width:80ch;margin:.4rem 0}
.help{display:inline-block;width:1.4em;height:1.4em;line-height:1.35em;text-align:center;border:1px solid var(--line);border-radius:50%;text-decoration:none;font-size:.85rem;font-weight:400}
.legend{display:flex;flex-wrap:wrap;gap:.25rem .9rem;font-size:.9rem;margin:.2rem 0 .5rem;padding:0;list-style:none}
.legend svg{flex:none}
.legend button{display:flex;align-items:center;gap:.4rem;border:0;background:none;padding:.1rem .2rem;cursor:default;text-align:left}
.js .legend button.switch{cursor:pointer}
.legend button[aria-pressed=false]{opacity:.4;text-decoration:line-through}
.legend svg{flex:none}
.panels{display:grid;gap:.8rem 1rem;grid-template-columns:1fr}
@media (min-width:620px){.panels.two{grid-template-columns:1fr 1fr}.panels.many{grid-template-columns:1fr 1fr}}
@media (min-width:900px){.panels.many{grid-template-columns:1fr 1fr 1fr}}
.panel{min-width:0}
.picture{position:relative;width:100%;overflow-x:auto}
.picture svg{display:block;width:100%;height:auto;min-width:320px}
.panels.one .picture svg{min-width:560px}
.picture.drawn{aspect-ratio:var(--shape);min-height:var(--least,250px);overflow:hidden}
.picture.drawn svg{display:none}
.picture.ring{max-width:340px;margin:0 auto}
.picture.ring svg{min-width:0}
.picture.graph{max-height:34rem;overflow:auto;border:1px solid var(--grid)}
.picture.graph svg,.panels.one .picture.graph svg{width:var(--wide);min-width:var(--wide)}
.picture.graph g:target .row{fill:var(--s6);fill-opacity:.28}
.part{margin-top:1.6rem;padding-top:.4rem;border-top:1px dashed var(--line)}
h4.cases{text-align:left;margin-top:1.2rem}
table.cases th[scope=row]{font-weight:600;white-space:nowrap}
table.cases .told{min-width:18rem}
table.cases .error{min-width:7rem}
table.cases .whose{min-width:10rem}
table.cases .key{min-width:6rem;overflow-wrap:anywhere}
tr:target{background:var(--panel)}
.scroll{overflow-x:auto;max-width:100%}
.wide table{min-width:58rem}
.wide td{overflow-wrap:break-word}
.scroll.tall{max-height:26rem;overflow-y:auto;border:1px solid var(--grid)}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.28rem .55rem .28rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}
td{overflow-wrap:anywhere}
td.name,td.number{overflow-wrap:normal}
.plain td{min-width:5.5rem}
.plain td:first-child{min-width:3.5rem;overflow-wrap:break-word}
thead th{border-bottom:2px solid var(--line);font-weight:600;vertical-align:bottom}
.tall table th,.tall table td{padding-left:.5rem}
.tall thead th{position:sticky;top:0;background:var(--page)}
td.number{text-align:right;white-space:nowrap}
th.number{text-align:right}
td.name,th.name{white-space:nowrap}
.interval{color:var(--muted);font-size:.85em;display:block}
.unit{color:var(--muted);font-weight:400;font-size:.85em;display:block}
.dim{color:var(--muted)}
table.objectives td{min-width:8rem}
table.objectives td.number{min-width:3.5rem}
table.objectives th[scope=row]{min-width:10rem;padding-right:.7rem;overflow-wrap:break-word}
table.objectives th.name[scope=row]{min-width:2.5rem}
table.objectives td:nth-child(2){min-width:14rem}
table.objectives th[scope=row]{font-weight:600}
td.star{color:var(--s1);font-size:1.05rem}
.better{color:var(--good)}
.worse{color:var(--bad)}
.heat-choice{display:flex;flex-wrap:wrap;gap:.4rem 1rem}
.heat-choice[hidden]{display:none}
.heat-choice select{font:inherit;max-width:100%;color:var(--ink);background:var(--panel);border:1px solid var(--line);border-radius:.35rem}
.heat table{border-collapse:separate;border-spacing:2px}
.heat caption{text-align:left;font-weight:600;padding:.2rem 0}
.heat td{text-align:right;white-space:nowrap;padding:.3rem .6rem;min-width:4.5rem;border:0;border-radius:.2rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.heat td .interval{color:inherit}
.heat thead th{text-align:right}
.heat th:first-child{text-align:left;white-space:nowrap}
.heat-legend{display:flex;flex-wrap:wrap;gap:.2rem .6rem;align-items:center;font-size:.85rem;color:var(--muted)}
.heat-legend .bar{width:8rem;height:.8rem;border-radius:.2rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.doubt{color:var(--bad);font-weight:600;white-space:nowrap}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--link);font-size:.92rem}
code,pre{font:.9em/1.45 ui-monospace,"Liberation Mono",Menlo,Consolas,monospace}
pre{background:var(--panel);border:1px solid var(--grid);border-radius:.35rem;padding:.6rem .8rem;overflow-x:auto;margin:.6rem 0}
dl.glossary dt{font-weight:600;margin-top:.7rem}
dl.glossary dd{margin:0 0 0 1rem;max-width:80ch;overflow-wrap:anywhere}
.absent{color:var(--muted);font-style:italic}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.plain-list{padding-left:1.2rem}
footer{color:var(--muted);font-size:.88rem;padding-top:1.2rem;padding-bottom:2.5rem;border-top:1px solid var(--grid);margin-top:2rem}`;

const PRINT = `body{font-size:10.5pt}
nav.sections,#theme,#all-time,.help{display:none!important}
.picture,.picture.drawn{aspect-ratio:auto;min-height:0;overflow:visible}
.picture.drawn svg{display:block;min-width:0}
.picture.graph{max-height:none;border:0}
.picture.graph svg,.panels.one .picture.graph svg{width:auto;max-width:100%;min-width:0}
.picture svg~canvas{display:none!important}
.panels.many{grid-template-columns:1fr 1fr 1fr}
.panels.two{grid-template-columns:1fr 1fr}
figure,.panel,tr{break-inside:avoid}
.scroll{overflow:visible}
.wide table{min-width:0}`;

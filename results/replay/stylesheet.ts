/**
 * How the replay looks: the report's colours and type, wider than a report, because a ring and a diagram stand side by
 * side. Below 1,000 pixels they stand above each other; what moves the replay sticks to the lower edge, where a thumb is.
 */
import { stylesheet } from "../reports/stylesheet";

export function replayStylesheet(): string {
  return `${stylesheet()}\n${RULES}`;
}

const RULES = `header.top,main,footer{max-width:1480px}
h1{margin-top:1rem}
section{border-top:0;padding:.4rem 0}
section.below{border-top:1px solid var(--grid);padding:1.2rem 0 .6rem;margin-top:1rem}
button,select,input{min-height:2.2rem}
button{padding:.2rem .8rem}
button:disabled{color:var(--muted);cursor:default;opacity:.6}
button:focus-visible,select:focus-visible,input:focus-visible,summary:focus-visible,a:focus-visible{outline:3px solid var(--s1);outline-offset:2px}
select{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--line);border-radius:.35rem;max-width:100%;min-width:0}
kbd{font:.8em ui-monospace,"Liberation Mono",Menlo,monospace;border:1px solid var(--line);border-radius:.25rem;padding:0 .3em;color:var(--muted)}
[hidden]{display:none!important}
.choices{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:center;margin:.5rem 0}
.choices label{display:flex;gap:.4rem;align-items:center;min-width:0;max-width:100%}
.choices input[type=checkbox]{width:1.1rem;height:1.1rem;min-height:0}
.stage{display:grid;gap:1rem;grid-template-columns:minmax(0,1fr)}
.stage>*{min-width:0}
.box{border:1px solid var(--grid);border-radius:.4rem;background:var(--page);overflow:hidden}
.box svg{display:block;max-width:100%}
#diagram-box{cursor:crosshair;overflow-x:auto}
.heading{display:flex;justify-content:space-between;align-items:center;gap:.6rem;margin:.2rem 0 .4rem}
.heading{min-height:2.5rem}
.heading h2{font-size:1.05rem;margin:0}
.zoom{display:flex;gap:.35rem}
.transport{position:sticky;bottom:0;z-index:4;background:var(--page);border-top:1px solid var(--line);padding:.5rem 0 .6rem;margin-top:.8rem}
.now{display:flex;flex-wrap:wrap;gap:.1rem .9rem;align-items:baseline;min-height:1.6rem}
.now .when{font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap}
.now #count{color:var(--muted);font-size:.9rem;white-space:nowrap}
#caption{flex:1 1 20rem;margin:0;font-size:1.08rem;min-height:1.7em}
.track{position:relative;margin:.3rem 0 0}
#strip-box{overflow:hidden;height:40px;cursor:pointer}
#strip-box svg{display:block}
#slider{width:100%;margin:0;display:block;accent-color:var(--s1);min-height:1.6rem}
.buttons{display:flex;flex-wrap:wrap;gap:.4rem;align-items:center;margin-top:.3rem}
.buttons label{display:flex;gap:.4rem;align-items:center;font-size:.92rem}
.buttons .gap{flex:1 1 1rem}
.pair{display:grid;gap:1.2rem 2rem;grid-template-columns:minmax(0,1fr)}
.pair>*{min-width:0}
#around{list-style:none;margin:.3rem 0;padding:0}
#around li{border-left:4px solid transparent}
#around li[aria-current]{border-left-color:var(--s1);background:var(--panel)}
#around button{display:block;width:100%;text-align:left;border:0;background:none;padding:.15rem .5rem;min-height:1.9rem;font-size:.93rem;overflow-wrap:anywhere}
#around .when{color:var(--muted);font-variant-numeric:tabular-nums;margin-right:.4rem;white-space:nowrap}
#held th,#held td,.plain thead th{padding-right:1.2rem}
.trouble{color:var(--bad);font-weight:400}
.legend li{display:flex;align-items:center;gap:.4rem}
.legend svg{flex:none}
.columns{display:grid;gap:.15rem 1.6rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));list-style:none;padding:0;margin:.4rem 0;font-size:.93rem}
.columns li{display:flex;gap:.55rem;align-items:center}
.columns svg{flex:none}
.dropped{border-left:4px solid var(--bad);padding:.1rem 0 .1rem .9rem}
@media (min-width:1000px){
.stage{grid-template-columns:minmax(0,5fr) minmax(0,8fr)}
.pair{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
}
@media (max-width:600px){
h1{font-size:1.3rem;margin-top:.7rem}
.question{font-size:.95rem}
.badges li{font-size:.85rem}
main{padding:0 .8rem}
#caption{flex-basis:100%;min-height:2.9em;font-size:.98rem;line-height:1.4;order:3}
.transport{padding:.3rem 0 .4rem}
.long{display:none}
.buttons{gap:.3rem}
.buttons button{padding:.1rem .45rem;font-size:.88rem;min-height:2.4rem;flex:1 1 auto}
.buttons button svg{width:11px;height:11px}
.buttons .gap,.buttons #next-fault kbd,.buttons #next-stale kbd,.buttons #next-sibling kbd,.heading kbd{display:none}
.buttons kbd{border:0;color:inherit;font-size:1rem}
}
@media print{.transport{position:static}}`;

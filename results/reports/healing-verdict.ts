/**
 * What the failure did and what healing cost, in a few sentences from the numbers: what clients saw meanwhile, how long until replicas
 * agreed again, what nodes spent on it and what is left over at the end. Where agreement never came while anybody looked it says
 * so, in place of a time; where several configurations ran it names the best and the worst, because an average of a store with
 * hints and one without is a store that nobody runs.
 */
import { type ChartCell } from "../charts/cells";
import { knowsTrouble } from "../charts/healing";
import { count, counted, listed, metricInWords, percent } from "../charts/numbers";
import type { FaultWindow, MetricValue } from "../record/figures";

/** Plain text, not escaped; empty where nothing happened. */
export function healingInWords(cells: readonly ChartCell[]): string {
  const troubled = cells.filter(({ figures }) => figures.some(knowsTrouble));
  if (troubled.length === 0) return "";
  return [whatHappened(troubled), stale(troubled), agreed(troubled), cost(troubled), left(troubled)]
    .filter((part) => part !== "")
    .map((part) => `${part}.`)
    .join(" ");
}

/** The same for the head of a report: no list of faults, and no label where a value is everybody's. Plain text; empty where nothing happened. */
export function healingInBrief(cells: readonly ChartCell[]): string {
  const troubled = cells.filter(({ figures }) => figures.some(knowsTrouble));
  const faulty = troubled.some(({ figures }) => figures.some(({ faults }) => (faults?.length ?? 0) > 0));
  // Without a fault there is nothing to be stale during, and nothing to heal from.
  return [...(faulty ? [stale(troubled, "brief"), agreed(troubled)] : []), cost(troubled), left(troubled)]
    .filter((part) => part !== "")
    .map((part) => `${part}.`)
    .join(" ");
}

/** Reads of a window that could be judged, all repetitions together. */
export function readsIn(cell: ChartCell, window: FaultWindow): { readonly stale: number; readonly reads: number } {
  const all = cell.figures.flatMap(({ staleByWindow }) => staleByWindow?.filter((one) => one.window === window) ?? []);
  return {
    stale: all.reduce((sum, one) => sum + one.stale, 0),
    reads: all.reduce((sum, one) => sum + one.reads, 0),
  };
}

function whatHappened(cells: readonly ChartCell[]): string {
  const faults = cells.flatMap(({ figures }) => figures.map((one) => one.faults ?? []));
  const most = Math.max(...faults.map((one) => one.length));
  if (most === 0) return `No fault was injected in ${counted(cells.length, "configuration")}`;
  const kinds = [...new Set(faults.flatMap((one) => one.map(({ kind }) => kind)))];
  const fewest = Math.min(...faults.map((one) => one.length));
  const number = fewest === most ? counted(most, "fault") : `${count(fewest)} to ${counted(most, "fault")}`;
  return `${number} in each run (${listed(kinds.slice(0, MOST_NAMED))}${kinds.length > MOST_NAMED ? " and others" : ""})`;
}

const MOST_NAMED = 4;

function stale(cells: readonly ChartCell[], form?: "brief"): string {
  const known = cells
    .map((cell) => ({ cell, during: readsIn(cell, "during") }))
    .filter(({ during }) => during.reads > 0)
    .sort((a, b) => share(b.during) - share(a.during));
  if (known.length === 0) return "";
  const { cell, during } = known[0];
  const beside = (["before", "after"] as const).flatMap((window) => {
    const reads = readsIn(cell, window);
    return reads.reads === 0 ? [] : [`${percent(share(reads))} ${window}`];
  });
  const where = known.length > 1 ? ` at worst (${cell.label})` : "";
  if (form === "brief") return `While faults lasted ${percent(share(during))} of reads were stale${where}`;
  return `While faults lasted ${percent(share(during))} of ${counted(during.reads, "read")} were stale${where}${beside.length === 0 ? "" : `, against ${listed(beside)}`}`;
}

function share({ stale: hits, reads }: { readonly stale: number; readonly reads: number }): number {
  return hits / reads;
}

function agreed(cells: readonly ChartCell[]): string {
  const known = measured(cells, "convergence_s");
  if (known.length === 0) return "";
  const rank = ({ metric }: Measured): number => (metric.atLeast === true ? 1e12 : 0) + metric.value!;
  known.sort((a, b) => rank(a) - rank(b));
  const [best, worst] = [known[0], known.at(-1)!];
  const of = ({ metric }: Measured): string =>
    metric.atLeast === true
      ? `not within ${metricInWords({ ...metric, atLeast: undefined, lo: null })} of a fault's end`
      : `${metricInWords(metric)} after a fault's end`;
  const alike = known.filter((one) => of(one) === of(best)).length;
  if (alike === known.length && best.metric.atLeast === true)
    return `Replicas did not agree again within ${metricInWords({ ...best.metric, atLeast: undefined, lo: null })} of a fault's end${known.length === 1 ? "" : ` in any of ${count(known.length)} configurations`}`;
  if (alike === known.length)
    return `Replicas agreed again ${of(best)}${known.length === 1 ? "" : ` in all ${count(known.length)} configurations`}`;
  if (best.metric.atLeast === true) return `${neverIn(cells)} (${of(worst)} at ${worst.cell.label})`;
  const others = (one: Measured): string => {
    const more = known.filter((each) => of(each) === of(one)).length - 1;
    return more === 0 ? "" : ` and ${counted(more, "other")}`;
  };
  return `Replicas agreed again ${of(best)} at ${best.cell.label}${others(best)}, and ${of(worst)} at ${worst.cell.label}${others(worst)}`;
}

/** One unhealed fault of several makes a lower bound, and the next fault ends the watch for the one before: later they may well have agreed. */
function neverIn(cells: readonly ChartCell[]): string {
  return cells.some(({ figures }) => figures.some(({ faults }) => (faults?.length ?? 0) > 1))
    ? "In no configuration had replicas agreed again after every fault when the next one began or the run ended"
    : "Replicas did not agree again in any configuration while anybody looked";
}

function cost(cells: readonly ChartCell[]): string {
  const known = measured(cells, "repair_bytes_per_op").sort((a, b) => a.metric.value! - b.metric.value!);
  if (known.length === 0) return "";
  const [least, most] = [known[0], known.at(-1)!];
  return least.metric.value === most.metric.value
    ? `Repair cost ${metricInWords(least.metric)}${known.length === 1 ? "" : ` in all ${count(known.length)} configurations`}`
    : `Repair cost from ${metricInWords(least.metric)} (${least.cell.label}) to ${metricInWords(most.metric)} (${most.cell.label})`;
}

/** What is there at the end that should not be. */
function left(cells: readonly ChartCell[]): string {
  const most = (name: string): Measured | undefined =>
    measured(cells, name).sort((a, b) => b.metric.value! - a.metric.value!)[0];
  const parts = [
    { name: "lost_updates", one: "acknowledged write was lost", many: "acknowledged writes were lost" },
    {
      name: "hinted_writes_final",
      one: "write was in a hint and nowhere else",
      many: "writes were in hints and nowhere else",
    },
    { name: "resurrected_deletes", one: "deleted value came back", many: "deleted values came back" },
    { name: "divergent_keys_final", one: "key still differed", many: "keys still differed" },
  ].flatMap(({ name, one, many }) => {
    const found = most(name);
    if (found === undefined) return [];
    const value = found.metric.value!;
    if (value === 0) return name === "lost_updates" ? [noneLost(cells)] : [];
    const where = cells.length > 1 ? ` at worst (${found.cell.label})` : "";
    return [`${count(Math.round(value))} ${Math.round(value) === 1 ? one : many}${where}`];
  });
  return parts.length === 0 ? "" : `At the end ${listed(parts)}`;
}

/** Where the median is none: still some repetition may have lost one, or not have been able to tell. */
function noneLost(cells: readonly ChartCell[]): string {
  const runs = cells.flatMap(({ figures }) =>
    figures.flatMap(({ causality }) => causality?.anomalies.find(({ kind }) => kind === "lost-update") ?? []),
  );
  const losing = runs.filter((one) => one.count > 0);
  if (losing.length > 0) {
    const most = Math.max(...losing.map((one) => one.count));
    return `no acknowledged write was lost in most runs, and up to ${count(most)} in ${count(losing.length)} of ${count(runs.length)}`;
  }
  const isOpen = measured(cells, "lost_updates").some(({ metric }) => metric.lo !== null && metric.hi !== metric.lo);
  return isOpen || runs.some(({ undecided }) => undecided > 0)
    ? "no acknowledged write is known to be lost"
    : "no acknowledged write was lost";
}

interface Measured {
  readonly cell: ChartCell;
  readonly metric: MetricValue;
}

function measured(cells: readonly ChartCell[], name: string): Measured[] {
  return cells.flatMap((cell) => {
    const metric = cell.summary.metrics[name];
    return metric === undefined || metric.value === null ? [] : [{ cell, metric }];
  });
}

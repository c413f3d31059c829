/**
 * The run in a few sentences, from its numbers alone. Which sentences there are depends on what varied: where the
 * quorums of some cells do not overlap (R + W <= N), staleness is told along that line, because it is the line the
 * theory draws (Gifford 1979); else the most and the least stale cell are named. No difference is claimed whose
 * intervals overlap, and nothing is called impossible because it was not seen.
 */
import { chartInput, quorumsOverlap, type ChartCell } from "../charts/cells";
import { metricInWords, percent } from "../charts/numbers";
import type { MetricValue } from "../record/figures";
import type { LoadedRun } from "../record/run-folder";
import { wilson } from "../statistics/wilson";

/** Plain text, not escaped. */
export function verdictOf(run: LoadedRun): string {
  const cells = chartInput(run).cells;
  // What the run's own checks call invalid is not named where there is better.
  const usable = cells.filter((cell) => cell.summary.validity.verdict !== "invalid");
  const named = usable.length > 0 ? usable : cells;
  const sentences = [staleness(named), price(named), chance(named)].filter((sentence) => sentence !== "");
  if (sentences.length === 0)
    return run.cells.length === 0
      ? "No configuration finished, so there is nothing to conclude."
      : "Neither stale reads nor read latencies were measured, so this run has no verdict of its own; see the tables.";
  return [validity(cells), ...sentences].filter((sentence) => sentence !== "").join(" ");
}

interface Measured {
  readonly cell: ChartCell;
  readonly metric: MetricValue & { readonly value: number };
}

function staleness(cells: readonly ChartCell[]): string {
  const known = measured(cells, "p_stale");
  if (known.length === 0) return "";
  const weak = known.filter(({ cell }) => quorumsOverlap(cell) === false);
  const strict = known.filter(({ cell }) => quorumsOverlap(cell) === true);
  if (weak.length > 0 && (strict.length > 0 || weak.length === known.length))
    return [ofWeakQuorums(weak), ofStrictQuorums(strict, weak.at(-1))].filter((sentence) => sentence !== "").join(" ");
  const stalest = known.at(-1)!;
  const freshest = known[0];
  if (stalest.metric.value === 0)
    return `No stale read was seen in ${known.length === 1 ? "the one configuration" : `any of ${known.length} configurations`}${atMost(known)}.`;
  if (known.length === 1) return `Of all reads of written keys, ${metricInWords(stalest.metric)} were stale.`;
  return lower(stalest) > upper(freshest)
    ? `Stale reads ranged from ${metricInWords(freshest.metric)} (${freshest.cell.label}) to ${metricInWords(stalest.metric)} (${stalest.cell.label}).`
    : `Stale reads lay between ${metricInWords(freshest.metric)} and ${metricInWords(stalest.metric)}; the intervals overlap, so no configuration is shown to be fresher than another.`;
}

/** Names the stalest and says whether that is more than nothing; what differs at the same quorum is put beside it. */
function ofWeakQuorums(weak: readonly Measured[]): string {
  const worst = weak.at(-1)!;
  if (worst.metric.value === 0)
    return `No stale read was seen even where R + W ≤ N, where a read can miss a write that was already acknowledged${atMost(weak)}.`;
  const { lo } = worst.metric;
  const doubt =
    lo === null
      ? "there are too few repetitions for an interval"
      : lo > 0
        ? "the 95 % interval lies above zero"
        : "the 95 % interval reaches down to zero, so this run does not prove that it happens again";
  const first = `Where R + W ≤ N, a read can miss a write that was already acknowledged: at ${worst.cell.label} this happened to ${metricInWords(worst.metric)} of reads, and ${doubt}.`;
  const least = weak.find(({ cell }) => cell.quorum !== "" && cell.quorum === worst.cell.quorum);
  const peers = weak.filter(({ cell }) => cell.quorum === worst.cell.quorum).length;
  if (least === undefined || least === worst) return first;
  const apart = lower(worst) > upper(least) ? "" : "; the intervals overlap, so they are not told apart";
  return `${first} That is the highest of ${peers} configurations with ${worst.cell.quorum}; the lowest is ${metricInWords(least.metric)} (${least.cell.other})${apart}.`;
}

function ofStrictQuorums(strict: readonly Measured[], worstWeak: Measured | undefined): string {
  const worst = strict.at(-1);
  if (worst === undefined) return "";
  const bound = Math.max(...strict.map(confidentAtMost));
  const apart = worstWeak === undefined || worstWeak.metric.value === 0 || lower(worstWeak) > bound;
  const undecided = apart ? "" : "; the intervals overlap, so this run cannot tell the two apart";
  return worst.metric.value === 0
    ? `Where R + W > N, it was not seen${atMost(strict)}${undecided}.`
    : `Where R + W > N, the highest share was ${metricInWords(worst.metric)} (${worst.cell.label})${undecided}${apart ? `, and at 95 % confidence no configuration is above ${percent(bound)}` : ""}.`;
}

/** What was never seen is bounded, not called never. */
function atMost(cells: readonly Measured[]): string {
  const bound = Math.max(...cells.map(confidentAtMost));
  return bound > 0
    ? `; at 95 % confidence it happens to at most ${percent(bound)} of reads${cells.length > 1 ? " in any of these configurations" : ""}`
    : "";
}

/**
 * The upper end of the interval, or of that of all reads together where it is further up: of repetitions that saw
 * nothing, the interval of the median ends at zero, however few reads there were.
 */
function confidentAtMost(one: Measured): number {
  const hits = one.cell.figures.reduce((sum, { stale }) => sum + stale.hits, 0);
  const total = one.cell.figures.reduce((sum, { stale }) => sum + stale.total, 0);
  return Math.max(upper(one), total === 0 ? 0 : wilson(hits, total).hi);
}

function price(cells: readonly ChartCell[]): string {
  const known = measured(cells, "read_p99_ms");
  if (known.length === 0) return "";
  const fastest = known[0];
  const slowest = known.at(-1)!;
  if (known.length === 1) return `99 of 100 reads took no longer than ${metricInWords(fastest.metric)}.`;
  return upper(fastest) < lower(slowest)
    ? `99 of 100 reads took no longer than ${metricInWords(fastest.metric)} at ${fastest.cell.label} and ${metricInWords(slowest.metric)} at ${slowest.cell.label}.`
    : `Read latency (p99) lay between ${metricInWords(fastest.metric)} and ${metricInWords(slowest.metric)}; the intervals overlap, so no configuration is shown to be faster.`;
}

/** What the sentences before do not cover. Intervals of one repetition speak of its operations, not of another run. */
function chance(cells: readonly ChartCell[]): string {
  if (cells.length < 2) return "";
  if (cells.some((cell) => cell.figures.length === 1))
    return "Each configuration ran once: the intervals do not cover how much another run would differ.";
  const latencies = measured(cells, "read_p99_ms");
  return latencies.some(({ metric }) => metric.lo === null || metric.hi === null)
    ? "There are too few repetitions for intervals of the latencies: their differences may be chance."
    : "";
}

/** The run's own checks come first: numbers that show nothing must not be read as a result. */
function validity(cells: readonly ChartCell[]): string {
  const count = (verdict: "invalid" | "doubtful"): number =>
    cells.filter((cell) => cell.summary.validity.verdict === verdict).length;
  if (count("invalid") === cells.length)
    return "The run's own checks call every configuration invalid, so the numbers may be the machine's and not the store's.";
  if (count("invalid") > 0)
    return `Do not use ${count("invalid")} of ${cells.length} configurations: the run's own checks call them invalid.`;
  if (count("doubtful") === cells.length)
    return "The run's own checks doubt every configuration: take the numbers with care.";
  return "";
}

/** Cells that have the metric, lowest value first. */
function measured(cells: readonly ChartCell[], name: string): Measured[] {
  return cells
    .flatMap((cell): Measured[] => {
      const metric = cell.summary.metrics[name];
      return metric === undefined || metric.value === null
        ? []
        : [{ cell, metric: { ...metric, value: metric.value } }];
    })
    .sort((a, b) => a.metric.value - b.metric.value);
}

function lower({ metric }: Measured): number {
  return metric.lo ?? metric.value;
}

function upper({ metric }: Measured): number {
  return metric.hi ?? metric.value;
}

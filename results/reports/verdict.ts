/**
 * The run in one or two sentences, from its numbers alone. Which sentences there are depends on what varied: where the
 * quorums of some cells overlap (R + W > N) and those of others do not, staleness is told along that line, because it
 * is the line the theory draws (Gifford 1979); else the most and the least stale cell are named. No difference is
 * claimed whose intervals overlap.
 */
import { chartInput, quorumsOverlap, type ChartCell } from "../charts/cells";
import { metricInWords, percent } from "../charts/numbers";
import type { MetricValue } from "../record/figures";
import type { LoadedRun } from "../record/run-folder";

/** Plain text, not escaped. */
export function verdictOf(run: LoadedRun): string {
  const cells = chartInput(run).cells;
  const sentences = [staleness(cells), price(cells), chance(cells)].filter((sentence) => sentence !== "");
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
  const stalest = known.at(-1)!;
  const freshest = known[0];
  if (stalest.metric.value === 0) {
    const bound = Math.max(...known.map(({ metric }) => metric.hi ?? 0));
    return `No stale read was seen in any of ${known.length === 1 ? "its one configuration" : `${known.length} configurations`}${bound > 0 ? `; at 95 % confidence at most ${percent(bound)} of reads were` : ""}.`;
  }
  const weak = known.filter(({ cell }) => quorumsOverlap(cell) === false);
  const strict = known.filter(({ cell }) => quorumsOverlap(cell) === true);
  if (weak.length > 0 && strict.length > 0) {
    const worst = weak.at(-1)!;
    const worstStrict = strict.at(-1)!;
    const apart = lower(worst) > upper(worstStrict);
    const first = `Of reads at ${worst.cell.label}, ${metricInWords(worst.metric)} were stale`;
    const bound = Math.max(...strict.map(upper));
    return apart
      ? `${first}; where R + W > N, at most ${percent(bound)} were in any configuration (upper end of the 95 % intervals).`
      : `${first}; where R + W > N the highest share was ${metricInWords(worstStrict.metric)} (${worstStrict.cell.label}), which this run cannot tell apart from it.`;
  }
  if (known.length === 1 || stalest === freshest)
    return `Of all reads of written keys, ${metricInWords(stalest.metric)} were stale.`;
  return lower(stalest) > upper(freshest)
    ? `Stale reads ranged from ${metricInWords(freshest.metric)} (${freshest.cell.label}) to ${metricInWords(stalest.metric)} (${stalest.cell.label}).`
    : `Stale reads lay between ${metricInWords(freshest.metric)} and ${metricInWords(stalest.metric)}; the intervals overlap, so no configuration is shown to be fresher than another.`;
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

/**
 * What to call the brackets beside a number. From six repetitions on they are a 95 % interval of the median over repetitions. With two to
 * five there is no such interval, and what is shown is the envelope of the intervals within the runs: how well each run was
 * measured, not how runs differ. With one it is that run's own. To call all three "95 % interval" would promise the
 * first and deliver the last.
 */
import type { MetricValue } from "../record/figures";
import type { CellSummary } from "../record/run-folder";
import { intervalKind, type IntervalKind } from "../statistics/summarise";

/** In a sentence, after an article: `the 95 % interval`. `metric` is a cell's. */
export function intervalNoun(metric: MetricValue): string {
  return NOUN[intervalKind(metric.n)];
}

const NOUN: Readonly<Record<IntervalKind, string>> = {
  "over-repetitions": "95\u00a0% interval",
  envelope: "envelope of the runs' own intervals",
  "within-run": "interval within the run",
};

/** Above a column or a list that holds these cells' intervals. */
export function intervalHeading(cells: readonly CellSummary[]): string {
  const kinds = intervalKinds(cells);
  return kinds.length === 1 ? HEADING[kinds[0]] : "interval: over repetitions from n = 6 on, else within runs";
}

const HEADING: Readonly<Record<IntervalKind, string>> = {
  "over-repetitions": "95\u00a0% interval over repetitions",
  envelope: "envelope of the intervals within runs",
  "within-run": "95\u00a0% interval within the one run",
};

/** One sentence for readers of a table; no full stop. */
export function intervalsInWords(cells: readonly CellSummary[]): string {
  const kinds = intervalKinds(cells);
  return kinds.length === 1
    ? SENTENCE[kinds[0]]
    : "each value is the median over its repetitions; below it the 95\u00a0% interval where there are six or more, else the envelope of the intervals within the runs, which does not cover how runs differ";
}

const SENTENCE: Readonly<Record<IntervalKind, string>> = {
  "over-repetitions": "each value is the median over repetitions, with its 95\u00a0% interval below it",
  envelope:
    "each value is the median over repetitions; fewer than six give it no 95\u00a0% interval, so below it stands the envelope of the intervals within the runs, which says how well each run was measured and not how runs differ",
  "within-run":
    "intervals then cover the operations of that one run, not how another run would differ, so small differences between rows mean nothing",
};

/** Kinds that occur, by the most repetitions that measured any metric of a cell. */
export function intervalKinds(cells: readonly CellSummary[]): IntervalKind[] {
  const kinds = cells.map((cell) => intervalKind(Math.max(0, ...Object.values(cell.metrics).map(({ n }) => n))));
  return [...new Set(kinds)];
}

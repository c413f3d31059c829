/**
 * A cell's summary over its repetitions. The unit of evidence is a trial: each metric is computed per trial and the median over
 * trials is reported, never the mean of percentiles and never pooled operations. From six repetitions on the interval is
 * that of the order statistics; with fewer there is none for a median at 95 %, and what is given instead is the
 * envelope of the intervals within the runs, which says how well each run was measured and not how runs differ. `n` tells which.
 *
 * What had not happened when a trial ended is a lower bound (`atLeast`) and enters as one: the median is then a lower bound itself,
 * unless it would be the same if those had never happened at all.
 *
 * An invalid trial never enters a summary in which a better one stands: it is left out, and the cell is doubted for it.
 * Where every trial is invalid they are shown as they are, and the cell is invalid with them.
 */
import type { Doubt, MetricValue, Validity } from "../record/figures";
import type { CellSummary, TrialRecord, TrialSummary } from "../record/run-folder";
import { median, medianInterval } from "./order-statistics";

export interface MeasuredTrial {
  readonly record: TrialRecord;
  /** null when the trial failed. */
  readonly summary: TrialSummary | null;
}

/** Fewest repetitions that give a 95 % interval of a median. */
export const REPETITIONS_FOR_INTERVAL = 6;

/** What a cell's interval speaks of. */
export type IntervalKind = "over-repetitions" | "envelope" | "within-run";

/** By how many repetitions measured the metric: a cell's `n`. */
export function intervalKind(repetitions: number): IntervalKind {
  if (repetitions >= REPETITIONS_FOR_INTERVAL) return "over-repetitions";
  return repetitions > 1 ? "envelope" : "within-run";
}

/** One summary a cell, in order of first appearance; cells without a single successful trial have no metrics. */
export function summariseCells(trials: readonly MeasuredTrial[]): CellSummary[] {
  return [...byCell(trials).values()].map((ofCell) => {
    const { cell, axes, world } = ofCell[0].record;
    return {
      id: cell,
      axes,
      world,
      metrics: metricsOf(ofCell),
      trials: ofCell.map(({ record }) => record.id),
      validity: validityOf(ofCell),
    };
  });
}

export function byCell(trials: readonly MeasuredTrial[]): Map<string, MeasuredTrial[]> {
  const cells = new Map<string, MeasuredTrial[]>();
  for (const trial of trials) {
    const ofCell = cells.get(trial.record.cell);
    if (ofCell === undefined) cells.set(trial.record.cell, [trial]);
    else ofCell.push(trial);
  }
  return cells;
}

/** The trials that a cell's numbers are made from: those not invalid, or all where there are no others. */
export function countedTrials(trials: readonly MeasuredTrial[]): readonly MeasuredTrial[] {
  const sound = trials.filter(isSound);
  return sound.length > 0 ? sound : trials.filter(({ summary }) => summary !== null);
}

/** Succeeded, and not called invalid by its own checks. */
export function isSound({ summary }: MeasuredTrial): boolean {
  return summary !== null && summary.validity.verdict !== "invalid";
}

function metricsOf(ofCell: readonly MeasuredTrial[]): Record<string, MetricValue> {
  const trials = countedTrials(ofCell);
  const names = new Set(trials.flatMap(({ summary }) => Object.keys(summary?.metrics ?? {})));
  const metrics: Record<string, MetricValue> = {};
  for (const name of names) {
    const all = trials.flatMap(({ summary }) => summary?.metrics[name] ?? []);
    metrics[name] = overRepetitions(all);
  }
  return metrics;
}

function overRepetitions(all: readonly MetricValue[]): MetricValue {
  const measured = all.filter((one) => one.value !== null);
  const unit = all[0].unit;
  if (measured.length === 0) return { value: null, lo: null, hi: null, n: 0, unit };
  const values = measured.map((one) => one.value!);
  const value = median(values);
  const never = median(measured.map((one) => (one.atLeast === true ? Infinity : one.value!)));
  if (never !== value) {
    // Of bounds there is no upper end, and where they lie is no matter of chance alone.
    return {
      value,
      lo: Math.min(...measured.map((one) => one.lo ?? one.value!)),
      hi: null,
      n: measured.length,
      unit,
      atLeast: true,
    };
  }
  if (measured.length >= REPETITIONS_FOR_INTERVAL) {
    const { lo, hi } = medianInterval(values);
    if (!isOfKnowledge(unit)) return { value, lo, hi, n: measured.length, unit };
    const most = medianInterval(measured.map((one) => upperEnd(one)!)).hi;
    return { value, lo, hi: most === Infinity ? null : most, n: measured.length, unit };
  }
  const bounded = measured.every((one) => one.lo !== null && one.hi !== null);
  return {
    value,
    lo: bounded ? Math.min(...measured.map((one) => one.lo!)) : null,
    hi: bounded ? Math.max(...measured.map((one) => one.hi!)) : null,
    n: measured.length,
    unit,
  };
}

/**
 * Whether what a trial gives beside the value is not chance but what could not be decided: what is counted one by one has such
 * ends. However many repetitions agree on the value, the median of them all may be as high as the upper ends say.
 */
export function isOfKnowledge(unit: string): boolean {
  return unit === "count";
}

/** The upper end of a measured value: its own where nothing is known beside it, and none where only that is missing. */
export function upperEnd({ value, lo, hi, atLeast }: MetricValue): number | null {
  if (atLeast === true) return Infinity;
  return hi ?? (lo === null ? value : Infinity);
}

function validityOf(trials: readonly MeasuredTrial[]): Validity {
  const doubts: Doubt[] = [];
  const kinds = new Map<string, { first: Doubt; times: number }>();
  const counted = countedTrials(trials);
  for (const { summary } of counted) {
    for (const doubt of summary?.validity.doubts ?? []) {
      const known = kinds.get(doubt.kind);
      if (known === undefined) kinds.set(doubt.kind, { first: doubt, times: 1 });
      else {
        known.times++;
        if (doubt.verdict === "invalid" && known.first.verdict !== "invalid") known.first = doubt;
      }
    }
  }
  for (const { first, times } of kinds.values())
    doubts.push(
      trials.length === 1
        ? first
        : { ...first, reason: `in ${times} of ${trials.length} repetitions: ${first.reason}` },
    );
  const leftOut = trials.filter((trial) => trial.summary !== null && !counted.includes(trial));
  if (leftOut.length > 0) {
    const why = leftOut[0].summary!.validity.doubts.find(({ verdict }) => verdict === "invalid");
    doubts.push({
      kind: "invalid-trials",
      verdict: "doubtful",
      reason: `${leftOut.length} of ${trials.length} repetitions are invalid and left out: ${why?.reason ?? "no reason recorded"}`,
      advice: why?.advice ?? "See the trials themselves.",
    });
  }
  const failed = trials.filter(({ summary }) => summary === null);
  if (failed.length > 0)
    doubts.push({
      kind: "failed-trials",
      verdict: failed.length === trials.length ? "invalid" : "doubtful",
      reason: `${failed.length} of ${trials.length} repetitions failed: ${failed[0].record.error ?? "no reason recorded"}`,
      advice: "The numbers come from the others; the journal tells which failed. Run the experiment again.",
    });
  const verdicts = doubts.map((doubt) => doubt.verdict);
  const verdict = verdicts.includes("invalid") ? "invalid" : verdicts.length > 0 ? "doubtful" : "valid";
  return { verdict, doubts };
}

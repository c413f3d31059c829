/**
 * A cell's summary over its repetitions. The unit of evidence is a trial: each metric is computed per trial and the median over
 * trials is reported, never the mean of percentiles and never pooled operations. From six repetitions on the interval is
 * that of the order statistics; with fewer there is none for a median at 95 %, and what is given instead is the
 * envelope of the intervals within the runs, which says how well each run was measured and not how runs differ. `n` tells which.
 *
 * What had not happened when a trial ended is a lower bound (`atLeast`) and enters as one: the median is then a lower bound itself,
 * unless it would be the same if those had never happened at all.
 *
 * An invalid trial never enters a summary: it is left out, counted and told, and stands in the list of trials that do not count.
 * A cell in which no trial is valid is invalid itself and has no values: every metric is null with n 0.
 */
import type { Doubt, MetricValue, Validity } from "../record/figures";
import { adviceOf, worstVerdict } from "./validity";
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
    const { cell, axes, world, target } = ofCell[0].record;
    return {
      id: cell,
      axes,
      world,
      ...(target === undefined ? {} : { target }),
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

/** The trials that a cell's numbers are made from: those that succeeded and are not invalid. May be none. */
export function countedTrials<T extends MeasuredTrial>(trials: readonly T[]): readonly T[] {
  return trials.filter(isSound);
}

/** Succeeded, and not called invalid by its own checks. */
export function isSound({ summary }: MeasuredTrial): boolean {
  return summary !== null && summary.validity.verdict !== "invalid";
}

function metricsOf(ofCell: readonly MeasuredTrial[]): Record<string, MetricValue> {
  const counted = countedTrials(ofCell);
  const trials = counted.length > 0 ? counted : ofCell;
  const names = new Set(trials.flatMap(({ summary }) => Object.keys(summary?.metrics ?? {})));
  const metrics: Record<string, MetricValue> = {};
  for (const name of names) {
    const all = trials.flatMap(({ summary }) => summary?.metrics[name] ?? []);
    metrics[name] =
      counted.length > 0 ? overRepetitions(all) : { value: null, lo: null, hi: null, n: 0, unit: all[0].unit };
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
  const measured = trials.filter(({ summary }) => summary !== null);
  const counted = countedTrials(measured);
  for (const { summary } of counted.length > 0 ? counted : measured) {
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
  const leftOut = measured.filter((trial) => !isSound(trial));
  if (leftOut.length > 0)
    doubts.push({
      kind: "invalid-trials",
      verdict: counted.length === 0 ? "invalid" : "doubtful",
      reason: leftOutInWords(trials.length, counted.length, leftOut),
      advice:
        leftOut[0].summary!.validity.doubts.find(({ verdict }) => verdict === "invalid")?.advice ??
        adviceOf("invalid-trials"),
    });
  const failed = trials.filter(({ summary }) => summary === null);
  if (failed.length > 0)
    doubts.push({
      kind: "failed-trials",
      verdict: failed.length === trials.length ? "invalid" : "doubtful",
      reason: `${failed.length} of ${trials.length} repetitions failed: ${failed[0].record.error ?? "no reason recorded"}`,
      advice: adviceOf("failed-trials"),
    });
  return { verdict: worstVerdict(doubts.map((doubt) => doubt.verdict)), doubts };
}

/** `2 of 3 repetitions count; 1 is invalid and left out: other programs used 40 % of ...`; each reason once. */
function leftOutInWords(all: number, counted: number, leftOut: readonly MeasuredTrial[]): string {
  const reasons = new Map<string, string>();
  for (const { summary } of leftOut)
    for (const { kind, verdict, reason } of summary!.validity.doubts)
      if (verdict === "invalid" && !reasons.has(kind)) reasons.set(kind, reason);
  // Where none counts the doubts of all stand beside this one.
  const told = counted === 0 ? [...reasons.keys()].join(", ") : [...reasons.values()].join("; ");
  const why = reasons.size === 0 ? "no reason recorded" : told;
  const who = counted === 0 ? "no repetition counts" : `${counted} of ${all} repetitions count`;
  return `${who}; ${leftOut.length} ${leftOut.length === 1 ? "is" : "are"} invalid and left out: ${why}`;
}

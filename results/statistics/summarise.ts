/**
 * A cell's summary over its repetitions. The unit of evidence is a trial: each metric is computed per trial and the median over
 * trials is reported, never the mean of percentiles and never pooled operations. From six repetitions on the interval is
 * that of the order statistics; with fewer there is none for a median at 95 %, and what is given instead is the
 * envelope of the intervals within the runs, which says how well each run was measured and not how runs differ. `n` tells which.
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

function metricsOf(trials: readonly MeasuredTrial[]): Record<string, MetricValue> {
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
  if (measured.length >= REPETITIONS_FOR_INTERVAL)
    return { value, ...medianInterval(values), n: measured.length, unit };
  const bounded = measured.every((one) => one.lo !== null && one.hi !== null);
  return {
    value,
    lo: bounded ? Math.min(...measured.map((one) => one.lo!)) : null,
    hi: bounded ? Math.max(...measured.map((one) => one.hi!)) : null,
    n: measured.length,
    unit,
  };
}

function validityOf(trials: readonly MeasuredTrial[]): Validity {
  const doubts: Doubt[] = [];
  const kinds = new Map<string, { first: Doubt; times: number }>();
  for (const { summary } of trials) {
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
  const failed = trials.filter(({ summary }) => summary === null);
  if (failed.length > 0)
    doubts.push({
      kind: "failed-trials",
      verdict: failed.length === trials.length ? "invalid" : "doubtful",
      reason: `${failed.length} of ${trials.length} repetitions failed: ${failed[0].record.error ?? "no reason recorded"}`,
      advice: "The numbers come from the others; see the journal, then resume with --retry-failed.",
    });
  const verdicts = doubts.map((doubt) => doubt.verdict);
  const verdict = verdicts.includes("invalid") ? "invalid" : verdicts.length > 0 ? "doubtful" : "valid";
  return { verdict, doubts };
}

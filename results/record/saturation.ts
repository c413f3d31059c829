/**
 * What a search for the saturating rate was asked, as the manifest of its run keeps it: which objectives must hold, between which
 * rates, how closely. The answer is read off the trials whenever a report is made (`statistics/saturation.ts`), so a run that
 * was interrupted, or judged by a later version, never shows an answer that its trials do not give.
 */
import type { AxisValues } from "./run-folder";

/** Of one trial: an objective on a metric, with the direction that load can break. */
export interface SaturationTarget {
  /** Name of the metric. */
  readonly metric: string;
  readonly op: "<" | "<=" | ">" | ">=";
  /** In the metric's unit. */
  readonly value: number;
  readonly unit: string;
}

export interface SaturationQuestion {
  /** All must hold. */
  readonly targets: readonly SaturationTarget[];
  /** The first rate that is tried, and the last that may be. */
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
  /** The ends of the answer are this close: 0.05 is 5 % of the lower. */
  readonly precision: number;
  /** Trials that each rate is decided by. */
  readonly repetitions: number;
}

/** The axis that the search walks along. */
export const RATE_AXIS = "workload.rate";

/** What a curve is of: everything but the rate. */
export function axesOfCurve(axes: AxisValues): AxisValues {
  return Object.fromEntries(Object.entries(axes).filter(([key]) => key !== RATE_AXIS));
}

/** Equal for cells on one curve. */
export function curveKey(cell: { readonly axes: AxisValues; readonly world: string }): string {
  return JSON.stringify([cell.world, ...Object.entries(axesOfCurve(cell.axes)).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

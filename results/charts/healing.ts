/**
 * What charts about failure and repair share: which trials they are about, one time axis for all of them (the drain included, because much
 * of the healing happens there), and the healings of a configuration put together.
 */
import { departuresOf } from "../measures/convergence";
import type { TrialFigures } from "../record/figures";
import { kaplanMeier, type SurvivalStep } from "../statistics/kaplan-meier";
import type { ChartCell } from "./cells";
import { lastInstant, underLoad } from "./over-time";

/** Something was done to the cluster, or something was mended in it beyond what a read finds. */
export function knowsTrouble({ faults, repair }: TrialFigures): boolean {
  if (faults !== undefined && faults.length > 0) return true;
  return ["hints_written", "exchanges"].some((name) => (repair?.totals[name] ?? 0) > 0);
}

/** Seconds from the start of the warm-up to the last that anybody saw. */
export function endOfRun(cells: readonly ChartCell[]): number {
  return lastInstant(
    cells.flatMap(({ figures }) =>
      figures.flatMap((one) => [underLoad(one), one.divergence, ...(one.repair === undefined ? [] : [one.repair])]),
    ),
  );
}

export interface Healed {
  readonly steps: readonly SurvivalStep[];
  /** Keys that diverged at the end of faults, of all repetitions. */
  readonly keys: number;
  readonly never: number;
  readonly healings: number;
  readonly unconverged: number;
  readonly resolutionS: number;
}

/** Keys of all healings and repetitions of a configuration as one group; undefined where there is none. */
export function healedOf(cell: ChartCell): Healed | undefined {
  const all = cell.figures.flatMap(({ convergence }) => convergence ?? []);
  const healings = all.flatMap((one) => one.healings);
  const departures = healings.flatMap((one) => departuresOf(one));
  const keys = departures.reduce((sum, { events, censored }) => sum + events + censored, 0);
  if (keys === 0) return undefined;
  return {
    steps: kaplanMeier(departures),
    keys,
    never: departures.reduce((sum, { censored }) => sum + censored, 0),
    healings: healings.length,
    unconverged: healings.filter(({ convergedS }) => convergedS === null).length,
    resolutionS: Math.max(...all.map(({ resolutionS }) => resolutionS)),
  };
}

/** How many were still watched just before an instant, and the share still divergent from it on. */
export function healedAt({ steps, keys }: Healed, at: number): { readonly atRisk: number; readonly survival: number } {
  let atRisk = keys;
  let survival = 1;
  for (const step of steps) {
    if (step.at > at) break;
    survival = step.survival;
    atRisk = step.atRisk - (step.at < at ? step.events + step.censored : 0);
  }
  return { atRisk, survival };
}

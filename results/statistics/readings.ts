/**
 * One metric in every cell of a design and every repetition of it: what contrasts between cells and curves along an axis are made from.
 * Trials that do not count are not in it, nor what a target does not show; a cell in which some trial knows only that it is at least so much
 * says so, for its other repetitions are those that went well.
 */
import { targetOfRecord, whyNotSeen } from "../record/capabilities";
import { describeMetric } from "../record/metrics";
import type { Design } from "./factors";
import { isSound, type MeasuredTrial } from "./summarise";

/** One metric in every cell, by the cell's levels. */
export interface Readings {
  readonly metric: string;
  readonly unit: string;
  readonly cells: ReadonlyMap<string, CellReadings>;
  readonly repetitions: number;
}

export interface CellReadings {
  readonly levels: readonly number[];
  readonly byRepetition: ReadonlyMap<number, number>;
  /** Some trial knows only that it is at least so much. */
  readonly bounded: boolean;
}

/** None where no sound trial measured it. */
export function readMetric(metric: string, design: Design, trials: readonly MeasuredTrial[]): Readings[] {
  const needs = describeMetric(metric)?.needs;
  const cells = new Map<string, { levels: readonly number[]; byRepetition: Map<number, number>; bounded: boolean }>();
  let unit: string | undefined;
  for (const trial of trials) {
    const levels = design.levelsOf(trial.record.axes);
    const key = levels.join();
    let cell = cells.get(key);
    if (cell === undefined) cells.set(key, (cell = { levels, byRepetition: new Map(), bounded: false }));
    const found = trial.summary?.metrics[metric];
    if (found === undefined || found.value === null || !isSound(trial)) continue;
    if (whyNotSeen(needs, targetOfRecord(trial.record)) !== undefined) continue;
    unit ??= found.unit;
    if (found.atLeast === true) cell.bounded = true;
    cell.byRepetition.set(trial.record.repetition, found.value);
  }
  const repetitions = new Set(trials.map(({ record }) => record.repetition)).size;
  return unit === undefined ? [] : [{ metric, unit, cells, repetitions }];
}

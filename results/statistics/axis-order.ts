/**
 * In which order the values of an axis are read: numbers, durations and rates by size, words by code unit. Trials of real processes run
 * in a drawn order and cells come as they finished, which is no order to read them in; and what is "first" decides which level of an axis
 * the others are set against, so it must not depend on chance.
 */
import { parseDurationMs, parseRatePerSecond } from "../../engine/vocabulary/quantities";
import type { CellSummary, LoadedRun } from "../record/run-folder";

export type AxisValue = string | number | boolean;

/** The run with its cells in order of their axes, first axis first. */
export function inAxisOrder(run: LoadedRun): LoadedRun {
  const compare = (a: CellSummary, b: CellSummary): number => {
    for (const axis of run.manifest.axes) {
      const order = compareAxisValues(a.axes[axis], b.axes[axis]);
      if (order !== 0) return order;
    }
    return 0;
  };
  return { ...run, cells: [...run.cells].sort(compare) };
}

export function compareAxisValues(x: AxisValue | undefined, y: AxisValue | undefined): number {
  if (x === y) return 0;
  const [from, to] = [sizeOf(x), sizeOf(y)];
  if (from !== undefined && to !== undefined && from !== to) return from - to;
  return String(x) < String(y) ? -1 : 1;
}

/** 10ms comes after 2ms, whatever their first letters say. undefined of a word. */
export function sizeOf(value: AxisValue | undefined): number | undefined {
  if (typeof value !== "string") return typeof value === "number" ? value : undefined;
  // A tag that is a number is text, and 960 comes before 1920.
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : (parseDurationMs(value) ?? parseRatePerSecond(value));
}

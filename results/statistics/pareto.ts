/**
 * The Pareto front over any number of metrics: cells that no other beats in one of them without losing in another. It is
 * a statement about estimates: where the intervals of two cells overlap a run cannot tell which of them belongs to it, and
 * the more metrics there are the fewer cells are beaten at all. A cell that lacks one of the metrics is not on it, and is
 * counted; a lower bound (`at least`) counts as no better than it is.
 */
import type { ParetoGoal } from "../record/objectives";
import type { CellSummary, LoadedRun } from "../record/run-folder";

export interface ParetoFront {
  readonly goals: readonly ParetoGoal[];
  /** Ids of the cells on it. */
  readonly front: ReadonlySet<string>;
  /** Ids of cells without one of the metrics, or whose own checks call them invalid. */
  readonly left: readonly string[];
}

/** Undefined where the experiment names no goals. */
export function paretoFront(run: Pick<LoadedRun, "manifest" | "cells">): ParetoFront | undefined {
  const goals = run.manifest.pareto ?? [];
  if (goals.length === 0) return undefined;
  const judged = run.cells.flatMap((cell) => {
    const costs = costsOf(cell, goals);
    return costs === undefined ? [] : [{ id: cell.id, world: cell.world, costs }];
  });
  const front = judged.filter(
    (one) => !judged.some((other) => other.world === one.world && beats(other.costs, one.costs)),
  );
  const ids = new Set(judged.map(({ id }) => id));
  return {
    goals,
    front: new Set(front.map(({ id }) => id)),
    left: run.cells.flatMap(({ id }) => (ids.has(id) ? [] : [id])),
  };
}

/** No worse in any, better in one. */
function beats(a: readonly number[], b: readonly number[]): boolean {
  return a.every((cost, i) => cost <= b[i]) && a.some((cost, i) => cost < b[i]);
}

/** The smaller the better. */
function costsOf(cell: CellSummary, goals: readonly ParetoGoal[]): readonly number[] | undefined {
  if (cell.validity.verdict === "invalid") return undefined;
  const costs = goals.map(({ metric, goal }) => {
    const { value = null, atLeast } = cell.metrics[metric] ?? {};
    if (value === null) return NaN;
    if (atLeast === true) return goal === "minimise" ? Infinity : -value;
    return goal === "minimise" ? value : -value;
  });
  return costs.some(Number.isNaN) ? undefined : costs;
}

/**
 * The Pareto front over latency, staleness, traffic and availability against a twin that asks of every cell every other one by one: with
 * values that are equal, missing or only bounds, cells that do not count, and two worlds. Intervals have no part in it: the front is of
 * estimates, and says so.
 */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import type { ParetoGoal } from "../../../results/record/objectives";
import type { CellSummary, LoadedRun } from "../../../results/record/run-folder";
import { paretoFront } from "../../../results/statistics/pareto";

const GOALS: readonly ParetoGoal[] = [
  { metric: "read_p99_ms", goal: "minimise" },
  { metric: "p_stale", goal: "minimise" },
  { metric: "bytes_per_op", goal: "minimise" },
  { metric: "availability", goal: "maximise" },
];

function draw(random: Random, i: number): CellSummary {
  const metrics: Record<string, CellSummary["metrics"][string]> = {};
  for (const { metric } of GOALS) {
    if (random.nextFloat() < 0.05) continue;
    // Few values: ties are common.
    const value = random.nextFloat() < 0.05 ? null : Math.floor(4 * random.nextFloat());
    const bound = random.nextFloat() < 0.1;
    metrics[metric] = { value, lo: 0, hi: 9, n: 12, unit: "", ...(bound ? { atLeast: true as const } : {}) };
  }
  return {
    id: `c${i}`,
    axes: {},
    world: random.nextFloat() < 0.5 ? "processes" : "simulation",
    metrics,
    trials: [],
    validity: { verdict: random.nextFloat() < 0.1 ? "invalid" : "valid", doubts: [] },
  };
}

/** What a cell is known to be no better than, in one goal: the larger the worse. undefined: it has no value. */
function cost(cell: CellSummary, { metric, goal }: ParetoGoal): number | undefined {
  const found = cell.metrics[metric];
  if (found === undefined || found.value === null) return undefined;
  if (goal === "maximise") return -found.value;
  return found.atLeast === true ? Infinity : found.value;
}

function twin(cells: readonly CellSummary[]): { front: string[]; left: string[] } {
  const front: string[] = [];
  const left: string[] = [];
  for (const cell of cells) {
    if (cell.validity.verdict === "invalid" || GOALS.some((goal) => cost(cell, goal) === undefined)) {
      left.push(cell.id);
      continue;
    }
    let beaten = false;
    for (const other of cells) {
      if (other.id === cell.id || other.world !== cell.world || other.validity.verdict === "invalid") continue;
      if (GOALS.some((goal) => cost(other, goal) === undefined)) continue;
      let [better, worse] = [0, 0];
      for (const goal of GOALS) {
        if (cost(other, goal)! < cost(cell, goal)!) better++;
        if (cost(other, goal)! > cost(cell, goal)!) worse++;
      }
      if (better > 0 && worse === 0) beaten = true;
    }
    if (!beaten) front.push(cell.id);
  }
  return { front, left };
}

describe("the Pareto front", () => {
  it("is that of the twin that asks every cell about every other", () => {
    const random = Random.fromSeed("pareto twin");
    const sizes = { front: 0, beaten: 0, left: 0 };
    for (let i = 0; i < 500; i++) {
      const cells = Array.from({ length: 1 + Math.floor(14 * random.nextFloat()) }, (_, k) => draw(random, k));
      const found = paretoFront({ manifest: { pareto: GOALS } as LoadedRun["manifest"], cells })!;
      const expected = twin(cells);
      assert.deepEqual([...found.front].sort(), expected.front.sort(), JSON.stringify(cells));
      assert.deepEqual([...found.left].sort(), expected.left.sort());
      sizes.front += expected.front.length;
      sizes.left += expected.left.length;
      sizes.beaten += cells.length - expected.front.length - expected.left.length;
    }
    assert.ok(Math.min(...Object.values(sizes)) > 200, JSON.stringify(sizes));
  });
});

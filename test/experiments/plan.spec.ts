/** Trials: their names, their order, their seeds, and what a plan says about its own power. */
import assert from "node:assert/strict";
import { canonicalJson, estimatePlan, planTrials } from "../../experiments/plan";
import { HEADLINE_METRICS } from "../../results/record/metrics";
import type { TrialRecord } from "../../results/record/run-folder";
import { compareCells } from "../../results/statistics/compare";
import { experimentOf } from "./problems-of";

const GRID = "sweep: {axes: {r: [1, 2, 3], w: [1, 2, 3]}, baseline: {r: 2, w: 2}}\nrepetitions: {count: 4}\n";

describe("a plan", () => {
  it("runs every cell once in every repetition, each repetition in an order of its own", () => {
    const trials = planTrials(experimentOf(GRID), "now");
    assert.equal(trials.length, 36);
    const orders = [1, 2, 3, 4].map((k) =>
      trials.filter((trial) => trial.repetition === k).map((trial) => trial.cell.id),
    );
    for (const order of orders) assert.equal(new Set(order).size, 9);
    assert.equal(new Set(orders.map((order) => order.join())).size, 4);
    assert.deepEqual(
      trials.map((trial) => trial.repetition),
      [1, 2, 3, 4].flatMap((k) => Array<number>(9).fill(k)),
    );
    assert.deepEqual(
      trials.map((trial) => trial.index),
      trials.map((_, i) => i),
    );
  });

  it("gives equal repetitions of all cells one seed, and different ones different seeds", () => {
    const trials = planTrials(experimentOf(GRID), "now");
    const seeds = [1, 2, 3, 4].map(
      (k) => new Set(trials.filter((trial) => trial.repetition === k).map((trial) => trial.seed)),
    );
    for (const one of seeds) assert.equal(one.size, 1);
    assert.equal(new Set(seeds.flatMap((one) => [...one])).size, 4);
  });

  it("keeps a repetition's seed when cells or repetitions are added", () => {
    const seedOf = (text: string) =>
      planTrials(experimentOf(text), "now").find((trial) => trial.repetition === 2)?.seed;
    assert.equal(seedOf("repetitions: {count: 9}"), seedOf(GRID));
    assert.notEqual(seedOf("repetitions: {count: 9}\nseed: 2"), seedOf(GRID));
  });

  it("names trials by what decides them", () => {
    const idOf = (text: string, nonce = "now") => planTrials(experimentOf(`world: processes\n${text}`), nonce)[0].id;
    const id = idOf("tunables: {r: 2}");
    assert.match(id, /^[0-9a-f]{12}$/);
    assert.equal(idOf("tunables: {r: 2}"), id);
    assert.notEqual(idOf("tunables: {r: 1}"), id);
    assert.notEqual(idOf("tunables: {r: 2}\nseed: 3"), id);
    assert.notEqual(idOf("tunables: {r: 2}", "later"), id);
    const simulated = (text: string, nonce: string) =>
      planTrials(experimentOf(`world: simulation\nnetwork: {client: 1ms}\n${text}`), nonce)[0].id;
    assert.equal(simulated("tunables: {r: 2}", "now"), simulated("tunables: {r: 2}", "later"), "a seed says it all");
    assert.notEqual(simulated("node_model: {queue: {workers: 3}}", "now"), simulated("name: x", "now"));
    // Words change nothing that is measured; nor does another spelling of a duration.
    assert.equal(idOf("title: other\ntunables: {r: 2}\nphases: {measure: 10000ms}"), id);
  });

  it("has no two trials of one name, not even of cells that differ in a label", () => {
    const trials = planTrials(experimentOf("sweep: {axes: {tags.arm: [a, b]}}\nrepetitions: {count: 20}"), "now");
    assert.equal(new Set(trials.map((trial) => trial.id)).size, 40);
  });

  it("estimates its time from the phases and the start of processes", () => {
    const { seconds } = estimatePlan(
      experimentOf(`world: processes\n${GRID}phases: {warmup: 1s, measure: 7s, drain: 2s}`),
    );
    assert.ok(seconds > 360 && seconds < 420, String(seconds));
  });

  it("says when its repetitions cannot reach significance, and how many could", () => {
    const few = estimatePlan(experimentOf(GRID));
    assert.equal(few.smallestP, 0.125);
    assert.equal(few.smallestAdjustedP, 1);
    assert.match(few.warnings[0], /^repetitions.count 4 cannot show .* use 11 or more$/);
    assert.deepEqual(estimatePlan(experimentOf(GRID.replace("count: 4", "count: 11"))).warnings, []);
    assert.equal(estimatePlan(experimentOf(GRID.replace("count: 4", "count: 10"))).warnings.length, 1);
    assert.deepEqual(estimatePlan(experimentOf("repetitions: {count: 1}")).warnings, []);
    assert.equal(few.comparisons, 40, "eight cells in five metrics, as the table of comparisons corrects them");
  });

  it("counts the metrics that the report's headline names, since those are compared", () => {
    const of = (headline: string) => estimatePlan(experimentOf(`${GRID}report: {headline: ${headline}}\n`));
    const two = of("[repair_bytes_per_op, convergence_s]");
    assert.equal(two.comparisons, 16);
    assert.match(two.warnings[0], /over 16 comparisons \(Holm, 2 metrics\) .* use 10 or more$/);
    assert.match(of("[repair_bytes_per_op]").warnings[0], /over 8 comparisons \(Holm, 1 metric\) .* use 9 or more$/);
    assert.equal(of("none").comparisons, 40);
  });

  it("calls a number of repetitions enough exactly where the comparison can come out significant", () => {
    const verdictAt = (count: number): string => {
      const experiment = experimentOf(GRID.replace("count: 4", `count: ${count}`));
      const metrics = (worse: boolean, k: number) =>
        Object.fromEntries(
          HEADLINE_METRICS.map((name) => [
            name,
            { value: (worse ? 100 : 1) + k / 100, lo: null, hi: null, n: 1, unit: "" },
          ]),
        );
      const trials = planTrials(experiment, "now").map(({ cell, repetition, seed }) => ({
        record: { cell: cell.id, axes: cell.axes, repetition, seed, world: "processes" } as TrialRecord,
        summary: {
          schema: "quorumlab/summary@1" as const,
          metrics: metrics(cell.id !== experiment.baseline, repetition),
          validity: { verdict: "valid" as const, doubts: [] },
          calibration: null,
        },
      }));
      return compareCells(trials, { baseline: experiment.baseline, alpha: 0.05, noiseFloor: 0.02 })[0].verdict;
    };
    assert.equal(verdictAt(10), "inconclusive");
    assert.notEqual(verdictAt(11), "inconclusive");
  });

  it("writes equal values as equal text", () => {
    assert.equal(canonicalJson({ b: [1, undefined, { d: 1, c: 2 }], a: undefined }), '{"b":[1,null,{"c":2,"d":1}]}');
  });
});

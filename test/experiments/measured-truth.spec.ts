/**
 * What clients can measure beside what the simulation knows, on trials of the engine itself: Γ and Δ are positive exactly where the
 * check for linearizability says no, small where quorums overlap and no read is stale, large where they do not; the true window is there
 * in both. And a cut that ends: keys differ by kind while it lasts, agree again after it, and what mended them has its price.
 */
import assert from "node:assert/strict";
import { planTrials } from "../../experiments/plan";
import { runInSimulation } from "../../experiments/simulated-trial";
import { resolveExperiment } from "../../experiments/spec/resolve";
import type { TrialOutput } from "../../experiments/trial";
import { checkHistory } from "../../results/checks/history-check";
import type { OperationRecord } from "../../results/record/history";

async function run(rest: string): Promise<{ output: TrialOutput; records: OperationRecord[] }> {
  const resolved = resolveExperiment({
    path: "truth.yaml",
    text: `
schema: quorumlab/experiment@1
name: truth
title: What is measured, and what is so
world: simulation
seed: 11
cluster: {nodes: 5, storage: memory}
network: {intra_zone: {dist: lognormal, median: 2ms, p99: 60ms}, client: {dist: exponential, mean: 500us}}
repetitions: {count: 1}
${rest}`,
  });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  const [trial] = planTrials(resolved.experiment, "");
  const records: OperationRecord[] = [];
  const output = await runInSimulation({
    trial,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
    record: (record) => records.push(record),
  });
  assert.ok(output !== undefined);
  return { output, records };
}

const register = (r: number, w: number): string => `
tunables: {n_val: 3, r: ${String(r)}, w: ${String(w)}, clock: lww, read_repair: none, detector: perfect}
workload: {model: closed, clients: 40, context: none, mix: {read: 0.8, update: 0.2}, keys: {count: 4, popularity: uniform}, value_size: 8B}
phases: {warmup: 100ms, measure: 1s, drain: 100ms}
`;

describe("Γ and Δ of the engine's own histories", function () {
  this.timeout(60_000);

  const cases: readonly (readonly [r: number, w: number])[] = [
    [3, 1],
    [2, 2],
    [1, 1],
  ];
  for (const [r, w] of cases)
    it(`at R=${String(r)} W=${String(w)} are positive exactly where the history is not linearizable`, async () => {
      const { output, records } = await run(register(r, w));
      const { metrics, figures } = output;
      const broken = checkHistory(records).promises.linearizable.violations.length;
      assert.equal(metrics["gamma_max_ms"].value! > 0, broken > 0, `${String(broken)} keys are not linearizable`);
      assert.equal(metrics["delta_max_ms"].value! > 0, broken > 0);
      assert.equal(figures.zones!.gamma.positive, figures.zones!.delta.positive);
      // Reading all copies is linearizable; overlapping quorums are regular, which is less.
      if (r === 3) assert.equal(broken, 0);
      if (r + w > 3) assert.equal(metrics["p_stale"].value, 0);
      else assert.ok(metrics["gamma_positive"].value! > 0 && metrics["p_stale"].value! > 0);
      assert.ok(figures.trueWindow!.ms.count > 0, "some write was told of before it was everywhere");
    });
});

describe("a cut that ends", function () {
  this.timeout(60_000);

  const cut = (how: string): string => `
tunables: {n_val: 3, r: 1, w: 1, clock: dvvset, read_repair: none, ${how}}
workload: {model: open, rate: 300/s, clients: 20, mix: {read: 0.5, update: 0.5}, keys: {count: 300, popularity: uniform}, value_size: 8B, preload: all}
phases: {warmup: 500ms, measure: 8s, drain: 8s}
measure: {interval: 500ms, divergence_scan: {every: 250ms, keys: all}}
faults:
  - {id: cut, kind: partition, at: 2s, for: 3s, groups: [[node-1, node-2], [node-3, node-4, node-5]]}
`;

  it("leaves keys that differ for good where nothing repairs, and says so as a bound", async () => {
    const { metrics, figures } = (await run(cut("sloppy_quorum: false, stand_in: none"))).output;
    assert.equal(metrics["convergence_s"].atLeast, true);
    assert.equal(metrics["unconverged_faults"].value, 1);
    const { divergent, missing, stale, conflicting, unclassified } = figures.divergence.columns;
    assert.ok(divergent.every((all, i) => all === missing[i]! + stale[i]! + conflicting[i]! + unclassified[i]!));
    assert.ok(Math.max(...stale.map((keys) => keys!)) > 0 && Math.max(...conflicting.map((keys) => keys!)) > 0);
    const [before, during] = figures.staleByWindow!;
    assert.ok(during.stale / during.reads > before.stale / before.reads);
    assert.equal(metrics["repair_bytes_per_op"].value, 0);
  });
  it("heals with anti-entropy, which has its price and its time", async () => {
    const { metrics, figures } = (await run(cut("sloppy_quorum: false, stand_in: none, aae: {interval: 500ms}")))
      .output;
    assert.equal(metrics["divergent_keys_final"].value, 0);
    assert.equal(metrics["convergence_s"].atLeast, undefined);
    assert.ok(metrics["convergence_s"].value! > 0 && metrics["convergence_s"].value! < 11);
    assert.ok(metrics["convergence_keys_p50_s"].value! <= metrics["convergence_keys_p90_s"].value!);
    assert.ok(metrics["repair_bytes_per_op"].value! > 0);
    assert.ok(metrics["bytes_per_op_anti_entropy"].value! > 0);
    assert.ok(figures.repair!.totals["exchanges"]! > 0);
    assert.equal(
      figures.convergence!.healings[0].keys.censored.reduce((sum, one) => sum + one, 0),
      0,
    );
  });
});

/** Workloads that stress clocks, from the experiment file through a simulated cluster: the published numbers, and pairs. */
import assert from "node:assert/strict";
import { planTrials, type PlannedTrial } from "../../experiments/plan";
import { runInSimulation, SimulatedTrial } from "../../experiments/simulated-trial";
import { resolveExperiment } from "../../experiments/spec/resolve";
import type { TrialOutput } from "../../experiments/trial";
import type { OperationRecord } from "../../results/record/history";

interface Trial {
  readonly planned: PlannedTrial;
  readonly records: readonly OperationRecord[];
  readonly output: TrialOutput;
}

function plannedOf(text: string): readonly PlannedTrial[] {
  const resolved = resolveExperiment({ path: "clocks.yaml", text });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  return planTrials(resolved.experiment, "");
}

/** Every trial of the experiment, in the plan's order. */
async function trialsOf(text: string): Promise<readonly Trial[]> {
  const trials: Trial[] = [];
  for (const planned of plannedOf(text)) {
    const records: OperationRecord[] = [];
    const output = await runInSimulation({
      trial: planned,
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
      record: (record) => records.push(record),
    });
    assert.ok(output !== undefined);
    trials.push({ planned, records, output });
  }
  return trials;
}

const CLUSTER = `
world: simulation
cluster: {nodes: 3}
network: {intra_zone: {dist: exponential, mean: 0.5ms}, client: 0.2ms}
repetitions: {count: 1}
measure: {divergence_scan: none}
`;

describe("scripts through a simulated cluster", function () {
  this.timeout(60_000);

  const finalRead = ({ records }: Trial): number => records.findLast(({ kind }) => kind === "read")!.values;

  it("leave 101 siblings under a merged version vector and 2 under dotted ones (DVV-1)", async () => {
    const trials = await trialsOf(`${CLUSTER}
phases: {warmup: 0s, measure: 3s, drain: 0s}
tunables: {n_val: 3, r: all, w: all, max_siblings: 200}
workload: {mix_name: scripted, routing: token-aware}
sweep: {axes: {clock: [vv-server, dvvset, dvv, riak-dvv], workload.script: [explosion-1, explosion-2], workload.context: [session, last-read]}}
`);
    assert.equal(trials.length, 16);
    for (const trial of trials) {
      const { id, axes } = trial.planned.cell;
      const left = axes.clock === "vv-server" ? 101 : 2;
      assert.equal(finalRead(trial), left, id);
      const { validity, metrics } = trial.output;
      assert.ok(validity.verdict !== "invalid", JSON.stringify(validity.doubts));
      assert.equal(metrics.siblings_max.value, left);
      const writes = trial.records.filter(({ writeId }) => writeId > 0);
      assert.equal(writes.length, 101);
      assert.ok(writes.every(({ outcome, phase }) => outcome === "ok" && phase === "measure"));
    }
  });

  it("leave them as well where every request goes to the next server", async () => {
    const trials = await trialsOf(`${CLUSTER}
phases: {warmup: 0s, measure: 3s, drain: 0s}
tunables: {n_val: 3, r: all, w: all, max_siblings: 200, coordinator: replica}
workload: {mix_name: scripted, script: explosion-2, context: last-read, routing: any}
sweep: {axes: {clock: [vv-server, dvvset]}}
`);
    for (const trial of trials) {
      assert.equal(finalRead(trial), trial.planned.cell.axes.clock === "dvvset" ? 2 : 101);
      // Hand-over: in turn, also from a client's write to its read.
      const asked = trial.records.map(({ coordinator }) => coordinator);
      for (let i = 1; i < asked.length; i++) assert.equal(asked[i], (asked[i - 1] + 1) % 3);
    }
  });

  it("keep the second blind write, lose it or keep all three after lost-update, by the clock (DVV-2)", async () => {
    const trials = await trialsOf(`${CLUSTER}
phases: {warmup: 0s, measure: 500ms, drain: 0s}
tunables: {n_val: 3, r: all, w: all}
workload: {mix_name: scripted, script: lost-update, routing: token-aware}
sweep: {axes: {clock: [vv-server, dvvset, dvv, riak-dvv, vv-server-separate]}}
`);
    for (const trial of trials) {
      const read = trial.records.findLast(({ kind }) => kind === "read")!;
      const [v1, v2, v3] = trial.records.filter(({ writeId }) => writeId > 0).map(({ writeId }) => writeId);
      const { clock } = trial.planned.cell.axes;
      const expected = clock === "vv-server" ? [v1, v2, v3] : clock === "vv-server-separate" ? [v3] : [v2, v3];
      assert.deepEqual([...read.versions].sort(), [...expected].sort());
    }
  });

  it("are told as invalid, with the number of steps, where the measured phase is too short", async () => {
    const [{ output, records }] = await trialsOf(`${CLUSTER}
phases: {warmup: 100ms, measure: 50ms, drain: 200ms}
tunables: {n_val: 3}
workload: {mix_name: scripted, script: explosion-1}
`);
    const doubt = output.validity.doubts.find(({ kind }) => kind === "script-cut");
    assert.equal(output.validity.verdict, "invalid");
    assert.match(doubt!.reason, new RegExp(`^the measured phase ended with ${152 - records.length} steps`));
  });
});

describe("an open load on clocks of every kind", function () {
  this.timeout(60_000);

  /** What was drawn: which operation was wanted when, of which key, by whom. Of a pair the span says it, not its parts. */
  const scheduleOf = (planned: PlannedTrial): readonly unknown[] => {
    const records: OperationRecord[] = [];
    const unheard = (): void => undefined;
    const trial = new SimulatedTrial(planned, {
      begun: unheard,
      record: (record) => records.push(record),
      snapshot: unheard,
    });
    while (!trial.over) trial.advance(10_000);
    const spans = new Set(records.filter(({ kind }) => kind === "rmw").map(({ id }) => id));
    const reads = new Set(records.filter(({ id }) => spans.has(id - 1)).map(({ id }) => id));
    return records
      .filter(({ id, kind, phase }) => phase !== "load" && !reads.has(id) && (spans.size === 0 || kind !== "update"))
      .sort((a, b) => a.intended - b.intended || a.id - b.id)
      .map(({ kind, key, session, intended, phase }) => ({
        kind,
        key,
        session,
        due: intended - trial.startOfWarmup,
        phase,
      }));
  };

  for (const workload of [
    "{model: open, rate: 2000/s, arrivals: poisson, clients: 7, client_lifetime: 20, mix: {read: 1, update: 1, blind_write: 1}, keys: {count: 3}}",
    "{mix_name: cart, model: open, rate: 2000/s, arrivals: poisson, clients: 12, cart: {carts: 8, robots: 3, robot_share: 20%}}",
    "{mix_name: counters, model: open, rate: 2000/s, arrivals: poisson, clients: 5, counters: {counters: 2}}",
  ]) {
    const name = /mix_name: (\w+)/.exec(workload)?.[1] ?? "ycsb";

    it(`has the same operations, keys, sessions and instants under each of them: ${name}`, () => {
      const planned = plannedOf(`${CLUSTER}
phases: {warmup: 100ms, measure: 400ms, drain: 200ms}
tunables: {n_val: 3, r: 1, w: 1}
workload: ${workload}
sweep: {axes: {clock: [dvvset, vv-server, lww]}}
`);
      const [first, ...others] = planned.map(scheduleOf);
      assert.ok(first.length > 900, String(first.length));
      assert.equal(others.length, 2);
      for (const other of others) assert.deepEqual(other, first);
    });
  }

  it("of carts: siblings that a dotted clock keeps are merged without loss, and robots make them", async () => {
    const trials = await trialsOf(`${CLUSTER}
phases: {warmup: 0s, measure: 1s, drain: 200ms}
tunables: {n_val: 3, r: quorum, w: quorum, clock: dvvset}
workload: {mix_name: cart, model: open, rate: 1000/s, clients: 20, cart: {carts: 50, robot_share: 30%}}
sweep: {axes: {workload.cart.robots: [0, 4], workload.resolver: [union, newest]}}
`);
    const by = (robots: number, resolver: string): TrialOutput =>
      trials.find(
        ({ planned: { cell } }) =>
          cell.axes["workload.cart.robots"] === robots && cell.axes["workload.resolver"] === resolver,
      )!.output;
    assert.ok(by(4, "union").metrics.merged_reads.value! > 10 * by(0, "union").metrics.merged_reads.value!);
    assert.equal(by(4, "union").metrics.merge_dropped.value, 0);
    assert.ok(by(4, "newest").metrics.merge_dropped.value! > 0);
    for (const { output } of trials) assert.ok(!output.validity.doubts.some(({ kind }) => kind === "broken-values"));
  });
});

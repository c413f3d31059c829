/**
 * The engine itself against the register checks, in virtual time and without faults: where R + W > N every key is regular,
 * and, with a witness that holds by itself, not linearizable, because a read may see a write that is still under way and
 * the next read miss it. (Reading all copies is the exception: R = N is linearizable without faults.) Where R + W <= N not even
 * regularity is left. A checker that only ever says yes, or an engine that counts an acknowledgement too many, fails here.
 */
import assert from "node:assert/strict";
import { planTrials } from "../../experiments/plan";
import { runInSimulation } from "../../experiments/simulated-trial";
import { resolveExperiment } from "../../experiments/spec/resolve";
import { checkHistory, describeHistoryCheck, type HistoryCheck } from "../../results/checks/history-check";
import { checkRegister, type PromiseName } from "../../results/checks/register";
import type { OperationRecord } from "../../results/record/history";

interface Setting {
  readonly r: number;
  readonly w: number;
  readonly clock: "lww" | "dvvset";
  readonly coordinator?: "replica" | "any";
  readonly readRepair?: "none" | "async";
}

async function historyOf({
  r,
  w,
  clock,
  coordinator = "replica",
  readRepair = "none",
}: Setting): Promise<OperationRecord[]> {
  const resolved = resolveExperiment({
    path: "strict.yaml",
    text: `
schema: quorumlab/experiment@1
name: strict
title: A register under contention
world: simulation
seed: 11
cluster: {nodes: 5}
network: {intra_zone: {dist: lognormal, median: 2ms, p99: 60ms}, client: {dist: exponential, mean: 500us}}
tunables: {n_val: 3, r: ${String(r)}, w: ${String(w)}, clock: ${clock}, coordinator: ${coordinator}, read_repair: ${readRepair}}
workload: {model: closed, clients: 40, context: none, mix: {read: 0.8, update: 0.2}, keys: {count: 4, popularity: uniform}, value_size: 8B}
phases: {warmup: 100ms, measure: 1s, drain: 100ms}
repetitions: {count: 1}
`,
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
  assert.ok(output?.simulation !== undefined);
  assert.ok(records.length > 500, `${String(records.length)} operations`);
  return records;
}

/** Every witness against `promise`, checked as a history of its own, is still a violation. */
function assertWitnesses(checked: HistoryCheck, promise: PromiseName, records: readonly OperationRecord[]): void {
  const { violations } = checked.promises[promise];
  assert.ok(violations.length > 0, describeHistoryCheck(checked));
  for (const { witness } of violations) {
    const ids = new Set(witness.operations.map(({ id }) => id));
    const few = records.filter(({ id }) => ids.has(id));
    assert.ok(few.length >= 2 && few.length <= 6, describeHistoryCheck(checked));
    assert.equal(checkRegister(few)[promise].verdict, "no");
  }
}

describe("strict quorums of the engine", function () {
  this.timeout(60_000);

  const strict: readonly Setting[] = [
    { r: 2, w: 2, clock: "lww" },
    { r: 1, w: 3, clock: "lww" },
    { r: 2, w: 2, clock: "lww", coordinator: "any", readRepair: "async" },
  ];
  for (const setting of strict) {
    const { r, w, coordinator, readRepair } = setting;
    it(`R=${String(r)} W=${String(w)} of 3${coordinator === undefined ? "" : ", any coordinator"}${readRepair === undefined ? "" : ", read repair"}: regular and, with a witness, not linearizable`, async () => {
      const records = await historyOf(setting);
      const checked = checkHistory(records);
      const { regular, linearizable } = checked.promises;
      assert.deepEqual([regular.yes, regular.no, regular.unknown], [4, 0, 0], describeHistoryCheck(checked));
      assert.ok(linearizable.no > 0, describeHistoryCheck(checked));
      assertWitnesses(checked, "linearizable", records);
    });
  }

  it("R=3 W=1 of 3: linearizable too, as a read of all copies sees what is stored at any", async () => {
    const checked = checkHistory(await historyOf({ r: 3, w: 1, clock: "lww" }));
    const { linearizable } = checked.promises;
    assert.deepEqual(
      [linearizable.yes, linearizable.no, linearizable.unknown],
      [4, 0, 0],
      describeHistoryCheck(checked),
    );
  });

  it("R=2 W=2 of 3, siblings kept: regular with siblings", async () => {
    const checked = checkHistory(await historyOf({ r: 2, w: 2, clock: "dvvset" }));
    const { multiValue } = checked.promises;
    assert.deepEqual([multiValue.yes, multiValue.no, multiValue.unknown], [4, 0, 0], describeHistoryCheck(checked));
  });

  it("R=1 W=1 and R=1 W=2 of 3 are not even regular, each with a witness", async () => {
    for (const w of [1, 2]) {
      const records = await historyOf({ r: 1, w, clock: "lww" });
      const checked = checkHistory(records);
      assert.ok(checked.promises.regular.no > 0, describeHistoryCheck(checked));
      assertWitnesses(checked, "regular", records);
    }
  });
});

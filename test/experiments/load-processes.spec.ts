/** `workload.load_processes` in simulation, from the experiment file to its figures: the same load, made by several. */
import assert from "node:assert/strict";
import type { OperationRecord } from "../../results/record/history";
import type { PartitionRule } from "../../engine/host/faults";
import { fromSides, toSides } from "../../experiments/load-messages";
import type { PlannedTrial } from "../../experiments/plan";
import { runInSimulation } from "../../experiments/simulated-trial";
import { errorsOf, experimentOf } from "./problems-of";

const file = (workload: string): string => `
world: simulation
cluster: {nodes: 3}
network: {intra_zone: 1ms, client: 1ms}
tunables: {n_val: 3}
workload: {keys: {count: 60, popularity: zipfian}, mix: {read: 0.5, update: 0.4, insert: 0.1}, ${workload}}
phases: {warmup: 200ms, measure: 1s, drain: 200ms}
measure: {interval: 200ms, divergence_scan: {every: 200ms, keys: "sample:30"}}
`;

async function run(workload: string) {
  const [cell] = experimentOf(file(workload)).cells;
  const trial: PlannedTrial = { id: "t", index: 0, cell, repetition: 0, seed: 3 };
  const records: OperationRecord[] = [];
  const output = await runInSimulation({
    trial,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: (line) => assert.fail(line),
    record: (record) => records.push(record),
  });
  assert(output !== undefined);
  return { output, records };
}

describe("several drivers in one simulation", function () {
  this.timeout(60_000);
  const load = "model: open, rate: 400/s, clients: 6, arrivals: constant";

  it("offer what one does, and tell it as one history in order", async () => {
    const one = await run(load);
    const three = await run(`${load}, load_processes: 3`);
    const due = ({ records }: typeof one): number =>
      records.filter(({ phase, kind }) => phase === "measure" && kind !== "rmw").length;
    assert.equal(due(three), due(one));
    assert.equal(three.output.metrics.throughput_ops_s.value, one.output.metrics.throughput_ops_s.value);
    const ends = three.records.map(({ end }) => end);
    assert(ends.every((end, i) => i === 0 || end >= ends[i - 1]));
    assert.equal(new Set(three.records.map(({ id }) => id)).size, three.records.length);
    assert.equal(new Set(three.records.map(({ kind, id }) => `${kind}${id}`)).size, three.records.length);
  });

  it("write keys of their own", async () => {
    const { records, output } = await run(`${load}, load_processes: 3`);
    const by = new Map<string, Set<number>>();
    for (const { key, session, writeId } of records) {
      if (writeId === 0) continue;
      const writers = by.get(key) ?? new Set();
      by.set(key, writers.add(session % 3));
    }
    assert(by.size > 60);
    assert([...by.values()].every(({ size }) => size === 1));
    assert.equal(output.figures.divergence.finalExamined, by.size);
  });

  it("come out the same every time, and otherwise than with another number of drivers", async () => {
    const digest = async (workload: string) => (await run(workload)).output.simulation!.digest;
    assert.equal(await digest(`${load}, load_processes: 2`), await digest(`${load}, load_processes: 2`));
    assert.notEqual(await digest(`${load}, load_processes: 2`), await digest(load));
    assert.equal(await digest(`${load}, load_processes: 1`), await digest(load));
  });

  it("share a closed load too, one client of three each", async () => {
    const { records } = await run("model: closed, clients: 3, load_processes: 3");
    const clients = new Set(records.filter(({ phase }) => phase === "measure").map(({ session }) => session));
    assert.deepEqual([...clients].sort(), [0, 1, 2]);
  });
});

describe("loads that several drivers cannot make", () => {
  const errors = (workload: string): readonly string[] => errorsOf(`workload: {${workload}, load_processes: 4}`);

  it("are refused with what is in the way", () => {
    assert.deepEqual(errors("clients: 3"), [
      "1:21 workload.load_processes is 4, and workload.clients is 3; allowed: at least one for each driver",
    ]);
    assert.match(
      errors("mix_name: counters")[0],
      /mix_name counters is made by one driver: all clients count on the same/,
    );
    assert.match(errors("mix_name: scripted, script: lost-update")[0], /its steps are taken one after the other/);
    assert.match(errors("mix_name: cart, cart: {robots: 2}")[0], /robots change one cart together/);
    assert.match(
      errors("keys: {count: 20}, mix: {multi_get: 1}, fan_out: 10")[0],
      /the smallest driver has 5 of the 20 keys/,
    );
    assert.deepEqual(errors("mix_name: cart, cart: {robots: 0}"), []);
  });
});

describe("partitions on their way to the processes of a load", () => {
  it("put every session on the side that it had", () => {
    const rule = { groupOf: [0, 1, 1, -1], groups: 2, oneWay: true };
    const rules: readonly PartitionRule[] = [
      { ...rule, sideOf: undefined },
      { ...rule, sideOf: (session) => session % 2 },
      { ...rule, sideOf: () => 1 },
    ];
    for (const one of rules) {
      const { sideOf, ...rest } = fromSides(structuredClone(toSides(one)));
      assert.deepEqual(rest, rule);
      for (let session = 0; session < 9; session++) assert.equal(sideOf?.(session), one.sideOf?.(session));
    }
  });
});

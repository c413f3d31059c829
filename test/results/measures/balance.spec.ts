/** Work of nodes: role by role, against their weights, over time and fault by fault, from a few numbers written by hand. */
import assert from "node:assert/strict";
import { FaultTimes } from "../../../results/measures/fault-times";
import { IntervalGrid } from "../../../results/measures/interval-grid";
import { ImbalanceMeasure } from "../../../results/measures/imbalance";
import { OutagesMeasure } from "../../../results/measures/outages";
import { workByRole, worstRole } from "../../../results/measures/roles";
import { THE_CLIENT_ITSELF } from "../../../results/record/history";
import type { CounterSample } from "../../../results/record/repair-counters";
import { counters, fold, get, put, setup } from "./histories";

const SECOND = 1_000_000;

function near(value: number | null | undefined, wanted: number): void {
  assert.ok(typeof value === "number" && Math.abs(value - wanted) < 1e-12, `${String(value)} is ${wanted}`);
}

describe("work by role", () => {
  const nodes = [
    counters("node-1", { coordinated: 300, coordinatedGets: 200, replicaReads: 250, hintsWritten: 3 }),
    counters("node-2", { coordinated: 100, coordinatedGets: 0, replicaReads: 250, hintsWritten: 0 }),
  ];

  it("tells gets and puts that a node coordinated apart, and names no role that nobody played", () => {
    const work = workByRole(nodes)!;
    assert.deepEqual(work.nodes, ["node-1", "node-2"]);
    assert.deepEqual(work.roles, [
      { role: "coordinating gets", unit: "requests", counts: [200, 0] },
      { role: "coordinating puts", unit: "requests", counts: [100, 100] },
      { role: "replica reads", unit: "copies", counts: [250, 250] },
      { role: "keeping hints", unit: "copies", counts: [3, 0] },
    ]);
  });

  it("is judged by its least even role, even where the sum is even, but not by a role of a few strokes", () => {
    assert.deepEqual(worstRole(workByRole(nodes)!), { role: "coordinating gets", imbalance: 2, work: 200 });
    const { metrics } = fold([put(1, 0, 10)], { counters: nodes });
    assert.equal(metrics["role_imbalance_max"].value, 2);
    assert.equal(metrics["role_imbalance_max"].n, 200);
  });

  it("counts messages by what they are for, and not those that requests are counted by already", () => {
    const sent = (messages: number) => ({
      byCause: {
        detector: { messages, bytes: 10 },
        reading: { messages: 999, bytes: 10 },
        "anti-entropy": { messages: 0, bytes: 0 },
      },
    });
    const work = workByRole([counters("node-1", sent(300)), counters("node-2", sent(100))])!;
    assert.deepEqual(work.roles, [{ role: "failure detection", unit: "messages", counts: [300, 100] }]);
    assert.equal(worstRole(work)!.imbalance, 1.5);
  });

  it("tells scans apart from puts, and the copies that ranges were read of", () => {
    const of = {
      coordinated: 500,
      coordinatedGets: 200,
      coordinatedScans: 100,
      replicaScans: 150,
      rangeRecords: 9_000,
    };
    const nodes = [counters("node-1", of), counters("node-2", { ...of, coordinatedScans: 300, rangeRecords: 3_000 })];
    const counts = Object.fromEntries(workByRole(nodes)!.roles.map(({ role, counts: all }) => [role, all]));
    assert.deepEqual(counts, {
      "coordinating gets": [200, 200],
      "coordinating puts": [200, 0],
      "coordinating scans": [100, 300],
      "range reads": [9_000, 3_000],
    });
  });

  it("has what clients coordinated themselves apart: it is no node's", () => {
    const byClient = { coordinator: THE_CLIENT_ITSELF };
    const history = [
      put(1, 0, 10, byClient),
      get([1], 20, 30, byClient),
      get([1], 40, 50, byClient),
      get([1], 60, 70, { coordinator: 0 }),
      get([1], 80, 90, { ...byClient, phase: "warmup" }),
    ];
    const { figures } = fold(history, { counters: nodes });
    assert.deepEqual(figures.work?.byClients, { gets: 2, puts: 1 });
    assert.equal(fold([put(1, 0, 10, { coordinator: 0 })], { counters: nodes }).figures.work?.byClients, undefined);
  });

  it("is unknown where nodes do not tell it, and no worst role where none was played enough", () => {
    assert.equal(workByRole([]), undefined);
    const old = workByRole([counters("node-1", { coordinated: 5, replicaReads: 1 }), counters("node-2")])!;
    assert.deepEqual(
      old.roles.map(({ role }) => role),
      ["replica reads"],
      "gets are not told apart from puts",
    );
    assert.equal(worstRole(old), undefined);
    const { metrics, figures } = fold([put(1, 0, 10)]);
    assert.equal(metrics["role_imbalance_max"].value, null);
    assert.equal(figures.work, undefined);
  });
});

describe("load against weight", () => {
  const nodes = [
    counters("node-1", { replicaReads: 60, replicaWrites: 40, keysHeld: 100, coordinated: 500 }),
    counters("node-2", { replicaReads: 100, replicaWrites: 100, keysHeld: 300 }),
  ];

  it("is 0 where shares are those of the weights, whoever coordinates", () => {
    const { metrics } = fold([put(1, 0, 10)], { counters: nodes, weights: { "node-1": 1, "node-2": 2 } });
    near(metrics["load_per_weight_error"].value, 0);
    // A quarter of the keys where a third is due; three quarters for two thirds.
    near(metrics["keys_per_weight_error"].value, 0.25);
    near(metrics["load_imbalance"].value, 600 / 400);
    near(metrics["load_cv"].value, 200 / 400);
  });

  it("takes weights as they relate to each other, and is not measured without them", () => {
    const same = fold([put(1, 0, 10)], { counters: nodes, weights: { "node-1": 30, "node-2": 30 } }).metrics;
    near(same["load_per_weight_error"].value, 1 / 3);
    assert.equal(fold([put(1, 0, 10)], { counters: nodes }).metrics["load_per_weight_error"].value, null);
  });
});

describe("spares that never start, and members that have left", () => {
  const messages = { byCause: { detector: { messages: 100, bytes: 1_000 } } };
  const nodes = [
    counters("node-1", { coordinated: 300, coordinatedGets: 300, replicaReads: 200, keysHeld: 90, messagesSent: 100, ...messages }), // prettier-ignore
    counters("node-2", { coordinated: 300, coordinatedGets: 300, replicaReads: 200, keysHeld: 90, messagesSent: 100, ...messages }), // prettier-ignore
    counters("spare", { byCause: { detector: { messages: 0, bytes: 0 } } }),
    counters("removed", { keysHeld: 500, byCause: { detector: { messages: 0, bytes: 0 } } }),
  ];
  const ringShares = { "node-1": 0.5, "node-2": 0.5, spare: 0, removed: 0 };

  it("make nobody look busier or fuller than the mean", () => {
    const { metrics, figures } = fold([put(1, 0, 10)], { counters: nodes, ringShares });
    near(metrics["load_imbalance"].value, 1);
    near(metrics["load_cv"].value, 0);
    near(metrics["key_imbalance"].value, 1);
    near(metrics["role_imbalance_max"].value, 1);
    assert.deepEqual(figures.work!.nodes, ["node-1", "node-2"]);
    const alone = fold([put(1, 0, 10)], { counters: nodes.slice(0, 2), ringShares }).metrics;
    assert.equal(metrics["detector_messages_per_node_s"].value, alone["detector_messages_per_node_s"].value);
  });

  it("count where the ring names them though they did nothing", () => {
    const { metrics } = fold([put(1, 0, 10)], { counters: nodes, ringShares: { ...ringShares, spare: 0.3 } });
    near(metrics["load_imbalance"].value, 1.5);
    near(metrics["key_imbalance"].value, 1.5);
  });

  it("are not out of balance in any window before they start", () => {
    const grid = new IntervalGrid(1_000);
    grid.begin({ startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: 10 * SECOND });
    const measure = new ImbalanceMeasure(setup(grid));
    const said = (messages: number) => ({ byCause: { gossip: { messages, bytes: 0 } } });
    const at = (s: number, a: number, b: number, spare: number, words: number): void =>
      measure.counters({
        at: s * SECOND,
        nodes: [
          { node: "node-1", requests: a, ...said(s) },
          { node: "node-2", requests: b, ...said(s) },
          { node: "spare", requests: spare, ...said(words) },
        ],
      });
    at(0, 10, 10, 0, 0);
    at(1, 110, 110, 0, 0);
    at(2, 210, 210, 0, 5);
    at(3, 310, 310, 100, 9);
    const { columns } = measure.finish().figures!.imbalance!;
    assert.deepEqual(columns["out_of_balance"], [0, 1, 0]);
    assert.deepEqual(columns["requests_per_node"], [100, 200 / 3, 100]);
  });
});

describe("imbalance over time", () => {
  /** A window of one second for each entry: what each node had to do with in it. */
  function judged(windows: readonly (readonly number[])[], last = 1) {
    const grid = new IntervalGrid(1_000);
    grid.begin({ startOfWarmup: 0, startOfMeasure: SECOND, endOfMeasure: (windows.length + 1) * SECOND });
    const measure = new ImbalanceMeasure(setup(grid));
    const totals = windows[0].map(() => 1_000);
    const sample = (at: number): CounterSample => ({
      at,
      nodes: totals.map((requests, i) => ({ node: `node-${i}`, requests })),
    });
    measure.counters(sample(0));
    totals.forEach((_, i) => (totals[i] += 5_000 * i));
    measure.counters(sample(SECOND));
    windows.forEach((window, w) => {
      window.forEach((count, i) => (totals[i] += count));
      measure.counters(sample((w + 1 + (w === windows.length - 1 ? last : 1)) * SECOND));
    });
    return measure.finish();
  }

  it("is the share of nodes 15 % or more away from the mean of all, above or below, in each window", () => {
    const { metrics, figures } = judged([
      [100, 100, 100, 100],
      [115, 85, 100, 100],
      [114, 86, 100, 100],
      [0, 200, 100, 100],
    ]);
    assert.deepEqual(figures!.imbalance!.columns["out_of_balance"], [0, 0.5, 0, 0.5]);
    assert.deepEqual(figures!.imbalance!.columns["requests_per_node"], [100, 100, 100, 100]);
    assert.deepEqual(figures!.imbalance!.t, [1, 2, 3, 4], "the warm-up is left out");
    near(metrics!["out_of_balance"].value, 0.25);
    assert.equal(metrics!["out_of_balance"].n, 4);
    assert.equal(metrics!["imbalance_low_load"], undefined, "load did not change");
  });

  it("is told for the quarters of windows with the fewest and the most requests", () => {
    const low = [
      [10, 20],
      [15, 15],
    ];
    const middle = Array.from({ length: 4 }, () => [50, 50]);
    const high = [
      [120, 120],
      [100, 140],
    ];
    const { metrics } = judged([...high, ...middle, ...low]);
    near(metrics!["imbalance_low_load"].value, 0.5);
    near(metrics!["imbalance_high_load"].value, 0.5);
    near(metrics!["imbalance_low_over_high"].value, 1);
    const even = judged([[120, 120], [100, 100], ...middle, ...low]).metrics!;
    assert.equal(even["imbalance_high_load"].value, 0);
    assert.equal(even["imbalance_low_over_high"].value, null, "nothing is so many times nothing");
  });

  it("leaves out a stub of a window at the end, whose few requests are bound to be uneven", () => {
    const { figures } = judged(
      [
        [100, 100],
        [100, 100],
        [100, 100],
        [1, 0],
      ],
      0.01,
    );
    assert.deepEqual(figures!.imbalance!.columns["out_of_balance"], [0, 0, 0]);
  });

  it("knows nothing of windows in which a node did not tell its work, began anew, or nobody did anything", () => {
    const grid = new IntervalGrid(1_000);
    grid.begin({ startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: 10 * SECOND });
    const measure = new ImbalanceMeasure(setup(grid));
    const at = (s: number, ...all: (number | undefined)[]): void =>
      measure.counters({
        at: s * SECOND,
        nodes: all.flatMap((requests, i) => (requests === undefined ? [] : { node: `node-${i}`, requests })),
      });
    at(0, 10, 10);
    at(1, 20, undefined);
    at(2, 30, 30);
    at(3, 40, 0);
    at(4, 40, 0);
    at(5, 50, 10);
    assert.deepEqual(measure.finish().figures!.imbalance!.t, [4]);
  });

  it("is not measured where nodes tell nothing", () => {
    const { metrics, figures } = fold([put(1, 0, 10)]);
    assert.equal(metrics["out_of_balance"].value, null);
    assert.equal(figures.imbalance, undefined);
  });
});

describe("outages", () => {
  const grid = new IntervalGrid(100);
  grid.begin({ startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: SECOND });

  function judged(spans: readonly { id: string; from: number; to: number | undefined }[]) {
    const faults = new FaultTimes();
    faults.watch(() => spans);
    return new OutagesMeasure({ ...setup(grid), faults });
  }

  it("take the operations that were meant to begin in them, wherever those ended", () => {
    const measure = judged([
      { id: "a", from: 100, to: 200 },
      { id: "b", from: 500, to: 700 },
    ]);
    for (const operation of [
      get([], 50, 60),
      get([], 150, 160),
      // Meant for the first, sent and ended in the second.
      put(1, 510, 600, { intended: 199, outcome: "timeout" }),
      get([], 200, 210),
      put(2, 500, 510),
      put(3, 699, 900),
    ])
      measure.operation(operation);
    const { figures, metrics } = measure.finish();
    assert.deepEqual(
      figures!.outages!.map(({ faults, due, ok }) => ({ faults, due, ok })),
      [
        { faults: ["a"], due: 2, ok: 1 },
        { faults: ["b"], due: 2, ok: 2 },
      ],
    );
    near(metrics!["fault_availability_min"].value, 0.5);
    near(metrics!["fault_availability_spread"].value, 0.5);
    // 1 in 100 µs, 2 in 200 µs.
    near(metrics!["fault_throughput_spread"].value, 1);
    assert.equal(metrics!["fault_read_p99_spread"].value, null, "one read has no p99");
  });

  it("compare tails: the p99 of the worst outage over that of the best", () => {
    const measure = judged([
      { id: "a", from: 0, to: 1_000 },
      { id: "b", from: 2_000, to: 3_000 },
    ]);
    for (let i = 0; i < 200; i++) measure.operation(get([], i, i + 100));
    for (let i = 0; i < 200; i++) measure.operation(get([], 2_000 + i, 2_000 + i + 300));
    const { metrics } = measure.finish();
    assert.ok(Math.abs(metrics!["fault_read_p99_spread"].value! - 3) < 0.01);
    assert.equal(metrics!["fault_write_p99_spread"].value, null);
  });

  it("that overlap are one, and one alone is not compared; it may go on to the end", () => {
    const measure = judged([
      { id: "a", from: 0, to: 600_000 },
      { id: "b", from: 400_000, to: undefined },
    ]);
    measure.operation(get([], 100, 200));
    measure.operation(get([], 900_000, 900_100));
    const { figures, metrics } = measure.finish();
    assert.deepEqual(
      figures!.outages!.map(({ faults, fromS, toS, due }) => ({ faults, fromS, toS, due })),
      [{ faults: ["a", "b"], fromS: 0, toS: 1, due: 2 }],
    );
    assert.equal(metrics!["fault_availability_min"].value, 1);
    assert.equal(metrics!["fault_availability_spread"], undefined);
  });

  it("without a fault there are none", () => {
    assert.deepEqual(judged([]).finish(), {});
  });
});

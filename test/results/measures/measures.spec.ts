import assert from "node:assert/strict";
import {
  type KeySnapshot,
  type OperationRecord,
  type Snapshot,
  THE_CLIENT_ITSELF,
} from "../../../results/record/history";
import { describeMetric } from "../../../results/record/metrics";
import { readLatencyLog } from "../../../results/record/latency-log";
import { TrialFold } from "../../../results/measures/fold";
import { MEASURES } from "../../../results/measures/measure";
import { END, PHASES, counters, fold, get, inOrderOfCompletion, put, remove, setup } from "./histories";

function repeat(count: number, make: (i: number) => OperationRecord): OperationRecord[] {
  return Array.from({ length: count }, (_, i) => ({ ...make(i), id: i }));
}

describe("latency", () => {
  it("of response runs from the intended instant, of service from the send", () => {
    const { metrics } = fold(
      repeat(200, (i) => get([], 1_000 + i * 100, 1_000 + i * 100 + 500, { intended: i * 100 })),
    );
    assert.equal(metrics["read_p50_ms"].value, 1.5);
    assert.equal(metrics["read_service_p50_ms"].value, 0.5);
    assert.equal(metrics["read_p50_ms"].n, 200);
    assert.ok(metrics["read_p50_ms"].lo! <= 1.5 && metrics["read_p50_ms"].hi! >= 1.5);
  });
  it("of waiting runs from the intended instant to the send, where there is a schedule; what left in time waited for nothing", () => {
    // Of four, one leaves 1 ms late.
    const history = repeat(400, (i) =>
      get([], i * 100, i * 100 + 500, i % 4 === 0 ? { intended: i * 100 - 1_000 } : {}),
    ).map((one) => ({ ...one, intended: Math.max(0, one.intended) }));
    const end = { offeredPerSecond: 4_000 };
    const { metrics, latencyLog, figures } = fold(history, end);
    assert.deepEqual(
      ["read_wait_p50_ms", "read_wait_p99_ms", "read_service_p99_ms", "read_p50_ms", "read_p99_ms"].map(
        (name) => metrics[name].value,
      ),
      [0.001, 1, 0.5, 0.5, 1.5],
    );
    assert.equal(metrics["read_wait_p50_ms"].n, 400);
    assert.ok(!("read_wait_mean_ms" in metrics) && figures.spectra.every(({ basis }) => String(basis) !== "wait"));
    const waits = readLatencyLog(latencyLog).filter(({ tag }) => tag === "read.ok.wait");
    assert.equal(
      waits.reduce((sum, { histogram }) => sum + histogram.count, 0),
      400,
    );
    assert.equal(fold(history).metrics["read_wait_p50_ms"], undefined, "a load without a schedule waits for itself");
    assert.match(
      describeMetric("update_wait_p999_ms")!.definition,
      /^Wait, .*99\.9th percentile of successful updates/,
    );
  });
  it("is that of successes of the measured phase alone", () => {
    const good = repeat(100, (i) => get([], i * 100, i * 100 + 1_000));
    const failed = repeat(100, (i) => get([], i * 100, i * 100 + 90_000, { outcome: "timeout" }));
    const warm = repeat(100, (i) => get([], i * 100, i * 100 + 90_000, { phase: "warmup" }));
    const { metrics } = fold([...good, ...failed, ...warm]);
    assert.equal(metrics["read_p99_ms"].value, 1);
    assert.equal(metrics["read_p99_ms"].n, 100);
  });
  it("of writes is that of updates, inserts and deletes together", () => {
    const { metrics, figures } = fold([
      ...repeat(150, (i) => put(i + 1, i * 10, i * 10 + 1_000)),
      ...repeat(50, (i) => put(i + 1_001, i * 10, i * 10 + 3_000, { kind: "insert" })),
    ]);
    assert.equal(metrics["write_p50_ms"].value, 1);
    assert.ok(Math.abs(metrics["write_p95_ms"].value! - 3) < 0.003);
    assert.equal(metrics["write_p50_ms"].n, 200);
    assert.equal(metrics["insert_p50_ms"].n, 50);
    assert.deepEqual([...new Set(figures.spectra.map((one) => one.kind))].sort(), ["insert", "update", "write"]);
    assert.equal(metrics["read_p50_ms"], undefined, "what did not happen has no latency");
  });
  it("has no percentile that too few samples lie beyond, and is doubtful where p99 stands on less than ten", () => {
    const { metrics, validity, figures } = fold(repeat(99, (i) => get([], i, i + 1_000)));
    assert.deepEqual([metrics["read_p99_ms"].value, metrics["read_p99_ms"].n], [null, 0]);
    assert.equal(metrics["read_p95_ms"].n, 99);
    assert.match(validity.doubts.find((doubt) => doubt.kind === "thin-percentiles")!.reason, /read_p99_ms/);
    assert.ok(figures.spectra[0].percentiles.at(-1)! <= 90, "cut where fewer than ten remain");
    const many = fold(repeat(10_000, (i) => get([], i, i + 1_000)));
    assert.equal(many.metrics["read_p999_ms"].value, 1);
    assert.ok(!many.validity.doubts.some((doubt) => doubt.kind === "thin-percentiles"));
    assert.equal(fold(repeat(9_999, (i) => get([], i, i + 1_000))).metrics["read_p999_ms"].value, null);
  });
  it("is logged for every interval, kind and outcome, with no operation lost", () => {
    const history = [
      ...repeat(300, (i) => get([], i * 3_000, i * 3_000 + 700)),
      ...repeat(40, (i) => put(i + 1, i * 20_000, i * 20_000 + 5_000, { outcome: i % 4 === 0 ? "timeout" : "ok" })),
    ];
    const { latencyLog, figures } = fold(history);
    const counts: Record<string, number> = {};
    for (const { tag, histogram } of readLatencyLog(latencyLog)) {
      counts[tag] = (counts[tag] ?? 0) + histogram.count;
      histogram.destroy();
    }
    assert.deepEqual(counts, {
      "read.ok.response": 300,
      "read.ok.service": 300,
      "update.ok.response": 30,
      "update.ok.service": 30,
      "update.timeout.response": 10,
      "update.timeout.service": 10,
    });
    assert.equal(figures.intervals.t.length, 10);
    assert.equal(figures.intervals.columns["read_p50_ms"][0], 0.7);
    assert.equal(figures.intervals.columns["write_p50_ms"][0], 5);
  });
});

describe("outcomes", () => {
  it("are told apart, over operations due, dropped ones included", () => {
    const history = [
      ...repeat(60, (i) => get([], i * 1_000, i * 1_000 + 10)),
      ...repeat(20, (i) => put(i + 1, i * 1_000, i * 1_000 + 10, { key: "other" })),
      ...repeat(10, (i) => put(i + 101, i * 1_000, i * 1_000 + 10, { outcome: "timeout" })),
      ...repeat(5, (i) => put(i + 201, i * 1_000, i * 1_000 + 10, { outcome: "overloaded" })),
      ...repeat(5, (i) => put(i + 301, i * 1_000, i * 1_000, { outcome: "not_sent" })),
    ];
    const { metrics } = fold(history, { dropped: 5 });
    assert.equal(metrics["availability"].value, 0.8);
    assert.equal(metrics["indefinite_ratio"].value, 0.1);
    assert.equal(metrics["definite_failure_ratio"].value, 0.1);
    assert.equal(metrics["availability"].n, 100);
    assert.equal(metrics["throughput_ops_s"].value, 80);
  });
  it("of an interval add up to what ended in it, each operation once", () => {
    const history = [
      put(1, 0, 10, { phase: "load" }),
      put(2, 100, 200, { phase: "load" }),
      get([2], 1_000, 2_000),
      get([1], 3_000, 4_000),
      get([], 5_000, 6_000),
      get([], 5_000, 6_000, { key: "never written" }),
      put(3, 10_000, 20_000),
      put(4, 10_000, 20_000, { outcome: "timeout" }),
      put(5, 10_000, 20_000, { outcome: "unavailable" }),
      get([], 10_000, 20_000, { kind: "rmw", writeId: 3 }),
    ];
    const { columns } = fold(history).figures.intervals;
    const first = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[0]]));
    // An interval is 0.1 s long, so one operation in it is 10 a second.
    assert.deepEqual(
      [first["ok"], first["stale_ok"], first["not_found"], first["indefinite"], first["definite"]],
      [20, 20, 10, 10, 10],
    );
    assert.equal(first["offered"], undefined, "a closed loop offers nothing of its own");
    assert.equal(columns["ok"].length, 10);
  });
  it("have a throughput whose interval does not count what the drain worked off, nor fall below zero", () => {
    const steady = repeat(100, (i) => get([], i * 10_000, i * 10_000 + 10));
    const alone = fold(steady).metrics["throughput_ops_s"];
    const backlog = repeat(400, (i) => get([], 900_000 + i, 1_200_000 + i));
    const { value, lo, hi, n } = fold([...steady, ...backlog]).metrics["throughput_ops_s"];
    assert.deepEqual([value, lo, hi, n], [100, alone.lo, alone.hi, 100]);
    const burst = fold(repeat(100, (i) => get([], 500_000 + i, 500_010 + i))).metrics["throughput_ops_s"];
    assert.deepEqual([burst.value, burst.lo], [100, 0]);
  });
  it("offer what an open loop asks for, in requests where some of its operations are pairs", () => {
    const pairs = repeat(100, (i) => get([], i * 10_000, i * 10_000 + 10)).flatMap((read) => [
      read,
      { ...read, kind: "update" as const, writeId: read.id + 1 },
      { ...read, kind: "rmw" as const },
    ]);
    const { figures } = fold(pairs, { offeredPerSecond: 100, operations: { due: 100, ended: 100 } });
    assert.equal(figures.intervals.columns["offered"][0], 200);
    assert.equal(figures.intervals.columns["ok"][0], 100, "of which half are updates");
  });
  it("offer as many requests an operation where multi-gets were dropped with all their reads", () => {
    const all = repeat(100, (i) => get([], i * 10_000, i * 10_000)).flatMap(({ start }, i) => {
      const times = i % 2 === 0 ? { end: start + 500 } : { outcome: "not_sent" as const };
      const id = i * 20;
      const reads = Array.from({ length: 10 }, (_, key) => ({ ...get([], start, start), ...times, id: id + key }));
      return [...reads, { ...get([], start, start, { kind: "multi-get" }), ...times, id: id + 10 }];
    });
    const end = { offeredPerSecond: 100, dropped: 50, operations: { due: 100, ended: 50 } };
    assert.equal(fold(all, end).figures.intervals.columns["offered"][0], 1_000);
  });
  it("offer in each interval what a changing rate asks for in it, and nothing in the drain", () => {
    const { figures } = fold([put(1, 0, 10), put(2, 999_990, 1_000_050)], {
      offeredPerSecond: 100,
      offeredBetween: (from, to) => 200 * (from + to) * 0.5,
    });
    const rounded = figures.intervals.columns["offered"].map((value) => Number(value!.toFixed(6)));
    assert.deepEqual(rounded, [10, 30, 50, 70, 90, 110, 130, 150, 170, 190, 0]);
  });
  it("of operations still open when the measured phase ends count in intervals of the drain, and are no burst before it", () => {
    const backlog = repeat(100, (i) => get([], 900_000 + i, 1_200_000 + i));
    const { metrics, figures } = fold([
      get([], 950_000, 960_000),
      ...backlog,
      put(1, 990_000, 1_700_000, { outcome: "timeout" }),
    ]);
    const { t, columns } = figures.intervals;
    assert.deepEqual(figures.phases, { measureFromS: 0, measureToS: 1 });
    assert.deepEqual(t.slice(-3), [1.5, 1.6, 1.7]);
    const at = (column: string, second: number): number | null => columns[column][t.indexOf(second)];
    assert.deepEqual([at("not_found", 0.9), at("not_found", 1.2)], [10, 1_000]);
    assert.deepEqual([at("indefinite", 0.9), at("indefinite", 1.7)], [0, 10]);
    assert.ok(at("read_p99_ms", 0.9)! < 11 && at("read_p99_ms", 1.2)! > 250);
    assert.equal(metrics["availability"].n, 102, "and are operations of the measured phase all the same");
  });
  it("of a phase that is no multiple of the interval begin the drain where the phase ends", () => {
    const phases = { startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: 250_000 };
    const trial = new TrialFold({ intervalMs: 100, percentiles: [], phases });
    for (const operation of [get([], 0, 249_000), get([], 0, 251_000), get([], 0, 1e12)]) trial.operation(operation);
    const { t, columns } = trial.finish(END).figures.intervals;
    assert.deepEqual(t.slice(0, 5), [0, 0.1, 0.2, 0.25, 0.35]);
    assert.deepEqual(columns["not_found"].slice(0, 5), [0, 0, 20, 10, 0]);
    assert.equal(t.length, 1_003, "bounded");
    assert.equal(columns["not_found"].at(-1), 10);
  });
});

describe("siblings", () => {
  it("are values of reads that found any; those that found none are a cell of their own", () => {
    const history = [
      put(1, 0, 10, { phase: "load" }),
      ...[1, 1, 3].map((values, i) => get([1, 2, 3].slice(0, values), 1_000 + i, 2_000 + i, { values })),
      get([], 3_000, 4_000),
      get([1], 5_000, 6_000, { values: 0 }),
    ];
    const { metrics, figures } = fold(history);
    assert.equal(metrics["siblings_mean"].value, 5 / 3);
    assert.equal(metrics["siblings_max"].value, 3);
    assert.deepEqual(figures.siblingsPerRead, [2, 2, 0, 1]);
    assert.equal(figures.intervals.columns["siblings_max"][0], 3);
    assert.equal(figures.intervals.columns["siblings_max"][5], null);
  });
  it("have no mean below one, not even at the lower end of its interval", () => {
    const many = Array.from({ length: 90 }, (_, i) => i + 1);
    const history = repeat(60, (i) => get(i > 50 ? many : [1], i * 15_000, i * 15_000 + 10));
    const { value, lo } = fold(history).metrics["siblings_mean"];
    assert.ok(value! > 10);
    assert.equal(lo, 1);
  });
  it("are not measured where nothing was found", () => {
    const { metrics } = fold([get([], 0, 1)]);
    assert.deepEqual([metrics["siblings_mean"].value, metrics["siblings_mean"].n], [null, 0]);
  });
});

describe("divergence", () => {
  const key = (replicas: KeySnapshot["replicas"], busy = false): KeySnapshot => ({ key: "k", busy, replicas });
  const scan = (keys: KeySnapshot[], more: Partial<Snapshot> = {}): Snapshot => ({
    at: 100_000,
    tookMicros: 10,
    final: false,
    population: keys.length,
    keys,
    ...more,
  });
  const judge = (...snapshots: Snapshot[]) => {
    const trial = new TrialFold({ intervalMs: 100, percentiles: [], phases: PHASES });
    for (const snapshot of snapshots) trial.snapshot(snapshot);
    return trial.finish(END);
  };

  it("is a difference of sets, not of order", () => {
    const { metrics } = judge(
      scan(
        [
          key([
            [1, 2],
            [2, 1],
            [1, 2],
          ]),
          key([[1], [2], [1]]),
        ],
        { final: true },
      ),
    );
    assert.equal(metrics["divergent_keys_final"].value, 1);
    assert.equal(metrics["divergent_keys_final"].n, 2);
  });
  it("is not a replica that could not be reached, and is one that has no copy, counted besides", () => {
    const { metrics, figures } = judge(
      scan([key([[1], "unreachable", [1]]), key([[1], [], [1]]), key([[1], "unreachable", "unreachable"])], {
        final: true,
      }),
    );
    assert.equal(metrics["divergent_keys_final"].value, 1);
    assert.deepEqual(figures.divergence.columns["missing"], [1]);
    assert.deepEqual(figures.divergence.columns["examined"], [2], "one replica alone cannot be compared");
  });
  it("leaves keys with a write in flight out of scans during the run, not out of the last", () => {
    const busy = key([[1], [2], [2]], true);
    assert.equal(judge(scan([busy, key([[1], [1], [1]])])).metrics["divergent_keys_max"].value, 0);
    assert.equal(judge(scan([busy], { final: true })).metrics["divergent_keys_final"].value, 1);
  });
  it("is exact where every key was judged, and else bounded by the keys that were not", () => {
    const [same, other] = [key([[1], [1], [1]]), key([[1], [2], [1]])];
    const busy = key([[1], [2], [2]], true);
    const unknown = key([[1], "unreachable", "unreachable"]);
    const bounds = (name: string, ...snapshots: Snapshot[]) => {
      const { value, lo, hi } = judge(...snapshots).metrics[name];
      return [value, lo, hi];
    };
    assert.deepEqual(bounds("divergent_keys_final", scan([same, other], { final: true })), [1, 1, 1]);
    assert.deepEqual(bounds("divergent_keys_final", scan([same, other, unknown], { final: true })), [1, 1, 2]);
    assert.deepEqual(bounds("divergent_keys_max", scan([same, busy, busy])), [0, 0, 2]);
    assert.deepEqual(bounds("divergent_keys_max", scan([same, other]), scan([busy, busy, busy])), [1, 1, 3]);
  });
  it("of the warm-up, when copies of the load may still be on their way, is charted but not the run's worst", () => {
    const trial = new TrialFold({
      intervalMs: 100,
      percentiles: [],
      phases: { startOfWarmup: 0, startOfMeasure: 500_000, endOfMeasure: 1_000_000 },
    });
    for (const [at, held] of [
      [100_000, 2],
      [600_000, 1],
    ] as const)
      trial.snapshot(scan([key([[1], [held], [1]])], { at }));
    const { metrics, figures } = trial.finish(END);
    assert.equal(metrics["divergent_keys_max"].value, 0);
    assert.deepEqual(figures.divergence.columns["divergent"], [1, 0]);
  });
  it("found in a sample is scaled to the population, with the sample's interval", () => {
    const keys = Array.from({ length: 100 }, (_, i) => key(i < 10 ? [[1], [2]] : [[1], [1]]));
    const worst = judge(scan(keys, { population: 1_000 })).metrics["divergent_keys_max"];
    assert.equal(worst.value, 100);
    assert.ok(worst.lo! < 60 && worst.hi! > 150);
  });
  it("is not measured where nothing was inspected", () => {
    assert.equal(judge().metrics["divergent_keys_final"].value, null);
    assert.deepEqual(judge().figures.divergence.t, []);
  });
  it("does not count tombstones among the values of a key at the end", () => {
    const trial = new TrialFold({ intervalMs: 100, percentiles: [], phases: PHASES });
    trial.operation(remove(3, 0, 10));
    trial.operation(remove(5, 0, 10, { outcome: "timeout" }));
    trial.operation(remove(6, 0, 10, { outcome: "unavailable" }));
    trial.snapshot(scan([key([[1, 2, 3]]), key([[3]]), key([[4, 5]]), key([[6]])], { final: true }));
    assert.deepEqual(trial.finish(END).figures.siblingsPerKeyAtEnd, [1, 2, 1]);
  });
  it("says of each scan how many keys it looked at, and of the last whether that was all", () => {
    const { divergence } = judge(
      scan([key([[1], [1]]), key([[1], "unreachable"])], { population: 5 }),
      scan([key([[1], [1]])], { at: 2, final: true, population: 1 }),
    ).figures;
    assert.deepEqual(divergence.columns["inspected"], [2, 1]);
    assert.deepEqual([divergence.finalInspected, divergence.finalPopulation], [1, 1]);
  });
  it("also counts siblings per key at the end, by the fullest replica", () => {
    const { figures } = judge(scan([key([[1, 2, 3], [1]]), key([[4], [4]])], { final: true }));
    assert.deepEqual(figures.siblingsPerKeyAtEnd, [0, 1, 0, 1]);
  });
});

describe("scans", () => {
  const scan = (values: number, at: number, more: Partial<OperationRecord> = {}): OperationRecord =>
    get([], at, at + 10, { kind: "scan", values, ...more });

  it("are told by the records that those of the measured phase brought which succeeded", () => {
    const { metrics } = fold([
      scan(10, 0),
      scan(4, 200),
      scan(1, 300),
      scan(500, 400, { outcome: "timeout" }),
      scan(500, 500, { phase: "warmup" }),
      get([1], 600, 610),
    ]);
    assert.deepEqual(metrics["scan_records_mean"], { value: 5, lo: null, hi: null, n: 3, unit: "records" });
  });

  it("have an interval between blocks of time, and no figure where nobody scans", () => {
    const many = Array.from({ length: 100 }, (_, i) => scan(i % 2 === 0 ? 50 : 60, i * 10_000));
    const { value, lo, hi, n } = fold(many).metrics["scan_records_mean"];
    assert.deepEqual([value, n, lo! <= 55, hi! >= 55], [55, 100, true, true]);
    assert.equal("scan_records_mean" in fold([get([1], 0, 10)]).metrics, false);
  });
});

describe("load balance and cost", () => {
  it("are the busiest node over the mean, and messages over requests", () => {
    const nodes = [
      counters("node-1", {
        replicaReads: 10,
        replicaWrites: 10,
        coordinated: 10,
        keysHeld: 5,
        messagesSent: 30,
        bytesSent: 900,
      }),
      counters("node-2", {
        replicaReads: 5,
        replicaWrites: 5,
        keysHeld: 15,
        messagesSent: 10,
        bytesSent: 100,
        readRepairs: 2,
      }),
    ];
    const history = [
      put(1, 0, 10),
      get([1], 20, 30, { contextOutBytes: 12 }),
      get([1], 40, 50, { contextOutBytes: 14 }),
    ];
    const { metrics, figures } = fold(history, { counters: nodes, ringShares: { "node-1": 0.5, "node-2": 0.5 } });
    assert.equal(metrics["load_imbalance"].value, 1.5);
    assert.ok(Math.abs(metrics["load_efficiency"].value! - 1 / 1.5) < 1e-12);
    assert.equal(metrics["key_imbalance"].value, 1.5);
    assert.equal(metrics["messages_per_op"].value, 40 / 3);
    assert.equal(metrics["read_repairs"].value, 2);
    assert.equal(metrics["context_bytes_mean"].value, 13);
    assert.deepEqual(figures.load[1], { node: "node-2", operations: 10, keys: 15, ringShare: 0.5 });
  });
  it("know of no read repairs where clients coordinate reads: nodes count none of theirs", () => {
    const nodes = [counters("node-1", { readRepairs: 0, messagesSent: 4 })];
    const by = (coordinator: number): (number | null)[] => {
      const { metrics } = fold([get([1], 20, 30, { coordinator })], { counters: nodes });
      return [metrics["read_repairs"].value, metrics["messages_per_op"].value];
    };
    assert.deepEqual([by(0), by(THE_CLIENT_ITSELF)], [[0, 4], [null, 4]]); // prettier-ignore
  });
  it("are not measured without the nodes' counters", () => {
    const { metrics } = fold([put(1, 0, 10)]);
    for (const name of ["load_imbalance", "messages_per_op", "read_repairs", "context_bytes_mean"])
      assert.deepEqual([metrics[name].value, metrics[name].n], [null, 0], name);
  });
});

describe("the driver's lag", () => {
  it("is of what was sent: a write that its failed read kept from being sent did not leave late", () => {
    const reads = repeat(100, (i) => get([], i * 1_000, i * 1_000 + 100_000, i < 5 ? { outcome: "timeout" } : {}));
    // As the course of an operation tells it: intended with its read, and never begun.
    const writes = reads
      .filter(({ outcome }) => outcome !== "ok")
      .map(({ intended, end }) => put(0, end, end, { intended, outcome: "not_sent" }));
    const { metrics } = fold([...reads, ...writes], { offeredPerSecond: 100 });
    assert.deepEqual([metrics["schedule_lag_p99_ms"].value, metrics["schedule_lag_p99_ms"].n], [0.001, 100]);
  });
});

describe("a trial's fold", () => {
  it("gives every metric a row in the table, with the table's unit", () => {
    const history = [
      ...repeat(1_200, (i) => get([], i, i + 10)),
      ...repeat(1_200, (i) => put(i + 1, i, i + 10, { kind: i % 2 === 0 ? "insert" : "delete" })),
      ...repeat(1_200, (i) => get([], i, i + 10, { kind: "rmw" })),
    ];
    const { metrics } = fold(history, { offeredPerSecond: 2_400, counters: [counters("node-1", { replicaReads: 1 })] });
    for (const [name, metric] of Object.entries(metrics)) assert.equal(describeMetric(name)?.unit, metric.unit, name);
    assert.ok(metrics["schedule_lag_p99_ms"].value! <= 0.001, "zero is recorded as one microsecond");
  });
  it("survives being written as JSON: nothing is NaN, undefined or infinite", () => {
    for (const history of [[], [get([], 0, 1)], repeat(50, (i) => put(i + 1, i, i + 5))]) {
      const { figures, summary } = fold(history);
      assert.deepEqual(JSON.parse(JSON.stringify({ figures, summary })), { figures, summary });
    }
  });
  it("may learn of the phases after the load phase", () => {
    const trial = new TrialFold({ intervalMs: 100, percentiles: [] });
    trial.operation(put(1, 0, 10, { phase: "load" }));
    assert.throws(() => trial.operation(get([1], 20, 30)), /known before the warm-up/);
    const late = new TrialFold({ intervalMs: 100, percentiles: [] });
    late.operation(put(1, 0, 10, { phase: "load" }));
    late.begin({ startOfWarmup: 5_000_000, startOfMeasure: 5_000_000, endOfMeasure: 6_000_000 });
    late.operation(get([], 5_100_000, 5_100_010));
    assert.equal(late.finish(END).metrics["p_stale"].value, 1);
  });
  it("keeps one measure a name", () => {
    for (const [name, make] of Object.entries(MEASURES)) {
      const trial = new TrialFold({ intervalMs: 100, percentiles: [], phases: PHASES });
      const grid = (trial as unknown as { grid: Parameters<typeof make>[0]["grid"] }).grid;
      const measure = make(setup(grid));
      assert.equal(measure.name, name);
      measure.finish(END);
      trial.finish(END);
    }
  });
  it("counts the requests of a read-modify-write and not its span besides", () => {
    const { operations } = fold([get([], 0, 10), put(1, 10, 20), get([], 0, 20, { kind: "rmw" })]);
    assert.equal(operations, 2);
  });
  it("takes operations in order of completion whatever their order of intent", () => {
    const history = inOrderOfCompletion([put(1, 0, 500), get([], 10, 20), get([1], 30, 40), get([1], 600, 700)]);
    const { figures } = fold(history);
    assert.deepEqual([figures.stale.hits, figures.stale.total], [0, 1]);
  });
});

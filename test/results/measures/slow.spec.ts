import assert from "node:assert/strict";
import type { OperationRecord } from "../../../results/record/history";
import { TrialFold } from "../../../results/measures/fold";
import { describeMetric } from "../../../results/record/metrics";
import { PLAIN } from "./histories";

const PHASES = { startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: 10_000_000 };

function record(changes: Partial<OperationRecord>): OperationRecord {
  return { ...PLAIN, end: 1_000, ...changes };
}

function fold(records: readonly OperationRecord[], slowMs?: number): ReturnType<TrialFold["finish"]>["metrics"] {
  const trial = new TrialFold({ intervalMs: 1_000, percentiles: [], phases: PHASES, slowMs });
  for (const one of [...records].sort((a, b) => a.end - b.end)) trial.operation(one);
  return trial.finish({ counters: [], ringShares: {}, calibration: null, dropped: 0 } as never).metrics;
}

describe("slow operations", () => {
  it("are those without a good answer in time, from the intended instant: late ones, failed ones, dropped ones", () => {
    const metrics = fold(
      [
        record({}),
        record({ end: 50_000 }),
        record({ end: 50_001 }),
        record({ intended: 0, start: 60_000, end: 60_100 }),
        record({ outcome: "timeout", end: 10_000 }),
        record({ outcome: "not_sent", end: 0 }),
        record({ phase: "warmup", end: 900_000 }),
        record({ kind: "multi-get", end: 70_000 }),
      ],
      50,
    );
    assert.equal(metrics["read_slow_ratio"].value, 4 / 6);
    assert.equal(metrics["read_slow_ratio"].n, 6);
    assert.equal(metrics["multi_get_slow_ratio"].value, 1);
    assert.ok(describeMetric("multi_get_slow_ratio") !== undefined);
  });

  it("of writes are of updates, inserts and deletes together", () => {
    const metrics = fold([record({ kind: "update" }), record({ kind: "insert", end: 80_000 })], 50);
    assert.equal(metrics["write_slow_ratio"].value, 0.5);
    assert.equal(metrics["update_slow_ratio"].value, 0);
  });

  it("are not told where nobody asks", () => {
    assert.ok(!Object.keys(fold([record({})])).some((name) => name.includes("slow")));
  });
});

describe("mean latencies", () => {
  it("are sums over counts from the intended instant, of good answers; of writes over all kinds", () => {
    const metrics = fold([
      record({ end: 2_000 }),
      record({ start: 5_000, end: 6_000 }),
      record({ outcome: "timeout", end: 90_000 }),
      record({ kind: "update", end: 1_000 }),
      record({ kind: "delete", end: 4_000 }),
    ]);
    assert.equal(metrics["read_mean_ms"].value, 4);
    assert.equal(metrics["read_service_mean_ms"].value, 1.5);
    assert.equal(metrics["write_mean_ms"].value, 2.5);
    assert.equal(metrics["read_mean_ms"].lo, null, "two operations have no spread to tell");
  });

  it("have a spread that is taken between blocks of time, and no lower end below 0", () => {
    const records = Array.from({ length: 1_000 }, (_, i) =>
      record({ intended: i * 10_000, start: i * 10_000, end: i * 10_000 + (i < 100 ? 20_000 : 1_000) }),
    );
    const { value, lo, hi, n } = fold(records)["read_mean_ms"];
    assert.ok(Math.abs(value! - 2.9) < 1e-9);
    assert.equal(n, 1_000);
    assert.equal(lo, 0, "a slow second of ten: independent operations would have claimed 2.5 to 3.3");
    assert.ok(hi! > 6);
  });
});

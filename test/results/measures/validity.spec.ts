import assert from "node:assert/strict";
import type { Calibration } from "../../../results/record/figures";
import { counters, fold, get, put } from "./histories";

const QUIET: Calibration = {
  nullRoundTripP50Ms: 0.05,
  nullRoundTripP99Ms: 0.1,
  timerLagP50Ms: 0.01,
  timerLagP99Ms: 0.1,
  placement: "none",
  outsideCpu: 0.02,
  steal: 0,
  loadAverage: 0.3,
};
/** 2,000 reads and writes of 2 ms each over one second. */
const GOOD = Array.from({ length: 4_000 }, (_, i) =>
  i % 2 === 0
    ? put(i + 1, i * 240, i * 240 + 2_000, { id: i, key: `k${i}` })
    : get([], i * 240, i * 240 + 2_000, { id: i, key: `other${i}` }),
);

function doubts(history = GOOD, end: Parameters<typeof fold>[1] = {}): string[] {
  const { validity } = fold(history, { calibration: QUIET, ...end });
  for (const doubt of validity.doubts) assert.ok(doubt.reason.length > 20 && doubt.advice.endsWith("."), doubt.kind);
  return validity.doubts.map((doubt) => `${doubt.kind} ${doubt.verdict}`);
}

describe("validity", () => {
  it("has no doubt about a quiet run with enough operations", () => {
    assert.deepEqual(doubts(), []);
    assert.equal(fold(GOOD, { calibration: QUIET }).validity.verdict, "valid");
    assert.deepEqual(doubts(GOOD, { calibration: null }), [], "simulation needs no calibration");
  });
  it("doubts a driver that lags behind its schedule, by the lag against the latency it claims", () => {
    const late = (byMicros: number) =>
      GOOD.map((operation) =>
        operation.id % 50 < 2 ? { ...operation, start: operation.intended + byMicros } : operation,
      );
    assert.deepEqual(doubts(late(100), { offeredPerSecond: 4_000 }), []);
    assert.deepEqual(doubts(late(500), { offeredPerSecond: 4_000 }), ["schedule-lag doubtful"]);
    const hopeless = GOOD.map((operation) => ({
      ...operation,
      start: operation.intended + 30_000,
      end: operation.end + 30_000,
    }));
    const stretched = hopeless.map((operation, i) =>
      i % 10 === 0 ? { ...operation, start: operation.intended + 90_000, end: operation.end + 60_000 } : operation,
    );
    assert.ok(doubts(stretched, { offeredPerSecond: 4_000 }).includes("schedule-lag invalid"));
    assert.deepEqual(doubts(late(500)), [], "a closed loop has no schedule");
  });
  it("doubts a driver that lags or stands still also where there is nothing but scans", () => {
    const scans = GOOD.map((one) => ({ ...get([], one.intended, one.end, { kind: "scan" }), id: one.id }));
    const late = scans.map((one) => (one.id % 50 < 2 ? { ...one, start: one.intended + 500 } : one));
    const driver = { loopDelayP99Ms: 8, loopDelayMaxMs: 9, gcMs: 0, gcCount: 0, gcLongestMs: 0 };
    assert.deepEqual(doubts(scans, { offeredPerSecond: 4_000 }), []);
    assert.deepEqual(doubts(late, { offeredPerSecond: 4_000 }), ["schedule-lag doubtful"]);
    assert.deepEqual(doubts(scans, { driver }), ["driver-loop-delay invalid"]);
  });
  it("doubts a coarse timer where the driver waits by it, and not where it spins", () => {
    const end = { calibration: { ...QUIET, timerLagP99Ms: 1.5 }, offeredPerSecond: 4_000 };
    assert.deepEqual(doubts(GOOD, end), ["timer-lag doubtful"]);
    assert.deepEqual(doubts(GOOD, { ...end, spins: true }), []);
  });
  it("has no doubt about the machine in virtual time, and all others as before", () => {
    const bad = { ...QUIET, outsideCpu: 0.5, steal: 0.5, timerLagP99Ms: 9 };
    const end = {
      calibration: bad,
      counters: [counters("node-1", { delayLatenessP99Ms: 9 })],
      injectedDelayMs: 2,
      offeredPerSecond: 4_000,
    };
    assert.equal(doubts(GOOD, end).length, 4);
    assert.deepEqual(doubts(GOOD, { ...end, world: "simulation" }), []);
    assert.equal(fold(GOOD, { ...end, world: "simulation" }).figures.calibration, null);
    assert.deepEqual(doubts(GOOD, { ...end, dropped: 1, world: "simulation" }), ["dropped-operations doubtful"]);
  });
  it("doubts an open loop that falls behind, and operations that were dropped", () => {
    assert.deepEqual(doubts(GOOD, { offeredPerSecond: 4_100 }), []);
    assert.deepEqual(doubts(GOOD, { offeredPerSecond: 5_000 }), ["achieved-rate doubtful"]);
    assert.deepEqual(doubts(GOOD, { offeredPerSecond: 9_000 }), ["achieved-rate invalid"]);
    assert.deepEqual(doubts(GOOD, { dropped: 1 }), ["dropped-operations doubtful"]);
    assert.deepEqual(doubts(GOOD, { dropped: 400 }), ["dropped-operations invalid"]);
  });
  it("doubts an open loop that finished what was due only in the drain, and pairs that hide it", () => {
    const late = GOOD.map((operation) =>
      operation.intended < 480_000 ? operation : { ...operation, end: operation.end + 1_000_000 },
    );
    assert.ok(doubts(late, { offeredPerSecond: 4_000 }).includes("achieved-rate doubtful"));
    const rate = { offeredPerSecond: 2_500, operations: { due: 2_500, ended: 2_450 } };
    assert.deepEqual(doubts(GOOD, rate), []);
    assert.deepEqual(doubts(GOOD, { ...rate, operations: { due: 2_500, ended: 2_000 } }), ["achieved-rate doubtful"]);
  });
  it("doubts a machine that others use, or a hypervisor that takes time away", () => {
    assert.deepEqual(doubts(GOOD, { calibration: { ...QUIET, outsideCpu: 0.11 } }), ["outside-load doubtful"]);
    assert.deepEqual(doubts(GOOD, { calibration: { ...QUIET, outsideCpu: 0.31 } }), ["outside-load invalid"]);
    assert.deepEqual(doubts(GOOD, { calibration: { ...QUIET, steal: 0.05 } }), ["stolen-time doubtful"]);
    assert.deepEqual(doubts(GOOD, { calibration: { ...QUIET, steal: 0.2 } }), ["stolen-time invalid"]);
  });
  it("doubts a coarse timer in an open loop, and injected delays that come late", () => {
    const coarse = { ...QUIET, timerLagP99Ms: 1.5 };
    assert.deepEqual(doubts(GOOD, { calibration: coarse, offeredPerSecond: 4_000 }), ["timer-lag doubtful"]);
    assert.deepEqual(doubts(GOOD, { calibration: coarse }), []);
    const nodes = [counters("node-1", { delayLatenessP99Ms: 1.2 })];
    assert.deepEqual(doubts(GOOD, { counters: nodes, injectedDelayMs: 2 }), ["delay-lateness doubtful"]);
    assert.deepEqual(doubts(GOOD, { counters: nodes, injectedDelayMs: 4 }), []);
    const driver = { driverDelayLatenessP99Ms: 2.5 };
    assert.deepEqual(doubts(GOOD, { counters: nodes, injectedDelayMs: 4, ...driver }), ["delay-lateness doubtful"]);
  });
  it("doubts messages dropped by full queues, and does not believe values that nobody wrote", () => {
    assert.deepEqual(doubts(GOOD, { counters: [counters("node-1"), counters("node-2", { queueDrops: 3 })] }), [
      "queue-drops doubtful",
    ]);
    assert.deepEqual(doubts(GOOD, { integrity: { confirmed: 10, broken: 0 } }), []);
    assert.deepEqual(doubts(GOOD, { integrity: { confirmed: 9, broken: 1 } }), ["broken-values invalid"]);
  });
  it("does not believe a script that was cut short, and doubts a storm of identities that ran out of numbers", () => {
    assert.deepEqual(doubts(GOOD, { stepsLeft: 0, identities: { renewed: 7, outlived: 0 } }), []);
    assert.deepEqual(doubts(GOOD, { stepsLeft: 3 }), ["script-cut invalid"]);
    assert.deepEqual(doubts(GOOD, { identities: { renewed: 7, outlived: 1 } }), ["identities-ran-out doubtful"]);
  });
  it("does not believe a run in which nothing succeeded or nothing happened", () => {
    const failed = GOOD.map((operation) => ({ ...operation, outcome: "timeout" as const }));
    assert.deepEqual(doubts(failed), ["nothing-succeeded invalid"]);
    assert.deepEqual(doubts([]), ["nothing-succeeded invalid"]);
  });
  it("doubts a load phase with failures", () => {
    const load = Array.from({ length: 1_000 }, (_, i) =>
      put(10_000 + i, i, i + 1, { id: i, phase: "load", key: `k${i}`, outcome: i < 5 ? "overloaded" : "ok" }),
    );
    assert.deepEqual(doubts([...load, ...GOOD]), ["load-failures doubtful"]);
  });
  it("does not doubt a load phase whose refused inserts were written at a later attempt", () => {
    const attempt = (i: number, outcome: "ok" | "overloaded") =>
      put(20_000 + i, i, i + 1, { id: i, phase: "load", kind: "insert", key: `k${i % 100}`, outcome });
    const load = Array.from({ length: 200 }, (_, i) => attempt(i, i < 100 ? "overloaded" : "ok"));
    assert.deepEqual(doubts([...load, ...GOOD]), []);
    assert.deepEqual(doubts([...load.slice(0, 199), ...GOOD]), ["load-failures doubtful"]);
  });
  it("doubts latencies beyond what can be recorded", () => {
    assert.deepEqual(doubts([...GOOD, get([], 0, 70_000_000_000, { id: 9_999, key: "x" })]), [
      "histogram-overflow doubtful",
    ]);
  });
});

/** What an experiment claims, how far recording was behind, and how fine the clock is. */
import assert from "node:assert/strict";
import { clockStepMs } from "../../experiments/calibration";
import { claimsOf } from "../../experiments/claims";
import { timesBetween, workBetween } from "../../experiments/processes-trial";
import { RecorderWatch } from "../../experiments/recorder-watch";
import type { Hypothesis, Objective } from "../../results/record/objectives";
import { countsOf } from "./server-counts";

describe("what an experiment claims", () => {
  const nothing = { report: {}, objectives: [], hypotheses: [], published: [], pareto: [] };
  it("is the p99 of reads and writes where its report names no headline, and no other metric", () => {
    assert.deepEqual(claimsOf(nothing), ["read_p99_ms", "write_p99_ms"]);
    assert.deepEqual(claimsOf({ ...nothing, report: { headline: [] } }), ["read_p99_ms", "write_p99_ms"]);
  });
  it("is every metric that it names, each once", () => {
    const hypotheses: Hypothesis[] = [
      { id: "H1", text: "", expect: "read_p999_ms < 30ms and p_stale == 0" },
      { id: "H2", text: "only words" },
    ];
    assert.deepEqual(
      claimsOf({
        report: { headline: ["p_stale"] },
        objectives: [{ metric: "write_p99_ms" } as Objective],
        hypotheses,
        published: [{ metric: "read_p95_ms", where: {}, value: 1, tolerance: 0, source: "" }],
        pareto: [{ metric: "p_stale", goal: "minimise" }],
      }),
      ["p_stale", "write_p99_ms", "read_p95_ms", "read_p999_ms"],
    );
  });
});

describe("how far recording is behind", () => {
  it("is what was taken in one turn, and how long the first of it had waited", () => {
    let now = 0;
    const watch = new RecorderWatch(() => now);
    const take = (end: number, phase: "measure" | "warmup" = "measure"): void => watch.takes({ end, phase });
    now = 5_000;
    take(1_000);
    take(4_000);
    watch.turned();
    now = 9_000;
    take(8_500);
    watch.turned();
    watch.turned();
    assert.deepEqual(watch.backlog(), { most: 2, longestWaitMs: 4 });
    now = 90_000;
    take(0, "warmup");
    watch.turned();
    assert.deepEqual(watch.backlog(), { most: 2, longestWaitMs: 4 }, "of the measured phase alone");
    for (let i = 0; i < 5; i++) take(90_000);
    assert.equal(watch.backlog().most, 5, "a turn that is not over yet counts too");
  });
});

describe("the step of the clock", () => {
  it("is the smallest between two readings that differ", () => {
    let readings = 0;
    assert.equal(
      clockStepMs(() => Math.floor(readings++ / 3) * 16_000),
      16,
    );
  });
  it("is unknown of a clock that stands still, and at most a millisecond of this machine's", () => {
    assert.ok(Number.isNaN(clockStepMs(() => 7)));
    assert.ok(clockStepMs() > 0 && clockStepMs() <= 1);
  });
});

describe("the times of processes in a phase", () => {
  it("are differences of totals, and of what has none the span's own", () => {
    const at = (gcMs: number, gcCount: number, loopDelayP99Ms: number, gcLongestMs: number) => ({
      ...{ gcMs, gcCount, loopDelayP99Ms, gcLongestMs },
      loopDelayMaxMs: 9,
    });
    assert.deepEqual(timesBetween(at(100, 10, 80, 70), at(130, 14, 3, 12)), {
      ...{ gcMs: 30, gcCount: 4, loopDelayP99Ms: 3, gcLongestMs: 12 },
      loopDelayMaxMs: 9,
    });
  });
  it("are told of nodes that no fault stopped or ended", () => {
    const [from, to] = [countsOf({ gcMs: 5 }), countsOf({ gcMs: 9 })];
    const work = workBetween(["node-1", "node-2"], [from, from], [to, to], true, [true, false]);
    assert.deepEqual(
      work.map(({ times }) => times?.gcMs),
      [4, undefined],
    );
  });
});

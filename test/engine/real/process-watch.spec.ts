/** A process that is not let run says so: with a clock and a collector of our own, and once with a loop that is really blocked. */
import assert from "node:assert/strict";
import { monotonicMicros } from "../../../engine/real/monotonic";
import {
  GcPauses,
  LoopTicks,
  type Pause,
  ProcessWatch,
  type ProcessWatchOptions,
  TICK,
} from "../../../engine/real/process-watch";

describe("how late an event loop is", () => {
  it("is counted from when each tick was due", () => {
    const ticks = new LoopTicks(TICK);
    for (let i = 1; i <= 1_000; i++) ticks.ran(i * TICK + 1_000);
    assert.deepEqual([ticks.p99Ms(), ticks.maxMs()], [1, 1]);
    assert.equal(ticks.next, 1_001 * TICK);
  });
  it("counts every tick that came due while the loop was held up, not the hold-up once", () => {
    const ticks = new LoopTicks(TICK);
    for (let i = 1; i <= 980; i++) ticks.ran(i * TICK);
    // 20 ticks in 200 ms: the last of them is on time, the first 190 ms late.
    ticks.ran(1_000 * TICK);
    assert.equal(ticks.maxMs(), 190);
    // A hundredth of 1,000 ticks are the ten that were latest: 100 to 190 ms.
    assert.ok(Math.abs(ticks.p99Ms() - 100) <= 0.1, String(ticks.p99Ms()));
  });
  it("begins anew with a span, and knows nothing before its first tick", () => {
    const ticks = new LoopTicks(TICK);
    ticks.ran(50 * TICK);
    ticks.startSpan();
    assert.deepEqual([ticks.p99Ms(), ticks.maxMs()], [0, 0]);
    ticks.ran(51 * TICK + 500);
    assert.deepEqual([ticks.p99Ms(), ticks.maxMs()], [0.5, 0.5]);
  });
  it("gives the longest where one percent is beyond what is counted in steps, and bounds what it makes up for", () => {
    const ticks = new LoopTicks(TICK);
    ticks.ran(TICK + 86_400_000_000);
    assert.equal(ticks.maxMs(), 1_000_000, "a hundred thousand ticks and no more");
    assert.ok(ticks.p99Ms() > 500);
  });
});

describe("pauses of the collector", () => {
  it("add up over the life of a process; the longest is of a span", () => {
    const gc = new GcPauses();
    gc.add([
      { startTime: 1, duration: 7 },
      { startTime: 20, duration: 2 },
    ]);
    assert.deepEqual(gc.counts(), { gcMs: 9, gcCount: 2, gcLongestMs: 7 });
    gc.startSpan();
    gc.add([{ startTime: 50, duration: 3 }]);
    assert.deepEqual(gc.counts(), { gcMs: 12, gcCount: 3, gcLongestMs: 3 });
  });
});

/** A process whose clock, timer and collector are ours. */
function madeUp() {
  let now = 5_000;
  let armed: { readonly at: number; readonly act: () => void } | undefined;
  let pending: Pause[] = [];
  let tell: (pauses: Iterable<Pause>) => void = () => undefined;
  let stopped = 0;
  const options: ProcessWatchOptions = {
    now: () => now,
    later: (ms, act) => {
      armed = { at: now + ms * 1_000, act };
      return () => (armed = undefined);
    },
    pauses: (told) => {
      tell = told;
      return {
        pending: () => pending.splice(0),
        stop: () => void stopped++,
      };
    },
  };
  return {
    options,
    /** The loop runs until then, as its timer wants. */
    runUntil: (at: number) => {
      while (armed !== undefined && armed.at <= at) {
        const { at: due, act } = armed;
        now = Math.max(now, due);
        act();
      }
      now = at;
    },
    /** It is busy until then: nothing fires. */
    blockUntil: (at: number) => void (now = at),
    collect: (duration: number, told: boolean) => {
      const pause = { startTime: now / 1_000, duration };
      if (told) tell([pause]);
      else pending = [...pending, pause];
    },
    armed: () => armed !== undefined,
    stopped: () => stopped,
  };
}

describe("a watched process", () => {
  it("tells of a loop that was held up, also while the tick that would tell has not fired yet", () => {
    const process = madeUp();
    const watch = new ProcessWatch(process.options);
    process.runUntil(1_000_000);
    assert.equal(watch.counts().loopDelayMaxMs, 0);
    process.blockUntil(1_500_000);
    assert.ok(Math.abs(watch.counts().loopDelayMaxMs - 490) <= 15, String(watch.counts().loopDelayMaxMs));
    process.runUntil(2_000_000);
    watch.startSpan();
    process.runUntil(3_000_000);
    assert.equal(watch.counts().loopDelayMaxMs, 0, "what was before the span is not in it");
  });
  it("counts pauses that nobody told of yet, in the span in which they were", () => {
    const process = madeUp();
    const watch = new ProcessWatch(process.options);
    process.collect(5, true);
    process.collect(8, false);
    watch.startSpan();
    assert.deepEqual([watch.counts().gcMs, watch.counts().gcLongestMs], [13, 0]);
    process.collect(4, false);
    assert.deepEqual([watch.counts().gcMs, watch.counts().gcCount, watch.counts().gcLongestMs], [17, 3, 4]);
    assert.deepEqual(watch.counts().gcMs, 17, "once");
  });
  it("leaves nothing behind when it is stopped", () => {
    const process = madeUp();
    const watch = new ProcessWatch(process.options);
    watch.stop();
    assert.deepEqual([process.armed(), process.stopped()], [false, 1]);
  });
  it("sees this very process blocked by a busy loop, for at least as long as it was", () => {
    const watch = new ProcessWatch();
    const until = monotonicMicros() + 60_000;
    while (monotonicMicros() < until);
    const { loopDelayMaxMs, loopDelayP99Ms } = watch.counts();
    watch.stop();
    // The first tick was due 10 ms after the start.
    assert.ok(loopDelayMaxMs >= 49 && loopDelayP99Ms >= 40, `${String(loopDelayMaxMs)} ${String(loopDelayP99Ms)}`);
  });
  it("sees this very process collect garbage", async () => {
    const watch = new ProcessWatch();
    let kept: unknown[] = [];
    // Until it was: the young generation is full after some tens of megabytes.
    while (watch.counts().gcCount === 0) {
      kept = Array.from({ length: 10_000 }, (_, i) => ({ i, kept: kept.length }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { gcMs, gcLongestMs } = watch.counts();
    watch.stop();
    assert.ok(gcMs > 0 && gcLongestMs > 0 && gcLongestMs <= gcMs, `${String(gcMs)} ${String(gcLongestMs)}`);
  });
});

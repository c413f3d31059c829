import { strict as assert } from "node:assert";
import type { Detector } from "../../../engine/detectors/detector";
import { deviationsAt } from "../../../engine/detectors/phi-normal";
import { SlidingWindow } from "../../../engine/detectors/sliding-window";
import { normalProbability, normalQuantile } from "../../../engine/vocabulary/mathematics";
import { fromMs, type Micros } from "../../../engine/vocabulary/micros";
import { Random } from "../../../engine/vocabulary/random";
import { makeDetector } from "./make";
import { detectorNamedWith, type Keys } from "./named";

const PEER = 1;

/** Wakes it as often as it wants, until it suspects. */
function deadlineOf(detector: Detector): Micros {
  for (;;) {
    const due = detector.nextWakeup()!;
    detector.advance(due);
    if (detector.suspected(PEER)) return due;
  }
}

/** A detector of one peer, and time in milliseconds. */
class Watch {
  readonly detector: Detector;
  private sequence = 0;

  constructor(name: string, keys: Keys = {}) {
    this.detector = makeDetector(detectorNamedWith(name, keys), [PEER], 0).detector;
  }

  /** Number `sequence`, or the next, arrives. */
  beat(atMs: number, sequence = this.sequence + 1, epoch = 1): void {
    this.sequence = sequence;
    this.detector.heard(PEER, fromMs(atMs));
    this.detector.heartbeat!(PEER, sequence, epoch, fromMs(atMs));
  }

  at(ms: number): boolean {
    this.detector.advance(fromMs(ms));
    return this.detector.suspected(PEER);
  }

  /** From when on the peer is suspected, if nothing more comes. */
  deadline(): number {
    return deadlineOf(this.detector) / 1_000;
  }
}

describe("chen", () => {
  const keys = { heartbeat_interval: "100ms", margin: "50ms", timeout: "1s", window: 3 };

  it("expects the next heartbeat at the mean lag, and waits a margin longer", () => {
    const watch = new Watch("chen", keys);
    // Lags 10, 20, 60: the next is due at 400 + 30 + 50.
    for (const at of [110, 220, 360]) watch.beat(at);
    assert.equal(watch.at(479.999), false);
    assert.equal(watch.at(480), true);
  });

  it("is not made more patient by one late heartbeat than by a late mean", () => {
    const watch = new Watch("chen", keys);
    for (const at of [100, 200, 349]) watch.beat(at);
    assert.equal(watch.deadline(), 466.334, "400 + 49/3 + 50, rounded up");
  });

  it("takes a heartbeat that is already overdue for no sign of life", () => {
    const watch = new Watch("chen", keys);
    for (const at of [100, 200, 300]) watch.beat(at);
    assert.equal(watch.at(450), true);
    watch.beat(560, 4);
    assert.equal(watch.at(560), false, "400 + 160/3, due 500 + 53 + 50");
    watch.beat(5_000, 5);
    assert.equal(watch.at(5_000), true, "a message of long ago");
  });

  it("gives a new life a fresh start", () => {
    const watch = new Watch("chen", keys);
    for (const at of [100, 200, 300]) watch.beat(at);
    assert.equal(watch.at(450), true);
    watch.beat(5_000, 0, 2);
    assert.equal(watch.at(5_000), false);
    watch.beat(5_100, 1, 2);
    assert.equal(watch.deadline(), 5_250);
  });

  it("goes by the grid where numbers are missing", () => {
    const watch = new Watch("chen", keys);
    watch.beat(100, 1);
    watch.beat(700, 7);
    assert.equal(watch.deadline(), 850);
  });
});

describe("bertier", () => {
  it("follows the errors of its expectation as TCP follows round trips", () => {
    const watch = new Watch("bertier", { heartbeat_interval: "100ms", timeout: "1s", window: 1_000 });
    // The first margin is an interval: delay 0, deviation 25.
    watch.beat(100);
    // Error 10: delay 1, deviation 25 + 0.1 (10 - 25) = 23.5; expected 300 + 5; margin 1 + 94.
    watch.beat(210);
    assert.equal(watch.deadline(), 400);
  });

  it("comes close to the arrivals themselves when they are steady", () => {
    const watch = new Watch("bertier", { heartbeat_interval: "100ms", timeout: "1s", window: 1_000 });
    for (let i = 1; i <= 200; i++) watch.beat(100 * i);
    assert.ok(watch.deadline() <= 20_100.001);
  });
});

describe("phi-normal", () => {
  const keys = { heartbeat_interval: "100ms", min_deviation: "0ms", acceptable_pause: "0ms", timeout: "1s" };

  it("waits for the quantile of its threshold", () => {
    const watch = new Watch("phi-normal", { ...keys, threshold: 3, window: 4 });
    for (const at of [100, 190, 310, 400, 520]) watch.beat(at);
    const window = new SlidingWindow(4);
    for (const interval of [90, 120, 90, 120]) window.add(interval);
    const expected = 520 + window.mean + deviationsAt(3) * Math.sqrt(window.variance);
    assert.ok(Math.abs(watch.deadline() - expected) < 0.002);
  });

  it("reckons with the least deviation and grants the pause on top", () => {
    const watch = new Watch("phi-normal", {
      ...keys,
      threshold: 2,
      window: 4,
      min_deviation: "10ms",
      acceptable_pause: "1s",
    });
    for (let i = 1; i <= 10; i++) watch.beat(100 * i);
    assert.ok(Math.abs(watch.deadline() - (2_100 + 10 * deviationsAt(2))) < 0.002);
  });

  it("has a level that reaches the threshold when it suspects", () => {
    for (const threshold of [1, 3, 8]) {
      const watch = new Watch("phi-normal", { ...keys, threshold, min_deviation: "5ms" });
      for (let i = 1; i <= 50; i++) watch.beat(100 * i + (i % 3));
      const at = watch.deadline();
      const level = watch.detector.level!(PEER, fromMs(at));
      assert.ok(Math.abs(level - threshold) < 1e-3, String(level));
      assert.ok(watch.detector.level!(PEER, fromMs(at - 5)) < threshold);
    }
  });

  it("does not learn from an outage that lost heartbeats", () => {
    const watch = new Watch("phi-normal", { ...keys, threshold: 3, min_deviation: "10ms" });
    for (let i = 1; i <= 20; i++) watch.beat(100 * i);
    assert.equal(watch.at(9_900), true);
    watch.beat(10_000, 100);
    watch.beat(10_100, 101);
    assert.ok(watch.deadline() < 10_300);
  });

  /**
   * FD-PHI of reference/papers.md: with normal inter-arrivals the rate of wrong suspicions per heartbeat is 10^-threshold. Each heartbeat
   * contributes the exact chance, under the true distribution, that the next one comes after the instant the detector has set:
   * the same mean as counting, without the hundred million heartbeats that counting one in ten thousand to a per cent would take.
   */
  for (const threshold of [0.5, 1, 2, 3, 4]) {
    it(`is wrong once in 10^${String(threshold)} heartbeats where intervals are normal`, () => {
      const [mean, deviation] = [100_000, 10_000];
      const window = 1_000;
      const watch = new Watch("phi-normal", { ...keys, threshold, window });
      const { detector } = watch;
      const random = Random.fromSeed(7).fork(`phi/${String(threshold)}`);
      let now: Micros = 0;
      let chances = 0;
      let counted = 0;
      let mistakes = 0;
      const warmUp = 2 * window;
      const heartbeats = 100_000;
      for (let sequence = 1; sequence <= heartbeats + warmUp; sequence++) {
        const interval = Math.round(mean + deviation * normalQuantile(random.nextFloat() || 0.5));
        // Woken early, it changes its mind again with the heartbeat, which is all that an opinion does here.
        const due = deadlineOf(detector);
        const arrives = now + interval;
        if (sequence > warmUp) {
          counted++;
          chances += 1 - normalProbability((due - now - mean) / deviation);
        }
        if (due <= arrives && sequence > warmUp) mistakes++;
        now = arrives;
        detector.heartbeat!(PEER, sequence, 1, now);
        detector.advance(now);
      }
      const expected = 10 ** -threshold;
      const rate = chances / counted;
      assert.ok(Math.abs(rate / expected - 1) < 0.1, `${String(rate)} instead of ${String(expected)}`);
      // And what really happened agrees, as far as so few can.
      const deviations = (mistakes - rate * counted) / Math.sqrt(rate * counted);
      assert.ok(Math.abs(deviations) < 4, `${String(mistakes)} mistakes, ${String(rate * counted)} expected`);
    });
  }
});

describe("phi-exponential", () => {
  const keys = { heartbeat_interval: "100ms", first_interval: "100ms", max_interval: "500ms", pause_guard: "none" };

  it("suspects after threshold times ln 10 mean intervals", () => {
    const watch = new Watch("phi-exponential", { ...keys, threshold: 8 });
    for (let i = 1; i <= 20; i++) watch.beat(100 * i);
    const expected = 2_000 + 8 * Math.LN10 * 100;
    assert.ok(Math.abs(watch.deadline() - expected) < 0.002);
    assert.ok(Math.abs(watch.detector.level!(PEER, fromMs(expected)) - 8) < 1e-6);
  });

  it("assumes the first interval until it has seen some, and mixes it in", () => {
    const watch = new Watch("phi-exponential", { ...keys, threshold: 1, first_interval: "1s" });
    watch.beat(100);
    watch.beat(200);
    // Mean of 1000 and 100.
    assert.ok(Math.abs(watch.deadline() - (200 + Math.LN10 * 550)) < 0.002);
  });

  it("takes intervals above the limit for no samples", () => {
    const watch = new Watch("phi-exponential", { ...keys, threshold: 1 });
    for (const at of [100, 200, 300, 801]) watch.beat(at);
    assert.ok(Math.abs(watch.deadline() - (801 + Math.LN10 * 100)) < 0.002);
  });

  it("forgets what it knew when a new life begins", () => {
    const watch = new Watch("phi-exponential", { ...keys, threshold: 1 });
    for (let i = 1; i <= 10; i++) watch.beat(50 * i);
    watch.beat(2_000, 1, 2);
    assert.ok(Math.abs(watch.deadline() - (2_000 + Math.LN10 * 100)) < 0.002);
  });

  it("convicts nobody for a while after its own pause, and then does", () => {
    const watch = new Watch("phi-exponential", { ...keys, threshold: 2, pause_guard: "5s" });
    for (let i = 1; i <= 20; i++) {
      watch.beat(100 * i);
      watch.at(100 * i);
    }
    // Stood still from 2 s to 9 s.
    assert.equal(watch.at(9_000), false);
    assert.equal(watch.at(11_000), false);
    assert.equal(watch.at(13_999), false);
    assert.equal(watch.at(14_000), true, "5 s after it woke");
  });

  it("is not guarded against a pause that is shorter", () => {
    const watch = new Watch("phi-exponential", { ...keys, threshold: 2, pause_guard: "5s" });
    for (let i = 1; i <= 20; i++) {
      watch.beat(100 * i);
      watch.at(100 * i);
    }
    assert.equal(watch.at(6_900), true);
  });

  it("looks often enough to notice", () => {
    const watch = new Watch("phi-exponential", { ...keys, pause_guard: "1s" });
    watch.beat(100);
    watch.at(100);
    assert.ok(watch.detector.nextWakeup()! <= fromMs(600));
  });
});

import { strict as assert } from "node:assert";
import type { NodeIndex } from "../../../engine/messages";
import { fromMs } from "../../../engine/vocabulary/micros";
import { makeDetector, type Made } from "./make";
import { detectorNamedWith, type Keys } from "./named";

const PEER: NodeIndex = 1;

class Judge {
  readonly made: Made;

  constructor(name: string, keys: Keys = {}) {
    this.made = makeDetector(detectorNamedWith(name, keys), [PEER, 2], 0);
  }

  requests(count: number, answered: boolean, atMs: number, tookMs = 1): this {
    for (let i = 0; i < count; i++) this.made.detector.outcome!(PEER, answered, fromMs(tookMs), fromMs(atMs));
    return this;
  }

  get suspected(): boolean {
    return this.made.detector.suspected(PEER);
  }

  /** Pings sent until `ms`, and how the first of them is answered. */
  pingsUntil(ms: number): number {
    const { detector, sent } = this.made;
    for (let wake = detector.nextWakeup(); wake !== undefined && wake <= fromMs(ms); wake = detector.nextWakeup()) {
      detector.advance(wake);
    }
    return sent.splice(0).filter(({ to, message }) => to === PEER && message.what === "ping").length;
  }

  ack(atMs: number): void {
    const ack = { kind: "probe", what: "ack", id: 1, about: PEER, updates: [] } as const;
    this.made.detector.received!(PEER, ack, fromMs(atMs));
  }
}

describe("success-ratio", () => {
  it("looks at the ratio once there are enough failures, and not before", () => {
    const judge = new Judge("success-ratio");
    judge.requests(29, false, 0);
    assert.equal(judge.suspected, false, "29 of 29 failed");
    judge.requests(1, false, 0);
    assert.equal(judge.suspected, true);
  });

  it("suspects below the ratio, and trusts at it", () => {
    // 30 failures of 600: exactly 95 %.
    const judge = new Judge("success-ratio").requests(570, true, 0).requests(30, false, 1);
    assert.equal(judge.suspected, false);
    judge.requests(1, false, 2);
    assert.equal(judge.suspected, true);
    judge.requests(19, true, 3);
    assert.equal(judge.suspected, false, "answers that still come count: 589 of 620");
  });

  it("counts slow answers as failures", () => {
    const judge = new Judge("success-ratio").requests(30, true, 0, 5_000);
    assert.equal(judge.suspected, false, "as slow as may be");
    judge.requests(30, true, 0, 5_000.001);
    assert.equal(judge.suspected, true);
  });

  it("forgets with the interval", () => {
    const judge = new Judge("success-ratio").requests(29, false, 0).requests(29, false, 300_000);
    assert.equal(judge.suspected, false);
    judge.requests(1, false, 599_999);
    assert.equal(judge.suspected, true);
  });

  it("is convicted by ten requests in a row without a connection, few as they are", () => {
    const judge = new Judge("success-ratio");
    judge.made.detector.told!(PEER, false, 0);
    judge.requests(9, false, 0).requests(1, true, 0).requests(9, false, 0);
    assert.equal(judge.suspected, false, "not in a row");
    judge.requests(1, false, 0);
    assert.equal(judge.suspected, true);
  });

  it("knows of a link that was down before its node was watched", () => {
    const judge = new Judge("success-ratio");
    judge.made.detector.follow([2], 0);
    judge.made.detector.told!(PEER, false, 0);
    judge.made.detector.follow([PEER, 2], 0);
    judge.requests(10, false, 0);
    assert.equal(judge.suspected, true);
  });

  it("pings suspects and begins anew with whoever answers", () => {
    const judge = new Judge("success-ratio").requests(30, false, 1_000);
    assert.equal(judge.pingsUntil(10_999), 0);
    assert.equal(judge.pingsUntil(31_000), 3);
    judge.ack(31_001);
    assert.equal(judge.suspected, false);
    assert.equal(judge.pingsUntil(100_000), 0);
    judge.requests(29, false, 31_002);
    assert.equal(judge.suspected, false, "a clean sheet");
  });
});

describe("local", () => {
  it("suspects after so many requests in a row that were not answered", () => {
    const judge = new Judge("local", { failures: 3 });
    judge.requests(2, false, 0).requests(1, true, 0).requests(2, false, 0);
    assert.equal(judge.suspected, false);
    assert.equal(judge.made.detector.level!(PEER, 0), 2 / 3);
    judge.requests(1, false, 0);
    assert.equal(judge.suspected, true);
    assert.equal(judge.made.detector.suspected(2), false);
  });

  it("trusts again at an answer, to a late request or to a ping, and not because the peer speaks", () => {
    const judge = new Judge("local", { failures: 1, retry_interval: "1s" });
    judge.requests(1, false, 0);
    judge.made.detector.heard(PEER, fromMs(10));
    assert.equal(judge.suspected, true, "messages may pass one way only");
    judge.requests(1, true, 20);
    assert.equal(judge.suspected, false);
    judge.requests(1, false, 100);
    assert.equal(judge.pingsUntil(2_100), 2);
    judge.ack(2_101);
    assert.equal(judge.suspected, false);
    assert.equal(judge.pingsUntil(60_000), 0);
  });

  it("answers pings, suspect or not", () => {
    const { made } = new Judge("local");
    made.detector.received!(2, { kind: "probe", what: "ping", id: 5, about: 0, updates: [] }, 0);
    assert.deepEqual(made.sent, [{ to: 2, message: { kind: "probe", what: "ack", id: 5, about: 0, updates: [] } }]);
  });

  it("forgets who has left", () => {
    const judge = new Judge("local", { failures: 1 }).requests(1, false, 0);
    judge.made.detector.follow([2], 0);
    assert.equal(judge.suspected, false);
    assert.equal(judge.pingsUntil(60_000), 0);
    judge.requests(5, false, 0);
    assert.equal(judge.suspected, false, "nobody who is not watched");
  });
});

describe("link", () => {
  const make = (keys: Keys = {}): Made => makeDetector(detectorNamedWith("link", keys), [PEER, 2], 0);

  it("suspects a node whose link was down before it was watched, until it is heard or its link is up", () => {
    const { detector } = make();
    detector.told!(7, false, 10);
    detector.told!(8, false, 10);
    detector.told!(9, false, 10);
    detector.heard(9, 20);
    assert.ok(!detector.suspected(7), "nobody who is not watched is suspected");
    detector.follow([PEER, 2, 7, 8, 9], 100);
    assert.ok(detector.hasNews);
    assert.deepEqual([...detector.advance(100)].sort(), [7, 8]);
    assert.deepEqual(
      [7, 8, 9].map((node) => detector.suspected(node)),
      [true, true, false],
    );
    detector.told!(7, true, 200);
    assert.ok(!detector.suspected(7));
    // Watched no more, and watched again: nobody has told that it is back.
    detector.follow([PEER, 2, 7], 300);
    detector.follow([PEER, 2, 7, 8], 400);
    assert.ok(detector.suspected(8));
  });

  it("believes its connections, and what is said a while after one was lost", () => {
    const { detector } = make();
    detector.told!(PEER, false, fromMs(10));
    assert.equal(detector.suspected(PEER), true);
    detector.heard(PEER, fromMs(11));
    assert.equal(detector.suspected(PEER), true, "was on its way");
    detector.heard(PEER, fromMs(1_010));
    assert.equal(detector.suspected(PEER), false);
    detector.told!(PEER, false, fromMs(2_000));
    detector.told!(PEER, true, fromMs(2_001));
    assert.equal(detector.suspected(PEER), false);
    assert.deepEqual([...new Set(detector.advance(fromMs(2_001)))], [PEER]);
  });

  it("gives a silent connection up after the tick time, and sends four ticks in it", () => {
    const { detector } = make({ net_tick: "60s" });
    assert.equal(detector.heartbeatIntervalMicros, fromMs(15_000));
    detector.heard(PEER, fromMs(5_000));
    detector.advance(fromMs(64_999));
    assert.deepEqual([detector.suspected(PEER), detector.suspected(2)], [false, true]);
    detector.advance(fromMs(65_000));
    assert.equal(detector.suspected(PEER), true);
    detector.heard(PEER, fromMs(65_001));
    assert.equal(detector.suspected(PEER), false, "a silence that ends proves the connection");
  });

  it("without ticks sends nothing and wants no waking", () => {
    const { detector } = make({ net_tick: "none" });
    assert.equal(detector.heartbeatIntervalMicros, Infinity);
    assert.equal(detector.nextWakeup(), undefined);
  });
});

import { strict as assert } from "node:assert";
import { MOST_UNDER_WAY, Overload, overloadAddress } from "../../../engine/host/overload";
import { Ring } from "../../../engine/ring/ring";
import type { Address } from "../../../engine/vocabulary/address";
import type { Outcome } from "../../../engine/vocabulary/outcomes";
import { Random } from "../../../engine/vocabulary/random";
import { members, settings } from "../sim/settings";

const SECOND = 1_000_000;
const N = 3;

interface Asked {
  readonly at: number;
  readonly node: number;
  readonly address: Address;
  readonly done: (outcome: Outcome) => void;
}

/** An overload in a world whose only event is that something is due. */
class Stage {
  readonly ring: Ring;
  readonly asked: Asked[] = [];
  readonly overload: Overload;
  now = 0;

  constructor(seed = 1) {
    const { ring } = settings();
    this.ring = Ring.build(ring, members(6), Random.fromSeed(1).fork("ring"));
    this.overload = new Overload({
      ring: this.ring,
      nVal: N,
      seed,
      get: (node, address, done) => this.asked.push({ at: this.now, node, address, done }),
    });
  }

  run(until: number): void {
    for (let at = this.overload.nextWakeup(); at !== undefined && at < until; at = this.overload.nextWakeup()) {
      this.now = at;
      this.overload.wake(at);
    }
    this.now = until;
  }
}

describe("an overload", () => {
  it("sends at constant spacing, as many a second as were asked for", () => {
    const stage = new Stage();
    stage.overload.set(2, [{ fault: "crowd", perSecond: 10 }], 0);
    stage.run(SECOND);
    assert.deepEqual(
      stage.asked.map(({ at }) => at),
      [50_000, 150_000, 250_000, 350_000, 450_000, 550_000, 650_000, 750_000, 850_000, 950_000],
    );
    stage.overload.set(2, [], stage.now);
    assert.equal(stage.overload.nextWakeup(), undefined);
    const odd = new Stage();
    odd.overload.set(0, [{ fault: "crowd", perSecond: 7_777 }], 123);
    odd.run(123 + 2 * SECOND);
    assert.equal(odd.asked.length, 2 * 7_777, "spacing that is no whole number of microseconds loses nothing");
  });

  it("asks only for keys that the node holds, different ones, and equal ones for equal seeds", () => {
    const of = (seed: number): readonly Asked[] => {
      const stage = new Stage(seed);
      stage.overload.set(4, [{ fault: "crowd", perSecond: 1_000 }], 0);
      stage.run(SECOND);
      for (const { node, address } of stage.asked) {
        assert.equal(node, 4);
        assert.ok(stage.ring.preferenceList(address, N).some((replica) => replica.node === 4));
      }
      return stage.asked;
    };
    const keys = (seed: number): readonly string[] => of(seed).map(({ address }) => address);
    assert.ok(new Set(keys(1)).size > 200);
    assert.deepEqual(keys(1), keys(1));
    assert.notDeepEqual(keys(1), keys(2));
    assert.ok(overloadAddress(0) !== overloadAddress(1));
  });

  it("of several goes on when another begins or ends, and counts what became of each one's requests", () => {
    const stage = new Stage();
    const { overload, asked } = stage;
    const a = { fault: "a", perSecond: 100 };
    const b = { fault: "b", perSecond: 300 };
    overload.set(0, [a], 0);
    stage.run(SECOND / 2);
    overload.set(0, [a, b], stage.now);
    stage.run(SECOND);
    overload.set(0, [b], stage.now);
    stage.run(1.5 * SECOND);
    assert.equal(overload.requestsOf("a").sent, 100);
    assert.equal(overload.requestsOf("b").sent, 300);
    const outcomes: readonly Outcome[] = ["ok", "overloaded", "timeout", "not_sent", "connection_lost", "unavailable"];
    outcomes.forEach((outcome, i) => asked[i].done(outcome));
    assert.deepEqual(overload.requestsOf("a"), { sent: 99, answered: 1, refused: 2, unanswered: 2, dropped: 1 });
    assert.deepEqual(
      overload.requests().map(([fault]) => fault),
      ["a", "b"],
    );
    assert.equal(overload.requestsOf("nobody").sent, 0);
  });

  it("has so many under way and no more: what is beyond is dropped and counted, and goes on when there is room", () => {
    const stage = new Stage();
    stage.overload.set(1, [{ fault: "crowd", perSecond: 50_000 }], 0);
    stage.overload.wake(SECOND);
    assert.equal(stage.asked.length, MOST_UNDER_WAY, "late, it sends what has become due");
    assert.equal(stage.overload.requestsOf("crowd").dropped, 50_000 - MOST_UNDER_WAY);
    for (const { done } of stage.asked.slice(0, 10)) done("ok");
    stage.run(SECOND + 400);
    assert.equal(stage.asked.length, MOST_UNDER_WAY + 10);
  });
});

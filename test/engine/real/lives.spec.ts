/**
 * Counters of a node whose process was killed: totals never go back and nothing is counted twice, gauges are those of the
 * last life, and for how long a dead process had not been asked is known.
 */
import { strict as assert } from "node:assert";
import type { ServerCounts } from "../../../engine/real/control";
import { addedUp, Lives } from "../../../engine/real/lives";
import { LegHistograms } from "../../../engine/vocabulary/leg-delays";

const counts = (of: Readonly<Record<string, unknown>>): ServerCounts => of as unknown as ServerCounts;
const legsOf = (...micros: readonly number[]): ReturnType<LegHistograms["toSparse"]> => {
  const legs = new LegHistograms();
  for (const one of micros) legs.record("w", one);
  return legs.toSparse();
};

describe("the counters of a node over its lives", () => {
  it("add up, those within groups too; gauges are the last life's and lateness is the worst", () => {
    const sum = addedUp(
      counts({ coordinated: 3, keysHeld: 9, latenessP99Ms: 4, rssBytes: 70, byCause: { hint: { messages: 1 } } }),
      counts({
        coordinated: 2,
        keysHeld: 5,
        latenessP99Ms: 1,
        rssBytes: 60,
        byCause: { hint: { messages: 4 } },
        lost: 1,
      }),
    );
    assert.deepEqual(sum, {
      coordinated: 5,
      keysHeld: 5,
      latenessP99Ms: 4,
      rssBytes: 60,
      byCause: { hint: { messages: 5 } },
      lost: 1,
    });
  });

  it("are known of a dead process as it last told them, and nobody counts them twice", () => {
    const lives = new Lives(1_000);
    assert.equal(lives.total(), undefined, "nobody ever told");
    lives.told(counts({ coordinated: 3 }), 2_000);
    lives.told(counts({ coordinated: 7 }), 3_000);
    assert.equal(lives.ended(3_500), 500, "so long nobody had asked");
    assert.equal(lives.total()?.coordinated, 7);
    lives.started(9_000);
    assert.equal(lives.total()?.coordinated, 7);
    lives.told(counts({ coordinated: 1 }), 9_100);
    assert.equal(lives.total()?.coordinated, 8);
    assert.equal(lives.ended(9_100), 0);
    assert.equal(lives.ended(9_200), 100, "a life that never told takes nothing away");
    assert.equal(lives.total()?.coordinated, 8);
  });

  it("keep the delays of a dead process until the next span begins", () => {
    const lives = new Lives(0);
    lives.told(counts({ coordinated: 1, latenessP99Ms: 2, legs: legsOf(10, 10) }), 1);
    lives.ended(2);
    lives.told(counts({ coordinated: 1, latenessP99Ms: 1, legs: legsOf(30) }), 3);
    assert.deepEqual(lives.total()?.legs, legsOf(10, 10, 30));
    lives.startSpan();
    const none = { latenessP99Ms: 0, loopDelayP99Ms: 0, loopDelayMaxMs: 0, gcLongestMs: 0 };
    assert.deepEqual(lives.total(), counts({ coordinated: 2, ...none, legs: legsOf() }));
  });
});

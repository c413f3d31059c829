/**
 * Agreement by gossip alone: its time grows as log n, whatever a message may carry; and a partition of the gossip itself, or
 * gossip that brings a ring that cannot be, holds nobody up for longer than it lasts.
 */
import { strict as assert } from "node:assert";
import { agreeOnJoin, PAYLOAD } from "../../bench/membership";
import type { Gossip } from "../../../engine/messages";
import { MovingStore } from "./moving-store";

const SECOND = 1_000_000;

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

describe("agreement on a new ring", function () {
  this.timeout(60_000);

  it("takes time as log n: of 16 times as many nodes less than three times as long (long)", () => {
    const took = (n: number, seeds: readonly number[]): number =>
      median(seeds.map((seed) => agreeOnJoin(n, seed, PAYLOAD).intervals));
    const [small, middle, large] = [took(8, [1, 2, 3, 4, 5]), took(32, [1, 2, 3, 4, 5]), took(128, [1, 2, 3])];
    const text = `8: ${String(small)}, 32: ${String(middle)}, 128: ${String(large)} intervals`;
    // log2 128 / log2 8 is 2.3; a step that told one member after the other would take 16 times as long.
    assert.ok(large < 3 * small && middle < 2 * small, text);
    assert.ok(small > 1, text);
  });

  it("is reached with payloads of a single entry, only later", () => {
    const { intervals } = agreeOnJoin(24, 1, 15);
    const usual = agreeOnJoin(24, 1, PAYLOAD).intervals;
    assert.ok(intervals > usual && intervals < 40 * usual, `${String(intervals)} against ${String(usual)} intervals`);
  });

  it("costs an idle member a few bytes a round, however many there are", () => {
    const [few, many] = [agreeOnJoin(8, 1, PAYLOAD), agreeOnJoin(64, 1, PAYLOAD)];
    assert.ok(few.idleBytes < 50, String(few.idleBytes));
    assert.ok(Math.abs(many.idleBytes - few.idleBytes) < 2, `${String(few.idleBytes)}, ${String(many.idleBytes)}`);
  });

  it("comes after a partition of the gossip, with rounds alone and by push-pull alone", () => {
    for (const membership of [{ pushPullMs: undefined }, { intervalMs: 3_600_000, pushPullMs: 500 }]) {
      const store = new MovingStore(4, 5, 1, { membership: membership });
      const { cluster } = store;
      cluster.run(cluster.now() + 2 * SECOND);
      cluster.setPartitions([{ groupOf: [0, 0, 1, 1, 0], groups: 2, oneWay: false, sideOf: undefined }]);
      store.join(4, 0);
      cluster.run(cluster.now() + 5 * SECOND);
      assert.doesNotMatch(store.viewOf(0), /settled .*4/);
      cluster.setPartitions([]);
      cluster.run(cluster.now() + 60 * SECOND);
      assert.match(store.agreed(), /settled 0,1,2,3,4$/);
    }
  });

  it("is not led astray by a ring that cannot be", () => {
    const store = new MovingStore(3, 4, 1);
    const { cluster } = store;
    cluster.run(cluster.now() + SECOND);
    const before = store.agreed();
    const id = { version: 99, proposer: 1 };
    const impossible: readonly Gossip["ring"][] = [
      { id, phase: "settled", plan: { members: [0, 7] }, next: undefined, former: [], without: [] },
      { id, phase: "settled", plan: { members: [0, 1] }, next: undefined, former: [8], without: [] },
      { id, phase: "joining", plan: { members: [0, 1] }, next: { members: [2, 9] }, former: [], without: [] },
    ];
    for (const ring of impossible) {
      const message = { kind: "gossip", ringId: id, ring, hash: undefined, digests: [], entries: [], wants: [], wantsRing: false } as const; // prettier-ignore
      cluster.machines[0].tell({ kind: "received", from: 1, message });
    }
    cluster.run(cluster.now() + 2 * SECOND);
    assert.equal(store.agreed(), before);
  });
});

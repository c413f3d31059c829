/**
 * Tasks that come back to their own key. What a replica reports may lead its node to do more with the same key at once;
 * whatever the order, a key is worked on under one entry, or two writers would go on from the same history.
 */
import { strict as assert } from "node:assert";
import { clockFor } from "../../engine/clocks/clock";
import type { Effect } from "../../engine/io";
import { NOBODY } from "../../engine/messages";
import { Replica, type ReplicaTask } from "../../engine/replica/replica";
import { address, SETTINGS } from "./mini-world";

function replica(): { replica: Replica; effects: Effect[]; loads: () => number; last: () => number } {
  const effects: Effect[] = [];
  const made = new Replica(
    {
      node: 0,
      epoch: 1,
      clock: clockFor(SETTINGS),
      maxSiblings: 100,
      stamp: () => 1,
      learnt: () => undefined,
      reaps: false,
      buries: false,
      actorEpochs: true,
      now: () => 1,
      walks: true,
      messageLifetime: 1_000,
    },
    (effect) => effects.push(effect),
    () => undefined,
  );
  return {
    replica: made,
    effects,
    loads: () => effects.filter(({ kind }) => kind === "load").length,
    last: () => (effects.at(-1) as { token: number }).token,
  };
}

const KEY = address("k");
const read = (done: () => void = () => undefined): ReplicaTask => ({ kind: "read", done });
const update = (writeId: number, stored: () => void = () => undefined): ReplicaTask => ({
  kind: "update",
  context: "",
  version: { writeId, value: "v", tombstone: false },
  writer: NOBODY,
  made: () => undefined,
  stored,
});

describe("a key at a replica", () => {
  it("is kept until all that waited for its load have had their turn, though the first comes back to it", () => {
    const { replica: one, effects, loads, last } = replica();
    one.perform(
      0,
      KEY,
      read(() => one.perform(0, KEY, read())),
    );
    const token = last();
    one.perform(0, KEY, update(1));
    one.loaded(token, undefined);
    one.perform(0, KEY, update(2));
    assert.equal(loads(), 1, "the second event goes on from the first, in memory");
    const stored = effects.filter((effect) => effect.kind === "store");
    assert.equal(clockFor(SETTINGS).versions(stored[1].state).length, 2);
  });

  it("is let go of once, though what its last store leads to has begun to work on it anew", () => {
    const { replica: one, loads, last } = replica();
    one.perform(
      0,
      KEY,
      update(1, () => {
        // The first is answered from memory and lets go; the second loads.
        one.perform(0, KEY, read());
        one.perform(0, KEY, read());
      }),
    );
    one.loaded(last(), undefined);
    one.stored(last());
    assert.equal(loads(), 2);
    one.perform(0, KEY, update(2));
    assert.equal(loads(), 2, "waits for the load that is under way");
  });
});

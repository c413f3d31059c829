/**
 * A bucket's sibling policy may change under the states that are there, and nodes hear of it one after the other. What was written
 * and acknowledged under one policy has to be found under the next: it may be displaced by what is later, or stand beside it, but
 * not be taken for something else that was written. The mistake would be to test each policy by itself alone.
 */
import assert from "node:assert/strict";
import { type Clock, clockAt, clockByBucket, packActor, type Version } from "../../../engine/clocks/clock";
import { SETTINGS } from "../mini-world";
import { encoded, writeIds } from "./causal-histories";
import { by } from "./event-maker";

type Policy = "keep" | "newest" | "overwrite";

const [A, B] = [packActor(0, 0, 3), packActor(1, 0, 1)];
const v = (writeId: number): Version => ({ writeId, value: `v${String(writeId)}`, tombstone: false });

/** The clock of one bucket, by policy; undefined: of which nothing was ever said. */
function bucket(name: string, siblings?: Policy): (policy: Policy | undefined) => Clock {
  let policy: Policy | undefined;
  const clock = clockByBucket({ ...SETTINGS, clock: name, siblings }, () => policy);
  return (now) => {
    policy = now;
    return clockAt(clock, "");
  };
}

/** Write ids of what two copies amount to, the same whichever comes first. */
function together(clock: Clock, x: unknown, y: unknown): number[] {
  const merged = clock.sync(x, y);
  assert.equal(encoded(clock, clock.sync(y, x)), encoded(clock, merged));
  return writeIds(clock.versions(merged));
}

for (const name of ["dvvset", "dvv", "riak-dvv", "vv-server", "vv-server-separate"]) {
  describe(`a policy that changes under what is there (${name})`, () => {
    it("tells two blind writes of one coordinator apart once siblings are kept again", () => {
      const of = bucket(name);
      const over = of("overwrite");
      const early = over.update(undefined, "", v(1), by(A, 100));
      const late = over.update(undefined, "", v(2), by(A, 200));
      for (const policy of ["keep", "newest"] as const) {
        const clock = of(policy);
        assert.ok(together(clock, early, late).includes(2), policy);
        assert.notEqual(clock.compare(early, late), "equal", policy);
      }
    });

    it("has a node that has not heard of overwriting take the later of two", () => {
      const of = bucket(name);
      const events = [1, 2, 3].map((id) => of("overwrite").update(undefined, "", v(id), by(A, 100 * id)));
      const keep = of(undefined);
      const there = keep.update(undefined, "", v(9), by(B, 50));
      assert.ok(writeIds(keep.versions(events.reduce((all, event) => keep.sync(all, event), there))).includes(3));
    });

    it("does not take a blind write for older than one whose client had read", () => {
      const of = bucket(name);
      const over = of("overwrite");
      const first = over.update(undefined, "", v(1), by(A, 100));
      const second = over.update(undefined, over.context(first), v(2), by(A, 200));
      const blind = over.update(undefined, "", v(3), by(A, 300));
      const keep = of("keep");
      assert.ok(together(keep, second, blind).includes(3));
    });

    it("never gives a replica's own event the name of one that its node made as a coordinator", () => {
      const of = bucket(name);
      const coordinated = of("overwrite").update(undefined, "", v(1), by(A, 100));
      const keep = of("keep");
      // The same node has no copy yet, as it was no replica before or could not store it.
      const own = keep.update(undefined, "", v(2), by(A, 200));
      assert.deepEqual(together(keep, coordinated, own), [1, 2]);
    });

    it("lets what was kept meanwhile stand when writes overwrite again, and not an old copy that missed it", () => {
      for (const policy of ["overwrite", "newest"] as const) {
        const of = bucket(name);
        const old = of(policy).update(undefined, "", v(1), by(A, 100));
        const keep = of("keep");
        const next = keep.update(old, keep.context(old), v(2), by(B, 200));
        assert.deepEqual(together(of(policy), old, next), [2], policy);
        const clock = of(policy);
        assert.equal(clock.compare(old, next), "before", policy);
      }
    });

    it("costs nothing where nothing is said of any bucket", () => {
      for (const siblings of [undefined, "newest", "overwrite"] as const) {
        const alone = bucket(name, siblings)(undefined);
        const event = alone.update(undefined, "", v(1), by(A, 100));
        assert.deepEqual(alone.versions(event)[0].date, siblings === undefined ? undefined : 100);
        assert.ok(alone.metadataBytes(event) < 20);
      }
    });

    it("takes any time that a client's clock may show", () => {
      for (const at of [0, Number.MAX_SAFE_INTEGER]) {
        const over = bucket(name)("overwrite");
        const event = over.update(undefined, "", v(1), by(A, at));
        const next = over.update(undefined, over.context(event), v(2), by(A, at));
        assert.equal(encoded(over, next).length > 0, true);
      }
    });
  });
}

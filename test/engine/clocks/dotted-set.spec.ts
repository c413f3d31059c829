/** The algebra of dotted version vector sets against its published examples. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { packActor, type Actor, type Version } from "../../../engine/clocks/clock";
import {
  compare,
  describe as show,
  discard,
  dvvset,
  equal,
  event,
  ids,
  join,
  less,
  lww,
  newSet,
  newSetWith,
  only,
  reconcile,
  size,
  sync,
  update,
  values,
  type DvvSet,
} from "../../../engine/clocks/dvvset";
import { vvServer } from "../../../engine/clocks/vv-server";
import { writeContext } from "../../../engine/clocks/version-vector";
import { throughTheWire, writeIds } from "./causal-histories";
import { by } from "./event-maker";

const a = packActor(0, 0, 1);
const b = packActor(1, 0, 1);
const v = (writeId: number): Version => ({ writeId, value: `v${writeId}`, tombstone: false });

/** `entry(a, 2, 5, 4)`: two events of a, made by writes 5 and 4. */
function set(
  entries: readonly (readonly [Actor, number, readonly number[]])[],
  anonymous: readonly number[] = [],
): DvvSet {
  return {
    ids: entries.map(([id]) => id),
    counters: entries.map(([, counter]) => counter),
    lists: entries.map(([, , list]) => list.map(v)),
    anonymous: anonymous.map(v),
  };
}

const A0 = update(newSet(v(1)), a);
const A1 = update(newSetWith(join(A0), v(2)), A0, a);
const A2 = update(newSetWith(join(A1), v(3)), A1, b);
const A3 = update(newSetWith(join(A0), v(4)), A1, b);
const A4 = update(newSetWith(join(A0), v(5)), A1, a);

describe("dotted version vector sets", () => {
  it("update as in the published vectors", () => {
    assert.equal(show(A0), "n0:1[w1]");
    assert.equal(show(A1), "n0:2[w2]");
    assert.equal(show(A2), "n0:2[] n1:1[w3]");
    assert.equal(show(A3), "n0:2[w2] n1:1[w4]");
    assert.equal(show(A4), "n0:3[w5,w2]");
  });

  it("know the vector of what they have seen", () => {
    assert.deepEqual(join(A0), { ids: [a], counters: [1] });
    assert.deepEqual(join(A2), { ids: [a, b], counters: [2, 1] });
    assert.deepEqual(join(newSet(v(1))), { ids: [], counters: [] });
    assert.deepEqual(ids(A2), [a, b]);
  });

  it("sync keeps what neither side knows to be overwritten", () => {
    assert.equal(show(sync(A3, A4)), "n0:3[w5,w2] n1:1[w4]");
    assert.equal(show(sync(A2, A4)), "n0:3[w5] n1:1[w3]");
    assert.equal(show(sync(A0, A4)), "n0:3[w5,w2]");
    assert.equal(show(sync(set([[a, 4, [7, 6, 5, 4]]]), set([[a, 3, [6]]]))), "n0:4[w7,w6]");
    assert.equal(show(sync(set([[a, 1, [1]]]), set([[b, 1, [2]]]))), "n0:1[w1] n1:1[w2]");
  });

  it("sync of what one side has already gives that side itself", () => {
    const again = throughTheWire(dvvset, A4);
    assert.equal(sync(A4, again), A4);
    assert.equal(sync(A0, A1), A1);
    assert.equal(sync(A1, A0), A1);
  });

  it("order by history", () => {
    assert.ok(less(A0, A1));
    assert.ok(!less(A1, A0));
    assert.ok(!less(A1, A1));
    assert.ok(less(A1, A2));
    assert.ok(!less(A2, A4) && !less(A4, A2));
    assert.equal(compare(A2, A4), "concurrent");
  });

  it("tell apart equal vectors of which one side still holds an overwritten version", () => {
    const holds = set([[a, 2, [2, 1]]]);
    const knows = set([[a, 2, [2]]]);
    assert.equal(compare(holds, knows), "before");
    assert.equal(compare(knows, holds), "after");
    assert.ok(!equal(holds, knows));
    assert.ok(equal(holds, set([[a, 2, [2, 1]]])));
    // One more event on one side, one more overwrite known on the other.
    assert.equal(compare(set([[a, 3, [3, 2, 1]]]), knows), "concurrent");
  });

  it("discard what a context has seen", () => {
    assert.equal(show(discard(A4, join(A0))), "n0:3[w5,w2]");
    assert.equal(show(discard(A4, join(A1))), "n0:3[w5]");
    assert.equal(show(discard(A4, join(A4))), "n0:3[]");
    assert.equal(show(discard(A0, { ids: [b], counters: [3] })), "n0:1[w1] n1:3[]");
  });

  it("insert an event in order of ids", () => {
    const c = packActor(2, 0, 1);
    assert.equal(show(event(set([[b, 1, [1]]]), a, v(2))), "n0:1[w2] n1:1[w1]");
    assert.equal(show(event(set([[a, 1, []]]), c, v(2))), "n0:1[] n2:1[w2]");
    assert.equal(show(event(set([[a, 1, [1]]]), a, v(2))), "n0:2[w2,w1]");
  });

  it("count on from events made and forgotten, but never where that would shift the dots of other versions", () => {
    assert.equal(show(dvvset.update(undefined, "", v(1), by(a, 0, 0, 6))), "n0:7[w1]");
    assert.equal(show(event(set([[b, 1, [1]]]), a, v(2), 6)), "n0:7[w2] n1:1[w1]");
    assert.equal(show(event(set([[a, 2, []], [b, 1, [1]]]), a, v(2), 6)), "n0:7[w2] n1:1[w1]"); // prettier-ignore
    assert.equal(show(event(set([[a, 9, []], [b, 1, [1]]]), a, v(2), 6)), "n0:10[w2] n1:1[w1]"); // prettier-ignore
    assert.equal(show(event(set([[a, 2, [1]]]), a, v(2), 6)), "n0:3[w2,w1]");
  });

  it("keep one version alone where it stands, or standing for the whole vector when it stands nowhere", () => {
    const all = set(
      [
        [a, 4, [5, 7]],
        [b, 1, [4]],
      ],
      [2],
    );
    assert.equal(show(only(all, v(7))), "n0:4[w7] n1:1[]");
    assert.equal(show(only(all, v(4))), "n0:4[] n1:1[w4]");
    assert.equal(show(only(all, v(2))), "n0:4[] n1:1[] ~[w2]");
    assert.equal(show(only(set([[a, 4, []]]), v(9))), "n0:4[] ~[w9]");
    assert.equal(only(A1, v(2)), A1);
  });

  it("refuse a context that leaves no next event, instead of counting inexactly", () => {
    const context = writeContext({ ids: [a], counters: [Number.MAX_SAFE_INTEGER] });
    assert.throws(() => dvvset.update(undefined, context, v(1), by(a)), /leaves no next event/);
    assert.equal(show(dvvset.update(undefined, context, v(1), by(b))), "n0:9007199254740991[] n1:1[w1]");
  });

  it("keep anonymous versions through an update, and drop them to a strictly newer vector", () => {
    const resolved = set([[a, 2, []]], [9]);
    assert.equal(show(update(newSetWith(join(resolved), v(10)), resolved, a)), "n0:3[w10] ~[w9]");
    assert.equal(show(update(newSetWith({ ids: [a], counters: [3] }, v(10)), resolved, b)), "n0:3[] n1:1[w10] ~[w9]");
    assert.equal(show(sync(resolved, set([[a, 3, [11]]]))), "n0:3[w11]");
    assert.equal(show(sync(resolved, set([[a, 2, []]], [8]))), "n0:2[] ~[w8,w9]");
    assert.equal(show(sync(resolved, set([[b, 1, [11]]]))), "n0:2[] n1:1[w11] ~[w9]");
  });

  it("list anonymous versions first, then each id's newest first", () => {
    const all = set(
      [
        [a, 4, [5, 2]],
        [b, 1, []],
      ],
      [1, 10],
    );
    assert.deepEqual(
      values(all).map((version) => version.writeId),
      [1, 10, 5, 2],
    );
    assert.equal(size(all), 4);
    assert.equal(size(newSet(v(1))), 1);
    assert.deepEqual(values(set([[a, 1, []]])), []);
  });

  it("reconcile all versions to one, which stands for the whole vector", () => {
    const sum = (versions: readonly Version[]): Version => v(versions.reduce((total, one) => total + one.writeId, 0));
    const all = set(
      [
        [a, 4, [5, 2]],
        [b, 1, []],
      ],
      [1, 10],
    );
    const one = reconcile(sum, all);
    assert.deepEqual(join(one), join(all));
    assert.deepEqual(writeIds(values(one)), [18]);
    assert.equal(one.anonymous.length, 1);
  });

  it("keep the last write alone, in its own slot or anonymous", () => {
    const atMost = (x: Version, y: Version): boolean => x.writeId <= y.writeId;
    const all = set(
      [
        [a, 4, [5, 7]],
        [b, 1, [4]],
      ],
      [2],
    );
    assert.equal(show(lww(atMost, all)), "n0:4[w7] n1:1[]");
    const anonymousWins = lww(atMost, set([[a, 4, [5]]], [8]));
    assert.deepEqual(writeIds(values(anonymousWins)), [8]);
    assert.deepEqual(join(anonymousWins), { ids: [a], counters: [4] });
  });

  it("give through the strategy what they give by hand", () => {
    const fresh = dvvset.update(undefined, "", v(1), by(a));
    assert.ok(equal(fresh, A0));
    const A1context = dvvset.context(A1);
    assert.ok(equal(dvvset.update(A1, A1context, v(3), by(b)), A2));
    assert.ok(equal(dvvset.update(A1, dvvset.context(A0), v(4), by(b)), A3));
    assert.ok(equal(dvvset.update(A1, dvvset.context(A0), v(5), by(a)), A4));
    const resolved = set([[a, 2, []]], [9]);
    const context = writeContext({ ids: [a], counters: [3] });
    assert.equal(show(dvvset.update(resolved, context, v(10), by(b))), "n0:3[] n1:1[w10] ~[w9]");
  });

  it("carry anonymous versions over the wire and count their metadata", () => {
    const resolved = set([[a, 2, []]], [8, 9]);
    const back = throughTheWire(dvvset, resolved);
    assert.deepEqual(back, resolved);
    assert.equal(dvvset.describe(back), "n0:2[] ~[w8,w9]");
  });

  it("relate as a product of counters and bases, whatever the ids", () => {
    const entry = fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 }), fc.nat(4));
    // Any cut of the fixed history in which event e of id i was made by write 10 i + e.
    const cut = fc.uniqueArray(entry, { selector: ([id]) => id, minLength: 1 }).map((entries) =>
      set(
        entries
          .sort((x, y) => x[0] - y[0])
          .map(([id, counter, length]) => {
            const list = Array.from({ length: Math.min(length, counter) }, (_, k) => 10 * id + counter - k);
            return [packActor(id, 0, 1), counter, list] as const;
          }),
      ),
    );
    fc.assert(
      fc.property(cut, cut, cut, (x, y, z) => {
        assert.equal(show(sync(x, y)), show(sync(y, x)));
        assert.equal(show(sync(sync(x, y), z)), show(sync(x, sync(y, z))));
        const relation = compare(x, y);
        assert.equal(relation === "before" || relation === "equal", show(sync(x, y)) === show(y));
        assert.equal(relation === "after" || relation === "equal", show(sync(x, y)) === show(x));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the merged version vector", () => {
  it("replaces all siblings for a client that has read them all", () => {
    const one = vvServer.update(undefined, "", v(1), by(a));
    const two = vvServer.update(one, "", v(2), by(a));
    assert.equal(vvServer.describe(two), "n0:2 [w1,w2]");
    assert.equal(vvServer.describe(vvServer.update(two, vvServer.context(two), v(3), by(b))), "n0:2 n1:1 [w3]");
  });

  it("keeps what a client has read when anything else was written since", () => {
    const one = vvServer.update(undefined, "", v(1), by(a));
    const two = vvServer.update(one, "", v(2), by(a));
    assert.equal(vvServer.describe(vvServer.update(two, vvServer.context(one), v(3), by(a))), "n0:3 [w1,w2,w3]");
  });

  it("takes the whole of a strictly newer state, and the siblings of both otherwise", () => {
    const one = vvServer.update(undefined, "", v(1), by(a));
    const next = vvServer.update(one, vvServer.context(one), v(2), by(a));
    const other = vvServer.update(one, vvServer.context(one), v(3), by(b));
    assert.equal(vvServer.sync(one, next), next);
    assert.equal(vvServer.describe(vvServer.sync(next, other)), "n0:2 n1:1 [w2,w3]");
  });

  it("counts on from events made and forgotten where no copy has any of them", () => {
    assert.equal(vvServer.describe(vvServer.update(undefined, "", v(1), by(a, 0, 0, 6))), "n0:7 [w1]");
    const one = vvServer.update(undefined, "", v(1), by(a));
    assert.equal(vvServer.describe(vvServer.update(one, "", v(2), by(a, 0, 0, 6))), "n0:2 [w1,w2]");
    assert.equal(vvServer.describe(vvServer.update(one, "", v(2), by(b, 0, 0, 6))), "n0:1 n1:7 [w1,w2]");
  });

  it("depends on the order of merging in false conflicts, as declared", () => {
    const one = vvServer.update(undefined, "", v(1), by(a));
    const newer = vvServer.update(one, vvServer.context(one), v(2), by(a));
    const apart = vvServer.update(undefined, "", v(3), by(b));
    assert.equal(vvServer.describe(vvServer.sync(vvServer.sync(one, apart), newer)), "n0:2 n1:1 [w1,w2,w3]");
    assert.equal(vvServer.describe(vvServer.sync(one, vvServer.sync(apart, newer))), "n0:2 n1:1 [w2,w3]");
  });
});

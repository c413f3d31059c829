import { strict as assert } from "node:assert";
import fc from "fast-check";
import { inOrder, OrderedKeys } from "../../../engine/host/ordered-keys";
import { Random } from "../../../engine/vocabulary/random";

const key = fc.uint8Array({ maxLength: 3, max: 3 }).map((bytes) => String.fromCharCode(...bytes));

describe("keys in order", () => {
  it("are those of a sorted set, from any key on, whatever comes, goes and comes again", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 20 }),
        fc.array(fc.tuple(key, fc.boolean()), { maxLength: 60 }),
        key,
        (first, changes, from) => {
          const keys = new OrderedKeys(first);
          const truth = new Set(first);
          for (const [changed, comes] of changes) {
            if (truth.has(changed) === comes) continue;
            if (comes) {
              keys.add(changed);
              truth.add(changed);
            } else {
              keys.removed();
              truth.delete(changed);
            }
          }
          const found = [...keys.from(from)].filter((one) => truth.has(one));
          assert.deepEqual(found, [...truth].filter((one) => one >= from).sort());
          assert.equal(new Set(keys.from("")).size, [...keys.from("")].length, "each once");
        },
      ),
    );
  });

  it("are so too when there are many more new ones than old, by octets and not by locale", () => {
    const random = Random.fromSeed(3);
    const made = Array.from({ length: 5_000 }, () =>
      String.fromCharCode(...[0, 0, 0].map(() => random.nextBelow(256))),
    );
    const keys = new OrderedKeys(made.slice(0, 100));
    for (const one of made.slice(100)) keys.add(one);
    const sorted = [...new Set(made)].sort((a, b) =>
      Buffer.compare(Buffer.from(a, "latin1"), Buffer.from(b, "latin1")),
    );
    assert.deepEqual([...keys.from("")], sorted);
  });

  it("ask to be made again once most of them are gone", () => {
    const keys = new OrderedKeys(Array.from({ length: 2_000 }, (_, i) => String(i)));
    const answers = Array.from({ length: 1_001 }, () => keys.removed());
    assert.deepEqual([answers.indexOf(true), answers.length], [1_000, 1_001]);
  });

  it("of several vnodes come address by address, then vnode by vnode", () => {
    const held: Record<number, string[]> = { 0: ["a", "c"], 2: ["a", "b", "d"], 5: [], 9: ["c"] };
    const met = [...inOrder([9, 2, 5, 0], (vnode) => held[vnode][Symbol.iterator]() as Iterator<string, undefined>)];
    assert.deepEqual(
      met.map(({ vnode, address }) => `${address}${String(vnode)}`),
      ["a0", "a2", "b2", "c0", "c9", "d2"],
    );
  });
});

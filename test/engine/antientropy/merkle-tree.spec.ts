/** The tree against its dumb twin, and its bounds. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { Fingerprints } from "../../../engine/clocks/fingerprint";
import { MAX_SEGMENTS, MerkleTree, segmentsOf } from "../../../engine/antientropy/merkle-tree";
import { eachOf, SegmentPages } from "../../../engine/antientropy/segment-pages";
import { clockNamed, packActor } from "../../../engine/clocks/clock";
import { by } from "../clocks/event-maker";
import { DumbTree } from "./dumb-tree";

const shape = fc.constantFrom(
  { fanout: 2, depth: 1 },
  { fanout: 2, depth: 5 },
  { fanout: 3, depth: 3 },
  { fanout: 16, depth: 2 },
  { fanout: 100, depth: 1 },
);
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe("a Merkle tree", () => {
  it("is at every moment what its twin works out from scratch", () => {
    const act = fc.record({ key: fc.nat(120), hash: fc.nat(2 ** 32 - 1), high: int32, low: int32, gone: fc.boolean() });
    fc.assert(
      fc.property(shape, fc.array(act, { maxLength: 300 }), (made, acts) => {
        const tree = new MerkleTree(made);
        const twin = new DumbTree(made);
        for (const { key, hash, high, low, gone } of acts) {
          const name = `key${key}`;
          const before = twin.keys.get(name);
          const segment = before?.segment ?? tree.segmentOf(hash);
          assert.equal(tree.has(segment, name), before !== undefined);
          if (before !== undefined) tree.toggle(segment, before.high, before.low);
          if (gone) {
            twin.keys.delete(name);
            tree.remove(segment, name);
          } else {
            twin.keys.set(name, { segment, high, low });
            tree.toggle(segment, high, low);
            if (before === undefined) tree.insert(segment, name);
          }
        }
        twin.levels().forEach((level, depth) => {
          assert.equal(tree.width(depth), level.length);
          level.forEach(([high, low], node) => {
            assert.deepEqual([tree.high(depth, node), tree.low(depth, node)], [high, low]);
          });
        });
        assert.equal(tree.size, twin.keys.size);
        for (let segment = 0; segment < tree.segments; segment++) {
          assert.deepEqual(tree.keysOf(segment), twin.keysOf(segment));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("keeps few keys of a segment and many, and lets go of them again", () => {
    const tree = new MerkleTree({ fanout: 2, depth: 1 });
    const names = Array.from({ length: 200 }, (_, i) => `key${i}`);
    for (const name of names) tree.insert(1, name);
    assert.deepEqual(tree.keysOf(1), [...names].sort());
    for (const name of names) {
      assert.ok(tree.has(1, name));
      tree.remove(1, name);
      tree.remove(1, name);
      assert.ok(!tree.has(1, name));
    }
    assert.deepEqual([tree.size, tree.keysOf(1)], [0, []]);
  });

  it("hides no pair of keys that are written alike, as it would without the address in a fingerprint", () => {
    const clock = clockNamed("lww");
    const state = clock.update(undefined, "", { writeId: 1, value: "v", tombstone: false }, by(packActor(0, 0, 1)));
    const fingerprints = new Fingerprints(clock, "clock");
    const rootOf = (addressed: boolean): number => {
      const tree = new MerkleTree({ fanout: 2, depth: 2 });
      for (const name of ["key1", "key2"]) {
        fingerprints.of(addressed ? name : "", state);
        tree.toggle(3, fingerprints.high, fingerprints.low);
      }
      return tree.high(0, 0);
    };
    assert.equal(rootOf(false), 0, "the pair looks like no key at all");
    assert.notEqual(rootOf(true), 0);
  });

  it("has a shape within bounds", () => {
    assert.equal(segmentsOf({ fanout: 1_024, depth: 2 }), MAX_SEGMENTS);
    assert.equal(segmentsOf({ fanout: 2, depth: 20 }), MAX_SEGMENTS);
    for (const [fanout, depth] of [
      [1, 5],
      [1_025, 1],
      [2, 0],
      [2, 21],
      [1_024, 3],
      [2.5, 2],
      [2, 1e9],
    ]) {
      assert.throws(() => segmentsOf({ fanout, depth }), RangeError, `${fanout}^${depth}`);
    }
  });
});

describe("pages of segments", () => {
  const segmentKeys = fc.array(fc.uniqueArray(fc.stringMatching(/^[a-f]{1,3}$/), { maxLength: 12 }), {
    minLength: 1,
    maxLength: 6,
  });

  it("bring every key once, in order, in portions of any size", () => {
    fc.assert(
      fc.property(segmentKeys, fc.integer({ min: 1, max: 7 }), (segments, limit) => {
        const tree = new MerkleTree({ fanout: 8, depth: 1 });
        segments.forEach((keys, at) => keys.forEach((name) => tree.insert(at, name)));
        const pages = new SegmentPages();
        const other = new SegmentPages();
        const seen: string[] = [];
        const covered: string[] = [];
        let asked = segments.map((_, at) => at);
        let after = "";
        while (asked.length > 0) {
          const page = pages.take(tree, asked, after, limit);
          assert.ok(page.addresses.length <= limit);
          assert.ok(page.complete > 0 || page.last > after, "every page gets on");
          seen.push(...page.addresses);
          covered.push(...other.covered(tree, asked, after, page));
          asked = asked.slice(page.complete);
          after = page.last;
        }
        const all = segments.flatMap((keys) => [...keys].sort());
        assert.deepEqual(seen, all);
        assert.deepEqual(covered, all, "what a page speaks of, seen from a replica that holds the same");
      }),
    );
  });

  it("speak of what only the other side holds as well", () => {
    const mine = new MerkleTree({ fanout: 2, depth: 1 });
    const theirs = new MerkleTree({ fanout: 2, depth: 1 });
    for (const name of ["a", "c", "e", "g"]) mine.insert(0, name);
    for (const name of ["b", "f"]) theirs.insert(0, name);
    mine.insert(1, "z");
    const page = new SegmentPages().take(theirs, [0, 1], "", 1);
    assert.deepEqual(page, { complete: 0, last: "b", addresses: ["b"] });
    assert.deepEqual(new SegmentPages().covered(mine, [0, 1], "", page), ["a"]);
    const rest = new SegmentPages().take(theirs, [0, 1], "b", 10);
    assert.deepEqual(rest, { complete: 2, last: "", addresses: ["f"] });
    assert.deepEqual(new SegmentPages().covered(mine, [0, 1], "b", rest), ["c", "e", "g", "z"]);
  });
});

describe("work on many", () => {
  it("is under way for so many at once, ends once, and needs no stack", () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    let under = 0;
    let finished = 0;
    eachOf(
      10,
      3,
      (_, ended) => {
        most = Math.max(most, ++under);
        waiting.push(() => {
          under--;
          ended();
        });
      },
      () => finished++,
    );
    while (waiting.length > 0) waiting.shift()!();
    assert.deepEqual([most, under, finished], [3, 0, 1]);
    let done = 0;
    eachOf(
      100_000,
      3,
      (_, ended) => ended(),
      () => done++,
    );
    eachOf(
      0,
      3,
      () => assert.fail(),
      () => done++,
    );
    assert.equal(done, 2);
  });
});

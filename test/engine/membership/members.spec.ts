/**
 * What nodes know of each other comes in any order, twice, through anybody: all who have heard the same must know the same.
 * And the three ways in which such knowledge goes wrong: ghosts, lives from the future, somebody else's words in one's name.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { Members, MOST_LIVES_AHEAD } from "../../../engine/membership/members";
import { NO_RING } from "../../../engine/membership/ring-ids";
import type { MemberEntry } from "../../../engine/messages";

const UNIVERSE = 6;
const SELF = 5;
const HOUR = 3_600_000_000;

function members(quarantine = Infinity): Members {
  return new Members(SELF, UNIVERSE, { epoch: 1, wish: "in", replaces: undefined }, quarantine);
}

function entry(node: number, changes: Partial<MemberEntry> = {}): MemberEntry {
  return {
    node,
    epoch: 1,
    version: 1,
    wish: "in",
    replaces: undefined,
    seen: NO_RING,
    sent: NO_RING,
    removed: false,
    ...changes,
  };
}

/** What a node says with its n-th word is one thing, whoever passes it on. */
const said = fc
  .record({
    node: fc.integer({ min: 0, max: SELF - 1 }),
    epoch: fc.integer({ min: 1, max: 3 }),
    version: fc.integer({ min: 1, max: 4 }),
    removed: fc.integer({ min: 0, max: 9 }).map((luck) => luck === 0),
  })
  .map(({ node, epoch, version, removed }) =>
    entry(node, {
      epoch,
      version,
      removed,
      wish: (epoch + version) % 3 === 0 ? "out" : "in",
      replaces: node === 1 && version === 4 ? 0 : undefined,
      seen: { version: epoch * version, proposer: node },
    }),
  );

describe("what a node knows of others", () => {
  it("is the same whatever the order of the news, and however often it comes", () => {
    fc.assert(
      fc.property(
        fc
          .array(said, { maxLength: 20 })
          .chain((news) =>
            fc.tuple(
              fc.constant(news),
              fc.shuffledSubarray(news, { minLength: news.length }),
              fc.array(fc.nat(), { maxLength: 10 }),
            ),
          ),
        ([news, shuffled, again]) => {
          const one = members();
          const other = members();
          for (const what of news) one.merge(what, 0);
          for (const what of shuffled) other.merge(what, 0);
          for (const at of again) if (news.length > 0) other.merge(news[at % news.length], 1);
          assert.deepEqual(other.removed(), one.removed());
          assert.equal(other.hash(), one.hash());
          // Of the removed, no more is known than that.
          const living = (of: Members): readonly MemberEntry[] => of.all().filter(({ removed }) => !removed);
          assert.deepEqual(living(other), living(one));
        },
      ),
    );
  });

  it("goes over in one comparison of digests, both ways", () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 20 }), fc.array(said, { maxLength: 20 }), (first, second) => {
        const one = members();
        const other = members();
        for (const what of first) one.merge(what, 0);
        for (const what of second) other.merge(what, 0);
        const { news, wants } = one.compare(other.digests(), true);
        for (const node of wants) one.merge(other.of(node)!, 0);
        for (const what of news) other.merge(what, 0);
        assert.equal(other.hash(), one.hash());
      }),
    );
  });

  it("goes over from any window of digests too, with those that are missing between two", () => {
    const knows = members();
    for (const node of [0, 1, 2, 3, 4]) knows.merge(entry(node), 0);
    const newsFor = (...nodes: readonly number[]): readonly number[] =>
      knows
        .compare(
          nodes.flatMap((node) => [node, 1, 1]),
          false,
        )
        .news.map(({ node }) => node);
    assert.deepEqual(newsFor(0, 3), [1, 2]);
    assert.deepEqual(newsFor(2, 3), []);
    // From the last on to the first.
    assert.deepEqual(newsFor(3, 1), [0, 4, 5]);
    assert.deepEqual(newsFor(3), []);
  });

  it("does not let a ghost in, as long as the removal is remembered", () => {
    for (const quarantine of [Infinity, HOUR]) {
      const known = members(quarantine);
      known.merge(entry(2, { version: 7 }), 0);
      assert.ok(known.remove(2, 0));
      known.forget(HOUR - 1, () => false);
      known.merge(entry(2, { epoch: 2, version: 9 }), HOUR - 1);
      assert.ok(known.isRemoved(2));
      assert.ok(known.of(2)!.removed);
    }
  });

  it("lets it in once the quarantine is over: that is what the quarantine is for", () => {
    const known = members(HOUR);
    known.merge(entry(2), 0);
    known.remove(2, 0);
    known.forget(HOUR, (node) => node === 2);
    assert.ok(known.isRemoved(2), "whoever is still in the ring is not forgotten");
    known.forget(HOUR, () => false);
    assert.equal(known.of(2), undefined);
    assert.equal(known.merge(entry(2, { version: 3 }), HOUR), "news");
    assert.ok(!known.isRemoved(2));
  });

  it("refuses a life from the future, and takes the next one", () => {
    const known = members();
    assert.equal(known.merge(entry(1, { epoch: 3 }), 0), "news");
    assert.equal(known.merge(entry(1, { epoch: 4 + MOST_LIVES_AHEAD }), 0), "generation from the future");
    assert.equal(known.of(1)!.epoch, 3);
    assert.equal(known.merge(entry(1, { epoch: 4 }), 0), "news");
    assert.equal(known.merge(entry(2, { epoch: 1 + MOST_LIVES_AHEAD }), 0), "generation from the future");
    assert.equal(known.merge(entry(UNIVERSE), 0), "no such node");
  });

  it("is told of a node by that node alone", () => {
    const known = members();
    assert.equal(known.merge(entry(SELF, { epoch: 2 }), 0), "another speaks in this node's name");
    assert.equal(known.own.epoch, 1);
    // Of this life, said before it was forgotten: what is said next is newer.
    assert.equal(known.merge(entry(SELF, { version: 8, wish: "gone" }), 0), "news");
    assert.equal(known.own.wish, "in");
    assert.equal(known.own.version, 9);
    known.merge(entry(SELF, { removed: true }), 0);
    assert.ok(known.isRemoved(SELF));
  });

  it("takes a dead node's successor for news of its death", () => {
    const known = members();
    known.merge(entry(3), 0);
    assert.equal(known.merge(entry(4, { replaces: 3 }), 0), "news");
    assert.deepEqual(known.removed(), [3]);
  });
});

/** Rings that change: as little as possible moves, whatever the order in which members come and go. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { firstPlan, nextPlan, type RingPlan } from "../../../engine/ring/plan";
import { Ring } from "../../../engine/ring/ring";
import { Random } from "../../../engine/vocabulary/random";
import type { MemberSettings, RingSettings } from "../../../engine/vocabulary/settings";

const SETTINGS: RingSettings = {
  strategy: "equal-partitions",
  partitions: 64,
  vnodesPerNode: 8,
  hash: "murmur3",
  distinctHosts: "walk",
};
const seed = (): Random => Random.fromSeed(5).fork("ring");

function universe(weights: readonly number[], first = weights.length): MemberSettings[] {
  return weights.map((weight, i) => ({
    id: `node-${i + 1}`,
    zone: "zone-1",
    weight,
    ...(i < first ? {} : { joins: true as const }),
  }));
}

const countsOf = (plan: RingPlan): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const node of plan.owners ?? []) counts.set(node, (counts.get(node) ?? 0) + 1);
  return counts;
};

/** A universe and who is in the ring after each of several changes. */
const histories = fc
  .record({
    weights: fc.array(fc.constantFrom(0.5, 1, 1, 1, 2), { minLength: 2, maxLength: 12 }),
    extra: fc.nat(90),
    changes: fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
  })
  .map(({ weights, extra, changes }) => ({
    nodes: universe(weights),
    settings: { ...SETTINGS, partitions: weights.length + extra },
    steps: changes.map((toggled) => toggled.map((node) => node % weights.length)),
  }));

/** The members after those nodes have come or gone; never none. */
function toggle(members: readonly number[], toggled: readonly number[]): number[] {
  const after = new Set(members);
  for (const node of toggled) {
    if (!after.delete(node)) after.add(node);
    if (after.size === 0) after.add(node);
  }
  return [...after].sort((a, b) => a - b);
}

describe("the plan of a ring", () => {
  it("leaves out who joins later, and a ring of it says so", () => {
    const nodes = universe([1, 1, 1, 1], 3);
    for (const strategy of ["equal-partitions", "random-tokens"] as const) {
      const settings = { ...SETTINGS, strategy };
      const plan = firstPlan(settings, nodes, seed());
      assert.deepEqual(plan.members, [0, 1, 2]);
      const ring = Ring.of(settings, nodes, plan, seed());
      assert.deepEqual([ring.has(2), ring.has(3), ring.members.length], [true, false, 4]);
      assert.equal(ring.ownership()[3], 0);
      assert.equal(ring.replicaShare(3)[3], 0);
      assert.deepEqual(
        ring
          .preferenceListAt(99, 9)
          .map(({ node }) => node)
          .sort(),
        [0, 1, 2],
      );
      assert.ok(!ring.describe().includes("node-4"));
    }
    assert.throws(() => firstPlan(SETTINGS, universe([1, 1], 0), seed()), /does not join later/);
  });

  it("moves exactly the partitions that the counts before and after make necessary", () => {
    fc.assert(
      fc.property(histories, ({ nodes, settings, steps }) => {
        let plan = firstPlan(settings, nodes, seed());
        for (const toggled of steps) {
          const next = nextPlan(settings, nodes, plan, toggle(plan.members, toggled), seed());
          const [before, after] = [countsOf(plan), countsOf(next)];
          let least = 0;
          for (const [node, count] of after) least += Math.max(0, count - (before.get(node) ?? 0));
          const moved = next.owners!.filter((node, i) => node !== plan.owners![i]).length;
          assert.equal(moved, least);
          plan = next;
        }
      }),
      { numRuns: 150 },
    );
  });

  it("gives every member its share by weight, within a partition, after any history", () => {
    fc.assert(
      fc.property(histories, ({ nodes, settings, steps }) => {
        let plan = firstPlan(settings, nodes, seed());
        for (const toggled of steps) plan = nextPlan(settings, nodes, plan, toggle(plan.members, toggled), seed());
        const total = plan.members.reduce((sum, node) => sum + nodes[node].weight, 0);
        const quotas = plan.members.map((node) => (settings.partitions * nodes[node].weight) / total);
        const counts = countsOf(plan);
        assert.deepEqual(
          [...counts.keys()].sort((a, b) => a - b),
          plan.members,
        );
        fc.pre(quotas.every((quota) => quota >= 1));
        plan.members.forEach((node, i) => assert.ok(Math.abs(counts.get(node)! - quotas[i]) < 1));
      }),
      { numRuns: 150 },
    );
  });

  it("is the same for whoever computes it, and unchanged where nobody came or went", () => {
    fc.assert(
      fc.property(histories, ({ nodes, settings, steps }) => {
        let plan = firstPlan(settings, nodes, seed());
        for (const toggled of steps) {
          const members = toggle(plan.members, toggled);
          const next = nextPlan(settings, nodes, plan, members, seed());
          const copy = JSON.parse(JSON.stringify(plan)) as RingPlan;
          assert.deepEqual(nextPlan(settings, nodes, copy, [...members].reverse(), seed()), next);
          assert.equal(nextPlan(settings, nodes, next, members, seed()), next);
          plan = next;
        }
      }),
      { numRuns: 60 },
    );
  });

  it("gives rings whose lists have as many nodes as there are, up to n", () => {
    fc.assert(
      fc.property(histories, ({ nodes, settings, steps }) => {
        let plan = firstPlan(settings, nodes, seed());
        for (const toggled of steps) {
          plan = nextPlan(settings, nodes, plan, toggle(plan.members, toggled), seed());
          const ring = Ring.of(settings, nodes, plan, seed());
          for (const { at } of ring.tokens()) {
            const list = ring.preferenceListAt(at, 3).map(({ node }) => node);
            assert.equal(new Set(list).size, Math.min(3, plan.members.length));
            assert.ok(list.every((node) => plan.members.includes(node)));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keeps three copies apart without walking from 3 to 6 nodes, and neighbours apart on the way back", () => {
    const nodes = universe([1, 1, 1, 1, 1, 1], 3);
    const settings: RingSettings = { ...SETTINGS, distinctHosts: "claim" };
    let plan = firstPlan(settings, nodes, seed());
    const sizes = [
      [0, 1, 2, 3],
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
      [1, 2, 4, 5],
    ];
    for (const members of sizes) {
      const previous = plan.members.length;
      plan = nextPlan(settings, nodes, plan, members, seed());
      const ring = Ring.of(settings, nodes, plan, seed());
      for (const { at } of ring.tokens()) {
        const list = ring.preferenceListAt(at, 3);
        const apart = plan.members.length >= previous ? 3 : 2;
        assert.ok(new Set(list.map(({ node }) => node)).size >= apart, `${members.join()} at ${at}`);
        assert.notEqual(list[0].node, list[1].node);
      }
    }
  });

  it("keeps the tokens of those who stay where they are, whoever else is in the ring", () => {
    const settings: RingSettings = { ...SETTINGS, strategy: "random-tokens" };
    const nodes = universe([1, 1, 2, 1], 3);
    const first = firstPlan(settings, nodes, seed());
    const grown = nextPlan(settings, nodes, first, [0, 1, 2, 3], seed());
    const shrunk = nextPlan(settings, nodes, grown, [0, 2, 3], seed());
    const tokens = (plan: RingPlan) => Ring.of(settings, nodes, plan, seed()).tokens();
    assert.deepEqual(
      tokens(grown).filter(({ node }) => node !== 3),
      tokens(first),
    );
    assert.deepEqual(
      tokens(shrunk),
      tokens(grown).filter(({ node }) => node !== 1),
    );
    const whole = Ring.build(settings, universe([1, 1, 2, 1]), seed()).tokens();
    assert.deepEqual(tokens(grown), whole);
  });

  it("that is none is refused", () => {
    const nodes = universe([1, 1, 1]);
    const of = (plan: RingPlan) => () => Ring.of({ ...SETTINGS, partitions: 3 }, nodes, plan, seed());
    assert.throws(of({ members: [0, 3], owners: [0, 3, 0] }), /node 3 is in a ring whose universe has 3/);
    assert.throws(of({ members: [1, 0], owners: [0, 1, 0] }), /not ascending/);
    assert.throws(of({ members: [], owners: [] }), /at least one node/);
    assert.throws(of({ members: [0, 1], owners: [0, 2, 1] }), /not in the ring/);
    assert.throws(of({ members: [0, 1], owners: [0, 1] }), /2 partitions where/);
    assert.throws(of({ members: [0, 1] }), /who owns/);
    const small = { ...SETTINGS, partitions: 2 };
    const plan = firstPlan(small, universe([1, 1, 1], 2), seed());
    assert.throws(() => nextPlan(small, nodes, plan, [0, 1, 2], seed()), /2 partitions for 3 nodes/);
  });
});

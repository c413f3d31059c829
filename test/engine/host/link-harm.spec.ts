/**
 * What several faults amount to on one directed link, as a table: chances combine as independent ones, delays add, holds
 * end where they were released, and a partition cuts in the direction it says, for clients' sessions too.
 */
import { strict as assert } from "node:assert";
import type { LinkRule, PartitionRule } from "../../../engine/host/faults";
import { harmOf, isCut } from "../../../engine/host/link-harm";

const NONE = { loss: 0, duplicate: 0, reorder: 0 };
const links = (from: number[], to: number[], bothWays = false) => ({ from: new Set(from), to: new Set(to), bothWays });
const rule = (from: number[], to: number[], what: Partial<LinkRule>, bothWays = false): LinkRule => ({
  ...links(from, to, bothWays),
  ...what,
});
const split = (groupOf: number[], more: Partial<PartitionRule> = {}): PartitionRule => ({
  groupOf,
  groups: Math.max(...groupOf) + 1,
  oneWay: false,
  sideOf: undefined,
  ...more,
});

describe("the harm of a link", () => {
  it("is nothing where no rule and no partition reaches it", () => {
    const rules = [rule([0], [1], { loss: 0.5 })];
    assert.equal(harmOf(NONE, [], [], 3, 0, 1), undefined);
    assert.equal(harmOf(NONE, rules, [split([0, 0, 1])], 3, 1, 0), undefined, "the way back was not asked for");
  });

  it("combines chances with each other and with the network's own, and adds delays in order", () => {
    const extra = [
      { dist: "constant" as const, valueMs: 1 },
      { dist: "constant" as const, valueMs: 2 },
    ];
    const harm = harmOf(
      { loss: 0.5, duplicate: 0, reorder: 0.25 },
      [
        rule([0, 1], [2], { loss: 0.5, extra: extra[0] }),
        rule([2], [0], { duplicate: 0.25, extra: extra[1] }, true),
        rule([1], [2], { reorder: 1 }),
      ],
      [],
      3,
      0,
      2,
    );
    assert.deepEqual(harm, { loss: 0.75, duplicate: 0.25, reorder: 0.25, extra, held: false, cut: false });
  });

  it("holds while one hold was not released on this very link", () => {
    const held = (...rules: LinkRule[]): boolean | undefined => harmOf(NONE, rules, [], 3, 0, 1)?.held;
    assert.equal(held(rule([0], [1], { hold: { except: [] } })), true);
    assert.equal(held(rule([0], [1], { hold: { except: [links([1], [0])] } })), true, "released the other way");
    assert.equal(held(rule([0], [1], { hold: { except: [links([1], [0], true)] } })), false);
    assert.equal(
      held(rule([0], [1], { hold: { except: [links([0], [1])] } }), rule([0], [1], { hold: { except: [] } })),
      true,
      "another hold goes on",
    );
  });

  it("is a cut between groups, one way where it says so, and never for nodes in no group", () => {
    const both = [split([0, 1, -1])];
    const pairs = [0, 1, 2].flatMap((from) => [0, 1, 2].map((to) => [from, to] as const));
    const cutIn = (partitions: PartitionRule[]) =>
      pairs.filter(([from, to]) => harmOf(NONE, [], partitions, 3, from, to)?.cut === true);
    assert.deepEqual(cutIn(both), [
      [0, 1],
      [1, 0],
    ]);
    assert.deepEqual(cutIn([split([0, 1, -1], { oneWay: true })]), [[0, 1]]);
    assert.deepEqual(cutIn([split([0, 1, -1], { oneWay: true }), split([-1, 0, 1], { oneWay: true })]), [
      [0, 1],
      [1, 2],
    ]);
  });

  it("cuts sessions by the side they stand on", () => {
    const [nodes, session] = [2, 2 + 5];
    assert.equal(isCut([split([0, 1])], nodes, session, 1), false, "clients reach everybody");
    const follow = split([0, 1], { sideOf: (number) => number % 2, oneWay: true });
    assert.equal(isCut([follow], nodes, session, 0), false, "a later group still reaches an earlier one");
    assert.equal(isCut([follow], nodes, 0, session), true, "but not the answer");
    assert.equal(isCut([follow], nodes, session, 1), false);
  });
});

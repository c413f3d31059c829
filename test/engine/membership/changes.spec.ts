/**
 * When the next step is proposed, by whom, and which: a table. And what the whole argument rests on, by trying everything:
 * whatever several proposers do, told whatever of who is up and who was removed, no two members ever go by steps between which
 * a write of one may be missed by a read of the other.
 */
import { strict as assert } from "node:assert";
import { type ChangeView, mayCoordinate, proposal, proposerOf, votersOf } from "../../../engine/membership/changes";
import { Members } from "../../../engine/membership/members";
import { compareRingIds, NO_RING } from "../../../engine/membership/ring-ids";
import type { MemberEntry, RingState } from "../../../engine/messages";
import { Random } from "../../../engine/vocabulary/random";

const UNIVERSE = 6;

function settled(version: number, ...nodes: readonly number[]): RingState {
  return { id: { version, proposer: 0 }, phase: "settled", plan: { members: nodes }, next: undefined, former: [], without: [] }; // prettier-ignore
}

function step(phase: "joining" | "switching", plan: readonly number[], next: readonly number[]): RingState {
  return { ...settled(5, ...plan), phase, next: { members: next } };
}

/** Node `self` has heard of `others`; all of them have seen the ring and sent all, unless they say otherwise. */
function view(
  self: number,
  ring: RingState,
  others: Readonly<Record<number, Partial<MemberEntry>>>,
  down: readonly number[] = [],
): ChangeView {
  const members = new Members(self, UNIVERSE, { epoch: 1, wish: "in", replaces: undefined }, Infinity);
  const usual = { epoch: 1, version: 1, wish: "in", replaces: undefined, seen: ring.id, sent: ring.id, removed: false } as const; // prettier-ignore
  members.say({ seen: ring.id, sent: ring.id, ...others[self] });
  for (const [node, entry] of Object.entries(others))
    if (Number(node) !== self) members.merge({ ...usual, node: Number(node), ...entry }, 0);
  const nextPlan: ChangeView["nextPlan"] = (_, nodes) => ({ members: nodes });
  return { self, ring, members, believedUp: (node) => !down.includes(node), nextPlan };
}

function inWords(state: RingState | undefined): string {
  if (state === undefined) return "nothing";
  const { phase, plan, next, former, without } = state;
  const more = [former.length > 0 ? `former ${former.join()}` : "", without.length > 0 ? `without ${without.join()}` : ""]; // prettier-ignore
  const to = next === undefined ? "" : ` ${phase === "joining" ? ">" : "<"} ${next.members.join()}`;
  return [`${phase} ${plan.members.join()}${to}`, ...more.filter((text) => text !== "")].join(", ");
}

describe("the next step of a ring", () => {
  const all = { 0: {}, 1: {}, 2: {} };
  const joining = step("joining", [0, 1], [0, 1, 2]);
  const switching = step("switching", [1, 2], [0, 1]);
  const table: readonly [string, ChangeView, string][] = [
    ["nobody wants anything", view(0, settled(1, 0, 1, 2), all), "nothing"],
    ["one wants to come", view(0, settled(1, 0, 1), all), "joining 0,1 > 0,1,2"],
    ["one that is not believed to be up", view(0, settled(1, 0, 1), all, [2]), "nothing"],
    ["one wants to go", view(0, settled(1, 0, 1, 2), { ...all, 2: { wish: "out" } }), "joining 0,1,2 > 0,1"],
    ["all want to go", view(0, settled(1, 0, 1), { 0: { wish: "out" }, 1: { wish: "out" } }), "nothing"],
    ["somebody is behind", view(0, settled(2, 0, 1), { ...all, 1: { seen: NO_RING } }), "nothing"],
    ["somebody else's turn", view(1, settled(1, 0, 1), all), "nothing"],
    ["whose turn it was is down", view(1, settled(1, 0, 1), all, [0]), "joining 0,1 > 0,1,2"],
    ["one was removed", view(0, settled(1, 0, 1, 2), { ...all, 2: { removed: true } }), "joining 0,1,2 > 0,1, without 2"], // prettier-ignore
    ["a leaver has not seen that it is out", view(0, { ...settled(3, 0, 1), former: [2] }, { ...all, 2: { seen: NO_RING, wish: "out" }, 3: {} }), "nothing"], // prettier-ignore
    ["a leaver is gone", view(0, { ...settled(3, 0, 1), former: [2] }, { ...all, 2: { seen: NO_RING, wish: "gone" }, 3: {} }), "joining 0,1 > 0,1,3"], // prettier-ignore
    ["all is sent", view(0, joining, all), "switching 0,1,2 < 0,1"],
    ["one has not sent all", view(0, joining, { ...all, 1: { sent: NO_RING } }), "nothing"],
    ["the newcomer is behind", view(0, joining, { ...all, 2: { seen: NO_RING } }), "nothing"],
    ["one that was gone is back and behind", view(0, joining, { ...all, 2: { seen: NO_RING, wish: "gone" } }), "nothing"], // prettier-ignore
    ["one was removed meanwhile", view(0, joining, { ...all, 1: { removed: true } }), "joining 0,1 > 0,1,2, without 1"],
    ["and all know it", view(0, { ...joining, without: [1] }, { ...all, 1: { removed: true } }), "joining 0,1 > 0,2, without 1"], // prettier-ignore
    ["a leaver was removed, and all know it", view(0, { ...step("joining", [0, 1], [0]), without: [1] }, { 0: {}, 1: { removed: true } }), "switching 0 < 0,1, without 1"], // prettier-ignore
    ["all newcomers were removed", view(0, { ...step("joining", [0, 1], [2]), without: [2] }, { ...all, 2: { removed: true } }), "joining 0,1 > 0,1"], // prettier-ignore
    ["all have switched", view(0, switching, all), "settled 1,2, former 0"],
    ["one has not", view(0, switching, { ...all, 1: { seen: NO_RING } }), "nothing"],
    ["one was removed while they switch", view(0, switching, { ...all, 2: { removed: true } }), "switching 1,2 < 0,1, without 2"], // prettier-ignore
  ];
  for (const [when, seen, next] of table)
    it(`where ${when}: ${next}`, () => assert.equal(inWords(proposal(seen)), next));

  it("is for the lowest that is up of those that were there before", () => {
    const from = { 1: {}, 2: {}, 3: {} };
    assert.equal(proposerOf(view(1, step("joining", [1, 2], [0, 3]), from)), 1);
    assert.equal(proposerOf(view(2, step("joining", [1, 2], [0, 3]), from, [1])), 2);
    assert.equal(proposerOf(view(3, step("joining", [1, 2], [0, 3]), from, [0, 1, 2])), undefined);
    assert.equal(proposerOf(view(2, step("switching", [0, 3], [1, 2]), from, [1])), 2);
    const dead = { ...from, 1: { removed: true }, 2: { removed: true } };
    assert.equal(proposerOf(view(3, step("joining", [1, 2], [0, 3]), dead, [0])), 3);
  });

  it("needs all of both rings, and leavers until they are gone; not the removed", () => {
    const { members } = view(0, settled(1, 0), { 1: { wish: "gone" }, 2: { wish: "gone" }, 3: { removed: true } });
    assert.deepEqual(votersOf({ ...step("joining", [0, 1], [1, 3]), former: [2, 4] }, members), [0, 1, 4]);
  });
});

/** One member, as far as rings go: what it goes by, and what it has heard. */
interface Member {
  readonly members: Members;
  ring: RingState;
}

/** Whom a member reads, and whom it writes. */
function places({ plan, next }: RingState): { readonly reads: string; readonly writes: readonly string[] } {
  return { reads: plan.members.join(), writes: [plan, ...(next === undefined ? [] : [next])].map((p) => p.members.join()) }; // prettier-ignore
}

describe("several who propose at once", () => {
  it("never bring two members to steps between which a write may be missed", () => {
    let changes = 0;
    let removals = 0;
    for (let seed = 1; seed <= 1_000; seed++) {
      const random = Random.fromSeed(seed);
      const first = settled(1, 0, 1, 2);
      const world: Member[] = Array.from({ length: UNIVERSE }, (_, self) => ({
        members: new Members(self, UNIVERSE, { epoch: 1, wish: "in", replaces: undefined }, Infinity),
        ring: first,
      }));
      for (const node of [0, 1, 2]) world[node].members.say({ seen: first.id });
      const dead = new Set<number>();
      const living = (): readonly number[] => world.map((_, node) => node).filter((node) => !dead.has(node));
      const any = <T>(items: readonly T[]): T => items[random.nextBelow(items.length)];
      const adopt = (node: number, ring: RingState): void => {
        const member = world[node];
        if (compareRingIds(ring.id, member.ring.id) <= 0 || member.members.isRemoved(node)) return;
        member.ring = ring;
        for (const removed of ring.without) member.members.remove(removed, 0);
        // Operations of the step before may take their time.
        if (random.nextBelow(2) === 0) member.members.say({ seen: ring.id });
        changes++;
      };
      for (let turn = 0; turn < 120; turn++) {
        const node = any(living());
        const { members, ring } = world[node];
        const luck = random.nextBelow(20);
        if (luck === 0 && living().length > 3) {
          // It dies, and one of the others is told.
          dead.add(node);
          world[any(living())].members.remove(node, 0);
          removals++;
        } else if (luck === 1) members.say({ wish: any(["in", "out"] as const) });
        else if (luck < 5) members.say({ seen: ring.id, sent: ring.id });
        else if (luck < 14) {
          const from = world[any(living())];
          if (!members.isRemoved(node)) {
            for (const entry of from.members.all()) if (random.nextBelow(4) > 0) members.merge(entry, 0);
            adopt(node, from.ring);
          }
        } else {
          const believedUp = (other: number): boolean => !dead.has(other) && random.nextBelow(4) > 0;
          const nextPlan: ChangeView["nextPlan"] = (_, nodes) => ({ members: nodes });
          const next = proposal({ self: node, ring, members, believedUp, nextPlan });
          if (next !== undefined) adopt(node, next);
        }
        const going = living().flatMap((one) => (mayCoordinate(world[one].ring, one) ? [world[one]] : []));
        for (const one of going) {
          const { reads } = places(one.ring);
          for (const other of going)
            assert.ok(places(other.ring).writes.includes(reads), `seed ${String(seed)}: ${inWords(one.ring)} beside ${inWords(other.ring)}`); // prettier-ignore
        }
      }
    }
    assert.ok(changes > 5_000 && removals > 500, `${String(changes)} steps, ${String(removals)} removals`);
  });
});

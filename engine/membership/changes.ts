/**
 * How the ring changes while it serves. A change is three steps, and no step is taken before every voter has seen the last
 * one and has no operation of an earlier one in progress:
 *
 *   settled, plan A     everybody reads and writes A
 *   joining, A to B     reads A; writes A and B, with W more than usual so that both have a quorum; senders send B what it lacks
 *   switching, B from A reads B; writes B and A
 *   settled, plan B     everybody reads and writes B; what is left over elsewhere goes to its owners and then away
 *
 * So at any moment the members are in at most two neighbouring steps, and in any two neighbouring steps a quorum of writes
 * and a quorum of reads meet: that is the whole argument. It costs that a member that is down holds up a change until it
 * comes back, or an operator removes it; clients notice nothing meanwhile but W more acknowledgements.
 *
 * A removal in the middle of a change is two more steps, never one. First the same step is taken anew, without the removed:
 * that is a neighbour of all that anybody may be proposing at the same time. Only when all have seen it may another ring be
 * aimed at, and then it must: what comes after a state follows from the state, so that no two proposers can go apart.
 *
 * Somebody must propose. Riak has a claimant; here it is no office: whoever is the lowest of those it believes to be up
 * proposes, from what everybody knows, and should two do so at once the order of states decides, for neither can go on
 * before all have seen the same one. Nothing is lost with the proposer: the next one goes on from the state it finds.
 *
 * Sources: riak_core's claimant and ring manager (reference 2.15); Cassandra's writes to pending replicas; the joint step
 * is that of Raft's membership changes (Ongaro and Ousterhout 2014, section 6), with unanimity in place of majorities.
 */
import type { NodeIndex, RingState } from "../messages";
import type { RingPlan } from "../ring/plan";
import { isSameRing } from "./ring-ids";
import type { Members } from "./members";

export interface ChangeView {
  readonly self: NodeIndex;
  readonly ring: RingState;
  readonly members: Members;
  readonly believedUp: (node: NodeIndex) => boolean;
  /** The ring of these members that moves as little as can be. */
  readonly nextPlan: (previous: RingPlan, members: readonly NodeIndex[]) => RingPlan;
}

/** Who has a say in the step that this state is: all who may coordinate under it, or may still be behind it. */
export function votersOf(ring: RingState, members: Members): readonly NodeIndex[] {
  // Who is of the ring is believed to be gone only by those who have not heard of its coming back.
  const leavers = ring.former.filter((node) => members.of(node)?.wish !== "gone");
  const voters = new Set([...ring.plan.members, ...(ring.next?.members ?? []), ...leavers]);
  return [...voters].filter((node) => !members.isRemoved(node));
}

/**
 * Whether a node may answer clients under this state. Who joins may not before all have switched: two may propose at once to
 * let different ones in, and who is let in by the one that gives way is a voter of the other's no more.
 */
export function mayCoordinate({ plan, next, phase }: RingState, node: NodeIndex): boolean {
  return plan.members.includes(node) || (phase === "switching" && next!.members.includes(node));
}

/**
 * The lowest member that this node believes to be up, of those that were there before the change: of two who propose at once
 * each is then a voter of the other. Newcomers only where nobody else is left.
 */
export function proposerOf({ self, ring, members, believedUp }: ChangeView): NodeIndex | undefined {
  const { plan, next, phase } = ring;
  const [old, fresh] = phase === "switching" ? [next, plan] : [plan, next];
  const alive = (of: RingPlan | undefined): readonly NodeIndex[] =>
    of === undefined ? [] : of.members.filter((node) => !members.isRemoved(node));
  const present = alive(old);
  const candidates = present.length > 0 ? present : alive(fresh);
  return candidates.find((node) => node === self || believedUp(node));
}

/** The state that this node is to propose now; undefined: none, or not by this node, or not yet. */
export function proposal(view: ChangeView): RingState | undefined {
  const { self, ring, members } = view;
  if (members.isRemoved(self) || proposerOf(view) !== self) return undefined;
  const id = { version: ring.id.version + 1, proposer: self };
  if (ring.phase !== "settled") {
    const without = removedFrom(ring.plan, ring.next!, members);
    if (!sameNodes(without, ring.without)) return { ...ring, id, without };
  }
  const voters = votersOf(ring, members);
  if (!voters.every((node) => isSameRing(members.seen(node), ring.id))) return undefined;
  switch (ring.phase) {
    case "settled": {
      const wanted = wantedMembers(view);
      return sameNodes(wanted, ring.plan.members) ? undefined : planned(view, wanted);
    }
    case "joining": {
      if (ring.next!.members.some((node) => ring.without.includes(node))) return planned(view, remaining(view));
      const senders = ring.plan.members.filter((node) => !members.isRemoved(node));
      if (!senders.every((node) => isSameRing(members.of(node)?.sent ?? ring.id, ring.id))) return undefined;
      return { id, phase: "switching", plan: ring.next!, next: ring.plan, former: [], without: ring.without };
    }
    case "switching": {
      const staying = new Set(ring.plan.members);
      const former = ring.next!.members.filter((node) => !staying.has(node) && !members.isRemoved(node));
      return { id, phase: "settled", plan: ring.plan, next: undefined, former, without: [] };
    }
  }
}

function planned(view: ChangeView, wanted: readonly NodeIndex[]): RingState | undefined {
  if (wanted.length === 0) return undefined;
  const { ring, self, members } = view;
  const id = { version: ring.id.version + 1, proposer: self };
  const next = view.nextPlan(ring.plan, wanted);
  return { id, phase: "joining", plan: ring.plan, next, former: [], without: removedFrom(ring.plan, next, members) };
}

/** Of a change in which somebody was lost: those it was to lead to; if nobody is left of them, those it came from. */
function remaining({ ring, members }: ChangeView): readonly NodeIndex[] {
  const alive = (node: NodeIndex): boolean => !members.isRemoved(node);
  const left = ring.next!.members.filter(alive);
  return left.length > 0 ? left : ring.plan.members.filter(alive);
}

/** Members that stay, and those that want to come. */
function wantedMembers({ ring, members, self, believedUp }: ChangeView): readonly NodeIndex[] {
  const wanted = new Set<NodeIndex>();
  for (const node of ring.plan.members) {
    const wish = members.of(node)?.wish ?? "in";
    if (!members.isRemoved(node) && wish === "in") wanted.add(node);
  }
  for (const { node, wish, epoch, removed } of members.all())
    if (wish === "in" && epoch > 0 && !removed && (node === self || believedUp(node))) wanted.add(node);
  return [...wanted].sort((a, b) => a - b);
}

function removedFrom(plan: RingPlan, next: RingPlan, members: Members): readonly NodeIndex[] {
  const both = new Set([...plan.members, ...next.members]);
  return [...both].filter((node) => members.isRemoved(node)).sort((a, b) => a - b);
}

function sameNodes(a: readonly NodeIndex[], b: readonly NodeIndex[]): boolean {
  return a.length === b.length && a.every((node, i) => node === b[i]);
}

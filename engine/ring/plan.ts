/**
 * What two nodes must agree on to have the same ring, and how it changes. Where tokens follow from seed, id and weight alone, that is who is in
 * it; where partitions are dealt or tokens placed, what was decided before counts too, and stands in the plan. A plan is plain data: gossip
 * carries it, and a node builds its {@link Ring} from it.
 *
 * `nextPlan` is a function of the plan before and the members after, so that whoever proposes a change and whoever checks it find the same one;
 * and it moves as little as the strategy can. The mistake it avoids is a ring computed from the members alone: laid out afresh, nearly every
 * partition of a strategy-3 ring would change hands when one node joins.
 */
import type { Random } from "../vocabulary/random";
import type { MemberSettings, RingSettings } from "../vocabulary/settings";
import { redeal } from "./dealing";
import { layOut, partitionCounts } from "./layout";
import { MAX_NODES, MAX_VNODES } from "./walk";

/** A place in the universe, which is every node that exists at any time of a run; never reused. */
export type NodeIndex = number;

export interface RingPlan {
  /** Ascending. */
  readonly members: readonly NodeIndex[];
  /** Strategies that deal partitions: the owner of each. */
  readonly owners?: readonly NodeIndex[];
  /** Strategies whose tokens depend on what was there before: position and node, in order of position. */
  readonly tokens?: readonly (readonly [number, NodeIndex])[];
}

/**
 * Of the members that do not join later.
 * @throws RangeError naming the setting that cannot be met.
 */
export function firstPlan(settings: RingSettings, universe: readonly MemberSettings[], random: Random): RingPlan {
  void random;
  checkUniverse(universe);
  const members = universe.flatMap(({ joins }, node) => (joins === true ? [] : [node]));
  if (members.length === 0) throw new RangeError("a ring needs at least one node that does not join later");
  switch (settings.strategy) {
    case "equal-partitions": {
      checkPartitions(settings.partitions, members.length);
      const counts = partitionCounts(
        settings.partitions,
        members.map((node) => universe[node].weight),
      );
      return { members, owners: layOut(counts).map((at) => members[at]) };
    }
    case "random-tokens":
      return { members };
  }
}

/**
 * The ring of `members` that is nearest to `previous`. Equal members give the same plan again.
 * @throws RangeError naming the setting that cannot be met.
 */
export function nextPlan(
  settings: RingSettings,
  universe: readonly MemberSettings[],
  previous: RingPlan,
  members: readonly NodeIndex[],
  random: Random,
): RingPlan {
  void random;
  const after = [...new Set(members)].sort((a, b) => a - b);
  checkMembers(after, universe);
  if (same(after, previous.members)) return previous;
  switch (settings.strategy) {
    case "equal-partitions":
      return {
        members: after,
        owners: redeal(
          ownersOf(previous),
          after,
          universe.map(({ weight }) => weight),
        ),
      };
    case "random-tokens":
      return { members: after };
  }
}

/** @throws RangeError for a universe that no ring can be of. */
export function checkUniverse(universe: readonly MemberSettings[]): void {
  if (universe.length === 0) throw new RangeError("a ring needs at least one node");
  if (universe.length > MAX_NODES) throw new RangeError(`${universe.length} nodes; at most ${MAX_NODES}`);
  const ids = new Set<string>();
  for (const { id, weight } of universe) {
    if (ids.has(id)) throw new RangeError(`two nodes are called ${id}`);
    ids.add(id);
    if (!(weight > 0 && weight < Infinity)) throw new RangeError(`${id} has weight ${weight}; it must be above 0`);
  }
}

export function checkMembers(members: readonly NodeIndex[], universe: readonly MemberSettings[]): void {
  if (members.length === 0) throw new RangeError("a ring needs at least one node");
  members.forEach((node, i) => {
    if (!Number.isInteger(node) || node < 0 || node >= universe.length)
      throw new RangeError(`node ${node} is in a ring whose universe has ${universe.length}`);
    if (i > 0 && node <= members[i - 1]) throw new RangeError("the members of a plan are not ascending");
  });
}

export function checkPartitions(partitions: number, nodes: number): void {
  if (!Number.isInteger(partitions) || partitions < nodes)
    throw new RangeError(
      `partitions (Q) is ${partitions} for ${nodes} nodes; ` +
        "it must be a whole number, and at least one partition a node",
    );
  if (partitions > MAX_VNODES) throw new RangeError(`partitions (Q) is ${partitions}; at most ${MAX_VNODES}`);
}

export function ownersOf(plan: RingPlan): readonly NodeIndex[] {
  if (plan.owners === undefined) throw new RangeError("the plan does not say who owns the partitions");
  return plan.owners;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

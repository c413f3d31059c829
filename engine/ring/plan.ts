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
import type { NodeIndex, RingPlan } from "../vocabulary/ring-plan";
import type { MemberSettings, RingSettings } from "../vocabulary/settings";
import { allocate, type PlacedToken } from "./allocate";
import { claim, type ClaimAims } from "./claim";
import { redeal } from "./dealing";
import { bucketCounts, nextBuckets } from "./jump";
import { layOut, partitionCounts } from "./layout";
import { tokenCounts } from "./random-tokens";
import { MAX_NODES, MAX_VNODES } from "./walk";

export type { NodeIndex, RingPlan } from "../vocabulary/ring-plan";

/**
 * Of the members that do not join later.
 * @throws RangeError naming the setting that cannot be met.
 */
export function firstPlan(settings: RingSettings, universe: readonly MemberSettings[], random: Random): RingPlan {
  checkUniverse(universe);
  const members = universe.flatMap(({ joins }, node) => (joins === true ? [] : [node]));
  if (members.length === 0) throw new RangeError("a ring needs at least one node that does not join later");
  const weights = members.map((node) => universe[node].weight);
  switch (settings.strategy) {
    case "equal-partitions": {
      checkPartitions(settings.partitions, members.length);
      const counts = partitionCounts(settings.partitions, weights);
      const dealt =
        settings.dealing === "random"
          ? random.fork("dealing").shuffle(counts.flatMap((count, at) => Array<number>(count).fill(at)))
          : layOut(counts);
      return { members, owners: dealt.map((at) => members[at]) };
    }
    case "random-tokens":
      return { members };
    case "tokens-over-equal-partitions":
      checkPartitions(settings.partitions, 1);
      return { members };
    case "claim": {
      checkPartitions(settings.partitions, members.length);
      const alone = Array<NodeIndex>(settings.partitions).fill(members[0]);
      return { members, owners: claim(alone, members, universe, aimsOf(settings)) };
    }
    case "allocate":
      return { members, tokens: allocated(settings, universe, [], members, random) };
    case "jump": {
      const counts = bucketCounts(universe.map(({ weight }) => weight));
      return { members, owners: layOut(members.map((node) => counts[node])).map((at) => members[at]) };
    }
    case "explicit":
      return { members, owners: explicitOwners(settings, universe, members) };
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
  const after = [...new Set(members)].sort((a, b) => a - b);
  checkMembers(after, universe);
  if (same(after, previous.members)) return previous;
  switch (settings.strategy) {
    case "equal-partitions":
    case "explicit": {
      const weights = universe.map(({ weight }) => weight);
      // The stream is named by the change, so that whoever computes it draws the same.
      const drawn =
        settings.dealing === "random" ? random.fork(`dealing/${previous.members.join()}>${after.join()}`) : undefined;
      return { members: after, owners: redeal(ownersOf(previous), after, weights, drawn) };
    }
    case "random-tokens":
    case "tokens-over-equal-partitions":
      return { members: after };
    case "claim": {
      checkPartitions(settings.partitions, after.length);
      return { members: after, owners: claim(ownersOf(previous), after, universe, aimsOf(settings)) };
    }
    case "allocate": {
      const stays = new Set(after);
      const kept = tokensOf(previous).filter(([, node]) => stays.has(node));
      const had = new Set(previous.members);
      const newcomers = after.filter((node) => !had.has(node));
      return { members: after, tokens: allocated(settings, universe, kept, newcomers, random) };
    }
    case "jump": {
      const counts = bucketCounts(universe.map(({ weight }) => weight));
      return { members: after, owners: nextBuckets(ownersOf(previous), after, (node) => counts[node]) };
    }
  }
}

function aimsOf({ targetN = DEFAULT_TARGET_N, targetLocationN }: RingSettings): ClaimAims {
  return { targetN, ...(targetLocationN === undefined ? {} : { targetLocationN }) };
}

function allocated(
  settings: RingSettings,
  universe: readonly MemberSettings[],
  kept: readonly PlacedToken[],
  newcomers: readonly NodeIndex[],
  random: Random,
): readonly PlacedToken[] {
  const counts = tokenCounts(settings.vnodesPerNode, universe);
  const coming = newcomers.map((node) => ({ node, tokens: counts[node] }));
  return allocate(kept, coming, settings.replication ?? DEFAULT_REPLICATION, random);
}

function explicitOwners(
  { owners }: RingSettings,
  universe: readonly MemberSettings[],
  members: readonly NodeIndex[],
): readonly NodeIndex[] {
  if (owners === undefined || owners.length === 0)
    throw new RangeError("an explicit ring needs owners: a node for each partition");
  checkPartitions(owners.length, 1);
  const places = new Map(universe.map(({ id }, node) => [id, node]));
  return owners.map((id, partition) => {
    const node = places.get(id);
    if (node === undefined) throw new RangeError(`partition ${partition} belongs to ${id}, which is no node`);
    if (!members.includes(node)) throw new RangeError(`partition ${partition} belongs to ${id}, which joins later`);
    return node;
  });
}

/** Riak's `target_n_val`. */
export const DEFAULT_TARGET_N = 4;
/** Cassandra's `allocate_tokens_for_local_replication_factor`. */
const DEFAULT_REPLICATION = 3;

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

export function tokensOf(plan: RingPlan): readonly PlacedToken[] {
  if (plan.tokens === undefined) throw new RangeError("the plan does not say where the tokens are");
  return plan.tokens;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

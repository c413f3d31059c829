/**
 * From a plan to ranges, strategy by strategy. Three kinds of ring come out: ranges that end at tokens (Dynamo's strategy 1, Cassandra), equal
 * partitions that each have an owner (strategy 3, Riak, Voldemort), and equal partitions that are placed by walking over tokens from their end
 * (strategy 2), where partition and placement are apart. Jump hash has buckets, which look like partitions and are found otherwise.
 */
import type { Random } from "../vocabulary/random";
import type { MemberSettings, RingSettings } from "../vocabulary/settings";
import { ownersOf, type RingPlan, tokensOf } from "./plan";
import { randomTokens } from "./random-tokens";
import { equalWalk, type Walk } from "./walk";

/** How a strategy fills a ring. */
export interface Arrangement {
  readonly walk: Walk;
  /** Q where the ranges are equal partitions, else 0. */
  readonly partitions: number;
  readonly ends?: Uint32Array;
  readonly starts?: Uint32Array;
  readonly jumps?: true;
}

export function arrange(
  settings: RingSettings,
  universe: readonly MemberSettings[],
  plan: RingPlan,
  random: Random,
): Arrangement {
  const present = new Set(plan.members);
  const check = (node: number): void => {
    if (!present.has(node))
      throw new RangeError("the plan gives a partition or token to a node that is not in the ring");
  };
  switch (settings.strategy) {
    case "equal-partitions":
    case "claim": {
      const owners = ownersOf(plan);
      owners.forEach(check);
      if (owners.length !== settings.partitions)
        throw new RangeError(
          `the plan has ${owners.length} partitions where ring.partitions is ${settings.partitions}`,
        );
      return { walk: equalWalk(owners), partitions: owners.length };
    }
    case "explicit": {
      const owners = ownersOf(plan);
      owners.forEach(check);
      return { walk: equalWalk(owners), partitions: owners.length };
    }
    case "jump": {
      const buckets = ownersOf(plan);
      buckets.forEach(check);
      return { walk: equalWalk(buckets), partitions: 0, jumps: true };
    }
    case "random-tokens":
      return {
        walk: randomTokens(settings.vnodesPerNode, universe, (node) => present.has(node), random),
        partitions: 0,
      };
    case "tokens-over-equal-partitions": {
      const walk = randomTokens(settings.vnodesPerNode, universe, (node) => present.has(node), random);
      const { ends } = equalWalk(Array<number>(settings.partitions).fill(0));
      let token = 0;
      // "The first N unique nodes that are encountered while walking the ring clockwise from the end of the partition."
      const starts = ends.map((end) => {
        while (token < walk.ends.length && walk.ends[token] < end) token++;
        return token === walk.ends.length ? 0 : token;
      });
      return { walk, partitions: settings.partitions, ends, starts };
    }
    case "allocate": {
      const tokens = tokensOf(plan);
      const next = new Map<number, number>();
      const vnodes = tokens.map(([, node]) => {
        check(node);
        const vnode = next.get(node) ?? 0;
        next.set(node, vnode + 1);
        return vnode;
      });
      const walk = {
        ends: Uint32Array.from(tokens, ([at]) => at),
        nodes: Uint16Array.from(tokens, ([, node]) => node),
        vnodes: Uint16Array.from(vnodes),
      };
      for (let i = 1; i < tokens.length; i++)
        if (walk.ends[i] <= walk.ends[i - 1]) throw new RangeError("the tokens of a plan are not in order of position");
      return { walk, partitions: 0 };
    }
  }
}

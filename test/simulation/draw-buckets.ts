/**
 * A world in disguise: nodes are set up with other numbers than the scenario promises (another N, other quorums, other siblings), and
 * the promise is said of the workload's bucket instead. Whoever judges need not know: all that holds of a cluster of these numbers
 * has to hold of that bucket, through every fault, change of the ring and repair. Wherever the engine goes by the cluster's number
 * where it should go by the bucket's, some promise breaks.
 *
 * Meanwhile clients set properties of other buckets, so that books come apart, and trees are built anew in the middle of everything.
 */
import type { BucketChange } from "../../engine/buckets/properties";
import { propertiesOfCluster, SIBLING_POLICIES } from "../../engine/buckets/properties";
import type { ClusterSettings, EngineSettings, QuorumValue } from "../../engine/vocabulary/settings";
import type { Draws } from "./draw";

export interface SetDraw {
  readonly atMs: number;
  readonly bucket: string;
  readonly change: BucketChange;
}

export interface BucketDraw {
  /** What nodes are set up with, in place of what the scenario says. */
  readonly ofCluster: Partial<EngineSettings>;
  /** Of the workload's bucket: what the scenario says. */
  readonly said: BucketChange;
  readonly sets: readonly SetDraw[];
}

const BUCKETS = ["other", "another", "third"] as const;

export function drawBuckets(draws: Draws, { members, engine }: ClusterSettings, endMs: number): BucketDraw {
  const first = members.filter(({ joins }) => joins !== true).length;
  const nVal = Math.min(first, draws.pick([1, 2, 3, 4, 5]));
  const quorum = (least: number): QuorumValue =>
    draws.chance(0.4) ? draws.pick(["one", "quorum", "all"]) : draws.integer(least, nVal);
  const change = (): BucketChange => ({
    ...(draws.chance(0.7) ? { nVal: draws.integer(1, first) } : {}),
    ...(draws.chance(0.3) ? { w: draws.pick(["one", "quorum", "all"] as const) } : {}),
    ...(draws.chance(0.3) ? { siblings: draws.pick(SIBLING_POLICIES) } : {}),
  });
  return {
    ofCluster: {
      nVal,
      r: quorum(0),
      w: quorum(0),
      pr: draws.chance(0.3) ? quorum(0) : 0,
      pw: draws.chance(0.3) ? quorum(0) : 0,
      dw: quorum(0),
      nodeConfirms: draws.chance(0.3) ? quorum(0) : 0,
      notfoundOk: draws.chance(0.5),
      basicQuorum: draws.chance(0.5),
      siblings: draws.pick(SIBLING_POLICIES),
    },
    said: propertiesOfCluster(engine),
    sets: Array.from({ length: draws.integer(0, 6) }, () => ({
      atMs: draws.integer(0, endMs),
      bucket: draws.pick(BUCKETS),
      change: change(),
    })),
  };
}

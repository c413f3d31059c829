/**
 * What nodes tell each other of a ring: who is in it, and what was decided before where the ring cannot be worked out anew from that. Plain data,
 * here and not in the ring's room because messages carry it; `engine/ring/plan.ts` says how plans come about and follow one another.
 */

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

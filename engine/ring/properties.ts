/**
 * What one wants to know of a ring before any key is written: how evenly it spreads copies, how much a node must know of it, how much moves
 * when it changes, and with how many others a node shares keys. Dynamo judges its strategies by the first two (section 6.2): load efficiency,
 * mean over maximum, against entries of metadata. Pure functions of rings and plans; shares are exact sums over ranges and not counts of keys,
 * so that nothing but the placement is measured. (Jump hash has no ranges; there positions are sampled evenly.)
 */
import { POSITIONS } from "./hash";
import type { RingPlan } from "./plan";
import type { Ring } from "./ring";
import type { RingSettings } from "../vocabulary/settings";

export interface Balance {
  /** Mean over maximum of load by weight: 1 is perfect. */
  readonly efficiency: number;
  /** Standard deviation over mean, of the members (not a sample of them). */
  readonly cv: number;
  readonly maxOverMean: number;
}

/** Of shares, each divided by its weight; nodes that are not in the ring are left out. */
export function balanceOf(ring: Ring, shares: readonly number[]): Balance {
  const loads: number[] = [];
  shares.forEach((share, node) => {
    if (ring.has(node)) loads.push(share / ring.members[node].weight);
  });
  // By weight, the even load is the whole over the sum of weights; the mean of loads would favour small nodes.
  let weights = 0;
  ring.members.forEach(({ weight }, node) => (weights += ring.has(node) ? weight : 0));
  const mean = shares.reduce((sum, share) => sum + share, 0) / weights;
  const most = Math.max(...loads);
  const variance = loads.reduce((sum, load) => sum + (load - mean) * (load - mean), 0) / loads.length;
  return { efficiency: mean / most, cv: Math.sqrt(variance) / mean, maxOverMean: most / mean };
}

export interface Metadata {
  readonly entries: number;
  readonly bytes: number;
}

/** What every node must know to find the owners of any key, beyond who the members are: a token is 6 bytes, an owner 2. */
export function metadataOf(ring: Ring, settings: RingSettings, plan: RingPlan): Metadata {
  switch (settings.strategy) {
    case "random-tokens":
    case "tokens-over-equal-partitions":
    case "allocate": {
      const entries = ring.walkLength;
      return { entries, bytes: 6 * entries };
    }
    case "equal-partitions":
    case "claim":
    case "explicit":
    case "jump": {
      const entries = plan.owners?.length ?? 0;
      return { entries, bytes: 2 * entries };
    }
  }
}

export interface Movement {
  /** Share of all copies that are on a node where they were not before. */
  readonly moved: number;
  /** The least that any change from the shares before to the shares after must move: what nodes gain. */
  readonly minimum: number;
}

/** Positions sampled where a ring has no ranges. */
const SAMPLES = 1 << 16;

export function movementBetween(before: Ring, after: Ring, n: number): Movement {
  let moved = 0;
  let copies = 0;
  const had = before.members.map(() => 0);
  const has = after.members.map(() => 0);
  eachSegment(before, after, (position, width) => {
    const old = before.preferenceListAt(position, n);
    const now = after.preferenceListAt(position, n);
    copies += width * now.length;
    for (const { node } of old) had[node] += width / old.length;
    for (const { node } of now) {
      has[node] += width / now.length;
      if (!old.some((one) => one.node === node)) moved += width;
    }
  });
  const whole = has.reduce((sum, share) => sum + share, 0);
  const minimum = has.reduce((sum, share, node) => sum + Math.max(0, share - had[node]), 0) / whole;
  return { moved: moved / copies, minimum };
}

/** Stretches of positions in which neither ring's list changes, by their last position. */
function eachSegment(a: Ring, b: Ring, visit: (position: number, width: number) => void): void {
  if (!a.hasArcs || !b.hasArcs) {
    const width = POSITIONS / SAMPLES;
    for (let i = 0; i < SAMPLES; i++) visit(Math.floor((i + 0.5) * width), width);
    return;
  }
  const first = a.rangeEnds();
  const second = b.rangeEnds();
  let from = -1;
  let i = 0;
  let j = 0;
  while (i < first.length || j < second.length) {
    const next = Math.min(i < first.length ? first[i] : Infinity, j < second.length ? second[j] : Infinity);
    visit(next, next - from);
    from = next;
    if (first[i] === next) i++;
    if (second[j] === next) j++;
  }
  // What lies behind the last token is the first range's.
  if (from < POSITIONS - 1) visit(POSITIONS - 1, POSITIONS - 1 - from);
}

/** With how many other nodes each member shares a key; 0 for those that are not in the ring. */
export function neighboursOf(ring: Ring, n: number): readonly number[] {
  const shared = ring.members.map(() => new Set<number>());
  for (const { replicas } of ring.groups(n))
    for (const { node } of replicas)
      for (const other of replicas) if (other.node !== node) shared[node].add(other.node);
  return shared.map(({ size }) => size);
}

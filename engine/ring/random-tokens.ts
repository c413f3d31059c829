/**
 * Tokens drawn at random (Dynamo's strategies 1 and 2, classic Cassandra): T for a node of weight 1, in proportion for others. Each member
 * draws from a stream of its own, named by its id, and the whole universe draws, whoever is in the ring: so a node's tokens depend on nothing
 * but seed, id and weight, nobody has to be told them, and they are where they were when a node comes back.
 *
 * Rings of 1,000 nodes with 256 tokens are rebuilt while a cluster serves. Hence numbers in typed arrays, an open-addressing table for the
 * few collisions and a radix sort, where a set and sorted objects took ten times as long.
 */
import type { Random } from "../vocabulary/random";
import type { MemberSettings } from "../vocabulary/settings";
import { MAX_VNODES, type Walk } from "./walk";

/** @throws RangeError naming the setting that cannot be met. */
export function randomTokens(
  vnodesPerNode: number,
  universe: readonly MemberSettings[],
  has: (node: number) => boolean,
  random: Random,
): Walk {
  const counts = tokenCounts(vnodesPerNode, universe);
  let drawn = 0;
  let kept = 0;
  counts.forEach((count, node) => {
    drawn += count;
    if (has(node)) kept += count;
  });
  const positions = new Uint32Array(kept);
  const nodes = new Uint16Array(kept);
  const vnodes = new Uint16Array(kept);
  const known = new PositionSet(drawn);
  let next = 0;
  universe.forEach(({ id }, node) => {
    const source = random.fork(id);
    const inRing = has(node);
    for (let vnode = 0; vnode < counts[node]; vnode++) {
      let at = source.nextUint32();
      while (!known.add(at)) at = source.nextUint32();
      if (!inRing) continue;
      positions[next] = at;
      nodes[next] = node;
      vnodes[next++] = vnode;
    }
  });
  return sorted(positions, nodes, vnodes);
}

/** Tokens of each node, at least one: T times its weight. */
export function tokenCounts(vnodesPerNode: number, universe: readonly MemberSettings[]): number[] {
  if (!Number.isInteger(vnodesPerNode) || vnodesPerNode < 1)
    throw new RangeError(`vnodes per node (T) is ${vnodesPerNode}; it must be a whole number of at least 1`);
  return universe.map(({ id, weight }) => {
    const count = Math.max(1, Math.round(vnodesPerNode * weight));
    if (count > MAX_VNODES) throw new RangeError(`${id} would have ${count} vnodes; at most ${MAX_VNODES}`);
    return count;
  });
}

/** By position, in three passes of eleven bits. */
export function sorted(positions: Uint32Array, nodes: Uint16Array, vnodes: Uint16Array): Walk {
  const { length } = positions;
  let order = new Uint32Array(length);
  let spare = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  const starts = new Uint32Array(2_049);
  for (let shift = 0; shift < 33; shift += 11) {
    starts.fill(0);
    for (let i = 0; i < length; i++) starts[((positions[i] >>> shift) & 2_047) + 1]++;
    for (let i = 0; i < 2_048; i++) starts[i + 1] += starts[i];
    for (let i = 0; i < length; i++) {
      const from = order[i];
      spare[starts[(positions[from] >>> shift) & 2_047]++] = from;
    }
    [order, spare] = [spare, order];
  }
  const walk = { ends: new Uint32Array(length), nodes: new Uint16Array(length), vnodes: new Uint16Array(length) };
  for (let i = 0; i < length; i++) {
    const from = order[i];
    walk.ends[i] = positions[from];
    walk.nodes[i] = nodes[from];
    walk.vnodes[i] = vnodes[from];
  }
  return walk;
}

/** Positions seen so far: open addressing, never more than half full. */
class PositionSet {
  private readonly slots: Uint32Array;
  private readonly shift: number;
  private hasZero = false;

  constructor(most: number) {
    let bits = 4;
    while (1 << bits < 2 * most) bits++;
    this.slots = new Uint32Array(1 << bits);
    this.shift = 32 - bits;
  }

  /** False where it was there. */
  add(position: number): boolean {
    if (position === 0) {
      const added = !this.hasZero;
      this.hasZero = true;
      return added;
    }
    const { slots } = this;
    const mask = slots.length - 1;
    // Uniform draws: their top bits are hash enough.
    let slot = position >>> this.shift;
    for (;;) {
      const there = slots[slot];
      if (there === 0) {
        slots[slot] = position;
        return true;
      }
      if (there === position) return false;
      slot = (slot + 1) & mask;
    }
  }
}

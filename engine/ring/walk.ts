/**
 * The order in which nodes are met going round a ring: tokens, partitions or buckets, each with its node and its number among that node's
 * (or, for partitions, its number on the ring). Three parallel arrays of numbers, because a ring of a thousand nodes has a quarter of a
 * million of them and is rebuilt whenever a member comes or goes.
 */
export interface Walk {
  /** Last position that belongs to each, ascending. */
  readonly ends: Uint32Array;
  readonly nodes: Uint16Array;
  readonly vnodes: Uint16Array;
}

/** A vnode is stored in 16 bits; so is a node. */
export const MAX_VNODES = 65_536;
export const MAX_NODES = 65_536;

/** Positions run from 0 to 2^32 - 1; partition i of Q holds the positions p with floor(p Q / 2^32) = i. */
export function equalWalk(owners: readonly number[]): Walk {
  const partitions = owners.length;
  const walk = {
    ends: new Uint32Array(partitions),
    nodes: Uint16Array.from(owners),
    vnodes: new Uint16Array(partitions),
  };
  for (let partition = 0; partition < partitions; partition++) {
    walk.ends[partition] = Math.ceil(((partition + 1) * 0x100000000) / partitions) - 1;
    walk.vnodes[partition] = partition;
  }
  return walk;
}

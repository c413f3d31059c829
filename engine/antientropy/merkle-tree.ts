/**
 * A Merkle tree that is kept up to date by every write. Keys fall into segments by a hash of their address; a segment's
 * hash is the XOR of the fingerprints of its keys, and a node's is the XOR of its children's, so that one write changes
 * depth + 1 numbers and nothing has to be hashed again before an exchange (riak_core's hashtree marks segments dirty and
 * rehashes them; XOR is Tictac's way). With a fan-out of f and a depth of d there are f^d segments.
 *
 * XOR has a known trap: two equal contributions cancel, so pairs of keys written alike would be invisible. Here a
 * fingerprint has the address in it and each key contributes once to one segment, so no two are equal but by an accident
 * of 64 bits. The other trap, a hash over keys alone that cannot see values, is avoided where fingerprints are made.
 *
 * No hash is kept per key, only who is in which segment: what a segment's keys hash to is worked out from what is stored
 * when an exchange comes down to them, which is seldom.
 */
import type { Address } from "../vocabulary/address";
import { assert } from "../vocabulary/assert";

export const MAX_FANOUT = 1_024;
export const MAX_SEGMENTS = 1 << 20;
/** A segment with more keys is looked through by hash, not one by one. */
const SHORT_SEGMENT = 48;

export interface TreeShape {
  readonly fanout: number;
  readonly depth: number;
}

/** Segments of a tree of that shape. @throws RangeError naming what cannot be. */
export function segmentsOf({ fanout, depth }: TreeShape): number {
  if (!Number.isInteger(fanout) || fanout < 2 || fanout > MAX_FANOUT) {
    throw new RangeError(`fan-out of a tree is ${fanout}; it must be a whole number from 2 to ${MAX_FANOUT}`);
  }
  if (!Number.isInteger(depth) || depth < 1) throw new RangeError(`depth of a tree is ${depth}; it must be at least 1`);
  let segments = 1;
  for (let level = 0; level < depth && segments <= MAX_SEGMENTS; level++) segments *= fanout;
  if (segments > MAX_SEGMENTS) {
    throw new RangeError(`a tree of fan-out ${fanout} and depth ${depth} has more than ${MAX_SEGMENTS} segments`);
  }
  return segments;
}

type Keys = Address | Address[] | Set<Address>;

export class MerkleTree {
  readonly fanout: number;
  readonly depth: number;
  readonly segments: number;
  /** Two halves a node, level after level, the root first. */
  private readonly hashes: Int32Array;
  /** Where each level begins, in nodes. */
  private readonly levels: readonly number[];
  private readonly keys = new Map<number, Keys>();
  /** Keys in it. */
  size = 0;

  constructor(shape: TreeShape) {
    this.segments = segmentsOf(shape);
    this.fanout = shape.fanout;
    this.depth = shape.depth;
    const levels: number[] = [];
    let nodes = 0;
    for (let level = 0, width = 1; level <= shape.depth; level++, width *= shape.fanout) {
      levels.push(nodes);
      nodes += width;
    }
    this.levels = levels;
    this.hashes = new Int32Array(2 * nodes);
  }

  /** The segment of a key whose address has this (unsigned) hash. */
  segmentOf(addressHash: number): number {
    return addressHash % this.segments;
  }

  /** A fingerprint that came, went, or (the XOR of both) was replaced in a segment. */
  toggle(segment: number, high: number, low: number): void {
    const { hashes, levels, fanout } = this;
    let node = segment;
    for (let level = this.depth; level >= 0; level--) {
      const at = 2 * (levels[level] + node);
      hashes[at] ^= high;
      hashes[at + 1] ^= low;
      node = (node / fanout) | 0;
    }
  }

  /** A key that is not there yet. */
  insert(segment: number, address: Address): void {
    this.size++;
    const held = this.keys.get(segment);
    if (held === undefined) this.keys.set(segment, address);
    else if (typeof held === "string") this.keys.set(segment, [held, address]);
    else if (!Array.isArray(held)) held.add(address);
    else {
      held.push(address);
      if (held.length > SHORT_SEGMENT) this.keys.set(segment, new Set(held));
    }
  }

  remove(segment: number, address: Address): void {
    const held = this.keys.get(segment);
    if (held === undefined) return;
    if (typeof held === "string") {
      if (held !== address) return;
      this.keys.delete(segment);
    } else if (Array.isArray(held)) {
      const at = held.indexOf(address);
      if (at < 0) return;
      held[at] = held[held.length - 1];
      held.pop();
      if (held.length === 0) this.keys.delete(segment);
    } else {
      if (!held.delete(address)) return;
      if (held.size === 0) this.keys.delete(segment);
    }
    this.size--;
  }

  has(segment: number, address: Address): boolean {
    const held = this.keys.get(segment);
    if (held === undefined) return false;
    if (typeof held === "string") return held === address;
    return Array.isArray(held) ? held.includes(address) : held.has(address);
  }

  /** In ascending order; a copy. */
  keysOf(segment: number): Address[] {
    const held = this.keys.get(segment);
    if (held === undefined) return [];
    if (typeof held === "string") return [held];
    return [...held].sort();
  }

  /** Nodes of a level, from 0, the root, to depth, the segments. */
  width(level: number): number {
    assert(level >= 0 && level <= this.depth, "a level is one of the tree's");
    return level === this.depth ? this.segments : this.levels[level + 1] - this.levels[level];
  }

  /** First half of a node's hash, unsigned. */
  high(level: number, node: number): number {
    return this.hashes[2 * (this.levels[level] + node)] >>> 0;
  }

  low(level: number, node: number): number {
    return this.hashes[2 * (this.levels[level] + node) + 1] >>> 0;
  }

  /** Short stable text: the shape, how many keys, the root. */
  describe(): string {
    const hex = (half: number): string => half.toString(16).padStart(8, "0");
    return `${this.fanout}^${this.depth}, ${this.size} keys, ${hex(this.high(0, 0))}${hex(this.low(0, 0))}`;
  }
}

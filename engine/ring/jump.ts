/**
 * Jump consistent hash (Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014): a bucket from a key and the number of
 * buckets, with no ring and no table at all. Adding the (n+1)th bucket moves 1/(n+1) of the keys, all of them into it. The contrast to rings:
 * as even as hashing can be and no metadata but a list of nodes; the price is that only the last bucket can go. A node that leaves from the
 * middle is therefore replaced by the last one, which moves twice what is necessary.
 *
 * The paper's arithmetic is of 64 bits; here it is two halves of 32. Positions have 32 bits and are widened by a mixer first.
 */
import { POSITIONS } from "./hash";

/** The multiplier 2862933555777941757, high and low half. */
const HIGH = 0x27bb2ee6;
const LOW = 0x87b0b0fd;

/** Bucket of a 64-bit key given as two unsigned halves; `buckets` from 1 to 2^31. */
export function jumpHash(high: number, low: number, buckets: number): number {
  let bucket = -1;
  let next = 0;
  let h = high | 0;
  let l = low | 0;
  while (next < buckets) {
    bucket = next;
    // key * multiplier + 1, modulo 2^64: the low halves' full product, and what crosses into the high half.
    const a = l >>> 16;
    const b = l & 0xffff;
    const c = LOW >>> 16;
    const d = LOW & 0xffff;
    const cross = b * c + ((b * d) >>> 16);
    const carry = a * c + Math.floor((cross + a * d) / 0x10000);
    const product = Math.imul(l, LOW);
    h = (carry + Math.imul(h, LOW) + Math.imul(l, HIGH)) | 0;
    l = (product + 1) | 0;
    if (l === 0) h = (h + 1) | 0;
    // The paper's (key >> 33) + 1, of 2^31.
    next = Math.floor((bucket + 1) * (0x80000000 / ((h >>> 1) + 1)));
  }
  return bucket;
}

/** Bucket of a ring position. */
export function jumpPosition(position: number, buckets: number): number {
  let mixed = Math.imul(position ^ (position >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return jumpHash((mixed ^ (mixed >>> 16)) >>> 0, position, buckets);
}

/** Positions of one bucket, on average. */
export function bucketWidth(buckets: number): number {
  return POSITIONS / buckets;
}

/** Of one node, and the most that is tried to tell weights apart. */
const MOST_BUCKETS = 64;
/** How far a node's buckets may be from what its weight asks. */
const PRECISION = 0.01;

/** Buckets of each node: one each where weights are equal, else the fewest that tell them apart to a percent. */
export function bucketCounts(weights: readonly number[]): number[] {
  const least = Math.min(...weights);
  const relative = weights.map((weight) => weight / least);
  for (let scale = 1; scale < MOST_BUCKETS; scale++)
    if (relative.every((weight) => Math.abs(Math.round(weight * scale) / (weight * scale) - 1) <= PRECISION))
      return relative.map((weight) => Math.round(weight * scale));
  return relative.map((weight) => Math.round(weight * MOST_BUCKETS));
}

/** The buckets after a change: who comes takes the places of who went, the rest is appended or, from the end, filled in. */
export function nextBuckets(
  buckets: readonly number[],
  members: readonly number[],
  countOf: (node: number) => number,
): number[] {
  const after = buckets.slice();
  const stays = new Set(members);
  const known = new Set(buckets);
  const coming = members.filter((node) => !known.has(node)).flatMap((node) => Array<number>(countOf(node)).fill(node));
  for (let bucket = 0; bucket < after.length && coming.length > 0; bucket++)
    if (!stays.has(after[bucket])) after[bucket] = coming.shift()!;
  after.push(...coming);
  for (let bucket = after.length - 1; bucket >= 0; bucket--) {
    if (stays.has(after[bucket])) continue;
    const last = after.pop()!;
    if (bucket < after.length) after[bucket] = last;
  }
  return after;
}

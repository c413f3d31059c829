/**
 * Where on the ring an address falls. Each system of the family hashes differently and the choice is a tunable, not
 * because one is faster (all are cheap beside a message) but because evenness is a result: FNV-1a, which Voldemort
 * uses, mixes its last octets weakly, so keys that differ only at their end lie near each other; Murmur3, MD5 and SHA-1
 * do not. A position has 32 bits whatever the hash: the top 32 where it makes more.
 */
import type { Octets } from "../vocabulary/octets";
import type { HashName } from "../vocabulary/settings";
import { md5Top, sha1Top } from "./digests";
import { murmur3x86 } from "./murmur3";

export { md5, sha1 } from "./digests";
export { murmur3x64, murmur3x86 } from "./murmur3";

/** Positions run from 0 to 2^32 - 1. */
export const POSITIONS = 0x100000000;

/** Ring position of `address`: an unsigned 32-bit integer. `murmur3` is x86_32 with seed 0; `fnv1a` is the 32-bit one. */
export function hashPosition(name: HashName, address: Octets): number {
  switch (name) {
    case "murmur3":
      return murmur3x86(address, 0);
    case "md5":
      return md5Top(address);
    case "sha1":
      return sha1Top(address);
    case "fnv1a":
      return fnv1a32(address);
  }
}

/** Fowler, Noll, Vo, variant 1a: unsigned 32 bits. */
export function fnv1a32(text: Octets): number {
  let h = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Fowler, Noll, Vo, variant 1a with 64 bits: high and low half, unsigned. */
export function fnv1a64(text: Octets): readonly [number, number] {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let i = 0; i < text.length; i++) {
    low = (low ^ text.charCodeAt(i)) >>> 0;
    // Times 2^40 + 0x1b3: the power of two moves the low half into the high one, the rest carries over.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + (low << 8) + Math.floor(product / POSITIONS)) >>> 0;
    low = product >>> 0;
  }
  return [high, low];
}

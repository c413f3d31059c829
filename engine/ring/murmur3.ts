/**
 * MurmurHash3 (Austin Appleby, 2011, public domain) over octet strings, in the two variants that rings use: x86_32,
 * cheapest in JavaScript and ours by default, and x64_128, the first half of which is Cassandra's token. 64-bit words
 * are kept as two halves, because BigInt costs an allocation an operation.
 */
import type { Octets } from "../vocabulary/octets";

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** Unsigned 32 bits. */
export function murmur3x86(text: Octets, seed: number): number {
  const length = text.length;
  const blocksEnd = length & ~3;
  let h = seed | 0;
  for (let i = 0; i < blocksEnd; i += 4) {
    let k =
      text.charCodeAt(i) |
      (text.charCodeAt(i + 1) << 8) |
      (text.charCodeAt(i + 2) << 16) |
      (text.charCodeAt(i + 3) << 24);
    k = Math.imul(k, C1);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, C2);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  const tail = length & 3;
  if (tail > 0) {
    let k = text.charCodeAt(blocksEnd);
    if (tail > 1) k |= text.charCodeAt(blocksEnd + 1) << 8;
    if (tail > 2) k |= text.charCodeAt(blocksEnd + 2) << 16;
    k = Math.imul(k, C1);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, C2);
  }
  h ^= length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Four unsigned words: high and low half of h1, high and low half of h2. */
export function murmur3x64(text: Octets, seed: number): readonly [number, number, number, number] {
  const length = text.length;
  const blocksEnd = length & ~15;
  const h1 = new Word(0, seed | 0);
  const h2 = new Word(0, seed | 0);
  const k1 = new Word(0, 0);
  const k2 = new Word(0, 0);
  const mixFirst = (): void => {
    h1.xor(k1.times(0x87c37b91, 0x114253d5).rotate(31).times(0x4cf5ad43, 0x2745937f));
  };
  const mixSecond = (): void => {
    h2.xor(k2.times(0x4cf5ad43, 0x2745937f).rotate(33).times(0x87c37b91, 0x114253d5));
  };
  for (let i = 0; i < blocksEnd; i += 16) {
    k1.load(text, i, 8);
    k2.load(text, i + 8, 8);
    mixFirst();
    h1.rotate(27).plus(h2).times(0, 5).plusSmall(0x52dce729);
    mixSecond();
    h2.rotate(31).plus(h1).times(0, 5).plusSmall(0x38495ab5);
  }
  const tail = length - blocksEnd;
  if (tail > 8) {
    k2.load(text, blocksEnd + 8, tail - 8);
    mixSecond();
  }
  if (tail > 0) {
    k1.load(text, blocksEnd, Math.min(tail, 8));
    mixFirst();
  }
  h1.low ^= length;
  h2.low ^= length;
  h1.plus(h2);
  h2.plus(h1);
  h1.finalise();
  h2.finalise();
  h1.plus(h2);
  h2.plus(h1);
  return [h1.high >>> 0, h1.low >>> 0, h2.high >>> 0, h2.low >>> 0];
}

/** 64 bits as two signed halves, changed in place. */
class Word {
  constructor(
    public high: number,
    public low: number,
  ) {}

  /** `count` (at most 8) octets from `from`, least significant first. */
  load(text: Octets, from: number, count: number): void {
    this.high = 0;
    this.low = 0;
    for (let i = 0; i < count; i++) {
      const octet = text.charCodeAt(from + i);
      if (i < 4) this.low |= octet << (8 * i);
      else this.high |= octet << (8 * i - 32);
    }
  }

  xor(other: Word): void {
    this.high ^= other.high;
    this.low ^= other.low;
  }

  plus(other: Word): this {
    const low = (this.low >>> 0) + (other.low >>> 0);
    this.high = (this.high + other.high + (low > 0xffffffff ? 1 : 0)) | 0;
    this.low = low | 0;
    return this;
  }

  plusSmall(value: number): void {
    const low = (this.low >>> 0) + value;
    this.high = (this.high + (low > 0xffffffff ? 1 : 0)) | 0;
    this.low = low | 0;
  }

  times(high: number, low: number): this {
    // The cross products reach the high half only; the low product is taken in 16-bit limbs to keep its carry.
    const a0 = this.low & 0xffff;
    const a1 = this.low >>> 16;
    const b0 = low & 0xffff;
    const b1 = low >>> 16;
    const middle = a1 * b0 + ((a0 * b0) >>> 16);
    const carry = a0 * b1 + (middle & 0xffff);
    const lowHigh = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
    this.high = (Math.imul(this.high, low) + Math.imul(this.low, high) + (lowHigh | 0)) | 0;
    this.low = Math.imul(this.low, low);
    return this;
  }

  rotate(bits: number): this {
    let { high, low } = this;
    if (bits >= 32) [high, low] = [low, high];
    const by = bits & 31;
    if (by > 0) {
      const rotated = (high << by) | (low >>> (32 - by));
      low = (low << by) | (high >>> (32 - by));
      high = rotated;
    }
    this.high = high;
    this.low = low;
    return this;
  }

  finalise(): void {
    this.low ^= this.high >>> 1;
    this.times(0xff51afd7, 0xed558ccd);
    this.low ^= this.high >>> 1;
    this.times(0xc4ceb9fe, 0x1a85ec53);
    this.low ^= this.high >>> 1;
  }
}

/**
 * From a key's number to its name, as YCSB does it: with hashed insert order the number goes through 64-bit FNV-1a over
 * its eight bytes (low byte first), the result is read as a signed 64-bit integer and made positive, and its decimal
 * text follows the prefix: 0 is `user6284781860667377211`. Source: YCSB's Utils.fnvhash64; FNV by Fowler, Noll and Vo.
 *
 * Such numbers pass 2^53, so a `number` would silently merge keys, and BigInt costs twenty times too much for every
 * operation. Here a 64-bit number is two 32-bit halves, and every product is kept below 2^53, where doubles are exact.
 */
import type { Octets } from "../../engine/vocabulary/octets";

/** Key numbers and moduli stay below this, which keeps the folding arithmetic exact. */
export const MAX_KEY_NUMBER = 2 ** 36;

/** |FNV-1a 64| of a key number or rank, as two unsigned halves. Reused: copy what must last. */
export class KeyHash {
  high = 0;
  low = 0;

  /** `value`: an integer in [0, 2^53). */
  of(value: number): this {
    let high = BASIS_HIGH;
    let low = BASIS_LOW;
    let rest = value >= TWO_32 ? Math.floor(value / TWO_32) : 0;
    const first = value >>> 0;
    for (let shift = 0; shift < 32; shift += 8) {
      const mixed = (low ^ ((first >>> shift) & 0xff)) >>> 0;
      const product = mixed * PRIME_LOW;
      low = product >>> 0;
      // The prime is 2^40 + 0x1b3: the shift by 40 moves the low half's bits into the high half only.
      high = (Math.imul(high, PRIME_LOW) + ((product / TWO_32) | 0) + (mixed << 8)) | 0;
    }
    for (let i = 0; i < 4; i++) {
      const mixed = (low ^ (rest & 0xff)) >>> 0;
      rest >>>= 8;
      const product = mixed * PRIME_LOW;
      low = product >>> 0;
      high = (Math.imul(high, PRIME_LOW) + ((product / TWO_32) | 0) + (mixed << 8)) | 0;
    }
    if (high < 0) {
      low = -low >>> 0;
      high = ~high + (low === 0 ? 1 : 0);
    }
    this.high = high >>> 0;
    this.low = low;
    return this;
  }

  /** The hash modulo `modulus`, 1 to {@link MAX_KEY_NUMBER}. */
  mod(modulus: number): number {
    let rest = remainder(this.high, modulus);
    if (modulus <= SMALL_MODULUS) return remainder(rest * TWO_32 + this.low, modulus);
    rest = remainder(rest * 65_536 + (this.low >>> 16), modulus);
    return remainder(rest * 65_536 + (this.low & 0xffff), modulus);
  }

  /** Decimal text, no padding. */
  text(): string {
    return decimalText(this.high, this.low);
  }

  /** The same behind a prefix. */
  textBehind(prefix: Prefix): string {
    return decimalText(this.high, this.low, prefix);
  }
}

/** A text with its characters' codes, where it has four of them, as YCSB's `user`; others are joined. */
interface Prefix {
  readonly text: string;
  readonly codes: readonly [number, number, number, number] | undefined;
}

/** Builds key names. One per workload; `name` is called for every operation. */
export class KeyNamer {
  private readonly hash = new KeyHash();
  private readonly prefix: Prefix;
  private readonly hashed: boolean;
  private readonly zeroPadding: number;

  constructor(options: { readonly prefix: Octets; readonly hashed: boolean; readonly zeroPadding: number }) {
    const { prefix } = options;
    const code = (at: number): number => prefix.charCodeAt(at);
    this.prefix = { text: prefix, codes: prefix.length === 4 ? [code(0), code(1), code(2), code(3)] : undefined };
    this.hashed = options.hashed;
    this.zeroPadding = options.zeroPadding;
  }

  name(number: number): Octets {
    if (this.hashed && this.zeroPadding <= 1) return this.hash.of(number).textBehind(this.prefix);
    const text = this.hashed ? this.hash.of(number).text() : String(number);
    return this.prefix.text + (text.length < this.zeroPadding ? text.padStart(this.zeroPadding, "0") : text);
  }
}

/** Decimal text of high * 2^32 + low, `high` at most 2^31, behind a prefix where there is one. */
export function decimalText(high: number, low: number, prefix?: Prefix): string {
  // 2^32 = 4294 * 10^6 + 967296, so the number is upper * 10^6 + a rest, each exact in a double.
  const sum = high * 967_296 + low;
  const carry = Math.floor(sum / 1e6);
  const last = sum - carry * 1e6;
  const upper = high * 4294 + carry;
  const first = Math.floor(upper / 1e6);
  const middle = upper - first * 1e6;
  if (first >= 1e6 && prefix?.codes !== undefined) return digitsBehind(prefix.codes, first, middle, last);
  const text = nineteenDigits(first, middle, last);
  let zeros = 0;
  while (zeros < 18 && text.charCodeAt(zeros) === 48) zeros++;
  const digits = zeros === 0 ? text : text.slice(zeros);
  return prefix === undefined ? digits : prefix.text + digits;
}

/** One call that builds a flat string: joining pieces would leave a tree for the first map lookup to flatten. */
function nineteenDigits(a: number, b: number, c: number): string {
  const b1 = (b / 1000) | 0;
  const b0 = b - b1 * 1000;
  const c1 = (c / 1000) | 0;
  const c0 = c - c1 * 1000;
  return String.fromCharCode(
    48 + ((a / 1_000_000) | 0),
    48 + (((a / 100_000) | 0) % 10),
    48 + (((a / 10_000) | 0) % 10),
    48 + (((a / 1000) | 0) % 10),
    48 + (((a / 100) | 0) % 10),
    48 + (((a / 10) | 0) % 10),
    48 + (a % 10),
    48 + ((b1 / 100) | 0),
    48 + (((b1 / 10) | 0) % 10),
    48 + (b1 % 10),
    48 + ((b0 / 100) | 0),
    48 + (((b0 / 10) | 0) % 10),
    48 + (b0 % 10),
    48 + ((c1 / 100) | 0),
    48 + (((c1 / 10) | 0) % 10),
    48 + (c1 % 10),
    48 + ((c0 / 100) | 0),
    48 + (((c0 / 10) | 0) % 10),
    48 + (c0 % 10),
  );
}

/** The same behind four characters: a name that is joined has to be copied together by whoever looks at it first. */
function digitsBehind(prefix: readonly [number, number, number, number], a: number, b: number, c: number): string {
  const b1 = (b / 1000) | 0;
  const b0 = b - b1 * 1000;
  const c1 = (c / 1000) | 0;
  const c0 = c - c1 * 1000;
  return String.fromCharCode(
    prefix[0],
    prefix[1],
    prefix[2],
    prefix[3],
    48 + ((a / 1_000_000) | 0),
    48 + (((a / 100_000) | 0) % 10),
    48 + (((a / 10_000) | 0) % 10),
    48 + (((a / 1000) | 0) % 10),
    48 + (((a / 100) | 0) % 10),
    48 + (((a / 10) | 0) % 10),
    48 + (a % 10),
    48 + ((b1 / 100) | 0),
    48 + (((b1 / 10) | 0) % 10),
    48 + (b1 % 10),
    48 + ((b0 / 100) | 0),
    48 + (((b0 / 10) | 0) % 10),
    48 + (b0 % 10),
    48 + ((c1 / 100) | 0),
    48 + (((c1 / 10) | 0) % 10),
    48 + (c1 % 10),
    48 + ((c0 / 100) | 0),
    48 + (((c0 / 10) | 0) % 10),
    48 + (c0 % 10),
  );
}

/** value mod modulus for 0 <= value < 2^53: a division and a correction, several times faster than `%` on doubles. */
function remainder(value: number, modulus: number): number {
  const rest = value - Math.floor(value / modulus) * modulus;
  return rest < 0 ? rest + modulus : rest >= modulus ? rest - modulus : rest;
}

const TWO_32 = 0x100000000;
const BASIS_HIGH = 0xcbf29ce4 | 0;
const BASIS_LOW = 0x84222325;
const PRIME_LOW = 0x1b3;
/** Up to here (modulus - 1) * 2^32 + 2^32 stays below 2^53. */
const SMALL_MODULUS = 2 ** 21;

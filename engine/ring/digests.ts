/**
 * MD5 (RFC 1321) and SHA-1 (RFC 3174) over octet strings. Long broken as cryptography, and here for what rings use them
 * for: Dynamo and Cassandra's old RandomPartitioner place keys by MD5, Riak by SHA-1. Our own code, because a ring must
 * also turn in a browser, where neither is available synchronously.
 */
import type { Octets } from "../vocabulary/octets";

/** 16 octets. */
export function md5(text: Octets): Octets {
  md5Words(text);
  return octetsOf(state, 4, true);
}

/** 20 octets. */
export function sha1(text: Octets): Octets {
  sha1Words(text);
  return octetsOf(state, 5, false);
}

/** The first 32 bits of {@link md5}, without making the rest. */
export function md5Top(text: Octets): number {
  md5Words(text);
  const word = state[0];
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

/** The first 32 bits of {@link sha1}. */
export function sha1Top(text: Octets): number {
  sha1Words(text);
  return state[0] >>> 0;
}

/** Scratch space: a digest is computed on every operation, and never two at once. */
const state = new Int32Array(5);
const words = new Int32Array(80);

/** Fills `words` with block `at / 64` of the padded message, in the given order of octets. */
function loadBlock(text: Octets, at: number, littleEndian: boolean): void {
  const { length } = text;
  if (at + 64 <= length) {
    for (let w = 0, i = at; w < 16; w++, i += 4) {
      const a = text.charCodeAt(i);
      const b = text.charCodeAt(i + 1);
      const c = text.charCodeAt(i + 2);
      const d = text.charCodeAt(i + 3);
      words[w] = littleEndian ? a | (b << 8) | (c << 16) | (d << 24) : (a << 24) | (b << 16) | (c << 8) | d;
    }
    return;
  }
  for (let w = 0; w < 16; w++) words[w] = 0;
  for (let i = at; i <= length; i++) {
    const octet = i === length ? 0x80 : text.charCodeAt(i);
    const offset = i - at;
    if (offset === 64) break; // the 0x80 belongs to the next block
    words[offset >> 2] |= octet << (littleEndian ? 8 * (offset & 3) : 24 - 8 * (offset & 3));
  }
  if (at + 64 >= length + 9) {
    const low = length << 3;
    const high = Math.floor(length / 0x20000000);
    words[14] = littleEndian ? low : high;
    words[15] = littleEndian ? high : low;
  }
}

function md5Words(text: Octets): void {
  let a0 = 0x67452301;
  let b0 = 0xefcdab89 | 0;
  let c0 = 0x98badcfe | 0;
  let d0 = 0x10325476;
  for (let at = 0; at < text.length + 9; at += 64) {
    loadBlock(text, at, true);
    let a = a0;
    let b = b0;
    let c = c0;
    let d = d0;
    for (let i = 0; i < 64; i++) {
      let f: number;
      let word: number;
      if (i < 16) {
        f = (b & c) | (~b & d);
        word = i;
      } else if (i < 32) {
        f = (d & b) | (~d & c);
        word = (5 * i + 1) & 15;
      } else if (i < 48) {
        f = b ^ c ^ d;
        word = (3 * i + 5) & 15;
      } else {
        f = c ^ (b | ~d);
        word = (7 * i) & 15;
      }
      const sum = (f + a + MD5_SINES[i] + words[word]) | 0;
      const by = MD5_SHIFTS[((i >> 4) << 2) | (i & 3)];
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0;
    }
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  state[0] = a0;
  state[1] = b0;
  state[2] = c0;
  state[3] = d0;
}

function sha1Words(text: Octets): void {
  let h0 = 0x67452301;
  let h1 = 0xefcdab89 | 0;
  let h2 = 0x98badcfe | 0;
  let h3 = 0x10325476;
  let h4 = 0xc3d2e1f0 | 0;
  for (let at = 0; at < text.length + 9; at += 64) {
    loadBlock(text, at, false);
    for (let i = 16; i < 80; i++) {
      const mixed = words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16];
      words[i] = (mixed << 1) | (mixed >>> 31);
    }
    let a = h0;
    let b = h1;
    let c = h2;
    let d = h3;
    let e = h4;
    for (let i = 0; i < 80; i++) {
      let f: number;
      if (i < 20) f = ((b & c) | (~b & d)) + 0x5a827999;
      else if (i < 40) f = (b ^ c ^ d) + 0x6ed9eba1;
      else if (i < 60) f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else f = (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + f + e + words[i]) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    h0 = (h0 + a) | 0;
    h1 = (h1 + b) | 0;
    h2 = (h2 + c) | 0;
    h3 = (h3 + d) | 0;
    h4 = (h4 + e) | 0;
  }
  state[0] = h0;
  state[1] = h1;
  state[2] = h2;
  state[3] = h3;
  state[4] = h4;
}

function octetsOf(from: Int32Array, count: number, littleEndian: boolean): Octets {
  let text = "";
  for (let w = 0; w < count; w++) {
    for (let i = 0; i < 4; i++) text += String.fromCharCode((from[w] >>> (littleEndian ? 8 * i : 24 - 8 * i)) & 0xff);
  }
  return text;
}

/** Rotations, four a round. */
const MD5_SHIFTS = new Uint8Array([7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]);

/** floor(2^32 |sin(i + 1)|), written out: the last digit of a computed sine differs between engines. */
const MD5_SINES = new Int32Array([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8,
  0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
  0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87,
  0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
  0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
  0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
  0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
  0xeb86d391,
]);

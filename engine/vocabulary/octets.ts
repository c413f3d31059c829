/**
 * Bytes as the core sees them. A key, a value or a context is an *octet string*: a JavaScript string whose every
 * character stands for one byte (0 to 255). Such strings are immutable, cost one heap object, compare with `===`, work
 * as Map keys and exist in a browser; a view into a socket's buffer has none of these virtues.
 *
 * `ByteWriter` and `ByteReader` are the only way to and from raw bytes. Every read is bounds-checked: a peer's frame
 * is hostile until decoded. A host that has fast native transcoding may install it with `installTranscoder`.
 */

/** One character a byte. */
export type Octets = string;

/** The bytes do not follow the format. The sender is at fault, never us: the caller closes that connection. */
export class MalformedBytes extends Error {
  override readonly name = "MalformedBytes";
}

/** Native latin-1 transcoding, where the host has it. */
export interface Transcoder {
  /** Reads bytes [from, to) as an octet string. */
  read(bytes: Uint8Array, from: number, to: number): Octets;
  /** Writes all of `text` at `at`; the room is there. */
  write(bytes: Uint8Array, text: Octets, at: number): void;
}

let transcoder: Transcoder | undefined;
/**
 * Below so many bytes a plain loop beats the call into native code, which costs the same for any length. Reading is the
 * dearer loop: a string that grows by characters is a chain of pieces, to be joined by whoever first looks a key up.
 */
const READ_NATIVELY_FROM = 8;
const WRITE_NATIVELY_FROM = 16;

export function installTranscoder(native: Transcoder): void {
  transcoder = native;
}

function readOctets(bytes: Uint8Array, from: number, to: number): Octets {
  if (transcoder !== undefined && to - from >= READ_NATIVELY_FROM) return transcoder.read(bytes, from, to);
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/** UTF-8 text (what people type) to octets. */
export function octetsFromText(text: string): Octets {
  let plain = true;
  for (let i = 0; i < text.length && plain; i++) plain = text.charCodeAt(i) < 0x80;
  if (plain) return text;
  const bytes = new TextEncoder().encode(text);
  return readOctets(bytes, 0, bytes.length);
}

/** Octets back to text; bytes that are not UTF-8 appear as the replacement character. */
export function textFromOctets(octets: Octets): string {
  let plain = true;
  for (let i = 0; i < octets.length && plain; i++) plain = octets.charCodeAt(i) < 0x80;
  if (plain) return octets;
  const bytes = new Uint8Array(octets.length);
  for (let i = 0; i < octets.length; i++) bytes[i] = octets.charCodeAt(i);
  return new TextDecoder().decode(bytes);
}

/** Appends big-endian fields to a buffer that grows as needed. Reuse one: `reset()` keeps the buffer. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(initial = 512) {
    this.bytes = new Uint8Array(initial);
  }

  reset(): void {
    this.length = 0;
  }

  /** The written part, a view that the next write may change. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private room(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    let size = this.bytes.length * 2;
    while (size < needed) size *= 2;
    const larger = new Uint8Array(size);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  u8(value: number): void {
    this.room(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.room(2);
    const b = this.bytes;
    b[this.length++] = value >>> 8;
    b[this.length++] = value;
  }

  u32(value: number): void {
    this.room(4);
    const b = this.bytes;
    b[this.length++] = value >>> 24;
    b[this.length++] = value >>> 16;
    b[this.length++] = value >>> 8;
    b[this.length++] = value;
  }

  /** A non-negative safe integer in eight bytes. */
  u64(value: number): void {
    this.u32(Math.floor(value / 0x100000000));
    this.u32(value >>> 0);
  }

  /** A non-negative safe integer, seven bits a byte, least significant first. */
  varint(value: number): void {
    this.room(8);
    let rest = value;
    while (rest > 0x7fffffff) {
      this.bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** Length as varint, then the bytes. */
  octets(text: Octets): void {
    const count = text.length;
    this.varint(count);
    this.room(count);
    if (transcoder !== undefined && count >= WRITE_NATIVELY_FROM) {
      transcoder.write(this.bytes, text, this.length);
      this.length += count;
      return;
    }
    const b = this.bytes;
    let at = this.length;
    for (let i = 0; i < count; i++) b[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** The written part as an octet string. */
  toOctets(): Octets {
    return readOctets(this.bytes, 0, this.length);
  }
}

/** Reads what {@link ByteWriter} wrote. Every method throws {@link MalformedBytes} past the end. */
export class ByteReader {
  bytes: Uint8Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
  }

  static ofOctets(text: Octets): ByteReader {
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new ByteReader(bytes);
  }

  /** Point the same reader at other bytes. */
  reset(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
  }

  private need(count: number): void {
    if (this.at + count > this.end) throw new MalformedBytes(`${count} bytes wanted, ${this.end - this.at} left`);
  }

  u8(): number {
    this.need(1);
    return this.bytes[this.at++];
  }

  u16(): number {
    this.need(2);
    const b = this.bytes;
    const value = (b[this.at] << 8) | b[this.at + 1];
    this.at += 2;
    return value;
  }

  u32(): number {
    this.need(4);
    const b = this.bytes;
    const at = this.at;
    this.at = at + 4;
    return ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
  }

  u64(): number {
    const high = this.u32();
    const value = high * 0x100000000 + this.u32();
    if (high > 0x1fffff) throw new MalformedBytes("integer above 2^53");
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      this.need(1);
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new MalformedBytes("integer above 2^53");
        return value;
      }
      scale *= 128;
    }
    throw new MalformedBytes("integer longer than eight bytes");
  }

  /** A count that precedes items of at least `minimumBytes` each: refuses counts the frame cannot hold. */
  count(minimumBytes: number): number {
    const value = this.varint();
    if (value * minimumBytes > this.end - this.at) throw new MalformedBytes(`count ${value} exceeds the frame`);
    return value;
  }

  octets(): Octets {
    const count = this.varint();
    this.need(count);
    const from = this.at;
    this.at = from + count;
    return readOctets(this.bytes, from, this.at);
  }

  /** Call when a message must be over: trailing bytes are malformed. */
  finish(): void {
    if (this.at !== this.end) throw new MalformedBytes(`${this.end - this.at} bytes too many`);
  }
}

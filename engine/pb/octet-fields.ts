/**
 * Between records and bytes, by protobufjs's compiled encoders and decoders. The library reads `bytes` as a view into
 * the socket's buffer and writes strings as base64; everywhere else in this engine bytes are octet strings. So its reader
 * and writer are taught that one thing, which also spares a view for every field of every request.
 *
 * One writer makes all answers: it keeps its buffer, and a frame leaves it as a copy. What does not decode, of whatever
 * kind, is {@link MalformedBytes}: the library throws errors of several sorts at bytes that lie.
 */
import { BufferWriter, Reader } from "protobufjs/light";
import { MalformedBytes, type Octets } from "../vocabulary/octets";
import type { Definition } from "./messages";

// On Node's Buffer and not in its typings; they work on any byte array.
interface Latin1 {
  latin1Slice(from: number, to: number): string;
  latin1Write(text: string, at: number, length: number): number;
}
const native = Buffer.prototype as unknown as Latin1;

class OctetReader extends Reader {
  /** Octets, whatever the declaration says: it is what our definitions' records have. */
  override bytes(): Uint8Array {
    const length = this.size();
    const from = this.pos;
    const to = from + length;
    if (to > this.len) throw new RangeError(`${String(length)} bytes wanted, ${String(this.len - from)} left`);
    this.pos = to;
    return native.latin1Slice.call(this.buf, from, to) as unknown as Uint8Array;
  }

  reset(bytes: Uint8Array, from: number, to: number): void {
    this.buf = bytes;
    this.pos = from;
    this.len = to;
  }
}

class OctetWriter extends BufferWriter {
  override bytes(value: Uint8Array | string): this {
    const text = value as string;
    this.uint32(text.length);
    if (text.length === 0) return this;
    this.room(text.length);
    native.latin1Write.call(this.buf, text, this.pos, text.length);
    this.pos += text.length;
    return this;
  }

  private room(bytes: number): void {
    if (this.pos + bytes <= this.buf.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buf.length * 2, this.pos + bytes));
    larger.set(this.buf.subarray(0, this.pos));
    this.buf = larger;
  }

  /** Forgets all that is written. */
  restart(): void {
    this.pos = 0;
    this.states = null;
    if (this.buf.length > KEEP_BYTES) this.buf = Buffer.allocUnsafe(FIRST_BYTES);
  }
}

/** Length and code. */
const HEADER_BYTES = 5;
const FIRST_BYTES = 4_096;
/** A writer's buffer above this size is given back. */
const KEEP_BYTES = 256 * 1024;

const reader = new OctetReader(new Uint8Array(0));
const writer = new OctetWriter();

/** The message in these bytes. @throws MalformedBytes */
export function decodeMessage<Fields>(
  definition: Definition<Fields>,
  bytes: Uint8Array,
  from: number,
  to: number,
): Fields {
  reader.reset(bytes, from, to);
  try {
    return definition.type.decode(reader) as unknown as Fields;
  } catch (error) {
    // Never an error of ours: what runs here is generated from the definitions.
    throw new MalformedBytes(error instanceof Error ? error.message : String(error));
  }
}

/** A whole frame: length, code and the message. */
export function frameOf<Fields>(code: number, definition: Definition<Fields>, message: Fields): Buffer {
  writer.restart();
  writer.raw(EMPTY_HEADER);
  definition.type.encode(message as object, writer);
  const frame = Buffer.allocUnsafe(writer.pos);
  frame.set(writer.buf.subarray(0, writer.pos));
  return headed(frame, code);
}

/** A frame that is nothing but its code. */
export function bareFrame(code: number): Buffer {
  return headed(Buffer.allocUnsafe(HEADER_BYTES), code);
}

const EMPTY_HEADER = new Uint8Array(HEADER_BYTES);

function headed(frame: Buffer, code: number): Buffer {
  frame.writeUInt32BE(frame.length - 4, 0);
  frame[4] = code;
  return frame;
}

/** How many bytes an octet string of this length takes as a repeated field: tag, length, octets. */
export function fieldBytes(octets: Octets): number {
  return octets.length + (octets.length < 128 ? 2 : octets.length < 16_384 ? 3 : 4);
}

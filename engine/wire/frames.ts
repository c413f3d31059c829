/**
 * Frames on a byte stream: four bytes of length, then that many bytes. The first frame of a connection is the
 * handshake, in plain fields that every version can read; all later ones are messages of `codec.ts`.
 *
 * The splitter keeps at most one partial frame and refuses lengths above the limit *before* buffering them, so a peer
 * cannot make us hold more than `MAX_FRAME_BYTES`.
 */
import { ByteReader, ByteWriter, MalformedBytes } from "../vocabulary/octets";

export const MAX_FRAME_BYTES = 8 * 1024 * 1024;
const HEADER = 4;

/** Starts a frame in `out`; pass what it returns to {@link endFrame}. */
export function beginFrame(out: ByteWriter): number {
  const at = out.length;
  out.u32(0);
  return at;
}

/** Fills in the length. Throws RangeError when the frame is above the limit (the frame is then removed). */
export function endFrame(out: ByteWriter, at: number): void {
  const size = out.length - at - HEADER;
  if (size > MAX_FRAME_BYTES) {
    out.length = at;
    throw new RangeError(`message of ${String(size)} bytes, limit ${String(MAX_FRAME_BYTES)}`);
  }
  out.bytes[at] = size >>> 24;
  out.bytes[at + 1] = size >>> 16;
  out.bytes[at + 2] = size >>> 8;
  out.bytes[at + 3] = size;
}

/** A buffer above this size is given back once it is empty. */
const KEEP_BYTES = 256 * 1024;
const EMPTY = new Uint8Array(0);

/** Cuts a byte stream into frames. */
export class FrameSplitter {
  /** Begins with the bytes of a frame that is not whole yet; grown by doubling, so that a trickle costs what a flood does. */
  private rest: Uint8Array = EMPTY;
  private held = 0;
  private readonly reader = new ByteReader(EMPTY);

  /** What arrived last is the beginning of a frame: a stream that ends here was cut off. */
  get insideFrame(): boolean {
    return this.held > 0;
  }

  /**
   * Calls `frame` for every whole frame in what has arrived; the reader is valid during the call only.
   * @throws MalformedBytes on an impossible length: the stream cannot be resynchronised, close it.
   */
  push(chunk: Uint8Array, frame: (body: ByteReader) => void): void {
    let bytes = chunk;
    let { length } = chunk;
    if (this.held > 0) {
      length += this.held;
      this.reserve(length);
      this.rest.set(chunk, this.held);
      bytes = this.rest;
    }
    let at = 0;
    while (length - at >= HEADER) {
      const size = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
      if (size === 0 || size > MAX_FRAME_BYTES) throw new MalformedBytes(`frame of ${String(size)} bytes`);
      const end = at + HEADER + size;
      if (end > length) break;
      this.reader.reset(bytes, at + HEADER, end);
      frame(this.reader);
      at = end;
    }
    this.keep(bytes, at, length);
  }

  /** Keeps what is left, as a copy: what arrived is the caller's. */
  private keep(bytes: Uint8Array, from: number, to: number): void {
    if (bytes === this.rest) this.rest.copyWithin(0, from, to);
    else if (from < to) {
      this.reserve(to - from);
      this.rest.set(bytes.subarray(from, to));
    }
    this.held = to - from;
    if (this.held === 0 && this.rest.length > KEEP_BYTES) this.rest = EMPTY;
  }

  private reserve(bytes: number): void {
    if (bytes <= this.rest.length) return;
    const larger = new Uint8Array(Math.max(bytes, Math.min(this.rest.length * 2, HEADER + MAX_FRAME_BYTES)));
    larger.set(this.rest.subarray(0, this.held));
    this.rest = larger;
  }
}

/** A `coordinator` is a client that coordinates its own requests: it is no member, and may ask replicas directly. */
export type Sender =
  { readonly kind: "node"; readonly index: number } | { readonly kind: "client" } | { readonly kind: "coordinator" };

/** Who opens a connection. */
export interface Hello {
  readonly wireVersion: number;
  /** Nodes of one cluster share it; a stranger is refused. */
  readonly cluster: string;
  readonly clock: string;
  readonly sender: Sender;
}

const MAGIC = 0x514c_4142; // "QLAB"
const MAX_NAME = 200;
const SENDERS = ["node", "client", "coordinator"] as const;

export function encodeHello(hello: Hello, out: ByteWriter): void {
  const at = beginFrame(out);
  out.u32(MAGIC);
  out.u8(hello.wireVersion);
  out.u8(1 + SENDERS.indexOf(hello.sender.kind));
  out.u16(hello.sender.kind === "node" ? hello.sender.index : 0);
  out.octets(hello.cluster.slice(0, MAX_NAME));
  out.octets(hello.clock.slice(0, MAX_NAME));
  endFrame(out, at);
}

/** @throws MalformedBytes */
export function decodeHello(reader: ByteReader): Hello {
  if (reader.u32() !== MAGIC) throw new MalformedBytes("not a Quorumlab connection");
  const wireVersion = reader.u8();
  const kind = reader.u8();
  const index = reader.u16();
  const sender = SENDERS.at(kind - 1);
  if (kind < 1 || sender === undefined) throw new MalformedBytes(`sender kind ${String(kind)}`);
  const cluster = reader.octets();
  const clock = reader.octets();
  if (cluster.length > MAX_NAME || clock.length > MAX_NAME) throw new MalformedBytes("name too long");
  reader.finish();
  return { wireVersion, cluster, clock, sender: sender === "node" ? { kind: "node", index } : { kind: sender } };
}

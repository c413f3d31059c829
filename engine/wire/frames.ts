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

/** Cuts a byte stream into frames. */
export class FrameSplitter {
  private rest: Uint8Array | undefined;
  private readonly reader = new ByteReader(new Uint8Array(0));

  /** What arrived last is the beginning of a frame: a stream that ends here was cut off. */
  get insideFrame(): boolean {
    return this.rest !== undefined;
  }

  /**
   * Calls `frame` for every whole frame in what has arrived; the reader is valid during the call only.
   * @throws MalformedBytes on an impossible length: the stream cannot be resynchronised, close it.
   */
  push(chunk: Uint8Array, frame: (body: ByteReader) => void): void {
    let bytes = chunk;
    if (this.rest !== undefined) {
      bytes = new Uint8Array(this.rest.length + chunk.length);
      bytes.set(this.rest);
      bytes.set(chunk, this.rest.length);
      this.rest = undefined;
    }
    let at = 0;
    while (bytes.length - at >= HEADER) {
      const size = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
      if (size === 0 || size > MAX_FRAME_BYTES) throw new MalformedBytes(`frame of ${String(size)} bytes`);
      const end = at + HEADER + size;
      if (end > bytes.length) break;
      this.reader.reset(bytes, at + HEADER, end);
      frame(this.reader);
      at = end;
    }
    if (at < bytes.length) this.rest = at === 0 && bytes !== chunk ? bytes : bytes.slice(at);
  }
}

/** Who opens a connection. */
export interface Hello {
  readonly wireVersion: number;
  /** Nodes of one cluster share it; a stranger is refused. */
  readonly cluster: string;
  readonly clock: string;
  readonly sender: { readonly kind: "node"; readonly index: number } | { readonly kind: "client" };
}

const MAGIC = 0x514c_4142; // "QLAB"
const MAX_NAME = 200;

export function encodeHello(hello: Hello, out: ByteWriter): void {
  const at = beginFrame(out);
  out.u32(MAGIC);
  out.u8(hello.wireVersion);
  out.u8(hello.sender.kind === "node" ? 1 : 2);
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
  if (kind !== 1 && kind !== 2) throw new MalformedBytes(`sender kind ${String(kind)}`);
  const cluster = reader.octets();
  const clock = reader.octets();
  if (cluster.length > MAX_NAME || clock.length > MAX_NAME) throw new MalformedBytes("name too long");
  reader.finish();
  return { wireVersion, cluster, clock, sender: kind === 1 ? { kind: "node", index } : { kind: "client" } };
}

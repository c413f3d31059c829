/**
 * The bare ceiling: a process that does what a coordinator's sockets do and nothing else. A request of a client is
 * copied to two peers, two answers are waited for, the client is answered. Frames have the engine's sizes and are
 * corked as the engine corks (one write per connection and turn of the event loop), but nothing is decoded, stored or decided.
 */
import { connect, createServer, type Socket } from "node:net";

const KIND_REQUEST = 1;
const KIND_COPY = 2;
const KIND_COPIED = 3;
const KIND_ANSWER = 4;
/** length u32, kind u8, id u32 */
const HEADER = 9;

/** Gathers frames of one turn into one write. */
export class Corked {
  private bytes = Buffer.allocUnsafe(64 * 1024);
  private length = 0;
  private due = false;

  constructor(readonly socket: Socket) {}

  frame(kind: number, id: number, from: Buffer, at: number, payload: number): void {
    const size = HEADER + payload;
    while (this.length + size > this.bytes.length) {
      const larger = Buffer.allocUnsafe(this.bytes.length * 2);
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    const b = this.bytes;
    let p = this.length;
    const rest = size - 4;
    b[p++] = rest >>> 24;
    b[p++] = rest >>> 16;
    b[p++] = rest >>> 8;
    b[p++] = rest;
    b[p++] = kind;
    b[p++] = id >>> 24;
    b[p++] = id >>> 16;
    b[p++] = id >>> 8;
    b[p++] = id;
    if (payload > 0) b.set(from.subarray(at, at + payload), p);
    this.length += size;
    if (!this.due) {
      this.due = true;
      due.push(this);
      if (due.length === 1) setImmediate(flushAll);
    }
  }

  flush(): void {
    this.due = false;
    const copy = Buffer.allocUnsafe(this.length);
    copy.set(this.bytes.subarray(0, this.length));
    this.length = 0;
    this.socket.write(copy);
  }
}

let due: Corked[] = [];

function flushAll(): void {
  const corked = due;
  due = [];
  for (const one of corked) one.flush();
}

/** Calls `each(kind, id, bytes, payloadAt, payloadLength)` per whole frame. */
export function onFrames(
  socket: Socket,
  each: (kind: number, id: number, bytes: Buffer, at: number, length: number) => void,
): void {
  let rest: Buffer | undefined;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    rest = undefined;
    let at = 0;
    while (bytes.length - at >= HEADER) {
      const size = bytes.readUInt32BE(at);
      if (at + 4 + size > bytes.length) break;
      each(bytes[at + 4], bytes.readUInt32BE(at + 5), bytes, at + HEADER, size + 4 - HEADER);
      at += 4 + size;
    }
    if (at < bytes.length) rest = bytes.subarray(at);
  });
}

interface Waiting {
  readonly client: Corked;
  readonly id: number;
  left: number;
}

function run(): void {
  const peers: Corked[] = [];
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let turn = 0;
  const replySize = Number(process.argv[2]);
  const blank = Buffer.alloc(replySize);
  const server = createServer((socket) => {
    const back = new Corked(socket);
    onFrames(socket, (kind, id, bytes, at, length) => {
      if (kind === KIND_REQUEST) {
        const own = next;
        next = (next + 1) >>> 0;
        waiting.set(own, { client: back, id, left: 2 });
        peers[turn].frame(KIND_COPY, own, bytes, at, length);
        turn = turn + 1 === peers.length ? 0 : turn + 1;
        peers[turn].frame(KIND_COPY, own, bytes, at, length);
      } else if (kind === KIND_COPY) back.frame(KIND_COPIED, id, blank, 0, 4);
    });
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    process.send?.({ port: typeof address === "object" && address !== null ? address.port : 0 });
  });
  process.on("message", (ports: number[]) => {
    let open = ports.length;
    for (const port of ports) {
      const socket = connect(port, "127.0.0.1", () => {
        if (--open === 0) process.send?.({ connected: true });
      });
      peers.push(new Corked(socket));
      onFrames(socket, (kind, id) => {
        if (kind !== KIND_COPIED) return;
        const entry = waiting.get(id);
        if (entry === undefined || --entry.left > 0) return;
        waiting.delete(id);
        entry.client.frame(KIND_ANSWER, entry.id, blank, 0, replySize);
      });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

if (process.argv[2] !== undefined && process.send !== undefined) run();

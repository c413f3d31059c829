/**
 * One TCP connection that carries frames: messages of one turn of the event loop are gathered into one write (the
 * cork), what arrives is cut into frames, and both directions are bounded. Garbage, a truncated or an oversized frame
 * closes this connection with a reason and touches nothing else.
 */
import type { Socket } from "node:net";
import type { Message } from "../messages";
import type { Micros } from "../vocabulary/micros";
import { type ByteReader, ByteWriter, MalformedBytes } from "../vocabulary/octets";
import type { Codec } from "../wire/codec";
import { beginFrame, encodeHello, endFrame, FrameSplitter, type Hello } from "../wire/frames";
import { encodeSendingInstant } from "../wire/sending-instant";

/** Bytes that may wait for a slow peer before messages to it are dropped. */
export const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
const KEEP_BUFFER_BYTES = 1024 * 1024;

export interface ConnectionEvents {
  frame(body: ByteReader): void;
  closed(reason: string): void;
}

export class Connection {
  private readonly out = new ByteWriter(16 * 1024);
  private readonly splitter = new FrameSplitter();
  private flushDue = false;
  private open = true;
  /** Address and port of the other end; a closed socket forgets them. */
  readonly remote: string;
  /** Messages not sent because the peer's queue was full. */
  dropped = 0;
  bytesSent = 0;
  messagesSent = 0;
  /** Of the message sent last, its frame included. */
  lastBytes = 0;

  constructor(
    private readonly socket: Socket,
    private readonly codec: Codec,
    private readonly events: ConnectionEvents,
  ) {
    this.remote = `${socket.remoteAddress ?? "?"}:${String(socket.remotePort ?? 0)}`;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.arrived(chunk));
    socket.on("error", (error: Error) => this.close(error.message));
    socket.on("close", () =>
      this.close(this.splitter.insideFrame ? "malformed: the stream ended inside a frame" : "closed by peer"),
    );
  }

  get isOpen(): boolean {
    return this.open;
  }

  hello(hello: Hello): void {
    encodeHello(hello, this.out);
    this.scheduleFlush();
  }

  /** Queues a message for this turn's write, with `sentAt` in front where its delay is measured. False when dropped. */
  send(message: Message, sentAt?: Micros): boolean {
    if (!this.open) return false;
    if (this.socket.writableLength + this.out.length > MAX_QUEUED_BYTES) {
      this.dropped++;
      return false;
    }
    const at = beginFrame(this.out);
    if (sentAt !== undefined) encodeSendingInstant(sentAt, this.out);
    this.codec.encode(message, this.out);
    try {
      endFrame(this.out, at);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.dropped++;
      return false;
    }
    this.messagesSent++;
    this.lastBytes = this.out.length - at;
    this.scheduleFlush();
    return true;
  }

  /** Closes at once; `closed` is called with `reason`, once. */
  close(reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.socket.destroy();
    this.events.closed(reason);
  }

  /** Sends what is queued, then closes. */
  end(): void {
    this.flush();
    this.socket.end();
  }

  private scheduleFlush(): void {
    if (this.flushDue) return;
    this.flushDue = true;
    flushThisTurn(this);
  }

  flush(): void {
    this.flushDue = false;
    if (!this.open || this.out.length === 0) return;
    const { length, bytes } = this.out;
    const copy = Buffer.allocUnsafe(length);
    copy.set(length === bytes.length ? bytes : bytes.subarray(0, length));
    this.bytesSent += length;
    this.out.reset();
    if (bytes.length > KEEP_BUFFER_BYTES) this.out.bytes = new Uint8Array(16 * 1024);
    this.socket.write(copy);
  }

  private arrived(chunk: Buffer): void {
    try {
      this.splitter.push(chunk, (body) => {
        if (this.open) this.events.frame(body);
      });
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.close(`malformed: ${error.message}`);
    }
  }
}

/** Connections with something to send in this turn of the event loop. */
let due: Connection[] = [];

/**
 * One write per connection and turn: the flush comes after all sockets that became readable in this turn have been
 * read. Flushing after each of them (`nextTick`) made up to one write per *incoming* chunk, and writes are what a node
 * under load spends its time on.
 */
function flushThisTurn(connection: Connection): void {
  due.push(connection);
  if (due.length === 1) setImmediate(flushAll);
}

function flushAll(): void {
  const connections = due;
  due = [];
  for (const connection of connections) connection.flush();
}

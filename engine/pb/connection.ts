/**
 * One client's connection. Requests are carried out one after the other and answered in order, as a Riak does, so that a get
 * sent behind a put on one connection reads what the put wrote; a client that wants more at once opens more connections.
 * What came too early waits here, and beyond a few requests the socket is not read: the client's own buffers fill up.
 *
 * Everything a client can do wrong ends its connection and nothing else: bytes that are no message (told, then closed), a frame
 * that does not end, answers that are not fetched. The mistake to avoid is closing over answers that are still owed: a
 * malformed frame waits its turn behind the requests before it.
 */
import type { Socket } from "node:net";
import { type ByteReader, MalformedBytes, octetsFromText } from "../vocabulary/octets";
import { FrameSplitter } from "../wire/frames";
import { CODES, type Definition, ERROR } from "./messages";
import { bareFrame, frameOf } from "./octet-fields";
import { decodeRequest, type Request } from "./requests";

export interface ConnectionLimits {
  readonly maxPipelined: number;
  /** A frame that has begun must be whole by then, and answers fetched. */
  readonly requestTimeoutMs: number;
}

/** Where an answer goes. Exactly one of {@link answer}, {@link acknowledge} and {@link fail} ends a request. */
export interface Answering {
  readonly isOpen: boolean;
  /** Numbers whoever writes through this connection; and what the client calls itself. */
  readonly client: number;
  clientId: string;
  answer<Fields>(code: number, definition: Definition<Fields>, fields: Fields): void;
  /** An answer that is nothing but its code. */
  acknowledge(code: number): void;
  fail(text: string): void;
  /** One of several; `ready` is called when the client has room for more, in a later turn or within the call. */
  part<Fields>(code: number, definition: Definition<Fields>, fields: Fields, ready: () => void): void;
}

/** Bytes that may wait for a client before nothing more is done for it. */
const MAX_UNSENT_BYTES = 1_048_576;
/** How long a client that was told it is wrong may take to close. */
const LINGER_MS = 2_000;

export class PbConnection implements Answering {
  clientId = "\0\0\0\0";
  private readonly splitter = new FrameSplitter();
  private readonly waiting: Request[] = [];
  private open = true;
  private busy = false;
  private pumping = false;
  private paused = false;
  /** Nothing that arrives from now on is looked at. */
  private deaf = false;
  private frames = 0;
  private ready: (() => void) | undefined;
  /** Since when a frame has been incomplete, and answers have not been fetched; undefined while neither is so. */
  private incompleteSince: number | undefined;
  private unsentSince: number | undefined;
  private endingSince: number | undefined;
  lastHeardAt: number;

  constructor(
    private readonly socket: Socket,
    readonly client: number,
    private readonly limits: ConnectionLimits,
    private readonly events: {
      now(): number;
      carryOut(request: Request, answering: Answering): void;
      malformed(reason: string): void;
      closed(): void;
    },
  ) {
    this.lastHeardAt = events.now();
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.arrived(chunk));
    socket.on("drain", () => this.drained());
    socket.on("error", () => this.close());
    socket.on("close", () => this.close());
  }

  get isOpen(): boolean {
    return this.open;
  }

  /** Nothing is asked, waited for or unsent. */
  get isIdle(): boolean {
    return !this.busy && this.incompleteSince === undefined && this.socket.writableLength === 0;
  }

  answer<Fields>(code: number, definition: Definition<Fields>, fields: Fields): void {
    this.finish(frameOf(code, definition, fields));
  }

  acknowledge(code: number): void {
    this.finish(bareFrame(code));
  }

  fail(text: string): void {
    this.finish(errorFrame(text));
  }

  part<Fields>(code: number, definition: Definition<Fields>, fields: Fields, ready: () => void): void {
    if (!this.open) return;
    this.socket.write(frameOf(code, definition, fields));
    if (this.hasRoom()) ready();
    else this.ready = ready;
  }

  /** Called now and then: cuts a client that is too slow. */
  look(now: number): void {
    const longAgo = now - this.limits.requestTimeoutMs * 1_000;
    if (this.endingSince !== undefined && this.endingSince < now - LINGER_MS * 1_000) this.close();
    else if (this.incompleteSince !== undefined && this.incompleteSince < longAgo) {
      this.refuse("a message that was begun and not finished in time");
      this.pump();
    } else if (this.unsentSince !== undefined && this.unsentSince < longAgo) this.close();
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.waiting.length = 0;
    this.socket.destroy();
    const { ready } = this;
    this.ready = undefined;
    // Whoever waits to send more finds the connection closed and stops.
    ready?.();
    this.events.closed();
  }

  private arrived(chunk: Buffer): void {
    if (this.deaf) return;
    const now = this.events.now();
    const { frames } = this;
    this.lastHeardAt = now;
    // What is answered within this call leaves in one write.
    this.socket.cork();
    try {
      this.splitter.push(chunk, (body) => this.frame(body));
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.refuse(error.message);
    }
    if (this.deaf || !this.splitter.insideFrame) this.incompleteSince = undefined;
    else if (this.incompleteSince === undefined || this.frames > frames) this.incompleteSince = now;
    this.pump();
    this.socket.uncork();
  }

  private frame(body: ByteReader): void {
    if (this.deaf) return;
    this.frames++;
    try {
      this.waiting.push(decodeRequest(body));
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.refuse(error.message);
      return;
    }
    if (this.waiting.length >= this.limits.maxPipelined && !this.paused) {
      this.paused = true;
      this.socket.pause();
    }
  }

  /** The client is told in its turn; from here on nothing of it is believed. */
  private refuse(reason: string): void {
    if (this.deaf) return;
    this.deaf = true;
    this.incompleteSince = undefined;
    this.events.malformed(reason);
    this.waiting.push({ kind: "malformed", reason });
    // What it still sends is read and dropped, for a socket closed over unread bytes may lose the error on its way.
    if (this.paused) this.socket.resume();
  }

  /** A loop, not a recursion: in memory requests are answered before the call that asked returns. */
  private pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (this.open && !this.busy && this.hasRoom()) {
      const request = this.waiting.shift();
      if (request === undefined) break;
      this.busy = true;
      if (request.kind === "malformed") this.end(`malformed message: ${request.reason}`);
      else this.events.carryOut(request, this);
    }
    this.pumping = false;
    if (this.paused && !this.deaf && this.open && this.waiting.length * 2 < this.limits.maxPipelined) {
      this.paused = false;
      this.socket.resume();
    }
  }

  private finish(frame: Buffer): void {
    if (!this.open || !this.busy) return;
    this.socket.write(frame);
    this.busy = false;
    this.pump();
  }

  private hasRoom(): boolean {
    if (this.socket.writableLength <= MAX_UNSENT_BYTES) return true;
    this.unsentSince ??= this.events.now();
    return false;
  }

  private drained(): void {
    this.unsentSince = undefined;
    const { ready } = this;
    this.ready = undefined;
    ready?.();
    this.pump();
  }

  /** Tells why, and closes once the client has. */
  private end(text: string): void {
    this.endingSince = this.events.now();
    this.socket.end(errorFrame(text));
  }
}

export function errorFrame(text: string): Buffer {
  return frameOf(CODES.error, ERROR, { message: octetsFromText(text), code: 0 });
}

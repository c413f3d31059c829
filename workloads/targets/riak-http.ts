/**
 * One node's HTTP API, as far as the driver needs it: requests of bounded length over a bounded number of kept connections,
 * each with a deadline, and exactly one outcome for each. It knows bytes, statuses and names of resources; what an answer says
 * of an operation is read elsewhere (`riak-answers.ts`).
 *
 * HTTP says nothing of a request whose answer did not come. What is known here is whether its first byte was handed to a
 * connection: until then it did not happen, from then on it may have, also where the connection died at once because the
 * server had closed it in the same moment. Nothing is ever sent again.
 *
 * A connection carries one request at a time (pipelining would put an answer behind others that wait for a disk), so that
 * what waits for a free one waits here, and its waiting is part of the latency that the driver sees. It is written on bare sockets
 * because clients made for comfort wait a turn or two of the event loop between requests of a connection: 1 ms in undici, where a
 * store in memory answers in 0.1.
 */
import { connect, type Socket } from "node:net";
import { type KeyName, MAX_BUCKET_BYTES, MAX_KEY_BYTES } from "../../engine/vocabulary/address";
import type { Octets } from "../../engine/vocabulary/octets";
import { type AnswerBounds, AnswerReader, type HttpAnswer } from "./http-answer";

export type { HttpAnswer };

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

export interface HttpLimits {
  /** Connections to the node. */
  readonly connections: number;
  /** A longer answer is not read to its end. */
  readonly mostAnswerBytes: number;
  readonly connectMs: number;
}

export const HTTP_LIMITS: HttpLimits = { connections: 64, mostAnswerBytes: 67_108_864, connectMs: 2_000 };

export interface HttpRequest {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly path: string;
  /** Name, value, name, value … */
  readonly headers: readonly string[];
  readonly body?: Octets;
  readonly timeoutMs: number;
}

/** How a request ended. `sent`: something of it may have arrived. */
export type Exchange =
  | { readonly kind: "answered"; readonly answer: HttpAnswer }
  | { readonly kind: "failed"; readonly sent: boolean; readonly because: Failure; readonly reason: string };

/** The deadline passed; the connection failed, or could not be made; what was to be sent is no request; or nobody listens any more. */
export type Failure = "deadline" | "connection" | "request" | "closed";

/** Clocks of objects with many siblings come in a header. */
const MOST_HEAD_BYTES = 1_048_576;
/** An idle connection is used for so long, unless the server says that it keeps it for less; and so much less than it says. */
const KEPT_MS = 20_000;
const KEPT_LESS_MS = 1_000;

export class RiakHttpNode {
  private readonly limits: HttpLimits;
  private readonly bounds: AnswerBounds;
  private readonly underWay = new Set<Request>();
  private readonly all = new Set<Connection>();
  /** Used last on top. */
  private readonly idle: Connection[] = [];
  private readonly waiting = new Queue();
  private closed = false;

  constructor(
    private readonly address: HttpAddress,
    limits: Partial<HttpLimits> = {},
  ) {
    this.limits = { ...HTTP_LIMITS, ...limits };
    this.bounds = { mostHeadBytes: MOST_HEAD_BYTES, mostBodyBytes: this.limits.mostAnswerBytes };
  }

  /** Requests without an outcome. */
  outstanding(): number {
    return this.underWay.size;
  }

  /** `done` is called once, never before this returns. */
  exchange(asked: HttpRequest, done: (exchange: Exchange) => void): void {
    const request: Request = new Request(textOf(asked, this.address), asked.timeoutMs, (exchange) => {
      this.underWay.delete(request);
      done(exchange);
    });
    this.underWay.add(request);
    if (request.text === undefined) process.nextTick(() => request.fail("request", "not to be said in HTTP"));
    else if (this.closed) process.nextTick(() => request.fail("closed", "closed"));
    else this.hand(request);
  }

  /** What has no outcome yet gets one: nothing more is heard. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const request of [...this.underWay]) request.fail("closed", "closed");
    for (const connection of [...this.all]) connection.end("closed");
  }

  private hand(request: Request): void {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (connection.isFresh()) {
        connection.send(request);
        return;
      }
      connection.end("idle for too long");
    }
    this.waiting.push(request);
    if (this.all.size < this.limits.connections) this.dial();
  }

  private dial(): void {
    const connection: Connection = new Connection(this.address, this.bounds, this.limits.connectMs, {
      free: () => {
        const next = this.waiting.take();
        if (next === undefined) this.idle.push(connection);
        else connection.send(next);
      },
      ended: (reason, wasOpen) => {
        this.all.delete(connection);
        const at = this.idle.indexOf(connection);
        if (at >= 0) this.idle.splice(at, 1);
        if (this.closed || !this.waiting.live) return;
        // It is another's turn to be connected.
        if (wasOpen) return this.dial();
        // Whoever waits may still get one of those that are there.
        if (this.all.size > 0) return;
        for (let next = this.waiting.take(); next !== undefined; next = this.waiting.take())
          next.fail("connection", reason);
      },
    });
    this.all.add(connection);
  }
}

/** One request and its only outcome. */
class Request {
  ended = false;
  connection: Connection | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(
    /** Undefined: it cannot be said. */
    readonly text: string | undefined,
    timeoutMs: number,
    private readonly done: (exchange: Exchange) => void,
  ) {
    this.timer = setTimeout(() => {
      const { connection } = this;
      this.fail("deadline", connection === undefined ? "no free connection in time" : "no answer in time");
      // It is of no more use: an answer that came late would be taken for the next one's.
      connection?.end("no answer in time");
    }, timeoutMs);
  }

  fail(because: Failure, reason: string): void {
    this.end({ kind: "failed", sent: this.connection !== undefined, because, reason });
  }

  end(exchange: Exchange): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.done(exchange);
  }
}

interface Listener {
  /** It can take a request. */
  free(): void;
  ended(reason: string, wasOpen: boolean): void;
}

class Connection {
  private readonly socket: Socket;
  private readonly reader: AnswerReader;
  private request: Request | undefined;
  private open = false;
  private over = false;
  private freeSince = 0;

  constructor(
    { host, port }: HttpAddress,
    bounds: AnswerBounds,
    connectMs: number,
    private readonly listener: Listener,
  ) {
    this.reader = new AnswerReader(bounds);
    this.socket = connect({ host, port, noDelay: true });
    const patience = setTimeout(() => this.end("no connection in time"), connectMs);
    this.socket.on("connect", () => {
      clearTimeout(patience);
      this.open = true;
      this.release();
    });
    this.socket.on("data", (bytes) => this.came(() => this.reader.push(bytes)));
    this.socket.on("end", () => {
      this.came(() => this.reader.end());
      this.end("the other side closed the connection");
    });
    this.socket.on("error", ({ message, code }: NodeJS.ErrnoException) =>
      this.end(message === "" ? (code ?? "no connection") : message),
    );
    this.socket.on("close", () => {
      clearTimeout(patience);
      this.end("the connection was closed");
    });
  }

  /** Whether the server keeps it still, as far as it said. */
  isFresh(): boolean {
    const { keptMs } = this.reader;
    const kept = keptMs === undefined ? KEPT_MS : Math.min(KEPT_MS, keptMs - KEPT_LESS_MS);
    return performance.now() - this.freeSince < kept;
  }

  send(request: Request): void {
    this.request = request;
    request.connection = this;
    this.socket.write(request.text!, "latin1");
  }

  /** More than once is once. What is under way on it has no answer. */
  end(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.socket.destroy();
    const { request } = this;
    this.request = undefined;
    this.listener.ended(reason, this.open);
    request?.fail("connection", reason);
  }

  private came(read: () => HttpAnswer | undefined): void {
    if (this.over) return;
    let answer: HttpAnswer | undefined;
    try {
      answer = read();
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
      return;
    }
    const { request } = this;
    if (request === undefined) {
      if (this.reader.begun || answer !== undefined) this.end("an answer to nothing");
      return;
    }
    if (answer === undefined) return;
    this.request = undefined;
    if (this.reader.reusable) this.release();
    else this.end("the other side keeps no connections");
    request.end({ kind: "answered", answer });
  }

  private release(): void {
    this.freeSince = performance.now();
    this.listener.free();
  }
}

/** First come, first served; those whose deadline passed meanwhile are left out. */
class Queue {
  private requests: Request[] = [];
  private head = 0;

  push(request: Request): void {
    this.requests.push(request);
  }

  /** Somebody waits. */
  get live(): boolean {
    while (this.head < this.requests.length && this.requests[this.head].ended) this.head++;
    return this.head < this.requests.length;
  }

  take(): Request | undefined {
    while (this.head < this.requests.length) {
      const request = this.requests[this.head++];
      if (this.head === this.requests.length || this.head > 1_024) {
        this.requests = this.requests.slice(this.head);
        this.head = 0;
      }
      if (!request.ended) return request;
    }
    return undefined;
  }
}

/** The request's bytes; undefined where it would say something else. */
function textOf({ method, path, headers, body }: HttpRequest, { host, port }: HttpAddress): string | undefined {
  if (!PATH.test(path)) return undefined;
  let text = `${method} ${path} HTTP/1.1\r\nHost: ${host.includes(":") ? `[${host}]` : host}:${String(port)}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    if (!CLEAN.test(headers[i + 1])) return undefined;
    text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  }
  if (body === undefined) return `${text}\r\n`;
  return `${text}Content-Length: ${String(body.length)}\r\n\r\n${body}`;
}

const PATH = /^\/[\x21-\x7e]*$/;
const CLEAN = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Where an object is; a line of text where HTTP has no name for it. */
export function objectPath({ type, bucket, key }: KeyName): string | { readonly why: string } {
  if (key === "" || bucket === "") return { why: "Riak's HTTP API has no name for an empty key or bucket" };
  if (key.length > MAX_KEY_BYTES || bucket.length > MAX_BUCKET_BYTES) return { why: "a name that is too long" };
  return `${bucketPath(type, bucket)}/keys/${segment(key)}`;
}

/** Untyped buckets are those of the type `default`. */
export function bucketPath(type: Octets, bucket: Octets): string {
  const untyped = `/buckets/${segment(bucket)}`;
  return type === "default" || type === "" ? untyped : `/types/${segment(type)}${untyped}`;
}

/** Bytes as one segment of a path. */
export function segment(octets: Octets): string {
  if (PLAIN.test(octets) && octets !== "." && octets !== "..") return octets;
  let text = "";
  for (let at = 0; at < octets.length; at++) {
    const char = octets[at];
    // Dots too: ".." would be gone before any server decodes it.
    text += UNRESERVED.test(char) ? char : `%${octets.charCodeAt(at).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

const PLAIN = /^[0-9A-Za-z_~.-]+$/;
const UNRESERVED = /^[0-9A-Za-z_~-]$/;

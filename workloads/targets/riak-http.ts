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
 * what waits for a free one waits here, and its waiting is part of the latency that the driver sees.
 */
import type { Dispatcher, Pool } from "undici";
import { type KeyName, MAX_BUCKET_BYTES, MAX_KEY_BYTES } from "../../engine/vocabulary/address";
import type { Octets } from "../../engine/vocabulary/octets";

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

export interface HttpAnswer {
  readonly status: number;
  /** Names in small letters; look them up with `Object.hasOwn`. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** How a request ended. `sent`: something of it may have arrived. */
export type Exchange =
  | { readonly kind: "answered"; readonly answer: HttpAnswer }
  | { readonly kind: "failed"; readonly sent: boolean; readonly because: Failure; readonly reason: string };

/** The deadline passed; the connection failed, or could not be made; what was to be sent is no request; or nobody listens any more. */
export type Failure = "deadline" | "connection" | "request" | "closed";

/** Clocks of objects with many siblings come in a header. */
const MOST_HEADER_BYTES = 1_048_576;
/** A server that closes idle connections says so, or closes them later than this. */
const KEPT_MS = 20_000;

export class RiakHttpNode {
  private readonly pool: Pool;
  private readonly limits: HttpLimits;
  private readonly underWay = new Set<Request>();
  private closed = false;

  constructor(address: HttpAddress, limits: Partial<HttpLimits> = {}) {
    this.limits = { ...HTTP_LIMITS, ...limits };
    const { connections, mostAnswerBytes, connectMs } = this.limits;
    this.pool = new (undici().Pool)(
      `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${String(address.port)}`,
      {
        connections,
        pipelining: 1,
        // Deadlines are the request's own.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: connectMs },
        keepAliveTimeout: KEPT_MS,
        maxHeaderSize: MOST_HEADER_BYTES,
        maxResponseSize: mostAnswerBytes,
      },
    );
  }

  /** Requests without an outcome. */
  outstanding(): number {
    return this.underWay.size;
  }

  /** `done` is called once, never before this returns. */
  exchange(request: HttpRequest, done: (exchange: Exchange) => void): void {
    const { method, path, headers, body, timeoutMs } = request;
    const handler = new Request(this.limits.mostAnswerBytes, (exchange) => {
      this.underWay.delete(handler);
      done(exchange);
    });
    if (this.closed) {
      process.nextTick(() => handler.giveUp("closed", "closed"));
      return;
    }
    this.underWay.add(handler);
    handler.expectBy(timeoutMs);
    const bytes = body === undefined ? undefined : Buffer.from(body, "latin1");
    try {
      this.pool.dispatch({ method, path, headers: headers as string[], body: bytes }, handler);
    } catch (error) {
      // It does not even look like a request.
      process.nextTick(() => handler.failed(error));
    }
  }

  /** What has no outcome yet gets one: nothing more is heard. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const request of [...this.underWay]) request.giveUp("closed", "closed");
    this.pool.destroy().catch(() => undefined);
  }
}

/** One request and its only outcome. */
class Request implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;
  private status = 0;
  private headers: HttpAnswer["headers"] = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly mostBytes: number,
    private readonly done: (exchange: Exchange) => void,
  ) {}

  expectBy(timeoutMs: number): void {
    this.timer = setTimeout(() => {
      this.giveUp("deadline", this.controller === undefined ? "no free connection in time" : "no answer in time");
      // Its connection is of no more use: an answer that came late would be taken for the next one's.
      this.controller?.abort(new Error("no answer in time"));
    }, timeoutMs);
  }

  giveUp(because: Failure, reason: string): void {
    this.end({ kind: "failed", sent: this.controller !== undefined, because, reason });
  }

  failed(error: unknown): void {
    const { message, code } = error as NodeJS.ErrnoException;
    this.giveUp(code === "UND_ERR_INVALID_ARG" ? "request" : "connection", oneLine(message));
  }

  private end(exchange: Exchange): void {
    if (this.ended) return;
    this.ended = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.done(exchange);
  }

  /** Called before the first byte is written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Its deadline passed while it waited for a connection.
    if (this.ended) controller.abort(new Error("no free connection in time"));
    else this.controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpAnswer["headers"]): void {
    // An interim answer; the one that counts comes later.
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.ended) return;
    this.bytes += chunk.length;
    if (this.bytes > this.mostBytes)
      controller.abort(new Error(`an answer of more than ${String(this.mostBytes)} bytes`));
    else this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.ended) return;
    const { status, headers, chunks } = this;
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    this.end({ kind: "answered", answer: { status, headers, body } });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.failed(error);
  }
}

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

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 200);
}

/** Loaded when the first one is made: few runs speak HTTP. */
function undici(): typeof import("undici") {
  return require("undici") as typeof import("undici");
}

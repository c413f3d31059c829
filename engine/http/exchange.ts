/**
 * One request and its one answer. A handler reads from it and ends it by `answer` or `text`, once; a second answer is a
 * mistake of ours that is dropped and logged, never bytes of one response inside another. Bodies are octets, read whole and
 * bounded: what is longer than it may be is refused as soon as that is known, and the connection closed behind the refusal.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { DEFAULT_TYPE } from "../buckets/book";
import type { Octets } from "../vocabulary/octets";
import type { HttpContext } from "./context";
import type { Route } from "./route";
import { NO_QUERY, queryOf } from "./url";

/** Which of Riak's path layouts: `/riak/B/K`, `/buckets/B/keys/K`, `/types/T/buckets/B/keys/K`. */
export type ApiVersion = 1 | 2 | 3;

/** As Riak's web server words it. */
const NOT_FOUND = "Object Not Found";

interface Latin1 {
  latin1Slice(from: number, to: number): string;
}

/** Of a connection that its exchanges share. */
export interface Line {
  /** Whoever writes over this connection, for clocks that tell clients apart. */
  client: number;
}

export class Exchange {
  route: Route | undefined;
  version: ApiVersion = 2;
  type: Octets = DEFAULT_TYPE;
  bucket: Octets = "";
  key: Octets = "";
  answered = false;
  private parameters: ReadonlyMap<Octets, Octets> | undefined;
  /** What it was answered with. */
  private status = 0;
  private headers: string[] = [];
  private content: Octets = "";
  /** The answer is, or should have been, on its way. */
  private begun = false;
  /** An answer written piece by piece. */
  private flowing = false;
  /** Its body is on its way. */
  private reading = false;

  constructor(
    readonly context: HttpContext,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly line: Line,
    /** The client waits for word that its body is wanted. */
    private readonly expects: boolean,
    private readonly ended: (exchange: Exchange) => void,
  ) {}

  get method(): string {
    return this.request.method!;
  }

  /** Lower-case name; headers that came more than once are one, joined by commas. */
  header(name: string): string | undefined {
    return this.request.headers[name] as string | undefined;
  }

  /** Parameters of the query; undefined where they cannot be decoded. */
  query(): ReadonlyMap<Octets, Octets> | undefined {
    const { url } = this.request;
    if (this.parameters === undefined) this.parameters = url!.includes("?") ? queryOf(url!) : NO_QUERY;
    return this.parameters;
  }

  /** A parameter of a query that is known to be well-formed. */
  parameter(name: string): Octets | undefined {
    return this.query()?.get(name);
  }

  /**
   * Ends it, with all answers of this turn of the event loop. `headers` are names and values in turn; Content-Length is added where
   * there is a body to be.
   */
  answer(status: number, headers: string[], body: Octets = ""): void {
    if (this.answered) return this.twice(status);
    this.answered = true;
    if (status !== 204 && status !== 304) headers.push("Content-Length", String(body.length));
    this.status = status;
    this.headers = headers;
    this.content = body;
    this.context.sendThisTurn(this);
  }

  /** Writes what it was answered with. */
  send(): void {
    const { response, status, headers, content } = this;
    this.begun = true;
    if (status === 404) response.writeHead(404, NOT_FOUND, headers);
    else response.writeHead(status, headers);
    if (content === "") response.end();
    else response.end(content, "latin1");
    this.context.answered(status);
    this.ended(this);
  }

  /** Ends it with a line or more of plain text. */
  text(status: number, text: string, headers: string[] = []): void {
    headers.push("Content-Type", "text/plain");
    this.answer(status, headers, text);
  }

  /** Begins an answer of unknown length. */
  begin(status: number, headers: string[]): void {
    if (this.answered) return this.twice(status);
    this.answered = true;
    this.begun = true;
    this.flowing = true;
    this.response.writeHead(status, headers);
    this.context.answered(status);
  }

  /** Writes on; `more` is called when the client has taken enough of it, never when it has gone. */
  write(piece: Octets, more: () => void): void {
    const { response } = this;
    if (response.write(piece, "latin1")) more();
    else response.once("drain", more);
  }

  finish(): void {
    if (!this.flowing) return;
    this.flowing = false;
    this.response.end();
    // As other answers do: within the call that began it, the next one would be begun inside of this one.
    setImmediate(this.ended, this);
  }

  /** The client has gone: nobody is left to be answered. (A response that is pipelined has no socket of its own before its turn.) */
  get isAbandoned(): boolean {
    return this.response.destroyed || this.request.socket.destroyed;
  }

  /**
   * The request's whole body; `taken` is not called where it is too long, which is answered, or breaks off. What came is given
   * back before anything is done with it.
   */
  body(taken: (octets: Octets) => void): void {
    const { request } = this;
    const limit = this.context.limits.maxBodyBytes;
    if (this.expects) this.response.writeContinue();
    this.reading = true;
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        first = rest = undefined;
        if (!this.answered) this.tooLong();
      } else if (first === undefined) first = chunk;
      else (rest ??= [first]).push(chunk);
    });
    request.on("end", () => {
      this.reading = false;
      if (this.answered) return;
      const whole = rest === undefined ? first : Buffer.concat(rest, length);
      this.guarded(taken)(whole === undefined ? "" : (whole as unknown as Latin1).latin1Slice(0, length));
    });
  }

  /** The rest of its body will not come: whether nothing else is on its way to the client, so that it may be told. */
  giveUp(): boolean {
    if (this.answered || !this.reading) return false;
    this.answered = true;
    return true;
  }

  /** Whether the body is declared longer than it may be: then it is answered. */
  refusedForLength(): boolean {
    const declared = this.header("content-length");
    if (declared === undefined || Number(declared) <= this.context.limits.maxBodyBytes) return false;
    this.tooLong();
    return true;
  }

  /** What a handler goes on with when something has come, a body or the node's answer: where it throws, the request is answered as well. */
  guarded<T>(then: (came: T) => void): (came: T) => void {
    return (came) => {
      try {
        then(came);
      } catch (error) {
        this.fail(error);
      }
    };
  }

  /** A handler has thrown: 500 without a word of it, or, in the middle of an answer, the end of the connection. */
  fail(error: unknown): void {
    this.context.log(`http: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    if (!this.answered) this.text(500, "Internal Server Error\n");
    else if (this.begun && !this.response.writableEnded) this.request.socket.destroy();
  }

  private tooLong(): void {
    const limit = String(this.context.limits.maxBodyBytes);
    const { request, response } = this;
    this.text(413, `a body of more than ${limit} bytes\n`, ["Connection", "close"]);
    // The rest is not worth reading; the answer has a moment to get there, or the reset would overtake it.
    request.pause();
    response.once("finish", () => setTimeout(() => request.socket.destroy(), LAST_WORDS_MS).unref());
  }

  private twice(status: number): void {
    this.context.log(`http: a second answer, ${String(status)}, to ${this.method} ${this.request.url!.slice(0, 200)}`);
  }
}

/** Between a refusal of a body that is still coming and the end of its connection. */
const LAST_WORDS_MS = 200;

/**
 * Answers of HTTP/1.1 read off a connection as bytes come (RFC 9112, the client's side). An answer ends where its length says
 * so, where its last chunk ends, or with the connection; which of these, a client must not guess, or the rest of one answer is
 * the beginning of the next. So whatever is in doubt (two lengths, a coding that is not known, a line that is no header) ends the
 * connection, and the request on it has no answer.
 *
 * Nothing is believed beyond its bounds: heads and bodies have a most, and memory is taken for what came, not for what is announced.
 */
export interface HttpAnswer {
  readonly status: number;
  /** Names in small letters, without a prototype; of a name that came more than once all values. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The server does not keep to the protocol. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

export interface AnswerBounds {
  readonly mostHeadBytes: number;
  readonly mostBodyBytes: number;
}

type Rest =
  { readonly kind: "length"; readonly bytes: number } | { readonly kind: "chunked" } | { readonly kind: "until-end" };

/** Reads the answers of one connection, one after the other. */
export class AnswerReader {
  /** What came and is not read yet. */
  private pending: Buffer = NOTHING;
  private head:
    { readonly status: number; readonly headers: Record<string, string | string[]>; rest: Rest } | undefined;
  private readonly chunks: Buffer[] = [];
  private bodyBytes = 0;
  private interim = 0;
  /** Of chunks: bytes left of the one that is being read; -1 between chunks, -2 behind the last. */
  private chunkLeft = BETWEEN;
  /** Another request may follow on the connection; known once an answer is whole. */
  reusable = true;
  /** For so long the server keeps an idle connection, where it says. */
  keptMs: number | undefined;

  constructor(private readonly bounds: AnswerBounds) {}

  /** Something of an answer has come. */
  get begun(): boolean {
    return this.pending.length > 0 || this.head !== undefined;
  }

  /** The answer, once it is whole. Throws {@link MalformedAnswer}. */
  push(bytes: Buffer): HttpAnswer | undefined {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    return this.advance(false);
  }

  /** The other side has ended: an answer that only its end could end is whole. Throws {@link MalformedAnswer}. */
  end(): HttpAnswer | undefined {
    return this.advance(true);
  }

  private advance(ended: boolean): HttpAnswer | undefined {
    while (this.head === undefined) if (!this.readHead()) return undefined;
    const { rest } = this.head;
    switch (rest.kind) {
      case "length":
        this.take(Math.min(this.pending.length, rest.bytes - this.bodyBytes));
        return this.bodyBytes < rest.bytes ? undefined : this.whole(this.body());
      case "chunked":
        return this.readChunks() ? this.whole(this.body()) : undefined;
      case "until-end":
        this.take(this.pending.length);
        return ended ? this.whole(this.body()) : undefined;
    }
  }

  private whole(body: Buffer): HttpAnswer {
    const { status, headers } = this.head!;
    this.head = undefined;
    this.interim = 0;
    // Nothing was asked that this could answer.
    if (this.pending.length > 0) this.reusable = false;
    return { status, headers, body };
  }

  private body(): Buffer {
    const body = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.chunks.length = 0;
    this.bodyBytes = 0;
    return body;
  }

  /** So many of the bytes that came belong to the body. */
  private take(bytes: number): void {
    if (bytes === 0) return;
    this.bodyBytes += bytes;
    if (this.bodyBytes > this.bounds.mostBodyBytes) throw this.tooLong();
    this.chunks.push(this.pending.subarray(0, bytes));
    this.pending = this.pending.subarray(bytes);
  }

  private tooLong(): MalformedAnswer {
    return new MalformedAnswer(`an answer of more than ${String(this.bounds.mostBodyBytes)} bytes`);
  }

  /** False: more bytes are needed. */
  private readHead(): boolean {
    const { mostHeadBytes } = this.bounds;
    const end = this.pending.indexOf(BLANK_LINE);
    if (end > mostHeadBytes || (end < 0 && this.pending.length > mostHeadBytes))
      throw new MalformedAnswer(`a head of more than ${String(mostHeadBytes)} bytes`);
    if (end < 0) return false;
    const text = this.pending.toString("latin1", 0, end);
    this.pending = this.pending.subarray(end + BLANK_LINE.length);
    const lineEnd = text.indexOf("\r\n");
    const first = STATUS.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
    if (first === null) throw new MalformedAnswer("not an answer of HTTP/1");
    const status = Number(first[2]);
    const headers = lineEnd < 0 ? bare() : headersOf(text, lineEnd + 2);
    if (status < 200) {
      if (status === 101 || ++this.interim > MOST_INTERIM) throw new MalformedAnswer(`status ${String(status)}`);
      return true;
    }
    const connection = one(headers.connection)?.toLowerCase() ?? "";
    this.reusable = first[1] === "1" ? !connection.includes("close") : connection.includes("keep-alive");
    const kept = /(?:^|[,\s])timeout=(\d{1,6})/.exec(one(headers["keep-alive"]) ?? "");
    if (kept !== null) this.keptMs = Number(kept[1]) * 1_000;
    const rest = status === 204 || status === 304 ? NO_BODY : this.restOf(headers);
    if (rest.kind === "until-end") this.reusable = false;
    this.chunkLeft = BETWEEN;
    this.head = { status, headers, rest };
    return true;
  }

  private restOf(headers: Readonly<Record<string, string | string[] | undefined>>): Rest {
    const { "transfer-encoding": coding, "content-length": length } = headers;
    if (coding !== undefined) {
      if (one(coding)?.toLowerCase() !== "chunked" || length !== undefined)
        throw new MalformedAnswer("a body whose end is not clear");
      return CHUNKED;
    }
    if (length === undefined) return UNTIL_END;
    const text = one(length);
    if (text === undefined || !/^\d{1,15}$/.test(text)) throw new MalformedAnswer("a length that is none");
    const bytes = Number(text);
    if (bytes > this.bounds.mostBodyBytes) throw this.tooLong();
    return { kind: "length", bytes };
  }

  /** Whether the last chunk and what follows it are there. */
  private readChunks(): boolean {
    for (;;) {
      if (this.chunkLeft > 0) {
        const bytes = Math.min(this.chunkLeft, this.pending.length);
        this.chunkLeft -= bytes;
        this.take(bytes);
        if (this.chunkLeft > 0) return false;
      }
      if (this.chunkLeft === 0) {
        if (this.pending.length < 2) return false;
        if (this.line() !== "") throw new MalformedAnswer("a chunk that is longer than it says");
        this.chunkLeft = BETWEEN;
      }
      const line = this.line();
      if (line === undefined) return false;
      if (this.chunkLeft === BEHIND) {
        // Trailers are of no interest.
        if (line === "") return true;
        continue;
      }
      const size = CHUNK.exec(line);
      if (size === null) throw new MalformedAnswer("a chunk without a length");
      this.chunkLeft = parseInt(size[1], 16);
      if (this.chunkLeft === 0) this.chunkLeft = BEHIND;
    }
  }

  private line(): string | undefined {
    const end = this.pending.indexOf(LINE_END);
    if (end > MOST_LINE || (end < 0 && this.pending.length > MOST_LINE))
      throw new MalformedAnswer("a line that is too long");
    if (end < 0) return undefined;
    const line = this.pending.toString("latin1", 0, end);
    this.pending = this.pending.subarray(end + LINE_END.length);
    return line;
  }
}

function headersOf(text: string, from: number): Record<string, string | string[]> {
  const headers = bare();
  for (let at = from; at < text.length;) {
    let end = text.indexOf("\r\n", at);
    if (end < 0) end = text.length;
    const line = text.slice(at, end);
    at = end + 2;
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!TOKEN.test(name) || !CLEAN.test(line)) throw new MalformedAnswer("a header that is none");
    const value = line.slice(colon + 1).trim();
    const before: string | string[] | undefined = headers[name];
    headers[name] = before === undefined ? value : typeof before === "string" ? [before, value] : [...before, value];
  }
  return headers;
}

function bare(): Record<string, string | string[]> {
  return Object.create(null) as Record<string, string | string[]>;
}

function one(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const NOTHING = Buffer.alloc(0);
const BLANK_LINE = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const STATUS = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const CLEAN = /^[\t\x20-\x7e\x80-\xff]*$/;
const CHUNK = /^([0-9a-fA-F]{1,12})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const NO_BODY: Rest = { kind: "length", bytes: 0 };
const CHUNKED: Rest = { kind: "chunked" };
const UNTIL_END: Rest = { kind: "until-end" };
const BETWEEN = -1;
const BEHIND = -2;
const MOST_INTERIM = 8;
const MOST_LINE = 16_384;

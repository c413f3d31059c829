/**
 * HTTP/1.1 answers cut out of a stream of bytes, strictly: this side of the fuzzer has no leniency, for a byte too many after one
 * answer is the beginning of the next client's. What is no answer is an error with the bytes in it.
 */

export interface Answer {
  readonly status: number;
  /** Lower-case names; of headers that come twice the values in turn. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** The server says that it closes behind it. */
  readonly closes: boolean;
}

export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

const HEAD_ENDS = "\r\n\r\n";
const MAX_HEAD = 200_000;

export class AnswerReader {
  private bytes = "";
  /** Answers to requests without a body of their own, whatever their headers say: of HEAD. */
  private readonly bodiless: boolean[] = [];

  /** One more request was sent. */
  asked(method: string): void {
    this.bodiless.push(method === "HEAD");
  }

  get left(): string {
    return this.bytes;
  }

  /** Whole answers of what came so far. `over`: nothing more comes. Throws {@link NoAnswer}. */
  take(more: string, over = false): readonly Answer[] {
    this.bytes += more;
    const answers: Answer[] = [];
    for (;;) {
      const answer = this.next(over);
      if (answer === undefined) return answers;
      // Between a request that waits for word and its answer.
      if (answer.status !== 100) answers.push(answer);
    }
  }

  private next(over: boolean): Answer | undefined {
    const { bytes } = this;
    if (bytes === "") return undefined;
    const end = bytes.indexOf(HEAD_ENDS);
    if (end < 0) {
      if (bytes.length > MAX_HEAD || !"HTTP/1.1 ".startsWith(bytes.slice(0, 9)))
        throw this.no("it does not begin as an answer");
      return undefined;
    }
    const [first, ...lines] = bytes.slice(0, end).split("\r\n");
    const status = /^HTTP\/1\.1 ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first)?.[1];
    if (status === undefined) throw this.no(`no status line: ${JSON.stringify(first.slice(0, 80))}`);
    const headers = new Map<string, string>();
    for (const line of lines) {
      const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
      if (match === null) throw this.no(`no header: ${JSON.stringify(line.slice(0, 80))}`);
      const name = match[1].toLowerCase();
      const before = headers.get(name);
      headers.set(name, before === undefined ? match[2] : `${before}, ${match[2]}`);
    }
    const code = Number(status);
    const from = end + HEAD_ENDS.length;
    const closes = headers.get("connection")?.toLowerCase() === "close";
    const done = (to: number, body: string): Answer => {
      this.bytes = bytes.slice(to);
      if (code !== 100) this.bodiless.shift();
      return { status: code, headers, body, closes };
    };
    if (code === 100 || code === 204 || code === 304 || this.bodiless[0]) return done(from, "");
    if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return this.chunks(from, done);
    const length = headers.get("content-length");
    if (length !== undefined) {
      if (!/^\d+$/.test(length)) throw this.no(`Content-Length is ${length}`);
      const to = from + Number(length);
      return bytes.length < to ? undefined : done(to, bytes.slice(from, to));
    }
    if (!closes) throw this.no("an answer of unknown length on a connection that stays");
    return over ? done(bytes.length, bytes.slice(from)) : undefined;
  }

  private chunks(from: number, done: (to: number, body: string) => Answer): Answer | undefined {
    let body = "";
    let at = from;
    for (;;) {
      const end = this.bytes.indexOf("\r\n", at);
      if (end < 0) return undefined;
      const size = this.bytes.slice(at, end);
      if (!/^[0-9a-fA-F]{1,8}$/.test(size)) throw this.no(`a chunk of size ${JSON.stringify(size.slice(0, 40))}`);
      const to = end + 2 + Number.parseInt(size, 16);
      if (this.bytes.length < to + 2) return undefined;
      if (this.bytes.slice(to, to + 2) !== "\r\n") throw this.no("a chunk that is longer than it said");
      if (to === end + 2) return done(to + 2, body);
      body += this.bytes.slice(end + 2, to);
      at = to + 2;
    }
  }

  private no(why: string): NoAnswer {
    return new NoAnswer(`${why}; the bytes are ${JSON.stringify(this.bytes.slice(0, 300))}`);
  }
}

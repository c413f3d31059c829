/**
 * autocannon as the one that sends: a load generator that is not ours asks our cluster over HTTP, and counts for itself. What to
 * ask next, and what an answer means, is ours; when to ask, over which connection, and how long it took, is autocannon's.
 *
 * A client is a connection and asks one node; clients are dealt out over the nodes in turn. It is a closed loop: the next
 * request leaves when the answer is there. Latency is taken from its `response` events, in fractions of a millisecond; its own
 * histogram holds whole milliseconds. At the end no connection is cut off with a request on it, which would leave a write of
 * which nobody knows for every client: each stops behind its last answer, as `maxConnectionRequests` lets it.
 *
 * What it does not say has to be seen from outside. A connection that breaks or runs out of time asks for the next request
 * while the one before has no answer; that is how a lost one is known.
 */
import type autocannon from "autocannon";
import type { Micros } from "../../engine/vocabulary/micros";
import type { AnswersCounted } from "../../results/record/figures";
import type { HttpAddress, HttpAnswer } from "./riak-http";
import type { ObjectRequest } from "./riak-requests";

/** Who knows what is to be asked. Clients are numbered from 0; each has one request out at most. */
export interface Asker {
  next(client: number): ObjectRequest;
  /** `micros`: from the request's last byte handed over to the answer's last byte, as autocannon took it. */
  answered(client: number, answer: HttpAnswer, micros: number): void;
  /** The client's request will have no answer; it may have happened. */
  lost(client: number, because: "timeout" | "connection"): void;
}

export interface BarrageOptions {
  readonly fronts: readonly HttpAddress[];
  readonly clients: number;
  /** A second at least: autocannon takes no less. */
  readonly timeoutMs: number;
  /** No request leaves from then on. */
  readonly until: Micros;
  readonly now: () => Micros;
  readonly asker: Asker;
  readonly signal: AbortSignal;
}

/** Requests lost in a row by one client: nobody is there. */
const MOST_LOST = 100;
/** It takes no shorter time for a timeout. */
const LEAST_TIMEOUT_MS = 1_000;
/** It looks whether it is over so often. */
const SAMPLE_MS = 10;
/** Beyond the last instant and the longest wait for an answer. */
const PATIENCE_S = 1;

/**
 * Resolves to autocannon's own count when every client has had its last answer, at the latest when `until` and the longest wait
 * for an answer are over, or soon after the signal fired. Rejects when a node takes no connections.
 */
export async function barrage(options: BarrageOptions): Promise<AnswersCounted> {
  const { fronts, clients, timeoutMs, until, now, signal } = options;
  const fire = program();
  const connections = new Map<unknown, Connection>();
  const patienceMs = Math.max(LEAST_TIMEOUT_MS, timeoutMs);
  let gone: Error | undefined;
  const fail = (error: Error): void => {
    gone ??= error;
    running.stop();
  };
  const running = fire({
    // Clients are dealt out over them in turn.
    url: fronts.map(({ host, port }) => `http://${host}:${String(port)}`) as unknown as string,
    connections: clients,
    pipelining: 1,
    timeout: patienceMs / 1_000,
    duration: Math.max(0, until - now()) / 1_000_000 + patienceMs / 1_000 + PATIENCE_S,
    sampleInt: SAMPLE_MS,
    // None is meant: it makes clients look at how many they may make before each.
    maxConnectionRequests: Number.MAX_SAFE_INTEGER,
    setupClient: (client) => {
      const connection = new Connection(connections.size, client as unknown as Inside, options, fail);
      connections.set(client, connection);
      client.setRequests([
        {
          setupRequest: (request) => ({ ...request, ...written(connection.next()) }),
          onResponse: (status, body, _, headers) => connection.hears(status, body, headers ?? {}),
        },
      ]);
    },
  }) as unknown as autocannon.Instance & Promise<autocannon.Result>;
  void running.on("response", (client, _status, _bytes, ms) => connections.get(client)?.took(ms));
  const stop = (): void => running.stop();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const result = await running;
    for (const connection of connections.values()) connection.over();
    if (gone !== undefined) throw gone;
    return countOf(result);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Of a client of autocannon what its types do not tell. */
interface Inside {
  /** It stops behind the answer to its so-manieth request. */
  responseMax: number;
  readonly pipelinedRequests: { peek(): { body: string } | undefined; addBody(data: Buffer): void; clear(): void };
  readonly parser: { readonly type: string; initialize(type: string): void };
}

/** One client, and whether it has a request out. */
class Connection {
  private begun: Micros | undefined;
  private answer: HttpAnswer | undefined;
  private lostInARow = 0;

  constructor(
    private readonly number: number,
    private readonly client: Inside,
    private readonly options: BarrageOptions,
    private readonly fail: (error: Error) => void,
  ) {
    // Its own way takes bodies for UTF-8, piece by piece; values are bytes.
    const { pipelinedRequests: requests } = client;
    requests.addBody = (data) => {
      const request = requests.peek();
      if (request !== undefined) request.body += data.toString("latin1");
    };
  }

  next(): ObjectRequest {
    const { now, asker } = this.options;
    this.lose();
    this.begun = now();
    return asker.next(this.number);
  }

  /** The answer; how long it took is told right behind it. */
  hears(status: number, body: string, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.answer = { status, headers: inSmallLetters(headers), body: Buffer.from(body, "latin1") };
    if (this.options.now() >= this.options.until) this.client.responseMax = 1;
  }

  took(ms: number): void {
    const { answer } = this;
    if (answer === undefined || this.begun === undefined) return;
    this.answer = undefined;
    this.begun = undefined;
    this.lostInARow = 0;
    this.options.asker.answered(this.number, answer, ms * 1_000);
  }

  /** Nothing more will be heard. */
  over(): void {
    this.lose();
  }

  private lose(): void {
    if (this.begun === undefined) return;
    const { now, asker, timeoutMs, fronts } = this.options;
    const waitedMs = (now() - this.begun) / 1_000;
    this.begun = undefined;
    this.answer = undefined;
    this.forget();
    asker.lost(this.number, waitedMs >= Math.max(LEAST_TIMEOUT_MS, timeoutMs) - SAMPLE_MS ? "timeout" : "connection");
    if (++this.lostInARow < MOST_LOST) return;
    const { host, port } = fronts[this.number % fronts.length];
    this.client.responseMax = 1;
    this.fail(new Error(`autocannon lost ${String(MOST_LOST)} requests in a row at ${host}:${String(port)}`));
  }

  /**
   * Where a connection ends, autocannon keeps the request that was on it, and what had come of its answer, for the next one: each
   * answer from then on would be timed from the request before its own.
   */
  private forget(): void {
    const { pipelinedRequests, parser } = this.client;
    pipelinedRequests.clear();
    parser.initialize(parser.type);
  }
}

function written({ method, path, headers, body }: ObjectRequest): autocannon.Request {
  const named: Record<string, string> = {};
  for (let i = 0; i + 1 < headers.length; i += 2) named[headers[i]] = headers[i + 1];
  return { method, path, headers: named, body: body === undefined ? undefined : Buffer.from(body, "latin1") };
}

function inSmallLetters(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[] | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function countOf(result: autocannon.Result): AnswersCounted {
  const { duration, latency, errors, non2xx } = result;
  const ok = result["2xx"];
  const answers = ok + non2xx;
  const known = answers > 0;
  return {
    ...{ seconds: duration, answers, ok, errors },
    perSecond: duration > 0 ? answers / duration : 0,
    p50Ms: known ? latency.p50 : null,
    p99Ms: known ? latency.p99 : null,
  };
}

/** Loads the program, which takes its time the first time: before anything is measured. */
export function program(): typeof autocannon {
  return require("autocannon") as typeof autocannon;
}

/** With its version, as reports name it. */
export function autocannonName(): string {
  const { version } = require("autocannon/package.json") as { readonly version: string };
  return `autocannon ${version}`;
}

/**
 * A Riak of somebody else, over its HTTP interface. What the experiment says of quorums goes with each request; N and what
 * becomes of siblings are properties of the bucket, which are set before the load and read again, because a server that does
 * not take a property answers like one that does.
 *
 * The run has a bucket of its own, named for it. Riak cannot drop a bucket, so `dispose` deletes what this driver wrote, key by
 * key, and takes the properties back; asking the server for its keys would be a walk over everything it has.
 */
import type { KeyName } from "../../engine/vocabulary/address";
import type { QuorumValue } from "../../engine/vocabulary/settings";
import { hostPort } from "../../engine/vocabulary/written-hosts";
import { type Capabilities, TARGETS } from "../../results/record/capabilities";
import type { Reply, Request } from "../operation";
import { HttpNodes } from "./http-nodes";
import { type OtherStore, type OtherStoreOptions, soon, StoreFailed, type StoreIdentity, within } from "./other-store";
import { type Exchange, type HttpRequest, bucketPath, objectPath } from "./riak-http";
import { failedReply, replyOfRiak } from "./riak-replies";
import { ANSWERS, objectRequest, type ObjectRequest, type RequestWays } from "./riak-requests";

export interface RiakOptions extends OtherStoreOptions {
  /** As the workload has it; the default type is that of buckets without one. */
  readonly bucketType: string;
  readonly bucket: string;
  readonly pr: QuorumValue;
  readonly pw: QuorumValue;
  readonly dw: QuorumValue;
  readonly notfoundOk: boolean;
  readonly basicQuorum: boolean;
  /** Undefined: not said, as servers before 3.0 do not know it. */
  readonly nodeConfirms?: QuorumValue;
  readonly siblings: "keep" | "newest" | "overwrite";
  /** Sessions go on with what their own writes left. */
  readonly returnBody: boolean;
}

export class RiakTarget implements OtherStore {
  readonly name = "riak";
  readonly capabilities: Capabilities = TARGETS.riak.can;
  readonly identity: StoreIdentity;
  private readonly ways: RequestWays;
  private readonly properties: Readonly<Record<string, number | boolean>>;
  /** Paths of what was written: so much is taken away again. */
  private readonly written = new Set<string>();
  private closed = false;

  private constructor(
    private readonly options: RiakOptions,
    private readonly nodes: HttpNodes,
    version: string,
  ) {
    const { nVal, siblings, returnBody } = options;
    const query = queriesOf(options);
    this.ways = { query, returnBody, namesWrites: false };
    this.properties = {
      n_val: nVal,
      allow_mult: siblings === "keep",
      last_write_wins: siblings === "overwrite",
    };
    const properties = Object.entries(this.properties).map(([name, value]) => `${name} ${String(value)}`);
    this.identity = {
      product: "Riak KV",
      version,
      settings: { properties: properties.join(", "), gets: query.get, puts: query.put, deletes: query.delete },
    };
  }

  /** Rejects with {@link StoreFailed}. */
  static async open(options: RiakOptions): Promise<RiakTarget> {
    const { hosts, connections } = options;
    try {
      const each = Math.max(1, Math.min(MOST_CONNECTIONS, Math.ceil(connections / hosts.length)));
      const nodes = await HttpNodes.open(hosts.map(hostPort), { connections: each });
      try {
        await calm(nodes, "GET", "/ping", "ping");
        return new RiakTarget(options, nodes, await versionOf(nodes));
      } catch (error) {
        nodes.close();
        throw error;
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StoreFailed(`Riak at ${hosts.join(", ")} cannot be used: ${why}`, { cause: error });
    }
  }

  submit(request: Request, done: (reply: Reply) => void): void {
    if (request.kind === "scan") return soon(done, failedReply("unsupported", TARGETS.riak.why.scans ?? "no scans"));
    const path = objectPath(this.roomOf(request.key));
    if (typeof path !== "string") return soon(done, failedReply("invalid", path.why));
    const { readTimeoutMs, writeTimeoutMs, graceMs } = this.options;
    if (request.kind === "put" && this.written.size < MOST_REMEMBERED) this.written.add(path);
    const until = performance.now() + (request.kind === "get" ? readTimeoutMs : writeTimeoutMs) + graceMs;
    const { kind } = request;
    const http = objectRequest(request, path, this.ways);
    this.send(http, until, (exchange) => done(replyOfRiak(kind, ANSWERS[kind](exchange), -1)));
  }

  /** Sets the bucket's properties, and makes sure that they were taken. */
  async prepare(): Promise<void> {
    const path = this.propertiesPath();
    await calm(this.nodes, "PUT", path, "setting properties", JSON.stringify({ props: this.properties }));
    const body = await calm(this.nodes, "GET", path, "reading properties");
    const taken = (jsonOf(body) as { readonly props?: Readonly<Record<string, unknown>> } | undefined)?.props ?? {};
    for (const [name, wanted] of Object.entries(this.properties)) {
      const is = Object.hasOwn(taken, name) ? taken[name] : undefined;
      if (is !== wanted) {
        const found = JSON.stringify(is) ?? "nothing";
        throw new StoreFailed(`the bucket was told ${name} ${String(wanted)} and has ${found.slice(0, 100)}`);
      }
    }
  }

  async dispose(): Promise<void> {
    const paths = [...this.written];
    const next = async (): Promise<void> => {
      for (let path = paths.pop(); path !== undefined; path = paths.pop()) await this.erase(path);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    this.written.clear();
    await calm(this.nodes, "DELETE", this.propertiesPath(), "resetting properties");
  }

  async ping(): Promise<void> {
    await calm(this.nodes, "GET", "/ping", "ping");
  }

  /** From all primaries, whatever the run read from. */
  readLast(key: KeyName, done: (reply: Reply) => void): void {
    const path = objectPath(this.roomOf(key));
    if (typeof path !== "string") return soon(done, failedReply("invalid", path.why));
    const { readTimeoutMs, graceMs } = this.options;
    const query = { ...this.ways.query, get: `r=all&pr=all&notfound_ok=true&timeout=${String(readTimeoutMs)}` };
    const request: Request = { kind: "get", key, session: 0, value: "", writeId: 0, context: "", scanLength: 0, scanEnd: "" }; // prettier-ignore
    const http = objectRequest(request, path, { ...this.ways, query });
    this.send(http, performance.now() + readTimeoutMs + graceMs, (exchange) =>
      done(replyOfRiak("get", ANSWERS.get(exchange), -1)),
    );
  }

  close(): Promise<void> {
    this.closed = true;
    this.nodes.close();
    return Promise.resolve();
  }

  /** The nodes in turn; another one where nothing has left. */
  private send(http: ObjectRequest, until: number, done: (exchange: Exchange) => void): void {
    const node = this.nodes.next();
    if (node < 0 || this.closed) {
      const reason = "no node takes connections";
      setImmediate(() => done({ kind: "failed", sent: false, because: "connection", reason }));
      return;
    }
    const timeoutMs = Math.max(1, Math.ceil(until - performance.now()));
    this.nodes.exchange(node, { ...http, timeoutMs }, (exchange) => {
      // That node counts as down now, so that this goes on only as long as there are nodes.
      if (exchange.kind === "failed" && !exchange.sent && exchange.because === "connection")
        this.send(http, until, done);
      else done(exchange);
    });
  }

  /** The object goes with all its siblings; whatever prevents that is left to be. */
  private async erase(path: string): Promise<void> {
    const exchange = await new Promise<Exchange>((resolve) => {
      const until = performance.now() + CALM_MS;
      this.send({ method: "DELETE", path, headers: [] }, until, resolve);
    });
    if (exchange.kind === "failed") this.options.log(`${path} was not deleted: ${exchange.reason}`);
  }

  /** The same key in the run's own bucket. */
  private roomOf({ type, bucket, key }: KeyName): KeyName {
    return { type, bucket: `quorumlab:${this.options.run}:${bucket}`, key };
  }

  private propertiesPath(): string {
    const { bucketType: type, bucket } = this.options;
    const room = this.roomOf({ type, bucket, key: "" });
    return `${bucketPath(room.type, room.bucket)}/props`;
  }
}

/** What is done once, with no load around it: its body, or an error that says what was in the way. */
async function calm(
  nodes: HttpNodes,
  method: HttpRequest["method"],
  path: string,
  what: string,
  body?: string,
): Promise<string> {
  const headers = body === undefined ? [] : ["Content-Type", "application/json"];
  const request: HttpRequest = { method, path, headers, timeoutMs: CALM_MS, ...(body === undefined ? {} : { body }) };
  const node = nodes.next();
  if (node < 0) throw new StoreFailed(`${what}: no node takes connections`);
  const asked = new Promise<Exchange>((resolve) => nodes.exchange(node, request, resolve));
  const exchange = await within(CALM_MS + 1_000, what, asked);
  if (exchange.kind === "failed") throw new StoreFailed(`${what}: ${exchange.reason}`);
  const { status, body: bytes } = exchange.answer;
  const text = bytes.toString("utf8", 0, Math.min(bytes.length, MOST_CALM_BYTES));
  if (status < 200 || status > 299) throw new StoreFailed(`${what}: ${String(status)} ${text.slice(0, 200).trim()}`);
  return text;
}

/** As the server says; a server without statistics says nothing. */
async function versionOf(nodes: HttpNodes): Promise<string> {
  try {
    const statistics = jsonOf(await calm(nodes, "GET", "/stats", "stats"));
    const version = (statistics as Readonly<Record<string, unknown>> | undefined)?.riak_kv_version;
    return typeof version === "string" && version !== "" ? version.slice(0, 100) : "not told";
  } catch {
    return "not told";
  }
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function queriesOf(options: RiakOptions): RequestWays["query"] {
  const { r, pr, w, pw, dw, notfoundOk, basicQuorum, nodeConfirms, readTimeoutMs, writeTimeoutMs } = options;
  const confirms = nodeConfirms === undefined ? [] : [`node_confirms=${String(nodeConfirms)}`];
  const reads = [
    `r=${String(r)}`,
    `pr=${String(pr)}`,
    `notfound_ok=${String(notfoundOk)}`,
    `basic_quorum=${String(basicQuorum)}`,
  ];
  const writes = [
    `w=${String(w)}`,
    `pw=${String(pw)}`,
    `dw=${String(dw)}`,
    ...confirms,
    `timeout=${String(writeTimeoutMs)}`,
  ];
  return {
    get: [...reads, ...confirms, `timeout=${String(readTimeoutMs)}`].join("&"),
    put: writes.join("&"),
    // Without a clock a delete reads first.
    delete: [`r=${String(r)}`, `pr=${String(pr)}`, ...writes].join("&"),
  };
}

const MOST_CONNECTIONS = 64;
const CALM_MS = 10_000;
const MOST_CALM_BYTES = 1_048_576;
/** Paths remembered to be deleted. */
const MOST_REMEMBERED = 1_000_000;
/** Deletes under way at once. */
const AT_ONCE = 16;

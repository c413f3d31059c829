/**
 * A single Redis by ioredis: SET, GET and DEL of bytes under the run's own prefix. It is the floor of a comparison, not a
 * rival: one copy, one thread, no quorum to wait for, so a latency below its own is not to be had over these sockets.
 *
 * What the library does for comfort is off, as it would be in every figure: no queue while there is no connection (the request
 * is refused, for certain), nothing sent again after a connection was lost (it would be a second write), no batching
 * behind the caller's back (auto-pipelining). Requests of several clients share a connection in order, as they always do in
 * Redis's protocol; a client's stay on one connection.
 */
import type { Redis, RedisOptions } from "ioredis";
import { hostPort } from "../../engine/vocabulary/written-hosts";
import { encodeAddress, type KeyName } from "../../engine/vocabulary/address";
import { type Capabilities, TARGETS } from "../../results/record/capabilities";
import type { Reply, Request } from "../operation";
import {
  byDeadline,
  failedReply,
  messageOf,
  optionalLibrary,
  type OtherStore,
  type OtherStoreOptions,
  readReply,
  soon,
  storedValue,
  StoreFailed,
  type StoreIdentity,
  within,
  writtenReply,
} from "./other-store";

export class RedisTarget implements OtherStore {
  readonly name = "redis";
  readonly capabilities: Capabilities = TARGETS.redis.can;
  private readonly prefix: string;

  private constructor(
    private readonly options: OtherStoreOptions,
    private readonly connections: readonly Redis[],
    readonly identity: StoreIdentity,
  ) {
    this.prefix = `quorumlab:${options.run}:`;
  }

  /** Rejects with {@link StoreFailed}. */
  static async open(options: OtherStoreOptions): Promise<RedisTarget> {
    const where = options.hosts[0];
    const { Redis } = optionalLibrary(() => require("ioredis") as typeof import("ioredis"), "ioredis", "redis");
    const connections = Array.from(
      { length: Math.max(1, Math.min(MOST_CONNECTIONS, options.connections)) },
      () => new Redis(connectionOptions(where)),
    );
    let trouble: unknown;
    // Later it is told by `status`, and by each request that fails.
    for (const one of connections) one.on("error", (error: unknown) => (trouble = error));
    try {
      const connected = Promise.all(connections.map((one) => one.connect()));
      await within(OPEN_TIMEOUT_MS, "connecting", connected);
      const said = fieldsOf(await within(OPEN_TIMEOUT_MS, "INFO", connections[0].info("server")));
      const product = said.get("server_name") ?? "Redis";
      const version = said.get(`${product.toLowerCase()}_version`) ?? said.get("redis_version") ?? "not told";
      const mode = said.get("redis_mode") ?? "not told";
      return new RedisTarget(options, connections, { product, version, settings: { mode } });
    } catch (error) {
      for (const one of connections) one.disconnect();
      throw new StoreFailed(`Redis at ${where} cannot be used: ${reasonOf(trouble ?? error)}`, { cause: error });
    }
  }

  submit(request: Request, done: (reply: Reply) => void): void {
    const connection = this.connections[request.session % this.connections.length];
    if (connection.status !== "ready") {
      soon(done, failedReply("not_sent", "no connection to Redis"));
      return;
    }
    const { kind } = request;
    if (kind === "scan") {
      soon(done, failedReply("unsupported", TARGETS.redis.why.scans ?? ""));
      return;
    }
    const { readTimeoutMs, writeTimeoutMs, graceMs } = this.options;
    const answer = byDeadline((kind === "get" ? readTimeoutMs : writeTimeoutMs) + graceMs, done);
    const key = this.keyOf(request.key);
    const failed = (error: unknown): void => answer(failedReplyOf(error));
    switch (kind) {
      case "get":
        connection.getBuffer(key).then((value) => answer(readReply(value?.toString("latin1"))), failed);
        return;
      case "put":
        connection.set(key, storedValue(request)).then(() => answer(writtenReply()), failed);
        return;
      case "delete":
        connection.del(key).then(() => answer(writtenReply()), failed);
        return;
    }
  }

  /** Nothing is to be made: a prefix is there when it is used. Something under it is another's, and goes. */
  prepare(): Promise<void> {
    return this.clean();
  }

  dispose(): Promise<void> {
    return this.clean();
  }

  async ping(): Promise<void> {
    await this.connections[0].ping();
  }

  readLast(key: KeyName, done: (reply: Reply) => void): void {
    const bare = { value: "", writeId: 0, context: "", scanLength: 0, scanEnd: "" };
    this.submit({ kind: "get", key, session: 0, ...bare }, done);
  }

  close(): Promise<void> {
    for (const one of this.connections) one.disconnect();
    return Promise.resolve();
  }

  private keyOf(name: KeyName): Buffer {
    return Buffer.from(this.prefix + encodeAddress(name), "latin1");
  }

  /** Keys of the run and no others, page by page, so that a large store goes on serving. */
  private async clean(): Promise<void> {
    const [connection] = this.connections;
    if (connection.status !== "ready") throw new StoreFailed("no connection to Redis");
    let cursor: string | Buffer = "0";
    do {
      const page: [Buffer, Buffer[]] = await connection.scanBuffer(cursor, "MATCH", `${this.prefix}*`, "COUNT", 1_000);
      cursor = page[0].toString("latin1");
      if (page[1].length > 0) await connection.unlink(page[1]);
    } while (cursor !== "0");
  }
}

const MOST_CONNECTIONS = 16;
const CONNECT_TIMEOUT_MS = 5_000;
const OPEN_TIMEOUT_MS = 10_000;
const RECONNECT_AFTER_MS = 100;

function connectionOptions(where: string): RedisOptions {
  const { host, port } = hostPort(where);
  return {
    host,
    port,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => RECONNECT_AFTER_MS,
    reconnectOnError: null,
    disableClientInfo: true,
  };
}

/** An answer of Redis that is an error is one to a command that was not carried out; else the connection failed under it. */
function failedReplyOf(error: unknown): Reply {
  const message = messageOf(error);
  if (error instanceof Error && error.name === "ReplyError") {
    const word = message.split(" ", 1)[0];
    return failedReply(REFUSALS.get(word) ?? "invalid", message);
  }
  if (/Stream isn't writeable/.test(message)) return failedReply("not_sent", message);
  return failedReply("connection_lost", message);
}

const REFUSALS: ReadonlyMap<string, "unavailable" | "overloaded"> = new Map([
  ["LOADING", "unavailable"],
  ["BUSY", "unavailable"],
  ["MASTERDOWN", "unavailable"],
  ["CLUSTERDOWN", "unavailable"],
  ["NOREPLICAS", "unavailable"],
  ["TRYAGAIN", "unavailable"],
  ["OOM", "overloaded"],
]);

function reasonOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && !messageOf(error).includes(code)
    ? `${messageOf(error)} (${code})`
    : messageOf(error);
}

/** `INFO`: lines of name:value. */
function fieldsOf(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf(":");
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
}

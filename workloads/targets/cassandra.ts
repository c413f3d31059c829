/**
 * Apache Cassandra by its own driver: one table of blobs in a keyspace of the run, replicated as often as `n_val` says, prepared
 * statements, and of each request the consistency level that `r` or `w` stands for. The data center that coordinates is the one
 * of the first host that answers.
 *
 * The driver's retry policy is set to none: its default asks again after some time-outs, and a write that was made twice with
 * one acknowledgement is what a history of clients cannot show. A request that the driver could not put on any connection is
 * definite, and so is a refusal before anything was done (Unavailable); everything after that, a write's time-out first of
 * all, may have happened.
 */
import type { Client, ClientOptions, QueryOptions } from "cassandra-driver";
import { encodeAddress, type KeyName } from "../../engine/vocabulary/address";
import type { QuorumValue } from "../../engine/vocabulary/settings";
import { type Capabilities, TARGETS } from "../../results/record/capabilities";
import type { Reply, Request } from "../operation";
import { consistencyLevel, type ConsistencyLevel, NO_LEVEL } from "./consistency-levels";
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

type Library = typeof import("cassandra-driver");

export class CassandraTarget implements OtherStore {
  readonly name = "cassandra";
  readonly capabilities: Capabilities = TARGETS.cassandra.can;
  private readonly keyspace: string;
  private readonly reading: QueryOptions;
  private readonly writing: QueryOptions;
  private readonly select: string;
  private readonly insert: string;
  private readonly remove: string;
  private made = false;
  private readonly hosts = new Set<OwnHost>();

  private constructor(
    private readonly options: OtherStoreOptions,
    private readonly library: Library,
    private readonly client: Client,
    private readonly dataCenter: string,
    readonly identity: StoreIdentity,
  ) {
    this.keyspace = `quorumlab_${options.run.replaceAll("-", "_")}`;
    const table = `${this.keyspace}.kv`;
    this.select = `SELECT value FROM ${table} WHERE key = ?`;
    this.insert = `INSERT INTO ${table} (key, value) VALUES (?, ?)`;
    this.remove = `DELETE FROM ${table} WHERE key = ?`;
    const { read, write } = levelsOf(options);
    const { readTimeoutMs, writeTimeoutMs, graceMs } = options;
    const { consistencies } = library.types;
    const known = (host: unknown): void => void this.hosts.add(host as OwnHost);
    client.hosts.forEach(known);
    client.on("hostAdd", known);
    const usual = { prepare: true, isIdempotent: false };
    this.reading = { ...usual, consistency: consistencies[camel(read)], readTimeout: readTimeoutMs + graceMs };
    this.writing = { ...usual, consistency: consistencies[camel(write)], readTimeout: writeTimeoutMs + graceMs };
  }

  /** Rejects with {@link StoreFailed}. */
  static async open(options: OtherStoreOptions): Promise<CassandraTarget> {
    const name = "cassandra-driver";
    const library = optionalLibrary(() => require(name) as Library, name, "cassandra");
    const { read, write } = levelsOf(options);
    const where = options.hosts.join(", ");
    let client: Client | undefined;
    try {
      const { dataCenter, version, protocol } = await discover(library, options);
      const opened = (client = new library.Client({ ...clientOptions(library, options), localDataCenter: dataCenter }));
      await within(OPEN_TIMEOUT_MS, "connecting", opened.connect());
      return new CassandraTarget(options, library, opened, dataCenter, {
        product: "Cassandra",
        version,
        settings: {
          reads: `consistency ${read}`,
          writes: `consistency ${write}`,
          replication: String(options.nVal),
          nodes: String(opened.hosts.length),
          data_center: dataCenter,
          protocol: `v${String(protocol)}`,
          timestamps: options.clientTimestamps ? "client" : "coordinator",
        },
      });
    } catch (error) {
      await client?.shutdown().catch(() => undefined);
      if (error instanceof StoreFailed) throw error;
      throw new StoreFailed(`Cassandra at ${where} cannot be used: ${reasonOf(library, error)}`, { cause: error });
    }
  }

  submit(request: Request, done: (reply: Reply) => void): void {
    const { kind } = request;
    switch (kind) {
      case "scan":
        soon(done, failedReply("unsupported", TARGETS.cassandra.why.scans ?? ""));
        return;
      case "get":
        this.read(request.key, this.reading, done);
        return;
      case "put":
        this.write(this.insert, [keyOf(request.key), storedValue(request)], done);
        return;
      case "delete":
        this.write(this.remove, [keyOf(request.key)], done);
        return;
    }
  }

  readLast(key: KeyName, done: (reply: Reply) => void): void {
    this.read(key, { ...this.reading, consistency: this.library.types.consistencies.all }, done);
  }

  async prepare(): Promise<void> {
    const { keyspace, dataCenter } = this;
    await this.administer(`DROP KEYSPACE IF EXISTS ${keyspace}`);
    this.made = true;
    const replication = `{'class': 'NetworkTopologyStrategy', '${dataCenter.replaceAll("'", "''")}': ${this.options.nVal}}`;
    await this.administer(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`);
    await this.administer(`CREATE TABLE ${keyspace}.kv (key blob PRIMARY KEY, value blob)`);
  }

  async dispose(): Promise<void> {
    if (this.made) await this.administer(`DROP KEYSPACE IF EXISTS ${this.keyspace}`);
    this.made = false;
  }

  async ping(): Promise<void> {
    await this.client.execute("SELECT key FROM system.local", [], { prepare: true });
  }

  async close(): Promise<void> {
    await this.client.shutdown();
    // The driver forgets a host that it found anew after a lost connection, with the timers that it goes on with.
    for (const host of this.hosts) await host.shutdown(false);
  }

  private read(name: KeyName, options: QueryOptions, done: (reply: Reply) => void): void {
    const { readTimeoutMs, graceMs } = this.options;
    const answer = byDeadline(readTimeoutMs + graceMs, done);
    this.client.execute(this.select, [keyOf(name)], options).then(
      ({ rows }) => {
        const value = (rows[0] as { readonly value?: Buffer | null } | undefined)?.value;
        answer(readReply(value?.toString("latin1")));
      },
      (error: unknown) => answer(failedReplyOf(this.library, error)),
    );
  }

  private write(statement: string, values: readonly Buffer[], done: (reply: Reply) => void): void {
    const { writeTimeoutMs, graceMs } = this.options;
    const answer = byDeadline(writeTimeoutMs + graceMs, done);
    this.client.execute(statement, values, this.writing).then(
      () => answer(writtenReply()),
      (error: unknown) => answer(failedReplyOf(this.library, error)),
    );
  }

  /** Changes of the schema take seconds on a cluster of several nodes. */
  private async administer(statement: string): Promise<void> {
    try {
      await this.client.execute(statement, [], { prepare: false, readTimeout: ADMINISTRATION_TIMEOUT_MS });
    } catch (error) {
      throw new StoreFailed(`Cassandra: "${statement}": ${reasonOf(this.library, error)}`, { cause: error });
    }
  }
}

/** What the driver has and does not tell of. */
interface OwnHost {
  shutdown(waitForPending: boolean): Promise<unknown>;
}

const OPEN_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
const ADMINISTRATION_TIMEOUT_MS = 30_000;
const RECONNECT_AFTER_MS = 250;
/** As the driver's own: it says so when its timestamps run ahead of the clock. */
const WARN_AHEAD_MS = 1_000;
const WARN_EVERY_MS = 1_000;

function levelsOf({ r, w, nVal }: OtherStoreOptions): {
  readonly read: ConsistencyLevel;
  readonly write: ConsistencyLevel;
} {
  const level = (name: string, value: QuorumValue): ConsistencyLevel => {
    const found = consistencyLevel(value, nVal);
    if (found !== undefined) return found;
    throw new StoreFailed(`${name} is ${value} of ${nVal} replicas: ${NO_LEVEL}`);
  };
  return { read: level("r", r), write: level("w", w) };
}

function camel(level: ConsistencyLevel): "one" | "two" | "three" | "quorum" | "all" {
  return level.toLowerCase() as Lowercase<ConsistencyLevel>;
}

function clientOptions({ policies }: Library, options: OtherStoreOptions): ClientOptions {
  // Known to the driver and not to its types.
  const silent = { monitorReporting: { enabled: false } };
  return {
    ...silent,
    contactPoints: [...options.hosts],
    socketOptions: { connectTimeout: CONNECT_TIMEOUT_MS },
    policies: {
      retry: new policies.retry.FallthroughRetryPolicy(),
      // The driver's own waits longer each time: a store that is back would go on looking gone.
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(RECONNECT_AFTER_MS),
      ...(options.clientTimestamps
        ? {
            timestampGeneration: new policies.timestampGeneration.MonotonicTimestampGenerator(
              WARN_AHEAD_MS,
              WARN_EVERY_MS,
            ),
          }
        : // The driver has one unless it is told that there is none.
          { timestampGeneration: null as never }),
    },
  };
}

/** The first host that answers tells its data center, which the driver wants to know before it begins. */
async function discover(
  library: Library,
  options: OtherStoreOptions,
): Promise<{ readonly dataCenter: string; readonly version: string; readonly protocol: number }> {
  const usual = clientOptions(library, options);
  const { RoundRobinPolicy } = library.policies.loadBalancing;
  const scout = new library.Client({
    ...usual,
    policies: { ...usual.policies, loadBalancing: new RoundRobinPolicy() },
    isMetadataSyncEnabled: false,
  });
  try {
    await within(OPEN_TIMEOUT_MS, `Cassandra at ${options.hosts.join(", ")}`, scout.connect());
    const asked = scout.execute("SELECT data_center, release_version, native_protocol_version FROM system.local");
    const row = (await within(OPEN_TIMEOUT_MS, "asking for the data center", asked)).first();
    const said = row as unknown as Readonly<Record<string, unknown>> | null;
    const protocol = (scout as unknown as { readonly controlConnection: { readonly protocolVersion: number } })
      .controlConnection.protocolVersion;
    return {
      dataCenter: textOf(said?.["data_center"], ""),
      version: textOf(said?.["release_version"], "not told"),
      protocol,
    };
  } finally {
    await scout.shutdown().catch(() => undefined);
  }
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}

function keyOf(name: KeyName): Buffer {
  return Buffer.from(encodeAddress(name), "latin1");
}

/** That no host could be reached is told by the first of them. */
function reasonOf({ errors }: Library, error: unknown): string {
  if (!(error instanceof errors.NoHostAvailableError)) return messageOf(error);
  const inner = Object.entries((error.innerErrors ?? {}) as Readonly<Record<string, unknown>>);
  return inner.length === 0 ? error.message : inner.map(([host, why]) => `${host}: ${messageOf(why)}`).join("; ");
}

function failedReplyOf(library: Library, error: unknown): Reply {
  const { errors, types } = library;
  const message = reasonOf(library, error);
  // Tried on every host, and written to none: all that was written and failed is told as what it failed by.
  if (error instanceof errors.NoHostAvailableError) {
    const inner = Object.values((error.innerErrors ?? {}) as Readonly<Record<string, unknown>>);
    const busy = inner.length > 0 && inner.every((one) => one instanceof errors.BusyConnectionError);
    return failedReply(busy ? "overloaded" : "not_sent", message);
  }
  if (error instanceof errors.BusyConnectionError) return failedReply("overloaded", message);
  if (error instanceof errors.OperationTimedOutError) return failedReply("timeout", message);
  if (!(error instanceof errors.ResponseError)) {
    const { requestNotWritten } = error as { readonly requestNotWritten?: boolean };
    return failedReply(requestNotWritten === true ? "not_sent" : "connection_lost", message);
  }
  const codes: Readonly<Record<keyof typeof types.responseErrorCodes, number>> = types.responseErrorCodes;
  switch (error.code) {
    case codes.unavailableException:
    case codes.isBootstrapping:
      return failedReply("unavailable", message);
    case codes.writeTimeout:
    case codes.readTimeout:
      return failedReply("timeout", message);
    case codes.syntaxError:
    case codes.unauthorized:
    case codes.invalid:
    case codes.configError:
    case codes.protocolError:
    case codes.badCredentials:
    case codes.unprepared:
      return failedReply("invalid", message);
    default:
      // Failures of replicas, and of the server itself: a write may be at some of them. Also "overloaded": a coordinator that has too
      // many hints says so while it goes through the replicas, some of which may have been sent the write by then.
      return failedReply("quorum_unreachable", message);
  }
}

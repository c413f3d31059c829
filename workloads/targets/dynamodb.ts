/**
 * DynamoDB's interface by the AWS SDK: GetItem, PutItem and DeleteItem on a table of the run's own, paid by request. In tests
 * and on a desk the store behind it is dynalite or DynamoDB local.
 *
 * The SDK looks for an endpoint, a region and credentials in the environment, in files, and asks a machine's metadata. All of
 * that is said here, each by itself, so that none of it is looked for: a load that found its way to somebody's account by accident
 * would be a bill. The credentials are made up, and the host is one that the experiment names. What the SDK sends again by itself is
 * switched off: a second write nobody counted, and a latency that is two.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { encodeAddress, type KeyName } from "../../engine/vocabulary/address";
import type { QuorumValue } from "../../engine/vocabulary/settings";
import { type Capabilities, TARGETS } from "../../results/record/capabilities";
import type { Reply, Request } from "../operation";
import {
  byDeadline,
  failedReply,
  messageOf,
  neverConnected,
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

type Library = typeof import("@aws-sdk/client-dynamodb");

export class DynamoTarget implements OtherStore {
  readonly name = "dynamodb";
  readonly capabilities: Capabilities = TARGETS.dynamodb.can;
  private readonly table: string;
  private readonly consistent: boolean;
  private made = false;

  private constructor(
    private readonly options: OtherStoreOptions,
    private readonly library: Library,
    private readonly client: DynamoDBClient,
    readonly identity: StoreIdentity,
  ) {
    this.table = `quorumlab-${options.run}`;
    this.consistent = readsConsistently(options.r);
  }

  /** Rejects with {@link StoreFailed}. */
  static async open(options: OtherStoreOptions): Promise<DynamoTarget> {
    const name = "@aws-sdk/client-dynamodb";
    const library = optionalLibrary(() => require(name) as Library, name, "dynamodb");
    const [where] = options.hosts;
    const { readTimeoutMs, writeTimeoutMs, graceMs } = options;
    const client = new library.DynamoDBClient({
      endpoint: `http://${where}`,
      region: "local",
      credentials: { accessKeyId: MADE_UP, secretAccessKey: MADE_UP },
      logger: SILENT,
      maxAttempts: 1,
      retryMode: "standard",
      defaultsMode: "standard",
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
      endpointDiscoveryEnabled: false,
      accountIdEndpointMode: "disabled",
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: Math.max(readTimeoutMs, writeTimeoutMs) + graceMs,
        // Else the SDK writes a line and lets the request keep its connection.
        throwOnRequestTimeout: true,
        logger: SILENT,
        httpAgent: { keepAlive: true, maxSockets: Math.max(1, options.connections) },
      },
    });
    let server: string | undefined;
    client.middlewareStack.add(
      (next) => async (step) => {
        const result = await next(step);
        const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
        server ??= headers?.["server"];
        return result;
      },
      { step: "deserialize", priority: "low", name: "who-answers" },
    );
    try {
      await within(OPEN_TIMEOUT_MS, "ListTables", client.send(new library.ListTablesCommand({ Limit: 1 })));
    } catch (error) {
      client.destroy();
      throw new StoreFailed(`DynamoDB's interface at ${where} cannot be used: ${messageOf(error)}`, { cause: error });
    }
    return new DynamoTarget(options, library, client, {
      product:
        server === undefined ? "a store with DynamoDB's interface" : `a store with DynamoDB's interface (${server})`,
      version: "not told",
      settings: {
        reads: readsConsistently(options.r) ? "strongly consistent" : "eventually consistent",
        table: "on demand",
      },
    });
  }

  submit(request: Request, done: (reply: Reply) => void): void {
    const { kind } = request;
    if (kind === "scan") {
      soon(done, failedReply("unsupported", TARGETS.dynamodb.why.scans ?? ""));
      return;
    }
    if (kind === "get") {
      this.read(request.key, this.consistent, done);
      return;
    }
    const { PutItemCommand, DeleteItemCommand } = this.library;
    const { writeTimeoutMs, graceMs } = this.options;
    const answer = byDeadline(writeTimeoutMs + graceMs, done);
    const TableName = this.table;
    const k = keyOf(request.key);
    const sent =
      kind === "put"
        ? this.client.send(new PutItemCommand({ TableName, Item: { k, v: { B: storedValue(request) } } }))
        : this.client.send(new DeleteItemCommand({ TableName, Key: { k } }));
    sent.then(
      () => answer(writtenReply()),
      (error: unknown) => answer(failedReplyOf(error)),
    );
  }

  readLast(key: KeyName, done: (reply: Reply) => void): void {
    this.read(key, true, done);
  }

  async prepare(): Promise<void> {
    const { CreateTableCommand } = this.library;
    await this.dropped();
    this.made = true;
    const create = new CreateTableCommand({
      TableName: this.table,
      AttributeDefinitions: [{ AttributeName: "k", AttributeType: "B" }],
      KeySchema: [{ AttributeName: "k", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    });
    await this.administered("creating the table", this.client.send(create));
    await this.until((status) => status === "ACTIVE");
  }

  async dispose(): Promise<void> {
    if (this.made) await this.dropped();
    this.made = false;
  }

  async ping(): Promise<void> {
    await this.client.send(
      new this.library.GetItemCommand({ TableName: this.table, Key: { k: { B: Buffer.from("-") } } }),
    );
  }

  close(): Promise<void> {
    this.client.destroy();
    return Promise.resolve();
  }

  private read(name: KeyName, ConsistentRead: boolean, done: (reply: Reply) => void): void {
    const { readTimeoutMs, graceMs } = this.options;
    const answer = byDeadline(readTimeoutMs + graceMs, done);
    const get = new this.library.GetItemCommand({ TableName: this.table, Key: { k: keyOf(name) }, ConsistentRead });
    this.client.send(get).then(
      ({ Item }) => {
        const value = Item?.["v"]?.B;
        answer(Item !== undefined && value === undefined ? FOREIGN : readReply(octetsOf(value)));
      },
      (error: unknown) => answer(failedReplyOf(error)),
    );
  }

  private async dropped(): Promise<void> {
    const { DeleteTableCommand, ResourceNotFoundException } = this.library;
    try {
      await this.administered(
        "dropping the table",
        this.client.send(new DeleteTableCommand({ TableName: this.table })),
      );
    } catch (error) {
      if (error instanceof Error && error.cause instanceof ResourceNotFoundException) return;
      throw error;
    }
    await this.until((status) => status === undefined);
  }

  /** Waits for the table's status; undefined where there is none. */
  private async until(wanted: (status: string | undefined) => boolean): Promise<void> {
    const { DescribeTableCommand, ResourceNotFoundException } = this.library;
    const describe = async (): Promise<string | undefined> => {
      try {
        return (await this.client.send(new DescribeTableCommand({ TableName: this.table }))).Table?.TableStatus;
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    };
    const end = performance.now() + ADMINISTRATION_TIMEOUT_MS;
    while (!wanted(await this.administered("asking for the table", describe()))) {
      if (performance.now() > end) throw new StoreFailed(`table ${this.table} was not ready within ${ADMINISTRATION_TIMEOUT_MS / 1_000} s`); // prettier-ignore
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  private async administered<T>(what: string, act: Promise<T>): Promise<T> {
    try {
      return await within(ADMINISTRATION_TIMEOUT_MS, what, act);
    } catch (error) {
      if (error instanceof StoreFailed) throw error;
      throw new StoreFailed(`${what} ${this.table}: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** One replica's answer is an eventually consistent read; more than one asks for the latest. */
export function readsConsistently(r: QuorumValue): boolean {
  return r !== "one" && r !== 1;
}

const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
const MADE_UP = "quorumlab";
const CONNECT_TIMEOUT_MS = 5_000;
const OPEN_TIMEOUT_MS = 10_000;
const ADMINISTRATION_TIMEOUT_MS = 30_000;
const ASK_AGAIN_MS = 50;

const FOREIGN = failedReply("invalid", "the store brought an item that no write of this run made");

function keyOf(name: KeyName): { readonly B: Buffer } {
  return { B: Buffer.from(encodeAddress(name), "latin1") };
}

function octetsOf(value: Uint8Array | undefined): string | undefined {
  return value === undefined
    ? undefined
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1");
}

/** Refused before anything was done, by the name of the exception. */
const THROTTLED: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "Throttling",
  "RequestLimitExceeded",
  "LimitExceededException",
]);

function failedReplyOf(error: unknown): Reply {
  const message = messageOf(error);
  if (neverConnected(error)) return failedReply("not_sent", message);
  const { name, code, $fault, $metadata, $response } = error as {
    readonly name?: string;
    readonly code?: string;
    readonly $fault?: "client" | "server";
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: unknown;
  };
  const told = `${String(name)}: ${message}`;
  if (name !== undefined && THROTTLED.has(name)) return failedReply("overloaded", told);
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status >= 400 && status < 500) return failedReply("invalid", told);
  // An answer that says that the store failed: the write may have happened, as its manual says.
  if ($fault === "server" || status !== undefined || $response !== undefined)
    return failedReply("quorum_unreachable", told);
  // The SDK calls a broken connection a time-out too.
  if (code === "ECONNRESET" || code === "EPIPE") return failedReply("connection_lost", message);
  if (name === "TimeoutError" || name === "AbortError") return failedReply("timeout", told);
  return failedReply("connection_lost", told);
}

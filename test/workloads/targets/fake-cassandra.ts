/**
 * As much of a Cassandra as its driver needs to believe in one, in this process: the native protocol's fourth version
 * (native_protocol_v4.spec of Apache Cassandra), the system tables that the driver asks before it begins, prepared statements
 * on one table of blobs, and errors on demand. It keeps what it was asked, so that a test can hold each request's consistency level,
 * timestamp and manner of sending against what the experiment said. No replicas, no clock, one node.
 */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

export const CONSISTENCY = ["ANY", "ONE", "TWO", "THREE", "QUORUM", "ALL", "LOCAL_QUORUM", "EACH_QUORUM", "SERIAL", "LOCAL_SERIAL", "LOCAL_ONE"] as const; // prettier-ignore

export interface AskedOfCassandra {
  readonly statement: string;
  readonly consistency: (typeof CONSISTENCY)[number];
  /** Executed by the id of a prepared statement. */
  readonly prepared: boolean;
  /** Microseconds as the client gave them; undefined where it leaves it to the coordinator. */
  readonly timestamp: bigint | undefined;
  readonly values: readonly Buffer[];
}

/** What becomes of a request on the table: it is served where nothing is said. */
export type Mishap =
  | "unavailable"
  | "overloaded"
  | "bootstrapping"
  | "write-timeout"
  | "read-timeout"
  | "write-failure"
  | "read-failure"
  | "server-error"
  | "invalid"
  /** The answer does not come. */
  | "silence"
  /** The connection ends after the request was read. */
  | "close"
  /** It is carried out, and its answer does not come. */
  | "done-in-silence"
  /** The statement's id is not known any more. */
  | "unprepared";

const OP = { error: 0, startup: 1, ready: 2, options: 5, supported: 6, query: 7, result: 8, prepare: 9, execute: 10, register: 11 } as const; // prettier-ignore
const HEADER_BYTES = 9;

export class FakeCassandra {
  readonly asked: AskedOfCassandra[] = [];
  readonly keyspaces = new Map<string, string>();
  mishap: (asked: AskedOfCassandra) => Mishap | undefined = () => undefined;
  private readonly stored = new Map<string, Buffer>();
  private readonly statements = new Map<string, string>();
  private readonly sockets = new Set<Socket>();
  private prepares = 0;

  private constructor(private readonly server: Server) {
    server.on("connection", (socket) => this.connected(socket));
  }

  static async start(): Promise<FakeCassandra> {
    const server = createServer();
    const fake = new FakeCassandra(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  get host(): string {
    return `127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  get preparations(): number {
    return this.prepares;
  }

  put(key: Buffer, value: Buffer): void {
    this.stored.set(key.toString("hex"), value);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private connected(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => undefined);
    let waiting: Buffer = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      while (waiting.length >= HEADER_BYTES) {
        const end = HEADER_BYTES + waiting.readUInt32BE(5);
        if (waiting.length < end) return;
        this.frame(socket, waiting.subarray(0, end));
        waiting = waiting.subarray(end);
      }
    });
  }

  private frame(socket: Socket, frame: Buffer): void {
    const stream = frame.readInt16BE(2);
    const answer = (opcode: number, body: Buffer): void => {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt8(0x84, 0);
      header.writeInt16BE(stream, 2);
      header.writeUInt8(opcode, 4);
      header.writeUInt32BE(body.length, 5);
      socket.write(Buffer.concat([header, body]));
    };
    if (frame[0] !== 4) {
      answer(OP.error, error(0x0a, `Invalid or unsupported protocol version (${String(frame[0])}); supported versions are (4/v4)`)); // prettier-ignore
      return;
    }
    const body = new Reader(frame.subarray(HEADER_BYTES));
    switch (frame[4]) {
      case OP.options:
        return answer(OP.supported, short(0));
      case OP.startup:
      case OP.register:
        return answer(OP.ready, Buffer.alloc(0));
      case OP.prepare: {
        this.prepares++;
        const statement = body.longString();
        const id = Buffer.from(statement.length.toString(16).padStart(4, "0") + statement.slice(0, 6));
        this.statements.set(id.toString("hex"), statement);
        return answer(OP.result, preparedResult(id, statement));
      }
      case OP.query: {
        const statement = body.longString();
        return this.carryOut(body, statement, false, undefined, answer, socket);
      }
      case OP.execute: {
        const id = body.shortBytes();
        const statement = this.statements.get(id.toString("hex"));
        if (statement === undefined) return answer(OP.error, unprepared(id));
        return this.carryOut(body, statement, true, id, answer, socket);
      }
      default:
        return answer(OP.error, error(0x0a, `opcode ${String(frame[4])} is not known here`));
    }
  }

  private carryOut(
    body: Reader,
    statement: string,
    prepared: boolean,
    id: Buffer | undefined,
    answer: (opcode: number, body: Buffer) => void,
    socket: Socket,
  ): void {
    const asked: AskedOfCassandra = { statement, prepared, ...body.parameters() };
    const schema = /^(CREATE|DROP) (KEYSPACE|TABLE) (?:IF EXISTS )?([\w.]+)(.*)$/.exec(statement);
    if (schema !== null) {
      this.asked.push(asked);
      return answer(OP.result, this.changed(schema));
    }
    if (/\bFROM system|FROM "?system/.test(statement)) return answer(OP.result, this.system(statement));
    this.asked.push(asked);
    const mishap = this.mishap(asked);
    const read = statement.startsWith("SELECT");
    const level = Buffer.concat([short(CONSISTENCY.indexOf(asked.consistency))]);
    switch (mishap) {
      case "unavailable":
        return answer(OP.error, error(0x1000, "Cannot achieve consistency level", level, int(2), int(1)));
      case "overloaded":
        return answer(OP.error, error(0x1001, "too busy"));
      case "bootstrapping":
        return answer(OP.error, error(0x1002, "bootstrapping"));
      case "write-timeout":
        return answer(OP.error, error(0x1100, "timed out", level, int(1), int(2), string("SIMPLE")));
      case "read-timeout":
        return answer(OP.error, error(0x1200, "timed out", level, int(1), int(2), Buffer.from([0])));
      case "write-failure":
        return answer(OP.error, error(0x1500, "failed", level, int(1), int(2), int(1), string("SIMPLE")));
      case "read-failure":
        return answer(OP.error, error(0x1300, "failed", level, int(1), int(2), int(1), Buffer.from([0])));
      case "server-error":
        return answer(OP.error, error(0, "something broke"));
      case "invalid":
        return answer(OP.error, error(0x2200, "no such thing"));
      case "silence":
        return;
      case "close":
        socket.destroy();
        return;
      case "unprepared":
        return answer(OP.error, unprepared(id ?? Buffer.alloc(0)));
      case "done-in-silence":
      case undefined:
        break;
    }
    const [key, value] = asked.values.map((one) => one);
    const name = key.toString("hex");
    if (statement.startsWith("INSERT")) this.stored.set(name, value);
    else if (statement.startsWith("DELETE")) this.stored.delete(name);
    if (mishap === "done-in-silence") return;
    if (!read) return answer(OP.result, int(1));
    const found = this.stored.get(name);
    answer(OP.result, rows("ks", "kv", [["value", BLOB]], found === undefined ? [] : [[found]]));
  }

  private changed([, verb, what, name, rest]: RegExpExecArray): Buffer {
    const [keyspace, table] = name.split(".");
    if (what === "KEYSPACE" && verb === "CREATE") this.keyspaces.set(keyspace, rest.trim());
    if (what === "KEYSPACE" && verb === "DROP" && !this.keyspaces.delete(keyspace)) return int(1);
    const options = table === undefined ? [string(keyspace)] : [string(keyspace), string(table)];
    return Buffer.concat([int(5), string(verb === "CREATE" ? "CREATED" : "DROPPED"), string(what), ...options]);
  }

  private system(statement: string): Buffer {
    const [, chosen, table] = /^SELECT (.+?) FROM ([\w.]+)/.exec(statement)!;
    const columns = SYSTEM[table];
    if (columns === undefined) return rows("system", table, [["key", VARCHAR]], []);
    const wanted = chosen === "*" ? Object.keys(columns) : chosen.split(",").map((name) => name.trim());
    const all = table === "system.local" ? [LOCAL] : [];
    return rows(
      "system",
      table,
      wanted.map((name) => [name, columns[name] ?? VARCHAR] as const),
      all.map((row) => wanted.map((name) => row[name] ?? null)),
    );
  }
}

const VARCHAR = short(0x0d);
const BLOB = short(0x03);
const UUID = short(0x0c);
const INET = short(0x10);
const SET_OF_TEXT = Buffer.concat([short(0x22), VARCHAR]);
const SCHEMA_VERSION = Buffer.from("0123456789abcdef0123456789abcdef", "hex");

const LOCAL: Readonly<Record<string, Buffer | null>> = {
  key: Buffer.from("local"),
  cluster_name: Buffer.from("Test Cluster"),
  data_center: Buffer.from("dc-of-the-test"),
  rack: Buffer.from("r1"),
  release_version: Buffer.from("4.1.3"),
  native_protocol_version: Buffer.from("4"),
  partitioner: Buffer.from("org.apache.cassandra.dht.Murmur3Partitioner"),
  host_id: SCHEMA_VERSION,
  schema_version: SCHEMA_VERSION,
  rpc_address: Buffer.from([127, 0, 0, 1]),
  tokens: Buffer.concat([int(1), bytes(Buffer.from("0"))]),
};

const LOCAL_TYPES: Readonly<Record<string, Buffer>> = Object.fromEntries(
  Object.keys(LOCAL).map((name) => [
    name,
    name === "tokens"
      ? SET_OF_TEXT
      : name.endsWith("_id") || name === "schema_version"
        ? UUID
        : name === "rpc_address"
          ? INET
          : VARCHAR,
  ]),
);

const SYSTEM: Readonly<Record<string, Readonly<Record<string, Buffer>> | undefined>> = {
  "system.local": LOCAL_TYPES,
  "system.peers": { peer: INET, rpc_address: INET, schema_version: UUID, data_center: VARCHAR },
  "system.peers_v2": { peer: INET, native_address: INET, schema_version: UUID, data_center: VARCHAR },
};

type Column = readonly [name: string, type: Buffer];

function rows(
  keyspace: string,
  table: string,
  columns: readonly Column[],
  all: readonly (readonly (Buffer | null)[])[],
): Buffer {
  // prettier-ignore
  return Buffer.concat([
    int(2),
    metadata(keyspace, table, columns),
    int(all.length),
    ...all.flatMap((row) => row.map(bytes)),
  ]);
}

function metadata(keyspace: string, table: string, columns: readonly Column[]): Buffer {
  const specification = columns.flatMap(([name, type]) => [string(name), type]);
  return Buffer.concat([int(1), int(columns.length), string(keyspace), string(table), ...specification]);
}

function preparedResult(id: Buffer, statement: string): Buffer {
  const select = statement.startsWith("SELECT");
  const bound: Column[] = statement.includes("?") ? [["key", BLOB]] : [];
  if (statement.startsWith("INSERT")) bound.push(["value", BLOB]);
  const [keyspace, table] = /(?:FROM|INTO) ([\w.]+)/.exec(statement)![1].split(".");
  const key = bound.length === 0 ? [int(0)] : [int(1), short(0)];
  const specification = bound.flatMap(([name, type]) => [string(name), type]);
  return Buffer.concat([
    int(4),
    shortBytes(id),
    int(1),
    int(bound.length),
    ...key,
    string(keyspace),
    string(table),
    ...specification,
    select
      ? metadata(keyspace, table, [[keyspace === "system" ? "key" : "value", BLOB]])
      : Buffer.concat([int(4), int(0)]),
  ]);
}

function error(code: number, message: string, ...more: readonly Buffer[]): Buffer {
  return Buffer.concat([int(code), string(message), ...more]);
}

function unprepared(id: Buffer): Buffer {
  return error(0x2500, "not prepared", shortBytes(id));
}

function short(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16BE(value);
  return out;
}

function int(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value);
  return out;
}

function string(text: string): Buffer {
  const content = Buffer.from(text);
  return Buffer.concat([short(content.length), content]);
}

function shortBytes(content: Buffer): Buffer {
  return Buffer.concat([short(content.length), content]);
}

function bytes(content: Buffer | null): Buffer {
  return content === null ? int(-1) : Buffer.concat([int(content.length), content]);
}

class Reader {
  private at = 0;

  constructor(private readonly content: Buffer) {}

  longString(): string {
    return this.take(this.int()).toString();
  }

  shortBytes(): Buffer {
    return this.take(this.short());
  }

  /** `<query_parameters>` of a QUERY or an EXECUTE. */
  parameters(): Pick<AskedOfCassandra, "consistency" | "values" | "timestamp"> {
    const consistency = CONSISTENCY[this.short()];
    const flags = this.take(1)[0];
    const values: Buffer[] = [];
    if ((flags & 0x01) !== 0) {
      const count = this.short();
      for (let i = 0; i < count; i++) values.push(Buffer.from(this.take(Math.max(0, this.int()))));
    }
    if ((flags & 0x04) !== 0) this.int();
    if ((flags & 0x08) !== 0) this.take(this.int());
    if ((flags & 0x10) !== 0) this.short();
    const timestamp = (flags & 0x20) !== 0 ? this.take(8).readBigInt64BE() : undefined;
    return { consistency, values, timestamp };
  }

  private int(): number {
    return this.take(4).readInt32BE();
  }

  private short(): number {
    return this.take(2).readUInt16BE();
  }

  private take(count: number): Buffer {
    const part = this.content.subarray(this.at, this.at + count);
    this.at += count;
    return part;
  }
}

/**
 * What the interfaces cost: one node against a bare node:http server that answers the same bytes, and three nodes over HTTP,
 * over protocol buffers and over the engine's own frames. Every connection reads a key and then writes it with the context it
 * got, so that half of the requests are gets, contexts are honoured and every answer can be checked: a value names its key.
 * Rounds alternate; the figures to trust are the ratios.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Socket } from "node:net";
import { CODES, GET, GOT, PUT } from "../../engine/pb/messages";
import { decodeMessage, frameOf } from "../../engine/pb/octet-fields";
import { Client } from "../../engine/real/client";
import { NODE_FLAGS, RealCluster } from "../../engine/real/cluster";
import { place } from "../../engine/real/placement";
import { Ring } from "../../engine/ring/ring";
import { encodeAddress } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import type { BareAnswer, BareAnswers } from "./bare-http";
import { BENCH_CLUSTER } from "./engine";
import { HttpConnection, headerOf, type HttpAnswer } from "./http-client";
import { histogram } from "./latencies";

export interface HttpResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

const KEYS = 10_000;
const VALUE_BYTES = 100;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const WARMUP_MS = 6_000;
const MEASURE_MS = 3_000;

/** Reads or writes one key, and calls back with the context read, or with what was wrong. */
interface Wire {
  get(key: number, done: (context: string, wrong?: string) => void): void;
  put(key: number, context: string, done: (wrong?: string) => void): void;
  close(): void;
}

const names = Array.from({ length: KEYS }, (_, i) => `user${String(i).padStart(10, "0")}`);
const values = names.map((name) => name.padEnd(VALUE_BYTES, "v"));

class HttpWire implements Wire {
  constructor(private readonly connection: HttpConnection) {}

  get(key: number, done: (context: string, wrong?: string) => void): void {
    const request = `GET /buckets/bench/keys/${names[key]} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: multipart/mixed, */*;q=0.9\r\n\r\n`;
    this.connection.send(request, ({ status, head, body }) => {
      const text = body.toString("latin1");
      const right = status === 200 ? text === values[key] : status === 300 && text.includes(values[key]);
      done(headerOf(head, "X-Riak-Vclock") ?? "", right ? undefined : `GET: ${String(status)} ${text.slice(0, 80)}`);
    });
  }

  put(key: number, context: string, done: (wrong?: string) => void): void {
    const clock = context === "" ? "" : `X-Riak-Vclock: ${context}\r\n`;
    const request = `PUT /buckets/bench/keys/${names[key]} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n${clock}Content-Length: ${String(VALUE_BYTES)}\r\n\r\n${values[key]}`;
    this.connection.send(request, ({ status, body }) =>
      done(status === 204 ? undefined : `PUT: ${String(status)} ${body.toString("latin1").slice(0, 80)}`),
    );
  }

  close(): void {
    this.connection.close();
  }
}

/** One request at a time over a connection of protocol buffers. */
class PbWire implements Wire {
  private received: Buffer = Buffer.alloc(0);
  private waiting: ((code: number, from: number, to: number) => void) | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.arrived(chunk));
  }

  static open(port: number): Promise<PbWire> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new PbWire(socket)));
      socket.once("error", reject);
    });
  }

  get(key: number, done: (context: string, wrong?: string) => void): void {
    const request = frameOf(CODES.get, GET, { bucket: "bench", key: names[key] });
    this.send(request, (code, from, to) => {
      if (code !== CODES.got) return done("", `get: answered with code ${String(code)}`);
      const { content = [], clock = "" } = decodeMessage(GOT, this.received, from, to);
      const right = content.some(({ value }) => value === values[key]);
      done(clock, right ? undefined : `get: ${String(content.length)} other values`);
    });
  }

  put(key: number, context: string, done: (wrong?: string) => void): void {
    const content = { value: values[key], contentType: "text/plain" };
    const fields = { bucket: "bench", key: names[key], content, ...(context === "" ? {} : { clock: context }) };
    this.send(frameOf(CODES.put, PUT, fields), (code) =>
      done(code === CODES.stored ? undefined : `put: answered with code ${String(code)}`),
    );
  }

  close(): void {
    this.socket.destroy();
  }

  private send(frame: Buffer, done: (code: number, from: number, to: number) => void): void {
    this.waiting = done;
    this.socket.write(frame);
  }

  private arrived(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const { received, waiting } = this;
    if (waiting === undefined || received.length < 5) return;
    const end = 4 + received.readUInt32BE(0);
    if (received.length < end) return;
    this.waiting = undefined;
    waiting(received[4], 5, end);
    this.received = this.received.subarray(end);
  }
}

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Pairs of get and put by each wire for so long. Throws at the first wrong answer. */
async function pairs(wires: readonly Wire[], warmupMs: number, measureMs: number, seed: number): Promise<Figures> {
  const random = Random.fromSeed(seed);
  const latencies = histogram();
  const from = performance.now() + warmupMs;
  const until = from + measureMs;
  let count = 0;
  await new Promise<void>((resolve, reject) => {
    let open = wires.length;
    const took = (sent: number): boolean => {
      const now = performance.now();
      if (now >= from && now < until) {
        count++;
        latencies.record((now - sent) * 1_000);
      }
      return now < until;
    };
    const one = (wire: Wire): void => {
      const key = random.nextUint32() % KEYS;
      const asked = performance.now();
      wire.get(key, (context, wrong) => {
        if (wrong !== undefined) return reject(new Error(wrong));
        took(asked);
        const sent = performance.now();
        wire.put(key, context, (bad) => {
          if (bad !== undefined) return reject(new Error(bad));
          if (took(sent)) one(wire);
          else if (--open === 0) resolve();
        });
      });
    };
    for (const wire of wires) one(wire);
  });
  return {
    perSecond: (count * 1_000) / measureMs,
    p50Ms: latencies.percentile(50) / 1_000,
    p99Ms: latencies.percentile(99) / 1_000,
  };
}

async function load(wires: readonly Wire[]): Promise<void> {
  await Promise.all(
    wires.map(async (wire, w) => {
      for (let key = w; key < KEYS; key += wires.length) {
        await new Promise<void>((resolve, reject) =>
          wire.put(key, "", (wrong) => (wrong === undefined ? resolve() : reject(new Error(wrong)))),
        );
      }
    }),
  );
}

async function httpWires(ports: readonly number[], connections: number): Promise<HttpWire[]> {
  const failed = (why: string): void => {
    throw new Error(why);
  };
  return Promise.all(
    Array.from(
      { length: connections },
      async (_, i) => new HttpWire(await HttpConnection.open(ports[i % ports.length], failed)),
    ),
  );
}

interface Cluster {
  readonly running: RealCluster;
  readonly settings: ClusterSettings;
  readonly http: readonly number[];
  readonly pb: readonly number[];
  stop(): Promise<void>;
}

async function cluster(nodes: number, n: number): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), "quorumlab-bench-"));
  const quorum = Math.floor(n / 2) + 1;
  const settings: ClusterSettings = {
    ...BENCH_CLUSTER,
    members: BENCH_CLUSTER.members.slice(0, nodes),
    engine: { ...BENCH_CLUSTER.engine, nVal: n, r: quorum, w: quorum },
  };
  const placement = place("none", nodes);
  const running = await RealCluster.start({
    settings,
    directory,
    placement,
    log: () => undefined,
    front: { http: "free", pb: "free" },
    // For whoever wants to see where the time goes: `BENCH_NODE_FLAGS="--cpu-prof --cpu-prof-dir=/tmp/profiles"`.
    nodeFlags: (process.env.BENCH_NODE_FLAGS ?? "").split(" ").filter((flag) => flag !== ""),
  });
  const fronts = running.fronts();
  return {
    running,
    settings,
    http: fronts.map(({ http }) => http),
    pb: fronts.map(({ pb }) => pb),
    async stop() {
      await running.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What one node answers, for a server that only repeats it. */
async function answersOf(port: number): Promise<BareAnswers> {
  const connection = await HttpConnection.open(port, () => undefined);
  const ask = (request: string): Promise<BareAnswer> =>
    new Promise((resolve) => connection.send(request, (answer) => resolve(bareAnswer(answer))));
  const put = await ask(
    `PUT /buckets/bench/keys/a-key-of-14-b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: ${String(VALUE_BYTES)}\r\n\r\n${values[0]}`,
  );
  const get = await ask(`GET /buckets/bench/keys/a-key-of-14-b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  connection.close();
  return { get, put };
}

/** Node adds these by itself. */
const BY_ITSELF = new Set(["date", "connection", "keep-alive"]);

function bareAnswer({ status, head, body }: HttpAnswer): BareAnswer {
  const headers = head
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const)
    .filter(([name]) => !BY_ITSELF.has(name.toLowerCase()));
  return { status, headers: headers.flat(), body: body.toString("latin1") };
}

async function bareServer(answers: BareAnswers): Promise<{ readonly port: number; stop(): void }> {
  const child: ChildProcess = fork(join(__dirname, "bare-http.ts"), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [...NODE_FLAGS, "-r", "ts-node/register"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve(message as number));
    child.once("exit", (code) => reject(new Error(`the bare server ended (${String(code)})`)));
    child.send(answers);
  });
  return { port, stop: () => child.kill("SIGKILL") };
}

/** The bare server has one answer: whichever key is asked for, it is the first one's. */
class BareWire extends HttpWire {
  override get(_key: number, done: (context: string, wrong?: string) => void): void {
    super.get(0, done);
  }
}

function median(all: readonly number[]): number {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function line(name: string, rounds: readonly Figures[]): string {
  const of = (pick: (figures: Figures) => number): number => median(rounds.map(pick));
  return `${name.padEnd(34)} ${of(({ perSecond }) => perSecond)
    .toFixed(0)
    .padStart(8)}/s  p50 ${of(({ p50Ms }) => p50Ms).toFixed(2)} ms  p99 ${of(({ p99Ms }) => p99Ms).toFixed(2)} ms`;
}

async function oneNode(results: HttpResult[]): Promise<void> {
  console.log("\nOne node, N=1, memory, against a bare node:http server that answers the same bytes\n");
  const node = await cluster(1, 1);
  const loading = await httpWires(node.http, 16);
  await load(loading);
  loading.forEach((wire) => wire.close());
  const bare = await bareServer(await answersOf(node.http[0]));
  try {
    for (const connections of [16, 64]) {
      const ours = await httpWires(node.http, connections);
      const theirs = (await httpWires([bare.port], connections)).map((wire) => new BareWire(wire["connection"]));
      await pairs(ours, 0, WARMUP_MS, 1);
      await pairs(theirs, 0, WARMUP_MS, 1);
      const engine: Figures[] = [];
      const ceiling: Figures[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        if (round % 2 === 0) ceiling.push(await pairs(theirs, 500, MEASURE_MS, round));
        engine.push(await pairs(ours, 500, MEASURE_MS, round));
        if (round % 2 === 1) ceiling.push(await pairs(theirs, 500, MEASURE_MS, round));
      }
      const ratios = engine.map(({ perSecond }, i) => perSecond / ceiling[i].perSecond);
      console.log(line(`bare server, ${String(connections)} connections`, ceiling));
      console.log(line(`one node, ${String(connections)} connections`, engine));
      console.log(
        `ratio ${median(ratios).toFixed(3)} [${Math.min(...ratios).toFixed(3)}, ${Math.max(...ratios).toFixed(3)}]`,
      );
      const note = `rounds ${ratios.map((value) => value.toFixed(3)).join(" ")}`;
      results.push({ name: `http/bare@${String(connections)}`, value: median(ratios), unit: "ratio", note });
      [...ours, ...theirs].forEach((wire) => wire.close());
    }
  } finally {
    bare.stop();
    await node.stop();
  }
}

class EngineWire implements Wire {
  constructor(
    private readonly client: Client,
    private readonly addresses: readonly string[],
    private readonly ids: { next: number },
  ) {}

  get(key: number, done: (context: string, wrong?: string) => void): void {
    this.client.get(this.addresses[key], undefined, ({ outcome, versions, context }) =>
      done(
        context,
        outcome === "ok" && versions.some(({ value }) => value === values[key]) ? undefined : `get: ${outcome}`,
      ),
    );
  }

  put(key: number, context: string, done: (wrong?: string) => void): void {
    const version = { writeId: this.ids.next++, value: values[key], tombstone: false };
    this.client.put(this.addresses[key], context, version, undefined, ({ outcome }) =>
      done(outcome === "ok" ? undefined : `put: ${outcome}`),
    );
  }

  close(): void {
    // The client is shared.
  }
}

async function threeNodes(results: HttpResult[]): Promise<void> {
  console.log("\nThree nodes, N=3 R=W=2, memory, half gets, 100-byte values, unpinned\n");
  const three = await cluster(3, 3);
  const ring = Ring.build(three.settings.ring, three.settings.members, Random.fromSeed(1).fork("ring"));
  const client = await Client.open({
    cluster: three.settings,
    addresses: three.running.addresses(),
    ring,
    routing: "any",
    connectionsPerNode: 1,
    shaped: false,
    graceMs: 1_000,
  });
  const ids = { next: 1 };
  const addresses = names.map((name) => encodeAddress({ type: "default", bucket: "bench", key: name }));
  const openers: readonly (readonly [string, (connections: number) => Promise<readonly Wire[]>])[] = [
    ["http", (connections) => httpWires(three.http, connections)],
    [
      "protocol buffers",
      (connections) =>
        Promise.all(Array.from({ length: connections }, (_, i) => PbWire.open(three.pb[i % three.pb.length]))),
    ],
    [
      "binary",
      (connections) =>
        Promise.resolve(Array.from({ length: connections }, () => new EngineWire(client, addresses, ids))),
    ],
  ];
  try {
    const loading = await httpWires(three.http, 16);
    await load(loading);
    loading.forEach((wire) => wire.close());
    for (const connections of [16, 64]) {
      const opened = await Promise.all(openers.map(async ([name, open]) => [name, await open(connections)] as const));
      const rounds = new Map<string, Figures[]>(openers.map(([name]) => [name, []]));
      const cpu = new Map<string, number[]>(openers.map(([name]) => [name, []]));
      for (const [, wires] of opened) await pairs(wires, 0, WARMUP_MS, 1);
      for (let round = 0; round < ROUNDS; round++) {
        for (const [name, wires] of round % 2 === 0 ? opened : [...opened].reverse()) {
          const before = await three.running.counts();
          const figures = await pairs(wires, 500, MEASURE_MS, round + 10);
          const after = await three.running.counts();
          const spent = after.reduce((sum, counts, i) => sum + (counts?.cpuMs ?? 0) - (before[i]?.cpuMs ?? 0), 0);
          const done = after.reduce(
            (sum, counts, i) => sum + (counts?.coordinated ?? 0) - (before[i]?.coordinated ?? 0),
            0,
          );
          rounds.get(name)!.push(figures);
          cpu.get(name)!.push((spent * 1_000) / done);
        }
      }
      for (const [name, wires] of opened) {
        const all = rounds.get(name)!;
        const perRequest = median(cpu.get(name)!);
        console.log(
          `${line(`${name}, ${String(connections)} connections`, all)}  nodes' CPU ${perRequest.toFixed(1)} us/request`,
        );
        const note = all
          .map(({ perSecond, p99Ms }) => `${perSecond.toFixed(0)}/s p99 ${p99Ms.toFixed(1)} ms`)
          .join("; ");
        results.push({
          name: `${name}@${String(connections)}`,
          value: median(all.map(({ perSecond }) => perSecond)),
          unit: "1/s",
          note,
        });
        results.push({
          name: `${name} p99@${String(connections)}`,
          value: median(all.map(({ p99Ms }) => p99Ms)),
          unit: "ms",
          note,
        });
        results.push({
          name: `${name} CPU@${String(connections)}`,
          value: perRequest,
          unit: "us/request",
          note: "of all three nodes",
        });
        wires.forEach((wire) => wire.close());
      }
    }
  } finally {
    client.close();
    await three.stop();
  }
}

export async function measureHttp(): Promise<readonly HttpResult[]> {
  const results: HttpResult[] = [];
  await oneNode(results);
  await threeNodes(results);
  return results;
}

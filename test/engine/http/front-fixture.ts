/**
 * Nodes in this process, in memory, with a front end on each: what tests of HTTP and protocol buffers ask. One node with N = 1
 * unless told otherwise; more of them speak to each other in turns of the event loop, through the real codec, and can be
 * silenced, so that quorums fail for real. No child processes; the sockets are real.
 */
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import "../../../engine/real/native-octets";
import { clockFor } from "../../../engine/clocks/clock";
import { Host } from "../../../engine/host/host";
import { MemoryStorage } from "../../../engine/host/memory-storage";
import type { Transport } from "../../../engine/host/ports";
import { HttpFront } from "../../../engine/http/server";
import type { Session } from "../../../engine/io";
import type { ClientAnswer, Message, PeerMessage } from "../../../engine/messages";
import { Node } from "../../../engine/node";
import { monotonicMicros, TimerAlarm } from "../../../engine/real/monotonic";
import { Ring } from "../../../engine/ring/ring";
import type { FrontLimits, FrontOptions } from "../../../engine/riak/front";
import { ByteReader, ByteWriter } from "../../../engine/vocabulary/octets";
import { Random } from "../../../engine/vocabulary/random";
import type { ClusterSettings, EngineSettings } from "../../../engine/vocabulary/settings";
import { Codec } from "../../../engine/wire/codec";
import { MAX_FRAME_BYTES } from "../../../engine/wire/frames";
import { RING, SETTINGS } from "../mini-world";

export interface FixtureOptions {
  /** 1. */
  readonly nodes?: number;
  /** Of the engine; N is the number of nodes, 3 at most, unless it says otherwise. */
  readonly engine?: Partial<EngineSettings>;
  readonly limits?: Partial<FrontLimits>;
  /** Wall time in microseconds since 1970; the machine's when left out. */
  readonly wallMicros?: () => number;
}

interface Machine {
  readonly node: Node;
  readonly host: Host;
  readonly storage: MemoryStorage;
  readonly alarm: TimerAlarm;
  readonly sessions: Map<Session, (message: ClientAnswer) => void>;
}

/** The nodes; a front end is made with {@link options} of one of them. */
export class FrontFixture {
  readonly settings: ClusterSettings;
  readonly logged: string[] = [];
  private readonly machines: Machine[] = [];
  private readonly silent = new Set<number>();
  private readonly codec: Codec;
  private readonly writer = new ByteWriter();
  private nextSession = 1;
  private stopped = false;

  constructor(private readonly asked: FixtureOptions = {}) {
    const count = asked.nodes ?? 1;
    const engine: EngineSettings = { ...SETTINGS, nVal: Math.min(3, count), ...asked.engine };
    const members = Array.from({ length: count }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 }));
    this.settings = {
      name: "fixture",
      seed: 1,
      members,
      ring: RING,
      engine,
      network: { loss: 0 },
      storage: { kind: "memory", sync: "never" },
    };
    this.codec = new Codec(clockFor(engine));
    const ring = Ring.build(RING, members, Random.fromSeed(1).fork("ring"));
    for (let index = 0; index < count; index++) this.machines.push(this.boot(index, ring, engine));
    for (const { host } of this.machines) host.start();
    for (let from = 0; from < count; from++)
      for (let to = 0; to < count; to++)
        if (from !== to) this.machines[from].host.deliver({ kind: "link-up", node: to });
  }

  private boot(index: number, ring: Ring, settings: EngineSettings): Machine {
    const storage = new MemoryStorage();
    const alarm = new TimerAlarm();
    const sessions = new Map<Session, (message: ClientAnswer) => void>();
    const node = new Node(
      {
        index,
        epoch: 1,
        ring,
        settings,
        seed: 1,
        storageIsImmediate: true,
        loopback: false,
        tracing: false,
        wallTime: () => this.wallMicros(),
      },
      alarm.now(),
    );
    const transport: Transport = {
      send: (to, message) => this.carry(index, to, message),
      answer: (session, message) => sessions.get(session)?.(message),
    };
    const host = new Host(node, { transport, storage, alarm, note: () => undefined });
    return { node, host, storage, alarm, sessions };
  }

  wallMicros(): number {
    return this.asked.wallMicros?.() ?? Date.now() * 1_000;
  }

  /** Nothing reaches it or leaves it any more, or everything does again. */
  silence(node: number, silent = true): void {
    if (silent) this.silent.add(node);
    else this.silent.delete(node);
  }

  /** The other nodes believe that it is down at once, if their detector listens to links. */
  tellDown(node: number): void {
    this.machines.forEach(({ host }, at) => {
      if (at !== node) host.deliver({ kind: "link-down", node });
    });
  }

  private carry(from: number, to: number, message: PeerMessage): void {
    if (this.silent.has(from) || this.silent.has(to)) return;
    this.writer.reset();
    this.codec.encode(message, this.writer);
    // As a link does: see engine/real/connection.ts.
    if (this.writer.length > MAX_FRAME_BYTES) return;
    const bytes = this.writer.view().slice();
    setImmediate(() => {
      if (this.stopped) return;
      const copy: Message = this.codec.decode(new ByteReader(bytes));
      this.machines[to].host.deliver({ kind: "received", from, message: copy as PeerMessage });
    });
  }

  node(index = 0): Node {
    return this.machines[index].node;
  }

  /** What a front end of node `index` is given. */
  options(index = 0): FrontOptions {
    const { node, host, sessions, storage } = this.machines[index];
    return {
      node,
      deliver: (input) => host.deliver(input),
      open: (sink) => {
        const session = this.nextSession++;
        sessions.set(session, sink);
        return session;
      },
      shut: (session) => sessions.delete(session),
      now: monotonicMicros,
      wallMicros: () => this.wallMicros(),
      index,
      epoch: 1,
      members: this.settings.members,
      settings: this.settings,
      counts: () => ({ ...node.count(), keysHeld: storage.count(), cpuMs: 0, rssBytes: process.memoryUsage.rss() }),
      log: (line) => this.logged.push(line),
      limits: this.asked.limits,
    };
  }

  stop(): void {
    this.stopped = true;
    for (const { host, alarm } of this.machines) {
      host.stop();
      alarm.cancel();
    }
  }
}

/** An answer over HTTP, its body a character a byte. */
export interface Answered {
  readonly status: number;
  readonly reason: string;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As they were sent, names and values in turn. */
  readonly raw: readonly string[];
  readonly body: string;
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** A character a byte. */
  readonly body?: string;
}

/** Nodes with an HTTP front each. */
export class HttpFixture {
  readonly nodes: FrontFixture;
  readonly fronts: readonly HttpFront[];
  readonly ports: number[] = [];

  private constructor(options: FixtureOptions) {
    this.nodes = new FrontFixture(options);
    this.fronts = Array.from({ length: options.nodes ?? 1 }, (_, i) => new HttpFront(this.nodes.options(i)));
  }

  static async start(options: FixtureOptions = {}): Promise<HttpFixture> {
    const fixture = new HttpFixture(options);
    for (const front of fixture.fronts) fixture.ports.push(await front.listen("127.0.0.1", 0));
    return fixture;
  }

  async stop(): Promise<void> {
    await Promise.all(this.fronts.map((front) => front.close()));
    this.nodes.stop();
  }

  /** `what` is a method and a path. */
  ask(what: string, { headers = {}, body }: Asked = {}, node = 0): Promise<Answered> {
    const [method, path] = what.split(" ");
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          host: "127.0.0.1",
          port: this.ports[node],
          method,
          path,
          headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
          agent: false,
        },
        (response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("error", reject);
          response.on("end", () =>
            resolve({
              status: response.statusCode!,
              reason: response.statusMessage!,
              headers: response.headers as Record<string, string | undefined>,
              raw: response.rawHeaders,
              body: Buffer.concat(pieces).toString("latin1"),
            }),
          );
        },
      );
      request.on("error", reject);
      request.end(body === undefined ? undefined : Buffer.from(body, "latin1"));
    });
  }

  /** Stores text, and insists on it. */
  async put(path: string, value: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const answer = await this.ask(`PUT ${path}`, {
      headers: { "Content-Type": "text/plain", ...headers },
      body: value,
    });
    if (answer.status !== 204 && answer.status !== 200 && answer.status !== 300)
      throw new Error(`PUT ${path}: ${String(answer.status)} ${answer.body}`);
    return answer;
  }

  /** Sends bytes as they are and gives back all that comes until the other side closes, or `enough` of it is there. */
  raw(bytes: string, enough: (received: string) => boolean = () => false, node = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.ports[node], "127.0.0.1");
      let received = "";
      const end = (): void => {
        socket.destroy();
        resolve(received);
      };
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        if (enough(received)) end();
      });
      socket.on("close", end);
      // A reset behind an answer is an end like another.
      socket.on("error", (error) => (received === "" ? reject(error) : end()));
      socket.write(Buffer.from(bytes, "latin1"));
    });
  }
}

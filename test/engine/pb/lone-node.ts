/**
 * One node in this process behind a front end of protocol buffers, and a client of a few lines that sends frames and
 * gathers frames: what a test of a protocol wants, no cluster, no process, no library between it and the bytes.
 * The node's ring gives it all N copies, so that quorums of any size can be asked for and be met.
 */
import { connect, type Socket } from "node:net";
import "../../../engine/real/native-octets";
import { Host } from "../../../engine/host/host";
import { MemoryStorage } from "../../../engine/host/memory-storage";
import type { Session } from "../../../engine/io";
import type { ClientAnswer } from "../../../engine/messages";
import { Node } from "../../../engine/node";
import { CODES, type Definition, ERROR } from "../../../engine/pb/messages";
import { bareFrame, decodeMessage, frameOf } from "../../../engine/pb/octet-fields";
import { PbFront } from "../../../engine/pb/server";
import { monotonicMicros, TimerAlarm } from "../../../engine/real/monotonic";
import type { FrontLimits, FrontOptions } from "../../../engine/riak/front";
import { Ring } from "../../../engine/ring/ring";
import { Random } from "../../../engine/vocabulary/random";
import type { ClusterSettings, EngineSettings } from "../../../engine/vocabulary/settings";
import { SETTINGS } from "../mini-world";

export interface LoneNodeOptions {
  readonly engine?: Partial<EngineSettings>;
  readonly limits?: Partial<FrontLimits>;
  /** What is asked of the node goes through here; to be held back, or counted. */
  readonly between?: (deliver: FrontOptions["deliver"]) => FrontOptions["deliver"];
  readonly wallMicros?: () => number;
}

export class LoneNode {
  private readonly clients = new Set<Client>();

  private constructor(
    readonly front: PbFront,
    readonly node: Node,
    readonly port: number,
    readonly logged: readonly string[],
    private readonly end: () => void,
  ) {}

  static async start(options: LoneNodeOptions = {}): Promise<LoneNode> {
    const members = [{ id: "alone", zone: "a", weight: 1 }];
    const engine: EngineSettings = { ...SETTINGS, ...options.engine };
    const cluster: ClusterSettings = {
      name: "lone",
      seed: 1,
      members,
      ring: { strategy: "equal-partitions", partitions: 8, vnodesPerNode: 8, hash: "murmur3", distinctHosts: "claim" },
      engine,
      network: {} as ClusterSettings["network"],
      storage: { kind: "memory" } as ClusterSettings["storage"],
    };
    const ring = Ring.build(cluster.ring, members, Random.fromSeed(1).fork("ring"));
    const sinks = new Map<Session, (message: ClientAnswer) => void>();
    const logged: string[] = [];
    const alarm = new TimerAlarm();
    const node = new Node(
      {
        index: 0,
        epoch: 1,
        ring,
        settings: engine,
        seed: 1,
        storageIsImmediate: true,
        loopback: false,
        tracing: false,
        wallTime: (now) => now,
      },
      alarm.now(),
    );
    const host: Host = new Host(node, {
      transport: {
        send: (_to, message) => process.nextTick(() => host.deliver({ kind: "received", from: 0, message } as never)),
        answer: (session, message) => sinks.get(session)?.(message),
      },
      storage: new MemoryStorage(),
      alarm,
      note: () => undefined,
    });
    host.start();
    const deliver: FrontOptions["deliver"] = (input) => host.deliver(input);
    let session = 0;
    const front = new PbFront({
      node,
      deliver: options.between?.(deliver) ?? deliver,
      open: (sink) => {
        sinks.set(++session, sink);
        return session;
      },
      now: monotonicMicros,
      wallMicros: options.wallMicros ?? (() => Date.now() * 1_000),
      index: 0,
      epoch: 1,
      members,
      settings: cluster,
      counts: () => ({ ...node.count(), keysHeld: 0, cpuMs: 0, rssBytes: 0 }),
      log: (line) => logged.push(line),
      limits: options.limits,
    });
    const port = await front.listen("127.0.0.1", 0);
    return new LoneNode(front, node, port, logged, () => {
      host.stop();
      alarm.cancel();
    });
  }

  async client(): Promise<Client> {
    const client = await Client.connect(this.port);
    this.clients.add(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.socket.destroy();
    await this.front.close();
    this.end();
  }
}

export interface Frame {
  readonly code: number;
  readonly body: Buffer;
}

/** Sends and gathers frames; what is awaited fails after a while. */
export class Client {
  private held = Buffer.alloc(0);
  private readonly frames: Frame[] = [];
  private waiting: (() => void)[] = [];
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      this.held = Buffer.concat([this.held, chunk]);
      for (;;) {
        if (this.held.length < 4) break;
        const end = 4 + this.held.readUInt32BE(0);
        if (this.held.length < end) break;
        this.frames.push({ code: this.held[4], body: this.held.subarray(5, end) });
        this.held = this.held.subarray(end);
      }
      this.wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.closed = true;
      this.wake();
    });
  }

  static connect(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Client(socket)));
    });
  }

  /** Raw bytes. */
  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  send<Fields>(code: number, definition?: Definition<Fields>, fields?: Fields): void {
    this.write(definition === undefined ? bareFrame(code) : frameOf(code, definition, fields!));
  }

  /** The next frame. Rejects when the connection is closed first. */
  async frame(): Promise<Frame> {
    await this.until(() => this.frames.length > 0 || this.closed, "a frame");
    const frame = this.frames.shift();
    if (frame === undefined) throw new Error("the connection was closed");
    return frame;
  }

  /** The next frame, which must have this code, as a record. */
  async expect<Fields>(code: number, definition: Definition<Fields>): Promise<Fields> {
    const frame = await this.frame();
    if (frame.code !== code) throw new Error(`code ${String(frame.code)}: ${frame.body.toString("latin1")}`);
    return { ...decodeMessage(definition, frame.body, 0, frame.body.length) };
  }

  async ask<Asked, Answered>(
    asked: readonly [number, Definition<Asked>, Asked],
    answered: readonly [number, Definition<Answered>],
  ): Promise<Answered> {
    this.send(...asked);
    return this.expect(...answered);
  }

  /** What the client is told where it is told no. */
  async refusal<Fields>(code: number, definition: Definition<Fields>, fields: Fields): Promise<string> {
    this.send(code, definition, fields);
    return (await this.expect(CODES.error, ERROR)).message;
  }

  /** Resolves once the other end has closed. */
  async end(): Promise<void> {
    await this.until(() => this.closed, "the end of the connection");
  }

  private async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = setTimeout(() => this.socket.destroy(new Error(`no ${what} in time`)), 5_000);
    while (!holds()) await new Promise<void>((resolve) => this.waiting.push(resolve));
    clearTimeout(deadline);
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const go of waiting) go();
  }
}

/**
 * The client library: connections to every node, requests in, exactly one answer each. It knows the ring, so that
 * `token-aware` routing can save the extra hop by asking a replica directly; `any` asks the nodes in turn, as a load
 * balancer would; `client-driven` has a coordinator in it (`host/client-coordinator.ts`) that asks the replicas itself.
 *
 * What it says about a request that got no answer is the part to get right: a request that never left is a definite
 * failure, one that left and was not answered is indefinite, however sure one may feel.
 */
import { connect } from "node:net";
import "./native-octets";
import { clockFor } from "../clocks/clock";
import { ClientCoordinator, isReply, type ReplicaReply } from "../host/client-coordinator";
import type { PartitionRule } from "../host/faults";
import { isCut } from "../host/link-harm";
import type {
  AnswerMessage,
  BucketAnswer,
  BucketRequest,
  ClientAnswer,
  ClientMessage,
  Inspected,
  MembershipAnswer,
  Message,
  RequestOptions,
  ScanAnswer,
  ScanRequest,
  Writer,
} from "../messages";
import { MAX_INSPECTED_KEYS, NOBODY, THE_CLIENT } from "../messages";
import { Deadlines } from "../quorum/deadlines";
import { type Identified, RequestTable } from "../quorum/request-table";
import type { NodeCounts } from "../node";
import type { Ring } from "../ring/ring";
import type { RingMaker } from "../ring/ring-maker";
import type { Address } from "../vocabulary/address";
import { type ByteReader, MalformedBytes } from "../vocabulary/octets";
import type { Outcome } from "../vocabulary/outcomes";
import type { ClusterSettings } from "../vocabulary/settings";
import type { Context, Version } from "../clocks/clock";
import { Codec, WIRE_VERSION } from "../wire/codec";
import { Connection } from "./connection";
import { DelayLine, type LinkShape } from "./delay-line";
import { balancerShape, clientLinkShape, inSuccession } from "./link-shapes";
import { monotonicMicros, TimerAlarm } from "./monotonic";
import type { NodeAddress } from "./tcp-transport";

export type Routing = "any" | "token-aware" | "client-driven";

export interface ClientOptions {
  readonly cluster: ClusterSettings;
  readonly addresses: readonly NodeAddress[];
  readonly ring: Ring;
  readonly routing: Routing;
  readonly connectionsPerNode: number;
  /** Inject the experiment's client delays; measurement connections do not. */
  readonly shaped: boolean;
  /** Added to the store's own timeout before the client gives up by itself. */
  readonly graceMs: number;
  /** Past the load balancer, whatever the routing. */
  readonly direct?: true;
  /** Client-driven: which of the cluster's clients this is, how often it asks for the membership, and how rings are made. */
  readonly number?: number;
  readonly pollMs?: number;
  readonly rings?: RingMaker;
}

/** Dynamo's own. */
const DEFAULT_POLL_MS = 10_000;

/** What to scan: keys of one bucket. */
export type ScanRange = Pick<ScanRequest, "bucket" | "start" | "end" | "limit">;

/** A node waits so long, at most, for its peers to have heard of a bucket's new properties. */
const SPREADING_MS = 2_000;
const RETRY_MS = 100;
const CONNECT_PATIENCE_MS = 5_000;

class Pending implements Identified {
  id = 0;
  constructor(
    /** The node it was, or is to be, sent to. */
    public node: number,
    readonly done: (answer: ClientAnswer | undefined, outcome: Outcome) => void,
    /** Written to a socket: from here on failure is indefinite. */
    public sent: boolean,
    /** Of the load's sessions, which partitions tell apart; undefined for measurement, which no partition stops. */
    readonly session: number | undefined,
    /** No other node will do. */
    readonly only = false,
  ) {}
}

interface Pool {
  address: NodeAddress;
  readonly connections: (Connection | undefined)[];
  turn: number;
}

export class Client {
  private readonly codec: Codec;
  private readonly pools: Pool[];
  private readonly pending = new RequestTable<Pending>(1024);
  private readonly deadlines = new Deadlines((id) => this.pending.get(id) !== undefined);
  private readonly delays = new DelayLine();
  private readonly shapes: readonly (LinkShape | undefined)[];
  /** Of answers, where they come by way of the load balancer: a node cannot know that. */
  private readonly back: readonly (LinkShape | undefined)[];
  private coordinator: ClientCoordinator | undefined;
  private readonly alarms: readonly [TimerAlarm, TimerAlarm] = [new TimerAlarm(), new TimerAlarm()];
  /** A request is being handed to the coordinator, which may answer at once. */
  private asking = false;
  /** What is sent for nobody in particular is sent for whoever asked last. */
  private lastSession: number | undefined;
  /** Called with the next view of the membership. */
  private viewed: (() => void) | undefined;
  private readonly retries = new Set<NodeJS.Timeout>();
  private timer: NodeJS.Timeout | undefined;
  private nextNode = 0;
  private closed = false;
  private partitions: readonly PartitionRule[] = [];
  /** By node: takes requests. */
  private readonly serving: boolean[];
  private ring: Ring;

  private constructor(private readonly options: ClientOptions) {
    const { cluster, addresses, connectionsPerNode } = options;
    this.codec = new Codec(clockFor(cluster.engine));
    this.pools = addresses.map((address) => ({
      address,
      connections: new Array<Connection | undefined>(connectionsPerNode).fill(undefined),
      turn: 0,
    }));
    this.serving = cluster.members.map(({ joins }) => joins !== true);
    this.ring = options.ring;
    const balanced = options.shaped && options.routing === "any" && options.direct !== true;
    this.shapes = addresses.map((_, node) => {
      const link = options.shaped ? clientLinkShape(cluster, node, "to-node") : undefined;
      return balanced ? inSuccession(link, balancerShape(cluster, node, "to-node")) : link;
    });
    this.back = addresses.map((_, node) => (balanced ? balancerShape(cluster, node, "to-client") : undefined));
  }

  /** What its coordinator has done, if it has one. */
  get coordinated(): { readonly counts: NodeCounts; readonly polls: number; readonly views: number } | undefined {
    return this.coordinator;
  }

  private makeCoordinator(): ClientCoordinator {
    const { cluster, ring, rings, number = 0, pollMs = DEFAULT_POLL_MS } = this.options;
    const wallOffset = Date.now() * 1_000 - monotonicMicros();
    const made = new ClientCoordinator(
      {
        alarm: this.alarms[0],
        pollAlarm: this.alarms[1],
        send: (session, to, message) => this.sendOn(session ?? this.lastSession, to, message),
        poll: (to, message) => this.sendOn(this.lastSession, to, message),
        answer: (message) => {
          const settle = (): void => {
            const pending = this.pending.get(message.id);
            if (pending !== undefined) this.settle(pending, message, "ok");
          };
          // Whoever asks again at once must not keep the loop from reading what would help.
          if (this.asking) setImmediate(settle);
          else settle();
        },
        connected: (node) => this.reaches(this.lastSession, node),
        wallTime: (now) => now + wallOffset,
      },
      { cluster, number, ring, rings, pollMs },
    );
    this.pools.forEach((_, node) => this.connectedTo(node) || made.linked(node, false));
    return made;
  }

  /** On whose behalf it is decides whether a partition swallows it. */
  private sendOn(session: number | undefined, to: number, message: ClientMessage): void {
    if (this.isCut(session, to, true)) return;
    const shape = this.shapes[to];
    if (shape === undefined) this.connectionTo(to)?.send(message);
    else this.delays.pass(shape, () => this.connectionTo(to)?.send(message));
  }

  /** The first view of the membership, where it may change. */
  private async downloadView(coordinator: ClientCoordinator): Promise<void> {
    if (this.options.cluster.engine.membership === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.viewed = resolve;
      timer = setTimeout(resolve, CONNECT_PATIENCE_MS);
      coordinator.refresh();
    });
    clearTimeout(timer);
    this.viewed = undefined;
  }

  /** Opens all connections; rejects when no node can be reached in time. */
  static async open(options: ClientOptions): Promise<Client> {
    const client = new Client(options);
    const dials = client.pools.flatMap((pool, node) => pool.connections.map((_, slot) => client.dial(node, slot)));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CONNECT_PATIENCE_MS);
    });
    await Promise.race([Promise.all(dials), patience]);
    clearTimeout(timer);
    if (client.pools.every((pool) => pool.connections.every((connection) => connection === undefined))) {
      client.close();
      throw new Error("no node of the cluster accepts connections");
    }
    if (options.routing === "client-driven") {
      client.coordinator = client.makeCoordinator();
      await client.downloadView(client.coordinator);
    }
    return client;
  }

  /** Nodes may have moved after a restart. */
  moved(addresses: readonly NodeAddress[]): void {
    addresses.forEach((address, node) => {
      this.pools[node].address = address;
    });
  }

  /** A node takes requests from now on, or no more; what it has is still to be answered. */
  serves(node: number, on: boolean): void {
    this.serving[node] = on;
  }

  /** Replicas are found by this ring from now on. */
  ringChanged(ring: Ring): void {
    this.ring = ring;
  }

  /**
   * Who is cut off from whom, from now on. The connections stay open, as those across a network that swallows everything
   * would for minutes: what is on the other side is not asked, and what it answers, or that it died, is not heard.
   */
  partitioned(partitions: readonly PartitionRule[]): void {
    this.partitions = partitions;
  }

  /**
   * `session` says on whose behalf: partitions put sessions on sides. With `only` that node is asked and no other: not sent
   * where no connection to it is open.
   */
  get(
    address: Address,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage) => void,
    session?: number,
    only?: number,
  ): void {
    const timeout = options?.timeoutMs ?? this.options.cluster.engine.readTimeoutMs;
    const { coordinator } = this;
    if (coordinator !== undefined && only === undefined) {
      this.hand(session, timeout, done, (id) => coordinator.get(session ?? 0, id, address, options));
      return;
    }
    this.request(
      session,
      address,
      timeout,
      done,
      (id) => ({ kind: "get", id, forwarded: false, address, options }),
      only,
    );
  }

  put(
    address: Address,
    context: Context,
    version: Version,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage) => void,
    writer: Writer = NOBODY,
    session?: number,
  ): void {
    const timeout = options?.timeoutMs ?? this.options.cluster.engine.writeTimeoutMs;
    const { coordinator } = this;
    if (coordinator?.coordinatesPuts === true) {
      const what = { context, version, writer };
      this.hand(session, timeout, done, (id) => coordinator.put(session ?? 0, id, address, what, options));
      return;
    }
    this.request(session, address, timeout, done, (id) => ({
      kind: "put",
      id,
      forwarded: false,
      address,
      context,
      version,
      writer,
      options,
    }));
  }

  /** Keys of a bucket in order: one page. Any node does as well as any other, however requests are routed. */
  scan(
    range: ScanRange,
    options: RequestOptions | undefined,
    done: (answer: ScanAnswer) => void,
    session?: number,
  ): void {
    const timeout = options?.timeoutMs ?? this.options.cluster.engine.readTimeoutMs;
    const answered = (answer: ClientAnswer | undefined, outcome: Outcome, node: number): void =>
      done(answer?.kind === "scan-answer" ? answer : unansweredScan(outcome, node));
    this.dispatch(session, undefined, timeout, answered, (id) => ({ kind: "scan", id, ...range, options }));
  }

  /** Asks what the properties of a bucket are, or that they be changed: `node`, or any. */
  bucket(
    node: number | "any",
    request: Omit<BucketRequest, "kind" | "id">,
    done: (answer: BucketAnswer) => void,
    session?: number,
  ): void {
    const timeout = this.options.cluster.engine.writeTimeoutMs + SPREADING_MS;
    const answered = (answer: ClientAnswer | undefined, outcome: Outcome, from: number): void =>
      done(answer?.kind === "bucket-answer" ? answer : unansweredBucket(outcome, from));
    const only = node === "any" ? undefined : node;
    this.dispatch(session, undefined, timeout, answered, (id) => ({ kind: "bucket", id, ...request }), only);
  }

  /** Write ids held by one node for each (vnode, address); undefined when the node cannot be asked. */
  inspect(
    node: number,
    vnodes: readonly number[],
    addresses: readonly Address[],
    timeoutMs: number,
  ): Promise<Inspected | undefined> {
    if (addresses.length > MAX_INSPECTED_KEYS)
      throw new RangeError(`at most ${String(MAX_INSPECTED_KEYS)} keys an inspection`);
    return new Promise((resolve) => {
      const connection = this.connectionTo(node);
      if (connection === undefined) return resolve(undefined);
      const pending = new Pending(
        node,
        (answer) => resolve(answer?.kind === "inspection" ? answer : undefined),
        true,
        undefined,
      );
      this.track(pending, timeoutMs);
      connection.send({ kind: "inspect", id: pending.id, vnodes, addresses });
    });
  }

  /** Requests that still owe an answer. */
  outstanding(): number {
    return this.pending.size;
  }

  /** How late this client's own injected delays let messages leave, 99th percentile since this was last asked. */
  takeDelayLatenessP99Ms(): number {
    const lateness = this.delays.latenessP99Ms();
    this.delays.forgetLateness();
    return lateness;
  }

  connectedTo(node: number): boolean {
    return node >= 0 && this.pools[node].connections.some((connection) => connection !== undefined);
  }

  /** Closes every connection; requests without an answer end as `connection_lost`. */
  close(): void {
    this.closed = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.coordinator?.stop();
    for (const alarm of this.alarms) alarm.cancel();
    for (const retry of this.retries) clearTimeout(retry);
    this.delays.close();
    for (const pool of this.pools) for (const connection of pool.connections) connection?.close("client closed");
    for (const pending of this.pending.items())
      this.settle(pending, undefined, pending.sent ? "connection_lost" : "not_sent");
  }

  /** To the coordinator, which answers by the id. */
  private hand(
    session: number | undefined,
    timeoutMs: number,
    done: (answer: AnswerMessage) => void,
    request: (id: number) => void,
  ): void {
    const pending = new Pending(
      THE_CLIENT,
      (answer, outcome) => done(answer?.kind === "answer" ? answer : unanswered(outcome, THE_CLIENT)),
      true,
      session,
    );
    this.track(pending, timeoutMs + this.options.graceMs);
    if (this.closed) {
      process.nextTick(() => this.settle(pending, undefined, "not_sent"));
      return;
    }
    this.lastSession = session;
    this.asking = true;
    request(pending.id);
    this.asking = false;
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  private request(
    session: number | undefined,
    address: Address,
    timeoutMs: number,
    done: (answer: AnswerMessage) => void,
    message: (id: number) => Parameters<Connection["send"]>[0],
    only?: number,
  ): void {
    const answered = (answer: ClientAnswer | undefined, outcome: Outcome, node: number): void =>
      done(answer?.kind === "answer" ? answer : unanswered(outcome, node));
    this.dispatch(session, address, timeoutMs, answered, message, only);
  }

  private dispatch(
    session: number | undefined,
    address: Address | undefined,
    timeoutMs: number,
    answered: (answer: ClientAnswer | undefined, outcome: Outcome, node: number) => void,
    message: (id: number) => Parameters<Connection["send"]>[0],
    only?: number,
  ): void {
    const node = only === undefined ? this.route(session, address) : this.connectedTo(only) ? only : -1;
    const pending = new Pending(
      node,
      (answer, outcome) => answered(answer, outcome, node),
      false,
      session,
      only !== undefined,
    );
    this.track(pending, timeoutMs + this.options.graceMs);
    const shape = this.shapes[node];
    if (shape === undefined) this.transmit(pending, message);
    else this.delays.pass(shape, () => this.transmit(pending, message));
  }

  private transmit(pending: Pending, message: (id: number) => Parameters<Connection["send"]>[0]): void {
    if (this.pending.get(pending.id) !== pending) return;
    // The node may have gone while the message waited: any other will do, it forwards.
    if (!pending.only && !this.connectedTo(pending.node)) {
      const other = this.pools.findIndex((_, node) => this.reaches(pending.session, node));
      if (other >= 0) pending.node = other;
    }
    const connection = this.connectionTo(pending.node);
    if (connection?.send(message(pending.id)) !== true) {
      // Not within the caller's own call: an answer always comes later.
      process.nextTick(() => this.settle(pending, undefined, "not_sent"));
      return;
    }
    pending.sent = true;
  }

  private track(pending: Pending, timeoutMs: number): void {
    this.pending.add(pending);
    this.deadlines.add(monotonicMicros(), timeoutMs, pending.id);
    this.armTimer();
  }

  private settle(pending: Pending, answer: ClientAnswer | undefined, outcome: Outcome): void {
    if (this.pending.get(pending.id) !== pending) return;
    this.pending.remove(pending.id);
    pending.done(answer, outcome);
  }

  private armTimer(): void {
    if (this.timer !== undefined || this.closed) return;
    const next = this.deadlines.next();
    if (next === undefined) return;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        const now = monotonicMicros();
        for (let id = this.deadlines.takeDue(now); id !== undefined; id = this.deadlines.takeDue(now)) {
          const pending = this.pending.get(id);
          if (pending !== undefined) this.settle(pending, undefined, pending.sent ? "timeout" : "not_sent");
        }
        this.armTimer();
      },
      Math.max(1, Math.ceil((next - monotonicMicros()) / 1000)),
    );
  }

  // ---- routing -------------------------------------------------------------------------------------------------

  /** Whether a connection to the node is open and what the session says arrives there. */
  private reaches(session: number | undefined, node: number): boolean {
    return this.serving[node] && this.connectedTo(node) && !this.isCut(session, node, true);
  }

  private isCut(session: number | undefined, node: number, toNode: boolean): boolean {
    if (session === undefined || this.partitions.length === 0) return false;
    const nodes = this.pools.length;
    return toNode
      ? isCut(this.partitions, nodes, nodes + session, node)
      : isCut(this.partitions, nodes, node, nodes + session);
  }

  /** No node at all: -1. */
  private route(session: number | undefined, address: Address | undefined): number {
    const { routing, cluster } = this.options;
    if (address !== undefined && routing !== "any") {
      const { coordinator } = this;
      for (const { node } of (coordinator?.ring ?? this.ring).preferenceList(address, cluster.engine.nVal)) {
        if (this.reaches(session, node) && coordinator?.believesUp(node) !== false) return node;
      }
    }
    for (let tried = 0; tried < this.pools.length; tried++) {
      const node = this.nextNode;
      this.nextNode = (this.nextNode + 1) % this.pools.length;
      if (this.reaches(session, node)) return node;
    }
    return -1;
  }

  private connectionTo(node: number): Connection | undefined {
    if (node < 0) return undefined;
    const pool = this.pools[node];
    for (let tried = 0; tried < pool.connections.length; tried++) {
      pool.turn = (pool.turn + 1) % pool.connections.length;
      const connection = pool.connections[pool.turn];
      if (connection !== undefined) return connection;
    }
    return undefined;
  }

  // ---- connections ---------------------------------------------------------------------------------------------

  private dial(node: number, slot: number): Promise<void> {
    const pool = this.pools[node];
    // It has never run yet.
    if (pool.address.port === 0) {
      this.dialLater(node, slot, () => undefined);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const socket = connect({ host: pool.address.host, port: pool.address.port, noDelay: true });
      const failed = (): void => {
        socket.destroy();
        this.dialLater(node, slot, resolve);
      };
      socket.once("error", failed);
      socket.once("connect", () => {
        socket.off("error", failed);
        if (this.closed) {
          socket.destroy();
          return resolve();
        }
        const connection: Connection = new Connection(socket, this.codec, {
          frame: (body) => this.arrived(body, node),
          closed: () => {
            pool.connections[slot] = undefined;
            if (this.closed) return;
            this.lose(node);
            if (!this.connectedTo(node)) this.coordinator?.linked(node, false);
            this.dialLater(node, slot, () => undefined);
          },
        });
        connection.hello({
          wireVersion: WIRE_VERSION,
          cluster: this.options.cluster.name,
          clock: this.options.cluster.engine.clock,
          sender: { kind: this.options.routing === "client-driven" ? "coordinator" : "client" },
        });
        pool.connections[slot] = connection;
        this.coordinator?.linked(node, true);
        resolve();
      });
    });
  }

  private dialLater(node: number, slot: number, then: () => void): void {
    if (this.closed) return then();
    const retry = setTimeout(() => {
      this.retries.delete(retry);
      void this.dial(node, slot).then(then);
    }, RETRY_MS);
    this.retries.add(retry);
  }

  /** A connection to `node` is gone. With several a node, those requests may still be answered on the others. */
  private lose(node: number): void {
    if (this.connectedTo(node)) return;
    for (const pending of this.pending.items()) {
      // Who is cut off from the node does not hear that it died, and waits for its deadline.
      if (pending.node === node && pending.sent && !this.isCut(pending.session, node, false))
        this.settle(pending, undefined, "connection_lost");
    }
  }

  private arrived(body: ByteReader, node: number): void {
    const message = this.codec.decode(body);
    if (this.coordinator !== undefined && (message.kind === "membership" || isReply(message))) {
      this.told(this.coordinator, node, message);
      return;
    }
    if (!isAnswer(message)) throw new MalformedBytes(`${message.kind} from a server`);
    const pending = this.pending.get(message.id);
    if (pending === undefined || this.isCut(pending.session, pending.node, false)) return;
    const back = this.back[node];
    if (back === undefined || message.kind === "inspection") this.settle(pending, message, "ok");
    else this.delays.pass(back, () => this.settle(pending, message, "ok"));
  }

  /** A node's word to the coordinator. */
  private told(coordinator: ClientCoordinator, from: number, message: MembershipAnswer | ReplicaReply): void {
    const session = message.kind === "membership" ? undefined : coordinator.sessionOf(message);
    if (this.isCut(session ?? this.lastSession, from, false)) return;
    if (message.kind !== "membership") {
      coordinator.received(from, message);
      return;
    }
    coordinator.heardOf(message);
    this.viewed?.();
  }
}

function unansweredBucket(outcome: Outcome, node: number): BucketAnswer {
  const { reason } = unanswered(outcome, node);
  return { kind: "bucket-answer", id: 0, outcome, coordinator: node, properties: undefined, reason };
}

function isAnswer(message: Message): message is Exclude<ClientAnswer, MembershipAnswer> {
  const { kind } = message;
  return kind === "answer" || kind === "scan-answer" || kind === "bucket-answer" || kind === "inspection";
}

function unansweredScan(outcome: Outcome, node: number): ScanAnswer {
  const { reason } = unanswered(outcome, node);
  return { kind: "scan-answer", id: 0, outcome, coordinator: node, keys: [], next: "", reason };
}

function unanswered(outcome: Outcome, node: number): AnswerMessage {
  const reason = outcome === "not_sent" ? "no open connection" : "no answer";
  return { kind: "answer", id: 0, outcome, coordinator: node, versions: [], context: "", reason };
}

/**
 * The client library in virtual time: routes as the real one does, over the simulated network, with exactly one answer to
 * each request. A request that never left is a definite failure; one that left and was not answered is indefinite. Client-driven,
 * it has a coordinator in it (`host/client-coordinator.ts`), whose messages to replicas travel on the same links.
 */
import type { Context, Version } from "../clocks/clock";
import { ClientCoordinator, type ReplicaReply } from "../host/client-coordinator";
import type { Alarm } from "../host/ports";
import type {
  AnswerMessage,
  BucketAnswer,
  BucketRequest,
  ClientMessage,
  MembershipAnswer,
  RequestOptions,
  RingState,
  ScanAnswer,
  ScanRequest,
} from "../messages";
import { THE_CLIENT } from "../messages";
import { Deadlines } from "../quorum/deadlines";
import { type Identified, RequestTable } from "../quorum/request-table";
import type { Ring } from "../ring/ring";
import type { RingMaker } from "../ring/ring-maker";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Outcome } from "../vocabulary/outcomes";
import type { ClusterSettings } from "../vocabulary/settings";

/** What the client needs of the world around it. */
export interface ClientWorld {
  now(): Micros;
  at(time: Micros, act: () => void): number;
  /** Whether a connection to the node is open. */
  connected(session: number, node: number): boolean;
  /** Hands a request to the network. */
  ask(session: number, node: number, message: ClientMessage): void;
  /** The wall time that this session's machine gives its writes; 0 when they carry none. */
  timestamp(session: number): Micros;
  /** For a coordinator: alarms of its own, and the wall time of the client's machine. */
  alarm(): Alarm;
  wallTime(now: Micros): Micros;
}

export interface SimulatedClientOptions {
  readonly cluster: ClusterSettings;
  readonly ring: Ring;
  readonly routing: "any" | "token-aware" | "client-driven";
  /** Added to the store's own timeout before the client gives up by itself. */
  readonly graceMs: number;
  /** Client-driven: which of the clients this is, how often it asks for the membership, and what it knows at first. */
  readonly number?: number;
  readonly pollMs?: number;
  readonly rings?: RingMaker;
  readonly state?: RingState | undefined;
}

/** To what is neither a get nor a put. */
type OtherAnswer = ScanAnswer | BucketAnswer;

class Pending implements Identified {
  id = 0;
  constructor(
    readonly node: number,
    readonly session: number,
    readonly askedAt: Micros,
    readonly done: (answer: AnswerMessage) => void,
    readonly otherwise?: (answer: OtherAnswer) => void,
  ) {}
}

export class SimulatedClient {
  private readonly pending = new RequestTable<Pending>(1024);
  private readonly deadlines = new Deadlines((id) => this.pending.get(id) !== undefined);
  private armedFor: Micros = Infinity;
  private nextNode = 0;
  private readonly coordinator: ClientCoordinator | undefined;
  /** A request is being handed to the coordinator, which may answer at once. */
  private asking = false;
  /** What is sent for nobody in particular is sent for whoever asked last. */
  private lastSession = 0;

  constructor(
    private readonly world: ClientWorld,
    private readonly options: SimulatedClientOptions,
  ) {
    if (options.routing === "client-driven") this.coordinator = this.makeCoordinator();
  }

  private makeCoordinator(): ClientCoordinator {
    const { world, options } = this;
    const { cluster, ring, rings, state, number = 0, pollMs = DEFAULT_POLL_MS } = options;
    const made = new ClientCoordinator(
      {
        alarm: world.alarm(),
        pollAlarm: world.alarm(),
        send: (session, to, message) => world.ask(session ?? this.lastSession, to, message),
        poll: (to, message) => world.ask(this.lastSession, to, message),
        answer: (message) => {
          if (this.asking) world.at(world.now(), () => this.arrived(message));
          else this.arrived(message);
        },
        connected: (node) => world.connected(this.lastSession, node),
        wallTime: (now) => world.wallTime(now),
      },
      { cluster, number, ring, rings, pollMs },
    );
    if (state !== undefined) made.learn(state);
    return made;
  }

  /** Whether it coordinates its requests by itself. */
  get coordinates(): boolean {
    return this.coordinator !== undefined;
  }

  /** What its coordinator has done, if it has one. */
  get coordinated(): Pick<ClientCoordinator, "counts" | "polls" | "views"> | undefined {
    return this.coordinator;
  }

  /** A node's word to the coordinator. */
  told(from: number, message: MembershipAnswer | ReplicaReply): void {
    if (message.kind === "membership") this.coordinator?.heardOf(message);
    else this.coordinator?.received(from, message);
  }

  /** A connection to a node is open, or none is any more. */
  linked(node: number, up: boolean): void {
    this.coordinator?.linked(node, up);
  }

  /**
   * `session` tells sessions apart in traces and partitions. `done` is called once, never within this call. With `only` that
   * node is asked and no other: not sent where it cannot be reached.
   */
  get(
    session: number,
    address: Address,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage) => void,
    only?: number,
  ): void {
    const timeout = options?.timeoutMs ?? this.options.cluster.engine.readTimeoutMs;
    const { coordinator } = this;
    if (coordinator !== undefined && only === undefined) {
      const { id } = this.await(THE_CLIENT, session, timeout, done);
      this.hand(session, () => coordinator.get(session, id, address, options));
      return;
    }
    const pending = this.open(session, address, timeout, done, only);
    if (pending === undefined) return;
    const { id, node } = pending;
    this.world.ask(session, node, { kind: "get", id, forwarded: false, address, options });
  }

  put(
    session: number,
    address: Address,
    context: Context,
    version: Version,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage) => void,
  ): void {
    const timeout = options?.timeoutMs ?? this.options.cluster.engine.writeTimeoutMs;
    const { coordinator } = this;
    if (coordinator?.coordinatesPuts === true) {
      const { id } = this.await(THE_CLIENT, session, timeout, done);
      const writer = { client: session, timestamp: this.world.timestamp(session) };
      this.hand(session, () => coordinator.put(session, id, address, { context, version, writer }, options));
      return;
    }
    const pending = this.open(session, address, timeout, done);
    if (pending === undefined) return;
    const { id, node } = pending;
    const writer = { client: session, timestamp: this.world.timestamp(session) };
    this.world.ask(session, node, { kind: "put", id, forwarded: false, address, context, version, writer, options });
  }

  /** Keys of a bucket in order: one page. Any node does as well as any other, however requests are routed. */
  scan(
    session: number,
    range: Pick<ScanRequest, "bucket" | "start" | "end" | "limit">,
    options: RequestOptions | undefined,
    done: (answer: ScanAnswer) => void,
  ): void {
    const timeout = options?.timeoutMs ?? this.options.cluster.engine.readTimeoutMs;
    const refused = ({ outcome, coordinator, reason }: AnswerMessage): void =>
      done({ kind: "scan-answer", id: 0, outcome, coordinator, keys: [], next: "", reason });
    const told = (answer: OtherAnswer): void => {
      if (answer.kind === "scan-answer") done(answer);
    };
    const pending = this.open(session, undefined, timeout, refused, undefined, told);
    if (pending === undefined) return;
    const { id, node } = pending;
    this.world.ask(session, node, { kind: "scan", id, ...range, options });
  }

  /** Asks what the properties of a bucket are, or that they be changed: `node`, or any. */
  bucket(
    session: number,
    node: number | "any",
    request: Omit<BucketRequest, "kind" | "id">,
    done: (answer: BucketAnswer) => void,
  ): void {
    const timeout = this.options.cluster.engine.writeTimeoutMs + SPREADING_MS;
    const refused = ({ outcome, coordinator, reason }: AnswerMessage): void =>
      done({ kind: "bucket-answer", id: 0, outcome, coordinator, properties: undefined, reason });
    const told = (answer: OtherAnswer): void => {
      if (answer.kind === "bucket-answer") done(answer);
    };
    const pending = this.open(session, undefined, timeout, refused, node === "any" ? undefined : node, told);
    if (pending === undefined) return;
    this.world.ask(session, pending.node, { kind: "bucket", id: pending.id, ...request });
  }

  /** Requests that still owe an answer. */
  outstanding(): number {
    return this.pending.size;
  }

  arrived(message: AnswerMessage | OtherAnswer): void {
    const pending = this.pending.get(message.id);
    if (pending === undefined) return;
    this.pending.remove(pending.id);
    if (message.kind === "answer") pending.done(message);
    else pending.otherwise?.(message);
  }

  /**
   * Connections to `node` broke at `died`: what was asked of it until then may have happened. What was asked since went
   * to its next life. Sessions that do not hear of it wait on.
   */
  disconnected(node: number, died: Micros, hears: (session: number) => boolean, upAgain: boolean): void {
    if (!upAgain && hears(this.lastSession)) this.linked(node, false);
    for (const pending of this.pending.items()) {
      if (pending.node !== node || pending.askedAt > died || !hears(pending.session)) continue;
      this.giveUp(pending, "connection_lost");
    }
  }

  private open(
    session: number,
    address: Address | undefined,
    timeoutMs: number,
    done: (answer: AnswerMessage) => void,
    only?: number,
    otherwise?: (answer: OtherAnswer) => void,
  ): Pending | undefined {
    const node = only === undefined ? this.route(session, address) : this.world.connected(session, only) ? only : -1;
    if (node < 0) {
      this.world.at(this.world.now(), () => done(unanswered("not_sent", -1)));
      return undefined;
    }
    return this.await(node, session, timeoutMs, done, otherwise);
  }

  private await(
    node: number,
    session: number,
    timeoutMs: number,
    done: (answer: AnswerMessage) => void,
    otherwise?: (answer: OtherAnswer) => void,
  ): Pending {
    const pending = new Pending(node, session, this.world.now(), done, otherwise);
    this.pending.add(pending);
    this.deadlines.add(this.world.now(), timeoutMs + this.options.graceMs, pending.id);
    this.arm();
    return pending;
  }

  private hand(session: number, request: () => void): void {
    this.lastSession = session;
    this.asking = true;
    request();
    this.asking = false;
  }

  private route(session: number, address: Address | undefined): number {
    const { routing, cluster } = this.options;
    const { coordinator } = this;
    const ring = coordinator?.ring ?? this.options.ring;
    if (address !== undefined && coordinator !== undefined) {
      // An event takes a replica's name: whoever is to make it coordinates the put.
      for (const { node } of ring.preferenceList(address, cluster.engine.nVal)) {
        if (coordinator.believesUp(node) && this.world.connected(session, node)) return node;
      }
    }
    if (address !== undefined && routing !== "any") {
      for (const { node } of ring.preferenceList(address, cluster.engine.nVal)) {
        if (this.world.connected(session, node)) return node;
      }
    }
    const count = cluster.members.length;
    for (let tried = 0; tried < count; tried++) {
      const node = this.nextNode;
      this.nextNode = (node + 1) % count;
      if (this.world.connected(session, node)) return node;
    }
    return -1;
  }

  private giveUp(pending: Pending, outcome: Outcome): void {
    if (this.pending.get(pending.id) !== pending) return;
    this.pending.remove(pending.id);
    pending.done(unanswered(outcome, pending.node));
  }

  private arm(): void {
    const next = this.deadlines.next();
    if (next === undefined || next >= this.armedFor) return;
    this.armedFor = next;
    this.world.at(next, () => {
      this.armedFor = Infinity;
      const now = this.world.now();
      for (let id = this.deadlines.takeDue(now); id !== undefined; id = this.deadlines.takeDue(now)) {
        const pending = this.pending.get(id);
        if (pending !== undefined) this.giveUp(pending, "timeout");
      }
      this.arm();
    });
  }
}

function unanswered(outcome: Outcome, node: number): AnswerMessage {
  const reason = outcome === "not_sent" ? "no node can be reached" : "no answer";
  return { kind: "answer", id: 0, outcome, coordinator: node, versions: [], context: "", reason };
}

/** Dynamo's own. */
const DEFAULT_POLL_MS = 10_000;
/** A node waits so long, at most, for its peers to have heard of a bucket's new properties. */
const SPREADING_MS = 2_000;

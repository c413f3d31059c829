/**
 * The node: routes each input to the room that knows what to do, and turns the rooms' decisions into effects. It is the
 * one place that branches on what a message is; quorum arithmetic, clocks, replicas and opinions about peers live in
 * their own rooms and know nothing of each other.
 *
 * A node is a value machine (see io.ts): no socket, file, timer or random source; equal inputs give equal effects.
 */
import type { Clock, Version } from "./clocks/clock";
import { clockFor, packActor } from "./clocks/clock";
import { type Detector, detectorNamed } from "./detectors/detector";
import { Effects, type Input, type Note, type ProtocolNode, type Session } from "./io";
import type {
  AnswerMessage,
  GetRequest,
  Held,
  HeldMetadata,
  Inspect,
  NodeIndex,
  PeerMessage,
  PutRequest,
  ReplicaGet,
  ReplicaPut,
  ReplicaUpdate,
  RequestOptions,
  Ticket,
  Writer,
} from "./messages";
import { MAX_INSPECTED_KEYS } from "./messages";
import { firstOf, MAX_REPLICAS, resolveQuorum } from "./quorum/arithmetic";
import { Deadlines } from "./quorum/deadlines";
import { GetCoordination } from "./quorum/get-coordinator";
import type { Origin } from "./quorum/origin";
import { NOT_AT_A_REPLICA, PutCoordination, type PutQuorum } from "./quorum/put-coordinator";
import { firstIdOf, type Identified, RequestTable } from "./quorum/request-table";
import { Tickets } from "./quorum/tickets";
import { Replica } from "./replica/replica";
import { Reaper } from "./replica/reaper";
import type { Replica as Placement, Ring } from "./ring/ring";
import { type Address, isAddress } from "./vocabulary/address";
import { assert, unreachable } from "./vocabulary/assert";
import { fromMs, type Micros } from "./vocabulary/micros";
import { MalformedBytes } from "./vocabulary/octets";
import type { Outcome } from "./vocabulary/outcomes";
import type { EngineSettings, QuorumValue } from "./vocabulary/settings";

/** Longest address either world stores; LMDB's keys end a little above. */
export const MAX_ADDRESS_BYTES = 1_900;

export interface NodeOptions {
  readonly index: NodeIndex;
  readonly epoch: number;
  readonly ring: Ring;
  readonly settings: EngineSettings;
  /** Storage completes within the same turn: receipt and storing need no separate acknowledgements. */
  readonly storageIsImmediate: boolean;
  /** Messages to oneself travel the network too (see `host/loopback.ts`), instead of costing nothing. */
  readonly loopback: boolean;
  /** Note each step of single operations, for traces and golden files. */
  readonly tracing: boolean;
  /**
   * The wall time of this node's machine at `now`: what a timestamp is made of, as right or wrong as that machine's.
   * A pure function, chosen by the world; at least 0.
   */
  readonly wallTime: (now: Micros) => Micros;
}

/** A request passed on to a member of the preference list. */
class Forwarding implements Identified {
  readonly kind = "forwarding";
  id = 0;
  constructor(
    readonly origin: Origin,
    readonly operation: "get" | "put",
  ) {}
}

type InProgress = GetCoordination | PutCoordination | Forwarding;

/** What this node has done since it started. Monotonic. */
export interface NodeCounts {
  coordinated: number;
  forwarded: number;
  refused: number;
  readRepairs: number;
  replicaReads: number;
  replicaWrites: number;
  inspectedKeys: number;
  /** Tombstones removed. */
  reaped: number;
}

export class Node implements ProtocolNode {
  private readonly clock: Clock;
  private readonly detector: Detector;
  private readonly replica: Replica;
  private readonly requests: RequestTable<InProgress>;
  private readonly tickets: Tickets;
  private readonly deadlines: Deadlines;
  private readonly reaper: Reaper;
  private readonly peers: readonly NodeIndex[];
  private effects = new Effects();
  private spare = new Effects();
  private now: Micros;
  /** Infinity: never. */
  private nextHeartbeat: Micros;
  private heartbeatSequence = 0;
  private lastStamp: Micros = 0;
  /** Requests that owe an answer; `requests.size` less these linger for late replies. */
  private unanswered = 0;
  readonly counts: NodeCounts = {
    coordinated: 0,
    forwarded: 0,
    refused: 0,
    readRepairs: 0,
    replicaReads: 0,
    replicaWrites: 0,
    inspectedKeys: 0,
    reaped: 0,
  };

  constructor(
    private readonly options: NodeOptions,
    now: Micros,
  ) {
    assert(options.settings.nVal <= MAX_REPLICAS, "sets of replicas fit a bit mask");
    this.now = now;
    this.requests = new RequestTable(FIRST_ROOM, firstIdOf(options.epoch));
    this.tickets = new Tickets(options.index, options.epoch, (from) => this.note({ kind: "tickets-full", from }));
    this.clock = clockFor(options.settings);
    this.peers = options.ring.members.map((_, index) => index).filter((index) => index !== options.index);
    this.detector = detectorNamed(options.settings.detector.name).create(options.settings.detector, this.peers, now);
    this.deadlines = new Deadlines((id) => this.requests.get(id) !== undefined);
    this.reaper = new Reaper(options.settings.deleteMode ?? "keep", {
      check: (address) => this.checkTombstone(address),
      remove: (vnode, address, state) => this.replica.perform(vnode, address, { kind: "reap", state }),
      dropped: (address) => this.note({ kind: "reap-dropped", address }),
    });
    // Peers must know of a new life even where nobody sends heartbeats: what they ask is addressed to one life.
    this.nextHeartbeat = this.detector.heartbeatIntervalMicros === Infinity && options.epoch === 1 ? Infinity : now;
    this.replica = new Replica(
      {
        node: options.index,
        epoch: options.epoch,
        clock: this.clock,
        maxSiblings: options.settings.maxSiblings,
        stamp: (writer) => this.stampFor(writer),
        learnt: (at) => {
          if (at > this.lastStamp) this.lastStamp = at;
        },
        reaps: this.reaper.reaps,
        actorEpochs: options.settings.actorEpochs ?? true,
        now: () => this.now,
        messageLifetime: fromMs(2 * Math.max(options.settings.readTimeoutMs, options.settings.writeTimeoutMs)),
      },
      (effect) => this.effects.push(effect),
      (note) => this.note(note),
    );
  }

  takeEffects(): Effects {
    const taken = this.effects;
    this.effects = this.spare;
    this.effects.clear();
    this.spare = taken;
    return taken;
  }

  nextWakeup(): Micros | undefined {
    let next = this.nextHeartbeat;
    const detector = this.detector.nextWakeup();
    if (detector !== undefined && detector < next) next = detector;
    const deadline = this.deadlines.next();
    if (deadline !== undefined && deadline < next) next = deadline;
    const reaping = this.reaper.next();
    if (reaping < next) next = reaping;
    return next === Infinity ? undefined : next;
  }

  step(now: Micros, input: Input): void {
    if (now > this.now) this.now = now;
    switch (input.kind) {
      case "received":
        this.detector.heard(input.from, this.now);
        this.received(input.from, input.message);
        return;
      case "asked": {
        const { message, session } = input;
        if (message.kind === "get") this.get({ kind: "session", session, id: message.id }, message);
        else if (message.kind === "put") this.put({ kind: "session", session, id: message.id }, message);
        else this.inspect(session, message);
        return;
      }
      case "loaded":
        this.replica.loaded(input.token, input.state);
        return;
      case "load-failed":
        this.replica.loadFailed(input.token, input.reason);
        return;
      case "stored":
        this.replica.stored(input.token);
        return;
      case "store-failed":
        this.replica.storeFailed(input.token, input.reason);
        return;
      case "scanned":
        this.scanned(input);
        return;
      case "link-up":
      case "link-down":
        if (input.kind === "link-up") this.introduce(input.node);
        if (this.detector.told === undefined) return;
        this.detector.told(input.node, input.kind === "link-up", this.now);
        this.noteOpinions();
        return;
      case "woken":
        this.woken();
        return;
      default:
        unreachable(input, "Node.step");
    }
  }

  /** A page of a walk over the own copies. Whoever asked for the walk goes on with it; a token that nobody knows is late. */
  private scanned({ damaged }: Extract<Input, { kind: "scanned" }>): void {
    for (const { address, reason } of damaged) this.note({ kind: "storage-failed", address, reason });
  }

  /** This node's wall time, never the same twice and never back: a coordinator's own writes keep their order. */
  private stamp(): Micros {
    this.lastStamp = Math.max(this.lastStamp + 1, this.options.wallTime(this.now));
    return this.lastStamp;
  }

  /** The wall time of an event of `writer`: its client's, where clients' times are believed and it gave one. */
  private stampFor(writer: Writer): Micros {
    const { timestamps } = this.options.settings;
    return timestamps === "client" && writer.timestamp > 0 ? writer.timestamp : this.stamp();
  }

  // ---- messages from peers -------------------------------------------------------------------------------------

  private received(from: NodeIndex, message: PeerMessage): void {
    switch (message.kind) {
      case "heartbeat":
        // Whoever starts knows nothing of our lives.
        if (this.tickets.met(from, message.epoch)) this.introduce(from);
        return;
      case "get":
        this.get({ kind: "peer", node: from, id: message.id }, message);
        return;
      case "put":
        if (this.admits(from, message.ticket)) this.put({ kind: "peer", node: from, id: message.id }, message);
        return;
      case "answer":
        this.relayAnswer(message);
        return;
      case "replica-get":
        this.replicaGet(from, message);
        return;
      case "replica-get-reply": {
        const get = this.requests.get(message.id);
        if (get?.kind !== "get") return;
        get.add(from, message.vnode, message.status, message.state);
        this.advanceGet(get);
        return;
      }
      case "replica-put":
        this.replicaPut(from, message);
        return;
      case "replica-put-reply": {
        const put = this.requests.get(message.id);
        if (put?.kind !== "put") return;
        put.add(from, message.vnode, message.status);
        this.advancePut(put);
        return;
      }
      case "replica-update":
        if (this.admits(from, message.ticket)) this.replicaUpdate(from, message);
        return;
      case "replica-updated": {
        const put = this.requests.get(message.id);
        if (put?.kind !== "put" || put.state !== undefined) return;
        this.eventMade(put, message.outcome, message.state, `replica on node ${String(from)}: ${message.outcome}`);
        return;
      }
      default:
        unreachable(message, "Node.received");
    }
  }

  /** Whether a request that makes an event is to be carried out: the first copy of one that is meant for this life. */
  private admits(from: NodeIndex, ticket: Ticket | undefined): boolean {
    const admission = ticket === undefined ? "stale" : this.tickets.admit(from, ticket, this.now);
    if (admission === "first") return true;
    this.note({ kind: "ignored", from, reason: admission });
    if (admission === "misaddressed") this.introduce(from);
    return false;
  }

  /** Says which life this is, unless it is the one that everybody expects. */
  private introduce(to: NodeIndex): void {
    const { epoch } = this.options;
    if (epoch > 1) this.send(to, { kind: "heartbeat", epoch, sequence: this.heartbeatSequence });
  }

  // Methods of their own, here and below: a closure inside `received` would cost every message a heap context.
  private replicaGet(from: NodeIndex, message: ReplicaGet): void {
    const { id, vnode } = message;
    this.replica.perform(vnode, message.address, {
      kind: "read",
      done: (status, state) => this.send(from, { kind: "replica-get-reply", id, vnode, status, state }),
    });
  }

  private replicaPut(from: NodeIndex, message: ReplicaPut): void {
    if (message.cause === "reap") {
      this.reaper.agreed(this.now, message.vnode, message.address, message.state);
      return;
    }
    const { id, vnode, acknowledge } = message;
    const reply = (status: "received" | "stored" | "failed"): void =>
      this.send(from, { kind: "replica-put-reply", id, vnode, status });
    const wantsReceived = acknowledge === "received" || (acknowledge === "both" && !this.options.storageIsImmediate);
    const wantsStored = acknowledge === "stored" || acknowledge === "both";
    this.replica.perform(vnode, message.address, {
      kind: "merge",
      state: message.state,
      received: () => {
        if (wantsReceived) reply("received");
      },
      stored: (ok) => {
        if (!ok && acknowledge !== "none") reply("failed");
        else if (ok && wantsStored) reply("stored");
      },
    });
  }

  /** The event half of a put whose coordinator holds no replica. */
  private replicaUpdate(from: NodeIndex, message: ReplicaUpdate): void {
    const { id, vnode, acknowledge } = message;
    const reply = (status: "received" | "stored" | "failed"): void =>
      this.send(from, { kind: "replica-put-reply", id, vnode, status });
    this.replica.perform(vnode, message.address, {
      kind: "update",
      context: message.context,
      version: message.version,
      writer: message.writer,
      made: (outcome, state) => {
        this.send(from, { kind: "replica-updated", id, vnode, outcome, state });
        if (outcome === "ok" && acknowledge !== "stored") reply("received");
      },
      stored: (ok) => {
        if (!ok) reply("failed");
        else if (acknowledge !== "received") reply("stored");
      },
    });
  }

  // ---- gets ----------------------------------------------------------------------------------------------------

  private get(origin: Origin, request: GetRequest): void {
    const { settings } = this.options;
    const placement = this.place(origin, request);
    if (placement === undefined) return;
    const { replicas, asked, live } = placement;
    const n = settings.nVal;
    const options = request.options;
    const r = this.quorumOf(options?.r, settings.r, n);
    const pr = this.quorumOf(options?.pr, settings.pr, n);
    if (r === undefined || pr === undefined)
      return this.refuse(origin, "invalid", `r or pr is not between 0 and ${String(n)}`);
    if (settings.coordinator === "replica" && !this.holds(replicas))
      return this.forward(origin, request, replicas, asked);
    const needed = Math.max(r, pr);
    if (live < needed)
      return this.refuse(origin, "unavailable", `${String(live)} replicas believed up, ${String(needed)} needed`);
    const get = new GetCoordination(origin, request.address, replicas, asked, live, {
      n,
      r,
      pr,
      notfoundOk: options?.notfoundOk ?? settings.notfoundOk,
      basicQuorum: options?.basicQuorum ?? settings.basicQuorum,
    });
    this.open(get, options?.timeoutMs ?? settings.readTimeoutMs);
    if (this.options.tracing) this.noteCoordinating("get", request.address, replicas, asked);
    let local: Placement | undefined;
    for (let i = 0; i < replicas.length; i++) {
      if ((asked & (1 << i)) === 0) continue;
      const { node, vnode } = replicas[i];
      if (node === this.options.index && !this.options.loopback) {
        if (local !== undefined) this.readLocally(get, local.vnode);
        local = replicas[i];
      } else this.send(node, { kind: "replica-get", id: get.id, vnode, address: request.address });
    }
    if (local !== undefined) this.readLocally(get, local.vnode);
    else this.advanceGet(get);
  }

  private readLocally(get: GetCoordination, vnode: number): void {
    const { id } = get;
    this.replica.perform(vnode, get.address, {
      kind: "read",
      done: (status, state) => {
        if (this.requests.get(id) !== get) return;
        get.add(this.options.index, vnode, status, state);
        this.advanceGet(get);
      },
    });
  }

  private advanceGet(get: GetCoordination): void {
    if (!get.answered && get.verdict() !== "pending") this.answerGet(get);
    if (get.answered && (get.complete() || this.requests.size - this.unanswered > this.options.settings.admission)) {
      this.finishGet(get);
    }
  }

  private answerGet(get: GetCoordination): void {
    get.answered = true;
    this.unanswered--;
    const { outcome, versions, context, reason } = get.response(this.clock);
    this.answer(get.origin, outcome, versions, context, reason);
    if (this.options.tracing) this.note({ kind: "answered", operation: "get", outcome, versions: versions.length });
  }

  private finishGet(get: GetCoordination): void {
    this.requests.remove(get.id);
    if (this.reaper.reaps) this.reap(get);
    if (this.options.settings.readRepair === "none") return;
    const { state, targets } = get.finalAction(this.clock);
    for (const { node, vnode } of targets) {
      this.counts.readRepairs++;
      if (this.options.tracing) this.note({ kind: "read-repair", address: get.address, to: node });
      const repair: ReplicaPut = {
        kind: "replica-put",
        id: 0,
        vnode,
        address: get.address,
        state,
        acknowledge: "none",
        cause: "read-repair",
      };
      if (node === this.options.index && !this.options.loopback) this.replicaPut(node, repair);
      else this.send(node, repair);
    }
  }

  /** When all N replicas were found with one and the same tombstone, all are told to remove it. */
  private reap(get: GetCoordination): void {
    const state = get.agreed(this.clock);
    if (state === undefined || this.clock.versions(state).some((version) => !version.tombstone)) return;
    if (this.options.tracing) this.note({ kind: "reaping", address: get.address });
    for (const { node, vnode } of get.replicas) {
      const { address } = get;
      if (node === this.options.index && !this.options.loopback) this.reaper.agreed(this.now, vnode, address, state);
      else {
        const message = { id: 0, vnode, address, state, acknowledge: "none", cause: "reap" } as const;
        this.send(node, { kind: "replica-put", ...message });
      }
    }
  }

  /** A delete was acknowledged a moment ago: do all replicas have it by now? */
  private checkTombstone(address: Address): void {
    const options: RequestOptions = { r: "all" };
    this.get({ kind: "nobody", id: 0 }, { kind: "get", id: 0, forwarded: false, address, options });
  }

  // ---- puts ----------------------------------------------------------------------------------------------------

  private put(origin: Origin, request: PutRequest): void {
    const { settings } = this.options;
    const placement = this.place(origin, request);
    if (placement === undefined) return;
    const { replicas, asked, live } = placement;
    const n = settings.nVal;
    const w = this.quorumOf(request.options?.w, settings.w, n);
    const dw = this.quorumOf(request.options?.dw, settings.dw, n);
    const pw = this.quorumOf(request.options?.pw, settings.pw, n);
    if (w === undefined || dw === undefined || pw === undefined) {
      return this.refuse(origin, "invalid", `w, dw or pw is not between 0 and ${String(n)}`);
    }
    const holds = this.holds(replicas);
    if (settings.coordinator === "replica" && !holds) return this.forward(origin, request, replicas, asked);
    const needed = Math.max(1, w, dw, pw);
    if (live < needed)
      return this.refuse(origin, "unavailable", `${String(live)} replicas believed up, ${String(needed)} needed`);
    const quorum = { n, w, dw, pw };
    if (!this.clock.mintsServerDots) return this.putAtOnce(origin, request, replicas, asked, live, quorum);
    const eventAt = holds ? replicas.findIndex((replica) => replica.node === this.options.index) : firstOf(asked);
    const put = new PutCoordination(origin, request.address, replicas, asked, live, eventAt, quorum);
    this.open(put, request.options?.timeoutMs ?? settings.writeTimeoutMs);
    if (this.options.tracing) this.noteCoordinating("put", request.address, replicas, asked);
    const { node, vnode } = replicas[eventAt];
    if (node === this.options.index && !this.options.loopback) this.updateLocally(put, vnode, request);
    else {
      const { context, version, address, writer } = request;
      this.send(node, {
        kind: "replica-update",
        id: put.id,
        vnode,
        address,
        context,
        version,
        writer,
        acknowledge: put.acknowledge(),
        ticket: this.tickets.issue(node),
      });
    }
  }

  /**
   * The event needs nothing that is stored: it is made here and sent to all replicas in one go, one of which may be this
   * node. Exactly the write of the WARS model of PBS, where no replica's answer waits for another's.
   */
  private putAtOnce(
    origin: Origin,
    request: PutRequest,
    replicas: readonly Placement[],
    asked: number,
    live: number,
    quorum: PutQuorum,
  ): void {
    const { index, epoch, settings } = this.options;
    let state: unknown;
    try {
      state = this.clock.update(undefined, request.context, request.version, {
        actor: packActor(index, 0, epoch),
        client: request.writer.client,
        at: this.stampFor(request.writer),
        minted: 0,
      });
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      return this.refuse(origin, "invalid", `context refused: ${error.message}`);
    }
    const put = new PutCoordination(origin, request.address, replicas, asked, live, NOT_AT_A_REPLICA, quorum);
    this.open(put, request.options?.timeoutMs ?? settings.writeTimeoutMs);
    if (this.options.tracing) this.noteCoordinating("put", request.address, replicas, asked);
    this.eventMade(put, "ok", state, "");
  }

  private updateLocally(put: PutCoordination, vnode: number, request: PutRequest): void {
    const { id } = put;
    const self = this.options.index;
    const current = (): boolean => this.requests.get(id) === put;
    this.replica.perform(vnode, request.address, {
      kind: "update",
      context: request.context,
      version: request.version,
      writer: request.writer,
      made: (outcome, state, reason) => {
        if (!current()) {
          // The client was told "timeout" while the load was slow: an event made now must still reach the others.
          if (outcome === "ok") this.replicate(put, state);
          return;
        }
        if (outcome === "ok") put.add(self, vnode, "received");
        this.eventMade(put, outcome, state, reason);
      },
      stored: (ok) => {
        if (!current()) return;
        put.add(self, vnode, ok ? "stored" : "failed");
        this.advancePut(put);
      },
    });
  }

  /** The one replica that makes the event has answered. */
  private eventMade(
    put: PutCoordination,
    outcome: "ok" | "too_many_siblings" | "invalid" | "failed",
    state: unknown,
    reason: string,
  ): void {
    if (outcome === "ok") {
      put.state = state;
      this.replicate(put, state);
      this.advancePut(put);
      return;
    }
    // Nothing was stored and nothing sent: these refusals are definite. A failed load is too, for the same reason.
    this.close(put);
    const refusal: Outcome = outcome === "failed" ? "unavailable" : outcome;
    this.counts.refused++;
    this.note({ kind: "refused", outcome: refusal, reason });
    this.answer(put.origin, refusal, [], "", reason);
  }

  private replicate(put: PutCoordination, state: unknown): void {
    if (this.options.tracing) this.note({ kind: "event", address: put.address, state: this.clock.describe(state) });
    const acknowledge = put.acknowledge();
    for (let i = 0; i < put.replicas.length; i++) {
      if ((put.asked & (1 << i)) === 0 || i === put.eventAt) continue;
      const { node, vnode } = put.replicas[i];
      const message: ReplicaPut = {
        kind: "replica-put",
        id: put.id,
        vnode,
        address: put.address,
        state,
        acknowledge,
        cause: "replication",
      };
      if (node === this.options.index && !this.options.loopback) this.mergeLocally(put, vnode, state);
      else this.send(node, message);
    }
  }

  /** This node's own copy of an event that was not made there, or a second one (`distinct_hosts: claim` may place it). */
  private mergeLocally(put: PutCoordination, vnode: number, state: unknown): void {
    const { id } = put;
    const counted = (status: "received" | "stored" | "failed"): void => {
      if (this.requests.get(id) !== put) return;
      put.add(this.options.index, vnode, status);
      this.advancePut(put);
    };
    this.replica.perform(vnode, put.address, {
      kind: "merge",
      state,
      received: () => counted("received"),
      stored: (ok) => counted(ok ? "stored" : "failed"),
    });
  }

  private advancePut(put: PutCoordination): void {
    if (this.requests.get(put.id) !== put || put.verdict() === "pending") return;
    this.close(put);
    const { outcome, reason } = put.response();
    const versions = outcome === "ok" ? heads(this.clock.versions(put.state)) : [];
    this.answer(put.origin, outcome, versions, outcome === "ok" ? this.clock.context(put.state) : "", reason);
    if (this.reaper.reaps && outcome === "ok" && versions.every((version) => version.tombstone))
      this.reaper.deleted(this.now, put.address);
    if (this.options.tracing) this.note({ kind: "answered", operation: "put", outcome, versions: versions.length });
  }

  // ---- shared by both ------------------------------------------------------------------------------------------

  /** Admission, address check and preference list; refuses by itself and returns undefined when it must. */
  private place(
    origin: Origin,
    request: GetRequest | PutRequest,
  ): { replicas: readonly Placement[]; asked: number; live: number } | undefined {
    const { settings, ring } = this.options;
    if (this.unanswered >= settings.admission) {
      this.refuse(
        origin,
        "overloaded",
        `${String(this.unanswered)} operations in progress, limit ${String(settings.admission)}`,
      );
      return undefined;
    }
    if (request.address.length > MAX_ADDRESS_BYTES || !isAddress(request.address)) {
      this.refuse(origin, "invalid", `not a key of at most ${String(MAX_ADDRESS_BYTES)} bytes`);
      return undefined;
    }
    const replicas = ring.preferenceList(request.address, settings.nVal);
    let asked = 0;
    let live = 0;
    for (let i = 0; i < replicas.length; i++) {
      const { node } = replicas[i];
      if (node !== this.options.index && this.detector.suspected(node)) continue;
      asked |= 1 << i;
      live++;
    }
    if (request.forwarded && settings.coordinator === "replica" && !this.holds(replicas)) {
      this.refuse(origin, "invalid", "forwarded to a node that holds no replica of the key");
      return undefined;
    }
    return { replicas, asked, live };
  }

  private holds(replicas: readonly Placement[]): boolean {
    for (const { node } of replicas) if (node === this.options.index) return true;
    return false;
  }

  /** One hop, to the first member of the preference list that is believed up. */
  private forward(
    origin: Origin,
    request: GetRequest | PutRequest,
    replicas: readonly Placement[],
    asked: number,
  ): void {
    const at = firstOf(asked);
    if (at < 0) return this.refuse(origin, "unavailable", "no replica of the key is believed up");
    const forwarding = new Forwarding(origin, request.kind);
    const { settings } = this.options;
    const usual = request.kind === "get" ? settings.readTimeoutMs : settings.writeTimeoutMs;
    this.open(forwarding, request.options?.timeoutMs ?? usual);
    this.counts.coordinated--;
    this.counts.forwarded++;
    const { node } = replicas[at];
    const { id } = forwarding;
    const { address, options } = request;
    // Written out: a copy by spreading with one field more took several times as long as all the rest here.
    if (request.kind === "get") return this.send(node, { kind: "get", id, forwarded: true, address, options });
    const { context, version, writer } = request;
    const ticket = this.tickets.issue(node);
    this.send(node, { kind: "put", id, forwarded: true, address, context, version, writer, options, ticket });
  }

  private relayAnswer(message: AnswerMessage): void {
    const forwarding = this.requests.get(message.id);
    if (forwarding?.kind !== "forwarding") return;
    this.close(forwarding);
    this.deliver(forwarding.origin, { ...message, id: forwarding.origin.id });
  }

  private open(request: InProgress, timeoutMs: number): void {
    this.requests.add(request);
    this.unanswered++;
    this.counts.coordinated++;
    this.deadlines.add(this.now, timeoutMs, request.id);
  }

  /** Ends a request that still owed its answer. */
  private close(request: InProgress): void {
    this.requests.remove(request.id);
    this.unanswered--;
  }

  private quorumOf(asked: QuorumValue | undefined, usual: QuorumValue, n: number): number | undefined {
    return resolveQuorum(asked ?? usual, n);
  }

  private refuse(origin: Origin, outcome: Outcome, reason: string): void {
    if (origin.kind === "nobody") return;
    this.counts.refused++;
    this.note({ kind: "refused", outcome, reason });
    this.answer(origin, outcome, [], "", reason);
  }

  private answer(
    origin: Origin,
    outcome: Outcome,
    versions: readonly Version[],
    context: string,
    reason: string,
  ): void {
    this.deliver(origin, {
      kind: "answer",
      id: origin.id,
      outcome,
      coordinator: this.options.index,
      versions,
      context,
      reason,
    });
  }

  private deliver(origin: Origin, message: AnswerMessage): void {
    if (origin.kind === "session") this.effects.push({ kind: "answer", session: origin.session, message });
    else if (origin.kind === "peer") this.send(origin.node, message);
  }

  private send(to: NodeIndex, message: PeerMessage): void {
    this.effects.push({ kind: "send", to, message });
  }

  private note(note: Note): void {
    this.effects.push({ kind: "note", note });
  }

  private noteCoordinating(
    operation: "get" | "put",
    address: Address,
    replicas: readonly Placement[],
    asked: number,
  ): void {
    const nodes = replicas.filter((_, i) => (asked & (1 << i)) !== 0).map(({ node }) => node);
    this.note({ kind: "coordinating", operation, address, replicas: nodes });
  }

  // ---- time ----------------------------------------------------------------------------------------------------

  private woken(): void {
    for (;;) {
      const id = this.deadlines.takeDue(this.now);
      if (id === undefined) break;
      const request = this.requests.get(id);
      if (request === undefined) continue;
      if (request.kind === "get" && request.answered) {
        this.finishGet(request);
        continue;
      }
      if (request.kind === "get") {
        request.answered = true;
        this.unanswered--;
        this.answer(request.origin, "timeout", [], "", "no read quorum before the timeout");
        this.finishGet(request);
        continue;
      }
      this.close(request);
      const what =
        request.kind === "forwarding"
          ? "no answer from the replica it was forwarded to"
          : "no write quorum before the timeout";
      this.answer(request.origin, "timeout", [], "", what);
    }
    this.reaper.advance(this.now);
    if (this.now >= this.nextHeartbeat) {
      this.heartbeatSequence++;
      for (const peer of this.peers) {
        this.send(peer, { kind: "heartbeat", epoch: this.options.epoch, sequence: this.heartbeatSequence });
      }
      this.nextHeartbeat = this.now + this.detector.heartbeatIntervalMicros;
    }
    this.noteOpinions();
  }

  private noteOpinions(): void {
    for (const node of this.detector.advance(this.now)) {
      this.note({ kind: this.detector.suspected(node) ? "suspected" : "trusted", node });
    }
  }

  // ---- inspection ----------------------------------------------------------------------------------------------

  private inspect(session: Session, message: Inspect): void {
    const { addresses, vnodes } = message;
    const held: Held[] = new Array<undefined>(addresses.length).fill(undefined);
    const metadata: (HeldMetadata | undefined)[] = new Array<undefined>(addresses.length).fill(undefined);
    let left = Math.min(addresses.length, MAX_INSPECTED_KEYS);
    const finish = (): void => {
      this.effects.push({ kind: "answer", session, message: { kind: "inspection", id: message.id, held, metadata } });
    };
    if (left === 0) return finish();
    const count = left;
    this.counts.inspectedKeys += count;
    for (let i = 0; i < count; i++) {
      this.replica.perform(vnodes[i], addresses[i], {
        kind: "read",
        done: (status, state) => {
          // Measurement is not work of the store; a load that failed was never counted as any.
          if (status !== "failed") this.replica.reads--;
          if (status === "found") {
            held[i] = this.clock.versions(state).map((version) => version.writeId);
            metadata[i] = { entries: this.clock.entries(state), bytes: this.clock.metadataBytes(state) };
          } else if (status === "failed") held[i] = "failed";
          if (--left === 0) finish();
        },
      });
    }
  }

  /** Current counts, replica work included. */
  count(): NodeCounts {
    this.counts.replicaReads = this.replica.reads;
    this.counts.replicaWrites = this.replica.writes;
    this.counts.reaped = this.replica.reaped;
    return { ...this.counts };
  }
}

/** Requests in progress before the table grows. */
const FIRST_ROOM = 256;

/** Ids without values. */
function heads(versions: readonly Version[]): readonly Version[] {
  return versions.map(({ writeId, tombstone }) => ({ writeId, value: "", tombstone }));
}

export type { RequestOptions };

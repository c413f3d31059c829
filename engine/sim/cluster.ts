/**
 * A cluster in virtual time: the same nodes, hosts, codec and client library rules as real processes, on one event queue.
 * Nothing here reads a clock or draws from anything but the seed: equal settings and seed give equal events, which the
 * digest holds to account.
 *
 * Messages are encoded and decoded at the moment they are sent, so nodes share no object and the bytes on the network are
 * those of the real wire; `simulation.codec: bypass` hands the objects over instead.
 */
import type { TrafficByCause } from "../host/traffic";
import { clockFor } from "../clocks/clock";
import { isReply, type ReplicaReply } from "../host/client-coordinator";
import type { DetectionWatch } from "../host/detection-watch";
import type { LinkRule, PartitionRule } from "../host/faults";
import type { Host } from "../host/host";
import { loopbackOf } from "../host/loopback";
import type { Alarm, Storage } from "../host/ports";
import { goneBy, type Input, type Note, type OperatorVerb, type RingSeen } from "../io";
import { compareRingIds, NO_RING } from "../membership/ring-ids";
import type {
  ClientAnswer,
  ClientMessage,
  Inspected,
  Inspection,
  Message,
  NodeIndex,
  PeerMessage,
  RingState,
} from "../messages";
import { detectorNamed } from "../detectors/detector";
import { Node, NOTHING_DONE, type NodeCounts } from "../node";
import type { Ring } from "../ring/ring";
import { RingMaker } from "../ring/ring-maker";
import type { Address } from "../vocabulary/address";
import { assert } from "../vocabulary/assert";
import { distributionOf } from "../vocabulary/distributions";
import { fromMs, type Micros } from "../vocabulary/micros";
import { ByteReader, ByteWriter } from "../vocabulary/octets";
import { Random } from "../vocabulary/random";
import type { ClusterSettings, DistributionSettings } from "../vocabulary/settings";
import { ClientTimestamps, wallErrorOfNode } from "../vocabulary/wall-error";
import { Codec } from "../wire/codec";
import { SimulatedClient } from "./client";
import { TraceDigest } from "./digest";
import { SimulatedDisk } from "./disk";
import { type EventHandle, EventQueue } from "./event-queue";
import { type Arrival, Machine, type MachineWorld, type NodeFactory, WALL_AT_START } from "./machine";
import { legOf, OUTSIDER, SimulatedNetwork, type Leg } from "./network";
import type { Watcher } from "./trace";

// Kinds of event.
const DELIVER = 1;
const ASK = 2;
const ANSWER = 3;
const WAKE = 4;
const SERVED = 5;
const CALL = 6;

/** Which node a client library asks; `client-driven`: replicas, and it coordinates by itself. */
export interface ClientRouting {
  readonly routing: "any" | "token-aware" | "client-driven";
  readonly graceMs: number;
  /** Between two polls for the current membership, client-driven. */
  readonly pollMs?: number;
  /** Past the load balancer, whatever the routing: an overload comes from nowhere. */
  readonly direct?: true;
}

/** A message on its way, when somebody watches or a fault holds it. */
interface Carried {
  readonly message: Message;
  readonly watched: number;
}

export interface SimulationOptions {
  readonly cluster: ClusterSettings;
  readonly watcher?: Watcher;
  readonly detection?: DetectionWatch;
  /** Told whenever a node goes by another state of the ring. */
  readonly viewed?: (seen: RingSeen) => void;
  /** Between the simulation and the node: for tests that plant a fault of the protocol's own. */
  readonly create?: NodeFactory;
  /** Told of every event before it happens: its number from 1, and itself in words. For comparing two executions. */
  readonly observe?: (event: number, at: Micros, text: () => string) => void;
  /** Receives the one-way delay of every message of the four legs, when it is delivered. */
  readonly leg?: (leg: Leg, micros: Micros) => void;
  /** Told of every state that a node hands to its storage. */
  readonly stored?: (at: Micros, node: NodeIndex, vnode: number, address: Address, state: unknown) => void;
}

/** Totals of one node since the start, over all its lives. */
export interface MachineCounts extends NodeCounts {
  readonly messagesSent: number;
  /** NaN where the codec is bypassed. */
  readonly bytesSent: number;
  readonly byCause: TrafficByCause;
  readonly queueDrops: number;
  readonly keysHeld: number;
  readonly steps: number;
}

/** How {@link SimulatedCluster.run} ended. */
export type RunEnd = "until" | "quiet" | "events" | "stopped";

export class SimulatedCluster {
  readonly settings: ClusterSettings;
  private readonly rings: RingMaker;
  private readonly firstRing: Ring;
  readonly queue = new EventQueue();
  readonly network: SimulatedNetwork;
  readonly machines: readonly Machine[];
  readonly digest = new TraceDigest();
  readonly watcher: Watcher | undefined;
  private readonly detection: DetectionWatch | undefined;
  private readonly viewed: SimulationOptions["viewed"];
  private time: Micros = 0;
  private readonly random: Random;
  private readonly codec: Codec;
  private readonly writer = new ByteWriter(4_096);
  private readonly reader = new ByteReader(new Uint8Array(0));
  private readonly bypass: boolean;
  /** Messages take room on the network, so their size counts even where nothing is decoded. */
  private readonly measured: boolean;
  /** What detectors are told by the world. */
  private readonly hears: "truth" | "links" | undefined;
  private readonly clients: SimulatedClient[] = [];
  /** Of each, whether what it asks passes the load balancer. */
  private readonly balanced: boolean[] = [];
  private readonly timestamps: ClientTimestamps | undefined;
  private stopping = false;
  private readonly inspections = new Map<number, (inspected: Inspected | undefined) => void>();
  private nextInspection = 1;
  private held: { from: NodeIndex; to: NodeIndex; message: PeerMessage; sentAt: Micros; watched: number }[] = [];
  private readonly leg: SimulationOptions["leg"];
  private readonly stored: SimulationOptions["stored"];
  private readonly observe: SimulationOptions["observe"];
  private stepsOfPastLives = 0;
  /** Bytes of the message encoded last; NaN under bypass. */
  private bytes = 0;

  constructor(options: SimulationOptions) {
    const { cluster } = options;
    this.settings = cluster;
    this.watcher = options.watcher;
    this.detection = options.detection;
    this.viewed = options.viewed;
    this.leg = options.leg;
    this.observe = options.observe;
    this.stored = options.stored;
    this.random = Random.fromSeed(cluster.seed);
    this.bypass = cluster.simulation?.codec === "bypass";
    this.measured = cluster.network.bandwidthBytesPerSecond !== undefined;
    this.hears = detectorNamed(cluster.engine.detector.name).hears;
    this.timestamps = cluster.engine.timestamps === "client" ? new ClientTimestamps(cluster) : undefined;
    this.codec = new Codec(clockFor(cluster.engine));
    // As on real processes, so that equal seeds give equal rings in both worlds.
    this.rings = new RingMaker(cluster, this.random.fork("ring"));
    this.firstRing = this.rings.of(this.rings.first);
    this.network = new SimulatedNetwork(cluster);
    const create: NodeFactory = options.create ?? ((nodeOptions, now) => new Node(nodeOptions, now));
    const world = this.machineWorld();
    this.machines = cluster.members.map((_, index) => this.machine(index, create, world));
    this.bootAll();
  }

  now(): Micros {
    return this.time;
  }

  /** By which reads go, as far as any node that is up has come. */
  get ring(): Ring {
    const newest = this.newestState;
    return newest === undefined ? this.firstRing : this.rings.of(newest.plan);
  }

  private get newestState(): RingState | undefined {
    if (this.settings.engine.membership === undefined) return undefined;
    let newest: RingState | undefined;
    for (const { node } of this.machines) {
      const state = node?.ringState;
      if (state !== undefined && (newest === undefined || compareRingIds(state.id, newest.id) > 0)) newest = state;
    }
    return newest;
  }

  /** The state of the ring that a node goes by; undefined when it is down, or has none. */
  ringStateOf(index: NodeIndex): RingState | undefined {
    return this.machines[index].node?.ringState;
  }

  /** An operator asks a node that is up. */
  operate(index: NodeIndex, verb: OperatorVerb): void {
    const gone = goneBy(verb);
    if (gone !== undefined) this.detection?.node(this.time, gone, "absent");
    this.machines[index].tell({ kind: "operate", verb });
  }

  /** From here on every node has started and its first heartbeat is out. */
  get ready(): Micros {
    return this.hears === "truth" ? 0 : fromMs(this.settings.engine.detector.heartbeatIntervalMs);
  }

  at(time: Micros, act: () => void): EventHandle {
    assert(time >= this.time, "events lie in the future");
    return this.queue.schedule(time, CALL, 0, 0, 0, act);
  }

  cancel(handle: EventHandle): void {
    this.queue.cancel(handle);
  }

  /** Works off events up to and including `until`, at most `maxEvents`. Time is then `until`, unless events ran out first. */
  run(until: Micros, maxEvents = Infinity): RunEnd {
    const { queue } = this;
    this.stopping = false;
    for (let left = maxEvents; left > 0; left--) {
      if (this.stopping) return "stopped";
      const next = queue.nextTime();
      if (next === undefined) return "quiet";
      if (next > until) {
        this.time = until;
        return "until";
      }
      queue.take();
      this.time = queue.at;
      this.happen();
    }
    return "events";
  }

  /** Ends {@link run} after the event that is happening: from within, so at the same event however many are worked off at once. */
  stop(): void {
    this.stopping = true;
  }

  private happen(): void {
    const { queue, digest } = this;
    const { kind, first, second, stamp, payload } = queue;
    if (this.observe !== undefined) {
      this.observe(digest.events + 1, queue.at, () => this.inWords(kind, first, second, payload));
    }
    digest.mix(queue.at);
    digest.mix(kind * 0x1000000 + first);
    digest.mix(second);
    digest.close();
    switch (kind) {
      case DELIVER:
        this.deliver(first, second, stamp, payload);
        return;
      case ASK:
        this.asked(first, second, stamp, payload);
        return;
      case ANSWER:
        this.answered(first, second, payload);
        return;
      case WAKE:
        this.machines[first].wake(second);
        return;
      case SERVED:
        this.machines[first].served(second, payload as Input);
        return;
      default:
        (payload as () => void)();
    }
  }

  private inWords(kind: number, first: number, second: number, payload: unknown): string {
    const id = (index: number): string => this.settings.members[index].id;
    const client = (handle: number): string => `client-${String(Math.floor(handle / MAX_CLIENTS) + 1)}`;
    const messageOf = (): string =>
      ((this.watcher === undefined ? payload : (payload as Carried).message) as Message).kind;
    switch (kind) {
      case DELIVER:
        return `${id(second)} receives ${messageOf()} from ${id(first)}`;
      case ASK:
        return `${id(second)} is asked ${messageOf()} by ${client(first)}`;
      case ANSWER:
        return `${client(second)} is answered by ${id(first)}`;
      case WAKE:
        return `${id(first)} wakes`;
      case SERVED:
        return `${id(first)} has handled a message`;
      default:
        return "the load, a disk or a fault acts";
    }
  }

  // ---- messages ------------------------------------------------------------------------------------------------

  private send(from: NodeIndex, to: NodeIndex, message: PeerMessage): void {
    if (to >= this.machines.length) {
      this.tell(from, to - this.machines.length, message);
      return;
    }
    const copy = this.recode(message) as PeerMessage;
    const machine = this.machines[from];
    machine.messagesSent++;
    machine.bytesSent += this.bytes;
    machine.traffic.count(message, this.bytes);
    const { bytes, time, watcher } = this;
    const passage = this.network.between(from, to, message.kind, Number.isNaN(bytes) ? 0 : bytes, time);
    const { fate, arrivals, first, second } = passage;
    const watched = watcher === undefined ? 0 : watcher.sent(time, node(from), node(to), copy, bytes);
    if (arrivals === 0) {
      watcher?.failed(watched, time, fate as "lost" | "cut");
      return;
    }
    if (fate === "held") {
      watcher?.failed(watched, time, "held");
      if (this.held.length < MAX_HELD) this.held.push({ from, to, message: copy, sentAt: time, watched });
      else this.network.lost++;
      return;
    }
    this.carry(first, from, to, copy, time, watched);
    if (arrivals === 2) {
      const again = watcher === undefined ? 0 : watcher.sent(time, node(from), node(to), copy, bytes);
      // States are immutable values: the second copy may be the same object.
      this.carry(second, from, to, copy, time, again);
    }
  }

  private carry(
    at: Micros,
    from: NodeIndex,
    to: NodeIndex,
    message: PeerMessage,
    sentAt: Micros,
    watched: number,
  ): void {
    const payload: PeerMessage | Carried = this.watcher === undefined ? message : { message, watched };
    this.queue.schedule(at, DELIVER, from, to, sentAt, payload);
  }

  private deliver(from: NodeIndex, to: NodeIndex, sentAt: Micros, payload: unknown): void {
    const { watcher } = this;
    const message = (watcher === undefined ? payload : (payload as Carried).message) as PeerMessage;
    const arrival = this.machines[to].arrive({ kind: "received", from, message }, sentAt);
    if (watcher !== undefined) this.seen((payload as Carried).watched, arrival);
    if (arrival !== "taken" || this.leg === undefined) return;
    const leg = legOf(message.kind);
    if (leg !== undefined) this.leg(leg, this.time - sentAt);
  }

  private seen(watched: number, arrival: Arrival): void {
    if (arrival === "taken") this.watcher!.arrived(watched, this.time);
    else this.watcher!.failed(watched, this.time, arrival);
  }

  /** What faults do to links from now on. Messages that are held no more arrive now, in the order they were sent. */
  setRules(rules: readonly LinkRule[]): void {
    this.network.setRules(rules);
    const { held } = this;
    this.held = held.filter(({ from, to }) => this.network.isHeld(from, to));
    for (const { from, to, message, sentAt, watched } of held) {
      if (!this.network.isHeld(from, to)) this.carry(this.time, from, to, message, sentAt, watched);
    }
  }

  /** What the bytes say: nothing is shared. Every message that is sent becomes part of the digest here. */
  private recode(message: Message): Message {
    if (this.bypass) {
      this.bytes = this.measured ? this.sizeOf(message) : NaN;
      this.digest.mix(message.kind.charCodeAt(0) * 256 + message.kind.length);
      this.digest.mix(
        message.kind === "heartbeat"
          ? message.sequence
          : message.kind === "gossip"
            ? message.ringId.version
            : message.kind === "client-coordinated"
              ? message.request.id
              : message.id,
      );
      return message;
    }
    const { writer, reader } = this;
    writer.reset();
    this.codec.encode(message, writer);
    this.bytes = writer.length;
    this.digest.mixBytes(writer.bytes, 0, writer.length);
    reader.reset(writer.bytes, 0, writer.length);
    return this.codec.decode(reader);
  }

  private sizeOf(message: Message): number {
    this.writer.reset();
    this.codec.encode(message, this.writer);
    return this.writer.length;
  }

  // ---- clients -------------------------------------------------------------------------------------------------

  /** A client library of its own: connections to all nodes. */
  client(options: ClientRouting): SimulatedClient {
    const number = this.clients.length;
    assert(number < MAX_CLIENTS, "clients are few; sessions are many");
    const client = new SimulatedClient(
      {
        now: () => this.time,
        at: (time, act) => this.at(time, act),
        connected: (session, to) =>
          this.machines[to].up &&
          this.machines[to].node?.serving !== false &&
          (session === OUTSIDER || !this.network.isCut(this.party(session), to)),
        ask: (session, to, message) => this.ask(session * MAX_CLIENTS + number, to, message),
        alarm: () => new QueueAlarm(this),
        wallTime: (now) => WALL_AT_START + now,
        timestamp: (session) => this.timestamps?.next(session, WALL_AT_START + this.time, this.time) ?? 0,
      },
      {
        ...options,
        number,
        cluster: this.settings,
        ring: this.ring,
        rings: this.rings,
        state: this.newestState,
      },
    );
    this.clients.push(client);
    this.balanced.push(options.routing === "any" && options.direct !== true);
    this.machines.forEach(({ up }, node) => up || client.linked(node, false));
    return client;
  }

  /** The network's number for a client's session. */
  private party(session: number): number {
    return this.machines.length + session;
  }

  private ask(handle: number, to: NodeIndex, message: ClientMessage): void {
    const session = Math.floor(handle / MAX_CLIENTS);
    const { time, watcher } = this;
    const copy = this.recode(message) as ClientMessage;
    const arrives = this.network.client(session, to, true, time, this.balanced[handle % MAX_CLIENTS]);
    const watched = watcher === undefined ? 0 : watcher.sent(time, clientParty(session), node(to), copy, this.bytes);
    if (arrives === undefined) watcher?.failed(watched, time, "cut");
    else this.queue.schedule(arrives, ASK, handle, to, time, watcher === undefined ? copy : { message: copy, watched });
  }

  private asked(handle: number, to: NodeIndex, sentAt: Micros, payload: unknown): void {
    const { watcher } = this;
    const message = (watcher === undefined ? payload : (payload as Carried).message) as ClientMessage;
    const arrival = this.machines[to].arrive({ kind: "asked", session: handle, message }, sentAt);
    if (watcher !== undefined) this.seen((payload as Carried).watched, arrival);
  }

  private answer(from: NodeIndex, handle: number, message: ClientAnswer): void {
    if (message.kind === "inspection") {
      const done = this.inspections.get(message.id);
      this.inspections.delete(message.id);
      done?.(message);
      return;
    }
    this.tell(from, handle, message);
  }

  /** A node's word to a client: an answer, or what a replica says to one that coordinates. */
  private tell(from: NodeIndex, handle: number, message: Exclude<ClientAnswer, Inspection> | PeerMessage): void {
    const session = Math.floor(handle / MAX_CLIENTS);
    const { time, watcher } = this;
    const copy = this.recode(message);
    const arrives = this.network.client(session, from, false, time, this.balanced[handle % MAX_CLIENTS]);
    const watched = watcher === undefined ? 0 : watcher.sent(time, node(from), clientParty(session), copy, this.bytes);
    if (arrives === undefined) watcher?.failed(watched, time, "cut");
    else
      this.queue.schedule(
        arrives,
        ANSWER,
        from,
        handle,
        time,
        watcher === undefined ? copy : { message: copy, watched },
      );
  }

  private answered(from: NodeIndex, handle: number, payload: unknown): void {
    const { watcher } = this;
    const message = (watcher === undefined ? payload : (payload as Carried).message) as
      Exclude<ClientAnswer, Inspection> | ReplicaReply;
    watcher?.arrived((payload as Carried).watched, this.time);
    const client = this.clients[handle % MAX_CLIENTS];
    if (message.kind === "membership" || isReply(message)) client.told(from, message);
    else client.arrived(message);
  }

  /**
   * Write ids that one node holds for each (vnode, address), past network and service times; undefined when the node is
   * down, stands still or dies before it has answered. `done` may be called within the call.
   */
  inspect(
    to: NodeIndex,
    vnodes: readonly number[],
    addresses: readonly Address[],
    done: (inspected: Inspected | undefined) => void,
  ): void {
    const machine = this.machines[to];
    if (!machine.up || machine.paused) {
      done(undefined);
      return;
    }
    const id = this.nextInspection++;
    this.inspections.set(id, done);
    machine.tell({ kind: "asked", session: 0, message: { kind: "inspect", id, vnodes, addresses } });
    if (this.inspections.has(id)) {
      // A disk takes its time; a process that dies meanwhile never answers.
      this.at(this.time + INSPECTION_PATIENCE, () => {
        if (this.inspections.delete(id)) done(undefined);
      });
    }
  }

  // ---- machines ------------------------------------------------------------------------------------------------

  private machineWorld(): MachineWorld {
    return {
      now: () => this.time,
      send: (from, to, message) => this.send(from, to, message),
      answer: (from, session, message) => this.answer(from, session, message),
      at: (time, act) => this.at(time, act),
      cancel: (handle) => this.cancel(handle),
      wakeAt: (time, at, life) => this.queue.schedule(time, WAKE, at, life, 0, undefined),
      servedAt: (time, at, life, input) => void this.queue.schedule(time, SERVED, at, life, 0, input),
      noted: (at, note) => this.noted(at, note),
      stoodStill: (at) => this.became(at, "paused"),
      wentOn: (at) => this.became(at, "up"),
    };
  }

  private noted(at: NodeIndex, note: Note): void {
    this.watcher?.noted(this.time, at, note);
    if (note.kind === "ring") {
      const { version, proposer, phase, first } = note;
      this.viewed?.({ at: this.time, node: at, version, proposer, phase, first });
    }
    // Its work is done: an operator would switch it off. Not within its own step.
    if (note.kind === "retired") {
      const { version, proposer } = this.machines[at].node?.ringState?.id ?? NO_RING;
      this.viewed?.({ at: this.time, node: at, version, proposer, phase: "left", first: false });
      this.at(this.time + RETIREMENT, () => {
        this.kill(at);
        this.detection?.node(this.time, at, "absent");
      });
    }
    if (this.detection === undefined || (note.kind !== "suspected" && note.kind !== "trusted")) return;
    this.detection.opinion(this.time, at, note.node, note.kind === "suspected");
  }

  private became(
    at: NodeIndex,
    state: "up" | "down" | "paused",
    held?: (vnode: number, address: Address) => unknown,
  ): void {
    this.watcher?.node(this.time, at, state, held);
    this.detection?.node(this.time, at, state);
  }

  /** How much one node doubts another, in its detector's unit; undefined where it has none, or is not there to say. */
  doubt(observer: NodeIndex, subject: NodeIndex): number | undefined {
    const { node: asked, up, paused } = this.machines[observer];
    return up && !paused ? asked?.doubt?.(subject, this.time) : undefined;
  }

  private machine(index: NodeIndex, create: NodeFactory, world: MachineWorld): Machine {
    const { settings, random, watcher } = this;
    const { nodeModel, members, storage, engine } = settings;
    const make = (one: DistributionSettings | undefined): ReturnType<typeof distributionOf> | undefined =>
      one === undefined ? undefined : distributionOf(one);
    const service = nodeModel?.service;
    const speed = members[index].speed ?? 1;
    return new Machine(world, {
      index,
      nodeOptions: {
        index,
        ring: this.firstRing,
        ...(engine.membership === undefined ? {} : { rings: this.rings }),
        settings: engine,
        seed: settings.seed,
        loopback: loopbackOf(settings),
        tracing: watcher !== undefined,
      },
      create,
      disk:
        storage.kind === "memory"
          ? undefined
          : (machine) =>
              new SimulatedDisk(machine, {
                clock: clockFor(engine),
                sync: storage.sync,
                read: make(service?.read),
                write: make(service?.write),
                syncing: make(service?.sync),
                speed,
                keepStates: this.bypass,
                random: random.fork(`disk/${String(index)}`),
                misfortune: random.fork(`disk/${String(index)}/faults`),
              }),
      service: make(service?.message),
      workers: nodeModel?.workers ?? 1,
      queueLimit: nodeModel?.queueLimit ?? Infinity,
      speed,
      random: random.fork(`service/${String(index)}`),
      pauses:
        nodeModel?.pauses === undefined
          ? undefined
          : {
              every: distributionOf(nodeModel.pauses.every),
              length: distributionOf(nodeModel.pauses.length),
              random: random.fork(`pauses/${String(index)}`),
            },
      ...(watcher === undefined && this.stored === undefined
        ? {}
        : { watched: (inner: Storage) => this.watchedStorage(index, inner) }),
    });
  }

  private watchedStorage(index: NodeIndex, inner: Storage): Storage {
    return {
      immediate: inner.immediate,
      load: (token, vnode, address, events) => inner.load(token, vnode, address, events),
      store: (token, vnode, address, state, events) => {
        this.watcher?.stored(this.time, index, vnode, address, state);
        this.stored?.(this.time, index, vnode, address, state);
        inner.store(token, vnode, address, state, events);
      },
      scan: (token, cursor, limit, events) => inner.scan(token, cursor, limit, events),
      range: (token, asked, events) => inner.range(token, asked, events),
      count: () => inner.count(),
    };
  }

  /** Nodes start one after another within a heartbeat, or all heartbeats of a simulation would fall together. */
  private bootAll(): void {
    const starts = this.random.fork("boot");
    for (let index = 0; index < this.machines.length; index++) {
      const machine = this.machines[index];
      const { settings } = this;
      const { offset, ppm } = wallErrorOfNode(settings, index);
      machine.setWall(offset, ppm);
      const start = this.ready === 0 ? 0 : starts.nextBelow(this.ready);
      if (settings.members[index].joins === true) continue;
      if (start === 0) this.boot(index);
      else this.at(start, () => this.boot(index));
    }
  }

  /** Starts a node that is down. */
  boot(index: NodeIndex): void {
    const machine = this.machines[index];
    if (machine.up) return;
    machine.boot();
    this.became(index, "up", (vnode, address) => machine.peek(vnode, address));
    for (const client of this.clients) if (client.coordinates) client.linked(index, true);
    if (this.hears === undefined) return;
    for (let other = 0; other < this.machines.length; other++) {
      if (other === index) continue;
      if (!this.reaches(index, other)) machine.tell({ kind: "link-down", node: other });
      if (this.reaches(other, index)) this.machines[other].tell({ kind: "link-up", node: index });
    }
  }

  /** Whether what `from` asks of `to` can be answered: what a perfect detector is told. */
  private reaches(from: NodeIndex, to: NodeIndex): boolean {
    const { up, epoch } = this.machines[to];
    // Who has never started is about to, and not dead.
    if (!up && epoch > 0) return false;
    return !this.network.isCut(from, to) && !this.network.isCut(to, from);
  }

  /** Who is cut off from whom, from now on. */
  setPartitions(partitions: readonly PartitionRule[]): void {
    const { hears, machines } = this;
    const before = hears !== undefined ? machines.map((_, a) => machines.map((_, b) => this.reaches(a, b))) : [];
    this.network.setPartitions(partitions);
    this.detection?.partitions(this.time, partitions);
    before.forEach((row, from) =>
      row.forEach((reached, to) => {
        const reaches = this.reaches(from, to);
        // Nobody's link tells of a partition, only of its end.
        if (reaches !== reached && (reaches || hears === "truth"))
          machines[from].tell({ kind: reaches ? "link-up" : "link-down", node: to });
      }),
    );
  }

  /** Ends a node's process at once. Clients notice after their link's delay. */
  kill(index: NodeIndex): void {
    const machine = this.machines[index];
    if (!machine.up) return;
    this.stepsOfPastLives += machine.host?.steps ?? 0;
    machine.kill();
    this.became(index, "down");
    const died = this.time;
    for (const client of this.clients) {
      // Whoever is cut off from it hears nothing, and waits for its deadline.
      const hears = (session: number): boolean =>
        session === OUTSIDER || !this.network.isCut(index, this.party(session));
      const notice = died + this.network.clientDelay(index, false);
      this.at(notice, () => client.disconnected(index, died, hears, this.machines[index].up));
    }
    if (this.hears === "truth") for (const other of this.machines) other.tell({ kind: "link-down", node: index });
    else if (this.hears === "links") this.resetLinks(index);
  }

  /** The machine of a process that died ends its connections: peers learn of it as fast as of a message. */
  private resetLinks(index: NodeIndex): void {
    const { epoch } = this.machines[index];
    for (let other = 0; other < this.machines.length; other++) {
      if (other === index) continue;
      const { fate, arrivals, first } = this.network.between(index, other, "heartbeat", 0, this.time);
      // What is lost is sent again; behind a partition, by nobody.
      if (fate === "cut") continue;
      const notice = arrivals === 0 ? this.time + LOST_RESET : first;
      this.at(notice, () => {
        if (!this.machines[index].up && this.machines[index].epoch === epoch)
          this.machines[other].tell({ kind: "link-down", node: index });
      });
    }
  }

  /** The process stands still until {@link resume}. */
  pause(index: NodeIndex): void {
    if (!this.machines[index].up) return;
    this.machines[index].pause();
    this.became(index, "paused");
  }

  resume(index: NodeIndex): void {
    const machine = this.machines[index];
    if (!machine.stopped) return;
    if (!machine.collecting) this.became(index, "up");
    machine.resume();
  }

  /** Totals of one node; undefined when it never started though it should have. */
  counts(index: NodeIndex): MachineCounts | undefined {
    const machine = this.machines[index];
    const counts = machine.count() ?? (this.settings.members[index].joins === true ? { ...NOTHING_DONE } : undefined);
    if (counts === undefined) return undefined;
    const { messagesSent, bytesSent, queueDrops } = machine;
    const host: Host | undefined = machine.host;
    const byCause = machine.traffic.byCause();
    return {
      ...counts,
      messagesSent,
      bytesSent,
      byCause,
      queueDrops,
      keysHeld: machine.keysHeld(),
      steps: host?.steps ?? 0,
    };
  }

  /** Calls of `step` so far, of all nodes. */
  get steps(): number {
    return this.machines.reduce((sum, { host }) => sum + (host?.steps ?? 0), this.stepsOfPastLives);
  }
}

/** Wakes a coordinator inside a client. */
class QueueAlarm implements Alarm {
  private handle: EventHandle | undefined;

  constructor(private readonly cluster: SimulatedCluster) {}

  now(): Micros {
    return this.cluster.now();
  }

  set(at: Micros, wake: () => void): void {
    if (this.handle !== undefined) this.cluster.cancel(this.handle);
    this.handle = this.cluster.at(Math.max(at, this.cluster.now()), () => {
      this.handle = undefined;
      wake();
    });
  }
}

function node(index: number): { kind: "node"; index: number } {
  return { kind: "node", index };
}

function clientParty(index: number): { kind: "client"; index: number } {
  return { kind: "client", index };
}

const MAX_CLIENTS = 16;
/** Messages that faults hold back at once. */
const MAX_HELD = 1_000_000;
/** Until a connection's end that was lost is told again: TCP's first retransmission. */
const LOST_RESET: Micros = 200_000;
/** From a node's last word to its end. */
const RETIREMENT: Micros = 1_000;
const INSPECTION_PATIENCE: Micros = 2_000_000;

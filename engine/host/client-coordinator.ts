/**
 * A coordinator inside a client (DeCandia et al., SOSP 2007, section 6.4): the very node that coordinates in a cluster, in no ring
 * and without copies, so that there is no second get or put. A load balancer and one hop are saved. Reads are coordinated here;
 * writes too where the clock lets anybody make an event; where an event takes a replica's name, a member of the preference list is
 * asked to coordinate the put, which is what the paper's client library does.
 *
 * It works by the membership that it last heard, asks a random node for it every so often, and at once when it doubts its view: when
 * a node is suspected, and when too few replicas could be asked or answered. A node that refuses a request because it was begun under an
 * older ring sends the newer one along.
 *
 * The trap: many sessions share one coordinator, and a partition may stand between some of them and a node. So whatever it sends says
 * on whose behalf; what is sent for nobody any more (a repair after the deadline) is for the world to judge.
 */
import { clockFor } from "../clocks/clock";
import type { Context, Version } from "../clocks/clock";
import { HeardRing } from "../membership/heard-ring";
import {
  type AnswerMessage,
  type ClientAnswer,
  type ClientCoordinated,
  type GetRequest,
  type MembershipAnswer,
  type MembershipPoll,
  type NodeIndex,
  type PeerMessage,
  type PutRequest,
  type ProbeMessage,
  type ReplicaGetReply,
  type ReplicaPutReply,
  type ReplicaRequest,
  type RequestOptions,
  type RingState,
  THE_CLIENT,
  type Writer,
} from "../messages";
import { Node, type NodeCounts } from "../node";
import type { Ring } from "../ring/ring";
import type { RingMaker } from "../ring/ring-maker";
import type { Address } from "../vocabulary/address";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import { Random } from "../vocabulary/random";
import type { ClusterSettings, EngineSettings } from "../vocabulary/settings";
import { Host } from "./host";
import { MemoryStorage } from "./memory-storage";
import type { Alarm, Transport } from "./ports";

/** What it needs of the client around it. */
export interface CoordinatorWorld {
  readonly alarm: Alarm;
  /** A second alarm, for polls. */
  readonly pollAlarm: Alarm;
  /** Best effort, like a link. `session` undefined: for none that is known any more. */
  send(session: number | undefined, to: NodeIndex, message: ClientCoordinated): void;
  poll(to: NodeIndex, message: MembershipPoll): void;
  /** May come within {@link ClientCoordinator.get} and {@link ClientCoordinator.put}. */
  answer(message: AnswerMessage): void;
  /** Whether a connection is open: whom a poll may ask. */
  connected(node: NodeIndex): boolean;
  wallTime(now: Micros): Micros;
}

export interface CoordinatorOptions {
  readonly cluster: ClusterSettings;
  /** Tells client libraries of one cluster apart. */
  readonly number: number;
  readonly ring: Ring;
  /** Where the ring may change. */
  readonly rings: RingMaker | undefined;
  readonly pollMs: number;
}

/** Until a poll that was not answered is given up. */
const POLL_PATIENCE: Micros = 1_000_000;
/** However much fails. */
const LEAST_BETWEEN_POLLS: Micros = 100_000;

export class ClientCoordinator implements Transport {
  /** Whether puts are coordinated here too. */
  readonly coordinatesPuts: boolean;
  private readonly node: Node;
  private readonly host: Host;
  private readonly heard: HeardRing;
  private readonly random: Random;
  private readonly size: number;
  private readonly pollMicros: Micros;
  private nextPoll: Micros;
  private polledAt: Micros = -Infinity;
  private pollId = 0;
  private answeredPoll = 0;
  /** On whose behalf the step at hand is. */
  private session: number | undefined;
  private serial = 0;
  /** Polls sent, and views that brought another ring. */
  polls = 0;
  views = 0;

  constructor(
    private readonly world: CoordinatorWorld,
    options: CoordinatorOptions,
  ) {
    const { cluster, number, ring, rings, pollMs } = options;
    const { engine, members, seed } = cluster;
    this.size = members.length;
    this.coordinatesPuts = !clockFor(engine).mintsServerDots;
    this.random = Random.fromSeed(seed).fork(`client-coordinator/${String(number)}`);
    this.heard = new HeardRing(
      ring,
      engine.membership === undefined ? undefined : rings,
      engine.membership?.doubleWrites ?? true,
    );
    const now = world.alarm.now();
    this.node = new Node(
      {
        index: members.length + number,
        epoch: 1,
        ring,
        heard: this.heard,
        settings: settingsOfClient(engine),
        seed,
        storageIsImmediate: true,
        loopback: false,
        tracing: false,
        wallTime: (at) => world.wallTime(at),
      },
      now,
    );
    this.host = new Host(this.node, {
      transport: this,
      // Nobody keeps a copy here.
      storage: new MemoryStorage(),
      alarm: world.alarm,
      note: (note) => {
        // Perhaps it was taken out of the ring: the paper's own example of a view to be refreshed at once.
        if (note.kind === "suspected") this.pollSoon();
      },
    });
    this.host.start();
    this.pollMicros = fromMs(pollMs);
    this.nextPoll = now + this.pollMicros;
    this.armPoll();
  }

  /** By which requests are coordinated. */
  get ring(): Ring {
    return this.heard.reading;
  }

  get counts(): NodeCounts {
    return this.node.count();
  }

  believesUp(node: NodeIndex): boolean {
    return this.node.believes(node);
  }

  get(session: number, id: number, address: Address, options: RequestOptions | undefined): void {
    this.ask(session, { kind: "get", id, forwarded: false, address, options });
  }

  put(
    session: number,
    id: number,
    address: Address,
    what: { readonly context: Context; readonly version: Version; readonly writer: Writer },
    options: RequestOptions | undefined,
  ): void {
    assert(this.coordinatesPuts, "an event that takes a replica's name is made by a replica");
    this.ask(session, { kind: "put", id, forwarded: false, address, ...what, options });
  }

  private ask(session: number, message: GetRequest | PutRequest): void {
    this.session = session;
    this.serial = this.heard.serial;
    this.host.deliver({ kind: "asked", session, message });
    this.session = undefined;
  }

  /** What a replica answers, or a ping's answer. */
  received(from: NodeIndex, message: ReplicaReply): void {
    if (message.kind === "probe" && message.what !== "ack") return;
    const about = message.kind === "probe" ? undefined : this.node.about(message.id);
    this.session = about?.session;
    this.serial = about?.ringSerial ?? this.heard.serial;
    this.host.deliver({ kind: "received", from, message });
    this.session = undefined;
  }

  /** Of a reply, on whose behalf it was asked for; undefined when nobody knows any more. */
  sessionOf(message: ReplicaReply): number | undefined {
    return message.kind === "probe" ? undefined : this.node.about(message.id)?.session;
  }

  /** Of a poll, or unasked. */
  heardOf({ id, ring }: Pick<MembershipAnswer, "id" | "ring">): void {
    if (id === this.pollId) this.answeredPoll = id;
    if (ring !== undefined) this.learn(ring);
  }

  learn(state: RingState): void {
    if (!this.heard.hear(state)) return;
    this.views++;
    this.node.ringHeard(this.world.alarm.now());
  }

  /** A connection to a node is open, or none is any more. */
  linked(node: NodeIndex, up: boolean): void {
    this.host.deliver({ kind: up ? "link-up" : "link-down", node });
  }

  stop(): void {
    this.host.stop();
    this.nextPoll = Infinity;
  }

  /** Asks for the current membership now. */
  refresh(): void {
    this.nextPoll = this.world.pollAlarm.now();
    this.poll();
  }

  // ---- membership ----------------------------------------------------------------------------------------------

  private pollSoon(): void {
    const now = this.world.alarm.now();
    const waits = this.pollId !== this.answeredPoll && now - this.polledAt < POLL_PATIENCE;
    const at = Math.max(now, this.polledAt + LEAST_BETWEEN_POLLS);
    if (waits || this.nextPoll <= at) return;
    this.nextPoll = at;
    this.armPoll();
  }

  private armPoll(): void {
    if (this.nextPoll < Infinity) this.world.pollAlarm.set(this.nextPoll, () => this.poll());
  }

  private poll(): void {
    const now = this.world.pollAlarm.now();
    if (now < this.nextPoll) return this.armPoll();
    this.nextPoll = now + this.pollMicros;
    this.armPoll();
    const open: NodeIndex[] = [];
    for (let node = 0; node < this.size; node++)
      if (this.world.connected(node) && this.node.believes(node)) open.push(node);
    if (open.length === 0) return;
    this.polledAt = now;
    this.pollId = (this.pollId % ID_SPACE) + 1;
    this.polls++;
    this.world.poll(open[this.random.nextBelow(open.length)], { kind: "membership-poll", id: this.pollId });
  }

  // ---- the node's own way out ----------------------------------------------------------------------------------

  send(to: NodeIndex, message: PeerMessage): void {
    assert(isRequest(message), `a client asks no ${message.kind} of anybody`);
    const about = message.kind === "probe" || message.id === 0 ? undefined : this.node.about(message.id);
    const ring = this.heard.idAt(about?.ringSerial ?? (this.session === undefined ? this.heard.serial : this.serial));
    this.world.send(about?.session ?? this.session, to, { kind: "client-coordinated", ring, request: message });
  }

  answer(_session: number, message: ClientAnswer): void {
    if (message.kind !== "answer") return;
    // Whoever cannot be reached may be a member no more.
    if (OF_ABSENCE.has(message.outcome)) this.pollSoon();
    this.world.answer({ ...message, coordinator: THE_CLIENT });
  }
}

const ID_SPACE = 2 ** 30;
const OF_ABSENCE: ReadonlySet<AnswerMessage["outcome"]> = new Set(["unavailable", "quorum_unreachable", "timeout"]);

/** Nothing of what a node does for its own copies and its peers. */
function settingsOfClient(engine: EngineSettings): EngineSettings {
  const { membership, aae: _trees, backgroundP99Ms: _background, ...rest } = engine;
  const settings: EngineSettings = {
    ...rest,
    coordinator: "any",
    admission: Math.max(engine.admission, LEAST_ADMISSION),
  };
  // Whether copies are on the move, and a tombstone may come back, only members know.
  return membership === undefined ? settings : { ...settings, deleteMode: "keep" };
}

/** A client does not refuse itself: what it may have outstanding is the workload's to say. */
const LEAST_ADMISSION = 1_048_576;

function isRequest(message: PeerMessage): message is ReplicaRequest {
  return message.kind === "replica-get" || message.kind === "replica-put" || message.kind === "probe";
}

export type ReplicaReply = ReplicaGetReply | ReplicaPutReply | ProbeMessage;

/** Of all that nodes say to each other, what they say to a client that coordinates. */
export function isReply(message: { readonly kind: string }): message is ReplicaReply {
  const { kind } = message;
  return kind === "replica-get-reply" || kind === "replica-put-reply" || kind === "probe";
}

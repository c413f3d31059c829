/**
 * The node: routes each input to the room that knows what to do, and turns the rooms' decisions into effects. It is the
 * one place that branches on what a message is; quorum arithmetic, clocks, replicas and opinions about peers live in
 * their own rooms and know nothing of each other.
 *
 * A node is a value machine (see io.ts): no socket, file, timer or random source; equal inputs give equal effects.
 */
import type { Clock, Version } from "./clocks/clock";
import { clockAt, clockByBucket, clockFor, packActor } from "./clocks/clock";
import { bytesOf } from "./clocks/version";
import { clientOpinion } from "./detectors/client-opinion";
import { type Detector, detectorNamed } from "./detectors/detector";
import { AntiEntropy } from "./antientropy/anti-entropy";
import { BucketBook } from "./buckets/book";
import { applied, type BucketLimits, type BucketProperties, propertiesOfCluster } from "./buckets/properties";
import { entriesFrom } from "./buckets/remembered";
import { Spreading } from "./buckets/spreading";
import { Handoff } from "./handoff/handoff";
import {
  type DamagedRecord,
  Effects,
  type Input,
  type Note,
  type ProtocolNode,
  type RangePage,
  type ScannedRecord,
  type Session,
} from "./io";
import type {
  AnswerMessage,
  BucketRequest,
  ClientCoordinated,
  GetRequest,
  Held,
  HeldMetadata,
  Inspect,
  NodeIndex,
  PeerMessage,
  ProbeMessage,
  PutRequest,
  RangeReply,
  RangeRequest,
  ReplicaGet,
  ReplicaGetReply,
  ReplicaPut,
  ReplicaUpdate,
  RequestOptions,
  RingId,
  RingState,
  ScannedKey,
  ScanRequest,
  Shortfall,
  Ticket,
  Writer,
} from "./messages";
import { ANY_HINT, MAX_INSPECTED_KEYS, MAX_PAGE_BYTES, MAX_SCANNED, MAX_STATE_BYTES } from "./messages";
import { countOf, firstOf, MAX_REPLICAS, nodesOf, resolveQuorum } from "./quorum/arithmetic";
import { Coverage } from "./quorum/coverage";
import { Deadlines } from "./quorum/deadlines";
import { Digests, DIGEST_BYTES } from "./quorum/digest";
import { GetCoordination, type GetQuorum } from "./quorum/get-coordinator";
import type { Origin } from "./quorum/origin";
import { NOT_AT_A_REPLICA, PutCoordination, type PutQuorum } from "./quorum/put-coordinator";
import { ReadStrategies } from "./quorum/read-strategies";
import { RecentLatency } from "./quorum/recent-latency";
import { firstIdOf, type Identified, RequestTable } from "./quorum/request-table";
import { ScanCoordination } from "./quorum/scan";
import { StrategicGet } from "./quorum/strategic-get";
import { Tickets } from "./quorum/tickets";
import { rangeOfKeys } from "./replica/range-page";
import { Replica } from "./replica/replica";
import { Reaper } from "./replica/reaper";
import type { HeardRing } from "./membership/heard-ring";
import { LivingRing } from "./membership/living-ring";
import { compareRingIds, NO_RING } from "./membership/ring-ids";
import { HINTED, type Replica as Placement, type Ring } from "./ring/ring";
import type { RingMaker } from "./ring/ring-maker";
import { type Address, afterPrefix, isAddress, isBucketPrefix, isTypePrefix } from "./vocabulary/address";
import { assert, unreachable } from "./vocabulary/assert";
import { fromMs, type Micros } from "./vocabulary/micros";
import { MalformedBytes, type Octets } from "./vocabulary/octets";
import type { Outcome } from "./vocabulary/outcomes";
import { Random } from "./vocabulary/random";
import type { EngineSettings, HintSettings, QuorumValue } from "./vocabulary/settings";

/** Longest address either world stores; LMDB's keys end a little above. */
export const MAX_ADDRESS_BYTES = 1_900;

export interface NodeOptions {
  readonly index: NodeIndex;
  readonly epoch: number;
  /** The ring at the beginning, and for ever where membership is fixed. */
  readonly ring: Ring;
  /** Where membership is not fixed: how rings are made. */
  readonly rings?: RingMaker | undefined;
  /** Of a coordinator inside a client, which is in no ring and has no copies: the ring as it has heard of it. */
  readonly heard?: HeardRing | undefined;
  /** What an earlier life made durable with the last `persist` of each slot: as a member; of buckets. */
  readonly remembered?: string | undefined;
  readonly rememberedBuckets?: string | undefined;
  readonly settings: EngineSettings;
  /** Of the run: what this node draws is drawn from here, by its index and life. */
  readonly seed: number;
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
  ringSerial = 0;
  constructor(
    readonly origin: Origin,
    readonly operation: "get" | "put",
    readonly to: NodeIndex,
    readonly startedAt: Micros,
  ) {}
}

/** A get that anti-entropy makes to have a key repaired: nobody is answered. */
class RepairingGet extends GetCoordination {
  constructor(
    address: Address,
    replicas: readonly Placement[],
    asked: number,
    quorum: GetQuorum,
    readonly done: (ok: boolean) => void,
  ) {
    super({ kind: "nobody", id: 0 }, address, replicas, asked, countOf(asked), quorum, asked);
  }
}

/** A hint on its way to a peer that is to keep it. */
class Slop implements Identified {
  readonly kind = "slop";
  id = 0;
  ringSerial = 0;
  constructor(
    readonly put: PutCoordination,
    /** Position of the replica it is for. */
    readonly at: number,
    readonly keeper: NodeIndex,
  ) {}
}

type InProgress = GetCoordination | PutCoordination | ScanCoordination | Forwarding | Slop;

/** What this node has done since it started. Monotonic. */
export interface NodeCounts {
  coordinated: number;
  /** Of those, gets. */
  coordinatedGets: number;
  forwarded: number;
  refused: number;
  readRepairs: number;
  replicaReads: number;
  replicaWrites: number;
  /** Of those coordinated, scans; pages of own copies read for scans, and the copies in them. */
  coordinatedScans: number;
  replicaScans: number;
  rangeRecords: number;
  inspectedKeys: number;
  /** Tombstones removed. */
  reaped: number;
  /** Replicas asked because others were late, and reads that would have had to wait without. */
  speculations: number;
  speculationsHelped: number;
  /** Of this node's copies, digests sent in their place, and bytes that were not sent therefore. */
  digestReads: number;
  digestBytesSaved: number;
  /** Replicas that were asked again for the whole, because their digest differed. */
  digestMismatches: number;
  /** Reads that waited for a repair. */
  blockingRepairs: number;
  hintsWritten: number;
  hintsDelivered: number;
  hintsExpired: number;
  /** Not taken, because there were too many. */
  hintsRefused: number;
  /** Now. */
  hintsHeld: number;
  hintBytesHeld: number;
  /** Comparisons of trees begun here that came to their end; of those, found equal. */
  exchanges: number;
  exchangesEqual: number;
  /** Messages of comparisons, on either side. */
  treeMessages: number;
  keysCompared: number;
  /** Copies sent because their segment differed; copies received so that brought nothing new. */
  keysStreamed: number;
  keysOverstreamed: number;
  keysRepairedByAae: number;
  treesBuilt: number;
  /** Of transfers: keys that a new owner was asked about, copies sent to it, their bytes; copies taken in; copies given up. */
  transferOffers: number;
  transferKeys: number;
  transferBytes: number;
  transferTaken: number;
  transferDropped: number;
  /** Messages that began an exchange of gossip. */
  gossipRounds: number;
}

/** Before a node has done anything. */
export const NOTHING_DONE: Readonly<NodeCounts> = {
  coordinated: 0,
  coordinatedGets: 0,
  forwarded: 0,
  refused: 0,
  readRepairs: 0,
  replicaReads: 0,
  replicaWrites: 0,
  coordinatedScans: 0,
  replicaScans: 0,
  rangeRecords: 0,
  inspectedKeys: 0,
  reaped: 0,
  speculations: 0,
  speculationsHelped: 0,
  digestReads: 0,
  digestBytesSaved: 0,
  digestMismatches: 0,
  blockingRepairs: 0,
  hintsWritten: 0,
  hintsDelivered: 0,
  hintsExpired: 0,
  hintsRefused: 0,
  hintsHeld: 0,
  hintBytesHeld: 0,
  exchanges: 0,
  exchangesEqual: 0,
  treeMessages: 0,
  keysCompared: 0,
  keysStreamed: 0,
  keysOverstreamed: 0,
  keysRepairedByAae: 0,
  treesBuilt: 0,
  transferOffers: 0,
  transferKeys: 0,
  transferBytes: 0,
  transferTaken: 0,
  transferDropped: 0,
  gossipRounds: 0,
};

/** Gets a page of a walk, where to go on, and what of it could not be read. */
type PageTaker = (entries: readonly ScannedRecord[], cursor: unknown, damaged: readonly DamagedRecord[]) => void;

/** Gets the copies of a range, or hears that they cannot be read. */
type RangeTaker = (range: Pick<RangeReply, "status" | "copies" | "upTo">) => void;

/** Who is to answer for a key: parallel sets of bits over `replicas`. */
interface Places {
  readonly replicas: readonly Placement[];
  /** Believed up, hence asked. */
  readonly asked: number;
  /** How many that are. */
  readonly live: number;
  /** Of those asked, the ones that are no fallbacks. */
  readonly primaries: number;
  /** Copies there are to be, as far as this request is concerned. */
  readonly n: number;
  /** Of a put while the ring changes: owners by the other ring, which are to have it as well. */
  readonly pending?: readonly Placement[] | undefined;
}

export class Node implements ProtocolNode {
  /** What is said of buckets, as far as this node knows. Whoever is in its process may read it. */
  readonly buckets: BucketBook;
  /** Undefined of a coordinator inside a client: it goes by the cluster's, and is told where others are meant. */
  private readonly spreading: Spreading | undefined;
  /** As {@link BucketBook.ways} had it when it last mattered. */
  private ways: string;
  private readonly clock: Clock;
  private readonly detector: Detector;
  /** The detector judges by what requests show. */
  private readonly watchesOutcomes: boolean;
  private readonly replica: Replica;
  private readonly requests: RequestTable<InProgress>;
  private readonly tickets: Tickets;
  private readonly deadlines: Deadlines;
  /** Undefined: a read asks all N for all they have. */
  private readonly reads: ReadStrategies | undefined;
  /** Once somebody has asked for one. */
  private digests: Digests | undefined;
  private readonly reaper: Reaper;
  private peers: readonly NodeIndex[];
  /** Reads go by it. */
  private ring: Ring;
  /** Where the ring may change. */
  private readonly living: LivingRing | undefined;
  /** Raised with every state of the ring; and requests that owe an answer and were begun before that. */
  private ringSerial = 0;
  private unansweredBefore = 0;
  private readonly scans = new Map<number, PageTaker>();
  private readonly ranges = new Map<number, (page: RangePage) => void>();
  /** Of walks and range reads. */
  private nextScan = 1;
  /** When a scan stops waiting for those who say nothing, and asks others. */
  private readonly patience = new Deadlines((id) => this.requests.get(id)?.kind === "scan");
  private effects = new Effects();
  private spare = new Effects();
  private now: Micros;
  /** Infinity: never. */
  private nextHeartbeat: Micros;
  private heartbeatSequence = 0;
  /** Fallbacks take the places of primaries that are not believed up. */
  private readonly lends: boolean;
  /** Hints are log entries or slops: no member of any list, and left once it is known who missed a write. */
  private readonly hintsElsewhere: boolean;
  private readonly handoff: Handoff | undefined;
  private antiEntropy: AntiEntropy | undefined;
  /** Of reads for clients; only where background work looks at it. */
  private readonly foreground: RecentLatency | undefined;
  private readonly random: Random;
  private readonly suspectedSince = new Map<NodeIndex, Micros>();
  private lastStamp: Micros = 0;
  /** Requests that owe an answer; `requests.size` less these linger for late replies. */
  private unanswered = 0;
  readonly counts: NodeCounts = { ...NOTHING_DONE };

  constructor(
    private readonly options: NodeOptions,
    now: Micros,
  ) {
    assert(options.settings.nVal <= MAX_REPLICAS, "sets of replicas fit a bit mask");
    this.now = now;
    this.random = Random.fromSeed(options.seed).fork(`node/${String(options.index)}/${String(options.epoch)}`);
    const { standIn, sloppyQuorum } = options.settings;
    this.lends = standIn === "fallback" && sloppyQuorum === true;
    this.hintsElsewhere = standIn === "coordinator-log" || standIn === "peer-slop";
    assert(standIn === undefined || options.ring.canLend, "every home has a hinted vnode");
    this.requests = new RequestTable(FIRST_ROOM, firstIdOf(options.epoch));
    this.tickets = new Tickets(options.index, options.epoch, (from) => this.note({ kind: "tickets-full", from }));
    this.buckets = new BucketBook(propertiesOfCluster(options.settings));
    if (options.rememberedBuckets !== undefined)
      for (const entry of entriesFrom(options.rememberedBuckets)) this.buckets.take(entry);
    this.ways = this.buckets.ways;
    this.clock = clockByBucket(options.settings, (address) => {
      const properties = this.buckets.ofAddress(address);
      return properties === this.buckets.cluster ? undefined : properties.siblings;
    });
    this.ring = options.ring;
    this.peers = options.ring.members.map((_, index) => index).filter((index) => index !== options.index);
    this.detector = this.makeDetector(now);
    this.watchesOutcomes = this.detector.outcome !== undefined;
    this.deadlines = new Deadlines((id) => this.requests.get(id) !== undefined);
    this.reads = ReadStrategies.of(
      options.settings,
      this.clock,
      options.index,
      this.random.fork("reads"),
      (id) => {
        const request = this.requests.get(id);
        return request?.kind === "get" && !request.answered;
      },
      now,
    );
    this.reaper = new Reaper(
      options.settings.deleteMode ?? "keep",
      {
        check: (address) => this.checkTombstone(address),
        remove: (vnode, address, state) => this.replica.perform(vnode, address, { kind: "reap", state }),
        dropped: (address) => this.note({ kind: "reap-dropped", address }),
      },
      options.settings.graceMs,
    );
    if (options.settings.backgroundP99Ms !== undefined) this.foreground = new RecentLatency(now);
    this.handoff = this.makeHandoff();
    this.antiEntropy = this.makeAntiEntropy();
    if (this.watchesCopies && options.epoch > 1) this.lookThrough(undefined);
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
        reaps: this.buries || options.settings.membership !== undefined,
        buries: this.buries,
        forgotten: options.settings.graceMs === undefined ? undefined : (state): boolean => this.isForgotten(state),
        changed:
          this.watchesCopies || options.settings.membership !== undefined
            ? (vnode, address, before, after): void => this.changed(vnode, address, before, after)
            : undefined,
        storeFailed: this.antiEntropy === undefined ? undefined : (): void => this.antiEntropy!.doubt(),
        walks: options.ring.canLend && options.ring.homeOf(HINTED)?.vnode === 0,
        actorEpochs: options.settings.actorEpochs ?? true,
        now: () => this.now,
        messageLifetime: fromMs(2 * Math.max(options.settings.readTimeoutMs, options.settings.writeTimeoutMs)),
      },
      (effect) => this.effects.push(effect),
      (note) => this.note(note),
    );
    this.spreading = this.makeSpreading(now);
    this.living = this.makeLivingRing();
    if (this.living !== undefined) {
      this.ring = this.living.reading;
      this.watch(this.living.watched());
      if (this.antiEntropy !== undefined && this.ring !== options.ring) this.antiEntropy = this.makeAntiEntropy();
    }
  }

  private makeSpreading(now: Micros): Spreading | undefined {
    const { settings, index, epoch, heard } = this.options;
    if (heard !== undefined) return undefined;
    const onlyKeepsOne = clockFor({ ...settings, siblings: "keep" }).keepsOne === true ? settings.clock : undefined;
    const limits = (): BucketLimits => {
      const nodes = this.ring.members.filter((_, node) => this.ring.has(node)).length;
      return { nodes: Math.min(nodes, MAX_REPLICAS), onlyKeepsOne };
    };
    return new Spreading(
      { self: index, epoch, book: this.buckets, limits, random: this.random.fork("buckets") },
      {
        send: (to, message) => this.send(to, message),
        answer: (session, message) => this.effects.push({ kind: "answer", session, message }),
        persist: (text) => this.effects.push({ kind: "persist", slot: "buckets", text }),
        peers: () => this.peers,
        believedUp: (node) => this.believedUp(node),
        changed: () => this.bucketsChanged(),
        full: (from) => this.note({ kind: "buckets-full", from }),
      },
      now,
    );
  }

  /** Trees are of keys that lie and are hashed as they did; and copies may lie elsewhere now. */
  private bucketsChanged(): void {
    const { ways } = this.buckets;
    if (ways === this.ways) return;
    this.ways = ways;
    if (this.antiEntropy !== undefined) this.antiEntropy = this.makeAntiEntropy();
    this.living?.copiesChanged(this.now);
  }

  private makeLivingRing(): LivingRing | undefined {
    const { settings, rings, index, epoch, remembered } = this.options;
    if (settings.membership === undefined) return undefined;
    assert(rings !== undefined, "who may change the ring can make one");
    return new LivingRing(
      {
        self: index,
        universe: this.options.ring.members.length,
        epoch,
        copiesOf: (address) => this.buckets.ofAddress(address).nVal,
        rings,
        settings: settings.membership,
        clock: this.clock,
        sizeOf: (state) => this.sizeOf(state),
        stepTimeoutMs: 4 * Math.max(settings.readTimeoutMs, settings.writeTimeoutMs),
        reaps: this.reaper.reaps,
        random: this.random.fork("membership"),
        remembered,
        now: () => this.now,
      },
      {
        scan: (cursor, limit, done) =>
          this.scan(cursor, (entries, next, damaged) => done(entries, next, damaged.length), limit),
        unsettled: (visit) => this.replica.unsettled(visit),
        read: (vnode, address, done) => this.replica.perform(vnode, address, { kind: "read", done }),
        isSettled: (vnode, address) => this.replica.isSettled(vnode, address),
        merge: (vnode, address, state, stored) =>
          this.replica.perform(vnode, address, { kind: "merge", state, received: () => undefined, stored }),
        drop: (vnode, address, state) => this.replica.perform(vnode, address, { kind: "drop", state }),
        send: (to, message) => this.send(to, message),
        believedUp: (node) => this.believedUp(node),
        mayWork: () => this.mayWork(),
        persist: (text) => this.effects.push({ kind: "persist", slot: "membership", text }),
        readingChanged: () => {
          this.ring = this.living!.reading;
          this.handoff?.ringChanged(this.now);
          // Its trees are of the ranges that there were.
          if (this.antiEntropy !== undefined) this.antiEntropy = this.makeAntiEntropy();
        },
        stateChanged: () => {
          this.ringSerial++;
          this.unansweredBefore = this.unanswered;
        },
        watch: (peers) => this.watch(peers),
        note: (note) => this.note(note),
      },
      this.now,
    );
  }

  private watch(peers: readonly NodeIndex[]): void {
    this.peers = peers;
    this.detector.follow(peers, this.now);
    // Nobody is suspected for having left; who comes back begins anew.
    for (const node of this.suspectedSince.keys()) if (!this.detector.suspected(node)) this.trust(node);
  }

  private trust(node: NodeIndex): void {
    this.suspectedSince.delete(node);
    this.handoff?.opinionsChanged(this.now);
    this.note({ kind: "trusted", node });
  }

  /** A request that owed its answer does so no more. */
  private answeredOne(request: InProgress): void {
    this.unanswered--;
    if (this.unansweredBefore > 0 && request.ringSerial !== this.ringSerial) this.unansweredBefore--;
  }

  private makeDetector(now: Micros): Detector {
    const { index, epoch, settings, heard } = this.options;
    const context = {
      self: index,
      epoch,
      random: this.random.fork("detector"),
      send: (to: NodeIndex, message: ProbeMessage): void => this.send(to, message),
    };
    if (heard !== undefined) return clientOpinion(settings.detector, context, this.peers, now);
    return detectorNamed(settings.detector.name).create(settings.detector, context, this.peers, now);
  }

  private makeHandoff(): Handoff | undefined {
    const { settings, epoch, index, heard } = this.options;
    if (settings.standIn === undefined || heard !== undefined) return undefined;
    const patience = fromMs(4 * settings.writeTimeoutMs);
    return new Handoff(
      {
        settings: settings.hint ?? HINTS_AT_ONCE,
        logs: settings.standIn === "coordinator-log",
        epoch,
        random: this.random.fork("handoff"),
        patience,
        homeOf: (vnode) => this.ring.homeOf(vnode),
        sizeOf: (state) => this.sizeOf(state),
      },
      {
        read: (vnode, address, done) => this.replica.perform(vnode, address, { kind: "read", done }),
        merge: (vnode, address, state, stored) =>
          this.replica.perform(vnode, address, { kind: "merge", state, received: () => undefined, stored }),
        drop: (vnode, address, state) => this.replica.perform(vnode, address, { kind: "drop", state }),
        send: (to, message) => this.send(to, message),
        believedUp: (node) => node !== index && this.believedUp(node) && this.living?.isMember(node) !== false,
        mayWork: () => this.mayWork(),
        note: (kind, node, count) => this.note({ kind, node, count }),
      },
    );
  }

  private makeAntiEntropy(): AntiEntropy | undefined {
    const { settings, epoch, index } = this.options;
    const { ring, antiEntropy: before } = this;
    if (settings.aae === undefined) return undefined;
    const made: AntiEntropy = new AntiEntropy(
      {
        index,
        epoch,
        ring,
        n: settings.nVal,
        copies: this.buckets.isEmpty
          ? undefined
          : { used: this.buckets.copies(), of: (address) => this.buckets.ofAddress(address).nVal },
        clock: this.clock,
        settings: settings.aae,
        stepTimeoutMs: 4 * Math.max(settings.readTimeoutMs, settings.writeTimeoutMs),
        now: () => this.now,
        // Its numbers alone: all else of it may go.
        before: before === undefined ? undefined : { counts: before.counts, lastId: before.lastId },
      },
      {
        read: (vnode, address, done) =>
          this.replica.perform(vnode, address, {
            kind: "read",
            done: (status, state) => done(status === "found", state),
          }),
        merge: (vnode, address, state, done) => {
          let changed = false;
          this.replica.perform(vnode, address, {
            kind: "merge",
            state,
            received: (news) => (changed = news),
            stored: (ok) => done(!ok ? "failed" : changed ? "changed" : "same"),
          });
        },
        repairByGet: (address, done) => this.repairByGet(address, done),
        scan: (token, cursor, limit) =>
          this.scan(
            cursor,
            (entries, next, damaged) => {
              // A page for the trees of an earlier ring is none of these.
              if (this.antiEntropy === made) made.scanned(token, entries, next, damaged.length);
            },
            limit,
          ),
        unsettled: (visit) =>
          this.replica.unsettled((vnode, address, state) => {
            if (vnode < HINTED) visit(vnode, address, state);
          }),
        send: (to, message) => this.send(to, message),
        reachable: (node) => this.believedUp(node),
        mayWork: () => this.mayWork(),
      },
    );
    return made;
  }

  /** Whether background work may go on: clients' reads are not waiting for too long. */
  private mayWork(): boolean {
    const p99 = this.foreground?.quantile(this.now, 0.99);
    return p99 === undefined || p99 <= fromMs(this.options.settings.backgroundP99Ms!);
  }

  private get buries(): boolean {
    return this.reaper.reaps || this.options.settings.graceMs !== undefined;
  }

  private get watchesCopies(): boolean {
    const { aae, graceMs } = this.options.settings;
    return this.handoff !== undefined || aae !== undefined || graceMs !== undefined;
  }

  /** A copy of this node's has changed. */
  private changed(vnode: number, address: Address, before: unknown, after: unknown): void {
    if (after !== undefined) this.living?.changed(this.now, vnode, address);
    if (vnode >= HINTED) {
      this.handoff?.changed(this.now, vnode, address, after);
      return;
    }
    this.antiEntropy?.changed(vnode, address, before, after);
    if (this.options.settings.graceMs !== undefined && after !== undefined && this.isTombstone(after))
      this.reaper.buried(this.now, vnode, address, after, this.ageOf(after), before === undefined);
  }

  private isTombstone(state: unknown): boolean {
    return this.clock.versions(state).every((version) => version.tombstone);
  }

  /** How long ago the last of its deletes was made, by wall times; 0 where none says. */
  private ageOf(state: unknown): Micros {
    let latest = 0;
    for (const { date } of this.clock.versions(state)) {
      if (date === undefined) return 0;
      if (date > latest) latest = date;
    }
    return Math.max(0, this.options.wallTime(this.now) - latest);
  }

  /** A tombstone that every replica has removed by now, or is about to: not to be taken in again. */
  private isForgotten(state: unknown): boolean {
    return this.isTombstone(state) && this.ageOf(state) >= fromMs(this.options.settings.graceMs!);
  }

  /** Where tombstones have a grace, each says when its delete was made. */
  private dated(request: PutRequest): PutRequest {
    const { version, writer } = request;
    if (this.options.settings.graceMs === undefined || !version.tombstone) return request;
    return { ...request, version: { ...version, date: this.stampFor(writer) } };
  }

  /** Bytes of a copy: its values with their meta, and what it spends on causality. */
  private sizeOf(state: unknown): number {
    let bytes = this.clock.metadataBytes(state);
    for (const version of this.clock.versions(state)) bytes += bytesOf(version);
    return bytes;
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
    const late = this.patience.next();
    if (late !== undefined && late < next) next = late;
    const speculation = this.reads?.next();
    if (speculation !== undefined && speculation < next) next = speculation;
    if (this.handoff !== undefined && this.handoff.next() < next) next = this.handoff.next();
    if (this.living !== undefined) {
      const living = this.living.next();
      if (living < next) next = living;
    }
    if (this.antiEntropy !== undefined && this.antiEntropy.next() < next) next = this.antiEntropy.next();
    if (this.spreading !== undefined && !this.buckets.isEmpty && this.spreading.next() < next)
      next = this.spreading.next();
    return next === Infinity ? undefined : next;
  }

  step(now: Micros, input: Input): void {
    if (now > this.now) this.now = now;
    this.handle(input);
    if (this.living !== undefined && this.unansweredBefore === 0) this.living.caughtUp(this.now);
  }

  private handle(input: Input): void {
    switch (input.kind) {
      case "received":
        this.detector.heard(input.from, this.now);
        this.received(input.from, input.message);
        if (this.detector.hasNews) this.noteOpinions();
        return;
      case "asked": {
        const { message, session } = input;
        if (message.kind === "get") this.get({ kind: "session", session, id: message.id }, message);
        else if (message.kind === "put") this.put({ kind: "session", session, id: message.id }, message);
        else if (message.kind === "scan") this.scanRange({ kind: "session", session, id: message.id }, message);
        else if (message.kind === "bucket") this.bucketProperties(session, message);
        else if (message.kind === "client-coordinated") this.coordinatedByClient(session, message);
        else if (message.kind === "membership-poll") this.tellMembership(session, message.id);
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
      case "ranged": {
        const done = this.ranges.get(input.token);
        this.ranges.delete(input.token);
        done?.(input.page);
        return;
      }
      case "link-up":
      case "link-down":
        if (input.kind === "link-up") {
          this.introduce(input.node);
          this.spreading?.linkUp(input.node);
        }
        if (this.detector.told === undefined) return;
        this.detector.told(input.node, input.kind === "link-up", this.now);
        this.noteOpinions();
        return;
      case "woken":
        this.woken();
        return;
      case "operate":
        this.living?.operate(this.now, input.verb);
        return;
      default:
        unreachable(input, "Node.step");
    }
  }

  // ---- clients that coordinate ---------------------------------------------------------------------------------

  private coordinatedByClient(session: Session, { ring, request }: ClientCoordinated): void {
    const from = this.options.ring.members.length + session;
    if (request.kind === "probe") {
      const ack = { kind: "probe", what: "ack", id: request.id, about: this.options.index, updates: [] } as const;
      if (request.what === "ping") this.send(from, ack);
      return;
    }
    if (this.isBeyond(ring)) {
      this.refuseClient(session, from, request, "a client's view of the ring is out of date");
      return;
    }
    if (request.address.length > MAX_ADDRESS_BYTES) {
      this.refuseClient(session, from, request, `not a key of at most ${String(MAX_ADDRESS_BYTES)} bytes`);
      return;
    }
    if (this.buckets.ofAddress(request.address) !== this.buckets.cluster) {
      this.refuseClient(session, from, request, "properties are set of this bucket, of which clients know nothing");
      return;
    }
    if (request.kind === "replica-get") this.replicaGet(from, request, ring);
    else this.replicaPut(from, request, ring);
  }

  /**
   * Whether this node has come further than a client's view of the ring, or is no member any more. Nobody waits for a client before
   * the ring changes (see `membership/heard-ring.ts`), nor for a load that its request waits for here: so it is asked again
   * when that is over, for by then the copies may have moved on without the write.
   */
  private isBeyond(ring: RingId | undefined): boolean {
    const { living } = this;
    if (ring === undefined || living === undefined) return false;
    return compareRingIds(ring, living.state?.id ?? NO_RING) < 0 || living.isRemoved(this.options.index);
  }

  private refuseClient(session: Session, from: NodeIndex, request: ReplicaGet | ReplicaPut, reason: string): void {
    const { id, vnode } = request;
    this.counts.refused++;
    this.note({ kind: "refused", outcome: "unavailable", reason });
    this.tellMembership(session, 0);
    if (request.kind === "replica-get")
      this.send(from, { kind: "replica-get-reply", id, vnode, status: "failed", state: undefined });
    else if (request.acknowledge !== "none")
      this.send(from, { kind: "replica-put-reply", id, vnode, status: "failed" });
  }

  private tellMembership(session: Session, id: number): void {
    const message = { kind: "membership", id, ring: this.living?.state } as const;
    this.effects.push({ kind: "answer", session, message });
  }

  /** Of a coordinator inside a client: the ring that it has heard of is another one. */
  ringHeard(now: Micros): void {
    const { heard } = this.options;
    assert(heard !== undefined, "members follow the ring by themselves");
    if (now > this.now) this.now = now;
    this.ring = heard.reading;
    this.ringSerial = heard.serial;
    this.watch(heard.watched() ?? this.peers);
  }

  /** On whose behalf a request is, and how many states of the ring had been heard of when it began. */
  about(id: number): { readonly session: Session | undefined; readonly ringSerial: number } | undefined {
    const found = this.requests.get(id);
    if (found === undefined) return undefined;
    const { origin, ringSerial } = found.kind === "slop" ? found.put : found;
    return { session: origin.kind === "session" ? origin.session : undefined, ringSerial };
  }

  /** Whether a coordinator inside a client believes that a node can be asked. */
  believes(node: NodeIndex): boolean {
    return this.believedUp(node);
  }

  /**
   * Whom a read of a key would ask just now, most preferred first: primaries that are believed up, and fallbacks (with a
   * `home`) in the places of the others, where there may be any.
   */
  preferenceList(address: Address): readonly Placement[] {
    const { nVal } = this.buckets.ofAddress(address);
    const up = (node: NodeIndex): boolean => this.believedUp(node);
    const primaries = this.ring.preferenceList(address, nVal);
    let missing = 0;
    for (let i = 0; i < primaries.length; i++) if (!up(primaries[i].node)) missing |= 1 << i;
    const all = missing !== 0 && this.lends ? this.ring.withFallbacks(address, nVal, missing, up) : primaries;
    return all.filter(({ node }) => up(node));
  }

  // ---- properties of buckets -----------------------------------------------------------------------------------

  private bucketProperties(session: Session, request: BucketRequest): void {
    const { spreading } = this;
    if (spreading !== undefined && this.serving) return spreading.asked(this.now, session, request);
    const { id, type, bucket } = request;
    const properties = this.buckets.propertiesOf(type, bucket);
    const answer = { kind: "bucket-answer", id, outcome: "unavailable", coordinator: this.options.index } as const;
    const reason = "this node is no member of the ring";
    this.effects.push({ kind: "answer", session, message: { ...answer, properties, reason } });
  }

  // ---- walks over the own copies -------------------------------------------------------------------------------

  /** Asks for a page; `done` gets it, and where to go on (undefined: that was all). */
  private scan(cursor: unknown, done: PageTaker, limit = SCANNED_AT_ONCE): void {
    const token = this.nextScan++;
    this.scans.set(token, done);
    this.effects.push({ kind: "scan", token, cursor, limit });
  }

  private scanned({ token, entries, cursor, damaged }: Extract<Input, { kind: "scanned" }>): void {
    for (const { address, reason } of damaged) this.note({ kind: "storage-failed", address, reason });
    const done = this.scans.get(token);
    this.scans.delete(token);
    done?.(entries, cursor, damaged);
  }

  /** What a former life kept for others, or had still to remove, is on the disk and nowhere else. */
  private lookThrough(cursor: unknown): void {
    this.scan(cursor, (entries, next, damaged) => {
      // Of a disk that is unwell for a moment: the hint is there, and may be read when it is to go home.
      for (const { vnode, address } of damaged) {
        if (vnode >= HINTED) this.handoff?.found(this.now, vnode, address, undefined);
      }
      for (const { vnode, address, state } of entries) {
        if (vnode >= HINTED) this.handoff?.found(this.now, vnode, address, state);
        else if (this.isTombstone(state)) this.reaper.buried(this.now, vnode, address, state, this.ageOf(state));
      }
      if (next !== undefined) this.lookThrough(next);
    });
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
    // Who was removed has no say any more; it may hear that, and nothing else.
    if (this.living?.isRemoved(from) === true && message.kind !== "gossip") {
      this.note({ kind: "ignored", from, reason: "removed" });
      return;
    }
    switch (message.kind) {
      case "gossip":
        this.living?.gossiped(this.now, from, message);
        return;
      case "buckets":
        this.spreading?.received(this.now, from, message);
        return;
      case "transfer-offer":
      case "transfer-copies":
      case "transfer-reply":
        this.living?.transferred(this.now, from, message);
        return;
      case "heartbeat":
        // Whoever starts knows nothing of our lives.
        if (this.tickets.met(from, message.epoch)) this.introduce(from);
        this.detector.heartbeat?.(from, message.sequence, message.epoch, this.now);
        return;
      case "probe":
        this.detector.received?.(from, message, this.now);
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
        if (this.reads !== undefined && get instanceof StrategicGet)
          this.reads.heard(this.now, get, from, message.vnode);
        if (this.watchesOutcomes) this.answerOfReplica(get, from, message.vnode, message.status, message.state);
        else get.add(from, message.vnode, message.status, message.state);
        this.advanceGet(get);
        return;
      }
      case "range":
        this.range(from, message);
        return;
      case "range-reply": {
        const scan = this.requests.get(message.id);
        if (scan?.kind === "scan") this.pageOf(scan, from, message);
        return;
      }
      case "replica-put":
        this.replicaPut(from, message);
        return;
      case "replica-put-reply": {
        const put = this.requests.get(message.id);
        if (put?.kind === "get") return this.repaired(message.id, from, message.vnode, message.status !== "failed");
        if (put?.kind === "slop" && put.keeper === from) this.slopEnded(put, message.status === "stored");
        if (put?.kind !== "put") return;
        if (this.watchesOutcomes) this.acknowledgementOfReplica(put, from, message.vnode, message.status);
        else put.add(from, message.vnode, message.status);
        this.advancePut(put);
        return;
      }
      case "handoff":
        if (this.handoff !== undefined) this.handoff.received(this.now, from, message);
        else this.send(from, { kind: "handoff-reply", id: message.id, status: "failed" });
        return;
      case "handoff-reply":
        this.handoff?.replied(this.now, from, message);
        return;
      case "replica-update":
        if (this.admits(from, message.ticket)) this.replicaUpdate(from, message);
        return;
      case "replica-updated": {
        const put = this.requests.get(message.id);
        if (put?.kind !== "put" || put.state !== undefined) return;
        this.eventMade(put, message.outcome, message.state, `replica on node ${String(from)}: ${message.outcome}`);
        return;
      }
      case "tree":
      case "segments":
      case "stream":
      case "tree-reply":
      case "segments-reply":
      case "stream-reply":
        // A peer that was set up otherwise, or has other ranges just now, is left to its timeout.
        if (this.living?.agrees(from) !== false) this.antiEntropy?.received(from, message);
        return;
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

  private answerOfReplica(
    get: GetCoordination,
    from: NodeIndex,
    vnode: number,
    status: ReplicaGetReply["status"],
    state: unknown,
  ): void {
    const before = get.silent();
    get.add(from, vnode, status, state);
    if (get.silent() !== before) this.detector.outcome!(from, true, this.now - get.startedAt, this.now);
  }

  private acknowledgementOfReplica(
    put: PutCoordination,
    from: NodeIndex,
    vnode: number,
    status: "received" | "stored" | "failed",
  ): void {
    const before = put.silent();
    put.add(from, vnode, status);
    if (put.silent() !== before) this.detector.outcome!(from, true, this.now - put.startedAt, this.now);
  }

  /** A request is given up: whoever has not answered has shown what it is worth. */
  private tellOfSilence(request: GetCoordination | PutCoordination | ScanCoordination): void {
    if (request.kind === "scan") {
      for (const node of request.silent()) {
        if (node !== this.options.index) this.detector.outcome!(node, false, this.now - request.startedAt, this.now);
      }
      return;
    }
    for (let rest = request.silent(); rest !== 0; rest &= rest - 1) {
      const { node } = request.replicas[firstOf(rest)];
      if (node !== this.options.index) this.detector.outcome!(node, false, this.now - request.startedAt, this.now);
    }
  }

  // Methods of their own, here and below: a closure inside `received` would cost every message a heap context.
  private replicaGet(from: NodeIndex, message: ReplicaGet, ring?: RingId): void {
    if (message.vnode >= HINTED) this.handoff?.used(this.now, message.vnode);
    const { id, vnode, address, digest } = message;
    if (message.background === true) return this.replicaGetInBackground(from, message);
    this.replica.perform(vnode, address, {
      kind: "read",
      done: (status, state) => {
        if (this.isBeyond(ring))
          this.send(from, { kind: "replica-get-reply", id, vnode, status: "failed", state: undefined });
        else if (digest === true && status === "found") this.sendDigest(from, id, vnode, address, state);
        else this.send(from, { kind: "replica-get-reply", id, vnode, status, state });
      },
    });
  }

  private replicaGetInBackground(from: NodeIndex, { id, vnode, address }: ReplicaGet): void {
    this.replica.perform(vnode, address, {
      kind: "read",
      done: (status, state) =>
        this.send(from, { kind: "replica-get-reply", id, vnode, status, state, background: true }),
    });
  }

  private sendDigest(to: NodeIndex, id: number, vnode: number, address: Address, state: unknown): void {
    this.digests ??= new Digests(this.clock);
    this.counts.digestReads++;
    this.counts.digestBytesSaved += this.sizeOf(state) - DIGEST_BYTES;
    const digest = this.digests.of(address, state);
    this.send(to, { kind: "replica-get-reply", id, vnode, status: "digest", state: digest });
  }

  private replicaPut(from: NodeIndex, message: ReplicaPut, ring?: RingId): void {
    if (message.cause === "reap") {
      this.reaper.agreed(this.now, message.vnode, message.address, message.state);
      return;
    }
    const { id, vnode, acknowledge } = message;
    const reply = (status: "received" | "stored" | "failed"): void =>
      this.send(from, { kind: "replica-put-reply", id, vnode, status: this.isBeyond(ring) ? "failed" : status });
    if (!this.mayKeep(vnode, from < this.options.ring.members.length ? from : this.options.index)) {
      if (acknowledge !== "none") reply("failed");
      return;
    }
    if (vnode >= HINTED) this.handoff?.used(this.now, vnode);
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
    if (!this.mayKeep(vnode))
      return this.send(from, { kind: "replica-updated", id, vnode, outcome: "failed", state: undefined });
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
    const { replicas, asked, live, primaries, n } = placement;
    const options = request.options;
    const usual = this.buckets.ofAddress(request.address);
    const r = this.quorumOf(options?.r, usual.r, n);
    const pr = this.quorumOf(options?.pr, usual.pr, n);
    const nodeConfirms = this.quorumOf(options?.nodeConfirms, usual.nodeConfirms, n);
    if (r === undefined || pr === undefined || nodeConfirms === undefined)
      return this.refuse(origin, "invalid", `r, pr or node_confirms is not between 0 and ${String(n)}`);
    if (this.shouldForward(request, placement)) return this.forward(origin, request, placement);
    const quorum = {
      n,
      r,
      pr,
      notfoundOk: options?.notfoundOk ?? usual.notfoundOk,
      basicQuorum: options?.basicQuorum ?? usual.basicQuorum,
      nodeConfirms,
    };
    if (!this.enough(origin, options, placement, quorum, 0, 0)) return;
    const plan = this.reads?.plan(replicas, asked, primaries, Math.max(1, r, pr, nodeConfirms), this.now);
    const get =
      plan === undefined
        ? new GetCoordination(origin, request.address, replicas, asked, live, quorum, primaries)
        : new StrategicGet(origin, request.address, replicas, quorum, primaries, plan);
    this.open(get, options?.timeoutMs ?? settings.readTimeoutMs);
    get.startedAt = this.now;
    get.explains = options?.explain === true;
    if (plan !== undefined && get instanceof StrategicGet) return this.getStrategically(get);
    if (this.options.tracing) this.noteCoordinating("get", request.address, replicas, asked);
    let local: Placement | undefined;
    for (let i = 0; i < replicas.length; i++) {
      if ((asked & (1 << i)) === 0) continue;
      const { node, vnode } = replicas[i];
      if (this.isOwn(replicas[i])) {
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

  private getStrategically(get: StrategicGet): void {
    const { contacted, speculative } = get.plan;
    if (this.options.tracing) this.noteCoordinating("get", get.address, get.replicas, contacted);
    if (speculative !== 0) this.counts.speculations++;
    this.reads!.sent(this.now, get);
    let local = -1;
    for (let i = 0; i < get.replicas.length; i++) {
      if ((contacted & (1 << i)) === 0) continue;
      if (this.isOwn(get.replicas[i]) && local < 0) local = i;
      else this.askReplica(get, i);
    }
    if (local >= 0) this.askReplica(get, local);
    else this.advanceGet(get);
  }

  /** Whether work for this replica is done here and now, without a message. */
  private isOwn({ node }: Placement): boolean {
    return node === this.options.index && !this.options.loopback;
  }

  private askReplica(get: StrategicGet, at: number): void {
    const { id, address } = get;
    const { node, vnode } = get.replicas[at];
    if (this.isOwn(get.replicas[at])) this.readLocally(get, vnode);
    else if (get.wantsDigest(at)) this.send(node, { kind: "replica-get", id, vnode, address, digest: true });
    else this.send(node, { kind: "replica-get", id, vnode, address });
  }

  private speculateOnLate(reads: ReadStrategies): void {
    for (;;) {
      const id = reads.takeDue(this.now);
      if (id === undefined) return;
      const get = this.requests.get(id);
      if (get instanceof StrategicGet) this.speculate(get);
    }
  }

  /** One more replica, because others are late. */
  private speculate(get: StrategicGet): void {
    if (get.answered || get.verdict() !== "pending") return;
    const next = get.askNext("lateness");
    if (next < 0) return;
    this.counts.speculations++;
    if (this.options.tracing) this.note({ kind: "speculating", address: get.address, on: get.replicas[next].node });
    this.askReplica(get, next);
  }

  /** What has to happen before a read is answered, or closed, beyond the counting of answers; whether that is all done. */
  private prepareAnswer(get: StrategicGet): boolean {
    if (get.answered) {
      if (get.complete()) this.readInFull(get, get.takeDiffering());
      return true;
    }
    let verdict = get.verdict();
    if (verdict === "met") {
      this.readInFull(get, get.takeDiffering());
      verdict = get.verdict();
    }
    if (verdict === "pending") return false;
    if (verdict === "unreachable") {
      const next = get.askNext("failure");
      if (next >= 0) this.askReplica(get, next);
      return next < 0;
    }
    const clock = clockAt(this.clock, get.address);
    const repair = get.beginRepair(clock);
    if (repair !== undefined) {
      this.counts.blockingRepairs++;
      for (const target of repair.targets) this.repairBeforeAnswer(get, target, repair.state);
      // A repair of this node's own copy may have been the last that was missing.
      if (get.answered) return false;
    }
    if (get.repairVerdict(clock) === "pending") return false;
    if (get.speculationHelped()) this.counts.speculationsHelped++;
    return true;
  }

  private readInFull(get: StrategicGet, differing: number): void {
    for (let rest = differing; rest !== 0; rest &= rest - 1) {
      this.counts.digestMismatches++;
      this.askReplica(get, firstOf(rest));
    }
  }

  private repairBeforeAnswer(get: StrategicGet, target: Placement, state: unknown): void {
    const { id, address } = get;
    const { node, vnode } = target;
    this.counts.readRepairs++;
    if (this.options.tracing) this.note({ kind: "read-repair", address, to: node });
    if (!this.isOwn(target)) {
      const message = { id, vnode, address, state, acknowledge: "received", cause: "read-repair" } as const;
      return this.send(node, { kind: "replica-put", ...message });
    }
    this.replica.perform(vnode, address, {
      kind: "merge",
      state,
      received: () => this.repaired(id, node, vnode, true),
      stored: (ok) => {
        if (!ok) this.repaired(id, node, vnode, false);
      },
    });
  }

  /** A replica has, or has not, taken the repair of a read that waits for it. */
  private repaired(id: number, node: NodeIndex, vnode: number, ok: boolean): void {
    const get = this.requests.get(id);
    if (!(get instanceof StrategicGet)) return;
    get.repaired(node, vnode, ok);
    this.advanceGet(get);
  }

  private advanceGet(get: GetCoordination): void {
    if (this.reads !== undefined && get instanceof StrategicGet && !this.prepareAnswer(get)) return;
    if (!get.answered && get.verdict() !== "pending") this.answerGet(get);
    if (get.answered && (get.complete() || this.requests.size - this.unanswered > this.options.settings.admission)) {
      this.finishGet(get);
    }
  }

  private answerGet(get: GetCoordination): void {
    get.answered = true;
    this.answeredOne(get);
    if (get instanceof RepairingGet) return;
    if (get.origin.kind !== "nobody") this.foreground?.record(this.now, this.now - get.startedAt);
    const { outcome, versions, context, reason } = get.response(clockAt(this.clock, get.address));
    this.answer(get.origin, outcome, versions, context, reason, shortfallOf(get, outcome));
    if (this.options.tracing) this.note({ kind: "answered", operation: "get", outcome, versions: versions.length });
  }

  private finishGet(get: GetCoordination): void {
    this.requests.remove(get.id);
    if (this.reaper.reaps) this.reap(get);
    const forAntiEntropy = get instanceof RepairingGet;
    if (forAntiEntropy || this.repairsAfter(get))
      this.repairBehind(get, forAntiEntropy ? "anti-entropy" : "read-repair");
    if (forAntiEntropy) get.done(get.complete());
  }

  private repairsAfter(get: GetCoordination): boolean {
    return this.reads !== undefined && get instanceof StrategicGet
      ? get.plan.repairs
      : this.options.settings.readRepair !== "none";
  }

  /** Whoever answered with less than all that was found gets the rest. */
  private repairBehind(get: GetCoordination, cause: "read-repair" | "anti-entropy"): void {
    // What is sent says under which ring it was decided, and this one is over.
    if (this.options.heard !== undefined && get.ringSerial !== this.ringSerial) return;
    const { state, targets } = get.finalAction(clockAt(this.clock, get.address));
    for (const target of targets) {
      const { node, vnode, home } = target;
      // A read from a fallback leaves no new hint there beyond the window.
      if (home !== undefined && !this.takesHintsFor(home.node)) continue;
      if (cause === "read-repair") this.counts.readRepairs++;
      if (this.options.tracing) this.note({ kind: cause, address: get.address, to: node });
      const repair: ReplicaPut = {
        kind: "replica-put",
        id: 0,
        vnode,
        address: get.address,
        state,
        acknowledge: "none",
        cause,
      };
      if (this.isOwn(target)) this.replicaPut(node, repair);
      else this.send(node, repair);
    }
  }

  /** When all N replicas were found with one and the same tombstone, all are told to remove it. */
  private reap(get: GetCoordination): void {
    const state = get.agreed(clockAt(this.clock, get.address));
    if (state === undefined || !this.isTombstone(state)) return;
    // A request for fewer copies than there are says nothing of the others.
    const properties = this.buckets.ofAddress(get.address);
    if (get.replicas.length < this.ring.preferenceList(get.address, properties.nVal).length) return;
    // A copy from under a greater N is brought to the owners by whoever has it, and would come back with him.
    if (properties !== this.buckets.cluster && this.living !== undefined && !this.isEverybodyUp()) return;
    // While copies move others than these have some, and a value that one of them kept would come back.
    if (this.living !== undefined && (get.ringSerial !== this.ringSerial || !this.living.isTidy)) return;
    if (this.options.tracing) this.note({ kind: "reaping", address: get.address });
    for (const replica of get.replicas) {
      const { node, vnode } = replica;
      const { address } = get;
      if (this.isOwn(replica)) this.reaper.agreed(this.now, vnode, address, state);
      else {
        const message = { id: 0, vnode, address, state, acknowledge: "none", cause: "reap" } as const;
        this.send(node, { kind: "replica-put", ...message });
      }
    }
  }

  private isEverybodyUp(): boolean {
    return this.peers.every((node) => !this.ring.has(node) || this.believedUp(node));
  }

  /** Every primary that is up is asked, and whoever lags is told. Always ends. */
  private repairByGet(address: Address, done: (ok: boolean) => void): void {
    const { settings } = this.options;
    const n = this.buckets.ofAddress(address).nVal;
    const replicas = this.ring.preferenceList(address, n);
    let asked = 0;
    for (let i = 0; i < replicas.length; i++) if (this.believedUp(replicas[i].node)) asked |= 1 << i;
    const r = countOf(asked);
    const quorum = { n, r, pr: 0, notfoundOk: true, basicQuorum: false };
    const get = new RepairingGet(address, replicas, asked, quorum, done);
    this.open(get, settings.readTimeoutMs);
    // Not work for a client.
    this.counts.coordinated--;
    this.counts.coordinatedGets--;
    for (let i = 0; i < replicas.length; i++) {
      const { node, vnode } = replicas[i];
      if ((asked & (1 << i)) !== 0 && !this.isOwn(replicas[i]))
        this.send(node, { kind: "replica-get", id: get.id, vnode, address, background: true });
    }
    for (let i = 0; i < replicas.length; i++)
      if ((asked & (1 << i)) !== 0 && this.isOwn(replicas[i])) this.readLocally(get, replicas[i].vnode);
  }

  /** A delete was acknowledged a moment ago: do all replicas have it by now? */
  private checkTombstone(address: Address): void {
    const options: RequestOptions = { r: "all" };
    this.get({ kind: "nobody", id: 0 }, { kind: "get", id: 0, forwarded: false, address, options });
  }

  // ---- scans ---------------------------------------------------------------------------------------------------

  private scanRange(origin: Origin, request: ScanRequest): void {
    const { settings, index } = this.options;
    const { bucket, start, end, limit, options } = request;
    const refused = this.refusal(false);
    if (refused !== undefined) return this.refuseScan(origin, refused.outcome, refused.reason);
    const isRange = isScanPrefix(bucket) && bucket.length + Math.max(start.length, end.length) <= MAX_ADDRESS_BYTES;
    if (!isRange || limit < 1)
      return this.refuseScan(
        origin,
        "invalid",
        "not a range of a bucket's or a type's keys, or none of them are wanted",
      );
    const usual = this.propertiesFor(bucket);
    const n = usual.nVal;
    const r = this.quorumOf(options?.r, usual.r, n);
    const pr = this.quorumOf(options?.pr, usual.pr, n);
    if (r === undefined || pr === undefined)
      return this.refuseScan(origin, "invalid", `r or pr is not between 0 and ${String(n)}`);
    // Fallbacks are not asked, so that whoever answers is a primary.
    const needed = Math.max(1, r, pr);
    const coverage = Coverage.of(this.ring, n);
    const up = (node: NodeIndex): boolean => this.believedUp(node);
    const live = coverage.fewest(up);
    if (live < needed) {
      const reason = `of some keys ${String(live)} replicas believed up, ${String(needed)} needed`;
      return this.refuseScan(origin, "unavailable", reason);
    }
    const scan = new ScanCoordination(origin, request, coverage, this.clock, needed, index, up);
    const timeoutMs = options?.timeoutMs ?? settings.readTimeoutMs;
    this.open(scan, timeoutMs);
    scan.startedAt = this.now;
    this.patience.add(this.now, timeoutMs / 2, scan.id);
    scan.begin();
    this.advanceScan(scan);
  }

  /** Of the keys that a scan may meet: of several buckets, with the least copies that any of them has. */
  private propertiesFor(prefix: Address): BucketProperties {
    if (!isTypePrefix(prefix)) return this.buckets.ofAddress(prefix);
    const type = prefix.slice(1);
    const ofType = this.buckets.propertiesOf(type, undefined) ?? this.buckets.cluster;
    return applied(ofType, { nVal: this.buckets.fewestCopies(type) });
  }

  /** Asks for the pages that it wants, and answers when it wants none. */
  private advanceScan(scan: ScanCoordination): void {
    const asks = scan.takeAsks(this.now);
    const { id, request } = scan;
    const { bucket, end } = request;
    if (this.options.tracing && asks.length > 0) {
      const replicas = asks.map(({ node }) => node);
      this.note({ kind: "coordinating", operation: "scan", address: bucket + asks[0].start, replicas });
    }
    for (const { node, part, vnodes, start, limit } of asks) {
      const range: RangeRequest = { kind: "range", id, part, vnodes, bucket, start, end, limit };
      if (node !== this.options.index || this.options.loopback) this.send(node, range);
      else
        this.readRange(range, (read) => {
          if (this.requests.get(id) === scan) this.pageOf(scan, node, { part, ...read });
        });
    }
    if (scan.verdict() === "pending") return;
    this.close(scan);
    const { outcome, keys, next, reason } = scan.response();
    this.answerScan(scan.origin, outcome, keys, next, reason);
    if (this.options.tracing) this.note({ kind: "answered", operation: "scan", outcome, versions: keys.length });
  }

  private pageOf(scan: ScanCoordination, from: NodeIndex, page: Omit<RangeReply, "kind" | "id">): void {
    const askedAt = scan.add(from, page);
    if (askedAt === undefined) return;
    if (this.watchesOutcomes && from !== this.options.index)
      this.detector.outcome!(from, true, this.now - askedAt, this.now);
    this.advanceScan(scan);
  }

  /** A peer coordinates a scan. */
  private range(from: NodeIndex, message: RangeRequest): void {
    const { id, part } = message;
    this.readRange(message, ({ status, copies, upTo }) =>
      this.send(from, { kind: "range-reply", id, part, status, copies, upTo }),
    );
  }

  /** Copies of this node's own; `done` is told later. */
  private readRange({ vnodes, bucket, start, end, limit }: RangeRequest, done: RangeTaker): void {
    if (!isScanPrefix(bucket) || bucket.length + start.length > MAX_ADDRESS_BYTES)
      return done({ status: "failed", copies: [], upTo: "" });
    const from = bucket + start;
    const to = end === "" ? afterPrefix(bucket) : bucket + end;
    const most = Math.max(1, Math.min(MAX_SCANNED, limit));
    // Now: by the time the page comes some of them may be stored, and forgotten here.
    const known: ScannedRecord[] = [];
    this.replica.unsettled((vnode, address, state) => {
      if (address < from || (to !== "" && address >= to) || !vnodes.includes(vnode)) return;
      known.push({ vnode, address, state });
    });
    const token = this.nextScan++;
    this.ranges.set(token, (page) => {
      if (page.failure !== undefined) {
        this.note({ kind: "storage-failed", address: page.upTo ?? from, reason: page.failure });
        return done({ status: "failed", copies: [], upTo: "" });
      }
      const range = rangeOfKeys(page, known, this.clock, most, (state) => this.sizeOf(state), bucket.length);
      this.counts.replicaScans++;
      this.counts.rangeRecords += range.copies.length;
      done({ status: "ok", ...range });
    });
    this.effects.push({ kind: "range", token, asked: { vnodes, from, to, limit: most, bytes: MAX_PAGE_BYTES } });
  }

  private refuseScan(origin: Origin, outcome: Outcome, reason: string): void {
    this.counts.refused++;
    this.note({ kind: "refused", outcome, reason });
    this.answerScan(origin, outcome, [], "", reason);
  }

  private answerScan(
    origin: Origin,
    outcome: Outcome,
    keys: readonly ScannedKey[],
    next: Octets,
    reason: string,
  ): void {
    if (origin.kind !== "session") return;
    const { session, id } = origin;
    const coordinator = this.options.index;
    this.effects.push({
      kind: "answer",
      session,
      message: { kind: "scan-answer", id, outcome, coordinator, keys, next, reason },
    });
  }

  // ---- puts ----------------------------------------------------------------------------------------------------

  private put(origin: Origin, request: PutRequest): void {
    const { settings } = this.options;
    const placement = this.place(origin, request);
    if (placement === undefined) return;
    const bytes = bytesOf(request.version) + request.context.length;
    if (bytes > MAX_STATE_BYTES) {
      const what = `value, metadata and context of ${String(bytes)} bytes, limit ${String(MAX_STATE_BYTES)}`;
      return this.refuse(origin, "invalid", what);
    }
    const { n } = placement;
    const { options } = request;
    const usual = this.buckets.ofAddress(request.address);
    const w = this.quorumOf(options?.w, usual.w, n);
    const dw = this.quorumOf(options?.dw, usual.dw, n);
    const pw = this.quorumOf(options?.pw, usual.pw, n);
    const nodeConfirms = this.quorumOf(options?.nodeConfirms, usual.nodeConfirms, n);
    if (w === undefined || dw === undefined || pw === undefined || nodeConfirms === undefined) {
      return this.refuse(origin, "invalid", `w, dw, pw or node_confirms is not between 0 and ${String(n)}`);
    }
    if (this.shouldForward(request, placement)) return this.forward(origin, request, placement);
    const countsHints = this.hintsElsewhere && settings.sloppyQuorum === true && options?.sloppy !== false;
    const standIns = countsHints ? this.absentees(placement) : 0;
    if (placement.pending !== undefined) {
      // As many more as there are owners to come (or to go): then both sets of owners have their quorum.
      const more = placement.pending.length;
      const wide = widened(placement, placement.pending, (node) => this.believedUp(node));
      const quorum = {
        n: n + more,
        w: w + more,
        dw: dw === 0 ? 0 : dw + more,
        pw: pw === 0 ? 0 : pw + more,
        nodeConfirms: nodeConfirms === 0 ? 0 : nodeConfirms + nodesBeside(placement.replicas, placement.pending),
      };
      if (!this.enough(origin, options, wide, quorum, 1 + more, standIns)) return;
      return this.coordinate(origin, this.dated(request), wide, standIns, quorum, placement);
    }
    const quorum = { n, w, dw, pw, nodeConfirms };
    if (!this.enough(origin, options, placement, quorum, 1, standIns)) return;
    return this.coordinate(origin, this.dated(request), placement, standIns, quorum);
  }

  private coordinate(
    origin: Origin,
    request: PutRequest,
    placement: Places,
    standIns: number,
    quorum: PutQuorum,
    owners = placement,
  ): void {
    const { replicas, asked, live, primaries } = placement;
    if (!clockAt(this.clock, request.address).mintsServerDots)
      return this.putAtOnce(origin, request, placement, standIns, quorum);
    if (live === 0 || owners.live === 0)
      return this.refuse(origin, "unavailable", "no replica is believed up that could make the event");
    // An owner to come has no history of the key yet.
    const eventAt = this.eventPlace(owners);
    const put = new PutCoordination(origin, request.address, replicas, asked, eventAt, quorum, primaries, standIns);
    this.openPut(put, request.options);
    if (this.options.tracing) this.noteCoordinating("put", request.address, replicas, asked);
    const { node, vnode } = replicas[eventAt];
    if (this.isOwn(replicas[eventAt])) this.updateLocally(put, vnode, request);
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
    { replicas, asked, primaries }: Places,
    standIns: number,
    quorum: PutQuorum,
  ): void {
    const { index, epoch } = this.options;
    let state: unknown;
    try {
      state = clockAt(this.clock, request.address).update(undefined, request.context, request.version, {
        actor: packActor(index, 0, epoch),
        client: request.writer.client,
        at: this.stampFor(request.writer),
        minted: 0,
      });
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      return this.refuse(origin, "invalid", `context refused: ${error.message}`);
    }
    const { address } = request;
    const put = new PutCoordination(origin, address, replicas, asked, NOT_AT_A_REPLICA, quorum, primaries, standIns);
    this.openPut(put, request.options);
    if (this.options.tracing) this.noteCoordinating("put", request.address, replicas, asked);
    this.eventMade(put, "ok", state, "");
  }

  private openPut(put: PutCoordination, options: RequestOptions | undefined): void {
    this.open(put, options?.timeoutMs ?? this.options.settings.writeTimeoutMs);
    put.startedAt = this.now;
    if (options === undefined) return;
    put.explains = options.explain === true;
    put.returnsBody = options.returnBody === true;
  }

  private updateLocally(put: PutCoordination, vnode: number, request: PutRequest): void {
    const { id } = put;
    const self = this.options.index;
    const current = (): boolean => this.requests.get(id) === put;
    if (!this.mayKeep(vnode)) return this.eventMade(put, "failed", undefined, NO_ROOM);
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
      if (this.isOwn(put.replicas[i])) this.mergeLocally(put, vnode, state);
      else this.send(node, message);
    }
    if (this.hintsElsewhere) this.leaveHints(put, this.absentees(put), state);
  }

  /** This node's own copy of an event that was not made there, or a second one (`distinct_hosts: claim` may place it). */
  private mergeLocally(put: PutCoordination, vnode: number, state: unknown): void {
    const { id } = put;
    const counted = (status: "received" | "stored" | "failed"): void => {
      if (this.requests.get(id) !== put) return;
      put.add(this.options.index, vnode, status);
      this.advancePut(put);
    };
    if (!this.mayKeep(vnode)) return counted("failed");
    this.replica.perform(vnode, put.address, {
      kind: "merge",
      state,
      received: () => counted("received"),
      stored: (ok) => counted(ok ? "stored" : "failed"),
    });
  }

  /** Whether there is room for a copy under this vnode, if it is one that is kept for others. */
  private mayKeep(vnode: number, from = this.options.index): boolean {
    if (vnode < HINTED || this.handoff?.hasRoom() === true) return true;
    this.note({ kind: "hints-full", node: from, count: 1 });
    return false;
  }

  private advancePut(put: PutCoordination): void {
    if (this.requests.get(put.id) !== put) return;
    if (!put.answered) {
      if (put.verdict() === "pending") return;
      this.answerPut(put);
    }
    const tooMany = this.requests.size - this.unanswered > this.options.settings.admission;
    const goesOn = this.hintsElsewhere || this.watchesOutcomes;
    if (!goesOn || put.complete() || tooMany) this.finishPut(put);
  }

  private answerPut(put: PutCoordination): void {
    put.answered = true;
    this.answeredOne(put);
    const { outcome, reason } = put.response();
    const whole = outcome === "ok" ? clockAt(this.clock, put.address).versions(put.state) : [];
    const versions = put.returnsBody ? whole : heads(whole);
    const context = outcome === "ok" ? this.clock.context(put.state) : "";
    this.answer(put.origin, outcome, versions, context, reason, shortfallOf(put, outcome));
    if (this.reaper.reaps && outcome === "ok" && versions.every((version) => version.tombstone))
      this.reaper.deleted(this.now, put.address);
    if (this.options.tracing) this.note({ kind: "answered", operation: "put", outcome, versions: versions.length });
  }

  /** Nobody is waited for any more: whoever has not acknowledged may have missed the write. */
  private finishPut(put: PutCoordination): void {
    this.requests.remove(put.id);
    if (!this.hintsElsewhere || put.state === undefined) return;
    let missed = put.unacknowledged();
    for (let i = 0; i < put.replicas.length; i++) if (!this.takesHintsFor(put.replicas[i].node)) missed &= ~(1 << i);
    this.leaveHints(put, missed, put.state);
  }

  // ---- hints that are no replicas --------------------------------------------------------------------------------

  /** Members of the list that are away, though not for too long. */
  private absentees({ replicas, asked }: Pick<Places, "replicas" | "asked">): number {
    let absent = 0;
    for (let i = 0; i < replicas.length; i++) {
      if ((asked & (1 << i)) === 0 && this.takesHintsFor(replicas[i].node)) absent |= 1 << i;
    }
    return absent;
  }

  /** Each of `missed` gets a hint of `state`: in this node's log, or as a slop at a peer. */
  private leaveHints(put: PutCoordination, missed: number, state: unknown): void {
    for (let at = 0; at < put.replicas.length; at++) {
      if ((missed & (1 << at)) === 0 || put.replicas[at].node === this.options.index) continue;
      if (this.options.settings.standIn === "coordinator-log") this.log(put, at, state);
      else this.leaveSlop(put, at, state);
    }
  }

  private log(put: PutCoordination, at: number, state: unknown): void {
    const vnode = this.ring.hintedVnode(put.replicas[at]);
    if (this.handoff?.hasRoom() !== true) {
      this.note({ kind: "hints-full", node: put.replicas[at].node, count: 1 });
      this.hintKept(put, at, false);
      return;
    }
    this.replica.perform(vnode, this.handoff.logName(put.address), {
      kind: "merge",
      state,
      received: () => undefined,
      stored: (ok) => this.hintKept(put, at, ok),
    });
  }

  /** To the first live node behind the list, in ring order; where there is none, this node keeps it. */
  private leaveSlop(put: PutCoordination, at: number, state: unknown): void {
    const { settings, index } = this.options;
    const { ring } = this;
    // Where hosts repeat, the next one may be the very home.
    const home = put.replicas[at].node;
    const up = (node: number): boolean => node !== home && this.believedUp(node);
    const [keeper] = ring
      .withFallbacks(put.address, this.buckets.ofAddress(put.address).nVal, 1 << at, up)
      .filter(({ home }) => home !== undefined);
    const vnode = ring.hintedVnode(put.replicas[at]);
    const slop: Slop = new Slop(put, at, keeper?.node ?? index);
    this.requests.add(slop);
    this.deadlines.add(this.now, settings.writeTimeoutMs, slop.id);
    const message = { id: slop.id, vnode, address: put.address, state, acknowledge: "stored", cause: "hint" } as const;
    if (slop.keeper !== index) this.send(slop.keeper, { kind: "replica-put", ...message });
    else if (this.handoff?.hasRoom() === true) {
      this.replica.perform(vnode, put.address, {
        kind: "merge",
        state,
        received: () => undefined,
        stored: (ok) => this.slopEnded(slop, ok),
      });
    } else this.slopEnded(slop, false);
  }

  private slopEnded(slop: Slop, ok: boolean): void {
    if (this.requests.get(slop.id) !== slop) return;
    this.requests.remove(slop.id);
    this.hintKept(slop.put, slop.at, ok);
  }

  private hintKept(put: PutCoordination, at: number, ok: boolean): void {
    put.addStandIn(at, ok);
    this.advancePut(put);
  }

  // ---- shared by both ------------------------------------------------------------------------------------------

  /** Admission, address check and preference list; refuses by itself and returns undefined when it must. */
  private place(origin: Origin, request: GetRequest | PutRequest): Places | undefined {
    const { settings } = this.options;
    const refused = this.refusal(request.forwarded);
    if (refused !== undefined) {
      this.refuse(origin, refused.outcome, refused.reason);
      return undefined;
    }
    if (request.address.length > MAX_ADDRESS_BYTES || !isAddress(request.address)) {
      this.refuse(origin, "invalid", `not a key of at most ${String(MAX_ADDRESS_BYTES)} bytes`);
      return undefined;
    }
    const { nVal } = this.buckets.ofAddress(request.address);
    const n = request.options?.nVal ?? nVal;
    if (n !== nVal && !(Number.isInteger(n) && n >= 1 && n <= nVal)) {
      this.refuse(origin, "invalid", `n_val is not between 1 and ${String(nVal)}`);
      return undefined;
    }
    const replicas = this.ring.preferenceList(request.address, n);
    let asked = 0;
    let live = 0;
    for (let i = 0; i < replicas.length; i++) {
      if (!this.believedUp(replicas[i].node)) continue;
      asked |= 1 << i;
      live++;
    }
    const pending =
      request.kind === "put" ? (this.living ?? this.options.heard)?.pending(request.address, replicas, n) : undefined;
    const lends = this.lends && request.options?.sloppy !== false;
    const places =
      live < replicas.length && lends
        ? this.withFallbacks(request, n, asked, pending)
        : { replicas, asked, live, primaries: asked, n, pending };
    if (
      request.forwarded &&
      settings.coordinator === "replica" &&
      !lends &&
      this.living === undefined &&
      // Whoever passed it on may go by another N, of which this node has not heard yet, or which is no more.
      this.buckets.isEmpty &&
      this.placeOfSelf(places.replicas, places.asked) < 0
    ) {
      this.refuse(origin, "invalid", "forwarded to a node that holds no replica of the key");
      return undefined;
    }
    return places;
  }

  /** Why nothing at all is taken on just now. */
  private refusal(forwarded: boolean): { readonly outcome: Outcome; readonly reason: string } | undefined {
    // Whoever joins is no coordinator for clients yet; what is passed on to it comes from where all have switched.
    const { living } = this;
    if (living?.serving === false && !(forwarded && living.isMember(this.options.index)))
      return { outcome: "unavailable", reason: "this node is no member of the ring" };
    const { admission } = this.options.settings;
    if (this.unanswered < admission) return undefined;
    const reason = `${String(this.unanswered)} operations in progress, limit ${String(admission)}`;
    return { outcome: "overloaded", reason };
  }

  private believedUp(node: NodeIndex): boolean {
    if (node === this.options.index) return true;
    // Nobody watches a removed node any more.
    return !this.detector.suspected(node) && this.living?.isRemoved(node) !== true;
  }

  /**
   * Fallbacks take the places of those that are not `primaries`, as far as there are any. For writes, of nobody who is away
   * for too long; what fallbacks have is read for as long as they have it.
   */
  private withFallbacks(
    { kind, address }: GetRequest | PutRequest,
    n: number,
    primaries: number,
    pending: readonly Placement[] | undefined,
  ): Places {
    const { ring } = this;
    const all = ring.preferenceList(address, n);
    let missing = 0;
    for (let i = 0; i < all.length; i++) {
      if ((primaries & (1 << i)) === 0 && (kind === "get" || this.takesHintsFor(all[i].node))) missing |= 1 << i;
    }
    const mayLend = (node: NodeIndex): boolean =>
      this.believedUp(node) && pending?.some((place) => place.node === node) !== true;
    const replicas = ring.withFallbacks(address, n, missing, mayLend);
    let asked = primaries;
    for (let i = 0; i < replicas.length; i++) if (replicas[i].home !== undefined) asked |= 1 << i;
    return { replicas, asked, live: countOf(asked), primaries, n, pending };
  }

  /** Within the hint window: whoever is away for longer gets none any more. */
  private takesHintsFor(node: NodeIndex): boolean {
    const windowMs = this.options.settings.hint?.windowMs;
    const since = this.suspectedSince.get(node);
    return windowMs === undefined || since === undefined || this.now - since <= fromMs(windowMs);
  }

  private shouldForward(request: GetRequest | PutRequest, { replicas, asked, primaries }: Places): boolean {
    if (this.options.settings.coordinator !== "replica" || request.forwarded || this.options.heard !== undefined)
      return false;
    const self = this.placeOfSelf(replicas, asked);
    return self < 0 || (replicas[self].home !== undefined && primaries !== 0);
  }

  /** Where an event is made: here if this node may, else at the first primary that is up, else at the first fallback. */
  private eventPlace({ replicas, asked, primaries }: Places): number {
    const self = this.placeOfSelf(replicas, asked);
    if (self >= 0 && (replicas[self].home === undefined || primaries === 0)) return self;
    return primaries === 0 ? firstOf(asked) : firstOf(primaries);
  }

  /** Refuses, and says no, when too few are believed up for a quorum, or than `least`; `standIns` may answer for others. */
  private enough(
    origin: Origin,
    options: RequestOptions | undefined,
    { replicas, asked, live, primaries }: Places,
    quorum: GetQuorum | PutQuorum,
    least: number,
    standIns: number,
  ): boolean {
    const up = live + countOf(standIns);
    const needed = Math.max(least, "r" in quorum ? quorum.r : Math.max(quorum.w, quorum.dw));
    const primariesUp = countOf(primaries);
    const primariesNeeded = "r" in quorum ? quorum.pr : quorum.pw;
    const { nodeConfirms = 0 } = quorum;
    const nodes = nodeConfirms === 0 ? 0 : nodesOf(asked, replicas);
    if (up >= needed && primariesUp >= primariesNeeded && nodes >= nodeConfirms) return true;
    const reason =
      up < needed
        ? `${String(up)} replicas believed up, ${String(needed)} needed`
        : primariesUp < primariesNeeded
          ? `${String(primariesUp)} primaries believed up, ${String(primariesNeeded)} needed`
          : `replicas on ${String(nodes)} nodes believed up, ${String(nodeConfirms)} needed`;
    // As Riak does, which looks at primaries first.
    const shortfall: Shortfall =
      primariesUp < primariesNeeded
        ? { what: "r" in quorum ? "pr" : "pw", got: primariesUp, wanted: primariesNeeded }
        : up < needed
          ? { what: "r" in quorum ? "r" : quorum.dw > quorum.w ? "dw" : "w", got: up, wanted: needed }
          : { what: "node_confirms", got: nodes, wanted: nodeConfirms };
    this.refuse(origin, "unavailable", reason, options?.explain === true ? shortfall : undefined);
    return false;
  }

  /**
   * Where this node stands among those asked, primaries before fallbacks; -1: nowhere. A fallback steps back while a
   * primary is up: an event is best made where the key's history lives.
   */
  private placeOfSelf(replicas: readonly Placement[], asked: number): number {
    let fallback = -1;
    for (let i = 0; i < replicas.length; i++) {
      if (replicas[i].node !== this.options.index || (asked & (1 << i)) === 0) continue;
      if (replicas[i].home === undefined) return i;
      fallback = i;
    }
    return fallback;
  }

  /** One hop, to the first member of the preference list that is believed up. */
  private forward(origin: Origin, request: GetRequest | PutRequest, { replicas, asked, primaries }: Places): void {
    const at = primaries === 0 ? firstOf(asked) : firstOf(primaries);
    if (at < 0) return this.refuse(origin, "unavailable", "no replica of the key is believed up");
    const forwarding = new Forwarding(origin, request.kind, replicas[at].node, this.now);
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
    if (this.watchesOutcomes) this.detector.outcome!(forwarding.to, true, this.now - forwarding.startedAt, this.now);
    this.deliver(forwarding.origin, { ...message, id: forwarding.origin.id });
  }

  private open(request: InProgress, timeoutMs: number): void {
    request.ringSerial = this.ringSerial;
    this.requests.add(request);
    this.unanswered++;
    this.counts.coordinated++;
    if (request.kind === "get") this.counts.coordinatedGets++;
    else if (request.kind === "scan") this.counts.coordinatedScans++;
    this.deadlines.add(this.now, timeoutMs, request.id);
  }

  /** Ends a request that still owed its answer. */
  private close(request: InProgress): void {
    this.requests.remove(request.id);
    this.answeredOne(request);
  }

  /** Undefined where too much is asked for. What is usual is no more than there are copies. */
  private quorumOf(asked: QuorumValue | undefined, usual: QuorumValue, n: number): number | undefined {
    if (asked === undefined && typeof usual === "number" && usual > n) return n;
    return resolveQuorum(asked ?? usual, n);
  }

  private refuse(origin: Origin, outcome: Outcome, reason: string, shortfall?: Shortfall): void {
    if (origin.kind === "nobody") return;
    this.counts.refused++;
    this.note({ kind: "refused", outcome, reason });
    this.answer(origin, outcome, [], "", reason, shortfall);
  }

  private answer(
    origin: Origin,
    outcome: Outcome,
    versions: readonly Version[],
    context: string,
    reason: string,
    shortfall?: Shortfall,
  ): void {
    const { id } = origin;
    const coordinator = this.options.index;
    if (shortfall === undefined)
      return this.deliver(origin, { kind: "answer", id, outcome, coordinator, versions, context, reason });
    this.deliver(origin, { kind: "answer", id, outcome, coordinator, versions, context, reason, shortfall });
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
    if (this.reads !== undefined) this.speculateOnLate(this.reads);
    this.replaceLate();
    for (;;) {
      const id = this.deadlines.takeDue(this.now);
      if (id === undefined) break;
      const request = this.requests.get(id);
      if (request === undefined) continue;
      if (this.watchesOutcomes && request.kind !== "forwarding" && request.kind !== "slop") this.tellOfSilence(request);
      if (request.kind === "get" && request.answered) {
        this.finishGet(request);
        continue;
      }
      if (request.kind === "get") {
        request.answered = true;
        this.answeredOne(request);
        if (request.origin.kind !== "nobody") this.foreground?.record(this.now, this.now - request.startedAt);
        const reason = "no read quorum before the timeout";
        this.answer(request.origin, "timeout", [], "", reason, shortfallOf(request, "timeout"));
        this.finishGet(request);
        continue;
      }
      if (request.kind === "slop") {
        this.slopEnded(request, false);
        continue;
      }
      if (request.kind === "scan") {
        this.close(request);
        this.answerScan(request.origin, "timeout", [], "", "not all pages before the timeout");
        continue;
      }
      if (request.kind === "put") {
        if (!request.answered) {
          request.answered = true;
          this.answeredOne(request);
          const reason = "no write quorum before the timeout";
          this.answer(request.origin, "timeout", [], "", reason, shortfallOf(request, "timeout"));
        }
        this.finishPut(request);
        continue;
      }
      this.close(request);
      if (this.watchesOutcomes && request.kind === "forwarding")
        this.detector.outcome!(request.to, false, this.now - request.startedAt, this.now);
      const what =
        request.kind === "forwarding"
          ? "no answer from the replica it was forwarded to"
          : "no write quorum before the timeout";
      this.answer(request.origin, "timeout", [], "", what);
    }
    this.reaper.advance(this.now);
    if (this.reaper.takePassedOver()) this.lookThrough(undefined);
    this.handoff?.advance(this.now);
    this.antiEntropy?.advance(this.now);
    this.living?.advance(this.now);
    if (!this.buckets.isEmpty) this.spreading?.advance(this.now);
    if (this.now >= this.nextHeartbeat) this.beat();
    this.noteOpinions();
  }

  /** Scans whose time is half over ask others instead of those who have said nothing. */
  private replaceLate(): void {
    for (let id = this.patience.takeDue(this.now); id !== undefined; id = this.patience.takeDue(this.now)) {
      const scan = this.requests.get(id);
      if (scan?.kind !== "scan") continue;
      scan.lateNow();
      this.advanceScan(scan);
    }
  }

  private beat(): void {
    const { heartbeatIntervalMicros, numbersAreTimes } = this.detector;
    const beats =
      numbersAreTimes === true ? 1 + Math.floor((this.now - this.nextHeartbeat) / heartbeatIntervalMicros) : 1;
    this.heartbeatSequence += beats;
    for (const peer of this.peers) {
      this.send(peer, { kind: "heartbeat", epoch: this.options.epoch, sequence: this.heartbeatSequence });
    }
    const from = numbersAreTimes === true ? this.nextHeartbeat + (beats - 1) * heartbeatIntervalMicros : this.now;
    this.nextHeartbeat = from + heartbeatIntervalMicros;
  }

  private noteOpinions(): void {
    for (const node of this.detector.advance(this.now)) {
      if (!this.detector.suspected(node)) {
        this.trust(node);
        continue;
      }
      this.suspectedSince.set(node, this.now);
      this.note({ kind: "suspected", node });
    }
  }

  /** How much the detector doubts a peer, where it has a level: for charts. */
  doubt(of: NodeIndex, now: Micros): number | undefined {
    return of === this.options.index ? undefined : this.detector.level?.(of, now);
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
      if (vnodes[i] === ANY_HINT) {
        this.inspectHints(addresses[i], (ids) => {
          held[i] = ids;
          if (--left === 0) finish();
        });
        continue;
      }
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

  /** Writes of a key that wait here for whomever. */
  private inspectHints(address: Address, done: (ids: Held) => void): void {
    const hints = this.handoff?.hintsOf(address) ?? [];
    const ids = new Set<number>();
    let failed = false;
    let left = hints.length;
    if (left === 0) return done(undefined);
    for (const hint of hints) {
      this.replica.perform(hint.vnode, hint.address, {
        kind: "read",
        done: (status, state) => {
          if (status === "failed") failed = true;
          else this.replica.reads--;
          if (status === "found") for (const { writeId } of this.clock.versions(state)) ids.add(writeId);
          if (--left === 0) done(failed ? "failed" : [...ids]);
        },
      });
    }
  }

  /** The state of the ring here; undefined where membership is fixed, or none is known yet. */
  get ringState(): RingState | undefined {
    return this.living?.state;
  }

  /** Whether clients may ask here. */
  get serving(): boolean {
    return this.living?.serving ?? true;
  }

  /** Current counts, replica work included. */
  count(): NodeCounts {
    if (this.handoff !== undefined) Object.assign(this.counts, this.handoff.counts);
    if (this.antiEntropy !== undefined) {
      const { exchanges, exchangesEqual, keysCompared, keysStreamed, keysOverstreamed, keysRepaired } =
        this.antiEntropy.counts;
      const { treeMessages, builds } = this.antiEntropy.counts;
      Object.assign(this.counts, {
        exchanges,
        exchangesEqual,
        treeMessages,
        keysCompared,
        keysStreamed,
        keysOverstreamed,
      });
      Object.assign(this.counts, { keysRepairedByAae: keysRepaired, treesBuilt: builds });
    }
    if (this.living !== undefined) {
      const { keysOffered, keysMoved, bytesMoved, keysTaken, keysLeft, gossipRounds } = this.living.counts;
      Object.assign(this.counts, { transferOffers: keysOffered, transferKeys: keysMoved, transferBytes: bytesMoved });
      Object.assign(this.counts, { transferTaken: keysTaken, transferDropped: keysLeft, gossipRounds });
    }
    this.counts.replicaReads = this.replica.reads;
    this.counts.replicaWrites = this.replica.writes;
    this.counts.reaped = this.replica.reaped;
    return { ...this.counts };
  }
}

/** What addresses of the keys of one scan begin with: a bucket's, or all buckets' of a type. */
function isScanPrefix(prefix: Octets): boolean {
  return isBucketPrefix(prefix) || isTypePrefix(prefix);
}

/** Requests in progress before the table grows. */
const FIRST_ROOM = 256;

const NO_ROOM = "no room is left for copies that are kept for others";

/** Copies in one page of a walk over all of them: what is worked off in one turn, with clients waiting. */
const SCANNED_AT_ONCE = 256;

/** Where nothing is said: at once, in moderate batches, two at a time. */
const HINTS_AT_ONCE: HintSettings = { batch: 100, idleMs: 0, concurrency: 2 };

/** For whoever wants to know, and where it is a threshold that was missed. */
function shortfallOf(request: GetCoordination | PutCoordination, outcome: Outcome): Shortfall | undefined {
  return request.explains && outcome !== "ok" ? request.shortfall() : undefined;
}

/** Nodes of `others` that none of `replicas` is on. */
function nodesBeside(replicas: readonly Placement[], others: readonly Placement[]): number {
  const beside = new Set(others.map(({ node }) => node));
  for (const { node } of replicas) beside.delete(node);
  return beside.size;
}

/** With owners by the other ring behind. */
function widened(places: Places, pending: readonly Placement[], believedUp: (node: NodeIndex) => boolean): Places {
  const replicas = [...places.replicas, ...pending];
  let { asked, primaries, live } = places;
  for (let i = places.replicas.length; i < replicas.length; i++) {
    if (!believedUp(replicas[i].node)) continue;
    asked |= 1 << i;
    primaries |= 1 << i;
    live++;
  }
  return { replicas, asked, primaries, live, n: places.n };
}

/** Ids without values. */
function heads(versions: readonly Version[]): readonly Version[] {
  return versions.map(({ writeId, tombstone }) => ({ writeId, value: "", tombstone }));
}

export type { RequestOptions };

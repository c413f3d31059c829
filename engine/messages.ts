/**
 * What nodes say to each other and to clients. Plain immutable records; `wire/codec.ts` is their only encoding. A
 * request's `id` is the sender's own handle, echoed in the reply and meaningless to anybody else. Node ids are
 * interned: a `NodeIndex` is the position in the cluster's member list, agreed in the handshake.
 */
import type { BucketEntry } from "./buckets/book";
import type { BucketChange, BucketProperties } from "./buckets/properties";
import type { Context, Version } from "./clocks/clock";
import type { Address } from "./vocabulary/address";
import type { Micros } from "./vocabulary/micros";
import type { Octets } from "./vocabulary/octets";
import type { RingPlan } from "./vocabulary/ring-plan";
import type { Outcome } from "./vocabulary/outcomes";
import type { QuorumValue } from "./vocabulary/settings";

export type NodeIndex = number;

/** Tunables of scope *request*: what a client may ask differently from the bucket's values. */
export interface RequestOptions {
  readonly r?: QuorumValue;
  readonly w?: QuorumValue;
  readonly pr?: QuorumValue;
  readonly pw?: QuorumValue;
  readonly dw?: QuorumValue;
  readonly notfoundOk?: boolean;
  readonly basicQuorum?: boolean;
  readonly timeoutMs?: number;
  /** Distinct nodes that must be among those that answered: two copies on one host confirm once. */
  readonly nodeConfirms?: QuorumValue;
  /** False: primaries alone, without fallbacks and without hints that count for whoever is away. */
  readonly sloppy?: boolean;
  /** Only the first so many of the preference list: at most the bucket's own N. */
  readonly nVal?: number;
  /** Of a put: its answer has whole siblings, not heads. */
  readonly returnBody?: boolean;
  /** An answer that is not ok says which threshold it fell short of ({@link Shortfall}); others say it in words alone. */
  readonly explain?: boolean;
}

/** Of a request: an hour. A longer wait would only hold a slot. */
export const MAX_TIMEOUT_MS = 3_600_000;

/** Which threshold was not reached, and how far it got: answers that counted, or nodes believed up where none were asked. */
export interface Shortfall {
  readonly what: Threshold;
  readonly got: number;
  readonly wanted: number;
}

export type Threshold = "r" | "pr" | "w" | "dw" | "pw" | "node_confirms";

/** Who writes, for clocks that want to know. */
export interface Writer {
  /** The client session. */
  readonly client: number;
  /** That client's own wall time; 0 where it gives none. */
  readonly timestamp: Micros;
}

export const NOBODY: Writer = { client: 0, timestamp: 0 };

/** Makes a request between nodes that must not be carried out twice recognisable; see `quorum/tickets.ts`. */
export interface Ticket {
  /** Boot epoch of the sender, and of the receiver as the sender knows it: another life of either has no use for it. */
  readonly fromEpoch: number;
  readonly toEpoch: number;
  /** Counts from 1 what one life of the sender asks of one life of the receiver. */
  readonly number: number;
}

export interface GetRequest {
  readonly kind: "get";
  readonly id: number;
  /** Set on the one hop from the node asked to a member of the preference list. */
  readonly forwarded: boolean;
  readonly address: Address;
  readonly options: RequestOptions | undefined;
}

export interface PutRequest {
  readonly kind: "put";
  readonly id: number;
  readonly forwarded: boolean;
  readonly address: Address;
  readonly context: Context;
  /** A delete is the put of a tombstone. */
  readonly version: Version;
  readonly writer: Writer;
  readonly options: RequestOptions | undefined;
  /** Of a put that is forwarded. */
  readonly ticket?: Ticket;
}

/** To a client, or back to the node that forwarded. */
export interface AnswerMessage {
  readonly kind: "answer";
  readonly id: number;
  readonly outcome: Outcome;
  readonly coordinator: NodeIndex;
  /** Get: every sibling. Put: the siblings after the put, values left out (a *head*), so that the context is honest. */
  readonly versions: readonly Version[];
  readonly context: Context;
  /** One line for a log when the outcome is not ok. */
  readonly reason: string;
  /** Where it is a threshold that was not reached, and the request wanted to know (`explain`). */
  readonly shortfall?: Shortfall;
}

/** What are the properties of a bucket, or of all buckets of a type that have none of their own; or: let them be others. */
export interface BucketRequest {
  readonly kind: "bucket";
  readonly id: number;
  /** `reset`: as those of its type again. */
  readonly verb: BucketVerb;
  readonly type: Octets;
  /** Undefined: the type itself. */
  readonly bucket: Octets | undefined;
  /** Of `set`. */
  readonly change: BucketChange | undefined;
}

export type BucketVerb = "get" | "set" | "reset";

export interface BucketAnswer {
  readonly kind: "bucket-answer";
  readonly id: number;
  readonly outcome: Outcome;
  readonly coordinator: NodeIndex;
  /** As they are now. Undefined: there is no such type. */
  readonly properties: BucketProperties | undefined;
  readonly reason: string;
}

/**
 * The keys of one bucket in order: from `start`, which belongs to them, to `end`, which does not (empty: to the last one).
 * Keys lie all over the ring, so that whoever is asked asks on; it is forwarded to nobody.
 */
export interface ScanRequest {
  readonly kind: "scan";
  readonly id: number;
  /**
   * The address of the bucket's empty key: what all of its keys' addresses begin with. Or what those of all buckets of one
   * type begin with (`typePrefix`): then `start`, `end` and the keys of the answer are the rest of an address, a bucket with a key.
   */
  readonly bucket: Address;
  readonly start: Octets;
  readonly end: Octets;
  /** Keys wanted. An answer brings {@link MAX_SCANNED} at most. */
  readonly limit: number;
  readonly options: RequestOptions | undefined;
}

/** A key of a scan's answer with all its siblings but the deleted ones; there is at least one. */
export interface ScannedKey {
  readonly key: Octets;
  readonly versions: readonly Version[];
}

export interface ScanAnswer {
  readonly kind: "scan-answer";
  readonly id: number;
  readonly outcome: Outcome;
  readonly coordinator: NodeIndex;
  /** In order of key. */
  readonly keys: readonly ScannedKey[];
  /** Where to go on; empty: the range is over. */
  readonly next: Octets;
  readonly reason: string;
}

/** Asks a node for copies of its own, in order of key: the first `limit` of them that lie in the range. */
export interface RangeRequest {
  readonly kind: "range";
  readonly id: number;
  /** Counts what one scan asks, so that no page is taken for another. */
  readonly part: number;
  /** Under which the copies are kept that count; none for hints. */
  readonly vnodes: readonly number[];
  readonly bucket: Address;
  readonly start: Octets;
  readonly end: Octets;
  readonly limit: number;
}

export interface RangeCopy {
  readonly vnode: number;
  readonly key: Octets;
  readonly state: unknown;
}

/** `copies` are all of the range below `upTo` (empty: all of it), in order of key, then vnode. */
export interface RangeReply {
  readonly kind: "range-reply";
  readonly id: number;
  readonly part: number;
  readonly status: "ok" | "failed";
  readonly copies: readonly RangeCopy[];
  readonly upTo: Octets;
}

/** Keys in one {@link ScanAnswer}. */
export const MAX_SCANNED = 1_000;
/** Copies in one {@link RangeReply}: of each key as many as one node may have. */
export const MAX_RANGE_COPIES = 2_048;
/** A page of either kind ends once its values and clocks are as long as this; a key that is so by itself begins one. */
export const MAX_PAGE_BYTES = 1_048_576;
/**
 * Values and metadata of one key together, and the context that comes with a write. What is more would fit no message between
 * nodes: its other replicas would never get it, and nobody would be told.
 */
export const MAX_STATE_BYTES = 8 * 1024 * 1024 - 65_536;

/** Read one replica. */
export interface ReplicaGet {
  readonly kind: "replica-get";
  readonly id: number;
  readonly vnode: number;
  readonly address: Address;
  /** Not the copy but a digest of it. */
  readonly digest?: true;
  /** Asked by anti-entropy, for no client. */
  readonly background?: true;
}

export interface ReplicaGetReply {
  readonly kind: "replica-get-reply";
  readonly id: number;
  readonly vnode: number;
  readonly background?: true;
  readonly status: "found" | "absent" | "failed" | "digest";
  /** The clock's state when found, its `Digest` where one was asked for. */
  readonly state: unknown;
}

/** What the coordinator wants to hear: on receipt (W), once stored as the sync mode promises (DW), both, or nothing. */
export type Acknowledge = "none" | "received" | "stored" | "both";
/** `reap`: not to be merged; what is stored goes if it is this very state, a tombstone that every primary holds. */
export type PutCause = "replication" | "read-repair" | "reap" | "hint" | "anti-entropy";

/** Merge this state into one replica. */
export interface ReplicaPut {
  readonly kind: "replica-put";
  readonly id: number;
  readonly vnode: number;
  readonly address: Address;
  readonly state: unknown;
  readonly acknowledge: Acknowledge;
  readonly cause: PutCause;
}

export interface ReplicaPutReply {
  readonly kind: "replica-put-reply";
  readonly id: number;
  readonly vnode: number;
  readonly status: "received" | "stored" | "failed";
}

/** `coordinator: any` from a node that holds no replica: make the event at this replica, which owns the history. */
export interface ReplicaUpdate {
  readonly kind: "replica-update";
  readonly id: number;
  readonly vnode: number;
  readonly address: Address;
  readonly context: Context;
  readonly version: Version;
  readonly writer: Writer;
  readonly acknowledge: Acknowledge;
  readonly ticket: Ticket;
}

/** The new state, to be sent to the other replicas; or the refusal. Acknowledgements follow as put replies. */
export interface ReplicaUpdated {
  readonly kind: "replica-updated";
  readonly id: number;
  readonly vnode: number;
  readonly outcome: "ok" | "too_many_siblings" | "invalid" | "failed";
  readonly state: unknown;
}

/** Hints come home: copies that the sender has kept for the receiver. */
export interface HandoffMessage {
  readonly kind: "handoff";
  readonly id: number;
  /** The receiver's own. */
  readonly vnode: number;
  readonly entries: readonly { readonly address: Address; readonly state: unknown }[];
}

/** `stored`: all of them, as durable as the sync mode promises. `busy`: try later. */
export interface HandoffReply {
  readonly kind: "handoff-reply";
  readonly id: number;
  readonly status: "stored" | "busy" | "failed";
}

/** Of an exchange of trees. Every request says which trees, so that whoever answers need not remember. */
interface BetweenTrees {
  /** Of the exchange, given by whoever began it. */
  readonly id: number;
  /** Counts requests from 1: a reply to another step, or a request that was answered before, is ignored. */
  readonly step: number;
  /** Of the ring's groups. */
  readonly group: number;
  /** The vnode of whoever asks, and of whoever is asked. */
  readonly asking: number;
  readonly asked: number;
}

/** `busy`: takes part in as many exchanges as it may. `building`: has no whole tree yet. `unknown`: has no such tree at all. */
export type ExchangeStatus = "ok" | "busy" | "building" | "unknown";

/**
 * My hashes of these nodes of one level: of which are yours different? Level 0 and node 0, the root, begin an exchange;
 * no nodes at all end it, and are not answered.
 */
export interface TreeRequest extends BetweenTrees {
  readonly kind: "tree";
  readonly level: number;
  readonly nodes: readonly number[];
  /** Two unsigned halves for each node. */
  readonly hashes: readonly number[];
}

export interface TreeReply {
  readonly kind: "tree-reply";
  readonly id: number;
  readonly step: number;
  readonly status: ExchangeStatus;
  /** Those of the nodes asked for that differ. */
  readonly differing: readonly number[];
  /** Of every child of each of them, one after the other, two unsigned halves. */
  readonly hashes: readonly number[];
}

/** What is in these segments? Keys with hashes, or keys with states. */
export interface SegmentsRequest extends BetweenTrees {
  readonly kind: "segments";
  readonly want: "hashes" | "states";
  readonly segments: readonly number[];
  /** Of the first segment, only keys after this one; empty: all. */
  readonly after: Address;
}

export interface SegmentsReply {
  readonly kind: "segments-reply";
  readonly id: number;
  readonly step: number;
  readonly status: ExchangeStatus;
  /** So many of the segments are through; of the next one, keys up to `last` (empty: none) are. */
  readonly complete: number;
  readonly last: Address;
  readonly addresses: readonly Address[];
  /** Two unsigned halves for each address, where hashes are wanted. */
  readonly hashes: readonly number[];
  /** One for each address, where states are wanted. */
  readonly states: readonly unknown[];
}

/** Merge these: all that I have in a segment that differs. */
export interface StreamMessage extends BetweenTrees {
  readonly kind: "stream";
  readonly entries: readonly { readonly address: Address; readonly state: unknown }[];
}

/** All are merged and stored, or refused by the disk. */
export interface StreamReply {
  readonly kind: "stream-reply";
  readonly id: number;
  readonly step: number;
  readonly status: ExchangeStatus;
}

export type TreeMessage = TreeRequest | SegmentsRequest | StreamMessage;
export type TreeAnswer = TreeReply | SegmentsReply | StreamReply;

/** Hashes of nodes in one message: the children of one node of the widest tree. */
export const MAX_TREE_HASHES = 1_024;
/** Segments asked for in one message. */
export const MAX_SEGMENTS_ASKED = 64;
/** Keys in one message about segments. */
export const MAX_SEGMENT_KEYS = 256;

/** Which state of the ring: the higher version, and of equal ones the higher proposer, goes before. Version 0: none yet. */
export interface RingId {
  readonly version: number;
  readonly proposer: NodeIndex;
}

/**
 * `settled`: the ring is `plan`. `joining`: copies go to those that `next` gives them to; writes go to both, reads to `plan`.
 * `switching`: they have them; writes go to both, reads to `plan`, the new one, and `next` is the old one.
 */
export type RingPhase = "settled" | "joining" | "switching";

/** What all members must agree on. */
export interface RingState {
  readonly id: RingId;
  readonly phase: RingPhase;
  readonly plan: RingPlan;
  readonly next: RingPlan | undefined;
  /** Settled: those that the last change left out and that have still to hear of it. */
  readonly former: readonly NodeIndex[];
  /** Joining: members of either plan that are known to be removed, and so send nothing. */
  readonly without: readonly NodeIndex[];
}

/** What one node says of itself, ordered by (epoch, version); and what others have decided of it. */
export interface MemberEntry {
  readonly node: NodeIndex;
  /** The life of the node that said it: its generation. */
  readonly epoch: number;
  readonly version: number;
  /** Wants to be in the ring, to leave it, or (`gone`) has left it and keeps nothing any more. */
  readonly wish: "in" | "out" | "gone";
  /** Takes the place of this dead member, which is thereby removed. */
  readonly replaces: NodeIndex | undefined;
  /** The newest state of the ring that it knows, and under no older one of which it has an operation in progress. */
  readonly seen: RingId;
  /** The newest state of the ring under which it has sent all that it had to send. */
  readonly sent: RingId;
  /** Forced out by an operator, for ever: said by anybody, and never unsaid. */
  readonly removed: boolean;
}

/** One message of gossip. What is left out is empty. */
export interface Gossip {
  readonly kind: "gossip";
  /** The cluster's state of the ring that the sender knows; the state itself where the receiver's is known to be older. */
  readonly ringId: RingId;
  readonly ring: RingState | undefined;
  /** Of all that the sender knows: whoever has the same hash knows the same. Undefined: do not compare. */
  readonly hash: number | undefined;
  /** What the sender knows of whom, three numbers each: node, epoch, version (the removed ones have an epoch of 0). */
  readonly digests: readonly number[];
  readonly entries: readonly MemberEntry[];
  /** Tell me of these nodes. */
  readonly wants: readonly NodeIndex[];
  /** And of the ring. */
  readonly wantsRing: boolean;
}

/** Copies move to a new owner: do you have these already? */
export interface TransferOffer {
  readonly kind: "transfer-offer";
  readonly id: number;
  /** The receiver's own. */
  readonly vnode: number;
  readonly addresses: readonly Address[];
  /** Two unsigned halves for each address. */
  readonly hashes: readonly number[];
}

/** Then take them. */
export interface TransferCopies {
  readonly kind: "transfer-copies";
  readonly id: number;
  readonly vnode: number;
  readonly entries: readonly { readonly address: Address; readonly state: unknown }[];
}

/** To an offer: `wanted` are the places of those that are missing or differ. To copies: all are stored, or not. */
export interface TransferReply {
  readonly kind: "transfer-reply";
  readonly id: number;
  readonly status: "ok" | "failed";
  readonly wanted: readonly number[];
}

/** Keys in one message of a transfer. */
export const MAX_TRANSFERRED = 4_096;
/** Nodes that one message of gossip tells of. */
export const MAX_GOSSIPED = 65_536;

/** I am alive, and in this life. */
export interface Heartbeat {
  readonly kind: "heartbeat";
  readonly epoch: number;
  readonly sequence: number;
}

/** Of the life of a node: the higher incarnation is the later word. */
export interface LifeUpdate {
  readonly node: NodeIndex;
  readonly status: "alive" | "suspect" | "dead";
  /** Only `node` itself raises it: a new life begins at its epoch times 2^20. */
  readonly incarnation: number;
  /** Who found out: suspicions of different nodes confirm each other. */
  readonly by: NodeIndex;
}

/**
 * Between failure detectors. `ping` is answered by `ack`; `ping-request` asks the receiver to ping `about` and pass its ack on,
 * or say `nack` where it hears nothing; `rumour` carries updates and nothing else.
 */
export interface ProbeMessage {
  readonly kind: "probe";
  readonly what: "ping" | "ping-request" | "ack" | "nack" | "rumour";
  /** Given by whoever asked. */
  readonly id: number;
  /** Whose life it is about: of a rumour nobody's, and equal to `id`. */
  readonly about: NodeIndex;
  readonly updates: readonly LifeUpdate[];
}

/** Updates in one {@link ProbeMessage}. */
export const MAX_LIFE_UPDATES = 64;

/** Direct inspection of what a node holds: for measurement, over a connection of its own, bounded per message. */
export interface Inspect {
  readonly kind: "inspect";
  readonly id: number;
  readonly vnodes: readonly number[];
  readonly addresses: readonly Address[];
}

export interface Inspection {
  readonly kind: "inspection";
  readonly id: number;
  /**
   * Parallel to the request: write ids held, tombstones included; undefined where nothing is held, and `failed` where
   * the copy could not be read, which is not the same as having none.
   */
  readonly held: readonly Held[];
  /** Parallel to `held`: what a copy spends on causality; undefined where there is none. */
  readonly metadata: readonly (HeldMetadata | undefined)[];
}

/** Entries of (who, how many) in a copy's clock, and its bytes beside the values. */
export interface HeldMetadata {
  readonly entries: number;
  readonly bytes: number;
}

/** What an inspection brings. */
export type Inspected = Pick<Inspection, "held" | "metadata">;

export type Held = readonly number[] | undefined | "failed";

/** Which members are there? What a client works by that coordinates its own requests. */
export interface MembershipPoll {
  readonly kind: "membership-poll";
  readonly id: number;
}

/** To a poll; and unasked, with id 0, beside the refusal of a request that was begun under an older state of the ring. */
export interface MembershipAnswer {
  readonly kind: "membership";
  readonly id: number;
  /** Undefined where membership is fixed, or the node asked is in no ring yet. */
  readonly ring: RingState | undefined;
}

/** What is said of buckets goes round; see `buckets/spreading.ts`. */
export interface BucketsMessage {
  readonly kind: "buckets";
  /**
   * `set`: keep these, and say so (`kept`, with the same id). `compare`: is your book this one? If not, `mine` is the whole of it; and if
   * it lacks something of the other's, that one sends `yours`, which ends it.
   */
  readonly what: "set" | "kept" | "compare" | "mine" | "yours";
  readonly id: number;
  /** Of the sender's whole book: two unsigned halves. */
  readonly hash: readonly [number, number];
  readonly entries: readonly BucketEntry[];
}

/** What a client that coordinates asks of a replica. */
export type ReplicaRequest = ReplicaGet | ReplicaPut | ProbeMessage;

/** From a coordinator that is no member, which says under which state of the ring it began the request. */
export interface ClientCoordinated {
  readonly kind: "client-coordinated";
  readonly ring: RingId;
  readonly request: ReplicaRequest;
}

export type ClientMessage =
  GetRequest | PutRequest | ScanRequest | BucketRequest | Inspect | MembershipPoll | ClientCoordinated;
/** What a client is told. */
export type ClientAnswer = AnswerMessage | ScanAnswer | BucketAnswer | Inspection | MembershipAnswer;
export type PeerMessage =
  | GetRequest
  | PutRequest
  | AnswerMessage
  | ReplicaGet
  | ReplicaGetReply
  | RangeRequest
  | RangeReply
  | ReplicaPut
  | ReplicaPutReply
  | ReplicaUpdate
  | ReplicaUpdated
  | HandoffMessage
  | HandoffReply
  | TreeMessage
  | TreeAnswer
  | Gossip
  | TransferOffer
  | TransferCopies
  | TransferReply
  | ProbeMessage
  | BucketsMessage
  | Heartbeat;
export type Message = ClientMessage | PeerMessage | ClientAnswer;

/** The coordinator in an {@link AnswerMessage} that the client made itself. */
export const THE_CLIENT = -2;

/** Asks an {@link Inspect} for what a node keeps of a key for others, under whatever hinted vnode. */
export const ANY_HINT = 0xffff;
/** Copies in one {@link HandoffMessage}. */
export const MAX_HANDED_OVER = 10_000;

/** Keys named in one {@link Inspect}. */
export const MAX_INSPECTED_KEYS = 512;

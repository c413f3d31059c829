/**
 * The client's history: the evidence that every figure is folded from. One record an operation, made by the driver
 * when the operation ends (or is given up at the end of the run), in order of completion. Nothing here comes from what
 * the store believes about itself except the contents of its answers.
 */
import type { RepairCounters } from "./repair-counters";

/** Microseconds of one time base per run. */
export type Micros = number;

export type Phase = "load" | "warmup" | "measure" | "drain";
export const PHASES: readonly Phase[] = ["load", "warmup", "measure", "drain"];

/**
 * The last three *span* others, which are recorded beside them as operations of their own: `rmw` its read and its update,
 * `multi-get` its reads, which go out together, and `list` its scans, a page each, one after the other.
 */
export type OperationKind = "read" | "update" | "insert" | "delete" | "scan" | SpanKind;
export type SpanKind = "rmw" | "multi-get" | "list";
export const OPERATION_KINDS: readonly OperationKind[] = [
  "read",
  "update",
  "insert",
  "delete",
  "scan",
  "rmw",
  "multi-get",
  "list",
];

/** Whether it carries times and an outcome alone: what it asked for stands in records of its own. */
export function isSpan(kind: OperationKind): kind is SpanKind {
  return kind === "rmw" || kind === "multi-get" || kind === "list";
}

/** As the engine's vocabulary; listed again because a record loads without the engine. */
export type RecordedOutcome =
  | "ok"
  | "unavailable"
  | "overloaded"
  | "too_many_siblings"
  | "invalid"
  | "unsupported"
  | "not_sent"
  | "timeout"
  | "quorum_unreachable"
  | "connection_lost";

/** In the order of the union. */
export const RECORDED_OUTCOMES: readonly RecordedOutcome[] = [
  "ok",
  "unavailable",
  "overloaded",
  "too_many_siblings",
  "invalid",
  "unsupported",
  "not_sent",
  "timeout",
  "quorum_unreachable",
  "connection_lost",
];

export type Certainty = "ok" | "definite" | "indefinite";

export function certaintyOf(outcome: RecordedOutcome): Certainty {
  if (outcome === "ok") return "ok";
  return outcome === "timeout" || outcome === "quorum_unreachable" || outcome === "connection_lost"
    ? "indefinite"
    : "definite";
}

/** A write's id, unique in the run: session * 2^32 + a counter of that session. 0 is "no write". */
export type WriteId = number;

/** A write in a few characters: `3.12` is the 12th write of session 3. */
export function writeName(id: WriteId): string {
  return `${Math.floor(id / 2 ** 32)}.${id % 2 ** 32}`;
}

/** Who coordinated, where it was no node (workload.routing client-driven). */
export const THE_CLIENT_ITSELF = -2;

export interface OperationRecord {
  /** Unique in the trial, in order of intent. */
  readonly id: number;
  readonly phase: Phase;
  readonly kind: OperationKind;
  /** Printable: bucket type and bucket are left out when they are the workload's default. */
  readonly key: string;
  readonly session: number;
  /** When the schedule wanted it sent. Equal to `start` in a closed loop. */
  readonly intended: Micros;
  /** When it was handed to the connection. */
  readonly start: Micros;
  /** When the answer came, or when it was given up. */
  readonly end: Micros;
  readonly outcome: RecordedOutcome;
  /** The write this operation made or may have made; 0 for reads. */
  readonly writeId: WriteId;
  /** Write ids of the versions returned, tombstones included; empty when nothing was found. */
  readonly versions: readonly WriteId[];
  /** How many of `versions` are values (not tombstones). */
  readonly values: number;
  /** For writes: versions whose context was sent along (what the session had read of this key). */
  readonly seen: readonly WriteId[];
  /** Bytes of the context sent, and of the one returned. */
  readonly contextInBytes: number;
  readonly contextOutBytes: number;
  /** Node index that coordinated, -1 when unknown, {@link THE_CLIENT_ITSELF} where the client did so itself. */
  readonly coordinator: number;
}

/** The state of one key as found at its replicas by direct inspection. */
export interface KeySnapshot {
  readonly key: string;
  /** A client write to this key was in flight during the inspection: leave it out of mid-run figures. */
  readonly busy: boolean;
  /** One entry a primary in preference order. `unreachable` is not divergence; an empty list is a missing copy. */
  readonly replicas: readonly (readonly WriteId[] | "unreachable")[];
  /** Causal metadata of each copy, parallel to `replicas`: null where there is none. Absent where the target cannot tell. */
  readonly metadata?: readonly (CopyMetadata | null)[];
  /** Writes of the key that wait in a hint at any node that was reached, each once. Absent where nobody looked. */
  readonly hinted?: readonly WriteId[];
  /** More may wait at a node that was not reached, or that could not read one. */
  readonly hintsUnknown?: boolean;
}

/** What a copy of a key spends on causality: entries of (who, how many), and bytes beside its values as encoded. */
export interface CopyMetadata {
  readonly entries: number;
  readonly bytes: number;
}

/** One scan over replicas. */
export interface Snapshot {
  readonly at: Micros;
  readonly tookMicros: Micros;
  readonly final: boolean;
  /** Read by clients, where replicas cannot be looked at: one "replica" a key, which says nothing of how replicas differ. */
  readonly by?: "clients";
  /** Keys that exist; `keys` may be a sample of them. */
  readonly population: number;
  readonly keys: readonly KeySnapshot[];
}

/** What each node counted of its own work in the measured phase: used for load balance and cost, never for truth. */
export interface NodeCounters extends RepairCounters {
  readonly node: string;
  readonly coordinated: number;
  /** Of those, gets; and requests handed on to a node that coordinates them. Stores of others may tell neither. */
  readonly coordinatedGets?: number;
  readonly forwarded?: number;
  readonly replicaReads: number;
  readonly replicaWrites: number;
  /** Of those coordinated, scans; pages of own copies read for scans, and the copies in them. Old runs tell none. */
  readonly coordinatedScans?: number;
  readonly replicaScans?: number;
  readonly rangeRecords?: number;
  readonly readRepairs: number;
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly refused: number;
  readonly keysHeld: number;
  /** Messages dropped by injected loss, and by full queues. */
  readonly lost: number;
  readonly queueDrops: number;
  /** Injected delay: how late messages left behind their drawn delay. */
  readonly delayLatenessP99Ms: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Real processes only; absent for a node that a fault stopped or ended meanwhile, whose times are the fault's. */
  readonly times?: ProcessTimes;
}

/** How one process got on with its own event loop and garbage in the measured phase. */
export interface ProcessTimes {
  /** How late a timer of every 10 ms fired; ticks that came due while the loop was held up count each. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  /** Pauses of the garbage collector: together, how many, and the longest. */
  readonly gcMs: number;
  readonly gcCount: number;
  readonly gcLongestMs: number;
}

/**
 * What a node counts of its repairs, and of its messages by what caused them: the price of healing, mechanism by mechanism. Everything is
 * a total since the node's start unless it says gauge, and everything may be absent: a store that has no hints counts none, and an
 * old run knows of no causes. Absent is unknown and never 0.
 */
import type { Micros } from "./history";

/** Why a message between nodes was sent. */
export const CAUSES = [
  "replication",
  "reading",
  "read-repair",
  "hint",
  "anti-entropy",
  "detector",
  "forwarding",
  "gossip",
  "handoff",
] as const;
export type MessageCause = (typeof CAUSES)[number];

/** Those that bring replicas together, as opposed to serving a client or watching peers. */
export const REPAIR_CAUSES: readonly MessageCause[] = ["read-repair", "hint", "anti-entropy"];

export interface MessagesAndBytes {
  readonly messages: number;
  /** NaN where messages are not encoded. */
  readonly bytes: number;
}

export interface RepairCounters {
  /** Replicas asked because others were late, and reads that would have had to wait without. */
  readonly speculations?: number;
  readonly speculationsHelped?: number;
  /** Digests sent in place of copies, bytes that were not sent therefore, and replicas that were then read in full after all. */
  readonly digestReads?: number;
  readonly digestBytesSaved?: number;
  readonly digestMismatches?: number;
  /** Reads that waited for a repair. */
  readonly blockingRepairs?: number;
  readonly hintsWritten?: number;
  readonly hintsDelivered?: number;
  readonly hintsExpired?: number;
  /** Not taken, because there were too many. */
  readonly hintsRefused?: number;
  /** Gauges. */
  readonly hintsHeld?: number;
  readonly hintBytesHeld?: number;
  /** Comparisons with a peer by anti-entropy, and those that found nothing to do. */
  readonly exchanges?: number;
  readonly exchangesEqual?: number;
  readonly keysCompared?: number;
  readonly keysStreamed?: number;
  /** Streamed though the receiver had the same. */
  readonly keysOverstreamed?: number;
  readonly keysRepairedByAae?: number;
  /** Copies sent to new owners while the ring changed, and their bytes. */
  readonly transferKeys?: number;
  readonly transferBytes?: number;
  readonly byCause?: Readonly<Partial<Record<MessageCause, MessagesAndBytes>>>;
}

/** A node's totals at some instant. */
export interface NodeTotals extends RepairCounters {
  readonly node: string;
  readonly readRepairs?: number;
  /** Requests it had to do with: replica reads, replica writes and requests coordinated. */
  readonly requests?: number;
}

/** The work of a node as `load_imbalance` counts it: what it read (a page of a scan is one) and wrote as a replica and what it coordinated, each as one. */
export function requestsOf(node: {
  readonly replicaReads: number;
  readonly replicaWrites: number;
  readonly replicaScans?: number;
  readonly coordinated: number;
}): number {
  return node.replicaReads + node.replicaWrites + (node.replicaScans ?? 0) + node.coordinated;
}

/** The totals of all nodes that answered, about once an interval. */
export interface CounterSample {
  readonly at: Micros;
  readonly nodes: readonly NodeTotals[];
}

const GAUGES = ["hintsHeld", "hintBytesHeld"] as const;
const TOTALS = [
  "speculations",
  "speculationsHelped",
  "digestReads",
  "digestBytesSaved",
  "digestMismatches",
  "blockingRepairs",
  "hintsWritten",
  "hintsDelivered",
  "hintsExpired",
  "hintsRefused",
  "exchanges",
  "exchangesEqual",
  "keysCompared",
  "keysStreamed",
  "keysOverstreamed",
  "keysRepairedByAae",
  "transferKeys",
  "transferBytes",
] as const;
export type RepairTotal = (typeof TOTALS)[number];
export type RepairGauge = (typeof GAUGES)[number];

/** The repair counters among all that a node counts; whoever counts none of them has none. */
export function repairOf(all: object): RepairCounters {
  const counts: RepairCounters = all;
  const out: { -readonly [K in keyof RepairCounters]: RepairCounters[K] } = {};
  for (const name of [...TOTALS, ...GAUGES]) if (counts[name] !== undefined) out[name] = counts[name];
  if (counts.byCause !== undefined) out.byCause = counts.byCause;
  return out;
}

/** What happened between two readings of one node; gauges are as at the later one. A total that fell began anew with the process. */
export function repairBetween(from: RepairCounters, to: RepairCounters): RepairCounters {
  const out: { -readonly [K in keyof RepairCounters]: RepairCounters[K] } = {};
  for (const name of TOTALS) {
    const [a, b] = [from[name], to[name]];
    if (a !== undefined && b !== undefined) out[name] = since(a, b);
  }
  for (const name of GAUGES) if (to[name] !== undefined) out[name] = to[name];
  if (from.byCause !== undefined && to.byCause !== undefined) {
    const byCause: Partial<Record<MessageCause, MessagesAndBytes>> = {};
    for (const cause of CAUSES) {
      const b = to.byCause[cause];
      if (b === undefined) continue;
      const a = from.byCause[cause] ?? { messages: 0, bytes: 0 };
      byCause[cause] =
        b.messages < a.messages ? b : { messages: b.messages - a.messages, bytes: since(a.bytes, b.bytes) };
    }
    out.byCause = byCause;
  }
  return out;
}

function since(a: number, b: number): number {
  return b < a ? b : b - a;
}

/** Sums over nodes; a field that any node lacks is absent. */
export function repairOfAll(nodes: readonly RepairCounters[]): RepairCounters {
  if (nodes.length === 0) return {};
  const out: { -readonly [K in keyof RepairCounters]: RepairCounters[K] } = {};
  for (const name of [...TOTALS, ...GAUGES]) {
    if (nodes.every((node) => node[name] !== undefined)) out[name] = nodes.reduce((sum, node) => sum + node[name]!, 0);
  }
  if (nodes.every(({ byCause }) => byCause !== undefined)) {
    const byCause: Partial<Record<MessageCause, MessagesAndBytes>> = {};
    for (const cause of CAUSES) {
      const parts = nodes.flatMap((node) => node.byCause![cause] ?? []);
      if (parts.length === 0) continue;
      byCause[cause] = {
        messages: parts.reduce((sum, one) => sum + one.messages, 0),
        bytes: parts.reduce((sum, one) => sum + one.bytes, 0),
      };
    }
    out.byCause = byCause;
  }
  return out;
}

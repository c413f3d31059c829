/**
 * Turns what a simulated cluster tells its watcher, and the operations its clients record, into a trace of one window: names
 * for numbers, keys for addresses, write ids for states. Messages beyond the bound are counted, not kept.
 *
 * A window is asked for from the start of the warm-up, which nobody knows until the preload is over; the cluster counts
 * from its own beginning. Forgetting that shift shows another stretch of the trial than was asked for. What replicas held
 * when the window opened is kept too, for a replica that nothing is written to still holds something.
 */
import { addressOfHint } from "../engine/handoff/handoff";
import { clockFor, type Clock } from "../engine/clocks/clock";
import type { Note } from "../engine/io";
import type { Message } from "../engine/messages";
import { OUTSIDER } from "../engine/sim/network";
import type { MessageFate, Party, Watcher } from "../engine/sim/trace";
import { type Address, decodeAddress } from "../engine/vocabulary/address";
import type { Micros } from "../engine/vocabulary/micros";
import { textFromOctets } from "../engine/vocabulary/octets";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import { certaintyOf, type OperationRecord, isSpan } from "../results/record/history";
import type { TraceEvent } from "../results/record/trace";
import { KeyHistory } from "../results/measures/key-history";

/** Microseconds from the start of the warm-up. */
export interface TraceWindow {
  readonly fromMicros: Micros;
  readonly toMicros: Micros;
  /** At most so many events are kept. */
  readonly maxEvents: number;
}

/** Replicas whose state before the window is remembered. */
const MOST_REPLICAS = 200_000;
/** Requests whose replies may still come. */
const MOST_REQUESTS = 100_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MessageEvent = Mutable<Extract<TraceEvent, { kind: "message" }>>;
type StateEvent = Extract<TraceEvent, { kind: "state" }>;

interface HeldReplica {
  readonly vnode: number;
  readonly address: Address;
  readonly versions: string;
}

export class TraceRecorder implements Watcher {
  readonly events: TraceEvent[] = [];
  dropped = 0;
  private readonly clock: Clock;
  private readonly messages = new Map<number, MessageEvent>();
  private readonly operations: OperationRecord[] = [];
  private nextMessage = 1;
  /** Keys of requests by who asked and the number it gave them: replies name neither key nor request otherwise. */
  private readonly asked = new Map<string, string>();
  /** By node, then vnode and address: the write ids last told of a replica. */
  private readonly held = new Map<number, Map<string, HeldReplica>>();
  /** By node, vnode and address: the last state before the window, made into an event only where it is asked for. */
  private readonly before = new Map<string, () => StateEvent>();

  /** `origin`: the start of the warm-up in virtual time, Infinity as long as it has not begun. */
  constructor(
    private readonly settings: ClusterSettings,
    private readonly window: TraceWindow,
    private readonly origin: () => Micros,
  ) {
    this.clock = clockFor(settings.engine);
  }

  sent(at: Micros, from: Party, to: Party, message: Message, bytes: number): number {
    if (message.kind === "heartbeat" || message.kind === "probe") return 0;
    const key = this.keyOfMessage(from, to, message);
    if (!this.keep(at)) return 0;
    const id = this.nextMessage++;
    const event: MessageEvent = {
      kind: "message",
      id,
      from: this.party(from),
      to: this.party(to),
      sentAt: at,
      arrivedAt: undefined,
      fate: "in-flight",
      what: message.kind,
      key,
      versions: this.versionsOf(message),
      detail: detailOf(message),
      bytes: Number.isNaN(bytes) ? 0 : bytes,
    };
    this.messages.set(id, event);
    this.events.push(event);
    return id;
  }

  arrived(id: number, at: Micros): void {
    this.ended(id, at, "delivered");
  }

  failed(id: number, at: Micros, fate: Exclude<MessageFate, "delivered" | "in-flight">): void {
    this.ended(id, fate === "node-down" || fate === "queue-full" ? at : undefined, fate);
  }

  stored(at: Micros, node: number, vnode: number, address: Address, state: unknown): void {
    const versions = state === undefined ? [] : this.clock.versions(state).map(({ writeId }) => writeId);
    let replicas = this.held.get(node);
    if (replicas === undefined) this.held.set(node, (replicas = new Map<string, HeldReplica>()));
    const name = `${String(vnode)} ${address}`;
    if (replicas.size < MOST_REPLICAS || replicas.has(name))
      replicas.set(name, { vnode, address, versions: versions.join(" ") });
    const event = (): StateEvent => ({
      kind: "state",
      at,
      node: this.nameOf(node),
      vnode,
      key: keyOf(addressOfHint(address)),
      versions,
      clock: state === undefined ? "" : this.clock.describe(state),
    });
    if (at < this.from) {
      const replica = `${String(node)} ${String(vnode)} ${address}`;
      if (this.before.size < MOST_REPLICAS || this.before.has(replica)) this.before.set(replica, event);
    } else if (this.keep(at)) this.events.push(event());
  }

  noted(at: Micros, node: number, note: Note): void {
    if (this.keep(at)) this.events.push({ kind: "note", at, node: this.nameOf(node), text: this.textOf(note) });
  }

  node(
    at: Micros,
    node: number,
    state: "up" | "down" | "paused",
    held?: (vnode: number, address: Address) => unknown,
  ): void {
    if (at <= this.to) this.events.push({ kind: "node", at, node: this.nameOf(node), state });
    if (held === undefined) return;
    // A process may come back with less than it had.
    for (const { vnode, address, versions } of [...(this.held.get(node)?.values() ?? [])]) {
      const now = held(vnode, address);
      const ids = now === undefined ? [] : this.clock.versions(now).map(({ writeId }) => writeId);
      if (ids.join(" ") !== versions) this.stored(at, node, vnode, address, now);
    }
  }

  fault(at: Micros, id: string, phase: "begin" | "end", what: string): void {
    if (at <= this.to) this.events.push({ kind: "fault", at, id, phase, what });
  }

  /** Every operation of the trial, in order of completion: staleness is judged on all of them. */
  operation(record: OperationRecord): void {
    if (!isSpan(record.kind) && record.start <= this.to) this.operations.push(record);
  }

  /** Ends the trace. `replicasOf`: the preference list of a key, as node ids. */
  finish(replicasOf: (key: string) => readonly string[]): readonly TraceEvent[] {
    for (const { record, stale } of judged(this.operations)) {
      if (record.end < this.from || record.start > this.to) continue;
      if (this.events.length >= this.window.maxEvents) {
        this.dropped++;
        continue;
      }
      this.events.push({
        kind: "operation",
        startedAt: record.start,
        endedAt: record.end,
        client: clientName(record.session),
        operation: record.kind,
        key: record.key,
        outcome: record.outcome,
        writeId: record.writeId,
        versions: record.versions,
        stale,
        replicas: replicasOf(record.key),
      });
    }
    const touched = new Set(this.events.flatMap((event) => ("key" in event ? [event.key] : [])));
    for (const state of this.before.values()) {
      const event = state();
      if (touched.has(event.key)) this.events.push(event);
    }
    return this.events.sort((a, b) => timeOf(a) - timeOf(b));
  }

  private get from(): Micros {
    return this.origin() + this.window.fromMicros;
  }

  private get to(): Micros {
    return this.origin() + this.window.toMicros;
  }

  private keep(at: Micros): boolean {
    if (at < this.from || at > this.to) return false;
    if (this.events.length < this.window.maxEvents) return true;
    this.dropped++;
    return false;
  }

  private keyOfMessage(from: Party, to: Party, message: Message): string {
    const address =
      "address" in message ? message.address : "start" in message ? message.bucket + message.start : undefined;
    if (address !== undefined && "id" in message) {
      const key = keyOf(address);
      this.asked.set(requestOf(from, message.id), key);
      if (this.asked.size > MOST_REQUESTS) this.asked.delete(this.asked.keys().next().value!);
      return key;
    }
    return "id" in message ? (this.asked.get(requestOf(to, message.id)) ?? "") : "";
  }

  private ended(id: number, at: Micros | undefined, fate: MessageFate): void {
    const event = this.messages.get(id);
    if (event === undefined) return;
    event.fate = fate;
    event.arrivedAt = at;
    if (fate !== "held") this.messages.delete(id);
  }

  private party({ kind, index }: Party): string {
    return kind === "node" ? this.nameOf(index) : clientName(index);
  }

  private nameOf(node: number): string {
    return this.settings.members[node].id;
  }

  private versionsOf(message: Message): readonly number[] {
    switch (message.kind) {
      case "put":
      case "replica-update":
        return [message.version.writeId];
      case "answer":
        return message.versions.map(({ writeId }) => writeId);
      case "replica-put":
        return this.clock.versions(message.state).map(({ writeId }) => writeId);
      case "replica-get-reply":
        return message.status === "found" ? this.clock.versions(message.state).map(({ writeId }) => writeId) : [];
      case "replica-updated":
        return message.state === undefined ? [] : this.clock.versions(message.state).map(({ writeId }) => writeId);
      default:
        return [];
    }
  }

  private textOf(note: Note): string {
    switch (note.kind) {
      case "suspected":
      case "trusted":
        return `${note.kind} ${this.nameOf(note.node)}`;
      case "refused":
        return `refused (${note.outcome}): ${note.reason}`;
      case "coordinating":
        return `coordinates a ${note.operation} of ${keyOf(note.address)} with ${note.replicas.map((node) => this.nameOf(node)).join(", ")}`;
      case "event":
        return `makes the event ${note.state} on ${keyOf(note.address)}`;
      case "answered":
        return `answers the ${note.operation}: ${note.outcome}, ${String(note.versions)} version${note.versions === 1 ? "" : "s"}`;
      case "anti-entropy":
        return `has found ${keyOf(note.address)} different and repairs it on ${this.nameOf(note.to)}`;
      case "read-repair":
        return `repairs ${keyOf(note.address)} on ${this.nameOf(note.to)}`;
      case "speculating":
        return `asks ${this.nameOf(note.on)} for ${keyOf(note.address)} too, because others are late`;
      case "reaping":
        return `has the tombstone of ${keyOf(note.address)} removed everywhere`;
      case "reap-dropped":
        return `leaves the tombstone of ${keyOf(note.address)} for later`;
      case "hint-delivery":
        return `hands ${String(note.count)} hints over to ${this.nameOf(note.node)}`;
      case "hint-refused":
        return `has ${String(note.count)} hints refused by ${this.nameOf(note.node)}`;
      case "hint-expired":
        return `drops ${String(note.count)} hints for ${this.nameOf(note.node)}: too old`;
      case "hints-full":
        return `takes no hint from ${this.nameOf(note.node)}: too many are kept`;
      case "storage-failed":
        return `storage failed on ${keyOf(note.address)}: ${note.reason}`;
      case "ignored":
        return `ignores a request of ${this.nameOf(note.from)}: ${note.reason}`;
      case "buckets-full":
        return `has no room for properties of buckets that ${this.nameOf(note.from)} has`;
      case "tickets-full":
        return `misses so many requests that a late one of ${this.nameOf(note.from)} would be ignored`;
      case "ring":
        return `goes by the ring's state ${String(note.version)} (${note.phase}), proposed by ${this.nameOf(note.proposer)}`;
      case "proposed":
        return `proposes the ring's state ${String(note.version)} (${note.phase})`;
      case "removed":
        return `knows that ${this.nameOf(note.node)} was removed`;
      case "gossip-refused":
        return `believes nothing that was said of ${this.nameOf(note.node)}: ${note.reason}`;
      case "serving":
        return note.on ? "takes clients" : "takes no clients any more";
      case "retired":
        return "has left the ring and keeps nothing any more";
    }
  }
}

function requestOf({ kind, index }: Party, id: number): string {
  return `${kind} ${String(index)} ${String(id)}`;
}

function clientName(session: number): string {
  return session === OUTSIDER ? "overload" : `client-${String(session + 1)}`;
}

function keyOf(address: Address): string {
  const name = decodeAddress(address);
  return name === undefined ? "?" : textFromOctets(name.key);
}

function timeOf(event: TraceEvent): Micros {
  return event.kind === "message" ? event.sentAt : event.kind === "operation" ? event.startedAt : event.at;
}

function detailOf(message: Message): string {
  switch (message.kind) {
    case "answer":
      return message.outcome;
    case "replica-put":
      return message.cause;
    case "replica-get-reply":
    case "replica-put-reply":
      return message.status;
    case "replica-updated":
      return message.outcome;
    case "get":
    case "put":
      return message.forwarded ? "forwarded" : "";
    case "scan":
    case "range":
      return `from ${textFromOctets(message.start)}, ${String(message.limit)} at most`;
    case "scan-answer":
      return message.outcome === "ok" ? `${String(message.keys.length)} keys` : message.outcome;
    case "range-reply":
      return message.status === "ok" ? `${String(message.copies.length)} copies` : message.status;
    default:
      return "";
  }
}

/** Reads against the acknowledged writes of their key, as the measures judge them, once all is known. */
function judged(
  records: readonly OperationRecord[],
): readonly { readonly record: OperationRecord; readonly stale: boolean | undefined }[] {
  const keys = new Map<string, KeyHistory>();
  const historyOf = (key: string): KeyHistory => {
    let history = keys.get(key);
    if (history === undefined) keys.set(key, (history = new KeyHistory()));
    return history;
  };
  for (const { key, writeId: id, session, start, end, outcome, kind, seen } of records) {
    const certainty = certaintyOf(outcome);
    if (id === 0 || certainty === "definite") continue;
    const write = { id, session, start, end: certainty === "ok" ? end : Infinity, isDelete: kind === "delete", seen };
    // Nothing is folded: a window's operations are few.
    historyOf(key).add(write, Infinity);
  }
  return records.map((record) => {
    if (record.kind !== "read" || record.outcome !== "ok") return { record, stale: undefined };
    const judgement = historyOf(record.key).judge(record, () => true, true);
    return { record, stale: judgement.kind === "judged" ? judgement.stale : undefined };
  });
}

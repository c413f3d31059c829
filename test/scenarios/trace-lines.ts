/**
 * The simulation's trace in words for golden files: one line for each message with its fate, for each state handed to a
 * storage, for each note of a node. Times are microseconds of virtual time.
 */
import { addressOfHint } from "../../engine/handoff/handoff";
import { describeEntry } from "../../engine/buckets/book";
import type { Clock, Context } from "../../engine/clocks/clock";
import { describeVector, readContext } from "../../engine/clocks/version-vector";
import type { Note } from "../../engine/io";
import type { AnswerMessage, Gossip, Message, ProbeMessage, RequestOptions, ScanAnswer } from "../../engine/messages";
import type { MessageFate, Party, Watcher } from "../../engine/sim/trace";
import { type Address, decodeAddress } from "../../engine/vocabulary/address";
import type { Micros } from "../../engine/vocabulary/micros";
import { MalformedBytes } from "../../engine/vocabulary/octets";

interface Row {
  readonly at: Micros;
  readonly text: string;
  /** Of a message: when it arrived, or what became of it. */
  fate: string;
}

export function keyName(address: Address): string {
  return decodeAddress(address)?.key ?? "?";
}

export class TraceLines implements Watcher {
  private rows: Row[] = [];
  private passages = new Map<number, Row>();
  private nextId = 1;

  constructor(
    private readonly clock: Clock,
    private readonly sessionName: (session: number) => string,
  ) {}

  /** What has happened since the last call. Messages on their way are told of again when they have settled. */
  take(): readonly string[] {
    // In order of sending, also those that were told of before.
    const rows = this.rows.sort((a, b) => a.at - b.at);
    this.rows = [];
    return rows.map(({ at, fate, text }) => `${String(at).padStart(7)} ${fate.padEnd(FATE_WIDTH)} ${text}`);
  }

  /** Messages that nobody knows the fate of yet. */
  get inFlight(): number {
    return this.passages.size;
  }

  line(at: Micros, text: string): void {
    this.rows.push({ at, text, fate: "" });
  }

  sent(at: Micros, from: Party, to: Party, message: Message): number {
    const id = this.nextId++;
    const text = `${this.party(from)} > ${this.party(to)}  ${this.inWords(message)}`;
    const passage: Row = { at, text, fate: "…" };
    this.passages.set(id, passage);
    this.rows.push(passage);
    return id;
  }

  arrived(id: number, at: Micros): void {
    this.settle(id, `→ ${String(at)}`, true);
  }

  failed(id: number, _at: Micros, fate: Exclude<MessageFate, "delivered" | "in-flight">): void {
    this.settle(id, `✗ ${fate}`, fate !== "held");
  }

  stored(at: Micros, node: number, vnode: number, address: Address, state: unknown): void {
    const where = vnode === 0 ? "" : ` in vnode ${String(vnode)}`;
    const what = state === undefined ? "removes" : "stores";
    const text = state === undefined ? "" : ` ${this.clock.describe(state)}`;
    this.line(at, `${nodeName(node)} ${what} ${keyName(addressOfHint(address))}${text}${where}`);
  }

  noted(at: Micros, node: number, note: Note): void {
    this.line(at, `${nodeName(node)} ${noteInWords(note)}`);
  }

  node(at: Micros, node: number, state: "up" | "down" | "paused"): void {
    this.line(at, `${nodeName(node)} is ${state}`);
  }

  fault(at: Micros, id: string, phase: "begin" | "end", what: string): void {
    this.line(at, `${phase === "begin" ? "begins" : "ends"}: ${id} of ${what}`);
  }

  private settle(id: number, fate: string, final: boolean): void {
    const passage = this.passages.get(id);
    if (passage === undefined) return;
    passage.fate = fate;
    if (final) this.passages.delete(id);
    // Told of before, when it was still on its way.
    if (!this.rows.includes(passage)) this.rows.push(passage);
  }

  private party({ kind, index }: Party): string {
    return kind === "node" ? nodeName(index) : this.sessionName(index);
  }

  private contextInWords(context: Context): string {
    if (context === "") return "";
    try {
      return ` knowing ${describeVector(readContext(context))}`;
    } catch (error) {
      // Opaque: clocks that have no plain vector of replicas write their contexts in forms of their own.
      if (!(error instanceof MalformedBytes)) throw error;
      return ` with a context of ${String(context.length)} bytes`;
    }
  }

  private inWords(message: Message): string {
    switch (message.kind) {
      case "buckets":
        return `buckets ${message.what}${message.entries.map((entry) => ` ${describeEntry(entry)}`).join(",")}`;
      case "heartbeat":
        return `heartbeat ${String(message.sequence)} of epoch ${String(message.epoch)}`;
      case "probe":
        return probeInWords(message);
      case "get":
        return `get ${keyName(message.address)}${forwarded(message)}${options(message.options)}`;
      case "put": {
        const { version, address, context } = message;
        const what = version.tombstone ? "delete" : "put";
        const value = version.tombstone ? "" : `=${version.value}`;
        return `${what} ${keyName(address)} w${String(version.writeId)}${value}${this.contextInWords(context)}${forwarded(message)}${options(message.options)}`;
      }
      case "answer":
        return `answer ${answerInWords(message)}`;
      case "replica-get":
        return `replica-get ${keyName(message.address)}${message.digest === true ? " (digest)" : ""}`;
      case "replica-get-reply":
        return `replica-get-reply ${message.status}${message.status === "found" ? ` ${this.clock.describe(message.state)}` : ""}`;
      case "replica-put": {
        const cause = message.cause === "replication" ? `acknowledge ${message.acknowledge}` : message.cause;
        return `replica-put ${keyName(message.address)} ${this.clock.describe(message.state)} (${cause})`;
      }
      case "replica-put-reply":
        return `replica-put-reply ${message.status}`;
      case "replica-update":
        return `replica-update ${keyName(message.address)} w${String(message.version.writeId)}${this.contextInWords(message.context)} (acknowledge ${message.acknowledge})`;
      case "handoff":
        return message.entries.length === 0
          ? "handoff, announced"
          : `handoff ${message.entries.map(({ address, state }) => `${keyName(address)} ${this.clock.describe(state)}`).join(", ")}`;
      case "tree":
      case "tree-reply":
      case "segments":
      case "segments-reply":
      case "stream":
      case "stream-reply":
        return message.kind;
      case "handoff-reply":
        return `handoff-reply ${message.status}`;
      case "gossip":
        return gossipInWords(message);
      case "transfer-offer":
        return `transfer-offer ${message.addresses.map(keyName).join(" ")}`;
      case "transfer-copies":
        return `transfer-copies ${message.entries.map(({ address, state }) => `${keyName(address)} ${this.clock.describe(state)}`).join(", ")}`;
      case "transfer-reply":
        return `transfer-reply ${message.status}${message.wanted.length === 0 ? "" : `, wants ${String(message.wanted.length)}`}`;
      case "replica-updated":
        return `replica-updated ${message.outcome}${message.outcome === "ok" ? ` ${this.clock.describe(message.state)}` : ""}`;
      case "membership-poll":
        return "membership-poll";
      case "membership":
        return `membership ${message.ring === undefined ? "that is fixed" : String(message.ring.id.version)}`;
      case "client-coordinated":
        return `${this.inWords(message.request)} by a client that coordinates`;
      case "scan":
        return `scan ${keyName(message.bucket + message.start)} to ${keyName(message.bucket + message.end)}, ${String(message.limit)} keys${options(message.options)}`;
      case "scan-answer":
        return `scan-answer ${scanInWords(message)}`;
      case "bucket":
        return `bucket ${message.verb} ${message.type}${message.bucket === undefined ? "" : `/${message.bucket}`}`;
      case "bucket-answer":
        return `bucket-answer ${message.outcome}${message.reason === "" ? "" : `: ${message.reason}`}`;
      case "range":
        return `range ${keyName(message.bucket + message.start)}, ${String(message.limit)} copies`;
      case "range-reply": {
        const copies = message.copies.map(({ key, state }) => `${key} ${this.clock.describe(state)}`);
        return `range-reply ${message.status}: ${copies.join(", ")}${message.upTo === "" ? "" : `, up to ${message.upTo}`}`;
      }
      case "inspect":
      case "inspection":
        return message.kind;
    }
  }
}

function probeInWords({ what, about, updates }: ProbeMessage): string {
  const news = updates.map(
    ({ node, status, incarnation }) => `${nodeName(node)} ${status} ${String(incarnation % LIFE)}`,
  );
  const subject = what === "rumour" ? "" : ` ${nodeName(about)}`;
  return `${what}${subject}${news.length === 0 ? "" : `, ${news.join(", ")}`}`;
}

/** Incarnations of one life. */
const LIFE = 2 ** 20;
const FATE_WIDTH = 11;

export function nodeName(index: number): string {
  return `node-${String(index + 1)}`;
}

function forwarded(message: { readonly forwarded: boolean }): string {
  return message.forwarded ? ", forwarded" : "";
}

function options(options: RequestOptions | undefined): string {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  const named = given.map(([name, value]) => `${name}=${String(value)}`);
  return named.length === 0 ? "" : ` ${named.join(" ")}`;
}

export function scanInWords({ outcome, keys, next, reason }: ScanAnswer): string {
  if (outcome !== "ok") return `${outcome}: ${reason}`;
  const found = keys.map(({ key, versions }) => `${key}=${versions.map(({ value }) => value).join("|")}`);
  return `ok [${found.join(" ")}]${next === "" ? "" : `, next ${next}`}`;
}

export function answerInWords({ outcome, versions, reason }: AnswerMessage): string {
  const found = versions.map(
    ({ writeId, value, tombstone }) => `w${String(writeId)}${tombstone ? "†" : value === "" ? "" : `=${value}`}`,
  );
  return `${outcome}${outcome === "ok" ? ` [${found.join(" ")}]` : ""}${reason === "" ? "" : ` (${reason})`}`;
}

function gossipInWords({ ringId, ring, hash, digests, entries, wants, wantsRing }: Gossip): string {
  const parts = [
    `ring ${String(ringId.version)}${ring === undefined ? "" : ` told (${ring.phase})`}${wantsRing ? " asked for" : ""}`,
    hash === undefined ? "" : "hash",
    digests.length === 0 ? "" : `${String(digests.length / 3)} digests`,
    entries.map(({ node, wish, removed }) => `${nodeName(node)}:${removed ? "removed" : wish}`).join(" "),
    wants.length === 0 ? "" : `wants ${wants.map(nodeName).join(" ")}`,
  ];
  return `gossip ${parts.filter((part) => part !== "").join(", ")}`;
}

function noteInWords(note: Note): string {
  switch (note.kind) {
    case "suspected":
    case "trusted":
      return `${note.kind === "suspected" ? "suspects" : "trusts"} ${nodeName(note.node)}`;
    case "hint-delivery":
      return `hands ${String(note.count)} over to ${nodeName(note.node)}`;
    case "hint-refused":
      return `is refused ${String(note.count)} by ${nodeName(note.node)}`;
    case "hint-expired":
      return `drops ${String(note.count)} for ${nodeName(note.node)}`;
    case "hints-full":
      return `takes no hint from ${nodeName(note.node)}`;
    case "refused":
      return `refuses: ${note.outcome} (${note.reason})`;
    case "coordinating":
      return `coordinates a ${note.operation} of ${keyName(note.address)} at ${note.replicas.map(nodeName).join(" ")}`;
    case "event":
      return `made ${keyName(note.address)} ${note.state}`;
    case "answered":
      return `answers the ${note.operation}: ${note.outcome}, ${String(note.versions)} versions`;
    case "speculating":
      return `asks ${nodeName(note.on)} too for ${keyName(note.address)}`;
    case "anti-entropy":
    case "read-repair":
      return `repairs ${keyName(note.address)} at ${nodeName(note.to)}`;
    case "reaping":
      return `has the tombstone of ${keyName(note.address)} removed everywhere`;
    case "reap-dropped":
      return `leaves the tombstone of ${keyName(note.address)} for later`;
    case "storage-failed":
      return `cannot use its storage for ${keyName(note.address)}: ${note.reason}`;
    case "ignored":
      return `ignores a request of ${nodeName(note.from)}: ${note.reason}`;
    case "buckets-full":
      return `has no room for what ${nodeName(note.from)} knows of buckets`;
    case "tickets-full":
      return `would ignore a late request of ${nodeName(note.from)}`;
    case "ring":
      return `goes by ring ${String(note.version)} (${note.phase}) of ${nodeName(note.proposer)}`;
    case "proposed":
      return `proposes ring ${String(note.version)} (${note.phase})`;
    case "removed":
      return `knows ${nodeName(note.node)} as removed`;
    case "gossip-refused":
      return `refuses gossip of ${nodeName(note.node)}: ${note.reason}`;
    case "serving":
      return note.on ? "takes clients" : "takes no clients";
    case "retired":
      return "has left";
  }
}

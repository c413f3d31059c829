/**
 * How all nodes come to know what is said of a bucket: as a rumour that its teller tells everybody at once, and a ledger that any
 * two compare now and then. The first is quick; the second is what makes it certain. Whoever is asked to set a property keeps the
 * entry durably, sends it to every peer, and answers once every peer that is believed up has kept it too, or after two seconds. Who
 * has not by then is named, and nothing is taken back: it hears of the entry as soon as it can be reached.
 *
 * For that each node whose book is not empty sends a random peer the hash of it once a second, and to a peer whose link comes up
 * at once. Books that differ are exchanged whole (they are small), merged by (version, node), and so equal after one exchange
 * whatever was lost, cut off or restarted before. While a book is empty nothing is sent and no timer runs: a cluster
 * that nobody sets a property of is, message for message, what it was without this room.
 *
 * Until the entry is everywhere nodes differ in what they go by: a put may then be spread by an old N. The mistake to avoid is to
 * hold requests up for that (it would make setting a property an outage); what was spread wrongly is mended as a change of
 * the ring is, by repair.
 *
 * Models: Riak's bucket metadata (riak_core_metadata's eager broadcast with periodic exchange), here without trees.
 */
import type { BucketAnswer, BucketRequest, BucketsMessage, NodeIndex } from "../messages";
import type { Session } from "../io";
import { firstIdOf } from "../quorum/request-table";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { Outcome } from "../vocabulary/outcomes";
import type { Random } from "../vocabulary/random";
import { type BucketBook, type BucketEntry, isName, MAX_ENTRIES } from "./book";
import { both, type BucketChange, type BucketLimits, newsIn, problemsOf } from "./properties";
import { textOfEntries } from "./remembered";

/** How long a client waits for peers that say nothing. */
export const PATIENCE: Micros = fromMs(2_000);
/** Between two comparisons of one node. */
export const COMPARE_EVERY: Micros = fromMs(1_000);
/** Clients that wait at once. */
const MOST_WAITING = 256;

export interface SpreadingOptions {
  readonly self: NodeIndex;
  readonly epoch: number;
  readonly book: BucketBook;
  readonly limits: () => BucketLimits;
  readonly random: Random;
}

export interface SpreadingActs {
  send(to: NodeIndex, message: BucketsMessage): void;
  answer(session: Session, message: BucketAnswer): void;
  /** Durable when it returns, or before anything is sent that depends on it. */
  persist(text: string): void;
  /** Everybody else who may coordinate or hold copies. */
  peers(): readonly NodeIndex[];
  believedUp(node: NodeIndex): boolean;
  /** The book is another one. */
  changed(now: Micros): void;
  /** No room is left for what a peer has. */
  full(from: NodeIndex): void;
}

/** A client that waits for peers to keep an entry. */
interface Waiting {
  readonly session: Session;
  readonly request: BucketRequest;
  readonly deadline: Micros;
  /** Who has still to say that it has. */
  readonly missing: Set<NodeIndex>;
}

export class Spreading {
  private readonly waiting = new Map<number, Waiting>();
  private lastId: number;
  private nextComparison: Micros = Infinity;

  constructor(
    private readonly options: SpreadingOptions,
    private readonly acts: SpreadingActs,
    now: Micros,
  ) {
    this.lastId = firstIdOf(options.epoch);
    if (!options.book.isEmpty) this.nextComparison = now + this.phase();
  }

  // ---- clients -------------------------------------------------------------------------------------------------

  asked(now: Micros, session: Session, request: BucketRequest): void {
    const { type, bucket, verb } = request;
    const { book } = this.options;
    if (!isName(type, bucket)) return this.answer(session, request, "invalid", "no name of a bucket or a type");
    if (verb === "get") {
      if (book.hasType(type)) return this.answer(session, request, "ok", "");
      return this.answer(session, request, "invalid", `there is no bucket type "${type}"`);
    }
    // To say something of a type, be it nothing, creates it; to say something of its buckets does not.
    if (!book.hasType(type) && (bucket !== undefined || verb === "reset"))
      return this.answer(session, request, "invalid", `there is no bucket type "${type}"`);
    const known = book.entryOf(type, bucket);
    const said = verb === "reset" ? NOTHING : this.resultOf(session, request, known);
    if (said === undefined) return;
    const isNews = known === undefined ? !isNothing(said) || !book.hasType(type) : !isSame(known.said, said);
    if (!isNews) return this.answer(session, request, "ok", "");
    if (known === undefined && book.size >= MAX_ENTRIES)
      return this.answer(
        session,
        request,
        "overloaded",
        `properties of ${String(MAX_ENTRIES)} buckets are set already`,
      );
    if (book.isWornOut) return this.answer(session, request, "overloaded", "properties have been changed too often");
    if (this.waiting.size >= MOST_WAITING)
      return this.answer(session, request, "overloaded", "too many properties are being set");
    this.spread(now, session, request, book.make(type, bucket, said, this.options.self));
  }

  /** All that is said after a change; undefined where it was refused. */
  private resultOf(session: Session, request: BucketRequest, known: BucketEntry | undefined): BucketChange | undefined {
    const { book, limits } = this.options;
    const { type, bucket, change = NOTHING } = request;
    const before = known?.said ?? NOTHING;
    const now = book.propertiesOf(type, bucket) ?? { ...book.cluster, siblings: "keep" as const };
    const problems = problemsOf(change, before, now, limits());
    if (problems.length > 0) {
      this.answer(session, request, "invalid", problems.join("; "));
      return undefined;
    }
    return both(before, newsIn(change, now));
  }

  private spread(now: Micros, session: Session, request: BucketRequest, entry: BucketEntry): void {
    this.take([entry], now);
    this.lastId = 1 + (this.lastId % (ID_SPACE - 1));
    const id = this.lastId;
    const missing = new Set(this.acts.peers());
    const waiting: Waiting = { session, request, missing, deadline: now + PATIENCE };
    for (const node of missing) this.acts.send(node, this.message("set", id, [entry]));
    if (this.isWaitedFor(waiting)) this.waiting.set(id, waiting);
    else this.answerWaiting(waiting);
  }

  private isWaitedFor({ missing }: Waiting): boolean {
    for (const node of missing) if (this.acts.believedUp(node)) return true;
    return false;
  }

  private answerWaiting({ session, request, missing }: Waiting): void {
    const late = [...missing].sort((a, b) => a - b).map((node) => String(node));
    const reason =
      late.length === 0 ? "" : `not known yet to node ${late.join(", ")}, which will hear of it when it can be reached`;
    this.answer(session, request, "ok", reason);
  }

  private answer(session: Session, { id, type, bucket }: BucketRequest, outcome: Outcome, reason: string): void {
    const { book, self } = this.options;
    const properties = isName(type, bucket) ? book.propertiesOf(type, bucket) : undefined;
    this.acts.answer(session, { kind: "bucket-answer", id, outcome, coordinator: self, properties, reason });
  }

  // ---- peers ---------------------------------------------------------------------------------------------------

  received(now: Micros, from: NodeIndex, message: BucketsMessage): void {
    const { id, what } = message;
    switch (what) {
      case "set":
        this.take(message.entries, now, from);
        // Also of what it knew already: it is kept.
        this.acts.send(from, this.message("kept", id, []));
        return;
      case "kept": {
        const waiting = this.waiting.get(id);
        if (waiting === undefined) return;
        waiting.missing.delete(from);
        if (this.isWaitedFor(waiting)) return;
        this.waiting.delete(id);
        this.answerWaiting(waiting);
        return;
      }
      case "compare":
        if (!this.isSameBook(message)) this.acts.send(from, this.message("mine", id, this.options.book.entries()));
        return;
      case "mine":
        this.take(message.entries, now, from);
        if (!this.isSameBook(message)) this.acts.send(from, this.message("yours", id, this.options.book.entries()));
        return;
      case "yours":
        this.take(message.entries, now, from);
        return;
    }
  }

  linkUp(node: NodeIndex): void {
    if (!this.options.book.isEmpty) this.acts.send(node, this.message("compare", 0, []));
  }

  next(): Micros {
    let next = this.nextComparison;
    for (const { deadline } of this.waiting.values()) next = Math.min(next, deadline);
    return next;
  }

  advance(now: Micros): void {
    for (const [id, waiting] of this.waiting) {
      if (waiting.deadline > now && this.isWaitedFor(waiting)) continue;
      this.waiting.delete(id);
      this.answerWaiting(waiting);
    }
    if (this.nextComparison > now) return;
    this.nextComparison = now + COMPARE_EVERY;
    const peers = this.acts.peers();
    if (peers.length > 0)
      this.acts.send(peers[this.options.random.nextBelow(peers.length)], this.message("compare", 0, []));
  }

  private take(entries: readonly BucketEntry[], now: Micros, from = this.options.self): void {
    const { book } = this.options;
    let isNews = false;
    let isFull = false;
    for (const entry of entries) {
      const taken = book.take(entry);
      if (taken === "news") isNews = true;
      else if (taken === "full") isFull = true;
    }
    if (isFull) this.acts.full(from);
    if (!isNews) return;
    if (this.nextComparison === Infinity) this.nextComparison = now + this.phase();
    this.acts.persist(textOfEntries(book.entries()));
    this.acts.changed(now);
  }

  private isSameBook({ hash }: BucketsMessage): boolean {
    const [high, low] = this.options.book.hash;
    return hash[0] === high && hash[1] === low;
  }

  private message(what: BucketsMessage["what"], id: number, entries: readonly BucketEntry[]): BucketsMessage {
    return { kind: "buckets", what, id, hash: this.options.book.hash, entries };
  }

  /** Nodes that heard of an entry in one instant do not all compare in one instant. */
  private phase(): Micros {
    return 1 + this.options.random.nextBelow(COMPARE_EVERY);
  }
}

const NOTHING: BucketChange = {};
/** Request ids have thirty bits. */
const ID_SPACE = 2 ** 30;

function isNothing(said: BucketChange): boolean {
  return Object.keys(said).length === 0;
}

function isSame(x: BucketChange, y: BucketChange): boolean {
  return isNothing(newsOf(x, y)) && isNothing(newsOf(y, x));
}

function newsOf(said: BucketChange, than: BucketChange): BucketChange {
  return Object.fromEntries(Object.entries(said).filter(([name, value]) => than[name as keyof BucketChange] !== value));
}

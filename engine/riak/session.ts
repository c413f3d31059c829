/**
 * One session of a front end with the node beside it: what is asked is answered exactly once, come what may. A front end
 * owes its client an answer for every request, so a node that says nothing (paused, or out of its mind) must not make
 * it hold connections for ever: after the store's own timeout and a little grace the session answers by itself, and
 * says the only thing that is true then, that the request timed out.
 *
 * In memory an answer comes before the call that asked returns; so nothing is scheduled before that is known.
 */
import type { Context, Version } from "../clocks/clock";
import type { Session } from "../io";
import {
  MAX_TIMEOUT_MS,
  type AnswerMessage,
  type BucketAnswer,
  type BucketRequest,
  type ClientAnswer,
  type ClientMessage,
  type RequestOptions,
  type ScanAnswer,
  type ScanRequest,
} from "../messages";
import { Deadlines } from "../quorum/deadlines";
import { type Identified, RequestTable } from "../quorum/request-table";
import type { Address } from "../vocabulary/address";
import { toMs } from "../vocabulary/micros";
import type { Outcome } from "../vocabulary/outcomes";
import { FRONT_LIMITS, type FrontOptions } from "./front";
import { FrontStatistics } from "./statistics";
import { WriteIds } from "./write-ids";

type Kind = "get" | "put" | "scan" | "bucket";

class Pending implements Identified {
  id = 0;
  constructor(
    readonly kind: Kind,
    readonly startedAt: number,
    readonly done: (answer: never) => void,
  ) {}
}

/** What a front end writes. A client that names its writes has given `writeId`, which names no other write. */
export type Written = Pick<Version, "value" | "tombstone" | "meta"> & Partial<Pick<Version, "writeId">>;
/** What a front end scans: see {@link ScanRequest}. */
export type Scanned = Pick<ScanRequest, "bucket" | "start" | "end" | "limit">;
export type BucketAsked = Pick<BucketRequest, "verb" | "type" | "bucket" | "change">;

/** How often requests that got no answer are looked for, while there are any in progress. */
const SWEEP_MS = 100;

export class FrontSession {
  readonly statistics: FrontStatistics;
  private readonly pending = new RequestTable<Pending>(256);
  private readonly deadlines = new Deadlines((id) => this.pending.get(id) !== undefined);
  private readonly writeIds: WriteIds;
  private readonly session: Session;
  private readonly maxInFlight: number;
  private readonly graceMs: number;
  private sweep: NodeJS.Timeout | undefined;
  private closed = false;
  /** Operations refused here because too many were in progress, and those that the node never answered. */
  refused = 0;
  unanswered = 0;

  constructor(private readonly options: FrontOptions) {
    const limits = { ...FRONT_LIMITS, ...options.limits };
    this.maxInFlight = limits.maxInFlight;
    this.graceMs = limits.graceMs;
    this.writeIds = new WriteIds(options.node, options);
    this.statistics = FrontStatistics.of(options.node, options.now);
    this.session = options.open((message) => this.answered(message));
  }

  /** Operations in progress. */
  get inFlight(): number {
    return this.pending.size;
  }

  /** The id of the next write; a put takes one by itself. Also numbers clients: what is written by one connection. */
  nextWriteId(): number {
    return this.writeIds.next();
  }

  /** Reads all siblings of a key. */
  get(address: Address, options: RequestOptions | undefined, done: (answer: AnswerMessage) => void): void {
    const pending = this.add("get", done);
    if (pending === undefined) return done(this.refusal());
    this.ask(
      pending,
      { kind: "get", id: pending.id, forwarded: false, address, options: explained(options) },
      options?.timeoutMs ?? this.options.settings.engine.readTimeoutMs,
    );
  }

  /**
   * Writes over what `context` has seen; a tombstone deletes. `client` is whoever wrote: a number of {@link nextWriteId} for each
   * connection. Returns the write's id.
   */
  put(
    address: Address,
    context: Context,
    written: Written,
    client: number,
    options: RequestOptions | undefined,
    done: (answer: AnswerMessage) => void,
  ): number {
    const { value, tombstone, meta } = written;
    const writeId = written.writeId ?? this.writeIds.next();
    const pending = this.add("put", done);
    if (pending === undefined) {
      done(this.refusal());
      return writeId;
    }
    const { settings, wallMicros } = this.options;
    const version: Version = meta === undefined ? { writeId, value, tombstone } : { writeId, value, tombstone, meta };
    const timestamp = settings.engine.timestamps === "client" ? wallMicros() : 0;
    this.ask(
      pending,
      {
        kind: "put",
        id: pending.id,
        forwarded: false,
        address,
        context,
        version,
        writer: { client, timestamp },
        options: explained(options),
      },
      options?.timeoutMs ?? settings.engine.writeTimeoutMs,
    );
    return writeId;
  }

  /** One page of keys; go on at `next` of the answer until it is empty. */
  scan(scanned: Scanned, options: RequestOptions | undefined, done: (answer: ScanAnswer) => void): void {
    const pending = this.add("scan", done);
    if (pending === undefined) {
      const { id, outcome, coordinator, reason } = this.refusal();
      return done({ kind: "scan-answer", id, outcome, coordinator, keys: [], next: "", reason });
    }
    this.ask(
      pending,
      { kind: "scan", id: pending.id, ...scanned, options: options === undefined ? undefined : bounded(options) },
      options?.timeoutMs ?? this.options.settings.engine.readTimeoutMs,
    );
  }

  /** Properties of a bucket, or of a type. */
  bucket(asked: BucketAsked, done: (answer: BucketAnswer) => void): void {
    const pending = this.add("bucket", done);
    if (pending === undefined) {
      const { id, outcome, coordinator, reason } = this.refusal();
      return done({ kind: "bucket-answer", id, outcome, coordinator, properties: undefined, reason });
    }
    this.ask(pending, { kind: "bucket", id: pending.id, ...asked }, BUCKET_TIMEOUT_MS);
  }

  /** What is in progress is answered as lost. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.sweep);
    this.options.shut?.(this.session);
    // No deadline at all is Infinity: whatever is due by then would be taken from empty lanes for ever.
    const end = Number.MAX_VALUE;
    for (let id = this.deadlines.takeDue(end); id !== undefined; id = this.deadlines.takeDue(end)) {
      const pending = this.pending.get(id);
      if (pending !== undefined) this.settle(pending, "connection_lost", "the node stops");
    }
  }

  private add(kind: Kind, done: (answer: never) => void): Pending | undefined {
    if (this.closed || this.pending.size >= this.maxInFlight) {
      this.refused++;
      return undefined;
    }
    const pending = new Pending(kind, this.options.now(), done);
    this.pending.add(pending);
    return pending;
  }

  private ask(pending: Pending, message: ClientMessage, timeoutMs: number): void {
    const { id } = pending;
    this.options.deliver({ kind: "asked", session: this.session, message });
    if (this.pending.get(id) !== pending) return;
    this.deadlines.add(this.options.now(), timeoutMs + this.graceMs, id);
    if (this.sweep !== undefined) return;
    this.sweep = setInterval(() => this.giveUp(), SWEEP_MS);
    this.sweep.unref();
  }

  private answered(message: ClientAnswer): void {
    switch (message.kind) {
      case "answer":
      case "scan-answer":
      case "bucket-answer": {
        const pending = this.pending.get(message.id);
        // Late, after this session has given up.
        if (pending === undefined) return;
        this.pending.remove(message.id);
        if (message.kind === "answer") this.record(pending, message);
        this.tell(pending, message);
        return;
      }
      case "inspection":
      case "membership":
        return;
    }
  }

  private record({ kind, startedAt }: Pending, answer: AnswerMessage): void {
    if (kind === "get") this.statistics.got(this.options.now(), startedAt, answer.versions);
    else this.statistics.put(this.options.now(), startedAt);
  }

  /** A mistake in a front end is its own: it must not end the turn of the node that calls it. */
  private tell(pending: Pending, answer: AnswerMessage | ScanAnswer | BucketAnswer): void {
    try {
      (pending.done as (answer: AnswerMessage | ScanAnswer | BucketAnswer) => void)(answer);
    } catch (error) {
      this.options.log(`front end: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }

  private giveUp(): void {
    const now = this.options.now();
    for (;;) {
      const id = this.deadlines.takeDue(now);
      if (id === undefined) break;
      const pending = this.pending.get(id);
      if (pending === undefined) continue;
      this.unanswered++;
      const ms = toMs(now - pending.startedAt);
      this.settle(pending, "timeout", `no answer from the node in ${ms.toFixed(0)} ms`);
    }
    if (this.pending.size > 0) return;
    clearInterval(this.sweep);
    this.sweep = undefined;
  }

  private settle(pending: Pending, outcome: Outcome, reason: string): void {
    const { id, kind } = pending;
    this.pending.remove(id);
    const coordinator = this.options.index;
    if (kind === "scan")
      this.tell(pending, { kind: "scan-answer", id, outcome, coordinator, keys: [], next: "", reason });
    else if (kind === "bucket")
      this.tell(pending, { kind: "bucket-answer", id, outcome, coordinator, properties: undefined, reason });
    else this.tell(pending, { kind: "answer", id, outcome, coordinator, versions: [], context: "", reason });
  }

  private refusal(): AnswerMessage {
    const reason = this.closed
      ? "the node stops"
      : `${String(this.pending.size)} operations in progress, limit ${String(this.maxInFlight)}`;
    return {
      kind: "answer",
      id: 0,
      outcome: "overloaded",
      coordinator: this.options.index,
      versions: [],
      context: "",
      reason,
    };
  }
}

/** Riak's clients are told which threshold was missed. */
function explained(options: RequestOptions | undefined): RequestOptions {
  if (options === undefined) return EXPLAINED;
  return bounded(options.explain === true ? options : { ...options, explain: true });
}

/** A request that is passed on with a longer timeout would be malformed to whom it is passed, and end the link. */
function bounded(options: RequestOptions): RequestOptions {
  const { timeoutMs } = options;
  return timeoutMs === undefined || timeoutMs <= MAX_TIMEOUT_MS ? options : { ...options, timeoutMs: MAX_TIMEOUT_MS };
}

const EXPLAINED: RequestOptions = { explain: true };

/** A change of properties is answered after 2 s at the latest. */
const BUCKET_TIMEOUT_MS = 5_000;

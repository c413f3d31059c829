/**
 * The course of an operation from its first request to its last answer, and the records it leaves. Most operations are
 * one request. Two are pairs: a read-modify-write, and a write under the rule `read-first`; both read, then write with
 * the context that read brought. A pair whose read fails does not write: a write without the context it was meant to
 * carry would be another operation than the one asked for. What a pair writes may be made of what it read: a merge.
 * A multi-get is many reads that leave together, and is over with the last of them; a listing is scans one after the other.
 *
 * Records: one for every request. A read-modify-write, a multi-get and a listing leave one more that spans them: intended
 * and started with the first request, ended with the last, outcome of the worst; it carries no versions and no write id, so
 * that a fold over evidence does not count the parts twice. A request that follows another is intended when that one
 * ended. A `read-first` write that was never sent, because its read failed, is recorded as `not_sent`.
 */
import type { KeyName } from "../engine/vocabulary/address";
import { assert } from "../engine/vocabulary/assert";
import type { Micros } from "../engine/vocabulary/micros";
import type { Outcome } from "../engine/vocabulary/outcomes";
import { textFromOctets, type Octets } from "../engine/vocabulary/octets";
import { certaintyOf, isSpan, type OperationKind, type OperationRecord, type Phase } from "../results/record/history";
import { KeyActivities } from "./key-activity";
import type { DrawnOperation, Reply, Request, Workload } from "./operation";
import { hashOfKey, type KnownContext, type Session } from "./session";
import type { WorkloadSettings } from "./settings";

/** A request to hand to the target; its reply comes back under `token`. */
export interface DueRequest {
  readonly token: number;
  readonly request: Request;
}

/** An operation under way. `owner` is whoever the driver wants to hear about when it ends. */
interface Course<Owner> {
  readonly operation: DrawnOperation;
  readonly key: string;
  readonly keyHash: number;
  readonly session: Session;
  readonly owner: Owner;
  /** Of the first request: when the schedule wanted the operation and when it went out. */
  readonly first: Step;
  /** Id of the spanning record, -1 without one. */
  readonly spanId: number;
  /** Of the request that is out now. */
  step: Step;
  request: Request;
  /** A write follows when this ends well. */
  opensPair: boolean;
  /** Of a part of a multi-get. */
  readonly group: Group<Owner> | undefined;
}

/** A multi-get under way. */
interface Group<Owner> {
  readonly operation: DrawnOperation;
  readonly key: string;
  readonly session: Session;
  readonly owner: Owner;
  readonly intended: Micros;
  readonly start: Micros;
  readonly spanId: number;
  /** Parts without an answer, and the worst of the answers. */
  left: number;
  outcome: Outcome;
}

/** A request's record in the making: of all that the driver allocates for it, as much as can be is what is handed out in the end. */
type Step = { -readonly [Field in keyof OperationRecord]: OperationRecord[Field] };

/** An operation that is over. */
export interface Ended<Owner> {
  readonly owner: Owner;
  readonly operation: DrawnOperation;
  readonly session: Session;
  readonly outcome: Outcome;
}

export interface CourseOptions {
  readonly workload: Workload;
  readonly context: WorkloadSettings["context"];
  readonly bucketType: Octets;
  readonly bucket: Octets;
  /** The phase an intended instant belongs to. */
  readonly phaseOf: (intended: Micros) => Phase;
  /** Number of the first record, 1 when left out: others of the trial come from elsewhere. */
  readonly firstId?: number;
}

export class Courses<Owner> {
  readonly activities = new KeyActivities();
  /** Values read that this workload cannot have written there (YCSB's data integrity), and those it can. */
  readonly integrity = { confirmed: 0, broken: 0 };
  private readonly options: CourseOptions;
  /**
   * A table with free slots, not a map: a map under steady insertion and deletion leaves a chain of discarded tables,
   * each keeping alive what the next one held, and collecting that garbage costs several times the driver's own work.
   */
  private readonly underWay: (Course<Owner> | undefined)[] = [];
  private readonly free: number[] = [];
  private requests: DueRequest[] = [];
  private records: OperationRecord[] = [];
  private nextId: number;
  /** Requests out beyond the first of each multi-get. */
  private companions = 0;

  constructor(options: CourseOptions) {
    this.options = options;
    this.nextId = options.firstId ?? 1;
  }

  /** Operations under way; a pair is one, and a multi-get. */
  get outstanding(): number {
    return this.underWay.length - this.free.length - this.companions;
  }

  takeRequests(): DueRequest[] {
    const taken = this.requests;
    if (taken.length > 0) this.requests = [];
    return taken;
  }

  takeRecords(): OperationRecord[] {
    const taken = this.records;
    if (taken.length > 0) this.records = [];
    return taken;
  }

  begin(operation: DrawnOperation, session: Session, owner: Owner, intended: Micros, now: Micros): void {
    if (operation.kind === "multi-get") return this.beginTogether(operation, session, owner, intended, now);
    const spanId = isSpan(operation.kind) ? this.nextId++ : -1;
    const key = operation.key.printed ?? this.printable(operation.key);
    const keyHash = operation.key.hash ?? this.hashOf(key);
    const opensPair = this.readsFirst(operation);
    const known = opensPair ? undefined : this.knownOf(operation, key, keyHash, session);
    const request = opensPair ? readRequest(operation, session) : onlyRequest(operation, session, known);
    const kind = opensPair ? "read" : recordedAs(operation.kind);
    const step = this.stepOf(kind, key, session, request, known?.versions ?? NONE, intended, now);
    const group = undefined;
    this.send({ operation, key, keyHash, session, owner, first: step, spanId, step, request, opensPair, group });
  }

  private beginTogether(
    operation: DrawnOperation,
    session: Session,
    owner: Owner,
    intended: Micros,
    now: Micros,
  ): void {
    const keys = operation.keys ?? [operation.key];
    assert(keys.length >= 1, "a multi-get asks for something");
    const group: Group<Owner> = {
      operation,
      key: this.printable(operation.key),
      session,
      owner,
      intended,
      start: now,
      spanId: this.nextId++,
      left: keys.length,
      outcome: "ok",
    };
    this.companions += keys.length - 1;
    for (const name of keys) {
      const part: DrawnOperation = { ...READ, key: name };
      const key = this.printable(name);
      const keyHash = this.hashOf(key);
      const request = readRequest(part, session);
      const step = this.stepOf("read", key, session, request, NONE, intended, now);
      const alone = { spanId: -1, opensPair: false };
      this.send({ operation: part, key, keyHash, session, owner, first: step, step, request, group, ...alone });
    }
  }

  /** Records an operation that the bound on outstanding ones kept from being sent: its first requests, and what spans them. */
  drop(operation: DrawnOperation, session: Session, intended: Micros, now: Micros): void {
    const { kind, key } = operation;
    const times = { intended, start: now, end: now };
    const bare = (one: OperationKind, name: KeyName): void =>
      this.recordBare(this.nextId++, one, this.printable(name), session, times, "not_sent");
    if (kind === "rmw") bare("read", key);
    else if (kind === "list") bare("scan", key);
    else if (kind === "multi-get") for (const name of operation.keys ?? [key]) bare("read", name);
    bare(kind, key);
  }

  /** The reply to `token`; undefined while the operation goes on with its second request. */
  completed(token: number, reply: Reply, now: Micros): Ended<Owner> | undefined {
    const slot = token % SLOTS;
    const course = this.underWay[slot];
    assert(course !== undefined && tokenOf(course.step.id, slot) === token, "a token is answered once");
    this.underWay[slot] = undefined;
    this.free.push(slot);
    this.note(course, reply, now);
    this.record(course.step, reply, now);
    const { operation } = course;
    if (course.group !== undefined) return this.partEnded(course.group, reply.outcome, now);
    if (!course.opensPair) {
      let { outcome } = reply;
      const page = operation.kind === "list" && outcome === "ok" ? operation.then?.(reply) : undefined;
      if (page !== undefined) {
        // A store that sends a listing back to where it came from would keep it going for ever.
        if (page.key.key > course.request.key.key) {
          const { session } = course;
          const request = onlyRequest(page, session, undefined);
          this.goOn(course, "scan", this.printable(page.key), request, NONE, now);
          return undefined;
        }
        outcome = "invalid";
      }
      if (course.spanId !== -1) this.recordSpan(course, course.first, outcome, now);
      return { owner: course.owner, operation, session: course.session, outcome };
    }
    if (reply.outcome === "ok") {
      const { kind } = operation;
      const request = closingRequest(operation, course.session, reply);
      const seen = saysWhatWasSeen(reply) ? reply.versions : NONE;
      this.goOn(course, kind === "rmw" ? "update" : kind, course.key, request, seen, now);
      return undefined;
    }
    if (course.spanId !== -1) {
      this.recordSpan(course, course.first, reply.outcome, now);
    } else {
      const times = { intended: course.first.intended, start: now, end: now };
      this.recordBare(this.nextId++, operation.kind, course.key, course.session, times, "not_sent");
    }
    return { owner: course.owner, operation, session: course.session, outcome: reply.outcome };
  }

  private partEnded(group: Group<Owner>, outcome: Outcome, now: Micros): Ended<Owner> | undefined {
    if (SEVERITY[certaintyOf(outcome)] > SEVERITY[certaintyOf(group.outcome)]) group.outcome = outcome;
    group.left--;
    if (group.left > 0) {
      this.companions--;
      return undefined;
    }
    this.recordSpan(group, group, group.outcome, now);
    const { owner, operation, session } = group;
    return { owner, operation, session, outcome: group.outcome };
  }

  /**
   * Gives up everything under way. A request that the target never got is `not_sent`; any other may have happened and
   * is `timeout`, whatever the target says of it later.
   */
  giveUp(now: Micros): Ended<Owner>[] {
    const untaken = new Set(this.requests.map((due) => due.token));
    this.requests = [];
    const ended: Ended<Owner>[] = [];
    const tokens = this.underWay.flatMap((course, slot) =>
      course === undefined ? [] : [tokenOf(course.step.id, slot)],
    );
    for (const token of tokens.sort((a, b) => a - b)) {
      const outcome = untaken.has(token) ? "not_sent" : "timeout";
      const over = this.completed(token, { ...NO_ANSWER, outcome }, now);
      if (over !== undefined) ended.push(over);
    }
    return ended;
  }

  /** As in records: bucket type and bucket are left out when they are the workload's own. */
  printable(name: KeyName): string {
    const key = textFromOctets(name.key);
    if (name.bucket === this.options.bucket && name.type === this.options.bucketType) return key;
    return `${textFromOctets(name.type)}/${textFromOctets(name.bucket)}/${key}`;
  }

  /** Whether a session's contexts are kept for its later writes. */
  private get remembers(): boolean {
    return this.options.context === "session" || this.options.context === "last-read";
  }

  /** What sessions look a key up by; nobody's business where they remember nothing. */
  private hashOf(key: string): number {
    return this.remembers ? hashOfKey(key) : 0;
  }

  private readsFirst(operation: DrawnOperation): boolean {
    if (operation.kind === "rmw") return true;
    const write = operation.kind === "update" || operation.kind === "delete";
    return write && !operation.blind && this.options.context === "read-first";
  }

  /** What the session sends along with a write. */
  private knownOf(operation: DrawnOperation, key: string, keyHash: number, session: Session): KnownContext | undefined {
    const carries = operation.kind === "update" || operation.kind === "delete";
    return carries && !operation.blind && this.remembers ? session.recall(key, keyHash) : undefined;
  }

  private stepOf(
    kind: OperationKind,
    key: string,
    session: Session,
    request: Request,
    seen: readonly number[],
    intended: Micros,
    start: Micros,
  ): Step {
    return {
      id: this.nextId++,
      phase: "load",
      kind,
      key,
      session: session.number,
      intended,
      start,
      end: start,
      outcome: "not_sent",
      writeId: request.writeId,
      versions: NONE,
      values: 0,
      seen,
      contextInBytes: request.context.length,
      contextOutBytes: 0,
      coordinator: -1,
    };
  }

  /** The next request of an operation that has more than one. */
  private goOn(
    course: Course<Owner>,
    kind: OperationKind,
    key: string,
    request: Request,
    seen: readonly number[],
    now: Micros,
  ): void {
    course.step = this.stepOf(kind, key, course.session, request, seen, now, now);
    course.request = request;
    course.opensPair = false;
    this.send(course);
  }

  private send(course: Course<Owner>): void {
    const { step, request } = course;
    const slot = this.free.pop() ?? this.underWay.length;
    assert(slot < SLOTS, "fewer than 2^20 operations are outstanding");
    this.underWay[slot] = course;
    if (request.writeId !== 0) this.activities.sent(course.key, course.operation.key, step.start);
    this.requests.push({ token: tokenOf(step.id, slot), request });
  }

  /** What session and workload learn from a reply. */
  private note(course: Course<Owner>, reply: Reply, now: Micros): void {
    const { key, keyHash, session, request } = course;
    if (request.writeId !== 0) this.activities.ended(key, now);
    if (reply.outcome !== "ok") return;
    if (request.kind === "scan") {
      // No contexts come with a scan: the session goes on with those that it has.
      const { type, bucket } = request.key;
      for (const { key: name, payloads } of reply.records ?? [])
        this.verifyAll({ type, bucket, key: name }, payloads, 0);
      return;
    }
    if (request.kind === "get") this.verify(course.operation.key, reply);
    if (!this.remembers) return;
    if (request.kind === "get") {
      // "Nothing there" is the session's last word on the key too.
      if (saysWhatWasSeen(reply)) session.remember(key, reply.context, reply.versions, keyHash);
      else session.forget(key, keyHash);
    } else if ((reply.context !== "" || reply.contextless === true) && this.options.context === "session") {
      // A store that does not say what stands after a put: the session has seen its own write, and through that what
      // the write had seen.
      const versions = reply.versions.length > 0 ? reply.versions : [request.writeId];
      session.remember(key, reply.context, versions, keyHash);
    }
  }

  private verify(name: KeyName, { versions, values, payloads }: Reply): void {
    // Tombstones among the versions have no value to verify; more empty ones than those are broken.
    this.verifyAll(name, payloads, versions.length - values);
  }

  private verifyAll(name: KeyName, payloads: readonly Octets[], tombstones: number): void {
    const { workload } = this.options;
    if (workload.verify === undefined) return;
    let passedOver = 0;
    for (const payload of payloads) {
      if (payload === "" && passedOver++ < tombstones) continue;
      if (workload.verify(name, payload)) this.integrity.confirmed++;
      else this.integrity.broken++;
    }
  }

  private record(step: Step, reply: Reply, now: Micros): void {
    step.phase = this.options.phaseOf(step.intended);
    step.end = now;
    step.outcome = reply.outcome;
    step.versions = reply.versions;
    step.values = reply.values;
    step.contextOutBytes = reply.context.length;
    step.coordinator = reply.coordinator;
    this.records.push(step);
  }

  private recordSpan(
    { operation, spanId, key, session }: Pick<Course<Owner>, "operation" | "spanId" | "key" | "session">,
    { intended, start }: Pick<Step, "intended" | "start">,
    outcome: Outcome,
    now: Micros,
  ): void {
    this.recordBare(spanId, operation.kind, key, session, { intended, start, end: now }, outcome);
  }

  /** A record that carries no evidence of its own but its times and outcome. */
  private recordBare(
    id: number,
    kind: OperationKind,
    key: string,
    session: Session,
    times: { readonly intended: Micros; readonly start: Micros; readonly end: Micros },
    outcome: Outcome,
  ): void {
    this.records.push({
      id,
      phase: this.options.phaseOf(times.intended),
      kind,
      key,
      session: session.number,
      ...times,
      outcome,
      writeId: 0,
      versions: NONE,
      values: 0,
      seen: NONE,
      contextInBytes: 0,
      contextOutBytes: 0,
      coordinator: -1,
    });
  }
}

/** A read that brought a context, or that found something where the store knows of none. */
function saysWhatWasSeen({ context, contextless, versions }: Reply): boolean {
  return context !== "" || (contextless === true && versions.length > 0);
}

function readRequest({ key }: DrawnOperation, session: Session): Request {
  return {
    kind: "get",
    key,
    session: session.number,
    value: "",
    writeId: 0,
    context: "",
    scanLength: 0,
    scanEnd: "",
  };
}

function onlyRequest(operation: DrawnOperation, session: Session, known: KnownContext | undefined): Request {
  const { kind } = operation;
  const writes = kind === "update" || kind === "insert" || kind === "delete";
  return {
    kind: requestKind(kind),
    key: operation.key,
    session: session.number,
    value: operation.value,
    writeId: writes ? session.nextWriteId() : 0,
    context: known === undefined ? "" : known.context,
    scanLength: operation.scanLength,
    scanEnd: operation.scanEnd ?? "",
  };
}

/** The write of a pair: with exactly what its read brought. */
function closingRequest(operation: DrawnOperation, session: Session, read: Reply): Request {
  return {
    kind: operation.kind === "delete" ? "delete" : "put",
    key: operation.key,
    session: session.number,
    value: operation.merge === undefined ? operation.value : operation.merge(read.payloads),
    writeId: session.nextWriteId(),
    context: read.context,
    scanLength: 0,
    scanEnd: "",
  };
}

/** A listing's first page is a scan. */
function recordedAs(kind: OperationKind): OperationKind {
  return kind === "list" ? "scan" : kind;
}

function requestKind(kind: OperationKind): Request["kind"] {
  switch (kind) {
    case "read":
    case "rmw":
    case "multi-get":
      return "get";
    case "scan":
    case "list":
      return "scan";
    case "delete":
      return "delete";
    case "update":
    case "insert":
      return "put";
  }
}

/** One read of a multi-get, but for its key. */
const READ = { kind: "read", value: "", scanLength: 0, blind: false, insertNumber: -1 } as const;

/** Of an operation's requests the one whose end is worst decides: one that failed, before one that may have happened. */
const SEVERITY = { ok: 0, definite: 1, indefinite: 2 } as const;

/** In order of ids, and back to the slot at once. */
function tokenOf(id: number, slot: number): number {
  return id * SLOTS + slot;
}

/** Most operations outstanding. */
const SLOTS = 2 ** 20;

const NONE: readonly number[] = [];

const NO_ANSWER: Omit<Reply, "outcome"> = {
  versions: [],
  payloads: [],
  values: 0,
  context: "",
  coordinator: -1,
  reason: "given up at the end of the run",
};

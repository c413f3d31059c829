/**
 * The load driver: decides when an operation is due, never how it travels. Like the engine it is a value machine: time
 * and replies go in, requests and records come out, so the same driver runs against processes and in virtual time.
 *
 * A closed loop has C clients with one operation outstanding each: it asks less the slower the store gets, and so hides
 * the worst of it. An open loop asks on a schedule fixed beforehand; an operation that leaves late is timed from the
 * instant it was due, and one that cannot leave, because `maxOutstanding` are out, is recorded as `not_sent`. Nothing
 * that was due is ever left out of the records. In a partly open one (Schroeder et al., NSDI 2006) visitors come by such a
 * schedule, and each asks a few times, waits for every answer and thinks, and leaves.
 *
 * Phases: load, warm-up, measure, drain; each starts when the one before ended. An operation belongs to the phase of its
 * *intended* instant. Where a number of operations ends the run (`endsMeasure`), the measured phase is over with the last of
 * their answers. In the drain nothing new begins (a pair that began is completed), and it lasts until its time is
 * over and every reply has come: targets answer by their own deadline.
 *
 * A script (a workload with an end) begins with the measured phase, one operation at a time whichever client's; when it is
 * over the rest of that phase passes in silence, and steps that were not begun by its end are told.
 *
 * Probes are the measuring instrument, not the load: reads of their own after some acknowledged writes, counted apart, so
 * that a run with them is offered the same operations as one without.
 */
import { assert } from "../engine/vocabulary/assert";
import { distributionOf, type Distribution } from "../engine/vocabulary/distributions";
import { fromMs, MICROS_PER_SECOND, type Micros } from "../engine/vocabulary/micros";
import { certainty } from "../engine/vocabulary/outcomes";
import { octetsFromText } from "../engine/vocabulary/octets";
import { ln } from "../engine/vocabulary/mathematics";
import type { Random } from "../engine/vocabulary/random";
import type { OperationRecord, Phase } from "../results/record/history";
import { Courses, type DueRequest, type Ended } from "./course";
import { Identities } from "./identities";
import type { KeyActivity } from "./key-activity";
import { Loader, LOAD_CONCURRENCY, type LoadSlot } from "./loader";
import type { DrawnOperation, ListingCounts, MergeCounts, Reply, Workload } from "./operation";
import { arrivals, scaledArrivals, type Arrivals, type ArrivalSettings } from "./pacing";
import { Probes, type Probe } from "./probes";
import { CONTEXTS_PER_SESSION, Session } from "./session";
import type { WorkloadSettings } from "./settings";
import { WaitingLine } from "./waiting-line";

export type { DueRequest } from "./course";

export interface DriverOptions {
  readonly workload: Workload;
  readonly settings: WorkloadSettings;
  readonly phases: { readonly warmupMs: number; readonly measureMs: number; readonly drainMs: number };
  readonly random: Random;
  /** When the load phase starts. */
  readonly start: Micros;
  /** Number of the first session, and how far the next is from it: numbers of drivers of one trial must not overlap. */
  readonly sessionBase?: number;
  readonly sessionStep?: number;
  /** The load is one of several: with it done this one waits for `release`, so that the warm-up of all begins at one instant. */
  readonly held?: true;
  readonly loadConcurrency?: number;
  readonly contextsPerSession?: number;
}

export interface DriverProgress {
  readonly phase: Phase;
  /** Operations ended since the load, pairs counted once, dropped ones included, probes not. */
  readonly operations: number;
  readonly failed: number;
  /** Probes included. */
  readonly outstanding: number;
  /** Open loop: due while `maxOutstanding` were out. */
  readonly dropped: number;
  /** Of the measured phase: operations due in it (`unsent` ones too), ended in it (whenever they were due), and due in it but dropped. Without probes. */
  readonly measured: { readonly due: number; readonly ended: number; readonly dropped: number };
  /** Closed loop with a target rate: due by the end of the measured phase and never begun. */
  readonly unsent: number;
  /** Probes begun or dropped so far, ended, not answered `ok`, due while too many were out, and never planned because too many waited. */
  readonly probes: {
    readonly due: number;
    readonly ended: number;
    readonly failed: number;
    readonly dropped: number;
    readonly skipped: number;
  };
  readonly load: {
    readonly records: number;
    readonly settled: number;
    readonly refused: number;
    readonly doubtful: number;
  };
  readonly integrity: { readonly confirmed: number; readonly broken: number };
  /** Partly open: visitors whose visit was cut short, because too many were thinking. */
  readonly visitsCut: number;
  /** Steps of a script that were not begun; 0 where there is none. */
  readonly stepsLeft: number;
  /** Sessions that clients took on after their first, and operations under one that should have ended (numbers ran out). */
  readonly identities: { readonly renewed: number; readonly outlived: number };
  /** Of workloads that merge what they read. */
  readonly merges: MergeCounts | undefined;
  /** Of workloads that list. */
  readonly listings: ListingCounts | undefined;
}

/** A closed loop's client, or of a script all of them in turn. */
interface ClosedClient {
  readonly kind: "client";
  readonly number: number;
  /** Under a target rate: when its next operation is due, in fractions of a microsecond. */
  deadline: number;
}

/** An operation of the open loop: nobody waits for it. */
interface Arrival {
  readonly kind: "arrival";
}

/** A visitor of a partly open load. */
interface Visitor {
  readonly kind: "visitor";
  readonly client: number;
  /** Requests that this visit has still to make. */
  left: number;
}

type Owner = ClosedClient | LoadSlot | Arrival | Probe | Visitor;

export class Driver {
  private readonly workload: Workload;
  private readonly settings: WorkloadSettings;
  private readonly phaseLengths: { readonly warmup: Micros; readonly measure: Micros; readonly drain: Micros };
  private readonly random: Random;
  private readonly thinking: Random;
  private readonly think: Distribution | undefined;
  private readonly clients: number;
  private readonly closed: readonly ClosedClient[];
  private readonly identities: Identities;
  private readonly loader: Loader;
  private readonly courses: Courses<Owner>;
  private readonly probes: Probes | undefined;
  private readonly waiting = new WaitingLine<ClosedClient | LoadSlot | Probe | Visitor>();
  /** Of a partly open load. */
  private readonly visits: Random;
  private thinkingVisitors = 0;
  private visitsCut = 0;
  /** Microseconds between operations of one client under a target rate; 0 without one. */
  private readonly tick: number;

  private now: Micros;
  private currentPhase: Phase = "load";
  private loadStarted = false;
  private readonly held: boolean;
  private waitsForRelease = false;
  private finished = false;
  private warmupStart: Micros = Infinity;
  private measureStart: Micros = Infinity;
  private measureEnd: Micros = Infinity;
  private schedule: Arrivals | undefined;
  private nextArrival: Micros = Infinity;
  private arrived = 0;
  private operations = 0;
  private failed = 0;
  private dropped = 0;
  private unsent = 0;
  private readonly measured = { due: 0, ended: 0, dropped: 0 };

  constructor(options: DriverOptions) {
    const { settings, workload, phases } = options;
    const { load } = settings;
    assert(load.clients >= 1, "a load has at least one client");
    assert(settings.maxOutstanding >= 1, "at least one operation may be outstanding");
    this.workload = workload;
    this.settings = settings;
    this.phaseLengths = {
      warmup: fromMs(phases.warmupMs),
      measure: fromMs(phases.measureMs),
      drain: fromMs(phases.drainMs),
    };
    this.random = options.random;
    this.thinking = options.random.fork("think");
    this.visits = options.random.fork("visits");
    this.now = options.start;
    this.held = options.held === true;
    const base = options.sessionBase ?? 0;
    const step = options.sessionStep ?? 1;
    const kept = options.contextsPerSession ?? CONTEXTS_PER_SESSION;
    this.clients = load.clients;
    const together = load.model === "closed" && load.oneAtATime === true ? 1 : load.clients;
    this.closed = Array.from({ length: together }, (_, number) => ({ kind: "client" as const, number, deadline: 0 }));
    const slots = Math.min(options.loadConcurrency ?? LOAD_CONCURRENCY, workload.loadCount);
    const loadSessions = Array.from({ length: slots }, (_, i) => new Session(base + (load.clients + i) * step, 0));
    this.loader = new Loader(workload, loadSessions);
    this.identities = new Identities({
      clients: load.clients,
      first: base,
      later: base + (load.clients + slots) * step,
      step,
      lifetime: settings.clientLifetime ?? Infinity,
      contextsKept: kept,
    });
    this.think = load.model !== "open" && load.think !== undefined ? distributionOf(load.think) : undefined;
    this.probes = settings.probe && new Probes(settings.probe, settings.maxOutstanding, options.random.fork("probe"));
    const rate = load.model === "closed" ? load.targetPerSecond : undefined;
    this.tick = rate === undefined ? 0 : (load.clients / rate) * MICROS_PER_SECOND;
    this.courses = new Courses({
      workload,
      context: settings.context,
      bucketType: octetsFromText(settings.bucketType),
      bucket: octetsFromText(settings.bucket),
      phaseOf: (intended) => this.phaseOf(intended),
    });
    if (!settings.preload || workload.loadCount === 0) this.loadOver(options.start);
  }

  /** How many session numbers are in use so far: from the base on, clients first, then the load's, then later identities of clients. */
  get sessionCount(): number {
    return this.clients + this.loader.slots.length + this.identities.renewed;
  }

  get phase(): Phase {
    return this.currentPhase;
  }

  /** In real time: whoever waits for the next instant does so without sleeping. Nothing is due in the load phase or the drain. */
  get spins(): boolean {
    return this.settings.pacing === "spin" && (this.currentPhase === "warmup" || this.currentPhase === "measure");
  }

  /** One that is held: its load is done, and it waits for {@link release}. */
  get loaded(): boolean {
    return this.waitsForRelease;
  }

  /** The warm-up begins then, which may be later than now. Whoever sleeps until `nextWakeup` must ask anew. */
  release(at: Micros): void {
    assert(this.waitsForRelease && at >= this.now, "a driver is released once, when its load is done");
    this.waitsForRelease = false;
    if (!this.finished) this.startWarmup(at);
  }

  /** Where the phases began; infinite where that is not known yet. The measured phase is [measure, drain). */
  get phaseStarts(): { readonly warmup: Micros; readonly measure: Micros; readonly drain: Micros } {
    return { warmup: this.warmupStart, measure: this.measureStart, drain: this.measureEnd };
  }

  /** Moves time on: what has become due is made. */
  step(now: Micros): void {
    assert(now >= this.now, "time does not go back");
    this.now = now;
    if (this.finished) return;
    if (this.currentPhase === "load") this.stepLoad();
    else this.stepTransactions();
  }

  /** When `step` must be called at the latest; undefined when only a reply can move things on. */
  nextWakeup(): Micros | undefined {
    if (this.done()) return undefined;
    if (this.currentPhase === "load") return this.loadStarted ? this.waiting.first : this.now;
    if (this.currentPhase === "drain") {
      const end = this.measureEnd + this.phaseLengths.drain;
      return end > this.now ? end : undefined;
    }
    const boundary = this.currentPhase === "warmup" ? this.measureStart : this.measureEnd;
    return Math.min(boundary, this.nextArrival, this.waiting.first ?? Infinity);
  }

  takeRequests(): DueRequest[] {
    return this.courses.takeRequests();
  }

  /** The reply to a request taken. Exactly once a token; replies after `finish` are ignored. */
  completed(token: number, reply: Reply, now: Micros): void {
    assert(now >= this.now, "time does not go back");
    this.now = now;
    if (this.finished) return;
    const ended = this.courses.completed(token, reply, now);
    if (ended !== undefined) this.operationEnded(ended);
    if (this.currentPhase !== "load") this.stepTransactions();
  }

  /** Records made since the last call, in order of completion. */
  takeRecords(): OperationRecord[] {
    return this.courses.takeRecords();
  }

  done(): boolean {
    if (this.finished) return true;
    const over = this.currentPhase === "drain" && this.now >= this.measureEnd + this.phaseLengths.drain;
    return over && this.courses.outstanding === 0;
  }

  /** Ends the run now: what is outstanding is given up and recorded, as `timeout` where it had been handed out. */
  finish(now: Micros): void {
    assert(now >= this.now, "time does not go back");
    this.now = now;
    if (this.finished) return;
    for (const ended of this.courses.giveUp(now)) {
      if (ended.owner.kind === "load") continue;
      if (ended.owner.kind === "probe") this.probes!.ended(ended.outcome);
      else this.count(ended);
    }
    this.finished = true;
  }

  /** Keys that a write was sent for, by their printable names. */
  get keysWritten(): ReadonlyMap<string, KeyActivity> {
    return this.courses.activities.written;
  }

  /** `key` as in records. */
  writesInFlight(key: string): boolean {
    return (this.keysWritten.get(key)?.writesInFlight ?? 0) > 0;
  }

  /** When the key's latest write was sent or ended; -Infinity when it was never written. */
  lastWriteActivity(key: string): Micros {
    return this.keysWritten.get(key)?.lastWriteActivity ?? -Infinity;
  }

  progress(): DriverProgress {
    return {
      phase: this.currentPhase,
      operations: this.operations,
      failed: this.failed,
      outstanding: this.courses.outstanding,
      dropped: this.dropped,
      measured: { ...this.measured },
      unsent: this.unsent,
      visitsCut: this.visitsCut,
      probes: this.probes === undefined ? NO_PROBES : { ...this.probes.counted },
      load: this.loader.progress,
      integrity: { ...this.courses.integrity },
      stepsLeft: this.workload.stepsLeft?.() ?? 0,
      identities: { renewed: this.identities.renewed, outlived: this.identities.outlived },
      merges: this.workload.merges === undefined ? undefined : { ...this.workload.merges },
      listings: this.workload.listings === undefined ? undefined : { ...this.workload.listings },
    };
  }

  private phaseOf(intended: Micros): Phase {
    if (intended < this.warmupStart) return "load";
    if (intended < this.measureStart) return "warmup";
    return intended < this.measureEnd ? "measure" : "drain";
  }

  private stepLoad(): void {
    if (!this.loadStarted) {
      this.loadStarted = true;
      for (const slot of this.loader.slots) if (this.loader.fill(slot)) this.sendLoad(slot);
    }
    for (let slot = this.waiting.takeDue(this.now); slot !== undefined; slot = this.waiting.takeDue(this.now)) {
      if (slot.kind === "load") this.sendLoad(slot);
    }
  }

  private sendLoad(slot: LoadSlot): void {
    assert(slot.operation !== undefined, "a slot that sends has a record");
    if (slot.attempts === 0) this.workload.due?.({ operation: slot.operation, client: -1, at: undefined });
    this.courses.begin(slot.operation, slot.session, slot, this.now, this.now);
  }

  private loadOver(now: Micros): void {
    // Also where there was none: one that waits for the others is still in the load phase.
    this.loadStarted = true;
    if (this.held) this.waitsForRelease = true;
    else this.startWarmup(now);
  }

  private startWarmup(now: Micros): void {
    this.currentPhase = "warmup";
    this.warmupStart = now;
    this.measureStart = now + this.phaseLengths.warmup;
    this.measureEnd = this.measureStart + this.phaseLengths.measure;
    const { load } = this.settings;
    if (load.model !== "closed") {
      this.schedule = this.workload.arrivals?.() ?? arrivals(scheduleOf(load), this.random.fork("arrivals"));
      this.nextArrival = now + this.schedule.next();
      return;
    }
    // A script begins with the measured phase; there is nothing in it to warm up with.
    const begin = this.workload.over === undefined ? now : this.measureStart + this.pause();
    // Under a target rate clients start apart, or all of them would send at every tick together (as in YCSB).
    const offsets = this.random.fork("offsets");
    for (const client of this.closed) {
      client.deadline = begin + offsets.nextFloat() * this.tick;
      this.waiting.add(Math.round(client.deadline), client);
    }
  }

  /** Makes what is due by `now`, in order, and moves the phase on. */
  private stepTransactions(): void {
    for (;;) {
      const waited = this.waiting.first ?? Infinity;
      const arrival = this.nextArrival < this.measureEnd ? this.nextArrival : Infinity;
      if (Math.min(waited, arrival) > this.now) break;
      if (arrival <= waited) {
        this.arrive();
        continue;
      }
      const due = this.waiting.takeDue(this.now)!;
      if (due.kind === "client") this.beginClosed(due);
      else if (due.kind === "visitor") {
        this.thinkingVisitors--;
        this.visit(due, waited);
      } else if (due.kind === "probe") {
        this.probes!.waited();
        this.beginProbe(due, waited);
      }
    }
    if (this.currentPhase === "warmup" && this.now >= this.measureStart) this.currentPhase = "measure";
    if (this.currentPhase === "measure" && this.exhausted()) this.measureEnd = Math.min(this.measureEnd, this.now + 1);
    if (this.currentPhase === "measure" && this.now >= this.measureEnd) this.startDrain();
  }

  /** Who waits still waits for an instant beyond the end: what a rate wanted of them in the meantime was due, too. */
  private startDrain(): void {
    this.currentPhase = "drain";
    for (let left = this.waiting.takeDue(Infinity); left !== undefined; left = this.waiting.takeDue(Infinity)) {
      if (left.kind === "client") this.retire(left);
    }
  }

  /** A number of operations ends the run, and all of them are answered: what ended at this instant is still measured. */
  private exhausted(): boolean {
    const { workload } = this;
    return workload.endsMeasure === true && this.courses.outstanding === 0 && workload.over?.() === true;
  }

  private arrive(): void {
    const intended = this.nextArrival;
    if (this.workload.over?.() === true) {
      this.nextArrival = Infinity;
      return;
    }
    const { load } = this.settings;
    const client = this.arrived % this.clients;
    this.arrived++;
    if (load.model === "partly-open") {
      this.visit({ kind: "visitor", client, left: this.lengthOfVisit(load.requestsPerSession) }, intended);
    } else this.ask(client, ARRIVAL, intended);
    this.nextArrival = this.warmupStart + this.schedule!.next();
  }

  /** Geometric; drawn when the visitor comes, so that it does not depend on how the store fares. */
  private lengthOfVisit(mean: number): number {
    const u = this.visits.nextFloat();
    if (mean <= 1) return 1;
    return Math.min(LONGEST_VISIT, 1 + Math.floor(ln(1 - u) / ln(1 - 1 / mean)));
  }

  private visit(visitor: Visitor, intended: Micros): void {
    if (intended >= this.measureEnd) return;
    visitor.left--;
    // One who cannot even ask goes away.
    this.ask(visitor.client, visitor, intended);
  }

  /** Sends the next operation, which was due at `intended`, or drops it where too many are out. */
  private ask(client: number, owner: Arrival | Visitor, intended: Micros): void {
    const { operation, session } = this.draw(client, intended);
    if (this.phaseOf(intended) === "measure") this.measured.due++;
    if (this.courses.outstanding - (this.probes?.outstanding ?? 0) < this.settings.maxOutstanding) {
      this.courses.begin(operation, session, owner, intended, this.now);
    } else {
      this.courses.drop(operation, session, intended, this.now);
      this.dropped++;
      if (this.phaseOf(intended) === "measure") this.measured.dropped++;
      this.count({ operation, outcome: "not_sent" });
    }
  }

  /** The next operation and who sends it, `client` if the workload does not mind. */
  private draw(client: number, intended: Micros): { readonly operation: DrawnOperation; readonly session: Session } {
    const operation = this.workload.next(client);
    const sender = operation.client ?? client;
    this.workload.due?.({ operation, client: sender, at: intended - this.warmupStart });
    return { operation, session: this.identities.forNext(sender) };
  }

  private pause(): Micros {
    return this.workload.pause?.() ?? 0;
  }

  private beginProbe(probe: Probe, due: Micros): void {
    if (this.probes!.mayBegin()) this.courses.begin(probe.operation, probe.session, probe, due, this.now);
    else this.courses.drop(probe.operation, probe.session, due, this.now);
  }

  /** Plans the probe of a write that ended now; one due at once begins in this very turn. */
  private probe(ended: Ended<Owner>): void {
    if (this.probes === undefined || ended.outcome !== "ok") return;
    const planned = this.probes.after(ended.operation, ended.session);
    if (planned === undefined) return;
    const due = this.now + planned.afterMicros;
    if (due >= this.measureEnd) return;
    if (due === this.now) this.beginProbe(planned.probe, due);
    else if (this.probes.mayWait()) this.waiting.add(due, planned.probe);
  }

  private beginClosed(client: ClosedClient): void {
    if (this.now >= this.measureEnd) return this.retire(client);
    if (this.workload.over?.(client.number) === true) return;
    // A client behind its rate sends at once, and is timed from when the rate wanted it.
    const intended = this.tick === 0 ? this.now : Math.min(this.now, Math.round(client.deadline));
    client.deadline += this.tick;
    if (this.phaseOf(intended) === "measure") this.measured.due++;
    const { operation, session } = this.draw(client.number, intended);
    this.courses.begin(operation, session, client, intended, this.now);
  }

  private retire(client: ClosedClient): void {
    if (this.tick === 0 || client.deadline >= this.measureEnd) return;
    // Of one that is done nothing more is wanted.
    if (this.workload.over?.(client.number) === true) return;
    this.unsent += Math.ceil((this.measureEnd - client.deadline) / this.tick);
    const ofWarmup = Math.max(0, Math.ceil((this.measureStart - client.deadline) / this.tick));
    this.measured.due += Math.ceil((this.measureEnd - client.deadline) / this.tick) - ofWarmup;
  }

  private operationEnded(ended: Ended<Owner>): void {
    const { owner, outcome } = ended;
    if (owner.kind === "load") return this.loadEnded(owner, ended);
    if (owner.kind === "probe") return this.probes!.ended(outcome);
    this.probe(ended);
    if (this.phaseOf(this.now) === "measure") this.measured.ended++;
    this.count(ended);
    if (owner.kind === "arrival") return;
    if (owner.kind === "visitor") return this.goOn(owner);
    if (this.now >= this.measureEnd) return this.retire(owner);
    let due = this.now + this.pause();
    if (this.think !== undefined) due += this.think.sample(this.thinking);
    // Refused before anything was done: a client that asked again at once would spin instead of loading the store.
    if (certainty(outcome) === "definite") due += fromMs(REFUSAL_PAUSE_MS);
    if (this.tick > 0) due = Math.max(due, Math.round(owner.deadline));
    if (due <= this.now) this.beginClosed(owner);
    else this.waiting.add(due, owner);
  }

  /** The visitor has an answer. */
  private goOn(visitor: Visitor): void {
    if (visitor.left === 0) return;
    const due = this.now + (this.think?.sample(this.thinking) ?? 0);
    if (due >= this.measureEnd) return;
    if (this.thinkingVisitors >= MOST_THINKING) {
      this.visitsCut++;
      return;
    }
    // Also without a thought: of those due at one instant, whoever comes first asks first.
    this.thinkingVisitors++;
    this.waiting.add(due, visitor);
  }

  private loadEnded(slot: LoadSlot, ended: Ended<Owner>): void {
    if (certainty(ended.outcome) !== "definite") this.workload.ended?.(ended.operation, ended.outcome);
    const next = this.loader.ended(slot, ended.outcome, this.now);
    if (next === "send") this.sendLoad(slot);
    else if (next !== "idle") this.waiting.add(next.waitUntil, slot);
    if (this.loader.done) this.loadOver(this.now);
  }

  private count(ended: Pick<Ended<Owner>, "operation" | "outcome">): void {
    this.operations++;
    if (ended.outcome !== "ok") this.failed++;
    if (ended.operation.insertNumber >= 0) this.workload.inserted(ended.operation.insertNumber);
    this.workload.ended?.(ended.operation, ended.outcome);
  }
}

const NO_PROBES: DriverProgress["probes"] = { due: 0, ended: 0, failed: 0, dropped: 0, skipped: 0 };

const ARRIVAL: Arrival = { kind: "arrival" };

/** When operations come, or of a partly open load visitors: as many of them as make up its rate. */
function scheduleOf(load: Exclude<WorkloadSettings["load"], { readonly model: "closed" }>): ArrivalSettings {
  return load.model === "open" ? load : scaledArrivals(load, 1 / load.requestsPerSession);
}

/** Visitors who think at once. */
export const MOST_THINKING = 2 ** 20;
/** Requests of a visit at most. */
const LONGEST_VISIT = 1_000_000;

/** How long a closed loop's client waits after a definite refusal. */
export const REFUSAL_PAUSE_MS = 5;

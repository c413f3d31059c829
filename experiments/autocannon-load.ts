/**
 * A load that autocannon sends. Records are written before by our own driver, over the same interface; then autocannon warms
 * up and measures, each an execution of its own, so that its own count is of the measured phase and of nothing else. What it
 * asks comes from the same workload and sessions as the driver's, and what is answered becomes the same records: so staleness,
 * siblings and lost updates are judged for both alike, and what differs is who sends.
 *
 * The warm-up stops a little before it is over, so that every client has its last answer and the measured phase begins on time.
 * It begins with no request out, and what is answered after its end is not of it: a client has one answer less in it than in a
 * loop that goes on, and more where the warm-up's last answers take longer than that little. In the drain nothing is asked.
 */
import { Random } from "../engine/vocabulary/random";
import { assert } from "../engine/vocabulary/assert";
import { monotonicMicros } from "../engine/real/monotonic";
import { ProcessWatch } from "../engine/real/process-watch";
import type { Ring } from "../engine/ring/ring";
import { fromMs, type Micros } from "../engine/vocabulary/micros";
import { octetsFromText } from "../engine/vocabulary/octets";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import type { AnswersCounted, SecondOpinion } from "../results/record/figures";
import { LatencyHistogram } from "../results/record/histogram";
import type { OperationRecord, Phase } from "../results/record/history";
import type { RecorderBacklog } from "../results/statistics/validity";
import { Courses, type DueRequest, type Ended } from "../workloads/course";
import { Driver, type DriverProgress } from "../workloads/driver";
import type { KeyActivity } from "../workloads/key-activity";
import { workloadFor } from "../workloads/mixes/mix";
import type { Reply, Workload } from "../workloads/operation";
import { driveInRealTime } from "../workloads/real-time";
import { CONTEXTS_PER_SESSION, Session } from "../workloads/session";
import type { WorkloadSettings } from "../workloads/settings";
import { autocannonName, barrage, program, type Asker } from "../workloads/targets/autocannon";
import { EngineHttpTarget } from "../workloads/targets/engine-http";
import { type HttpAddress, type HttpAnswer, objectPath } from "../workloads/targets/riak-http";
import { failedReply, replyOfOurs } from "../workloads/targets/riak-replies";
import { ANSWERS, objectRequest, type ObjectRequest } from "../workloads/targets/riak-requests";
import { RecorderWatch } from "./recorder-watch";
import type { PhaseSettings } from "./spec/experiment";
import { CLIENT_GRACE_MS } from "./trial";
import { connectionsToEach, returnsBody } from "./load-target";
import type { LoadReading, TrialLoad } from "./trial-load";

/** For the warm-up's last answers. */
const BETWEEN_MS = 50;

export interface AutocannonLoadOptions {
  readonly cluster: ClusterSettings;
  readonly fronts: readonly HttpAddress[];
  readonly ring: Ring;
  readonly workload: WorkloadSettings;
  /** The trial's. */
  readonly seed: number;
  readonly phases: PhaseSettings;
  /** Wraps the workload that the settings describe. */
  readonly made?: (own: Workload) => Workload;
}

/** One connection of autocannon's. */
interface Client {
  readonly number: number;
  readonly session: Session;
  out: DueRequest | undefined;
  since: Micros;
}

export class AutocannonLoad implements TrialLoad, Asker {
  readonly timeErrorMs = undefined;
  private readonly watch = new ProcessWatch();
  private readonly recorder = new RecorderWatch(monotonicMicros);
  private readonly workload: Workload;
  /** Of the load phase. */
  private readonly driver: Driver;
  private courses: Courses<Client>;
  private readonly clients: readonly Client[];
  private starts = { warmup: Infinity, measure: Infinity, drain: Infinity };
  private finished = false;
  private lastId = 0;
  /** Of the record made last: the history is in order of completion. */
  private lastEnd: Micros = 0;
  private readonly counted = { operations: 0, failed: 0 };
  private readonly measured = { due: 0, ended: 0, dropped: 0 };
  private ours = new OwnCount();
  private theirs: AnswersCounted | undefined;
  private flush: () => void = () => undefined;
  private written = new Map<string, KeyActivity>();

  private constructor(
    private readonly options: AutocannonLoadOptions,
    private readonly preloading: EngineHttpTarget,
  ) {
    const { workload: settings, seed, made = (own) => own } = options;
    const root = Random.fromSeed(seed);
    this.workload = made(workloadFor(settings, root.fork("workload")));
    this.driver = new Driver({
      ...{ workload: this.workload, settings, start: monotonicMicros(), held: true },
      phases: { warmupMs: 0, measureMs: 0, drainMs: 0 },
      random: root.fork("driver"),
    });
    this.clients = Array.from({ length: settings.load.clients }, (_, number) => ({
      ...{ number, session: new Session(number, CONTEXTS_PER_SESSION), out: undefined, since: 0 },
    }));
    this.courses = this.coursesFrom(1);
  }

  /** Rejects when no node takes HTTP connections. */
  static async open(options: AutocannonLoadOptions): Promise<AutocannonLoad> {
    const { cluster, fronts, ring, workload } = options;
    program();
    const preloading = await EngineHttpTarget.open({
      ...{ cluster, fronts, ring, routing: "any" as const, shaped: false, graceMs: CLIENT_GRACE_MS },
      returnBody: returnsBody(workload),
      limits: { connections: connectionsToEach(workload) },
    });
    return new AutocannonLoad(options, preloading);
  }

  get phase(): Phase {
    return this.starts.drain === Infinity ? "load" : this.phaseOf(monotonicMicros());
  }

  get phaseStarts(): Driver["phaseStarts"] {
    return this.starts;
  }

  get keysWritten(): ReadonlyMap<string, KeyActivity> {
    for (const [key, activity] of this.driver.keysWritten) if (!this.written.has(key)) this.written.set(key, activity);
    for (const [key, activity] of this.courses.activities.written) this.written.set(key, activity);
    return this.written;
  }

  writesInFlight(key: string): boolean {
    return (this.courses.activities.written.get(key)?.writesInFlight ?? 0) > 0 || this.driver.writesInFlight(key);
  }

  lastWriteActivity(key: string): Micros {
    return this.courses.activities.written.get(key)?.lastWriteActivity ?? this.driver.lastWriteActivity(key);
  }

  progress(): DriverProgress {
    const loading = this.driver.progress();
    const { confirmed, broken } = this.courses.integrity;
    return {
      ...loading,
      phase: this.phase,
      operations: this.counted.operations,
      failed: this.counted.failed,
      outstanding: loading.outstanding + this.courses.outstanding,
      measured: { ...this.measured },
      integrity: {
        confirmed: loading.integrity.confirmed + confirmed,
        broken: loading.integrity.broken + broken,
      },
    };
  }

  done(): boolean {
    return this.finished;
  }

  /** It asks the addresses that it began with. */
  serves(): void {
    return;
  }

  ringChanged(): void {
    return;
  }

  partitioned(): void {
    return;
  }

  moved(): void {
    return;
  }

  async run({ record, turned, signal }: Parameters<TrialLoad["run"]>[0]): Promise<void> {
    const keep = (one: OperationRecord): void => {
      this.lastId = Math.max(this.lastId, one.id);
      this.lastEnd = Math.max(this.lastEnd, one.end);
      this.recorder.takes(one);
      record(one);
    };
    const turn = (): void => {
      this.recorder.turned();
      turned();
    };
    await this.preload(keep, turn, signal);
    if (signal.aborted) return this.finish(keep, turn);
    this.courses = this.coursesFrom(this.lastId + 1);
    const { warmupMs, measureMs, drainMs } = this.options.phases;
    const warmup = monotonicMicros();
    const measure = warmup + fromMs(warmupMs);
    const drain = measure + fromMs(measureMs);
    this.starts = { warmup, measure, drain };
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    let why: Error | undefined;
    let scheduled = false;
    // Answers of one turn of the loop are worked off together; what fails then has nobody above it.
    const work = (): void => {
      scheduled = false;
      try {
        for (const one of this.courses.takeRecords()) keep(one);
        turn();
      } catch (error) {
        why ??= error instanceof Error ? error : new Error(String(error));
        failed.abort();
      }
    };
    this.flush = () => {
      if (scheduled) return;
      scheduled = true;
      setImmediate(work);
    };
    const rest = Math.min(BETWEEN_MS, warmupMs / 2);
    if (warmupMs > 0) await this.barrage(measure - fromMs(rest), either);
    await sleepUntil(measure, either);
    turn();
    if (!either.aborted) {
      this.ours = new OwnCount();
      this.theirs = await this.barrage(drain, either);
    }
    await sleepUntil(drain, either);
    work();
    await sleepUntil(drain + fromMs(drainMs), either);
    this.finish(keep, turn);
    if (why !== undefined) throw why;
  }

  inOrder(act: () => void): void {
    act();
  }

  reading(): Promise<LoadReading> {
    const counts = this.watch.counts();
    this.watch.startSpan();
    return Promise.resolve({ latenessP99Ms: 0, cpuMs: 0, processes: [counts] });
  }

  backlog(): RecorderBacklog {
    return this.recorder.backlog();
  }

  secondOpinion(): SecondOpinion | undefined {
    const { theirs } = this;
    return theirs === undefined ? undefined : { tool: autocannonName(), theirs, ours: this.ours.counted() };
  }

  close(): void {
    this.watch.stop();
    void this.preloading.close();
  }

  /** For {@link Asker}. */
  next(number: number): ObjectRequest {
    const client = this.clients[number];
    const now = monotonicMicros();
    const operation = this.workload.next(number);
    this.workload.due?.({ operation, client: number, at: now - this.starts.warmup });
    if (this.phaseOf(now) === "measure") this.measured.due++;
    this.courses.begin(operation, client.session, client, now, now);
    const [due] = this.courses.takeRequests();
    client.out = due;
    client.since = now;
    this.ours.began(now);
    const path = objectPath(due.request.key);
    assert(typeof path === "string", "keys of this workload have names over HTTP");
    return objectRequest(due.request, path, this.ways);
  }

  answered(number: number, answer: HttpAnswer, micros: number): void {
    const client = this.clients[number];
    if (client.out === undefined) return;
    const { kind } = client.out.request;
    assert(kind !== "scan", "over HTTP nothing is scanned");
    const reply = replyOfOurs(kind, ANSWERS[kind]({ kind: "answered", answer }));
    const now = monotonicMicros();
    this.ours.answered(answer.status, micros, now);
    // Its own time; the rest is ours, for reading the answer.
    this.ended(client, reply, Math.min(now, client.since + Math.round(micros)));
  }

  lost(number: number, because: "timeout" | "connection"): void {
    const client = this.clients[number];
    if (client.out === undefined) return;
    this.ours.lost();
    const outcome = because === "timeout" ? "timeout" : "connection_lost";
    this.ended(client, failedReply(outcome, "autocannon heard no answer"), monotonicMicros());
  }

  private ended(client: Client, reply: Reply, at: Micros): void {
    const { token } = client.out!;
    client.out = undefined;
    this.lastEnd = Math.max(this.lastEnd, at);
    const over = this.courses.completed(token, reply, this.lastEnd);
    assert(over !== undefined, "each operation is one request");
    if (this.phaseOf(this.lastEnd) === "measure") this.measured.ended++;
    this.count(over);
    this.flush();
  }

  private count({ operation, outcome }: Ended<Client>): void {
    this.counted.operations++;
    if (outcome !== "ok") this.counted.failed++;
    if (operation.insertNumber >= 0) this.workload.inserted(operation.insertNumber);
    this.workload.ended?.(operation, outcome);
  }

  /** By our own driver, to the last record. */
  private async preload(
    record: (one: OperationRecord) => void,
    turned: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { driver } = this;
    const loaded = new AbortController();
    const look = (): void => {
      turned();
      if (driver.loaded) setImmediate(() => loaded.abort());
    };
    if (driver.loaded) loaded.abort();
    const either = AbortSignal.any([signal, loaded.signal]);
    await driveInRealTime({
      driver,
      target: this.preloading,
      now: monotonicMicros,
      record,
      turned: look,
      signal: either,
    });
  }

  private barrage(until: Micros, signal: AbortSignal): Promise<AnswersCounted> {
    const { fronts, cluster } = this.options;
    const { readTimeoutMs, writeTimeoutMs } = cluster.engine;
    return barrage({
      ...{ fronts, until, signal, asker: this, now: monotonicMicros, clients: this.clients.length },
      timeoutMs: Math.max(readTimeoutMs, writeTimeoutMs) + CLIENT_GRACE_MS,
    });
  }

  private finish(record: (one: OperationRecord) => void, turned: () => void): void {
    if (this.finished) return;
    this.finished = true;
    for (const over of this.courses.giveUp(Math.max(this.lastEnd, monotonicMicros()))) this.count(over);
    for (const one of this.courses.takeRecords()) record(one);
    turned();
  }

  private coursesFrom(firstId: number): Courses<Client> {
    const { context, bucketType, bucket } = this.options.workload;
    return new Courses({
      ...{ workload: this.workload, context, firstId },
      bucketType: octetsFromText(bucketType),
      bucket: octetsFromText(bucket),
      phaseOf: (intended) => this.phaseOf(intended),
    });
  }

  private get ways(): Parameters<typeof objectRequest>[2] {
    return { query: NO_QUERY, returnBody: returnsBody(this.options.workload), namesWrites: true };
  }

  private phaseOf(at: Micros): Phase {
    const { warmup, measure, drain } = this.starts;
    if (at < warmup) return "load";
    if (at < measure) return "warmup";
    return at < drain ? "measure" : "drain";
  }
}

/** What its `response` events say, beside its own summary. */
class OwnCount {
  private readonly latencies = new LatencyHistogram();
  private from: Micros = Infinity;
  private to: Micros = -Infinity;
  private answers = 0;
  private ok = 0;
  private errors = 0;

  began(now: Micros): void {
    this.from = Math.min(this.from, now);
  }

  answered(status: number, micros: number, now: Micros): void {
    this.to = now;
    this.answers++;
    if (status >= 200 && status < 300) this.ok++;
    this.latencies.record(Math.round(micros));
  }

  lost(): void {
    this.errors++;
  }

  counted(): AnswersCounted {
    const { answers, ok, errors, latencies } = this;
    const seconds = answers === 0 ? 0 : (this.to - this.from) / 1e6;
    const ms = (percentile: number): number | null => (answers === 0 ? null : latencies.percentile(percentile) / 1_000);
    const perSecond = seconds > 0 ? answers / seconds : 0;
    return { seconds, answers, perSecond, ok, errors, p50Ms: ms(50), p99Ms: ms(99) };
  }
}

/** Returns early when the signal fires. */
function sleepUntil(at: Micros, signal: AbortSignal): Promise<void> {
  const ms = Math.ceil((at - monotonicMicros()) / 1_000);
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const woken = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", woken);
      resolve();
    };
    const timer = setTimeout(woken, ms);
    signal.addEventListener("abort", woken, { once: true });
  });
}

/** Quorums are the cluster's own. */
const NO_QUERY = { get: "", put: "", delete: "" } as const;

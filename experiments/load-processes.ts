/**
 * A load made by several processes (`load-process.ts`), each with a driver and a client of its own, looked at as one: their
 * records become one history in order of completion, as far as all of them have told everything, and what the trial reads off
 * the nodes takes its place in it by its own instant.
 *
 * What is known here lags behind by a batch's way. A reading of the replicas must know which keys were being written, and so
 * asks each process when the replicas have answered: what a process then says holds for the whole of the reading, for a
 * write of that time is still under way or has left its instant behind. Instants of other processes are taken to be as late as
 * the measured error of their times allows, so that a key in doubt is left out.
 *
 * One that ends by itself fails the trial: its part of the load is gone, and what the others measured is another load.
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { PartitionRule } from "../engine/host/faults";
import { NODE_FLAGS, remember } from "../engine/real/cluster";
import { monotonicMicros } from "../engine/real/monotonic";
import { pinProcess } from "../engine/real/placement";
import type { ProcessCounts } from "../engine/real/process-watch";
import type { NodeAddress } from "../engine/real/tcp-transport";
import type { RingPlan } from "../engine/ring/plan";
import { fromMs, type Micros } from "../engine/vocabulary/micros";
import { octetsFromText } from "../engine/vocabulary/octets";
import type { ClusterSettings } from "../engine/vocabulary/settings";
import type { TargetName } from "../results/record/capabilities";
import type { OperationRecord, Phase } from "../results/record/history";
import type { DriverOptions, DriverProgress } from "../workloads/driver";
import { sumOfProgress } from "../workloads/driver-group";
import type { KeyActivity } from "../workloads/key-activity";
import { MergedHistory } from "../workloads/merged-history";
import { RecordUnpacker } from "../workloads/record-batch";
import type { WorkloadSettings } from "../workloads/settings";
import { driversOf } from "../workloads/shares";
import type { HttpAddress } from "../workloads/targets/riak-http";
import { type FromLoad, type ToLoad, toSides } from "./load-messages";
import { boundsOf, greatestDifference, type OffsetBounds, type Round } from "./time-error";
import { type LoadReading, type TrialLoad, wallBase } from "./trial-load";

/** Questions about the time, to each process. */
const ROUNDS = 200;
/** From "all are loaded" to the warm-up: more than a message takes. */
const RELEASE_AFTER: Micros = 50_000;
/** An answer that comes later is not waited for. */
const PATIENCE_MS = 5_000;

export interface LoadProcessesOptions {
  readonly cluster: ClusterSettings;
  /** The engine where left out. */
  readonly target?: TargetName | undefined;
  readonly addresses: readonly NodeAddress[];
  /** Where nodes speak HTTP; left out where nobody wants it. */
  readonly fronts?: readonly HttpAddress[];
  readonly workload: WorkloadSettings;
  /** The trial's. */
  readonly seed: number;
  readonly phases: DriverOptions["phases"];
  /** Cores of each process, in turn; undefined leaves them where this one is. */
  readonly cores: readonly (readonly number[])[] | undefined;
  /** One ended by itself, or cannot go on. */
  readonly failed: (why: string) => void;
}

/** One process. */
interface Maker {
  readonly child: ChildProcess;
  readonly unpacker: RecordUnpacker;
  ready: boolean;
  loaded: boolean;
  over: boolean;
  /** Of its records, so many it knows to be in the history. */
  acknowledged: number;
  progress: DriverProgress | undefined;
}

interface WrittenKey extends KeyActivity {
  writesInFlight: number;
  lastWriteActivity: Micros;
}

type Answer = Extract<FromLoad, { readonly id: number }>;

export class LoadProcesses implements TrialLoad {
  private readonly makers: readonly Maker[];
  private readonly merged: MergedHistory;
  private readonly written = new Map<string, WrittenKey>();
  private readonly waiting = new Map<number, (answer: Answer | undefined) => void>();
  private record: (record: OperationRecord) => void = () => undefined;
  private turned: () => void = () => undefined;
  private changed: () => void = () => undefined;
  private starts = { warmup: Infinity, measure: Infinity, drain: Infinity };
  private error: Micros = 0;
  private nextId = 1;
  private closed = false;

  private constructor(private readonly options: LoadProcessesOptions) {
    const { cluster, target, addresses, fronts = [], workload, seed, phases } = options;
    const of = driversOf(workload);
    this.merged = new MergedHistory(of, (record) => this.tell(record));
    this.makers = Array.from({ length: of }, (_, index) => this.fork(index));
    const wall = wallBase();
    this.makers.forEach((maker, index) =>
      say(maker, {
        type: "begin",
        ...{ cluster, target, addresses, fronts, workload, turn: { index, of }, seed, phases, wall },
      }),
    );
  }

  /** Resolves when every process has its connections and its time is known; rejects when one cannot begin. */
  static async start(options: LoadProcessesOptions): Promise<LoadProcesses> {
    let why: string | undefined;
    const load: LoadProcesses = new LoadProcesses({
      ...options,
      failed: (reason) => {
        why ??= reason;
        load.changed();
        options.failed(reason);
      },
    });
    try {
      await load.until(() => why !== undefined || load.makers.every(({ ready }) => ready));
      if (why === undefined) {
        await load.pin();
        await load.measureTime();
      }
      if (why !== undefined) throw new Error(why);
      return load;
    } catch (error) {
      load.close();
      throw error;
    }
  }

  /** Of the processes that run. */
  get pids(): readonly number[] {
    return this.makers.flatMap(({ child }) => child.pid ?? []);
  }

  get timeErrorMs(): number {
    return this.error / 1_000;
  }

  get phase(): Phase {
    const { warmup, measure, drain } = this.starts;
    const now = monotonicMicros();
    return now < warmup ? "load" : now < measure ? "warmup" : now < drain ? "measure" : "drain";
  }

  get phaseStarts(): TrialLoad["phaseStarts"] {
    return this.starts;
  }

  get keysWritten(): ReadonlyMap<string, KeyActivity> {
    return this.written;
  }

  writesInFlight(key: string): boolean {
    return (this.written.get(key)?.writesInFlight ?? 0) > 0;
  }

  lastWriteActivity(key: string): Micros {
    return this.written.get(key)?.lastWriteActivity ?? -Infinity;
  }

  progress(): DriverProgress {
    const told = this.makers.flatMap(({ progress }) => progress ?? []);
    return told.length === 0 ? NOTHING_YET : { ...sumOfProgress(told), phase: this.phase };
  }

  done(): boolean {
    return this.makers.every(({ over }) => over);
  }

  serves(node: number, on: boolean): void {
    this.sayAll({ type: "serves", node, on });
  }

  ringChanged(plan: RingPlan): void {
    this.sayAll({ type: "ring", plan });
  }

  partitioned(partitions: readonly PartitionRule[]): void {
    this.sayAll({ type: "partitions", partitions: partitions.map(toSides) });
  }

  moved(addresses: readonly NodeAddress[], fronts: readonly HttpAddress[]): void {
    this.sayAll({ type: "moved", addresses, fronts });
  }

  async run({ record, turned, signal }: Parameters<TrialLoad["run"]>[0]): Promise<void> {
    this.record = record;
    this.turned = turned;
    const aborted = (): void => this.changed();
    signal.addEventListener("abort", aborted, { once: true });
    this.sayAll({ type: "start" });
    await this.until(() => signal.aborted || this.makers.every(({ loaded }) => loaded));
    if (!signal.aborted) this.release();
    await this.until(() => signal.aborted || this.done());
    signal.removeEventListener("abort", aborted);
  }

  inOrder(act: () => void): void {
    this.merged.after(monotonicMicros(), act);
  }

  /** Brings what is known of these keys up to the present. */
  update(keys: readonly string[], done: () => void): void {
    // Everything was recorded: nothing is under way any more.
    if (this.done()) return done();
    void Promise.all(this.makers.map((maker) => this.ask(maker, (id) => ({ type: "keys", id, keys })))).then(
      (answers) => {
        for (const answer of answers) {
          keys.forEach((key, i) => {
            const entry = this.written.get(key);
            if (entry === undefined) return;
            // Who does not answer may be writing it.
            const [under, at] =
              answer?.type === "keys" ? answer.activity.subarray(2 * i, 2 * i + 2) : [1, monotonicMicros()];
            entry.lastWriteActivity = Math.max(entry.lastWriteActivity, at + this.error);
            if (under > 0) entry.lastWriteActivity = Math.max(entry.lastWriteActivity, monotonicMicros());
          });
        }
        done();
      },
    );
  }

  async reading(): Promise<LoadReading> {
    const answers = await Promise.all(this.makers.map((maker) => this.ask(maker, (id) => ({ type: "count", id }))));
    const counts = answers.flatMap((answer) => (answer?.type === "counts" ? answer : []));
    const all = counts.length === this.makers.length;
    return {
      latenessP99Ms: Math.max(0, ...counts.map(({ latenessP99Ms }) => latenessP99Ms)),
      cpuMs: all ? counts.reduce((sum, { cpuMs }) => sum + cpuMs, 0) : NaN,
      processes: all ? counts.map((one): ProcessCounts => one.process) : [],
    };
  }

  /** Records wait for each other here by design, and readings of the nodes wait with them. */
  backlog(): undefined {
    return undefined;
  }

  /** Ends all processes; more than once is once. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const { child } of this.makers) child.kill("SIGKILL");
    this.letGo();
  }

  // ---- the processes ---------------------------------------------------------------------------------------------

  private fork(index: number): Maker {
    // Compiled beside this file, or as source under the same loader that runs this one.
    const source = __filename.endsWith(".ts");
    const name = `${this.options.cluster.name}/load-${String(index + 1)}`;
    const child = fork(join(__dirname, source ? "load-process.ts" : "load-process.js"), [name], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: [...NODE_FLAGS, ...(source ? ["-r", "ts-node/register"] : [])],
      serialization: "advanced",
    });
    remember(child);
    const unpacker = new RecordUnpacker();
    const maker: Maker = {
      ...{ child, unpacker, ready: false, loaded: false, over: false },
      acknowledged: 0,
      progress: undefined,
    };
    child.on("message", (message: FromLoad) => this.heard(maker, index, message));
    child.once("error", (error) => this.lost(index, error.message));
    child.once("exit", (code, signal) => this.lost(index, signal ?? `exit ${String(code)}`));
    return maker;
  }

  private lost(index: number, how: string): void {
    if (this.closed) return;
    this.letGo();
    this.options.failed(`load process ${String(index + 1)} ended during the trial (${how})`);
  }

  private heard(maker: Maker, index: number, message: FromLoad): void {
    if (this.closed) return;
    switch (message.type) {
      case "ready":
        maker.ready = true;
        break;
      case "loaded":
        maker.loaded = true;
        break;
      case "records":
        maker.progress = message.progress;
        this.merged.add(index, maker.unpacker.unpack(message.batch), message.until);
        maker.over = message.until === Infinity;
        this.acknowledge();
        this.turned();
        break;
      case "failed":
        this.options.failed(`load process ${String(index + 1)}: ${message.reason}`);
        break;
      default:
        this.waiting.get(message.id)?.(message);
        return;
    }
    this.changed();
  }

  private tell(record: OperationRecord): void {
    const { writeId, key, end } = record;
    if (writeId !== 0) {
      const known = this.written.get(key);
      if (known === undefined) this.written.set(key, this.newKey(key, end));
      else known.lastWriteActivity = Math.max(known.lastWriteActivity, end);
    }
    this.record(record);
  }

  /** A load that is shared writes in its own bucket alone, so that a record's key is the key. */
  private newKey(key: string, at: Micros): WrittenKey {
    const { bucketType, bucket } = this.options.workload;
    const name = { type: octetsFromText(bucketType), bucket: octetsFromText(bucket), key: octetsFromText(key) };
    return { name, writesInFlight: 0, lastWriteActivity: at };
  }

  private acknowledge(): void {
    this.makers.forEach((maker, index) => {
      const told = this.merged.told(index);
      if (told === maker.acknowledged) return;
      maker.acknowledged = told;
      say(maker, { type: "taken", records: told });
    });
  }

  private release(): void {
    const { warmupMs, measureMs } = this.options.phases;
    const warmup = monotonicMicros() + RELEASE_AFTER;
    const measure = warmup + fromMs(warmupMs);
    this.starts = { warmup, measure, drain: measure + fromMs(measureMs) };
    this.sayAll({ type: "release", at: warmup });
    this.turned();
  }

  // ---- time and cores --------------------------------------------------------------------------------------------

  private async pin(): Promise<void> {
    const { cores } = this.options;
    if (cores === undefined || cores.length === 0) return;
    await Promise.all(this.pids.map((pid, i) => pinProcess(pid, cores[i % cores.length])));
  }

  private async measureTime(): Promise<void> {
    const bounds: OffsetBounds[] = [];
    for (const maker of this.makers) {
      const rounds: Round[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        const sent = monotonicMicros();
        const answer = await this.ask(maker, (id) => ({ type: "ping", id }));
        if (answer?.type !== "pong") return;
        rounds.push({ sent, told: answer.at, came: monotonicMicros() });
      }
      bounds.push(boundsOf(rounds));
    }
    this.error = greatestDifference(bounds);
  }

  // ---- questions -------------------------------------------------------------------------------------------------

  private sayAll(message: ToLoad): void {
    for (const maker of this.makers) say(maker, message);
  }

  /** Undefined when there is no answer in time. */
  private ask(maker: Maker, message: (id: number) => ToLoad): Promise<Answer | undefined> {
    if (this.closed || !maker.child.connected) return Promise.resolve(undefined);
    const id = this.nextId++;
    return new Promise((resolve) => {
      const answered = (answer: Answer | undefined): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => answered(undefined), PATIENCE_MS);
      this.waiting.set(id, answered);
      say(maker, message(id));
    });
  }

  /** Resolves when the condition holds; it is asked after whatever may change it. */
  private until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.changed = () => {
        if (!condition() && !this.closed) return;
        this.changed = () => undefined;
        resolve();
      };
      this.changed();
    });
  }

  /** Nobody waits for an answer that will not come. */
  private letGo(): void {
    for (const answered of [...this.waiting.values()]) answered(undefined);
    this.changed();
  }
}

function say({ child }: Maker, message: ToLoad): void {
  // One that is ending is heard of by its end.
  if (child.connected) child.send(message, () => undefined);
}

const NOTHING_YET: DriverProgress = {
  ...{ phase: "load", operations: 0, failed: 0, outstanding: 0, dropped: 0 },
  measured: { due: 0, ended: 0, dropped: 0 },
  unsent: 0,
  probes: { due: 0, ended: 0, failed: 0, dropped: 0, skipped: 0 },
  load: { records: 0, settled: 0, refused: 0, doubtful: 0 },
  integrity: { confirmed: 0, broken: 0 },
  visitsCut: 0,
  stepsLeft: 0,
  identities: { renewed: 0, outlived: 0 },
  merges: undefined,
  listings: undefined,
};

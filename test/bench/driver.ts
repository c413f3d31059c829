/**
 * What the load driver costs by itself: YCSB's B mix over 100,000 keys against a target that answers at once, as the bare
 * value machine (`step`, `completed`), through the loop of real time, and how late operations leave when it sleeps and when
 * it spins. A rate here is operations per second of *CPU time* of this process, collector included, so that a machine
 * that others use does not make the driver slower than it is; the best of some rounds and their median are both told.
 *
 * An open load at a rate beyond what one core makes would measure its own backlog: it is driven at a rate that the core can
 * make, and the CPU time of an operation taken from that.
 */
import { monotonicMicros } from "../../engine/real/monotonic";
import { MICROS_PER_SECOND } from "../../engine/vocabulary/micros";
import { Random } from "../../engine/vocabulary/random";
import { LatencyHistogram } from "../../results/record/histogram";
import type { OperationRecord } from "../../results/record/history";
import { Driver } from "../../workloads/driver";
import type { Reply, Request } from "../../workloads/operation";
import { driveInRealTime } from "../../workloads/real-time";
import type { WorkloadSettings } from "../../workloads/settings";
import type { Target } from "../../workloads/targets/target";
import { coreWorkload } from "../../workloads/ycsb/core-workload";

export interface DriverFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

const KEYS = 100_000;
const CLIENTS = 64;
const ROUNDS = 7;
const OPERATIONS = 1_000_000;
const FOR_EVER = { warmupMs: 0, measureMs: 1e9 };
/** Long enough to have met most keys: their names and what clients know of them are made when they are first met. */
const REAL_TIME = { warmupMs: 2_000, measureMs: 1_500 };
const REAL_TIME_ROUNDS = 4;
/** Kept well below what a core makes, so that the schedule is held. */
const OPEN_RATE = 150_000;
const LATENESS_RATE = 2_000;
const LATENESS = { warmupMs: 500, measureMs: 4_000 };

type Load = WorkloadSettings["load"];
const CLOSED: Load = { model: "closed", clients: CLIENTS, think: undefined, targetPerSecond: undefined };

export function ycsbB(load: Load, keys = KEYS): WorkloadSettings {
  return {
    name: "bench",
    bucketType: "default",
    bucket: "ycsb",
    mix: { read: 0.95, update: 0.05, insert: 0, scan: 0, rmw: 0, delete: 0, blindWrite: 0 },
    records: {
      recordCount: keys,
      insertStart: 0,
      insertCount: keys,
      operationCount: 0,
      chooser: { name: "zipfian" },
      keyPrefix: "user",
      hashedOrder: true,
      zeroPadding: 1,
      fieldCount: 1,
      fieldLength: { dist: "constant", bytes: 100 },
      fieldNamePrefix: "field",
      writeAllFields: false,
      readAllFields: true,
      scan: { min: 1, max: 100, dist: "uniform" },
      dataIntegrity: false,
    },
    load,
    context: "session",
    routing: "any",
    preload: false,
    maxOutstanding: 1 << 19,
    notes: [],
  };
}

/** Answers every request at once: a read with one version and a context, as a causal store does, a write with a context. */
export function instantReply(request: Request): Reply {
  return request.kind === "get" ? READ : WRITTEN;
}

const CONTEXT = "c".repeat(16);
const READ: Reply = {
  outcome: "ok",
  versions: [2 ** 33 + 7],
  payloads: ["v".repeat(100)],
  values: 1,
  context: CONTEXT,
  coordinator: 0,
  reason: "",
};
export const WRITTEN: Reply = { ...READ, versions: [], payloads: [], values: 0 };

export function driverFor(
  settings: WorkloadSettings,
  start: number,
  phases: { readonly warmupMs: number; readonly measureMs: number },
): Driver {
  const random = Random.fromSeed("bench");
  return new Driver({
    workload: coreWorkload(settings, random.fork("workload")),
    settings,
    phases: { ...phases, drainMs: 0 },
    random: random.fork("driver"),
    start,
  });
}

/** The value machine alone, in a virtual time that moves a microsecond a turn: so many operations, none outstanding between turns. */
export class Machine {
  private now = 0;

  constructor(
    private readonly driver: Driver,
    private readonly record: (record: OperationRecord) => void,
    private readonly answer: (request: Request) => Reply = instantReply,
  ) {}

  run(operations: number): number {
    const { driver, record, answer } = this;
    let ended = 0;
    while (ended < operations) {
      this.now++;
      driver.step(this.now);
      for (const { token, request } of driver.takeRequests()) {
        driver.completed(token, answer(request), this.now);
        ended++;
      }
      for (const one of driver.takeRecords()) record(one);
    }
    return ended;
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

interface Round {
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

function timed(run: () => number): Round {
  const cpu = cpuSeconds();
  const began = monotonicMicros();
  const operations = run();
  const seconds = (monotonicMicros() - began) / 1e6;
  return { perCpuSecond: operations / (cpuSeconds() - cpu), perSecond: operations / seconds };
}

const target: Target = {
  name: "instant",
  capabilities: {
    siblings: true,
    contexts: true,
    perRequestQuorums: true,
    scans: true,
    deletes: true,
    faults: false,
    inspection: false,
    counters: false,
    openLoop: true,
  },
  submit: (request, done) => {
    answers.push(() => done(instantReply(request)));
    flushing ??= setImmediate(flush);
  },
  close: () => Promise.resolve(),
};
let answers: (() => void)[] = [];
let flushing: NodeJS.Immediate | undefined;
/** Answers come in a turn of their own, all together, as they come off a socket. */
function flush(): void {
  flushing = undefined;
  const now = answers;
  answers = [];
  for (const answer of now) answer();
}

/** CPU and operations between the begin of the measured phase and its end: what is reckoned once, as names of keys are, is not in it. */
export async function inRealTime(
  settings: WorkloadSettings,
  phases: { readonly warmupMs: number; readonly measureMs: number },
  record: (record: OperationRecord) => void,
): Promise<Round> {
  const driver = driverFor(settings, monotonicMicros(), phases);
  const { signal } = new AbortController();
  const reading = (): Reading => ({
    at: monotonicMicros(),
    cpu: cpuSeconds(),
    operations: driver.progress().operations,
  });
  let from = reading();
  let to = from;
  let phase = driver.phase;
  const turned = (): void => {
    if (driver.phase === phase) return;
    phase = driver.phase;
    if (phase === "measure") from = reading();
    else to = reading();
  };
  await driveInRealTime({ driver, target, now: monotonicMicros, record, turned, signal });
  const operations = to.operations - from.operations;
  return {
    perCpuSecond: operations / (to.cpu - from.cpu),
    perSecond: (operations * 1e6) / (to.at - from.at),
  };
}

interface Reading {
  readonly at: number;
  readonly cpu: number;
  readonly operations: number;
}

export const openAt = (ratePerSecond: number, arrivals: "constant" | "poisson"): Load => ({
  model: "open",
  clients: CLIENTS,
  ratePerSecond,
  arrivals,
});

export async function measureDriver(): Promise<readonly DriverFigure[]> {
  const figures: DriverFigure[] = [];
  console.log(
    `\nThe driver alone: YCSB B, ${String(KEYS)} keys, ${String(CLIENTS)} clients, a target that answers at once`,
  );
  console.log("operations per second of CPU time, best and median of rounds; of wall time, best\n");
  /** Read by nobody, but not to be optimised away. */
  let sum = 0;
  const record = (one: OperationRecord): void => void (sum += one.end - one.start);
  const modes: readonly (readonly [string, () => () => Round | Promise<Round>])[] = [
    [
      "value machine, closed",
      () => {
        const alone = new Machine(driverFor(ycsbB(CLOSED), 0, FOR_EVER), record);
        return () => timed(() => alone.run(OPERATIONS));
      },
    ],
    [
      "value machine, open (poisson)",
      () => {
        const alone = new Machine(driverFor(ycsbB(openAt(1_000_000, "poisson")), 0, FOR_EVER), record);
        return () => timed(() => alone.run(OPERATIONS));
      },
    ],
    ["real time, closed", () => () => inRealTime(ycsbB(CLOSED), REAL_TIME, record)],
    ["real time, open (poisson)", () => () => inRealTime(ycsbB(openAt(OPEN_RATE, "poisson")), REAL_TIME, record)],
  ];
  for (const [name, prepare] of modes) {
    const run = prepare();
    await run();
    const rounds: Round[] = [];
    const count = name.startsWith("real time") ? REAL_TIME_ROUNDS : ROUNDS;
    for (let i = 0; i < count; i++) rounds.push(await run());
    const cpu = rounds.map(({ perCpuSecond }) => perCpuSecond).sort((a, b) => a - b);
    const wall = Math.max(...rounds.map(({ perSecond }) => perSecond));
    const [best, median] = [cpu[cpu.length - 1], cpu[cpu.length >> 1]];
    console.log(
      `  ${name.padEnd(32)} best ${millions(best)}  median ${millions(median)} M/s of CPU   ${millions(wall)} M/s of wall`,
    );
    figures.push({
      name: `driver/${name}`,
      value: median,
      unit: "1/s of CPU",
      note: `best ${millions(best).trim()} M/s; goal 1.2 M/s`,
    });
  }
  if (!Number.isFinite(sum)) throw new Error("a benchmark computed nonsense");
  figures.push(...(await measureLateness()));
  return figures;
}

/** The same instants met by a loop without a driver, microseconds late; and the share of time that it stood still. */
function bareLoop(): Promise<{ readonly p99: number; readonly standing: number }> {
  const late = new LatencyHistogram();
  const gap = MICROS_PER_SECOND / LATENESS_RATE;
  const began = monotonicMicros();
  const end = began + LATENESS.measureMs * 1_000;
  let [due, last, standing] = [began + gap, began, 0];
  return new Promise((resolve) => {
    const turn = (): void => {
      const now = monotonicMicros();
      if (now - last > 50) standing += now - last;
      last = now;
      for (; due <= now; due += gap) late.record(Math.round(now - due));
      if (now < end) {
        setImmediate(turn);
        return;
      }
      const p99 = late.percentile(99);
      late.destroy();
      resolve({ p99, standing: standing / (end - began) });
    };
    turn();
  });
}

/** How late operations leave, actual minus intended, and what waiting costs: a schedule of {@link LATENESS_RATE} a second against the same target. */
export async function measureLateness(): Promise<readonly DriverFigure[]> {
  const figures: DriverFigure[] = [];
  console.log(
    `\nHow late operations leave: ${String(LATENESS_RATE)}/s, Poisson, ${String(LATENESS.measureMs / 1000)} s\n`,
  );
  for (const [manner, goalMicros] of [
    ["sleep", 2_000],
    ["spin", 100],
  ] as const) {
    const load = openAt(LATENESS_RATE, "poisson");
    const settings: WorkloadSettings = { ...ycsbB(load), ...(manner === "spin" ? { pacing: "spin" } : {}) };
    const late = new LatencyHistogram();
    const cpu = cpuSeconds();
    const began = monotonicMicros();
    await inRealTime(settings, LATENESS, ({ phase, start, intended }) => {
      if (phase === "measure") late.record(start - intended);
    });
    const busy = ((cpuSeconds() - cpu) * 1e6) / (monotonicMicros() - began);
    const micros = [50, 99, 99.9].map((percentile) => late.percentile(percentile));
    console.log(
      `  ${manner.padEnd(6)} p50 ${micros[0].toFixed(0)} us, p99 ${micros[1].toFixed(0)} us, p99.9 ${micros[2].toFixed(0)} us; ${(busy * 100).toFixed(0)} % of a core`,
    );
    figures.push({
      name: `lateness p99, ${manner}`,
      value: micros[1],
      unit: "us",
      note: `goal ${String(goalMicros)} us; ${(busy * 100).toFixed(0)} % of a core`,
    });
    late.destroy();
  }
  const { p99, standing } = await bareLoop();
  console.log(
    `  bare   p99 ${p99.toFixed(0)} us: an event loop that does nothing but look at the time; this machine kept it standing for more than 50 us ${(standing * 100).toFixed(1)} % of the time`,
  );
  figures.push({
    name: "lateness p99, bare loop",
    value: p99,
    unit: "us",
    note: `what the machine takes by itself: ${(standing * 100).toFixed(1)} % of the time in gaps of more than 50 us`,
  });
  return figures;
}

function millions(perSecond: number): string {
  return (perSecond / 1e6).toFixed(2).padStart(6);
}

/**
 * One trial on a store of somebody else, which is there already: nothing is started, hurt or inspected. A room of its own is
 * made in it, loaded, warmed up, measured and left to drain by the same driver as everywhere; all that is known comes from the
 * clients' history and from reading every key once more when it is over. Whatever happens, the room is taken away again.
 *
 * What our own nodes would tell stays empty and is left out of the report; 0 in its place would be a claim.
 */
import { monotonicMicros } from "../engine/real/monotonic";
import { ProcessWatch } from "../engine/real/process-watch";
import { octetsFromText } from "../engine/vocabulary/octets";
import { Random } from "../engine/vocabulary/random";
import { hostPort } from "../engine/vocabulary/written-hosts";
import type { TargetName } from "../results/record/capabilities";
import { TrialFold } from "../results/measures/fold";
import type { StoreRecord } from "../results/record/run-folder";
import type { Driver } from "../workloads/driver";
import { driveInRealTime } from "../workloads/real-time";
import { driverOfShare } from "../workloads/shares";
import type { WorkloadSettings } from "../workloads/settings";
import { type OtherStore, StoreFailed } from "../workloads/targets/other-store";
import { OTHER_STORES, type StoreOptions } from "../workloads/targets/stores";
import { calibrationOf, clockStepMs, type CpuReading, outsideLoad, readCpu, timerLags } from "./calibration";
import { lastLook } from "./last-look";
import { returnsBody } from "./load-target";
import { timesBetween } from "./processes-trial";
import { loadAverage } from "./provenance";
import { withRecorded } from "./recorded-operations";
import { RecorderWatch } from "./recorder-watch";
import type { Phase } from "./run-types";
import { CLIENT_GRACE_MS, offeredBy, TrialFailed, type TrialOptions, type TrialOutput } from "./trial";

/** Beyond the phases' own length, a trial may take this long (load, stragglers) before it is given up. */
const PATIENCE_MS = 120_000;
const PROGRESS_EVERY_MS = 200;
const ROUND_TRIPS = 100;
const MOST_CONNECTIONS = 256;
/** How to start each store, and what an address that refuses means. */
export const HOW_TO_START = "workloads/targets/README.md";

/** Carries out one trial. Rejects with {@link TrialFailed} or, when the signal fired, resolves to undefined. */
export async function runOnOtherStore(options: TrialOptions): Promise<TrialOutput | undefined> {
  const { trial, signal } = options;
  const { cell } = trial;
  const target = cell.target ?? "redis";
  const hosts = cell.hosts ?? [];
  let store: OtherStore | undefined;
  try {
    options.progress("start", 0, 0, 0);
    store = await OTHER_STORES[target](optionsOf(options, hosts));
    if (signal.aborted) return undefined;
    await store.prepare();
    if (signal.aborted) return undefined;
    return await measure(options, store, hosts);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw failureOf(error, target);
  } finally {
    if (store !== undefined) await leave(store, options.log);
  }
}

function optionsOf({ trial, log }: TrialOptions, hosts: readonly string[]): StoreOptions {
  const { cluster, workload } = trial.cell;
  const { nVal, r, w, pr, pw, dw, notfoundOk, basicQuorum, readTimeoutMs, writeTimeoutMs } = cluster.engine;
  const { siblings = "keep", timestamps, nodeConfirms } = cluster.engine;
  return {
    ...{ hosts, log, nVal, r, w, pr, pw, dw, notfoundOk, basicQuorum, siblings, readTimeoutMs, writeTimeoutMs },
    ...(nodeConfirms === undefined || nodeConfirms === 0 ? {} : { nodeConfirms }),
    run: `${trial.id}-${String(process.pid)}`,
    connections: connectionsFor(workload),
    graceMs: CLIENT_GRACE_MS,
    clientTimestamps: timestamps === "client",
    bucketType: octetsFromText(workload.bucketType),
    bucket: octetsFromText(workload.bucket),
    returnBody: returnsBody(workload),
  };
}

/** What a person reads instead of a stack: where, why, and where it says what to do. */
function failureOf(error: unknown, target: TargetName): TrialFailed {
  if (error instanceof TrialFailed) return error;
  const message = error instanceof Error ? error.message : String(error);
  const advice = error instanceof StoreFailed ? `; ${HOW_TO_START} says how to start ${target}` : "";
  return new TrialFailed(`${message}${advice}`, { cause: error });
}

/** A room that cannot be taken away is told, and is no reason to lose the figures. */
async function leave(store: OtherStore, log: (line: string) => void): Promise<void> {
  try {
    await store.dispose();
  } catch (error) {
    log(`${store.name}: what the trial made is still there: ${error instanceof Error ? error.message : String(error)}`);
  }
  await store.close().catch(() => undefined);
}

/** As many as requests may be under way. */
function connectionsFor({ load, maxOutstanding }: WorkloadSettings): number {
  return Math.min(MOST_CONNECTIONS, load.model === "closed" ? load.clients : Math.max(load.clients, maxOutstanding));
}

async function measure(
  options: TrialOptions,
  store: OtherStore,
  hosts: readonly string[],
): Promise<TrialOutput | undefined> {
  const { trial, signal } = options;
  const { cell, seed } = trial;
  const { phases } = cell;
  const settings = withRecorded(cell.workload);
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  signal.addEventListener("abort", abort, { once: true });
  let failure: string | undefined;
  const loadBefore = loadAverage();
  const roundTrips = await pings(store);
  const lags = await timerLags();
  const step = clockStepMs();
  const watch = new ProcessWatch();
  const recorder = new RecorderWatch(monotonicMicros);
  const phasesMs = phases.warmupMs + phases.measureMs + phases.drainMs;
  const patience = setTimeout(() => {
    failure = "it did not end in time: the store stopped answering";
    stop.abort();
  }, phasesMs + PATIENCE_MS);
  let ticker: NodeJS.Timeout | undefined;
  try {
    const began = monotonicMicros();
    const driver = driverOfShare({
      settings,
      turn: { index: 0, of: 1 },
      root: Random.fromSeed(seed),
      phases,
      start: began,
      ...(options.workload === undefined ? {} : { made: options.workload }),
    });
    const fold = new TrialFold({
      intervalMs: cell.measure.intervalMs,
      percentiles: cell.measure.percentiles,
      slowMs: cell.measure.slowMs,
      latencyLog: options.latencyLog,
    });
    const readings: Partial<Record<Phase, Reading>> = {};
    let begun = false;
    const begin = (): void => {
      const { warmup, measure: measured, drain } = driver.phaseStarts;
      if (begun || drain === Infinity) return;
      begun = true;
      const instants = { startOfWarmup: warmup, startOfMeasure: measured, endOfMeasure: drain };
      fold.begin(instants);
      options.begun?.(instants);
    };
    let phase = "";
    let lastProgress = -Infinity;
    const turned = (): void => {
      const now = monotonicMicros();
      begin();
      if (driver.phase !== phase) {
        phase = driver.phase;
        if (phase === "measure" || phase === "drain") readings[phase] = read(watch);
      }
      if (now - lastProgress < PROGRESS_EVERY_MS * 1_000) return;
      lastProgress = now;
      const shown = phase === "load" || phase === "" ? "preload" : (phase as Phase);
      options.progress(shown, (now - began) / 1_000, phasesMs, driver.progress().operations);
    };
    // The driver sleeps in a quiet phase; progress does not wait for it.
    ticker = setInterval(turned, PROGRESS_EVERY_MS / 2);
    await driveInRealTime({
      driver,
      target: store,
      now: monotonicMicros,
      record: (record) => {
        begin();
        recorder.takes(record);
        fold.operation(record);
        options.record?.(record);
      },
      turned: () => {
        recorder.turned();
        turned();
      },
      signal: stop.signal,
    });
    clearInterval(ticker);
    if (failure !== undefined) throw new TrialFailed(failure);
    if (signal.aborted) return undefined;
    fold.endMeasure(driver.phaseStarts.drain);
    options.progress("inspect", (monotonicMicros() - began) / 1_000, phasesMs, driver.progress().operations);
    fold.snapshot(await lastLook(store, driver, monotonicMicros, signal));
    if (signal.aborted) return undefined;
    const { measure: from, drain: to } = readings;
    if (from === undefined || to === undefined) throw new TrialFailed("the measured phase was not reached");
    const result = fold.finish({
      ...contextOf(driver, settings, options),
      calibration: calibrationOf({
        roundTrips,
        timerLags: lags,
        clockStepMs: step,
        placement: hosts.every(onThisMachine) ? "none; the store is on this machine" : "none",
        loadAverage: loadBefore,
        ...outsideLoad(from.cpu, to.cpu, hosts.some(onThisMachine) ? NaN : (to.ownCpuMs - from.ownCpuMs) / 1_000),
      }),
      driver: timesBetween(from.process, to.process),
      recorder: recorder.backlog(),
    });
    const { product, version, settings: told } = store.identity;
    const described: StoreRecord = { product, version, hosts: [...hosts], settings: told };
    return { ...result, store: described };
  } finally {
    clearTimeout(patience);
    clearInterval(ticker);
    watch.stop();
    signal.removeEventListener("abort", abort);
  }
}

/** What the driver knows of its own work; of nodes and of a ring there is nothing to say. */
function contextOf(
  driver: Driver,
  settings: WorkloadSettings,
  { trial }: TrialOptions,
): Omit<Parameters<TrialFold["finish"]>[0], "calibration"> {
  const ended = driver.progress();
  const { phases } = trial.cell;
  return {
    counters: [],
    ringShares: {},
    ring: { strategy: "", tokens: [], example: { key: "", at: 0, preferenceList: [] } },
    ...offeredBy(settings.load, phases, ended.measured.due),
    dropped: ended.measured.dropped,
    operations: ended.measured,
    integrity: ended.integrity,
    stepsLeft: ended.stepsLeft,
    identities: ended.identities,
    ...(ended.merges === undefined ? {} : { merges: ended.merges }),
    ...(ended.listings === undefined ? {} : { listings: ended.listings }),
    ...(settings.pacing === "spin" ? { spins: true as const } : {}),
    ...(trial.claims === undefined ? {} : { claims: trial.claims }),
  };
}

interface Reading {
  readonly process: ReturnType<ProcessWatch["counts"]>;
  readonly cpu: CpuReading | undefined;
  readonly ownCpuMs: number;
}

function read(watch: ProcessWatch): Reading {
  const counts = watch.counts();
  watch.startSpan();
  const { user, system } = process.cpuUsage();
  return { process: counts, cpu: readCpu(), ownCpuMs: (user + system) / 1_000 };
}

/** A store on this machine has its part of the processors, and nobody knows how large that is. */
function onThisMachine(where: string): boolean {
  const { host } = hostPort(where);
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Round trips of the smallest request, one after another; milliseconds. */
async function pings(store: OtherStore): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const sent = monotonicMicros();
    await store.ping();
    times.push((monotonicMicros() - sent) / 1_000);
  }
  // The first ones pay for compilation.
  return times.slice(Math.floor(times.length / 4));
}

/**
 * What the machine itself costs, measured beside every trial on real processes: the round trip of an empty request, how
 * late a timer fires, and how much of the processors somebody else used meanwhile. A latency below these means nothing.
 */
import { readFileSync } from "node:fs";
import type { Client } from "../engine/real/client";
import { monotonicMicros } from "../engine/real/monotonic";
import type { Calibration } from "../results/record/figures";

const ROUND_TRIPS = 200;
const TIMERS = 30;
const TIMER_MS = 2;
const CLOCK_STEPS = 200;
/** A clock that stands still is not waited for. */
const MOST_READINGS = 1_000_000;

/** Round trips of an inspection of nothing to node 0, one after another; milliseconds. */
export async function nullRoundTrips(client: Client): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const sent = monotonicMicros();
    if ((await client.inspect(0, [], [], 1_000)) === undefined) break;
    times.push((monotonicMicros() - sent) / 1_000);
  }
  // The first ones pay for compilation.
  return times.slice(Math.floor(times.length / 4));
}

/** How late timers of this process fire, milliseconds. */
export async function timerLags(): Promise<readonly number[]> {
  const lags: number[] = [];
  for (let i = 0; i < TIMERS; i++) {
    const set = monotonicMicros();
    await new Promise((resolve) => setTimeout(resolve, TIMER_MS));
    lags.push(Math.max(0, (monotonicMicros() - set) / 1_000 - TIMER_MS));
  }
  return lags;
}

/** The smallest step between two readings of the clock that latencies are read from, milliseconds. */
export function clockStepMs(now: () => number = monotonicMicros): number {
  let least = Infinity;
  let last = now();
  for (let steps = 0, readings = 0; steps < CLOCK_STEPS && readings < MOST_READINGS; readings++) {
    const at = now();
    if (at === last) continue;
    least = Math.min(least, at - last);
    last = at;
    steps++;
  }
  return Number.isFinite(least) ? least / 1_000 : NaN;
}

export interface CpuReading {
  /** Seconds of all cores together since boot; undefined where the kernel does not tell. */
  readonly busy: number;
  readonly steal: number;
  readonly total: number;
}

/** Processor time of the whole machine, from the kernel's counters. */
export function readCpu(): CpuReading | undefined {
  try {
    const fields = readFileSync("/proc/stat", "utf8").split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
    // user nice system idle iowait irq softirq steal, in hundredths of a second.
    const [user, nice, system, idle, iowait, irq, softirq, steal] = fields;
    const busy = user + nice + system + irq + softirq;
    return { busy: busy / 100, steal: steal / 100, total: (busy + idle + iowait + steal) / 100 };
  } catch {
    return undefined;
  }
}

/**
 * Shares of the machine's processors used by others, and stolen, between two readings. `oursSeconds`: our own use, NaN when
 * it is not known. What is not known is NaN, never 0: nobody looked is not nobody there.
 */
export function outsideLoad(
  before: CpuReading | undefined,
  after: CpuReading | undefined,
  oursSeconds: number,
): { readonly outsideCpu: number; readonly steal: number } {
  if (before === undefined || after === undefined || after.total <= before.total)
    return { outsideCpu: NaN, steal: NaN };
  const span = after.total - before.total;
  return {
    outsideCpu: Math.min(1, Math.max(0, after.busy - before.busy - oursSeconds) / span),
    steal: Math.min(1, Math.max(0, after.steal - before.steal) / span),
  };
}

export function calibrationOf(options: {
  readonly roundTrips: readonly number[];
  readonly timerLags: readonly number[];
  readonly clockStepMs?: number;
  readonly placement: string;
  readonly outsideCpu: number;
  readonly steal: number;
  /** Of the machine before the trial: afterwards it is mostly our own. */
  readonly loadAverage: number;
  /** Of several processes that make the load. */
  readonly timeErrorMs?: number;
}): Calibration {
  const {
    roundTrips,
    timerLags: lags,
    clockStepMs: step,
    placement,
    outsideCpu,
    steal,
    loadAverage,
    timeErrorMs,
  } = options;
  return {
    nullRoundTripP50Ms: percentile(roundTrips, 0.5),
    nullRoundTripP99Ms: percentile(roundTrips, 0.99),
    timerLagP50Ms: percentile(lags, 0.5),
    timerLagP99Ms: percentile(lags, 0.99),
    ...(step === undefined ? {} : { clockStepMs: step }),
    placement,
    outsideCpu,
    steal,
    loadAverage,
    ...(timeErrorMs === undefined ? {} : { timeErrorMs }),
  };
}

/** Nearest rank; NaN of nothing. */
function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * p) - 1))];
}

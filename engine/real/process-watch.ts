/**
 * How one process gets on: how late its event loop is, and how long its garbage collector stops it. Whoever waits in a
 * queue cannot tell a busy store from a process that was not let run; this can.
 *
 * The loop is watched by a timer of our own on a schedule fixed beforehand, every 10 ms: each tick is counted from when it was due,
 * and ticks that came due while the loop was held up count each. Node's `monitorEventLoopDelay` reports the time between
 * two ticks, its own interval included, and takes one sample of a hold-up however long that was (coordinated omission once
 * more). Node.js rounds timers up to whole milliseconds, so an idle loop is up to 2 ms late: what is less says nothing.
 */
import { PerformanceObserver } from "node:perf_hooks";
import type { Micros } from "../vocabulary/micros";
import { monotonicMicros } from "./monotonic";

export const TICK: Micros = 10_000;
/** Lateness is counted in steps up to the last, which holds all beyond. */
const STEP: Micros = 100;
const STEPS = 5_000;
/** What is due of a process that stood still for longer is not made up for tick by tick. */
const MOST_TICKS = 100_000;

/** Totals of pauses since the start; the others since the span began. */
export interface ProcessCounts {
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  readonly gcMs: number;
  readonly gcCount: number;
  readonly gcLongestMs: number;
}

/** Ticks of a fixed schedule and how late each was. */
export class LoopTicks {
  private readonly late = new Uint32Array(STEPS + 1);
  private ticks = 0;
  private most: Micros = 0;

  constructor(private due: Micros) {}

  /** When the next tick is due. */
  get next(): Micros {
    return this.due;
  }

  /** The loop runs at `now`: whatever was due by now comes only now. */
  ran(now: Micros): void {
    if (now - this.due > MOST_TICKS * TICK) this.due = now - MOST_TICKS * TICK;
    for (; this.due <= now; this.due += TICK) {
      const late = now - this.due;
      this.late[Math.min(STEPS, Math.floor(late / STEP))]++;
      this.ticks++;
      if (late > this.most) this.most = late;
    }
  }

  startSpan(): void {
    this.late.fill(0);
    this.ticks = 0;
    this.most = 0;
  }

  /** 0 before the first tick of the span. */
  p99Ms(): number {
    let left = Math.ceil(this.ticks * 0.01);
    if (left === 0) return 0;
    for (let i = STEPS; i >= 0; i--) {
      left -= this.late[i];
      if (left <= 0) return i === STEPS ? this.most / 1_000 : Math.min(this.most, (i + 1) * STEP) / 1_000;
    }
    return 0;
  }

  maxMs(): number {
    return this.most / 1_000;
  }
}

/** A pause of the collector, in milliseconds of `performance.now()`. */
export interface Pause {
  readonly startTime: number;
  readonly duration: number;
}

export class GcPauses {
  private totalMs = 0;
  private count = 0;
  private longestMs = 0;

  add(pauses: Iterable<Pause>): void {
    for (const { duration } of pauses) {
      this.totalMs += duration;
      this.count++;
      this.longestMs = Math.max(this.longestMs, duration);
    }
  }

  startSpan(): void {
    this.longestMs = 0;
  }

  counts(): Pick<ProcessCounts, "gcMs" | "gcCount" | "gcLongestMs"> {
    return { gcMs: this.totalMs, gcCount: this.count, gcLongestMs: this.longestMs };
  }
}

/** Where pauses come from: `told` some turns after they happened, `pending` those that were not told yet. */
export interface PauseSource {
  pending(): Iterable<Pause>;
  stop(): void;
}

export function observePauses(told: (pauses: Iterable<Pause>) => void): PauseSource {
  const observer = new PerformanceObserver((list) => told(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  return { pending: () => observer.takeRecords(), stop: () => observer.disconnect() };
}

export interface ProcessWatchOptions {
  readonly now: () => Micros;
  /** Calls back once, `ms` later or after; returns how to take that back. */
  readonly later: (ms: number, act: () => void) => () => void;
  readonly pauses: (told: (pauses: Iterable<Pause>) => void) => PauseSource;
}

const OF_THIS_PROCESS: ProcessWatchOptions = {
  now: monotonicMicros,
  later: (ms, act) => {
    // Nobody stays alive for being watched.
    const timer = setTimeout(act, ms).unref();
    return () => clearTimeout(timer);
  },
  pauses: observePauses,
};

export class ProcessWatch {
  private readonly ticks: LoopTicks;
  private readonly gc = new GcPauses();
  private readonly source: PauseSource;
  private cancel: () => void = () => undefined;

  constructor(private readonly options: ProcessWatchOptions = OF_THIS_PROCESS) {
    this.ticks = new LoopTicks(options.now() + TICK);
    this.source = options.pauses((pauses) => this.gc.add(pauses));
    this.arm();
  }

  counts(): ProcessCounts {
    this.catchUp();
    return { loopDelayP99Ms: this.ticks.p99Ms(), loopDelayMaxMs: this.ticks.maxMs(), ...this.gc.counts() };
  }

  /** From here on lateness and the longest pause are counted anew; totals go on. */
  startSpan(): void {
    this.catchUp();
    this.ticks.startSpan();
    this.gc.startSpan();
  }

  stop(): void {
    this.cancel();
    this.source.stop();
  }

  private catchUp(): void {
    this.ticks.ran(this.options.now());
    this.gc.add(this.source.pending());
  }

  private arm(): void {
    const { now, later } = this.options;
    this.cancel = later(Math.max(1, Math.ceil((this.ticks.next - now()) / 1_000)), () => {
      this.ticks.ran(now());
      this.arm();
    });
  }
}

/**
 * Memory and open files of processes over time, and whether they are flat. Between two collections of garbage memory rises
 * by design, so not every sample counts but the lows: the least of each quarter of a minute, after a warm-up in which code
 * is compiled and tables grow. Through the lows goes the median slope (Theil and Sen), which a few outliers do not move.
 *
 * What counts of memory is what the process has for itself (RssAnon); pages of the mapped data file are the system's, come
 * and go as it likes, and grow with the data. A process that is started anew is another life and is judged by itself.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface Sample {
  readonly atMs: number;
  /** RssAnon. */
  readonly bytes: number;
  readonly files: number;
}

/** Undefined: the process is gone, or the system has no /proc. */
export function sampleOf(pid: number, atMs: number): Sample | undefined {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, "latin1");
    const kilobytes = Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]);
    return Number.isNaN(kilobytes)
      ? undefined
      : { atMs, bytes: kilobytes * 1024, files: readdirSync(`/proc/${String(pid)}/fd`).length };
  } catch {
    return undefined;
  }
}

export interface Trend {
  readonly perMinute: number;
  /** From the median of the first third of the lows to that of the last. */
  readonly rise: number;
  readonly last: number;
}

export interface LifeTrend {
  readonly who: string;
  readonly minutes: number;
  readonly memory: Trend;
  readonly files: Trend;
  readonly flat: boolean;
}

/** Rising means both: faster than so much a minute, and by more than so much altogether. */
export const TOLERANCE = {
  memory: { perMinute: 1 << 20, rise: 12 << 20 },
  files: { perMinute: 0.25, rise: 4 },
} as const;

export const WARM_UP_MS = 90_000;
const LOW_OF_MS = 15_000;
/** Two minutes. */
const FEWEST_LOWS = 8;
/** Longer lives take the least of longer times. */
const MOST_LOWS = 120;

/** One life of one process. */
export class Life {
  private samples: Sample[] = [];

  constructor(
    readonly who: string,
    readonly pid: number,
  ) {}

  add(sample: Sample): void {
    this.samples.push(sample);
  }

  /** Undefined: too short to say. */
  trend(): LifeTrend | undefined {
    const { samples } = this;
    if (samples.length === 0) return undefined;
    const from = samples[0].atMs + WARM_UP_MS;
    const warm = samples.filter(({ atMs }) => atMs >= from);
    if (warm.length === 0) return undefined;
    const spanMs = warm[warm.length - 1].atMs - from;
    const binMs = Math.max(LOW_OF_MS, spanMs / MOST_LOWS);
    if (spanMs < FEWEST_LOWS * binMs) return undefined;
    const memory = trendOf(lows(warm, from, binMs, ({ bytes }) => bytes));
    const files = trendOf(lows(warm, from, binMs, (sample) => sample.files));
    const rises = ({ perMinute, rise }: Trend, most: { perMinute: number; rise: number }): boolean =>
      perMinute > most.perMinute && rise > most.rise;
    const flat = !rises(memory, TOLERANCE.memory) && !rises(files, TOLERANCE.files);
    return { who: this.who, minutes: spanMs / 60_000, memory, files, flat };
  }
}

interface Low {
  readonly minute: number;
  readonly value: number;
}

function lows(samples: readonly Sample[], from: number, binMs: number, of: (sample: Sample) => number): readonly Low[] {
  const bins = new Map<number, number>();
  for (const sample of samples) {
    const bin = Math.floor((sample.atMs - from) / binMs);
    bins.set(bin, Math.min(bins.get(bin) ?? Infinity, of(sample)));
  }
  return [...bins].map(([bin, value]) => ({ minute: (bin * binMs) / 60_000, value }));
}

function trendOf(all: readonly Low[]): Trend {
  const slopes: number[] = [];
  for (let i = 0; i < all.length; i++)
    for (let j = i + 1; j < all.length; j++)
      slopes.push((all[j].value - all[i].value) / (all[j].minute - all[i].minute));
  const third = Math.max(1, Math.floor(all.length / 3));
  const values = all.map(({ value }) => value);
  return {
    perMinute: median(slopes),
    rise: median(values.slice(-third)) - median(values.slice(0, third)),
    last: values[values.length - 1],
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

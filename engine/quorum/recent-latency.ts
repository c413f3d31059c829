/**
 * A percentile of what has lately taken how long, for decisions that must not wait for a report: when to stop waiting for
 * a replica, when background work is in the way. Two windows of counts in logarithmic buckets (eight to an octave, so
 * an answer is at most an eighth too high) take turns: an estimate stands on the last one to two lengths of a window.
 *
 * A reservoir that never forgets, or a mean with a deviation, is what it avoids: the first remembers the slow start for
 * minutes, the second knows nothing of a tail. With fewer than a hundred samples there is no 99th of a hundred, and it
 * says nothing. Cassandra keeps a decaying reservoir of five minutes for the same purpose.
 */
import { fromMs, type Micros } from "../vocabulary/micros";

/** Length of a window. */
export const RECENT: Micros = fromMs(5_000);
/** Samples before it says anything. */
export const ENOUGH_SAMPLES = 100;

export class RecentLatency {
  private current = new Int32Array(BUCKETS);
  private previous = new Int32Array(BUCKETS);
  private currentCount = 0;
  private previousCount = 0;
  private ends: Micros;

  constructor(now: Micros) {
    this.ends = now + RECENT;
  }

  record(now: Micros, took: Micros): void {
    this.rotate(now);
    this.current[bucketOf(took)]++;
    this.currentCount++;
  }

  /** At most an eighth above the smallest duration that this share of the samples does not exceed; undefined: too few to say. */
  quantile(now: Micros, share: number): Micros | undefined {
    this.rotate(now);
    const total = this.currentCount + this.previousCount;
    if (total < ENOUGH_SAMPLES) return undefined;
    let left = Math.max(1, Math.ceil(share * total));
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.current[i] + this.previous[i];
      if (left <= 0) return topOf(i);
    }
    return topOf(BUCKETS - 1);
  }

  private rotate(now: Micros): void {
    if (now < this.ends) return;
    const { previous } = this;
    this.previous = this.current;
    this.previousCount = this.currentCount;
    this.current = previous.fill(0);
    this.currentCount = 0;
    const skipped = Math.floor((now - this.ends) / RECENT);
    this.ends += (skipped + 1) * RECENT;
    if (skipped === 0) return;
    this.previous.fill(0);
    this.previousCount = 0;
  }
}

/** Durations below it have a bucket each; above it there are so many to an octave. */
const FINE = 8;
const LONGEST = 0x7fffffff;
const BUCKETS = bucketOf(LONGEST) + 1;

function bucketOf(took: Micros): number {
  if (took < FINE) return Math.max(0, Math.floor(took));
  const value = Math.min(Math.floor(took), LONGEST);
  const octave = 31 - Math.clz32(value);
  return (octave - 2) * FINE + ((value >>> (octave - 3)) & (FINE - 1));
}

/** The longest duration in a bucket. */
function topOf(bucket: number): Micros {
  if (bucket < FINE) return bucket;
  const octave = Math.floor(bucket / FINE) + 2;
  return (FINE + (bucket % FINE) + 1) * 2 ** (octave - 3) - 1;
}

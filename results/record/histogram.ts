/**
 * Latencies are kept in HdrHistograms (Tene): constant memory, three significant digits from 1 µs to 60,000 s, mergeable
 * without loss. The counters are 32 bits wide on purpose: with 16 they wrap silently and p99.9 comes back as 0. A value
 * beyond the range is counted as overflow and reported, never dropped without a trace; a value below 1 µs is recorded
 * as 1 µs. The memory lives in a WebAssembly heap that the collector of JavaScript does not see: call `destroy()`.
 *
 * What is recorded is counted first in the same buckets in an array of our own, and given to the library when somebody asks:
 * a call into WebAssembly for every operation, or a walk over all of its buckets for every merge, would cost several times
 * the count itself. Which value of a bucket the library is given makes no difference to anything that it says.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  initWebAssemblySync,
  type Histogram as HdrHistogram,
} from "hdr-histogram-js";
import type JsHistogram from "hdr-histogram-js/dist/JsHistogram";

export const LOWEST_MICROS = 1;
export const HIGHEST_MICROS = 60_000_000_000;

const SIGNIFICANT_DIGITS = 3;
const COUNTER_BITS = 32;

/** A histogram of durations in whole microseconds. */
export class LatencyHistogram {
  private hdr: HdrHistogram | undefined;
  private overflowed = 0;
  private exactMax = 0;
  private exactMin = Infinity;
  /** Counts that the library does not have yet, how many they are, and the span of the array that they are in. */
  private fresh: Uint32Array | undefined;
  private freshCount = 0;
  private freshFrom = FRESH_BUCKETS;
  private freshTo = 0;
  /** From here on a value goes to the library at once: everything does when the memory has been given back. */
  private freshLimit = FRESH_LIMIT - 1;

  constructor(hdr?: HdrHistogram) {
    this.hdr = hdr;
    if (hdr !== undefined) {
      this.exactMax = hdr.maxValue;
      this.exactMin = hdr.totalCount === 0 ? Infinity : hdr.minNonZeroValue;
    }
  }

  /** Microseconds, so many times; fractions are rounded. NaN and negative values are a caller's mistake and throw RangeError. */
  record(micros: number, times = 1): void {
    if (!(micros >= 0)) throw new RangeError(`not a duration: ${micros} µs`);
    if (micros >= this.freshLimit) {
      this.recordLong(micros, times);
      return;
    }
    // In whole numbers of 32 bits: this is done several times for every operation.
    const value = Math.max(LOWEST_MICROS, (micros + 0.5) | 0);
    const at = bucketOf(value);
    if (this.fresh === undefined) this.fresh = new Uint32Array(FRESH_BUCKETS);
    this.fresh[at] += times;
    this.freshCount += times;
    if (at < this.freshFrom) this.freshFrom = at;
    if (at >= this.freshTo) this.freshTo = at + 1;
    if (value > this.exactMax) this.exactMax = value;
    if (value < this.exactMin) this.exactMin = value;
  }

  private recordLong(micros: number, times: number): void {
    if (micros > HIGHEST_MICROS) {
      this.overflowed += times;
      return;
    }
    const value = Math.max(LOWEST_MICROS, Math.round(micros));
    if (value > this.exactMax) this.exactMax = value;
    if (value < this.exactMin) this.exactMin = value;
    this.settled().recordValueWithCount(value, times);
  }

  /** Adds another histogram's values and overflows to this one. */
  merge(other: LatencyHistogram): void {
    if (other.hdr !== undefined && other.hdr.totalCount > 0) this.settled().add(other.hdr);
    if (other.freshCount > 0) {
      const from = other.fresh!;
      const to = (this.fresh ??= new Uint32Array(FRESH_BUCKETS));
      for (let at = other.freshFrom; at < other.freshTo; at++) to[at] += from[at];
      this.freshCount += other.freshCount;
      if (other.freshFrom < this.freshFrom) this.freshFrom = other.freshFrom;
      if (other.freshTo > this.freshTo) this.freshTo = other.freshTo;
    }
    this.overflowed += other.overflowed;
    if (other.exactMax > this.exactMax) this.exactMax = other.exactMax;
    if (other.exactMin < this.exactMin) this.exactMin = other.exactMin;
  }

  /** The library's histogram with everything in it. */
  private settled(): HdrHistogram {
    let { hdr } = this;
    if (hdr === undefined) {
      initWebAssemblySync();
      this.hdr = hdr = build({
        bitBucketSize: COUNTER_BITS,
        autoResize: false,
        lowestDiscernibleValue: LOWEST_MICROS,
        highestTrackableValue: HIGHEST_MICROS,
        numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
        useWebAssembly: true,
      });
    }
    if (this.freshCount > 0) {
      const fresh = this.fresh!;
      for (let at = this.freshFrom; at < this.freshTo; at++) {
        if (fresh[at] > 0) hdr.recordValueWithCount(lowestOf(at), fresh[at]);
      }
      this.forgetFresh();
    }
    return hdr;
  }

  private forgetFresh(): void {
    this.fresh?.fill(0, this.freshFrom, this.freshTo);
    this.freshCount = 0;
    this.freshFrom = FRESH_BUCKETS;
    this.freshTo = 0;
  }

  /** Values in range; overflows are counted apart. */
  get count(): number {
    return this.freshCount + (this.hdr?.totalCount ?? 0);
  }

  /** Values above the range that could not be recorded. */
  get overflow(): number {
    return this.overflowed;
  }

  /** The largest value in range, exact when recorded here, within three digits when decoded. */
  get maxMicros(): number {
    return this.exactMax;
  }

  /** The smallest value, under the same terms; NaN when empty. */
  get minMicros(): number {
    return this.exactMin === Infinity ? NaN : this.exactMin;
  }

  get meanMicros(): number {
    return this.settled().mean;
  }

  /** Microseconds at or below which `percentile` (0 to 100) of the values lie; NaN when empty. */
  percentile(percentile: number): number {
    if (this.count === 0) return NaN;
    return Math.min(this.settled().getValueAtPercentile(percentile), this.exactMax);
  }

  /** Microseconds of the value of that rank, 1 the smallest; NaN outside 1..count. */
  valueAtRank(rank: number): number {
    const count = this.count;
    if (rank < 1 || rank > count) return NaN;
    // A touch less than the rank's own percentile: the library rounds the rank up.
    return this.percentile((100 * (rank - 0.5)) / count);
  }

  /** HdrHistogram V2 compressed, base64. */
  encode(): string {
    return encodeIntoCompressedBase64(this.settled());
  }

  /** The inverse of {@link encode}; overflow is not part of the encoding. Throws when `text` is not an encoding. */
  static decode(text: string): LatencyHistogram {
    initWebAssemblySync();
    return new LatencyHistogram(decodeFromCompressedBase64(text, COUNTER_BITS, true));
  }

  /** Every bucket that something was recorded in, by the highest value it stands for. */
  recorded(): { readonly micros: number; readonly count: number }[] {
    const buckets: { readonly micros: number; readonly count: number }[] = [];
    if (this.count === 0) return buckets;
    // The library walks buckets only where it keeps them itself.
    const copy = decodeFromCompressedBase64(this.encode(), COUNTER_BITS, false) as JsHistogram;
    const walk = copy.recordedValuesIterator;
    walk.reset();
    while (walk.hasNext()) {
      const { valueIteratedTo, countAtValueIteratedTo } = walk.next();
      buckets.push({ micros: valueIteratedTo, count: countAtValueIteratedTo });
    }
    return buckets;
  }

  reset(): void {
    if (this.hdr !== undefined && this.hdr.totalCount > 0) this.hdr.reset();
    if (this.freshCount > 0) this.forgetFresh();
    this.overflowed = 0;
    this.exactMax = 0;
    this.exactMin = Infinity;
  }

  /** Gives the memory back; the histogram must not be used afterwards. */
  destroy(): void {
    this.settled().destroy?.();
    this.fresh = undefined;
    this.freshLimit = 0;
  }
}

/** The library's layout: up to 2^11 a bucket for each microsecond, then 2^10 of them for each doubling. */
const UNIT_BITS = 11;
const HALF = 2 ** (UNIT_BITS - 1);
/** What takes longer (17 s) is seldom, and not worth the memory. */
const FRESH_BITS = 24;
const FRESH_LIMIT = 2 ** FRESH_BITS;
const FRESH_BUCKETS = HALF * (FRESH_BITS - UNIT_BITS + 2);

/** Of a whole number of microseconds in [1, 2^24). */
function bucketOf(value: number): number {
  const doubling = Math.max(0, 32 - UNIT_BITS - Math.clz32(value));
  return doubling * HALF + (value >>> doubling);
}

/** The lowest value of a bucket. */
function lowestOf(bucket: number): number {
  const doubling = Math.max(0, Math.floor(bucket / HALF) - 1);
  return (bucket - doubling * HALF) * 2 ** doubling;
}

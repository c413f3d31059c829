/**
 * Latencies are kept in HdrHistograms (Tene): constant memory, three significant digits from 1 µs to 60,000 s, mergeable
 * without loss. The counters are 32 bits wide on purpose: with 16 they wrap silently and p99.9 comes back as 0. A value
 * beyond the range is counted as overflow and reported, never dropped without a trace; a value below 1 µs is recorded
 * as 1 µs. The memory lives in a WebAssembly heap that the collector of JavaScript does not see: call `destroy()`.
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
  private readonly hdr: HdrHistogram;
  private overflowed = 0;
  private exactMax = 0;
  private exactMin = Infinity;

  constructor(hdr?: HdrHistogram) {
    initWebAssemblySync();
    this.hdr =
      hdr ??
      build({
        bitBucketSize: COUNTER_BITS,
        autoResize: false,
        lowestDiscernibleValue: LOWEST_MICROS,
        highestTrackableValue: HIGHEST_MICROS,
        numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
        useWebAssembly: true,
      });
    if (hdr !== undefined) {
      this.exactMax = hdr.maxValue;
      this.exactMin = hdr.totalCount === 0 ? Infinity : hdr.minNonZeroValue;
    }
  }

  /** Microseconds; fractions are rounded. NaN and negative values are a caller's mistake and throw RangeError. */
  record(micros: number): void {
    if (!(micros >= 0)) throw new RangeError(`not a duration: ${micros} µs`);
    if (micros > HIGHEST_MICROS) {
      this.overflowed++;
      return;
    }
    const value = micros < LOWEST_MICROS ? LOWEST_MICROS : Math.round(micros);
    if (value > this.exactMax) this.exactMax = value;
    if (value < this.exactMin) this.exactMin = value;
    this.hdr.recordValue(value);
  }

  /** Adds another histogram's values and overflows to this one. */
  merge(other: LatencyHistogram): void {
    if (other.count > 0) this.hdr.add(other.hdr);
    this.overflowed += other.overflowed;
    if (other.exactMax > this.exactMax) this.exactMax = other.exactMax;
    if (other.exactMin < this.exactMin) this.exactMin = other.exactMin;
  }

  /** Values in range; overflows are counted apart. */
  get count(): number {
    return this.hdr.totalCount;
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
    return this.hdr.mean;
  }

  /** Microseconds at or below which `percentile` (0 to 100) of the values lie; NaN when empty. */
  percentile(percentile: number): number {
    if (this.hdr.totalCount === 0) return NaN;
    return Math.min(this.hdr.getValueAtPercentile(percentile), this.exactMax);
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
    return encodeIntoCompressedBase64(this.hdr);
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
    this.hdr.reset();
    this.overflowed = 0;
    this.exactMax = 0;
    this.exactMin = Infinity;
  }

  /** Gives the memory back; the histogram must not be used afterwards. */
  destroy(): void {
    this.hdr.destroy?.();
  }
}

/**
 * t-visibility (Bailis et al., PBS, 2012): the chance that a read sees the latest write, by the time since that write was
 * acknowledged. Time is that from the end of the latest acknowledged write to the beginning of the read; bins are five to a
 * decade, because both the first tenth of a millisecond and the tenth second are of interest.
 */
import type { TrialFigures } from "../record/figures";
import type { Micros } from "../record/history";

const FIRST_EDGE_MS = 0.1;
const BINS_PER_DECADE = 5;
/** Up to 1,000 s; what is later counts in the last bin. */
const DECADES = 7;
const MICROS_PER_MS = 1_000;

/** Bin 0 is [0, 0.1 ms). */
const EDGES_MS: readonly number[] = [
  0,
  ...Array.from({ length: DECADES * BINS_PER_DECADE + 1 }, (_, i) =>
    Number((FIRST_EDGE_MS * 10 ** (i / BINS_PER_DECADE)).toPrecision(3)),
  ),
];

export class VisibilityBins {
  private readonly reads = new Array<number>(EDGES_MS.length - 1).fill(0);
  private readonly consistent = new Array<number>(EDGES_MS.length - 1).fill(0);
  /** Whole microseconds, so that no order of reads changes the sum. */
  private readonly ages = new Array<number>(EDGES_MS.length - 1).fill(0);

  add(sinceWrite: Micros, consistent: boolean): void {
    const ms = sinceWrite / MICROS_PER_MS;
    let bin = 0;
    while (bin < this.reads.length - 1 && ms >= EDGES_MS[bin + 1]) bin++;
    this.reads[bin]++;
    this.ages[bin] += sinceWrite;
    if (consistent) this.consistent[bin]++;
  }

  /** From the first bin with a read to the last. */
  figure(): TrialFigures["tVisibility"] {
    const first = this.reads.findIndex((count) => count > 0);
    const last = this.reads.findLastIndex((count) => count > 0);
    const pick = (values: readonly number[], offset = 0): number[] =>
      first < 0 ? [] : values.slice(first + offset, last + 1 + offset);
    return {
      fromMs: pick(EDGES_MS),
      toMs: pick(EDGES_MS, 1),
      reads: pick(this.reads),
      consistent: pick(this.consistent),
      meanMs: pick(
        this.ages.map((sum, bin) => (sum === 0 ? 0 : Number((sum / this.reads[bin] / MICROS_PER_MS).toPrecision(6)))),
      ),
    };
  }
}

/**
 * Counters as they stood up to a minute ago. The node only counts on; a rate wants a difference, and a difference wants a
 * second reading, taken every ten seconds and kept for a minute.
 */
import type { FrontCounts } from "../riak/front";
import { type Micros, MICROS_PER_SECOND } from "../vocabulary/micros";

export class Lately {
  private readonly samples: { readonly at: Micros; readonly counts: FrontCounts }[] = [];

  /** To be called every {@link SAMPLE_MS}. */
  sample(at: Micros, counts: FrontCounts): void {
    this.samples.push({ at, counts });
    if (this.samples.length > SAMPLES + 1) this.samples.shift();
  }

  /** Counters as they stood a minute ago, or at the first sample since then; undefined: there is none. */
  since(now: Micros): FrontCounts | undefined {
    return this.samples.find(({ at }) => now - at <= 60 * MICROS_PER_SECOND)?.counts;
  }
}

export const SAMPLE_MS = 10_000;
const SAMPLES = 6;

/**
 * What an application's merging of siblings came to, where the workload merges (carts, counters). Counted by the workload
 * itself, which holds the versions in its hands: a resolver that goes on with one of them drops what the others hold, and
 * the union of all, which is known at that moment, says what. It is the application's loss and none of the store's; what
 * the store lost before anybody read it is not in here.
 */
import type { MetricValue } from "../record/figures";
import type { FinishContext, Findings, Measure } from "./measure";

export class MergesMeasure implements Measure {
  readonly name = "merges";

  operation(): void {
    // Records say which versions were read, not what was in them.
  }

  finish({ merges }: FinishContext): Findings {
    if (merges === undefined) return {};
    const exact = (value: number, unit: string): MetricValue => ({ value, lo: null, hi: null, n: merges.reads, unit });
    return {
      metrics: {
        merged_reads: exact(merges.reads, "count"),
        merge_dropped: exact(merges.dropped, "entries"),
        merge_undone: exact(merges.undone, "entries"),
      },
    };
  }
}

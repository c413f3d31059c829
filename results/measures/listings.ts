/**
 * How complete listings are, where the workload lists folders: what they had to show and did not, and what they showed
 * although it was deleted. Judged by the workload page by page, in the order in which clients were answered
 * (`workloads/mixes/object-ledger.ts`), because records of scans say how much was found and not what.
 *
 * Counts without intervals: the objects of a page are missing together or not at all, so they are no independent draws.
 */
import type { MetricValue } from "../record/figures";
import type { FinishContext, Findings, Measure } from "./measure";

export class ListingsMeasure implements Measure {
  readonly name = "listings";

  operation(): void {
    // Pages were judged as they came.
  }

  finish({ listings }: FinishContext): Findings {
    if (listings === undefined) return {};
    const { due, missing, gone, ghosts } = listings;
    const exact = (value: number, n: number, unit = "objects"): MetricValue => ({ value, lo: null, hi: null, n, unit });
    return {
      metrics: {
        list_due: exact(due, listings.pages),
        list_missing: exact(missing, due),
        list_ghosts: exact(ghosts, gone),
        ...(due === 0 ? {} : { list_missing_share: exact(missing / due, due, "ratio") }),
        ...(gone === 0 ? {} : { list_ghost_share: exact(ghosts / gone, gone, "ratio") }),
      },
    };
  }
}

/**
 * What clients got: throughput and the three ways an operation ends. Requests to the store are counted, so a
 * read-modify-write counts as its read and its update and its span is left out; otherwise it would count three times.
 * The intervals split successes further (fresh, stale, not found) in `fold.ts`, where staleness is known.
 */
import type { MetricValue } from "../record/figures";
import { certaintyOf, type OperationRecord, isSpan } from "../record/history";
import { meanOfBlocks } from "../statistics/blocks";
import { wilsonOfBlocks } from "../statistics/wilson";
import type { FinishContext, Findings, Measure, MeasureSetup } from "./measure";
import { notMeasured } from "./percentiles";
import type { IntervalGrid } from "./interval-grid";

interface IntervalCounts {
  ok: number;
  indefinite: number;
  definite: number;
  notFound: number;
}

export class OutcomesMeasure implements Measure {
  readonly name = "outcomes";
  private readonly grid: IntervalGrid;
  /** All operations but loads, by the interval they ended in. */
  private readonly ended: IntervalCounts[] = [];
  /** Operations of the measured phase alone, by the interval they ended in. */
  private readonly measured: IntervalCounts[] = [];
  /** Records of the load phase written, and those whose latest attempt failed: a refused one is tried again. */
  private loaded = 0;
  private readonly unloaded = new Set<string>();
  /** Of any phase, ended in the measured one: successes by interval, and all that were sent. */
  private readonly okWithin: number[] = [];
  private endedWithin = 0;
  /** Reads of dropped multi-gets beyond one for each: a multi-get that is dropped leaves all its reads, and then itself. */
  private droppedCompanions = 0;
  private readonly droppedReads = { session: -1, intended: -1, count: 0 };

  constructor(setup: MeasureSetup) {
    this.grid = setup.grid;
  }

  operation(operation: OperationRecord): void {
    const certainty = certaintyOf(operation.outcome);
    if (operation.phase === "load") {
      if (certainty !== "ok") this.unloaded.add(operation.key);
      else {
        this.loaded++;
        this.unloaded.delete(operation.key);
      }
      return;
    }
    if (operation.phase === "measure" && operation.outcome === "not_sent") this.dropped(operation);
    if (isSpan(operation.kind)) return;
    const interval = this.grid.indexOf(operation.end);
    const { startOfMeasure, endOfMeasure } = this.grid.phases;
    if (operation.end >= startOfMeasure && operation.end < endOfMeasure) {
      if (certainty === "ok") this.okWithin[interval] = (this.okWithin[interval] ?? 0) + 1;
      if (operation.outcome !== "not_sent") this.endedWithin++;
    }
    const notFound = certainty === "ok" && operation.kind === "read" && operation.values === 0;
    for (const counts of operation.phase === "measure" ? [this.ended, this.measured] : [this.ended]) {
      const cell = (counts[interval] ??= { ok: 0, indefinite: 0, definite: 0, notFound: 0 });
      cell[certainty]++;
      if (notFound) cell.notFound++;
    }
  }

  finish(end: FinishContext): Findings {
    const cells = this.grid.column((i) => this.ended[i] ?? { ok: 0, indefinite: 0, definite: 0, notFound: 0 });
    const perSecond = (pick: (counts: IntervalCounts) => number): number[] =>
      cells.map((counts, i) => pick(counts) / this.grid.lengthSeconds(i));
    const columns: Record<string, number[]> = {
      ok: perSecond((counts) => counts.ok - counts.notFound),
      not_found: perSecond((counts) => counts.notFound),
      indefinite: perSecond((counts) => counts.indefinite),
      definite: perSecond((counts) => counts.definite),
    };
    const due = this.measured.reduce((sum, c) => sum + c.ok + c.indefinite + c.definite, 0);
    if (end.offeredPerSecond !== undefined) {
      // In the unit of the columns beside it: a rate of operations asks for more requests where some are pairs.
      const requests = requestsPerOperation(due - this.droppedCompanions, end);
      const asked = end.offeredPerSecond;
      const between = end.offeredBetween ?? ((): number => asked);
      columns["offered"] = cells.map((_, i) => {
        const from = this.grid.startSeconds(i);
        // Nothing is offered in the drain.
        return this.grid.isDrain(i) ? 0 : between(from, from + this.grid.lengthSeconds(i)) * requests;
      });
    }
    const succeeded = this.measured.reduce((sum, c) => sum + c.ok, 0);
    // The throughput's spread is that of the intervals that lie wholly in the measured phase. What ended after it is not
    // in them: a backlog worked off in the drain is not throughput.
    const rates = cells.flatMap((_, i) =>
      this.grid.isMeasured(i) ? [{ sum: this.okWithin[i] ?? 0, weight: this.grid.lengthSeconds(i) }] : [],
    );
    const spread = meanOfBlocks(rates);
    const succeededWithin = this.okWithin.reduce((sum, count) => sum + count, 0);
    const throughput = succeededWithin / this.grid.measuredSeconds;
    const centre = throughput - spread.mean;
    const seconds = this.grid.measuredSeconds;
    // What the schedule did ask for in this phase: a Poisson schedule strays from its nominal rate.
    const scheduled = end.operations === undefined ? end.offeredPerSecond : end.operations.due / seconds;
    return {
      columns,
      metrics: {
        throughput_ops_s: {
          value: throughput,
          lo: spread.lo === null ? null : Math.max(0, spread.lo + centre),
          hi: spread.hi === null ? null : spread.hi + centre,
          n: succeededWithin,
          unit: "1/s",
        },
        availability: this.ratio((counts) => counts.ok),
        indefinite_ratio: this.ratio((counts) => counts.indefinite),
        definite_failure_ratio: this.ratio((counts) => counts.definite),
      },
      evidence: {
        due: end.operations?.due ?? due,
        succeeded,
        dropped: end.dropped,
        offeredPerSecond: end.offeredPerSecond === undefined ? undefined : scheduled,
        endedPerSecond: (end.operations?.ended ?? this.endedWithin) / seconds,
        loads: this.loaded + this.unloaded.size,
        loadFailures: this.unloaded.size,
      },
    };
  }

  private dropped({ kind, session, intended, start, end }: OperationRecord): void {
    const { droppedReads: reads } = this;
    if (start !== end) return;
    if (reads.session !== session || reads.intended !== intended) reads.count = 0;
    [reads.session, reads.intended] = [session, intended];
    if (kind === "read") reads.count++;
    else if (kind === "multi-get") this.droppedCompanions += Math.max(0, reads.count - 1);
  }

  /** Of all operations due: a dropped one has a record too, `not_sent`. */
  private ratio(pick: (counts: IntervalCounts) => number): MetricValue {
    const blocks = this.measured.flatMap((c) =>
      c === undefined ? [] : [{ hits: pick(c), total: c.ok + c.indefinite + c.definite }],
    );
    const total = blocks.reduce((sum, block) => sum + block.total, 0);
    if (total === 0) return notMeasured("ratio");
    const hits = blocks.reduce((sum, block) => sum + block.hits, 0);
    const { lo, hi } = wilsonOfBlocks(blocks);
    return { value: hits / total, lo, hi, n: total, unit: "ratio" };
  }
}

/** 1 unless some operations are several requests. `requestsDue`: of a dropped operation one. */
function requestsPerOperation(requestsDue: number, end: FinishContext): number {
  const sent = (end.operations?.due ?? 0) - end.dropped;
  return sent > 0 ? Math.max(1, (requestsDue - end.dropped) / sent) : 1;
}

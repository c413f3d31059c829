/**
 * Siblings: values that one read returned because no write was known to supersede the others. Reads that found nothing have
 * none and are left out of mean and percentiles (they are the first cell of the chart), so a store that loses keys
 * does not look as if it had few conflicts. Keys at the end are counted by the fullest of their replicas; a tombstone is
 * no value there either, so the writes that were deletes are remembered, the latest of a bounded number.
 */
import { certaintyOf, type OperationRecord, type Snapshot, type WriteId } from "../record/history";
import { meanOfBlocks } from "../statistics/blocks";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { notMeasured, Tally } from "./percentiles";

/** Counts beyond this share the last cell; an engine's own bound on siblings is far below. */
const MOST_SIBLINGS = 1_000;
/** Deletes remembered, to tell tombstones from values; of more, the oldest are forgotten, and most of those are superseded. */
const MOST_DELETES = 262_144;

export class SiblingsMeasure implements Measure {
  readonly name = "siblings";
  private readonly grid: IntervalGrid;
  private readonly perRead = new Tally(MOST_SIBLINGS);
  private readonly found = new Tally(MOST_SIBLINGS);
  private readonly open = new Tally(MOST_SIBLINGS);
  private readonly deletes = new Set<WriteId>();
  private perKeyAtEnd: readonly number[] = [];
  private interval = 0;
  private readonly mean: number[] = [];
  private readonly p99: number[] = [];
  private readonly max: number[] = [];
  private readonly blocks: { sum: number; weight: number }[] = [];

  constructor(setup: MeasureSetup) {
    this.grid = setup.grid;
  }

  operation(operation: OperationRecord): void {
    if (operation.kind === "delete" && certaintyOf(operation.outcome) !== "definite") this.remember(operation.writeId);
    if (operation.phase === "load" || operation.kind !== "read" || operation.outcome !== "ok") return;
    const interval = this.grid.indexOf(operation.end);
    if (interval > this.interval) this.closeInterval(interval);
    if (operation.values > 0) this.open.add(operation.values);
    if (operation.phase !== "measure") return;
    this.perRead.add(operation.values);
    if (operation.values === 0) return;
    this.found.add(operation.values);
    const block = (this.blocks[interval] ??= { sum: 0, weight: 0 });
    block.sum += operation.values;
    block.weight++;
  }

  snapshot(snapshot: Snapshot): void {
    if (!snapshot.final) return;
    const perKey = new Tally(MOST_SIBLINGS);
    for (const { replicas } of snapshot.keys) {
      const reached = replicas.filter((replica) => replica !== "unreachable");
      if (reached.length > 0) perKey.add(Math.max(...reached.map((replica) => this.valuesOf(replica))));
    }
    this.perKeyAtEnd = perKey.cells;
  }

  private valuesOf(replica: readonly WriteId[]): number {
    let values = 0;
    for (const id of new Set(replica)) if (!this.deletes.has(id)) values++;
    return values;
  }

  private remember(id: WriteId): void {
    this.deletes.add(id);
    if (this.deletes.size > MOST_DELETES) this.deletes.delete(this.deletes.values().next().value!);
  }

  finish(): Findings {
    this.closeInterval(this.grid.count);
    const { mean, lo: unbounded, hi } = meanOfBlocks(this.blocks.filter((block) => block !== undefined));
    // Reads that found nothing are left out, so there is no mean below one.
    const lo = unbounded === null ? null : Math.max(1, unbounded);
    const none = notMeasured("versions");
    return {
      metrics: {
        siblings_mean: this.found.count === 0 ? none : { value: mean, lo, hi, n: this.found.count, unit: "versions" },
        siblings_p99: this.found.percentile(99, "versions"),
        siblings_max:
          this.found.count === 0
            ? none
            : { value: this.found.max, lo: null, hi: null, n: this.found.count, unit: "versions" },
      },
      figures: { siblingsPerRead: this.perRead.cells, siblingsPerKeyAtEnd: this.perKeyAtEnd },
      columns: {
        siblings_mean: this.grid.column((i) => this.mean[i] ?? null),
        siblings_p99: this.grid.column((i) => this.p99[i] ?? null),
        siblings_max: this.grid.column((i) => this.max[i] ?? null),
      },
    };
  }

  private closeInterval(next: number): void {
    if (this.open.count > 0) {
      this.mean[this.interval] = this.open.sum / this.open.count;
      this.p99[this.interval] = this.open.valueAtPercentile(99);
      this.max[this.interval] = this.open.max;
      this.open.clear();
    }
    this.interval = next;
  }
}

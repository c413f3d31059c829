/**
 * What scans bring: records returned by each that succeeded in the measured phase, mean. Beside the scan lengths that were asked
 * for it says how many scans came to the end of the range, or were cut short by the bound of an answer. It says nothing of what
 * a scan should have found: a record of the history has the number alone. Where folders are listed, each page is a scan.
 */
import type { OperationRecord } from "../record/history";
import { meanOfBlocks } from "../statistics/blocks";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";

export class ScansMeasure implements Measure {
  readonly name = "scans";
  private readonly grid: IntervalGrid;
  /** Records and scans, by the interval of their end. */
  private readonly blocks: { sum: number; weight: number }[] = [];

  constructor(setup: MeasureSetup) {
    this.grid = setup.grid;
  }

  operation({ kind, phase, outcome, end, values }: OperationRecord): void {
    if (kind !== "scan" || phase !== "measure" || outcome !== "ok") return;
    const block = (this.blocks[this.grid.indexOf(end)] ??= { sum: 0, weight: 0 });
    block.sum += values;
    block.weight++;
  }

  finish(): Findings {
    const blocks = this.blocks.filter((block) => block !== undefined);
    const scans = blocks.reduce((sum, { weight }) => sum + weight, 0);
    // A workload that does not scan has no such figure.
    if (scans === 0) return {};
    const { mean, lo, hi } = meanOfBlocks(blocks);
    const least = lo === null ? null : Math.max(0, lo);
    return { metrics: { scan_records_mean: { value: mean, lo: least, hi, n: scans, unit: "records" } } };
  }
}

/**
 * How many operations a user would call slow: those without a good answer within `measure.slow` of the instant at which they
 * were intended. That is how agreements on service are written (Dynamo's: 99.9 % within 300 ms), and how a fan-out is judged
 * (Dean and Barroso, "The Tail at Scale", CACM 2013), and it counts what a percentile of successes leaves out: failures.
 */
import type { MetricValue } from "../record/figures";
import { OPERATION_KINDS, type OperationKind, type OperationRecord } from "../record/history";
import { wilsonOfBlocks } from "../statistics/wilson";
import { metricKind } from "./latency";
import type { Findings, Measure, MeasureSetup } from "./measure";

interface Block {
  hits: number;
  total: number;
}

const WRITES: readonly OperationKind[] = ["update", "insert", "delete"];
const MICROS_PER_MS = 1_000;

export class SlowMeasure implements Measure {
  readonly name = "slow";
  private readonly limitMicros: number;
  private readonly blocks = new Map<string, Block[]>();

  constructor(private readonly setup: MeasureSetup) {
    this.limitMicros = (setup.slowMs ?? Infinity) * MICROS_PER_MS;
  }

  operation(operation: OperationRecord): void {
    if (this.limitMicros === Infinity || operation.phase !== "measure") return;
    const { kind, outcome, intended, end } = operation;
    const slow = outcome !== "ok" || end - intended > this.limitMicros;
    // By intent, as the operation belongs to the phase: one that took long is counted where it began.
    const block = Math.max(0, this.setup.grid.indexOf(intended));
    this.count(metricKind(kind), block, slow);
    if (WRITES.includes(kind)) this.count("write", block, slow);
  }

  finish(): Findings {
    const metrics: Record<string, MetricValue> = {};
    for (const kind of ["write", ...OPERATION_KINDS.map(metricKind)]) {
      const blocks = this.blocks.get(kind)?.filter((block) => block !== undefined);
      if (blocks === undefined) continue;
      const total = blocks.reduce((sum, block) => sum + block.total, 0);
      const hits = blocks.reduce((sum, block) => sum + block.hits, 0);
      const { lo, hi } = wilsonOfBlocks(blocks);
      metrics[`${kind}_slow_ratio`] = { value: hits / total, lo, hi, n: total, unit: "ratio" };
    }
    return { metrics };
  }

  private count(kind: string, at: number, slow: boolean): void {
    let blocks = this.blocks.get(kind);
    if (blocks === undefined) this.blocks.set(kind, (blocks = []));
    const block = (blocks[at] ??= { hits: 0, total: 0 });
    block.total++;
    if (slow) block.hits++;
  }
}

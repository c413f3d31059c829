/**
 * How far the driver lagged behind its own schedule: actual minus intended send. Part of a run's validity, because a
 * driver that cannot keep its schedule measures itself. What was never sent has no such lag: a write whose read failed has been
 * kept by the store, and what was dropped is counted as such. A closed loop without a target rate has no schedule, so there it
 * is not measured.
 */
import { LatencyHistogram } from "../record/histogram";
import type { OperationRecord } from "../record/history";
import type { FinishContext, Findings, Measure } from "./measure";
import { latencyPercentile } from "./percentiles";

export class ScheduleMeasure implements Measure {
  readonly name = "schedule";
  private readonly lag = new LatencyHistogram();

  operation(operation: OperationRecord): void {
    const { phase, outcome, start, intended } = operation;
    if (phase === "measure" && outcome !== "not_sent") this.lag.record(Math.max(0, start - intended));
  }

  finish(end: FinishContext): Findings {
    const metric = latencyPercentile(this.lag, 99);
    this.lag.destroy();
    if (end.offeredPerSecond === undefined) return {};
    return { metrics: { schedule_lag_p99_ms: metric }, evidence: { scheduleLagP99Ms: metric.value ?? undefined } };
  }
}

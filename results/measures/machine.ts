/**
 * What the processes themselves add to what they measure: event loops that were held up and garbage that was collected,
 * in the driver and in the worst node, and operations that waited to be recorded. Told by the processes and not by clients, so it
 * is never about the store; it bears on whether to believe what clients saw. In virtual time there is none of it.
 */
import type { MetricValue } from "../record/figures";
import type { ProcessTimes } from "../record/history";
import type { ProcessHealth } from "../statistics/validity";
import type { IntervalGrid } from "./interval-grid";
import type { FinishContext, Findings, Measure, MeasureSetup } from "./measure";

export class MachineMeasure implements Measure {
  readonly name = "machine";
  private readonly grid: IntervalGrid;

  constructor(setup: Pick<MeasureSetup, "grid">) {
    this.grid = setup.grid;
  }

  operation(): void {
    // No operation tells why it was slow.
  }

  finish(end: FinishContext): Findings {
    const seconds = this.grid.measuredSeconds;
    const driver = end.driver === undefined ? undefined : healthOf(end.driver, seconds);
    const nodes = end.counters.flatMap(({ node, times }) =>
      times === undefined ? [] : [{ node, ...healthOf(times, seconds) }],
    );
    const metrics: Record<string, MetricValue> = {};
    const put = (name: string, value: number | undefined, unit: string, n: number): void => {
      if (value !== undefined) metrics[name] = { value, lo: null, hi: null, n, unit };
    };
    const worst = (of: (one: ProcessHealth) => number): number | undefined =>
      nodes.length === 0 ? undefined : Math.max(...nodes.map(of));
    put("driver_loop_delay_p99_ms", driver?.loopDelayP99Ms, "ms", 1);
    put("driver_gc_ms_per_s", driver?.gcMsPerS, "ms/s", 1);
    put(
      "node_loop_delay_p99_ms",
      worst((one) => one.loopDelayP99Ms),
      "ms",
      nodes.length,
    );
    put(
      "node_gc_ms_per_s",
      worst((one) => one.gcMsPerS),
      "ms/s",
      nodes.length,
    );
    put("recorder_backlog_max", end.recorder?.most, "count", 1);
    return { metrics, evidence: { driver, nodes } };
  }
}

function healthOf({ gcMs, ...times }: ProcessTimes, seconds: number): ProcessHealth {
  return { ...times, gcMsPerS: gcMs / seconds };
}

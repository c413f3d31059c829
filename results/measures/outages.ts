/**
 * What clients got while something was wrong, fault by fault: availability, throughput and tails of the operations that were due
 * in each outage. Faults that differ only in whom they hit are an experiment on symmetry: where every node is like every
 * other (Dynamo, section 2.3), the absence of one costs clients what the absence of any other does, and the spread over
 * faults is what chance makes of it. Operations count in the outage they were *meant* to begin in, so that one which waited for its
 * timeout until the fault was over is not the next fault's, or nobody's.
 */
import type { MetricValue, TrialFigures } from "../record/figures";
import { certaintyOf, type OperationRecord, isSpan } from "../record/history";
import { LatencyHistogram } from "../record/histogram";
import type { Outage } from "./fault-times";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { latencyPercentile, notMeasured } from "./percentiles";

const MICROS_PER_SECOND = 1_000_000;
/** Beyond it outages are not told apart: each holds two histograms. */
const MOST_OUTAGES = 64;
const TAIL = 99;

class Seen {
  due = 0;
  ok = 0;
  readonly reads = new LatencyHistogram();
  readonly writes = new LatencyHistogram();

  add(operation: OperationRecord): void {
    this.due++;
    if (certaintyOf(operation.outcome) !== "ok") return;
    this.ok++;
    // A scan is neither: its latency is that of many reads.
    if (operation.kind === "scan") return;
    (operation.kind === "read" ? this.reads : this.writes).record(Math.max(0, operation.end - operation.intended));
  }
}

export class OutagesMeasure implements Measure {
  readonly name = "outages";
  /** In the order in which outages began. */
  private readonly seen: Seen[] = [];

  constructor(private readonly setup: MeasureSetup) {}

  operation(operation: OperationRecord): void {
    if (operation.phase === "load" || isSpan(operation.kind) || operation.kind === "scan") return;
    const place = this.setup.faults.outageAt(operation.intended, operation.end);
    if (place === undefined || place >= MOST_OUTAGES) return;
    while (this.seen.length <= place) this.seen.push(new Seen());
    this.seen[place].add(operation);
  }

  finish(): Findings {
    const { startOfWarmup, endOfMeasure } = this.setup.grid.phases;
    const outages = this.setup.faults.outages();
    const told = this.seen.flatMap((seen, i) => {
      const outage: Outage | undefined = outages[i];
      if (outage === undefined || seen.due === 0) return [];
      const to = Math.min(outage.to ?? Infinity, endOfMeasure);
      if (to <= outage.from) return [];
      return [
        {
          faults: outage.faults,
          fromS: (outage.from - startOfWarmup) / MICROS_PER_SECOND,
          toS: (to - startOfWarmup) / MICROS_PER_SECOND,
          due: seen.due,
          ok: seen.ok,
          readP99Ms: latencyPercentile(seen.reads, TAIL).value,
          writeP99Ms: latencyPercentile(seen.writes, TAIL).value,
        },
      ];
    });
    for (const { reads, writes } of this.seen) {
      reads.destroy();
      writes.destroy();
    }
    if (told.length === 0) return {};
    return { metrics: spreads(told), figures: { outages: told } };
  }
}

type Told = NonNullable<TrialFigures["outages"]>;

/** Over two outages or more; of one there is nothing to compare. */
function spreads(told: Told): Readonly<Record<string, MetricValue>> {
  const least = Math.min(...told.map(({ ok, due }) => ok / due));
  const most = Math.max(...told.map(({ ok, due }) => ok / due));
  const n = told.reduce((sum, { due }) => sum + due, 0);
  const exact = (value: number, unit: string): MetricValue => ({ value, lo: null, hi: null, n, unit });
  const worstOverBest = (values: readonly (number | null)[]): MetricValue => {
    const known = values.filter((value) => value !== null);
    const best = Math.min(...known);
    return known.length < values.length || known.length < 2 || best <= 0
      ? notMeasured("times")
      : exact(Math.max(...known) / best, "times");
  };
  const perSecond = told.map(({ ok, fromS, toS }) => ok / (toS - fromS));
  return {
    fault_availability_min: exact(least, "ratio"),
    ...(told.length < 2
      ? {}
      : {
          fault_availability_spread: exact(most - least, "ratio"),
          fault_throughput_spread: worstOverBest(perSecond),
          fault_read_p99_spread: worstOverBest(told.map(({ readP99Ms }) => readP99Ms)),
          fault_write_p99_spread: worstOverBest(told.map(({ writeP99Ms }) => writeP99Ms)),
        }),
  };
}

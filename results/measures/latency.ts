/**
 * Latency by kind of operation, of successful operations only (a timeout says what the timeout was set to, a refusal is fast).
 * *Response* time runs from the intended instant and so counts the wait behind a store that stalls; *service* time
 * runs from the actual send and hides it (coordinated omission, Tene). Percentiles come from one histogram over the measured
 * phase, never from averaging those of intervals. `write` is updates, inserts and deletes together.
 * Means are sums over counts; their doubt is taken between blocks of time, because operations that follow each other wait in
 * one queue.
 */
import type { LatencySpectrum, MetricValue } from "../record/figures";
import { LatencyHistogram } from "../record/histogram";
import type { OperationKind, OperationRecord, RecordedOutcome } from "../record/history";
import { latencyLogHeader, latencyLogLine } from "../record/latency-log";
import { meanOfBlocks, type SumBlock } from "../statistics/blocks";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { latencyPercentile, percentileName, SAMPLES_BEYOND, samplesBeyond } from "./percentiles";

type Basis = "response" | "service";
const BASES: readonly Basis[] = ["response", "service"];
const WRITE_KINDS: readonly OperationKind[] = ["update", "insert", "delete"];
/** Always among the metrics, whatever percentiles an experiment asks for. */
const NAMED_PERCENTILES = [50, 95, 99, 99.9];
const INTERVAL_PERCENTILES = [50, 95, 99, 99.9];
/** Of an interval, for its p99.9 to be more than its maximum. */
const INTERVAL_TAIL = 1_000;
const MICROS_PER_MS = 1_000;

interface IntervalHistogram {
  readonly kind: OperationKind;
  readonly outcome: RecordedOutcome;
  readonly basis: Basis;
  readonly histogram: LatencyHistogram;
}

/** Successful operations of the measured phase, of one kind on one basis. */
interface Whole {
  readonly histogram: LatencyHistogram;
  /** By interval of their end: microseconds, and operations. */
  readonly sums: number[];
  readonly counts: number[];
}

export class LatencyMeasure implements Measure {
  readonly name = "latency";
  private readonly grid: IntervalGrid;
  /** Of the interval that is open, by tag. */
  private readonly open = new Map<string, IntervalHistogram>();
  /** By kind and basis. */
  private readonly whole = new Map<string, Whole>();
  private readonly columns = new Map<string, (number | null)[]>();
  private readonly scratch = new LatencyHistogram();
  private interval = 0;
  private overflow = 0;

  constructor(private readonly setup: MeasureSetup) {
    this.grid = setup.grid;
    setup.latencyLog(latencyLogHeader());
  }

  operation(operation: OperationRecord): void {
    if (operation.phase === "load") return;
    const interval = this.grid.indexOf(operation.end);
    if (interval > this.interval) this.closeInterval(interval);
    for (const basis of BASES) {
      const began = basis === "response" ? operation.intended : operation.start;
      const micros = Math.max(0, operation.end - began);
      const histogram = this.openHistogram(operation.kind, operation.outcome, basis);
      const overflowBefore = histogram.overflow;
      histogram.record(micros);
      this.overflow += histogram.overflow - overflowBefore;
      if (operation.phase === "measure" && operation.outcome === "ok") {
        const whole = this.wholeOf(operation.kind, basis);
        whole.histogram.record(micros);
        whole.sums[interval] = (whole.sums[interval] ?? 0) + micros;
        whole.counts[interval] = (whole.counts[interval] ?? 0) + 1;
      }
    }
  }

  finish(): Findings {
    this.closeInterval(this.grid.count);
    for (const basis of BASES) {
      const kinds = WRITE_KINDS.filter((kind) => this.whole.has(key(kind, basis)));
      for (const kind of kinds) add(this.wholeOf("write", basis), this.whole.get(key(kind, basis))!);
    }
    const metrics: Record<string, MetricValue> = {};
    const spectra: LatencySpectrum[] = [];
    const samples: Record<string, number> = {};
    const percentiles = [...new Set([...NAMED_PERCENTILES, ...this.setup.percentiles])].sort((a, b) => a - b);
    for (const [name, whole] of this.whole) {
      const { histogram } = whole;
      const [kind, basis] = name.split(".") as [string, Basis];
      const prefix = basis === "response" ? metricKind(kind) : `${metricKind(kind)}_service`;
      metrics[`${prefix}_mean_ms`] = meanOf(whole);
      for (const percentile of percentiles)
        metrics[`${prefix}_${percentileName(percentile)}_ms`] = latencyPercentile(histogram, percentile);
      samples[prefix] = histogram.count;
      if (histogram.count >= SAMPLES_BEYOND) spectra.push(spectrum(kind, basis, histogram));
    }
    const columns: Record<string, (number | null)[]> = {};
    for (const [name, values] of this.columns) columns[name] = this.grid.column((index) => values[index] ?? null);
    this.destroy();
    return {
      metrics,
      columns,
      figures: { spectra },
      evidence: { histogramOverflow: this.overflow, samples },
    };
  }

  private openHistogram(kind: OperationKind, outcome: RecordedOutcome, basis: Basis): LatencyHistogram {
    const tag = `${kind}.${outcome}.${basis}`;
    let entry = this.open.get(tag);
    if (entry === undefined) {
      entry = { kind, outcome, basis, histogram: new LatencyHistogram() };
      this.open.set(tag, entry);
    }
    return entry.histogram;
  }

  private wholeOf(kind: OperationKind | "write", basis: Basis): Whole {
    let whole = this.whole.get(key(kind, basis));
    if (whole === undefined) {
      whole = { histogram: new LatencyHistogram(), sums: [], counts: [] };
      this.whole.set(key(kind, basis), whole);
    }
    return whole;
  }

  private closeInterval(next: number): void {
    for (const [tag, { histogram }] of this.open) {
      if (histogram.count === 0) continue;
      const startSeconds = this.grid.startSeconds(this.interval);
      const lengthSeconds = this.grid.lengthSeconds(this.interval);
      this.setup.latencyLog(latencyLogLine({ tag, startSeconds, lengthSeconds, histogram }));
    }
    const succeeded = [...this.open.values()].filter(
      ({ outcome, basis, histogram }) => outcome === "ok" && basis === "response" && histogram.count > 0,
    );
    for (const { kind, histogram } of succeeded) this.intervalColumns(kind, histogram);
    const writes = succeeded.filter(({ kind }) => WRITE_KINDS.includes(kind));
    if (writes.length > 0) {
      this.scratch.reset();
      for (const { histogram } of writes) this.scratch.merge(histogram);
      this.intervalColumns("write", this.scratch);
    }
    for (const { histogram } of this.open.values())
      if (histogram.count > 0 || histogram.overflow > 0) histogram.reset();
    this.interval = next;
  }

  private intervalColumns(kind: string, histogram: LatencyHistogram): void {
    for (const percentile of INTERVAL_PERCENTILES)
      if (percentile <= 99 || histogram.count >= INTERVAL_TAIL)
        this.setCell(
          `${metricKind(kind)}_${percentileName(percentile)}_ms`,
          histogram.percentile(percentile) / MICROS_PER_MS,
        );
    this.setCell(`${metricKind(kind)}_mean_ms`, histogram.meanMicros / MICROS_PER_MS);
    this.setCell(`${metricKind(kind)}_max_ms`, histogram.maxMicros / MICROS_PER_MS);
  }

  private setCell(column: string, value: number): void {
    let values = this.columns.get(column);
    if (values === undefined) this.columns.set(column, (values = []));
    values[this.interval] = value;
  }

  private destroy(): void {
    for (const { histogram } of this.open.values()) histogram.destroy();
    for (const { histogram } of this.whole.values()) histogram.destroy();
    this.scratch.destroy();
  }
}

/** Kinds are words of metrics' names. */
export function metricKind(kind: string): string {
  return kind.replace("-", "_");
}

function add(to: Whole, from: Whole): void {
  to.histogram.merge(from.histogram);
  from.counts.forEach((count, interval) => {
    to.counts[interval] = (to.counts[interval] ?? 0) + count;
    to.sums[interval] = (to.sums[interval] ?? 0) + from.sums[interval];
  });
}

function meanOf({ sums, counts }: Whole): MetricValue {
  const blocks: SumBlock[] = [];
  const filled = Object.keys(counts).length;
  const together = Math.max(1, Math.ceil(filled / MEAN_BLOCKS));
  let n = 0;
  let at = 0;
  counts.forEach((count, interval) => {
    n += count;
    if (at++ % together === 0) blocks.push({ sum: 0, weight: 0 });
    const { sum, weight } = blocks[blocks.length - 1];
    blocks[blocks.length - 1] = { sum: sum + sums[interval] / MICROS_PER_MS, weight: weight + count };
  });
  const { mean, lo, hi } = meanOfBlocks(blocks);
  // Few blocks of which one holds everything spread so much that Student's interval reaches below 0; no latency does.
  return { value: n === 0 ? null : mean, lo: lo === null ? null : Math.max(0, lo), hi, n, unit: "ms" };
}

/** Enough for a spread, and each as long as may be. */
const MEAN_BLOCKS = 20;

function key(kind: OperationKind | "write", basis: Basis): string {
  return `${kind}.${basis}`;
}

/** Asked for by name besides the even steps: the quarters, and the low end that the distance between two runs looks at too. */
const NAMED_STEPS = [1, 5, 10, 25, 50, 75, 95];
const SPECTRUM: readonly number[] = [
  ...new Set([
    ...NAMED_STEPS,
    ...Array.from({ length: 51 }, (_, step) => Math.round((1 - 10 ** (-step / 10)) * 1e7) / 1e5),
  ]),
].sort((a, b) => a - b);

/** Ten points a decade of 1/(1-p), from the smallest value to 99.999 %, cut where fewer than ten samples remain. */
function spectrum(kind: string, basis: Basis, histogram: LatencyHistogram): LatencySpectrum {
  const percentiles = SPECTRUM.filter((percentile) => samplesBeyond(histogram.count, percentile) >= SAMPLES_BEYOND);
  const ms = percentiles.map((percentile) => histogram.percentile(percentile) / MICROS_PER_MS);
  return { kind, basis, percentiles, ms, count: histogram.count, maxMs: histogram.maxMicros / MICROS_PER_MS };
}

/**
 * Latency by kind of operation, of successful operations only (a timeout says what the timeout was set to, a refusal is fast).
 * *Response* time runs from the intended instant and so counts the wait behind a store that stalls; *service* time
 * runs from the actual send and hides it (coordinated omission, Tene); the *wait* is what lies between, from the intended
 * instant to the send. Percentiles come from one histogram over the measured
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
import type { FinishContext, Findings, Measure, MeasureSetup } from "./measure";
import { latencyPercentile, percentileName, SAMPLES_BEYOND, samplesBeyond } from "./percentiles";

type Basis = "response" | "service" | "wait";
const BASES: readonly Basis[] = ["response", "service", "wait"];
const WRITE_KINDS: readonly OperationKind[] = ["update", "insert", "delete"];
/** Always among the metrics, whatever percentiles an experiment asks for. */
const NAMED_PERCENTILES = [50, 95, 99, 99.9];
const INTERVAL_PERCENTILES = [50, 95, 99, 99.9];
/** Of an interval, for its p99.9 to be more than its maximum. */
const INTERVAL_TAIL = 1_000;
/** Of the wait, where the load has a schedule that it is measured against. */
const WAIT_PERCENTILES = [50, 99, 99.9];
const MICROS_PER_MS = 1_000;

/** Operations that ended in the open interval. */
class Part {
  /** Those that left when they were wanted: their response time is their service time, which is counted once, and they waited for nothing. */
  readonly punctual = new LatencyHistogram();
  readonly response = new LatencyHistogram();
  readonly service = new LatencyHistogram();
  readonly wait = new LatencyHistogram();
  responseSum = 0;
  serviceSum = 0;

  /** Puts the punctual ones where they belong. */
  settle(): void {
    this.response.merge(this.punctual);
    this.service.merge(this.punctual);
    if (this.punctual.count > 0) this.wait.record(0, this.punctual.count);
    this.punctual.reset();
  }

  merge(other: Part): void {
    for (const basis of BASES) this[basis].merge(other[basis]);
  }

  reset(): void {
    for (const basis of BASES) this[basis].reset();
    this.responseSum = 0;
    this.serviceSum = 0;
  }

  destroy(): void {
    this.punctual.destroy();
    for (const basis of BASES) this[basis].destroy();
  }
}

/** Operations of one kind that ended in one way. */
interface Series {
  readonly kind: OperationKind;
  readonly outcome: RecordedOutcome;
  /** Successful ones of the measured phase, which count for the whole; and all others. */
  readonly measured: Part;
  readonly others: Part;
  counted: boolean;
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
  private readonly series: Series[] = [];
  private readonly seriesByKind = new Map<OperationKind, Map<RecordedOutcome, Series>>();
  /** An operation has left late. */
  private waited = false;
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
    const { kind, outcome, intended, start, end } = operation;
    const series = this.seriesByKind.get(kind)?.get(outcome) ?? this.newSeries(kind, outcome);
    const counts = operation.phase === "measure" && outcome === "ok";
    if (counts && !series.counted) this.count(series);
    const part = counts ? series.measured : series.others;
    const service = Math.max(0, end - start);
    part.serviceSum += service;
    if (intended === start) {
      part.punctual.record(service);
      part.responseSum += service;
      return;
    }
    const response = Math.max(0, end - intended);
    part.response.record(response);
    part.responseSum += response;
    part.service.record(service);
    part.wait.record(Math.max(0, start - intended));
    this.waited = true;
  }

  finish(end: FinishContext): Findings {
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
      if (basis === "wait") {
        if (end.offeredPerSecond === undefined) continue;
        for (const percentile of WAIT_PERCENTILES)
          metrics[`${metricKind(kind)}_wait_${percentileName(percentile)}_ms`] = latencyPercentile(
            histogram,
            percentile,
          );
        continue;
      }
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

  private newSeries(kind: OperationKind, outcome: RecordedOutcome): Series {
    const series = { kind, outcome, measured: new Part(), others: new Part(), counted: false };
    this.series.push(series);
    const ofKind = this.seriesByKind.get(kind) ?? new Map<RecordedOutcome, Series>();
    this.seriesByKind.set(kind, ofKind.set(outcome, series));
    return series;
  }

  /** The first that counts for the whole: metrics stand in that order. */
  private count(series: Series): void {
    series.counted = true;
    for (const basis of BASES) this.wholeOf(series.kind, basis);
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
    const startSeconds = this.grid.startSeconds(this.interval);
    const lengthSeconds = this.grid.lengthSeconds(this.interval);
    for (const { kind, outcome, measured, others } of this.series) {
      measured.settle();
      others.settle();
      if (measured.response.count + measured.response.overflow > 0) this.keep(kind, measured);
      others.merge(measured);
      this.overflow += others.response.overflow + others.service.overflow;
      for (const basis of BASES) {
        const histogram = others[basis];
        if (histogram.count === 0 || (basis === "wait" && !this.waited)) continue;
        const tag = `${kind}.${outcome}.${basis}`;
        this.setup.latencyLog(latencyLogLine({ tag, startSeconds, lengthSeconds, histogram }));
      }
    }
    const succeeded = this.series.filter(({ outcome, others }) => outcome === "ok" && others.response.count > 0);
    for (const { kind, others } of succeeded) this.intervalColumns(kind, others.response);
    const writes = succeeded.filter(({ kind }) => WRITE_KINDS.includes(kind));
    if (writes.length > 0) {
      this.scratch.reset();
      for (const { others } of writes) this.scratch.merge(others.response);
      this.intervalColumns("write", this.scratch);
    }
    for (const { measured, others } of this.series) {
      measured.reset();
      others.reset();
    }
    this.interval = next;
  }

  /** What counts for the whole of the measured phase. */
  private keep(kind: OperationKind, part: Part): void {
    const sums = { response: part.responseSum, service: part.serviceSum, wait: part.responseSum - part.serviceSum };
    for (const basis of BASES) {
      const whole = this.wholeOf(kind, basis);
      whole.histogram.merge(part[basis]);
      whole.sums[this.interval] = (whole.sums[this.interval] ?? 0) + sums[basis];
      whole.counts[this.interval] = (whole.counts[this.interval] ?? 0) + part[basis].count;
    }
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
    for (const { measured, others } of this.series) {
      measured.destroy();
      others.destroy();
    }
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
function spectrum(kind: string, basis: LatencySpectrum["basis"], histogram: LatencyHistogram): LatencySpectrum {
  const percentiles = SPECTRUM.filter((percentile) => samplesBeyond(histogram.count, percentile) >= SAMPLES_BEYOND);
  const ms = percentiles.map((percentile) => histogram.percentile(percentile) / MICROS_PER_MS);
  return { kind, basis, percentiles, ms, count: histogram.count, maxMs: histogram.maxMicros / MICROS_PER_MS };
}

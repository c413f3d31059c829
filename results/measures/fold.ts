/**
 * One trial's fold: feeds every operation and snapshot to every measure and puts their findings together into the figures,
 * the summary and the verdict on their validity. It keeps no operation, so a run may be as long as one likes. Feed it
 * operations in order of completion, from the first insert of the load phase to the last that the drain lets end.
 */
import { assert } from "../../engine/vocabulary/assert";
import type { MetricValue, TrialFigures, Validity } from "../record/figures";
import type { DetectionEvent } from "../record/detection";
import { isSpan, type OperationRecord, type Snapshot } from "../record/history";
import type { RingView } from "../record/membership";
import type { CounterSample } from "../record/repair-counters";
import type { TrialSummary } from "../record/run-folder";
import { FaultTimes, type FaultSpan } from "./fault-times";
import { IntervalGrid, type PhaseInstants } from "./interval-grid";
import { MEASURES, type Findings, type FinishContext, type Measure } from "./measure";
import type { ReplicaStore } from "./true-window";
import { CLAIMED_UNASKED, claimedTail, judgeValidity, thinPercentiles, type Evidence } from "../statistics/validity";

const MICROS_PER_SECOND = 1_000_000;

export interface TrialFoldOptions {
  readonly intervalMs: number;
  /** Percentiles (0 to 100) of latency wanted besides p50, p95, p99 and p99.9. */
  readonly percentiles: readonly number[];
  /** Operations without a good answer within it are counted as slow. */
  readonly slowMs?: number | undefined;
  /** When they are known beforehand; otherwise call `begin`. */
  readonly phases?: PhaseInstants;
  /** Receives `latency.hlog` piece by piece; without it the text is kept and returned by `finish`. */
  readonly latencyLog?: (lines: string) => void;
}

export interface TrialResult {
  readonly metrics: Readonly<Record<string, MetricValue>>;
  readonly figures: TrialFigures;
  readonly validity: Validity;
  readonly summary: TrialSummary;
  /** Requests recorded, all phases. */
  readonly operations: number;
  /** The whole `latency.hlog`; empty when a sink was given. */
  readonly latencyLog: string;
}

export class TrialFold {
  private readonly grid: IntervalGrid;
  private readonly measures: readonly Measure[];
  private readonly logged: string[] = [];
  private operations = 0;
  private readonly faults = new FaultTimes();
  private finished = false;

  constructor(options: TrialFoldOptions) {
    this.grid = new IntervalGrid(options.intervalMs);
    if (options.phases !== undefined) this.grid.begin(options.phases);
    const latencyLog = options.latencyLog ?? ((lines: string) => void this.logged.push(lines));
    const setup = {
      grid: this.grid,
      percentiles: options.percentiles,
      ...(options.slowMs === undefined ? {} : { slowMs: options.slowMs }),
      latencyLog,
      faults: this.faults,
      pasts: { of: () => undefined },
    };
    this.measures = Object.values(MEASURES).map((make) => make(setup));
  }

  /** When the phases lie, for callers that only know once the load phase is over. */
  begin(phases: PhaseInstants): void {
    this.grid.begin(phases);
  }

  /** The measured phase ended before its time, at `at`: its operations were done. */
  endMeasure(at: number): void {
    this.grid.endMeasure(at);
  }

  /** Where to look up the faults that have begun so far; before the first operation of the warm-up. */
  watchFaults(source: () => readonly FaultSpan[]): void {
    this.faults.watch(source);
  }

  operation(operation: OperationRecord): void {
    // The span of a read-modify-write is its read and its update over again.
    if (!isSpan(operation.kind)) this.operations++;
    for (const measure of this.measures) measure.operation(operation);
  }

  snapshot(snapshot: Snapshot): void {
    for (const measure of this.measures) measure.snapshot?.(snapshot);
  }

  /** Totals of the nodes: about once an interval, and where the measured phase and the run begin and end. */
  counters(sample: CounterSample): void {
    for (const measure of this.measures) measure.counters?.(sample);
  }

  /** Where the world tells what replicas store. */
  stored(store: ReplicaStore): void {
    for (const measure of this.measures) measure.stored?.(store);
  }

  /** Where the world tells who suspects whom and who was really gone, from the start of the cluster on. */
  detection(event: DetectionEvent): void {
    for (const measure of this.measures) measure.detection?.(event);
  }

  /** Where nodes tell which state of the ring they go by, from the start of the cluster on. */
  view(view: RingView): void {
    for (const measure of this.measures) measure.view?.(view);
  }

  /** Once, when everything has been fed. Frees what the measures hold. */
  finish(end: FinishContext): TrialResult {
    assert(!this.finished, "a trial is finished once");
    this.finished = true;
    const findings = this.measures.map((measure) => measure.finish(end));
    const metrics = Object.assign({}, ...findings.map((one) => one.metrics ?? {})) as Record<string, MetricValue>;
    const validity = judgeValidity(evidenceOf(findings, metrics, end, this.grid.intervalMs));
    const calibration = end.world === "simulation" ? null : end.calibration;
    const { startOfWarmup, startOfMeasure, endOfMeasure } = this.grid.phases;
    const figures: TrialFigures = {
      schema: "quorumlab/figures@1",
      spectra: [],
      divergence: { t: [], columns: {}, finalDivergent: 0, finalExamined: 0 },
      tVisibility: { fromMs: [], toMs: [], reads: [], consistent: [] },
      kStaleness: [],
      stale: { hits: 0, total: 0, lo: 0, hi: 1 },
      siblingsPerRead: [],
      siblingsPerKeyAtEnd: [],
      load: [],
      ring: end.ring,
      ...(Object.assign({}, ...findings.map((one) => one.figures ?? {})) as Partial<TrialFigures>),
      intervals: this.intervals(findings),
      phases: {
        measureFromS: (startOfMeasure - startOfWarmup) / MICROS_PER_SECOND,
        measureToS: (endOfMeasure - startOfWarmup) / MICROS_PER_SECOND,
      },
      validity,
      calibration,
    };
    return {
      metrics,
      figures,
      validity,
      summary: { schema: "quorumlab/summary@1", metrics, validity, calibration },
      operations: this.operations,
      latencyLog: this.logged.join(""),
    };
  }

  private intervals(findings: readonly Findings[]): TrialFigures["intervals"] {
    const columns = Object.assign({}, ...findings.map((one) => one.columns ?? {})) as Record<string, (number | null)[]>;
    // A stale read is a success too, found or not: take it out of those, so that the outcomes are disjoint and add up.
    const { ok, not_found: notFound, stale_ok: stale, stale_not_found: staleNotFound } = columns;
    if (ok !== undefined && stale !== undefined) {
      const rounded = (value: number): number => Math.max(0, Number(value.toPrecision(12)));
      columns["ok"] = ok.map((value, i) => rounded(value! - (stale[i]! - staleNotFound[i]!)));
      columns["not_found"] = notFound.map((value, i) => rounded(value! - staleNotFound[i]!));
      delete columns["stale_not_found"];
    }
    return { t: this.grid.column((index) => this.grid.startSeconds(index)), columns };
  }
}

function evidenceOf(
  findings: readonly Findings[],
  metrics: Readonly<Record<string, MetricValue>>,
  end: FinishContext,
  intervalMs: number,
): Evidence {
  const claims = end.claims ?? CLAIMED_UNASKED;
  const nothing: Evidence = {
    due: 0,
    succeeded: 0,
    dropped: end.dropped,
    endedPerSecond: 0,
    offeredPerSecond: end.offeredPerSecond,
    loads: 0,
    loadFailures: 0,
    scheduleLagP99Ms: undefined,
    claimedP50Ms: undefined,
    claimedTail: claimedTail(metrics, claims),
    samples: {},
    thinPercentiles: [],
    driver: undefined,
    nodes: [],
    recorder: end.recorder,
    intervalMs,
    histogramOverflow: 0,
    delayLatenessP99Ms: 0,
    queueDrops: 0,
    brokenValues: end.integrity?.broken ?? 0,
    checkedValues: (end.integrity?.broken ?? 0) + (end.integrity?.confirmed ?? 0),
    stepsLeft: end.stepsLeft ?? 0,
    outlivedIdentities: end.identities?.outlived ?? 0,
    injectedDelayMs: end.injectedDelayMs,
    readsJudged: 0,
    readsUndecided: 0,
    readsInexact: 0,
    readsJudgedEarly: 0,
    unknownVersions: 0,
    unknownVersionsForgotten: 0,
    refusedWritesSeen: 0,
    anomaliesUndecided: [],
    calibration: end.calibration,
    spins: end.spins === true,
    world: end.world ?? "processes",
  };
  const medians = ["read_p50_ms", "write_p50_ms", "scan_p50_ms"].flatMap((name) => metrics[name]?.value ?? []);
  const claimedP50Ms = medians.length > 0 ? Math.min(...medians) : undefined;
  const found = Object.assign({}, nothing, ...findings.map((one) => one.evidence ?? {})) as Evidence;
  return { ...found, claimedP50Ms, thinPercentiles: thinPercentiles(metrics, claims, found.samples) };
}

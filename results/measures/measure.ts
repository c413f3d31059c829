/**
 * A measure is a fold: the stream of operations and replica snapshots in, figures with their evidence out, with state that
 * does not grow with the length of the run. Measures know nothing of each other and nothing of the engine; what they
 * are given was seen by clients or read off the replicas. To add one: one file beside this, one line in `MEASURES`, its
 * row in the table of metrics, its five-line histories under test/.
 */
import type { MetricValue, TrialFigures } from "../record/figures";
import type { Calibration } from "../record/figures";
import type { DetectionEvent } from "../record/detection";
import type { NodeCounters, OperationRecord, ProcessTimes, Snapshot } from "../record/history";
import type { RingView } from "../record/membership";
import type { CounterSample } from "../record/repair-counters";
import { CausalityMeasure } from "./causality";
import { ConvergenceMeasure } from "./convergence";
import { CostMeasure } from "./cost";
import { DetectionMeasure } from "./detection";
import { DivergenceMeasure } from "./divergence";
import type { KnownPasts } from "./divergence-kinds";
import type { FaultTimes } from "./fault-times";
import { ImbalanceMeasure } from "./imbalance";
import type { IntervalGrid } from "./interval-grid";
import { LatencyMeasure } from "./latency";
import { MachineMeasure } from "./machine";
import { MembershipMeasure } from "./membership";
import { LoadBalanceMeasure } from "./load-balance";
import { ListingsMeasure } from "./listings";
import { ScansMeasure } from "./scans";
import { MergesMeasure } from "./merges";
import { OutagesMeasure } from "./outages";
import { OutcomesMeasure } from "./outcomes";
import { RepairMeasure } from "./repair";
import { RolesMeasure } from "./roles";
import { FloodingMeasure } from "./flooding";
import { RingsMeasure } from "./rings";
import { ScheduleMeasure } from "./schedule";
import { SiblingsMeasure } from "./siblings";
import { SingleOperationsMeasure } from "./single-operations";
import { SlowMeasure } from "./slow";
import { StalenessMeasure } from "./staleness";
import { type ReplicaStore, TrueWindowMeasure } from "./true-window";
import type { Evidence, RecorderBacklog } from "../statistics/validity";
import { ZonesMeasure } from "./zones";

/** What a measure is built with. */
export interface MeasureSetup {
  readonly grid: IntervalGrid;
  /** Percentiles (0 to 100) wanted of latencies. */
  readonly percentiles: readonly number[];
  /** An operation without a good answer within it is slow; left out where nobody asks. */
  readonly slowMs?: number;
  /** Receives `latency.hlog` as it grows. */
  readonly latencyLog: (lines: string) => void;
  /** When something was wrong with the cluster, as far as is known by now. */
  readonly faults: FaultTimes;
  /** The causal past of each key, as far as operations that were fed tell. */
  readonly pasts: KnownPasts;
}

/** What is known when the run has ended. */
export interface FinishContext {
  /** Each node's counters over the measured phase (differences, not totals since its start). */
  readonly counters: readonly NodeCounters[];
  /** What each node was given, relative to the others: its share of the weights is the share of the work that it should have. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Share of the ring by node, 0 to 1. */
  readonly ringShares: Readonly<Record<string, number>>;
  readonly ring: TrialFigures["ring"];
  /** Rings drawn besides it, where the experiment asks for some. */
  readonly drawnRings?: {
    readonly metrics: Readonly<Record<string, MetricValue>>;
    readonly figures: NonNullable<TrialFigures["rings"]>;
  };
  /** Metrics of values flooded over a graph besides the load, where the experiment asks for it. */
  readonly flooding?: Readonly<Record<string, MetricValue>>;
  readonly calibration: Calibration | null;
  /** Rate that was asked for; undefined for a closed loop without a target, which offers nothing of its own. */
  readonly offeredPerSecond?: number;
  /** The same between two instants, seconds from the start of the warm-up, where the rate changes over the run. */
  readonly offeredBetween?: (fromS: number, toS: number) => number;
  /** Operations due in the measured phase and never sent because too many were open; each has its record, `not_sent`. */
  readonly dropped: number;
  /**
   * Operations due in the measured phase, and those that ended in it. Pairs count once, which records alone cannot tell;
   * without it requests are counted instead.
   */
  readonly operations?: { readonly due: number; readonly ended: number };
  /** Values read that the workload can, and cannot, have written under their key; for workloads that can tell. */
  readonly integrity?: { readonly confirmed: number; readonly broken: number };
  /** Steps of a script that the measured phase left no time for. */
  readonly stepsLeft?: number;
  /** Identities that clients took on after their first, and operations under one that should have ended. */
  readonly identities?: { readonly renewed: number; readonly outlived: number };
  /** Of workloads that merge what they read: see the metrics of the same names. */
  readonly merges?: {
    readonly reads: number;
    readonly versions: number;
    readonly dropped: number;
    readonly undone: number;
  };
  /** Of workloads that list folders: see the metrics of the same names. */
  readonly listings?: {
    readonly listings: number;
    readonly pages: number;
    readonly due: number;
    readonly missing: number;
    readonly gone: number;
    readonly ghosts: number;
  };
  /** As the nodes' `delayLatenessP99Ms`: of the delays that the driver injects on its way to them. */
  readonly driverDelayLatenessP99Ms?: number;
  /** Of the driver's own process over the measured phase; real processes only. */
  readonly driver?: ProcessTimes;
  /** Operations that had ended in the measured phase and waited to be fed to the measures: most at once, longest wait. */
  readonly recorder?: RecorderBacklog;
  /** Real processes: the driver waits for an operation's instant without a timer (workload.pacing: spin). */
  readonly spins?: true;
  /** Metrics that the experiment names and so claims; see `CLAIMED_UNASKED` for where it is left out. */
  readonly claims?: readonly string[];
  /** Doubts about the machine are for processes alone: virtual time has none. Processes when left out. */
  readonly world?: "processes" | "simulation";
  /** Median of the one-way delay injected between nodes (else between client and nodes); undefined when none is. */
  readonly injectedDelayMs?: number;
}

export interface Findings {
  readonly metrics?: Readonly<Record<string, MetricValue>>;
  readonly figures?: Partial<TrialFigures>;
  /** One value an interval, by column name of `figures.intervals`. */
  readonly columns?: Readonly<Record<string, readonly (number | null)[]>>;
  /** What the validity of the trial is judged from. */
  readonly evidence?: Partial<Evidence>;
}

export interface Measure {
  readonly name: string;
  /** Operations in order of completion, all phases. */
  operation(operation: OperationRecord): void;
  snapshot?(snapshot: Snapshot): void;
  /** Totals of the nodes, in order of time. */
  counters?(sample: CounterSample): void;
  /** A primary stores something, as only a simulation tells; from the start of the warm-up on. */
  stored?(store: ReplicaStore): void;
  /** Opinions of failure detectors and what was really so; from the start of the cluster on, nearly in order of time. */
  detection?(event: DetectionEvent): void;
  /** A node goes by another state of the ring; from the start of the cluster on. */
  view?(view: RingView): void;
  /** Called once; gives back what the measure held outside the collector's reach. */
  finish(end: FinishContext): Findings;
}

export const MEASURES: Readonly<Record<string, (setup: MeasureSetup) => Measure>> = {
  latency: (setup) => new LatencyMeasure(setup),
  single_operations: (setup) => new SingleOperationsMeasure(setup),
  outcomes: (setup) => new OutcomesMeasure(setup),
  staleness: (setup) => new StalenessMeasure(setup),
  siblings: (setup) => new SiblingsMeasure(setup),
  causality: (setup) => new CausalityMeasure(setup),
  // After causality, which tells it of pasts.
  divergence: (setup) => new DivergenceMeasure(setup),
  convergence: (setup) => new ConvergenceMeasure(setup),
  zones: (setup) => new ZonesMeasure(setup),
  true_window: () => new TrueWindowMeasure(),
  repair: (setup) => new RepairMeasure(setup),
  detection: (setup) => new DetectionMeasure(setup),
  membership: (setup) => new MembershipMeasure(setup),
  load_balance: () => new LoadBalanceMeasure(),
  roles: () => new RolesMeasure(),
  imbalance: (setup) => new ImbalanceMeasure(setup),
  outages: (setup) => new OutagesMeasure(setup),
  rings: () => new RingsMeasure(),
  flooding: () => new FloodingMeasure(),
  cost: (setup) => new CostMeasure(setup),
  schedule: () => new ScheduleMeasure(),
  slow: (setup) => new SlowMeasure(setup),
  machine: (setup) => new MachineMeasure(setup),
  merges: () => new MergesMeasure(),
  listings: () => new ListingsMeasure(),
  scans: (setup) => new ScansMeasure(setup),
};

/**
 * A run on disk: the unit of evidence. This file is the schema; reading and writing live beside it.
 *
 *     <root>/<experiment>/trials/<trial id>/   trial.json summary.json figures.json series.csv events.jsonl latency.hlog
 *                                              history.jsonl.gz
 *     <root>/<experiment>/<run id>/            manifest.json experiment.yaml experiment.resolved.json plan.jsonl
 *                                              journal.jsonl trials.txt summaries/ report/ provenance/ SHA256SUMS
 *
 * A trial's folder is written under a temporary name and renamed when complete: what has its final name is whole.
 */
import type { Capability, TargetRecord } from "./capabilities";
import type { Calibration, MetricValue, TrialFigures, Validity } from "./figures";
import type { Hypothesis, Objective, ParetoGoal, ReportSettings } from "./objectives";
import type { SaturationQuestion } from "./saturation";

/** Axis values of a cell, by axis key as in the experiment (`r`, `clock`, `ring.vnodes_per_node`). */
export type AxisValues = Readonly<Record<string, string | number | boolean>>;

export interface TrialRecord {
  readonly schema: "quorumlab/trial@1";
  readonly id: string;
  readonly experiment: string;
  readonly cell: string;
  readonly axes: AxisValues;
  readonly repetition: number;
  readonly world: "processes" | "simulation";
  /** What was under load, and what can be known of it; of runs from before there was a choice, the engine. */
  readonly target?: TargetRecord;
  readonly seed: number;
  /** Every resolved key of the cell, dotted, as printable values. */
  readonly resolved: Readonly<Record<string, unknown>>;
  readonly semanticsVersion: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly outcome: "done" | "failed";
  readonly error?: string;
  readonly operations: number;
  /** Of what made figures out of the history (`measures-version.ts`); trials of before this field have none. */
  readonly measures?: string;
  /** Every other file of the folder: a trial that is to be taken as it is must still be what was written. */
  readonly files?: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
  /** Simulation only: what makes the trial replayable. */
  readonly simulation?: SimulationRecord;
  /** Of a target that somebody else wrote: what it says that it is. */
  readonly store?: StoreRecord;
  /** What `faults: random` drew from this trial's seed, as settings; what came of it stands in `events.jsonl`. */
  readonly drawnFaults?: readonly Readonly<Record<string, unknown>>[];
}

/** A store as it tells itself, and how it was asked. */
export interface StoreRecord {
  readonly product: string;
  /** `not told` where it does not say. */
  readonly version: string;
  /** `host:port` */
  readonly hosts: readonly string[];
  /** Consistency levels, replication: by name, for a reader. */
  readonly settings: Readonly<Record<string, string>>;
}

/** `checkpoints[i]` is the rolling digest (32 bits) after `(i + 1) * every` events; `digest` the one after all, 16 hexadecimal digits. */
export interface SimulationRecord {
  readonly digest: string;
  readonly events: number;
  readonly every: number;
  readonly checkpoints: readonly number[];
  readonly virtualSeconds: number;
  readonly wallSeconds: number;
}

export interface TrialSummary {
  readonly schema: "quorumlab/summary@1";
  readonly metrics: Readonly<Record<string, MetricValue>>;
  readonly validity: Validity;
  readonly calibration: Calibration | null;
}

/** What `explain` and charts need to name a metric. */
export interface MetricDescription {
  readonly name: string;
  readonly unit: string;
  readonly better: "lower" | "higher" | "neutral";
  readonly title: string;
  readonly definition: string;
  /** What a target must let us see for the metric to mean anything there; nothing but its clients' history when left out. */
  readonly needs?: Capability;
}

/** A tunable row as it was when the run was made: for labels, without the engine. */
export interface TunableLabel {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly default: string;
  readonly prose: string;
}

export interface RunManifest {
  readonly schema: "quorumlab/manifest@1";
  readonly run: string;
  readonly experiment: string;
  readonly title: string;
  readonly question: string;
  readonly profile: string;
  readonly seed: number;
  readonly quorumlab: {
    readonly version: string;
    readonly commit: string | null;
    readonly dirty: boolean | null;
    readonly patchSha256: string | null;
    readonly lockfileSha256: string | null;
  };
  readonly machine: {
    readonly node: string;
    readonly v8: string;
    readonly os: string;
    readonly kernel: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly container: boolean | null;
  };
  readonly argv: readonly string[];
  readonly configPath: string;
  readonly configSha256: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly wallSeconds: number | null;
  readonly cpuSeconds: number | null;
  readonly loadAverageAtStart: number;
  readonly random: string;
  readonly worlds: readonly ("processes" | "simulation")[];
  readonly note: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly axes: readonly string[];
  /** The same keys by axis of the sweep: those that were zipped stand together. */
  readonly axisGroups?: readonly (readonly string[])[];
  readonly metrics: readonly MetricDescription[];
  readonly tunables: readonly TunableLabel[];
  readonly status: "running" | "done" | "interrupted" | "failed";
  /** How the comparisons were made; runs of before this field used 5 % and a noise floor of 2 %. */
  readonly analysis?: { readonly alpha: number; readonly noiseFloor: number };
  /** Keys of the works that the experiment is about. */
  readonly citations?: readonly string[];
  /** Values from papers, or analytic ones, that the experiment sets beside what it measures. */
  readonly published?: readonly PublishedValue[];
  /** What the experiment demands and claims, and how its report is to look; runs of before these fields have none. */
  readonly slos?: readonly Objective[];
  readonly hypotheses?: readonly Hypothesis[];
  readonly pareto?: readonly ParetoGoal[];
  readonly report?: ReportSettings;
  /** The run is a search for the rate at which these objectives are no longer met. */
  readonly saturation?: SaturationQuestion;
  /** Under which its trials were addressed; a run of before this field cannot be resumed. */
  readonly semanticsVersion?: string;
  /** Trials taken as an earlier run of the experiment had left them. */
  readonly reused?: number;
  /** The run was interrupted and went on, each time by this command and this version. */
  readonly resumed?: readonly Resumption[];
  /** Why no further trial was started, where the run stopped itself. */
  readonly stopped?: { readonly by: "budget" | "objective"; readonly reason: string };
}

export interface Resumption {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly argv: readonly string[];
  readonly quorumlab: RunManifest["quorumlab"];
}

/**
 * Belongs to every cell whose axes (else settings) have the values of `where`. `tolerance` is relative to `value`, and absolute where
 * that is 0. `within` is the same in the metric's unit, where the experiment says it so: a share within half a point. `atMost` stands in
 * their place where a bound is claimed and no closeness: a latency falls to 65 % or less of what it was, and was published to fall to 40 %.
 */
export interface PublishedValue {
  readonly metric: string;
  readonly where: AxisValues;
  readonly value: number;
  /** Begins with `analytic` where nobody measured it. */
  readonly source: string;
  readonly tolerance: number;
  readonly within?: number;
  readonly atMost?: number;
  /**
   * `value` is a share of what the metric is in other cells: those of `where` with these values in place of its own. Over several cells
   * both are summed first, as a paper's total over its grid is.
   */
  readonly relativeTo?: AxisValues;
}

/** One cell's summary over its repetitions. */
export interface CellSummary {
  readonly id: string;
  readonly axes: AxisValues;
  readonly world: "processes" | "simulation";
  readonly target?: TargetRecord;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  readonly trials: readonly string[];
  readonly validity: Validity;
}

/** One row of the comparison of a cell with the baseline. */
export interface ComparisonRow {
  readonly cell: string;
  readonly baseline: string;
  readonly metric: string;
  readonly unit: string;
  readonly difference: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly p: number | null;
  readonly pAdjusted: number | null;
  readonly n: number;
  /** `incomparable`: the two cells are of different targets, one of which does not show it. No numbers then, and n is 0. */
  readonly verdict: "better" | "worse" | "same" | "inconclusive" | "different" | "incomparable";
  /** Why, where it is `incomparable`. */
  readonly reason?: string;
}

/** Everything a report needs, in memory. */
export interface LoadedRun {
  readonly folder: string;
  readonly manifest: RunManifest;
  readonly cells: readonly CellSummary[];
  readonly trials: readonly {
    readonly record: TrialRecord;
    readonly summary: TrialSummary | null;
    readonly figures: TrialFigures | null;
  }[];
  readonly comparisons: readonly ComparisonRow[];
  /** Trials that the run names and whose folders are not there: removed, or not copied along. */
  readonly missing?: readonly string[];
}

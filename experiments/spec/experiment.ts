/**
 * A resolved experiment: every default applied, every axis spread out, nothing left to look up. The plan, the runner,
 * the report and the trial ids are all made from this record.
 */
import type { FloodingSettings } from "../../engine/sim/flooding";
import type { FaultSettings, RandomFaultsSettings } from "../../engine/vocabulary/faults";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import type { WorkloadSettings } from "../../workloads/settings";
import type { Hypothesis, Objective, ParetoGoal, ReportSettings } from "../../results/record/objectives";
import type { TargetName } from "../../results/record/capabilities";
import type { SaturationQuestion } from "../../results/record/saturation";
import type { OutageSettings } from "../../engine/ring/outages";
import type { AxisValues, PublishedValue } from "../../results/record/run-folder";
import type { ValueOrigin } from "./origins";
import type { ExperimentSource } from "./source-files";

export type World = "processes" | "simulation";

export interface PhaseSettings {
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly drainMs: number;
}

export interface MeasureSettings {
  readonly intervalMs: number;
  readonly percentiles: readonly number[];
  /** An operation without a good answer within it is slow. Undefined: nobody asks. */
  readonly slowMs?: number;
  /** `keys`: how many keys a mid-run scan inspects; the final scan always inspects all, up to 100,000. */
  readonly divergenceScan: { readonly everyMs: number; readonly keys: number } | undefined;
  readonly rawHistory:
    { readonly kind: "none" } | { readonly kind: "all" } | { readonly kind: "keys"; readonly fraction: number };
  /** Rings drawn besides the one that is run, and judged. Undefined: none. */
  readonly rings?: number;
  /** Failures simulated over rings. Undefined: none. */
  readonly availability?: OutageSettings;
  /** Values flooded over a graph of the nodes besides the load. Undefined: none. */
  readonly flooding?: FloodingSettings;
  /** Simulation; from the start of the warm-up, in order and apart. */
  readonly traceWindows?: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** One combination of axis values. */
export interface Cell {
  /** Stable, readable, unique in the experiment: `r1-w1-dvvset`. */
  readonly id: string;
  readonly axes: AxisValues;
  readonly world: World;
  /** Left out: the engine over its binary protocol. */
  readonly target?: TargetName;
  /** Of a store that somebody else wrote: `host:port`, one at least. Our own clusters say themselves where they are. */
  readonly hosts?: readonly string[];
  readonly cluster: Omit<ClusterSettings, "name" | "seed">;
  readonly pin: "auto" | "none" | readonly (readonly number[])[];
  readonly workload: WorkloadSettings;
  readonly phases: PhaseSettings;
  readonly measure: MeasureSettings;
  /** Simulation; on processes with a later version. */
  readonly faults: readonly FaultSettings[] | RandomFaultsSettings;
  /** Every resolved key, dotted, for `trial.json` and trial ids. */
  readonly resolved: Readonly<Record<string, unknown>>;
  /** Legal but weak choices in this cell, e.g. `r + w <= n_val`. */
  readonly warnings: readonly string[];
}

export interface Experiment {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly hypotheses: readonly Hypothesis[];
  readonly tags: Readonly<Record<string, string>>;
  readonly citations: readonly string[];
  readonly seed: number;
  readonly profile: string;
  readonly axisKeys: readonly string[];
  /** The same keys by axis: those of a zipped group stand together. */
  readonly axisGroups: readonly (readonly string[])[];
  /** Axes that are written as ranges, in words. */
  readonly ranges: Readonly<Record<string, string>>;
  readonly cells: readonly Cell[];
  /** Of axis values, before anything is taken out. */
  readonly combinations: number;
  /** Combinations that `sweep.exclude` and `sweep.where` take out. */
  readonly excluded: number;
  readonly repetitions: number;
  /** Cell id of the baseline for comparisons, when the sweep names one. */
  readonly baseline: string | undefined;
  readonly analysis: { readonly noiseFloor: number; readonly alpha: number };
  readonly objectives: readonly Objective[];
  readonly pareto: readonly ParetoGoal[];
  readonly report: ReportSettings;
  readonly budget: Budget;
  readonly published: readonly PublishedValue[];
  /** A search for the saturating rate: no file says it, the command does. */
  readonly saturation?: SaturationQuestion;
  readonly warnings: readonly Problem[];
  /** Where each resolved key's value came from: flag, profile, file, what it extends, default, or the sweep. */
  readonly origins: Readonly<Record<string, ValueOrigin>>;
  /** The file's path and bytes, and those of the files it extends, the nearest first. */
  readonly source: ExperimentSource;
}

/** What a run may take before no further trial is started; undefined: without limit. */
export interface Budget {
  readonly wallMs: number | undefined;
  readonly diskBytes: number | undefined;
}

/** One thing wrong, or weak, in what a person wrote. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly suggestion?: string;
}

export type Resolution =
  | { readonly ok: true; readonly experiment: Experiment }
  | { readonly ok: false; readonly problems: readonly Problem[] };

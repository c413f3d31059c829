/**
 * What the command line and the runner say to each other: options going in, progress coming out, a result at the end.
 * Neither knows how the other does its work, so a test can stand in for either.
 */
import type { TrialRecord, TrialSummary } from "../results/record/run-folder";
import type { InterruptedRun } from "./resume";
import type { Experiment } from "./spec/experiment";

export type Phase = "start" | "preload" | "warmup" | "measure" | "drain" | "inspect" | "report";

interface TrialPosition {
  /** Cell id. */
  readonly cell: string;
  /** From 1. */
  readonly repetition: number;
  /** Position in the plan, from 0, of `total` trials; of a search these are guessed. */
  readonly index: number;
  readonly total: number;
}

export type ProgressEvent =
  /** Once, before the first trial: of the run's `trials`, `done` stand on disk (`reused` of them from earlier runs), `failed` stay so, `left` are to be carried out. */
  | {
      readonly kind: "planned";
      readonly trials: number;
      readonly done: number;
      readonly reused: number;
      readonly failed: number;
      readonly left: number;
    }
  | ({ readonly kind: "trial-started"; readonly trial: string } & TrialPosition)
  | ({
      readonly kind: "trial-progress";
      readonly phase: Phase;
      /** Since the start of the trial, of what it is planned to take. */
      readonly elapsedMs: number;
      readonly totalMs: number;
      /** Completed so far in this trial. */
      readonly operations: number;
    } & TrialPosition)
  | ({ readonly kind: "trial-done"; readonly elapsedMs: number; readonly operations: number } & TrialPosition)
  | ({ readonly kind: "trial-failed"; readonly reason: string } & TrialPosition)
  /** What a search did or learned; further fields by `step`: see `quorumlab saturate`. */
  | {
      readonly kind: "search";
      readonly step: "trying" | "judged" | "over";
      /** Cell id without the rate; empty where there is one search. */
      readonly curve: string;
      readonly message: string;
      readonly ratePerSecond?: number;
      readonly why?: string;
      readonly verdict?: string;
      readonly met?: number;
      readonly failed?: number;
      readonly undecided?: number;
      readonly outcome?: string;
      readonly highestMet?: number;
      readonly lowestFailed?: number;
    }
  | { readonly kind: "log"; readonly level: "info" | "warning"; readonly message: string };

/** A trial of this run that has ended. */
export interface EndedTrial {
  readonly record: TrialRecord;
  /** null when it failed. */
  readonly summary: TrialSummary | null;
}

/** The next trials of a run that decides while it goes on. */
export interface Stage {
  /** With every cell that was wanted so far. */
  readonly experiment: Experiment;
  readonly trials: readonly { readonly cell: string; readonly repetition: number }[];
  /** How many may follow them: for the time left. */
  readonly expected: number;
}

/** Called when all trials so far have ended; undefined: there is nothing more to run. */
export type NextStage = (ended: readonly EndedTrial[]) => Stage | undefined;

export interface RunOptions {
  /** Folder below which `<experiment>/<run id>/` is made. */
  readonly resultsRoot: string;
  /** The command line, for the manifest. */
  readonly argv: readonly string[];
  readonly note?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly onError: "continue" | "stop";
  /** Simulated trials at once; as many as there are cores when left out. */
  readonly jobs?: number;
  /** In place of the experiment's own plan: the cells and repetitions that this asks for, stage by stage. */
  readonly nextStage?: NextStage;
  /** Simulated trials that an earlier run of the experiment left whole are taken as they are. */
  readonly reuse?: boolean;
  /** The run that goes on, in place of a new one; the experiment is the one that it keeps. */
  readonly resumed?: InterruptedRun;
  /** Keeps the schedule of the first cell's first repetition there, as a trace. */
  readonly recordTrace?: string;
  readonly progress: (event: ProgressEvent) => void;
  /** Aborted by the first Ctrl-C: finish the journal, stop every process, resolve with exit 130. */
  readonly signal: AbortSignal;
}

export interface RunResult {
  /** The run's folder. */
  readonly folder: string;
  /** The run's id. */
  readonly run: string;
  /** The report's file; empty when none was written. */
  readonly report: string;
  readonly exit: 0 | 1 | 3 | 4 | 130;
  /** Why the exit code is 1 or 4, one line. */
  readonly because?: string;
  /** Why no further trial was started, where the run stopped itself. */
  readonly stopped?: string;
  /** One line for each trial that failed. */
  readonly failures: readonly string[];
  /** Trials that earlier runs had made. */
  readonly reused?: number;
  /** Planned, and of these ended, well or not. */
  readonly trials?: number;
  readonly ended?: number;
}

/** Runs all trials of an experiment and writes its run folder. Throws only for what stops it before the first trial. */
export type RunExperiment = (experiment: Experiment, options: RunOptions) => Promise<RunResult>;

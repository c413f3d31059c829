/**
 * Which trials an experiment means, in which order, under which names. A trial is addressed by what went into it: the
 * hash of the resolved cell, the seed and the version of the engine's semantics; for real processes also a nonce of the
 * execution, because the machine's state is an input that nobody can write down. Equal repetitions of all cells share a
 * seed, which is what makes comparing them a paired comparison.
 *
 * Trials of processes are interleaved: every repetition runs all cells, in an order of its own drawn from the seed, so
 * that a machine that warms up or gets company does so for all cells alike.
 */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { Random } from "../engine/vocabulary/random";
import { formatDuration } from "../engine/vocabulary/quantities";
import { SEMANTICS_VERSION } from "../engine/vocabulary/semantics";
import { metricsToCompare } from "../results/record/metrics";
import { REPETITIONS_FOR_INTERVAL } from "../results/statistics/summarise";
import type { WorkloadSettings } from "../workloads/settings";
import type { Cell, Experiment, World } from "./spec/experiment";
import { trialBytes, trialMs } from "./trial-time";

export interface PlannedTrial {
  /** First 12 hexadecimal digits of the hash. */
  readonly id: string;
  /** Position in the order of execution, from 0. */
  readonly index: number;
  readonly cell: Cell;
  /** From 1. */
  readonly repetition: number;
  /** Seed of the trial: the same for equal repetitions of every cell. */
  readonly seed: number;
  /** Metrics that the experiment claims (see `claims.ts`): what is claimed must be worth it. No part of the address. */
  readonly claims?: readonly string[];
}

/** All trials in order of execution. `nonce`: any text, new for every execution of real processes. */
export function planTrials(experiment: Experiment, nonce: string): readonly PlannedTrial[] {
  const root = Random.fromSeed(experiment.seed);
  const trials: PlannedTrial[] = [];
  for (let repetition = 1; repetition <= experiment.repetitions; repetition++) {
    const seed = seedOf(experiment, repetition);
    for (const cell of shuffled(experiment.cells, root.fork(`order/${repetition}`))) {
      trials.push({ id: trialId(cell, seed, nonce), index: trials.length, cell, repetition, seed });
    }
  }
  return trials;
}

/** The same for a repetition of every cell. */
export function seedOf({ seed }: Pick<Experiment, "seed">, repetition: number): number {
  return Random.fromSeed(seed).fork(`repetition/${repetition}`).nextUint32();
}

/** Fisher and Yates. */
function shuffled(cells: readonly Cell[], random: Random): readonly Cell[] {
  const order = [...cells];
  for (let i = order.length - 1; i > 0; i--) {
    // The bias of a 32-bit modulus over a few thousand cells is far below one in a million.
    const j = random.nextUint32() % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Of what decides a trial's history, and nothing else: names and notes may be reworded. */
export function trialId(cell: Cell, seed: number, nonce: string): string {
  const { axes, world, target, cluster, pin, phases, measure, faults } = cell;
  const { notes: _notes, ...workload } = withoutPath(cell.workload);
  const content = {
    axes,
    world,
    // None for the engine, whose trials are addressed as they were before there was a choice.
    target,
    cluster,
    pin,
    workload,
    phases,
    measure,
    faults,
    seed,
    semantics: SEMANTICS_VERSION,
  };
  const addressed = world === "processes" ? { ...content, nonce } : content;
  return createHash("sha256").update(canonicalJson(addressed)).digest("hex").slice(0, 12);
}

/** Which operations a trace holds is said by its digest, wherever it lies. */
function withoutPath(workload: WorkloadSettings): WorkloadSettings {
  const { mixture } = workload;
  if (mixture?.name !== "trace") return workload;
  return { ...workload, notes: [], name: "trace", mixture: { ...mixture, path: "" } };
}

/** JSON with sorted keys, no blanks, and without undefined members: equal values have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

export interface PlanEstimate {
  readonly cells: number;
  readonly trials: number;
  /** Of them, those that stand on disk; all else here is of the others. */
  readonly cached: number;
  /** Trials of the same cells that time and bytes are reckoned from; 0: from a model alone. */
  readonly pastTrials: number;
  readonly seconds: number;
  /** Of them. */
  readonly processesSeconds: number;
  readonly simulationSeconds: number;
  /** Smallest two-sided p a signed-rank test over the repetitions can give, and what Holm's first step makes of it. */
  readonly smallestP: number;
  readonly smallestAdjustedP: number;
  /** On disk, roughly. */
  readonly bytes: number;
  /** Cells against a baseline, times the metrics compared; fewer come about where a metric has no value. */
  readonly comparisons: number;
  readonly warnings: readonly string[];
}

/** What is known before anything is run: see `past-trials.ts`. */
export interface Known {
  /** Ids of trials that need not be carried out. */
  readonly cached: ReadonlySet<string>;
  /** Trials that are known to have taken what `of` says. */
  readonly count: number;
  of(cell: Cell): { readonly ms: number; readonly bytes: number } | undefined;
}

const NOTHING_KNOWN: Known = { cached: new Set(), count: 0, of: () => undefined };

/**
 * What a plan will take, and whether it can answer anything. `jobs`: simulated trials at once; trials of processes have
 * the machine for themselves, one after the other. What stands on disk takes nothing.
 */
export function estimatePlan(
  experiment: Experiment,
  jobs: number = availableParallelism(),
  known: Known = NOTHING_KNOWN,
): PlanEstimate {
  const { cells, repetitions, analysis } = experiment;
  const trials = cells.length * repetitions;
  const left = planTrials(experiment, "estimate").filter(({ id }) => !known.cached.has(id));
  const expected = expectation(cells, known);
  const secondsIn = (world: World): number =>
    left.reduce((total, { cell }) => total + (cell.world === world ? expected(cell).ms : 0), 0) / 1_000;
  const processesSeconds = secondsIn("processes");
  const simulated = left.filter(({ cell }) => cell.world === "simulation").length;
  const simulationSeconds = secondsIn("simulation") / Math.max(1, Math.min(jobs, simulated));
  // Each cell against the baseline in each of the metrics compared: Holm corrects over all of them together.
  const metrics = metricsToCompare(experiment.report.headline).length;
  const comparisons = (cells.length - 1) * metrics;
  const smallestP = Math.min(1, 2 / 2 ** repetitions);
  const smallestAdjustedP = Math.min(1, smallestP * Math.max(1, comparisons));
  const warnings: string[] = [];
  if (comparisons > 0 && smallestAdjustedP > analysis.alpha) {
    const needed = Math.ceil(Math.log2((2 * comparisons) / analysis.alpha));
    const each = `${comparisons} comparisons (Holm, ${metrics} ${metrics === 1 ? "metric" : "metrics"})`;
    warnings.push(
      `repetitions.count ${repetitions} cannot show a significant difference between cells: the smallest p is ` +
        `${round(smallestP)}, over ${each} ${round(smallestAdjustedP)}, above alpha ${analysis.alpha}; use ${needed} or more`,
    );
  }
  const seconds = processesSeconds + simulationSeconds;
  const bytes = left.reduce((total, { cell }) => total + expected(cell).bytes, 0);
  warnings.push(...budgetWarnings(experiment, { seconds, bytes }), ...percentileWarnings(experiment));
  return {
    cells: cells.length,
    trials,
    cached: trials - left.length,
    pastTrials: known.count,
    bytes,
    seconds,
    processesSeconds,
    simulationSeconds,
    smallestP,
    smallestAdjustedP,
    comparisons,
    warnings,
  };
}

/** Of a trial of a cell: what others of it took, else the model, corrected by what it was wrong by for cells that have run. */
function expectation(
  cells: readonly Cell[],
  known: Known,
): (cell: Cell) => { readonly ms: number; readonly bytes: number } {
  const correction = (world: World, of: "ms" | "bytes", model: (cell: Cell) => number): number => {
    const ran = cells.filter((cell) => cell.world === world && known.of(cell) !== undefined);
    const modelled = ran.reduce((sum, cell) => sum + model(cell), 0);
    return modelled === 0 ? 1 : ran.reduce((sum, cell) => sum + known.of(cell)![of], 0) / modelled;
  };
  const wrongBy = new Map(
    (["processes", "simulation"] as const).map((world) => [
      world,
      { ms: correction(world, "ms", trialMs), bytes: correction(world, "bytes", trialBytes) },
    ]),
  );
  const expected = new Map(
    cells.map((cell) => {
      const { ms, bytes } = wrongBy.get(cell.world)!;
      return [cell.id, known.of(cell) ?? { ms: ms * trialMs(cell), bytes: bytes * trialBytes(cell) }];
    }),
  );
  return (cell) => expected.get(cell.id)!;
}

function budgetWarnings(
  { budget: { wallMs, diskBytes } }: Experiment,
  { seconds, bytes }: { readonly seconds: number; readonly bytes: number },
): readonly string[] {
  const ends = "the run stops starting trials when it is used up";
  return [
    ...(wallMs !== undefined && seconds * 1_000 > wallMs
      ? [
          `budget.wall is ${formatDuration(wallMs)}, and the estimate is ${formatDuration(Math.round(seconds) * 1_000)}: ${ends}`,
        ]
      : []),
    ...(diskBytes !== undefined && bytes > diskBytes
      ? [`budget.disk is ${bytesInWords(diskBytes)}, and the estimate is ${bytesInWords(bytes)}: ${ends}`]
      : []),
  ];
}

/** Objectives on a median that no outcome of so few repetitions can decide. */
function percentileWarnings({ objectives, repetitions }: Experiment): readonly string[] {
  if (repetitions >= REPETITIONS_FOR_INTERVAL) return [];
  const medians = objectives.filter((one) => one.repetitions === "median").map(({ id }) => id);
  if (medians.length === 0) return [];
  return [
    `repetitions.count ${repetitions} decides no objective on a median (${medians.join(", ")}), whose interval takes ${REPETITIONS_FOR_INTERVAL}: they will be inconclusive`,
  ];
}

/** `1.2 GB`: for estimates, two digits. */
export function bytesInWords(bytes: number): string {
  const [unit, size] = (
    [
      ["GB", 1e9],
      ["MB", 1e6],
      ["kB", 1e3],
    ] as const
  ).find(([, one]) => bytes >= one) ?? ["B", 1];
  return `${Number((bytes / size).toPrecision(2))} ${unit}`;
}

function round(p: number): string {
  return String(Number(p.toPrecision(2)));
}

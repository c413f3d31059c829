/** `quorumlab plan`: what a run would do, how long it would take, and whether it could show anything. */
import { resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import type { PlanEstimate, PlannedTrial } from "../plan";
import type { Experiment } from "../spec/experiment";
import { common, next, outPaint, printJson, type CommandContext } from "./command";
import { RESULTS_ROOT } from "./find-run";
import { columnsOf } from "./io";
import { plural } from "./problem-lines";
import { forShell, resolveFor, sameRun, shapeOptions, type ShapeOptions } from "./resolve-options";
import { seconds, textTable } from "./table";

interface Options extends ShapeOptions {
  readonly table?: boolean;
  readonly jobs?: number;
  readonly fresh?: boolean;
  readonly out: string;
}

/** Cells shown without --table. */
const CELLS_SHOWN = 24;

export function definePlan(program: Command, context: CommandContext): void {
  const command = program
    .command("plan")
    .description(
      "a dry run: cells, trials, what is there already, an estimate of time and disk, what could become significant",
    )
    .argument("<file>", "experiment file, or a name of the catalogue")
    .option("--table", "every trial in the order it would run")
    .option("-j, --jobs <number>", "simulated trials at once; as many as there are cores when left out", readJobs)
    .option("--fresh", "as a run with --fresh, which takes no trial of earlier runs")
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .action((file: string, options: Options) => plan(file, options, context));
  common(shapeOptions(command), [
    ["quorumlab plan quickstart", "cells and time of the first experiment"],
    ["quorumlab plan my.yaml --profile smoke", "of a profile"],
    ["quorumlab plan my.yaml --only r=1 --table", "some cells, every trial"],
  ]);
}

function plan(file: string, options: Options, context: CommandContext): void {
  const experiment = resolveFor(file, options, context);
  if (experiment === undefined) return;
  const { estimatePlan, planTrials } = require("../plan") as typeof import("../plan");
  const { io } = context;
  const { pastTrials } = require("../past-trials") as typeof import("../past-trials");
  const trials = planTrials(experiment, "plan");
  const past = pastTrials(resolve(io.cwd, options.out), experiment, trials);
  const known = options.fresh === true ? { ...past, cached: new Set<string>() } : past;
  const estimate = estimatePlan(experiment, options.jobs, known);
  if (options.json === true) {
    printJson(io, planDocument(experiment, estimate, trials, known.cached));
    return;
  }
  const paint = outPaint(context, options);
  const { repetitions } = experiment;
  io.stdout.write(
    `${paint.bold(experiment.name)}   ${axesText(experiment)} → ${cellsText(experiment)} × ${plural(repetitions, "repetition")} = ${plural(trials.length, "trial")}${cachedText(estimate)}\n` +
      `${timeText(estimate, options.jobs)}\n${diskText(experiment, estimate)}\n`,
  );
  for (const [axis, text] of Object.entries(experiment.ranges)) io.stdout.write(`range  ${axis}: ${text}\n`);
  if (estimate.comparisons > 0) {
    const verdict = estimate.smallestAdjustedP > experiment.analysis.alpha ? "" : ` < ${experiment.analysis.alpha} ok`;
    io.stdout.write(
      `power  paired tests: smallest p ${number(estimate.smallestP)}, ×${plural(estimate.comparisons, "comparison")} (Holm) = ${number(estimate.smallestAdjustedP)}${verdict}\n`,
    );
  }
  const { hottestKeyLines } = require("./hottest-key") as typeof import("./hottest-key");
  for (const line of hottestKeyLines(experiment.cells)) io.stdout.write(`${line}\n`);
  for (const warning of estimate.warnings) io.stdout.write(`${paint.yellow("warning")}  ${warning}\n`);
  io.stdout.write(
    options.table === true ? trialTable(trials, known.cached, columnsOf(io)) : cellTable(experiment, columnsOf(io)),
  );
  next(io, nextRun(file, options));
}

function nextRun(file: string, options: Options): string {
  const { budget, fresh, out } = options;
  const more = [
    ...(budget === undefined ? [] : [`--budget ${budget}`]),
    ...(fresh === true ? ["--fresh"] : []),
    ...(out === RESULTS_ROOT ? [] : [`-o ${forShell(out)}`]),
  ];
  return [sameRun(file, options), ...more].join(" ");
}

function readJobs(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("allowed: a number of at least 1");
  return Number(text);
}

/** `2 axes`, `1 zipped axis`, `2 axes (1 zipped)`: a group whose keys vary together is one axis. */
function axesText({ axisGroups }: Experiment): string {
  if (axisGroups.length === 0) return "no axes";
  const zipped = axisGroups.filter((group) => group.length > 1).length;
  if (axisGroups.length === 1) return zipped === 1 ? "1 zipped axis" : "1 axis";
  return `${axisGroups.length} axes${zipped === 0 ? "" : ` (${zipped} zipped)`}`;
}

/** What a run says, too. */
export function cachedText({ cached, trials }: Pick<PlanEstimate, "cached" | "trials">): string {
  return cached === 0 ? "" : `  (${cached} reused, ${trials - cached} to run)`;
}

function timeText(
  { trials, cached, pastTrials, processesSeconds, simulationSeconds }: PlanEstimate,
  jobs: number | undefined,
): string {
  if (cached === trials) return "nothing is left to run: a run takes all trials as they are (--fresh makes them again)";
  const from = pastTrials > 0 ? ` (from ${plural(pastTrials, "past trial")})` : "";
  const processes = `est. ${seconds(processesSeconds)} on real processes, one trial after the other${from}`;
  if (simulationSeconds === 0) return processes;
  const at =
    jobs === undefined
      ? "one trial a core at once"
      : jobs === 1
        ? "one trial after the other"
        : `${jobs} trials at once`;
  const basis = pastTrials > 0 ? from : "; a rough estimate at thirty thousand operations a second and core";
  const simulated = `est. ${seconds(simulationSeconds)} of simulating, ${at}${basis}`;
  return processesSeconds === 0 ? simulated : `${processes}\n${simulated}`;
}

/** `24 cells − 1 excluded = 23 cells`; `--only` comes off as well. */
function cellsText({ cells, excluded, combinations }: Experiment): string {
  const kept = plural(cells.length, "cell");
  const notAsked = combinations - excluded - cells.length;
  if (excluded === 0 && notAsked === 0) return kept;
  const parts = [
    plural(combinations, "cell"),
    ...(excluded === 0 ? [] : [`${excluded} excluded`]),
    ...(notAsked === 0 ? [] : [`${notAsked} not asked for`]),
  ];
  return `${parts.join(" − ")} = ${kept}`;
}

function diskText({ budget: { wallMs, diskBytes } }: Experiment, { bytes }: PlanEstimate): string {
  const { bytesInWords } = require("../plan") as typeof import("../plan");
  const limits = [
    ...(wallMs === undefined ? [] : [`wall ${seconds(wallMs / 1_000)}`]),
    ...(diskBytes === undefined ? [] : [`disk ${bytesInWords(diskBytes)}`]),
  ];
  return `about ${bytesInWords(bytes)} on disk${limits.length === 0 ? "" : `; budget: ${limits.join(", ")}`}`;
}

function cellTable(experiment: Experiment, columns: number): string {
  const { axisKeys, cells } = experiment;
  const rows = cells
    .slice(0, CELLS_SHOWN)
    .map((cell) => [
      cell.id,
      ...axisKeys.map((axis) => String(cell.axes[axis])),
      cell.id === experiment.baseline ? "← baseline" : "",
    ]);
  const more = cells.length > CELLS_SHOWN ? `  … and ${cells.length - CELLS_SHOWN} more (--table)\n` : "";
  return textTable(["cell", ...axisKeys, ""], rows, columns) + more;
}

function trialTable(trials: readonly PlannedTrial[], cached: ReadonlySet<string>, columns: number): string {
  const rows = trials.map((trial) => [
    String(trial.index + 1),
    trial.cell.id,
    String(trial.repetition),
    String(trial.seed),
    cached.has(trial.id) ? "reused" : "",
  ]);
  return textTable(["#", "cell", "repetition", "seed", ""], rows, columns);
}

function planDocument(
  experiment: Experiment,
  estimate: PlanEstimate,
  trials: readonly PlannedTrial[],
  cached: ReadonlySet<string>,
): unknown {
  return {
    schema: "quorumlab/plan@1",
    experiment: experiment.name,
    profile: experiment.profile,
    seed: experiment.seed,
    cells: estimate.cells,
    excluded: experiment.excluded,
    trials: estimate.trials,
    cached: estimate.cached,
    to_run: estimate.trials - estimate.cached,
    past_trials: estimate.pastTrials,
    estimate_s: estimate.seconds,
    estimate_bytes: estimate.bytes,
    budget: { wall_s: wall(experiment), disk_bytes: experiment.budget.diskBytes ?? null },
    estimate_by_world_s: { processes: estimate.processesSeconds, simulation: estimate.simulationSeconds },
    smallest_p: estimate.smallestP,
    smallest_p_adjusted: estimate.smallestAdjustedP,
    warnings: [...experiment.warnings.map((problem) => problem.message), ...estimate.warnings],
    ranges: experiment.ranges,
    cell_list: experiment.cells.map((cell) => ({
      id: cell.id,
      axes: cell.axes,
      baseline: cell.id === experiment.baseline,
    })),
    order: trials.map((trial) => ({
      cell: trial.cell.id,
      repetition: trial.repetition,
      seed: trial.seed,
      cached: cached.has(trial.id),
    })),
  };
}

function wall({ budget: { wallMs } }: Experiment): number | null {
  return wallMs === undefined ? null : wallMs / 1_000;
}

function number(p: number): string {
  return String(Number(p.toPrecision(2)));
}

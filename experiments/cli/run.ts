/**
 * `quorumlab run`: all trials of an experiment, then its report. The first Ctrl-C finishes the journal and stops every
 * process, the second ends at once.
 */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { makeFolders } from "../../results/record/files";
import type { PlanEstimate } from "../plan";
import type { Experiment } from "../spec/experiment";
import { carryOptions, carryOut, type CarryOptions } from "./carry-out";
import { collect, common, errPaint, type CommandContext } from "./command";
import { plural } from "./problem-lines";
import { resolveFor, shapeOptions, type ShapeOptions } from "./resolve-options";
import { seconds } from "./table";
import { systemMessage, UserError } from "./user-error";

interface Options extends ShapeOptions, CarryOptions {
  readonly tag?: readonly string[];
  readonly note?: string;
  readonly onError: "continue" | "stop";
  readonly fresh?: boolean;
  readonly raw?: string;
  readonly recordTrace?: string;
}

export function defineRun(program: Command, context: CommandContext): void {
  const command = program
    .command("run")
    .description("run every trial of an experiment, simulated or on real processes, and write the report")
    .argument("<file>", "experiment file, or a name of the catalogue")
    .option("--tag <key=value>", "label this run; may be repeated", collectTag)
    .option("-m, --note <text>", "a note kept with this run")
    .addOption(
      new Option("--on-error <what>", "after a trial that failed").choices(["continue", "stop"]).default("continue"),
    )
    .option("--fresh", "make simulated trials again that earlier runs of the experiment have left")
    .option("--raw <history>", "keep the raw history: none, keys:5% or all (short for -S measure.raw.history=…)")
    .option("--record-trace <file>", "keep what is due when in the first cell's first trial (.jsonl, .csv)", traceFile)
    .action((file: string, options: Options) => run(file, options, context));
  common(carryOptions(shapeOptions(command)), [
    ["quorumlab run quickstart", "the first experiment, about a minute"],
    ["quorumlab run my.yaml --profile smoke", "a short version that the file defines"],
    ["quorumlab run my.yaml -S r=1 -S workload.rate=2000/s", "with keys changed"],
    ["quorumlab run my.yaml --only r=1 --tag paper=s4 -m 'new disk'", "some cells, labelled"],
    ["quorumlab run my.yaml --fresh", "without the simulated trials of earlier runs"],
    ["quorumlab run my.yaml --only r=1 --record-trace day.jsonl", "and a trace for workload.trace"],
  ]);
}

function collectTag(value: string, before?: readonly string[]): readonly string[] {
  if (!/^[\w.-]+=/.test(value)) throw new InvalidArgumentError("write key=value, such as --tag paper=section-4");
  return collect(value, before);
}

async function run(file: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  // Something to look at while the rest is loaded.
  if (io.stderr.isTTY) io.stderr.write(`reading ${file}\n`);
  const sets =
    options.raw === undefined ? (options.set ?? []) : [...(options.set ?? []), `measure.raw.history=${options.raw}`];
  const experiment = resolveFor(file, { ...options, set: sets }, context);
  if (experiment === undefined) return;
  checkTraceWanted(experiment, options.recordTrace, context);
  announce(experiment, options, context);

  makeResultsFolder(resolve(io.cwd, options.out));
  await carryOut(
    experiment,
    {
      argv: ["quorumlab", ...context.argv],
      ...(options.note === undefined ? {} : { note: options.note }),
      tags: { ...experiment.tags, ...Object.fromEntries((options.tag ?? []).map(splitTag)) },
      onError: options.onError,
      reuse: options.fresh !== true,
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
      ...(options.recordTrace === undefined ? {} : { recordTrace: resolve(io.cwd, options.recordTrace) }),
    },
    options,
    context,
    () => {
      if (options.recordTrace !== undefined) tellTrace(experiment, options.recordTrace, context);
    },
  );
}

/** Throws {@link UserError} with advice. */
export function makeResultsFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    const { path } = error as NodeJS.ErrnoException;
    throw new UserError(systemMessage(error) ?? `${path ?? folder}: cannot be made; choose another folder with -o DIR`);
  }
}

function traceFile(value: string): string {
  if (!/\.(jsonl|csv)$/i.test(value)) throw new InvalidArgumentError("name a file that ends in .jsonl or .csv");
  return value;
}

/** Before anything is run: a trial whose trace has no place to go to, or none that one driver knows. */
function checkTraceWanted({ cells }: Experiment, wanted: string | undefined, { io }: CommandContext): void {
  if (wanted === undefined) return;
  const folder = dirname(resolve(io.cwd, wanted));
  if (!existsSync(folder)) throw new UserError(`--record-trace ${wanted}: there is no folder ${folder}`);
  if ((cells[0].workload.loadProcesses ?? 1) > 1)
    throw new UserError("--record-trace keeps what one driver has due; set workload.load_processes: 1");
}

function tellTrace({ cells }: Experiment, wanted: string, { io }: CommandContext): void {
  if (!existsSync(resolve(io.cwd, wanted))) return;
  const { load, mixture } = cells[0].workload;
  const closed =
    load.model === "open" || mixture?.name === "trace"
      ? ""
      : ` (of a ${load.model} load: a trial that follows it is open)`;
  io.stderr.write(`recorded: ${wanted}, of ${cells[0].id}, repetition 1${closed}\n`);
}

function splitTag(tag: string): readonly [string, string] {
  const at = tag.indexOf("=");
  return [tag.slice(0, at), tag.slice(at + 1)];
}

function announce(experiment: Experiment, options: Options, context: CommandContext): void {
  const { estimatePlan, planTrials } = require("../plan") as typeof import("../plan");
  const { NO_PAST, pastTrials } = require("../past-trials") as typeof import("../past-trials");
  const { io } = context;
  const root = resolve(io.cwd, options.out);
  // The checksums are looked at when a trial is taken.
  const past = pastTrials(root, experiment, planTrials(experiment, "announced"), { quick: true });
  const cached = options.fresh === true ? NO_PAST.cached : past.cached;
  const estimate = estimatePlan(experiment, options.jobs, { ...past, cached });
  const paint = errPaint(context, options);
  const { cells, repetitions, name } = experiment;
  for (const warning of estimate.warnings) io.stderr.write(`${paint.yellow("warning")}  ${warning}\n`);
  const { hottestKeyLines } = require("./hottest-key") as typeof import("./hottest-key");
  for (const line of hottestKeyLines(cells)) io.stderr.write(`${line}\n`);
  io.stderr.write(
    `${paint.bold(name)}   ${plural(cells.length, "cell")} × ${plural(repetitions, "repetition")} = ${plural(estimate.trials, "trial")} ${whereText(experiment)}, ${lengthText(estimate)}\n`,
  );
}

function lengthText({ cached, trials, seconds: left }: PlanEstimate): string {
  if (cached === trials) return "all of them there already";
  return `about ${seconds(left)}${cached === 0 ? "" : ` for ${trials - cached} of them`}`;
}

function whereText({ cells }: Experiment): string {
  const worlds = new Set(cells.map(({ world }) => world));
  if (worlds.size > 1) return "on real processes and in simulation";
  return worlds.has("processes") ? "on real processes" : "in simulation";
}

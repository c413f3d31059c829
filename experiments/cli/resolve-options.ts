/**
 * The options that shape an experiment (`-S`, `--profile`, `--only`, `--seed`) are the same for planning and running, so
 * that a plan is a plan of the run that follows it.
 */
import { InvalidArgumentError, type Command } from "commander";
import type { Experiment, Problem } from "../spec/experiment";
import { collect, errPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { readExperimentFile } from "./experiment-file";
import { countProblems, explainable, problemLine } from "./problem-lines";

export interface ShapeOptions extends CommonOptions {
  readonly set?: readonly string[];
  readonly profile?: string;
  readonly only?: readonly string[];
  readonly seed?: number;
  readonly budget?: string;
}

export function shapeOptions(command: Command): Command {
  return command
    .option("-S, --set <key=value>", "change a key, such as -S r=2 or -S workload.rate=500/s; may be repeated", collect)
    .option("-p, --profile <name>", "one of the file's profiles, such as smoke")
    .option("--only <axis=value>", "only the cells that meet this; may be repeated", collect)
    .option("--budget <time>", "start no further trial after it, such as 10m (short for -S budget.wall=…)")
    .option("--seed <number>", "the root of all randomness", readSeed);
}

function readSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw new InvalidArgumentError(`allowed: an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  return seed;
}

/** `quorumlab run FILE` with the options that shaped what was just told, as it can be typed: without them it runs something else. */
export function sameRun(file: string, { profile, only = [], seed, set = [] }: ShapeOptions): string {
  const words = ["quorumlab", "run", file];
  if (profile !== undefined) words.push("--profile", profile);
  if (seed !== undefined) words.push("--seed", String(seed));
  for (const one of set) words.push("-S", one);
  for (const one of only) words.push("--only", one);
  return words.map(forShell).join(" ");
}

export function forShell(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The experiment, or undefined after telling every problem and choosing exit code 2. */
export function resolveFor(typed: string, options: ShapeOptions, context: CommandContext): Experiment | undefined {
  const { resolveExperiment } = require("../spec/resolve") as typeof import("../spec/resolve");
  const { io } = context;
  const { path, text } = readExperimentFile(typed, io);
  const { only = [], profile, seed, budget } = options;
  const sets = [...(options.set ?? []), ...(budget === undefined ? [] : [`budget.wall=${budget}`])];
  const resolution = resolveExperiment({
    path,
    text,
    sets,
    only,
    ...(profile === undefined ? {} : { profile }),
    ...(seed === undefined ? {} : { seed }),
  });
  const problems: readonly Problem[] = resolution.ok ? resolution.experiment.warnings : resolution.problems;
  const paint = errPaint(context, options);
  if (resolution.ok || options.json !== true)
    for (const problem of problems) io.stderr.write(problemLine(problem, paint));
  if (resolution.ok) return resolution.experiment;
  if (options.json === true) printJson(io, { schema: "quorumlab/validate@1", ok: false, problems });
  const about = explainable(problems);
  io.stderr.write(
    `${countProblems(problems)}; nothing was done${about === undefined ? "" : `      (quorumlab explain ${about})`}\n`,
  );
  context.exit(2);
  return undefined;
}

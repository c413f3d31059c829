/**
 * `quorumlab resume`: an interrupted run goes on in its own folder, with the plan that stands there, from the first trial that has no end.
 * What was typed for the run holds for its continuation; only how it is carried out can be said anew.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { parseDurationMs } from "../../engine/vocabulary/quantities";
import type { InterruptedRun } from "../resume";
import type { Experiment } from "../spec/experiment";
import { carryOptions, carryOut, type CarryOptions } from "./carry-out";
import { common, errPaint, type CommandContext } from "./command";
import { shownPath } from "./experiment-file";
import { findRun } from "./find-run";
import { UserError } from "./user-error";

interface Options extends CarryOptions {
  readonly retryFailed?: boolean;
  readonly onError?: "continue" | "stop";
  /** Milliseconds; Infinity: none. */
  readonly budget?: number;
}

export function defineResume(program: Command, context: CommandContext): void {
  const command = program
    .command("resume")
    .description("continue an interrupted run in its own folder, with the plan that it has")
    .argument(
      "[run]",
      "a run's folder, id or its beginning, or <experiment>@latest; the latest interrupted one when left out",
    )
    .option("--retry-failed", "carry out again what failed, too")
    .option("--budget <time>", "start no further trial after it, such as 10m; none lifts the file's", readBudget)
    .addOption(
      new Option("--on-error <what>", "after a trial that failed; as the run had it").choices(["continue", "stop"]),
    )
    .action((run: string | undefined, options: Options) => resume(run, options, context));
  common(carryOptions(command), [
    ["quorumlab resume", "the latest run that was interrupted"],
    ["quorumlab resume partition-siblings@latest", "the latest of an experiment"],
    ["quorumlab resume 20261123T04 --retry-failed", "by the beginning of its id, and what failed once more"],
    ["quorumlab resume --budget 10m", "for ten minutes"],
  ]);
}

function readBudget(text: string): number {
  if (text === "none") return Infinity;
  const ms = parseDurationMs(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError("write a time such as 10m, or none");
  return ms;
}

async function resume(typed: string | undefined, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  const root = resolve(io.cwd, options.out);
  const retryFailed = options.retryFailed === true;
  const folder = chosen(typed, root, retryFailed, options, context);
  const interrupted = open(folder, retryFailed);
  const { manifest, plan, account } = interrupted;
  warnOfOtherCode(interrupted, options, context);
  const { leftOf } = require("../resume") as typeof import("../resume");
  const { done, failed, left } = leftOf(plan, account);
  const failedText = failed === 0 ? "" : `, ${failed} failed${retryFailed ? " and to be tried again" : ""}`;
  io.stderr.write(
    `${errPaint(context, options).bold(manifest.experiment)}  ${manifest.run}   ${done} of ${plan.length} trials done${failedText}, ${left} left\n`,
  );
  const { options: kept } = interrupted;
  const { onError = kept.onError, jobs = kept.jobs } = options;
  await carryOut(
    withBudget(interrupted.experiment, options.budget),
    {
      argv: ["quorumlab", ...context.argv],
      tags: manifest.tags,
      ...kept,
      onError,
      ...(jobs === undefined ? {} : { jobs }),
      resumed: interrupted,
    },
    // The run's own place, however it was named.
    { ...options, out: dirname(dirname(folder)) === root ? options.out : dirname(dirname(folder)) },
    context,
  );
}

/** Of this sitting: what earlier ones took is not counted. */
function withBudget(experiment: Experiment, wallMs: number | undefined): Experiment {
  if (wallMs === undefined) return experiment;
  const { diskBytes } = experiment.budget;
  return { ...experiment, budget: { wallMs: wallMs === Infinity ? undefined : wallMs, diskBytes } };
}

/** Throws {@link UserError}. */
function open(folder: string, retryFailed: boolean): InterruptedRun {
  const { openInterrupted } = require("../resume") as typeof import("../resume");
  try {
    return openInterrupted(folder, retryFailed);
  } catch (error) {
    if (error instanceof Error && error.name === "NotResumable") throw new UserError(error.message);
    throw error;
  }
}

/** The same semantics do not make the same program: what measures, and how fast, may have changed between two sittings. */
function warnOfOtherCode({ manifest, plan }: InterruptedRun, options: Options, context: CommandContext): void {
  const { codeProvenance, machineProvenance } = require("../provenance") as typeof import("../provenance");
  const { code } = codeProvenance();
  const warn = (text: string): void =>
    void context.io.stderr.write(`${errPaint(context, options).yellow("warning")}  ${text}\n`);
  const before = manifest.quorumlab;
  if (code.version !== before.version || code.commit !== before.commit)
    warn(
      `begun by version ${before.version} (${before.commit?.slice(0, 12) ?? "commit unknown"}), continued by ${code.version} (${code.commit?.slice(0, 12) ?? "commit unknown"})`,
    );
  const { cpu, cores } = machineProvenance();
  const onProcesses = plan.some(({ cell }) => cell.world === "processes");
  if (onProcesses && (cpu !== manifest.machine.cpu || cores !== manifest.machine.cores))
    warn(
      `begun on ${manifest.machine.cores} × ${manifest.machine.cpu}, continued on ${cores} × ${cpu}: trials on processes of the two are not comparable`,
    );
}

/** The run's folder. Throws {@link UserError}. */
function chosen(
  typed: string | undefined,
  root: string,
  retryFailed: boolean,
  options: Options,
  { io }: CommandContext,
): string {
  if (typed === undefined || typed === "latest" || typed === "@latest") {
    const found = latestInterrupted(root, names(root), retryFailed);
    if (found !== undefined) return found;
    throw new UserError(
      `no run below ${shownPath(root, io)} was interrupted${retryFailed ? " or has trials that failed" : ""}; quorumlab resume RUN names one, -o DIR looks elsewhere`,
    );
  }
  const experiment = typed.replace(/@latest$/, "");
  // The latest that can go on; where none can, the latest says why.
  const found = names(root).includes(experiment) ? latestInterrupted(root, [experiment], retryFailed) : undefined;
  if (found !== undefined) return found;
  return newestOf(root, experiment) ?? findRun(typed, options.out, io);
}

/** Of the runs of these experiments, by the time in their ids, and of one second by their manifests. */
function latestInterrupted(root: string, experiments: readonly string[], retryFailed: boolean): string | undefined {
  const { looksInterrupted } = require("../resume") as typeof import("../resume");
  const { readManifest, runsOf } =
    require("../../results/record/reader") as typeof import("../../results/record/reader");
  const runs = experiments.flatMap((experiment) => runsOf(root, experiment).map((run) => ({ experiment, run })));
  const begunAt = ({ experiment, run }: (typeof runs)[number]): string => {
    try {
      return readManifest(join(root, experiment, run)).startedAt;
    } catch {
      return ""; // not taken unasked: see below
    }
  };
  const secondOf = (run: string): string => run.split("-", 1)[0];
  const newestFirst = runs.sort((a, b) => {
    const [one, other] =
      secondOf(a.run) === secondOf(b.run) ? [begunAt(a), begunAt(b)] : [secondOf(a.run), secondOf(b.run)];
    return one === other ? (a.run > b.run ? -1 : 1) : one > other ? -1 : 1;
  });
  for (const { experiment, run } of newestFirst) {
    const folder = join(root, experiment, run);
    try {
      if (looksInterrupted(folder, readManifest(folder), retryFailed)) return folder;
    } catch (error) {
      // A run that cannot be read is not taken unasked.
      if (!(error instanceof Error) || error.name !== "RunNotReadable") throw error;
    }
  }
  return undefined;
}

/** Whether or not it got as far as being linked as the latest. */
function newestOf(root: string, experiment: string): string | undefined {
  const { runsOf } = require("../../results/record/reader") as typeof import("../../results/record/reader");
  const newest = names(root).includes(experiment) ? runsOf(root, experiment).at(-1) : undefined;
  return newest === undefined ? undefined : join(root, experiment, newest);
}

function names(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/**
 * A run from its first trial to its last line, for the two commands that carry one out: progress while it lasts, Ctrl-C, the report or its
 * document, and what to type next. Both end alike, because a resumed run is the run.
 */
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import type { RunOptions, RunResult } from "../run-types";
import type { Experiment } from "../spec/experiment";
import { errPaint, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { RESULTS_ROOT } from "./find-run";
import { columnsOf, type Io } from "./io";
import { createProgress, type ProgressMode } from "./progress";
import { forShell } from "./resolve-options";
import { runDocument } from "./run-document";
import { loadRunAt, terminalReport } from "./stored-run";
import { wholeNumber } from "./verify";

export interface CarryOptions extends CommonOptions {
  readonly out: string;
  readonly jobs?: number;
  readonly exitZero?: boolean;
  readonly progress?: "json" | "plain";
}

export function carryOptions(command: Command): Command {
  return command
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .option("-j, --jobs <n>", "simulated trials at once; as many as there are processors when left out", wholeNumber)
    .option(
      "--exit-zero",
      "end with 0 although trials failed or none is valid, or objectives or hypotheses did or could not be decided",
    )
    .addOption(new Option("--progress <form>", "how progress is shown on standard error").choices(["json", "plain"]));
}

/** `told`: called with the result before the report is printed. */
export async function carryOut(
  experiment: Experiment,
  run: Omit<RunOptions, "progress" | "signal" | "resultsRoot">,
  options: CarryOptions,
  context: CommandContext,
  told: (result: RunResult) => void = () => undefined,
): Promise<void> {
  const { io } = context;
  const runExperiment = context.runner();
  const mode: ProgressMode = options.progress ?? (io.stderr.isTTY && io.env.TERM !== "dumb" ? "line" : "plain");
  const progress = createProgress(io.stderr, mode, () => performance.now(), io.stderr.columns ?? columnsOf(io));
  const interrupts = listenForInterrupts(io, () => progress.clear());
  try {
    const result = await runExperiment(experiment, {
      ...run,
      resultsRoot: resolve(io.cwd, options.out),
      progress: (event) => progress.event(event),
      signal: interrupts.signal,
    });
    progress.clear();
    for (const failure of result.failures) io.stderr.write(`${errPaint(context, options).red("failed")}  ${failure}\n`);
    told(result);
    tellResult(result.folder, result.report, options, context);
    context.exit(options.exitZero === true && result.exit !== 130 ? 0 : result.exit);
    closing(result, experiment.name, options, io);
  } finally {
    progress.clear();
    interrupts.stop();
  }
}

export interface Interrupts {
  readonly signal: AbortSignal;
  stop(): void;
}

export function listenForInterrupts(io: Io, clear: () => void): Interrupts {
  const controller = new AbortController();
  const stop = io.onInterrupt(() => {
    clear();
    if (controller.signal.aborted) {
      io.exitNow(130);
      return;
    }
    io.stderr.write("interrupted: stopping the nodes and keeping the trials that are done; once more to end at once\n");
    controller.abort();
  });
  return { signal: controller.signal, stop };
}

function tellResult(folder: string, report: string, options: CarryOptions, context: CommandContext): void {
  const { io } = context;
  const stored = loadRunAt(folder);
  const shownReport = report === "" ? "" : shownPath(report, io);
  if (options.json === true) {
    printJson(io, runDocument(stored, shownPath(folder, io), shownReport));
    return;
  }
  io.stdout.write(terminalReport(stored, outPaint(context, options).enabled, columnsOf(io)));
  if (shownReport !== "") io.stdout.write(`report: ${shownReport}\n`);
}

function closing(result: RunResult, experiment: string, options: CarryOptions, io: Io): void {
  const { exit, folder, stopped, failures, because } = result;
  const shown = shownPath(folder, io);
  const { trials = 0, ended = 0 } = result;
  const resume = resumeCommand(experiment, options.out);
  if (stopped !== undefined) io.stderr.write(`stopped: ${stopped}; the trials that were done are in ${shown}\n`);
  if (because !== undefined && because !== "")
    io.stderr.write(
      `${options.exitZero === true ? `exit 0 as --exit-zero asks, else ${exit}` : `exit ${exit}`}: ${because}\n`,
    );
  if (exit === 130) {
    if (stopped === undefined) io.stderr.write(`interrupted: ${ended} of ${trials} done, in ${shown}\n`);
    next(io, resume, `quorumlab show ${shown}`);
  } else if (failures.length > 0) {
    const left = trials - ended;
    const notBegun = left > 0 ? `, and ${left} of ${trials} were not begun` : "";
    io.stderr.write(`${failures.length} of the trials failed${notBegun}; ${shown}/journal.jsonl tells which\n`);
    next(io, `${resume} --retry-failed`, `quorumlab show ${shown}`);
  } else if (/\bno valid trial\b/.test(because ?? "")) {
    io.stderr.write("on real processes that is mostly a machine with other work to do; a simulation does not mind\n");
    next(io, `quorumlab run ${experiment} -S world=simulation`, `quorumlab show ${shown}`);
  } else next(io, `quorumlab show ${shown}`, `quorumlab report ${shown} --open`);
}

/** As it can be typed. */
export function resumeCommand(experiment: string, out: string): string {
  return `quorumlab resume ${experiment}@latest${out === RESULTS_ROOT ? "" : ` -o ${forShell(out)}`}`;
}

/** `quorumlab report`: the HTML page again, from what is stored; nothing is run. */
import { spawn } from "node:child_process";
import { basename, dirname, join } from "node:path";
import type { Command } from "commander";
import type { LoadedRun } from "../../results/record/run-folder";
import { common, next, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { findRun, RESULTS_ROOT } from "./find-run";
import { runDocument } from "./run-document";
import { loadRunAt } from "./stored-run";

interface Options extends CommonOptions {
  readonly out: string;
  readonly open?: boolean;
}

export function defineReport(program: Command, context: CommandContext): void {
  const command = program
    .command("report")
    .description("build a run's HTML report again from what is stored")
    .argument("[run]", "a run's folder, id or its beginning, an experiment's name, or latest", "latest")
    .option("--open", "open it in the browser")
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .action((run: string, options: Options) => report(run, options, context));
  common(command, [
    ["quorumlab report", "of the latest run"],
    ["quorumlab report quickstart --open", "and look at it"],
  ]);
}

function report(typed: string, options: Options, context: CommandContext): void {
  const { io } = context;
  const folder = findRun(typed, options.out, io);
  const run = loadRunAt(folder);
  rebuild(run);
  const path = join(folder, "report", "index.html");
  const shown = shownPath(path, io);
  if (options.json === true) printJson(io, runDocument(run, shownPath(folder, io), shown));
  else io.stdout.write(`report: ${shown}\n`);
  if (options.open === true) open(path, (message) => io.stderr.write(message));
  next(io, `quorumlab show ${shownPath(folder, io)}`);
}

/** Writes page, figures and, since they are part of the run, its checksums. */
function rebuild(run: LoadedRun): void {
  const { reportFiles } =
    require("../../results/reports/run-report") as typeof import("../../results/reports/run-report");
  const { RunWriter } = require("../../results/record/writer") as typeof import("../../results/record/writer");
  const experiment = dirname(run.folder);
  const writer = new RunWriter({
    root: dirname(experiment),
    experiment: basename(experiment),
    run: basename(run.folder),
  });
  for (const [name, content] of reportFiles(run)) writer.write(`report/${name}`, content);
  writer.writeChecksums(run.trials.map((trial) => trial.record.id));
}

/** Hands the file to the desktop; where there is none, says so. */
export function open(path: string, tell: (message: string) => void): void {
  const [program, ...before] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const child = spawn(program, [...before, path], { stdio: "ignore", detached: true });
  child.on("error", () => tell(`${program} is not there; open the file in a browser yourself\n`));
  child.unref();
}

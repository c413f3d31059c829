/** `quorumlab report`: the HTML page again, from what is stored; nothing is run. */
import { spawn } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

interface RunReport {
  readonly renderRunReport: (run: LoadedRun, options?: object) => string;
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
  const { renderRunReport } = require("../../results/reports/run-report") as RunReport;
  const path = join(folder, "report", "index.html");
  mkdirSync(join(folder, "report"), { recursive: true });
  // Whoever has the old page open keeps a whole one.
  writeFileSync(`${path}.new`, renderRunReport(run));
  renameSync(`${path}.new`, path);
  const shown = shownPath(path, io);
  if (options.json === true) printJson(io, runDocument(run, shownPath(folder, io), shown));
  else io.stdout.write(`report: ${shown}\n`);
  if (options.open === true) open(path, (message) => io.stderr.write(message));
  next(io, `quorumlab show ${shownPath(folder, io)}`);
}

/** Hands the file to the desktop; where there is none, says so. */
function open(path: string, tell: (message: string) => void): void {
  const [program, ...before] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const child = spawn(program, [...before, path], { stdio: "ignore", detached: true });
  child.on("error", () => tell(`${program} is not there; open the file in a browser yourself\n`));
  child.unref();
}

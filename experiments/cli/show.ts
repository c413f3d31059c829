/** `quorumlab show`: a stored run as text. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { findRun, RESULTS_ROOT } from "./find-run";
import { columnsOf } from "./io";
import { runDocument } from "./run-document";
import { loadRunAt, terminalReport } from "./stored-run";

interface Options extends CommonOptions {
  readonly out: string;
}

export function defineShow(program: Command, context: CommandContext): void {
  const command = program
    .command("show")
    .description("a stored run in the terminal")
    .argument("[run]", "a run's folder, id or its beginning, an experiment's name, or latest", "latest")
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .action((run: string, options: Options) => show(run, options, context));
  common(command, [
    ["quorumlab show", "the latest run"],
    ["quorumlab show quickstart", "the latest run of an experiment"],
    ["quorumlab show quickstart --json", "all metrics as JSON"],
  ]);
}

function show(typed: string, options: Options, context: CommandContext): void {
  const { io } = context;
  const folder = findRun(typed, options.out, io);
  const run = loadRunAt(folder);
  const report = join(folder, "report", "index.html");
  const shownReport = existsSync(report) ? shownPath(report, io) : "";
  if (options.json === true) {
    printJson(io, runDocument(run, shownPath(folder, io), shownReport));
    return;
  }
  io.stdout.write(terminalReport(run, outPaint(context, options).enabled, columnsOf(io)));
  if (shownReport !== "") io.stdout.write(`report: ${shownReport}\n`);
  const by = run.manifest.axes.find((axis) => axis !== "world");
  next(
    io,
    `quorumlab report ${shownPath(folder, io)} --open`,
    ...(by === undefined ? [] : [`quorumlab compare ${shownPath(folder, io)} --by ${by}`]),
  );
}

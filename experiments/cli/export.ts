/**
 * `quorumlab export`: a stored run in the formats of other programs. What a format needs is loaded when it is asked for; what
 * it may write is told before anything is written, and nothing that is there is replaced without being told to.
 */
import { basename, dirname, join, resolve } from "node:path";
import { statSync } from "node:fs";
import { Argument, type Command } from "commander";
import { nearest } from "../../engine/vocabulary/nearest";
import type { LoadedRun } from "../../results/record/run-folder";
import type { ExportFile, ExportPlan } from "../../results/export/format";
import { common, next, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { findRun, RESULTS_ROOT } from "./find-run";
import type { Io } from "./io";
import { loadRunAt } from "./stored-run";
import { UserError } from "./user-error";

interface Options extends CommonOptions {
  readonly out?: string;
  readonly stdout?: boolean;
  readonly force?: boolean;
  readonly cell?: string;
  readonly trial?: string;
  readonly eachTrial?: boolean;
  readonly op: string;
  readonly outcome: string;
  readonly basis: string;
  readonly runs: string;
}

/** As `results/export/formats.ts` has them; here so that help answers without loading it. A test compares. */
export const EXPORT_FORMATS = ["csv", "json", "hlog", "hgrm", "parquet", "openmetrics", "trace", "paper"] as const;

export function defineExport(program: Command, context: CommandContext): void {
  const command = program
    .command("export")
    .description("a stored run in the formats of other programs")
    .argument("<run>", "a run's folder, id or its beginning, an experiment's name, or latest")
    .addArgument(new Argument("<format>", EXPORT_FORMATS.join(", ")))
    .option("-o, --out <path>", "a file, or a folder where there are several; - is standard output")
    .option("--stdout", "the same as -o -")
    .option("--force", "replace files that are there")
    .option("--cell <cell>", "of this cell alone")
    .option("--trial <id>", "of this trial alone: its id or its beginning, or <cell>:<repetition>")
    .option("--each-trial", "a file for each trial, where repetitions would be pooled (hlog, hgrm, openmetrics)")
    .option("--op <operation>", "of hgrm: read, write, update, scan, ...", "read")
    .option("--outcome <outcome>", "of hgrm: ok, timeout, ...", "ok")
    .option("--basis <basis>", "of hgrm: response, service or wait", "response")
    .option("--runs <dir>", "where run folders stand", RESULTS_ROOT)
    .action((run: string, format: string, options: Options) => exportRun(run, format, options, context));
  common(command, [
    ["quorumlab export latest csv -o tables", "tidy tables in a folder"],
    ["quorumlab export latest parquet", "tables and the raw history, where it was kept"],
    ["quorumlab export quickstart hgrm --op write --cell r1-w1", "for HdrHistogramPlotter"],
    ["quorumlab export latest openmetrics --stdout", "to a pipe"],
    ["quorumlab export latest paper -o paper", "figures, tables, macros and claims for LaTeX"],
  ]);
}

async function exportRun(typed: string, name: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  const { FORMATS } = require("../../results/export/formats") as typeof import("../../results/export/formats");
  const format = FORMATS.get(name);
  if (format === undefined) {
    const near = nearest(name, new Set(FORMATS.keys()));
    throw new UserError(
      `there is no format "${name}"; ${near === undefined ? `choose one of ${[...FORMATS.keys()].join(", ")}` : `did you mean ${near}?`}`,
    );
  }
  const toStdout = options.stdout === true || options.out === "-";
  if (toStdout && options.json === true)
    throw new UserError("--json prints a list of files, --stdout the export itself: choose one");
  const folder = findRun(typed, options.runs, io);
  const whole = loadRunAt(folder);
  if (whole.trials.length === 0) throw new UserError("this run has no trial that ended; there is nothing to export");
  const run = narrowed(whole, options);
  await refusing(async () => {
    const { op: operation, outcome, basis } = options;
    const request = {
      ...{ run, oneTrial: options.trial !== undefined, eachTrial: options.eachTrial === true },
      ...{ operation, outcome, basis },
    };
    const plan = await format.plan(request);
    for (const note of plan.notes) io.stderr.write(`note: ${note}\n`);
    if (toStdout) await print(plan, name, io);
    else await write(plan, name, run, options, context);
  });
  if (!toStdout) next(io, `quorumlab show ${shownPath(folder, io)}`);
}

async function print(plan: ExportPlan, format: string, io: Io): Promise<void> {
  if (plan.files.length !== 1)
    throw new UserError(
      `${format} makes ${plan.files.length} files here (${plan.files[0].name}, ...), and one goes to standard output: narrow it down with --cell or --trial, or write a folder with -o DIR`,
    );
  const [file] = plan.files;
  if (file.binary === true) throw new UserError(`${format} is no text; write a file with -o`);
  for await (const piece of file.pieces() as AsyncIterable<string | Uint8Array>)
    io.stdout.write(typeof piece === "string" ? piece : Buffer.from(piece).toString("utf8"));
}

async function write(
  plan: ExportPlan,
  format: string,
  run: LoadedRun,
  options: Options,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  const { writeExportFile, writeExportFolder } =
    require("../../results/export/export-files") as typeof import("../../results/export/export-files");
  const { path, oneFile } = placeOf(plan.files, format, run, options, io);
  const controller = new AbortController();
  const stop = io.onInterrupt(() => {
    if (controller.signal.aborted) io.exitNow(130);
    controller.abort();
  });
  try {
    const writing = { force: options.force === true, signal: controller.signal };
    const written = oneFile
      ? await writeExportFile(plan.files[0], path, writing)
      : await writeExportFolder(plan.files, path, writing);
    if (options.json === true)
      printJson(io, {
        schema: "quorumlab/exported@1",
        ...{ run: run.manifest.run, format, notes: plan.notes },
        files: written.map(({ path: file, bytes }) => ({ path: shownPath(file, io), bytes })),
      });
    else for (const { path: file, bytes } of written) io.stdout.write(`${shownPath(file, io)}  ${bytes} bytes\n`);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    io.stderr.write("interrupted: nothing was written\n");
    context.exit(130);
  } finally {
    stop();
  }
}

/** A name that ends in `/`, or a folder that is there, is a folder; several files always go into one. */
function placeOf(
  files: readonly ExportFile[],
  format: string,
  run: LoadedRun,
  { out }: Options,
  io: Io,
): { readonly path: string; readonly oneFile: boolean } {
  const named = out === undefined ? undefined : resolve(io.cwd, out);
  if (files.length > 1) return { path: named ?? resolve(io.cwd, `${run.manifest.run}-${format}`), oneFile: false };
  if (named === undefined)
    return { path: resolve(io.cwd, `${run.manifest.run}-${basename(files[0].name)}`), oneFile: true };
  const isFolder = out!.endsWith("/") || statSync(named, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? { path: named, oneFile: false } : { path: join(dirname(named), basename(named)), oneFile: true };
}

/** Throws {@link UserError} with what there is to choose from. */
function narrowed(run: LoadedRun, { cell, trial }: Options): LoadedRun {
  const cells = [...new Set(run.trials.map(({ record }) => record.cell))];
  if (cell !== undefined && !cells.includes(cell)) {
    const near = nearest(cell, new Set(cells));
    throw new UserError(
      `this run has no cell "${cell}"; ${near === undefined ? `it has ${cells.slice(0, 6).join(", ")}${cells.length > 6 ? ", ..." : ""}` : `did you mean ${near}?`}`,
    );
  }
  const ofCell = cell === undefined ? run.trials : run.trials.filter(({ record }) => record.cell === cell);
  const chosen = trial === undefined ? ofCell : [trialOf(ofCell, trial)];
  const kept = new Set(chosen.map(({ record }) => record.cell));
  return {
    ...run,
    trials: chosen,
    cells: run.cells.filter(({ id }) => kept.has(id)),
    comparisons: run.comparisons.filter((row) => kept.has(row.cell)),
  };
}

function trialOf(trials: LoadedRun["trials"], typed: string): LoadedRun["trials"][number] {
  const pair = /^(.+):(\d+)$/.exec(typed);
  const found = trials.filter(({ record }) =>
    pair === null ? record.id.startsWith(typed) : record.cell === pair[1] && record.repetition === Number(pair[2]),
  );
  if (found.length === 1) return found[0];
  const some = trials.slice(0, 3).map(({ record }) => `${record.cell}:${record.repetition} (${record.id})`);
  throw new UserError(
    found.length === 0
      ? `no trial is called "${typed}"; there is ${some.join(", ")}${trials.length > 3 ? ", ..." : ""}`
      : `${found.length} trials begin with "${typed}": ${found
          .slice(0, 5)
          .map(({ record }) => record.id)
          .join(", ")}`,
  );
}

/** What an export cannot do is the person's to know, in one sentence. */
async function refusing(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Error && error.name === "ExportRefused") throw new UserError(error.message);
    throw error;
  }
}

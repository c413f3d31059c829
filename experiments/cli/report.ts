/**
 * `quorumlab report`: the HTML page again, from what is stored; nothing is run. Figures as PDF are made when they are asked
 * for, because they take longer than all the rest; a page built again without them has no links to them, and they go.
 */
import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { parseSizeBytes } from "../../engine/vocabulary/quantities";
import type { LoadedRun } from "../../results/record/run-folder";
import { common, next, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { findRun, RESULTS_ROOT } from "./find-run";
import { runDocument } from "./run-document";
import { loadRunAt } from "./stored-run";

interface Options extends CommonOptions {
  readonly out: string;
  readonly open?: boolean;
  readonly pdf?: boolean;
  /** Bytes. */
  readonly maxSize: number;
}

export function defineReport(program: Command, context: CommandContext): void {
  const command = program
    .command("report")
    .description("build a run's HTML report again from what is stored")
    .argument("[run]", "a run's folder, id or its beginning, an experiment's name, or latest", "latest")
    .option("--open", "open it in the browser")
    .option("--pdf", "also make each figure as PDF, fonts inside, for papers and slides")
    .addOption(
      new Option("--max-size <size>", "what the page may have: raw points are left out first, then pictures")
        .argParser(readSize)
        .default(MAX_BYTES, "5MB"),
    )
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .action((run: string, options: Options) => report(run, options, context));
  common(command, [
    ["quorumlab report", "of the latest run"],
    ["quorumlab report quickstart --open", "and look at it"],
    ["quorumlab report latest --pdf", "with figures to put into a paper"],
  ]);
}

const MAX_BYTES = 5_000_000;

function readSize(text: string): number {
  const bytes = parseSizeBytes(text);
  if (bytes === undefined || bytes <= 0) throw new InvalidArgumentError("write a size with its unit, such as 5MB");
  return bytes;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function report(typed: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  const folder = findRun(typed, options.out, io);
  const run = loadRunAt(folder);
  const pageBytes = await rebuild(run, options);
  const path = join(folder, "report", "index.html");
  const shown = shownPath(path, io);
  if (options.json === true) printJson(io, runDocument(run, shownPath(folder, io), shown));
  else io.stdout.write(`report: ${shown}\n`);
  if (pageBytes > options.maxSize)
    io.stderr.write(
      `warning: the page has ${megabytes(pageBytes)}, more than ${megabytes(options.maxSize)}, although it left out what it could\n`,
    );
  if (options.open === true) open(path, (message) => io.stderr.write(message));
  next(io, `quorumlab show ${shownPath(folder, io)}`);
}

/** Writes page, figures and, since they are part of the run, its checksums. Bytes of the page. */
async function rebuild(run: LoadedRun, { pdf = false, maxSize: maxBytes }: Options): Promise<number> {
  const { reportFiles, reportPdfs } =
    require("../../results/reports/run-report") as typeof import("../../results/reports/run-report");
  const { RunWriter } = require("../../results/record/writer") as typeof import("../../results/record/writer");
  const experiment = dirname(run.folder);
  const writer = new RunWriter({
    root: dirname(experiment),
    experiment: basename(experiment),
    run: basename(run.folder),
  });
  const files = reportFiles(run, { pdf, maxBytes });
  const made = new Set<string>();
  // Before the page that leads to them.
  if (pdf)
    for await (const [name, content] of reportPdfs(run)) {
      writer.write(`report/${name}`, content);
      made.add(basename(name));
    }
  for (const [name, content] of files) writer.write(`report/${name}`, content);
  const figures = join(run.folder, "report", "figures");
  for (const name of existsSync(figures) ? readdirSync(figures) : [])
    if (name.endsWith(".pdf") && !made.has(name)) writer.remove(`report/figures/${name}`);
  writer.writeChecksums(run.trials.map((trial) => trial.record.id));
  return Buffer.byteLength(files.get("index.html")!);
}

/** Hands the file to the desktop; where there is none, says so, and the command has done its work all the same. */
export function open(path: string, tell: (message: string) => void): void {
  const [program, ...before] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const where = process.platform === "win32" ? undefined : whyNoDesktop(program, process.env);
  if (where !== undefined) {
    tell(`${where}; open ${path} in a browser yourself\n`);
    return;
  }
  const child = spawn(program, [...before, path], { stdio: "ignore", detached: true });
  child.on("error", () => tell(`${program} could not be started; open ${path} in a browser yourself\n`));
  child.unref();
}

/** Undefined where there is somebody to hand a file to. */
export function whyNoDesktop(program: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const found = (env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
  if (!found) return `${program} is not here`;
  const graphical = [env.DISPLAY, env.WAYLAND_DISPLAY].some((name) => name !== undefined && name !== "");
  return program === "xdg-open" && !graphical ? "no desktop is running here" : undefined;
}

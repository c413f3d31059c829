/**
 * `quorumlab replay`: a trial of the simulation once more, watched, as a page that can be stepped through. The trial is run
 * again from its seed with tracing in a window; nothing was recorded for it before. Without a window the first stale read
 * is looked for, or the first siblings: the stored figures say in which interval, the trace says when.
 */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { nearest } from "../../engine/vocabulary/nearest";
import { formatDuration, parseDurationMs } from "../../engine/vocabulary/quantities";
import { makeFolders } from "../../results/record/files";
import type { LoadedRun } from "../../results/record/run-folder";
import type { TraceEvent, TraceHeader } from "../../results/record/trace";
import type { CutTrace } from "../../results/replay/cut";
import type { PlannedTrial } from "../plan";
import type { TraceWindow } from "../trace-recorder";
import { common, next, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { findRun, RESULTS_ROOT } from "./find-run";
import { plural } from "./problem-lines";
import { open as openInBrowser } from "./report";
import { loadRunAt } from "./stored-run";
import { systemMessage, UserError } from "./user-error";

/** The header's times are those of the trial; `warmupMicros` says where the window's zero lies. */
interface RecordedTrace {
  readonly header: TraceHeader;
  readonly events: readonly TraceEvent[];
}

interface Options extends CommonOptions {
  readonly trial?: string;
  readonly cell?: string;
  /** Milliseconds. */
  readonly from?: number;
  readonly to?: number;
  readonly page?: string;
  readonly trace?: string;
  readonly out: string;
  readonly open?: boolean;
}

type Trial = LoadedRun["trials"][number];

const DEFAULT_LENGTH_MS = 2_000;
const BEFORE_ANOMALY_MICROS = 400_000;
const AFTER_ANOMALY_MICROS = 150_000;
/** A trace is cut to what a page holds only after the anomaly is found in it. */
const MOST_EVENTS = 400_000;

export function defineReplay(program: Command, context: CommandContext): void {
  const command = program
    .command("replay")
    .description("a page that shows a simulated trial message by message")
    .argument("[run]", "a run's folder, id or its beginning, an experiment's name, latest, or a trace file", "latest")
    .option("--trial <id>", "a trial's id or its beginning, or <cell>:<repetition>")
    .option("--cell <cell>", "the cell's first trial")
    .option("--from <time>", "beginning of the window, from the start of the warm-up, such as 58s", readTime)
    .option("--to <time>", "its end, such as 58.5s", readTime)
    .option("--page <file>", "the page; by default in replay/ of the run's folder")
    .option("--trace <file>", "also keep the trace (.jsonl.gz)")
    .option("--open", "open it in the browser")
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .action((run: string, options: Options) => replay(run, options, context));
  common(command, [
    ["quorumlab replay", "around the first stale read of the latest run"],
    ["quorumlab replay pbs --cell r1-w1 --open", "of one cell"],
    ["quorumlab replay pbs --trial r1-w1:2 --from 58s --to 58.5s", "a window of its second repetition"],
    ["quorumlab replay trace.jsonl.gz --page page.html", "of a trace that was kept"],
  ]);
}

function readTime(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError("write a time with its unit, such as 58s or 200ms");
  return ms;
}

async function replay(typed: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  if (options.from !== undefined && options.to !== undefined && options.to <= options.from)
    throw new UserError(
      `--to ${formatDuration(options.to)} is not after --from ${formatDuration(options.from)}; a window has a length`,
    );
  const path = resolve(io.cwd, typed);
  const isFile = existsSync(path) && statSync(path).isFile();
  const source = isFile ? fromFile(path, options) : await fromRun(typed, options, context);
  if (source === undefined) return;
  const { cut, about, folder, recorded } = source;

  const { renderReplay } = require("../../results/replay/page") as typeof import("../../results/replay/page");
  const { header, events } = cut.trace;
  const file = resolve(io.cwd, options.page ?? join(folder, fileName(header)));
  writePage(file, renderReplay(cut, about));
  if (options.trace !== undefined) {
    const { writeTrace } =
      require("../../results/record/trace-file") as typeof import("../../results/record/trace-file");
    writeTrace(resolve(io.cwd, options.trace), recorded);
  }
  const messages = events.filter((event) => event.kind === "message").length;
  const dropped = header.dropped + cut.droppedMessages + cut.droppedOperations;
  const fromS = (header.fromMicros - header.warmupMicros) / 1e6;
  const toS = (header.toMicros - header.warmupMicros) / 1e6;
  const shown = shownPath(file, io);
  if (options.json === true)
    printJson(io, {
      schema: "quorumlab/replay@1",
      run: about.run,
      trial: header.trial,
      cell: header.cell,
      page: shown,
      from_s: fromS,
      to_s: toS,
      messages,
      dropped,
    });
  else
    io.stdout.write(
      `replay: ${shown}\n  ${header.cell}, trial ${header.trial}, ${fromS} s to ${toS} s, ${plural(messages, "message")}` +
        `${dropped === 0 ? "" : `; ${plural(dropped, "event")} left out, the page says which`}\n`,
    );
  if (options.open === true) openInBrowser(file, (message) => io.stderr.write(message));
  if (!isFile) next(io, `quorumlab show ${shownPath(dirname(folder), io)}`);
}

interface Source {
  readonly cut: CutTrace;
  /** As it was recorded, before it was cut. */
  readonly recorded: RecordedTrace;
  readonly about: { readonly title: string; readonly run: string; readonly version: string };
  /** Where the page goes unless -o says otherwise. */
  readonly folder: string;
}

function fromFile(path: string, options: Options): Source {
  const { readTrace } = require("../../results/record/trace-file") as typeof import("../../results/record/trace-file");
  const recorded = readTrace(path);
  const about = { title: basename(path), run: "of the trace file", version: ownVersion() };
  return { cut: cutAsAsked(recorded, options), recorded, about, folder: dirname(path) };
}

/** Undefined after an interrupt. */
async function fromRun(typed: string, options: Options, context: CommandContext): Promise<Source | undefined> {
  const { plannedFrom } = require("../verification") as typeof import("../verification");
  const { traceTrial } = require("../simulated-trial") as typeof import("../simulated-trial");
  const { io } = context;
  const folder = findRun(typed, options.out, io);
  const run = loadRunAt(folder);
  const trial = chooseTrial(run, options);
  const { record } = trial;
  if (record.world === "processes")
    throw new UserError(
      `trial ${record.id} (${record.cell}) ran on real processes, which cannot be run again message by message; ` +
        `replay needs world: simulation`,
    );
  if (record.outcome === "failed")
    throw new UserError(`trial ${record.id} failed (${record.error ?? "no reason kept"}); there is nothing to show`);
  const planned = plannedFrom(folder, record);
  if (typeof planned === "string") throw new UserError(`trial ${record.id} cannot be run again: ${planned}`);
  const window = windowFor(trial, planned, options);
  io.stderr.write(
    `running ${record.cell}, repetition ${record.repetition}, again: watching ${formatDuration(window.fromMicros / 1e3)} to ${formatDuration(window.toMicros / 1e3)}\n`,
  );
  const controller = new AbortController();
  const stop = io.onInterrupt(() => {
    if (controller.signal.aborted) io.exitNow(130);
    controller.abort();
  });
  try {
    const recorded = await traceTrial(planned, window, controller.signal);
    if (recorded === undefined || controller.signal.aborted) {
      context.exit(130);
      return undefined;
    }
    if (recorded.events.length === 0)
      throw new UserError(
        `nothing happened between ${formatDuration(window.fromMicros / 1e3)} and ${formatDuration(window.toMicros / 1e3)}; ` +
          `choose another window with --from and --to`,
      );
    const about = { title: run.manifest.title, run: run.manifest.run, version: run.manifest.quorumlab.version };
    return { cut: cutAsAsked(recorded, options), recorded, about, folder: join(folder, "replay") };
  } finally {
    stop();
  }
}

/** Throws {@link UserError} with what there is to choose from. */
function chooseTrial(run: LoadedRun, options: Options): Trial {
  const { trials } = run;
  if (trials.length === 0) throw new UserError("this run has no trial that ended; there is nothing to replay");
  const cells = [...new Set(trials.map((trial) => trial.record.cell))];
  const ofCell = (cell: string): readonly Trial[] => {
    const found = trials.filter((trial) => trial.record.cell === cell);
    if (found.length > 0) return found;
    const near = nearest(cell, new Set(cells));
    throw new UserError(
      `this run has no cell "${cell}"; ${near === undefined ? `it has ${cells.slice(0, 6).join(", ")}${cells.length > 6 ? " and others" : ""}` : `did you mean ${near}?`}`,
    );
  };
  const byRepetition = (some: readonly Trial[]): readonly Trial[] =>
    [...some].sort((a, b) => a.record.repetition - b.record.repetition);
  if (options.trial === undefined) {
    if (options.cell !== undefined) return byRepetition(ofCell(options.cell))[0];
    const simulated = byRepetition(trials).filter((trial) => trial.record.world === "simulation");
    // The cell whose clients saw most, else the first one; of processes alone, the refusal names one.
    const telling = simulated.find((trial) => (trial.figures?.stale.hits ?? 0) > 0);
    return telling ?? simulated.at(0) ?? trials[0];
  }
  const pair = /^(.+):(\d+)$/.exec(options.trial);
  if (pair !== null) {
    const some = byRepetition(ofCell(pair[1]));
    const found = some.find((trial) => trial.record.repetition === Number(pair[2]));
    if (found !== undefined) return found;
    throw new UserError(
      `${pair[1]} has no repetition ${pair[2]}; it has ${some.map((trial) => trial.record.repetition).join(", ")}`,
    );
  }
  const prefix = options.trial;
  const some = options.cell === undefined ? trials : ofCell(options.cell);
  if (options.cell !== undefined && /^\d{1,4}$/.test(prefix)) {
    const repetition = some.find((trial) => trial.record.repetition === Number(prefix));
    if (repetition !== undefined) return repetition;
  }
  const begun = some.filter((trial) => trial.record.id.startsWith(prefix));
  if (begun.length === 1) return begun[0];
  if (begun.length > 1)
    throw new UserError(
      `${begun.length} trials begin with "${prefix}": ${begun
        .slice(0, 5)
        .map((trial) => trial.record.id)
        .join(", ")}`,
    );
  throw new UserError(
    `this run has no trial "${prefix}"; name one as ${byRepetition(some)[0].record.cell}:1, or by its id such as ${some[0].record.id}`,
  );
}

/** Milliseconds of the options, else around what the stored figures promise. */
function windowFor({ figures }: Trial, { cell }: PlannedTrial, options: Options): TraceWindow {
  const { warmupMs, measureMs, drainMs } = cell.phases;
  const end = warmupMs + measureMs + drainMs;
  let fromMs: number;
  let toMs: number;
  if (options.from !== undefined || options.to !== undefined) {
    fromMs = options.from ?? Math.max(0, options.to! - DEFAULT_LENGTH_MS);
    toMs = options.to ?? fromMs + DEFAULT_LENGTH_MS;
    if (fromMs >= end)
      throw new UserError(
        `--from ${formatDuration(fromMs)} is after the end of the trial, which lasts ${formatDuration(end)} from the start of its warm-up`,
      );
  } else {
    fromMs = warmupMs;
    toMs = warmupMs + DEFAULT_LENGTH_MS;
    const { t, columns } = figures?.intervals ?? { t: [], columns: {} };
    const first = t.findIndex((_, i) => (columns["stale_ok"]?.[i] ?? 0) > 0 || (columns["siblings_max"]?.[i] ?? 0) > 1);
    if (first >= 0) {
      fromMs = Math.max(0, t[first] * 1_000 - BEFORE_ANOMALY_MICROS / 1_000);
      toMs = t[first] * 1_000 + cell.measure.intervalMs;
    }
  }
  return {
    fromMicros: Math.round(fromMs * 1_000),
    toMicros: Math.round(Math.min(toMs, end) * 1_000),
    maxEvents: MOST_EVENTS,
  };
}

/** With a window as asked for the whole of it, else what lies around the first anomaly. */
function cutAsAsked(recorded: RecordedTrace, options: Options): CutTrace {
  const { cutTrace, firstAnomaly } = require("../../results/replay/cut") as typeof import("../../results/replay/cut");
  const anomaly = firstAnomaly(recorded);
  const focus = anomaly === undefined ? {} : { focus: anomaly };
  if (options.from !== undefined || options.to !== undefined) {
    const { warmupMicros, fromMicros, toMicros } = recorded.header;
    const from = options.from === undefined ? fromMicros : options.from * 1_000 + warmupMicros;
    const to = options.to === undefined ? toMicros : options.to * 1_000 + warmupMicros;
    return cutTrace(recorded, { ...focus, from: Math.round(from), to: Math.round(to) });
  }
  if (anomaly === undefined) return cutTrace(recorded);
  return cutTrace(recorded, {
    ...focus,
    from: anomaly - BEFORE_ANOMALY_MICROS,
    to: anomaly + AFTER_ANOMALY_MICROS,
  });
}

function fileName({ trial, fromMicros, toMicros, warmupMicros }: TraceHeader): string {
  const safe = trial.replace(/[^\w-]/g, "").slice(0, 40);
  const at = (micros: number): string => formatDuration(Math.max(0, Math.round((micros - warmupMicros) / 1_000)));
  return `${safe === "" ? "trial" : safe}-${at(fromMicros)}-${at(toMicros)}.html`;
}

function ownVersion(): string {
  const { packageRoot } = require("../catalogue") as typeof import("../catalogue");
  return (require(join(packageRoot(), "package.json")) as { readonly version: string }).version;
}

/** Throws {@link UserError} with advice. */
function writePage(file: string, content: string): void {
  try {
    makeFolders(dirname(file));
    writeFileSync(file, content);
  } catch (error) {
    throw new UserError(systemMessage(error) ?? `${file}: cannot be written; choose another file with --page`);
  }
}

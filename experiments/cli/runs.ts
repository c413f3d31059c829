/**
 * `quorumlab runs`: the catalogue. The folders are read and not the index, so what is there is what is listed, and a damaged one stands
 * below the others with its reason. Of the settings only those that differ between the listed runs are columns.
 */
import { join, relative, resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { nearest } from "../../engine/vocabulary/nearest";
import type { KeptRun } from "../../results/catalogue/filter";
import type { Catalogue } from "../../results/catalogue/run-catalogue";
import { common, next, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { RESULTS_ROOT } from "./find-run";
import { columnsOf, type Io } from "./io";
import { textTable, wrapText } from "./table";
import { UserError } from "./user-error";

interface Options extends CommonOptions {
  readonly filter?: string;
  readonly sort?: string;
  readonly columns?: string;
  readonly limit: number;
  readonly reindex?: boolean;
  readonly out: string;
}

export function defineRuns(program: Command, context: CommandContext): void {
  const command = program
    .command("runs")
    .description("the runs there are, and what they differ in")
    .option("--filter <condition>", "only runs with a configuration that meets it: tag.paper=s4 and read_p99_ms<20")
    .option("--sort <column>", "by this column, smallest first; -column for largest first (default: newest first)")
    .option("--columns <names>", "these columns behind the run, comma-separated: r,read_p99_ms,tag.paper,validity")
    .option("--limit <n>", "at most so many", whole, 50)
    .option("--reindex", "make index.jsonl and index.html again from the folders")
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .addHelpText(
      "after",
      "\nColumns, in --filter, --sort and --columns: experiment run title started status profile world target validity verdict\n" +
        "note version seed cells trials wall_s, tag.<name>, every setting (r, workload.rate) and every metric (read_p99_ms). Settings and\n" +
        "metrics belong to configurations: a run is kept where one configuration meets the whole condition.\n",
    )
    .action((options: Options) => runs(options, context));
  common(command, [
    ["quorumlab runs", "all of them, newest first"],
    ["quorumlab runs --filter 'tag.paper=s4 and read_p99_ms<20'", "a tag, and a metric of some configuration"],
    ["quorumlab runs --sort -read_p99_ms --columns r,w,read_p99_ms", "the slowest first"],
    ["quorumlab runs --reindex", "after copying run folders in"],
  ]);
}

function runs(options: Options, context: CommandContext): void {
  const { io } = context;
  const { readCatalogue } =
    require("../../results/catalogue/run-catalogue") as typeof import("../../results/catalogue/run-catalogue");
  const catalogue = readCatalogue(resolve(io.cwd, options.out));
  if (options.reindex === true) reindex(catalogue, io);
  const kept = sorted(filtered(catalogue, options.filter), catalogue, options.sort);
  const limited = kept.slice(0, options.limit);
  const columns = options.columns === undefined ? undefined : namedColumns(options.columns, catalogue);
  if (options.json === true) printJson(io, documentOf(catalogue, limited, kept.length, columns, io));
  else io.stdout.write(listed(catalogue, limited, kept.length, columns, io));
  const [first, second] = limited;
  if (first === undefined) next(io, catalogue.runs.length === 0 ? "quorumlab run quickstart" : "quorumlab runs");
  else
    next(
      io,
      `quorumlab show ${first.run.run}`,
      second === undefined ? "quorumlab browse" : `quorumlab compare ${second.run.run} ${first.run.run}`,
    );
}

function reindex(catalogue: Catalogue, io: Io): void {
  const { rebuildIndex } =
    require("../../results/catalogue/index-files") as typeof import("../../results/catalogue/index-files");
  const count = rebuildIndex(catalogue);
  io.stderr.write(
    `${shownPath(join(catalogue.root, "index.jsonl"), io)} and index.html: ${count} ${count === 1 ? "run" : "runs"}\n`,
  );
}

function filtered(catalogue: Catalogue, condition: string | undefined): KeptRun[] {
  const { filterRuns } = require("../../results/catalogue/filter") as typeof import("../../results/catalogue/filter");
  try {
    return filterRuns(catalogue.runs, condition);
  } catch (error) {
    if (error instanceof Error && error.name === "FilterNotUnderstood")
      throw new UserError(`--filter ${error.message}`);
    throw error;
  }
}

function sorted(kept: readonly KeptRun[], catalogue: Catalogue, column: string | undefined): readonly KeptRun[] {
  if (column === undefined) return kept;
  const { sortKey } = require("../../results/catalogue/columns") as typeof import("../../results/catalogue/columns");
  const descending = column.startsWith("-");
  const [name] = namedColumns(column.replace(/^-/, ""), catalogue);
  const keyed = kept.map((one) => ({ one, key: sortKey(one.run, one.cells, name, descending) }));
  // What has no value stands last, whichever way.
  const rank = (key: number | string | undefined): number => (key === undefined ? 2 : typeof key === "number" ? 0 : 1);
  return keyed
    .sort((a, b) => {
      if (rank(a.key) !== rank(b.key)) return rank(a.key) - rank(b.key);
      if (a.key === b.key || a.key === undefined || b.key === undefined) return 0;
      return (a.key < b.key ? -1 : 1) * (descending ? -1 : 1);
    })
    .map(({ one }) => one);
}

function namedColumns(typed: string, catalogue: Catalogue): readonly string[] {
  const { namesIn } = require("../../results/catalogue/columns") as typeof import("../../results/catalogue/columns");
  const { describeMetric } = require("../../results/record/metrics") as typeof import("../../results/record/metrics");
  const known = namesIn(catalogue.runs);
  const names = typed
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of names) {
    if (known.has(name) || /^tags?\./.test(name) || describeMetric(name) !== undefined) continue;
    const near = nearest(name, known);
    throw new UserError(
      `${name}: no run has a column of that name${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  }
  if (names.length === 0) throw new UserError("name a column, such as read_p99_ms");
  return names;
}

function listed(
  catalogue: Catalogue,
  kept: readonly KeptRun[],
  all: number,
  columns: readonly string[] | undefined,
  io: Io,
): string {
  const { shownIn } = require("../../results/catalogue/columns") as typeof import("../../results/catalogue/columns");
  const width = columnsOf(io);
  const shown = shownPath(catalogue.root, io);
  const lines: string[] = [];
  if (catalogue.runs.length === 0) lines.push(`there is no run below ${shown}\n`);
  else if (kept.length === 0) lines.push(`none of ${catalogue.runs.length} runs meets the condition\n`);
  else {
    const differing = columns === undefined ? differingSettings(kept) : { names: columns, left: 0 };
    const fixed =
      columns === undefined
        ? ["started", "experiment", "run", "outcome", "validity", "cells", "trials"]
        : ["experiment", "run"];
    const head = [...fixed, ...differing.names.map((name) => name.replace(/^tunables\./, ""))];
    const rows = kept.map(({ run, cells }) => [
      ...fixed.map((name) => (name === "outcome" ? outcomeOf(run) : clean(short(name, shownIn(run, [], name))))),
      ...differing.names.map((name) => clean(shownIn(run, cells, name)) || "–"),
    ]);
    const fitting = columns === undefined ? fittingColumns(head, rows, fixed.length, width) : head.length;
    lines.push(
      textTable(
        head.slice(0, fitting),
        rows.map((row) => row.slice(0, fitting)),
        width,
      ),
    );
    const left = differing.left + head.length - fitting;
    if (left > 0)
      lines.push(
        `${left} further ${left === 1 ? "setting differs" : "settings differ"}; --columns shows those that you name\n`,
      );
    if (kept.length < all) lines.push(`${kept.length} of ${all} runs; --limit shows more\n`);
  }
  for (const { experiment, run, reason } of catalogue.damaged)
    lines.push(wrapText(`damaged: ${experiment}/${run} ${clean(reason)}`, width, ""));
  return lines.join("").replace(/\u00a0|\u202f/g, " ");
}

/** How many fit on a line, `fixed` of them whatever happens. */
function fittingColumns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  fixed: number,
  width: number,
): number {
  let used = 0;
  for (const i of head.keys()) {
    used += 2 + Math.max(...[head, ...rows].map((row) => row[i].length));
    if (used > width && i >= fixed) return i;
  }
  return head.length;
}

/** Seconds are enough. */
function short(name: string, text: string): string {
  return name === "started" ? text.slice(0, 16).replace("T", " ") : text;
}

function outcomeOf({ manifest, verdict }: KeptRun["run"]): string {
  return manifest.status === "done" ? (verdict ?? "done") : manifest.status;
}

/** Settings, and tags, whose values are not the same in all; those with the fewest values first, which people set by hand. */
function differingSettings(kept: readonly KeptRun[]): { readonly names: readonly string[]; readonly left: number } {
  const { shownIn } = require("../../results/catalogue/columns") as typeof import("../../results/catalogue/columns");
  const names = new Set<string>();
  for (const { run } of kept) {
    for (const key of [...run.manifest.axes, ...Object.keys(run.resolved)]) names.add(key.replace(/^tunables\./, ""));
    for (const key of Object.keys(run.manifest.tags)) names.add(`tag.${key}`);
  }
  const differing = [...names]
    .filter((name) => !NOT_SETTINGS.test(name))
    .flatMap((name) => {
      const values = kept.map(({ run, cells }) => shownIn(run, cells, name));
      const short = values.every((value) => value.length <= LONGEST);
      return new Set(values).size < 2 ? [] : [{ name, short, missing: values.filter((value) => value === "").length }];
    })
    .sort((a, b) => a.missing - b.missing);
  const chosen = differing.filter(({ short }) => short).slice(0, MOST_COLUMNS);
  return { names: chosen.map(({ name }) => name), left: differing.length - chosen.length };
}

const NOT_SETTINGS =
  /^(schema|name|title|question|seed|hosts|world|target)$|^(repetitions|analysis|report|budget|sweep|slos|hypotheses|published|tags|citations|profiles|simulation)(\.|$)/;
const MOST_COLUMNS = 5;
const LONGEST = 24;

function documentOf(
  catalogue: Catalogue,
  kept: readonly KeptRun[],
  all: number,
  columns: readonly string[] | undefined,
  io: Io,
): object {
  const { shownIn } = require("../../results/catalogue/columns") as typeof import("../../results/catalogue/columns");
  return {
    schema: "quorumlab/runs@1",
    root: shownPath(catalogue.root, io),
    total: all,
    runs: kept.map(({ run, cells }) => ({
      ...{ experiment: run.experiment, run: run.run, path: shownPath(run.folder, io), title: run.manifest.title },
      ...{ started: run.manifest.startedAt, status: run.manifest.status, profile: run.manifest.profile },
      ...{ world: run.manifest.worlds, seed: run.manifest.seed, note: run.manifest.note, tags: run.manifest.tags },
      ...{ validity: run.validity, verdict: run.verdict ?? null, trials: run.trials },
      report: run.report === undefined ? null : shownPath(join(catalogue.root, run.report), io),
      cells: cells.map(({ id, axes, world, validity, metrics }) => ({
        id,
        axes,
        world,
        validity: validity.verdict,
        metrics,
      })),
      ...(columns === undefined
        ? {}
        : { columns: Object.fromEntries(columns.map((name) => [name, shownIn(run, cells, name)])) }),
    })),
    damaged: catalogue.damaged.map(({ folder, reason }) => ({ path: relative(catalogue.root, folder), reason })),
  };
}

/** Titles and notes come from files that anyone may have written. */
function clean(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

function whole(typed: string): number {
  const value = Number(typed);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("write a whole number of at least 1.");
  return value;
}

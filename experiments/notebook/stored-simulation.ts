/**
 * An experiment run in virtual time from inside a notebook. It is the experiment of a YAML file, checked as one and stored as one:
 * the run folder that comes of it is a run like any other, and where one with the same trials is there already it is read instead
 * of made again. Real processes are refused: a notebook thinks about results, and a cluster that it started would run on in a
 * forgotten tab.
 */
import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { loadRun, resolveRun, runsOf } from "../../results/record/reader";
import type { LoadedRun } from "../../results/record/run-folder";
import { sha256 } from "../provenance";
import { planTrials } from "../plan";
import { runExperiment } from "../runner";
import type { Experiment, Problem } from "../spec/experiment";
import { profileNames, resolveExperiment } from "../spec/resolve";
import { wholeText } from "../spec/source-files";
import { readExperimentFile, shownPath } from "../cli/experiment-file";
import { processIo } from "../cli/io";
import { UserError } from "../cli/user-error";
import { hostOf, type NotebookSettings } from "./outputs";
import { Run } from "./notebook-run";

export type SpecValue = string | number | boolean | null | readonly SpecValue[] | { readonly [key: string]: SpecValue };

/** An experiment file as a value: the same keys, durations and rates with their unit (`"10ms"`, `"500/s"`). */
export interface ExperimentSpec {
  readonly name: string;
  readonly [key: string]: SpecValue;
}

export interface SimulateOptions {
  /** A profile of the experiment; the one the notebook is run with where left out. `default`: none. */
  readonly profile?: string;
  /** Keys to change, as after `-S`: `{ r: 1, "workload.rate": "2000/s" }`. */
  readonly set?: Readonly<Record<string, string | number | boolean>>;
  /** Conditions on axes, as after `--only`. */
  readonly only?: string | readonly string[];
  readonly seed?: number;
}

/** As the notebook is run; outside a runner, below the nearest folder above that has results. */
export function settings(): NotebookSettings {
  const host = hostOf();
  if (host !== undefined) return host.settings;
  const cwd = process.cwd();
  return {
    folder: cwd,
    cwd,
    resultsRoot: join(projectOf(cwd), "results", "runs"),
    profile: process.env.QUORUMLAB_PROFILE ?? "smoke",
    fresh: false,
  };
}

function projectOf(folder: string): string {
  for (let at = folder; ; at = resolve(at, "..")) {
    if (existsSync(join(at, "results", "runs")) || existsSync(join(at, ".git"))) return at;
    if (resolve(at, "..") === at) return folder;
  }
}

/**
 * A stored run, by the path of its folder (from the notebook, or from where the command was started), by its id, or by its
 * experiment's name.
 */
export function load(where: string): Promise<Run> {
  const { folder, cwd, resultsRoot } = settings();
  const paths = isAbsolute(where) ? [where] : [resolve(folder, where), resolve(cwd, where)];
  const found = paths.find((path) => existsSync(path));
  return Promise.resolve(new Run(loadRun(resolveRun(found ?? where, { root: resultsRoot }))));
}

/** Runs an experiment: a file or a name of the catalogue, or a value that says what a file would. Trials that are stored are reused. */
export async function simulate(what: string | ExperimentSpec, options: SimulateOptions = {}): Promise<Run> {
  const { resultsRoot, fresh } = settings();
  const experiment = readExperiment(what, options);
  const stored = fresh ? undefined : storedRun(experiment, resultsRoot);
  return new Run(stored ?? (await carryOut(experiment, resultsRoot, !fresh)));
}

function readExperiment(what: string | ExperimentSpec, options: SimulateOptions): Experiment {
  const { folder, cwd, profile } = settings();
  const file = typeof what === "string" ? readFrom(what, fileIo(what, folder, cwd)) : inline(what);
  const only = options.only === undefined ? [] : typeof options.only === "string" ? [options.only] : options.only;
  const sets = Object.entries(options.set ?? {}).map(([key, value]) => `${key}=${value}`);
  const asked = options.profile ?? (profileNames(file).includes(profile) ? profile : DEFAULT);
  const resolution = resolveExperiment({
    ...file,
    sets,
    only,
    ...(asked === DEFAULT ? {} : { profile: asked }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  if (!resolution.ok) throw new UserError(problemsInWords(file.path, resolution.problems, typeof what !== "string"));
  const { experiment } = resolution;
  const real = experiment.cells.find(({ world }) => world !== "simulation");
  if (real !== undefined)
    throw new UserError(
      `${file.path} asks for real processes, and a notebook starts none; simulate(…, { set: { world: "simulation" } }), or quorumlab run and load(…)`,
    );
  return experiment;
}

const DEFAULT = "default";

/** Beside the notebook, or from where the command was started. */
function fileIo(typed: string, folder: string, cwd: string): ReturnType<typeof processIo> {
  return { ...processIo(), cwd: existsSync(resolve(folder, typed)) ? folder : cwd };
}

/** Its path is one from where this program runs: what the file extends is looked for beside it. */
function readFrom(typed: string, io: ReturnType<typeof processIo>): { readonly path: string; readonly text: string } {
  const { path, text } = readExperimentFile(typed, io);
  return { path: shownPath(resolve(io.cwd, path), processIo()), text };
}

function inline({ ...spec }: ExperimentSpec): { readonly path: string; readonly text: string } {
  // JSON is YAML.
  const text = `${JSON.stringify({ schema: "quorumlab/experiment@1", world: "simulation", ...spec }, null, 2)}\n`;
  return { path: `${spec.name}.yaml`, text };
}

function problemsInWords(path: string, problems: readonly Problem[], inlined: boolean): string {
  const lines = problems
    .filter(({ severity }) => severity === "error")
    .map(({ line, column, message, suggestion }) => {
      const at = inlined ? "" : `${path}:${line}:${column} `;
      return `${at}${message}${suggestion === undefined || message.includes(suggestion) ? "" : `; did you mean ${suggestion}?`}`;
    });
  const shown = lines.slice(0, MOST_PROBLEMS);
  const more = lines.length > shown.length ? `\n  and ${lines.length - shown.length} more` : "";
  return shown.length === 1 ? `the experiment: ${shown[0]}` : `the experiment:\n  ${shown.join("\n  ")}${more}`;
}

const MOST_PROBLEMS = 10;

/** A finished run of the very same text, profile and trials; the newest. */
function storedRun(experiment: Experiment, root: string): LoadedRun | undefined {
  const wanted = planTrials(experiment, "")
    .map(({ id }) => id)
    .sort()
    .join();
  const text = sha256(wholeText(experiment.source));
  for (const id of runsOf(root, experiment.name).reverse().slice(0, NEWEST)) {
    try {
      const run = loadRun(join(root, experiment.name, id));
      const { status, configSha256, profile } = run.manifest;
      const trials = run.trials.flatMap(({ record, figures }) => (figures === null ? [] : [record.id]));
      if (
        status === "done" &&
        configSha256 === text &&
        profile === experiment.profile &&
        trials.sort().join() === wanted
      )
        return run;
    } catch (error) {
      // A damaged or older run is no reason not to make a new one.
      if (!(error instanceof Error) || error.name !== "RunNotReadable") throw error;
    }
  }
  return undefined;
}

const NEWEST = 5;

async function carryOut(experiment: Experiment, resultsRoot: string, reuse: boolean): Promise<LoadedRun> {
  const result = await runExperiment(experiment, {
    resultsRoot,
    argv: ["quorumlab", "notebook"],
    note: "from a notebook",
    tags: experiment.tags,
    onError: "continue",
    reuse,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  if (result.failures.length > 0) throw new UserError(`trials failed:\n  ${result.failures.join("\n  ")}`, 3);
  if (result.stopped !== undefined) throw new UserError(`the run stopped itself: ${result.stopped}`);
  return loadRun(result.folder);
}

/**
 * Reads a run back, whoever wrote it. Nothing in a run folder is trusted: names are checked before they meet a path,
 * every file is checked for its shape, and whatever is wrong becomes one sentence in a RunNotReadable.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { TargetRecord } from "./capabilities";
import type { TrialFigures, Validity } from "./figures";
import { isFolderName, RESERVED_NAMES } from "./names";
import type { CellSummary, ComparisonRow, LoadedRun, RunManifest, TrialRecord, TrialSummary } from "./run-folder";
import { shapeProblem, shapeProblemOfValues, type Shape } from "./shape";
import { LATENCY_BINS, OPERATION_SAMPLE } from "./single-operations";

export class RunNotReadable extends Error {
  override readonly name = "RunNotReadable";
  constructor(
    message: string,
    readonly path: string,
  ) {
    super(message);
  }
}

const DEFAULT_ROOT = path.join("results", "runs");

const VERDICT: Shape = { oneOf: ["valid", "doubtful", "invalid"] };
const VALIDITY: Shape = {
  verdict: VERDICT,
  doubts: [{ kind: "string", verdict: VERDICT, reason: "string", advice: "string" }],
};
const METRIC: Shape = { value: "number?", lo: "number?", hi: "number?", n: "number", unit: "string" };
const WORLD: Shape = { oneOf: ["processes", "simulation"] };
const TARGET: Shape = {
  name: "string",
  title: "string",
  store: { oneOf: ["ours", "others"] },
  can: "object",
  why: "object",
};
const CALIBRATION: Shape = {
  nullRoundTripP50Ms: "number?",
  nullRoundTripP99Ms: "number?",
  timerLagP50Ms: "number?",
  timerLagP99Ms: "number?",
  placement: "string",
  outsideCpu: "number?",
  steal: "number?",
  loadAverage: "number?",
};
const SERIES: Shape = { t: ["number"], columns: "object" };

const MANIFEST: Shape = {
  run: "string",
  experiment: "string",
  title: "string",
  question: "string",
  profile: "string",
  seed: "number",
  quorumlab: "object",
  machine: "object",
  argv: ["string"],
  startedAt: "string",
  worlds: [WORLD],
  tags: "object",
  warnings: ["string"],
  axes: ["string"],
  metrics: [
    {
      name: "string",
      unit: "string",
      better: { oneOf: ["lower", "higher", "neutral"] },
      title: "string",
      definition: "string",
    },
  ],
  tunables: [{ key: "string", title: "string", unit: "string", default: "string", prose: "string" }],
  status: { oneOf: ["running", "done", "interrupted", "failed"] },
  analysis: "object?",
  citations: "array?",
  published: "array?",
  slos: "array?",
  hypotheses: "array?",
  pareto: "array?",
  report: "object?",
  saturation: "object?",
  stopped: "object?",
  semanticsVersion: "string?",
  reused: "number?",
  resumed: "array?",
};
const SATURATION: Shape = {
  targets: [{ metric: "string", op: { oneOf: ["<", "<=", ">", ">="] }, value: "number", unit: "string" }],
  ...{ fromPerSecond: "number", toPerSecond: "number", precision: "number", repetitions: "number" },
};
const SLOS: Shape = [
  {
    ...{ id: "string", metric: "string", fault: "string?", keys: "string?", repetitions: "string" },
    op: { oneOf: ["<", "<=", ">", ">=", "==", "!="] },
    ...{ value: "number", unit: "string", severity: { oneOf: ["fail", "abort"] } },
  },
];
const HYPOTHESES: Shape = [{ id: "string", text: "string", expect: "string?", where: "string?", cells: "array?" }];
const PARETO: Shape = [{ metric: "string", goal: { oneOf: ["minimise", "maximise"] } }];
const REPORT: Shape = {
  headline: "array?",
  theme: { oneOf: ["auto", "light", "dark"] },
  probes: "array?",
  modelOverlay: "array?",
};
const STOPPED: Shape = { by: { oneOf: ["budget", "objective"] }, reason: "string" };
const ANALYSIS: Shape = { alpha: "number", noiseFloor: "number" };
const PUBLISHED: Shape = [
  {
    metric: "string",
    where: "object",
    value: "number",
    source: "string",
    tolerance: "number",
    within: "number?",
    relativeTo: "object?",
  },
];
const TRIAL: Shape = {
  id: "string",
  experiment: "string",
  cell: "string",
  axes: "object",
  repetition: "number",
  world: WORLD,
  target: "object?",
  seed: "number",
  resolved: "object",
  outcome: { oneOf: ["done", "failed"] },
  operations: "number",
  simulation: "object?",
};
const SIMULATION: Shape = {
  digest: "string",
  events: "number",
  every: "number",
  checkpoints: ["number"],
  virtualSeconds: "number",
  wallSeconds: "number",
};
const SUMMARY: Shape = { metrics: "object", validity: VALIDITY, calibration: "object?" };
const FIGURES: Shape = {
  spectra: [
    {
      kind: "string",
      basis: { oneOf: ["response", "service"] },
      percentiles: ["number"],
      ms: ["number"],
      count: "number",
      maxMs: "number",
    },
  ],
  intervals: SERIES,
  divergence: { t: ["number"], columns: "object", finalDivergent: "number", finalExamined: "number" },
  tVisibility: {
    fromMs: ["number"],
    toMs: ["number"],
    reads: ["number"],
    consistent: ["number"],
    meanMs: "array?",
  },
  kStaleness: ["number"],
  stale: { hits: "number", total: "number", lo: "number", hi: "number" },
  siblingsPerRead: ["number"],
  siblingsPerKeyAtEnd: ["number"],
  load: [{ node: "string", operations: "number", keys: "number", ringShare: "number" }],
  ring: {
    strategy: "string",
    tokens: [{ at: "number", node: "string" }],
    example: { key: "string", at: "number", preferenceList: ["string"] },
  },
  validity: VALIDITY,
  calibration: "object?",
  phases: "object?",
  faults: "array?",
  legs: "object?",
  convergence: "object?",
  staleByWindow: "array?",
  sessionsByWindow: "array?",
  repair: "object?",
  zones: "object?",
  trueWindow: "object?",
  rings: "object?",
  detection: "object?",
};
const PHASES: Shape = { measureFromS: "number", measureToS: "number" };
const FAULTS: Shape = [{ id: "string", kind: "string", what: "string", fromS: "number", toS: "number?" }];
const DELAYS: Shape = { count: "number", at: ["number"], ms: ["number"] };
const LEGS: Shape = { w: DELAYS, a: DELAYS, r: DELAYS, s: DELAYS, how: "string" };
const CONVERGENCE: Shape = {
  resolutionS: "number",
  unobserved: "number",
  healings: [
    {
      faults: ["string"],
      endedAtS: "number",
      convergedS: "number?",
      divergedUntilS: "number",
      observedS: "number",
      keys: { atS: ["number"], converged: ["number"], censored: ["number"] },
    },
  ],
};
const WINDOW: Shape = { oneOf: ["before", "during", "after"] };
const STALE_WINDOWS: Shape = [
  {
    window: WINDOW,
    ...{ reads: "number", stale: "number", missedP50Ms: "number?", missedP99Ms: "number?" },
    ...{ behindP50: "number?", behindP99: "number?" },
  },
];
const SESSION_WINDOWS: Shape = [
  { window: WINDOW, missedOwn: "number", judgedOwn: "number", wentBack: "number", judgedBack: "number" },
];
const REPAIR: Shape = {
  t: ["number"],
  columns: "object",
  totals: "object",
  byCause: [{ cause: "string", messages: "number", bytes: "number?" }],
  requests: "number",
};
const SCORES: Shape = { positive: "number", positiveMs: DELAYS };
const ZONES: Shape = {
  values: "number",
  gamma: SCORES,
  delta: SCORES,
  readsLeftOut: "number",
  valuesCut: "number",
  valuesLeftOut: "number",
};
const RINGS: Shape = { drawn: "number", strategy: "string" };
const TRUE_WINDOW: Shape = { writes: "number", none: "number", open: "number", ms: DELAYS };
const DETECTION_TIMES: Shape = {
  ...{ ms: ["number"], detected: ["number"], censored: ["number"] },
  episodes: [
    {
      ...{ node: "number", fromS: "number", lengthMs: "number", observers: "number" },
      ...{ firstMs: "number?", allMs: "number?" },
    },
  ],
};
const CLIENTS_THEN: Shape = { operations: "number", failed: "number", p50Ms: "number?", p99Ms: "number?" };
const DETECTION: Shape = {
  ...{ nodes: ["string"], fromS: "number", toS: "number", dropped: "number" },
  ...{ crash: DETECTION_TIMES, pause: DETECTION_TIMES },
  accuracy: {
    ...{ pairSeconds: "number", mistakes: "number", mistakenSeconds: "number", openMistakes: "number" },
    ...{ mistakesByHealthy: "number", mistakesOfHealthy: "number", mistakesAmongHealthy: "number" },
    recurrences: { count: "number", seconds: "number" },
    goodPeriods: { count: "number", seconds: "number" },
    returns: { count: "number", open: "number", seconds: "number" },
    ...{ pauseSuspicions: "number", cutSuspicions: "number" },
  },
  observers: [
    {
      ...{ node: "string", pairSeconds: "number", mistakes: "number", mistakenSeconds: "number" },
      ...{ detected: "number", missed: "number", meanDetectionMs: "number?" },
    },
  ],
  suspicions: [
    {
      ...{ observer: "number", subject: "number", fromS: "number", toS: "number?" },
      of: { oneOf: ["running", "down", "paused", "cut"] },
    },
  ],
  suspicionsLeftOut: "number",
  truth: [{ node: "number", state: { oneOf: ["down", "paused", "cut"] }, fromS: "number", toS: "number?" }],
  level: "object?",
  client: {
    ...{ undetectedSeconds: "number", refusedByMistake: "number" },
    ...{ undetected: CLIENTS_THEN, otherwise: CLIENTS_THEN },
  },
};
const DETECTION_LEVEL: Shape = {
  ...{ observer: "number", subject: "number", unit: "string", threshold: "number" },
  ...{ t: ["number"], level: ["number"] },
};
const CELLS: Shape = {
  cells: [
    {
      id: "string",
      axes: "object",
      world: WORLD,
      target: "object?",
      metrics: "object",
      trials: ["string"],
      validity: VALIDITY,
    },
  ],
};
const COMPARISONS: Shape = {
  comparisons: [
    {
      cell: "string",
      baseline: "string",
      metric: "string",
      unit: "string",
      difference: "number?",
      lo: "number?",
      hi: "number?",
      p: "number?",
      pAdjusted: "number?",
      n: "number",
      verdict: { oneOf: ["better", "worse", "same", "inconclusive", "different", "incomparable"] },
      reason: "string?",
    },
  ],
};

export interface ReadOptions {
  /** Where names are looked up; `results/runs` below the current directory. */
  readonly root?: string;
}

/**
 * Loads a run named by its folder's path (or that of its experiment, for the latest), its run id, `<experiment>/<run id>`, `<experiment>` or `<experiment>@latest`
 * (its latest run), or `@latest` (the latest of all). Throws RunNotReadable.
 */
export function loadRun(where: string, options: ReadOptions = {}): LoadedRun {
  const folder = resolveRun(where, options);
  const manifest = readManifest(folder);
  const validity = readValidity(folder);
  const trialsFolder = path.join(path.dirname(folder), "trials");
  const ids = trialIds(folder);
  const there = ids.filter((id) => isThere(path.join(trialsFolder, id)));
  const trials = there.map((id) => judgedHere(loadTrial(path.join(trialsFolder, id)), validity));
  return {
    ...{ folder, manifest, trials },
    ...{ cells: readCells(folder), comparisons: readComparisons(folder) },
    // The run is readable without them, and whoever reads it is told.
    ...(there.length === ids.length ? {} : { missing: ids.filter((id) => !there.includes(id)) }),
  };
}

/** A link may lead anywhere, and is not followed. */
function isThere(trial: string): boolean {
  const found = fs.lstatSync(trial, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() === true)
    throw new RunNotReadable(`${trial} is a link: a trial is a folder of its own, and links are not followed`, trial);
  return found !== undefined;
}

/** The manifest of the run in `folder`. Throws RunNotReadable. */
export function readManifest(folder: string): RunManifest {
  const manifest = readJson<RunManifest>(folder, "manifest.json", "quorumlab/manifest@1", MANIFEST);
  refuse(
    path.join(folder, "manifest.json"),
    ifPresent(manifest.analysis, ANALYSIS, "analysis") ??
      ifPresent(manifest.published, PUBLISHED, "published") ??
      demandsProblem(manifest),
  );
  return manifest;
}

/** A trial is shared by runs that may claim different things of it; what this run doubts of a trial it did not make itself stands in its own folder. */
function readValidity(folder: string): Readonly<Record<string, Validity>> {
  const name = "summaries/validity.json";
  if (!fs.existsSync(path.join(folder, name))) return {};
  const { trials } = readJson<{ trials: Record<string, Validity> }>(folder, name, "quorumlab/validity@1", {
    trials: "object",
  });
  refuse(path.join(folder, name), shapeProblemOfValues(trials, VALIDITY, "trials"));
  return trials;
}

function judgedHere(
  trial: LoadedRun["trials"][number],
  here: Readonly<Record<string, Validity>>,
): LoadedRun["trials"][number] {
  const { record, summary } = trial;
  if (summary === null || !Object.hasOwn(here, record.id)) return trial;
  return { ...trial, summary: { ...summary, validity: here[record.id] } };
}

/** A whole trial by its folder. Throws RunNotReadable. */
export function loadTrial(folder: string): LoadedRun["trials"][number] {
  const record = readJson<TrialRecord>(folder, "trial.json", "quorumlab/trial@1", TRIAL);
  refuse(
    path.join(folder, "trial.json"),
    ifPresent(record.simulation, SIMULATION, "simulation") ?? targetProblem(record.target, "target"),
  );
  return { record, summary: readSummary(folder), figures: readFigures(folder) };
}

function targetProblem(target: TargetRecord | undefined, at: string): string | undefined {
  return (
    ifPresent(target, TARGET, at) ??
    (target === undefined
      ? undefined
      : (shapeProblemOfValues(target.can, "boolean", `${at}.can`) ??
        shapeProblemOfValues(target.why, "string", `${at}.why`)))
  );
}

function demandsProblem({ slos, hypotheses, pareto, report, saturation, stopped }: RunManifest): string | undefined {
  return (
    ifPresent(slos, SLOS, "slos") ??
    ifPresent(hypotheses, HYPOTHESES, "hypotheses") ??
    ifPresent(pareto, PARETO, "pareto") ??
    ifPresent(report, REPORT, "report") ??
    ifPresent(report?.headline, ["string"], "report.headline") ??
    ifPresent(report?.probes, ["string"], "report.probes") ??
    ifPresent(report?.modelOverlay, ["string"], "report.modelOverlay") ??
    ifPresent(saturation, SATURATION, "saturation") ??
    ifPresent(stopped, STOPPED, "stopped")
  );
}

/** The folder of the run that `where` names (see `loadRun`); it exists and holds a manifest. */
export function resolveRun(where: string, options: ReadOptions = {}): string {
  const root = options.root ?? DEFAULT_ROOT;
  const name = where.replace(/\/+$/, "");
  if (name === "") throw new RunNotReadable("no run was named; try @latest", where);
  const asPath = path.resolve(name);
  for (const folder of [asPath, path.join(asPath, "latest")]) if (isRun(folder)) return fs.realpathSync(folder);
  const [base, ...suffix] = name.split("@");
  if (suffix.length > 1 || (suffix.length === 1 && suffix[0] !== "latest"))
    throw new RunNotReadable(`"${where}" names no run: after @ only "latest" is understood`, where);
  if (base === "") return latestOfAll(root);
  const parts = base.split("/");
  if (suffix.length === 0 && parts.length === 2 && parts.every(isFolderName)) {
    const folder = path.join(root, parts[0], parts[1]);
    if (isRun(folder)) return fs.realpathSync(folder);
  }
  if (parts.length === 1 && isFolderName(base)) {
    if (folders(root).includes(base)) return latestOf(root, base);
    if (suffix.length === 0) {
      const matches = folders(root)
        .map((experiment) => path.join(root, experiment, base))
        .filter(isRun);
      if (matches.length === 1) return fs.realpathSync(matches[0]);
    }
  }
  if (fs.existsSync(asPath)) throw new RunNotReadable(`${where} is not a run: it holds no manifest.json`, asPath);
  const known = folders(root);
  const hint = known.length === 0 ? `${root} holds no runs yet` : `${root} holds runs of ${known.join(", ")}`;
  throw new RunNotReadable(`there is no run "${where}"; ${hint}`, where);
}

/** Runs of an experiment below `root`, oldest first (run ids begin with their time). */
export function runsOf(root: string, experiment: string): string[] {
  const folder = path.join(root, experiment);
  return folders(folder).filter((name) => !RESERVED_NAMES.has(name) && isRun(path.join(folder, name)));
}

function latestOf(root: string, experiment: string): string {
  const link = path.join(root, experiment, "latest");
  if (isRun(link)) return fs.realpathSync(link);
  const newest = runsOf(root, experiment).at(-1);
  if (newest === undefined) throw new RunNotReadable(`there is no run of "${experiment}" in ${root}`, link);
  return fs.realpathSync(path.join(root, experiment, newest));
}

function latestOfAll(root: string): string {
  const link = path.join(root, "latest");
  if (isRun(link)) return fs.realpathSync(link);
  const runs = folders(root).flatMap((experiment) => runsOf(root, experiment).map((run) => ({ experiment, run })));
  const newest = runs.sort((a, b) => (a.run < b.run ? -1 : 1)).at(-1);
  if (newest === undefined) throw new RunNotReadable(`${root} holds no runs yet`, root);
  return fs.realpathSync(path.join(root, newest.experiment, newest.run));
}

function isRun(folder: string): boolean {
  return fs.existsSync(path.join(folder, "manifest.json"));
}

function folders(parent: string): string[] {
  try {
    return fs
      .readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isFolderName(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

function trialIds(folder: string): string[] {
  const file = path.join(folder, "trials.txt");
  if (!fs.existsSync(file)) return [];
  const ids = readText(file)
    .split(/\r?\n/)
    .filter((line) => line !== "");
  const strange = ids.find((id) => !isFolderName(id));
  if (strange !== undefined)
    throw new RunNotReadable(
      `${file} names a trial ${JSON.stringify(strange.slice(0, 80))}, which is no trial's name`,
      file,
    );
  return [...new Set(ids)];
}

function readSummary(trial: string): TrialSummary | null {
  if (!fs.existsSync(path.join(trial, "summary.json"))) return null;
  const summary = readJson<TrialSummary>(trial, "summary.json", "quorumlab/summary@1", SUMMARY);
  const problem = shapeProblemOfValues(summary.metrics, METRIC, "metrics");
  refuse(path.join(trial, "summary.json"), problem ?? calibrationProblem(summary));
  return summary;
}

function readFigures(trial: string): TrialFigures | null {
  if (!fs.existsSync(path.join(trial, "figures.json"))) return null;
  const figures = readJson<TrialFigures>(trial, "figures.json", "quorumlab/figures@1", FIGURES);
  for (const series of ["intervals", "divergence"] as const)
    refuse(
      path.join(trial, "figures.json"),
      shapeProblemOfValues(figures[series].columns, ["number?"], `${series}.columns`),
    );
  refuse(
    path.join(trial, "figures.json"),
    calibrationProblem(figures) ??
      ifPresent(figures.phases, PHASES, "phases") ??
      ifPresent(figures.operations, OPERATION_SAMPLE, "operations") ??
      ifPresent(figures.latencyBins, LATENCY_BINS, "latencyBins") ??
      ifPresent(figures.faults, FAULTS, "faults") ??
      ifPresent(figures.legs, LEGS, "legs") ??
      ifPresent(figures.convergence, CONVERGENCE, "convergence") ??
      ifPresent(figures.staleByWindow, STALE_WINDOWS, "staleByWindow") ??
      ifPresent(figures.sessionsByWindow, SESSION_WINDOWS, "sessionsByWindow") ??
      ifPresent(figures.repair, REPAIR, "repair") ??
      ifPresentValues(figures.repair?.columns, ["number?"], "repair.columns") ??
      ifPresentValues(figures.repair?.totals, "number?", "repair.totals") ??
      ifPresent(figures.zones, ZONES, "zones") ??
      ifPresent(figures.trueWindow, TRUE_WINDOW, "trueWindow") ??
      ifPresent(figures.rings, RINGS, "rings") ??
      ifPresent(figures.detection, DETECTION, "detection") ??
      ifPresent(figures.detection?.level, DETECTION_LEVEL, "detection.level") ??
      ifPresent(figures.tVisibility.meanMs, ["number"], "tVisibility.meanMs"),
  );
  return figures;
}

function ifPresentValues(value: unknown, shape: Shape, at: string): string | undefined {
  return value === undefined || value === null ? undefined : shapeProblemOfValues(value, shape, at);
}

/** Of what older versions did not write. */
function ifPresent(value: unknown, shape: Shape, at: string): string | undefined {
  return value === undefined || value === null ? undefined : shapeProblem(value, shape, at);
}

function calibrationProblem(file: TrialSummary | TrialFigures): string | undefined {
  return file.calibration === null ? undefined : shapeProblem(file.calibration, CALIBRATION, "calibration");
}

function readCells(folder: string): readonly CellSummary[] {
  if (!fs.existsSync(path.join(folder, "summaries", "cells.json"))) return [];
  const { cells } = readJson<{ cells: CellSummary[] }>(folder, "summaries/cells.json", "quorumlab/cells@1", CELLS);
  for (const cell of cells)
    refuse(
      path.join(folder, "summaries", "cells.json"),
      shapeProblemOfValues(cell.metrics, METRIC, `${cell.id}.metrics`),
    );
  return cells;
}

function readComparisons(folder: string): readonly ComparisonRow[] {
  if (!fs.existsSync(path.join(folder, "summaries", "comparisons.json"))) return [];
  return readJson<{ comparisons: ComparisonRow[] }>(
    folder,
    "summaries/comparisons.json",
    "quorumlab/comparisons@1",
    COMPARISONS,
  ).comparisons;
}

function readJson<T>(folder: string, name: string, schema: string, shape: Shape): T {
  const file = path.join(folder, ...name.split("/"));
  const text = readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RunNotReadable(`${file} is not JSON; it is damaged or was cut off`, file);
  }
  const found = typeof value === "object" && value !== null ? (value as { schema?: unknown }).schema : undefined;
  if (found !== schema) {
    const kind = schema.split("@")[0];
    const other = typeof found === "string" && found.startsWith(`${kind}@`);
    const said = other
      ? `was written by another version of quorumlab, ${olderOrNewer(found, schema)} (schema ${found.slice(0, 60)}, this version reads ${schema})`
      : `is not a ${kind.split("/")[1]} of quorumlab`;
    throw new RunNotReadable(`${file} ${said}`, file);
  }
  refuse(file, shapeProblem(value, shape));
  return value as T;
}

function olderOrNewer(found: string, known: string): string {
  const [theirs, ours] = [found, known].map((schema) => Number(schema.split("@")[1]));
  return theirs < ours ? "an older one" : theirs > ours ? "a newer one: update quorumlab to read it" : "an unknown one";
}

function refuse(file: string, problem: string | undefined): void {
  if (problem !== undefined) throw new RunNotReadable(`${file} is damaged: ${problem}`, file);
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    const reason = code === "ENOENT" ? "it does not exist" : code === "EACCES" ? "you may not read it" : `${code}`;
    throw new RunNotReadable(`${file} cannot be read: ${reason}`, file);
  }
}

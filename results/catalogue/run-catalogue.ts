/**
 * All runs below a root, from the folders themselves: the manifest, the tables of cells and one trial's settings of each, no figures. The
 * index beside them is a convenience that can be thrown away; what is on disk is the truth. A folder that cannot be read is an entry
 * with its reason, for a list that stops at the first damaged run hides all the others, and one that skips it hides the damage.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { ValidityVerdict } from "../record/figures";
import { isFolderName, RESERVED_NAMES } from "../record/names";
import type { CellSummary, RunManifest, TrialRecord } from "../record/run-folder";
import { shapeProblem, type Shape } from "../record/shape";
import { worstVerdict } from "../statistics/validity";

export interface CataloguedRun {
  readonly experiment: string;
  readonly run: string;
  readonly folder: string;
  readonly manifest: RunManifest;
  readonly cells: readonly CellSummary[];
  /** Of one trial: what all cells share, beneath their axes. */
  readonly resolved: Readonly<Record<string, unknown>>;
  readonly trials: number;
  readonly validity: ValidityVerdict;
  /** Of its objectives; undefined where it has none. */
  readonly verdict: "pass" | "fail" | "inconclusive" | undefined;
  /** Relative to the root; undefined where there is none. */
  readonly report: string | undefined;
}

export interface DamagedRun {
  readonly experiment: string;
  readonly run: string;
  readonly folder: string;
  readonly reason: string;
}

export interface Catalogue {
  readonly root: string;
  /** Newest first. */
  readonly runs: readonly CataloguedRun[];
  readonly damaged: readonly DamagedRun[];
}

/** Runs that are looked at; the newest by name where there are more. */
const MOST_RUNS = 20_000;
/** No manifest and no table of cells is larger. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Runs as they were read, by folder, with what would change if they did: who looks again and again keeps one. */
export type KnownRuns = Map<string, { readonly stamp: string; readonly run: CataloguedRun }>;

/** A root that does not exist holds no runs. */
export function readCatalogue(root: string, known: KnownRuns = new Map()): Catalogue {
  const places = foldersOf(root).flatMap((experiment) =>
    foldersOf(path.join(root, experiment))
      .filter((run) => !RESERVED_NAMES.has(run))
      .map((run) => ({ experiment, run, folder: path.join(root, experiment, run) })),
  );
  const runs: CataloguedRun[] = [];
  const damaged: DamagedRun[] = [];
  for (const place of places.sort((a, b) => (a.run < b.run ? 1 : -1)).slice(0, MOST_RUNS)) {
    const files = fs.readdirSync(place.folder);
    // A folder of something else that somebody put there, or a run whose first file is not written yet.
    if (!files.some((name) => RUN_FILES.has(name))) continue;
    const stamp = stampOf(place.folder);
    const before = known.get(place.folder);
    if (before?.stamp === stamp) {
      runs.push(before.run);
      continue;
    }
    try {
      const run = readRun(place, files);
      known.set(place.folder, { stamp, run });
      runs.push(run);
    } catch (error) {
      damaged.push({ ...place, reason: error instanceof Damage ? error.message : `cannot be read: ${codeOf(error)}` });
    }
  }
  // Stable: of two that began at one instant the one with the later name stands first.
  runs.sort(
    (a, b) => Number(a.manifest.startedAt < b.manifest.startedAt) - Number(a.manifest.startedAt > b.manifest.startedAt),
  );
  return { root, runs, damaged };
}

const RUN_FILES: ReadonlySet<string> = new Set(["manifest.json", "trials.txt", "plan.jsonl", "journal.jsonl"]);

/** Of the files that an entry is made from, when they were written and how long they are. */
function stampOf(folder: string): string {
  return ["manifest.json", "summaries/cells.json", "summaries/slos.json", "report/index.html"]
    .map((name) => {
      const status = fs.statSync(path.join(folder, name), { throwIfNoEntry: false });
      return status === undefined ? "none" : `${status.mtimeMs}/${status.size}`;
    })
    .join(" ");
}

class Damage extends Error {}

const MANIFEST: Shape = {
  ...{ run: "string", experiment: "string", title: "string", profile: "string", seed: "number", startedAt: "string" },
  ...{ tags: "object", axes: ["string"], worlds: ["string"] },
  status: { oneOf: ["running", "done", "interrupted", "failed"] },
};
const CELLS: Shape = {
  cells: [
    {
      id: "string",
      axes: "object",
      world: "string",
      metrics: "object",
      trials: ["string"],
      validity: { verdict: "string" },
    },
  ],
};

function readRun(place: Pick<CataloguedRun, "experiment" | "run" | "folder">, files: readonly string[]): CataloguedRun {
  const { experiment, run, folder } = place;
  if (!files.includes("manifest.json")) throw new Damage("has no manifest.json");
  const manifest = readJson(folder, "manifest.json", "quorumlab/manifest@1", MANIFEST) as RunManifest;
  const tables = path.join(folder, "summaries");
  const cells = fs.existsSync(path.join(tables, "cells.json"))
    ? (
        readJson(folder, "summaries/cells.json", "quorumlab/cells@1", CELLS) as {
          readonly cells: readonly CellSummary[];
        }
      ).cells
    : [];
  const report = path.join(folder, "report", "index.html");
  return {
    ...place,
    manifest,
    cells,
    resolved: settingsOf(path.join(path.dirname(folder), "trials"), cells),
    trials: cells.reduce((sum, cell) => sum + cell.trials.length, 0),
    validity: cells.length === 0 ? "invalid" : worstVerdict(cells.map(({ validity }) => validity.verdict)),
    verdict: verdictOf(path.join(tables, "slos.json")),
    report: fs.existsSync(report) ? `${experiment}/${run}/report/index.html` : undefined,
  };
}

/** Of the first trial that is there; trials may have been removed without harm to the tables. */
function settingsOf(trials: string, cells: readonly CellSummary[]): Readonly<Record<string, unknown>> {
  for (const id of cells.flatMap((cell) => cell.trials.slice(0, 1)).filter(isFolderName)) {
    try {
      const record = readJson(path.join(trials, id), "trial.json", "quorumlab/trial@1", { resolved: "object" });
      return (record as TrialRecord).resolved;
    } catch {
      continue;
    }
  }
  return {};
}

function verdictOf(file: string): CataloguedRun["verdict"] {
  if (!fs.existsSync(file)) return undefined;
  try {
    const { slos } = JSON.parse(fs.readFileSync(file, "utf8")) as {
      readonly slos: readonly { readonly verdict: string }[];
    };
    const has = (verdict: string): boolean => slos.some((one) => one.verdict === verdict);
    return slos.length === 0 ? undefined : has("fail") ? "fail" : has("inconclusive") ? "inconclusive" : "pass";
  } catch {
    return undefined;
  }
}

function readJson(folder: string, name: string, schema: string, shape: Shape): unknown {
  const file = path.join(folder, ...name.split("/"));
  if (fs.statSync(file).size > MOST_BYTES) throw new Damage(`${name} is larger than any that quorumlab writes`);
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Damage(
      error instanceof SyntaxError
        ? `${name} is not JSON; it is damaged or was cut off`
        : `${name} cannot be read: ${codeOf(error)}`,
    );
  }
  const found =
    typeof value === "object" && value !== null ? (value as { readonly schema?: unknown }).schema : undefined;
  if (found !== schema)
    throw new Damage(
      typeof found === "string" && found.startsWith(`${schema.split("@")[0]}@`)
        ? `${name} was written by another version of quorumlab (${found.slice(0, 60)}, this version reads ${schema})`
        : `${name} is not a ${schema.split(/[/@]/)[1]} of quorumlab`,
    );
  const problem = shapeProblem(value, shape);
  if (problem !== undefined) throw new Damage(`${name} is damaged: ${problem}`);
  return value;
}

function foldersOf(parent: string): string[] {
  try {
    return fs
      .readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isFolderName(entry.name))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

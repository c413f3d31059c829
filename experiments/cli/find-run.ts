/**
 * Which run is meant: the reader of run folders knows paths, ids, experiments and their latest run; here come the word
 * `latest`, the beginning of an id, and the nearest name for what nobody has.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { nearest } from "../../engine/vocabulary/nearest";
import { shownPath } from "./experiment-file";
import type { Io } from "./io";
import { UserError } from "./user-error";

export const RESULTS_ROOT = join("results", "runs");

/** The run's folder. `root` is where run folders stand. Throws {@link UserError} with the nearest name. */
export function findRun(typed: string, root: string, io: Io): string {
  const { resolveRun } = require("../../results/record/reader") as typeof import("../../results/record/reader");
  const folder = resolve(io.cwd, root);
  const here = resolve(io.cwd, typed);
  const begun = runIds(folder).filter((run) => run.id.startsWith(typed));
  const name = typed === "latest" ? "@latest" : existsSync(join(here, "manifest.json")) ? here : typed;
  try {
    return begun.length === 1 ? join(folder, begun[0].experiment, begun[0].id) : resolveRun(name, { root: folder });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "RunNotReadable") throw error;
    throw new UserError(advice(typed, folder, error.message, begun, io));
  }
}

interface RunName {
  readonly experiment: string;
  readonly id: string;
}

function advice(typed: string, root: string, reason: string, begun: readonly RunName[], io: Io): string {
  const runs = runIds(root);
  if (runs.length === 0) {
    return `${typed}: there is no run below ${shownPath(root, io)}; quorumlab run quickstart makes one, -o DIR looks elsewhere`;
  }
  if (begun.length > 1) {
    const shown = begun.slice(0, 5).map((run) => run.id);
    return `${typed}: ${begun.length} runs begin so: ${shown.join(", ")}`;
  }
  const near = nearest(typed, new Set(runs.flatMap((run) => [run.experiment, run.id])));
  return near === undefined ? reason : `${typed}: no such run; did you mean ${near}?`;
}

function runIds(root: string): readonly RunName[] {
  return names(root).flatMap((experiment) =>
    names(join(root, experiment))
      .filter((id) => id !== "latest" && existsSync(join(root, experiment, id, "manifest.json")))
      .map((id) => ({ experiment, id })),
  );
}

function names(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

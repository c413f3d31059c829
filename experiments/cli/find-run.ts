/**
 * Which run is meant: a folder, a run's id or its beginning, an experiment (its latest run), or `latest` of all.
 */
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { nearest } from "../../engine/vocabulary/nearest";
import { shownPath } from "./experiment-file";
import type { Io } from "./io";
import { UserError } from "./user-error";

export const RESULTS_ROOT = join("results", "runs");

/** The run's folder. `root` is where run folders stand. Throws {@link UserError} with the nearest name. */
export function findRun(typed: string, root: string, io: Io): string {
  const folder = resolve(io.cwd, root);
  const direct = [resolve(io.cwd, typed), join(folder, typed), join(folder, typed, "latest")].find(isRun);
  if (direct !== undefined) return realpathSync(direct);
  const runs = allRuns(folder);
  if (runs.length === 0)
    throw new UserError(
      `${typed}: there is no run below ${shownPath(folder, io)}; quorumlab run quickstart makes one, -o DIR looks elsewhere`,
    );
  const found = runs.filter((run) => run.id.startsWith(typed));
  if (found.length === 1) return found[0].path;
  if (found.length > 1)
    throw new UserError(
      `${typed}: ${found.length} runs begin so: ${found
        .slice(0, 5)
        .map((run) => run.id)
        .join(", ")}`,
    );
  const names = [...new Set(runs.flatMap((run) => [run.experiment, run.id]))];
  const near = nearest(typed, names);
  const hint =
    near === undefined
      ? `there are: ${[...new Set(runs.map((run) => run.experiment))].slice(0, 8).join(", ")}`
      : `did you mean ${near}?`;
  throw new UserError(`${typed}: no such run; ${hint}`);
}

function isRun(path: string): boolean {
  return existsSync(join(path, "manifest.json"));
}

function allRuns(root: string): readonly { readonly experiment: string; readonly id: string; readonly path: string }[] {
  return folders(root).flatMap((experiment) =>
    folders(join(root, experiment))
      .filter((id) => id !== "latest" && isRun(join(root, experiment, id)))
      .map((id) => ({ experiment, id, path: join(root, experiment, id) })),
  );
}

function folders(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path).filter(
    (name) => statSync(join(path, name), { throwIfNoEntry: false })?.isDirectory() === true,
  );
}

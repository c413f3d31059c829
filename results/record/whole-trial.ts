/**
 * Is a stored trial still what was written? A folder with its final name was whole when it got it; a disk, a copy that broke off or
 * somebody's editor may have changed it since. Taking such a trial for a measured one would put a stranger's numbers into a run, so
 * every file is held against the checksum in the trial's own record, and the record against its shape.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { filesBelow, sha256OfFile } from "./files";
import { loadTrial, RunNotReadable } from "./reader";
import type { LoadedRun, TrialRecord } from "./run-folder";
import { type Shape, shapeProblemOfValues } from "./shape";

export type LoadedTrial = LoadedRun["trials"][number];

export type StoredTrial =
  | { readonly kind: "absent" }
  /** `why`: one clause. */
  | { readonly kind: "damaged" | "unsealed"; readonly why: string }
  | { readonly kind: "whole"; readonly trial: LoadedTrial };

const CHECKSUM: Shape = { bytes: "number", sha256: "string" };

export function storedTrial(folder: string): StoredTrial {
  const found = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return { kind: "absent" };
  if (found.isSymbolicLink()) return { kind: "damaged", why: "it is a link, which is not followed" };
  let trial: LoadedTrial;
  try {
    trial = loadTrial(folder);
  } catch (error) {
    if (!(error instanceof RunNotReadable)) throw error;
    return { kind: "damaged", why: `${path.basename(error.path)} cannot be read` };
  }
  if (trial.record.files === undefined) return { kind: "unsealed", why: "an older version made it, without checksums" };
  if (shapeProblemOfValues(trial.record.files, CHECKSUM, "files") !== undefined)
    return { kind: "damaged", why: "trial.json has no checksums that can be read" };
  const why = trial.record.id === path.basename(folder) ? changedFile(folder, trial.record) : "it is another trial";
  return why === undefined ? { kind: "whole", trial } : { kind: "damaged", why };
}

/** The record itself is the file that nobody has a checksum of; its shape was checked. */
function changedFile(folder: string, { files = {}, outcome }: TrialRecord): string | undefined {
  const there = new Set(filesBelow(folder));
  for (const [name, { bytes, sha256 }] of Object.entries(files)) {
    if (!there.has(name)) return `${name} is missing`;
    const file = path.join(folder, ...name.split("/"));
    if (fs.statSync(file).size !== bytes)
      return `${name} has ${String(fs.statSync(file).size)} bytes of ${String(bytes)}`;
    if (sha256OfFile(file) !== sha256) return `${name} was changed`;
  }
  const needed = outcome === "done" ? ["summary.json", "figures.json"] : [];
  const without = needed.find((name) => !(name in files));
  return without === undefined ? undefined : `its record does not name ${without}`;
}

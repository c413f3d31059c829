/**
 * Which planned trials are there already. A simulated trial is a function of what its id is the hash of, so one that an earlier run of the
 * experiment left whole is as good as a new one, if the same measures looked at it. A trial of processes is an event that
 * happened once: its id has the run's own nonce, so it is found only by the run that made it, when that is resumed.
 */
import { join } from "node:path";
import { MEASURES_VERSION } from "../results/record/measures-version";
import { type LoadedTrial, storedTrial } from "../results/record/whole-trial";
import { canonicalJson, type PlannedTrial } from "./plan";
import type { Experiment } from "./spec/experiment";

/** What is on disk of a planned trial. */
export type Found =
  | { readonly kind: "absent" }
  /** There, and of no use: why, in a clause. `other`: of another version, which is nobody's fault. */
  | { readonly kind: "unusable"; readonly why: string; readonly other: boolean }
  | { readonly kind: "failed"; readonly trial: LoadedTrial }
  | { readonly kind: "whole"; readonly trial: LoadedTrial };

/** `trials`: the experiment's folder of trials. */
export function findTrial(trials: string, { id, cell, repetition, seed }: PlannedTrial): Found {
  const stored = storedTrial(join(trials, id));
  if (stored.kind === "absent") return stored;
  if (stored.kind !== "whole") return { kind: "unusable", why: stored.why, other: stored.kind === "unsealed" };
  const { record } = stored.trial;
  if (record.cell !== cell.id || record.repetition !== repetition || record.world !== cell.world)
    return {
      kind: "unusable",
      why: `it says that it is ${record.cell}, repetition ${String(record.repetition)}`,
      other: false,
    };
  // The address was made of these: a record that has others was changed since.
  if (record.seed !== seed || canonicalJson(record.axes) !== canonicalJson(cell.axes))
    return { kind: "unusable", why: "its record has another seed or other axes than it was made with", other: false };
  if (record.outcome === "failed") return { kind: "failed", trial: stored.trial };
  if (record.measures !== MEASURES_VERSION)
    return { kind: "unusable", why: "other measures looked at it than this version has", other: true };
  return { kind: "whole", trial: stored.trial };
}

/** Of a plan that nobody has begun yet: the trials that a run would take as they are. */
export function reusable(
  root: string,
  { name }: Experiment,
  plan: readonly PlannedTrial[],
): ReadonlyMap<string, LoadedTrial> {
  const trials = join(root, name, "trials");
  const found = new Map<string, LoadedTrial>();
  for (const planned of plan) {
    if (planned.cell.world !== "simulation") continue;
    const stored = findTrial(trials, planned);
    if (stored.kind === "whole") found.set(planned.id, stored.trial);
  }
  return found;
}

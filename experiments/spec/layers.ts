/**
 * What is laid over what: the farthest base, the bases above it, the file, the profile, each flag. Every step keeps the
 * whole tree up to there, and a value that nobody touched is the same object in all of them, so that "where does this come
 * from, and what did it override?" is a walk along the steps and needs no second bookkeeping that could disagree with the merge.
 */
import { readExtended, type ExtendedFile } from "./extends";
import type { LocatedMap } from "./located";
import { applyProfile, applySets } from "./overlay";
import type { Problems } from "./problems";
import { checkProfiles } from "./prose";

export interface LayersRequest {
  readonly path: string;
  readonly text: string;
  readonly profile?: string;
  readonly sets?: readonly string[];
  readonly seed?: number;
}

export interface Layer {
  readonly from: "extends" | "file" | "profile" | "set";
  /** The file's path, the profile's name, the flag. */
  readonly name: string;
  /** Everything that is said up to here. */
  readonly tree: LocatedMap;
}

export interface Layers {
  /** At least one; the last has the last word. */
  readonly layers: readonly Layer[];
  readonly bases: ExtendedFile["bases"];
}

/** Undefined when the file or one of its bases cannot be read, which has been told. */
export function layersOf(request: LayersRequest, problems: Problems): Layers | undefined {
  const { path, text, profile, sets = [], seed } = request;
  const extended = readExtended({ path, text }, problems);
  if (extended === undefined) return undefined;
  const last = extended.steps.length - 1;
  const layers: Layer[] = extended.steps.map((step, i) => ({
    from: i === last ? "file" : "extends",
    name: step.path,
    tree: step.tree,
  }));
  let { tree } = layers[last];
  checkProfiles(tree, problems);
  if (profile !== undefined) {
    tree = applyProfile(tree, profile, problems);
    layers.push({ from: "profile", name: profile, tree });
  }
  for (const set of [...sets, ...(seed === undefined ? [] : [`seed=${seed}`])]) {
    tree = applySets(tree, [set], problems);
    layers.push({ from: "set", name: set, tree });
  }
  return { layers, bases: extended.bases };
}

/**
 * Files over those that they extend, profiles and flags over the file. Maps merge key by key, lists and everything that is one value (a distribution,
 * an axis, the baseline) are replaced whole: half of an old distribution under a new name would be neither. An empty
 * value takes a key away, back to its default. Precedence: flag, then profile, then file, then what it extends, then default.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import { tunable } from "../../engine/vocabulary/tunables";
import { readFlagValue } from "./document";
import { checkItem } from "./items";
import { axisKey, meaningOf, pathOf, SCALAR_FORMS, unknownKey } from "./keys";
import { nodeAt, removeAt, setAt, withOrigin, type Entry, type Located, type LocatedMap, type Place } from "./located";
import type { Problems } from "./problems";

/** `over` laid over `base` at `path`. */
function lay(base: LocatedMap, path: readonly string[], over: Located, keyAt: Place): LocatedMap {
  if (over.kind === "scalar" && over.value === null) return removeAt(base, path);
  const old = nodeAt(base, path);
  if (over.kind !== "map" || old === undefined || isWhole(path, over)) return setAt(base, path, over, keyAt);
  const form = SCALAR_FORMS.get(path.join("."));
  if (old.kind === "scalar" && form === undefined && over.entries.size === 0) return setAt(base, path, over, keyAt);
  let merged = base;
  if (old.kind === "scalar" && form !== undefined)
    merged = setAt(
      setAt(base, path, { kind: "map", at: old.at, entries: new Map() }, keyAt),
      [...path, form],
      old,
      old.at,
    );
  for (const [key, entry] of over.entries) merged = lay(merged, [...path, key], entry.node, entry.keyAt);
  return merged;
}

function isWhole(path: readonly string[], over: LocatedMap): boolean {
  if (over.entries.has("dist") || (path[0] === "faults" && path.length === 1 && over.entries.has("random")))
    return true;
  return (
    path[0] === "sweep" && ((path[1] === "axes" && path.length === 3) || (path[1] === "baseline" && path.length === 2))
  );
}

/** Whether every item of a list that an overlay names is there. */
function checkItems(tree: LocatedMap, path: readonly string[], { keyAt, node }: Entry, problems: Problems): boolean {
  if (node.kind !== "map" || path.length !== 1 || nodeAt(tree, path)?.kind !== "list" || isWhole(path, node))
    return checkItem(tree, path, keyAt, problems);
  const checked = [...node.entries].map(([id, entry]) => checkItem(tree, [...path, id], entry.keyAt, problems));
  return checked.every((sound) => sound);
}

/** Lays a file's tree over that of the file it extends. */
export function layFile(base: LocatedMap, over: LocatedMap, problems: Problems): LocatedMap {
  let result = base;
  for (const [key, entry] of over.entries) {
    if (checkItems(result, [key], entry, problems)) result = lay(result, [key], entry.node, entry.keyAt);
  }
  return result;
}

/** Lays the profile `name` over the file's tree. */
export function applyProfile(tree: LocatedMap, name: string, problems: Problems): LocatedMap {
  const profiles = nodeAt(tree, ["profiles"]);
  const names = profiles?.kind === "map" ? [...profiles.entries.keys()] : [];
  const profile = nodeAt(tree, ["profiles", name]);
  if (profile === undefined) {
    const near = nearest(name, names);
    const hint =
      names.length === 0
        ? "the file has none"
        : near !== undefined
          ? `did you mean "${near}"?`
          : `the file has ${names.join(", ")}`;
    problems.error({ file: "--profile", line: 1, column: 1, origin: "flag" }, `no profile "${name}"; ${hint}`, near);
    return tree;
  }
  if (profile.kind !== "map") {
    problems.error(profile.at, `profiles.${name} is no map of keys`);
    return tree;
  }
  let result = tree;
  for (const [key, entry] of profile.entries) {
    if (!checkItems(result, pathOf(key), entry, problems)) continue;
    result = lay(result, overlayPath(result, key), withOrigin(entry.node, "profile"), {
      ...entry.keyAt,
      origin: "profile",
    });
  }
  return result;
}

/** A dotted key may go into a zip group of the axes, whose name then ends at the first dot. */
function overlayPath(tree: LocatedMap, key: string): readonly string[] {
  const path = pathOf(key);
  if (path[0] !== "sweep" || path[1] !== "axes" || path.length < 3) return path;
  const [group, ...rest] = path[2].split(".");
  const known =
    nodeAt(tree, ["sweep", "axes", path[2]]) !== undefined || nodeAt(tree, ["sweep", "axes", group]) === undefined;
  return known ? path : ["sweep", "axes", group, ...rest];
}

/** Lays `-S key=value` flags over the tree, in order; `key` as for an axis or as in the file. */
export function applySets(tree: LocatedMap, sets: readonly string[], problems: Problems): LocatedMap {
  let result = tree;
  for (const set of sets) {
    const flag = `-S ${set}`;
    const at: Place = { file: flag, line: 1, column: 1, origin: "flag" };
    const split = set.indexOf("=");
    if (split <= 0) {
      problems.error(at, "is no key=value, such as -S r=2 or -S workload.rate=500/s");
      continue;
    }
    const key = axisKey(set.slice(0, split).trim());
    const meaning = meaningOf(key);
    if (meaning.kind === "later") {
      problems.error(at, `${key} ${meaning.why}`);
      continue;
    }
    const head = key.split(".")[0];
    if (head === "extends") {
      problems.error(at, "extends is read before any flag; write it in the file");
      continue;
    }
    if (meaning.kind === "unknown" && meaningOf(head).kind === "unknown") {
      const advice = unknownKey("", key);
      const near = nearest(key, namesOfTunables());
      problems.error(
        at,
        near === undefined ? advice.message : `unknown key "${key}"; did you mean "${near}"?`,
        near ?? advice.suggestion,
      );
      continue;
    }
    if (!checkItem(result, pathOf(key), at, problems)) continue;
    const text = set.slice(split + 1);
    const value = readFlagValue(text, flag, problems);
    if (value?.kind === "list" && takesOneValue(key)) {
      const typed = set.slice(0, split).trim();
      problems.error(at, `${typed} takes one value; several are an axis: -S 'sweep.axes.${typed}=${text.trim()}'`);
      continue;
    }
    if (value !== undefined) result = lay(result, overlayPath(result, key), withOrigin(value, "flag"), at);
  }
  return result;
}

/** Of structures, some may be written as lists. */
function takesOneValue(key: string): boolean {
  const kind = tunable(key)?.kind.kind;
  return key === "target" || (kind !== undefined && kind !== "structure");
}

function namesOfTunables(): readonly string[] {
  return [
    "n_val",
    "r",
    "w",
    "pr",
    "pw",
    "dw",
    "node_confirms",
    "clock",
    "coordinator",
    "read_repair",
    "max_siblings",
    "notfound_ok",
    "basic_quorum",
    "admission",
    "detector",
    "timeout",
  ];
}

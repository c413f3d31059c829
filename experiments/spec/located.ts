/**
 * A YAML value that remembers where it was written. Everything that is merged into an experiment (the file, a profile,
 * a flag, a value of an axis) keeps its own place, so that a complaint about the result points at the line that caused
 * it, whichever of them that was. Trees are immutable; setting returns another tree.
 */
import type { Written } from "../../engine/vocabulary/value-kinds";

export type Origin = "file" | "profile" | "flag" | "axis";

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly origin: Origin;
}

export interface Entry {
  readonly keyAt: Place;
  readonly node: Located;
}

export interface LocatedMap {
  readonly kind: "map";
  readonly at: Place;
  readonly entries: ReadonlyMap<string, Entry>;
}

export type Located =
  | { readonly kind: "scalar"; readonly at: Place; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly at: Place; readonly items: readonly Located[] }
  | LocatedMap;

export type Path = readonly (string | number)[];

/** The bare value. */
export function written(node: Located): Written {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(written);
    case "map":
      return new Map([...node.entries].map(([key, entry]) => [key, written(entry.node)]));
  }
}

/** A bare value as JSON would hold it. */
export function toJson(value: Written): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, toJson(v as Written)]));
  if (Array.isArray(value)) return (value as readonly Written[]).map(toJson);
  return value;
}

export function nodeAt(root: Located, path: Path): Located | undefined {
  let node: Located | undefined = root;
  for (const step of path) {
    if (node?.kind === "map") node = node.entries.get(String(step))?.node;
    else if (node?.kind === "list") node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/** Where `path` stands, or as much of it as exists; of a map's entry the key or the value. */
export function placeOf(root: Located, path: Path, about: "key" | "value"): Place {
  let node = root;
  let at = root.at;
  for (const [i, step] of path.entries()) {
    if (node.kind === "map") {
      const entry = node.entries.get(String(step));
      if (entry === undefined) return at;
      // The value of a block map starts on the next line: its key is the better place to look.
      at = entry.node.kind === "map" || (about === "key" && i === path.length - 1) ? entry.keyAt : entry.node.at;
      node = entry.node;
    } else if (node.kind === "list" && node.items[Number(step)] !== undefined) {
      node = node.items[Number(step)];
      at = node.at;
    } else return at;
  }
  return at;
}

/** `root` with `node` at `path`; missing maps on the way are made, other kinds replaced. */
export function setAt(root: LocatedMap, path: readonly string[], node: Located, keyAt: Place): LocatedMap {
  const [first, ...rest] = path;
  const entries = new Map(root.entries);
  const old = entries.get(first);
  if (rest.length === 0) entries.set(first, { keyAt, node });
  else {
    const inner: LocatedMap =
      old?.node.kind === "map" ? old.node : { kind: "map", at: keyAt, entries: new Map<string, Entry>() };
    entries.set(first, { keyAt: old?.keyAt ?? keyAt, node: setAt(inner, rest, node, keyAt) });
  }
  return { ...root, entries };
}

/** `root` without what is at `path`. */
export function removeAt(root: LocatedMap, path: readonly string[]): LocatedMap {
  const [first, ...rest] = path;
  const old = root.entries.get(first);
  if (old === undefined) return root;
  const entries = new Map(root.entries);
  if (rest.length === 0) entries.delete(first);
  else if (old.node.kind === "map") entries.set(first, { ...old, node: removeAt(old.node, rest) });
  return { ...root, entries };
}

/** The same tree under another origin. */
export function withOrigin(node: Located, origin: Origin): Located {
  const at: Place = { ...node.at, origin };
  switch (node.kind) {
    case "scalar":
      return { ...node, at };
    case "list":
      return { ...node, at, items: node.items.map((item) => withOrigin(item, origin)) };
    case "map":
      return {
        ...node,
        at,
        entries: new Map(
          [...node.entries].map(([key, entry]) => [
            key,
            { keyAt: { ...entry.keyAt, origin }, node: withOrigin(entry.node, origin) },
          ]),
        ),
      };
  }
}

/** Whether two values say the same, places aside. */
export function sameValue(a: Written, b: Written): boolean {
  if (a instanceof Map && b instanceof Map) {
    return (
      a.size === b.size &&
      [...a].every(([key, value]) => b.has(key) && sameValue(value as Written, b.get(key) as Written))
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, i) => sameValue(value as Written, b[i] as Written));
  }
  return a === b;
}

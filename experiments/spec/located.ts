/**
 * A YAML value that remembers where it was written. Everything that is merged into an experiment (the file, a profile,
 * a flag, a value of an axis) keeps its own place, so that a complaint about the result points at the line that caused
 * it, whichever of them that was. Trees are immutable; setting returns another tree.
 */
import type { Written } from "../../engine/vocabulary/value-kinds";

export type Origin = "file" | "extends" | "profile" | "flag" | "axis";

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly origin: Origin;
}

/** The file that a path written at this place starts from: of a base, the base itself; of a flag, `main`. */
export function startOfPaths({ file, origin }: Place, main: string): string {
  return origin === "flag" || file.startsWith("-") ? main : file;
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
  | {
      readonly kind: "scalar";
      readonly at: Place;
      readonly value: string | number | boolean | null;
      /** Column of its first character, where each character stands for itself: no escapes, one line. */
      readonly textColumn?: number;
    }
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

/** What `step` leads to: a key of a map; of a list the item with that `id`, else the one at that index. */
function child(node: Located, step: string | number): Located | undefined {
  if (node.kind === "map") return node.entries.get(String(step))?.node;
  return node.kind === "list" ? node.items[indexOf(node.items, step)] : undefined;
}

/** -1 when there is none. */
function indexOf(items: readonly Located[], step: string | number): number {
  const named = items.findIndex((item) => idOf(item) === String(step));
  if (named >= 0) return named;
  const index = Number(step);
  return Number.isInteger(index) && index >= 0 && index < items.length ? index : -1;
}

/** The `id` of an item of a list. */
export function idOf(item: Located): string | undefined {
  const id = item.kind === "map" ? item.entries.get("id")?.node : undefined;
  return id?.kind === "scalar" && id.value !== null ? String(id.value) : undefined;
}

/** Items of lists are addressed by their `id` or their index. */
export function nodeAt(root: Located, path: Path): Located | undefined {
  let node: Located | undefined = root;
  for (const step of path) {
    node = child(node, step);
    if (node === undefined) return undefined;
  }
  return node;
}

/** Where `path` stands, or as much of it as exists; of a map's entry the key or the value. */
export function placeOf(root: Located, path: Path, about: "key" | "value"): Place {
  let node = root;
  let at = root.at;
  for (const [i, step] of path.entries()) {
    const next = child(node, step);
    if (next === undefined) return at;
    if (node.kind === "map") {
      const entry = node.entries.get(String(step));
      // The value of a block map starts on the next line: its key is the better place to look.
      const key = next.kind === "map" || (about === "key" && i === path.length - 1);
      at = key && entry !== undefined ? entry.keyAt : next.at;
    } else at = next.at;
    node = next;
  }
  return at;
}

/**
 * `root` with `node` at `path`; missing maps on the way are made, other kinds replaced. Of a list an item is replaced
 * that is there; one that is not changes nothing (whoever names items says so before).
 */
export function setAt(root: LocatedMap, path: readonly string[], node: Located, keyAt: Place): LocatedMap {
  const [first, ...rest] = path;
  const entries = new Map(root.entries);
  const old = entries.get(first);
  entries.set(first, {
    keyAt: rest.length === 0 ? keyAt : (old?.keyAt ?? keyAt),
    node: below(old?.node, rest, node, keyAt),
  });
  return { ...root, entries };
}

/** `old` with `node` at `path` below it. */
function below(old: Located | undefined, path: readonly string[], node: Located, keyAt: Place): Located {
  if (path.length === 0) return node;
  if (old?.kind === "list") {
    const [first, ...rest] = path;
    const index = indexOf(old.items, first);
    const items = old.items.map((item, i) => (i === index ? below(item, rest, node, keyAt) : item));
    return { ...old, items };
  }
  const map: LocatedMap = old?.kind === "map" ? old : { kind: "map", at: keyAt, entries: new Map<string, Entry>() };
  return setAt(map, path, node, keyAt);
}

/** `root` without what is at `path`. */
export function removeAt(root: LocatedMap, path: readonly string[]): LocatedMap {
  return without(root, path) as LocatedMap;
}

function without(node: Located, path: readonly string[]): Located {
  const [first, ...rest] = path;
  if (node.kind === "map") {
    const old = node.entries.get(first);
    if (old === undefined) return node;
    const entries = new Map(node.entries);
    if (rest.length === 0) entries.delete(first);
    else entries.set(first, { ...old, node: without(old.node, rest) });
    return { ...node, entries };
  }
  if (node.kind !== "list") return node;
  const index = indexOf(node.items, first);
  if (rest.length === 0) return { ...node, items: node.items.filter((_, i) => i !== index) };
  return { ...node, items: node.items.map((item, i) => (i === index ? without(item, rest) : item)) };
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

/**
 * The values of one tree: every row read and checked once, with where it came from. Also the walk that finds keys
 * nobody knows. What is not written has the row's default, in the row's own words.
 */
import { tunable, TUNABLES } from "../../engine/vocabulary/tunables";
import { checkValue, type ValueKind, type Written } from "../../engine/vocabulary/value-kinds";
import { meaningOf, PLAIN_KEYS, SCALAR_FORMS, SWITCHABLE, unknownKey } from "./keys";
import { nodeAt, placeOf, toJson, written, type Located, type LocatedMap, type Place } from "./located";
import type { Problems } from "./problems";
import type { RecordedDistributions } from "./recorded-distribution";
import { parse } from "yaml";

export interface Value {
  /** In the engine's units; undefined where the key is left out and has no default. */
  readonly value: unknown;
  /** As written, or as the default would be. */
  readonly printed: unknown;
  readonly origin: "default" | Place["origin"];
  readonly at: Place;
}

/** Reads rows of one tree. A faulty value has been told to `problems` and comes back as undefined with `sound` false. */
export class Values {
  private readonly values = new Map<string, Value>();
  /** False once any value was faulty: what depends on it should not be complained about as well. */
  private readonly faulty = new Set<string>();

  constructor(
    readonly tree: LocatedMap,
    private readonly recorded: RecordedDistributions,
    problems: Problems,
  ) {
    for (const row of [...PLAIN_KEYS, ...TUNABLES]) this.read(row.key, row.kind, row.default, problems);
  }

  get(key: string): unknown {
    return this.values.get(key)?.value;
  }

  number(key: string): number {
    return this.get(key) as number;
  }

  text(key: string): string {
    return (this.get(key) as string | undefined) ?? "";
  }

  /** Whether somebody wrote it. */
  given(key: string): boolean {
    return (this.values.get(key)?.origin ?? "default") !== "default";
  }

  sound(...keys: readonly string[]): boolean {
    return keys.every((key) => !this.faulty.has(key));
  }

  place(key: string): Place {
    return this.values.get(key)?.at ?? this.tree.at;
  }

  /** As written, or as the default would be. */
  printed(key: string): unknown {
    return this.values.get(key)?.printed;
  }

  entries(): Iterable<readonly [string, Value]> {
    return this.values;
  }

  private read(key: string, kind: ValueKind, fallback: string, problems: Problems): void {
    const path = key.split(".");
    const node = valueAt(this.tree, path);
    const at = node === undefined ? this.tree.at : placeOf(this.tree, path, "value");
    if (node === undefined) {
      const text: Written = fallback === "" ? null : defaultWritten(kind, fallback);
      const checked = text === null ? { ok: true as const, value: undefined } : checkValue(kind, text);
      this.values.set(key, {
        value: checked.ok ? checked.value : undefined,
        printed: toJson(text),
        origin: "default",
        at,
      });
      return;
    }
    const value = written(node);
    const read = mayNameFiles(kind) ? this.recorded.resolve(node, problems) : value;
    if (read === undefined) {
      this.faulty.add(key);
      this.values.set(key, { value: undefined, printed: toJson(value), origin: node.at.origin, at: node.at });
      return;
    }
    const checked = checkValue(kind, read);
    if (checked.ok) {
      this.values.set(key, { value: checked.value, printed: toJson(value), origin: node.at.origin, at: node.at });
      return;
    }
    this.faulty.add(key);
    for (const fault of checked.faults) {
      const steps = fault.path.length === 0 ? key : `${key}.${fault.path.join(".")}`;
      // A value that a scalar form stands for has no path of its own.
      const place =
        nodeAt(this.tree, path) === undefined ? node.at : placeOf(this.tree, [...path, ...fault.path], fault.about);
      problems.error(place, `${steps} ${fault.message}`, fault.suggestion);
    }
    this.values.set(key, { value: undefined, printed: toJson(value), origin: node.at.origin, at: node.at });
  }
}

function mayNameFiles(kind: ValueKind): boolean {
  return kind.kind === "structure" && (kind.name === "distribution" || kind.name === "zone-pairs");
}

/** What is written at `path`, also where a scalar stands for the group above it. */
export function valueAt(tree: LocatedMap, path: readonly string[]): Located | undefined {
  const node = nodeAt(tree, path);
  if (node !== undefined) return node;
  const group = nodeAt(tree, path.slice(0, -1));
  const form = SCALAR_FORMS.get(path.slice(0, -1).join("."));
  return group?.kind === "scalar" && form === path[path.length - 1] ? group : undefined;
}

const defaults = new Map<string, Written>();

/** Defaults stand in the rows as a person would write them; each text is read once. */
function defaultWritten(kind: ValueKind, text: string): Written {
  if (kind.kind === "text" || kind.kind === "choice") return text;
  let value = defaults.get(text);
  if (value === undefined) {
    value = parse(text, { version: "1.2" }) as Written;
    defaults.set(text, value);
  }
  return value;
}

/** Complains about every key below `node` that is unknown, misplaced, or not supported yet. */
export function checkKeys(tree: LocatedMap, problems: Problems): void {
  walk(tree, "", problems);
}

function walk(node: LocatedMap, prefix: string, problems: Problems): void {
  for (const [name, entry] of node.entries) {
    const key = prefix === "" ? name : `${prefix}.${name}`;
    const meaning = meaningOf(key);
    switch (meaning.kind) {
      case "leaf":
      case "part":
        break;
      case "later":
        problems.error(entry.keyAt, `${key} ${meaning.why}`);
        break;
      case "group":
        if (entry.node.kind === "map") walk(entry.node, key, problems);
        else if (!acceptsScalar(key, entry.node)) notAGroup(key, entry.node, problems);
        break;
      case "unknown": {
        const { message, suggestion } = unknownKey(prefix, name);
        problems.error(entry.keyAt, message, suggestion);
        break;
      }
    }
  }
}

function acceptsScalar(key: string, node: Located): boolean {
  if (node.kind !== "scalar") return false;
  return SCALAR_FORMS.has(key) || (SWITCHABLE.has(key) && node.value === "none");
}

function notAGroup(key: string, node: Located, problems: Problems): void {
  const below = [...PLAIN_KEYS.map((row) => row.key), ...TUNABLES.map((row) => row.key)]
    .filter((known) => known.startsWith(`${key}.`))
    .map((known) => known.slice(key.length + 1));
  const example =
    tunable(`${key}.${below[0]}`)?.default ?? PLAIN_KEYS.find((row) => row.key === `${key}.${below[0]}`)?.default ?? "";
  // What is off by default is written in order to be on.
  const kind = tunable(`${key}.${below[0]}`)?.kind;
  const on = example === "none" && kind !== undefined && checkValue(kind, "1ms").ok ? "1ms" : example;
  const hint = on === "" ? "" : `, such as ${key}: {${below[0]}: ${on}}`;
  problems.error(node.at, `${key} is a group of keys (${below.join(", ")})${hint}`);
}

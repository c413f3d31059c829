/**
 * Where values come from, in words that stay the same in `experiment.resolved.json` and in `explain --why`: the winner of
 * every key for the record, the whole chain of one key for a person who wonders why the flag did nothing. A place is a line
 * of a file, or the flag as it was typed.
 */
import { PLAIN_KEYS, axisKey, meaningOf, pathOf, PARTS } from "./keys";
import type { Layer, Layers } from "./layers";
import { nodeAt, toJson, written, type Located, type Place } from "./located";
import type { Sweep } from "./sweep";
import { TUNABLES } from "../../engine/vocabulary/tunables";
import { valueAt, type Values } from "./values";

export interface ValueOrigin {
  readonly from: "default" | "extends" | "file" | "profile" | "set" | "axis";
  /** `base.yaml:12:3` or `-S r=2`; a default stands nowhere. */
  readonly where?: string;
}

/** Of every resolved key, and of the parts that are there. */
export function originsOf(values: Values, sweep: Sweep): Readonly<Record<string, ValueOrigin>> {
  const origins: Record<string, ValueOrigin> = {};
  for (const [key, { origin, at }] of values.entries())
    origins[key] = origin === "default" ? { from: "default" } : originOf(at);
  for (const part of PARTS.keys()) {
    const node = nodeAt(values.tree, part.split("."));
    if (node !== undefined) origins[part] = originOf(node.at);
  }
  for (const combination of sweep.combinations.slice(0, 1)) {
    for (const { axis, value } of combination) origins[axisKey(axis)] = { from: "axis", where: placeText(value.at) };
  }
  return origins;
}

function originOf(at: Place): ValueOrigin {
  return { from: at.origin === "flag" ? "set" : at.origin, where: placeText(at) };
}

function placeText({ file, line, column }: Place): string {
  return file.startsWith("-") ? file : `${file}:${line}:${column}`;
}

/** One statement about a key. */
export interface ValueStep extends ValueOrigin {
  /** As written; null where the key was taken away, and what is below holds again only as the default. */
  readonly value: unknown;
}

export interface ValueHistory {
  readonly key: string;
  /** What holds first, then what it overrode. Empty: nobody says anything, and there is no default. */
  readonly chain: readonly ValueStep[];
}

/**
 * The histories of `key` and of all keys below it that somebody wrote; of a group without any, those of its defaults.
 * Undefined: no such key.
 */
export function historiesOf({ layers }: Layers, sweep: Sweep, typed: string): readonly ValueHistory[] | undefined {
  const key = axisKey(typed);
  const { tree } = layers[layers.length - 1];
  const meaning = meaningOf(key);
  if (meaning.kind === "leaf" || meaning.kind === "part") return [historyOf(layers, sweep, key)];
  const rows = [...PLAIN_KEYS, ...TUNABLES].map((row) => row.key).filter((row) => row.startsWith(`${key}.`));
  if (rows.length > 0) {
    const histories = rows.map((row) => historyOf(layers, sweep, row));
    const said = histories.filter(({ chain }) => chain.some(({ from }) => from !== "default"));
    return said.length > 0 ? said : histories.filter(({ chain }) => chain.length > 0);
  }
  // A part of a value (network.intra_zone.mean), or an item of a list (faults.split.at).
  return layers.some((layer) => nodeAt(layer.tree, pathOf(key)) !== undefined) ||
    nodeAt(tree, pathOf(key)) !== undefined
    ? [historyOf(layers, sweep, key)]
    : undefined;
}

function historyOf(layers: readonly Layer[], sweep: Sweep, key: string): ValueHistory {
  const chain: ValueStep[] = [];
  const row = [...PLAIN_KEYS, ...TUNABLES].find((one) => one.key === key);
  if (row !== undefined && row.default !== "") chain.unshift({ from: "default", value: row.default });
  let before: Located | undefined;
  for (const layer of layers) {
    const now = valueAt(layer.tree, pathOf(key));
    if (now === before) continue;
    chain.unshift(now === undefined ? takenAway(layer) : statementOf(layer, now, before));
    before = now;
  }
  const values = axisValues(sweep, key);
  if (values.length > 0)
    chain.unshift({
      from: "axis",
      value: values.map((value) => toJson(written(value))),
      where: placeText(values[0].at),
    });
  return { key, chain };
}

/** A map or list that was merged into has the place of its first lines; the line that changed it is the better one. */
function statementOf(layer: Layer, now: Located, before: Located | undefined): ValueStep {
  return { from: layer.from, value: toJson(written(now)), where: placeText(firstChange(now, before) ?? now.at) };
}

function firstChange(now: Located, before: Located | undefined): Place | undefined {
  if (now.kind === "list" && before?.kind === "list") {
    const changed = now.items.findIndex((item, i) => item !== before.items[i]);
    return changed < 0 ? undefined : (firstChange(now.items[changed], before.items[changed]) ?? now.items[changed].at);
  }
  if (now.kind !== "map" || before?.kind !== "map") return undefined;
  const changed = [...now.entries].find(([key, { node }]) => node !== before.entries.get(key)?.node);
  if (changed === undefined) return undefined;
  const [key, { node, keyAt }] = changed;
  return firstChange(node, before.entries.get(key)?.node) ?? keyAt;
}

function takenAway({ from, name }: Layer): ValueStep {
  return { from, value: null, where: from === "set" ? `-S ${name}` : from === "profile" ? `profiles.${name}` : name };
}

function axisValues(sweep: Sweep, key: string): readonly Located[] {
  const values = new Set<Located>();
  for (const combination of sweep.combinations) {
    for (const { axis, value } of combination) if (axisKey(axis) === key) values.add(value);
  }
  return [...values];
}

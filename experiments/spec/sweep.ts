/**
 * Axes to cells. An axis is a list of values, a `range`, or a `zip` group whose lists run in step; the axes are
 * multiplied as a grid, the last one fastest, then exclusions are taken out. A value of an axis is put into the tree at
 * its key *before* the tree is checked, so a cell is checked like a file that says the same, and a fault in it points at
 * the value in the sweep.
 */
import { printWritten } from "../../engine/vocabulary/value-kinds";
import { checkItem } from "./items";
import { axisKey, meaningOf, pathOf, SCALAR_FORMS, unknownKey } from "./keys";
import {
  nodeAt,
  sameValue,
  setAt,
  withOrigin,
  written,
  type Entry,
  type Located,
  type LocatedMap,
  type Place,
} from "./located";
import type { Problems } from "./problems";

/** Cells of one experiment. */
const MOST_CELLS = 2_000;
const MOST_VALUES = 200;

export interface Assignment {
  /** As named in the sweep: `r`, `ring.vnodes_per_node`, `tags.arm`. */
  readonly axis: string;
  readonly value: Located;
  /** Goes with a tag of its zip group, which is the name for both: cells are neither named nor told apart by it. */
  readonly behindTag?: boolean;
}

export type Combination = readonly Assignment[];

export interface Sweep {
  readonly axisKeys: readonly string[];
  /** The same by axis: a zip group varies several. */
  readonly axisGroups: readonly (readonly string[])[];
  readonly combinations: readonly Combination[];
  readonly excluded: number;
  /** The steps of every axis as the file has them. */
  readonly groups: readonly Steps[];
}

/** One axis or zip group: its steps, each setting one key or several. */
type Steps = readonly Combination[];

/** Every combination of axis values; one empty combination where there is no sweep. */
export function expandSweep(tree: LocatedMap, problems: Problems): Sweep {
  const sweep = nodeAt(tree, ["sweep"]);
  const none: Sweep = { axisKeys: [], axisGroups: [], combinations: [[]], excluded: 0, groups: [] };
  if (sweep === undefined) return none;
  if (sweep.kind !== "map") {
    problems.error(sweep.at, "sweep is no map; write sweep: {axes: {r: [1, 2]}}");
    return none;
  }
  for (const [key, entry] of sweep.entries) {
    if (["axes", "where", "exclude", "baseline"].includes(key)) continue;
    problems.error(entry.keyAt, `unknown key "${key}" in sweep; known: axes, where, exclude, baseline`);
  }
  const axes = sweep.entries.get("axes")?.node;
  if (axes === undefined) {
    problems.error(sweep.at, "sweep has no axes; write sweep: {axes: {r: [1, 2]}}");
    return none;
  }
  if (axes.kind !== "map") {
    problems.error(axes.at, "sweep.axes is no map; write axes: {r: [1, 2]}");
    return none;
  }
  const groups: Steps[] = [];
  const seen = new Set<string>();
  for (const [name, entry] of axes.entries) {
    const steps = readAxis(tree, name, entry, problems);
    if (steps === undefined) continue;
    for (const { axis } of steps[0]) {
      if (seen.has(axisKey(axis))) problems.error(entry.keyAt, `${axis} is varied twice in sweep.axes`);
      seen.add(axisKey(axis));
    }
    groups.push(steps);
  }
  const count = groups.reduce((product, steps) => product * steps.length, 1);
  if (count > MOST_CELLS) {
    problems.error(axes.at, `sweep.axes make ${count} cells; allowed: at most ${MOST_CELLS}`);
    return none;
  }
  let combinations: Combination[] = [[]];
  for (const steps of groups)
    combinations = combinations.flatMap((before) => steps.map((step) => [...before, ...step]));
  const axisGroups = groups.map((steps) => steps[0].map(({ axis }) => axis));
  const axisKeys = axisGroups.flat();
  const kept = exclude(sweep, combinations, axisKeys, problems);
  warnOfEmptySteps(groups, kept, "sweep.exclude takes out every cell with it", problems);
  return { axisKeys, axisGroups, combinations: kept, excluded: combinations.length - kept.length, groups };
}

function readAxis(tree: LocatedMap, name: string, entry: Entry, problems: Problems): Steps | undefined {
  const { node, keyAt } = entry;
  if (node.kind === "map" && node.entries.has("zip")) return readZip(tree, name, node, problems);
  if (!checkAxisName(tree, name, keyAt, problems)) return undefined;
  const values = readValues(name, node, problems);
  return values?.map((value) => [{ axis: name, value }]);
}

/** Whether `name` may be varied. */
function checkAxisName(tree: LocatedMap, name: string, at: Place, problems: Problems): boolean {
  const key = axisKey(name);
  if (/^tags\.[A-Za-z0-9_-]+$/.test(key)) return true;
  const meaning = meaningOf(key);
  const head = key.split(".")[0];
  if (meaning.kind === "later") problems.error(at, `${key} ${meaning.why}`);
  else if (head === "faults") return checkItem(tree, pathOf(key), at, problems);
  else if (
    meaning.kind === "part" ||
    ["schema", "name", "title", "question", "seed", "repetitions", "analysis", "phases"].includes(head)
  ) {
    problems.error(at, `${key} cannot be an axis`);
  } else if (meaning.kind === "leaf" || SCALAR_FORMS.has(key) || isInsideStructure(key)) return true;
  else if (meaning.kind === "group")
    problems.error(at, `${key} is a group of keys; vary one of them, such as ${key}.${firstBelow(key)}`);
  else {
    const cut = key.lastIndexOf(".");
    const advice = cut < 0 ? unknownKey("tunables", name) : unknownKey(key.slice(0, cut), key.slice(cut + 1));
    const rule = "an axis is a tunable's last name or a dotted key";
    const dotted = cut < 0 && advice.suggestion?.endsWith(`.${name}`) === true;
    problems.error(
      at,
      dotted ? `unknown axis "${name}"; write ${advice.suggestion} (${rule})` : `${advice.message} (${rule})`,
      advice.suggestion,
    );
  }
  return false;
}

function firstBelow(group: string): string {
  return group === "tunables.timeout" ? "read" : "…";
}

/** `network.intra_zone.mean`, `cluster.weights.node-1`: a part of a value that is a map. */
function isInsideStructure(key: string): boolean {
  const parts = key.split(".");
  for (let i = 1; i < parts.length; i++) {
    const meaning = meaningOf(parts.slice(0, i).join("."));
    if (meaning.kind === "leaf" && meaning.value.kind === "structure") return true;
  }
  return false;
}

function readZip(tree: LocatedMap, name: string, node: LocatedMap, problems: Problems): Steps | undefined {
  for (const [key, entry] of node.entries) {
    if (key !== "zip")
      problems.error(entry.keyAt, `unknown key "${key}" in sweep.axes.${name}; a zip group has zip alone`);
  }
  const zip = node.entries.get("zip")?.node;
  if (zip?.kind !== "map" || zip.entries.size === 0) {
    problems.error(zip?.at ?? node.at, `sweep.axes.${name}.zip is no map; write zip: {r: [1, 2], w: [2, 1]}`);
    return undefined;
  }
  const columns: { axis: string; values: readonly Located[]; at: Place }[] = [];
  let sound = true;
  for (const [axis, entry] of zip.entries) {
    const values = checkAxisName(tree, axis, entry.keyAt, problems)
      ? readValues(axis, entry.node, problems, true)
      : undefined;
    if (values === undefined) sound = false;
    else columns.push({ axis, values, at: entry.keyAt });
  }
  if (!sound) return undefined;
  const [first, ...others] = columns;
  for (const column of others) {
    if (column.values.length === first.values.length) continue;
    problems.error(
      column.at,
      `sweep.axes.${name}.zip.${column.axis} has ${column.values.length} values but ${first.axis} has ${first.values.length}; zipped lists have equal lengths`,
    );
    sound = false;
  }
  if (!sound) return undefined;
  const tagged = columns.some(({ axis, values }) => isTag(axis) && allDiffer(values));
  return first.values.map((_, i) =>
    columns.map(({ axis, values }) => ({
      axis,
      value: values[i],
      ...(tagged && !isTag(axis) ? { behindTag: true } : {}),
    })),
  );
}

function isTag(axis: string): boolean {
  return axis.startsWith("tags.");
}

function allDiffer(values: readonly Located[]): boolean {
  return new Set(values.map((value) => printWritten(written(value)))).size === values.length;
}

/** What tells a cell from the others: tags stand for what is zipped with them. */
export function named(combination: Combination): Combination {
  return combination.filter(({ behindTag }) => behindTag !== true);
}

function readValues(name: string, node: Located, problems: Problems, repeats = false): readonly Located[] | undefined {
  const values = node.kind === "map" && node.entries.has("range") ? readRange(name, node, problems) : node;
  if (values === undefined) return undefined;
  if (!isLocatedList(values)) {
    if (values.kind !== "list") {
      problems.error(
        values.at,
        `the axis ${name} is no list; write ${name}: [1, 2], {range: {from, to, step}} or {zip: {…}}`,
      );
      return undefined;
    }
    if (values.items.length === 0) {
      problems.error(values.at, `the axis ${name} has no values`);
      return undefined;
    }
    if (values.items.length > MOST_VALUES) {
      problems.error(values.at, `the axis ${name} has ${values.items.length} values; allowed: at most ${MOST_VALUES}`);
      return undefined;
    }
    if (!repeats) {
      values.items.forEach((item, i) => {
        const same = values.items.slice(0, i).some((earlier) => sameValue(written(earlier), written(item)));
        if (same)
          problems.error(
            item.at,
            `the axis ${name} has this value twice; cells that differ in nothing need tags, such as tags.arm: [a, b]`,
          );
      });
    }
    return values.items;
  }
  return values;
}

function isLocatedList(value: Located | readonly Located[]): value is readonly Located[] {
  return Array.isArray(value);
}

const QUANTITY = /^(\d+(?:\.\d+)?)\s*([A-Za-zµ/%]*)$/;

/** `{range: {from, to, step}}` or with `factor`; both ends included where they are hit. Units are kept. */
function readRange(name: string, node: LocatedMap, problems: Problems): readonly Located[] | undefined {
  const range = node.entries.get("range")?.node;
  const at = range?.at ?? node.at;
  const fail = (message: string, where: Place = at): undefined => {
    problems.error(where, `the range of axis ${name} ${message}`);
    return undefined;
  };
  if (range?.kind !== "map") return fail("is no map; write {from: 1, to: 16, factor: 2} or {from: 1, to: 5, step: 1}");
  for (const [key, entry] of range.entries) {
    if (!["from", "to", "step", "factor"].includes(key))
      return fail(`has an unknown key "${key}"; known: from, to, step, factor`, entry.keyAt);
  }
  const amounts = new Map<string, { amount: number; unit: string }>();
  for (const [key, entry] of range.entries) {
    const value = entry.node.kind === "scalar" ? entry.node.value : null;
    const match = QUANTITY.exec(String(value));
    if (match === null || (typeof value !== "number" && typeof value !== "string"))
      return fail(`has ${key} that is no number or quantity`, entry.node.at);
    amounts.set(key, { amount: Number(match[1]), unit: match[2] });
  }
  const from = amounts.get("from");
  const to = amounts.get("to");
  const step = amounts.get("step");
  const factor = amounts.get("factor");
  if (from === undefined || to === undefined) return fail("needs from and to");
  if ((step === undefined) === (factor === undefined)) return fail("needs either step or factor");
  if (
    from.unit !== to.unit ||
    (step !== undefined && step.unit !== from.unit) ||
    (factor !== undefined && factor.unit !== "")
  ) {
    return fail("mixes units; write from, to and step in one unit, and factor without");
  }
  if (to.amount < from.amount) return fail("ends before it begins");
  if (step !== undefined && step.amount <= 0) return fail("has a step of 0");
  if (factor !== undefined && (factor.amount <= 1 || from.amount <= 0))
    return fail("needs a factor above 1 and from above 0");
  const values: Located[] = [];
  for (let i = 0; ; i++) {
    const amount = step === undefined ? from.amount * Math.pow(factor?.amount ?? 1, i) : from.amount + i * step.amount;
    const rounded = Number(amount.toPrecision(12));
    if (rounded > to.amount) break;
    if (values.length >= MOST_VALUES) return fail(`has more than ${MOST_VALUES} values`);
    values.push({ kind: "scalar", at, value: from.unit === "" ? rounded : `${rounded}${from.unit}` });
  }
  return values;
}

/** Axes that are ranges, in words: `2ms to 8ms, times 2: 3 values`. */
export function rangesOf(tree: LocatedMap, sweep: Sweep): Readonly<Record<string, string>> {
  const axes = nodeAt(tree, ["sweep", "axes"]);
  const columns = axes?.kind === "map" ? [...axes.entries].flatMap(columnsOf) : [];
  return Object.fromEntries(
    columns.flatMap(([axis, node]) => {
      const range = node.kind === "map" ? node.entries.get("range")?.node : undefined;
      if (range?.kind !== "map") return [];
      const part = (key: string): string => {
        const value = range.entries.get(key)?.node;
        return value === undefined ? "" : printWritten(written(value)).replaceAll('"', "");
      };
      const by = range.entries.has("step") ? `in steps of ${part("step")}` : `times ${part("factor")}`;
      const count = new Set(
        sweep.groups
          .flat(2)
          .flatMap((one) => (axisKey(one.axis) === axisKey(axis) ? [printWritten(written(one.value))] : [])),
      ).size;
      return [[axis, `${part("from")} to ${part("to")}, ${by}: ${count} ${count === 1 ? "value" : "values"}`]];
    }),
  );
}

/** The keys that an axis varies, each with what is written for it. */
function columnsOf([name, { node }]: readonly [string, Entry]): readonly (readonly [string, Located])[] {
  const zip = node.kind === "map" ? node.entries.get("zip")?.node : undefined;
  return zip?.kind === "map" ? [...zip.entries].map(([axis, entry]) => [axis, entry.node] as const) : [[name, node]];
}

/** Whether a combination has all values of a `{axis: value}` condition. */
export function matches(combination: Combination, condition: ReadonlyMap<string, Located>): boolean {
  return [...condition].every(([axis, wanted]) => {
    const assigned = combination.find((one) => axisKey(one.axis) === axisKey(axis));
    return assigned !== undefined && sameValue(written(assigned.value), written(wanted));
  });
}

/** A condition whose every key is an axis, or undefined with the reason told. */
export function readCondition(
  node: Located,
  what: string,
  axisKeys: readonly string[],
  problems: Problems,
): ReadonlyMap<string, Located> | undefined {
  if (node.kind !== "map" || node.entries.size === 0) {
    problems.error(node.at, `${what} is no map of axis values, such as {r: 2, w: 2}`);
    return undefined;
  }
  const known = axisKeys.map(axisKey);
  const condition = new Map<string, Located>();
  for (const [key, entry] of node.entries) {
    if (known.includes(axisKey(key))) condition.set(key, entry.node);
    else problems.error(entry.keyAt, `${what} names "${key}", which is no axis; axes: ${axisKeys.join(", ")}`);
  }
  return condition.size === node.entries.size ? condition : undefined;
}

function exclude(
  sweep: LocatedMap,
  combinations: readonly Combination[],
  axisKeys: readonly string[],
  problems: Problems,
): readonly Combination[] {
  const node = sweep.entries.get("exclude")?.node;
  if (node === undefined) return combinations;
  if (node.kind !== "list") {
    problems.error(node.at, "sweep.exclude is no list; write exclude: [{r: 3, w: 3}]");
    return combinations;
  }
  let kept = combinations;
  for (const item of node.items) {
    const condition = readCondition(item, "sweep.exclude", axisKeys, problems);
    if (condition === undefined) continue;
    const left = kept.filter((combination) => !matches(combination, condition));
    if (left.length === kept.length) problems.warning(item.at, "this exclusion takes no cell out");
    kept = left;
  }
  if (kept.length === 0) problems.error(node.at, "sweep.exclude takes every cell out");
  return kept;
}

/** A value of an axis that no cell is left of looks as if it had been tried. None at all left is told elsewhere. */
export function warnOfEmptySteps(
  groups: readonly Steps[],
  kept: readonly Combination[],
  why: string,
  problems: Problems,
): void {
  if (kept.length === 0) return;
  const used = new Set(kept.flat());
  for (const steps of groups) {
    for (const [first, ...others] of steps) {
      if (used.has(first)) continue;
      const values = [first, ...others].map(({ axis, value }) => `${axis} ${printWritten(written(value))}`);
      problems.warning(first.value.at, `no cell has ${values.join(" and ")}: ${why}`);
    }
  }
}

/** The tree of one cell. */
export function applyCombination(tree: LocatedMap, combination: Combination): LocatedMap {
  let result = tree;
  for (const { axis, value } of combination)
    result = setAt(result, pathOf(axisKey(axis)), withOrigin(value, "axis"), value.at);
  return result;
}

/**
 * Tunables that are more than one scalar: a distribution, a key popularity, a map of zones. Each has a checker that
 * names every wrong part by its path. Distributions are the shapes that latency studies of these stores use
 * (exponential and Pareto in Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012).
 */
import { nearest } from "./nearest";
import type { DistributionSettings } from "./settings";
import {
  checkValue,
  isList,
  isMap,
  printWritten,
  wrong,
  type Checked,
  type Fault,
  type ValueKind,
  type Written,
} from "./value-kinds";

export type StructureName =
  | "distribution"
  | "popularity"
  | "length"
  | "zones"
  | "weights"
  | "pin"
  | "percentiles"
  | "scan-keys"
  | "history"
  | "properties";

const TEXTS: Readonly<Record<StructureName, string>> = {
  distribution:
    "none, a duration, or {dist: constant, value} {dist: uniform, min, max} {dist: exponential, mean, shift} " +
    "{dist: normal, mean, sd} {dist: lognormal, median, p99} {dist: pareto, min, alpha}",
  popularity:
    "uniform, zipfian (YCSB's), {dist: zipf, theta} (exact), latest, {dist: hotspot, data_fraction, operation_fraction}, " +
    "sequential, {dist: exponential, percentile, fraction}",
  length: "a size, or {dist: fixed, size} {dist: uniform, min, max} {dist: zipfian, min, max}",
  zones: "a map from zone to its number of nodes, such as {a: 2, b: 2, c: 1}",
  weights: "a map from node to a factor from 0.01 to 100, such as {node-1: 2}",
  pin: "auto, none, or a list with one list of processor numbers for each node and a last one for the driver",
  percentiles: "a list of up to 20 percentiles above 0 and below 100",
  "scan-keys": "all, or sample:<count> such as sample:2000",
  history: "none, all, or keys:<share> such as keys:5%",
  properties: "a map from YCSB property to value, such as {recordcount: 1000}",
};

export function structureText(name: StructureName): string {
  return TEXTS[name];
}

const DURATION: ValueKind = { kind: "duration", minMs: 0, maxMs: 3_600_000 };
const POSITIVE_DURATION: ValueKind = { kind: "duration", minMs: 0.001, maxMs: 3_600_000 };
const SHARE: ValueKind = { kind: "ratio", max: 1 };
const VALUE_SIZE: ValueKind = { kind: "size", minBytes: 0, maxBytes: 16_777_216 };
const ANY_TEXT: ValueKind = { kind: "text", maxLength: 1_000 };
/** Nodes of one cluster; each is a process. */
export const MAX_CLUSTER_NODES = 64;

interface Field {
  readonly kind: ValueKind;
  readonly fallback?: Written;
}
type Shape = Readonly<Record<string, Field>>;

const DISTRIBUTIONS: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["constant", { value: { kind: DURATION } }],
  ["uniform", { min: { kind: DURATION }, max: { kind: DURATION } }],
  ["exponential", { mean: { kind: POSITIVE_DURATION }, shift: { kind: DURATION, fallback: "0ms" } }],
  ["normal", { mean: { kind: DURATION }, sd: { kind: DURATION } }],
  ["lognormal", { median: { kind: POSITIVE_DURATION }, p99: { kind: POSITIVE_DURATION } }],
  ["pareto", { min: { kind: POSITIVE_DURATION }, alpha: { kind: { kind: "number", min: 0.1, max: 1_000 } } }],
]);

const POPULARITIES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["uniform", {}],
  ["zipfian", {}],
  ["zipf", { theta: { kind: { kind: "number", min: 0, max: 10 }, fallback: 0.99 } }],
  ["latest", {}],
  ["hotspot", { data_fraction: { kind: SHARE, fallback: 0.2 }, operation_fraction: { kind: SHARE, fallback: 0.8 } }],
  ["sequential", {}],
  [
    "exponential",
    {
      percentile: { kind: { kind: "number", min: 1, max: 99.999 }, fallback: 95 },
      fraction: { kind: SHARE, fallback: 0.8571428571 },
    },
  ],
]);

const LENGTHS: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["fixed", { size: { kind: VALUE_SIZE } }],
  ["uniform", { min: { kind: VALUE_SIZE }, max: { kind: VALUE_SIZE } }],
  ["zipfian", { min: { kind: VALUE_SIZE }, max: { kind: VALUE_SIZE } }],
]);

/** The names that `dist:` takes, for the schema and the reference. */
export function distNames(name: "distribution" | "popularity" | "length"): readonly string[] {
  return [...families(name).keys()];
}

function families(name: "distribution" | "popularity" | "length"): ReadonlyMap<string, Shape> {
  return name === "distribution" ? DISTRIBUTIONS : name === "popularity" ? POPULARITIES : LENGTHS;
}

export function checkStructure(name: StructureName, value: Written): Checked {
  switch (name) {
    case "distribution":
      return distribution(value);
    case "popularity":
      return popularity(value);
    case "length":
      return length(value);
    case "zones":
      return mapOf(value, name, { kind: "integer", min: 1, max: MAX_CLUSTER_NODES });
    case "weights":
      return mapOf(value, name, { kind: "number", min: 0.01, max: 100 });
    case "pin":
      return pin(value);
    case "percentiles":
      return percentiles(value);
    case "scan-keys":
      return scanKeys(value);
    case "history":
      return history(value);
    case "properties":
      return properties(value);
  }
}

function allowed(name: StructureName, value: Written): Checked {
  return wrong(`is ${printWritten(value)}; allowed: ${TEXTS[name]}`);
}

type Fields =
  | { readonly ok: true; readonly dist: string; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** `{dist: name, …}` against a family of shapes: every missing, unknown and wrong part. */
function dist(name: "distribution" | "popularity" | "length", value: ReadonlyMap<string, Written>): Fields {
  const family = families(name);
  const faults: Fault[] = [];
  const chosen = value.get("dist");
  const shape = typeof chosen === "string" ? family.get(chosen) : undefined;
  if (shape === undefined || typeof chosen !== "string") {
    const known = [...family.keys()].join(", ");
    if (chosen === undefined)
      return { ok: false, faults: [{ path: [], about: "value", message: `has no dist; known: ${known}` }] };
    const near = typeof chosen === "string" ? nearest(chosen, family.keys()) : undefined;
    const hint = near === undefined ? `known: ${known}` : `did you mean "${near}"? Known: ${known}`;
    const fault: Fault = { path: ["dist"], about: "value", message: `is ${printWritten(chosen)}; ${hint}` };
    return { ok: false, faults: [near === undefined ? fault : { ...fault, suggestion: near }] };
  }
  const values: Record<string, unknown> = {};
  for (const key of value.keys()) {
    if (key === "dist" || Object.hasOwn(shape, key)) continue;
    const names = Object.keys(shape);
    const near = nearest(key, names);
    const message = `is no part of dist: ${chosen}; ${names.length === 0 ? "it takes none" : near !== undefined ? `did you mean "${near}"?` : `it takes ${names.join(", ")}`}`;
    faults.push({ path: [key], about: "key", message, ...(near === undefined ? {} : { suggestion: near }) });
  }
  for (const [key, field] of Object.entries(shape)) {
    const written = value.get(key) ?? field.fallback;
    if (written === undefined) {
      faults.push({ path: [], about: "value", message: `lacks ${key}, which dist: ${chosen} needs` });
      continue;
    }
    const checked = checkValue(field.kind, written);
    if (checked.ok) values[key] = checked.value;
    else faults.push(...checked.faults.map((fault) => ({ ...fault, path: [key, ...fault.path] })));
  }
  return faults.length === 0 ? { ok: true, dist: chosen, values } : { ok: false, faults };
}

function distribution(value: Written): Checked {
  if (value === "none") return { ok: true, value: undefined };
  if (!isMap(value)) {
    if (typeof value === "string" && DISTRIBUTIONS.has(value))
      return wrong(`is ${printWritten(value)}, which needs its parameters; allowed: ${TEXTS.distribution}`);
    const constant = checkValue(DURATION, value);
    if (!constant.ok) return typeof value === "number" ? constant : allowed("distribution", value);
    return { ok: true, value: { dist: "constant", valueMs: constant.value } };
  }
  const fields = dist("distribution", value);
  if (!fields.ok) return fields;
  const n = fields.values as Record<string, number>;
  switch (fields.dist) {
    case "constant":
      return made({ dist: "constant", valueMs: n.value });
    case "uniform":
      if (n.min > n.max) return wrong("has min above max");
      return made({ dist: "uniform", minMs: n.min, maxMs: n.max });
    case "exponential":
      return made({ dist: "exponential", meanMs: n.mean, shiftMs: n.shift });
    case "normal":
      return made({ dist: "normal", meanMs: n.mean, sdMs: n.sd });
    case "lognormal":
      if (n.p99 < n.median) return wrong("has p99 below median");
      return made({ dist: "lognormal", medianMs: n.median, p99Ms: n.p99 });
    default:
      return made({ dist: "pareto", minMs: n.min, alpha: n.alpha });
  }
}

function made(settings: DistributionSettings): Checked {
  return { ok: true, value: settings };
}

/** `zipfian` is short for `{dist: zipfian}`, `zipf(0.99)` for `{dist: zipf, theta: 0.99}`. */
function popularity(value: Written): Checked {
  let map: Written = value;
  if (typeof value === "string") {
    const call = /^zipf\(([\d.]+)\)$/.exec(value);
    map =
      call === null
        ? new Map([["dist", value]])
        : new Map<string, Written>([
            ["dist", "zipf"],
            ["theta", Number(call[1])],
          ]);
  }
  if (!isMap(map)) return allowed("popularity", value);
  const fields = dist("popularity", map);
  if (!fields.ok) {
    if (map === value) return fields;
    return { ok: false, faults: fields.faults.map((fault) => ({ ...fault, path: [] })) };
  }
  const n = fields.values as Record<string, number>;
  switch (fields.dist) {
    case "zipf":
      return { ok: true, value: { name: "zipf", theta: n.theta } };
    case "hotspot":
      return {
        ok: true,
        value: { name: "hotspot", dataFraction: n.data_fraction, operationFraction: n.operation_fraction },
      };
    case "exponential":
      return { ok: true, value: { name: "exponential", percentile: n.percentile, fraction: n.fraction } };
    default:
      return { ok: true, value: { name: fields.dist } };
  }
}

function length(value: Written): Checked {
  if (!isMap(value)) {
    const size = checkValue(VALUE_SIZE, value);
    return size.ok ? { ok: true, value: { dist: "constant", bytes: size.value } } : size;
  }
  // `constant` is what everybody else calls `fixed`.
  const fields = dist("length", value.get("dist") === "constant" ? new Map([...value, ["dist", "fixed"]]) : value);
  if (!fields.ok) return fields;
  const n = fields.values as Record<string, number>;
  if (fields.dist === "fixed") return { ok: true, value: { dist: "constant", bytes: n.size } };
  if (n.min > n.max) return wrong("has min above max");
  return { ok: true, value: { dist: fields.dist, minBytes: n.min, maxBytes: n.max } };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

/** A map whose values are all of one kind; comes back as a plain array of pairs in written order. */
function mapOf(value: Written, name: StructureName, kind: ValueKind): Checked {
  if (!isMap(value)) return allowed(name, value);
  const faults: Fault[] = [];
  const pairs: [string, unknown][] = [];
  for (const [key, written] of value) {
    if (!NAME.test(key))
      faults.push({ path: [key], about: "key", message: "is no name; allowed: up to 32 letters, digits, - and _" });
    const checked = checkValue(kind, written);
    if (checked.ok) pairs.push([key, checked.value]);
    else faults.push(...checked.faults.map((fault) => ({ ...fault, path: [key, ...fault.path] })));
  }
  if (pairs.length === 0 && faults.length === 0 && name === "zones") return wrong("is empty; name at least one zone");
  return faults.length === 0 ? { ok: true, value: pairs } : { ok: false, faults };
}

function pin(value: Written): Checked {
  if (value === "auto" || value === "none") return { ok: true, value };
  const cpu: ValueKind = { kind: "integer", min: 0, max: 1_023 };
  if (!isList(value) || !value.every((group) => isList(group) && group.length > 0)) return allowed("pin", value);
  const faults: Fault[] = [];
  value.forEach((group, i) => {
    (group as readonly Written[]).forEach((written, j) => {
      const checked = checkValue(cpu, written);
      if (!checked.ok) faults.push(...checked.faults.map((fault) => ({ ...fault, path: [i, j] })));
    });
  });
  return faults.length === 0 ? { ok: true, value } : { ok: false, faults };
}

function percentiles(value: Written): Checked {
  if (!isList(value) || value.length === 0 || value.length > 20) return allowed("percentiles", value);
  const faults: Fault[] = [];
  value.forEach((written, i) => {
    if (typeof written !== "number" || !(written > 0 && written < 100)) {
      faults.push({
        path: [i],
        about: "value",
        message: `is ${printWritten(written)}; allowed: a number above 0 and below 100`,
      });
    }
  });
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, value: [...new Set(value as readonly number[])].sort((a, b) => a - b) };
}

/** Keys a mid-run scan inspects: a count, Infinity for all. */
function scanKeys(value: Written): Checked {
  if (value === "all") return { ok: true, value: Number.MAX_SAFE_INTEGER };
  const match = typeof value === "string" ? /^sample:(\d{1,7})$/.exec(value) : null;
  const count = match === null ? 0 : Number(match[1]);
  return count > 0 ? { ok: true, value: count } : allowed("scan-keys", value);
}

function history(value: Written): Checked {
  if (value === "none" || value === "all") return { ok: true, value: { kind: value } };
  const match = typeof value === "string" ? /^keys:\s*(.+)$/.exec(value) : null;
  if (match === null) return allowed("history", value);
  const share = checkValue(SHARE, match[1].endsWith("%") ? match[1] : Number(match[1]));
  if (!share.ok || (share.value as number) <= 0) return allowed("history", value);
  return { ok: true, value: { kind: "keys", fraction: share.value } };
}

function properties(value: Written): Checked {
  if (!isMap(value)) return allowed("properties", value);
  const faults: Fault[] = [];
  const pairs: [string, string][] = [];
  for (const [key, written] of value) {
    const text = typeof written === "boolean" || typeof written === "number" ? String(written) : written;
    const checked = checkValue(ANY_TEXT, text);
    if (checked.ok) pairs.push([key, checked.value as string]);
    else
      faults.push({
        path: [key],
        about: "value",
        message: `is ${printWritten(written)}; a YCSB property is text or a number`,
      });
  }
  return faults.length === 0 ? { ok: true, value: pairs } : { ok: false, faults };
}

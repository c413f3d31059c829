/**
 * Tunables that are more than one scalar: a key popularity, a map of zones, a list of percentiles. Each has a checker
 * that names every wrong part by its path. Distributions, which have parts of their own kind, stand in
 * `written-distributions.ts`.
 */
import { readShape, type Shape } from "./shapes";
import {
  checkScalar,
  isList,
  isMap,
  printWritten,
  wrong,
  type Checked,
  type Fault,
  type ScalarKind,
  type Written,
} from "./scalar-kinds";
import { checkDistribution, DISTRIBUTION_NAMES, DISTRIBUTION_TEXT } from "./written-distributions";
import { checkHosts, HOSTS_TEXT } from "./written-hosts";
import { checkRateSteps, RATE_STEPS_TEXT } from "./written-rates";
import { ANTI_ENTROPY_TEXT, checkAntiEntropy, checkOptionalDuration, OPTIONAL_DURATION_TEXT } from "./written-repair";
import { checkSpeculativeRetry, SPECULATIVE_RETRY_TEXT } from "./written-reads";
import { checkScript, SCRIPT_TEXT } from "./written-scripts";
import { checkDeleteMode, checkPrune, DELETE_MODE_TEXT, PRUNE_TEXT } from "./written-versions";

export type StructureName =
  | "distribution"
  | "popularity"
  | "length"
  | "zone-pairs"
  | "zones"
  | "weights"
  | "owners"
  | "pin"
  | "node-list"
  | "percentiles"
  | "scan-keys"
  | "history"
  | "properties"
  | "script"
  | "prune"
  | "delete-mode"
  | "speculative-retry"
  | "optional-duration"
  | "anti-entropy"
  | "rate-steps"
  | "hosts";

const TEXTS: Readonly<Record<Exclude<StructureName, "distribution">, string>> = {
  "zone-pairs": "a map from two zones to a distribution, such as {a>b: 40ms} for one direction or {a-b: 40ms} for both",
  popularity:
    "uniform, zipfian (YCSB's), {dist: zipf, theta} (exact), latest, {dist: hotspot, data_fraction, operation_fraction}, " +
    "sequential, {dist: exponential, percentile, fraction}",
  length: "a size, or {dist: fixed, size} {dist: uniform, min, max} {dist: zipfian, min, max}",
  zones: "a map from zone to its number of nodes, such as {a: 2, b: 2, c: 1}",
  weights: "a map from node to a factor from 0.01 to 100, such as {node-1: 2}",
  owners: "a list of nodes, one for each partition, such as [node-1, node-2, node-3, node-1]",
  pin: "auto, none, or a list with one list of processor numbers for each node and a last one for the driver",
  "node-list": "a list of nodes, such as [node-1, node-2]",
  percentiles: "a list of up to 20 percentiles above 0 and below 100",
  "scan-keys": "all, or sample:<count> such as sample:2000",
  history: "none, all, or keys:<share> such as keys:5%",
  properties: "a map from YCSB property to value, such as {recordcount: 1000}",
  script: SCRIPT_TEXT,
  prune: PRUNE_TEXT,
  "delete-mode": DELETE_MODE_TEXT,
  "speculative-retry": SPECULATIVE_RETRY_TEXT,
  "optional-duration": OPTIONAL_DURATION_TEXT,
  "anti-entropy": ANTI_ENTROPY_TEXT,
  "rate-steps": RATE_STEPS_TEXT,
  hosts: HOSTS_TEXT,
};

export function structureText(name: StructureName): string {
  return name === "distribution" ? DISTRIBUTION_TEXT : TEXTS[name];
}

const SHARE: ScalarKind = { kind: "ratio", max: 1 };
const VALUE_SIZE: ScalarKind = { kind: "size", minBytes: 0, maxBytes: 16_777_216 };
const ANY_TEXT: ScalarKind = { kind: "text", maxLength: 1_000 };
/** Nodes of one cluster in simulation. */
export const MAX_CLUSTER_NODES = 5_000;
/** Nodes of one cluster where each is a process. */
export const MAX_PROCESSES = 64;

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
  if (name === "distribution") return DISTRIBUTION_NAMES;
  return [...(name === "popularity" ? POPULARITIES : LENGTHS).keys()];
}

export function checkStructure(name: StructureName, value: Written): Checked {
  switch (name) {
    case "distribution":
      return checkDistribution(value);
    case "zone-pairs":
      return zonePairs(value);
    case "popularity":
      return popularity(value);
    case "length":
      return length(value);
    case "zones":
      return mapOf(value, name, { kind: "integer", min: 1, max: MAX_CLUSTER_NODES });
    case "weights":
      return mapOf(value, name, { kind: "number", min: 0.01, max: 100 });
    case "owners":
      return owners(value);
    case "pin":
      return pin(value);
    case "node-list":
      return nodeList(value);
    case "percentiles":
      return percentiles(value);
    case "scan-keys":
      return scanKeys(value);
    case "history":
      return history(value);
    case "properties":
      return properties(value);
    case "script":
      return checkScript(value);
    case "prune":
      return checkPrune(value);
    case "delete-mode":
      return checkDeleteMode(value);
    case "speculative-retry":
      return checkSpeculativeRetry(value);
    case "optional-duration":
      return checkOptionalDuration(value);
    case "anti-entropy":
      return checkAntiEntropy(value);
    case "rate-steps":
      return checkRateSteps(value);
    case "hosts":
      return checkHosts(value);
  }
}

function allowed(name: StructureName, value: Written): Checked {
  return wrong(`is ${printWritten(value)}; allowed: ${structureText(name)}`);
}

function nodeList(value: Written): Checked {
  const named = Array.isArray(value) ? (value as readonly Written[]) : [value];
  if (named.length === 0 || !named.every((one) => typeof one === "string" && one !== ""))
    return allowed("node-list", value);
  return { ok: true, value: [...new Set(named as readonly string[])] };
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
  const fields = readShape(POPULARITIES, map);
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
    const size = checkScalar(VALUE_SIZE, value);
    return size.ok ? { ok: true, value: { dist: "constant", bytes: size.value } } : size;
  }
  // `constant` is what everybody else calls `fixed`.
  const fields = readShape(LENGTHS, value.get("dist") === "constant" ? new Map([...value, ["dist", "fixed"]]) : value);
  if (!fields.ok) return fields;
  const n = fields.values as Record<string, number>;
  if (fields.dist === "fixed") return { ok: true, value: { dist: "constant", bytes: n.size } };
  if (n.min > n.max) return wrong("has min above max");
  return { ok: true, value: { dist: fields.dist, minBytes: n.min, maxBytes: n.max } };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

/** A map whose values are all of one kind; comes back as a plain array of pairs in written order. */
function mapOf(value: Written, name: StructureName, kind: ScalarKind): Checked {
  if (!isMap(value)) return allowed(name, value);
  const faults: Fault[] = [];
  const pairs: [string, unknown][] = [];
  for (const [key, written] of value) {
    if (!NAME.test(key))
      faults.push({ path: [key], about: "key", message: "is no name; allowed: up to 32 letters, digits, - and _" });
    const checked = checkScalar(kind, written);
    if (checked.ok) pairs.push([key, checked.value]);
    else faults.push(...checked.faults.map((fault) => ({ ...fault, path: [key, ...fault.path] })));
  }
  if (pairs.length === 0 && faults.length === 0 && name === "zones") return wrong("is empty; name at least one zone");
  return faults.length === 0 ? { ok: true, value: pairs } : { ok: false, faults };
}

function owners(value: Written): Checked {
  if (!isList(value) || value.length === 0 || value.length > 65_536) return allowed("owners", value);
  if (!value.every((one) => typeof one === "string" && NAME.test(one))) return allowed("owners", value);
  return { ok: true, value };
}

/** Pairs as written, with their distributions; which zones they mean is for the reader to say, who knows the zones. */
function zonePairs(value: Written): Checked {
  if (!isMap(value)) return allowed("zone-pairs", value);
  const faults: Fault[] = [];
  const pairs: [string, unknown][] = [];
  for (const [key, written] of value) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*[>-][A-Za-z0-9][A-Za-z0-9_-]*$/.test(key)) {
      const message = "is no pair of zones; write a>b for one direction, a-b for both";
      faults.push({ path: [key], about: "key", message });
    }
    const checked = checkDistribution(written);
    if (!checked.ok) faults.push(...checked.faults.map((fault) => ({ ...fault, path: [key, ...fault.path] })));
    else if (checked.value === undefined)
      faults.push({ path: [key], about: "value", message: "is none; leave the pair out, or write 0ms" });
    else pairs.push([key, checked.value]);
  }
  return faults.length === 0 ? { ok: true, value: pairs } : { ok: false, faults };
}

function pin(value: Written): Checked {
  if (value === "auto" || value === "none") return { ok: true, value };
  const cpu: ScalarKind = { kind: "integer", min: 0, max: 1_023 };
  if (!isList(value) || !value.every((group) => isList(group) && group.length > 0)) return allowed("pin", value);
  const faults: Fault[] = [];
  value.forEach((group, i) => {
    (group as readonly Written[]).forEach((written, j) => {
      const checked = checkScalar(cpu, written);
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
  const share = checkScalar(SHARE, match[1].endsWith("%") ? match[1] : Number(match[1]));
  if (!share.ok || (share.value as number) <= 0) return allowed("history", value);
  return { ok: true, value: { kind: "keys", fraction: share.value } };
}

function properties(value: Written): Checked {
  if (!isMap(value)) return allowed("properties", value);
  const faults: Fault[] = [];
  const pairs: [string, string][] = [];
  for (const [key, written] of value) {
    const text = typeof written === "boolean" || typeof written === "number" ? String(written) : written;
    const checked = checkScalar(ANY_TEXT, text);
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

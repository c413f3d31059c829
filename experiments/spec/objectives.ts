/**
 * What an experiment demands and claims: `slos`, `hypotheses` with a condition, `analysis.pareto`, and what its report is
 * to show. A metric, a fault or a probe that nobody knows would be an objective that is met by never being looked at,
 * so every name is checked here, where it was written.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import type { Dimension } from "../../engine/vocabulary/expression";
import { holds, type ExpressionValue, type Names } from "../../engine/vocabulary/expression-value";
import { parseDurationMs, parseRatePerSecond, parseRatio, parseSizeBytes } from "../../engine/vocabulary/quantities";
import { settingNames, type ResolvedSettings } from "../../engine/vocabulary/setting-names";
import { printWritten } from "../../engine/vocabulary/value-kinds";
import { describeMetric, METRICS } from "../../results/record/metrics";
import { dimensionOfUnit } from "../../results/statistics/metric-units";
import {
  shareOfPercentile,
  type Hypothesis,
  type Objective,
  type ObjectiveOperator,
  type ParetoGoal,
} from "../../results/record/objectives";
import { PROBES } from "../../results/record/probes";
import { judge, readConditionText, type Condition } from "./conditions";
import { idOf, nodeAt, written, type Located, type LocatedMap } from "./located";
import type { Problems } from "./problems";
import { checkMetric, metricOf, records, textOf } from "./prose";

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const OPERATORS: readonly string[] = ["<", "<=", ">", ">=", "==", "!="];
const OVER = ["time", "outcome", "fault", "keys", "repetitions"];
/** Metrics that are about what follows a fault. */
const AFTER_FAULTS = "convergence_s";
const SUCCESSFUL = /_ms$|^p_stale$|^p_consistent_at_commit$/;
const MOST_HEADLINE = 12;

export function readObjectives(tree: LocatedMap, problems: Problems): readonly Objective[] {
  const maps = records(tree, "slos", ["id", "sli", "over", "op", "value", "severity"], problems);
  const ids = new Set<string>();
  return maps.flatMap((map) => {
    const id = readId(map, "slos", ids, problems);
    const metric = metricOf(map, "slos", "sli", problems);
    const described = describeMetric(metric);
    const over = readOver(map, tree, metric, problems);
    const op = readChoice(map, "op", OPERATORS, undefined, problems);
    const severity = readChoice(map, "severity", ["fail", "abort"], "fail", problems);
    const value = readValue(map, metric, described?.unit ?? "", problems);
    if (id === undefined || described === undefined || op === undefined || value === undefined) return [];
    return [
      {
        id,
        metric,
        ...over,
        op: op as ObjectiveOperator,
        value,
        unit: described.unit,
        severity: severity === "abort" ? "abort" : "fail",
      },
    ];
  });
}

function readId(map: LocatedMap, what: string, ids: Set<string>, problems: Problems): string | undefined {
  const id = textOf(map, "id", what, problems);
  const at = map.entries.get("id")?.node.at ?? map.at;
  if (id === "") return undefined;
  if (!ID.test(id)) problems.error(at, `${what}.id is "${id}"; allowed: letters, digits, - and _, at most 64`);
  if (ids.has(id)) problems.error(at, `${what} has the id "${id}" twice; give each its own`);
  ids.add(id);
  return id;
}

function readChoice(
  map: LocatedMap,
  key: string,
  allowed: readonly string[],
  fallback: string | undefined,
  problems: Problems,
): string | undefined {
  const node = map.entries.get(key)?.node;
  if (node === undefined && fallback !== undefined) return fallback;
  const value = node?.kind === "scalar" ? String(node.value) : undefined;
  if (value !== undefined && allowed.includes(value)) return value;
  const near = value === undefined ? undefined : nearest(value, allowed);
  problems.error(
    node?.at ?? map.at,
    node === undefined
      ? `slos lacks ${key}; allowed: ${allowed.join(", ")}`
      : `slos.${key} is ${printWritten(written(node))}; allowed: ${allowed.join(", ")}`,
    near,
  );
  return undefined;
}

function readOver(
  map: LocatedMap,
  tree: LocatedMap,
  metric: string,
  problems: Problems,
): Pick<Objective, "repetitions" | "fault" | "keys"> {
  const node = map.entries.get("over")?.node;
  const over: { repetitions: string; fault?: string; keys?: string } = { repetitions: "median" };
  if (node === undefined) return over;
  if (node.kind !== "map") {
    problems.error(node.at, "slos.over is no map; write {repetitions: median}");
    return over;
  }
  for (const [key, { keyAt, node: value }] of node.entries) {
    const text = value.kind === "scalar" ? String(value.value) : "";
    const refuse = (allowed: string): void =>
      problems.error(value.at, `slos.over.${key} is ${printWritten(written(value))}; allowed: ${allowed}`);
    switch (key) {
      case "time":
        if (text !== "measure") refuse("measure, the phase that metrics are about (see quorumlab explain <metric>)");
        break;
      case "outcome":
        if (text !== "ok") refuse("ok: latencies and staleness are of operations that succeeded");
        else if (!SUCCESSFUL.test(metric))
          problems.error(keyAt, `slos.over.outcome has no meaning for ${metric}, which is not about single operations`);
        break;
      case "fault":
      case "keys":
        if (metric !== AFTER_FAULTS)
          problems.error(keyAt, `slos.over.${key} has no meaning for ${metric}; it belongs to ${AFTER_FAULTS}`);
        else if (key === "fault") {
          if (isFault(text, value, tree, problems)) over.fault = text;
        } else if (text === "max" || shareOfPercentile(text) !== undefined) over.keys = text;
        else refuse("max (all keys), or a percentile of keys such as p90");
        break;
      case "repetitions":
        if (["median", "max", "min"].includes(text) || shareOfPercentile(text) !== undefined) over.repetitions = text;
        else refuse("median, max, min, or a percentile such as p90");
        break;
      default: {
        const near = nearest(key, OVER);
        problems.error(
          keyAt,
          `unknown key "${key}" in slos.over; ${near === undefined ? `known: ${OVER.join(", ")}` : `did you mean "${near}"?`}`,
          near,
        );
      }
    }
  }
  return over;
}

function isFault(id: string, node: Located, tree: LocatedMap, problems: Problems): boolean {
  const faults = nodeAt(tree, ["faults"]);
  // What is drawn from the seed is named by the draw.
  if (faults?.kind !== "list") {
    problems.error(node.at, `slos.over.fault is "${id}", but the experiment lists no faults`);
    return false;
  }
  const ids = faults.items.flatMap((item) => idOf(item) ?? []);
  if (ids.includes(id)) return true;
  const near = nearest(id, ids);
  const hint = near !== undefined ? `did you mean "${near}"?` : `the faults are ${ids.join(", ")}`;
  problems.error(node.at, `slos.over.fault is "${id}", which is no fault of this experiment; ${hint}`, near);
  return false;
}

/** In the metric's own unit. */
function readValue(map: LocatedMap, metric: string, unit: string, problems: Problems): number | undefined {
  const node = map.entries.get("value")?.node;
  if (node?.kind !== "scalar") {
    problems.error(node?.at ?? map.at, node === undefined ? "slos lacks value" : "slos.value is no single value");
    return undefined;
  }
  const found = node.value;
  const { dimension, own } = dimensionOfUnit(unit);
  const parse: Readonly<Record<Dimension, (text: string) => number | undefined>> = {
    plain: parseRatio,
    duration: parseDurationMs,
    rate: parseRatePerSecond,
    size: parseSizeBytes,
    "byte-rate": () => undefined,
  };
  const value =
    typeof found === "string"
      ? parse[dimension](found)
      : typeof found === "number" && (dimension === "plain" || found === 0)
        ? found
        : undefined;
  if (value !== undefined) return dimension === "plain" ? value : value / own;
  if (describeMetric(metric) !== undefined)
    problems.error(node.at, `slos.value is ${printWritten(found)}; ${metric} is measured in ${IN_WORDS[dimension]}`);
  return undefined;
}

const IN_WORDS: Readonly<Record<Dimension, string>> = {
  plain: "plain numbers, or a percentage such as 1%",
  duration: "time: write it with its unit, such as 20ms",
  rate: "a rate: write it with its unit, such as 500/s",
  size: "bytes: write it with its unit, such as 1KiB",
  "byte-rate": "bytes a second",
};

/** A hypothesis whose conditions have been read and not been judged yet. */
export interface UnjudgedHypothesis {
  readonly id: string;
  readonly text: string;
  readonly expect: Condition | undefined;
  readonly where: Condition | undefined;
}

export function readHypotheses(tree: LocatedMap, problems: Problems): readonly UnjudgedHypothesis[] {
  const ids = new Set<string>();
  return records(tree, "hypotheses", ["id", "text", "expect", "where"], problems).map((map) => {
    const condition = (key: "expect" | "where"): Condition | undefined => {
      const node = map.entries.get(key)?.node;
      return node === undefined ? undefined : readConditionText(node, `hypotheses.${key}`, problems);
    };
    const expect = condition("expect");
    const where = condition("where");
    if (map.entries.has("where") && !map.entries.has("expect"))
      problems.error(map.entries.get("where")!.keyAt, "hypotheses.where selects cells for expect, which is missing");
    return {
      id: readId(map, "hypotheses", ids, problems) ?? "",
      text: textOf(map, "text", "hypotheses", problems),
      expect,
      where,
    };
  });
}

/** A cell as far as conditions can tell: also one in which something else is wrong. */
export interface CellSettings {
  readonly id: string;
  readonly settings: ResolvedSettings;
}

/** Which cells each hypothesis is about; names and kinds in its conditions are checked in every cell. */
export function aboutCells(
  hypotheses: readonly UnjudgedHypothesis[],
  cells: readonly CellSettings[],
  problems: Problems,
): readonly Hypothesis[] {
  return hypotheses.map(({ id, text, expect, where }) => {
    if (expect === undefined) return { id, text };
    const selected = cells.filter(
      ({ settings }) => where === undefined || judge(where, settingNames(settings)) === true,
    );
    for (const cell of where === undefined ? selected : cells) {
      const result = holds(expect.expression, namesOfResults(cell));
      if (!result.ok) expect.refuse(result.fault);
    }
    if (selected.length === 0 && where !== undefined && !problems.hasErrors)
      where.warn("selects no cell of this run, so the hypothesis will not be judged");
    return {
      id,
      text,
      expect: expect.text,
      ...(where === undefined ? {} : { where: where.text, cells: selected.map((cell) => cell.id) }),
    };
  });
}

/** Metrics, of which nothing is known before the run, and settings. */
function namesOfResults(cell: CellSettings): Names {
  const settings = settingNames(cell.settings);
  return {
    valueOf: (name) => unmeasured(name) ?? settings.valueOf(name),
    known: () => [...METRICS.map((metric) => metric.name), ...settings.known()],
    what: "metric, axis or setting",
  };
}

function unmeasured(name: string): ExpressionValue | undefined {
  const metric = describeMetric(name);
  if (metric === undefined) return undefined;
  return { kind: "number", lo: -Infinity, hi: Infinity, ...dimensionOfUnit(metric.unit) };
}

export function readPareto(tree: LocatedMap, problems: Problems): readonly ParetoGoal[] {
  const goals = records(tree, "analysis.pareto", ["minimise", "maximise"], problems).flatMap((map): ParetoGoal[] => {
    const given = (["minimise", "maximise"] as const).filter((goal) => map.entries.has(goal));
    if (given.length !== 1) {
      if (given.length > 1 || map.entries.size === 0)
        problems.error(map.at, "an item of analysis.pareto is {minimise: <metric>} or {maximise: <metric>}");
      return [];
    }
    const [goal] = given;
    return [{ goal, metric: metricOf(map, "analysis.pareto", goal, problems) }];
  });
  const twice = goals.find(({ metric }, i) => goals.findIndex((one) => one.metric === metric) < i);
  const node = nodeAt(tree, ["analysis", "pareto"]);
  if (node !== undefined && twice !== undefined)
    problems.error(node.at, `analysis.pareto names ${twice.metric} twice; keep one`);
  if (node !== undefined && goals.length === 1)
    problems.warning(node.at, "analysis.pareto names one metric: its front is the best cell and those equal to it");
  return goals;
}

/** `report.headline`: undefined where it is left out. */
export function readHeadline(tree: LocatedMap, problems: Problems): readonly string[] | undefined {
  const names = readNames(tree, "report.headline", "[read_p99_ms, p_stale]", problems);
  const node = nodeAt(tree, ["report", "headline"]);
  if (names === undefined || node === undefined) return undefined;
  for (const { name, at } of names) checkMetric(name, at, "report.headline", problems);
  if (names.length > MOST_HEADLINE)
    problems.error(node.at, `report.headline has ${names.length} metrics; allowed: at most ${MOST_HEADLINE}`);
  return names.map(({ name }) => name);
}

/** `measure.probes`: undefined where it is left out, which means all. */
export function readProbes(tree: LocatedMap, problems: Problems): readonly string[] | undefined {
  return readKnown(
    tree,
    "measure.probes",
    PROBES.map(({ name }) => name),
    problems,
  );
}

/** `analysis.model_overlay`: undefined where it is left out, which means all that apply. */
export function readModelOverlay(tree: LocatedMap, problems: Problems): readonly string[] | undefined {
  return readKnown(tree, "analysis.model_overlay", MODELS, problems);
}

const MODELS = ["pbs"];

function readKnown(
  tree: LocatedMap,
  key: string,
  known: readonly string[],
  problems: Problems,
): readonly string[] | undefined {
  const names = readNames(tree, key, `[${known[0]}]`, problems);
  for (const { name, at } of names ?? []) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    problems.error(
      at,
      `${key} names "${name}"; ${near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`}`,
      near,
    );
  }
  return names?.map(({ name }) => name);
}

/** A list of words, each once; `none` is the empty list. */
function readNames(
  tree: LocatedMap,
  key: string,
  example: string,
  problems: Problems,
): readonly { readonly name: string; readonly at: Located["at"] }[] | undefined {
  const node = nodeAt(tree, key.split("."));
  if (node === undefined) return undefined;
  if (node.kind === "scalar" && node.value === "none") return [];
  if (node.kind !== "list" || !node.items.every((item) => item.kind === "scalar" && typeof item.value === "string")) {
    problems.error(node.at, `${key} is ${printWritten(written(node))}; write a list of names such as ${example}`);
    return undefined;
  }
  const names = node.items.map((item) => ({ name: item.kind === "scalar" ? String(item.value) : "", at: item.at }));
  names.forEach(({ name, at }, i) => {
    if (names.findIndex((one) => one.name === name) < i) problems.error(at, `${key} names "${name}" twice; keep one`);
  });
  return names;
}

/**
 * What can be said of a run in one cell of a table: what it is (`status`, `profile`, `tag.paper`), what it was set to (`r`,
 * `workload.rate`), what came of it (`read_p99_ms`). A setting or a metric belongs to a configuration, and a run may have
 * many: then it is the range over those that are meant. The same names filter, sort and head columns.
 */
import { exactly, valueOfSetting, type ExpressionValue } from "../../engine/vocabulary/expression-value";
import { settingNames } from "../../engine/vocabulary/setting-names";
import { plain, withUnit } from "../charts/numbers";
import { describeMetric } from "../record/metrics";
import type { CellSummary } from "../record/run-folder";
import { dimensionOfUnit } from "../statistics/metric-units";
import { targetOfRecord } from "../record/capabilities";
import type { CataloguedRun } from "./run-catalogue";

/** Of the run itself, whatever its configurations. */
const FIELDS: ReadonlyMap<string, (run: CataloguedRun) => string | number> = new Map<
  string,
  (run: CataloguedRun) => string | number
>([
  ["experiment", ({ experiment }) => experiment],
  ["run", ({ run }) => run],
  ["title", ({ manifest }) => manifest.title],
  ["started", ({ manifest }) => manifest.startedAt],
  ["status", ({ manifest }) => manifest.status],
  ["profile", ({ manifest }) => manifest.profile],
  ["world", ({ manifest }) => manifest.worlds.join("+")],
  ["target", ({ cells }) => [...new Set(cells.map((cell) => targetOfRecord(cell).name))].join("+") || "none"],
  ["validity", ({ cells, validity }) => (cells.length === 0 ? "nothing" : validity)],
  ["verdict", ({ verdict }) => verdict ?? "none"],
  ["note", ({ manifest }) => manifest.note ?? "none"],
  ["version", ({ manifest }) => manifest.quorumlab.version],
  ["seed", ({ manifest }) => manifest.seed],
  ["cells", ({ cells }) => cells.length],
  ["trials", ({ trials }) => trials],
  ["wall_s", ({ manifest }) => manifest.wallSeconds ?? 0],
]);

export const FIELD_NAMES: readonly string[] = [...FIELDS.keys()];

/** In one configuration; undefined: the run has nothing of that name. Where the run has none, `cell` is undefined. */
export function valueIn(run: CataloguedRun, cell: CellSummary | undefined, name: string): ExpressionValue | undefined {
  const field = FIELDS.get(name);
  if (field !== undefined) {
    const value = field(run);
    return typeof value === "number" ? exactly(value, "plain") : { kind: "text", text: value };
  }
  const tag = tagOf(name);
  if (tag !== undefined) {
    const tags = run.manifest.tags;
    const value = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
    if (value !== undefined) return valueOfSetting(/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value);
    return { kind: "text", text: "none" };
  }
  const metric = cell?.metrics[name];
  if (metric !== undefined || describeMetric(name) !== undefined) {
    const { dimension, own } = dimensionOfUnit(metric?.unit ?? describeMetric(name)!.unit);
    const value = metric?.value ?? null;
    // Not known: no condition on it holds, and none is refuted.
    if (value === null) return { kind: "number", lo: -Infinity, hi: Infinity, dimension, own };
    return { kind: "number", lo: value * own, hi: metric?.atLeast === true ? Infinity : value * own, dimension, own };
  }
  return settingNames({ ...run.resolved, ...cell?.axes }).valueOf(name);
}

/** `tag.paper`, `tags.paper`. */
function tagOf(name: string): string | undefined {
  return /^tags?\.(.+)$/.exec(name)?.[1];
}

/** All names that any of the runs knows. */
export function namesIn(runs: readonly CataloguedRun[]): ReadonlySet<string> {
  const names = new Set<string>(FIELD_NAMES);
  for (const { resolved, cells, manifest } of runs) {
    for (const key of [...Object.keys(resolved), ...manifest.axes]) {
      names.add(key);
      if (key.startsWith("tunables.")) names.add(key.slice("tunables.".length));
    }
    for (const key of Object.keys(manifest.tags)) names.add(`tag.${key}`);
    for (const { metrics } of cells) for (const name of Object.keys(metrics)) names.add(name);
  }
  return names;
}

/** What stands in a table: a value, or the range over the configurations; empty where there is nothing. */
export function shownIn(run: CataloguedRun, cells: readonly CellSummary[], name: string): string {
  const values = (cells.length === 0 ? [undefined] : cells).flatMap((cell) => {
    const value = valueIn(run, cell, name);
    return value === undefined ? [] : [{ value, unit: cell?.metrics[name]?.unit }];
  });
  const [first] = values;
  if (first === undefined) return "";
  if (values.every(({ unit, value }) => unit !== undefined && value.kind === "number")) {
    const known = values.flatMap(({ value, unit }) => {
      const { lo } = value as { readonly lo: number };
      return Number.isFinite(lo) ? [lo / dimensionOfUnit(unit!).own] : [];
    });
    if (known.length === 0) return "";
    const [least, most] = [Math.min(...known), Math.max(...known)];
    return least === most
      ? withUnit(least, first.unit!)
      : `${plainly(least, first.unit!)}…${withUnit(most, first.unit!)}`;
  }
  if (
    describeMetric(name) !== undefined &&
    values.every(({ value }) => value.kind === "number" && !Number.isFinite(value.lo))
  )
    return "";
  const words = [...new Set((cells.length === 0 ? [undefined] : cells).map((cell) => writtenIn(run, cell, name)))];
  return words.filter((word) => word !== "").join("/");
}

/** As it was written, and not as it is reckoned with: `2s` and not 2000. */
function writtenIn(run: CataloguedRun, cell: CellSummary | undefined, name: string): string {
  const settings: Readonly<Record<string, unknown>> = { ...run.resolved, ...cell?.axes };
  const value = valueIn(run, cell, name);
  if (value?.kind === "text") return value.text;
  const written = settings[name] ?? settings[`tunables.${name}`];
  if (!FIELDS.has(name) && written !== undefined && written !== null)
    return typeof written === "string" ? written : JSON.stringify(written);
  if (value?.kind === "truth") return String(value.truth);
  return value?.kind === "number" && Number.isFinite(value.lo) ? String(value.lo) : "";
}

function plainly(value: number, unit: string): string {
  return unit === "ratio" ? plain(100 * value) : plain(value);
}

/** To sort by: numbers by size, the smallest of a run's configurations (`-name`: the largest); words by code unit. */
export function sortKey(
  run: CataloguedRun,
  cells: readonly CellSummary[],
  name: string,
  descending: boolean,
): number | string | undefined {
  const values = (cells.length === 0 ? [undefined] : cells).flatMap((cell) => valueIn(run, cell, name) ?? []);
  const numbers = values.flatMap((value) => (value.kind === "number" && Number.isFinite(value.lo) ? [value.lo] : []));
  if (numbers.length > 0) return descending ? Math.max(...numbers) : Math.min(...numbers);
  const text = values.find((value) => value.kind === "text");
  return text?.kind === "text" ? text.text : undefined;
}

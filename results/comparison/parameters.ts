/**
 * What the sides were set to: of each resolved key the values of the matched cells, side by side. Most keys are equal on all
 * sides, and a table of them all hides the one that is not; so differing ones come first and alone unless all are asked for.
 */
import type { ComparedParameter, MatchedCells } from "./run-comparison";
import type { Side } from "./sides";

/** What names, repeats or reports a cell and does not set it. */
const NOT_SETTINGS =
  /^(schema|name|title|question|seed|hosts|extends|presets)$|^(repetitions|analysis|report|budget|sweep|slos|hypotheses|published|tags|citations|profiles)(\.|$)/;

export function parametersOf(sides: readonly Side[], groups: readonly MatchedCells[]): ComparedParameter[] {
  const settings = sides.map((side, i) => {
    const cells = new Set(groups.map(({ cells: ids }) => ids[i]));
    const first = new Map(side.trials.map(({ record }) => [record.cell, record]));
    return [...cells].flatMap((id) => {
      const record = id === null ? undefined : first.get(id);
      return record === undefined ? [] : [{ ...record.resolved, ...withPrefix(record.axes, record.resolved) }];
    });
  });
  const keys = [...new Set(settings.flat().flatMap((of) => Object.keys(of)))].filter((key) => !NOT_SETTINGS.test(key));
  return keys.sort().map((key) => {
    const values = settings.map((of) => {
      const printed = [...new Set(of.map((one: Readonly<Record<string, unknown>>) => print(one[key])))].sort();
      return printed.length === 0 ? "unset" : printed.join(" / ");
    });
    return { key, values, differs: new Set(values).size > 1 };
  });
}

/** An axis is called by its last name, its setting by the whole one. */
function withPrefix(
  axes: Readonly<Record<string, unknown>>,
  resolved: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(axes).map(([key, value]) => [`tunables.${key}` in resolved ? `tunables.${key}` : key, value]),
  );
}

/** `{dist: exponential, mean: 3ms}`. */
function print(value: unknown): string {
  if (value === undefined || value === null) return "unset";
  if (Array.isArray(value)) return `[${value.map(print).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, member]) => `${key}: ${print(member)}`)
      .join(", ")}}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The workload draws the same operations from equal seeds only where every key of it is equal. */
export function sameWorkload(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): boolean {
  const of = (resolved: Readonly<Record<string, unknown>>): string =>
    JSON.stringify(
      Object.entries(resolved)
        .filter(([key]) => key === "workload" || key.startsWith("workload."))
        .map(([key, value]) => [key, print(value)])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return of(one) === of(other);
}

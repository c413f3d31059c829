/**
 * Which metrics stand in the first table, and under which heading. A run has dozens; a reader's eye holds eight. The
 * order is that of the questions: how fast, how wrong, how much, how available, how far apart. A metric that no cell
 * has is left out.
 */
import type { CellSummary, LoadedRun, MetricDescription } from "../record/run-folder";

export interface Headline {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
}

const ORDER: readonly (readonly [name: string, title: string])[] = [
  ["read_p50_ms", "read p50"],
  ["read_p99_ms", "read p99"],
  ["write_p99_ms", "write p99"],
  ["p_stale", "stale reads"],
  ["throughput_ops_s", "throughput"],
  ["availability", "available"],
  ["siblings_mean", "siblings mean"],
  ["siblings_p99", "siblings p99"],
  ["siblings_max", "siblings max"],
  ["divergent_keys_final", "differing at end"],
  ["lost_updates", "lost updates"],
  ["load_imbalance", "busiest node / mean"],
];

/** The headline metrics that at least one cell measured. */
export function headlines(run: LoadedRun): Headline[] {
  return ORDER.flatMap(([name, title]) => {
    const found = run.cells.find((cell) => (cell.metrics[name]?.value ?? null) !== null);
    return found === undefined ? [] : [{ name, title, unit: found.metrics[name].unit }];
  });
}

export function describeMetric(run: LoadedRun, name: string): MetricDescription | undefined {
  return run.manifest.metrics.find((metric) => metric.name === name);
}

/** How a unit is shown as a heading: ratios are printed as percentages. */
export function unitInWords(unit: string): string {
  if (unit === "ratio") return "%";
  return unit === "1/s" ? "per s" : unit;
}

/** The worst verdict of any cell, and how many cells carry it. Of no cell nothing is valid: `nothing`. */
export function worstValidity(cells: readonly CellSummary[]): {
  readonly verdict: "valid" | "doubtful" | "invalid" | "nothing";
  readonly count: number;
} {
  if (cells.length === 0) return { verdict: "nothing", count: 0 };
  for (const verdict of ["invalid", "doubtful"] as const) {
    const count = cells.filter((cell) => cell.validity.verdict === verdict).length;
    if (count > 0) return { verdict, count };
  }
  return { verdict: "valid", count: cells.length };
}

/**
 * Which metrics stand in the first table, and under which heading. A run has dozens; a reader's eye holds eight. The
 * order is that of the questions: how fast, how wrong, how much, how available, how far apart. Where there were faults, what
 * they left, how long it took to heal and what that cost come first, because that is what somebody injects them for. A metric that no cell
 * has is left out, and so are siblings where no read found any and an error of the clock that nobody made, unless the
 * experiment asks for it: a column of noughts takes the room of one that says something. What an experiment asks for beyond
 * these, by a probe or by a published value, has a column too.
 */
import { describeMetric as describeKnown } from "../record/metrics";
import { showsMetric } from "../record/probes";
import type { CellSummary, LoadedRun, MetricDescription } from "../record/run-folder";

export interface Headline {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
}

const ORDER: readonly (readonly [name: string, title: string])[] = [
  ["read_p50_ms", "read p50"],
  ["read_p99_ms", "read p99"],
  ["lost_updates", "lost updates"],
  ["false_conflicts", "false conflicts"],
  ["resurrected_deletes", "back from delete"],
  ["write_p99_ms", "write p99"],
  ["multi_get_p50_ms", "multi-get p50"],
  ["multi_get_p99_ms", "multi-get p99"],
  ["p_stale", "stale reads"],
  ["p_consistent_at_commit", "consistent at commit"],
  ["t_visibility_999_ms", "99.9 % visible after"],
  ["throughput_ops_s", "throughput"],
  ["availability", "available"],
  ["siblings_mean", "siblings mean"],
  ["siblings_p99", "siblings p99"],
  ["siblings_max", "siblings max"],
  ["divergent_keys_final", "differing at end"],
  ["convergence_s", "agreed again after"],
  ["repair_bytes_per_op", "repair"],
  ["load_imbalance", "busiest node / mean"],
];

/** First where there were faults. */
const OF_FAULTS: readonly string[] = ["divergent_keys_final", "convergence_s", "repair_bytes_per_op"];

/** Shown where one is not nought, or where somebody set a value beside it. */
const ERRORS: readonly string[] = ["lost_updates", "false_conflicts", "resurrected_deletes"];

/** Few reads fall right behind a write unless they are sent there. */
const OF_PROBES = ["p_consistent_at_commit", "t_visibility_999_ms"];

/** The headline metrics that at least one cell measured; where the experiment names them, those and no others. */
export function headlines(run: LoadedRun): Headline[] {
  const asked = run.manifest.report?.headline;
  if (asked !== undefined && asked.length > 0) return asked.map((name) => askedFor(run, name));
  const probes = run.manifest.report?.probes;
  const published = new Set(run.manifest.published?.map(({ metric }) => metric));
  const probed = run.trials.some(({ record }) => Number(record.resolved["workload.probe.share"] ?? 0) > 0);
  const siblings = run.cells.some((cell) => (cell.metrics["siblings_max"]?.value ?? 2) > 1);
  const faulty = run.trials.some(({ figures }) => (figures?.faults?.length ?? 0) > 0);
  const usual = (faulty ? faultsFirst() : ORDER).filter(([name]) => {
    if (!showsMetric(name, probes) && !published.has(name)) return false;
    if (OF_PROBES.includes(name)) return probed || published.has(name);
    if (name === "repair_bytes_per_op") return faulty || published.has(name);
    if (ERRORS.includes(name))
      return isAsked(run, name) || run.cells.some((cell) => (cell.metrics[name]?.value ?? 0) !== 0);
    return siblings || !name.startsWith("siblings_") || published.has(name);
  });
  const known = new Set(usual.map(([name]) => name));
  const more = [...published].filter((name) => !known.has(name));
  return [...usual, ...more.map((name) => [name, describeKnown(name)?.title ?? name] as const)].flatMap(
    ([name, title]) => {
      const found = run.cells.find((cell) => (cell.metrics[name]?.value ?? null) !== null);
      return found === undefined ? [] : [{ name, title, unit: found.metrics[name].unit }];
    },
  );
}

function faultsFirst(): readonly (readonly [name: string, title: string])[] {
  const first = OF_FAULTS.flatMap((name) => ORDER.filter(([usual]) => usual === name));
  return [...first, ...ORDER.filter(([name]) => !OF_FAULTS.includes(name))];
}

/** Also where no cell measured it: a column that says so. */
function askedFor(run: LoadedRun, name: string): Headline {
  const known = describeKnown(name);
  const unit = run.cells.find((cell) => cell.metrics[name] !== undefined)?.metrics[name].unit ?? known?.unit ?? "";
  return { name, title: ORDER.find(([usual]) => usual === name)?.[1] ?? known?.title ?? name, unit };
}

/** The experiment names a value from a paper for it, or compares its configurations by it. */
function isAsked({ manifest, comparisons }: LoadedRun, name: string): boolean {
  return (
    (manifest.published ?? []).some(({ metric }) => metric === name) ||
    comparisons.some(({ metric }) => metric === name)
  );
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

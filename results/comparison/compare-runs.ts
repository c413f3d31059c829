/**
 * Runs in, one comparison out. In this order: who the sides are, whether they may be compared at all, what they are set to, which
 * cells belong together, and only then the numbers. Where they may not be compared there are no numbers unless somebody insists,
 * for a table with a warning above it is read without the warning.
 */
import { HEADLINE_METRICS } from "../record/metrics";
import type { ComparisonRow } from "../record/run-folder";
import { comparabilityOf } from "./comparability";
import { matchCells } from "./matching";
import { parametersOf } from "./parameters";
import { comparedMetrics } from "./rows";
import type { ComparedMetric, ComparedSide, GeometricMean, RunComparison } from "./run-comparison";
import { shiftCurves } from "./shift";
import { sidesOf, type ChosenRun, type Side } from "./sides";

export interface ComparisonOptions {
  /** Axes that one run is split by. */
  readonly by?: readonly string[];
  /** Those of A's headline when left out, else the usual ones. */
  readonly metrics?: readonly string[];
  /** 0.05 when left out. */
  readonly alpha?: number;
  /** 0.02 when left out. */
  readonly noiseFloor?: number;
  /** Compares what may not be compared; the refusal stands above the numbers. */
  readonly force?: boolean;
}

export interface Compared {
  readonly comparison: RunComparison;
  /** The trials behind it, for charts. */
  readonly sides: readonly Side[];
}

/** Throws {@link NotComparable}. Where the sides may not be compared the result has no rows. */
export function compareRuns(chosen: readonly ChosenRun[], options: ComparisonOptions = {}): Compared {
  const by = options.by ?? [];
  const sides = sidesOf(chosen, by);
  const keys = by.length === 0 ? [] : axesOf(sides, by);
  const matching = matchCells(sides, keys);
  const parameters = parametersOf(sides, matching.groups);
  const comparability = comparabilityOf(sides, matching, parameters);
  const analysis = {
    alpha: options.alpha ?? sides[0].run.manifest.analysis?.alpha ?? 0.05,
    noiseFloor: options.noiseFloor ?? sides[0].run.manifest.analysis?.noiseFloor ?? 0.02,
    metrics: options.metrics ?? metricsOf(sides),
  };
  const looked = comparability.comparable || options.force === true;
  const rows = looked ? comparedMetrics(sides, matching.groups, analysis) : [];
  const paired = new Set(
    rows.filter(({ method }) => method === "signed-rank").map(({ group, letter }) => `${group}\u0000${letter}`),
  );
  const shown = parameters.filter(({ differs }) => differs);
  const comparison: RunComparison = {
    schema: "quorumlab/compare@1",
    by: keys,
    sides: sides.map((side, i) => comparedSide(side, nameOf(side, i, shown))),
    comparability,
    parameters,
    sameParameters: parameters.length - shown.length,
    ...matching,
    rows,
    analysis: { ...analysis, tested: rows.filter(({ p }) => p !== null).length },
    shifts: looked ? shiftCurves(sides, matching.groups, ({ id }, letter) => paired.has(`${id}\u0000${letter}`)) : [],
    geometricMeans: geometricMeans(rows),
    counts: countsOf(rows),
  };
  return { comparison, sides };
}

/** The keys by which the sides were split: those that no two of them share a value of, by the last name that was typed. */
function axesOf(sides: readonly Side[], by: readonly string[]): string[] {
  const axes = [...new Set(sides.flatMap(({ cells }) => cells.flatMap((cell) => Object.keys(cell.axes))))];
  return by.map((typed) => {
    const plain = typed.replace(/^tunables\./, "");
    return axes.find((axis) => axis === typed || axis === plain) ?? axes.find((axis) => axis.endsWith(`.${typed}`))!;
  });
}

function metricsOf(sides: readonly Side[]): readonly string[] {
  const asked = sides.map(({ run }) => run.manifest.report?.headline ?? []).find((names) => names.length > 0);
  return asked === undefined ? HEADLINE_METRICS : [...new Set(asked)];
}

/** One or two settings that differ say more than an id. */
function nameOf(
  side: Side,
  index: number,
  differing: readonly { readonly key: string; readonly values: readonly string[] }[],
): string {
  if (side.name !== "") return side.name;
  if (differing.length === 0 || differing.length > 2) return side.run.manifest.run;
  const told = differing.map(({ key, values }) => `${lastName(key)}=${values[index]}`).join(", ");
  return told.length > 40 ? side.run.manifest.run : told;
}

function lastName(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

function comparedSide({ letter, run, cells, trials }: Side, name: string): ComparedSide {
  const { experiment, title, run: id, startedAt, profile, status } = run.manifest;
  return {
    ...{ letter, name, experiment, title, run: id, folder: run.folder, startedAt, profile, status },
    worlds: [...new Set(cells.map(({ world }) => world))],
    cells: cells.length,
    trials: trials.length,
  };
}

/** Of each unit with two or more metrics that are all above nought on both sides. */
function geometricMeans(rows: readonly ComparedMetric[]): GeometricMean[] {
  const means: GeometricMean[] = [];
  for (const letter of [...new Set(rows.map((row) => row.letter))]) {
    const ofSide = rows.filter((row) => row.letter === letter);
    for (const unit of [...new Set(ofSide.map((row) => row.unit))]) {
      const ofUnit = ofSide.filter((row) => row.unit === unit && row.n > 0);
      const metrics = [...new Set(ofUnit.map(({ metric }) => metric))];
      const ratios = ofUnit.flatMap(({ baseline, value }) => {
        const [a, b] = [baseline?.value ?? 0, value?.value ?? 0];
        return a > 0 && b > 0 ? [b / a] : [];
      });
      if (metrics.length < 2 || ratios.length !== ofUnit.length) continue;
      const ratio = Math.exp(ratios.reduce((sum, one) => sum + Math.log(one), 0) / ratios.length);
      means.push({ letter, unit, metrics, ratio, n: ratios.length });
    }
  }
  return means;
}

function countsOf(rows: readonly ComparedMetric[]): RunComparison["counts"] {
  const counts: Record<ComparisonRow["verdict"], number> = {
    ...{ better: 0, worse: 0, different: 0, same: 0, inconclusive: 0, incomparable: 0 },
  };
  for (const { verdict } of rows) counts[verdict]++;
  return counts;
}

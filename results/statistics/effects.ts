/**
 * Which tunable matters: main effects and two-way interactions of the sweep's axes, in the sense of Yates (The design and analysis of
 * factorial experiments, 1937), with the repetition as the unit. A main effect is what a metric changes by when one factor goes from its
 * first level to another and everything else stays as it is, averaged over the settings of everything else (blocks); an interaction is how
 * much that change itself changes when a second factor goes from its first level to another. Each repetition gives one such contrast, and
 * because all its cells ran under one seed, what the seed did to all of them cancels; over repetitions it is the Hodges-Lehmann estimate
 * with the interval and the p of the signed-rank test. Nothing is fitted and no cell is filled in: a sweep with holes
 * is compared in the blocks that have both sides, and each row says in how many.
 */
import { metricsToCompare } from "../record/metrics";
import type { AxisValues, ComparisonRow, LoadedRun } from "../record/run-folder";
import { verdictOf } from "./compare";
import { designOf, type Factor } from "./factors";
import { holm } from "./holm";
import { median } from "./order-statistics";
import { readMetric, type CellReadings, type Readings } from "./readings";
import { hodgesLehmann, signedRank } from "./signed-rank";
import { isSound, type MeasuredTrial } from "./summarise";
import { WORLDS, type World } from "./worlds";

export interface Step {
  readonly factor: Factor;
  readonly from: AxisValues;
  readonly to: AxisValues;
}

export interface Effect {
  readonly world: World;
  /** One step: a main effect; two: how the first changes with the second. */
  readonly steps: readonly Step[];
  readonly metric: string;
  readonly unit: string;
  /** null where nothing can be told, and `reason` says why. */
  readonly difference: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly p: number | null;
  readonly pAdjusted: number | null;
  /** Repetitions that gave a contrast, of those that ran. */
  readonly n: number;
  readonly repetitions: number;
  /** Settings of everything else that were averaged over, of those that the run has with both sides. */
  readonly blocks: number;
  readonly blocksOf: number;
  /** Median over repetitions of the metric at the first level or levels, in these blocks. */
  readonly reference: number | null;
  readonly relative: number | null;
  /** Of an interaction never `better` or `worse`: `different` where there is one. */
  readonly verdict: Exclude<ComparisonRow["verdict"], "incomparable">;
  readonly reason?: string;
}

export interface Effects {
  readonly world: World;
  readonly factors: readonly Factor[];
  /** Mains first, by metric and factor; each of the two kinds is corrected as a table of its own. */
  readonly mains: readonly Effect[];
  readonly interactions: readonly Effect[];
  readonly repetitions: number;
  /** Trials whose own checks call them invalid, and failed ones: none of them is in any contrast. */
  readonly leftOut: number;
}

/** With more levels only the last is set against the first: every further row costs all others power. */
const MOST_LEVELS = 6;

type EffectsInput = Pick<LoadedRun, "manifest"> & { readonly trials: readonly MeasuredTrial[] };

/** One table a world, where two factors or more were varied in it. A search for a rate chose its own rates, and has none. */
export function effectsOf({ manifest, trials }: EffectsInput): Effects[] {
  if (manifest.saturation !== undefined) return [];
  const groups = manifest.axisGroups ?? manifest.axes.map((axis) => [axis]);
  return WORLDS.flatMap((world) => {
    const ofWorld = trials.filter(({ record }) => record.world === world);
    const design = designOf(
      groups,
      ofWorld.map(({ record }) => record.axes),
    );
    if (design.factors.length < 2) return [];
    const { alpha, noiseFloor } = manifest.analysis ?? { alpha: 0.05, noiseFloor: 0.02 };
    const options = { alpha, noiseFloor };
    const metrics = metricsToCompare(manifest.report?.headline).flatMap((metric) =>
      readMetric(metric, design, ofWorld),
    );
    const steps = design.factors.map((factor, index) => ({ index, steps: stepsOf(factor) }));
    const pairs = steps.flatMap((a, i) => steps.slice(i + 1).map((b) => [a, b] as const));
    const effects = (of: (readings: Readings) => Untested[]): Effect[] => {
      const rows = metrics.flatMap(of);
      const adjusted = holm(rows.map(({ p }) => p));
      return rows.map((row, i) => ({
        ...row,
        pAdjusted: adjusted[i],
        verdict: verdictOfRow(row, adjusted[i], options),
        world,
      }));
    };
    return [
      {
        world,
        factors: design.factors,
        mains: effects((metric) =>
          steps.flatMap((one) => one.steps.map((step) => effectOf(metric, [{ ...step, index: one.index }]))),
        ),
        interactions: effects((metric) =>
          pairs.flatMap(([a, b]) =>
            a.steps.flatMap((first) =>
              b.steps.map((second) =>
                effectOf(metric, [
                  { ...first, index: a.index },
                  { ...second, index: b.index },
                ]),
              ),
            ),
          ),
        ),
        repetitions: new Set(ofWorld.map(({ record }) => record.repetition)).size,
        leftOut: ofWorld.filter((trial) => !isSound(trial)).length,
      },
    ];
  });
}

interface NumberedStep extends Step {
  readonly fromLevel: number;
  readonly toLevel: number;
  /** Of the factor. */
  readonly index: number;
}

function stepsOf(factor: Factor): Omit<NumberedStep, "index">[] {
  const { levels } = factor;
  const last = levels.length - 1;
  const to = levels.length > MOST_LEVELS ? [last] : levels.map((_, level) => level).slice(1);
  return to.map((level) => ({ factor, from: levels[0], to: levels[level], fromLevel: 0, toLevel: level }));
}

type Untested = Omit<Effect, "pAdjusted" | "verdict" | "world">;

interface Corner {
  readonly cell: CellReadings;
  readonly sign: 1 | -1;
}

/** Everything else stays as it is: the cells at both levels, or at all four of two factors, for each setting of the others. */
function blocksOf({ cells }: Readings, steps: readonly NumberedStep[]): Corner[][] {
  return [...cells.values()].flatMap(({ levels }) => {
    if (steps.some(({ index, fromLevel }) => levels[index] !== fromLevel)) return [];
    const corners: Corner[] = [];
    for (let mask = 0; mask < 1 << steps.length; mask++) {
      const at = [...levels];
      let raised = 0;
      for (const [i, { index, toLevel }] of steps.entries())
        if ((mask & (1 << i)) !== 0) {
          at[index] = toLevel;
          raised++;
        }
      const cell = cells.get(at.join());
      if (cell === undefined) return [];
      corners.push({ cell, sign: (steps.length - raised) % 2 === 0 ? 1 : -1 });
    }
    return [corners];
  });
}

function effectOf(readings: Readings, steps: readonly NumberedStep[]): Untested {
  const { metric, unit, repetitions } = readings;
  const all = blocksOf(readings, steps);
  const about = {
    steps: steps.map(({ factor, from, to }) => ({ factor, from, to })),
    ...{ metric, unit, repetitions, blocksOf: all.length },
  };
  const nothing = (reason: string): Untested => ({
    ...about,
    ...{ difference: null, lo: null, hi: null, p: null, n: 0, blocks: 0, reference: null, relative: null, reason },
  });
  if (all.length === 0) return nothing("no setting of the other axes has both sides");
  // A bound is neither a value nor missing: what is left without it would be the runs that went well.
  const exact = all.filter((corners) => !corners.some(({ cell }) => cell.bounded));
  if (exact.length === 0) return nothing("some values are only known to be at least so much");
  const complete = exact.map((corners) =>
    [...corners[0].cell.byRepetition.keys()].filter((k) => corners.every(({ cell }) => cell.byRepetition.has(k))),
  );
  const measured = new Set(complete.flat());
  if (measured.size === 0) return nothing("not measured on both sides");
  // Every repetition must be about the same blocks; one that few of them measured would cost nearly all.
  const used = exact.filter((_, b) => 2 * complete[b].length >= measured.size);
  if (used.length === 0) return nothing("no repetition measured it in the same settings");
  const counted = [...measured]
    .filter((k) => used.every((corners) => corners.every(({ cell }) => cell.byRepetition.has(k))))
    .sort((a, b) => a - b);
  if (counted.length === 0) return nothing("no repetition measured it in the same settings");
  const contrasts = counted.map((k) => contrastOf(used, k));
  const reference = median(counted.map((k) => meanOf(used.map((corners) => corners[0].cell.byRepetition.get(k)!))));
  const { estimate, lo, hi } = hodgesLehmann(contrasts);
  return {
    ...about,
    ...{ difference: estimate, lo, hi, p: signedRank(contrasts).p, n: counted.length, blocks: used.length, reference },
    relative: reference === 0 ? null : estimate / Math.abs(reference),
  };
}

/** Mean over blocks; what is left of equal values by rounding alone is nothing, or ranks would be made of it. */
function contrastOf(blocks: readonly (readonly Corner[])[], repetition: number): number {
  let largest = 0;
  const each = blocks.map((corners) =>
    corners.reduce((sum, { cell, sign }) => {
      const value = cell.byRepetition.get(repetition)!;
      largest = Math.max(largest, Math.abs(value));
      return sum + sign * value;
    }, 0),
  );
  const mean = meanOf(each);
  return Math.abs(mean) <= 1e-12 * largest ? 0 : mean;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function verdictOfRow(
  { metric, steps, difference, lo, hi, reference }: Untested,
  pAdjusted: number | null,
  options: { readonly alpha: number; readonly noiseFloor: number },
): Effect["verdict"] {
  if (difference === null || reference === null) return "inconclusive";
  const verdict = verdictOf(metric, { estimate: difference, lo, hi }, reference, pAdjusted, options);
  if (verdict === "incomparable") return "inconclusive";
  return steps.length > 1 && (verdict === "better" || verdict === "worse") ? "different" : verdict;
}

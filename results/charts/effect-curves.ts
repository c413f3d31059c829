/**
 * The points of an interaction plot: a metric along one factor, at each level of a second one. Every point of a panel is a mean over the same
 * settings of all other factors, or the points would differ by the settings and not by the factor; where the sweep has holes the settings
 * that have all of the points are used, and where none has all those that have the most. The mean is taken within a repetition
 * and the median over repetitions, with its interval from six on and the lowest and highest repetition before.
 */
import type { LoadedRun } from "../record/run-folder";
import type { Effects } from "../statistics/effects";
import { designOf, type Design, type Factor } from "../statistics/factors";
import { median, medianInterval } from "../statistics/order-statistics";
import type { CellReadings, Readings } from "../statistics/readings";
import { levelInWords } from "./factor-words";

/** Of a second factor with more levels so many are drawn. */
export const MOST_LINES = 6;

export interface Point {
  readonly level: number;
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
  readonly n: number;
}

export interface Curve {
  /** `R=1`; empty where there is no second axis. */
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Drawn {
  readonly readings: Readings;
  readonly along: Factor;
  readonly second: Factor | undefined;
  readonly curves: readonly Curve[];
  /** Settings of all other axes that every point is the mean over. */
  readonly settings: number;
  /** Values of the second axis that are not drawn. */
  readonly left: number;
}

export function designFor({ manifest, cells }: LoadedRun): Design {
  return designOf(
    manifest.axisGroups ?? manifest.axes.map((axis) => [axis]),
    cells.map(({ axes }) => axes),
  );
}

/** A metric that is the same everywhere is no picture. */
export function varies({ cells }: Readings): boolean {
  return new Set([...cells.values()].flatMap(({ byRepetition }) => [...byRepetition.values()])).size > 1;
}

/** For a metric and an axis the one whose interaction with it is the surest; the axis that comes next where none was tested. */
export function secondAxes(
  effects: readonly Effects[],
  { factors }: Design,
): (metric: string, along: Factor) => Factor | undefined {
  const interactions = effects.flatMap((one) => one.interactions);
  const same = (a: Factor, b: Factor): boolean => a.axes.join() === b.axes.join();
  return (metric, along) => {
    let best: { readonly p: number; readonly factor: Factor } | undefined;
    for (const { metric: of, p, steps } of interactions) {
      if (of !== metric || p === null || !steps.some(({ factor }) => same(factor, along))) continue;
      const other = steps.find(({ factor }) => !same(factor, along))!.factor;
      if (best === undefined || p < best.p) best = { p, factor: other };
    }
    const found = best?.factor;
    const index = factors.findIndex((factor) => same(factor, along));
    return (
      factors.find((factor) => found !== undefined && same(factor, found)) ?? factors[index + 1] ?? factors[index - 1]
    );
  };
}

export function drawnOf(
  readings: Readings,
  design: Design,
  along: Factor,
  second: Factor | undefined,
): Drawn | undefined {
  const x = design.factors.indexOf(along);
  const line = second === undefined ? -1 : design.factors.indexOf(second);
  const lines = second === undefined ? [-1] : spread(second.levels.length, MOST_LINES);
  /** By the setting of all other axes, the cells at each point. */
  const blocks = new Map<string, Map<string, CellReadings>>();
  for (const cell of readings.cells.values()) {
    if (cell.bounded || cell.byRepetition.size === 0) continue;
    if (line >= 0 && !lines.includes(cell.levels[line])) continue;
    const others = cell.levels.filter((_, i) => i !== x && i !== line).join();
    const at = `${cell.levels[x]},${line < 0 ? -1 : cell.levels[line]}`;
    blocks.set(others, (blocks.get(others) ?? new Map<string, CellReadings>()).set(at, cell));
  }
  if (blocks.size === 0) return undefined;
  // Points that are means over different settings would differ by the settings: the fullest ones, and no others.
  const most = Math.max(...[...blocks.values()].map(({ size }) => size));
  const full = [...blocks.values()].filter(({ size }) => size === most);
  const used = full.filter((block) => [...full[0].keys()].every((at) => block.has(at)));
  const curves = lines.map((level): Curve => ({
    name: second === undefined ? "" : levelInWords(second, second.levels[level]),
    points: along.levels.flatMap((_, i) =>
      pointOf(
        used.map((block) => block.get(`${i},${level}`)),
        i,
      ),
    ),
  }));
  const known = curves.filter(({ points }) => points.length > 0);
  if (!known.some(({ points }) => points.length > 1)) return undefined;
  return { readings, along, second, curves: known, settings: used.length, left: (second?.levels.length ?? 0) - lines.filter((level) => level >= 0).length }; // prettier-ignore
}

/** Of so many levels at most so many, evenly, ends included. */
function spread(levels: number, most: number): number[] {
  if (levels <= most) return Array.from({ length: levels }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (levels - 1)) / (most - 1)));
}

function pointOf(cells: readonly (CellReadings | undefined)[], level: number): Point[] {
  const measured = cells.filter((cell) => cell !== undefined);
  if (measured.length < cells.length || measured.length === 0) return [];
  const values = [...measured[0].byRepetition.keys()]
    .filter((k) => measured.every(({ byRepetition }) => byRepetition.has(k)))
    .map((k) => measured.reduce((sum, { byRepetition }) => sum + byRepetition.get(k)!, 0) / measured.length);
  if (values.length === 0) return [];
  const { lo, hi } = medianInterval(values);
  return [
    { level, value: median(values), lo: lo ?? Math.min(...values), hi: hi ?? Math.max(...values), n: values.length },
  ];
}

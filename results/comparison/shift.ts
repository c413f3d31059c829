/**
 * Did the body move or the tail? The ratio of two latency distributions, percentile by percentile (a quantile comparison plot in the
 * sense of Doksum's shift function). Each side's repetitions are pooled into one distribution, operation by operation: a mean of
 * percentiles is the percentile of nothing. Between the percentiles that a repetition keeps, its distribution is taken to be straight over the
 * logarithm of latency, so the pooled one is exact at every kept value. The band is a bootstrap over repetitions, not operations, for
 * operations of one run are not independent; where repetitions are paired both sides draw the same ones. It under-covers with few.
 * The line ends where any repetition has fewer than ten operations left.
 */
import { Random } from "../../engine/vocabulary/random";
import type { LatencySpectrum } from "../record/figures";
import { isSound } from "../statistics/summarise";
import type { MatchedCells, ShiftCurve } from "./run-comparison";
import type { LoadedTrial, Side } from "./sides";

export const RESAMPLES = 200;
const KINDS = [
  { kind: "read", names: ["read"] },
  { kind: "write", names: ["write", "update", "insert"] },
] as const;
/** In per cent; those that are kept on every side are drawn. Below the first, a spectrum keeps little but its minimum. */
const PERCENTILES = [
  5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92, 94, 95, 96, 97, 98, 98.5, 99, 99.3, 99.5, 99.7, 99.9, 99.95, 99.99,
  99.995, 99.999,
];

export function shiftCurves(
  sides: readonly Side[],
  groups: readonly MatchedCells[],
  isPaired: (group: MatchedCells, letter: string) => boolean,
): ShiftCurve[] {
  return groups.flatMap((group) =>
    sides.slice(1).flatMap((side, i) =>
      KINDS.flatMap(({ kind, names }) => {
        const id = group.cells[i + 1];
        if (id === null) return [];
        const theirs = spectraOf(sides[0], group.cells[0]!, names);
        const ours = spectraOf(side, id, names);
        const paired = isPaired(group, side.letter);
        const random = Random.fromSeed(`shift ${group.id} ${side.letter} ${kind}`);
        const curve = shiftCurve(ours, theirs, paired, random);
        return curve === undefined ? [] : [{ group: group.id, letter: side.letter, kind, ...curve }];
      }),
    ),
  );
}

interface KeptSpectrum {
  readonly repetition: number;
  readonly spectrum: LatencySpectrum;
}

function spectraOf(side: Side, cell: string, names: readonly string[]): KeptSpectrum[] {
  return side.trials
    .filter((trial: LoadedTrial) => trial.record.cell === cell && isSound(trial))
    .flatMap(({ record, figures }) => {
      const found = names.flatMap(
        (name) => figures?.spectra.find(({ kind, basis }) => kind === name && basis === "response") ?? [],
      )[0];
      const usable = found !== undefined && found.count > 0 && found.ms.filter((ms) => ms > 0).length > 1;
      return usable ? [{ repetition: record.repetition, spectrum: found }] : [];
    });
}

export function shiftCurve(
  ours: readonly KeptSpectrum[],
  theirs: readonly KeptSpectrum[],
  paired: boolean,
  random: Random,
): Omit<ShiftCurve, "group" | "letter" | "kind"> | undefined {
  if (ours.length === 0 || theirs.length === 0) return undefined;
  const matched = paired
    ? ours.flatMap((one) => {
        const other = theirs.find(({ repetition }) => repetition === one.repetition);
        return other === undefined ? [] : [{ one, other }];
      })
    : [];
  const [b, a] =
    matched.length > 0 ? [matched.map(({ one }) => one), matched.map(({ other }) => other)] : [ours, theirs];
  const last = Math.min(...[...a, ...b].map(({ spectrum }) => lastPercentile(spectrum)));
  const percentiles = PERCENTILES.filter((p) => p <= last);
  if (percentiles.length < 2) return undefined;
  const [ofA, ofB] = [new Pool(a), new Pool(b)];
  const ratios = (pickB: readonly number[], pickA: readonly number[]): number[] => {
    const [q, r] = [ofB.quantiles(percentiles, pickB), ofA.quantiles(percentiles, pickA)];
    return q.map((value, i) => value / r[i]);
  };
  const ratio = ratios(all(b.length), all(a.length));
  const bands: number[][] = percentiles.map(() => []);
  const enough = a.length > 1 && b.length > 1;
  for (let k = 0; enough && k < RESAMPLES; k++) {
    const drawB = draw(b.length, random);
    const drawA = matched.length > 0 ? drawB : draw(a.length, random);
    ratios(drawB, drawA).forEach((value, i) => bands[i].push(value));
  }
  const edge = (share: number): number[] =>
    enough ? bands.map((values) => values.sort((x, y) => x - y)[Math.round(share * (values.length - 1))]) : [];
  return {
    percentiles,
    ratio,
    ...{ lo: edge(0.025), hi: edge(0.975) },
    repetitions: Math.min(a.length, b.length),
    operations: [...a, ...b].reduce((sum, { spectrum }) => sum + spectrum.count, 0),
    paired: matched.length > 0,
  };
}

/** The last one kept that is not the maximum, per cent. */
function lastPercentile({ percentiles, ms }: LatencySpectrum): number {
  let last = 0;
  percentiles.forEach((p, i) => {
    if (p < 100 && Number.isFinite(ms[i])) last = Math.max(last, p);
  });
  return last;
}

function all(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

function draw(n: number, random: Random): number[] {
  return Array.from({ length: n }, () => Math.floor((random.nextUint32() / 2 ** 32) * n));
}

/** Repetitions as counts below each latency that any of them keeps. */
class Pool {
  /** Logarithms of latency, ascending. */
  private readonly at: readonly number[];
  private readonly below: readonly Float64Array[];
  private readonly counts: readonly number[];

  constructor(kept: readonly KeptSpectrum[]) {
    const knots = new Set(kept.flatMap(({ spectrum }) => pointsOf(spectrum).map(({ log }) => log)));
    this.at = [...knots].sort((x, y) => x - y);
    this.counts = kept.map(({ spectrum }) => spectrum.count);
    this.below = kept.map(({ spectrum }) => sharesBelow(spectrum, this.at).map((share) => share * spectrum.count));
  }

  /** In the unit of the spectra; `picked` may hold a repetition several times. */
  quantiles(percentiles: readonly number[], picked: readonly number[]): number[] {
    const sums = new Float64Array(this.at.length);
    let total = 0;
    for (const i of picked) {
      total += this.counts[i];
      const below = this.below[i];
      for (let k = 0; k < sums.length; k++) sums[k] += below[k];
    }
    let k = 0;
    return percentiles.map((p) => {
      const wanted = (p / 100) * total;
      while (k < sums.length - 1 && sums[k] < wanted) k++;
      if (k === 0) return Math.exp(this.at[0]);
      const [from, to] = [sums[k - 1], sums[k]];
      const part = to > from ? Math.min(1, (wanted - from) / (to - from)) : 1;
      return Math.exp(this.at[k - 1] + part * (this.at[k] - this.at[k - 1]));
    });
  }
}

interface SpectrumPoint {
  readonly share: number;
  /** Of the latency. */
  readonly log: number;
}

/**
 * The percentiles that are kept, and the way from the last of them to the maximum, on which the share above halves step by step: its
 * few operations left out, a fast repetition would lack them where a slow one is still in its body.
 */
function pointsOf({ percentiles, ms, maxMs, count }: LatencySpectrum): SpectrumPoint[] {
  const points = percentiles.flatMap((p, i) =>
    ms[i] > 0 && p < 100 ? [{ share: p / 100, log: Math.log(ms[i]) }] : [],
  );
  const last = points.at(-1)!;
  const above = (1 - last.share) * count;
  const room = Math.log(Math.max(maxMs, Math.exp(last.log))) - last.log;
  for (let left = above / 2; left > 1; left /= 2)
    points.push({ share: 1 - left / count, log: last.log + (room * Math.log(above / left)) / Math.log(above) });
  points.push({ share: 1, log: last.log + room });
  return points;
}

/** The share of operations at or below each latency, straight between the points over the logarithm. */
function sharesBelow(spectrum: LatencySpectrum, at: readonly number[]): Float64Array {
  const points = pointsOf(spectrum);
  const shares = new Float64Array(at.length);
  let k = 0;
  for (const [i, log] of at.entries()) {
    while (k < points.length && points[k].log <= log) k++;
    if (k === 0) shares[i] = 0;
    else if (k === points.length) shares[i] = points[k - 1].share;
    else {
      const [before, after] = [points[k - 1], points[k]];
      shares[i] = before.share + ((after.share - before.share) * (log - before.log)) / (after.log - before.log);
    }
  }
  return shares;
}

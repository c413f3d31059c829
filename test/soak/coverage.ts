/**
 * How often intervals hold what they are to hold, by drawing samples whose truth is known: normal, lognormal, and two with tails so heavy
 * that they have no variance (Student's t with two degrees of freedom, Pareto of shape 1.5). The truths are each interval's own: the median
 * for order statistics, the centre of differences for Hodges and Lehmann, the shift for two samples. Where samples break what an interval
 * asks for (differences that are not symmetric, two samples of different shapes) it is run all the same and labelled, for a store does not
 * ask. For Wilson's interval nothing is drawn: its coverage is a sum of binomial chances. `npm run soak -- coverage` prints the table.
 */
import { Random } from "../../engine/vocabulary/random";
import { medianInterval } from "../../results/statistics/order-statistics";
import { shift } from "../../results/statistics/rank-sum";
import { hodgesLehmann } from "../../results/statistics/signed-rank";
import { wilson } from "../../results/statistics/wilson";

type Draw = (random: Random) => number;

export const SIZES = [6, 8, 12, 20] as const;

export const NOISES: Readonly<Record<string, { readonly draw: Draw; readonly median: number }>> = {
  normal: { draw: (random) => normal(random), median: 0 },
  lognormal: { draw: (random) => Math.exp(normal(random)), median: 1 },
  "t, 2 degrees": { draw: (random) => studentOfTwo(random), median: 0 },
  "Pareto, 1.5": { draw: (random) => (1 - random.nextFloat()) ** (-1 / 1.5), median: 2 ** (1 / 1.5) },
};

export interface Coverage {
  readonly interval: string;
  readonly data: string;
  readonly n: number;
  readonly covered: number;
  readonly draws: number;
  /** What the interval asks for is not given: told, not promised. */
  readonly broken: boolean;
}

/** Every interval on every kind of data. */
export function coverages(draws: number, seed: string, sizes: readonly number[] = SIZES): Coverage[] {
  const rows: Coverage[] = [];
  const count = (
    interval: string,
    data: string,
    n: number,
    once: (random: Random) => { readonly lo: number | null; readonly hi: number | null; readonly truth: number },
    broken = false,
  ): void => {
    const random = Random.fromSeed(`${seed} ${interval} ${data} ${n}`);
    let covered = 0;
    for (let i = 0; i < draws; i++) {
      const { lo, hi, truth } = once(random);
      if (lo !== null && hi !== null && lo <= truth && truth <= hi) covered++;
    }
    rows.push({ interval, data, n, covered, draws, broken });
  };
  const sample = (n: number, of: () => number): number[] => Array.from({ length: n }, of);
  for (const n of sizes) {
    for (const [name, { draw, median }] of Object.entries(NOISES)) {
      count("median", name, n, (random) => ({ ...medianInterval(sample(n, () => draw(random))), truth: median }));
      count("Hodges-Lehmann, paired", `${name}, both sides`, n, (random) => ({
        ...hodgesLehmann(sample(n, () => 3 + draw(random) - draw(random))),
        truth: 3,
      }));
      count("rank-sum shift", name, n, (random) => ({
        ...shift(
          sample(n, () => 3 + draw(random)),
          sample(n, () => draw(random)),
        ),
        truth: 3,
      }));
    }
    // Whole numbers: ties and differences of nought.
    count("Hodges-Lehmann, paired", "whole numbers", n, (random) => ({
      ...hodgesLehmann(sample(n, () => Math.round(normal(random)) - Math.round(normal(random)))),
      truth: 0,
    }));
    count("rank-sum shift", "whole numbers", n, (random) => ({
      ...shift(
        sample(n, () => Math.round(normal(random))),
        sample(n, () => Math.round(normal(random))),
      ),
      truth: 0,
    }));
    // Differences that lean to one side: the truth is the pseudo-median, the median of means of two.
    count(
      "Hodges-Lehmann, paired",
      "lognormal differences (not symmetric)",
      n,
      (random) => ({ ...hodgesLehmann(sample(n, () => Math.exp(normal(random)))), truth: PSEUDO_MEDIAN_OF_LOGNORMAL }),
      true,
    );
    // One cell is ten times as noisy as the other: the medians differ by 0, but it is no shift.
    count(
      "rank-sum shift",
      "normal, ten times the spread (no shift)",
      n,
      (random) => ({
        ...shift(
          sample(n, () => 10 * normal(random)),
          sample(n, () => normal(random)),
        ),
        truth: 0,
      }),
      true,
    );
  }
  return rows;
}

/** The chance that Wilson's interval of `n` operations holds `p`, exactly. */
export function wilsonCoverage(n: number, p: number): number {
  // In logarithms: (1 - p)^n underflows.
  let logChance = n * Math.log(1 - p);
  let covered = 0;
  for (let hits = 0; hits <= n; hits++) {
    const { lo, hi } = wilson(hits, n);
    if (lo <= p && p <= hi) covered += Math.exp(logChance);
    logChance += Math.log(((n - hits) / (hits + 1)) * (p / (1 - p)));
  }
  return covered;
}

/** Median of (X + Y) / 2 of two standard lognormals, by integrating over the first: P = E Φ(ln(2m − X)); bisection for one half. */
export const PSEUDO_MEDIAN_OF_LOGNORMAL = pseudoMedianOfLognormal();

function pseudoMedianOfLognormal(): number {
  const below = (m: number): number => {
    let sum = 0;
    const steps = 20_000;
    for (let i = 0; i < steps; i++) {
      const z = -8 + (16 * (i + 0.5)) / steps;
      const rest = 2 * m - Math.exp(z);
      if (rest > 0) sum += density(z) * cumulative(Math.log(rest)) * (16 / steps);
    }
    return sum;
  };
  let [low, high] = [0.5, 4];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (below(middle) < 0.5) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Abramowitz and Stegun 26.2.17: to seven digits. */
function cumulative(z: number): number {
  if (z < 0) return 1 - cumulative(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - density(z) * series;
}

/** Box and Muller. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.nextFloat())) * Math.cos(2 * Math.PI * random.nextFloat());
}

/** Its quantile function is simple: u / sqrt(2 p (1 - p)) with u = 2p - 1. */
function studentOfTwo(random: Random): number {
  const p = Math.min(1 - 1e-12, Math.max(1e-12, random.nextFloat()));
  return (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
}

/** `npm run soak -- coverage [--draws 20000] [--seed S]` */
export function coverageSoak(args: readonly string[]): number {
  const told = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const draws = Number(told("--draws") ?? 20_000);
  const rows = coverages(draws, told("--seed") ?? "1");
  let bad = 0;
  for (const { interval, data, n, covered, broken } of rows) {
    const below = covered / draws < 0.94;
    if (below && !broken) bad++;
    console.log(`${interval.padEnd(24)} ${data.padEnd(40)} n ${String(n).padStart(3)}  ${((100 * covered) / draws).toFixed(2)} %${below ? (broken ? "  (assumption broken)" : "  BELOW 94 %") : ""}`); // prettier-ignore
  }
  for (const n of [6, 8, 12, 20, 100, 1_000, 10_000])
    console.log(`${"Wilson (exact)".padEnd(24)} n ${String(n).padStart(6)}  ${[0.5, 0.3, 0.1, 0.03, 0.01, 0.001, 0.0001].map((p) => `p ${p}: ${(100 * wilsonCoverage(n, p)).toFixed(1)} %`).join("  ")}`); // prettier-ignore
  console.log(bad === 0 ? "\nevery interval covers at least 94 % where it is promised" : `\n${bad} rows below 94 %`);
  return bad === 0 ? 0 : 1;
}

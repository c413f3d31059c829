/**
 * Durations drawn at random: delays of links, gaps between arrivals, service times. What is drawn is quantised to whole
 * microseconds and made of our own ln and exp, so equal seeds give equal delays on every machine.
 *
 * Every kind is drawn by inverting its distribution function at one uniform number, a mixture too (which part is chosen
 * takes the front of the number, what the part draws takes the rest). One draw is one step of the random source, so that
 * changing a parameter stretches delays but does not reshuffle them, and two runs that differ in a delay alone stay
 * comparable draw by draw.
 */
import { unreachable } from "./assert";
import { exp, ln, normalDensity, normalProbability, normalQuantile, pow } from "./mathematics";
import { MICROS_PER_MS, MICROS_PER_SECOND, type Micros } from "./micros";
import type { Random } from "./random";
import type { DistributionSettings } from "./settings";

export interface Distribution {
  /** An integer, at least `minimumMicros` and at most {@link LONGEST_MICROS}. */
  sample(random: Random): Micros;
  /**
   * What `uniform`, at least 0 and below 1, becomes: microseconds, neither rounded nor cut at one day. The quantile at
   * that probability for every kind but the mixture, whose parts follow one another. For models that need fractions.
   */
  readonly fromUniform: (uniform: number) => number;
  /**
   * Mean before rounding to whole microseconds and before the cut at one day; undefined where there is none (Pareto with
   * alpha of 1 or less, and mixtures with a part of that kind).
   */
  readonly meanMicros: number | undefined;
  /** No draw is below. */
  readonly minimumMicros: Micros;
  /** Short stable text, such as `lognormal(median 2 ms, p99 10 ms)`. */
  describe(): string;
}

/** A heavy tail is cut at one day, so that `now` plus a draw stays an exact integer. */
export const LONGEST_MICROS: Micros = 86_400 * MICROS_PER_SECOND;

const QUANTILE_99 = normalQuantile(0.99);
/** The greatest number below 1: what is left of a uniform number after a mixture chose must not round to 1. */
const BELOW_ONE = 1 - 1 / 9007199254740992;
/** Mixtures in mixtures, and parts of all of them together. */
const DEEPEST_MIXTURE = 4;
const MOST_PARTS = 64;
const MOST_POINTS = 10_000;
/** Below it a Weibull's mean outgrows a double. */
const LEAST_SHAPE = 0.01;

/**
 * - `exponential`: `shift` plus an exponential with mean `mean`, so the mean of the whole is `shift + mean`.
 * - `normal`: cut off below 0, the rest scaled up; `mean` and `sd` are those before the cut, `meanMicros` is that after it.
 * - `lognormal`: by its median and 99th percentile, the two that a person can read off a latency plot.
 * - `pareto`: type I; never below `min`, and above x with probability (min/x)^alpha.
 * - `weibull`: above x with probability exp(-(x/scale)^shape).
 * - `empirical`: straight lines between the points; two points of equal probability are a jump.
 * - `mixture`: weights need not sum to 1; a part of weight 0 is never drawn. Mixtures nest up to four deep.
 *
 * @throws RangeError when a parameter is not a finite length of at least 0, or contradicts another.
 */
export function distributionOf(settings: DistributionSettings): Distribution {
  switch (settings.dist) {
    case "constant": {
      const value = micros("value", settings.valueMs);
      const one = distribution(`constant(${ms(settings.valueMs)})`, value, value, () => value);
      // Leaves the random source alone.
      const whole = Math.round(value);
      return { ...one, sample: () => whole };
    }
    case "uniform": {
      const low = micros("min", settings.minMs);
      const high = micros("max", settings.maxMs);
      if (high < low) throw new RangeError(`uniform: max ${ms(settings.maxMs)} is below min ${ms(settings.minMs)}`);
      const text = `uniform(${ms(settings.minMs)} to ${ms(settings.maxMs)})`;
      return distribution(text, low, (low + high) / 2, (u) => low + u * (high - low));
    }
    case "exponential": {
      const mean = micros("mean", settings.meanMs);
      const shift = micros("shift", settings.shiftMs);
      const text = `exponential(${shift > 0 ? `${ms(settings.shiftMs)} + ` : ""}mean ${ms(settings.meanMs)})`;
      return distribution(text, shift, shift + mean, (u) => shift - mean * ln(1 - u));
    }
    case "normal":
      return normal(settings.meanMs, settings.sdMs);
    case "lognormal": {
      const median = micros("median", settings.medianMs);
      const p99 = micros("p99", settings.p99Ms);
      if (median === 0) throw new RangeError("lognormal: the median must be above 0");
      if (p99 < median) throw new RangeError(`lognormal: p99 ${ms(settings.p99Ms)} is below the median`);
      const sigma = ln(p99 / median) / QUANTILE_99;
      const text = `lognormal(median ${ms(settings.medianMs)}, p99 ${ms(settings.p99Ms)})`;
      return distribution(text, sigma === 0 ? median : 0, median * exp((sigma * sigma) / 2), (u) =>
        sigma === 0 ? median : median * exp(sigma * normalQuantile(u)),
      );
    }
    case "pareto": {
      const least = micros("min", settings.minMs);
      const { alpha } = settings;
      if (!(alpha > 0 && alpha < Infinity)) throw new RangeError(`pareto: alpha ${alpha} must be above 0`);
      const mean = alpha > 1 ? (alpha * least) / (alpha - 1) : undefined;
      return distribution(
        `pareto(min ${ms(settings.minMs)}, alpha ${alpha})`,
        least,
        mean,
        (u) => least * pow(1 - u, -1 / alpha),
      );
    }
    case "weibull": {
      const scale = micros("scale", settings.scaleMs);
      const { shape } = settings;
      if (!(shape >= LEAST_SHAPE && shape < Infinity)) {
        throw new RangeError(`weibull: shape ${shape} must be at least ${LEAST_SHAPE}`);
      }
      const text = `weibull(scale ${ms(settings.scaleMs)}, shape ${shape})`;
      const mean = scale * gamma(1 + 1 / shape);
      return distribution(text, 0, mean, (u) => scale * pow(-ln(1 - u), 1 / shape));
    }
    case "empirical":
      return empirical(settings.points);
    case "mixture":
      return mixture(settings);
    default:
      return unreachable(settings, "distributionOf");
  }
}

/**
 * Where in the table a uniform number falls is looked up in a guide of as many entries as there are stretches (Chen and
 * Asau 1974): about one step a draw, whatever the number of points.
 */
function empirical(points: readonly (readonly [number, number])[]): Distribution {
  const last = points.length - 1;
  if (last < 1) throw new RangeError("empirical: needs two points or more");
  if (last >= MOST_POINTS) throw new RangeError(`empirical: has ${points.length} points; allowed: ${MOST_POINTS}`);
  const at = Float64Array.from(points, ([probability]) => probability);
  const length = Float64Array.from(points, ([, value]) => micros("a point", value));
  if (at[0] !== 0 || at[last] !== 1) throw new RangeError("empirical: points go from probability 0 to 1");
  let mean = 0;
  for (let i = 1; i <= last; i++) {
    if (!(at[i] >= at[i - 1] && length[i] >= length[i - 1])) throw new RangeError("empirical: points must ascend");
    mean += ((at[i] - at[i - 1]) * (length[i] + length[i - 1])) / 2;
  }
  const guide = new Uint16Array(last);
  for (let cell = 0, i = 0; cell < last; cell++) {
    while (at[i + 1] <= cell / last) i++;
    guide[cell] = i;
  }
  const text = `empirical(${points.length} points, ${ms(points[0][1])} to ${ms(points[last][1])})`;
  return distribution(text, length[guide[0]], mean, (u) => {
    let i = guide[Math.floor(u * last)];
    // u * last may round up into the next cell.
    while (at[i] > u) i--;
    // Ends: u < 1 = at[last]. Of points of equal probability the last counts.
    while (at[i + 1] <= u) i++;
    return length[i] + ((length[i + 1] - length[i]) * (u - at[i])) / (at[i + 1] - at[i]);
  });
}

type Mixture = Extract<DistributionSettings, { readonly dist: "mixture" }>;
interface Part {
  readonly share: number;
  readonly of: Distribution;
}

function mixture(settings: Mixture): Distribution {
  const parts = flattened(settings, 1, 1);
  if (parts.length > MOST_PARTS) throw new RangeError(`mixture: has ${parts.length} parts; allowed: ${MOST_PARTS}`);
  let mean: number | undefined = 0;
  for (const { share, of } of parts) {
    mean = mean === undefined || of.meanMicros === undefined ? undefined : mean + share * of.meanMicros;
  }
  const text = parts.map(({ share, of }) => `${Number((100 * share).toPrecision(4))} % ${of.describe()}`).join(" + ");
  const least = Math.min(...parts.map(({ of }) => of.fromUniform(0)));
  const ends = new Float64Array(parts.length);
  parts.forEach(({ share }, i) => (ends[i] = share + (i === 0 ? 0 : ends[i - 1])));
  const draws = parts.map(({ of }) => of.fromUniform);
  const last = parts.length - 1;
  // Shares sum to 1 up to rounding, and no number below 1 may fall behind the last.
  ends[last] = 1;
  return distribution(`mixture(${text})`, least, mean, (u) => {
    let i = 0;
    while (u >= ends[i]) i++;
    const start = i === 0 ? 0 : ends[i - 1];
    const rest = (u - start) / (ends[i] - start);
    return draws[i](rest < 1 ? rest : BELOW_ONE);
  });
}

/** Mixtures in mixtures as one list of parts that are none, without those that are never drawn. */
function flattened({ parts }: Mixture, share: number, depth: number): readonly Part[] {
  if (depth > DEEPEST_MIXTURE) throw new RangeError(`mixture: nested more than ${DEEPEST_MIXTURE} deep`);
  if (parts.length === 0) throw new RangeError("mixture: has no parts");
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (!parts.every(({ weight }) => weight >= 0) || !(total > 0 && total < Infinity)) {
    throw new RangeError("mixture: weights must be at least 0, and one above 0");
  }
  return parts.flatMap(({ weight, of }): readonly Part[] => {
    // Made, and so checked, even if it is never drawn.
    const inner = of.dist === "mixture" ? flattened(of, (share * weight) / total, depth + 1) : [];
    const made = of.dist === "mixture" ? inner : [{ share: (share * weight) / total, of: distributionOf(of) }];
    return made.filter((part) => part.share > 0);
  });
}

/**
 * Euler's gamma function from 1 to 171, by Lanczos' series with g = 7 and nine terms (SIAM Journal on Numerical Analysis
 * B 1, 1964; coefficients by Godfrey): twelve digits.
 */
function gamma(x: number): number {
  const y = x - 1;
  let sum = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (y + i);
  const t = y + 7.5;
  // In two halves: the power alone outgrows a double long before the product does.
  const half = pow(t, (y + 0.5) / 2);
  return SQRT_2_PI * half * exp(-t) * half * sum;
}

const SQRT_2_PI = 2.5066282746310002;
const LANCZOS: readonly number[] = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function normal(meanMs: number, sdMs: number): Distribution {
  const mean = micros("mean", meanMs);
  const sd = micros("sd", sdMs);
  const text = `normal(mean ${ms(meanMs)}, sd ${ms(sdMs)})`;
  if (sd === 0) return distribution(text, mean, mean, () => mean);
  const cut = -mean / sd;
  const below = normalProbability(cut);
  const meanAfterCut = mean + (sd * normalDensity(cut)) / (1 - below);
  return distribution(text, 0, meanAfterCut, (u) => Math.max(0, mean + sd * normalQuantile(below + u * (1 - below))));
}

/** `fromUniform` gives microseconds, not yet whole. */
function distribution(
  text: string,
  minimum: number,
  meanMicros: number | undefined,
  fromUniform: (uniform: number) => number,
): Distribution {
  return {
    sample: (random) => Math.min(LONGEST_MICROS, Math.round(fromUniform(random.nextFloat()))),
    fromUniform,
    meanMicros,
    minimumMicros: Math.round(minimum),
    describe: () => text,
  };
}

/** Not rounded: a mean of a third of a microsecond is one. */
function micros(name: string, lengthMs: number): number {
  const length = lengthMs * MICROS_PER_MS;
  if (!(length >= 0 && length <= LONGEST_MICROS)) {
    throw new RangeError(`${name} is ${lengthMs} ms; it must be between 0 and one day`);
  }
  return length;
}

function ms(length: number): string {
  return `${length} ms`;
}

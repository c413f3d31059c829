/**
 * Durations drawn at random: delays of links, gaps between arrivals, service times. What is drawn is quantised to whole
 * microseconds and made of our own ln and exp, so equal seeds give equal delays on every machine.
 *
 * Every kind is drawn by inverting its distribution function at one uniform number: one draw, one step of the random
 * source (the normal kind may take more, see below), so that changing a parameter stretches delays but does not
 * reshuffle them, and two runs that differ in a delay alone stay comparable draw by draw.
 */
import { unreachable } from "./assert";
import { exp, ln, normalDensity, normalProbability, normalQuantile, pow } from "./mathematics";
import { MICROS_PER_MS, MICROS_PER_SECOND, type Micros } from "./micros";
import type { Random } from "./random";
import type { DistributionSettings } from "./settings";

export interface Distribution {
  /** An integer, at least `minimumMicros` and at most {@link LONGEST_MICROS}. */
  sample(random: Random): Micros;
  /** Mean before rounding to whole microseconds; undefined where there is none (Pareto with alpha of 1 or less). */
  readonly meanMicros: number | undefined;
  /** No draw is below. */
  readonly minimumMicros: Micros;
  /** Short stable text, such as `lognormal(median 2 ms, p99 10 ms)`. */
  describe(): string;
}

/** A heavy tail is cut at one day, so that `now` plus a draw stays an exact integer. */
export const LONGEST_MICROS: Micros = 86_400 * MICROS_PER_SECOND;

/** A negative draw from the normal distribution has a chance below one half; this many in a row do not happen. */
const MOST_REDRAWS = 64;
const QUANTILE_99 = normalQuantile(0.99);

/**
 * - `exponential`: `shift` plus an exponential with mean `mean`, so the mean of the whole is `shift + mean`.
 * - `normal`: cut off below 0 by drawing again; `mean` and `sd` are those before the cut, `meanMicros` is that after it.
 * - `lognormal`: by its median and 99th percentile, the two that a person can read off a latency plot.
 * - `pareto`: type I; never below `min`, and above x with probability (min/x)^alpha.
 *
 * @throws RangeError when a parameter is not a finite length of at least 0, or contradicts another.
 */
export function distributionOf(settings: DistributionSettings): Distribution {
  switch (settings.dist) {
    case "constant": {
      const value = micros("value", settings.valueMs);
      return distribution(`constant(${ms(settings.valueMs)})`, value, value, () => value);
    }
    case "uniform": {
      const low = micros("min", settings.minMs);
      const high = micros("max", settings.maxMs);
      if (high < low) throw new RangeError(`uniform: max ${ms(settings.maxMs)} is below min ${ms(settings.minMs)}`);
      const text = `uniform(${ms(settings.minMs)} to ${ms(settings.maxMs)})`;
      return distribution(text, low, (low + high) / 2, (random) => low + random.nextFloat() * (high - low));
    }
    case "exponential": {
      const mean = micros("mean", settings.meanMs);
      const shift = micros("shift", settings.shiftMs);
      const text = `exponential(${shift > 0 ? `${ms(settings.shiftMs)} + ` : ""}mean ${ms(settings.meanMs)})`;
      return distribution(text, shift, shift + mean, (random) => shift - mean * ln(1 - random.nextFloat()));
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
      return distribution(text, sigma === 0 ? median : 0, median * exp((sigma * sigma) / 2), (random) =>
        sigma === 0 ? median : median * exp(sigma * normalQuantile(openUniform(random))),
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
        (random) => least * pow(1 - random.nextFloat(), -1 / alpha),
      );
    }
    case "weibull": {
      const scale = micros("scale", settings.scaleMs);
      const { shape } = settings;
      if (!(shape > 0 && shape < Infinity)) throw new RangeError(`weibull: shape ${shape} must be above 0`);
      const text = `weibull(scale ${ms(settings.scaleMs)}, shape ${shape})`;
      const mean = scale * gamma(1 + 1 / shape);
      return distribution(text, 0, mean, (random) => scale * pow(-ln(1 - random.nextFloat()), 1 / shape));
    }
    case "empirical":
      return empirical(settings.points);
    case "mixture":
      return mixture(settings.parts);
    default:
      return unreachable(settings, "distributionOf");
  }
}

function empirical(points: readonly (readonly [number, number])[]): Distribution {
  if (points.length < 2) throw new RangeError("empirical: needs two points or more");
  const at = points.map(([probability]) => probability);
  const length = points.map(([, value]) => micros("a point", value));
  if (at[0] !== 0 || at[at.length - 1] !== 1) throw new RangeError("empirical: points go from probability 0 to 1");
  let mean = 0;
  for (let i = 1; i < points.length; i++) {
    if (at[i] < at[i - 1] || length[i] < length[i - 1]) throw new RangeError("empirical: points must ascend");
    mean += ((at[i] - at[i - 1]) * (length[i] + length[i - 1])) / 2;
  }
  return distribution(`empirical(${points.length} points)`, length[0], mean, (random) => {
    const u = random.nextFloat();
    let low = 0;
    let high = at.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (at[middle] <= u) low = middle;
      else high = middle;
    }
    const width = at[high] - at[low];
    return width === 0 ? length[low] : length[low] + ((length[high] - length[low]) * (u - at[low])) / width;
  });
}

function mixture(parts: readonly { readonly weight: number; readonly of: DistributionSettings }[]): Distribution {
  if (parts.length === 0) throw new RangeError("mixture: has no parts");
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (!parts.every(({ weight }) => weight >= 0) || !(total > 0 && total < Infinity)) {
    throw new RangeError("mixture: weights must be at least 0, and one above 0");
  }
  const made = parts.map(({ weight, of }) => ({ share: weight / total, of: distributionOf(of) }));
  const known = made.every(({ of }) => of.meanMicros !== undefined);
  const mean = known ? made.reduce((sum, { share, of }) => sum + share * of.meanMicros!, 0) : undefined;
  const text = made.map(({ share, of }) => `${Number((100 * share).toPrecision(4))} % ${of.describe()}`).join(" + ");
  const least = Math.min(...made.map(({ of }) => of.minimumMicros));
  return distribution(`mixture(${text})`, least, mean, (random) => {
    let u = random.nextFloat();
    for (const { share, of } of made) {
      if (u < share) return of.sample(random);
      u -= share;
    }
    return made[made.length - 1].of.sample(random);
  });
}

/** Euler's gamma function above 1/2, by Lanczos' series (g = 7, nine terms): fifteen digits. */
function gamma(x: number): number {
  const y = x - 1;
  let sum = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (y + i);
  const t = y + 7.5;
  return 2.5066282746310002 * pow(t, y + 0.5) * exp(-t) * sum;
}

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
  const meanAfterCut = mean + (sd * normalDensity(cut)) / (1 - normalProbability(cut));
  return distribution(text, 0, meanAfterCut, (random) => {
    for (let attempt = 0; attempt < MOST_REDRAWS; attempt++) {
      const drawn = mean + sd * normalQuantile(openUniform(random));
      if (drawn >= 0) return drawn;
    }
    return mean;
  });
}

/** `draw` gives microseconds, not yet whole. */
function distribution(
  text: string,
  minimum: number,
  meanMicros: number | undefined,
  draw: (random: Random) => number,
): Distribution {
  return {
    sample: (random) => Math.min(LONGEST_MICROS, Math.round(draw(random))),
    meanMicros,
    minimumMicros: Math.round(minimum),
    describe: () => text,
  };
}

/** Uniform in (0, 1): the quantiles of 0 and 1 are infinite. */
function openUniform(random: Random): number {
  let draw = random.nextFloat();
  while (draw === 0) draw = random.nextFloat();
  return draw;
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

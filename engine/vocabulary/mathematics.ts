/**
 * Logarithm, exponential, power and the normal distribution from + - * / alone. The language leaves Math.log and its kin to
 * the engine, and their last digit differs between engine versions; a draw that lands on the other side of a rounding
 * then shifts every later event of a simulation, and no digest of it can be compared. IEEE 754 fixes the four operations
 * (and the square root) to the last bit, so what is made of them is the same everywhere.
 *
 * Accurate to about 1e-15 relative (`pow` to 1e-13 for results within e±100), which is far finer than a microsecond.
 */

/** ln 2 in two parts: the first has zeros at the end, so that a small multiple of it is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SQRT2 = 1.4142135623730951;
const TWO_POW_54 = 18014398509481984;

/** Natural logarithm. -Infinity at 0, NaN below. */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  let mantissa = x;
  let exponent = 0;
  if (mantissa < 2.2250738585072014e-308) {
    mantissa *= TWO_POW_54;
    exponent = -54;
  }
  // Powers of two are exact factors, so scaling by them loses nothing. First by large steps, then by one.
  while (mantissa >= 4294967296) {
    mantissa /= 4294967296;
    exponent += 32;
  }
  while (mantissa < 1 / 4294967296) {
    mantissa *= 4294967296;
    exponent -= 32;
  }
  while (mantissa >= SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  while (mantissa < SQRT2 / 2) {
    mantissa *= 2;
    exponent--;
  }
  // ln m = 2 artanh s with s = (m - 1)/(m + 1), so |s| <= 0.172 and s^24 is below the last bit.
  // Written out: in a loop each 1 / k is a division.
  const s = (mantissa - 1) / (mantissa + 1);
  const z = s * s;
  let series = (1 / 23) * z;
  series = (series + 1 / 21) * z;
  series = (series + 1 / 19) * z;
  series = (series + 1 / 17) * z;
  series = (series + 1 / 15) * z;
  series = (series + 1 / 13) * z;
  series = (series + 1 / 11) * z;
  series = (series + 1 / 9) * z;
  series = (series + 1 / 7) * z;
  series = (series + 1 / 5) * z;
  series = (series + 1 / 3) * z;
  return exponent * LN2_HIGH + (2 * s + (2 * s * series + exponent * LN2_LOW));
}

const TURN = 6.283185307179586;

/**
 * Cosine of an angle in whole turns: 0.5 is half a circle. Turns and not radians, because what is periodic here has a period,
 * and a fraction of it is exact where a multiple of pi is not. Accurate to about 1e-15 absolute.
 */
export function cosineOfTurns(turns: number): number {
  if (!Number.isFinite(turns)) return NaN;
  let part = turns - Math.floor(turns);
  if (part > 0.5) part = 1 - part;
  const sign = part > 0.25 ? -1 : 1;
  if (part > 0.25) part = 0.5 - part;
  // At most an eighth of a turn from an axis: x^18/18! is below the last bit.
  const nearAxis = part <= 0.125;
  const x = TURN * (nearAxis ? part : 0.25 - part);
  const z = x * x;
  let sum = 1;
  for (let k = nearAxis ? 16 : 17; k >= 2; k -= 2) sum = 1 - (z / (k * (k - 1))) * sum;
  return sign * (nearAxis ? sum : x * sum);
}

/** e^x. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.2) return 0;
  const halves = Math.floor(x / (LN2_HIGH + LN2_LOW) + 0.5);
  const rest = x - halves * LN2_HIGH - halves * LN2_LOW;
  // Taylor on |rest| <= 0.347, innermost term first; rest^15/15! is below the last bit.
  // Division by a power of two is exact as a product, and the rest of the divisions are what this costs.
  let sum = 1 + rest / 15;
  sum = 1 + (rest * sum) / 14;
  sum = 1 + (rest * sum) / 13;
  sum = 1 + (rest * sum) / 12;
  sum = 1 + (rest * sum) / 11;
  sum = 1 + (rest * sum) / 10;
  sum = 1 + (rest * sum) / 9;
  sum = 1 + rest * sum * 0.125;
  sum = 1 + (rest * sum) / 7;
  sum = 1 + (rest * sum) / 6;
  sum = 1 + (rest * sum) / 5;
  sum = 1 + rest * sum * 0.25;
  sum = 1 + (rest * sum) / 3;
  sum = 1 + rest * sum * 0.5;
  sum = 1 + rest * sum;
  return scaleByPowerOfTwo(sum, halves);
}

/** x^y for x >= 0; NaN for negative x. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (x === 0) return y > 0 ? 0 : Infinity;
  if (Number.isInteger(y) && y > 0 && y <= 32) {
    let product = 1;
    let square = x;
    for (let bits = y; bits > 0; bits >>>= 1) {
      if (bits & 1) product *= square;
      square *= square;
    }
    return product;
  }
  return exp(y * ln(x));
}

function scaleByPowerOfTwo(x: number, exponent: number): number {
  let scaled = x;
  let left = exponent;
  // In steps of at most 2^512, and down to the subnormals last, so that only the last step may round.
  for (; left >= 512; left -= 512) scaled *= 1.3407807929942597e154;
  for (; left <= -512; left += 512) scaled /= 1.3407807929942597e154;
  let factor = 1;
  let base = left < 0 ? 0.5 : 2;
  for (let bits = Math.abs(left); bits > 0; bits >>>= 1) {
    if (bits & 1) factor *= base;
    base *= base;
  }
  return scaled * factor;
}

/**
 * The x below which a standard normal variable lies with probability `p`, 0 < p < 1. Wichura's AS 241 (PPND16, Applied
 * Statistics 37, 1988): rational approximations good to about 1e-16.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_NUMERATOR, r)) / polynomial(CENTRE_DENOMINATOR, r);
  }
  const r = Math.sqrt(-ln(q < 0 ? p : 1 - p));
  const tail =
    r <= 5
      ? polynomial(TAIL_NUMERATOR, r - 1.6) / polynomial(TAIL_DENOMINATOR, r - 1.6)
      : polynomial(FAR_NUMERATOR, r - 5) / polynomial(FAR_DENOMINATOR, r - 5);
  return q < 0 ? -tail : tail;
}

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return exp((-x * x) / 2) * 0.3989422804014327;
}

/**
 * Probability that a standard normal variable lies below `x`, to about 1e-15 absolute: Marsaglia's series ("Evaluating
 * the Normal Distribution", Journal of Statistical Software 11, 2004). Far in the lower tail it is 0.
 */
export function normalProbability(x: number): number {
  if (x < -8.3) return 0;
  if (x > 8.3) return 1;
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  // Eight deviations out the rounding is as large as the probability, and may lead past either end.
  return Math.min(1, Math.max(0, 0.5 + sum * normalDensity(x)));
}

const LN10 = 2.302585092994046;
const HALF_LN_TURN = 0.9189385332046727;

/**
 * Decimal logarithm of the probability that a standard normal variable lies above `x`, to about 1e-8 relative and however far out:
 * the probability itself is below the smallest number from 38.6 on. Beyond 5 by Laplace's continued fraction.
 */
export function normalTailLog10(x: number): number {
  if (x < 5) return ln(normalProbability(-x)) / LN10;
  if (x === Infinity) return -Infinity;
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / fraction;
  return -((x * x) / 2 + HALF_LN_TURN + ln(fraction)) / LN10;
}

/** Coefficients from the constant up. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * x + coefficients[k];
  return sum;
}

const CENTRE_NUMERATOR = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
  67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const CENTRE_DENOMINATOR = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
  28729.085735721942674, 5226.495278852545925,
];
const TAIL_NUMERATOR = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const TAIL_DENOMINATOR = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const FAR_NUMERATOR = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
  0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const FAR_DENOMINATOR = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];

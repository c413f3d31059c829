/**
 * The standard normal distribution, for approximations where exact enumeration is too large. The distribution function
 * is the series and continued fraction of Abramowitz and Stegun 26.2.11 and 26.2.14 carried to convergence (error below 1e-14, also far out
 * in the tail where 1 - Φ would cancel); the quantile inverts it by bisection, which is slow, exact and never wrong.
 */

/** P(Z > z). */
export function normalUpperTail(z: number): number {
  if (z < 0) return 1 - normalUpperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    // Φ(z) = 1/2 + φ(z) (z + z^3/3 + z^5/(3·5) + …)
    let term = z;
    let sum = z;
    for (let k = 3; term > 1e-17 * sum; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // Mills' ratio as a continued fraction, evaluated from a depth where it has long converged.
  let fraction = z;
  for (let k = 200; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}

/** The z with P(Z <= z) = p, 0 < p < 1. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a quantile needs 0 < p < 1, not ${p}`);
  if (p < 0.5) return -normalQuantile(1 - p);
  let low = 0;
  let high = 40;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalUpperTail(middle) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Two-sided 95 %. */
export const Z_95 = 1.959963984540054;

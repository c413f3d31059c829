/**
 * Pearson's chi-square against expected probabilities. Cells with small expectations are pooled, so that the statistic
 * keeps its law; the limit is the quantile at 1 - 1e-6 by Wilson and Hilferty. Seeds are fixed: a test that passes does
 * so for ever, and a wrong law is off by orders of magnitude, not by a hair.
 */
import assert from "node:assert/strict";

export function assertFits(counts: readonly number[], masses: readonly number[]): void {
  assert.equal(counts.length, masses.length);
  const draws = counts.reduce((sum, count) => sum + count, 0);
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  assert(Math.abs(total - 1) < 1e-6, `masses sum to ${total}`);
  let statistic = 0;
  let cells = 0;
  let pooledCount = 0;
  let pooledExpected = 0;
  for (let i = 0; i < counts.length; i++) {
    pooledCount += counts[i];
    pooledExpected += masses[i] * draws;
    if (pooledExpected < 10) continue;
    statistic += (pooledCount - pooledExpected) ** 2 / pooledExpected;
    cells++;
    pooledCount = 0;
    pooledExpected = 0;
  }
  statistic += pooledExpected > 0.5 ? (pooledCount - pooledExpected) ** 2 / pooledExpected : pooledCount;
  const freedom = cells;
  const spread = 2 / (9 * freedom);
  const limit = freedom * (1 - spread + 4.7534 * Math.sqrt(spread)) ** 3;
  assert(
    statistic < limit,
    `chi-square ${statistic.toFixed(1)} over ${freedom} degrees of freedom, limit ${limit.toFixed(1)}`,
  );
}

/**
 * An interval for a mean or a rate within one run. Operations that follow each other are not independent, so the spread
 * is taken between blocks of consecutive time, not between operations: the ratio estimator's variance (Cochran, Sampling Techniques,
 * 6.4) with Student's t for the number of blocks. Blocks must be longer than the bursts they are to average over;
 * fewer than six give no interval.
 */
import { normalQuantile } from "./normal";

export interface SumBlock {
  readonly sum: number;
  /** What the sum is divided by: operations for a mean, seconds for a rate. */
  readonly weight: number;
}

export interface BlockMean {
  readonly mean: number;
  readonly lo: number | null;
  readonly hi: number | null;
}

const FEWEST_BLOCKS = 6;

/** Sum of sums over sum of weights with its 95 % interval; NaN when all weights are 0. */
export function meanOfBlocks(blocks: readonly SumBlock[]): BlockMean {
  const used = blocks.filter((block) => block.weight > 0);
  const weight = used.reduce((sum, block) => sum + block.weight, 0);
  const mean = used.reduce((sum, block) => sum + block.sum, 0) / weight;
  if (used.length < FEWEST_BLOCKS) return { mean, lo: null, hi: null };
  let squares = 0;
  for (const block of used) squares += (block.sum - mean * block.weight) ** 2;
  const error = Math.sqrt((used.length / (used.length - 1)) * squares) / weight;
  const half = studentQuantile(0.975, used.length - 1) * error;
  return { mean, lo: mean - half, hi: mean + half };
}

/** Student's t by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5); within 0.3 % from five degrees of freedom on. */
export function studentQuantile(p: number, degrees: number): number {
  const z = normalQuantile(p);
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160;
  return z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3 + g4 / degrees ** 4;
}

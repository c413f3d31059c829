/**
 * Wilson's score interval for a proportion (Wilson 1927; recommended over p ± 1.96 s by Newcombe 1998 and Brown, Cai and
 * DasGupta 2001): it stays inside [0, 1], and 0 hits of n still has an upper bound, because "never seen" is not "never".
 *
 * Operations of one run are not independent: stale reads come in bursts. Kish's design effect says how much wider the
 * truth is than the binomial: the variance of the proportion between blocks of time over the binomial variance,
 * never below 1. Wilson's interval is then taken at the effective sample size n / effect.
 */
import { Z_95 } from "./normal";

export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/** 95 % unless `z` says otherwise. `total` may be fractional (an effective size); 0 of 0 gives [0, 1]. */
export function wilson(hits: number, total: number, z: number = Z_95): Interval {
  if (!(hits >= 0 && hits <= total)) throw new RangeError(`not a proportion: ${hits} of ${total}`);
  if (total === 0) return { lo: 0, hi: 1 };
  const p = hits / total;
  const z2 = z * z;
  const centre = (p + z2 / (2 * total)) / (1 + z2 / total);
  const half = (z / (1 + z2 / total)) * Math.sqrt((p * (1 - p)) / total + z2 / (4 * total * total));
  return { lo: hits === 0 ? 0 : Math.max(0, centre - half), hi: hits === total ? 1 : Math.min(1, centre + half) };
}

export interface Block {
  readonly hits: number;
  readonly total: number;
}

/**
 * Design effect of a proportion from blocks of consecutive time, at least 1. The variance between blocks is that of the
 * ratio estimator (blocks differ in size). With fewer than two blocks, no hits, or nothing but hits there is no
 * variation to estimate it from and the answer is 1: the interval is then the binomial one, which the reader is told.
 */
export function designEffect(blocks: readonly Block[]): number {
  const used = blocks.filter((block) => block.total > 0);
  const total = used.reduce((sum, block) => sum + block.total, 0);
  const hits = used.reduce((sum, block) => sum + block.hits, 0);
  if (used.length < 2 || hits === 0 || hits === total) return 1;
  const p = hits / total;
  let squares = 0;
  for (const block of used) squares += (block.hits - p * block.total) ** 2;
  const betweenBlocks = ((used.length / (used.length - 1)) * squares) / (total * total);
  return Math.max(1, betweenBlocks / ((p * (1 - p)) / total));
}

/** Wilson's interval at the effective sample size that `blocks` show. */
export function wilsonOfBlocks(
  blocks: readonly Block[],
  z: number = Z_95,
): Interval & { readonly designEffect: number } {
  const total = blocks.reduce((sum, block) => sum + block.total, 0);
  const hits = blocks.reduce((sum, block) => sum + block.hits, 0);
  const effect = designEffect(blocks);
  return { ...wilson(hits / effect, total / effect, z), designEffect: effect };
}

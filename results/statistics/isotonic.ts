/**
 * Isotonic regression by pooling adjacent violators (Barlow and others, Statistical Inference under Order Restrictions,
 * 1972): the shares that rise along the bins and are closest to those seen, weighted by what each bin holds. Where chance
 * makes a later bin look worse than an earlier one, the two become one block; no bin is smoothed that does not need it.
 */

export interface Bin {
  readonly hits: number;
  readonly total: number;
}

export interface IsotonicBlock extends Bin {
  /** The block holds bins `first` to `last`. */
  readonly first: number;
  readonly last: number;
}

/** Blocks of rising share hits / total, in order. Bins without anything in them belong to the block before. */
export function risingShares(bins: readonly Bin[]): IsotonicBlock[] {
  const blocks: IsotonicBlock[] = [];
  bins.forEach(({ hits, total }, index) => {
    let block: IsotonicBlock = { first: index, last: index, hits, total };
    for (let before = blocks.at(-1); before !== undefined && !isBelow(before, block); before = blocks.at(-1)) {
      blocks.pop();
      block = { ...block, first: before.first, hits: before.hits + block.hits, total: before.total + block.total };
    }
    blocks.push(block);
  });
  return blocks;
}

/** A strictly smaller share; nothing is smaller than a block of nothing, nor greater. Cross-multiplied: no rounding. */
function isBelow(a: Bin, b: Bin): boolean {
  return a.hits * b.total < b.hits * a.total;
}

/**
 * Midranks: equal values share the mean of the ranks they occupy, so that a test does not depend on the order in which
 * ties were written down. Twice a midrank is a whole number, which lets the exact distributions below be counted
 * in integers even with ties.
 */

export interface Midranks {
  /** Twice the rank of each value, in the order given. */
  readonly doubled: readonly number[];
  /** Sizes of the groups of equal values. */
  readonly tieSizes: readonly number[];
}

export function midranks(values: readonly number[]): Midranks {
  const order = values.map((_, index) => index).sort((a, b) => values[a] - values[b]);
  const doubled = new Array<number>(values.length);
  const tieSizes: number[] = [];
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) doubled[order[i]] = from + 1 + to;
    tieSizes.push(to - from);
    from = to;
  }
  return { doubled, tieSizes };
}

/**
 * Means and maxima over a count that may be small or huge (writes of a key, sessions that wrote it): one bin a number up to 128, where
 * one more matters, then eight bins a doubling. Bins where nothing fell are left out of the figure.
 */
const EXACT = 128;
const A_DOUBLING = 8;

interface Bin {
  count: number;
  readonly sums: number[];
  readonly most: number[];
}

export interface BinFigure {
  readonly from: number[];
  readonly to: number[];
  readonly count: number[];
  /** By quantity, then by bin. */
  readonly mean: number[][];
  readonly max: number[][];
}

export class CountBins {
  private readonly bins: (Bin | undefined)[] = [];

  constructor(private readonly quantities: number) {}

  /** `at` is a whole number from 0. */
  add(at: number, ...values: readonly number[]): void {
    const nothing = (): number[] => new Array<number>(this.quantities).fill(0);
    const bin = (this.bins[binOf(at)] ??= { count: 0, sums: nothing(), most: nothing() });
    bin.count++;
    for (let i = 0; i < values.length; i++) {
      bin.sums[i] += values[i];
      if (values[i] > bin.most[i]) bin.most[i] = values[i];
    }
  }

  figure(): BinFigure {
    const used = [...this.bins.entries()].flatMap(([index, bin]) => (bin === undefined ? [] : [{ index, bin }]));
    const each = (pick: (bin: Bin, quantity: number) => number): number[][] =>
      Array.from({ length: this.quantities }, (_, quantity) => used.map(({ bin }) => pick(bin, quantity)));
    return {
      from: used.map(({ index }) => edge(index)),
      to: used.map(({ index }) => edge(index + 1)),
      count: used.map(({ bin }) => bin.count),
      mean: each((bin, quantity) => bin.sums[quantity] / bin.count),
      max: each((bin, quantity) => bin.most[quantity]),
    };
  }
}

/** The first number in bin `index`. */
function edge(index: number): number {
  return index < EXACT ? index : Math.ceil(EXACT * 2 ** ((index - EXACT) / A_DOUBLING));
}

function binOf(at: number): number {
  if (at < EXACT) return at;
  let index = EXACT + Math.floor(A_DOUBLING * Math.log2(at / EXACT));
  // The logarithm is rounded: the edges decide.
  while (edge(index) > at) index--;
  while (edge(index + 1) <= at) index++;
  return index;
}

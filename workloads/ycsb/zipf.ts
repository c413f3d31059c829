/**
 * A zipf law over exactly the keys that were loaded: key number first + k - 1 has a share of k^-theta / zeta(n, theta).
 * Drawn without error by rejection-inversion, in constant memory, for any theta >= 0, 1 included: W. Hörmann and
 * G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS 6(3), 1996.
 *
 * A continuous hat is inverted, the result rounded to a rank, and the rank kept unless the draw fell in the sliver where
 * the hat overshoots. Near theta = 1 the hat's integral is a difference of almost equal numbers; it is taken through
 * (e^x - 1)/x and ln(1 + x)/x, expanded around 0.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { ChooserStrategy, KeyChooser, KeyRange } from "./chooser";
import { exp, ln } from "../../engine/vocabulary/mathematics";
import { zeta } from "./zeta";

export const zipf: ChooserStrategy<"zipf"> = {
  name: "zipf",
  prose:
    "A zipf law over exactly the loaded keys: the k-th key has a share of k^-theta / zeta(n, theta). Not YCSB's " +
    "zipfian, which is flatter at the top and does not depend on the number of keys.",
  source: "Hörmann and Derflinger, ACM TOMACS 6(3), 1996",
  create: (settings, range) => new Zipf(settings.theta, range),
};

class Zipf implements KeyChooser {
  readonly name = "zipf";
  private readonly theta: number;
  private readonly count: number;
  private readonly first: number;
  private readonly top: number;
  private readonly bottom: number;
  private readonly accepted: number;
  /**
   * What a draw comes to, by which of so many equal parts of [0, 1) it falls in: a rank where all of the part gives that
   * one, as many parts of the few hottest ranks do. It saves them the inversion, whose exponential is what a draw costs.
   */
  private readonly parts = new Int32Array(PARTS);

  constructor(theta: number, range: KeyRange) {
    this.theta = theta;
    this.count = range.count;
    this.first = range.first;
    this.top = this.integral(1.5) - 1;
    this.bottom = this.integral(range.count + 0.5);
    this.accepted = 2 - this.inverse(this.integral(2.5) - this.hat(2));
  }

  next(random: Random): number {
    for (;;) {
      const draw = random.nextFloat();
      const part = Math.floor(draw * PARTS);
      let rank = this.parts[part];
      if (rank === UNKNOWN) this.parts[part] = rank = this.rankOfPart(part);
      if (rank === SEVERAL) rank = this.rankOf(draw);
      if (rank !== REJECTED) return this.first + rank - 1;
    }
  }

  private rankOf(draw: number): number {
    const u = this.bottom + draw * (this.top - this.bottom);
    const x = this.inverse(u);
    const rank = Math.min(this.count, Math.max(1, Math.floor(x + 0.5)));
    return rank - x <= this.accepted || u >= this.integral(rank + 0.5) - this.hat(rank) ? rank : REJECTED;
  }

  /** Ranks fall as draws grow, and of the draws of a rank the greatest alone are rejected: what both ends give, all give. */
  private rankOfPart(part: number): number {
    // A little beyond the ends, far more than a rounding.
    const low = this.rankOf(Math.max(0, (part - MARGIN) / PARTS));
    const high = this.rankOf(Math.min(1, (part + 1 + MARGIN) / PARTS));
    return low === high && low !== REJECTED ? low : SEVERAL;
  }

  hottestShare(): number {
    return 1 / zeta(this.count, this.theta);
  }

  /** x^-theta. */
  private hat(x: number): number {
    return exp(-this.theta * ln(x));
  }

  /** The hat's integral from 1 to x: (x^(1-theta) - 1) / (1 - theta), ln x at theta = 1. */
  private integral(x: number): number {
    const log = ln(x);
    return exponentialQuotient((1 - this.theta) * log) * log;
  }

  /** The x whose integral is `area`. */
  private inverse(area: number): number {
    const t = Math.max(-1, area * (1 - this.theta));
    return exp(logarithmQuotient(t) * area);
  }
}

/** (e^x - 1) / x. */
function exponentialQuotient(x: number): number {
  if (x > 0.1 || x < -0.1) return (exp(x) - 1) / x;
  let sum = 1;
  let term = 1;
  for (let k = 2; k <= 10; k++) {
    term *= x / k;
    sum += term;
  }
  return sum;
}

/** ln(1 + x) / x, x >= -1. */
function logarithmQuotient(x: number): number {
  if (x > 0.05 || x < -0.05) return ln(1 + x) / x;
  // Written out: in a loop each 1 / k is a division.
  let sum = 1 / 12;
  sum = 1 / 11 - x * sum;
  sum = 1 / 10 - x * sum;
  sum = 1 / 9 - x * sum;
  sum = 1 / 8 - x * sum;
  sum = 1 / 7 - x * sum;
  sum = 1 / 6 - x * sum;
  sum = 1 / 5 - x * sum;
  sum = 1 / 4 - x * sum;
  sum = 1 / 3 - x * sum;
  sum = 1 / 2 - x * sum;
  return 1 - x * sum;
}

const PARTS = 8_192;
const MARGIN = 1e-6;
/** No ranks: of a part, and of a draw. */
const UNKNOWN = 0;
const SEVERAL = -1;
const REJECTED = -2;

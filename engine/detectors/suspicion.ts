/**
 * How long suspicion lasts before it is death, and how often an update is passed on: pure arithmetic of the group's size. An update
 * must reach everybody before it may be dropped, and a suspect must have had time to hear of it and to object; both take a time
 * that grows with the logarithm of the group. The SWIM paper and memberlist differ in which logarithm and in where it is rounded,
 * and that difference is most of the difference between their numbers.
 */
import { ln } from "../vocabulary/mathematics";

const LN10 = 2.302585092994046;

export type Scaling = "memberlist" | "paper";

/**
 * The least time of suspicion in protocol periods, in a group of `n`. memberlist: mult times log10 n, at least mult, not
 * rounded; the paper: mult times ln(n + 1) rounded up.
 */
export function suspicionPeriods(n: number, mult: number, scaling: Scaling): number {
  return scaling === "paper" ? mult * Math.ceil(ln(n + 1)) : mult * Math.max(1, ln(n) / LN10);
}

/** How often one node passes an update on. memberlist: mult times log10(n + 1) rounded up; the paper: mult times ln(n + 1) rounded up. */
export function retransmissions(n: number, mult: number, scaling: Scaling): number {
  return mult * (scaling === "paper" ? Math.ceil(ln(n + 1)) : decimalsOf(n + 1));
}

/** The smallest d with 10^d >= n: a logarithm rounded up must not be wrong at powers of ten. */
function decimalsOf(n: number): number {
  let digits = 0;
  for (let power = 1; power < n; power *= 10) digits++;
  return digits;
}

/**
 * Lifeguard: suspicion lasts `most` at first and is brought down to `least` by `needed` further nodes that came to it on their own,
 * the first of them counting most. `needed` 0: `least` at once.
 */
export function shrunk(least: number, most: number, confirmations: number, needed: number): number {
  if (needed < 1) return least;
  return Math.max(least, most - ((most - least) * ln(confirmations + 1)) / ln(needed + 1));
}

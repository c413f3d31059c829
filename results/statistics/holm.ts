/**
 * Holm's step-down correction (Holm 1979): with m comparisons the chance of any false finding stays at alpha, with no
 * assumption about how they depend on each other, and never less powerful than Bonferroni.
 */

/** Adjusted p-values in the order given; null (not tested) stays null and does not count towards m. */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const tested = pValues.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let highest = 0;
  for (const [rank, { p, index }] of tested.entries()) {
    highest = Math.max(highest, Math.min(1, p * (tested.length - rank)));
    adjusted[index] = highest;
  }
  return adjusted;
}

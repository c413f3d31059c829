/**
 * One measured number against one reference. The rules, which the page prints:
 *
 * - Around a value: inside the tolerance is a pass, unless the 95 % interval is wider than the whole tolerance, for then so small a run
 *   would have passed whatever is true. Outside, an interval that reaches in leaves it open; else it fails. (Tolerances were set to
 *   hold our own sampling error at the stated size, so an interval that overlaps an edge is no reason for doubt when the value is inside.)
 * - On one side of a bound: the whole interval must be on the right side for a pass, on the wrong one for a failure.
 *
 * A number without an interval is exact, or its error is not known; it stands for itself.
 */
import type { ReproducedPoint, ReproductionVerdict } from "../../results/record/reproduction";

/** What was measured; `value` null where there was nothing to measure. */
export interface Estimate {
  readonly value: number | null;
  readonly lo?: number | null;
  readonly hi?: number | null;
}

export interface Reference {
  readonly label: string;
  readonly unit: string;
  /** As printed by the source. */
  readonly published?: number;
  /** Where nobody printed it. */
  readonly derived?: number;
  readonly note?: string;
}

/** Within `ratio` of the reference, or within so much of it in its unit. */
export function near(
  reference: Reference & ({ readonly published: number } | { readonly derived: number }),
  measured: Estimate,
  room: { readonly ratio: number } | { readonly within: number },
): ReproducedPoint {
  const centre = centreOf(reference)!;
  const half = "within" in room ? room.within : room.ratio * Math.abs(centre);
  return point(reference, measured, centre - half, centre + half);
}

export function exactly(
  reference: Reference & ({ readonly published: number } | { readonly derived: number }),
  measured: Estimate,
): ReproducedPoint {
  return near(reference, measured, { within: 0 });
}

export function between(reference: Reference, measured: Estimate, least: number, most: number): ReproducedPoint {
  return point(reference, measured, least, most);
}

export function atMost(reference: Reference, measured: Estimate, most: number): ReproducedPoint {
  return point(reference, measured, null, most);
}

export function atLeast(reference: Reference, measured: Estimate, least: number): ReproducedPoint {
  return point(reference, measured, least, null);
}

/** Shown and not judged. */
export function shown(reference: Reference, measured: Estimate): ReproducedPoint {
  return point(reference, measured, null, null);
}

function centreOf({ published, derived }: Reference): number | null {
  return published ?? derived ?? null;
}

function point(
  reference: Reference,
  { value, lo = null, hi = null }: Estimate,
  least: number | null,
  most: number | null,
): ReproducedPoint {
  const { label, unit, published, note } = reference;
  const sound = value !== null && Number.isFinite(value) ? value : null;
  return {
    label,
    unit,
    published: published ?? null,
    expected: centreOf(reference),
    least,
    most,
    measured: sound,
    lo: sound === null ? null : lo,
    hi: sound === null ? null : hi,
    verdict: verdictOn(sound, lo, hi, least, most),
    ...(note === undefined ? {} : { note }),
  };
}

export function verdictOn(
  value: number | null,
  lo: number | null,
  hi: number | null,
  least: number | null,
  most: number | null,
): ReproductionVerdict {
  if (value === null) return "not-run";
  // Up to rounding, so that 0.95 is within 5 % of 1.
  const dust = 1e-9 * Math.max(Math.abs(least ?? 0), Math.abs(most ?? 0));
  const isIn = (x: number): boolean => (least === null || x >= least - dust) && (most === null || x <= most + dust);
  const known = lo !== null && hi !== null;
  if (least !== null && most !== null) {
    if (isIn(value)) return known && most > least && hi - lo > most - least + dust ? "inconclusive" : "pass";
    return known && lo <= most + dust && hi >= least - dust ? "inconclusive" : "fail";
  }
  if (!known) return isIn(value) ? "pass" : "fail";
  if (isIn(lo) && isIn(hi)) return "pass";
  return isIn(lo) || isIn(hi) || isIn(value) ? "inconclusive" : "fail";
}

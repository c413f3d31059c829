/**
 * How long after a write's acknowledgement a read is consistent with a given probability: two estimators that the
 * published record mixes up.
 *
 * - The *exact quantile* of the windows of all trials.
 * - The *first crossing* of Bailis and others' own simulator: walk t upwards on a grid, draw 50,000 fresh trials at each t,
 *   stop at the first whose estimate reaches the target. Each step near the end is another chance to stop too early, so it
 *   is biased low, by 2 to 13 % in the published table.
 *
 * Of fresh trials at t only the number of stale ones matters, and that is binomial with the chance of a stale read at t. So a
 * walk draws this number, with the chance taken from one large sample, and not 50,000 times N times four delays a step;
 * the walk then costs milliseconds and can be repeated, which shows how much of the answer was luck.
 */
import { ln } from "../../engine/vocabulary/mathematics";
import { Random } from "../../engine/vocabulary/random";
import type { Estimate, SortedSample } from "./sorted-sample";

/** t = 0, step, 2 step, … below `endMs`. */
export interface Grid {
  readonly stepMs: number;
  readonly endMs: number;
}

export const GRIDS = {
  fine: { stepMs: 0.01, endMs: 4 },
  medium: { stepMs: 0.1, endMs: 150 },
  default: { stepMs: 1, endMs: 200 },
  long: { stepMs: 1, endMs: 1500 },
} as const satisfies Readonly<Record<string, Grid>>;

export type GridName = keyof typeof GRIDS;

export interface FirstCrossing {
  readonly grid: GridName;
  /** Median of the walks' ends, and between which values 90 % of them lie; null: ran off the grid. */
  readonly value: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly walks: number;
}

const TRIALS_A_STEP = 50_000;
const WALKS = 101;
/** A step whose chance to end the walk is below e^-40 is passed without a draw. */
const HOPELESS = 40;

export function exactQuantile(windows: SortedSample, target: number): Estimate {
  return windows.quantile(target);
}

/** The finest grid on which the exact quantile lies; the longest where none does. */
export function gridFor(quantileMs: number): GridName {
  const names: readonly GridName[] = ["fine", "medium", "default"];
  return names.find((name) => quantileMs < GRIDS[name].endMs) ?? "long";
}

/** @throws RangeError for a target outside (0, 1). */
export function firstCrossing(
  windows: SortedSample,
  target: number,
  grid: GridName,
  seed: number | string,
): FirstCrossing {
  if (!(target > 0 && target < 1)) throw new RangeError(`the target is ${target}; allowed: above 0 and below 1`);
  const root = Random.fromSeed(seed).fork("first crossing");
  const steps = staleByStep(windows, GRIDS[grid]);
  const ends = Array.from({ length: WALKS }, (_, i) =>
    walk(steps, GRIDS[grid].stepMs, target, TRIALS_A_STEP, root.fork(String(i))),
  ).sort((a, b) => a - b);
  const at = (share: number): number | null => {
    const end = ends[Math.round(share * (WALKS - 1))];
    return end === Infinity ? null : end;
  };
  return { grid, value: at(0.5), lo: at(0.05), hi: at(0.95), walks: WALKS };
}

/** The chance of a stale read at each t of the grid. */
export function staleByStep(windows: SortedSample, { stepMs, endMs }: Grid): readonly number[] {
  const count = Math.round(endMs / stepMs);
  return Array.from({ length: count }, (_, i) => 1 - windows.countAtOrBelow(i * stepMs) / windows.size);
}

/** Where one walk ends, milliseconds; Infinity when it leaves the grid. */
export function walk(
  staleAt: readonly number[],
  stepMs: number,
  target: number,
  trials: number,
  random: Random,
): number {
  const allowed = Math.floor((1 - target) * trials + 1e-6);
  for (const [i, stale] of staleAt.entries()) {
    if (atMost(allowed, trials, stale, random)) return Number((i * stepMs).toFixed(6));
  }
  return Infinity;
}

/** Whether of `trials` with chance `p` each at most `allowed` hit, by the gaps between hits, which are geometric. */
function atMost(allowed: number, trials: number, p: number, random: Random): boolean {
  if (p <= 0) return true;
  if (p >= 1) return trials <= allowed;
  const mean = trials * p;
  if (mean > allowed && (mean - allowed) ** 2 / (2 * mean) > HOPELESS) return false;
  const scale = 1 / ln(1 - p);
  let passed = 0;
  for (let hits = 0; hits <= allowed; hits++) {
    passed += Math.floor(ln(1 - random.nextFloat()) * scale) + 1;
    if (passed > trials) return true;
  }
  return false;
}

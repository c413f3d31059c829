/**
 * How long until something happens, when some had to leave before it did (Kaplan and Meier, "Nonparametric estimation from incomplete
 * observations", JASA 1958). To leave those out, or to count them as if it had happened when they left, makes every healing look
 * quicker than it was; here each counts as long as it was watched. The band is Greenwood's variance on the scale log(−log S) (Kalbfleisch
 * and Prentice), which keeps it inside [0, 1]. Where nothing is left (S = 0) the variance has no value: the lower end is 0 and the upper one
 * stays where it was. Observations must be independent of what made others leave; keys of one cluster heal together, so the band
 * speaks of the keys of these runs and not of how another run would come out.
 */
import { Z_95 } from "./normal";

/** At one instant: so many had it happen, so many were watched no longer. */
export interface Departures {
  readonly at: number;
  readonly events: number;
  readonly censored: number;
}

export interface SurvivalStep extends Departures {
  /** Just before `at`. */
  readonly atRisk: number;
  /** The share to which it has not happened, from `at` on, with its band at 95 %. */
  readonly survival: number;
  readonly lo: number;
  readonly hi: number;
}

export interface SurvivalQuantile {
  /** null: not reached while anybody was watched. */
  readonly value: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  /** The latest instant anybody was watched. */
  readonly observed: number;
}

/** One step an instant, in order of time; of equal instants events come before departures. `observations` in any order. */
export function kaplanMeier(observations: readonly Departures[], z: number = Z_95): SurvivalStep[] {
  const byTime = new Map<number, { events: number; censored: number }>();
  let atRisk = 0;
  for (const { at, events, censored } of observations) {
    if (!(at >= 0 && events >= 0 && censored >= 0))
      throw new RangeError(`no departures: ${events} and ${censored} at ${at}`);
    const sum = byTime.get(at) ?? { events: 0, censored: 0 };
    byTime.set(at, { events: sum.events + events, censored: sum.censored + censored });
    atRisk += events + censored;
  }
  let survival = 1;
  let greenwood = 0;
  let [lo, hi] = [1, 1];
  const steps: SurvivalStep[] = [];
  for (const [at, { events, censored }] of [...byTime].sort(([a], [b]) => a - b)) {
    if (events > 0) {
      survival = events === atRisk ? 0 : survival * (1 - events / atRisk);
      if (survival === 0) lo = 0;
      else {
        greenwood += events / (atRisk * (atRisk - events));
        const spread = (z * Math.sqrt(greenwood)) / Math.abs(Math.log(survival));
        lo = Math.pow(survival, Math.exp(spread));
        hi = Math.pow(survival, Math.exp(-spread));
      }
    }
    steps.push({ at, events, censored, atRisk, survival, lo, hi });
    atRisk -= events + censored;
  }
  return steps;
}

/**
 * The time by which it has happened to the share `p`: the first instant at which no more than 1 − p are left. Its interval holds the
 * instants whose band contains 1 − p (Brookmeyer and Crowley, Biometrics 1982).
 */
export function survivalQuantile(steps: readonly SurvivalStep[], p: number): SurvivalQuantile {
  // 1 − 0.9 is a little more than a tenth.
  const left = 1 - p + 1e-12;
  const first = (of: (step: SurvivalStep) => number): number | null =>
    steps.find((step) => step.events > 0 && of(step) <= left)?.at ?? null;
  return {
    value: first(({ survival }) => survival),
    lo: first(({ lo }) => lo),
    hi: first(({ hi }) => hi),
    observed: steps.at(-1)?.at ?? 0,
  };
}

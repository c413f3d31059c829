/**
 * The search for the highest rate that meets an objective, as a value: what is known of each rate goes in, what to try next or
 * the answer comes out. Rates grow by doubling until one clearly fails, then the gap is halved on a log scale until it is
 * as narrow as wanted, then a few rates below are tried so that the curve is drawn whole. It keeps no state, so an interrupted
 * search goes on from its trials alone.
 *
 * A rate is decided by several trials. Met in all of them, in none, or grey: in some. The answer is never a number but the
 * interval from the highest rate that met in all to the lowest above it that met in none; a search that believes every single
 * trial finds a different knee each time it is asked (the noise of a p99 near saturation is as large as what is looked for).
 * What was tried below the answer and did not meet is told too, because latency need not rise with the rate.
 */

/** What is known of one rate. */
export interface RateEvidence {
  readonly ratePerSecond: number;
  /** Trials. `undecided`: they say nothing, because the machine was not quiet or the metric was not measured. */
  readonly met: number;
  readonly failed: number;
  readonly undecided: number;
}

export interface SearchBounds {
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
  readonly precision: number;
  readonly repetitions: number;
}

export type RateVerdict = "met" | "failed" | "grey" | "undecided" | "open";

/** `found`: both ends are known. `never-failed`: not even at the ceiling. */
export type SearchOutcome = "found" | "never-met" | "never-failed" | "undecided";

export interface SearchAnswer {
  readonly outcome: SearchOutcome;
  /** Highest rate that met in all its trials. */
  readonly highestMet: number | undefined;
  /** Lowest rate above that (above all that is grey, where none met) that failed in all. */
  readonly lowestFailed: number | undefined;
  /** Rates between the two that met in some trials. */
  readonly grey: readonly number[];
  /** Rates below `highestMet` that did not meet in all of theirs. */
  readonly notMetBelow: readonly number[];
  /** Where trials said nothing however often they were repeated. */
  readonly undecidedAt: number | undefined;
}

/** Why a rate is tried. */
export type SearchReason = "grow" | "narrow" | "repeat" | "draw";

export interface WantedRate {
  readonly ratePerSecond: number;
  /** So many further ones. */
  readonly trials: number;
  readonly why: SearchReason;
}

export type SearchStep =
  | {
      readonly kind: "try";
      readonly wanted: readonly WantedRate[];
      /** Trials that may follow these. */ readonly expected: number;
    }
  | { readonly kind: "over"; readonly answer: SearchAnswer };

/** Further trials of a rate in place of those that say nothing. */
export const MOST_RETRIES = 3;
/** Of one search. With doubling and halving it ends long before; a search without end would be a night without an answer. */
export const MOST_RATES = 60;
/** Shares of the answer at which the curve is drawn, unless a rate near it was tried anyway. */
const DRAWN_AT = [0.25, 0.5, 0.75, 0.9];
const NEAR = 0.08;
const DIGITS = 4;

export function verdictOf({ met, failed, undecided }: RateEvidence, repetitions: number): RateVerdict {
  if (met + failed >= repetitions) return failed === 0 ? "met" : met === 0 ? "failed" : "grey";
  if (undecided < MOST_RETRIES + 1) return "open";
  return met > 0 && failed > 0 ? "grey" : "undecided";
}

/** `tried`: each rate once, in any order. */
export function nextStep(tried: readonly RateEvidence[], bounds: SearchBounds): SearchStep {
  const search = new Search(tried, bounds);
  return search.step();
}

/** What is known so far, whether the search is over or not. */
export function knownSoFar(tried: readonly RateEvidence[], bounds: SearchBounds): Omit<SearchAnswer, "outcome"> {
  return new Search(tried, bounds).known();
}

class Search {
  private readonly tried: readonly (RateEvidence & { readonly verdict: RateVerdict })[];

  constructor(
    tried: readonly RateEvidence[],
    private readonly bounds: SearchBounds,
  ) {
    this.tried = [...tried]
      .sort((a, b) => a.ratePerSecond - b.ratePerSecond)
      .map((one) => ({ ...one, verdict: verdictOf(one, bounds.repetitions) }));
  }

  step(): SearchStep {
    const open = this.tried.filter(({ verdict }) => verdict === "open");
    if (open.length > 0) return this.try(open.map((one) => this.again(one)));
    const grown = this.grow();
    if (grown !== undefined) return grown;
    const narrowed = this.narrow();
    if (narrowed !== undefined) return narrowed;
    const drawn = this.draw();
    if (drawn.length > 0 && this.tried.length + drawn.length <= MOST_RATES) return this.try(drawn);
    return this.over(this.outcome());
  }

  known(): Omit<SearchAnswer, "outcome"> {
    const highestMet = this.highestMet();
    const floor = highestMet ?? Math.max(0, ...this.rates("grey"));
    const lowestFailed = this.rates("failed").find((rate) => rate > floor);
    const undecided = this.rates("undecided");
    return {
      highestMet,
      lowestFailed,
      grey: this.rates("grey").filter((rate) => rate > (highestMet ?? 0) && rate < (lowestFailed ?? Infinity)),
      notMetBelow:
        highestMet === undefined
          ? []
          : this.tried
              .filter(
                ({ verdict, ratePerSecond }) =>
                  ratePerSecond < highestMet && (verdict === "failed" || verdict === "grey"),
              )
              .map(({ ratePerSecond }) => ratePerSecond),
      // One that only helps to draw the curve leaves the answer alone.
      undecidedAt: undecided.find((rate) => rate > (highestMet ?? 0)),
    };
  }

  /** Doubles until a rate fails in all its trials. Undefined: one has, or the ceiling was reached. */
  private grow(): SearchStep | undefined {
    const { fromPerSecond, toPerSecond } = this.bounds;
    for (let rate = fromPerSecond; ; rate = Math.min(toPerSecond, rounded(2 * rate))) {
      const verdict = this.at(rate);
      if (verdict === undefined)
        return this.tried.length >= MOST_RATES
          ? this.over("undecided")
          : this.try([{ ratePerSecond: rate, trials: this.bounds.repetitions, why: "grow" }]);
      if (verdict === "undecided") return this.over("undecided");
      if (verdict === "failed" || rate >= toPerSecond) return undefined;
    }
  }

  private narrow(): SearchStep | undefined {
    const { highestMet: low, lowestFailed: high, grey } = this.known();
    if (low === undefined || high === undefined) return undefined;
    const gaps =
      grey.length === 0
        ? [[low, high]]
        : [
            [low, grey[0]],
            [grey.at(-1)!, high],
          ];
    for (const [from, to] of gaps) {
      const middle = rounded(Math.sqrt(from * to));
      if (to / from <= 1 + this.bounds.precision || middle <= from || middle >= to) continue;
      if (this.at(middle) === "undecided" || this.tried.length >= MOST_RATES) return this.over("undecided");
      return this.try([{ ratePerSecond: middle, trials: this.bounds.repetitions, why: "narrow" }]);
    }
    return undefined;
  }

  private draw(): readonly WantedRate[] {
    const top = this.highestMet();
    if (top === undefined) return [];
    return DRAWN_AT.map((share) => rounded(share * top))
      .filter((rate) => !this.tried.some(({ ratePerSecond }) => Math.abs(Math.log(ratePerSecond / rate)) < NEAR))
      .map((ratePerSecond) => ({ ratePerSecond, trials: this.bounds.repetitions, why: "draw" }));
  }

  private outcome(): SearchOutcome {
    const { highestMet, lowestFailed } = this.known();
    if (lowestFailed === undefined) return "never-failed";
    return highestMet === undefined ? "never-met" : "found";
  }

  private again(one: RateEvidence): WantedRate {
    const trials = this.bounds.repetitions - one.met - one.failed;
    return { ratePerSecond: one.ratePerSecond, trials, why: "repeat" };
  }

  private over(outcome: SearchOutcome): SearchStep {
    return { kind: "over", answer: { outcome, ...this.known() } };
  }

  private try(wanted: readonly WantedRate[]): SearchStep {
    const drawing = wanted[0].why === "draw";
    const { highestMet: low, lowestFailed: high } = this.known();
    const ratio = low === undefined || high === undefined ? 2 : high / low;
    const halvings = Math.max(0, Math.ceil(Math.log2(Math.log(ratio) / Math.log(1 + this.bounds.precision))));
    const rates = drawing ? 0 : DRAWN_AT.length + halvings - (wanted[0].why === "narrow" ? 1 : 0);
    return { kind: "try", wanted, expected: Math.max(0, rates) * this.bounds.repetitions };
  }

  private highestMet(): number | undefined {
    return this.rates("met").at(-1);
  }

  private rates(verdict: RateVerdict): readonly number[] {
    return this.tried.filter((one) => one.verdict === verdict).map(({ ratePerSecond }) => ratePerSecond);
  }

  private at(rate: number): RateVerdict | undefined {
    return this.tried.find(({ ratePerSecond }) => ratePerSecond === rate)?.verdict;
  }
}

/** Rates that people can type and that name the same trial again. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(DIGITS));
}

/**
 * The mistakes a clock can make, in words for those who have never met one, and the numbers behind them put together over
 * repetitions. A rate without its denominator misleads here more than anywhere: a lost update can befall a write only,
 * a false conflict can be seen by a read only. So every kind names the operations that could have shown it, and what was
 * never seen still has an upper bound.
 */
import type { AnomalyKind, CausalityFigures, TrialFigures } from "../record/figures";
import { wilson } from "../statistics/wilson";
import type { ChartCell } from "./cells";

export interface AnomalyWords {
  readonly kind: AnomalyKind;
  readonly one: string;
  readonly many: string;
  /** The operations that could have shown it. */
  readonly outOf: string;
  /** For the glossary. */
  readonly meaning: string;
}

/** In the order of the figures. */
export const ANOMALIES: readonly AnomalyWords[] = [
  {
    kind: "lost-update",
    one: "lost update",
    many: "lost updates",
    outOf: "acknowledged writes",
    meaning:
      "A client was told that its write was stored, but at the end of the run no replica holds it, and no later write was made by a client that had read it. Nobody chose to replace it: it is gone.",
  },
  {
    kind: "missed-conflict",
    one: "missed conflict",
    many: "missed conflicts",
    outOf: "acknowledged writes",
    meaning:
      "A lost update where what survived was written without knowledge of it: two clients wrote at the same time, the store should have kept both as siblings, and dropped one without a word.",
  },
  {
    kind: "false-dominance",
    one: "wrong winner",
    many: "wrong winners",
    outOf: "acknowledged writes",
    meaning:
      "A lost update where the version that survived is one that the lost write had itself replaced: the older one won. Its name in the literature is false dominance.",
  },
  {
    kind: "false-conflict",
    one: "false conflict",
    many: "false conflicts",
    outOf: "reads",
    meaning:
      "A read returned two versions as siblings although the writer of the one had read the other and replaced it. The application is asked to settle a conflict that never was.",
  },
  {
    kind: "resurrected-delete",
    one: "deleted value that came back",
    many: "deleted values that came back",
    outOf: "reads",
    meaning:
      "A read returned a version that an acknowledged delete had replaced: what a client had removed was there again.",
  },
];

const BY_KIND: ReadonlyMap<string, AnomalyWords> = new Map(ANOMALIES.map((words) => [words.kind, words]));

export function anomalyWords(kind: AnomalyKind): AnomalyWords {
  return BY_KIND.get(kind)!;
}

/** What every chart of the clock is about: somebody judged it. */
export function judgesTheClock(figures: TrialFigures): boolean {
  return figures.causality !== undefined;
}

/** Of one kind, all repetitions added up. */
export interface AnomalyCount {
  readonly words: AnomalyWords;
  readonly count: number;
  readonly outOf: number;
  readonly undecided: number;
  /** Rates per million of `outOf`, with Wilson's interval at 95 %; undefined where nothing could have shown it. */
  readonly rate: { readonly value: number; readonly lo: number; readonly hi: number } | undefined;
}

/** One entry a kind, in order; empty where no repetition was judged. */
export function anomalyCounts(cells: readonly ChartCell[]): AnomalyCount[] {
  const judged = cells.flatMap(causalityOf);
  if (judged.length === 0) return [];
  return ANOMALIES.map((words) => {
    let [count, outOf, undecided] = [0, 0, 0];
    for (const { anomalies } of judged)
      for (const one of anomalies) {
        if (one.kind !== words.kind) continue;
        count += one.count;
        outOf += one.outOf;
        undecided += one.undecided;
      }
    return { words, count, outOf, undecided, rate: rateOf(count, outOf) };
  });
}

export function causalityOf(cell: ChartCell): CausalityFigures[] {
  return cell.figures.flatMap(({ causality }) => causality ?? []);
}

function rateOf(count: number, outOf: number): AnomalyCount["rate"] {
  if (outOf === 0) return undefined;
  const { lo, hi } = wilson(Math.min(count, outOf), outOf);
  return { value: (count / outOf) * MILLION, lo: lo * MILLION, hi: hi * MILLION };
}

export const MILLION = 1e6;

/**
 * A write in a few characters: `3.12` is the 12th write of session 3. Ids are session * 2^32 + counter.
 */
export function writeName(id: number): string {
  return `${Math.floor(id / 2 ** 32)}.${id % 2 ** 32}`;
}

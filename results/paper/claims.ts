/**
 * What a run supports, as claims that somebody else can check: each with where it is shown, what is expected of a run again, and how
 * long that takes. A claim is an objective that is met in a configuration, a hypothesis that holds, a published value that was met. What did
 * not hold or was not decided is listed, too: an artifact that is silent about it asks to be trusted where it should be checked.
 * A median over repetitions in simulation comes out the same from the same seed; on processes another machine gives other
 * times, and what is expected there is the verdict.
 */
import { metricInWords } from "../charts/numbers";
import type { LoadedRun } from "../record/run-folder";
import { judgeHypotheses } from "../statistics/expectations";
import { judgeObjectives } from "../statistics/service-levels";
import { evidenceInWords, groundInWords, labelsOf, objectiveInWords, valueInWords } from "../reports/objectives";
import { aboutInWords, besidePublished } from "../reports/published";

export interface Claim {
  readonly id: string;
  readonly claim: string;
  readonly world: string;
  /** What is looked at in the document of a run again (`quorumlab show --json`). */
  readonly check:
    | { readonly kind: "objective"; readonly objective: string; readonly cell: string }
    | { readonly kind: "hypothesis"; readonly hypothesis: string }
    | {
        readonly kind: "published";
        readonly metric: string;
        readonly cell: string;
        readonly lo: number;
        readonly hi: number;
      };
  readonly expected: string;
  readonly measured: string;
  /** Files of this export that show it. */
  readonly shown: readonly string[];
}

export interface Unsupported {
  readonly claim: string;
  readonly why: string;
}

export interface Claims {
  readonly claims: readonly Claim[];
  readonly unsupported: readonly Unsupported[];
}

/** `shownBy`: the tables that hold a metric. */
export function claimsOfRun(run: LoadedRun, shownBy: (metric: string) => readonly string[]): Claims {
  const labels = labelsOf(run);
  const claims: Claim[] = [];
  const unsupported: Unsupported[] = [];
  const next = (): string => `C${claims.length + 1}`;
  const plainText = (text: string): string => text.replaceAll("\u00a0", " ").replaceAll("\u202f", " ");
  for (const judged of judgeObjectives(run)) {
    const { objective, cell, verdict } = judged;
    const claim = plainText(`${objective.id}: ${objectiveInWords(objective)}, in ${labels.get(cell.id) ?? cell.id}`);
    const measured = plainText(valueInWords(judged));
    if (verdict === "pass")
      claims.push({
        ...{ id: next(), claim, world: cell.world, measured, expected: "the objective is met" },
        check: { kind: "objective", objective: objective.id, cell: cell.id },
        shown: shownBy(objective.metric),
      });
    else
      unsupported.push({
        claim,
        why: `${verdict === "fail" ? "it is not met" : "not decided"}: ${measured}; ${plainText(groundInWords(judged))}`,
      });
  }
  for (const judged of judgeHypotheses(run)) {
    const { hypothesis, verdict } = judged;
    const claim = plainText(`${hypothesis.id}: ${hypothesis.text}`);
    const evidence = plainText(evidenceInWords(judged, labels));
    if (verdict === "holds")
      claims.push({
        ...{ id: next(), claim, world: run.manifest.worlds.join(", "), measured: evidence },
        check: { kind: "hypothesis", hypothesis: hypothesis.id },
        expected: hypothesis.expect ?? "",
        shown: [],
      });
    else
      unsupported.push({
        claim,
        why: verdict === "stated" ? "it has no condition that a program could check" : `${verdict}: ${evidence}`,
      });
  }
  for (const one of besidePublished(run)) {
    const { cell, published, measured, verdict } = one;
    const claim = plainText(
      `${published.metric} of ${aboutInWords(one, ({ id }) => labels.get(id) ?? id)} is as published: ${published.value} (${published.source})`,
    );
    const room =
      published.within ??
      (published.value === 0 ? published.tolerance : published.tolerance * Math.abs(published.value));
    const [lo, hi] =
      published.atMost === undefined ? [published.value - room, published.value + room] : [-Infinity, published.atMost];
    const told = plainText(metricInWords(measured));
    // A share of other cells is no metric that a document of the run would name; its report tells it.
    if (verdict === "pass" && published.relativeTo === undefined && Number.isFinite(lo))
      claims.push({
        ...{ id: next(), claim, world: cell.world, measured: told },
        check: { kind: "published", metric: published.metric, cell: cell.id, lo, hi },
        expected: `between ${brief(lo)} and ${brief(hi)}`,
        shown: shownBy(published.metric),
      });
    else if (verdict !== "pass") unsupported.push({ claim, why: `${verdict}: ${told}` });
    else
      unsupported.push({
        claim: `${claim}: ${told}`,
        why: "met, but it is a bound or a share, which reproduce.sh does not check; the report shows it",
      });
  }
  return { claims, unsupported };
}

function brief(value: number): string {
  return String(Number(value.toPrecision(4)));
}

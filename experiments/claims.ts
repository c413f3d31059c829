/**
 * What an experiment claims: the metrics that it names, in its report's headline, in objectives, hypotheses, published values
 * and the Pareto front. A percentile among them must have operations enough beyond it, or the trial is doubted; one that nobody
 * names is shown with its wide interval and raises no doubt. Without a headline the report prints the p99 of reads and writes
 * by itself, so these are claimed then.
 */
import { namesOf, parseExpression } from "../engine/vocabulary/expression";
import { CLAIMED_UNASKED } from "../results/statistics/validity";
import type { Experiment } from "./spec/experiment";

type Claiming = Pick<Experiment, "report" | "objectives" | "hypotheses" | "published" | "pareto">;

/** Names of metrics, and of settings that conditions speak of; each once. */
export function claimsOf({ report, objectives, hypotheses, published, pareto }: Claiming): readonly string[] {
  const { headline = [] } = report;
  const conditions = hypotheses.flatMap(({ expect }) => {
    const parsed = expect === undefined ? undefined : parseExpression(expect);
    return parsed?.ok === true ? namesOf(parsed.expression) : [];
  });
  return [
    ...new Set([
      ...(headline.length > 0 ? headline : CLAIMED_UNASKED),
      ...[...objectives, ...published, ...pareto].map(({ metric }) => metric),
      ...conditions,
    ]),
  ];
}

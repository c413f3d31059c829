/**
 * What a run as a whole comes to: the one answer behind the exit code, the index and the JSON document, so that they cannot disagree.
 * Objectives and hypotheses with a condition count alike: one that fails is `fail`; else one that is not decided, or a configuration
 * without a valid trial, is `inconclusive`. Hypotheses in words alone, those about no configuration of this run, and published values never count.
 */
import { counted, listed } from "../charts/numbers";
import type { LoadedRun } from "../record/run-folder";
import { judgeHypotheses, type JudgedHypothesis } from "../statistics/expectations";
import { judgeObjectives, type JudgedObjective, type ObjectiveVerdict } from "../statistics/service-levels";
import { REPETITIONS_FOR_INTERVAL } from "../statistics/summarise";
import { evidenceInWords, groundInWords, labelsOf, overallVerdict } from "./objectives";

export interface RunVerdict {
  /** undefined: nothing was asked of the run, and every configuration has a valid trial. */
  readonly verdict: ObjectiveVerdict | undefined;
  /** Why it does not pass, one line of plain text; empty where it does. */
  readonly reason: string;
}

/** Those that have a say: with a condition, and about a configuration of this run. */
export function decidingHypotheses(run: Pick<LoadedRun, "manifest" | "cells" | "trials">): JudgedHypothesis[] {
  return judgeHypotheses(run).filter(
    ({ verdict, met, refuted, open }) => verdict !== "stated" && met.length + refuted.length + open.length > 0,
  );
}

/** `objectives`: the run's, where they are judged already. */
export function runVerdict(run: LoadedRun, objectives: readonly JudgedObjective[] = judgeObjectives(run)): RunVerdict {
  const hypotheses = decidingHypotheses(run);
  const invalid = run.cells.filter(({ validity }) => validity.verdict === "invalid").length;
  const failed = objectives.filter(({ verdict }) => verdict === "fail");
  const refuted = hypotheses.filter(({ verdict }) => verdict === "does not hold");
  if (failed.length + refuted.length > 0)
    return { verdict: "fail", reason: inWords([ofObjectives(failed, "fail"), ofHypotheses(run, refuted)]) };
  const open = objectives.filter(({ verdict }) => verdict === "inconclusive");
  const undecided = hypotheses.filter(({ verdict }) => verdict === "inconclusive");
  if (open.length + undecided.length + invalid > 0) {
    const without =
      invalid === 0 ? "" : `${counted(invalid, "configuration")} ${invalid === 1 ? "has" : "have"} no valid trial`;
    return {
      verdict: "inconclusive",
      reason: inWords([without, ofObjectives(open, "inconclusive"), ofHypotheses(run, undecided)]),
    };
  }
  return { verdict: overallVerdict(objectives) ?? (hypotheses.length > 0 ? "pass" : undefined), reason: "" };
}

function inWords(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== "")
    .join("; ")
    .replace(/[\u00a0\u202f]/g, " ");
}

function ofObjectives(judged: readonly JudgedObjective[], verdict: "fail" | "inconclusive"): string {
  const ids = [...new Set(judged.map(({ objective }) => objective.id))];
  if (ids.length === 0) return "";
  const one = ids.length === 1;
  const said = verdict === "fail" ? (one ? "fails" : "fail") : `${one ? "is" : "are"} not decided`;
  return `${one ? "objective" : "objectives"} ${listed(ids)} ${said}${one && verdict !== "fail" ? ` (${groundInWords(judged[0])})` : ""}`;
}

function ofHypotheses(run: LoadedRun, judged: readonly JudgedHypothesis[]): string {
  if (judged.length === 0) return "";
  const one = judged.length === 1;
  const refuted = judged[0].verdict === "does not hold";
  const said = refuted ? `${one ? "does" : "do"} not hold` : `${one ? "is" : "are"} not decided`;
  // Of several: what hinders all of them, where it is the same.
  const fewest = Math.min(...judged.map(({ repetitions }) => repetitions));
  const few = !refuted && judged.every(({ repetitions }) => repetitions < REPETITIONS_FOR_INTERVAL);
  const shared = few
    ? ` (${counted(fewest, "repetition")} ${fewest === 1 ? "gives" : "give"} no interval, ${REPETITIONS_FOR_INTERVAL} do)`
    : "";
  const evidence = one ? ` (${evidenceInWords(judged[0], labelsOf(run))})` : shared;
  return `${one ? "hypothesis" : "hypotheses"} ${listed(judged.map(({ hypothesis }) => hypothesis.id))} ${said}${evidence}`;
}

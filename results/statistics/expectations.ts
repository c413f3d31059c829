/**
 * Hypotheses held against what was measured. The condition of one must be met in every cell that it is about, each metric
 * taken as its interval over repetitions: it `holds` where all cells prove it, `does not hold` where one refutes it, and is
 * `inconclusive` otherwise. Below six repetitions there is no interval, and a claim that two runs happen to agree with is not
 * shown: what they say so far is told beside the verdict. One with a condition has a say in the exit code of its run.
 */
import { parseExpression, type Expression } from "../../engine/vocabulary/expression";
import { holds, type ExpressionValue, type Names } from "../../engine/vocabulary/expression-value";
import { settingNames } from "../../engine/vocabulary/setting-names";
import type { MetricValue } from "../record/figures";
import { describeMetric } from "../record/metrics";
import type { Hypothesis } from "../record/objectives";
import type { CellSummary, LoadedRun } from "../record/run-folder";
import { dimensionOfUnit } from "./metric-units";
import { intervalKind, upperEnd } from "./summarise";

/** `stated`: it has no condition, a reader judges it. */
export type HypothesisVerdict = "holds" | "does not hold" | "inconclusive" | "stated";

export interface JudgedHypothesis {
  readonly hypothesis: Hypothesis;
  readonly verdict: HypothesisVerdict;
  /** Ids of cells by what they say. */
  readonly met: readonly string[];
  readonly refuted: readonly string[];
  readonly open: readonly string[];
  /** Of the open ones: those whose bare values meet it, so far. */
  readonly soFar: readonly string[];
  /** Fewest repetitions of the cells it is about; 0 where there are none. */
  readonly repetitions: number;
}

export function judgeHypotheses(run: Pick<LoadedRun, "manifest" | "cells" | "trials">): JudgedHypothesis[] {
  return (run.manifest.hypotheses ?? []).map((hypothesis) => {
    const none = { hypothesis, met: [], refuted: [], open: [], soFar: [], repetitions: 0 };
    const parsed = hypothesis.expect === undefined ? undefined : parseExpression(hypothesis.expect);
    if (parsed === undefined) return { ...none, verdict: "stated" };
    if (!parsed.ok) return { ...none, verdict: "inconclusive" };
    const about = run.cells.filter(({ id }) => hypothesis.cells === undefined || hypothesis.cells.includes(id));
    const answers = about.map((cell) => ({ cell, ...answerIn(cell, parsed.expression, run) }));
    const ids = (wanted: boolean | undefined): string[] =>
      answers.filter(({ proved }) => proved === wanted).map(({ cell }) => cell.id);
    const [met, refuted, open] = [ids(true), ids(false), ids(undefined)];
    const counts = about.map(({ trials }) => trials.length);
    return {
      ...{ hypothesis, met, refuted, open },
      verdict: refuted.length > 0 ? "does not hold" : open.length > 0 || met.length === 0 ? "inconclusive" : "holds",
      soFar: answers.flatMap(({ cell, proved, soFar }) => (proved === undefined && soFar === true ? [cell.id] : [])),
      repetitions: counts.length === 0 ? 0 : Math.min(...counts),
    };
  });
}

function answerIn(
  cell: CellSummary,
  expression: Expression,
  run: Pick<LoadedRun, "trials">,
): { readonly proved: boolean | undefined; readonly soFar: boolean | undefined } {
  const resolved = run.trials.find(({ record }) => record.cell === cell.id)?.record.resolved ?? {};
  const settings = settingNames({ ...resolved, ...cell.axes });
  const names = (valueOf: (metric: MetricValue) => { readonly lo: number; readonly hi: number }): Names => ({
    ...settings,
    valueOf: (name) => metricCalled(name, cell, valueOf) ?? settings.valueOf(name),
  });
  const invalid = cell.validity.verdict === "invalid";
  const proved = holds(
    expression,
    names((metric) => (invalid ? ANYTHING : intervalOf(metric))),
  );
  const soFar = holds(expression, names(pointOf));
  return { proved: proved.ok ? proved.value : undefined, soFar: soFar.ok ? soFar.value : undefined };
}

function metricCalled(
  name: string,
  cell: CellSummary,
  valueOf: (metric: MetricValue) => { readonly lo: number; readonly hi: number },
): ExpressionValue | undefined {
  const metric = cell.metrics[name];
  const described = describeMetric(name);
  if (metric === undefined && described === undefined) return undefined;
  const { dimension, own } = dimensionOfUnit(metric?.unit ?? described?.unit ?? "");
  const { lo, hi } = metric === undefined ? ANYTHING : valueOf(metric);
  return { kind: "number", lo: lo * own, hi: hi * own, dimension, own };
}

const ANYTHING = { lo: -Infinity, hi: Infinity };

function intervalOf(metric: MetricValue): { readonly lo: number; readonly hi: number } {
  const { value, lo, n } = metric;
  if (value === null || intervalKind(n) !== "over-repetitions") return ANYTHING;
  return { lo: lo ?? value, hi: upperEnd(metric) ?? value };
}

function pointOf({ value, atLeast }: MetricValue): { readonly lo: number; readonly hi: number } {
  if (value === null) return ANYTHING;
  return { lo: value, hi: atLeast === true ? Infinity : value };
}

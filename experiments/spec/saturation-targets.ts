/**
 * `--slo` as typed: `read_p99_ms <= 20ms`, in the grammar of hypotheses. Only a metric held against a number can be searched for, and
 * only in the direction that load breaks: `read_p99_ms >= 20` is met best by the store that is overloaded most, and a
 * search for it would end at the ceiling with a straight face.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import { parseExpression, printExpression, type Expression } from "../../engine/vocabulary/expression";
import { describeMetric, METRICS } from "../../results/record/metrics";
import type { SaturationTarget } from "../../results/record/saturation";
import { dimensionOfUnit } from "../../results/statistics/metric-units";
import type { Objective } from "../../results/record/objectives";
import type { Place } from "./located";
import type { Problems } from "./problems";

type Comparison = Expression & { readonly kind: "comparison" };

const FLIPPED: Readonly<Record<SaturationTarget["op"], SaturationTarget["op"]>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};
const EXAMPLE = "read_p99_ms <= 20ms";

/** Several where they are joined by `and`. What is wrong is told in `problems`. */
export function readTarget(text: string, problems: Problems): readonly SaturationTarget[] {
  const parsed = parseExpression(text);
  const at = (column: number): Place => ({ file: `--slo '${text}'`, line: 1, column: column + 1, origin: "flag" });
  if (!parsed.ok) {
    problems.error(at(parsed.fault.at), parsed.fault.message, parsed.fault.suggestion);
    return [];
  }
  const refuse = (of: Expression, message: string, suggestion?: string): undefined =>
    void problems.error(at(of.at), message, suggestion);
  return joined(parsed.expression).flatMap((one) => {
    if (one.kind !== "comparison") {
      refuse(one, `${printExpression(one)} is no comparison of a metric with a number, such as ${EXAMPLE}`);
      return [];
    }
    return targetOf(one, refuse) ?? [];
  });
}

function joined(expression: Expression): readonly Expression[] {
  return expression.kind === "and" ? [...joined(expression.left), ...joined(expression.right)] : [expression];
}

function targetOf(
  one: Comparison,
  refuse: (of: Expression, message: string, suggestion?: string) => undefined,
): SaturationTarget | undefined {
  const flipped = one.left.kind === "number";
  const [name, bound] = flipped ? [one.right, one.left] : [one.left, one.right];
  if (name.kind !== "name" || bound.kind !== "number")
    return refuse(one, `${printExpression(one)} is no comparison of a metric with a number, such as ${EXAMPLE}`);
  const metric = describeMetric(name.name);
  if (metric === undefined) {
    const near = nearest(
      name.name,
      METRICS.map((known) => known.name),
    );
    const hint = near === undefined ? "quorumlab list metrics shows them" : `did you mean "${near}"?`;
    return refuse(name, `"${name.name}" is no metric; ${hint}`, near);
  }
  if (one.operator === "==" || one.operator === "!=")
    return refuse(one, `"${one.operator}" has no side on which a load is too high; use <, <=, > or >=`);
  const op = flipped ? FLIPPED[one.operator] : one.operator;
  const wanted = op === "<" || op === "<=" ? "lower" : "higher";
  if (metric.better !== "neutral" && metric.better !== wanted)
    return refuse(
      one,
      `${metric.name} is better the ${metric.better} it is, so "${op}" is met by the store that is overloaded most; turn it round`,
    );
  const { dimension, own } = dimensionOfUnit(metric.unit);
  if (bound.dimension !== "plain" && bound.dimension !== dimension)
    return refuse(bound, `${printExpression(bound)} does not go with ${metric.name}, whose unit is ${metric.unit}`);
  return {
    metric: metric.name,
    op,
    value: bound.dimension === "plain" ? bound.value : bound.value / own,
    unit: metric.unit,
  };
}

/** Of an objective of the file; undefined: it is about something that load alone does not decide. */
export function targetOfObjective({ metric, op, value, unit, fault, keys }: Objective): SaturationTarget | undefined {
  if (fault !== undefined || keys !== undefined || op === "==" || op === "!=") return undefined;
  return { metric, op, value, unit };
}

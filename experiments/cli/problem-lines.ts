/**
 * Problems as lines that editors and grep understand: `file:line:column  severity  message`.
 */
import type { Problem } from "../spec/experiment";
import type { Paint } from "./io";

export function problemLine(problem: Problem, paint: Paint): string {
  // A flag has no lines.
  const where = problem.file.startsWith("-") ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  const label = problem.severity === "error" ? paint.red("error  ") : paint.yellow("warning");
  return `${paint.bold(where)}  ${label}  ${problem.message}\n`;
}

/** `1 error, 2 warnings`. */
export function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  const parts = [plural(errors, "error"), plural(warnings, "warning")].filter((_, i) => [errors, warnings][i] > 0);
  return parts.length === 0 ? "no problems" : parts.join(", ");
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first suggestion that is a key, which `explain` has something to say about. */
export function explainable(problems: readonly Problem[]): string | undefined {
  const { allKeys } = require("../spec/keys") as typeof import("../spec/keys");
  const { supported, later } = allKeys();
  const known = [...supported, ...later];
  return problems.find(({ suggestion }) =>
    known.some((key) => suggestion !== undefined && (key === suggestion || key.endsWith(`.${suggestion}`))),
  )?.suggestion;
}

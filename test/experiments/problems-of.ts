/** Shorthands of these tests: a text in, its experiment or its problems as `line:column message` out. */
import assert from "node:assert/strict";
import type { Experiment, Problem } from "../../experiments/spec/experiment";
import { resolveExperiment, type ResolveRequest } from "../../experiments/spec/resolve";

export const PATH = "some/folder/try.yaml";

export function problemsOf(text: string, rest: Partial<ResolveRequest> = {}): readonly Problem[] {
  const resolution = resolveExperiment({ path: PATH, text, ...rest });
  return resolution.ok ? resolution.experiment.warnings : resolution.problems;
}

/** Errors only, where the place is in the file; those of flags after the flag. */
export function errorsOf(text: string, rest: Partial<ResolveRequest> = {}): readonly string[] {
  return problemsOf(text, rest)
    .filter((problem) => problem.severity === "error")
    .map((problem) =>
      problem.file === PATH
        ? `${problem.line}:${problem.column} ${problem.message}`
        : `${problem.file} ${problem.message}`,
    );
}

export function experimentOf(text: string, rest: Partial<ResolveRequest> = {}): Experiment {
  const resolution = resolveExperiment({ path: PATH, text, ...rest });
  assert.ok(resolution.ok, resolution.ok ? "" : resolution.problems.map((problem) => problem.message).join("\n"));
  return resolution.experiment;
}

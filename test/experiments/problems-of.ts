/** Shorthands of these tests: a text in, its experiment or its problems as `line:column message` out. */
import assert from "node:assert/strict";
import type { Experiment, Problem, Resolution } from "../../experiments/spec/experiment";
import { resolveExperiment, type ResolveRequest } from "../../experiments/spec/resolve";

export const PATH = "some/folder/try.yaml";

/** Of processes where the text names no world: simulated ones need a network that costs time. */
function resolve(text: string, rest: Partial<ResolveRequest>): Resolution {
  const sets = [...(text.includes("world") ? [] : ["world=processes"]), ...(rest.sets ?? [])];
  return resolveExperiment({ path: PATH, text, ...rest, sets });
}

export function problemsOf(text: string, rest: Partial<ResolveRequest> = {}): readonly Problem[] {
  const resolution = resolve(text, rest);
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
  const resolution = resolve(text, rest);
  assert.ok(resolution.ok, resolution.ok ? "" : resolution.problems.map((problem) => problem.message).join("\n"));
  return resolution.experiment;
}

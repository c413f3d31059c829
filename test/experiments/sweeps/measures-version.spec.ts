/**
 * The version of the measures is held honest: what is made of one fixed history has a committed digest. Where it changes, a stored trial and a
 * new one of the same id would say different things, and a run must not take the one for the other.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { planTrials } from "../../../experiments/plan";
import { resolveExperiment } from "../../../experiments/spec/resolve";
import { runTrial } from "../../../experiments/world";
import { MEASURES_VERSION } from "../../../results/record/measures-version";
import { SWEEP } from "./small-sweep";

/** Of the version that stands in `measures-version.ts`. */
const DIGEST = "bf7834f17a46a4e6";

describe("the version of the measures", function () {
  this.timeout(20_000);

  it("is raised when a figure, metric or doubt of the same history changes", async () => {
    const resolved = resolveExperiment({ path: "sweep.yaml", text: SWEEP });
    if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
    const output = await runTrial({
      trial: planTrials(resolved.experiment, "")[0],
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
    });
    const made = { summary: output?.summary, figures: output?.figures, latencyLog: output?.latencyLog };
    // The last digits of a logarithm are the JavaScript engine's own.
    const text = JSON.stringify(made, (_key, value: unknown) =>
      typeof value === "number" && Number.isFinite(value) ? Number(value.toPrecision(10)) : value,
    );
    const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
    assert.equal(
      digest,
      DIGEST,
      `what is made of a history has changed: raise MEASURES_VERSION (${MEASURES_VERSION}) in results/record/measures-version.ts, so that no trial of before is taken for a new one, and put the new digest here`,
    );
  });
});

/** An experiment of the catalogue under its smoke profile, cell by cell in virtual time, and single figures of its cells. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { catalogueFile } from "../../experiments/catalogue";
import { planTrials } from "../../experiments/plan";
import { runInSimulation } from "../../experiments/simulated-trial";
import { resolveExperiment } from "../../experiments/spec/resolve";
import type { TrialOutput } from "../../experiments/trial";
import type { AxisValues } from "../../results/record/run-folder";

export interface Cell {
  readonly axes: AxisValues;
  readonly output: TrialOutput;
}

export async function smoke(name: string, sets: readonly string[] = []): Promise<readonly Cell[]> {
  const path = catalogueFile(name);
  const resolved = resolveExperiment({ path, text: readFileSync(path, "utf8"), profile: "smoke", sets });
  if (!resolved.ok) assert.fail(JSON.stringify(resolved.problems));
  const cells: Cell[] = [];
  for (const trial of planTrials(resolved.experiment, "")) {
    const output = await runInSimulation({
      trial,
      signal: new AbortController().signal,
      progress: () => undefined,
      log: () => undefined,
    });
    assert.ok(output !== undefined);
    cells.push({ axes: trial.cell.axes, output });
  }
  return cells;
}

/** The metric of the one cell whose axes are these; fails where it was not measured. */
export function valueOf(
  cells: readonly Cell[],
  metric: string,
  where: Readonly<Record<string, string | number | boolean>>,
): number {
  const found = cells.filter(({ axes }) =>
    Object.entries(where).every(([axis, value]) => String(axes[axis]) === String(value)),
  );
  assert.equal(
    found.length,
    1,
    `one cell has ${JSON.stringify(where)}, of ${JSON.stringify(cells.map(({ axes }) => axes))}`,
  );
  const value = found[0].output.metrics[metric]?.value;
  assert.ok(typeof value === "number", `${metric} was measured`);
  return value;
}

/**
 * A run as the JSON document that `run`, `show` and `report` print. Other programs rely on its shape: fields may be
 * added, never changed in meaning.
 */
import type { CellSummary, LoadedRun } from "../../results/record/run-folder";
import type { ValidityVerdict } from "../../results/record/figures";

const ORDER: readonly ValidityVerdict[] = ["valid", "doubtful", "invalid"];

/** `folder` and `report` as they are shown to people. */
export function runDocument(run: LoadedRun, folder: string, report: string): unknown {
  const { manifest, cells, trials } = run;
  const failed = trials.filter((trial) => trial.record.outcome === "failed").length;
  return {
    schema: "quorumlab/run@1",
    experiment: manifest.experiment,
    run: manifest.run,
    path: folder,
    report,
    status: manifest.status,
    world: manifest.worlds,
    profile: manifest.profile,
    seed: manifest.seed,
    verdict: failed > 0 || manifest.status !== "done" ? "incomplete" : "pass",
    validity: worst(cells),
    trials: { done: trials.length - failed, failed },
    cells: cells.map((cell) => ({
      id: cell.id,
      axes: cell.axes,
      world: cell.world,
      validity: cell.validity.verdict,
      doubts: cell.validity.doubts,
      metrics: cell.metrics,
    })),
    comparisons: run.comparisons,
    slos: [],
    warnings: manifest.warnings,
  };
}

function worst(cells: readonly CellSummary[]): ValidityVerdict {
  return ORDER[Math.max(0, ...cells.map((cell) => ORDER.indexOf(cell.validity.verdict)))];
}

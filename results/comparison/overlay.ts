/**
 * The sides laid over each other: one run made of all of them, with cells named by their letters, so that the charts of a run
 * draw a comparison without knowing of one. Each group of matched cells is a panel, and the first side's line is solid and the
 * second's dashed in every one, because styles go by the side and not by the place in the list.
 */
import { chartInput, type ChartInput } from "../charts/cells";
import type { LoadedRun } from "../record/run-folder";
import { summariseCells } from "../statistics/summarise";
import type { RunComparison } from "./run-comparison";
import type { LoadedTrial, Side } from "./sides";

export function overlay({
  comparison,
  sides,
}: {
  readonly comparison: RunComparison;
  readonly sides: readonly Side[];
}): ChartInput {
  const names = new Map<string, { readonly side: string; readonly group: string }>();
  const trials = comparison.groups.flatMap((group) =>
    sides.flatMap((side, i): LoadedTrial[] => {
      const cell = group.cells[i];
      if (cell === null) return [];
      const id = `${side.letter} ${group.id}`;
      names.set(id, { side: sideName(comparison, i), group: group.label });
      return side.trials
        .filter(({ record }) => record.cell === cell)
        .map((trial) => ({ ...trial, record: { ...trial.record, id: `${side.letter} ${trial.record.id}`, cell: id } }));
    }),
  );
  const first = sides[0].run;
  const run: LoadedRun = {
    ...first,
    manifest: { ...first.manifest, axes: [], worlds: [...new Set(comparison.groups.map(({ world }) => world))] },
    trials,
    cells: summariseCells(trials),
    comparisons: [],
  };
  const { cells } = chartInput(run);
  return {
    run,
    compared: true,
    cells: cells.map((cell) => {
      const { side, group } = names.get(cell.summary.id)!;
      const mark = cell.invalid ? " (invalid)" : "";
      return { ...cell, label: `${group === "" ? side : `${side} · ${group}`}${mark}`, quorum: side, other: group };
    }),
  };
}

/** `A: R=1`. */
export function sideName({ sides }: RunComparison, index: number): string {
  const { letter, name } = sides[index];
  return `${letter}: ${name}`;
}

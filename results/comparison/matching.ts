/**
 * Which cell of B belongs to which cell of A. Cells with the same values on the same axes do; where the two runs vary different axes,
 * those whose settings agree on all axes of either; and where each of two runs has only one cell, those two, whatever they differ in, for that
 * difference is what the person asks about. A cell belongs to one world and is never matched with one of the other. What stays alone is
 * listed with the reason.
 */
import { axesInWords } from "../charts/cells";
import type { AxisValues, CellSummary } from "../record/run-folder";
import { WORLD_AXIS, WORLD_IN_WORDS } from "../statistics/worlds";
import type { MatchedCells, UnmatchedCell } from "./run-comparison";
import type { Side } from "./sides";

export interface Matching {
  readonly groups: readonly MatchedCells[];
  readonly unmatched: readonly UnmatchedCell[];
}

export function matchCells(sides: readonly Side[], by: readonly string[]): Matching {
  const [baseline, ...others] = sides;
  const partners = others.map((side) => partnersOf(baseline, side, by));
  const matched = baseline.cells.filter(({ id }) => partners.some((of) => of.has(id)));
  const several = new Set(matched.map(({ world }) => world)).size > 1;
  const varying = varyingAxes(matched.map(({ axes }) => axes)).filter((key) => !by.includes(key));
  const groups = matched.map((cell): MatchedCells => ({
    id: cell.id,
    label: [
      axesInWords(cell.axes, (key) => varying.includes(key) && key !== WORLD_AXIS),
      several ? WORLD_IN_WORDS[cell.world] : "",
    ]
      .filter((part) => part !== "")
      .join(" · "),
    world: cell.world,
    axes: Object.fromEntries(Object.entries(cell.axes).filter(([key]) => !by.includes(key))),
    cells: [cell.id, ...partners.map((of) => of.get(cell.id) ?? null)],
  }));
  const unmatched = sides.flatMap((side, i) => {
    const taken = new Set(groups.map(({ cells }) => cells[i]));
    return side.cells
      .filter(({ id }) => !taken.has(id))
      .map((cell): UnmatchedCell => ({
        letter: side.letter,
        cell: cell.id,
        label: labelOf(cell),
        why: whyAlone(cell, i === 0 ? others : [baseline]),
      }));
  });
  return { groups, unmatched };
}

/** Ids of the side's cells by those of the baseline's. */
function partnersOf(baseline: Side, side: Side, by: readonly string[]): ReadonlyMap<string, string> {
  const keys = (cells: readonly CellSummary[]): string[] =>
    [...new Set(cells.flatMap(({ axes }) => Object.keys(axes)))].filter((key) => !by.includes(key)).sort();
  const union = [...new Set([...keys(baseline.cells), ...keys(side.cells)])].sort();
  const theirs = new Map<string, string>();
  for (const cell of side.cells) {
    const key = keyOf(cell, side, union);
    if (!theirs.has(key)) theirs.set(key, cell.id);
  }
  const found = new Map<string, string>();
  for (const cell of baseline.cells) {
    const partner = theirs.get(keyOf(cell, baseline, union));
    if (partner !== undefined) found.set(cell.id, partner);
  }
  const [only] = baseline.cells;
  const [other] = side.cells;
  if (
    by.length === 0 &&
    found.size === 0 &&
    baseline.cells.length === 1 &&
    side.cells.length === 1 &&
    only.world === other.world
  )
    found.set(only.id, other.id);
  return found;
}

/** An axis that the cell's own run does not vary counts with the value that it is set to. */
function keyOf(cell: CellSummary, side: Side, axes: readonly string[]): string {
  const resolved = side.trials.find(({ record }) => record.cell === cell.id)?.record.resolved ?? {};
  const values = axes
    .filter((key) => key !== WORLD_AXIS)
    .map((key) => {
      const value: unknown = cell.axes[key] ?? resolved[key] ?? resolved[`tunables.${key}`];
      return [key, typeof value === "string" ? value : JSON.stringify(value)];
    });
  return JSON.stringify([cell.world, values]);
}

export function labelOf({ id, axes }: Pick<CellSummary, "id" | "axes">): string {
  const words = axesInWords(axes, () => true);
  return words === "" ? id : words;
}

function varyingAxes(all: readonly AxisValues[]): string[] {
  const keys = [...new Set(all.flatMap((axes) => Object.keys(axes)))];
  return keys.filter((key) => new Set(all.map((axes) => String(axes[key]))).size > 1);
}

function whyAlone(cell: CellSummary, others: readonly Side[]): string {
  const letters = others.map(({ letter }) => letter).join(", ");
  const inOtherWorld = others.some((side) => side.cells.every(({ world }) => world !== cell.world));
  return inOtherWorld
    ? `${letters} has no configuration that was ${WORLD_IN_WORDS[cell.world]}`
    : `${letters} has no configuration with the same values`;
}

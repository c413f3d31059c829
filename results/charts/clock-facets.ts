/**
 * Which configurations stand beside which where the question is about clocks: the clock is told apart by colour, dash and
 * marker inside a panel, and what else varies makes the panels. Settings that were chosen together with the clock (whose
 * time a timestamp is, where a vector is cut) belong to the clock's name: they are those that do not cross with it.
 */
import { otherAxes } from "../statistics/worlds";
import { axesInWords, chunked, facets, type ChartCell, type ChartInput, type Facet } from "./cells";
import { seriesStyle } from "./theme";

/** Up to this many lines stand in one panel whatever varies. */
const FEW = 4;

export function clockFacets(input: ChartInput): Facet[] {
  const cells = input.cells.filter((cell) => cell.figures.length > 0);
  const named = clockAxes(cells);
  const names = clockNames(cells);
  if (cells.length <= FEW || names === undefined) return facets(input);
  const rows = cells.map((cell) => {
    const clock = names.get(cell)!;
    return {
      cell,
      clock,
      name: cell.invalid ? `${clock} (invalid)` : clock,
      panel: axesInWords(otherAxes(cell.summary.axes), (key) => !named.includes(key)),
    };
  });
  const clocks = [...new Set(rows.map(({ clock }) => clock))];
  const panels = [...new Set(rows.map(({ panel }) => panel))];
  if (clocks.length < 2 || panels.length < 2) return facets(input);
  return panels.flatMap((panel) =>
    chunked(
      rows
        .filter((row) => row.panel === panel)
        .map(({ cell, name, clock }) => ({ cell, name, style: seriesStyle(clocks.indexOf(clock)) })),
      panel,
    ),
  );
}

/** The clock's name, with what was chosen together with it; undefined where the clock does not vary. */
export function clockNames(cells: readonly ChartCell[]): ReadonlyMap<ChartCell, string> | undefined {
  const named = clockAxes(cells);
  if (named.length === 0) return undefined;
  return new Map(cells.map((cell) => [cell, axesInWords(otherAxes(cell.summary.axes), (key) => named.includes(key))]));
}

/** The clock, and every axis of which some value never met some clock; empty where the clock does not vary. */
function clockAxes(cells: readonly ChartCell[]): string[] {
  const axes = [...new Set(cells.flatMap(({ summary }) => Object.keys(otherAxes(summary.axes))))];
  const clock = axes.find((axis) => axis === "clock" || axis.endsWith(".clock"));
  const distinct = (...keys: string[]): number =>
    new Set(cells.map(({ summary }) => JSON.stringify(keys.map((key) => summary.axes[key] ?? null)))).size;
  if (clock === undefined || distinct(clock) < 2) return [];
  return axes.filter((axis) => axis === clock || distinct(axis, clock) < distinct(axis) * distinct(clock));
}

/**
 * A chart of a comparison and not of a run: the same words around it, another thing to draw from. These charts stand outside the
 * map of a run's charts, because a run alone has nothing for them to show. Rows are called by their metric, and by their side
 * where there are more than two; styles go by the side, so that B is the same dashed line in every picture of the page.
 */
import type { ComparedMetric, MatchedCells, RunComparison } from "../comparison/run-comparison";
import type { ChartDefinition, ChartFigure } from "./chart";
import { seriesStyle, type SeriesStyle } from "./theme";

export interface ComparisonChart extends Omit<ChartDefinition, "draw" | "concerns" | "concernsRun"> {
  readonly draw: (comparison: RunComparison) => ChartFigure | undefined;
}

/** `B: R=2`. */
export function sideCalled({ sides }: RunComparison, letter: string): string {
  const side = sides.find((one) => one.letter === letter);
  return side === undefined ? letter : `${letter}: ${side.name}`;
}

export function styleOfSide({ sides }: RunComparison, letter: string): SeriesStyle {
  return seriesStyle(sides.findIndex((one) => one.letter === letter));
}

/** `read p99`, and of more than two sides `B, read p99`. */
export function rowCalled({ sides }: RunComparison, row: ComparedMetric): string {
  return sides.length > 2 ? `${row.letter}, ${row.title}` : row.title;
}

/** `read p99 of B at R=1`. */
export function rowInWords(comparison: RunComparison, row: ComparedMetric): string {
  const label = comparison.groups.find(({ id }) => id === row.group)?.label ?? "";
  return `${row.title} of ${row.letter}${label === "" ? "" : ` at ${label}`}`;
}

/** Of many groups the first that a page has room for, and a sentence about the others. */
export function shownGroups(
  groups: readonly MatchedCells[],
  most: number,
): { readonly shown: readonly MatchedCells[]; readonly note: string } {
  return {
    shown: groups.slice(0, most),
    note: groups.length > most ? ` The first ${most} of ${groups.length} configurations are drawn.` : "",
  };
}

/**
 * Areas stacked over time, one panel a configuration on equal axes, and the table of their numbers: what charts share that divide
 * a height into its parts. Parts that no configuration shows are left out by whoever draws, everywhere alike, so that the
 * colours of a stack mean the same in every panel.
 */
import type { ChartCell } from "./cells";
import type { ChartFigure } from "./chart";
import type { FaultLanes } from "./fault-lanes";
import { chartPanel, line, panelSize } from "./frame";
import type { Band } from "./over-time";

export interface StackPart {
  /** Unique in the stack. */
  readonly name: string;
  readonly colour: string;
  /** Percent. */
  readonly opacity: number;
  readonly borderWidth: number;
  readonly values: Band | undefined;
}

export interface Stack {
  readonly cell: ChartCell;
  /** From the bottom up; one at least has values. */
  readonly parts: readonly StackPart[];
}

/** Whether a part is above nothing anywhere. */
export function showsSomething(part: StackPart | undefined): boolean {
  return part?.values?.middle.some(({ y }) => y > 0) === true;
}

/** The highest a stack gets; 0 for none. */
export function stackTop(parts: readonly StackPart[]): number {
  const sums = new Map<number, number>();
  for (const { values } of parts) for (const { x, y } of values?.middle ?? []) sums.set(x, (sums.get(x) ?? 0) + y);
  return Math.max(0, ...sums.values());
}

export interface StackedAreas {
  readonly drawn: readonly Stack[];
  /** Parts that are shown, from the bottom up. */
  readonly present: readonly Pick<StackPart, "name" | "colour">[];
  readonly y: { readonly title: string; readonly unit: string; readonly name: string };
  /** Height of the axis before its margin, and end of time in seconds. */
  readonly top: number;
  readonly end: number;
  readonly faults: FaultLanes;
}

export function stackedAreas(areas: StackedAreas): Pick<ChartFigure, "legend" | "panels" | "table"> {
  const { drawn, present, y, top, end, faults } = areas;
  const size = panelSize(drawn.length);
  const isShown = ({ name }: StackPart): boolean => present.some((one) => one.name === name);
  return {
    legend: [
      ...present.map(({ name, colour }) => ({ series: name, colour, dash: [], mark: "bar" as const })),
      ...faults.legend,
    ],
    panels: drawn.map(({ cell, parts }) =>
      chartPanel(drawn.length === 1 ? "" : cell.label, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: { ...y, scale: "linear", min: 0, max: top * 1.08, stacked: true },
        datasets: parts.filter(isShown).flatMap(({ name, colour, opacity, borderWidth, values }, i) =>
          values === undefined
            ? []
            : [
                line(name, { colour, dash: [], marker: "rect" }, values.middle, {
                  fill: i === 0 ? "origin" : "-1",
                  borderWidth,
                  backgroundColor: `${colour}/${opacity}`,
                  pointRadius: 0,
                  stack: "parts",
                }),
              ],
        ),
        legendMark: "rect",
        faults: faults.of([cell]),
      }),
    ),
    table: {
      columns: ["configuration", "time (s)", ...present.map(({ name }) => `${name} (${y.unit})`)],
      rows: drawn.flatMap(({ cell, parts }) => {
        const first = parts.find(({ values }) => values !== undefined)!.values!;
        return first.middle.map(({ x }) => [
          cell.label,
          x,
          ...present.map(
            ({ name }) =>
              parts.find((one) => one.name === name)?.values?.middle.find((point) => point.x === x)?.y ?? null,
          ),
        ]);
      }),
    },
  };
}

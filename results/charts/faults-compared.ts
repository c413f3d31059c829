/**
 * Chart 42, faults compared: what clients got while each fault lasted, fault below fault. Where faults differ only in which node they hit, rows
 * that look alike say that no node is special. Marks are medians over repetitions and lines go from the lowest to the highest, so
 * that a difference between nodes can be told from one between repetitions: it is one only where lines of two rows do not overlap.
 */
import type { TrialFigures } from "../record/figures";
import { facets, medianOf, type ChartCell, type ChartInput, type Series } from "./cells";
import type { ChartDefinition, ChartFigure, Panel, Plain } from "./chart";
import { chartPanel, legendOf } from "./frame";
import { counted, median, percent, plain, trimmed } from "./numbers";
import type { SeriesStyle } from "./theme";

export const faultsCompared: ChartDefinition = {
  id: "faults-compared",
  number: 42,
  title: "What clients got during each fault",
  question: "Does it matter which fault, or whom it hits?",
  prose:
    "One row a fault: operations that were due while it lasted and did not succeed, and the p99 of those that did, from the intended instant. Marks are medians over repetitions, lines go from the lowest repetition to the highest. Faults whose lines overlap are not shown to differ. Faults that overlap in time are one row.",
  absence: "Fewer than two faults lasted while operations were due, so there is nothing to compare.",
  concerns: ({ outages }) => (outages?.length ?? 0) > 1,
  draw,
};

type Outage = NonNullable<TrialFigures["outages"]>[number];

interface Spread {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

const MEASURES: readonly {
  readonly title: string;
  readonly axis: string;
  readonly unit: string;
  readonly of: (outage: Outage) => number | null;
}[] = [
  {
    title: "operations that failed",
    axis: "failed (%)",
    unit: "%",
    of: ({ due, ok }) => (due === 0 ? null : (100 * (due - ok)) / due),
  },
  { title: "read p99", axis: "read p99 (ms)", unit: "ms", of: ({ readP99Ms }) => readP99Ms },
  { title: "write p99", axis: "write p99 (ms)", unit: "ms", of: ({ writeP99Ms }) => writeP99Ms },
];
/** More rows are a table. */
const MOST_FAULTS = 20;

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = facets(input)
    .map((facet) => ({ ...facet, series: facet.series.filter(({ cell }) => outagesOf(cell).length > 0) }))
    .filter(({ series }) => series.length > 0);
  const cells = drawn.flatMap(({ series }) => series.map(({ cell }) => cell));
  const names = [...new Set(cells.flatMap((cell) => outagesOf(cell).map(nameOf)))];
  if (names.length < 2) return undefined;
  const rows = names.slice(0, MOST_FAULTS);
  const measures = MEASURES.filter(({ of }) =>
    cells.some((cell) => rows.some((row) => spreadOf(cell, row, of) !== undefined)),
  );
  const height = Math.max(190, rows.length * 30 + 66);
  // Equal axes: over all configurations, once and not for every panel.
  const tops = new Map(
    measures.map(({ unit, of }) => [
      of,
      Math.max(
        ...cells.flatMap((cell) => rows.map((row) => spreadOf(cell, row, of)?.high ?? 0)),
        unit === "%" ? 0.1 : 0,
      ),
    ]),
  );
  return {
    id: faultsCompared.id,
    number: faultsCompared.number,
    title: faultsCompared.title,
    question: faultsCompared.question,
    answer: answerOf(cells, names),
    caption:
      `Operations by the fault during which they were due; ${medianOf(cells)}, lines from the lowest repetition to the highest.` +
      (names.length > rows.length ? ` The first ${rows.length} of ${names.length} faults are drawn.` : ""),
    description:
      "Marks of what clients got during each fault. " +
      cells
        .map(
          (cell) =>
            `${cell.label}: ${rows
              .flatMap((row) => {
                const failed = spreadOf(cell, row, MEASURES[0].of);
                return failed === undefined ? [] : [`${row} ${plain(trimmed(failed.middle))} % failed`];
              })
              .join(", ")}`,
        )
        .join("; ") +
      ".",
    axes: { x: "failed (%); p99 (ms)", y: "fault" },
    legend: legendOf(drawn.flatMap(({ series }) => series)),
    panels: drawn.flatMap(({ title, series }) =>
      measures.map(({ title: what, axis, unit, of }): Panel => {
        const top = tops.get(of)!;
        return {
          ...chartPanel(
            [title, what].filter((part) => part !== "").join(" · "),
            { width: 340, height },
            {
              type: "scatter",
              interaction: "point",
              x: { title: axis, scale: "linear", min: 0, max: roundUp(top), unit, name: what },
              y: {
                title: "",
                scale: "names",
                labels: rows,
                min: -0.5,
                max: rows.length - 0.5,
                unit: "",
                name: "fault",
                grid: false,
              },
              datasets: series.flatMap((one, i) =>
                marksOf(one, {
                  spreads: rows.map((row) => spreadOf(one.cell, row, of)),
                  rows,
                  unit,
                  offset: (i - (series.length - 1) / 2) * (0.7 / series.length),
                }),
              ),
            },
          ),
          leastHeight: height,
        };
      }),
    ),
    table: {
      columns: ["configuration", "fault", "repetition", "due", "succeeded", "read p99 (ms)", "write p99 (ms)"],
      rows: cells.flatMap((cell) =>
        cell.figures.flatMap(({ outages }, i) =>
          (outages ?? []).map((outage) => [
            ...[cell.label, nameOf(outage), i + 1, outage.due, outage.ok],
            ...[outage.readP99Ms, outage.writeP99Ms].map((ms) => (ms === null ? null : trimmed(ms))),
          ]),
        ),
      ),
    },
  };
}

function outagesOf(cell: ChartCell): Outage[] {
  return cell.figures.flatMap(({ outages }) => outages ?? []);
}

function nameOf({ faults }: Outage): string {
  return faults.join(" + ");
}

function spreadOf(cell: ChartCell, row: string, of: (outage: Outage) => number | null): Spread | undefined {
  const values = outagesOf(cell)
    .filter((outage) => nameOf(outage) === row)
    .map(of)
    .filter((value) => value !== null);
  if (values.length === 0) return undefined;
  return { middle: median(values)!, low: Math.min(...values), high: Math.max(...values) };
}

interface Rows {
  readonly spreads: readonly (Spread | undefined)[];
  readonly rows: readonly string[];
  readonly unit: string;
  readonly offset: number;
}

function marksOf({ name, style }: Series, { spreads, rows, unit, offset }: Rows): { readonly [key: string]: Plain }[] {
  const known = spreads.flatMap((spread, row) =>
    spread === undefined ? [] : [{ spread, row, y: Number((row + offset).toFixed(3)) }],
  );
  if (known.length === 0) return [];
  const words = ({ spread, row }: (typeof known)[number]): string =>
    `${name}, ${rows[row]}: ${plain(trimmed(spread.middle))} ${unit} [${plain(trimmed(spread.low))}, ${plain(trimmed(spread.high))}]`;
  return [
    {
      ...look(name, style),
      label: name,
      labels: known.map(words),
      data: known.map(({ spread, y }) => ({ x: trimmed(spread.middle), y })),
      pointStyle: style.marker,
      pointRadius: 4.5,
      pointHoverRadius: 6.5,
      borderWidth: 1.75,
      backgroundColor: style.colour,
      clip: 12,
      order: 1,
    },
    {
      ...look(name, style),
      type: "line",
      label: "",
      // A gap after each: no line from row to row.
      data: known.flatMap(({ spread, y }) => [
        { x: trimmed(spread.low), y },
        { x: trimmed(spread.high), y },
        { x: null, y: null },
      ]),
      borderWidth: 1.5,
      pointRadius: 0,
      pointHitRadius: 0,
      clip: 6,
      order: 2,
    },
  ];
}

function look(series: string, { colour }: SeriesStyle): { readonly [key: string]: Plain } {
  return { series, borderColor: colour };
}

function roundUp(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value)) / 2;
  return Number((Math.ceil((value * 1.02) / step) * step).toPrecision(6));
}

function answerOf(cells: readonly ChartCell[], names: readonly string[]): string {
  const worst = cells
    .map((cell) => {
      const shares = names.flatMap((row) => {
        const of = outagesOf(cell).filter((outage) => nameOf(outage) === row);
        const due = of.reduce((sum, one) => sum + one.due, 0);
        return due === 0 ? [] : [{ row, availability: of.reduce((sum, one) => sum + one.ok, 0) / due }];
      });
      shares.sort((a, b) => a.availability - b.availability);
      return { cell, low: shares[0], high: shares[shares.length - 1] };
    })
    .sort((a, b) => b.high.availability - b.low.availability - (a.high.availability - a.low.availability))[0];
  const { cell, low, high } = worst;
  const where = cells.length === 1 ? "" : `, with ${cell.label}, where faults differ the most`;
  return (
    `Over ${counted(names.length, "fault")}${where}: between ${percent(low.availability)} (${low.row}) and ${percent(high.availability)} (${high.row}) ` +
    `of the operations due while the fault lasted succeeded, all repetitions together.`
  );
}

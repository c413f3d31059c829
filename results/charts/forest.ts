/**
 * The forest plot: what each metric changed by, relative to the baseline, with its interval, on one axis. A table of differences in
 * milliseconds, ratios and counts cannot be read at a glance; this can, and the shaded noise floor shows why a difference that is surely
 * there may still not matter, and why a wide interval around nought is no proof of sameness (Lewis and Clarke, BMJ 2001, on the form).
 */
import type { ComparedMetric, RunComparison } from "../comparison/run-comparison";
import { MOST_PANELS } from "./cells";
import type { ChartFigure, LegendEntry, Panel, Plain } from "./chart";
import { rowCalled, rowInWords, shownGroups, type ComparisonChart } from "./comparison-chart";
import { chartPanel } from "./frame";
import { counted, listed, percent, plain } from "./numbers";

export const forest: ComparisonChart = {
  id: "forest",
  number: 0,
  title: "Relative differences from A",
  question: "How large are the differences, and how sure?",
  prose:
    "One row a metric: the mark is the difference from A in per cent of A, the bar its 95 % interval. The shaded strip around nought is the noise floor: differences inside it are taken for noise. A bar that lies wholly inside it means the same; one that is clear of nought and whose mark is outside the strip is a difference; anything else is open, and more repetitions would shorten the bar. Shape and colour say the verdict, which holds after correction for all rows; a bar does not.",
  absence: "No row has a difference relative to a baseline above nought, so there is nothing to set on one axis.",
  draw,
};

interface Look {
  readonly name: string;
  readonly colour: string;
  readonly marker: string;
  readonly fill: boolean;
}

const LOOKS: Readonly<Record<string, Look>> = {
  better: { name: "better", colour: "$good", marker: "triangle", fill: true },
  worse: { name: "worse", colour: "$bad", marker: "rectRot", fill: true },
  different: { name: "different", colour: "$s1", marker: "rect", fill: true },
  same: { name: "same", colour: "$ink", marker: "circle", fill: true },
  inconclusive: { name: "inconclusive", colour: "$muted", marker: "crossRot", fill: false },
};
const FLOOR = { series: "noise floor", colour: "$s5", dash: [], mark: "bar" } as const satisfies LegendEntry;

/** Rows of one panel beyond which it is split no further but cut. */
const MOST_ROWS = 40;
/** How far beyond the largest difference the axis follows an interval, as a factor. */
const MOST_INTERVAL = 2.5;

function draw(comparison: RunComparison): ChartFigure | undefined {
  const { shown, note } = shownGroups(comparison.groups, MOST_PANELS);
  const parts = shown
    .map(({ id, label }) => ({
      label,
      rows: comparison.rows.filter((row) => row.group === id && row.relative !== null).slice(0, MOST_ROWS),
    }))
    .filter(({ rows }) => rows.length > 0);
  if (parts.length === 0) return undefined;
  const rows = parts.flatMap((part) => part.rows);
  const floor = 100 * comparison.analysis.noiseFloor;
  const bound = boundOf(rows, floor);
  const seen = [...new Set(rows.map(({ verdict }) => verdict))].map((verdict) => LOOKS[verdict]);
  const missing = comparison.rows.filter(({ relative }) => relative === null);
  return {
    id: forest.id,
    number: forest.number,
    title: forest.title,
    question: forest.question,
    answer: answerOf(comparison, rows),
    caption:
      `Difference over A's median, with the interval of the difference at 95 % (${methodsInWords(rows)}); shaded: the noise floor of ±${percent(comparison.analysis.noiseFloor)}. ` +
      `Verdicts hold p, corrected (Holm) over ${counted(comparison.analysis.tested, "comparison")}, against ${plain(comparison.analysis.alpha)}.` +
      (rows.some(isCut(bound)) ? " Bars that reach the edge go on beyond it; the table has their ends." : "") +
      (missing.length === 0
        ? ""
        : ` Without a bar, because A's median is nought or there is no difference to draw: ${listed([...new Set(missing.map((row) => row.title))])}.`) +
      note,
    description: `Horizontal bars of relative differences. ${rows.map((row) => `${rowInWords(comparison, row)}: ${signedPercent(row.relative!.value)}, ${row.verdict}`).join("; ")}.`,
    axes: { x: "difference from A (%)", y: "metric" },
    legend: [
      ...seen.map(({ name, colour, marker }): LegendEntry => ({ series: name, colour, dash: [], mark: marker })),
      FLOOR,
    ],
    panels: parts.map(({ label, rows: ofPanel }) =>
      panelOf(comparison, label, ofPanel, { bound, floor }, parts.length),
    ),
    table: {
      columns: ["configuration", "side", "metric", "difference (%)", "lo (%)", "hi (%)", "verdict"],
      rows: parts.flatMap(({ label, rows: ofPanel }) =>
        ofPanel.map(({ letter, title, relative, verdict }) => [
          ...[label, letter, title],
          ...[relative!.value, relative!.lo, relative!.hi].map((value) =>
            value === null ? null : Number((100 * value).toPrecision(4)),
          ),
          verdict,
        ]),
      ),
    },
  };
}

function panelOf(
  comparison: RunComparison,
  label: string,
  rows: readonly ComparedMetric[],
  { bound, floor }: { readonly bound: number; readonly floor: number },
  panels: number,
): Panel {
  const [top, bottom] = [-0.5, rows.length - 0.5];
  const height = 84 + 26 * rows.length;
  const inside = (value: number): number => Math.max(-bound, Math.min(bound, value));
  const plainLine = { type: "line", label: "", pointRadius: 0, pointHitRadius: 0 };
  const datasets: { readonly [key: string]: Plain }[] = [
    {
      ...plainLine,
      series: FLOOR.series,
      data: [
        { x: -floor, y: top },
        { x: floor, y: top },
      ],
      borderWidth: 0,
      fill: { value: bottom },
      backgroundColor: `${FLOOR.colour}/30`,
      order: 5,
    },
    {
      ...plainLine,
      series: "",
      data: [
        { x: 0, y: top },
        { x: 0, y: bottom },
      ],
      borderColor: "$ink",
      borderWidth: 1.25,
      order: 4,
    },
  ];
  rows.forEach((row, y) => {
    const look = LOOKS[row.verdict];
    const { value, lo, hi } = row.relative!;
    datasets.push({
      label: look.name,
      series: look.name,
      labels: [`${rowInWords(comparison, row)}: ${intervalOf(row)}, ${row.verdict}`],
      data: [{ x: inside(100 * value), y }],
      pointStyle: look.marker,
      pointRadius: 6,
      pointHoverRadius: 8,
      borderWidth: 2,
      borderColor: look.colour,
      backgroundColor: look.fill ? look.colour : "transparent",
      clip: 12,
      order: 1,
    });
    if (lo !== null && hi !== null)
      datasets.push({
        ...plainLine,
        series: look.name,
        data: [
          { x: inside(100 * lo), y },
          { x: inside(100 * hi), y },
        ],
        borderColor: look.colour,
        borderWidth: 2,
        order: 2,
      });
  });
  return {
    ...chartPanel(
      label,
      { width: panels === 1 ? 960 : 500, height },
      {
        type: "scatter",
        interaction: "point",
        x: {
          title: "difference from A (%)",
          scale: "linear",
          min: -bound,
          max: bound,
          unit: "%",
          name: "difference (%)",
        },
        y: {
          title: "",
          scale: "names",
          labels: rows.map((row) => rowCalled(comparison, row)),
          min: top,
          max: bottom,
          unit: "",
          name: "metric",
        },
        datasets,
      },
    ),
    leastHeight: Math.min(height, 460),
  };
}

/** Wide enough for every mark and most bars, and never narrower than twice the floor. */
function boundOf(rows: readonly ComparedMetric[], floor: number): number {
  const largest = Math.max(...rows.map(({ relative }) => 100 * Math.abs(relative!.value)));
  const ends = rows.flatMap(({ relative }) => [100 * Math.abs(relative!.lo ?? 0), 100 * Math.abs(relative!.hi ?? 0)]);
  const wanted = Math.min(Math.max(largest, ...ends), MOST_INTERVAL * Math.max(largest, 2 * floor));
  return Number((1.08 * Math.max(wanted, largest, 2 * floor, 1)).toPrecision(2));
}

function isCut(bound: number): (row: ComparedMetric) => boolean {
  return ({ relative }) => [relative!.lo, relative!.hi].some((end) => end !== null && Math.abs(100 * end) > bound);
}

function methodsInWords(rows: readonly ComparedMetric[]): string {
  const methods = new Set(rows.map(({ method }) => method));
  const words = [
    ...(methods.has("signed-rank") ? ["Hodges-Lehmann over pairs of equal seed, signed-rank"] : []),
    ...(methods.has("mann-whitney") ? ["Hodges-Lehmann shift of two samples, Mann-Whitney"] : []),
  ];
  return words.join("; ");
}

function answerOf(comparison: RunComparison, rows: readonly ComparedMetric[]): string {
  const decided = rows
    .filter(({ verdict }) => verdict === "better" || verdict === "worse" || verdict === "different")
    .sort((a, b) => Math.abs(b.relative!.value) - Math.abs(a.relative!.value));
  if (decided.length === 0)
    return `No difference is shown: of ${counted(rows.length, "row")}, ${rows.filter(({ verdict }) => verdict === "same").length} are the same within ±${percent(comparison.analysis.noiseFloor)} and the others are open.`;
  const [first] = decided;
  return `The largest of ${counted(decided.length, "difference")} shown is ${rowInWords(comparison, first)}: ${intervalOf(first)} (${first.verdict}).`;
}

function intervalOf({ relative }: ComparedMetric): string {
  const { value, lo, hi } = relative!;
  return `${signedPercent(value)}${lo === null || hi === null ? "" : ` [${signedPercent(lo)}, ${signedPercent(hi)}]`}`;
}

/** `+35 %`. */
export function signedPercent(value: number): string {
  return value === 0 ? percent(0) : `${value > 0 ? "+" : "−"}${percent(Math.abs(value))}`;
}

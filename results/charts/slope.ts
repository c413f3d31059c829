/**
 * The slope chart: each seed's value on A joined with its value on the other sides. A paired test rests on how many of these lines
 * go the same way and how far, so this is its evidence, line by line; two boxes side by side would hide the pairing and show only how
 * far the seeds lie apart (Tufte's slopegraph). Rows that are not paired have no lines to draw.
 */
import type { ComparedMetric, RunComparison } from "../comparison/run-comparison";
import { MOST_PANELS } from "./cells";
import type { ChartFigure, LegendEntry, Panel, Plain } from "./chart";
import { sideCalled, type ComparisonChart } from "./comparison-chart";
import { chartPanel, panelSize } from "./frame";
import { counted, median, trimmed } from "./numbers";

export const slope: ComparisonChart = {
  id: "slope",
  number: 0,
  title: "Every seed from side to side",
  question: "Do the seeds agree?",
  prose:
    "One line a seed: its value on A at the left, on the other sides to the right. Equal seeds draw the same operations at the same instants, so a line compares like with like. Where all lines go one way the difference is not chance, however far the seeds lie apart from each other; where they cross, it may be.",
  absence: "No repetitions are paired by seed, so there are no lines to draw.",
  draw,
};

const RISES: LegendEntry = { series: "rises", colour: "$s2", dash: [], mark: "line" };
const FALLS: LegendEntry = { series: "falls", colour: "$s1", dash: [7, 3], mark: "line" };
const LEVEL: LegendEntry = { series: "level", colour: "$muted", dash: [2, 2], mark: "line" };
const MIDDLE: LegendEntry = { series: "median of the seeds", colour: "$ink", dash: [], mark: "circle" };

interface Slopes {
  readonly group: string;
  readonly label: string;
  readonly metric: string;
  readonly title: string;
  readonly unit: string;
  readonly letters: readonly string[];
  readonly seeds: readonly { readonly seed: number; readonly values: readonly (number | null)[] }[];
}

function draw(comparison: RunComparison): ChartFigure | undefined {
  const all = slopesOf(comparison);
  if (all.length === 0) return undefined;
  const shown = all.slice(0, MOST_PANELS);
  const size = panelSize(shown.length);
  const ways = shown.flatMap(({ seeds }) => seeds.map(({ values }) => wayOf(values)));
  return {
    id: slope.id,
    number: slope.number,
    title: slope.title,
    question: slope.question,
    answer: answerOf(shown),
    caption:
      `One line a seed, from ${sideCalled(comparison, "A")} to the other sides; the thick line joins the medians of the seeds drawn. Each panel has its own axis, which need not begin at nought.` +
      (all.length > shown.length
        ? ` ${shown.length} of ${all.length} paired metrics are drawn, those with a verdict first.`
        : ""),
    description: `Lines from side to side, one a seed. ${shown.map((one) => `${titleOf(one)}: ${countsInWords(one)}`).join("; ")}.`,
    axes: { x: "side", y: "value" },
    legend: [...[RISES, FALLS, LEVEL].filter(({ series }) => ways.some((way) => way.series === series)), MIDDLE],
    panels: shown.map((one) => panelOf(one, size)),
    table: {
      columns: ["configuration", "metric", "unit", "seed", ...comparison.sides.map(({ letter }) => letter)],
      rows: all.flatMap((one) =>
        one.seeds.map(({ seed, values }) => [
          ...[one.label, one.title, one.unit, seed],
          ...comparison.sides.map(({ letter }) => {
            const value = values[one.letters.indexOf(letter)] ?? null;
            return value === null ? null : trimmed(value);
          }),
        ]),
      ),
    },
  };
}

function slopesOf({ groups, rows }: RunComparison): Slopes[] {
  const found = groups.flatMap(({ id, label }) => {
    const ofGroup = rows.filter((row) => row.group === id && row.pairs.length > 0);
    return [...new Set(ofGroup.map(({ metric }) => metric))].map((metric) => {
      const ofMetric = ofGroup.filter((row) => row.metric === metric);
      return { slopes: joined(id, label, ofMetric), decided: ofMetric.some(isDecided) };
    });
  });
  return [...found.filter(({ decided }) => decided), ...found.filter(({ decided }) => !decided)].map(
    ({ slopes }) => slopes,
  );
}

function isDecided({ verdict }: ComparedMetric): boolean {
  return verdict === "better" || verdict === "worse" || verdict === "different";
}

function joined(group: string, label: string, rows: readonly ComparedMetric[]): Slopes {
  const seeds = [...new Set(rows.flatMap(({ pairs }) => pairs.map(({ seed }) => seed)))];
  const [{ metric, title, unit }] = rows;
  return {
    ...{ group, label, metric, title, unit },
    letters: ["A", ...rows.map(({ letter }) => letter)],
    seeds: seeds.map((seed) => {
      const pairs = rows.map((row) => row.pairs.find((pair) => pair.seed === seed));
      return {
        seed,
        values: [pairs.find((pair) => pair !== undefined)!.baseline, ...pairs.map((pair) => pair?.value ?? null)],
      };
    }),
  };
}

function wayOf(values: readonly (number | null)[]): LegendEntry {
  const known = values.filter((value) => value !== null);
  const change = known.at(-1)! - known[0];
  return change > 0 ? RISES : change < 0 ? FALLS : LEVEL;
}

function panelOf(slopes: Slopes, size: { readonly width: number; readonly height: number }): Panel {
  const { letters, seeds, unit } = slopes;
  const shownUnit = unit === "ratio" ? "%" : unit;
  const scaled = (value: number | null): number | null =>
    value === null ? null : trimmed(unit === "ratio" ? 100 * value : value);
  const middle = letters.map((_, i) => scaled(median(seeds.flatMap(({ values }) => values[i] ?? [])) ?? null));
  const datasets = [
    ...seeds.map(({ seed, values }): { readonly [key: string]: Plain } => {
      const { series, colour, dash } = wayOf(values);
      return {
        type: "line",
        label: `seed ${seed}`,
        series,
        data: values.map(scaled),
        borderColor: `${colour}/70`,
        backgroundColor: `${colour}/70`,
        borderWidth: 1.25,
        borderDash: dash,
        pointRadius: 2,
        pointHitRadius: 6,
        tension: 0,
        order: 2,
      };
    }),
    {
      type: "line",
      label: MIDDLE.series,
      series: MIDDLE.series,
      data: middle,
      borderColor: "$ink",
      backgroundColor: "$ink",
      borderWidth: 3,
      pointRadius: 4,
      tension: 0,
      order: 1,
    },
  ];
  return chartPanel(titleOf(slopes), size, {
    type: "line",
    labels: letters,
    x: { title: "side", scale: "category", unit: "", name: "side" },
    y: { title: shownUnit === "" ? "value" : shownUnit, scale: "linear", unit: shownUnit, name: "value" },
    datasets,
  });
}

function titleOf({ title, label }: Slopes): string {
  return label === "" ? title : `${title}, ${label}`;
}

function countsInWords({ seeds }: Slopes): string {
  const ways = seeds.map(({ values }) => wayOf(values).series);
  const of = (way: string): number => ways.filter((one) => one === way).length;
  return [RISES, FALLS, LEVEL]
    .filter(({ series }) => of(series) > 0)
    .map(
      ({ series }) =>
        `${of(series)} of ${counted(seeds.length, "seed")} ${series === "level" ? "stay level" : series.replace(/s$/, "")}`,
    )
    .join(", ");
}

function answerOf(shown: readonly Slopes[]): string {
  return `${shown
    .slice(0, 4)
    .map((one) => `${titleOf(one)}: ${countsInWords(one)}`)
    .join("; ")}${shown.length > 4 ? `; and ${counted(shown.length - 4, "further metric")}` : ""}.`;
}

/**
 * Chart 4, effects: how a metric changes along an axis, and whether it does so alike at every value of a second one. Lines that run side
 * by side mean that each axis can be chosen by itself; lines that cross or fan out are an interaction (this is the interaction plot of Box,
 * Hunter and Hunter). Each point is made per repetition first, as the mean over the settings of all other axes, the same settings for every
 * point of a panel, and the median over repetitions is what is drawn: to average medians of cells would have no interval.
 */
import type { LoadedRun } from "../record/run-folder";
import { describeMetric, metricsToCompare } from "../record/metrics";
import { inAxisOrder } from "../statistics/axis-order";
import { effectsOf } from "../statistics/effects";
import type { Factor } from "../statistics/factors";
import { readMetric } from "../statistics/readings";
import { REPETITIONS_FOR_INTERVAL } from "../statistics/summarise";
import { medianOf, MOST_PANELS, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Panel, Plain } from "./chart";
import { designFor, drawnOf, MOST_LINES, secondAxes, varies, type Curve, type Drawn } from "./effect-curves";
import { factorInWords, isShown, levelInWords, levelSizes, levelValue } from "./factor-words";
import { chartPanel, legendOf, line, logBounds, panelSize } from "./frame";
import { counted, listed, plain, trimmed, withUnit } from "./numbers";
import { seriesStyle, type SeriesStyle } from "./theme";

export const effectsChart: ChartDefinition = {
  id: "effects",
  number: 4,
  title: "Metrics along each axis",
  question: "Which tunable matters, and do they depend on each other?",
  prose:
    "A panel is one metric along one axis of the sweep; a line is one value of a second axis, the one that the metric depends on most together with the first. A steep line is an axis that matters. Lines that run side by side say that the two axes can be chosen apart; lines that cross or fan out say that what one does depends on the other. Points are medians over repetitions of the mean over the settings of all other axes; bars are the 95 % interval of that median from six repetitions on, and from the lowest to the highest repetition before.",
  absence: "No metric that differs between configurations was measured at two values of an axis.",
  concernsRun: (run) => isWorthDrawing(run),
  draw,
};

const MOST_METRICS = 4;

/** Two axes or more; or one with three numbers or more, which is a curve. */
function isWorthDrawing(run: LoadedRun): boolean {
  if (run.manifest.saturation !== undefined) return false;
  const { factors } = designFor(run);
  return factors.length > 1 || (factors.length === 1 && (levelSizes(factors[0])?.length ?? 0) > 2);
}

function draw({ run: unordered, cells }: ChartInput): ChartFigure | undefined {
  const run = inAxisOrder(unordered);
  const design = designFor(run);
  if (!isWorthDrawing(run)) return undefined;
  const effects = effectsOf(run);
  const changed = new Set(effects.flatMap(({ mains }) => mains.filter(isShown).map(({ metric }) => metric)));
  const measured = metricsToCompare(run.manifest.report?.headline)
    .flatMap((metric) => readMetric(metric, design, run.trials))
    .filter(varies);
  // What no axis was shown to change is drawn only where nothing else is.
  const shownToChange = measured.filter(({ metric }) => changed.has(metric));
  const metrics = (shownToChange.length > 0 ? shownToChange : measured).slice(0, MOST_METRICS);
  const along = design.factors.slice(0, Math.max(1, Math.floor(MOST_PANELS / Math.max(1, metrics.length))));
  const seconds = secondAxes(effects, design);
  const drawn = metrics.flatMap((readings) =>
    along.flatMap((factor) => drawnOf(readings, design, factor, seconds(readings.metric, factor)) ?? []),
  );
  if (drawn.length === 0) return undefined;
  const names = [...new Set(drawn.flatMap(({ curves }) => curves.map(({ name }) => name)))];
  const styleOf = (name: string): SeriesStyle => seriesStyle(names.indexOf(name) + (names.length > 1 ? 0 : 1));
  const few = drawn.some(({ curves }) =>
    curves.some(({ points }) => points.some(({ n }) => n < REPETITIONS_FOR_INTERVAL)),
  );
  const left = Math.max(...drawn.map((one) => one.left));
  const settings = [...new Set(drawn.map((one) => one.settings))].sort((a, b) => a - b);
  const valid = cells.filter(({ invalid }) => !invalid);
  const undrawn = design.factors.length - along.length;
  return {
    id: effectsChart.id,
    number: effectsChart.number,
    title: effectsChart.title,
    question: effectsChart.question,
    answer: answerOf(drawn),
    caption:
      `Points are each the ${medianOf(valid)}, of the mean over ${settings.length === 1 ? counted(settings[0], "setting") : `${settings[0]} to ${settings.at(-1)} settings`} of the other axes; bars are ${few ? "from the lowest to the highest repetition where there are fewer than six, else the" : "the"} 95 % interval of the median.` +
      (metrics.length < measured.length
        ? ` ${counted(measured.length - metrics.length, "metric")} that no axis was shown to change, or beyond the first ${MOST_METRICS}, ${measured.length - metrics.length === 1 ? "is" : "are"} not drawn.`
        : "") +
      (valid.length < cells.length
        ? ` ${counted(cells.length - valid.length, "configuration")} without a valid repetition ${cells.length - valid.length === 1 ? "is" : "are"} in no point.`
        : "") +
      (left > 0 ? ` Of a second axis with many values ${MOST_LINES} are drawn.` : "") +
      (undrawn > 0
        ? ` ${counted(undrawn, "axis", "axes")} of ${design.factors.length} stand in the tables alone.`
        : ""),
    description:
      "Small multiples of metrics along axes. " +
      drawn
        .map(
          ({ readings, along: factor, curves }) =>
            `${titleOf(readings.metric)} along ${factorInWords(factor)}: ${curves
              .map(
                ({ name, points }) =>
                  `${name === "" ? "" : `${name} `}${points.map(({ value }) => plain(shown(value, readings.unit))).join(", ")}`,
              )
              .join("; ")}`,
        )
        .join(". ") +
      ".",
    axes: { x: listed(along.map(factorInWords)), y: listed(metrics.map(({ metric }) => titleOf(metric))) },
    legend: names.length < 2 && names[0] === "" ? [] : legendOf(names.map((name) => ({ name, style: styleOf(name) }))),
    panels: panelsOf(drawn, styleOf),
    table: {
      columns: [
        "metric",
        "unit",
        "axis",
        "value",
        "second axis",
        "median",
        "lo",
        "hi",
        "n (repetitions)",
        "settings averaged over",
      ],
      rows: drawn.flatMap(({ readings, along: factor, curves, settings: over }) =>
        curves.flatMap(({ name, points }) =>
          points.map(({ level, value, lo, hi, n }) => [
            ...[readings.metric, readings.unit, factorInWords(factor), levelValue(factor, factor.levels[level]), name],
            ...[trimmed(value), trimmed(lo), trimmed(hi), n, over],
          ]),
        ),
      ),
    },
  };
}

function panelsOf(drawn: readonly Drawn[], styleOf: (name: string) => SeriesStyle): Panel[] {
  const bounds = new Map<string, ReturnType<typeof boundsOf>>();
  for (const { readings } of drawn)
    if (!bounds.has(readings.metric))
      bounds.set(readings.metric, boundsOf(drawn.filter((one) => one.readings.metric === readings.metric)));
  return drawn.map(({ readings: { metric, unit }, along, second, curves }) => {
    const { positions, labels, logarithmic } = placesOf(along);
    const [first, last] = [Math.min(...positions), Math.max(...positions)];
    const width = last - first;
    const { min, max, log } = bounds.get(metric)!;
    const name = titleOf(metric);
    return chartPanel(
      `${name} along ${factorInWords(along)}${second === undefined ? "" : `, by ${factorInWords(second)}`}`,
      panelSize(drawn.length),
      {
        type: "scatter",
        interaction: "point",
        x: {
          title: `${factorInWords(along)}${logarithmic ? " (log scale)" : ""}`,
          scale: "names",
          labels,
          positions,
          min: first - 0.1 * width,
          max: last + 0.1 * width,
          unit: "",
          name: factorInWords(along),
        },
        y: {
          title: `${name} (${unitShown(unit)}${log ? ", log" : ""})`,
          scale: log ? "logarithmic" : "linear",
          min,
          max,
          unit: unitShown(unit),
          name,
        },
        datasets: curves.flatMap((curve, i) => {
          const offset = (i - (curves.length - 1) / 2) * 0.02 * width;
          return datasetsOf(curve, { unit, along, positions, offset, style: styleOf(curve.name), metric: name });
        }),
      },
    );
  });
}

interface Places {
  readonly unit: string;
  readonly along: Factor;
  readonly positions: readonly number[];
  /** Lines stand a little apart, or their bars would cover each other. */
  readonly offset: number;
  readonly style: SeriesStyle;
  readonly metric: string;
}

function datasetsOf(
  { name, points }: Curve,
  { unit, along, positions, offset, style, metric }: Places,
): { readonly [key: string]: Plain }[] {
  const x = (level: number): number => Number((positions[level] + offset).toPrecision(8));
  const series = name === "" ? metric : name;
  return [
    {
      ...line(
        series,
        style,
        points.map(({ level, value }) => ({ x: x(level), y: trimmed(shown(value, unit)) })),
        { pointRadius: 3.5, clip: 12, order: 1 },
      ),
      labels: points.map(
        ({ level, value, lo, hi }) =>
          `${[name, levelInWords(along, along.levels[level])].filter((part) => part !== "").join(", ")}: ${withUnit(value, unit)} [${plain(shown(lo, unit))}, ${plain(shown(hi, unit))}]`,
      ),
    },
    {
      type: "line",
      label: "",
      series,
      // A gap after each: no line from bar to bar.
      data: points.flatMap(({ level, lo, hi }) => [
        { x: x(level), y: trimmed(shown(lo, unit)) },
        { x: x(level), y: trimmed(shown(hi, unit)) },
        { x: x(level), y: null },
      ]),
      borderColor: style.colour,
      borderWidth: 1.25,
      pointRadius: 0,
      pointHitRadius: 0,
      clip: 6,
      order: 2,
    },
  ];
}

/** Numbers stand where they belong, on a scale of factors where they span a wide range; words at equal distances. */
function placesOf(along: Factor): {
  readonly positions: readonly number[];
  readonly labels: readonly string[];
  readonly logarithmic: boolean;
} {
  const sizes = levelSizes(along);
  const words = along.levels.map((level) => levelValue(along, level));
  if (sizes === undefined) return { positions: words.map((_, i) => i), labels: words, logarithmic: false };
  const logarithmic = Math.min(...sizes) > 0 && Math.max(...sizes) / Math.min(...sizes) >= 8;
  const positions = sizes.map((size) => Number((logarithmic ? Math.log10(size) : size).toPrecision(8)));
  const room = 0.09 * (Math.max(...positions) - Math.min(...positions));
  let last = -Infinity;
  const labels = words.map((word, i) => {
    if (positions[i] - last < room) return "";
    last = positions[i];
    return word;
  });
  return { positions, labels, logarithmic };
}

/** One scale for all panels of a metric. */
function boundsOf(drawn: readonly Drawn[]): { readonly min: number; readonly max: number; readonly log: boolean } {
  const points = drawn.flatMap(({ curves, readings }) =>
    curves.flatMap((curve) =>
      curve.points.flatMap(({ lo, hi }) => [shown(lo, readings.unit), shown(hi, readings.unit)]),
    ),
  );
  const [low, high] = [Math.min(...points), Math.max(...points)];
  if (low > 0 && high / low >= 10) return { ...logBounds(points), log: true };
  const room = 0.08 * (high - low || Math.abs(high) || 1);
  // Nought is shown where it is not far off: a small change is not to fill the picture.
  const min = low >= 0 && low < 2 * (high - low) ? 0 : low - room;
  return { min: nice(min), max: nice(high + room), log: false };
}

function nice(value: number): number {
  return Number(value.toPrecision(3));
}

function shown(value: number, unit: string): number {
  return unit === "ratio" ? value * 100 : value;
}

function unitShown(unit: string): string {
  return unit === "ratio" ? "%" : unit;
}

function titleOf(metric: string): string {
  return describeMetric(metric)?.title ?? metric;
}

/** Of the first metric the panel with the largest change: where it is lowest and where highest. */
function answerOf(drawn: readonly Drawn[]): string {
  const { metric, unit } = drawn[0].readings;
  const ends = drawn
    .filter((one) => one.readings.metric === metric)
    .map((one) => {
      const points = one.curves
        .flatMap((curve) => curve.points.map((point) => ({ ...point, curve: curve.name })))
        .sort((a, b) => a.value - b.value);
      return { one, low: points[0], high: points.at(-1)! };
    });
  const { one, low, high } = ends.reduce((a, b) => (b.high.value - b.low.value > a.high.value - a.low.value ? b : a));
  const say = ({ level, curve, value, lo, hi }: typeof low): string =>
    `${withUnit(value, unit)} [${plain(shown(lo, unit))}, ${plain(shown(hi, unit))}] with ${[levelInWords(one.along, one.along.levels[level]), curve].filter((part) => part !== "").join(" and ")}`;
  const over = one.settings === 1 ? "" : `, on average over ${counted(one.settings, "setting")} of everything else`;
  return `Along ${factorInWords(one.along)}${one.second === undefined ? "" : ` and by ${factorInWords(one.second)}`}, ${titleOf(metric)} goes from ${say(low)} to ${say(high)}${over}.`;
}

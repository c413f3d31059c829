/**
 * Chart 10, the load curve: latency against offered load, and beside it what was achieved of that load. The offered rate stands on x,
 * not the achieved one: where a store saturates the achieved rate stands still or falls, and a curve over it bends back
 * and hides how far beyond the knee it was driven (the "hockey stick" and its missing half; see Schroeder and others, NSDI 2006,
 * for why only an open load shows it). Rates at which less was achieved than asked for are marked and not joined: their
 * latency measures how long the trial was.
 */
import { parseRatePerSecond } from "../../engine/vocabulary/quantities";
import { describeMetric } from "../record/metrics";
import type { LoadedRun } from "../record/run-folder";
import { curveKey, RATE_AXIS, type SaturationTarget } from "../record/saturation";
import { saturationsOf, triedRate, type Saturation, type Spread, type TriedRate } from "../statistics/saturation";
import { chunked, repetitions, type ChartCell, type ChartInput, type Series } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import { band, chartPanel, legendOf, line, logBounds, panelSize, type Axis, type Point } from "./frame";
import { counted, trimmed, withUnit } from "./numbers";
import { curveInWords, rateInWords, targetInWords } from "./saturation-words";
import { seriesStyle, type SeriesStyle } from "./theme";

export const loadCurve: ChartDefinition = {
  id: "load-curve",
  number: 10,
  title: "Latency against load",
  question: "Where is the knee?",
  prose:
    "To the right more operations a second are asked for; up is slower (log scale). A curve is flat while there is room, bends where requests begin to wait for each other, and has no end where more comes in than can be done. The second picture shows what was achieved of what was asked: on the diagonal everything, below it the store is behind. Crosses are rates at which it was, or that the machine spoilt; they are not joined. Of a search the shaded stretch is the answer: at its left end every trial met the objective, at its right end none.",
  absence: "No trial had an offered rate and a latency, so there is no curve to draw.",
  concernsRun: ({ manifest }) => manifest.axes.includes(RATE_AXIS),
  draw,
};

/** Of a rate on a curve. */
interface Tried {
  readonly rate: TriedRate;
  /** Trials that the numbers are of, and those left out, as a cell of its own. */
  readonly cell: ChartCell;
  readonly state: "kept up" | "overloaded" | "said nothing";
}

interface Curve {
  readonly name: string;
  readonly tried: readonly Tried[];
  readonly search: Saturation | undefined;
}

/** Percentiles that are drawn, the slowest last. */
const PERCENTILES = [
  { name: "p50", title: "p50", dash: [2, 3] },
  { name: "p99", title: "p99", dash: [] },
  { name: "p999", title: "p99.9", dash: [6, 3] },
] as const;
const MAIN = "p99";
/** With more curves only the main percentile is drawn. */
const FEW_CURVES = 2;
/** Beyond this ratio a linear axis shows one point and a heap. */
const WIDE = 40;

function draw(input: ChartInput): ChartFigure | undefined {
  const { run } = input;
  const targets = run.manifest.saturation?.targets ?? [];
  const kind = kindOf(input.cells, targets);
  if (kind === undefined) return undefined;
  const main = `${kind}_${MAIN}_ms`;
  const words = kind.replace("_", "-");
  const curves = curvesOf(input)
    .map((curve) => ({ ...curve, tried: curve.tried.filter(({ rate }) => rate.metrics[main] !== undefined) }))
    .filter(({ tried }) => tried.length > 0);
  if (curves.length === 0) return undefined;
  const all = curves.flatMap(({ tried }) => tried);
  const series = curves.map((curve, i) => ({ curve, name: curve.name, style: seriesStyle(i) }));
  const objectives = targets.filter(({ metric }) => metric.startsWith(`${kind}_p`) && metric.endsWith("_ms"));
  // Of a short trial there is no p99.9 to draw.
  const drawn = PERCENTILES.filter(
    ({ name }) =>
      name === MAIN ||
      (curves.length <= FEW_CURVES && all.some(({ rate }) => rate.metrics[`${kind}_${name}_ms`] !== undefined)),
  );
  const latencies = all.flatMap(({ rate }) =>
    drawn.flatMap(({ name }) => {
      const spread = rate.metrics[`${kind}_${name}_ms`];
      return spread === undefined ? [] : [spread.median];
    }),
  );
  const rates = all.map(({ rate }) => rate.ratePerSecond);
  const x = rateAxis(rates);
  const y: Axis = {
    title: `${words} response time (ms, log)`,
    scale: "logarithmic",
    ...logBounds([...latencies, ...objectives.map(({ value }) => value)]),
    unit: "ms",
    name: "response time",
  };
  const achieved: Axis = { ...x, title: x.title.replace("offered", "achieved"), unit: "/s", name: "achieved" };
  const parts = chunked(
    series.map(({ curve, ...one }) => ({ ...one, cell: curve.tried[0].cell })),
    "",
  );
  const size = panelSize(2 * parts.length);
  const inPart = (part: readonly Series[]): typeof series =>
    series.filter(({ name }) => part.some((one) => one.name === name));
  const title = (what: string, part: string): string => (part === "" ? what : `${what}, ${part}`);
  const crosses = all.some(({ state }) => state !== "kept up");
  return {
    id: loadCurve.id,
    number: loadCurve.number,
    title: loadCurve.title,
    question: loadCurve.question,
    answer: answerOf(curves, main),
    caption:
      `${counted(all.length, "rate")} on ${counted(curves.length, "curve")}, medians of ${repetitions(all.map(({ cell }) => cell))}. ` +
      `Lines join rates that kept up with their load.` +
      (crosses
        ? " A cross is one trial: less was achieved than offered, operations were dropped, or it says nothing."
        : "") +
      (curves.length > FEW_CURVES
        ? ` The latency drawn is the ${describeMetric(main)?.title ?? main}; p50 and p99.9 stand in the table.`
        : ""),
    description:
      `Two line charts over the offered load. ` +
      curves.map(({ name, tried }) => `${name}: ${ends(tried, main)}`).join("; ") +
      ".",
    axes: { x: "offered load (1/s)", y: `${words} response time (ms)` },
    legend: [
      ...legendOf(series.map(({ name, style }) => ({ name, style }))),
      ...(drawn.length > 1 ? drawn.filter(({ name }) => name !== MAIN).map(percentileKey) : []),
      ...(crosses ? [CROSS_KEY] : []),
      ...objectives.map(objectiveKey),
      ...(curves.some(({ search }) => interval(search) !== undefined) ? [INTERVAL_KEY] : []),
    ],
    panels: [
      ...parts.map((part) =>
        chartPanel(title("Latency", part.title), size, {
          type: "line",
          x,
          y,
          datasets: [
            ...inPart(part.series).flatMap(({ curve, name, style }) => [
              ...answerBand(curve, name, style, y),
              ...drawn.flatMap((percentile) => latencyLines(curve, name, style, kind, percentile)),
            ]),
            ...objectives.map((target) => levelLine(target, x)),
          ],
        }),
      ),
      ...parts.map((part) =>
        chartPanel(title("Throughput", part.title), size, {
          type: "line",
          x,
          y: achieved,
          datasets: [
            {
              ...line("", { colour: "$muted", dash: [4, 4], marker: "line" }, [
                { x: x.min!, y: x.min! },
                { x: x.max!, y: x.max! },
              ]),
              ...{ label: "", series: "all of it", borderWidth: 1, pointRadius: 0, pointHitRadius: 0 },
            },
            ...inPart(part.series).flatMap(({ curve, name, style }) => [
              ...answerBand(curve, name, style, achieved),
              ...curveLines(curve, name, style, ({ rate }) => rate.achieved),
            ]),
          ],
        }),
      ),
    ],
    table: tableOf(curves, kind),
  };
}

/** Of the first objective on a latency; reads where there is none, and what there is where there are no reads. */
function kindOf(cells: readonly ChartCell[], targets: readonly SaturationTarget[]): string | undefined {
  const found = targets.flatMap(({ metric }) => /^([a-z]+|multi_get)_p\d+_ms$/.exec(metric)?.[1] ?? [])[0];
  if (found !== undefined) return found;
  return ["read", "write"].find((kind) =>
    cells.some(({ summary }) => summary.metrics[`${kind}_${MAIN}_ms`] !== undefined),
  );
}

function curvesOf({ run, cells }: ChartInput): readonly Curve[] {
  const searches = new Map(saturationsOf(run).map((search) => [search.key, search]));
  const targets = run.manifest.saturation?.targets ?? [];
  const found = new Map<string, Tried[]>();
  for (const cell of cells) {
    const trials = run.trials.filter(({ record }) => record.cell === cell.summary.id);
    const tried = triedCell(cell, trials, targets);
    if (tried === undefined) continue;
    const key = curveKey(cell.summary);
    found.set(key, [...(found.get(key) ?? []), tried]);
  }
  return [...found].map(([key, tried]): Curve => {
    const sorted = [...tried].sort((a, b) => a.rate.ratePerSecond - b.rate.ratePerSecond);
    const words = curveInWords(run, sorted[0].cell.summary);
    const invalid = sorted.every(({ state }) => state === "said nothing") ? " (invalid)" : "";
    return {
      name: `${words === "" ? "response" : words}${invalid}`,
      tried: sorted,
      search: searches.get(key),
    };
  });
}

function triedCell(
  cell: ChartCell,
  trials: LoadedRun["trials"],
  targets: readonly SaturationTarget[],
): Tried | undefined {
  const done = trials.filter(({ summary, figures }) => summary !== null && figures !== null);
  const ratePerSecond = done.length === 0 ? undefined : rateOfCell(cell, done[0].record.resolved);
  if (ratePerSecond === undefined) return undefined;
  const rate = triedRate(ratePerSecond, done, { targets, repetitions: done.length });
  const decided = rate.met + rate.failed;
  const state = decided === 0 ? "said nothing" : 2 * rate.overloaded > decided ? "overloaded" : "kept up";
  // What the captions count: the trials whose numbers are drawn.
  const drawn = state === "kept up" ? decided - rate.overloaded : 1;
  const figures = done.flatMap((trial) => trial.figures ?? []).slice(0, drawn);
  return {
    rate,
    state,
    cell: { ...cell, figures, leftOut: done.length - figures.length, invalid: state === "said nothing" },
  };
}

function rateOfCell({ summary }: ChartCell, resolved: Readonly<Record<string, unknown>>): number | undefined {
  const written = summary.axes[RATE_AXIS] ?? resolved[RATE_AXIS];
  return written === undefined ? undefined : parseRatePerSecond(String(written));
}

function rateAxis(rates: readonly number[]): Axis {
  const [least, most] = [Math.min(...rates), Math.max(...rates)];
  const about = { unit: "/s", name: "offered" };
  return most > WIDE * least
    ? { ...about, title: "offered load (1/s, log)", scale: "logarithmic", ...logBounds(rates) }
    : { ...about, title: "offered load (1/s)", scale: "linear", min: 0, max: Number((most * 1.06).toPrecision(3)) };
}

type Dataset = { readonly [key: string]: Plain };

function latencyLines(
  curve: Curve,
  name: string,
  style: SeriesStyle,
  kind: string,
  percentile: (typeof PERCENTILES)[number],
): readonly Dataset[] {
  const of = ({ rate }: Tried): Spread | undefined => rate.metrics[`${kind}_${percentile.name}_ms`];
  if (percentile.name === MAIN) return curveLines(curve, name, style, of);
  const thin = { ...style, dash: [...percentile.dash], marker: "line" };
  const points = pointsOf(curve.tried, "kept up", of);
  return points.length === 0
    ? []
    : [
        line(name, thin, points, {
          ...{ label: `${name}, ${percentile.title}`, group: percentile.name },
          ...{ borderWidth: 1, pointRadius: 0 },
        }),
      ];
}

/** The line of rates that kept up, and crosses for the others. */
function curveLines(
  { tried }: Curve,
  name: string,
  style: SeriesStyle,
  of: (one: Tried) => Spread | undefined,
): readonly Dataset[] {
  const crosses = (["overloaded", "said nothing"] as const).flatMap((state) => {
    const points = pointsOf(tried, state, of);
    return points.length === 0
      ? []
      : [
          line(name, { ...style, marker: "crossRot" }, points, {
            ...{ label: `${name}, ${state}`, showLine: false, pointRadius: 5, borderWidth: 2, pointBorderWidth: 2 },
          }),
        ];
  });
  return [line(name, style, pointsOf(tried, "kept up", of), { borderWidth: 2, pointRadius: 3 }), ...crosses];
}

function pointsOf(
  tried: readonly Tried[],
  state: Tried["state"],
  of: (one: Tried) => Spread | undefined,
): readonly Point[] {
  return tried
    .filter((one) => one.state === state)
    .flatMap((one) => {
      const spread = of(one);
      return spread === undefined ? [] : [{ x: one.rate.ratePerSecond, y: trimmed(spread.median) }];
    });
}

/** From the highest rate that met every time to the lowest that never did. */
function interval(search: Saturation | undefined): readonly [number, number] | undefined {
  if (search === undefined) return undefined;
  const { highestMet, lowestFailed } = search.answer;
  return highestMet === undefined || lowestFailed === undefined ? undefined : [highestMet, lowestFailed];
}

function answerBand({ search }: Curve, name: string, style: SeriesStyle, y: Axis): readonly Dataset[] {
  const found = interval(search);
  if (found === undefined) return [];
  const at = (height: number): readonly Point[] => found.map((rate) => ({ x: rate, y: height }));
  return band(name, style, at(y.min!), at(y.max!)).map((edge) => ({ ...edge, order: 9, tension: 0 }));
}

function levelLine(target: SaturationTarget, x: Axis): Dataset {
  const name = targetInWords(target);
  return {
    ...line(name, { colour: "$bad", dash: [8, 3], marker: "line" }, [
      { x: x.min!, y: target.value },
      { x: x.max!, y: target.value },
    ]),
    ...{ borderWidth: 1.5, pointRadius: 0, pointHitRadius: 0 },
  };
}

function objectiveKey(target: SaturationTarget): LegendEntry {
  return { series: targetInWords(target), colour: "$bad", dash: [8, 3], mark: "line" };
}

function percentileKey({ name, title, dash }: (typeof PERCENTILES)[number]): LegendEntry {
  return { series: `thin: ${title} (thick: ${MAIN})`, colour: "$muted", dash: [...dash], mark: "line", group: name };
}

const CROSS_KEY: LegendEntry = {
  series: "behind its load, or spoilt",
  colour: "$muted",
  dash: [0, 40],
  mark: "crossRot",
};
const INTERVAL_KEY: LegendEntry = { series: "shaded: the answer", colour: "$muted", dash: [], mark: "bar" };

function answerOf(curves: readonly Curve[], main: string): string {
  const behind = curves.flatMap(({ name, tried }) => {
    const first = tried.find(({ state }) => state === "overloaded");
    return first === undefined ? [] : [`${name} from ${rateInWords(first.rate.ratePerSecond)} on`];
  });
  const told = curves.slice(0, 4).map(({ name, tried }) => `${name}: ${ends(tried, main)}`);
  const more = curves.length > told.length ? `; and ${curves.length - told.length} more` : "";
  return `${told.join("; ")}${more}. ${behind.length === 0 ? `At none of the ${counted(curves.flatMap(({ tried }) => tried).length, "rate")} less was achieved than offered` : `Behind its load: ${behind.join(", ")}`}.`;
}

/** `read p99 4.1 ms at 500 /s and 20.3 ms at 1 000 /s`. */
function ends(tried: readonly Tried[], main: string): string {
  const kept = tried.filter(({ state }) => state === "kept up");
  const known = kept.length > 0 ? kept : tried;
  const say = ({ rate }: Tried): string =>
    `${withUnit(rate.metrics[main]?.median ?? 0, "ms")} at ${rateInWords(rate.ratePerSecond)}`;
  const [first, last] = [known[0], known.at(-1)!];
  const name = describeMetric(main)?.title ?? main;
  return `${name} ${say(first)}${first === last ? "" : ` and ${say(last)}`}`;
}

function tableOf(curves: readonly Curve[], kind: string): ChartFigure["table"] {
  const cell = (spread: Spread | undefined): number | null => (spread === undefined ? null : trimmed(spread.median));
  return {
    columns: [
      ...["configuration", "offered (1/s)", "achieved (1/s)"],
      ...PERCENTILES.map(({ title }) => `${kind} ${title} (ms)`),
      ...[`${kind} p99, least (ms)`, `${kind} p99, most (ms)`, "trials", "overloaded", "state"],
    ],
    rows: curves.flatMap(({ name, tried }) =>
      tried.map(({ rate, state, cell: { figures } }) => {
        const main = rate.metrics[`${kind}_${MAIN}_ms`];
        return [
          ...[name, rate.ratePerSecond, cell(rate.achieved)],
          ...PERCENTILES.map((percentile) => cell(rate.metrics[`${kind}_${percentile.name}_ms`])),
          ...[main === undefined ? null : trimmed(main.least), main === undefined ? null : trimmed(main.most)],
          ...[figures.length, rate.overloaded, state],
        ];
      }),
    ),
  };
}

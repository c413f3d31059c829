/**
 * Chart 29, detection time: the share of observers that have found out a crash, by time since it really happened (T_D of Chen, Toueg
 * and Aguilera, as an empirical distribution). Who never found out while the node was down, or while the trial lasted, keeps the
 * line from reaching the top (Kaplan and Meier): a mean over those that did would praise the detector that misses most.
 * Where nothing crashed, pauses are drawn in place of crashes, and the chart says so.
 */
import { survivalQuantile } from "../statistics/kaplan-meier";
import { chunked, MOST_PANELS, repetitions, type ChartCell, type ChartInput, type Facet } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import { detectionCurve, knowsDetection, weathers, type DetectionCurve } from "./detection-cells";
import { chartPanel, legendOf, line, logBounds, panelSize, type Point } from "./frame";
import { count, counted, percent, plain, trimmed } from "./numbers";
import { seriesStyle } from "./theme";

export const detectionTime: ChartDefinition = {
  id: "detection-time",
  number: 29,
  title: "Time until a crash is found out",
  question: "How long until a dead node is found out?",
  prose:
    "Time since a node really went down, from left to right, on a log axis. The line is the share of observers (pairs of a running node and a crashed one) that suspect it by then and go on suspecting it until it is back. A line further left is a quicker detector; one that does not reach the top left crashes unnoticed, and a cross marks observers that watched so long in vain. A dead-straight edge is a timer, a slope is a detector that depends on where in its period a node died, or on news that spreads.",
  absence: "No node went down, or stood still, while another one could have noticed.",
  concerns: knowsDetection,
  draw,
};

const MISSED: LegendEntry = { series: "watched so long in vain", colour: "$muted", dash: [], mark: "crossRot" };
/** Steps drawn of a line. */
const MOST_STEPS = 90;

type Kind = "crash" | "pause";

function draw(input: ChartInput): ChartFigure | undefined {
  const all = weathers(input);
  const cells = all.flatMap((weather) => weather.cells.map(({ cell }) => cell));
  const kind = (["crash", "pause"] as const).find((one) =>
    cells.some((cell) => detectionCurve(cell, one) !== undefined),
  );
  if (kind === undefined) return undefined;
  const every = all.flatMap(({ title, cells: ofWeather }) => {
    const series = ofWeather.map(({ cell, detector }, i) => ({ cell, name: detector, style: seriesStyle(i) }));
    return chunked(
      series.filter(({ cell }) => detectionCurve(cell, kind) !== undefined),
      title,
    );
  });
  const facets = every.filter(({ series }) => series.length > 0).slice(0, MOST_PANELS);
  const drawn = facets.flatMap(({ title, series }) =>
    series.map(({ cell, name }) => ({ cell, name, title, curve: detectionCurve(cell, kind)! })),
  );
  const positive = drawn.flatMap(({ curve }) => curve.steps.map(({ at }) => at)).filter((at) => at > 0);
  const bounds = logBounds(positive);
  const atOnce = drawn.some(({ curve }) => curve.steps.some(({ at, events }) => at === 0 && events > 0));
  const missed = drawn.some(({ curve }) => curve.missed > 0);
  const size = panelSize(facets.length);
  const befell = kind === "crash" ? "went down" : "stood still";
  return {
    id: detectionTime.id,
    number: detectionTime.number,
    title: kind === "crash" ? detectionTime.title : "Time until a pause is taken for a crash",
    question: detectionTime.question,
    answer: answerOf(drawn, kind),
    caption:
      `${counted(
        drawn.reduce((sum, { curve }) => sum + curve.pairs, 0),
        "pair",
      )} of an observer and a node that ${befell}, of ${repetitions(drawn.map(({ cell }) => cell))}, pooled within each configuration; Kaplan and Meier's estimate. ` +
      (kind === "pause" ? "Nothing crashed: these are nodes that stood still, from when they began to. " : "") +
      (atOnce ? "What is found out at once (0 ms) stands at the left edge. " : "") +
      (every.length > facets.length ? `The first ${facets.length} of ${every.length} panels. ` : "") +
      "Equal axes in all panels.",
    description:
      `Rising steps of the share of observers that suspect a node which ${befell}, by milliseconds since then. ` +
      drawn.map((one) => `${labelOf(one)}: ${inWords(one.curve)}`).join("; ") +
      ".",
    axes: { x: "time since it happened (ms)", y: "observers that found out (%)" },
    legend: [
      ...legendOf(
        facets.flatMap(({ series }) => series),
        "line",
      ),
      ...(missed ? [MISSED] : []),
    ],
    panels: facets.map((facet) =>
      chartPanel(facet.title, size, {
        type: "line",
        x: {
          title: `time since it ${befell} (ms, log scale)`,
          scale: "logarithmic",
          ...bounds,
          unit: "ms",
          name: "after (ms)",
        },
        y: { title: "observers that found out (%)", scale: "linear", min: 0, max: 100, unit: "%", name: "found out" },
        datasets: [...datasetsOf(facet, kind, bounds), ...(missed ? [missedKey()] : [])],
      }),
    ),
    table: {
      columns: ["configuration", "pairs", "not while watched", "p10 (ms)", "p50 (ms)", "p90 (ms)", "p99 (ms)"],
      rows: drawn.map((one) => [
        ...[labelOf(one), one.curve.pairs, one.curve.missed],
        ...[0.1, 0.5, 0.9, 0.99].map((p) => {
          const { value } = survivalQuantile(one.curve.steps, p);
          return value === null ? null : trimmed(value);
        }),
      ]),
    },
  };
}

/** As the cell is called everywhere else, so that tables can be laid side by side. */
function labelOf({ cell }: { readonly cell: ChartCell }): string {
  return cell.label;
}

function datasetsOf(
  { series }: Facet,
  kind: Kind,
  bounds: { readonly min: number; readonly max: number },
): { readonly [key: string]: Plain }[] {
  return series.flatMap(({ cell, name, style }) => {
    const { steps } = detectionCurve(cell, kind)!;
    const x = (at: number): number => trimmed(Math.max(bounds.min, at));
    const kept = thinned(steps.filter(({ events }) => events > 0));
    const points: Point[] = [
      { x: kept.length === 0 ? bounds.min : x(kept[0].at), y: 0 },
      ...kept.map(({ at, survival }) => ({ x: x(at), y: trimmed(100 * (1 - survival)) })),
    ];
    const last = steps.at(-1)!;
    if (last.at > (kept.at(-1)?.at ?? 0)) points.push({ x: x(last.at), y: trimmed(100 * (1 - last.survival)) });
    const left = thinned(steps.filter(({ censored }) => censored > 0)).map(({ at, survival }) => ({
      x: x(at),
      y: trimmed(100 * (1 - survival)),
    }));
    return [
      line(name, style, points, { pointRadius: 0, stepped: true }),
      ...(left.length === 0
        ? []
        : [
            line(name, style, left, {
              label: `${name}, ${MISSED.series}`,
              showLine: false,
              pointStyle: "crossRot",
              pointRadius: 4,
              borderDash: [],
              clip: false,
            }),
          ]),
    ];
  });
}

/** Empty, so that a picture of its own names the crosses. */
function missedKey(): { readonly [key: string]: Plain } {
  return line(MISSED.series, { colour: MISSED.colour, dash: [], marker: "crossRot" }, [], { showLine: false });
}

function thinned<T>(all: readonly T[]): readonly T[] {
  if (all.length <= MOST_STEPS) return all;
  const every = all.length / MOST_STEPS;
  const kept = Array.from({ length: MOST_STEPS }, (_, i) => all[Math.floor(i * every)]);
  return [...kept.slice(0, -1), all.at(-1)!];
}

function inWords({ steps, pairs, missed }: DetectionCurve): string {
  const say = (p: number): string => {
    const { value, observed } = survivalQuantile(steps, p);
    return value === null ? `not within ${plain(trimmed(observed))} ms` : `within ${plain(trimmed(value))} ms`;
  };
  const never = missed === 0 ? "" : `; ${count(missed)} of ${count(pairs)} not while they watched`;
  return `half ${say(0.5)}, 99 of 100 ${say(0.99)}${never}`;
}

interface Named {
  readonly cell: ChartCell;
  readonly curve: DetectionCurve;
}

function answerOf(drawn: readonly Named[], kind: Kind): string {
  const slowness = ({ curve }: Named): number => survivalQuantile(curve.steps, 0.5).value ?? Infinity;
  // Who suspects everybody has found out each crash before it happens; who suspected that node already (0 ms), this one.
  const useful = drawn.filter(
    (one) => slowness(one) > 0 && (one.cell.summary.metrics["fd_query_accuracy"]?.value ?? 1) >= 0.99,
  );
  const candidates = useful.length > 0 ? useful : drawn;
  const sorted = [...candidates].sort((a, b) => slowness(a) - slowness(b));
  const [first, last] = [sorted[0], sorted.at(-1)!];
  const what = kind === "crash" ? "crash" : "pause";
  if (first === last) return `A ${what} was found out at ${labelOf(first)}: ${inWords(first.curve)}.`;
  const missing = drawn.filter(({ curve }) => curve.missed > 0);
  const left =
    missing.length === 0
      ? ""
      : ` At ${counted(missing.length, "configuration")} some observers had not found out when they could watch no longer: most at ${labelOf(worstOf(missing))} (${percent(missedShare(worstOf(missing)))}).`;
  return `By the median, a ${what} was found out soonest at ${labelOf(first)} (${inWords(first.curve)}) and latest at ${labelOf(last)} (${inWords(last.curve)}).${left}`;
}

function missedShare({ curve }: Named): number {
  return curve.missed / curve.pairs;
}

function worstOf(all: readonly Named[]): Named {
  return all.reduce((worst, one) => (missedShare(one) > missedShare(worst) ? one : worst));
}

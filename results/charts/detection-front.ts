/**
 * Chart 31, the front: how soon a crash is found out against how often a running node is taken for dead. No detector has both
 * (Chandra and Toueg 1996); each is a curve, along which its threshold moves it, and this is where curves can be compared
 * at all (Hayashibara and others 2004 draw theirs so). Points of one detector are joined in order of their detection time.
 */
import { survivalQuantile } from "../statistics/kaplan-meier";
import { type ChartCell, MOST_PANELS, repetitions, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import {
  detectionCurve,
  knowsDetection,
  mistakeRateOf,
  restOf,
  sweptAxis,
  weathers,
  type DetectorCell,
  type Rate,
} from "./detection-cells";
import { chartPanel, logBounds, panelSize } from "./frame";
import { counted, plain, trimmed } from "./numbers";
import { seriesStyle } from "./theme";

export const detectionFront: ChartDefinition = {
  id: "detection-front",
  number: 31,
  title: "Detection time against mistakes",
  question: "What does quick detection cost in mistakes?",
  prose:
    "One mark a configuration. To the left: crashes are found out soon (median over observers). To the bottom: running nodes are seldom taken for dead. The best place is the lower left corner, and nobody is there: a detector that waits less is wrong more often. The thin line joins the settings of one detector. A triangle that points down had no mistake and stands at the upper end of what could have gone unseen; one that points right found out fewer than half of the crashes, so its time is a lower bound.",
  absence: "No configuration has both a crash that somebody could notice and time to make mistakes in.",
  concerns: knowsDetection,
  draw,
};

const NONE_SEEN: LegendEntry = { series: "no mistake seen: at most", colour: "$muted", dash: [], mark: "triangle" };

interface Mark {
  readonly one: DetectorCell;
  /** Of one detector, whatever its settings. */
  readonly kind: string;
  readonly ms: number;
  readonly atLeast: boolean;
  readonly rate: Rate;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const known = weathers(input);
  const swept = sweptAxis(known.flatMap(({ cells }) => cells));
  const all = known
    .map(({ title, cells }) => ({ title, marks: cells.flatMap((one) => markOf(one, swept)) }))
    .filter(({ marks }) => marks.length > 0);
  const marks = all.flatMap((weather) => weather.marks);
  if (marks.length === 0) return undefined;
  const shown = all.slice(0, MOST_PANELS);
  const kinds = [...new Set(marks.map(({ kind }) => kind))];
  const x = logBounds(marks.map(({ ms }) => ms));
  const y = logBounds(marks.flatMap(({ rate }) => [rate.lo, rate.hi]));
  const atOnce = marks.some(({ ms }) => ms < x.min);
  const none = marks.some(({ rate }) => rate.bound);
  const size = panelSize(shown.length);
  return {
    id: detectionFront.id,
    number: detectionFront.number,
    title: detectionFront.title,
    question: detectionFront.question,
    answer: answerOf(marks),
    caption:
      `${counted(marks.length, "configuration")} of ${repetitions(marks.map(({ one }) => one.cell))}. All repetitions of one taken together; detection time: median over pairs; bars: 95 % intervals of the counts of mistakes. ` +
      (none ? "Triangles that point down: no mistake seen, drawn at the upper end of the interval. " : "") +
      (atOnce ? "Who finds out at once (0 ms) stands at the left edge. " : "") +
      (all.length > shown.length ? `The first ${shown.length} of ${all.length} panels. ` : "") +
      "Equal axes in all panels.",
    description:
      "Scatter of median detection time in milliseconds against mistakes per second and pair, both on log scales. " +
      marks.map((mark) => `${mark.one.cell.label}: ${inWords(mark)}`).join("; ") +
      ".",
    axes: { x: "detection time (ms)", y: "mistake rate (1/s)" },
    legend: [...kinds.map((kind, i) => ({ series: kind, ...legendStyle(i) })), ...(none ? [NONE_SEEN] : [])],
    panels: shown.map(({ title, marks: own }) =>
      chartPanel(title, size, {
        type: "scatter",
        interaction: "point",
        x: {
          title: "detection time, median (ms, log)",
          scale: "logarithmic",
          ...x,
          unit: "ms",
          name: "detection (ms)",
        },
        y: { title: "mistake rate (1/s, log)", scale: "logarithmic", ...y, unit: "/s", name: "mistake rate" },
        datasets: kinds.flatMap((kind, i) =>
          datasetsOf(
            kind,
            seriesStyle(i),
            own.filter((mark) => mark.kind === kind),
            x.min,
          ),
        ),
      }),
    ),
    table: {
      columns: ["configuration", "detection, median (ms)", "at least", "mistakes", "rate (1/s)", "lo", "hi"],
      rows: marks.map(({ one, ms, atLeast, rate }) => [
        ...[one.cell.label, trimmed(ms), atLeast ? "yes" : "", rate.mistakes],
        ...[rate.bound ? 0 : trimmed(rate.value), rate.bound ? 0 : trimmed(rate.lo), trimmed(rate.hi)],
      ]),
    },
  };
}

function legendStyle(index: number): Omit<LegendEntry, "series"> {
  const { colour, marker } = seriesStyle(index);
  return { colour, dash: [], mark: marker };
}

function markOf(one: DetectorCell, swept: string | undefined): Mark[] {
  const curve = detectionCurve(one.cell, "crash");
  const rate = mistakeRateOf(one.cell);
  if (curve === undefined || rate === undefined) return [];
  const { value, observed } = survivalQuantile(curve.steps, 0.5);
  const named = one.kind === "" ? undefined : `${one.kind}${one.cell.invalid ? " (invalid)" : ""}`;
  const kind = named ?? (swept === undefined ? one.detector : restOf(one, swept));
  return [{ one, kind, ms: value ?? observed, atLeast: value === null, rate }];
}

function datasetsOf(
  kind: string,
  { colour, marker }: ReturnType<typeof seriesStyle>,
  marks: readonly Mark[],
  leftEdge: number,
): { readonly [key: string]: Plain }[] {
  const sorted = [...marks].sort((a, b) => a.ms - b.ms || b.rate.value - a.rate.value);
  const x = (ms: number): number => trimmed(Math.max(leftEdge, ms));
  const quiet = { type: "line", label: "", series: kind, borderColor: colour, pointRadius: 0, pointHitRadius: 0 };
  const datasets: { readonly [key: string]: Plain }[] = [
    ...(sorted.length < 2
      ? []
      : [
          {
            ...quiet,
            data: sorted.map(({ ms, rate }) => ({ x: x(ms), y: trimmed(rate.value) })),
            borderWidth: 1,
            borderDash: [3, 3],
            order: 3,
          },
        ]),
    ...sorted.flatMap((mark): { readonly [key: string]: Plain }[] => [
      {
        type: "line",
        label: kind,
        series: kind,
        labels: [`${mark.one.detector}: ${inWords(mark)}`],
        data: [{ x: x(mark.ms), y: trimmed(mark.rate.value) }],
        showLine: false,
        clip: 12,
        pointStyle: mark.rate.bound || mark.atLeast ? "triangle" : marker,
        pointRotation: mark.atLeast ? 90 : mark.rate.bound ? 180 : 0,
        pointRadius: 5.5,
        pointHoverRadius: 8,
        borderWidth: 1.75,
        borderColor: colour,
        backgroundColor: mark.rate.bound || mark.atLeast ? "transparent" : `${colour}/60`,
        order: 1,
      },
      ...(mark.rate.bound || mark.rate.hi <= mark.rate.lo
        ? []
        : [
            {
              ...quiet,
              data: [mark.rate.lo, mark.rate.hi].map((value) => ({ x: x(mark.ms), y: trimmed(value) })),
              borderWidth: 1.1,
              order: 2,
            },
          ]),
    ]),
  ];
  return datasets;
}

function inWords({ ms, atLeast, rate }: Mark): string {
  const mistakes = rate.bound ? `no mistake seen (at most ${plain(rate.hi)} /s)` : `${plain(rate.value)} mistakes /s`;
  return `${atLeast ? "at least " : ""}${plain(trimmed(ms))} ms, ${mistakes}`;
}

/**
 * Whoever suspects everybody all the time has found out each crash before it happens. One whose opinions are wrong more than
 * one time in a hundred is no candidate for the soonest; nor is one of which half had suspected the node already when it
 * crashed (0 ms), say because it had stood still just before.
 */
function isUseful({ summary }: ChartCell): boolean {
  return (summary.metrics["fd_query_accuracy"]?.value ?? 1) >= 0.99;
}

function answerOf(marks: readonly Mark[]): string {
  const say = (mark: Mark): string => `${mark.one.cell.label} (${inWords(mark)})`;
  // One that is told the truth is the limit and no candidate.
  const real = marks.filter(
    ({ kind, atLeast, one, ms }) => kind !== "perfect" && !atLeast && ms > 0 && isUseful(one.cell),
  );
  const sorted = (real.length > 0 ? real : marks.filter(({ atLeast }) => !atLeast)).sort((a, b) => a.ms - b.ms);
  if (sorted.length === 0) return `No configuration found out half of the crashes: ${say(marks[0])}.`;
  const quiet = sorted.filter(({ rate }) => rate.bound);
  const first = `Crashes were found out soonest at ${say(sorted[0])}`;
  if (marks.length === 1) return `${first}.`;
  if (quiet.length === 0) {
    const least = sorted.reduce((best, mark) => (mark.rate.value < best.rate.value ? mark : best));
    return `${first}; fewest mistakes at ${say(least)}.`;
  }
  return quiet[0] === sorted[0]
    ? `${first}, which also made no mistake that was seen.`
    : `${first}; the quickest without a mistake was ${say(quiet[0])}.`;
}

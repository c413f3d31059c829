/**
 * Chart 32, suspicion over time: how much one node doubts one other, in its detector's own unit, with the level at which it
 * suspects and, in the lanes above, what was really so. The sawtooth of a detector that is well is as instructive as the climb
 * after a crash: it says how much room is left between the usual doubt and the threshold. One pair of one repetition; an
 * average of sawtooths is a flat line that nobody ever saw.
 */
import type { DetectionFigures } from "../record/figures";
import { MOST_PANELS, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import { knowsDetection, spread } from "./detection-cells";
import type { DrawnFault } from "./fault-lanes";
import { capped, chartPanel, line, panelSize, type Point } from "./frame";
import { endOfRun } from "./healing";
import { counted, plain, trimmed } from "./numbers";

export const suspicionLevel: ChartDefinition = {
  id: "suspicion-level",
  number: 32,
  title: "Suspicion of one node by another",
  question: "How does suspicion grow?",
  prose:
    "The line is how much one node doubts one other, from moment to moment, in units of its detector (phi, or shares of a timeout). It climbs in every silence and falls with every sign of life. Above the dashed line the other is suspected. The upper lane says when that node was really down or stood still, the lower one when it was suspected: a bar below without one above it is a mistake. What climbs beyond the picture is cut off at three times the threshold.",
  absence: "No detector of this run has a level, or nobody looked at one (processes tell opinions only).",
  concerns: (figures) => knowsDetection(figures) && figures.detection?.level !== undefined,
  draw,
};

const LEVEL: LegendEntry = { series: "level", colour: "$s1", dash: [], mark: "line" };
const THRESHOLD: LegendEntry = { series: "suspects from here on", colour: "$s2", dash: [5, 3], mark: "line" };
const TRUTH: LegendEntry = {
  series: "really down, standing still or cut off",
  colour: "$s4",
  dash: [],
  mark: "fault-0",
};
const SUSPECTED: LegendEntry = { series: "suspected", colour: "$s6", dash: [], mark: "fault-1" };
/** Beyond so many thresholds the line is cut. */
const HIGHEST = 3;

interface Followed {
  readonly cell: ChartCell;
  readonly detection: DetectionFigures;
  readonly level: NonNullable<DetectionFigures["level"]>;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const all = input.cells.flatMap((cell): Followed[] => {
    for (const { detection } of cell.figures)
      if (detection?.level !== undefined && detection.level.t.some((at) => at >= 0))
        return [{ cell, detection, level: detection.level }];
    return [];
  });
  if (all.length === 0) return undefined;
  const shown = spread(all, MOST_PANELS);
  const cells = shown.map(({ cell }) => cell);
  const end = endOfRun(cells);
  const size = panelSize(shown.length);
  const units = new Set(shown.map(({ level }) => `${level.unit} ${level.threshold}`));
  const same = units.size === 1;
  const top = same ? Math.max(...shown.map((one) => topOf(one))) : undefined;
  return {
    id: suspicionLevel.id,
    number: suspicionLevel.number,
    title: suspicionLevel.title,
    question: suspicionLevel.question,
    answer: answerOf(shown),
    caption:
      `The first of ${repetitions(cells)}, ${counted(shown.length, "configuration")}${all.length > shown.length ? ` of ${all.length}` : ""}: ${pairInWords(shown[0])}${shown.some((one) => pairInWords(one) !== pairInWords(shown[0])) ? " (or as the panel says)" : ""}. ` +
      `Sampled; where samples are too many to draw, the lowest and highest of each stretch are kept. ${same ? "Equal axes in all panels." : "Each panel has its detector's own unit."}`,
    description:
      "Lines of one node's level of suspicion over the seconds of the run. " +
      shown.map((one) => `${one.cell.label}: ${inWords(one)}`).join("; ") +
      ".",
    axes: { x: "time (s)", y: "suspicion (the detector's own unit)" },
    legend: [LEVEL, THRESHOLD, TRUTH, SUSPECTED],
    panels: shown.map((one) =>
      chartPanel(one.cell.label, size, {
        type: "line",
        x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
        y: {
          // The table has the unit in full.
          title: one.level.threshold === 1 ? "suspicion (1: suspected)" : `suspicion (${one.level.unit})`,
          scale: "linear",
          ...{ min: 0, max: top ?? topOf(one), unit: one.level.unit, name: "suspicion" },
        },
        datasets: datasetsOf(one, end, top ?? topOf(one)),
        faults: lanesOf(one, end),
      }),
    ),
    table: {
      columns: ["configuration", "observer", "subject", "unit", "threshold", "median", "highest", "times suspected"],
      rows: shown.map((one) => {
        const { level, detection } = one;
        const sorted = [...level.level].sort((a, b) => a - b);
        return [
          ...[one.cell.label, detection.nodes[level.observer], detection.nodes[level.subject], level.unit],
          ...[
            trimmed(level.threshold),
            trimmed(sorted[sorted.length >> 1]),
            trimmed(sorted.at(-1)!),
            pairOf(one).length,
          ],
        ];
      }),
    },
  };
}

function topOf({ level }: Followed): number {
  const { threshold } = level;
  const highest = Math.max(...level.level.map((value) => Math.min(value, HIGHEST * threshold)));
  return trimmed(Math.max(1.15 * threshold, 1.05 * highest));
}

function datasetsOf({ level }: Followed, end: number, top: number): { readonly [key: string]: Plain }[] {
  const points: Point[] = level.t.flatMap((at, i) =>
    at >= 0 && at <= end ? [{ x: trimmed(at), y: trimmed(Math.min(level.level[i], top)) }] : [],
  );
  return [
    line(LEVEL.series, { colour: LEVEL.colour, dash: [], marker: "circle" }, [], {
      data: withGaps(capped(points, 400)),
      spanGaps: false,
      pointRadius: 0,
      borderWidth: 1.1,
      clip: 0,
    }),
    line(
      THRESHOLD.series,
      { colour: THRESHOLD.colour, dash: THRESHOLD.dash, marker: "line" },
      [
        { x: 0, y: trimmed(level.threshold) },
        { x: end, y: trimmed(level.threshold) },
      ],
      { pointRadius: 0, borderWidth: 1.25 },
    ),
  ];
}

/** Nobody looked for long, or the observer itself was not there to say: no line over that. */
function withGaps(points: readonly Point[]): Plain[] {
  const steps = points
    .slice(1)
    .map(({ x }, i) => x - points[i].x)
    .sort((a, b) => a - b);
  const longest = Math.max(MOST_STEPS_APART * (steps[steps.length >> 1] ?? 0), 0.3);
  return points.flatMap(({ x, y }, i) =>
    i > 0 && x - points[i - 1].x > longest
      ? [
          { x, y: null },
          { x, y },
        ]
      : [{ x, y }],
  );
}

const MOST_STEPS_APART = 8;

/** Truth above, opinion below it. */
function lanesOf(one: Followed, end: number): readonly DrawnFault[] {
  const { detection, level } = one;
  const bar = (lane: number, fromS: number, toS: number | null, colour: string, shaded: boolean): DrawnFault => ({
    ...{ lane, name: "", from: Math.max(0, fromS), to: Math.min(end, toS ?? end), pattern: lane },
    ...{ stroke: colour, fill: `${colour}/35`, shade: shaded ? `${colour}/10` : "transparent" },
  });
  const within = ({ fromS, toS }: { readonly fromS: number; readonly toS: number | null }): boolean =>
    fromS <= end && (toS === null || toS > 0);
  return [
    ...detection.truth
      .filter(({ node }) => node === level.subject)
      .filter(within)
      .slice(0, MOST_BARS)
      .map(({ fromS, toS }) => bar(0, fromS, toS, TRUTH.colour, true)),
    ...pairOf(one)
      .filter(within)
      .slice(0, MOST_BARS)
      .map(({ fromS, toS }) => bar(1, fromS, toS, SUSPECTED.colour, false)),
  ];
}

/** Of one lane: more would be a grey band. */
const MOST_BARS = 40;

function pairOf({ detection, level }: Followed): DetectionFigures["suspicions"] {
  return detection.suspicions.filter(
    ({ observer, subject }) => observer === level.observer && subject === level.subject,
  );
}

function pairInWords({ detection, level }: Followed): string {
  return `what ${detection.nodes[level.observer]} thinks of ${detection.nodes[level.subject]}`;
}

function inWords(one: Followed): string {
  const highest = Math.max(...one.level.level);
  return `up to ${plain(trimmed(highest))} ${one.level.unit}, suspected ${counted(pairOf(one).length, "time")}, from ${plain(trimmed(one.level.threshold))} on`;
}

function answerOf(shown: readonly Followed[]): string {
  // How near the usual doubt comes to the threshold: the median says little of a sawtooth, its 95th percentile much.
  const usual = ({ level, detection }: Followed): number => {
    const gone = detection.truth.filter(({ node }) => node === level.subject || node === level.observer);
    const well = level.level.filter((_, i) =>
      gone.every(({ fromS, toS }) => level.t[i] < fromS || (toS !== null && level.t[i] > toS)),
    );
    const sorted = well.sort((a, b) => a - b);
    return sorted.length === 0 ? 0 : sorted[Math.floor(0.95 * (sorted.length - 1))] / level.threshold;
  };
  const sorted = [...shown].sort((a, b) => usual(b) - usual(a));
  const [near] = sorted;
  return `Of ${counted(shown.length, "configuration")}, suspicion of a node that was well came nearest to the threshold at ${near.cell.label}: one moment in twenty it was above ${plain(trimmed(100 * usual(near)))} % of it; ${near.detection.nodes[near.level.subject]} was suspected ${counted(pairOf(near).length, "time")} by ${near.detection.nodes[near.level.observer]}.`;
}

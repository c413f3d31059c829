/**
 * The prediction that lies over a chart of measured consistency: for each configuration whose trials kept the one-way
 * delays of their messages, what the WARS model of Bailis and others makes of these delays. A thin dashed line in the
 * colour of the measured one, a group of its own in the legend, and a sentence for the caption that says what it was made
 * from, what it takes for granted, and how far off it is: a curve that merely looks close convinces nobody.
 */
import {
  areComplete,
  distanceFromBins,
  predictFromLegs,
  type Distance,
  type VisibilityCurve,
} from "../predictions/from-legs";
import type { LegDelays, TrialFigures } from "../record/figures";
import type { ChartCell } from "./cells";
import type { LegendEntry, Plain } from "./chart";
import { line, type Point } from "./frame";
import { count, plain } from "./numbers";

/** What WARS says about a cell, and how far that is from what was seen. */
export interface Overlay {
  readonly cell: ChartCell;
  readonly curve: VisibilityCurve;
  readonly distance: Distance | undefined;
  /** How the delays were taken. */
  readonly how: string;
}

/** A configuration's, of all repetitions together: its 95 % interval is at most ± 0.5 points. */
const PREDICTION_TRIALS = 50_000;
/** Above so many configurations the caption names the best and the worst prediction only. */
const NAMED_DISTANCES = 4;
const GROUP = "predicted";
const DASH = [3, 3];
const WIDTH = 1.25;

/** A report asks for the same prediction several times. */
const known = new WeakMap<
  TrialFigures,
  { readonly legs: readonly LegDelays[]; readonly name: string; readonly curve: VisibilityCurve }
>();

function curveFrom(
  cell: ChartCell,
  legs: readonly LegDelays[],
  quorums: { n: number; r: number; w: number },
): VisibilityCurve {
  const seed = cell.summary.id;
  const name = JSON.stringify([seed, quorums]);
  const before = known.get(cell.figures[0]);
  if (before?.name === name && before.legs.length === legs.length && legs.every((leg, i) => leg === before.legs[i]))
    return before.curve;
  const curve = predictFromLegs(legs, { ...quorums, trials: PREDICTION_TRIALS, seed });
  known.set(cell.figures[0], { legs, name, curve });
  return curve;
}

/**
 * Undefined where the experiment does not want it, N, R or W is not known, a repetition kept no delays, or zones are apart: pooled delays would let every
 * replica be near for the one message and far for the next, and the model would be blamed for it.
 */
export function overlayOf(cell: ChartCell, bins: TrialFigures["tVisibility"]): Overlay | undefined {
  const { n, r, w } = cell;
  const legs = cell.figures.flatMap((figures) => figures.legs ?? []);
  if (!cell.predicted || cell.apart || n === undefined || r === undefined || w === undefined || legs.length === 0)
    return undefined;
  if (legs.length < cell.figures.length || !legs.every(areComplete)) return undefined;
  const curve = curveFrom(cell, legs, { n, r, w });
  return {
    cell,
    curve,
    distance: distanceFromBins(curve, bins),
    how: [...new Set(legs.map(({ how }) => how))].join("; "),
  };
}

export function predictedLine(
  name: string,
  colour: string,
  points: readonly Point[],
): { readonly [key: string]: Plain } {
  return line(name, { colour, dash: DASH, marker: "line" }, points, {
    label: `${name} predicted (WARS)`,
    group: GROUP,
    borderWidth: WIDTH,
    pointRadius: 0,
    clip: 6,
  });
}

/** In the page's legend, and in that of a picture on its own, which has no text around it to say what the lines are. */
export const PREDICTED_LEGEND: LegendEntry = {
  series: "thin dashed: predicted (WARS)",
  colour: "$muted",
  dash: DASH,
  mark: "line",
  group: GROUP,
};

export function predictedKey(): { readonly [key: string]: Plain } {
  return line(PREDICTED_LEGEND.series, { ...PREDICTED_LEGEND, marker: "line" }, [], {
    borderWidth: WIDTH,
    group: GROUP,
  });
}

/**
 * What the prediction was made from, what it takes for granted, how far off it is and how far chance alone would be. Each
 * overlay with the name that its line has on the chart.
 */
export function predictionInWords(overlays: readonly (readonly [name: string, overlay: Overlay])[]): string {
  const hows = [...new Set(overlays.map(([, { how }]) => how))].join("; ");
  const drawn = overlays.flatMap(([, { curve }]) => (curve.trials > 0 ? [curve] : []));
  if (drawn.length === 0 && overlays.every(([, { distance }]) => (distance?.rms ?? 0) === 0))
    return "The WARS model predicts 100 % everywhere, because all these quorums overlap.";
  const doubt = Math.max(0, ...drawn.flatMap(({ p, lo, hi }) => p.map((_, i) => (hi[i] - lo[i]) / 2)));
  const known = overlays.flatMap(([name, { distance }]) => (distance === undefined ? [] : [{ name, ...distance }]));
  known.sort((a, b) => b.rms - a.rms);
  const named = known.length <= NAMED_DISTANCES ? known : [known[0], known[known.length - 1]];
  const off = named
    .map(({ name, rms, byChance }) => `${inPoints(rms)} at ${name} (by chance alone ${inPoints(byChance)})`)
    .join(known.length <= NAMED_DISTANCES ? ", " : " to ");
  return (
    `Thin dashed: what the WARS model predicts from the same run's delays (${hows}), for one write and one read, no repair, no faults, ` +
    "replicas alike and independent, and the way between client and coordinator left out" +
    (drawn.length === 0
      ? ""
      : `; ${count(drawn[0].trials)} trials a configuration, ± ${inPoints(doubt)} points at most`) +
    "." +
    (off === "" ? "" : ` Root mean square error of the prediction over the measured bins, in points: ${off}.`)
  );
}

/** A share in percentage points. */
function inPoints(share: number): string {
  return plain(100 * share);
}

/**
 * Chart 11, t-visibility: how probable is it that a read returns the latest acknowledged write, by how long ago that
 * write was acknowledged (Bailis and others, "Probabilistically bounded staleness", VLDB 2012). "Eventually" becomes a
 * number of milliseconds. Bins with few reads swing between 0 and 100 % by chance alone, so the band is the Wilson
 * interval of each bin and bins under ten reads are left out and counted.
 *
 * Where a trial kept the one-way delays of its messages, the same paper's model says what the curve should be, and its
 * prediction is laid over: a dashed line beside the measured one. What lies between them is what the model leaves out.
 */
import { predictedInBin } from "../predictions/from-legs";
import type { TrialFigures } from "../record/figures";
import { wilson } from "../statistics/wilson";
import { facets, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { band, chartPanel, legendOf, line, logBounds, panelSize, type Point } from "./frame";
import { count, counted, percent, plain, trimmed } from "./numbers";
import {
  overlayOf,
  predictedKey,
  predictedLine,
  PREDICTED_LEGEND,
  predictionInWords,
  type Overlay,
} from "./prediction-overlay";

export const tVisibility: ChartDefinition = {
  id: "t-visibility",
  number: 11,
  title: "Consistent reads by age of the last write",
  question: "How eventual is eventual?",
  prose:
    "Each point takes the reads that began a certain time after the latest write to their key had been acknowledged, and shows how many of them returned it. A configuration whose quorums overlap should stand at 100 % everywhere; one that trades consistency for speed climbs towards 100 % as replicas catch up. A thin dashed line is what the WARS model of Bailis and others predicts from the delays of the same run's messages; below it, something other than delays makes reads stale, above it, something (read repair, a second write) makes them fresh.",
  absence:
    "No read followed an acknowledged write of its key closely enough to be put in a bin, so visibility over time is unknown.",
  draw,
};

export const FEWEST_READS = 10;
type Bins = TrialFigures["tVisibility"];

export interface VisibilityOfCell {
  readonly bins: Bins;
  readonly points: readonly Point[];
  readonly low: readonly Point[];
  readonly high: readonly Point[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  readonly reads: number;
  readonly left: number;
  /** Undefined where nothing was kept to predict from. */
  readonly overlay: Overlay | undefined;
  readonly predicted: readonly Point[];
  /** The first point is of the bin that begins at the acknowledgement itself. */
  readonly fromStart: boolean;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = facets(input)
    .map((facet) => ({
      facet,
      curves: facet.series.map(({ cell }) => visibilityOf(cell)),
    }))
    .filter(({ curves }) => curves.some((curve) => curve.points.length > 0));
  if (drawn.length === 0) return undefined;
  const curves = drawn.flatMap((one) => one.curves);
  const xs = curves.flatMap((curve) => curve.points.map((point) => point.x));
  // The bands of small bins reach far down: the axis shows all lines and most bands, and a band may leave it.
  const lows = curves.flatMap((curve) => curve.low.map((point) => point.y)).sort((a, b) => a - b);
  // Named as in the legend; panels share one, so there it takes the whole name.
  const overlays = drawn.flatMap(({ facet, curves: of }) =>
    facet.series.flatMap(({ name, cell }, i) => {
      const { overlay } = of[i];
      return overlay === undefined ? [] : [[drawn.length === 1 ? name : cell.label, overlay] as const];
    }),
  );
  const lowest = Math.min(
    lows[Math.floor(lows.length / 4)],
    ...curves.flatMap((curve) => curve.points.map((point) => point.y)),
    ...curves.flatMap((curve) => curve.predicted.map((point) => point.y)),
  );
  const bottom = lowest > 90 ? Math.floor(lowest - 1) : Math.max(0, Math.floor((lowest - 8) / 10) * 10);
  const bounds = logBounds(xs);
  const size = panelSize(drawn.length);
  const cells = drawn.flatMap(({ facet }) => facet.series.map(({ cell }) => cell));
  const left = curves.reduce((sum, curve) => sum + curve.left, 0);
  return {
    id: tVisibility.id,
    number: tVisibility.number,
    title: tVisibility.title,
    question: tVisibility.question,
    answer: answerOf(drawn.flatMap((one) => one.facet.series.map(({ cell }, i) => ({ cell, curve: one.curves[i] })))),
    caption:
      `${counted(
        curves.reduce((sum, curve) => sum + curve.reads, 0),
        "read",
      )} of ${repetitions(cells)}, pooled by bin; shaded: 95 % Wilson interval of each bin` +
      `${left > 0 ? `; ${counted(left, "bin")} with fewer than ${FEWEST_READS} reads left out` : ""}.` +
      (bottom > 0 ? ` The vertical axis begins at ${bottom} %.` : "") +
      (overlays.length > 0 ? ` ${predictionInWords(overlays)}` : "") +
      (overlays.length > 0 && cells.some(({ apart }) => apart)
        ? " None is made where zones are apart, because their replicas are not alike."
        : ""),
    description:
      "Lines of the share of reads that returned the latest acknowledged write, by milliseconds since its acknowledgement. " +
      drawn
        .map(({ facet, curves: of }) => facet.series.map(({ cell }, i) => describe(cell, of[i])).join("; "))
        .join("; ") +
      "." +
      (overlays.length > 0 ? " Dashed lines of the share that the WARS model predicts, one for each." : ""),
    axes: { x: "time since the write was acknowledged (ms)", y: "consistent reads (%)" },
    legend: [
      ...legendOf(drawn.flatMap(({ facet }) => facet.series)),
      ...(overlays.length > 0 ? [PREDICTED_LEGEND] : []),
    ],
    panels: drawn.map(({ facet, curves: of }) =>
      chartPanel(facet.title, size, {
        type: "line",
        x: {
          title: "time since the write was acknowledged (ms, log scale)",
          scale: "logarithmic",
          ...bounds,
          unit: "ms",
          name: "ms since the write",
        },
        y: { title: "reads that return it (%)", scale: "linear", min: bottom, max: 100, unit: "%", name: "consistent" },
        datasets: [
          ...facet.series.flatMap(({ name, style }, i): { readonly [key: string]: Plain }[] => {
            const curve = of[i];
            if (curve.points.length === 0) return [];
            return [
              line(name, style, curve.points, { clip: 6 }),
              ...band(name, style, curve.low, curve.high),
              ...(curve.overlay === undefined ? [] : [predictedLine(name, style.colour, curve.predicted)]),
            ];
          }),
          ...(of.some(({ overlay }) => overlay !== undefined) ? [predictedKey()] : []),
        ],
      }),
    ),
    table: {
      columns: [
        ...["configuration", "from (ms)", "to (ms)", "reads", "consistent", "share (%)", "lo (%)", "hi (%)"],
        ...(overlays.length > 0 ? ["predicted (%)"] : []),
      ],
      rows: curves.flatMap((curve) => (overlays.length > 0 ? curve.rows : curve.rows.map((row) => row.slice(0, -1)))),
    },
  };
}

/** What one configuration is drawn as, all its repetitions together. */
export function visibilityOf(cell: ChartCell): VisibilityOfCell {
  const bins = pooled(cell.figures.map(({ tVisibility: one }) => one));
  const overlay = overlayOf(cell, bins);
  const points: Point[] = [];
  const low: Point[] = [];
  const high: Point[] = [];
  const rows: (string | number | null)[][] = [];
  const predicted: Point[] = [];
  let reads = 0;
  let left = 0;
  let fromStart = false;
  for (const [i, from] of bins.fromMs.entries()) {
    const [to, read, consistent] = [bins.toMs[i], bins.reads[i], bins.consistent[i]];
    reads += read;
    if (read === 0) continue;
    const { lo, hi } = wilson(consistent, read);
    const share = consistent / read;
    const inBin =
      overlay === undefined
        ? null
        : trimmed(100 * predictedInBin(overlay.curve, { fromMs: from, toMs: to, meanMs: bins.meanMs?.[i] }));
    rows.push([
      cell.label,
      trimmed(from),
      Number.isFinite(to) ? trimmed(to) : null,
      read,
      consistent,
      trimmed(share * 100),
      trimmed(lo * 100),
      trimmed(hi * 100),
      inBin,
    ]);
    if (read < FEWEST_READS) {
      left += 1;
      continue;
    }
    // The middle of a bin on a log axis; the first has no lower end, the last no upper.
    const x = trimmed(from <= 0 ? to / 2 : Number.isFinite(to) ? Math.sqrt(from * to) : from * 1.5);
    if (x <= 0) continue;
    points.push({ x, y: trimmed(share * 100) });
    low.push({ x, y: trimmed(lo * 100) });
    high.push({ x, y: trimmed(hi * 100) });
    if (points.length === 1) fromStart = from === 0;
    if (inBin !== null) predicted.push({ x, y: inBin });
  }
  return { bins, points, low, high, rows, reads, left, overlay, predicted, fromStart };
}

/** The bins of all repetitions, added up, in order. */
function pooled(all: readonly Bins[]): Bins {
  const sums = new Map<string, { from: number; to: number; reads: number; consistent: number; age: number }>();
  for (const bins of all) {
    bins.fromMs.forEach((from, i) => {
      const to = bins.toMs[i];
      const key = `${from}/${to}`;
      const sum = sums.get(key) ?? { from, to, reads: 0, consistent: 0, age: 0 };
      sum.reads += bins.reads[i];
      sum.consistent += bins.consistent[i];
      sum.age += bins.reads[i] * (bins.meanMs?.[i] ?? NaN);
      sums.set(key, sum);
    });
  }
  const sorted = [...sums.values()].sort((a, b) => a.from - b.from);
  return {
    fromMs: sorted.map(({ from }) => from),
    toMs: sorted.map(({ to }) => to),
    reads: sorted.map(({ reads }) => reads),
    consistent: sorted.map(({ consistent }) => consistent),
    ...(all.every(({ meanMs }) => meanMs !== undefined)
      ? { meanMs: sorted.map(({ age, reads }) => (reads === 0 ? 0 : age / reads)) }
      : {}),
  };
}

function answerOf(all: readonly { cell: ChartCell; curve: VisibilityOfCell }[]): string {
  const known = all.filter(({ curve }) => curve.points.length > 0);
  known.sort((a, b) => a.curve.points[0].y - b.curve.points[0].y);
  const { cell, curve } = known[0];
  const first = curve.points[0];
  const interval = `[${plain(curve.low[0].y)}, ${plain(curve.high[0].y)}]`;
  const earliest = curve.fromStart
    ? "Right after an acknowledgement"
    : `About ${plain(first.x)} ms after an acknowledgement (the earliest age with enough reads)`;
  const start =
    `${earliest} the least consistent configuration, ${cell.label}, ` +
    `returned that write to ${percent(first.y / 100)} ${interval} of reads`;
  const settled = curve.points.find(
    (point, i) => i > 0 && curve.points.slice(i).every((later) => later.y >= 99.9) && point.y >= 99.9,
  );
  if (known.every((one) => one.curve.points.every((point) => point.y === 100)))
    return `At every age with enough reads, every read returned the latest acknowledged write; the earliest such age at ${cell.label} is about ${plain(first.x)} ms, where the 95 % interval is ${interval} %.`;
  if (first.y >= 99.9) return `${start}: few were visibly behind.`;
  return settled === undefined
    ? `${start}; it did not come to stay above 99.9 % within the ages seen here.`
    : `${start}; from about ${plain(settled.x)} ms on it stayed at 99.9 % or above.`;
}

function describe(cell: ChartCell, curve: VisibilityOfCell): string {
  const first = curve.points[0];
  const last = curve.points.at(-1);
  if (first === undefined || last === undefined) return `${cell.label}: no bin with enough reads`;
  return `${cell.label}: ${plain(first.y)} % at ${plain(first.x)} ms, ${plain(last.y)} % at ${plain(last.x)} ms, ${count(curve.reads)} reads`;
}

/**
 * Chart 27, how far from one register: for every value written, how much the history would have to bend for the key to have been a single
 * register. Γ stretches every operation, Δ moves the beginnings of reads back (`measures/zones.ts`); both are what clients can tell of
 * a store without probing it. Beside them, where the world knows it, stands the truth: how long each write was not everywhere yet. What
 * clients tell is usually far less: a replica that is behind harms nobody who does not ask it.
 */
import type { DelayQuantiles, TrialFigures } from "../record/figures";
import { panelCells, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { chartPanel, legendOf, line, logBounds, panelSize, type Point } from "./frame";
import { counted, listed, metricInWords, percent, plain, trimmed } from "./numbers";

export const oneCopy: ChartDefinition = {
  id: "one-copy",
  number: 27,
  title: "Γ, Δ and the true window",
  question: "How far was the history from that of one copy?",
  prose:
    "For each value, three times. Γ: by how much all operations would have to be stretched, half at each end, for its key to have behaved like one copy. Δ: by how much the beginnings of reads would have to be moved back. True window (simulation only): from when the client was told until the last primary had the write. A line shows the share of values for which the time was no longer than on the axis below; where it begins on the left is the share with none at all. Γ and Δ may be positive although quorums overlap: an ordinary quorum read that runs beside a write may return the new value and the next one the old.",
  absence:
    "No value was written or read in the measured phase in a way that a register could have, so there is no distance to measure.",
  concerns: ({ zones }) => zones !== undefined,
  draw,
};

const LINES = [
  { name: "Γ", style: { colour: "$s2", dash: [], marker: "line" } },
  { name: "Δ", style: { colour: "$s1", dash: [7, 3], marker: "line" } },
  { name: "true window", style: { colour: "$s3", dash: [2, 2], marker: "line" } },
] as const;

/** Values by time: so many of `total` are 0, the rest as the curves say; what they lack took longer than anybody saw. */
interface Distribution {
  readonly total: number;
  readonly none: number;
  readonly curves: readonly DelayQuantiles[];
}

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const drawn = shown
    .map((cell) => ({ cell, lines: linesOf(cell) }))
    .filter(({ lines }) => lines.some((one) => one !== undefined));
  if (drawn.length === 0) return undefined;
  const xs = drawn.flatMap(({ lines }) => lines.flatMap((one) => one?.curves.flatMap(({ ms }) => ms) ?? []));
  const bounds = logBounds(xs);
  const curves = drawn.map(({ cell, lines }) => ({
    cell,
    lines,
    points: lines.map((one) => (one === undefined ? undefined : pointsOf(one, bounds))),
  }));
  const lowest = Math.min(...curves.flatMap(({ points }) => points.flatMap((one) => one?.map(({ y }) => y) ?? [])));
  const bottom = lowest > 90 ? Math.floor(lowest - 1) : Math.max(0, Math.floor((lowest - 5) / 10) * 10);
  const cells = drawn.map(({ cell }) => cell);
  const size = panelSize(drawn.length);
  const present = LINES.filter((_, i) => drawn.some(({ lines }) => lines[i] !== undefined));
  return {
    id: oneCopy.id,
    number: oneCopy.number,
    title: oneCopy.title,
    question: oneCopy.question,
    answer: answerOf(cells),
    caption:
      `${counted(
        sum(cells, ({ zones }) => zones?.values ?? 0),
        "value",
      )} of ${repetitions(cells)}, pooled within each configuration. ${leftOut(cells)}` +
      (bottom > 0 ? `The vertical axis begins at ${bottom} %. ` : "") +
      `Equal axes in all panels.${note}`,
    description:
      "Rising lines of the share of values whose Γ, Δ and true window are no longer than so many milliseconds. " +
      curves
        .map(
          ({ cell, points }) =>
            `${cell.label}: ${LINES.flatMap(({ name }, i) => (points[i] === undefined ? [] : [`${name} from ${plain(points[i][0].y)} %`])).join(", ")}`,
        )
        .join("; ") +
      ".",
    axes: { x: "time (ms)", y: "values (%)" },
    legend: legendOf(present, "line"),
    panels: curves.map(({ cell, points }) =>
      chartPanel(drawn.length === 1 ? "" : cell.label, size, {
        type: "line",
        x: { title: "no longer than (ms, log scale)", scale: "logarithmic", ...bounds, unit: "ms", name: "ms" },
        y: { title: "values (%)", scale: "linear", min: bottom, max: 100, unit: "%", name: "values" },
        datasets: LINES.flatMap(({ name, style }, i): { readonly [key: string]: Plain }[] =>
          points[i] === undefined ? [] : [line(name, style, points[i], { pointRadius: 0, stepped: true })],
        ),
      }),
    ),
    table: {
      columns: ["configuration", "of", "no longer than (ms)", "values (%)"],
      rows: curves.flatMap(({ cell, points }) =>
        LINES.flatMap(({ name }, i) => (points[i] ?? []).map(({ x, y }) => [cell.label, name, x, y])),
      ),
    },
  };
}

function linesOf(cell: ChartCell): (Distribution | undefined)[] {
  const zones = cell.figures.flatMap(({ zones: one }) => one ?? []);
  const windows = cell.figures.flatMap(({ trueWindow }) => trueWindow ?? []);
  const scores = (of: "gamma" | "delta"): Distribution | undefined =>
    zones.length === 0
      ? undefined
      : {
          total: zones.reduce((all, { values }) => all + values, 0),
          none: zones.reduce((all, one) => all + one.values - one[of].positive, 0),
          curves: zones.map((one) => one[of].positiveMs),
        };
  return [
    scores("gamma"),
    scores("delta"),
    windows.length === 0
      ? undefined
      : {
          total: windows.reduce((all, { writes }) => all + writes, 0),
          none: windows.reduce((all, { none }) => all + none, 0),
          curves: windows.map(({ ms }) => ms),
        },
  ];
}

/** Points of a line; more make no difference to the eye. */
const POINTS = 36;

function pointsOf({ total, none, curves }: Distribution, { min, max }: { min: number; max: number }): Point[] {
  const known = curves.filter(({ count }) => count > 0);
  const times = [...new Set(known.flatMap(({ ms }) => ms))].sort((a, b) => a - b);
  const step = Math.max(1, Math.ceil(times.length / POINTS));
  const kept = times.filter((_, i) => i % step === step - 1 || i === times.length - 1);
  const share = (ms: number): number =>
    (none + known.reduce((all, { count, at, ms: each }) => all + count * reached(each, at, ms), 0)) / total;
  const point = (x: number): Point => ({ x: trimmed(x), y: trimmed(100 * share(x)) });
  return [
    { x: min, y: trimmed((100 * none) / total) },
    ...kept.filter((x) => x > min && x < max).map(point),
    point(max),
  ];
}

/** The share of a distribution at or below `limit`. */
function reached(ms: readonly number[], at: readonly number[], limit: number): number {
  let low = 0;
  let high = ms.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ms[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : at[low - 1];
}

function sum(cells: readonly ChartCell[], of: (figures: TrialFigures) => number): number {
  return cells.reduce((all, { figures }) => all + figures.reduce((some, one) => some + of(one), 0), 0);
}

/** What the numbers lack. */
function leftOut(cells: readonly ChartCell[]): string {
  const reads = sum(cells, ({ zones }) => zones?.readsLeftOut ?? 0);
  const cut = sum(cells, ({ zones }) => zones?.valuesCut ?? 0);
  const values = sum(cells, ({ zones }) => zones?.valuesLeftOut ?? 0);
  const open = sum(cells, ({ trueWindow }) => trueWindow?.open ?? 0);
  const writes = sum(cells, ({ trueWindow }) => trueWindow?.writes ?? 0);
  const parts = [
    ...(reads === 0
      ? []
      : [
          `${counted(reads, "read")} of several versions, or of none beside a delete, left out: Γ and Δ are lower bounds`,
        ]),
    ...(cut === 0 ? [] : [`${counted(cut, "value")} judged without others forgotten by then`]),
    ...(values === 0 ? [] : [`${counted(values, "value")} not followed for want of room`]),
    ...(open === 0
      ? []
      : [`of ${percent(open / writes)} of writes the true window had not ended with the run, or was not followed`]),
  ];
  return parts.length === 0 ? "" : `${capital(listed(parts))}. `;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function answerOf(cells: readonly ChartCell[]): string {
  const known = cells
    .map((cell) => ({ cell, metric: cell.summary.metrics["gamma_positive"] }))
    .filter(({ metric }) => metric !== undefined && metric.value !== null)
    .sort((a, b) => b.metric.value! - a.metric.value!);
  if (known.length === 0) {
    const [values, positive] = [
      sum(cells, (one) => one.zones?.values ?? 0),
      sum(cells, (one) => one.zones?.gamma.positive ?? 0),
    ];
    return `Of ${counted(values, "value")}, ${plain(positive)} stood against another of their key.`;
  }
  const { cell, metric } = known[0];
  const { gamma_max_ms: most, true_window_p99_ms: window } = cell.summary.metrics;
  if (metric.value === 0)
    return `At every configuration all values (${plain(sum(cells, ({ zones }) => zones?.values ?? 0))} in all) were in order, as one copy would have them.`;
  return (
    `Furthest at ${cell.label}: ${metricInWords(metric)} of values stood against another of their key, and operations would have to be stretched by ${metricInWords(most)} to hide the worst` +
    (window === undefined || window.value === null
      ? "."
      : `; 99 % of writes were at every primary after ${metricInWords(window)}.`)
  );
}

/**
 * The distance between the worlds, percentile by percentile: latency measured on real processes over latency simulated, one line
 * a configuration that both worlds have. At 1 the two agree; a line that leaves 1 only at the right means that the
 * simulation has the body right and the tail wrong, which one number for the whole curve would hide. It stands outside the
 * list of charts because it is the one picture that is about two worlds at once.
 */
import {
  DISTANCE_PERCENTILES,
  worldDistances,
  type CellDistance,
  type DistanceRow,
  type NormalisedError,
} from "../statistics/distance";
import type { IntervalKind } from "../statistics/summarise";
import { inWorld } from "../statistics/worlds";
import { chartInput, facets, repetitions, type ChartCell, type ChartInput, type Facet } from "./cells";
import type { ChartDefinition, ChartFigure, Plain } from "./chart";
import { band, chartPanel, legendOf, line, logBounds, panelSize, type Point } from "./frame";
import { counted, percent, plain, signedWithUnit, trimmed } from "./numbers";

export const worldDistance: ChartDefinition = {
  id: "distance",
  number: 0,
  title: "Latency on processes over latency simulated",
  question: "How far apart are the two worlds?",
  prose:
    "Each line takes one configuration that ran in both worlds, and divides its latency on real processes by its latency in the simulation, at each percentile. At 1 the worlds agree; at 1.2 the processes took a fifth longer. Left: the fast operations; right: the slow ones. The band is what repetitions, or with few of them the operations within each run, leave open. N-RMSE sums a curve up: the root mean squared difference of its percentiles over their range on processes.",
  absence:
    "No configuration left latencies in both worlds, so their distance is unknown: list world: [processes, simulation] in the experiment and let both finish.",
  draw,
};

const KINDS = [
  { quantity: "read", title: "reads" },
  { quantity: "write", title: "writes" },
] as const;

/** How far beyond the lines the picture follows their bands, as a factor. */
const MOST_BAND = 1.5;

/** How the bands came about, for captions and headings. */
export const DISTANCE_INTERVAL: Readonly<Record<IntervalKind, string>> = {
  "over-repetitions": "95 % interval over pairs of repetitions (Hodges-Lehmann, signed-rank)",
  envelope: "envelope of the intervals within the runs, fewer than six pairs: not an interval over repetitions",
  "within-run": "interval within the one run of each world: not how other runs would differ",
};

function draw(input: ChartInput): ChartFigure | undefined {
  const distances = worldDistances(input.run);
  const byCell = new Map(distances.map((one) => [one.processes, one]));
  const real = chartInput(inWorld(input.run, "processes"));
  const cells = real.cells.filter(({ summary }) => byCell.has(summary.id));
  const parts = KINDS.flatMap(({ quantity, title }) =>
    facets({ run: real.run, cells }).flatMap((facet) => {
      const curves = facet.series.map(({ cell }) => curveOf(byCell.get(cell.summary.id)!, quantity));
      return curves.some((curve) => curve.length > 0) ? [{ title, facet, curves }] : [];
    }),
  );
  if (parts.length === 0) return undefined;
  const rows = parts.flatMap(({ curves }) => curves.flat());
  const kinds = [...new Set(rows.map(({ interval }) => interval))];
  const middle = rows.flatMap(({ ratio }) => (ratio === null ? [] : [ratio.value]));
  const [least, most] = [Math.min(...middle), Math.max(...middle)];
  // Bands may leave the picture, lines may not.
  const bands = rows.flatMap(({ ratio }) => [ratio?.lo ?? 1, ratio?.hi ?? 1]);
  const seen = bands.map((bound) => Math.max(least / MOST_BAND, Math.min(most * MOST_BAND, bound)));
  const bounds = logBounds([...middle, ...seen, 0.9, 1.1]);
  const size = panelSize(parts.length);
  const last = Math.max(...rows.map(({ percentile }) => onAxis(percentile!)));
  return {
    id: worldDistance.id,
    number: worldDistance.number,
    title: worldDistance.title,
    question: worldDistance.question,
    answer: distanceInWords(distances, labels(cells)),
    caption:
      `Measured on processes over simulated, response time of successful operations at ${DISTANCE_PERCENTILES.join(", ")} % where enough operations lie beyond; ` +
      `${counted(distances.length, "configuration")} of ${repetitions(cells)} on processes, paired by repetition. Shaded: ${kinds.map((kind) => DISTANCE_INTERVAL[kind]).join("; ")}. ` +
      "The rule at 1 is where the worlds agree.",
    description:
      "Lines of the ratio of latency on processes to latency simulated, by percentile. " +
      parts.map(({ title, facet, curves }) => describe(title, facet, curves)).join("; ") +
      ".",
    axes: { x: "percentile of operations", y: "processes / simulation (ratio)" },
    legend: legendOf(parts.flatMap(({ facet }) => facet.series)),
    panels: parts.map(({ title, facet, curves }) =>
      chartPanel(facet.title === "" ? title : `${title}, ${facet.title}`, size, {
        type: "line",
        x: {
          title: "operations at least this fast (percentile)",
          scale: "percentile",
          min: 1,
          max: last * 1.3,
          unit: "%",
          name: "percentile",
        },
        y: {
          title: "processes / simulation (log)",
          scale: "logarithmic",
          ...bounds,
          unit: "times the simulated",
          name: "ratio",
        },
        datasets: [
          {
            type: "line",
            label: "",
            series: "",
            data: [
              { x: 1, y: 1 },
              { x: last * 1.3, y: 1 },
            ],
            borderColor: "$ink",
            borderWidth: 1.25,
            pointRadius: 0,
            pointHitRadius: 0,
            order: 2,
          },
          ...facet.series.flatMap(({ name, style }, i): { readonly [key: string]: Plain }[] => {
            const points = curves[i].flatMap((row) => pointOf(row, row.ratio?.value));
            if (points.length === 0) return [];
            // Where nothing bounds a point there is no band: one of no width would look like certainty.
            const bounded = curves[i].filter(({ ratio }) => (ratio?.lo ?? 0) > 0 && (ratio?.hi ?? 0) > 0);
            const low = bounded.flatMap((row) => pointOf(row, row.ratio!.lo));
            const high = bounded.flatMap((row) => pointOf(row, row.ratio!.hi));
            return [line(name, style, points), ...(bounded.length < 2 ? [] : band(name, style, low, high))];
          }),
        ],
      }),
    ),
    table: {
      columns: [
        ...["configuration", "operation", "percentile (%)", "processes (ms)", "simulation (ms)"],
        ...["difference (ms)", "lo", "hi", "ratio", "lo", "hi", "pairs", "interval"],
      ],
      rows: parts.flatMap(({ title, facet, curves }) =>
        facet.series.flatMap(({ cell }, i) =>
          curves[i].map(({ percentile, processes, simulation, difference, ratio, n, interval }) => [
            ...[cell.label, title, percentile, trimmed(processes), trimmed(simulation)],
            ...[difference.value, difference.lo, difference.hi].map(orNull),
            ...[ratio?.value ?? null, ratio?.lo ?? null, ratio?.hi ?? null].map(orNull),
            ...[n, INTERVAL_IN_BRIEF[interval]],
          ]),
        ),
      ),
    },
  };
}

const INTERVAL_IN_BRIEF: Readonly<Record<IntervalKind, string>> = {
  "over-repetitions": "95 % over repetitions",
  envelope: "envelope within runs",
  "within-run": "within one run",
};

function labels(cells: readonly ChartCell[]): ReadonlyMap<string, string> {
  return new Map(cells.map((cell) => [cell.summary.id, cell.label]));
}

function curveOf(distance: CellDistance, quantity: string): readonly DistanceRow[] {
  return distance.rows.filter((row) => row.quantity === quantity && row.percentile !== null);
}

function onAxis(percentile: number): number {
  return Number((1 / (1 - percentile / 100)).toPrecision(5));
}

function pointOf(row: DistanceRow, value: number | null | undefined): Point[] {
  return value === null || value === undefined || value <= 0 ? [] : [{ x: onAxis(row.percentile!), y: trimmed(value) }];
}

function orNull(value: number | null): number | null {
  return value === null ? null : trimmed(value);
}

/** One sentence that answers; `names` by the id of the cell on processes. */
export function distanceInWords(distances: readonly CellDistance[], names: ReadonlyMap<string, string>): string {
  const name = ({ processes }: CellDistance): string => names.get(processes) ?? processes;
  const at = (percentile: number): { readonly of: CellDistance; readonly row: DistanceRow }[] =>
    distances
      .flatMap((of) => {
        const row = of.rows.find((one) => one.quantity === "read" && one.percentile === percentile);
        return row === undefined || row.ratio === null ? [] : [{ of, row }];
      })
      .sort((a, b) => a.row.ratio!.value - b.row.ratio!.value);
  const [medians, tails] = [at(50), at(99)];
  if (medians.length === 0)
    return `${counted(distances.length, "configuration")} ran in both worlds, but no read latency can be set against another.`;
  const range = (rows: ReturnType<typeof at>): string => {
    const [first, last] = [rows[0], rows.at(-1)!];
    return first === last || times(first.row) === times(last.row)
      ? `${times(first.row)}${first === last ? interval(first.row) : ""} times`
      : `${times(first.row)} (${name(first.of)}) to ${times(last.row)} (${name(last.of)}) times`;
  };
  const errors = distances
    .flatMap((of) => of.nrmse.map((error) => ({ of, error })))
    .sort((a, b) => b.error.value - a.error.value);
  const stale = distances
    .flatMap((of) => {
      const row = of.rows.find(({ quantity }) => quantity === "p_stale");
      return row === undefined ? [] : [{ of, row }];
    })
    .sort((a, b) => Math.abs(b.row.difference.value) - Math.abs(a.row.difference.value))[0];
  return (
    `The median read took ${range(medians)} as long on processes as simulated` +
    `${tails.length === 0 ? "" : `, and the 99th percentile ${range(tails)}`}` +
    `${errors.length === 0 ? "" : `; over the whole curve the distance is at most ${errorInWords(errors[0].error)} of its range (N-RMSE, ${errors[0].error.kind}s at ${name(errors[0].of)})`}` +
    `${stale === undefined ? "" : `. ${staleInWords(stale.row, name(stale.of))}`}.` +
    ` ${INTERVAL_SENTENCE[medians[0].row.interval]}`
  );
}

const INTERVAL_SENTENCE: Readonly<Record<IntervalKind, string>> = {
  "over-repetitions": "Intervals are over pairs of repetitions.",
  envelope:
    "There are fewer than six pairs of repetitions, so what is in brackets is the envelope of the runs' own intervals.",
  "within-run": "Each world ran once, so nothing here says how another run would differ.",
};

function staleInWords({ difference }: DistanceRow, where: string): string {
  if (difference.value === 0) return "Shares of stale reads are equal";
  const points = signedWithUnit(Math.abs(difference.value), "ratio").slice(1);
  return `Shares of stale reads differ by at most ${points} (${where}, where there were ${difference.value > 0 ? "more" : "fewer"} on processes)`;
}

function times({ ratio }: DistanceRow): string {
  return plain(ratio!.value);
}

function interval({ ratio }: DistanceRow): string {
  return ratio!.lo === null || ratio!.hi === null ? "" : ` [${plain(ratio!.lo)}, ${plain(ratio!.hi)}]`;
}

export function errorInWords({ value, lo, hi }: NormalisedError): string {
  const bare = (share: number): string => percent(share).replace(/\u00a0%$/, "");
  return `${percent(value)}${lo === null || hi === null ? "" : ` [${bare(lo)}, ${bare(hi)}]`}`;
}

function describe(title: string, facet: Facet, curves: readonly (readonly DistanceRow[])[]): string {
  return `${title}: ${facet.series
    .map(({ name }, i) => {
      const ratios = curves[i].flatMap(({ ratio }) => (ratio === null ? [] : [ratio.value]));
      return ratios.length === 0
        ? `${name} without a ratio`
        : `${name} between ${plain(Math.min(...ratios))} and ${plain(Math.max(...ratios))}`;
    })
    .join(", ")}`;
}

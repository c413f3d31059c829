/**
 * Chart 5, the percentile spectrum: every percentile of latency on one line, with an axis that gives each further nine
 * the same room. A mean hides the tail and two percentiles hide its shape; the curve shows where it bends (Gil Tene's
 * HdrHistogram plots). Lines end where fewer than ten samples remain above, since beyond that single operations draw
 * the curve. Over repetitions the median of each percentile is drawn: percentiles are never averaged over time.
 */
import type { LatencySpectrum } from "../record/figures";
import { facets, medianOf, type ChartCell, type ChartInput, type Facet } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Plain } from "./chart";
import { chartPanel, legendOf, line, logBounds, panelSize, type Point } from "./frame";
import { counted, median, metricInWords, trimmed } from "./numbers";

export const percentileSpectrum: ChartDefinition = {
  id: "percentile-spectrum",
  number: 5,
  title: "Latency at every percentile",
  question: "How bad is the tail?",
  prose:
    "Read it from left to right: half of all operations were faster than the line at 50 %, 99 of 100 faster than the line at 99 %. Each step to the right looks at operations ten times rarer. Response time counts from the instant the schedule wanted the operation sent, so waiting behind a slow one is included; service time, thin and pale, counts from the actual send. Where the two part, operations waited before they were sent. Buttons above the picture show one or both.",
  absence: "No latencies were recorded, so there are no percentiles to draw.",
  draw,
};

interface Curve {
  readonly points: readonly Point[];
  readonly percentiles: readonly number[];
  readonly samples: number;
}

const RESPONSE = {
  series: "thick: response time",
  colour: "$muted",
  dash: [],
  mark: "line",
  group: "response",
} as const satisfies LegendEntry;
const SERVICE = {
  series: "thin: service time",
  colour: "$muted",
  dash: [],
  mark: "thin",
  group: "service",
} as const satisfies LegendEntry;
const KINDS = [
  { title: "reads", kinds: ["read"] },
  { title: "writes", kinds: ["write", "update", "insert"] },
  { title: "read-modify-writes", kinds: ["rmw"] },
  { title: "multi-gets", kinds: ["multi-get"] },
  { title: "listings", kinds: ["list"] },
  { title: "scans", kinds: ["scan"] },
];

function draw(input: ChartInput): ChartFigure | undefined {
  const parts = facets(input);
  const drawn: { title: string; facet: Facet; curves: (Curve | undefined)[]; service: (Curve | undefined)[] }[] = [];
  const rows: (string | number)[][] = [];
  for (const { title, kinds } of KINDS) {
    for (const facet of parts) {
      const curves = facet.series.map(({ cell }) => curveOf(cell, kinds, "response"));
      if (curves.every((curve) => curve === undefined)) continue;
      const service = facet.series.map(({ cell }, i) => {
        const curve = curveOf(cell, kinds, "service");
        return curve !== undefined && curves[i] !== undefined && differs(curve, curves[i]) ? curve : undefined;
      });
      drawn.push({ title: facet.title === "" ? title : `${title}, ${facet.title}`, facet, curves, service });
      facet.series.forEach(({ cell }, i) => {
        const curve = curves[i];
        curve?.points.forEach((point, k) =>
          rows.push([cell.label, title, "response", curve.percentiles[k], trimmed(point.y), curve.samples]),
        );
        const other = service[i];
        other?.points.forEach((point, k) =>
          rows.push([cell.label, title, "service", other.percentiles[k], trimmed(point.y), other.samples]),
        );
      });
    }
  }
  if (drawn.length === 0) return undefined;
  const all = drawn.flatMap(({ curves, service }) => [...curves, ...service]).filter((curve) => curve !== undefined);
  // Service times are of the same operations.
  const operations = sum(drawn.flatMap(({ curves }) => curves.map((curve) => curve?.samples ?? 0)));
  const bounds = logBounds(all.flatMap((curve) => curve.points.map((point) => point.y)));
  const xMax = Math.max(...all.flatMap((curve) => curve.points.map((point) => point.x)));
  const withService = drawn.some(({ service }) => service.some((curve) => curve !== undefined));
  const size = panelSize(drawn.length);
  const cells = parts.flatMap((facet) => facet.series.map(({ cell }) => cell));
  return {
    id: percentileSpectrum.id,
    number: percentileSpectrum.number,
    title: percentileSpectrum.title,
    question: percentileSpectrum.question,
    answer: answerOf(cells),
    caption:
      `One line a configuration, ${medianOf(cells)} at each percentile. ` +
      `${counted(operations, "successful operation")}; lines end where fewer than ten operations remain above. ` +
      (withService
        ? "Thick: response time, from the instant the schedule wanted the operation sent. Thin and pale: service time, from the actual send, where it is more than 5 % away."
        : "Response time, from the instant the schedule wanted the operation sent; service time (from the actual send) is nowhere more than 5 % away and is not drawn again."),
    description: "Lines of latency in milliseconds by percentile, one for each configuration. " + describe(drawn),
    axes: { x: "percentile of operations", y: "latency (ms)" },
    legend: [...legendOf(parts.flatMap((facet) => facet.series)), ...(withService ? [RESPONSE, SERVICE] : [])],
    panels: drawn.map(({ title, facet, curves, service }) => {
      const datasets: { readonly [key: string]: Plain }[] = [];
      facet.series.forEach(({ name, style }, i) => {
        const curve = curves[i];
        if (curve !== undefined) datasets.push(line(name, style, curve.points, { group: RESPONSE.group }));
        const other = service[i];
        if (other !== undefined)
          datasets.push(
            line(name, style, other.points, {
              group: SERVICE.group,
              label: `${name} (service)`,
              borderWidth: 0.75,
              borderColor: `${style.colour}/60`,
              pointRadius: 0,
            }),
          );
      });
      // A picture on its own has no text around it that tells the two kinds of line apart.
      if (service.some((curve) => curve !== undefined))
        datasets.push(
          line(SERVICE.series, { colour: "$muted", dash: [], marker: "line" }, [], {
            borderWidth: 0.75,
            group: SERVICE.group,
          }),
        );
      return chartPanel(title, size, {
        type: "line",
        x: {
          title: "operations at least this fast (percentile)",
          scale: "percentile",
          min: 1,
          max: xMax,
          unit: "%",
          name: "percentile",
        },
        y: { title: "latency (ms, log scale)", scale: "logarithmic", ...bounds, unit: "ms", name: "latency" },
        datasets,
      });
    }),
    table: {
      columns: ["configuration", "operation", "counted from", "percentile (%)", "latency (ms)", "operations"],
      rows,
    },
  };
}

/** Median over repetitions of each percentile that every repetition reached; the first of `kinds` that was recorded. */
function curveOf(cell: ChartCell, kinds: readonly string[], basis: LatencySpectrum["basis"]): Curve | undefined {
  for (const kind of kinds) {
    const spectra = cell.figures
      .map((figures) => figures.spectra.find((spectrum) => spectrum.kind === kind && spectrum.basis === basis))
      .filter(
        (spectrum) => spectrum !== undefined && spectrum.count > 0 && spectrum.ms.length > 0,
      ) as LatencySpectrum[];
    if (spectra.length === 0) continue;
    const points: Point[] = [];
    const percentiles: number[] = [];
    for (const p of spectra[0].percentiles) {
      if (p >= 100) continue;
      const values = spectra.map((spectrum) => spectrum.ms[spectrum.percentiles.indexOf(p)]);
      if (values.some((value) => value === undefined || !Number.isFinite(value))) continue;
      const y = median(values)!;
      if (y <= 0) continue;
      points.push({ x: Number((1 / (1 - p / 100)).toPrecision(5)), y: trimmed(y) });
      percentiles.push(p);
    }
    if (points.length > 0) return { points, percentiles, samples: sum(spectra.map((spectrum) => spectrum.count)) };
  }
  return undefined;
}

function differs(a: Curve, b: Curve): boolean {
  return a.points.some((point, i) => {
    const other = b.points[i];
    return other !== undefined && Math.abs(point.y / other.y - 1) > 0.05;
  });
}

function answerOf(cells: readonly ChartCell[]): string {
  const known = cells
    .map((cell) => ({ cell, p99: cell.summary.metrics["read_p99_ms"], p50: cell.summary.metrics["read_p50_ms"] }))
    .filter(({ p99 }) => p99 !== undefined && p99.value !== null);
  if (known.length === 0) {
    // An invalid configuration is drawn, and has no numbers to be told.
    return cells.some((cell) => curveOf(cell, ["read"], "response") !== undefined)
      ? "Of no configuration drawn here the tail of reads may be told: its lines are of trials that the run's own checks call invalid."
      : "No read succeeded, so only the other operations have a tail to show.";
  }
  known.sort((a, b) => a.p99.value! - b.p99.value!);
  const best = known[0];
  const worst = known[known.length - 1];
  const say = ({ cell, p50, p99 }: (typeof known)[number]): string =>
    `${metricInWords(p99)} at ${cell.label}${p50 === undefined || p50.value === null ? "" : ` (half of them within ${metricInWords(p50)})`}`;
  if (best === worst) return `One read in a hundred took longer than ${say(best)}.`;
  return `One read in a hundred took longer than ${say(best)}, the shortest tail, and longer than ${say(worst)}, the longest.`;
}

function describe(drawn: readonly { title: string; facet: Facet; curves: (Curve | undefined)[] }[]): string {
  return (
    drawn
      .map(
        ({ title, facet, curves }) =>
          `${title}: ` +
          facet.series
            .map(({ name }, i) => {
              const last = curves[i]?.points.at(-1);
              return last === undefined ? `${name} without samples` : `${name} up to ${trimmed(last.y)} ms`;
            })
            .join(", "),
      )
      .join("; ") + "."
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

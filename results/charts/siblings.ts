/**
 * Chart 16, siblings: concurrent versions that a read hands back to the application to sort out. A few are the price
 * of never losing a write; a number that grows without end is a sibling explosion, the way Dynamo-style stores have
 * fallen over (Riak's dotted version vectors exist for it). Two views: the number over time, and at the end the share
 * of keys with at least so many versions.
 */
import { facets, panelCells, medianOf, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Panel, Plain } from "./chart";
import { faultLanes } from "./fault-lanes";
import { chartPanel, legendOf, line, panelSize, powerOfTen } from "./frame";
import { count, counted, metricInWords, percent, plain, trimmed } from "./numbers";
import { DRAIN_LEFT_OUT, endOfLoad, hasDrain, overRepetitions, underLoad } from "./over-time";
import type { SeriesStyle } from "./theme";

export const siblings: ChartDefinition = {
  id: "siblings",
  number: 16,
  title: "Siblings",
  question: "Is there a sibling explosion?",
  prose:
    "A sibling is one of several versions of a key that none of the others replaces. Upper panels: how many a read returned, per interval (mean, 99th percentile, maximum). Lower panels, at the end of the run: which share of keys held at least so many versions. A line that keeps climbing over time is an explosion.",
  absence:
    "No read returned a value and no key was counted at the end, or the store keeps one version of a key, so there is nothing to say about siblings.",
  draw,
};

const LINES: readonly { readonly name: string; readonly column: string; readonly style: SeriesStyle }[] = [
  { name: "mean of a read", column: "siblings_mean", style: { colour: "$s3", dash: [], marker: "line" } },
  { name: "p99 of a read", column: "siblings_p99", style: { colour: "$s1", dash: [6, 3], marker: "line" } },
  { name: "maximum of a read", column: "siblings_max", style: { colour: "$s2", dash: [2, 2], marker: "line" } },
];

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const overTime = shown
    .map((cell) => ({
      cell,
      lines: LINES.flatMap((one) => {
        const values = overRepetitions(cell.figures.map(underLoad), one.column);
        return values === undefined ? [] : [{ ...one, values }];
      }),
    }))
    .filter(({ lines }) => lines.length > 0);
  const atEnd = facets(input)
    .map((facet) => ({ facet, tails: facet.series.map(({ cell }) => tailOf(cell)) }))
    .filter(({ tails }) => tails.some((tail) => tail.keys > 0));
  if (overTime.length === 0 && atEnd.length === 0) return undefined;
  const size = panelSize(overTime.length + atEnd.length);
  const top = Math.max(
    2,
    ...overTime.flatMap(({ lines }) => lines.flatMap(({ values }) => values.middle.map((point) => point.y))),
  );
  const end = endOfLoad(shown.flatMap((cell) => cell.figures));
  const faults = faultLanes(
    overTime.map(({ cell }) => cell),
    end,
  );
  const most = Math.max(2, ...atEnd.flatMap(({ tails }) => tails.map((tail) => tail.share.length)));
  const rarest = Math.min(
    1,
    ...atEnd.flatMap(({ tails }) => tails.flatMap((tail) => tail.share.filter((share) => share > 0))),
  );
  const panels: Panel[] = overTime.map(({ cell, lines }) =>
    chartPanel(`over time: ${cell.label}`, size, {
      type: "line",
      x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
      y: {
        title: "returned by a read (versions)",
        scale: "linear",
        min: 0,
        max: Math.ceil(top * 1.05),
        unit: "versions",
        name: "siblings",
      },
      datasets: lines.map(({ name, style, values }): { readonly [key: string]: Plain } =>
        line(name, style, values.middle, { pointRadius: 0, borderWidth: 1.5 }),
      ),
      faults: faults.of([cell]),
    }),
  );
  for (const { facet, tails } of atEnd)
    panels.push(
      chartPanel(`at the end${facet.title === "" ? "" : `: ${facet.title}`}`, size, {
        type: "line",
        x: {
          title: "at least this many (versions)",
          scale: "linear",
          min: 1,
          max: most,
          unit: "versions",
          name: "at least this many versions",
        },
        y: {
          title: "share of keys (%, log scale)",
          scale: "logarithmic",
          min: powerOfTen(rarest * 99, "down"),
          max: 100,
          unit: "% of keys",
          name: "keys",
        },
        datasets: facet.series.flatMap(({ name, style }, i): { readonly [key: string]: Plain }[] => {
          const points = tails[i].share.flatMap((share, k) =>
            share > 0 ? [{ x: k + 1, y: trimmed(share * 100) }] : [],
          );
          return points.length === 0 ? [] : [line(name, style, points, { stepped: false, clip: 6, pointRadius: 3 })];
        }),
      }),
    );
  const cells = [
    ...new Set([
      ...overTime.map(({ cell }) => cell),
      ...atEnd.flatMap(({ facet }) => facet.series.map(({ cell }) => cell)),
    ]),
  ];
  const drain = cells.some((cell) => cell.figures.some(hasDrain)) ? DRAIN_LEFT_OUT : "";
  return {
    id: siblings.id,
    number: siblings.number,
    title: siblings.title,
    question: siblings.question,
    answer: answerOf(cells),
    caption:
      `Over time: ${medianOf(cells)} for each interval. At the end: keys of the same repetitions pooled, ` +
      `${counted(
        atEnd.flatMap(({ tails }) => tails).reduce((sum, tail) => sum + tail.keys, 0),
        "key",
      )}; tombstones are no versions.${drain}${faults.note}${note}`,
    description:
      "Lines of the number of versions a read returned over time, and of the share of keys with at least so many versions at the end. " +
      cells
        .map(
          (cell) =>
            `${cell.label}: mean ${metricInWords(cell.summary.metrics["siblings_mean"])}, most ${metricInWords(cell.summary.metrics["siblings_max"])}`,
        )
        .join("; ") +
      ".",
    axes: { x: "time (s); versions", y: "versions; keys (%)" },
    legend: [
      ...legendOf(
        LINES.filter(({ name }) => overTime.some(({ lines }) => lines.some((one) => one.name === name))),
        "line",
      ),
      // A store that keeps one version of a key has no line.
      ...legendOf(atEnd.flatMap(({ facet, tails }) => facet.series.filter((_, i) => tails[i].keys > 0))),
      ...faults.legend,
    ],
    panels,
    table: {
      columns: ["configuration", "versions", "reads returning so many", "keys with so many at the end"],
      rows: cells.flatMap((cell) => {
        const reads = added(cell.figures.map((figures) => figures.siblingsPerRead));
        const keys = added(cell.figures.map((figures) => figures.siblingsPerKeyAtEnd));
        return Array.from({ length: Math.max(reads.length, keys.length) }, (_, k) => [
          cell.label,
          k,
          reads[k] ?? 0,
          keys[k] ?? 0,
        ]).filter((row) => row[2] !== 0 || row[3] !== 0);
      }),
    },
  };
}

interface Tail {
  readonly keys: number;
  /** Index k: share of keys with at least k + 1 versions. */
  readonly share: readonly number[];
}

function tailOf(cell: ChartCell): Tail {
  const counts = added(cell.figures.map((figures) => figures.siblingsPerKeyAtEnd));
  // Index 0 is keys that are gone (deleted): they have no versions to be among.
  const present = counts.slice(1);
  const keys = present.reduce((sum, n) => sum + n, 0);
  let above = keys;
  const share: number[] = [];
  for (const n of present) {
    if (above > 0) share.push(above / keys);
    above -= n;
  }
  return { keys, share };
}

function added(lists: readonly (readonly number[])[]): number[] {
  const sum: number[] = [];
  for (const list of lists) list.forEach((n, i) => (sum[i] = (sum[i] ?? 0) + n));
  return sum;
}

function answerOf(cells: readonly ChartCell[]): string {
  const tails = cells.map((cell) => ({ cell, tail: tailOf(cell) })).filter(({ tail }) => tail.keys > 0);
  const reads = cells.map((cell) => ({ cell, reads: added(cell.figures.map((figures) => figures.siblingsPerRead)) }));
  const worst = reads
    .map(({ cell, reads: of }) => ({ cell, most: of.reduce((last, n, k) => (n > 0 ? k : last), 0), reads: of }))
    .sort((a, b) => b.most - a.most)[0];
  if (worst === undefined || worst.most === 0)
    return "No read returned a value; at the end keys were counted directly.";
  if (worst.most === 1) return "No read ever returned more than one version.";
  const total = worst.reads.reduce((sum, n) => sum + n, 0);
  const several = worst.reads.slice(2).reduce((sum, n) => sum + n, 0);
  const first = `The most versions one read returned were ${count(worst.most)} (${worst.cell.label}), where ${percent(several / total)} of reads returned more than one`;
  const grown = tails
    .map(({ cell, tail }) => ({ cell, share: tail.share[1] ?? 0, most: tail.share.length }))
    .sort((a, b) => b.share - a.share)[0];
  if (grown === undefined) return `${first}.`;
  return grown.share === 0
    ? `${first}; at the end no key held more than one.`
    : `${first}; at the end ${percent(grown.share)} of keys still held several at ${grown.cell.label}, at most ${plain(grown.most)}.`;
}

/**
 * Chart 17, what the application suffers from a clock: lost updates, false conflicts and their kin, per million of the
 * operations that could have shown them, with Wilson's interval at 95 %. The causal truth is the recorder's (which versions
 * a client had read before it wrote), never the store's. A kind that was not seen is an open mark at 0 with the rate that
 * it may still have: a thousand reads without a false conflict are no proof of fewer than a few thousand in a million.
 */
import {
  ANOMALIES,
  anomalyCounts,
  judgesTheClock,
  MILLION,
  type AnomalyCount,
  type AnomalyWords,
} from "./anomaly-words";
import { repetitions, type ChartCell, type ChartInput } from "./cells";
import { clockFacets } from "./clock-facets";
import type { ChartDefinition, ChartFigure, Panel, Plain } from "./chart";
import { chartPanel, legendOf, panelSize } from "./frame";
import { count, listed, plain, trimmed } from "./numbers";
import { log1p } from "./pooled-bins";
import type { SeriesStyle } from "./theme";

export const anomalies: ChartDefinition = {
  id: "anomalies",
  number: 17,
  title: "Errors of the clock per million operations",
  question: "How often did the clock err?",
  prose:
    "One row a kind of error, one mark a configuration: how many there were in a million of the operations that could have shown it (lost updates in a million acknowledged writes, false conflicts in a million reads). The line through a mark is the 95 % interval. An open mark at 0 was never seen; its line ends at the rate that it may have nevertheless. To the left is better. A missed conflict and a wrong winner are both lost updates too, told apart by what survived.",
  absence:
    "No operation could have shown an error of the clock: nothing was written, or nothing was read after it was written.",
  concerns: judgesTheClock,
  draw,
};

interface Marked {
  readonly cell: ChartCell;
  readonly counts: readonly AnomalyCount[];
}

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = clockFacets(input)
    .map((facet) => ({
      facet,
      marks: facet.series.map(({ cell }): Marked => ({ cell, counts: anomalyCounts([cell]) })),
    }))
    .filter(({ marks }) => marks.some(({ counts }) => counts.some(({ outOf }) => outOf > 0)));
  const all = drawn.flatMap(({ marks }) => marks);
  const rows = ANOMALIES.filter(({ kind }) => all.some((marked) => countOf(marked, kind)?.rate !== undefined));
  if (rows.length === 0) return undefined;
  const known = all.flatMap(({ counts }) => counts).filter(({ rate }) => rate !== undefined);
  const highest = Math.max(...known.map(({ rate }) => rate!.hi));
  const most = Math.max(...drawn.map(({ facet }) => facet.series.length));
  const { width } = panelSize(drawn.length);
  const height = 74 + rows.length * (most * 13 + 12);
  return {
    id: anomalies.id,
    number: anomalies.number,
    title: anomalies.title,
    question: anomalies.question,
    answer: answerOf(all),
    caption:
      `${denominators(rows)}. ` +
      `${repetitions(all.map(({ cell }) => cell))}${all.some(({ cell }) => cell.figures.length > 1) ? " added up" : ""}; lines are 95 % Wilson intervals; open marks at 0 were never seen, and the dotted line ends at the highest rate that this leaves possible. ` +
      undecidedInWords(all),
    description:
      "Marks of the rate of each kind of error of the clock, by configuration. " +
      all
        .map(({ cell, counts }) => `${cell.label}: ${counts.map((one) => `${nameOf(one)} ${inBrief(one)}`).join(", ")}`)
        .join("; ") +
      ".",
    axes: { x: "per million operations that could have shown it", y: "kind of error" },
    legend: legendOf(drawn.flatMap(({ facet }) => facet.series)),
    panels: drawn.map(({ facet, marks }): Panel => ({
      ...chartPanel(
        facet.title,
        { width, height },
        {
          type: "scatter",
          interaction: "point",
          x: {
            title: "errors (per million, log scale)",
            scale: "log1p",
            min: 0,
            max: log1p(Math.min(MILLION, Math.max(10, highest * 1.3))) + 0.1,
            unit: "per million",
            name: "errors per million",
          },
          y: {
            title: "",
            scale: "names",
            labels: rows.map(({ one }) => ROW[one] ?? one),
            min: -0.5,
            max: rows.length - 0.5,
            unit: "",
            name: "kind of error",
            grid: false,
          },
          datasets: [
            ...rules(rows.length, highest),
            ...facet.series.flatMap(({ name, style }, i) =>
              marksOf({
                name,
                style,
                rows: rows.map(({ kind }) => countOf(marks[i], kind)),
                offset: (i - (facet.series.length - 1) / 2) * (0.76 / facet.series.length),
              }),
            ),
          ],
        },
      ),
      leastHeight: height,
    })),
    table: {
      columns: [
        ...["configuration", "kind of error", "count", "out of", "of what", "undecided"],
        ...["per million", "lo", "hi"],
      ],
      rows: all.flatMap(({ cell, counts }) =>
        counts.map((one) => [
          ...[cell.label, one.words.one, one.count, one.outOf, one.words.outOf, one.undecided],
          ...(one.rate === undefined
            ? [null, null, null]
            : [trimmed(one.rate.value), trimmed(one.rate.lo), trimmed(one.rate.hi)]),
        ]),
      ),
    },
  };
}

/** Names that are too long for an axis on a phone. */
const ROW: Readonly<Record<string, string>> = { "deleted value that came back": "back from delete" };

function countOf({ counts }: Marked, kind: string): AnomalyCount | undefined {
  return counts.find(({ words }) => words.kind === kind);
}

interface MarksOptions {
  readonly name: string;
  readonly style: SeriesStyle;
  readonly rows: readonly (AnomalyCount | undefined)[];
  /** From the middle of a row, so that configurations stand below each other. */
  readonly offset: number;
}

/** Lines of the intervals, marks of what was seen, open marks of what was not. */
function marksOf({ name, style, rows, offset }: MarksOptions): { readonly [key: string]: Plain }[] {
  const known = rows.flatMap((one, row) =>
    one?.rate === undefined ? [] : [{ one, rate: one.rate, y: Number((row + offset).toFixed(4)) }],
  );
  const label = ({ one }: (typeof known)[number]): string => `${name}: ${nameOf(one)} ${inBrief(one)}`;
  const marks = (some: typeof known, fill: string): { readonly [key: string]: Plain }[] =>
    some.length === 0
      ? []
      : [
          {
            label: name,
            series: name,
            labels: some.map(label),
            data: some.map(({ rate, y }) => ({ x: log1p(rate.value), y })),
            clip: 12,
            pointStyle: style.marker,
            pointRadius: 5,
            pointHoverRadius: 7,
            borderWidth: 1.75,
            borderColor: style.colour,
            backgroundColor: fill,
            order: 1,
          },
        ];
  const intervals = (
    some: typeof known,
    look: { readonly [key: string]: Plain },
  ): { readonly [key: string]: Plain }[] =>
    some.length === 0
      ? []
      : [
          {
            type: "line",
            label: "",
            series: name,
            // A gap after each interval: one line a configuration, and no line from row to row.
            data: some.flatMap(({ rate, y }) => [
              { x: log1p(rate.lo), y },
              { x: log1p(rate.hi), y },
              { x: null, y: null },
            ]),
            clip: 6,
            borderColor: style.colour,
            pointRadius: 0,
            pointHitRadius: 0,
            order: 2,
            ...look,
          },
        ];
  return [
    ...marks(
      known.filter(({ one }) => one.count > 0),
      style.colour,
    ),
    ...marks(
      known.filter(({ one }) => one.count === 0),
      "$page",
    ),
    ...intervals(
      known.filter(({ one }) => one.count > 0),
      { borderWidth: 1.75 },
    ),
    // Of what was not seen only the bound is known: a faint line, so that it does not look like much.
    ...intervals(
      known.filter(({ one }) => one.count === 0),
      { borderWidth: 1, borderDash: [2, 3] },
    ),
  ];
}

/** Between the rows. */
function rules(rows: number, highest: number): { readonly [key: string]: Plain }[] {
  const end = log1p(Math.min(MILLION, Math.max(10, highest * 1.3))) + 0.1;
  return rows < 2
    ? []
    : [
        {
          type: "line",
          label: "",
          series: "",
          data: Array.from({ length: rows - 1 }, (_, i) => [
            { x: 0, y: i + 0.5 },
            { x: end, y: i + 0.5 },
            { x: null, y: null },
          ]).flat(),
          borderColor: "$grid",
          borderWidth: 1,
          pointRadius: 0,
          pointHitRadius: 0,
          order: 3,
        },
      ];
}

function nameOf({ words, count: n }: AnomalyCount): string {
  return n === 1 ? words.one : words.many;
}

/** `2 400 per million [1 370, 4 190], 12 of 5 000 acknowledged writes`. */
function inBrief({ words, count: n, outOf, rate }: AnomalyCount): string {
  if (rate === undefined) return `could not be shown (no ${words.outOf})`;
  const of = `${count(n)} of ${count(outOf)} ${words.outOf}`;
  return n === 0
    ? `at most ${plain(rate.hi)} per million, ${of}`
    : `${plain(rate.value)} per million [${plain(rate.lo)}, ${plain(rate.hi)}], ${of}`;
}

/** `Lost updates and missed conflicts per million acknowledged writes; false conflicts per million reads`. */
function denominators(rows: readonly AnomalyWords[]): string {
  const text = [...new Set(rows.map(({ outOf }) => outOf))]
    .map((outOf) => `${listed(rows.filter((row) => row.outOf === outOf).map(({ many }) => many))} per million ${outOf}`)
    .join("; ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function undecidedInWords(all: readonly Marked[]): string {
  // The same operation may be undecided in several kinds: of those the largest number is told.
  const open = new Map<string, number>();
  for (const { kind, outOf } of ANOMALIES) {
    const n = all.reduce((sum, marked) => sum + (countOf(marked, kind)?.undecided ?? 0), 0);
    if (n > (open.get(outOf) ?? 0)) open.set(outOf, n);
  }
  return open.size === 0
    ? "Nothing was left undecided."
    : `Left out because the record does not decide them: ${[...open].map(([outOf, n]) => `${count(n)} ${outOf}`).join(", ")}.`;
}

/** The worst configuration of each kind; missed conflicts and wrong winners are lost updates, so the sentence leaves them out. */
const TOLD = ["lost-update", "false-conflict", "resurrected-delete"];

function answerOf(all: readonly Marked[]): string {
  const worst = TOLD.flatMap((kind) => {
    const known = all.flatMap((marked) => {
      const of = countOf(marked, kind);
      return of?.rate === undefined ? [] : [{ cell: marked.cell, of, rate: of.rate }];
    });
    return known.sort((a, b) => b.rate.value - a.rate.value).slice(0, 1);
  });
  const seen = worst.filter(({ of }) => of.count > 0);
  const unseen = worst.filter(({ of }) => of.count === 0);
  const say = ({ cell, of, rate }: (typeof worst)[number]): string =>
    `${of.words.many} ${plain(rate.value)} [${plain(rate.lo)}, ${plain(rate.hi)}] (${cell.label})`;
  const none = unseen.map(({ of }) => of.words.many);
  if (seen.length === 0)
    return `No error of the clock was seen; with 95 % confidence each configuration has at most ${plain(Math.max(0, ...worst.map(({ rate }) => rate.hi)))} in a million of what could have shown it.`;
  return (
    `The highest rates in a million: ${seen.map(say).join("; ")}.` +
    (none.length === 0 ? "" : ` Never seen: ${none.join(", ")}.`)
  );
}

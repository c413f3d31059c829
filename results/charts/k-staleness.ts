/**
 * Chart 12, k-staleness: how many acknowledged writes behind the answer was (Bailis and others, VLDB 2012). A stale
 * read that missed one write and one that missed twenty are different misfortunes. The probability axis is
 * logarithmic because the interesting bars are rare; a bar that is not there is a zero, and the table says so.
 */
import { facets, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure } from "./chart";
import { chartPanel, legendOf, panelSize, powerOfTen } from "./frame";
import { count, counted, percent, trimmed } from "./numbers";

export const kStaleness: ChartDefinition = {
  id: "k-staleness",
  number: 12,
  title: "How many writes behind",
  question: "How old is old?",
  prose:
    "For each read of a written key: how many writes, acknowledged before the read began, were newer than what it returned. 0 is fresh. The axis is logarithmic: from 10 to 1 is as far as from 1 to 0.1, ten times rarer. No bar means it was never seen.",
  absence: "No read of a written key was recorded, so nothing can be said about how far behind reads are.",
  draw,
};

interface Counts {
  readonly cell: ChartCell;
  readonly byLag: readonly number[];
  readonly total: number;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const parts = facets(input).map((facet) => ({ facet, counts: facet.series.map(({ cell }) => countsOf(cell)) }));
  const all = parts.flatMap(({ counts }) => counts);
  if (all.every(({ total }) => total === 0)) return undefined;
  const bins = Math.max(...all.map(({ byLag }) => byLag.length));
  // The last index holds "this or more"; beyond the last lag seen there is nothing to draw.
  const lastSeen = Math.max(1, ...all.map(({ byLag }) => byLag.reduce((last, n, k) => (n > 0 ? k : last), 0)));
  const shown = Math.max(2, Math.min(bins, lastSeen + 1));
  const label = (k: number): string => (k === bins - 1 && bins > 1 ? `${k} or more` : String(k));
  const labels = Array.from({ length: shown }, (_, k) => label(k));
  const smallest = Math.min(
    ...all.flatMap(({ byLag, total }) => byLag.filter((n) => n > 0).map((n) => (n / total) * 100)),
  );
  const size = panelSize(parts.length);
  return {
    id: kStaleness.id,
    number: kStaleness.number,
    title: kStaleness.title,
    question: kStaleness.question,
    answer: answerOf(all),
    caption:
      `${counted(
        all.reduce((sum, { total }) => sum + total, 0),
        "read",
      )} of written keys, ${repetitions(all.map(({ cell }) => cell))} pooled. ` +
      "The vertical axis is logarithmic; no bar means never seen.",
    description:
      "Bars of the share of reads by how many acknowledged writes they were behind. " +
      all
        .map(
          ({ cell, byLag, total }) =>
            `${cell.label}: ${total === 0 ? "no reads" : `${percent(byLag[0] / total)} fresh`}`,
        )
        .join("; ") +
      ".",
    axes: { x: "acknowledged writes behind (versions)", y: "share of reads (%)" },
    legend: legendOf(
      parts.flatMap(({ facet }) => facet.series),
      "bar",
    ),
    panels: parts.map(({ facet, counts }) =>
      chartPanel(facet.title, size, {
        type: "bar",
        labels,
        x: { title: "acknowledged writes behind (versions)", scale: "category", unit: "", name: "writes behind" },
        y: {
          title: "share of reads (%, log scale)",
          scale: "logarithmic",
          // At least three decades: a bar of fresh reads alone should not look like a difference.
          min: Math.min(0.1, powerOfTen(smallest * 0.7, "down")),
          max: 100,
          unit: "% of reads",
          name: "share",
        },
        datasets: facet.series.map(({ name, style }, i) => ({
          label: name,
          series: name,
          data: labels.map((_, k) => {
            const { byLag, total } = counts[i];
            const n = byLag[k] ?? 0;
            return n === 0 ? null : trimmed((n / total) * 100);
          }),
          backgroundColor: `${style.colour}/75`,
          borderColor: style.colour,
          borderWidth: 1,
          categoryPercentage: 0.8,
          barPercentage: 0.95,
        })),
      }),
    ),
    table: {
      columns: ["configuration", "writes behind (versions)", "reads", "share (%)"],
      rows: all.flatMap(({ cell, byLag, total }) =>
        labels.map((name, k) => [
          cell.label,
          name,
          byLag[k] ?? 0,
          total === 0 ? null : trimmed(((byLag[k] ?? 0) / total) * 100),
        ]),
      ),
    },
  };
}

function countsOf(cell: ChartCell): Counts {
  const byLag: number[] = [];
  for (const figures of cell.figures) figures.kStaleness.forEach((n, k) => (byLag[k] = (byLag[k] ?? 0) + n));
  return { cell, byLag, total: byLag.reduce((sum, n) => sum + n, 0) };
}

function answerOf(all: readonly Counts[]): string {
  const behind = all
    .filter(({ total }) => total > 0)
    .map((one) => ({ ...one, share: 1 - one.byLag[0] / one.total }))
    .sort((a, b) => b.share - a.share);
  const worst = behind[0];
  if (worst.share === 0)
    return `None of ${count(all.reduce((sum, { total }) => sum + total, 0))} reads was behind any acknowledged write.`;
  const deepest = worst.byLag.reduce((last, n, k) => (n > 0 ? k : last), 0);
  const one = (worst.byLag[1] ?? 0) / (worst.total - worst.byLag[0]);
  return (
    `At ${worst.cell.label}, the furthest behind, ${percent(worst.share)} of ${count(worst.total)} reads missed at least one acknowledged write; ` +
    `${percent(one)} of those missed exactly one, and the oldest answer was ${deepest} ${deepest === 1 ? "version" : "versions"} behind` +
    `${deepest === worst.byLag.length - 1 ? " or more" : ""}.`
  );
}

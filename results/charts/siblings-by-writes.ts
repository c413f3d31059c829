/**
 * Siblings against the number of writes. Two clients that take turns on one key show what a clock is worth (Preguiça and
 * others, "Dotted version vectors", 2010; Riak's documentation of sibling explosion): with one version vector for all
 * siblings every write that did not know the latest adds one more, and the line climbs for as long as there are writes;
 * with dots the versions that a client had read are recognised one by one, and the line stays where the number of clients
 * puts it. Time does not tell the two apart, the count of writes does.
 */
import { causalityOf, judgesTheClock } from "./anomaly-words";
import { repetitions, type ChartCell, type ChartInput } from "./cells";
import { clockFacets } from "./clock-facets";
import type { ChartDefinition, ChartFigure } from "./chart";
import { chartPanel, legendOf, panelSize } from "./frame";
import { counted, plain, trimmed } from "./numbers";
import {
  binInWords,
  meanAndMost,
  middleOf,
  mostKey,
  MOST_LEGEND,
  numberAxis,
  onAxis,
  pooledBins,
  withoutSaw,
  type PooledBin,
} from "./pooled-bins";

export const siblingsByWrites: ChartDefinition = {
  id: "siblings-by-writes",
  number: 24,
  title: "Siblings against the number of writes",
  question: "Do siblings grow with every write?",
  prose:
    "Each point takes the reads of keys that had been written so many times before, and shows how many versions they returned: the line is the mean, the thin dashed one the most that any read returned. A line that stays flat is bounded by how many clients write at once. A line that climbs with the writes is a sibling explosion: it ends only when the store refuses.",
  absence:
    "No read of a written key was judged, or the store keeps one version of a key, so siblings cannot be set against the number of writes.",
  concerns: judgesTheClock,
  draw,
};

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = clockFacets(input)
    .map((facet) => ({ facet, curves: facet.series.map(({ cell }) => curveOf(cell)) }))
    .filter(({ curves }) => curves.some((curve) => curve.length > 0));
  const all = drawn.flatMap(({ facet, curves }) => facet.series.map(({ cell }, i) => ({ cell, curve: curves[i] })));
  const bins = all.flatMap(({ curve }) => curve);
  if (bins.length === 0) return undefined;
  const x = numberAxis(bins.map(middleOf), {
    title: "writes before the read (count$scale)",
    unit: "writes",
    name: "writes before",
  });
  const y = numberAxis(
    bins.flatMap(({ mean, max }) => [mean, max]),
    { title: "siblings (versions$scale)", unit: "versions", name: "siblings" },
  );
  const size = panelSize(drawn.length);
  return {
    id: siblingsByWrites.id,
    number: siblingsByWrites.number,
    title: siblingsByWrites.title,
    question: siblingsByWrites.question,
    answer: answerOf(all),
    caption:
      `${counted(
        bins.reduce((sum, { count }) => sum + count, 0),
        "read",
      )} of ${repetitions(all.map(({ cell }) => cell))}, pooled by how many writes of the key had ended before${all.some(({ cell, curve }) => curve.length < exactly(cell).length) ? ", neighbouring numbers together where reads are few" : ""}. ` +
      "Lines are means; thin dashed lines, where they differ, the most versions that one read returned.",
    description:
      "Lines of how many versions reads returned, by how many writes of the key had ended before. " +
      all
        .filter(({ curve }) => curve.length > 0)
        .map(({ cell, curve }) => `${cell.label}: ${atEnds(curve)}`)
        .join("; ") +
      ".",
    axes: { x: "writes of the key before the read", y: "siblings (versions)" },
    legend: [...legendOf(drawn.flatMap(({ facet }) => facet.series)), MOST_LEGEND],
    panels: drawn.map(({ facet, curves }) =>
      chartPanel(facet.title, size, {
        type: "line",
        x,
        y,
        datasets: [
          ...facet.series.flatMap((series, i) => {
            const points = (of: (bin: PooledBin) => number): { x: number; y: number }[] =>
              onAxis(
                curves[i].map((bin) => ({ x: middleOf(bin), y: trimmed(of(bin)) })),
                x,
                y,
              );
            return meanAndMost(
              series,
              points(({ mean }) => mean),
              points(({ max }) => max),
            );
          }),
          mostKey(),
        ],
      }),
    ),
    table: {
      columns: ["configuration", "writes before", "reads", "siblings, mean (versions)", "siblings, most (versions)"],
      rows: all.flatMap(({ cell, curve }) =>
        curve.map((bin) => [cell.label, binInWords(bin), bin.count, trimmed(bin.mean), bin.max]),
      ),
    },
  };
}

function curveOf(cell: ChartCell): readonly PooledBin[] {
  return withoutSaw(exactly(cell));
}

function exactly(cell: ChartCell): readonly PooledBin[] {
  return pooledBins(causalityOf(cell).map(({ siblingsByWrites: { reads, ...bins } }) => ({ ...bins, count: reads })));
}

function answerOf(all: readonly { readonly cell: ChartCell; readonly curve: readonly PooledBin[] }[]): string {
  const known = all
    .filter(({ curve }) => curve.length > 0)
    .sort((a, b) => b.curve.at(-1)!.mean - a.curve.at(-1)!.mean || highest(b.curve) - highest(a.curve));
  const [most, fewest] = [known[0], known.at(-1)!];
  const say = ({ cell, curve }: (typeof known)[number]): string => `at ${cell.label}: ${atEnds(curve)}`;
  return most === fewest
    ? `Reads returned ${say(most)}.`
    : `Reads returned the most versions ${say(most)}; the fewest ${say(fewest)}.`;
}

function highest(curve: readonly PooledBin[]): number {
  return Math.max(...curve.map(({ max }) => max));
}

/** `1 version on average after 1 write and 40.2 versions after 101 (at most 101)`. */
function atEnds(curve: readonly PooledBin[]): string {
  const [first, last] = [curve[0], curve.at(-1)!];
  const most = highest(curve);
  const versions = (value: number): string => `${plain(value)} ${value === 1 ? "version" : "versions"}`;
  const after = (bin: PooledBin): string => `after ${binInWords(bin)} ${binInWords(bin) === "1" ? "write" : "writes"}`;
  const start = `${versions(first.mean)} on average ${after(first)}`;
  return `${first === last ? start : `${start} and ${plain(last.mean)} ${after(last)}`} (at most ${plain(most)})`;
}

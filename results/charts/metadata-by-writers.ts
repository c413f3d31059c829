/**
 * What knowing the past costs: the causal metadata of a stored copy against how many sessions had written its key. A
 * vector with one entry for every client grows with the clients (Riak before 2008, and why Dynamo cuts it at ten entries);
 * one with an entry for every server is bounded by the replicas (Preguiça and others 2010). On log axes the two are a
 * slope and a level. Bytes are what disk and network carry, entries are what the theory counts.
 */
import { causalityOf, judgesTheClock } from "./anomaly-words";
import { repetitions, type ChartCell, type ChartInput, type Facet } from "./cells";
import { clockFacets } from "./clock-facets";
import type { ChartDefinition, ChartFigure, Panel } from "./chart";
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
  type PooledBin,
} from "./pooled-bins";

export const metadataByWriters: ChartDefinition = {
  id: "metadata-by-writers",
  number: 25,
  title: "Causal metadata against distinct writers",
  question: "What does knowing the past cost?",
  prose:
    "To tell a newer version from a concurrent one the store keeps a clock with every copy. Each point takes the copies of keys that so many different client sessions had written, and shows how large that clock was, in bytes and in entries (one entry is one writer or server that the clock remembers). The line is the mean, the thin dashed one the largest seen. A flat line is a clock bounded by the servers; a line that climbs grows with the clients, until something cuts it.",
  absence:
    "No copy was inspected whose clock could be measured: the store under test does not tell the size of its clocks, or no inspection ran.",
  concerns: judgesTheClock,
  draw,
};

interface Curves {
  readonly bytes: readonly PooledBin[];
  readonly entries: readonly PooledBin[];
}

const QUANTITIES = [
  { of: "bytes", title: "clock of a copy (bytes$scale)", unit: "bytes", panel: "bytes" },
  { of: "entries", title: "clock of a copy (entries$scale)", unit: "entries", panel: "entries" },
] as const;

function draw(input: ChartInput): ChartFigure | undefined {
  const drawn = clockFacets(input)
    .map((facet) => ({ facet, curves: facet.series.map(({ cell }) => curvesOf(cell)) }))
    .filter(({ curves }) => curves.some(({ bytes }) => bytes.length > 0));
  const all = drawn.flatMap(({ facet, curves }) => facet.series.map(({ cell }, i) => ({ cell, curves: curves[i] })));
  const bins = all.flatMap(({ curves }) => curves.bytes);
  if (bins.length === 0) return undefined;
  const size = panelSize(2 * drawn.length);
  const x = numberAxis(bins.map(middleOf), {
    title: "sessions that had written the key (count$scale)",
    unit: "sessions",
    name: "sessions that wrote",
  });
  const panels = QUANTITIES.flatMap(({ of, title, unit, panel }) => {
    const y = numberAxis(
      all.flatMap(({ curves }) => curves[of].flatMap(({ mean, max }) => [mean, max])),
      { title, unit, name: unit },
    );
    return drawn.map(({ facet, curves }): Panel =>
      chartPanel(facet.title === "" ? panel : `${panel}, ${facet.title}`, size, {
        type: "line",
        x,
        y,
        datasets: [...linesOf(facet, curves, of, x, y), mostKey()],
      }),
    );
  });
  const known = all.filter(({ curves }) => curves.bytes.length > 0);
  return {
    id: metadataByWriters.id,
    number: metadataByWriters.number,
    title: metadataByWriters.title,
    question: metadataByWriters.question,
    answer: answerOf(known),
    caption:
      `${counted(
        bins.reduce((sum, { count }) => sum + count, 0),
        "inspected copy",
        "inspected copies",
      )} of ${repetitions(all.map(({ cell }) => cell))}, pooled by how many sessions had written the key. ` +
      "Lines are means over copies; thin dashed lines, where they differ, the largest. The value itself is not counted.",
    description:
      "Lines of the size of the clock stored with a copy, in bytes and in entries, by how many sessions had written the key. " +
      known.map(({ cell, curves }) => `${cell.label}: ${atEnds(curves)}`).join("; ") +
      ".",
    axes: { x: "sessions that had written the key", y: "clock of a copy (bytes; entries)" },
    legend: [...legendOf(drawn.flatMap(({ facet }) => facet.series)), MOST_LEGEND],
    panels,
    table: {
      columns: [
        ...["configuration", "sessions that wrote", "copies", "mean (bytes)", "largest (bytes)"],
        ...["mean (entries)", "most (entries)"],
      ],
      rows: known.flatMap(({ cell, curves }) =>
        curves.bytes.map((bin, i) => [
          ...[cell.label, binInWords(bin), bin.count, trimmed(bin.mean), bin.max],
          ...[trimmed(curves.entries[i].mean), curves.entries[i].max],
        ]),
      ),
    },
  };
}

function linesOf(
  facet: Facet,
  curves: readonly Curves[],
  of: "bytes" | "entries",
  x: Parameters<typeof onAxis>[1],
  y: Parameters<typeof onAxis>[2],
): ReturnType<typeof meanAndMost> {
  return facet.series.flatMap((series, i) => {
    const points = (value: (bin: PooledBin) => number): { x: number; y: number }[] =>
      onAxis(
        curves[i][of].map((bin) => ({ x: middleOf(bin), y: trimmed(value(bin)) })),
        x,
        y,
      );
    return meanAndMost(
      series,
      points(({ mean }) => mean),
      points(({ max }) => max),
    );
  });
}

function curvesOf(cell: ChartCell): Curves {
  const all = causalityOf(cell).map(({ metadataByWriters: one }) => one);
  return {
    bytes: pooledBins(all.map((one) => ({ ...one, count: one.copies, mean: one.bytesMean, max: one.bytesMax }))),
    entries: pooledBins(all.map((one) => ({ ...one, count: one.copies, mean: one.entriesMean, max: one.entriesMax }))),
  };
}

function answerOf(known: readonly { readonly cell: ChartCell; readonly curves: Curves }[]): string {
  const sorted = [...known].sort((a, b) => b.curves.bytes.at(-1)!.mean - a.curves.bytes.at(-1)!.mean);
  const [largest, smallest] = [sorted[0], sorted.at(-1)!];
  const first = `The clock of a copy was largest at ${largest.cell.label}: ${atEnds(largest.curves)}`;
  return largest === smallest
    ? `The clock of a copy: ${atEnds(largest.curves)} (${largest.cell.label}).`
    : `${first}; and smallest at ${smallest.cell.label}: ${atEnds(smallest.curves)}.`;
}

/** `12 bytes (1 entry) with 1 writer, 80 bytes (10 entries) with 32 to 63`. */
function atEnds({ bytes, entries }: Curves): string {
  const say = (i: number): string => {
    const size = plain(entries[i].mean);
    return `${plain(bytes[i].mean)} bytes (${size} ${size === "1" ? "entry" : "entries"}) with ${binInWords(bytes[i])} ${binInWords(bytes[i]) === "1" ? "writer" : "writers"}`;
  };
  return bytes.length === 1 ? say(0) : `${say(0)}, ${say(bytes.length - 1)}`;
}

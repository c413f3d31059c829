/**
 * The version graph of one key: which write saw which, and where the clock erred. Counts say that a clock is wrong; the
 * picture says how, with the operations that show it. It is drawn from what clients had read before they wrote, which the
 * recorder knows and the store does not, so the picture is the truth that the store's clock should have told.
 */
import { judgesTheClock, writeName } from "./anomaly-words";
import { repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Panel } from "./chart";
import { drawnGraphs, numberedEvidence, writeElementId, type DrawnGraph } from "./evidence";
import { count, counted } from "./numbers";
import { drawVersionGraph, FATE_IN_WORDS, type VersionGraphDrawing } from "./version-graph-drawing";
import type { VersionGraph } from "../record/figures";

export const versionGraph: ChartDefinition = {
  id: "version-graph",
  number: 26,
  title: "Which write saw which: one key drawn",
  question: "How did it happen?",
  prose:
    "The writes of one key from top to bottom in the order in which they were sent, one lane a client session. A line runs from a write to each later write whose client had read it: what hangs together by lines is cause and effect, what does not is concurrent. Green disc: still held at the end. Hollow: replaced by somebody who had read it, as it should be. Orange square: lost. Diamond: nobody can tell, because it was never answered or the replicas could not be looked at. A ring and a number E1, E2, … mark the writes of a case in the table below the picture; a dashed line joins them. A write is named by its session and its number in it: 3.12 is the 12th write of session 3.",
  absence: "No key was written, so there is no history to draw.",
  concerns: judgesTheClock,
  draw,
};

type Fate = VersionGraph["writes"][number]["fate"];

const FATES: readonly (readonly [fate: Fate, words: string])[] = [
  ["held", "kept to the end"],
  ["replaced", "replaced by a writer who had read it"],
  ["lost", "lost"],
  ["unknown", "not known: no answer, or not looked at"],
];

function draw(input: ChartInput): ChartFigure | undefined {
  const graphs = drawnGraphs(input);
  if (graphs.length === 0) return undefined;
  const evidence = numberedEvidence(input, graphs);
  const drawn = graphs.map((one) => ({
    one,
    drawing: drawVersionGraph({
      graph: one.graph,
      evidence: evidence.filter((each) => each.drawn === one),
      elementId: (write) => writeElementId(one.cell, write),
    }),
  }));
  const cells = input.cells.filter((cell) => cell.figures.some(judgesTheClock));
  const severalRepetitions = cells.some(({ figures }) => figures.length > 1);
  return {
    id: versionGraph.id,
    number: versionGraph.number,
    title: versionGraph.title,
    question: versionGraph.question,
    answer: answerOf(graphs),
    caption:
      `${counted(graphs.length, "key")}, each of one repetition, chosen among ${counted(cells.length, "configuration")} of ${repetitions(cells)}: errors first. ` +
      `Time runs down in order of sending, not to scale. Lines: had read.${leftOut(drawn)}`,
    description:
      "The writes of a key from top to bottom, joined where the client of the later had read the earlier. " +
      graphs.map((one) => `${one.cell.label}: ${fatesInWords(one)}`).join("; ") +
      ".",
    axes: { x: "session", y: "time (s), downwards" },
    legend: legendOf(graphs),
    panels: drawn.map(({ one, drawing }): Panel => ({
      title: titleOf(one.cell, one, severalRepetitions),
      width: drawing.width,
      height: drawing.height,
      drawing: { kind: "svg", content: drawing.content, scrolled: true },
    })),
    table: {
      columns: [
        ...["configuration", "repetition", "key", "write", "session", "sent (s)", "acknowledged (s)"],
        ...["deletes", "its client had read", "what became of it"],
      ],
      rows: drawn.flatMap(({ one, drawing }) =>
        drawing.shown.map((write) => [
          ...[one.cell.label, one.repetition, cut(one.graph.key), writeName(write.id), write.session],
          ...[Number(write.startS.toFixed(6)), write.endS === null ? null : Number(write.endS.toFixed(6))],
          ...[write.tombstone ? "yes" : "no", write.saw.map(writeName).join(" "), FATE_IN_WORDS[write.fate]],
        ]),
      ),
    },
  };
}

function titleOf(cell: ChartCell, { graph, repetition }: DrawnGraph, several: boolean): string {
  return `${cell.label}, key ${cut(graph.key)}${several ? `, repetition ${repetition}` : ""}`;
}

function cut(key: string): string {
  return key.length > 30 ? `${key.slice(0, 29)}…` : key;
}

function legendOf(graphs: readonly DrawnGraph[]): LegendEntry[] {
  const fates = new Set(graphs.flatMap(({ graph }) => graph.writes.map(({ fate }) => fate)));
  const entry = (series: string, mark: string, colour: string): LegendEntry => ({ series, colour, dash: [], mark });
  return [
    ...FATES.filter(([fate]) => fates.has(fate)).map(([fate, words]) => entry(words, `graph-${fate}`, "$ink")),
    { ...entry("had read", "thin", "$ink") },
    ...(graphs.some(({ evidence }) => evidence.length > 0)
      ? [{ ...entry("the clock erred", "line", "$bad"), dash: [5, 3] }]
      : []),
  ];
}

function leftOut(drawn: readonly { readonly one: DrawnGraph; readonly drawing: VersionGraphDrawing }[]): string {
  const notes = drawn.flatMap(({ one: { cell, graph }, drawing }) => {
    const n = graph.dropped + (graph.later ?? 0) + graph.writes.length - drawing.shown.length;
    return n === 0 ? [] : [`${counted(n, "write")} at ${cell.label}`];
  });
  const shared = drawn.some(({ drawing }) => drawing.lanes < drawing.sessions);
  return (
    (notes.length === 0 ? " No write is left out." : ` Left out for want of room: ${notes.join(", ")}.`) +
    (shared ? " Where there are many sessions, a lane is used again after its session's last write." : "")
  );
}

function fatesInWords({ graph }: DrawnGraph): string {
  const sessions = new Set(graph.writes.map(({ session }) => session)).size;
  const fates = FATES.flatMap(([fate]) => {
    const n = graph.writes.filter((write) => write.fate === fate).length;
    return n === 0 ? [] : [`${count(n)} ${FATE_IN_WORDS[fate]}`];
  });
  const all = graph.writes.length + graph.dropped + (graph.later ?? 0);
  const writes =
    all === graph.writes.length ? counted(all, "write") : `${count(graph.writes.length)} of ${counted(all, "write")},`;
  return `${writes} by ${counted(sessions, "session")}: ${fates.join(", ")}`;
}

function answerOf(graphs: readonly DrawnGraph[]): string {
  const [first] = graphs;
  const cases = first.evidence.length;
  const head = `Key ${cut(first.graph.key)} at ${first.cell.label}: ${fatesInWords(first)}`;
  return cases === 0
    ? `${head}; the clock made no error here.`
    : `${head}; ${counted(cases, "case")} of an error, from E1 on, ${cases === 1 ? "is" : "are"} marked in the picture and told in the table below it.`;
}

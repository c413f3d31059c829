/**
 * Chart 33, opinions: who suspects whom, when, with the truth beneath. One row a pair that ever disagreed with health, the rows of one
 * subject together, under them a pale band where that subject was really down, stood still or was cut off. A bar on
 * its band is a detection, a bar beside every band a mistake. Of one repetition: opinions of two cannot be averaged.
 */
import type { DetectionFigures, Suspicion } from "../record/figures";
import { MOST_PANELS, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Panel, Plain } from "./chart";
import { detectionsOf, knowsDetection, spread } from "./detection-cells";
import { chartPanel, panelSize } from "./frame";
import { endOfRun } from "./healing";
import { count, counted, plain, trimmed } from "./numbers";

export const opinionsOverTime: ChartDefinition = {
  id: "opinions-over-time",
  number: 33,
  title: "Who suspected whom",
  question: "Who suspects whom, and is it so?",
  prose:
    "A row is what one node thinks of one other. A dark bar: it suspects it. The pale band beneath: the other really was down, stood still or was cut off. Bars that begin soon after their band and end with it are what a detector is for; the distance between the two beginnings is the detection time. A bar where there is no band is a mistake. Nodes whose bars for all others begin together have stood still themselves.",
  absence: "Nobody suspected anybody in the whole run, so there is no opinion to draw.",
  concerns: knowsDetection,
  draw,
};

const KINDS: readonly { readonly of: Suspicion["of"]; readonly entry: LegendEntry }[] = [
  { of: "running", entry: { series: "suspects one that runs: mistake", colour: "$s2", dash: [], mark: "bar" } },
  { of: "down", entry: { series: "suspects one that is down", colour: "$s1", dash: [], mark: "bar" } },
  { of: "paused", entry: { series: "suspects one that stands still", colour: "$s3", dash: [], mark: "bar" } },
  { of: "cut", entry: { series: "suspects one that is cut off from it", colour: "$s6", dash: [], mark: "bar" } },
];
const TRUTH: LegendEntry = {
  series: "really down, standing still or cut off",
  colour: "$muted",
  dash: [],
  mark: "bar",
};
const MOST_ROWS = 24;
const MOST_BARS = 120;

interface Row {
  readonly observer: number;
  readonly subject: number;
  readonly bars: readonly Suspicion[];
}

function draw(input: ChartInput): ChartFigure | undefined {
  const all = input.cells.flatMap((cell) => {
    const detection = detectionsOf(cell).at(0);
    return detection === undefined || detection.suspicions.length === 0 ? [] : [{ cell, detection }];
  });
  if (all.length === 0) return undefined;
  const shown = spread(all, MOST_PANELS).map((one) => ({ ...one, rows: rowsOf(one.detection) }));
  const cells = shown.map(({ cell }) => cell);
  const end = endOfRun(cells);
  const suspicions = shown.flatMap(({ detection }) => detection.suspicions);
  const kinds = KINDS.filter(({ of }) => suspicions.some((one) => one.of === of));
  const cut = shown.some(({ rows, detection }) => rows.left > 0 || detection.suspicionsLeftOut > 0);
  return {
    id: opinionsOverTime.id,
    number: opinionsOverTime.number,
    title: opinionsOverTime.title,
    question: opinionsOverTime.question,
    answer: answerOf(shown),
    caption:
      `The first of ${repetitions(cells)}, ${counted(shown.length, "configuration")}${all.length > shown.length ? ` of ${all.length} in which anybody was suspected` : ""}. Rows: observer → subject, the pairs with a suspicion. ` +
      (cut ? `Up to ${MOST_ROWS} rows and ${MOST_BARS} bars a panel; the table counts all that were kept. ` : "") +
      "An instant is drawn as a short bar.",
    description:
      "Bars of when one node suspected another, over bands of when that one was really gone, over the seconds of the run. " +
      shown.map(({ cell, detection }) => `${cell.label}: ${inWords(detection)}`).join("; ") +
      ".",
    axes: { x: "time (s)", y: "observer → subject" },
    legend: [...kinds.map(({ entry }) => entry), TRUTH],
    panels: shown.map((one) => panelOf(one, end, shown.length)),
    table: {
      columns: ["configuration", "observer", "subject", "suspected from (s)", "to (s)", "what was so"],
      rows: shown.flatMap(({ cell, detection }) =>
        detection.suspicions
          .slice(0, MOST_LISTED)
          .map(({ observer, subject, fromS, toS, of }) => [
            ...[cell.label, detection.nodes[observer], detection.nodes[subject], trimmed(fromS)],
            ...[toS === null ? null : trimmed(toS), of],
          ]),
      ),
    },
  };
}

/** Of a configuration, in the table. */
const MOST_LISTED = 100;

function rowsOf({ suspicions }: DetectionFigures): { readonly rows: readonly Row[]; readonly left: number } {
  const pairs = new Map<string, { observer: number; subject: number; bars: Suspicion[] }>();
  for (const one of suspicions) {
    const key = `${one.subject} ${one.observer}`;
    const row = pairs.get(key);
    if (row === undefined) pairs.set(key, { observer: one.observer, subject: one.subject, bars: [one] });
    else row.bars.push(one);
  }
  const rows = [...pairs.values()].sort((a, b) => a.subject - b.subject || a.observer - b.observer);
  return { rows: rows.slice(0, MOST_ROWS), left: Math.max(0, rows.length - MOST_ROWS) };
}

function panelOf(
  {
    cell,
    detection,
    rows: { rows },
  }: { readonly cell: ChartCell; readonly detection: DetectionFigures; readonly rows: ReturnType<typeof rowsOf> },
  end: number,
  panels: number,
): Panel {
  const { nodes, truth } = detection;
  const size = panelSize(panels);
  const shortest = end / 250;
  const ends = (fromS: number, toS: number | null): [number, number] => {
    const from = trimmed(Math.max(0, Math.min(end, fromS)));
    return [from, trimmed(Math.max(Math.min(end, toS ?? end), from + shortest))];
  };
  // A dataset for each row: Chart.js takes x for ascending, and would leave out what comes after it has turned back.
  const bars = (
    entry: LegendEntry,
    width: number,
    spans: readonly { readonly row: number; readonly fromS: number; readonly toS: number | null }[],
  ): readonly { readonly [key: string]: Plain }[] =>
    rows.flatMap((_, which) => {
      const mine = spans.filter(({ row }) => row === which);
      return mine.length === 0 ? [] : [barsOf(entry, width, mine)];
    });
  const barsOf = (
    entry: LegendEntry,
    width: number,
    spans: readonly { readonly row: number; readonly fromS: number; readonly toS: number | null }[],
  ): { readonly [key: string]: Plain } => ({
    type: "line",
    label: entry.series,
    series: entry.series,
    // A gap after each bar.
    data: spans.flatMap(({ row, fromS, toS }) => {
      const [from, to] = ends(fromS, toS);
      return [
        { x: from, y: row },
        { x: to, y: row },
        { x: to, y: null },
      ];
    }),
    borderColor: entry === TRUTH ? `${entry.colour}/35` : entry.colour,
    backgroundColor: entry.colour,
    borderWidth: width,
    borderCapStyle: "butt",
    pointRadius: 0,
    pointHitRadius: 4,
    spanGaps: false,
    order: entry === TRUTH ? 2 : 1,
  });
  const within = ({ fromS, toS }: { readonly fromS: number; readonly toS: number | null }): boolean =>
    fromS < end && (toS === null || toS > 0);
  const spans = rows
    .flatMap(({ bars: all }, row) => all.map((one) => ({ ...one, row })))
    .filter(within)
    .slice(0, MOST_BARS);
  const gone = rows
    .flatMap(({ subject }, row) => truth.filter(({ node }) => node === subject).map((one) => ({ ...one, row })))
    .filter(within)
    .slice(0, MOST_BARS);
  return chartPanel(
    cell.label,
    { width: size.width, height: Math.max(size.height * 0.7, 80 + 19 * rows.length) },
    {
      type: "line",
      x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
      y: {
        title: "",
        scale: "names",
        labels: rows.map(({ observer, subject }) => `${nodes[observer]} → ${nodes[subject]}`),
        ...{ min: -0.6, max: rows.length - 0.4, unit: "", name: "pair", grid: false },
      },
      datasets: [
        ...bars(TRUTH, 11, gone),
        ...KINDS.flatMap(({ of, entry }) =>
          bars(
            entry,
            4.5,
            spans.filter((one) => one.of === of),
          ),
        ).filter(({ data }) => (data as readonly Plain[]).length > 0),
      ],
      legendMark: "rect",
    },
  );
}

function inWords({ suspicions, suspicionsLeftOut }: DetectionFigures): string {
  const all = suspicions.length + suspicionsLeftOut;
  const wrong = suspicions.filter(({ of }) => of === "running").length;
  const kept = suspicionsLeftOut > 0 ? ` of the first ${count(suspicions.length)}` : "";
  return `${counted(all, "suspicion")}, ${count(wrong)}${kept} of a node that ran`;
}

function answerOf(shown: readonly { readonly cell: ChartCell; readonly detection: DetectionFigures }[]): string {
  const wrong = ({ detection }: (typeof shown)[number]): number =>
    detection.suspicions.filter(({ of }) => of === "running").length;
  const worst = shown.reduce((most, one) => (wrong(one) > wrong(most) ? one : most));
  const total = shown.reduce(
    (sum, { detection }) => sum + detection.suspicions.length + detection.suspicionsLeftOut,
    0,
  );
  const first = `In the repetitions drawn, ${counted(total, "suspicion")} began`;
  if (wrong(worst) === 0) return `${first}, none of a node that ran and could be reached.`;
  return `${first}; most of nodes that ran at ${worst.cell.label}: ${plain(wrong(worst))}.`;
}

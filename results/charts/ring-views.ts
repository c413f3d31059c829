/**
 * Chart 45, views of the ring: which state each member goes by, over time. One row a node, coloured by the phase that it is in; where
 * edges of rows lie beneath each other members agree, and how ragged they are is the time to agreement. Of one repetition:
 * views of two cannot be averaged. The mistake this avoids is one line for "the" ring, which no node ever sees.
 */
import type { MembershipFigure } from "../record/membership";
import { MOST_PANELS, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Panel, Plain } from "./chart";
import { spread } from "./detection-cells";
import { faultLanes } from "./fault-lanes";
import { chartPanel, panelSize } from "./frame";
import { endOfRun } from "./healing";
import { counted, metricInWords, trimmed } from "./numbers";

export const ringViews: ChartDefinition = {
  id: "ring-views",
  number: 45,
  title: "Views of the ring",
  question: "When does each member go by which state of the ring?",
  prose:
    "A row is a node. Grey: it goes by a settled ring. Blue: copies are on their way to those that join, and writes go to old and new owners. Orange: reads go to the new owners, writes still to both. A row begins when the node first has a ring and ends when it has left. Edges beneath each other mean that members agree; how far they are apart is how long agreement takes, and a long blue stretch is the transfer of copies.",
  absence: "The ring never changed, so all members went by the same state throughout.",
  concerns: ({ membership }) => membership !== undefined,
  draw,
};

type Phase = "settled" | "joining" | "switching";

const PHASES: readonly { readonly of: Phase; readonly entry: LegendEntry }[] = [
  { of: "settled", entry: { series: "settled", colour: "$muted", dash: [], mark: "bar" } },
  {
    of: "joining",
    entry: { series: "joining: writes to both, reads to the old", colour: "$s1", dash: [], mark: "bar" },
  },
  {
    of: "switching",
    entry: { series: "switching: writes to both, reads to the new", colour: "$s2", dash: [], mark: "bar" },
  },
];
const MOST_ROWS = 24;

interface Stretch {
  readonly row: number;
  readonly fromS: number;
  readonly toS: number;
  readonly phase: Phase;
  readonly version: number;
}

function draw(input: ChartInput): ChartFigure | undefined {
  const all = input.cells.flatMap((cell) => {
    const membership = cell.figures.find((figures) => figures.membership !== undefined)?.membership;
    return membership === undefined || membership.views.length === 0 ? [] : [{ cell, membership }];
  });
  if (all.length === 0) return undefined;
  const shown = spread(all, MOST_PANELS);
  const cells = shown.map(({ cell }) => cell);
  const end = endOfRun(cells);
  const faults = faultLanes(cells, end);
  return {
    id: ringViews.id,
    number: ringViews.number,
    title: ringViews.title,
    question: ringViews.question,
    answer: answerOf(all.map(({ cell }) => cell)),
    caption: `The first of ${repetitions(cells)}, ${counted(shown.length, "configuration")}${all.length > shown.length ? ` of ${String(all.length)}` : ""}; one row a node.${faults.note}`,
    description:
      "Bars of which state of the ring each node goes by, over the seconds of the run. " +
      shown
        .map(({ cell, membership }) => `${cell.label}: ${counted(membership.states.length, "state")} of the ring`)
        .join("; ") +
      ".",
    axes: { x: "time (s)", y: "node" },
    legend: [...PHASES.map(({ entry }) => entry), ...faults.legend],
    panels: shown.map((one) => panelOf(one, end, shown.length, faults.of([one.cell]))),
    table: {
      columns: [
        "configuration",
        "version",
        "phase",
        "first node (s)",
        "last node (s)",
        "time to agreement (ms)",
        "nodes",
      ],
      rows: all.flatMap(({ cell, membership }) =>
        membership.states.map(({ version, phase, firstS, lastS, nodes }) => [
          ...[cell.label, version, phase, trimmed(firstS), trimmed(lastS)],
          ...[trimmed(1_000 * (lastS - firstS)), nodes],
        ]),
      ),
    },
  };
}

function panelOf(
  { cell, membership }: { readonly cell: ChartCell; readonly membership: MembershipFigure },
  end: number,
  panels: number,
  lanes: ReturnType<ReturnType<typeof faultLanes>["of"]>,
): Panel {
  const rows = rowsOf(membership).slice(0, MOST_ROWS);
  const stretches = stretchesOf(membership, rows, end);
  const size = panelSize(panels);
  return chartPanel(
    cell.label,
    { width: size.width, height: Math.max(size.height * 0.7, 90 + 19 * rows.length) },
    {
      type: "line",
      x: { title: "time since warm-up began (s)", scale: "linear", min: 0, max: end, unit: "s", name: "time (s)" },
      y: {
        title: "",
        scale: "names",
        labels: rows.map((node) => membership.nodes[node] ?? `node ${String(node + 1)}`),
        ...{ min: -0.6, max: rows.length - 0.4, unit: "", name: "node", grid: false },
      },
      // A dataset for each row: Chart.js takes x for ascending, and would leave out what comes after it has turned back.
      datasets: PHASES.flatMap((phase) => rows.map((_, row) => ({ ...phase, row })))
        .map(({ of, entry, row: which }): { readonly [key: string]: Plain } => ({
          type: "line",
          label: entry.series,
          series: entry.series,
          // A gap after each bar.
          data: stretches
            .filter(({ phase, row }) => phase === of && row === which)
            .flatMap(({ row, fromS, toS }) => [
              { x: trimmed(fromS), y: row },
              { x: trimmed(toS), y: row },
              { x: trimmed(toS), y: null },
            ]),
          borderColor: of === "settled" ? `${entry.colour}/45` : entry.colour,
          backgroundColor: entry.colour,
          borderWidth: 8,
          borderCapStyle: "butt",
          pointRadius: 0,
          pointHitRadius: 4,
          spanGaps: false,
        }))
        .filter(({ data }) => (data as readonly Plain[]).length > 0),
      legendMark: "rect",
      faults: lanes,
    },
  );
}

/** Nodes that ever had a ring: those from the beginning never say so before it changes. */
function rowsOf({ views, first }: MembershipFigure): number[] {
  return [...new Set([...first, ...views.map(([, node]) => node)])].sort((a, b) => a - b);
}

function stretchesOf(membership: MembershipFigure, rows: readonly number[], end: number): readonly Stretch[] {
  return rows.flatMap((node, row) => {
    const mine = membership.views.filter(([, of]) => of === node);
    const starts = membership.first.includes(node) ? [[0, node, 1, "settled"] as const, ...mine] : mine;
    return starts.flatMap(([fromS, , version, phase], i): readonly Stretch[] => {
      const from = Math.max(0, Math.min(end, fromS));
      const to = Math.max(0, Math.min(end, starts.at(i + 1)?.[0] ?? end));
      return phase === "left" || to <= from ? [] : [{ row, fromS: from, toS: to, phase, version }];
    });
  });
}

function answerOf(cells: readonly ChartCell[]): string {
  const slowest = cells
    .flatMap((cell) => {
      const value = cell.summary.metrics["ring_change_s"];
      return value?.value === null || value === undefined ? [] : [{ cell, value }];
    })
    .sort((a, b) => b.value.value! - a.value.value!)
    .at(0);
  if (slowest === undefined) {
    const states = cells.reduce((sum, { figures }) => sum + (figures[0]?.membership?.states.length ?? 0), 0);
    return `${counted(states, "state")} of the ring came up, and no change was seen from its beginning to its end.`;
  }
  const agreement = slowest.cell.summary.metrics["ring_agreement_ms"];
  return `A change of the ring takes longest with ${slowest.cell.label}: ${metricInWords(slowest.value)}${agreement === undefined ? "" : `, of which agreeing on one state takes ${metricInWords(agreement)}`}.`;
}

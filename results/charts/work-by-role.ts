/**
 * Chart 40, work by role: symmetry as a picture. Each row is a role, each mark a node's work in it as a multiple of an even share; a store
 * without distinguished nodes has all marks near 1 in every row. Rows and not a stack, because a stack hides the small roles, and it
 * is the small ones (keeping hints, exchanging trees) that one node could have to itself unseen.
 */
import { LEAST_WORK_A_NODE, worstRole } from "../measures/roles";
import { panelCells, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Panel, Plain } from "./chart";
import { chartPanel, panelSize } from "./frame";
import { count, counted, listed, plain, trimmed } from "./numbers";
import { seriesStyle } from "./theme";

export const workByRole: ChartDefinition = {
  id: "work-by-role",
  number: 40,
  title: "Work of each node by role",
  question: "Is any node special?",
  prose:
    "One row a role, one mark a node: how much of the role's work the node did in the measured phase, as a multiple of an even share. Marks at 1: the role is spread evenly. A mark far to the right is a node that does a role for the others; where one node did all of it, it stands at the number of nodes. A role that was played fewer than 100 times a node is spread by chance: its marks are open, and where that is so in every configuration it stands in the table alone. Requests are counted where they are coordinated or handed on, copies where they are read or written, messages where they are sent. Of more than seven nodes only the busiest, the median and the idlest of each role are drawn.",
  absence: "Nodes did not tell what they did, so their work is not known by role.",
  concerns: ({ work }) => work !== undefined && work.roles.length > 0,
  draw,
};

type Work = NonNullable<ChartCell["figures"][number]["work"]> & {
  /** Work of a role that all repetitions together need of a node for its spread to say something. */
  readonly least: number;
};

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const drawn = shown.flatMap((cell) => {
    const work = workOf(cell);
    return work === undefined ? [] : [{ cell, work }];
  });
  if (drawn.length === 0) return undefined;
  const all = drawn.flatMap(({ work }) => work.roles.map((role) => ({ role: role.role, thin: isThin(role, work) })));
  const played = [...new Set(all.map(({ role }) => role))];
  const telling = played.filter((role) => all.some((one) => one.role === role && !one.thin));
  const names = telling.length === 0 ? played : telling;
  const hidden = played.filter((role) => !names.includes(role));
  const few = drawn.every(({ work }) => work.nodes.length <= MOST_NODES);
  const nodes = few ? [...new Set(drawn.flatMap(({ work }) => work.nodes))] : [];
  const wide = drawn.flatMap(({ work }) => work.roles.filter((role) => telling.length === 0 || !isThin(role, work)));
  const top = Math.max(1.5, ...wide.flatMap(({ counts }) => multiples(counts)));
  const max = Math.ceil(top * 5.25) / 5;
  const { width } = panelSize(drawn.length);
  const height = Math.max(210, names.length * 26 + 66);
  return {
    id: workByRole.id,
    number: workByRole.number,
    title: workByRole.title,
    question: workByRole.question,
    answer: answerOf(drawn),
    caption:
      `Work of the measured phase, ${repetitions(drawn.map(({ cell }) => cell))} added up, as multiples of an even share. ` +
      `Open marks: fewer than ${count(LEAST_WORK_A_NODE)} a node and repetition, at the edge where they lie beyond it.${hidden.length === 0 ? "" : ` So few everywhere, and therefore in the table alone: ${listed(hidden)}.`}${few ? "" : " Three nodes of each role are drawn: the busiest, the median, the idlest; they differ from role to role."}${clientsInWords(drawn)} Equal axes in all panels.${note}`,
    description:
      "Marks of each node's work as a multiple of an even share, by role. " +
      drawn
        .map(
          ({ cell, work }) =>
            `${cell.label}: ${work.roles.map(({ role, counts }) => `${role} between ${plain(trimmed(Math.min(...multiples(counts))))} and ${plain(trimmed(Math.max(...multiples(counts))))}`).join(", ")}`,
        )
        .join("; ") +
      ".",
    axes: { x: "times the even share", y: "role" },
    legend: few ? nodes.map((node, i) => nodeEntry(node, i)) : THREE,
    panels: drawn.map(({ cell, work }): Panel => ({
      ...chartPanel(
        drawn.length === 1 && !cell.invalid ? "" : cell.label,
        { width, height },
        {
          type: "scatter",
          interaction: "point",
          x: {
            title: "times the even share",
            scale: "linear",
            min: 0,
            max,
            unit: "times",
            name: "times the even share",
          },
          y: {
            title: "",
            scale: "names",
            labels: names,
            min: -0.5,
            max: names.length - 0.5,
            unit: "",
            name: "role",
            grid: false,
          },
          datasets: [
            evenLine(names.length),
            ...(few
              ? nodes.flatMap((node, i) => marksOfNode({ node, index: i, of: nodes.length, work, names, max }))
              : THREE.flatMap((entry, rank) => marksOfRank({ entry, rank, work, names, max }))),
          ],
        },
      ),
      leastHeight: height,
    })),
    table: {
      columns: ["configuration", "role", "counted in", "node", "work", "times the even share"],
      rows: drawn.flatMap(({ cell, work }) =>
        work.roles.flatMap(({ role, unit, counts }) =>
          counts.map((one, i) => [cell.label, role, unit, work.nodes[i], one, trimmed(multiples(counts)[i])]),
        ),
      ),
    },
  };
}

/** What no node has a part in. */
function clientsInWords(drawn: readonly { readonly cell: ChartCell }[]): string {
  const told = drawn.flatMap(({ cell }) => {
    const all = cell.figures.flatMap(({ work }) => work?.byClients ?? []);
    if (all.length === 0) return [];
    const gets = all.reduce((sum, one) => sum + one.gets, 0);
    const puts = all.reduce((sum, one) => sum + one.puts, 0);
    const where = drawn.length === 1 ? "" : `, at ${cell.label}`;
    return [`${counted(gets, "get")} and ${counted(puts, "put")}${where}`];
  });
  return told.length === 0 ? "" : ` Coordinated by the client, and so in no row: ${listed(told)}.`;
}

/** As many as have a style of their own. */
const MOST_NODES = 7;

const THREE: readonly LegendEntry[] = [
  { series: "busiest node", colour: "$s2", dash: [], mark: "triangle" },
  { series: "median node", colour: "$ink", dash: [], mark: "circle" },
  { series: "idlest node", colour: "$s1", dash: [], mark: "rect" },
];

function nodeEntry(series: string, index: number): LegendEntry {
  const { colour, marker } = seriesStyle(index);
  return { series, colour, dash: [], mark: marker };
}

/** Of all repetitions together; the nodes of a cell are the same in each. */
function workOf(cell: ChartCell): Work | undefined {
  const all = cell.figures.flatMap(({ work }) => work ?? []);
  if (all.length === 0) return undefined;
  const [{ nodes }] = all;
  const sums = new Map<string, { unit: Work["roles"][number]["unit"]; counts: number[] }>();
  for (const { role, unit, counts } of all.flatMap(({ roles }) => roles)) {
    const sum = sums.get(role) ?? { unit, counts: nodes.map(() => 0) };
    counts.forEach((one, i) => (sum.counts[i] += one));
    sums.set(role, sum);
  }
  if (sums.size === 0) return undefined;
  return { nodes, roles: [...sums].map(([role, sum]) => ({ role, ...sum })), least: LEAST_WORK_A_NODE * all.length };
}

function multiples(counts: readonly number[]): number[] {
  const mean = counts.reduce((sum, one) => sum + one, 0) / counts.length;
  return counts.map((one) => (mean === 0 ? 0 : one / mean));
}

function isThin({ counts }: Work["roles"][number], { least }: Work): boolean {
  return counts.reduce((sum, one) => sum + one, 0) < least * counts.length;
}

interface Rows {
  readonly work: Work;
  /** Of the rows, from the top. */
  readonly names: readonly string[];
  readonly max: number;
}

/** A node's mark in each row, nodes below each other so that none hides another. */
function marksOfNode({
  node,
  index,
  of,
  ...rows
}: Rows & { readonly node: string; readonly index: number; readonly of: number }): { readonly [key: string]: Plain }[] {
  const at = rows.work.nodes.indexOf(node);
  if (at < 0) return [];
  const offset = (index - (of - 1) / 2) * (0.7 / of);
  return marksIn(nodeEntry(node, index), rows, offset, () => ({ at, name: node }));
}

function marksOfRank({ entry, rank, ...rows }: Rows & { readonly entry: LegendEntry; readonly rank: number }): {
  readonly [key: string]: Plain;
}[] {
  return marksIn(entry, rows, 0, ({ counts }) => {
    const order = counts.map((_, i) => i).sort((a, b) => counts[b] - counts[a]);
    const at = order[[0, order.length >> 1, order.length - 1][rank]];
    return { at, name: `${entry.series}, ${rows.work.nodes[at]}` };
  });
}

function marksIn(
  { series, colour, mark }: LegendEntry,
  { work, names, max }: Rows,
  offset: number,
  nodeOf: (role: Work["roles"][number]) => { readonly at: number; readonly name: string },
): { readonly [key: string]: Plain }[] {
  return [false, true].flatMap((thin) => {
    const some = work.roles
      .filter((role) => names.includes(role.role) && isThin(role, work) === thin)
      .map((role) => ({ role, ...nodeOf(role) }));
    if (some.length === 0) return [];
    return [
      {
        label: series,
        series,
        labels: some.map(({ role, at, name }) => `${name}: ${count(role.counts[at])} ${role.unit}`),
        data: some.map(({ role, at }) => ({
          x: Math.min(max, trimmed(multiples(role.counts)[at])),
          y: Number((names.indexOf(role.role) + offset).toFixed(3)),
        })),
        clip: 12,
        pointStyle: mark,
        pointRadius: 4,
        pointHoverRadius: 6,
        borderWidth: 1.5,
        borderColor: colour,
        backgroundColor: thin ? "$page" : colour,
        order: 1,
      },
    ];
  });
}

/** Where all marks of a symmetric store stand. */
function evenLine(rows: number): { readonly [key: string]: Plain } {
  return {
    type: "line",
    label: "",
    series: "",
    data: [
      { x: 1, y: -0.5 },
      { x: 1, y: rows - 0.5 },
    ],
    borderColor: "$line",
    borderWidth: 1.5,
    pointRadius: 0,
    pointHitRadius: 0,
    order: 3,
  };
}

function answerOf(drawn: readonly { readonly cell: ChartCell; readonly work: Work }[]): string {
  const worst = drawn
    .flatMap(({ cell, work }) => {
      const role = worstRole(work, work.least);
      return role === undefined ? [] : [{ cell, work, role }];
    })
    .sort((a, b) => b.role.imbalance - a.role.imbalance)[0];
  if (worst === undefined)
    return `No role was played ${count(LEAST_WORK_A_NODE)} times a node, so the spread of ${counted(drawn[0].work.roles.length, "role")} says nothing yet.`;
  const { counts } = worst.work.roles.find(({ role }) => role === worst.role.role)!;
  const busiest = worst.work.nodes[counts.indexOf(Math.max(...counts))];
  return (
    `The role spread least evenly was ${worst.role.role}${drawn.length === 1 ? "" : ` at ${worst.cell.label}`}: ${busiest} did ${plain(trimmed(worst.role.imbalance))} times its even share ` +
    `(${count(Math.max(...counts))} of ${count(worst.role.work)}); one node doing all of it would be ${counted(counts.length, "time")}.`
  );
}

/**
 * Chart 40, work by role: symmetry as a picture. Each row is a role, each mark a node's work in it as a multiple of an even share; a store
 * without distinguished nodes has all marks near 1 in every row. Rows and not a stack, because a stack hides the small roles, and it
 * is the small ones (keeping hints, exchanging trees) that one node could have to itself unseen.
 */
import { LEAST_WORK_A_NODE, worstRole } from "../measures/roles";
import { panelCells, repetitions, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry, Panel, Plain } from "./chart";
import { chartPanel, panelSize } from "./frame";
import { count, counted, plain, trimmed } from "./numbers";
import { seriesStyle } from "./theme";

export const workByRole: ChartDefinition = {
  id: "work-by-role",
  number: 40,
  title: "Work of each node by role",
  question: "Is any node special?",
  prose:
    "One row a role, one mark a node: how much of the role's work the node did in the measured phase, as a multiple of an even share. Marks at 1: the role is spread evenly. A mark far to the right is a node that does a role for the others; where one node did all of it, it stands at the number of nodes. Open marks: the role was played fewer than 100 times a node, so its spread is chance. Requests are counted where they are coordinated or handed on, copies where they are read or written, messages where they are sent. Of more than seven nodes only the busiest, the median and the idlest of each role are drawn.",
  absence: "Nodes did not tell what they did, so their work is not known by role.",
  concerns: ({ work }) => work !== undefined && work.roles.length > 0,
  draw,
};

type Work = NonNullable<ChartCell["figures"][number]["work"]>;

function draw(input: ChartInput): ChartFigure | undefined {
  const { shown, note } = panelCells(input);
  const drawn = shown.flatMap((cell) => {
    const work = workOf(cell);
    return work === undefined ? [] : [{ cell, work }];
  });
  if (drawn.length === 0) return undefined;
  const roles = new Map(drawn.flatMap(({ work }) => work.roles.map(({ role, unit }) => [role, unit] as const)));
  const names = [...roles.keys()];
  const few = drawn.every(({ work }) => work.nodes.length <= MOST_NODES);
  const nodes = few ? [...new Set(drawn.flatMap(({ work }) => work.nodes))] : [];
  const top = Math.max(1.5, ...drawn.flatMap(({ work }) => work.roles.flatMap(({ counts }) => multiples(counts))));
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
      `Open marks: fewer than ${count(LEAST_WORK_A_NODE)} a node and repetition. Roles that nobody played are left out.${few ? "" : " Three nodes of each role are drawn: the busiest, the median, the idlest; they differ from role to role."} Equal axes in all panels.${note}`,
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
              ? nodes.flatMap((node, i) => marksOfNode({ node, index: i, of: nodes.length, work, names }))
              : THREE.flatMap((entry, i) => marksOfRank(entry, i, work, names))),
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
  return { nodes, roles: [...sums].map(([role, sum]) => ({ role, ...sum })) };
}

function multiples(counts: readonly number[]): number[] {
  const mean = counts.reduce((sum, one) => sum + one, 0) / counts.length;
  return counts.map((one) => (mean === 0 ? 0 : one / mean));
}

function isThin(counts: readonly number[]): boolean {
  return counts.reduce((sum, one) => sum + one, 0) < LEAST_WORK_A_NODE * counts.length;
}

interface NodeMarks {
  readonly node: string;
  readonly index: number;
  readonly of: number;
  readonly work: Work;
  readonly names: readonly string[];
}

/** A node's mark in each row, nodes below each other so that none hides another. */
function marksOfNode({ node, index, of, work, names }: NodeMarks): { readonly [key: string]: Plain }[] {
  const at = work.nodes.indexOf(node);
  const marks = work.roles.map((role) => ({
    role,
    x: multiples(role.counts)[at],
    y: names.indexOf(role.role) + (index - (of - 1) / 2) * (0.7 / of),
    label: `${node}: ${count(role.counts[at])} ${role.unit}`,
  }));
  return at < 0 ? [] : marksIn(nodeEntry(node, index), marks);
}

function marksOfRank(
  entry: LegendEntry,
  rank: number,
  work: Work,
  names: readonly string[],
): { readonly [key: string]: Plain }[] {
  const marks = work.roles.map((role) => {
    const order = role.counts.map((_, i) => i).sort((a, b) => role.counts[b] - role.counts[a]);
    const at = order[[0, order.length >> 1, order.length - 1][rank]];
    return {
      role,
      x: multiples(role.counts)[at],
      y: names.indexOf(role.role),
      label: `${entry.series}, ${work.nodes[at]}: ${count(role.counts[at])} ${role.unit}`,
    };
  });
  return marksIn(entry, marks);
}

function marksIn(
  { series, colour, mark }: LegendEntry,
  marks: readonly {
    readonly role: Work["roles"][number];
    readonly x: number;
    readonly y: number;
    readonly label: string;
  }[],
): { readonly [key: string]: Plain }[] {
  return [false, true].flatMap((thin) => {
    const some = marks.filter(({ role }) => isThin(role.counts) === thin);
    if (some.length === 0) return [];
    return [
      {
        label: series,
        series,
        labels: some.map(({ label }) => label),
        data: some.map(({ x, y }) => ({ x: trimmed(x), y: Number(y.toFixed(3)) })),
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
      const role = worstRole(work);
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

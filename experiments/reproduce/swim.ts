/**
 * SWIM: what the paper derived, and what it measured in one run each, from the catalogue's experiments. Its figures are single runs of a few
 * crashes; ours are hundreds, so that a formula is held to its digits and a figure to its order alone.
 */
import type { ReproducedPoint } from "../../results/record/reproduction";
import type { LoadedRun } from "../../results/record/run-folder";
import { atLeast, atMost, near, shown } from "./judge";
import { byRepetition, type Known, meanOf, metricOf, type MeasuringContext, ratioOf, scaled } from "./measuring";
import type { Measured, Target } from "./target";

const PERIOD_MS = 2_000;
const GROUPS = [8, 16, 28, 40, 56] as const;

function scale(context: MeasuringContext): Promise<LoadedRun> {
  return context.run({
    experiment: "swim-scale",
    ...(context.quick ? { sets: ["repetitions.count=3", "sweep.axes.cluster.nodes=[8, 28, 56]"] } : {}),
  });
}

const sizes = (context: MeasuringContext): readonly number[] => (context.quick ? [8, 28, 56] : GROUPS);

/** Periods, a trial of some eighty crashes each. */
function periodsOf(run: LoadedRun, nodes: number): readonly number[] {
  const where = { "cluster.nodes": nodes, "tags.fault": "crashes" };
  return [...byRepetition(run, "fd_first_detection_mean_ms", where).values()].map((ms) => ms / PERIOD_MS);
}

/** In each group, and over all of them, as the claim is that they are alike; where crashes are few the groups are only shown. */
async function firstDetection(context: MeasuringContext): Promise<Measured> {
  const run = await scale(context);
  const measured = sizes(context).map((nodes) => ({ nodes, ...meanOf(periodsOf(run, nodes)) }));
  const all = meanOf(sizes(context).flatMap((nodes) => periodsOf(run, nodes)));
  const judged = context.quick ? shown : (reference: Parameters<typeof near>[0], one: Known) => near(reference, one, { within: 0.1 }); // prettier-ignore
  return {
    points: [
      near({ label: "all groups", unit: "periods", published: 1.58 }, all, { within: 0.1 }),
      ...measured.map(({ nodes, ...one }) => judged({ label: `${nodes} members`, unit: "periods", published: 1.58 }, one)), // prettier-ignore
    ],
    curves: [
      {
        title: "Periods until the first member finds out",
        x: { title: "members", scale: "linear", unit: "" },
        y: { title: "periods (mean)", scale: "linear", unit: "" },
        series: [
          {
            name: "published, e/(e − 1)",
            kind: "published",
            points: [
              [8, 1.58],
              [56, 1.58],
            ],
          },
          {
            name: "of so many members: 1/(1 − (1 − 1/(N−1))^(N−1))",
            kind: "derived",
            points: GROUPS.map((n) => [n, 1 / (1 - (1 - 1 / (n - 1)) ** (n - 1))]),
          },
          {
            name: "measured",
            kind: "measured",
            points: measured.flatMap(({ nodes, value }) => (value === null ? [] : [[nodes, value] as const])),
          },
        ],
      },
    ],
  };
}

async function messages(context: MeasuringContext): Promise<Measured> {
  const run = await scale(context);
  return {
    points: sizes(context).map((nodes) => {
      const { value } = metricOf(run, "detector_messages_per_node_s", { "cluster.nodes": nodes, "tags.fault": "none" });
      return near(
        { label: `sent a period, ${nodes} members`, unit: "", published: 2 },
        { value: value === null ? null : value * (PERIOD_MS / 1_000) },
        { within: 0.1 },
      );
    }),
  };
}

/** SWIM, section 3.3, a period, nobody being faulty. */
function falseDetection(q: number, k: number): number {
  return (1 - q ** 2) * (1 - q ** 4) ** k;
}

const MEMBERS = 20;
/** So many mistakes have a 95 % interval as wide as the tolerance of 10 % either way. */
const ENOUGH_MISTAKES = 400;
const QUICK_S = 5_500;

async function falsePositives(context: MeasuringContext): Promise<Measured> {
  const frequent = [[0.9, 1], [0.9, 2], [0.9, 3], [0.95, 1]] as const; // prettier-ignore
  const cases = context.quick ? frequent : [0.9, 0.95, 0.99].flatMap((q) => [1, 2, 3].map((k) => [q, k] as const));
  const rows =
    `tags.delivered: [${cases.map(([q]) => `${100 * q}%`).join(", ")}], tags.relays: [${cases.map(([, k]) => k).join(", ")}], ` +
    `network.loss: [${cases.map(([q]) => `${Math.round(100 - 100 * q)}%`).join(", ")}], tunables.detector.indirect_probes: [${cases.map(([, k]) => k).join(", ")}]`;
  const run = await context.run({
    experiment: "swim-accuracy",
    ...(context.quick ? { sets: [`phases.measure=${QUICK_S}s`, `sweep.axes={case: {zip: {${rows}}}}`] } : {}),
  });
  const seconds = run.trials[0].record.simulation!.virtualSeconds;
  return {
    points: cases.map(([q, k]) => {
      const rate = metricOf(run, "fd_mistake_rate", { "tags.delivered": `${100 * q}%`, "tags.relays": k });
      const derived = falseDetection(q, k);
      const measured = scaled(rate, (MEMBERS - 1) * (PERIOD_MS / 1_000));
      const expected = derived * MEMBERS * (seconds / (PERIOD_MS / 1_000));
      const reference = {
        label: `false detections a period, ${100 * q} % delivered, K = ${k}`,
        unit: "ratio",
        derived,
      };
      return expected < ENOUGH_MISTAKES
        ? shown(
            { ...reference, note: `${Math.round(expected)} mistakes expected in this time: too few to tell` },
            measured,
          )
        : near(reference, measured, { ratio: 0.1 });
    }),
  };
}

async function membership(context: MeasuringContext): Promise<Measured> {
  const run = await context.run({
    experiment: "swim-membership",
    ...(context.quick ? { sets: ["repetitions.count=8"] } : {}),
  });
  const left = (protocol: string, published: number): ReproducedPoint =>
    shown(
      { label: `members left, ${protocol}`, unit: "", published },
      meanOf([...byRepetition(run, "fd_trusted_final", { protocol }).values()]),
    );
  const over = (own: string, other: string, published: number): ReproducedPoint =>
    atLeast(
      { label: `${own} over ${other}`, unit: "times", published },
      ratioOf(run, "fd_trusted_final", { protocol: own }, { protocol: other }),
      1,
    );
  return {
    points: [
      left("infection and suspicion", 12),
      left("infection", 4),
      left("basic", 2),
      over("infection and suspicion", "infection", 3),
      over("infection and suspicion", "basic", 6),
      over("infection", "basic", 2),
    ],
  };
}

async function bound(context: MeasuringContext): Promise<Measured> {
  const run = await context.run({
    experiment: "swim-bound",
    ...(context.quick ? { sets: ["sweep.axes.cluster.nodes=[6]"] } : {}),
  });
  return {
    points: (context.quick ? [6] : [6, 16]).map((nodes) => {
      const longest = [
        ...byRepetition(run, "fd_detection_max_ms", { "tags.order": "rounds", "cluster.nodes": nodes }).values(),
      ];
      return atMost(
        { label: `longest detection by any member, of ${nodes}`, unit: "periods", published: 2 * nodes },
        { value: Math.max(...longest) / PERIOD_MS },
        2 * nodes,
      );
    }),
  };
}

const swim = { paper: "swim", world: "simulation", read: "primary", tier: 1 } as const;

export const SWIM: readonly Target[] = [
  {
    id: "SWIM-1",
    claim: "The first member finds out a crash after 1.58 periods, however large the group.",
    ...swim,
    source: "section 3.1: e/(e − 1)",
    tolerance: "mean ± 0.1 periods in each group",
    run: "swim-scale: 640 crashes in each of five groups (quick: 240 in each of three, judged together)",
    footnote: "1.58 is the limit of large groups; of 8 members the formula gives 1.515.",
    minutes: { quick: 0.5, full: 2 },
    measure: firstDetection,
  },
  {
    id: "SWIM-2",
    claim: "A member sends two messages a period, whatever the size of the group.",
    ...swim,
    source: "figure 2: 2.0 sent, 2.0 received",
    tolerance: "± 0.1, without failures and loss (all that is sent arrives)",
    run: "swim-scale, groups in which nothing happens",
    minutes: { quick: 0.5, full: 2 },
    measure: messages,
  },
  {
    id: "SWIM-3",
    claim: "False detections are as frequent as lost messages make a probe and all its relays fail.",
    ...{ ...swim, read: "derived" as const },
    source: "section 3.3: the formula, evaluated here",
    tolerance: "± 10 % at each point at which 400 mistakes are to be expected in the time; the others are shown",
    run: "swim-accuracy: 20 members without suspicion, nine points (quick: the four most frequent, 5,500 s)",
    footnote:
      "Per period; the paper's factor e/(e − 1) makes it a chance per time of detection. The rarest of the nine is a mistake in a month of virtual time.",
    minutes: { quick: 0.3, full: 2 },
    measure: falsePositives,
  },
  {
    id: "SWIM-4",
    claim: "Suspicion saves the membership where a tenth of messages is lost: 12 members left, against 4 and 2.",
    ...swim,
    tier: 2,
    source: "figure 4, one run of 175 s",
    tolerance: "the order only",
    run: "swim-membership, 30 seeds (quick: 8)",
    footnote:
      "That suspicion saves the group comes out at every seed. That infection alone leaves more than the basic protocol does not, over many seeds: a multicast that is lost at a tenth of the members leaves the accused in their view, and a rumour reaches everybody. The paper's 4 against 2 is one run.",
    minutes: { quick: 0.2, full: 0.8 },
    measure: membership,
  },
  {
    id: "SWIM-5",
    claim: "In rounds every member finds out a crash within twice as many periods as there are members.",
    ...swim,
    source: "section 4.3",
    tolerance: "never longer",
    run: "swim-bound, nine repetitions (quick: the group of six)",
    minutes: { quick: 0.2, full: 0.7 },
    measure: bound,
  },
];

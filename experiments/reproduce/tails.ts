/**
 * Tails: operations that wait for many answers, and what a second request buys; a silent replica with and without it; and dissemination
 * over fixed graphs, a cross-check against another program in another language.
 */
import type { ReproducedPoint } from "../../results/record/reproduction";
import type { LoadedRun } from "../../results/record/run-folder";
import { isSound } from "../../results/statistics/summarise";
import { atLeast, atMost, near, type Estimate } from "./judge";
import { meanOf, metricOf, type MeasuringContext } from "./measuring";
import type { Measured, Target } from "./target";

function fanOut(context: MeasuringContext): Promise<LoadedRun> {
  return context.run({ experiment: "fan-out" });
}

async function slow(context: MeasuringContext): Promise<Measured> {
  const run = await fanOut(context);
  const of = (calls: number): Estimate =>
    metricOf(run, "multi_get_slow_ratio", { "tags.asked": `${calls}, one in a hundred slow` });
  const label = (calls: number): string => `operations of ${calls} calls that are slow`;
  return {
    points: [
      near({ label: label(100), unit: "ratio", published: 0.63 }, of(100), { within: 0.01 }),
      near({ label: label(10), unit: "ratio", derived: 1 - 0.99 ** 10 }, of(10), { within: 0.01 }),
    ],
  };
}

async function hedging(context: MeasuringContext): Promise<Measured> {
  const run = await fanOut(context);
  const twice = { "tags.asked": "100, again after 10 ms" };
  const once = { "tags.asked": "100, once" };
  const ratio = (metric: string, above: typeof once, below: typeof once): Estimate => {
    const [a, b] = [metricOf(run, metric, above), metricOf(run, metric, below)];
    if (a.value === null || b.value === null) return { value: null };
    // The ends of both intervals: wider than 95 %, because one repetition has no common seeds to pair.
    const ends =
      a.lo === null || a.hi === null || b.lo === null || b.hi === null ? {} : { lo: a.lo / b.hi, hi: a.hi / b.lo };
    return { value: a.value / b.value, ...ends };
  };
  return {
    points: [
      atLeast(
        { label: "p99.9 without over with a second call", unit: "times", published: 1_800 / 74 },
        ratio("multi_get_p999_ms", once, twice),
        5,
      ),
      atMost(
        { label: "messages with a second call over without", unit: "ratio", published: 1.02 },
        ratio("messages_per_op", twice, once),
        1.05,
      ),
    ],
  };
}

const SETTLED_S = 1;

/** Share of the throughput before the silence that is missing from a second after it began until the conviction, by repetition. */
function dips(run: LoadedRun, speculation: string, silentFromS: number, convictedAfterS: number): readonly number[] {
  return run.trials.filter(isSound).flatMap(({ record, figures }) => {
    if (record.axes.speculative_retry !== speculation || record.axes.read_fanout !== "quorum" || figures === null)
      return [];
    const { t, columns } = figures.intervals;
    const mean = (from: number, to: number): number => {
      const within = columns.ok.filter((_, i) => t[i] >= from && t[i] < to);
      return within.reduce((sum: number, ok) => sum + (ok ?? 0), 0) / within.length;
    };
    return [1 - mean(silentFromS + SETTLED_S, silentFromS + convictedAfterS) / mean(0, silentFromS)];
  });
}

async function protection(context: MeasuringContext, world: "simulation" | "processes"): Promise<Measured> {
  const sets = [
    "sweep.axes.strategy={zip: {read_fanout: [quorum, quorum, quorum], speculative_retry: [none, p99, always]}}",
    ...(world === "processes" ? ["world=processes"] : []),
    ...(context.quick ? ["repetitions.count=3"] : []),
  ];
  const run = await context.run({ experiment: "slow-replica", sets });
  // From the trial's beginning, warm-up included; convicted 2 s later.
  const dip = (speculation: string): Estimate => meanOf(dips(run, speculation, 2, 2));
  return {
    points: [
      atLeast({ label: "throughput missing without a second request", unit: "ratio" }, dip("none"), 0.8),
      atMost({ label: "with one after the p99 of recent reads", unit: "ratio" }, dip("p99"), 0.2),
      atMost({ label: "with one at once", unit: "ratio" }, dip("always"), 0.2),
    ],
  };
}

const GRAPHS: readonly (readonly [topology: string, hop: string, most: number, messages?: number])[] = [
  ["line", "10ms", 224],
  ["grid", "10ms", 72],
  ["grid", "100ms", 791],
  ["grid", "exponential 100ms", 630],
  ["complete", "100ms", 97, 290.6],
  ["tree", "100ms", 505, 11.99],
];

async function dissemination(context: MeasuringContext): Promise<Measured> {
  const run = await context.run({ experiment: "gossip-spread" });
  return {
    points: GRAPHS.flatMap(([topology, hop, most, messages]): ReproducedPoint[] => {
      const where = { "measure.flooding.topology": topology, "tags.hop": hop };
      const label = `${topology}, hops of ${hop}`;
      return [
        near(
          { label: `${label}: largest latency`, unit: "ms", published: most },
          metricOf(run, "flood_stable_max_ms", where),
          { ratio: 0.1 },
        ),
        ...(messages === undefined
          ? []
          : [
              near(
                { label: `${label}: messages an operation`, unit: "", published: messages },
                metricOf(run, "flood_messages_per_op", where),
                { ratio: 0.05 },
              ),
            ]),
      ];
    }),
  };
}

export const TAILS: readonly Target[] = [
  {
    id: "TAIL-1",
    claim: "Where one call in a hundred is slow, 63 % of operations that wait for a hundred calls are.",
    ...{ paper: "tails", source: "Dean and Barroso 2013", read: "secondary", world: "simulation", tier: 1 },
    tolerance: "± 1 point",
    run: "fan-out: 11,000 operations a case, of up to a hundred calls each",
    minutes: { full: 5 },
    measure: slow,
  },
  {
    id: "TAIL-2",
    claim: "Asking a second replica after 10 ms makes p99.9 many times lower for a few percent more requests.",
    ...{
      paper: "tails",
      source: "Dean and Barroso 2013: BigTable, 1,800 to 74 ms for 2 %",
      read: "secondary",
      world: "simulation",
      tier: 2,
    },
    tolerance: "at least five times lower, at most 5 % more messages",
    run: "fan-out, lognormal calls: 11,000 operations of a hundred calls with and without",
    footnote:
      "How long their calls take is not told. Ours are lognormal, set beforehand so that 2 % take longer than 10 ms and one in 100,000 longer than 1,800 ms; what the second call then does is found.",
    minutes: { full: 5 },
    measure: hedging,
  },
  {
    id: "RRP-1",
    claim: "Speculative reads close the hole that a silent replica makes.",
    ...{
      paper: "tails",
      source: "Cassandra 2.0.2, rapid read protection: a chart",
      read: "primary",
      world: "simulation",
      tier: 2,
    },
    tolerance: "more than 80 % of throughput missing without, less than 20 % with, until the detector convicts",
    run: "slow-replica, six repetitions in virtual time (quick: three)",
    minutes: { quick: 0.3, full: 0.3 },
    measure: (context) => protection(context, "simulation"),
  },
  {
    id: "RRP-1",
    variant: "processes",
    claim: "The same on four real processes, one of them cut off.",
    ...{
      paper: "tails",
      source: "Cassandra 2.0.2, rapid read protection: a chart",
      read: "primary",
      world: "processes",
      tier: 2,
    },
    tolerance: "more than 80 % of throughput missing without, less than 20 % with, until the detector convicts",
    run: "slow-replica -S world=processes, six repetitions of three strategies",
    minutes: { full: 5 },
    measure: (context) => protection(context, "processes"),
  },
  {
    id: "MAEL-1",
    claim: "News spreads over fixed graphs as fast and at the cost that Maelstrom's broadcast guide tells.",
    ...{ paper: "maelstrom", source: "documentation, broadcast", read: "primary", world: "simulation", tier: 2 },
    tolerance: "largest latency ± 10 %, messages an operation ± 5 %",
    run: "gossip-spread: 25 nodes, six graphs, twelve repetitions",
    footnote:
      "Each published value is one run; the largest of a thousand latencies at random delays is a matter of luck.",
    minutes: { full: 2 },
    measure: dissemination,
  },
];

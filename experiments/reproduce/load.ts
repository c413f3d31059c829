/**
 * Measuring load: what a closed loop leaves out and hides, which is known exactly, and YCSB's choosers of keys against the masses of
 * their algorithms. Nothing here was published as a number by its paper in a form that could be read; the values follow from queueing
 * theory and from the algorithms, and stand in the column of derived values.
 */
import { Random } from "../../engine/vocabulary/random";
import type { ReproducedPoint } from "../../results/record/reproduction";
import type { ChooserSettings } from "../../workloads/settings";
import { AcknowledgedKeys } from "../../workloads/ycsb/acknowledged-keys";
import { createChooser } from "../../workloads/ycsb/chooser";
import { GrayZipfian } from "../../workloads/ycsb/gray-zipfian";
import { KeyHash } from "../../workloads/ycsb/key-number";
import { SCRAMBLED_ITEMS, SCRAMBLED_ZETA } from "../../workloads/ycsb/zipfian";
import { atLeast, atMost, near, shown } from "./judge";
import { metricOf, type MeasuringContext } from "./measuring";
import type { Measured, Target } from "./target";

async function omission(context: MeasuringContext): Promise<Measured> {
  const run = await context.run({ experiment: "coordinated-omission", profile: "canonical" });
  const of = (model: string, metric: string, derived: number, label: string): ReproducedPoint =>
    // Nothing is drawn here: the interval that a run gives its mean is of another question.
    near(
      { label, unit: "ms", derived },
      { value: metricOf(run, metric, { "workload.model": model }).value },
      { ratio: 0.01 },
    );
  return {
    points: [
      of("closed", "read_p9999_ms", 1, "who waits for answers: p99.99"),
      of("open", "read_p9999_ms", 99_980, "who keeps the schedule: p99.99"),
      of("open", "read_p75_ms", 50_000, "who keeps the schedule: p75"),
      of("open", "read_mean_ms", 25_000, "who keeps the schedule: mean"),
    ],
  };
}

async function stopped(context: MeasuringContext): Promise<Measured> {
  const run = await context.run({ experiment: "coordinated-omission", sets: ["world=processes"] });
  const open = { "workload.model": "open" };
  return {
    points: [
      atMost(
        { label: "who waits for answers: p99", unit: "ms", derived: 1 },
        metricOf(run, "read_p99_ms", { "workload.model": "closed" }),
        50,
      ),
      near(
        { label: "who keeps the schedule: p99.9", unit: "ms", derived: 9_980 },
        metricOf(run, "read_p999_ms", open),
        { ratio: 0.03 },
      ),
      near({ label: "who keeps the schedule: p75", unit: "ms", derived: 5_000 }, metricOf(run, "read_p75_ms", open), {
        ratio: 0.03,
      }),
    ],
  };
}

/** Of the experiment's six ways to ask. */
const THREE_ROWS =
  "tags.asked: [open, closed 10, closed 1], workload.model: [open, closed, closed], workload.rate: [8000/s, 8000/s, 8000/s], " +
  "workload.clients: [1000, 10, 1], workload.think: [none, {dist: exponential, mean: 968us}, {dist: exponential, mean: 25us}]";

async function openClosed(context: MeasuringContext): Promise<Measured> {
  const quick = ["repetitions.count=6", "phases.measure=15s"];
  const run = await context.run({
    experiment: "open-closed",
    sets: [`sweep.axes={asked: {zip: {${THREE_ROWS}}}}`, ...(context.quick ? quick : [])],
  });
  const mean = (asked: string, derived: number): ReproducedPoint =>
    near(
      { label: `${asked}: mean response`, unit: "ms", derived },
      metricOf(run, "read_mean_ms", { "tags.asked": asked }),
      { ratio: 0.02 },
    );
  return { points: [mean("open", 0.5), mean("closed 10", 0.2815), mean("closed 1", 0.1)] };
}

interface Law {
  readonly name: string;
  readonly settings: ChooserSettings;
  readonly masses: readonly number[];
}

const KEYS = 1_000;
/** Ranks whose mass is folded one by one; what lies beyond is spread evenly. */
const NAMED_RANKS = 1_000_000;

function laws(): readonly Law[] {
  const even = new Array<number>(KEYS).fill(1 / KEYS);
  const hot = Array.from({ length: KEYS }, (_, k) => (k < KEYS / 5 ? 0.8 / (KEYS / 5) : 0.2 / (KEYS * 0.8)));
  const newest = new GrayZipfian(KEYS - 1);
  const latest = Array.from({ length: KEYS }, (_, k) => (k === 0 ? 0 : newest.mass(KEYS - 1 - k)));
  return [
    { name: "zipfian", settings: { name: "zipfian" }, masses: folded() },
    { name: "latest", settings: { name: "latest" }, masses: latest },
    { name: "uniform", settings: { name: "uniform" }, masses: even },
    { name: "hotspot", settings: { name: "hotspot", dataFraction: 0.2, operationFraction: 0.8 }, masses: hot },
  ];
}

/** Ranks out of 10^10 by the algorithm's own masses, through the hash modulo keys + 1; the number without a key is redrawn. */
function folded(): readonly number[] {
  const law = new GrayZipfian(SCRAMBLED_ITEMS, SCRAMBLED_ZETA);
  const hash = new KeyHash();
  const masses = new Array<number>(KEYS + 1).fill(0);
  let named = 0;
  for (let rank = 0; rank < NAMED_RANKS; rank++) {
    const mass = law.mass(rank);
    masses[hash.of(rank).mod(KEYS + 1)] += mass;
    named += mass;
  }
  const spread = masses.slice(0, KEYS).map((mass) => mass + (1 - named) / (KEYS + 1));
  const sum = spread.reduce((total, mass) => total + mass, 0);
  return spread.map((mass) => mass / sum);
}

/** Upper quantile of chi-square at 1 − 10⁻⁶ by Wilson and Hilferty; cells with fewer than ten expected draws are pooled. */
export function chiSquareOverLimit(counts: readonly number[], masses: readonly number[], draws: number): number {
  let [statistic, cells, count, expected] = [0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    count += counts[i];
    expected += masses[i] * draws;
    if (expected < 10) continue;
    statistic += (count - expected) ** 2 / expected;
    cells++;
    [count, expected] = [0, 0];
  }
  const spread = 2 / (9 * cells);
  return statistic / (cells * (1 - spread + 4.7534 * Math.sqrt(spread)) ** 3);
}

async function choosers(context: MeasuringContext): Promise<Measured> {
  const draws = context.quick ? 1_000_000 : 10_000_000;
  const points: ReproducedPoint[] = [];
  for (const { name, settings, masses } of laws()) {
    await context.breathe();
    const acknowledged = new AcknowledgedKeys(KEYS);
    const chooser = createChooser(settings, {
      first: 0,
      count: KEYS,
      recordCount: KEYS,
      expectedInserts: 0,
      growing: false,
      acknowledged,
    });
    const random = Random.fromSeed(`laws of ${name}`);
    const counts = new Array<number>(KEYS).fill(0);
    for (let i = 0; i < draws; i++) counts[chooser.next(random)]++;
    const label = `${name}: chi-square over its limit at p = 10⁻⁶, ${draws / 1e6} million draws`;
    points.push(atMost({ label, unit: "times" }, { value: chiSquareOverLimit(counts, masses, draws) }, 1));
  }
  return { points };
}

/** A register under contention: what clients can measure where nothing fails. */
const REGISTERS = `schema: quorumlab/experiment@1
name: measured-windows
title: Γ and Δ where nothing fails
question: How far from one copy are the histories of three quorums, by measures on histories, where no node and no message fails?
world: simulation
seed: 11
cluster: {nodes: 5, storage: memory}
network: {intra_zone: {dist: lognormal, median: 2ms, p99: 60ms}, client: {dist: exponential, mean: 500us}}
tunables: {n_val: 3, clock: lww, read_repair: none, detector: perfect}
workload: {model: closed, clients: 40, context: none, mix: {read: 0.8, update: 0.2}, keys: {count: 4, popularity: uniform}, value_size: 8B}
phases: {warmup: 100ms, measure: 1s, drain: 100ms}
sweep:
  axes:
    quorum: {zip: {r: [3, 2, 1], w: [1, 2, 1]}}
repetitions: {count: 6}
measure: {interval: 500ms, divergence_scan: none}
`;

async function registers(context: MeasuringContext): Promise<Measured> {
  const run = await context.run({ experiment: "measured-windows", text: REGISTERS });
  const of = (metric: string, r: number, w: number) => metricOf(run, metric, { r, w });
  return {
    points: [
      atMost({ label: "Γ, most, R=3 W=1", unit: "ms" }, of("gamma_max_ms", 3, 1), 0),
      atMost({ label: "Δ, most, R=3 W=1", unit: "ms" }, of("delta_max_ms", 3, 1), 0),
      atMost({ label: "stale reads, R=2 W=2", unit: "ratio" }, { value: of("p_stale", 2, 2).value }, 0),
      shown({ label: "values with a positive Γ, R=2 W=2", unit: "ratio" }, of("gamma_positive", 2, 2)),
      atLeast({ label: "values with a positive Γ, R=W=1", unit: "ratio" }, of("gamma_positive", 1, 1), 0.001),
    ],
  };
}

export const LOAD: readonly Target[] = [
  {
    id: "CO-1",
    claim:
      "Of a standstill of 100 s, who waits for answers sees nothing at p99.99; who keeps a schedule sees all of it.",
    ...{ paper: "load", source: "Tene's case; computed", read: "derived", world: "simulation", tier: 1 },
    tolerance: "± 1 %",
    run: "coordinated-omission --profile canonical: 200 s of virtual time",
    minutes: { quick: 0.4, full: 0.4 },
    measure: omission,
  },
  {
    id: "CO-1",
    variant: "processes",
    claim: "The same on a real process that is stopped for 10 s of 20.",
    ...{ paper: "load", source: "Tene's case; computed", read: "derived", world: "processes", tier: 1 },
    tolerance: "± 3 %; p99 of who waits under 50 ms",
    run: "coordinated-omission -S world=processes: three repetitions of 20 s",
    minutes: { full: 3 },
    measure: stopped,
  },
  {
    id: "OC-1",
    claim: "At a utilisation of 0.8 an open load waits much longer than a closed one of ten clients.",
    ...{
      paper: "load",
      source: "Schroeder et al. 2006: the principle; M/M/1 and mean value analysis",
      read: "derived",
      world: "simulation",
      tier: 1,
    },
    tolerance: "± 2 %",
    run: "open-closed, ten repetitions of 40 s (quick: six of 15 s)",
    minutes: { quick: 0.9, full: 4 },
    measure: openClosed,
  },
  {
    id: "YCSB-Z",
    claim: "Keys are chosen as YCSB's algorithms would.",
    ...{
      paper: "load",
      source: "YCSB's generators: masses of the algorithm, folded through the hash",
      read: "derived",
      world: "simulation",
      tier: 1,
    },
    tolerance: "chi-square below its quantile at 1 − 10⁻⁶, seeds fixed",
    run: "ten million draws of zipfian, latest, uniform and hotspot over a thousand keys (quick: one million)",
    minutes: { quick: 0.1, full: 0.5 },
    measure: choosers,
  },
  {
    id: "CC-1",
    claim:
      "Where every read asks all copies and nothing fails, histories need no stretching (Γ = Δ = 0); where quorums overlap, no read is stale.",
    ...{ paper: "measures", source: "none published", read: "derived", world: "simulation", tier: 2 },
    tolerance: "Γ and Δ exactly 0 at R=3 W=1; no stale read at R=W=2; Γ positive at R=W=1",
    run: "forty clients on four keys, three quorums, six repetitions of 1 s",
    footnote:
      "That Γ = Δ = 0 wherever R + W > N would be too strong: overlapping quorums without a write-back are regular and not atomic. One read may see a write that is under way and the next miss it, and then Γ is positive; how often is shown.",
    minutes: { quick: 0.2, full: 0.2 },
    measure: registers,
  },
];

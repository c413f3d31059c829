/**
 * Rings besides the one that is run: `measure.rings` draws so many from the trial's seed and judges each, because a single ring of few tokens
 * says more of its luck than of its strategy. `measure.availability` lets nodes fail over such rings for centuries. Nothing here touches the
 * trial: it is arithmetic on the cell's settings, done when the trial is over, and the same for the same seed in both worlds.
 */
import { simulateOutages } from "../engine/ring/outages";
import { firstPlan, nextPlan } from "../engine/ring/plan";
import { type Balance, balanceOf, metadataOf, movementBetween, neighboursOf } from "../engine/ring/properties";
import { Ring } from "../engine/ring/ring";
import { Random } from "../engine/vocabulary/random";
import type { MemberSettings, RingSettings } from "../engine/vocabulary/settings";
import type { FinishContext } from "../results/measures/measure";
import { predictOutages } from "../results/predictions/outages";
import type { MetricValue } from "../results/record/figures";
import type { Cell } from "./spec/experiment";

/** Movement and neighbours need a second ring, or all groups, each: their means are sure with fewer. */
const MOST_CHANGED = 60;

/** Undefined where neither is asked for. */
export function drawnRings(cell: Cell, seed: number): FinishContext["drawnRings"] {
  const { rings = 0, availability } = cell.measure;
  if (rings === 0 && availability === undefined) return undefined;
  const settings = cell.cluster.ring;
  const n = cell.cluster.engine.nVal;
  // One more than there is, to join.
  const members: readonly MemberSettings[] = cell.cluster.members;
  const newcomer: MemberSettings = { id: "newcomer", zone: members[0].zone, weight: 1, joins: true };
  const universe = [...members, newcomer];
  const random = Random.fromSeed(seed).fork("drawn rings");
  const sums = new Sums();
  let outages = 0;
  let accelerated = 0;
  const drawn = Math.max(1, rings);
  for (let i = 0; i < drawn; i++) {
    const stream = random.fork(String(i));
    const plan = firstPlan(settings, universe, stream);
    const ring = Ring.of(settings, universe, plan, stream);
    if (rings > 0) {
      sums.balance("ring", balanceOf(ring, ring.replicaShare(n)));
      sums.balance("ring_primary", balanceOf(ring, ring.ownership()));
      const { entries, bytes } = metadataOf(ring, settings, plan);
      sums.add("ring_metadata_entries", entries);
      sums.add("ring_metadata_bytes", bytes);
    }
    if (rings > 0 && i < MOST_CHANGED) {
      const around = neighboursOf(ring, n).filter((_, node) => ring.has(node));
      sums.add("ring_neighbours", around.reduce((sum, count) => sum + count, 0) / around.length);
      const change = (name: string, after: readonly number[]): void => {
        const next = nextPlan(settings, universe, plan, after, stream);
        const { moved, minimum } = movementBetween(ring, Ring.of(settings, universe, next, stream), n);
        sums.add(`ring_${name}_moved`, moved);
        if (minimum > 0) sums.add(`ring_${name}_moved_ratio`, moved / minimum);
      };
      const joinable = settings.strategy !== "equal-partitions" && settings.strategy !== "claim";
      if (joinable || settings.partitions > plan.members.length) change("join", [...plan.members, members.length]);
      const leaver = plan.members[stream.fork("leaver").nextBelow(plan.members.length)];
      if (plan.members.length > 1)
        change(
          "leave",
          plan.members.filter((node) => node !== leaver),
        );
    }
    if (availability !== undefined) {
      const part = { ...availability, centuries: availability.centuries / drawn };
      const { counted, perCentury } = simulateOutages(ring, n, part, stream.fork("failures"));
      accelerated += counted;
      outages += perCentury / drawn;
    }
  }
  return {
    metrics: {
      ...sums.metrics(),
      ...(availability === undefined ? {} : { outages_per_century: counted(outages, accelerated) }),
      ...expectedOutages(cell),
    },
    figures: { drawn, strategy: inWords(settings) },
  };
}

/** By the closed form, where its assumptions hold: random tokens, as many zones of equal size as copies, and a copy in each. */
function expectedOutages({ cluster, measure: { availability } }: Cell): Readonly<Record<string, MetricValue>> {
  const { ring, members, engine } = cluster;
  if (availability === undefined || ring.strategy !== "random-tokens" || ring.spread !== "zones") return {};
  const sizes = new Map<string, number>();
  for (const { zone } of members) sizes.set(zone, (sizes.get(zone) ?? 0) + 1);
  if (sizes.size !== engine.nVal || new Set(sizes.values()).size !== 1 || engine.nVal !== 3) return {};
  const { outagesPerCentury } = predictOutages({
    ...availability,
    nodes: members.length,
    vnodesPerNode: ring.vnodesPerNode,
    replication: engine.nVal,
  });
  const metric = { value: outagesPerCentury, lo: null, hi: null, n: 0, unit: "1/century" };
  return { outages_per_century_expected: metric };
}

function inWords({ strategy, dealing, spread }: RingSettings): string {
  const words: string = dealing === "random" ? `${strategy}, dealt at random` : strategy;
  return spread === undefined ? words : `${words}, over zones`;
}

const UNITS: Readonly<Record<string, string>> = {
  ring_metadata_entries: "count",
  ring_metadata_bytes: "bytes",
  ring_neighbours: "nodes",
  ring_max_over_mean: "times",
  ring_primary_max_over_mean: "times",
  ring_join_moved_ratio: "times",
  ring_leave_moved_ratio: "times",
};

/** Means over rings; of coefficients of variation the root of the mean square, which is what the closed form is of. */
class Sums {
  private readonly values = new Map<string, number[]>();

  balance(of: string, { efficiency, cv, maxOverMean }: Balance): void {
    this.add(`${of}_efficiency`, efficiency);
    this.add(`${of}_cv`, cv);
    this.add(`${of}_max_over_mean`, maxOverMean);
  }

  add(name: string, value: number): void {
    const values = this.values.get(name);
    if (values === undefined) this.values.set(name, [value]);
    else values.push(value);
  }

  metrics(): Record<string, MetricValue> {
    return Object.fromEntries([...this.values].map(([name, values]) => [name, summed(name, values)]));
  }
}

/** Values that cannot be exceeded, whatever a normal distribution of few rings would allow. */
const MOST: Readonly<Record<string, number>> = { ring_efficiency: 1, ring_primary_efficiency: 1 };
/** Of the normal distribution, at 95 %. */
const NORMAL_95 = 1.96;

function summed(name: string, given: readonly number[]): MetricValue {
  const squares = name.endsWith("_cv");
  const values = squares ? given.map((value) => value * value) : given;
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1);
  const room = n < 2 ? undefined : NORMAL_95 * Math.sqrt(variance / n);
  const back = (value: number): number => (squares ? Math.sqrt(Math.max(0, value)) : value);
  return {
    value: back(mean),
    lo: room === undefined ? null : back(mean - room),
    hi: room === undefined ? null : Math.min(MOST[name] ?? Infinity, back(mean + room)),
    n,
    unit: UNITS[name] ?? "ratio",
  };
}

/** With the interval of a count of rare events. */
function counted(perCentury: number, events: number): MetricValue {
  const room = events === 0 ? null : (NORMAL_95 * perCentury) / Math.sqrt(events);
  return {
    value: perCentury,
    lo: room === null ? null : Math.max(0, perCentury - room),
    hi: room === null ? null : perCentury + room,
    n: events,
    unit: "1/century",
  };
}

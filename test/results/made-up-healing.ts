/**
 * MADE-UP figures of failure and repair, for tests of charts and reports: no fault happened. Keys differ in three ways while something
 * is cut, heal in steps afterwards (where only one replica must answer, some never do), hints pile up and go home, and the history is further from
 * that of one register where quorums do not overlap.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { DelayQuantiles, TimeSeries, TrialFigures } from "../../results/record/figures";

export interface HealingOptions {
  readonly overlap: boolean;
  /** Instants of the run's intervals, seconds. */
  readonly t: readonly number[];
}

type Healing = Required<
  Pick<TrialFigures, "convergence" | "staleByWindow" | "sessionsByWindow" | "repair" | "zones" | "trueWindow">
>;

/** Of the divergent keys without a missing copy. */
export function madeUpKinds({ columns }: TimeSeries): Record<string, (number | null)[]> {
  const rest = columns["divergent"].map((all, i) => Math.max(0, (all ?? 0) - (columns["missing"][i] ?? 0)));
  const stale = rest.map((keys) => Math.floor(0.7 * keys));
  return {
    missing: columns["missing"].map((keys, i) => Math.min(keys ?? 0, columns["divergent"][i] ?? 0)),
    stale,
    conflicting: rest.map((keys, i) => keys - stale[i]),
    unclassified: rest.map(() => 0),
  };
}

export function madeUpHealing(random: Random, { overlap, t }: HealingOptions): Healing {
  const unit = (): number => random.nextUint32() / 2 ** 32;
  const near = (value: number): number => Math.round(value * (0.9 + 0.2 * unit()));
  const steps = 12;
  const converged = Array.from({ length: steps }, (_, i) => near(60 * Math.exp(-i / 4)));
  const never = overlap ? 0 : near(9);
  const hump = (i: number): number => Math.max(0, 1 - Math.abs(i - t.length / 2) / (t.length / 6 + 1));
  const rates = (of: (i: number) => number): (number | null)[] => [...t.slice(1).map((_, i) => of(i)), null];
  const curve = (scale: number, count: number): DelayQuantiles => ({
    count,
    at: Array.from({ length: 40 }, (_, i) => (i + 1) / 40),
    ms: Array.from({ length: 40 }, (_, i) => scale * Math.exp(i / 6) * (0.99 + 0.01 * unit())).sort((a, b) => a - b),
  });
  const stale = (window: "before" | "during" | "after", share: number) => {
    const reads = near(2_000);
    const hits = overlap ? 0 : Math.round(share * reads);
    const late = hits === 0 ? null : near(100) / 10;
    return {
      ...{ window, reads, stale: hits, missedP50Ms: late, missedP99Ms: late === null ? null : 20 * late },
      ...{ behindP50: hits === 0 ? null : 1, behindP99: hits === 0 ? null : 3 },
    };
  };
  const values = near(5_000);
  const positive = overlap ? near(12) : near(260);
  return {
    convergence: {
      resolutionS: 0.5,
      unobserved: 1,
      healings: [
        {
          faults: ["split", "slow"],
          endedAtS: 20,
          convergedS: overlap ? 6 : null,
          divergedUntilS: overlap ? 5.5 : 9,
          observedS: 9,
          keys: {
            atS: [...converged.map((_, i) => (i + 1) / 2), ...(never === 0 ? [] : [9])],
            converged: [...converged, ...(never === 0 ? [] : [0])],
            censored: [...converged.map(() => 0), ...(never === 0 ? [] : [never])],
          },
        },
      ],
    },
    staleByWindow: [stale("before", 0.002), stale("during", 0.2), stale("after", 0.04)],
    sessionsByWindow: (["before", "during", "after"] as const).map((window) => ({
      ...{
        window,
        missedOwn: overlap ? 0 : near(3),
        judgedOwn: near(400),
        wentBack: overlap ? 0 : 1,
        judgedBack: near(390),
      },
    })),
    repair: {
      t,
      columns: {
        bytes_replication: rates(() => near(160_000)),
        bytes_reading: rates(() => near(140_000)),
        bytes_forwarding: rates(() => near(50_000)),
        bytes_detector: rates(() => 700),
        bytes_hint: rates((i) => near(200_000 * hump(i))),
        bytes_read_repair: rates((i) => near(30_000 * hump(i - 2))),
        bytes_anti_entropy: rates(() => near(9_000)),
        hints_held: t.map((_, i) => near(2_000 * hump(i + 4) + 8)),
        hints_held_fullest: t.map((_, i) => near(700 * hump(i + 4))),
      },
      totals: {
        ...{ read_repairs: near(900), hints_written: near(2_100), hints_delivered: near(2_090), hints_expired: 4 },
        ...{ hints_refused: 0, exchanges: near(98), exchanges_equal: near(80), keys_compared: null, keys_streamed: 0 },
        ...{ keys_overstreamed: 0, keys_repaired: near(460) },
      },
      byCause: [
        { cause: "replication", messages: near(23_000), bytes: near(4_800_000) },
        { cause: "read-repair", messages: near(1_300), bytes: near(430_000) },
        { cause: "hint", messages: near(63), bytes: near(636_000) },
        { cause: "anti-entropy", messages: near(2_700), bytes: near(598_000) },
      ],
      requests: near(15_000),
    },
    zones: {
      values,
      gamma: { positive, positiveMs: curve(0.4, positive) },
      delta: { positive, positiveMs: curve(0.5, positive) },
      ...{ readsLeftOut: near(40), valuesCut: 0, valuesLeftOut: 0 },
    },
    trueWindow: { writes: values, none: near(0.1 * values), open: near(3), ms: curve(1, near(0.85 * values)) },
  };
}

/**
 * Latencies of production stores as Bailis and others fitted them (VLDB 2012, table 3): LinkedIn's Voldemort on
 * solid-state and on spinning disks, Yammer's Riak, and a made-up wide area network. Pareto bodies with exponential tails,
 * milliseconds. Where the printed paper and the authors' program disagree, both are here and a footnote says so.
 */
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import type { GridName } from "./t-visibility";
import type { WarsModel } from "./wars";

export interface NamedModel extends WarsModel {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  /** On which of the authors' grids they looked for t-visibility. */
  readonly grid: GridName;
  /** What the published record says about this model that cannot all be true. */
  readonly footnotes: readonly string[];
}

const SOURCE = "Bailis et al., Probabilistically Bounded Staleness for Practical Partial Quorums, VLDB 2012, table 3";

/** `bodyShare` in per cent; the exponential tail by its rate in 1/ms, as the paper prints it. */
function fit(
  bodyShare: number,
  body: { readonly minMs: number; readonly alpha: number },
  tailRatePerMs: number,
): DistributionSettings {
  return {
    dist: "mixture",
    parts: [
      { weight: bodyShare, of: { dist: "pareto", ...body } },
      {
        weight: Number((100 - bodyShare).toFixed(4)),
        of: { dist: "exponential", meanMs: 1 / tailRatePerMs, shiftMs: 0 },
      },
    ],
  };
}

const SOLID_STATE = fit(91.22, { minMs: 0.235, alpha: 10 }, 1.66);
const DISK_WRITE = fit(38, { minMs: 1.05, alpha: 1.51 }, 0.183);
const YAMMER = fit(98.2, { minMs: 1.5, alpha: 3.8 }, 0.0217);

function ars(w: DistributionSettings, rest: DistributionSettings): NamedModel["legs"] {
  return { w, a: rest, r: rest, s: rest };
}

const EARLY_STOPPING =
  "the published t-visibility is the first crossing of a walk upwards in t and lies below the exact quantile";
const YAMMER_SHAPE =
  "the paper prints 3.35 as shape of the write body, the authors' program has 3.5; only 3.5 gives the printed results " +
  "(89.3 % consistent at once, write p99.9 of 10.83 ms)";

const ALL: readonly NamedModel[] = [
  {
    name: "lnkd-ssd",
    title: "LinkedIn's Voldemort on solid-state disks",
    source: SOURCE,
    legs: ars(SOLID_STATE, SOLID_STATE),
    grid: "fine",
    footnotes: [
      EARLY_STOPPING,
      "the paper saw no stale read in 10 million writes at R=2, W=1; its own parameters give some six in ten thousand at t = 0",
    ],
  },
  {
    name: "lnkd-disk",
    title: "LinkedIn's Voldemort on spinning disks, solid-state elsewhere",
    source: SOURCE,
    legs: ars(DISK_WRITE, SOLID_STATE),
    grid: "medium",
    footnotes: [EARLY_STOPPING, "the text gives a write p99.9 of 10.47 ms at W=1, table 4 gives 10.99 ms"],
  },
  {
    name: "ymmr",
    title: "Yammer's Riak, write body of shape 3.5",
    source: `${SOURCE}; shape from the authors' program`,
    legs: ars(fit(93.9, { minMs: 3, alpha: 3.5 }, 0.0028), YAMMER),
    grid: "long",
    footnotes: [EARLY_STOPPING, YAMMER_SHAPE],
  },
  {
    name: "ymmr-printed",
    title: "Yammer's Riak, write body of shape 3.35 as printed",
    source: SOURCE,
    legs: ars(fit(93.9, { minMs: 3, alpha: 3.35 }, 0.0028), YAMMER),
    grid: "long",
    footnotes: [EARLY_STOPPING, YAMMER_SHAPE],
  },
  {
    name: "wan",
    title: "LinkedIn's disks in three datacentres, 75 ms apart each way",
    source: SOURCE,
    legs: ars(DISK_WRITE, SOLID_STATE),
    distanceMs: 75,
    grid: "medium",
    footnotes: [EARLY_STOPPING],
  },
];

export const MODELS: ReadonlyMap<string, NamedModel> = new Map(ALL.map((model) => [model.name, model]));

/**
 * Every key chooser with the exact probabilities of its keys, worked out apart from the chooser: analytic masses, or those
 * of Gray's algorithm folded through the hash where YCSB folds. `npm test` holds a million draws of each against them and
 * `npm run choosers` ten million, which is where shares that are off by six parts in a thousand show.
 */
import { Random } from "../../../engine/vocabulary/random";
import type { ChooserSettings } from "../../../workloads/settings";
import { AcknowledgedKeys } from "../../../workloads/ycsb/acknowledged-keys";
import { createChooser } from "../../../workloads/ycsb/chooser";
import { GrayZipfian } from "../../../workloads/ycsb/gray-zipfian";
import { KeyHash } from "../../../workloads/ycsb/key-number";
import { SCRAMBLED_ITEMS, SCRAMBLED_ZETA } from "../../../workloads/ycsb/zipfian";

export interface ChooserLaw {
  readonly name: string;
  readonly settings: ChooserSettings;
  readonly keys: number;
  readonly first?: number;
  readonly expectedInserts?: number;
  /** Of key numbers from the first on; they sum to 1. */
  masses(): readonly number[];
}

const KEYS = 1_000;
/** Ranks whose mass is folded one by one; what lies beyond is spread evenly. */
const NAMED_RANKS = 1_000_000;

export const CHOOSER_LAWS: readonly ChooserLaw[] = [
  { name: "uniform", settings: { name: "uniform" }, keys: KEYS, first: 17, masses: () => even(KEYS) },
  { name: "sequential", settings: { name: "sequential" }, keys: KEYS, first: 17, masses: () => even(KEYS) },
  { name: "zipfian", settings: { name: "zipfian" }, keys: KEYS, masses: () => folded(KEYS, 0) },
  {
    name: "zipfian with room for inserts, whose numbers are redrawn",
    settings: { name: "zipfian" },
    keys: KEYS,
    first: 40,
    expectedInserts: 500,
    masses: () => folded(KEYS, 500),
  },
  ...[0.5, 0.99, 1, 1.2].map((theta) => ({
    name: `zipf with theta ${theta}`,
    settings: { name: "zipf", theta } as const,
    keys: KEYS,
    masses: () => normalised(Array.from({ length: KEYS }, (_, k) => Math.pow(k + 1, -theta))),
  })),
  { name: "latest", settings: { name: "latest" }, keys: KEYS, masses: () => latest(KEYS) },
  {
    name: "hotspot",
    settings: { name: "hotspot", dataFraction: 0.2, operationFraction: 0.8 },
    keys: KEYS,
    masses: () => Array.from({ length: KEYS }, (_, k) => (k < KEYS / 5 ? 0.8 / (KEYS / 5) : 0.2 / (KEYS * 0.8))),
  },
  {
    name: "exponential",
    settings: { name: "exponential", percentile: 95, fraction: 0.857_142_857_1 },
    keys: KEYS,
    masses: () => exponential(KEYS, 95, 0.857_142_857_1),
  },
];

/** How often each key came up in so many draws, the seed always the same. */
export function drawsOf({ settings, keys, first = 0, expectedInserts = 0 }: ChooserLaw, draws: number): number[] {
  const recordCount = first + keys;
  const acknowledged = new AcknowledgedKeys(recordCount);
  const range = { first, count: keys, recordCount, expectedInserts, growing: false, acknowledged };
  const chooser = createChooser(settings, range);
  const random = Random.fromSeed(`laws of ${settings.name}`);
  const counts = new Array<number>(keys).fill(0);
  for (let i = 0; i < draws; i++) counts[chooser.next(random) - first]++;
  return counts;
}

function even(keys: number): readonly number[] {
  return new Array<number>(keys).fill(1 / keys);
}

function normalised(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Ranks out of 10^10 by the algorithm's own masses, through FNV modulo keys + room + 1; numbers without a key are redrawn. */
function folded(keys: number, room: number): readonly number[] {
  const law = new GrayZipfian(SCRAMBLED_ITEMS, SCRAMBLED_ZETA);
  const hash = new KeyHash();
  const modulus = keys + room + 1;
  const masses = new Array<number>(modulus).fill(0);
  let named = 0;
  for (let rank = 0; rank < NAMED_RANKS; rank++) {
    const mass = law.mass(rank);
    masses[hash.of(rank).mod(modulus)] += mass;
    named += mass;
  }
  return normalised(masses.slice(0, keys).map((mass) => mass + (1 - named) / modulus));
}

function latest(keys: number): readonly number[] {
  const law = new GrayZipfian(keys - 1);
  return Array.from({ length: keys }, (_, k) => (k === 0 ? 0 : law.mass(keys - 1 - k)));
}

/** Counted back from the newest, cut at key 0. */
function exponential(keys: number, percentile: number, fraction: number): readonly number[] {
  const gamma = -Math.log(1 - percentile / 100) / (keys * fraction);
  return normalised(Array.from({ length: keys }, (_, k) => Math.exp(-gamma * (keys - 1 - k)) * (1 - Math.exp(-gamma))));
}

/**
 * What Bailis and others published for their own models (VLDB 2012): table 4 and the consistency at commit in the text,
 * all for N = 3. Numbers of the paper alone; what a run of ours gives does not belong here.
 */
import type { QuorumPair } from "./wars";

export interface PublishedCell {
  /** 99.9th percentiles of read and write latency, of a million samples. */
  readonly readP999Ms: number;
  readonly writeP999Ms: number;
  /** t at which 99.9 % of reads are consistent, by the first crossing of 50,000 samples a step. */
  readonly tVisibilityMs: number;
  /** Share of reads that are consistent at t = 0, where the text has it. */
  readonly atCommit?: number;
}

/** In the table's order of rows. */
export const PUBLISHED_PAIRS: readonly QuorumPair[] = [
  { r: 1, w: 1 },
  { r: 1, w: 2 },
  { r: 2, w: 1 },
  { r: 2, w: 2 },
  { r: 3, w: 1 },
  { r: 1, w: 3 },
];

type Row = readonly [readP999Ms: number, writeP999Ms: number, tVisibilityMs: number];

const TABLE: ReadonlyMap<string, { readonly rows: readonly Row[]; readonly atCommit: number }> = new Map([
  [
    "lnkd-ssd",
    {
      rows: [
        [0.66, 0.66, 1.85],
        [0.66, 1.63, 1.79],
        [1.63, 0.65, 0],
        [1.62, 1.64, 0],
        [4.14, 0.65, 0],
        [0.65, 4.09, 0],
      ],
      atCommit: 0.974,
    },
  ],
  [
    "lnkd-disk",
    {
      rows: [
        [0.66, 10.99, 45.5],
        [0.65, 20.97, 43.3],
        [1.63, 10.9, 13.6],
        [1.64, 20.96, 0],
        [4.12, 10.89, 0],
        [0.65, 112.65, 0],
      ],
      atCommit: 0.439,
    },
  ],
  [
    "ymmr",
    {
      rows: [
        [5.58, 10.83, 1364],
        [5.61, 427.12, 1352],
        [32.6, 10.73, 202],
        [33.18, 428.11, 0],
        [219.27, 10.79, 0],
        [5.63, 1870.86, 0],
      ],
      atCommit: 0.893,
    },
  ],
  [
    "wan",
    {
      rows: [
        [3.4, 55.12, 113],
        [3.4, 167.64, 0],
        [151.3, 56.36, 30.2],
        [151.31, 167.72, 0],
        [153.86, 55.19, 0],
        [3.44, 241.55, 0],
      ],
      atCommit: 0.33,
    },
  ],
]);

/** Undefined where nothing was published: other models, another N, other quorums. */
export function publishedCell(model: string, n: number, { r, w }: QuorumPair): PublishedCell | undefined {
  // The printed shape of Yammer's writes stands beside results that it does not give.
  const of = TABLE.get(model === "ymmr-printed" ? "ymmr" : model);
  const at = PUBLISHED_PAIRS.findIndex((pair) => pair.r === r && pair.w === w);
  if (of === undefined || n !== 3 || at < 0) return undefined;
  const [readP999Ms, writeP999Ms, tVisibilityMs] = of.rows[at];
  return { readP999Ms, writeP999Ms, tVisibilityMs, ...(r === 1 && w === 1 ? { atCommit: of.atCommit } : {}) };
}

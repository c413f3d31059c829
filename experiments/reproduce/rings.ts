/**
 * Partitioning: how uneven random tokens are and jump hash is not, and what vnodes do to availability; by drawing rings, choosing buckets
 * and letting nodes fail for centuries. Coefficients of variation are pooled over rings (root of the mean square), which is what the
 * closed form is of: a mean of per-ring values is a little low for few nodes.
 */
import { jumpHash } from "../../engine/ring/jump";
import { firstPlan } from "../../engine/ring/plan";
import { balanceOf } from "../../engine/ring/properties";
import { simulateOutages } from "../../engine/ring/outages";
import { Ring } from "../../engine/ring/ring";
import { Random } from "../../engine/vocabulary/random";
import type { MemberSettings, RingSettings } from "../../engine/vocabulary/settings";
import { NETFLIX_2018, predictOutages } from "../../results/predictions/outages";
import type { ReproducedPoint } from "../../results/record/reproduction";
import { poissonInterval } from "../../results/statistics/poisson";
import { wilson } from "../../results/statistics/wilson";
import { atLeast, atMost, exactly, near } from "./judge";
import { meanOf, type MeasuringContext } from "./measuring";
import type { Measured, Target } from "./target";

const NODES = 10;
const TOKENS = [1, 8, 16, 32, 64, 128, 256, 1000] as const;

function randomTokens(vnodesPerNode: number, spread = false): RingSettings {
  const rest = { hash: "murmur3", distinctHosts: "walk", partitions: 64 } as const;
  return { ...rest, strategy: "random-tokens", vnodesPerNode, ...(spread ? { spread: "zones" as const } : {}) };
}

function members(count: number, zones = 1): readonly MemberSettings[] {
  return Array.from({ length: count }, (_, i) => ({ id: `node-${i + 1}`, zone: `zone-${(i % zones) + 1}`, weight: 1 }));
}

function drawn(settings: RingSettings, nodes: readonly MemberSettings[], stream: Random): Ring {
  return Ring.of(settings, nodes, firstPlan(settings, nodes, stream), stream);
}

/** Root of the mean square, with the interval of that mean. */
function pooled(values: readonly number[]) {
  const { value, lo, hi } = meanOf(values.map((one) => one * one));
  const root = (square: number | null): number | null => (square === null ? null : Math.sqrt(Math.max(0, square)));
  return { value: root(value), lo: root(lo), hi: root(hi) };
}

async function imbalance(context: MeasuringContext): Promise<Measured> {
  const nodes = members(NODES);
  const variation: ReproducedPoint[] = [];
  let harmonic = 0;
  for (let k = 1; k <= NODES; k++) harmonic += 1 / k;
  const most: ReproducedPoint[] = [];
  for (const v of TOKENS) {
    await context.breathe();
    const rings = context.quick ? (v >= 256 ? 300 : 1_000) : v >= 256 ? 1_000 : 4_000;
    const random = Random.fromSeed(1997).fork(`tokens/${v}`);
    const balances = Array.from({ length: rings }, (_, i) => {
      const ring = drawn(randomTokens(v), nodes, random.fork(String(i)));
      return balanceOf(ring, ring.ownership());
    });
    const derived = Math.sqrt((NODES - 1) / (NODES * v + 1));
    variation.push(
      near({ label: `c.v. of shares, ${v} tokens`, unit: "", derived }, pooled(balances.map(({ cv }) => cv)), {
        ratio: 0.03,
      }),
    );
    if (v === 1)
      most.push(
        near(
          {
            label: "largest share over the mean, one token: the harmonic number of 10",
            unit: "times",
            derived: harmonic,
          },
          meanOf(balances.map(({ maxOverMean }) => maxOverMean)),
          { ratio: 0.1 },
        ),
      );
  }
  return {
    points: [...variation, ...most],
    curves: [
      {
        title: "Unevenness of a ring of random tokens",
        x: { title: "tokens of a node", scale: "logarithmic", unit: "" },
        y: { title: "coefficient of variation of shares", scale: "logarithmic", unit: "" },
        series: [
          {
            name: "√((n−1)/(nv+1))",
            kind: "derived",
            points: TOKENS.map((v) => [v, Math.sqrt((NODES - 1) / (NODES * v + 1))]),
          },
          { name: "measured", kind: "measured", points: TOKENS.map((v, i) => [v, variation[i].measured!]) },
        ],
      },
    ],
  };
}

async function jump(context: MeasuringContext): Promise<Measured> {
  const points: ReproducedPoint[] = [];
  const total = context.quick ? 4_000_000 : 10_000_000;
  const random = Random.fromSeed("jump");
  for (const buckets of [10, 100, 1_000]) {
    await context.breathe();
    // Where so few keys move that noise alone is two percent, all of them at any size.
    const keys = buckets === 1_000 ? 10_000_000 : total;
    const counts = new Uint32Array(buckets);
    let [moved, astray] = [0, 0];
    for (let i = 0; i < keys; i++) {
      const [high, low] = [random.nextUint32(), random.nextUint32()];
      const before = jumpHash(high, low, buckets);
      counts[before]++;
      const after = jumpHash(high, low, buckets + 1);
      if (after === before) continue;
      moved++;
      if (after !== buckets) astray++;
    }
    const expected = keys / buckets;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = buckets - 1;
    // Wilson and Hilferty: the cube root is nearly normal; 3.09 is the quantile of p = .001.
    const z = (Math.cbrt(chiSquare / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
    points.push(
      atMost({ label: `${buckets} buckets: chi-square in standard deviations`, unit: "" }, { value: z }, 3.09),
      near(
        {
          label: `${buckets} buckets: keys that move for one more, 1/(n+1)`,
          unit: "ratio",
          derived: 1 / (buckets + 1),
        },
        { value: moved / keys, ...wilson(moved, keys) },
        { ratio: 0.02 },
      ),
      exactly(
        { label: `${buckets} buckets: moved keys that do not go to the new one`, unit: "", derived: 0 },
        { value: astray },
      ),
    );
  }
  return { points };
}

const VNODES = [1, 4, 8, 16, 32, 256] as const;
/** Outages of two failures go with the square of the rate: see engine/ring/outages.ts. */
const ACCELERATION = 10;

async function outages(context: MeasuringContext): Promise<Measured> {
  const formula = (vnodesPerNode: number): number =>
    predictOutages({ ...NETFLIX_2018, vnodesPerNode }).outagesPerCentury;
  const points: ReproducedPoint[] = [
    near(
      { label: "the formula at 256 vnodes, outages a century", unit: "", published: 2.98 },
      { value: formula(256) },
      { within: 0.01 },
    ),
    near(
      { label: "the formula at 256 vnodes, neighbours", unit: "", published: 64 },
      { value: predictOutages({ ...NETFLIX_2018, vnodesPerNode: 256 }).neighbours },
      { within: 0.5 },
    ),
  ];
  const nodes = members(NETFLIX_2018.nodes, 3);
  const [rings, centuries] = context.quick ? [10, 30] : [20, 60];
  const measured: [number, number][] = [];
  for (const v of VNODES) {
    await context.breathe();
    const random = Random.fromSeed(2018).fork(`vnodes/${v}`);
    let [perCentury, counted] = [0, 0];
    for (let i = 0; i < rings; i++) {
      const stream = random.fork(String(i));
      const ring = drawn(randomTokens(v, true), nodes, stream);
      const { failuresPerCentury, bytesPerNode, inBytesPerSecond, outBytesPerSecond } = NETFLIX_2018;
      const part = {
        failuresPerCentury,
        bytesPerNode,
        inBytesPerSecond,
        outBytesPerSecond,
        acceleration: ACCELERATION,
      };
      const seen = simulateOutages(ring, 3, { ...part, centuries: centuries / rings }, stream.fork("failures"));
      perCentury += seen.perCentury / rings;
      counted += seen.counted;
    }
    const each = counted === 0 ? 0 : perCentury / counted;
    const { lo, hi } = poissonInterval(counted);
    measured.push([v, perCentury]);
    points.push(
      near(
        { label: `simulated over real rings, ${v} vnodes`, unit: "", derived: formula(v) },
        { value: perCentury, lo: lo * each, hi: hi * each },
        { ratio: 0.1 },
      ),
    );
  }
  points.push(
    atLeast(
      { label: "256 vnodes against 4: outages", unit: "times", published: 8.5 },
      { value: measured.at(-1)![1] / measured[1][1] },
      1,
    ),
  );
  return {
    points,
    curves: [
      {
        title: "Outages of a quorum in a century, 96 nodes",
        x: { title: "vnodes of a node", scale: "logarithmic", unit: "" },
        y: { title: "outages a century", scale: "linear", unit: "" },
        series: [
          {
            name: "published",
            kind: "published",
            points: [
              [4, 0.35],
              [256, 2.98],
            ],
          },
          { name: "their own formula", kind: "derived", points: VNODES.map((v) => [v, formula(v)]) },
          { name: "simulated", kind: "measured", points: measured },
        ],
      },
    ],
  };
}

export const RINGS: readonly Target[] = [
  {
    id: "CH-1",
    claim: "Shares of random tokens vary as √((n − 1)/(n v + 1)).",
    ...{
      paper: "rings",
      source: "Karger et al. 1997 bound it; the closed form is exact",
      read: "derived",
      world: "simulation",
      tier: 1,
    },
    tolerance: "± 3 % of the pooled coefficient of variation; ± 10 % of the largest share",
    run: "4,000 rings of ten nodes at each of eight numbers of tokens, 1,000 from 256 on (quick: 1,000 and 300)",
    minutes: { quick: 0.2, full: 0.6 },
    measure: imbalance,
  },
  {
    id: "CH-2",
    claim: "Jump hash is uniform, and one bucket more moves exactly its share.",
    ...{ paper: "rings", source: "Lamping and Veach 2014", read: "derived", world: "simulation", tier: 1 },
    tolerance: "chi-square p > .001; moves 1/(n+1) ± 2 %, all into the new bucket",
    run: "ten million keys on 10, 100 and 1,000 buckets (quick: four million on 10 and 100)",
    minutes: { quick: 0.1, full: 0.3 },
    measure: jump,
  },
  {
    id: "AV-1",
    claim: "More vnodes mean more outages of some quorum.",
    ...{ paper: "rings", source: "Lynch and Snyder 2018", read: "primary", world: "simulation", tier: 1 },
    tolerance: "formula exact to what is printed; simulation ± 10 % of it",
    run: "their formula, and nodes that fail and are rebuilt over 20 rings of 96 nodes, 60 centuries at ten times the rate (quick: 30)",
    footnote:
      "The text says 0.35 outages a century for 4 vnodes, hence ten times better than 256; its own formula, and the simulation, give 0.67 and a factor of 4.5.",
    minutes: { quick: 0.4, full: 0.9 },
    measure: outages,
  },
  {
    id: "AV-2",
    claim: "Copysets: of 1 % of nodes lost at once, data is lost in 0.15 % of cases and not in 99.99 %.",
    ...{ paper: "rings", source: "Cidon et al. 2013", read: "primary", world: "simulation", tier: 3 },
    tolerance: "order of magnitude",
    run: "nothing yet",
    notCovered:
      "No strategy of the engine places copies by copysets, and no experiment loses many nodes' disks at once over thousands of nodes.",
  },
];

/**
 * Table 4 of "Probabilistically Bounded Staleness" (Bailis et al., VLDB 2012) and what the text says of its four latency models: by Monte
 * Carlo of the paper's own model. Two million trials a model, drawn once for five targets and folded at once, because the samples
 * of one model alone take some two hundred megabytes. (The paper drew one million for latencies; at two the quantiles of the long tails
 * are known to better than their tolerances.)
 */
import { MODELS } from "../../results/predictions/models";
import { publishedCell, PUBLISHED_PAIRS } from "../../results/predictions/published";
import { firstCrossing, type FirstCrossing } from "../../results/predictions/t-visibility";
import { simulateWars, type QuorumPair } from "../../results/predictions/wars";
import type { ReproducedCurve, ReproducedPoint } from "../../results/record/reproduction";
import { between, near } from "./judge";
import type { Known, MeasuringContext } from "./measuring";
import type { CoveredTarget, Target } from "./target";

const TRIALS = 2_000_000;
const TARGET = 0.999;
const NAMES = ["lnkd-ssd", "lnkd-disk", "ymmr", "wan"] as const;
type ModelName = (typeof NAMES)[number];
const ONE: QuorumPair = { r: 1, w: 1 };
const SEED = 1;

interface ModelFigures {
  readonly name: ModelName;
  /** By R, by W and by `R=… W=…`; milliseconds. */
  readonly readP999: ReadonlyMap<number, Known>;
  readonly writeP999: ReadonlyMap<number, Known>;
  readonly window: ReadonlyMap<string, Known>;
  readonly crossing: ReadonlyMap<string, FirstCrossing>;
  readonly atCommit: Known;
  /** Percent of consistent reads by milliseconds since the acknowledgement, R = W = 1. */
  readonly curve: readonly (readonly [number, number])[];
  /** What it took. */
  readonly seconds: number;
}

const known = new Map<ModelName, ModelFigures>();

function figuresOf(name: ModelName): ModelFigures {
  const before = known.get(name);
  if (before !== undefined) return before;
  const began = performance.now();
  const model = MODELS.get(name)!;
  const outcome = simulateWars({ model, n: 3, pairs: PUBLISHED_PAIRS, trials: TRIALS, seed: SEED });
  const each = <Key, Value>(keys: readonly Key[], of: (key: Key) => Value): Map<Key, Value> =>
    new Map([...new Set(keys)].map((key) => [key, of(key)]));
  const pairs = new Map(PUBLISHED_PAIRS.map((pair) => [about(pair), pair]));
  const windows = outcome.windowMs(ONE);
  const end = windows.quantile(0.9999).value;
  const ages = Array.from({ length: 41 }, (_, i) => (end * i * i) / 1_600);
  const figures = {
    name,
    readP999: each(
      PUBLISHED_PAIRS.map(({ r }) => r),
      (r) => outcome.readMs(r).quantile(TARGET),
    ),
    writeP999: each(
      PUBLISHED_PAIRS.map(({ w }) => w),
      (w) => outcome.writeMs(w).quantile(TARGET),
    ),
    window: each([...pairs.keys()], (key) => outcome.windowMs(pairs.get(key)!).quantile(TARGET)),
    crossing: each([...pairs.keys()], (key) => firstCrossing(outcome.windowMs(pairs.get(key)!), TARGET, model.grid, 1)),
    atCommit: windows.shareAtOrBelow(0),
    curve: ages.map((t) => [t, 100 * windows.shareAtOrBelow(t).value] as const),
    seconds: (performance.now() - began) / 1_000,
  };
  known.set(name, figures);
  return figures;
}

async function overModels(
  context: MeasuringContext,
  points: (figures: ModelFigures) => readonly ReproducedPoint[],
): Promise<readonly ReproducedPoint[]> {
  const all: ReproducedPoint[] = [];
  for (const name of NAMES) {
    await context.breathe();
    const before = known.get(name);
    if (before !== undefined) context.tookBefore(before.seconds);
    all.push(...points(figuresOf(name)));
  }
  return all;
}

function about({ r, w }: QuorumPair): string {
  return `R=${r} W=${w}`;
}

/** Quantities that a million trials know to no better than 2 %. */
function isTail(model: ModelName, kind: "read" | "write", { r, w }: QuorumPair): boolean {
  if (kind === "read") return (r === 3 && model !== "lnkd-ssd") || (model === "ymmr" && r === 2);
  return (w === 3 && model !== "lnkd-ssd") || (model === "ymmr" && w >= 2) || (model === "wan" && w === 1);
}

function curveOf({ name, curve }: ModelFigures): ReproducedCurve {
  const published = publishedCell(name, 3, ONE)!;
  return {
    title: `${MODELS.get(name)!.title}: consistent reads by age of the write, R = W = 1`,
    x: { title: "time since the acknowledgement (ms)", scale: "linear", unit: "ms" },
    y: { title: "consistent reads (%)", scale: "linear", unit: "%" },
    series: [
      { name: "measured (Monte Carlo)", kind: "measured", points: curve },
      {
        name: "published",
        kind: "published",
        points: [
          [0, 100 * published.atCommit!],
          [published.tVisibilityMs, 99.9],
        ],
      },
    ],
  };
}

/** Model, R, W, the exact quantile by an earlier simulation of two million trials or more. */
const WINDOWS: readonly (readonly [ModelName, number, number, number])[] = [
  ["lnkd-ssd", 1, 1, 2.0],
  ["lnkd-ssd", 1, 2, 1.88],
  ["lnkd-disk", 1, 1, 52.5],
  ["lnkd-disk", 1, 2, 48.7],
  ["lnkd-disk", 2, 1, 14.2],
  ["ymmr", 1, 1, 1453],
  ["ymmr", 1, 2, 1426],
  ["ymmr", 2, 1, 222],
  ["wan", 1, 1, 115],
  ["wan", 2, 1, 30.6],
];

function crossings(context: MeasuringContext): Promise<readonly ReproducedPoint[]> {
  return overModels(context, ({ name, crossing }) =>
    WINDOWS.filter(([model]) => model === name).map(([, r, w]) => {
      const published = publishedCell(name, 3, { r, w })!.tVisibilityMs;
      const { value, lo, hi } = crossing.get(about({ r, w }))!;
      const ratio = name === "ymmr" && r === 2 ? 0.25 : 0.08;
      const label = `${name}, ${about({ r, w })}`;
      // Nine walks in ten end between lo and hi: what one walk, as the paper's was, could have given.
      const note =
        lo === null || hi === null ? {} : { note: `median of 101 walks, nine in ten between ${lo} and ${hi} ms` };
      return near({ label, unit: "ms", published, ...note }, { value }, { ratio });
    }),
  );
}

const wars = { paper: "pbs", world: "simulation", tier: 1, read: "primary" } as const;

const MONTE_CARLO = "Monte Carlo of the WARS model (quorumlab predict), two million trials a model";

export const TABLE_4: readonly Target[] = [
  {
    id: "PBS-0",
    claim: "How often a read right after an acknowledged write sees it, R = W = 1, on four latency models.",
    ...wars,
    source: "section 5.6",
    tolerance: "± 0.5 points",
    run: MONTE_CARLO,
    footnote:
      "Yammer's writes have the tail shape 3.5 of the authors' simulator; the printed 3.35 gives 88.7 % and not the printed 89.3 %.",
    minutes: { quick: 0.5, full: 0.5 },
    measure: async (context) => {
      const curves: ReproducedCurve[] = [];
      const points = await overModels(context, (figures) => {
        const { name, atCommit } = figures;
        curves.push(curveOf(figures));
        const published = publishedCell(name, 3, ONE)!.atCommit!;
        return [near({ label: name, unit: "ratio", published }, atCommit, { within: 0.005 })];
      });
      return { points, curves };
    },
  },
  {
    id: "PBS-T4L",
    claim: "The p99.9 of reads and of writes at six quorums on four models: 48 cells.",
    ...wars,
    source: "table 4",
    tolerance:
      "± 2 %; ± 5 % where a million trials know no better (W = 3, R = 3, Yammer's tails, writes over the wide area at W = 1)",
    run: MONTE_CARLO,
    footnote:
      "The table contradicts itself by more than 2 % where one quantity is printed several times: writes over the wide area at W = 1 are 55.12, 56.36 and 55.19 ms.",
    minutes: { quick: 0.5, full: 0.5 },
    measure: async (context) => ({
      points: await overModels(context, ({ name, readP999, writeP999 }) =>
        PUBLISHED_PAIRS.flatMap((pair) => {
          const { readP999Ms, writeP999Ms } = publishedCell(name, 3, pair)!;
          const one = (kind: "read" | "write", published: number, measured: Known): ReproducedPoint =>
            near({ label: `${name}, ${about(pair)}, ${kind}s`, unit: "ms", published }, measured, {
              ratio: isTail(name, kind, pair) ? 0.05 : 0.02,
            });
          return [one("read", readP999Ms, readP999.get(pair.r)!), one("write", writeP999Ms, writeP999.get(pair.w)!)];
        }),
      ),
    }),
  },
  {
    id: "PBS-T4t",
    claim: "The time until 99.9 % of reads are consistent, as the paper estimates it: ten cells that are not 0.",
    ...wars,
    source: "table 4",
    tolerance: "± 8 %; Yammer at R=2 W=1 ± 25 %",
    run: `${MONTE_CARLO}; then the authors' walk on their grid, 50,000 fresh trials a step, 101 times`,
    footnote:
      "The printed values are the first step whose estimate reaches 99.9 %: 2 to 13 % below the true quantile (PBS-T4q).",
    minutes: { quick: 0.5, full: 0.5 },
    measure: async (context) => ({ points: await crossings(context) }),
  },
  {
    id: "PBS-T4q",
    claim: "The same without the bias of stopping early.",
    ...{ ...wars, read: "derived" as const },
    source: "table 4, unbiased; nobody published it",
    tolerance: "± 4 % of an earlier simulation of ours",
    run: MONTE_CARLO,
    footnote:
      "Of Yammer at R=2 W=1 even two million trials know the quantile to ± 3.5 % only, and the reference is known no better: that value may stay open.",
    minutes: { quick: 0.5, full: 0.5 },
    measure: async (context) => ({
      points: await overModels(context, ({ name, window }) =>
        WINDOWS.filter(([model]) => model === name).map(([, r, w, derived]) =>
          near({ label: `${name}, ${about({ r, w })}`, unit: "ms", derived }, window.get(about({ r, w }))!, {
            ratio: 0.04,
          }),
        ),
      ),
    }),
  },
  {
    id: "PBS-LAT",
    claim: "Yammer at R=2 W=1 saves four fifths of the combined p99.9 of its fastest strict quorum.",
    ...wars,
    source: "section 5.8: 81.1 %, for a window of 202 ms",
    tolerance: "− 80 ± 3 %",
    run: "Monte Carlo of the Yammer model, two million trials",
    minutes: { quick: 0.15, full: 0.15 },
    measure: async (context) => {
      await context.breathe();
      const before = known.get("ymmr");
      if (before !== undefined) context.tookBefore(before.seconds);
      const { readP999, writeP999 } = figuresOf("ymmr");
      const combined = ({ r, w }: QuorumPair): number => readP999.get(r)!.value! + writeP999.get(w)!.value!;
      const strict = Math.min(...PUBLISHED_PAIRS.filter(({ r, w }) => r + w > 3).map(combined));
      const saved = 1 - combined({ r: 2, w: 1 }) / strict;
      return {
        points: [
          between({ label: "combined p99.9 saved", unit: "ratio", published: 0.811 }, { value: saved }, 0.77, 0.83),
        ],
      };
    },
  },
] satisfies readonly CoveredTarget[];

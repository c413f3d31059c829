/**
 * Lifeguard: false accusations and times of detection, from the catalogue's reduced grid. The paper's whole grid is some two thousand million
 * messages; ratios to plain SWIM are what both grids have in common, and `lifeguard.yaml` tells where our nodes are slow in another way.
 */
import type { ReproducedPoint } from "../../results/record/reproduction";
import type { LoadedRun } from "../../results/record/run-folder";
import { atLeast, atMost, between, near, shown } from "./judge";
import { metricOf, type MeasuringContext, ratioOf, scaled } from "./measuring";
import type { Measured, Target } from "./target";

const CONFIGURATIONS = [
  ["LHA-Probe", 0.6772, 0.3288],
  ["LHA-Suspicion", 0.03, 0.0671],
  ["Buddy", 0.9408, 0.4457],
  ["Lifeguard", 0.0153, 0.0189],
] as const;

async function lifeguard(context: MeasuringContext): Promise<Measured> {
  const run = await context.run({ experiment: "lifeguard" });
  const share = (metric: string, configuration: string) =>
    ratioOf(run, metric, { configuration }, { configuration: "SWIM" });
  const [all, healthy] = ["fd_false_positives_of_healthy", "fd_false_positives_among_healthy"];
  const parts = CONFIGURATIONS.slice(0, 3).map(([name, published]) =>
    shown({ label: `${name} alone: false positives, share of SWIM's`, unit: "ratio", published }, share(all, name)),
  );
  const over = (configuration: string) => ratioOf(run, all, { configuration }, { configuration: "LHA-Suspicion" });
  return {
    points: [
      atMost(
        { label: "Lifeguard: false positives, share of SWIM's", unit: "ratio", published: 0.0153 },
        share(all, "Lifeguard"),
        0.05,
      ),
      atMost(
        { label: "Lifeguard: those at healthy members", unit: "ratio", published: 0.0189 },
        share(healthy, "Lifeguard"),
        0.1,
      ),
      ...parts,
      atLeast({ label: "LHA-Probe leaves more than LHA-Suspicion", unit: "times" }, over("LHA-Probe"), 1),
      atLeast({ label: "Buddy leaves more than LHA-Suspicion", unit: "times" }, over("Buddy"), 1),
    ],
  };
}

/** Of table and grid, a part: the seconds of both configurations, and their ratio. */
async function detectionTime(context: MeasuringContext): Promise<Measured> {
  const run = await detection(context);
  const seconds = (metric: string, configuration: string) =>
    scaled(metricOf(run, metric, { configuration }), 1 / 1_000);
  const [median, p99] = ["fd_pause_first_detection_ms", "fd_pause_first_detection_p99_ms"];
  return {
    points: [
      near({ label: "SWIM, median of first detection", unit: "s", published: 12.44 }, seconds(median, "SWIM"), {
        ratio: 0.03,
      }),
      near(
        { label: "Lifeguard, median of first detection", unit: "s", published: 12.45 },
        seconds(median, "alpha 5 beta 6"),
        { ratio: 0.03 },
      ),
      between(
        { label: "p99, Lifeguard over SWIM", unit: "ratio", published: 1.0554 },
        ratioOf(run, p99, { configuration: "alpha 5 beta 6" }, { configuration: "SWIM" }),
        1,
        1.15,
      ),
    ],
  };
}

function detection(context: MeasuringContext): Promise<LoadedRun> {
  return context.run({ experiment: "lifeguard-detection" });
}

const ALPHAS = [2, 4, 5] as const;
const BETAS = [2, 4, 6] as const;
const MEDIANS = [
  [0.5314, 0.541, 0.5434],
  [0.8296, 0.8304, 0.8312],
  [0.9976, 0.9952, 1.0008],
] as const;

async function tuning(context: MeasuringContext): Promise<Measured> {
  const run = await detection(context);
  const wrong = await context.run({ experiment: "lifeguard-tuning" });
  const named = (alpha: number, beta: number) => ({ configuration: `alpha ${alpha} beta ${beta}` });
  const medians = ALPHAS.flatMap((alpha, i) =>
    BETAS.map((beta, j) =>
      near(
        {
          label: `median of first detection, α ${alpha} β ${beta}, share of SWIM's`,
          unit: "ratio",
          published: MEDIANS[i][j],
        },
        ratioOf(run, "fd_pause_first_detection_ms", named(alpha, beta), { configuration: "SWIM" }),
        { within: 0.05 },
      ),
    ),
  );
  const metric = "fd_false_positives_of_healthy";
  const falls = (from: readonly [number, number], to: readonly [number, number]): ReproducedPoint =>
    atMost(
      { label: `false positives, α ${to[0]} β ${to[1]} over α ${from[0]} β ${from[1]}`, unit: "ratio" },
      ratioOf(wrong, metric, named(...to), named(...from)),
      1,
    );
  const along = [
    ...ALPHAS.flatMap((alpha) => [falls([alpha, 2], [alpha, 4]), falls([alpha, 4], [alpha, 6])]),
    ...BETAS.flatMap((beta) => [falls([2, beta], [4, beta]), falls([4, beta], [5, beta])]),
  ];
  return { points: [...medians, ...along] };
}

const guard = { paper: "lifeguard", world: "simulation", read: "primary", tier: 2 } as const;

export const LIFEGUARD: readonly Target[] = [
  {
    id: "LIFE-4",
    claim: "Self-doubt prevents all but one or two of a hundred false accusations.",
    ...guard,
    source: "table of false positives",
    tolerance: "at most 5 % left in all and 10 % at healthy members; LHA-Suspicion prevents most of the three parts",
    run: "lifeguard: a reduced grid of 18 rhythms, three trials each, 128 nodes",
    footnote:
      "LHA-Probe alone leaves 67.7 % in the paper and far less here: a blocked node of ours fails a probe each period and so doubts itself sooner, where their agents fail one a block.",
    minutes: { full: 8 },
    measure: lifeguard,
  },
  {
    id: "LIFE-5",
    claim: "Detection is hardly slower for it.",
    ...guard,
    source: "table of latencies",
    tolerance: "medians ± 3 %; p99 up to 15 % later",
    run: "lifeguard-detection: 16 of 128 nodes stand still for 33 s, eight repetitions",
    minutes: { full: 6 },
    measure: detectionTime,
  },
  {
    id: "LIFE-7",
    claim: "A smaller α finds out sooner and errs more often.",
    ...guard,
    source: "table of α and β",
    tolerance: "median ± 5 points of SWIM's; false positives fall along α and along β",
    run: "lifeguard-detection and lifeguard-tuning",
    footnote: "How many false positives are left depends on how nodes are slow; only the direction is claimed.",
    minutes: { full: 9 },
    measure: tuning,
  },
];

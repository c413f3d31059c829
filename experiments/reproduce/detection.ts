/**
 * Failure detectors by heartbeats: an accrual detector's threshold against the chance it promises, the identities between measures of
 * quality, and the shape of the front between mistakes and patience. No table of their papers could be read, so that what is held is
 * what follows from definitions. (SWIM and Lifeguard have files of their own.)
 */
import { detectorNamed, type Detector } from "../../engine/detectors/detector";
import { normalProbability, normalQuantile } from "../../engine/vocabulary/mathematics";
import { fromMs, type Micros } from "../../engine/vocabulary/micros";
import { Random } from "../../engine/vocabulary/random";
import { tunable } from "../../engine/vocabulary/tunables";
import { checkValue } from "../../engine/vocabulary/value-kinds";
import { detectorSettings } from "../../engine/vocabulary/written-detectors";
import type { ReproducedPoint } from "../../results/record/reproduction";
import type { CellSummary, LoadedRun } from "../../results/record/run-folder";
import { near } from "./judge";
import { cellsOf, meanOf, type MeasuringContext } from "./measuring";
import type { Measured, Target } from "./target";

const PEER = 1;

/** A phi-normal detector of one peer, with nothing that would hold it back. */
function accrual(threshold: number, window: number): Detector {
  const keys: Readonly<Record<string, string | number>> = {
    ...{ heartbeat_interval: "100ms", min_deviation: "0ms", acceptable_pause: "0ms", timeout: "1s", threshold, window },
  };
  const settings = detectorSettings("phi-normal", (key) => {
    const row = tunable(`tunables.detector.${key}`)!;
    const written =
      keys[key] ?? (Number.isFinite(Number(row.default)) && row.default !== "" ? Number(row.default) : row.default);
    const checked = checkValue(row.kind, written);
    if (!checked.ok) throw new Error(`${key} ${checked.faults[0].message}`);
    return checked.value;
  });
  const context = { self: 0, epoch: 1, random: Random.fromSeed(1), send: () => undefined };
  return detectorNamed("phi-normal").create(settings, context, [PEER], 0);
}

/** Woken as often as it wants, until it suspects. */
function deadlineOf(detector: Detector): Micros {
  for (;;) {
    const due = detector.nextWakeup()!;
    detector.advance(due);
    if (detector.suspected(PEER)) return due;
  }
}

/**
 * The mean chance, under the true distribution of intervals, that the next heartbeat comes after the instant the detector has set: the
 * same as counting mistakes, without the hundred million heartbeats that counting one in ten thousand to a percent would take.
 */
export function wrongSuspicions(threshold: number, heartbeats: number): number {
  const [mean, deviation, window] = [100_000, 10_000, 1_000];
  const detector = accrual(threshold, window);
  const random = Random.fromSeed(7).fork(`phi/${threshold}`);
  const warmUp = 2 * window;
  let now: Micros = 0;
  let chances = 0;
  detector.heard(PEER, fromMs(0));
  for (let sequence = 1; sequence <= heartbeats + warmUp; sequence++) {
    const interval = Math.round(mean + deviation * normalQuantile(random.nextFloat() || 0.5));
    const due = deadlineOf(detector);
    if (sequence > warmUp) chances += 1 - normalProbability((due - now - mean) / deviation);
    now += interval;
    detector.heartbeat!(PEER, sequence, 1, now);
    detector.advance(now);
  }
  return chances / heartbeats;
}

async function phi(context: MeasuringContext): Promise<Measured> {
  const points: ReproducedPoint[] = [];
  for (const threshold of [0.5, 1, 2, 3, 4]) {
    await context.breathe();
    const measured = wrongSuspicions(threshold, context.quick ? 40_000 : 100_000);
    points.push(
      near(
        { label: `Φ = ${threshold}`, unit: "ratio", derived: 10 ** -threshold },
        { value: measured },
        { ratio: 0.1 },
      ),
    );
  }
  return {
    points,
    curves: [
      {
        title: "Wrong suspicions per heartbeat against the threshold",
        x: { title: "threshold Φ", scale: "linear", unit: "" },
        y: { title: "wrong suspicions per heartbeat", scale: "logarithmic", unit: "" },
        series: [
          {
            name: "10^−Φ",
            kind: "derived",
            points: [0.5, 1, 2, 3, 4].map((threshold) => [threshold, 10 ** -threshold]),
          },
          {
            name: "measured",
            kind: "measured",
            points: points.map(({ measured }, i) => [[0.5, 1, 2, 3, 4][i], measured!]),
          },
        ],
      },
    ],
  };
}

const FEW_MISTAKES = 100;

function wan(context: MeasuringContext): Promise<LoadedRun> {
  return context.run({ experiment: "detectors-wan", ...(context.quick ? { sets: ["repetitions.count=2"] } : {}) });
}

/** 1 - P_A = lambda_M E[T_M], trial by trial: three metrics that are folded apart. */
async function identities(context: MeasuringContext): Promise<Measured> {
  const run = await wan(context);
  const ratios: number[] = [];
  for (const { summary } of run.trials) {
    const { fd_mistake_rate: rate, fd_mistake_ms: length, fd_query_accuracy: accuracy } = summary?.metrics ?? {};
    if (rate === undefined || length === undefined || accuracy === undefined) continue;
    if (rate.value === null || length.value === null || accuracy.value === null) continue;
    if (length.atLeast === true || rate.n < FEW_MISTAKES) continue;
    ratios.push((1 - accuracy.value) / (rate.value * (length.value / 1_000)));
  }
  const worst = ratios.length === 0 ? null : ratios.reduce((a, b) => (Math.abs(b - 1) > Math.abs(a - 1) ? b : a));
  return {
    points: [
      near({ label: "(1 − P_A) over λ_M · E[T_M], mean", unit: "times", derived: 1 }, meanOf(ratios), { within: 0.01 }),
      near({ label: "the same, farthest from 1", unit: "times", derived: 1 }, { value: worst }, { within: 0.01 }),
    ],
    remarks: [`${ratios.length} trials with ${FEW_MISTAKES} mistakes or more.`],
  };
}

/** Along each detector's patience: mistakes never rise and detection never gets quicker, step by step. */
async function fronts(context: MeasuringContext): Promise<Measured> {
  const run = await wan(context);
  const points: ReproducedPoint[] = [];
  for (const family of ["timeout", "chen", "phi-normal"]) {
    const patience = (cell: CellSummary): string => String(cell.axes["tags.detector"]);
    // Named so that their order is that of patience.
    const cells = cellsOf(run, {})
      .filter((cell) => patience(cell).startsWith(`${family} `))
      .sort((a, b) => (patience(a) < patience(b) ? -1 : 1));
    const along = (metric: string): number[] => cells.map((cell) => cell.metrics[metric]?.value ?? NaN);
    const steps = (values: readonly number[], right: (step: number) => boolean): number => {
      const all = values.slice(1).map((value, i) => value - values[i]);
      return all.filter(right).length / all.length;
    };
    points.push(
      near(
        { label: `${family}: steps of patience after which mistakes are no more frequent`, unit: "ratio", derived: 1 },
        { value: steps(along("fd_mistake_rate"), (step) => step <= 0) },
        { within: 0 },
      ),
      near(
        { label: `${family}: steps after which detection takes no shorter`, unit: "ratio", derived: 1 },
        { value: steps(along("fd_detection_ms"), (step) => step >= 0) },
        { within: 0 },
      ),
    );
  }
  return { points };
}

export const DETECTION: readonly Target[] = [
  {
    id: "FD-PHI",
    claim: "An accrual detector that acts at Φ is wrong once in 10^Φ heartbeats, where intervals are normal.",
    ...{
      paper: "detectors",
      source: "Hayashibara et al. 2004: follows from the definition",
      read: "derived",
      world: "simulation",
      tier: 1,
    },
    tolerance: "± 10 % for Φ up to 4",
    run: "phi-normal itself on 100,000 normal intervals a threshold (quick: 40,000)",
    minutes: { quick: 0.1, full: 0.2 },
    measure: phi,
  },
  {
    id: "FD-QOS",
    claim:
      "Measures of a detector's quality obey their identities: the share of wrong time is rate times length of mistakes.",
    ...{
      paper: "detectors",
      source: "Chen, Toueg and Aguilera 2002: identities",
      read: "derived",
      world: "simulation",
      tier: 1,
    },
    tolerance: "± 1 %",
    run: "detectors-wan: trials with a hundred mistakes and more (quick: two repetitions)",
    footnote:
      "P_A = E[T_G] / E[T_MR] and λ_M = 1 / E[T_MR] give 1 − P_A = λ_M E[T_M], which three metrics of ours that are folded apart must satisfy.",
    minutes: { quick: 0.4, full: 1.5 },
    measure: identities,
  },
  {
    id: "FD-CMP",
    claim: "Along each detector's patience mistakes fall and detection takes longer.",
    ...{
      paper: "detectors",
      source: "Hayashibara et al. 2004, section 5: a shape, no table obtained",
      read: "derived",
      world: "simulation",
      tier: 3,
    },
    tolerance: "shape only: every step in the right direction",
    run: "detectors-wan: timeout, chen and phi-normal on a synthetic link like theirs (quick: two repetitions)",
    footnote:
      "Their trace of a week is not to be had. One crash a repetition says little about detection times, so a step may go astray by chance.",
    minutes: { quick: 0.4, full: 1.5 },
    measure: fronts,
  },
];

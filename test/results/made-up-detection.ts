/**
 * MADE-UP figures of failure detectors, for tests of charts and reports: nobody was suspected. Three nodes; node-2 goes down once and
 * comes back, node-3 stands still for a while, and where quorums do not overlap somebody is taken for dead besides.
 */
import type { Random } from "../../engine/vocabulary/random";
import type { DetectionFigures } from "../../results/record/figures";

export function madeUpDetection(
  random: Random,
  { overlap, seconds }: { readonly overlap: boolean; readonly seconds: number },
): DetectionFigures {
  const unit = (): number => random.nextUint32() / 2 ** 32;
  const near = (value: number): number => Number((value * (0.9 + 0.2 * unit())).toPrecision(4));
  const [crash, back] = [0.25 * seconds, 0.5 * seconds];
  const found = Array.from({ length: 6 }, (_, i) => near(400 + 60 * i)).sort((a, b) => a - b);
  const mistakes = overlap ? 0 : 2 + Math.floor(5 * unit());
  const times = (observed: number): DetectionFigures["crash"] => ({
    ms: overlap ? found : [...found, 2_000],
    detected: overlap ? found.map(() => 1) : [...found.map(() => 1), 0],
    censored: overlap ? found.map(() => 0) : [...found.map(() => 0), 1],
    episodes: [
      {
        node: 1,
        fromS: crash,
        lengthMs: 1_000 * (back - crash),
        observers: observed,
        firstMs: found[0],
        allMs: overlap ? found[5] : null,
      },
    ],
  });
  const t = Array.from({ length: 120 }, (_, i) => (i * seconds) / 120);
  const detected = near(0.4);
  return {
    nodes: ["node-1", "node-2", "node-3"],
    fromS: 0.1 * seconds,
    toS: seconds,
    dropped: 0,
    crash: times(2),
    pause: { ms: [near(900)], detected: [1], censored: [1], episodes: [] },
    accuracy: {
      pairSeconds: near(6 * seconds),
      mistakes,
      mistakesByHealthy: Math.min(1, mistakes),
      mistakesOfHealthy: mistakes,
      mistakesAmongHealthy: Math.min(1, mistakes),
      mistakenSeconds: 0.3 * mistakes,
      openMistakes: 0,
      recurrences: { count: 0, seconds: 0 },
      goodPeriods: { count: 0, seconds: 0 },
      returns: { count: 2, open: 0, seconds: near(0.02) },
      pauseSuspicions: 1,
      cutSuspicions: 0,
    },
    observers: ["node-1", "node-2", "node-3"].map((node, i) => ({
      ...{ node, pairSeconds: near(2 * seconds), mistakes: i === 0 ? mistakes : 0 },
      ...{ mistakenSeconds: i === 0 ? 0.3 * mistakes : 0, detected: i === 1 ? 0 : 1, missed: 0 },
      meanDetectionMs: i === 1 ? null : near(500),
    })),
    suspicions: [
      { observer: 0, subject: 1, fromS: crash + detected, toS: back + 0.01, of: "down" },
      { observer: 2, subject: 1, fromS: crash + near(0.5), toS: back + 0.02, of: "down" },
      { observer: 0, subject: 2, fromS: 0.7 * seconds + near(0.5), toS: 0.8 * seconds, of: "paused" },
      ...(overlap ? [] : [{ observer: 0, subject: 2, fromS: 0.9 * seconds, toS: null, of: "running" as const }]),
    ],
    suspicionsLeftOut: 0,
    truth: [
      { node: 1, state: "down", fromS: crash, toS: back },
      { node: 2, state: "paused", fromS: 0.7 * seconds, toS: 0.8 * seconds },
    ],
    level: {
      observer: 0,
      subject: 1,
      unit: "timeouts",
      threshold: 1,
      t,
      level: t.map((at) => (at > crash && at < back ? near(2 * (at - crash)) : near(0.3))),
    },
    client: {
      undetectedSeconds: near(0.8),
      undetected: { operations: 300, failed: overlap ? 0 : 12, p50Ms: near(2), p99Ms: near(250) },
      otherwise: { operations: 9_000, failed: 1, p50Ms: near(1.5), p99Ms: near(6) },
      refusedByMistake: mistakes,
    },
  };
}

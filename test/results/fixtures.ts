/**
 * A MADE-UP run for tests of charts and reports: no cluster was started and no operation was sent. The shapes are those
 * of a small quorum experiment (reads at R=1, W=1 are fast and sometimes stale), drawn from a seeded generator so that
 * the same bytes come out everywhere. Titles, keys and node names carry hostile text on purpose.
 */
import { Random } from "../../engine/vocabulary/random";
import type { FaultLane, LatencySpectrum, MetricValue, TrialFigures, Validity } from "../../results/record/figures";
import { madeUpBalance } from "./made-up-balance";
import { madeUpCausality } from "./made-up-causality";
import { madeUpDetection } from "./made-up-detection";
import { madeUpMembership } from "./made-up-membership";
import { madeUpHealing, madeUpKinds } from "./made-up-healing";
import { madeUpOperations } from "./made-up-operations";
import { madeUpRingMetrics, madeUpRings } from "./made-up-rings";
import type {
  CellSummary,
  ComparisonRow,
  LoadedRun,
  MetricDescription,
  TrialRecord,
} from "../../results/record/run-folder";

export const HOSTILE = `<script>alert("x")</script> & "quotes" '</title><img src=x onerror=alert(1)>`;

export interface FixtureOptions {
  readonly repetitions: number;
  readonly intervals: number;
  readonly quorums: readonly (readonly [number, number])[];
  readonly clocks: readonly string[];
}

export const QUICKSTART_LIKE: FixtureOptions = {
  repetitions: 3,
  intervals: 60,
  quorums: [
    [1, 1],
    [1, 2],
    [2, 2],
    [3, 1],
  ],
  clocks: ["vv-server", "dvvset"],
};

/** Eight cells, three repetitions, sixty intervals; one cell is doubtful. */
export function madeUpRun(options: FixtureOptions = QUICKSTART_LIKE): LoadedRun {
  const random = Random.fromSeed("made-up run");
  const cells: CellSummary[] = [];
  const trials: LoadedRun["trials"][number][] = [];
  for (const [r, w] of options.quorums) {
    for (const clock of options.clocks) {
      const id = `r${r}-w${w}-${clock}`;
      const doubtful = r === 3 && clock === options.clocks.at(-1);
      const validity: Validity = doubtful
        ? {
            verdict: "doubtful",
            doubts: [
              {
                kind: "schedule-lag",
                verdict: "doubtful",
                reason: `operations left 12 ms late at the 99th percentile ${HOSTILE}`,
                advice: "use fewer clients, or a machine with more cores",
              },
            ],
          }
        : { verdict: "valid", doubts: [] };
      const perTrial: TrialFigures[] = [];
      const ids: string[] = [];
      for (let repetition = 0; repetition < options.repetitions; repetition++) {
        const trialId = `${id}-${repetition}`.padEnd(12, "0");
        ids.push(trialId);
        const figures = madeUpFigures(random.fork(`${id}/${repetition}`), {
          r,
          w,
          intervals: options.intervals,
          validity,
          clock,
        });
        perTrial.push(figures);
        const record: TrialRecord = {
          schema: "quorumlab/trial@1",
          id: trialId,
          experiment: "made-up",
          cell: id,
          axes: { r, w, clock },
          repetition: repetition + 1,
          world: "processes",
          seed: 1 + repetition,
          resolved: {
            "tunables.n_val": 3,
            "tunables.r": r,
            "tunables.w": w,
            "tunables.clock": clock,
            "workload.clients": 8,
            "workload.rate": "500/s",
          },
          semanticsVersion: "1",
          startedAt: "2026-11-23T04:30:21Z",
          endedAt: "2026-11-23T04:30:51Z",
          outcome: "done",
          operations: 12000,
        };
        trials.push({
          record,
          figures,
          summary: {
            schema: "quorumlab/summary@1",
            metrics: metricsOf([figures], r, w),
            validity,
            calibration: figures.calibration,
          },
        });
      }
      cells.push({
        id,
        axes: { r, w, clock },
        world: "processes",
        metrics: metricsOf(perTrial, r, w),
        trials: ids,
        validity,
      });
    }
  }
  const comparisons = cells.slice(1).flatMap((cell, i): ComparisonRow[] => [
    {
      cell: cell.id,
      baseline: cells[0].id,
      metric: "read_p99_ms",
      unit: "ms",
      difference: 1.2 * i,
      lo: 1.2 * i - 0.4,
      hi: 1.2 * i + 0.4,
      p: 0.25,
      pAdjusted: 1,
      n: options.repetitions,
      verdict: i === 0 ? "inconclusive" : i === 1 ? "same" : "worse",
    },
    {
      cell: cell.id,
      baseline: cells[0].id,
      metric: "p_stale",
      unit: "ratio",
      difference: -0.03,
      lo: -0.034,
      hi: -0.026,
      p: 0.01,
      pAdjusted: 0.04,
      n: options.repetitions,
      verdict: "better",
    },
  ]);
  return {
    folder: "made-up-folder",
    manifest: {
      schema: "quorumlab/manifest@1",
      run: "20261123T043021Z-7f3a9c",
      experiment: "made-up",
      title: `Made-up figures ${HOSTILE}`,
      question: `What does a quorum cost? ${HOSTILE}`,
      profile: "smoke",
      seed: 1,
      quorumlab: {
        version: "0.1.0",
        commit: "0123456789abcdef",
        dirty: true,
        patchSha256: "ab".repeat(32),
        lockfileSha256: "cd".repeat(32),
      },
      machine: {
        node: "20.20.2",
        v8: "11.3",
        os: "linux",
        kernel: "6.1.0",
        cpu: `Imaginary CPU ${HOSTILE}`,
        cores: 2,
        memoryBytes: 8 * 1024 ** 3,
        container: true,
      },
      argv: ["run", "experiments/catalogue/made-up.yaml", "--profile", "smoke"],
      configPath: "experiments/catalogue/made-up.yaml",
      configSha256: "ef".repeat(32),
      startedAt: "2026-11-23T04:30:21Z",
      endedAt: "2026-11-23T04:31:21Z",
      wallSeconds: 60.1,
      cpuSeconds: 81.7,
      loadAverageAtStart: 0.3,
      random: "xoshiro128** forked by name",
      worlds: ["processes"],
      note: "made up for tests",
      tags: { made: "up" },
      environment: { NODE_OPTIONS: "" },
      warnings: ["r1-w1-vv-server: r + w <= n_val: a read may miss the latest write"],
      axes: ["r", "w", "clock"],
      metrics: METRICS,
      tunables: [
        {
          key: "tunables.n_val",
          title: "replicas of a key (N)",
          unit: "nodes",
          default: "3",
          prose: "How many nodes hold a copy of each key.",
        },
        {
          key: "tunables.r",
          title: "read quorum (R)",
          unit: "replicas",
          default: "quorum",
          prose: "How many replicas must answer a read.",
        },
        {
          key: "tunables.w",
          title: "write quorum (W)",
          unit: "replicas",
          default: "quorum",
          prose: "How many replicas must accept a write.",
        },
        {
          key: "tunables.clock",
          title: "logical clock",
          unit: "",
          default: "dvvset",
          prose: "How versions of a key are ordered.",
        },
      ],
      status: "done",
    },
    cells,
    trials,
    comparisons,
  };
}

/**
 * The same cells in both worlds. Simulated latencies are the made-up ones times `factor`, with the same shape and other noise; a
 * partition and a slow disk stand in every simulated trial.
 */
export function twoWorldRun(options: FixtureOptions = QUICKSTART_LIKE, factor = 0.8): LoadedRun {
  const run = madeUpRun(options);
  const id = (cell: string, world: string): string => `${cell}-${world}`;
  const lists = <T>(of: (world: "processes" | "simulation") => readonly T[]): T[] => [
    ...of("processes"),
    ...of("simulation"),
  ];
  const scaled = (metric: MetricValue, by: number): MetricValue => ({
    ...metric,
    value: metric.value === null ? null : metric.value * by,
    lo: metric.lo === null ? null : metric.lo * by,
    hi: metric.hi === null ? null : metric.hi * by,
  });
  const metricsIn = (
    world: "processes" | "simulation",
    metrics: Readonly<Record<string, MetricValue>>,
  ): Record<string, MetricValue> =>
    Object.fromEntries(
      Object.entries(metrics).map(([name, metric]) => [
        name,
        world === "simulation" && metric.unit === "ms" ? scaled(metric, factor) : metric,
      ]),
    );
  const simulated = (figures: TrialFigures): TrialFigures => ({
    ...figures,
    calibration: null,
    validity: VALID,
    phases: { measureFromS: 5, measureToS: 28 },
    faults: FAULTS,
    spectra: figures.spectra.map((spectrum, k) => ({
      ...spectrum,
      // The tail of the model is too short, the more so the longer it is.
      ms: spectrum.ms.map((ms, i) => ms * factor * (1 - 0.008 * (i + k) * Math.log(ms))),
    })),
  });
  return {
    ...run,
    manifest: { ...run.manifest, worlds: ["processes", "simulation"], axes: [...run.manifest.axes, "world"] },
    cells: lists((world) =>
      run.cells.map((cell) => ({
        ...cell,
        id: id(cell.id, world),
        axes: { ...cell.axes, world },
        world,
        metrics: metricsIn(world, cell.metrics),
        validity: world === "simulation" ? VALID : cell.validity,
        trials: cell.trials.map((trial) => id(trial, world)),
      })),
    ),
    trials: lists((world) =>
      run.trials.map(({ record, figures, summary }, i) => ({
        record: {
          ...record,
          id: id(record.id, world),
          cell: id(record.cell, world),
          axes: { ...record.axes, world },
          world,
          ...(world === "simulation"
            ? {
                simulation: {
                  digest: `00c0ffee${String(i).padStart(8, "0")}`,
                  events: 123_456,
                  every: 1_000,
                  checkpoints: [],
                  virtualSeconds: 30,
                  wallSeconds: 1.5,
                },
              }
            : {}),
        },
        figures: world === "simulation" ? simulated(figures!) : figures,
        summary:
          world === "simulation"
            ? { ...summary!, metrics: metricsIn(world, summary!.metrics), validity: VALID, calibration: null }
            : summary,
      })),
    ),
    comparisons: lists((world) =>
      run.comparisons.map((row) => ({ ...row, cell: id(row.cell, world), baseline: id(row.baseline, world) })),
    ),
  };
}

const VALID: Validity = { verdict: "valid", doubts: [] };

export const FAULTS: readonly FaultLane[] = [
  { id: "split", kind: "partition", what: "zone:a | zone:b, zone:c", fromS: 8, toS: 14 },
  { id: "slow", kind: "slow-disk", what: `node-2 ${HOSTILE}`, fromS: 12, toS: 20 },
  { id: "jump", kind: "clock-jump", what: "node-3", fromS: 22, toS: 22 },
  { id: "late", kind: "pause", what: "node-1", fromS: 26, toS: null },
];

/** The same run, but the checks of the named trials call them invalid. */
export function withInvalid(run: LoadedRun, isInvalid: (record: TrialRecord) => boolean): LoadedRun {
  const validity: Validity = {
    verdict: "invalid",
    doubts: [{ kind: "outside-load", verdict: "invalid", reason: "others used the processor", advice: "run alone" }],
  };
  return {
    ...run,
    trials: run.trials.map((trial) =>
      isInvalid(trial.record) ? { ...trial, summary: { ...trial.summary!, validity } } : trial,
    ),
  };
}

/** The same run with nothing in it: what a trial leaves that had no time to do anything. */
export function emptyRun(): LoadedRun {
  const run = madeUpRun({ ...QUICKSTART_LIKE, repetitions: 1, intervals: 1 });
  return {
    ...run,
    comparisons: [],
    cells: run.cells.map((cell) => ({ ...cell, metrics: {} })),
    trials: run.trials.map((trial) => ({
      ...trial,
      figures: EMPTY_FIGURES,
      summary: { ...trial.summary!, metrics: {} },
    })),
  };
}

const EMPTY_FIGURES: TrialFigures = {
  schema: "quorumlab/figures@1",
  spectra: [],
  intervals: { t: [], columns: {} },
  divergence: { t: [], columns: {}, finalDivergent: 0, finalExamined: 0 },
  tVisibility: { fromMs: [], toMs: [], reads: [], consistent: [] },
  kStaleness: [],
  stale: { hits: 0, total: 0, lo: 0, hi: 1 },
  siblingsPerRead: [],
  siblingsPerKeyAtEnd: [],
  load: [],
  ring: { strategy: "random-tokens", tokens: [], example: { key: "", at: 0, preferenceList: [] } },
  validity: {
    verdict: "invalid",
    doubts: [{ kind: "nothing", verdict: "invalid", reason: "no operation finished", advice: "run longer" }],
  },
  calibration: null,
};

const METRICS: readonly MetricDescription[] = [
  {
    name: "throughput_ops_s",
    unit: "1/s",
    better: "higher",
    title: "throughput",
    definition: "Completed client operations in the measured phase over its length.",
  },
  {
    name: "read_p50_ms",
    unit: "ms",
    better: "lower",
    title: "read p50",
    definition: "Half of successful reads took no longer, from the intended start.",
  },
  {
    name: "read_p99_ms",
    unit: "ms",
    better: "lower",
    title: "read p99",
    definition: "99 of 100 successful reads took no longer, from the intended start.",
  },
  {
    name: "write_p99_ms",
    unit: "ms",
    better: "lower",
    title: "write p99",
    definition: "99 of 100 successful writes took no longer, from the intended start.",
  },
  {
    name: "p_stale",
    unit: "ratio",
    better: "lower",
    title: "stale reads",
    definition: "Stale reads over all reads of written keys.",
  },
  {
    name: "availability",
    unit: "ratio",
    better: "higher",
    title: "availability",
    definition: "Successes over operations due.",
  },
  {
    name: "siblings_mean",
    unit: "versions",
    better: "neutral",
    title: "siblings, mean",
    definition: "Values returned by a read, on average.",
  },
  {
    name: "siblings_max",
    unit: "versions",
    better: "lower",
    title: "siblings, most",
    definition: "Most values returned by one read.",
  },
  {
    name: "divergent_keys_final",
    unit: "keys",
    better: "lower",
    title: "keys differing at the end",
    definition: "Keys whose primaries do not hold the same state.",
  },
  {
    name: "load_imbalance",
    unit: "ratio",
    better: "lower",
    title: "load imbalance",
    definition: "Busiest node over mean.",
  },
];

function metricsOf(figures: readonly TrialFigures[], r: number, w: number): Record<string, MetricValue> {
  const n = figures.length;
  const metric = (of: (one: TrialFigures) => number, unit: string): MetricValue => {
    const values = figures.map(of).sort((a, b) => a - b);
    const value = values[values.length >> 1];
    return { value, lo: n > 1 ? values[0] : null, hi: n > 1 ? values.at(-1)! : null, n, unit };
  };
  const spectrum = (one: TrialFigures, kind: string, p: number): number => {
    const found = one.spectra.find((s) => s.kind === kind && s.basis === "response")!;
    return found.ms[found.percentiles.indexOf(p)];
  };
  return {
    throughput_ops_s: metric(
      (one) => one.intervals.columns["ok"].reduce<number>((a, b) => a + (b ?? 0), 0) / one.intervals.t.length,
      "1/s",
    ),
    read_p50_ms: metric((one) => spectrum(one, "read", 50), "ms"),
    read_p99_ms: metric((one) => spectrum(one, "read", 99), "ms"),
    write_p99_ms: metric((one) => spectrum(one, "write", 99), "ms"),
    p_stale: {
      value:
        figures.reduce((sum, one) => sum + one.stale.hits, 0) / figures.reduce((sum, one) => sum + one.stale.total, 0),
      lo: r + w > 3 ? 0 : 0.028,
      hi: r + w > 3 ? 0.0004 : 0.036,
      n,
      unit: "ratio",
    },
    availability: metric(() => 0.9991, "ratio"),
    ...madeUpRingMetrics(r, w, n),
    siblings_mean: metric((one) => mean(one.intervals.columns["siblings_mean"]), "versions"),
    siblings_max: metric((one) => Math.max(...one.intervals.columns["siblings_max"].map((v) => v ?? 0)), "versions"),
    divergent_keys_final: metric((one) => one.divergence.finalDivergent, "keys"),
    load_imbalance: metric(
      (one) => Math.max(...one.load.map((l) => l.operations)) / mean(one.load.map((l) => l.operations)),
      "ratio",
    ),
  };
}

function mean(values: readonly (number | null)[]): number {
  return values.reduce<number>((a, b) => a + (b ?? 0), 0) / values.length;
}

const PERCENTILES = [0, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9, 99.95];

function madeUpFigures(
  random: Random,
  at: {
    readonly r: number;
    readonly w: number;
    readonly intervals: number;
    readonly validity: Validity;
    readonly clock: string;
  },
): TrialFigures {
  const unit = (): number => random.nextUint32() / 2 ** 32;
  const wobble = (value: number, share = 0.1): number => value * (1 + share * (2 * unit() - 1));
  const overlap = at.r + at.w > 3;
  const readBase = 2 + 1.8 * at.r;
  const writeBase = 2.5 + 1.8 * at.w;
  const curve = (kind: string, base: number, basis: "response" | "service"): LatencySpectrum => ({
    kind,
    basis,
    percentiles: PERCENTILES,
    ms: PERCENTILES.map(
      (p, i) =>
        base *
        (0.5 + 0.16 * i + (p > 98 ? (p - 98) * 0.9 : 0)) *
        (basis === "service" ? 0.85 : 1) *
        (0.97 + 0.06 * unit()),
    ).sort((a, b) => a - b),
    count: 6000,
    maxMs: base * 9,
  });
  const t = Array.from({ length: at.intervals }, (_, i) => i * 0.5);
  const series = (of: (i: number) => number | null): (number | null)[] => t.map((_, i) => of(i));
  const ofStale = random.fork("stale");
  const stale = overlap ? 0 : at.r + at.w === 3 ? 0.004 : 0.032;
  // Of figures that came later: of a stream of their own, too.
  const apart = random.fork("apart");
  const wobbleApart = (base: number, i: number): number => base * (0.9 + 0.2 * apart.fork(String(i)).nextFloat());
  const reads = 6000;
  const hits = Math.round(reads * stale * (0.9 + 0.2 * unit()));
  const fromMs = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
  const toMs = [...fromMs.slice(1), 5000];
  const binReads = fromMs.map((_, i) => (i === 0 ? 4 : 90 + i * 60));
  const ringRandom = Random.fromSeed("made-up ring");
  const tokens = Array.from({ length: 40 }, (_, i) => ({
    at: ringRandom.nextUint32(),
    node: `node-${(i % 5) + 1}`,
  })).sort((a, b) => a.at - b.at);
  const share = (node: string): number =>
    tokens.reduce(
      (sum, token, i) =>
        sum +
        (token.node === node ? (token.at - (i === 0 ? tokens.at(-1)!.at - 2 ** 32 : tokens[i - 1].at)) / 2 ** 32 : 0),
      0,
    );
  const figures: TrialFigures = {
    schema: "quorumlab/figures@1",
    spectra: [
      curve("read", readBase, "response"),
      curve("read", readBase, "service"),
      curve("write", writeBase, "response"),
      curve("write", writeBase, "service"),
    ],
    intervals: {
      t,
      columns: {
        read_p50_ms: series(() => wobble(readBase)),
        read_p99_ms: series((i) => (i === 20 ? null : wobble(readBase * 3, 0.3))),
        write_p50_ms: series(() => wobble(writeBase)),
        write_p99_ms: series((i) => wobble(writeBase * (i === 30 ? 12 : 3), 0.3)),
        ok: series(() => wobble(400 / at.r + 300, 0.05)),
        stale_ok: series(() => wobble(200 * stale, 0.5)),
        p_stale: series((i) => stale * (i > 15 && i < 40 ? 5 : 1) * (0.5 + ofStale.nextUint32() / 2 ** 32)),
        not_found: series(() => 0),
        definite: series(() => 0),
        indefinite: series((i) => (i === 30 ? 14 : 0)),
        // From half of its highest rate on.
        offered: series((i) => 500 + (i * 500) / 59),
        read_mean_ms: series((i) => wobbleApart(readBase * 1.2, i)),
        read_p999_ms: series((i) => wobbleApart(readBase * 10, i)),
        write_mean_ms: series((i) => wobbleApart(writeBase * 1.3, i)),
        write_p999_ms: series((i) => wobbleApart(writeBase * 11, i)),
        siblings_mean: series((i) => wobble(1 + i / 150, 0.02)),
        siblings_p99: series((i) => 1 + Math.floor(i / 20)),
        siblings_max: series((i) => 2 + Math.floor(i / 15)),
      },
    },
    divergence: {
      t,
      columns: {
        divergent: series((i) => (i > 50 ? 0 : Math.round((overlap ? 4 : 40) * unit() * (i < 10 ? i / 10 : 1)))),
        missing: series((i) => (i < 4 && at.w === 1 ? 5 - i : 0)),
        examined: series(() => 500),
        population: series(() => 1000),
      },
      finalDivergent: overlap ? 0 : 2,
      finalExamined: 1000,
    },
    tVisibility: {
      fromMs,
      toMs,
      reads: binReads,
      consistent: binReads.map((n, i) =>
        overlap ? n : Math.min(n, Math.round(n * (1 - stale * 4 * Math.exp(-i / 2)))),
      ),
    },
    kStaleness: overlap
      ? [reads, 0, 0, 0, 0, 0, 0, 0, 0]
      : [
          reads - hits,
          Math.round(hits * 0.8),
          Math.round(hits * 0.15),
          hits - Math.round(hits * 0.8) - Math.round(hits * 0.15),
          0,
          0,
          0,
          0,
          0,
        ],
    stale: { hits, total: reads, lo: (hits * 0.9) / reads, hi: (hits * 1.1 + 2) / reads },
    siblingsPerRead: [0, 5200, 600, 150, 40, 10],
    siblingsPerKeyAtEnd: [0, 800, 150, 40, 8, 2],
    load: Array.from({ length: 5 }, (_, i) => ({
      node: `node-${i + 1}`,
      operations: Math.round(wobble(2400, 0.2)),
      keys: Math.round(3000 * share(`node-${i + 1}`)),
      ringShare: share(`node-${i + 1}`),
    })),
    ring: {
      strategy: "random-tokens",
      tokens,
      example: {
        key: `user1234${HOSTILE}`,
        at: ringRandom.nextUint32(),
        preferenceList: ["node-2", "node-5", "node-1"],
      },
    },
    rings: madeUpRings(at.w),
    validity: at.validity,
    membership: madeUpMembership(random.fork("membership"), 0.5 * at.intervals),
    detection: madeUpDetection(random.fork("detection"), { overlap, seconds: 0.5 * at.intervals }),
    ...madeUpHealing(random.fork("healing"), { overlap, t: [...t, 0.5 * at.intervals] }),
    ...madeUpBalance(random.fork("balance"), at.intervals),
    ...madeUpOperations(random.fork("operations"), readBase, at.intervals / 2),
    causality: madeUpCausality(random.fork("causality"), {
      ...{ clock: at.clock, key: `user7${HOSTILE}`, times: at.r + at.w === 2 ? 2 : 1 },
    }),
    calibration: {
      nullRoundTripP50Ms: 0.07,
      nullRoundTripP99Ms: 0.31,
      timerLagP50Ms: 0.05,
      timerLagP99Ms: 0.9,
      placement: "pinned: nodes 0, driver 1",
      outsideCpu: 0.04,
      steal: 0.001,
      loadAverage: 0.4,
    },
  };
  const { divergence } = figures;
  return {
    ...figures,
    divergence: { ...divergence, columns: { ...divergence.columns, ...madeUpKinds(divergence) } },
  };
}

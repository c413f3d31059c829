/**
 * Made-up runs for tests of comparisons: a cell, its repetitions and the metrics of each, with no figures unless they are given. Seeds are
 * the repetition's number, so runs are paired unless a test says otherwise.
 */
import type { MetricValue, TrialFigures } from "../../../results/record/figures";
import type { AxisValues, LoadedRun, RunManifest } from "../../../results/record/run-folder";
import { RunWriter } from "../../../results/record/writer";
import { summariseCells } from "../../../results/statistics/summarise";
import { MANIFEST } from "../record/made-up-run";

export interface MadeUpCell {
  readonly axes?: AxisValues;
  readonly resolved?: Readonly<Record<string, unknown>>;
  /** By repetition, from 0: values, or null for a trial that failed; a value may be null, or a bound. */
  readonly repetitions: readonly (Readonly<Record<string, number | null | { readonly atLeast: number }>> | null)[];
  readonly figures?: (repetition: number) => TrialFigures;
}

export interface MadeUpOptions {
  readonly id?: string;
  readonly experiment?: string;
  readonly world?: "processes" | "simulation";
  readonly manifest?: Partial<RunManifest>;
  /** 1 + repetition unless told. */
  readonly seed?: (repetition: number) => number;
  readonly semantics?: string;
  readonly invalid?: readonly number[];
}

let made = 0;

export function madeUpComparable(cells: Readonly<Record<string, MadeUpCell>>, options: MadeUpOptions = {}): LoadedRun {
  const run = options.id ?? `20261126T1000${String(made++ % 60).padStart(2, "0")}Z-${String(made).padStart(6, "0")}`;
  const world = options.world ?? "simulation";
  const trials = Object.entries(cells).flatMap(([cell, { axes, resolved, repetitions, figures }]) =>
    repetitions.map((metrics, i): LoadedRun["trials"][number] => ({
      record: {
        schema: "quorumlab/trial@1",
        id: `${run.slice(-6)}-${cell}-${i}`,
        experiment: options.experiment ?? "made-up",
        cell,
        axes: axes ?? {},
        repetition: i + 1,
        world,
        seed: options.seed?.(i) ?? 1 + i,
        resolved: { "workload.rate": "500/s", "phases.measure": "10s", "tunables.n_val": 3, ...resolved },
        semanticsVersion: options.semantics ?? "3",
        startedAt: "2026-11-26T10:00:00.000Z",
        endedAt: "2026-11-26T10:00:10.000Z",
        outcome: metrics === null ? "failed" : "done",
        ...(metrics === null ? { error: "node-2 did not start" } : {}),
        operations: metrics === null ? 0 : 1_000,
      },
      summary:
        metrics === null
          ? null
          : {
              schema: "quorumlab/summary@1",
              metrics: Object.fromEntries(
                Object.entries(metrics).map(([name, value]) => [name, metricOf(name, value)]),
              ),
              validity:
                options.invalid?.includes(i) === true
                  ? {
                      verdict: "invalid",
                      doubts: [
                        { kind: "outside-load", verdict: "invalid", reason: "others were busy", advice: "again" },
                      ],
                    }
                  : { verdict: "valid", doubts: [] },
              calibration: null,
            },
      figures: metrics === null ? null : (figures?.(i) ?? null),
    })),
  );
  return {
    folder: `/made-up/${run}`,
    manifest: {
      ...MANIFEST,
      ...{ run, experiment: options.experiment ?? "made-up", worlds: [world], startedAt: "2026-11-26T10:00:00.000Z" },
      axes: [...new Set(Object.values(cells).flatMap(({ axes }) => Object.keys(axes ?? {})))],
      ...options.manifest,
    },
    cells: summariseCells(trials),
    trials,
    comparisons: [],
  };
}

function metricOf(name: string, given: number | null | { readonly atLeast: number }): MetricValue {
  const unit = name.endsWith("_ms") ? "ms" : name.endsWith("_s") ? (name === "convergence_s" ? "s" : "1/s") : "ratio";
  if (typeof given === "object" && given !== null)
    return { value: given.atLeast, lo: given.atLeast, hi: null, n: 100, unit, atLeast: true };
  return { value: given, lo: given, hi: given, n: given === null ? 0 : 100, unit };
}

/** `n` repetitions around a value: `spread` apart, the same ups and downs for equal names, so that pairs differ by what they are given. */
export function around(metric: string, value: number, n = 12, spread = 0.01): Record<string, number>[] {
  return Array.from({ length: n }, (_, i) => ({ [metric]: value * (1 + spread * Math.sin(1 + 2.4 * i)) }));
}

/** On disk, below `root`, as a run leaves it. Returns its folder. */
export function writeMadeUp(root: string, run: LoadedRun): string {
  const { experiment, run: id } = run.manifest;
  const writer = new RunWriter({ root, experiment, run: id });
  for (const { record, summary, figures } of run.trials) {
    const trial = writer.trial(record.id);
    trial.writeRecord(record);
    if (summary !== null) trial.writeSummary(summary);
    if (figures !== null) trial.writeFigures(figures);
    trial.commit();
  }
  writer.writeTrialIds(run.trials.map(({ record }) => record.id));
  writer.writeSummaries(run.cells, []);
  writer.writeManifest(run.manifest);
  writer.linkLatest();
  return writer.folder;
}

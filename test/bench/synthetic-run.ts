/**
 * A MADE-UP run of any size on disk, for benchmarks of reports and for the test of how large a page may grow: the fixtures of
 * the tests of reports, with all figures that a trial can have, written as `run` writes them. Numbers are varied by seed; no
 * cluster was started.
 */
import { Random } from "../../engine/vocabulary/random";
import type { MetricValue } from "../../results/record/figures";
import { METRICS } from "../../results/record/metrics";
import { madeUpRun } from "../results/fixtures";
import type { LoadedRun } from "../../results/record/run-folder";
import { RunWriter } from "../../results/record/writer";

export interface SyntheticSize {
  readonly cells: number;
  readonly repetitions: number;
  readonly intervals: number;
}

export function syntheticRun({ cells, repetitions, intervals }: SyntheticSize): LoadedRun {
  const quorums = [1, 2, 3].flatMap((r) => [1, 2, 3, 4].map((w) => [r, w] as const)).slice(0, Math.min(12, cells));
  const clocks = Array.from({ length: Math.ceil(cells / quorums.length) }, (_, i) => `clock-${i + 1}`);
  const run = madeUpRun({ repetitions, intervals, quorums, clocks });
  const kept = run.cells.slice(0, cells);
  const random = Random.fromSeed("checkpoints");
  const checkpoints = Array.from({ length: 3_000 }, () => random.nextUint32());
  const ids = new Set(kept.map(({ id }) => id));
  return {
    ...run,
    manifest: { ...run.manifest, title: "A made-up run", question: "How long does a report take?" },
    cells: kept.map((cell) => ({ ...cell, metrics: withAll(cell.metrics, cell.id) })),
    trials: run.trials
      .filter(({ record }) => ids.has(record.cell))
      .map(({ record, summary, figures }) => ({
        record: { ...record, simulation: { ...SIMULATION, checkpoints } },
        summary: summary === null ? null : { ...summary, metrics: withAll(summary.metrics, record.id) },
        figures,
      })),
    comparisons: run.comparisons.filter(({ cell }) => ids.has(cell)),
  };
}

const SIMULATION = { digest: "00c0ffee00c0ffee", events: 3e6, every: 1_000, virtualSeconds: 30, wallSeconds: 1.5 };

/** Every metric that there is, as a real trial has nearly all. */
function withAll(metrics: Readonly<Record<string, MetricValue>>, seed: string): Record<string, MetricValue> {
  const random = Random.fromSeed(seed);
  const all: Record<string, MetricValue> = {};
  for (const { name, unit } of METRICS) {
    const value = 1 + random.nextFloat();
    all[name] = { value, lo: value * 0.9, hi: value * 1.1, n: 1_000, unit };
  }
  return { ...all, ...metrics };
}

/** The run's folder. */
export function writeSyntheticRun(root: string, size: SyntheticSize): string {
  const run = syntheticRun(size);
  const writer = new RunWriter({ root, experiment: run.manifest.experiment, run: run.manifest.run });
  for (const { record, summary, figures } of run.trials) {
    const trial = writer.trial(record.id);
    trial.writeRecord(record);
    if (summary !== null) trial.writeSummary(summary);
    if (figures !== null) trial.writeFigures(figures);
    trial.commit();
  }
  writer.writeTrialIds(run.trials.map(({ record }) => record.id));
  writer.writeSummaries(run.cells, run.comparisons);
  writer.writeManifest(run.manifest);
  writer.linkLatest();
  return writer.folder;
}

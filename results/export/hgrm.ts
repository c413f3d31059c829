/**
 * Percentile distributions as HdrHistogram prints them, for HdrHistogramPlotter: one kind of operation, one outcome, one
 * basis; the operations that ended in the measured phase's intervals, in milliseconds. The log knows intervals and not
 * which operation was due in which phase, so the few at the edges may differ from what the summary counts: the last
 * comment of the file says how many each counts.
 */
import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import {
  axesInWords,
  ExportRefused,
  fileName,
  trialsByCell,
  type ExportFile,
  type ExportFormat,
  type Trial,
} from "./format";
import { mergedHistogram, packedLog, type PackedLine } from "./histogram-logs";
import type { LoadedRun } from "../record/run-folder";
import { POOLED } from "./hlog";

export const hgrm: ExportFormat = {
  name: "hgrm",
  title: "percentile distributions for HdrHistogramPlotter, of one operation and outcome (--op, --outcome, --basis)",
  plan({ run, oneTrial, eachTrial, operation, outcome, basis }) {
    const kinds = operation === "write" ? ["update", "insert", "delete"] : [operation];
    const wanted = new Set(kinds.map((kind) => `${kind}.${outcome}.${basis}`));
    const apart = oneTrial || eachTrial;
    const groups = apart
      ? run.trials.map((trial) => ({ name: `${trial.record.cell}-${trial.record.repetition}`, trials: [trial] }))
      : trialsByCell(run).map(({ cell, trials }) => ({ name: cell.id, trials }));
    const seen = new Set<string>();
    const files = groups.flatMap(({ name, trials }): ExportFile[] => {
      const chosen = (): PackedLine[] =>
        trials.flatMap((trial) => measuredLines(run, trial)).filter(({ tag }) => wanted.has(tag));
      for (const trial of trials) for (const { tag } of measuredLines(run, trial)) seen.add(tag);
      if (chosen().length === 0) return [];
      return [
        {
          name: `${fileName(name)}-${fileName(operation)}-${fileName(outcome)}-${fileName(basis)}.hgrm`,
          pieces: () => [distribution(chosen(), trials, `${operation}.${outcome}.${basis}`)],
        },
      ];
    });
    if (files.length === 0)
      throw new ExportRefused(
        seen.size === 0
          ? "no trial of this run has a latency log of its measured phase"
          : `nothing was recorded as ${operation}.${outcome}.${basis}; there is ${[...seen].sort().join(", ")}`,
      );
    return { files, notes: apart || groups.every(({ trials }) => trials.length < 2) ? [] : [POOLED] };
  },
};

/** Of intervals that lie within the measured phase; all, where a trial does not say when that was. */
function measuredLines(run: LoadedRun, trial: Trial): readonly PackedLine[] {
  const lines = packedLog(run, trial) ?? [];
  const phases = trial.figures?.phases;
  if (phases === undefined) return lines;
  return lines.filter(
    ({ startSeconds, lengthSeconds }) =>
      startSeconds >= phases.measureFromS - EDGE && startSeconds + lengthSeconds <= phases.measureToS + EDGE,
  );
}

function distribution(lines: readonly PackedLine[], trials: readonly Trial[], what: string): string {
  const histogram = mergedHistogram(lines);
  // The library prints distributions only from histograms that it keeps in JavaScript.
  const printing = decodeFromCompressedBase64(histogram.encode(), 32, false);
  const { count } = histogram;
  histogram.destroy();
  const summed = summaryCount(trials, what);
  const axes = axesInWords(trials[0].record.axes);
  return (
    printing.outputPercentileDistribution(5, MICROS_PER_MS) +
    `#[${what} in ms, ${trials.length} repetition${trials.length === 1 ? "" : "s"}, cell ${trials[0].record.cell} (${axes})]\n` +
    `#[${count} operations ended in the measured phase${summed === undefined ? "" : `; the summary counts ${summed} that were due in it`}]\n`
  );
}

/** Operations behind the summary's median, where it has one for this. */
function summaryCount(trials: readonly Trial[], what: string): number | undefined {
  const [operation, outcome, basis] = what.split(".");
  if (outcome !== "ok" || basis === "wait") return undefined;
  const metric = `${operation.replace("-", "_")}${basis === "service" ? "_service" : ""}_p50_ms`;
  const counts = trials.map(({ summary }) => summary?.metrics[metric]?.n);
  return counts.some((n) => n === undefined) ? undefined : counts.reduce<number>((sum, n) => sum + (n ?? 0), 0);
}

/** Times stand in the log with three decimals. */
const EDGE = 0.0015;
const MICROS_PER_MS = 1_000;

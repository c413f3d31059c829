/**
 * HdrHistogram logs (format 1.3, one tag for each kind of operation, outcome and basis): what HistogramLogAnalyzer and
 * every HdrHistogram library read. One file a cell with its repetitions put together interval by interval, or each
 * trial's own, byte for byte as it was recorded.
 */
import { readFileSync } from "node:fs";
import { latencyLogHeader } from "../record/latency-log";
import {
  axesInWords,
  ExportRefused,
  fileName,
  trialFile,
  trialsByCell,
  type ExportFile,
  type ExportFormat,
} from "./format";
import { mergedLines, packedLog } from "./histogram-logs";

export const hlog: ExportFormat = {
  name: "hlog",
  title: "HdrHistogram logs 1.3, tagged <operation>.<outcome>.<response|service|wait>",
  plan({ run, oneTrial, eachTrial }) {
    if (oneTrial || eachTrial) {
      const files = run.trials.flatMap((trial): ExportFile[] => {
        if (packedLog(run, trial) === undefined) return [];
        const name = `${fileName(trial.record.cell)}-${trial.record.repetition}.hlog`;
        return [{ name, pieces: () => [readFileSync(trialFile(run, trial, "latency.hlog"))] }];
      });
      if (files.length === 0) throw new ExportRefused(NONE);
      return { files, notes: [] };
    }
    const pooled = trialsByCell(run).flatMap(({ cell, trials }): (ExportFile & { of: number })[] => {
      const kept = trials.filter((trial) => packedLog(run, trial) !== undefined);
      if (kept.length === 0) return [];
      const header = latencyLogHeader().replace(
        "\n",
        `\n#[Cell ${cell.id} (${axesInWords(cell.axes)}), ${kept.length === 1 ? "1 repetition" : `${kept.length} repetitions pooled interval by interval`}; run ${run.manifest.run}]\n`,
      );
      return [
        {
          name: `${fileName(cell.id)}.hlog`,
          of: kept.length,
          *pieces() {
            yield header;
            yield* mergedLines(kept.map((trial) => packedLog(run, trial)!));
          },
        },
      ];
    });
    if (pooled.length === 0) throw new ExportRefused(NONE);
    const several = pooled.some(({ of }) => of > 1);
    return { files: pooled, notes: several ? [POOLED] : [] };
  },
};

const NONE = "no trial of this run has a latency log (latency.hlog)";
export const POOLED =
  "repetitions are pooled: percentiles of the pool are not the medians over repetitions that tables show; --each-trial keeps them apart";

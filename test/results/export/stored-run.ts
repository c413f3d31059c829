/**
 * A small run on disk with everything that a trial can keep: figures and a latency log folded from drawn operations, the
 * operations themselves, and a trace. Two cells of two repetitions, seeded. Keys and axis values carry what other formats
 * find difficult: quotes, commas, line breaks, Greek.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { Random } from "../../../engine/vocabulary/random";
import type { OperationRecord } from "../../../results/record/history";
import { loadRun } from "../../../results/record/reader";
import type { LoadedRun, TrialRecord } from "../../../results/record/run-folder";
import { writeTrace } from "../../../results/record/trace-file";
import { RunWriter } from "../../../results/record/writer";
import { compareCells } from "../../../results/statistics/compare";
import { summariseCells } from "../../../results/statistics/summarise";
import { MANIFEST, record } from "../record/made-up-run";
import { fold, get, inOrderOfCompletion, put } from "../measures/histories";
import { madeUpTrace } from "../replay/made-up-trace";

export const HARD_KEY = 'α "quoted", and\nbroken';
export const WRITE = 5 * 2 ** 32 + 12;

/** The operations of a trial, in order of completion. */
export function operationsOf(seed: string, count = 200): OperationRecord[] {
  const random = Random.fromSeed(seed);
  return inOrderOfCompletion(
    Array.from({ length: count }, (_, i) => {
      const start = Math.floor((i * 900_000) / count);
      const end = start + 200 + Math.floor(20_000 * random.nextFloat() ** 4);
      const more = { id: i + 1, key: i % 7 === 0 ? HARD_KEY : `key-${i % 5}`, session: i % 3, contextOutBytes: i };
      if (i % 3 === 0)
        return put(WRITE + i, start, end, { ...more, seen: i > 2 ? [WRITE + i - 3] : [], coordinator: i % 4 });
      if (i % 20 === 1) return get([], start, end, { ...more, outcome: "timeout", coordinator: -1 });
      return get(i > 3 ? [WRITE + 3 * Math.floor(i / 3) - 3] : [], start, end, {
        ...more,
        coordinator: i % 9 === 0 ? -2 : 1,
      });
    }),
  );
}

export function storedRun(
  root: string,
  more: { readonly history?: boolean; readonly trace?: boolean } = {},
): LoadedRun {
  const { history = true, trace = true } = more;
  const writer = new RunWriter({ root, experiment: "made-up", run: MANIFEST.run });
  const measured = [];
  for (const r of [1, 2])
    for (const repetition of [1, 2]) {
      const id = `${r}${repetition}a1c09b77d2`;
      const operations = operationsOf(id);
      const result = fold(operations);
      const one: TrialRecord = {
        ...record(id, repetition),
        ...{
          cell: `r${r}`,
          axes: { r, "ring.hash": 'md"5\n' },
          seed: 2 ** 40 + repetition,
          operations: operations.length,
        },
      };
      const trial = writer.trial(id);
      trial.writeSummary(result.summary);
      trial.writeFigures(result.figures);
      trial.writeLatencyLog(result.latencyLog);
      if (history) {
        const lines = [{ schema: "quorumlab/history@1", keyFraction: 0.5 }, ...operations];
        fs.writeFileSync(trial.historyFile, gzipSync(lines.map((line) => JSON.stringify(line) + "\n").join("")));
      }
      if (trace && repetition === 1) {
        fs.mkdirSync(trial.samplesFolder);
        writeTrace(path.join(trial.samplesFolder, "trace-58s-59s.jsonl.gz"), madeUpTrace());
      }
      trial.writeRecord(one);
      trial.commit();
      measured.push({ record: one, summary: result.summary });
    }
  writer.writeTrialIds(measured.map((trial) => trial.record.id));
  writer.writeSummaries(
    summariseCells(measured),
    compareCells(measured, { baseline: "r1", alpha: 0.05, noiseFloor: 0.02 }),
  );
  writer.writeManifest({ ...MANIFEST, axes: ["r", "ring.hash"] });
  writer.linkLatest();
  return loadRun(writer.folder);
}

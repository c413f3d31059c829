/** A complete small run for tests of reading and writing: real figures folded from a few operations. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { RunManifest, TrialRecord } from "../../../results/record/run-folder";
import { RunWriter } from "../../../results/record/writer";
import { METRICS } from "../../../results/record/metrics";
import { summariseCells } from "../../../results/statistics/summarise";
import { fold, get, put } from "../measures/histories";

export function temporaryFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), "quorumlab-record-"));
}

export const MANIFEST: RunManifest = {
  schema: "quorumlab/manifest@1",
  run: "20261123T043021Z-7f3a9c",
  experiment: "made-up",
  title: "A made-up run",
  question: "Does it read back?",
  profile: "full",
  seed: 1,
  quorumlab: { version: "0.1.0", commit: null, dirty: null, patchSha256: null, lockfileSha256: null },
  machine: { node: "v20", v8: "11", os: "linux", kernel: "6", cpu: "any", cores: 2, memoryBytes: 1, container: null },
  argv: ["run", "made-up.yaml"],
  configPath: "made-up.yaml",
  configSha256: "00",
  startedAt: "2026-11-23T04:30:21.000Z",
  endedAt: "2026-11-23T04:30:22.000Z",
  wallSeconds: 1,
  cpuSeconds: 1,
  loadAverageAtStart: 0,
  random: "xoshiro128**",
  worlds: ["processes"],
  note: null,
  tags: {},
  environment: {},
  warnings: [],
  axes: ["r"],
  metrics: METRICS,
  tunables: [],
  status: "done",
};

export function record(id: string, repetition = 0): TrialRecord {
  return {
    schema: "quorumlab/trial@1",
    id,
    experiment: "made-up",
    cell: "r1",
    axes: { r: 1 },
    repetition,
    world: "processes",
    seed: 7,
    resolved: { r: 1 },
    semanticsVersion: "1",
    startedAt: "2026-11-23T04:30:21.000Z",
    endedAt: "2026-11-23T04:30:22.000Z",
    outcome: "done",
    operations: 3,
  };
}

/** Writes one run with one trial below `root`; returns its writer. */
export function writeRun(root: string, run = MANIFEST.run): RunWriter {
  const writer = new RunWriter({ root, experiment: "made-up", run });
  const result = fold([put(1, 0, 1_000), put(2, 2_000, 3_000), get([1], 4_000, 9_000)]);
  const trial = writer.trial("3fa1c09b77d2");
  trial.writeRecord(record("3fa1c09b77d2"));
  trial.writeSummary(result.summary);
  trial.writeFigures(result.figures);
  trial.writeLatencyLog(result.latencyLog);
  trial.commit();
  writer.writeTrialIds(["3fa1c09b77d2"]);
  writer.writeSummaries(summariseCells([{ record: record("3fa1c09b77d2"), summary: result.summary }]), []);
  writer.writeManifest({ ...MANIFEST, run });
  writer.linkLatest();
  return writer;
}

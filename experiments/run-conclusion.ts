/**
 * The end of a run: summaries, verdicts, report, catalogue, checksums, in an order in which a crash between any two leaves a run that does
 * not look finished. The manifest says `done` only when the report stands, and the checksums come last: a run without them is
 * concluded again when it is resumed.
 */
import { loadRun } from "../results/record/reader";
import type { LoadedRun, RunManifest } from "../results/record/run-folder";
import type { Validity } from "../results/record/figures";
import type { IndexEntry, RunWriter } from "../results/record/writer";
import { renderIndex } from "../results/reports/index-page";
import { sloDocuments } from "../results/reports/objectives";
import { reportFiles } from "../results/reports/run-report";
import { runVerdict, type RunVerdict } from "../results/reports/run-verdict";
import { compareCells } from "../results/statistics/compare";
import { judgeObjectives, type ObjectiveVerdict } from "../results/statistics/service-levels";
import { type MeasuredTrial, summariseCells } from "../results/statistics/summarise";
import { summaryTables } from "../results/statistics/tables";
import { worstVerdict } from "../results/statistics/validity";
import type { Experiment } from "./spec/experiment";

export interface Ended {
  readonly experiment: Experiment;
  readonly writer: RunWriter;
  /** As it is to stand at the end. */
  readonly manifest: RunManifest;
  /** In planned order. */
  readonly measured: readonly MeasuredTrial[];
  /** Of trials that stand in their folders with another one. */
  readonly judgedHere: ReadonlyMap<string, Validity>;
  /** Called before what may take a moment. */
  readonly reporting: () => void;
}

export interface Conclusion {
  /** The report's file; empty when there is nothing to report. */
  readonly report: string;
  readonly verdict: ObjectiveVerdict | undefined;
  /** Why the verdict is no pass, one line; empty where it is. */
  readonly reason: string;
}

const VALIDITY_FILE = "summaries/validity.json";

export function concludeRun({ experiment, writer, manifest, measured, judgedHere, reporting }: Ended): Conclusion {
  const ids = measured.map(({ record }) => record.id);
  const succeeded = measured.some(({ summary }) => summary !== null);
  writer.writeTrialIds(ids);
  if (judgedHere.size === 0) writer.remove(VALIDITY_FILE);
  else writer.write(VALIDITY_FILE, json({ schema: "quorumlab/validity@1", trials: Object.fromEntries(judgedHere) }));
  const cells = summariseCells(measured);
  const comparisons =
    experiment.baseline === undefined
      ? []
      : compareCells(measured, {
          baseline: experiment.baseline,
          metrics: experiment.report.headline,
          alpha: experiment.analysis.alpha,
          noiseFloor: experiment.analysis.noiseFloor,
        });
  writer.writeSummaries(cells, comparisons);
  for (const { name, header, rows } of summaryTables(experiment.axisKeys, measured, cells, comparisons))
    writer.writeTable(name, header, rows);
  let report = "";
  let judged: RunVerdict = { verdict: undefined, reason: "" };
  if (succeeded) {
    reporting();
    const run = { ...loadRun(writer.folder), manifest };
    judged = judge(run, writer);
    for (const [name, content] of reportFiles(run)) writer.write(`report/${name}`, content);
    report = `${writer.folder}/report/index.html`;
  }
  writer.writeManifest(manifest);
  if (succeeded) writer.linkLatest();
  const { verdict, reason } = judged;
  const entry: IndexEntry = {
    schema: "quorumlab/index@1",
    experiment: experiment.name,
    run: manifest.run,
    startedAt: manifest.startedAt,
    status: manifest.status,
    profile: experiment.profile,
    title: experiment.title,
    validity: worstVerdict(cells.map(({ validity }) => validity.verdict)),
    cells: cells.length,
    trials: ids.length,
    report: succeeded ? `${experiment.name}/${manifest.run}/report/index.html` : null,
    note: manifest.note,
    tags: manifest.tags,
    ...(verdict === undefined ? {} : { verdict }),
    worlds: manifest.worlds,
  };
  writer.appendIndex(entry, (entries) =>
    renderIndex(entries.map((one) => ({ ...one, report: one.report ?? undefined }))),
  );
  writer.writeChecksums(ids);
  return { report, verdict, reason };
}

/** Writes `summaries/slos.json`, where the experiment has objectives. */
function judge(run: LoadedRun, writer: RunWriter): RunVerdict {
  const judged = judgeObjectives(run);
  if (judged.length > 0)
    writer.write("summaries/slos.json", json({ schema: "quorumlab/slos@1", slos: sloDocuments(judged) }));
  return runVerdict(run, judged);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

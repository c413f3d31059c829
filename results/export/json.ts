/**
 * The whole run as one document: manifest, cells, comparisons, and of every trial its record, its summary and its figures.
 * Whoever has it needs no other file of the run for anything that a report shows. `run.schema.json` beside this file is its schema. It is written
 * trial by trial, because figures are the bulk of it.
 */
import type { LoadedRun } from "../record/run-folder";
import type { ExportFormat, Piece } from "./format";

export const json: ExportFormat = {
  name: "json",
  title: "the whole run as one document",
  plan: ({ run }) => ({ files: [{ name: "run.json", pieces: () => pieces(run) }], notes: [] }),
};

function* pieces({ manifest, cells, comparisons, trials }: LoadedRun): Generator<Piece> {
  yield `{"schema":"quorumlab/whole-run@1",\n"manifest":${JSON.stringify(manifest)},\n"cells":${JSON.stringify(cells)},\n`;
  yield `"comparisons":${JSON.stringify(comparisons)},\n"trials":[`;
  for (const [i, { record, summary, figures }] of trials.entries())
    yield `${i === 0 ? "" : ","}\n${JSON.stringify({ record, summary, figures })}`;
  yield "\n]}\n";
}

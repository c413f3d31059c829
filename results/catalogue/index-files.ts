/**
 * `index.jsonl` and `index.html` again from the run folders. Runs append a line each; lines are lost where a folder was copied in, and
 * stay where one was removed, so the two are made anew on demand, whole or not at all. Damaged folders are no lines.
 */
import * as path from "node:path";
import { makeFolders, replaceFile } from "../record/files";
import { writing } from "../record/results-not-writable";
import type { IndexEntry } from "../record/writer";
import { renderIndex } from "../reports/index-page";
import type { CataloguedRun, Catalogue } from "./run-catalogue";

/** Returns how many runs stand in it. */
export function rebuildIndex(catalogue: Catalogue): number {
  const entries = [...catalogue.runs].reverse().map(entryOf);
  const file = path.join(catalogue.root, "index.jsonl");
  writing(file, () => {
    makeFolders(catalogue.root);
    replaceFile(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    replaceFile(path.join(catalogue.root, "index.html"), indexPage(catalogue));
  });
  return entries.length;
}

/** The page of runs; with `compareAt` it offers to compare two of them, which takes somebody to answer. */
export function indexPage({ runs, damaged }: Catalogue, options: { readonly compareAt?: string } = {}): string {
  return renderIndex(
    runs.map((run) => ({
      ...entryOf(run),
      report: run.report,
      axes: run.manifest.axes.filter((axis) => axis !== "world"),
    })),
    { damaged, ...options },
  );
}

function entryOf({ experiment, run, manifest, cells, trials, validity, verdict, report }: CataloguedRun): IndexEntry {
  const { startedAt, status, profile, title, note, tags } = manifest;
  return {
    schema: "quorumlab/index@1",
    ...{ experiment, run, startedAt, status, profile, title, validity, trials, note, tags },
    cells: cells.length,
    report: report ?? null,
    ...(verdict === undefined ? {} : { verdict }),
    worlds: manifest.worlds,
  };
}

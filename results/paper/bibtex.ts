/** `references.bib`: the tool, and the works that the experiment cites. What nobody knows is named in a comment, never made up. */
import type { LoadedRun } from "../record/run-folder";
import { WORKS, type Work } from "./bibliography";
import { tex, texComment } from "./tex";

/** Keys that the experiment cites and this version knows nothing of. */
export function unknownWorks(run: LoadedRun): readonly string[] {
  return (run.manifest.citations ?? []).filter((key) => !WORKS.has(key));
}

/** Keys to cite, the tool's first. */
export function citedKeys(run: LoadedRun): readonly string[] {
  return ["quorumlab", ...(run.manifest.citations ?? []).filter((key) => WORKS.has(key))];
}

export function referencesBib(run: LoadedRun): string {
  const { version, commit } = run.manifest.quorumlab;
  const tool: Work = {
    kind: "misc",
    fields: {
      author: "{The Quorumlab maintainers}",
      title: "Quorumlab: a benchmarking and tunables workbench for Dynamo-style stores",
      note: `Version ${version}${commit === null ? "" : `, commit ${commit.slice(0, 12)}`}`,
      year: run.manifest.startedAt.slice(0, 4),
    },
  };
  const entries = citedKeys(run).map((key) => entry(key, key === "quorumlab" ? tool : WORKS.get(key)!));
  const unknown = unknownWorks(run).map((key) =>
    texComment(`${key}: cited by the experiment, not known here; add its entry by hand`),
  );
  return `${[...unknown, ...entries].join("\n\n")}\n`;
}

function entry(key: string, { kind, fields }: Work): string {
  const lines = Object.entries(fields).map(([name, text]) => {
    const value = text.startsWith("{") || name === "pages" ? text : tex(text);
    // Titles keep their capitals.
    return `  ${name} = {${name === "title" ? `{${value}}` : value}}`;
  });
  return `@${kind}{${key},\n${lines.join(",\n")}\n}`;
}

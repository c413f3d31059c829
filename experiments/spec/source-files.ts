/**
 * What a run keeps of the files it came from. A file that extends others says half of the experiment; its copy in the run's folder
 * would point to where the bases lay on some machine, once. So the bases are kept beside it, each pointing at the copy of the next,
 * and the digest that stands for "the experiment file" covers them all.
 */
import { parseDocument } from "yaml";
import type { SourceFile } from "./extends";

export type ExperimentSource = SourceFile & { readonly bases?: readonly SourceFile[] };

/** Everything that was read, for a digest; of a file alone its text as it is. */
export function wholeText({ text, bases = [] }: ExperimentSource): string {
  return [text, ...bases.map((base) => base.text)].join("\n");
}

/** The files of a run's folder: `experiment.yaml`, and for each base `experiment.base-1.yaml` and so on. */
export function keptFiles({ text, bases = [] }: ExperimentSource): readonly (readonly [name: string, text: string])[] {
  if (bases.length === 0) return [["experiment.yaml", text]];
  return [text, ...bases.map((base) => base.text)].map((one, i) => [
    keptName(i),
    i < bases.length ? pointingAt(one, `./${keptName(i + 1)}`) : one,
  ]);
}

function keptName(i: number): string {
  return i === 0 ? "experiment.yaml" : `experiment.base-${i}.yaml`;
}

/** Comments stay; the text was read before, so it is YAML. */
function pointingAt(text: string, base: string): string {
  const document = parseDocument(text, { version: "1.2" });
  document.set("extends", base);
  return document.toString({ lineWidth: 0 });
}

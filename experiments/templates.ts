/**
 * What `quorumlab init` writes: folders of real files beside this one, so that they are validated, run and type-checked like any
 * other. Two placeholders are filled in: `{{dir}}`, where the files will lie as seen from where commands are typed, and
 * `{{version}}`, of this program. `gitignore` gets its dot on the way, because packages leave out files that have it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./catalogue";

export const TEMPLATE_NAMES = ["quickstart", "sweep", "partition", "paper", "course"] as const;
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

/** Shared by all of them. */
const EVERY = "every";

export interface TemplateFile {
  /** Within the folder that is begun. */
  readonly name: string;
  readonly text: string;
}

export interface Template {
  readonly name: TemplateName;
  /** The headline of its README. */
  readonly title: string;
  /** In alphabetical order. */
  readonly files: readonly TemplateFile[];
  /** The experiment to begin with. */
  readonly experiment: string;
}

export function templatesFolder(): string {
  return join(packageRoot(), "experiments", "templates");
}

/** `dir`: a path that ends in a slash, or nothing; it goes into command lines as it is. */
export function readTemplate(name: TemplateName, dir: string): Template {
  const files = [...filesIn(EVERY, dir), ...filesIn(name, dir)].sort((a, b) => (a.name < b.name ? -1 : 1));
  const readme = readmeOf(name);
  const run = /quorumlab run \{\{dir\}\}([\w-]+\.yaml)/.exec(readme);
  if (run === null) throw new Error(`the README.md of the template ${name} runs nothing`);
  return { name, title: titleOf(readme), files, experiment: run[1] };
}

/** The headline, for lists. */
export function templateTitle(name: TemplateName): string {
  return titleOf(readmeOf(name));
}

function readmeOf(name: TemplateName): string {
  return readFileSync(join(templatesFolder(), name, "README.md"), "utf8");
}

function titleOf(readme: string): string {
  return readme.slice(0, readme.indexOf("\n")).replace(/^# /, "");
}

function filesIn(folder: string, dir: string): readonly TemplateFile[] {
  const path = join(templatesFolder(), folder);
  return readdirSync(path).map((name) => ({
    name: name === "gitignore" ? ".gitignore" : name,
    // By functions: in a text, `$&` and `$$` of a folder's name would mean something.
    text: readFileSync(join(path, name), "utf8")
      .replaceAll("{{dir}}", () => dir)
      .replaceAll("{{version}}", version),
  }));
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { readonly version: string })
    .version;
}

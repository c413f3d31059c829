/**
 * What a notebook is written as, and what was written of it before: the page, the Markdown with its pictures and Jupyter's file, in a
 * folder of choice or beside the notebook, where `check` compares them with what the notebook shows now.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { makeFolders, replaceFile } from "../../results/record/files";
import { packageRoot } from "../catalogue";
import { UserError } from "../cli/user-error";
import { drift, pictureDrifts } from "./drift";
import { notebookIpynb } from "./notebook-ipynb";
import { notebookMarkdown } from "./notebook-markdown";
import { notebookPage } from "./notebook-page";
import type { NotebookResult } from "./notebook-process";
import { EXTENSION, stemOf } from "./notebook-title";

export interface Formats {
  readonly html: boolean;
  readonly md: boolean;
  readonly ipynb: boolean;
}

/** Writes below `folder`; the files, pictures left out. */
export function writeNotebook(
  result: NotebookResult,
  formats: Formats,
  folder: string,
  profile: string,
): readonly string[] {
  const stem = stemOf(result.file);
  const files = new Map<string, string>();
  if (formats.html) files.set(`${stem}.html`, pageOf(result, profile));
  if (formats.md) for (const [path, content] of notebookMarkdown(result, profile)) files.set(path, content);
  if (formats.ipynb) files.set(`${stem}.ipynb`, notebookIpynb(result));
  if (formats.md) removeOldPictures(join(folder, stem), files);
  for (const [path, content] of files) {
    makeFolders(dirname(join(folder, path)));
    replaceFile(join(folder, path), content);
  }
  return [...files.keys()].filter((path) => !path.endsWith(".svg")).map((path) => join(folder, path));
}

/** Of charts that are no longer there. */
function removeOldPictures(folder: string, files: ReadonlyMap<string, string>): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (/^\d+-[\w-]+\.svg$/.test(name) && !files.has(`${basename(folder)}/${name}`)) rmSync(join(folder, name));
}

function pageOf(result: NotebookResult, profile: string): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string };
  return notebookPage(result, { version, profile, name: basename(result.file) });
}

/** A file beside the notebook that is not what the notebook shows now, and how it differs. */
export interface Drift {
  readonly file: string;
  readonly lines: readonly string[];
}

/** Of what stands beside the notebook; a format that does not was never committed. */
export function driftsOf(result: NotebookResult, profile: string): readonly Drift[] {
  const folder = dirname(result.file);
  const stem = stemOf(result.file);
  const drifts: Drift[] = [];
  const compare = (path: string, content: string): void => {
    const file = join(folder, path);
    const lines = existsSync(file) ? difference(readFileSync(file, "utf8"), content, path) : ["is not there"];
    if (lines !== undefined) drifts.push({ file, lines });
  };
  if (existsSync(join(folder, `${stem}.md`)))
    for (const [path, content] of notebookMarkdown(result, profile)) compare(path, content);
  if (existsSync(join(folder, `${stem}.ipynb`))) compare(`${stem}.ipynb`, notebookIpynb(result));
  return drifts;
}

function difference(committed: string, now: string, path: string): readonly string[] | undefined {
  if (!path.endsWith(".svg")) return drift(committed, now);
  return pictureDrifts(committed, now) ? ["the picture differs"] : undefined;
}

/** The notebook that is named, or those of the folder, by name. Throws {@link UserError}. */
export function notebooksAt(typed: string, cwd: string): readonly string[] {
  const path = resolve(cwd, typed);
  if (!existsSync(path)) throw new UserError(`${typed}: no such file; a notebook is a file *.nb.ts`);
  const folder = statSync(path).isDirectory();
  const files = folder
    ? readdirSync(path)
        .filter((name) => name.endsWith(EXTENSION))
        .sort()
        .map((name) => join(path, name))
    : [path];
  if (files.length === 0) throw new UserError(`${typed}: holds no notebook; one is a file *.nb.ts`);
  for (const file of files) {
    const name = basename(file);
    if (!name.endsWith(EXTENSION)) throw new UserError(`${typed}: is no notebook; one is called *.nb.ts`);
    // The name becomes a folder of pictures and a link in Markdown.
    if (!/^[A-Za-z0-9][\w.-]*\.nb\.ts$/.test(name))
      throw new UserError(`${name}: name a notebook by letters, digits, "-", "_" and "." alone`);
    if (!statSync(file).isFile()) throw new UserError(`${typed}: is no regular file`);
    if (statSync(file).size > MOST_BYTES) throw new UserError(`${typed}: is longer than ${MOST_BYTES} bytes`);
  }
  return files;
}

const MOST_BYTES = 1_048_576;

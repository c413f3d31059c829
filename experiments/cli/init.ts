/**
 * `quorumlab init`: the files to begin with, in a folder that may be there already. Nothing that exists is touched: all that is in
 * the way is told at once and then nothing is written, because half a template beside somebody's own files is worse than none.
 */
import { closeSync, existsSync, lstatSync, openSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { Option, type Command } from "commander";
import { makeFolders } from "../../results/record/files";
import { TEMPLATE_NAMES, type TemplateFile, type TemplateName } from "../templates";
import { common, next, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { plural } from "./problem-lines";
import { forShell } from "./resolve-options";
import { systemMessage, UserError } from "./user-error";

interface Options extends CommonOptions {
  readonly template: TemplateName;
}

export function defineInit(program: Command, context: CommandContext): void {
  const command = program
    .command("init")
    .description("begin: a commented experiment, a notebook, a README with the next commands")
    .argument("[dir]", "a new or existing folder; this one when left out")
    .addOption(
      new Option("-t, --template <name>", "what to begin with; quorumlab list templates says more")
        .choices(TEMPLATE_NAMES)
        .default("quickstart"),
    )
    .action((dir: string | undefined, options: Options) => init(dir ?? ".", options, context));
  common(command, [
    ["quorumlab init my-study", "one experiment, three configurations"],
    ["quorumlab init my-sweep --template sweep", "two sweeps and their comparison, in ten minutes"],
    ["quorumlab init --template paper", "into this folder: claims, sources, figures for a paper"],
  ]);
}

function init(typed: string, options: Options, context: CommandContext): void {
  const { readTemplate } = require("../templates") as typeof import("../templates");
  const { io } = context;
  const folder = folderOf(typed, io.cwd);
  const dir = prefixOf(folder, io.cwd);
  const { name, files, experiment } = readTemplate(options.template, dir);
  refuseConflicts(folder, files, (path) => shownPath(path, io));
  write(folder, files);
  if (options.json === true) {
    const written = files.map((file) => shownPath(join(folder, file.name), io));
    printJson(io, { schema: "quorumlab/init@1", template: name, folder: shownPath(folder, io), files: written });
  } else {
    for (const file of files) io.stdout.write(`${shownPath(join(folder, file.name), io)}\n`);
    io.stderr.write(`${plural(files.length, "file")} written; ${dir}README.md says what is what, and what to type\n`);
  }
  next(io, `quorumlab plan ${dir}${experiment}`, `quorumlab run ${dir}${experiment} --profile smoke`);
}

function folderOf(typed: string, cwd: string): string {
  if (typed.trim() === "") throw new UserError("the folder's name is empty; leave it out for this one");
  // Written into comments and command lines.
  if ([...typed].some((character) => character < " " || character === "\u007f"))
    throw new UserError("the folder's name has a control character in it");
  const folder = resolve(cwd, typed);
  for (let path = folder; ; path = resolve(path, "..")) {
    if (existsSync(path)) {
      if (!statSync(path).isDirectory())
        throw new UserError(`${typed}: ${path === folder ? "is a file" : `${path} is a file`}; name a folder`);
      return folder;
    }
    if (isThere(path)) throw new UserError(`${typed}: ${path} is a link to something that is not there`);
  }
}

/** Before names of files in commands typed at `cwd`: `my-study/`, or nothing. */
function prefixOf(folder: string, cwd: string): string {
  const path = relative(cwd, folder);
  if (path === "") return "";
  // What opens with a dash would be an option.
  const typed = path.startsWith("-") ? `./${path}` : path;
  return forShell(path === ".." || path.startsWith(`..${sep}`) ? `${folder}/` : `${typed}/`);
}

function refuseConflicts(folder: string, files: readonly TemplateFile[], shown: (path: string) => string): void {
  const taken = files.map(({ name }) => join(folder, name)).filter(isThere);
  if (taken.length === 0) return;
  const list = taken.map((path) => `\n  ${shown(path)}`).join("");
  throw new UserError(
    `nothing was written, because ${taken.length === 1 ? "this is" : "these are"} there already:${list}`,
  );
}

/** A link that leads nowhere is there, too. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // Below a file there is nothing.
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return false;
    throw error;
  }
}

/** All or none: what was written is taken away again where one cannot be. */
function write(folder: string, files: readonly TemplateFile[]): void {
  try {
    makeFolders(folder);
  } catch (error) {
    throw new UserError(systemMessage(error) ?? `${folder}: the folder cannot be made; name another one`);
  }
  const written: string[] = [];
  try {
    for (const { name, text } of files) {
      const path = join(folder, name);
      const descriptor = openSync(path, "wx");
      written.push(path);
      try {
        writeSync(descriptor, text);
      } finally {
        closeSync(descriptor);
      }
    }
  } catch (error) {
    for (const path of written) unlinkSync(path);
    throw error;
  }
}

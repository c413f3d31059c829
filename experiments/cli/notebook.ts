/**
 * `quorumlab notebook`: runs notebooks (`*.nb.ts`) and shows what their cells show, as a page, as Markdown and as Jupyter's file;
 * `check` says whether they still compile, run, hold what they expect and match what was committed of them.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import type { NotebookResult } from "../notebook/notebook-process";
import { common, errPaint, next, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { RESULTS_ROOT } from "./find-run";
import type { Io } from "./io";
import type { Verb, Verdict } from "./notebook-verdict";
import type { ExitCode } from "./user-error";

interface Options extends CommonOptions {
  readonly profile: string;
  readonly timeout: number;
  readonly memory: number;
  readonly out?: string;
  readonly fresh?: boolean;
  readonly html?: boolean;
  readonly md?: boolean;
  readonly ipynb?: boolean;
}

export function defineNotebook(program: Command, context: CommandContext): void {
  const notebook = program
    .command("notebook")
    .description("run, check or export notebooks (*.nb.ts)")
    .addHelpText(
      "before",
      "Examples:\n" +
        "  quorumlab notebook run notebooks/quorums-and-staleness.nb.ts   as a page, to read\n" +
        "  quorumlab notebook check notebooks                             do they still hold?\n" +
        "  quorumlab notebook export notebooks --ipynb                    for Jupyter\n",
    );
  const run = bounds(notebook.command("run"))
    .description("run a notebook and write it as one HTML page")
    .argument("<file>", "a notebook, or a folder of them")
    .option("-o, --out <dir>", "where the page is written", join("results", "notebooks"))
    .option("--fresh", "simulate again what is stored already")
    .action((file: string, options: Options) => carryOut("run", file, options, context));
  common(run, [
    ["quorumlab notebook run notebooks/quorums-and-staleness.nb.ts", "trials that are stored are reused"],
    ["quorumlab notebook run my.nb.ts --profile default", "experiments as written, without their smoke profile"],
  ]);
  const check = bounds(notebook.command("check"))
    .description("compile, run, hold expectations, compare with the Markdown, pictures and .ipynb beside it")
    .argument("<file>", "a notebook, or a folder of them")
    .action((file: string, options: Options) => carryOut("check", file, options, context));
  common(check, [
    ["quorumlab notebook check notebooks", "exit code 1: an expectation fails, or what is committed differs"],
  ]);
  const exported = bounds(notebook.command("export"))
    .description("write notebooks as Markdown with pictures, as .ipynb, or as HTML")
    .argument("<file>", "a notebook, or a folder of them")
    .option("--md", "Markdown with pictures (with --ipynb where no format is named)")
    .option("--ipynb", "Jupyter's file, with outputs, for the tslab kernel")
    .option("--html", "one page that needs no network")
    .option("-o, --out <dir>", "where to; beside each notebook when left out")
    .action((file: string, options: Options) => carryOut("export", file, options, context));
  common(exported, [
    ["quorumlab notebook export notebooks", "the Markdown and .ipynb beside them, anew"],
    ["quorumlab notebook export my.nb.ts --html -o pages", "one page"],
  ]);
}

function bounds(command: Command): Command {
  return command
    .option("-p, --profile <name>", "of every experiment that has it; default: none", "smoke")
    .option("--timeout <seconds>", "for each notebook", positive, 600)
    .option("--memory <MB>", "for each notebook", positive, 2_048);
}

function positive(value: string): number {
  const number = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || !(number > 0 && number <= 1e6))
    throw new InvalidArgumentError("write a number above 0");
  return number;
}

async function carryOut(verb: Verb, typed: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  const { notebooksAt } = filesModule();
  const { documentOf, exitOf, tell } = require("./notebook-verdict") as typeof import("./notebook-verdict");
  const files = notebooksAt(typed, io.cwd);
  const interrupts = listen(io);
  // What is checked must come from this program and not from an earlier one's trials.
  const made = verb === "check" ? mkdtempSync(join(tmpdir(), "quorumlab-notebook-runs-")) : undefined;
  try {
    const verdicts: Verdict[] = [];
    const types =
      verb === "check" ? await typesOf(files, interrupts.signal, context, options) : new Map<string, never>();
    for (const file of files) {
      if (interrupts.signal.aborted) break;
      const verdict = await one(verb, file, options, context, interrupts.signal, made);
      verdicts.push({ ...verdict, errors: [...(types.get(file) ?? []), ...verdict.errors] });
      tell(verb, verdicts.at(-1)!, options, context);
    }
    const exit = exitOf(verdicts, interrupts.signal.aborted);
    if (options.json === true) printJson(io, documentOf(verb, verdicts, options.profile, context));
    context.exit(exit);
    closing(verb, typed, exit, context);
  } finally {
    interrupts.stop();
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  }
}

async function one(
  verb: Verb,
  file: string,
  options: Options,
  context: CommandContext,
  signal: AbortSignal,
  made: string | undefined,
): Promise<Verdict> {
  const { io } = context;
  const { execute } = require("../notebook/notebook-process") as typeof import("../notebook/notebook-process");
  const { cellInWords } = require("../notebook/cells") as typeof import("../notebook/cells");
  const paint = errPaint(context, options);
  if (io.stderr.isTTY || options.json !== true) io.stderr.write(`${paint.bold(shownPath(file, io))}\n`);
  const result = await execute(file, {
    settings: {
      folder: dirname(file),
      cwd: io.cwd,
      resultsRoot: made ?? resolve(io.cwd, RESULTS_ROOT),
      profile: options.profile,
      fresh: verb !== "run" || options.fresh === true,
    },
    timeoutMs: options.timeout * 1_000,
    memoryMb: options.memory,
    signal,
    onCell: (cell) => {
      if (io.stderr.isTTY && cell.kind === "code") io.stderr.write(`${paint.dim(`  ${cellInWords(cell)}`)}\n`);
    },
  });
  const verdict = { result, errors: result.errors, written: [], drifts: [] };
  if (result.interrupted) return verdict;
  const { driftsOf, writeNotebook } = filesModule();
  if (verb === "check")
    return { ...verdict, drifts: result.errors.length > 0 ? [] : driftsOf(result, options.profile) };
  // A notebook that broke off is shown, and never put in the place of one that ran.
  if (verb === "export" && result.errors.length > 0) return verdict;
  const { html = false, md = false, ipynb = false } = options;
  const formats =
    verb === "run"
      ? { html: true, md: false, ipynb: false }
      : html || md || ipynb
        ? { html, md, ipynb }
        : { html: false, md: true, ipynb: true };
  const folder = options.out === undefined ? dirname(result.file) : resolve(io.cwd, options.out);
  return { ...verdict, written: writeNotebook(result, formats, folder, options.profile) };
}

function filesModule(): typeof import("../notebook/notebook-files") {
  return require("../notebook/notebook-files") as typeof import("../notebook/notebook-files");
}

/** The first Ctrl-C stops the notebook, the second ends at once. */
function listen(io: Io): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const stop = io.onInterrupt(() => {
    if (controller.signal.aborted) io.exitNow(130);
    io.stderr.write("interrupted: the notebook is stopped\n");
    controller.abort();
  });
  return { signal: controller.signal, stop };
}

async function typesOf(
  files: readonly string[],
  signal: AbortSignal,
  context: CommandContext,
  options: Options,
): Promise<ReadonlyMap<string, NotebookResult["errors"]>> {
  const { checkTypes } = require("../notebook/notebook-types") as typeof import("../notebook/notebook-types");
  const checked = await checkTypes(files, (file) => readFileSync(file, "utf8"), signal);
  if (!checked.checked) {
    context.io.stderr.write(`${errPaint(context, options).yellow("warning")}  ${checked.reason}\n`);
    return new Map();
  }
  const of = new Map<string, NotebookResult["errors"][number][]>();
  for (const error of checked.errors) {
    // What a notebook imports is told with the first of them.
    const file = files.includes(error.file) ? error.file : files[0];
    of.set(file, [...(of.get(file) ?? []), error]);
  }
  return of;
}

function closing(verb: Verb, typed: string, exit: ExitCode, { io }: CommandContext): void {
  if (exit === 130) return;
  if (verb === "run") next(io, `quorumlab notebook check ${typed}`, `quorumlab notebook export ${typed}`);
  else if (verb === "check" && exit === 1)
    next(io, `quorumlab notebook run ${typed}`, `quorumlab notebook export ${typed}`);
  else next(io, `quorumlab notebook run ${typed}`);
}

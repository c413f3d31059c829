/**
 * Carries out a notebook and collects what each cell shows. It runs in a thread with a bound on time and memory; whatever ends it (the
 * last cell, an error, the clock, Ctrl-C), the result says which cell was at work and which line of the notebook it was.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { bundle } from "./bundle";
import { cellInWords, readCells, type NotebookCell } from "./cells";
import type { ExpectationOutput, NotebookSettings, Output } from "./outputs";
import type { FromThread, ThreadData } from "./notebook-thread";

export interface CellResult {
  readonly cell: NotebookCell;
  readonly outputs: readonly Output[];
}

export interface NotebookError {
  /** Path of the file; the notebook's, or of one that it imports. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** In which it happened, in words; empty where none had begun. */
  readonly cell: string;
  readonly message: string;
}

export interface NotebookResult {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly cells: readonly CellResult[];
  readonly errors: readonly NotebookError[];
  readonly expectations: readonly { readonly cell: NotebookCell; readonly expectation: ExpectationOutput }[];
  readonly seconds: number;
  readonly interrupted: boolean;
}

export interface ExecuteOptions {
  readonly settings: NotebookSettings;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly signal: AbortSignal;
  readonly onCell?: (cell: NotebookCell) => void;
}

/** Never rejects for what a notebook does. */
export async function execute(file: string, options: ExecuteOptions): Promise<NotebookResult> {
  const started = performance.now();
  const text = readFileSync(file, "utf8");
  const { cells, faults, marked } = readCells(text);
  const state = new State(cells);
  let interrupted = false;
  for (const fault of faults) state.errors.push({ file, cell: "", ...fault });
  if (faults.length === 0) {
    const bundled = await bundle(file, marked, libraryNames());
    if (!bundled.ok)
      for (const fault of bundled.faults) state.errors.push({ ...fault, cell: cellAt(cells, fault, file) });
    else interrupted = await runThread(file, bundled.code, state, options);
  }
  const results = cells.map((cell) => ({ cell, outputs: state.outputs[cell.index] }));
  return {
    file,
    text,
    cells: results,
    errors: state.errors,
    expectations: results.flatMap(({ cell, outputs }) =>
      outputs.flatMap((output) => (output.kind === "expectation" ? [{ cell, expectation: output }] : [])),
    ),
    seconds: (performance.now() - started) / 1_000,
    interrupted,
  };
}

function libraryNames(): readonly string[] {
  return Object.keys(require("./library") as object);
}

class State {
  readonly outputs: Output[][];
  readonly errors: NotebookError[] = [];
  /** -1 before the first. */
  current = -1;

  constructor(readonly cells: readonly NotebookCell[]) {
    this.outputs = cells.map(() => []);
  }

  show(output: Output): void {
    const outputs = this.outputs[Math.max(0, this.current)];
    const last = outputs.at(-1);
    // The console writes a line in parts.
    if (output.kind === "console" && last?.kind === "console" && last.stream === output.stream)
      outputs[outputs.length - 1] = { ...last, text: `${last.text}${output.text}`.slice(0, MOST_TEXT) };
    else if (outputs.length < MOST_OUTPUTS) outputs.push(output);
  }

  get currentInWords(): string {
    const cell = this.cells[this.current];
    return cell === undefined ? "" : cellInWords(cell);
  }

  get currentLine(): number {
    return this.cells[this.current]?.line ?? 1;
  }
}

const MOST_TEXT = 1_000_000;
const MOST_OUTPUTS = 1_000;

/** True where it was interrupted. */
function runThread(file: string, code: string, state: State, options: ExecuteOptions): Promise<boolean> {
  const { settings, timeoutMs, memoryMb, signal, onCell } = options;
  const folder = mkdtempSync(join(tmpdir(), "quorumlab-notebook-"));
  const source = __filename.endsWith(".ts");
  const worker = new Worker(join(__dirname, source ? "notebook-thread.ts" : "notebook-thread.js"), {
    ...(source ? { execArgv: ["-r", "ts-node/register"] } : {}),
    workerData: { code, module: join(folder, "notebook.mjs"), settings } satisfies ThreadData,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 64 },
    // What is written past the console, by whoever the notebook calls, is no output of a cell and must not stand in ours.
    stdout: true,
    stderr: true,
  });
  const problem = (message: string, line = state.currentLine): void => {
    state.errors.push({ file, line, column: 1, cell: state.currentInWords, message });
  };
  return new Promise<boolean>((resolve) => {
    let over = false;
    const end = (interrupted: boolean): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      void worker.terminate().then(() => {
        rmSync(folder, { recursive: true, force: true });
        resolve(interrupted);
      });
    };
    const stop = (): void => end(true);
    const timer = setTimeout(() => {
      problem(`took longer than ${timeoutMs / 1_000} s and was stopped; --timeout gives it more`);
      end(false);
    }, timeoutMs);
    worker.on("message", (message: FromThread) => {
      switch (message.type) {
        case "begin": {
          const next = state.cells[message.cell];
          if (message.cell !== state.current + 1) problem(MISPLACED, next?.line);
          state.current = message.cell;
          if (next !== undefined) onCell?.(next);
          return;
        }
        case "show":
          state.show(message.output);
          return;
        case "failed":
          state.errors.push(errorOf(message, file, state));
          end(false);
          return;
        case "done":
          if (state.current !== state.cells.length - 1) problem(MISPLACED, state.cells[state.current + 1]?.line);
          end(false);
          return;
      }
    });
    worker.once("error", (error: NodeJS.ErrnoException) => {
      const memory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      problem(memory ? `needed more than ${memoryMb} MB of memory; --memory gives it more` : error.message);
      end(false);
    });
    worker.once("exit", (exit) => {
      if (!over) problem(`ended itself with exit code ${exit}`);
      end(false);
    });
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}

const MISPLACED = "this marker stands inside a statement or a text, or does not run; a cell begins between statements";

/** Errors that are written for people, without the name of their class. */
const TOLD = new Set(["Error", "UserError", "RunNotReadable", "ResultsNotWritable", ""]);

function errorOf(
  { name, message, stack }: Extract<FromThread, { type: "failed" }>,
  file: string,
  state: State,
): NotebookError {
  const place = placeIn(stack, file) ?? { file, line: state.currentLine, column: 1 };
  return { ...place, cell: state.currentInWords, message: TOLD.has(name) ? message : `${name}: ${message}` };
}

/** The first frame that is somebody's own: of the notebook, or of a file beside it. */
function placeIn(stack: string, file: string): { file: string; line: number; column: number } | undefined {
  for (const frame of stack.split("\n")) {
    const found = /(?:\(|at (?:async )?)((?:file:\/\/)?\/?[^()\s]+|file:\/\/[^()]+):(\d+):(\d+)\)?$/.exec(frame.trim());
    if (found === null) continue;
    const path = found[1].startsWith("file:") ? fileURLToPath(found[1]) : found[1];
    const beside = relative(join(file, ".."), path);
    if (path !== file && (beside.startsWith("..") || path.includes("node_modules"))) continue;
    return { file: path, line: Number(found[2]), column: Number(found[3]) };
  }
  return undefined;
}

function cellAt(
  cells: readonly NotebookCell[],
  { file, line }: { file: string; line: number },
  notebook: string,
): string {
  const cell = file === notebook ? cells.findLast((one) => one.line <= line) : undefined;
  return cell === undefined ? "" : cellInWords(cell);
}

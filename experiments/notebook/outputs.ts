/**
 * What a cell shows, as plain data: the thread in which a notebook runs sends it, and whoever shows it (page, Markdown,
 * Jupyter's file, terminal) draws it in its own way. A notebook never makes HTML, so it cannot make a page unsafe, and the same
 * chart becomes a canvas in one place and a picture file in another.
 */
import type { ChartFigure, ChartTable } from "../../results/charts/chart";
import type { World } from "../../results/statistics/worlds";
import { HOST } from "./cells";

export interface ChartOutput {
  readonly kind: "chart";
  /** Id of the chart's definition. */
  readonly chart: string;
  /** One a world of the run; without a figure where there was nothing to draw. */
  readonly drawn: readonly { readonly world: World; readonly figure?: ChartFigure }[];
}

export interface TableOutput {
  readonly kind: "table";
  readonly table: ChartTable;
  readonly caption: string;
}

export interface MarkdownOutput {
  readonly kind: "markdown";
  readonly text: string;
}

/** Prose that a reader opens when ready: the answer to an exercise. */
export interface AnswerOutput {
  readonly kind: "answer";
  readonly summary: string;
  readonly text: string;
}

export interface ValueOutput {
  readonly kind: "value";
  readonly text: string;
  /** The same as JSON, where it is data. */
  readonly json?: unknown;
}

export interface ConsoleOutput {
  readonly kind: "console";
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** `open`: what was measured neither proves nor refutes it. */
export type ExpectationVerdict = "holds" | "fails" | "open";

export interface ExpectationOutput {
  readonly kind: "expectation";
  readonly text: string;
  readonly verdict: ExpectationVerdict;
  /** By which numbers; may be empty. */
  readonly evidence: string;
  /** In the notebook, where it is known. */
  readonly line?: number;
  readonly column?: number;
}

export type Output =
  ChartOutput | TableOutput | MarkdownOutput | AnswerOutput | ValueOutput | ConsoleOutput | ExpectationOutput;

export const OUTPUT_KINDS: readonly string[] = ["chart", "table", "markdown", "answer"];

/** How the notebook is run: what `load` and `simulate` go by. */
export interface NotebookSettings {
  /** The notebook's folder. */
  readonly folder: string;
  /** Where the command was started. */
  readonly cwd: string;
  /** Where run folders stand. */
  readonly resultsRoot: string;
  /** For every experiment that has it. */
  readonly profile: string;
  /** Simulates again what is stored already. */
  readonly fresh: boolean;
}

/** What runs a notebook: told which cell begins, and what each shows. */
export interface NotebookHost {
  readonly settings: NotebookSettings;
  begin(cell: number): void;
  show(output: Output): void;
}

interface Registry {
  [key: symbol]: NotebookHost | undefined;
}

export function hostOf(): NotebookHost | undefined {
  return (globalThis as unknown as Registry)[Symbol.for(HOST)];
}

export function setHost(host: NotebookHost): void {
  (globalThis as unknown as Registry)[Symbol.for(HOST)] = host;
}

/** What came of running a notebook, in words for a terminal and as the JSON document of `quorumlab notebook`. */
import type { Drift } from "../notebook/notebook-files";
import type { NotebookResult } from "../notebook/notebook-process";
import { outputText } from "../notebook/output-text";
import { errPaint, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { plural } from "./problem-lines";
import type { ExitCode } from "./user-error";

export type Verb = "run" | "check" | "export";

export interface Verdict {
  readonly result: NotebookResult;
  /** Those of its types before those of its run. */
  readonly errors: NotebookResult["errors"];
  /** Absolute. */
  readonly written: readonly string[];
  readonly drifts: readonly Drift[];
}

export function tell(
  verb: Verb,
  { result, errors, written, drifts }: Verdict,
  options: CommonOptions,
  context: CommandContext,
): void {
  const { io } = context;
  const paint = errPaint(context, options);
  for (const { file, line, column, cell, message } of errors) {
    const text = file === result.file ? result.text.split("\n")[line - 1] : undefined;
    const where = `${shownPath(file, io)}:${line}:${column}`;
    io.stderr.write(`${where}  ${paint.red("error")}  ${cell === "" ? "" : `${cell}: `}${message}\n`);
    if (text !== undefined && text.length <= 200) io.stderr.write(`    ${text}\n    ${" ".repeat(column - 1)}^\n`);
  }
  for (const { cell, expectation } of result.expectations) {
    if (expectation.verdict === "holds") continue;
    const { line = cell.line, column = 1 } = expectation;
    io.stderr.write(
      `${shownPath(result.file, io)}:${line}:${column}  ${paint.red("expectation")}  ${outputText(expectation)}\n`,
    );
  }
  for (const { file, lines } of drifts)
    io.stderr.write(
      `${shownPath(file, io)}  ${paint.red("differs")}  from what the notebook shows now\n${lines.map((line) => `  ${line}\n`).join("")}`,
    );
  if (options.json === true || result.interrupted) return;
  for (const path of written) io.stdout.write(`${verb === "run" ? "page: " : ""}${shownPath(path, io)}\n`);
  if (verb === "check") {
    const held = result.expectations.filter(({ expectation }) => expectation.verdict === "holds").length;
    const word = errors.length + drifts.length === 0 && held === result.expectations.length ? "ok" : "not ok";
    const total = result.expectations.length;
    io.stdout.write(
      `${shownPath(result.file, io)}  ${word}  ${held} of ${plural(total, "expectation")} hold, ${result.seconds.toFixed(1)} s\n`,
    );
  }
}

export function exitOf(verdicts: readonly Verdict[], interrupted: boolean): ExitCode {
  if (interrupted) return 130;
  if (verdicts.some(({ errors }) => errors.length > 0)) return 3;
  const failed = ({ result, drifts }: Verdict): boolean =>
    drifts.length > 0 || result.expectations.some(({ expectation }) => expectation.verdict !== "holds");
  return verdicts.some(failed) ? 1 : 0;
}

export function documentOf(verb: Verb, verdicts: readonly Verdict[], profile: string, { io }: CommandContext): object {
  return {
    schema: "quorumlab/notebook@1",
    verb,
    profile,
    ok: exitOf(verdicts, false) === 0,
    notebooks: verdicts.map(({ result, errors, written, drifts }) => ({
      file: shownPath(result.file, io),
      cells: result.cells.length,
      seconds: Number(result.seconds.toFixed(3)),
      errors: errors.map((error) => ({ ...error, file: shownPath(error.file, io) })),
      expectations: result.expectations.map(({ cell, expectation }) => ({
        cell: cell.index + 1,
        line: expectation.line ?? cell.line,
        text: expectation.text,
        verdict: expectation.verdict,
        evidence: expectation.evidence,
      })),
      differences: drifts.map(({ file, lines }) => ({ file: shownPath(file, io), lines })),
      written: written.map((path) => shownPath(path, io)),
    })),
  };
}

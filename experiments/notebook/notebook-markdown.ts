/**
 * A notebook as Markdown with picture files beside it: what readers of a repository see without running anything. Numbers, tables
 * and answers are text, so a change of a result shows as a change of a line.
 */
import type { ChartTable } from "../../results/charts/chart";
import { figureSvg } from "../../results/charts/figure-svg";
import { isFolded, type NotebookCell } from "./cells";
import type { NotebookResult } from "./notebook-process";
import { stemOf } from "./notebook-title";
import { expectationText, outputText } from "./output-text";
import type { ChartOutput, ExpectationOutput, Output } from "./outputs";

/** Path, relative to the folder that it is written to, to content. The text first. */
export function notebookMarkdown(result: NotebookResult, profile: string): ReadonlyMap<string, string> {
  const stem = stemOf(result.file);
  const files = new Map<string, string>([[`${stem}.md`, ""]]);
  const blocks = result.cells.flatMap(({ cell, outputs }) => [
    cell.kind === "markdown" ? cell.source : codeMarkdown(cell),
    ...joined(outputs.map((output) => ({ output, text: outputMarkdown(output, stem, files) }))),
  ]);
  for (const { line, message } of result.errors) blocks.push(fenced("text", `line ${line}: ${message}`));
  blocks.push(
    `---\n\n*Made from [${stem}.nb.ts](${stem}.nb.ts) by \`quorumlab notebook export\`, profile ${profile}: change the notebook, not this file.*`,
  );
  files.set(`${stem}.md`, `${blocks.filter((block) => block.trim() !== "").join("\n\n")}\n`);
  return files;
}

function codeMarkdown(cell: NotebookCell): string {
  if (cell.source === "") return "";
  const code = fenced("ts", cell.source);
  return isFolded(cell) ? `<details><summary>The code of this cell</summary>\n\n${code}\n\n</details>` : code;
}

/** Expectations that follow each other are one list. */
function joined(shown: readonly { readonly output: Output; readonly text: string }[]): string[] {
  const blocks: string[] = [];
  shown.forEach(({ output, text }, i) => {
    if (output.kind === "expectation" && shown[i - 1]?.output.kind === "expectation")
      blocks[blocks.length - 1] += `\n${text}`;
    else blocks.push(text);
  });
  return blocks;
}

function outputMarkdown(output: Output, stem: string, files: Map<string, string>): string {
  switch (output.kind) {
    case "chart":
      return chartMarkdown(output, stem, files);
    case "table":
      return `${output.caption === "" ? "" : `${escaped(output.caption)}\n\n`}${tableMarkdown(output.table)}`;
    case "markdown":
      return output.text;
    case "answer":
      return `<details><summary>${escaped(output.summary)}</summary>\n\n${output.text}\n\n</details>`;
    case "expectation":
      return expectationMarkdown(output);
    case "console":
    case "value":
      return fenced("text", outputText(output).trimEnd());
  }
}

function chartMarkdown({ chart, drawn }: ChartOutput, stem: string, files: Map<string, string>): string {
  const shown = drawn.flatMap(({ figure }) => {
    if (figure === undefined) return [];
    const path = `${stem}/${files.size}-${figure.id}.svg`;
    files.set(path, figureSvg(figure, { theme: "auto", title: false }));
    const picture = `![${escaped(figure.title).replace(/[[\]]/g, "")}](${path})`;
    return [`**${escaped(figure.title)}.** ${escaped(figure.answer)}\n\n${picture}\n\n*${escaped(figure.caption)}*`];
  });
  return shown.length === 0 ? `*(${chart}: nothing to draw)*` : shown.join("\n\n");
}

function tableMarkdown({ columns, rows }: ChartTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const numeric = columns.map(
    (_, i) => rows.length > 0 && rows.every((row) => /^[-−+≥≤\d.,\s\u202f\u00a0%[\]–]+$/.test(String(row[i] ?? "–"))),
  );
  return [
    line(columns.map(inCell)),
    line(columns.map((_, i) => (numeric[i] ? "---:" : "---"))),
    ...rows.map((row) => line(row.map((value) => inCell(value === null ? "–" : String(value))))),
  ].join("\n");
}

function expectationMarkdown(output: ExpectationOutput): string {
  return `- ${escaped(expectationText(output))}`;
}

function inCell(text: string): string {
  return escaped(text).replace(/\|/g, "\\|").replace(/\n/g, " ");
}

/** Text that is no Markdown: what would begin markup is taken at its word. */
function escaped(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/([*`])/g, "\\$1")
    .replace(/(?<!\w)_|_(?!\w)/g, "\\_");
}

function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** What a cell shows, as text: for a terminal, and beside every richer form in a Jupyter file, for readers who have nothing else. */
import { textTable } from "../cli/table";
import type { ChartOutput, ExpectationOutput, Output, TableOutput } from "./outputs";

const WIDTH = 160;
const MARKS = { holds: "✓", fails: "✗", open: "?" } as const;
const WORDS = { holds: "", fails: "does not hold: ", open: "undecided: " } as const;

/** Without a line break at the end. */
export function outputText(output: Output): string {
  switch (output.kind) {
    case "chart":
      return chartText(output);
    case "table":
      return tableText(output);
    case "expectation":
      return expectationText(output);
    case "answer":
      return `${output.summary}\n${output.text}`;
    default:
      return output.text.replace(/\n$/, "");
  }
}

export function expectationText({ verdict, text, evidence }: ExpectationOutput): string {
  return `${MARKS[verdict]} ${WORDS[verdict]}${text}${evidence === "" ? "" : ` (${evidence})`}`;
}

function chartText({ chart, drawn }: ChartOutput): string {
  const answers = drawn.flatMap(({ figure }) => (figure === undefined ? [] : [`[${figure.title}] ${figure.answer}`]));
  return answers.length === 0 ? `[${chart}: nothing to draw]` : answers.join("\n");
}

function tableText({ table, caption }: TableOutput): string {
  const rows = table.rows.map((row) => row.map((value) => (value === null ? "–" : String(value))));
  return `${caption === "" ? "" : `${caption}\n`}${textTable(table.columns, rows, WIDTH).trimEnd()}`;
}

/**
 * What a cell shows as Jupyter carries it: the same thing in several media types, of which a reader takes the richest that it can
 * show. Used for the file that is exported and, while Jupyter's own kernel runs the cells, for what is shown at once.
 */
import { escapeText } from "../../results/charts/markup";
import { figureSvg } from "../../results/charts/figure-svg";
import type { ChartTable } from "../../results/charts/chart";
import type { ChartOutput, ExpectationOutput, Output } from "./outputs";
import { expectationText, outputText } from "./output-text";
import { proseHtml } from "./prose";

/** Media type to content; JSON as a value. */
export type MediaBundle = Readonly<Record<string, unknown>>;

/** One display each: a chart in both worlds is two pictures. What goes to the console has none. */
export function mediaOf(output: Output): readonly MediaBundle[] {
  const text = outputText(output);
  switch (output.kind) {
    case "console":
      return [];
    case "chart":
      return picturesOf(output).map((svg, i) => ({ "image/svg+xml": svg, "text/plain": i === 0 ? text : "" }));
    case "table":
      return [
        {
          "text/html": tableHtml(output.table, output.caption),
          "application/json": { columns: output.table.columns, rows: output.table.rows },
          "text/plain": text,
        },
      ];
    case "markdown":
      return [{ "text/markdown": output.text, "text/plain": text }];
    case "answer":
      return [
        {
          "text/html": `<details><summary>${escapeText(output.summary)}</summary>${proseHtml(output.text)}</details>`,
          "text/plain": text,
        },
      ];
    case "value":
      return [
        output.json === undefined ? { "text/plain": text } : { "application/json": output.json, "text/plain": text },
      ];
    case "expectation":
      return [{ "text/html": expectationHtml(output), "text/plain": text }];
  }
}

/** Every figure as one picture. */
export function picturesOf({ drawn }: ChartOutput): readonly string[] {
  return drawn.flatMap(({ figure }) =>
    figure === undefined ? [] : [figureSvg(figure, { theme: "auto", title: false })],
  );
}

function expectationHtml(output: ExpectationOutput): string {
  return `<p><code>${escapeText(expectationText(output))}</code></p>`;
}

/** Without a style sheet: for Jupyter and GitHub, which bring their own. */
export function tableHtml({ columns, rows }: ChartTable, caption: string): string {
  const cells = (row: ChartTable["rows"][number]): string =>
    row.map((value) => `<td>${value === null ? "–" : escapeText(String(value))}</td>`).join("");
  return (
    `<table>${caption === "" ? "" : `<caption>${escapeText(caption)}</caption>`}` +
    `<thead><tr>${columns.map((name) => `<th>${escapeText(name)}</th>`).join("")}</tr></thead>` +
    `<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join("")}</tbody></table>`
  );
}

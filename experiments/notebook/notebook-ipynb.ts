/**
 * A notebook as Jupyter's file (nbformat 4.5), outputs included: it opens in JupyterLab, VS Code and on GitHub without anything
 * being run, and names the kernel (tslab) that can run it again. Ids of cells come from their place, so that the same notebook gives
 * the same bytes.
 */
import { isFolded, type NotebookCell } from "./cells";
import { mediaOf } from "./media";
import type { NotebookResult } from "./notebook-process";
import { titleOf } from "./notebook-title";
import type { Output } from "./outputs";

/** Ends with a line break, as Jupyter writes it. */
export function notebookIpynb(result: NotebookResult): string {
  let executed = 0;
  const cells = result.cells.map(({ cell, outputs }) => {
    const head = { id: idOf(cell), metadata: cell.name === "" ? {} : { name: cell.name } };
    if (cell.kind === "markdown") return { cell_type: "markdown", ...head, source: lines(cell.source) };
    executed++;
    const errors = result.errors.filter(({ line }) => line >= cell.line && line < nextLine(result, cell));
    return {
      cell_type: "code",
      execution_count: executed,
      ...head,
      metadata: isFolded(cell)
        ? { ...head.metadata, jupyter: { source_hidden: true }, tags: ["hide-input"] }
        : head.metadata,
      outputs: [
        ...outputs.flatMap(outputDocuments),
        ...errors.map(({ message }) => ({
          output_type: "error",
          ename: "Error",
          evalue: message,
          traceback: [message],
        })),
      ],
      source: lines(cell.source),
    };
  });
  const document = {
    cells,
    metadata: {
      kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
      language_info: {
        codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
        file_extension: ".ts",
        mimetype: "text/typescript",
        name: "typescript",
        version: "5.0.4",
      },
      title: titleOf(result),
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function nextLine({ cells }: NotebookResult, { index }: NotebookCell): number {
  return cells[index + 1]?.cell.line ?? Infinity;
}

/** Letters, digits, dashes and underscores, at most 64. */
function idOf({ index, name }: NotebookCell): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return `cell-${index + 1}${words === "" ? "" : `-${words}`}`.slice(0, 64);
}

function outputDocuments(output: Output): readonly object[] {
  if (output.kind === "console") return [{ name: output.stream, output_type: "stream", text: lines(output.text) }];
  return mediaOf(output).map((bundle) => ({
    data: Object.fromEntries(
      Object.entries(bundle).map(([type, content]) => [type, typeof content === "string" ? lines(content) : content]),
    ),
    metadata: {},
    output_type: "display_data",
  }));
}

/** A text as Jupyter keeps it: a list of lines, each with its end. */
function lines(text: string): readonly string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

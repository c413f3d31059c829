/**
 * A notebook is an ordinary TypeScript module whose cells begin with comment lines: `// %% name` for code and
 * `// %% [markdown]` for prose written in comments (the percent format that editors know). So the editor, the compiler and
 * `git diff` need to know nothing about notebooks. What runs is the same text with a call in place of each marker: a line
 * stays the line it was, and an error in line 40 is in line 40 of the file that somebody wrote.
 */

export interface NotebookCell {
  /** From 0. */
  readonly index: number;
  readonly kind: "code" | "markdown";
  /** What stands behind the marker; may be empty. */
  readonly name: string;
  /** Of the marker, from 1. */
  readonly line: number;
  /** Without the marker and without empty lines around it; of prose without the comment marks. */
  readonly source: string;
  /** In which line of the file `source` begins. */
  readonly sourceLine: number;
}

/** One thing wrong with the text of a notebook. */
export interface NotebookFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface NotebookText {
  readonly cells: readonly NotebookCell[];
  readonly faults: readonly NotebookFault[];
  /** The same number of lines, each marker a call that says which cell begins. */
  readonly marked: string;
}

/** Name of the symbol in the registry under which the notebook's host is found. */
export const HOST = "quorumlab.notebook";

const MARKER = /^\/\/ ?%%(?:[ \t]+(.*))?$/;
const PROSE = /^\[(?:markdown|md)\][ \t]*(.*)$/;

export function readCells(text: string): NotebookText {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const starts = lines.flatMap((line, at) => {
    const found = MARKER.exec(line);
    if (found === null) return [];
    const title = (found[1] ?? "").trim();
    const prose = PROSE.exec(title);
    return [
      { at, kind: prose === null ? ("code" as const) : ("markdown" as const), name: prose === null ? title : prose[1] },
    ];
  });
  const faults: NotebookFault[] = [];
  const before = lines.slice(0, starts[0]?.at ?? lines.length);
  const strayed = before.findIndex((line) => line.trim() !== "" && !/^\s*(\/\/|\/?\*)/.test(line));
  if (starts.length === 0)
    faults.push({ line: 1, column: 1, message: 'has no cell; a line such as "// %% load" begins one' });
  else if (strayed >= 0)
    faults.push({ line: strayed + 1, column: 1, message: 'stands before the first cell; put a line "// %%" above it' });
  const cells = starts.map(({ at, kind, name }, index): NotebookCell => {
    const body = lines.slice(at + 1, starts[index + 1]?.at ?? lines.length);
    const first = Math.max(
      0,
      body.findIndex((line) => line.trim() !== ""),
    );
    const written = kind === "code" ? body : uncommented(body, at + 2, faults);
    return { index, kind, name, line: at + 1, source: trimmed(written), sourceLine: at + 2 + first };
  });
  const calls = new Map(starts.map(({ at }, index) => [at, index]));
  const marked = lines.map((line, at) => {
    const index = calls.get(at);
    return index === undefined ? line : `;globalThis[Symbol.for("${HOST}")].begin(${index});`;
  });
  return { cells, faults, marked: marked.join("\n") };
}

function uncommented(body: readonly string[], firstLine: number, faults: NotebookFault[]): string[] {
  return body.map((line, at) => {
    if (line.trim() === "") return "";
    const found = /^\/\/ ?(.*)$/.exec(line);
    if (found !== null) return found[1];
    faults.push({
      line: firstLine + at,
      column: 1,
      message: 'is code in a Markdown cell; prose stands behind "// ", and "// %%" begins a cell of code',
    });
    return "";
  });
}

function trimmed(lines: readonly string[]): string {
  return lines
    .join("\n")
    .replace(/^(?:[ \t]*\n)+/, "")
    .trimEnd();
}

/** `cell 4 "visibility"`, counted as a reader counts. */
export function cellInWords({ index, name }: NotebookCell): string {
  return name === "" ? `cell ${index + 1}` : `cell ${index + 1} "${name}"`;
}

/** Code that holds prose for later: shown folded, since it would tell what the reader is to guess. */
export function isFolded({ kind, source }: NotebookCell): boolean {
  return kind === "code" && /^(?:answer|markdown)\(/m.test(source);
}

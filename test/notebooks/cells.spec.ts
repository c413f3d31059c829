/**
 * The percent format: where cells begin, what is prose, and that not a line moves on the way from the file to what runs, because a
 * line that moved would send everybody to the wrong place of their notebook.
 */
import assert from "node:assert/strict";
import { cellInWords, isFolded, readCells } from "../../experiments/notebook/cells";

describe("notebooks: cells", () => {
  const text = [
    "// What this file is.",
    "// %% [markdown] intro",
    "// # Title",
    "//",
    "//   indented",
    "// %% load it",
    "",
    "const a = 1;",
    "//%% no name",
    "a;",
    "  // %% not at the margin",
    'answer("open", "x");',
  ].join("\n");

  it("begin at comment lines, with a name or without", () => {
    const { cells, faults } = readCells(text);
    assert.deepEqual(faults, []);
    assert.deepEqual(
      cells.map(({ kind, name, line, source, sourceLine }) => ({ kind, name, line, source, sourceLine })),
      [
        { kind: "markdown", name: "intro", line: 2, source: "# Title\n\n  indented", sourceLine: 3 },
        { kind: "code", name: "load it", line: 6, source: "const a = 1;", sourceLine: 8 },
        {
          kind: "code",
          name: "no name",
          line: 9,
          source: 'a;\n  // %% not at the margin\nanswer("open", "x");',
          sourceLine: 10,
        },
      ],
    );
    assert.equal(cellInWords(cells[1]), 'cell 2 "load it"');
    assert.deepEqual(cells.map(isFolded), [false, false, true]);
  });

  it("keep every line where it was", () => {
    const marked = readCells(text).marked.split("\n");
    const lines = text.split("\n");
    assert.equal(marked.length, lines.length);
    marked.forEach((line, i) => {
      if ([1, 5, 8].includes(i))
        assert.match(line, /^;globalThis\[Symbol\.for\("quorumlab\.notebook"\)\]\.begin\(\d\);$/);
      else assert.equal(line, lines[i]);
    });
    assert.deepEqual(readCells(text.replaceAll("\n", "\r\n")).cells, readCells(text).cells);
  });

  it("say what is wrong with a text, and where", () => {
    assert.deepEqual(
      readCells("const a = 1;\n").faults.map(({ line, message }) => [line, message.slice(0, 11)]),
      [[1, "has no cell"]],
    );
    assert.deepEqual(
      readCells("// comment\nconst a = 1;\n// %%\n").faults.map(({ line }) => line),
      [2],
    );
    assert.deepEqual(
      readCells("// %% [markdown]\n// fine\nconst a = 1;\n").faults.map(({ line, message }) => [
        line,
        message.slice(0, 26),
      ]),
      [[3, "is code in a Markdown cell"]],
    );
  });
});

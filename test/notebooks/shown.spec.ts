/**
 * What cells show, in each form: the page, Markdown, Jupyter's file. Whoever wrote the text, none of it may become markup; and the same
 * notebook gives the same bytes.
 */
import assert from "node:assert/strict";
import { drift, pictureDrifts } from "../../experiments/notebook/drift";
import { notebookIpynb } from "../../experiments/notebook/notebook-ipynb";
import { notebookMarkdown } from "../../experiments/notebook/notebook-markdown";
import { notebookPage } from "../../experiments/notebook/notebook-page";
import type { NotebookResult } from "../../experiments/notebook/notebook-process";
import type { Output } from "../../experiments/notebook/outputs";
import { proseHtml } from "../../experiments/notebook/prose";
import { readCells } from "../../experiments/notebook/cells";

const TEXT =
  '// %% [markdown]\n// # A *title*\n//\n// ## Part <b>\n// %% one\nconst a = "</script>";\n// %% two\nanswer("", "");\n';

const OUTPUTS: readonly Output[] = [
  { kind: "markdown", text: "x <img src=x onerror=alert(1)> **y**" },
  {
    kind: "table",
    caption: "of <i>",
    table: {
      columns: ["a|b", "n"],
      rows: [
        ["<b>", 1],
        [null, 2],
      ],
    },
  },
  { kind: "answer", summary: "open <u>", text: "[click](javascript:alert(1)) *so*" },
  { kind: "value", text: "{ a: 1 }", json: { a: 1 } },
  { kind: "console", stream: "stdout", text: "```\n<script>\n" },
  { kind: "expectation", text: "p < 1 & q", verdict: "fails", evidence: "p 2", line: 8, column: 1 },
];

function result(outputs: readonly Output[] = OUTPUTS): NotebookResult {
  const { cells } = readCells(TEXT);
  return {
    file: "/somewhere/small.nb.ts",
    text: TEXT,
    cells: cells.map((cell) => ({ cell, outputs: cell.index === 1 ? outputs : [] })),
    errors: [],
    expectations: [],
    seconds: 1,
    interrupted: false,
  };
}

describe("notebooks: what is shown", () => {
  it("a page takes no text for markup, and links nowhere by a script", () => {
    const page = notebookPage(result(), { version: "1", profile: "smoke", name: "small<.nb.ts" });
    const body = page.slice(page.indexOf("<body>"));
    for (const bad of ["<img", "<b>", "<u>", "<i>", "javascript:", "<script>\n"]) assert.ok(!body.includes(bad), bad);
    assert.match(body, /<h1>A <em>title<\/em><\/h1>/);
    assert.match(body, /<section id="part-b">/);
    assert.match(body, /✗ does not hold: p &lt; 1 &amp; q \(p 2\)/);
    assert.match(body, /<details><summary>The code of this cell<\/summary>/, "what would tell an answer is folded");
    assert.equal(page, notebookPage(result(), { version: "1", profile: "smoke", name: "small<.nb.ts" }));
  });

  it("prose has its markup escaped and leads only where a browser may go", () => {
    assert.equal(proseHtml("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
    assert.equal(proseHtml("[a](data:text/html,x)"), "<p>a</p>\n");
    assert.equal(proseHtml("[a](JaVaScRiPt:x)"), "<p>a</p>\n");
    assert.match(proseHtml("[a](other.md#x)"), /href="other\.md#x"/);
    assert.match(proseHtml("[a](https://example.org/)"), /href="https:\/\/example\.org\/"/);
    assert.ok(!proseHtml("![a](https://example.org/a.png)").includes("<img"), "a page that loads nothing shows a link");
  });

  it("Markdown is text that reads as it was meant", () => {
    const text = notebookMarkdown(result(), "smoke").get("small.md")!;
    assert.match(text, /^\| a\\\|b \| n \|$/m);
    assert.match(text, /^\| &lt;b> \| 1 \|$/m);
    assert.match(text, /^````text\n```\n<script>\n````$/m, "a fence longer than what it holds");
    assert.match(text, /<details><summary>open &lt;u><\/summary>/);
    assert.match(text, /^- ✗ does not hold: p &lt; 1 &amp; q \(p 2\)$/m);
  });

  it("Jupyter's file is of format 4.5, with ids that are its own and outputs in several media", () => {
    const text = notebookIpynb(result());
    const book = JSON.parse(text) as {
      nbformat: number;
      nbformat_minor: number;
      metadata: { kernelspec: { name: string } };
      cells: { id: string; cell_type: string; source: string[]; outputs?: { output_type: string; data?: object }[] }[];
    };
    assert.deepEqual([book.nbformat, book.nbformat_minor, book.metadata.kernelspec.name], [4, 5, "tslab"]);
    const ids = book.cells.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{1,64}$/);
    assert.deepEqual(book.cells[0].source, ["# A *title*\n", "\n", "## Part <b>"]);
    assert.deepEqual(
      book.cells[1].outputs?.map(({ output_type, data }) => [output_type, ...Object.keys(data ?? {})]),
      [
        ["display_data", "text/markdown", "text/plain"],
        ["display_data", "text/html", "application/json", "text/plain"],
        ["display_data", "text/html", "text/plain"],
        ["display_data", "application/json", "text/plain"],
        ["stream"],
        ["display_data", "text/html", "text/plain"],
      ],
    );
    assert.ok(
      !/<(img|b|u|i)\b/.test(
        JSON.stringify(book.cells[1].outputs?.map(({ data }) => (data as never)?.["text/html"] ?? "")),
      ),
    );
    assert.equal(text, notebookIpynb(result()));
  });

  it("a difference is one in what was found: ids, dates and durations are evened out", () => {
    const before = "run 20261126T101112Z-abc123 took 1.2 s\nstale 3.2 %\nend\n";
    assert.equal(drift(before, before.replace("abc123", "zzz999").replace("1.2 s", "8 s")), undefined);
    assert.deepEqual(drift(before, before.replace("3.2", "3.3")), ["@@ line 2 @@", "-stale 3.2 %", "+stale 3.3 %"]);
    assert.deepEqual(
      drift("a\nb\nc\n", "a\nc\nd\n"),
      ["@@ line 2 @@", "-b", " c", "+d"].filter((line) => line !== " c"),
    );
    assert.equal(pictureDrifts('<path d="M1.2 3.4"/>', '<path d="M1.3 3.4"/>'), false);
    assert.equal(pictureDrifts('<path d="M1.2 3.4"/>', '<path d="M9.3 3.4"/>'), true);
  });
});

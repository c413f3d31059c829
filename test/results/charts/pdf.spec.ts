/**
 * Figures as PDF: fonts are inside, words can be found, the same figure has the same bytes, and nothing in the catalogue
 * of charts is refused. What Poppler reads from the file is asked, not what we meant to write; without Poppler those
 * tests say that they were skipped.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS, type ChartFigure } from "../../../results/charts/chart";
import { figureSvg, layOut } from "../../../results/charts/figure-svg";
import { figurePdf, figuresPdf } from "../../../results/charts/pdf";
import { wrapped } from "../../../results/charts/text-width";
import { madeUpRun } from "../fixtures";

const small = chartInput(
  madeUpRun({
    repetitions: 3,
    intervals: 12,
    quorums: [
      [1, 1],
      [2, 2],
    ],
    clocks: ["dvvset"],
  }),
);
const figures = new Map(
  [...CHARTS]
    .flatMap(([id, chart]) => [[id, chart.draw(small)!]] as const)
    .filter(([, figure]) => figure !== undefined),
);

describe("figures as PDF", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "quorumlab-pdf-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("draws charts of every kind, and embeds a subset of every font", async function () {
    const kinds = KINDS.map((id) => figures.get(id)!);
    const path = join(folder, "catalogue.pdf");
    writeFileSync(path, await figuresPdf(kinds, { widthMm: 178, title: false }));
    assert.match(poppler(this, "pdfinfo", [path]), new RegExp(`Pages: +${kinds.length}\\n`));
    const fonts = poppler(this, "pdffonts", [path]).trim().split("\n").slice(2);
    assert.equal(fonts.length, 2);
    for (const font of fonts) assert.match(font, /DejaVuSansCondensed.* yes yes yes /);
  });

  it("has the names of axes as text, at both widths and as drawn", async function () {
    const figure = figures.get("t-visibility")!;
    for (const widthMm of [85, undefined]) {
      const words = await textOf(this, figure, { ...(widthMm === undefined ? {} : { widthMm }), title: true });
      for (const needed of ["time since the write was acknowledged (ms, log scale)", "R=1 W=1", figure.title])
        assert.ok(words.includes(bare(needed)), `${widthMm} mm: no "${needed}" in ${words}`);
      assert.ok(words.includes(bare("reads that return it (%)")), "no name of the y axis");
    }
  });

  it("is as wide as asked, with text of the size asked for", async function () {
    const figure = figures.get("percentile-spectrum")!;
    const path = join(folder, "size.pdf");
    for (const [widthMm, fontPt] of [
      [85, 8],
      [178, 6],
    ]) {
      writeFileSync(path, await figurePdf(figure, { widthMm, fontPt, title: false }));
      const size = /Page size:\s+([\d.]+) x/.exec(poppler(this, "pdfinfo", [path]));
      assert.ok(Math.abs(Number(size![1]) - (widthMm * 72) / 25.4) < 0.05);
      const heights = [...poppler(this, "pdftotext", ["-bbox", path, "-"]).matchAll(WORD)]
        .filter(([, , , , , word]) => word === "percentile" || word === "(percentile)")
        .map(([, , top, , bottom]) => Number(bottom) - Number(top));
      assert.ok(heights.length > 0);
      // The box of a word is ascent and descent: 1.164 of the font size in DejaVu.
      for (const height of heights) assert.ok(Math.abs(height - 1.164 * fontPt) < 0.06 * fontPt, `${height}`);
    }
  });

  it("leaves the title out for a paper", async function () {
    const figure = figures.get("trade-off")!;
    assert.ok((await textOf(this, figure, { title: true })).includes(bare(figure.title)));
    assert.ok(!(await textOf(this, figure, { title: false })).includes(bare(figure.title)));
  });

  it("draws Greek, comparison signs and raised and lowered digits", async function () {
    const figure = { ...figures.get("trade-off")!, title: "Δ λ ≤ ≥ µs 10⁻³ x₁ ± → ●" };
    assert.ok((await textOf(this, figure, {})).includes(bare(figure.title)));
  });

  it("gives the same bytes again", async () => {
    const figure = figures.get("ring-balance")!;
    assert.ok((await figurePdf(figure, { widthMm: 85 })).equals(await figurePdf(figure, { widthMm: 85 })));
  });
});

describe("figures as one picture", () => {
  it("leaves no colour to a stylesheet on paper, and no panel out", () => {
    for (const [id, figure] of figures) {
      const svg = figureSvg(figure, { widthMm: 85, theme: "light" });
      assert.doesNotMatch(svg, /var\(|currentColor|<style/, id);
      for (const panel of figure.panels)
        for (const line of wrapped(panel.title, 340, 12, true))
          for (const word of line.split(" ")) assert.ok(svg.includes(word.replace(/[<>&"'].*/, "")), `${id}: ${word}`);
      for (const { series } of figure.legend.length > 1 ? figure.legend : [])
        assert.ok(svg.includes(`>${series.replace(/</g, "&lt;").replace(/>/g, "&gt;")}<`), `${id}: no ${series}`);
    }
  });

  it("keeps everything inside, at both widths", () => {
    for (const [id, figure] of figures)
      for (const widthMm of [85, 178]) {
        const { width, height, content } = layOut(figure, { widthMm, title: false });
        for (const [, x, y] of content.matchAll(/<g transform="translate\(([-\d.]+) ?([-\d.]+)\)/g))
          assert.ok(Number(x) < width && Number(y) < height, `${id} at ${widthMm} mm: ${x} ${y}`);
      }
  });

  it("wraps words and never drops one", () => {
    assert.deepEqual(wrapped("one two three", 45, 12, false), ["one two", "three"]);
    assert.deepEqual(wrapped("a-very-long-single-word no", 20, 12, false), ["a-very-long-single-word", "no"]);
    assert.deepEqual(wrapped("", 20, 12, false), []);
  });
});

/** Crosses, areas with lanes, bars, the ring by hand, a graph by hand that scrolls, rows with names. */
const KINDS = ["trade-off", "outcomes", "anomalies", "ring-balance", "version-graph", "opinions-over-time"];

const WORD = /<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</g;

async function textOf(
  test: Mocha.Context,
  figure: ChartFigure,
  options: Parameters<typeof figurePdf>[1],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "quorumlab-pdf-"));
  try {
    const path = join(folder, "figure.pdf");
    writeFileSync(path, await figurePdf(figure, options));
    return bare(poppler(test, "pdftotext", ["-raw", path, "-"]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Without white space: lines break, and rotated text comes out in pieces. */
function bare(text: string): string {
  return text.replace(/\s+/g, "");
}

function poppler(test: Mocha.Context, program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error !== undefined) {
    console.log(`      skipped: ${program} (Debian's poppler-utils) is not here: ${error.message}`);
    test.skip();
  }
  assert.equal(status, 0, stderr);
  return stdout;
}

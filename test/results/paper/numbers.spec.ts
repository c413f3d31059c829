/**
 * Numbers, names and tables of an exported paper. A number in a macro or a table is read by people who have nothing to check
 * it against, so it is compared with the report's own words for the same value; and what is no number (a gap, a bound, a cell
 * without a valid trial) must not look like one.
 */
import assert from "node:assert/strict";
import { metricInWords } from "../../../results/charts/numbers";
import { claimsOfRun } from "../../../results/paper/claims";
import { referencesBib } from "../../../results/paper/bibtex";
import { lettersOf, macrosOf, numbersTex } from "../../../results/paper/macros";
import { shownBest, tablesOf } from "../../../results/paper/tables";
import { tex, texCode, texComment } from "../../../results/paper/tex";
import { intervalInTex, inTex, unitInTex } from "../../../results/paper/values";
import type { MetricValue } from "../../../results/record/figures";
import type { CellSummary, LoadedRun } from "../../../results/record/run-folder";
import { madeUpRun, QUICKSTART_LIKE } from "../fixtures";

const value = (v: number | null, unit: string, more: Partial<MetricValue> = {}): MetricValue => ({
  ...{ value: v, lo: null, hi: null, n: 3, unit },
  ...more,
});

/** What is printed of it. */
const printed = (text: string): string =>
  text
    .replaceAll("\\ensuremath{-}", "-")
    .replaceAll("\\ensuremath{\\ge}\\,", "at least ")
    .replaceAll("\\ensuremath{<}\\,", "under ")
    .replaceAll("\\,\\%", "\u00a0%")
    .replaceAll("\\,/s", "\u00a0/s")
    .replaceAll("\\,ms", "\u00a0ms")
    .replaceAll("\\,", "\u202f");

const small = madeUpRun({ ...QUICKSTART_LIKE, intervals: 5 });

function withCells(change: (cell: CellSummary, i: number) => CellSummary, run: LoadedRun = small): LoadedRun {
  return { ...run, cells: run.cells.map(change) };
}

describe("numbers of a paper", () => {
  it("are those of the report, in the report's rounding", () => {
    const values = [0, 1, -1, 7.949, 12_345, 999.6, 1e-3, 123_456_789];
    for (const v of values)
      for (const unit of ["ms", "", "1/s", "count"])
        assert.equal(printed(inTex(value(v, unit)) + unitInTex(unit)), metricInWords(value(v, unit)), `${v} ${unit}`);
    for (const share of [0, 1, 0.5, 0.99997, 0.9996, 0.034, 0.0000001, 0.00042])
      assert.equal(
        printed(inTex(value(share, "ratio")) + unitInTex("ratio")),
        metricInWords(value(share, "ratio")),
        String(share),
      );
    assert.equal(inTex(value(1.5e-7, "s")), "\\ensuremath{1.5\\times10^{-7}}");
    assert.equal(inTex(value(-1.5e-7, "s")), "\\ensuremath{-1.5\\times10^{-7}}");
  });

  it("say that they are a bound, and then have no interval", () => {
    const bound = value(12, "s", { lo: 10, hi: 12, atLeast: true });
    assert.equal(inTex(bound), "\\ensuremath{\\ge}\\,12");
    assert.equal(intervalInTex(bound), "--");
    assert.equal(intervalInTex(value(0.5, "ratio", { lo: 0.41, hi: 0.99997 })), "[41, 99.997]");
  });

  it("are dashes where there are none", () => {
    for (const v of [null, Number.NaN, Infinity]) assert.equal(inTex(value(v, "ratio")), "--");
    assert.equal(intervalInTex(value(1, "ms", { lo: 1 })), "--");
  });
});

describe("macros of a paper", () => {
  const names = (run: LoadedRun): string[] => macrosOf(run).map(({ name }) => name);

  it("have names of letters alone, each once, with all their endings", () => {
    // Cells that differ in punctuation, and one whose name ends as an interval's end does.
    const ids = ["r1-w1", "r1_w1", "r1.w1", "r1 w1", "r-1-w-1", "r1w1", "r1-w1-lo", "é"];
    const run = withCells((cell, i) => ({ ...cell, id: ids[i] }));
    const defined = [...numbersTex(run).matchAll(/\\newcommand\{\\([^}]*)\}/g)].map(([, name]) => name);
    assert.ok(defined.length > 5 * ids.length);
    for (const name of defined) assert.match(name, /^res[A-Z][A-Za-z]*$/);
    assert.equal(new Set(defined).size, defined.length);
  });

  it("are read as they are written", () => {
    assert.equal(lettersOf("read_p99_ms"), "ReadPNineNineMs");
    assert.equal(lettersOf("r1-w10"), "ROneWOneZero");
  });

  it("keep their names when another cell has no value", () => {
    const ids = ["r1-w1", "r1_w1"];
    const two = { ...withCells((cell, i) => ({ ...cell, id: ids[i] ?? cell.id })) };
    const second = macrosOf(two).find(({ cell, metric }) => cell.id === "r1_w1" && metric === "read_p99_ms")!.name;
    const without = withCells(
      (cell) => (cell.id === "r1-w1" ? { ...cell, validity: { verdict: "invalid", doubts: [] } } : cell),
      two,
    );
    assert.equal(macrosOf(without).filter(({ cell }) => cell.id === "r1-w1").length, 0);
    assert.ok(names(without).includes(second));
    assert.equal(macrosOf(without).find(({ name }) => name === second)!.cell.id, "r1_w1");
  });

  it("hold the cell's value, its ends and its repetitions", () => {
    const { name, metric, cell } = macrosOf(small)[0];
    const text = numbersTex(small);
    const found = cell.metrics[metric];
    assert.ok(text.includes(`\\newcommand{\\${name}}{${inTex(found)}${unitInTex(found.unit)}}`));
    assert.ok(text.includes(`\\newcommand{\\${name}Lo}{${inTex({ value: found.lo, unit: found.unit })}}`));
    assert.ok(text.includes(`\\newcommand{\\${name}Hi}{${inTex({ value: found.hi, unit: found.unit })}}`));
    assert.ok(text.includes(`\\newcommand{\\${name}N}{${found.n}}`));
  });
});

describe("tables of a paper", () => {
  /** Read p99 of every cell and repetition: `base` of the cell, a little more each repetition. */
  function withLatencies(repetitions: number, base: (cell: string) => number): LoadedRun {
    const run = madeUpRun({
      ...{ repetitions, intervals: 5, clocks: ["dvvset"] },
      quorums: [
        [1, 1],
        [2, 2],
        [3, 1],
      ],
    });
    const of = (cell: string, n: number): MetricValue => ({ ...value(base(cell), "ms"), n });
    return {
      ...run,
      cells: run.cells.map((cell) => ({
        ...cell,
        validity: { verdict: "valid", doubts: [] },
        metrics: { read_p99_ms: of(cell.id, repetitions) },
      })),
      trials: run.trials.map((trial) => ({
        ...trial,
        summary: {
          ...trial.summary!,
          validity: { verdict: "valid", doubts: [] },
          metrics: {
            read_p99_ms: value(base(trial.record.cell) * (1 + trial.record.repetition / 1000), "ms"),
          },
        },
      })),
    };
  }

  it("are bold where every other cell is shown worse, and only there", () => {
    const apart = (cell: string): number => ({ r1: 5, r2: 10, r3: 20 })[cell.slice(0, 2)]!;
    const best = shownBest(withLatencies(12, apart), "read_p99_ms");
    assert.deepEqual([...best], ["r1-w1-dvvset"]);
    const table = tablesOf(withLatencies(12, apart))[0].content;
    assert.equal(table.match(/\\textbf\{5\}/g)?.length, 1);
    assert.equal(table.match(/\\textbf/g)?.length, 1);
    // The second is as good as the first: neither is best.
    const tied = (cell: string): number => (cell.startsWith("r3") ? 20 : 5);
    assert.equal(shownBest(withLatencies(12, tied), "read_p99_ms").size, 0);
    // The smallest of numbers that rest on too little.
    assert.equal(shownBest(withLatencies(2, apart), "read_p99_ms").size, 0);
  });

  it("have as many columns in every row as in their head", () => {
    for (const { content } of tablesOf(small)) {
      const [, spec] = /\\begin\{tabular\}\{(.*)\}\n/.exec(content)!;
      const columns = spec.replaceAll(/@\{[^}]*\}/g, "").length;
      for (const line of content.split("\n").filter((one) => one.endsWith("\\\\"))) {
        const spans = [...line.matchAll(/\\multicolumn\{(\d+)\}/g)].reduce((sum, [, n]) => sum + Number(n) - 1, 0);
        assert.equal(line.replaceAll("\\&", "").split("&").length + spans, columns, line);
        assert.ok(line.startsWith("{}"), "a bracket at the beginning of a row would be an argument");
      }
    }
  });

  it("split numbers at their point", () => {
    const run = withLatencies(3, () => 7.94);
    assert.match(tablesOf(run)[0].content, /& 7&\.94&/);
    const bound = withCells(
      (cell) => ({ ...cell, metrics: { read_p99_ms: value(7.94, "ms", { atLeast: true }) } }),
      run,
    );
    assert.match(tablesOf(bound)[0].content, /& \\ensuremath\{\\ge\}\\,7&\.94&/);
  });

  it("tell of how many repetitions they are, and what stands in brackets", () => {
    assert.match(
      tablesOf(withLatencies(12, () => 1))[0].caption,
      /Median of 12 repetitions, 95 % intervals of the median/,
    );
    const few = tablesOf(withLatencies(3, () => 1))[0].caption;
    assert.match(few, /Median of 3 repetitions, too few/);
    const one = withCells(
      (cell, i) => (i > 0 ? cell : { ...cell, metrics: { read_p99_ms: value(1, "ms") } }),
      withLatencies(12, () => 1),
    );
    assert.match(tablesOf(one)[0].caption, /Median of 3 to 12 repetitions, in brackets 95 % intervals .* at least 6/);
  });

  it("say of a cell without a valid trial that it has none", () => {
    const run = withCells((cell, i) => (i > 0 ? cell : { ...cell, validity: { verdict: "invalid", doubts: [] } }));
    assert.match(tablesOf(run)[0].content, /no valid trial/);
  });
});

describe("texts of a paper", () => {
  it("hold nothing that LaTeX would act on", () => {
    const hostile = "a_b & 50% $x$ \\input{/etc/passwd} #1 ~ ^^M {}";
    const bare = tex(hostile).replaceAll(/\\(textbackslash|textasciitilde|textasciicircum)\{\}|\\[_&%$#{}]/g, "");
    assert.doesNotMatch(bare, /[\\{}$&#%_~^]/);
    assert.equal(texComment("a\n\\input{x}\r\nb").split(/[\r\n]/).length, 1);
  });

  it("keep apart what fonts would join", () => {
    assert.equal(tex("--set a,,b ''"), "-{}-set a,{},b '{}'");
    assert.match(texCode("--set"), /^\\texttt\{-(\\allowbreak)?\{\}.*-.*set\}$/);
  });

  it("show what no font has as its code point", () => {
    assert.equal(tex("💥 Γ ≤ é"), "\\texttt{U+1F4A5} \\ensuremath{\\Gamma} \\ensuremath{\\le} é");
  });

  it("name works that nobody knows, and escape no range of pages", () => {
    const bib = referencesBib({
      ...small,
      manifest: { ...small.manifest, citations: ["decandia2007dynamo", "nobody1999\n@x"] },
    });
    assert.match(bib, /pages = \{205--220\}/);
    assert.match(bib, /^% nobody1999 @x: cited by the experiment, not known here/m);
    assert.match(bib, /commit 0123456789ab/);
  });

  it("claim nothing where an experiment asks nothing", () => {
    assert.deepEqual(claimsOfRun(small, () => []).claims, []);
  });
});

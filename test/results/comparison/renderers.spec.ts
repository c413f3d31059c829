/** One comparison shown four ways: they say the same, in the order in which it must be read, and hold text of strangers harmless. */
import assert from "node:assert/strict";
import { compareRuns, type Compared } from "../../../results/comparison/compare-runs";
import { forest } from "../../../results/charts/forest";
import { latencyCompared } from "../../../results/charts/latency-compared";
import { standaloneSvg } from "../../../results/charts/render";
import { shift } from "../../../results/charts/shift";
import { slope } from "../../../results/charts/slope";
import { tVisibility } from "../../../results/charts/t-visibility";
import { overlay } from "../../../results/comparison/overlay";
import type { LoadedRun } from "../../../results/record/run-folder";
import { renderComparisonMarkdown } from "../../../results/reports/compare-markdown";
import { drawAll, renderComparisonPage } from "../../../results/reports/compare-page";
import { renderComparisonText } from "../../../results/reports/compare-terminal";
import { verdictMark, verdictSentences } from "../../../results/reports/compare-words";
import { HOSTILE, madeUpRun } from "../fixtures";
import { around, madeUpComparable } from "./made-up-runs";

/** The made-up run of the charts' tests, as two runs: two clocks, three quorums, two repetitions, with figures. */
function withFigures(): Compared {
  const run = madeUpRun({
    repetitions: 2,
    intervals: 20,
    quorums: [
      [1, 1],
      [2, 2],
      [3, 1],
    ],
    clocks: ["vv-server", "dvvset"],
  });
  return compareRuns([{ run }], {
    by: ["r", "w"],
    metrics: ["read_p99_ms", "write_p99_ms", "p_stale", "siblings_mean"],
  });
}

const table = (): Compared => {
  const run = (value: number): LoadedRun =>
    madeUpComparable({
      base: {
        resolved: { "tunables.r": value },
        repetitions: around("read_p99_ms", 20 * value).map((one, i) => ({
          ...one,
          write_p99_ms: 10 + (i % 3),
          availability: 1 - value / 10,
          convergence_s: { atLeast: 30 },
        })),
      },
    });
  return compareRuns([{ run: run(1) }, { run: run(2) }, { run: run(3) }], {
    metrics: ["read_p99_ms", "write_p99_ms", "availability", "convergence_s"],
  });
};

describe("a comparison as text, page and Markdown", function () {
  this.timeout(20_000);

  it("says the same everywhere: every row's verdict, and the sentence of every side", () => {
    const compared = table();
    const { comparison } = compared;
    const plain = (text: string): string => text.replace(/\u00a0|\u202f/g, " ").replace(/\s+/g, " ");
    const shown = {
      text: plain(renderComparisonText(comparison, { color: false, columns: 400 })),
      markdown: plain(renderComparisonMarkdown(comparison)),
      page: plain(renderComparisonPage(compared).replace(/<[^>]*>/g, " ")),
    };
    for (const [name, content] of Object.entries(shown)) {
      for (const sentence of verdictSentences(comparison))
        assert.ok(content.includes(plain(sentence)), `${name}: ${sentence}`);
      for (const row of comparison.rows) assert.ok(content.includes(verdictMark(row)), `${name}: ${verdictMark(row)}`);
      assert.match(content, /never happened in 12 of 12 repetitions of A/, name);
      assert.doesNotMatch(content, /not significant/i);
    }
    assert.deepEqual(comparison.rows.map(({ letter, verdict }) => letter + verdict).slice(0, 4), [
      "Bworse",
      "Cworse",
      "Bsame",
      "Csame",
    ]);
  });

  it("asks first whether the runs may be compared, and has no number where they may not", () => {
    const machine = { ...madeUpComparable({}).manifest.machine, cpu: "another" };
    const compared = compareRuns(
      [20, 30].map((value, i) => ({
        run: madeUpComparable(
          { base: { repetitions: around("read_p99_ms", value) } },
          { world: "processes", ...(i === 0 ? {} : { manifest: { machine } }) },
        ),
      })),
    );
    const page = renderComparisonPage(compared);
    assert.match(page, /not comparable/);
    assert.match(page, /different machines/);
    assert.doesNotMatch(page, /30 ms|\+10 ms|<figure/);
    assert.doesNotMatch(renderComparisonText(compared.comparison, { color: false, columns: 100 }), /\bms\b/);
    assert.doesNotMatch(renderComparisonMarkdown(compared.comparison), /\bms\b/);
    const order = [...renderComparisonPage(table()).matchAll(/<section id="([a-z-]+)"/g)].map(([, id]) => id);
    assert.deepEqual(order.slice(0, 4), ["comparable", "parameters", "verdicts", "forest"]);
  });

  it("fits a narrow terminal without losing the verdict, and names what it left out", () => {
    const text = renderComparisonText(table().comparison, { color: false, columns: 80 });
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    assert.match(text, /▲ worse/);
    assert.match(text, /not shown for want of room/);
    assert.ok(renderComparisonText(table().comparison, { color: true, columns: 80 }).includes("\u001b[31m"));
  });

  it("shows equal parameters and geometric means only when asked", () => {
    const { comparison } = table();
    const brief = renderComparisonText(comparison, { color: false, columns: 120 });
    assert.doesNotMatch(brief, /workload\.rate|geometric/);
    const all = renderComparisonText(comparison, { color: false, columns: 120, all: true, geometricMeans: true });
    assert.match(all, /workload\.rate/);
    // Of the medians: (2 × 1) under the root.
    assert.match(all, /B: 1\.41 times A in the geometric mean of 2 ratios of medians in ms/);
    assert.ok(
      comparison.geometricMeans.every(({ unit }) => unit === "ms"),
      "units of one metric have no mean",
    );
  });

  it("escapes what strangers wrote", () => {
    const run = (value: number): LoadedRun =>
      madeUpComparable(
        {
          base: { repetitions: around("read_p99_ms", value), resolved: { "tunables.r": `${HOSTILE}|${value}\u0007` } },
        },
        { manifest: { title: `${HOSTILE} | pipe` } },
      );
    const compared = compareRuns([{ run: run(1) }, { run: run(2) }]);
    for (const html of [renderComparisonPage(compared), renderComparisonMarkdown(compared.comparison)]) {
      assert.doesNotMatch(html, /<script>alert|<img src=x/);
    }
    assert.match(renderComparisonMarkdown(compared.comparison), /\\\|1/);
    assert.ok(!renderComparisonText(compared.comparison, { color: false, columns: 100 }).includes("\u0007"));
  });

  it("draws every chart of a comparison from runs with figures, the sides solid and dashed in every panel", () => {
    const compared = withFigures();
    const drawn = drawAll(compared);
    const absent = drawn.filter(({ figure }) => figure === undefined).map(({ chart }) => chart.id);
    assert.deepEqual(absent, []);
    for (const { figure } of drawn)
      for (const [i, panel] of figure!.panels.entries()) {
        const svg = standaloneSvg(figure!, i);
        assert.ok(svg.length > 500 && !/NaN|Infinity|undefined/.test(svg), `${figure!.id} ${panel.title}`);
      }
    for (const chart of [tVisibility, latencyCompared]) {
      const figure = chart.draw(overlay(compared))!;
      const dashes = figure.legend.filter(({ series }) => /^[ABC]: /.test(series)).map(({ dash }) => dash.length > 0);
      assert.deepEqual(dashes, [false, true, true], chart.id);
      assert.ok(figure.panels.length % 2 === 0, "a panel each of the two clocks");
    }
    const page = renderComparisonPage(compared);
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g))
      assert.ok(page.includes(`id="${id}"`), `#${id} leads somewhere`);
    assert.doesNotMatch(page, /(src|href)="?https?:/i);
  });
});

describe("the charts of a comparison", () => {
  it("forest: every row with a relative difference, the floor as wide as it is, verdicts by shape too", () => {
    const { comparison } = table();
    const figure = forest.draw(comparison)!;
    assert.equal(figure.table.rows.length, comparison.rows.filter(({ relative }) => relative !== null).length);
    const [panel] = figure.panels;
    assert.ok(panel.drawing.kind === "chart");
    const { datasets } = panel.drawing.config["data"] as unknown as {
      datasets: { series: string; data: { x: number }[] }[];
    };
    const floor = datasets.find(({ series }) => series === "noise floor")!;
    assert.deepEqual(
      floor.data.map(({ x }) => x),
      [-2, 2],
    );
    assert.equal(new Set(figure.legend.map(({ mark }) => mark)).size, figure.legend.length);
    assert.match(figure.caption, /Without a bar.*[Cc]onver/);
    assert.match(figure.answer, /Read p99 of C|read p99 of C/);
  });

  it("slope: a line a seed, counted by the way it goes; none where nothing is paired", () => {
    const figure = slope.draw(table().comparison)!;
    assert.match(figure.answer, /read p99: 12 of 12 seeds rise/i);
    assert.equal(figure.panels.length, 3);
    const unpaired = compareRuns(
      [20, 30].map((value, k) => ({
        run: madeUpComparable({ base: { repetitions: around("read_p99_ms", value) } }, { seed: (i) => 100 * k + i }),
      })),
    );
    assert.equal(slope.draw(unpaired.comparison), undefined);
  });

  it("shift: absent without latencies, and says so", () => {
    assert.equal(shift.draw(table().comparison), undefined);
    assert.match(renderComparisonPage(table()), /kept no latencies/);
  });
});

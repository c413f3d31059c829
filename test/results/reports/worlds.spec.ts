/** The page and the terminal of a run in both worlds; published values; and what a headline must not keep silent about. */
import assert from "node:assert/strict";
import { chartsOf } from "../../../results/charts/chart";
import type { LoadedRun, PublishedValue } from "../../../results/record/run-folder";
import { parseCsv } from "../../../results/record/csv";
import { CLOCK_CHARTS } from "../../../results/reports/clock-section";
import { DETECTION_CHARTS } from "../../../results/reports/detection-section";
import { HEALING_CHARTS } from "../../../results/reports/healing-section";
import { renderIndex } from "../../../results/reports/index-page";
import { besidePublished, publishedSection } from "../../../results/reports/published";
import { renderRunReport, reportFiles } from "../../../results/reports/run-report";
import { renderTerminal } from "../../../results/reports/terminal";
import { verdictOf } from "../../../results/reports/verdict";
import { inWorld } from "../../../results/statistics/worlds";
import { HOSTILE, madeUpRun, QUICKSTART_LIKE, twoWorldRun, withInvalid } from "../fixtures";

const two = twoWorldRun();
const page = renderRunReport(two, { figureFiles: true });
const bare = (html: string): string => html.replace(/<script[\s\S]*?<\/script>/g, "");
const markup = bare(page);
const section = (id: string, of = markup): string =>
  new RegExp(`<section id="${id}">([\\s\\S]*?)</section>`).exec(of)![1];

/** A chart within a section of several. */
const part = (id: string, of = markup): string =>
  new RegExp(`<div class="part" id="${id}">([\\s\\S]*?)(?=<div class="part"|</section>)`).exec(of)![1];

describe("the page of a run in both worlds (long)", () => {
  it("has a badge for each world, and every chart once for each under one heading", () => {
    const before = markup.slice(0, markup.indexOf('id="results"'));
    assert.match(before, /<span class="world processes">measured on processes<\/span>/);
    assert.match(before, /<span class="world simulation">simulated<\/span>/);
    const inside = [...CLOCK_CHARTS, ...HEALING_CHARTS, ...DETECTION_CHARTS].map(({ id }) => id);
    for (const { id } of chartsOf(two)) {
      // The first to go where a page would grow too large, which it says at the top.
      if (id === "raw-operations" && /left out|leaves out/.test(before)) continue;
      const body = inside.includes(id) ? `<h2></h2>${part(id)}` : section(id);
      assert.equal(body.match(/<h2>/g)?.length, 1, id);
      assert.deepEqual(
        [...body.matchAll(/<p class="whose"><span class="world (\w+)">/g)].map(([, world]) => world),
        ["processes", "simulation"],
        id,
      );
      for (const world of ["processes", "simulation"]) assert.ok(body.includes(`id="${id}-${world}-description"`), id);
    }
  });

  it("has a table of results for each world, with the cells of that world alone", () => {
    const [, real, simulated] = section("results")
      .replace(/<details>[\s\S]*/, "")
      .split('<h3 class="whose">');
    for (const table of [real, simulated]) assert.equal(table.match(/<tr>/g)?.length, 1 + 8);
    assert.doesNotMatch(real, /<th class="name">world</);
  });

  it("answers how far the worlds are apart, with a picture, a table and files", () => {
    const body = section("distance");
    assert.match(body, /<h2>How far apart are the two worlds\?<\/h2><p class="answer">The median read took 1\./);
    assert.match(body, /N-RMSE, percentiles 1 to 99\.9/);
    assert.match(body, /envelope of the intervals within the runs, fewer than six pairs/);
    assert.match(markup, /<li><a href="#distance">Two worlds<\/a><\/li>/);
    const files = reportFiles(two);
    const [header, ...rows] = parseCsv(files.get("../summaries/distance.csv")!);
    assert.ok(header.includes("ratio_lo") && rows.length > 8 * 10);
    const json = JSON.parse(files.get("../summaries/distance.json")!) as { schema: string; distances: unknown[] };
    assert.deepEqual([json.schema, json.distances.length], ["quorumlab/distance@1", 8]);
    assert.ok(files.has("figures/distance.csv") && files.has("figures/distance-1.svg"));
    for (const [, path] of page.matchAll(/href="(figures\/[^"]+)"/g)) assert.ok(files.has(path), path);
  });

  it("has no such section, nor its files, for a run of one world, and says why where no cell has a twin", () => {
    const one = renderRunReport(madeUpRun());
    assert.doesNotMatch(bare(one), /id="distance"|Two worlds/);
    assert.ok(![...reportFiles(madeUpRun()).keys()].some((path) => path.includes("distance")));
    const apart: LoadedRun = {
      ...two,
      cells: two.cells.filter(({ axes, world }) => (axes["r"] === 1) === (world === "simulation")),
    };
    assert.match(section("distance", bare(renderRunReport(apart))), /No configuration left latencies in both worlds/);
  });

  it("calibrates and doubts processes alone, and gives seeds and digests of simulated trials", () => {
    const method = section("method");
    assert.match(method, /<h3>Calibration <span class="world processes">[\s\S]*median of 24 trials/);
    assert.match(method, /Virtual time: 24 trials of together 720 s replay from their seeds/);
    assert.match(method, /<td>00c0ffee00000000<\/td>/);
    const simulated = section("method", bare(renderRunReport(inWorld(two, "simulation"))));
    assert.match(simulated, /simulated time has no error of its own/);
    assert.doesNotMatch(simulated, /empty request|Real processes share/);
    assert.match(simulated, /replay them event by event/);
  });

  it("lists faults with their world, from and to, and those that had not ended", () => {
    const faults = /<h3>Faults<\/h3>([\s\S]*?)<h3>/.exec(section("method"))![1];
    assert.match(faults, /<td>split<\/td><td>partition<\/td><td>zone:a \| zone:b, zone:c<\/td><td>8<\/td><td>14<\/td>/);
    assert.match(faults, /<td>26<\/td><td>had not ended<\/td><td>simulated<\/td><td>8 of 8<\/td>/);
    assert.doesNotMatch(section("method", bare(renderRunReport(madeUpRun()))), /<h3>Faults/);
  });

  it("compares each world within itself", () => {
    const body = section("comparison");
    assert.equal(body.match(/Against R=1\u00a0W=1 · vv-server/g)?.length, 2);
    assert.equal(body.match(/<table>/g)?.length, 2);
    assert.match(body, /Compared are read p99, stale reads; all other metrics/);
  });

  it("gives a verdict for each world and one on the distance", () => {
    const text = verdictOf(two);
    assert.match(text, /^Measured on processes: At the end .*? Where R \+ W ≤ N/);
    assert.match(text, / Simulated: While faults lasted .*? Where R \+ W ≤ N/);
    assert.match(text, /The median read took 1\.\d+ .* as long on processes as simulated/);
    assert.equal(verdictOf(inWorld(two, "simulation")), verdictOf({ ...inWorld(two, "simulation"), comparisons: [] }));
  });

  it("is escaped, links to what is there, has every id once and no number that is none", () => {
    assert.ok(!page.includes(HOSTILE));
    for (const [, id] of markup.matchAll(/href="#([^"]+)"/g)) assert.ok(markup.includes(`id="${id}"`), id);
    const ids = [...markup.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.doesNotMatch(markup.replace(/<style>[\s\S]*?<\/style>/, ""), /NaN|undefined|Infinity/);
    assert.ok(Buffer.byteLength(page) < 5_000_000, `${Buffer.byteLength(page)} bytes`);
  });

  it("stands in the terminal as a table a world and a sentence on the distance", () => {
    const text = renderTerminal(two, { color: false, columns: 120 });
    assert.match(text, /measured on processes and simulated/);
    assert.match(text, /\nmeasured on processes:\nR {2}W {2}clock/);
    assert.match(text, /\nsimulated:\nR {2}W {2}clock/);
    assert.equal(text.split("\n").filter((line) => /^\d {2}\d {2}/.test(line)).length, 16);
    assert.match(text, /The median read took/);
  });
});

describe("published values (long)", () => {
  const withPublished = (...published: PublishedValue[]): LoadedRun => ({
    ...two,
    manifest: { ...two.manifest, published },
    cells: two.cells.map((cell) => ({
      ...cell,
      metrics: { ...cell.metrics, p_stale: { value: 0.1, lo: 0.08, hi: 0.12, n: 6, unit: "ratio" } },
    })),
  });
  const value = (more: Partial<PublishedValue>): PublishedValue => ({
    ...{ metric: "p_stale", where: { r: 1, w: 1, clock: "dvvset", world: "simulation" }, value: 0.1 },
    ...{ source: "Bailis 2012, figure 6", tolerance: 0.05 },
    ...more,
  });
  const verdicts = (...published: PublishedValue[]): string[] =>
    besidePublished(withPublished(...published)).map(({ verdict }) => verdict);

  it("belong to the cells that their axes, settings and world name", () => {
    assert.deepEqual(
      besidePublished(withPublished(value({ where: { r: 1, w: 1 } }))).map(({ cell }) => [cell.world, cell.axes["w"]]),
      [
        ["processes", 1],
        ["processes", 1],
        ["simulation", 1],
        ["simulation", 1],
      ],
    );
    assert.equal(verdicts(value({})).length, 1);
    assert.equal(verdicts(value({ where: { n_val: 3, world: "simulation" } })).length, 8, "a setting");
    assert.equal(verdicts(value({ where: { n_val: 4 } })).length, 0);
  });

  it("are inside, outside, outside with an interval that reaches in, or not measured", () => {
    assert.deepEqual(verdicts(value({ value: 0.105 })), ["pass"]);
    assert.deepEqual(verdicts(value({ value: 0.1 / 0.95 })), ["pass"], "the bound itself");
    assert.deepEqual(verdicts(value({ value: 0.125 })), ["inconclusive"]);
    assert.deepEqual(verdicts(value({ value: 0.2 })), ["fail"]);
    assert.deepEqual(verdicts(value({ metric: "lost_updates" })), ["not-run"]);
    assert.deepEqual(verdicts(value({ value: 0, tolerance: 0.1 })), ["pass"], "absolute around nought");
    assert.deepEqual(verdicts(value({ value: 0.104, within: 0.004 })), ["pass"], "in its own unit");
    assert.deepEqual(verdicts(value({ value: 0.13, within: 0.004 })), ["fail"]);
    assert.deepEqual(verdicts(value({ value: 0.05, atMost: 0.104 })), ["pass"], "a bound, not closeness");
    assert.deepEqual(verdicts(value({ value: 0.01, atMost: 0.02 })), ["fail"]);
  });

  it("may be shares of what other cells measured, summed over as many", () => {
    const run = withPublished(
      value({ where: { clock: "dvvset" }, relativeTo: { clock: "vv-server" }, value: 0.5 }),
      value({ where: { r: 1, w: 1, clock: "dvvset" }, relativeTo: { r: 9 }, value: 0.5 }),
      value({ where: { r: 1 }, relativeTo: { r: 2 }, value: 0.5 }),
    );
    const cells = run.cells.map((cell) => {
      const p = cell.axes["clock"] === "dvvset" ? 0.01 * Number(cell.axes["w"]) : 0.02;
      return { ...cell, metrics: { p_stale: { value: p, lo: 0, hi: 1, n: 6, unit: "ratio" } } };
    });
    const beside = besidePublished({ ...run, cells });
    const [all, ...none] = beside.filter(({ cell }) => cell.world === "simulation");
    assert.equal(all.cells.length, 4);
    assert.equal(all.measured?.value?.toFixed(9), "0.750000000", "W is 1, 2, 2 and 1");
    assert.deepEqual(
      none.map(({ measured, verdict }) => [measured, verdict]),
      [
        [undefined, "not-run"],
        [undefined, "not-run"],
      ],
      "of nothing, and of fewer cells, there is no share",
    );
    assert.match(publishedSection({ ...run, cells }), /clock dvvset as a share of clock vv-server, over 4 cells/);
  });

  it("stand in a table beside what was measured, with source, world and verdict", () => {
    const run = withPublished(
      value({ value: 0.2 }),
      value({ source: "analytic: 1/3 of one third", tolerance: 0.05, within: 0.005 }),
    );
    const html = section("results", bare(renderRunReport(run)));
    assert.match(html, /1 of 2 measured values lie within the tolerance/);
    assert.match(html, /✗ outside<\/td><td>published: Bailis 2012, figure 6<\/td>/);
    assert.match(html, /✓ inside<\/td><td>analytic: 1\/3 of one third<\/td>/);
    assert.match(html, /<td>simulated<\/td>/);
    assert.match(html, /±\u00a05\u00a0%<\/td>.*±\u00a00\.5\u00a0points<\/td>/s);
    assert.match(
      renderTerminal(run, { color: false, columns: 200 }),
      /p_stale: 10 % \[8, 12\], published 20 % \(Bailis 2012, figure 6\) {2}✗ outside/,
    );
    assert.doesNotMatch(markup, /Published beside measured/);
    const exact = (published: PublishedValue): string =>
      section("results", bare(renderRunReport(withPublished(published))));
    assert.match(exact(value({ value: 0.10364 })), /<td>10\.364\u00a0%<\/td>/, "to the last digit");
    assert.match(exact(value({ metric: "read_p99_ms", value: 1364 })), /<td>1364\u00a0ms<\/td>/);
  });
});

describe("a headline", () => {
  const strict = madeUpRun({
    ...QUICKSTART_LIKE,
    quorums: [
      [2, 2],
      [3, 1],
    ],
  });

  it("does not say that nothing stale was seen when what was left out saw some", () => {
    const first = strict.trials.findIndex(({ record }) => record.cell === "r2-w2-dvvset");
    const stale: LoadedRun = {
      ...strict,
      trials: strict.trials.map((one, i) =>
        i === first ? { ...one, figures: { ...one.figures!, stale: { hits: 7, total: 600, lo: 0, hi: 1 } } } : one,
      ),
    };
    const excluded = withInvalid(stale, (record) => record.id === stale.trials[first].record.id);
    assert.match(
      verdictOf(excluded),
      /No stale read was seen .*But 1 repetition left out as invalid \(R=2\u00a0W=2 · dvvset\) did see 7 stale reads: it happens, how often is in doubt/,
    );
    const cells = stale.cells.map((cell) =>
      cell.id === "r2-w2-dvvset" ? { ...cell, validity: { verdict: "invalid" as const, doubts: [] } } : cell,
    );
    assert.match(verdictOf({ ...stale, cells }), /^Do not use 1 of 4 configurations.* did see 7 stale reads/);
    assert.doesNotMatch(verdictOf(strict), /left out as invalid/);
  });

  it("tells of siblings: between which averages, and the most", () => {
    assert.match(
      verdictOf(strict),
      /Siblings: reads returned on average between 1\.\d+ \(.*\) and 1\.\d+\u00a0versions .*one as many as 5/,
    );
    const none = strict.cells.map((cell) => ({
      ...cell,
      metrics: {
        ...cell.metrics,
        siblings_mean: { ...cell.metrics["siblings_mean"], value: 1, lo: 1, hi: 1 },
        siblings_max: { ...cell.metrics["siblings_max"], value: 1, lo: 1, hi: 1 },
      },
    }));
    assert.match(verdictOf({ ...strict, cells: none }), /No read returned siblings\./);
  });
});

describe("what stands in brackets (long)", () => {
  const of = (repetitions: number): LoadedRun => madeUpRun({ ...QUICKSTART_LIKE, repetitions });
  const heading = (run: LoadedRun): string => section("results", bare(renderRunReport(run)));

  it("is an interval over repetitions from six on, and nowhere before", () => {
    assert.match(heading(of(6)), /with its 95\u00a0% interval below it/);
    assert.match(heading(of(6)), /<th>95\u00a0% interval over repetitions<\/th>/);
    assert.match(heading(of(3)), /fewer than six give it no 95\u00a0% interval/);
    assert.match(heading(of(3)), /<th>envelope of the intervals within runs<\/th>/);
    assert.match(heading(of(1)), /cover the operations of that one run/);
    const text = (repetitions: number): string => renderTerminal(of(repetitions), { color: false, columns: 400 });
    assert.match(text(6), /6 repetitions; each value is the median over repetitions, with its 95 % interval beside it/);
    assert.match(text(3), /in brackets stands the envelope of the intervals within the runs/);
    assert.match(text(1), /1 repetition; intervals then cover the operations of that one run/);
    assert.match(verdictOf(of(3)), /envelope of the runs' own intervals/);
    assert.doesNotMatch(verdictOf(of(6)), /envelope/);
  });

  it("is explained in the glossary for every number of repetitions", () => {
    assert.match(section("glossary"), /With two to five it is the envelope .* and with one that run&#39;s own/);
  });
});

describe("a run's labels and gaps (long)", () => {
  it("shows note and tags on the page, in the terminal and in the index", () => {
    const run = { ...two, manifest: { ...two.manifest, note: `new disk ${HOSTILE}`, tags: { paper: "s4" } } };
    const before = bare(renderRunReport(run)).split('id="results"')[0];
    assert.match(before, /<span class="tag">paper=s4<\/span>/);
    assert.match(before, /Note: new disk &lt;script&gt;/);
    const text = renderTerminal(run, { color: false, columns: 200 });
    assert.match(text, /\ntags: paper=s4\n/);
    assert.match(text, /\nnote: new disk/);
  });

  it("never calls a run without a trial valid", () => {
    const nothing: LoadedRun = { ...two, cells: [], trials: [], comparisons: [] };
    const html = bare(renderRunReport(nothing));
    assert.doesNotMatch(html, /valid: no doubts/);
    assert.match(html, /nothing measured/);
    assert.match(renderTerminal(nothing, { color: false, columns: 120 }), /no trial: nothing was measured/);
    const entry = {
      ...{ experiment: "x", run: "a", title: "t", profile: "full", startedAt: "2026-01-01T00:00:00Z" },
      ...({ status: "interrupted", validity: "valid", cells: 0, trials: 0, report: undefined } as const),
      ...{ note: "halted", tags: { k: "v" } },
    };
    const index = renderIndex([entry]);
    assert.match(index, /nothing measured/);
    assert.doesNotMatch(index, />valid</);
    assert.match(index, /k=v · halted/);
    assert.match(renderIndex([]), /npx quorumlab run/);
  });

  it("holds comparisons against the level that the run used", () => {
    const few: LoadedRun = {
      ...madeUpRun(),
      comparisons: madeUpRun().comparisons.map((row) => ({ ...row, verdict: "inconclusive" as const, n: 10 })),
    };
    assert.doesNotMatch(section("comparison", bare(renderRunReport(few))), /too few/);
    const strict = { ...few, manifest: { ...few.manifest, analysis: { alpha: 0.001, noiseFloor: 0.02 } } };
    assert.match(section("comparison", bare(renderRunReport(strict))), /it takes at least 15/);
  });
});

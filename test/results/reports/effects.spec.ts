/**
 * The section on which tunable matters, from effects that were put in: does its sentence name them with their sizes, does it keep silent about
 * what was not shown and say when nothing could be, and do the tables, the CSV file, the terminal and the JSON document hold the same numbers?
 */
import assert from "node:assert/strict";
import { effectsSection, effectsInWords } from "../../../results/reports/effects";
import { renderRunReport, reportFiles } from "../../../results/reports/run-report";
import { renderTerminal } from "../../../results/reports/terminal";
import { runDocument } from "../../../experiments/cli/run-document";
import { parseCsv } from "../../../results/record/csv";
import type { AxisValues, LoadedRun } from "../../../results/record/run-folder";
import { effectsOf } from "../../../results/statistics/effects";
import { summariseCells } from "../../../results/statistics/summarise";
import { MANIFEST } from "../record/made-up-run";
import { trial } from "../statistics/trials";

function runOf(repetitions: number, value: (axes: AxisValues, k: number) => number): LoadedRun {
  const trials = [1, 2, 3].flatMap((r) =>
    ["dvv", "l<w>w"].flatMap((clock) =>
      Array.from({ length: repetitions }, (_, k) => {
        const axes = { r, clock };
        const made = trial(`r${r}-${clock}`, k, { read_p99_ms: value(axes, k) });
        return { ...made, record: { ...made.record, axes }, figures: null };
      }),
    ),
  );
  const manifest = { ...MANIFEST, worlds: ["simulation" as const], axes: ["r", "clock"], report: { headline: ["read_p99_ms"] } }; // prettier-ignore
  return {
    folder: "",
    manifest: manifest,
    trials,
    cells: summariseCells(trials),
    comparisons: [],
  };
}

/** R = 3 costs 10 ms, and 6 more with the second clock. */
const matters = ({ r, clock }: AxisValues, k: number): number =>
  20 + (r === 3 ? (clock === "dvv" ? 10 : 16) : 0) + k / 10 + (((r as number) * 7 + k * 3) % 5) / 100;

const words = (run: LoadedRun): string => effectsInWords(run, effectsOf(run)[0]).replace(/\u00a0/g, " ");

describe("which tunable matters", () => {
  it("is answered by the largest shown change of the metric, and by what depends on what", () => {
    assert.match(
      words(runOf(12, matters)),
      /^The largest change of each metric that was shown, on average over everything else: .*\+13 ms \[\+1[23](\.\d+)?, \+13(\.\d+)?\] \(63(\.\d)? %\) from R=1 to R=3\. 1 of 2 interactions was shown, the largest for its size: what R does to .* depends on clock \(\+6 ms\)\.$/,
    );
  });
  it("is not answered where too few repetitions could show anything, nor where nothing was shown", () => {
    assert.match(words(runOf(5, matters)), /^5 repetitions are too few to show that any of R and clock matters, however much it does: for 3 main effects it takes at least 7\.$/); // prettier-ignore
    const noise = words(runOf(12, (_, k) => 20 + ((k * 7) % 5)));
    assert.match(noise, /^No axis of R and clock was shown to change any of 1 metric by more than the noise floor: 3 of 3 main effects are within it/); // prettier-ignore
  });
  it("stands in the page with tables, in the terminal, in a CSV file and in the JSON document, all of the same numbers", () => {
    const run = runOf(12, matters);
    const html = effectsSection(run, [], { figureFiles: false, svg: false });
    assert.match(html, /<h2>Which tunable matters/);
    assert.match(html, /1 → 3.*▲ worse/s);
    assert.match(html, /▲ depends on it/);
    assert.ok(html.includes("dvv → l&lt;w&gt;w") && !html.includes("l<w>w"));
    assert.match(html, /12 of 12<span class="interval">2 of 2</);
    const page = renderRunReport(run);
    assert.ok(page.includes('<section id="effects">') && page.includes('<section id="heat-tables">'));
    assert.match(renderTerminal(run, { color: false, columns: 100 }).replace(/\s+/g, " "), /The largest change of each metric that was shown/); // prettier-ignore
    const csv = parseCsv(reportFiles(run).get("../summaries/effects.csv")!);
    const rows = csv.slice(1).map((row) => Object.fromEntries(csv[0].map((name, i) => [name, row[i]])));
    const [{ mains, interactions }] = effectsOf(run);
    assert.deepEqual(
      rows.map(({ kind, diff, p_adj }) => [kind, Number(diff), Number(p_adj)]),
      [...mains.map((row) => ["main", row] as const), ...interactions.map((row) => ["interaction", row] as const)].map(
        ([kind, { difference, pAdjusted }]) => [kind, difference, pAdjusted],
      ),
    );
    const document = runDocument(run, "", "") as { effects: { kind: string; difference: number; steps: unknown[] }[] };
    assert.deepEqual(document.effects.map(({ difference }) => difference), rows.map(({ diff }) => Number(diff))); // prettier-ignore
    assert.deepEqual(document.effects[1].steps, [{ from: { r: 1 }, to: { r: 3 } }]);
  });
  it("is no section of a run with one axis, and no file", () => {
    const run = runOf(6, matters);
    const only = {
      ...run,
      manifest: { ...run.manifest, axes: ["clock"] },
      trials: run.trials.filter(({ record }) => record.axes["r"] === 1),
      cells: run.cells.filter(({ axes }) => axes["r"] === 1),
    };
    assert.ok(!renderRunReport(only).includes('<section id="effects">'));
    assert.equal(reportFiles(only).get("../summaries/effects.csv"), undefined);
  });
});

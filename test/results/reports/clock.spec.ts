/**
 * What a report says of clocks: the sentence from the counts, the cases with links to the writes that show them, the columns of
 * the terminal, and silence where nobody judged a clock. Figures are made up; what they mean is tested beside the measure.
 */
import assert from "node:assert/strict";
import { anomalyCounts } from "../../../results/charts/anomaly-words";
import { chartInput } from "../../../results/charts/cells";
import type { CausalityFigures } from "../../../results/record/figures";
import { parseCsv } from "../../../results/record/csv";
import type { LoadedRun } from "../../../results/record/run-folder";
import { clockInWords } from "../../../results/reports/clock-verdict";
import { headlines } from "../../../results/reports/headline";
import { renderRunReport, reportFiles } from "../../../results/reports/run-report";
import { renderTerminal } from "../../../results/reports/terminal";
import { verdictOf } from "../../../results/reports/verdict";
import { emptyRun, HOSTILE, madeUpRun, QUICKSTART_LIKE, twoWorldRun } from "../fixtures";

const CLOCKS = ["dvvset", "lww", "vv-server"];
const run = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[1, 1]], clocks: CLOCKS });
const bare = (html: string): string => html.replace(/<script[\s\S]*?<\/script>/g, "");
const page = bare(renderRunReport(run, { figureFiles: true }));
const section = (of: string): string => /<section id="clock">([\s\S]*?)<\/section>/.exec(of)![1];

/** Every trial's figures changed; undefined takes the judgement away. */
function withCausality(
  of: LoadedRun,
  change: (one: CausalityFigures, clock: unknown) => CausalityFigures | undefined,
): LoadedRun {
  return {
    ...of,
    trials: of.trials.map((trial) => {
      const { causality, ...figures } = trial.figures!;
      const changed = change(causality!, trial.record.axes["clock"]);
      return {
        ...trial,
        figures: changed === undefined ? figures : { ...figures, causality: changed },
      };
    }),
  };
}

const counting =
  (counts: Partial<Record<string, number>>, outOf = 1000, undecided = 0) =>
  (one: CausalityFigures): CausalityFigures => ({
    ...one,
    anomalies: one.anomalies.map((anomaly) => ({ ...anomaly, count: counts[anomaly.kind] ?? 0, outOf, undecided })),
  });

describe("did the clock err, in words", () => {
  it("names what each clock did, out of how many, repetitions added up", () => {
    const text = clockInWords(
      chartInput(
        withCausality(run, (one, clock) =>
          counting(
            clock === "lww"
              ? { "lost-update": 4, "missed-conflict": 3, "false-dominance": 1 }
              : clock === "vv-server"
                ? { "false-conflict": 500 }
                : {},
            5000,
          )(one),
        ),
      ).cells,
    ).replace(/[\u202f\u00a0]/g, " ");
    assert.match(
      text,
      /^R=1 W=1 · vv-server returned false conflicts in 1 500 of 15 000 reads; R=1 W=1 · lww lost 12 of 15 000 acknowledged writes; R=1 W=1 · dvvset made no such error in 15 000 acknowledged writes and 15 000 reads \(with 95 % confidence at most 256 in a million\)\.$/,
    );
  });

  it("does not call a clock faultless that nothing could have shown to err, and tells what is undecided", () => {
    const one = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[1, 1]], clocks: ["dvvset"], repetitions: 1 });
    const words = (outOf: number, undecided: number): string =>
      clockInWords(chartInput(withCausality(one, counting({}, outOf, undecided))).cells);
    assert.match(words(0, 0), /: nothing could have shown an error\.$/);
    assert.match(
      words(1000, 3),
      /^No write was lost and no false conflict returned at .*, 6 operations left undecided\.$/,
    );
  });

  it("tells clocks that erred alike in one breath, the worst first", () => {
    const alike = withCausality(run, (one, clock) =>
      counting(clock === "dvvset" ? { "lost-update": 900 } : { "lost-update": 3 })(one),
    );
    assert.match(
      clockInWords(chartInput(alike).cells),
      /^R=1\u00a0W=1 · dvvset lost .*; R=1\u00a0W=1 · lww and R=1\u00a0W=1 · vv-server lost 9 of 3\u202f000 acknowledged writes\.$/,
    );
  });

  it("sums over quorums by clock where there are many configurations", () => {
    const many = madeUpRun({ ...QUICKSTART_LIKE, clocks: CLOCKS });
    const text = clockInWords(chartInput(many).cells);
    assert.match(text, /(^|; )lww lost /);
    assert.match(text, /(^|; )vv-server returned false conflicts in /);
    assert.doesNotMatch(text, /R=1/);
  });

  it("names configurations where a clock erred under some settings only", () => {
    const many = madeUpRun({ ...QUICKSTART_LIKE, clocks: ["riak-dvv", "dvvset"] });
    const some: LoadedRun = {
      ...many,
      trials: many.trials.map((trial) => ({
        ...trial,
        figures: {
          ...trial.figures!,
          causality: counting(trial.record.cell === "r1-w2-riak-dvv" ? { "lost-update": 5 } : {})(
            trial.figures!.causality!,
          ),
        },
      })),
    };
    assert.match(
      clockInWords(chartInput(some).cells),
      /^R=1\u00a0W=2 · riak-dvv lost 15 of 3\u202f000 acknowledged writes; the other 7 made no such error in at least /,
    );
  });

  it("stands at the head of the report, and nowhere when nobody judged", () => {
    assert.match(verdictOf(run), /lww lost \d+ of/);
    assert.doesNotMatch(verdictOf(withCausality(run, () => undefined)), /lost|clock|conflict/);
    assert.equal(clockInWords(chartInput(emptyRun()).cells), "");
  });

  it("counts no kind of one trial into another, and bounds what was not seen", () => {
    const [cell] = chartInput(withCausality(run, counting({ "lost-update": 1 }, 1000))).cells;
    const counts = anomalyCounts([cell]);
    assert.deepEqual(
      counts.map(({ words, count, outOf }) => [words.kind, count, outOf]),
      [
        ["lost-update", 3, 3000],
        ["missed-conflict", 0, 3000],
        ["false-dominance", 0, 3000],
        ["false-conflict", 0, 3000],
        ["resurrected-delete", 0, 3000],
      ],
    );
    assert.equal(counts[0].rate!.value, 1000);
    assert.ok(counts[0].rate!.lo > 0 && counts[0].rate!.hi > 1000);
    assert.ok(counts[1].rate!.value === 0 && counts[1].rate!.lo === 0 && counts[1].rate!.hi > 1000);
  });
});

describe("the section on clocks", () => {
  it("stands after siblings, with a question, an answer with numbers and every picture", () => {
    const order = [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(order[order.indexOf("siblings") + 1], "clock");
    const body = section(page);
    assert.match(body, /^\s*<h2>Did the clock err\?<\/h2><p class="answer">[^<]*\d/);
    for (const id of ["anomalies", "version-graph", "siblings-by-writes", "metadata-by-writers"])
      assert.match(body, new RegExp(`<div class="part" id="${id}"><h3>[^<]+\\?</h3><p class="answer">[^<]*\\d`), id);
  });

  it("is not there when no trial judged its clock, and the glossary does not speak of it", () => {
    const without = bare(renderRunReport(withCausality(run, () => undefined)));
    assert.doesNotMatch(without, /id="clock"|about-anomalies|word-lost-update|The cases/);
    assert.doesNotMatch(bare(renderRunReport(emptyRun())), /id="clock"/);
    assert.ok(![...reportFiles(withCausality(run, () => undefined)).keys()].some((path) => path.includes("cases")));
  });

  it("explains every kind of error behind a question mark", () => {
    const links = [...section(page).matchAll(/class="help" href="#(word-[^"]+)"/g)].map(([, id]) => id);
    assert.deepEqual(links, [
      "word-lost-update",
      "word-missed-conflict",
      "word-wrong-winner",
      "word-false-conflict",
      "word-deleted-value-that-came-back",
    ]);
    for (const id of links) assert.match(page, new RegExp(`<dt id="${id}">`));
  });

  it("leads each write of a case to its mark where the key is drawn, and nowhere where it is not", () => {
    const rows = [...section(page).matchAll(/<tr id="case-processes-(\d+)">([\s\S]*?)<\/tr>/g)];
    assert.ok(rows.length > 6);
    const links = rows.flatMap(([, , row]) => [...row.matchAll(/href="#(write-[^"]+)">([\d.]+)</g)]);
    assert.ok(links.length > 8);
    for (const [, id, name] of links) {
      const mark = new RegExp(`<g id="${id}"><title>Write ${name.replace(".", "\\.")} `).exec(page);
      assert.ok(mark !== null, id);
    }
    // Each numbered case of a drawn key stands in the picture under the same number.
    for (const [, number, row] of rows)
      if (row.includes('href="#write-')) assert.match(page, new RegExp(`<tspan[^>]*>(?:[^<]*, )?E${number}\\b`));
    const other = rows.find(([, , row]) => row.includes("another key"))!;
    assert.doesNotMatch(other[2], /href="#write/);
  });

  it("escapes keys and sentences of cases", () => {
    const hostile = withCausality(run, (one) => ({
      ...one,
      evidence: one.evidence.map((evidence) => ({ ...evidence, text: HOSTILE })),
    }));
    const html = renderRunReport(hostile);
    assert.ok(!html.includes(HOSTILE));
    assert.doesNotMatch(bare(html), /<img/i);
  });

  it("writes all cases to a file, each of its world (long)", () => {
    const files = reportFiles(run);
    const [header, ...rows] = parseCsv(files.get("figures/cases.csv")!);
    assert.deepEqual(header.slice(0, 5), ["case", "configuration", "repetition", "trial", "kind"]);
    const all = run.trials.reduce((sum, { figures }) => sum + figures!.causality!.evidence.length, 0);
    assert.equal(rows.length, all);
    assert.deepEqual(
      rows.map(([number]) => number),
      rows.map((_, i) => `E${i + 1}`),
    );
    const two = reportFiles(twoWorldRun());
    assert.ok(two.has("figures/cases-processes.csv") && two.has("figures/cases-simulation.csv"));
  });

  it("says how a simulated case can be watched, and not of real processes (long)", () => {
    assert.doesNotMatch(section(page), /quorumlab replay/);
    const both = section(bare(renderRunReport(twoWorldRun())));
    assert.equal(
      both.match(/npx quorumlab replay 20261123T043021Z-7f3a9c --trial [\w-]+ --from [\d.]+s --to [\d.]+s/g)?.length,
      1,
    );
  });
});

describe("errors of the clock among the headline metrics", () => {
  const counts = (lost: number, conflicts: number, more: Partial<LoadedRun> = {}): LoadedRun => ({
    ...run,
    ...more,
    cells: run.cells.map((cell, i) => ({
      ...cell,
      metrics: {
        ...cell.metrics,
        lost_updates: { value: i === 0 ? lost : 0, lo: null, hi: null, n: 1, unit: "count" },
        false_conflicts: { value: i === 0 ? conflicts : 0, lo: null, hi: null, n: 1, unit: "count" },
      },
    })),
  });
  const shown = (of: LoadedRun): string[] =>
    headlines(of)
      .map(({ name }) => name)
      .filter((name) => ["lost_updates", "false_conflicts"].includes(name));

  it("are columns where a configuration has any", () => {
    assert.deepEqual(shown(counts(0, 0)), []);
    assert.deepEqual(shown(counts(3, 0)), ["lost_updates"]);
    assert.deepEqual(shown(counts(0, 9)), ["false_conflicts"]);
    const text = renderTerminal(counts(3, 9), { color: false, columns: 400 });
    assert.match(text, / lost updates {2}false conflicts/);
    assert.doesNotMatch(
      renderTerminal(counts(0, 0), { color: false, columns: 400 }),
      /lost updates {2}|false conflicts {2}/,
    );
  });

  it("are columns of noughts where the experiment asks for them", () => {
    const asked = {
      published: [{ metric: "lost_updates", where: {}, value: 0, source: "analytic: none", tolerance: 0 }],
    };
    assert.deepEqual(shown(counts(0, 0, { manifest: { ...run.manifest, ...asked } })), ["lost_updates"]);
    const compared = run.comparisons.slice(0, 1).map((row) => ({ ...row, metric: "false_conflicts" }));
    assert.deepEqual(shown(counts(0, 0, { comparisons: compared })), ["false_conflicts"]);
  });
});

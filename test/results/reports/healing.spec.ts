/**
 * What a report says of failure and repair: the sentence from the numbers, the tables, the curve with those that never healed, and silence
 * where nothing happened. Figures are made up; what they mean is tested beside the measures.
 */
import assert from "node:assert/strict";
import { chartInput, type ChartCell } from "../../../results/charts/cells";
import { CHARTS, type ChartFigure } from "../../../results/charts/chart";
import { healedAt, healedOf, knowsTrouble } from "../../../results/charts/healing";
import type { MetricValue, TrialFigures } from "../../../results/record/figures";
import type { LoadedRun } from "../../../results/record/run-folder";
import { headlines } from "../../../results/reports/headline";
import { healingInWords } from "../../../results/reports/healing-verdict";
import { renderRunReport, reportFiles } from "../../../results/reports/run-report";
import { renderTerminal } from "../../../results/reports/terminal";
import { verdictOf } from "../../../results/reports/verdict";
import { emptyRun, FAULTS, HOSTILE, madeUpRun, QUICKSTART_LIKE } from "../fixtures";

const bare = (html: string): string => html.replace(/<script[\s\S]*?<\/script>/g, "");
const section = (of: string): string | undefined => /<section id="healing">([\s\S]*?)<\/section>/.exec(of)?.[1];

function withFigures(
  run: LoadedRun,
  figuresOf: (figures: TrialFigures) => Partial<TrialFigures>,
  metrics: Readonly<Record<string, MetricValue>> = {},
): LoadedRun {
  return {
    ...run,
    cells: run.cells.map((cell) => ({ ...cell, metrics: { ...cell.metrics, ...metrics } })),
    trials: run.trials.map((trial) => ({ ...trial, figures: { ...trial.figures!, ...figuresOf(trial.figures!) } })),
  };
}

const small = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[1, 1]], clocks: ["dvvset"], repetitions: 2 });
const run = withFigures(small, () => ({ faults: FAULTS }));
const metric = (value: number, unit: string, more: Partial<MetricValue> = {}): MetricValue => ({
  ...{ value, lo: null, hi: null, n: 2, unit },
  ...more,
});
const cellsOf = (of: LoadedRun): readonly ChartCell[] => chartInput(of).cells;
const draw = (id: string, of: LoadedRun = run): ChartFigure => CHARTS.get(id)!.draw(chartInput(of))!;
const datasets = (
  figure: ChartFigure,
): { label: string; data: { x: number; y: number | null }[]; stepped?: boolean }[] => {
  const { drawing } = figure.panels[0];
  assert.equal(drawing.kind, "chart");
  return (drawing as unknown as { config: { data: { datasets: ReturnType<typeof datasets> } } }).config.data.datasets;
};

describe("failure and repair in words", () => {
  it("says what happened, what clients saw, how long it lasted, what it cost and what is left", () => {
    const text = healingInWords(
      cellsOf(
        withFigures(run, () => ({}), {
          convergence_s: metric(6, "s", { lo: 5.5, hi: 6 }),
          repair_bytes_per_op: metric(107, "bytes/op"),
          lost_updates: metric(0, "count"),
          hinted_writes_final: metric(1, "count"),
          resurrected_deletes: metric(2, "count"),
          divergent_keys_final: metric(12, "keys"),
        }),
      ),
    );
    assert.match(text, /^4 faults in each run \(partition, slow-disk, clock-jump and pause\)\. While faults lasted/);
    assert.match(
      text,
      /While faults lasted \d\d(\.\d)?\u00a0% of .* reads were stale, against 0\.\d+\u00a0% before and \d(\.\d+)?\u00a0% after/,
    );
    assert.match(
      text,
      /Replicas agreed again 6\u00a0s \[5\.5, 6\] after a fault's end\. Repair cost 107\u00a0bytes\/op\./,
    );
    assert.match(
      text,
      /At the end no acknowledged write is known to be lost, 1 write was in a hint and nowhere else, 2 deleted values came back and 12 keys still differed\.$/,
    );
  });
  it("does not say that none was lost where one repetition lost some, or could not tell", () => {
    const left = (
      counts: readonly (readonly [count: number, undecided: number])[],
      more: Partial<MetricValue>,
    ): string => {
      let next = 0;
      const told = withFigures(
        run,
        () => {
          const [lost, undecided] = counts[next++ % counts.length];
          const anomalies = [{ kind: "lost-update", count: lost, outOf: 100, undecided }];
          return { causality: { anomalies } as unknown as TrialFigures["causality"] };
        },
        { lost_updates: metric(0, "count", more) },
      );
      return /At the end (.*)\.$/.exec(healingInWords(cellsOf(told)))![1];
    };
    const all = { lo: 0, hi: 0 };
    assert.match(left([[0, 0]], all), /^no acknowledged write was lost/);
    assert.match(left([[0, 0]], { lo: 0, hi: null }), /^no acknowledged write is known to be lost/);
    assert.match(left([[0, 0], [0, 4]], all), /^no acknowledged write is known to be lost/); // prettier-ignore
    assert.match(left([[0, 0], [3, 0]], all), /^no acknowledged write was lost in most runs, and up to 3 in 1 of 2/); // prettier-ignore
  });
  it("never gives a time where agreement did not come", () => {
    const never = { convergence_s: metric(24, "s", { lo: 24, atLeast: true }) };
    const text = healingInWords(cellsOf(withFigures(run, () => ({}), never)));
    assert.match(text, /Replicas did not agree again within 24\u00a0s of a fault's end\./);
  });
  it("names best and worst of several configurations, one that never healed as the worst", () => {
    const several = withFigures(madeUpRun({ ...QUICKSTART_LIKE, clocks: ["dvvset"] }), () => ({ faults: FAULTS }));
    const cells = cellsOf({
      ...several,
      cells: several.cells.map((cell, i) => ({
        ...cell,
        metrics: {
          ...cell.metrics,
          convergence_s: i === 2 ? metric(3, "s", { atLeast: true }) : metric(10 + i, "s"),
          repair_bytes_per_op: metric(10 * (i + 1), "bytes/op"),
        },
      })),
    });
    const text = healingInWords(cells);
    assert.match(
      text,
      /agreed again 10\u00a0s after a fault's end at R=1\u00a0W=1 · dvvset, and not within 3\u00a0s of a fault's end at R=2\u00a0W=2 · dvvset\./,
    );
    assert.match(
      text,
      /Repair cost from 10\u00a0bytes\/op \(R=1\u00a0W=1 · dvvset\) to 40\u00a0bytes\/op \(R=3\u00a0W=1 · dvvset\)/,
    );
  });
  it("names as many as took alike, and does not take a watch that the next fault ended for never", () => {
    const several = withFigures(madeUpRun({ ...QUICKSTART_LIKE, clocks: ["dvvset"] }), () => ({ faults: FAULTS }));
    const taking = (...seconds: readonly number[]): string =>
      healingInWords(
        cellsOf({
          ...several,
          cells: several.cells.map((cell, i) => ({
            ...cell,
            metrics: { ...cell.metrics, convergence_s: metric(seconds[i], "s") },
          })),
        }),
      );
    assert.match(
      taking(3, 9, 9, 3),
      /agreed again 3\u00a0s after a fault's end at R=1\u00a0W=1 · dvvset and 1 other, and 9\u00a0s after a fault's end at .*? and 1 other\./,
    );
    const bounds = several.cells.map((cell, i) => ({
      ...cell,
      metrics: { ...cell.metrics, convergence_s: metric(3 + i, "s", { atLeast: true }) },
    }));
    assert.match(
      healingInWords(cellsOf({ ...several, cells: bounds })),
      /In no configuration had replicas agreed again after every fault when the next one began or the run ended \(not within 6\u00a0s of/,
    );
    const single = withFigures({ ...several, cells: bounds }, () => ({ faults: FAULTS.slice(0, 1) }));
    assert.match(healingInWords(cellsOf(single)), /Replicas did not agree again in any configuration while anybody/);
    assert.match(taking(3, 3, 3, 3), /agreed again 3\u00a0s after a fault's end in all 4 configurations\./);
  });
  it("is silent where nothing was done to the cluster and nothing mended in it", () => {
    const quiet = withFigures(small, ({ repair }) => ({
      repair: { ...repair!, totals: { ...repair!.totals, hints_written: 0, exchanges: 0 } },
    }));
    assert.equal(healingInWords(cellsOf(quiet)), "");
    assert.equal(section(bare(renderRunReport(quiet))), undefined);
    assert.equal(section(bare(renderRunReport(emptyRun()))), undefined);
  });
  it("stands where hints or anti-entropy had work although nobody injected a fault", () => {
    assert.ok(small.trials.every(({ figures }) => knowsTrouble(figures!)));
    assert.match(section(bare(renderRunReport(small)))!, /No fault was injected in 1 configuration\./);
  });
});

describe("failure and repair on the first screen", () => {
  const healed = withFigures(run, () => ({}), {
    convergence_s: metric(6, "s"),
    repair_bytes_per_op: metric(107, "bytes/op"),
    divergent_keys_final: metric(12, "keys"),
  });
  const opening =
    /^While faults lasted \d\d(\.\d)?\u00a0% of reads were stale\. Replicas agreed again 6\u00a0s after a fault's end\. Repair cost 107\u00a0bytes\/op\. At the end .*12 keys still differed\. /;

  it("comes before all else of the verdict, also where every number is in doubt", () => {
    assert.match(verdictOf(healed), opening);
    const doubtful = healed.cells.map((cell) => ({
      ...cell,
      validity: { verdict: "doubtful" as const, doubts: [] },
    }));
    const text = verdictOf({ ...healed, cells: doubtful });
    assert.match(text, opening);
    assert.match(text, /12 keys still differed\. The run's own checks doubt every configuration/);
  });
  it("speaks of cost alone where nobody injected a fault", () => {
    const calm = withFigures(small, () => ({}), { repair_bytes_per_op: metric(107, "bytes/op") });
    assert.match(verdictOf(calm), /^Repair cost 107\u00a0bytes\/op\./);
  });
  it("has its columns right behind the axes, unless the experiment names its own", () => {
    const names = (of: LoadedRun): string[] => headlines(of).map(({ name }) => name);
    const first = ["divergent_keys_final", "convergence_s", "repair_bytes_per_op"];
    assert.deepEqual(names(healed).slice(0, 3), first);
    const text = renderTerminal(healed, { color: false, columns: 120 });
    assert.match(text, /differing at end keys {2,}agreed again after s {2,}repair bytes\/op {2,}read p50 ms/);
    assert.doesNotMatch(
      text.slice(text.indexOf("differing at end keys")),
      /107 bytes/,
      "its unit stands in the heading",
    );
    const asked = { ...healed, manifest: { ...healed.manifest, report: { headline: ["read_p99_ms"] } } };
    assert.deepEqual(names(asked), ["read_p99_ms"]);
    const calm = names(withFigures(healed, () => ({ faults: [] })));
    assert.equal(calm[0], "read_p50_ms");
    assert.ok(!calm.includes("repair_bytes_per_op"));
  });
});

describe("the section on failure and repair", () => {
  const page = bare(renderRunReport(run, { figureFiles: true }));
  const body = section(page)!;

  it("has the charts of its question in order, escaped, each with an answer and its files", () => {
    const parts = [...body.matchAll(/<div class="part" id="([^"]+)"/g)].map(([, id]) => id);
    assert.deepEqual(parts, ["stale-over-time", "divergence-by-kind", "convergence", "repair-work", "hints-over-time"]);
    assert.ok(!body.includes(HOSTILE));
    const files = reportFiles(run);
    for (const id of parts) assert.ok(files.has(`figures/${id}.csv`) && files.has(`figures/${id}.svg`), id);
  });
  it("has a row for each window, with reads, sessions and intervals", () => {
    const rows = [...body.matchAll(/<td>(before|during|after)<\/td><td class="number">(\d+)<\/td><td>([^<]+)<\/td>/g)];
    assert.deepEqual(
      rows.map(([, window]) => window),
      ["before", "during", "after"],
    );
    assert.match(rows[1][3], /^\d\d(\.\d)?\u00a0%$/);
    assert.equal(body.match(/<td>\d+ of \d+<\/td>/g)?.length, 2 * 3, "own writes missed and reads that went back");
  });
  it("tells what each mechanism did, and nothing of what was not counted", () => {
    assert.match(body, /<td>hints<\/td>.*?<td>2.\d+ written, .*? delivered, 4 expired, 0 refused<\/td>/);
    assert.match(
      body,
      /<td>anti-entropy<\/td>.*? exchanges, .*? of them equal, .*? repaired, 0 streamed, 0 for nothing<\/td>/,
    );
    assert.doesNotMatch(body, /keys compared/);
  });
  it("says nothing where a mechanism did nothing", () => {
    const idle = withFigures(run, ({ repair }) => ({
      repair: { ...repair!, totals: Object.fromEntries(Object.keys(repair!.totals).map((name) => [name, 0])) },
    }));
    assert.match(section(bare(renderRunReport(idle)))!, /<td>hints<\/td>.*?<td>nothing<\/td>/);
  });
});

describe("the curve of keys still divergent", () => {
  const healed = healedOf(cellsOf(run)[0])!;

  it("pools the keys of all repetitions, and stops above zero where some never healed", () => {
    const figure = draw("convergence");
    const [line] = datasets(figure);
    assert.deepEqual(line.data[0], { x: 0, y: 100 });
    assert.equal(line.stepped, true);
    const last = line.data.at(-1)!.y!;
    assert.ok(last > 0 && Math.abs(last - (100 * healed.never) / healed.keys) < 0.1);
    assert.match(figure.answer, new RegExp(`${healed.never} of ${healed.keys} had not healed when last seen`));
    const ticks = datasets(figure).find(({ label }) => label.endsWith("watched no longer"))!;
    assert.deepEqual(ticks.data, [{ x: 9, y: last }]);
  });
  it("reaches zero where all healed, and marks nobody", () => {
    const strict = withFigures(madeUpRun({ ...QUICKSTART_LIKE, quorums: [[2, 2]], clocks: ["dvvset"] }), () => ({}));
    const figure = draw("convergence", strict);
    assert.equal(datasets(figure)[0].data.at(-1)!.y, 0);
    assert.ok(!figure.legend.some(({ series }) => series.startsWith("watched")));
    assert.match(figure.answer, /all healed/);
  });
  describe("of several configurations", () => {
    const four = madeUpRun({
      ...QUICKSTART_LIKE,
      quorums: [
        [2, 2],
        [3, 1],
        [1, 3],
      ],
      clocks: ["dvvset"],
      repetitions: 1,
    });
    /** Instants at which ten keys each healed, and the metric, a configuration. */
    const answer = (...cells: readonly (readonly [atS: readonly number[], convergenceS: number])[]): string => {
      const ids = four.cells.map(({ id }) => id).slice(0, cells.length);
      assert.equal(ids.length, cells.length);
      const healing = (of: TrialFigures, atS: readonly number[]): TrialFigures["convergence"] => {
        const [first] = of.convergence!.healings;
        const keys = { atS, converged: atS.map(() => 10), censored: atS.map(() => 0) };
        return { ...of.convergence!, healings: [{ ...first, convergedS: atS.at(-1)!, keys }] };
      };
      return draw("convergence", {
        ...four,
        cells: four.cells
          .filter(({ id }) => ids.includes(id))
          .map((cell, i) => ({ ...cell, metrics: { ...cell.metrics, convergence_s: metric(cells[i][1], "s") } })),
        trials: four.trials
          .filter(({ record }) => ids.includes(record.cell))
          .map((trial) => ({
            ...trial,
            figures: {
              ...trial.figures!,
              faults: FAULTS,
              convergence: healing(trial.figures!, cells[ids.indexOf(trial.record.cell)][0]),
            },
          })),
      }).answer;
    };

    it("calls quickest only who is slower than nobody at the worst", () => {
      assert.match(
        answer([[1, 2, 3], 3], [[1, 4, 6], 6]),
        /^Slowest at R=3\u00a0W=1 .*the last after 6 s\. Quickest at R=2\u00a0W=2 .*the last after 3 s\.$/,
      );
      // Nine of ten within 1 s, and the last after 6.
      const tailed = [...Array.from({ length: 19 }, () => 1), 6];
      assert.match(
        answer([[1, 2, 3], 3], [tailed, 6]),
        /^Slowest at R=3\u00a0W=1 .*Among the quickest at R=2\u00a0W=2 .*the last after 3 s\.$/,
      );
    });
    it("names ties as ties", () => {
      assert.match(
        answer([[1, 2, 3], 3], [[1, 2, 3], 3]),
        /^Alike in all 2 configurations: half healed after 2 s, nine of ten after 3 s; all healed, the last after 3 s\.$/,
      );
      assert.match(
        answer([[1, 2, 3], 3], [[1, 2, 3], 3], [[1, 4, 6], 6]),
        /^Slowest at R=1\u00a0W=3 .*Quickest, tied, at R=2\u00a0W=2 · dvvset and R=3\u00a0W=1 · dvvset: half healed after 2 s, /,
      );
    });
  });
  it("knows how many were watched at an instant, before those who leave there", () => {
    assert.deepEqual(healedAt(healed, 0), { atRisk: healed.keys, survival: 1 });
    assert.equal(healedAt(healed, 9).atRisk, healed.never);
    assert.equal(healedAt(healed, 100).atRisk, 0);
  });
});

describe("charts of repair", () => {
  it("draw messages where nobody knows bytes", () => {
    const counted = withFigures(run, ({ repair }) => ({
      repair: {
        ...repair!,
        columns: Object.fromEntries(
          Object.entries(repair!.columns).map(([name, values]) => [name.replace("bytes_", "messages_"), values]),
        ),
      },
    }));
    const figure = draw("repair-work", counted);
    assert.equal(figure.axes.y, "messages (1/s)");
    assert.match(figure.caption, /^Messages sent/);
  });
  it("add up to all traffic, what mends at the bottom", () => {
    const figure = draw("repair-work");
    assert.deepEqual(
      datasets(figure).map(({ label }) => label),
      ["hints", "read repair", "anti-entropy", "all other"],
    );
    const { columns } = cellsOf(run)[0].figures[0].repair!;
    const one = draw("repair-work", { ...run, trials: run.trials.filter(({ record }) => record.repetition === 1) });
    const rest = ["replication", "reading", "forwarding", "detector"].reduce(
      (sum, cause) => sum + columns[`bytes_${cause}`][3]!,
      0,
    );
    assert.ok(Math.abs(datasets(one)[3].data[3].y! / rest - 1) < 1e-3);
  });
  it("of divergence by kind stack up to the keys that differ", () => {
    const first = run.trials[0].figures!.divergence;
    const one = draw("divergence-by-kind", { ...run, trials: run.trials.slice(0, 1) });
    const sum = datasets(one).reduce((all, { data }) => all + data[8].y!, 0);
    // Half of the keys were looked at.
    assert.equal(sum, 2 * first.columns["divergent"][8]!);
  });
  it("of one copy begin at the share without a conflict, and say what they lack", () => {
    const figure = draw("one-copy");
    const { zones, trueWindow } = run.trials[0].figures!;
    const one = draw("one-copy", { ...run, trials: run.trials.slice(0, 1) });
    const [gamma, , window] = datasets(one);
    assert.ok(Math.abs(gamma.data[0].y! - 100 * (1 - zones!.gamma.positive / zones!.values)) < 0.01);
    assert.equal(gamma.data.at(-1)!.y, 100);
    const closed = (trueWindow!.none + trueWindow!.ms.count) / trueWindow!.writes;
    assert.ok(Math.abs(window.data.at(-1)!.y! - 100 * closed) < 0.1, "what was never over stays missing");
    assert.match(
      figure.caption,
      /reads of several versions, or of none beside a delete, left out: Γ and Δ are lower bounds/,
    );
    assert.match(figure.caption, /of writes the true window had not ended/);
  });
});

/** What is particular to the charts of nodes' work: marks of thin roles, many nodes, load beneath imbalance, faults below each other. */
import assert from "node:assert/strict";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS, chartsOf, type ChartFigure } from "../../../results/charts/chart";
import type { TrialFigures } from "../../../results/record/figures";
import type { LoadedRun } from "../../../results/record/run-folder";
import { renderRunReport } from "../../../results/reports/run-report";
import { madeUpRun } from "../fixtures";

interface Drawn {
  readonly label: string;
  readonly series: string;
  readonly data: readonly { readonly x: number | null; readonly y: number | null }[];
  readonly backgroundColor: string;
}

function withFigures(change: (figures: TrialFigures) => TrialFigures): LoadedRun {
  const run = madeUpRun();
  return {
    ...run,
    trials: run.trials.map((trial) => (trial.figures === null ? trial : { ...trial, figures: change(trial.figures) })),
  };
}

function draw(id: string, run = madeUpRun()): ChartFigure {
  const figure = CHARTS.get(id)!.draw(chartInput(run));
  assert.ok(figure !== undefined);
  return figure;
}

function datasets(figure: ChartFigure, panel: number): readonly Drawn[] {
  const { drawing } = figure.panels[panel];
  assert.equal(drawing.kind, "chart");
  return drawing.kind === "chart" ? (drawing.config["data"] as unknown as { datasets: Drawn[] }).datasets : [];
}

const named = (all: readonly Drawn[]): string[] =>
  [...new Set(all.map(({ series }) => series))].filter((s) => s !== "");

describe("work by role, drawn", () => {
  it("has a mark a node and role, open where the role was hardly played in one configuration", () => {
    // Of the second configuration that was run, which is the first one drawn.
    let seen = 0;
    const run = withFigures((figures) =>
      Math.floor(seen++ / 3) === 1
        ? figures
        : {
            ...figures,
            work: {
              ...figures.work!,
              roles: figures.work!.roles.map((one) => ({ ...one, counts: one.counts.map((n) => n + 400) })),
            },
          },
    );
    const figure = draw("work-by-role", run);
    const marks = datasets(figure, 0);
    assert.deepEqual(named(marks), ["node-1", "node-2", "node-3", "node-4", "node-5"]);
    const ofOne = marks.filter(({ series }) => series === "node-2");
    assert.deepEqual(
      ofOne.map(({ data, backgroundColor }) => [data.length, backgroundColor === "$page"]),
      [
        [4, false],
        [1, true],
      ],
    );
    assert.ok(
      ofOne[1].data.every(({ y }) => Math.round(y!) === 3),
      "keeping hints is the fourth row",
    );
    assert.match(figure.answer, /The role spread least evenly was .*times its even share/);
    assert.doesNotMatch(figure.answer, /hints/);
    assert.doesNotMatch(figure.caption, /by the client/);
  });

  it("says what clients coordinated themselves, which is in no row", () => {
    const run = withFigures((figures) => ({
      ...figures,
      work: { ...figures.work!, byClients: { gets: 1_200, puts: 0 } },
    }));
    assert.match(draw("work-by-role", run).caption, /Coordinated by the client, and so in no row: .*gets and 0 puts/);
  });

  it("has no row for a role that was hardly played anywhere, whose spread would set the axis, but has it in the table", () => {
    const run = withFigures((figures) => ({
      ...figures,
      work: {
        ...figures.work!,
        roles: figures.work!.roles.map((one) =>
          one.role === "keeping hints" ? { ...one, counts: [90, 0, 0, 0, 0] } : one,
        ),
      },
    }));
    const figure = draw("work-by-role", run);
    assert.doesNotMatch(JSON.stringify(figure.panels), /keeping hints/);
    assert.match(figure.caption, /in the table alone: keeping hints\./);
    assert.ok(figure.table.rows.some((row) => row.includes("keeping hints")));
    assert.ok(datasets(figure, 0).every(({ data }) => data.every(({ x }) => x! < 2)));
  });

  it("of more nodes than have a style draws the busiest, the median and the idlest of each role", () => {
    const counts = Array.from({ length: 50 }, (_, i) => 1_000 + 10 * i);
    const run = withFigures((figures) => ({
      ...figures,
      work: { nodes: counts.map((_, i) => `n${i}`), roles: [{ role: "replica reads", unit: "copies", counts }] },
    }));
    const figure = draw("work-by-role", run);
    const marks = datasets(figure, 0).filter(({ label }) => label !== "");
    assert.deepEqual(named(marks), ["busiest node", "median node", "idlest node"]);
    assert.deepEqual(
      marks.map(({ data }) => data[0].x),
      [1.197, 0.996, 0.8032],
    );
    assert.equal(figure.table.rows.length, 8 * 50);
  });
});

describe("imbalance over time, drawn", () => {
  it("has the load beneath it on the same time axis", () => {
    const figure = draw("imbalance-over-time");
    assert.equal(figure.panels.length, 2 * 2, "two clocks, and a panel above and below for each");
    const titles = figure.panels.map(({ drawing }) => JSON.stringify(drawing));
    assert.match(titles[0], /nodes out of balance \(%\)/);
    assert.match(titles[1], /nodes out of balance \(%\)/);
    assert.match(titles[2], /load \(1\/s a node\)/);
    const [above, below] = [datasets(figure, 0)[0], datasets(figure, 2)[0]];
    assert.deepEqual(
      above.data.map(({ x }) => x),
      below.data.map(({ x }) => x),
    );
  });

  it("of few configurations is a pair of wide pictures, one below the other", () => {
    const run = madeUpRun();
    const some = run.cells.slice(0, 2).map(({ id }) => id);
    const two = {
      ...run,
      cells: run.cells.filter(({ id }) => some.includes(id)),
      trials: run.trials.filter(({ record }) => some.includes(record.cell)),
      comparisons: [],
    };
    assert.deepEqual(
      draw("imbalance-over-time", two).panels.map(({ width, height }) => [width, height]),
      [
        [960, 300],
        [960, 190],
      ],
    );
    const section = /id="imbalance-over-time"[\s\S]*?<div class="panels (\w+)">/.exec(renderRunReport(two));
    assert.equal(section?.[1], "one");
  });

  it("is spoken of only where load changes", () => {
    const steady = withFigures((figures) => ({ ...figures, imbalance: { ...figures.imbalance!, rises: false } }));
    assert.ok(!chartsOf(steady).some(({ id }) => id === "imbalance-over-time"));
    assert.ok(chartsOf(madeUpRun()).some(({ id }) => id === "imbalance-over-time"));
  });
});

describe("faults compared, drawn", () => {
  it("has a row a fault, and panels of failures and of both tails", () => {
    const figure = draw("faults-compared");
    assert.equal(figure.panels.length, 2 * 3);
    const [marks, ranges] = datasets(figure, 0);
    assert.equal(marks.data.length, 5);
    assert.equal(ranges.data.length, 5 * 3, "lowest, highest and a gap for each");
    marks.data.forEach(({ x }, i) => assert.ok(ranges.data[3 * i].x! <= x! && x! <= ranges.data[3 * i + 1].x!));
    assert.match(figure.answer, /^Over 5 faults, with .*: between 9[\d.]+\s%.*and 9[\d.]+\s%/);
  });

  it("is absent where there was one fault only", () => {
    const one = withFigures((figures) => ({ ...figures, outages: figures.outages!.slice(0, 1) }));
    assert.ok(!chartsOf(one).some(({ id }) => id === "faults-compared"));
    assert.equal(CHARTS.get("faults-compared")!.draw(chartInput(one)), undefined);
  });
});

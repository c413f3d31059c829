/** The charts of rings: a curve a strategy, ours beside the published, and nothing where no rings were drawn. */
import assert from "node:assert/strict";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS, chartsOf, type ChartFigure } from "../../../results/charts/chart";
import { standaloneSvg } from "../../../results/charts/render";
import type { MetricValue } from "../../../results/record/figures";
import type { LoadedRun } from "../../../results/record/run-folder";
import { madeUpRun } from "../fixtures";

interface Drawn {
  readonly label: string;
  readonly series: string;
  readonly group?: string;
  readonly data: readonly { readonly x: number; readonly y: number }[];
}

const value = (of: number, unit = "ratio"): MetricValue => ({ value: of, lo: null, hi: null, n: 60, unit });

/** The made-up run with a ring of a strategy in each configuration: two sizes of random tokens, then equal partitions. */
function ringRun(published = true): LoadedRun {
  const run = madeUpRun();
  const ofCell = (id: string): number => run.cells.findIndex((cell) => cell.id === id);
  return {
    ...run,
    manifest: {
      ...run.manifest,
      ...(published
        ? {
            published: [
              {
                metric: "ring_efficiency",
                where: run.cells[0].axes,
                value: 0.52,
                tolerance: 0.05,
                source: "Dynamo, SOSP 2007, figure 8, strategy 1 (read off the figure)",
              },
            ],
          }
        : {}),
    },
    cells: run.cells.map((cell, i) => ({
      ...cell,
      axes: { ...cell.axes },
      metrics: {
        ...cell.metrics,
        ring_metadata_entries: value(60 * (i + 1), "count"),
        ring_efficiency: value(0.5 + 0.05 * i),
        ring_leave_moved_ratio: value(1 + i, "times"),
        ring_join_moved_ratio: value(1, "times"),
        ring_neighbours: value(4, "nodes"),
      },
    })),
    trials: run.trials.map((trial) => {
      const strategy = ofCell(trial.record.cell) < 2 ? "random-tokens" : "equal-partitions";
      return trial.figures === null
        ? trial
        : { ...trial, figures: { ...trial.figures, rings: { drawn: 60, strategy } } };
    }),
  };
}

function draw(id: string, run: LoadedRun): ChartFigure {
  const figure = CHARTS.get(id)!.draw(chartInput(run));
  assert.ok(figure !== undefined);
  return figure;
}

function datasets(figure: ChartFigure, panel: number): readonly Drawn[] {
  const { drawing } = figure.panels[panel];
  assert.equal(drawing.kind, "chart");
  return drawing.kind === "chart" ? (drawing.config["data"] as unknown as { datasets: Drawn[] }).datasets : [];
}

describe("rings, drawn", () => {
  it("are spoken of only where some were drawn", () => {
    const ids = (run: LoadedRun): string[] => chartsOf(run).map(({ id }) => id);
    const none = madeUpRun();
    const trials = none.trials.map((trial) => {
      if (trial.figures === null) return trial;
      const { rings: _, ...figures } = trial.figures;
      return { ...trial, figures };
    });
    const without = ids({ ...none, trials });
    assert.ok(!without.includes("ring-metadata") && !without.includes("ring-changes"));
    assert.ok(ids(ringRun()).includes("ring-metadata") && ids(ringRun()).includes("ring-changes"));
  });

  it("have a point for each size, in order, in percent", () => {
    const figure = draw("ring-metadata", ringRun());
    const points = figure.panels.flatMap((_, i) => datasets(figure, i)).filter(({ group }) => group === undefined);
    const all = points.flatMap(({ data }) => data);
    assert.equal(all.length, ringRun().cells.length);
    for (const { data } of points) for (let i = 1; i < data.length; i++) assert.ok(data[i - 1].x < data[i].x);
    assert.ok(all.some(({ x, y }) => x === 60 && y === 50));
    assert.match(
      figure.answer,
      /^Most even, [\d.]+\s%: .* with \d+ entries\. Least even, 50\s%: .* with 60 entries\.$/,
    );
  });

  it("have the published beside them, open and in the table, with its source in the caption", () => {
    const figure = draw("ring-metadata", ringRun());
    const open = datasets(figure, 0).filter(({ group }) => group !== undefined);
    assert.deepEqual(
      open.flatMap(({ data }) => data.map(({ x, y }) => [x, y])),
      [[60, 52]],
    );
    assert.match(figure.caption, /published or expected values \(Dynamo, SOSP 2007, figure 8\)/);
    assert.equal(figure.table.rows.filter((row) => row[5] === 52).length, 1);
    assert.ok(figure.legend.some(({ series }) => series === "published or expected"));
    const bare = draw("ring-metadata", ringRun(false));
    assert.ok(!bare.legend.some(({ series }) => series === "published or expected"));
  });

  it("say who moves more than must, by panel of its own", () => {
    const figure = draw("ring-changes", ringRun());
    assert.deepEqual(
      [...new Set(figure.panels.map(({ title }) => title.replace(/, \d of \d$/, "")))],
      ["a node joins", "a node leaves", "neighbours"],
    );
    assert.match(figure.answer, /^When a node joins, no more moves than must\. When one leaves, .* moves most: up to/);
    assert.match(figure.answer, /A node shares keys with 4 others\.$/);
  });

  it("become pictures", () => {
    for (const id of ["ring-metadata", "ring-changes"]) {
      const svg = standaloneSvg(draw(id, ringRun()), 0);
      assert.match(svg, /<svg /);
      assert.ok(svg.includes("random-tokens"));
      assert.ok(!/NaN|undefined/.test(svg));
    }
  });
});

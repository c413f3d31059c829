/** The t-visibility chart with what the model says laid over it: drawn where delays were kept, and silent where not. */
import assert from "node:assert/strict";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS, type ChartFigure } from "../../../results/charts/chart";
import { standaloneSvg } from "../../../results/charts/render";
import type { LegDelays, TrialFigures } from "../../../results/record/figures";
import type { LoadedRun } from "../../../results/record/run-folder";
import { madeUpRun, QUICKSTART_LIKE } from "../fixtures";

/** Uniform from 0 to so many milliseconds. */
function upTo(ms: number): LegDelays["w"] {
  return { count: 1000, at: [0, 1], ms: [0, ms] };
}

const LEGS: LegDelays = { w: upTo(40), a: upTo(1), r: upTo(1), s: upTo(1), how: "of a made-up network" };

function withFigures(run: LoadedRun, change: (figures: TrialFigures, repetition: number) => TrialFigures): LoadedRun {
  return {
    ...run,
    trials: run.trials.map((trial) => ({ ...trial, figures: change(trial.figures!, trial.record.repetition) })),
  };
}

function drawn(run: LoadedRun): ChartFigure {
  return CHARTS.get("t-visibility")!.draw(chartInput(run))!;
}

interface Drawn {
  readonly label: string;
  readonly series: string;
  readonly group?: string;
  readonly borderDash: readonly number[];
  readonly borderColor: string;
  readonly data: readonly { readonly x: number; readonly y: number }[];
}

function lines(figure: ChartFigure, panel = 0): readonly Drawn[] {
  const { drawing } = figure.panels[panel];
  assert.equal(drawing.kind, "chart");
  return drawing.kind === "chart"
    ? (drawing.config["data"] as unknown as { datasets: readonly Drawn[] }).datasets
    : assert.fail();
}

const bare = madeUpRun({ ...QUICKSTART_LIKE, clocks: ["dvvset"] });
const run = withFigures(bare, (figures) => ({ ...figures, legs: LEGS }));

describe("the prediction over the t-visibility chart", () => {
  it("is one dashed line a configuration, in its colour, over the ages that were measured", () => {
    const all = lines(drawn(run));
    const predicted = all.filter(({ label }) => label.endsWith(" predicted (WARS)") && !label.startsWith("thin"));
    assert.deepEqual(
      predicted.map(({ series }) => series),
      ["R=1\u00a0W=1", "R=1\u00a0W=2", "R=2\u00a0W=2", "R=3\u00a0W=1"],
    );
    for (const one of predicted) {
      const measured = all.find(({ label }) => label === one.series)!;
      assert.equal(one.label, `${one.series} predicted (WARS)`);
      assert.equal(one.borderColor, measured.borderColor);
      assert.deepEqual(one.borderDash, [3, 3]);
      assert.equal(one.data[0].x, measured.data[0].x);
      assert.equal(one.data.at(-1)!.x, measured.data.at(-1)!.x);
      assert.ok(one.data.every(({ y }, i) => y <= 100 && (i === 0 || y >= one.data[i - 1].y)));
    }
    // Uniform over 40 ms, three replicas, the fastest acknowledges: a good way from 100 at first, there in the end.
    const [first, , overlap] = predicted;
    assert.ok(first.data[0].y < 60 && first.data.at(-1)!.y === 100, `${first.data[0].y}`);
    assert.ok(overlap.data.every(({ y }) => y === 100));
  });

  it("says in the caption what it was made from, what it assumes, and how far it is off", () => {
    const { caption, legend, table } = drawn(run);
    assert.match(
      caption,
      /Thin dashed: what the WARS model predicts from the same run's delays \(of a made-up network\)/,
    );
    assert.match(caption, /one write and one read, no repair, no faults, replicas alike/);
    assert.match(caption, /50\u202f001 trials a configuration, ± 0\.4\d* points at most/);
    // Under the names of the legend, the worst first.
    assert.match(
      caption,
      /Root mean square error .* in points: [\d.]+ at R=1\u00a0W=1 \(by chance alone [\d.]+\), [\d.]+ at R=1\u00a0W=2 \(by .*, 0 at /,
    );
    assert.deepEqual(legend.at(-1), {
      series: "thin dashed: predicted (WARS)",
      colour: "$muted",
      dash: [3, 3],
      mark: "line",
      group: "predicted",
    });
    assert.equal(table.columns.at(-1), "predicted (%)");
    assert.ok(table.rows.every((row) => row.length === table.columns.length && typeof row.at(-1) === "number"));
    assert.match(standaloneSvg(drawn(run), 0), />thin dashed: predicted \(WARS\)</);
  });

  it("reckons the distance from the bins as they are: none where the prediction is what was measured", () => {
    const perfect = withFigures(run, (figures) => ({
      ...figures,
      tVisibility: { fromMs: [50, 100], toMs: [100, 200], reads: [100, 100], consistent: [100, 100] },
    }));
    assert.match(drawn(perfect).caption, /in points: 0 at R=1\u00a0W=1 \(by chance alone 0\), 0 at /);
    const stale = withFigures(run, (figures) => ({
      ...figures,
      tVisibility: { fromMs: [50, 100], toMs: [100, 200], reads: [100, 300], consistent: [0, 300] },
    }));
    // A quarter of the reads is off by everything.
    assert.match(drawn(stale).caption, /in points: 50 at R=1\u00a0W=1 /);
  });

  it("is not there where no delays were kept, or not by every repetition", () => {
    const partly = withFigures(run, ({ legs, ...rest }, repetition) =>
      repetition === 1 ? rest : { ...rest, legs: legs! },
    );
    const unseen = withFigures(run, (figures) => ({ ...figures, legs: { ...LEGS, s: { count: 0, at: [], ms: [] } } }));
    for (const other of [bare, partly, unseen]) {
      const { caption, legend, table } = drawn(other);
      assert.doesNotMatch(caption, /WARS/);
      assert.ok(legend.every(({ group }) => group === undefined));
      assert.equal(table.columns.at(-1), "hi (%)");
    }
  });

  it("is not made where zones are apart, which the caption says where others have one", () => {
    const over = (zones: object, cells: number): LoadedRun => ({
      ...run,
      trials: run.trials.map((trial) => {
        const resolved = { ...trial.record.resolved, "cluster.zones": zones, "network.inter_zone": "75ms" };
        return run.cells.findIndex(({ id }) => id === trial.record.cell) < cells
          ? { ...trial, record: { ...trial.record, resolved } }
          : trial;
      }),
    });
    const predicted = (figure: ChartFigure): number =>
      lines(figure).filter(({ label }) => label.includes("W=1 predicted")).length;
    assert.equal(predicted(drawn(over({ a: 3 }, 4))), 2);
    const some = drawn(over({ a: 1, b: 2 }, 1));
    assert.equal(predicted(some), 1);
    assert.match(some.caption, /None is made where zones are apart/);
    assert.doesNotMatch(drawn(over({ a: 1, b: 2 }, 4)).caption, /WARS|None is made/);
    assert.doesNotMatch(drawn(run).caption, /None is made/);
  });

  it("names the best and the worst where there are many", () => {
    const many = withFigures(madeUpRun(), (figures) => ({ ...figures, legs: LEGS }));
    assert.match(drawn(many).caption, /in points: [\d.]+ at [^,]*? \(by chance alone [\d.]+\) to [\d.]+ at /);
  });

  it("takes R and W from the tunables, not from a delay that ends on the same letter", () => {
    const fixed: LoadedRun = {
      ...run,
      trials: run.trials.slice(0, 3).map((trial) => ({
        ...trial,
        record: {
          ...trial.record,
          axes: {},
          resolved: {
            "network.wars.r": "none",
            "network.wars.w": "none",
            ...trial.record.resolved,
            "tunables.r": "one",
          },
        },
      })),
      cells: [{ ...run.cells[0], axes: {} }],
    };
    assert.equal(chartInput(fixed).cells[0].r, 1);
    assert.match(drawn(fixed).caption, /WARS/);
  });
});

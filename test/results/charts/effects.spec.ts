/**
 * Chart 4 from metrics that were put in: do the points stand at the means over the same settings, is the second axis the one that the first
 * depends on, do numbers stand where they belong on their scale, and what happens where the sweep has holes or a value is but a bound?
 */
import assert from "node:assert/strict";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS, chartsOf, type ChartFigure, type Panel } from "../../../results/charts/chart";
import { standaloneSvg } from "../../../results/charts/render";
import type { AxisValues, LoadedRun } from "../../../results/record/run-folder";
import { summariseCells } from "../../../results/statistics/summarise";
import { MANIFEST } from "../record/made-up-run";
import { trial } from "../statistics/trials";

type Axes = Readonly<Record<string, readonly (string | number)[]>>;

function runOf(axes: Axes, repetitions: number, value: (axes: AxisValues, k: number) => number | null): LoadedRun {
  let combinations: AxisValues[] = [{}];
  for (const [axis, values] of Object.entries(axes))
    combinations = combinations.flatMap((cell) => values.map((one) => ({ ...cell, [axis]: one })));
  const trials = combinations.flatMap((of) =>
    Array.from({ length: repetitions }, (_, k) => {
      const made = trial(JSON.stringify(of), k, { read_p99_ms: value(of, k) });
      return { ...made, record: { ...made.record, axes: of }, figures: null };
    }),
  );
  const manifest = { ...MANIFEST, worlds: ["simulation" as const], axes: Object.keys(axes), report: { headline: ["read_p99_ms"] } }; // prettier-ignore
  return {
    folder: "",
    manifest,
    trials,
    cells: summariseCells(trials),
    comparisons: [],
  };
}

function draw(run: LoadedRun): ChartFigure | undefined {
  return CHARTS.get("effects")!.draw(chartInput(run));
}

function lines(panel: Panel): { readonly series: string; readonly points: readonly (readonly number[])[] }[] {
  assert.ok(panel.drawing.kind === "chart");
  const { datasets } = panel.drawing.config["data"] as unknown as {
    datasets: { label: string; series: string; data: { x: number; y: number }[] }[];
  };
  return datasets
    .filter(({ label }) => label !== "")
    .map(({ series, data }) => ({ series, points: data.map(({ x, y }) => [Math.round(x * 100) / 100, y]) }));
}

describe("the chart of effects", () => {
  const axes = { r: [1, 2], clock: ["dvv", "lww"], delay: ["2ms", "10ms"] };
  // What R does depends on the clock, and on nothing else.
  const value = ({ r, clock, delay }: AxisValues, k: number): number =>
    10 + (r === 2 ? (clock === "lww" ? 10 : 2) : 0) + (delay === "10ms" ? 4 : 0) + k / 100;

  it("has a panel for each axis, with the second axis that the metric depends on together with it", () => {
    const figure = draw(runOf(axes, 9, value))!;
    assert.deepEqual(
      figure.panels.map(({ title }) => title),
      ["read p99 along R, by clock", "read p99 along clock, by R", "read p99 along delay, by R"].map((title, i) =>
        title.replace("read p99", figure.panels[i].title.split(" along")[0]),
      ),
    );
    // The mean over the two delays, the middle repetition of nine; lines stand 0.01 apart on either side.
    assert.deepEqual(lines(figure.panels[0]), [
      { series: "dvv", points: [[0.99, 12.04], [1.99, 14.04]] }, // prettier-ignore
      { series: "lww", points: [[1.01, 12.04], [2.01, 22.04]] }, // prettier-ignore
    ]);
    figure.panels.forEach((_, i) => assert.doesNotMatch(standaloneSvg(figure, i), /NaN|undefined|Infinity/));
    assert.match(
      figure.answer,
      /^Along R and by clock, .* goes from 12\sms \[12, 12\.1\] with R=1 and dvv to 22\sms \[22, 22\.1\] with R=2 and lww, on average over 2 settings/,
    );
    const row = figure.table.rows.find((one) => one[3] === "2" && one[4] === "lww")!;
    assert.deepEqual(row.slice(5), [22.04, 22.01, 22.07, 9, 2], "median, order statistics 2 and 8 of 9, settings");
  });

  it("puts numbers where they belong, on a scale of factors where they span a wide range", () => {
    const figure = draw(runOf({ fanout: [1, 2, 4, 100] }, 3, ({ fanout }) => fanout as number))!;
    assert.equal(figure.panels.length, 1);
    const [{ points }] = lines(figure.panels[0]);
    assert.deepEqual(points, [[0, 1], [0.3, 2], [0.6, 4], [2, 100]]); // prettier-ignore
    assert.match(standaloneSvg(figure, 0), />fanout \(log scale\)</);
    assert.match(figure.caption, /from the lowest to the highest repetition/);
    assert.equal(figure.legend.length, 0);
  });

  it("is of runs with two axes, or one of three numbers", () => {
    const concerned = (of: Axes): boolean =>
      chartsOf(runOf(of, 2, ({ r }) => (r as number) ?? 1)).some(({ id }) => id === "effects");
    assert.equal(concerned(axes), true);
    assert.equal(concerned({ r: [1, 2, 3] }), true);
    assert.equal(concerned({ r: [1, 2] }), false);
    assert.equal(concerned({ clock: ["a", "b", "c"] }), false, "three words are a comparison");
  });

  it("draws means over the settings that have every point, and no bound as if it were a value", () => {
    const holes = (of: AxisValues, k: number): number | null =>
      of["delay"] === "10ms" && of["r"] === 2 && of["clock"] === "lww" ? null : value(of, k);
    const figure = draw(runOf(axes, 9, holes))!;
    const row = figure.table.rows.find((one) => one[2] === "R" && one[3] === "2" && one[4] === "lww")!;
    assert.deepEqual([row[5], row[9]], [20.04, 1], "of the delay of 2 ms alone");
    const run = runOf({ r: [1, 2], w: [1, 2] }, 6, ({ r }) => r as number);
    const bounded = {
      ...run,
      trials: run.trials.map((one) =>
        one.record.axes["r"] === 2 && one.record.axes["w"] === 2
          ? { ...one, summary: { ...one.summary!, metrics: { read_p99_ms: { ...one.summary!.metrics["read_p99_ms"], atLeast: true as const } } } } // prettier-ignore
          : one,
      ),
    };
    const points = draw(bounded)!.table.rows.filter((one) => one[2] === "R").map((one) => [one[3], one[4]]); // prettier-ignore
    assert.deepEqual(points, [["1", "W=1"], ["2", "W=1"], ["1", "W=2"]]); // prettier-ignore
  });

  it("draws nothing of a metric that is the same everywhere", () => {
    assert.equal(draw(runOf(axes, 6, () => 5)), undefined);
    assert.equal(draw(runOf(axes, 6, () => null)), undefined);
  });
});

/** Charts of two worlds stay apart and share their axes; faults are lanes on every chart over time; the drain is not drawn. */
import assert from "node:assert/strict";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS, type ChartFigure, type Panel } from "../../../results/charts/chart";
import { faultLanes, MOST_LANES } from "../../../results/charts/fault-lanes";
import { standaloneSvg } from "../../../results/charts/render";
import { worldDistance } from "../../../results/charts/world-distance";
import { drawInWorlds } from "../../../results/charts/worlds-apart";
import type { FaultLane, TrialFigures } from "../../../results/record/figures";
import type { LoadedRun } from "../../../results/record/run-folder";
import { FAULTS, madeUpRun, QUICKSTART_LIKE, twoWorldRun } from "../fixtures";

const OVER_TIME = [
  "raw-operations",
  "latency-heat-map",
  ...["latency-over-time", "means-and-tails", "outcomes", "divergence", "siblings"],
  ...["stale-over-time", "divergence-by-kind", "repair-work", "hints-over-time"],
  "ring-views",
];

interface Scale {
  readonly min: number;
  readonly max: number;
  readonly title?: { readonly text: string };
}
interface Config {
  readonly data: {
    readonly datasets: readonly { readonly series: string; readonly label: string; readonly data: unknown[] }[];
  };
  readonly options: {
    readonly scales: Readonly<Record<string, Scale>>;
    readonly faultLanes?: readonly {
      readonly name: string;
      readonly from: number;
      readonly to: number;
      readonly lane: number;
      readonly pattern: number;
    }[];
  };
}

function configOf(panel: Panel): Config {
  assert.equal(panel.drawing.kind, "chart");
  return (panel.drawing.kind === "chart" ? panel.drawing.config : {}) as unknown as Config;
}

/** The same run, each trial's figures changed. */
function withFigures(
  run: LoadedRun,
  change: (figures: TrialFigures, trial: number) => Partial<TrialFigures>,
): LoadedRun {
  return {
    ...run,
    trials: run.trials.map((trial, i) => ({ ...trial, figures: { ...trial.figures!, ...change(trial.figures!, i) } })),
  };
}

describe("charts of a run in both worlds", () => {
  const run = twoWorldRun();
  const drawn = drawInWorlds(run, [...CHARTS.values()]);

  it("are drawn once a world, and never hold a line of the other", () => {
    for (const [id, worlds] of drawn) {
      assert.deepEqual(
        worlds.map(({ figure }) => figure!.id),
        [`${id}-processes`, `${id}-simulation`],
      );
      for (const { figure } of worlds) {
        for (const panel of figure!.panels) {
          if (panel.drawing.kind !== "chart" || id === "trade-off" || id === "detection-front") continue;
          const named = new Set(
            configOf(panel)
              .data.datasets.filter(({ label, series }) => label !== "" && label === series)
              .map(({ series }) => series),
          );
          assert.ok(named.size <= 6, `${figure!.id}: ${named.size}`);
        }
        assert.doesNotMatch(JSON.stringify(figure!.panels), /measured on processes|simulated/);
      }
    }
    const alone = CHARTS.get("k-staleness")!.draw(chartInput(madeUpRun()))!;
    assert.deepEqual(drawn.get("k-staleness")![0].figure!.table, alone.table, "as if it had run in one world alone");
  });

  it("have equal axes in both worlds", () => {
    for (const [id, worlds] of drawn) {
      const bounds = new Map<string, Set<string>>();
      for (const { figure } of worlds)
        for (const panel of figure!.panels) {
          if (panel.drawing.kind !== "chart") continue;
          for (const name of ["x", "y"]) {
            const { min, max, title } = configOf(panel).options.scales[name];
            const key = `${name} ${title!.text}`;
            bounds.set(key, (bounds.get(key) ?? new Set()).add(`${min} ${max}`));
          }
        }
      for (const [key, seen] of bounds) assert.equal(seen.size, 1, `${id} ${key}: ${[...seen].join("; ")}`);
    }
  });

  it("keep their id and their axes in a run of one world", () => {
    const [one] = drawInWorlds(madeUpRun(), [CHARTS.get("outcomes")!]).get("outcomes")!;
    assert.deepEqual(one, { world: "processes", figure: CHARTS.get("outcomes")!.draw(chartInput(madeUpRun())) });
  });
});

describe("the chart of the distance", () => {
  const run = twoWorldRun();
  const figure = worldDistance.draw(chartInput(run))!;

  it("has a panel for reads and one for writes of each clock, a line a configuration and a rule at 1", () => {
    assert.deepEqual(
      figure.panels.map(({ title }) => title),
      ["reads, dvvset", "reads, vv-server", "writes, dvvset", "writes, vv-server"],
    );
    for (const panel of figure.panels) {
      const { datasets } = configOf(panel).data;
      const [rule] = datasets.filter(({ series }) => series === "");
      assert.deepEqual(
        (rule.data as { y: number }[]).map(({ y }) => y),
        [1, 1],
      );
      assert.equal(new Set(datasets.filter(({ label }) => label !== "").map(({ series }) => series)).size, 4);
      const { min, max } = configOf(panel).options.scales["y"];
      assert.ok(min < 1 && max > 1, "the rule is in the picture");
    }
  });

  it("answers in one sentence with ratios, the distance over the curve and what the brackets are", () => {
    assert.match(
      figure.answer,
      /^The median read took 1\.\d+ \(R=\d\u00a0W=\d · [\w-]+\) to 1\.\d+ \(.*\) times as long on processes as simulated, and the 99th percentile/,
    );
    assert.match(figure.answer, /\(N-RMSE, writes at R=/);
    assert.match(figure.answer, /fewer than six pairs .* envelope/);
    assert.match(figure.caption, /not an interval over repetitions/);
    const six = worldDistance.draw(chartInput(twoWorldRun({ ...QUICKSTART_LIKE, repetitions: 6 })))!;
    assert.match(six.answer, /Intervals are over pairs of repetitions/);
    assert.doesNotMatch(six.caption, /envelope/);
    const one = worldDistance.draw(chartInput(twoWorldRun({ ...QUICKSTART_LIKE, repetitions: 1 })))!;
    assert.match(one.answer, /Each world ran once/);
  });

  it("says on which side there were more stale reads", () => {
    const on = (world: string, value: number): string => {
      const change = <T extends { readonly metrics: LoadedRun["cells"][number]["metrics"] }>(of: T): T => ({
        ...of,
        metrics: { ...of.metrics, p_stale: { ...of.metrics["p_stale"], value } },
      });
      const trials = run.trials.map((one) =>
        one.record.world === world && one.record.cell.startsWith("r2-w2-dvvset")
          ? { ...one, summary: change(one.summary!) }
          : one,
      );
      return worldDistance.draw(chartInput({ ...run, trials }))!.answer;
    };
    assert.match(figure.answer, /Shares of stale reads are equal\./);
    assert.match(
      on("processes", 0.25),
      /differ by at most 25\u00a0%-points \(R=2\u00a0W=2 · dvvset, where there were more/,
    );
    assert.match(
      on("simulation", 0.25),
      /differ by at most 25\u00a0%-points \(R=2\u00a0W=2 · dvvset, where there were fewer/,
    );
  });

  it("draws only numbers, and nothing where the worlds share no configuration", () => {
    figure.panels.forEach((_, i) => assert.doesNotMatch(standaloneSvg(figure, i), /NaN|undefined|Infinity|null/));
    for (const row of figure.table.rows) assert.equal(row.length, figure.table.columns.length);
    assert.equal(worldDistance.draw(chartInput(madeUpRun())), undefined);
  });
});

describe("faults on charts over time", () => {
  const faulty = withFigures(madeUpRun(), () => ({ faults: FAULTS }));

  for (const id of OVER_TIME)
    it(`are lanes on ${id}, with names, rules and a legend; without faults nothing changes`, () => {
      const figure: ChartFigure = CHARTS.get(id)!.draw(chartInput(faulty))!;
      const plain: ChartFigure = CHARTS.get(id)!.draw(chartInput(madeUpRun()))!;
      const lanes = figure.panels.map((panel) => configOf(panel).options.faultLanes ?? []);
      assert.deepEqual(
        lanes[0].map(({ name, lane, from, to }) => [name, lane, from, to]),
        [
          ["split", 0, 8, 14],
          ["slow", 1, 12, 20],
          ["jump", 2, 22, 22],
          ["late", 3, 26, (configOf(figure.panels[0]).options as unknown as { scales: { x: Scale } }).scales.x.max],
        ],
      );
      const svg = standaloneSvg(figure, 0);
      for (const name of ["split", "slow", "jump", "late"]) assert.ok(svg.includes(`>${name}<`), name);
      assert.doesNotMatch(svg.replace(/<(title|desc)>.*?<\/\1>/g, ""), /NaN|undefined|Infinity|null/);
      const entries = figure.legend.filter(({ mark }) => mark.startsWith("fault-"));
      assert.equal(entries[0].series, "fault split: partition, zone:a | zone:b, zone:c");
      assert.equal(new Set(entries.map(({ mark }) => mark)).size, 4, "patterns differ, not colours alone");
      assert.match(figure.caption, /Lanes at the top/);
      for (const panel of plain.panels) assert.equal(configOf(panel).options.faultLanes, undefined);
      assert.doesNotMatch(plain.caption, /Lanes/);
      assert.ok(plain.legend.every(({ mark }) => !mark.startsWith("fault-")));
    });

  it("stand on no chart without time", () => {
    for (const [id, chart] of CHARTS)
      // That of suspicion has lanes of its own: of one node's truth, and of what another thinks.
      if (!OVER_TIME.includes(id) && id !== "suspicion-level")
        assert.doesNotMatch(JSON.stringify(chart.draw(chartInput(faulty))), /faultLanes/);
  });

  it("are those of the first repetition, and the caption says when others differ", () => {
    const later = (faults: readonly FaultLane[]): FaultLane[] =>
      faults.map((one) => ({ ...one, fromS: one.fromS + 1 }));
    const cells = (by: (i: number) => readonly FaultLane[]) =>
      chartInput(withFigures(madeUpRun(), (_, i) => ({ faults: by(i) }))).cells;
    assert.doesNotMatch(
      faultLanes(
        cells(() => FAULTS),
        30,
      ).note,
      /first/,
    );
    const differing = faultLanes(
      cells((i) => (i % 3 === 1 ? later(FAULTS) : FAULTS)),
      30,
    );
    assert.match(differing.note, /those of the first are drawn/);
    assert.equal(differing.of(cells(() => FAULTS).slice(0, 1))[0].from, 8);
    assert.match(
      faultLanes(
        cells((i) => (i === 2 ? [] : FAULTS)),
        30,
      ).note,
      /or others/,
    );
    const none = faultLanes(
      cells(() => []),
      30,
    );
    assert.deepEqual([none.legend, none.note, none.of(cells(() => []))], [[], "", []]);
  });

  it("share the last lane when there are many, and never leave the picture", () => {
    const many: FaultLane[] = Array.from({ length: 20 }, (_, i) => ({
      ...{ id: `f${i}`, kind: "kill", what: "node-1", fromS: i * 2, toS: i * 2 + 1 },
    }));
    const { cells } = chartInput(withFigures(madeUpRun(), () => ({ faults: many })));
    const lanes = faultLanes(cells, 29.5);
    const drawn = lanes.of(cells.slice(0, 1));
    assert.equal(Math.max(...drawn.map(({ lane }) => lane)), MOST_LANES - 1);
    assert.ok(drawn.every(({ from, to }) => from <= to && to <= 29.5));
    assert.equal(drawn.find(({ lane }) => lane === MOST_LANES - 1)!.name, "15 more");
    assert.match(lanes.legend.at(-1)!.series, /^15 more faults, listed under Method$/);
  });
});

describe("charts of load", () => {
  it("end with the measured phase, and say that the drain is not drawn", () => {
    const run = withFigures(madeUpRun(), () => ({ phases: { measureFromS: 5, measureToS: 25 } }));
    for (const id of ["latency-over-time", "outcomes", "siblings"]) {
      const figure = CHARTS.get(id)!.draw(chartInput(run))!;
      const { x } = configOf(figure.panels[0]).options.scales;
      assert.equal(x.max, 24.5, id);
      for (const { data } of configOf(figure.panels[0]).data.datasets)
        for (const point of data as { x: number }[]) assert.ok(point.x < 25, `${id} at ${point.x}`);
      assert.match(figure.caption, /after the measured phase are not drawn/);
      assert.doesNotMatch(CHARTS.get(id)!.draw(chartInput(madeUpRun()))!.caption, /not drawn/);
    }
  });

  it("of divergence say whether all keys were looked at", () => {
    const scans = (inspected: number, finalInspected: number): LoadedRun =>
      withFigures(madeUpRun(), ({ divergence }) => ({
        divergence: {
          ...divergence,
          columns: { ...divergence.columns, inspected: divergence.t.map(() => inspected) },
          finalPopulation: 1_000,
          finalInspected,
        },
      }));
    const caption = (run: LoadedRun): string => CHARTS.get("divergence")!.draw(chartInput(run))!.caption;
    assert.match(caption(scans(1_000, 1_000)), /Every scan looked at all keys; the last did in every trial\./);
    assert.match(caption(scans(500, 1_000)), /No scan looked at all keys; the last did in every trial\./);
    assert.match(caption(scans(1_000, 10)), /the last did in 0 of 24 trials\./);
    assert.doesNotMatch(caption(scans(1_000, 1_000)), /scaled/);
  });
});

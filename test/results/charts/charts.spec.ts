/**
 * Every chart from one made-up run: does the picture hold the axes with their units, the lines it should, and nothing
 * that is not a number? And does it stay away, with a reason, when there is nothing to draw?
 */
import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { chartInput, facets, quorumsOverlap } from "../../../results/charts/cells";
import { CHARTS, type ChartFigure, type Panel } from "../../../results/charts/chart";
import { chartCallbacks } from "../../../results/charts/callbacks";
import { trimmed } from "../../../results/charts/numbers";
import { panelSvg, standaloneSvg } from "../../../results/charts/render";
import type { LoadedRun } from "../../../results/record/run-folder";
import { emptyRun, madeUpRun, QUICKSTART_LIKE, withInvalid } from "../fixtures";

const run = madeUpRun();
const input = chartInput(run);

function figureOf(id: string): ChartFigure {
  const figure = CHARTS.get(id)!.draw(input);
  assert.ok(figure !== undefined, `${id} drew nothing`);
  return figure;
}

function datasets(panel: Panel): { label: string; series: string; data: unknown[]; type?: string }[] {
  assert.equal(panel.drawing.kind, "chart");
  if (panel.drawing.kind !== "chart") return [];
  return (panel.drawing.config["data"] as unknown as { datasets: ReturnType<typeof datasets> }).datasets;
}

function namedLines(panel: Panel): string[] {
  return datasets(panel)
    .filter((one) => one.label !== "" && one.label === one.series && one.data.length > 0)
    .map((one) => one.series);
}

/** What must stand in every picture of a chart: its axis titles, with units. */
const AXES: Readonly<Record<string, readonly string[]>> = {
  "trade-off": ["read latency, 99th percentile (ms, log scale)", "stale reads (% of reads)"],
  effects: [],
  "percentile-spectrum": ["latency (ms, log scale)", "(percentile)"],
  "latency-over-time": ["response time (ms, log)", "time since warm-up began (s)"],
  "means-and-tails": ["response time (ms, log)", "time since warm-up began (s)"],
  "raw-operations": ["response time (ms, log)", "time since warm-up began (s)"],
  "latency-heat-map": ["response time (ms, log)", "time since warm-up began (s)"],
  outcomes: ["operations (1/s)", "time since warm-up began (s)"],
  "load-curve": ["offered load (1/s)"],
  "t-visibility": ["time since the write was acknowledged (ms, log scale)", "reads that return it (%)"],
  "k-staleness": ["acknowledged writes behind (versions)", "share of reads (%, log scale)"],
  "one-copy": ["no longer than (ms, log scale)", "values (%)"],
  divergence: ["differing (keys, estimated; log)", "time since warm-up began (s)"],
  "stale-over-time": ["stale reads (%)", "time since warm-up began (s)"],
  "divergence-by-kind": ["differing (keys)", "time since warm-up began (s)"],
  convergence: ["keys still divergent (%)", "time since the fault ended (s)"],
  "repair-work": ["sent (bytes/s)", "time since warm-up began (s)"],
  "hints-over-time": ["hints held (copies)", "time since warm-up began (s)"],
  "detection-time": ["time since it went down (ms, log scale)", "observers that found out (%)"],
  "mistake-rate": ["mistake rate (1/s, log scale)"],
  "detection-front": ["detection time, median (ms, log)", "mistake rate (1/s, log)"],
  "suspicion-level": ["suspicion (1: suspected)", "time since warm-up began (s)"],
  "opinions-over-time": ["time since warm-up began (s)"],
  siblings: ["(versions)"],
  anomalies: ["errors (per million, log scale)"],
  "version-graph": [],
  "siblings-by-writes": ["writes before the read (count, log scale)", "siblings (versions, log scale)"],
  "metadata-by-writers": ["sessions that had written the key (count)"],
  "ring-views": ["time since warm-up began (s)"],
  "ring-balance": ["share of all (%)"],
  "ring-metadata": ["what every node must know (entries, log scale)", "load efficiency (%)"],
  "ring-changes": ["what every node must know (entries, log scale)"],
  "work-by-role": ["times the even share"],
  "imbalance-over-time": ["time since warm-up began (s)"],
  "faults-compared": [],
  repetitions: [],
};

/** Scatters with one mark a cell: as many as there are. */
const MARKS_OF_CELLS = ["trade-off", "detection-front"];

/** Drawn from the summaries of cells, which leave invalid repetitions out before a chart sees them. */
const OF_SUMMARIES = ["trade-off", "effects", "ring-metadata", "ring-changes"];

describe("charts", () => {
  it("has a structure test for every chart in the map", () => {
    assert.deepEqual([...CHARTS.keys()], Object.keys(AXES));
  });

  for (const id of CHARTS.keys()) {
    describe(id, () => {
      it("draws axes with units, and only numbers", () => {
        const figure = figureOf(id);
        figure.panels.forEach((panel, i) => {
          const svg = standaloneSvg(figure, i);
          assert.doesNotMatch(svg.replace(/<(title|desc)>.*?<\/\1>/g, ""), /NaN|undefined|Infinity|null/);
          if (panel.drawing.kind === "chart")
            for (const title of AXES[id])
              assert.ok(svg.includes(`>${title}<`) || svg.includes(`${title}<`), `${id} ${i}: no axis "${title}"`);
          assert.ok(svg.length < 40_000, `${id} ${i} has ${svg.length} characters`);
        });
      });

      it("draws the same bytes again", () => {
        const again = CHARTS.get(id)!.draw(chartInput(madeUpRun()))!;
        const figure = figureOf(id);
        assert.deepEqual(again, figure);
        assert.equal(panelSvg(again.panels[0], "x"), panelSvg(figure.panels[0], "x"));
      });

      it("says what it is: title, answer with a number, caption with repetitions, description, table", () => {
        const figure = figureOf(id);
        assert.ok(figure.title.length > 5 && figure.question.endsWith("?"));
        assert.match(figure.answer, /\d.*\.$/);
        assert.match(figure.caption, /3 repetitions/);
        assert.ok(figure.description.length > 40);
        assert.ok(figure.table.rows.length > 0);
        for (const row of figure.table.rows) assert.equal(row.length, figure.table.columns.length);
        for (const text of [figure.answer, figure.caption, figure.description])
          assert.doesNotMatch(text, /NaN|undefined|Infinity|unknown/);
      });

      it("leaves invalid repetitions out, as the summaries do, and says how many", () => {
        const first = (record: { cell: string; repetition: number }): boolean =>
          record.cell === run.cells[0].id && record.repetition === 1;
        const figure = CHARTS.get(id)!.draw(chartInput(withInvalid(run, first)))!;
        const without = CHARTS.get(id)!.draw(
          chartInput({ ...run, trials: run.trials.filter(({ record }) => !first(record)) }),
        )!;
        assert.deepEqual(figure.panels, without.panels);
        assert.deepEqual(figure.table, without.table);
        assert.match(figure.caption, /2 to 3 repetitions \(1 invalid one left out\)/);
        if (!OF_SUMMARIES.includes(id)) assert.notDeepEqual(figure.panels, figureOf(id).panels);
      });

      it("draws a configuration of which every repetition is invalid, and marks it", () => {
        const figure = CHARTS.get(id)!.draw(chartInput(withInvalid(run, (record) => record.cell === run.cells[0].id)))!;
        // A mean over settings is no place for a value that does not count.
        if (id === "effects") {
          assert.match(figure.caption, /1 configuration without a valid repetition is in no point\./);
          return;
        }
        assert.match(
          figure.caption,
          /3 repetitions \(2 invalid ones left out; 1 of 8 configurations without a valid one: an invalid one is drawn\)/,
        );
        assert.ok(figure.table.rows.some(([name]) => name === "R=1\u00a0W=1 · vv-server (invalid)"));
        assert.match(JSON.stringify(figure.panels), /\(invalid\)/);
      });

      it("is plain data: it survives JSON", () => {
        const figure = figureOf(id);
        assert.deepEqual(JSON.parse(JSON.stringify(figure)), figure);
      });

      it("is absent without data, and knows why", () => {
        assert.equal(CHARTS.get(id)!.draw(chartInput(emptyRun())), undefined);
        assert.match(CHARTS.get(id)!.absence, /^[A-Z].{30,}\.$/);
      });

      it("is absent without a single cell", () => {
        assert.equal(CHARTS.get(id)!.draw(chartInput({ ...run, cells: [], trials: [] })), undefined);
      });

      it("draws a single repetition and a single interval", () => {
        const figure = CHARTS.get(id)!.draw(
          chartInput(madeUpRun({ ...QUICKSTART_LIKE, repetitions: 1, intervals: 1 })),
        );
        assert.ok(figure !== undefined);
        figure.panels.forEach((_, i) =>
          assert.doesNotMatch(
            standaloneSvg(figure, i).replace(/<(title|desc)>.*?<\/\1>/g, ""),
            /NaN|undefined|Infinity/,
          ),
        );
        assert.match(figure.caption, /1 repetition\b/);
      });

      it("copes with many cells: at most a dozen panels of at most six series", () => {
        const many = madeUpRun({
          repetitions: 1,
          intervals: 3,
          quorums: [1, 2, 3, 4, 5, 6, 7].map((r) => [r, 1] as const),
          clocks: ["a", "b", "c"],
        });
        const figure = CHARTS.get(id)!.draw(chartInput(many))!;
        assert.ok(figure.panels.length <= 24, `${figure.panels.length} panels`);
        for (const panel of figure.panels)
          if (panel.drawing.kind === "chart" && !MARKS_OF_CELLS.includes(id))
            assert.ok(new Set(namedLines(panel)).size <= 6);
        figure.panels.forEach((_, i) => standaloneSvg(figure, i));
      });
    });
  }

  it("trade-off: one named mark a cell, its shape from the quorum, its colour from the clock", () => {
    const [panel] = figureOf("trade-off").panels;
    const marks = datasets(panel).filter((one) => one.label !== "") as unknown as {
      pointStyle: string;
      borderColor: string;
      label: string;
    }[];
    assert.equal(marks.length, 8);
    assert.equal(new Set(marks.map((mark) => mark.pointStyle)).size, 4);
    assert.equal(new Set(marks.map((mark) => mark.borderColor)).size, 2);
  });

  it("trade-off: claims no line of best choices with two cells", () => {
    const two = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[1, 1]] });
    const figure = CHARTS.get("trade-off")!.draw(chartInput(two))!;
    assert.equal(
      datasets(figure.panels[0]).some((one) => one.series === "best choices"),
      false,
    );
    assert.equal(
      datasets(figureOf("trade-off").panels[0]).some((one) => one.series === "best choices"),
      true,
    );
    assert.doesNotMatch(figure.caption, /no other beats/);
  });

  it("percentile spectrum: one panel for reads and one for writes of each clock, four lines each", () => {
    const figure = figureOf("percentile-spectrum");
    assert.deepEqual(
      figure.panels.map((panel) => panel.title),
      ["reads, dvvset", "reads, vv-server", "writes, dvvset", "writes, vv-server"],
    );
    for (const panel of figure.panels) assert.equal(namedLines(panel).length, 4);
    const svg = standaloneSvg(figure, 0);
    for (const tick of ["50 %", "90 %", "99 %", "99.9 %"]) assert.ok(svg.includes(`>${tick}<`), tick);
  });

  it("percentile spectrum: each operation counts once, though it has a response and a service time", () => {
    const figure = figureOf("percentile-spectrum");
    const counted = new Map<string, number>();
    for (const [configuration, operation, basis, , , operations] of figure.table.rows)
      if (basis === "response") counted.set(`${String(configuration)} ${String(operation)}`, Number(operations));
    const told = Number(/([\d\s,]+) successful operations/.exec(figure.caption)![1].replace(/\D/g, ""));
    assert.equal(
      told,
      [...counted.values()].reduce((sum, one) => sum + one, 0),
    );
  });

  it("latency charts do not say that no read succeeded where reads are drawn of trials that do not count", () => {
    const input = chartInput(madeUpRun());
    const cells = input.cells.map((cell) => ({ ...cell, invalid: true, summary: { ...cell.summary, metrics: {} } }));
    for (const id of ["percentile-spectrum", "latency-over-time"]) {
      const { answer } = CHARTS.get(id)!.draw({ ...input, cells })!;
      assert.doesNotMatch(answer, /No read succeeded|not measured/, id);
    }
  });

  it("percentile spectrum: response and service time are two kinds of line, named in legend and picture", () => {
    const figure = figureOf("percentile-spectrum");
    assert.deepEqual(
      figure.legend.filter(({ group }) => group !== undefined).map(({ series, mark, group }) => [series, mark, group]),
      [
        ["thick: response time", "line", "response"],
        ["thin: service time", "thin", "service"],
      ],
    );
    for (const panel of figure.panels) {
      const lines = datasets(panel).filter(({ data }) => data.length > 0) as unknown as {
        group: string;
        series: string;
        borderWidth: number;
      }[];
      for (const [group, width] of [
        ["response", 1.75],
        ["service", 0.75],
      ] as const) {
        const of = lines.filter((one) => one.group === group);
        assert.equal(new Set(of.map(({ series }) => series)).size, 4);
        assert.ok(of.every(({ borderWidth }) => borderWidth === width));
      }
    }
    assert.match(standaloneSvg(figure, 0), />thin: service time</);
  });

  it("percentile spectrum: does not speak of service time where it is the same", () => {
    const same = chartInput({
      ...run,
      trials: run.trials.map((trial) => ({
        ...trial,
        figures: {
          ...trial.figures!,
          spectra: trial
            .figures!.spectra.filter(({ basis }) => basis === "response")
            .flatMap((spectrum) => [spectrum, { ...spectrum, basis: "service" as const }]),
        },
      })),
    });
    const figure = CHARTS.get("percentile-spectrum")!.draw(same)!;
    assert.ok(figure.legend.every(({ group }) => group === undefined));
    assert.doesNotMatch(standaloneSvg(figure, 0), /service/);
    assert.match(figure.caption, /nowhere more than 5 % away/);
  });

  it("outcomes: the offered line stands at the rate of the schedule, beside the stack and not on it", () => {
    const figure = figureOf("outcomes");
    for (const panel of figure.panels) {
      const offered = datasets(panel).find(({ label }) => label === "offered") as unknown as {
        data: { y: number }[];
        stack: string;
        order: number;
      };
      assert.ok(offered.data.length === 60 && offered.data.every(({ y }, i) => Math.abs(y - 500 - (i * 500) / 59) < 1));
      const stacks = datasets(panel).map((one) => (one as unknown as { stack: string }).stack);
      assert.equal(stacks.filter((stack) => stack === offered.stack).length, 1);
    }
    const closed = chartInput({
      ...run,
      trials: run.trials.map((trial) => {
        const { offered, ...columns } = trial.figures!.intervals.columns;
        assert.ok(offered !== undefined);
        return { ...trial, figures: { ...trial.figures!, intervals: { ...trial.figures!.intervals, columns } } };
      }),
    });
    const without = CHARTS.get("outcomes")!.draw(closed)!;
    assert.ok(without.legend.every(({ series }) => series !== "offered"));
    assert.ok(without.panels.every((panel) => !namedLines(panel).includes("offered")));
  });

  it("outcomes: stacks what happened, leaves out what did not, and keeps offered as a line", () => {
    const names = namedLines(figureOf("outcomes").panels[0]);
    assert.deepEqual(names, ["answered, fresh", "answered, stale", "outcome unknown", "offered"]);
  });

  it("latency over time: an interval nobody measured is a gap and not a zero", () => {
    const figure = figureOf("latency-over-time");
    const p99 = datasets(figure.panels[0]).find((one) => one.label === "read p99")!;
    assert.equal(p99.data.length, 59);
    assert.ok((p99.data as { y: number }[]).every(({ y }) => y > 0));
  });

  it("t-visibility: leaves bins with few reads out and pools repetitions by bin", () => {
    const figure = figureOf("t-visibility");
    // Four reads in the first bin of each of three repetitions are twelve: enough when pooled.
    assert.equal((datasets(figure.panels[0])[0].data as { x: number }[])[0].x, 0.5);
    const single = CHARTS.get("t-visibility")!.draw(chartInput(madeUpRun({ ...QUICKSTART_LIKE, repetitions: 1 })))!;
    assert.ok((datasets(single.panels[0])[0].data as { x: number }[])[0].x > 1);
    assert.match(single.caption, /8 bins with fewer than 10 reads left out/);
  });

  it("k-staleness: a lag never seen has no bar", () => {
    const bars = datasets(figureOf("k-staleness").panels[0]);
    assert.equal(bars.length, 4);
    assert.deepEqual(bars[3].data, [100, null, null, null]);
  });

  it("divergence: marks where no difference was found any more", () => {
    const svg = standaloneSvg(figureOf("divergence"), 0);
    assert.match(figureOf("divergence").caption, /Hollow circle/);
    assert.match(svg, /A5 5 0 0 1/);
  });

  describe("divergence over repetitions", () => {
    type Scans = readonly { readonly t: readonly number[]; readonly columns: Record<string, readonly number[]> }[];
    /** One cell with these scans, one repetition each. */
    const drawn = (scans: Scans): ChartFigure => {
      const one = madeUpRun({ ...QUICKSTART_LIKE, quorums: [[1, 1]], clocks: ["dvvset"], repetitions: scans.length });
      const trials = one.trials.map((trial, i) => ({
        ...trial,
        figures: {
          ...trial.figures!,
          divergence: { ...scans[i], finalDivergent: 0, finalExamined: 100 },
        },
      }));
      return CHARTS.get("divergence")!.draw(chartInput({ ...one, trials }))!;
    };
    const keysAt = (figure: ChartFigure): unknown[][] => figure.table.rows.map(([, t, keys]) => [t, keys]);

    it("scales a sample to all keys, as divergent_keys_max is, and says so", () => {
      const figure = drawn([
        {
          t: [0, 1],
          columns: {
            divergent: [5, 2],
            missing: [5, 0],
            examined: [50, 40],
            population: [1000, 1000],
            busy: [0, 10],
            unreachable: [0, 0],
          },
        },
      ]);
      assert.deepEqual(
        figure.table.rows,
        [
          ["R=1\u00a0W=1", 0, 100, 100],
          ["R=1\u00a0W=1", 1, 50, 0],
        ].map(([, ...numbers]) => [figure.table.rows[0][0], ...numbers]),
      );
      assert.match(figure.caption, /scaled to all keys/);
      assert.match(standaloneSvg(figure, 0), /differing \(keys, estimated; log\)/);
      assert.match(figure.answer, /in one scan were an estimated 100 /);
    });

    it("counts as they are where all keys were looked at, busy ones left out", () => {
      const figure = drawn([
        {
          t: [0, 1],
          columns: {
            divergent: [5, 2],
            missing: [0, 0],
            examined: [100, 80],
            population: [100, 100],
            busy: [0, 15],
            unreachable: [0, 5],
          },
        },
      ]);
      assert.deepEqual(keysAt(figure), [
        [0, 5],
        [1, 2],
      ]);
      assert.doesNotMatch(figure.caption, /scaled/);
      assert.match(standaloneSvg(figure, 0), /differing \(keys, log scale\)/);
    });

    it("draws no zero where no key could be judged", () => {
      const figure = drawn([
        {
          t: [0, 1, 2],
          columns: {
            divergent: [5, 0, 1],
            missing: [0, 0, 0],
            examined: [100, 0, 100],
            population: [100, 100, 100],
            busy: [0, 0, 0],
            unreachable: [0, 100, 0],
          },
        },
      ]);
      assert.deepEqual(keysAt(figure), [
        [0, 5],
        [2, 1],
      ]);
    });

    it("puts scans beside each other by time and not by their number", () => {
      const columns = (divergent: readonly number[]): Record<string, readonly number[]> => ({
        divergent,
        missing: divergent.map(() => 0),
        examined: divergent.map(() => 100),
        population: divergent.map(() => 100),
      });
      // The second repetition has no scan about 1 s: its second scan is of 2 s and agrees with the third of the others.
      const figure = drawn([
        { t: [0, 1, 2, 3], columns: columns([0, 0, 40, 0]) },
        { t: [0.1, 2.1, 3.1], columns: columns([0, 40, 0]) },
        { t: [0, 1.1, 2, 3.05], columns: columns([0, 0, 40, 0]) },
      ]);
      assert.deepEqual(keysAt(figure), [
        [0.1, 0],
        [1.1, 0],
        [2.1, 40],
        [3.1, 0],
      ]);
    });

    it("calls it agreed only where no repetition differs any more", () => {
      const columns = (divergent: readonly number[]): Record<string, readonly number[]> => ({
        divergent,
        missing: divergent.map(() => 0),
        examined: divergent.map(() => 100),
        population: divergent.map(() => 100),
      });
      const figure = drawn([
        { t: [0, 1, 2], columns: columns([4, 0, 0]) },
        { t: [0, 1, 2], columns: columns([4, 0, 0]) },
        { t: [0, 1, 2], columns: columns([4, 3, 0]) },
      ]);
      assert.match(figure.description, /none from 2 s on/);
      assert.match(figure.caption, /no difference found in any repetition from here on/);
    });
  });

  it("ring balance: draws one ring when all cells share it, with the preference list in order", () => {
    const figure = figureOf("ring-balance");
    assert.equal(figure.panels.filter((panel) => panel.drawing.kind === "svg").length, 1);
    const svg = standaloneSvg(figure, 0);
    assert.match(svg, /node-2 · 1st<tspan[^>]*>[\d.]+\s%/);
    assert.match(svg, /node-5 · 2nd</);
    assert.match(svg, /node-1 · 3rd</);
    assert.doesNotMatch(svg, /<script/);
  });

  it("ring balance: ranks nodes where there are too many for bars, and colours those of one key alone", () => {
    const nodes = 200;
    const name = (i: number): string => `node-${i + 1}`;
    const large: LoadedRun = {
      ...run,
      trials: run.trials.map((trial) => ({
        ...trial,
        figures: {
          ...trial.figures!,
          // The first node does twice what the others do.
          load: Array.from({ length: nodes }, (_, i) => ({
            ...{ node: name(i), operations: i === 0 ? 20 : 10, keys: 10, ringShare: 1 / nodes },
          })),
          ring: {
            strategy: "random-tokens",
            tokens: Array.from({ length: 4 * nodes }, (_, i) => ({ at: i * 1000, node: name(i % nodes) })),
            example: { key: "user1", at: 1500, preferenceList: [name(2), name(3), name(4)] },
          },
        },
      })),
    };
    const figure = CHARTS.get("ring-balance")!.draw(chartInput(large))!;
    const svg = standaloneSvg(figure, 0);
    assert.match(svg, /node-3 · 1st<tspan[^>]*>&lt;\s0\.1\s%/);
    assert.match(svg, />197 more own &lt;\s0\.1\s% to [\d.]+\s%</);
    assert.match(svg, />800 tokens, random-tokens</);
    assert.doesNotMatch(svg, />node-1[ <]/);
    assert.deepEqual(figure.axes, { x: "nodes, busiest first (%)", y: "times the even share" });
    const [operations, keys] = datasets(figure.panels[1]) as unknown as { data: { x: number; y: number }[] }[];
    assert.equal(operations.data[0].y, trimmed((20 * nodes) / (10 * nodes + 10)));
    assert.equal(operations.data.at(-1)!.x, 100);
    assert.ok(keys.data.every(({ y }) => y === 1));
    assert.equal(figure.table.rows.length, large.cells.length * nodes);
  });
});

describe("cells side by side", () => {
  it("puts the quorum into series and the clock into panels", () => {
    assert.deepEqual(
      facets(input).map(({ title, series }) => [title, series.length]),
      [
        ["dvvset", 4],
        ["vv-server", 4],
      ],
    );
  });

  it("stand in order of their axes, however the trials were drawn", () => {
    const shuffled = chartInput({ ...run, cells: [...run.cells].reverse() });
    assert.deepEqual(
      shuffled.cells.map((cell) => cell.summary.id),
      input.cells.map((cell) => cell.summary.id),
    );
    assert.equal(input.cells[0].label, "R=1\u00a0W=1 · dvvset");
  });

  it("takes neither a delay nor a tag for a quorum because of its last letter, and orders durations by size", () => {
    const of = (axes: Readonly<Record<string, string | number>>[]): string[] =>
      chartInput({
        ...run,
        manifest: { ...run.manifest, axes: Object.keys(axes[0]) },
        cells: axes.map((one, i) => ({ ...run.cells[i], axes: one })),
      }).cells.map(({ label }) => label);
    assert.deepEqual(of([{ "tags.w": "10ms" }, { "tags.w": "2ms" }, { "tags.w": "0.5s" }]), [
      "w=2ms",
      "w=10ms",
      "w=0.5s",
    ]);
    assert.deepEqual(of([{ "tunables.w": 2, "network.wars.w": "5ms" }]), ["W=2 · w=5ms"]);
  });

  it("knows where quorums overlap, by numbers and by name", () => {
    const overlaps = input.cells.map((cell) => quorumsOverlap(cell));
    assert.deepEqual(overlaps, [false, false, false, false, true, true, true, true]);
    const named = chartInput({
      ...run,
      cells: [{ ...run.cells[0], axes: { r: "quorum", w: "all" } }],
    });
    assert.equal(named.cells[0].r, 2);
    assert.equal(named.cells[0].w, 3);
  });
});

describe("chart callbacks", () => {
  it("stand alone: their source text works where nothing else is", () => {
    const made = runInNewContext(`(${chartCallbacks.toString()})()`) as ReturnType<typeof chartCallbacks>;
    const tick = made.byName["percentileTick"] as unknown as (x: number) => string;
    assert.equal(tick(1000), "99.9 %");
    assert.equal(tick(1), "0 %");
  });

  it("never take a text that people wrote for a name or a colour", () => {
    const { hydrate } = chartCallbacks();
    const config = { label: "@numberTick", series: "$ink", labels: ["$s1"], color: "$ink/50" };
    assert.deepEqual(hydrate(config, { ink: "#000000", s1: "#111111" }), { ...config, color: "#00000080" });
  });

  it("refuse a name nobody knows", () => {
    assert.throws(() => chartCallbacks().hydrate({ callback: "@nonsense" }), /no chart callback/);
  });
});

describe("single operations", () => {
  it("are thinned out without losing one of the slowest that chance had drawn", () => {
    const run = madeUpRun();
    const slowestMs = 900_000;
    const trials = run.trials.map((trial): LoadedRun["trials"][number] => {
      const operations = trial.figures!.operations!;
      // Of 200 drawn by chance 120 are shown, and number 2 is not one of them.
      const ms = operations.ms.map((one, i) => (i === 2 ? slowestMs : one));
      return { ...trial, figures: { ...trial.figures!, operations: { ...operations, ms } } };
    });
    const chart = [...CHARTS.values()].find(({ id }) => id === "raw-operations")!;
    const figure = chart.draw(chartInput({ ...run, trials }))!;
    assert.ok(figure.panels.length > 4, "so many panels that each is thinned out");
    const rows = figure.table.rows.filter((row) => row[3] === slowestMs);
    assert.equal(rows.length, figure.panels.length);
    for (const row of rows) assert.equal(row.at(-1), "among the slowest");
    assert.match(figure.answer, /: 900\s/);
  });
});

/** The load curve: what is joined and what is not, the diagonal, the objective, the answer's interval, and when it is drawn at all. */
import assert from "node:assert/strict";
import { chartInput } from "../../../results/charts/cells";
import { chartsOf, type ChartFigure } from "../../../results/charts/chart";
import { loadCurve } from "../../../results/charts/load-curve";
import { standaloneSvg } from "../../../results/charts/render";
import type { MetricValue, Validity } from "../../../results/record/figures";
import type { LoadedRun } from "../../../results/record/run-folder";
import { summariseCells } from "../../../results/statistics/summarise";
import { renderRunReport } from "../../../results/reports/run-report";
import { renderTerminal } from "../../../results/reports/terminal";
import { madeUpRun } from "../fixtures";

interface Drawn {
  readonly label: string;
  readonly series: string;
  readonly data: readonly { readonly x: number; readonly y: number }[];
  readonly showLine?: boolean;
  readonly pointStyle?: string;
  readonly fill?: string | boolean;
  readonly group?: string;
}

const RATES = [100, 200, 400, 500, 800];
const OVERLOADED: Validity = {
  verdict: "invalid",
  doubts: [{ kind: "achieved-rate", verdict: "invalid", reason: "40 % of the offered rate", advice: "Ask for less." }],
};
const VALID: Validity = { verdict: "valid", doubts: [] };

function value(of: number, unit = "ms"): MetricValue {
  return { value: of, lo: null, hi: null, n: 100, unit };
}

/** p99 of 4 ms at 100/s, doubling with each rate; behind its load at 800/s. Two trials a rate. */
function loadRun(rs: readonly number[], search = true): LoadedRun {
  const base = madeUpRun();
  const template = base.trials[0];
  const trials = rs.flatMap((r) =>
    RATES.flatMap((rate, i) =>
      [1, 2].map((repetition) => {
        const over = rate === 800;
        const p99 = 4 * 2 ** i + r;
        return {
          ...template,
          record: {
            ...template.record,
            id: `r${r}rate${rate}n${repetition}`,
            cell: `r${r}-rate${rate}`,
            axes: { r, "workload.rate": `${rate}/s` },
            repetition,
            resolved: { ...template.record.resolved, "workload.arrivals": "poisson" },
          },
          summary: {
            ...template.summary!,
            validity: over ? OVERLOADED : VALID,
            metrics: {
              read_p50_ms: value(p99 / 4),
              read_p99_ms: value(p99),
              read_p999_ms: value(p99 * 2),
              throughput_ops_s: value(over ? 520 : rate, "1/s"),
              availability: value(1, "ratio"),
            },
          },
        };
      }),
    ),
  );
  return {
    ...base,
    trials,
    cells: summariseCells(trials),
    comparisons: [],
    manifest: {
      ...base.manifest,
      axes: ["r", "workload.rate"],
      ...(search
        ? {
            saturation: {
              targets: [{ metric: "read_p99_ms", op: "<=" as const, value: 20, unit: "ms" }],
              ...{ fromPerSecond: 100, toPerSecond: 800, precision: 0.05, repetitions: 2 },
            },
          }
        : {}),
    },
  };
}

function draw(run: LoadedRun): ChartFigure {
  const figure = loadCurve.draw(chartInput(run));
  assert.ok(figure !== undefined);
  return figure;
}

function datasets(figure: ChartFigure, panel: number): readonly Drawn[] {
  const { drawing } = figure.panels[panel];
  assert.equal(drawing.kind, "chart");
  return drawing.kind === "chart" ? (drawing.config["data"] as unknown as { datasets: Drawn[] }).datasets : [];
}

const named = (all: readonly Drawn[], label: string): Drawn => {
  const found = all.find((one) => one.label === label);
  assert.ok(found !== undefined, `${label}: ${all.map((one) => one.label).join(" | ")}`);
  return found;
};

describe("the load curve", () => {
  it("joins the rates that kept up, and crosses out the others", () => {
    const figure = draw(loadRun([1]));
    const [latency, throughput] = [datasets(figure, 0), datasets(figure, 1)];
    const line = named(latency, "R=1");
    assert.deepEqual(line.data, [
      { x: 100, y: 5 },
      { x: 200, y: 9 },
      { x: 400, y: 17 },
      { x: 500, y: 33 },
    ]);
    const cross = named(latency, "R=1, overloaded");
    assert.deepEqual([cross.data, cross.showLine, cross.pointStyle], [[{ x: 800, y: 65 }], false, "crossRot"]);
    assert.deepEqual(named(throughput, "R=1, overloaded").data, [{ x: 800, y: 520 }]);
    assert.equal(named(throughput, "R=1").data.at(-1)!.y, 500);
    // The other percentiles go with the line.
    assert.deepEqual(named(latency, "R=1, p50").data.length, 4);
    assert.equal(named(latency, "R=1, p99.9").group, "p999");
  });

  it("is of multi-gets where the objective is, and not of the reads that they are made of", () => {
    const run = loadRun([1]);
    const fanned = run.trials.map(({ summary, ...trial }) => {
      const { read_p50_ms: p50, read_p99_ms: p99, read_p999_ms: p999 } = summary!.metrics;
      const spans = { multi_get_p50_ms: p50, multi_get_p99_ms: value(2 * p99.value!), multi_get_p999_ms: p999 };
      return { ...trial, summary: { ...summary!, metrics: { ...summary!.metrics, ...spans } } };
    });
    const { saturation } = run.manifest;
    const targets = [{ ...saturation!.targets[0], metric: "multi_get_p99_ms" }];
    const figure = draw({
      ...{ ...run, trials: fanned, cells: summariseCells(fanned) },
      manifest: { ...run.manifest, saturation: { ...saturation!, targets } },
    });
    assert.equal(named(datasets(figure, 0), "R=1").data[0].y, 10);
    assert.ok(named(datasets(figure, 0), "multi_get_p99_ms ≤ 20\u00a0ms").data.every(({ y }) => y === 20));
    assert.equal(figure.axes.y, "multi-get response time (ms)");
  });

  it("draws the diagonal, the objective and the interval of the answer", () => {
    const figure = draw(loadRun([1]));
    const [latency, throughput] = [datasets(figure, 0), datasets(figure, 1)];
    const diagonal = throughput.find(({ series }) => series === "all of it")!;
    assert.ok(diagonal.data.every(({ x, y }) => x === y));
    assert.ok(named(latency, "read_p99_ms ≤ 20 ms".replace(" ms", "\u00a0ms")).data.every(({ y }) => y === 20));
    for (const all of [latency, throughput]) {
      const shaded = all.filter(({ fill }) => fill === "-1");
      assert.deepEqual(
        shaded.map(({ data }) => data.map(({ x }) => x)),
        [[400, 500]],
      );
    }
    figure.panels.forEach((_, i) => {
      const svg = standaloneSvg(figure, i);
      assert.ok(svg.includes(">offered load (1/s)<"));
      assert.match(svg, i === 0 ? />read response time \(ms, log\)</ : />achieved load \(1\/s\)</);
      assert.doesNotMatch(svg, /NaN|undefined/);
    });
    assert.ok(figure.legend.some(({ mark }) => mark === "crossRot"));
  });

  it("tells in words and in the table what is drawn", () => {
    const figure = draw(loadRun([1]));
    assert.match(
      figure.answer,
      /p99.* 5\u00a0ms at 100\u00a0\/s and 33\u00a0ms at 500\u00a0\/s\. Behind its load: R=1 from 800/,
    );
    assert.match(figure.caption, /5 rates on 1 curve, medians of 1 to 2 repetitions .*A cross is one trial/);
    assert.deepEqual(
      figure.table.rows.map((row) => [row[1], row[2], row.at(-1)]),
      [
        [100, 100, "kept up"],
        [200, 200, "kept up"],
        [400, 400, "kept up"],
        [500, 500, "kept up"],
        [800, 520, "overloaded"],
      ],
    );
  });

  it("gives each configuration a curve of its own, and with many only the p99", () => {
    const figure = draw(loadRun([1, 2, 3]));
    const labels = datasets(figure, 0).map(({ label }) => label);
    for (const name of ["R=1", "R=2", "R=3"]) assert.ok(labels.includes(name));
    assert.ok(!labels.includes("R=1, p50"));
    assert.match(figure.caption, /p50 and p99\.9 stand in the table/);
    assert.equal(draw(loadRun([1, 2, 3, 4, 5, 6, 7, 8])).panels.length, 4);
  });

  it("stands in every run over workload.rate and in no other; of a search first, with its answer (long)", () => {
    const ids = (run: LoadedRun): readonly string[] => chartsOf(run).map(({ id }) => id);
    assert.ok(!ids(madeUpRun()).includes("load-curve"));
    const swept = loadRun([1], false);
    assert.ok(ids(swept).includes("load-curve"));
    assert.equal(datasets(draw(swept), 0).filter(({ fill }) => fill === "-1").length, 0);
    assert.match(renderRunReport(swept), /<section id="load-curve"/);

    const page = renderRunReport(loadRun([1]));
    assert.match(page, /How much load does it bear\?/);
    assert.doesNotMatch(page, /<section id="load-curve"/);
    assert.match(
      page,
      /npx quorumlab saturate [^<]*--slo &#39;read_p99_ms &lt;= 20&#39; --from 100\/s --to 800\/s --precision 0\.05/,
    );
    const text = renderTerminal(loadRun([1]), { color: false, columns: 100 });
    assert.match(text, /800 +520 +65 +✗ +met in 0 of 2 \(2 overloaded\)/);
    assert.match(
      text.replace(/\s+/g, " "),
      /between 400 \/s and 500 \/s so far at R=1\. .*It is between 400 \/s \(met in 2 of 2\) and 500 \/s \(met in 0 of 2\)/,
    );
  });
});

/** Measured, simulated and predicted visibility in one frame, and the root mean square errors between them. */
import assert from "node:assert/strict";
import { chartInput } from "../../../results/charts/cells";
import { standaloneSvg } from "../../../results/charts/render";
import { errorsInWords, visibilityErrors, visibilityInWorlds } from "../../../results/charts/visibility-in-worlds";
import type { LegDelays, TrialFigures } from "../../../results/record/figures";
import type { LoadedRun } from "../../../results/record/run-folder";
import { inWorld } from "../../../results/statistics/worlds";
import { renderRunReport, reportFiles } from "../../../results/reports/run-report";
import { madeUpRun, twoWorldRun } from "../fixtures";

function upTo(ms: number): LegDelays["w"] {
  return { count: 1000, at: [0, 1], ms: [0, ms] };
}

const LEGS: LegDelays = { w: upTo(40), a: upTo(1), r: upTo(1), s: upTo(1), how: "of a made-up network" };

type Bins = TrialFigures["tVisibility"];

function withFigures(
  run: LoadedRun,
  change: (world: string, figures: TrialFigures) => Partial<TrialFigures>,
): LoadedRun {
  return {
    ...run,
    trials: run.trials.map((trial) => ({
      ...trial,
      figures: { ...trial.figures!, ...change(trial.record.world, trial.figures!) },
    })),
  };
}

const bins = (reads: readonly number[], consistent: readonly number[]): Bins => ({
  fromMs: [1, 2, 4],
  toMs: [2, 4, 8],
  reads,
  consistent,
});

const two = twoWorldRun();

describe("the chart of visibility in both worlds", () => {
  it("has a panel for each configuration, with what was measured, simulated and, where delays were kept, predicted", () => {
    const drawn = (run: LoadedRun) => visibilityInWorlds.draw(chartInput(run))!;
    const figure = drawn(withFigures(two, (world) => (world === "processes" ? { legs: LEGS } : {})));
    assert.equal(figure.panels.length, 8);
    assert.equal(figure.panels[0].title, "R=1\u00a0W=1 · dvvset");
    assert.deepEqual(
      figure.legend.map(({ series }) => series),
      ["measured on processes", "simulated", "predicted (WARS)"],
    );
    for (const panel of figure.panels) {
      const { drawing } = panel;
      assert.ok(drawing.kind === "chart");
      const { datasets } = drawing.config["data"] as unknown as { datasets: { label: string; data: unknown[] }[] };
      const lines = datasets.filter(({ label }) => label !== "");
      assert.deepEqual(
        lines.map(({ label }) => label),
        ["measured on processes", "simulated", "predicted (WARS)"],
      );
      assert.ok(lines.every(({ data }) => data.length > 0));
    }
    assert.match(
      figure.answer,
      /the prediction is at most [\d.]+\u00a0points? from what was measured on processes \(at R=/,
    );
    // Made up with the same reads in both worlds.
    assert.match(
      figure.answer,
      /; the simulation is exactly what was measured .*\(root mean square over all ages\)\. Latency as predicted/,
    );
    assert.ok(figure.table.rows.every((row) => row.length === figure.table.columns.length));
    assert.match(standaloneSvg(figure, 0), />predicted \(WARS\)</);

    const bare = drawn(two);
    assert.equal(bare.legend.length, 2);
    assert.doesNotMatch(bare.answer + bare.caption, /predict/);
  });

  it("reckons errors over the ages that both worlds had, by reads, beside those of chance", () => {
    const run = withFigures(two, (world) => ({
      tVisibility: world === "processes" ? bins([100, 300, 50], [50, 300, 0]) : bins([100, 100, 3], [100, 100, 3]),
    }));
    // Three repetitions: three times the reads. The last bin has fewer than ten simulated reads and is left out.
    const errors = visibilityErrors(chartInput(run));
    assert.equal(errors.length, 8);
    const [{ simulated, predicted }] = errors;
    assert.equal(predicted, undefined);
    assert.equal(simulated!.reads, 3 * 400);
    assert.ok(Math.abs(simulated!.rms - Math.sqrt((100 * 0.25) / 400)) < 1e-12);
    // Only the first bin can be off by chance: three quarters of 2 × 300 reads.
    assert.ok(Math.abs(simulated!.byChance - Math.sqrt((300 * 0.75 * 0.25 * (2 / 300)) / 1200)) < 1e-12);
    assert.equal(errorsInWords(errors[0]), "simulated 25\u00a0points (by chance 1.77)");
  });

  it("sets predicted latency against service time on processes (long)", () => {
    const percentiles = [...Array.from({ length: 99 }, (_, i) => i + 1), 99.9];
    /** Reads travel up to 40 ms there and no time back: the fastest of three is the least of three uniforms. */
    const leastOfThree = (p: number): number => 40 * (1 - (1 - p / 100) ** (1 / 3));
    const legs = { ...LEGS, r: upTo(40), s: { count: 9, at: [0], ms: [0] } };
    const run = (lateMs: number, roundTripMs = 0): LoadedRun =>
      withFigures(two, (world, { spectra, calibration }) =>
        world === "simulation"
          ? {}
          : {
              legs,
              calibration: { ...calibration!, nullRoundTripP50Ms: roundTripMs },
              spectra: [
                ...spectra.filter(({ kind, basis }) => kind !== "read" || basis !== "service"),
                {
                  ...{ kind: "read", basis: "service", percentiles, count: 1e6, maxMs: 40 },
                  ms: percentiles.map((p) => leastOfThree(p) + lateMs),
                },
              ],
            },
      );
    const error = (lateMs: number, roundTripMs = 0): number =>
      visibilityErrors(chartInput(run(lateMs, roundTripMs)))[0].latency.read!;
    assert.ok(error(0) < 0.01, `${error(0)}`);
    const range = leastOfThree(99.9) - leastOfThree(1);
    assert.ok(Math.abs(error(4) - 4 / range) < 0.01, `${error(4)}`);
    assert.ok(error(4, 4) < 0.01, `${error(4, 4)}: the client's round trip is no error of the prediction`);
    assert.match(renderRunReport(run(0)), /<th>predicted latency, N-RMSE<\/th>/);
    assert.match(
      visibilityInWorlds.draw(chartInput(run(4)))!.answer,
      /Latency as predicted, .* at R=.*; on average [\d.]+\u00a0%\)\.$/,
    );
    assert.equal(visibilityErrors(chartInput(two))[0].latency.read, undefined);
  });

  it("is part of the section on the two worlds, with its files, and of no other report (long)", () => {
    const page = renderRunReport(two);
    assert.match(page, /<div id="visibility-distance">/);
    assert.match(page, /<th>consistent by age, RMSE<\/th>/);
    assert.match(page, /id="about-visibility-distance"/);
    assert.ok(reportFiles(two).has("figures/visibility-distance.csv"));
    assert.equal(visibilityInWorlds.draw(chartInput(madeUpRun())), undefined);
    assert.doesNotMatch(renderRunReport(inWorld(two, "simulation")), /id="visibility-distance"/);
    const never = withFigures(two, () => ({ tVisibility: bins([0, 0, 0], [0, 0, 0]) }));
    assert.match(
      renderRunReport(never),
      /No configuration had reads soon enough after an acknowledged write in both worlds/,
    );
  });
});

/**
 * Reports of runs on several targets: each configuration's target is said, what may be compared is said in one sentence,
 * and a metric that one of two targets does not show is refused with the reason and never given as a number.
 */
import { strict as assert } from "node:assert";
import { recordOfTarget, type TargetName } from "../../../results/record/capabilities";
import type { SecondOpinion, TrialFigures } from "../../../results/record/figures";
import { figuresSeen } from "../../../results/record/figures-seen";
import { describeMetric, metricsSeen } from "../../../results/record/metrics";
import { chartInput } from "../../../results/charts/cells";
import { CHARTS } from "../../../results/charts/chart";
import type { LoadedRun } from "../../../results/record/run-folder";
import { comparisonSection } from "../../../results/reports/comparison";
import { renderRunReport } from "../../../results/reports/run-report";
import { comparableInWords, targetsInWords } from "../../../results/reports/targets";
import { renderTerminal } from "../../../results/reports/terminal";
import { compareCells } from "../../../results/statistics/compare";
import { summariseCells, type MeasuredTrial } from "../../../results/statistics/summarise";
import { summaryTables } from "../../../results/statistics/tables";
import { runDocument } from "../../../experiments/cli/run-document";
import { madeUpRun } from "../fixtures";
import { trial } from "../statistics/trials";

const METRICS = ["read_p99_ms", "siblings_mean", "divergent_keys_final", "messages_per_op", "lost_updates"];
const REDIS_KEEPS_ONE = "Redis keeps one value a key";

/** Eight repetitions of a cell of each target; what the engine alone shows is also there where nobody could see it. */
function trials(...targets: readonly (TargetName | undefined)[]): MeasuredTrial[] {
  return targets.flatMap((target, i) =>
    Array.from({ length: 8 }, (_, repetition) => {
      const made = trial(target ?? "old", repetition + 1, {
        read_p99_ms: 10 + i * 5 + repetition / 10,
        siblings_mean: 1 + i,
        divergent_keys_final: i,
        messages_per_op: 3 + i,
        lost_updates: i,
      });
      const record = {
        ...made.record,
        world: "processes" as const,
        axes: { target: target ?? "old" },
        ...(target === undefined ? {} : { target: recordOfTarget(target) }),
      };
      return { ...made, record };
    }),
  );
}

function compared(...targets: readonly (TargetName | undefined)[]): ReturnType<typeof compareCells> {
  return compareCells(trials(...targets), {
    ...{ baseline: targets[0] ?? "old", metrics: METRICS, alpha: 0.5, noiseFloor: 0.02 },
  });
}

function runOn(...targets: readonly (TargetName | undefined)[]): LoadedRun {
  const base = madeUpRun();
  const measured = trials(...targets);
  const figures = base.trials[0].figures;
  return {
    ...base,
    manifest: {
      ...base.manifest,
      axes: ["target"],
      worlds: ["processes"],
      report: { headline: METRICS, theme: "auto" },
    },
    cells: summariseCells(measured),
    trials: measured.map((one) => ({ ...one, figures })),
    comparisons: compared(...targets),
  };
}

/** As a person reads it: no tags, no odd blanks. */
function textOf(html: string): string {
  return html.replace(/<[^>]+>/g, " ").replace(/&#39;|&apos;/g, "'").replace(/\s+/g, " "); // prettier-ignore
}

describe("a comparison of two targets", () => {
  it("has no numbers where one of them does not show the metric, and says why", () => {
    const rows = compared("engine", "redis");
    const by = new Map(rows.map((row) => [row.metric, row]));
    const refused = new Map(rows.flatMap(({ metric, reason }) => (reason === undefined ? [] : [[metric, reason]])));
    assert.deepEqual(Object.fromEntries(refused), {
      siblings_mean: REDIS_KEEPS_ONE,
      divergent_keys_final: "there is no way to ask one replica of it what it holds",
      messages_per_op: "its nodes do not tell what they did in numbers that mean what ours mean",
    });
    for (const metric of refused.keys()) {
      const { verdict, difference, lo, hi, p, pAdjusted, n, relative, baselineMedian } = by.get(metric)!;
      assert.deepEqual(
        { verdict, difference, lo, hi, p, pAdjusted, n, relative, baselineMedian },
        {
          verdict: "incomparable",
          ...{
            difference: null,
            lo: null,
            hi: null,
            p: null,
            pAdjusted: null,
            n: 0,
            relative: null,
            baselineMedian: null,
          },
        },
      );
    }
    assert.equal(by.get("read_p99_ms")!.verdict, "worse");
    assert.equal(by.get("read_p99_ms")!.n, 8);
    assert.equal(by.get("lost_updates")!.n, 8, "judged from what clients saw");
  });

  it("is not made dearer by what it refuses", () => {
    const pAdjusted = (metrics: readonly string[]): number | null =>
      compareCells(trials("engine", "redis"), { baseline: "engine", metrics, alpha: 0.05, noiseFloor: 0 })[0].pAdjusted;
    assert.equal(pAdjusted(["read_p99_ms"]), pAdjusted(["read_p99_ms", "siblings_mean", "messages_per_op"]));
  });

  it("compares everything where both show it, or both are the same", () => {
    for (const [one, other] of [
      ["engine", "engine-http"],
      ["engine-http", "autocannon"],
      ["engine", "riak"],
    ] as const)
      // prettier-ignore
      assert.deepEqual(
        compared(one, other).flatMap(({ metric, verdict }) => (verdict === "incomparable" ? [metric] : [])),
        other === "riak" ? ["divergent_keys_final", "messages_per_op"] : [],
      );
    const twice = trials("redis").flatMap((one) => [
      one,
      { ...one, record: { ...one.record, cell: "again", axes: { target: "redis", r: 2 } } },
    ]);
    const rows = compareCells(twice, { baseline: "redis", metrics: METRICS, alpha: 0.05, noiseFloor: 0.02 });
    assert.deepEqual(new Set(rows.map(({ verdict }) => verdict)), new Set(["same"]));
  });

  it("takes a run of before there was a choice for one of the engine", () => {
    assert.deepEqual(
      compared(undefined, "redis").map(({ metric, verdict }) => [metric, verdict === "incomparable"]),
      [
        ["read_p99_ms", false],
        ["siblings_mean", true],
        ["divergent_keys_final", true],
        ["messages_per_op", true],
        ["lost_updates", false],
      ],
    );
  });
});

describe("a report of several targets", () => {
  it("says in every form what is not comparable, and gives no number for it", () => {
    const run = runOn("engine", "redis");
    const section = textOf(comparisonSection(run));
    const terminal = renderTerminal(run, { color: false, columns: 400 });
    const document = JSON.stringify(runDocument(run, "folder", "report"));
    const table = summaryTables(run.manifest.axes, run.trials, run.cells, run.comparisons).find(({ name }) => name === "comparisons")!; // prettier-ignore
    for (const text of [section, terminal]) assert(text.includes(`not comparable: ${REDIS_KEEPS_ONE}`), text);
    assert(document.includes(`"verdict":"incomparable","reason":"${REDIS_KEEPS_ONE}"`), document);
    const row = table.rows.find((fields) => fields[2] === "siblings_mean")!;
    assert.deepEqual(row.slice(4, 9), [null, null, null, null, null]);
    assert.equal(row[table.header.indexOf("reason")], REDIS_KEEPS_ONE);
    assert.match(section, /3 rows cannot be compared, and say why/);
    assert.match(terminal, /3 not comparable of 5 comparisons/);
  });

  it("says in one sentence what may be compared, made from what the targets declare", () => {
    const sentence = comparableInWords(runOn("engine", "redis"));
    assert.match(
      sentence,
      /^Between engine and redis may be compared what their clients saw: latency, .*lost updates; not /,
    );
    assert(sentence.includes(`what rests on siblings (redis: ${REDIS_KEEPS_ONE})`), sentence);
    assert.equal(sentence.match(/\.(?: |$)/g)?.length, 1, "one sentence");
    assert(
      sentence.endsWith(
        "; whether an update is lost is told for engine by looking at every replica at the end, for redis by reading every key once more.",
      ),
      sentence,
    );
    assert.doesNotMatch(comparableInWords(runOn("engine", "engine-http")), /by reading every key/);
    assert.equal(comparableInWords(runOn("engine")), "");
    const section = textOf(comparisonSection(runOn("engine", "redis")));
    assert(section.includes(sentence), section);
    assert(renderTerminal(runOn("engine", "redis"), { color: false, columns: 4_000 }).includes(sentence));
  });

  it("draws no siblings, and no conflicts that were missed, of a store that keeps one version", () => {
    const run = madeUpRun();
    const figures = run.trials[0].figures!;
    const redis = figuresSeen(figures, recordOfTarget("redis"));
    const drawn = (of: TrialFigures, id: string): string => {
      const alone = { ...run, trials: run.trials.map((one) => ({ ...one, figures: of })) };
      const chart = CHARTS.get(id)!;
      const figure = chart.draw(chartInput(alone));
      return figure === undefined ? "" : JSON.stringify(figure.table.rows);
    };
    for (const id of ["siblings", "siblings-by-writes"]) {
      assert.notEqual(drawn(figures, id), "", id);
      assert.equal(drawn(redis, id), "", id);
    }
    assert.match(drawn(figures, "anomalies"), /"missed conflict",\d+,[1-9]/);
    assert.match(drawn(redis, "anomalies"), /"lost update",\d+,[1-9]/);
    assert.doesNotMatch(drawn(redis, "anomalies"), /"(missed|false) conflict",\d+,[1-9]/);
    const both = runOn("engine", "redis");
    const mixed = {
      ...both,
      trials: both.trials.map((one) =>
        one.record.cell === "redis" ? { ...one, figures: redis } : { ...one, figures },
      ),
    };
    const legend = CHARTS.get("siblings")!
      .draw(chartInput(mixed))!
      .legend.map(({ series }) => series);
    assert(legend.includes("target=engine") && !legend.includes("target=redis"), legend.join());
    const causality = figures.causality!;
    const case_ = { key: "k", atS: 1, writes: [1, 2], read: null, text: "" };
    const evidence = (["missed-conflict", "false-conflict"] as const).map((kind) => ({ ...case_, kind }));
    assert.deepEqual(
      figuresSeen({ ...figures, causality: { ...causality, evidence } }, recordOfTarget("redis")).causality!.evidence,
      [{ ...case_, kind: "lost-update" }],
      "an update that was lost is one, whatever stands in its place",
    );
    assert.deepEqual(figuresSeen(figures, recordOfTarget("engine")), figures);
  });

  it("names the target of each configuration, also where there is one and no axis", () => {
    const page = textOf(renderRunReport(runOn("engine", "redis")));
    assert(page.includes("targets engine and redis"), "above");
    assert.match(page, /redis a single Redis: a floor, not a replicated store target=redis/);
    const alone = runOn("engine-http");
    assert.equal(targetsInWords(alone), "target engine-http");
    assert.match(
      textOf(renderRunReport(alone)),
      /All configurations were run on engine-http: the engine over Riak's HTTP API/,
    );
    assert.match(
      renderTerminal(alone, { color: false, columns: 200 }),
      /measured on processes, target engine-http, profile/,
    );
    assert.equal(targetsInWords(madeUpRun()), "target engine");
  });

  it("says nothing of quorums of a store that takes none, whatever the file says of R and W", () => {
    const run = runOn("engine", "redis");
    const settled = {
      ...run,
      trials: run.trials.map((one) => ({
        ...one,
        record: { ...one.record, resolved: { "tunables.n_val": 3, "tunables.r": 1, "tunables.w": 1 } },
      })),
    };
    assert.deepEqual(
      chartInput(settled).cells.map(({ label, n, r, w }) => [label, n, r, w]),
      [
        ["target=engine", 3, 1, 1],
        ["target=redis", undefined, undefined, undefined],
      ],
    );
    assert.match(textOf(renderRunReport(settled)), /those of cluster, ring, network and tunables are our engine's. What redis was asked/); // prettier-ignore
  });

  it("shows the count of a generator that is not ours beside ours", () => {
    const counts = { seconds: 2, answers: 1_234, perSecond: 617, ok: 1_200, errors: 3, p50Ms: 1, p99Ms: 7 };
    const secondOpinion: SecondOpinion = {
      tool: "autocannon 9.0.0",
      theirs: counts,
      ours: { ...counts, seconds: 1.99, perSecond: 620, p50Ms: 1.23, p99Ms: 6.54 },
    };
    const run = runOn("engine-http", "autocannon");
    const seen = {
      ...run,
      trials: run.trials.map((one) =>
        one.record.cell === "autocannon" && one.record.repetition === 1
          ? { ...one, figures: { ...one.figures!, secondOpinion } }
          : one,
      ),
    };
    const page = textOf(renderRunReport(seen));
    assert.match(page, /autocannon 9\.0\.0's own count and ours In 1 trial both counted the same answers/);
    assert.match(page, /its own 1.?234 1.?200 34 3 2 617 1 7/);
    assert.match(page, /ours 1.?234 1.?200 34 3 1\.99 620 1\.23 6\.54/);
    assert.match(
      renderTerminal(seen, { color: false, columns: 300 }).replace(/\s/g, " "),
      /autocannon 9\.0\.0's own count and ours: 1.?234 and 1.?234 answers, 617 and 620 per s/,
    );
  });
});

describe("a metric", () => {
  it("says what it needs, and is left out of trials whose target does not show it", () => {
    assert.equal(describeMetric("scan_p9999_ms")?.needs, "scans");
    assert.equal(describeMetric("clock_bytes_mean")?.needs, "inspection");
    assert.equal(describeMetric("fd_detection_ms")?.needs, "counters");
    assert.equal(describeMetric("read_p99_ms")?.needs, undefined);
    assert.equal(describeMetric("staleness_t_p50_ms")?.needs, undefined, "no stale_keys_final");
    const value = { value: 1, lo: null, hi: null, n: 1, unit: "ms" };
    const metrics = { read_p99_ms: value, siblings_mean: value, hints_expired: value, lost_updates: value };
    assert.deepEqual(Object.keys(metricsSeen(metrics, recordOfTarget("redis"))), ["read_p99_ms", "lost_updates"]);
    assert.deepEqual(metricsSeen(metrics, recordOfTarget("engine")), metrics);
  });
});

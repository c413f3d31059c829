/**
 * What each text format says, read back by something that is not ours where it is installed, and held against the run's own
 * summaries: the same numbers, digit for digit, with the same units.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { decodeFromCompressedBase64, HistogramLogReader, listTags } from "hdr-histogram-js";
import { familyOf } from "../../../results/export/openmetrics";
import { parseCsv } from "../../../results/record/csv";
import { LatencyHistogram } from "../../../results/record/histogram";
import { METRICS } from "../../../results/record/metrics";
import type { LoadedRun } from "../../../results/record/run-folder";
import { planOf, textsOf } from "./asking";
import { operationsOf, storedRun } from "./stored-run";
import { temporaryFolder } from "../record/made-up-run";

describe("exports", () => {
  let root: string;
  let run: LoadedRun;
  before(() => {
    root = temporaryFolder();
    run = storedRun(root);
  });
  after(() => fs.rmSync(root, { recursive: true }));

  describe("csv", () => {
    it("has every metric of every trial as summary.json has it", async () => {
      const rows = records((await textsOf(run, "csv")).get("metrics_long.csv")!);
      let compared = 0;
      for (const { record, summary } of run.trials)
        for (const [metric, { value, unit, n }] of Object.entries(summary!.metrics)) {
          const row = rows.find(
            (one) =>
              one["cell"] === record.cell && one["repetition"] === `${record.repetition}` && one["metric"] === metric,
          )!;
          assert.deepEqual(
            [row["value"], row["unit"], row["n"]],
            [value === null ? "" : String(value), unit, String(n)],
          );
          assert.equal(row["ring.hash"], 'md"5\n');
          compared++;
        }
      assert.ok(compared > 100 && compared === rows.length);
    });

    it("has the series of all trials in one long table, without rows for what was not measured", async () => {
      const rows = records((await textsOf(run, "csv")).get("series.csv")!);
      let values = 0;
      for (const { record, figures } of run.trials)
        for (const [series, of] of Object.entries(figures!.intervals.columns))
          of.forEach((value, i) => {
            const t = String(figures!.intervals.t[i]);
            const found = rows.filter(
              (one) => one["trial"] === record.id && one["series"] === series && one["t_s"] === t,
            );
            assert.deepEqual(
              found.map((one) => one["value"]),
              value === null ? [] : [String(value)],
            );
            if (value !== null) values++;
          });
      assert.ok(values > 100 && values === rows.length);
    });

    it("leaves out what is summed up over repetitions where one trial is asked for", async () => {
      const one = { ...run, trials: run.trials.slice(0, 1) };
      const names = [...(await textsOf(one, "csv", { oneTrial: true })).keys()];
      assert.deepEqual(names, ["trials.csv", "metrics_long.csv", "series.csv"]);
    });
  });

  describe("json", () => {
    it("is the whole run, and keeps to its schema", async function () {
      const text = (await textsOf(run, "json")).get("run.json")!;
      const read = JSON.parse(text) as Omit<LoadedRun, "folder"> & { schema: string };
      const plain = JSON.parse(JSON.stringify(run)) as LoadedRun;
      for (const part of ["manifest", "cells", "comparisons", "trials"] as const)
        assert.deepEqual(read[part], plain[part]);
      const schema = path.join(__dirname, "..", "..", "..", "results", "export", "run.schema.json");
      const file = path.join(root, "run.json");
      fs.writeFileSync(file, text);
      assert.equal(python(this, "jsonschema", CHECK_SCHEMA, [schema, file]).trim(), "fits");
      fs.writeFileSync(file, text.replace('"outcome":"done"', '"outcome":"great"'));
      assert.match(python(this, "jsonschema", CHECK_SCHEMA, [schema, file]), /great/);
    });
  });

  describe("hlog", () => {
    it("pools repetitions so that another reader counts every operation of both", async () => {
      const text = (await textsOf(run, "hlog")).get("r1.hlog")!;
      const of = run.trials
        .filter(({ record }) => record.cell === "r1")
        .flatMap(({ record }) => operationsOf(record.id));
      assert.deepEqual(
        new Set(listTags(text)),
        new Set(["read.ok", "read.timeout", "update.ok"].flatMap((one) => [`${one}.response`, `${one}.service`])),
      );
      const reader = new HistogramLogReader(text);
      const counts = new Map<string, number>();
      let longest = 0;
      let before = -1;
      for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
        counts.set(next.tag, (counts.get(next.tag) ?? 0) + next.totalCount);
        if (next.tag === "read.ok.response") longest = Math.max(longest, next.maxValue);
        assert.ok(next.startTimeStampMsec >= before, "lines are not in order of time");
        before = next.startTimeStampMsec;
      }
      const reads = of.filter(({ kind, outcome }) => kind === "read" && outcome === "ok");
      assert.equal(counts.get("read.ok.response"), reads.length);
      assert.equal(counts.get("update.ok.service"), of.filter(({ kind }) => kind === "update").length);
      const exact = Math.max(...reads.map(({ start, end }) => end - start));
      assert.ok(Math.abs(longest - exact) <= exact / 1000 + 1);
      assert.match(text, /2 repetitions pooled/);
    });

    it("hands on a trial's own log byte for byte", async () => {
      const texts = await textsOf(run, "hlog", { eachTrial: true });
      assert.equal(texts.size, 4);
      const own = path.join(path.dirname(run.folder), "trials", run.trials[0].record.id, "latency.hlog");
      assert.equal(texts.get("r1-1.hlog"), fs.readFileSync(own, "utf8"));
    });
  });

  describe("hgrm", () => {
    it("prints the percentiles that the histogram has, in the columns that plotters read", async () => {
      const text = (await textsOf(run, "hgrm")).get("r2-read-ok-response.hgrm")!;
      const lines = text.split("\n");
      assert.equal(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
      assert.equal(lines[1], "");
      const rows = lines.slice(2).filter((line) => /^ *[\d.]+ [\d.]+ +\d+( +[\d.]+)?$/.test(line));
      assert.ok(rows.length > 20);
      for (const row of rows) assert.match(row, /^[ \d.]{12} \d\.\d{12} [ \d]{10}( [ \d.]{14})?$/);
      const values = run.trials
        .filter(({ record }) => record.cell === "r2")
        .flatMap(({ record }) => operationsOf(record.id))
        .filter(({ kind, outcome }) => kind === "read" && outcome === "ok")
        .map(({ start, end }) => end - start)
        .sort((a, b) => a - b);
      for (const row of rows) {
        const [ms, percentile, total] = row.trim().split(/ +/).map(Number);
        const exact = values[Math.max(0, Math.ceil(percentile * values.length - 1e-9) - 1)];
        assert.ok(Math.abs(ms * 1000 - exact) <= exact / 1000 + 1, `${row}: ${exact}`);
        const below = values.filter((value) => value <= ms * 1000 + 0.5).length;
        assert.ok(Math.abs(below - total) <= 0, `${row}: ${below}`);
      }
      assert.match(text, new RegExp(`Total count +=  +${values.length}\\]`));
      assert.match(text, new RegExp(`#\\[${values.length} operations ended .* the summary counts ${values.length} `));
    });

    it("agrees with the summary of a trial", async () => {
      const trial = run.trials[0];
      const one = { ...run, trials: [trial] };
      const text = (await textsOf(one, "hgrm", { oneTrial: true, operation: "write" })).get(
        "r1-1-write-ok-response.hgrm",
      )!;
      const row = text.split("\n").find((line) => / 0\.5000000/.test(line))!;
      assert.equal(Number(row.trim().split(/ +/)[0]), trial.summary!.metrics["write_p50_ms"].value);
    });

    it("says what there is where nothing was recorded", async () => {
      await assert.rejects(
        planOf(run, "hgrm", { operation: "scan" }),
        /scan\.ok\.response; there is .*read\.ok\.response/,
      );
    });
  });

  describe("openmetrics", () => {
    it("is read by Prometheus' own parser, with the numbers of the cells", async function () {
      const text = (await textsOf(run, "openmetrics")).get("metrics.om")!;
      assert.ok(text.endsWith("\n# EOF\n"));
      const file = path.join(root, "metrics.om");
      fs.writeFileSync(file, text);
      const families = JSON.parse(python(this, "prometheus_client", PARSE_METRICS, [file])) as Family[];
      const unread = new Set(families.map(({ name }) => name));
      let compared = 0;
      for (const cell of run.cells)
        for (const [metric, { value, lo, hi, unit }] of Object.entries(cell.metrics)) {
          if (value === null) continue;
          const { name, unit: suffix } = familyOf(metric, unit);
          const family = families.find((one) => one.name === name)!;
          assert.deepEqual([family.type, family.unit], ["gauge", suffix]);
          unread.delete(name);
          for (const [statistic, number] of [
            ["median", value],
            ["ci_lo", lo],
            ["ci_hi", hi],
          ] as const) {
            const sample = family.samples.filter(
              ({ labels }) => labels["cell"] === cell.id && labels["statistic"] === statistic,
            );
            assert.deepEqual(
              sample.map((one) => one.value),
              number === null ? [] : [number],
            );
            if (sample.length > 0) assert.equal(sample[0].labels["axis_ring_hash"], 'md"5\n');
            compared += sample.length;
          }
        }
      assert.deepEqual([...unread], ["quorumlab_run"]);
      assert.ok(compared > 60);
    });

    it("has a name that the parser takes for every metric there is", function () {
      const file = path.join(root, "all.om");
      const lines = METRICS.flatMap(({ name, unit }) => {
        const family = familyOf(name, unit);
        assert.ok(family.unit === "" || family.name.endsWith(`_${family.unit}`));
        return [
          `# TYPE ${family.name} gauge`,
          ...(family.unit === "" ? [] : [`# UNIT ${family.name} ${family.unit}`]),
          `${family.name} 1`,
        ];
      });
      fs.writeFileSync(file, [...lines, "# EOF", ""].join("\n"));
      const families = JSON.parse(python(this, "prometheus_client", PARSE_METRICS, [file])) as Family[];
      assert.equal(new Set(families.map(({ name }) => name)).size, METRICS.length);
    });

    it("has each repetition apart where that is asked for", async () => {
      const text = (await textsOf(run, "openmetrics", { eachTrial: true })).get("metrics.om")!;
      const { value } = run.trials[3].summary!.metrics["read_p99_ms"];
      assert.match(
        text,
        new RegExp(`\nquorumlab_read_p99_ms\\{.*trial="22a1c09b77d2",repetition="2",validity="\\w+"\\} ${value}\n`),
      );
    });

    it("tells a repetition's bound from a value, and an invalid one from a sound one", async () => {
      const trials = run.trials.slice(0, 1).map((trial): LoadedRun["trials"][number] => {
        const summary = trial.summary!;
        const metrics = {
          ...summary.metrics,
          read_p99_ms: { ...summary.metrics["read_p99_ms"], atLeast: true as const },
        };
        return { ...trial, summary: { ...summary, metrics, validity: { ...summary.validity, verdict: "invalid" } } };
      });
      const text = (await textsOf({ ...run, trials }, "openmetrics", { eachTrial: true })).get("metrics.om")!;
      assert.match(text, /\nquorumlab_read_p99_ms\{.*validity="invalid",statistic="lower_bound"\} /);
      assert.match(text, /\nquorumlab_read_p50_ms\{[^\n]*validity="invalid"\} /);
    });
  });

  describe("histograms", () => {
    it("come out of the log as they went in", () => {
      const one = new LatencyHistogram();
      one.record(1234, 5);
      const read = decodeFromCompressedBase64(one.encode(), 32, false);
      assert.deepEqual([read.totalCount, read.getValueAtPercentile(50)], [5, 1234]);
      one.destroy();
    });
  });
});

interface Family {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

function records(text: string): Readonly<Record<string, string>>[] {
  const [header, ...rows] = parseCsv(text);
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
}

const CHECK_SCHEMA = `
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
errors = list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(open(sys.argv[2]))))
print("fits" if not errors else errors[0].message)
`;
const PARSE_METRICS = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(json.dumps([
  {"name": f.name, "type": f.type, "unit": f.unit, "samples": [{"labels": s.labels, "value": s.value} for s in f.samples]}
  for f in text_string_to_metric_families(open(sys.argv[1], newline="").read())]))
`;

/** Debian's Python, which has Debian's packages. */
function python(test: Mocha.Context, needs: string, program: string, args: readonly string[]): string {
  const run = (code: string, given: readonly string[]) =>
    spawnSync("/usr/bin/python3", ["-c", code, ...given], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (run(`import ${needs}`, []).status !== 0) {
    console.log(`      skipped: Python's ${needs} (Debian's python3-${needs.replace("_", "-")}) is not here`);
    test.skip();
  }
  const { status, stdout, stderr } = run(program, args);
  assert.equal(status, 0, stderr);
  return stdout;
}

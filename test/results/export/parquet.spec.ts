/**
 * Parquet files as DuckDB and hyparquet read them: sums by SQL are our own, types are what the columns mean, and what is
 * missing is missing. A long history is written in pieces, none of them larger than a group of rows: memory is
 * bounded by the group and not by the history.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { historyPieces } from "../../../results/export/parquet";
import { parquetPieces } from "../../../results/export/parquet-table";
import type { LoadedRun } from "../../../results/record/run-folder";
import { bytesOf, planOf } from "./asking";
import { HARD_KEY, operationsOf, storedRun } from "./stored-run";
import { temporaryFolder } from "../record/made-up-run";

describe("exports as Parquet", () => {
  let root: string;
  let run: LoadedRun;
  before(async () => {
    root = temporaryFolder();
    run = storedRun(root);
    for (const file of (await planOf(run, "parquet")).files)
      fs.writeFileSync(path.join(root, file.name), await bytesOf(file));
  });
  after(() => fs.rmSync(root, { recursive: true }));

  it("has sums by SQL that are our own", async () => {
    const rows = await sql(
      root,
      `select cell, kind, outcome, count(*)::int, sum(end_us - start_us)::bigint, max(write_id), sum(len(versions))::int,
         count(write_id)::int, count(coordinator)::int, count(*) filter (coordinated_by_client)::int
       from 'history.parquet' group by all order by all`,
    );
    const expected = new Map<string, (string | number | bigint | null)[]>();
    for (const { record } of run.trials)
      for (const one of operationsOf(record.id)) {
        const key = `${record.cell} ${one.kind} ${one.outcome}`;
        const sum = expected.get(key) ?? [record.cell, one.kind, one.outcome, 0, 0n, null, 0, 0, 0, 0];
        sum[3] = Number(sum[3]) + 1;
        sum[4] = BigInt(sum[4]!) + BigInt(one.end - one.start);
        if (one.writeId !== 0 && BigInt(one.writeId) > BigInt(sum[5] ?? 0)) sum[5] = BigInt(one.writeId);
        sum[6] = Number(sum[6]) + one.versions.length;
        if (one.writeId !== 0) sum[7] = Number(sum[7]) + 1;
        if (one.coordinator >= 0) sum[8] = Number(sum[8]) + 1;
        if (one.coordinator === -2) sum[9] = Number(sum[9]) + 1;
        expected.set(key, sum);
      }
    assert.equal(rows.length, 6);
    assert.deepEqual(
      rows,
      [...expected.keys()].sort().map((key) => expected.get(key)),
    );
  });

  it("has the types that the columns mean", async () => {
    const types = new Map(
      (await sql(root, "describe from 'history.parquet'")).map(([name, type]) => [String(name), String(type)]),
    );
    for (const name of ["intended_us", "start_us", "end_us", "operation", "write_id"])
      assert.equal(types.get(name), "BIGINT", name);
    assert.deepEqual(
      ["key", "versions", "seen", "coordinated_by_client", "key_fraction", "repetition"].map((name) => types.get(name)),
      ["VARCHAR", "BIGINT[]", "BIGINT[]", "BOOLEAN", "DOUBLE", "INTEGER"],
    );
    assert.deepEqual(await sql(root, "select distinct key_fraction from 'history.parquet'"), [[0.5]]);
  });

  it("joins trials and metrics with the numbers of summary.json", async () => {
    const rows = await sql(
      root,
      `select t.trial, t.seed, t."ring.hash", m.value, m.unit from 'trials.parquet' t
       join 'metrics_long.parquet' m on t.cell = m.cell and t.repetition = m.repetition
       where m.metric = 'read_p99_ms' order by t.trial`,
    );
    assert.deepEqual(
      rows,
      run.trials
        .map(({ record, summary }) => [
          ...[record.id, BigInt(record.seed), 'md"5\n'],
          summary!.metrics["read_p99_ms"].value,
          "ms",
        ])
        .sort(),
    );
  });

  it("is read by hyparquet, with hard keys and lists as they were", async () => {
    const { asyncBufferFromFile, parquetReadObjects } = require("hyparquet") as typeof import("hyparquet");
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path.join(root, "history.parquet")) });
    const ours = run.trials.flatMap(({ record }) => operationsOf(record.id));
    assert.equal(rows.length, ours.length);
    rows.forEach((row, i) => {
      assert.equal(row["key"], ours[i].key);
      assert.deepEqual(row["versions"], ours[i].versions.map(BigInt));
      assert.deepEqual(
        [row["end_us"], row["write_id"]],
        [BigInt(ours[i].end), ours[i].writeId === 0 ? null : BigInt(ours[i].writeId)],
      );
    });
    assert.ok(rows.some((row) => row["key"] === HARD_KEY));
  });

  it("comes in pieces no larger than a group, however long the history", async () => {
    const id = run.trials[0].record.id;
    const file = path.join(path.dirname(run.folder), "trials", id, "history.jsonl.gz");
    const before = fs.readFileSync(file);
    const sizes = async (times: number): Promise<number[]> => {
      const lines = [{ schema: "quorumlab/history@1", keyFraction: 1 }, ...operationsOf(id, 50)];
      const [header, ...some] = lines.map((line) => JSON.stringify(line) + "\n");
      fs.writeFileSync(file, gzipSync(header + some.join("").repeat(times)));
      const of: number[] = [];
      for await (const piece of historyPieces(run, [run.trials[0]], 500)) of.push(piece.length);
      return of;
    };
    const short = await sizes(20);
    const long = await sizes(200);
    fs.writeFileSync(file, before);
    // A group of 500 a piece, and the footer.
    assert.deepEqual([short.length, long.length], [3, 21]);
    assert.ok(Math.max(...long.slice(0, -1)) <= 1.2 * Math.max(...short.slice(0, -1)));
  });

  it("is a table without rows where there are none, and refuses a hole where none may be", async () => {
    const columns = [{ name: "a", type: "int64" as const }];
    const pieces: Buffer[] = [];
    for await (const piece of parquetPieces(columns, [], {})) pieces.push(Buffer.from(piece));
    fs.writeFileSync(path.join(root, "empty.parquet"), Buffer.concat(pieces));
    assert.deepEqual(await sql(root, "select count(*)::int from 'empty.parquet'"), [[0]]);
    await assert.rejects(async () => {
      for await (const piece of parquetPieces(columns, [[null]], {})) void piece;
    }, /column a holds a missing value/);
  });

  it("says which line of a history is damaged, and what is not there", async () => {
    const id = run.trials[0].record.id;
    const file = path.join(path.dirname(run.folder), "trials", id, "history.jsonl.gz");
    const before = fs.readFileSync(file);
    const trying = async (content: Buffer): Promise<void> => {
      fs.writeFileSync(file, content);
      for await (const piece of historyPieces(run, [run.trials[0]])) void piece;
    };
    const header = '{"schema":"quorumlab/history@1","keyFraction":1}\n';
    await assert.rejects(trying(gzipSync(`${header}{"id":1}\n`)), /line 2 is not an operation of a history/);
    await assert.rejects(trying(gzipSync(`${header}{"id"`)), /line 2 is no JSON/);
    await assert.rejects(trying(gzipSync("{}\n")), /line 1 is not the header/);
    await assert.rejects(trying(before.subarray(0, before.length - 40)), /not compressed with gzip, or damaged/);
    fs.writeFileSync(file, before);
    const none = temporaryFolder();
    try {
      const plan = await planOf(storedRun(none, { history: false, trace: false }), "parquet");
      assert.ok(plan.files.every(({ name }) => name !== "history.parquet"));
      assert.match(plan.notes.join(), /measure\.raw\.history/);
      await assert.rejects(planOf(storedRun(none, { history: false, trace: false }), "trace"), /trace_windows/);
    } finally {
      fs.rmSync(none, { recursive: true });
    }
  });
});

type Value = string | number | bigint | boolean | null;

/** Rows of a query over the files of `folder`. */
async function sql(folder: string, query: string): Promise<Value[][]> {
  const { DuckDBInstance } = require("@duckdb/node-api") as typeof import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const files = query.replaceAll(/'([a-z_]+\.parquet)'/g, (_, name: string) => `'${path.join(folder, name)}'`);
    return (await connection.runAndReadAll(files)).getRows() as Value[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

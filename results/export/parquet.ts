/**
 * Parquet for large data: the raw history where trials kept one (`measure.raw.history`), one row an operation with times in
 * whole microseconds, and the tables of trials and metrics to join it with by `trial`. What nobody knows is missing and not
 * 0 or -1: a read has no write, and the coordinator of a request that was never answered is unknown.
 */
import { createReadStream, existsSync } from "node:fs";
import { createGunzip } from "node:zlib";
import type { HistoryHeader } from "../record/history-file";
import { THE_CLIENT_ITSELF, type OperationRecord } from "../record/history";
import type { LoadedRun } from "../record/run-folder";
import type { CsvField } from "../record/csv";
import type { Table } from "../statistics/tables";
import { tablesOf } from "./csv";
import { ExportRefused, trialFile, type ExportFile, type ExportFormat, type Piece, type Trial } from "./format";
import { parquetPieces, type Column, type ColumnType, type ColumnValue } from "./parquet-table";

export const parquet: ExportFormat = {
  name: "parquet",
  title: "raw history (where kept), trials and metrics as Parquet tables",
  plan(request) {
    const { run } = request;
    const kept = run.trials.filter((trial) => existsSync(historyFile(run, trial)));
    const tables = tablesOf(request).map((table): ExportFile => ({
      name: `${table.name}.parquet`,
      binary: true,
      pieces: () => tablePieces(table, aboutRun(run)),
    }));
    const history: ExportFile = {
      name: "history.parquet",
      binary: true,
      pieces: () => historyPieces(run, kept),
    };
    const notes =
      kept.length === 0
        ? ["no trial of this run kept its raw history (measure.raw.history asks for it): tables only"]
        : kept.length < run.trials.length
          ? [`${kept.length} of ${run.trials.length} trials kept their raw history`]
          : [];
    return { files: kept.length === 0 ? tables : [...tables, history], notes };
  },
};

function historyFile(run: LoadedRun, trial: Trial): string {
  return trialFile(run, trial, "history.jsonl.gz");
}

function aboutRun({ manifest }: LoadedRun): Readonly<Record<string, string>> {
  return { "quorumlab.run": manifest.run, "quorumlab.experiment": manifest.experiment };
}

const HISTORY: readonly Column[] = [
  { name: "trial", type: "string" },
  { name: "cell", type: "string" },
  { name: "repetition", type: "int32" },
  { name: "operation", type: "int64", rising: true },
  { name: "phase", type: "string" },
  { name: "kind", type: "string" },
  { name: "key", type: "string" },
  { name: "session", type: "int64" },
  { name: "intended_us", type: "int64", rising: true },
  { name: "start_us", type: "int64", rising: true },
  { name: "end_us", type: "int64", rising: true },
  { name: "outcome", type: "string" },
  { name: "write_id", type: "int64", nullable: true },
  { name: "versions", type: "int64 list" },
  { name: "values", type: "int32" },
  { name: "seen", type: "int64 list" },
  { name: "context_in_bytes", type: "int64" },
  { name: "context_out_bytes", type: "int64" },
  { name: "coordinator", type: "int32", nullable: true },
  { name: "coordinated_by_client", type: "boolean" },
  { name: "key_fraction", type: "double" },
];

/** For tests: groups of fewer rows. */
export function historyPieces(run: LoadedRun, trials: readonly Trial[], rowsOfGroup?: number): AsyncIterable<Piece> {
  return parquetPieces(HISTORY, historyRows(run, trials), aboutRun(run), rowsOfGroup);
}

async function* historyRows(run: LoadedRun, trials: readonly Trial[]): AsyncGenerator<readonly ColumnValue[]> {
  for (const trial of trials) {
    const { id, cell, repetition } = trial.record;
    let fraction: number | undefined;
    let line = 0;
    const file = historyFile(run, trial);
    for await (const text of linesOf(file)) {
      line++;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        throw new ExportRefused(`${file}: line ${line} is no JSON`);
      }
      if (fraction === undefined) {
        const header = value as Partial<HistoryHeader> | null;
        if (header?.schema !== "quorumlab/history@1" || typeof header.keyFraction !== "number")
          throw new ExportRefused(`${file}: line 1 is not the header of a history`);
        fraction = header.keyFraction;
        continue;
      }
      try {
        yield rowOf(value as OperationRecord, [id, cell, repetition], fraction);
      } catch {
        throw new ExportRefused(`${file}: line ${line} is not an operation of a history`);
      }
    }
    if (fraction === undefined) throw new ExportRefused(`${file} is empty`);
  }
}

function rowOf(o: OperationRecord, trial: readonly ColumnValue[], fraction: number): readonly ColumnValue[] {
  const whole = [o.id, o.session, o.intended, o.start, o.end, o.writeId, o.values, o.contextInBytes];
  for (const one of [...whole, o.contextOutBytes, o.coordinator, ...o.versions, ...o.seen])
    if (!Number.isSafeInteger(one)) throw new TypeError(`${String(one)} is not a whole number`);
  for (const text of [o.phase, o.kind, o.key, o.outcome])
    if (typeof text !== "string") throw new TypeError("not a text");
  return [
    ...trial,
    ...[o.id, o.phase, o.kind, o.key, o.session, o.intended, o.start, o.end, o.outcome],
    o.writeId === 0 ? null : o.writeId,
    o.versions,
    o.values,
    o.seen,
    ...[o.contextInBytes, o.contextOutBytes],
    o.coordinator < 0 ? null : o.coordinator,
    o.coordinator === THE_CLIENT_ITSELF,
    fraction,
  ];
}

/** Lines of a compressed file, a stretch of it at a time. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const unpacked = createReadStream(file).pipe(createGunzip());
  unpacked.setEncoding("utf8");
  let rest = "";
  try {
    for await (const piece of unpacked as AsyncIterable<string>) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop()!;
      if (rest.length > LONGEST_LINE)
        throw new ExportRefused(`${file}: a line is longer than ${LONGEST_LINE} characters`);
      yield* lines;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith("Z_") === true)
      throw new ExportRefused(`${file} is not compressed with gzip, or damaged`);
    throw error;
  }
  if (rest !== "") yield rest;
}

const LONGEST_LINE = 4 * 2 ** 20;

const TYPES: Readonly<Record<string, ColumnType>> = {
  ...{ repetition: "int64", seed: "int64", operations: "int64", n: "int64", at_least: "int64" },
  ...{ trial: "string", cell: "string", baseline: "string", world: "string", outcome: "string", validity: "string" },
  ...{ metric: "string", unit: "string", better: "string", interval: "string", verdict: "string", reason: "string" },
};

async function* tablePieces({ header, rows }: Table, about: Readonly<Record<string, string>>): AsyncGenerator<Piece> {
  const columns = header.map((name, i): Column => {
    const values = rows.map((row) => row[i]).filter((value) => value !== null && value !== undefined);
    const type = TYPES[name] ?? typeOf(values);
    return { name, type, nullable: true };
  });
  yield* parquetPieces(columns, rowsOf(rows, columns), about);
}

/** Of an axis, or of a metric: numbers where all are, else texts. */
function typeOf(values: readonly CsvField[]): ColumnType {
  if (values.every((value) => typeof value === "number")) return "double";
  return values.every((value) => typeof value === "boolean") ? "boolean" : "string";
}

function* rowsOf(rows: Table["rows"], columns: readonly Column[]): Generator<readonly ColumnValue[]> {
  for (const row of rows)
    yield row.map((value, i) => {
      if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return null;
      return columns[i].type === "string" ? String(value) : value;
    });
}

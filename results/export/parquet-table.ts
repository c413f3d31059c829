/**
 * A Parquet file made piece by piece: rows are gathered into one group of bounded size, the group is encoded and handed on,
 * and its memory used again. So a history of any length takes the memory of one group. Types are those of the
 * columns and not guessed from values: a column of whole microseconds stays one where its first value is missing.
 */
import type { ColumnSource } from "hyparquet-writer";
import type { Piece } from "./format";

export type ColumnType = "string" | "int32" | "int64" | "double" | "boolean" | "int64 list";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Values may be missing. */
  readonly nullable?: boolean;
  /** Values mostly grow: kept as differences. */
  readonly rising?: boolean;
}

export type ColumnValue = string | number | boolean | null | readonly number[];

/** Values of a row stand in the order of the columns. Whole numbers up to 2^53 are exact. */
export async function* parquetPieces(
  columns: readonly Column[],
  rows: Iterable<readonly ColumnValue[]> | AsyncIterable<readonly ColumnValue[]>,
  about: Readonly<Record<string, string>>,
  rowsOfGroup = 50_000,
): AsyncGenerator<Piece> {
  const { ByteWriter, ParquetWriter } = require("hyparquet-writer") as typeof import("hyparquet-writer");
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: schemaOf(columns),
    createdBy: "quorumlab",
    kvMetadata: Object.entries(about).map(([key, value]) => ({ key, value })),
  });
  let group: ColumnValue[][] = columns.map(() => []);
  const encode = async (): Promise<Uint8Array> => {
    const size = group[0].length;
    const columnData = columns.map((column, i) => encoded(column, group[i]));
    await file.write({ columnData, rowGroupSize: Math.max(1, size) });
    group = columns.map(() => []);
    return drained(writer);
  };
  let written = false;
  for await (const row of rows as AsyncIterable<readonly ColumnValue[]>) {
    row.forEach((value, i) => group[i].push(value));
    if (group[0].length < rowsOfGroup) continue;
    yield await encode();
    written = true;
  }
  if (group[0].length > 0 || !written) yield await encode();
  await file.finish();
  yield drained(writer);
}

/** What was written since last time; places in the file go on being counted. */
function drained(writer: { buffer: ArrayBuffer; index: number }): Uint8Array {
  const piece = new Uint8Array(writer.buffer.slice(0, writer.index));
  writer.index = 0;
  return piece;
}

function encoded({ name, type, nullable, rising }: Column, values: readonly ColumnValue[]): ColumnSource {
  const data = values.map((value) => {
    if (value === null) {
      if (nullable !== true) throw new TypeError(`column ${name} holds a missing value`);
      return null;
    }
    if (type === "int64") return BigInt(value as number);
    if (type === "int64 list") return (value as readonly number[]).map(BigInt);
    if (type === "int32" && !Number.isInteger(value)) throw new TypeError(`column ${name} holds ${String(value)}`);
    return value;
  });
  return { name, data, ...(rising === true ? { encoding: "DELTA_BINARY_PACKED" as const } : {}) };
}

type Schema = ConstructorParameters<typeof import("hyparquet-writer").ParquetWriter>[0]["schema"];

function schemaOf(columns: readonly Column[]): Schema {
  return [
    { name: "root", num_children: columns.length },
    ...columns.flatMap(({ name, type, nullable }): Schema => {
      const repetition_type = nullable === true ? ("OPTIONAL" as const) : ("REQUIRED" as const);
      switch (type) {
        case "string":
          return [
            { name, type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" }, repetition_type },
          ];
        case "int64 list":
          return [
            { name, repetition_type, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
            { name: "list", repetition_type: "REPEATED", num_children: 1 },
            { name: "element", type: "INT64", repetition_type: "REQUIRED" },
          ];
        default:
          return [{ name, type: PHYSICAL[type], repetition_type }];
      }
    }),
  ];
}

const PHYSICAL = { int32: "INT32", int64: "INT64", double: "DOUBLE", boolean: "BOOLEAN" } as const;

/** Every format that a run can be exported to, in the order in which help and documentation name them. */
import { csv } from "./csv";
import type { ExportFormat } from "./format";
import { hgrm } from "./hgrm";
import { hlog } from "./hlog";
import { json } from "./json";
import { paper } from "../paper/paper";
import { openmetrics } from "./openmetrics";
import { parquet } from "./parquet";
import { trace } from "./trace-events";

export const FORMATS: ReadonlyMap<string, ExportFormat> = new Map(
  [csv, json, hlog, hgrm, parquet, openmetrics, trace, paper].map((format) => [format.name, format]),
);

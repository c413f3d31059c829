/**
 * The properties that YCSB's client and its measuring read, beside those of the workload: where the report goes and in what
 * form, status lines, series, retries of inserts. What changes nothing here is noted with the reason, never passed over.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import { EXPORTER_CLASSES, type ExporterName, exporterNamed } from "../../results/ycsb/exporters";
import { MEASUREMENT_TYPES, type MeasurementSettings, USUAL_MEASUREMENT } from "../../results/ycsb/settings";
import type { InsertionRules } from "../../workloads/ycsb/counted-workload";
import type { PropertyValues } from "../../workloads/ycsb/property-values";

export interface ClientProperties {
  readonly exporter: ExporterName;
  readonly exportFile: string | undefined;
  readonly status: boolean;
  readonly statusIntervalMs: number;
  readonly label: string;
  /** Its `interval` is read with the workload, where files of go-ycsb are told apart. */
  readonly measurement: Omit<MeasurementSettings, "interval">;
  readonly insertion: InsertionRules;
  readonly notes: readonly string[];
}

const MAX_INT = 2_147_483_647;
const MOST_BUCKETS = 10_000_000;
const TEXT = "TextMeasurementsExporter";

/** Problems go to `values`; what is returned is then of no use. */
export function readClientProperties(values: PropertyValues): ClientProperties {
  const seconds = (key: string, fallback: number, least: number): number =>
    values.integer(key, fallback, least, MAX_INT) * 1_000;
  return {
    exporter: readExporter(values),
    exportFile: nonEmpty(values.text("exportfile")),
    status: values.flag("status", false),
    statusIntervalMs: Math.min(MAX_INT, seconds("status.interval", 10, 1)),
    label: values.text("label") ?? "",
    measurement: readMeasurement(values),
    insertion: {
      retryLimit: values.integer("core_workload_insertion_retry_limit", 0, 0, MAX_INT),
      retryIntervalMs: seconds("core_workload_insertion_retry_interval", 3, 0),
      keepGoing: values.flag("core_workload_insertion_keep_going_on_error", false),
    },
    notes: withoutEffect(values),
  };
}

function readExporter(values: PropertyValues): ExporterName {
  const typed = values.text("exporter");
  if (typed === undefined) return TEXT;
  const found = exporterNamed(typed);
  if (found !== undefined) return found;
  const near = nearest(typed, EXPORTER_CLASSES);
  const names = EXPORTER_CLASSES.slice(0, EXPORTER_CLASSES.length / 2).join(", ");
  values.problems.push(
    `exporter: "${typed}" is none of ${names}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
  return TEXT;
}

function readMeasurement(values: PropertyValues): Omit<MeasurementSettings, "interval"> {
  const usual = USUAL_MEASUREMENT;
  const fileOutput = values.flag("hdrhistogram.fileoutput", false);
  const prefix = values.text("hdrhistogram.output.path") ?? "";
  const tracked = values.text("latencytrackederrors");
  return {
    type: values.choice("measurementtype", usual.type, MEASUREMENT_TYPES),
    percentiles: readPercentiles(values, "hdrhistogram.percentiles", usual.percentiles),
    hdrPrefix: fileOutput ? prefix : undefined,
    buckets: values.integer("histogram.buckets", usual.buckets, 1, MOST_BUCKETS),
    verbose: values.flag("measurement.histogram.verbose", false),
    granularityMs: values.integer("timeseries.granularity", usual.granularityMs, 1, MAX_INT),
    timeSeriesPercentiles: readPercentiles(values, "timeseries.percentiles", usual.timeSeriesPercentiles),
    rawFile: nonEmpty(values.text("measurement.raw.output_file")),
    rawNoSummary: values.flag("measurement.raw.no_summary", false),
    eachError: values.flag("reportlatencyforeacherror", false),
    trackedErrors: tracked === undefined ? [] : tracked.split(","),
  };
}

function readPercentiles(values: PropertyValues, key: string, fallback: readonly number[]): readonly number[] {
  const typed = values.text(key);
  if (typed === undefined) return fallback;
  const parts = typed.split(",").map((part) => part.trim());
  const numbers = parts.map(Number);
  if (numbers.every((one, i) => parts[i] !== "" && one >= 0 && one <= 100)) return numbers;
  values.problems.push(`${key}: "${typed}" is not a list of percentiles from 0 to 100, such as 50,95,99.9`);
  return fallback;
}

/** What is understood and changes nothing. */
function withoutEffect(values: PropertyValues): string[] {
  const notes: string[] = [];
  const db = values.text("db");
  if (db !== undefined) notes.push(`db=${db}: not used; what is driven is the cluster that this command starts`);
  if (values.flag("measurement.trackjvm", false)) notes.push("measurement.trackjvm: there is no Java machine to watch");
  if (values.flag("readallfieldsbyname", false))
    notes.push("readallfieldsbyname: a record is one value, so a read brings it whole however it is asked for");
  if (values.flag("spin.sleep", false))
    notes.push("spin.sleep: not used; waiting takes no thread here, and lateness is measured (measurement.interval)");
  return notes;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

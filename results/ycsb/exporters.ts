/**
 * How a report of YCSB's is written: a stream of (metric, measurement, value), as text or as JSON. YCSB chooses the form by
 * the name of a Java class; both package names that it has had are understood, and go-ycsb's silence means text.
 *
 * The JSON exporter writes one object after the other, which is no JSON document as a whole. That is kept, because whoever
 * reads it reads it so; the array exporter is for everybody else. NaN is written as Jackson writes it, in quotes.
 */
import { javaDouble } from "./java-numbers";

/** A Java long (or int), or a double. */
export type ExportedValue = { readonly long: number | string } | { readonly double: number };

export interface Exporter {
  write(metric: string, measurement: string, value: ExportedValue): void;
  /** The whole report. */
  finish(): string;
}

export type ExporterName = "TextMeasurementsExporter" | "JSONMeasurementsExporter" | "JSONArrayMeasurementsExporter";

export const EXPORTERS: Readonly<Record<ExporterName, () => Exporter>> = {
  TextMeasurementsExporter: () => {
    const lines: string[] = [];
    return {
      write: (metric, measurement, value) => void lines.push(`[${metric}], ${measurement}, ${printed(value)}\n`),
      finish: () => lines.join(""),
    };
  },
  JSONMeasurementsExporter: () => {
    const objects: string[] = [];
    return {
      write: (metric, measurement, value) => void objects.push(jsonObject(metric, measurement, value)),
      finish: () => objects.join(" "),
    };
  },
  JSONArrayMeasurementsExporter: () => {
    const objects: string[] = [];
    return {
      write: (metric, measurement, value) => void objects.push(jsonObject(metric, measurement, value)),
      finish: () => `[ ${objects.join(", ")} ]`,
    };
  },
};

const PACKAGES = ["site.ycsb.measurements.exporter.", "com.yahoo.ycsb.measurements.exporter."];

/** Every accepted spelling, for suggestions. */
export const EXPORTER_CLASSES: readonly string[] = PACKAGES.flatMap((start) =>
  Object.keys(EXPORTERS).map((name) => start + name),
);

/** By the name of the Java class; undefined for any other. */
export function exporterNamed(className: string): ExporterName | undefined {
  const start = PACKAGES.find((one) => className.startsWith(one));
  const name = className.slice(start?.length ?? 0);
  return start !== undefined && Object.hasOwn(EXPORTERS, name) ? (name as ExporterName) : undefined;
}

function printed(value: ExportedValue): string {
  return "long" in value ? String(value.long) : javaDouble(value.double);
}

/** As Jackson's pretty printer lays an object out. */
function jsonObject(metric: string, measurement: string, value: ExportedValue): string {
  const finite = "long" in value || Number.isFinite(value.double);
  const number = finite ? printed(value) : `"${printed(value)}"`;
  return `{\n  "metric" : ${JSON.stringify(metric)},\n  "measurement" : ${JSON.stringify(measurement)},\n  "value" : ${number}\n}`;
}

/**
 * One series of latencies under one name (`READ`, `UPDATE-FAILED`, `Intended-READ`): what YCSB calls a OneMeasurement.
 * Each kind keeps something else of what it is told and reports in its own words; all count return statuses alike.
 * Status lines tell of the time since the last one and never of the whole, so asking for one moves the series on.
 */
import { bucketSeries } from "./bucket-series";
import type { Exporter } from "./exporters";
import { hdrSeries } from "./hdr-series";
import { rawSeries } from "./raw-series";
import type { MeasurementSettings } from "./settings";
import { timeSeries } from "./time-series";

/** Where a series puts what is no part of the report. Opened at once, so that a path that cannot be written is told early. */
export interface SeriesOutputs {
  /** A file written from its beginning, or at its end. */
  file(path: string, mode: "write" | "append"): { write(text: string): void; close(): void };
  standard(text: string): void;
}

export interface SeriesSetup {
  readonly name: string;
  readonly settings: MeasurementSettings;
  readonly outputs: SeriesOutputs;
  /** Milliseconds since 1970 at which the run began: times below count from there. */
  readonly beganMs: number;
}

export interface Series {
  /** `atMs`: when it was measured, from the beginning of the run. */
  measure(micros: number, atMs: number): void;
  status(name: string): void;
  /** Of the time since the last call, up to `nowMs`. */
  summary(nowMs: number): string;
  /** Once, at the end. */
  export(exporter: Exporter, nowMs: number): void;
}

/** By `measurementtype`; combined types keep two series under names that tell them apart. */
export function createSeries(setup: SeriesSetup): Series {
  const named = (prefix: string): SeriesSetup => ({ ...setup, name: `${prefix}${setup.name}` });
  switch (setup.settings.type) {
    case "hdrhistogram":
      return hdrSeries(setup);
    case "histogram":
      return bucketSeries(setup);
    case "timeseries":
      return timeSeries(setup);
    case "raw":
      return rawSeries(setup);
    case "hdrhistogram+histogram":
      return both(hdrSeries(named("Hdr")), bucketSeries(named("Bucket")));
    case "hdrhistogram+raw":
      return both(hdrSeries(named("Hdr")), rawSeries(named("Raw")));
  }
}

/** Statuses are the first one's. */
function both(first: Series, second: Series): Series {
  return {
    measure: (micros, atMs) => {
      first.measure(micros, atMs);
      second.measure(micros, atMs);
    },
    status: (name) => first.status(name),
    summary: (nowMs) => `${first.summary(nowMs)}\n${second.summary(nowMs)}`,
    export: (exporter, nowMs) => {
      first.export(exporter, nowMs);
      second.export(exporter, nowMs);
    },
  };
}

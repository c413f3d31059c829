/**
 * What YCSB's properties say of measuring: which kind of series keeps latencies, from which instant they run, which
 * percentiles are told, where logs go. Defaults are those of YCSB's code, not of its template file.
 */

export type MeasurementType =
  "hdrhistogram" | "histogram" | "hdrhistogram+histogram" | "hdrhistogram+raw" | "timeseries" | "raw";

export const MEASUREMENT_TYPES: readonly MeasurementType[] = [
  "hdrhistogram",
  "histogram",
  "hdrhistogram+histogram",
  "hdrhistogram+raw",
  "timeseries",
  "raw",
];

export interface MeasurementSettings {
  /** `measurementtype`. */
  readonly type: MeasurementType;
  /** `measurement.interval`. */
  readonly interval: "op" | "intended" | "both";
  /** `hdrhistogram.percentiles`. */
  readonly percentiles: readonly number[];
  /** `hdrhistogram.output.path`, a bare prefix, where `hdrhistogram.fileoutput` is true. */
  readonly hdrPrefix: string | undefined;
  /** `histogram.buckets`, of a millisecond each. */
  readonly buckets: number;
  /** `measurement.histogram.verbose`. */
  readonly verbose: boolean;
  /** `timeseries.granularity`. */
  readonly granularityMs: number;
  /** `timeseries.percentiles`. */
  readonly timeSeriesPercentiles: readonly number[];
  /** `measurement.raw.output_file`; standard output without. */
  readonly rawFile: string | undefined;
  /** `measurement.raw.no_summary`. */
  readonly rawNoSummary: boolean;
  /** `reportlatencyforeacherror`: a series for every status. */
  readonly eachError: boolean;
  /** `latencytrackederrors`: statuses with a series of their own. */
  readonly trackedErrors: readonly string[];
}

export const USUAL_MEASUREMENT: MeasurementSettings = {
  type: "hdrhistogram",
  interval: "op",
  percentiles: [50, 95, 99],
  hdrPrefix: undefined,
  buckets: 1_000,
  verbose: false,
  granularityMs: 1_000,
  timeSeriesPercentiles: [95, 99],
  rawFile: undefined,
  rawNoSummary: false,
  eachError: false,
  trackedErrors: [],
};

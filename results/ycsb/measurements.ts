/**
 * All series of a run by name. A value goes under its operation's name when it came back OK, else under
 * `<OP>-FAILED` or, where single errors are tracked, `<OP>-<STATUS>`; its status is counted under the plain name. With
 * `measurement.interval=intended` latencies run from when the schedule wanted the operation, under the plain name; with
 * `both`, beside the others as `Intended-<OP>`.
 *
 * One departure: an operation of which nobody knows whether it happened goes under `<OP>-INDEFINITE`. YCSB would count a
 * timed-out write as failed, and whoever subtracts failures from what should be in the store would be wrong.
 */
import type { Exporter } from "./exporters";
import { createSeries, type Series, type SeriesOutputs } from "./series";
import type { MeasurementSettings } from "./settings";

export interface MeasurementsOptions {
  readonly settings: MeasurementSettings;
  readonly outputs: SeriesOutputs;
  readonly beganMs: number;
}

/** Of one operation, in microseconds. */
export interface Latencies {
  /** From when it was sent, and from when the schedule wanted it. */
  readonly fromSend: number;
  readonly fromIntended: number;
}

export const OK = "OK";
/** Ours: it may have happened. */
export const INDEFINITE = "INDEFINITE";

export class Measurements {
  private readonly plain = new Map<string, Series>();
  private readonly intended = new Map<string, Series>();

  constructor(private readonly options: MeasurementsOptions) {}

  /** `atMs` from the beginning of the run. */
  operation(name: string, status: string, latencies: Latencies, atMs: number): void {
    // In this order the plain name stands before its failures in the report.
    this.status(name, status);
    this.measure(this.nameOf(name, status), latencies, atMs);
  }

  measure(name: string, { fromSend, fromIntended }: Latencies, atMs: number): void {
    const { interval } = this.options.settings;
    if (interval !== "intended") this.plainSeries(name).measure(fromSend, atMs);
    if (interval !== "op") this.intendedSeries(name).measure(fromIntended, atMs);
  }

  status(name: string, status: string): void {
    const series = this.options.settings.interval === "intended" ? this.intendedSeries(name) : this.plainSeries(name);
    series.status(status);
  }

  summary(nowMs: number): string {
    return this.all().reduce((text, series) => `${text}${series.summary(nowMs)} `, "");
  }

  /** Once, at the end. */
  export(exporter: Exporter, nowMs: number): void {
    for (const series of this.all()) series.export(exporter, nowMs);
  }

  private nameOf(name: string, status: string): string {
    const { eachError, trackedErrors } = this.options.settings;
    if (status === OK) return name;
    if (status === INDEFINITE || eachError || trackedErrors.includes(status)) return `${name}-${status}`;
    return `${name}-FAILED`;
  }

  private all(): Series[] {
    return [...this.plain.values(), ...this.intended.values()];
  }

  private plainSeries(name: string): Series {
    return this.seriesIn(this.plain, name, name);
  }

  private intendedSeries(name: string): Series {
    const shown = this.options.settings.interval === "intended" ? name : `Intended-${name}`;
    return this.seriesIn(this.intended, name, shown);
  }

  private seriesIn(series: Map<string, Series>, name: string, shown: string): Series {
    let one = series.get(name);
    if (one === undefined) series.set(name, (one = createSeries({ ...this.options, name: shown })));
    return one;
  }
}

/**
 * `measurementtype=hdrhistogram`, YCSB's default: a histogram of the whole run and one of the time since the last status
 * line; with `hdrhistogram.fileoutput` each of the latter becomes a line of a `.hdr` log, and what is left at the end its
 * last. Java's library reports the upper end of the bucket that a value fell into; the maximum here is the value itself.
 */
import { LatencyHistogram } from "../record/histogram";
import type { Exporter } from "./exporters";
import { HdrLog } from "./hdr-log";
import { LONGEST, ordinal, twoPlaces } from "./java-numbers";
import { ReturnCounts } from "./return-counts";
import type { Series, SeriesSetup } from "./series";

const SUMMARISED = [50, 90, 99, 99.9, 99.99];

export function hdrSeries(setup: SeriesSetup): Series {
  return new HdrSeries(setup);
}

class HdrSeries implements Series {
  private readonly returns = new ReturnCounts();
  private readonly total = new LatencyHistogram();
  private readonly interval = new LatencyHistogram();
  private readonly log: HdrLog | undefined;
  private intervalBeganMs = 0;

  constructor(private readonly setup: SeriesSetup) {
    const { name, settings, outputs, beganMs } = setup;
    if (settings.hdrPrefix !== undefined) {
      this.log = new HdrLog(name, outputs.file(`${settings.hdrPrefix}${name}.hdr`, "write"), beganMs);
    }
  }

  measure(micros: number): void {
    this.interval.record(micros);
  }

  status(name: string): void {
    this.returns.add(name);
  }

  summary(nowMs: number): string {
    const { interval, setup } = this;
    const { count, meanMicros, maxMicros } = interval;
    const quantiles = SUMMARISED.map((percentile) => `${percentile}=${longOr0(interval, percentile)}`);
    const text =
      `[${setup.name}: Count=${count}, Max=${maxMicros}, Min=${leastOf(interval)}, ` +
      `Avg=${twoPlaces(count === 0 ? NaN : meanMicros)}, ${quantiles.join(", ")}]`;
    this.closeInterval(nowMs);
    return text;
  }

  export(exporter: Exporter, nowMs: number): void {
    this.closeInterval(nowMs);
    this.log?.close();
    const { total, setup } = this;
    const { name, settings } = setup;
    exporter.write(name, "Operations", { long: total.count });
    exporter.write(name, "AverageLatency(us)", { double: total.count === 0 ? NaN : total.meanMicros });
    exporter.write(name, "MinLatency(us)", { long: leastOf(total) });
    exporter.write(name, "MaxLatency(us)", { long: total.maxMicros });
    for (const percentile of settings.percentiles)
      exporter.write(name, `${ordinal(percentile)}PercentileLatency(us)`, { long: longOr0(total, percentile) });
    this.returns.export(name, exporter);
    if (settings.verbose)
      for (const { micros, count } of total.recorded()) exporter.write(name, String(micros), { double: count });
    total.destroy();
    this.interval.destroy();
  }

  private closeInterval(nowMs: number): void {
    this.log?.interval(this.intervalBeganMs, nowMs, this.interval);
    this.intervalBeganMs = nowMs;
    this.total.merge(this.interval);
    this.interval.reset();
  }
}

function leastOf(histogram: LatencyHistogram): number | string {
  return histogram.count === 0 ? LONGEST : histogram.minMicros;
}

function longOr0(histogram: LatencyHistogram, percentile: number): number {
  return histogram.count === 0 ? 0 : histogram.percentile(percentile);
}

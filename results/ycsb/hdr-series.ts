/**
 * `measurementtype=hdrhistogram`, YCSB's default: a histogram of the whole run and one of the time since the last status
 * line; with `hdrhistogram.fileoutput` each of the latter becomes a line of a `.hdr` log, and what is left at the end its
 * last. Java's library reports the upper end of the bucket that a value fell into; the maximum here is the value itself.
 * Values of 0, which our histograms take for the 1 that is their least, are counted beside and reported as 0.
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
  /** Values of 0, in all and since the last status line. */
  private readonly zeros = { total: 0, interval: 0 };

  constructor(private readonly setup: SeriesSetup) {
    const { name, settings, outputs, beganMs } = setup;
    if (settings.hdrPrefix !== undefined) {
      this.log = new HdrLog(name, outputs.file(`${settings.hdrPrefix}${name}.hdr`, "write"), beganMs);
    }
  }

  measure(micros: number): void {
    if (micros < 0.5) this.zeros.interval++;
    this.interval.record(micros);
  }

  status(name: string): void {
    this.returns.add(name);
  }

  summary(nowMs: number): string {
    const { interval, setup } = this;
    const zeros = this.zeros.interval;
    const quantiles = SUMMARISED.map((percentile) => `${percentile}=${longOr0(interval, zeros, percentile)}`);
    const text =
      `[${setup.name}: Count=${interval.count}, Max=${mostOf(interval, zeros)}, Min=${leastOf(interval, zeros)}, ` +
      `Avg=${twoPlaces(meanOf(interval, zeros))}, ${quantiles.join(", ")}]`;
    this.closeInterval(nowMs);
    return text;
  }

  export(exporter: Exporter, nowMs: number): void {
    this.closeInterval(nowMs);
    this.log?.close();
    const { total, setup } = this;
    const { name, settings } = setup;
    const zeros = this.zeros.total;
    exporter.write(name, "Operations", { long: total.count });
    exporter.write(name, "AverageLatency(us)", { double: meanOf(total, zeros) });
    exporter.write(name, "MinLatency(us)", { long: leastOf(total, zeros) });
    exporter.write(name, "MaxLatency(us)", { long: mostOf(total, zeros) });
    for (const percentile of settings.percentiles)
      exporter.write(name, `${ordinal(percentile)}PercentileLatency(us)`, { long: longOr0(total, zeros, percentile) });
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
    this.zeros.total += this.zeros.interval;
    this.zeros.interval = 0;
  }
}

function meanOf({ count, meanMicros }: LatencyHistogram, zeros: number): number {
  return count === 0 ? NaN : zeros === 0 ? meanMicros : meanMicros - zeros / count;
}

function leastOf({ count, minMicros }: LatencyHistogram, zeros: number): number | string {
  return count === 0 ? LONGEST : zeros > 0 ? 0 : minMicros;
}

function mostOf({ count, maxMicros }: LatencyHistogram, zeros: number): number {
  return zeros === count ? 0 : maxMicros;
}

function longOr0(histogram: LatencyHistogram, zeros: number, percentile: number): number {
  const rank = Math.ceil((percentile / 100) * histogram.count);
  return rank <= zeros ? 0 : histogram.percentile(percentile);
}

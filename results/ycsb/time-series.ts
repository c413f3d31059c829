/**
 * `measurementtype=timeseries`: the mean of every `timeseries.granularity`, counted from the first value of the series. As
 * in YCSB a stretch without values leaves no line, and the line of a stretch bears the time at which it began.
 */
import { LatencyHistogram } from "../record/histogram";
import { averageOf } from "./bucket-series";
import type { Exporter } from "./exporters";
import { ordinal } from "./java-numbers";
import { ReturnCounts } from "./return-counts";
import type { Series, SeriesSetup } from "./series";

export function timeSeries(setup: SeriesSetup): Series {
  return new TimeSeries(setup);
}

class TimeSeries implements Series {
  private readonly returns = new ReturnCounts();
  private readonly total = new LatencyHistogram();
  private readonly stretches: { readonly atMs: number; readonly mean: number }[] = [];
  private firstMs = -1;
  private stretchMs = 0;
  private count = 0;
  private sum = 0;
  private operations = 0;
  private allSum = 0;
  private least = -1;
  private most = -1;
  private readonly window = { operations: 0, sum: 0 };

  constructor(private readonly setup: SeriesSetup) {}

  measure(micros: number, atMs: number): void {
    if (this.firstMs < 0) this.firstMs = atMs;
    const { granularityMs } = this.setup.settings;
    const stretch = Math.floor((atMs - this.firstMs) / granularityMs) * granularityMs;
    if (stretch > this.stretchMs) {
      this.closeStretch();
      this.stretchMs = stretch;
    }
    this.total.record(micros);
    this.count++;
    this.sum += micros;
    this.operations++;
    this.allSum += micros;
    this.window.operations++;
    this.window.sum += micros;
    if (this.least < 0 || micros < this.least) this.least = micros;
    if (micros > this.most) this.most = micros;
  }

  status(name: string): void {
    this.returns.add(name);
  }

  summary(): string {
    return averageOf(this.setup.name, this.window);
  }

  export(exporter: Exporter): void {
    this.closeStretch();
    const { name, settings } = this.setup;
    exporter.write(name, "Operations", { long: this.operations });
    exporter.write(name, "AverageLatency(us)", { double: this.allSum / this.operations });
    exporter.write(name, "MinLatency(us)", { long: this.least });
    exporter.write(name, "MaxLatency(us)", { long: this.most });
    for (const percentile of settings.timeSeriesPercentiles)
      exporter.write(name, `${ordinal(percentile)}PercentileLatency(us)`, {
        long: this.operations === 0 ? 0 : this.total.percentile(percentile),
      });
    this.returns.export(name, exporter);
    for (const { atMs, mean } of this.stretches) exporter.write(name, String(atMs), { double: mean });
    this.total.destroy();
  }

  private closeStretch(): void {
    if (this.count > 0) this.stretches.push({ atMs: this.stretchMs, mean: this.sum / this.count });
    this.count = 0;
    this.sum = 0;
  }
}

/**
 * `measurementtype=timeseries`: the mean of every `timeseries.granularity`, counted from the first value of the series. As
 * in YCSB a stretch without values leaves no line, and the line of a stretch bears the time at which it began.
 */
import { LatencyHistogram } from "../record/histogram";
import type { Exporter } from "./exporters";
import { ordinal } from "./java-numbers";
import { ReturnCounts } from "./return-counts";
import { RunningSummary } from "./running-summary";
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
  private readonly all = new RunningSummary();

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
    this.all.add(micros);
  }

  status(name: string): void {
    this.returns.add(name);
  }

  summary(): string {
    return this.all.takeStatus(this.setup.name);
  }

  export(exporter: Exporter): void {
    this.closeStretch();
    const { name, settings } = this.setup;
    const { operations, sum, least, most } = this.all;
    exporter.write(name, "Operations", { long: operations });
    exporter.write(name, "AverageLatency(us)", { double: sum / operations });
    exporter.write(name, "MinLatency(us)", { long: least });
    exporter.write(name, "MaxLatency(us)", { long: most });
    for (const percentile of settings.timeSeriesPercentiles)
      exporter.write(name, `${ordinal(percentile)}PercentileLatency(us)`, {
        long: operations === 0 ? 0 : this.total.percentile(percentile),
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

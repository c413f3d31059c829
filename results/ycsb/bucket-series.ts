/**
 * `measurementtype=histogram`: buckets of a millisecond each up to `histogram.buckets`, the rest counted as overflow. Its
 * percentiles are the *lower* ends of buckets, so anything below a millisecond reads 0, and one that lies in the overflow
 * is not reported at all; YCSB's template file chooses this type, its code does not.
 */
import type { Exporter } from "./exporters";
import { ReturnCounts } from "./return-counts";
import { RunningSummary } from "./running-summary";
import type { Series, SeriesSetup } from "./series";

const MICROS_PER_MS = 1_000;

export function bucketSeries(setup: SeriesSetup): Series {
  return new BucketSeries(setup);
}

class BucketSeries implements Series {
  private readonly returns = new ReturnCounts();
  private readonly counts: Float64Array;
  private overflow = 0;
  private readonly all = new RunningSummary();
  private sumOfSquares = 0;

  constructor(private readonly setup: SeriesSetup) {
    this.counts = new Float64Array(setup.settings.buckets);
  }

  measure(micros: number): void {
    const bucket = Math.floor(micros / MICROS_PER_MS);
    if (bucket >= this.counts.length) this.overflow++;
    else this.counts[bucket]++;
    this.all.add(micros);
    this.sumOfSquares += micros * micros;
  }

  status(name: string): void {
    this.returns.add(name);
  }

  summary(): string {
    return this.all.takeStatus(this.setup.name);
  }

  export(exporter: Exporter): void {
    const { counts, setup } = this;
    const { name, settings } = setup;
    const { operations, sum, least, most } = this.all;
    const mean = sum / operations;
    exporter.write(name, "Operations", { long: operations });
    exporter.write(name, "AverageLatency(us)", { double: mean });
    exporter.write(name, "LatencyVariance(us)", { double: this.sumOfSquares / operations - mean * mean });
    exporter.write(name, "MinLatency(us)", { long: least });
    exporter.write(name, "MaxLatency(us)", { long: most });
    const wanted = [95, 99];
    let upTo = 0;
    for (let bucket = 0; bucket < counts.length && wanted.length > 0; bucket++) {
      upTo += counts[bucket];
      while (wanted.length > 0 && upTo / operations >= wanted[0] / 100)
        exporter.write(name, `${wanted.shift()}thPercentileLatency(us)`, { long: bucket * MICROS_PER_MS });
    }
    this.returns.export(name, exporter);
    if (!settings.verbose) return;
    counts.forEach((count, bucket) => exporter.write(name, String(bucket), { long: count }));
    exporter.write(name, `>${counts.length}`, { long: this.overflow });
  }
}

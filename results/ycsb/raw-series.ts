/**
 * `measurementtype=raw`: every latency, kept in memory and written at the end as `READ,timestamp,latency`, then a summary
 * with exact percentiles unless `measurement.raw.no_summary`. Two numbers a value are kept, not two objects: a million
 * operations are sixteen megabytes.
 */
import type { Exporter } from "./exporters";
import { ReturnCounts } from "./return-counts";
import type { Series, SeriesSetup } from "./series";

const SUMMARISED: readonly (readonly [string, number])[] = [
  ["p1", 0.01],
  ["p5", 0.05],
  ["p50", 0.5],
  ["p90", 0.9],
  ["p95", 0.95],
  ["p99", 0.99],
  ["p99.9", 0.999],
  ["p99.99", 0.9999],
];
const LINES_AT_ONCE = 4_096;

export function rawSeries(setup: SeriesSetup): Series {
  return new RawSeries(setup);
}

class RawSeries implements Series {
  private readonly returns = new ReturnCounts();
  private readonly micros: number[] = [];
  private readonly times: number[] = [];
  private readonly file: { write(text: string): void; close(): void } | undefined;
  private sum = 0;
  private readonly window = { operations: 0, sum: 0 };

  constructor(private readonly setup: SeriesSetup) {
    const { settings, outputs } = setup;
    if (settings.rawFile === undefined) outputs.standard("Raw data measurement: will output to stdout.\n");
    else {
      outputs.standard(`Raw data measurement: will output to result file: ${settings.rawFile}\n`);
      this.file = outputs.file(settings.rawFile, "append");
    }
  }

  measure(micros: number, atMs: number): void {
    this.micros.push(micros);
    this.times.push(Math.round(this.setup.beganMs + atMs));
    this.sum += micros;
    this.window.operations++;
    this.window.sum += micros;
  }

  status(name: string): void {
    this.returns.add(name);
  }

  summary(): string {
    const { operations, sum } = this.window;
    if (operations === 0) return "";
    this.window.operations = 0;
    this.window.sum = 0;
    return `${this.setup.name} count: ${operations}, average latency(us): ${(sum / operations).toFixed(2)}`;
  }

  export(exporter: Exporter): void {
    const { micros, times, setup } = this;
    const { name, settings } = setup;
    this.print(`${name} latency raw data: op, timestamp(ms), latency(us)\n`);
    for (let from = 0; from < micros.length; from += LINES_AT_ONCE) {
      const to = Math.min(micros.length, from + LINES_AT_ONCE);
      let lines = "";
      for (let i = from; i < to; i++) lines += `${name},${times[i]},${micros[i]}\n`;
      this.print(lines);
    }
    this.file?.close();
    const total = micros.length;
    exporter.write(name, "Total Operations", { long: total });
    if (total > 0 && !settings.rawNoSummary) {
      const sorted = Float64Array.from(micros).sort();
      exporter.write(name, "Below is a summary of latency in microseconds:", { long: -1 });
      exporter.write(name, "Average", { double: this.sum / total });
      exporter.write(name, "Min", { long: sorted[0] });
      exporter.write(name, "Max", { long: sorted[total - 1] });
      for (const [label, share] of SUMMARISED)
        exporter.write(name, label, { long: sorted[Math.min(total - 1, Math.floor(total * share))] });
    }
    this.returns.export(name, exporter);
  }

  private print(text: string): void {
    if (this.file === undefined) this.setup.outputs.standard(text);
    else this.file.write(text);
  }
}

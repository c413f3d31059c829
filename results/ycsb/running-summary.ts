/**
 * What bucket and time series keep of all their values beside their buckets or stretches: how many, their sum, the least and
 * the most; and of those since the last status line, their mean. As in YCSB both extremes are -1 where nothing was measured.
 */
import { twoPlaces } from "./java-numbers";

export class RunningSummary {
  operations = 0;
  sum = 0;
  least = -1;
  most = -1;
  private lately = { operations: 0, sum: 0 };

  add(micros: number): void {
    this.operations++;
    this.sum += micros;
    this.lately.operations++;
    this.lately.sum += micros;
    if (this.least < 0 || micros < this.least) this.least = micros;
    if (micros > this.most) this.most = micros;
  }

  /** For a status line: the mean since the last one, nothing where nothing happened. */
  takeStatus(name: string): string {
    const { operations, sum } = this.lately;
    if (operations === 0) return "";
    this.lately = { operations: 0, sum: 0 };
    return `[${name} AverageLatency(us)=${twoPlaces(sum / operations)}]`;
  }
}

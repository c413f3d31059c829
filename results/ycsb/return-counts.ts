/** How often each status came back: the `Return=OK` lines that every kind of series ends with. */
import type { Exporter } from "./exporters";

export class ReturnCounts {
  private readonly counts = new Map<string, number>();

  add(status: string): void {
    this.counts.set(status, (this.counts.get(status) ?? 0) + 1);
  }

  export(name: string, exporter: Exporter): void {
    for (const [status, count] of this.counts) exporter.write(name, `Return=${status}`, { long: count });
  }
}

/**
 * When something was wrong with the cluster, as the trial knows it while it runs. A fault's end is known only when it has come, so the
 * trial gives a list to look into, not events to wait for; it is looked into again whenever somebody asks about a later instant.
 * Faults that overlap or touch are one outage: what heals after the first of two ended, while the other went on, is not a healing.
 */
import type { FaultWindow } from "../record/figures";
import type { Micros } from "../record/history";

export interface FaultSpan {
  readonly id: string;
  readonly from: Micros;
  /** Undefined: it has not ended. Of a fault that is over at once equal to `from`. */
  readonly to: Micros | undefined;
}

export interface Outage {
  readonly faults: readonly string[];
  readonly from: Micros;
  readonly to: Micros | undefined;
}

export const WINDOWS: readonly FaultWindow[] = ["before", "during", "after"];

export class FaultTimes {
  private source: () => readonly FaultSpan[] = () => [];
  private known: readonly Outage[] = [];
  private upTo: Micros = -Infinity;

  /** Faults that have begun, in any order. */
  watch(source: () => readonly FaultSpan[]): void {
    this.source = source;
    this.upTo = -Infinity;
  }

  /** Outages that began by now, in order. What has not ended is the last. */
  outages(): readonly Outage[] {
    const spans = [...this.source()].sort((a, b) => a.from - b.from);
    const outages: { faults: string[]; from: Micros; to: Micros | undefined }[] = [];
    for (const { id, from, to } of spans) {
      const last = outages.at(-1);
      if (last !== undefined && (last.to === undefined || from <= last.to)) {
        if (!last.faults.includes(id)) last.faults.push(id);
        if (last.to !== undefined && (to === undefined || to > last.to)) last.to = to;
      } else outages.push({ faults: [id], from, to });
    }
    return outages;
  }

  /** Which of the outages was going on at `at`, which must have come; undefined where none was. `now` as in `windowOf`. */
  outageAt(at: Micros, now: Micros = at): number | undefined {
    this.learn(at, now);
    const place = this.known.findLastIndex(({ from }) => from <= at);
    if (place < 0) return undefined;
    const { to } = this.known[place];
    return to === undefined || at < to ? place : undefined;
  }

  /** `at` must have come; `now` is the latest instant that is known to have. An instant fault has only a before and an after. */
  windowOf(at: Micros, now: Micros = at): FaultWindow {
    this.learn(at, now);
    const { known } = this;
    if (known.length === 0 || at < known[0].from) return "before";
    return known.some(({ from, to }) => from <= at && (to === undefined || at < to)) ? "during" : "after";
  }

  private learn(at: Micros, now: Micros): void {
    if (at <= this.upTo) return;
    this.known = this.outages();
    // What had not ended then goes on beyond it.
    this.upTo = Math.max(at, now);
  }
}

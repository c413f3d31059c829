/**
 * What causality costs: entries and bytes of metadata in the copies that inspections found, over time and against the number of
 * sessions that had written the key by then. "Writers" is the number that separates the strategies: a vector by client id grows with it, one
 * by replica does not. Sessions are remembered within a bound of all keys together; a key whose writers are no longer known exactly
 * is left out of the bins, because a count that stopped would bend the curve.
 */
import type { MetricValue } from "../record/figures";
import type { CausalityFigures } from "../record/figures";
import type { Snapshot } from "../record/history";
import { CountBins } from "./causality-bins";
import type { JudgedKey } from "./causality-key";
import type { IntervalGrid } from "./interval-grid";
import { notMeasured } from "./percentiles";

const MOST_REMEMBERED = 2_000_000;
/** Looked through one by one. */
const FEW = 16;

/** The sessions that wrote a key. */
export class KeyWriters {
  private few: number[] | undefined;
  private many: Set<number> | undefined;
  private first = -1;
  exact = true;

  get size(): number {
    return this.many?.size ?? this.few?.length ?? (this.first < 0 ? 0 : 1);
  }

  /** `room.held` counts all keys' sessions beyond the first of each. */
  add(session: number, room: { held: number }): void {
    if (this.first === session || this.few?.includes(session) === true || this.many?.has(session) === true) return;
    if (this.first < 0) {
      this.first = session;
      return;
    }
    if (room.held >= MOST_REMEMBERED) {
      this.exact = false;
      return;
    }
    room.held++;
    if (this.many !== undefined) this.many.add(session);
    else if (this.few === undefined) this.few = [this.first, session];
    else if (this.few.length < FEW) this.few.push(session);
    else {
      this.many = new Set([...this.few, session]);
      this.few = undefined;
    }
  }
}

interface Copies {
  count: number;
  entries: number;
  mostEntries: number;
  bytes: number;
}

export class ClockMetadata {
  private readonly byInterval: (Copies | undefined)[] = [];
  private final: Copies | undefined;
  private readonly byWriters = new CountBins(2);

  constructor(private readonly grid: IntervalGrid) {}

  snapshot({ at, final, keys }: Snapshot, keyOf: (name: string) => JudgedKey | undefined): void {
    const all: Copies = { count: 0, entries: 0, mostEntries: 0, bytes: 0 };
    for (const { key, metadata } of keys) {
      if (metadata === undefined) continue;
      const writers = keyOf(key)?.writers;
      for (const copy of metadata) {
        if (copy === null) continue;
        add(all, copy);
        if (writers?.exact === true) this.byWriters.add(writers.size, copy.bytes, copy.entries);
      }
    }
    if (all.count === 0) return;
    if (final) this.final = all;
    // A scan is no operation that ended: it makes no interval of the drain.
    if (at >= this.grid.phases.endOfMeasure) return;
    const index = this.grid.indexOf(at);
    const interval = (this.byInterval[index] ??= { count: 0, entries: 0, mostEntries: 0, bytes: 0 });
    interval.count += all.count;
    interval.entries += all.entries;
    interval.bytes += all.bytes;
    interval.mostEntries = Math.max(interval.mostEntries, all.mostEntries);
  }

  metrics(): Record<string, MetricValue> {
    const { final } = this;
    const of = (unit: string, pick: (copies: Copies) => number): MetricValue =>
      final === undefined ? notMeasured(unit) : { value: pick(final), lo: null, hi: null, n: final.count, unit };
    return {
      clock_entries_mean: of("entries", ({ entries, count }) => entries / count),
      clock_entries_max: of("entries", ({ mostEntries }) => mostEntries),
      clock_bytes_mean: of("bytes", ({ bytes, count }) => bytes / count),
    };
  }

  /** None where no snapshot brought metadata. */
  columns(): Record<string, (number | null)[]> {
    if (this.byInterval.length === 0) return {};
    const column = (pick: (copies: Copies) => number): (number | null)[] =>
      this.grid.column((i) => (this.byInterval[i] === undefined ? null : pick(this.byInterval[i])));
    return {
      clock_entries_mean: column(({ entries, count }) => entries / count),
      clock_entries_max: column(({ mostEntries }) => mostEntries),
      clock_bytes_mean: column(({ bytes, count }) => bytes / count),
    };
  }

  figure(): CausalityFigures["metadataByWriters"] {
    const { from, to, count, mean, max } = this.byWriters.figure();
    const [bytesMean, entriesMean] = mean;
    const [bytesMax, entriesMax] = max;
    return { from, to, copies: count, bytesMean, bytesMax, entriesMean, entriesMax };
  }
}

function add(copies: Copies, { entries, bytes }: { readonly entries: number; readonly bytes: number }): void {
  copies.count++;
  copies.entries += entries;
  copies.bytes += bytes;
  copies.mostEntries = Math.max(copies.mostEntries, entries);
}

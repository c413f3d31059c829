/**
 * The true inconsistency window of a write: from its acknowledgement until the last primary has it, or has what replaced it. No client can see
 * it and every measure of clients (Δ, Γ, t-visibility) is a guess at it; a simulation simply knows when each replica stored what. Where it was
 * over before the client was told, it is 0.
 *
 * "Replaced" is what clients had read before they wrote, transitively: a replica that got the newer write first has no more use for the
 * older. Stores come as they happen, what a write had read is known when it ends; so each write has the time of its arrival at every replica,
 * and hands it on to what it had read as soon as both are known. A write that loses against a concurrent one by timestamp arrives
 * nowhere any more and is never over: it stays open, and is counted as watched until the end. Bounded: beyond so many open writes new
 * ones are not followed, and counted.
 */
import type { MetricValue } from "../record/figures";
import { certaintyOf, type Micros, type OperationRecord, type WriteId, isSpan } from "../record/history";
import { kaplanMeier, survivalQuantile, type Departures } from "../statistics/kaplan-meier";
import { CompletedWrites } from "./completed-writes";
import type { Findings, Measure } from "./measure";
import { notMeasured } from "./percentiles";

/** A primary of a key handed a state to its storage. */
export interface ReplicaStore {
  readonly at: Micros;
  /** Its place among the key's primaries, and how many they are. */
  readonly replica: number;
  readonly replicas: number;
  readonly versions: readonly WriteId[];
}

const MOST_OPEN = 200_000;
/** Writes of a session that ended while an older one was still open. */
const MOST_AHEAD = 65_536;
const MICROS_PER_MS = 1_000;
/** Points of the distribution. */
const QUANTILES = 100;

interface Followed {
  /** By replica; Infinity: not yet. */
  readonly arrivals: Micros[];
  /** Known when the write has ended. */
  seen: readonly WriteId[] | undefined;
  acknowledged: Micros | undefined;
  measured: boolean;
}

export class TrueWindowMeasure implements Measure {
  readonly name = "true_window";
  private readonly open = new Map<WriteId, Followed>();
  private readonly done = new CompletedWrites(MOST_AHEAD);
  /** Milliseconds to three digits, and how many writes. */
  private readonly closed = new Map<number, number>();
  private none = 0;
  private notFollowed = 0;
  private now: Micros = 0;
  private told = false;

  constructor(private readonly mostOpen: number = MOST_OPEN) {}

  operation(operation: OperationRecord): void {
    const { writeId: id, phase, end } = operation;
    if (id === 0 || isSpan(operation.kind)) return;
    this.now = Math.max(this.now, end);
    const certainty = certaintyOf(operation.outcome);
    // What was loaded, and what did not happen, is nobody's to wait for.
    if (phase === "load" || certainty === "definite") {
      this.done.add(id);
      this.open.delete(id);
      return;
    }
    if (!this.told) return;
    const write = this.open.get(id);
    if (write === undefined) {
      if (phase === "measure" && certainty === "ok" && !this.done.has(id)) this.notFollowed++;
      return;
    }
    write.seen = operation.seen;
    write.acknowledged = certainty === "ok" ? end : undefined;
    write.measured = phase === "measure";
    write.arrivals.forEach((at, replica) => {
      if (at < Infinity) for (const one of operation.seen) this.arrived(one, replica, at);
    });
    this.settle(id, write);
  }

  stored({ at, replica, replicas, versions }: ReplicaStore): void {
    this.told = true;
    this.now = Math.max(this.now, at);
    for (const id of versions) {
      if (id === 0) continue;
      if (!this.open.has(id)) {
        if (this.done.has(id) || this.open.size >= this.mostOpen) continue;
        const arrivals = new Array<Micros>(replicas).fill(Infinity);
        this.open.set(id, { arrivals, seen: undefined, acknowledged: undefined, measured: false });
      }
      this.arrived(id, replica, at);
    }
  }

  finish(): Findings {
    if (!this.told) return {};
    const departures: Departures[] = [...this.closed].map(([at, events]) => ({ at, events, censored: 0 }));
    if (this.none > 0) departures.push({ at: 0, events: this.none, censored: 0 });
    const closed = departures.reduce((sum, { events }) => sum + events, 0);
    let open = 0;
    for (const { acknowledged, measured } of this.open.values()) {
      if (acknowledged === undefined || !measured) continue;
      open++;
      departures.push({ at: inMs(Math.max(0, this.now - acknowledged)), events: 0, censored: 1 });
    }
    this.open.clear();
    const writes = closed + open;
    if (writes === 0) return {};
    const steps = kaplanMeier(departures);
    const metric = (p: number): MetricValue => {
      const { value, lo, hi, observed } = survivalQuantile(steps, p);
      if (value === null) return { value: observed, lo, hi: null, n: writes, unit: "ms", atLeast: true };
      return { value, lo, hi, n: writes, unit: "ms" };
    };
    return {
      metrics: {
        true_window_p50_ms: writes < 2 ? notMeasured("ms") : metric(0.5),
        true_window_p99_ms: metric99(writes, metric),
      },
      figures: {
        trueWindow: {
          writes: writes + this.notFollowed,
          none: this.none,
          open: open + this.notFollowed,
          ms: this.curve(),
        },
      },
    };
  }

  private arrived(id: WriteId, replica: number, at: Micros): void {
    // Without recursion: pasts may be long.
    const stack = [id];
    while (stack.length > 0) {
      const next = stack.pop()!;
      const write = this.open.get(next);
      if (write === undefined || write.arrivals[replica] <= at) continue;
      write.arrivals[replica] = at;
      if (write.seen !== undefined) stack.push(...write.seen);
      this.settle(next, write);
    }
  }

  private settle(id: WriteId, { arrivals, seen, acknowledged, measured }: Followed): void {
    if (seen === undefined || arrivals.includes(Infinity)) return;
    this.open.delete(id);
    this.done.add(id);
    if (acknowledged === undefined || !measured) return;
    const window = Math.max(...arrivals) - acknowledged;
    if (window <= 0) this.none++;
    else {
      const ms = inMs(window);
      this.closed.set(ms, (this.closed.get(ms) ?? 0) + 1);
    }
  }

  private curve(): { count: number; at: number[]; ms: number[] } {
    const sorted = [...this.closed].sort(([a], [b]) => a - b);
    const count = sorted.reduce((sum, [, writes]) => sum + writes, 0);
    const points = Math.min(QUANTILES, count);
    const at = Array.from({ length: points }, (_, i) => (i + 1) / points);
    let below = 0;
    let next = 0;
    const ms = at.map((share) => {
      while (next < sorted.length - 1 && below + sorted[next][1] < Math.round(share * count))
        below += sorted[next++][1];
      return sorted[next][0];
    });
    return { count, at, ms };
  }
}

function metric99(writes: number, metric: (p: number) => MetricValue): MetricValue {
  return writes < 100 ? notMeasured("ms") : metric(0.99);
}

function inMs(micros: Micros): number {
  return Number((micros / MICROS_PER_MS).toPrecision(3));
}

/**
 * A node's counters over all its lives: a process that was killed takes its own along, and a difference of totals over a
 * restart would be negative. What was last known of each life is kept and added to the next one's. What a life did after
 * it was last asked is lost with it, so the span is kept too: the figure then says what it lacks instead of being wrong.
 */
import { LegHistograms } from "../vocabulary/leg-delays";
import type { Micros } from "../vocabulary/micros";
import type { ServerCounts } from "./control";

/** What is so now, not how much there was: of the last life alone. */
const GAUGES: ReadonlySet<string> = new Set(["keysHeld", "rssBytes", "hintsHeld", "hintBytesHeld"]);
/** The worst of all lives. */
const WORST: ReadonlySet<string> = new Set(["latenessP99Ms", "loopDelayP99Ms", "loopDelayMaxMs", "gcLongestMs"]);

type Counts = Readonly<Record<string, unknown>>;

/** Totals of an earlier and a later life together, whatever there is to count. */
export function addedUp(earlier: ServerCounts, later: ServerCounts): ServerCounts {
  const { legs: legsBefore, ...before } = earlier;
  const { legs: legsSince, ...since } = later;
  const sum = added(before, since) as Omit<ServerCounts, "legs">;
  if (legsBefore === undefined || legsSince === undefined) {
    const legs = legsBefore ?? legsSince;
    return legs === undefined ? sum : { ...sum, legs };
  }
  const all = new LegHistograms();
  all.merge(legsBefore);
  all.merge(legsSince);
  return { ...sum, legs: all.toSparse() };
}

function added(earlier: Counts, later: Counts): Counts {
  const sum: Record<string, unknown> = { ...earlier, ...later };
  for (const [key, to] of Object.entries(later)) {
    const from = earlier[key];
    if (typeof to === "number" && typeof from === "number" && !GAUGES.has(key))
      sum[key] = WORST.has(key) ? Math.max(from, to) : from + to;
    else if (typeof to === "object" && typeof from === "object" && to !== null && from !== null)
      sum[key] = added(from as Counts, to as Counts);
  }
  return sum;
}

/** A life that ended, and for how long before its end nobody had asked it. */
export interface LostWork {
  readonly node: number;
  readonly unknownMicros: Micros;
}

/** Of one node. */
export class Lives {
  private past: ServerCounts | undefined;
  private now: ServerCounts | undefined;
  private asked: Micros;

  constructor(started: Micros) {
    this.asked = started;
  }

  /** A process runs. */
  started(at: Micros): void {
    this.asked = at;
  }

  /** What the process that runs has counted; of a `span`, what has no difference begins anew. */
  told(counts: ServerCounts, at: Micros): void {
    this.now = counts;
    this.asked = at;
  }

  /** The process is gone. For how long nobody had asked it. */
  ended(at: Micros): Micros {
    this.past = this.total();
    this.now = undefined;
    return at - this.asked;
  }

  /** Undefined when nobody ever told. */
  total(): ServerCounts | undefined {
    const { past, now } = this;
    return past === undefined || now === undefined ? (past ?? now) : addedUp(past, now);
  }

  /** Legs and lateness from here on; totals go on. */
  startSpan(): void {
    for (const life of ["past", "now"] as const) {
      const counts = this[life];
      if (counts === undefined) continue;
      const { legs, ...rest } = counts;
      this[life] = {
        ...rest,
        ...{ latenessP99Ms: 0, loopDelayP99Ms: 0, loopDelayMaxMs: 0, gcLongestMs: 0 },
        ...(legs === undefined ? {} : { legs: new LegHistograms().toSparse() }),
      };
    }
  }
}

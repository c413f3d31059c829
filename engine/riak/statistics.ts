/**
 * What `/stats` says of operations, in Riak's names: totals since the start, and everything else over the last minute.
 * All front ends of a node count here. The minute is six histograms of ten seconds, of which the oldest is emptied when
 * its turn comes again: so a figure covers between fifty and sixty seconds, and a number from an hour ago never
 * stands beside one from now. Before anything was seen in that time a figure is `undefined`, as in Riak, and not 0.
 */
import { build, type Histogram } from "hdr-histogram-js";
import type { Version } from "../clocks/clock";
import { type Micros, MICROS_PER_SECOND } from "../vocabulary/micros";

const SPANS = 6;
const SPAN_MICROS = 10 * MICROS_PER_SECOND;
/** An hour in microseconds, 4 GiB in bytes: what is more counts as that. */
const HIGHEST = 3_600_000_000;

/** Figures of one quantity; undefined before any. */
export interface Summary {
  readonly count: number;
  readonly mean: number | undefined;
  readonly median: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
}

/** Values of the last minute. */
class Minute {
  private readonly spans: Histogram[] = [];
  private readonly spanOf: number[] = new Array<number>(SPANS).fill(-1);

  record(now: Micros, value: number): void {
    const span = Math.floor(now / SPAN_MICROS);
    const at = span % SPANS;
    if (this.spanOf[at] !== span) {
      this.spans[at] ??= emptyHistogram();
      this.spans[at].reset();
      this.spanOf[at] = span;
    }
    this.spans[at].recordValue(value < 1 ? 0 : value > HIGHEST ? HIGHEST : Math.round(value));
  }

  summary(now: Micros): Summary {
    const span = Math.floor(now / SPAN_MICROS);
    const whole = emptyHistogram();
    this.spans.forEach((histogram, at) => {
      if (this.spanOf[at] > span - SPANS) whole.add(histogram);
    });
    const count = whole.totalCount;
    if (count === 0)
      return { count, mean: undefined, median: undefined, p95: undefined, p99: undefined, max: undefined };
    return {
      count,
      mean: whole.mean,
      median: whole.getValueAtPercentile(50),
      p95: whole.getValueAtPercentile(95),
      p99: whole.getValueAtPercentile(99),
      max: whole.maxValue,
    };
  }
}

function emptyHistogram(): Histogram {
  return build({ bitBucketSize: 32, autoResize: true, numberOfSignificantValueDigits: 2, useWebAssembly: false });
}

const byNode = new WeakMap<object, FrontStatistics>();

export class FrontStatistics {
  getsTotal = 0;
  putsTotal = 0;
  /** Of protocol buffers: connections taken since the start, and open now. */
  pbConnectsTotal = 0;
  pbActive = 0;
  private readonly getTime = new Minute();
  private readonly putTime = new Minute();
  private readonly siblings = new Minute();
  private readonly objectSize = new Minute();
  private readonly pbConnect = new Minute();

  private constructor(private readonly now: () => Micros) {}

  /** The statistics of `node`: one for all of its front ends. */
  static of(node: object, now: () => Micros): FrontStatistics {
    let known = byNode.get(node);
    if (known === undefined) byNode.set(node, (known = new FrontStatistics(now)));
    return known;
  }

  /** A get was answered. */
  got(now: Micros, startedAt: Micros, versions: readonly Version[]): void {
    this.getsTotal++;
    this.getTime.record(now, now - startedAt);
    if (versions.length === 0) return;
    this.siblings.record(now, versions.length);
    let bytes = 0;
    for (const { value, meta } of versions) bytes += value.length + (meta === undefined ? 0 : meta.length);
    this.objectSize.record(now, bytes);
  }

  put(now: Micros, startedAt: Micros): void {
    this.putsTotal++;
    this.putTime.record(now, now - startedAt);
  }

  pbConnected(): void {
    this.pbConnectsTotal++;
    this.pbActive++;
    this.pbConnect.record(this.now(), 1);
  }

  pbDisconnected(): void {
    this.pbActive--;
  }

  /** Over the last minute. */
  lastMinute(): Readonly<Record<"getTime" | "putTime" | "siblings" | "objectSize" | "pbConnects", Summary>> {
    const now = this.now();
    return {
      getTime: this.getTime.summary(now),
      putTime: this.putTime.summary(now),
      siblings: this.siblings.summary(now),
      objectSize: this.objectSize.summary(now),
      pbConnects: this.pbConnect.summary(now),
    };
  }
}

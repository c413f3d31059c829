/**
 * Divergence: keys whose primaries do not hold the same set of write ids, by direct inspection. A replica that cannot be
 * reached is not divergent, it is unknown; a reachable replica without a copy differs from one that has it, and is
 * counted as missing besides. Keys with a write in flight are left out of mid-run scans: their replicas differ because
 * the write is on its way. In what way copies differ stands in `divergence-kinds.ts`. A scan of a sample is scaled to the population and carries the sample's interval; one of all keys
 * carries what it could not judge: each key left out for a write in flight or a missing replica may differ or not.
 */
import type { MetricValue } from "../record/figures";
import type { KeySnapshot, Snapshot } from "../record/history";
import { wilson } from "../statistics/wilson";
import { divergenceKind, type KnownPasts } from "./divergence-kinds";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { notMeasured } from "./percentiles";

interface Scan {
  readonly at: number;
  readonly divergent: number;
  readonly missing: number;
  readonly stale: number;
  readonly conflicting: number;
  readonly unclassified: number;
  readonly examined: number;
  readonly unreachable: number;
  readonly busy: number;
  /** Looked at, but too busy or with too few replicas reached to be judged. */
  readonly unjudged: number;
  readonly population: number;
  readonly inspected: number;
  /** Every key that exists was looked at, whether or not it could be judged. */
  readonly complete: boolean;
}

const COLUMNS = [
  ...(["divergent", "missing", "stale", "conflicting", "unclassified"] as const),
  ...(["examined", "inspected", "population", "unreachable", "busy"] as const),
];
const KINDS = ["missing", "stale", "conflicting"] as const;
const MICROS_PER_SECOND = 1_000_000;
/** Scans kept for the chart; beyond it every other one is dropped and the spacing doubles. */
const MOST_SCANS = 4_096;

export class DivergenceMeasure implements Measure {
  readonly name = "divergence";
  private readonly grid: IntervalGrid;
  private readonly pasts: KnownPasts | undefined;
  private scans: Scan[] = [];
  private keepEvery = 1;
  private seen = 0;
  private final: Scan | undefined;
  private worst: Scan | undefined;
  /** The most keys that any scan of all keys leaves room for. */
  private mostPossible = 0;

  constructor(setup: MeasureSetup) {
    this.grid = setup.grid;
    this.pasts = setup.pasts;
  }

  operation(): void {
    // Judged from replicas alone.
  }

  snapshot(snapshot: Snapshot): void {
    // What clients read says nothing of how replicas differ.
    if (snapshot.by === "clients") return;
    const scan = examine(snapshot, this.pasts);
    // In the warm-up copies of the load phase may still be on their way: they are charted, but not this run's divergence.
    if (snapshot.at >= this.grid.phases.startOfMeasure) this.compareWithWorst(scan);
    if (snapshot.final) this.final = scan;
    if (!snapshot.final && this.seen++ % this.keepEvery !== 0) return;
    this.scans.push(scan);
    if (this.scans.length > MOST_SCANS) {
      this.scans = this.scans.filter((_, index) => index % 2 === 0);
      this.keepEvery *= 2;
    }
  }

  private compareWithWorst(scan: Scan): void {
    if (scan.examined > 0 && (this.worst === undefined || estimate(scan) > estimate(this.worst))) this.worst = scan;
    if (scan.complete) this.mostPossible = Math.max(this.mostPossible, scan.divergent + scan.unjudged);
  }

  finish(): Findings {
    const columns: Record<string, number[]> = {};
    for (const column of COLUMNS) columns[column] = this.scans.map((scan) => scan[column]);
    const t = this.scans.map((scan) => (scan.at - this.grid.phases.startOfWarmup) / MICROS_PER_SECOND);
    return {
      metrics: {
        divergent_keys_final: metric(this.final, 0),
        divergent_keys_max: metric(this.worst, this.mostPossible),
        ...Object.fromEntries(KINDS.map((kind) => [`${kind}_keys_final`, metricOfKind(this.final, kind)])),
      },
      figures: {
        divergence: {
          t,
          columns,
          finalDivergent: this.final?.divergent ?? 0,
          finalExamined: this.final?.examined ?? 0,
          finalPopulation: this.final?.population ?? 0,
          finalInspected: this.final?.inspected ?? 0,
        },
      },
    };
  }
}

function examine(snapshot: Snapshot, pasts: KnownPasts | undefined): Scan {
  const kinds = { missing: 0, stale: 0, conflicting: 0, unclassified: 0 };
  let examined = 0;
  let unreachable = 0;
  let busy = 0;
  for (const key of snapshot.keys) {
    if (key.busy && !snapshot.final) {
      busy++;
      continue;
    }
    const reached = reachable(key);
    if (reached.length < key.replicas.length) unreachable++;
    if (reached.length === 0 || (reached.length === 1 && key.replicas.length > 1)) continue;
    examined++;
    if (reached.every((replica) => sameList(replica, reached[0]))) continue;
    const kind = divergenceKind(reached, pasts?.of(key.key));
    if (kind !== undefined) kinds[kind]++;
  }
  return {
    at: snapshot.at,
    divergent: kinds.missing + kinds.stale + kinds.conflicting + kinds.unclassified,
    ...kinds,
    examined,
    unreachable,
    busy,
    unjudged: snapshot.keys.length - examined,
    population: snapshot.population,
    inspected: snapshot.keys.length,
    complete: snapshot.keys.length >= snapshot.population,
  };
}

function reachable(key: KeySnapshot): (readonly number[])[] {
  return key.replicas.flatMap((replica) => (replica === "unreachable" ? [] : [replica]));
}

/** The ordinary case, without making sets. */
function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

function scale(scan: Scan): number {
  return scan.complete || scan.examined === 0 ? 1 : scan.population / scan.examined;
}

function estimate(scan: Scan): number {
  return scan.divergent * scale(scan);
}

/** `mostPossible`: other scans leave room for so many. */
function metric(scan: Scan | undefined, mostPossible: number): MetricValue {
  if (scan === undefined || scan.examined === 0) return notMeasured("keys");
  const value = estimate(scan);
  if (scan.complete)
    return { value, lo: value, hi: Math.max(value + scan.unjudged, mostPossible), n: scan.examined, unit: "keys" };
  const interval = wilson(scan.divergent, scan.examined);
  return {
    value,
    lo: interval.lo * scan.population,
    hi: interval.hi * scan.population,
    n: scan.examined,
    unit: "keys",
  };
}

/** Those of which nobody knows the kind may be of it. */
function metricOfKind(scan: Scan | undefined, kind: (typeof KINDS)[number]): MetricValue {
  if (scan === undefined) return notMeasured("keys");
  const unjudged = scan.unjudged + (kind === "missing" ? 0 : scan.unclassified);
  return metric({ ...scan, divergent: scan[kind], unjudged }, 0);
}

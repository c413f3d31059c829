/**
 * How far a recorded history is from that of one register, value by value: two measures that clients can take of any store, without probes.
 * Γ (Golab, Rahman, AuYoung, Keeton and Gupta, "Client-centric benchmarking of eventual consistency for cloud storage systems", ICDCS
 * 2014): by how much all operations must be stretched, half at each end, until the history is linearizable. Δ (Golab, Li and Shah, "Analyzing
 * consistency properties for fun and profit", PODC 2011): by how much the beginnings of reads must be moved back.
 *
 * A value's operations are its write and the reads that returned it. Let f be the earliest end among them and s the latest beginning. Two values
 * are in order unless f1 < s2 and f2 < s1: each then ended somewhere before the other began somewhere (Gibbons and Korach; two forward zones
 * that overlap, or a backward zone inside a forward one, are the same condition). Stretching by Γ mends the pair when
 * Γ ≥ min(s2 − f1, s1 − f2); moving reads back by Δ mends it when Δ ≥ s1 − f2, if the write of value 1 began by f2 at all, or the
 * same the other way round. A value's score is the largest of its pairs, and the largest of a key is the Γ or Δ of the key. That a pair's score
 * is given to both its values is our reading; the papers count pairs of zones.
 *
 * A register returns one value, so reads of several versions have no place here: they are left out and counted, and scores are lower bounds
 * for them. A read of nothing saw the state before all writes; where the key has a delete, nobody knows which emptiness it saw. A key
 * keeps its latest values; what was forgotten is scored against what was known by then.
 */
import type { DelayQuantiles, MetricValue, ScoreDistribution } from "../record/figures";
import { LatencyHistogram } from "../record/histogram";
import { certaintyOf, type Micros, type OperationRecord, type WriteId } from "../record/history";
import { wilsonOfBlocks } from "../statistics/wilson";
import { CompletedWrites } from "./completed-writes";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { isMeasurable, notMeasured } from "./percentiles";

/** Values of a key held at most, and where many keys hold many. */
const ZONES_HELD = 64;
const ZONES_HELD_WHEN_SHORT = 8;
const ZONES_BUDGET = 400_000;
/** Values of all keys together, about 200 bytes each; beyond it keys that come new are not followed. */
const MOST_ZONES = 1_000_000;
const MICROS_PER_MS = 1_000;
/** Points of a distribution. */
const QUANTILES = 100;

interface Zone {
  readonly id: WriteId;
  /** Beginning of the write; -Infinity while it is not known. */
  written: Micros;
  /** Read before its write has ended: not forgotten as long as others can be. */
  open: boolean;
  /** Earliest end; Infinity while none is known. */
  firstEnd: Micros;
  /** Latest beginning. */
  lastStart: Micros;
  /** Of the measured phase: the interval it is counted in. -1: not counted. */
  interval: number;
  /** Against zones no longer held. */
  gamma: Micros;
  delta: Micros;
  /** One that overlapped it was forgotten while it could still grow. */
  cut: boolean;
}

interface KeyZones {
  /** Least lately mentioned first. */
  zones: Zone[];
  deletes: boolean;
  forgotten: number;
}

export class ZonesMeasure implements Measure {
  readonly name = "zones";
  private readonly grid: IntervalGrid;
  private readonly keys = new Map<string, KeyZones>();
  private readonly completed = new CompletedWrites();
  private held = 0;
  private readonly gamma: Scores;
  private readonly delta: Scores;
  private valuesCut = 0;
  private valuesLeftOut = 0;
  private readsLeftOut = 0;

  constructor(
    setup: Pick<MeasureSetup, "grid">,
    private readonly zonesHeld: number = ZONES_HELD,
    private readonly mostZones: number = MOST_ZONES,
  ) {
    this.grid = setup.grid;
    this.gamma = new Scores();
    this.delta = new Scores();
  }

  operation(operation: OperationRecord): void {
    switch (operation.kind) {
      case "update":
      case "insert":
      case "delete":
        if (operation.writeId !== 0) this.write(operation);
        return;
      case "read":
        if (operation.outcome === "ok" && operation.phase !== "load") this.read(operation);
        return;
      case "rmw":
      case "multi-get":
      case "list":
      case "scan":
        return;
    }
  }

  finish(): Findings {
    for (const key of this.keys.values()) {
      for (const [i, zone] of key.zones.entries()) {
        for (let j = 0; j < i; j++) score(zone, key.zones[j]);
      }
      for (const zone of key.zones) this.count(zone);
    }
    this.keys.clear();
    const { gamma, delta, valuesCut, readsLeftOut } = this;
    const findings: Findings = {
      metrics: {
        gamma_positive: gamma.share(),
        gamma_p99_ms: gamma.percentile(99),
        gamma_max_ms: gamma.most(),
        delta_positive: delta.share(),
        delta_p99_ms: delta.percentile(99),
        delta_max_ms: delta.most(),
      },
      ...(gamma.values === 0
        ? {}
        : {
            figures: {
              zones: {
                values: gamma.values,
                gamma: gamma.figure(),
                delta: delta.figure(),
                readsLeftOut,
                valuesCut,
                valuesLeftOut: this.valuesLeftOut,
              },
            },
          }),
    };
    gamma.destroy();
    delta.destroy();
    return findings;
  }

  private write(operation: OperationRecord): void {
    const { writeId: id, start, end, phase } = operation;
    this.completed.add(id);
    const certainty = certaintyOf(operation.outcome);
    if (certainty === "definite") return;
    // What nobody reads of the load needs no place; where it is read it ended before all else began.
    if (phase === "load") return;
    const key = this.keyOf(operation.key);
    if (key === undefined) {
      if (phase === "measure") this.valuesLeftOut++;
      return;
    }
    if (operation.kind === "delete") key.deletes = true;
    const zone = this.zoneOf(key, id) ?? this.add(key, id);
    zone.written = start;
    zone.open = false;
    // Of a write without an answer only its readers know that it had happened.
    if (certainty === "ok") zone.firstEnd = Math.min(zone.firstEnd, end);
    zone.lastStart = Math.max(zone.lastStart, start);
    if (phase === "measure") this.counts(zone, end);
  }

  private read(operation: OperationRecord): void {
    const { versions, start, end, phase } = operation;
    const key = this.keyOf(operation.key);
    const measured = phase === "measure";
    if (key === undefined) {
      if (measured) this.readsLeftOut++;
      return;
    }
    if (versions.length > 1 || (versions.length === 0 && key.deletes)) {
      if (measured) this.readsLeftOut++;
      return;
    }
    const id = versions.length === 0 ? 0 : versions[0];
    let zone = this.zoneOf(key, id);
    if (zone === undefined) {
      const old = id === 0 || this.completed.has(id);
      // Perhaps one of those forgotten; and an old one must not come in where others go: they would never be set against it.
      if (old && (key.forgotten > 0 || key.zones.length >= this.mostHeld())) {
        if (measured) this.readsLeftOut++;
        return;
      }
      zone = this.add(key, id);
      zone.open = !old;
      if (id === 0) zone.firstEnd = zone.written = -Infinity;
      // A write of the load: it had ended by the start of the warm-up.
      else if (old) zone.firstEnd = this.grid.phases.startOfWarmup;
    }
    zone.firstEnd = Math.min(zone.firstEnd, end);
    zone.lastStart = Math.max(zone.lastStart, start);
    if (measured && zone.interval < 0 && id !== 0) this.counts(zone, end);
  }

  private counts(zone: Zone, at: Micros): void {
    zone.interval = this.grid.indexOf(at);
  }

  private keyOf(name: string): KeyZones | undefined {
    let key = this.keys.get(name);
    if (key === undefined && this.held >= this.mostZones) return undefined;
    if (key === undefined) this.keys.set(name, (key = { zones: [], deletes: false, forgotten: 0 }));
    return key;
  }

  /** Moves it to the end: it has been mentioned. */
  private zoneOf({ zones }: KeyZones, id: WriteId): Zone | undefined {
    for (let i = zones.length - 1; i >= 0; i--) {
      const zone = zones[i];
      if (zone.id !== id) continue;
      if (i < zones.length - 1) {
        zones.splice(i, 1);
        zones.push(zone);
      }
      return zone;
    }
    return undefined;
  }

  /** Values of one key. */
  private mostHeld(): number {
    return this.held < ZONES_BUDGET ? this.zonesHeld : Math.min(this.zonesHeld, ZONES_HELD_WHEN_SHORT);
  }

  private add(key: KeyZones, id: WriteId): Zone {
    while (key.zones.length >= this.mostHeld()) this.forget(key);
    const zone: Zone = {
      id,
      written: -Infinity,
      open: false,
      firstEnd: Infinity,
      lastStart: -Infinity,
      interval: -1,
      gamma: 0,
      delta: 0,
      cut: false,
    };
    key.zones.push(zone);
    this.held++;
    return zone;
  }

  private forget(key: KeyZones): void {
    const [zone] = key.zones.splice(
      Math.max(
        0,
        key.zones.findIndex(({ open }) => !open),
      ),
      1,
    );
    this.held--;
    key.forgotten++;
    for (const other of key.zones) {
      score(zone, other);
      // Its own reads may come later, and raise what the two score.
      if (other.firstEnd < zone.lastStart) other.cut = zone.cut = true;
    }
    this.count(zone);
  }

  private count(zone: Zone): void {
    if (zone.interval < 0 || zone.firstEnd === Infinity) return;
    this.gamma.add(zone.gamma, zone.interval);
    this.delta.add(zone.delta, zone.interval);
    if (zone.cut) this.valuesCut++;
  }
}

/** What the two values score together, given to both. */
function score(a: Zone, b: Zone): void {
  if (!(a.firstEnd < b.lastStart && b.firstEnd < a.lastStart)) return;
  const [aLate, bLate] = [a.lastStart - b.firstEnd, b.lastStart - a.firstEnd];
  const gamma = Math.min(aLate, bLate);
  // Only reads are moved: a value whose write began after the other had ended stays after it.
  const delta = Math.min(a.written <= b.firstEnd ? aLate : Infinity, b.written <= a.firstEnd ? bLate : Infinity);
  for (const zone of [a, b]) {
    zone.gamma = Math.max(zone.gamma, gamma);
    zone.delta = Math.max(zone.delta, delta);
  }
}

class Scores {
  values = 0;
  private positive = 0;
  private readonly histogram = new LatencyHistogram();
  private readonly blocks: { hits: number; total: number }[] = [];

  add(micros: Micros, interval: number): void {
    this.values++;
    const block = (this.blocks[interval] ??= { hits: 0, total: 0 });
    block.total++;
    if (!(micros > 0) || micros === Infinity) return;
    this.positive++;
    block.hits++;
    this.histogram.record(micros);
  }

  share(): MetricValue {
    if (this.values === 0) return notMeasured("ratio");
    const { lo, hi } = wilsonOfBlocks(this.blocks.filter((block) => block !== undefined));
    return { value: this.positive / this.values, lo, hi, n: this.values, unit: "ratio" };
  }

  /** Over all values, those without a conflict at 0. */
  percentile(percentile: number): MetricValue {
    if (!isMeasurable(this.values, percentile)) return notMeasured("ms");
    const rank = Math.ceil((this.values * percentile) / 100) - (this.values - this.positive);
    const value = rank < 1 ? 0 : this.histogram.valueAtRank(rank) / MICROS_PER_MS;
    return { value, lo: null, hi: null, n: this.values, unit: "ms" };
  }

  most(): MetricValue {
    if (this.values === 0) return notMeasured("ms");
    const value = this.positive === 0 ? 0 : this.histogram.maxMicros / MICROS_PER_MS;
    return { value, lo: null, hi: null, n: this.values, unit: "ms" };
  }

  figure(): ScoreDistribution {
    return { positive: this.positive, positiveMs: quantilesOf(this.histogram) };
  }

  destroy(): void {
    this.histogram.destroy();
  }
}

/** A histogram as a curve of about a hundred points. */
export function quantilesOf(histogram: LatencyHistogram): DelayQuantiles {
  const { count } = histogram;
  if (count === 0) return { count: 0, at: [], ms: [] };
  const points = Math.min(QUANTILES, count);
  const at = Array.from({ length: points }, (_, i) => (i + 1) / points);
  return {
    count,
    at,
    ms: at.map((share) => histogram.valueAtRank(Math.max(1, Math.round(share * count))) / MICROS_PER_MS),
  };
}

/**
 * Single operations for charts 7 and 8: a few of them as they were, and all of them by time and latency. A percentile hides
 * whether there were two ways to be answered; a cloud of points shows it. Which ones are kept is decided by a hash of
 * the operation's number (the smallest hashes win: a uniform sample of fixed size, whatever the length, without a random
 * source), but the slowest and the failed are kept beside it, because they are what one looks for and a sample would lose
 * them. State is bounded: columns of time grow wider by two when they become too many.
 */
import { certaintyOf, isSpan, type Micros, type OperationKind, type OperationRecord } from "../record/history";
import {
  EDGES_MICROS,
  type LatencyBins,
  MOST_SLOWEST,
  NARROWEST_COLUMN_S,
  type OperationSample,
} from "../record/single-operations";
import type { Findings, Measure, MeasureSetup } from "./measure";

const DRAWN = 320;
const FAILED = 160;
const MOST_COLUMNS = 120;
const BINS = EDGES_MICROS.length - 1;
const MICROS_PER_SECOND = 1_000_000;
const FATE_OF = { ok: 0, definite: 1, indefinite: 2 } as const;

interface Kept {
  readonly id: number;
  readonly intended: Micros;
  readonly micros: number;
  readonly kind: OperationKind;
  readonly fate: number;
}

type Plane = LatencyBins["planes"][number]["kind"];

export class SingleOperationsMeasure implements Measure {
  readonly name = "single_operations";
  private readonly drawn = new Smallest<Kept>(DRAWN);
  private readonly slowest = new Smallest<Kept>(MOST_SLOWEST);
  private readonly failed = new Smallest<Kept>(FAILED);
  private readonly of = [0, 0, 0];
  private readonly planes = new Map<Plane, { count: number; cells: Uint32Array }>();
  private widthMicros = NARROWEST_COLUMN_S * MICROS_PER_SECOND;

  constructor(private readonly setup: MeasureSetup) {}

  operation(operation: OperationRecord): void {
    const { id, kind, intended, end, outcome } = operation;
    if (operation.phase === "load" || isSpan(kind) || outcome === "not_sent") return;
    const micros = Math.max(0, end - intended);
    const fate = FATE_OF[certaintyOf(outcome)];
    this.of[fate]++;
    const chance = scattered(id);
    if (fate !== 0) {
      if (this.failed.wants(chance, id)) this.failed.put(chance, id, { id, intended, micros, kind, fate });
      return;
    }
    if (this.drawn.wants(chance, id)) this.drawn.put(chance, id, { id, intended, micros, kind, fate });
    if (this.slowest.wants(-micros, id)) this.slowest.put(-micros, id, { id, intended, micros, kind, fate });
    this.count(kind === "read" || kind === "scan" ? kind : "write", end, micros);
  }

  finish(): Findings {
    const drawn = this.drawn.kept();
    const known = new Set(drawn.map(({ id }) => id));
    const slowest = this.slowest.kept().filter(({ id }) => !known.has(id));
    const all = [...drawn, ...slowest, ...this.failed.kept()];
    if (all.length === 0) return {};
    const kinds = [...new Set(all.map(({ kind }) => kind))].sort();
    const { startOfWarmup } = this.setup.grid.phases;
    const operations: OperationSample = {
      kinds,
      drawn: drawn.length,
      slowest: slowest.length,
      of: this.of,
      t: all.map(({ intended }) => Math.round((intended - startOfWarmup) / 1_000) / 1_000),
      ms: all.map(({ micros }) => micros / 1_000),
      kind: all.map(({ kind }) => kinds.indexOf(kind)),
      fate: all.map(({ fate }) => fate),
    };
    const latencyBins: LatencyBins = {
      widthS: this.widthMicros / MICROS_PER_SECOND,
      edgesMs: EDGES_MICROS.map((micros) => micros / 1_000),
      planes: [...this.planes].map(([kind, { count, cells }]) => ({ kind, count, columns: columnsOf(cells) })),
    };
    return { figures: { operations, ...(latencyBins.planes.length === 0 ? {} : { latencyBins }) } };
  }

  private count(kind: Plane, end: Micros, micros: number): void {
    let plane = this.planes.get(kind);
    if (plane === undefined) this.planes.set(kind, (plane = { count: 0, cells: new Uint32Array(MOST_COLUMNS * BINS) }));
    const since = Math.max(0, end - this.setup.grid.phases.startOfWarmup);
    while (since >= this.widthMicros * MOST_COLUMNS) this.widen();
    plane.count++;
    plane.cells[Math.floor(since / this.widthMicros) * BINS + binOf(micros)]++;
  }

  /** Two columns become one. */
  private widen(): void {
    this.widthMicros *= 2;
    for (const { cells } of this.planes.values()) {
      const before = cells.slice();
      cells.fill(0);
      before.forEach((count, at) => {
        cells[(Math.floor(at / BINS) >> 1) * BINS + (at % BINS)] += count;
      });
    }
  }
}

/** The bin of a response time; the first and the last take what lies beyond. */
export function binOf(micros: number): number {
  let bin = micros <= EDGES_MICROS[0] ? 0 : Math.min(BINS - 1, Math.floor(10 * Math.log10(micros / EDGES_MICROS[0])));
  // The logarithm only says where to look: edges are rounded numbers, and it may differ in its last digit.
  while (bin > 0 && micros < EDGES_MICROS[bin]) bin--;
  while (bin < BINS - 1 && micros >= EDGES_MICROS[bin + 1]) bin++;
  return bin;
}

function columnsOf(cells: Uint32Array): number[][] {
  const columns: number[][] = [];
  for (let from = 0; from < cells.length; from += BINS) {
    const column = cells.subarray(from, from + BINS);
    const first = column.findIndex((count) => count > 0);
    const last = column.findLastIndex((count) => count > 0);
    columns.push(first < 0 ? [] : [first, ...column.subarray(first, last + 1)]);
  }
  while (columns.at(-1)?.length === 0) columns.pop();
  return columns;
}

/** 32 bits in which neighbouring numbers look unrelated: the finaliser of MurmurHash3. */
function scattered(id: number): number {
  let h = (id ^ Math.floor(id / 2 ** 32)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The `room` things of smallest rank, whatever the order in which they come: a heap with the largest on top. */
class Smallest<T> {
  private readonly heap: { readonly rank: number; readonly id: number; readonly thing: T }[] = [];

  constructor(private readonly room: number) {}

  /** Asked before the thing is made: nearly always no. */
  wants(rank: number, id: number): boolean {
    if (this.heap.length < this.room) return true;
    const top = this.heap[0];
    return rank < top.rank || (rank === top.rank && id < top.id);
  }

  put(rank: number, id: number, thing: T): void {
    const { heap } = this;
    if (heap.length < this.room) {
      heap.push({ rank, id, thing });
      for (let at = heap.length - 1; at > 0;) {
        const above = (at - 1) >> 1;
        if (!this.after(at, above)) break;
        this.swap(at, above);
        at = above;
      }
      return;
    }
    heap[0] = { rank, id, thing };
    for (let at = 0; ;) {
      let largest = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < heap.length && this.after(below, largest)) largest = below;
      if (largest === at) return;
      this.swap(at, largest);
      at = largest;
    }
  }

  /** In order of their numbers. */
  kept(): T[] {
    return [...this.heap].sort((a, b) => a.id - b.id).map(({ thing }) => thing);
  }

  private after(a: number, b: number): boolean {
    const [x, y] = [this.heap[a], this.heap[b]];
    return x.rank > y.rank || (x.rank === y.rank && x.id > y.id);
  }

  private swap(a: number, b: number): void {
    const kept = this.heap[a];
    this.heap[a] = this.heap[b];
    this.heap[b] = kept;
  }
}

/**
 * Staleness over a run: every successful read is judged against the writes that clients were told had succeeded
 * (`key-history.ts` has the definition). Counted over reads of the measured phase; writes of all phases are history.
 * The interval of `p_stale` is Wilson's at the sample size that blocks of time show, because stale reads come in bursts.
 *
 * Memory is bounded: a window of writes a key, a budget for all keys, a queue of reads that wait for a write still open. What
 * a bound left undecided is counted and becomes a doubt; it is never counted as fresh.
 */
import type { MetricValue, StaleWindow } from "../record/figures";
import { certaintyOf, type OperationRecord, type WriteId } from "../record/history";
import { LatencyHistogram } from "../record/histogram";
import { wilsonOfBlocks } from "../statistics/wilson";
import { CompletedWrites } from "./completed-writes";
import { type FaultTimes, WINDOWS } from "./fault-times";
import type { IntervalGrid } from "./interval-grid";
import { KeyHistory, WRITES_HELD, type Judgement, type KeyRead } from "./key-history";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { latencyPercentile, notMeasured, Tally } from "./percentiles";
import { VisibilityBins } from "./visibility-bins";
import { VisibilityTime } from "./visibility-time";
import { SETTLE_MICROS, WaitingReads } from "./waiting-reads";

/** Reads up to this many versions behind have a cell of their own in the chart; the last is "this or more". */
const MOST_BEHIND_SHOWN = 20;
const MOST_BEHIND = 10_000;
/** A read that began this soon after the latest acknowledged write had ended is one "at commit". */
const AT_COMMIT_MICROS = 100;
/** Writes held of all keys together, about 150 bytes each; beyond it keys keep fewer. */
const WRITES_BUDGET = 1_000_000;
const WRITES_HELD_WHEN_SHORT = 8;
/** Ids remembered of writes that were refused for certain, and of versions whose write has not ended. */
const MOST_IDS = 65_536;

interface JudgedRead extends KeyRead {
  readonly history: KeyHistory;
  readonly interval: number;
  readonly measured: boolean;
  readonly found: boolean;
  /** By its place in `WINDOWS`. */
  readonly window: number;
}

interface IntervalReads {
  stale: number;
  staleNotFound: number;
  judged: number;
  atCommit: number;
  staleAtCommit: number;
}

export class StalenessMeasure implements Measure {
  readonly name = "staleness";
  private readonly grid: IntervalGrid;
  private readonly keys = new Map<string, KeyHistory>();
  private readonly completed = new CompletedWrites();
  private readonly ended = (id: WriteId): boolean => this.completed.has(id);
  /** Until any write of their key ends. */
  private readonly reads = new WaitingReads<JudgedRead, KeyHistory>((read, lastCall) => this.judge(read, lastCall));
  private writesHeld = 0;

  /** Warm-up and measured reads, for the run's time line. */
  private readonly shown: IntervalReads[] = [];
  private readonly measured: IntervalReads[] = [];
  private readonly behind = new Tally(MOST_BEHIND_SHOWN);
  private readonly behindOfStale = new Tally(MOST_BEHIND);
  private readonly missedFor = new LatencyHistogram();
  private readonly visibility = new VisibilityBins();
  private readonly visibilityTime = new VisibilityTime();
  private readonly faults: FaultTimes;
  private readonly windows: ReadsOfWindow[] = WINDOWS.map(() => new ReadsOfWindow());
  private undecided = 0;
  private inexact = 0;

  /** Indefinite writes by id: true once a read returned them. Bounded by the oldest being forgotten. */
  private readonly indefinite = new Map<WriteId, boolean>();
  private indefiniteWrites = 0;
  private indefiniteSeen = 0;
  private readonly refused = new Set<WriteId>();
  private refusedSeen = 0;
  /** Versions read whose write has not ended. */
  private readonly early = new Set<WriteId>();
  private earlyForgotten = 0;

  constructor(setup: MeasureSetup) {
    this.grid = setup.grid;
    this.faults = setup.faults;
  }

  operation(operation: OperationRecord): void {
    this.reads.settleUntil(operation.end - SETTLE_MICROS);
    switch (operation.kind) {
      case "update":
      case "insert":
      case "delete":
        this.write(operation);
        return;
      case "read":
        if (operation.outcome === "ok" && operation.phase !== "load") this.read(operation);
        return;
      // Their parts stand beside them.
      case "rmw":
      case "multi-get":
      case "list":
      case "scan": // names a range; the versions are not of its key
        return;
    }
  }

  finish(): Findings {
    this.reads.settleUntil(Infinity);
    const blocks = this.measured.flatMap((reads) =>
      reads === undefined ? [] : [{ hits: reads.stale, total: reads.judged }],
    );
    const hits = blocks.reduce((sum, block) => sum + block.hits, 0);
    const total = blocks.reduce((sum, block) => sum + block.total, 0);
    const { lo, hi, designEffect } = wilsonOfBlocks(blocks);
    const p50 = latencyPercentile(this.missedFor, 50);
    const p99 = latencyPercentile(this.missedFor, 99);
    this.missedFor.destroy();
    const read = (pick: (reads: IntervalReads) => number): number[] =>
      this.grid.column((i) => (this.shown[i] === undefined ? 0 : pick(this.shown[i]) / this.grid.lengthSeconds(i)));
    const seen = { value: this.indefiniteSeen, lo: null, hi: null, n: this.indefiniteWrites, unit: "count" };
    return {
      metrics: {
        p_stale: total === 0 ? notMeasured("ratio") : { value: hits / total, lo, hi, n: total, unit: "ratio" },
        p_consistent_at_commit: this.consistentAtCommit(),
        t_visibility_999_ms: this.visibilityTime.metric(designEffect),
        staleness_t_p50_ms: p50,
        staleness_t_p99_ms: p99,
        staleness_k_p99: this.behindOfStale.percentile(99, "versions"),
        indefinite_writes_seen: seen,
      },
      figures: {
        stale: { hits, total, lo, hi },
        kStaleness: this.behind.cellsToLast,
        tVisibility: this.visibility.figure(),
        ...this.staleByWindow(),
      },
      columns: {
        stale_ok: read((reads) => reads.stale),
        stale_not_found: read((reads) => reads.staleNotFound),
        p_stale: this.grid.column((i) => {
          const reads = this.shown[i];
          return reads === undefined || reads.judged === 0 ? null : reads.stale / reads.judged;
        }),
      },
      evidence: {
        readsJudged: total,
        readsUndecided: this.undecided,
        readsInexact: this.inexact,
        readsJudgedEarly: this.reads.judgedEarly,
        refusedWritesSeen: this.refusedSeen,
        unknownVersions: this.early.size,
        unknownVersionsForgotten: this.earlyForgotten,
      },
    };
  }

  /** Nothing where there was no fault. */
  private staleByWindow(): { readonly staleByWindow?: readonly StaleWindow[] } {
    const staleByWindow = this.windows.map((reads, i) => ({ window: WINDOWS[i], ...reads.finish() }));
    return this.faults.outages().length === 0 ? {} : { staleByWindow };
  }

  private consistentAtCommit(): MetricValue {
    const blocks = this.measured.flatMap((reads) =>
      reads === undefined ? [] : [{ hits: reads.atCommit - reads.staleAtCommit, total: reads.atCommit }],
    );
    const hits = blocks.reduce((sum, block) => sum + block.hits, 0);
    const total = blocks.reduce((sum, block) => sum + block.total, 0);
    if (total === 0) return notMeasured("ratio");
    const { lo, hi } = wilsonOfBlocks(blocks);
    return { value: hits / total, lo, hi, n: total, unit: "ratio" };
  }

  private write(operation: OperationRecord): void {
    const id = operation.writeId;
    if (id === 0) return;
    this.completed.add(id);
    const seenEarly = this.early.delete(id);
    const certainty = certaintyOf(operation.outcome);
    if (certainty === "definite") {
      remember(this.refused, id);
      if (seenEarly) this.refusedSeen++;
    } else {
      const history = this.historyOf(operation.key);
      if (certainty === "indefinite") this.addIndefinite(id, seenEarly);
      const write = {
        id,
        session: operation.session,
        start: operation.start,
        end: certainty === "ok" ? operation.end : Infinity,
        isDelete: operation.kind === "delete",
        seen: operation.seen,
      };
      const held = this.writesHeld < WRITES_BUDGET ? WRITES_HELD : WRITES_HELD_WHEN_SHORT;
      this.writesHeld += history.add(write, held);
    }
    const history = this.keys.get(operation.key);
    if (history !== undefined) this.reads.happened(history);
  }

  private read(operation: OperationRecord): void {
    for (const id of operation.versions) this.noteReturned(id);
    this.reads.add({
      session: operation.session,
      start: operation.start,
      end: operation.end,
      versions: operation.versions,
      history: this.historyOf(operation.key),
      interval: this.grid.indexOf(operation.end),
      measured: operation.phase === "measure",
      found: operation.values > 0,
      window: WINDOWS.indexOf(this.faults.windowOf(operation.start, operation.end)),
    });
  }

  private judge(read: JudgedRead, lastCall: boolean): readonly KeyHistory[] {
    const judgement = read.history.judge(read, this.ended, lastCall);
    if (judgement.kind === "judged" && judgement.waiting) return [read.history];
    this.count(read, judgement);
    return [];
  }

  private count(read: JudgedRead, judgement: Judgement): void {
    if (judgement.kind === "unwritten") return;
    if (judgement.kind === "undecided") {
      if (read.measured) this.undecided++;
      return;
    }
    const atCommit = read.start - judgement.latestEnd < AT_COMMIT_MICROS;
    for (const cells of read.measured ? [this.shown, this.measured] : [this.shown]) {
      const cell = (cells[read.interval] ??= { stale: 0, staleNotFound: 0, judged: 0, atCommit: 0, staleAtCommit: 0 });
      cell.judged++;
      if (atCommit) cell.atCommit++;
      if (atCommit && judgement.stale) cell.staleAtCommit++;
      if (judgement.stale) cell.stale++;
      if (judgement.stale && !read.found) cell.staleNotFound++;
    }
    if (!read.measured) return;
    this.windows[read.window].add(read, judgement);
    this.behind.add(judgement.behind);
    this.visibility.add(read.start - judgement.latestEnd, !judgement.stale);
    this.visibilityTime.add(read.start - judgement.latestEnd, !judgement.stale);
    if (!judgement.stale) return;
    if (!judgement.exact) this.inexact++;
    this.behindOfStale.add(judgement.behind);
    this.missedFor.record(read.start - judgement.missedSince);
  }

  private historyOf(key: string): KeyHistory {
    let history = this.keys.get(key);
    if (history === undefined) this.keys.set(key, (history = new KeyHistory()));
    return history;
  }

  private addIndefinite(id: WriteId, seen: boolean): void {
    this.indefiniteWrites++;
    if (seen) this.indefiniteSeen++;
    this.indefinite.set(id, seen);
    if (this.indefinite.size > MOST_IDS) this.indefinite.delete(this.indefinite.keys().next().value!);
  }

  private noteReturned(id: WriteId): void {
    if (this.indefinite.get(id) === false) {
      this.indefinite.set(id, true);
      this.indefiniteSeen++;
    }
    if (this.refused.delete(id)) this.refusedSeen++;
    if (id === 0 || this.completed.has(id)) return;
    if (this.early.size < MOST_IDS) this.early.add(id);
    else this.earlyForgotten++;
  }
}

/** Measured reads that began before, during or after faults. */
class ReadsOfWindow {
  private reads = 0;
  private stale = 0;
  private missedFor: LatencyHistogram | undefined;
  private readonly behind = new Tally(MOST_BEHIND);

  add(read: JudgedRead, judgement: Extract<Judgement, { kind: "judged" }>): void {
    this.reads++;
    if (!judgement.stale) return;
    this.stale++;
    this.behind.add(judgement.behind);
    (this.missedFor ??= new LatencyHistogram()).record(read.start - judgement.missedSince);
  }

  finish(): Omit<StaleWindow, "window"> {
    const { reads, stale, behind, missedFor } = this;
    const missed = (percentile: number): number | null =>
      missedFor === undefined ? null : latencyPercentile(missedFor, percentile).value;
    const result = {
      reads,
      stale,
      missedP50Ms: missed(50),
      missedP99Ms: missed(99),
      behindP50: behind.percentile(50, "versions").value,
      behindP99: behind.percentile(99, "versions").value,
    };
    missedFor?.destroy();
    return result;
  }
}

function remember(ids: Set<WriteId>, id: WriteId): void {
  ids.add(id);
  if (ids.size > MOST_IDS) ids.delete(ids.values().next().value!);
}

/**
 * What healing costs: messages and bytes by what caused them, hints that wait, keys that anti-entropy compared and sent, over time and for
 * the whole run. Nodes count for themselves, as totals since they started; a sample of all totals about once an interval makes rates of
 * differences. A process that starts again counts from 0, which is no negative work. What no node counts is absent, not 0: a store
 * without hints has none to show.
 *
 * The price of repair is reckoned from the beginning of the measured phase to the last sample, the drain included, because much of it is paid
 * after the load is over; it is set against the requests that ended in the same time.
 */
import type { MetricValue, RepairFigures } from "../record/figures";
import { isSpan, type Micros, type OperationRecord, type RecordedOutcome, THE_CLIENT_ITSELF } from "../record/history";
import {
  CAUSES,
  REPAIR_CAUSES,
  repairBetween,
  repairOfAll,
  type CounterSample,
  type MessageCause,
  type MessagesAndBytes,
  type NodeTotals,
  type RepairCounters,
} from "../record/repair-counters";
import type { IntervalGrid } from "./interval-grid";
import type { FinishContext, Findings, Measure, MeasureSetup } from "./measure";
import { notMeasured } from "./percentiles";

const MICROS_PER_SECOND = 1_000_000;
/** Rows kept for charts; beyond it two become one. */
const MOST_ROWS = 2_048;
const NEVER_SENT: readonly RecordedOutcome[] = ["not_sent", "unsupported"];

interface Row {
  readonly from: Micros;
  readonly to: Micros;
  readonly work: RepairCounters;
  readonly readRepairs: number | undefined;
  /** At its beginning. */
  readonly held: Held;
}

/** Hints of all nodes, at the node that holds most, and bytes of all. */
interface Held {
  readonly all: number | undefined;
  readonly fullest: number | undefined;
  readonly bytes: number | undefined;
}

/** Rates, by column of the figure. */
const RATES = {
  hints_written: "hintsWritten",
  hints_delivered: "hintsDelivered",
  exchanges: "exchanges",
  keys_streamed: "keysStreamed",
  keys_overstreamed: "keysOverstreamed",
  keys_repaired: "keysRepairedByAae",
} as const;

/** Totals, by name in the figure. */
const TOTALS = {
  speculations: "speculations",
  speculations_helped: "speculationsHelped",
  digest_reads: "digestReads",
  digest_bytes_saved: "digestBytesSaved",
  digest_mismatches: "digestMismatches",
  blocking_repairs: "blockingRepairs",
  hints_written: "hintsWritten",
  hints_delivered: "hintsDelivered",
  hints_expired: "hintsExpired",
  hints_refused: "hintsRefused",
  exchanges: "exchanges",
  exchanges_equal: "exchangesEqual",
  keys_compared: "keysCompared",
  keys_streamed: "keysStreamed",
  keys_overstreamed: "keysOverstreamed",
  keys_repaired: "keysRepairedByAae",
} as const;

/** Of these, what whoever coordinates a read counts: a client that does so itself tells nobody. */
const OF_READS: ReadonlySet<keyof typeof TOTALS> = new Set([
  "speculations",
  "speculations_helped",
  "digest_mismatches",
  "blocking_repairs",
]);

export class RepairMeasure implements Measure {
  readonly name = "repair";
  private readonly grid: IntervalGrid;
  private last = new Map<string, NodeTotals>();
  private lastAt: Micros | undefined;
  private rows: Row[] = [];
  private held: Held = { all: undefined, fullest: undefined, bytes: undefined };
  private hintsHeldMost: number | undefined;
  /** Since the beginning of the measured phase. */
  private sum: RepairCounters | undefined;
  private repairs: number | undefined;
  /** Requests that ended since then: up to the last sample, and after it. */
  private requests = 0;
  private requestsAhead = 0;
  private clientsRead = false;

  constructor(setup: Pick<MeasureSetup, "grid">) {
    this.grid = setup.grid;
  }

  operation(operation: OperationRecord): void {
    if (operation.phase === "load" || isSpan(operation.kind) || NEVER_SENT.includes(operation.outcome)) return;
    if (operation.end >= this.grid.phases.startOfMeasure) this.requestsAhead++;
    if (operation.coordinator === THE_CLIENT_ITSELF && operation.kind === "read") this.clientsRead = true;
  }

  counters(sample: CounterSample): void {
    const { at, nodes } = sample;
    const { lastAt, held } = this;
    const works: RepairCounters[] = [];
    let readRepairs: number | undefined;
    for (const totals of nodes) {
      const before = this.last.get(totals.node);
      this.last.set(totals.node, totals);
      if (before === undefined) continue;
      works.push(repairBetween(before, totals));
      if (totals.readRepairs === undefined || before.readRepairs === undefined) continue;
      const done = totals.readRepairs - before.readRepairs;
      readRepairs = (readRepairs ?? 0) + (done < 0 ? totals.readRepairs : done);
    }
    this.held = heldBy([...this.last.values()]);
    if (this.held.all !== undefined && at >= this.grid.phases.startOfMeasure)
      this.hintsHeldMost = Math.max(this.hintsHeldMost ?? 0, this.held.all);
    this.lastAt = at;
    if (lastAt === undefined || works.length === 0 || at <= lastAt) return;
    const work = repairOfAll(works);
    if (Object.keys(work).length > 0) this.add({ from: lastAt, to: at, work, readRepairs, held });
  }

  finish(_end: FinishContext): Findings {
    const { sum } = this;
    if (this.rows.length === 0) return {};
    const { startOfWarmup } = this.grid.phases;
    const metrics: Record<string, MetricValue> = {};
    if (sum !== undefined) {
      const total = (value: number | undefined, unit: string): MetricValue =>
        value === undefined ? notMeasured(unit) : { value, lo: null, hi: null, n: this.requests, unit };
      const bytes = repairBytes(sum);
      if (bytes !== undefined)
        metrics["repair_bytes_per_op"] =
          this.requests === 0 || Number.isNaN(bytes)
            ? notMeasured("bytes/op")
            : { value: bytes / this.requests, lo: null, hi: null, n: this.requests, unit: "bytes/op" };
      if (sum.hintsHeld !== undefined) metrics["hints_held_max"] = total(this.hintsHeldMost, "count");
      if (sum.hintsExpired !== undefined) metrics["hints_expired"] = total(sum.hintsExpired, "count");
      if (sum.keysOverstreamed !== undefined) metrics["keys_overstreamed"] = total(sum.keysOverstreamed, "keys");
    }
    const repair: RepairFigures = {
      t: [...this.rows.map(({ from }) => from), this.lastAt!].map((at) => (at - startOfWarmup) / MICROS_PER_SECOND),
      columns: this.columns(),
      totals: {
        read_repairs: this.clientsRead ? null : (this.repairs ?? null),
        ...Object.fromEntries(
          (Object.keys(TOTALS) as (keyof typeof TOTALS)[]).map((name) => [
            name,
            this.clientsRead && OF_READS.has(name) ? null : (sum?.[TOTALS[name]] ?? null),
          ]),
        ),
      },
      byCause: CAUSES.flatMap((cause) => {
        const one = sum?.byCause?.[cause];
        return one === undefined ? [] : [{ cause, messages: one.messages, bytes: numberOf(one.bytes) }];
      }),
      requests: this.requests,
    };
    return { metrics, figures: { repair } };
  }

  private add(row: Row): void {
    this.rows.push(row);
    if (row.to > this.grid.phases.startOfMeasure) {
      // A row that the phase begins in is cut nowhere: trials sample at its beginning.
      this.sum = this.sum === undefined ? row.work : together(this.sum, row.work);
      if (row.readRepairs !== undefined) this.repairs = (this.repairs ?? 0) + row.readRepairs;
      this.requests += this.requestsAhead;
      this.requestsAhead = 0;
    }
    if (this.rows.length <= MOST_ROWS) return;
    const pairs: Row[] = [];
    for (let i = 0; i < this.rows.length; i += 2) {
      const [a, b] = [this.rows[i], this.rows[i + 1]];
      pairs.push(b === undefined ? a : joined(a, b));
    }
    this.rows = pairs;
  }

  private columns(): Record<string, (number | null)[]> {
    const { rows } = this;
    const columns: Record<string, (number | null)[]> = {};
    const column = (name: string, values: (number | null)[]): void => {
      if (values.some((value) => value !== null)) columns[name] = values;
    };
    // The last instant has nothing after it to make a rate of.
    const rate = (name: string, of: (row: Row) => number | undefined): void =>
      column(name, [
        ...rows.map((row) => {
          const value = numberOf(of(row));
          return value === null ? null : (value * MICROS_PER_SECOND) / (row.to - row.from);
        }),
        null,
      ]);
    const gauge = (name: string, of: (held: Held) => number | undefined): void =>
      column(name, [...rows.map(({ held }) => numberOf(of(held))), numberOf(of(this.held))]);
    for (const cause of CAUSES) {
      rate(`bytes_${wordOf(cause)}`, ({ work }) => work.byCause?.[cause]?.bytes);
      rate(`messages_${wordOf(cause)}`, ({ work }) => work.byCause?.[cause]?.messages);
    }
    if (!this.clientsRead) rate("read_repairs", ({ readRepairs }) => readRepairs);
    for (const [name, field] of Object.entries(RATES)) rate(name, ({ work }) => work[field]);
    gauge("hints_held", ({ all }) => all);
    gauge("hints_held_fullest", ({ fullest }) => fullest);
    gauge("hint_bytes_held", ({ bytes }) => bytes);
    return columns;
  }
}

/** Hints of a node that does not answer still wait there. */
function heldBy(nodes: readonly NodeTotals[]): Held {
  const hints = nodes.flatMap(({ hintsHeld }) => hintsHeld ?? []);
  const bytes = nodes.flatMap(({ hintBytesHeld }) => hintBytesHeld ?? []);
  const sum = (values: readonly number[]): number | undefined =>
    values.length === 0 ? undefined : values.reduce((all, one) => all + one, 0);
  return { all: sum(hints), fullest: hints.length === 0 ? undefined : Math.max(...hints), bytes: sum(bytes) };
}

/** As metrics and columns are named: `read_repair`. */
export function wordOf(cause: MessageCause): string {
  return cause.replace("-", "_");
}

/** Undefined where no cause of repair was counted. */
function repairBytes({ byCause }: RepairCounters): number | undefined {
  if (byCause === undefined) return undefined;
  return REPAIR_CAUSES.reduce((sum, cause) => sum + (byCause[cause]?.bytes ?? 0), 0);
}

function joined(a: Row, b: Row): Row {
  const readRepairs =
    a.readRepairs === undefined && b.readRepairs === undefined
      ? undefined
      : (a.readRepairs ?? 0) + (b.readRepairs ?? 0);
  return { from: a.from, to: b.to, work: together(a.work, b.work), readRepairs, held: a.held };
}

/** Work of two stretches of time, one after the other; gauges as at the end. */
function together(a: RepairCounters, b: RepairCounters): RepairCounters {
  const byCause: Partial<Record<MessageCause, MessagesAndBytes>> = { ...a.byCause };
  for (const [cause, more] of Object.entries(b.byCause ?? {}) as [MessageCause, MessagesAndBytes][]) {
    const had = byCause[cause];
    byCause[cause] =
      had === undefined ? more : { messages: had.messages + more.messages, bytes: had.bytes + more.bytes };
  }
  const sum: Record<string, unknown> = { ...a, ...b };
  for (const field of Object.values(TOTALS)) {
    const [x, y] = [a[field], b[field]];
    if (x !== undefined && y !== undefined) sum[field] = x + y;
  }
  return { ...sum, ...(a.byCause === undefined && b.byCause === undefined ? {} : { byCause }) };
}

function numberOf(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

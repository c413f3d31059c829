/**
 * The oracle: a store's clock against the causal truth. A store knows of causality what its clock tells it; the recorder knows which
 * versions every client had read before it wrote, and so what really came before what. Contexts as the store issued them are never
 * trusted. From the stream of operations and the final inspection follow lost updates (`causality-lost.ts` has the definition), false
 * conflicts, deletes that came back (`causality-deletes.ts`), sessions that saw time go back (`session-anomalies.ts`) and what the
 * clock's metadata costs, each over the whole run and in a bounded memory (`causality-past.ts`); what a bound left open is undecided, never "no".
 *
 * A false conflict is a pair of versions, tombstones included, that one read of the measured phase returned although one of them lies
 * in the other's past. Writes of all phases count as history and can be lost.
 */
import type {
  AnomalyEvidence,
  AnomalyKind,
  CausalityFigures,
  MetricValue,
  SessionWindow,
  VersionGraph,
} from "../record/figures";
import {
  certaintyOf,
  type Micros,
  type OperationRecord,
  type Snapshot,
  type WriteId,
  writeName,
} from "../record/history";
import { CountBins } from "./causality-bins";
import { type Resurrection, ResurrectedDeletes } from "./causality-deletes";
import { FollowedKey, keyAtTheEnd, versionGraph } from "./causality-graph";
import { type JudgedKey, type KeyAtEnd, Verdicts } from "./causality-key";
import { judgeLostUpdates, type LostUpdates, type LostWrite } from "./causality-lost";
import { ClockMetadata, KeyWriters } from "./causality-metadata";
import { CausalPast, type HeldWrite, type Room } from "./causality-past";
import { UncoveredWrites } from "./causality-uncovered";
import { CompletedWrites } from "./completed-writes";
import { FaultTimes, WINDOWS } from "./fault-times";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, Measure, MeasureSetup } from "./measure";
import { notMeasured } from "./percentiles";
import { SessionAnomalies, type SessionQuestion } from "./session-anomalies";
import { SETTLE_MICROS, WaitingReads } from "./waiting-reads";

/** Writes held of all keys together, about 250 bytes each; beyond it keys keep few. */
const MOST_WRITES_HELD = 600_000;
/** A session's writes that ended while an older one was still open. */
const MOST_AHEAD = 65_536;
const EXAMPLES_A_KIND = 5;
const MICROS_PER_SECOND = 1_000_000;

interface JudgedRead {
  readonly operation: OperationRecord;
  readonly end: Micros;
  readonly key: JudgedKey;
  conflicts: boolean;
  deletes: boolean;
  readonly session: SessionQuestion | undefined;
  /** By its place in `WINDOWS`. */
  readonly window: number;
}

interface Example {
  readonly kind: AnomalyKind;
  readonly key: string;
  readonly at: Micros;
  readonly writes: readonly WriteId[];
  readonly read: number | null;
  readonly text: string;
}

/** Bounds, smaller in tests. */
export interface CausalityBounds {
  readonly writesHeld: number;
  readonly uncovered?: number;
}

export class CausalityMeasure implements Measure {
  readonly name = "causality";
  private readonly grid: IntervalGrid;
  private readonly room: Room;
  private readonly byName = new Map<string, JudgedKey>();
  private readonly keys: JudgedKey[] = [];
  private readonly completed = new CompletedWrites(MOST_AHEAD);
  private readonly ended = (id: WriteId): boolean => this.completed.has(id);
  private readonly uncovered: UncoveredWrites;
  private someCoversLost = false;
  private readonly writersRoom = { held: 0 };

  private readonly reads = new WaitingReads<JudgedRead, WriteId | JudgedKey>((read, last) => this.judge(read, last));
  private readonly conflicts = new Verdicts();
  private pairs = 0;
  private pairsUndecided = 0;
  private readonly deletes = new ResurrectedDeletes((one) => this.resurrected(one));
  private readonly sessions = new SessionAnomalies();
  private readonly metadata: ClockMetadata;
  private readonly siblingsByWrites = new CountBins(1);

  private readonly examples: Example[] = [];
  private followed: FollowedKey | undefined;
  private mostSiblings = 0;
  private keyOfMostSiblings: JudgedKey | undefined;
  private final: Snapshot | undefined;
  private readonly faults: FaultTimes;

  constructor(
    setup: Pick<MeasureSetup, "grid"> & Partial<Pick<MeasureSetup, "faults" | "pasts">>,
    bounds: CausalityBounds = { writesHeld: MOST_WRITES_HELD },
  ) {
    this.grid = setup.grid;
    this.faults = setup.faults ?? new FaultTimes();
    if (setup.pasts !== undefined) setup.pasts.of = (key) => this.byName.get(key)?.past;
    this.room = { held: 0, most: bounds.writesHeld };
    this.uncovered = new UncoveredWrites(bounds.uncovered);
    this.metadata = new ClockMetadata(setup.grid);
  }

  operation(operation: OperationRecord): void {
    this.reads.settleUntil(operation.end - SETTLE_MICROS);
    switch (operation.kind) {
      case "update":
      case "insert":
      case "delete":
        if (operation.writeId !== 0) this.write(operation);
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

  snapshot(snapshot: Snapshot): void {
    const keyOf = (name: string): JudgedKey | undefined => this.byName.get(name);
    this.metadata.snapshot(snapshot, keyOf);
    this.deletes.snapshot(snapshot, keyOf);
    if (snapshot.final) this.final = snapshot;
  }

  finish(): Findings {
    this.reads.settleUntil(Infinity);
    const atEnd = this.keysAtEnd();
    const whole = this.final !== undefined && this.final.keys.length >= this.final.population;
    this.deletes.finish(atEnd);
    const lost = judgeLostUpdates({
      keys: this.keys,
      atEnd,
      uncovered: this.uncovered,
      someCoversLost: this.someCoversLost,
    });
    for (const one of lost.examples) this.examples.push(this.lostExample(one));
    const { conflicts, deletes, sessions } = this;
    const lostMetric = (count: number, undecided: number): MetricValue => counted(count, undecided, lost.judged, whole);
    const anomalies = anomaliesOf(lost, conflicts, deletes.verdicts);
    return {
      metrics: {
        lost_updates: lostMetric(lost.lost, lost.undecided),
        missed_conflicts: lostMetric(lost.missedConflicts, lost.undecided + lost.unclassified),
        false_dominance: lostMetric(lost.falseDominance, lost.undecided + lost.unclassified),
        false_conflicts: counted(this.pairs, this.pairsUndecided, conflicts.judged, true),
        ...(this.hintsSeen ? { hinted_writes_final: lostMetric(lost.hinted, lost.undecided) } : {}),
        resurrected_deletes: verdictMetric(deletes.verdicts),
        non_monotonic_reads: verdictMetric(sessions.wentBack),
        read_your_writes_misses: verdictMetric(sessions.missedOwn),
        ...this.metadata.metrics(),
      },
      columns: this.metadata.columns(),
      figures: {
        causality: {
          anomalies,
          evidence: this.evidence(),
          siblingsByWrites: this.siblingsFigure(),
          metadataByWriters: this.metadata.figure(),
          graph: this.graph(lost, atEnd),
        },
        ...(this.faults.outages().length === 0 ? {} : { sessionsByWindow: this.sessionsByWindow() }),
      },
      evidence: {
        anomaliesUndecided: anomalies
          .filter(({ undecided }) => undecided > 0)
          .map(({ kind, outOf, undecided }) => ({ kind, judged: outOf, undecided })),
      },
    };
  }

  private write(operation: OperationRecord): void {
    const { writeId: id, session, start, end, seen } = operation;
    this.completed.add(id);
    const certainty = certaintyOf(operation.outcome);
    const isDelete = operation.kind === "delete";
    const write = { id, session, start, end: certainty === "ok" ? end : Infinity, isDelete, seen };
    const key = certainty === "definite" ? this.byName.get(operation.key) : this.keyOf(operation.key);
    if (certainty !== "definite") this.happened(key!, write, operation);
    // Somebody has seen it all the same. That is a doubt of its own; here nobody should wait for it.
    else if (key?.past.find(id) !== undefined) key.past.add(write, () => undefined);
    this.reads.happened(id);
    if (key !== undefined) this.reads.happened(key);
  }

  private happened(key: JudgedKey, write: Parameters<CausalPast["add"]>[0], { phase }: OperationRecord): void {
    const held = key.past.add(write, (id, seen) => this.cover(id, seen));
    key.ended++;
    key.writers.add(write.session, this.writersRoom);
    if (this.followed?.key === key) this.followed.wrote(write);
    if (write.end === Infinity) return;
    key.acknowledged++;
    if (write.isDelete) key.deletes++;
    const { id, start, isDelete } = write;
    if (!held.covered && !this.uncovered.add({ id, start, key: key.number, isDelete })) key.untracked++;
    // The load's sessions never read.
    if (phase !== "load") this.sessions.wrote(write, key.number);
  }

  /** A write that may have happened had read `id`. */
  private cover(id: WriteId, seen: HeldWrite | undefined): void {
    if (seen?.covered === true) return;
    if (seen !== undefined) seen.covered = true;
    if (this.uncovered.remove(id) || seen !== undefined) return;
    // It has not ended, and there was no room to keep that it is covered.
    if (!this.completed.has(id)) this.someCoversLost = true;
  }

  private read(operation: OperationRecord): void {
    const key = this.keyOf(operation.key);
    const session = this.sessions.read(operation, key.number);
    if (operation.phase !== "measure") return;
    const { versions, values } = operation;
    if (values > 0) this.siblingsByWrites.add(key.ended, values);
    if (values > this.mostSiblings) {
      this.mostSiblings = values;
      this.keyOfMostSiblings = key;
    }
    const conflicts = versions.length > 1;
    if (versions.length === 1) this.conflicts.judged++;
    const deletes = key.deletes > 0 && versions.length > 0;
    if (!conflicts && !deletes && session === undefined) return;
    const window = WINDOWS.indexOf(this.faults.windowOf(operation.start, operation.end));
    this.reads.add({ operation, end: operation.end, key, conflicts, deletes, session, window });
  }

  private judge(read: JudgedRead, lastCall: boolean): readonly (WriteId | JudgedKey)[] {
    const { operation, key, session } = read;
    const waitsFor = new Set<WriteId | JudgedKey>();
    if (read.conflicts) {
      const open = this.judgeConflicts(operation, key, lastCall);
      if (open.length === 0) read.conflicts = false;
      for (const id of open) waitsFor.add(id);
    }
    if (read.deletes) {
      const open = this.deletes.judge(key, operation, lastCall);
      if (open === undefined) read.deletes = false;
      else waitsFor.add(open);
    }
    if (session !== undefined) {
      const open = this.sessions.judge(session, operation, key.past, lastCall, read.window);
      if (open !== undefined) waitsFor.add(open === "any" ? key : open);
    }
    return waitsFor.size === 0 ? NOTHING : [...waitsFor];
  }

  /** Open writes that have to end first. */
  private judgeConflicts({ id, versions, end }: OperationRecord, key: JudgedKey, last: boolean): readonly WriteId[] {
    const { past } = key;
    const ids = versions.includes(0) ? versions.filter((version) => version !== 0) : versions;
    const held = past.holdAll(ids).filter((one) => one !== undefined);
    const open = last ? NOTHING : past.openAmong(held);
    if (open.length > 0) return open;
    const { related, unknown } = past.pairsAmong(held);
    const pairsUnknown = unknown + (ids.length - held.length) * (ids.length - 1);
    this.pairsUndecided += pairsUnknown;
    if (related === 0 && pairsUnknown > 0) {
      this.conflicts.undecided++;
      return NOTHING;
    }
    this.conflicts.judged++;
    if (related === 0) return NOTHING;
    this.conflicts.count++;
    this.pairs += related;
    if (this.isWanted("false-conflict")) this.conflictExample(held, key, id, end);
    this.follow(key);
    return NOTHING;
  }

  private conflictExample(held: readonly HeldWrite[], key: JudgedKey, read: number, at: Micros): void {
    for (const newer of held) {
      const older = held.find((one) => key.past.precedes(one, newer) === "yes");
      if (older === undefined) continue;
      const [a, b] = [older.id, newer.id];
      const way = newer.write?.seen.includes(a) === true ? "had read" : "had read what replaced";
      const text = `A read returned ${writeName(a)} and ${writeName(b)} as siblings, although the client that wrote ${writeName(b)} ${way} ${writeName(a)}.`;
      this.examples.push({ kind: "false-conflict", key: key.name, at, writes: [a, b], read, text });
      return;
    }
  }

  private resurrected({ key, deleted, by, read, at, shown }: Resurrection): void {
    if (shown === "inspection") this.follow(key);
    if (!this.isWanted("resurrected-delete")) return;
    const proof =
      shown === "inspection"
        ? "an inspection in between had found it at no replica"
        : "it is there at the end, and nothing that replaced it is";
    const text = `A read returned ${writeName(deleted)}, which the delete ${writeName(by)} had replaced before the read began; ${proof}.`;
    this.examples.push({ kind: "resurrected-delete", key: key.name, at, writes: [deleted, by], read, text });
  }

  private lostExample({ kind, key, id, start, survivors }: LostWrite): Example {
    const write = key.past.find(id)?.write;
    const at = write?.end ?? start;
    const name = writeName(id);
    const others = survivors.slice(0, 3);
    const what = `${write?.isDelete === true ? "The delete" : "The write"} ${name} was acknowledged, no write had read it, and ${
      this.final?.by === "clients" ? "the last read of its key did not bring it" : "it is at no replica at the end"
    }; `;
    const why = {
      "missed-conflict": () =>
        `${writeName(others[0])} stands in its place and is concurrent with it: neither client had read the other's write.`,
      "false-dominance": () =>
        `${others.map(writeName).join(", ")} stands in its place, which it had itself replaced: the older one won.`,
      "lost-update": () => "nothing stands in its place.",
    }[kind]();
    return { kind, key: key.name, at, writes: [id, ...others], read: null, text: what + why };
  }

  private isWanted(kind: AnomalyKind): boolean {
    return this.examples.filter((one) => one.kind === kind).length < EXAMPLES_A_KIND;
  }

  private follow(key: JudgedKey): void {
    this.followed ??= new FollowedKey(key);
  }

  private evidence(): AnomalyEvidence[] {
    const order = (kind: AnomalyKind): number => KINDS.indexOf(kind);
    return [...this.examples]
      .sort((a, b) => order(a.kind) - order(b.kind) || a.at - b.at)
      .map(({ at, ...rest }) => ({ ...rest, atS: this.seconds(at) }));
  }

  private sessionsByWindow(): SessionWindow[] {
    return this.sessions.byWindow.map(({ wentBack, missedOwn }, i) => ({
      window: WINDOWS[i],
      missedOwn: missedOwn.count,
      judgedOwn: missedOwn.judged,
      wentBack: wentBack.count,
      judgedBack: wentBack.judged,
    }));
  }

  /** Whether the final inspection looked for hints at all. */
  private get hintsSeen(): boolean {
    return this.final?.keys.some(({ hinted }) => hinted !== undefined) === true;
  }

  private siblingsFigure(): CausalityFigures["siblingsByWrites"] {
    const { from, to, count, mean, max } = this.siblingsByWrites.figure();
    return { from, to, reads: count, mean: mean[0], max: max[0] };
  }

  private graph(lost: LostUpdates, atEnd: (key: JudgedKey) => KeyAtEnd | undefined): VersionGraph | null {
    const ofLost = lost.examples.find(({ key, id }) => key.past.find(id) !== undefined) ?? lost.examples.at(0);
    const key = ofLost?.key ?? this.keyOfMostSiblings ?? this.keyWithMostWrites();
    if (this.followed === undefined && key === undefined) return null;
    const drawn = this.followed ?? keyAtTheEnd(key!);
    const end = atEnd(drawn.key);
    const gone = (id: WriteId): boolean =>
      end !== undefined && end.allReached && !end.found.has(id) && !end.hinted.has(id);
    // A delete that is gone may have been reaped; those that are lost for certain are rare.
    const lostHere = new Set(
      drawn.writes.flatMap(({ id, isDelete, end: at }) =>
        at < Infinity && gone(id) && !isDelete && !drawn.isCovered(id) ? [id] : [],
      ),
    );
    for (const one of lost.examples) if (one.key === drawn.key) lostHere.add(one.id);
    return versionGraph(drawn, end, lostHere, (at) => this.seconds(at));
  }

  private keyWithMostWrites(): JudgedKey | undefined {
    let most: JudgedKey | undefined;
    for (const key of this.keys) if (key.ended > (most?.ended ?? 0)) most = key;
    return most;
  }

  private keysAtEnd(): (key: JudgedKey) => KeyAtEnd | undefined {
    const ends = new Map<string, KeyAtEnd>();
    for (const { key, replicas, hinted, hintsUnknown } of this.final?.keys ?? []) {
      const found = new Set<WriteId>();
      let allReached = replicas.length > 0 && hintsUnknown !== true;
      for (const replica of replicas) {
        if (replica === "unreachable") allReached = false;
        else for (const id of replica) if (id !== 0) found.add(id);
      }
      ends.set(key, { found, hinted: new Set(hinted), allReached });
    }
    return (key) => ends.get(key.name);
  }

  private keyOf(name: string): JudgedKey {
    let key = this.byName.get(name);
    if (key === undefined) {
      key = {
        name,
        number: this.keys.length,
        past: new CausalPast(this.room, this.ended),
        writers: new KeyWriters(),
        ended: 0,
        acknowledged: 0,
        untracked: 0,
        deletes: 0,
        inspection: undefined,
        suspects: undefined,
      };
      this.keys.push(key);
      this.byName.set(name, key);
    }
    return key;
  }

  private seconds(at: Micros): number {
    return (at - this.grid.phases.startOfWarmup) / MICROS_PER_SECOND;
  }
}

const NOTHING: readonly never[] = [];

const KINDS: readonly AnomalyKind[] = [
  "lost-update",
  "missed-conflict",
  "false-dominance",
  "false-conflict",
  "resurrected-delete",
];

function anomaliesOf(lost: LostUpdates, conflicts: Verdicts, deletes: Verdicts): CausalityFigures["anomalies"] {
  const ofLost = { outOf: lost.judged, undecided: lost.undecided };
  const split = { ...ofLost, undecided: lost.undecided + lost.unclassified };
  const ofReads = ({ count, judged, undecided }: Verdicts) => ({ count, outOf: judged, undecided });
  return [
    { kind: "lost-update", count: lost.lost, ...ofLost },
    { kind: "missed-conflict", count: lost.missedConflicts, ...split },
    { kind: "false-dominance", count: lost.falseDominance, ...split },
    { kind: "false-conflict", ...ofReads(conflicts) },
    { kind: "resurrected-delete", ...ofReads(deletes) },
  ];
}

/** `whole`: nothing else could have shown it. */
function counted(count: number, undecided: number, judged: number, whole: boolean): MetricValue {
  if (judged === 0) return notMeasured("count");
  return { value: count, lo: count, hi: whole ? count + undecided : null, n: judged, unit: "count" };
}

function verdictMetric({ count, undecided, judged }: Verdicts): MetricValue {
  return counted(count, undecided, judged, true);
}

/**
 * The dumb twin of every clock: causal histories as plain sets of write ids, which are exact by definition and far too
 * large for use. A script of gets, puts, exchanges and crashes is played on a clock and on the sets in lock-step;
 * wherever the two disagree, the clock must have declared that it may.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { packActor, type Clock, type Context, type Version } from "../../../engine/clocks/clock";
import type { Micros } from "../../../engine/vocabulary/micros";
import { ByteReader, ByteWriter } from "../../../engine/vocabulary/octets";
import { by } from "./event-maker";

/** Write ids. */
type History = ReadonlySet<number>;

export type Act =
  | { readonly kind: "get"; readonly client: number; readonly replicas: readonly number[] }
  | {
      readonly kind: "put";
      readonly client: number;
      readonly replica: number;
      readonly seen: "last" | "older" | "none";
    }
  | { readonly kind: "exchange"; readonly from: number; readonly to: number }
  | { readonly kind: "lose disk"; readonly replica: number };

export interface Replica<S> {
  readonly state: S;
  readonly history: History;
}

interface Reading<S> {
  readonly context: Context;
  readonly history: History;
  readonly state: S | undefined;
}

const REPLICAS = 3;
const CLIENTS = 3;

export function scripts(maxLength = 40): fc.Arbitrary<readonly Act[]> {
  const replica = fc.nat(REPLICAS - 1);
  const client = fc.nat(CLIENTS - 1);
  const act = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("get" as const),
        client,
        replicas: fc.uniqueArray(replica, { minLength: 1 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("put" as const),
        client,
        replica,
        seen: fc.constantFrom("last" as const, "last" as const, "older" as const, "none" as const),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("exchange" as const), from: replica, to: replica }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose disk" as const), replica }) },
  );
  return fc.array(act, { minLength: 1, maxLength });
}

export class LockStep<S> {
  /** What each write's client had seen, the write itself included. */
  private readonly past = new Map<number, History>();
  private readonly replicas: (Replica<S> | undefined)[] = [];
  private readonly epochs: number[] = [];
  private readonly readings: Reading<S>[][] = [];
  private writes = 0;
  /** Every state that was ever reached. */
  readonly reached: Replica<S>[] = [];

  constructor(private readonly clock: Clock<S>) {
    for (let i = 0; i < REPLICAS; i++) {
      this.replicas.push(undefined);
      this.epochs.push(1);
    }
    for (let i = 0; i < CLIENTS; i++) this.readings.push([]);
  }

  play(script: readonly Act[]): this {
    for (const act of script) this.act(act);
    return this;
  }

  private act(act: Act): void {
    switch (act.kind) {
      case "get": {
        const found = act.replicas.map((at) => this.replicas[at]).filter((one) => one !== undefined);
        if (found.length === 0) return;
        const state = found.map((one) => one.state).reduce((a, b) => this.clock.sync(a, b));
        const history = union(...found.map((one) => one.history));
        this.readings[act.client].push({ context: this.clock.context(state), history, state });
        return;
      }
      case "put": {
        const nothing: Reading<S> = { context: "", history: new Set(), state: undefined };
        const past = this.readings[act.client];
        const reading =
          act.seen === "none" ? nothing : (past.at(act.seen === "last" ? -1 : -2) ?? past.at(-1) ?? nothing);
        this.put(act.replica, reading);
        return;
      }
      case "exchange": {
        const from = this.replicas[act.from];
        const to = this.replicas[act.to];
        if (from === undefined || act.from === act.to) return;
        // What another replica sends has been through the wire: no shared objects.
        const arrived = throughTheWire(this.clock, from.state);
        this.become(
          act.to,
          to === undefined
            ? { state: arrived, history: from.history }
            : { state: this.clock.sync(to.state, arrived), history: union(to.history, from.history) },
        );
        return;
      }
      case "lose disk":
        this.replicas[act.replica] = undefined;
        this.epochs[act.replica]++;
        return;
    }
  }

  private put(at: number, reading: Reading<S>): void {
    const writeId = ++this.writes;
    const version: Version = { writeId, value: `v${writeId}`, tombstone: writeId % 5 === 0 };
    const stored = this.replicas[at];
    const actor = packActor(at, at === 2 ? 7 : 0, this.epochs[at]);
    const state = this.clock.update(stored?.state, reading.context, version, by(actor, wallTime(writeId, at)));
    this.past.set(writeId, union(reading.history, new Set([writeId])));
    if (this.clock.declares.mayLose) {
      // Even the event itself may be lost at once, but never what the replica had before.
      const known = stored === undefined ? "before" : this.clock.compare(stored.state, state);
      assert.ok(known === "before" || known === "equal", "an event takes nothing back");
    } else if (stored !== undefined) {
      assert.equal(this.clock.compare(stored.state, state), "before", "an event is news");
    }
    if (reading.state !== undefined && !this.clock.declares.mayLose) {
      assert.equal(this.clock.compare(reading.state, state), "before", "an event dominates what its client had read");
    }
    this.become(at, { state, history: union(stored?.history ?? new Set(), reading.history, new Set([writeId])) });
  }

  private become(at: number, replica: Replica<S>): void {
    this.replicas[at] = replica;
    this.reached.push(replica);
    this.check(replica);
  }

  /** The writes of a history that no other write of it had seen: what an exact clock keeps as siblings. */
  live(history: History): number[] {
    const overwritten = new Set<number>();
    for (const write of history) {
      for (const seen of this.past.get(write)!) if (seen !== write) overwritten.add(seen);
    }
    return [...history].filter((write) => !overwritten.has(write)).sort((a, b) => a - b);
  }

  check({ state, history }: Replica<S>): void {
    const held = writeIds(this.clock.versions(state));
    const live = this.live(history);
    assert.equal(new Set(held).size, held.length, "no version twice");
    for (const write of held) assert.ok(history.has(write), `w${write} comes from nowhere`);
    if (!this.clock.declares.mayLose) {
      for (const write of live) assert.ok(held.includes(write), `w${write} is lost, nobody had seen it`);
    }
    if (this.clock.declares.mayConflictFalsely) return;
    // A clock that may lose may also hold on to what was overwritten, when it was the overwriting write that it lost.
    const siblings = this.clock.declares.mayLose ? this.live(new Set(held)) : live;
    for (const write of held) assert.ok(siblings.includes(write), `w${write} is a sibling though it was overwritten`);
  }

  merged(...replicas: Replica<S>[]): Replica<S> {
    return {
      state: replicas.map((one) => one.state).reduce((a, b) => this.clock.sync(a, b)),
      history: union(...replicas.map((one) => one.history)),
    };
  }
}

/** Wall times that tie for neighbouring writes, and are behind by several writes on one of the replicas. */
function wallTime(writeId: number, replica: number): Micros {
  return 1_000_000 + Math.floor(writeId / 2) * 10 - (replica === 2 ? 35 : 0);
}

export function writeIds(versions: readonly Version[]): number[] {
  return versions.map((version) => version.writeId).sort((a, b) => a - b);
}

export function encoded<S>(clock: Clock<S>, state: S): string {
  const writer = new ByteWriter();
  clock.encode(state, writer);
  return writer.toOctets();
}

export function throughTheWire<S>(clock: Clock<S>, state: S): S {
  const reader = ByteReader.ofOctets(encoded(clock, state));
  const arrived = clock.decode(reader);
  reader.finish();
  return arrived;
}

function union(...sets: History[]): History {
  const all = new Set<number>();
  for (const set of sets) for (const item of set) all.add(item);
  return all;
}

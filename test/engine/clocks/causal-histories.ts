/**
 * The dumb twin of every clock: causal histories as plain sets of write ids, which are exact by definition and far too
 * large for use. A script of gets, puts, deletes, exchanges and crashes is played on a clock and on the sets in
 * lock-step; wherever the two disagree, the clock must have declared just that. A client remembers what it read, and the
 * answer to a put only sometimes, so that sessions that have not seen their own writes are played as well.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { packActor, type Clock, type Context, type EventMaker, type Version } from "../../../engine/clocks/clock";
import type { Micros } from "../../../engine/vocabulary/micros";
import { ByteReader, ByteWriter } from "../../../engine/vocabulary/octets";

/** Write ids. */
type History = ReadonlySet<number>;

export type Act =
  | { readonly kind: "get"; readonly client: number; readonly replicas: readonly number[] }
  | {
      readonly kind: "put";
      readonly client: number;
      readonly replica: number;
      /** The last reading of the key, the one before it, or none. */
      readonly seen: "last" | "older" | "none";
      /** Whether the client remembers the answer, and so has read its own write. */
      readonly remembers: boolean;
    }
  | { readonly kind: "exchange"; readonly from: number; readonly to: number }
  | { readonly kind: "lose disk"; readonly replica: number }
  /** Deleted with what all replicas hold, and the tombstone, once all have it, removed; a copy of it stays somewhere. */
  | { readonly kind: "delete and reap"; readonly client: number; readonly replica: number }
  /** Such a copy comes back. */
  | { readonly kind: "return"; readonly to: number };

export interface Replica<S> {
  readonly state: S;
  readonly history: History;
}

interface Reading<S> {
  readonly context: Context;
  readonly history: History;
  readonly state: S | undefined;
}

/** What the recorder knows of a write. */
interface Write {
  readonly client: number;
  readonly replica: number;
  /** All that its client had seen, and itself. */
  readonly past: History;
}

export const REPLICAS = 3;
export const CLIENTS = 3;

/** `skewed`: ties between neighbours, and one replica that is behind by several writes. `true`: later writes, later times. */
export type Times = "skewed" | "true";

export interface Circumstances {
  readonly times: Times;
  /** Merges forget, be it by pruning or by dots given twice: a copy that was just met may bring back what it lost to. */
  readonly forgets?: boolean;
}

const SKEWED: Circumstances = { times: "skewed" };

export function scripts(maxLength = 40): fc.Arbitrary<readonly Act[]> {
  const replica = fc.nat(REPLICAS - 1);
  const client = fc.nat(CLIENTS - 1);
  const one = <K extends string, F extends object>(kind: K, fields: { [P in keyof F]: fc.Arbitrary<F[P]> }) =>
    fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Act>;
  const act = fc.oneof(
    { weight: 8, arbitrary: one("get", { client, replicas: fc.uniqueArray(replica, { minLength: 1 }) }) },
    {
      weight: 12,
      arbitrary: one("put", {
        client,
        replica,
        seen: fc.constantFrom("last", "last", "older", "none"),
        remembers: fc.boolean(),
      }),
    },
    { weight: 8, arbitrary: one("exchange", { from: replica, to: replica }) },
    { weight: 2, arbitrary: one("lose disk", { replica }) },
    { weight: 1, arbitrary: one("delete and reap", { client, replica }) },
    { weight: 1, arbitrary: one("return", { to: replica }) },
  );
  return fc.array(act, { minLength: 1, maxLength });
}

export class LockStep<S> {
  private readonly writes = new Map<number, Write>();
  private readonly replicas: (Replica<S> | undefined)[] = [];
  private readonly epochs: number[] = [];
  /** Events of each replica since its boot. */
  private readonly minted: number[] = [];
  /** Its events when it removed the key: none in this life where 0. What it hears of from before must not count. */
  private readonly removedAt: number[] = [];
  private readonly readings: Reading<S>[][] = [];
  /** Copies of reaped tombstones. */
  private readonly strays: Replica<S>[] = [];
  /** Reaped tombstones and what they had replaced: whether any of it comes back is up to the clock. */
  private readonly reaped = new Set<number>();
  /** Every state that was ever reached. */
  readonly reached: Replica<S>[] = [];

  constructor(
    private readonly clock: Clock<S>,
    private readonly circumstances: Circumstances = SKEWED,
  ) {
    for (let i = 0; i < REPLICAS; i++) {
      this.replicas.push(undefined);
      this.epochs.push(1);
      this.minted.push(0);
      this.removedAt.push(0);
    }
    for (let i = 0; i < CLIENTS; i++) this.readings.push([]);
  }

  play(script: readonly Act[]): this {
    for (const act of script) this.act(act);
    return this;
  }

  private act(act: Act): void {
    switch (act.kind) {
      case "get":
        this.get(act.client, act.replicas);
        return;
      case "put": {
        const past = this.readings[act.client];
        const reading =
          act.seen === "none"
            ? this.nothing()
            : (past.at(act.seen === "last" ? -1 : -2) ?? past.at(-1) ?? this.nothing());
        this.put(act.client, act.replica, reading, false);
        if (act.remembers) this.get(act.client, [act.replica]);
        return;
      }
      case "exchange": {
        const from = this.replicas[act.from];
        if (from !== undefined && act.from !== act.to) this.receive(act.to, from);
        return;
      }
      case "lose disk":
        this.replicas[act.replica] = undefined;
        this.epochs[act.replica]++;
        this.minted[act.replica] = 0;
        this.removedAt[act.replica] = 0;
        return;
      case "delete and reap":
        this.deleteAndReap(act.client, act.replica);
        return;
      case "return": {
        const stray = this.strays.pop();
        if (stray !== undefined) this.receive(act.to, stray);
        return;
      }
    }
  }

  private nothing(): Reading<S> {
    return { context: "", history: new Set(), state: undefined };
  }

  private get(client: number, replicas: readonly number[]): void {
    const found = replicas.map((at) => this.replicas[at]).filter((one) => one !== undefined);
    if (found.length === 0) return;
    const { state, history } = this.merged(...found);
    this.readings[client].push({ context: this.clock.context(state), history, state });
  }

  /** What another replica sends has been through the wire: no shared objects. */
  private receive(at: number, from: Replica<S>): void {
    const arrived = throughTheWire(this.clock, from.state);
    const to = this.replicas[at];
    this.become(
      at,
      to === undefined
        ? { state: arrived, history: from.history }
        : { state: this.clock.sync(to.state, arrived), history: union(to.history, from.history) },
    );
  }

  private put(client: number, at: number, reading: Reading<S>, tombstone: boolean): void {
    const { clock } = this;
    const writeId = this.writes.size + 1;
    const version: Version = written(writeId, tombstone);
    const stored = this.replicas[at];
    const maker: EventMaker = {
      actor: packActor(at, at === 2 ? 7 : 0, this.epochs[at]),
      client: 100 * (client + 1),
      at: this.wallTime(writeId, at),
      minted: this.minted[at],
      removedAt: this.removedAt[at],
    };
    const state = clock.update(stored?.state, reading.context, version, maker);
    this.minted[at]++;
    const past = union(reading.history, new Set([writeId]));
    this.writes.set(writeId, { client, replica: at, past });
    this.checkEvent(stored?.state, reading, version, maker, state);
    this.become(at, { state, history: union(stored?.history ?? new Set(), past) });
  }

  private checkEvent(stored: S | undefined, reading: Reading<S>, version: Version, maker: EventMaker, state: S): void {
    const { clock } = this;
    const { mayLose, loses } = clock.declares;
    if (stored !== undefined && this.circumstances.forgets !== true) {
      // Even the event itself may be lost at once, but never what the replica had before.
      const known = clock.compare(stored, state);
      assert.ok(known === "before" || (mayLose && known === "equal"), "an event takes nothing back, and is news");
    }
    const alone = clock.update(undefined, reading.context, version, maker);
    if (reading.state !== undefined && (!mayLose || loses !== undefined)) {
      assert.equal(clock.compare(reading.state, alone), "before", "an event dominates what its client had read");
      if (!mayLose) assert.equal(clock.compare(reading.state, state), "before", "also where it meets others");
    }
    if (!clock.mintsServerDots && stored !== undefined) {
      const apart = encoded(clock, clock.sync(stored, alone));
      assert.equal(apart, encoded(clock, state), "an event that needs nothing stored is the same made elsewhere");
    }
  }

  private deleteAndReap(client: number, at: number): void {
    this.get(client, [...this.replicas.keys()]);
    const reading = this.readings[client].at(-1);
    if (reading === undefined) return;
    this.put(client, at, reading, true);
    const held = this.merged(...this.replicas.filter((one) => one !== undefined));
    const versions = this.clock.versions(held.state);
    if (versions.length > 1 || !versions[0].tombstone) return;
    this.strays.push(held);
    for (const write of this.pastOf(versions[0].writeId)) this.reaped.add(write);
    for (const [i, one] of this.replicas.entries()) if (one !== undefined) this.removedAt[i] = this.minted[i];
    this.replicas.fill(undefined);
  }

  /** Wall times that tie for neighbouring writes, and are behind by several writes on one of the replicas. */
  private wallTime(writeId: number, replica: number): Micros {
    const start = 1_000_000_000;
    if (this.circumstances.times === "true") return start + writeId * 5_000;
    return start + Math.floor(writeId / 2) * 10_000 - (replica === 2 ? 35_000 : 0);
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
      for (const seen of this.pastOf(write)) if (seen !== write) overwritten.add(seen);
    }
    return [...history].filter((write) => !overwritten.has(write)).sort(ascending);
  }

  /** Live writes less what was reaped: what a clock that loses nothing must have. */
  owed(history: History): number[] {
    return this.live(history).filter((write) => !this.reaped.has(write));
  }

  /** Whether a history holds what was reaped: a copy from before that returned, or was merged with later ones. */
  spansReaping(history: History): boolean {
    return [...history].some((write) => this.reaped.has(write));
  }

  check({ state, history }: Replica<S>): void {
    const { mayLose, loses, mayConflictFalsely } = this.clock.declares;
    const held = writeIds(this.clock.versions(state));
    const live = this.live(history);
    assert.ok(held.length > 0, "a state has a version");
    assert.equal(new Set(held).size, held.length, "no version twice");
    for (const write of held) assert.ok(history.has(write), `w${write} comes from nowhere`);
    for (const { writeId, value, tombstone, meta } of this.clock.versions(state))
      assert.deepEqual({ value, meta }, whatWasWritten(writeId, tombstone), `w${writeId} is as it was written`);
    for (const write of live) {
      if (held.includes(write) || this.reaped.has(write)) continue;
      assert.ok(mayLose, `w${write} is lost, nobody had seen it`);
      assert.ok(this.isExcused(write, held, history), `w${write} is lost, and not as declared (${String(loses)})`);
    }
    if (mayConflictFalsely) return;
    // A clock that may lose anything may also hold on to what was overwritten, when it was the overwriting write that it lost.
    const siblings = mayLose && loses === undefined ? this.live(new Set(held)) : live;
    for (const write of held) {
      assert.ok(siblings.includes(write) || this.reaped.has(write), `w${write} is held though it was overwritten`);
    }
  }

  /** Whether the loss of `lost` is of the declared kind. */
  private isExcused(lost: number, held: readonly number[], history: History): boolean {
    const { client, replica } = this.writes.get(lost)!;
    switch (this.clock.declares.loses) {
      case undefined:
        return true;
      case "concurrent":
        return held.some((other) => this.areConcurrent(lost, other));
      case "same-client":
        return [...history].some(
          (other) => this.writes.get(other)!.client === client && this.areConcurrent(lost, other),
        );
      case "same-replica":
        return [...history].some(
          (other) => this.writes.get(other)!.replica === replica && this.areConcurrent(lost, other),
        );
    }
  }

  private areConcurrent(x: number, y: number): boolean {
    return !this.pastOf(x).has(y) && !this.pastOf(y).has(x);
  }

  private pastOf(write: number): History {
    return this.writes.get(write)!.past;
  }

  merged(...replicas: Replica<S>[]): Replica<S> {
    return {
      state: replicas.map((one) => one.state).reduce((a, b) => this.clock.sync(a, b)),
      history: union(...replicas.map((one) => one.history)),
    };
  }
}

/** Every third write has something beside its value. */
function written(writeId: number, tombstone: boolean): Version {
  const { value, meta } = whatWasWritten(writeId, tombstone);
  return meta === undefined ? { writeId, value, tombstone } : { writeId, value, tombstone, meta };
}

function whatWasWritten(writeId: number, tombstone: boolean): { value: string; meta: string | undefined } {
  return { value: tombstone ? "" : `v${writeId}`, meta: writeId % 3 === 0 ? `\xfem${writeId}` : undefined };
}

export function writeIds(versions: readonly Version[]): number[] {
  return versions.map((version) => version.writeId).sort(ascending);
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

function ascending(a: number, b: number): number {
  return a - b;
}

function union(...sets: History[]): History {
  const all = new Set<number>();
  for (const set of sets) for (const item of set) all.add(item);
  return all;
}

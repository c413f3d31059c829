/**
 * Anti-entropy machines in a world of their own: stores that are maps, a wire that may lose, double and reorder, one queue
 * of events in virtual time. Every message goes through the real codec. Reads, merges and repairs take a moment or none,
 * by chance, so that what happens in between is tried as well.
 */
import { strict as assert } from "node:assert";
import { type AntiEntropyActs, AntiEntropy } from "../../../engine/antientropy/anti-entropy";
import { type Clock, clockNamed, packActor, type Version } from "../../../engine/clocks/clock";
import type { PeerMessage } from "../../../engine/messages";
import { Ring } from "../../../engine/ring/ring";
import { encodeAddress, type Address } from "../../../engine/vocabulary/address";
import { ByteReader, ByteWriter } from "../../../engine/vocabulary/octets";
import { Random } from "../../../engine/vocabulary/random";
import type { AaeSettings, RingSettings } from "../../../engine/vocabulary/settings";
import { Codec } from "../../../engine/wire/codec";
import { by } from "../clocks/event-maker";

export interface WorldSettings {
  readonly nodes?: number;
  readonly n?: number;
  readonly ring?: Partial<RingSettings>;
  readonly clock?: string;
  readonly aae?: Partial<AaeSettings>;
  /** Chances that a message is lost, and that it comes twice. */
  readonly loss?: number;
  readonly doubling?: number;
  /** Messages take from 1 to so many milliseconds. */
  readonly slowestMs?: number;
  /** Loads, merges and repairs take a moment as often as none. */
  readonly slowDisk?: boolean;
  readonly seed?: number;
  /** What a node's machine is told, in place of every change. */
  readonly upkeep?: (
    machine: AntiEntropy,
    ...change: [vnode: number, address: Address, before: unknown, after: unknown]
  ) => void;
  readonly mayWork?: (node: number, now: number) => boolean;
  readonly stepTimeoutMs?: number;
}

export interface Sent {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly message: PeerMessage;
  readonly bytes: number;
}

export function address(key: string): Address {
  return encodeAddress({ type: "default", bucket: "b", key });
}

export class World {
  now = 0;
  readonly ring: Ring;
  readonly n: number;
  readonly clock: Clock;
  readonly machines: AntiEntropy[] = [];
  /** By node, then by vnode and address. */
  readonly stores: Map<string, unknown>[] = [];
  readonly sent: Sent[] = [];
  readonly up: boolean[] = [];
  repairs = 0;
  private readonly codec: Codec;
  private readonly random: Random;
  private readonly queue: { at: number; order: number; run: () => void }[] = [];
  private order = 0;
  private writes = 0;

  constructor(private readonly settings: WorldSettings = {}) {
    const { nodes = 3, n = 3, clock = "dvvset", seed = 1 } = settings;
    this.n = n;
    this.clock = clockNamed(clock);
    this.codec = new Codec(this.clock);
    this.random = Random.fromSeed(seed);
    const members = Array.from({ length: nodes }, (_, i) => ({ id: `node-${i + 1}`, zone: "a", weight: 1 }));
    const ring: RingSettings = {
      strategy: "random-tokens",
      partitions: 16,
      vnodesPerNode: 4,
      hash: "murmur3",
      distinctHosts: "walk",
      ...settings.ring,
    };
    this.ring = Ring.build(ring, members, this.random.fork("ring"));
    for (let node = 0; node < nodes; node++) {
      this.stores.push(new Map());
      this.up.push(true);
      this.boot(node, 1);
    }
  }

  boot(node: number, epoch: number): AntiEntropy {
    const { aae, stepTimeoutMs = 500 } = this.settings;
    return (this.machines[node] = new AntiEntropy(
      {
        index: node,
        epoch,
        ring: this.ring,
        n: this.n,
        clock: this.clock,
        settings: {
          intervalMs: 1_000,
          depth: 3,
          fanout: 4,
          hash: "clock",
          repair: "gets",
          concurrency: 2,
          ...aae,
        },
        stepTimeoutMs,
        now: () => this.now,
      },
      this.actsOf(node),
    ));
  }

  private actsOf(node: number): AntiEntropyActs {
    const store = this.stores[node];
    let pages: [string, unknown][] = [];
    return {
      scan: (token, cursor, limit) => {
        if (cursor === undefined) pages = [...store].reverse();
        const from = (cursor as number | undefined) ?? 0;
        const entries = pages.slice(from, from + limit).flatMap(([name]) => {
          const state = store.get(name);
          return state === undefined ? [] : [{ ...nameOf(name), state }];
        });
        const next = from + limit < pages.length ? from + limit : undefined;
        const machine = this.machines[node];
        this.after(200, () => {
          if (this.machines[node] === machine) machine.scanned(token, entries, next);
        });
      },
      unsettled: () => undefined,
      mayWork: () => this.settings.mayWork?.(node, this.now) ?? true,
      read: (vnode, key, done) =>
        this.soon(() => {
          const state = store.get(storageKey(vnode, key));
          done(state !== undefined, state);
        }),
      merge: (vnode, key, state, done) =>
        this.soon(() => done(this.merge(node, vnode, key, state) ? "changed" : "same")),
      repairByGet: (key, done) => {
        this.repairs++;
        this.soon(() => {
          const holders = this.ring.preferenceList(key, this.n).filter((replica) => this.up[replica.node]);
          const states = holders
            .map((replica) => this.stores[replica.node].get(storageKey(replica.vnode, key)))
            .filter((state): state is NonNullable<unknown> => state !== undefined);
          if (states.length > 0) {
            const merged = states.reduce<unknown>((a, b) => this.clock.sync(a, b), states[0]);
            for (const replica of holders) this.merge(replica.node, replica.vnode, key, merged);
          }
          done(true);
        });
      },
      send: (to, message) => this.send(node, to, message),
      reachable: (peer) => this.up[peer],
    };
  }

  /** Whether it changed anything. */
  merge(node: number, vnode: number, key: Address, state: unknown): boolean {
    const before = this.stores[node].get(storageKey(vnode, key));
    const after = before === undefined ? state : this.clock.sync(before, state);
    if (before !== undefined && this.clock.compare(before, after) === "equal") return false;
    this.put(node, vnode, key, after);
    return true;
  }

  /** A copy as it is to be, undefined: none. */
  put(node: number, vnode: number, key: Address, after: unknown): void {
    const name = storageKey(vnode, key);
    const before = this.stores[node].get(name);
    if (after === undefined) this.stores[node].delete(name);
    else this.stores[node].set(name, after);
    const { upkeep } = this.settings;
    const machine = this.machines[node];
    if (upkeep === undefined) machine.changed(vnode, key, before, after);
    else upkeep(machine, vnode, key, before, after);
  }

  /** A write through one replica of a key, by who has read it there or nothing, that reaches so many of the others. */
  write(key: Address, through: number, reaches: readonly number[], blind = false, tombstone = false): void {
    const list = this.ring.preferenceList(key, this.n);
    const { node, vnode } = list[through % list.length];
    const held = this.stores[node].get(storageKey(vnode, key));
    const writeId = ++this.writes;
    const version: Version = { writeId, value: tombstone ? "" : `v${writeId}`, tombstone };
    const context = held === undefined || blind ? "" : this.clock.context(held);
    const state = this.clock.update(held, context, version, by(packActor(node, vnode, 1), 1_000 + writeId, 1));
    this.put(node, vnode, key, state);
    for (const at of reaches) {
      const replica = list[at % list.length];
      this.merge(replica.node, replica.vnode, key, state);
    }
  }

  /** Gives every replica of a key this copy, without anybody having written. */
  settle(key: Address, state: unknown): void {
    for (const { node, vnode } of this.ring.preferenceList(key, this.n)) this.put(node, vnode, key, state);
  }

  private send(from: number, to: number, message: PeerMessage): void {
    const writer = new ByteWriter();
    this.codec.encode(message, writer);
    const bytes = writer.view().slice();
    this.sent.push({ at: this.now, from, to, message, bytes: bytes.length });
    const { loss = 0, doubling = 0 } = this.settings;
    if (this.random.nextFloat() < loss) return;
    const copies = this.random.nextFloat() < doubling ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.after(1_000 + this.random.nextBelow(1_000 * (this.settings.slowestMs ?? 1)), () => {
        if (!this.up[to]) return;
        const decoded = this.codec.decode(new ByteReader(bytes)) as PeerMessage;
        assert.ok(this.machines[to].received(from, decoded), "all of these messages are for anti-entropy");
      });
    }
  }

  private soon(run: () => void): void {
    if (this.settings.slowDisk === true && this.random.nextBelow(2) === 0)
      this.after(this.random.nextBelow(3_000), run);
    else run();
  }

  after(micros: number, run: () => void): void {
    this.queue.push({ at: this.now + micros, order: this.order++, run });
  }

  /** Goes on until `until` holds, or for so long at most. Whether it held. */
  run(forMs: number, until: () => boolean = () => false): boolean {
    const end = this.now + forMs * 1_000;
    for (;;) {
      if (until()) return true;
      let first = -1;
      this.queue.forEach((event, i) => {
        const earliest = this.queue[first] as (typeof this.queue)[number] | undefined;
        if (
          earliest === undefined ||
          event.at < earliest.at ||
          (event.at === earliest.at && event.order < earliest.order)
        )
          first = i;
      });
      const queued = first < 0 ? Infinity : this.queue[first].at;
      const wake = this.machines.map((machine, node) => (this.up[node] ? machine.next() : Infinity));
      const woken = Math.min(...wake);
      const next = Math.min(queued, woken);
      if (next > end) {
        this.now = end;
        return false;
      }
      this.now = Math.max(this.now, next);
      if (queued <= woken) this.queue.splice(first, 1)[0].run();
      else this.machines[wake.indexOf(woken)].advance(this.now);
    }
  }

  /** Until every node has whole trees. */
  build(): void {
    assert.ok(
      this.run(600_000, () => this.machines.every((machine) => machine.counts.builds > 0)),
      "trees are built",
    );
  }

  /** Whether all replicas of every key, or of these, hold the same. */
  agrees(of?: readonly Address[]): boolean {
    const all = of ?? this.stores.flatMap((store) => [...store.keys()].map((name) => nameOf(name).address));
    for (const key of new Set(all)) {
      const states = this.ring
        .preferenceList(key, this.n)
        .map(({ node, vnode }) => this.stores[node].get(storageKey(vnode, key)));
      if (states.some((state) => state === undefined)) return false;
      if (states.some((state) => this.clock.compare(states[0], state) !== "equal")) return false;
    }
    return true;
  }
}

export function storageKey(vnode: number, key: Address): string {
  return `${vnode}/${key}`;
}

function nameOf(name: string): { vnode: number; address: Address } {
  const slash = name.indexOf("/");
  return { vnode: Number(name.slice(0, slash)), address: name.slice(slash + 1) };
}

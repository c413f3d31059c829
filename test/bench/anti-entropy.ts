/**
 * What anti-entropy costs two replicas of a million keys: the first build, the upkeep of each write beside a twin without
 * trees, and exchanges, whose messages go through the real codec. Bytes of an exchange stand beside what no protocol can
 * go below: to name d of K keys takes log2 C(K, d) bits, about d log2(K/d) + 1.44 d, and the states themselves must travel.
 * The over-streaming of AE-1 is measured here at its published size.
 */
import "../../engine/real/native-octets";
import { AntiEntropy, type AntiEntropyActs } from "../../engine/antientropy/anti-entropy";
import { type Clock, clockNamed, packActor } from "../../engine/clocks/clock";
import type { PeerMessage } from "../../engine/messages";
import { Ring } from "../../engine/ring/ring";
import { encodeAddress, type Address } from "../../engine/vocabulary/address";
import { ByteReader, ByteWriter } from "../../engine/vocabulary/octets";
import { Random } from "../../engine/vocabulary/random";
import { Codec } from "../../engine/wire/codec";
import { by } from "../engine/clocks/event-maker";

export interface AntiEntropyFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note: string;
}

const KEYS = 1_000_000;
const WRITES = 50_000;
const ROUNDS = 21;
const VALUE = "v".repeat(100);

interface Setup {
  readonly clock: string;
  readonly fanout: number;
  readonly depth: number;
  readonly repair: "gets" | "stream";
}

interface Traffic {
  messages: number;
  bytes: number;
  /** Of the messages, what is states. */
  gets: number;
  streamed: number;
}

/** Of the processor: others may be using the machine too. */
function milliseconds(work: () => void): number {
  return processorNs(work) / 1e6;
}

const addresses: Address[] = [];
function keys(): readonly Address[] {
  while (addresses.length < KEYS) {
    const key = `user${String(addresses.length * 7919).padStart(12, "0")}`;
    addresses.push(encodeAddress({ type: "default", bucket: "ycsb", key }));
  }
  return addresses;
}

/** Two machines, their stores, and a wire that delivers at once. */
class Pair {
  now = 0;
  readonly machines: AntiEntropy[] = [];
  readonly stores: readonly Map<Address, unknown>[];
  readonly clock: Clock;
  readonly traffic: Traffic = { messages: 0, bytes: 0, gets: 0, streamed: 0 };
  private readonly codec: Codec;
  private readonly wire: { readonly from: number; readonly to: number; readonly bytes: Uint8Array }[] = [];
  private page: (() => void) | undefined;
  readonly buildMs: number[] = [];
  private writes = KEYS;

  constructor(setup: Setup, stores?: readonly Map<Address, unknown>[]) {
    this.clock = clockNamed(setup.clock);
    this.codec = new Codec(this.clock);
    this.stores = stores ?? [new Map<Address, unknown>(), new Map<Address, unknown>()];
    if (stores === undefined) this.fill();
    const members = ["node-1", "node-2"].map((id) => ({ id, zone: "a", weight: 1 }));
    const ring = Ring.build(
      { strategy: "random-tokens", partitions: 0, vnodesPerNode: 8, hash: "murmur3", distinctHosts: "walk" },
      members,
      Random.fromSeed(1),
    );
    for (const index of [0, 1]) {
      this.machines.push(
        new AntiEntropy(
          {
            index,
            epoch: 1,
            ring,
            n: 2,
            clock: this.clock,
            settings: { intervalMs: 1_000, hash: "clock", concurrency: 1, ...setup },
            stepTimeoutMs: 1e9,
            now: () => this.now,
          },
          this.actsOf(index),
        ),
      );
    }
    for (const index of [0, 1]) this.buildMs.push(this.build(index));
  }

  private fill(): void {
    const actor = packActor(0, 0, 1);
    keys().forEach((key, i) => {
      const state = this.clock.update(undefined, "", { writeId: i, value: VALUE, tombstone: false }, by(actor, i, 1));
      for (const store of this.stores) store.set(key, state);
    });
  }

  private actsOf(index: number): AntiEntropyActs {
    const store = this.stores[index];
    return {
      scan: (token, cursor, limit) => {
        const walk = (cursor as IterableIterator<[Address, unknown]> | undefined) ?? store.entries();
        this.page = () => {
          const entries = [];
          let next = walk.next();
          while (next.done !== true) {
            entries.push({ vnode: 0, address: next.value[0], state: next.value[1] });
            if (entries.length === limit) break;
            next = walk.next();
          }
          this.machines[index].scanned(token, entries, next.done === true ? undefined : walk);
        };
      },
      unsettled: () => undefined,
      mayWork: () => true,
      read: (_, key, done) => done(store.has(key), store.get(key)),
      merge: (_, key, state, done) => done(this.merge(index, key, state) ? "changed" : "same"),
      repairByGet: (key, done) => {
        this.traffic.gets++;
        const [a, b] = this.stores.map((held) => held.get(key));
        const merged = a === undefined ? b : b === undefined ? a : this.clock.sync(a, b);
        for (const at of [0, 1]) this.merge(at, key, merged);
        done(true);
      },
      send: (to, message) => {
        const writer = new ByteWriter();
        this.codec.encode(message, writer);
        this.traffic.messages++;
        this.traffic.bytes += writer.length;
        if (message.kind === "stream") this.traffic.streamed += message.entries.length;
        if (message.kind === "segments-reply") this.traffic.streamed += message.states.length;
        this.wire.push({ from: index, to, bytes: writer.view().slice() });
      },
      reachable: () => true,
    };
  }

  private merge(index: number, key: Address, state: unknown): boolean {
    const before = this.stores[index].get(key);
    const after = before === undefined ? state : this.clock.sync(before, state);
    if (before !== undefined && this.clock.compare(before, after) === "equal") return false;
    this.stores[index].set(key, after);
    this.machines[index].changed(0, key, before, after);
    return true;
  }

  /** What the next write makes of a copy at the first node. */
  eventOn(held: unknown): unknown {
    const writeId = ++this.writes;
    const version = { writeId, value: VALUE, tombstone: false };
    const context = held === undefined ? "" : this.clock.context(held);
    return this.clock.update(held, context, version, by(packActor(0, 0, 1), writeId, 1));
  }

  /** Milliseconds of work; the pauses between pages are the schedule's. */
  private build(index: number): number {
    const machine = this.machines[index];
    return milliseconds(() => {
      while (machine.counts.builds === 0) {
        this.now = machine.next();
        machine.advance(this.now);
        this.page?.();
        this.page = undefined;
      }
    });
  }

  /** One exchange that the first node begins, with so many keys newer there. */
  exchange(differing: number, random: Random): Traffic {
    const chosen = new Set<Address>();
    while (chosen.size < differing) chosen.add(keys()[random.nextBelow(KEYS)]);
    for (const key of chosen) {
      const before = this.stores[0].get(key);
      const after = this.eventOn(before);
      this.stores[0].set(key, after);
      this.machines[0].changed(0, key, before, after);
    }
    Object.assign(this.traffic, { messages: 0, bytes: 0, gets: 0, streamed: 0 });
    const [machine] = this.machines;
    const { exchanges } = machine.counts;
    while (machine.running === 0 && machine.counts.exchanges === exchanges) {
      this.now = machine.next();
      machine.advance(this.now);
      for (let message = this.wire.shift(); message !== undefined; message = this.wire.shift()) {
        const decoded = this.codec.decode(new ByteReader(message.bytes)) as PeerMessage;
        this.machines[message.to].received(message.from, decoded);
      }
    }
    for (const key of chosen) {
      if (this.clock.compare(this.stores[0].get(key), this.stores[1].get(key)) !== "equal") {
        throw new Error("an exchange left two replicas different");
      }
    }
    return { ...this.traffic };
  }

  /** Encoded, with its address. */
  bytesOfAState(): number {
    const writer = new ByteWriter();
    writer.octets(keys()[0]);
    this.clock.encode(this.stores[0].get(keys()[0]), writer);
    return writer.length;
  }
}

/** log2 of the number of ways to choose d of K, in bytes, and d states. */
function leastBytes(differing: number, stateBytes: number): { readonly names: number; readonly states: number } {
  let bits = 0;
  for (let i = 0; i < differing; i++) bits += Math.log2((KEYS - i) / (i + 1));
  return { names: bits / 8, states: differing * stateBytes };
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/**
 * Nanoseconds of the processor that upkeep adds to a write. As in a node, a write reads its address from a message, looks
 * up what is held, makes the event and keeps it; rounds with trees and without take turns on the same keys, and each pair
 * of rounds gives a figure. What is hashed is then as near to the processor as it is there.
 */
function measureUpkeep(pair: Pair, random: Random): { median: number; low: number; high: number; bare: number } {
  const twin = new Map(pair.stores[0]);
  const [store] = pair.stores;
  const [machine] = pair.machines;
  const reader = new ByteReader(new Uint8Array(0));
  const write = (into: Map<Address, unknown>, messages: readonly Uint8Array[], keepsTrees: boolean): void => {
    for (const bytes of messages) {
      reader.reset(bytes, 0, bytes.length);
      const address = reader.octets();
      const before = into.get(address);
      const after = pair.eventOn(before);
      into.set(address, after);
      if (keepsTrees) machine.changed(0, address, before, after);
    }
  };
  const costs: number[] = [];
  const bares: number[] = [];
  for (let round = -3; round < ROUNDS; round++) {
    const messages = Array.from({ length: WRITES }, () => {
      const writer = new ByteWriter(64);
      writer.octets(keys()[random.nextBelow(KEYS)]);
      return writer.view().slice();
    });
    const kept = (): void => write(store, messages, true);
    const bare = (): void => write(twin, messages, false);
    let [withTrees, without] = [0, 0];
    if (round % 2 === 0) {
      withTrees = processorNs(kept);
      without = processorNs(bare);
    } else {
      without = processorNs(bare);
      withTrees = processorNs(kept);
    }
    if (round < 0) continue;
    costs.push((withTrees - without) / WRITES);
    bares.push(without / WRITES);
  }
  costs.sort((a, b) => a - b);
  bares.sort((a, b) => a - b);
  // The interval of the median by ranks: the 6th and the 16th of 21 hold it with 97 %.
  return { median: quantile(costs, 0.5), low: costs[5], high: costs[15], bare: quantile(bares, 0.5) };
}

function processorNs(work: () => void): number {
  const began = process.cpuUsage();
  work();
  return process.cpuUsage(began).user * 1_000;
}

export function measureAntiEntropy(): readonly AntiEntropyFigure[] {
  const figures: AntiEntropyFigure[] = [];
  const add = (name: string, value: number, unit: string, note = ""): void => {
    figures.push({ name: `anti-entropy ${name}`, value, unit, note });
    console.log(`  ${name.padEnd(58)} ${value.toFixed(value < 100 ? 1 : 0).padStart(12)} ${unit}  ${note}`);
  };
  console.log(`\nAnti-entropy: two replicas of ${String(KEYS)} keys, dvvset, 100-byte values\n`);
  const random = Random.fromSeed(5);
  let stores: readonly Map<Address, unknown>[] | undefined;
  for (const [fanout, depth] of [
    [32, 3],
    [1_024, 2],
  ]) {
    const shape = `${String(fanout)}^${String(depth)}`;
    for (const repair of ["gets", "stream"] as const) {
      const pair: Pair = new Pair({ clock: "dvvset", fanout, depth, repair }, stores);
      stores = pair.stores;
      if (repair === "gets") {
        add(`first build, ${shape}`, Math.min(...pair.buildMs), "ms", `pages of 256 without the pauses between them`);
        const { median, low, high, bare } = measureUpkeep(pair, random);
        const note = `[${low.toFixed(0)}, ${high.toFixed(0)}] 97 %; without, a write takes ${bare.toFixed(0)} ns`;
        add(`upkeep a write, ${shape}`, median, "ns", note);
        // The replicas are to be equal again.
        for (const [key, state] of pair.stores[0]) {
          const before = pair.stores[1].get(key);
          if (before === state) continue;
          pair.stores[1].set(key, state);
          pair.machines[1].changed(0, key, before, state);
        }
      }
      const stateBytes = pair.bytesOfAState();
      for (const differing of [0, 1, 100, 10_000]) {
        const { messages, bytes, gets, streamed } = pair.exchange(differing, random);
        const least = leastBytes(differing, stateBytes);
        const limit = repair === "gets" ? least.names : least.names + least.states;
        const what = repair === "gets" ? `${String(gets)} gets besides` : `${String(streamed)} states sent`;
        const ratio =
          differing === 0 ? "" : `; least ${limit.toFixed(0)} bytes (${(bytes / limit).toFixed(1)} times that)`;
        add(`${shape} ${repair}, ${String(differing)} differ: messages`, messages, "");
        add(`${shape} ${repair}, ${String(differing)} differ: bytes`, bytes, "B", what + ratio);
      }
    }
  }
  stores = undefined;
  console.log("\nOver-streaming (AE-1): keys sent each way\n");
  for (const [fanout, depth, differing, trials, expected] of [
    [32, 3, 1, 60, 1 + 1e6 / 32_768],
    [32, 3, 1_000, 1, 30_057],
    [1_024, 2, 1_000, 1, 1_950],
  ]) {
    const pair: Pair = new Pair({ clock: "lww", fanout, depth, repair: "stream" }, stores);
    stores = pair.stores;
    let streamed = 0;
    for (let trial = 0; trial < trials; trial++) streamed += pair.exchange(differing, random).streamed / 2;
    const name = `over-streaming, ${String(fanout ** depth)} segments, ${String(differing)} divergent`;
    add(name, streamed / trials, "keys", `model ${expected.toFixed(1)}`);
  }
  return figures;
}

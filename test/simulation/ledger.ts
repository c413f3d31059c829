/**
 * The books of every replica, kept by somebody who stands between each node and its host: what was handed to its
 * storage, what storage reported as stored, what came back, and what was lost in ways that were declared beforehand (a
 * process with memory storage died; a store was still on its way to the disk, or failed after it was acknowledged on
 * receipt). The books say what an acknowledgement was worth, and hold every replica to never going back.
 */
import type { Clock } from "../../engine/clocks/clock";
import type { DvvSet } from "../../engine/clocks/dotted-set";
import type { Effects, Input } from "../../engine/io";
import type { NodeOptions } from "../../engine/node";
import type { RunningNode } from "../../engine/sim/machine";
import type { Address } from "../../engine/vocabulary/address";
import type { Micros } from "../../engine/vocabulary/micros";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import type { Truth } from "./truth";

/** A broken promise and what shows it. */
export interface Violation {
  readonly invariant: string;
  readonly at: Micros;
  readonly evidence: string;
}

/** What one replica has had of one key. */
export interface Copy {
  readonly node: number;
  readonly vnode: number;
  readonly address: Address;
  /** The state that storage reported as stored last. */
  durable: unknown;
  /** Handed to storage in this life and not reported yet, by token, in order. */
  readonly storing: Map<number, unknown>;
  /** Newer than all that was stored, and its store failed: a replica may go on from it while it lives, or from what it had. */
  unstored: unknown;
  /** Write ids that this replica has ever received, stored: itself or something that covers them. */
  readonly received: Set<number>;
  readonly stored: Set<number>;
  /** Every state it was ever handed, as text. */
  readonly texts: Set<string>;
  /** When something that it held was last lost by declaration. */
  lostAt: Micros | undefined;
}

export interface Books {
  readonly clock: Clock;
  readonly cluster: ClusterSettings;
  readonly truth: Truth;
  readonly now: () => Micros;
  readonly broken: (invariant: string, evidence: string) => void;
}

export class Ledger {
  private readonly copies = new Map<string, Copy>();
  private readonly epochs: number[] = [];
  /** Owed answers of each node, `session/id`. */
  private readonly owed: Set<string>[] = [];
  /** (address, actor, counter) to the write it names. */
  private readonly dots = new Map<string, number>();
  /** Nodes whose disks were damaged on purpose: what they hold proves nothing. */
  private readonly damaged = new Set<number>();

  constructor(private readonly books: Books) {
    for (let i = 0; i < books.cluster.members.length; i++) {
      this.epochs.push(0);
      this.owed.push(new Set());
    }
  }

  copyOf(node: number, vnode: number, address: Address): Copy {
    const key = `${String(node)}/${String(vnode)}/${address}`;
    let copy = this.copies.get(key);
    if (copy === undefined) {
      copy = {
        node,
        vnode,
        address,
        durable: undefined,
        storing: new Map(),
        unstored: undefined,
        received: new Set(),
        stored: new Set(),
        texts: new Set(),
        lostAt: this.damaged.has(node) ? Infinity : undefined,
      };
      this.copies.set(key, copy);
    }
    return copy;
  }

  all(): Iterable<Copy> {
    return this.copies.values();
  }

  /** Answers that nodes still owe, over all nodes that are alive. */
  outstanding(): number {
    return this.owed.reduce((sum, { size }) => sum + size, 0);
  }

  storesUnderWay(): number {
    let count = 0;
    for (const { storing } of this.copies.values()) count += storing.size;
    return count;
  }

  booted(node: number): void {
    this.epochs[node]++;
    this.owed[node].clear();
  }

  /** The process is gone, and with it what was not stored, or all of it. */
  died(node: number, diskSurvives: boolean): void {
    this.owed[node].clear();
    for (const copy of this.copies.values()) {
      if (copy.node !== node) continue;
      if (copy.storing.size > 0 || (!diskSurvives && copy.durable !== undefined)) lose(copy, this.books.now());
      copy.storing.clear();
      copy.unstored = undefined;
      if (!diskSurvives) copy.durable = undefined;
    }
  }

  /** The disk of `node` may lose what it has stored: said before the run. */
  damage(node: number): void {
    this.damaged.add(node);
  }

  isDamaged(node: number): boolean {
    return this.damaged.has(node);
  }

  asked(node: number, request: string): void {
    this.owed[node].add(request);
  }

  answered(node: number, request: string): void {
    if (this.owed[node].delete(request)) return;
    this.books.broken(
      "one answer to each request",
      `node-${String(node + 1)} answers ${request}, which it does not owe`,
    );
  }

  handed(copy: Copy, token: number, state: unknown): void {
    const { clock, truth, broken } = this.books;
    const before = newest(copy);
    const text = clock.describe(state);
    copy.texts.add(text);
    copy.storing.set(token, state);
    this.checkShape(copy, state, text);
    for (const id of truth.covered(idsOf(clock, state))) copy.received.add(id);
    if (before === undefined) return;
    const relation = clock.compare(before, state);
    if (relation === "after" || relation === "concurrent") {
      broken("a replica never goes back", `${where(copy)} held ${clock.describe(before)} and stores ${text}`);
    }
    if (clock.declares.mayLose) return;
    const kept = truth.covered(idsOf(clock, state));
    for (const id of idsOf(clock, before)) {
      if (kept.has(id)) continue;
      const lost = `${where(copy)} held ${clock.describe(before)} and stores ${text}: nothing covers ${truth.describe(id)}`;
      broken("no version vanishes from a replica", lost);
    }
  }

  stored(copy: Copy, token: number): void {
    const state = copy.storing.get(token);
    if (state === undefined) return;
    copy.storing.delete(token);
    copy.durable = state;
    copy.unstored = undefined;
    for (const id of this.books.truth.covered(idsOf(this.books.clock, state))) copy.stored.add(id);
  }

  storeFailed(copy: Copy, token: number): void {
    const state = copy.storing.get(token);
    if (!copy.storing.delete(token)) return;
    copy.unstored = state;
    lose(copy, this.books.now());
  }

  loaded(copy: Copy, state: unknown): void {
    const { clock, broken } = this.books;
    const text = state === undefined ? "nothing" : clock.describe(state);
    if (state !== undefined && !copy.texts.has(text)) {
      broken("storage gives back what it was given", `${where(copy)} loads ${text}, which it never had`);
    }
    if (copy.durable === undefined || this.damaged.has(copy.node)) return;
    const relation = state === undefined ? "after" : clock.compare(copy.durable, state);
    if (relation === "after" || relation === "concurrent") {
      const had = clock.describe(copy.durable);
      broken("what was reported stored is there", `${where(copy)} had stored ${had} and loads ${text}`);
    }
  }

  /** Dots are unique; metadata and siblings are bounded by who could have made events. */
  private checkShape(copy: Copy, state: unknown, text: string): void {
    const { clock, cluster, broken } = this.books;
    if (clock.name === "dvvset") this.checkDots(copy.address, state as DvvSet, text);
    const boots = this.epochs.reduce((sum, epochs) => sum + epochs, 0);
    // With `distinct_hosts: claim` several vnodes of one node may hold a key: each is an actor of its own.
    const actors = boots * (cluster.ring.distinctHosts === "claim" ? cluster.engine.nVal : 1);
    // One vector for the key, or a vector and a dot for each sibling. Identities of a key's own may be as many as its writes.
    const siblings = clock.versions(state).length;
    const entries = ONE_VECTOR.has(clock.name) ? actors : siblings * (actors + 1);
    const bounded = clock.declares.growsWith === "replicas" && clock.freshIdentities !== true;
    if (bounded && clock.entries(state) > entries) {
      broken("metadata is bounded", `${text} has more entries than the ${String(actors)} boots of replicas so far`);
    }
    if (clock.metadataBytes(state) > 16 + MOST_BYTES_AN_ENTRY * clock.entries(state)) {
      broken("metadata is bounded", `${text} takes ${String(clock.metadataBytes(state))} bytes beside its versions`);
    }
    // A replica refuses events beyond the limit, so no actor has more than so many versions in one exact state. Events that
    // are made where nothing is held meet no such limit.
    const most = cluster.engine.maxSiblings * actors;
    if (clock.mintsServerDots && !clock.declares.mayConflictFalsely && clock.versions(state).length > most) {
      broken("siblings are bounded", `${text} has more than ${String(most)} versions`);
    }
  }

  private checkDots(address: Address, state: DvvSet, text: string): void {
    for (let k = 0; k < state.ids.length; k++) {
      state.lists[k].forEach(({ writeId }, newer) => {
        const dot = `${String(state.ids[k])}:${String(state.counters[k] - newer)}`;
        const known = this.dots.get(`${dot}/${address}`);
        if (known === undefined) this.dots.set(`${dot}/${address}`, writeId);
        else if (known !== writeId) {
          this.books.broken("dots are unique", `${dot} names w${String(known)} and w${String(writeId)} in ${text}`);
        }
      });
    }
  }
}

const MOST_BYTES_AN_ENTRY = 24;
/** Clocks whose whole state of a key has one vector. */
const ONE_VECTOR: ReadonlySet<string> = new Set(["dvvset", "vv-server"]);

function lose(copy: Copy, now: Micros): void {
  copy.lostAt = Math.max(copy.lostAt ?? 0, now);
}

/** What the replica holds, stored or on its way. */
export function newest(copy: Copy): unknown {
  let state = copy.durable;
  for (const later of copy.storing.values()) state = later;
  return state;
}

export function idsOf(clock: Clock, state: unknown): number[] {
  return clock.versions(state).map(({ writeId }) => writeId);
}

function where({ node, vnode }: Copy): string {
  return `node-${String(node + 1)}${vnode === 0 ? "" : `.${String(vnode)}`}`;
}

/** Passes everything on as it is, and keeps the books of it. */
export class Overseen implements RunningNode {
  private readonly loads = new Map<number, Copy>();
  private readonly stores = new Map<number, Copy>();

  constructor(
    private readonly inner: RunningNode,
    private readonly options: NodeOptions,
    private readonly ledger: Ledger,
  ) {
    ledger.booted(options.index);
  }

  step(now: Micros, input: Input): void {
    const { ledger } = this;
    switch (input.kind) {
      case "asked":
        if (input.message.kind !== "inspect") {
          ledger.asked(this.options.index, `${String(input.session)}/${String(input.message.id)}`);
        }
        break;
      case "loaded": {
        const copy = this.loads.get(input.token);
        this.loads.delete(input.token);
        if (copy !== undefined) ledger.loaded(copy, input.state);
        break;
      }
      case "load-failed":
        this.loads.delete(input.token);
        break;
      case "stored":
      case "store-failed": {
        const copy = this.stores.get(input.token);
        this.stores.delete(input.token);
        if (copy === undefined) break;
        if (input.kind === "stored") ledger.stored(copy, input.token);
        else ledger.storeFailed(copy, input.token);
        break;
      }
      default:
        break;
    }
    this.inner.step(now, input);
  }

  takeEffects(): Effects {
    const effects = this.inner.takeEffects();
    const { ledger } = this;
    const { index } = this.options;
    for (let i = 0; i < effects.count; i++) {
      const effect = effects.at(i);
      if (effect.kind === "load") this.loads.set(effect.token, ledger.copyOf(index, effect.vnode, effect.address));
      else if (effect.kind === "store") {
        const copy = ledger.copyOf(index, effect.vnode, effect.address);
        this.stores.set(effect.token, copy);
        ledger.handed(copy, effect.token, effect.state);
      } else if (effect.kind === "answer" && effect.message.kind === "answer") {
        ledger.answered(index, `${String(effect.session)}/${String(effect.message.id)}`);
      }
    }
    return effects;
  }

  nextWakeup(): Micros | undefined {
    return this.inner.nextWakeup();
  }

  count(): ReturnType<RunningNode["count"]> {
    return this.inner.count();
  }
}

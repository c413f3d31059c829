/**
 * The books of every replica, kept by somebody who stands between each node and its host: what was handed to its
 * storage, what storage reported as stored, what came back, and what was lost in ways that were declared beforehand (a
 * process with memory storage died; a store was still on its way to the disk, or failed after it was acknowledged on
 * receipt). The books say what an acknowledgement was worth, and hold every replica to never going back.
 *
 * A copy under a hinted vnode is kept for somebody else and has a page of its own: it may go once its home has stored all
 * that is in it, or by its age where that is set, and not before. As no other copy ever goes (but tombstones, where that
 * is set), a write that somebody stored is somewhere at every moment.
 *
 * Where members come and go, a copy may also leave a node that its key belongs to no more: once every owner has stored
 * what is in it. A removed node's copies are lost, for it was dead when it was removed, and whatever it may do later.
 */
import type { Clock } from "../../engine/clocks/clock";
import type { DvvSet } from "../../engine/clocks/dotted-set";
import type { DottedSibling } from "../../engine/clocks/dvv";
import type { RiakState } from "../../engine/clocks/riak-dvv";
import { addressOfHint } from "../../engine/handoff/handoff";
import type { Effects, Input } from "../../engine/io";
import type { NodeOptions } from "../../engine/node";
import { HINTED, type Replica, type Ring } from "../../engine/ring/ring";
import type { RunningNode } from "../../engine/sim/machine";
import type { Address } from "../../engine/vocabulary/address";
import { fromMs, type Micros } from "../../engine/vocabulary/micros";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import { removesTombstones } from "./draw";
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
  /** What it is stored under: another address where hints are entries of a log. */
  readonly storedAs: Address;
  /** Set of a hint: whose it is. */
  readonly home: Replica | undefined;
  /** When it came to be, as far as it is there: hints come and go. */
  since: Micros;
  /** The state that storage reported as stored last. */
  durable: unknown;
  /** Handed to storage in this life and not reported yet, by token, in order. */
  readonly storing: Map<number, unknown>;
  /** Handed to storage by a process that died before it heard what came of it: may be there, and be newer than all that was stored. */
  unheard: readonly unknown[];
  /** Newer than all that was stored, and its store failed: a replica may go on from it while it lives, or from what it had. */
  unstored: unknown;
  /** Write ids that this replica has ever received, stored: itself or something that covers them. What moves on is taken off. */
  readonly received: Set<number>;
  readonly stored: Set<number>;
  /** Every state it was ever handed, as text. */
  readonly texts: Set<string>;
  /** What went on purpose, tombstones or hints. */
  readonly removed: unknown[];
  /** When something that it held was last lost by declaration. */
  lostAt: Micros | undefined;
}

export interface Books {
  readonly clock: Clock;
  readonly cluster: ClusterSettings;
  readonly truth: Truth;
  readonly ring: () => Ring;
  /** By which a node goes just now. */
  readonly ringOf: (node: number) => Ring;
  readonly now: () => Micros;
  readonly broken: (invariant: string, evidence: string) => void;
  readonly count: (what: string) => void;
  /** The state that a node's storage has under a vnode and an address, as it lies there. */
  readonly peek: (node: number, vnode: number, address: Address) => unknown;
}

export class Ledger {
  private readonly copies = new Map<string, Copy>();
  /** Hints of a key, wherever they are or were; and how many of them have been dropped. */
  private readonly hints = new Map<Address, Copy[]>();
  private readonly drops = new Map<Address, number>();
  /** By key, the writes that removed tombstones were or covered. */
  private readonly gone = new Map<Address, Set<number>>();
  private readonly epochs: number[] = [];
  /** Owed answers of each node, `session/id`. */
  private readonly owed: Set<string>[] = [];
  /** (address, actor, counter) to the write it names. */
  private readonly dots = new Map<string, number>();
  /** Nodes whose disks were damaged on purpose: what they hold proves nothing. */
  private readonly damaged = new Set<number>();
  /** Nodes that an operator has given up. */
  private readonly removedNodes = new Set<number>();
  /** Copies of a key that are no hints, wherever they are or were. */
  private readonly own = new Map<Address, Copy[]>();

  constructor(private readonly books: Books) {
    for (let i = 0; i < books.cluster.members.length; i++) {
      this.epochs.push(0);
      this.owed.push(new Set());
    }
  }

  copyOf(node: number, vnode: number, storedAs: Address): Copy {
    const key = `${String(node)}/${String(vnode)}/${storedAs}`;
    let copy = this.copies.get(key);
    if (copy === undefined) {
      const isHint = vnode >= HINTED;
      const homeOf = (at: number, hinted: number): Replica | undefined => this.books.ringOf(at).homeOf(hinted);
      const isLogged = isHint && this.books.cluster.engine.standIn === "coordinator-log";
      copy = {
        node,
        vnode,
        address: isLogged ? addressOfHint(storedAs) : storedAs,
        storedAs,
        get home() {
          return isHint ? homeOf(node, vnode) : undefined;
        },
        since: 0,
        durable: undefined,
        storing: new Map(),
        unheard: [],
        unstored: undefined,
        received: new Set(),
        stored: new Set(),
        texts: new Set(),
        removed: [],
        lostAt: this.damaged.has(node) ? Infinity : undefined,
      };
      this.copies.set(key, copy);
      const others = isHint ? this.hints : this.own;
      others.set(copy.address, [...(others.get(copy.address) ?? []), copy]);
    }
    return copy;
  }

  /** Whether a write is, or was covered by, a tombstone that some replica has removed: what comes after need not know of it. */
  isGone(address: Address, id: number): boolean {
    return this.gone.get(address)?.has(id) === true;
  }

  /** Every copy that was ever kept of a key for somebody else. */
  hintsOf(address: Address): readonly Copy[] {
    return this.hints.get(address) ?? [];
  }

  /** Every copy of a key that was ever kept by somebody for itself. */
  copiesOf(address: Address): readonly Copy[] {
    return this.own.get(address) ?? [];
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
      // What could not be stored was read until now.
      const inMemory = copy.storing.size > 0 || copy.unstored !== undefined;
      if (inMemory || (!diskSurvives && copy.durable !== undefined)) lose(copy, this.books.now());
      copy.unheard = diskSurvives ? [...copy.unheard, ...copy.storing.values()] : [];
      copy.storing.clear();
      copy.unstored = undefined;
      if (!diskSurvives) copy.durable = undefined;
    }
  }

  /** The disk of `node` may lose what it has stored: said before the run. */
  damage(node: number): void {
    this.damaged.add(node);
  }

  /** An operator has given up a node: so has everybody what it holds. */
  removedNode(node: number): void {
    this.removedNodes.add(node);
    for (const copy of this.copies.values()) if (copy.node === node) lose(copy, this.books.now());
  }

  isRemoved(node: number): boolean {
    return this.removedNodes.has(node);
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
    const { clock, truth, broken, now } = this.books;
    const before = newest(copy);
    if (state === undefined) {
      copy.storing.set(token, undefined);
      if (before !== undefined) this.removed(copy, before);
      return;
    }
    if (before === undefined) copy.since = now();
    if (this.removedNodes.has(copy.node)) lose(copy, now());
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
      if (kept.has(id) || this.isGone(copy.address, id)) continue;
      const lost = `${where(copy)} held ${clock.describe(before)} and stores ${text}: nothing covers ${truth.describe(id)}`;
      broken("no version vanishes from a replica", lost);
    }
  }

  /** A copy goes on purpose. */
  private removed(copy: Copy, state: unknown): void {
    const { clock, cluster, truth, broken, count, now } = this.books;
    if (copy.home !== undefined) {
      this.drops.set(copy.address, 1 + (this.drops.get(copy.address) ?? 0));
      this.checkDrop(copy, copy.home, state);
    } else if (cluster.engine.membership !== undefined) {
      this.checkMove(copy, state);
      for (const id of truth.covered(idsOf(clock, state))) copy.received.delete(id);
      copy.removed.push(state);
      return;
    } else if (
      !removesTombstones(cluster.engine) ||
      // What could not be stored is in memory, and gone on from; what cannot be read may have been lost.
      !(
        this.damaged.has(copy.node) ||
        [state, copy.unstored].some((held) => held !== undefined && isDeleted(clock, held))
      )
    ) {
      broken("only tombstones are removed", `${where(copy)} removes ${clock.describe(state)}`);
    } else {
      count("tombstone removed");
      let gone = this.gone.get(copy.address);
      if (gone === undefined) this.gone.set(copy.address, (gone = new Set()));
      for (const id of truth.covered(idsOf(clock, state))) gone.add(id);
    }
    copy.removed.push(state);
    lose(copy, now());
  }

  /** A copy that is left over goes: every owner has stored what is in it. */
  private checkMove(copy: Copy, state: unknown): void {
    const { clock, cluster, truth, broken, count, ringOf } = this.books;
    // What cannot be read is no state at all, and what only memory has is not on the disk.
    if (this.damaged.has(copy.node) || this.removedNodes.has(copy.node)) return count("copy moved: excused");
    const owners = ringOf(copy.node).preferenceList(copy.address, cluster.engine.nVal);
    if (owners.some(({ node, vnode }) => node === copy.node && vnode === copy.vnode))
      broken("an owner keeps its copy", `${where(copy)} drops ${clock.describe(state)}`);
    for (const { node, vnode } of owners) {
      const there = this.copyOf(node, vnode, copy.address);
      const missing = this.missingFrom(there, state);
      if (missing === undefined) count("copy moved: an owner has it");
      else if (there.lostAt !== undefined && there.lostAt >= copy.since) count("copy moved: an owner lost it, excused");
      else if (this.removedNodes.has(node)) count("copy moved: an owner was removed, excused");
      else broken("what is left over is kept until all owners have it", `${where(copy)} drops ${clock.describe(state)}, ${where(there)} lacks ${missing.map((id) => truth.describe(id)).join(" ")}`); // prettier-ignore
    }
  }

  /** Of a state, what a copy has never stored; undefined: nothing, or what it had went on purpose. */
  private missingFrom(there: Copy, state: unknown): number[] | undefined {
    const { clock, truth, peek } = this.books;
    const isIn = (has: unknown): boolean => has !== undefined && ["equal", "after"].includes(clock.compare(has, state));
    if (isIn(there.durable) || isIn(peek(there.node, there.vnode, there.address)) || there.removed.some(isIn)) return undefined; // prettier-ignore
    const missing = [...truth.covered(idsOf(clock, state))].filter((id) => !there.stored.has(id));
    return missing.length === 0 && !clock.declares.mayLose ? undefined : missing;
  }

  /** A hint goes: its home has stored what is in it, or had and lost it by declaration, or it is too old. */
  private checkDrop(hint: Copy, { node, vnode }: Replica, state: unknown): void {
    const { clock, cluster, truth, broken, count, now } = this.books;
    const home = this.copyOf(node, vnode, hint.address);
    const isIn = (has: unknown): boolean => has !== undefined && ["equal", "after"].includes(clock.compare(has, state));
    const ids = truth.covered(idsOf(clock, state));
    const expiryMs = cluster.engine.hint?.expiryMs;
    // Without sync a crash leaves more than the books can say.
    if (isIn(home.durable) || isIn(this.books.peek(node, vnode, hint.address))) count("hint dropped: its home has it");
    else if (home.removed.some(isIn)) count("hint dropped: its home has removed it");
    else if (!clock.declares.mayLose && [...ids].every((id) => home.stored.has(id)))
      count("hint dropped: its home had it"); // prettier-ignore
    else if (expiryMs !== undefined && now() - hint.since >= fromMs(expiryMs)) count("hint dropped: too old");
    else if (home.lostAt !== undefined && home.lostAt >= hint.since) count("hint dropped: its home lost it, excused");
    else if (cluster.engine.membership !== undefined && this.isWithOwners(hint, state))
      count("hint dropped: the owners have it"); // prettier-ignore
    // Past its grace a tombstone is taken by nobody any more; whose clock is wrong thinks so early.
    else if (cluster.engine.graceMs !== undefined && isDeleted(clock, state))
      count("hint dropped: an old tombstone, excused"); // prettier-ignore
    else {
      const has = home.durable === undefined ? "nothing" : clock.describe(home.durable);
      broken("a hint is kept until its home has it", `${where(hint)} drops ${clock.describe(state)} while ${where(home)} has stored ${has}`); // prettier-ignore
    }
  }

  /** Whose home is gone, or its key's no more: then owners count, as for any copy that is left over. */
  private isWithOwners(hint: Copy, state: unknown): boolean {
    const { cluster, ringOf } = this.books;
    return ringOf(hint.node)
      .preferenceList(hint.address, cluster.engine.nVal)
      .every(({ node, vnode }) => {
        const there = this.copyOf(node, vnode, hint.address);
        const lost = there.lostAt !== undefined && there.lostAt >= hint.since;
        return lost || this.missingFrom(there, state) === undefined;
      });
  }

  stored(copy: Copy, token: number): void {
    if (!copy.storing.has(token)) return;
    const state = copy.storing.get(token);
    copy.storing.delete(token);
    copy.durable = state;
    copy.unheard = [];
    copy.unstored = undefined;
    if (state === undefined) return;
    for (const id of this.books.truth.covered(idsOf(this.books.clock, state))) copy.stored.add(id);
  }

  storeFailed(copy: Copy, token: number): void {
    const state = copy.storing.get(token);
    if (!copy.storing.delete(token)) return;
    // What was to be removed may be there again: nothing is said of it any more.
    if (state === undefined) copy.durable = undefined;
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
    this.checkDots(copy.address, state, text);
    const boots = this.epochs.reduce((sum, epochs) => sum + epochs, 0);
    // With `distinct_hosts: claim` several vnodes of one node may hold a key: each is an actor of its own. So is a copy that
    // is kept for another, once for each time that it comes anew.
    const own = cluster.ring.distinctHosts === "claim" ? cluster.engine.nVal : 1;
    const lent = cluster.engine.standIn === "fallback" ? this.hintsOf(copy.address).length : 0;
    const actors = boots * (own + lent) + (lent === 0 ? 0 : (this.drops.get(copy.address) ?? 0));
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

  private checkDots(address: Address, state: unknown, text: string): void {
    for (const { dot, writeId } of dotsOf(this.books.clock.name, state)) {
      const known = this.dots.get(`${dot}/${address}`);
      if (known === undefined) this.dots.set(`${dot}/${address}`, writeId);
      else if (known !== writeId) {
        this.books.broken("dots are unique", `${dot} names w${String(known)} and w${String(writeId)} in ${text}`);
      }
    }
  }
}

/** The dots that a state names, of clocks that have any. */
function dotsOf(clock: string, state: unknown): { readonly dot: string; readonly writeId: number }[] {
  switch (clock) {
    case "dvvset": {
      const { ids, counters, lists } = state as DvvSet;
      return ids.flatMap((id, k) =>
        lists[k].map(({ writeId }, newer) => ({ dot: `${String(id)}:${String(counters[k] - newer)}`, writeId })),
      );
    }
    case "dvv":
      return (state as readonly DottedSibling[]).map(({ actor, counter, version }) => ({
        dot: `${String(actor)}:${String(counter)}`,
        writeId: version.writeId,
      }));
    case "riak-dvv":
      return (state as RiakState).siblings.map(({ dot: { actor, incarnation, counter }, version }) => ({
        dot: `${String(actor)}/${String(incarnation)}:${String(counter)}`,
        writeId: version.writeId,
      }));
    default:
      return [];
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

function isDeleted(clock: Clock, state: unknown): boolean {
  return clock.versions(state).every(({ tombstone }) => tombstone);
}

export function idsOf(clock: Clock, state: unknown): number[] {
  return clock.versions(state).map(({ writeId }) => writeId);
}

function where({ node, vnode, home }: Copy): string {
  if (home !== undefined) return `node-${String(node + 1)} for node-${String(home.node + 1)}.${String(home.vnode)}`;
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
        if (["get", "put", "scan"].includes(input.message.kind) && "id" in input.message) {
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

  get serving(): boolean {
    return this.inner.serving !== false;
  }

  get ringState(): RunningNode["ringState"] {
    return this.inner.ringState;
  }
}

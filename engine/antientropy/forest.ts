/**
 * All trees of one node: one for each group of replicas that it belongs to, because two replicas can only compare what
 * both should hold ("trees per preference list"). Keys of another number of copies lie in other groups, and are in trees of
 * their own for each such number ("per (range, n)"): in one tree with their neighbours they would be spread to whoever has those. Every write keeps them up to date. They live in memory, so a new life
 * builds them by walking over the storage, a page at a time, while it serves; and builds them anew now and then, or when
 * a store has failed and the trees claim what the disk does not have. The old ones serve until the new ones are whole.
 *
 * The difficulty is to count each key once while a walk meets keys in any order and writes go on. Who is in a growing
 * tree's segment has been counted. A write counts its key if it was not, and what the walk brings of a key that is
 * counted, or was removed since, is old and is passed over. What was being stored when the walk began is counted first:
 * a walk may miss it. One walk feeds the trees of all groups.
 *
 * What a walk cannot read is in no tree: others would send it for ever, and this node never. So the walk is repeated, but
 * ever more seldom: a record that rots stays so.
 */
import type { Clock } from "../clocks/clock";
import type { ReplicaGroup, Ring } from "../ring/ring";
import type { Address } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import { Fingerprints } from "../clocks/fingerprint";
import { MerkleTree, segmentsOf, type TreeShape } from "./merkle-tree";

/** Copies in one page of a walk: about half a millisecond of work. */
export const PAGE = 256;
/** Between two pages, so that requests are served in between. */
const PAGE_GAP: Micros = 1_000;
/** A page that has not come by then was lost with its disk; the walk begins anew. */
const PAGE_TIMEOUT: Micros = 30_000_000;
/** Keys removed during one walk; beyond, it begins anew. */
const MOST_REMOVED = 65_536;
/** Walks in a row that could not read everything; with each the wait for the next doubles, so often at most. */
const MOST_BLIND = 10;

/** A copy that a walk brings, or whose newest state no walk may bring. */
export interface Copy {
  readonly vnode: number;
  readonly address: Address;
  readonly state: unknown;
}

export interface ForestActs {
  /** Reads on in a walk over all that this node stores; completes as {@link Forest.scanned} or `scanFailed`. */
  scan(token: number, cursor: unknown, limit: number): void;
  /** Every copy of which a newer state than the stored one may be in memory: being stored, or not stored yet. */
  unsettled(visit: (vnode: number, address: Address, state: unknown) => void): void;
  /** Whether background work may be done now. */
  mayWork(): boolean;
}

export interface ForestOptions {
  readonly index: number;
  readonly ring: Ring;
  readonly n: number;
  /** Where some keys have more or fewer copies than `n`. */
  readonly copies?: CopiesByKey | undefined;
  readonly clock: Clock;
  readonly hash: "clock" | "content";
  readonly shape: TreeShape;
  /** Infinity: only when in doubt. */
  readonly rebuildEvery: Micros;
  /** A doubt waits that long after a walk before it begins another: a disk that fails all the time must not be walked all the time. */
  readonly doubtEvery: Micros;
  /** How long a walk rests where background work must. */
  readonly rest: Micros;
  readonly now: () => Micros;
}

/** Keys differ in how many copies they have. It stays as it is for as long as trees do: another is another forest. */
export interface CopiesByKey {
  /** All the numbers that occur. */
  readonly used: readonly number[];
  readonly of: (address: Address) => number;
}

/** One copy's place in a group: a tree, and the one that is to replace it. */
export interface Plot {
  readonly group: ReplicaGroup;
  readonly vnode: number;
  /** Undefined until first built. */
  tree: MerkleTree | undefined;
  growing: MerkleTree | undefined;
  /** Keys removed before the walk has met them. */
  readonly removed: Set<Address>;
}

type Plots = readonly (readonly Plot[])[];

/** More than any ring has: it has no more than it has ranges. */
const GROUPS = 2 ** 20;

export class Forest {
  /** By group, then by vnode: nearly always one. */
  private readonly plots: Plots;
  /** The same by other numbers of copies, which make other groups of the ring. */
  private readonly others = new Map<number, Plots>();
  readonly fingerprints: Fingerprints;
  /** The walk under way; 0: none. */
  private token = 0;
  private tokens = 0;
  private waiting = false;
  private cursor: unknown;
  private removals = 0;
  /** When the next page, or else the next walk, is due. */
  private due: Micros;
  private overdue: Micros = Infinity;
  private doubtful = false;
  private lastBuilt: Micros = -Infinity;
  /** Something could not be read by the walk under way; by the one whose trees serve; by so many before. */
  private blind = false;
  private servesBlind = false;
  private blindWalks = 0;
  /** Walks that ended. */
  builds = 0;

  /** @throws RangeError of a shape that no tree can have. */
  constructor(
    private readonly options: ForestOptions,
    private readonly acts: ForestActs,
  ) {
    const { n, clock, hash, now } = options;
    segmentsOf(options.shape);
    this.plots = this.plotsFor(n, 0);
    for (const other of options.copies?.used ?? [])
      if (other !== n) this.others.set(other, this.plotsFor(other, other * GROUPS));
    this.fingerprints = new Fingerprints(clock, hash);
    this.due = this.all().length > 0 ? now() : Infinity;
  }

  /** Groups are told from those of other numbers of copies by where their own numbers begin. */
  private plotsFor(n: number, first: number): Plots {
    const { ring, index } = this.options;
    return ring.groups(n).map(({ id, replicas }) => {
      const group: ReplicaGroup = { id: first + id, replicas };
      return replicas
        .filter(({ node }) => node === index)
        .map(({ vnode }) => ({ group, vnode, tree: undefined, growing: undefined, removed: new Set<Address>() }));
    });
  }

  /** This node's places, in order of group. */
  all(): Plot[] {
    return [this.plots, ...this.others.values()].flat(2);
  }

  /** A place of this node by group and vnode, if it has that. */
  plot(group: number, vnode: number): Plot | undefined {
    const plots = group < GROUPS ? this.plots : this.others.get(Math.floor(group / GROUPS));
    return plots?.[group % GROUPS]?.find((plot) => plot.vnode === vnode);
  }

  /** Whether a key belongs there. */
  isIn(plot: Plot, address: Address): boolean {
    return this.plotOf(plot.vnode, address) === plot;
  }

  /** The state of a copy in memory is now `after`; undefined: none. Not for copies that stand in for another node's. */
  changed(vnode: number, address: Address, before: unknown, after: unknown): void {
    if (before === after) return;
    const plot = this.plotOf(vnode, address);
    if (plot === undefined) return;
    const { tree, growing } = plot;
    if (tree === undefined && growing === undefined) return;
    const { fingerprints } = this;
    const hash = fingerprints.ofAddress(address);
    fingerprints.ofState(after);
    const { high, low } = fingerprints;
    fingerprints.ofState(before);
    const bothHigh = high ^ fingerprints.high;
    const bothLow = low ^ fingerprints.low;
    if (tree !== undefined) {
      const segment = tree.segmentOf(hash);
      if (before === undefined || !this.servesBlind || tree.has(segment, address)) {
        tree.toggle(segment, bothHigh, bothLow);
        if (before === undefined) tree.insert(segment, address);
        else if (after === undefined) tree.remove(segment, address);
      } else if (after !== undefined) {
        // The walk could not read it: it has not been counted yet.
        tree.toggle(segment, high, low);
        tree.insert(segment, address);
      }
    }
    if (growing === undefined) return;
    const segment = growing.segmentOf(hash);
    if (growing.has(segment, address)) {
      growing.toggle(segment, bothHigh, bothLow);
      if (after === undefined) growing.remove(segment, address);
    } else if (after !== undefined) {
      growing.toggle(segment, high, low);
      growing.insert(segment, address);
    }
    if (after === undefined) {
      plot.removed.add(address);
      if (++this.removals > MOST_REMOVED) this.abandon();
    }
  }

  /** The trees may claim what the disk does not have: a store failed. */
  doubt(): void {
    this.doubtful = true;
    // A walk under way may have counted it already; another follows.
    if (this.token === 0) this.due = Math.min(this.due, this.afterDoubt());
  }

  /** `unreadable`: copies of the page that were left out. */
  scanned(token: number, entries: readonly Copy[], cursor: unknown, unreadable = 0): void {
    if (token !== this.token || !this.waiting) return;
    if (unreadable > 0) this.blind = true;
    this.waiting = false;
    this.overdue = Infinity;
    for (let i = 0; i < entries.length; i++) {
      const { vnode, address, state } = entries[i];
      const plot = this.plotOf(vnode, address);
      if (plot === undefined || plot.removed.has(address)) continue;
      this.count(plot, address, state);
    }
    if (cursor === undefined) this.harvest();
    else {
      this.cursor = cursor;
      this.due = this.options.now() + PAGE_GAP;
    }
  }

  scanFailed(token: number): void {
    if (token === this.token && this.waiting) this.abandon();
  }

  next(): Micros {
    return Math.min(this.due, this.overdue);
  }

  advance(now: Micros): void {
    if (this.overdue <= now) this.abandon();
    if (this.due > now) return;
    if (!this.acts.mayWork()) {
      this.due = now + this.options.rest;
      return;
    }
    if (this.token === 0) this.plant();
    this.due = Infinity;
    this.waiting = true;
    this.overdue = now + PAGE_TIMEOUT;
    const { token, cursor } = this;
    this.acts.scan(token, cursor, PAGE);
  }

  private plotOf(vnode: number, address: Address): Plot | undefined {
    const { ring, n, copies } = this.options;
    const own = copies === undefined ? n : copies.of(address);
    const groups = own === n ? this.plots : this.others.get(own);
    if (groups === undefined) return undefined;
    const plots = groups[groups.length === 1 ? 0 : ring.groupAt(ring.position(address), own)];
    for (let i = 0; i < plots.length; i++) if (plots[i].vnode === vnode) return plots[i];
    return undefined;
  }

  /** A copy as a walk, or memory at its beginning, has it. */
  private count(plot: Plot, address: Address, state: unknown): void {
    const growing = plot.growing!;
    const { fingerprints } = this;
    const segment = growing.segmentOf(fingerprints.ofAddress(address));
    if (growing.has(segment, address)) return;
    fingerprints.ofState(state);
    growing.toggle(segment, fingerprints.high, fingerprints.low);
    growing.insert(segment, address);
  }

  private plant(): void {
    this.token = ++this.tokens;
    this.cursor = undefined;
    this.doubtful = false;
    this.blind = false;
    this.removals = 0;
    for (const plot of this.all()) {
      plot.growing = new MerkleTree(this.options.shape);
      plot.removed.clear();
    }
    this.acts.unsettled((vnode, address, state) => {
      const plot = this.plotOf(vnode, address);
      if (plot === undefined) return;
      if (state === undefined) plot.removed.add(address);
      else this.count(plot, address, state);
    });
  }

  /** The walk is over: what grew serves. */
  private harvest(): void {
    const now = this.options.now();
    for (const plot of this.all()) {
      plot.tree = plot.growing;
      plot.growing = undefined;
      plot.removed.clear();
    }
    this.token = 0;
    this.builds++;
    this.lastBuilt = now;
    this.due = now + this.options.rebuildEvery;
    this.servesBlind = this.blind;
    this.blindWalks = this.blind ? Math.min(this.blindWalks + 1, MOST_BLIND) : 0;
    if (this.blind) this.due = Math.min(this.due, now + this.options.doubtEvery * 2 ** (this.blindWalks - 1));
    if (this.doubtful) this.due = Math.min(this.due, this.afterDoubt());
  }

  /** Gives the walk up and soon begins another. */
  private abandon(): void {
    for (const plot of this.all()) {
      plot.growing = undefined;
      plot.removed.clear();
    }
    this.token = 0;
    this.waiting = false;
    this.overdue = Infinity;
    this.due = this.options.now() + this.options.doubtEvery;
  }

  private afterDoubt(): Micros {
    return Math.max(this.options.now(), this.lastBuilt + this.options.doubtEvery);
  }
}

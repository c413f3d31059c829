/**
 * Whom to ask so that every key is answered for: nodes that together hold, of each group of replicas of the ring, as many
 * copies as a quorum needs. Riak calls it a coverage plan. The fewest such nodes are a set multi-cover, which is hard;
 * the greedy rule (always whoever fills most of what is missing) is within a logarithm of it (Dobson, Math. of OR 1982), and
 * on a ring whose nodes stand in many groups it is off by a node or two.
 *
 * The mistake it avoids is to ask everybody: a scan would then wait for the slowest of all nodes, and fail with any.
 */
import type { ReplicaGroup, Ring } from "../ring/ring";
import type { Octets } from "../vocabulary/octets";

/** Up to so many nodes choices take turns, and whoever coordinates comes first. */
const MOST_TURNING = 64;
const NOBODY = -1;

/** Made once for each ring and n: all nodes of a simulation that go by a ring share it. */
const KNOWN = new WeakMap<Ring, Coverage[]>();

/** The groups of one ring, by node. */
export class Coverage {
  static of(ring: Ring, n: number): Coverage {
    let known = KNOWN.get(ring);
    if (known === undefined) KNOWN.set(ring, (known = []));
    return (known[n] ??= new Coverage(ring, n));
  }

  readonly groups: readonly ReplicaGroup[];
  /** By node: groups it is in, a group once for each of its places there. */
  private readonly groupsOf: readonly (readonly number[])[];
  /** By node: under which vnodes its copies are. */
  private readonly vnodes: readonly (readonly number[])[];
  /** One of the groups with the fewest places. */
  private readonly smallest: readonly ReplicaGroup[];
  /** Choices among all nodes; by what was needed, who came first, and the turn. */
  private readonly covers = new Map<number, readonly number[]>();
  /** The share of all keys that a node holds, were all alike. */
  readonly share: number;

  private constructor(
    private readonly ring: Ring,
    private readonly n: number,
  ) {
    this.groups = ring.groups(n);
    const groupsOf = ring.members.map((): number[] => []);
    const vnodes = ring.members.map(() => new Set<number>());
    for (const { id, replicas } of this.groups) {
      for (const { node, vnode } of replicas) {
        groupsOf[node].push(id);
        vnodes[node].add(vnode);
      }
    }
    this.groupsOf = groupsOf;
    this.vnodes = vnodes.map((set) => [...set].sort((a, b) => a - b));
    const least = this.groups.reduce((size, { replicas }) => Math.min(size, replicas.length), Infinity);
    this.smallest = this.groups.filter(({ replicas }) => replicas.length === least).slice(0, 1);
    const present = groupsOf.filter((of) => of.length > 0).length;
    this.share = present === 0 ? 1 : Math.min(1, n / present);
  }

  vnodesOf(node: number): readonly number[] {
    return this.vnodes[node];
  }

  /** Who holds the copies of a key. */
  groupOf(address: Octets): ReplicaGroup {
    return this.groups[this.ring.groupAt(this.ring.position(address), this.n)];
  }

  /** The least number of places of any group that are on nodes that `may` be asked. */
  fewest(may: (node: number) => boolean): number {
    const open = this.flagsOf(may);
    let least = Infinity;
    for (const { replicas } of open === undefined ? this.smallest : this.groups) {
      let live = 0;
      for (const { node } of replicas) if (open === undefined || open[node] === 1) live++;
      if (live < least) least = live;
    }
    return least === Infinity ? 0 : least;
  }

  /**
   * Nodes to ask beside those that are asked already, so that every group has `needed` places; undefined where there are
   * none. `first` is among them where it fills anything at all (but in very large rings): its own copies cost no message, and
   * as nodes take turns at coordinating, so they do at being asked. Of others that are equally good it is whoever follows `turn`.
   */
  choose(
    needed: number,
    asked: readonly number[],
    may: (node: number) => boolean,
    first: number,
    turn: number,
  ): readonly number[] | undefined {
    const open = this.flagsOf(may);
    if (open !== undefined || asked.length > 0) {
      const flags = open ?? new Uint8Array(this.groupsOf.length).fill(1);
      return this.cover(needed, asked, flags, first, turn % flags.length);
    }
    // As nearly always: everybody is up. Of very many nodes nearly all are asked, and who is makes no difference worth a computation.
    const count = this.groupsOf.length;
    const turns = count <= MOST_TURNING;
    const from = turns ? turn % count : 0;
    const name = (needed * count + (turns ? first : 0)) * count + from;
    const known = this.covers.get(name);
    if (known !== undefined) return known;
    const made = this.cover(needed, asked, new Uint8Array(count).fill(1), turns ? first : NOBODY, from);
    if (made !== undefined) this.covers.set(name, made);
    return made;
  }

  /** 1 for each node that `may` be asked; undefined where all of them may that are in any group. */
  private flagsOf(may: (node: number) => boolean): Uint8Array | undefined {
    const flags = new Uint8Array(this.groupsOf.length);
    let all = true;
    for (let node = 0; node < flags.length; node++) {
      if (this.groupsOf[node].length === 0) continue;
      if (may(node)) flags[node] = 1;
      else all = false;
    }
    return all ? undefined : flags;
  }

  private cover(
    needed: number,
    asked: readonly number[],
    open: Uint8Array,
    first: number,
    turn: number,
  ): number[] | undefined {
    const need = new Int32Array(this.groups.length).fill(needed);
    /** Groups that the node would bring nearer to what they need. */
    const gain = Int32Array.from(this.groupsOf, (of) => of.length);
    const count = gain.length;
    let missing = needed > 0 ? need.length : 0;
    const take = (node: number): void => {
      open[node] = 0;
      for (const group of this.groupsOf[node]) {
        if (--need[group] !== 0) continue;
        missing--;
        for (const other of this.groups[group].replicas) gain[other.node]--;
      }
    };
    for (const node of asked) take(node);
    const chosen: number[] = [];
    while (missing > 0) {
      const isFirst = first !== NOBODY && open[first] === 1 && gain[first] > 0;
      let best = isFirst ? first : -1;
      for (let step = 0; step < count && !isFirst; step++) {
        const node = turn + step < count ? turn + step : turn + step - count;
        if (open[node] === 1 && gain[node] > (best < 0 ? 0 : gain[best])) best = node;
      }
      if (best < 0) return undefined;
      take(best);
      chosen.push(best);
    }
    return chosen;
  }
}

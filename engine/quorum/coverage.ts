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

/** The groups of one ring, by node. */
export class Coverage {
  readonly groups: readonly ReplicaGroup[];
  /** By node: groups it is in, a group once for each of its places there. */
  private readonly groupsOf: readonly (readonly number[])[];
  /** By node: under which vnodes its copies are. */
  private readonly vnodes: readonly (readonly number[])[];
  /** The share of all keys that a node holds, were all alike. */
  readonly share: number;

  constructor(
    readonly ring: Ring,
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
    let least = Infinity;
    for (const { replicas } of this.groups) {
      let live = 0;
      for (const { node } of replicas) if (may(node)) live++;
      if (live < least) least = live;
    }
    return least === Infinity ? 0 : least;
  }

  /**
   * Nodes to ask beside those that are asked already, so that every group has `needed` places; undefined where there are
   * none. `first` is among them where it fills anything at all: its own copies cost no message, and as nodes take turns
   * at coordinating, so they do at being asked. Of others that are equally good it is whoever follows `turn`.
   */
  choose(
    needed: number,
    asked: readonly number[],
    may: (node: number) => boolean,
    first: number,
    turn: number,
  ): number[] | undefined {
    const need = new Int32Array(this.groups.length).fill(needed);
    const gain = Int32Array.from(this.groupsOf, (of) => of.length);
    let open = needed > 0 ? need.length : 0;
    const take = (node: number): void => {
      gain[node] = 0;
      for (const group of this.groupsOf[node]) {
        if (--need[group] !== 0) continue;
        open--;
        for (const other of this.groups[group].replicas) gain[other.node]--;
      }
      gain[node] = 0;
    };
    for (const node of asked) take(node);
    const taken = new Set(asked);
    const chosen: number[] = [];
    const count = gain.length;
    while (open > 0) {
      let best = -1;
      if (gain[first] > 0 && !taken.has(first) && may(first)) best = first;
      for (let step = 0; step < count && best !== first; step++) {
        const node = (turn + step) % count;
        if (gain[node] > (best < 0 ? 0 : gain[best]) && !taken.has(node) && may(node)) best = node;
      }
      if (best < 0) return undefined;
      take(best);
      taken.add(best);
      chosen.push(best);
    }
    return chosen;
  }
}

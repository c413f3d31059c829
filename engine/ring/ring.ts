/**
 * The ring: which nodes hold the copies of a key, in order of preference. Positions are the 2^32 points of a circle; a position belongs to the
 * first range that ends at or after it. How ranges come about is the strategy's business (arrangement.ts): tokens at random or allocated, or
 * equal partitions dealt to nodes.
 *
 * The preference list goes on from there. `walk` skips a host that already has a copy, as Dynamo, Cassandra and Voldemort
 * do; `claim` takes the next partitions as they come, as Riak does, and so trusts whoever laid them out: where hosts
 * repeat, two "copies" share one machine's fate. Then each copy has a vnode of its own to be stored under.
 *
 * Lists are made once for each (range, n) and handed out again: a lookup allocates nothing. All is immutable to callers.
 */
import type { Octets } from "../vocabulary/octets";
import type { Random } from "../vocabulary/random";
import type { HashName, MemberSettings, RingSettings } from "../vocabulary/settings";
import { hashPosition, POSITIONS } from "./hash";
import { arrange, type Arrangement } from "./arrangement";
import { bucketWidth, jumpPosition } from "./jump";
import { checkMembers, checkUniverse, firstPlan, type RingPlan } from "./plan";
import { MAX_VNODES, type Walk } from "./walk";

/** One copy's place. `node` is the index among members; `vnode` is 0 where a node holds at most one copy of a key. */
export interface Replica {
  readonly node: number;
  readonly vnode: number;
  /** Set on a fallback: whose place it takes. Its `vnode` is then the hinted one. */
  readonly home?: Replica;
}

/** Copies under such a vnode are kept for another node: hints. Vnodes of one's own lie below. */
export const HINTED = 0x8000;
/** Ranges or nodes of a ring that can lend and borrow; the last number means any of them (see `ANY_HINT`). */
export const MAX_HOMES = 0x7fff;

/** The last position of a range, and whose it is. */
export interface Token {
  readonly at: number;
  readonly node: number;
  readonly vnode: number;
}

/** The keys that the same replicas hold: what two of them have in common, and may compare. */
export interface ReplicaGroup {
  readonly id: number;
  /** In order of node, then vnode; in any order of preference. */
  readonly replicas: readonly Replica[];
}

interface Grouping {
  readonly groups: readonly ReplicaGroup[];
  /** By range. */
  readonly ids: Uint32Array;
}

export class Ring {
  /** The universe, whether in the ring or not; see {@link has}. */
  readonly members: readonly MemberSettings[];
  private readonly hash: HashName;
  private readonly walks: boolean;
  /** Q where the ranges are equal partitions, else 0. */
  private readonly partitions: number;
  /** How far a position is shifted to give its partition, where Q is a power of two; else 0. */
  private readonly partitionShift: number;
  /** Whom one meets going round. */
  private readonly walk: Walk;
  /** Last position of each range. */
  private readonly ends: Uint32Array;
  /** For the top bits of a position, the first range that any position with them can belong to. Empty for equal partitions. */
  private readonly index: Uint32Array;
  private readonly indexShift: number;
  /** Where in the walk the list of a range begins; undefined: at its own place. */
  private readonly starts: Uint32Array | undefined;
  /** Ranges are buckets of jump hash, and no arcs of the ring. */
  private readonly jumps: boolean;
  /** By node, where the walk prefers zones it has not met. */
  private readonly zones: { readonly of: Uint16Array; readonly count: number } | undefined;
  private readonly present: Uint8Array;
  /** At [n][range]. */
  private readonly lists: ((readonly Replica[] | undefined)[] | undefined)[] = [];
  private readonly longest: number;
  /** At [n]; made when first asked for. */
  private readonly groupings: (Grouping | undefined)[] = [];
  /** By (node, vnode): the place in the walk that belongs to it. Made when first asked for. */
  private ranks: Map<number, number> | undefined;
  private asTokens: readonly Token[] | undefined;

  private constructor(settings: RingSettings, members: readonly MemberSettings[], plan: RingPlan, layout: Arrangement) {
    const { walk, partitions } = layout;
    // Where copies are stored under their own vnodes, these must not look like those of hints.
    if (settings.distinctHosts === "claim" && walk.vnodes.some((vnode) => vnode >= HINTED))
      throw new RangeError(`a ring whose hosts repeat (claim) has at most ${HINTED} vnodes, and as many to a node`);
    this.members = members;
    this.hash = settings.hash;
    this.walks = settings.distinctHosts === "walk";
    this.partitions = partitions;
    this.partitionShift = partitions > 1 && (partitions & (partitions - 1)) === 0 ? 1 + Math.clz32(partitions) : 0;
    this.walk = walk;
    this.jumps = layout.jumps === true;
    this.ends = layout.ends ?? walk.ends;
    this.starts = layout.starts;
    this.present = new Uint8Array(members.length);
    for (const node of plan.members) this.present[node] = 1;
    this.zones = settings.spread === "zones" && this.walks ? zonesOf(members, plan) : undefined;
    this.longest = this.walks ? distinct(walk.nodes, members.length) : walk.nodes.length;
    if (partitions > 0) {
      this.indexShift = 0;
      this.index = new Uint32Array(0);
    } else {
      let bits = 1;
      while (bits < MOST_INDEX_BITS && 1 << bits < 2 * this.ends.length) bits++;
      this.indexShift = 32 - bits;
      this.index = indexOf(this.ends, bits);
    }
  }

  /**
   * The ring of all members that do not join later.
   * `random` is only forked, by member id: a node's tokens do not depend on the other nodes' (a collision apart).
   * @throws RangeError naming the setting that cannot be met.
   */
  static build(settings: RingSettings, members: readonly MemberSettings[], random: Random): Ring {
    return Ring.of(settings, members, firstPlan(settings, members, random), random);
  }

  /**
   * The ring that a plan describes; `universe`, settings and `random` are the same on all nodes, as for {@link build}.
   * @throws RangeError naming the setting that cannot be met, or what is wrong with the plan.
   */
  static of(settings: RingSettings, universe: readonly MemberSettings[], plan: RingPlan, random: Random): Ring {
    checkUniverse(universe);
    checkMembers(plan.members, universe);
    return new Ring(settings, universe, plan, arrange(settings, universe, plan, random));
  }

  /** Whether a member of the universe is in the ring. */
  has(node: number): boolean {
    return this.present[node] === 1;
  }

  /** Where `address` falls: an unsigned 32-bit integer. */
  position(address: Octets): number {
    return hashPosition(this.hash, address);
  }

  /**
   * Who should hold the `n` copies of `address`, most preferred first. Shorter than `n` where the ring is exhausted:
   * fewer hosts than `n` (walk) or fewer ranges (claim). The same array each time; never to be changed.
   */
  preferenceList(address: Octets, n: number): readonly Replica[] {
    return this.preferenceListAt(hashPosition(this.hash, address), n);
  }

  /** As {@link preferenceList}, for an unsigned 32-bit position. */
  preferenceListAt(position: number, n: number): readonly Replica[] {
    return this.listOf(this.rangeOf(position), n);
  }

  /**
   * The preference list of `address` with a fallback in the place of each member of `missing` (bit i: member i). As Riak
   * does it: for each in order, the next member of the ring behind the list that is `up` lends its place; where the ring
   * walks, no node stands twice. Places for which nobody is left keep their primary.
   */
  withFallbacks(address: Octets, n: number, missing: number, up: (node: number) => boolean): readonly Replica[] {
    const position = hashPosition(this.hash, address);
    const primaries = this.preferenceListAt(position, n);
    const list = primaries.slice();
    const taken = this.walks ? new Set(primaries.map(({ node }) => node)) : undefined;
    const from = this.startOf(this.rangeOf(position));
    const { nodes } = this.walk;
    // Where the ring does not walk, the list is the ranges right after `from`; those behind it lend.
    let step = this.walks ? 0 : primaries.length;
    for (let at = 0; at < primaries.length; at++) {
      if ((missing & (1 << at)) === 0) continue;
      for (; step < nodes.length; step++) {
        const node = nodes[(from + step) % nodes.length];
        if (taken?.has(node) === true || !up(node)) continue;
        taken?.add(node);
        list[at] = { node, vnode: this.hintedVnode(primaries[at]), home: primaries[at] };
        step++;
        break;
      }
    }
    return list;
  }

  /** The vnode under which others keep copies for this member of a preference list. */
  hintedVnode(home: Replica): number {
    if (this.walks) return HINTED | home.node;
    this.ranks ??= this.rankAll();
    // An owner by another ring, which this one does not know yet, or no more: where ranges are numbered its place is the range's.
    return (
      HINTED | (this.ranks.get(home.node * MAX_VNODES + home.vnode) ?? Math.min(home.vnode, this.walk.nodes.length - 1))
    );
  }

  /** Whose copies a hinted vnode holds; undefined of a vnode that is none of this ring's. */
  homeOf(hintedVnode: number): Replica | undefined {
    const at = hintedVnode - HINTED;
    if (this.walks) return at >= 0 && at < this.members.length ? { node: at, vnode: 0 } : undefined;
    const { nodes, vnodes } = this.walk;
    return at >= 0 && at < nodes.length ? { node: nodes[at], vnode: vnodes[at] } : undefined;
  }

  /** Whether every home has a hinted vnode of its own. */
  get canLend(): boolean {
    return (this.walks ? this.members.length : this.walk.nodes.length) <= MAX_HOMES;
  }

  /** The distinct sets of replicas that hold `n` copies, in the order in which the ring meets them: `id` is the place in it. */
  groups(n: number): readonly ReplicaGroup[] {
    return (this.groupings[n] ?? this.groupingFor(n)).groups;
  }

  /** The group of the keys at a position. */
  groupAt(position: number, n: number): number {
    return (this.groupings[n] ?? this.groupingFor(n)).ids[this.rangeOf(position)];
  }

  private groupingFor(n: number): Grouping {
    const groups: ReplicaGroup[] = [];
    const known = new Map<string, number>();
    const ids = new Uint32Array(this.ends.length).map((_, range) => {
      const replicas = this.listOf(range, n).slice();
      replicas.sort((a, b) => a.node - b.node || a.vnode - b.vnode);
      const name = replicas.map(({ node, vnode }) => `${node}.${vnode}`).join(" ");
      const id = known.get(name) ?? groups.length;
      if (id === groups.length) {
        known.set(name, id);
        groups.push({ id, replicas });
      }
      return id;
    });
    while (this.groupings.length <= n) this.groupings.push(undefined);
    return (this.groupings[n] = { groups, ids });
  }

  /** Share of all positions each node is first for. */
  ownership(): readonly number[] {
    const shares = this.members.map(() => 0);
    for (let range = 0; range < this.ends.length; range++)
      shares[this.walk.nodes[this.startOf(range)]] += this.width(range) / POSITIONS;
    return shares;
  }

  /** Share of all copies each node holds when every key has `n`. */
  replicaShare(n: number): readonly number[] {
    const shares = this.members.map(() => 0);
    let total = 0;
    for (let range = 0; range < this.ends.length; range++) {
      const list = this.listOf(range, n);
      const width = this.width(range);
      total += width * list.length;
      for (const replica of list) shares[replica.node] += width;
    }
    return total === 0 ? shares : shares.map((share) => share / total);
  }

  /**
   * In ring order: each owns the positions up to and including `at` that the one before does not. Where partitions are placed by walking over
   * tokens these are the partitions and their first owners; a jump ring has no arcs, and shows its buckets as equal ones.
   */
  tokens(): readonly Token[] {
    return (this.asTokens ??= Array.from(this.ends, (at, range) => ({
      at,
      node: this.walk.nodes[this.startOf(range)],
      vnode: this.walk.vnodes[this.startOf(range)],
    })));
  }

  /** Last position of each range, ascending; of a ring without arcs those of {@link tokens}. Never to be changed. */
  rangeEnds(): Uint32Array {
    return this.ends;
  }

  /** False where ranges are buckets of a hash: lists then change from one position to the next. */
  get hasArcs(): boolean {
    return !this.jumps;
  }

  /** Tokens, partitions or buckets that one meets going round. */
  get walkLength(): number {
    return this.walk.nodes.length;
  }

  /** Short stable text: tokens, then each node's ownership in percent. */
  describe(): string {
    const owned = this.ownership().flatMap((share, node) =>
      this.has(node) ? [`${this.members[node].id} ${(100 * share).toFixed(2)}%`] : [],
    );
    const kind = `${this.ends.length} ${this.jumps ? "buckets" : this.partitions > 0 ? "partitions" : "tokens"}`;
    return `${kind}, ${this.hash}, ${this.walks ? "walk" : "claim"}: ${owned.join(", ")}`;
  }

  private rangeOf(position: number): number {
    if (this.jumps) return jumpPosition(position, this.ends.length);
    if (this.partitionShift > 0) return position >>> this.partitionShift;
    if (this.partitions > 0) return Math.floor((position * this.partitions) / POSITIONS);
    let range = this.index[position >>> this.indexShift];
    // The index leaves half a token on average, but nothing bounds how many fall under one entry.
    const { ends } = this;
    while (range < ends.length && ends[range] < position) range++;
    return range === ends.length ? 0 : range;
  }

  private listOf(range: number, n: number): readonly Replica[] {
    const lists = this.lists[n] ?? this.listsFor(n);
    return lists[range] ?? (lists[range] = this.makeList(range, Math.min(n, this.longest)));
  }

  private listsFor(n: number): (readonly Replica[] | undefined)[] {
    if (!Number.isInteger(n) || n < 0) throw new RangeError(`a preference list of ${n} replicas`);
    const most = Math.min(n, this.longest);
    while (this.lists.length <= most) this.lists.push(undefined);
    return (this.lists[most] ??= new Array<readonly Replica[] | undefined>(this.ends.length).fill(undefined));
  }

  private startOf(range: number): number {
    return this.starts === undefined ? range : this.starts[range];
  }

  private makeList(range: number, n: number): readonly Replica[] {
    const from = this.startOf(range);
    if (this.zones !== undefined) return this.listOverZones(from, n, this.zones);
    const list: Replica[] = [];
    const { nodes, vnodes } = this.walk;
    for (let step = 0, at = from; step < nodes.length && list.length < n; step++) {
      const node = nodes[at];
      if (!this.walks) list.push({ node, vnode: vnodes[at] });
      else if (!list.some((one) => one.node === node)) list.push({ node, vnode: 0 });
      if (++at === nodes.length) at = 0;
    }
    return list;
  }

  /** Cassandra's NetworkTopologyStrategy: of n copies as many may repeat a zone as there are more copies than zones. */
  private listOverZones(
    from: number,
    n: number,
    zones: { readonly of: Uint16Array; readonly count: number },
  ): Replica[] {
    const list: Replica[] = [];
    const { nodes } = this.walk;
    const met = new Set<number>();
    let repeats = Math.max(0, n - zones.count);
    for (let step = 0, at = from; step < nodes.length && list.length < n; step++) {
      const node = nodes[at];
      if (++at === nodes.length) at = 0;
      if (list.some((one) => one.node === node)) continue;
      if (met.has(zones.of[node])) {
        if (repeats === 0) continue;
        repeats--;
      }
      met.add(zones.of[node]);
      list.push({ node, vnode: 0 });
    }
    return list;
  }

  private rankAll(): Map<number, number> {
    const { nodes, vnodes } = this.walk;
    const ranks = new Map<number, number>();
    for (let rank = 0; rank < nodes.length; rank++) ranks.set(nodes[rank] * MAX_VNODES + vnodes[rank], rank);
    return ranks;
  }

  /** Positions in a range. The one that wraps has what lies beyond the last token too. */
  private width(range: number): number {
    if (this.jumps) return bucketWidth(this.ends.length);
    const before = range === 0 ? this.ends[this.ends.length - 1] - POSITIONS : this.ends[range - 1];
    return this.ends[range] - before;
  }
}

function zonesOf(members: readonly MemberSettings[], plan: RingPlan): { of: Uint16Array; count: number } {
  const numbers = new Map<string, number>();
  for (const node of plan.members) if (!numbers.has(members[node].zone)) numbers.set(members[node].zone, numbers.size);
  return { of: Uint16Array.from(members, ({ zone }) => numbers.get(zone) ?? 0), count: numbers.size };
}

/** Enough for one token an entry on average in rings of half a million tokens. */
const MOST_INDEX_BITS = 20;

function distinct(nodes: Uint16Array, of: number): number {
  const met = new Uint8Array(of);
  let count = 0;
  for (const node of nodes) {
    if (met[node] === 1) continue;
    met[node] = 1;
    count++;
  }
  return count;
}

function indexOf(ends: Uint32Array, bits: number): Uint32Array {
  const index = new Uint32Array(1 << bits);
  const step = 2 ** (32 - bits);
  for (let top = 0, range = 0; top < index.length; top++) {
    while (range < ends.length && ends[range] < top * step) range++;
    index[top] = range;
  }
  return index;
}

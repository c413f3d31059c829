/**
 * Cassandra's replication-aware token allocation (engines.md 2.14; ReplicationAwareTokenAllocator, CASSANDRA-7032): the T tokens of a node that
 * joins are put where they even out what every node *replicates*, not what it owns first. Candidates are the middles of all ranges. One is
 * worth what it takes off the squared deviations of replicated ownership: of tokens, divided by the square of their node's number of tokens,
 * and of nodes, where the newcomer counts for 1/T at its first token and fully at its last. Values are looked at again only when a candidate
 * comes first in a queue, because most have not changed since.
 *
 * While there are fewer nodes than copies, replicated ownership is the same wherever tokens lie; then the largest range is split, not in the
 * middle but at 0.55 to 0.63, which gives the later nodes uneven ranges to choose from. Tokens of nodes that leave are taken out, and nothing
 * else moves: so balance suffers when nodes go, and the plan has to carry the tokens, because they depend on the order of joining.
 */
import type { Random } from "../vocabulary/random";
import { POSITIONS } from "./hash";

export type PlacedToken = readonly [position: number, node: number];

/** Beyond it a plan is too much to gossip, and takes too long to find. */
export const MOST_ALLOCATED = 65_536;

const FIRST_SPLIT = 0.5527864045;
const SPLIT_GROWTH = 0.075;

export interface Newcomer {
  readonly node: number;
  readonly tokens: number;
}

/** The tokens before and those of the newcomers, one after the other, in order of position. */
export function allocate(
  placed: readonly PlacedToken[],
  newcomers: readonly Newcomer[],
  replication: number,
  random: Random,
): PlacedToken[] {
  const most = placed.length + newcomers.reduce((sum, { tokens }) => sum + tokens, 0);
  if (most > MOST_ALLOCATED)
    throw new RangeError(`${most} allocated tokens; at most ${MOST_ALLOCATED}: lower the vnodes per node (T)`);
  const ring = new AllocatedRing(placed, most, replication);
  for (const newcomer of newcomers) ring.join(newcomer, random.fork(`allocate/${newcomer.node}`));
  return ring.tokens();
}

/** Tokens in a doubly linked circle, numbered in order of coming. */
class AllocatedRing {
  private readonly at: Float64Array;
  private readonly node: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  /** Positions that a token's node replicates because of it. */
  private readonly owned: Float64Array;
  private count = 0;
  private readonly units = new Map<number, { owned: number; tokens: number }>();
  private readonly seen: number[] = [];
  /** Filled by {@link collect}. */
  private readonly touched: number[] = [];

  constructor(
    placed: readonly PlacedToken[],
    most: number,
    private readonly replication: number,
  ) {
    this.at = new Float64Array(most + 1);
    this.node = new Int32Array(most + 1);
    this.next = new Int32Array(most + 1);
    this.previous = new Int32Array(most + 1);
    this.owned = new Float64Array(most + 1);
    for (const [at, node] of placed) {
      this.link(this.count, at, node, this.count - 1);
      this.count++;
    }
    this.settle();
  }

  tokens(): PlacedToken[] {
    return Array.from({ length: this.count }, (_, token): PlacedToken => [this.at[token], this.node[token]]).sort(
      (a, b) => a[0] - b[0],
    );
  }

  join(newcomer: Newcomer, random: Random): void {
    if (this.units.size < this.replication) this.split(newcomer, random);
    else this.choose(newcomer);
    this.settle();
  }

  private split({ node, tokens }: Newcomer, random: Random): void {
    for (let token = 0; token < tokens; token++) {
      if (this.count === 0) {
        this.link(0, random.nextUint32(), node, -1);
        this.count = 1;
        continue;
      }
      let widest = 0;
      for (let one = 1; one < this.count; one++) if (this.width(one) > this.width(widest)) widest = one;
      const ratio = FIRST_SPLIT + SPLIT_GROWTH * random.nextFloat();
      const before = this.previous[widest];
      this.place(this.at[before] + Math.max(1, Math.floor(this.width(widest) * ratio)), node, before);
    }
  }

  private choose({ node, tokens }: Newcomer): void {
    const optimum = (Math.min(this.replication, this.units.size + 1) * POSITIONS) / (this.count + tokens);
    const unit = { owned: 0, tokens };
    this.units.set(node, unit);
    const candidates: Candidate[] = [];
    for (let one = 0; one < this.count; one++) {
      const width = this.width(one);
      if (width < 2) continue;
      const before = this.previous[one];
      const at = (this.at[before] + Math.floor(width / 2)) % POSITIONS;
      candidates.push({ at, before, worth: this.worth(at, node, before, optimum, 1 / tokens) });
    }
    const queue = new Queue(candidates);
    for (let chosen = 0; chosen < tokens; chosen++) {
      let best = queue.take();
      while (best !== undefined && chosen > 0) {
        const { at, before } = best;
        const worth = this.worth(at, node, this.behind(before, at), optimum, (chosen + 1) / tokens);
        const rival = queue.peek();
        if (rival === undefined || worth >= rival.worth) break;
        queue.add({ at, before, worth });
        best = queue.take();
      }
      if (best === undefined) this.halveWidest(node);
      else this.confirm(best.at, node, this.behind(best.before, best.at));
    }
  }

  /** For more tokens than there were ranges. */
  private halveWidest(node: number): void {
    let widest = 0;
    for (let one = 1; one < this.count; one++) if (this.width(one) > this.width(widest)) widest = one;
    const before = this.previous[widest];
    this.confirm((this.at[before] + Math.max(1, Math.floor(this.width(widest) / 2))) % POSITIONS, node, before);
  }

  /** The token right before a position, looking on from one that was. */
  private behind(from: number, at: number): number {
    let token = from;
    while (distance(this.at[token], this.at[this.next[token]]) <= distance(this.at[token], at)) {
      if (this.next[token] === from) break;
      token = this.next[token];
    }
    return token;
  }

  /** How much smaller squared deviations are with a token there. */
  private worth(at: number, node: number, before: number, optimum: number, ofNewcomer: number): number {
    const token = this.count;
    this.collect(before);
    this.link(token, at, node, before);
    const shifts = new Map<number, number>();
    const squared = (unit: { tokens: number }): number => unit.tokens * unit.tokens;
    const mine = this.replicated(token) / POSITIONS;
    const wanted = optimum / POSITIONS;
    const own = this.units.get(node)!;
    let change = ((mine - wanted) * (mine - wanted)) / squared(own);
    shifts.set(node, mine);
    for (const one of this.touched) {
      const old = this.owned[one] / POSITIONS;
      const now = this.replicated(one) / POSITIONS;
      if (now === old) continue;
      const unit = this.units.get(this.node[one])!;
      change += ((now - wanted) * (now - wanted) - (old - wanted) * (old - wanted)) / squared(unit);
      shifts.set(this.node[one], (shifts.get(this.node[one]) ?? 0) + now - old);
    }
    for (const [who, shift] of shifts) {
      const unit = this.units.get(who)!;
      const old = unit.owned / POSITIONS / unit.tokens - wanted;
      const now = (unit.owned / POSITIONS + shift) / unit.tokens - wanted;
      change += (who === node ? ofNewcomer : 1) * (now * now - old * old);
    }
    this.unlink(token);
    return -change;
  }

  private confirm(at: number, node: number, before: number): void {
    this.collect(before);
    const token = this.count;
    this.place(at, node, before);
    for (const one of [token, ...this.touched]) {
      const unit = this.units.get(this.node[one])!;
      const now = this.replicated(one);
      unit.owned += now - this.owned[one];
      this.owned[one] = now;
    }
  }

  /** Tokens after a place right behind `before` whose part of the ring reaches back beyond it: the first of each node, while there are few. */
  private collect(before: number): void {
    const { touched, seen } = this;
    touched.length = 0;
    seen.length = 0;
    let token = this.next[before];
    for (let step = 0; step < this.count && seen.length <= this.replication; step++) {
      const node = this.node[token];
      if (!seen.includes(node)) {
        touched.push(token);
        seen.push(node);
      }
      token = this.next[token];
    }
  }

  /** Back from a token to where its node would not be among the copies, or is by another of its tokens. */
  private replicated(token: number): number {
    const { seen, node, previous, at } = this;
    const mine = node[token];
    seen.length = 0;
    let back = previous[token];
    while (back !== token) {
      const other = node[back];
      if (other === mine) return distance(at[back], at[token]);
      if (!seen.includes(other)) {
        seen.push(other);
        if (seen.length === this.replication) return distance(at[back], at[token]);
      }
      back = previous[back];
    }
    return POSITIONS;
  }

  private settle(): void {
    this.units.clear();
    for (let token = 0; token < this.count; token++) {
      const unit = this.units.get(this.node[token]) ?? { owned: 0, tokens: 0 };
      this.units.set(this.node[token], unit);
      this.owned[token] = this.replicated(token);
      unit.owned += this.owned[token];
      unit.tokens++;
    }
  }

  private width(token: number): number {
    return distance(this.at[this.previous[token]], this.at[token]) || POSITIONS;
  }

  private place(at: number, node: number, before: number): void {
    this.link(this.count++, at % POSITIONS, node, before);
  }

  private link(token: number, at: number, node: number, before: number): void {
    this.at[token] = at;
    this.node[token] = node;
    this.owned[token] = 0;
    if (before < 0) {
      this.next[token] = this.previous[token] = token;
      return;
    }
    const after = this.next[before];
    this.next[before] = this.previous[after] = token;
    this.next[token] = after;
    this.previous[token] = before;
  }

  private unlink(token: number): void {
    this.next[this.previous[token]] = this.next[token];
    this.previous[this.next[token]] = this.previous[token];
  }
}

/** Clockwise. */
function distance(from: number, to: number): number {
  return to >= from ? to - from : to - from + POSITIONS;
}

interface Candidate {
  readonly at: number;
  /** A token before it, the nearest when it was made. */
  readonly before: number;
  readonly worth: number;
}

/** A binary heap: the worthiest first, of equals the one at the lower position. */
class Queue {
  private readonly heap: Candidate[] = [];

  constructor(candidates: readonly Candidate[]) {
    for (const one of candidates) this.add(one);
  }

  peek(): Candidate | undefined {
    return this.heap[0];
  }

  add(one: Candidate): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(one);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!worthier(one, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = one;
  }

  take(): Candidate | undefined {
    const { heap } = this;
    const first = heap[0] as Candidate | undefined;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && worthier(heap[child + 1], heap[child])) child++;
      if (!worthier(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function worthier(a: Candidate, b: Candidate): boolean {
  return a.worth > b.worth || (a.worth === b.worth && a.at < b.at);
}

/**
 * One scan, coordinated. Keys are spread over the ring by their hash, so that a range of them lies on all nodes: nodes that
 * cover every group R times over (coverage.ts) are each asked for the range, one ordered page at a time, and the pages are
 * merged as mail is from several sorted piles: only up to where the shortest pile ends, because what lies beyond may have a
 * part that nobody has sent yet. Copies of one key are merged by the clock, as a get does it. Where the piles are used up
 * before enough live keys are found (tombstones, uneven shares, pages that ended early), those that have run low are asked on.
 *
 * As with `get-coordinator.ts` it is a machine of a few verbs over plain data: `begin`, `takeAsks`, `add`, the `verdict`, the
 * `response`. Sending, timers and sessions belong to the node. Models: Riak's coverage queries (riak_core_coverage_fsm),
 * Cassandra's range reads over a random partitioner. The mistake it avoids: to return a key from the first page that has it.
 */
import { type Clock, clockAt, type Version } from "../clocks/clock";
import { bytesOf } from "../clocks/version";
import {
  MAX_PAGE_BYTES,
  MAX_SCANNED,
  type NodeIndex,
  type RangeReply,
  type RangeCopy,
  type ScannedKey,
  type ScanRequest,
} from "../messages";
import { isAddress, isTypePrefix } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Octets } from "../vocabulary/octets";
import type { Outcome } from "../vocabulary/outcomes";
import type { Verdict } from "./arithmetic";
import type { Coverage } from "./coverage";
import type { Origin } from "./origin";
import type { Identified } from "./request-table";

/** Times that piles which ran low are asked on before the answer is what there is so far. */
export const MAX_ROUNDS = 8;

/** One page to be asked for. */
export interface RangeAsk {
  readonly node: NodeIndex;
  readonly part: number;
  readonly vnodes: readonly number[];
  readonly start: Octets;
  readonly limit: number;
}

export interface ScanResponse {
  readonly outcome: Outcome;
  readonly keys: readonly ScannedKey[];
  readonly next: Octets;
  readonly reason: string;
}

/** What one node has sent and is not merged yet. */
interface Pile {
  readonly node: NodeIndex;
  /** The ask that is out; 0: none. */
  part: number;
  askedAt: Micros;
  copies: readonly RangeCopy[];
  /** Copies before it are merged. */
  at: number;
  /** All below it is here; undefined: all of the range is. */
  upTo: Octets | undefined;
}

export class ScanCoordination implements Identified {
  readonly kind = "scan";
  id = 0;
  answered = false;
  startedAt: Micros = 0;
  /** Of the state of the ring that it was begun under; the node's own count. */
  ringSerial = 0;
  private piles: Pile[] = [];
  private asks: RangeAsk[] = [];
  private parts = 0;
  private rounds = 0;
  private readonly failedNodes = new Set<NodeIndex>();
  private readonly limit: number;
  private readonly keys: ScannedKey[] = [];
  private bytes = 0;
  /** All before it is merged. */
  private mergedTo: Octets;
  /** The range is one of all buckets of a type. */
  private readonly isOfType: boolean;
  private state: Verdict = "pending";
  private next: Octets = "";

  constructor(
    readonly origin: Origin,
    readonly request: ScanRequest,
    private readonly coverage: Coverage,
    private readonly clock: Clock,
    /** Copies wanted of each key. */
    private readonly needed: number,
    /** Asked rather than another that would do as well. */
    private readonly self: NodeIndex,
    private readonly believedUp: (node: NodeIndex) => boolean,
  ) {
    this.limit = Math.min(request.limit, MAX_SCANNED);
    this.mergedTo = request.start;
    this.isOfType = isTypePrefix(request.bucket);
  }

  /** Decides whom to ask. The caller has made sure that there are enough; see {@link Coverage.fewest}. */
  begin(): void {
    const { start, end } = this.request;
    if (end !== "" && start >= end) this.state = "met";
    else if (!this.coverWith()) this.state = "unreachable";
  }

  takeAsks(now: Micros): readonly RangeAsk[] {
    const taken = this.asks;
    if (taken.length === 0) return taken;
    this.asks = [];
    for (const { part } of taken) for (const pile of this.piles) if (pile.part === part) pile.askedAt = now;
    return taken;
  }

  /** A node's page. One that was not asked for is ignored; when it was, says when. */
  add(node: NodeIndex, { part, status, copies, upTo }: Omit<RangeReply, "kind" | "id">): Micros | undefined {
    const pile = this.piles.find((one) => one.node === node);
    if (pile === undefined || pile.part === 0 || pile.part !== part || this.state !== "pending") return undefined;
    const { askedAt } = pile;
    pile.part = 0;
    const from = pile.upTo ?? "";
    if (status === "failed" || !this.isPage(copies, from, upTo)) {
      this.replace(node, false);
      return askedAt;
    }
    // What is left of the last page lies before this one.
    pile.copies = pile.at === pile.copies.length ? copies : [...pile.copies.slice(pile.at), ...copies];
    pile.at = 0;
    pile.upTo = upTo === "" ? undefined : upTo;
    this.merge();
    return askedAt;
  }

  verdict(): Verdict {
    return this.state;
  }

  /** Nodes that have been asked and have not answered. */
  silent(): readonly NodeIndex[] {
    return this.piles.filter(({ part }) => part !== 0).map(({ node }) => node);
  }

  /** Half of its time is over: for whoever has not answered another is asked, where there is one. */
  lateNow(): void {
    for (const node of this.silent()) if (this.state === "pending") this.replace(node, true);
  }

  /** What the client is told, once the verdict is no longer pending. */
  response(): ScanResponse {
    if (this.state === "met") return { outcome: "ok", keys: this.keys, next: this.next, reason: "" };
    const reason = `${String(this.failedNodes.size)} nodes failed, and no others have their copies`;
    return { outcome: "quorum_unreachable", keys: [], next: "", reason };
  }

  /** In order, within what was asked for, and a step forward: a page of a node that is out of its mind is none. */
  private isPage(copies: readonly RangeCopy[], from: Octets, upTo: Octets): boolean {
    const { bucket, end } = this.request;
    if (upTo !== "" && (upTo <= from || (end !== "" && upTo >= end))) return false;
    let last = from;
    for (const { key } of copies) {
      if (key < last || (upTo !== "" && key >= upTo) || (end !== "" && key >= end)) return false;
      // Of a type, a bucket is part of the key.
      if (this.isOfType && !isAddress(bucket + key)) return false;
      last = key;
    }
    return true;
  }

  /** Adds piles until every group has enough; false when that cannot be. */
  private coverWith(): boolean {
    const { coverage, needed, self, believedUp, failedNodes } = this;
    const asked = this.piles.map(({ node }) => node);
    const may = (node: NodeIndex): boolean => !failedNodes.has(node) && believedUp(node);
    const chosen = coverage.choose(needed, asked, may, self, this.id);
    if (chosen === undefined) return false;
    for (const node of chosen) {
      const pile: Pile = { node, part: 0, askedAt: 0, copies: [], at: 0, upTo: this.mergedTo };
      this.piles.push(pile);
      this.ask(pile);
    }
    return true;
  }

  private ask(pile: Pile): void {
    pile.part = ++this.parts;
    const { node, part, upTo } = pile;
    const missing = Math.min(MAX_SCANNED, (this.limit - this.keys.length) * 2 ** Math.min(this.rounds, MAX_ROUNDS));
    const limit = Math.min(MAX_SCANNED, shareOf(missing, this.coverage.share));
    this.asks.push({ node, part, vnodes: this.coverage.vnodesOf(node), start: upTo ?? "", limit });
  }

  /** The node is left out of this scan; what is merged already stands. `ifPossible`: else it is waited for. */
  private replace(node: NodeIndex, ifPossible: boolean): void {
    const { piles } = this;
    this.failedNodes.add(node);
    this.piles = piles.filter((pile) => pile.node !== node);
    if (this.coverWith()) return this.merge();
    if (ifPossible) {
      this.failedNodes.delete(node);
      this.piles = piles;
    } else this.state = "unreachable";
  }

  /** Merges as far as all piles reach, once none is waited for. */
  private merge(): void {
    const { piles } = this;
    if (this.state !== "pending" || piles.some(({ part }) => part !== 0)) return;
    let frontier: Octets | undefined;
    for (const { upTo } of piles)
      if (upTo !== undefined && (frontier === undefined || upTo < frontier)) frontier = upTo;
    for (;;) {
      const key = this.leastKey();
      if (key === undefined || (frontier !== undefined && key >= frontier)) break;
      if (this.isFull() || !this.mergeKey(key)) return this.meet(key);
    }
    if (frontier === undefined) return this.meet("");
    this.mergedTo = frontier;
    if (this.isFull() || ++this.rounds > MAX_ROUNDS) return this.meet(frontier);
    const missing = this.limit - this.keys.length;
    for (const pile of piles) {
      const left = pile.copies.length - pile.at;
      if (pile.upTo === undefined || (pile.upTo > frontier && left >= shareOf(missing, this.coverage.share))) continue;
      this.ask(pile);
    }
  }

  private isFull(): boolean {
    return this.keys.length >= this.limit || this.bytes >= MAX_PAGE_BYTES;
  }

  private meet(next: Octets): void {
    this.state = "met";
    this.next = next;
    this.piles = [];
  }

  private leastKey(): Octets | undefined {
    let least: Octets | undefined;
    for (const { copies, at } of this.piles)
      if (at < copies.length && (least === undefined || copies[at].key < least)) least = copies[at].key;
    return least;
  }

  /**
   * Takes the key off all piles. Copies of those that are not, or no longer, its replicas do not count. False where it is as
   * long as an answer by itself, and is to begin the next one.
   */
  private mergeKey(key: Octets): boolean {
    const address = this.request.bucket + key;
    const clock = clockAt(this.clock, address);
    const { replicas } = this.coverage.groupOf(address);
    let merged: unknown;
    for (const pile of this.piles) {
      for (; pile.at < pile.copies.length && pile.copies[pile.at].key === key; pile.at++) {
        const { vnode, state } = pile.copies[pile.at];
        if (!replicas.some((replica) => replica.node === pile.node && replica.vnode === vnode)) continue;
        merged = merged === undefined ? state : clock.sync(merged, state);
      }
    }
    if (merged === undefined) return true;
    const live: readonly Version[] = clock.versions(merged).filter(({ tombstone }) => !tombstone);
    if (live.length === 0) return true;
    const size = live.reduce((bytes, version) => bytes + bytesOf(version), key.length);
    if (size >= MAX_PAGE_BYTES && this.keys.length > 0) return false;
    this.keys.push({ key, versions: live });
    this.bytes += size;
    return true;
  }
}

/** So many of a node's own copies hold, nearly always, its part of so many keys: the mean and three deviations. */
function shareOf(keys: number, share: number): number {
  if (share >= 1) return keys;
  const mean = keys * share;
  return Math.min(keys, Math.ceil(mean + 3 * Math.sqrt(mean)) + 1);
}

/**
 * Anti-entropy of one node: its trees, and who compares them with whom and when. Read repair heals what is read and hints
 * heal what was noticed; this heals the rest, such as a disk that lost a record, without anybody asking for the key.
 *
 * Every interval a node begins at most one exchange: with the next in a fixed round over (group of replicas, other member
 * of the group), leaving out who is believed down. Every member begins its own, as in Riak, so that each pair is compared
 * from both ends; an exchange heals both. A refusal ("busy", "building") is tried once more at the next interval, before the
 * round goes on. Nodes begin at different moments of the interval, and whoever is refused moves its moment by a share of
 * its own: nodes that ask each other at once, at a concurrency of 1, are both too busy, and in virtual time, where
 * nothing drifts, two that had been started in the wrong moments would be so for ever.
 *
 * Source: riak_kv's entropy manager and exchange machine; DeCandia et al., SOSP 2007, section 4.7.
 */
import type { Clock } from "../clocks/clock";
import type { PeerMessage, TreeAnswer, TreeMessage } from "../messages";
import { firstIdOf } from "../quorum/request-table";
import type { Ring } from "../ring/ring";
import type { Address } from "../vocabulary/address";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { AaeSettings } from "../vocabulary/settings";
import { Answering } from "./answering";
import { Exchange, type ExchangeActs, type ExchangeCounts, type ExchangeEnd } from "./exchange";
import { type CopiesByKey, type Copy, Forest, type ForestActs, type Plot } from "./forest";

/** How long background work that must rest waits before it asks again. */
const REST: Micros = 10_000;
/** Request ids have thirty bits. */
const ID_SPACE = 2 ** 30;

export interface AntiEntropyActs extends ForestActs, ExchangeActs {
  send(to: number, message: TreeMessage | TreeAnswer): void;
  /** Whether this node is believed to be up. */
  reachable(node: number): boolean;
}

export interface AntiEntropyOptions {
  readonly index: number;
  /** Of this life: its exchanges are not to be taken for those of another. */
  readonly epoch: number;
  readonly ring: Ring;
  /** Copies of a key, and of those keys that have another number of them. */
  readonly n: number;
  readonly copies?: CopiesByKey | undefined;
  readonly clock: Clock;
  readonly settings: AaeSettings;
  /** How long a peer may take for one answer. */
  readonly stepTimeoutMs: number;
  readonly now: () => Micros;
  /** Whose place this one takes, because the ring has changed: what it counted goes on, and its numbers are not given again. */
  readonly before?: Pick<AntiEntropy, "counts" | "lastId"> | undefined;
}

export interface AntiEntropyCounts extends ExchangeCounts {
  /** Walks over the storage that ended with whole trees. */
  builds: number;
}

interface Pair {
  readonly plot: Plot;
  readonly peer: number;
  readonly peerVnode: number;
}

export class AntiEntropy {
  readonly counts: AntiEntropyCounts;
  private readonly buildsBefore: number;
  private readonly forest: Forest;
  private readonly answering: Answering;
  private readonly exchanges = new Map<number, Exchange>();
  private readonly pairs: readonly Pair[];
  private turn: number;
  /** Refused once: tried again before the round goes on. */
  private again: Pair | undefined;
  private retrying: Pair | undefined;
  /** Of the exchanges begun here. */
  lastId: number;
  private readonly interval: Micros;
  private nextExchange: Micros;
  /** This node's part of an interval: no other's is the same. */
  private readonly share: Micros;

  constructor(
    private readonly options: AntiEntropyOptions,
    private readonly acts: AntiEntropyActs,
  ) {
    const { index, epoch, ring, n, copies, clock, settings, now, stepTimeoutMs, before } = options;
    this.counts = before === undefined ? nothing() : { ...before.counts };
    this.buildsBefore = this.counts.builds;
    const stepTimeout = fromMs(stepTimeoutMs);
    this.interval = Math.max(1, fromMs(settings.intervalMs));
    this.forest = new Forest(
      {
        index,
        ring,
        n,
        copies,
        clock,
        hash: settings.hash,
        shape: settings,
        rebuildEvery: settings.rebuildMs === undefined ? Infinity : fromMs(settings.rebuildMs),
        doubtEvery: this.interval,
        rest: REST,
        now,
      },
      acts,
    );
    const hasRoom = (): boolean => this.hasRoom();
    this.answering = new Answering(
      { forest: this.forest, clock, stepTimeout, rest: REST, now, hasRoom },
      acts,
      this.counts,
      (to, message) => acts.send(to, message),
    );
    this.pairs = this.forest
      .all()
      .flatMap((plot) =>
        plot.group.replicas
          .filter(({ node }) => node !== index)
          .map(({ node, vnode }) => ({ plot, peer: node, peerVnode: vnode })),
      );
    this.turn = this.pairs.length === 0 ? 0 : index % this.pairs.length;
    this.lastId = before === undefined ? firstIdOf(epoch) : before.lastId;
    const members = ring.members.length;
    this.share = Math.ceil((this.interval * (index + 1)) / (members + 1));
    const first = Math.ceil((this.interval * (index + 1)) / members);
    this.nextExchange = this.pairs.length === 0 ? Infinity : now() + first;
  }

  /** Exchanges under way, those begun here and those answered. */
  get running(): number {
    return this.exchanges.size + this.answering.size;
  }

  /**
   * A copy under a vnode of this node's own has become `after` in memory; undefined: removed. Called for each change, in
   * order, at once; not for hints.
   */
  changed(vnode: number, address: Address, before: unknown, after: unknown): void {
    this.forest.changed(vnode, address, before, after);
  }

  /** A store failed: the trees may claim what the disk does not have. */
  doubt(): void {
    this.forest.doubt();
  }

  scanned(token: number, entries: readonly Copy[], cursor: unknown, unreadable = 0): void {
    this.forest.scanned(token, entries, cursor, unreadable);
    this.counts.builds = this.buildsBefore + this.forest.builds;
  }

  scanFailed(token: number): void {
    this.forest.scanFailed(token);
  }

  /** True of a message that was for this room. */
  received(from: number, message: PeerMessage): boolean {
    switch (message.kind) {
      case "tree":
      case "segments":
      case "stream":
        this.answering.received(from, message);
        return true;
      case "tree-reply":
      case "segments-reply":
      case "stream-reply": {
        const exchange = this.exchanges.get(message.id);
        if (exchange?.peer === from) exchange.received(message);
        return true;
      }
      default:
        return false;
    }
  }

  /** When `advance` should be called next; Infinity: never. */
  next(): Micros {
    let next = Math.min(this.nextExchange, this.forest.next());
    if (this.running === 0) return next;
    next = Math.min(next, this.answering.next());
    for (const exchange of this.exchanges.values()) next = Math.min(next, exchange.next());
    return next;
  }

  advance(now: Micros): void {
    this.forest.advance(now);
    this.answering.advance(now);
    for (const exchange of this.exchanges.values()) exchange.advance(now);
    if (this.nextExchange > now) return;
    // What was missed is not made up for.
    this.nextExchange += this.interval * Math.max(1, Math.ceil((now + 1 - this.nextExchange) / this.interval));
    if (!this.hasRoom() || !this.acts.mayWork()) return;
    const pair = this.choose();
    if (pair !== undefined) this.begin(pair);
  }

  private hasRoom(): boolean {
    return this.running < this.options.settings.concurrency;
  }

  private choose(): Pair | undefined {
    const { pairs, again } = this;
    const ready = ({ plot, peer }: Pair): boolean =>
      plot.tree !== undefined &&
      this.acts.reachable(peer) &&
      // Two at once between the same trees would repair everything twice.
      ![...this.exchanges.values()].some((exchange) => exchange.peer === peer && exchange.plot === plot);
    this.again = undefined;
    if (again !== undefined && ready(again)) {
      this.retrying = again;
      return again;
    }
    this.retrying = undefined;
    for (let tried = 0; tried < pairs.length; tried++) {
      const pair = pairs[this.turn];
      this.turn = (this.turn + 1) % pairs.length;
      if (ready(pair)) return pair;
    }
    return undefined;
  }

  private begin(pair: Pair): void {
    const { clock, settings, stepTimeoutMs, now } = this.options;
    this.lastId = 1 + (this.lastId % (ID_SPACE - 1));
    const exchange = new Exchange(
      {
        id: this.lastId,
        ...pair,
        repair: settings.repair,
        clock,
        fingerprints: this.forest.fingerprints,
        stepTimeout: fromMs(stepTimeoutMs),
        rest: REST,
        now,
      },
      this.acts,
      this.counts,
      (message) => {
        this.counts.treeMessages++;
        this.acts.send(pair.peer, message);
      },
      (ended, end) => this.ended(ended, end, pair),
    );
    this.exchanges.set(exchange.id, exchange);
    exchange.begin();
  }

  private ended(exchange: Exchange, end: ExchangeEnd, pair: Pair): void {
    this.exchanges.delete(exchange.id);
    const { counts } = this;
    switch (end) {
      case "equal":
        counts.exchangesEqual++;
        counts.exchanges++;
        return;
      case "done":
        counts.exchanges++;
        return;
      case "refused":
      case "refused by peer":
        counts.exchangesRefused++;
        if (this.retrying !== pair) this.again = pair;
        // Two that ask each other in the same moment are both too busy; were both to ask again in the same moment, it
        // would be so for ever. How far each moves its moment is its own, so that they part, however long answers take.
        this.nextExchange += this.share;
        return;
      case "timed out":
        counts.exchangesTimedOut++;
        return;
    }
  }

  /** Short stable text: each tree of this node, or that it has none yet. */
  describe(): string {
    return this.forest
      .all()
      .map(({ group, vnode, tree }) => `group ${group.id} vnode ${vnode}: ${tree?.describe() ?? "no tree yet"}`)
      .join("\n");
  }
}

function nothing(): AntiEntropyCounts {
  return {
    builds: 0,
    exchanges: 0,
    exchangesEqual: 0,
    exchangesRefused: 0,
    exchangesTimedOut: 0,
    treeMessages: 0,
    keysCompared: 0,
    keysStreamed: 0,
    keysOverstreamed: 0,
    keysRepaired: 0,
  };
}

/**
 * One exchange, on the side that begins it: walk down two trees only where they differ, then repair what is in the
 * segments at the bottom. One question is on its way at a time, and each answer is bounded, so that an exchange with a
 * replica that has lost everything needs no more memory than one with an equal. The walk goes into depth first for the
 * same reason: the differing segments of a few nodes are repaired before the next nodes are looked into.
 *
 * Two ways to repair, the poles that real systems stand at. `gets` (Riak): compare key by key, and let an ordinary read
 * of all replicas, whose read repair heals, do the rest. `stream` (Cassandra): send each other everything in the segment,
 * whichever key it was that differed; the coarser the tree, the more of it for nothing.
 *
 * Nothing is sent twice. A lost message ends the exchange at the step's timeout; what was repaired by then stays
 * repaired, and a later exchange finds only the rest. Everything an answer brings is checked: a peer may run another
 * shape of tree, or be hostile.
 */
import type { Clock } from "../clocks/clock";
import { bytesOf } from "../clocks/version";
import type { SegmentsReply, TreeAnswer, TreeMessage, TreeReply } from "../messages";
import { MAX_SEGMENTS_ASKED, MAX_TREE_HASHES } from "../messages";
import { type Address, isAddress } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import type { Fingerprints } from "../clocks/fingerprint";
import type { Plot } from "./forest";
import type { MerkleTree } from "./merkle-tree";
import { eachOf, SegmentPages } from "./segment-pages";

/** Loads under way for one page of one exchange. */
export const READS_AT_ONCE = 32;
/** Reads of all replicas under way for one exchange: each is work for N nodes. */
const REPAIRS_AT_ONCE = 8;
/** States in one message, and the bytes beyond which it carries no further one. */
export const MAX_STREAMED = 64;
export const STREAM_BYTES = 65_536;

export type Merged = "changed" | "same" | "failed";

/** What an exchange does in the world, on either side. */
export interface ExchangeActs {
  /** This node's own copy as it is now. `found` false: there is none, or it cannot be read. */
  read(vnode: number, address: Address, done: (found: boolean, state: unknown) => void): void;
  /** Merges a state into this node's own copy; done when stored. */
  merge(vnode: number, address: Address, state: unknown, done: (merged: Merged) => void): void;
  /** An ordinary get that asks all replicas and repairs those that lag. Always ends. */
  repairByGet(address: Address, done: (ok: boolean) => void): void;
  /** Whether background work may be done now. */
  mayWork(): boolean;
}

/** What both sides count. Monotonic. */
export interface ExchangeCounts {
  /** Exchanges that this node began and that came to their end; of those, found equal at the root. */
  exchanges: number;
  exchangesEqual: number;
  exchangesRefused: number;
  exchangesTimedOut: number;
  /** Messages of exchanges sent, on either side. */
  treeMessages: number;
  keysCompared: number;
  /** States sent to a peer because their segment differed. */
  keysStreamed: number;
  /** States received so, of which the merge changed nothing. */
  keysOverstreamed: number;
  /** Keys read to be repaired, or changed by a state received. */
  keysRepaired: number;
}

export interface ExchangeOptions {
  readonly id: number;
  readonly plot: Plot;
  readonly peer: number;
  readonly peerVnode: number;
  readonly repair: "gets" | "stream";
  readonly clock: Clock;
  readonly fingerprints: Fingerprints;
  readonly stepTimeout: Micros;
  /** How long to wait where background work must rest. */
  readonly rest: Micros;
  readonly now: () => Micros;
}

/** `refused`: here, because the peer's answer makes no sense. */
export type ExchangeEnd = "equal" | "done" | "refused" | "refused by peer" | "timed out";

/** Nodes of one level that differ and have not been looked into. */
interface Frame {
  readonly level: number;
  readonly nodes: number[];
}

interface Entry {
  readonly address: Address;
  readonly state: unknown;
}

/** Omits what every question has. */
type Question = TreeMessage extends infer M
  ? M extends TreeMessage
    ? Omit<M, "id" | "step" | "group" | "asking" | "asked">
    : never
  : never;

export class Exchange {
  readonly id: number;
  readonly peer: number;
  readonly plot: Plot;
  private step = 0;
  private awaited: TreeAnswer["kind"] | undefined;
  private deadline: Micros;
  private restUntil: Micros = Infinity;
  private ended = false;
  /** The walk, its deepest nodes last. */
  private readonly frames: Frame[] = [];
  /** Differing segments found and not begun. */
  private readonly found: number[] = [];
  /** Segments being repaired, and how far: so many are through, of the next one the keys up to `after`. */
  private segments: readonly number[] = [];
  private through = 0;
  private after: Address = "";
  /** Whether the peer has been sent what this side has in them. */
  private sent = true;
  private outgoing: Entry[] = [];
  private readonly pages = new SegmentPages();
  /** Nodes that the last question was about. */
  private asked: Frame = { level: 0, nodes: [] };

  constructor(
    private readonly options: ExchangeOptions,
    private readonly acts: ExchangeActs,
    private readonly counts: ExchangeCounts,
    private readonly send: (message: TreeMessage) => void,
    private readonly end: (exchange: Exchange, end: ExchangeEnd) => void,
  ) {
    this.id = options.id;
    this.peer = options.peer;
    this.plot = options.plot;
    this.deadline = options.now() + options.stepTimeout;
  }

  begin(): void {
    this.askNodes(0, [0]);
  }

  next(): Micros {
    return Math.min(this.deadline, this.restUntil);
  }

  advance(now: Micros): void {
    if (this.restUntil <= now) this.proceed();
    else if (this.deadline <= now) this.finish("timed out");
  }

  received(message: TreeAnswer): void {
    if (this.ended || message.step !== this.step || message.kind !== this.awaited) return;
    this.awaited = undefined;
    this.progress();
    if (message.status !== "ok") {
      this.finish("refused by peer");
      return;
    }
    if (message.kind === "tree-reply") this.compare(message);
    else if (message.kind === "segments-reply") this.receivedKeys(message);
    else this.proceed();
  }

  /** The next question, or the end. */
  private proceed(): void {
    this.restUntil = Infinity;
    if (!this.acts.mayWork()) {
      this.restUntil = this.options.now() + this.options.rest;
      this.deadline = this.restUntil + this.options.stepTimeout;
      return;
    }
    this.progress();
    if (this.through < this.segments.length || this.outgoing.length > 0) {
      this.repair();
    } else if (!this.sent) {
      // What this side has is there; now what that side has.
      this.sent = true;
      this.through = 0;
      this.repair();
    } else if (this.found.length > 0) {
      this.segments = this.found.splice(-MAX_SEGMENTS_ASKED);
      this.through = 0;
      this.after = "";
      this.sent = this.options.repair === "gets";
      this.repair();
    } else {
      const frame = this.frames.at(-1);
      if (frame === undefined) {
        this.finish("done");
        return;
      }
      const nodes = frame.nodes.splice(-Math.max(1, Math.floor(MAX_TREE_HASHES / this.tree.fanout)));
      if (frame.nodes.length === 0) this.frames.pop();
      this.askNodes(frame.level, nodes);
    }
  }

  // ---- the walk ------------------------------------------------------------------------------------------------

  private askNodes(level: number, nodes: number[]): void {
    const { tree } = this;
    const hashes = nodes.flatMap((node) => [tree.high(level, node), tree.low(level, node)]);
    this.ask({ kind: "tree", level, nodes, hashes }, "tree-reply");
    this.asked = { level, nodes };
  }

  private compare({ differing, hashes }: TreeReply): void {
    const { tree, asked } = this;
    if (differing.length === 0 && asked.level === 0) {
      this.finish("equal");
      return;
    }
    if (
      hashes.length !== 2 * tree.fanout * differing.length ||
      !differing.every((node) => asked.nodes.includes(node))
    ) {
      this.finish("refused");
      return;
    }
    const level = asked.level + 1;
    const into = level === tree.depth ? this.found : [];
    let at = 0;
    for (const node of differing) {
      for (let child = node * tree.fanout; child < (node + 1) * tree.fanout; child++, at += 2) {
        if (tree.high(level, child) !== hashes[at] || tree.low(level, child) !== hashes[at + 1]) into.push(child);
      }
    }
    if (into !== this.found && into.length > 0) this.frames.push({ level, nodes: into });
    this.proceed();
  }

  // ---- repair --------------------------------------------------------------------------------------------------

  private repair(): void {
    if (!this.sent) this.push();
    else {
      const segments = this.segments.slice(this.through);
      const want = this.options.repair === "gets" ? "hashes" : "states";
      this.ask({ kind: "segments", want, segments, after: this.after }, "segments-reply");
    }
  }

  private receivedKeys(page: SegmentsReply): void {
    const segments = this.segments.slice(this.through);
    const { complete, last, addresses, hashes, states } = page;
    // Without progress this would go on for ever.
    const stuck = complete === 0 && last <= this.after;
    // Fingerprints where copies were wanted, or the other way round: there would be nothing to merge or to compare.
    const wanted =
      this.options.repair === "gets" ? hashes.length === 2 * addresses.length : states.length === addresses.length;
    if (complete > segments.length || stuck || !wanted || (complete === segments.length && last !== "")) {
      this.finish("refused");
      return;
    }
    const { after } = this;
    this.through += complete;
    this.after = last;
    if (this.options.repair === "gets") this.compareKeys(segments, after, page);
    else this.mergeStates(page);
  }

  /** Which keys of a page differ, or are on one side only. */
  private compareKeys(segments: readonly number[], after: Address, page: SegmentsReply): void {
    const { tree, options } = this;
    const { addresses, hashes } = page;
    const theirs = new Map<Address, number>();
    addresses.forEach((address, at) => {
      if (this.belongs(address)) theirs.set(address, at);
    });
    const repairs: Address[] = [];
    const both: Address[] = [];
    const own = this.pages.covered(tree, segments, after, page);
    for (const address of own) (theirs.has(address) ? both : repairs).push(address);
    this.counts.keysCompared += own.length + theirs.size - both.length;
    const onBoth = new Set(both);
    for (const address of theirs.keys()) if (!onBoth.has(address)) repairs.push(address);
    const { fingerprints, plot } = options;
    eachOf(
      both.length,
      READS_AT_ONCE,
      (i, ended) => {
        this.acts.read(plot.vnode, both[i], (found, state) => {
          const at = 2 * theirs.get(both[i])!;
          fingerprints.of(both[i], found ? state : undefined);
          if (fingerprints.high >>> 0 !== hashes[at] || fingerprints.low >>> 0 !== hashes[at + 1])
            repairs.push(both[i]);
          this.progress();
          ended();
        });
      },
      () => this.repairKeys(repairs),
    );
  }

  private repairKeys(repairs: readonly Address[]): void {
    eachOf(
      repairs.length,
      REPAIRS_AT_ONCE,
      (i, ended) => {
        if (this.ended) {
          ended();
          return;
        }
        this.acts.repairByGet(repairs[i], (ok) => {
          if (ok) this.counts.keysRepaired++;
          this.progress();
          ended();
        });
      },
      () => this.goOn(),
    );
  }

  private mergeStates({ addresses, states }: SegmentsReply): void {
    const { plot } = this.options;
    const mine = addresses.flatMap((address, at) => (this.belongs(address) ? [at] : []));
    eachOf(
      mine.length,
      READS_AT_ONCE,
      (i, ended) => {
        this.acts.merge(plot.vnode, addresses[mine[i]], states[mine[i]], (merged) => {
          countMerge(this.counts, merged);
          this.progress();
          ended();
        });
      },
      () => this.goOn(),
    );
  }

  /** Sends the next of what this side has in the segments. */
  private push(): void {
    if (this.outgoing.length > 0) {
      const entries = this.outgoing.splice(0, fitting(this.options.clock, this.outgoing));
      this.counts.keysStreamed += entries.length;
      this.ask({ kind: "stream", entries }, "stream-reply");
      return;
    }
    const { plot } = this.options;
    const page = this.pages.take(this.tree, this.segments.slice(this.through), this.after, MAX_STREAMED);
    this.through += page.complete;
    this.after = page.last;
    const { addresses } = page;
    readEach(this.acts, plot.vnode, addresses, (states) => {
      this.outgoing = addresses.flatMap((address, i) => (states[i] === undefined ? [] : { address, state: states[i] }));
      this.goOn();
    });
  }

  // ---- steps ---------------------------------------------------------------------------------------------------

  /** The whole tree that serves now: it may have been built anew since the last step. */
  private get tree(): MerkleTree {
    return this.options.plot.tree!;
  }

  private belongs(address: Address): boolean {
    if (!isAddress(address)) return false;
    const { tree } = this;
    return this.segments.includes(tree.segmentOf(this.options.fingerprints.ofAddress(address)));
  }

  private progress(): void {
    this.deadline = this.options.now() + this.options.stepTimeout;
  }

  private goOn(): void {
    if (!this.ended) this.proceed();
  }

  private ask(question: Question, awaited: TreeAnswer["kind"]): void {
    this.step++;
    this.awaited = awaited;
    this.tell(question);
  }

  private tell(question: Question): void {
    const { plot, peerVnode } = this.options;
    const { id, step } = this;
    this.send({ ...question, id, step, group: plot.group.id, asking: plot.vnode, asked: peerVnode });
  }

  private finish(end: ExchangeEnd): void {
    this.ended = true;
    this.awaited = undefined;
    // An equal or a refusing peer has ended it already.
    if (end !== "equal" && end !== "refused by peer") {
      this.step++;
      this.tell({ kind: "tree", level: 0, nodes: [], hashes: [] });
    }
    this.end(this, end);
  }
}

export function countMerge(counts: ExchangeCounts, merged: Merged): void {
  if (merged === "changed") counts.keysRepaired++;
  else if (merged === "same") counts.keysOverstreamed++;
}

/** The states of these keys, undefined where there is none or it cannot be read. */
export function readEach(
  acts: ExchangeActs,
  vnode: number,
  addresses: readonly Address[],
  done: (states: readonly unknown[]) => void,
): void {
  const states: unknown[] = addresses.map(() => undefined);
  eachOf(
    addresses.length,
    READS_AT_ONCE,
    (i, ended) => {
      acts.read(vnode, addresses[i], (found, state) => {
        if (found) states[i] = state;
        ended();
      });
    },
    () => done(states),
  );
}

/** How many of the entries go into one message: at least one. */
export function fitting(clock: Clock, entries: readonly Entry[]): number {
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) {
    const { address, state } = entries[i];
    bytes += address.length + clock.metadataBytes(state);
    for (const version of clock.versions(state)) bytes += bytesOf(version) + VERSION_BYTES;
    if (i > 0 && (bytes > STREAM_BYTES || i >= MAX_STREAMED)) return i;
  }
  return entries.length;
}

/** Of a version beside its value and meta, about. */
const VERSION_BYTES = 12;

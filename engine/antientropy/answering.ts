/**
 * The side of an exchange that is asked. It keeps next to nothing: every question says which trees and which nodes, so
 * an answer is worked out from what is here now. What is kept is a place: how many exchanges a node takes part in is
 * limited, those it began and those it is asked for together, because each of them reads, and who answers pays as much as
 * who asks. A place falls free with the last word of the exchange, or when nothing was asked for one step's timeout.
 *
 * Questions that were answered before, come twice or late, are ignored by their step; one of an exchange whose place has
 * fallen free takes a new place, if there is one, and goes on.
 */
import type { Clock } from "../clocks/clock";
import type { ExchangeStatus, SegmentsRequest, StreamMessage, TreeAnswer, TreeMessage, TreeRequest } from "../messages";
import { MAX_SEGMENT_KEYS, MAX_SEGMENTS_ASKED, MAX_TREE_HASHES } from "../messages";
import { isAddress } from "../vocabulary/address";
import type { Micros } from "../vocabulary/micros";
import {
  countMerge,
  type ExchangeActs,
  type ExchangeCounts,
  fitting,
  MAX_STREAMED,
  READS_AT_ONCE,
  readEach,
} from "./exchange";
import type { Forest, Plot } from "./forest";
import type { MerkleTree } from "./merkle-tree";
import { eachOf, SegmentPages } from "./segment-pages";

export interface AnsweringOptions {
  readonly forest: Forest;
  readonly clock: Clock;
  readonly stepTimeout: Micros;
  /** How long a question waits where background work must rest. */
  readonly rest: Micros;
  readonly now: () => Micros;
  /** Whether one more exchange may be taken part in. */
  readonly hasRoom: () => boolean;
}

/** Ended exchanges that are remembered. */
const MOST_OVER = 64;

/** An exchange that a peer began. */
interface Place {
  step: number;
  deadline: Micros;
  readonly pages: SegmentPages;
  /** A question put off, until when. */
  waiting: { readonly from: number; readonly message: TreeMessage; readonly plot: Plot } | undefined;
  restUntil: Micros;
}

export class Answering {
  private readonly places = new Map<string, Place>();
  /** Exchanges that ended lately: a copy of one of their questions that comes late takes no place. */
  private readonly over = new Set<string>();

  constructor(
    private readonly options: AnsweringOptions,
    private readonly acts: ExchangeActs,
    private readonly counts: ExchangeCounts,
    private readonly reply: (to: number, message: TreeAnswer) => void,
  ) {}

  /** Exchanges taken part in on this side. */
  get size(): number {
    return this.places.size;
  }

  received(from: number, message: TreeMessage): void {
    const name = `${from}/${message.id}`;
    if (message.kind === "tree" && message.nodes.length === 0) {
      this.leave(name);
      return;
    }
    if (this.over.has(name)) return;
    const { forest, now, stepTimeout } = this.options;
    const plot = forest.plot(message.group, message.asked);
    const isPeer = plot?.group.replicas.some(({ node, vnode }) => node === from && vnode === message.asking) ?? false;
    if (plot === undefined || !isPeer) {
      this.refuse(from, message, "unknown");
      return;
    }
    if (plot.tree === undefined) {
      this.refuse(from, message, "building");
      return;
    }
    let place = this.places.get(name);
    if (place === undefined) {
      if (!this.options.hasRoom()) {
        this.refuse(from, message, "busy");
        return;
      }
      place = { step: 0, deadline: 0, pages: new SegmentPages(), waiting: undefined, restUntil: Infinity };
      this.places.set(name, place);
    }
    if (message.step <= place.step) return;
    place.step = message.step;
    place.deadline = now() + stepTimeout;
    this.answer(name, place, from, message, plot);
  }

  next(): Micros {
    let next = Infinity;
    for (const { deadline, restUntil } of this.places.values()) next = Math.min(next, deadline, restUntil);
    return next;
  }

  advance(now: Micros): void {
    for (const [name, place] of this.places) {
      const { waiting } = place;
      if (waiting !== undefined && place.restUntil <= now) {
        place.waiting = undefined;
        place.restUntil = Infinity;
        this.answer(name, place, waiting.from, waiting.message, waiting.plot);
      } else if (place.deadline <= now) this.places.delete(name);
    }
  }

  private answer(name: string, place: Place, from: number, message: TreeMessage, plot: Plot): void {
    const { options } = this;
    if (!this.acts.mayWork()) {
      place.waiting = { from, message, plot };
      place.restUntil = options.now() + options.rest;
      place.deadline = place.restUntil + options.stepTimeout;
      return;
    }
    const tree = plot.tree!;
    switch (message.kind) {
      case "tree":
        this.answerNodes(name, from, message, tree);
        return;
      case "segments":
        this.answerSegments(place, from, message, plot, tree);
        return;
      case "stream":
        this.merge(from, message, plot);
        return;
    }
  }

  private leave(name: string): void {
    this.places.delete(name);
    this.over.add(name);
    if (this.over.size > MOST_OVER) for (const oldest of this.over) return void this.over.delete(oldest);
  }

  private answerNodes(name: string, from: number, message: TreeRequest, tree: MerkleTree): void {
    const { id, step, level, nodes, hashes } = message;
    const most = Math.max(1, Math.floor(MAX_TREE_HASHES / tree.fanout));
    const width = level < tree.depth ? tree.width(level) : 0;
    if (nodes.length > most || hashes.length !== 2 * nodes.length || nodes.some((node) => node >= width)) {
      this.refuse(from, message, "unknown");
      this.leave(name);
      return;
    }
    const differing = nodes.filter(
      (node, i) => tree.high(level, node) !== hashes[2 * i] || tree.low(level, node) !== hashes[2 * i + 1],
    );
    const children: number[] = [];
    for (const node of differing) {
      for (let child = node * tree.fanout; child < (node + 1) * tree.fanout; child++) {
        children.push(tree.high(level + 1, child), tree.low(level + 1, child));
      }
    }
    // Equal trees have no more to say to each other.
    if (level === 0 && differing.length === 0) this.leave(name);
    this.send(from, { kind: "tree-reply", id, step, status: "ok", differing, hashes: children });
  }

  private answerSegments(place: Place, from: number, message: SegmentsRequest, plot: Plot, tree: MerkleTree): void {
    const { id, step, want, segments } = message;
    if (segments.length > MAX_SEGMENTS_ASKED || segments.some((segment) => segment >= tree.segments)) {
      this.refuse(from, message, "unknown");
      return;
    }
    const limit = want === "states" ? MAX_STREAMED : MAX_SEGMENT_KEYS;
    const { complete, last, addresses } = place.pages.take(tree, segments, message.after, limit);
    const { forest, clock } = this.options;
    readEach(this.acts, plot.vnode, addresses, (states) => {
      const { fingerprints } = forest;
      if (want === "hashes") {
        const hashes: number[] = [];
        addresses.forEach((address, i) => {
          fingerprints.of(address, states[i]);
          hashes.push(fingerprints.high >>> 0, fingerprints.low >>> 0);
        });
        this.send(from, {
          kind: "segments-reply",
          id,
          step,
          status: "ok",
          complete,
          last,
          addresses,
          hashes,
          states: [],
        });
        return;
      }
      const entries = addresses.flatMap((address, i) => (states[i] === undefined ? [] : { address, state: states[i] }));
      const fits = fitting(clock, entries);
      const cut = fits < entries.length;
      const sent = cut ? entries.slice(0, fits) : entries;
      const end = sent.at(-1)?.address ?? "";
      this.counts.keysStreamed += sent.length;
      this.send(from, {
        kind: "segments-reply",
        id,
        step,
        status: "ok",
        complete: cut ? segments.indexOf(tree.segmentOf(fingerprints.ofAddress(end))) : complete,
        last: cut ? end : last,
        addresses: sent.map(({ address }) => address),
        hashes: [],
        states: sent.map(({ state }) => state),
      });
    });
  }

  private merge(from: number, message: StreamMessage, plot: Plot): void {
    const { id, step } = message;
    const { forest } = this.options;
    // What belongs to other replicas is not taken, whoever sends it.
    const entries = message.entries.filter(({ address }) => isAddress(address) && forest.isIn(plot, address));
    eachOf(
      entries.length,
      READS_AT_ONCE,
      (i, ended) => {
        this.acts.merge(plot.vnode, entries[i].address, entries[i].state, (merged) => {
          countMerge(this.counts, merged);
          ended();
        });
      },
      () => this.send(from, { kind: "stream-reply", id, step, status: "ok" }),
    );
  }

  private refuse(to: number, { kind, id, step }: TreeMessage, status: Exclude<ExchangeStatus, "ok">): void {
    switch (kind) {
      case "tree":
        this.send(to, { kind: "tree-reply", id, step, status, differing: [], hashes: [] });
        return;
      case "segments":
        this.send(to, {
          kind: "segments-reply",
          id,
          step,
          status,
          complete: 0,
          last: "",
          addresses: [],
          hashes: [],
          states: [],
        });
        return;
      case "stream":
        this.send(to, { kind: "stream-reply", id, step, status });
        return;
    }
  }

  private send(to: number, message: TreeAnswer): void {
    this.counts.treeMessages++;
    this.reply(to, message);
  }
}

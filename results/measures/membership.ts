/**
 * How the members came to agree on each state of the ring, and what a change moved. A state is agreed on when the last node
 * that ever took it up has: nodes that were down, or had left, are not waited for, since they never say so; nor are nodes that
 * start later and learn it as their first.
 *
 * A change runs from the first node that goes by a state which is not settled to the last that goes by the next settled one.
 */
import { assert } from "../../engine/vocabulary/assert";
import type { MetricValue } from "../record/figures";
import type { MembershipFigure, RingStateSeen, RingView } from "../record/membership";
import type { CounterSample } from "../record/repair-counters";
import type { IntervalGrid } from "./interval-grid";
import type { Findings, FinishContext, Measure } from "./measure";

/** Views kept for the chart. */
export const MOST_VIEWS = 20_000;
const MICROS_PER_SECOND = 1_000_000;

interface Seen {
  readonly version: number;
  readonly phase: RingView["phase"];
  first: number;
  last: number;
  nodes: number;
}

interface Moved {
  keys: number;
  bytes: number;
  gossip: number;
  /** Of gossip. */
  messages: number;
}

export class MembershipMeasure implements Measure {
  readonly name = "membership";
  /** By version and proposer: two nodes may have proposed different states under one version. */
  private readonly states = new Map<string, Seen>();
  private readonly views: RingView[] = [];
  private dropped = 0;
  /** Nodes that had no ring at the beginning. */
  private readonly late = new Set<number>();
  /** Nodes that have left. */
  private readonly gone = new Set<number>();
  private first: Map<string, Moved> | undefined;
  private last = new Map<string, Moved>();
  private measured = 0;

  constructor(private readonly setup: { readonly grid: IntervalGrid }) {}

  operation(): void {
    // Seen by nodes alone.
  }

  view(view: RingView): void {
    const { at, node, version, proposer, phase } = view;
    // What it still hears before it ends is nobody's view any more.
    if (this.gone.has(node)) return;
    if (phase === "left") this.gone.add(node);
    if (this.views.length < MOST_VIEWS) this.views.push(view);
    else this.dropped++;
    if (view.first) this.late.add(node);
    if (view.first || phase === "left") return;
    const name = `${String(version)} ${String(proposer)}`;
    const seen = this.states.get(name);
    if (seen === undefined) {
      if (this.states.size < MOST_VIEWS) this.states.set(name, { version, phase, first: at, last: at, nodes: 1 });
      return;
    }
    seen.first = Math.min(seen.first, at);
    seen.last = Math.max(seen.last, at);
    seen.nodes++;
  }

  counters({ at, nodes }: CounterSample): void {
    const { startOfMeasure, endOfMeasure } = this.setup.grid.phases;
    if (at < startOfMeasure || at > endOfMeasure) return;
    const moved = new Map(
      nodes.map(({ node, transferKeys = 0, transferBytes = 0, byCause }) => [
        node,
        {
          keys: transferKeys,
          bytes: transferBytes,
          gossip: byCause?.gossip?.bytes ?? 0,
          messages: byCause?.gossip?.messages ?? 0,
        },
      ]),
    );
    this.first ??= moved;
    this.last = moved;
    this.measured = nodes.length;
  }

  finish(end: FinishContext): Findings {
    const { startOfWarmup, startOfMeasure, endOfMeasure } = this.setup.grid.phases;
    if (this.states.size === 0) return {};
    const seconds = (at: number): number => (at - startOfWarmup) / MICROS_PER_SECOND;
    const inOrder = [...this.states.values()].sort((a, b) => a.version - b.version || a.first - b.first);
    // What was there before anybody looked is nobody's news.
    const news = inOrder.filter(({ first }) => first >= startOfWarmup);
    const states: RingStateSeen[] = inOrder.map(({ version, phase, first, last, nodes }) => ({
      version,
      phase,
      firstS: seconds(first),
      lastS: seconds(last),
      nodes,
    }));
    const agreements = news.map(({ first, last }) => (last - first) / 1_000).sort((a, b) => a - b);
    const changes = changesOf(news);
    const total = this.moved();
    const nodes = Object.keys(end.weights ?? {});
    const figure: MembershipFigure = {
      states,
      nodes,
      first: nodes.flatMap((_, i) => (this.late.has(i) || this.unborn(end, nodes[i], i) ? [] : [i])),
      views: this.views.map(({ at, node, version, phase }) => [seconds(at), node, version, phase]),
      dropped: this.dropped,
      transferredKeys: total.keys,
      transferredBytes: total.bytes,
      gossipBytes: total.gossip,
    };
    const span = (endOfMeasure - startOfMeasure) / MICROS_PER_SECOND;
    const metrics: Record<string, MetricValue> = {
      ring_changes: counted(changes.length, news.length, "changes"),
      transferred_keys: counted(total.keys, this.measured, "keys"),
      transferred_bytes: counted(total.bytes, this.measured, "bytes"),
    };
    if (agreements.length > 0) {
      metrics.ring_agreement_ms = counted(middle(agreements), agreements.length, "ms");
      metrics.ring_agreement_max_ms = counted(agreements[agreements.length - 1], agreements.length, "ms");
    }
    if (changes.length > 0) {
      const lengths = changes.slice().sort((a, b) => a - b);
      metrics.ring_change_s = counted(middle(lengths), lengths.length, "s");
    }
    const { speakers } = total;
    if (speakers > 0 && span > 0 && Number.isFinite(total.gossip))
      metrics.gossip_bytes_per_node_s = counted(total.gossip / speakers / span, speakers, "bytes/s");
    return { metrics, figures: { membership: figure } };
  }

  /** A spare that never started: it has no view, has done nothing and holds no part of the ring. */
  private unborn(end: FinishContext, node: string, place: number): boolean {
    if (this.views.some((view) => view.node === place) || (end.ringShares[node] ?? 0) > 0) return false;
    return end.counters.every((one) => one.node !== node || one.messagesSent === 0);
  }

  /** In the measured phase, over all nodes; one that has started since began at nothing. */
  private moved(): Moved & { readonly speakers: number } {
    const nothing: Moved = { keys: 0, bytes: 0, gossip: 0, messages: 0 };
    const sum = { ...nothing, speakers: 0 };
    for (const [node, to] of this.last) {
      const from = this.first?.get(node) ?? nothing;
      // Spares that never start, and nodes that had left before, say nothing: the others' share is not theirs.
      if (to.messages > from.messages) sum.speakers++;
      sum.keys += to.keys - from.keys;
      sum.bytes += to.bytes - from.bytes;
      sum.gossip += to.gossip - from.gossip;
    }
    return sum;
  }
}

/** Seconds from the first node in an unsettled state to the last in the settled one that follows. */
function changesOf(states: readonly Seen[]): number[] {
  const lengths: number[] = [];
  let began: number | undefined;
  for (const { phase, first, last } of states) {
    if (phase !== "settled") began ??= first;
    else if (began !== undefined) {
      lengths.push((last - began) / MICROS_PER_SECOND);
      began = undefined;
    }
  }
  return lengths;
}

function counted(value: number, n: number, unit: string): MetricValue {
  return { value: Number.isFinite(value) ? value : null, lo: null, hi: null, n, unit };
}

function middle(sorted: readonly number[]): number {
  assert(sorted.length > 0, "the middle of something");
  const at = (sorted.length - 1) / 2;
  return (sorted[Math.floor(at)] + sorted[Math.ceil(at)]) / 2;
}

/**
 * Voldemort's threshold detector: no heartbeats; a node is suspected when, of the requests sent to it in the current interval, fewer
 * than so many in a hundred succeeded. It judges what clients feel: a node that answers pings and no requests is down. It cannot
 * see what nobody asks, and it needs enough failures to be sure of a ratio, so under light load the dead stay trusted.
 *
 * An answer slower than `slow` is a failure. Requests that found no connection convict after so many in a row, ratio or not.
 * Suspects are pinged until they answer, and begin with a clean sheet.
 */
import type { NodeIndex, ProbeMessage } from "../messages";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { DetectorSettings, SuccessRatioSettings } from "../vocabulary/settings";
import type { Detector, DetectorContext, DetectorFactory } from "./detector";
import { RecoveryPings } from "./recovery-pings";

interface Record {
  since: Micros;
  total: number;
  successes: number;
  /** Requests in a row without a connection. */
  refusals: number;
  suspected: boolean;
}

class SuccessRatio implements Detector {
  readonly heartbeatIntervalMicros = Infinity;
  private readonly own: SuccessRatioSettings;
  private readonly interval: Micros;
  private readonly slow: Micros;
  private readonly pings: RecoveryPings;
  private readonly records = new Map<NodeIndex, Record>();
  /** Whose links are down. */
  private readonly cut = new Set<NodeIndex>();
  private changed: NodeIndex[] = [];

  constructor(settings: DetectorSettings, context: DetectorContext, peers: readonly NodeIndex[], now: Micros) {
    assert(settings.successRatio !== undefined, "success-ratio has its settings");
    this.own = settings.successRatio;
    this.interval = fromMs(this.own.intervalMs);
    this.slow = fromMs(this.own.slowMs);
    this.pings = new RecoveryPings(context, fromMs(this.own.retryMs));
    this.follow(peers, now);
  }

  get hasNews(): boolean {
    return this.changed.length > 0;
  }

  heard(): void {
    // That a node speaks does not say that it answers.
  }

  outcome(node: NodeIndex, answered: boolean, tookMicros: Micros, now: Micros): void {
    const record = this.records.get(node);
    if (record === undefined) return;
    const ok = answered && tookMicros <= this.slow;
    if (now - record.since >= this.interval) begin(record, now);
    record.total++;
    if (ok) {
      record.successes++;
      record.refusals = 0;
    } else if (!answered && this.cut.has(node)) record.refusals++;
    this.judge(node, record, now);
  }

  private judge(node: NodeIndex, record: Record, now: Micros): void {
    const { refusals, minFailures, ratio } = this.own;
    if (record.refusals >= refusals) {
      this.setSuspected(node, record, true, now);
      return;
    }
    if (record.total - record.successes < minFailures) return;
    const enough = record.successes >= ratio * record.total;
    if (!enough) this.setSuspected(node, record, true, now);
    else if (record.refusals === 0) this.setSuspected(node, record, false, now);
  }

  private setSuspected(node: NodeIndex, record: Record, suspected: boolean, now: Micros): void {
    if (record.suspected === suspected) return;
    record.suspected = suspected;
    this.changed.push(node);
    if (suspected) this.pings.begin(node, now);
    else this.pings.end(node);
  }

  received(from: NodeIndex, message: ProbeMessage, now: Micros): void {
    if (!this.pings.received(from, message)) return;
    const record = this.records.get(from)!;
    begin(record, now);
    this.setSuspected(from, record, false, now);
  }

  told(node: NodeIndex, up: boolean): void {
    // Of those that are not watched too: a link that is down says so once.
    if (up) this.cut.delete(node);
    else this.cut.add(node);
  }

  follow(peers: readonly NodeIndex[], now: Micros): void {
    const left = new Set(this.records.keys());
    for (const peer of peers) {
      if (left.delete(peer)) continue;
      const fresh = { since: now, total: 0, successes: 0, refusals: 0, suspected: false };
      this.records.set(peer, fresh);
    }
    for (const node of left) {
      this.records.delete(node);
      this.pings.end(node);
    }
  }

  suspected(node: NodeIndex): boolean {
    return this.records.get(node)?.suspected === true;
  }

  advance(now: Micros): readonly NodeIndex[] {
    this.pings.advance(now);
    const { changed } = this;
    if (changed.length > 0) this.changed = [];
    return changed;
  }

  nextWakeup(): Micros | undefined {
    return this.pings.nextWakeup();
  }
}

function begin(record: Record, now: Micros): void {
  record.since = now;
  record.total = 0;
  record.successes = 0;
  record.refusals = 0;
}

export const successRatio: DetectorFactory = {
  name: "success-ratio",
  prose:
    "Suspects a node when too few of the requests sent to it succeed in time. Costs nothing and measures what clients feel; sees " +
    "nothing that is not asked, and under light load takes long to be sure.",
  source: "Project Voldemort, ThresholdFailureDetector and AsyncRecoveryFailureDetector",
  hears: "links",
  create: (settings, context, peers, now) => new SuccessRatio(settings, context, peers, now),
};

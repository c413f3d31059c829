/**
 * The plainest failure detector: a node from which nothing was heard for `timeoutMs` is suspected, and trusted again
 * at its next message. Like calling somebody dead because the phone has not rung: cheap, and wrong whenever the line is
 * slower than the patience. The timeout must be several heartbeat intervals, or one late heartbeat convicts.
 *
 * Every message counts as a sign of life, heartbeats only fill the silences. Deadlines are looked at when they fall due
 * rather than moved with each message: a busy link costs one store to an array a message.
 */
import type { NodeIndex } from "../messages";
import type { DetectorSettings } from "../vocabulary/settings";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { Detector, DetectorFactory } from "./detector";

class HeartbeatTimeout implements Detector {
  readonly heartbeatIntervalMicros: Micros;
  private readonly timeout: Micros;
  private readonly lastHeard: Micros[] = [];
  private readonly suspicion: boolean[] = [];
  /** No deadline can fall due before this. */
  private nextCheck: Micros;
  private changed: NodeIndex[] = [];

  constructor(
    settings: DetectorSettings,
    private peers: readonly NodeIndex[],
    now: Micros,
  ) {
    this.heartbeatIntervalMicros = fromMs(settings.heartbeatIntervalMs);
    this.timeout = fromMs(settings.timeoutMs);
    for (const peer of peers) {
      this.lastHeard[peer] = now;
      this.suspicion[peer] = false;
    }
    this.nextCheck = now + this.timeout;
  }

  get hasNews(): boolean {
    return this.changed.length > 0;
  }

  follow(peers: readonly NodeIndex[], now: Micros): void {
    const before = new Set(this.peers);
    for (const peer of peers) {
      if (before.delete(peer)) continue;
      this.lastHeard[peer] = now;
      this.suspicion[peer] = false;
    }
    for (const left of before) this.suspicion[left] = false;
    this.peers = [...peers];
    this.nextCheck = Math.min(this.nextCheck, now + this.timeout);
  }

  heard(node: NodeIndex, now: Micros): void {
    this.lastHeard[node] = now;
    if (this.suspicion[node]) {
      this.suspicion[node] = false;
      this.changed.push(node);
      this.nextCheck = Math.min(this.nextCheck, now + this.timeout);
    }
  }

  suspected(node: NodeIndex): boolean {
    return this.suspicion[node] === true;
  }

  level(node: NodeIndex, now: Micros): number {
    return (now - this.lastHeard[node]) / this.timeout;
  }

  advance(now: Micros): readonly NodeIndex[] {
    if (now >= this.nextCheck) {
      let next = Number.MAX_SAFE_INTEGER;
      for (const peer of this.peers) {
        if (this.suspicion[peer]) continue;
        const due = this.lastHeard[peer] + this.timeout;
        if (due <= now) {
          this.suspicion[peer] = true;
          this.changed.push(peer);
        } else if (due < next) next = due;
      }
      this.nextCheck = next;
    }
    if (this.changed.length === 0) return NONE;
    const { changed } = this;
    this.changed = [];
    return changed;
  }

  nextWakeup(): Micros | undefined {
    return this.nextCheck === Number.MAX_SAFE_INTEGER ? undefined : this.nextCheck;
  }
}

export const heartbeatTimeout: DetectorFactory = {
  name: "timeout",
  prose:
    "Suspects a node after a fixed silence. Raising the timeout forgives slow links and pauses and keeps asking a dead node for longer.",
  source: "The baseline of every failure-detector paper, e.g. Chen, Toueg, Aguilera (2002), section 3.",
  level: { unit: "silence, in timeouts", threshold: () => 1 },
  create: (settings, _context, peers, now) => new HeartbeatTimeout(settings, peers, now),
};

const NONE: readonly NodeIndex[] = [];

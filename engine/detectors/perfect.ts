/**
 * The detector that cannot be: it suspects a node when, and only when, the world says that it cannot be reached. What
 * Chandra and Toueg call perfect (strong completeness, strong accuracy) and prove impossible where messages take as long
 * as they like; here it separates what a protocol costs from what doubt costs, and lets a thousand nodes live without a
 * million heartbeats a second. In a simulation it is told at once; over TCP it believes the state of its own links.
 *
 * A node that starts knows of nobody's death: the world tells it again whatever still holds.
 */
import type { NodeIndex } from "../messages";
import type { Detector, DetectorFactory } from "./detector";

class Perfect implements Detector {
  readonly heartbeatIntervalMicros = Infinity;
  /** Empty nearly always: a thousand nodes that know a thousand peers each keep no table of them. */
  private readonly down = new Set<NodeIndex>();
  private changed: NodeIndex[] = [];

  get hasNews(): boolean {
    return this.changed.length > 0;
  }

  heard(): void {
    // A message may have been on its way for long: only the world is believed.
  }

  told(node: NodeIndex, up: boolean): void {
    if (this.down.has(node) !== up) return;
    if (up) this.down.delete(node);
    else this.down.add(node);
    this.changed.push(node);
  }

  follow(): void {
    // The world tells of changes alone, and of everybody: what was forgotten of one who has left would be missing when it is back.
  }

  suspected(node: NodeIndex): boolean {
    return this.down.size > 0 && this.down.has(node);
  }

  advance(): readonly NodeIndex[] {
    if (this.changed.length === 0) return NONE;
    const { changed } = this;
    this.changed = [];
    return changed;
  }

  nextWakeup(): undefined {
    return undefined;
  }
}

export const perfect: DetectorFactory = {
  name: "perfect",
  prose:
    "Knows who is down the instant it happens and sends no heartbeats. No real store can have it; it shows what the " +
    "protocol would do if failure detection cost nothing.",
  source: "Chandra and Toueg, Unreliable Failure Detectors for Reliable Distributed Systems, JACM 1996 (class P)",
  hears: "truth",
  create: () => new Perfect(),
};

const NONE: readonly NodeIndex[] = [];

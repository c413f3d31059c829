/**
 * Riak's detector, which is the Erlang distribution's: a node is down when the connection to it is. A process that dies takes its
 * connections with it and is known within a message's time, with no timeout to choose; one that merely says nothing, paused or
 * behind a partition that drops packets, is not known at all. For that there are ticks: with `net_tick` a node that was silent for
 * so long is given up, connection or not, and every node says something four times in that span.
 *
 * Any message proves a connection, so it also takes back what a lost one said; only not for a moment after the loss, when what was
 * still on its way comes in and proves nothing.
 */
import type { NodeIndex } from "../messages";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { DetectorSettings } from "../vocabulary/settings";
import type { Detector, DetectorFactory } from "./detector";

/** Erlang sends four ticks in a net_ticktime. */
const TICKS = 4;
const AFTERMATH: Micros = 1_000_000;

class Link implements Detector {
  readonly heartbeatIntervalMicros: Micros;
  private readonly tick: Micros;
  /** And when a message from them proves again that they live. */
  private readonly down = new Map<NodeIndex, Micros>();
  /** Not watched, and their links are down: so they are when they are watched, for nobody is told twice. */
  private readonly away = new Set<NodeIndex>();
  private readonly lastHeard: Micros[] = [];
  private peers: readonly NodeIndex[] = [];
  private nextCheck: Micros = Infinity;
  private changed: NodeIndex[] = [];

  constructor(settings: DetectorSettings, peers: readonly NodeIndex[], now: Micros) {
    assert(settings.link !== undefined, "link has its settings");
    const { netTickMs } = settings.link;
    this.tick = netTickMs === undefined ? Infinity : fromMs(netTickMs);
    this.heartbeatIntervalMicros = netTickMs === undefined ? Infinity : Math.ceil(this.tick / TICKS);
    this.follow(peers, now);
  }

  get hasNews(): boolean {
    return this.changed.length > 0;
  }

  heard(node: NodeIndex, now: Micros): void {
    if (this.tick !== Infinity) this.lastHeard[node] = now;
    if (this.away.size > 0) this.away.delete(node);
    if (this.down.size === 0) return;
    const from = this.down.get(node);
    if (from === undefined || now < from) return;
    this.down.delete(node);
    this.restored(node, now);
  }

  private restored(node: NodeIndex, now: Micros): void {
    this.changed.push(node);
    this.nextCheck = Math.min(this.nextCheck, now + this.tick);
  }

  told(node: NodeIndex, up: boolean, now: Micros): void {
    if (up) {
      this.lastHeard[node] = now;
      this.away.delete(node);
      if (this.down.delete(node)) this.restored(node, now);
    } else if (!this.peers.includes(node)) this.away.add(node);
    else if (!this.down.has(node)) {
      this.down.set(node, now + AFTERMATH);
      this.changed.push(node);
    }
  }

  follow(peers: readonly NodeIndex[], now: Micros): void {
    const before = new Set(this.peers);
    for (const peer of peers) {
      if (before.delete(peer)) continue;
      this.lastHeard[peer] = now;
      if (!this.away.delete(peer)) continue;
      this.down.set(peer, now);
      this.changed.push(peer);
    }
    for (const left of before) if (this.down.delete(left)) this.away.add(left);
    this.peers = [...peers];
    this.nextCheck = Math.min(this.nextCheck, now + this.tick);
  }

  suspected(node: NodeIndex): boolean {
    return this.down.size > 0 && this.down.has(node);
  }

  advance(now: Micros): readonly NodeIndex[] {
    if (now >= this.nextCheck) this.check(now);
    if (this.changed.length === 0) return NONE;
    const { changed } = this;
    this.changed = [];
    return changed;
  }

  private check(now: Micros): void {
    let next = Infinity;
    for (const peer of this.peers) {
      if (this.down.has(peer)) continue;
      const due = this.lastHeard[peer] + this.tick;
      if (due <= now) {
        this.down.set(peer, now);
        this.changed.push(peer);
      } else if (due < next) next = due;
    }
    this.nextCheck = next;
  }

  nextWakeup(): Micros | undefined {
    return this.nextCheck === Infinity ? undefined : this.nextCheck;
  }
}

export const link: DetectorFactory = {
  name: "link",
  prose:
    "Suspects a node when the connection to it is lost. At once where a process dies, and not at all where it stands still or a " +
    "partition swallows packets, except by the ticks.",
  source: "Erlang/OTP distribution (net_kernel, net_ticktime) as Riak uses it",
  hears: "links",
  create: (settings, _context, peers, now) => new Link(settings, peers, now),
};

const NONE: readonly NodeIndex[] = [];

/**
 * Bertier, Marin and Sens: Chen's expected arrival with a margin that follows the errors of that expectation, as TCP's
 * retransmission timeout follows round trips (Jacobson 1988): a running mean of the error plus four running mean deviations. On a
 * calm link it is quick; the price is that it must be wrong a few times before it learns that the link is calm no more, and
 * with few parameters there is one point on the trade-off and no way along it.
 *
 * The paper starts with no margin at all; here the first margin is one interval, or the second heartbeat of every peer is a mistake.
 */
import type { NodeIndex } from "../messages";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { DetectorSettings } from "../vocabulary/settings";
import { Arrivals } from "./chen";
import type { DetectorFactory } from "./detector";
import { ExpectedHeartbeats } from "./expected-heartbeats";

interface Peer {
  readonly arrivals: Arrivals;
  /** Running mean of the errors, and of how far they lie from it. */
  delay: number;
  deviation: number;
}

class Bertier extends ExpectedHeartbeats {
  readonly numbersAreTimes = true;
  private readonly known: (Peer | undefined)[] = [];
  private readonly own: NonNullable<DetectorSettings["bertier"]>;

  constructor(settings: DetectorSettings, peers: readonly NodeIndex[], now: Micros) {
    super(fromMs(settings.heartbeatIntervalMs), fromMs(settings.timeoutMs));
    assert(settings.bertier !== undefined, "bertier has its settings");
    this.own = settings.bertier;
    this.follow(peers, now);
  }

  protected arrived(node: NodeIndex, sequence: number, now: Micros): Micros {
    const { window, meanWeight, deviationWeight, gain } = this.own;
    let peer = this.known[node];
    if (peer === undefined) {
      const arrivals = new Arrivals(window, this.heartbeatIntervalMicros);
      const deviation = deviationWeight === 0 ? 0 : this.heartbeatIntervalMicros / deviationWeight;
      peer = { arrivals, delay: 0, deviation };
      this.known[node] = peer;
    } else {
      const error = now - peer.arrivals.expected(sequence) - peer.delay;
      peer.delay += gain * error;
      peer.deviation += gain * (Math.abs(error) - peer.deviation);
    }
    peer.arrivals.add(sequence, now);
    const margin = meanWeight * peer.delay + deviationWeight * peer.deviation;
    return Math.ceil(peer.arrivals.expected(sequence + 1) + margin);
  }

  protected forget(node: NodeIndex): void {
    this.known[node] = undefined;
  }
}

export const bertier: DetectorFactory = {
  name: "bertier",
  prose:
    "Chen's expected arrival with a margin made of the errors seen so far. Needs no margin to be chosen; quick, and mistaken more often " +
    "than the others.",
  source: "Bertier, Marin, Sens, Implementation and Performance Evaluation of an Adaptable Failure Detector, DSN 2002",
  level: { unit: "time since the last heartbeat, in times allowed", threshold: () => 1 },
  create: (settings, _context, peers, now) => new Bertier(settings, peers, now),
};

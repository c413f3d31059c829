/**
 * Chen, Toueg and Aguilera's NFD-E: heartbeats are sent on a grid, so what is estimated is not how long one takes but by how much
 * arrivals lie behind the grid. The mean of the last n lags is when number l+1 is expected; `margin` later the sender is
 * suspected. A heartbeat that came late makes the next one no later, which is the mistake of a timeout counted from the last
 * arrival: there, one late heartbeat buys the dead more time.
 *
 * Senders must keep to the grid: one that stood still leaves out the numbers it missed (`numbersAreTimes`).
 */
import type { NodeIndex } from "../messages";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { DetectorSettings } from "../vocabulary/settings";
import type { DetectorFactory } from "./detector";
import { ExpectedHeartbeats } from "./expected-heartbeats";
import { SlidingWindow } from "./sliding-window";

/** When heartbeats arrive, from the grid they are sent on: what NFD-E and its descendants estimate. */
export class Arrivals {
  private readonly lags: SlidingWindow;

  constructor(
    window: number,
    private readonly interval: Micros,
  ) {
    this.lags = new SlidingWindow(window);
  }

  add(sequence: number, at: Micros): void {
    this.lags.add(at - sequence * this.interval);
  }

  /** When number `sequence` is expected; NaN before the first arrival. */
  expected(sequence: number): Micros {
    return this.lags.mean + sequence * this.interval;
  }
}

class Chen extends ExpectedHeartbeats {
  readonly numbersAreTimes = true;
  private readonly arrivals: (Arrivals | undefined)[] = [];
  private readonly window: number;
  private readonly margin: Micros;

  constructor(settings: DetectorSettings, peers: readonly NodeIndex[], now: Micros) {
    super(fromMs(settings.heartbeatIntervalMs), fromMs(settings.timeoutMs));
    assert(settings.chen !== undefined, "chen has its settings");
    this.window = settings.chen.window;
    this.margin = fromMs(settings.chen.marginMs);
    this.follow(peers, now);
  }

  protected arrived(node: NodeIndex, sequence: number, now: Micros): Micros {
    const arrivals = (this.arrivals[node] ??= new Arrivals(this.window, this.heartbeatIntervalMicros));
    arrivals.add(sequence, now);
    return Math.ceil(arrivals.expected(sequence + 1) + this.margin);
  }

  protected forget(node: NodeIndex): void {
    this.arrivals[node] = undefined;
  }
}

export const chen: DetectorFactory = {
  name: "chen",
  prose:
    "Expects the next heartbeat at the mean lag of the last ones behind the grid they are sent on, and suspects a fixed margin later. " +
    "Adapts to slow links, not to how much they vary: that is what the margin is for.",
  source: "Chen, Toueg, Aguilera, On the Quality of Service of Failure Detectors, IEEE ToC 2002, section 6 (NFD-E)",
  level: { unit: "time since the last heartbeat, in times allowed", threshold: () => 1 },
  create: (settings, _context, peers, now) => new Chen(settings, peers, now),
};

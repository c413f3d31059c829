/**
 * Hayashibara's accrual detector: phi is minus the decimal logarithm of the chance that a heartbeat comes even later than now,
 * if times between heartbeats are normally distributed as those in the window were. Whoever acts at phi = 3 is wrong once in a
 * thousand heartbeats, as far as the distribution is right: one number that means the same on a fast link and on a slow one.
 *
 * Acting at a fixed phi is waiting for a fixed quantile, so the instant is known in advance and nothing is polled. The two guards
 * are Akka's: a deviation of at least so much (a steady link would make phi explode at the first hiccup), and a pause
 * that is granted on top.
 */
import type { NodeIndex } from "../messages";
import { assert } from "../vocabulary/assert";
import { normalQuantile, normalTailLog10, pow } from "../vocabulary/mathematics";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { DetectorSettings } from "../vocabulary/settings";
import type { DetectorFactory } from "./detector";
import { ExpectedHeartbeats } from "./expected-heartbeats";
import { SlidingWindow } from "./sliding-window";

/** Phi of a silence of `elapsed`, where intervals have that mean and deviation. */
export function phiOfNormal(elapsed: Micros, mean: Micros, deviation: Micros): number {
  if (deviation === 0) return elapsed > mean ? Infinity : 0;
  return -normalTailLog10((elapsed - mean) / deviation);
}

/** How many deviations behind the mean phi reaches `threshold`. */
export function deviationsAt(threshold: number): number {
  return -normalQuantile(pow(10, -threshold));
}

class PhiNormal extends ExpectedHeartbeats {
  private readonly windows: (SlidingWindow | undefined)[] = [];
  private readonly window: number;
  private readonly minDeviation: Micros;
  private readonly acceptablePause: Micros;
  private readonly threshold: number;
  /** How many of them phi reaches the threshold at. */
  private readonly deviations: number;

  constructor(settings: DetectorSettings, peers: readonly NodeIndex[], now: Micros) {
    super(fromMs(settings.heartbeatIntervalMs), fromMs(settings.timeoutMs));
    const own = settings.phiNormal;
    assert(own !== undefined, "phi-normal has its settings");
    this.window = own.window;
    this.minDeviation = fromMs(own.minDeviationMs);
    this.acceptablePause = fromMs(own.acceptablePauseMs);
    this.threshold = own.threshold;
    this.deviations = deviationsAt(own.threshold);
    this.follow(peers, now);
  }

  protected arrived(node: NodeIndex, sequence: number, now: Micros): Micros {
    let window = this.windows[node];
    if (window === undefined) {
      // Two samples around the interval that is promised, as Akka has it: a spread must come from somewhere.
      window = new SlidingWindow(this.window);
      window.add(0.75 * this.heartbeatIntervalMicros);
      window.add(1.25 * this.heartbeatIntervalMicros);
      this.windows[node] = window;
    }
    // A silence that lost heartbeats and was taken for death is no time between heartbeats.
    const isOutage = this.suspected(node) && this.missingBefore(node, sequence) > 0;
    if (this.hasHeartbeat(node) && !isOutage) window.add(this.sinceHeartbeat(node, now));
    const patience = window.mean + this.acceptablePause + this.deviations * this.deviationOf(window);
    return now + Math.max(0, Math.ceil(patience));
  }

  private deviationOf(window: SlidingWindow): number {
    return Math.max(this.minDeviation, Math.sqrt(window.variance));
  }

  protected forget(node: NodeIndex): void {
    this.windows[node] = undefined;
  }

  override level(node: NodeIndex, now: Micros): number {
    const window = this.windows[node];
    // Before the first heartbeat there is a time allowed and no distribution.
    if (window === undefined) return super.level(node, now) * this.threshold;
    return phiOfNormal(this.sinceHeartbeat(node, now) - this.acceptablePause, window.mean, this.deviationOf(window));
  }
}

export const phiNormal: DetectorFactory = {
  name: "phi-normal",
  prose:
    "Suspects when a heartbeat is so late that, by the times between the last ones, it would be later still once in 10^threshold. " +
    "Adapts to how slow a link is and to how much it varies.",
  source: "Hayashibara, Défago, Yared, Katayama, The φ Accrual Failure Detector, SRDS 2004; guards as in Akka",
  level: { unit: "phi", threshold: ({ phiNormal: own }) => own!.threshold },
  create: (settings, _context, peers, now) => new PhiNormal(settings, peers, now),
};

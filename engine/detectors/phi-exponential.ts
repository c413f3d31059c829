/**
 * Cassandra's phi: times between heartbeats are taken for exponential, whose tail needs the mean alone, so phi is the silence in
 * means times 1/ln 10. A threshold of 8 is 18.4 mean intervals whatever their spread: coarser than the normal form, and never
 * surprised by a link that was too steady. Intervals above a limit are not sampled, or one long outage would make the next
 * take twice as long to see.
 *
 * The trap it guards against is one's own pause: whoever stood still has heard nobody, and would suspect everybody the moment it
 * wakes. So after a gap of `pause_guard` between two looks at the clock nobody is convicted, nor for as long again.
 */
import type { NodeIndex } from "../messages";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { DetectorSettings } from "../vocabulary/settings";
import type { DetectorFactory } from "./detector";
import { ExpectedHeartbeats } from "./expected-heartbeats";
import { SlidingWindow } from "./sliding-window";

const LN10 = 2.302585092994046;

/** Phi of a silence of `elapsed`. */
export function phiOfExponential(elapsed: Micros, mean: Micros): number {
  return elapsed / mean / LN10;
}

class PhiExponential extends ExpectedHeartbeats {
  private readonly windows: (SlidingWindow | undefined)[] = [];
  private readonly window: number;
  /** In mean intervals. */
  private readonly silence: number;
  private readonly firstInterval: Micros;
  private readonly maxInterval: Micros;
  private readonly pauseGuard: Micros;
  private lastLook: Micros;
  private guardedUntil: Micros = -Infinity;

  constructor(settings: DetectorSettings, peers: readonly NodeIndex[], now: Micros) {
    const own = settings.phiExponential;
    assert(own !== undefined, "phi-exponential has its settings");
    const silence = own.threshold * LN10;
    super(fromMs(settings.heartbeatIntervalMs), Math.ceil(silence * fromMs(own.firstIntervalMs)));
    this.window = own.window;
    this.silence = silence;
    this.firstInterval = fromMs(own.firstIntervalMs);
    this.maxInterval = fromMs(own.maxIntervalMs);
    this.pauseGuard = own.pauseGuardMs === undefined ? Infinity : fromMs(own.pauseGuardMs);
    this.lastLook = now;
    this.follow(peers, now);
  }

  protected arrived(node: NodeIndex, _sequence: number, now: Micros): Micros {
    let window = this.windows[node];
    if (window === undefined) {
      window = new SlidingWindow(this.window);
      window.add(this.firstInterval);
      this.windows[node] = window;
    }
    const interval = this.sinceHeartbeat(node, now);
    if (this.hasHeartbeat(node) && interval <= this.maxInterval) window.add(interval);
    return now + Math.ceil(this.silence * window.mean);
  }

  protected forget(node: NodeIndex): void {
    this.windows[node] = undefined;
  }

  override level(node: NodeIndex, now: Micros): number {
    return phiOfExponential(this.sinceHeartbeat(node, now), this.windows[node]?.mean ?? this.firstInterval);
  }

  override advance(now: Micros): readonly NodeIndex[] {
    if (now - this.lastLook > this.pauseGuard) this.guardedUntil = now + this.pauseGuard;
    this.lastLook = now;
    return super.advance(now);
  }

  /** Whether this node itself may have been the one that was silent. */
  protected override get convicts(): boolean {
    return this.lastLook >= this.guardedUntil;
  }

  override nextWakeup(): Micros | undefined {
    // Looks must be more frequent than what they are to notice.
    const look = this.lastLook + this.pauseGuard / 2;
    const due = super.nextWakeup();
    const next = Math.min(look, due === undefined ? Infinity : Math.max(due, this.guardedUntil));
    return next === Infinity ? undefined : Math.ceil(next);
  }
}

export const phiExponential: DetectorFactory = {
  name: "phi-exponential",
  prose:
    "Suspects after so many mean intervals of silence, threshold 8 being 18.4 of them. Does not convict when it was this node that " +
    "stood still.",
  source: "Apache Cassandra, FailureDetector; after Hayashibara et al., SRDS 2004",
  level: { unit: "phi", threshold: ({ phiExponential: own }) => own!.threshold },
  create: (settings, _context, peers, now) => new PhiExponential(settings, peers, now),
};

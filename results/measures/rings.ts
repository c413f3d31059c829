/**
 * Rings drawn besides the one that was run, where an experiment asks for them: judged by the world, which can build rings, and put beside what
 * operations showed. No operation bears on it.
 */
import type { FinishContext, Findings, Measure } from "./measure";

export class RingsMeasure implements Measure {
  readonly name = "rings";

  operation(): void {
    // A ring is as good before the first key as after the last.
  }

  finish(end: FinishContext): Findings {
    return end.drawnRings === undefined ? {} : { metrics: end.drawnRings };
  }
}

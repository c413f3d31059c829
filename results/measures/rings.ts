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
    if (end.drawnRings === undefined) return {};
    const { metrics, figures } = end.drawnRings;
    return { metrics, figures: { rings: figures } };
  }
}

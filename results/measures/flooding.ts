/**
 * What a flooding of values over a fixed graph came to, where an experiment asks for one: run by the world beside the trial, which can
 * simulate it, and put beside what operations showed. No operation bears on it.
 */
import type { FinishContext, Findings, Measure } from "./measure";

export class FloodingMeasure implements Measure {
  readonly name = "flooding";

  operation(): void {
    // Another load, of its own.
  }

  finish({ flooding }: FinishContext): Findings {
    return flooding === undefined ? {} : { metrics: flooding };
  }
}

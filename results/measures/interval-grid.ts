/**
 * The run's intervals: from the start of the warm-up to the end of the measured phase in steps of `measure.interval`,
 * the last one shorter when the length is no multiple. What ends later (operations still open when the measured phase
 * ends) counts in the last interval, so that nothing due in the run vanishes from its charts and no empty tail looks
 * like a collapse.
 */
import { assert } from "../../engine/vocabulary/assert";
import type { Micros } from "../record/history";

export interface PhaseInstants {
  readonly startOfWarmup: Micros;
  readonly startOfMeasure: Micros;
  readonly endOfMeasure: Micros;
}

const MICROS_PER_SECOND = 1_000_000;

export class IntervalGrid {
  private instants: PhaseInstants | undefined;
  private readonly intervalMicros: number;

  constructor(intervalMs: number) {
    assert(intervalMs > 0, "an interval has a length");
    this.intervalMicros = intervalMs * 1_000;
  }

  /** The phases' instants, once known: at the latest before the first operation after the load phase. */
  begin(instants: PhaseInstants): void {
    assert(instants.startOfWarmup <= instants.startOfMeasure, "the warm-up begins before the measured phase");
    assert(instants.startOfMeasure < instants.endOfMeasure, "the measured phase has a length");
    this.instants = instants;
  }

  get phases(): PhaseInstants {
    assert(this.instants !== undefined, "the phases' instants are known before the warm-up's first operation");
    return this.instants;
  }

  get count(): number {
    const { startOfWarmup, endOfMeasure } = this.phases;
    return Math.max(1, Math.ceil((endOfMeasure - startOfWarmup) / this.intervalMicros));
  }

  /** The interval that holds `at`; the first or last for what lies outside. */
  indexOf(at: Micros): number {
    const index = Math.floor((at - this.phases.startOfWarmup) / this.intervalMicros);
    return Math.max(0, Math.min(this.count - 1, index));
  }

  /** Seconds from the start of the warm-up at which interval `index` begins. */
  startSeconds(index: number): number {
    return (index * this.intervalMicros) / MICROS_PER_SECOND;
  }

  lengthSeconds(index: number): number {
    const { startOfWarmup, endOfMeasure } = this.phases;
    const start = startOfWarmup + index * this.intervalMicros;
    return (Math.min(start + this.intervalMicros, endOfMeasure) - start) / MICROS_PER_SECOND;
  }

  /** The interval begins in the measured phase. */
  isMeasured(index: number): boolean {
    return this.phases.startOfWarmup + index * this.intervalMicros >= this.phases.startOfMeasure;
  }

  get measuredSeconds(): number {
    return (this.phases.endOfMeasure - this.phases.startOfMeasure) / MICROS_PER_SECOND;
  }

  /** One value an interval. */
  column<T>(make: (index: number) => T): T[] {
    return Array.from({ length: this.count }, (_, index) => make(index));
  }
}

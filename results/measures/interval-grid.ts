/**
 * The run's intervals: from the start of the warm-up to the end of the measured phase in steps of `measure.interval`,
 * the last one shorter when the length is no multiple. What ends later (operations still open when the measured phase
 * ends) counts in intervals of the drain, which begin at the end of the measured phase and are as many as something ended in:
 * put into the last measured interval, a backlog would stand there as a burst of throughput that never was.
 */
import { assert } from "../../engine/vocabulary/assert";
import type { Micros } from "../record/history";

export interface PhaseInstants {
  readonly startOfWarmup: Micros;
  readonly startOfMeasure: Micros;
  readonly endOfMeasure: Micros;
}

const MICROS_PER_SECOND = 1_000_000;
/** What ends later still counts in the last: a drain lasts seconds, not hours. */
const MOST_DRAINED = 1_000;

export class IntervalGrid {
  private instants: PhaseInstants | undefined;
  private readonly intervalMicros: number;
  /** Intervals of the drain that something ended in, or that lie before one. */
  private drained = 0;

  constructor(intervalMs: number) {
    assert(intervalMs > 0, "an interval has a length");
    this.intervalMicros = intervalMs * 1_000;
  }

  get intervalMs(): number {
    return this.intervalMicros / 1_000;
  }

  /** The phases' instants, once known: at the latest before the first operation after the load phase. */
  begin(instants: PhaseInstants): void {
    assert(instants.startOfWarmup <= instants.startOfMeasure, "the warm-up begins before the measured phase");
    assert(instants.startOfMeasure < instants.endOfMeasure, "the measured phase has a length");
    this.instants = instants;
  }

  /** The measured phase ended at `at`, before its time or just then; nothing has ended after it that counts as measured. */
  endMeasure(at: Micros): void {
    const { startOfMeasure, endOfMeasure } = this.phases;
    assert(at > startOfMeasure && at <= endOfMeasure, "the measured phase ends at its end, or earlier");
    this.instants = { ...this.phases, endOfMeasure: at };
  }

  /** Whether the phases' instants are known. */
  get begun(): boolean {
    return this.instants !== undefined;
  }

  get phases(): PhaseInstants {
    assert(this.instants !== undefined, "the phases' instants are known before the warm-up's first operation");
    return this.instants;
  }

  /** Of warm-up and measured phase. */
  private get loaded(): number {
    const { startOfWarmup, endOfMeasure } = this.phases;
    return Math.max(1, Math.ceil((endOfMeasure - startOfWarmup) / this.intervalMicros));
  }

  /** All intervals so far, those of the drain included. */
  get count(): number {
    return this.loaded + this.drained;
  }

  /** The interval in which something ended at `at`; the first for what ended before the warm-up. */
  indexOf(at: Micros): number {
    const { startOfWarmup, endOfMeasure } = this.phases;
    if (at < endOfMeasure) return Math.max(0, Math.floor((at - startOfWarmup) / this.intervalMicros));
    const ofDrain = Math.min(MOST_DRAINED - 1, Math.floor((at - endOfMeasure) / this.intervalMicros));
    this.drained = Math.max(this.drained, ofDrain + 1);
    return this.loaded + ofDrain;
  }

  /** Seconds from the start of the warm-up at which interval `index` begins. */
  startSeconds(index: number): number {
    return (this.startOf(index) - this.phases.startOfWarmup) / MICROS_PER_SECOND;
  }

  lengthSeconds(index: number): number {
    const { endOfMeasure } = this.phases;
    const start = this.startOf(index);
    const end = start + this.intervalMicros;
    return ((start < endOfMeasure ? Math.min(end, endOfMeasure) : end) - start) / MICROS_PER_SECOND;
  }

  /** The interval begins in the measured phase. */
  isMeasured(index: number): boolean {
    return this.startOf(index) >= this.phases.startOfMeasure && !this.isDrain(index);
  }

  /** The interval begins when the measured phase has ended. */
  isDrain(index: number): boolean {
    return index >= this.loaded;
  }

  private startOf(index: number): Micros {
    const { startOfWarmup, endOfMeasure } = this.phases;
    return this.isDrain(index)
      ? endOfMeasure + (index - this.loaded) * this.intervalMicros
      : startOfWarmup + index * this.intervalMicros;
  }

  get measuredSeconds(): number {
    return (this.phases.endOfMeasure - this.phases.startOfMeasure) / MICROS_PER_SECOND;
  }

  /** One value an interval. */
  column<T>(make: (index: number) => T): T[] {
    return Array.from({ length: this.count }, (_, index) => make(index));
  }
}

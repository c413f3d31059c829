/**
 * How far the times of processes of one machine may be apart. All read one monotonic clock, but each relates it to its own
 * beginning, and a process that was put aside at that instant is wrong for life; so it is measured and not believed. What a
 * process says its time is, when it is asked, lies between two readings of who asks: each round bounds the offset from both
 * sides, and many rounds leave what the quickest of them leave (Cristian, "Probabilistic clock synchronization", 1989).
 */
import type { Micros } from "../engine/vocabulary/micros";

/** The time of a process less that of whoever asked lies in here. */
export interface OffsetBounds {
  readonly least: Micros;
  readonly most: Micros;
}

/** Of one question: when it was sent and when the answer came, and what the other's time was in between. */
export interface Round {
  readonly sent: Micros;
  readonly told: Micros;
  readonly came: Micros;
}

/** Times are whole microseconds, rounded down on both sides. */
const ROUNDING: Micros = 1;

export function boundsOf(rounds: readonly Round[]): OffsetBounds {
  return {
    least: Math.max(...rounds.map(({ told, came }) => told - came)) - ROUNDING,
    most: Math.min(...rounds.map(({ told, sent }) => told - sent)) + ROUNDING,
  };
}

/** The times of any two of these processes, or of one and whoever asked, differ by this at most. */
export function greatestDifference(processes: readonly OffsetBounds[]): Micros {
  const all = [...processes, { least: 0, most: 0 }];
  return Math.max(0, ...all.flatMap(({ most }, i) => all.map(({ least }, j) => (i === j ? 0 : most - least))));
}

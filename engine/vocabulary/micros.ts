/**
 * Time inside the core: an integer count of microseconds since an origin that the world chooses. Nothing below the
 * host reads a clock of the machine; `now` is always an argument. (*Clock* in this project means a logical clock.)
 */
export type Micros = number;

export const MICROS_PER_MS = 1_000;
export const MICROS_PER_SECOND = 1_000_000;

/** Milliseconds, possibly fractional, to whole microseconds (rounded to nearest). */
export function fromMs(ms: number): Micros {
  return Math.round(ms * MICROS_PER_MS);
}

export function toMs(micros: Micros): number {
  return micros / MICROS_PER_MS;
}

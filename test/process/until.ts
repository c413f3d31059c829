/**
 * Waits for a condition with a deadline, the only kind of waiting that tests of real processes do: a sleep is either
 * too long on a quiet machine or too short on a busy one. The condition is asked again every few milliseconds; what it
 * returns first that is neither false nor undefined is the result.
 */

const EVERY_MS = 4;

/** Rejects, naming `what`, when `condition` did not hold within `deadlineMs`. */
export async function until<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  deadlineMs = 8_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const seen = await condition();
    if (seen !== false && seen !== undefined) return seen;
    if (performance.now() > end) throw new Error(`not within ${String(deadlineMs)} ms: ${what}`);
    await new Promise<void>((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

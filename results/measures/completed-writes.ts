/**
 * Which writes have ended, in memory that does not grow with their number: a session counts its writes upwards, so it
 * takes one low-water mark a session and the few numbers beyond it that ended out of order. Needed to tell a version
 * whose write is still on its way from one whose write was forgotten because it is old.
 */
import type { WriteId } from "../record/history";

const COUNTER_RANGE = 2 ** 32;
/** Out-of-order numbers held of a session; beyond it the lowest gap is taken for a number that was never used. */
const MOST_AHEAD = 1_024;

interface SessionWrites {
  /** Every number up to and including this one has ended. */
  upTo: number;
  readonly ahead: Set<number>;
}

export class CompletedWrites {
  private readonly sessions = new Map<number, SessionWrites>();

  constructor(private readonly mostAhead: number = MOST_AHEAD) {}

  add(id: WriteId): void {
    const session = Math.floor(id / COUNTER_RANGE);
    const number = id % COUNTER_RANGE;
    let writes = this.sessions.get(session);
    // Numbers begin at 0 or 1: taking both for ended costs nothing, because 0 of session 0 is "no write".
    if (writes === undefined) this.sessions.set(session, (writes = { upTo: 0, ahead: new Set() }));
    if (number <= writes.upTo) return;
    writes.ahead.add(number);
    if (writes.ahead.size > this.mostAhead) writes.upTo = Math.min(...writes.ahead) - 1;
    while (writes.ahead.delete(writes.upTo + 1)) writes.upTo++;
  }

  has(id: WriteId): boolean {
    const writes = this.sessions.get(Math.floor(id / COUNTER_RANGE));
    if (writes === undefined) return false;
    const number = id % COUNTER_RANGE;
    return number <= writes.upTo || writes.ahead.has(number);
  }
}

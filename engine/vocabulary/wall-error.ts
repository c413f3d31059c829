/**
 * By how much a machine's wall time is wrong: an offset drawn once, with a random sign, and a drift in microseconds a
 * second. Nodes and clients of both worlds draw from it by name, so that equal seeds give equal errors whichever world
 * they happen in. Wall time is only for strategies that believe in timestamps; the protocol's own time is never touched.
 */
import { distributionOf } from "./distributions";
import { MICROS_PER_SECOND, type Micros } from "./micros";
import { Random } from "./random";
import type { ClusterSettings } from "./settings";

export interface WallError {
  readonly offset: Micros;
  readonly ppm: number;
}

const NO_ERROR: WallError = { offset: 0, ppm: 0 };

/** The error of node `index`. */
export function wallErrorOfNode(cluster: ClusterSettings, index: number): WallError {
  return drawn(cluster, `wall/${String(index)}`);
}

/** The error of the machine that a client session runs on. */
export function wallErrorOfClient(cluster: ClusterSettings, session: number): WallError {
  return drawn(cluster, `wall/client/${String(session)}`);
}

function drawn({ nodeModel, seed }: ClusterSettings, name: string): WallError {
  const { clockSkew, clockDriftPpm } = nodeModel ?? {};
  if (clockSkew === undefined && clockDriftPpm === undefined) return NO_ERROR;
  const random = Random.fromSeed(seed).fork(name);
  const sign = random.nextBelow(2) === 0 ? -1 : 1;
  const ppm = clockDriftPpm === undefined ? 0 : (random.nextFloat() * 2 - 1) * clockDriftPpm;
  return { offset: clockSkew === undefined ? 0 : sign * distributionOf(clockSkew).sample(random), ppm };
}

/** What a clock with this error shows when the right one shows `wall`, `elapsed` after both began. At least 0. */
export function erring({ offset, ppm }: WallError, wall: Micros, elapsed: Micros): Micros {
  return Math.max(0, Math.round(wall + offset + (elapsed * ppm) / MICROS_PER_SECOND));
}

/** Sessions whose last timestamp is remembered; of those used longest ago only the rule "never the same twice" is lost. */
const MOST_SESSIONS = 65_536;

/** Timestamps as a client library makes them: its own machine's wall time, never the same twice and never back. */
export class ClientTimestamps {
  private readonly sessions = new Map<number, { readonly error: WallError; last: Micros }>();

  constructor(private readonly cluster: ClusterSettings) {}

  /** For a write that session `session` sends when the right wall time is `wall`, `elapsed` after the run began. */
  next(session: number, wall: Micros, elapsed: Micros): Micros {
    let known = this.sessions.get(session);
    if (known === undefined) {
      known = { error: wallErrorOfClient(this.cluster, session), last: 0 };
      if (this.sessions.size >= MOST_SESSIONS) this.sessions.delete(this.sessions.keys().next().value!);
      this.sessions.set(session, known);
    }
    known.last = Math.max(known.last + 1, erring(known.error, wall, elapsed));
    return known.last;
  }
}

/** Makers of events for tests: who coordinates, when, for which client; everything but the actor has a plain default. */
import type { Actor, EventMaker } from "../../../engine/clocks/clock";

export function by(actor: Actor, at = 0, client = 0, minted = 0): EventMaker {
  return { actor, at, client, minted };
}

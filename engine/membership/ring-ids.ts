/**
 * The order of states of the ring: by version, and of two proposals for one version by who proposed. Any total order
 * would do, as long as everybody uses the same one; two that were proposed at once are told apart by it and by nothing else.
 */
import type { RingId } from "../messages";

/** Before every state. */
export const NO_RING: RingId = { version: 0, proposer: 0 };

/** Negative: `a` is older. */
export function compareRingIds(a: RingId, b: RingId): number {
  return a.version - b.version || a.proposer - b.proposer;
}

export function isSameRing(a: RingId, b: RingId): boolean {
  return a.version === b.version && a.proposer === b.proposer;
}

/**
 * The ring as a coordinator knows it that is no member and has no say: the last state that some member told it, however old.
 * Dynamo's client library works by such a view and asks for it every ten seconds (SOSP 2007, section 6.4).
 *
 * The trap is the argument for safety of a change (`changes.ts`): no step is taken before all *members* are through with the last
 * one, and of a client nobody knows what it is in the middle of. So nobody waits for it; instead each of its requests says under
 * which state it was begun, and a member that is further refuses it, or says that it failed where it came further while its disk was
 * busy with it. What is accepted was accepted by members that were no further than the client: just as if one of them had asked.
 */
import type { RingId, RingState } from "../messages";
import type { Replica as Place, Ring } from "../ring/ring";
import type { RingMaker } from "../ring/ring-maker";
import type { Address } from "../vocabulary/address";
import { compareRingIds, NO_RING } from "./ring-ids";

/** States that requests in progress may have been begun under; what was begun under older ones is taken to be as old as can be. */
const KEPT = 64;

export class HeardRing {
  reading: Ring;
  private writing: Ring | undefined;
  private state: RingState | undefined;
  /** By the number of states before them, the newest last. */
  private ids: RingId[] = [NO_RING];
  private first = 0;

  constructor(
    /** Where membership is fixed, for ever. */
    ring: Ring,
    private readonly rings: RingMaker | undefined,
    private readonly doubleWrites: boolean,
  ) {
    this.reading = ring;
  }

  get id(): RingId {
    return this.state?.id ?? NO_RING;
  }

  /** States heard of so far. */
  get serial(): number {
    return this.first + this.ids.length - 1;
  }

  /** The state that was the last one when so many had been heard of. */
  idAt(serial: number): RingId {
    return serial < this.first ? NO_RING : this.ids[Math.min(serial - this.first, this.ids.length - 1)];
  }

  /** True where it is news. */
  hear(state: RingState): boolean {
    if (this.rings === undefined || compareRingIds(state.id, this.id) <= 0 || !this.rings.isPossible(state.plan))
      return false;
    if (state.next !== undefined && !this.rings.isPossible(state.next)) return false;
    this.state = state;
    this.reading = this.rings.of(state.plan);
    this.writing = state.next === undefined || !this.doubleWrites ? undefined : this.rings.of(state.next);
    this.ids.push(state.id);
    if (this.ids.length > KEPT) {
      this.ids.shift();
      this.first++;
    }
    return true;
  }

  /** As `LivingRing.pending`. */
  pending(address: Address, replicas: readonly Place[], n: number): readonly Place[] | undefined {
    const { writing } = this;
    if (writing === undefined) return undefined;
    const pending = writing
      .preferenceList(address, n)
      .filter(({ node, vnode }) => !replicas.some((place) => place.node === node && place.vnode === vnode));
    return pending.length === 0 ? undefined : pending;
  }

  /** Whom a request may concern. */
  watched(): readonly number[] | undefined {
    if (this.state === undefined) return undefined;
    return [...new Set([...this.state.plan.members, ...(this.state.next?.members ?? [])])];
  }
}

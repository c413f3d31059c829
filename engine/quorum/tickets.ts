/**
 * Tickets let a request be carried out once, however often the network delivers it. A put that is carried out twice is
 * one write under two dots: versions that were overwritten come back, and the second copy may be refused definitely
 * although the first was stored. (Merging a state twice is harmless and needs no ticket.)
 *
 * A ticket is (boot epoch of the sender, boot epoch of the receiver, number), numbers counting from 1 what this life of
 * the one asks of that life of the other. So the receiver remembers no request at all: only the highest number, and
 * those below it that have not come yet, which are few (messages that were overtaken or lost). It is the anti-replay
 * window of IPsec (RFC 4303, section 3.4.3) kept as its gaps, so that a slow message is not mistaken for an old one.
 * What nobody can tell any more is ignored, never carried out: its sender hears nothing, and that is indefinite.
 *
 * The mistake it avoids is to recognise copies by what is in progress: the second may come after the first has ended,
 * after the receiver has restarted, or after the sender has and counts its requests from the beginning.
 */
import type { NodeIndex, Ticket } from "../messages";
import type { Micros } from "../vocabulary/micros";
import { MICROS_PER_SECOND } from "../vocabulary/micros";

/** Numbers remembered as not come yet, of all senders together. */
export const MAX_GAPS = 4_096;
/** A gap as old as this was lost: whoever sent that request has long told its client that it does not know. */
export const GAP_LIFETIME: Micros = 60 * MICROS_PER_SECOND;
/** A node that nobody has heard of is in its first life. */
const FIRST_EPOCH = 1;

/** `first`: carry it out. All else is to be ignored; `misaddressed` was meant for another life of this node. */
export type Admission = "first" | "repeated" | "stale" | "misaddressed";

export class Tickets {
  /** Peers that have started again; nearly always empty. */
  private readonly epochs = new Map<NodeIndex, number>();
  /** By peer: numbers given to it, and the highest that came from it. Without room until they are used. */
  private issued = new Float64Array(0);
  private highest = new Float64Array(0);
  // Gaps, oldest first: parallel arrays of `gaps` entries.
  private gaps = 0;
  private gapFrom = new Int32Array(0);
  private gapNumber = new Float64Array(0);
  private gapSince = new Float64Array(0);

  constructor(
    self: NodeIndex,
    private readonly epoch: number,
    /** Told when {@link MAX_GAPS} makes it forget a request of `from` that may still come. */
    private readonly full: (from: NodeIndex) => void,
  ) {
    if (epoch !== FIRST_EPOCH) this.epochs.set(self, epoch);
  }

  /** Requests that have not come, of all peers: at most {@link MAX_GAPS}. */
  get missing(): number {
    return this.gaps;
  }

  /** For a request to `to`. */
  issue(to: NodeIndex): Ticket {
    if (to >= this.issued.length) this.issued = withRoom(this.issued, to);
    return { fromEpoch: this.epoch, toEpoch: this.epochOf(to), number: ++this.issued[to] };
  }

  /** `peer` is known to be in its life `epoch`. True when that is news. */
  met(peer: NodeIndex, epoch: number): boolean {
    if (epoch <= this.epochOf(peer)) return false;
    this.epochs.set(peer, epoch);
    if (peer < this.issued.length) this.issued[peer] = 0;
    if (peer < this.highest.length) this.highest[peer] = 0;
    this.forgetGapsOf(peer);
    return true;
  }

  /** Whether a request of `from` is to be carried out. Says `first` once for each ticket. */
  admit(from: NodeIndex, ticket: Ticket, now: Micros): Admission {
    if (ticket.toEpoch !== this.epoch) return "misaddressed";
    if (ticket.fromEpoch !== this.epochOf(from) && !this.met(from, ticket.fromEpoch)) return "stale";
    if (from >= this.highest.length) this.highest = withRoom(this.highest, from);
    const { number } = ticket;
    const expected = this.highest[from] + 1;
    if (number < expected) return this.closeGap(from, number) ? "first" : "repeated";
    if (number > expected) this.openGaps(from, expected, number, now);
    this.highest[from] = number;
    return "first";
  }

  private epochOf(peer: NodeIndex): number {
    return this.epochs.size === 0 ? FIRST_EPOCH : (this.epochs.get(peer) ?? FIRST_EPOCH);
  }

  private openGaps(from: NodeIndex, first: number, end: number, now: Micros): void {
    this.expire(now);
    const least = Math.max(first, end - MAX_GAPS);
    const tooMany = this.gaps + (end - least) - MAX_GAPS;
    if (tooMany > 0) this.full(this.gaps > 0 ? this.gapFrom[0] : from);
    else if (least > first) this.full(from);
    if (tooMany > 0) this.drop(0, tooMany);
    if (this.gaps + (end - least) > this.gapFrom.length) this.grow(this.gaps + (end - least));
    for (let number = least; number < end; number++) {
      this.gapFrom[this.gaps] = from;
      this.gapNumber[this.gaps] = number;
      this.gapSince[this.gaps++] = now;
    }
  }

  /** True when the number was missing; now it has come. */
  private closeGap(from: NodeIndex, number: number): boolean {
    // Who was overtaken was so lately.
    for (let i = this.gaps - 1; i >= 0; i--) {
      if (this.gapNumber[i] !== number || this.gapFrom[i] !== from) continue;
      this.drop(i, 1);
      return true;
    }
    return false;
  }

  private expire(now: Micros): void {
    let old = 0;
    while (old < this.gaps && this.gapSince[old] <= now - GAP_LIFETIME) old++;
    if (old > 0) this.drop(0, old);
  }

  private forgetGapsOf(peer: NodeIndex): void {
    for (let i = this.gaps - 1; i >= 0; i--) if (this.gapFrom[i] === peer) this.drop(i, 1);
  }

  private drop(at: number, count: number): void {
    this.gapFrom.copyWithin(at, at + count, this.gaps);
    this.gapNumber.copyWithin(at, at + count, this.gaps);
    this.gapSince.copyWithin(at, at + count, this.gaps);
    this.gaps -= count;
  }

  private grow(room: number): void {
    let size = Math.max(FIRST_ROOM, this.gapFrom.length);
    while (size < room) size *= 2;
    const { gapFrom } = this;
    this.gapFrom = new Int32Array(size);
    this.gapFrom.set(gapFrom);
    this.gapNumber = copyOf(this.gapNumber, size);
    this.gapSince = copyOf(this.gapSince, size);
  }
}

const FIRST_ROOM = 16;

/** With room for `index`. */
function withRoom(numbers: Float64Array<ArrayBuffer>, index: NodeIndex): Float64Array<ArrayBuffer> {
  let size = Math.max(FIRST_ROOM, numbers.length);
  while (size <= index) size *= 2;
  return copyOf(numbers, size);
}

function copyOf(numbers: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(size);
  copy.set(numbers);
  return copy;
}

/**
 * Reads whose judgement depends on a write that is still open. A causal past may run through a write that ends later, so such a
 * read waits: for something that may decide it (a write, or a key), and no longer than any write can stay open. Most reads
 * never come here. Bounded: when too many wait, the oldest is judged with what is known and counted, because a verdict that
 * came too early is not a verdict.
 */
import type { Micros } from "../record/history";

/** How long a read waits for writes that were open when it returned. Longer than any operation's timeout. */
export const SETTLE_MICROS = 30_000_000;
const MOST_WAITING = 50_000;

interface Waiting<Read, For> {
  readonly read: Read;
  waitsFor: For;
  settled: boolean;
}

export class WaitingReads<Read extends { readonly end: Micros }, For> {
  /** In order of completion; settled ones are passed over. */
  private queue: Waiting<Read, For>[] = [];
  private head = 0;
  private readonly waiting = new Map<For, Waiting<Read, For>[]>();
  private open = 0;
  private early = 0;

  /**
   * `judge` judges a read, once for each call here until it says `undefined`: it is decided. Else it says what to wait for. With `lastCall`
   * what has not ended counts as never ending, and the answer is taken for `undefined`.
   */
  constructor(private readonly judge: (read: Read, lastCall: boolean) => For | undefined) {}

  /** Reads that were judged while they should have waited. */
  get judgedEarly(): number {
    return this.early;
  }

  add(read: Read): void {
    const waitsFor = this.judge(read, false);
    if (waitsFor === undefined) return;
    while (this.open >= MOST_WAITING) if (this.settle(this.queue[this.head++])) this.early++;
    const one: Waiting<Read, For> = { read, waitsFor, settled: false };
    this.queue.push(one);
    this.open++;
    this.putOff(one, waitsFor);
  }

  /** What some reads wait for has happened: they may be decided now. */
  happened(event: For): void {
    const reads = this.waiting.get(event);
    if (reads === undefined) return;
    this.waiting.delete(event);
    for (const one of reads) {
      const waitsFor = this.judge(one.read, false);
      if (waitsFor === undefined) this.close(one);
      else this.putOff(one, waitsFor);
    }
  }

  /** Judges for good what ended by then. */
  settleUntil(readsEndedBy: Micros): void {
    while (this.head < this.queue.length && this.queue[this.head].read.end <= readsEndedBy) {
      this.settle(this.queue[this.head++]);
    }
    if (this.head > 4_096 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  private putOff(one: Waiting<Read, For>, waitsFor: For): void {
    one.waitsFor = waitsFor;
    const reads = this.waiting.get(waitsFor);
    if (reads === undefined) this.waiting.set(waitsFor, [one]);
    else reads.push(one);
  }

  /** False when it was settled already. */
  private settle(one: Waiting<Read, For>): boolean {
    if (one.settled) return false;
    const others = this.waiting.get(one.waitsFor)!.filter((other) => other !== one);
    if (others.length > 0) this.waiting.set(one.waitsFor, others);
    else this.waiting.delete(one.waitsFor);
    this.judge(one.read, true);
    this.close(one);
    return true;
  }

  private close(one: Waiting<Read, For>): void {
    one.settled = true;
    this.open--;
  }
}

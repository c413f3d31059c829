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
const FEWEST_KEPT = 4_096;

interface Waiting<Read, For> {
  readonly read: Read;
  /** All of it has to happen before it is worth another look. */
  waitsFor: readonly For[];
  left: number;
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
   * `judge` judges a read, until it answers that there is nothing to wait for: it is decided. Else it says for what, each once. With
   * `lastCall` what has not ended counts as never ending, and the answer is taken for none.
   */
  constructor(private readonly judge: (read: Read, lastCall: boolean) => readonly For[]) {}

  /** Reads that were judged while they should have waited. */
  get judgedEarly(): number {
    return this.early;
  }

  add(read: Read): void {
    const waitsFor = this.judge(read, false);
    if (waitsFor.length === 0) return;
    while (this.open >= MOST_WAITING) if (this.settle(this.queue[this.head++])) this.early++;
    const one: Waiting<Read, For> = { read, waitsFor, left: 0, settled: false };
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
      if (--one.left > 0) continue;
      const waitsFor = this.judge(one.read, false);
      if (waitsFor.length === 0) this.close(one);
      else this.putOff(one, waitsFor);
    }
  }

  /** Judges for good what ended by then. */
  settleUntil(readsEndedBy: Micros): void {
    while (this.head < this.queue.length && this.queue[this.head].read.end <= readsEndedBy) {
      this.settle(this.queue[this.head++]);
    }
    // A read that was decided soon is not kept until its time is over.
    if (this.queue.length > 2 * this.open + FEWEST_KEPT) {
      this.queue = this.queue.filter(({ settled }, i) => i >= this.head && !settled);
      this.head = 0;
    }
  }

  private putOff(one: Waiting<Read, For>, waitsFor: readonly For[]): void {
    one.waitsFor = waitsFor;
    one.left = waitsFor.length;
    for (const event of waitsFor) {
      const reads = this.waiting.get(event);
      if (reads === undefined) this.waiting.set(event, [one]);
      else reads.push(one);
    }
  }

  /** False when it was settled already. */
  private settle(one: Waiting<Read, For>): boolean {
    if (one.settled) return false;
    for (const event of one.waitsFor) {
      const others = this.waiting.get(event)?.filter((other) => other !== one);
      if (others === undefined) continue;
      if (others.length > 0) this.waiting.set(event, others);
      else this.waiting.delete(event);
    }
    this.judge(one.read, true);
    this.close(one);
    return true;
  }

  private close(one: Waiting<Read, For>): void {
    one.settled = true;
    this.open--;
  }
}

/**
 * Injected network delay on real processes: a message waits here until its drawn one-way delay has passed, then goes to
 * the socket. Delays are drawn per message and independently, as the WARS model of PBS has it, so messages of one link
 * may overtake each other. Loss is drawn first, from the same per-link stream. Faults add to it what they do to links in
 * simulation: messages are lost, doubled, overtaken, delayed further, cut off, or held until they are let go.
 *
 * Node's timers are a millisecond coarse: how late each message really left is recorded and reported, and a run whose
 * lateness is large against its delays is marked doubtful.
 */
import type { Distribution } from "../vocabulary/distributions";
import type { Random } from "../vocabulary/random";
import type { Micros } from "../vocabulary/micros";
import { monotonicMicros } from "./monotonic";

/** Messages that may wait at once; beyond it the oldest behaviour of any full queue applies: drop and count. */
const MAX_WAITING = 200_000;
/** Lateness is counted in steps of 50 us up to 200 ms. */
const LATENESS_STEP = 50;
const LATENESS_STEPS = 4_000;

interface Waiting {
  readonly due: Micros;
  readonly sequence: number;
  readonly release: () => void;
}

/** What happens to messages of one class on one link. */
export interface LinkShape {
  readonly delay: Pick<Distribution, "sample" | "describe"> | undefined;
  readonly loss: number;
  readonly random: Random;
  /** What faults add. */
  readonly harm?: Harm;
}

/** As `LinkHarm`, whose loss is the shape's, with distributions ready to draw from. */
export interface Harm {
  readonly duplicate: number;
  readonly reorder: number;
  readonly extra: readonly Pick<Distribution, "sample">[];
  readonly held: boolean;
  readonly cut: boolean;
  /** Told apart when holds are lifted. */
  readonly link: number;
}

/** What is overtaken comes at least so much later, as in simulation. */
const REORDER_AT_LEAST: Micros = 1_000;

export class DelayLine {
  private readonly heap: Waiting[] = [];
  private sequence = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Set instead of a timer when the wait rounds to nothing: a timer of 0 waits a whole millisecond. */
  private soon: NodeJS.Immediate | undefined;
  private timerDue = 0;
  private readonly lateness = new Uint32Array(LATENESS_STEPS + 1);
  private released = 0;
  /** What faults hold back, in order of sending. */
  private held: { readonly link: number; readonly release: () => void }[] = [];
  lost = 0;
  /** Vanished at a partition. */
  cut = 0;
  overflowed = 0;

  /** Calls `release` when the message may leave: at once, later, or never. */
  pass(shape: LinkShape | undefined, release: () => void): void {
    if (shape === undefined) {
      release();
      return;
    }
    const { harm, random, delay } = shape;
    if (harm?.cut === true) {
      this.cut++;
      return;
    }
    if (shape.loss > 0 && random.nextFloat() < shape.loss) {
      this.lost++;
      return;
    }
    if (harm !== undefined) {
      this.passHarmed(shape, harm, release);
      return;
    }
    if (delay === undefined) release();
    else this.after(delay.sample(random), release);
  }

  private after(micros: Micros, release: () => void): void {
    this.at(monotonicMicros() + micros, release);
  }

  /** Calls `release` at that time, in order of calling among equals; not at all when too much waits. */
  at(due: Micros, release: () => void): void {
    if (this.heap.length >= MAX_WAITING) {
      this.overflowed++;
      return;
    }
    this.push({ due, sequence: this.sequence++, release });
    if ((this.timer === undefined && this.soon === undefined) || due < this.timerDue) this.arm();
  }

  /** What is held on links that `stillHeld` denies leaves now, in the order it was sent. */
  letGo(stillHeld: (link: number) => boolean): void {
    const { held } = this;
    if (held.length === 0) return;
    this.held = held.filter(({ link }) => stillHeld(link));
    for (const { link, release } of held) if (!stillHeld(link)) release();
  }

  /** Draws in the simulated network's order. */
  private passHarmed({ delay, random }: LinkShape, harm: Harm, release: () => void): void {
    const draw = (): Micros => delay?.sample(random) ?? 0;
    const drawAll = (): Micros => harm.extra.reduce((sum, extra) => sum + extra.sample(random), draw());
    const leave = (micros: Micros): void => {
      if (micros > 0) this.after(micros, release);
      else release();
    };
    let first = drawAll();
    if (harm.reorder > 0 && random.nextFloat() < harm.reorder) first += Math.max(REORDER_AT_LEAST, draw());
    const again = harm.duplicate > 0 && random.nextFloat() < harm.duplicate ? drawAll() : undefined;
    if (harm.held) {
      // Of what is doubled one is held, as in simulation.
      if (this.held.length < MAX_WAITING) this.held.push({ link: harm.link, release });
      else this.overflowed++;
      return;
    }
    leave(first);
    if (again !== undefined) leave(again);
  }

  /** What left until now no longer counts: lateness is that of what leaves from here on. */
  forgetLateness(): void {
    this.lateness.fill(0);
    this.released = 0;
  }

  /** 99th percentile of lateness in milliseconds since the last `forgetLateness`; 0 before anything was released. */
  latenessP99Ms(): number {
    if (this.released === 0) return 0;
    let left = Math.ceil(this.released * 0.01);
    for (let i = LATENESS_STEPS; i >= 0; i--) {
      left -= this.lateness[i];
      if (left <= 0) return ((i + 1) * LATENESS_STEP) / 1000;
    }
    return 0;
  }

  close(): void {
    this.disarm();
    this.heap.length = 0;
    this.held = [];
  }

  private disarm(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    if (this.soon !== undefined) clearImmediate(this.soon);
    this.timer = undefined;
    this.soon = undefined;
  }

  private arm(): void {
    this.disarm();
    if (this.heap.length === 0) return;
    this.timerDue = this.heap[0].due;
    // Rounded to nearest, so that the coarse timer is early about as often as it is late.
    const ms = Math.max(0, Math.round((this.timerDue - monotonicMicros()) / 1000));
    if (ms === 0) this.soon = setImmediate(() => this.fire());
    else this.timer = setTimeout(() => this.fire(), ms);
  }

  private fire(): void {
    this.disarm();
    const now = monotonicMicros();
    // A timer that fired early releases what is due within the rest of its millisecond.
    const horizon = now + 500;
    while (this.heap.length > 0 && this.heap[0].due <= horizon) {
      const item = this.pop();
      const late = Math.max(0, now - item.due);
      this.lateness[Math.min(LATENESS_STEPS, Math.floor(late / LATENESS_STEP))]++;
      this.released++;
      item.release();
    }
    this.arm();
  }

  private push(item: Waiting): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(item, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = item;
  }

  private pop(): Waiting {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.due < b.due || (a.due === b.due && a.sequence < b.sequence);
}

/**
 * A node whose processor is slow: between the network and the host, the next message waits until the last would have been
 * done with on a processor so many times slower. Real processes have no service time that could be multiplied, so the
 * time is measured: from handing a message to the host until everything the protocol does at once for it is done
 * (encoding and storing included; reading the socket is not).
 *
 * A timer is a millisecond coarse and a message takes some tens of microseconds, so what is owed is summed up and slept
 * off once it is worth a timer, and what a sleep took too long is taken off the next: the rate is right, single messages
 * come in bursts. With a factor of 1 nothing waits and nothing is measured.
 */
import type { Host } from "../host/host";
import type { Input } from "../io";
import type { Micros } from "../vocabulary/micros";
import { monotonicMicros } from "./monotonic";

/** Messages that may wait: beyond it they are dropped and counted, as by a full socket buffer. */
const MAX_WAITING = 100_000;
/** What is owed before somebody sleeps for it. */
const WORTH_A_TIMER: Micros = 1_000;

/**
 * Uneven machines on one: nobody can be made faster than the machine is, so the fastest member runs as it can, and each of the others
 * takes as many times as long for a message as its speed is lower.
 */
export function slownessOf(members: readonly { readonly speed?: number }[]): readonly number[] {
  const speeds = members.map(({ speed }) => speed ?? 1);
  const fastest = Math.max(...speeds);
  return speeds.map((speed) => fastest / speed);
}

export class Pace {
  /** So many times as long as it takes. At least 1. */
  slowness = 1;
  /** Messages that found the queue full. */
  drops = 0;
  private waiting: Input[] = [];
  private next = 0;
  private owed: Micros = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly host: Pick<Host, "deliver">) {}

  deliver(input: Input): void {
    if (!isMessage(input) || (this.slowness === 1 && this.timer === undefined)) {
      this.host.deliver(input);
    } else if (this.timer === undefined) {
      this.serve(input);
    } else if (this.waiting.length - this.next < MAX_WAITING) {
      this.waiting.push(input);
    } else this.drops++;
  }

  stop(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.waiting = [];
    this.next = 0;
  }

  private serve(input: Input): void {
    const began = monotonicMicros();
    this.host.deliver(input);
    this.owed += (monotonicMicros() - began) * (this.slowness - 1);
    if (this.owed >= WORTH_A_TIMER) this.sleep();
  }

  private sleep(): void {
    const began = monotonicMicros();
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.owed -= monotonicMicros() - began;
        this.goOn();
      },
      Math.max(1, Math.floor(this.owed / 1_000)),
    );
  }

  private goOn(): void {
    while (this.timer === undefined && this.next < this.waiting.length) this.serve(this.waiting[this.next++]);
    if (this.next < this.waiting.length && this.next < MAX_WAITING) return;
    this.waiting = this.waiting.slice(this.next);
    this.next = 0;
    // An idle processor does not work ahead.
    if (this.waiting.length === 0 && this.timer === undefined) this.owed = Math.max(0, this.owed);
  }
}

/** Inspection is measurement, and links are not messages: neither takes the processor that is studied. */
function isMessage(input: Input): boolean {
  return input.kind === "received" || (input.kind === "asked" && input.message.kind !== "inspect");
}

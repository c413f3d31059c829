/**
 * What an `overload` sends: gets that no workload asked for, to one node each, at constant spacing whether or not the node
 * keeps up (open loop; a closed one would slow down with the node and spare it just when it suffers). Gets, because they are
 * real work for a replica and change nothing that anybody judges; of keys that exist nowhere, in a type of their own, and
 * only such keys as the node holds a replica of, so that it coordinates them itself and does not pass its load on. The other
 * replicas of a key are asked as for any get: a node under overload does about N times the work of its peers.
 *
 * Not in the history and in no figure of latency; each fault counts what became of its own requests. How many may be under
 * way is bounded: what would go beyond is not sent, and counted. The same object serves both worlds, which give it
 * their time and their clients.
 */
import type { Ring } from "../ring/ring";
import { type Address, encodeAddress } from "../vocabulary/address";
import { assert } from "../vocabulary/assert";
import type { OverloadCounts } from "../vocabulary/faults";
import { MICROS_PER_SECOND, type Micros } from "../vocabulary/micros";
import type { Outcome } from "../vocabulary/outcomes";
import { Random } from "../vocabulary/random";

/** What one fault sends to one node. */
export interface OverloadStream {
  readonly fault: string;
  readonly perSecond: number;
}

export interface OverloadOptions {
  readonly ring: Ring;
  readonly nVal: number;
  /** Of the cluster. */
  readonly seed: number;
  /** A get to this node alone; `done` is called once and never within the call. */
  readonly get: (node: number, address: Address, done: (outcome: Outcome) => void) => void;
}

/** Requests of one fault to one node that may be under way: twice what a node admits by default. */
export const MOST_UNDER_WAY = 20_000;
export const NO_REQUESTS: OverloadCounts = { sent: 0, answered: 0, refused: 0, unanswered: 0, dropped: 0 };

/** Different keys for each node, and how many are tried to find those that it holds. */
const KEYS = 512;
const MOST_TRIED = 100_000;

type Counting = { -readonly [K in keyof OverloadCounts]: OverloadCounts[K] };

interface Running {
  readonly node: number;
  readonly stream: OverloadStream;
  readonly began: Micros;
  readonly random: Random;
  readonly counts: Counting;
  /** Requests that were due so far. */
  due: number;
  underWay: number;
}

export class Overload {
  /** By node, in order of beginning. */
  private readonly running = new Map<number, readonly Running[]>();
  private readonly counts = new Map<string, Counting>();
  private readonly keys = new Map<number, readonly Address[]>();

  constructor(private readonly options: OverloadOptions) {}

  /** All that is sent to a node from now on. A stream that was there before goes on as it was. */
  set(node: number, streams: readonly OverloadStream[], now: Micros): void {
    const before = this.running.get(node) ?? [];
    const after = streams.map(
      (stream) => before.find((one) => same(one.stream, stream)) ?? this.begin(node, stream, now),
    );
    if (after.length === 0) this.running.delete(node);
    else this.running.set(node, after);
  }

  /** When the next request is due; undefined when nothing is sent. */
  nextWakeup(): Micros | undefined {
    let next: Micros | undefined;
    for (const all of this.running.values()) {
      for (const one of all) {
        const at = dueAt(one);
        if (next === undefined || at < next) next = at;
      }
    }
    return next;
  }

  /** Sends what is due, all of it where this comes late. */
  wake(now: Micros): void {
    for (const all of this.running.values()) {
      for (const one of all) {
        while (dueAt(one) <= now) this.send(one);
      }
    }
  }

  /** What became of a fault's requests so far; of a fault that never sent any, zeros. */
  requestsOf(fault: string): OverloadCounts {
    return { ...(this.counts.get(fault) ?? NO_REQUESTS) };
  }

  /** The same of every fault that ever sent any. */
  requests(): readonly (readonly [fault: string, OverloadCounts])[] {
    return [...this.counts].map(([fault, counts]) => [fault, { ...counts }]);
  }

  private begin(node: number, stream: OverloadStream, began: Micros): Running {
    const { fault, perSecond } = stream;
    assert(perSecond > 0, "an overload sends something");
    let counts = this.counts.get(fault);
    if (counts === undefined) this.counts.set(fault, (counts = { ...NO_REQUESTS }));
    const random = Random.fromSeed(this.options.seed)
      .fork("overload")
      .fork(`${fault}/${String(node)}`);
    return { node, stream, began, random, counts, due: 0, underWay: 0 };
  }

  private send(one: Running): void {
    one.due++;
    const { node, counts, random } = one;
    // Drawn whether it is sent or not: what is dropped shifts no later key.
    const keys = this.keysOf(node);
    const address = keys[random.nextBelow(keys.length)];
    if (one.underWay >= MOST_UNDER_WAY) {
      counts.dropped++;
      return;
    }
    one.underWay++;
    this.options.get(node, address, (outcome) => {
      one.underWay--;
      if (outcome === "not_sent") {
        counts.sent--;
        counts.dropped++;
      } else if (outcome === "ok") counts.answered++;
      else if (outcome === "timeout" || outcome === "connection_lost") counts.unanswered++;
      else counts.refused++;
    });
    counts.sent++;
  }

  private keysOf(node: number): readonly Address[] {
    let keys = this.keys.get(node);
    if (keys === undefined) this.keys.set(node, (keys = this.findKeys(node)));
    return keys;
  }

  /** Of a node that holds next to nothing, any keys: it passes them on. */
  private findKeys(node: number): readonly Address[] {
    const { ring, nVal } = this.options;
    const found: Address[] = [];
    const others: Address[] = [];
    for (let i = 0; i < MOST_TRIED && found.length < KEYS; i++) {
      const address = overloadAddress(i);
      if (ring.preferenceList(address, nVal).some((replica) => replica.node === node)) found.push(address);
      else if (others.length < KEYS) others.push(address);
    }
    return found.length > 0 ? found : others;
  }
}

/** The i-th key that an overload may ask for; nobody writes it. */
export function overloadAddress(i: number): Address {
  return encodeAddress({ type: "overload", bucket: "overload", key: String(i) });
}

/** In the middle of its slot: a stream of 10/s sends 10 in its first second. */
function dueAt({ began, due, stream }: Running): Micros {
  return began + Math.floor(((due + 0.5) * MICROS_PER_SECOND) / stream.perSecond);
}

function same(a: OverloadStream, b: OverloadStream): boolean {
  return a.fault === b.fault && a.perSecond === b.perSecond;
}

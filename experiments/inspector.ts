/**
 * Divergence, seen rather than believed: asks every primary of a key directly which write ids it holds, over connections
 * of its own that no client uses and no injected delay touches. A key that a client is writing meanwhile is marked
 * busy; a node that does not answer is *unreachable*, which is not the same as different.
 *
 * An inspection costs the nodes time, so it is bounded: so many keys a scan, so many a message.
 */
import { MAX_INSPECTED_KEYS } from "../engine/messages";
import type { Client } from "../engine/real/client";
import { monotonicMicros } from "../engine/real/monotonic";
import type { Ring } from "../engine/ring/ring";
import { encodeAddress } from "../engine/vocabulary/address";
import { Random } from "../engine/vocabulary/random";
import type { KeySnapshot, Snapshot, WriteId } from "../results/record/history";
import type { Driver } from "../workloads/driver";

/** Keys the final scan inspects at most. */
export const MAX_FINAL_KEYS = 100_000;
const PATIENCE_MS = 2_000;
/** Small messages leave the nodes time for clients in between. */
const KEYS_A_MESSAGE = Math.min(128, MAX_INSPECTED_KEYS);

interface Question {
  readonly vnodes: number[];
  readonly addresses: string[];
  /** Where each answer belongs: [key, replica]. */
  readonly places: (readonly [number, number])[];
}

export class Inspector {
  private readonly sampled: string[] = [];
  /** Keys written so far that the sample was drawn from. */
  private drawnFrom = 0;
  private running = false;
  /** Scans that were due while the one before was still under way. */
  skipped = 0;

  constructor(
    private readonly options: {
      readonly client: Client;
      readonly ring: Ring;
      readonly nVal: number;
      readonly driver: Driver;
      readonly seed: number;
      readonly sample: number;
    },
  ) {}

  /** A scan of the sampled keys during the run; undefined when there is nothing to scan or one is under way. */
  async sample(): Promise<Snapshot | undefined> {
    if (this.running) {
      this.skipped++;
      return undefined;
    }
    this.running = true;
    try {
      this.fillSample();
      return this.sampled.length === 0 ? undefined : await this.scan([...this.sampled], false);
    } finally {
      this.running = false;
    }
  }

  /** Every key written, up to the bound. */
  async final(): Promise<Snapshot> {
    return this.scan([...this.options.driver.keysWritten.keys()].slice(0, MAX_FINAL_KEYS), true);
  }

  /**
   * The same keys in every scan of the run, so that a line over time follows keys and not draws. While there are fewer
   * than asked for, those written since join them: an empty store has nothing to sample at first.
   */
  private fillSample(): void {
    const { driver, seed, sample } = this.options;
    const missing = sample - this.sampled.length;
    if (missing <= 0 || driver.keysWritten.size === this.drawnFrom) return;
    const fresh = [...driver.keysWritten.keys()].slice(this.drawnFrom);
    const random = Random.fromSeed(seed).fork(`inspection/${String(this.drawnFrom)}`);
    this.sampled.push(...random.shuffle(fresh).slice(0, missing));
    this.drawnFrom = driver.keysWritten.size;
  }

  private async scan(keys: readonly string[], final: boolean): Promise<Snapshot> {
    const { driver, ring, nVal, client } = this.options;
    const began = monotonicMicros();
    const replicas: (readonly WriteId[] | "unreachable")[][] = keys.map(() => []);
    const questions = new Map<number, Question[]>();
    keys.forEach((key, k) => {
      const activity = driver.keysWritten.get(key);
      if (activity === undefined) return;
      const address = encodeAddress(activity.name);
      ring.preferenceList(address, nVal).forEach(({ node, vnode }, r) => {
        replicas[k].push("unreachable");
        let list = questions.get(node);
        if (list === undefined) questions.set(node, (list = []));
        let last = list.at(-1);
        if (last === undefined || last.addresses.length >= KEYS_A_MESSAGE) {
          list.push((last = { vnodes: [], addresses: [], places: [] }));
        }
        last.vnodes.push(vnode);
        last.addresses.push(address);
        last.places.push([k, r]);
      });
    });
    // Nodes in parallel, messages to one node in turn.
    await Promise.all(
      [...questions].map(async ([node, list]) => {
        for (const { vnodes, addresses, places } of list) {
          const held = await client.inspect(node, vnodes, addresses, PATIENCE_MS);
          if (held === undefined) return;
          places.forEach(([k, r], i) => {
            replicas[k][r] = held[i] ?? [];
          });
        }
      }),
    );
    const ended = monotonicMicros();
    const snapshots: KeySnapshot[] = keys.map((key, k) => ({
      key,
      busy: driver.writesInFlight(key) || driver.lastWriteActivity(key) >= began,
      replicas: replicas[k],
    }));
    return { at: began, tookMicros: ended - began, final, population: driver.keysWritten.size, keys: snapshots };
  }
}

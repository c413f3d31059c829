/**
 * Divergence, seen rather than believed: asks every primary of a key directly which write ids it holds, past all injected
 * delays and (on processes) over connections that no client uses. A key that a client is writing meanwhile is marked
 * busy; a node that does not answer is *unreachable*, which is not the same as different.
 *
 * An inspection costs the nodes time, so it is bounded: so many keys a scan, so many a message. Written with callbacks,
 * because a promise would make the result of a simulation depend on when the program happened to look up from it.
 */
import { ANY_HINT, MAX_INSPECTED_KEYS } from "../engine/messages";
import type { Inspected } from "../engine/messages";
import type { Ring } from "../engine/ring/ring";
import { type Address, encodeAddress } from "../engine/vocabulary/address";
import type { Micros } from "../engine/vocabulary/micros";
import { Random } from "../engine/vocabulary/random";
import type { CopyMetadata, KeySnapshot, Snapshot, WriteId } from "../results/record/history";
import type { Driver } from "../workloads/driver";

/** Keys the final scan inspects at most. */
export const MAX_FINAL_KEYS = 100_000;
/** Small messages leave the nodes time for clients in between. */
const KEYS_A_MESSAGE = Math.min(128, MAX_INSPECTED_KEYS);

interface Question {
  readonly vnodes: number[];
  readonly addresses: string[];
  /** Where each answer belongs: [key, replica], or [key, {@link HINTS}]. */
  readonly places: (readonly [number, number])[];
}

/** What a scan has found so far: by key, then by replica in preference order. */
interface Found {
  readonly replicas: (readonly WriteId[] | "unreachable")[][];
  readonly metadata: (CopyMetadata | null)[][];
  /** By key; undefined where nobody looks for hints. */
  readonly hinted: Set<WriteId>[] | undefined;
}

const HINTS = -1;

/** Asks one node; told undefined when it cannot be asked or does not answer. */
export type AskNode = (
  node: number,
  vnodes: readonly number[],
  addresses: readonly Address[],
  done: (inspected: Inspected | undefined) => void,
) => void;

export class Inspector {
  private readonly sampled: string[] = [];
  /** Keys written so far that the sample was drawn from. */
  private drawnFrom = 0;
  private running = false;
  /** Scans that were due while the one before was still under way. */
  skipped = 0;

  constructor(
    private readonly options: {
      readonly now: () => Micros;
      readonly ask: AskNode;
      readonly ring: Ring;
      readonly nVal: number;
      readonly driver: Driver;
      readonly seed: number;
      readonly sample: number;
      /** Nodes keep copies for others, and the last scan asks every node for those: without it a write on its way home looks lost. */
      readonly hints?: boolean;
    },
  ) {}

  /** A scan of the sampled keys during the run; `done` gets undefined when there is nothing to scan or one is under way. */
  sample(done: (snapshot: Snapshot | undefined) => void): void {
    if (this.running) {
      this.skipped++;
      done(undefined);
      return;
    }
    this.fillSample();
    if (this.sampled.length === 0) {
      done(undefined);
      return;
    }
    this.running = true;
    this.scan([...this.sampled], false, (snapshot) => {
      this.running = false;
      done(snapshot);
    });
  }

  /** Every key written, up to the bound. */
  final(done: (snapshot: Snapshot) => void): void {
    this.scan([...this.options.driver.keysWritten.keys()].slice(0, MAX_FINAL_KEYS), true, done);
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

  private scan(keys: readonly string[], final: boolean, done: (snapshot: Snapshot) => void): void {
    const { driver, ring, nVal, now } = this.options;
    const began = now();
    const replicas: Found["replicas"] = keys.map(() => []);
    const metadata: Found["metadata"] = keys.map(() => []);
    const hinted = final && this.options.hints === true ? keys.map(() => new Set<WriteId>()) : undefined;
    const questions = new Map<number, Question[]>();
    const put = (node: number, vnode: number, address: Address, place: readonly [number, number]): void => {
      let list = questions.get(node);
      if (list === undefined) questions.set(node, (list = []));
      let last = list.at(-1);
      if (last === undefined || last.addresses.length >= KEYS_A_MESSAGE) {
        list.push((last = { vnodes: [], addresses: [], places: [] }));
      }
      last.vnodes.push(vnode);
      last.addresses.push(address);
      last.places.push(place);
    };
    keys.forEach((key, k) => {
      const activity = driver.keysWritten.get(key);
      if (activity === undefined) return;
      const address = encodeAddress(activity.name);
      ring.preferenceList(address, nVal).forEach(({ node, vnode }, r) => {
        replicas[k].push("unreachable");
        metadata[k].push(null);
        put(node, vnode, address, [k, r]);
      });
      if (hinted === undefined) return;
      for (let node = 0; node < ring.members.length; node++) put(node, ANY_HINT, address, [k, HINTS]);
    });
    let nodesLeft = questions.size;
    const finished = (): void => {
      const snapshots: KeySnapshot[] = keys.map((key, k) => ({
        key,
        busy: driver.writesInFlight(key) || driver.lastWriteActivity(key) >= began,
        replicas: replicas[k],
        metadata: metadata[k],
        ...(hinted === undefined ? {} : { hinted: [...hinted[k]] }),
      }));
      const population = driver.keysWritten.size;
      done({ at: began, tookMicros: now() - began, final, population, keys: snapshots });
    };
    if (nodesLeft === 0) finished();
    // Nodes in parallel, messages to one node in turn.
    for (const [node, list] of questions) {
      this.askInTurn(node, list, 0, { replicas, metadata, hinted }, () => {
        if (--nodesLeft === 0) finished();
      });
    }
  }

  private askInTurn(node: number, list: readonly Question[], index: number, into: Found, done: () => void): void {
    if (index === list.length) {
      done();
      return;
    }
    const { vnodes, addresses, places } = list[index];
    this.options.ask(node, vnodes, addresses, (inspected) => {
      if (inspected === undefined) {
        done();
        return;
      }
      places.forEach(([k, r], i) => {
        const found: readonly number[] | "failed" | undefined = inspected.held[i];
        if (r === HINTS) {
          if (found !== undefined && found !== "failed") for (const id of found) into.hinted![k].add(id);
          return;
        }
        into.replicas[k][r] = found === "failed" ? "unreachable" : (found ?? []);
        into.metadata[k][r] = inspected.metadata[i] ?? null;
      });
      this.askInTurn(node, list, index + 1, into, done);
    });
  }
}

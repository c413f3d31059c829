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
import type { LoadSource } from "../workloads/driver-group";

/** Keys the final scan inspects at most. */
export const MAX_FINAL_KEYS = 100_000;
/** Small messages leave the nodes time for clients in between. */
const KEYS_A_MESSAGE = Math.min(128, MAX_INSPECTED_KEYS);

interface Question {
  readonly vnodes: number[];
  readonly addresses: string[];
  /** Where each answer belongs: [key, replica]. */
  readonly places: (readonly [number, number])[];
}

/** What a scan has found so far: by key, then by replica in preference order. */
interface Found {
  readonly replicas: (readonly WriteId[] | "unreachable")[][];
  readonly metadata: (CopyMetadata | null)[][];
}

/** Hints of each key, and the keys of which some node did not tell: more may wait there. */
interface FoundHints {
  readonly ids: readonly Set<WriteId>[];
  readonly unknown: Set<number>;
}

/** Asks one node; told undefined when it cannot be asked or does not answer. */
export type AskNode = (
  node: number,
  vnodes: readonly number[],
  addresses: readonly Address[],
  done: (inspected: Inspected | undefined) => void,
) => void;

/** Which keys were written, and which are being written: of whoever makes the load. */
export interface WrittenKeys extends Pick<LoadSource, "keysWritten" | "writesInFlight" | "lastWriteActivity"> {
  /** Of a load that is made elsewhere: what it has done with these keys by now is known here once `done` is called. */
  update?(keys: readonly string[], done: () => void): void;
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
      readonly now: () => Micros;
      readonly ask: AskNode;
      /** By which reads go now. */
      readonly ring: () => Ring;
      readonly nVal: number;
      readonly driver: WrittenKeys;
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

  /**
   * Hints are asked for before replicas: one that goes home meanwhile is dropped only when its home has it, so that it is
   * found at one of the two. The other way round it could be found at neither, and would look lost.
   */
  private scan(keys: readonly string[], final: boolean, done: (snapshot: Snapshot) => void): void {
    const began = this.options.now();
    if (final && this.options.hints === true)
      this.scanHints(keys, (hints) => this.scanReplicas(keys, final, began, hints, done));
    else this.scanReplicas(keys, final, began, undefined, done);
  }

  private scanReplicas(
    keys: readonly string[],
    final: boolean,
    began: Micros,
    hints: FoundHints | undefined,
    done: (snapshot: Snapshot) => void,
  ): void {
    const { driver, nVal, now } = this.options;
    const ring = this.options.ring();
    const replicas: Found["replicas"] = keys.map(() => []);
    const metadata: Found["metadata"] = keys.map(() => []);
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
    });
    let nodesLeft = questions.size;
    const finished = (): void => {
      if (driver.update === undefined) tell();
      else driver.update(keys, tell);
    };
    const tell = (): void => {
      const snapshots: KeySnapshot[] = keys.map((key, k) => ({
        key,
        busy: driver.writesInFlight(key) || driver.lastWriteActivity(key) >= began,
        replicas: replicas[k],
        metadata: metadata[k],
        ...(hints === undefined ? {} : { hinted: [...hints.ids[k]] }),
        ...(hints?.unknown.has(k) === true ? { hintsUnknown: true } : {}),
      }));
      const population = driver.keysWritten.size;
      done({ at: began, tookMicros: now() - began, final, population, keys: snapshots });
    };
    if (nodesLeft === 0) finished();
    // Nodes in parallel, messages to one node in turn.
    for (const [node, list] of questions) {
      this.askInTurn(node, list, 0, { replicas, metadata }, () => {
        if (--nodesLeft === 0) finished();
      });
    }
  }

  /** Any node may keep hints of any key; what is asked is made message by message, as it would be much for many nodes. */
  private scanHints(keys: readonly string[], done: (hints: FoundHints) => void): void {
    const { driver } = this.options;
    const ring = this.options.ring();
    const hints: FoundHints = { ids: keys.map(() => new Set()), unknown: new Set() };
    const addresses: Address[] = [];
    const places: number[] = [];
    keys.forEach((key, k) => {
      const activity = driver.keysWritten.get(key);
      if (activity === undefined) return;
      addresses.push(encodeAddress(activity.name));
      places.push(k);
    });
    const members = ring.members.flatMap((_, node) => (ring.has(node) ? [node] : []));
    let nodesLeft = members.length;
    const askFrom = (node: number, from: number): void => {
      if (from >= addresses.length) {
        if (--nodesLeft === 0) done(hints);
        return;
      }
      const page = addresses.slice(from, from + KEYS_A_MESSAGE);
      const vnodes = page.map(() => ANY_HINT);
      this.options.ask(node, vnodes, page, (inspected) => {
        if (inspected === undefined) {
          for (let i = from; i < places.length; i++) hints.unknown.add(places[i]);
          if (--nodesLeft === 0) done(hints);
          return;
        }
        for (let i = 0; i < page.length; i++) {
          const found: readonly number[] | "failed" | undefined = inspected.held[i];
          const k = places[from + i];
          if (found === "failed") hints.unknown.add(k);
          else if (found !== undefined) for (const id of found) hints.ids[k].add(id);
        }
        askFrom(node, from + page.length);
      });
    };
    for (const node of members) askFrom(node, 0);
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
        into.replicas[k][r] = found === "failed" ? "unreachable" : (found ?? []);
        into.metadata[k][r] = inspected.metadata[i] ?? null;
      });
      this.askInTurn(node, list, index + 1, into, done);
    });
  }
}

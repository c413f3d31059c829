/**
 * WARS (Bailis, Venkataraman, Franklin, Hellerstein and Stoica, "Probabilistically Bounded Staleness for Practical
 * Partial Quorums", VLDB 2012): one write and one read of a key at N replicas. For each replica draw W (write out),
 * A (its acknowledgement), R (read out) and S (its response). The write is acknowledged at the Wth smallest W + A; the
 * read begins t later and returns what the R replicas with the smallest R + S answer. It is consistent when one of these
 * had the write by the time the read got there: acknowledged + t + R ≥ W.
 *
 * A trial here does not ask whether the read is consistent at some t but from which t on it is, the *window*: one sample
 * then answers for every t. Draws keep their fractions of a microsecond. Rounding them, as a simulated network does, would
 * move no window by more than two microseconds, but a distribution that begins at 235 µs has 4 % of its mass in each.
 *
 * What the model leaves out: further writes, read repair and anti-entropy, failures, loss and queues, the way between
 * client and coordinator; and it takes the replicas to be alike and their delays to be independent.
 */
import { distributionOf } from "../../engine/vocabulary/distributions";
import { Random } from "../../engine/vocabulary/random";
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import { SortedSample } from "./sorted-sample";

export interface WarsLegs {
  /** Coordinator to replica: a write. */
  readonly w: DistributionSettings;
  /** Replica to coordinator: its acknowledgement. */
  readonly a: DistributionSettings;
  /** Coordinator to replica: a read. */
  readonly r: DistributionSettings;
  /** Replica to coordinator: its response. */
  readonly s: DistributionSettings;
}

export interface WarsModel {
  readonly legs: WarsLegs;
  /**
   * Added to all four legs of every replica but one, which is drawn afresh for the write and for the read: each is
   * asked for in a datacentre that holds one replica, the others being that far away.
   */
  readonly distanceMs?: number;
}

export interface QuorumPair {
  readonly r: number;
  readonly w: number;
}

export interface WarsRequest {
  readonly model: WarsModel;
  readonly n: number;
  /** Each is answered from the same trials. */
  readonly pairs: readonly QuorumPair[];
  readonly trials: number;
  readonly seed: number | string;
  /** Told how many trials are done, some ten times a second. */
  readonly onProgress?: (done: number) => void;
}

export const MOST_REPLICAS = 100;
/** Three numbers a trial and pair are kept: 240 MB. */
export const MOST_TRIALS = 10_000_000;

const BLOCK = 4096;
const MICROS_PER_MS = 1000;

/** Samples of one model; latencies are shared by the pairs that have the quorum. */
export class WarsOutcome {
  private readonly sorted = new Map<Float64Array, SortedSample>();

  constructor(
    private readonly reads: ReadonlyMap<number, Float64Array>,
    private readonly writes: ReadonlyMap<number, Float64Array>,
    private readonly windows: ReadonlyMap<string, Float64Array>,
  ) {}

  /** Milliseconds from asking until the Rth response. */
  readMs(r: number): SortedSample {
    return this.sample(this.reads.get(r), `R=${r}`);
  }

  /** Milliseconds from asking until the Wth acknowledgement. */
  writeMs(w: number): SortedSample {
    return this.sample(this.writes.get(w), `W=${w}`);
  }

  /** Milliseconds after the acknowledgement from which on the read is consistent; 0 where it is at once. */
  windowMs({ r, w }: QuorumPair): SortedSample {
    return this.sample(this.windows.get(pairName(r, w)), `R=${r} W=${w}`);
  }

  /** The same in the order of the trials, unless they have been sorted by then; to be copied. */
  rawWindows({ r, w }: QuorumPair): Float64Array {
    return known(this.windows.get(pairName(r, w)), `R=${r} W=${w}`);
  }

  private sample(drawn: Float64Array | undefined, name: string): SortedSample {
    const values = known(drawn, name);
    let sample = this.sorted.get(values);
    if (sample === undefined) this.sorted.set(values, (sample = new SortedSample(values)));
    return sample;
  }
}

function known(values: Float64Array | undefined, name: string): Float64Array {
  if (values === undefined) throw new RangeError(`${name} was not asked for`);
  return values;
}

/** @throws RangeError when N, a quorum, the number of trials or a distribution is impossible. */
export function simulateWars({ model, n, pairs, trials, seed, onProgress }: WarsRequest): WarsOutcome {
  checkCount("N", n, MOST_REPLICAS);
  checkCount("trials", trials, MOST_TRIALS);
  if (pairs.length === 0) throw new RangeError("no quorums were asked for");
  for (const { r, w } of pairs) {
    checkCount("R", r, n);
    checkCount("W", w, n);
  }
  const unique = [...new Map(pairs.map((pair) => [pairName(pair.r, pair.w), pair])).values()];
  const arrays = (quorums: readonly number[]): Map<number, Float64Array> =>
    new Map([...new Set(quorums)].map((quorum) => [quorum, new Float64Array(trials)]));
  const reads = arrays(unique.map(({ r }) => r));
  const writes = arrays(unique.map(({ w }) => w));
  const readTargets = [...reads];
  const writeTargets = [...writes];
  const windowTargets = unique.map(({ r, w }) => ({ r, w, values: new Float64Array(trials) }));
  const windows = new Map(windowTargets.map(({ r, w, values }) => [pairName(r, w), values]));

  const legs = legDraws(model, n, seed);
  const sent = new Float64Array(n);
  const acknowledged = new Float64Array(n);
  const lead = new Float64Array(n);
  const answered = new Float64Array(n);
  for (let from = 0; from < trials; from += BLOCK) {
    const count = Math.min(BLOCK, trials - from);
    const { w, a, r, s } = legs(count);
    for (let i = 0; i < count; i++) {
      const row = i * n;
      for (let k = 0; k < n; k++) {
        const out = w[row + k];
        // Insertion by time of acknowledgement; N is small.
        insert(acknowledged, k, out + a[row + k]);
        sent[k] = out;
      }
      for (let k = 0; k < n; k++) {
        const out = r[row + k];
        const back = out + s[row + k];
        let at = k;
        for (; at > 0 && answered[at - 1] > back; at--) {
          answered[at] = answered[at - 1];
          lead[at] = lead[at - 1];
        }
        answered[at] = back;
        // How long before the write the read gets to this replica, were both sent at once.
        lead[at] = sent[k] - out;
      }
      // The least lead among the first R to answer.
      for (let k = 1; k < n; k++) if (lead[k - 1] < lead[k]) lead[k] = lead[k - 1];
      const trial = from + i;
      for (const [quorum, values] of readTargets) values[trial] = answered[quorum - 1] / MICROS_PER_MS;
      for (const [quorum, values] of writeTargets) values[trial] = acknowledged[quorum - 1] / MICROS_PER_MS;
      for (const target of windowTargets) {
        const window = lead[target.r - 1] - acknowledged[target.w - 1];
        target.values[trial] = window > 0 ? window / MICROS_PER_MS : 0;
      }
    }
    onProgress?.(from + count);
  }
  return new WarsOutcome(reads, writes, windows);
}

function insert(ascending: Float64Array, count: number, value: number): void {
  let at = count;
  for (; at > 0 && ascending[at - 1] > value; at--) ascending[at] = ascending[at - 1];
  ascending[at] = value;
}

type Drawn = { readonly w: Float64Array; readonly a: Float64Array; readonly r: Float64Array; readonly s: Float64Array };

/**
 * Draws for a block of trials, trial by trial and replica by replica, in microseconds. Each leg has a random stream of its
 * own, so that a change of one leg does not reshuffle the others.
 */
function legDraws({ legs, distanceMs = 0 }: WarsModel, n: number, seed: number | string): (trials: number) => Drawn {
  if (!(distanceMs >= 0 && distanceMs < Infinity)) throw new RangeError(`the distance is ${distanceMs} ms`);
  const root = Random.fromSeed(seed).fork("wars");
  const leg = (name: keyof WarsLegs): { values: Float64Array; fill: (count: number) => void } => {
    const values = new Float64Array(BLOCK * n);
    const { fromUniform } = distributionOf(legs[name]);
    const random = root.fork(name);
    return {
      values,
      fill: (count) => {
        for (let i = 0; i < count; i++) values[i] = fromUniform(random.nextFloat());
      },
    };
  };
  const [w, a, r, s] = [leg("w"), leg("a"), leg("r"), leg("s")];
  const distance = distanceMs * MICROS_PER_MS;
  const nearWrite = root.fork("near the writer");
  const nearRead = root.fork("near the reader");
  return (trials) => {
    for (const one of [w, a, r, s]) one.fill(trials * n);
    if (distance > 0) {
      for (let i = 0; i < trials; i++) {
        addExcept(nearWrite.nextBelow(n), i * n, w.values, a.values);
        addExcept(nearRead.nextBelow(n), i * n, r.values, s.values);
      }
    }
    return { w: w.values, a: a.values, r: r.values, s: s.values };
  };
  function addExcept(near: number, row: number, out: Float64Array, back: Float64Array): void {
    for (let k = 0; k < n; k++) {
      if (k === near) continue;
      out[row + k] += distance;
      back[row + k] += distance;
    }
  }
}

function pairName(r: number, w: number): string {
  return `${r}/${w}`;
}

function checkCount(name: string, value: number, most: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1 && value <= most)) {
    throw new RangeError(`${name} is ${value}; allowed: an integer from 1 to ${most}`);
  }
}

/**
 * What is known of partial quorums without drawing anything (Bailis and others, VLDB 2012, section 3 and appendix; Malkhi,
 * Reiter and Wright's probabilistic quorums before them). Quorums here are drawn at random and do *not* grow after the
 * write was acknowledged, which those of Dynamo-style stores do: for these the closed forms bound staleness from above.
 */

export interface Quorums {
  readonly n: number;
  readonly r: number;
  readonly w: number;
}

/** The chance that a random read quorum misses a random write quorum: C(N-W, R) / C(N, R). 0 when R + W > N. */
export function missChance({ n, r, w }: Quorums): number {
  for (const [name, value] of [
    ["N", n],
    ["R", r],
    ["W", w],
  ] as const) {
    if (!(Number.isSafeInteger(value) && value >= 1 && value <= (name === "N" ? Number.MAX_SAFE_INTEGER : n))) {
      throw new RangeError(`${name} is ${value}; allowed: an integer from 1 to ${name === "N" ? "any" : "N"}`);
    }
  }
  // Factor by factor: the coefficients themselves outgrow a double at N = 1030.
  let chance = 1;
  for (let i = 0; i < r; i++) chance *= Math.max(0, n - w - i) / (n - i);
  return chance;
}

/** k-staleness: the chance that a read returns one of the last k versions. k >= 1, may be fractional. */
export function withinVersions(quorums: Quorums, k: number): number {
  if (!(k >= 1)) throw new RangeError(`k is ${k}; allowed: 1 or more versions`);
  return 1 - missChance(quorums) ** k;
}

export interface SessionRates {
  /** Writes of the key by anybody. */
  readonly writesPerSecond: number;
  /** Reads of the key by the one client. */
  readonly readsPerSecond: number;
}

/**
 * Monotonic reads: the chance that a client's read is not older than its last; `strict`: that it is newer where there is
 * something newer.
 */
export function monotonicReads(quorums: Quorums, rates: SessionRates, strict = false): number {
  const between = rates.writesPerSecond / rates.readsPerSecond;
  if (!(between >= 0)) throw new RangeError("rates must be at least 0, that of reads above it");
  return 1 - missChance(quorums) ** (between + (strict ? 0 : 1));
}

/**
 * Load of the busiest replica (share of operations), at least, if a read may miss the last k versions with chance
 * `missing`. Malkhi and others: (1 - √ε)/√N for quorums that miss one another with chance ε, and ε here is the kth root.
 * The paper's appendix prints (1 - p)^(1/2k)/√N instead, which grows with k although it argues that load falls.
 */
export function leastLoad(n: number, missing: number, k: number): number {
  if (!(missing >= 0 && missing <= 1)) throw new RangeError(`a chance is between 0 and 1, not ${missing}`);
  if (!(k >= 1 && n >= 1)) throw new RangeError("k and N are at least 1");
  return (1 - missing ** (1 / (2 * k))) / Math.sqrt(n);
}

/**
 * ⟨k, t⟩-staleness, the conservative rule: the chance to be within k versions t after the last write, given the chance to
 * have the last one. It takes all k versions to have been written at once; spread over time, older ones are surer.
 */
export function withinVersionsAt(consistentAtT: number, k: number): number {
  return 1 - (1 - consistentAtT) ** k;
}

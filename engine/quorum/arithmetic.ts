/**
 * Quorum arithmetic: how many answers are enough, and how many failures make enough impossible. It knows numbers only,
 * neither messages nor time. `quorum` is floor(N/2)+1 (Riak, Dynamo); an integer above N is a contradiction that the
 * experiment file already refuses, checked here again because requests may carry their own values.
 */
import type { QuorumValue } from "../vocabulary/settings";

/** The number of replicas a value means at `n` replicas; undefined when it is not between 0 and n. */
export function resolveQuorum(value: QuorumValue, n: number): number | undefined {
  switch (value) {
    case "one":
      return 1;
    case "quorum":
      return Math.floor(n / 2) + 1;
    case "all":
      return n;
    default:
      return Number.isInteger(value) && value >= 0 && value <= n ? value : undefined;
  }
}

export type Verdict = "pending" | "met" | "unreachable";

/**
 * Counts answers towards one or more thresholds over the same `n` replicas. Each replica answers at most once per
 * threshold; the caller keeps duplicates out.
 */
export class Tally {
  ok = 0;
  failed = 0;

  constructor(
    /** Answers wanted. */
    readonly needed: number,
    /** Replicas that may still answer, at the start. */
    readonly possible: number,
  ) {}

  verdict(): Verdict {
    if (this.ok >= this.needed) return "met";
    return this.possible - this.failed < this.needed ? "unreachable" : "pending";
  }
}

/** Sets of a preference list's replicas are bit masks: this many replicas at most. */
export const MAX_REPLICAS = 30;

/** Where (node, vnode) stands in a preference list; -1 when it does not. */
export function positionOf(
  replicas: readonly { readonly node: number; readonly vnode: number }[],
  node: number,
  vnode: number,
): number {
  for (let i = 0; i < replicas.length; i++) {
    if (replicas[i].node === node && replicas[i].vnode === vnode) return i;
  }
  return -1;
}

/** Position of the lowest bit of a set; -1 of the empty set. */
export function firstOf(set: number): number {
  return set === 0 ? -1 : 31 - Math.clz32(set & -set);
}

/** Different nodes that a set of a preference list's replicas is on: a host that has two of them counts once. */
export function nodesOf(set: number, replicas: readonly { readonly node: number }[]): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) {
    const at = firstOf(rest);
    let earlier = set & ((1 << at) - 1);
    while (earlier !== 0 && replicas[firstOf(earlier)].node !== replicas[at].node) earlier &= earlier - 1;
    if (earlier === 0) count++;
  }
  return count;
}

/** Members of a set. */
export function countOf(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count++;
  return count;
}

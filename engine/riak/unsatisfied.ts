/**
 * Riak's words for quorums that were not reached or could not be: one text for both front ends, because clients look into it.
 * They say which of the thresholds it was and how far it got, which an outcome alone does not.
 */
import type { RequestOptions, Shortfall, Threshold } from "../messages";
import { resolveQuorum } from "../quorum/arithmetic";

const NAMES: Readonly<Record<Threshold, string>> = {
  r: "R",
  pr: "PR",
  w: "W",
  dw: "DW",
  pw: "PW",
  node_confirms: "node_confirms",
};

/** `PR-value unsatisfied: 1/2` */
export function unsatisfied({ what, got, wanted }: Shortfall): string {
  return `${NAMES[what]}-value unsatisfied: ${String(got)}/${String(wanted)}`;
}

/** What is wrong with a request's quorums at a bucket's N: Riak says it of a put's even where a get's are meant. */
export function beyondN(options: RequestOptions | undefined, n: number): string | undefined {
  if (options === undefined) return undefined;
  const { r, pr, w, dw, pw, nodeConfirms, nVal } = options;
  const most = nVal ?? n;
  if (most < 1 || most > n) return `n_val ${String(most)} is not between 1 and the bucket's ${String(n)}`;
  for (const value of [r, pr, w, dw, pw, nodeConfirms]) {
    if (value !== undefined && resolveQuorum(value, most) === undefined)
      return `Specified w/dw/pw/node_confirms values invalid for bucket n value of ${String(most)}`;
  }
  return undefined;
}

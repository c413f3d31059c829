/**
 * Quorums as Riak's clients write them: a number of replicas, or `one`, `quorum`, `all`; and `default`, which says nothing.
 */
import type { QuorumValue } from "../vocabulary/settings";

/** The value; undefined for `default`; `malformed` for anything else. Numbers are not held against an N. */
export function quorumOfText(text: string): QuorumValue | undefined | "malformed" {
  switch (text) {
    case "default":
      return undefined;
    case "one":
    case "quorum":
    case "all":
      return text;
    default:
      return /^\+?\d{1,9}$/.test(text) ? Number(text) : "malformed";
  }
}

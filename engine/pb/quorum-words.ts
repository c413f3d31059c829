/**
 * Quorums as protocol buffers have them: a number, or one of four words at the upper end of 32 bits, where no quorum can be.
 * They are unsigned: read as signed integers the words are -2 to -5, and a quorum of -2 is refused by whoever sees it first.
 *
 * Source: riak_pb_kv_codec.hrl.
 */
import type { QuorumValue } from "../vocabulary/settings";

export const ONE = 0xfffffffe;
export const QUORUM = 0xfffffffd;
export const ALL = 0xfffffffc;
export const DEFAULT = 0xfffffffb;

/** Undefined where the bucket's own is meant. */
export function quorumOf(field: number | undefined): QuorumValue | undefined {
  switch (field) {
    case undefined:
    case DEFAULT:
      return undefined;
    case ONE:
      return "one";
    case QUORUM:
      return "quorum";
    case ALL:
      return "all";
    default:
      return field;
  }
}

export function fieldOf(quorum: QuorumValue): number {
  switch (quorum) {
    case "one":
      return ONE;
    case "quorum":
      return QUORUM;
    case "all":
      return ALL;
    default:
      return quorum;
  }
}

/**
 * Which of Cassandra's consistency levels a number of replicas is. Between THREE and ALL there is only QUORUM, so some numbers are
 * none: such an experiment is refused, as the nearest level would measure another one.
 */
import type { QuorumValue } from "../../engine/vocabulary/settings";

export type ConsistencyLevel = "ONE" | "TWO" | "THREE" | "QUORUM" | "ALL";

/** The level that waits for as many of `nVal` replicas; undefined where Cassandra has none. */
export function consistencyLevel(value: QuorumValue, nVal: number): ConsistencyLevel | undefined {
  switch (value) {
    case "one":
    case 1:
      return "ONE";
    case "quorum":
      return "QUORUM";
    case "all":
      return "ALL";
    case 2:
      return "TWO";
    case 3:
      return "THREE";
    default:
      if (value === nVal) return "ALL";
      return value === Math.floor(nVal / 2) + 1 ? "QUORUM" : undefined;
  }
}

/** Behind the number that is none. */
export const NO_LEVEL = "Cassandra has no consistency level for it; it has one, two, three, quorum and all";

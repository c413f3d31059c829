/**
 * How an operation ended, as a closed union. The distinction that every analysis stands on is *definite* against
 * *indefinite*: a definite failure did not happen and never will; an indefinite one may have happened, may still
 * happen, or may not. Counting an indefinite write as failed is how a checker comes to see values from nowhere.
 * When in doubt an outcome is indefinite.
 */

export const OUTCOMES = [
  /** It happened (a read that found nothing is ok too: absence is an answer). */
  "ok",
  // Definite: nothing was stored anywhere on behalf of the operation.
  "unavailable", // fewer replicas believed up than the quorum needs; refused before anything was sent
  "overloaded", // admission bound reached; refused before anything was done
  "too_many_siblings", // the coordinating replica refused before storing
  "invalid", // the request contradicts itself or the cluster (r > n, malformed context, wrong coordinator)
  "unsupported", // this target or engine cannot do the operation
  "not_sent", // the client had no open connection; no byte left the process
  // Indefinite: a write may have reached some replicas.
  "timeout", // no quorum before the deadline
  "quorum_unreachable", // replicas answered with failures until the quorum became impossible
  "connection_lost", // the connection closed before the answer
] as const;

export type Outcome = (typeof OUTCOMES)[number];
export type Certainty = "ok" | "definite" | "indefinite";

const INDEFINITE: ReadonlySet<Outcome> = new Set<Outcome>(["timeout", "quorum_unreachable", "connection_lost"]);

/** What the outcome allows a checker to conclude about a write. */
export function certainty(outcome: Outcome): Certainty {
  if (outcome === "ok") return "ok";
  return INDEFINITE.has(outcome) ? "indefinite" : "definite";
}

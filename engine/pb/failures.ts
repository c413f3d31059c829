/**
 * What a client is told of an operation that did not succeed. Riak's protocol buffers say no more than a text (the error's
 * code is always 0), and clients compare it; so where Riak has a word it stands alone or comes first.
 */
import type { AnswerMessage, RequestOptions } from "../messages";
import { beyondN, unsatisfied } from "../riak/unsatisfied";
import type { Outcome } from "../vocabulary/outcomes";

/** Of a get, put or delete; `n` is its bucket's. */
export function failureText(
  { outcome, reason, shortfall }: Pick<AnswerMessage, "outcome" | "reason" | "shortfall">,
  options: RequestOptions | undefined,
  n: number,
): string {
  if (outcome === "invalid") return beyondN(options, n) ?? reason;
  // Riak does not say how far a request got that ran out of time.
  if (shortfall !== undefined && outcome !== "timeout") return unsatisfied(shortfall);
  const word = WORDS.get(outcome);
  if (word === undefined) return reason;
  return outcome === "timeout" || reason === "" ? word : `${word}: ${reason}`;
}

/** Of a listing, or of properties. */
export function otherFailureText(outcome: Outcome, reason: string): string {
  return failureText({ outcome, reason }, undefined, 0);
}

const WORDS: ReadonlyMap<Outcome, string> = new Map([
  ["timeout", "timeout"],
  ["overloaded", "overload"],
  ["too_many_siblings", "too_many_siblings"],
  ["unavailable", "insufficient_vnodes"],
  ["quorum_unreachable", "too_many_fails"],
]);

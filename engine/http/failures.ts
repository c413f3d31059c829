/**
 * What a client is told when the node could not do it: Riak's statuses and texts. The line between 503 and 500 is Riak's and
 * stranger than it looks: a quorum that was tried and missed is 503, one that could not even be tried because too few nodes are up
 * is 500, unless it is one of primaries. What matters to a careful client is another line, between what did not happen and what
 * may have: the texts tell them apart, and the README says which are which.
 */
import type { AnswerMessage } from "../messages";
import { unsatisfied } from "../riak/unsatisfied";
import type { Octets } from "../vocabulary/octets";
import type { Exchange } from "./exchange";

export interface Failure {
  readonly status: number;
  readonly text: string;
}

/** Status and text of an answer that is not ok. */
export function failureOf(
  { outcome, reason, shortfall }: Pick<AnswerMessage, "outcome" | "reason" | "shortfall">,
  operation: "get" | "put" | "list",
): Failure {
  switch (outcome) {
    case "timeout":
      return { status: 503, text: "request timed out\n" };
    case "quorum_unreachable":
      if (shortfall !== undefined) return { status: 503, text: `${unsatisfied(shortfall)}\n` };
      return operation === "put"
        ? { status: 503, text: "Too Many write failures to satisfy W/DW\n" }
        : { status: 503, text: `${reason}\n` };
    case "unavailable":
      if (shortfall === undefined) return { status: 503, text: `Unable to connect to Riak: ${reason}\n` };
      if (shortfall.what === "pr" || shortfall.what === "pw" || shortfall.what === "node_confirms")
        return { status: 503, text: `${unsatisfied(shortfall)}\n` };
      return {
        status: 500,
        text: `Error:\n{insufficient_vnodes,${String(shortfall.got)},need,${String(shortfall.wanted)}}\n`,
      };
    case "overloaded":
      return { status: 500, text: `Error:\noverload\n` };
    case "too_many_siblings":
      return { status: 500, text: "Error:\ntoo_many_siblings\n" };
    case "invalid":
      return { status: 400, text: `${reason}\n` };
    case "connection_lost":
    case "not_sent":
      return { status: 503, text: `client not available: ${reason}\n` };
    case "ok":
    case "unsupported":
      return { status: 500, text: `Error:\n${reason}\n` };
  }
}

export function answerFailure(
  exchange: Exchange,
  answer: Pick<AnswerMessage, "outcome" | "reason" | "shortfall">,
  operation: "get" | "put" | "list",
): void {
  const { status, text } = failureOf(answer, operation);
  exchange.text(status, text);
}

export function answerUnknownType(exchange: Exchange, type: Octets): void {
  exchange.text(404, `Unknown bucket type: ${type}`);
}

/**
 * What Riak answered, as the driver sees it: values give up the marks by which they name their writes. A value without a mark
 * was not written by this driver, and the key's read is worth nothing then: it ends as invalid with a reason, for a version
 * left out in silence would look like a write that was lost, or like a read that was fresh.
 */
import { writeIdOfVtag } from "../../engine/riak/write-ids";
import type { Octets } from "../../engine/vocabulary/octets";
import type { Outcome } from "../../engine/vocabulary/outcomes";
import type { Reply } from "../operation";
import { unmarked } from "./marked-value";
import { answerOfOurs, type RiakAnswer } from "./riak-answers";
import type { ANSWERS } from "./riak-requests";

/**
 * `kind`: of what was asked: a write that is stored is stored, whatever its answer brings back. `writeIdOf`: what the store itself says of
 * a version's write, where its entity tags do; of tombstones nothing else can.
 */
export function replyOfRiak(
  kind: keyof typeof ANSWERS,
  answer: RiakAnswer,
  coordinator: number,
  writeIdOf?: (etag: string) => number | undefined,
): Reply {
  const { outcome, siblings, context, reason } = answer;
  const versions: number[] = [];
  const payloads: Octets[] = [];
  let values = 0;
  for (const { value, deleted, etag, writeId: named } of siblings) {
    if (deleted) {
      const writeId = named ?? writeIdOf?.(etag);
      if (writeId === undefined) continue;
      versions.push(writeId);
      payloads.push("");
      continue;
    }
    const known = unmarked(value);
    // Without its clock, for nobody could say what a write that carries it has seen.
    if (known === undefined) return failedReply(kind === "get" ? "invalid" : outcome, FOREIGN, coordinator);
    versions.push(known.writeId);
    payloads.push(known.payload);
    values++;
  }
  return { outcome, versions, payloads, values, context, coordinator, reason };
}

/** The same of a node of ours, whoever asked it: its overload is certain, and its entity tags name writes. */
export function replyOfOurs(kind: keyof typeof ANSWERS, answer: RiakAnswer): Reply {
  return replyOfRiak(kind, answerOfOurs(answer), -1, writeIdOfVtag);
}

export function failedReply(outcome: Outcome, reason: string, coordinator = -1): Reply {
  return { outcome, versions: [], payloads: [], values: 0, context: "", coordinator, reason };
}

const FOREIGN = "a value that no write of this run made";

/**
 * What Riak answered, as the driver sees it: values give up the marks by which they name their writes. A value without a mark
 * was not written by this driver, and the key's read is worth nothing then: it ends as invalid with a reason, for a version
 * left out in silence would look like a write that was lost, or like a read that was fresh.
 */
import type { Octets } from "../../engine/vocabulary/octets";
import type { Outcome } from "../../engine/vocabulary/outcomes";
import type { Reply } from "../operation";
import { unmarked } from "./marked-value";
import type { RiakAnswer } from "./riak-answers";

/** `writeIdOf`: what the store itself says of a version's write, where its entity tags do; of tombstones nothing else can. */
export function replyOfRiak(
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
    if (known === undefined) return failedReply("invalid", "a value that no write of this run made", coordinator);
    versions.push(known.writeId);
    payloads.push(known.payload);
    values++;
  }
  return { outcome, versions, payloads, values, context, coordinator, reason };
}

export function failedReply(outcome: Outcome, reason: string, coordinator = -1): Reply {
  return { outcome, versions: [], payloads: [], values: 0, context: "", coordinator, reason };
}

/** What the engine is asked and answers, as the driver sees it: the same for both worlds. */
import { type AnswerMessage, type ScanAnswer, type ScanRequest, THE_CLIENT } from "../../engine/messages";
import { bucketPrefix } from "../../engine/vocabulary/address";
import { THE_CLIENT_ITSELF } from "../../results/record/history";
import type { Reply, Request } from "../operation";

/** A scan begins at the request's key and stays in its bucket. */
export function rangeOf({
  key,
  scanEnd,
  scanLength,
}: Request): Pick<ScanRequest, "bucket" | "start" | "end" | "limit"> {
  return { bucket: bucketPrefix(key.type, key.bucket), start: key.key, end: scanEnd, limit: scanLength };
}

/** A scan brings no contexts: what is written after one is as blind as after none. */
export function replyOfScan({ outcome, keys, next, coordinator, reason }: ScanAnswer): Reply {
  const records = keys.map(({ key, versions }) => ({
    key,
    versions: versions.map(({ writeId }) => writeId),
    payloads: versions.map(({ value }) => value),
  }));
  return {
    outcome,
    versions: [],
    payloads: [],
    values: records.length,
    context: "",
    coordinator,
    reason,
    records,
    ...(next === "" ? {} : { next }),
  };
}

export function replyOf(answer: AnswerMessage): Reply {
  const { versions } = answer;
  let values = 0;
  for (const version of versions) if (!version.tombstone) values++;
  return {
    outcome: answer.outcome,
    versions: versions.map((version) => version.writeId),
    payloads: versions.map((version) => version.value),
    values,
    context: answer.context,
    coordinator: answer.coordinator === THE_CLIENT ? THE_CLIENT_ITSELF : answer.coordinator,
    reason: answer.reason,
  };
}

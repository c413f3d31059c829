/** What the engine answers, as the driver sees it: the same for both worlds. */
import type { AnswerMessage } from "../../engine/messages";
import type { Reply } from "../operation";

export const SCAN_UNSUPPORTED: Reply = {
  outcome: "unsupported",
  versions: [],
  payloads: [],
  values: 0,
  context: "",
  coordinator: -1,
  reason: "scans are not supported by this target yet",
};

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
    coordinator: answer.coordinator,
    reason: answer.reason,
  };
}

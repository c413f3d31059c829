/** The engine itself as a target, over its binary protocol and the client library. */
import type { Client } from "../../engine/real/client";
import type { AnswerMessage } from "../../engine/messages";
import { encodeAddress } from "../../engine/vocabulary/address";
import type { Reply, Request } from "../operation";
import type { Capabilities, Target } from "./target";

export class EngineTarget implements Target {
  readonly name = "engine";
  readonly capabilities: Capabilities = {
    siblings: true,
    contexts: true,
    perRequestQuorums: true,
    scans: false,
    faults: true,
    inspection: true,
  };

  constructor(private readonly client: Client) {}

  submit(request: Request, done: (reply: Reply) => void): void {
    const answered = (answer: AnswerMessage): void => done(replyOf(answer));
    switch (request.kind) {
      case "get":
        this.client.get(encodeAddress(request.key), undefined, answered);
        return;
      case "put":
      case "delete": {
        const { writeId, value } = request;
        const version = { writeId, value, tombstone: request.kind === "delete" };
        this.client.put(encodeAddress(request.key), request.context, version, undefined, answered);
        return;
      }
      case "scan":
        process.nextTick(() => done(SCAN_UNSUPPORTED));
        return;
    }
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

const SCAN_UNSUPPORTED: Reply = {
  outcome: "unsupported",
  versions: [],
  payloads: [],
  values: 0,
  context: "",
  coordinator: -1,
  reason: "scans are not supported by this target yet",
};

function replyOf(answer: AnswerMessage): Reply {
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

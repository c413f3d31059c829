/** The engine itself as a target, over its binary protocol and the client library. */
import type { Client } from "../../engine/real/client";
import type { AnswerMessage } from "../../engine/messages";
import { encodeAddress } from "../../engine/vocabulary/address";
import { TARGETS } from "../../results/record/capabilities";
import type { Reply, Request } from "../operation";
import { rangeOf, replyOf, replyOfScan } from "./replies";
import type { Target } from "./target";

export class EngineTarget implements Target {
  readonly name = "engine";
  readonly capabilities = TARGETS.engine.can;

  /** `timestamp` gives each session's writes their wall time; 0 for none. */
  constructor(
    private readonly client: Client,
    private readonly timestamp: (session: number) => number = () => 0,
  ) {}

  submit(request: Request, done: (reply: Reply) => void): void {
    const answered = (answer: AnswerMessage): void => done(replyOf(answer));
    switch (request.kind) {
      case "get":
        this.client.get(encodeAddress(request.key), undefined, answered, request.session);
        return;
      case "put":
      case "delete": {
        const { writeId, value, session } = request;
        const version = { writeId, value, tombstone: request.kind === "delete" };
        const writer = { client: session, timestamp: this.timestamp(session) };
        this.client.put(encodeAddress(request.key), request.context, version, undefined, answered, writer, session);
        return;
      }
      case "scan":
        this.client.scan(rangeOf(request), undefined, (answer) => done(replyOfScan(answer)), request.session);
        return;
    }
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

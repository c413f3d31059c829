/** The engine in virtual time as a target: the simulated client library on the simulated network. */
import type { AnswerMessage } from "../../engine/messages";
import type { SimulatedClient } from "../../engine/sim/client";
import { encodeAddress } from "../../engine/vocabulary/address";
import { TARGETS } from "../../results/record/capabilities";
import type { Reply, Request } from "../operation";
import { rangeOf, replyOf, replyOfScan } from "./replies";
import type { Target } from "./target";

export class SimulatedTarget implements Target {
  readonly name = "engine";
  readonly capabilities = TARGETS.engine.can;

  constructor(private readonly client: SimulatedClient) {}

  submit(request: Request, done: (reply: Reply) => void): void {
    const answered = (answer: AnswerMessage): void => done(replyOf(answer));
    const { session } = request;
    switch (request.kind) {
      case "get":
        this.client.get(session, encodeAddress(request.key), undefined, answered);
        return;
      case "put":
      case "delete": {
        const { writeId, value } = request;
        const version = { writeId, value, tombstone: request.kind === "delete" };
        this.client.put(session, encodeAddress(request.key), request.context, version, undefined, answered);
        return;
      }
      case "scan":
        this.client.scan(session, rangeOf(request), undefined, (answer) => done(replyOfScan(answer)));
        return;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

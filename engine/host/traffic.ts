/**
 * Messages between nodes and their bytes, by what caused them: the price of each mechanism. Counted where a message leaves,
 * in both worlds, by the message itself, so that a mechanism cannot forget to declare what it sends. Acknowledgements are
 * charged to the writes of clients, which cause nearly all of them.
 */
import type { PeerMessage } from "../messages";

export type MessageCause =
  | "replication"
  | "reading"
  | "read-repair"
  | "hint"
  | "anti-entropy"
  | "detector"
  | "forwarding"
  | "gossip"
  | "handoff";

export type TrafficByCause = Readonly<Record<MessageCause, { readonly messages: number; readonly bytes: number }>>;

export function causeOf(message: PeerMessage): MessageCause {
  switch (message.kind) {
    case "get":
    case "put":
    case "answer":
      return "forwarding";
    case "replica-get":
    case "replica-get-reply":
      return message.background === true ? "anti-entropy" : "reading";
    case "range":
    case "range-reply":
      return "reading";
    case "replica-put":
      return message.cause === "reap" ? "replication" : message.cause;
    case "replica-put-reply":
    case "replica-update":
    case "replica-updated":
      return "replication";
    case "handoff":
    case "handoff-reply":
      return "hint";
    case "heartbeat":
    case "probe":
      return "detector";
    case "gossip":
      return "gossip";
    case "transfer-offer":
    case "transfer-copies":
    case "transfer-reply":
      return "handoff";
    default:
      return "anti-entropy";
  }
}

const CAUSES: readonly MessageCause[] = [
  "replication",
  "reading",
  "read-repair",
  "hint",
  "anti-entropy",
  "detector",
  "forwarding",
  "gossip",
  "handoff",
];
const PLACE = Object.fromEntries(CAUSES.map((cause, i) => [cause, i])) as Readonly<Record<MessageCause, number>>;

export class Traffic {
  private readonly messages = new Float64Array(CAUSES.length);
  private readonly bytes = new Float64Array(CAUSES.length);

  /** `bytes` is NaN where messages are not encoded. */
  count(message: PeerMessage, bytes: number): void {
    const place = PLACE[causeOf(message)];
    this.messages[place]++;
    this.bytes[place] += bytes;
  }

  byCause(): TrafficByCause {
    const all = CAUSES.map((cause, i) => [cause, { messages: this.messages[i], bytes: this.bytes[i] }]);
    return Object.fromEntries(all) as TrafficByCause;
  }
}

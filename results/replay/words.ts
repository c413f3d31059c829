/**
 * What happens at a moment, as one sentence for somebody who has never read the protocol: who does what to whom, with
 * which write, and how it ends. The names of messages stay out of it; they stand in the details. Writes are called w1,
 * w2 … in the order in which they appear among the writes of their key, because their ids are long.
 */
import type { MessageEvent, OperationEvent, Timeline } from "./model";

export interface ReplayWords {
  /** The moment that leads to `position`. Plain text. */
  readonly caption: (position: number) => string;
  /** `w3`, of the key. */
  readonly write: (key: string, id: number) => string;
  /** `w1 and w2`, or `nothing`. */
  readonly writes: (key: string, ids: readonly number[]) => string;
  /** Seconds from the start of the warm-up, as the report counts: `58.0123 s`. */
  readonly time: (micros: number) => string;
  /** A length of time: `1.25 ms`. */
  readonly length: (micros: number) => string;
  /** Of an operation, for its bar: `read → w2`, `write w3`. */
  readonly operation: (operation: OperationEvent, ended: boolean) => string;
  /** What never arriving means here; empty for what did. */
  readonly fate: (message: MessageEvent) => string;
}

export function replayWords(timeline: Timeline): ReplayWords {
  const { header, events, moments } = timeline;
  const write = (key: string, id: number): string => `w${timeline.writeNumber(key, id)}`;
  const list = (items: readonly string[]): string =>
    items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
  const writes = (key: string, ids: readonly number[]): string =>
    ids.length === 0
      ? "nothing"
      : ids.length > 6
        ? `${list(ids.slice(0, 5).map((id) => write(key, id)))} and ${ids.length - 5} more`
        : list(ids.map((id) => write(key, id)));
  const time = (micros: number): string => {
    const from = micros - header.warmupMicros;
    return `${from < 0 ? "−" : ""}${(Math.abs(from) / 1e6).toFixed(4)}\u00a0s`;
  };
  const length = (micros: number): string => {
    if (micros >= 1e6) return `${Number((micros / 1e6).toPrecision(3))}\u00a0s`;
    if (micros >= 1e3) return `${Number((micros / 1e3).toPrecision(3))}\u00a0ms`;
    return `${Math.round(micros)}\u00a0µs`;
  };
  const carried = ({ key, versions }: MessageEvent): string =>
    versions.length === 0
      ? "a write"
      : versions.length === 1
        ? `the write ${writes(key, versions)}`
        : writes(key, versions);
  const fate = ({ fate: what, to }: MessageEvent): string => {
    switch (what) {
      case "delivered":
        return "";
      case "lost":
        return "it is lost on the way";
      case "cut":
        return "it never arrives, because the link is cut";
      case "node-down":
        return `it never arrives, because ${to} is down`;
      case "queue-full":
        return `${to} drops it, because its queue is full`;
      case "held":
        return "the link holds it back";
      case "in-flight":
        return "it is still under way when the window ends";
    }
  };
  const fromNode = (party: string): boolean => header.nodes.some(({ id }) => id === party);
  /** A clause in the present tense. */
  const sending = (message: MessageEvent): string => {
    const { from, to: receiver, what, detail, key, versions } = message;
    const to = receiver === from ? "itself" : receiver;
    const passes = fromNode(from) && fromNode(receiver);
    switch (what) {
      case "get":
        return passes ? `${from} passes the read on to ${to}` : `${from} asks ${to} to read`;
      case "put":
        return passes ? `${from} passes ${carried(message)} on to ${to}` : `${from} sends ${carried(message)} to ${to}`;
      case "answer":
        return `${from} answers ${to}${detail === "" ? "" : `: ${detail}`}${versions.length === 0 ? "" : `, with ${writes(key, versions)}`}`;
      case "replica-get":
        return `${from} asks ${to} what it holds`;
      case "replica-get-reply":
        return versions.length > 0
          ? `${from} tells ${to} that it holds ${writes(key, versions)}`
          : /fail/.test(detail)
            ? `${from} tells ${to} that it could not read`
            : `${from} tells ${to} that it holds nothing`;
      case "scan":
        return `${from} asks ${to} for a range of keys`;
      case "scan-answer":
        return `${from} answers ${to}: ${detail}`;
      case "range":
        return `${from} asks ${to} for its copies of the range`;
      case "range-reply":
        return /fail/.test(detail)
          ? `${from} tells ${to} that it could not read`
          : `${from} sends ${to} the copies that it holds (${detail})`;
      case "replica-put":
        return /read.?repair/.test(detail)
          ? `${from} repairs ${to} with ${carried(message)}`
          : `${from} sends ${carried(message)} to ${to} to keep`;
      case "replica-update":
        return `${from} asks ${to} to make ${carried(message)}`;
      case "replica-put-reply":
      case "replica-updated":
        return /fail|too_many|invalid/.test(detail)
          ? `${from} tells ${to} that ${carried(message)} failed (${detail})`
          : `${from} acknowledges ${carried(message)} to ${to}${detail === "" || detail === "ok" ? "" : ` (${detail})`}`;
      case "heartbeat":
        return `${from} tells ${to} that it is alive`;
      default:
        return `${from} sends “${what}” to ${to}${detail === "" ? "" : ` (${detail})`}${versions.length === 0 ? "" : `, with ${writes(key, versions)}`}`;
    }
  };
  const noun = (message: MessageEvent): string => {
    const { what, from, detail, key, versions } = message;
    switch (what) {
      case "get":
        return `the read from ${from}`;
      case "put":
      case "replica-update":
        return `${carried(message)} from ${from}`;
      case "replica-put":
        return /read.?repair/.test(detail)
          ? `the repair with ${carried(message)} from ${from}`
          : `${carried(message)} from ${from}`;
      case "answer":
        return `the answer of ${from}`;
      case "scan":
        return `the scan of ${from}`;
      case "scan-answer":
        return `the answer of ${from}`;
      case "range-reply":
        return `the page of ${from}`;
      case "range":
      case "replica-get":
        return `the question of ${from}`;
      case "replica-get-reply":
        return `the reply of ${from} (${writes(key, versions)})`;
      case "replica-put-reply":
      case "replica-updated":
        return `the acknowledgement of ${from}${versions.length === 0 ? "" : ` for ${writes(key, versions)}`}`;
      case "heartbeat":
        return `the sign of life of ${from}`;
      default:
        return `“${what}” from ${from}`;
    }
  };
  const isWrite = ({ writeId }: OperationEvent): boolean => writeId !== 0;
  const operationWords = (operation: OperationEvent, ended: boolean): string => {
    const { key, operation: name, versions, outcome, writeId } = operation;
    const head = isWrite(operation) ? `${name} ${write(key, writeId)}` : name;
    if (!ended) return `${head} …`;
    if (outcome !== "ok") return `${head}: ${outcome.replace(/_/g, " ")}`;
    if (isWrite(operation) || name === "scan") return `${head}: ok`;
    return `${head} → ${versions.length === 0 ? "nothing" : versions.map((id) => write(key, id)).join(", ")}${operation.stale === true ? " (stale)" : ""}`;
  };
  const ending = (operation: OperationEvent): string => {
    const { client, operation: name, key, outcome, versions, stale, startedAt, endedAt, writeId } = operation;
    const took = `after ${length(endedAt - startedAt)}`;
    const what = isWrite(operation) ? `the ${name} ${write(key, writeId)}` : `the ${name}`;
    if (outcome !== "ok") return `${what} of ${client} ends with “${outcome.replace(/_/g, " ")}” ${took}`;
    if (isWrite(operation)) return `${client} hears that ${what} was accepted, ${took}`;
    // What it brought belongs to many keys.
    if (name === "scan") return `${client}’s scan is answered ${took}`;
    const found = `${client}’s ${name} returns ${writes(key, versions)} ${took}`;
    const many = versions.length > 1 ? `: ${versions.length} siblings` : "";
    return (
      found + many + (stale === true ? `${many === "" ? ":" : ","} stale, a newer acknowledged write was missed` : "")
    );
  };
  /** Names of nodes and clients stay as they are written. */
  const capital = (text: string): string => text.replace(/^the /, "The ");
  const caption = (position: number): string => {
    if (position <= timeline.first) return "The window opens.";
    const { event: source, phase } = moments[position - 1];
    const event = events[source];
    switch (event.kind) {
      case "message": {
        if (phase === "begin") {
          const how = event.arrivedAt === undefined ? `; ${fate(event)}` : "";
          return `${sending(event)}${how}.`;
        }
        if (event.fate !== "delivered")
          return event.fate === "queue-full"
            ? `${event.to} turns away ${noun(event)}: its queue is full.`
            : `${capital(noun(event))} finds ${event.to} down and is lost.`;
        const where = event.to === event.from ? `${event.to} itself` : event.to;
        return `${capital(noun(event))} reaches ${where} after ${length((event.arrivedAt ?? event.sentAt) - event.sentAt)}.`;
      }
      case "operation":
        return phase === "begin"
          ? `${event.client} begins ${/^[aeiou]/.test(event.operation) ? "an" : "a"} ${event.operation}${isWrite(event) ? `: ${write(event.key, event.writeId)}` : ""}.`
          : `${capital(ending(event))}.`;
      case "state":
        return event.versions.length === 0
          ? `${event.node} now holds nothing of this key.`
          : `${event.node} now holds ${writes(event.key, event.versions)}${event.versions.length > 1 ? `: ${event.versions.length} siblings` : ""}.`;
      case "note":
        return `${event.node}: ${event.text}.`;
      case "node":
        return event.state === "up"
          ? `${event.node} is up again.`
          : event.state === "down"
            ? `${event.node} goes down.`
            : `${event.node} stands still: what arrives waits.`;
      case "fault":
        return `${event.phase === "begin" ? "A fault begins" : "A fault ends"}: ${event.what} (${event.id}).`;
    }
  };
  return { caption, write, writes, time, length, operation: operationWords, fate };
}

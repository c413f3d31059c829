/**
 * A trace made small enough to be looked at. First the heartbeats go, which say nothing about a key; then the window is
 * cut around what is interesting, so that what remains is whole: thinning would leave answers without questions.
 * What replicas held, who was down and which fault was in force when the cut begins is carried into it; of keys that nobody
 * touches in the window nothing is kept. How much went is counted and told.
 */
import type { TraceEvent } from "../record/trace";
import type { Trace } from "./model";

export const MOST_MESSAGES = 20_000;
const MOST_OTHERS = 20_000;

export interface CutTrace {
  readonly trace: Trace;
  /** Of the trace that was given. */
  readonly droppedMessages: number;
  readonly droppedOperations: number;
  /** How many of the messages dropped were heartbeats that fell into the window. */
  readonly droppedHeartbeats: number;
}

export interface CutOptions {
  /** Microseconds; the trace's own window where absent. */
  readonly from?: number;
  readonly to?: number;
  /** The instant that must stay when the bound is met; else the beginning. */
  readonly focus?: number;
  readonly mostMessages?: number;
}

/** When the first stale read began or the first siblings appeared; undefined when the trace has neither. */
export function firstAnomaly({ header, events }: Trace): number | undefined {
  let first: number | undefined;
  const consider = (at: number): void => {
    if (at >= header.fromMicros && (first === undefined || at < first)) first = at;
  };
  const held = new Map<string, number>();
  for (const event of events) {
    if (event.kind === "operation" && (event.stale === true || (event.writeId === 0 && event.versions.length > 1)))
      consider(event.startedAt);
    if (event.kind === "state") {
      const replica = `${event.vnode} ${event.node} ${event.key}`;
      const before = held.get(replica);
      if (event.versions.length > 1 && before !== undefined && event.versions.length > before) consider(event.at);
      held.set(replica, event.versions.length);
    }
  }
  return first;
}

export function cutTrace(trace: Trace, options: CutOptions = {}): CutTrace {
  const { header, events } = trace;
  const most = options.mostMessages ?? MOST_MESSAGES;
  let from = Math.max(header.fromMicros, options.from ?? -Infinity);
  let to = Math.max(from, Math.min(header.toMicros, options.to ?? Infinity));
  const focus = options.focus ?? from;

  let kept = events.filter((event) => overlaps(event, from, to));
  const heartbeats = kept.filter(isHeartbeat).length;
  const dropHeartbeats = kept.filter(isMessage).length > most;
  if (dropHeartbeats) kept = kept.filter((event) => !isHeartbeat(event));
  const touched = new Set(kept.flatMap((event) => ("key" in event && event.kind !== "state" ? [event.key] : [])));
  const matters = (event: TraceEvent): boolean => event.kind !== "state" || touched.has(event.key);

  const startsOf = (list: readonly TraceEvent[]): readonly number[] =>
    list
      .map(startOf)
      .filter((at) => at > from)
      .sort((a, b) => a - b);
  [from, to] = stretch(startsOf(kept.filter(isMessage)), { most, focus, from, to });
  const others = kept.filter((event) => !isMessage(event) && matters(event));
  [from, to] = stretch(startsOf(others), { most: MOST_OTHERS, focus, from, to });

  let room = most;
  const whole = [
    ...sceneBefore(events, from),
    ...kept.filter((event) => overlaps(event, from, to) && (!isScene(event) || startOf(event) >= from)),
  ]
    .filter(matters)
    .filter((event) => !isMessage(event) || room-- > 0);
  const count = (list: readonly TraceEvent[], kind: TraceEvent["kind"]): number =>
    list.filter((event) => event.kind === kind).length;
  return {
    trace: { header: { ...header, fromMicros: from, toMicros: to }, events: whole },
    droppedMessages: count(events, "message") - count(whole, "message"),
    droppedOperations: count(events, "operation") - count(whole, "operation"),
    droppedHeartbeats: dropHeartbeats ? heartbeats : 0,
  };
}

/** The widest part of [from, to] around `focus` in which at most `most` of the ascending `times` lie. */
function stretch(
  times: readonly number[],
  {
    most,
    focus,
    from,
    to,
  }: { readonly most: number; readonly focus: number; readonly from: number; readonly to: number },
): readonly [number, number] {
  const within = times.filter((at) => at >= from && at <= to);
  if (within.length <= most) return [from, to];
  const at = within.findIndex((time) => time >= focus);
  // What led to it takes more room than what came of it.
  const wanted = (at < 0 ? within.length : at) - Math.floor(most * 0.6);
  const low = Math.max(0, Math.min(wanted, within.length - most));
  const high = low + most;
  return [low === 0 ? from : within[low - 1] + 1, high === within.length ? to : within[high] - 1];
}

/** What is so when the window opens: the latest state of every replica and node, and the faults in force. */
function sceneBefore(events: readonly TraceEvent[], from: number): readonly TraceEvent[] {
  const latest = new Map<string, TraceEvent>();
  for (const event of events) {
    if (!isScene(event) || startOf(event) >= from) continue;
    if (event.kind === "state") latest.set(`state ${event.vnode} ${event.node} ${event.key}`, event);
    else if (event.kind === "node") latest.set(`node ${event.node}`, event);
    else if (event.phase === "begin") latest.set(`fault ${event.id}`, event);
    else latest.delete(`fault ${event.id}`);
  }
  return [...latest.values()];
}

function isScene(event: TraceEvent): event is Extract<TraceEvent, { readonly kind: "state" | "node" | "fault" }> {
  return event.kind === "state" || event.kind === "node" || event.kind === "fault";
}

function isMessage(event: TraceEvent): boolean {
  return event.kind === "message";
}

function isHeartbeat(event: TraceEvent): boolean {
  return event.kind === "message" && event.what === "heartbeat";
}

function startOf(event: TraceEvent): number {
  return event.kind === "message" ? event.sentAt : event.kind === "operation" ? event.startedAt : event.at;
}

function overlaps(event: TraceEvent, from: number, to: number): boolean {
  const end =
    event.kind === "message"
      ? (event.arrivedAt ?? event.sentAt)
      : event.kind === "operation"
        ? event.endedAt
        : event.at;
  return startOf(event) <= to && end >= from;
}

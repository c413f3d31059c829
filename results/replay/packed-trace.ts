/**
 * A trace as the page carries it: every text once in a table, every event a short row of numbers. Twenty thousand messages
 * in full JSON are five megabytes, most of it the names of fields; so they are one. `unpackTrace` is a function without
 * an outside reference, for the page's sake.
 */
import type { TraceEvent, TraceHeader } from "../record/trace";
import type { Trace } from "./model";

export interface PackedTrace {
  readonly header: TraceHeader;
  readonly texts: readonly string[];
  /** First the kind's number, then its fields in a fixed order; texts by their place in `texts`, -1 for "none". */
  readonly rows: readonly (readonly (number | readonly number[])[])[];
}

export function packTrace({ header, events }: Trace): PackedTrace {
  const places = new Map<string, number>();
  const text = (value: string): number => {
    let place = places.get(value);
    if (place === undefined) places.set(value, (place = places.size));
    return place;
  };
  const optional = (value: number | undefined): number => value ?? -1;
  const row = (event: TraceEvent): (number | readonly number[])[] => {
    switch (event.kind) {
      case "message": {
        const { id, from, to, sentAt, arrivedAt, fate, what, key, versions, detail, bytes } = event;
        return [
          0,
          id,
          text(from),
          text(to),
          sentAt,
          optional(arrivedAt),
          text(fate),
          text(what),
          text(key),
          versions,
          text(detail),
          bytes,
        ];
      }
      case "state":
        return [1, event.at, text(event.node), event.vnode, text(event.key), event.versions, text(event.clock)];
      case "note":
        return [2, event.at, text(event.node), text(event.text)];
      case "node":
        return [3, event.at, text(event.node), text(event.state)];
      case "fault":
        return [4, event.at, text(event.id), text(event.phase), text(event.what)];
      case "operation": {
        const { startedAt, endedAt, client, operation, key, outcome, writeId, versions, stale, replicas } = event;
        const judged = stale === undefined ? -1 : stale ? 1 : 0;
        return [
          5,
          startedAt,
          endedAt,
          text(client),
          text(operation),
          text(key),
          text(outcome),
          writeId,
          versions,
          judged,
          replicas.map(text),
        ];
      }
    }
  };
  const rows = events.map(row);
  return { header, texts: [...places.keys()], rows };
}

export function unpackTrace({ header, texts, rows }: PackedTrace): Trace {
  const events = rows.map((row): TraceEvent => {
    let at = 1;
    const number = (): number => row[at++] as number;
    const optional = (): number | undefined => {
      const value = number();
      return value < 0 ? undefined : value;
    };
    const numbers = (): readonly number[] => row[at++] as readonly number[];
    const text = <T extends string>(): T => texts[number()] as T;
    switch (row[0]) {
      case 0:
        return {
          kind: "message",
          id: number(),
          from: text(),
          to: text(),
          sentAt: number(),
          arrivedAt: optional(),
          fate: text(),
          what: text(),
          key: text(),
          versions: numbers(),
          detail: text(),
          bytes: number(),
        };
      case 1:
        return {
          kind: "state",
          at: number(),
          node: text(),
          vnode: number(),
          key: text(),
          versions: numbers(),
          clock: text(),
        };
      case 2:
        return { kind: "note", at: number(), node: text(), text: text() };
      case 3:
        return { kind: "node", at: number(), node: text(), state: text() };
      case 4:
        return { kind: "fault", at: number(), id: text(), phase: text(), what: text() };
      default: {
        const operation = {
          kind: "operation" as const,
          startedAt: number(),
          endedAt: number(),
          client: text(),
          operation: text(),
          key: text(),
          outcome: text(),
          writeId: number(),
          versions: numbers(),
        };
        const judged = number();
        return {
          ...operation,
          stale: judged < 0 ? undefined : judged === 1,
          replicas: numbers().map((place) => texts[place]),
        };
      }
    }
  });
  return { header, events };
}

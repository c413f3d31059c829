/**
 * Recorded windows of simulated trials as trace-event JSON, which Perfetto and chrome://tracing open: one process a node and
 * one for the clients, an asynchronous slice for each request and each message, and an arrow for each message that arrived.
 * Slices of one track may not overlap, so on a node's own track there is one slice of half a microsecond for
 * each instant at which something was sent, received or stored there; arrows lead from slice to slice.
 */
import { existsSync, readdirSync } from "node:fs";
import type { TraceEvent } from "../record/trace";
import { readTrace, type StoredTrace } from "../record/trace-file";
import { ExportRefused, fileName, trialFile, type ExportFile, type ExportFormat, type Piece } from "./format";

export const trace: ExportFormat = {
  name: "trace",
  title: "recorded trace windows as trace-event JSON, for Perfetto or chrome://tracing",
  plan({ run }) {
    const files = run.trials.flatMap((trial): ExportFile[] => {
      const folder = trialFile(run, trial, "samples");
      if (!existsSync(folder)) return [];
      const { cell, repetition } = trial.record;
      return readdirSync(folder)
        .filter((name) => /^trace-[A-Za-z0-9._-]+\.jsonl\.gz$/.test(name))
        .sort()
        .map((name) => ({
          name: `${fileName(cell)}-${repetition}-${fileName(name.replace(/\.jsonl\.gz$/, ""))}.json`,
          pieces: () => traceEventPieces(readTrace(trialFile(run, trial, "samples", name))),
        }));
    });
    if (files.length === 0)
      throw new ExportRefused(
        "this run recorded no window of a trace: measure.raw.trace_windows asks for them, in simulation; quorumlab replay --trace makes one afterwards",
      );
    return { files, notes: [] };
  },
};

type Fields = Readonly<Record<string, unknown>>;

/** The document, an event a line. */
export function* traceEventPieces({ header, events }: StoredTrace): Generator<Piece> {
  const places = new Places(header.nodes.map(({ id, zone }) => ({ id, zone })));
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify({
    ...{ trial: header.trial, cell: header.cell, warmup_us: header.warmupMicros, dropped_events: header.dropped },
    ...{ from_us: header.fromMicros, to_us: header.toMicros, made_by: "quorumlab" },
  })},"traceEvents":[`;
  let first = true;
  const line = (event: Fields): string => {
    const text = `${first ? "" : ","}\n${JSON.stringify(event)}`;
    first = false;
    return text;
  };
  const instants = new Instants();
  const body: Fields[] = [];
  for (const [i, event] of events.entries()) body.push(...eventsOf(event, i, header.toMicros, places, instants));
  for (const event of places.metadata()) yield line(event);
  for (const event of instants.slices()) yield line(event);
  for (const event of body) yield line(event);
  for (const event of cutFaults(events, header.fromMicros, header.toMicros)) yield line(event);
  yield "\n]}\n";
}

interface Place {
  readonly pid: number;
  readonly tid: number;
}

const CLIENTS = 1;
const FAULTS = 2;
const FIRST_NODE = 10;

/** Who has which process and thread. */
class Places {
  private readonly nodes = new Map<string, number>();
  private readonly clients = new Map<string, number>();

  constructor(private readonly known: readonly { readonly id: string; readonly zone: string }[]) {
    for (const { id } of known) this.nodes.set(id, FIRST_NODE + this.nodes.size);
  }

  of(party: string): Place {
    const node = this.nodes.get(party);
    if (node !== undefined) return { pid: node, tid: 1 };
    let client = this.clients.get(party);
    if (client === undefined) this.clients.set(party, (client = this.clients.size + 1));
    return { pid: CLIENTS, tid: client };
  }

  *metadata(): Generator<Fields> {
    const named = (pid: number, name: string, order: number): Fields[] => [
      { ph: "M", pid, tid: 0, name: "process_name", args: { name } },
      { ph: "M", pid, tid: 0, name: "process_sort_index", args: { sort_index: order } },
    ];
    yield* named(CLIENTS, "clients", 0);
    yield* named(FAULTS, "faults", 1);
    for (const { id, zone } of this.known) {
      const pid = this.nodes.get(id)!;
      yield* named(pid, zone === "" ? id : `${id} (${zone})`, pid);
      yield { ph: "M", pid, tid: 1, name: "thread_name", args: { name: "messages and copies" } };
    }
    for (const [name, tid] of this.clients) yield { ph: "M", pid: CLIENTS, tid, name: "thread_name", args: { name } };
  }
}

/** What happened at one instant on one track, as one slice. */
class Instants {
  private readonly at = new Map<string, { readonly place: Place; readonly ts: number; readonly what: string[] }>();

  add(place: Place, ts: number, what: string): void {
    const key = `${place.pid} ${place.tid} ${ts}`;
    const found = this.at.get(key);
    if (found === undefined) this.at.set(key, { place, ts, what: [what] });
    else found.what.push(what);
  }

  *slices(): Generator<Fields> {
    for (const { place, ts, what } of [...this.at.values()].sort((a, b) => a.ts - b.ts))
      yield {
        ...{ ph: "X", cat: "instant", name: what.length === 1 ? what[0] : `${what[0]} and ${what.length - 1} more` },
        ...{ ...place, ts, dur: 0.5, args: { what } },
      };
  }
}

function* eventsOf(
  event: TraceEvent,
  index: number,
  end: number,
  places: Places,
  instants: Instants,
): Generator<Fields> {
  switch (event.kind) {
    case "message": {
      const from = places.of(event.from);
      const to = places.of(event.to);
      const id = `m${event.id}`;
      const arrived = event.arrivedAt;
      const common = { cat: "message", id, name: `${event.what} → ${event.to}`, pid: from.pid, tid: from.tid };
      const { key, versions, detail, bytes, fate } = event;
      instants.add(from, event.sentAt, `send ${event.what}`);
      yield { ph: "b", ...common, ts: event.sentAt, args: { key, versions, detail, bytes, fate, to: event.to } };
      yield { ph: "e", ...common, ts: arrived ?? (fate === "in-flight" || fate === "held" ? end : event.sentAt) };
      if (arrived === undefined) return;
      instants.add(to, arrived, `receive ${event.what}`);
      const arrow = { cat: "message", id: event.id, name: event.what };
      yield { ph: "s", ...arrow, ...from, ts: event.sentAt };
      yield { ph: "f", bp: "e", ...arrow, ...to, ts: arrived };
      return;
    }
    case "operation": {
      const place = places.of(event.client);
      const { operation, key, outcome, versions, writeId, replicas } = event;
      const common = { cat: "request", id: `r${index}`, name: `${operation} ${key}`, ...place };
      const args = { key, outcome, versions, write_id: writeId, replicas, stale: event.stale ?? null };
      yield { ph: "b", ...common, ts: event.startedAt, args };
      yield { ph: "e", ...common, ts: event.endedAt };
      return;
    }
    case "state": {
      const place = places.of(event.node);
      instants.add(place, event.at, `holds ${event.key}: ${event.clock}`);
      return;
    }
    case "note":
      yield { ph: "i", s: "t", cat: "note", name: event.text, ...places.of(event.node), ts: event.at };
      return;
    case "node":
      yield { ph: "i", s: "p", cat: "node", name: event.state, ...places.of(event.node), ts: event.at };
      return;
    case "fault":
      yield {
        ...{ ph: event.phase === "begin" ? "b" : "e", cat: "fault", id: event.id, name: event.id },
        ...{ pid: FAULTS, tid: 1, ts: event.at, args: { what: event.what } },
      };
  }
}

/** Faults that began before the window or go on beyond it are cut to it: a slice needs both ends. */
function* cutFaults(events: readonly TraceEvent[], from: number, to: number): Generator<Fields> {
  const open = new Set<string>();
  const end = (ph: "b" | "e", id: string, ts: number): Fields => ({
    ...{ ph, cat: "fault", id, name: id, pid: FAULTS, tid: 1, ts },
  });
  for (const event of events) {
    if (event.kind !== "fault") continue;
    if (event.phase === "begin") open.add(event.id);
    else if (!open.delete(event.id)) yield end("b", event.id, from);
  }
  for (const id of open) yield end("e", id, to);
}

/**
 * The replay's only truth: the events of a trace as one list of *moments* (a message leaves, it arrives, a replica changes)
 * and, for any position in that list, what the cluster looked like. A position is a number of moments that have happened,
 * and the state is a pure function of it: stepping back is looking again, never undoing, so no order of steps can leave
 * a different picture. What is open at a position (messages under way, operations) is recomputed from the nearest
 * snapshot before it; what a replica holds is looked up in its own list of changes.
 *
 * The whole model is one function without an outside reference, because the page receives its source text and runs the
 * same code as the tests.
 */
import type { TraceEvent, TraceHeader } from "../record/trace";

export interface Trace {
  readonly header: TraceHeader;
  readonly events: readonly TraceEvent[];
}

export type MessageEvent = Extract<TraceEvent, { readonly kind: "message" }>;
export type OperationEvent = Extract<TraceEvent, { readonly kind: "operation" }>;

export interface Moment {
  /** Microseconds, as in the trace. */
  readonly at: number;
  /** Position in the trace's events. */
  readonly event: number;
  /** `fades`: a message that never arrives has been drawn long enough; no event of its own. */
  readonly phase: "begin" | "end" | "fades";
}

export interface ReplicaView {
  readonly node: string;
  /** Place in the preference list, from 0; undefined for a node that holds a copy out of turn. */
  readonly place: number | undefined;
  readonly vnode: number | undefined;
  /** Write ids; undefined: the trace does not say yet. */
  readonly versions: readonly number[] | undefined;
  readonly clock: string;
}

export interface FaultBand {
  readonly id: string;
  readonly what: string;
  readonly from: number;
  /** Undefined: not over when the window ends. */
  readonly to: number | undefined;
  /** In force at positions p with `opens < p <= closes`. */
  readonly opens: number;
  readonly closes: number;
}

export interface ReplayState {
  readonly position: number;
  /** The instant of the latest moment. */
  readonly at: number;
  /** Nodes that are not up. */
  readonly troubled: readonly { readonly node: string; readonly state: "down" | "paused" }[];
  readonly faults: readonly FaultBand[];
  /** Of the key asked for; its preference list first, in order. */
  readonly preference: readonly string[];
  readonly replicas: readonly ReplicaView[];
  /** Positions in the trace's events, ascending; of all keys. */
  readonly messages: readonly number[];
  readonly operations: readonly number[];
}

export interface KeySummary {
  readonly key: string;
  readonly messages: number;
  readonly operations: number;
  readonly staleReads: number;
  readonly siblings: number;
}

/** Which moments are stepped through and drawn. */
export interface MomentFilter {
  readonly key: string;
  readonly otherKeys: boolean;
  readonly heartbeats: boolean;
}

export type JumpKind = "fault" | "stale" | "sibling";

export interface Timeline {
  readonly header: TraceHeader;
  readonly events: readonly TraceEvent[];
  readonly moments: readonly Moment[];
  /** The position at which the window opens: what came before is already so. */
  readonly first: number;
  /** Median time from sending to arrival. */
  readonly typicalMicros: number;
  /** Most telling first: stale reads, then siblings, then traffic. */
  readonly keys: readonly KeySummary[];
  readonly bands: readonly FaultBand[];
  readonly outages: readonly {
    readonly node: string;
    readonly state: "down" | "paused";
    readonly from: number;
    readonly to: number | undefined;
  }[];
  /** Positions just after a fault began or ended, a stale read ended, siblings appeared; ascending. */
  readonly jumps: Readonly<Record<JumpKind, readonly number[]>>;
  readonly instantOf: (position: number) => number;
  /** How many moments have happened at `micros`, those of this very instant included. */
  positionAt(micros: number): number;
  stateAt(position: number, key: string): ReplayState;
  /** Positions just after each moment that the filter lets through, within the window; ascending. */
  stops(filter: MomentFilter): readonly number[];
  shows(event: TraceEvent, filter: MomentFilter): boolean;
  /** When a message is drawn to its end: its arrival, or a typical time after it left. */
  endOf(message: MessageEvent): number;
  /** From 1, in order of first appearance among the writes of its key. */
  writeNumber(key: string, id: number): number;
  /** Of an event that is about a key; undefined for others. */
  keyOf(event: TraceEvent): string | undefined;
  /** Where the story of the key begins: its latest write before the first stale read or sibling, else its first event. */
  opening(key: string): number;
}

export interface ReplayModel {
  readonly timeline: (trace: Trace) => Timeline;
}

export function replayModel(): ReplayModel {
  const SNAPSHOT_EVERY = 256;

  interface Change {
    readonly moment: number;
    readonly versions: readonly number[];
    readonly clock: string;
  }

  /** How many items of an ascending list are at most `limit`. */
  const upTo = (length: number, valueAt: (i: number) => number, limit: number): number => {
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (valueAt(middle) <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const timeline = ({ header, events }: Trace): Timeline => {
    const delays: number[] = [];
    for (const event of events)
      if (event.kind === "message" && event.fate === "delivered" && event.arrivedAt !== undefined)
        delays.push(event.arrivedAt - event.sentAt);
    delays.sort((a, b) => a - b);
    const typicalMicros = Math.max(1, delays.length === 0 ? 1000 : delays[delays.length >> 1]);
    const endOf = (message: MessageEvent): number =>
      message.arrivedAt ??
      (message.fate === "held" || message.fate === "in-flight"
        ? Math.max(header.toMicros, message.sentAt + typicalMicros)
        : message.sentAt + 1.5 * typicalMicros);

    const moments = orderedMoments(header, events, endOf);
    const end = moments.length;
    const positionAt = (micros: number): number => upTo(end, (i) => moments[i].at, micros);
    let first = upTo(end, (i) => moments[i].at, header.fromMicros - 1);
    // What replicas hold when the window opens is the scene, not something that happens in it.
    while (first < end && moments[first].at === header.fromMicros && events[moments[first].event].kind === "state")
      first++;
    const instantOf = (position: number): number =>
      position <= first ? header.fromMicros : moments[Math.min(position, end) - 1].at;

    // One pass over all moments: who changed when, what is open at each snapshot, what is worth jumping to.
    const changes = new Map<string, Map<string, Change[]>>();
    const preferences = new Map<string, { moment: number; nodes: readonly string[] }[]>();
    const nodeChanges = new Map<string, { moment: number; at: number; state: "up" | "down" | "paused" }[]>();
    const openFaults = new Map<string, { at: number; moment: number; what: string }>();
    const bands: FaultBand[] = [];
    const snapshots: (readonly number[])[] = [];
    const open = new Set<number>();
    const jumps: Record<JumpKind, number[]> = { fault: [], stale: [], sibling: [] };
    const summaries = new Map<
      string,
      { key: string; messages: number; operations: number; staleReads: number; siblings: number }
    >();
    const numbers = new Map<string, Map<number, number>>();
    const summaryOf = (key: string): { messages: number; operations: number; staleReads: number; siblings: number } => {
      let found = summaries.get(key);
      if (found === undefined) {
        found = { key, messages: 0, operations: 0, staleReads: 0, siblings: 0 };
        summaries.set(key, found);
      }
      return found;
    };
    const name = (key: string, ids: readonly number[]): void => {
      let known = numbers.get(key);
      if (known === undefined) numbers.set(key, (known = new Map<number, number>()));
      for (const id of ids) if (!known.has(id)) known.set(id, known.size + 1);
    };
    moments.forEach(({ at, event: source, phase }, moment) => {
      if (moment % SNAPSHOT_EVERY === 0) snapshots.push([...open]);
      const event = events[source];
      switch (event.kind) {
        case "message":
          if (phase === "begin") {
            open.add(source);
            if (event.key !== "") {
              summaryOf(event.key).messages++;
              name(event.key, event.versions);
            }
          } else open.delete(source);
          break;
        case "operation":
          if (phase === "begin") {
            open.add(source);
            if (event.writeId !== 0) name(event.key, [event.writeId]);
            if (event.replicas.length > 0) {
              const list = preferences.get(event.key);
              const entry = { moment, nodes: event.replicas };
              if (list === undefined) preferences.set(event.key, [entry]);
              else if (list[list.length - 1].nodes.join("\n") !== event.replicas.join("\n")) list.push(entry);
            }
          } else {
            open.delete(source);
            const summary = summaryOf(event.key);
            summary.operations++;
            name(event.key, event.versions);
            if (event.stale === true) {
              jumps.stale.push(moment + 1);
              summary.staleReads++;
            }
            // A write's answer lists the siblings that it left beside itself: they already appeared at a replica.
            if (event.versions.length > 1 && event.writeId === 0) {
              jumps.sibling.push(moment + 1);
              summary.siblings++;
            }
          }
          break;
        case "state": {
          let replicas = changes.get(event.key);
          if (replicas === undefined) changes.set(event.key, (replicas = new Map<string, Change[]>()));
          const place = `${event.vnode} ${event.node}`;
          let list = replicas.get(place);
          if (list === undefined) replicas.set(place, (list = []));
          const before = list.length === 0 ? undefined : list[list.length - 1].versions.length;
          list.push({ moment, versions: event.versions, clock: event.clock });
          name(event.key, event.versions);
          const summary = summaryOf(event.key);
          if (event.versions.length > 1 && moment >= first && event.versions.length > (before ?? 1)) {
            jumps.sibling.push(moment + 1);
            summary.siblings++;
          }
          break;
        }
        case "node": {
          const list = nodeChanges.get(event.node);
          const entry = { moment, at, state: event.state };
          if (list === undefined) nodeChanges.set(event.node, [entry]);
          else list.push(entry);
          break;
        }
        case "fault":
          if (moment >= first) jumps.fault.push(moment + 1);
          if (event.phase === "begin") openFaults.set(event.id, { at, moment, what: event.what });
          else {
            // Without its beginning it was there when the window opened.
            const begun = openFaults.get(event.id) ?? { at: header.fromMicros, moment: -1, what: event.what };
            openFaults.delete(event.id);
            bands.push({
              id: event.id,
              what: begun.what,
              from: begun.at,
              to: at,
              opens: begun.moment,
              closes: moment,
            });
          }
          break;
        case "note":
          break;
      }
    });
    for (const [id, { at, moment, what }] of openFaults)
      bands.push({ id, what, from: at, to: undefined, opens: moment, closes: end });
    bands.sort((a, b) => a.from - b.from);

    const outages: { node: string; state: "down" | "paused"; from: number; to: number | undefined }[] = [];
    for (const [node, list] of nodeChanges)
      list.forEach(({ at, state }, i) => {
        if (state !== "up") outages.push({ node, state, from: at, to: list[i + 1]?.at });
      });

    const keys = [...summaries.values()].sort(
      (a, b) =>
        b.staleReads - a.staleReads ||
        b.siblings - a.siblings ||
        b.operations - a.operations ||
        b.messages - a.messages ||
        (a.key < b.key ? -1 : 1),
    );

    const openAt = (position: number): number[] => {
      const block = Math.min(Math.floor(position / SNAPSHOT_EVERY), snapshots.length - 1);
      if (block < 0) return [];
      const found = new Set(snapshots[block]);
      for (let i = block * SNAPSHOT_EVERY; i < position; i++) {
        const { event, phase } = moments[i];
        const { kind } = events[event];
        if (kind !== "message" && kind !== "operation") continue;
        if (phase === "begin") found.add(event);
        else found.delete(event);
      }
      return [...found].sort((a, b) => a - b);
    };

    const stateAt = (asked: number, key: string): ReplayState => {
      const position = Math.max(0, Math.min(end, asked));
      const latest = <T extends { readonly moment: number }>(list: readonly T[]): T | undefined => {
        const count = upTo(list.length, (i) => list[i].moment, position - 1);
        return count === 0 ? undefined : list[count - 1];
      };
      const lists = preferences.get(key) ?? [];
      // Before its first operation the list is as that operation found it.
      const preference = (latest(lists) ?? lists[0])?.nodes ?? [];
      const held = [...(changes.get(key) ?? [])].map(([place, list]) => {
        const gap = place.indexOf(" ");
        return { vnode: Number(place.slice(0, gap)), node: place.slice(gap + 1), change: latest(list) };
      });
      const replicas: ReplicaView[] = preference.flatMap((node, place): ReplicaView[] => {
        const own = held.filter((one) => one.node === node && one.change !== undefined);
        if (own.length === 0) return [{ node, place, vnode: undefined, versions: undefined, clock: "" }];
        return own.map(({ vnode, change }) => ({
          node,
          place,
          vnode,
          versions: change!.versions,
          clock: change!.clock,
        }));
      });
      for (const { node, vnode, change } of held)
        if (change !== undefined && !preference.includes(node))
          replicas.push({ node, place: undefined, vnode, versions: change.versions, clock: change.clock });
      const troubled: { node: string; state: "down" | "paused" }[] = [];
      for (const [node, list] of nodeChanges) {
        const state = latest(list)?.state ?? "up";
        if (state !== "up") troubled.push({ node, state });
      }
      const under = openAt(position);
      return {
        position,
        at: instantOf(position),
        troubled,
        faults: bands.filter(({ opens, closes }) => opens < position && position <= closes),
        preference,
        replicas,
        messages: under.filter((i) => events[i].kind === "message"),
        operations: under.filter((i) => events[i].kind === "operation"),
      };
    };

    /** Whether a text names the key, and not only a longer one that begins alike. */
    const names = (text: string, key: string): boolean => {
      if (key === "") return false;
      for (let i = text.indexOf(key); i >= 0; i = text.indexOf(key, i + 1))
        if (!/\w/.test(text.charAt(i - 1)) && !/\w/.test(text.charAt(i + key.length))) return true;
      return false;
    };
    const keyOf = (event: TraceEvent): string | undefined =>
      event.kind === "message" || event.kind === "state" || event.kind === "operation" ? event.key : undefined;
    const shows = (event: TraceEvent, { key, otherKeys, heartbeats }: MomentFilter): boolean => {
      if (event.kind === "fault" || event.kind === "node") return true;
      if (event.kind === "note") return otherKeys || names(event.text, key);
      if (event.key === key) return true;
      if (event.kind === "message" && event.what === "heartbeat") return heartbeats;
      return otherKeys;
    };
    const stops = (filter: MomentFilter): readonly number[] => {
      const found: number[] = [];
      for (let i = first; i < end; i++) {
        const { at, event, phase } = moments[i];
        if (at > header.toMicros) break;
        if (phase !== "fades" && shows(events[event], filter)) found.push(i + 1);
      }
      return found;
    };

    const opening = (key: string): number => {
      const own = stops({ key, otherKeys: false, heartbeats: false });
      const about = own.filter((position) => keyOf(events[moments[position - 1].event]) === key);
      const isJump = new Set([...jumps.stale, ...jumps.sibling]);
      const telling = about.find((position) => isJump.has(position));
      if (telling === undefined) return about[0] ?? own[0] ?? first;
      // A stale read's write may long be over: it is the latest one that had begun before the read did.
      const told = events[moments[telling - 1].event];
      const before = told.kind === "operation" ? told.startedAt : moments[telling - 1].at;
      let chosen = about[0];
      for (const position of about) {
        const { at, event, phase } = moments[position - 1];
        const source = events[event];
        if (at > before || position > telling) break;
        if (source.kind === "operation" && source.writeId !== 0 && phase === "begin") chosen = position;
      }
      return chosen;
    };

    return {
      header,
      events,
      moments,
      first,
      typicalMicros,
      keys,
      bands,
      outages,
      jumps,
      instantOf,
      positionAt,
      stateAt,
      stops,
      shows,
      endOf,
      keyOf,
      opening,
      writeNumber: (key, id) => numbers.get(key)?.get(id) ?? 0,
    };
  };

  /**
   * By time; at one instant by cause: the trace's order, an operation just before the first message that its client sends
   * and just after the last one that reaches it, and first of all what only sets the scene.
   */
  const orderedMoments = (
    header: TraceHeader,
    events: readonly TraceEvent[],
    endOf: (message: MessageEvent) => number,
  ): Moment[] => {
    const firstSent = new Map<string, number>();
    const lastReached = new Map<string, number>();
    events.forEach((event, i) => {
      if (event.kind !== "message") return;
      const sent = `${event.sentAt} ${event.from} ${event.key}`;
      if (!firstSent.has(sent)) firstSent.set(sent, i);
      if (event.arrivedAt !== undefined) lastReached.set(`${event.arrivedAt} ${event.to} ${event.key}`, i);
    });
    const all: (Moment & { readonly order: number })[] = [];
    events.forEach((event, i) => {
      switch (event.kind) {
        case "message":
          all.push({ at: event.sentAt, event: i, phase: "begin", order: i });
          // What a node that is down or full turned away has reached it all the same: a moment of its own.
          if (event.arrivedAt !== undefined) all.push({ at: event.arrivedAt, event: i, phase: "end", order: i + 0.2 });
          else if (event.fate !== "held" && event.fate !== "in-flight")
            all.push({ at: endOf(event), event: i, phase: "fades", order: i + 0.2 });
          break;
        case "operation": {
          const sent = firstSent.get(`${event.startedAt} ${event.client} ${event.key}`);
          const reached = lastReached.get(`${event.endedAt} ${event.client} ${event.key}`);
          all.push({ at: event.startedAt, event: i, phase: "begin", order: sent === undefined ? -1 : sent - 0.5 });
          all.push({
            at: event.endedAt,
            event: i,
            phase: "end",
            order: reached === undefined ? Infinity : reached + 0.5,
          });
          break;
        }
        case "state":
          all.push({ at: event.at, event: i, phase: "begin", order: event.at === header.fromMicros ? -2 : i });
          break;
        case "note":
        case "node":
        case "fault":
          all.push({ at: event.at, event: i, phase: "begin", order: i });
          break;
      }
    });
    const byOrder = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
    all.sort((a, b) => a.at - b.at || byOrder(a.order, b.order) || a.event - b.event || (a.phase === "begin" ? -1 : 1));
    return all.map(({ at, event, phase }) => ({ at, event, phase }));
  };

  return { timeline };
}

/**
 * What was told of a trial's failure detectors, kept until its end in bounded memory, because whether a suspicion was the
 * final one is known only then, and because processes tell late what they thought before. Where more happens than there
 * is room for, nothing is thinned (a flapping pair without half of its changes is another pair): judging ends at the first
 * event that was not kept, and how many were not is said.
 */
import { type Cut, type DetectionEvent, isApart, type NodeState } from "../record/detection";
import type { Micros } from "../record/history";

export interface StateChange {
  readonly at: Micros;
  readonly state: NodeState;
}

export interface Opinion {
  readonly at: Micros;
  readonly observer: number;
  readonly subject: number;
  readonly suspected: boolean;
}

/** In order of time. Before its first change a node is absent, and nobody is cut off. */
export interface DetectionHistory {
  readonly nodes: readonly string[];
  /** By node. */
  readonly states: readonly (readonly StateChange[])[];
  readonly cuts: readonly { readonly at: Micros; readonly cuts: readonly Cut[] }[];
  readonly opinions: readonly Opinion[];
  /** Mistakes are judged, and crashes begin, from here to before there; crashes are followed until `end`. */
  readonly from: Micros;
  readonly to: Micros;
  readonly end: Micros;
  /** Events of after `end` that there was no room for. */
  readonly dropped: number;
}

/** Changes of opinion, and changes of states and cuts, that are kept. */
const MOST_OPINIONS = 400_000;
const MOST_STATES = 100_000;

export class DetectionRecorder {
  private ids: readonly string[] = [];
  private states: StateChange[][] = [];
  private stateCount = 0;
  private readonly cuts: { at: Micros; cuts: readonly Cut[] }[] = [];
  private readonly opinions: Opinion[] = [];
  private end: Micros | undefined;
  private latest: Micros = 0;
  private firstDropped: Micros = Infinity;
  private dropped = 0;

  constructor(
    private readonly mostOpinions = MOST_OPINIONS,
    private readonly mostStates = MOST_STATES,
  ) {}

  /** Whether anybody told anything. */
  get told(): boolean {
    return this.ids.length > 0;
  }

  add(event: DetectionEvent): void {
    if (event.kind === "nodes") {
      this.ids = event.ids;
      this.states = event.ids.map(() => []);
      return;
    }
    if (event.kind === "end") {
      this.end = event.at;
      return;
    }
    if (event.kind === "scale" || event.kind === "level") return;
    if (event.at > this.latest) this.latest = event.at;
    switch (event.kind) {
      case "node":
        if (this.hasRoom(event.at, ++this.stateCount, this.mostStates))
          this.states[event.node].push({ at: event.at, state: event.state });
        return;
      case "cuts":
        if (this.hasRoom(event.at, ++this.stateCount, this.mostStates))
          this.cuts.push({ at: event.at, cuts: event.cuts });
        return;
      case "opinion":
        if (this.hasRoom(event.at, this.opinions.length + 1, this.mostOpinions)) this.opinions.push(event);
        return;
    }
  }

  /** Everything so far, judged from `from` to `to`. */
  history(from: Micros, to: Micros): DetectionHistory {
    const end = Math.min(Math.max(this.end ?? Math.max(this.latest, to), from), this.firstDropped);
    const byTime = <T extends { readonly at: Micros }>(all: readonly T[]): T[] =>
      all.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    return {
      nodes: this.ids,
      states: this.states.map(byTime),
      cuts: byTime(this.cuts),
      opinions: byTime(this.opinions),
      from: Math.min(from, end),
      to: Math.min(to, end),
      end,
      dropped: this.dropped,
    };
  }

  private hasRoom(at: Micros, count: number, most: number): boolean {
    if (count <= most && at <= this.firstDropped) return true;
    this.dropped++;
    this.firstDropped = Math.min(this.firstDropped, at);
    return false;
  }
}

/** Stretches of [0, end) in which a node was in a state that is not `up` or `absent`, those before `end`. */
export function troubles(
  changes: readonly StateChange[],
  end: Micros,
): { readonly state: "down" | "paused"; readonly from: Micros; readonly to: Micros | undefined }[] {
  const out: { state: "down" | "paused"; from: Micros; to: Micros | undefined }[] = [];
  for (const { at, state } of changes) {
    const open = out.at(-1);
    if (open !== undefined && open.to === undefined) {
      if (open.state === state) continue;
      open.to = at;
    }
    if (at < end && (state === "down" || state === "paused")) out.push({ state, from: at, to: undefined });
  }
  // Nothing lasts from an instant to the same one.
  return out.filter(({ from, to }) => to === undefined || to > from);
}

/** When a node first stood still, was down or was cut off from anybody; Infinity: never. */
export function firstTrouble(history: DetectionHistory, node: number): Micros {
  const own = troubles(history.states[node], history.end)[0]?.from ?? Infinity;
  const cut = history.cuts.find(({ cuts }) => history.nodes.some((_, other) => isApart(cuts, node, other)));
  return Math.min(own, cut?.at ?? Infinity);
}

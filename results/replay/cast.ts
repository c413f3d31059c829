/**
 * Who is drawn: with five nodes everybody, with a thousand those that handle the chosen key, because a picture of a
 * thousand lanes shows nothing. Nodes stand by zone, then by number, so that a zone is a stretch of the ring. Who is left
 * out is counted, and the page says so. A function without an outside reference, for the page's sake.
 */
import type { MomentFilter, Timeline } from "./model";

export interface Cast {
  readonly nodes: readonly { readonly id: string; readonly zone: string; readonly short: string }[];
  readonly clients: readonly string[];
  readonly nodesLeftOut: number;
  readonly clientsLeftOut: number;
  readonly zones: number;
}

export interface Casting {
  readonly cast: (timeline: Timeline, filter: MomentFilter) => Cast;
}

export function casting(): Casting {
  const MOST_NODES = 16;
  const MOST_CLIENTS = 6;
  const natural = (a: string, b: string): number => {
    const cut = (text: string): readonly [string, number] => {
      const match = /^(.*?)(\d{1,15})$/.exec(text);
      return match === null ? [text, -1] : [match[1], Number(match[2])];
    };
    const [stem, number] = cut(a);
    const [otherStem, otherNumber] = cut(b);
    return stem === otherStem ? number - otherNumber : stem < otherStem ? -1 : 1;
  };
  /** `node-12` → `12`; a name without a number keeps its first letters. */
  const short = (id: string): string => /\d{1,4}$/.exec(id)?.[0] ?? id.slice(0, 3);

  const cast = (timeline: Timeline, filter: MomentFilter): Cast => {
    const { header, events } = timeline;
    const known = new Map(header.nodes.map(({ id, zone }) => [id, zone]));
    const busy = new Map<string, number>();
    const weigh = (party: string, weight: number): void => {
      busy.set(party, (busy.get(party) ?? 0) + weight);
    };
    for (const event of events) {
      if (timeline.keyOf(event) !== filter.key) continue;
      if (event.kind === "operation") {
        for (const replica of event.replicas) weigh(replica, 1_000_000);
        weigh(event.client, 1);
      } else if (event.kind === "message") {
        weigh(event.from, 1);
        weigh(event.to, 1);
      } else if (event.kind === "state") weigh(event.node, 1_000);
    }
    const byUse = (a: string, b: string): number => (busy.get(b) ?? 0) - (busy.get(a) ?? 0) || natural(a, b);
    const all = [...known.keys()];
    const drawn =
      all.length <= MOST_NODES
        ? all
        : all
            .filter((id) => busy.has(id))
            .sort(byUse)
            .slice(0, MOST_NODES);
    const clients = [...busy.keys()].filter((party) => !known.has(party));
    const nodes = drawn
      .map((id) => ({ id, zone: known.get(id) ?? "", short: short(id) }))
      .sort((a, b) => natural(a.zone, b.zone) || natural(a.id, b.id));
    return {
      nodes,
      clients: [...clients].sort(byUse).slice(0, MOST_CLIENTS).sort(natural),
      nodesLeftOut: all.length - nodes.length,
      clientsLeftOut: Math.max(0, clients.length - MOST_CLIENTS),
      zones: new Set(known.values()).size,
    };
  };
  return { cast };
}

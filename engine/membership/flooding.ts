/**
 * Eager flooding over a fixed graph: whoever hears something for the first time tells all neighbours but the one it came from. No
 * rumour is ever late for want of a round, and the graph alone decides what it costs: each link carries a value once or twice, so
 * 2E - (n - 1) messages for E links at constant delays, and as many hops as the graph is wide. It is the other end of the scale from
 * `membership.ts` and SWIM, which choose peers at random and pay in rounds: Maelstrom's broadcast exercise (Kingsbury) measures it.
 *
 * Nothing is acknowledged or said again: on a network that loses messages a value may never arrive on a tree. That is the exercise
 * before its last part, and the mistake to see.
 */
import type { NodeIndex } from "../messages";
import { assert } from "../vocabulary/assert";

export const TOPOLOGIES = ["line", "grid", "tree", "complete"] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** Children of a node in a tree of degree 4. */
const BRANCHES = 4;

/** Of each of `count` nodes, ascending. A grid is as square as may be, its last row perhaps not full; in a tree node 0 is the root. */
export function neighboursOn(topology: Topology, count: number): readonly (readonly NodeIndex[])[] {
  assert(count > 0, "a graph has nodes");
  const nodes = Array.from({ length: count }, (_, node) => node);
  if (topology === "complete") return nodes.map((node) => nodes.filter((other) => other !== node));
  const links = nodes.map(() => new Set<NodeIndex>());
  const link = (a: NodeIndex, b: NodeIndex): void => {
    links[a].add(b);
    links[b].add(a);
  };
  const width = Math.ceil(Math.sqrt(count));
  for (const node of nodes.slice(1)) {
    if (topology === "line") link(node - 1, node);
    else if (topology === "tree") link(Math.floor((node - 1) / BRANCHES), node);
    else {
      if (node % width > 0) link(node - 1, node);
      if (node >= width) link(node - width, node);
    }
  }
  return links.map((others) => [...others].sort((a, b) => a - b));
}

/** One node's part: what it knows, and whom to tell. */
export class FloodingNode {
  private readonly heard = new Set<number>();

  constructor(private readonly neighbours: readonly NodeIndex[]) {}

  has(value: number): boolean {
    return this.heard.has(value);
  }

  /** Whom to tell of a value that a client gave this node. */
  begin(value: number): readonly NodeIndex[] {
    return this.receive(value, undefined);
  }

  /** Whom to tell of a value that came from a neighbour: nobody where it is not new. */
  receive(value: number, from: NodeIndex | undefined): readonly NodeIndex[] {
    if (this.heard.has(value)) return NOBODY;
    this.heard.add(value);
    return this.neighbours.filter((other) => other !== from);
  }
}

const NOBODY: readonly NodeIndex[] = [];

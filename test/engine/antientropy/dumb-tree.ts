/** The dumb twin of a Merkle tree: keeps what was told, and works everything out from it each time. */
import type { TreeShape } from "../../../engine/antientropy/merkle-tree";

export interface Contribution {
  readonly segment: number;
  readonly high: number;
  readonly low: number;
}

export class DumbTree {
  readonly keys = new Map<string, Contribution>();

  constructor(private readonly shape: TreeShape) {}

  /** Every node's hash, level after level from the root, as unsigned halves. */
  levels(): [number, number][][] {
    const { fanout, depth } = this.shape;
    let level: [number, number][] = Array.from({ length: fanout ** depth }, () => [0, 0]);
    for (const { segment, high, low } of this.keys.values()) {
      const [a, b] = level[segment];
      level[segment] = [(a ^ high) >>> 0, (b ^ low) >>> 0];
    }
    const all = [level];
    while (level.length > 1) {
      const below = level;
      level = Array.from({ length: below.length / fanout }, (_, node) =>
        below
          .slice(node * fanout, (node + 1) * fanout)
          .reduce<[number, number]>(([a, b], [c, d]) => [(a ^ c) >>> 0, (b ^ d) >>> 0], [0, 0]),
      );
      all.unshift(level);
    }
    return all;
  }

  keysOf(segment: number): string[] {
    return [...this.keys].flatMap(([key, at]) => (at.segment === segment ? [key] : [])).sort();
  }
}

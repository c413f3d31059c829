/**
 * The ring as its members saw it during one trial: who went by which state from when on. The mistake this avoids is to call a
 * change done when the first node has it: it is done when the last one does.
 */

/** A node goes by another state of the ring from `at` on, in microseconds of the trial's own time. */
export interface RingView {
  readonly at: number;
  readonly node: number;
  readonly version: number;
  /** Of two states that were proposed under one version, who proposed this one. */
  readonly proposer: number;
  /** `left`: it has handed over all it had, and ends. */
  readonly phase: "settled" | "joining" | "switching" | "left";
  /** It has never gone by any before: it starts, and says nothing of how fast others agreed. */
  readonly first: boolean;
}

/** One state of the ring: when the first and the last node that ever took it up did. Seconds from the start of the warm-up. */
export interface RingStateSeen {
  readonly version: number;
  readonly phase: RingView["phase"];
  readonly firstS: number;
  readonly lastS: number;
  readonly nodes: number;
}

export interface MembershipFigure {
  /** In order of version. */
  readonly states: readonly RingStateSeen[];
  /** Names of all nodes, by place; and the places of those that had a ring from the beginning. */
  readonly nodes: readonly string[];
  readonly first: readonly number[];
  /** Of every node, in order of time: seconds from the start of the warm-up, node's place, version, phase. Thinned: never. */
  readonly views: readonly (readonly [atS: number, node: number, version: number, phase: RingView["phase"]])[];
  /** Views beyond the bound that were counted and not kept. */
  readonly dropped: number;
  /** Over all nodes in the measured phase. */
  readonly transferredKeys: number;
  readonly transferredBytes: number;
  readonly gossipBytes: number;
}

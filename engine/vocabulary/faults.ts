/**
 * Faults as an experiment states them, with one meaning for both worlds: what is hurt, when, for how long. Times count
 * from the start of the warm-up. A fault is data; `engine/host/faults.ts` knows what each verb does and how faults that
 * overlap compose, and each world carries that out in its own room.
 *
 * A target is a node's id (`node-3`), `zone:<name>`, or `all`; lists are unions. Links are directed pairs of targets.
 */
import type { DistributionSettings, MemberSettings } from "./settings";

export type FaultTarget = string;

/** Messages from any of `from` to any of `to`; `bothWays` adds the way back. */
export interface FaultLinks {
  readonly from: readonly FaultTarget[];
  readonly to: readonly FaultTarget[];
  readonly bothWays: boolean;
}

/**
 * Whom clients can reach while the cluster is cut. `all`: every node, from every session. `group`: all sessions stand on
 * the side of that group (from 0). `follow-nearest`: sessions stand on all sides, session s on that of group s modulo
 * the number of groups, as clients that live beside the nodes they use. Nodes in no group are reached by everybody.
 */
export type ClientSide = "all" | "follow-nearest" | { readonly group: number };

export type FaultAction =
  /** The process ends at once. With a length it is started again after that. `disk: wipe` loses what it had stored. */
  | { readonly kind: "kill"; readonly nodes: readonly FaultTarget[]; readonly disk: "keep" | "wipe" }
  /** Starts nodes that are down. Instantaneous. */
  | { readonly kind: "restart"; readonly nodes: readonly FaultTarget[] }
  /** Ends the process, deletes its disk and starts it again. Instantaneous. */
  | { readonly kind: "wipe"; readonly nodes: readonly FaultTarget[] }
  /**
   * The process stands still, as under SIGSTOP or in a long garbage collection; what arrives waits. It is the process
   * that is stopped: one that is killed meanwhile takes its pause along, and one that starts later runs.
   */
  | { readonly kind: "pause"; readonly nodes: readonly FaultTarget[] }
  /** Messages between different groups vanish; nodes in no group reach everybody. `oneWay`: only from earlier to later groups. */
  | {
      readonly kind: "partition";
      readonly groups: readonly (readonly FaultTarget[])[];
      readonly oneWay: boolean;
      readonly clients: ClientSide;
    }
  | { readonly kind: "delay"; readonly links: FaultLinks; readonly extra: DistributionSettings }
  | { readonly kind: "loss"; readonly links: FaultLinks; readonly share: number }
  | { readonly kind: "duplicate"; readonly links: FaultLinks; readonly share: number }
  | { readonly kind: "reorder"; readonly links: FaultLinks; readonly share: number }
  /** Messages wait until the fault ends, or a `release` of their link lifts it; then all arrive, in the order sent. */
  | { readonly kind: "hold"; readonly links: FaultLinks }
  | { readonly kind: "release"; readonly links: FaultLinks }
  /** Service times of messages (slow-node) or of the disk (slow-disk) are multiplied. */
  | { readonly kind: "slow-node"; readonly nodes: readonly FaultTarget[]; readonly factor: number }
  | { readonly kind: "slow-disk"; readonly nodes: readonly FaultTarget[]; readonly factor: number }
  /** Each of the nodes is sent gets that belong to no workload, so many a second; see `engine/host/overload.ts`. */
  | { readonly kind: "overload"; readonly nodes: readonly FaultTarget[]; readonly ratePerSecond: number }
  /** Every store fails; loads go on. */
  | { readonly kind: "disk-full"; readonly nodes: readonly FaultTarget[] }
  /** Loads and stores fail with this chance. */
  | { readonly kind: "disk-error"; readonly nodes: readonly FaultTarget[]; readonly share: number }
  /**
   * This share of records is damaged: on writing, in part (torn) or never reaching the platter though acknowledged
   * (lost), or at rest when the fault begins (corrupt; instantaneous).
   */
  | {
      readonly kind: "torn-write";
      readonly nodes: readonly FaultTarget[];
      readonly share: number;
      readonly damage: "torn" | "lost" | "corrupt";
    }
  /** Wall time is set off by so much for the fault's length. */
  | { readonly kind: "clock-skew"; readonly nodes: readonly FaultTarget[]; readonly offsetMs: number }
  /** Wall time gains so many microseconds a second. */
  | { readonly kind: "clock-drift"; readonly nodes: readonly FaultTarget[]; readonly ppm: number }
  /** Wall time jumps and stays. Instantaneous. */
  | { readonly kind: "clock-jump"; readonly nodes: readonly FaultTarget[]; readonly offsetMs: number }
  /** Starts nodes and has them ask to be in the ring; `via`: whom they ask first, or any that is up. Instantaneous. */
  | { readonly kind: "join"; readonly nodes: readonly FaultTarget[]; readonly via?: FaultTarget }
  /** Asks nodes to leave the ring: they hand over what they hold, and end. Instantaneous. */
  | { readonly kind: "leave"; readonly nodes: readonly FaultTarget[] }
  /** Tells the others that these nodes are dead and out of the ring for ever. Instantaneous. */
  | { readonly kind: "remove"; readonly nodes: readonly FaultTarget[] }
  /** Starts `with` in the place of a dead node, which is removed thereby. Instantaneous. */
  | { readonly kind: "replace"; readonly nodes: readonly FaultTarget[]; readonly with: FaultTarget };

export type FaultKind = FaultAction["kind"];

export interface FaultSettings {
  /** Unique in the experiment; charts name its lane by it. */
  readonly id: string;
  readonly atMs: number;
  /** Undefined: instantaneous by nature, or until the end of the run. */
  readonly forMs: number | undefined;
  readonly action: FaultAction;
}

/** `faults: random`: how much the seed may draw. */
export interface RandomFaultsSettings {
  readonly count: number;
  readonly kinds: readonly FaultKind[];
  /** Faults begin and end within [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly longestMs: number;
}

/** What really happened, for lanes and tables. `to` undefined: had not ended when the run did. */
export interface FaultOccurrence {
  readonly id: string;
  readonly kind: FaultKind;
  /** Targets in words: `node-2`, `zone:a | zone:b, zone:c`. */
  readonly what: string;
  readonly fromMicros: number;
  readonly toMicros: number | undefined;
  /** Of an `overload`. */
  readonly requests?: OverloadCounts;
}

/** What became of the requests of an `overload`, over all its nodes. Those under way are sent and nothing else yet. */
export interface OverloadCounts {
  readonly sent: number;
  readonly answered: number;
  /** The node said no: too much to do, or no quorum. */
  readonly refused: number;
  /** Nobody said anything in time, or the connection broke. */
  readonly unanswered: number;
  /** Not sent: too many were under way, or no connection was open. */
  readonly dropped: number;
}

/** Kinds that are over at once and take no length. (`torn-write` with damage `corrupt` is over at once too.) */
export const INSTANTANEOUS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "restart",
  "wipe",
  "release",
  "clock-jump",
  "join",
  "leave",
  "remove",
  "replace",
]);

/** Kinds that change who is in the ring. */
export const OF_MEMBERSHIP: ReadonlySet<FaultKind> = new Set<FaultKind>(["join", "leave", "remove", "replace"]);

/** The members that targets name, as ascending indices without repetition, and the targets that name nobody. */
export interface ResolvedTargets {
  readonly nodes: readonly number[];
  readonly unknown: readonly FaultTarget[];
}

export function resolveTargets(
  targets: readonly FaultTarget[],
  members: readonly Pick<MemberSettings, "id" | "zone">[],
): ResolvedTargets {
  const nodes = new Set<number>();
  const unknown: FaultTarget[] = [];
  for (const target of targets) {
    let found = false;
    members.forEach(({ id, zone }, index) => {
      if (target !== "all" && target !== id && target !== `zone:${zone}`) return;
      nodes.add(index);
      found = true;
    });
    if (!found) unknown.push(target);
  }
  return { nodes: [...nodes].sort((a, b) => a - b), unknown };
}

/** Every target an action names, wherever in it. */
export function targetsOf(action: FaultAction): readonly FaultTarget[] {
  if ("nodes" in action) return action.nodes;
  if ("links" in action) return [...action.links.from, ...action.links.to];
  return action.groups.flat();
}

/** Targets in words: `node-2`, `node-1 -> zone:b`, `zone:a | zone:b, zone:c`. */
export function describeTargets(action: FaultAction): string {
  if (action.kind === "replace") return `${action.nodes.join(", ")} by ${action.with}`;
  if (action.kind === "join" && action.via !== undefined) return `${action.nodes.join(", ")} via ${action.via}`;
  if ("nodes" in action) return action.nodes.join(", ");
  if ("links" in action) {
    const { from, to, bothWays } = action.links;
    return `${from.join(", ")} ${bothWays ? "<->" : "->"} ${to.join(", ")}`;
  }
  return action.groups.map((group) => group.join(", ")).join(action.oneWay ? " -x> " : " | ");
}

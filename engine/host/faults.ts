/**
 * What faults do, and how those that overlap compose: one meaning for both worlds. A world offers {@link FaultWorld}, a
 * dozen plain verbs without memory (kill, pause, these rules hold on links from now on); {@link Faults} remembers which
 * faults are under way and tells the world what that amounts to. {@link FAULT_VERBS} is the fault map: adding a kind is
 * one entry there and its record in the vocabulary.
 *
 * The mistake this avoids is a fault that undoes another one by ending: with two pauses on a node, a `resume` at the end
 * of the first would wake it in the middle of the second. So nothing is undone. What the faults under way amount to is
 * worked out again from all of them whenever one begins or ends: a node is down while any fault holds it down, factors
 * multiply, chances combine as independent ones, offsets, delays and rates add.
 */
import { assert } from "../vocabulary/assert";
import {
  describeTargets,
  type FaultAction,
  type FaultKind,
  type FaultLinks,
  type FaultOccurrence,
  type FaultSettings,
  INSTANTANEOUS,
  type OverloadCounts,
  resolveTargets,
} from "../vocabulary/faults";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { DistributionSettings, MemberSettings } from "../vocabulary/settings";
import type { OperatorVerb } from "../io";
import type { OverloadStream } from "./overload";

/** Messages from any of `from` to any of `to`, by node index. */
export interface LinkSet {
  readonly from: ReadonlySet<number>;
  readonly to: ReadonlySet<number>;
  readonly bothWays: boolean;
}

/** What one fault does to links while it lasts. */
export interface LinkRule extends LinkSet {
  readonly loss?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly extra?: DistributionSettings;
  /** Messages wait; but not on links that have been released since. */
  readonly hold?: { readonly except: readonly LinkSet[] };
}

/** `groupOf` is parallel to the members: group of each, or -1. */
export interface PartitionRule {
  readonly groupOf: readonly number[];
  readonly groups: number;
  /** Only messages from an earlier group to a later one vanish. */
  readonly oneWay: boolean;
  /** Group a client's session stands with; undefined: clients are not cut off. */
  readonly sideOf: ((session: number) => number) | undefined;
}

/** What is wrong with a node's disk. */
export interface DiskCondition {
  readonly slowness: number;
  readonly full: boolean;
  /** Chances of one load or store, or of one record written. */
  readonly errors: number;
  readonly torn: number;
  readonly lost: number;
}

export const SOUND_DISK: DiskCondition = { slowness: 1, full: false, errors: 0, torn: 0, lost: 0 };

/** What a world lets faults do to it. Each takes effect at once; where a real world needs time, it queues by itself. */
export interface FaultWorld {
  readonly members: readonly Pick<MemberSettings, "id" | "zone" | "joins">[];
  /** Ends the process; nothing when it is down. */
  kill(node: number): void;
  /** Starts the process on what its disk holds; nothing when it is up. */
  start(node: number): void;
  /** Empties the disk of a node that is down. */
  wipe(node: number): void;
  /** Stops the process of a node, which may be down: then nothing. */
  pause(node: number): void;
  resume(node: number): void;
  /** All rules that hold from now on, in order of their faults; messages that no rule holds back any more arrive. */
  links(rules: readonly LinkRule[]): void;
  /** All partitions from now on. */
  partitions(partitions: readonly PartitionRule[]): void;
  /** Time for a message is multiplied by `factor`. */
  slowNode(node: number, factor: number): void;
  disk(node: number, condition: DiskCondition): void;
  /** Damages each record at rest with this chance. */
  corrupt(node: number, share: number): void;
  /** Wall time is off by so much, and gains so much a second, on top of what the machine's own is off. */
  wall(node: number, offset: Micros, ppm: number): void;
  /** What is sent to a node beside the workload, all of it; each stream at its own constant spacing, so that rates add. */
  overload(node: number, streams: readonly OverloadStream[]): void;
  /** An operator asks a node something about membership, once it runs; nothing when it is down. */
  operate(node: number, verb: OperatorVerb): void;
  /** What became of the requests of such a fault so far. */
  requestsOf(fault: string): OverloadCounts;
}

/** A fault under way. */
interface Active<A extends FaultAction = FaultAction> {
  readonly fault: FaultSettings & { readonly action: A };
  /** Nodes it names; for links and partitions none. */
  readonly nodes: readonly number[];
  readonly occurrence: { -readonly [K in keyof FaultOccurrence]: FaultOccurrence[K] };
  /** What a `hold` lets go again. */
  readonly released: LinkSet[];
}

type ActionOf<K extends FaultKind> = Extract<FaultAction, { readonly kind: K }>;

export interface FaultVerb<K extends FaultKind> {
  readonly kind: K;
  readonly prose: string;
  /** What is true from now on is worked out again after each of these. */
  begin?(active: Active<ActionOf<K>>, faults: Faults): void;
  end?(active: Active<ActionOf<K>>, faults: Faults): void;
  readonly link?: (action: ActionOf<K>) => Omit<LinkRule, keyof LinkSet | "hold">;
  readonly disk?: (action: ActionOf<K>, before: DiskCondition) => DiskCondition;
  readonly slowness?: (action: ActionOf<K>) => number;
  readonly ppm?: (action: ActionOf<K>) => number;
  readonly offsetMs?: (action: ActionOf<K>) => number;
  readonly perSecond?: (action: ActionOf<K>) => number;
}

export const FAULT_VERBS: { readonly [K in FaultKind]: FaultVerb<K> } = {
  kill: {
    kind: "kill",
    prose: "The process ends at once and loses what was not synced; with a length it starts again after that.",
    begin({ nodes, fault }, faults) {
      for (const node of nodes) {
        faults.holdDown(node, fault.id);
        if (fault.action.disk === "wipe") faults.world.wipe(node);
      }
    },
    end({ nodes, fault }, faults) {
      for (const node of nodes) faults.letUp(node, fault.id);
    },
  },
  restart: {
    kind: "restart",
    prose: "Starts nodes that are down, whatever holds them down.",
    begin({ nodes }, faults) {
      for (const node of nodes) faults.forceUp(node);
    },
  },
  wipe: {
    kind: "wipe",
    prose: "Ends the process, deletes its disk and starts it again, unless another fault keeps it down.",
    begin({ nodes, fault }, faults) {
      for (const node of nodes) {
        faults.holdDown(node, fault.id);
        faults.world.wipe(node);
        faults.letUp(node, fault.id);
      }
    },
  },
  pause: {
    kind: "pause",
    prose: "The process stands still and what arrives waits, as under SIGSTOP or in a long garbage collection.",
    begin({ nodes, fault }, faults) {
      for (const node of nodes) faults.holdStill(node, fault.id);
    },
    end({ nodes, fault }, faults) {
      for (const node of nodes) faults.letRun(node, fault.id);
    },
  },
  partition: {
    kind: "partition",
    prose: "Messages between groups of nodes vanish, in both directions or in one.",
  },
  delay: {
    kind: "delay",
    prose: "Messages take longer by a draw from a distribution.",
    link: ({ extra }) => ({ extra }),
  },
  loss: { kind: "loss", prose: "A share of messages vanishes.", link: ({ share }) => ({ loss: share }) },
  duplicate: {
    kind: "duplicate",
    prose: "A share of messages arrives twice.",
    link: ({ share }) => ({ duplicate: share }),
  },
  reorder: {
    kind: "reorder",
    prose: "A share of messages is held back by a second draw of the link's delay.",
    link: ({ share }) => ({ reorder: share }),
  },
  hold: { kind: "hold", prose: "Messages wait and arrive together, in order, when it ends.", link: () => ({}) },
  release: {
    kind: "release",
    prose: "Lifts holds on links: what waited arrives now.",
    begin({ fault }, faults) {
      faults.releaseHolds(faults.linkSet(fault.action.links));
    },
  },
  "slow-node": {
    kind: "slow-node",
    prose: "Handling a message takes longer by a factor.",
    slowness: ({ factor }) => factor,
  },
  "slow-disk": {
    kind: "slow-disk",
    prose: "Loads, stores and syncs take longer by a factor.",
    disk: ({ factor }, before) => ({ ...before, slowness: before.slowness * factor }),
  },
  overload: {
    kind: "overload",
    prose: "Requests that are not part of the workload, at a constant rate.",
    perSecond: ({ ratePerSecond }) => ratePerSecond,
  },
  "disk-full": {
    kind: "disk-full",
    prose: "Every store fails; loads go on.",
    disk: (_, before) => ({ ...before, full: true }),
  },
  "disk-error": {
    kind: "disk-error",
    prose: "Loads and stores fail with a chance.",
    disk: ({ share }, before) => ({ ...before, errors: either(before.errors, share) }),
  },
  "torn-write": {
    kind: "torn-write",
    prose: "A share of records is written in part, acknowledged but never written, or rots at rest.",
    begin({ nodes, fault }, faults) {
      if (fault.action.damage !== "corrupt") return;
      for (const node of nodes) faults.world.corrupt(node, fault.action.share);
    },
    disk: ({ damage, share }, before) =>
      damage === "corrupt" ? before : { ...before, [damage]: either(before[damage], share) },
  },
  "clock-skew": {
    kind: "clock-skew",
    prose: "Wall time is off by an offset while it lasts.",
    offsetMs: ({ offsetMs }) => offsetMs,
  },
  "clock-drift": {
    kind: "clock-drift",
    prose: "Wall time runs fast or slow while it lasts; what it has gained by then stays.",
    ppm: ({ ppm }) => ppm,
  },
  "clock-jump": {
    kind: "clock-jump",
    prose: "Wall time jumps and stays.",
    begin({ nodes, fault }, faults) {
      for (const node of nodes) faults.jump(node, fromMs(fault.action.offsetMs));
    },
  },
  join: {
    kind: "join",
    prose: "Starts a node that has never run, which asks to be in the ring.",
    begin({ nodes, fault }, faults) {
      for (const node of nodes) faults.join(node, fault.action.via, undefined);
    },
  },
  leave: {
    kind: "leave",
    prose: "Asks a node to hand over what it holds, and to end.",
    begin({ nodes }, faults) {
      for (const node of nodes) {
        faults.goes(node);
        faults.world.operate(node, { kind: "leave" });
      }
    },
  },
  remove: {
    kind: "remove",
    prose: "Tells a member that is up that a node is dead and out of the ring for ever.",
    begin({ nodes }, faults) {
      for (const node of nodes) {
        faults.goes(node);
        const told = faults.somebodyUp(nodes);
        if (told !== undefined) faults.world.operate(told, { kind: "remove", node });
      }
    },
  },
  replace: {
    kind: "replace",
    prose: "Starts a node that has never run in the place of a dead one, which is removed.",
    begin({ nodes, fault }, faults) {
      const [successor] = faults.nodesOf([fault.action.with]);
      for (const node of nodes) {
        faults.goes(node);
        faults.join(successor, undefined, node);
      }
    },
  },
};

/** The chance that at least one of two independent things happens. */
function either(a: number, b: number): number {
  return 1 - (1 - a) * (1 - b);
}

function isOverAtOnce(action: FaultAction): boolean {
  return INSTANTANEOUS.has(action.kind) || (action.kind === "torn-write" && action.damage === "corrupt");
}

/** The faults of one trial: which are under way, and what has happened. */
export class Faults {
  private readonly active: Active[] = [];
  private readonly past: FaultOccurrence[] = [];
  /** By node: ids of the faults that hold it. */
  private readonly down: Set<string>[];
  private readonly still: Set<string>[];
  private readonly jumped: Micros[];
  /** Spares that were started. */
  private readonly joined = new Set<number>();
  /** Members that were told to leave, or are removed: nobody to turn to, for they may have ended. */
  private readonly going = new Set<number>();

  constructor(
    readonly world: FaultWorld,
    private readonly now: () => Micros,
    /** Told of each beginning and ending, before it takes effect. */
    private readonly told: (fault: FaultSettings, phase: "begin" | "end", what: string) => void,
  ) {
    this.down = world.members.map(() => new Set());
    this.still = world.members.map(() => new Set());
    this.jumped = world.members.map(() => 0);
  }

  /** What really happened so far, in order of beginning. */
  occurrences(): readonly FaultOccurrence[] {
    return this.past.map((occurrence) =>
      occurrence.kind === "overload"
        ? { ...occurrence, requests: this.world.requestsOf(occurrence.id) }
        : { ...occurrence },
    );
  }

  begin(fault: FaultSettings): void {
    const { action } = fault;
    assert(!this.active.some((other) => other.fault.id === fault.id), "a fault begins once");
    const what = describeTargets(action);
    const atOnce = isOverAtOnce(action);
    const now = this.now();
    const occurrence = {
      id: fault.id,
      kind: action.kind,
      what,
      fromMicros: now,
      toMicros: atOnce ? now : undefined,
    };
    const nodes = "nodes" in action ? this.nodesOf(action.nodes) : [];
    const active: Active = { fault, nodes, occurrence, released: [] };
    this.past.push(occurrence);
    this.told(fault, "begin", what);
    if (!atOnce) this.active.push(active);
    verbOf(action.kind).begin?.(active, this);
    this.rework(action, nodes);
  }

  /** Nothing when it is not under way (any more). */
  end(fault: FaultSettings): void {
    const at = this.active.findIndex((other) => other.fault.id === fault.id);
    if (at < 0) return;
    const [active] = this.active.splice(at, 1);
    // A kill is over when its nodes run again, which somebody may have seen to earlier.
    active.occurrence.toMicros ??= this.now();
    this.told(fault, "end", active.occurrence.what);
    verbOf(fault.action.kind).end?.(active, this);
    this.rework(fault.action, active.nodes);
  }

  /** Those named; of spares that have not joined, only those named by their own ids. */
  nodesOf(targets: readonly string[]): readonly number[] {
    const { members } = this.world;
    return resolveTargets(targets, members).nodes.filter(
      (node) => members[node].joins !== true || this.joined.has(node) || targets.includes(members[node].id),
    );
  }

  // ---- what verbs are made of ----------------------------------------------------------------------------------

  join(node: number, via: string | undefined, replaces: number | undefined): void {
    const asked = via === undefined ? this.somebodyUp([node]) : this.nodesOf([via])[0];
    this.joined.add(node);
    if (this.down[node].size === 0) this.world.start(node);
    this.world.operate(node, { kind: "join", via: asked, replaces });
  }

  goes(node: number): void {
    this.going.add(node);
  }

  /** The first member that no fault holds down, that stays, and that is none of these. */
  somebodyUp(except: readonly number[]): number | undefined {
    const { members } = this.world;
    const found = members.findIndex(
      ({ joins }, node) =>
        !except.includes(node) &&
        !this.going.has(node) &&
        (joins !== true || this.joined.has(node)) &&
        this.down[node].size === 0,
    );
    return found < 0 ? undefined : found;
  }

  holdDown(node: number, id: string): void {
    this.down[node].add(id);
    // The process takes its pauses along.
    this.still[node].clear();
    this.world.kill(node);
    this.closeIdle("pause", this.still);
  }

  letUp(node: number, id: string): void {
    if (this.down[node].delete(id) && this.down[node].size === 0) this.world.start(node);
  }

  forceUp(node: number): void {
    this.down[node].clear();
    this.world.start(node);
    this.closeIdle("kill", this.down);
  }

  holdStill(node: number, id: string): void {
    if (this.down[node].size > 0) return;
    if (this.still[node].size === 0) this.world.pause(node);
    this.still[node].add(id);
  }

  letRun(node: number, id: string): void {
    if (this.still[node].delete(id) && this.still[node].size === 0) this.world.resume(node);
  }

  releaseHolds(links: LinkSet): void {
    for (const { fault, released } of this.active) if (fault.action.kind === "hold") released.push(links);
  }

  jump(node: number, by: Micros): void {
    this.jumped[node] += by;
    this.wall(node);
  }

  linkSet({ from, to, bothWays }: FaultLinks): LinkSet {
    const { members } = this.world;
    return {
      from: new Set(resolveTargets(from, members).nodes),
      to: new Set(resolveTargets(to, members).nodes),
      bothWays,
    };
  }

  // ---- what the faults under way amount to ---------------------------------------------------------------------

  private rework(changed: FaultAction, nodes: readonly number[]): void {
    const verb = verbOf(changed.kind);
    if (changed.kind === "partition") this.world.partitions(this.partitionRules());
    if (verb.link !== undefined || changed.kind === "release") this.world.links(this.linkRules());
    for (const node of nodes) {
      if (verb.disk !== undefined) this.world.disk(node, this.diskOf(node));
      if (verb.slowness !== undefined) this.world.slowNode(node, this.product(node));
      if (verb.ppm !== undefined || verb.offsetMs !== undefined) this.wall(node);
      if (verb.perSecond !== undefined) this.world.overload(node, this.streams(node));
    }
  }

  private linkRules(): LinkRule[] {
    const rules: LinkRule[] = [];
    for (const { fault, released } of this.active) {
      const { action } = fault;
      const rule = verbOf(action.kind).link?.(action);
      if (rule === undefined || !("links" in action)) continue;
      const hold = action.kind === "hold" ? { hold: { except: [...released] } } : {};
      rules.push({ ...this.linkSet(action.links), ...rule, ...hold });
    }
    return rules;
  }

  private partitionRules(): PartitionRule[] {
    const rules: PartitionRule[] = [];
    for (const { fault } of this.active) {
      const { action } = fault;
      if (action.kind !== "partition") continue;
      const groupOf = this.world.members.map(() => -1);
      action.groups.forEach((group, at) => {
        // A node named twice stands with the first.
        for (const node of resolveTargets(group, this.world.members).nodes) {
          if (groupOf[node] < 0) groupOf[node] = at;
        }
      });
      const { clients } = action;
      const groups = action.groups.length;
      const sideOf =
        clients === "all"
          ? undefined
          : clients === "follow-nearest"
            ? (session: number) => session % groups
            : () => clients.group;
      rules.push({ groupOf, groups, oneWay: action.oneWay, sideOf });
    }
    return rules;
  }

  private diskOf(node: number): DiskCondition {
    let condition = SOUND_DISK;
    this.eachOn(node, (verb, action) => (condition = verb.disk?.(action, condition) ?? condition));
    return condition;
  }

  private product(node: number): number {
    let factor = 1;
    this.eachOn(node, (verb, action) => (factor *= verb.slowness?.(action) ?? 1));
    return factor;
  }

  private wall(node: number): void {
    let offset = this.jumped[node];
    let ppm = 0;
    this.eachOn(node, (verb, action) => {
      offset += fromMs(verb.offsetMs?.(action) ?? 0);
      ppm += verb.ppm?.(action) ?? 0;
    });
    this.world.wall(node, offset, ppm);
  }

  private streams(node: number): readonly OverloadStream[] {
    return this.active.flatMap(({ fault, nodes }) => {
      const perSecond = nodes.includes(node) ? verbOf(fault.action.kind).perSecond?.(fault.action) : undefined;
      return perSecond === undefined ? [] : [{ fault: fault.id, perSecond }];
    });
  }

  private eachOn(node: number, act: (verb: FaultVerb<FaultKind>, action: FaultAction) => void): void {
    for (const { fault, nodes } of this.active) {
      if (nodes.includes(node)) act(verbOf(fault.action.kind), fault.action);
    }
  }

  /** What has lost its last node has ended, whatever its length says. */
  private closeIdle(kind: FaultKind, holds: readonly ReadonlySet<string>[]): void {
    for (const { fault, nodes, occurrence } of this.active) {
      if (fault.action.kind !== kind || occurrence.toMicros !== undefined) continue;
      if (!nodes.some((node) => holds[node].has(fault.id))) occurrence.toMicros = this.now();
    }
  }
}

/** Kind and action belong together by construction; the map's type says so, its lookup by a variable cannot. */
function verbOf(kind: FaultKind): FaultVerb<FaultKind> {
  return FAULT_VERBS[kind] as FaultVerb<FaultKind>;
}

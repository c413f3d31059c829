/**
 * Bugs that stores have had, so that the product itself stays as it is: the first planted between the node and whoever
 * watches it, the later ones, of what repairs, inside of the one node at hand, as no message gives them away. Each strikes
 * now and then, as bugs do, and by counting, not by chance: a run is a function of its seed.
 */
import type { Clock } from "../../engine/clocks/clock";
import { clockFor } from "../../engine/clocks/clock";
import type { DvvSet } from "../../engine/clocks/dotted-set";
import type { VvServerState } from "../../engine/clocks/vv-server";
import { type Effect, Effects, type Input } from "../../engine/io";
import type { NodeOptions } from "../../engine/node";
import type { RelocationJob } from "../../engine/handoff/relocation";
import type { Membership } from "../../engine/membership/membership";
import type { RingState } from "../../engine/messages";
import type { MembershipSettings } from "../../engine/vocabulary/settings";
import type { Handoff } from "../../engine/handoff/handoff";
import { resolveQuorum } from "../../engine/quorum/arithmetic";
import type { RunningNode } from "../../engine/sim/machine";
import { assert } from "../../engine/vocabulary/assert";
import type { Micros } from "../../engine/vocabulary/micros";
import type { Plant } from "./swarm-run";

/** A node of which a subclass changes what goes in and what comes out. */
abstract class Tampered implements RunningNode {
  private readonly mine = new Effects();
  private readonly extra: Effect[] = [];
  protected readonly clock: Clock;

  constructor(
    private readonly inner: RunningNode,
    options: NodeOptions,
  ) {
    this.clock = clockFor(options.settings);
  }

  /** The input that the node gets instead; undefined: none. */
  protected incoming(input: Input): Input | undefined {
    return input;
  }

  protected outgoing(effect: Effect): Effect {
    return effect;
  }

  protected add(effect: Effect): void {
    this.extra.push(effect);
  }

  step(now: Micros, input: Input): void {
    const changed = this.incoming(input);
    if (changed !== undefined) this.inner.step(now, changed);
  }

  takeEffects(): Effects {
    const effects = this.inner.takeEffects();
    this.mine.clear();
    for (let i = 0; i < effects.count; i++) this.mine.push(this.outgoing(effects.at(i)));
    for (const effect of this.extra.splice(0)) this.mine.push(effect);
    return this.mine;
  }

  nextWakeup(): Micros | undefined {
    return this.inner.nextWakeup();
  }

  count(): ReturnType<RunningNode["count"]> {
    return this.inner.count();
  }
}

/** Every seventh replicated write that reaches a replica is thrown away, and acknowledged. */
class DroppedAcknowledgement extends Tampered {
  private seen = 0;

  protected override incoming(input: Input): Input | undefined {
    if (input.kind !== "received" || input.message.kind !== "replica-put") return input;
    const { id, vnode, acknowledge } = input.message;
    if (acknowledge === "none" || ++this.seen % 7 !== 0) return input;
    this.add({ kind: "send", to: input.from, message: { kind: "replica-put-reply", id, vnode, status: "stored" } });
    return undefined;
  }
}

/** Every third state with siblings is stored without one of them. */
class DroppedSibling extends Tampered {
  private seen = 0;

  protected override outgoing(effect: Effect): Effect {
    if (effect.kind !== "store" || this.clock.versions(effect.state).length < 2 || ++this.seen % 3 !== 0) return effect;
    return { ...effect, state: withoutOldest(effect.state as DvvSet | VvServerState) };
  }
}

function withoutOldest(state: DvvSet | VvServerState): unknown {
  if ("siblings" in state) return { ...state, siblings: state.siblings.slice(1) };
  const at = state.lists.findIndex((list) => list.length > 0);
  return { ...state, lists: state.lists.map((list, k) => (k === at ? list.slice(0, -1) : list)) };
}

/** What a read repair stores is the first state that this replica ever had of the key. */
class RepairBackwards extends Tampered {
  private readonly first = new Map<string, unknown>();
  private repairing: string | undefined;

  protected override incoming(input: Input): Input {
    const isRepair =
      input.kind === "received" && input.message.kind === "replica-put" && input.message.cause === "read-repair";
    if (isRepair) this.repairing = (input.message as { readonly address: string }).address;
    return input;
  }

  protected override outgoing(effect: Effect): Effect {
    if (effect.kind !== "store") return effect;
    const key = `${String(effect.vnode)}/${effect.address}`;
    const first = this.first.get(key);
    if (first === undefined) this.first.set(key, effect.state);
    if (first === undefined || this.repairing !== effect.address) return effect;
    this.repairing = undefined;
    return { ...effect, state: first };
  }
}

/** Trees that differ are taken for equal trees: whatever lies below the root is never looked at. */
class OnlyTheRoot extends Tampered {
  protected override incoming(input: Input): Input {
    if (input.kind !== "received" || input.message.kind !== "tree-reply") return input;
    return { ...input, message: { ...input.message, differing: [], hashes: [] } };
  }
}

function plant(make: (inner: RunningNode, options: NodeOptions) => RunningNode): Plant {
  return (create) => (options, now) => make(create(options, now), options);
}

/** One method of one object behaves otherwise from now on; nothing where there is no such object. */
function instead(object: unknown, method: string, make: (usual: Method) => Method): void {
  if (object === undefined) return;
  const usual = Reflect.get(object as object, method) as Method | undefined;
  assert(usual !== undefined, `${method} is still what the bug was planted in`);
  Reflect.set(object as object, method, make(usual.bind(object)));
}

type Method = (...args: never[]) => unknown;

/** A part of a node that nobody else is to see. */
function partOf(node: RunningNode, ...names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (whole, name) => (whole === undefined ? undefined : (Reflect.get(whole as object, name) as unknown)),
    node,
  );
}

function inside(change: (node: RunningNode) => void): Plant {
  return (create) => (options, now) => {
    const node = create(options, now);
    change(node);
    return node;
  };
}

/** The copy goes when the message does. */
const deletedOnSending = inside((node) => {
  const handoff = partOf(node, "handoff");
  instead(handoff, "sendBatch", (usual) => (...args) => {
    usual(...args);
    const [now, waiting, { id, sent }] = args as unknown as SendBatch;
    if (sent.length > 0) (handoff as Handoff).replied(now, waiting.home.node, { kind: "handoff-reply", id, status: "stored" }); // prettier-ignore
  });
});
type SendBatch = [Micros, { home: { node: number } }, { id: number; sent: readonly unknown[] }];

/** The copy goes as it is now, not as it was sent. */
const droppedAsItIs = inside((node) => {
  instead(
    partOf(node, "replica"),
    "drop",
    (usual) =>
      (...[entry]: never[]) =>
        usual(entry, (entry as { state: unknown }).state as never),
  );
});

/** PW is taken for W: whoever stands in counts. */
const countedToPw: Plant = (create) => (options, now) => {
  const { w, pw, nVal } = options.settings;
  const both = Math.max(resolveQuorum(w, nVal)!, resolveQuorum(pw, nVal)!);
  return create({ ...options, settings: { ...options.settings, w: both, pw: 0 } }, now);
};

/** Writes of every tenth key, the swarm's k0 among them, do not reach the tree. */
const forgetfulTrees = inside((node) => {
  instead(partOf(node, "antiEntropy"), "changed", (usual) => (...args) => {
    const [, address] = args as readonly unknown[];
    if (!(address as string).endsWith("0")) usual(...args);
  });
});

/** The repair is sent, and the answer with it. */
const impatientRepair = inside((node) => {
  instead(node, "getStrategically", (usual) => (...args) => {
    instead(args[0], "repairVerdict", () => () => "met");
    usual(...args);
  });
});

/** A fallback gives its events the name that it always has. */
const nameUsedAgain = inside((node) => {
  instead(
    partOf(node, "replica", "borrowed"),
    "nameFor",
    () =>
      (...[, vnode]: never[]) =>
        vnode,
  );
});

/** Bug by name. */
export const PLANTS: ReadonlyMap<string, Plant> = new Map([
  [
    "a dropped acknowledgement counted as success",
    plant((inner, options) => new DroppedAcknowledgement(inner, options)),
  ],
  ["a merge that drops a sibling", plant((inner, options) => new DroppedSibling(inner, options))],
  ["a read repair that writes an older version", plant((inner, options) => new RepairBackwards(inner, options))],
]);

/** There is no anti-entropy at all, though the experiment asks for it. */
const noComparisons: Plant = (create) => (options, now) =>
  create({ ...options, settings: { ...options.settings, aae: undefined } }, now);

/** Bugs of what repairs, and the seed to look from: the swarm of seeds that draw such settings is thinner. */
export const REPAIR_PLANTS: ReadonlyMap<string, { readonly plant: Plant; readonly from: number }> = new Map([
  ["a hint deleted on sending", { plant: deletedOnSending, from: 2_001_009 }],
  ["a fallback counted to PW", { plant: countedToPw, from: 2_001_055 }],
  ["trees that forget one key in ten", { plant: forgetfulTrees, from: 2_001_020 }],
  [
    "an exchange that compares the root alone",
    { plant: plant((inner, options) => new OnlyTheRoot(inner, options)), from: 2_001_009 },
  ],
  ["no anti-entropy where there should be some", { plant: noComparisons, from: 2_001_009 }],
]);

/** Settings of membership that are not those that were asked for. */
function withMembership(change: Partial<MembershipSettings>): Plant {
  return (create) => (options, now) => {
    const { membership } = options.settings;
    if (membership === undefined) return create(options, now);
    return create({ ...options, settings: { ...options.settings, membership: { ...membership, ...change } } }, now);
  };
}

/** Everybody is taken to have seen whatever this node has seen. */
const noBarrier = inside((node) => {
  const membership = partOf(node, "living", "membership");
  instead(
    partOf(node, "living", "membership", "members"),
    "seen",
    (usual) =>
      (...args) =>
        (membership as Membership).ring?.id ?? usual(...args),
  );
});

/** A step is called seen while operations of the one before go on. */
const seenTooEarly = inside((node) => {
  instead(partOf(node, "living", "acts"), "stateChanged", () => () => undefined);
});

/** What is left over goes without a question to its owners. */
const droppedUnasked = inside((node) => {
  const relocation = partOf(node, "living", "relocation");
  instead(relocation, "sendOffer", (usual) => (...args) => {
    const job = partOf(node, "living", "relocation", "job") as RelocationJob;
    if (!job.drops) usual(...args);
    else (Reflect.get(relocation as object, "arrived") as Method).call(relocation, ...args);
  });
});

/** In place of a removed member nobody sends: its copies are taken to have been sent by itself. */
const onlyTheDisplaced = inside((node) => {
  instead(
    partOf(node, "living"),
    "transferTo",
    (usual) =>
      (...[state]: never[]) =>
        usual({ ...(state as RingState), without: [] } as never),
  );
});

/** What comes late to a node that owns it no more stays there. */
const straysStay = inside((node) => {
  instead(partOf(node, "living"), "changed", () => () => undefined);
});

/** Bugs of who is a member, and the seed to look from. */
export const MEMBERSHIP_PLANTS: ReadonlyMap<string, { readonly plant: Plant; readonly from: number }> = new Map([
  ["no double writes while ranges move", { plant: withMembership({ doubleWrites: false }), from: 3_000_011 }],
  ["steps of the ring that wait for nobody", { plant: noBarrier, from: 3_000_194 }],
  ["left-over copies dropped unasked", { plant: droppedUnasked, from: 3_000_064 }],
  ["removed nodes forgotten at once", { plant: withMembership({ quarantineMs: 0 }), from: 3_000_019 }],
  ["late copies that stay where they came", { plant: straysStay, from: 3_000_014 }],
]);

/** Those that strike too seldom for a swarm of short runs: each has the smallest scenario that shows it. */
export const RARE_PLANTS = { droppedAsItIs, impatientRepair, nameUsedAgain, seenTooEarly, onlyTheDisplaced };

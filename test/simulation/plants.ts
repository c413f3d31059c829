/**
 * Three bugs that stores have had, planted between the node and whoever watches it, so that the product itself stays as
 * it is. Each strikes now and then, as bugs do, and by counting, not by chance: a run is a function of its seed.
 */
import type { Clock } from "../../engine/clocks/clock";
import { clockFor } from "../../engine/clocks/clock";
import type { DvvSet } from "../../engine/clocks/dotted-set";
import type { VvServerState } from "../../engine/clocks/vv-server";
import { type Effect, Effects, type Input } from "../../engine/io";
import type { NodeOptions } from "../../engine/node";
import type { RunningNode } from "../../engine/sim/machine";
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

function plant(make: (inner: RunningNode, options: NodeOptions) => RunningNode): Plant {
  return (create) => (options, now) => make(create(options, now), options);
}

/** Bug by name. */
export const PLANTS: ReadonlyMap<string, Plant> = new Map([
  [
    "a dropped acknowledgement counted as success",
    plant((inner, options) => new DroppedAcknowledgement(inner, options)),
  ],
  ["a merge that drops a sibling", plant((inner, options) => new DroppedSibling(inner, options))],
  ["a read repair that writes an older version", plant((inner, options) => new RepairBackwards(inner, options))],
]);

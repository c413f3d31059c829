/**
 * The operators of a scenario: they start spares, ask members to leave, remove the dead. What they have asked for is known
 * here, so that in the end the one ring that must come of it is known too, and whoever is missing from it, or too much.
 *
 * After the faults operators do what operators do: nodes that are wanted and down are started, orders that nobody was there
 * to hear are given again, and in the end whoever holds everybody up with a disk that cannot be read is given up. Then all live members must agree on one settled ring, within a time.
 */
import { compareRingIds, isSameRing } from "../../engine/membership/ring-ids";
import type { RingState } from "../../engine/messages";
import { Ring } from "../../engine/ring/ring";
import type { SimulatedCluster } from "../../engine/sim/cluster";
import { fromMs } from "../../engine/vocabulary/micros";
import { Random } from "../../engine/vocabulary/random";
import type { Scenario } from "./draw";
import type { ChangeDraw } from "./draw-membership";
import type { Ledger } from "./ledger";

/** Within that all agree once all is whole again. */
const PATIENCE_MS = 120_000;
/** In quarters of a second. */
const UNREADABLE_AFTER = 240;

export class ComingAndGoing {
  /** What was last asked for each node. */
  private readonly orders: ("in" | "out")[];
  private newest: RingState | undefined;
  /** Removed, and out of the ring. */
  private readonly buried = new Set<number>();
  /** Named as removed by any state of the ring so far. */
  private readonly leftOut = new Set<number>();
  /** Members that the ring ever had at least. */
  fewest: number;
  private readonly rings = new Map<string, Ring>();
  private readonly changes: boolean;
  private readonly first: readonly number[];

  constructor(
    private readonly cluster: SimulatedCluster,
    private readonly scenario: Scenario,
    private readonly ledger: Ledger,
    private readonly broken: (invariant: string, evidence: string) => void,
    private readonly count: (what: string) => void,
  ) {
    this.orders = cluster.settings.members.map(({ joins }) => (joins === true ? "out" : "in"));
    this.first = wanted(this.orders);
    this.fewest = this.first.length;
    this.changes = cluster.settings.engine.membership !== undefined;
  }

  /** By which anybody reads who has come furthest, alive or not. */
  get ring(): Ring {
    return this.newest === undefined ? this.cluster.ring : this.ringFor(this.newest);
  }

  ringOf(node: number): Ring {
    const state = this.cluster.ringStateOf(node);
    return state === undefined ? this.ring : this.ringFor(state);
  }

  private ringFor({ plan }: RingState): Ring {
    const name = JSON.stringify(plan);
    let ring = this.rings.get(name);
    if (ring === undefined) {
      const { ring: settings, members, seed } = this.cluster.settings;
      this.rings.set(name, (ring = Ring.of(settings, members, plan, Random.fromSeed(seed).fork("ring"))));
    }
    return ring;
  }

  /** A node has taken a step of the ring. */
  changed(node: number): void {
    const state = this.cluster.ringStateOf(node);
    if (state === undefined || this.ledger.isRemoved(node)) return;
    if (this.newest !== undefined && compareRingIds(state.id, this.newest.id) <= 0) return;
    this.newest = state;
    this.fewest = Math.min(this.fewest, state.plan.members.length);
    this.lookForGhosts(state);
  }

  /** Who was removed from a ring, as everybody in it has agreed, is in no later one. */
  private lookForGhosts({ id, phase, plan, next, without }: RingState): void {
    // Not before it is settled: a step that somebody proposed at the same time may win over one that leaves it out already.
    for (const node of without) this.leftOut.add(node);
    if (phase === "settled") for (const node of this.leftOut) if (!plan.members.includes(node)) this.buried.add(node);
    for (const node of [...plan.members, ...(phase === "joining" ? next!.members : [])]) {
      if (this.buried.has(node))
        this.broken("a removed node does not come back", `node-${String(node + 1)} is in ring ${String(id.version)}`);
    }
  }

  schedule(): void {
    for (const change of this.scenario.changes)
      this.cluster.at(fromMs(change.atMs), () => {
        this.count(`change: ${this.carryOut(change) ? change.kind : "nobody to ask"}`);
      });
  }

  private carryOut(change: ChangeDraw): boolean {
    const { cluster, orders } = this;
    const { node } = change;
    if (change.kind !== "return" && this.ledger.isRemoved(node)) return false;
    switch (change.kind) {
      case "join":
        orders[node] = "in";
        cluster.boot(node);
        cluster.operate(node, { kind: "join", via: change.via, replaces: undefined });
        return true;
      case "leave":
        orders[node] = "out";
        cluster.operate(node, { kind: "leave" });
        return cluster.machines[node].up;
      case "remove": {
        const told = this.listener(change.via, node);
        if (told === undefined || !this.goesOnWithout(node)) return false;
        this.giveUp(node);
        cluster.operate(told, { kind: "remove", node });
        return true;
      }
      case "replace":
        if (!this.goesOnWithout(node)) return false;
        cluster.boot(change.by);
        if (cluster.machines[change.by].paused) return false;
        orders[change.by] = "in";
        this.giveUp(node);
        cluster.operate(change.by, { kind: "join", via: this.listener(undefined, node), replaces: node });
        return true;
      case "return":
        if (!this.ledger.isRemoved(node)) return false;
        cluster.boot(node);
        return true;
    }
  }

  /** Somebody of the ring is left, and of the one to come: nobody goes on from nothing. */
  private goesOnWithout(dead: number): boolean {
    const { plan, next } = this.newest ?? { plan: { members: this.first }, next: undefined };
    const left = (members: readonly number[]): boolean =>
      members.some((node) => node !== dead && !this.ledger.isRemoved(node));
    return left(plan.members) && (next === undefined || left(next.members));
  }

  /** It is dead by now, if it was not before. */
  private giveUp(node: number): void {
    this.cluster.kill(node);
    this.orders[node] = "out";
    this.ledger.removedNode(node);
  }

  /** Somebody who is there to hear an order at once: this one, or the first. */
  private listener(preferred: number | undefined, not: number): number | undefined {
    const { machines } = this.cluster;
    const hears = (at: number): boolean => at !== not && machines[at].up && !machines[at].paused && machines[at].node?.serving === true && !this.ledger.isRemoved(at); // prettier-ignore
    if (preferred !== undefined && hears(preferred)) return preferred;
    const found = machines.findIndex((_, at) => hears(at));
    return found < 0 ? undefined : found;
  }

  mayBeDown(node: number): boolean {
    return this.changes && (this.orders[node] === "out" || this.ledger.isRemoved(node));
  }

  /** Everybody who is wanted runs, everybody has heard what was asked for, and all come to one ring. */
  settle(advance: (ms: number) => void): void {
    if (!this.changes) return;
    const { cluster, orders } = this;
    // A thousand bytes a second and a hundred thousand to send: that is slow, and not stuck.
    const { transferRateBytesPerSecond: rate = Infinity } = cluster.settings.engine.membership ?? {};
    const until = cluster.now() + fromMs(PATIENCE_MS * (rate < 10_000 ? 5 : 1));
    this.giveOrders();
    for (let round = 1; this.disagreement() !== undefined && cluster.now() < until; round++) {
      advance(250);
      if (round === UNREADABLE_AFTER) this.giveUpDamaged();
      if (round % 20 === 0) this.giveOrders();
    }
    const problem = this.disagreement();
    if (problem !== undefined) this.broken("all come to one ring", `${problem}; wanted: ${names(wanted(orders))}`);
    else this.count("rest: one ring");
  }

  private giveUpDamaged(): void {
    const { plan, next } = this.newest ?? { plan: { members: this.first }, next: undefined };
    for (const node of new Set([...wanted(this.orders), ...plan.members, ...(next?.members ?? [])])) {
      const told = this.listener(undefined, node);
      if (!this.ledger.isDamaged(node) || told === undefined) continue;
      if (!this.goesOnWithout(node) && !this.calledOff(node)) continue;
      this.giveUp(node);
      this.cluster.operate(told, { kind: "remove", node });
      this.count("change: a damaged node given up");
    }
  }

  /** The one that was to stay alone is lost: whoever was to leave it alone is asked to stay. */
  private calledOff(dead: number): boolean {
    const { newest, cluster, orders } = this;
    if (newest?.phase !== "joining") return false;
    const stays = newest.plan.members.find((node) => node !== dead && !this.ledger.isRemoved(node) && !this.ledger.isDamaged(node)); // prettier-ignore
    if (stays === undefined || orders[stays] === "in") return false;
    orders[stays] = "in";
    cluster.operate(stays, { kind: "join", via: undefined, replaces: undefined });
    this.count("change: a leave called off");
    return true;
  }

  private giveOrders(): void {
    const { cluster, orders } = this;
    orders.forEach((order, node) => {
      if (this.ledger.isRemoved(node)) {
        for (const { up, node: other } of cluster.machines.map(({ up }, at) => ({ up, node: at })))
          if (up && other !== node && !this.ledger.isRemoved(other)) cluster.operate(other, { kind: "remove", node });
        return;
      }
      const isMember = this.newest?.plan.members.includes(node) ?? true;
      // Who has left, and did not get round to saying so, is a voter still.
      if (order === "in" || isMember || this.newest?.former.includes(node) === true) cluster.boot(node);
      if (order === "in" && !isMember) cluster.operate(node, { kind: "join", via: this.listener(undefined, node), replaces: undefined }); // prettier-ignore
      if (order === "out" && isMember) cluster.operate(node, { kind: "leave" });
    });
  }

  /** Why there is not one ring yet. */
  private disagreement(): string | undefined {
    const expected = wanted(this.orders);
    let one: RingState | undefined;
    for (const node of expected) {
      const { up } = this.cluster.machines[node];
      const state = this.cluster.ringStateOf(node);
      if (!up || state === undefined) return `node-${String(node + 1)} is ${up ? "without a ring" : "down"}`;
      one ??= state;
      if (state.phase !== "settled" || !isSameRing(state.id, one.id) || names(state.plan.members) !== names(expected))
        return `node-${String(node + 1)} goes by ${describe(state)}, node-${String(expected[0] + 1)} by ${describe(one)}`;
    }
    return undefined;
  }
}

function wanted(orders: readonly string[]): readonly number[] {
  return orders.flatMap((order, node) => (order === "in" ? [node] : []));
}

function names(nodes: readonly number[]): string {
  return nodes.map((node) => node + 1).join(",");
}

function describe({ id, phase, plan, next }: RingState): string {
  const towards = next === undefined ? "" : ` (${names(next.members)})`;
  return `${String(id.version)}.${String(id.proposer)} ${phase} ${names(plan.members)}${towards}`;
}

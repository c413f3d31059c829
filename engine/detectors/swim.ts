/**
 * SWIM: each period a node pings one other; when no ack comes, it asks a few others to try, and only when they hear nothing either
 * is the member suspected. News of members comes along with these messages, so nothing is broadcast and a node's load does not
 * depend on how many there are. Like asking a few friends whether they have seen somebody before calling the police.
 *
 * The mistake it avoids is that of one bad link, or one lost packet, deciding for all. Suspicion may be objected to by its
 * subject, which alone raises its incarnation; the higher incarnation wins, and at equal ones the worse news. A new life begins
 * above all incarnations of the one before (epoch times 2^20). Two departures from the paper, each with a switch: a death may be
 * taken back (`revival`), and the dead are pinged now and then (`reconnect`), or the halves of a healed partition would
 * never speak again. Whoever hears from somebody that it believes dead says so in its next message to it.
 *
 * `lifeguard.ts` is the same protocol with its three additions, which stand here at the places where they act.
 */
import type { LifeUpdate, NodeIndex, ProbeMessage } from "../messages";
import { MAX_LIFE_UPDATES } from "../messages";
import { assert } from "../vocabulary/assert";
import { fromMs, type Micros } from "../vocabulary/micros";
import type { Random } from "../vocabulary/random";
import type { DetectorSettings, SwimSettings } from "../vocabulary/settings";
import type { Detector, DetectorContext, DetectorFactory } from "./detector";
import { LocalHealth } from "./local-health";
import { Roster } from "./roster";
import { Rumours } from "./rumours";
import { retransmissions, shrunk, suspicionPeriods } from "./suspicion";

type Status = LifeUpdate["status"];

const STATUS: readonly (Status | undefined)[] = [undefined, "alive", "suspect", "dead"];
const UNWATCHED = 0;
const ALIVE = 1;
/** Incarnations of one life. */
const LIFE = 2 ** 20;
/** Requests of others that are being worked off at once. */
const MAX_RELAYED = 1_024;
const ID_SPACE = 2 ** 32;

/** The probe of this period. */
interface Probe {
  readonly id: number;
  readonly target: NodeIndex;
  /** When others are asked; Infinity once they have been. */
  askOthersAt: Micros;
  /** Relays that are to answer either way, and those that said they hear nothing. */
  asked: number;
  readonly nacks: Set<NodeIndex>;
}

/** A ping on behalf of another. */
interface Relayed {
  readonly about: NodeIndex;
  readonly requester: NodeIndex;
  readonly id: number;
  readonly nackAt: Micros;
  readonly endsAt: Micros;
  nacked: boolean;
}

interface Suspicion {
  readonly since: Micros;
  /** Nodes that came to it on their own. */
  readonly by: Set<NodeIndex>;
  due: Micros;
}

class Swim implements Detector {
  readonly heartbeatIntervalMicros = Infinity;
  private readonly own: SwimSettings;
  private readonly interval: Micros;
  private readonly timeout: Micros;
  private readonly nackAfter: Micros;
  private readonly health: LocalHealth;
  private readonly random: Random;
  private readonly roster: Roster;
  private readonly rumours: Rumours;
  /** Place in {@link STATUS} of each node; 0 of those that are not watched. A byte a node, for each of ten thousand. */
  private statuses = new Uint8Array(0);
  /** Of nodes that have said more than that they began their first life. */
  private readonly incarnations = new Map<NodeIndex, number>();
  private readonly dead: NodeIndex[] = [];
  private groupSize = 1;
  private incarnation: number;
  private readonly suspicions = new Map<NodeIndex, Suspicion>();
  private nextSuspicion: Micros = Infinity;
  private nextPeriod: Micros;
  private probe: Probe | undefined;
  private nextId = 1;
  /** By the id of our ping; in the order they were asked, which is that of their ends. */
  private readonly relayed = new Map<number, Relayed>();
  private nextRelayed: Micros = Infinity;
  private nextRumour: Micros = Infinity;
  private nextReconnect: Micros = Infinity;
  private changed: NodeIndex[] = [];

  constructor(
    settings: DetectorSettings,
    private readonly context: DetectorContext,
    peers: readonly NodeIndex[],
    now: Micros,
  ) {
    assert(settings.swim !== undefined, "swim has its settings");
    this.own = settings.swim;
    const { probeIntervalMs, probeTimeoutMs, probeOrder, lifeguard } = this.own;
    this.interval = fromMs(probeIntervalMs);
    this.timeout = fromMs(probeTimeoutMs);
    this.nackAfter = lifeguard === undefined ? this.interval : Math.ceil(lifeguard.nackAt * this.timeout);
    this.health = new LocalHealth(lifeguard?.maxHealth ?? 0);
    this.random = context.random;
    this.roster = new Roster(context.random.fork("roster"), probeOrder);
    this.rumours = new Rumours(1);
    this.incarnation = context.epoch * LIFE;
    const { interval } = this;
    this.nextPeriod =
      this.own.probePhase === "common"
        ? (Math.floor(now / interval) + 1) * interval
        : now + this.random.nextBelow(interval);
    this.follow(peers);
    if (context.epoch > 1) this.tellOfSelf(now);
  }

  get hasNews(): boolean {
    return this.changed.length > 0;
  }

  heard(): void {
    // A message may be old. What counts is an ack, or a higher incarnation.
  }

  heartbeat(node: NodeIndex, _sequence: number, epoch: number, now: Micros): void {
    // Sent by whoever begins a new life.
    this.learn({ node, status: "alive", incarnation: epoch * LIFE, by: node }, now);
  }

  follow(peers: readonly NodeIndex[]): void {
    const wanted = this.statuses.length === 0 ? NONE_WANTED : new Set(peers);
    for (let node = 0; node < this.statuses.length; node++) {
      if (this.statuses[node] !== UNWATCHED && !wanted.has(node)) this.dismiss(node);
    }
    this.makeRoom(peers.reduce((most, node) => Math.max(most, node), 0));
    for (const node of peers) {
      if (this.statuses[node] !== UNWATCHED) continue;
      this.statuses[node] = ALIVE;
      this.roster.add(node);
    }
    this.groupSize = peers.length + 1;
    this.rumours.limit = Math.max(1, retransmissions(this.groupSize, this.own.retransmitMult, this.own.scaling));
  }

  private makeRoom(highest: NodeIndex): void {
    if (highest < this.statuses.length) return;
    const larger = new Uint8Array(highest + 1);
    larger.set(this.statuses);
    this.statuses = larger;
  }

  private dismiss(node: NodeIndex): void {
    this.statuses[node] = UNWATCHED;
    // Should it be back before the period is over, it has not been asked anything yet.
    if (this.probe?.target === node) this.probe = undefined;
    this.incarnations.delete(node);
    this.roster.remove(node);
    this.suspicions.delete(node);
    this.rumours.drop(node);
    this.forgetDead(node);
  }

  /** Undefined of a node that is not watched. */
  private statusOf(node: NodeIndex): Status | undefined {
    return STATUS[this.statuses[node] ?? UNWATCHED];
  }

  private incarnationOf(node: NodeIndex): number {
    return this.incarnations.get(node) ?? LIFE;
  }

  suspected(node: NodeIndex): boolean {
    const status = this.statusOf(node);
    return status === "dead" || (status === "suspect" && this.own.avoidSuspects);
  }

  advance(now: Micros): readonly NodeIndex[] {
    if (now >= this.nextRelayed) this.advanceRelayed(now);
    if (this.probe !== undefined && now >= this.probe.askOthersAt && now < this.nextPeriod) this.askOthers(this.probe);
    if (now >= this.nextPeriod) this.beginPeriod(now);
    if (now >= this.nextSuspicion) this.convict(now);
    if (now >= this.nextRumour) this.sendRumours(now);
    if (now >= this.nextReconnect) this.reconnect(now);
    if (this.changed.length === 0) return NOBODY;
    const { changed } = this;
    this.changed = [];
    return changed;
  }

  nextWakeup(): Micros | undefined {
    let next = this.nextPeriod;
    if (this.probe !== undefined && this.probe.askOthersAt < next) next = this.probe.askOthersAt;
    if (this.nextRelayed < next) next = this.nextRelayed;
    if (this.nextSuspicion < next) next = this.nextSuspicion;
    if (this.nextRumour < next) next = this.nextRumour;
    if (this.nextReconnect < next) next = this.nextReconnect;
    return next;
  }

  // ---- probing -------------------------------------------------------------------------------------------------

  private beginPeriod(now: Micros): void {
    this.endProbe(now);
    const length = this.interval * this.health.factor;
    // On the grid, unless this node stood still for a period or more.
    this.nextPeriod = now - this.nextPeriod < length ? this.nextPeriod + length : now + length;
    const target = this.roster.next();
    if (target === undefined) return;
    const askOthersAt = now + this.timeout * this.health.factor;
    const id = this.newId();
    this.probe = { id, target, askOthersAt, asked: 0, nacks: new Set() };
    this.say(target, "ping", id, target);
  }

  /** The period of a probe that was not answered is over. */
  private endProbe(now: Micros): void {
    const { probe } = this;
    this.probe = undefined;
    if (probe === undefined) return;
    const { target, asked, nacks } = probe;
    this.health.worse(asked > 0 ? asked - nacks.size : 1);
    const status = this.statusOf(target);
    if (status === undefined || status === "dead") return;
    const worse = this.own.suspicionMult === 0 ? "dead" : "suspect";
    this.learn({ node: target, status: worse, incarnation: this.incarnationOf(target), by: this.context.self }, now);
  }

  private askOthers(probe: Probe): void {
    probe.askOthersAt = Infinity;
    const relays = this.roster.some(this.own.indirectProbes, probe.target);
    // Without nacks their silence says nothing of this node.
    if (this.own.lifeguard !== undefined) probe.asked = relays.length;
    for (const relay of relays) this.say(relay, "ping-request", probe.id, probe.target);
  }

  received(from: NodeIndex, message: ProbeMessage, now: Micros): void {
    // Where nobody passes on objections, a word is one.
    if (this.own.dissemination === "none") this.takeBack(from, now);
    // News first: an answer may then already object to it.
    for (const update of message.updates) this.learn(update, now);
    const { self } = this.context;
    switch (message.what) {
      case "ping":
        this.say(from, "ack", message.id, self);
        return;
      case "ping-request":
        if (message.about === self) this.say(from, "ack", message.id, self);
        else this.relay(from, message, now);
        return;
      case "ack":
        this.acked(from, message);
        return;
      case "nack":
        if (this.probe?.id === message.id && this.probe.target === message.about) this.probe.nacks.add(from);
        return;
      case "rumour":
        return;
    }
  }

  private acked(from: NodeIndex, { id, about }: ProbeMessage): void {
    const { probe } = this;
    if (probe?.id === id && probe.target === about) {
      this.probe = undefined;
      this.health.better();
      return;
    }
    const relayed = this.relayed.get(id);
    if (relayed === undefined || relayed.about !== from) return;
    this.relayed.delete(id);
    this.say(relayed.requester, "ack", relayed.id, from);
  }

  private relay(requester: NodeIndex, { id, about }: ProbeMessage, now: Micros): void {
    if (this.statusOf(about) === undefined || this.relayed.size >= MAX_RELAYED) return;
    const ours = this.newId();
    const nackAt = now + this.nackAfter;
    this.relayed.set(ours, { about, requester, id, nackAt, endsAt: now + this.interval, nacked: false });
    this.nextRelayed = Math.min(this.nextRelayed, nackAt);
    this.say(about, "ping", ours, about);
  }

  private advanceRelayed(now: Micros): void {
    let next = Infinity;
    for (const [ours, relayed] of this.relayed) {
      if (relayed.endsAt <= now) {
        this.relayed.delete(ours);
        continue;
      }
      if (relayed.nacked) {
        next = Math.min(next, relayed.endsAt);
        continue;
      }
      if (relayed.nackAt > now) {
        next = Math.min(next, relayed.nackAt);
        break;
      }
      relayed.nacked = true;
      next = Math.min(next, relayed.endsAt);
      if (this.own.lifeguard !== undefined) this.say(relayed.requester, "nack", relayed.id, relayed.about);
    }
    this.nextRelayed = next;
  }

  // ---- what is known of whom -----------------------------------------------------------------------------------

  private learn(update: LifeUpdate, now: Micros): void {
    const { node, incarnation } = update;
    if (node === this.context.self) {
      if (update.status !== "alive") this.refute(update, now);
      return;
    }
    const status = this.statusOf(node);
    if (status === undefined) return;
    const known = this.incarnationOf(node);
    switch (update.status) {
      case "alive":
        if (incarnation <= known) return;
        // A new life is not bound by what was said of the old one.
        if (status === "dead" && !this.own.revival && lifeOf(incarnation) === lifeOf(known)) return;
        break;
      case "suspect":
        if (status === "dead" || incarnation < known) return;
        if (status === "suspect" && incarnation === known) {
          this.confirm(update, now);
          return;
        }
        break;
      case "dead":
        if (status === "dead" || incarnation < known) return;
        break;
    }
    if (incarnation !== known) this.incarnations.set(node, incarnation);
    this.become(node, update.status, update.by, now);
    this.spread(update, now);
  }

  private become(node: NodeIndex, status: Status, by: NodeIndex, now: Micros): void {
    const before = this.suspected(node);
    const wasDead = this.statusOf(node) === "dead";
    this.statuses[node] = STATUS.indexOf(status);
    this.suspicions.delete(node);
    if (status === "suspect") this.suspect(node, by, now);
    if (status === "dead") {
      this.roster.remove(node);
      this.dead.push(node);
      const { reconnectMs } = this.own;
      if (reconnectMs !== undefined && this.nextReconnect === Infinity) this.nextReconnect = now + fromMs(reconnectMs);
    } else if (wasDead) {
      this.forgetDead(node);
      this.roster.add(node);
    }
    if (this.suspected(node) !== before) this.changed.push(node);
  }

  private takeBack(node: NodeIndex, now: Micros): void {
    const status = this.statusOf(node);
    if (status === "suspect" || status === "dead") this.become(node, "alive", node, now);
  }

  private forgetDead(node: NodeIndex): void {
    const at = this.dead.indexOf(node);
    if (at < 0) return;
    const last = this.dead.pop()!;
    if (last !== node) this.dead[at] = last;
    if (this.dead.length === 0) this.nextReconnect = Infinity;
  }

  /** What is said of this node is wrong: it says so, with an incarnation above. */
  private refute({ status, incarnation }: LifeUpdate, now: Micros): void {
    if (status === "dead" && !this.own.revival) return;
    if (lifeOf(incarnation) > this.context.epoch) return;
    if (incarnation >= this.incarnation) {
      this.incarnation = incarnation + 1;
      this.health.worse(1);
    }
    this.tellOfSelf(now);
  }

  private tellOfSelf(now: Micros): void {
    const { self } = this.context;
    this.spread({ node: self, status: "alive", incarnation: this.incarnation, by: self }, now);
  }

  // ---- suspicion -----------------------------------------------------------------------------------------------

  private suspect(node: NodeIndex, by: NodeIndex, now: Micros): void {
    const suspicion = { since: now, by: new Set([by]), due: 0 };
    suspicion.due = now + this.patience(0);
    this.suspicions.set(node, suspicion);
    this.nextSuspicion = Math.min(this.nextSuspicion, suspicion.due);
  }

  /** Another node has come to the same suspicion. */
  private confirm(update: LifeUpdate, now: Micros): void {
    const suspicion = this.suspicions.get(update.node);
    const needed = this.neededConfirmations;
    if (suspicion === undefined || suspicion.by.size > needed || suspicion.by.has(update.by)) return;
    suspicion.by.add(update.by);
    suspicion.due = suspicion.since + this.patience(suspicion.by.size - 1);
    this.nextSuspicion = Math.min(this.nextSuspicion, suspicion.due);
    this.spread(update, now);
  }

  private get neededConfirmations(): number {
    const confirmations = this.own.lifeguard?.confirmations ?? 0;
    // Besides the suspect and whoever was first there must be so many others.
    return this.groupSize - 2 < confirmations ? 0 : confirmations;
  }

  private patience(confirmations: number): Micros {
    const { suspicionMult, scaling, lifeguard } = this.own;
    const least = suspicionPeriods(this.groupSize, suspicionMult, scaling) * this.interval;
    const most = least * (lifeguard?.suspicionMaxMult ?? 1);
    return Math.ceil(shrunk(least, most, confirmations, this.neededConfirmations));
  }

  private convict(now: Micros): void {
    let next = Infinity;
    for (const [node, { due }] of [...this.suspicions]) {
      if (due > now) next = Math.min(next, due);
      else this.learn({ node, status: "dead", incarnation: this.incarnationOf(node), by: this.context.self }, now);
    }
    this.nextSuspicion = next;
  }

  // ---- dissemination -------------------------------------------------------------------------------------------

  private spread(update: LifeUpdate, now: Micros): void {
    const { dissemination, rumours } = this.own;
    if (dissemination === "multicast") {
      // Whoever found out tells everybody, once.
      if (update.by === this.context.self) this.multicasts.push(update);
      this.nextRumour = now;
      return;
    }
    if (dissemination === "none") return;
    this.rumours.spread(update);
    if (rumours !== undefined && this.nextRumour === Infinity) this.nextRumour = now + fromMs(rumours.intervalMs);
  }

  private multicasts: LifeUpdate[] = [];

  private sendRumours(now: Micros): void {
    const { dissemination, rumours, maxUpdates } = this.own;
    this.nextRumour = Infinity;
    if (dissemination === "multicast") {
      const updates = this.multicasts;
      this.multicasts = [];
      for (let at = 0; at < updates.length; at += MAX_LIFE_UPDATES) {
        const some = updates.slice(at, at + MAX_LIFE_UPDATES);
        for (const to of this.roster.all()) this.sendRumour(to, some);
      }
      return;
    }
    if (rumours === undefined || this.rumours.isEmpty) return;
    for (const to of this.roster.some(rumours.peers, this.context.self)) {
      const updates = this.rumours.take(maxUpdates);
      if (updates.length > 0) this.sendRumour(to, updates);
    }
    if (!this.rumours.isEmpty) this.nextRumour = now + fromMs(rumours.intervalMs);
  }

  private sendRumour(to: NodeIndex, updates: readonly LifeUpdate[]): void {
    this.context.send(to, { kind: "probe", what: "rumour", id: to, about: to, updates });
  }

  private reconnect(now: Micros): void {
    const node = this.dead[this.random.nextBelow(this.dead.length)];
    this.say(node, "ping", this.newId(), node);
    this.nextReconnect = now + fromMs(this.own.reconnectMs!);
  }

  private say(to: NodeIndex, what: ProbeMessage["what"], id: number, about: NodeIndex): void {
    const carried =
      this.own.dissemination === "infection" ? this.rumours.take(this.own.maxUpdates) : this.objection(what);
    const own = this.own.dissemination === "none" ? undefined : this.ownNewsOf(to, what);
    const updates = own === undefined ? carried : [own, ...carried.filter(({ node }) => node !== to)];
    this.context.send(to, { kind: "probe", what, id, about, updates });
  }

  /** Whoever was told that it is dead may believe the teller dead, and so not reach it by multicast: its acks say that it lives. */
  private objection(what: ProbeMessage["what"]): readonly LifeUpdate[] {
    const { self, epoch } = this.context;
    if (what !== "ack" || this.own.dissemination === "none" || this.incarnation === epoch * LIFE) return NO_UPDATES;
    return [{ node: self, status: "alive", incarnation: this.incarnation, by: self }];
  }

  /** What the receiver should hear of itself: that it is believed dead, and from a buddy that it is suspected. */
  private ownNewsOf(to: NodeIndex, what: ProbeMessage["what"]): LifeUpdate | undefined {
    const status = this.statusOf(to);
    const tells =
      (status === "dead" && this.own.revival) ||
      (status === "suspect" && what === "ping" && this.own.lifeguard?.buddy === true);
    if (!tells) return undefined;
    return { node: to, status, incarnation: this.incarnationOf(to), by: this.context.self };
  }

  private newId(): number {
    const id = this.nextId;
    this.nextId = id + 1 === ID_SPACE ? 1 : id + 1;
    return id;
  }
}

function lifeOf(incarnation: number): number {
  return Math.floor(incarnation / LIFE);
}

/** Both protocols; Lifeguard's settings switch its additions on. */
export function createSwim(
  settings: DetectorSettings,
  context: DetectorContext,
  peers: readonly NodeIndex[],
  now: Micros,
): Detector {
  return new Swim(settings, context, peers, now);
}

export const swim: DetectorFactory = {
  name: "swim",
  prose:
    "Pings one other node a period, has a few others try when no answer comes, then suspects, and declares dead whoever does not object. " +
    "The load of a node does not grow with the group, only the time until all have heard does, with its logarithm.",
  source: "Das, Gupta, Motivala, SWIM, DSN 2002; defaults and formulas of hashicorp/memberlist",
  create: createSwim,
};

const NONE_WANTED: ReadonlySet<NodeIndex> = new Set();
const NOBODY: readonly NodeIndex[] = [];
const NO_UPDATES: readonly LifeUpdate[] = [];

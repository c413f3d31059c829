/**
 * The simulated network: what happens to a message between its sending and its arrival. Every directed link has a random
 * stream of its own, named as on real processes, so traffic on one link never shifts the delays of another. Delays are
 * drawn per message and independently, as the WARS model has it: messages of one link may overtake each other.
 *
 * Messages between nodes can be lost, doubled, reordered, cut off by partitions and held; those of clients are delayed and
 * can be cut off, nothing else. Parties are numbered: nodes first, then clients.
 */
import type { LinkRule, PartitionRule } from "../host/faults";
import { harmOf, holds, isCut } from "../host/link-harm";
import type { PeerMessage } from "../messages";
import { type Distribution, distributionOf } from "../vocabulary/distributions";
import { MICROS_PER_MS, MICROS_PER_SECOND, type Micros } from "../vocabulary/micros";
import { Random } from "../vocabulary/random";
import type { ClusterSettings, DistributionSettings } from "../vocabulary/settings";

/** The session of requests that come from beyond every partition: those of an overload. */
export const OUTSIDER = 1_000_000;

/** A leg of the WARS model, or a message that is none. */
export type Leg = "w" | "a" | "r" | "s";

const LEGS: Readonly<Partial<Record<PeerMessage["kind"], Leg>>> = {
  "replica-put": "w",
  "replica-update": "w",
  "replica-put-reply": "a",
  "replica-updated": "a",
  "replica-get": "r",
  "replica-get-reply": "s",
  range: "r",
  "range-reply": "s",
};

export function legOf(kind: PeerMessage["kind"]): Leg | undefined {
  return LEGS[kind];
}

export type Fate = "delivered" | "lost" | "cut" | "held";

/** What faults make of a link. */
interface Harm {
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly extra: readonly Distribution[];
  readonly held: boolean;
  readonly cut: boolean;
}

/** What all links from one zone to another have in common. */
interface LinkClass {
  readonly base: Distribution | undefined;
  /** Added between zones when WARS legs give the rest. */
  readonly distance: Distribution | undefined;
}

/** Between a node and clients, in one direction. */
interface ClientLink {
  readonly random: Random;
  readonly base: Distribution | undefined;
}

/** Where a message goes: `arrivals` instants (none when it does not arrive, two when it is doubled). */
export class Passage {
  fate: Fate = "delivered";
  arrivals = 0;
  first: Micros = 0;
  second: Micros = 0;
}

/**
 * A link is 16 bytes, the state of its random stream: there are as many as pairs of nodes, and a message that had to fetch
 * an object for its link and another for its stream waited longer for memory than it took to draw its delay.
 */
export class SimulatedNetwork {
  /** By sender, made with its first message; four integers a receiver, all zero before the first message to it. */
  private readonly streams: (Int32Array | undefined)[];
  /** The stream of the link at hand. */
  private readonly draws: Random;
  /** By sender and receiver, where bandwidth is limited: when the last byte handed to the link has left. */
  private readonly busyUntil: (Float64Array | undefined)[];
  /** By number of both zones. */
  private readonly classes: (LinkClass | undefined)[];
  private readonly zones: readonly string[];
  private readonly zoneNumbers: Uint16Array;
  /** Of links that no fault touches, and of those that one does under the rules of now. */
  private readonly unharmed: Harm;
  private readonly harms = new Map<number, Harm>();
  private readonly root: Random;
  private readonly legs: Readonly<Record<Leg, Distribution | undefined>> | undefined;
  private readonly selfDelay: Distribution | undefined;
  private readonly toNode: ClientLink[] = [];
  private readonly toClient: ClientLink[] = [];
  private readonly balancers: ClientLink[] = [];
  private readonly zoneOf: readonly string[];
  private readonly microsPerByte: number;
  private readonly made = new Map<DistributionSettings, Distribution>();
  private rules: readonly LinkRule[] = [];
  private partitions: readonly PartitionRule[] = [];
  /** The same object for every message: read it at once. */
  readonly passage = new Passage();
  /** Messages dropped by injected loss, and by partitions. */
  lost = 0;
  cut = 0;
  /** Messages that arrived twice, and that were held back by injected reordering. */
  doubled = 0;
  reordered = 0;

  constructor(private readonly cluster: ClusterSettings) {
    const { network, members, simulation, seed } = cluster;
    this.root = Random.fromSeed(seed).fork("network");
    this.zoneOf = members.map(({ zone }) => zone);
    this.zones = [...new Set(this.zoneOf)];
    this.zoneNumbers = Uint16Array.from(this.zoneOf, (zone) => this.zones.indexOf(zone));
    this.classes = new Array<LinkClass | undefined>(this.zones.length * this.zones.length).fill(undefined);
    this.streams = members.map(() => undefined);
    this.busyUntil = members.map(() => undefined);
    this.draws = this.root.fork("the link at hand");
    const { loss, duplicate = 0, reorder = 0 } = network;
    this.unharmed = { loss, duplicate, reorder, extra: [], held: false, cut: false };
    this.microsPerByte =
      network.bandwidthBytesPerSecond === undefined ? 0 : MICROS_PER_SECOND / network.bandwidthBytesPerSecond;
    const { wars } = network;
    this.legs =
      wars === undefined
        ? undefined
        : { w: this.of(wars.w), a: this.of(wars.a), r: this.of(wars.r), s: this.of(wars.s) };
    this.selfDelay = this.of(simulation?.localDelay ?? (wars === undefined ? network.local : undefined));
    this.selfDelayIsGiven = simulation?.localDelay !== undefined;
  }

  private readonly selfDelayIsGiven: boolean;

  /** A message of `bytes` from node to node, handed over at `now`. */
  between(from: number, to: number, kind: PeerMessage["kind"], bytes: number, now: Micros): Passage {
    const { passage, draws } = this;
    const states = (this.streams[from] ??= new Int32Array(4 * this.zoneOf.length));
    if (!draws.copyFrom(states, 4 * to)) {
      this.root.fork(`${String(from)}>${String(to)}`).copyTo(states, 4 * to);
      draws.copyFrom(states, 4 * to);
    }
    passage.fate = "delivered";
    passage.arrivals = 1;
    if (from === to) passage.first = now + this.draw(from, to, kind);
    else this.pass(this.harm(from, to), from, to, kind, bytes, now);
    draws.copyTo(states, 4 * to);
    return passage;
  }

  private pass(harm: Harm, from: number, to: number, kind: PeerMessage["kind"], bytes: number, now: Micros): void {
    const { passage, draws } = this;
    if (harm.cut) {
      passage.fate = "cut";
      passage.arrivals = 0;
      this.cut++;
      return;
    }
    if (harm.loss > 0 && draws.nextFloat() < harm.loss) {
      passage.fate = "lost";
      passage.arrivals = 0;
      this.lost++;
      return;
    }
    const leaves = this.microsPerByte === 0 ? now : this.leaves(from, to, bytes, now);
    passage.first = leaves + this.draw(from, to, kind) + this.extra(harm);
    if (harm.reorder > 0 && draws.nextFloat() < harm.reorder) {
      passage.first += Math.max(REORDER_AT_LEAST, this.draw(from, to, kind));
      this.reordered++;
    }
    if (harm.held) passage.fate = "held";
    if (harm.duplicate > 0 && draws.nextFloat() < harm.duplicate) {
      passage.arrivals = 2;
      passage.second = leaves + this.draw(from, to, kind) + this.extra(harm);
      this.doubled++;
    }
  }

  /** What faults do to links and who is cut off from whom, from now on. */
  setRules(rules: readonly LinkRule[]): void {
    this.rules = rules;
    this.harms.clear();
  }

  setPartitions(partitions: readonly PartitionRule[]): void {
    this.partitions = partitions;
    this.harms.clear();
  }

  /** Whether a fault holds back messages between two nodes. */
  isHeld(from: number, to: number): boolean {
    return this.rules.some((rule) => holds(rule, from, to));
  }

  private harm(from: number, to: number): Harm {
    if (this.rules.length === 0 && this.partitions.length === 0) return this.unharmed;
    const key = from * this.zoneOf.length + to;
    const known = this.harms.get(key);
    if (known !== undefined) return known;
    const told = harmOf(this.unharmed, this.rules, this.partitions, this.zoneOf.length, from, to);
    const harm: Harm =
      told === undefined ? this.unharmed : { ...told, extra: told.extra.map((extra) => this.of(extra)!) };
    this.harms.set(key, harm);
    return harm;
  }

  /** When a client's message reaches the node (or the node's the client); undefined when a partition cuts it off. */
  client(client: number, node: number, toNode: boolean, now: Micros, balanced = false): Micros | undefined {
    const party = this.zoneOf.length + client;
    if (
      client !== OUTSIDER &&
      this.partitions.length > 0 &&
      (toNode ? this.isCut(party, node) : this.isCut(node, party))
    ) {
      this.cut++;
      return undefined;
    }
    return now + this.clientDelay(node, toNode) + (balanced ? this.balancerDelay(node, toNode) : 0);
  }

  /** Of a message that passes the load balancer. */
  private balancerDelay(node: number, toNode: boolean): Micros {
    const { balancer } = this.cluster.network;
    if (balancer === undefined) return 0;
    const link = (this.balancers[2 * node + (toNode ? 0 : 1)] ??= {
      // Named as on real processes.
      random: this.root.fork(`balancer/${String(node)}/${toNode ? "to-node" : "to-client"}`),
      base: this.of(balancer),
    });
    return link.base!.sample(link.random);
  }

  /** Between clients and a node, cut off or not. */
  clientDelay(node: number, toNode: boolean): Micros {
    const table = toNode ? this.toNode : this.toClient;
    const link = (table[node] ??= {
      // Named as on real processes.
      random: this.root.fork(`client/${String(node)}/${toNode ? "to-node" : "to-client"}`),
      base: this.of(this.cluster.network.client),
    });
    return link.base?.sample(link.random) ?? 0;
  }

  /** Between parties: nodes, and behind them the clients' sessions. */
  isCut(from: number, to: number): boolean {
    return isCut(this.partitions, this.zoneOf.length, from, to);
  }

  private leaves(from: number, to: number, bytes: number, now: Micros): Micros {
    const row = (this.busyUntil[from] ??= new Float64Array(this.zoneOf.length));
    row[to] = Math.max(now, row[to]) + bytes * this.microsPerByte;
    return Math.round(row[to]);
  }

  private draw(from: number, to: number, kind: PeerMessage["kind"]): Micros {
    const { draws } = this;
    if (from === to && (this.selfDelayIsGiven || this.legs === undefined)) return this.selfDelay?.sample(draws) ?? 0;
    const { zoneNumbers, zones } = this;
    const at = zoneNumbers[from] * zones.length + zoneNumbers[to];
    const { base, distance } = this.classes[at] ?? this.linkClass(at, from, to);
    const leg = this.legs === undefined ? undefined : LEGS[kind];
    if (leg === undefined) return base?.sample(draws) ?? 0;
    const delay = this.legs![leg]?.sample(draws) ?? 0;
    return distance === undefined ? delay : delay + distance.sample(draws);
  }

  private extra(harm: Harm): Micros {
    let sum = 0;
    for (const distribution of harm.extra) sum += distribution.sample(this.draws);
    return sum;
  }

  private linkClass(at: number, from: number, to: number): LinkClass {
    const { network } = this.cluster;
    const here = this.zoneOf[from];
    const there = this.zoneOf[to];
    const distance = here === there ? undefined : this.distance(here, there);
    // Without zones there is one class of link; without a word about zones' distance, it is the same everywhere.
    const made = {
      base: this.of(here === there ? network.intraZone : (distance ?? network.intraZone)),
      distance: this.of(distance),
    };
    this.classes[at] = made;
    return made;
  }

  private distance(from: string, to: string): DistributionSettings | undefined {
    const { zonePairs, interZone } = this.cluster.network;
    const exact = zonePairs?.find((pair) => pair.from === from && pair.to === to);
    const back = zonePairs?.find((pair) => pair.from === to && pair.to === from);
    return (exact ?? back)?.delay ?? interZone;
  }

  /** One object a distribution, however many links use it. */
  private of(settings: DistributionSettings | undefined): Distribution | undefined {
    if (settings === undefined) return undefined;
    let known = this.made.get(settings);
    if (known === undefined) this.made.set(settings, (known = distributionOf(settings)));
    return known;
  }
}

const REORDER_AT_LEAST = MICROS_PER_MS;

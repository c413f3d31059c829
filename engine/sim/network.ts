/**
 * The simulated network: what happens to a message between its sending and its arrival. Every directed link has a random
 * stream of its own, named as on real processes, so traffic on one link never shifts the delays of another. Delays are
 * drawn per message and independently, as the WARS model has it: messages of one link may overtake each other.
 *
 * Messages between nodes can be lost, doubled, reordered, cut off by partitions and held; those of clients are delayed and
 * can be cut off, nothing else. Parties are numbered: nodes first, then clients.
 */
import type { LinkRule, LinkSet, PartitionRule } from "../host/faults";
import type { PeerMessage } from "../messages";
import { type Distribution, distributionOf } from "../vocabulary/distributions";
import { MICROS_PER_MS, MICROS_PER_SECOND, type Micros } from "../vocabulary/micros";
import { Random } from "../vocabulary/random";
import type { ClusterSettings, DistributionSettings } from "../vocabulary/settings";

/** A leg of the WARS model, or a message that is none. */
export type Leg = "w" | "a" | "r" | "s";

const LEGS: Readonly<Partial<Record<PeerMessage["kind"], Leg>>> = {
  "replica-put": "w",
  "replica-update": "w",
  "replica-put-reply": "a",
  "replica-updated": "a",
  "replica-get": "r",
  "replica-get-reply": "s",
};

export function legOf(kind: PeerMessage["kind"]): Leg | undefined {
  return LEGS[kind];
}

export type Fate = "delivered" | "lost" | "cut" | "held";

interface Link {
  readonly random: Random;
  readonly base: Distribution | undefined;
  /** Added between zones when WARS legs give the rest. */
  readonly distance: Distribution | undefined;
  /** When the last byte handed to a link of limited bandwidth has left. */
  busyUntil: Micros;
  /** What faults make of it, worked out anew when `since` is behind {@link SimulatedNetwork.rulesSince}. */
  since: number;
  loss: number;
  duplicate: number;
  reorder: number;
  extra: readonly Distribution[];
  held: boolean;
  cut: boolean;
}

/** Where a message goes: `arrivals` instants (none when it does not arrive, two when it is doubled). */
export class Passage {
  fate: Fate = "delivered";
  arrivals = 0;
  first: Micros = 0;
  second: Micros = 0;
}

export class SimulatedNetwork {
  /** At [from][to]; a row is made with the first message that a node sends. */
  private readonly links: (Link | undefined)[][];
  private readonly root: Random;
  private readonly legs: Readonly<Record<Leg, Distribution | undefined>> | undefined;
  private readonly selfDelay: Distribution | undefined;
  private readonly toNode: Link[] = [];
  private readonly toClient: Link[] = [];
  private readonly zoneOf: readonly string[];
  private readonly loss: number;
  private readonly duplicate: number;
  private readonly reorder: number;
  private readonly microsPerByte: number;
  private readonly made = new Map<DistributionSettings, Distribution>();
  private rules: readonly LinkRule[] = [];
  private partitions: readonly PartitionRule[] = [];
  private rulesSince = 0;
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
    this.links = members.map(() => []);
    this.loss = network.loss;
    this.duplicate = network.duplicate ?? 0;
    this.reorder = network.reorder ?? 0;
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
    const { passage } = this;
    const link = this.link(from, to);
    passage.fate = "delivered";
    passage.arrivals = 1;
    if (from === to) {
      passage.first = now + this.draw(link, from, to, kind);
      return passage;
    }
    if (link.since !== this.rulesSince) this.judge(link, from, to);
    if (link.cut) {
      passage.fate = "cut";
      passage.arrivals = 0;
      this.cut++;
      return passage;
    }
    if (link.loss > 0 && link.random.nextFloat() < link.loss) {
      passage.fate = "lost";
      passage.arrivals = 0;
      this.lost++;
      return passage;
    }
    const leaves = this.leaves(link, bytes, now);
    passage.first = leaves + this.draw(link, from, to, kind) + extraOf(link);
    if (link.reorder > 0 && link.random.nextFloat() < link.reorder) {
      passage.first += Math.max(REORDER_AT_LEAST, this.draw(link, from, to, kind));
      this.reordered++;
    }
    if (link.held) passage.fate = "held";
    if (link.duplicate > 0 && link.random.nextFloat() < link.duplicate) {
      passage.arrivals = 2;
      passage.second = leaves + this.draw(link, from, to, kind) + extraOf(link);
      this.doubled++;
    }
    return passage;
  }

  /** What faults do to links and who is cut off from whom, from now on. */
  setRules(rules: readonly LinkRule[]): void {
    this.rules = rules;
    this.rulesSince++;
  }

  setPartitions(partitions: readonly PartitionRule[]): void {
    this.partitions = partitions;
    this.rulesSince++;
  }

  /** Whether a fault holds back messages between two nodes. */
  isHeld(from: number, to: number): boolean {
    return this.rules.some((rule) => holds(rule, from, to));
  }

  private judge(link: Link, from: number, to: number): void {
    link.since = this.rulesSince;
    let { loss, duplicate, reorder } = this;
    const extra: Distribution[] = [];
    link.held = false;
    for (const rule of this.rules) {
      if (!covers(rule, from, to)) continue;
      loss = either(loss, rule.loss);
      duplicate = either(duplicate, rule.duplicate);
      reorder = either(reorder, rule.reorder);
      if (rule.extra !== undefined) extra.push(this.of(rule.extra)!);
      link.held ||= holds(rule, from, to);
    }
    link.loss = loss;
    link.duplicate = duplicate;
    link.reorder = reorder;
    link.extra = extra;
    link.cut = this.isCut(from, to);
  }

  /** When a client's message reaches the node (or the node's the client); undefined when a partition cuts it off. */
  client(client: number, node: number, toNode: boolean, now: Micros): Micros | undefined {
    const party = this.zoneOf.length + client;
    if (this.partitions.length > 0 && (toNode ? this.isCut(party, node) : this.isCut(node, party))) {
      this.cut++;
      return undefined;
    }
    return now + this.clientDelay(node, toNode);
  }

  /** Between clients and a node, cut off or not. */
  clientDelay(node: number, toNode: boolean): Micros {
    const table = toNode ? this.toNode : this.toClient;
    const link = (table[node] ??= {
      // Named as on real processes.
      random: this.root.fork(`client/${String(node)}/${toNode ? "to-node" : "to-client"}`),
      ...UNJUDGED,
      base: this.of(this.cluster.network.client),
      distance: undefined,
    });
    return link.base?.sample(link.random) ?? 0;
  }

  /** Between parties: nodes, and behind them the clients' sessions. */
  isCut(from: number, to: number): boolean {
    const nodes = this.zoneOf.length;
    for (const { groupOf, oneWay, sideOf } of this.partitions) {
      if (sideOf === undefined && (from >= nodes || to >= nodes)) continue;
      const here = from < nodes ? groupOf[from] : sideOf!(from - nodes);
      const there = to < nodes ? groupOf[to] : sideOf!(to - nodes);
      if (here < 0 || there < 0 || here === there) continue;
      if (!oneWay || here < there) return true;
    }
    return false;
  }

  private leaves(link: Link, bytes: number, now: Micros): Micros {
    if (this.microsPerByte === 0) return now;
    link.busyUntil = Math.max(now, link.busyUntil) + bytes * this.microsPerByte;
    return Math.round(link.busyUntil);
  }

  private draw(link: Link, from: number, to: number, kind: PeerMessage["kind"]): Micros {
    if (from === to && (this.selfDelayIsGiven || this.legs === undefined)) {
      return this.selfDelay?.sample(link.random) ?? 0;
    }
    const leg = this.legs === undefined ? undefined : LEGS[kind];
    if (leg === undefined) return link.base?.sample(link.random) ?? 0;
    const delay = this.legs![leg]?.sample(link.random) ?? 0;
    return link.distance === undefined ? delay : delay + link.distance.sample(link.random);
  }

  private link(from: number, to: number): Link {
    const row = this.links[from];
    const known = row[to];
    if (known !== undefined) return known;
    return this.linkMade(row, from, to);
  }

  private linkMade(row: (Link | undefined)[], from: number, to: number): Link {
    const { network } = this.cluster;
    const here = this.zoneOf[from];
    const there = this.zoneOf[to];
    const distance = here === there ? undefined : this.distance(here, there);
    const link: Link = {
      random: this.root.fork(`${String(from)}>${String(to)}`),
      // Without zones there is one class of link; without a word about zones' distance, it is the same everywhere.
      base: this.of(here === there ? network.intraZone : (distance ?? network.intraZone)),
      distance: this.of(distance),
      ...UNJUDGED,
    };
    if (row.length === 0) for (let i = 0; i < this.zoneOf.length; i++) row.push(undefined);
    row[to] = link;
    return link;
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

/** Of a link that no message has passed yet. */
const UNJUDGED = {
  busyUntil: 0,
  since: -1,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  extra: [] as readonly Distribution[],
  held: false,
  cut: false,
};

function covers({ from, to, bothWays }: LinkSet, source: number, target: number): boolean {
  return (from.has(source) && to.has(target)) || (bothWays && from.has(target) && to.has(source));
}

function holds(rule: LinkRule, from: number, to: number): boolean {
  return (
    rule.hold !== undefined &&
    covers(rule, from, to) &&
    !rule.hold.except.some((released) => covers(released, from, to))
  );
}

function extraOf({ extra, random }: Link): Micros {
  let sum = 0;
  for (const distribution of extra) sum += distribution.sample(random);
  return sum;
}

/** The chance that at least one of two independent things happens. */
function either(a: number, b: number | undefined): number {
  return b === undefined ? a : 1 - (1 - a) * (1 - b);
}

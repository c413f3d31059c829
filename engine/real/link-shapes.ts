/**
 * Which delay and loss apply to which message, from the experiment's `network:`. Each directed link draws from a stream
 * of its own, named as in the simulation, so that traffic on one link never shifts the delays of another.
 *
 * With WARS legs the delay goes by the kind of message, on a node's messages to itself too; between zones their
 * distance comes on top. What is no leg (heartbeats, forwarded requests) has the delay of its class of link.
 *
 * A network that doubles and reorders by itself does to a link what a fault would, with no end: what faults add is
 * reckoned together with it where they are told (`LinkHarm`), and when they are over the network's own is left.
 */
import { type Distribution, distributionOf } from "../vocabulary/distributions";
import { type Leg, legOf } from "../vocabulary/leg-delays";
import { Random } from "../vocabulary/random";
import type { ClusterSettings, DistributionSettings, NetworkSettings } from "../vocabulary/settings";
import type { LinkHarm } from "../host/link-harm";
import type { Harm, LinkShape } from "./delay-line";

type Legs = Readonly<Record<Leg, LinkShape | undefined>>;

/** What happens to messages on one directed link. */
export class NodeLink {
  private usualNow: LinkShape | undefined;
  private legsNow: Legs | undefined;

  constructor(
    /** Index of the node at its end. */
    private readonly to: number,
    /** Of messages that are no leg, and of all where no legs are given. */
    private readonly usual: LinkShape | undefined,
    private readonly legs: Legs | undefined,
    /** The link's own stream, for draws of faults too. */
    private readonly random: Random,
  ) {
    this.usualNow = usual;
    this.legsNow = legs;
  }

  /** Undefined where nothing is injected. */
  of(kind: string): LinkShape | undefined {
    if (this.legsNow === undefined) return this.usualNow;
    const leg = legOf(kind);
    return leg === undefined ? this.usualNow : this.legsNow[leg];
  }

  /** What faults do to the link from now on; undefined: nothing. */
  suffer(harm: LinkHarm | undefined): void {
    if (harm === undefined) {
      this.usualNow = this.usual;
      this.legsNow = this.legs;
      return;
    }
    const { to, random, legs } = this;
    const made: Harm = { ...harm, extra: harm.extra.map(distributionOf), link: to };
    const harmed = (shape: LinkShape | undefined): LinkShape => ({
      delay: shape?.delay,
      loss: harm.loss,
      random: shape?.random ?? random,
      harm: made,
    });
    this.usualNow = harmed(this.usual);
    this.legsNow =
      legs === undefined ? undefined : { w: harmed(legs.w), a: harmed(legs.a), r: harmed(legs.r), s: harmed(legs.s) };
  }
}

/** Node `from` to every node, itself included. */
export function nodeLinks(cluster: ClusterSettings, from: number): readonly NodeLink[] {
  const { network, members, seed } = cluster;
  const { wars } = network;
  const root = Random.fromSeed(seed).fork("network");
  return members.map(({ zone }, to) => {
    const random = root.fork(`${String(from)}>${String(to)}`);
    const here = members[from].zone;
    const distance = zone === here ? undefined : between(cluster, here, zone);
    const loss = to === from ? 0 : network.loss;
    const own = to === from ? undefined : ownHarm(network, to);
    const legs =
      wars === undefined
        ? undefined
        : {
            w: shape([wars.w, distance], loss, random, own),
            a: shape([wars.a, distance], loss, random, own),
            r: shape([wars.r, distance], loss, random, own),
            s: shape([wars.s, distance], loss, random, own),
          };
    // Without zones there is one class of link; without a word about zones' distance, it is the same everywhere.
    const usual = to === from ? network.local : (distance ?? network.intraZone);
    return new NodeLink(to, shape([usual], loss, random, own), legs, random);
  });
}

/** What a network does to messages that no fault touches; a node's messages to itself do not travel on it. */
function ownHarm({ duplicate = 0, reorder = 0 }: NetworkSettings, link: number): Harm | undefined {
  if (duplicate === 0 && reorder === 0) return undefined;
  return { duplicate, reorder, extra: [], held: false, cut: false, link };
}

type Direction = "to-node" | "to-client";

/** Between clients and node `node`; `direction` keeps the two ways apart. Clients' messages are never dropped. */
export function clientLinkShape(cluster: ClusterSettings, node: number, direction: Direction): LinkShape | undefined {
  const random = Random.fromSeed(cluster.seed)
    .fork("network")
    .fork(`client/${String(node)}/${direction}`);
  return shape([cluster.network.client], 0, random);
}

/** What the load balancer adds, with a stream of its own: whether there is one shifts no other delay. */
export function balancerShape(cluster: ClusterSettings, node: number, direction: Direction): LinkShape | undefined {
  const random = Random.fromSeed(cluster.seed)
    .fork("network")
    .fork(`balancer/${String(node)}/${direction}`);
  return shape([cluster.network.balancer], 0, random);
}

/** Both on one way, so that the timer rounds once. */
export function inSuccession(first: LinkShape | undefined, then: LinkShape | undefined): LinkShape | undefined {
  if (first?.delay === undefined || then?.delay === undefined) return then?.delay === undefined ? first : then;
  const { delay: near } = first;
  const { delay: far, random } = then;
  return {
    ...first,
    delay: {
      sample: (own) => near.sample(own) + far.sample(random),
      describe: () => `${near.describe()} + ${far.describe()}`,
    },
  };
}

/** The delay between two zones: that of the pair where it is listed, in this direction before the other. */
function between(cluster: ClusterSettings, from: string, to: string): DistributionSettings | undefined {
  const { zonePairs, interZone } = cluster.network;
  const there = zonePairs?.find((pair) => pair.from === from && pair.to === to);
  const back = zonePairs?.find((pair) => pair.from === to && pair.to === from);
  return (there ?? back)?.delay ?? interZone;
}

/** Delays add up, each drawn in turn; parts left out cost nothing. */
function shape(
  parts: readonly (DistributionSettings | undefined)[],
  loss: number,
  random: Random,
  harm?: Harm,
): LinkShape | undefined {
  const given: readonly Distribution[] = parts.flatMap((part) => (part === undefined ? [] : [distributionOf(part)]));
  if (given.length === 0 && loss === 0 && harm === undefined) return undefined;
  const delay = given.length === 0 ? undefined : given.length === 1 ? given[0] : sumOf(given);
  return { delay, loss, random, ...(harm === undefined ? {} : { harm }) };
}

function sumOf(parts: readonly Distribution[]): LinkShape["delay"] {
  return {
    sample: (random) => parts.reduce((sum, part) => sum + part.sample(random), 0),
    describe: () => parts.map((part) => part.describe()).join(" + "),
  };
}

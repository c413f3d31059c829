/**
 * Rows about the network: one-way delays by class of link or by kind of message, and what else befalls messages. The
 * four legs are those of the WARS model of Bailis et al., "Probabilistically Bounded Staleness" (VLDB 2012): a write's
 * way out, its acknowledgement, a read's way out, its response.
 */
import type { Tunable } from "../tunable";

const PBS = "Bailis et al., Probabilistically Bounded Staleness, VLDB 2012";
const DELAY_CHARTS = ["percentile spectrum", "t-visibility", "trade-off"] as const;

export const NETWORK_ROWS: readonly Tunable[] = [
  link(
    "intra_zone",
    "One-way delay between nodes of one zone",
    "Gives a quorum its visible price on one machine: the R-th fastest of N draws.",
  ),
  link(
    "inter_zone",
    "One-way delay between nodes of different zones",
    "Puts a wide-area link under a part of every quorum.",
  ),
  link(
    "client",
    "One-way delay between a client and the node it talks to",
    "Shifts every response time; quorums cannot hide it.",
  ),
  link(
    "local",
    "Delay of a node's messages to itself",
    "Removes the advantage a coordinator has when it is a replica too.",
  ),
  leg("w", "from a coordinator to a replica with a write", "The width of this one is what makes reads stale."),
  leg(
    "a",
    "of a replica's acknowledgement of a write",
    "A slow one gives the other replicas time before the writer hears.",
  ),
  leg("r", "from a coordinator to a replica with a read", "A slow one lets a late write overtake the read."),
  leg("s", "of a replica's response to a read", "Costs the reader time and decides who is among the first R."),
  {
    key: "network.balancer",
    scope: "cluster",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title: "What a load balancer adds to the way to a node, and again to the way back (workload.routing any)",
    buys: "What a client of any node pays for knowing none: one box more in either direction. Clients that know the ring pass by it.",
    costs:
      "Added to network.client and drawn anew for each message; the balancer has no queue, and never fails. An overload fault passes by it too. On processes it waits in the load's own process.",
    source: "Dynamo, section 6.4: client-driven coordination saves the load balancer and one hop",
    names: {},
    charts: DELAY_CHARTS,
  },
  {
    key: "network.zone_pairs",
    scope: "cluster",
    kind: { kind: "structure", name: "zone-pairs" },
    default: "",
    title: "One-way delay between two zones, where it differs from network.inter_zone",
    buys: "Real distances: a near zone and a far one, or a way there that is slower than the way back.",
    costs: "Pairs left out have network.inter_zone's delay. a>b is one direction, a-b both.",
    source: "Inter-region tables of cloud providers; Cassandra's and Voldemort's zones",
    names: { voldemort: "proximity-list" },
    charts: DELAY_CHARTS,
  },
  {
    key: "network.loss",
    scope: "cluster",
    kind: { kind: "ratio", max: 0.99 },
    default: "0",
    title: "Share of messages between nodes that vanish",
    buys: "Shows what quorums, timeouts and repair are for: replicas miss writes without any node being down.",
    costs: "Higher loss means more timeouts, and every one of them is an indefinite outcome.",
    source: "Injected at the transport from the seed, so that a trial can be repeated",
    names: {},
    charts: ["divergence", "throughput and outcomes", "t-visibility"],
  },
  {
    key: "network.duplicate",
    scope: "cluster",
    kind: { kind: "ratio", max: 1 },
    default: "0",
    title: "Share of messages between nodes that arrive twice",
    buys: "Holds merging to its promise of being idempotent: a write that arrives twice must be one write.",
    costs:
      "The second copy takes a delay of its own, and service time where it arrives. On processes the sending node sends it twice.",
    source: "What a retransmitting network may do; TCP hides it from a single connection, not from a reconnecting one",
    names: {},
    charts: ["divergence", "siblings"],
  },
  {
    key: "network.reorder",
    scope: "cluster",
    kind: { kind: "ratio", max: 1 },
    default: "0",
    title: "Share of messages between nodes that are held back so that later ones overtake them",
    buys: "Order that no protocol may rely on, even where delays are constant.",
    costs:
      "A held message takes a second draw of its link's delay on top, 1 ms where the link has none. On processes it waits in the sending node, with a timer's coarseness.",
    source: "Datagram networks; several connections between two nodes",
    names: {},
    charts: ["divergence", "t-visibility"],
  },
  {
    key: "network.bandwidth",
    scope: "cluster",
    kind: { kind: "byte-rate", min: 1, max: 1_000_000_000_000 },
    default: "none",
    title: "Bytes a second of each link in each direction",
    buys: "Lower: large values cost time in proportion, and messages queue behind one another.",
    costs: "Lower: a burst of repair delays everybody's reads.",
    source: "Store-and-forward links; each message takes its encoded size",
    names: {},
    charts: ["percentile spectrum", "latency over time"],
    world: "simulation",
  },
  {
    key: "simulation.local_delay",
    scope: "cluster",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title: "What a coordinator's messages to itself cost, in place of network.local and of the legs",
    buys: "0ms: a coordinator that is a replica answers itself for free, as in a real store. none: the legs apply to it too, as in the model of PBS.",
    costs:
      "A free local leg makes a third of all reads at N = 3, R = W = 1 fresh whatever the network, which the model does not have.",
    source: PBS,
    names: {},
    charts: DELAY_CHARTS,
    world: "simulation",
  },
  {
    key: "simulation.codec",
    scope: "cluster",
    kind: { kind: "choice", values: ["real", "bypass"], later: [] },
    default: "real",
    title: "Whether messages are encoded and decoded on their way",
    buys: "real: true message sizes, and no object that two nodes share by mistake. bypass: about twice as fast.",
    costs: "bypass: sizes are estimates, so bandwidth and bytes in figures are too.",
    source: "Deterministic simulators keep the codec in the loop, because that is where bugs are",
    names: {},
    charts: ["method"],
    world: "simulation",
  },
];

function link(name: string, title: string, buys: string): Tunable {
  return {
    key: `network.${name}`,
    scope: "cluster",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title,
    buys,
    costs:
      "On processes it is added to what the network of the machine costs; in simulation it is all there is. Wide distributions reorder messages, which is what makes reads at small quorums stale.",
    source: `The per-message model of ${PBS}`,
    names: {},
    charts: DELAY_CHARTS,
  };
}

function leg(name: string, what: string, buys: string): Tunable {
  return {
    key: `network.wars.${name}`,
    scope: "cluster",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title: `${name.toUpperCase()} of WARS: the one-way delay ${what}`,
    buys,
    costs:
      "Once one leg is given, legs replace network.intra_zone, also for a coordinator's messages to itself; legs left out cost nothing, and network.inter_zone is added between zones.",
    source: `${PBS}, section 4.1`,
    names: {},
    charts: DELAY_CHARTS,
    short: `wars-${name}`,
  };
}

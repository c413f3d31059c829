/**
 * Rows about the machines: how many nodes, where keys live, what the network costs, how a write reaches the disk. The
 * three ring strategies are those of DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store" (SOSP 2007),
 * section 6.2.
 */
import { MAX_CLUSTER_NODES } from "../structures";
import type { Tunable } from "../tunable";

const DYNAMO = "DeCandia et al., Dynamo, SOSP 2007";

export const CLUSTER_ROWS: readonly Tunable[] = [
  {
    key: "cluster.nodes",
    scope: "cluster",
    kind: { kind: "integer", min: 1, max: MAX_CLUSTER_NODES },
    default: "5",
    title: "Number of nodes, each a process of its own",
    buys: "More nodes spread the keys and the load, and let more of them fail at once.",
    costs:
      "Each node is an operating-system process: beyond the number of cores they queue for the processor, and that is what gets measured.",
    source: DYNAMO,
    names: {},
    charts: ["throughput and outcomes", "ring balance"],
  },
  {
    key: "cluster.zones",
    scope: "cluster",
    kind: { kind: "structure", name: "zones" },
    default: "",
    title: "Zones and the number of nodes in each",
    buys: "Gives links inside and between zones delays of their own (network.intra_zone, network.inter_zone).",
    costs: "Placement does not spread replicas over zones in this version, so a zone can hold every replica of a key.",
    source: "Cassandra's NetworkTopologyStrategy; Voldemort's zones",
    names: { cassandra: "rack", voldemort: "zone-id", riak: "location" },
    charts: ["percentile spectrum", "divergence"],
  },
  {
    key: "cluster.weights",
    scope: "node",
    kind: { kind: "structure", name: "weights" },
    default: "",
    title: "Share of the ring a node takes, relative to a node of weight 1",
    buys: "A stronger machine takes more of the keys: its number of vnodes is multiplied by the factor.",
    costs: "Its failure then moves more load to the others, and the busiest node may no longer be the weakest.",
    source: `${DYNAMO}, section 4.2: vnodes account for heterogeneity`,
    names: {},
    charts: ["ring balance"],
  },
  {
    key: "cluster.storage",
    scope: "node",
    kind: { kind: "choice", values: ["memory", "lmdb"], later: [] },
    default: "memory",
    title: "Where a node keeps its keys",
    buys: "lmdb survives the death of a process; memory leaves the protocol as the only cost.",
    costs:
      "lmdb adds a transaction to every put and, with cluster.sync, a disk flush. memory forgets everything when a node dies.",
    source: "Riak's pluggable backends; LMDB (Chu, 2011)",
    names: { riak: "storage_backend", voldemort: "persistence" },
    charts: ["percentile spectrum", "throughput and outcomes"],
  },
  {
    key: "cluster.sync",
    scope: "node",
    kind: { kind: "choice", values: ["each", "group", "never"], later: ["interval"] },
    default: "each",
    title: "When a stored write counts as durable (lmdb)",
    buys: "each: an acknowledged durable write is on the disk. group: the same, many writes to one flush. never: the operating system decides.",
    costs:
      "each pays a flush for every put. group delays a single put by the wait for company. never may lose acknowledged writes when the machine, not only the process, dies.",
    source: "Cassandra's commit log modes; group commit (DeWitt et al., SIGMOD 1984)",
    names: { riak: "sync_on_write", cassandra: "commitlog_sync" },
    charts: ["percentile spectrum", "throughput and outcomes"],
  },
  {
    key: "cluster.pin",
    scope: "cluster",
    kind: { kind: "structure", name: "pin" },
    default: "auto",
    title: "Which processors the nodes and the driver may use",
    buys: "auto keeps the load driver on a processor of its own, so that its lateness is not taken for the store's. Fixed placement makes repetitions alike.",
    costs: "Nodes that share a processor queue for it. Runs under different placement are not comparable.",
    source: "Placement alone moves a single-client latency by more than most tunables do",
    names: {},
    charts: ["method"],
  },
  {
    key: "ring.strategy",
    scope: "cluster",
    kind: {
      kind: "choice",
      values: ["equal-partitions", "random-tokens"],
      later: ["tokens-over-equal-partitions", "claim", "allocate", "explicit", "jump"],
    },
    default: "equal-partitions",
    title: "How the ring is cut into ranges and given to nodes",
    buys: "equal-partitions (Dynamo strategy 3, Riak) balances well with little metadata. random-tokens (strategy 1, classic Cassandra) lets a node join without agreement.",
    costs:
      "equal-partitions fixes their number for life. random-tokens leaves ranges of very unequal length unless there are many of them.",
    source: `${DYNAMO}, section 6.2`,
    names: { cassandra: "allocate_tokens_for_local_replication_factor" },
    charts: ["ring balance"],
  },
  {
    key: "ring.partitions",
    scope: "cluster",
    kind: { kind: "integer", min: 1, max: 65_536 },
    default: "64",
    title: "Q, the number of equal partitions of the ring",
    buys: "More partitions divide more evenly over the nodes and move in smaller pieces.",
    costs:
      "Each is a vnode with its own bookkeeping on N nodes. Fixed for the life of a cluster. Only for equal-partitions.",
    source: `${DYNAMO}, section 6.2; Riak's default is 64`,
    names: { riak: "ring_size", voldemort: "partitions" },
    charts: ["ring balance"],
    short: "q",
  },
  {
    key: "ring.vnodes_per_node",
    scope: "node",
    kind: { kind: "integer", min: 1, max: 4_096 },
    default: "16",
    title: "T, the random tokens of a node of weight 1",
    buys: "More tokens even out the share of the ring each node owns: the relative spread falls about as one over the square root of T.",
    costs:
      "More ranges to keep, and each node then shares keys with more others, so the loss of any N nodes is more likely to hit some key. Only for random-tokens.",
    source: `${DYNAMO}, section 6.2; Cassandra shipped 256 before 4.0 and 16 since`,
    names: { cassandra: "num_tokens" },
    charts: ["ring balance"],
    short: "t",
  },
  {
    key: "ring.hash",
    scope: "cluster",
    kind: { kind: "choice", values: ["murmur3", "md5", "sha1", "fnv1a"], later: [] },
    default: "murmur3",
    title: "The hash that gives a key its place on the ring",
    buys: "murmur3 is fast and even. md5 is Dynamo's, sha1 Riak's, fnv1a Voldemort's.",
    costs: "The cryptographic ones cost about a microsecond a key. fnv1a spreads short similar keys less evenly.",
    source: "Dynamo (MD5), Riak (SHA-1), Cassandra (Murmur3), Voldemort (FNV-1a)",
    names: { riak: "chash_keyfun", cassandra: "partitioner" },
    charts: ["ring balance"],
  },
  {
    key: "ring.distinct_hosts",
    scope: "cluster",
    kind: { kind: "choice", values: ["walk", "claim"], later: [] },
    default: "walk",
    title: "How a preference list gets N different hosts",
    buys: "walk goes on round the ring past hosts that are already in the list, so N replicas are N machines.",
    costs:
      "claim trusts the placement and takes the next positions as they come: simpler, and wrong wherever one host owns two of them.",
    source: "walk: Dynamo, Cassandra, Voldemort. claim: Riak, whose claim algorithm aims at target_n_val",
    names: { riak: "target_n_val" },
    charts: ["ring balance", "divergence"],
  },
  ...network(),
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
];

function network(): Tunable[] {
  const link = (name: string, title: string, buys: string): Tunable => ({
    key: `network.${name}`,
    scope: "cluster",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title,
    buys,
    costs:
      "Added to what the real network of the machine costs, in one direction. Wide distributions reorder messages, which is what makes reads at small quorums stale.",
    source: "The per-message model of Bailis et al., Probabilistically Bounded Staleness, VLDB 2012",
    names: {},
    charts: ["percentile spectrum", "t-visibility", "trade-off"],
  });
  return [
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
  ];
}

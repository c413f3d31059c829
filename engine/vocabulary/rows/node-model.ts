/**
 * Rows about what a simulated node costs: time for messages and for its disk, a queue in front of it, pauses, and wall
 * time that is wrong. A real node costs what it costs. Without any of these a simulated node takes no time at all, and
 * latency is the network's alone, which is what a model such as PBS assumes.
 */
import type { Tunable } from "../tunable";

const QUEUEING = "Queueing at a server with c workers (Kleinrock, Queueing Systems, 1975)";

export const NODE_MODEL_ROWS: readonly Tunable[] = [
  service(
    "message",
    "Time a worker is busy with a message",
    "Gives a node a capacity: workers divided by the mean. Any message counts, those of clients too.",
  ),
  service("read", "Time of loading a key from disk", "A read that costs something even at a quorum of one."),
  service("write", "Time of handing a key to the disk", "Writes that queue behind one another."),
  service(
    "sync",
    "Time of making writes durable (cluster.sync each or group)",
    "The price of DW, and what group commit saves.",
  ),
  {
    key: "node_model.queue.workers",
    scope: "node",
    kind: { kind: "integer", min: 1, max: 1_024 },
    default: "8",
    title: "Messages a node works on at once",
    buys: "More: a slow one holds up fewer of the others.",
    costs: "More: capacity that a machine with fewer cores does not have. No effect without service times.",
    source: QUEUEING,
    names: { cassandra: "concurrent_reads", voldemort: "max_threads" },
    charts: ["percentile spectrum", "throughput and outcomes"],
    world: "simulation",
    short: "workers",
  },
  {
    key: "node_model.queue.limit",
    scope: "node",
    kind: { kind: "integer", min: 1, max: 1_000_000 },
    default: "1000",
    title: "Messages that wait for a worker before further ones are dropped",
    buys: "Longer: bursts and pauses are absorbed.",
    costs:
      "Longer: what waits may have timed out by the time it is served. Drops are counted and make a trial doubtful.",
    source: "Every queue has a bound",
    names: { riak: "vnode_overload_threshold" },
    charts: ["throughput and outcomes", "percentile spectrum"],
    world: "simulation",
    short: "queue",
  },
  {
    key: "node_model.pauses.every",
    scope: "node",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title: "Time between two pauses of a node's whole process",
    buys: "Shorter: more of what a garbage collector or a noisy neighbour does to a tail.",
    costs: "Needs node_model.pauses.length. Messages that come meanwhile wait.",
    source: "Dean and Barroso, The Tail at Scale, CACM 2013",
    names: {},
    charts: ["percentile spectrum", "latency over time"],
    world: "simulation",
    short: "pause-every",
  },
  {
    key: "node_model.pauses.length",
    scope: "node",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title: "Length of a pause",
    buys: "Longer: suspicion, timeouts and stand-ins come into play.",
    costs: "Needs node_model.pauses.every.",
    source: "Dean and Barroso, The Tail at Scale, CACM 2013",
    names: {},
    charts: ["percentile spectrum", "latency over time"],
    world: "simulation",
    short: "pause",
  },
  {
    key: "node_model.clock_skew",
    scope: "node",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title: "How far the wall time of each node, and of each client session, is off, drawn once with a random sign",
    buys: "Wider: what timestamps do to a store that believes them.",
    costs: "Only clocks that read wall time (lww) are affected; causal ones are not, and that can be shown.",
    source: "Kingsbury, The trouble with timestamps, 2013",
    names: {},
    charts: ["siblings", "divergence"],
    short: "skew",
  },
  {
    key: "node_model.clock_drift",
    scope: "node",
    kind: { kind: "number", min: 0, max: 100_000 },
    default: "0",
    title: "Microseconds a second by which a node's wall time runs fast or slow at most (ppm)",
    buys: "Higher: skew that grows during the run.",
    costs: "Quartz clocks drift by tens of ppm; more is a broken one.",
    source: "Marouani and Dagenais, Internal clock drift estimation in computer clusters, 2008",
    names: {},
    charts: ["siblings", "divergence"],
    short: "drift",
  },
];

function service(name: string, title: string, buys: string): Tunable {
  return {
    key: `node_model.service.${name}`,
    scope: "node",
    kind: { kind: "structure", name: "distribution" },
    default: "none",
    title,
    buys,
    costs:
      "Offered load above workers divided by the mean grows the queue without end. Divided by cluster.speed; none costs no time.",
    source: QUEUEING,
    names: {},
    charts: ["percentile spectrum", "latency over time", "throughput and outcomes"],
    world: "simulation",
    short: `service-${name}`,
  };
}

/**
 * The kinds of fault an experiment can schedule: what each does, what it takes, and what it is good for. Reading a fault,
 * `quorumlab list faults`, `explain`, the reference and the editor schema are all made from this table; what a fault does
 * to a world stands with the worlds. The verbs are those of turmoil, madsim and Jepsen.
 */
import type { FaultKind } from "../faults";
import type { ChartName } from "../tunable";
import type { ValueKind } from "../value-kinds";

/** What a fault acts on: `node` or `nodes`, `links`, or `groups` of nodes that are cut from each other. */
export type FaultSubject = "nodes" | "links" | "groups";

export interface FaultParameter {
  readonly name: string;
  /** How it is written; `target` and `links` are read by the reader of faults. */
  readonly kind: ValueKind | { readonly kind: "target" | "links" | "groups" | "clients" | "offset" };
  readonly text: string;
}

export interface FaultKindRow {
  readonly kind: FaultKind;
  readonly title: string;
  readonly subject: FaultSubject;
  /** Beside subject, `id`, `kind`, `at` and `for`; a default makes one optional. */
  readonly takes: readonly { readonly name: string; readonly default?: string | boolean; readonly optional?: true }[];
  /** An item of `faults:`, for a cluster of three nodes. */
  readonly example: string;
  /** Over at once: takes no `for`. */
  readonly instantaneous: boolean;
  /** What it is good for, and what to watch. */
  readonly shows: string;
  /** Every kind happens in both worlds; how on real processes, and what is different there. */
  readonly processes: string;
  readonly source: string;
  readonly charts: readonly ChartName[];
}

const SHARE_TEXT = "above 0 and at most 1, such as 5%";

export const FAULT_PARAMETERS: readonly FaultParameter[] = [
  {
    name: "id",
    kind: { kind: "text", maxLength: 64 },
    text: "its name in charts and in dotted keys; without one it is called by kind and position, and its keys by its index from 0",
  },
  { name: "kind", kind: { kind: "text", maxLength: 64 }, text: "one of the kinds below" },
  {
    name: "at",
    kind: { kind: "duration", minMs: 0, maxMs: 864_000_000 },
    text: "when it begins, from the start of the warm-up",
  },
  {
    name: "for",
    kind: { kind: "duration", minMs: 0.001, maxMs: 864_000_000 },
    text: "how long it lasts; to the end of the run when left out",
  },
  {
    name: "every",
    kind: { kind: "duration", minMs: 0.001, maxMs: 864_000_000 },
    text: "begins again so long after each beginning, under the same id; longer than for, which it needs",
  },
  {
    name: "until",
    kind: { kind: "duration", minMs: 0, maxMs: 864_000_000 },
    text: "with every: no further beginning from then on; the end of the drain when left out",
  },
  {
    name: "node",
    kind: { kind: "target" },
    text: "a node (node-3, or b1 for the first node of zone b), zone:<name>, or all",
  },
  { name: "nodes", kind: { kind: "target" }, text: "a list of such" },
  { name: "links", kind: { kind: "links" }, text: "{from, to, both_ways}, with from and to like nodes; or all" },
  {
    name: "groups",
    kind: { kind: "groups" },
    text: 'a list of lists of nodes, such as [["zone:a"], ["zone:b", "zone:c"]]',
  },
  {
    name: "clients",
    kind: { kind: "clients" },
    text: "whom clients reach: all, follow-nearest (session s stands with group s modulo their number), or {group: <number from 0>}",
  },
  { name: "oneway", kind: { kind: "boolean" }, text: "true: messages from later groups to earlier ones still pass" },
  { name: "extra", kind: { kind: "structure", name: "distribution" }, text: "a distribution" },
  { name: "share", kind: { kind: "ratio", max: 1 }, text: SHARE_TEXT },
  {
    name: "rate",
    kind: { kind: "rate", min: 1, max: 100_000 },
    text: "requests a second to each of its nodes, such as 5000/s",
  },
  { name: "factor", kind: { kind: "number", min: 1, max: 1_000_000 }, text: "a number of at least 1" },
  {
    name: "disk",
    kind: { kind: "choice", values: ["keep", "wipe"], later: [] },
    text: "keep: what was synced is still there afterwards; wipe: nothing is",
  },
  {
    name: "damage",
    kind: { kind: "choice", values: ["torn", "lost", "corrupt"], later: [] },
    text: "torn: a write arrives in part; lost: it never arrives though acknowledged; corrupt: records at rest are damaged, at once",
  },
  { name: "offset", kind: { kind: "offset" }, text: "a duration that may be negative, such as -250ms" },
  { name: "via", kind: { kind: "target" }, text: "one node that is up; any member when left out" },
  { name: "with", kind: { kind: "target" }, text: "one node of cluster.spares" },
  {
    name: "ppm",
    kind: { kind: "number", min: -1_000_000, max: 1_000_000 },
    text: "microseconds a second, negative for slow",
  },
];

const JEPSEN = "Jepsen's nemeses (Kingsbury)";
const CRASHES = ["latency over time", "throughput and outcomes", "divergence"] as const;
const LINKS = ["latency over time", "t-visibility", "divergence"] as const;
const TIME = ["siblings", "divergence"] as const;
const MEMBERS = ["membership", "latency over time", "throughput and outcomes"] as const;
const DYNAMO_MEMBERS = "DeCandia et al., Dynamo, SOSP 2007, section 4.8";

export const FAULT_KINDS: readonly FaultKindRow[] = [
  {
    kind: "kill",
    title: "The process ends at once and starts again after the fault's length",
    subject: "nodes",
    takes: [{ name: "disk", default: "keep" }],
    example: "{id: crash, kind: kill, node: node-2, at: 20s, for: 10s}",
    instantaneous: false,
    shows:
      "What was acknowledged before it was synced is gone. With disk: wipe the node comes back empty, as a replaced machine.",
    processes:
      "SIGKILL; what was handed to the operating system survives, since the process dies and not the machine (in simulation the machine). Over when the node is up again and linked.",
    source: JEPSEN,
    charts: CRASHES,
  },
  {
    kind: "restart",
    title: "Starts nodes that are down",
    subject: "nodes",
    takes: [],
    example: "{kind: restart, node: node-2, at: 40s}",
    instantaneous: true,
    shows: "Ends a kill that has no length.",
    processes: "A new process on the old folder, under the next boot epoch.",
    source: JEPSEN,
    charts: CRASHES,
  },
  {
    kind: "wipe",
    title: "Ends the process, deletes its disk and starts it again",
    subject: "nodes",
    takes: [],
    example: "{kind: wipe, node: node-2, at: 20s}",
    instantaneous: true,
    shows: "How long until one replica in N has everything again, and what was only there.",
    processes: "SIGKILL, the records' folder is deleted, and a new process; the count of boots stays in both worlds.",
    source: JEPSEN,
    charts: CRASHES,
  },
  {
    kind: "pause",
    title: "The process stands still; what arrives waits",
    subject: "nodes",
    takes: [],
    example: "{id: collection, kind: pause, node: node-3, at: 20s, for: 2s}",
    instantaneous: false,
    shows: "A node that is suspected and comes back with old opinions, as after a long garbage collection or SIGSTOP.",
    processes:
      "SIGSTOP and SIGCONT: the system goes on to take connections and bytes for it, as far as its buffers reach.",
    source: JEPSEN,
    charts: CRASHES,
  },
  {
    kind: "partition",
    title: "Messages between groups of nodes vanish",
    subject: "groups",
    takes: [
      { name: "oneway", default: false },
      { name: "clients", default: "all" },
    ],
    example:
      "{id: split, kind: partition, at: 20s, for: 15s, groups: [[node-1], [node-2, node-3]], clients: follow-nearest}",
    instantaneous: false,
    shows:
      "Divergence while it lasts, and convergence after it. Nodes in no group reach everybody, which makes a bridge.",
    processes:
      "Each node drops what it would send to another side, and so does the client library with what it would send or has received: connections stay open, as across a network that swallows everything.",
    source: JEPSEN,
    charts: ["divergence", "siblings", "throughput and outcomes"],
  },
  {
    kind: "delay",
    title: "Messages take longer by a draw from a distribution",
    subject: "links",
    takes: [{ name: "extra" }],
    example: "{kind: delay, links: {from: all, to: node-3}, at: 20s, for: 10s, extra: {dist: exponential, mean: 50ms}}",
    instantaneous: false,
    shows: "A slow replica inside or outside of the quorum: the tail with it, the staleness without it.",
    processes: "Held in the sending node; a timer's millisecond coarse.",
    source: "netem",
    charts: LINKS,
  },
  {
    kind: "loss",
    title: "A share of messages vanishes",
    subject: "links",
    takes: [{ name: "share" }],
    example: "{kind: loss, links: all, at: 20s, for: 10s, share: 5%}",
    instantaneous: false,
    shows: "Timeouts, and replicas that miss writes though nobody is down.",
    processes: "Drawn in the sending node, from the link's own stream.",
    source: "netem",
    charts: LINKS,
  },
  {
    kind: "duplicate",
    title: "A share of messages arrives twice",
    subject: "links",
    takes: [{ name: "share" }],
    example: "{kind: duplicate, links: all, at: 20s, for: 10s, share: 5%}",
    instantaneous: false,
    shows: "Whether merging is idempotent.",
    processes: "Drawn in the sending node, from the link's own stream.",
    source: "netem",
    charts: LINKS,
  },
  {
    kind: "reorder",
    title: "A share of messages is overtaken by later ones",
    subject: "links",
    takes: [{ name: "share" }],
    example: "{kind: reorder, links: all, at: 20s, for: 10s, share: 20%}",
    instantaneous: false,
    shows: "Whether anything relied on order.",
    processes: "Drawn in the sending node, from the link's own stream.",
    source: "netem",
    charts: LINKS,
  },
  {
    kind: "hold",
    title: "Messages wait until the fault ends, then all arrive in the order sent",
    subject: "links",
    takes: [],
    example: "{kind: hold, links: {from: node-1, to: node-2, both_ways: true}, at: 20s, for: 5s}",
    instantaneous: false,
    shows: "Old writes that arrive long after newer ones, and long after the coordinator gave up.",
    processes:
      "Kept in the sending node, and gone with it when it is killed (in simulation they are under way and arrive).",
    source: "turmoil's hold and release",
    charts: LINKS,
  },
  {
    kind: "release",
    title: "What a hold keeps on these links arrives now",
    subject: "links",
    takes: [],
    example: "{kind: release, links: {from: node-1, to: node-2}, at: 22s}",
    instantaneous: true,
    shows: "Ends a hold early, on some of its links alone if wanted.",
    processes: "As in simulation.",
    source: "turmoil's hold and release",
    charts: LINKS,
  },
  {
    kind: "slow-node",
    title: "Service times of messages are multiplied",
    subject: "nodes",
    takes: [{ name: "factor" }],
    example: "{kind: slow-node, node: node-3, at: 20s, for: 10s, factor: 10}",
    instantaneous: false,
    shows: "A node that answers, but late. Needs node_model.service.message in simulation.",
    processes:
      "No service time is modelled: the next message waits until a processor so many times slower would be done with the last, by the measured time of the protocol's own work on it.",
    source: "Gunawi et al., Fail-Slow at Scale, FAST 2018",
    charts: ["latency over time", "percentile spectrum"],
  },
  {
    kind: "slow-disk",
    title: "Service times of the disk are multiplied",
    subject: "nodes",
    takes: [{ name: "factor" }],
    example: "{kind: slow-disk, node: node-3, at: 20s, for: 10s, factor: 8}",
    instantaneous: false,
    shows:
      "Reads that hit the slow replica, and writes whose durability waits. Needs node_model.service.read, write or sync in simulation.",
    processes:
      "No service time is modelled: each completion waits the factor's rest on top of its own measured time, taken for at least 0.1 ms, an access to a solid-state disk. Loads and stores are late; how many pass a second stays.",
    source: "Gunawi et al., Fail-Slow at Scale, FAST 2018",
    charts: ["latency over time", "percentile spectrum"],
  },
  {
    kind: "overload",
    title: "Each of its nodes is sent requests that are not part of the workload",
    subject: "nodes",
    takes: [{ name: "rate" }],
    example: "{id: crowd, kind: overload, node: node-1, at: 20s, for: 10s, rate: 5000/s}",
    instantaneous: false,
    shows:
      "A node that is late or refuses (tunables.admission, node_model.queue) while its peers are well: gets of keys that exist nowhere, at constant spacing, coordinated by the node itself; at most 20000 under way, what is beyond is dropped and counted. In no history and no latency; counters of nodes and delays of legs have them. No partition stops them. Needs node_model.service.message, or service.read with a disk, in simulation.",
    processes:
      "Sent over loopback by a process of its own beside the driver, on the driver's cores but at a lower priority, so that it takes what the driver leaves; what is due within one millisecond leaves together.",
    source: JEPSEN,
    charts: ["latency over time", "throughput and outcomes"],
  },
  {
    kind: "disk-full",
    title: "Every store fails; loads go on",
    subject: "nodes",
    takes: [],
    example: "{kind: disk-full, node: node-3, at: 20s, for: 10s}",
    instantaneous: false,
    shows: "A replica that refuses writes and still answers reads with what is old.",
    processes: "In front of LMDB: the store fails before it gets there.",
    source: "Ganesan et al., Redundancy Does Not Imply Fault Tolerance, FAST 2017",
    charts: ["divergence", "throughput and outcomes"],
  },
  {
    kind: "disk-error",
    title: "A share of loads and stores fails",
    subject: "nodes",
    takes: [{ name: "share" }],
    example: "{kind: disk-error, node: node-3, at: 20s, for: 10s, share: 10%}",
    instantaneous: false,
    shows: "Whether an error of one replica reaches a client although the quorum was met without it.",
    processes: "In front of LMDB; each life of a node draws from a stream of its own.",
    source: "Ganesan et al., Redundancy Does Not Imply Fault Tolerance, FAST 2017",
    charts: ["divergence", "throughput and outcomes"],
  },
  {
    kind: "torn-write",
    title: "A share of records is damaged on the disk",
    subject: "nodes",
    takes: [{ name: "share" }, { name: "damage", default: "torn" }],
    example: "{kind: torn-write, node: node-3, at: 20s, for: 10s, share: 5%, damage: lost}",
    instantaneous: false,
    shows: "Damage is found by checksum and never served as data: the record is missing there until it is repaired.",
    processes:
      "The record that LMDB is given is cut short, is the old one under the new one's checksum, or has a bit flipped; of a node that is down before it starts again.",
    source: "Ganesan et al., Redundancy Does Not Imply Fault Tolerance, FAST 2017",
    charts: ["divergence", "t-visibility"],
  },
  {
    kind: "clock-skew",
    title: "Wall time is off by so much for the fault's length",
    subject: "nodes",
    takes: [{ name: "offset" }],
    example: "{kind: clock-skew, node: node-2, at: 20s, for: 10s, offset: -250ms}",
    instantaneous: false,
    shows: "Writes that lose by timestamp to earlier ones (tunables.clock: lww); causal clocks do not notice.",
    processes: "Added to what the node takes for wall time; the machine's clock is not touched.",
    source: JEPSEN,
    charts: TIME,
  },
  {
    kind: "clock-drift",
    title: "Wall time runs fast or slow for the fault's length",
    subject: "nodes",
    takes: [{ name: "ppm" }],
    example: "{kind: clock-drift, nodes: [node-1, node-2], at: 20s, for: 10s, ppm: 500}",
    instantaneous: false,
    shows: "Skew that grows; what it has grown to when the fault ends, stays.",
    processes: "Added to what the node takes for wall time; the machine's clock is not touched.",
    source: JEPSEN,
    charts: TIME,
  },
  {
    kind: "clock-jump",
    title: "Wall time jumps and stays there",
    subject: "nodes",
    takes: [{ name: "offset" }],
    example: "{kind: clock-jump, node: node-2, at: 20s, offset: 1s}",
    instantaneous: true,
    shows: "A leap second, a step of NTP, an operator's mistake.",
    processes: "Added to what the node takes for wall time; the machine's clock is not touched.",
    source: JEPSEN,
    charts: TIME,
  },
  {
    kind: "join",
    title: "Starts a spare node, which asks to be in the ring",
    subject: "nodes",
    takes: [{ name: "via", optional: true }],
    example: "{kind: join, node: node-4, at: 20s, via: node-2}",
    instantaneous: true,
    shows: "What growth costs clients: wider writes and transfers until the new node has its ranges.",
    processes: "A new process; its request to join comes as soon as it is linked.",
    source: DYNAMO_MEMBERS,
    charts: MEMBERS,
  },
  {
    kind: "leave",
    title: "Asks a node to leave the ring; it hands over what it holds, and ends",
    subject: "nodes",
    takes: [],
    example: "{kind: leave, node: node-3, at: 20s}",
    instantaneous: true,
    shows: "Shrinking without a loss: nothing ends before all its copies are with their owners.",
    processes: "The process ends by itself when it keeps nothing any more.",
    source: DYNAMO_MEMBERS,
    charts: MEMBERS,
  },
  {
    kind: "remove",
    title: "Tells the others that a node is dead, and out of the ring for ever",
    subject: "nodes",
    takes: [],
    example: "{kind: remove, node: node-3, at: 25s}",
    instantaneous: true,
    shows:
      "The ring without the dead node; the survivors make the copies that are missing. What only the dead node held is gone. Should it come back, nobody listens.",
    processes: "Told to one node that is up. The process of the removed node is left as it is: kill it before.",
    source: "Apache Cassandra: nodetool removenode; Riak: riak-admin cluster force-remove",
    charts: MEMBERS,
  },
  {
    kind: "replace",
    title: "Starts a spare node in the place of a dead one, which is removed",
    subject: "nodes",
    takes: [{ name: "with" }],
    example: "{kind: replace, node: node-3, with: node-4, at: 25s}",
    instantaneous: true,
    shows: "One change of the ring in place of two.",
    processes: "As join and remove together.",
    source: "Apache Cassandra: replace_address; Riak: riak-admin cluster force-replace",
    charts: MEMBERS,
  },
];

/** Of `faults:` as a whole, labelled. */
export const FAULTS_PROSE: readonly (readonly [label: string, text: string])[] = [
  ["list", "each with id, kind, at, for and what its kind takes; times count from the start of the warm-up"],
  [
    "repeated",
    "a fault that lasts may come again: {at: 15s, for: 2s, every: 3s, until: 60s} begins at 15 s, 18 s, … 57 s, one lane in charts; nodes named together stay in step",
  ],
  [
    "random",
    "as many as {random: {count}} says (3), drawn from each trial's seed, of kinds that have an effect and leave nothing missing for good unless kinds names others (overload is one of those, with 20/s to 640/s): the trial's record has what was drawn",
  ],
  ["address", "-S faults.<id>.at=5s, an axis faults.<id>.for, or a profile's faults.<id>: {at: 5s}"],
  [
    "overlap",
    "faults compose and neither ends the other: a node is down while any of them holds it, factors multiply, chances combine as independent ones, delays, offsets and rates add",
  ],
  [
    "world",
    "both, with one meaning; on real processes acts take time, and the record has when each fault really began and ended",
  ],
];

/** Drawn by `faults: random` unless `kinds` says otherwise, where they have an effect: those after which nothing is missing. */
export const RANDOM_FAULT_KINDS: readonly FaultKind[] = [
  "kill", "pause", "partition", "delay", "loss", "duplicate", "reorder", "slow-node", "slow-disk",
]; // prettier-ignore

function isOptional(part: FaultKindRow["takes"][number]): boolean {
  return part.default !== undefined || part.optional === true;
}

/** The names a fault of this kind may have beside `id`, `kind` and `at`, those it must have first. */
export function faultParts(row: FaultKindRow): { readonly needs: readonly string[]; readonly may: readonly string[] } {
  const subject = { nodes: "node or nodes", links: "links", groups: "groups" }[row.subject];
  const needs = [subject, ...row.takes.filter((part) => !isOptional(part)).map(({ name }) => name)];
  const may = [
    ...(row.instantaneous ? [] : ["for", "every", "until"]),
    ...row.takes.filter(isOptional).map(({ name }) => name),
  ];
  return { needs, may };
}

/** The same, each with what it may hold and its default, for explanations: `share (above 0 and at most 1, such as 5%)`. */
export function explainedParts(row: FaultKindRow): ReturnType<typeof faultParts> {
  const { needs, may } = faultParts(row);
  const explained = (part: string): string => {
    const texts = part.split(" or ").map((name) => FAULT_PARAMETERS.find((one) => one.name === name)?.text ?? "");
    const fallback = row.takes.find(({ name }) => name === part)?.default;
    return `${part} (${texts.join("; ")}${fallback === undefined ? "" : `; default ${String(fallback)}`})`;
  };
  return { needs: ["at", ...needs].map(explained), may: may.map(explained) };
}

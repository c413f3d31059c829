/**
 * The table of metrics: one name, one unit, one meaning, used in summaries, CSV headers, comparisons, `explain` and charts.
 * A metric that could not be measured is absent from a summary or null with n 0; it is never 0 for want of data.
 */
import type { MetricValue } from "./figures";
import { type Capability, type TargetRecord, whyNotSeen } from "./capabilities";
import { CAUSES, type MessageCause } from "./repair-counters";
import type { MetricDescription } from "./run-folder";

type Better = MetricDescription["better"];

const KINDS: Readonly<Record<string, string>> = {
  read: "reads",
  write: "writes (updates, inserts and deletes)",
  update: "updates",
  insert: "inserts",
  delete: "deletes",
  rmw: "read-modify-writes, from the read's beginning to the write's end",
  scan: "scans",
  multi_get: "multi-gets, until the last of their reads",
  list: "listings, from the first page to the last",
};
const QUANTITIES: Readonly<Record<string, string>> = {
  mean: "mean",
  p50: "median",
  p95: "95th percentile",
  p99: "99th percentile",
  p999: "99.9th percentile",
};
type LatencyBasis = "response" | "service" | "wait";

const BASES: Readonly<Record<LatencyBasis, string>> = {
  response: "Response time, from the intended instant to the answer",
  service: "Service time, from the actual send to the answer (it hides the wait behind a store that stalls)",
  wait: "Wait, from the intended instant to the actual send, where the load has a schedule (0.001 also stands for less)",
};
const OF_WAITS: readonly string[] = ["p50", "p99", "p999"];
/** Why messages between nodes are sent. */
const CAUSED_BY: Readonly<Record<MessageCause, string>> = {
  replication: "that carry a write to its replicas, and their acknowledgements,",
  reading: "that ask replicas for a read, and their answers,",
  "read-repair": "that bring a replica up to date after a read",
  hint: "that keep a write for an absent replica or take it home",
  "anti-entropy": "of comparing and exchanging whole ranges between replicas",
  detector: "of the failure detector",
  gossip: "in which members tell each other of members and of the ring",
  handoff: "that offer copies to new owners and bring them, and the answers,",
  forwarding: "that hand a request on to the node that coordinates it, and the answer back,",
};
/** Kinds that the table lists; others are described when asked for. */
/** What must be seen of a target besides its clients' history. */
const NEEDS: readonly (readonly [Capability, RegExp])[] = [
  ["scans", /^(scan|list)_/],
  ["deletes", /^(delete_|resurrected_deletes$)/],
  ["siblings", /^(siblings_|false_conflicts$|missed_conflicts$|merge)/],
  ["contexts", /^context_bytes_/],
  [
    "inspection",
    /^(divergent|missing|stale|conflicting)_keys_|^convergence_|^(unconverged_faults|hinted_writes_final|false_dominance)$|^clock_/,
  ],
  [
    "counters",
    /^(load|keys_per_weight|key_imbalance|role_imbalance|out_of_balance|imbalance|messages_per_op|bytes_per_op|repair_bytes|hints_|keys_overstreamed|ring_|transferred_|detector_|gossip_|fd_|read_repairs|node_|outages_)/,
  ],
  ["openLoop", /^schedule_lag_/],
];

const LISTED_KINDS = ["read", "write", "update", "insert", "rmw"];

const OTHERS: readonly MetricDescription[] = [
  row(
    "throughput_ops_s",
    "1/s",
    "higher",
    "Throughput",
    "Requests that succeeded within the measured phase, over its length. A read-modify-write is two requests.",
  ),
  row(
    "availability",
    "ratio",
    "higher",
    "Availability",
    "Operations that succeeded over operations due in the measured phase, dropped ones included.",
  ),
  row(
    "indefinite_ratio",
    "ratio",
    "lower",
    "Operations without an answer",
    "Operations of which nobody knows whether they happened (timeout, quorum unreachable, connection lost) over operations due.",
  ),
  row(
    "definite_failure_ratio",
    "ratio",
    "lower",
    "Operations refused",
    "Operations that certainly did not happen over operations due.",
  ),
  row(
    "p_stale",
    "ratio",
    "lower",
    "Stale reads",
    "Reads that missed an acknowledged write, over all successful reads of keys with one: some acknowledged write of the key ended before the read began, and every version returned comes before that write, in the recorded causal past or in real time.",
  ),
  row(
    "p_consistent_at_commit",
    "ratio",
    "higher",
    "Consistent at commit",
    "Reads that began less than 0.1 ms after the latest acknowledged write of their key had ended, and returned it or what replaced it, over all reads that began so soon. The P(consistency at commit) of the PBS paper; a workload probe at t = 0 makes such reads.",
  ),
  row(
    "t_visibility_999_ms",
    "ms",
    "lower",
    "99.9 % visible after",
    "The smallest time since the acknowledgement of a write from which on at least 99.9 % of reads return it or what replaced it, under the assumption that time never makes reads staler (isotonic regression over the ages of reads). Where no read was younger it is the age of the youngest. Not measured without 1,000 reads at that age or older, or when it never comes.",
  ),
  row(
    "staleness_t_p50_ms",
    "ms",
    "lower",
    "Staleness, median",
    "For stale reads: time from the acknowledgement of the earliest write that was missed to the beginning of the read; the median.",
  ),
  row(
    "staleness_t_p99_ms",
    "ms",
    "lower",
    "Staleness, p99",
    "For stale reads: time from the acknowledgement of the earliest write that was missed to the beginning of the read; the 99th percentile.",
  ),
  row(
    "staleness_k_p99",
    "versions",
    "lower",
    "Versions behind, p99",
    "For stale reads: how many acknowledged writes were newer than everything returned; the 99th percentile.",
  ),
  row(
    "indefinite_writes_seen",
    "count",
    "neutral",
    "Unanswered writes read",
    "Writes without a definite answer that reads returned nevertheless: they had happened. n is the number of such writes.",
  ),
  row(
    "siblings_mean",
    "versions",
    "lower",
    "Siblings, mean",
    "Values returned by a read that found any, mean. Fewer may also mean that concurrent writes were lost.",
  ),
  row(
    "siblings_p99",
    "versions",
    "lower",
    "Siblings, p99",
    "Values returned by a read that found any, 99th percentile.",
  ),
  row("siblings_max", "versions", "lower", "Siblings, most", "The most values that one read returned."),
  row(
    "merged_reads",
    "count",
    "neutral",
    "Merges by the application",
    "Read-modify-writes of carts or counters whose read returned more than one version. n is their number too.",
  ),
  row(
    "merge_dropped",
    "entries",
    "lower",
    "Lost in merging",
    "Entries (additions to a cart, increments of a counter) of versions that the application's resolver passed over, and that nobody had removed. A resolver that merges by meaning drops none. Lost by the application; what the store lost is not counted.",
  ),
  row(
    "merge_undone",
    "entries",
    "lower",
    "Came back in merging",
    "Items that a version passed over by the application's resolver had removed, and that stand in the cart it went on with.",
  ),
  row(
    "scan_records_mean",
    "records",
    "neutral",
    "Records a scan",
    "Records (keys with a value) that a scan brought, mean over the scans that succeeded. Fewer than were asked for where the range was over, or where an answer came to its bound: 1,000 records, 1 MiB, or a stretch of deleted keys that eight rounds of asking did not get over. Pages of listings are scans too.",
  ),
  row(
    "list_due",
    "objects",
    "neutral",
    "Objects that listings had to show",
    "Each object once a page that it belongs on, if a put of it was acknowledged before the listing began and no delete of it was begun since that put. Objects with a write under way or of unknown outcome are left out, on every page. Of mix_name object-index, over the whole run.",
  ),
  row(
    "list_missing",
    "objects",
    "lower",
    "Missing in listings",
    "Objects that a listing had to show and did not, summed over listings: one that two of them missed counts twice. Which a listing had to show says list_due. Listings may miss acknowledged puts where R + W ≤ N.",
  ),
  row("list_missing_share", "ratio", "lower", "Missing in listings, share", "list_missing of list_due."),
  row(
    "list_ghosts",
    "objects",
    "lower",
    "Ghosts in listings",
    "Objects that a listing showed although a delete of them was acknowledged before it began and no put of them was begun since that delete. Under a causal clock a delete whose context did not have a version does not take it away, and that is counted here too.",
  ),
  row(
    "list_ghost_share",
    "ratio",
    "lower",
    "Ghosts in listings, share",
    "list_ghosts of all objects that pages must not show, counted as list_due counts those that they must.",
  ),
  row(
    "divergent_keys_final",
    "keys",
    "lower",
    "Divergent keys at the end",
    "Keys whose reachable primaries hold different sets of writes when the run has ended, by inspecting the replicas. Scaled to all keys when a sample was inspected.",
  ),
  row(
    "divergent_keys_max",
    "keys",
    "lower",
    "Divergent keys, most",
    "The most keys found divergent by one inspection from the beginning of the measured phase on; keys with a write in flight are left out.",
  ),
  row(
    "missing_keys_final",
    "keys",
    "lower",
    "Keys with a missing copy",
    "Divergent keys at the end of which a reachable primary holds no copy and another does. With stale_keys_final and conflicting_keys_final, and those whose kind nobody knows, it adds up to divergent_keys_final.",
  ),
  row(
    "stale_keys_final",
    "keys",
    "lower",
    "Keys with a stale copy",
    "Divergent keys at the end, none of their copies missing, where whatever a primary has beyond another lies in the recorded causal past of what that one has, for every two of them: somebody is behind, and has nothing of its own to lose.",
  ),
  row(
    "conflicting_keys_final",
    "keys",
    "lower",
    "Keys with conflicting copies",
    "Divergent keys at the end, none of their copies missing, where two primaries have each a write that the other lacks and that nothing of the other covers in the recorded causal past. By what clients had read and not by the clock: under one that keeps the last writer only, copies that it would order count here. The upper end also holds keys whose kind is not known.",
  ),
  row(
    "convergence_s",
    "s",
    "lower",
    "Time to convergence",
    "From the end of a fault until the first inspection from which on no inspected key diverges, until the next fault begins or the run ends; the worst of all faults, n of them (those that overlap are one). Known to one interval of measure.divergence_scan: the lower end is the last inspection that found a difference. Where agreement had not come it is a lower bound (at least). Divergence that ordinary writes cause counts.",
  ),
  row(
    "convergence_keys_p50_s",
    "s",
    "lower",
    "Convergence of a key, median",
    "For keys found divergent by the last inspection of a fault or the first after it: from the end of the fault until their primaries agree to stay so until the next fault begins or the run ends; the median by the estimator of Kaplan and Meier, which counts keys that had not agreed for as long as they were watched. n is the keys, of all faults. At least, where fewer had agreed.",
  ),
  row(
    "convergence_keys_p90_s",
    "s",
    "lower",
    "Convergence of a key, p90",
    "As convergence_keys_p50_s, the time by which nine of ten keys had agreed.",
  ),
  row(
    "unconverged_faults",
    "count",
    "lower",
    "Faults without convergence",
    "Faults that ended and after which some inspected key still diverged, or did again, when the next one began or the run ended. n is the faults that ended and were observed.",
  ),
  row(
    "lost_updates",
    "count",
    "lower",
    "Lost updates",
    "Acknowledged writes, of all phases, that no write had read (definite failures left out) and that no replica holds when the run has ended. Of inspected keys; n is the acknowledged writes judged. Undecided, and only in the upper end, where a replica was not reached. A delete counts only where a value that it had replaced is there at the end, since tombstones are reaped. A write that still waits in a hint is late and not lost: it counts in hinted_writes_final instead.",
  ),
  row(
    "hinted_writes_final",
    "count",
    "lower",
    "Writes that only a hint holds",
    "Acknowledged writes that no write had read, that no replica holds when the run has ended and that wait in a hint: late, and not counted as lost. n is the acknowledged writes judged.",
  ),
  row(
    "missed_conflicts",
    "count",
    "lower",
    "Missed conflicts",
    "Lost updates where something that stands in their place at the end is concurrent with them: neither client had read the other's write, both should have been kept, and one was dropped. n is the acknowledged writes judged.",
  ),
  row(
    "false_dominance",
    "count",
    "lower",
    "False dominance",
    "Lost updates where all that stands in their place at the end lies in their own past: the older version won over the one that had replaced it. n is the acknowledged writes judged.",
  ),
  row(
    "false_conflicts",
    "count",
    "lower",
    "False conflicts",
    "Pairs of versions, tombstones included, that one read returned as siblings although one of them lies in the other's causal past, as recorded from what clients had read and never from the store's contexts. n is the reads judged (of the measured phase, that returned a version).",
  ),
  row(
    "resurrected_deletes",
    "count",
    "lower",
    "Deletes that came back",
    "Reads that returned a value which an acknowledged delete, ended before the read began, had in its past, where that is proved to be more than staleness: an inspection in between had reached every primary and found the value at none, or the value is there at the end while no replica reached holds anything that replaced it. A read that asked a replica which the delete had not reached is stale and not counted, even where an earlier read of another replica had seen the delete. n is the reads judged, of keys with a delete.",
  ),
  row(
    "non_monotonic_reads",
    "count",
    "lower",
    "Reads that went back",
    "Reads all of whose versions come before one that the same session's previous read of the key had returned: in the recorded causal past, or acknowledged before the other began. An empty answer counts as the tombstone of every delete that may have happened. n is the reads judged, those with a previous one that had ended.",
  ),
  row(
    "read_your_writes_misses",
    "count",
    "lower",
    "Own writes missed",
    "Reads all of whose versions come before the latest write of the key that the same session had been told had succeeded: in the recorded causal past, or acknowledged before that write began. A version concurrent with it proves nothing. n is the reads judged, those of a session with such a write.",
  ),
  row(
    "gamma_positive",
    "ratio",
    "lower",
    "Values with a positive Γ",
    "Values that stand against another of their key: some operation on each ended before some operation on the other began, which no register allows. Of all values written or read in the measured phase. A read of several versions belongs to no register and is left out.",
  ),
  row(
    "gamma_p99_ms",
    "ms",
    "lower",
    "Γ, p99",
    "By how much all operations must be stretched, half at each end, for a value not to stand against any other of its key (Golab and others, ICDCS 2014); 0 for those that do not. The 99th percentile over values.",
  ),
  row("gamma_max_ms", "ms", "lower", "Γ, most", "As gamma_p99_ms, the largest: the Γ of the whole history."),
  row(
    "delta_positive",
    "ratio",
    "lower",
    "Values with a positive Δ",
    "The same values as for gamma_positive: a history that must be stretched is one whose reads must be moved, so the two differ in size and not in number.",
  ),
  row(
    "delta_p99_ms",
    "ms",
    "lower",
    "Δ, p99",
    "By how much the beginnings of reads must be moved back for a value not to stand against any other of its key (Golab, Li and Shah, PODC 2011); 0 for those that do not. The 99th percentile over values.",
  ),
  row("delta_max_ms", "ms", "lower", "Δ, most", "As delta_p99_ms, the largest: the Δ of the whole history."),
  row(
    "true_window_p50_ms",
    "ms",
    "lower",
    "Inconsistency window, median",
    "From the acknowledgement of a write until its last primary had stored it or what replaced it; 0 where that was earlier. The truth, which only a simulation knows. Writes of the measured phase, n of them; at least, where so many had not arrived when the run ended.",
  ),
  row("true_window_p99_ms", "ms", "lower", "Inconsistency window, p99", "As true_window_p50_ms, the 99th percentile."),
  row(
    "load_imbalance",
    "ratio",
    "lower",
    "Load imbalance",
    "Work of the busiest node over the mean (replica reads, replica writes and requests coordinated); 1 is even.",
  ),
  row(
    "load_efficiency",
    "ratio",
    "higher",
    "Load efficiency",
    "Mean work of a node over that of the busiest, as in figure 8 of the Dynamo paper; 1 is even.",
  ),
  ...(["ring", "ring_primary"] as const).flatMap((of) => {
    const what =
      of === "ring"
        ? "the copies of keys that a node holds by its ranges, all N of each key,"
        : "the keys that a node is first for by its ranges";
    const name = of === "ring" ? "Ring" : "Ring, first copies";
    return [
      row(
        `${of}_efficiency`,
        "ratio",
        "higher",
        `${name}: load efficiency`,
        `Mean over maximum of ${what} by weight; 1 is even. A mean over the rings of measure.rings, drawn besides the one that is run. Dynamo's measure, section 6.2.`,
      ),
      row(
        `${of}_cv`,
        "ratio",
        "lower",
        `${name}: coefficient of variation`,
        `Standard deviation over mean of ${what} by weight. The root of the mean of squares over the rings of measure.rings, as the closed form sqrt((n-1)/(nv+1)) is for n nodes of v random tokens.`,
      ),
      row(
        `${of}_max_over_mean`,
        "times",
        "lower",
        `${name}: maximum over mean`,
        `Maximum over mean of ${what} by weight; a mean over the rings of measure.rings.`,
      ),
    ];
  }),
  row(
    "ring_metadata_entries",
    "count",
    "lower",
    "Ring: entries of metadata",
    "What every node must know to find the owners of any key, besides the members: the T tokens of each of S nodes, or the owner of each of Q partitions; of jump hash the list of nodes.",
  ),
  row(
    "ring_metadata_bytes",
    "bytes",
    "lower",
    "Ring: bytes of metadata",
    "ring_metadata_entries as they would be sent: 6 bytes a token (position and node), 2 an owner.",
  ),
  row(
    "ring_neighbours",
    "nodes",
    "neutral",
    "Ring: neighbours",
    "With how many other nodes a node shares some key, as a mean over nodes and the first 60 rings of measure.rings. More of them help to rebuild a node, and each is one more whose failure meets it.",
  ),
  ...(["join", "leave"] as const).flatMap((change) => {
    const [when, title] =
      change === "join"
        ? ["one more node of weight 1 joins", "when a node joins"]
        : ["one node, drawn at random, leaves", "when a node leaves"];
    return [
      row(
        `ring_${change}_moved`,
        "ratio",
        "lower",
        `Ring: moved ${title}`,
        `Share of all copies that are on a node where they were not before, when ${when}; a mean over the first 60 rings of measure.rings.`,
      ),
      row(
        `ring_${change}_moved_ratio`,
        "times",
        "lower",
        `Ring: moved ${title}, over the minimum`,
        `ring_${change}_moved over the least that the change of all nodes' shares makes necessary (the sum of what nodes gain); 1 cannot be beaten.`,
      ),
    ];
  }),
  row(
    "outages_per_century",
    "1/century",
    "lower",
    "Outages in a century",
    "Failures of a node that leave some key without a quorum of replicas, with nodes failing and being rebuilt as measure.availability says. Simulated over the trial's rings at a multiplied failure rate, and divided by its power.",
  ),
  row(
    "outages_per_century_expected",
    "1/century",
    "lower",
    "Outages in a century, by the closed form",
    "outages_per_century by the formula of Lynch and Snyder (Netflix, 2018), for random tokens with one of three copies in each of three zones of equal size: computed from the settings, and not measured.",
  ),
  row("key_imbalance", "ratio", "lower", "Key imbalance", "Keys held by the fullest node over the mean; 1 is even."),
  row(
    "load_cv",
    "ratio",
    "lower",
    "Load, coefficient of variation",
    "Standard deviation of the nodes' work over its mean (work as in load_imbalance); 0 is even. All nodes count, where load_imbalance looks at the busiest alone.",
  ),
  row(
    "role_imbalance_max",
    "times",
    "lower",
    "Imbalance of the worst role",
    "Work of the busiest node over the mean, in the role that is spread least evenly over nodes: coordinating gets, coordinating puts, forwarding, replica reads, replica writes, keeping hints, and messages of read repair, hints, anti-entropy and failure detection. 1 is even; the number of nodes where one node does it all. Roles with fewer than 100 of a node's work on average are left out; n is the work of the role.",
  ),
  row(
    "out_of_balance",
    "ratio",
    "lower",
    "Nodes out of balance",
    "Share of nodes whose requests (work as in load_imbalance) in a window of one measure.interval differ from the mean of all nodes by 15 % or more, as in figure 6 of the Dynamo paper; the mean over the windows of the measured phase, n of them.",
  ),
  row(
    "imbalance_low_load",
    "ratio",
    "lower",
    "Out of balance at low load",
    "As out_of_balance, over the quarter of windows with the fewest requests. Only where load changes: the quarter with the most has at least twice as many.",
  ),
  row(
    "imbalance_high_load",
    "ratio",
    "lower",
    "Out of balance at high load",
    "As imbalance_low_load, over the quarter of windows with the most requests.",
  ),
  row(
    "imbalance_low_over_high",
    "times",
    "neutral",
    "Imbalance, low load over high",
    "imbalance_low_load over imbalance_high_load; above 1, imbalance falls as load rises.",
  ),
  row(
    "fault_availability_min",
    "ratio",
    "higher",
    "Availability during the worst fault",
    "Operations that succeeded over those due while a fault was active, in the fault where that is lowest; n operations were due in all of them. Faults that overlap are one.",
  ),
  row(
    "fault_availability_spread",
    "ratio",
    "lower",
    "Availability, spread over faults",
    "Highest less lowest availability during a fault, of two faults or more. Where faults hit one node after the other, 0 is: no node's absence was special.",
  ),
  row(
    "fault_throughput_spread",
    "times",
    "lower",
    "Throughput, spread over faults",
    "Successes per second of the operations due during a fault, highest over lowest of two faults or more; 1 is the same in all.",
  ),
  row(
    "fault_read_p99_spread",
    "times",
    "lower",
    "Read p99, spread over faults",
    "p99 of the reads due during a fault, highest over lowest of two faults or more; 1 is the same in all. A p99 of few reads scatters by itself.",
  ),
  row(
    "fault_write_p99_spread",
    "times",
    "lower",
    "Write p99, spread over faults",
    "As fault_read_p99_spread, of writes.",
  ),
  row(
    "load_per_weight_error",
    "ratio",
    "lower",
    "Load against weight",
    "The largest relative distance of a node's share of replica reads and writes from its share of the weights (cluster.weights; equal ones where none are given); 0 is exactly by weight. Coordinating is left out, as clients and not weights say who does it. No node can hold a key twice: one whose share of the weights is above 1/N cannot be given it.",
  ),
  row(
    "keys_per_weight_error",
    "ratio",
    "lower",
    "Keys against weight",
    "As load_per_weight_error, of the copies of keys that a node holds at the end of the measured phase.",
  ),
  row(
    "schedule_lag_p99_ms",
    "ms",
    "lower",
    "Schedule lag, p99",
    "How long after its intended instant the driver sent an operation; open loop only. It bears on whether the run is to be believed.",
  ),
  row(
    "driver_loop_delay_p99_ms",
    "ms",
    "lower",
    "Driver's event loop late, p99",
    "For 1 % of the measured phase a timer of every 10 ms in the load driver's process fired this late or later; ticks that came due while the loop was held up count each. Known to 2 ms, for Node.js rounds timers up to whole milliseconds. Real processes only; it bears on whether the run is to be believed.",
  ),
  row(
    "node_loop_delay_p99_ms",
    "ms",
    "lower",
    "Node's event loop late, p99",
    "As driver_loop_delay_p99_ms, of the worst node; those that a fault stopped or ended in the measured phase are left out. n is the number of nodes. Real processes only.",
  ),
  row(
    "driver_gc_ms_per_s",
    "ms/s",
    "lower",
    "Driver's garbage collection",
    "Pauses of the garbage collector in the load driver's process, milliseconds of every second of the measured phase. Real processes only; it bears on whether the run is to be believed.",
  ),
  row(
    "node_gc_ms_per_s",
    "ms/s",
    "lower",
    "Node's garbage collection",
    "As driver_gc_ms_per_s, of the node that spent most on it; those that a fault stopped or ended are left out. n is the number of nodes. Real processes only.",
  ),
  row(
    "recorder_backlog_max",
    "count",
    "lower",
    "Operations waiting to be recorded",
    "The most operations of the measured phase that had ended and were not folded into the figures yet, at once. Real processes only; it bears on whether the run is to be believed.",
  ),
  row(
    "messages_per_op",
    "1/op",
    "lower",
    "Messages per operation",
    "Messages sent between nodes in the measured phase over the requests that ended in it, everything included. Requests never sent are left out.",
  ),
  row(
    "bytes_per_op",
    "bytes/op",
    "lower",
    "Bytes per operation",
    "Bytes sent between nodes in the measured phase over the requests that ended in it, everything included. Requests never sent are left out.",
  ),
  ...CAUSES.flatMap((cause) => [
    row(
      `messages_per_op_${cause.replace("-", "_")}`,
      "1/op",
      "lower",
      `Messages per operation, ${cause}`,
      `As messages_per_op, those ${CAUSED_BY[cause]} alone.`,
    ),
    row(
      `bytes_per_op_${cause.replace("-", "_")}`,
      "bytes/op",
      "lower",
      `Bytes per operation, ${cause}`,
      `As bytes_per_op, those ${CAUSED_BY[cause]} alone.`,
    ),
  ]),
  row(
    "repair_bytes_per_op",
    "bytes/op",
    "lower",
    "Bytes of repair per operation",
    "Bytes between nodes for read repair, hints and anti-entropy together, from the beginning of the measured phase to the end of the run, over the requests that ended in that time.",
  ),
  row(
    "hints_held_max",
    "count",
    "lower",
    "Hints held, most",
    "Copies that waited in hints, over all nodes, in the worst sample from the beginning of the measured phase on (about one an interval).",
  ),
  row(
    "hints_expired",
    "count",
    "lower",
    "Hints expired",
    "Hints thrown away because they had waited too long, from the beginning of the measured phase to the end of the run.",
  ),
  row(
    "keys_overstreamed",
    "keys",
    "lower",
    "Keys sent for nothing",
    "Keys that anti-entropy sent although the receiver held the same, from the beginning of the measured phase to the end of the run.",
  ),
  row(
    "ring_changes",
    "changes",
    "neutral",
    "Changes of the ring",
    "Times that members left a settled ring and came to another one, after the start of the warm-up.",
  ),
  row(
    "ring_change_s",
    "s",
    "lower",
    "Time a change of the ring takes",
    "From the first node that goes by a state of the ring which is not settled to the last that goes by the settled one that follows: agreement three times, and the transfer of copies. The median over changes, n of them.",
  ),
  row(
    "ring_agreement_ms",
    "ms",
    "lower",
    "Time to agreement, median",
    "From the first node that goes by a state of the ring to the last that does; the median over states that came up after the start of the warm-up, n of them.",
  ),
  row(
    "ring_agreement_max_ms",
    "ms",
    "lower",
    "Time to agreement, longest",
    "As ring_agreement_ms, of the state that took longest.",
  ),
  row(
    "transferred_keys",
    "keys",
    "lower",
    "Copies sent to new owners",
    "Copies that nodes sent to new owners in the measured phase because the ring changed. What the new owner had already is offered and not sent.",
  ),
  row(
    "transferred_bytes",
    "bytes",
    "lower",
    "Bytes sent to new owners",
    "Bytes of transferred_keys: addresses, values and what they spend on causality.",
  ),
  row(
    "flood_stable_p50_ms",
    "ms",
    "lower",
    "Flooding: stable latency, median",
    "Of values flooded besides the load (measure.flooding): from the acknowledgement of one to the last read at any node that missed it, 0 where none did; the median over values, n of them. Maelstrom's stable latency. Seen by reads, so below flood_everywhere_ms.",
  ),
  row(
    "flood_stable_p95_ms",
    "ms",
    "lower",
    "Flooding: stable latency, p95",
    "As flood_stable_p50_ms, the 95th percentile.",
  ),
  row(
    "flood_stable_p99_ms",
    "ms",
    "lower",
    "Flooding: stable latency, p99",
    "As flood_stable_p50_ms, the 99th percentile.",
  ),
  row(
    "flood_stable_max_ms",
    "ms",
    "lower",
    "Flooding: stable latency, longest",
    "As flood_stable_p50_ms, the largest.",
  ),
  row(
    "flood_everywhere_ms",
    "ms",
    "lower",
    "Flooding: time to all, median",
    "Of values flooded besides the load: from the broadcast of one until the last node has heard it, as the simulation knows; the median over those that arrived everywhere, n of them.",
  ),
  row(
    "flood_missing",
    "count",
    "lower",
    "Flooding: values not everywhere",
    "Values flooded besides the load that some node never heard of, because a message was lost and nothing is said twice. n is the values.",
  ),
  row(
    "flood_messages_per_op",
    "1/op",
    "lower",
    "Flooding: messages per operation",
    "Messages between nodes over the operations of the flooding's own clients, broadcasts and reads; n is those operations.",
  ),
  row(
    "flood_bytes_per_op",
    "bytes/op",
    "lower",
    "Flooding: bytes per operation",
    "Bytes of the messages of flood_messages_per_op, frames included.",
  ),
  row(
    "detector_messages_per_node_s",
    "1/s",
    "lower",
    "Detector messages a node sends",
    "Messages of the failure detector that a node sends a second, in the measured phase; the mean over all nodes. Where none is lost and none is down a node receives as many as it sends.",
  ),
  row(
    "detector_bytes_per_node_s",
    "bytes/s",
    "lower",
    "Detector bytes a node sends",
    "Bytes of the messages of detector_messages_per_node_s.",
  ),
  row(
    "gossip_bytes_per_node_s",
    "bytes/s",
    "lower",
    "Gossip a node sends",
    "Bytes of gossip about members and the ring that a node sends a second, in the measured phase; the mean over nodes.",
  ),
  row(
    "fd_detection_ms",
    "ms",
    "lower",
    "Detection time, median",
    "T_D of Chen, Toueg and Aguilera: from the true end of a process to the suspicion of it that stays until it is back or the trial ends; the median over pairs of an observer and a crashed node, n of them. Observers that were down, stood still or were cut off when it crashed are left out. Pairs that never found out count as watched for as long as they could (Kaplan and Meier); at least, where fewer than half did. Of crashes of the measured phase.",
  ),
  row(
    "fd_detection_p99_ms",
    "ms",
    "lower",
    "Detection time, p99",
    "As fd_detection_ms, the time by which 99 of 100 pairs had found out.",
  ),
  row(
    "fd_detection_max_ms",
    "ms",
    "lower",
    "Detection time, longest",
    "As fd_detection_ms, the longest of any pair; at least, where a pair watched to the end and never found out. What a bound on detection is held against.",
  ),
  row(
    "fd_first_detection_ms",
    "ms",
    "lower",
    "First detection, median",
    "From the true end of a process to the earliest lasting suspicion of it by any observer; the median over crashes, n of them.",
  ),
  row(
    "fd_first_detection_p99_ms",
    "ms",
    "lower",
    "First detection, p99",
    "As fd_first_detection_ms, the 99th percentile over crashes.",
  ),
  row(
    "fd_first_detection_mean_ms",
    "ms",
    "lower",
    "First detection, mean",
    "As fd_first_detection_ms, the mean over crashes; at least, where some were found out by nobody, which count as watched for as long as they could be. What SWIM's e/(e - 1) periods are the mean of. n is the crashes.",
  ),
  row(
    "fd_dissemination_ms",
    "ms",
    "lower",
    "Detection by all, median",
    "From the true end of a process until every other node that runs and could see it suspects it for good; the median over crashes, n of them. An observer that goes down or stands still before it has found out is no longer counted. At least, where that came too seldom.",
  ),
  row(
    "fd_dissemination_p99_ms",
    "ms",
    "lower",
    "Detection by all, p99",
    "As fd_dissemination_ms, the 99th percentile over crashes.",
  ),
  row(
    "fd_undetected_crashes",
    "count",
    "lower",
    "Crashes not found out",
    "Pairs of an observer and a crashed node in which the observer watched until the node was back, or the trial ended, and did not suspect it then. n is the pairs.",
  ),
  row(
    "fd_mistake_rate",
    "1/s",
    "lower",
    "Mistake rate",
    "Lambda_M: suspicions of a node that was up, ran and could be reached, over the failure-free time of the measured phase, for one pair of an observer and a subject: 0.001 /s is one mistake a pair in 1,000 s. Failure-free is while both run and no partition lies between them; a suspicion that rightly began is judged no more until it is given up. One that begins just after its subject is back is a mistake. Lossy or slow links excuse nobody. The interval takes mistakes as independent (bursts are not); at 0 its upper end is what so much time can tell. n is the mistakes.",
  ),
  row(
    "fd_mistake_ms",
    "ms",
    "lower",
    "Mistake duration",
    "T_M: how long a mistake stands, the mean; n is the mistakes. At least, where some stood when their pair could be judged no longer.",
  ),
  row(
    "fd_query_accuracy",
    "ratio",
    "higher",
    "Query accuracy",
    "P_A: the share of failure-free time in which the observer trusts its subject, over all pairs: the probability that the detector, asked at a random instant about a node that runs, is right.",
  ),
  row(
    "fd_false_positives",
    "count",
    "lower",
    "False positives",
    "Suspicions of a node that was up, ran and could be reached, by anybody, in the measured phase: the count behind fd_mistake_rate.",
  ),
  row(
    "fd_false_positives_healthy",
    "count",
    "lower",
    "False positives at healthy nodes",
    "As fd_false_positives, those of observers that had never stood still, been down or been cut off until then. What is left is not the fault of whoever accuses.",
  ),
  row(
    "fd_false_positives_of_healthy",
    "count",
    "lower",
    "False positives about healthy nodes",
    "As fd_false_positives, those whose subject had never stood still, been down or been cut off until then, whoever suspects it: the false positives (FP) of the Lifeguard paper.",
  ),
  row(
    "fd_false_positives_among_healthy",
    "count",
    "lower",
    "False positives among healthy nodes",
    "As fd_false_positives, those where neither the observer nor its subject had stood still, been down or been cut off until then: the false positives at healthy members (FP-) of the Lifeguard paper.",
  ),
  row(
    "fd_trusted_final",
    "nodes",
    "neutral",
    "Members in view at the end",
    "How many nodes a node that runs takes for alive at the end of the measured phase, itself included; the mean over such nodes, n of them. The size of the group as its members see it.",
  ),
  row(
    "fd_return_ms",
    "ms",
    "lower",
    "Time until trusted again",
    "From when a node that was rightly suspected is back (runs, and can be reached) until that suspicion is given up; the mean over pairs. n counts those too that had not given it up when they could be judged no longer.",
  ),
  row(
    "fd_pause_suspicions",
    "count",
    "neutral",
    "Suspicions of paused nodes",
    "Suspicions that began while their subject stood still: it answered nobody, so they are no mistakes, and it had not crashed, so they are no detections. n is the pairs of a running observer and a node that stood still.",
  ),
  row(
    "fd_pause_detection_ms",
    "ms",
    "neutral",
    "Detection time of a pause, median",
    "As fd_detection_ms, of nodes that stood still, from when they began to; at least, where most pauses were over before.",
  ),
  row(
    "fd_pause_detection_p99_ms",
    "ms",
    "neutral",
    "Detection time of a pause, p99",
    "As fd_pause_detection_ms, the 99th percentile.",
  ),
  row(
    "fd_pause_first_detection_ms",
    "ms",
    "neutral",
    "First detection of a pause, median",
    "As fd_first_detection_ms, of nodes that stood still, from when they began to; at least, where most pauses were over before.",
  ),
  row(
    "fd_pause_first_detection_p99_ms",
    "ms",
    "neutral",
    "First detection of a pause, p99",
    "As fd_pause_first_detection_ms, the 99th percentile.",
  ),
  row(
    "fd_pause_dissemination_ms",
    "ms",
    "neutral",
    "Detection by all of a pause, median",
    "As fd_dissemination_ms, of nodes that stood still, from when they began to; at least, where most pauses were over before.",
  ),
  row(
    "fd_pause_dissemination_p99_ms",
    "ms",
    "neutral",
    "Detection by all of a pause, p99",
    "As fd_pause_dissemination_ms, the 99th percentile.",
  ),
  row(
    "fd_undetected_s",
    "s",
    "lower",
    "Time with an undetected fault",
    "Seconds of the measured phase in which some node was down or stood still and some running node trusted it still. n is the requests that began in them.",
  ),
  row(
    "fd_undetected_p99_ms",
    "ms",
    "lower",
    "p99 before detection",
    "Response time of successful reads and writes that began while some node was down or stood still and some running node trusted it still; the 99th percentile. What waiting for detection costs clients.",
  ),
  row(
    "fd_undetected_failure_ratio",
    "ratio",
    "lower",
    "Failures before detection",
    "Reads and writes that did not succeed, over those that began while some node was down or stood still and some running node trusted it still.",
  ),
  row(
    "fd_refused_by_mistake",
    "count",
    "lower",
    "Refused by mistake",
    "Reads and writes that found no quorum (unavailable or quorum unreachable) although, when they began or ended, every node ran and reached every other, and one was suspected. n is the reads and writes of the measured phase.",
  ),
  row(
    "read_repairs",
    "count",
    "neutral",
    "Read repairs",
    "Replicas brought up to date after a read in the measured phase.",
  ),
  row(
    "context_bytes_mean",
    "bytes",
    "lower",
    "Causal context",
    "Size of the causal context that a read handed out with what it found, mean.",
  ),
  row(
    "clock_entries_mean",
    "entries",
    "lower",
    "Clock entries, mean",
    "Entries of (who, how many) in the causal metadata of one copy of a key, as found by the final inspection; the mean over copies, n of them.",
  ),
  row(
    "clock_entries_max",
    "entries",
    "lower",
    "Clock entries, most",
    "The most entries of causal metadata in one copy of a key, as found by the final inspection.",
  ),
  row(
    "clock_bytes_mean",
    "bytes",
    "lower",
    "Clock metadata",
    "Bytes of causal metadata beside the values in one copy of a key as encoded, as found by the final inspection; the mean over copies, n of them.",
  ),
];

/** Every metric that a run may have, latencies first. */
export const METRICS: readonly MetricDescription[] = [
  ...LISTED_KINDS.flatMap((kind) =>
    (["response", "service", "wait"] as const).flatMap((basis) =>
      (basis === "wait" ? OF_WAITS : Object.keys(QUANTITIES)).map((p) => latencyRow(kind, basis, p)),
    ),
  ),
  ...OTHERS,
];

const BY_NAME: ReadonlyMap<string, MetricDescription> = new Map(METRICS.map((metric) => [metric.name, metric]));

/** Metrics compared unless an experiment says which (`report.headline`): few, because every further one costs the others power. */
export const HEADLINE_METRICS: readonly string[] = [
  "read_p99_ms",
  "write_p99_ms",
  "throughput_ops_s",
  "p_stale",
  "siblings_mean",
];

/** What cells are compared in: the metrics that the experiment's question is about where its report names them. */
export function metricsToCompare(headline: readonly string[] | undefined): readonly string[] {
  return headline === undefined || headline.length === 0 ? HEADLINE_METRICS : [...new Set(headline)];
}

/** The metric's row, also for percentiles and kinds that the table does not list (`scan_p9999_ms`); undefined if unknown. */
export function describeMetric(name: string): MetricDescription | undefined {
  const listed = BY_NAME.get(name);
  if (listed !== undefined) return listed;
  const slow = /^([a-z]+(?:_get)?)_slow_ratio$/.exec(name);
  if (slow !== null && slow[1] in KINDS)
    return row(
      name,
      "ratio",
      "lower",
      `${slow[1].replace("_", "-")} slow`,
      `Share of ${KINDS[slow[1]]} due in the measured phase that had no good answer within measure.slow of their intended instant: those answered later, failed or dropped.`,
    );
  const match = /^([a-z]+(?:_get)?)(?:_(service|wait))?_(p\d{2,6}|mean)_ms$/.exec(name);
  if (match === null || !(match[1] in KINDS)) return undefined;
  return latencyRow(match[1], (match[2] as LatencyBasis | undefined) ?? "response", match[3]);
}

/** Those that mean something on the target: siblings of a store that keeps one value would be 1, whatever happened. */
export function metricsSeen(
  metrics: Readonly<Record<string, MetricValue>>,
  target: TargetRecord,
): Readonly<Record<string, MetricValue>> {
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => metricIsSeen(name, target)));
}

/** Also of a name that is no metric's: nothing is known to be missing. */
export function metricIsSeen(name: string, target: TargetRecord): boolean {
  return whyNotSeen(describeMetric(name)?.needs, target) === undefined;
}

function latencyRow(kind: string, basis: LatencyBasis, percentile: string): MetricDescription {
  const ordinal =
    QUANTITIES[percentile] ?? `${percentile.slice(1, 3)}.${percentile.slice(3)}th percentile`.replace(".th", "th");
  return row(
    `${kind}${basis === "response" ? "" : `_${basis}`}_${percentile}_ms`,
    "ms",
    "lower",
    `${kind.replace("_", "-")} ${percentile.replace(/^p(\d\d)(\d+)$/, "p$1.$2")}${basis === "response" ? "" : ` (${basis})`}`,
    `${BASES[basis]}; ${ordinal} of successful ${KINDS[kind]} of the measured phase.`,
  );
}

function row(name: string, unit: string, better: Better, title: string, definition: string): MetricDescription {
  const needs = needOf(name);
  return { name, unit, better, title, definition, ...(needs === undefined ? {} : { needs }) };
}

function needOf(name: string): Capability | undefined {
  return NEEDS.find(([, metrics]) => metrics.test(name))?.[0];
}

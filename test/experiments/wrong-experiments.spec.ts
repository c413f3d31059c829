/**
 * What a person may get wrong, and what they are told: exact text, line and column. A message that is no longer as
 * helpful as it was shows up here.
 */
import assert from "node:assert/strict";
import { errorsOf, problemsOf } from "./problems-of";

interface Wrong {
  readonly what: string;
  readonly text: string;
  readonly told: readonly string[];
}

const WRONG: readonly Wrong[] = [
  {
    what: "an unknown tunable",
    text: "tunables:\n  raed_repair: async\n",
    told: ['2:3 unknown key "raed_repair" in tunables; did you mean "read_repair"?'],
  },
  {
    what: "a misspelt key is recognised",
    text: "tunables: {node_confrims: 3}\n",
    told: ['1:12 unknown key "node_confrims" in tunables; did you mean "node_confirms"?'],
  },
  {
    what: "a key of a later version, and one that no version will bring",
    text: "repetitions: {stop_early: true}\npresets: []\n",
    told: [
      "1:15 repetitions.stop_early is refused: repetitions that end when a difference shows make its p-values and intervals too small, and every run is compared by them; set repetitions.count, or limit the run with budget.wall",
      "2:1 presets is not supported by this version yet",
    ],
  },
  {
    what: "a key in the wrong group",
    text: "n_val: 3\n",
    told: ['1:1 unknown key "n_val" at the top of the file; it belongs under tunables'],
  },
  {
    what: "Cassandra's spellings of speculation, and none that is close to any",
    text: "tunables:\n  read_fanout: quorum\n  speculative_retry: 99PERCENTILE\n",
    told: [
      '3:22 tunables.speculative_retry is "99PERCENTILE"; did you mean "p99"? allowed: none, p99, always, or a duration from 0.1 ms to 1 min such as 10ms',
    ],
  },
  {
    what: "a delay of speculation without a unit",
    text: "tunables: {read_fanout: quorum, speculative_retry: 10}\n",
    told: [
      "1:52 tunables.speculative_retry is 10; allowed: none, p99, always, or a duration from 0.1 ms to 1 min such as 10ms",
    ],
  },
  {
    what: "another store's name for a key",
    text: "tunables: {replication_factor: 3}\nring: {num_tokens: 4}\n",
    told: [
      '1:12 unknown key "replication_factor" in tunables: Cassandra\'s name for tunables.n_val',
      '2:8 unknown key "num_tokens" in ring: Cassandra\'s name for ring.vnodes_per_node',
    ],
  },
  {
    what: "Cassandra's consistency level",
    text: "tunables:\n  consistency: QUORUM\n",
    told: [
      '2:3 unknown key "consistency" in tunables: Cassandra\'s consistency levels are R and W here; for QUORUM write "r: quorum" and "w: quorum", for ONE "r: one" and "w: one"',
    ],
  },
  {
    what: "an unknown clock",
    text: "tunables:\n  clock: dvvst\n",
    told: ['2:10 tunables.clock is "dvvst"; did you mean "dvvset"? Known: dvvset, dvv, riak-dvv, vv-server, vv-server-separate, vv-client, lww, lww-hlc'],
  },
  {
    what: "a value of a later version",
    text: "tunables: {coordinator: client}\n",
    told: ['1:25 tunables.coordinator is "client", which is not supported by this version yet; it has replica, any'],
  },
  {
    what: "a symbolic quorum misspelt, shouted, or out of range",
    text: "tunables: {r: qorum, w: LOCAL_QUORUM, pr: -1}\n",
    told: [
      '1:15 tunables.r is "qorum"; did you mean "quorum"? Allowed: an integer from 1 to n_val, or one, quorum, all',
      '1:25 tunables.w is "LOCAL_QUORUM"; did you mean "quorum"? Allowed: an integer from 1 to n_val, or one, quorum, all',
      "1:43 tunables.pr is -1; allowed: an integer from 0 to n_val, or one, quorum, all",
    ],
  },
  {
    what: "missing units",
    text: "tunables:\n  timeout: {read: 200, write: 2 minutes}\nworkload: {model: open, rate: 500, value_size: 100}\n",
    told: [
      "2:19 tunables.timeout.read is 200 without a unit; write a duration with its unit (us, ms, s, m, h, d), such as 5ms",
      '2:31 tunables.timeout.write is "2 minutes"; write a duration with its unit (us, ms, s, m, h, d), such as 5ms',
      "3:31 workload.rate is 500 without a unit; write a rate with its unit (/s, /min), such as 500/s",
      "3:48 workload.value_size is 100 without a unit; write a size with its unit (B, KB, KiB, MB, MiB), such as 100B",
    ],
  },
  {
    what: "quorums above N",
    text: "tunables: {n_val: 3, r: 4, w: 5, pr: 4, pw: 4, dw: 9, node_confirms: 4}\n",
    told: [
      "1:25 r is 4 but n_val is 3; allowed: at most 3, or one, quorum, all",
      "1:31 w is 5 but n_val is 3; allowed: at most 3, or one, quorum, all",
      "1:38 pr is 4 but n_val is 3; allowed: at most 3, or one, quorum, all",
      "1:45 pw is 4 but n_val is 3; allowed: at most 3, or one, quorum, all",
      "1:52 dw is 9 but n_val is 3; allowed: at most 3, or one, quorum, all",
      "1:70 node_confirms is 4 but n_val is 3; allowed: at most 3, or one, quorum, all",
    ],
  },
  {
    what: "a quorum above N in a sweep, at the value that causes it",
    text: "tunables: {n_val: 3}\nsweep:\n  axes:\n    r: [1, 3, 4]\n",
    told: ["4:15 r is 4 but n_val is 3; allowed: at most 3, or one, quorum, all"],
  },
  {
    what: "a swept N below a fixed quorum",
    text: "tunables: {r: 3}\nsweep: {axes: {n_val: [2, 3]}}\n",
    told: ["1:15 r is 3 but n_val is 2; allowed: at most 2, or one, quorum, all"],
  },
  {
    what: "more replicas than nodes",
    text: "cluster: {nodes: 2}\n",
    told: ["1:18 n_val is 3 but there are 2 nodes; every replica needs a node of its own"],
  },
  {
    what: "an open workload without a rate",
    text: "workload: {model: open}\n",
    told: ["1:19 workload.model is open, which needs workload.rate, such as rate: 500/s"],
  },
  {
    what: "a closed workload with a rate",
    text: "workload: {rate: 500/s}\n",
    told: [
      "1:18 workload.rate belongs to models open and partly-open, and the model is closed; set workload.model: open, or leave it out and set workload.clients",
    ],
  },
  {
    what: "too few partitions, no vnodes, a weight for nobody",
    text: "cluster: {nodes: 4, weights: {node-9: 2}}\nring: {partitions: 3}\n",
    told: [
      '1:30 cluster.weights names "node-9", but the nodes are node-1 to node-4',
      "2:20 ring.partitions is 3 but there are 4 nodes; every node needs at least one partition",
    ],
  },
  {
    what: "more ranges than there are homes to keep hints for, where hosts repeat",
    text: "ring: {partitions: 32768, distinct_hosts: claim}\n",
    told: [
      "1:20 the ring has 32768 ranges and ring.distinct_hosts claim stores each apart; allowed: at most 32767; otherwise tunables.stand_in none, or ring.distinct_hosts walk",
    ],
  },
  {
    what: "more ranges than there are vnodes, where hosts repeat and nobody stands in",
    text: "tunables: {stand_in: none, sloppy_quorum: false}\nring: {partitions: 32769, distinct_hosts: claim}\n",
    told: [
      "2:20 the ring has 32769 ranges and ring.distinct_hosts claim stores each apart; allowed: at most 32768; otherwise ring.distinct_hosts walk",
    ],
  },
  {
    what: "no vnodes",
    text: "ring: {strategy: random-tokens, vnodes_per_node: 0}\n",
    told: ["1:50 ring.vnodes_per_node is 0; allowed: an integer from 1 to 4096"],
  },
  {
    what: "zones that hold another number of nodes",
    text: "cluster: {nodes: 5, zones: {a: 2, b: 2}}\n",
    told: [
      "1:28 cluster.zones hold 4 nodes but cluster.nodes is 5; make them agree, or leave cluster.nodes out",
    ],
  },
  {
    what: "a measured phase of no length",
    text: "phases: {measure: 0s}\n",
    told: ['1:19 phases.measure is "0s"; allowed: a duration from 1ms to 24h'],
  },
  {
    what: "distributions",
    text: "network:\n  intra_zone: {dist: exponental, mean: 3ms}\n  client: {dist: lognormal, median: 4ms, p90: 9ms}\n  local: exponential\n  inter_zone: {dist: uniform, min: 5ms, max: 2ms}\n",
    told: [
      '2:22 network.intra_zone.dist is "exponental"; did you mean "exponential"? Known: constant, uniform, exponential, normal, lognormal, pareto, weibull, empirical, mixture',
      '3:3 network.client lacks p99, which dist: lognormal needs',
      '3:42 network.client.p90 is no part of dist: lognormal; did you mean "p99"?',
      '4:10 network.local is "exponential", which needs its parameters; allowed: none, a duration, or {dist: constant, value} {dist: uniform, min, max} {dist: exponential, mean, shift} {dist: normal, mean, sd} {dist: lognormal, median, p99} {dist: pareto, min, alpha} {dist: weibull, scale, shape} {dist: empirical, points or file} {dist: mixture, of}',
      "5:3 network.inter_zone has min above max",
    ],
  },
  {
    what: "worlds",
    text: "world: simulaton\n",
    told: ['1:8 world is "simulaton"; did you mean "simulation"? Known: simulation, processes'],
  },
  {
    what: "a world in a list",
    text: "world: [simulation, dream]\nnetwork: {client: 1ms}\n",
    told: ['1:21 world is "dream"; known: simulation, processes'],
  },
  {
    what: "no world, a world twice, worlds in two places",
    text: "world: []\n",
    told: ["1:8 world is an empty list; allowed: simulation, processes, or both"],
  },
  {
    what: "a world twice",
    text: "world: [simulation, simulation]\n",
    told: ["1:21 the axis world has this value twice; cells that differ in nothing need tags, such as tags.arm: [a, b]"],
  },
  {
    what: "worlds in two places",
    text: "world: [simulation, processes]\nsweep: {axes: {world: [processes]}}\n",
    told: ["1:8 world is a list here and an axis in sweep.axes; keep one of them"],
  },
  {
    what: "what only virtual time can do",
    text: "world: processes\nring: {partitions: 128}\ncluster: {nodes: 100, speed: {node-1: 2}}\nnetwork: {duplicate: 1%, bandwidth: 1MB/s}\nnode_model: {service: {read: 1ms}}\nsimulation: {codec: bypass}\ntunables: {detector: perfect}\n",
    told: [
      "3:18 the cluster has 100 nodes; as processes at most 64 are allowed, in world: simulation 5000",
      "4:37 network.bandwidth works only in world: simulation; on real processes with a later version (say world: simulation, or leave it out)",
      "6:21 simulation.codec works only in world: simulation; on real processes with a later version (say world: simulation, or leave it out)",
      "7:22 tunables.detector.name perfect exists only in world: simulation, where the world knows who is up; processes have all others",
    ],
  },
  {
    what: "wrong parts of the simulated world",
    text: "world: simulation\ncluster: {zones: {east: 3, west: 2}, speed: {node-9: 2}}\nnetwork: {bandwidth: 5, zone_pairs: {east: 4ms, west>east: none}}\nnode_model: {pauses: {every: 0.1ms}, queue: {workers: 0}, service: {read: 5}}\n",
    told: [
      '2:45 cluster.speed names "node-9", but the nodes are node-1 to node-5',
      "3:22 network.bandwidth is 5 without a unit; write a size per second with its unit (KB/s, KiB/s, MB/s), such as 1MB/s",
      "3:38 network.zone_pairs.east is no pair of zones; write a>b for one direction, a-b for both",
      "3:60 network.zone_pairs.west>east is none; leave the pair out, or write 0ms",
      "4:30 node_model.pauses.every has a mean of 100us; allowed: at least 1ms",
      "4:30 node_model.pauses.every needs node_model.pauses.length beside it",
      "4:55 node_model.queue.workers is 0; allowed: an integer from 1 to 1024",
      "4:75 node_model.service.read is 5 without a unit; write a duration with its unit (us, ms, s, m, h, d), such as 5ms",
    ],
  },
  {
    what: "pairs of zones that are not there, named twice, or one",
    text: "world: simulation\ncluster: {zones: {east: 3, west: 2}}\nnetwork: {zone_pairs: {east>wst: 4ms, east-west: 1ms, west>east: 2ms, east-east: 3ms}}\n",
    told: [
      '3:24 network.zone_pairs.east>wst names a zone "wst" that is not there; did you mean "west"?',
      "3:55 network.zone_pairs says twice what west>east is",
      "3:71 network.zone_pairs.east-east is one zone; network.intra_zone says what holds inside zones",
    ],
  },
  {
    what: "a simulation in which time would stand still",
    text: "world: simulation\n",
    told: [
      "1:8 nothing in this simulation takes time, so a closed workload would do endlessly many operations in its first instant; give network.client or network.intra_zone a delay (such as 0.5ms), or workload.think, or use workload.model: open",
    ],
  },
  {
    what: "a simulation in which coordinators answer alone",
    text: "world: simulation\ncluster: {nodes: 3}\nnetwork: {intra_zone: 3ms}\ntunables: {r: 1, w: 1}\n",
    told: [
      "3:23 a coordinator answers every operation alone and without any cost, so a closed workload would do endlessly many operations in its first instant; give network.client a delay (such as 0.5ms), or workload.think, or use workload.model: open",
    ],
  },
  {
    what: "a simulation in which only a disk would take time, and storage is memory",
    text: "world: simulation\ncluster: {nodes: 3}\nnetwork: {intra_zone: 3ms}\nnode_model: {service: {read: 1ms, write: 1ms}}\ntunables: {r: 1, w: 1}\n",
    told: [
      "3:23 a coordinator answers every operation alone and without any cost, so a closed workload would do endlessly many operations in its first instant; give network.client a delay (such as 0.5ms), or workload.think, or use workload.model: open",
    ],
  },
  {
    what: "a simulation that only reads, where only writes take time",
    text: "world: simulation\ncluster: {nodes: 3, storage: lmdb}\nnetwork: {intra_zone: 3ms}\nnode_model: {service: {write: 1ms}}\ntunables: {r: 1}\nworkload: {mix: {read: 1}}\n",
    told: [
      "3:23 a coordinator answers every operation alone and without any cost, so a closed workload would do endlessly many operations in its first instant; give network.client a delay (such as 0.5ms), or workload.think, or use workload.model: open",
    ],
  },
  {
    what: "a scalar for a group",
    text: "phases: 5s\nrepetitions: 12\n",
    told: [
      "1:9 phases is a group of keys (warmup, measure, drain), such as phases: {warmup: 1s}",
      "2:14 repetitions is a group of keys (count, pairing), such as repetitions: {count: 6}",
    ],
  },
  {
    what: "a duration for the group of service times, which are all off by default",
    text: "node_model: {service: 1ms}\n",
    told: [
      "1:23 node_model.service is a group of keys (message, read, write, sync), such as node_model.service: {message: 1ms}",
    ],
  },
  {
    what: "an axis without the group of its key",
    text: "sweep: {axes: {arrivals: [constant, poisson]}}\n",
    told: [
      '1:16 unknown axis "arrivals"; write workload.arrivals (an axis is a tunable\'s last name or a dotted key)',
    ],
  },
  {
    what: "properties of YCSB beside a mix in our own keys",
    text: "workload: {mix: {read: 1}, properties: {recordcount: 5}}\n",
    told: [
      "1:40 workload.properties override a YCSB file, and this is a mix of its own; recordcount is workload.keys.count here, fieldlength workload.value_size, requestdistribution workload.keys.popularity",
    ],
  },
  {
    what: "zipped lists of unequal length, an empty axis, a value twice, an axis that is none",
    text: "sweep:\n  axes:\n    q: {zip: {r: [1, 2], w: [1]}}\n    clock: []\n    read_repair: [none, none]\n    n_vall: [1]\n    seed: [1, 2]\n",
    told: [
      "3:26 sweep.axes.q.zip.w has 1 values but r has 2; zipped lists have equal lengths",
      "4:12 the axis clock has no values",
      "5:25 the axis read_repair has this value twice; cells that differ in nothing need tags, such as tags.arm: [a, b]",
      '6:5 unknown key "n_vall" in tunables; did you mean "n_val"? (an axis is a tunable\'s last name or a dotted key)',
      "7:5 seed cannot be an axis",
    ],
  },
  {
    what: "a baseline that names no cell, or several",
    text: "sweep:\n  axes: {r: [1, 2], w: [1, 2]}\n  baseline: {r: 2}\n",
    told: ["3:13 sweep.baseline must name one cell: 2 cells have these values; name also w"],
  },
  {
    what: "conditions that are none, at the character in the file",
    text: [
      'sweep: {axes: {r: [1, 2]}, where: "r <= 1 && w == 1"}',
      "hypotheses:",
      "  - {id: H1, text: t, expect: p_stale <}",
      '  - {id: H2, text: t, expect: "p_stael < 0.1", where: "read_repair = asnyc"}',
      "  - {id: H3, text: t, expect: 'read_p99_ms < 20s and r', where: 7}",
      "  - {id: H3, text: t, where: 'r == 1'}",
      "",
    ].join("\n"),
    told: [
      '1:43 sweep.where: "&&" is written and here',
      "3:40 hypotheses.expect: ends where a name, a number or a text should follow",
      '4:32 hypotheses.expect: "p_stael" is no metric, axis or setting; did you mean "p_stale"?',
      "4:70 hypotheses.where: \"asnyc\" is no axis or setting; a text stands in quotes, such as 'none'",
      "5:54 hypotheses.expect: r is a number where a condition should stand, such as r <= 2",
      '5:65 hypotheses.where is 7; write a condition in quotes, such as "r + w > n_val"',
      '6:10 hypotheses has the id "H3" twice; give each its own',
      "6:23 hypotheses.where selects cells for expect, which is missing",
    ],
  },
  {
    what: "objectives on what is no metric, fault or statistic, all at once",
    text: [
      "faults: [{id: split, kind: kill, node: node-1, at: 1s, for: 1s}]",
      "slos:",
      '  - {id: a, sli: read_p99, op: "<=", value: 20ms}',
      '  - {id: b, sli: read_p99_ms, op: "=<", value: 20}',
      '  - {id: c, sli: convergence_s, over: {fault: spilt, keys: most, repetitions: mean}, op: "<=", value: 30s}',
      '  - {id: c, sli: lost_updates, over: {outcome: ok, fault: split, time: drain}, op: "==", value: 0, severity: panic}',
      '  - {id: d, sli: p_stale, over: {repetition: max}, value: 1s}',
      "analysis: {pareto: [{minimize: p_stale}, {maximise: p_stael}], model_overlay: [pbs, qbs]}",
      "report: {headline: [read_p99_ms, p_stael], theme: drak}",
      "measure: {probes: [staleness_t, sibling], raw: {trace_windows: [{from: 3s, to: 2s}, {from: 1s}]}}",
      "budget: {wall: 10, disk: 1}",
      "workload: {session: {read_your_writes_prob: 5%}}",
      "",
    ].join("\n"),
    told: [
      '3:18 slos.sli is "read_p99", which is no metric; did you mean "read_p99_ms"?',
      '4:35 slos.op is "=<"; allowed: <, <=, >, >=, ==, !=',
      "4:48 slos.value is 20; read_p99_ms is measured in time: write it with its unit, such as 20ms",
      '5:47 slos.over.fault is "spilt", which is no fault of this experiment; did you mean "split"?',
      '5:60 slos.over.keys is "most"; allowed: max (all keys), or a percentile of keys such as p90',
      '5:79 slos.over.repetitions is "mean"; allowed: median, max, min, or a percentile such as p90',
      '6:10 slos has the id "c" twice; give each its own',
      "6:39 slos.over.outcome has no meaning for lost_updates, which is not about single operations",
      "6:52 slos.over.fault has no meaning for lost_updates; it belongs to convergence_s",
      '6:72 slos.over.time is "drain"; allowed: measure, the phase that metrics are about (see quorumlab explain <metric>)',
      '6:110 slos.severity is "panic"; allowed: fail, abort',
      "7:5 slos lacks op; allowed: <, <=, >, >=, ==, !=",
      '7:34 unknown key "repetition" in slos.over; did you mean "repetitions"?',
      '7:59 slos.value is "1s"; p_stale is measured in plain numbers, or a percentage such as 1%',
      '8:22 unknown key "minimize" in analysis.pareto; did you mean "minimise"?',
      '8:53 analysis.pareto.maximise is "p_stael", which is no metric; did you mean "p_stale"?',
      '8:85 analysis.model_overlay names "qbs"; did you mean "pbs"?',
      '9:34 report.headline is "p_stael", which is no metric; did you mean "p_stale"?',
      '9:51 report.theme is "drak"; did you mean "dark"? Known: auto, light, dark',
      '10:33 measure.probes names "sibling"; did you mean "siblings"?',
      "10:65 measure.raw.trace_windows.0 ends (2s) before it begins (3s)",
      "10:85 measure.raw.trace_windows.1 lacks to",
      "11:16 budget.wall is 10 without a unit; write a duration with its unit (us, ms, s, m, h, d), such as 5ms",
      "11:26 budget.disk is 1 without a unit; write a size with its unit (B, KB, KiB, MB, MiB), such as 100B",
      '12:22 unknown key "read_your_writes_prob" in workload.session; did you mean "read_your_writes_probe"?',
    ],
  },
  {
    what: "a YCSB file that is not there, beside native fields",
    text: "workload:\n  ycsb: workloadz\n  mix: {read: 1}\n",
    told: [
      '2:9 workload.ycsb is "workloadz", but there is no such file; did you mean "a"?',
      "3:15 workload.mix.read cannot stand beside workload.ycsb, which brings its own; use workload.properties",
    ],
  },
  {
    what: "a wrong YCSB property, at the override",
    text: "workload:\n  ycsb: a\n  properties:\n    recordcount: many\n",
    told: ['4:18 workload.properties.recordcount: "many" is not an integer'],
  },
  {
    what: "a name that cannot name a folder",
    text: "name: ../../etc\n",
    told: [
      '1:7 name is "../../etc"; allowed: lower-case letters, digits and -, at most 63, as it names a folder',
    ],
  },
  {
    what: "a detector that suspects everybody",
    text: "tunables: {detector: {heartbeat_interval: 3s}}\n",
    told: [
      "1:43 detector.timeout (2000 ms) does not exceed detector.heartbeat_interval (3000 ms): every node would be suspected between two heartbeats",
    ],
  },
  {
    what: "broken YAML, a key twice",
    text: "name: a\nname: b\ntunables: {r: 1\n",
    told: [
      "2:1 this key stands twice in its map; keep one",
      "4:1 YAML: Flow map in block collection must be sufficiently indented and end with a }",
    ],
  },
  { what: "a tab", text: "tunables:\n\tr: 1\n", told: ["2:1 a tab is used as indentation; YAML wants spaces"] },
  { what: "two documents", text: "name: a\n---\nname: b\n", told: ["2:1 a second document starts here; an experiment is one document"] },
  { what: "nothing", text: "", told: ['1:1 the file is empty; an experiment is a map of keys, such as "name: my-experiment"'] },
  { what: "a list", text: "- a\n", told: ['1:1 the file is a list; an experiment is a map of keys, such as "name: my-experiment"'] },
  { what: "a tag", text: "seed: !!js/function 3\n", told: ["1:7 Unresolved tag: tag:yaml.org,2002:js/function; tags have no meaning in an experiment"] },
  { what: "a key that is a list", text: "? [a, b]\n: c\n", told: ["1:3 this key is no text; keys are plain names"] },
  { what: "a value that is not there", text: "tunables: {r: }\n", told: ["1:15 tunables.r is empty; allowed: an integer from 1 to n_val, or one, quorum, all"] },
  { what: "a zero byte", text: "a: \0\n", told: ["1:1 the file is not text (it has a zero byte); an experiment is a YAML file"] },
]; // prettier-ignore

describe("wrong experiments", () => {
  for (const { what, text, told } of WRONG) {
    it(`tells ${what}`, () => {
      assert.deepEqual(errorsOf(text), told);
    });
  }

  it("tells everything at once, in the order of the file", () => {
    const told = errorsOf(
      "tunables: {r: 9, w: quorumm, clock: dvset}\nphases: {measure: 5}\nring: {partitions: 0}\nwhat: 1\n",
    );
    assert.deepEqual(
      told.map((line) => line.split(" ")[0]),
      ["1:15", "1:21", "1:37", "2:19", "3:20", "4:1"],
    );
  });

  it("suggests the nearest name as data too", () => {
    const [problem] = problemsOf("tunables: {clok: dvvset}\n");
    assert.equal(problem.suggestion, "clock");
  });

  it("suggests nothing where nothing is near", () => {
    const [problem] = problemsOf("xylophone: 1\n");
    assert.equal(problem.suggestion, undefined);
    assert.match(problem.message, /^unknown key "xylophone" at the top of the file; known: schema, name, /);
  });

  it("survives aliases that multiply", () => {
    const laughs = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 9; i++) {
      const before = String.fromCharCode(96 + i);
      laughs.push(
        `${String.fromCharCode(97 + i)}: &${String.fromCharCode(97 + i)} [${Array(9).fill(`*${before}`).join(", ")}]`,
      );
    }
    const told = errorsOf(laughs.join("\n"));
    assert.equal(told.length, 1);
    assert.match(told[0], /has more than 20000 values once aliases are followed$/);
  });

  it("warns of an open simulation in which nothing takes time, unless that is written down", () => {
    const told = (rest: string): readonly string[] =>
      problemsOf(`world: simulation\nworkload: {model: open, rate: 100/s}\n${rest}`)
        .filter(({ message }) => message.startsWith("nothing in this simulation takes time"))
        .map(({ line, column, severity }) => `${line}:${column} ${severity}`);
    assert.deepEqual(told(""), ["1:8 warning"]);
    for (const known of ["network: {intra_zone: 0ms}\n", "node_model: {service: {message: 1ms}}\n"])
      assert.deepEqual(told(known), []);
    assert.deepEqual(told("sweep: {axes: {network.intra_zone.mean: [1ms, 2ms]}}\nnetwork: {client: 0ms}\n"), []);
  });

  it("survives an alias of itself and deep nesting", () => {
    assert.match(errorsOf("a: &a [*a]")[0], /nested too deeply|refers to an anchor/);
    assert.match(errorsOf("[".repeat(50_000))[0], /nested too deeply/);
    assert.match(errorsOf("- ".repeat(50_000))[0], /nested too deeply/);
    assert.match(errorsOf(`a: ${"[".repeat(100)}${"]".repeat(100)}`)[0], /nested too deeply/);
  });

  it("refuses a file beyond its bound", () => {
    assert.match(
      errorsOf(`# ${"x".repeat(1_100_000)}`)[0],
      /^1:1 the file has 1100002 characters; allowed: at most 1048576$/,
    );
  });

  it("bounds the number of cells", () => {
    const many = Array.from({ length: 100 }, (_, i) => i + 1).join(", ");
    assert.deepEqual(errorsOf(`sweep: {axes: {max_siblings: [${many}], workload.clients: [${many}]}}`), [
      "1:15 sweep.axes make 10000 cells; allowed: at most 2000",
    ]);
  });
});

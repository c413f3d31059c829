/**
 * Faults in an experiment file: what a person may get wrong in them, with exact text, line and column; how flags, profiles
 * and axes address one of them by its id; and what a trial does with faults that its seed draws.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { type FaultSettings, OF_MEMBERSHIP, type RandomFaultsSettings } from "../../engine/vocabulary/faults";
import { FAULT_KINDS } from "../../engine/vocabulary/rows/fault-kinds";
import { main } from "../../experiments/cli/main";
import type { ResolveRequest } from "../../experiments/spec/resolve";
import type { FaultLane } from "../../results/record/figures";
import type { TrialRecord } from "../../results/record/run-folder";
import { experimentOf, PATH, problemsOf } from "./problems-of";
import { recordingIo } from "./recording-io";

/** Five lines, so that faults begin on the sixth; the run ends at 12 s, its load at 9 s. */
const HEAD = `world: simulation
cluster: {zones: {a: 2, b: 2, c: 1}, storage: lmdb}
network: {client: 1ms}
phases: {warmup: 1s, measure: 8s, drain: 3s}
tunables: {clock: lww}
`;
const KINDS = FAULT_KINDS.map(({ kind }) => kind).join(", ");
const SPLIT = '{id: split, kind: partition, at: 2s, for: 1s, groups: [["zone:a"], ["zone:b", c1]]}';
const faults = (...items: readonly string[]): string =>
  `${HEAD}faults:\n${items.map((item) => `  - ${item}\n`).join("")}`;

/** Errors and warnings alike, the latter marked. */
function toldOf(text: string, rest: Partial<ResolveRequest> = {}): readonly string[] {
  return problemsOf(text, rest).map(
    ({ file, line, column, severity, message }) =>
      `${file === PATH ? `${line}:${column}` : file}${severity === "warning" ? " warning:" : ""} ${message}`,
  );
}

function faultsOf(text: string, rest: Partial<ResolveRequest> = {}): readonly FaultSettings[] {
  const [cell] = experimentOf(text, rest).cells;
  assert.ok(Array.isArray(cell.faults));
  return cell.faults as readonly FaultSettings[];
}

interface Wrong {
  readonly what: string;
  readonly text: string;
  readonly rest?: Partial<ResolveRequest>;
  readonly told: readonly string[];
}

const WRONG: readonly Wrong[] = [
  {
    what: "nodes and zones that are not there",
    text: faults(
      "{id: crash, kind: kill, node: nod-3, at: 2s, for: 1s}",
      "{kind: pause, nodes: [node-9, a], at: 2s, for: 1s}",
      "{kind: pause, node: zone:elsewhere, at: 4s, for: 1s}",
      "{kind: loss, links: {from: b3, to: all}, at: 4s, for: 1s, share: 5%}",
    ),
    told: [
      '7:35 faults.crash.node is "nod-3", which names no node; did you mean "node-3"? Here the nodes are node-1 to node-5',
      '8:27 faults.1.nodes.0 is "node-9", which names no node; did you mean "node-1"? Here the nodes are node-1 to node-5',
      '8:35 faults.1.nodes.1 is "a", which names no node; did you mean "zone:a"? Here the nodes are node-1 to node-5',
      '9:25 faults.2.node is "zone:elsewhere", which names no node; the nodes are node-1 to node-5, and there are zone:a, zone:b, zone:c and all',
      '10:32 faults.3.links.from is "b3", which names no node; did you mean "b1"? Here the nodes are node-1 to node-5',
    ],
  },
  {
    what: "faults of one kind that overlap on the same nodes or links",
    text: faults(
      "{id: one, kind: pause, node: node-1, at: 2s, for: 2s}",
      "{id: two, kind: pause, node: zone:a, at: 3s, for: 2s}",
      "{id: elsewhere, kind: pause, node: zone:b, at: 3s, for: 2s}",
      "{id: drops, kind: loss, links: all, share: 5%, at: 3s, for: 4s}",
      "{id: link, kind: loss, links: {from: node-1, to: node-2}, share: 5%, at: 4s, for: 1s}",
    ),
    told: [
      '8:46 warning: faults "one" and "two" are both pause on node-1 from 3s to 4s; they compose, neither ends the other',
      '11:78 warning: faults "drops" and "link" are both loss on node-1>node-2 from 4s to 5s; they compose, neither ends the other',
    ],
  },
  {
    what: "faults that never end, end after the run, or too late to see what becomes of it",
    text: faults(
      "{id: never, kind: kill, node: node-2, at: 3s}",
      "{id: over, kind: kill, node: node-3, at: 3s, for: 20s}",
      "{id: tight, kind: pause, node: node-4, at: 3s, for: 8900ms}",
    ),
    told: [
      '7:10 warning: fault "never" never heals: without for it lasts to the end of the run',
      '8:55 warning: fault "over" would heal at 23s, but the run ends at 12s: it never does',
      '9:57 warning: fault "tight" heals at 11.9s but the run ends at 12s, so convergence may not be observed; lengthen phases.drain',
    ],
  },
  {
    what: "a fault outside of the run, also where something else in it is wrong, and one that no client sees",
    text: faults(
      "{id: late, kind: kill, node: node-1, at: 20s, for: 1s}",
      "{id: lost, kind: kill, node: nobody, at: 12s, for: 1s}",
      "{id: drain, kind: wipe, node: node-1, at: 10s}",
    ),
    told: [
      '7:46 fault "late" begins at 20s, but the run ends at 12s (warmup + measure + drain)',
      '8:34 faults.lost.node is "nobody", which names no node; the nodes are node-1 to node-5, and there are zone:a, zone:b, zone:c and all',
      '8:46 fault "lost" begins at 12s, but the run ends at 12s (warmup + measure + drain)',
      '9:47 warning: fault "drain" begins at 10s, in the drain: no client is there to see it',
    ],
  },
  {
    what: "groups that overlap, are too few, or leave somebody out",
    text: faults(
      '{id: both, kind: partition, at: 2s, for: 1s, groups: [["zone:a", node-3], ["zone:b", "zone:c"]]}',
      "{id: alone, kind: partition, at: 4s, for: 1s, groups: [[node-1]]}",
      '{id: bridge, kind: partition, at: 6s, for: 1s, groups: [["zone:a"], ["zone:b"]]}',
    ),
    told: [
      '7:50 fault "both" puts node-3 into several groups; a node stands on one side',
      '8:59 faults.alone.groups is [["node-1"]]; allowed: two lists of nodes or more, such as [["zone:a"], ["zone:b", "zone:c"]]',
      '9:52 warning: fault "bridge" leaves node-5 in no group: what is in none reaches everybody',
    ],
  },
  {
    what: "parts that are missing, unknown, of another kind, or wrong",
    text: faults(
      "{kind: kill, node: node-1, at: 2s, for: 1s, share: 3, durationn: 5s}",
      "{kind: kil, node: node-1, at: 2s}",
      "{node: node-1, at: 2s}",
      "{kind: loss, links: {from: node-1, too: node-2}, at: 2s, for: 0s}",
      "{kind: clock-jump, node: node-1, at: 2s, for: 3s, offset: 5}",
      "{kind: join, node: node-1, at: 2s}",
      "{kind: partition, groups: [[node-1], [node-2, node-3, zone:c, b2]], at: 5, for: 1s, clients: follow-nearst, oneway: 3}",
      "{kind: delay, links: all, at: 2s, for: 1s, extra: {dist: exponental, mean: 3ms}}",
      "nope",
      "{kind: torn-write, node: node-1, share: 0, at: 1s, for: 1s}",
      "{kind: pause, node: node-1, nodes: [node-2], at: 1s, for: 1s}",
      "{id: same, kind: pause, node: node-3, at: 1s, for: 1s}",
      "{id: same, kind: pause, node: node-4, at: 1s, for: 1s}",
      "{id: pause-15, kind: pause, node: node-4, at: 3s, for: 1s}",
      "{kind: pause, node: node-4, at: 5s, for: 1s}",
      "{id: 7, kind: hold, links: {from: c1, to: node-5}, at: 5s, for: 1s}",
      "{id: none, kind: hold, links: {from: c1, to: node-5}, at: 5s, for: 1s}",
    ),
    told: [
      "7:49 faults.0.share is no part of a fault of kind kill, which has id, kind, at, node, nodes, for, every, until, disk",
      '7:59 unknown key "durationn" in a fault of kind kill; it has id, kind, at, node, nodes, for, every, until, disk',
      `8:12 faults.1.kind is "kil"; did you mean "kill"? Known: ${KINDS}`,
      `9:5 faults.2 lacks kind; known: ${KINDS}`,
      "10:5 faults.3 lacks share, which a fault of kind loss needs",
      "10:18 faults.3.links lacks to; write all for every node",
      '10:40 unknown key "too" in links; did you mean "to"?',
      '10:67 faults.3.for is "0s"; allowed: a duration from 1us to 10d',
      "11:46 faults.4.for has no meaning: a fault of kind clock-jump is over at once",
      "11:63 faults.4.offset is 5; allowed: a duration other than 0 with its unit, such as 250ms or -2s",
      '12:12 fault "join-6" changes who is in the ring; it needs tunables.membership: gossip',
      "13:77 faults.6.at is 5 without a unit; write a duration with its unit (us, ms, s, m, h, d), such as 5ms",
      '13:98 faults.6.clients is "follow-nearst"; did you mean "follow-nearest"? Allowed: all, follow-nearest, or {group: <0 to 1>}',
      "13:121 faults.6.oneway is 3; allowed: true or false",
      '14:62 faults.7.extra.dist is "exponental"; did you mean "exponential"? Known: constant, uniform, exponential, normal, lognormal, pareto, weibull, empirical, mixture',
      "15:5 faults.8 is no map; write {id: split, kind: partition, at: 5s, for: 10s, …}",
      "16:45 faults.9.share is 0, so nothing would happen; allowed: a share above 0 and at most 1",
      "17:33 faults.10.node and nodes stand beside each other; keep one of them",
      '19:10 faults.12 has the id "same" of faults.11; ids name lanes in charts and keys, one each',
      "21:5 a fault without id is called pause-15, which is the id of faults.13; give one of them another id",
      "22:10 faults.15.id is 7; allowed: letters, digits, - and _, not digits alone",
      '23:28 fault "none" names no link between two different nodes',
    ],
  },
  {
    what: "a seed that is no integer",
    text: `${HEAD}seed: 1.5\n`,
    told: ["6:7 seed is 1.5; allowed: an integer from 0 to 9007199254740991"],
  },
  {
    what: "a seed that is text, and one beyond what is exact",
    text: `${HEAD}seed: soon\n`,
    rest: { sets: ["seed=99999999999999999999"] },
    told: [
      "-S seed=99999999999999999999 seed is 100000000000000000000; allowed: an integer from 0 to 9007199254740991",
    ],
  },
  {
    what: "a Pareto without a mean where a mean is needed",
    text: `${HEAD}workload: {think: {dist: pareto, min: 1ms, alpha: 1}}\nnode_model: {service: {read: {dist: pareto, min: 1ms, alpha: 0.9}, sync: {dist: pareto, min: 1ms, alpha: 1.1}}}\n`,
    told: [
      "6:19 warning: workload.think has no mean (a pareto with alpha of 1 or less): the longer the run, the longer the longest draw, and averages never settle",
      "7:30 warning: node_model.service.read has no mean (a pareto with alpha of 1 or less): the longer the run, the longer the longest draw, and averages never settle",
    ],
  },
  {
    what: "distributions that cannot be",
    text: faults(
      "{kind: delay, links: all, at: 2s, for: 1s, extra: {dist: pareto, min: 1ms, alpha: 0}}",
      "{kind: delay, links: all, at: 4s, for: 1s, extra: {dist: uniform, min: 5ms, max: 1ms}}",
      "{kind: delay, links: all, at: 6s, for: 1s, extra: none}",
    ),
    told: [
      "7:87 faults.0.extra.alpha is 0; allowed: a number from 0.1 to 1000",
      "8:48 faults.1.extra has min above max",
      "9:55 faults.2.extra is none, so nothing would happen; write a distribution, such as 50ms",
    ],
  },
  {
    what: "faults that have no effect",
    text: faults(
      "{id: skew, kind: clock-skew, node: node-1, at: 2s, for: 1s, offset: 5ms}",
      "{id: slow, kind: slow-node, node: node-1, at: 1s, for: 1s, factor: 5}",
      "{id: full, kind: disk-full, node: node-1, at: 1s, for: 1s}",
      "{id: crash, kind: kill, node: node-1, at: 1s, for: 1s}",
      "{id: crowd, kind: overload, node: node-1, at: 1s, for: 1s, rate: 50/s}",
    ),
    rest: { sets: ["clock=dvvset", "cluster.storage=memory", "node_model.service.read=1ms"] },
    told: [
      '7:22 warning: fault "skew" has no effect: tunables.clock dvvset reads no wall time, only lww and lww-hlc do',
      '8:22 warning: fault "slow" has no effect: slow-node multiplies node_model.service.message, none of which is set',
      '9:22 warning: fault "full" has no effect: cluster.storage is memory, which has no disk; lmdb has one',
      '10:23 warning: fault "crash" takes all that its nodes hold: cluster.storage is memory; with lmdb what was synced is kept',
      '11:23 warning: fault "crowd" has no effect: a node takes no time for a request; give node_model.service.message, or network.bandwidth, or with a disk node_model.service.read',
      "-S node_model.service.read=1ms warning: node_model.service.read has no effect with cluster.storage memory; it belongs to lmdb",
    ],
  },
  {
    what: "faults that come again and cannot",
    text: faults(
      "{id: a, kind: pause, node: node-1, at: 1s, for: 1s, every: 1s}",
      "{id: b, kind: pause, node: node-2, at: 1s, every: 2s}",
      "{id: c, kind: pause, node: node-3, at: 1s, for: 1s, until: 5s}",
      "{id: d, kind: pause, node: node-4, at: 3s, for: 1s, every: 2s, until: 3s}",
      "{id: e, kind: pause, node: node-5, at: 1s, for: 1us, every: 10us}",
      "{id: f, kind: restart, node: node-5, at: 1s, every: 3s}",
      "{id: g, kind: loss, links: all, at: 4s, for: 1s, every: 9s, share: 0}",
    ),
    told: [
      "7:64 faults.a.every is 1s, but it lasts for 1s; it must have ended before it begins again",
      '8:10 warning: fault "b" never heals: without for it lasts to the end of the run',
      "8:48 faults.b.every needs for: what does not end cannot begin again",
      "9:57 faults.c.until has no meaning without every, after which it begins again",
      "10:75 faults.d.until is 3s, but it begins at 3s only",
      "11:65 faults.e.every 10us makes it come 1100000 times; allowed: at most 5000 times",
      "12:50 faults.f.every is no part of a fault of kind restart, which has id, kind, at, node, nodes",
      "13:72 faults.g.share is 0, so nothing would happen; allowed: a share above 0 and at most 1",
    ],
  },
  { what: "what is no list of faults", text: `${HEAD}faults: sometimes\n`, told: ['6:9 faults is "sometimes"; allowed: none, random, or a list of faults'] },
  {
    what: "a map of something else",
    text: `${HEAD}faults: {randm: {}}\n`,
    told: ['6:10 unknown key "randm" in faults; as a map it has random alone, else it is a list of faults'],
  },
  {
    what: "random faults that cannot be drawn",
    text: `${HEAD}faults: {random: {count: 0, kinds: [kil, join], from: 5s, to: 2s, longst: 3s}}\n`,
    told: [
      "6:26 faults.random.count is 0; allowed: an integer from 1 to 200",
      '6:37 faults.random.kinds names "kil"; did you mean "kill"?',
      "6:42 faults.random.kinds names join, which is not drawn: who joins or leaves, and when, has to be listed",
      "6:63 faults.random ends at 2s, before it begins at 5s",
      '6:67 unknown key "longst" in faults.random; did you mean "longest"?',
    ],
  },
  {
    what: "random faults outside of the run",
    text: `${HEAD}faults: {random: {to: 20s}}\n`,
    told: ["6:23 faults.random goes on to 20s, but the run ends at 12s"],
  },
  {
    what: "an id that is not there, in a flag",
    text: faults(SPLIT),
    rest: { sets: ["faults.splt.at=3s"] },
    told: ['-S faults.splt.at=3s faults.splt.at: there is no fault "splt"; did you mean "split"?'],
  },
  {
    what: "an id that is not there, in a profile and an axis",
    text: `${faults(SPLIT)}profiles: {smoke: {faults.splt.at: 3s}}\nsweep: {axes: {faults.spilt.for: [1s, 2s]}}\n`,
    rest: { profile: "smoke" },
    told: [
      '8:20 faults.splt.at: there is no fault "splt"; did you mean "split"?',
      '9:16 faults.spilt.for: there is no fault "spilt"; did you mean "split"?',
    ],
  },
  {
    what: "a time outside of the run, at the flag, the profile or the value of the axis that sets it",
    text: `${faults(SPLIT)}sweep: {axes: {faults.split.at: [1s, 13s]}}\n`,
    told: ['8:38 fault "split" begins at 13s, but the run ends at 12s (warmup + measure + drain)'],
  },
  {
    what: "mistakes in faults of processes, as those of the simulation",
    text: `world: processes\nfaults: [{kind: kil, node: node-1, at: 2s, for: 1s}, {kind: pause, node: node-9, at: 2s, for: 1s}]\n`,
    told: [
      `2:17 faults.0.kind is "kil"; did you mean "kill"? Known: ${KINDS}`,
      '2:74 faults.1.node is "node-9", which names no node; did you mean "node-1"? Here the nodes are node-1 to node-5',
    ],
  },
  {
    what: "mistakes in faults beside mistakes in the cluster and the phases",
    text: `cluster: {nodes: 2}\nphases: {measure: 5}\nfaults: [{kind: kil}, {kind: pause, node: node-9, at: 2, for: 1s}]\nworld: simulation\nseed: x\n`,
    told: [
      "1:18 n_val is 3 but there are 2 nodes; every replica needs a node of its own",
      "2:19 phases.measure is 5 without a unit; write a duration with its unit (us, ms, s, m, h, d), such as 5ms",
      `3:17 faults.0.kind is "kil"; did you mean "kill"? Known: ${KINDS}`,
      '3:43 faults.1.node is "node-9", which names no node; did you mean "node-1"? Here the nodes are node-1 to node-2',
      "3:55 faults.1.at is 2 without a unit; write a duration with its unit (us, ms, s, m, h, d), such as 5ms",
      '5:7 seed is "x"; allowed: an integer from 0 to 9007199254740991',
    ],
  },
]; // prettier-ignore

describe("faults that come again", () => {
  const times = (
    item: string,
    sets: readonly string[] = [],
  ): readonly (readonly [string, number, number | undefined])[] =>
    faultsOf(faults(item), { sets }).map(({ id, atMs, forMs }) => [id, atMs, forMs]);

  it("begin every so long until then, under one id", () => {
    const beat = "{id: beat, kind: pause, nodes: [node-1, node-2], at: 2s, for: 1s, every: 3s, until: 8s}";
    assert.deepEqual(times(beat), [
      ["beat", 2_000, 1_000],
      ["beat", 5_000, 1_000],
    ]);
    assert.deepEqual(
      times(beat, ["faults.beat.every=2500ms", "faults.beat.until=20s"]).map(([, at]) => at),
      [2_000, 4_500, 7_000, 9_500],
      "at most to the end of the drain",
    );
  });

  it("are judged by their first beginning and their last end", () => {
    const beat = "{id: beat, kind: pause, node: node-1, at: 2s, for: 2s, every: 8s}";
    assert.deepEqual(toldOf(faults(beat, "{kind: pause, node: node-1, at: 7s, for: 1s}")), [
      '7:56 warning: fault "beat" heals at 12s but the run ends at 12s, so convergence may not be observed; lengthen phases.drain',
      '8:37 warning: faults "beat" and "pause-2" are both pause on node-1 from 7s to 8s; they compose, neither ends the other',
    ]);
    assert.deepEqual(toldOf(faults(beat.replace("}", ", until: 5s}"))), []);
  });
});

describe("wrong faults", () => {
  for (const { what, text, rest, told } of WRONG) {
    it(`are told: ${what}`, () => assert.deepEqual(toldOf(text, rest), told));
  }
});

describe("faults", () => {
  for (const { kind, example } of FAULT_KINDS) {
    it(`of kind ${kind} are read as their example is written`, () => {
      const members = OF_MEMBERSHIP.has(kind) ? "{nodes: 3, spares: 1}\ntunables: {membership: gossip}" : "{nodes: 3}";
      const text = `world: simulation\ncluster: ${members}\nnetwork: {client: 1ms}\nphases: {warmup: 10s, measure: 100s, drain: 60s}\nfaults:\n  - ${example}\n`;
      const [fault] = faultsOf(text);
      const wanted = parse(example) as { readonly id?: string; readonly at: string; readonly for?: string };
      assert.equal(fault.action.kind, kind);
      assert.equal(fault.id, wanted.id ?? `${kind}-1`);
      assert.equal(`${fault.atMs / 1_000}s`, wanted.at);
      assert.equal(fault.forMs === undefined ? undefined : `${fault.forMs / 1_000}s`, wanted.for);
    });
  }

  it("have what they leave out from their kind, and nodes by any of their names", () => {
    const text = faults(
      "{kind: kill, nodes: [b1, node-5, zone:a], at: 2s, for: 1s}",
      "{id: way, kind: partition, at: 2s, for: 1s, groups: [[node-1, a2], [b1, b2, c1]], oneway: true, clients: {group: 1}}",
      "{id: back, kind: clock-jump, node: all, at: 2s, offset: -250ms}",
    );
    assert.deepEqual(faultsOf(text), [
      {
        id: "kill-1",
        atMs: 2_000,
        forMs: 1_000,
        action: { kind: "kill", nodes: ["node-3", "node-5", "zone:a"], disk: "keep" },
      },
      {
        id: "way",
        atMs: 2_000,
        forMs: 1_000,
        action: {
          kind: "partition",
          groups: [
            ["node-1", "node-2"],
            ["node-3", "node-4", "node-5"],
          ],
          oneWay: true,
          clients: { group: 1 },
        },
      },
      {
        id: "back",
        atMs: 2_000,
        forMs: undefined,
        action: { kind: "clock-jump", nodes: ["all"], offsetMs: -250 },
      },
    ]);
  });

  it("are changed by a flag, by id or by place", () => {
    const times = (sets: readonly string[]): readonly unknown[] =>
      faultsOf(faults(SPLIT, "{kind: pause, node: c1, at: 4s, for: 1s}"), { sets }).map(({ atMs, forMs }) => [
        atMs,
        forMs,
      ]);
    assert.deepEqual(times([]), [
      [2_000, 1_000],
      [4_000, 1_000],
    ]);
    assert.deepEqual(times(["faults.split.at=3s", "faults.split.for=500ms", "faults.1.at=6s"]), [
      [3_000, 500],
      [6_000, 1_000],
    ]);
  });

  it("are changed by a profile, part by part", () => {
    const text = `${faults(SPLIT)}profiles: {smoke: {faults.split: {at: 4s}}, none: {faults: none}}\n`;
    const [smoke] = faultsOf(text, { profile: "smoke" });
    assert.deepEqual([smoke.atMs, smoke.forMs, smoke.action.kind], [4_000, 1_000, "partition"]);
    assert.deepEqual(faultsOf(text, { profile: "none" }), []);
  });

  it("vary along an axis, which names the cells and stands in what they resolve to", () => {
    const { cells } = experimentOf(`${faults(SPLIT)}sweep: {axes: {faults.split.for: [1s, 3s]}}\n`);
    assert.deepEqual(
      cells.map(({ axes, faults: list }) => [axes, (list as readonly FaultSettings[])[0].forMs]),
      [
        [{ "faults.split.for": "1s" }, 1_000],
        [{ "faults.split.for": "3s" }, 3_000],
      ],
    );
    assert.notEqual(cells[0].id, cells[1].id);
    assert.equal((cells[1].resolved["faults.split"] as { readonly for: string }).for, "3s");
  });

  it("drawn from the seed stay within the measured phase unless told otherwise", () => {
    const of = (text: string, sets: readonly string[] = []): RandomFaultsSettings =>
      experimentOf(`${HEAD}${text}\n`, { sets }).cells[0].faults as RandomFaultsSettings;
    const { kinds, ...plain } = of("faults: random");
    assert.deepEqual(plain, { count: 3, fromMs: 1_000, toMs: 9_000, longestMs: 2_000 });
    assert.deepEqual(
      kinds,
      ["kill", "pause", "partition", "delay", "loss", "duplicate", "reorder"],
      "nothing after which something is missing for good, nothing without an effect",
    );
    const slow = of("node_model: {service: {message: 1ms, sync: 1ms}}\nfaults: random").kinds;
    assert.deepEqual(slow, [...kinds, "slow-node", "slow-disk"]);
    assert.deepEqual(toldOf(`${HEAD}faults: {random: {kinds: [pause, slow-disk, disk-full]}}\n`), [
      "6:1 warning: random faults of kind slow-disk have no effect: slow-disk multiplies node_model.service.read, node_model.service.write, node_model.service.sync, none of which is set",
    ]);
    assert.deepEqual(of("faults: {random: {count: 9, kinds: [pause], from: 2s, to: 4s, longest: 1s}}"), {
      count: 9,
      kinds: ["pause"],
      fromMs: 2_000,
      toMs: 4_000,
      longestMs: 1_000,
    });
    assert.equal(of("faults: random", ["faults.random.count=7"]).count, 7);
    assert.equal(
      of("faults: random", ["faults={random: {kinds: all}}"]).kinds.length,
      FAULT_KINDS.length - OF_MEMBERSHIP.size,
    );
  });

  it("in an experiment on both worlds happen in both, and slow what either has", () => {
    const both = (text: string): string => text.replace("world: simulation", "world: [simulation, processes]");
    const slow = "{kind: slow-node, node: node-1, at: 2s, for: 1s, factor: 5}";
    assert.deepEqual(toldOf(both(faults(SPLIT, slow))), [
      '8:12 warning: fault "slow-node-2" has no effect: slow-node multiplies node_model.service.message, none of which is set',
    ]);
    const { cells } = experimentOf(both(faults(SPLIT)));
    assert.deepEqual(
      cells.map(({ world, faults: list, resolved }) => [
        world,
        (list as readonly FaultSettings[]).length,
        "faults.split" in resolved,
      ]),
      [
        ["simulation", 1, true],
        ["processes", 1, true],
      ],
    );
    const drawn = (text: string): readonly (readonly string[])[] =>
      experimentOf(`${text}faults: random\n`).cells.map((cell) => (cell.faults as RandomFaultsSettings).kinds);
    const [simulated, real] = drawn(both(HEAD));
    assert.deepEqual(real, simulated, "equal seeds draw equal faults");
    const [alone] = drawn(HEAD.replace("world: simulation", "world: processes"));
    assert.ok(alone.includes("slow-node"), "a process has a time of its own to be slow in");
  });
});

/** A trial of about half a second of virtual time; the warm-up ends at 100 ms, the load at 500 ms. */
const TRIAL = `schema: quorumlab/experiment@1
name: hurt
title: A small cluster that is hurt
world: simulation
seed: 7
cluster: {nodes: 5, storage: lmdb}
network: {intra_zone: {dist: exponential, mean: 3ms}, client: 1ms}
tunables: {timeout: {read: 50ms, write: 50ms}}
workload: {model: open, rate: 500/s, clients: 4, mix: {read: 0.5, update: 0.5}, keys: {count: 20}, value_size: 20B}
phases: {warmup: 100ms, measure: 400ms, drain: 200ms}
measure: {interval: 100ms}
repetitions: {count: 2}
`;

describe("a trial with faults", function () {
  this.timeout(60_000);
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "quorumlab-faults-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  interface Kept {
    readonly record: TrialRecord;
    readonly lanes: readonly FaultLane[];
    readonly events: readonly { readonly t_s: number; readonly event: string; readonly id: string }[];
  }

  const carryOut = async (text: string, ...flags: readonly string[]): Promise<readonly Kept[]> => {
    const below = mkdtempSync(join(root, "runs-"));
    const file = join(below, "hurt.yaml");
    writeFileSync(file, text);
    const io = recordingIo(below);
    assert.equal(await main(["run", file, "-o", below, "-j", "1", ...flags], io), 0, io.err());
    const trials = join(below, "hurt", "trials");
    return readdirSync(trials)
      .map((id): Kept => {
        const read = (name: string): string => readFileSync(join(trials, id, name), "utf8");
        return {
          record: JSON.parse(read("trial.json")) as TrialRecord,
          lanes: (JSON.parse(read("figures.json")) as { readonly faults: readonly FaultLane[] }).faults,
          events: existsSync(join(trials, id, "events.jsonl"))
            ? read("events.jsonl")
                .trimEnd()
                .split("\n")
                .map((line) => JSON.parse(line) as Kept["events"][number])
            : [],
        };
      })
      .sort((a, b) => a.record.repetition - b.record.repetition);
  };

  it("keeps when each really began and ended, in events.jsonl and for the lanes of its charts", async () => {
    const [{ events, lanes, record }] = await carryOut(
      `${TRIAL}faults:
  - {id: split, kind: partition, at: 150ms, for: 200ms, groups: [[node-1, node-2], [node-3, node-4, node-5]]}
  - {id: crash, kind: kill, node: node-3, at: 200ms, for: 150ms}
  - {id: still, kind: pause, node: node-4, at: 300ms}
  - {id: gone, kind: wipe, node: node-5, at: 250ms}
`,
    );
    const essence = events.map(({ t_s, event, id }) => `${t_s} ${event} ${id}`);
    assert.deepEqual(essence, [
      "0.15 fault-begin split",
      "0.2 fault-begin crash",
      "0.25 fault-begin gone",
      "0.25 fault-end gone",
      "0.3 fault-begin still",
      "0.35 fault-end split",
      "0.35 fault-end crash",
    ]);
    assert.deepEqual(
      lanes.map(({ id, kind, what, fromS, toS }) => [id, kind, what, fromS, toS]),
      [
        ["split", "partition", "node-1, node-2 | node-3, node-4, node-5", 0.15, 0.35],
        ["crash", "kill", "node-3", 0.2, 0.35],
        ["gone", "wipe", "node-5", 0.25, 0.25],
        ["still", "pause", "node-4", 0.3, null],
      ],
    );
    assert.equal(record.drawnFaults, undefined);
    assert.deepEqual(
      Object.keys(record.resolved).filter((key) => key.startsWith("faults")),
      ["faults.split", "faults.crash", "faults.still", "faults.gone"],
    );
  });

  it("draws random ones from its seed, the same again and others for another seed, and keeps what it drew", async () => {
    const text = `${TRIAL}faults: {random: {count: 4}}\n`;
    const drawn = (trials: readonly Kept[]): readonly unknown[] => trials.map(({ record }) => record.drawnFaults);
    const first = await carryOut(text);
    const again = await carryOut(text);
    const other = await carryOut(text, "--seed", "8");
    assert.deepEqual(drawn(again), drawn(first));
    assert.deepEqual(
      again.map(({ record }) => record.simulation?.digest),
      first.map(({ record }) => record.simulation?.digest),
    );
    assert.notDeepEqual(
      first[0].record.drawnFaults,
      first[1].record.drawnFaults,
      "repetitions have seeds of their own",
    );
    assert.notDeepEqual(drawn(other), drawn(first));
    for (const { record, lanes, events } of first) {
      const settings = record.drawnFaults as readonly (FaultSettings & Readonly<Record<string, unknown>>)[];
      assert.equal(settings.length, 4);
      assert.deepEqual(
        lanes.map(({ id, kind }) => [id, kind]),
        settings.map(({ id, action }) => [id, action.kind]),
      );
      for (const [i, { fromS, toS }] of lanes.entries()) {
        assert.equal(fromS, settings[i].atMs / 1_000);
        assert.ok(fromS >= 0.1 && toS !== null && toS > fromS && toS <= 0.5, "within the measured phase");
      }
      assert.equal(events.length, 8);
    }
  });

  it("is the same trial, event for event, when verified", async () => {
    const below = mkdtempSync(join(root, "runs-"));
    writeFileSync(join(below, "hurt.yaml"), `${TRIAL}faults: random\n`);
    const io = recordingIo(below);
    assert.equal(await main(["run", join(below, "hurt.yaml"), "-o", below, "-j", "1"], io), 0, io.err());
    const verified = recordingIo(below);
    assert.equal(await main(["verify", "latest", "-o", below, "-j", "1"], verified), 0, verified.out());
    assert.match(verified.out(), /^2 of 2 simulated trials came out again, event for event\n/);
  });
});

describe("faults of membership", () => {
  const GOSSIPING =
    "world: simulation\ncluster: {nodes: 3, spares: 2, storage: lmdb}\nnetwork: {client: 1ms}\ntunables: {membership: gossip}\nphases: {warmup: 10s, measure: 100s, drain: 60s}\n";
  const told = (...items: readonly string[]): readonly string[] =>
    toldOf(`${GOSSIPING}faults:\n${items.map((item) => `  - ${item}\n`).join("")}`);

  it("have spares join, members leave, and the dead replaced", () => {
    assert.deepEqual(
      told(
        "{kind: join, node: node-4, at: 11s, via: node-2}",
        "{kind: leave, node: node-1, at: 20s}",
        "{kind: kill, node: node-2, at: 30s, for: 100s}",
        "{kind: replace, node: node-2, with: node-5, at: 35s}",
      ).filter((line) => !line.includes("convergence")),
      [],
    );
  });

  it("are told: who is there joins, who is not there goes, whom nothing has ended is removed, nobody is left", () => {
    const all = told(
      "{kind: join, node: node-1, at: 11s}",
      "{kind: leave, node: node-4, at: 12s}",
      "{kind: remove, node: node-2, at: 13s}",
      "{kind: leave, nodes: [node-1, node-3], at: 14s}",
      "{kind: join, node: node-5, at: 15s, via: all}",
    );
    assert.deepEqual(all, [
      '7:12 fault "join-1" has node-1 join, which is there already; cluster.spares join',
      '8:12 fault "leave-2" has node-4 go, which is not in the ring by then',
      '9:12 warning: fault "remove-3" leaves 2 members for n_val 3: each key then has 2 copies, and a quorum above that cannot be met',
      '9:12 warning: fault "remove-3" removes node-2 though no kill before has ended it: what it holds alone is lost',
      '10:12 fault "leave-4" leaves nobody in the ring',
      "11:46 faults.4.via names 5 nodes; allowed: one",
    ]);
  });
});

describe("settings of membership", () => {
  const of = (text: string): readonly string[] => toldOf(`world: simulation\nnetwork: {client: 1ms}\n${text}`);

  it("are told where membership is fixed, and where they cannot be", () => {
    assert.deepEqual(of("cluster: {nodes: 3, spares: 1}\ntunables: {gossip_fanout: 2}\n"), [
      "3:29 cluster.spares never join: tunables.membership is static",
      "4:27 warning: tunables.gossip_fanout has no effect: tunables.membership is static",
    ]);
    assert.deepEqual(
      of(
        "cluster: {nodes: 20}\nring: {strategy: random-tokens, distinct_hosts: claim}\ntunables: {membership: gossip, n_val: 16, gossip_seeds: [node-21, node-1]}\n",
      ).filter((line) => !line.includes("warning")),
      [
        "4:49 with tunables.membership: gossip random tokens need ring.distinct_hosts: walk, because tokens have no number that stays",
        "5:39 tunables.n_val is 16; with tunables.membership: gossip at most 15, because a write may have to go to twice as many",
        '5:57 tunables.gossip_seeds names "node-21", which is no node that is there from the beginning',
      ],
    );
  });
});

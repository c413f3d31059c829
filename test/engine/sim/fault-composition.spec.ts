import { strict as assert } from "node:assert";
import fc from "fast-check";
import {
  type DiskCondition,
  FAULT_VERBS,
  Faults,
  type FaultWorld,
  type LinkRule,
  type PartitionRule,
  SOUND_DISK,
} from "../../../engine/host/faults";
import type { OperatorVerb } from "../../../engine/io";
import { NO_REQUESTS, type OverloadStream } from "../../../engine/host/overload";
import {
  describeTargets,
  type FaultAction,
  type FaultSettings,
  type OverloadCounts,
  resolveTargets,
  targetsOf,
} from "../../../engine/vocabulary/faults";
import { members } from "./settings";

/** A world that only keeps what it is told, and protests against orders that make no sense. */
class Ledger implements FaultWorld {
  readonly members = members(4, ["a", "b"]);
  readonly up = [true, true, true, true];
  readonly paused = [false, false, false, false];
  readonly boots = [1, 1, 1, 1];
  readonly wiped: number[] = [];
  readonly corrupted: [number, number][] = [];
  rules: readonly LinkRule[] = [];
  parts: readonly PartitionRule[] = [];
  readonly slowness = [1, 1, 1, 1];
  readonly disks: DiskCondition[] = [SOUND_DISK, SOUND_DISK, SOUND_DISK, SOUND_DISK];
  readonly walls: [number, number][] = [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  readonly streams: (readonly OverloadStream[])[] = [[], [], [], []];
  now = 0;

  kill(node: number): void {
    this.up[node] = false;
    this.paused[node] = false;
  }
  start(node: number): void {
    if (!this.up[node]) this.boots[node]++;
    this.up[node] = true;
  }
  readonly operated: string[] = [];
  operate(node: number, verb: OperatorVerb): void {
    this.operated.push(`${node} ${verb.kind}`);
  }
  wipe(node: number): void {
    assert.ok(!this.up[node], "a disk is emptied under nobody's feet");
    this.wiped.push(node);
  }
  pause(node: number): void {
    assert.ok(!this.paused[node]);
    this.paused[node] = this.up[node];
  }
  resume(node: number): void {
    assert.ok(this.paused[node]);
    this.paused[node] = false;
  }
  links(rules: readonly LinkRule[]): void {
    this.rules = rules;
  }
  partitions(partitions: readonly PartitionRule[]): void {
    this.parts = partitions;
  }
  slowNode(node: number, factor: number): void {
    this.slowness[node] = factor;
  }
  disk(node: number, condition: DiskCondition): void {
    this.disks[node] = condition;
  }
  corrupt(node: number, share: number): void {
    this.corrupted.push([node, share]);
  }
  wall(node: number, offset: number, ppm: number): void {
    this.walls[node] = [offset, ppm];
  }
  overload(node: number, streams: readonly OverloadStream[]): void {
    this.streams[node] = streams;
  }
  requestsOf(fault: string): OverloadCounts {
    return { ...NO_REQUESTS, sent: fault.length };
  }
}

interface Scene {
  readonly world: Ledger;
  readonly faults: Faults;
  readonly told: string[];
}

function scene(): Scene {
  const world = new Ledger();
  const told: string[] = [];
  const faults = new Faults(
    world,
    () => world.now,
    ({ id }, phase, what) => told.push(`${String(world.now)} ${phase} ${id}: ${what}`),
  );
  return { world, faults, told };
}

const fault = (id: string, action: FaultAction): FaultSettings => ({ id, atMs: 0, forMs: undefined, action });
const pause = (id: string, node = "node-1"): FaultSettings => fault(id, { kind: "pause", nodes: [node] });
const kill = (id: string, node = "node-1", disk: "keep" | "wipe" = "keep"): FaultSettings =>
  fault(id, { kind: "kill", nodes: [node], disk });
const restart = (id: string, node = "node-1"): FaultSettings => fault(id, { kind: "restart", nodes: [node] });

describe("targets of faults", () => {
  const zoned = members(5, ["a", "b"]);

  it("are nodes, zones and all, in any mixture, each node once", () => {
    assert.deepEqual(resolveTargets(["node-4", "node-2", "node-4"], zoned), { nodes: [1, 3], unknown: [] });
    assert.deepEqual(resolveTargets(["zone:a", "node-2"], zoned), { nodes: [0, 1, 2, 4], unknown: [] });
    assert.deepEqual(resolveTargets(["all"], zoned), { nodes: [0, 1, 2, 3, 4], unknown: [] });
    assert.deepEqual(resolveTargets([], zoned), { nodes: [], unknown: [] });
  });

  it("that name nobody are told, the others still count", () => {
    assert.deepEqual(resolveTargets(["node-9", "zone:z", "node-1", "zone:"], zoned), {
      nodes: [0],
      unknown: ["node-9", "zone:z", "zone:"],
    });
  });

  it("are said in words", () => {
    const links = { from: ["node-1"], to: ["zone:b", "node-4"], bothWays: true };
    const groups = [["zone:a"], ["zone:b", "node-4"]];
    assert.equal(describeTargets({ kind: "pause", nodes: ["node-1", "zone:b"] }), "node-1, zone:b");
    assert.equal(describeTargets({ kind: "loss", links, share: 1 }), "node-1 <-> zone:b, node-4");
    assert.equal(
      describeTargets({ kind: "partition", groups, oneWay: false, clients: "all" }),
      "zone:a | zone:b, node-4",
    );
    assert.deepEqual(targetsOf({ kind: "hold", links }), ["node-1", "zone:b", "node-4"]);
    assert.deepEqual(targetsOf({ kind: "partition", groups, oneWay: true, clients: "all" }), groups.flat());
  });
});

describe("faults that overlap", () => {
  it("each verb stands in the map under its own name", () => {
    for (const [kind, verb] of Object.entries(FAULT_VERBS)) {
      assert.equal(verb.kind, kind);
      assert.match(verb.prose, /\.$/);
    }
  });

  it("overloads of a node add up, each at a rate of its own, and tell what became of their requests", () => {
    const { world, faults } = scene();
    const crowd = (id: string, ratePerSecond: number, nodes = ["node-1"]): FaultSettings =>
      fault(id, { kind: "overload", nodes, ratePerSecond });
    const rates = (): number[] =>
      world.streams.map((streams) => streams.reduce((sum, { perSecond }) => sum + perSecond, 0));
    faults.begin(crowd("one", 100));
    faults.begin(crowd("all", 20, ["all"]));
    assert.deepEqual(rates(), [120, 20, 20, 20]);
    assert.deepEqual(world.streams[0], [
      { fault: "one", perSecond: 100 },
      { fault: "all", perSecond: 20 },
    ]);
    faults.end(crowd("one", 100));
    assert.deepEqual(rates(), [20, 20, 20, 20]);
    faults.begin(pause("p"));
    faults.end(crowd("all", 20, ["all"]));
    assert.deepEqual(rates(), [0, 0, 0, 0]);
    assert.deepEqual(
      faults.occurrences().map(({ id, requests }) => [id, requests?.sent]),
      [
        ["one", 3],
        ["all", 3],
        ["p", undefined],
      ],
    );
  });

  it("a node that two pauses hold stands still until both have ended", () => {
    const { world, faults } = scene();
    faults.begin(pause("p"));
    faults.begin(pause("q"));
    faults.end(pause("p"));
    assert.ok(world.paused[0]);
    faults.end(pause("q"));
    assert.ok(!world.paused[0]);
  });

  it("a killed process takes its pause along, and the pause is over", () => {
    const { world, faults } = scene();
    faults.begin(pause("p"));
    world.now = 5;
    faults.begin(kill("k"));
    assert.ok(!world.up[0]);
    world.now = 7;
    faults.end(kill("k"));
    assert.ok(world.up[0]);
    assert.ok(!world.paused[0], "the new process runs");
    world.now = 9;
    faults.end(pause("p"));
    assert.deepEqual(
      faults.occurrences().map(({ id, fromMicros, toMicros }) => [id, fromMicros, toMicros]),
      [
        ["p", 0, 5],
        ["k", 5, 7],
      ],
    );
  });

  it("a pause of a node that is down stops nobody, not even who starts later", () => {
    const { world, faults } = scene();
    faults.begin(kill("k"));
    faults.begin(pause("p"));
    faults.end(kill("k"));
    assert.ok(world.up[0] && !world.paused[0]);
    faults.end(pause("p"));
    assert.ok(!world.paused[0]);
  });

  it("a node that two kills hold stays down until both have ended, and boots once", () => {
    const { world, faults } = scene();
    faults.begin(kill("k"));
    faults.begin(kill("l"));
    faults.end(kill("k"));
    assert.ok(!world.up[0]);
    faults.end(kill("l"));
    assert.ok(world.up[0]);
    assert.equal(world.boots[0], 2);
  });

  it("a restart beats a kill whose length is running, and the end of the kill then changes nothing", () => {
    const { world, faults } = scene();
    faults.begin(kill("k"));
    world.now = 3;
    faults.begin(restart("r"));
    assert.ok(world.up[0]);
    world.now = 8;
    faults.end(kill("k"));
    assert.equal(world.boots[0], 2);
    assert.deepEqual(
      faults.occurrences().map(({ kind, fromMicros, toMicros }) => [kind, fromMicros, toMicros]),
      [
        ["kill", 0, 3],
        ["restart", 3, 3],
      ],
    );
  });

  it("the end of a kill that a restart undid leaves a later kill alone", () => {
    const { world, faults } = scene();
    faults.begin(kill("k"));
    faults.begin(restart("r"));
    faults.begin(kill("l"));
    faults.end(kill("k"));
    assert.ok(!world.up[0]);
  });

  it("wipes empty the disk: while it is down for good, or between two lives", () => {
    const { world, faults } = scene();
    faults.begin(fault("w", { kind: "wipe", nodes: ["node-2"] }));
    assert.ok(world.up[1]);
    assert.equal(world.boots[1], 2);
    faults.begin(kill("k", "node-1"));
    faults.begin(fault("x", { kind: "wipe", nodes: ["node-1"] }));
    assert.ok(!world.up[0], "another fault keeps it down");
    faults.begin(kill("l", "node-1", "wipe"));
    assert.deepEqual(world.wiped, [1, 0, 0]);
  });

  it("a removal is told to a member that stays: who was told to leave may have ended, and would hear nothing", () => {
    const { world, faults } = scene();
    faults.begin(fault("l", { kind: "leave", nodes: ["node-1"] }));
    faults.begin(kill("k", "node-3"));
    faults.begin(fault("r", { kind: "remove", nodes: ["node-3"] }));
    assert.deepEqual(world.operated, ["0 leave", "1 remove"]);
    faults.begin(fault("m", { kind: "remove", nodes: ["node-2"] }));
    assert.deepEqual(world.operated, ["0 leave", "1 remove", "3 remove"]);
  });

  it("factors multiply, chances combine, delays and offsets add; all are whole again in the end", () => {
    const { world, faults } = scene();
    const links = { from: ["node-1"], to: ["all"], bothWays: false };
    const several: FaultSettings[] = [
      fault("s", { kind: "slow-node", nodes: ["all"], factor: 3 }),
      fault("t", { kind: "slow-node", nodes: ["node-1"], factor: 7 }),
      fault("d", { kind: "slow-disk", nodes: ["node-1"], factor: 4 }),
      fault("e", { kind: "slow-disk", nodes: ["zone:a"], factor: 0.1 }),
      fault("f", { kind: "disk-full", nodes: ["node-1"] }),
      fault("g", { kind: "disk-error", nodes: ["node-1"], share: 0.5 }),
      fault("h", { kind: "disk-error", nodes: ["node-1"], share: 0.5 }),
      fault("i", { kind: "torn-write", nodes: ["node-1"], share: 0.25, damage: "torn" }),
      fault("j", { kind: "torn-write", nodes: ["node-1"], share: 0.125, damage: "lost" }),
      fault("k", { kind: "clock-skew", nodes: ["node-1"], offsetMs: 20 }),
      fault("l", { kind: "clock-skew", nodes: ["node-1"], offsetMs: -5 }),
      fault("m", { kind: "clock-drift", nodes: ["node-1"], ppm: 0.1 }),
      fault("n", { kind: "clock-drift", nodes: ["node-1"], ppm: 0.2 }),
      fault("o", { kind: "loss", links, share: 0.5 }),
      fault("p", { kind: "delay", links, extra: { dist: "constant", valueMs: 1 } }),
    ];
    for (const one of several) faults.begin(one);
    assert.deepEqual(world.slowness, [21, 3, 3, 3]);
    assert.deepEqual(world.disks[0], { slowness: 0.4, full: true, errors: 0.75, torn: 0.25, lost: 0.125 });
    assert.equal(world.walls[0][0], 15_000);
    assert.ok(Math.abs(world.walls[0][1] - 0.3) < 1e-12);
    assert.equal(world.rules.length, 2);
    for (const one of several) faults.end(one);
    assert.deepEqual(world.slowness, [1, 1, 1, 1]);
    assert.deepEqual(world.disks[0], SOUND_DISK);
    assert.deepEqual(world.walls[0], [0, 0]);
    assert.deepEqual(world.rules, []);
  });

  it("a jump of wall time stays when a skew ends", () => {
    const { world, faults } = scene();
    const skew = fault("s", { kind: "clock-skew", nodes: ["node-1"], offsetMs: 20 });
    faults.begin(skew);
    faults.begin(fault("j", { kind: "clock-jump", nodes: ["node-1"], offsetMs: -3 }));
    assert.equal(world.walls[0][0], 17_000);
    faults.end(skew);
    assert.equal(world.walls[0][0], -3_000);
  });

  it("a release lifts the holds before it on its links, not those after it", () => {
    const { world, faults } = scene();
    const links = { from: ["node-1"], to: ["all"], bothWays: true };
    faults.begin(fault("h", { kind: "hold", links }));
    assert.deepEqual(world.rules[0].hold, { except: [] });
    faults.begin(fault("r", { kind: "release", links: { from: ["node-1"], to: ["node-2"], bothWays: true } }));
    assert.equal(world.rules[0].hold?.except.length, 1);
    faults.begin(fault("i", { kind: "hold", links }));
    assert.deepEqual(
      world.rules.map(({ hold }) => hold?.except.length),
      [1, 0],
    );
  });

  it("says who stands where in a partition, clients included", () => {
    const { world, faults } = scene();
    const groups = [["node-1"], ["node-2", "node-1"]];
    faults.begin(fault("p", { kind: "partition", groups, oneWay: true, clients: "follow-nearest" }));
    faults.begin(fault("q", { kind: "partition", groups, oneWay: false, clients: { group: 1 } }));
    faults.begin(fault("r", { kind: "partition", groups, oneWay: false, clients: "all" }));
    const [p, q, r] = world.parts;
    assert.deepEqual(p.groupOf, [0, 1, -1, -1]);
    assert.ok(p.oneWay && !q.oneWay);
    assert.deepEqual([0, 1, 2, 3].map(p.sideOf!), [0, 1, 0, 1]);
    assert.deepEqual([0, 1].map(q.sideOf!), [1, 1]);
    assert.equal(r.sideOf, undefined);
  });

  it("corruption happens once, when it begins", () => {
    const { world, faults } = scene();
    const rot = fault("c", { kind: "torn-write", nodes: ["node-1", "node-3"], share: 0.5, damage: "corrupt" });
    faults.begin(rot);
    faults.end(rot);
    assert.deepEqual(world.corrupted, [
      [0, 0.5],
      [2, 0.5],
    ]);
    assert.deepEqual(world.disks[0], SOUND_DISK);
    assert.equal(faults.occurrences()[0].toMicros, 0);
  });

  it("a fault that never ended has no end, and each beginning and ending is told with its targets", () => {
    const { world, faults, told } = scene();
    faults.begin(pause("p", "zone:b"));
    world.now = 4;
    faults.begin(kill("k"));
    faults.end(pause("p", "zone:b"));
    faults.end(pause("p", "zone:b"));
    assert.deepEqual(told, ["0 begin p: zone:b", "4 begin k: node-1", "4 end p: zone:b"]);
    assert.deepEqual(
      faults.occurrences().map(({ toMicros }) => toMicros),
      [4, undefined],
    );
  });

  it("whatever overlaps, a node is down while a kill holds it, and whole when all have ended", () => {
    const targets = fc.constantFrom("node-1", "node-2", "zone:a", "all");
    const drawn = fc.array(
      fc.record({
        kind: fc.constantFrom("kill" as const, "pause" as const, "slow-node" as const, "restart" as const),
        target: targets,
        from: fc.nat(20),
        length: fc.integer({ min: 1, max: 10 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(drawn, (several) => {
        const { world, faults } = scene();
        const made = several.map(({ kind, target }, i) =>
          fault(
            String(i),
            kind === "kill"
              ? { kind, nodes: [target], disk: "keep" }
              : kind === "slow-node"
                ? { kind, nodes: [target], factor: 2 + i }
                : { kind, nodes: [target] },
          ),
        );
        // The dumb twin: which kills and pauses hold a node, kept as a list of pairs.
        let down: [string, number][] = [];
        let still: [string, number][] = [];
        for (let now = 0; now <= 31; now++) {
          world.now = now;
          several.forEach(({ kind, from, target }, i) => {
            if (from !== now) return;
            for (const node of resolveTargets([target], world.members).nodes) {
              if (kind === "kill") {
                down.push([String(i), node]);
                still = still.filter(([, held]) => held !== node);
              }
              if (kind === "restart") down = down.filter(([, held]) => held !== node);
              if (kind === "pause" && !down.some(([, held]) => held === node)) still.push([String(i), node]);
            }
            faults.begin(made[i]);
          });
          several.forEach(({ kind, from, length }, i) => {
            if (from + length !== now || kind === "restart") return;
            down = down.filter(([id]) => id !== String(i));
            still = still.filter(([id]) => id !== String(i));
            faults.end(made[i]);
          });
          for (let node = 0; node < 4; node++) {
            assert.equal(world.up[node], !down.some(([, held]) => held === node));
            assert.equal(
              world.paused[node],
              still.some(([, held]) => held === node),
            );
            const factors = several.map(({ kind, target, from, length }, i) =>
              kind === "slow-node" &&
              from <= now &&
              now < from + length &&
              resolveTargets([target], world.members).nodes.includes(node)
                ? 2 + i
                : 1,
            );
            assert.equal(
              world.slowness[node],
              factors.reduce((a, b) => a * b, 1),
            );
          }
        }
        assert.deepEqual(world.up, [true, true, true, true]);
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

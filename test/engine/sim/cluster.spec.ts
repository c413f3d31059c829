import { strict as assert } from "node:assert";
import type { AnswerMessage } from "../../../engine/messages";
import { SimulatedCluster } from "../../../engine/sim/cluster";
import { randomFaults, scheduleFaults } from "../../../engine/sim/faults";
import type { Watcher } from "../../../engine/sim/trace";
import type { FaultAction, FaultKind, FaultSettings } from "../../../engine/vocabulary/faults";
import { FAULT_VERBS } from "../../../engine/host/faults";
import { INSTANTANEOUS, OF_MEMBERSHIP, resolveTargets, targetsOf } from "../../../engine/vocabulary/faults";
import { Random } from "../../../engine/vocabulary/random";
import { Answered, Bench, type Changes, key, members, settings } from "./settings";

const fault = (id: string, atMs: number, forMs: number | undefined, action: FaultAction): FaultSettings => ({
  id,
  atMs,
  forMs,
  action,
});
const perfect = { name: "perfect", heartbeatIntervalMs: 100, timeoutMs: 500 };

/** Counts what it is told. */
class Counter implements Watcher {
  messages = 0;
  readonly fates = new Map<string, number>();
  readonly nodes: string[] = [];
  readonly faults: string[] = [];
  states = 0;
  /** Messages that were held back, and those of them that arrived, in order. */
  readonly held: number[] = [];
  readonly letGo: number[] = [];

  sent(): number {
    return ++this.messages;
  }
  arrived(id: number): void {
    this.count("arrived");
    if (this.held.includes(id)) this.letGo.push(id);
  }
  failed(id: number, _at: number, fate: string): void {
    this.count(fate);
    if (fate === "held") this.held.push(id);
  }
  stored(): void {
    this.states++;
  }
  noted(): void {
    this.count("noted");
  }
  node(at: number, node: number, state: string): void {
    this.nodes.push(`${String(at)} ${String(node)} ${state}`);
  }
  fault(at: number, id: string, phase: string, what: string): void {
    this.faults.push(`${String(at)} ${phase} ${id} ${what}`);
  }
  private count(what: string): void {
    this.fates.set(what, (this.fates.get(what) ?? 0) + 1);
  }
}

const ROUGH: Changes = {
  members: members(5, ["a", "b"]),
  network: {
    intraZone: { dist: "exponential", meanMs: 1, shiftMs: 0 },
    interZone: { dist: "lognormal", medianMs: 3, p99Ms: 20 },
    loss: 0.01,
    duplicate: 0.02,
    reorder: 0.02,
  },
  storage: { kind: "lmdb", sync: "group" },
  nodeModel: {
    service: {
      message: { dist: "exponential", meanMs: 0.05, shiftMs: 0 },
      read: { dist: "exponential", meanMs: 0.2, shiftMs: 0 },
      write: { dist: "exponential", meanMs: 0.2, shiftMs: 0 },
      sync: { dist: "exponential", meanMs: 1, shiftMs: 0 },
    },
    workers: 2,
    queueLimit: 100,
    pauses: {
      every: { dist: "exponential", meanMs: 400, shiftMs: 0 },
      length: { dist: "exponential", meanMs: 20, shiftMs: 0 },
    },
    clockSkew: { dist: "constant", valueMs: 5 },
    clockDriftPpm: 100,
  },
};

const EVERY_KIND = (Object.keys(FAULT_VERBS) as FaultKind[]).filter((kind) => !OF_MEMBERSHIP.has(kind));

/** Everything that can happen to it does; the digest, and the answers in order. */
function roughRun(changes: Changes, watcher?: Watcher): { digest: string; answers: readonly string[] } {
  const bench = new Bench(changes, watcher === undefined ? {} : { watcher });
  const { cluster } = bench;
  const drawn = randomFaults(
    { count: 15, kinds: EVERY_KIND, fromMs: 0, toMs: 2_000, longestMs: 600 },
    cluster.settings,
    Random.fromSeed(cluster.settings.seed).fork("faults"),
  );
  scheduleFaults(cluster, drawn, cluster.now());
  const answers: string[] = [];
  const told = (answer: AnswerMessage): void => {
    answers.push(
      `${String(cluster.now())} ${answer.outcome} ${answer.versions.map(({ writeId }) => writeId).join()} ${answer.context}`,
    );
  };
  for (let i = 0; i < 400; i++) {
    const address = key(`k${String(i % 13)}`);
    if (i % 2 === 0) bench.client.get(i % 5, address, undefined, told);
    else {
      const version = { writeId: i, value: `v${String(i)}`, tombstone: i % 11 === 0 };
      bench.client.put(i % 5, address, "", version, undefined, told);
    }
    bench.runMs(7);
  }
  bench.runMs(3_000);
  assert.equal(answers.length, 400, "every request is answered");
  assert.equal(bench.client.outstanding(), 0);
  return { digest: cluster.digest.hex(), answers };
}

describe("a simulated run", () => {
  for (const codec of ["real", "bypass"] as const) {
    it(`is the same again with the same seed, whatever goes wrong in it, and another with another (codec ${codec})`, () => {
      const run = (seed: number): ReturnType<typeof roughRun> => roughRun({ ...ROUGH, seed, simulation: { codec } });
      const digests = new Set<string>();
      for (const seed of [1, 2, 3]) {
        const once = run(seed);
        assert.deepEqual(run(seed), once);
        digests.add(once.digest);
      }
      assert.equal(digests.size, 3);
    });
  }

  it("is not changed by somebody who watches", () => {
    const watcher = new Counter();
    const watched = roughRun(ROUGH, watcher);
    assert.deepEqual(watched, roughRun(ROUGH));
    // It did see what happened.
    for (const fate of ["arrived", "lost", "noted"]) assert.ok((watcher.fates.get(fate) ?? 0) > 10, fate);
    assert.ok(watcher.states > 100 && watcher.faults.length > 10 && watcher.nodes.length > 5);
  });

  it("is the same with states kept as objects and as bytes, all but its digest", () => {
    const run = (codec: "real" | "bypass"): readonly string[] =>
      roughRun({ ...ROUGH, simulation: { codec } }).answers.map((answer) => answer.replace(/^\d+ /, ""));
    assert.deepEqual(run("bypass"), run("real"));
  });

  it("says when nothing is left to happen, and how far it came when it stops", () => {
    const bench = new Bench({ engine: { detector: perfect } });
    assert.equal(bench.wait(bench.put("k")).outcome, "ok");
    // Timeouts of what was answered are still pending for a while.
    assert.equal(bench.cluster.run(bench.cluster.now() + 5_000_000), "quiet");
    assert.equal(bench.cluster.queue.pending, 0);
    const before = bench.cluster.digest.events;
    bench.put("l");
    assert.equal(bench.cluster.run(Infinity, 3), "events");
    assert.equal(bench.cluster.digest.events, before + 3);
    const beating = new Bench();
    const until = beating.cluster.now() + 1_000_000;
    assert.equal(beating.cluster.run(until), "until");
    assert.equal(beating.cluster.now(), until);
  });

  it("of real and bypassed codec goes the same way: the same events at the same times", () => {
    const run = (codec: "real" | "bypass"): { events: number; answers: string[] } => {
      const bench = new Bench({ simulation: { codec }, members: members(5) });
      const answers: string[] = [];
      for (let i = 0; i < 100; i++) {
        const { outcome, context } = bench.wait(i % 3 === 0 ? bench.get(`k${String(i % 7)}`) : bench.put("k"));
        answers.push(`${String(bench.cluster.now())} ${outcome} ${context}`);
      }
      return { events: bench.cluster.digest.events, answers };
    };
    assert.deepEqual(run("bypass"), run("real"));
  });
});

describe("a client in a simulation", () => {
  it("is told not_sent when no node can be reached", () => {
    const bench = new Bench();
    for (let node = 0; node < 3; node++) bench.cluster.kill(node);
    const answered = bench.put("k");
    assert.equal(answered.answer, undefined, "never within the call");
    assert.equal(bench.wait(answered).outcome, "not_sent");
  });

  it("is told connection_lost, and nothing definite, when the node it asked dies: it may have happened", () => {
    const outcomes = new Set<string>();
    for (let afterMicros = 0; afterMicros < 12_000; afterMicros += 500) {
      const bench = new Bench({
        network: { intraZone: { dist: "constant", valueMs: 1 }, client: { dist: "constant", valueMs: 1 }, loss: 0 },
      });
      const answered = bench.put("k", "v");
      bench.cluster.run(bench.cluster.now() + afterMicros);
      // The first request of a client goes to node 0.
      bench.cluster.kill(0);
      const { outcome } = bench.wait(answered);
      outcomes.add(outcome);
      bench.cluster.boot(0);
      bench.runMs(2_000);
      const held = bench.wait(bench.get("k")).versions.length;
      if (held > 0) assert.ok(["ok", "connection_lost", "timeout"].includes(outcome), outcome);
      if (outcome === "ok") assert.equal(held, 1);
    }
    assert.deepEqual([...outcomes].sort(), ["connection_lost", "ok"]);
  });

  it("keeps waiting for what it asked of the next life of a node, whatever it hears of the last one's death", () => {
    const bench = new Bench({
      members: members(1),
      network: { client: { dist: "constant", valueMs: 5 }, loss: 0 },
      engine: { nVal: 1 },
    });
    const before = bench.put("a");
    bench.cluster.kill(0);
    bench.cluster.boot(0);
    bench.runMs(1);
    const after = bench.put("b");
    assert.equal(bench.wait(before).outcome, "connection_lost");
    assert.equal(bench.wait(after).outcome, "ok");
  });

  it("times out behind a partition that it learns of from silence alone", () => {
    const bench = new Bench({ members: members(2), engine: { nVal: 2, w: 1, dw: 0 } });
    const cut = { groupOf: [0, 0], groups: 2, oneWay: true, sideOf: () => 1 };
    // From earlier to later groups nothing passes: it can ask, and hears no answer.
    bench.cluster.setPartitions([cut]);
    const answered = bench.put("k");
    assert.equal(bench.wait(answered).outcome, "timeout");
    bench.cluster.setPartitions([]);
    assert.equal(bench.wait(bench.get("k")).versions.length, 1, "it had happened all the same");
  });

  it("stands on the side of its session and reaches nobody else", () => {
    const bench = new Bench({ members: members(2), engine: { nVal: 2, r: 1, w: 1, detector: perfect } });
    scheduleFaults(
      bench.cluster,
      [
        fault("split", 0, 1_000, {
          kind: "partition",
          groups: [["node-1"], ["node-2"]],
          oneWay: false,
          clients: "follow-nearest",
        }),
      ],
      bench.cluster.now(),
    );
    bench.runMs(1);
    for (let i = 0; i < 4; i++) {
      for (const session of [0, 1]) {
        const answer = bench.wait(bench.put(`k${String(session)}`, "v", "", session));
        assert.deepEqual([answer.outcome, answer.coordinator], ["ok", session]);
      }
    }
    assert.equal(bench.wait(bench.get("k0", 1)).versions.length, 0, "the other side knows nothing of it");
    bench.runMs(1_500);
    for (let i = 0; i < 2; i++) bench.wait(bench.get("k0", 1));
    bench.runMs(10);
    assert.equal(bench.wait(bench.get("k0", 1)).versions.length, 4);
  });
});

describe("faults in virtual time", () => {
  it("begin and end at their instants, counted from the origin, and are told", () => {
    const watcher = new Counter();
    const bench = new Bench({ engine: { detector: perfect } }, { watcher });
    const origin = 2_000_000;
    const running = scheduleFaults(
      bench.cluster,
      [
        fault("stop", 100, 50, { kind: "pause", nodes: ["node-2"] }),
        fault("crash", 120, 200, { kind: "kill", nodes: ["zone:a"], disk: "keep" }),
        fault("late", 900, 5_000, { kind: "slow-node", nodes: ["all"], factor: 2 }),
        fault("never", 60_000, undefined, { kind: "restart", nodes: ["all"] }),
      ],
      origin,
    );
    bench.cluster.run(3_500_000);
    assert.deepEqual(
      running.occurrences().map(({ id, what, fromMicros, toMicros }) => [id, what, fromMicros, toMicros]),
      [
        ["stop", "node-2", 2_100_000, 2_120_000],
        ["crash", "zone:a", 2_120_000, 2_320_000],
        ["late", "all", 2_900_000, undefined],
      ],
    );
    assert.deepEqual(watcher.faults, [
      "2100000 begin stop pause node-2",
      "2120000 begin crash kill zone:a",
      "2150000 end stop pause node-2",
      "2320000 end crash kill zone:a",
      "2900000 begin late slow-node all",
    ]);
    const ofSecond = watcher.nodes.filter((line) => line.includes(" 1 ")).slice(1);
    assert.deepEqual(ofSecond, ["2100000 1 paused", "2120000 1 down", "2320000 1 up"]);
    assert.deepEqual(
      bench.cluster.machines.map(({ slowness }) => slowness),
      [2, 2, 2],
    );
  });

  it("hold messages and let them go in the order they were sent", () => {
    const seen: number[] = [];
    const watcher = new Counter();
    const bench = new Bench(
      {
        members: members(2),
        engine: { nVal: 2, w: 2, dw: 0, detector: perfect, writeTimeoutMs: 5_000 },
        network: { intraZone: { dist: "exponential", meanMs: 20, shiftMs: 0 }, loss: 0 },
      },
      { watcher },
    );
    const links = { from: ["node-1"], to: ["node-2"], bothWays: true };
    scheduleFaults(bench.cluster, [fault("h", 0, 1_000, { kind: "hold", links })], bench.cluster.now());
    bench.runMs(1);
    for (let i = 0; i < 20; i++) {
      const version = { writeId: i, value: "v", tombstone: false };
      bench.client.put(0, key(`k${String(i)}`), "", version, undefined, ({ outcome }) => {
        assert.equal(outcome, "ok");
        seen.push(bench.cluster.now());
      });
      bench.runMs(1);
    }
    bench.runMs(950);
    assert.deepEqual(seen, [], "not a message passes");
    bench.runMs(1_000);
    assert.equal(seen.length, 20);
    assert.ok(seen.every((at) => at >= 1_000_000));
    assert.equal(watcher.held.length, 20);
    assert.deepEqual(watcher.letGo, watcher.held);
  });

  it("a release lets a hold's messages go before its end", () => {
    const bench = new Bench({ members: members(2), engine: { nVal: 2, w: 2, dw: 0, detector: perfect } });
    const links = { from: ["node-1"], to: ["node-2"], bothWays: true };
    scheduleFaults(
      bench.cluster,
      [
        fault("h", 0, undefined, { kind: "hold", links }),
        fault("r", 300, undefined, { kind: "release", links: { ...links, from: ["all"] } }),
      ],
      bench.cluster.now(),
    );
    bench.runMs(1);
    const answered = bench.put("k");
    bench.runMs(250);
    assert.ok(!answered.done);
    bench.runMs(100);
    assert.equal(answered.answer?.outcome, "ok");
    assert.equal(bench.wait(bench.put("l")).outcome, "ok", "the hold is lifted for good");
  });

  it("a kill keeps what was synced and loses the rest; a wipe loses all", () => {
    const held = (sync: "each" | "never", action: FaultAction, crashAfterMs: number): boolean => {
      const bench = new Bench({
        members: members(1),
        engine: { nVal: 1, r: 1, w: 1, dw: 0, detector: perfect },
        storage: { kind: "lmdb", sync },
        nodeModel: {
          service: { sync: { dist: "constant", valueMs: 20 } },
          workers: 1,
          queueLimit: 100,
        },
      });
      assert.equal(bench.wait(bench.put("k")).outcome, "ok");
      scheduleFaults(bench.cluster, [fault("f", crashAfterMs, 100, action)], bench.cluster.now());
      bench.runMs(crashAfterMs + 200);
      return bench.wait(bench.get("k")).versions.length === 1;
    };
    const kill: FaultAction = { kind: "kill", nodes: ["all"], disk: "keep" };
    assert.ok(!held("each", kill, 0), "acknowledged on receipt, not synced yet");
    assert.ok(held("each", kill, 50));
    assert.ok(!held("each", { ...kill, disk: "wipe" }, 50));
    assert.ok(!held("each", { kind: "wipe", nodes: ["all"] }, 50));
    assert.ok(held("never", kill, 40_000), "written back by the system meanwhile");
  });

  it("make the perfect detector know whom a partition cuts off, and who comes back", () => {
    const bench = new Bench({ members: members(4), engine: { nVal: 3, pr: "all", detector: perfect } });
    const groups = [["node-1"], ["node-2", "node-3"]];
    scheduleFaults(
      bench.cluster,
      [
        fault("split", 100, 200, { kind: "partition", groups, oneWay: true, clients: "all" }),
        fault("crash", 150, 100, { kind: "kill", nodes: ["node-1"], disk: "keep" }),
      ],
      bench.cluster.now(),
    );
    const outcomes = (): string[] => {
      const answers: Answered[] = [];
      for (let i = 0; i < 24; i++) answers.push(bench.get(`k${String(i)}`));
      bench.runMs(30);
      return answers.map(({ answer }) => answer?.outcome ?? "pending");
    };
    const all = (several: string[], outcome: string): boolean => several.every((one) => one === outcome);
    assert.ok(all(outcomes(), "ok"));
    bench.runMs(80);
    // Nobody even tries to reach who is cut off: a primary is known to be missing at once.
    const during = outcomes();
    assert.ok(during.includes("unavailable") && !during.includes("timeout") && !during.includes("pending"));
    bench.runMs(30);
    assert.ok(outcomes().includes("unavailable"));
    bench.runMs(300);
    assert.ok(all(outcomes(), "ok"));
  });

  it("records that were damaged fail their replica's read and no more: quorums of others answer", () => {
    const bench = new Bench({
      engine: { r: 2, w: "all", dw: "all", detector: perfect },
      storage: { kind: "lmdb", sync: "each" },
    });
    for (let i = 0; i < 30; i++) assert.equal(bench.wait(bench.put(`k${String(i)}`)).outcome, "ok");
    scheduleFaults(
      bench.cluster,
      [fault("rot", 0, undefined, { kind: "torn-write", nodes: ["node-1"], share: 1, damage: "corrupt" })],
      bench.cluster.now(),
    );
    bench.runMs(1);
    for (let i = 0; i < 30; i++) {
      const { outcome, versions } = bench.wait(bench.get(`k${String(i)}`));
      assert.deepEqual([outcome, versions.length], ["ok", 1]);
    }
    assert.ok(bench.cluster.machines[0].disk!.mishaps.mismatches >= 30);
  });
});

describe("faults drawn from the seed", () => {
  const cluster = settings({ members: members(6, ["a", "b", "c"]) });
  const draw = (seed: number, of = cluster): readonly FaultSettings[] =>
    randomFaults(
      { count: 300, kinds: EVERY_KIND, fromMs: 1_000, toMs: 9_000, longestMs: 700 },
      of,
      Random.fromSeed(seed).fork("faults"),
    );

  it("are the same for the same seed, and others for another", () => {
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
  });

  it("begin and end within their span, last no longer than allowed, and name who exists", () => {
    const drawn = draw(3);
    assert.equal(drawn.length, 300);
    assert.equal(new Set(drawn.map(({ id }) => id)).size, 300);
    const kinds = new Set<string>();
    for (const { atMs, forMs, action } of drawn) {
      kinds.add(action.kind);
      assert.ok(atMs >= 1_000 && atMs < 9_000);
      assert.equal(forMs === undefined, INSTANTANEOUS.has(action.kind));
      if (forMs !== undefined) assert.ok(forMs >= 1 && forMs <= 700 && atMs + forMs <= 9_000);
      const { nodes, unknown } = resolveTargets(targetsOf(action), cluster.members);
      assert.ok(nodes.length > 0 && unknown.length === 0);
      if (action.kind === "overload") assert.ok(action.ratePerSecond >= 20 && action.ratePerSecond <= 640);
      if (action.kind !== "partition") continue;
      const sides = action.groups.map((group) => resolveTargets(group, cluster.members).nodes);
      assert.ok(sides.every((side) => side.length > 0));
      assert.deepEqual(sides.flat().sort(), [0, 1, 2, 3, 4, 5]);
    }
    assert.deepEqual([...kinds].sort(), [...EVERY_KIND].sort());
  });

  it("leave out what needs two nodes where there is one, and draw only what was asked for", () => {
    const alone = settings({ members: members(1), engine: { nVal: 1 } });
    assert.ok(draw(4, alone).every(({ action }) => !("links" in action) && action.kind !== "partition"));
    const span = { count: 5, fromMs: 0, toMs: 10, longestMs: 5 };
    const random = Random.fromSeed(1);
    assert.deepEqual(randomFaults({ ...span, kinds: ["partition"] }, alone, random), []);
    for (const { action } of randomFaults({ ...span, kinds: ["kill"] }, alone, random)) {
      assert.equal(action.kind, "kill");
    }
  });

  it("leave a cluster whole once they are over", () => {
    const world = new SimulatedCluster({ cluster: settings({ ...ROUGH, seed: 5 }) });
    scheduleFaults(world, draw(5, world.settings), 0);
    world.run(9_000_001);
    assert.ok(world.machines.every(({ up, stopped, slowness }) => up && !stopped && slowness === 1));
    for (let a = 0; a < 5; a++) {
      for (let b = 0; b < 5; b++) assert.ok(!world.network.isCut(a, b) && !world.network.isHeld(a, b));
    }
  });
});

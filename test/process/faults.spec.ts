/**
 * Every kind of fault on real processes, seen from outside: by the operating system, by clients, or by asking replicas what
 * they hold, never by what a node says of itself. Nothing sleeps: faults begin when they are due, and each test waits for
 * the condition it is about. One cluster serves most tests; what a test breaks it waits to be whole again.
 */
import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AnswerMessage, RequestOptions } from "../../engine/messages";
import type { Client } from "../../engine/real/client";
import { type RunningRealFaults, scheduleFaults } from "../../engine/real/faults";
import { monotonicMicros } from "../../engine/real/monotonic";
import type { Address } from "../../engine/vocabulary/address";
import type { FaultAction, FaultLinks, FaultOccurrence, FaultSettings } from "../../engine/vocabulary/faults";
import { main } from "../../experiments/cli/main";
import type { FaultLane, TrialFigures } from "../../results/record/figures";
import type { TrialRecord } from "../../results/record/run-folder";
import { recordingIo } from "../experiments/recording-io";
import { address, get, LiveCluster, needsCompiledNodes, put, temporaryFolder } from "./live-cluster";
import { alive, processesNaming } from "./processes";
import { until } from "./until";

const QUICK: RequestOptions = { timeoutMs: 250 };
const BEYOND_MS = 60_000;
const links = (from: number, to: number): FaultLinks => ({
  from: [`node-${String(from + 1)}`],
  to: [`node-${String(to + 1)}`],
  bothWays: false,
});

describe("faults on real processes", function () {
  this.timeout(20_000);
  let live: LiveCluster;
  /** No partition reaches it. */
  let observer: Client;
  let client: Client;
  let under: RunningRealFaults | undefined;
  let failures: string[];
  let names = 0;

  before(async function () {
    needsCompiledNodes(this);
    live = await LiveCluster.start({
      storage: { kind: "lmdb", sync: "group" },
      engine: { readTimeoutMs: 300, writeTimeoutMs: 300, readRepair: "none" },
    });
    observer = await live.client();
    client = await live.client({ routing: "token-aware", graceMs: 100 });
  });
  beforeEach(() => {
    failures = [];
  });
  afterEach(async () => {
    under?.stop();
    await under?.settled();
    under = undefined;
    assert.deepEqual(failures, []);
  });
  after(async () => live?.end());

  const fresh = (): Address => address(`key-${String(++names)}`);
  const freshOwnedBy = (node: number): Address => {
    for (;;) {
      const key = fresh();
      if (live.owners(key)[0] === node) return key;
    }
  };
  const fault = (id: string, action: FaultAction, forMs?: number, atMs = 0): FaultSettings => ({
    id,
    atMs,
    forMs,
    action,
  });

  const schedule = (...faults: readonly FaultSettings[]): RunningRealFaults => {
    under = scheduleFaults({
      cluster: live.cluster,
      faults,
      origin: monotonicMicros(),
      failed: (why) => failures.push(why),
      partitioned: (partitions) => client.partitioned(partitions),
      revived: () => [client, observer].forEach((one) => one.moved(live.cluster.addresses())),
    });
    return under;
  };
  const begun = (id: string): Promise<FaultOccurrence> =>
    until(`${id} has begun`, async () => {
      const found = under!.occurrences().find((one) => one.id === id);
      if (found !== undefined) await under!.settled();
      return found;
    });
  const over = (id: string): Promise<FaultOccurrence> =>
    until(`${id} is over`, () => under!.occurrences().find((one) => one.id === id && one.toMicros !== undefined));
  /** Begins one fault, does something, and ends it. */
  const during = async (action: FaultAction, act: () => Promise<void>): Promise<void> => {
    const running = schedule(fault("it", action, BEYOND_MS));
    await begun("it");
    try {
      await act();
    } finally {
      running.finish();
      await running.settled();
    }
  };

  const putAs = (
    session: number | undefined,
    key: Address,
    options?: RequestOptions,
  ): Promise<AnswerMessage & { readonly writeId: number }> => {
    const writeId = live.writeId();
    return new Promise((resolve) => {
      client.put(
        key,
        "",
        { writeId, value: "v", tombstone: false },
        options,
        (answer) => resolve({ ...answer, writeId }),
        undefined,
        session,
      );
    });
  };
  /** Write ids of a key on one node; "failed" where it cannot be read. */
  const held = async (node: number, key: Address): Promise<readonly number[] | "failed" | undefined> =>
    (await until("the node answers", () => observer.inspect(node, [0], [key], 2_000))).held[0];
  const holds = (node: number, key: Address, writeId: number): Promise<boolean> =>
    until(`node ${String(node)} holds it`, async () => {
      const ids = await held(node, key);
      return ids !== undefined && ids !== "failed" && ids.includes(writeId);
    });
  const linked = async (): Promise<void> => {
    await until("a write reaches all", async () => {
      const key = fresh();
      return (await put(client, key, live.writeId(), "v", { w: 3, timeoutMs: 500 })).outcome === "ok";
    });
  };

  it("kill ends the process, and is over when it is up again on its data, linked and counting on", async () => {
    const key = fresh();
    const { writeId } = await putAs(0, key, { w: 3, dw: 3 });
    const pid = live.cluster.pid(1)!;
    const epoch = live.cluster.epoch(1);
    const before = (await live.cluster.counts())[1]!;
    schedule(fault("crash", { kind: "kill", nodes: ["node-2"], disk: "keep" }, 120));
    await until("the process is gone", () => !alive(pid) && !live.cluster.running(1));
    const answers = await Promise.all(Array.from({ length: 9 }, (_, i) => putAs(i, fresh(), { w: 2 })));
    for (const { outcome } of answers) assert.equal(outcome, "ok", "two of three are a quorum");
    const { fromMicros, toMicros } = await over("crash");
    assert.ok(live.cluster.running(1));
    assert.ok(toMicros! - fromMicros >= 119_000, "not before its length");
    assert.equal(live.cluster.epoch(1), epoch + 1);
    assert.deepEqual(await held(1, key), [writeId]);
    await linked();
    const after = (await live.cluster.counts())[1]!;
    assert.ok(after.replicaWrites > before.replicaWrites && after.messagesSent > before.messagesSent);
    const lost = live.cluster.lostWork();
    assert.equal(lost.length, 1);
    assert.ok(lost[0].unknownMicros < 100_000, "it told its counters before it was killed");
  });

  it("restart starts what a kill keeps down, and ends the kill", async () => {
    schedule(
      fault("crash", { kind: "kill", nodes: ["node-3"], disk: "keep" }),
      fault("up", { kind: "restart", nodes: ["node-3"] }, undefined, 60),
    );
    const up = await over("up");
    const crash = await over("crash");
    assert.ok(live.cluster.running(2));
    assert.ok(crash.toMicros! >= up.fromMicros);
    await linked();
  });

  it("wipe takes the records and leaves the count of boots", async () => {
    const key = fresh();
    await putAs(0, key, { w: 3, dw: 3 });
    const epoch = live.cluster.epoch(0);
    schedule(fault("gone", { kind: "wipe", nodes: ["node-1"] }));
    await over("gone");
    assert.equal(live.cluster.epoch(0), epoch + 1);
    assert.equal(await held(0, key), undefined);
    assert.equal(typeof (await held(1, key)), "object");
    await linked();
  });

  it("pause stops the process for longer than a request waits, and what arrived meanwhile is done after it", async () => {
    const key = freshOwnedBy(1);
    const stateOf = (pid: number): string => /\) (\w) /.exec(readFileSync(`/proc/${String(pid)}/stat`, "latin1"))![1];
    const pid = live.cluster.pid(1)!;
    schedule(fault("still", { kind: "pause", nodes: ["node-2"] }, BEYOND_MS));
    await begun("still");
    if (process.platform === "linux") await until("it is stopped", () => stateOf(pid) === "T");
    const asked = monotonicMicros();
    const { outcome, writeId, coordinator } = await putAs(0, key, { w: 1, timeoutMs: 150 });
    assert.equal(outcome, "timeout", `node ${String(coordinator)} answered`);
    under!.finish();
    const { toMicros } = await over("still");
    assert.ok(toMicros! - asked >= 250_000, "longer than the client waited");
    assert.equal(live.cluster.pid(1), pid, "the same process");
    await holds(1, key, writeId);
  });

  it("partition cuts nodes and the clients beside them, in both directions, and heals", async () => {
    const groups = [["node-1"], ["node-2", "node-3"]];
    await during({ kind: "partition", groups, oneWay: false, clients: "follow-nearest" }, async () => {
      const [mine, theirs] = [fresh(), fresh()];
      const alone = await putAs(0, mine, { w: 1, dw: 0 });
      assert.equal(alone.outcome, "ok");
      assert.equal(alone.coordinator, 0, "session 0 stands with node-1");
      assert.notEqual((await putAs(2, mine, { w: 2, ...QUICK })).outcome, "ok");
      const together = await putAs(1, theirs, { w: 2 });
      assert.equal(together.outcome, "ok");
      assert.notEqual(together.coordinator, 0);
      assert.equal(await held(0, theirs), undefined);
      assert.equal(await held(1, mine), undefined);
      assert.equal(await held(2, mine), undefined);
    });
    assert.equal((await putAs(0, fresh(), { w: 3 })).outcome, "ok");
  });

  it("a one-way partition swallows answers: what was asked may have happened", async () => {
    const key = freshOwnedBy(0);
    const action: FaultAction = {
      kind: "partition",
      groups: [["node-1"], ["node-2", "node-3"]],
      oneWay: true,
      clients: { group: 1 },
    };
    await during(action, async () => {
      const { outcome, writeId } = await putAs(0, key, { w: 1, dw: 0, ...QUICK });
      assert.equal(outcome, "timeout");
      await holds(0, key, writeId);
    });
  });

  it("clients cut off from every node send nothing, which is a definite failure", async () => {
    const action: FaultAction = {
      kind: "partition",
      groups: [["all"], []],
      oneWay: false,
      clients: { group: 1 },
    };
    await during(action, async () => assert.equal((await putAs(0, fresh())).outcome, "not_sent"));
  });

  it("a node that starts in a partition is in it from its first message", async () => {
    const key = fresh();
    const action: FaultAction = { kind: "partition", groups: [["node-1"], ["all"]], oneWay: false, clients: "all" };
    schedule(fault("split", action, BEYOND_MS), fault("crash", { kind: "wipe", nodes: ["node-1"] }, undefined, 20));
    await over("crash");
    assert.equal((await putAs(0, key, { w: 2 })).outcome, "ok");
    const sent = (await live.cluster.counts())[0]!.messagesSent;
    const heard = await Promise.all(
      Array.from({ length: 10 }, async () => (await put(observer, fresh(), live.writeId(), "v", { w: 1 })).outcome),
    );
    assert.equal(heard.filter((outcome) => outcome === "ok").length > 0, true);
    assert.equal(await held(0, key), undefined);
    assert.equal((await live.cluster.counts())[0]!.messagesSent, sent, "everything it says is swallowed");
    under!.finish();
    await under!.settled();
    await linked();
  });

  it("hold keeps messages back; release lets go those of its links, the end all others", async () => {
    const key = freshOwnedBy(0);
    const hold: FaultAction = { kind: "hold", links: { from: ["node-1"], to: ["all"], bothWays: false } };
    await during(hold, async () => {
      const { outcome, writeId } = await putAs(0, key, { w: 1, dw: 0 });
      assert.equal(outcome, "ok");
      // A message of the same instant that no rule holds back has long arrived.
      assert.equal((await putAs(0, freshOwnedBy(1), { w: 2 })).outcome, "ok");
      assert.deepEqual([await held(1, key), await held(2, key)], [undefined, undefined]);
      under!.begin(fault("let go", { kind: "release", links: links(0, 1) }));
      await holds(1, key, writeId);
      assert.equal(await held(2, key), undefined);
      under!.finish();
      await holds(2, key, writeId);
    });
  });

  it("loss, delay and duplicate do to a link what they say, and to no other", async () => {
    const key = freshOwnedBy(0);
    await during({ kind: "loss", links: links(0, 1), share: 1 }, async () => {
      const { writeId } = await putAs(0, key, { w: 2 });
      await holds(2, key, writeId);
      assert.equal(await held(1, key), undefined);
    });
    const extra = { dist: "constant" as const, valueMs: 70 };
    await during({ kind: "delay", links: { from: ["node-1"], to: ["all"], bothWays: true }, extra }, async () => {
      const asked = monotonicMicros();
      assert.equal((await putAs(0, freshOwnedBy(0), { w: 2 })).outcome, "ok");
      assert.ok(monotonicMicros() - asked >= 2 * 69_000, "there and back");
    });
    await during({ kind: "duplicate", links: links(0, 1), share: 1 }, async () => {
      const writes = async (): Promise<number> => (await live.cluster.counts())[1]!.replicaWrites;
      const before = await writes();
      assert.equal((await putAs(0, freshOwnedBy(0), { w: 3 })).outcome, "ok");
      await until("the second copy has arrived", async () => (await writes()) - before >= 2);
    });
  });

  it("slow-node takes its time for each message", async () => {
    const key = freshOwnedBy(0);
    const took = async (): Promise<number> => {
      const asked = monotonicMicros();
      for (let i = 0; i < 12; i++) assert.equal((await get(client, key, { r: 1, timeoutMs: 5_000 })).outcome, "ok");
      return monotonicMicros() - asked;
    };
    const sound = await took();
    await during({ kind: "slow-node", nodes: ["node-1"], factor: 300 }, async () => {
      const slow = await took();
      assert.ok(slow > 3 * sound, `${String(slow)} us against ${String(sound)} us`);
    });
  });

  it("slow-disk makes loads and stores late", async () => {
    const key = freshOwnedBy(0);
    const fastest = async (): Promise<number> => {
      let best = Infinity;
      for (let i = 0; i < 5; i++) {
        const asked = monotonicMicros();
        await get(client, key, { r: 3, timeoutMs: 5_000 });
        best = Math.min(best, monotonicMicros() - asked);
      }
      return best;
    };
    const sound = await fastest();
    await during({ kind: "slow-disk", nodes: ["node-3"], factor: 400 }, async () => {
      const slow = await fastest();
      assert.ok(slow > 30_000 && sound < 30_000, `an access of 0.1 ms takes 40: ${String(slow)}, ${String(sound)} us`);
    });
  });

  it("overload has the node do what nobody's workload asks for, at its rate, and leaves nothing behind in it", async () => {
    const before = await live.cluster.counts();
    const running = schedule(fault("crowd", { kind: "overload", nodes: ["node-1"], ratePerSecond: 1_000 }, BEYOND_MS));
    await begun("crowd");
    const sent = async (): Promise<number> => {
      await running.settled();
      return running.occurrences()[0].requests!.sent;
    };
    await until("it is well under way", async () => (await sent()) >= 300);
    running.finish();
    await running.settled();
    const { fromMicros, toMicros } = running.occurrences()[0];
    const counted = await until("every request has come to an end", async () => {
      await running.settled();
      const { requests } = running.occurrences()[0];
      return requests!.answered + requests!.refused + requests!.unanswered === requests!.sent ? requests : undefined;
    });
    const due = (toMicros! - fromMicros) / 1_000;
    // From when the process was told until it was told again; on a busy machine the words take their time either way.
    assert.ok(counted.sent > due / 3 && counted.sent < 1.5 * due + 100, `${String(counted.sent)} of ${String(due)}`);
    assert.deepEqual([counted.answered, counted.dropped], [counted.sent, 0]);
    const after = await live.cluster.counts();
    const more = (field: "coordinated" | "keysHeld" | "replicaReads", node: number): number =>
      after[node]![field] - before[node]![field];
    assert.equal(more("coordinated", 0), counted.sent, "by the node itself");
    assert.deepEqual([more("coordinated", 1), more("coordinated", 2)], [0, 0]);
    assert.ok(more("replicaReads", 0) >= counted.sent);
    assert.deepEqual(
      [0, 1, 2].map((node) => more("keysHeld", node)),
      [0, 0, 0],
    );
    assert.ok((await running.loadCpuMs()) > 0);
  });

  it("disk-full refuses stores and still reads; disk-error fails both", async () => {
    const key = fresh();
    const { writeId } = await putAs(0, key, { w: 3, dw: 3 });
    await during({ kind: "disk-full", nodes: ["all"] }, async () => {
      assert.notEqual((await putAs(0, key, { w: 1, ...QUICK })).outcome, "ok");
      const { outcome, versions } = await get(client, key, { r: 3 });
      assert.equal(outcome, "ok");
      // What could not be stored is remembered by whoever made it, but by nobody else.
      assert.ok(versions.some((version) => version.writeId === writeId));
      assert.deepEqual((await held(2, key)) === "failed", false);
    });
    const other = fresh();
    await putAs(0, other, { w: 3, dw: 3 });
    await during({ kind: "disk-error", nodes: ["all"], share: 1 }, async () => {
      assert.notEqual((await get(client, other, { r: 1, ...QUICK })).outcome, "ok");
      assert.equal(await held(0, other), "failed");
    });
    assert.equal(((await held(0, other)) as readonly number[]).length, 1, "what was stored is still there");
  });

  it("damaged records are found by their checksum and never served: torn, lost and rotten ones", async () => {
    for (const damage of ["torn", "lost", "corrupt"] as const) {
      const key = fresh();
      const action: FaultAction = { kind: "torn-write", nodes: ["node-2"], share: 1, damage };
      if (damage === "corrupt") {
        await putAs(0, key, { w: 3, dw: 3 });
        schedule(fault("rot", action));
        await over("rot");
      } else
        await during(action, async () => {
          assert.equal((await putAs(0, key, { w: 3, dw: 3 })).outcome, "ok", `${damage}: acknowledged all the same`);
        });
      await until(`node-2's record is ${damage}`, async () => (await held(1, key)) === "failed");
      assert.equal(typeof (await held(2, key)), "object");
    }
    schedule(fault("new disk", { kind: "wipe", nodes: ["node-2"] }));
    await over("new disk");
    await linked();
  });

  it("records rot while their node is down, too", async () => {
    const key = fresh();
    await putAs(0, key, { w: 3, dw: 3 });
    const rot: FaultAction = { kind: "torn-write", nodes: ["node-3"], share: 1, damage: "corrupt" };
    schedule(fault("crash", { kind: "kill", nodes: ["node-3"], disk: "keep" }, 80), fault("rot", rot, undefined, 40));
    await over("crash");
    assert.equal(await held(2, key), "failed");
    schedule(fault("new disk", { kind: "kill", nodes: ["node-3"], disk: "wipe" }, 10));
    await over("new disk");
    assert.equal(await held(2, key), undefined);
    await linked();
  });

  it("overlapping kills and pauses of one node end as the last of them says", async () => {
    const kill: FaultAction = { kind: "kill", nodes: ["node-2"], disk: "keep" };
    const pause: FaultAction = { kind: "pause", nodes: ["node-2"] };
    schedule(fault("still", pause, 500), fault("a", kill, 60, 20), fault("b", kill, 120, 40));
    const [still, a, b] = [await over("still"), await over("a"), await over("b")];
    assert.ok(still.toMicros! <= b.fromMicros + 100_000, "a killed process takes its pause along");
    assert.ok(b.toMicros! > a.toMicros!);
    assert.ok(live.cluster.running(1));
    await linked();
  });

  it("a node that cannot start again is told, by name and with the reason", async () => {
    const home = join(live.directory, "node-3", "lmdb");
    schedule(fault("crash", { kind: "kill", nodes: ["node-3"], disk: "wipe" }, 150));
    await until("its disk is gone", () => !live.cluster.running(2) && !existsSync(home));
    writeFileSync(home, "no folder");
    await until("it failed", () => failures.length > 0);
    assert.match(failures[0], /^a fault could not be carried out on node-3: node-3 did not start: .*(EEXIST|exists)/);
    assert.equal(failures.length, 1);
    failures = [];
    rmSync(home);
    await live.cluster.revive(2);
    client.moved(live.cluster.addresses());
    observer.moved(live.cluster.addresses());
    await linked();
  });
});

describe("wall time of real processes under faults", function () {
  this.timeout(20_000);

  it("jumps and stays, is off by a skew while it lasts, and gains by a drift", async function () {
    needsCompiledNodes(this);
    const live = await LiveCluster.start({ engine: { clock: "lww", coordinator: "replica" } });
    try {
      const client = await live.client({ routing: "token-aware" });
      const begin = (...actions: FaultAction[]): RunningRealFaults =>
        scheduleFaults({
          cluster: live.cluster,
          faults: actions.map((action, i) => ({ id: `f${String(i)}`, atMs: 0, forMs: BEYOND_MS, action })),
          origin: monotonicMicros(),
          failed: (why) => assert.fail(why),
        });
      /** Whether a write through node-1 is overwritten by a later one through node-2. */
      const laterWins = async (name: string): Promise<boolean> => {
        const [first, second] = [live.writeId(), live.writeId()];
        const key = address(name);
        const through = async (node: number, writeId: number): Promise<void> => {
          const one = await live.client({ routing: "any", addresses: [live.cluster.addresses()[node]] });
          assert.equal((await put(one, key, writeId, "v", { w: 3 })).outcome, "ok");
        };
        await through(0, first);
        await through(1, second);
        const { versions } = await get(client, key, { r: 3 });
        return versions.length === 1 && versions[0].writeId === second;
      };
      assert.equal(await laterWins("sound"), true);
      const skew = begin({ kind: "clock-skew", nodes: ["node-2"], offsetMs: -60_000 });
      await until("it has begun", () => skew.occurrences().length === 1);
      await skew.settled();
      assert.equal(await laterWins("skewed"), false);
      skew.finish();
      await skew.settled();
      assert.equal(await laterWins("sound again"), true);
      const jump = begin({ kind: "clock-jump", nodes: ["node-2"], offsetMs: -60_000 });
      await until("it has happened", () => jump.occurrences().length === 1);
      await jump.settled();
      jump.finish();
      await jump.settled();
      assert.equal(await laterWins("jumped"), false);
      await live.cluster.restart(1);
      client.moved(live.cluster.addresses());
      assert.equal(await laterWins("a clock goes on while its process is down"), false);
      const { wall } = live.cluster.condition(1);
      const drift = begin({ kind: "clock-drift", nodes: ["node-2"], ppm: 100_000 });
      await until("it has begun", () => drift.occurrences().length === 1);
      drift.finish();
      await drift.settled();
      const after = live.cluster.condition(1).wall;
      assert.equal(after.ppm, wall.ppm);
      assert.ok(after.offset > wall.offset && after.offset < wall.offset + 1_000_000, "what it has gained stays");
    } finally {
      await live.end();
    }
  });
});

describe("faults that are under way when everything ends", function () {
  this.timeout(20_000);

  it("leave no process behind: one stands still, one is just being started, one overloads another", async function () {
    needsCompiledNodes(this);
    const live = await LiveCluster.start();
    try {
      const before = live.cluster.pid(1)!;
      const running = scheduleFaults({
        cluster: live.cluster,
        faults: [
          { id: "still", atMs: 0, forMs: undefined, action: { kind: "pause", nodes: ["node-1"] } },
          { id: "crash", atMs: 0, forMs: 1, action: { kind: "kill", nodes: ["node-2"], disk: "keep" } },
          { id: "crowd", atMs: 0, forMs: undefined, action: { kind: "overload", nodes: ["all"], ratePerSecond: 100 } },
        ],
        origin: monotonicMicros(),
        failed: (why) => assert.fail(why),
      });
      await until("it starts again", () => {
        const pid = live.cluster.pid(1);
        return pid !== undefined && pid !== before;
      });
      assert.equal(processesNaming(live.settings.name).length, 1, "the one that overloads");
      running.stop();
      await until("it is gone", () => processesNaming(live.settings.name).length === 0);
    } finally {
      await live.end();
    }
  });
});

const HURT = `schema: quorumlab/experiment@1
name: hurt
title: One list of faults in both worlds
world: [simulation, processes]
seed: 7
cluster: {nodes: 3, storage: lmdb}
network: {intra_zone: 1ms, client: 1ms}
tunables: {timeout: {read: 200ms, write: 200ms}}
workload: {model: open, rate: 40/s, clients: 4, mix: {read: 0.5, update: 0.5}, keys: {count: 10}, value_size: 20B}
phases: {warmup: 100ms, measure: 1500ms, drain: 400ms}
measure: {interval: 100ms}
repetitions: {count: 1}
faults:
  - {id: split, kind: partition, at: 150ms, for: 300ms, groups: [[node-1], [node-2, node-3]], clients: follow-nearest}
  - {id: late, kind: delay, links: all, at: 250ms, for: 400ms, extra: 1ms}
  - {id: crowd, kind: overload, node: node-2, at: 300ms, for: 200ms, rate: 500/s}
  - {id: crash, kind: kill, node: node-3, at: 350ms, for: 100ms}
  - {id: jump, kind: clock-jump, node: node-1, at: 450ms, offset: 1s}
  - {id: full, kind: disk-full, node: node-1, at: 550ms, for: 200ms}
  - {id: still, kind: pause, node: node-2, at: 650ms, for: 200ms}
  - {id: dead, kind: kill, node: node-1, at: 1400ms}
`;

describe("one list of faults in both worlds", function () {
  this.timeout(30_000);

  it("ends with the same occurrences: kinds, targets, order, and what never ended (long)", async function () {
    needsCompiledNodes(this);
    const root = temporaryFolder();
    try {
      writeFileSync(join(root, "hurt.yaml"), HURT);
      const io = recordingIo(root);
      // A busy machine makes the trial on processes invalid, and the run undecided; its faults are what they are.
      assert.equal(await main(["run", join(root, "hurt.yaml"), "-o", root, "-j", "1", "--exit-zero"], io), 0, io.err());
      const trials = join(root, "hurt", "trials");
      const [a, b] = readdirSync(trials).map((id) => {
        const read = (name: string): unknown => JSON.parse(readFileSync(join(trials, id, name), "utf8"));
        const { faults, load } = read("figures.json") as Pick<TrialFigures, "faults" | "load">;
        return { world: (read("trial.json") as TrialRecord).world, lanes: faults ?? [], load };
      });
      const [simulated, real] = a.world === "simulation" ? [a, b] : [b, a];
      assert.deepEqual([simulated.world, real.world], ["simulation", "processes"]);
      const essence = (lanes: readonly FaultLane[]): unknown =>
        lanes.map(({ id, kind, what, toS }) => [id, kind, what, toS === null ? "never ended" : "ended"]);
      assert.equal(simulated.lanes.length, 8);
      assert.deepEqual(essence(real.lanes), essence(simulated.lanes));
      for (const [i, { id, fromS, toS }] of simulated.lanes.entries()) {
        const lane = real.lanes[i];
        assert.ok(lane.fromS >= fromS - 0.001, `${id} does not begin early`);
        assert.ok(toS === null || lane.toS! >= toS - 0.001, `${id} does not end early`);
      }
      const sent = (lanes: readonly FaultLane[]): number => lanes.find(({ id }) => id === "crowd")!.requests!.sent;
      assert.equal(sent(simulated.lanes), 100);
      assert.ok(sent(real.lanes) > 50, `${String(sent(real.lanes))} of about 100`);
      assert.equal(real.load.length, 3, "nodes that were killed tell what they did, too");
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

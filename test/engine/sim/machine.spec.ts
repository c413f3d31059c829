import { strict as assert } from "node:assert";
import { Effects, type Input } from "../../../engine/io";
import { NOTHING_DONE } from "../../../engine/node";
import { EventQueue } from "../../../engine/sim/event-queue";
import { Machine, type MachineOptions } from "../../../engine/sim/machine";
import { distributionOf } from "../../../engine/vocabulary/distributions";
import { Random } from "../../../engine/vocabulary/random";
import { Bench, settings } from "./settings";

const exponential = (meanMs: number): MachineOptions["service"] =>
  distributionOf({ dist: "exponential", meanMs, shiftMs: 0 });
const constant = (valueMs: number): NonNullable<MachineOptions["service"]> =>
  distributionOf({ dist: "constant", valueMs });

/** A machine that runs nothing but a node that notes when it gets to see which message. */
class Bare {
  readonly queue = new EventQueue();
  readonly machine: Machine;
  now = 0;
  /** By number of the message: when the node saw it. */
  readonly seen = new Map<number, number>();
  readonly order: number[] = [];
  readonly still: string[] = [];
  readonly wakeups: number[] = [];

  constructor(options: Partial<MachineOptions>, nextWakeup: (now: number) => number | undefined = () => undefined) {
    const effects = new Effects();
    this.machine = new Machine(
      {
        now: () => this.now,
        send: () => undefined,
        answer: () => undefined,
        at: (time, act) => this.queue.schedule(time, 1, 0, 0, 0, act),
        cancel: (handle) => void this.queue.cancel(handle),
        wakeAt: (time, _, life) => this.queue.schedule(time, 1, 0, 0, 0, () => this.machine.wake(life)),
        servedAt: (time, _, life, input) =>
          void this.queue.schedule(time, 1, 0, 0, 0, () => this.machine.served(life, input)),
        noted: () => undefined,
        stoodStill: () => this.still.push(`${String(this.now)} still`),
        wentOn: () => this.still.push(`${String(this.now)} on`),
      },
      {
        index: 0,
        nodeOptions: {
          index: 0,
          settings: settings().engine,
          loopback: false,
          tracing: false,
        } as MachineOptions["nodeOptions"],
        create: () => ({
          step: (_, input: Input) => {
            if (input.kind === "woken") this.wakeups.push(this.now);
            if (input.kind !== "link-up") return;
            this.seen.set(input.node, this.now);
            this.order.push(input.node);
          },
          nextWakeup: () => nextWakeup(this.now),
          takeEffects: () => effects,
          count: () => ({ ...NOTHING_DONE }),
        }),
        disk: undefined,
        service: undefined,
        workers: 1,
        queueLimit: Infinity,
        speed: 1,
        random: Random.fromSeed("service"),
        pauses: undefined,
        ...options,
      },
    );
    this.machine.boot();
  }

  run(until: number): void {
    for (let next = this.queue.nextTime(); next !== undefined && next <= until; next = this.queue.nextTime()) {
      this.queue.take();
      this.now = this.queue.at;
      (this.queue.payload as () => void)();
    }
    this.now = until;
  }

  /** Message number `number` arrives now. */
  arrive(number: number): string {
    return this.machine.arrive({ kind: "link-up", node: number }, this.now);
  }
}

/** Poisson arrivals at `perMs`; mean time from arrival to the end of service, and the share that was dropped. */
function load(options: Partial<MachineOptions>, perMs: number, count: number): { meanMs: number; dropped: number } {
  const bare = new Bare(options);
  const random = Random.fromSeed("arrivals");
  const gap = distributionOf({ dist: "exponential", meanMs: 1 / perMs, shiftMs: 0 });
  const arrived: number[] = [];
  let dropped = 0;
  for (let i = 0; i < count; i++) {
    bare.run(bare.now + gap.sample(random));
    arrived.push(bare.now);
    if (bare.arrive(i) === "queue-full") dropped++;
  }
  bare.run(bare.now + 10_000_000);
  assert.equal(bare.seen.size, count - dropped, "whatever was taken is served");
  assert.equal(bare.machine.queueDrops, dropped);
  let sum = 0;
  for (const [i, at] of bare.seen) sum += at - arrived[i];
  return { meanMs: sum / bare.seen.size / 1_000, dropped: dropped / count };
}

function assertClose(measured: number, expected: number, tolerance: number): void {
  const off = Math.abs(measured / expected - 1);
  assert.ok(off < tolerance, `${String(measured)} against ${String(expected)}: off by ${String(off)}`);
}

/** Probability that all c workers are busy (Erlang's C), at load a = arrivals x service. */
function erlangC(c: number, a: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < c; k++) sum += term *= a / k;
  const last = (term * a) / c / (1 - a / c);
  return last / (sum + last);
}

describe("a simulated machine under load", () => {
  it("is an M/M/1 queue: mean response 1 / (mu - lambda)", () => {
    assertClose(load({ service: exponential(1) }, 0.7, 200_000).meanMs, 1 / (1 - 0.7), 0.03);
  });

  it("is an M/M/c queue with several workers, after Erlang", () => {
    const c = 4;
    const perMs = 3.2;
    const expected = erlangC(c, perMs) / (c - perMs) + 1;
    assertClose(load({ service: exponential(1), workers: c }, perMs, 200_000).meanMs, expected, 0.03);
  });

  it("drops what its queue cannot hold, as M/M/1/K does, and counts it", () => {
    const rho = 0.9;
    const places = 5;
    const blocked = ((1 - rho) * rho ** places) / (1 - rho ** (places + 1));
    const { dropped } = load({ service: exponential(1), queueLimit: places - 1 }, rho, 100_000);
    assertClose(dropped, blocked, 0.05);
  });

  it("serves in order of arrival, and still does after thousands", () => {
    const bare = new Bare({ service: constant(1) });
    for (let i = 0; i < 5_000; i++) bare.arrive(i);
    bare.run(5_000_000);
    assert.deepEqual(
      bare.order,
      Array.from({ length: 5_000 }, (_, i) => i),
    );
    assert.equal(bare.seen.get(4_999), 5_000_000);
  });

  it("is quicker by its speed and slower by a fault's factor", () => {
    const bare = new Bare({ service: constant(12), speed: 3 });
    bare.arrive(1);
    bare.run(100_000);
    assert.equal(bare.seen.get(1), 4_000);
    bare.machine.slowness = 5;
    bare.arrive(2);
    bare.run(200_000);
    assert.equal(bare.seen.get(2), 120_000);
  });
});

describe("a simulated machine that stands still", () => {
  it("takes nothing while it does, and everything in order when it goes on", () => {
    const bare = new Bare({}, (now) => now + 10);
    bare.arrive(1);
    bare.machine.pause();
    bare.now = 5;
    for (const number of [2, 3, 4]) assert.equal(bare.arrive(number), "taken");
    bare.run(1_000);
    assert.deepEqual(bare.order, [1]);
    assert.deepEqual(bare.wakeups, [], "nor does it notice time passing");
    bare.machine.resume();
    assert.deepEqual(bare.order, [1, 2, 3, 4]);
    assert.deepEqual(bare.wakeups, [1_000]);
    assert.equal(bare.seen.get(2), 1_000);
  });

  it("finishes afterwards what a worker was busy with", () => {
    const bare = new Bare({ service: constant(1) });
    bare.arrive(1);
    bare.arrive(2);
    bare.machine.pause();
    bare.run(10_000);
    assert.deepEqual(bare.order, []);
    bare.machine.resume();
    bare.run(20_000);
    assert.deepEqual(
      [...bare.seen],
      [
        [1, 10_000],
        [2, 11_000],
      ],
    );
  });

  it("pauses by itself as often and as long as drawn", () => {
    const bare = new Bare({
      pauses: { every: constant(100), length: constant(10), random: Random.fromSeed("pauses") },
    });
    bare.run(105_000);
    bare.arrive(1);
    bare.run(1_000_000);
    assert.equal(bare.seen.get(1), 110_000);
    assert.deepEqual(bare.still.slice(0, 4), ["100000 still", "110000 on", "210000 still", "220000 on"]);
    assert.equal(bare.machine.collections, 9);
  });

  it("stands still while it is stopped or collecting, whichever ends last", () => {
    const pauses = { every: constant(100), length: constant(10), random: Random.fromSeed("pauses") };
    for (const [stopAt, resumeAt, seenAt] of [
      [90_000, 105_000, 110_000],
      [105_000, 150_000, 150_000],
      [102_000, 108_000, 110_000],
    ]) {
      const bare = new Bare({ pauses });
      bare.run(stopAt);
      bare.machine.pause();
      bare.run(103_000);
      bare.run(Math.max(bare.now, stopAt));
      bare.arrive(1);
      bare.run(resumeAt);
      bare.machine.resume();
      bare.run(200_000);
      assert.equal(bare.seen.get(1), seenAt);
    }
  });

  it("that dies in a pause forgets it, and what waited", () => {
    const bare = new Bare({
      pauses: { every: constant(100), length: constant(50), random: Random.fromSeed("pauses") },
    });
    bare.run(101_000);
    bare.arrive(1);
    bare.machine.pause();
    bare.machine.kill();
    assert.equal(bare.arrive(2), "node-down");
    bare.run(102_000);
    bare.machine.boot();
    assert.equal(bare.machine.paused, false);
    bare.arrive(3);
    assert.deepEqual(bare.order, [3]);
    bare.run(203_000);
    assert.ok(bare.machine.paused, "the next life collects on its own time");
  });
});

describe("a simulated machine's lives", () => {
  it("raise the boot epoch, and nothing of an earlier life reaches a later one", () => {
    const bare = new Bare({ service: constant(5) }, (now) => now + 1_000);
    assert.equal(bare.machine.epoch, 1);
    bare.arrive(1);
    bare.arrive(2);
    bare.run(500);
    bare.machine.kill();
    bare.machine.kill();
    bare.run(600);
    bare.machine.boot();
    bare.machine.boot();
    assert.equal(bare.machine.epoch, 2);
    // Sent to the earlier life, on its way while it died.
    assert.equal(bare.machine.arrive({ kind: "link-up", node: 3 }, 599), "node-down");
    assert.equal(bare.machine.arrive({ kind: "link-up", node: 4 }, 600), "taken");
    bare.run(20_000);
    assert.deepEqual(bare.order, [4]);
    assert.equal(bare.wakeups[0], 1_600, "nor do its alarms");
  });

  it("count together", () => {
    const bench = new Bench();
    assert.equal(bench.wait(bench.put("k")).outcome, "ok");
    const before = bench.cluster.counts(0)!;
    bench.cluster.kill(0);
    assert.deepEqual(bench.cluster.counts(0)!.coordinated, before.coordinated);
    const { steps } = bench.cluster;
    bench.cluster.boot(0);
    bench.runMs(300);
    assert.ok(bench.cluster.steps > steps);
    for (let i = 0; i < 6; i++) bench.wait(bench.put(`k${String(i)}`));
    assert.ok(bench.cluster.counts(0)!.replicaWrites > before.replicaWrites);
  });

  it("add up what was done, and keep what is so now: hints that a former life had are its disk's, not twice there", () => {
    const counts = { ...NOTHING_DONE, replicaWrites: 3, hintsWritten: 3, hintsHeld: 2, hintBytesHeld: 80 };
    const nothing = new Effects();
    const bare = new Bare({
      create: () => ({
        step: () => undefined,
        nextWakeup: () => undefined,
        takeEffects: () => nothing,
        count: () => ({ ...counts }),
      }),
    });
    bare.machine.kill();
    assert.deepEqual(bare.machine.count(), counts, "as it said last");
    bare.machine.boot();
    assert.deepEqual(bare.machine.count(), { ...counts, replicaWrites: 6, hintsWritten: 6 });
  });

  it("never make one dot twice: a key written before and after a crash keeps both writers' versions apart", () => {
    const bench = new Bench({ engine: { nVal: 1, r: 1, w: 1, dw: 0 } });
    // Memory: a crash loses the key, so a counter that went on from what is stored would start again.
    const first = bench.wait(bench.put("k", "one"));
    assert.equal(first.outcome, "ok");
    for (let node = 0; node < 3; node++) bench.cluster.kill(node);
    for (let node = 0; node < 3; node++) bench.cluster.boot(node);
    bench.runMs(1_000);
    // A dot that was made twice would be in the context already, and this write would be taken for known.
    const second = bench.wait(bench.put("k", "two", first.context));
    assert.equal(second.outcome, "ok");
    assert.notEqual(second.context, first.context);
    assert.deepEqual(
      bench.wait(bench.get("k")).versions.map(({ value }) => value),
      ["two"],
    );
  });
});

describe("a simulated machine's wall time", () => {
  it("goes with virtual time, from a date far from zero", () => {
    const bare = new Bare({});
    const start = bare.machine.wallTime(0);
    assert.ok(start > 1e15);
    assert.equal(bare.machine.wallTime(123_456) - start, 123_456);
  });

  it("is off by its skew, gains its drift, and keeps what it gained when the drift changes", () => {
    const bare = new Bare({});
    const off = (): number => bare.machine.wallTime(bare.now) - new Bare({}).machine.wallTime(bare.now);
    bare.machine.setWall(-7_000, 100);
    assert.equal(off(), -7_000);
    bare.run(10_000_000);
    assert.equal(off(), -6_000);
    bare.machine.setWall(500, -50);
    assert.equal(off(), -5_500);
    bare.run(20_000_000);
    assert.equal(off(), -6_000);
    bare.machine.setWall(0, 0);
    bare.run(90_000_000);
    assert.equal(off(), -6_000);
  });

  it("is drawn for each node from the seed: skew with either sign, drift up to its bound", () => {
    const nodeModel = {
      service: {},
      workers: 1,
      queueLimit: 1_000,
      clockSkew: { dist: "constant", valueMs: 20 },
      clockDriftPpm: 200,
    } as const;
    const { cluster } = new Bench({
      nodeModel,
      members: Array.from({ length: 12 }, (_, i) => ({ id: `node-${String(i + 1)}`, zone: "a", weight: 1 })),
    });
    const right = new Bench().cluster.machines[0];
    const skews = cluster.machines.map((machine) => machine.wallTime(0) - right.wallTime(0));
    assert.deepEqual([...new Set(skews)].sort(), [-20_000, 20_000]);
    const drifts = cluster.machines.map(({ driftPpm }) => driftPpm);
    assert.ok(drifts.every((ppm) => Math.abs(ppm) <= 200));
    assert.equal(new Set(drifts).size, 12);
  });

  it("reaches the logical clock that believes in it", () => {
    const bench = new Bench({
      engine: { clock: "lww", coordinator: "any", nVal: 1, r: 1, w: 1 },
      members: [{ id: "node-1", zone: "a", weight: 1 }],
    });
    bench.cluster.machines[0].setWall(5_000_000, 0);
    const { context } = bench.wait(bench.put("k"));
    const stamp = Number(context.slice(1));
    const { machine } = new Bare({});
    assert.ok(Math.abs(stamp - machine.wallTime(bench.cluster.now()) - 5_000_000) < 50_000, context);
  });
});

/**
 * The one timer question of a node, on both arms: a host with a world's alarm wakes its node at the instant the node asked
 * for, or as soon after as that world can; in virtual time exactly then. The node here is a sleeper that wants what a test
 * tells it to want, so that only host and alarm are under test. A world may wake too early, never for ever: such a wake-up
 * must lead to another one.
 */
import { strict as assert } from "node:assert";
import { Host } from "../../engine/host/host";
import { Effects, type Input } from "../../engine/io";
import { NOTHING_DONE } from "../../engine/node";
import { TimerAlarm } from "../../engine/real/monotonic";
import { SimulatedCluster } from "../../engine/sim/cluster";
import type { RunningNode } from "../../engine/sim/machine";
import type { Micros } from "../../engine/vocabulary/micros";
import { members, settings } from "../engine/sim/settings";
import { until } from "../process/until";

const MS = 1_000;
const DAY: Micros = 86_400 * 1_000 * MS;

/** Wants to be woken when a test says so. */
class Sleeper implements RunningNode {
  wants: Micros | undefined;
  /** Every wake-up, and those that came when the wish was due. */
  readonly woken: Micros[] = [];
  readonly due: { readonly wanted: Micros; readonly at: Micros }[] = [];
  act: ((now: Micros) => void) | undefined;
  /** What it goes on to want after each fulfilled wish. */
  next: ((now: Micros) => Micros | undefined) | undefined;
  stepping = false;
  private readonly nothing = new Effects();

  step(now: Micros, input: Input): void {
    assert.equal(this.stepping, false, "a step is never entered from within a step");
    this.stepping = true;
    const { act } = this;
    this.act = undefined;
    if (input.kind !== "woken") act?.(now);
    else {
      this.woken.push(now);
      if (this.wants !== undefined && now >= this.wants) {
        this.due.push({ wanted: this.wants, at: now });
        this.wants = this.next?.(now);
      }
    }
    this.stepping = false;
  }

  nextWakeup(): Micros | undefined {
    return this.wants;
  }

  takeEffects(): Effects {
    return this.nothing;
  }

  count(): ReturnType<RunningNode["count"]> {
    return { ...NOTHING_DONE };
  }
}

interface Arm {
  readonly sleeper: Sleeper;
  /** Wakes at the very instant. */
  readonly exact: boolean;
  now(): Micros;
  /** An input that lets the sleeper `act` in a step. */
  poke(act: (now: Micros) => void): void;
  until(what: string, condition: () => boolean): Promise<void>;
  /** The process ends. */
  stop(): void;
}

/** Any input that asks nothing of a node. */
const POKE: Input = { kind: "link-up", node: 0 };

function onTheSystemsTimer(): Arm {
  const sleeper = new Sleeper();
  const alarm = new TimerAlarm();
  const nowhere = (): never => assert.fail("a sleeper sends and stores nothing");
  const host = new Host(sleeper, {
    transport: { send: nowhere, answer: nowhere },
    storage: { immediate: true, load: nowhere, store: nowhere, scan: nowhere, range: nowhere, count: () => 0 },
    alarm,
    note: () => undefined,
  });
  host.start();
  return {
    sleeper,
    exact: false,
    now: () => alarm.now(),
    poke: (act) => {
      sleeper.act = act;
      host.deliver(POKE);
    },
    until: async (what, condition) => {
      await until(what, condition);
    },
    stop: () => {
      host.stop();
      alarm.cancel();
    },
  };
}

function inVirtualTime(): Arm {
  const sleeper = new Sleeper();
  const detector = { name: "perfect", heartbeatIntervalMs: 100, timeoutMs: 500 };
  const cluster = new SimulatedCluster({
    cluster: settings({ members: members(1), engine: { nVal: 1, detector } }),
    create: () => sleeper,
  });
  return {
    sleeper,
    exact: true,
    now: () => cluster.now(),
    poke: (act) => {
      sleeper.act = act;
      cluster.machines[0].tell(POKE);
    },
    until: (what, condition) => {
      const end = cluster.now() + 8_000 * MS;
      while (!condition()) {
        assert.ok(cluster.now() < end, `not within 8 s: ${what}`);
        cluster.at(cluster.now() + MS, () => undefined);
        cluster.run(cluster.now() + MS);
      }
      return Promise.resolve();
    },
    stop: () => cluster.kill(0),
  };
}

for (const { name, open } of [
  { name: "the system's timer", open: onTheSystemsTimer },
  { name: "virtual time", open: inVirtualTime },
]) {
  describe(`timers: ${name}`, () => {
    let arm: Arm;
    beforeEach(() => {
      arm = open();
    });
    afterEach(() => arm.stop());

    const want = (at: (now: Micros) => Micros | undefined): void =>
      arm.poke((now) => {
        arm.sleeper.wants = at(now);
      });
    /** Every wish was fulfilled at its time, or as soon after as this world can. */
    const assertPunctual = (): void => {
      for (const { wanted, at } of arm.sleeper.due) {
        assert.ok(at >= wanted);
        if (arm.exact) assert.equal(at, wanted);
      }
    };

    it("wakes at the instant that was asked for, and then no more", async () => {
      want((now) => now + 20 * MS);
      await arm.until("the wake-up", () => arm.sleeper.due.length === 1);
      assertPunctual();
      const { length } = arm.sleeper.woken;
      if (arm.exact) assert.equal(length, 1);
      const then = arm.now();
      await arm.until("a while", () => arm.now() > then + 30 * MS);
      assert.equal(arm.sleeper.woken.length, length, "nobody wants to be woken any more");
    });

    it("wakes again and again, for as long as the node says when", async () => {
      let left = 10;
      arm.sleeper.next = (now) => (--left > 0 ? now + 2 * MS : undefined);
      want((now) => now + 2 * MS);
      await arm.until("ten wake-ups", () => arm.sleeper.due.length === 10);
      assertPunctual();
    });

    it("lets an earlier wish overtake a later one, which still comes true", async () => {
      const start = arm.now();
      const late = start + 40 * MS;
      want(() => late);
      want(() => start + 10 * MS);
      arm.sleeper.next = () => (arm.sleeper.due.length === 1 ? late : undefined);
      await arm.until("both", () => arm.sleeper.due.length === 2);
      assertPunctual();
      assert.ok(arm.sleeper.due[0].at < late || !arm.exact);
      assert.equal(arm.sleeper.due[1].wanted, late);
    });

    it("keeps a wish that was put off until its new time", async () => {
      const start = arm.now();
      want(() => start + 5 * MS);
      want(() => start + 30 * MS);
      await arm.until("the wake-up", () => arm.sleeper.due.length === 1);
      assertPunctual();
      assert.equal(arm.sleeper.due[0].wanted, start + 30 * MS);
      assert.ok(arm.sleeper.woken.length <= 4, "waking too early once is cheap, waking all the time is not");
    });

    it("wakes at once, but never within the call, for an instant that is past", async () => {
      want((now) => Math.max(0, now - 5 * MS));
      assert.deepEqual(arm.sleeper.woken, []);
      await arm.until("the wake-up", () => arm.sleeper.due.length === 1);
      assert.equal(arm.sleeper.woken.length, 1);
    });

    it("sleeps through a wish a month away and still hears an earlier one", async () => {
      const start = arm.now();
      want(() => start + 31 * DAY);
      await arm.until("a while", () => arm.now() > start + 20 * MS);
      assert.deepEqual(arm.sleeper.woken, [], "a timer that overflows fires at once, and again, and again");
      want(() => start + 25 * MS);
      await arm.until("the earlier", () => arm.sleeper.due.length === 1);
      assertPunctual();
    });

    it("wakes nobody whose process has ended", async () => {
      want((now) => now + 5 * MS);
      arm.stop();
      const then = arm.now();
      await arm.until("a while", () => arm.now() > then + 20 * MS);
      assert.deepEqual(arm.sleeper.woken, []);
    });
  });
}

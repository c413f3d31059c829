import { strict as assert } from "node:assert";
import fc from "fast-check";
import { Roster } from "../../../engine/detectors/roster";
import { Rumours } from "../../../engine/detectors/rumours";
import { LocalHealth } from "../../../engine/detectors/local-health";
import { suspicionPeriods } from "../../../engine/detectors/suspicion";
import type { LifeUpdate, NodeIndex, ProbeMessage } from "../../../engine/messages";
import { fromMs, type Micros } from "../../../engine/vocabulary/micros";
import { Random } from "../../../engine/vocabulary/random";
import { makeDetector, type Made } from "./make";
import { detectorNamedWith, QUICK, type Keys } from "./named";

const LIFE = 2 ** 20;

/** One node of SWIM, its messages and its time. */
class One {
  readonly made: Made;
  now: Micros = 0;

  constructor(keys: Keys = {}, peers: readonly NodeIndex[] = [1, 2, 3, 4], name = "swim", epoch = 1) {
    this.made = makeDetector(detectorNamedWith(name, { rumour_interval: "none", ...keys }), peers, 0, { epoch });
  }

  get detector(): Made["detector"] {
    return this.made.detector;
  }

  /** Everything sent since the last call. */
  said(): readonly { readonly to: NodeIndex; readonly message: ProbeMessage }[] {
    return this.made.sent.splice(0);
  }

  /** Wakes it whenever it wants to be woken, until `ms`. */
  until(ms: number): this {
    for (let wake = this.detector.nextWakeup()!; wake <= fromMs(ms); wake = this.detector.nextWakeup()!) {
      this.now = wake;
      this.detector.advance(wake);
    }
    this.now = fromMs(ms);
    return this;
  }

  /** Up to its next ping, which is returned. */
  ping(): { readonly to: NodeIndex; readonly id: number } {
    for (;;) {
      this.now = this.detector.nextWakeup()!;
      this.detector.advance(this.now);
      const ping = this.said().find(({ message }) => message.what === "ping");
      if (ping !== undefined) return { to: ping.to, id: ping.message.id };
    }
  }

  hear(
    from: NodeIndex,
    what: ProbeMessage["what"],
    id: number,
    about: NodeIndex,
    updates: readonly LifeUpdate[] = [],
  ): void {
    this.detector.received!(from, { kind: "probe", what, id, about, updates }, this.now);
  }

  learn(node: NodeIndex, status: LifeUpdate["status"], incarnation = LIFE, by = 4): void {
    this.hear(4, "rumour", 0, 0, [{ node, status, incarnation, by }]);
  }
}

describe("a node of swim", () => {
  it("answers a ping, and passes one on for others: the ack comes back under the id that was asked with", () => {
    const one = new One();
    one.hear(3, "ping", 77, 0);
    assert.deepEqual(one.said(), [{ to: 3, message: { kind: "probe", what: "ack", id: 77, about: 0, updates: [] } }]);
    one.hear(3, "ping-request", 88, 2);
    const [{ to, message }] = one.said();
    assert.deepEqual([to, message.what], [2, "ping"]);
    one.hear(2, "ack", message.id, 2);
    assert.deepEqual(one.said(), [{ to: 3, message: { kind: "probe", what: "ack", id: 88, about: 2, updates: [] } }]);
    one.hear(2, "ack", message.id, 2);
    assert.deepEqual(one.said(), [], "once");
  });

  it("asks others when no ack has come by the timeout, and suspects at the end of the period when they hear nothing", () => {
    const one = new One({ indirect_probes: 2 });
    const { to } = one.ping();
    const began = one.now;
    one.until(began / 1_000 + 500);
    const asked = one.said();
    assert.deepEqual([...new Set(asked.map(({ message }) => message.what))], ["ping-request"]);
    assert.equal(asked.length, 2);
    assert.ok(asked.every((request) => request.to !== to && request.message.about === to));
    one.until(began / 1_000 + 999.999);
    assert.deepEqual(one.said(), []);
    one.until(began / 1_000 + 1_000);
    const [{ message }] = one.said();
    assert.deepEqual(
      message.updates,
      [{ node: to, status: "suspect", incarnation: LIFE, by: 0 }],
      "the next ping tells",
    );
  });

  it("is content with an ack that comes by way of another", () => {
    const one = new One({ indirect_probes: 1 });
    const { to, id } = one.ping();
    const began = one.now;
    one.until(began / 1_000 + 600);
    const [request] = one.said();
    one.hear(request.to, "ack", id, to);
    one.until(began / 1_000 + 1_000);
    assert.deepEqual(one.said()[0].message.updates, []);
  });

  it("declares a suspect dead after the suspicion timeout, not before, and is not asked to avoid it until then", () => {
    const one = new One({ suspicion_mult: 4 }, [1, 2, 3, 4]);
    one.learn(2, "suspect");
    assert.equal(one.detector.suspected(2), false);
    const due = suspicionPeriods(5, 4, "memberlist") * 1_000;
    // Acks keep the others alive.
    const live = (ms: number): void => {
      while (one.detector.nextWakeup()! <= fromMs(ms)) {
        one.now = one.detector.nextWakeup()!;
        one.detector.advance(one.now);
        for (const { to, message } of one.said())
          if (message.what === "ping" && to !== 2) one.hear(to, "ack", message.id, to);
      }
    };
    live(due - 0.001);
    assert.equal(one.detector.suspected(2), false);
    live(due);
    assert.equal(one.detector.suspected(2), true);
    for (const other of [1, 3, 4]) assert.equal(one.detector.suspected(other), false);
  });

  it("believes the higher incarnation, and of equal ones the worse", () => {
    type Word = readonly [LifeUpdate["status"], number];
    const table: readonly { readonly words: readonly Word[]; readonly dead: boolean; readonly suspect: boolean }[] = [
      { words: [["suspect", 0]], dead: false, suspect: true },
      { words: [["suspect", 0], ["alive", 0]], dead: false, suspect: true },
      { words: [["suspect", 0], ["alive", 1]], dead: false, suspect: false },
      { words: [["alive", 1], ["suspect", 0]], dead: false, suspect: false },
      { words: [["alive", 1], ["suspect", 1]], dead: false, suspect: true },
      { words: [["dead", 0], ["alive", 0]], dead: true, suspect: true },
      { words: [["dead", 0], ["suspect", 5]], dead: true, suspect: true },
      { words: [["dead", 0], ["alive", 1]], dead: false, suspect: false },
      { words: [["alive", 3], ["dead", 2]], dead: false, suspect: false },
      { words: [["suspect", 2], ["dead", 2]], dead: true, suspect: true },
    ]; // prettier-ignore
    for (const { words, dead, suspect } of table) {
      for (const avoid of [false, true]) {
        const one = new One({ avoid_suspects: avoid });
        for (const [status, above] of words) one.learn(1, status, LIFE + above);
        assert.equal(one.detector.suspected(1), avoid ? suspect : dead, JSON.stringify(words));
      }
    }
  });

  it("objects to its own suspicion and death with an incarnation above", () => {
    const one = new One();
    one.hear(4, "ping", 1, 0, [{ node: 0, status: "suspect", incarnation: LIFE, by: 2 }]);
    const alive = { node: 0, status: "alive", incarnation: LIFE + 1, by: 0 };
    assert.deepEqual(one.said()[0].message.updates, [alive], "with the very ack");
    one.hear(4, "ping", 2, 0, [{ node: 0, status: "dead", incarnation: LIFE + 7, by: 2 }]);
    assert.deepEqual(one.said()[0].message.updates, [{ ...alive, incarnation: LIFE + 8 }]);
    one.hear(4, "ping", 3, 0, [{ node: 0, status: "suspect", incarnation: LIFE, by: 2 }]);
    assert.deepEqual(one.said()[0].message.updates, [{ ...alive, incarnation: LIFE + 8 }], "an old one needs no new");
  });

  it("without revival lets the dead return in a new life only", () => {
    const one = new One({ revival: false });
    one.learn(1, "dead");
    one.learn(1, "alive", LIFE + 9);
    assert.equal(one.detector.suspected(1), true);
    one.detector.heartbeat!(1, 1, 2, one.now);
    assert.equal(one.detector.suspected(1), false);
  });

  it("tells whoever it believes dead so, and pings one of them now and then", () => {
    const one = new One({ reconnect_interval: "5s", suspicion_mult: 100 });
    one.learn(1, "dead");
    one.hear(1, "ping", 9, 0);
    const news = one.said()[0].message.updates;
    assert.deepEqual(news[0], { node: 1, status: "dead", incarnation: LIFE, by: 0 });
    const pings: NodeIndex[] = [];
    while (one.now < fromMs(11_000)) pings.push(one.ping().to);
    assert.equal(pings.filter((to) => to === 1).length, 2);
  });

  it("without suspicion takes a failed probe for death", () => {
    const one = new One({ suspicion_mult: 0 });
    const { to } = one.ping();
    one.until(one.now / 1_000 + 1_000);
    assert.equal(one.detector.suspected(to), true);
  });

  it("follows membership: forgets who has left, watches who has come", () => {
    const one = new One();
    one.learn(1, "dead");
    one.detector.follow([2, 3, 4, 7], one.now);
    assert.equal(one.detector.suspected(1), false);
    one.learn(1, "dead");
    assert.equal(one.detector.suspected(1), false, "nobody who is not watched");
    const pinged = new Set(Array.from({ length: 8 }, () => one.ping().to));
    assert.deepEqual([...pinged].sort(), [2, 3, 4, 7]);
  });

  it("holds nothing against who is back that was asked of it before it left", () => {
    const one = new One({ suspicion_mult: 0, indirect_probes: 0 });
    const { to } = one.ping();
    one.detector.follow(
      [1, 2, 3, 4].filter((node) => node !== to),
      one.now,
    );
    one.detector.follow([1, 2, 3, 4], one.now);
    one.until(one.now / 1_000 + 1_000);
    assert.equal(one.detector.suspected(to), false);
  });

  it("carries a bounded number of updates, each as often as it must and no more", () => {
    const one = new One({ max_updates: 2, retransmit_mult: 3 });
    for (const node of [1, 2, 3]) one.learn(node, "suspect");
    const carried: string[] = [];
    for (let i = 0; i < 30; i++) {
      one.hear(4, "ping", i, 0);
      const { updates } = one.said()[0].message;
      assert.ok(updates.length <= 2);
      carried.push(...updates.map(({ node }) => String(node)));
    }
    // Three times ⌈log10 6⌉ each.
    assert.deepEqual(carried.sort().join(""), "111222333");
  });

  it("begins a new life above all incarnations of the old one, and says so", () => {
    const one = new One({}, [1, 2], "swim", 3);
    one.hear(1, "ping", 1, 0);
    assert.deepEqual(one.said()[0].message.updates, [{ node: 0, status: "alive", incarnation: 3 * LIFE, by: 0 }]);
  });

  it("keeps its periods on a grid, and skips those that it slept through", () => {
    const one = new One();
    one.ping();
    const first = one.now;
    const slept = first + fromMs(3_400);
    one.detector.advance(slept);
    assert.equal(one.said().filter(({ message }) => message.what === "ping").length, 1);
    assert.equal(one.detector.nextWakeup(), slept + fromMs(500));
  });
});

describe("lifeguard", () => {
  const lifeguard = (keys: Keys = {}, peers: readonly NodeIndex[] = [1, 2, 3, 4, 5]): One =>
    new One({ suspicion_mult: 5, ...keys }, peers, "lifeguard");

  it("probes less often and more patiently the less it hears", () => {
    const one = lifeguard({ max_health: 2, indirect_probes: 0 });
    one.ping();
    const times = [one.now];
    for (let i = 0; i < 4; i++) {
      one.ping();
      times.push(one.now);
    }
    const gaps = times.slice(1).map((time, i) => (time - times[i]) / 1_000_000);
    // A failed probe is known when its period is over, and makes the next one longer.
    assert.deepEqual(gaps, [1, 2, 3, 3]);
  });

  it("is not the worse for a probe that failed if all relays said that they hear nothing either", () => {
    const one = lifeguard({ indirect_probes: 2 });
    const { to, id } = one.ping();
    const began = one.now;
    one.until(began / 1_000 + 500);
    for (const request of one.said()) one.hear(request.to, "nack", id, to);
    one.until(began / 1_000 + 1_000);
    one.said();
    assert.equal((one.detector.nextWakeup()! - one.now) / 1_000, 500, "the usual timeout");
  });

  it("says nack at 80 % of the probe timeout when it hears nothing for another", () => {
    const one = lifeguard({ nack_at: 0.8 });
    one.until(10);
    one.said();
    one.hear(3, "ping-request", 5, 2);
    one.until(409.999);
    assert.ok(one.said().every(({ message }) => message.what !== "nack"));
    one.until(410);
    const nacks = one.said().filter(({ message }) => message.what === "nack");
    assert.deepEqual(nacks.map(({ to, message }) => [to, message.id, message.about]), [[3, 5, 2]]); // prettier-ignore
  });

  it("starts a suspicion at its longest, and shortens it with accusers that came on their own", () => {
    const least = suspicionPeriods(6, 5, "memberlist") * 1_000;
    const dead = (accusers: readonly NodeIndex[]): number => {
      const one = lifeguard({ suspicion_max_mult: 6, confirmations: 3 });
      for (const by of accusers) one.learn(1, "suspect", LIFE, by);
      while (!one.detector.suspected(1)) {
        one.now = one.detector.nextWakeup()!;
        one.detector.advance(one.now);
        for (const { to, message } of one.said())
          if (message.what === "ping" && to !== 1) one.hear(to, "ack", message.id, to);
          else if (message.what === "ping") one.hear(2, "ack", message.id, to);
      }
      return one.now / 1_000;
    };
    assert.equal(dead([4]), 6 * least);
    assert.equal(dead([4, 4, 4]), 6 * least, "the same accuser counts once");
    assert.equal(dead([4, 2]), 3.5 * least);
    assert.equal(dead([4, 2, 3, 5]), least);
  });

  it("tells a suspect with the ping itself, whatever the rumours do", () => {
    const told = (buddy: boolean): boolean => {
      const one = lifeguard({ buddy, max_updates: 0 });
      one.learn(1, "suspect");
      for (let i = 0; i < 20; i++) {
        one.now = one.detector.nextWakeup()!;
        one.detector.advance(one.now);
        for (const { to, message } of one.said())
          if (message.what === "ping" && to === 1) return message.updates.some(({ node }) => node === 1);
      }
      throw new Error("never pinged");
    };
    assert.equal(told(true), true);
    assert.equal(told(false), false);
  });

  it("with its three additions off is swim, message for message", () => {
    const off = { max_health: 0, suspicion_max_mult: 1, buddy: false, nack_at: 1, confirmations: 0 };
    const run = (name: string): string => {
      const one = new One(name === "swim" ? {} : off, [1, 2, 3, 4, 5], name);
      const said: unknown[] = [];
      while (one.now < fromMs(60_000)) {
        one.now = one.detector.nextWakeup()!;
        one.detector.advance(one.now);
        for (const { to, message } of one.said()) {
          said.push([one.now, to, message]);
          if (to !== 3 && message.what === "ping") one.hear(to, "ack", message.id, to);
        }
      }
      return JSON.stringify(said);
    };
    assert.equal(run("lifeguard"), run("swim"));
  });
});

describe("local health", () => {
  it("stays between nothing and its highest score", () => {
    const health = new LocalHealth(3);
    health.better();
    assert.equal(health.factor, 1);
    health.worse(2);
    health.worse(9);
    assert.equal(health.factor, 4);
    health.better();
    assert.equal(health.factor, 3);
  });
});

describe("a roster", () => {
  /** SWIM-5: in rounds over a shuffled list of the N - 1 others, nobody is passed over for longer than 2N - 1 periods. */
  it("probes everybody within 2N - 1 periods, exactly, in rounds", () => {
    for (const n of [2, 3, 8, 20]) {
      let longest = 0;
      for (let seed = 0; seed < 300; seed++) {
        const roster = new Roster(Random.fromSeed(seed), "round-robin");
        for (let node = 1; node < n; node++) roster.add(node);
        const last = new Map<NodeIndex, number>();
        for (let period = 1; period <= 20 * n; period++) {
          const node = roster.next()!;
          longest = Math.max(longest, period - (last.get(node) ?? 0));
          last.set(node, period);
        }
      }
      // One who died right after its probe is probed again so many periods later, and is found at the end of that one.
      assert.ok(longest + 1 <= 2 * n - 1 || n === 2, `${String(longest)} of ${String(n)}`);
      if (n <= 8) assert.equal(longest, 2 * (n - 1) - 1, "and that is met");
    }
  });

  it("draws each period anew at random, and all alike", () => {
    const roster = new Roster(Random.fromSeed(1), "random");
    for (let node = 1; node <= 5; node++) roster.add(node);
    const counts = new Map<NodeIndex, number>();
    for (let i = 0; i < 10_000; i++) {
      const node = roster.next()!;
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    for (const count of counts.values()) assert.ok(Math.abs(count - 2_000) < 200);
  });

  it("knows its members through any course of coming and going", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("add", "remove", "next", "some"), fc.integer({ min: 0, max: 9 }))),
        (acts) => {
          const roster = new Roster(Random.fromSeed(3), "round-robin");
          const model = new Set<NodeIndex>();
          for (const [act, node] of acts) {
            if (act === "add") {
              roster.add(node);
              model.add(node);
            } else if (act === "remove") {
              roster.remove(node);
              model.delete(node);
            } else if (act === "next") {
              const next = roster.next();
              assert.ok(next === undefined ? model.size === 0 : model.has(next));
            } else {
              const some = roster.some(3, node);
              assert.equal(new Set(some).size, some.length);
              assert.ok(some.every((one) => one !== node && model.has(one)));
              assert.equal(some.length, Math.min(3, model.size - (model.has(node) ? 1 : 0)));
            }
            assert.equal(roster.size, model.size);
            assert.deepEqual([...roster.all()].sort(), [...model].sort());
          }
        },
      ),
    );
  });
});

describe("rumours", () => {
  it("are passed on as often as allowed, the least passed on first; a newer one replaces an older", () => {
    const word = (node: NodeIndex, incarnation: number): LifeUpdate => ({
      node,
      status: "alive",
      incarnation,
      by: node,
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant("take" as const)), { maxLength: 300 }),
        (limit, acts) => {
          const rumours = new Rumours(limit);
          const model = new Map<NodeIndex, { sent: number; incarnation: number }>();
          let incarnation = 0;
          for (const act of acts) {
            if (act === "take") {
              const fewest = [...model.values()].map(({ sent }) => sent).sort((a, b) => a - b);
              const taken = rumours.take(2);
              assert.equal(taken.length, Math.min(2, model.size));
              const sents = taken.map(({ node, incarnation: told }) => {
                const known = model.get(node)!;
                assert.equal(known.incarnation, told);
                const { sent } = known;
                known.sent++;
                if (known.sent >= limit) model.delete(node);
                return sent;
              });
              assert.deepEqual(sents.sort((a, b) => a - b), fewest.slice(0, 2)); // prettier-ignore
            } else {
              rumours.spread(word(act, ++incarnation));
              model.set(act, { sent: 0, incarnation });
            }
            assert.equal(rumours.isEmpty, model.size === 0);
          }
        },
      ),
    );
  });
});

describe("swim with periods shorter than a round trip", () => {
  /** Delays are exponential with this mean; half a minute of `n` nodes, every one of which lives. */
  function group(n: number, meanMs: number, keys: Keys) {
    const random = Random.fromSeed(7);
    const nodes = Array.from({ length: n }, (_, self) =>
      makeDetector(
        detectorNamedWith("swim", {
          ...QUICK,
          rumour_interval: "none",
          indirect_probes: 2,
          suspicion_mult: 0,
          max_updates: 1,
          ...keys,
        }),
        Array.from({ length: n }, (_, node) => node).filter((node) => node !== self),
        0,
        { self },
      ),
    );
    let under: { readonly at: Micros; readonly act: () => void }[] = [];
    const since = new Map<string, Micros>();
    let mistakes = 0;
    let longest = 0;
    for (let now = 0; now <= fromMs(30_000); now += 1_000) {
      const due = under.filter(({ at }) => at <= now);
      under = under.filter(({ at }) => at > now);
      for (const { act } of due) act();
      nodes.forEach(({ detector, sent }, self) => {
        for (const node of detector.advance(now)) {
          const pair = `${String(self)} of ${String(node)}`;
          if (detector.suspected(node)) {
            mistakes++;
            since.set(pair, now);
          } else since.delete(pair);
        }
        for (const at of since.values()) longest = Math.max(longest, now - at);
        for (const { to, message } of sent.splice(0)) {
          const at = now + Math.ceil(-fromMs(meanMs) * Math.log(1 - random.nextFloat()));
          under.push({ at, act: () => nodes[to].detector.received!(self, message, at) });
        }
      });
    }
    return { mistakes, longest };
  }

  it("is wrong all the time, and takes back every single mistake, with one update a message too", () => {
    for (const max_updates of [1, 6]) {
      const { mistakes, longest } = group(5, 40, { max_updates });
      assert.ok(longest < fromMs(3_000), `one was held for ${String(longest / 1_000)} ms`);
      assert.ok(mistakes > 500, `${String(mistakes)} mistakes`);
    }
  });

  it("is not wrong when its period is what the paper asks for, three round trips that nearly all keep to", () => {
    // 99 % of the sums of two delays are below 6.7 means.
    const { mistakes } = group(5, 40, { probe_interval: "800ms", probe_timeout: "268ms" });
    assert.equal(mistakes, 0);
  });
});

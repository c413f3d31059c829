import { strict as assert } from "node:assert";
import fc from "fast-check";
import type { LinkRule } from "../../../engine/host/faults";
import { SimulatedNetwork } from "../../../engine/sim/network";
import type { ClusterSettings, DistributionSettings, NetworkSettings } from "../../../engine/vocabulary/settings";
import { Bench, members, settings, type Changes } from "./settings";

const constant = (valueMs: number): DistributionSettings => ({ dist: "constant", valueMs });

function network(shape: Partial<NetworkSettings>, more: Changes = {}): SimulatedNetwork {
  return new SimulatedNetwork(settings({ network: { loss: 0, ...shape }, ...more }));
}

const one = new Set([0]);
const two = new Set([1]);
const rule = (more: Partial<LinkRule>): LinkRule => ({ from: one, to: two, bothWays: false, ...more });

/** A share that was injected `hits` times in `of` messages lies within five standard deviations. */
function assertShare(hits: number, of: number, share: number): void {
  const sd = Math.sqrt((share * (1 - share)) / of);
  assert.ok(Math.abs(hits / of - share) < 5 * sd, `${String(hits)} of ${String(of)} for ${String(share)}`);
}

describe("the simulated network", () => {
  it("loses, doubles and holds back the shares it was told to", () => {
    const COUNT = 20_000;
    const shares = { loss: 0.1, duplicate: 0.05, reorder: 0.2 };
    const net = network({ intraZone: constant(1), ...shares });
    let doubled = 0;
    let late = 0;
    for (let i = 0; i < COUNT; i++) {
      const { arrivals, first } = net.between(0, 1, "heartbeat", 10, 0);
      if (arrivals === 2) doubled++;
      if (arrivals > 0 && first > 1_000) late++;
    }
    assertShare(net.lost, COUNT, shares.loss);
    const through = COUNT - net.lost;
    assertShare(doubled, through, shares.duplicate);
    assertShare(late, through, shares.reorder);
    assert.equal(net.doubled, doubled);
    assert.equal(net.reordered, late);
  });

  it("never loses, doubles or delays what a node says to itself, unless that has a cost", () => {
    const net = network({ intraZone: constant(5), loss: 0.9, duplicate: 0.9 });
    for (let i = 0; i < 100; i++) {
      const { fate, arrivals, first } = net.between(1, 1, "replica-get", 10, 7);
      assert.deepEqual({ fate, arrivals, first }, { fate: "delivered", arrivals: 1, first: 7 });
    }
    const local = network({ intraZone: constant(5), local: constant(2) });
    assert.equal(local.between(1, 1, "replica-get", 10, 7).first, 2_007);
  });

  it("messages of one link overtake each other as their delays have it, reordering puts back by a second draw", () => {
    const net = network({ intraZone: constant(0.4), reorder: 1 });
    // A delay shorter than a millisecond would hardly reorder anything.
    assert.equal(net.between(0, 1, "heartbeat", 1, 0).first, 1_400);
  });

  it("sends so many bytes a second and not one more, the rest queues", () => {
    // 1 MB/s: a microsecond a byte.
    const net = network({ intraZone: constant(1), bandwidthBytesPerSecond: 1_000_000 });
    assert.equal(net.between(0, 1, "heartbeat", 500, 0).first, 1_500);
    assert.equal(net.between(0, 1, "heartbeat", 250, 100).first, 1_750);
    // Another link, and the way back, are links of their own.
    assert.equal(net.between(1, 0, "heartbeat", 250, 100).first, 1_350);
    assert.equal(net.between(0, 2, "heartbeat", 250, 100).first, 1_350);
    // After a lull the link is free at once.
    assert.equal(net.between(0, 1, "heartbeat", 10, 5_000).first, 6_010);
  });

  it("loses no fraction of a byte's time, however small the messages", () => {
    // 3 bytes a microsecond: a message of 1 byte leaves after a third of a microsecond.
    const net = network({ bandwidthBytesPerSecond: 3_000_000 });
    let last = 0;
    for (let i = 0; i < 9_000; i++) last = net.between(0, 1, "heartbeat", 1, 0).first;
    assert.equal(last, 3_000);
  });

  it("has a delay for each pair of zones, in both directions unless both are listed", () => {
    const zoned = network(
      {
        intraZone: constant(1),
        interZone: constant(10),
        zonePairs: [
          { from: "a", to: "b", delay: constant(20) },
          { from: "b", to: "c", delay: constant(30) },
          { from: "c", to: "b", delay: constant(40) },
        ],
      },
      { members: members(6, ["a", "b", "c"]) },
    );
    const ms = (from: number, to: number): number => zoned.between(from, to, "heartbeat", 1, 0).first / 1_000;
    assert.equal(ms(0, 3), 1, "a to a");
    assert.equal(ms(0, 1), 20, "a to b");
    assert.equal(ms(1, 0), 20, "b to a, as a to b");
    assert.equal(ms(1, 2), 30, "b to c");
    assert.equal(ms(2, 1), 40, "c to b");
    assert.equal(ms(0, 2), 10, "a to c has no delay of its own");
    assert.equal(ms(5, 0), 10);
  });

  it("gives the four legs of WARS their delays, to oneself too, and adds the distance between zones", () => {
    const wars = { w: constant(1), a: constant(2), r: constant(3), s: constant(4) };
    const changes = { members: members(3, ["a", "b"]) };
    const net = network({ wars, intraZone: constant(50), interZone: constant(100) }, changes);
    const ms = (from: number, to: number, kind: Parameters<SimulatedNetwork["between"]>[2]): number =>
      net.between(from, to, kind, 1, 0).first / 1_000;
    const legs = [
      ["replica-put", 1],
      ["replica-update", 1],
      ["replica-put-reply", 2],
      ["replica-updated", 2],
      ["replica-get", 3],
      ["replica-get-reply", 4],
    ] as const;
    for (const [kind, delay] of legs) {
      assert.equal(ms(0, 2, kind), delay);
      assert.equal(ms(0, 0, kind), delay, `${kind} to oneself`);
      assert.equal(ms(0, 1, kind), 100 + delay, `${kind} to another zone`);
    }
    assert.equal(ms(0, 2, "get"), 50, "what is no leg takes the link's own delay");
    assert.equal(ms(0, 1, "answer"), 100);
    const free = network(
      { wars, intraZone: constant(50) },
      { ...changes, simulation: { codec: "real", localDelay: constant(0.5) } },
    );
    assert.equal(free.between(0, 0, "replica-put", 1, 0).first, 500, "localDelay replaces the legs to oneself");
    const bare = network({ wars: { w: constant(1) } }, changes);
    assert.equal(bare.between(0, 2, "replica-get", 1, 0).first, 0, "a leg left out costs nothing");
  });

  it("traffic on one link never shifts the delays of another", () => {
    const random: DistributionSettings = { dist: "exponential", meanMs: 1, shiftMs: 0 };
    const alone = network({ intraZone: random, loss: 0.1 });
    const busy = network({ intraZone: random, loss: 0.1 });
    for (let i = 0; i < 200; i++) {
      const { fate, first } = alone.between(0, 1, "heartbeat", 1, 0);
      for (let j = 0; j < i % 3; j++) {
        busy.between(1, 0, "heartbeat", 1, 0);
        busy.between(0, 2, "heartbeat", 1, 0);
        busy.client(0, 1, true, 0);
      }
      const other = busy.between(0, 1, "heartbeat", 1, 0);
      assert.equal(other.fate, fate);
      if (fate === "delivered") assert.equal(other.first, first);
    }
  });
});

describe("faults of links", () => {
  it("hurt the links they name, in the direction they name, and nobody after they have ended", () => {
    const net = network({ intraZone: constant(1) });
    const fateOf = (from: number, to: number): string => net.between(from, to, "heartbeat", 1, 0).fate;
    net.setRules([rule({ loss: 1 })]);
    assert.deepEqual([fateOf(0, 1), fateOf(1, 0), fateOf(0, 2)], ["lost", "delivered", "delivered"]);
    net.setRules([rule({ loss: 1, bothWays: true })]);
    assert.deepEqual([fateOf(0, 1), fateOf(1, 0), fateOf(0, 2)], ["lost", "lost", "delivered"]);
    net.setRules([]);
    assert.deepEqual([fateOf(0, 1), fateOf(1, 0)], ["delivered", "delivered"]);
  });

  it("add up: delays, and chances as those of independent things", () => {
    const net = network({ intraZone: constant(1), loss: 0.5 });
    net.setRules([rule({ loss: 0.5 }), rule({ extra: constant(3) }), rule({ extra: constant(4), duplicate: 1 })]);
    let through = 0;
    for (let i = 0; i < 8_000; i++) {
      const { fate, first, second, arrivals } = net.between(0, 1, "heartbeat", 1, 0);
      if (fate !== "delivered") continue;
      through++;
      assert.deepEqual({ first, second, arrivals }, { first: 8_000, second: 8_000, arrivals: 2 });
    }
    assertShare(through, 8_000, 0.25);
  });

  it("hold messages back, but not on links that were released since", () => {
    const net = network({ intraZone: constant(1) });
    const everybody = new Set([0, 1, 2]);
    const all = { from: one, to: everybody, bothWays: true };
    net.setRules([{ ...all, hold: { except: [{ from: two, to: one, bothWays: false }] } }]);
    assert.equal(net.between(0, 1, "heartbeat", 1, 0).fate, "held");
    assert.equal(net.between(1, 0, "heartbeat", 1, 0).fate, "delivered");
    assert.equal(net.between(2, 0, "heartbeat", 1, 0).fate, "held");
    assert.equal(net.between(2, 1, "heartbeat", 1, 0).fate, "delivered");
    assert.ok(net.isHeld(0, 1) && !net.isHeld(1, 0));
  });
});

describe("partitions", () => {
  const CLIENTS = 4;
  /** Who can send to whom, nodes and behind them sessions. */
  const reach = (net: SimulatedNetwork, nodes: number): boolean[][] => {
    const parties = Array.from({ length: nodes + CLIENTS }, (_, i) => i);
    return parties.map((from) => parties.map((to) => !net.isCut(from, to)));
  };
  const cluster = (): SimulatedNetwork => network({}, { members: members(4) });

  it("cut groups from each other, in both directions; who is in no group reaches everybody", () => {
    const net = cluster();
    net.setPartitions([{ groupOf: [0, 0, 1, -1], groups: 2, oneWay: false, sideOf: undefined }]);
    const can = reach(net, 4);
    assert.deepEqual(
      can.slice(0, 4).map((row) => row.slice(0, 4)),
      [
        [true, true, false, true],
        [true, true, false, true],
        [false, false, true, true],
        [true, true, true, true],
      ],
    );
    for (let session = 4; session < 8; session++) assert.ok(can[session].every(Boolean), "clients: all");
    const { fate, arrivals } = net.between(0, 2, "heartbeat", 1, 0);
    assert.deepEqual([fate, arrivals], ["cut", 0]);
    net.setPartitions([]);
    assert.equal(net.between(0, 2, "heartbeat", 1, 0).fate, "delivered");
  });

  it("of one way cut only from an earlier group to a later one", () => {
    const net = cluster();
    net.setPartitions([{ groupOf: [0, 1, 2, -1], groups: 3, oneWay: true, sideOf: (session) => session % 3 }]);
    assert.ok(net.isCut(0, 1) && net.isCut(0, 2) && net.isCut(1, 2));
    assert.ok(!net.isCut(1, 0) && !net.isCut(2, 0) && !net.isCut(2, 1));
    // Session 1 stands with group 1: it hears of group 2 but cannot ask it, and can ask group 0 but not hear.
    assert.ok(!net.isCut(2, 4 + 1) && net.isCut(4 + 1, 2));
    assert.ok(!net.isCut(4 + 1, 0) && net.isCut(0, 4 + 1));
  });

  it("leave each session on the side it stands on", () => {
    const net = cluster();
    net.setPartitions([{ groupOf: [0, 0, 1, -1], groups: 2, oneWay: false, sideOf: (session) => session % 2 }]);
    const can = reach(net, 4);
    assert.deepEqual(can[4].slice(0, 4), [true, true, false, true]);
    assert.deepEqual(can[5].slice(0, 4), [false, false, true, true]);
    assert.equal(net.client(0, 2, true, 5), undefined);
    assert.equal(net.client(1, 2, true, 5), 5);
  });

  it("laid over each other cut what any of them cuts", () => {
    const groups = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(groups, fc.boolean()), { maxLength: 4 }), (several) => {
        const rules = several.map(([groupOf, oneWay]) => ({ groupOf, groups: 3, oneWay, sideOf: undefined }));
        const net = cluster();
        net.setPartitions(rules);
        const apart = rules.map((one) => {
          const alone = cluster();
          alone.setPartitions([one]);
          return reach(alone, 4);
        });
        reach(net, 4).forEach((row, from) =>
          row.forEach((can, to) => {
            assert.equal(
              can,
              apart.every((alone) => alone[from][to]),
            );
            if (from < 4 && to < 4 && from !== to) {
              assert.equal(net.between(from, to, "heartbeat", 1, 0).fate === "delivered", can);
            }
          }),
        );
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});

describe("a network in a cluster", () => {
  it("limits bandwidth by the real size of messages also where the codec is bypassed", () => {
    const took = (codec: "real" | "bypass", bandwidthBytesPerSecond: number | undefined): number => {
      const limited: ClusterSettings["network"] = {
        intraZone: constant(1),
        loss: 0,
        ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
      };
      const bench = new Bench({
        network: limited,
        simulation: { codec },
        engine: { w: "all", detector: { name: "perfect", heartbeatIntervalMs: 100, timeoutMs: 500 } },
      });
      const before = bench.cluster.now();
      let after = 0;
      bench.client.put(
        0,
        `${String.fromCharCode(1)}t${String.fromCharCode(0, 1)}bkey`,
        "",
        { writeId: 1, value: "x".repeat(10_000), tombstone: false },
        undefined,
        (answer) => {
          assert.equal(answer.outcome, "ok");
          after = bench.cluster.now();
        },
      );
      bench.runMs(900);
      return after - before;
    };
    const fast = took("real", undefined);
    const slow = took("real", 100_000);
    assert.ok(slow - fast > 100_000, `10 KB at 100 KB/s take a tenth of a second, not ${String(slow - fast)} µs`);
    assert.equal(took("bypass", 100_000), slow);
  });
});

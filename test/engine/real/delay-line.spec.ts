import { strict as assert } from "node:assert";
import { harmOf } from "../../../engine/host/link-harm";
import { DelayLine, type Harm, type LinkShape } from "../../../engine/real/delay-line";
import { clientLinkShape, nodeLinks } from "../../../engine/real/link-shapes";
import { monotonicMicros } from "../../../engine/real/monotonic";
import { distributionOf } from "../../../engine/vocabulary/distributions";
import { Random } from "../../../engine/vocabulary/random";
import type { ClusterSettings, DistributionSettings, NetworkSettings } from "../../../engine/vocabulary/settings";
import { settingsOf } from "../../process/live-cluster";
import { until } from "../../process/until";

/** A timer of the system may fire half a millisecond early, and is let. */
const EARLY_MICROS = 500;

const shapeOf = (delay: DistributionSettings | undefined, loss = 0, seed = 1): LinkShape => ({
  delay: delay === undefined ? undefined : distributionOf(delay),
  loss,
  random: Random.fromSeed(seed),
});
const constant = (valueMs: number): LinkShape => shapeOf({ dist: "constant", valueMs });

describe("the delay line", () => {
  let line: DelayLine;
  beforeEach(() => {
    line = new DelayLine();
  });
  afterEach(() => line.close());

  it("lets pass at once, within the call, what has no delay", () => {
    const seen: string[] = [];
    line.pass(undefined, () => seen.push("no shape"));
    line.pass(shapeOf(undefined), () => seen.push("no delay"));
    assert.deepEqual(seen, ["no shape", "no delay"]);
    assert.equal(line.latenessP99Ms(), 0, "nothing was delayed, so nothing was late");
  });

  it("releases equal delays first come first served, and never within the call", async () => {
    const seen: number[] = [];
    const shape = constant(3);
    for (let i = 0; i < 500; i++) line.pass(shape, () => seen.push(i));
    assert.deepEqual(seen, []);
    await until("all of them", () => seen.length === 500);
    assert.deepEqual(
      seen,
      Array.from({ length: 500 }, (_, i) => i),
    );
  });

  it("releases random delays in the order in which they fall due, none too early, each once", async () => {
    const random = Random.fromSeed(7);
    // The line reads the time between these two readings: its due instant is known within them, however slow the machine.
    const due: { earliest: number; latest: number }[] = [];
    const releases: number[] = [];
    let earliness = -Infinity;
    for (let i = 0; i < 2_000; i++) {
      const delay = random.nextBelow(40_000);
      const earliest = monotonicMicros() + delay;
      line.pass(constant(delay / 1_000), () => {
        releases.push(i);
        earliness = Math.max(earliness, earliest - monotonicMicros());
      });
      due.push({ earliest, latest: monotonicMicros() + delay });
    }
    await until("all of them", () => releases.length === 2_000);
    assert.equal(new Set(releases).size, 2_000, "each once");
    assert.ok(earliness <= EARLY_MICROS, `${String(earliness)} us early`);
    for (let i = 1; i < releases.length; i++) {
      const ahead = due[releases[i - 1]].earliest - due[releases[i]].latest;
      assert.ok(ahead <= EARLY_MICROS, `released ${String(ahead)} us out of order`);
    }
    assert.ok(line.latenessP99Ms() > 0);
  });

  it("does not make a millisecond of a fifth of one", async () => {
    const took: number[] = [];
    for (let i = 0; i < 101; i++) {
      const before = monotonicMicros();
      await new Promise<void>((resolve) => line.pass(constant(0.2), resolve));
      took.push(monotonicMicros() - before);
    }
    const middle = took.sort((a, b) => a - b)[50];
    assert.ok(middle < 700, `${String(middle)} us: a timer of the system waits 1000 at least`);
  });

  it("tells how late it was since it was last asked to forget, not since its beginning", async () => {
    let released = 0;
    line.pass(constant(1), () => released++);
    const busyUntil = monotonicMicros() + 30_000;
    while (monotonicMicros() < busyUntil);
    await until("the late one", () => released === 1);
    assert.ok(line.latenessP99Ms() >= 25, "nobody could leave while this thread was busy");
    line.forgetLateness();
    assert.equal(line.latenessP99Ms(), 0);
    line.pass(constant(1), () => released++);
    await until("the next one", () => released === 2);
    assert.ok(line.latenessP99Ms() > 0);
  });

  it("takes what is passed on while it releases", async () => {
    const seen: string[] = [];
    line.pass(constant(2), () => {
      seen.push("first");
      line.pass(constant(1), () => seen.push("third"));
      line.pass(undefined, () => seen.push("second"));
    });
    await until("all of them", () => seen.length === 3);
    assert.deepEqual(seen, ["first", "second", "third"]);
  });

  it("loses the fraction asked for and counts it", () => {
    let passed = 0;
    const none = shapeOf(undefined, 1);
    const some = shapeOf(undefined, 0.25, 42);
    for (let i = 0; i < 100; i++) line.pass(none, () => passed++);
    assert.equal(passed, 0);
    assert.equal(line.lost, 100);
    for (let i = 0; i < 10_000; i++) line.pass(some, () => passed++);
    assert.equal(passed + line.lost - 100, 10_000);
    // Five standard deviations of a binomial.
    assert.ok(Math.abs(passed - 7_500) < 5 * Math.sqrt(10_000 * 0.25 * 0.75), String(passed));
  });

  it("holds so much and no more: beyond its bound it drops and counts", () => {
    const far = constant(60_000);
    for (let i = 0; i < 200_000; i++) line.pass(far, () => assert.fail("not in this test's time"));
    assert.equal(line.overflowed, 0);
    for (let i = 0; i < 10; i++) line.pass(far, () => assert.fail("it was dropped"));
    assert.equal(line.overflowed, 10);
  });

  it("releases nothing once closed", async () => {
    let released = 0;
    line.pass(constant(1), () => released++);
    line.pass(constant(2), () => released++);
    line.close();
    const other = new DelayLine();
    await new Promise<void>((resolve) => other.pass(constant(5), resolve));
    other.close();
    assert.equal(released, 0);
  });

  describe("under faults", () => {
    const HARMLESS: Harm = { duplicate: 0, reorder: 0, extra: [], held: false, cut: false, link: 1 };
    const harmed = (shape: LinkShape, harm: Partial<Harm>): LinkShape => ({ ...shape, harm: { ...HARMLESS, ...harm } });
    const fixed = (micros: number) => ({ sample: () => micros });

    it("lets nothing pass a partition, without a draw", () => {
      const shape = harmed(shapeOf(undefined, 0.5), { cut: true });
      for (let i = 0; i < 50; i++) line.pass(shape, () => assert.fail("it is cut off"));
      assert.deepEqual([line.cut, line.lost], [50, 0]);
      assert.equal(shape.random.nextUint32(), Random.fromSeed(1).nextUint32());
    });

    it("delivers twice what is doubled, the same ones for the same seed", () => {
      const doubled = (): number[] => {
        const seen = new Array<number>(200).fill(0);
        const shape = harmed(shapeOf(undefined), { duplicate: 0.3 });
        seen.forEach((_, i) => line.pass(shape, () => seen[i]++));
        return seen;
      };
      const first = doubled();
      assert.deepEqual(first, doubled());
      const twice = first.filter((times) => times === 2).length;
      assert.ok(twice > 30 && twice < 90 && first.every((times) => times >= 1), `${String(twice)} of 200`);
    });

    it("adds every extra delay to the link's own, and lets what is reordered be overtaken", async () => {
      const seen: string[] = [];
      const began = monotonicMicros();
      let took = 0;
      line.pass(harmed(constant(4), { extra: [fixed(5_000), fixed(6_000)] }), () => {
        took = monotonicMicros() - began;
        seen.push("extra");
      });
      line.pass(harmed(constant(2), { reorder: 1 }), () => seen.push("reordered"));
      line.pass(constant(2), () => seen.push("plain"));
      await until("all three", () => seen.length === 3);
      assert.deepEqual(seen, ["plain", "reordered", "extra"]);
      assert.ok(took >= 15_000 - EARLY_MICROS, `4 + 5 + 6 ms: ${String(took)} us`);
    });

    it("holds messages of a link until it is let go, then releases them in order within the call", () => {
      const seen: string[] = [];
      const a = harmed(shapeOf(undefined), { held: true, link: 1, duplicate: 1 });
      const b = harmed(constant(50), { held: true, link: 2 });
      line.pass(a, () => seen.push("a1"));
      line.pass(b, () => seen.push("b1"));
      line.pass(a, () => seen.push("a2"));
      line.letGo(() => true);
      assert.deepEqual(seen, []);
      line.letGo((link) => link === 1);
      assert.deepEqual(seen, ["b1"], "at once, whatever its delay was");
      line.letGo(() => false);
      assert.deepEqual(seen, ["b1", "a1", "a2"], "once each");
      line.letGo(() => false);
      assert.equal(seen.length, 3);
    });
  });
});

describe("shapes of links", () => {
  const intraZone: DistributionSettings = { dist: "lognormal", medianMs: 2, p99Ms: 10 };
  const interZone: DistributionSettings = { dist: "exponential", meanMs: 30, shiftMs: 5 };
  const client: DistributionSettings = { dist: "uniform", minMs: 1, maxMs: 2 };

  const clusterOf = (network: Partial<NetworkSettings>, seed = 11): ClusterSettings => {
    const settings = settingsOf({ nodes: 4, network });
    return {
      ...settings,
      seed,
      members: settings.members.map((member, i) => ({ ...member, zone: i < 2 ? "a" : "b" })),
    };
  };
  const usual = (cluster: ClusterSettings, from: number): readonly (LinkShape | undefined)[] =>
    nodeLinks(cluster, from).map((link) => link.of("heartbeat"));
  const draws = (shape: LinkShape | undefined, count = 40): number[] =>
    Array.from({ length: count }, () => shape!.delay!.sample(shape!.random));

  it("draw the same delays from the same seed, and others from another", () => {
    const all = (seed: number): number[][] => {
      const cluster = clusterOf({ intraZone, interZone, client }, seed);
      return [0, 1, 2, 3].flatMap((from) => [
        ...usual(cluster, from).flatMap((shape) => (shape === undefined ? [] : [draws(shape)])),
        draws(clientLinkShape(cluster, from, "to-node")),
        draws(clientLinkShape(cluster, from, "to-client")),
      ]);
    };
    assert.deepEqual(all(11), all(11));
    const streams = [...all(11), ...all(12)].map((stream) => stream.join());
    assert.equal(new Set(streams).size, streams.length, "every link and way has a stream of its own");
  });

  it("do not shift each other's draws", () => {
    const cluster = clusterOf({ intraZone, interZone });
    const quiet = draws(usual(cluster, 0)[2]);
    const busy = usual(cluster, 0);
    draws(busy[1], 500);
    assert.deepEqual(draws(busy[2]), quiet);
  });

  it("follow the zones, and fall back to one class of link without a word about distance", () => {
    const kinds = (network: Partial<NetworkSettings>): (string | undefined)[] =>
      usual(clusterOf(network), 0).map((shape) => shape?.delay?.describe().split("(")[0]);
    assert.deepEqual(kinds({ intraZone, interZone }), [undefined, "lognormal", "exponential", "exponential"]);
    assert.deepEqual(kinds({ intraZone }), [undefined, "lognormal", "lognormal", "lognormal"]);
    assert.deepEqual(kinds({ interZone }), [undefined, undefined, "exponential", "exponential"]);
    assert.deepEqual(kinds({ local: { dist: "constant", valueMs: 1 } }), ["constant", undefined, undefined, undefined]);
    assert.deepEqual(kinds({}), [undefined, undefined, undefined, undefined]);
  });

  describe("with WARS legs", () => {
    const constant = (valueMs: number): DistributionSettings => ({ dist: "constant", valueMs });
    const wars = { w: constant(4), a: constant(3), r: constant(2) };
    /** Microseconds by kind of message, from node 0 to each of the four. */
    const delays = (network: Partial<NetworkSettings>, kind: string): (number | undefined)[] =>
      nodeLinks(clusterOf(network), 0).map((link) => {
        const shape = link.of(kind);
        return shape?.delay?.sample(shape.random);
      });

    it("go by the kind of message, on a node's messages to itself too, and a leg left out costs nothing", () => {
      const network = { wars, intraZone: constant(50), local: constant(60) };
      for (const kind of ["replica-put", "replica-update"])
        assert.deepEqual(delays(network, kind), [4_000, 4_000, 4_000, 4_000]);
      for (const kind of ["replica-put-reply", "replica-updated"])
        assert.deepEqual(delays(network, kind), [3_000, 3_000, 3_000, 3_000]);
      assert.deepEqual(delays(network, "replica-get"), [2_000, 2_000, 2_000, 2_000]);
      assert.deepEqual(delays(network, "replica-get-reply"), [undefined, undefined, undefined, undefined]);
    });

    it("leave what is no leg to the class of the link", () => {
      const network = { wars, intraZone: constant(50) };
      for (const kind of ["heartbeat", "get", "put", "answer"])
        assert.deepEqual(delays(network, kind).slice(1), [50_000, 50_000, 50_000]);
    });

    it("have the distance of zones on top", () => {
      const network = { wars, intraZone: constant(50), interZone: constant(100) };
      assert.deepEqual(delays(network, "replica-put"), [4_000, 4_000, 104_000, 104_000]);
      assert.deepEqual(delays(network, "replica-get-reply"), [undefined, undefined, 100_000, 100_000]);
      assert.deepEqual(delays(network, "heartbeat"), [undefined, 50_000, 100_000, 100_000]);
    });

    it("lose messages between nodes whether or not the leg has a delay", () => {
      const lossOf = (kind: string): (number | undefined)[] =>
        nodeLinks(clusterOf({ wars, loss: 0.5 }), 0).map((link) => link.of(kind)?.loss);
      assert.deepEqual(lossOf("replica-put"), [0, 0.5, 0.5, 0.5]);
      assert.deepEqual(lossOf("replica-get-reply"), [undefined, 0.5, 0.5, 0.5]);
    });
  });

  it("take a pair of zones before the class between zones, in its own direction before the other", () => {
    const constant = (valueMs: number): DistributionSettings => ({ dist: "constant", valueMs });
    const from = (zonePairs: NetworkSettings["zonePairs"], node: number): (string | undefined)[] =>
      usual(clusterOf({ intraZone: constant(1), interZone: constant(9), zonePairs }), node).map((shape) =>
        shape?.delay?.describe(),
      );
    const [one, nine] = ["constant(1 ms)", "constant(9 ms)"];
    const there = { from: "a", to: "b", delay: constant(5) };
    const back = { from: "b", to: "a", delay: constant(7) };
    assert.deepEqual(from([there], 0), [undefined, one, "constant(5 ms)", "constant(5 ms)"]);
    assert.deepEqual(from([there], 2), ["constant(5 ms)", "constant(5 ms)", undefined, one]);
    assert.deepEqual(from([there, back], 2), ["constant(7 ms)", "constant(7 ms)", undefined, one]);
    assert.deepEqual(from([{ ...there, from: "c" }], 0), [undefined, one, nine, nine]);
  });

  it("lose messages between nodes only", () => {
    const cluster = clusterOf({ loss: 0.5, client, local: { dist: "constant", valueMs: 1 } });
    assert.deepEqual(
      usual(cluster, 1).map((shape) => shape?.loss),
      [0.5, 0, 0.5, 0.5],
    );
    assert.equal(clientLinkShape(cluster, 1, "to-node")?.loss, 0);
    assert.equal(clientLinkShape(clusterOf({ loss: 0.5 }), 1, "to-node"), undefined);
  });

  it("are under faults what the faults make of them, from their own stream, and afterwards what they were", () => {
    const cluster: ClusterSettings = { ...settingsOf(), network: { loss: 0.125 } };
    const [, link] = nodeLinks(cluster, 0);
    const before = link.of("replica-put");
    const harm = { loss: 0.5, duplicate: 0.25, reorder: 0, held: false, cut: false };
    link.suffer({ ...harm, extra: [{ dist: "constant", valueMs: 3 }] });
    const under = link.of("replica-put")!;
    assert.deepEqual([under.loss, under.harm?.duplicate, under.harm?.link], [0.5, 0.25, 1]);
    assert.equal(under.harm?.extra[0].sample(under.random), 3_000);
    assert.equal(under.random, before?.random, "one stream a link");
    link.suffer(undefined);
    assert.equal(link.of("replica-put"), before);
  });

  it("double and reorder by themselves where the network does, but not on the way to oneself, and with faults' share on top", () => {
    const wars = { w: { dist: "constant" as const, valueMs: 4 } };
    const cluster: ClusterSettings = { ...settingsOf(), network: { loss: 0, duplicate: 0.25, reorder: 0.5, wars } };
    const [self, link] = nodeLinks(cluster, 0);
    const chances = (shape: LinkShape | undefined): (number | undefined)[] => [
      shape?.loss,
      shape?.harm?.duplicate,
      shape?.harm?.reorder,
    ];
    assert.deepEqual(chances(self.of("replica-put")), [0, undefined, undefined]);
    for (const kind of ["replica-put", "replica-get", "heartbeat"])
      assert.deepEqual(chances(link.of(kind)), [0, 0.25, 0.5], kind);
    const rule = { from: new Set([0]), to: new Set([1]), bothWays: false, duplicate: 0.5 };
    link.suffer(harmOf({ loss: 0, duplicate: 0.25, reorder: 0.5 }, [rule], [], 3, 0, 1));
    assert.deepEqual(chances(link.of("replica-put")), [0, 1 - 0.75 * 0.5, 0.5]);
    link.suffer(undefined);
    assert.deepEqual(chances(link.of("replica-put")), [0, 0.25, 0.5]);
  });
});

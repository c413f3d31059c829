import { strict as assert } from "node:assert";
import type { Message } from "../../engine/messages";
import type { NodeCounts } from "../../engine/node";
import { Digest } from "../../engine/quorum/digest";
import { StrategicGet } from "../../engine/quorum/strategic-get";
import { CLOCKS } from "../../engine/clocks/clock";
import { MiniWorld, type WorldOptions } from "./mini-world";

const values = (answer: { versions: readonly { value: string }[] }): string[] =>
  answer.versions.map(({ value }) => value).sort();

const total = (world: MiniWorld, count: keyof NodeCounts): number =>
  world.machines.reduce((sum, { node }) => sum + node.count()[count], 0);

const sent = (world: MiniWorld, kind: Message["kind"]): number =>
  world.sent.filter(({ message }) => message.kind === kind).length;

/** How long a get takes, in microseconds. */
function timed(world: MiniWorld, node: number, key: string): { took: number; outcome: string; values: string[] } {
  const began = world.now;
  const answer = world.get(node, key);
  return { took: world.now - began, outcome: answer.outcome, values: values(answer) };
}

describe("a read with fan-out quorum", () => {
  it("is sent to as many as must answer and to nobody else, this node first", () => {
    for (const [settings, messages] of [
      [{ r: 1 }, 0],
      [{ r: 2 }, 1],
      [{ r: 1, pr: 3 }, 2],
      [{ r: "all" }, 2],
    ] as const) {
      const world = new MiniWorld({ nodes: 5, settings: { readFanout: "quorum", w: 3, ...settings } });
      const [owner] = world.owners("k");
      world.put(owner, "k", "v");
      assert.deepEqual(values(world.get(owner, "k")), ["v"]);
      assert.equal(sent(world, "replica-get"), messages, JSON.stringify(settings));
    }
  });

  it("is sent in the order of the preference list by a node that holds nothing", () => {
    const world = new MiniWorld({ nodes: 5, settings: { readFanout: "quorum", coordinator: "any", r: 2 } });
    world.get(world.stranger("k"), "k");
    const asked = world.sent.filter(({ message }) => message.kind === "replica-get").map(({ to }) => to);
    assert.deepEqual(asked, world.owners("k").slice(0, 2));
  });

  it("passes over whoever is believed down", () => {
    const world = new MiniWorld({ settings: { readFanout: "quorum", r: 2, w: 2 } });
    world.put(0, "k", "v");
    const other = world.owners("k").find((node) => node !== 0)!;
    world.crash(other);
    world.run(1_000_000);
    const { took, outcome } = timed(world, 0, "k");
    assert.deepEqual({ took, outcome }, { took: 2_000, outcome: "ok" });
  });

  it("asks another one at once when a replica cannot read its disk", () => {
    const world = new MiniWorld({ settings: { readFanout: "quorum", r: 2, w: 3 } });
    world.put(0, "k", "v");
    world.run(10_000);
    const [first] = world.owners("k").filter((node) => node !== 0);
    world.machines[first].disk.load = (token, _vnode, _address, events) => events.loadFailed(token, "read error");
    assert.deepEqual(timed(world, 0, "k"), { took: 4_000, outcome: "ok", values: ["v"] });
  });

  it("finds a value that R replicas have not got, where an absence does not count", () => {
    const world = new MiniWorld({
      settings: { readFanout: "quorum", r: 1, w: 1, dw: 0, notfoundOk: false },
      delay: (_f, _t, message) => (message.kind === "replica-put" ? undefined : 1_000),
    });
    world.put(0, "k", "v");
    for (const node of [1, 2]) assert.deepEqual(values(world.get(node, "k")), ["v"]);
  });
});

describe("a read by digests", () => {
  const DIGESTS = { digestReads: true, r: 3, w: 3 } as const;

  it("gets one copy and digests of the others, and says how many bytes that saved", () => {
    const world = new MiniWorld({ settings: DIGESTS });
    world.put(0, "k", "v".repeat(1_000));
    assert.equal(world.get(0, "k").versions[0].value.length, 1_000);
    const replies = world.sent.filter(({ message }) => message.kind === "replica-get-reply");
    assert.deepEqual(
      replies.map(({ message }) => message.kind === "replica-get-reply" && message.status),
      ["digest", "digest"],
    );
    assert.equal(total(world, "digestReads"), 2);
    assert.equal(total(world, "digestMismatches"), 0);
    const saved = total(world, "digestBytesSaved");
    assert.ok(saved >= 1_984 && saved < 2_200, String(saved));
  });

  for (const clock of CLOCKS.keys()) {
    it(`returns what a read of whole copies returns, whoever missed which write (${clock})`, () => {
      for (let seed = 1; seed <= 30; seed++) {
        const found = [false, true].map((digestReads) => {
          let losing = true;
          const world = new MiniWorld({
            seed,
            settings: { clock, digestReads, r: 3, w: 1, dw: 0, readRepair: "none" },
            delay: (_f, _t, message, random) =>
              losing && message.kind === "replica-put" && random.nextBelow(2) === 0 ? undefined : 1_000,
          });
          for (let i = 0; i < 6; i++) world.put((seed + i * i) % 3, "k", `v${String(i)}`);
          losing = false;
          const answer = world.get(seed % 3, "k");
          return JSON.stringify([values(answer), answer.context]);
        });
        assert.equal(found[1], found[0], `seed ${String(seed)}`);
      }
    });
  }

  it("repairs after the answer whoever was late with a digest that differs", () => {
    let losing = true;
    const world = new MiniWorld({
      settings: { digestReads: true, r: 1, w: 1, dw: 0 },
      delay: (from, _t, message) =>
        losing && message.kind === "replica-put" ? undefined : from === 2 ? 20_000 : 1_000,
    });
    world.put(2, "k", "v");
    losing = false;
    assert.deepEqual(values(world.get(0, "k")), [], "R=1: its own absence");
    world.run(150_000);
    for (const node of [0, 1]) assert.match(world.stored(node, "k") ?? "absent", /w1/);
  });

  it("reaps a tombstone that all hold, though only one has sent it", () => {
    const world = new MiniWorld({ settings: { ...DIGESTS, deleteMode: "immediate" } });
    const { context } = world.put(0, "k", "v");
    const message = world.putMessage("k", "", context);
    assert.ok(message.kind === "put");
    const box = world.ask(0, { ...message, version: { ...message.version, tombstone: true } });
    world.run(500_000);
    assert.equal(box.answer?.outcome, "ok");
    for (const node of [0, 1, 2]) assert.equal(world.stored(node, "k"), undefined);
    assert.ok(total(world, "digestReads") > 0);
  });

  it("is stale as soon as a planted fault takes every digest for a match, and never without", () => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- put back on the same prototype
    const honest = StrategicGet.prototype.takeDiffering;
    const stale = (planted: boolean): number => {
      const world = new MiniWorld({
        seed: 4,
        settings: { digestReads: true, r: 2, w: 2, readRepair: "none" },
        delay: (_f, _t, _m, random) => 500 + random.nextBelow(20_000),
      });
      let missed = 0;
      if (planted) {
        StrategicGet.prototype.takeDiffering = function (this: StrategicGet) {
          const { results } = this as unknown as { results: unknown[] };
          const copy = results.find((result) => typeof result === "object" && !(result instanceof Digest));
          if (copy === undefined) return honest.call(this);
          for (const [i, result] of results.entries()) if (result instanceof Digest) results[i] = copy;
          return 0;
        };
      }
      try {
        let context = "";
        for (let i = 0; i < 60; i++) {
          context = world.put(i % 3, "k", `v${String(i)}`, context).context;
          if (!values(world.get((i + 1) % 3, "k")).includes(`v${String(i)}`)) missed++;
        }
      } finally {
        StrategicGet.prototype.takeDiffering = honest;
      }
      return missed;
    };
    assert.equal(stale(false), 0);
    assert.ok(stale(true) > 3, String(stale(true)));
  });
});

describe("a speculative read", () => {
  const FEW = { readFanout: "quorum", r: 2, w: 3, readTimeoutMs: 300 } as const;

  /** A world in which one of the replicas that node 0 reads says nothing from `silence()` on. */
  function withSilence(settings: WorldOptions["settings"]): { world: MiniWorld; silence: () => void } {
    let silent = -1;
    const world = new MiniWorld({
      settings: { ...FEW, ...settings },
      delay: (from, to) => (from === silent || to === silent ? undefined : 1_000),
    });
    world.put(0, "k", "v");
    const silence = (): void => {
      [silent] = world.owners("k").filter((node) => node !== 0);
    };
    return { world, silence };
  }

  it("waits for its timeout without speculation", () => {
    const { world, silence } = withSilence({});
    silence();
    assert.deepEqual(timed(world, 0, "k"), { took: 300_000, outcome: "timeout", values: [] });
  });

  it("asks one more after a fixed time", () => {
    const { world, silence } = withSilence({ speculativeRetry: { afterMs: 7 } });
    assert.equal(timed(world, 0, "k").took, 2_000);
    assert.equal(total(world, "speculations"), 0, "in time");
    silence();
    assert.deepEqual(timed(world, 0, "k"), { took: 9_000, outcome: "ok", values: ["v"] });
    assert.equal(total(world, "speculations"), 1);
    assert.equal(total(world, "speculationsHelped"), 1);
  });

  it("asks one more at once", () => {
    const { world, silence } = withSilence({ speculativeRetry: "always" });
    world.get(0, "k");
    assert.equal(sent(world, "replica-get"), 2);
    silence();
    assert.deepEqual(timed(world, 0, "k"), { took: 2_000, outcome: "ok", values: ["v"] });
    assert.equal(total(world, "speculations"), 2);
    assert.ok(total(world, "speculationsHelped") >= 1);
  });

  it("asks one more after the p99 of its replicas' recent answers, once it has seen enough of them", () => {
    const { world, silence } = withSilence({ speculativeRetry: "p99", readTimeoutMs: 50 });
    for (let i = 0; i < 99; i++) world.get(0, "k");
    silence();
    assert.equal(timed(world, 0, "k").outcome, "timeout", "99 answers are too few");
    const another = withSilence({ speculativeRetry: "p99" });
    for (let i = 0; i < 120; i++) another.world.get(0, "k");
    another.silence();
    const { took, outcome } = timed(another.world, 0, "k");
    assert.equal(outcome, "ok");
    assert.ok(took >= 4_000 && took <= 4_250, `${String(took)} us: 2 ms by at most an eighth more, and a round trip`);
  });

  it("is not said to have helped when those that were late come first after all", () => {
    const world: MiniWorld = new MiniWorld({
      settings: { ...FEW, speculativeRetry: { afterMs: 5 } },
      delay: (_f, to, message) =>
        message.kind !== "replica-get" ? 1_000 : to === world.owners("k")[1] ? 6_000 : 3_000,
    });
    const [owner] = world.owners("k");
    world.put(owner, "k", "v");
    assert.equal(timed(world, owner, "k").took, 7_000);
    assert.equal(total(world, "speculations"), 1);
    assert.equal(total(world, "speculationsHelped"), 0);
  });

  it("asks for the whole when the one that is late was to send it", () => {
    const { world, silence } = withSilence({ speculativeRetry: { afterMs: 5 }, digestReads: true, coordinator: "any" });
    silence();
    assert.deepEqual(timed(world, 0, "k").values, ["v"]);
  });
});

describe("a repair before the answer", () => {
  /** All have an old value, and only X the new one; X and Y are near each other, Y and Z too; a repair takes its time. */
  function half(settings: WorldOptions["settings"], repairDelay: number | undefined = 30_000): [MiniWorld, number[]] {
    let losing = false;
    const world: MiniWorld = new MiniWorld({
      settings: { r: 2, w: 1, dw: 0, ...settings },
      delay: (from, to, message) => {
        if (message.kind === "replica-put") return message.cause === "replication" && losing ? undefined : repairDelay;
        const [x, , z] = world.owners("k");
        return (from === x && to === z) || (from === z && to === x) ? 60_000 : 1_000;
      },
    });
    const owners = [...world.owners("k")];
    const { context } = world.put(owners[0], "k", "old");
    world.run(1_500_000);
    losing = true;
    world.put(owners[0], "k", "v", context);
    losing = false;
    return [world, owners];
  }

  it("makes reads of a quorum monotonic, as a repair after the answer does not", () => {
    for (const [readRepair, took, second] of [
      ["blocking", 33_000, ["v"]],
      ["async", 2_000, ["old"]],
    ] as const) {
      const [world, [x, , z]] = half({ readRepair });
      assert.deepEqual(timed(world, x, "k"), { took, outcome: "ok", values: ["v"] }, readRepair);
      assert.deepEqual(values(world.get(z, "k")), second, readRepair);
    }
  });

  it("is waited for by digests and by reads of few as well", () => {
    for (const more of [
      { digestReads: true },
      { readFanout: "quorum" },
      { readFanout: "quorum", digestReads: true },
    ] as const) {
      const [world, [x, y, z]] = half({ readRepair: "blocking", ...more });
      const { took, values: seen } = timed(world, x, "k");
      assert.deepEqual(seen, ["v"]);
      assert.equal(took, "digestReads" in more ? 35_000 : 33_000, "one round trip more to read in full who differs");
      assert.equal(total(world, "blockingRepairs"), 1);
      assert.equal(total(world, "digestMismatches"), "digestReads" in more ? 1 : 0);
      assert.equal(world.stored(y, "k"), world.stored(x, "k"));
      if (!("readFanout" in more)) assert.deepEqual(values(world.get(z, "k")), ["v"]);
    }
  });

  it("that is not confirmed in time ends the read with a timeout", () => {
    const [world, [x]] = half({ readRepair: "blocking" }, 1_000_000);
    const { took, outcome } = timed(world, x, "k");
    assert.deepEqual({ took, outcome }, { took: 200_000, outcome: "timeout" });
  });

  it("ends the read as unreachable where the replica cannot store", () => {
    const [world, [x, y, z]] = half({ readRepair: "blocking", readFanout: "quorum" }, 1_000);
    world.crash(z);
    world.machines[y].disk.load = (token, _v, _a, events) => events.loadFailed(token, "read error");
    world.run(700_000);
    const { outcome } = timed(world, x, "k");
    assert.equal(outcome, "quorum_unreachable");
  });

  it("of its own copy is done at once", () => {
    const [world, [, y]] = half({ readRepair: "blocking", readFanout: "quorum" });
    assert.deepEqual(timed(world, y, "k"), { took: 2_000, outcome: "ok", values: ["v"] });
    assert.match(world.stored(y, "k") ?? "absent", /w2/);
  });

  it("lets a later read see less as soon as a planted fault does not wait for it", () => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- put back on the same prototype
    const honest = StrategicGet.prototype.repairVerdict;
    StrategicGet.prototype.repairVerdict = () => "met";
    try {
      const [world, [x, , z]] = half({ readRepair: "blocking" });
      assert.deepEqual(values(world.get(x, "k")), ["v"]);
      assert.deepEqual(values(world.get(z, "k")), ["old"]);
    } finally {
      StrategicGet.prototype.repairVerdict = honest;
    }
  });
});

describe("a repair by chance", () => {
  it("sends about that share of reads to all, and repairs them whatever read_repair says", () => {
    let losing = true;
    const world = new MiniWorld({
      settings: { readFanout: "quorum", r: 1, w: 1, dw: 0, readRepair: "none", readRepairChance: 0.25 },
      delay: (_f, _t, message) => (losing && message.kind === "replica-put" ? undefined : 1_000),
    });
    for (let i = 0; i < 400; i++) world.put(world.owners(`k${String(i)}`)[0], `k${String(i)}`, "v");
    losing = false;
    for (let i = 0; i < 400; i++) world.get(world.owners(`k${String(i)}`)[0], `k${String(i)}`);
    world.run(50_000);
    const chosen = sent(world, "replica-get") / 2;
    // Binomial, four standard deviations.
    assert.ok(Math.abs(chosen - 100) < 4 * Math.sqrt(400 * 0.25 * 0.75), String(chosen));
    assert.equal(total(world, "readRepairs"), 2 * chosen);
  });

  it("never happens without a chance, and draws alike in a run like another", () => {
    const trace = (readRepairChance: number): string => {
      const world = new MiniWorld({ seed: 3, settings: { readFanout: "quorum", r: 1, readRepairChance } });
      for (let i = 0; i < 60; i++) world.get(i % 3, `k${String(i % 7)}`);
      return world.sent.map(({ to, message }) => `${message.kind} ${String(to)}`).join();
    };
    assert.equal(trace(0.5), trace(0.5));
    assert.ok(!trace(0).includes("replica-get "));
  });
});

/**
 * Coordination inside the client, in virtual time: it must answer what a node would have answered, with one trip less; survive
 * nodes that die and rings that change behind its back; and never let an old view break the promise of R + W > N.
 *
 * The trap for such a test is a client that quietly falls back on the nodes: so each looks at who coordinated.
 */
import { strict as assert } from "node:assert";
import { THE_CLIENT } from "../../engine/messages";
import type { SimulatedClient } from "../../engine/sim/client";
import { SimulatedCluster } from "../../engine/sim/cluster";
import type { EngineSettings } from "../../engine/vocabulary/settings";
import { Answered, type Changes, key, members, settings } from "./sim/settings";

const lan: Changes["network"] = {
  intraZone: { dist: "constant", valueMs: 1 },
  client: { dist: "constant", valueMs: 1 },
  loss: 0,
};

/** A cluster and a client of a routing. */
class Driven {
  readonly cluster: SimulatedCluster;
  readonly client: SimulatedClient;
  private writes = 0;

  constructor(routing: "any" | "token-aware" | "client-driven", changes: Changes = {}) {
    this.cluster = new SimulatedCluster({ cluster: settings({ network: lan, ...changes }) });
    this.cluster.run(this.cluster.ready);
    this.client = this.cluster.client({ routing, graceMs: 100, pollMs: 10_000 });
  }

  runMs(ms: number): void {
    this.cluster.run(this.cluster.now() + ms * 1_000);
  }

  put(name: string, value: string, context = "", session = 0): Answered {
    const answered = new Answered();
    const version = { writeId: ++this.writes, value, tombstone: false };
    this.client.put(session, key(name), context, version, undefined, (answer) => answered.take(answer));
    return answered;
  }

  get(name: string, session = 0): Answered {
    const answered = new Answered();
    this.client.get(session, key(name), undefined, (answer) => answered.take(answer));
    return answered;
  }

  wait(answered: Answered): NonNullable<Answered["answer"]> {
    for (let i = 0; i < 5_000 && answered.answer === undefined; i++) this.runMs(1);
    assert.ok(answered.answer !== undefined, "every request is answered");
    return answered.answer;
  }
}

const CLOCKS: readonly Partial<EngineSettings>[] = [
  { clock: "dvvset" },
  { clock: "vv-server" },
  { clock: "vv-client" },
  { clock: "lww", timestamps: "coordinator" },
  { clock: "dvvset", coordinator: "any" },
  { clock: "dvvset", digestReads: true, readFanout: "quorum", speculativeRetry: "p99", readRepair: "blocking" },
];

describe("a client that coordinates", () => {
  for (const engine of CLOCKS) {
    it(`answers what any node would have answered (${JSON.stringify(engine)})`, () => {
      const told = (["any", "token-aware", "client-driven"] as const).map((routing) => {
        const driven = new Driven(routing, { members: members(5), engine });
        const contexts = new Map<string, string>();
        const answers: string[] = [];
        for (let i = 0; i < 60; i++) {
          const name = `k${String(i % 7)}`;
          const reads = i % 3 === 0;
          const done = driven.wait(
            reads ? driven.get(name) : driven.put(name, `v${String(i)}`, contexts.get(name) ?? ""),
          );
          contexts.set(name, done.context);
          answers.push(
            `${done.outcome} ${done.versions.map(({ writeId, value }) => `${String(writeId)}=${value}`).join("|")}`,
          );
          driven.runMs(20);
        }
        return answers;
      });
      assert.deepEqual(told[2], told[0]);
      assert.deepEqual(told[1], told[0]);
    });
  }

  it("reads in one trip, by its own hand; a put whose event takes a replica's name is a node's", () => {
    const driven = new Driven("client-driven", { members: members(5) });
    const began = driven.cluster.now();
    const put = driven.wait(driven.put("a", "1"));
    assert.equal(put.outcome, "ok");
    assert.ok(driven.cluster.ring.preferenceList(key("a"), 3).some(({ node }) => node === put.coordinator));
    assert.equal(driven.cluster.now() - began, 4_000, "to the node, to a replica, and back");
    const then = driven.cluster.now();
    const got = driven.wait(driven.get("a"));
    assert.equal(got.coordinator, THE_CLIENT);
    assert.equal(driven.cluster.now() - then, 2_000);
    assert.deepEqual(
      got.versions.map(({ value }) => value),
      ["1"],
    );
    const counts = driven.cluster.machines.map(({ node }) => node!.count());
    assert.equal(
      counts.reduce((sum, { coordinatedGets }) => sum + coordinatedGets, 0),
      0,
    );
    assert.equal(
      counts.reduce((sum, { forwarded }) => sum + forwarded, 0),
      0,
    );
    assert.equal(driven.client.coordinated?.counts.coordinatedGets, 1);
  });

  it("makes the event itself where the clock lets anybody", () => {
    const driven = new Driven("client-driven", { members: members(5), engine: { clock: "lww", timestamps: "client" } });
    const began = driven.cluster.now();
    const put = driven.wait(driven.put("a", "1"));
    assert.deepEqual([put.outcome, put.coordinator], ["ok", THE_CLIENT]);
    assert.equal(driven.cluster.now() - began, 2_000);
    assert.equal(driven.client.coordinated?.counts.coordinated, 1);
  });

  it("passes no load balancer, which requests to any node pass both ways", () => {
    const network = { ...lan, balancer: { dist: "constant", valueMs: 5 } } as const;
    const took = (routing: "any" | "token-aware" | "client-driven"): number => {
      const driven = new Driven(routing, { network, engine: { clock: "lww", timestamps: "client" } });
      driven.wait(driven.put("a", "1"));
      const began = driven.cluster.now();
      driven.wait(driven.get("a"));
      return driven.cluster.now() - began;
    };
    // On three nodes every node is a replica: its own copy and one trip between nodes.
    assert.deepEqual([took("any"), took("token-aware"), took("client-driven")], [14_000, 4_000, 2_000]);
  });

  it("asks the others once a node's connection is closed, and that node again when it is back", () => {
    const driven = new Driven("client-driven", { members: members(3) });
    driven.wait(driven.put("a", "1"));
    driven.cluster.kill(0);
    driven.runMs(10);
    assert.equal(driven.wait(driven.get("a")).outcome, "ok");
    const before = driven.client.coordinated!.counts;
    driven.cluster.boot(0);
    driven.runMs(50);
    assert.equal(driven.wait(driven.get("a")).outcome, "ok");
    driven.runMs(50);
    assert.ok(driven.cluster.machines[0].node!.count().replicaReads > 0, "it is asked again");
    assert.equal(driven.client.coordinated!.counts.coordinatedGets, before.coordinatedGets + 1);
  });

  it("finds out by its own requests that a node is silent, and pings it until it answers", () => {
    const driven = new Driven("client-driven", { members: members(3), engine: { r: "all", readTimeoutMs: 100 } });
    driven.wait(driven.put("a", "1"));
    driven.cluster.pause(2);
    const outcomes = Array.from({ length: 5 }, () => driven.wait(driven.get("a")).outcome);
    assert.deepEqual(outcomes, ["timeout", "timeout", "timeout", "unavailable", "unavailable"]);
    driven.cluster.resume(2);
    driven.runMs(2_100);
    assert.equal(driven.wait(driven.get("a")).outcome, "ok");
  });

  it("leaves a fallback's hint, which goes home", () => {
    const driven = new Driven("client-driven", {
      members: members(5),
      engine: { clock: "lww", timestamps: "client", sloppyQuorum: true, standIn: "fallback", w: "all" },
    });
    const [{ node: away }] = driven.cluster.ring.preferenceList(key("a"), 3);
    driven.cluster.kill(away);
    driven.runMs(10);
    const put = driven.wait(driven.put("a", "1"));
    assert.deepEqual([put.outcome, put.coordinator], ["ok", THE_CLIENT]);
    const hints = (): number =>
      driven.cluster.machines.reduce((sum, { node }) => sum + (node?.count().hintsHeld ?? 0), 0);
    driven.runMs(10);
    assert.equal(hints(), 1);
    driven.cluster.boot(away);
    driven.runMs(15_000);
    assert.equal(hints(), 0);
    assert.equal(driven.wait(driven.get("a")).versions.length, 1);
  });

  it("polls a node for the membership every so often", () => {
    const driven = new Driven("client-driven");
    driven.runMs(35_000);
    assert.equal(driven.client.coordinated?.polls, 3);
  });
});

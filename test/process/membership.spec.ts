/**
 * Real processes join, leave, crash in the middle of a transfer and are replaced, under load and on LMDB: all go by one ring
 * in the end and nothing that was acknowledged is missing. Each key has one writer, which writes the next number only when
 * the last was acknowledged, and readers that never see less than what was acknowledged before they asked.
 */
import { strict as assert } from "node:assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../engine/clocks/clock";
import type { Client, Routing } from "../../engine/real/client";
import type { RingState } from "../../engine/messages";
import { RingMaker } from "../../engine/ring/ring-maker";
import { Random } from "../../engine/vocabulary/random";
import { address, LiveCluster, needsCompiledNodes } from "./live-cluster";
import { until } from "./until";

const KEYS = 40;

class Load {
  readonly acknowledged = new Array<number>(KEYS).fill(0);
  readonly problems: string[] = [];
  private readonly attempted = new Array<number>(KEYS).fill(0);
  private running = true;
  private readonly loops: Promise<void>[] = [];
  operations = 0;

  constructor(private readonly client: Client) {
    for (let i = 0; i < KEYS; i++) this.loops.push(this.write(i), this.read(i));
  }

  stop(): void {
    this.running = false;
  }

  async end(): Promise<void> {
    this.stop();
    await Promise.all(this.loops);
  }

  private async write(i: number): Promise<void> {
    while (this.running) {
      const context = await this.contextOf(i);
      if (context === undefined) continue;
      const number = ++this.attempted[i];
      const version = { writeId: i * 1_000_000 + number, value: String(number), tombstone: false };
      const outcome = await new Promise<string>((resolve) =>
        this.client.put(address(`k${String(i)}`), context, version, undefined, (answer) => resolve(answer.outcome)),
      );
      this.operations++;
      if (outcome === "ok") this.acknowledged[i] = number;
    }
  }

  private contextOf(i: number): Promise<Context | undefined> {
    return new Promise((resolve) =>
      this.client.get(address(`k${String(i)}`), undefined, ({ outcome, context }) =>
        resolve(outcome === "ok" ? context : undefined),
      ),
    );
  }

  private async read(i: number): Promise<void> {
    while (this.running) {
      const floor = this.acknowledged[i];
      const best = await this.best(i);
      this.operations++;
      if (best !== undefined && best < floor)
        this.problems.push(`k${String(i)} read as ${String(best)}, ${String(floor)} was acknowledged`);
    }
  }

  best(i: number): Promise<number | undefined> {
    return new Promise((resolve) =>
      this.client.get(address(`k${String(i)}`), undefined, ({ outcome, versions }) =>
        resolve(outcome === "ok" ? Math.max(0, ...versions.map(({ value }) => Number(value))) : undefined),
      ),
    );
  }
}

describe("membership of processes", function () {
  this.timeout(60_000);
  let live: LiveCluster;
  let load: Load | undefined;

  before(function () {
    needsCompiledNodes(this);
  });

  afterEach(async () => {
    load?.stop();
    load = undefined;
    await live.end();
  });

  const settled = async (members: readonly number[]): Promise<RingState> => {
    return until(
      `the ring is settled on ${members.join()}`,
      async () => {
        const state = await live.cluster.ringState();
        return state?.phase === "settled" && state.plan.members.join() === members.join() ? state : undefined;
      },
      20_000,
    );
  };

  const comeAndGo = async (routing: Routing): Promise<void> => {
    live = await LiveCluster.start({
      nodes: 6,
      spares: 3,
      storage: { kind: "lmdb", sync: "group" },
      engine: {
        r: 2,
        w: 2,
        dw: 2,
        membership: {
          intervalMs: 100,
          fanout: 1,
          seeds: [0, 1, 2],
          pushPullMs: 2_000,
          payloadBytes: 1_400,
          doubleWrites: true,
          transferBatch: 10,
        },
      },
    });
    const { cluster } = live;
    const rings = new RingMaker(live.settings, Random.fromSeed(live.settings.seed).fork("ring"));
    // Polls but once a minute: it hears of changes by being refused.
    const client = await live.client({ routing, rings, pollMs: 60_000 });
    const running = (load = new Load(client));
    const start = async (index: number): Promise<void> => {
      await cluster.revive(index);
      client.moved(cluster.addresses());
    };

    await until("every key is written", () => running.acknowledged.every((number) => number > 1));
    await start(3);
    await cluster.operate(3, { kind: "join", via: 1, replaces: undefined });
    // Wherever the change stands: the one that sends, and the one that receives, end and start again.
    await cluster.kill(3);
    await start(3);
    await cluster.kill(1);
    await start(1);
    await settled([0, 1, 2, 3]);

    await start(4);
    await cluster.operate(4, { kind: "join", via: 3, replaces: undefined });
    await settled([0, 1, 2, 3, 4]);
    await cluster.operate(0, { kind: "leave" });
    await settled([1, 2, 3, 4]);
    // It hands over what is left, and ends by itself.
    await until("node-1 ends", () => !cluster.running(0), 20_000);

    await cluster.kill(2);
    await start(5);
    await cluster.operate(5, { kind: "join", via: 1, replaces: 2 });
    await settled([1, 3, 4, 5]);

    await running.end();
    assert.deepEqual(running.problems, []);
    assert.ok(running.operations > 1_000, `${String(running.operations)} operations`);
    for (let i = 0; i < KEYS; i++) {
      const best = await running.best(i);
      assert.ok(best !== undefined && best >= running.acknowledged[i], `k${String(i)}: ${String(best)}`);
    }
    assert.deepEqual(live.deaths, []);
    if (routing === "client-driven") assert.ok((client.coordinated?.views ?? 0) > 3, "it goes by the ring of now");
  };

  it("join, crash, leave and are replaced under load, and nothing acknowledged is lost", () => comeAndGo("any"));

  it("do so while clients coordinate their reads by rings of yesterday (long)", () => comeAndGo("client-driven"));

  it("start with no memory that cannot be read: a node says so and does not serve under a ring of its own making", async () => {
    live = await LiveCluster.start({
      nodes: 3,
      storage: { kind: "lmdb", sync: "group" },
      engine: {
        membership: {
          intervalMs: 100,
          fanout: 1,
          seeds: [0],
          payloadBytes: 1_400,
          doubleWrites: true,
          transferBatch: 10,
        },
      },
    });
    const { cluster } = live;
    await cluster.operate(0, { kind: "remove", node: 2 });
    await settled([0, 1]);
    const file = join(live.directory, "node-2", "membership.json");
    await until("it is remembered", () => existsSync(file) && readFileSync(file, "utf8").includes('"settled"'));
    await cluster.kill(1);
    writeFileSync(file, '{"ring":{"id":{"version":');
    await assert.rejects(cluster.revive(1), /membership\.json.*no JSON/);
  });
});

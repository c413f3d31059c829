/**
 * Acknowledged writes against real faults on real processes with real disks: kill -9 at any moment, in the middle of a
 * commit, of hints on their way home and of an exchange of trees; processes that stand still for longer than anybody
 * waits. `npm run soak` does the same at random for hours; here each mechanism has its turn, and the moment is found by
 * watching counters, not by sleeping.
 *
 * A check that cannot fail proves nothing: the last suite runs stores that promise less and demands that the loss is seen.
 */
import { strict as assert } from "node:assert";
import type { AnswerMessage, RequestOptions } from "../../engine/messages";
import type { Address } from "../../engine/vocabulary/address";
import { Random } from "../../engine/vocabulary/random";
import type { EngineSettings } from "../../engine/vocabulary/settings";
import { Books, comeToRest, type Breach, type RestOptions, type Written } from "./durability";
import { DurableLoad, type LoadOptions } from "./durable-load";
import { processesOf, type Processes } from "./durable-processes";
import { address, LiveCluster, type LiveOptions, needsCompiledNodes } from "./live-cluster";
import { until } from "./until";

const AAE = { intervalMs: 50, depth: 2, fanout: 16, hash: "clock", repair: "gets", concurrency: 2 } as const;
const DETECTOR = { name: "timeout", heartbeatIntervalMs: 50, timeoutMs: 250 };
const ENGINE: Partial<EngineSettings> = {
  coordinator: "replica",
  readRepair: "none",
  readTimeoutMs: 300,
  writeTimeoutMs: 300,
  detector: DETECTOR,
};
/** Slow enough for the replay of a few hundred to be met half-way. */
const HINT = { batch: 8, idleMs: 0, concurrency: 4, rateBytesPerSecond: 15_000 };
const FALLBACKS: Partial<EngineSettings> = { sloppyQuorum: true, standIn: "fallback", hint: HINT };
const SOME = 120;

interface Running {
  readonly live: LiveCluster;
  readonly world: Processes;
}

async function start(options: LiveOptions): Promise<Running> {
  const live = await LiveCluster.start({ storage: { kind: "lmdb", sync: "group" }, ...options });
  return { live, world: await processesOf(live, "any") };
}

let names = 0;
function freshKeys(count: number): readonly Address[] {
  const set = String(++names);
  return Array.from({ length: count }, (_, i) => address(`durable-${set}-${String(i)}`));
}

function putOne(
  { world }: Running,
  books: Books,
  key: Address,
  options: RequestOptions,
  ended?: (write: Written, answer: AnswerMessage) => void,
): Promise<Written> {
  const write = books.began(key, 0, []);
  return new Promise((resolve) => {
    world.put(0, key, "", { writeId: write.id, value: "v".repeat(40), tombstone: false }, options, (answer) => {
      books.ended(write, answer.outcome);
      ended?.(write, answer);
      resolve(write);
    });
  });
}

/** Sessions write while `act` runs; then all must come to rest with nothing lost. */
async function underLoad(
  running: Running,
  load: Partial<LoadOptions>,
  act: (books: Books) => Promise<void>,
): Promise<Books> {
  const books = new Books();
  const options = { sessions: 12, keys: freshKeys(40), seed: 7, thinkMs: 3, dw: ["quorum", "all"] as const, ...load };
  const sessions = new DurableLoad(running.world, books, options);
  try {
    await act(books);
  } finally {
    await sessions.stop();
  }
  assert.deepEqual(sessions.breaches, []);
  await nothingIsLost(running, books);
  return books;
}

async function nothingIsLost({ live, world }: Running, books: Books, options?: Partial<RestOptions>): Promise<void> {
  const rest = await comeToRest(world, books, { deadlineMs: 15_000, ...options });
  assert.deepEqual(rest.breaches, []);
  assert.deepEqual(live.deaths, []);
  assert.ok(books.acknowledged > 0);
}

const moreAcknowledged = (books: Books, more: number): Promise<boolean> => {
  const from = books.acknowledged;
  return until(`${String(more)} more acknowledgements`, () => books.acknowledged >= from + more);
};

describe("acknowledged writes under kills", function () {
  this.timeout(40_000);

  for (const sync of ["group", "each"] as const) {
    describe(`LMDB, sync ${sync}`, () => {
      let running: Running;
      before(async function () {
        needsCompiledNodes(this);
        running = await start({ storage: { kind: "lmdb", sync }, engine: { ...ENGINE, aae: AAE } });
      });
      after(async () => running?.live.end());

      if (sync === "group")
        it("survive the kill and restart of each node in turn", async () => {
          const books = await underLoad(running, {}, async (soFar) => {
            for (let node = 0; node < 3; node++) {
              await moreAcknowledged(soFar, 60);
              await running.live.cluster.kill(node);
              // DW of two is still met by the other two.
              await moreAcknowledged(soFar, 30);
              await running.world.revive(node);
            }
            await moreAcknowledged(soFar, 60);
          });
          assert.ok(books.acknowledged < books.writes, "some writes were hit by a kill");
        });

      it("survive a kill at any moment of a commit, of one node or of all (long)", async () => {
        const books = new Books();
        const random = Random.fromSeed(3).fork("moments");
        const keys = freshKeys(SOME);
        for (let round = 0; round < 4; round++) {
          let acknowledged = 0;
          const options = { dw: round % 2 === 0 ? "quorum" : 1, timeoutMs: 4_000 } as const;
          const burst = keys.map((key) => putOne(running, books, key, options, (_, { outcome }) => outcome === "ok" && acknowledged++)); // prettier-ignore
          // At any moment after the first was sent, or after the first was acknowledged.
          if (round > 0) await until("the first acknowledgement", () => acknowledged > 0);
          const moment = performance.now() + random.nextFloat() * 4;
          // So that what was asked leaves, and answers are heard, up to the very moment.
          while (performance.now() < moment) await new Promise((resolve) => setImmediate(resolve));
          const victims = round === 3 ? [0, 1, 2] : [round];
          await Promise.all(victims.map((node) => running.live.cluster.kill(node)));
          await Promise.all(burst);
          await Promise.all(victims.map((node) => running.world.revive(node)));
        }
        assert.ok(books.acknowledged < books.writes, "some writes were hit");
        await nothingIsLost(running, books);
      });
    });
  }
});

describe("acknowledged writes while replicas are repaired", function () {
  this.timeout(40_000);

  it("survive kills of both sides in the middle of an exchange of trees (long)", async function () {
    needsCompiledNodes(this);
    const running = await start({ engine: { ...ENGINE, aae: { ...AAE, fanout: 8, concurrency: 1 } } });
    try {
      const { live, world } = running;
      const repaired = async (): Promise<number> => {
        const all = await live.cluster.counts();
        return all.reduce((sum, counts) => sum + (counts?.keysRepairedByAae ?? 0), 0);
      };
      const messages = async (): Promise<number> => {
        const all = await live.cluster.counts();
        return all.reduce((sum, counts) => sum + (counts?.treeMessages ?? 0), 0);
      };
      const books = new Books();
      const keys = freshKeys(300);
      await live.cluster.kill(2);
      await until("the others know", async () => (await putOne(running, books, keys[0], { w: 2 })).outcome === "ok");
      await Promise.all(keys.map((key) => putOne(running, books, key, { dw: 2, timeoutMs: 5_000 })));
      const before = await repaired();
      await world.revive(2);
      // First whoever is repaired, then whoever repairs; each comes back to what is left.
      for (const victim of [2, 0]) {
        const sent = await messages();
        const soFar = await repaired();
        await until("an exchange is under way", async () => (await messages()) > sent && (await repaired()) > soFar);
        await live.cluster.kill(victim);
        if (victim === 2)
          assert.ok((await repaired()) - before < keys.length, "it was killed before everything was repaired");
        await world.revive(victim);
      }
      await nothingIsLost(running, books);
    } finally {
      await running.live.end();
    }
  });

  describe("by hints", () => {
    let running: Running;
    before(async function () {
      needsCompiledNodes(this);
      running = await start({ nodes: 5, engine: { ...ENGINE, ...FALLBACKS, aae: AAE } });
    });
    after(async () => running?.live.end());

    const heldBy = async (): Promise<readonly number[]> =>
      (await running.live.cluster.counts()).map((counts) => counts?.hintsHeld ?? 0);
    const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

    it("survive kills of the keeper and of the owner in the middle of the replay (long)", async () => {
      const { live, world } = running;
      const books = new Books();
      const keys = freshKeys(400);
      const owner = 4;
      await live.cluster.kill(owner);
      await until("all know that it is gone", async () => {
        await Promise.all(freshKeys(20).map((key) => putOne(running, books, key, { w: 2, dw: 2 })));
        return (await heldBy()).filter((held) => held > 0).length >= 2;
      });
      await Promise.all(keys.map((key) => putOne(running, books, key, { dw: "all", timeoutMs: 5_000 })));
      const all = sum(await heldBy());
      assert.ok(all > 100, `${String(all)} hints`);
      await world.revive(owner);
      const keeper = await until("hints go home", async () => {
        const held = await heldBy();
        return sum(held) < all && sum(held) > 0 && { node: held.indexOf(Math.max(...held)) };
      });
      await Promise.all([live.cluster.kill(keeper.node), live.cluster.kill(owner)]);
      const left = await heldBy();
      assert.ok(left[keeper.node] > 0, "its last words: it had not delivered everything");
      await Promise.all([world.revive(keeper.node), world.revive(owner)]);
      await nothingIsLost(running, books);
    });

    it("survive a node that stands still for longer than anybody waits; requests to it end as indefinite (long)", async () => {
      const { live, world } = running;
      const still = 1;
      const books = await underLoad(running, { r: [1, "quorum", "all"] }, async (soFar) => {
        await moreAcknowledged(soFar, 40);
        live.cluster.pause(still);
        const timeouts = (): number => (soFar.outcomes.get("timeout") ?? 0) + (soFar.outcomes.get("connection_lost") ?? 0); // prettier-ignore
        const before = timeouts();
        await until("what it was asked has timed out", () => timeouts() > before);
        await until("its copies are kept for it", async () => sum(await heldBy()) > 0);
        await moreAcknowledged(soFar, 40);
        live.cluster.resume(still);
        await moreAcknowledged(soFar, 40);
      });
      assert.deepEqual(
        [...books.outcomes.keys()].filter((outcome) => !["ok", "timeout", "unavailable", "quorum_unreachable"].includes(outcome)),
        [],
      ); // prettier-ignore
      // It takes part again: with itself among the replicas, all of them acknowledge.
      const own = freshKeys(200).filter((key) => live.owners(key)[0] === still);
      const later = new Books();
      for (const key of own.slice(0, 5)) {
        await until("it acknowledges", async () => (await putOne(running, later, key, { pw: 3 })).outcome === "ok");
      }
      assert.equal(await world.hintsHeld(), 0);
    });
  });
});

describe("the check of durability sees what stores that promise less have lost", function () {
  this.timeout(40_000);

  const found = (breaches: readonly Breach[]): ReadonlySet<string> => new Set(breaches.map(({ what }) => what));

  it("acknowledgements on receipt alone, when all nodes are killed; and replicas that nothing repairs", async function () {
    needsCompiledNodes(this);
    const running = await start({ engine: ENGINE });
    try {
      const { live, world } = running;
      const full = { id: "full", atMs: 0, forMs: 60_000, action: { kind: "disk-full", nodes: ["all"] } } as const;
      const received = new Books();
      const faults = world.faults([full], (why) => assert.fail(why));
      await until("disks are full", () => faults.occurrences().length === 1);
      await faults.settled();
      await Promise.all(freshKeys(SOME).map((key) => putOne(running, received, key, { w: 3, dw: 0 })));
      assert.ok(received.acknowledged > 0, "whoever asks for no DW is told ok");
      await Promise.all([0, 1, 2].map((node) => live.cluster.kill(node)));
      faults.finish();
      await faults.settled();
      await Promise.all([0, 1, 2].map((node) => world.revive(node)));
      const { breaches } = await comeToRest(world, received, { deadlineMs: 5_000 });
      assert.equal(breaches.filter(({ what }) => what === "lost").length, received.acknowledged);
      const books = new Books();
      await live.cluster.kill(1);
      await Promise.all(freshKeys(10).map((key) => putOne(running, books, key, { dw: 2, timeoutMs: 3_000 })));
      await world.revive(1);
      const rest = await comeToRest(world, books, { deadlineMs: 300 });
      assert.equal(rest.convergedMs, undefined);
      assert.deepEqual([...found(rest.breaches)], ["did not converge"]);
    } finally {
      await running.live.end();
    }
  });

  it("hints that expire where all owners are away", async function () {
    needsCompiledNodes(this);
    const running = await start({ nodes: 5, engine: { ...ENGINE, ...FALLBACKS, hint: { ...HINT, expiryMs: 100 } } });
    try {
      const { live, world } = running;
      const gone = [0, 1, 2];
      const orphan = freshKeys(2_000).find((key) => live.owners(key).every((node) => gone.includes(node)))!;
      await Promise.all(gone.map((node) => live.cluster.kill(node)));
      const books = new Books();
      await until("stand-ins acknowledge it", async () => {
        return (await putOne(running, books, orphan, { w: 2, dw: 2 })).outcome === "ok";
      });
      await until("they have forgotten it", async () => {
        const keepers = (await live.cluster.counts()).slice(gone.length);
        return keepers.every((counts) => counts?.hintsHeld === 0 && counts.hintsExpired > 0);
      });
      await Promise.all(gone.map((node) => world.revive(node)));
      const { breaches } = await comeToRest(world, books, { deadlineMs: 5_000 });
      assert.ok(found(breaches).has("lost"), JSON.stringify(breaches));
    } finally {
      await running.live.end();
    }
  });
});

/**
 * Whole experiments on stores that somebody else wrote: the same load on a Redis and on DynamoDB's interface, figures that clients
 * can know and no others, a report that says what may be compared, lost updates that can be reckoned beforehand, and a store
 * left as it was found, whatever ended the run.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { hostPort } from "../../engine/vocabulary/written-hosts";
import { HOW_TO_START } from "../../experiments/other-store-trial";
import type { ProgressEvent, RunResult } from "../../experiments/run-types";
import { runExperiment } from "../../experiments/runner";
import { resolveExperiment } from "../../experiments/spec/resolve";
import { loadRun } from "../../results/record/reader";
import type { LoadedRun } from "../../results/record/run-folder";
import { renderTerminal } from "../../results/reports/terminal";
import { temporaryFolder } from "./live-cluster";
import { freePort, needsRedis, startDynalite, startRedis, type StartedStore } from "../workloads/targets/store-servers";

const BASE = `
name: elsewhere
world: processes
tunables: {timeout: {read: 2s, write: 2s}}
phases: {warmup: 100ms, measure: 600ms, drain: 50ms}
measure: {interval: 100ms}
repetitions: {count: 1}
`;
const LOAD =
  "workload: {ycsb: a, properties: {recordcount: 6, fieldcount: 1}, model: closed, clients: 4, context: session}\n";

describe("an experiment on a store of somebody else", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let redis: StartedStore;
  let look: Redis;

  before(async function () {
    needsRedis(this);
    redis = await startRedis();
    look = new Redis(hostPort(redis.host));
    await look.set("somebody-elses", "thing");
  });
  after(async () => {
    // Undefined where the suite was skipped.
    (look as Redis | undefined)?.disconnect();
    await (redis as StartedStore | undefined)?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (
    text: string,
    during: (event: ProgressEvent, stop: AbortController) => void = () => undefined,
  ): Promise<RunResult> => {
    const resolution = resolveExperiment({ path: "elsewhere.yaml", text: BASE + text });
    if (!resolution.ok) assert.fail(JSON.stringify(resolution.problems));
    const stop = new AbortController();
    return runExperiment(resolution.experiment, {
      resultsRoot: folder,
      argv: ["run", "elsewhere.yaml"],
      tags: {},
      onError: "continue",
      progress: (event) => during(event, stop),
      signal: stop.signal,
    });
  };
  const metric = (loaded: LoadedRun, cell: number, name: string): number | null | undefined =>
    loaded.trials[cell].summary?.metrics[name]?.value;

  it("measures two stores by what their clients see, and says what of them may be compared", async () => {
    const dynalite = await startDynalite();
    try {
      const axes = `sweep: {axes: {store: {zip: {target: [redis, dynamodb], hosts: [['${redis.host}'], ['${dynalite.host}']]}}}, baseline: {target: redis}}\n`;
      const { report, failures, folder: of } = await run(LOAD + axes);
      assert.deepEqual(failures, []);
      const loaded = loadRun(of);
      const stores = loaded.trials.map(({ record }) => record.store!);
      assert.deepEqual(
        [...stores.map(({ hosts }) => hosts)].sort(),
        [[redis.host], [dynalite.host]].sort(),
        "each says where it was",
      );
      assert.ok(stores.some(({ product, version }) => /redis/i.test(product) && /^\d+\./.test(version)));
      for (const [i] of loaded.trials.entries()) {
        for (const name of ["read_p50_ms", "write_p50_ms", "throughput_ops_s"]) {
          const value = metric(loaded, i, name);
          assert.ok(typeof value === "number" && value > 0, `${name} was measured`);
        }
        assert.equal(metric(loaded, i, "availability"), 1);
        assert.equal(metric(loaded, i, "p_stale"), 0, "one copy, so no stale read");
        assert.equal(metric(loaded, i, "non_monotonic_reads"), 0);
        assert.equal(metric(loaded, i, "read_your_writes_misses"), 0);
        assert.equal(typeof metric(loaded, i, "lost_updates"), "number");
        for (const name of ["divergent_keys_final", "messages_per_op", "load_imbalance", "read_repairs"])
          assert.ok((metric(loaded, i, name) ?? null) === null, `${name} is not known and not made up`);
        const { siblingsPerRead, causality } = loaded.trials[i].figures!;
        assert.deepEqual(siblingsPerRead, [], "one value a key is no finding about siblings");
        assert.deepEqual(
          causality!.anomalies.map(({ kind }) => kind),
          ["lost-update"],
        );
      }
      const page = readFileSync(report, "utf8").replace(/<script[\s\S]*?<\/script>/g, "");
      for (const words of ["may be compared", "by its own account", "Replicas were not inspected", "No node reported"])
        assert.ok(page.includes(words), `the report says: ${words}`);
      assert.ok(!/\bNaN\b|undefined|\[object/.test(page.replace(/<[^>]*>/g, " ")));
      const lines = renderTerminal(loaded, { color: false, columns: 100 });
      assert.match(lines, /may be\s+compared/);
      assert.ok(!/NaN|undefined/.test(lines));
    } finally {
      await dynalite.stop();
    }
    assert.deepEqual(await look.keys("*"), ["somebody-elses"]);
  });

  it("counts no lost update where whoever writes has read what is there, and every one where nobody reads (long)", async () => {
    const target = `target: redis\nhosts: ['${redis.host}']\n`;
    const one = (context: string): string =>
      `${target}workload: {model: closed, clients: 1, context: ${context}, mix: {read: 0, update: 1}, keys: {count: 5}}\n`;
    const careful = loadRun((await run(one("read-first"))).folder);
    assert.equal(metric(careful, 0, "lost_updates"), 0);
    assert.ok((careful.trials[0].summary?.metrics["lost_updates"]?.n ?? 0) > 20);
    const blind = loadRun((await run(one("none"))).folder).trials[0].summary!;
    const { value, n } = blind.metrics["lost_updates"];
    // All but what stands at the end: nobody had read any of them.
    assert.equal(value, n - 5);
    // A session has seen its own writes; what the load phase had written to each key it never read.
    assert.equal(metric(loadRun((await run(one("session"))).folder), 0, "lost_updates"), 5);
  });

  it("fails a trial where nobody listens, naming the address and the page that says how to start the store", async () => {
    for (const target of ["redis", "dynamodb", "cassandra", "riak"]) {
      const host = `127.0.0.1:${String(await freePort())}`;
      const { exit, failures, folder: of } = await run(`target: ${target}\nhosts: ['${host}']\n${LOAD}`);
      assert.equal(exit, 3);
      assert.equal(failures.length, 1);
      assert.ok(failures[0].includes(host), failures[0]);
      assert.ok(failures[0].includes(`${HOW_TO_START} says how to start ${target}`), failures[0]);
      assert.ok(!failures[0].includes("\n") && !failures[0].includes("    at "), failures[0]);
      assert.equal(loadRun(of).trials[0].record.outcome, "failed");
    }
  });

  it("leaves the store as it found it when it is interrupted in the middle", async () => {
    let during: Promise<number> | undefined;
    const { exit } = await run(`target: redis\nhosts: ['${redis.host}']\n${LOAD}`, (event, stop) => {
      if (event.kind !== "trial-progress" || event.phase !== "measure" || during !== undefined) return;
      during = look.dbsize();
      stop.abort();
    });
    assert.equal(exit, 130);
    assert.ok((await during!) > 1, "the run's keys were there");
    assert.deepEqual(await look.keys("*"), ["somebody-elses"]);
  });

  it("has a page for the advice that failures give", () => {
    assert.match(readFileSync(join(__dirname, "../..", HOW_TO_START), "utf8"), /redis-server/);
  });
});

import assert from "node:assert/strict";
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import { Random } from "../../engine/vocabulary/random";
import type { OperationRecord } from "../../results/record/history";
import { Driver } from "../../workloads/driver";
import type { Request } from "../../workloads/operation";
import type { WorkloadSettings } from "../../workloads/settings";
import { driverOf, play, refused, REPLY, scripted, settings } from "./scripted-target";

const ONE = { model: "closed", clients: 1, think: undefined, targetPerSecond: undefined } as const;
const OPEN = { model: "open", clients: 3, ratePerSecond: 1000, arrivals: "constant" } as const;
const constant = (valueMs: number): DistributionSettings => ({ dist: "constant", valueMs });

function probing(
  share: number,
  after: DistributionSettings,
  changes: Partial<WorkloadSettings> = {},
  kinds: Parameters<typeof scripted>[0] = [["update", "k"]],
): Driver {
  return driverOf({
    workload: scripted(kinds),
    settings: settings({ load: ONE, ...changes, probe: { share, after } }),
    phases: { warmupMs: 0, measureMs: 100, drainMs: 0 },
  });
}

describe("probes", () => {
  it("read the written key once, in the writer's session, at the set distance from the end of the write", () => {
    const records = play({ driver: probing(1, constant(7)), serviceMicros: () => 2500 });
    const writes = records.filter(({ kind }) => kind === "update");
    const reads = records.filter(({ kind }) => kind === "read");
    assert.equal(writes.length, 40);
    assert.deepEqual(
      reads.map(({ key, session, intended, start, outcome, phase }) => ({
        key,
        session,
        intended,
        start,
        outcome,
        phase,
      })),
      writes
        .map(({ end }) => end + 7000)
        .filter((due) => due < 100_000)
        .map((due) => ({ key: "k", session: 0, intended: due, start: due, outcome: "ok", phase: "measure" })),
    );
    for (let i = 1; i < writes.length; i++) assert.equal(writes[i].start, writes[i - 1].end, "no client waits for one");
  });

  it("at distance zero go out in the turn that took the acknowledgement, before the client's next request", () => {
    const driver = probing(1, constant(0));
    driver.step(0);
    const [write] = driver.takeRequests();
    driver.completed(write.token, REPLY, 1234);
    const out = driver.takeRequests().map(({ request }) => request);
    assert.deepEqual(
      out.map(({ kind, key, session }) => [kind, key.key, session]),
      [
        ["get", "k", 0],
        ["put", "k", 0],
      ],
    );
  });

  it("follow updates, inserts, deletes and read-modify-writes that were acknowledged, and nothing else", () => {
    const kinds = ["update", "read", "insert", "delete", "rmw", "scan"] as const;
    const load = { ...ONE, think: constant(4) };
    const driver = probing(
      1,
      constant(1),
      { load },
      kinds.map((kind) => [kind, kind]),
    );
    let puts = 0;
    const answer = (request: Request) => (request.kind !== "get" && ++puts % 2 === 0 ? refused("timeout") : REPLY);
    const records = play({ driver, serviceMicros: () => 100, answer });
    const acknowledged = records.filter(({ writeId, outcome }) => writeId !== 0 && outcome === "ok");
    const probes = records.filter(
      ({ kind, intended, key }) =>
        kind === "read" &&
        key !== "read" &&
        intended % 100 === 0 &&
        acknowledged.some((write) => write.key === key && write.end + 1000 === intended),
    );
    assert.equal(probes.length, acknowledged.length);
    assert.equal(driver.progress().probes.due, acknowledged.length);
    assert.deepEqual([...new Set(probes.map(({ key }) => key))].sort(), ["delete", "insert", "rmw", "update"]);
  });

  it("do not follow writes of the load", () => {
    const driver = driverOf({
      workload: scripted([["read", "k"]], 20),
      settings: settings({ load: ONE, preload: true, probe: { share: 1, after: constant(0) } }),
    });
    play({ driver });
    assert.equal(driver.progress().probes.due, 0);
  });

  it("are drawn for their share of writes, a smaller share among those of a larger one", () => {
    const probed = (share: number): Set<number> => {
      const driver = driverOf({
        workload: scripted([["update", "k"]]),
        settings: settings({ load: OPEN, probe: { share, after: constant(2) } }),
        phases: { warmupMs: 0, measureMs: 10_000, drainMs: 0 },
      });
      return new Set(
        play({ driver, serviceMicros: () => 300 })
          .filter(({ kind }) => kind === "read")
          .map((r) => r.intended),
      );
    };
    const few = probed(0.1);
    const many = probed(0.4);
    assert(Math.abs(few.size - 1000) < 120, `${few.size} of 10,000`);
    assert(Math.abs(many.size - 4000) < 200, `${many.size} of 10,000`);
    for (const due of few) assert(many.has(due));
    assert.equal(probed(0).size, 0);
  });

  it("leave what the load is offered, sends and carries as it was without them", () => {
    const run = (probe: WorkloadSettings["probe"], load: WorkloadSettings["load"]) => {
      const contexts = Random.fromSeed("contexts");
      const driver = driverOf({
        workload: scripted([
          ["update", "a"],
          ["update", "b"],
        ]),
        settings: settings({ load, maxOutstanding: 10, ...(probe === undefined ? {} : { probe }) }),
      });
      const sent: string[] = [];
      play({
        driver,
        serviceMicros: (request) => (request.kind === "get" ? 50_000 : 8000),
        sent: ({ kind, context, writeId }, now) => kind === "put" && sent.push(`${now} ${writeId} ${context}`),
        answer: ({ kind }) => ({
          ...REPLY,
          versions: [1],
          context: kind === "get" ? "old" : `c${contexts.nextBelow(1e6)}`,
        }),
      });
      const { measured, operations, failed, dropped, unsent, probes } = driver.progress();
      return { load: { sent, measured, operations, failed, dropped, unsent }, probes };
    };
    const target = { model: "closed", clients: 4, think: undefined, targetPerSecond: 700 } as const;
    for (const load of [OPEN, ONE, target]) {
      const without = run(undefined, load);
      const withThem = run({ share: 0.5, after: { dist: "uniform", minMs: 0, maxMs: 3 } }, load);
      assert.deepEqual(withThem.load, without.load, load.model);
      assert(withThem.probes.due > 20);
      assert.deepEqual(without.probes, { due: 0, ended: 0, failed: 0, dropped: 0, skipped: 0 });
    }
  });

  it("have a bound of their own on how many are out, and one beyond it is recorded as not sent", () => {
    const driver = probing(1, constant(1), { load: OPEN, maxOutstanding: 10 });
    const records = play({ driver, serviceMicros: ({ kind }) => (kind === "get" ? 1_000_000 : 500) });
    const reads = records.filter(({ kind }) => kind === "read");
    assert.equal(reads.filter(({ outcome }) => outcome === "ok").length, 10);
    const { probes, dropped } = driver.progress();
    assert.equal(dropped, 0);
    assert.deepEqual(probes, { due: reads.length, ended: 10, failed: 0, dropped: reads.length - 10, skipped: 0 });
    assert(reads.every(({ outcome, intended, start }) => outcome === "ok" || start === intended));
    assert(reads.length >= 97);
  });

  it("that leave late are timed from when they were due, and belong to the phase of that instant", () => {
    const driver = driverOf({
      workload: scripted([["update", "k"]]),
      settings: settings({ load: OPEN, probe: { share: 1, after: constant(5) } }),
      phases: { warmupMs: 50, measureMs: 50, drainMs: 20 },
    });
    const records = play({ driver, serviceMicros: () => 300, asleep: [40_000, 60_000] });
    const reads = records.filter(({ kind }) => kind === "read");
    const late = reads.filter(({ start, intended }) => start > intended);
    assert(late.length >= 4 && late.every(({ start }) => start === 60_000));
    for (const { phase, intended } of reads) assert.equal(phase, intended < 50_000 ? "warmup" : "measure");
    assert(late.some(({ phase }) => phase === "warmup"));
    assert(Math.max(...reads.map(({ intended }) => intended)) < 100_000, "none is due in the drain");
  });

  it("are waited for in the drain, and given up with the rest", () => {
    const slow = play({
      driver: probing(1, constant(1)),
      serviceMicros: ({ kind }) => (kind === "get" ? 300_000 : 5000),
    });
    assert(slow.filter(({ kind }) => kind === "read").every(({ outcome, end }) => outcome === "ok" && end > 300_000));
    const driver = probing(1, constant(1));
    const cut = play({ driver, serviceMicros: ({ kind }) => (kind === "get" ? Infinity : 5000), until: 50_000 });
    const reads: OperationRecord[] = cut.filter(({ kind }) => kind === "read");
    assert(reads.length > 5 && reads.every(({ outcome }) => outcome === "timeout"));
    assert.equal(driver.progress().probes.failed, reads.length);
    assert.equal(driver.progress().operations, cut.length - reads.length);
  });
});

import assert from "node:assert/strict";
import { Random } from "../../engine/vocabulary/random";
import type { OperationRecord } from "../../results/record/history";
import { REFUSAL_PAUSE_MS } from "../../workloads/driver";
import type { KeyName } from "../../engine/vocabulary/address";
import type { Reply, Request, Workload } from "../../workloads/operation";
import { coreWorkload } from "../../workloads/ycsb/core-workload";
import { driverOf, play, refused, REPLY, scripted, settings } from "./scripted-target";

const READS = scripted.bind(undefined, [["read", "k"]]);

describe("the closed loop", () => {
  it("keeps exactly its clients' number of operations outstanding, one a session", () => {
    const out = new Map<number, number>();
    let most = 0;
    const driver = driverOf({ workload: READS(), settings: settings() });
    const records = play({
      driver,
      serviceMicros: (request) => 1000 + request.session * 10,
      sent: ({ session }, now, outstanding) => {
        most = Math.max(most, outstanding);
        if (now < 1_000_000) assert.equal(driver.progress().outstanding, 4);
        out.set(session, (out.get(session) ?? 0) + 1);
      },
    });
    assert.equal(most, 4);
    assert.deepEqual([...out.keys()].sort(), [0, 1, 2, 3]);
    for (const record of records) assert.equal(record.intended, record.start);
    for (const session of out.keys()) {
      const own = records.filter((record) => record.session === session);
      for (let i = 1; i < own.length; i++) assert.equal(own[i].start, own[i - 1].end);
    }
  });

  it("lets clients think between operations", () => {
    const think = { dist: "constant", valueMs: 9 } as const;
    const load = { model: "closed", clients: 1, think, targetPerSecond: undefined } as const;
    const records = play({ driver: driverOf({ workload: READS(), settings: settings({ load }) }) });
    assert.equal(records.length, 100);
    assert.equal(records[1].start - records[0].end, 9000);
  });

  it("holds a target rate over all clients, and times an operation behind it from when it was due", () => {
    const load = { model: "closed", clients: 5, think: undefined, targetPerSecond: 500 } as const;
    const driver = driverOf({ workload: READS(), settings: settings({ load }) });
    // Answers stall from 300 to 400 ms.
    const records = play({
      driver,
      serviceMicros: (_request, now) => (now >= 300_000 && now < 400_000 ? 400_000 - now + 1000 : 1000),
    });
    assert(Math.abs(records.length - 500) <= 5, `${records.length} operations`);
    const late = records.filter((record) => record.start > record.intended);
    assert(late.length > 30 && late.every((record) => record.start >= 400_000), "the backlog is sent late, in a burst");
    assert.equal(driver.progress().unsent, 0);
  });

  it("says how many operations of a target rate the store was too slow to be asked", () => {
    const load = { model: "closed", clients: 1, think: undefined, targetPerSecond: 100 } as const;
    const driver = driverOf({ workload: READS(), settings: settings({ load }) });
    const records = play({ driver, serviceMicros: () => 20_000 });
    assert(Math.abs(records.length - 50) <= 1);
    assert.equal(records.length + driver.progress().unsent, 100);
  });

  it("says so too of clients that think beyond the end", () => {
    const think = { dist: "constant", valueMs: 500 } as const;
    const load = { model: "closed", clients: 1, think, targetPerSecond: 100 } as const;
    const driver = driverOf({ workload: READS(), settings: settings({ load }) });
    assert.equal(play({ driver }).length, 2);
    const { unsent, measured } = driver.progress();
    assert.deepEqual([unsent, measured.due], [98, 100]);
  });

  it("pauses after a definite refusal instead of spinning", () => {
    const load = { model: "closed", clients: 1, think: undefined, targetPerSecond: undefined } as const;
    const driver = driverOf({ workload: READS(), settings: settings({ load }) });
    const records = play({ driver, serviceMicros: () => 0, answer: () => refused("not_sent") });
    assert.equal(records.length, 1000 / REFUSAL_PAUSE_MS);
    assert.equal(driver.progress().failed, records.length);
  });
});

describe("the open loop", () => {
  const load = { model: "open", clients: 3, ratePerSecond: 1000, arrivals: "constant" } as const;

  it("keeps its schedule while the store is frozen, and skips nothing", () => {
    const driver = driverOf({ workload: READS(), settings: settings({ load, maxOutstanding: 1000 }) });
    const frozen = (now: number): boolean => now >= 200_000 && now < 700_000;
    const records = play({ driver, serviceMicros: (_r, now) => (frozen(now) ? 700_000 - now + 500 : 500) });
    const intended = records.map((record) => record.intended).sort((a, b) => a - b);
    assert.deepEqual(
      intended,
      Array.from({ length: 1000 }, (_, i) => i * 1000),
    );
    assert(records.every((record) => record.start === record.intended && record.outcome === "ok"));
    assert(Math.max(...records.map((record) => record.end - record.intended)) === 500_500);
  });

  it("sends late what fell due while the driver had no turn: response time grows, service does not", () => {
    const driver = driverOf({ workload: READS(), settings: settings({ load, maxOutstanding: 1000 }) });
    const records = play({ driver, serviceMicros: () => 500, asleep: [300_000, 400_000] });
    assert.equal(records.length, 1000);
    const late = records.filter((record) => record.start > record.intended);
    assert.equal(late.length, 100);
    for (const record of late) {
      assert.equal(record.start, 400_000);
      assert.equal(record.end - record.start, 500);
    }
    assert.equal(Math.max(...late.map((record) => record.end - record.intended)), 100_500);
  });

  it("records as not sent what falls due beyond the bound on outstanding operations", () => {
    const driver = driverOf({ workload: READS(), settings: settings({ load, maxOutstanding: 10 }) });
    const records = play({ driver, serviceMicros: () => 100_000 });
    assert.equal(records.length, 1000, "every scheduled operation has its record");
    const dropped = records.filter((record) => record.outcome === "not_sent");
    assert.equal(dropped.length, driver.progress().dropped);
    assert.equal(dropped.length, 900);
    assert(dropped.every((record) => record.writeId === 0 && record.end === record.intended));
  });

  it("counts as due in the measured phase what a target rate asked of a closed loop that fell behind", () => {
    const driver = driverOf({
      workload: READS(),
      settings: settings({ load: { model: "closed", clients: 4, think: undefined, targetPerSecond: 1000 } }),
      phases: { warmupMs: 500, measureMs: 1000, drainMs: 0 },
    });
    play({ driver, serviceMicros: () => 20_000 });
    const { measured } = driver.progress();
    assert(Math.abs(measured.due - 1000) <= 4, String(measured.due));
    assert(Math.abs(measured.ended - 200) <= 4, String(measured.ended));
  });

  it("tells the measured phase from the warm-up before it and the drain after it, pairs counted once", () => {
    const driver = driverOf({
      workload: scripted([["rmw", "k"]]),
      settings: settings({ load, maxOutstanding: 10 }),
      phases: { warmupMs: 500, measureMs: 1000, drainMs: 0 },
    });
    const records = play({ driver, serviceMicros: () => 50_000 });
    const { measured, dropped } = driver.progress();
    const spans = records.filter((record) => record.kind === "rmw");
    const within = (at: number): boolean => at >= 500_000 && at < 1_500_000;
    assert.equal(measured.due, 1000);
    assert.equal(measured.ended, spans.filter((record) => record.outcome === "ok" && within(record.end)).length);
    assert(measured.ended >= 90 && measured.ended <= 110);
    assert.equal(
      measured.dropped,
      spans.filter((record) => record.outcome === "not_sent" && within(record.intended)).length,
    );
    assert(dropped > measured.dropped + 400);
  });

  it("goes round the sessions", () => {
    const driver = driverOf({ workload: READS(), settings: settings({ load }), sessionBase: 40 });
    const records = play({ driver });
    assert.deepEqual(
      records.slice(0, 6).map((record) => record.session),
      [40, 41, 42, 40, 41, 42],
    );
  });

  it("draws Poisson arrivals from its own stream: another mix does not move them", () => {
    const poisson = { ...load, arrivals: "poisson" } as const;
    const run = (workload = READS()): number[] =>
      play({ driver: driverOf({ workload, settings: settings({ load: poisson }) }) }).map(({ intended }) => intended);
    const reads = run();
    assert(Math.abs(reads.length - 1000) < 150);
    const mixed = run(
      scripted([
        ["update", "a"],
        ["read", "b"],
      ]),
    );
    assert.deepEqual(mixed, reads);
  });
});

describe("phases", () => {
  const phases = { warmupMs: 100, measureMs: 200, drainMs: 50 };

  it("follow one another, and operations belong to the phase of their intended instant", () => {
    const load = { model: "open", clients: 2, ratePerSecond: 1000, arrivals: "constant" } as const;
    const driver = driverOf({
      workload: scripted([["read", "k"]], 10),
      settings: settings({ load, preload: true }),
      phases,
      loadConcurrency: 2,
    });
    const records = play({ driver, serviceMicros: () => 3000 });
    const count = (phase: string): number => records.filter((record) => record.phase === phase).length;
    assert.deepEqual([count("load"), count("warmup"), count("measure"), count("drain")], [10, 100, 200, 0]);
    const starts = driver.phaseStarts;
    assert.equal(starts.warmup, 15_000, "ten records, two at a time");
    assert.equal(starts.measure, 115_000);
    assert.equal(starts.drain, 315_000);
    for (const record of records) {
      if (record.phase === "warmup") assert(record.intended >= 15_000 && record.intended < 115_000);
      if (record.phase === "measure") assert(record.intended >= 115_000 && record.intended < 315_000);
    }
    assert.equal(driver.phase, "drain");
  });

  it("the drain begins nothing, and waits for answers beyond its own time", () => {
    const driver = driverOf({ workload: READS(), settings: settings(), phases: { ...phases, drainMs: 1 } });
    let lastSent = 0;
    const records = play({
      driver,
      serviceMicros: (_request, now) => (now > 250_000 ? 400_000 : 1000),
      sent: (_request, now) => (lastSent = now),
    });
    assert(lastSent < 300_000);
    assert(records.some((record) => record.end > 650_000));
    assert(records.every((record) => record.outcome === "ok"));
  });

  it("loads every record once, tries refused inserts again within bounds, and never an indefinite one", () => {
    const attempts = new Map<string, number>();
    const driver = driverOf({ workload: scripted([["read", "k"]], 50), settings: settings({ preload: true }), phases });
    const records = play({
      driver,
      answer: (request) => {
        if (request.kind !== "put") return REPLY;
        const attempt = (attempts.get(request.key.key) ?? 0) + 1;
        attempts.set(request.key.key, attempt);
        if (request.key.key === "load7") return refused("overloaded");
        if (request.key.key === "load8") return refused("timeout");
        if (request.key.key === "load9" && attempt < 3) return refused("unavailable");
        if (request.key.key === "load10") return refused("invalid");
        return REPLY;
      },
    });
    assert.equal(attempts.size, 50);
    assert.equal(attempts.get("load7"), 6);
    assert.equal(attempts.get("load8"), 1);
    assert.equal(attempts.get("load9"), 3);
    assert.equal(attempts.get("load10"), 1);
    assert.deepEqual(driver.progress().load, { records: 50, settled: 50, refused: 2, doubtful: 1 });
    assert.equal(records.filter((record) => record.phase === "load").length, 57);
  });

  it("gives up what is outstanding when told to finish: indefinite, or not sent if nobody had taken it", () => {
    const driver = driverOf({ workload: scripted([["update", "k"]]), settings: settings(), phases });
    driver.step(0);
    const [taken] = driver.takeRequests();
    assert.equal(driver.writesInFlight("k"), true);
    driver.completed(taken.token, REPLY, 10);
    driver.finish(500);
    const records = driver.takeRecords();
    assert.deepEqual(
      records.map(({ outcome, end }) => [outcome, end]),
      [
        ["ok", 10],
        ["timeout", 500],
        ["timeout", 500],
        ["timeout", 500],
        ["not_sent", 500],
      ],
    );
    assert.equal(driver.done(), true);
    assert.equal(driver.writesInFlight("k"), false);
    driver.completed(taken.token + 1, REPLY, 600);
    assert.deepEqual(driver.takeRecords(), [], "a late reply changes no record");
  });
});

describe("values read", () => {
  it("are verified where the workload can, tombstones apart", () => {
    const workload: Workload = { ...scripted([["read", "k"]]), verify: (_key, value) => value === "v" };
    const integrity = (payloads: readonly string[], values: number) => {
      const driver = driverOf({
        workload,
        settings: settings({ load: { model: "closed", clients: 1, think: undefined, targetPerSecond: undefined } }),
        phases: { warmupMs: 0, measureMs: 1, drainMs: 0 },
      });
      const versions = payloads.map((_, i) => i + 1);
      play({ driver, answer: () => ({ ...REPLY, versions, payloads, values }) });
      return driver.progress().integrity;
    };
    assert.deepEqual(integrity(["v", "", "v"], 2), { confirmed: 2, broken: 0 });
    assert.deepEqual(integrity(["v", "", ""], 2), { confirmed: 1, broken: 1 });
    assert.deepEqual(integrity(["v", "w"], 2), { confirmed: 1, broken: 1 });
  });
});

describe("contexts", () => {
  const one = { model: "closed", clients: 1, think: undefined, targetPerSecond: undefined } as const;

  /** Answers with a context that names the versions it stands for. */
  function replying(): { answer: (request: Request) => ReturnType<typeof refused>; sent: Request[] } {
    const stored = new Map<string, number[]>();
    const sent: Request[] = [];
    return {
      sent,
      answer: (request) => {
        sent.push(request);
        const key = request.key.key;
        if (request.kind === "put" || request.kind === "delete") {
          const seen = request.context === "" ? [] : request.context.split(",").map(Number);
          stored.set(key, [...(stored.get(key) ?? []).filter((id) => !seen.includes(id)), request.writeId]);
        }
        const versions = stored.get(key) ?? [];
        return { ...REPLY, versions, values: versions.length, context: versions.join(",") };
      },
    };
  }

  function run(context: "session" | "none" | "read-first", kinds: Parameters<typeof scripted>[0], clients = 1) {
    const target = replying();
    const load = { ...one, clients };
    const driver = driverOf({
      workload: scripted(kinds),
      settings: settings({ load, context }),
      phases: { warmupMs: 0, measureMs: 12, drainMs: 0 },
    });
    const records = play({ driver, answer: target.answer });
    return { records, sent: target.sent };
  }

  it("session: an update carries what the session last got of this key, from reads and from its own writes", () => {
    const { records } = run("session", [
      ["update", "a"],
      ["update", "a"],
      ["update", "b"],
      ["read", "a"],
      ["update", "a"],
    ]);
    const [first, second, other, read, third] = records;
    assert.deepEqual(first.seen, []);
    assert.equal(first.contextInBytes, 0);
    assert.deepEqual(second.seen, [first.writeId]);
    assert(second.contextInBytes > 0);
    assert.deepEqual(other.seen, [], "another key's context is not this key's");
    assert.deepEqual(read.versions, [second.writeId]);
    assert.deepEqual(third.seen, [second.writeId]);
    assert.deepEqual(third.versions, [third.writeId]);
  });

  it("session: one session's context is not another's, so concurrent writers make siblings", () => {
    const { records } = run("session", [["update", "a"]], 2);
    assert.deepEqual(records[0].seen, []);
    assert.deepEqual(records[1].seen, []);
    assert.deepEqual(records[1].versions, [records[0].writeId, records[1].writeId]);
  });

  it("session: finding nothing is also the last word, and blind writes carry nothing", () => {
    let known = true;
    const sent: Request[] = [];
    const driver = driverOf({
      workload: scripted([
        ["read", "a"],
        ["update", "a", "blind"],
        ["read", "a"],
        ["update", "a"],
      ]),
      settings: settings({ load: one }),
      phases: { warmupMs: 0, measureMs: 4, drainMs: 0 },
    });
    play({
      driver,
      sent: (request) => sent.push(request),
      answer: (request) => {
        if (request.kind !== "get") return REPLY;
        const reply = known ? { ...REPLY, context: "c", versions: [99], values: 1 } : REPLY;
        known = false;
        return reply;
      },
    });
    assert.deepEqual(
      sent.map(({ kind, context }) => [kind, context]),
      [
        ["get", ""],
        ["put", ""],
        ["get", ""],
        ["put", ""],
      ],
    );
  });

  it("none: no write carries a context", () => {
    const { sent } = run("none", [
      ["read", "a"],
      ["update", "a"],
      ["delete", "a"],
    ]);
    assert(sent.length > 9 && sent.every((request) => request.context === ""));
  });

  it("read-first: a get precedes the put and both are recorded; inserts and blind writes have none", () => {
    const { records } = run("read-first", [
      ["update", "a"],
      ["update", "a"],
      ["update", "a", "blind"],
      ["insert", "n"],
    ]);
    assert.deepEqual(
      records.slice(0, 6).map((record) => record.kind),
      ["read", "update", "read", "update", "update", "insert"],
    );
    assert.deepEqual(records[3].seen, records[2].versions);
    assert.deepEqual(records[3].seen, [records[1].writeId]);
    assert.equal(records[3].intended, records[2].end);
    assert.deepEqual(records[4].seen, []);
  });

  it("read-first: a failed read leaves the write unsent, and recorded so", () => {
    const driver = driverOf({
      workload: scripted([["update", "a"]]),
      settings: settings({ load: one, context: "read-first" }),
      phases: { warmupMs: 0, measureMs: 2, drainMs: 0 },
    });
    const records = play({ driver, answer: (request) => (request.kind === "get" ? refused("timeout") : REPLY) });
    assert.deepEqual(
      records.slice(0, 2).map(({ kind, outcome, writeId }) => [kind, outcome, writeId]),
      [
        ["read", "timeout", 0],
        ["update", "not_sent", 0],
      ],
    );
  });

  it("a read-modify-write is a read, an update with that read's context, and a record spanning both", () => {
    const { records } = run("none", [
      ["update", "a"],
      ["rmw", "a"],
    ]);
    const [update, read, inner, span] = records;
    assert.deepEqual([read.kind, inner.kind, span.kind], ["read", "update", "rmw"]);
    assert.deepEqual(inner.seen, [update.writeId]);
    assert.deepEqual([span.intended, span.start, span.end], [read.intended, read.start, inner.end]);
    assert.deepEqual([span.writeId, span.versions, span.outcome], [0, [], "ok"]);
    assert(span.id < read.id && read.id < inner.id, "ids in order of intent");
  });

  it("a read-modify-write is as bad as its worse half, and does not write on a failed read", () => {
    const outcomes = (bad: "get" | "put"): unknown[] => {
      const driver = driverOf({
        workload: scripted([["rmw", "a"]]),
        settings: settings({ load: one }),
        phases: { warmupMs: 0, measureMs: 1, drainMs: 0 },
      });
      const answer = (request: Request) => (request.kind === bad ? refused("quorum_unreachable") : REPLY);
      return play({ driver, answer }).map(({ kind, outcome }) => `${kind} ${outcome}`);
    };
    assert.deepEqual(outcomes("get"), ["read quorum_unreachable", "rmw quorum_unreachable"]);
    assert.deepEqual(outcomes("put"), ["read ok", "update quorum_unreachable", "rmw quorum_unreachable"]);
  });

  it("scans are asked as scans, and a target without them is on record", () => {
    const driver = driverOf({ workload: scripted([["scan", "a"]]), settings: settings({ load: one }) });
    const sent: Request[] = [];
    const records = play({ driver, sent: (request) => sent.push(request), answer: () => refused("unsupported") });
    assert.deepEqual([sent[0].kind, sent[0].scanLength], ["scan", 5]);
    assert(records.every(({ kind, outcome }) => kind === "scan" && outcome === "unsupported"));
  });

  it("every record of a scan is verified, and leaves the session's contexts as they were", () => {
    const verified: string[] = [];
    const workload = {
      ...scripted([
        ["read", "a"],
        ["scan", "a"],
        ["update", "a"],
      ]),
      verify: ({ key, bucket }: KeyName, value: string): boolean => {
        verified.push(`${bucket}/${key}=${value}`);
        return value !== "broken";
      },
    };
    const driver = driverOf({ workload, settings: settings({ load: one }), phases: { warmupMs: 0, measureMs: 3, drainMs: 0 } }); // prettier-ignore
    const sent: Request[] = [];
    const found = [
      { key: "a", versions: [3, 4], payloads: ["x", ""] },
      { key: "b", versions: [5], payloads: ["broken"] },
    ];
    const answer = (request: Request): Reply =>
      request.kind === "scan"
        ? { ...REPLY, versions: [], payloads: [], values: 2, context: "", records: found, next: "c" }
        : { ...REPLY, payloads: [], context: "known" };
    const records = play({ driver, sent: (request) => sent.push(request), answer });
    const [, scan, update] = records;
    assert.deepEqual([scan.kind, scan.values, scan.versions, scan.contextOutBytes], ["scan", 2, [], 0]);
    assert.deepEqual([update.kind, sent[2].context], ["update", "known"]);
    const { bucket } = sent[1].key;
    assert.deepEqual(verified.slice(0, 3), [`${bucket}/a=x`, `${bucket}/a=`, `${bucket}/b=broken`]);
    assert.equal(driver.progress().integrity.broken, 1);
  });
});

describe("a driven core workload", () => {
  const mix = { read: 4, update: 3, insert: 1, scan: 0, rmw: 1, delete: 0.5, blindWrite: 0.5 };

  function run(seed: string, context: "session" | "read-first" = "session"): OperationRecord[] {
    const chosen = settings({
      mix,
      preload: true,
      context,
      records: { ...settings().records, chooser: { name: "latest" } },
    });
    const random = Random.fromSeed(seed);
    const workload = coreWorkload(chosen, random.fork("workload"));
    const driver = driverOf({ workload, settings: chosen, random: random.fork("driver") });
    const service = random.fork("service");
    const outcomes = random.fork("outcomes");
    return play({
      driver,
      serviceMicros: () => 100 + service.nextBelow(5000),
      answer: (request) => {
        const draw = outcomes.nextBelow(20);
        if (draw === 0) return refused("timeout");
        if (draw === 1) return refused("overloaded");
        return { ...REPLY, context: `c${request.writeId}`, versions: request.writeId === 0 ? [1] : [request.writeId] };
      },
    });
  }

  it("is the same for equal seeds, to the last record", () => {
    assert.deepEqual(run("one"), run("one"));
    assert.notDeepEqual(run("one"), run("two"));
  });

  it("names every write once, by its session", () => {
    for (const context of ["session", "read-first"] as const) {
      const records = run("ids", context);
      const ids = records.map(({ writeId }) => writeId).filter((id) => id !== 0);
      assert.equal(new Set(ids).size, ids.length);
      for (const { writeId, session } of records) {
        if (writeId !== 0) assert.equal(Math.floor(writeId / 2 ** 32), session);
      }
      const numbers = records.map(({ id }) => id).sort((a, b) => a - b);
      assert.deepEqual(
        numbers,
        Array.from(numbers, (_, i) => i + 1),
      );
    }
  });

  it("knows which keys it wrote and when", () => {
    const chosen = settings();
    const driver = driverOf({
      workload: scripted([
        ["update", "a"],
        ["read", "b"],
      ]),
      settings: chosen,
    });
    driver.step(0);
    const due = driver.takeRequests();
    assert.deepEqual([...driver.keysWritten.keys()], ["a"]);
    assert.equal(driver.keysWritten.get("a")!.writesInFlight, 2);
    const writes = due.filter(({ request }) => request.writeId !== 0);
    driver.completed(writes[0].token, REPLY, 50);
    assert.equal(driver.lastWriteActivity("a"), 50);
    assert.equal(driver.writesInFlight("a"), true);
    assert.equal(driver.lastWriteActivity("b"), -Infinity);
    assert.equal(driver.writesInFlight("b"), false);
  });
});

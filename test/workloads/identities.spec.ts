/** Who sends: identities that end after so many operations, what a session carries to its next write, and whose turn it is. */
import assert from "node:assert/strict";
import { Random } from "../../engine/vocabulary/random";
import type { OperationRecord } from "../../results/record/history";
import { Identities } from "../../workloads/identities";
import type { Reply, Request, Workload } from "../../workloads/operation";
import { MAX_SESSIONS } from "../../workloads/session";
import type { WorkloadSettings } from "../../workloads/settings";
import { coreWorkload } from "../../workloads/ycsb/core-workload";
import { driverOf, play, refused, REPLY, scripted, settings } from "./scripted-target";

describe("an identity", () => {
  const numbers = (identities: Identities, client: number, count: number): readonly number[] =>
    Array.from({ length: count }, () => identities.forNext(client).number);

  it("lasts for so many operations of its client; numbers are counted on and never given twice", () => {
    const identities = new Identities({ clients: 2, first: 10, later: 40, lifetime: 3, contextsKept: 8 });
    assert.deepEqual(numbers(identities, 0, 7), [10, 10, 10, 40, 40, 40, 41]);
    assert.deepEqual(numbers(identities, 1, 4), [11, 11, 11, 42]);
    assert.deepEqual(numbers(identities, 0, 3), [41, 41, 43]);
    assert.equal(identities.renewed, 4);
  });

  it("lasts for ever where no end is set", () => {
    const identities = new Identities({ clients: 1, first: 0, later: 1, lifetime: Infinity, contextsKept: 8 });
    assert.deepEqual(new Set(numbers(identities, 0, 1000)), new Set([0]));
  });

  it("is kept, and that is counted, where numbers have run out", () => {
    const later = MAX_SESSIONS - 1;
    const identities = new Identities({ clients: 1, first: 0, later, lifetime: 1, contextsKept: 8 });
    assert.deepEqual(numbers(identities, 0, 4), [0, later, later, later]);
    assert.equal(identities.outlived, 2);
  });
});

describe("clients that take new identities", () => {
  const one = { model: "closed", clients: 1, think: undefined, targetPerSecond: undefined } as const;
  const UPDATES = scripted.bind(undefined, [["update", "k"]]);
  const run = (changes: Partial<WorkloadSettings>, answer: (request: Request) => Reply = () => REPLY) => {
    const driver = driverOf({
      workload: UPDATES(),
      settings: settings({ load: one, ...changes }),
      phases: { warmupMs: 0, measureMs: 10, drainMs: 0 },
    });
    const sent: Request[] = [];
    const records = play({ driver, answer, sent: (request) => sent.push(request) });
    return { records, sent, driver };
  };

  it("begin without the contexts of the one before, and number their writes anew", () => {
    const { sent, driver } = run({ clientLifetime: 4 }, (request) => ({ ...REPLY, context: `c${request.writeId}` }));
    assert.deepEqual(
      sent.map(({ session }) => session),
      [0, 0, 0, 0, 1, 1, 1, 1, 2, 2],
    );
    assert.deepEqual(
      sent.map(({ context }) => context !== ""),
      [false, true, true, true, false, true, true, true, false, true],
    );
    assert.equal(new Set(sent.map(({ writeId }) => writeId)).size, 10);
    assert.ok(sent.every(({ writeId, session }) => Math.floor(writeId / 2 ** 32) === session));
    assert.deepEqual(driver.progress().identities, { renewed: 2, outlived: 0 });
    assert.equal(driver.sessionCount, 3);
  });

  it("leave the sessions of the load phase alone", () => {
    const driver = driverOf({
      workload: scripted([["update", "k"]], 5),
      settings: settings({ load: one, preload: true, clientLifetime: 1 }),
      loadConcurrency: 2,
      phases: { warmupMs: 0, measureMs: 3, drainMs: 0 },
    });
    const records = play({ driver });
    const of = (phase: string) => new Set(records.filter((one) => one.phase === phase).map(({ session }) => session));
    assert.deepEqual(of("load"), new Set([1, 2]));
    assert.deepEqual(of("measure"), new Set([0, 3, 4]));
  });

  it("take the same ones at the same operations however the store fares", () => {
    const load = { model: "open", clients: 3, ratePerSecond: 2000, arrivals: "poisson" } as const;
    const chosen = settings({ load, clientLifetime: 7, maxOutstanding: 5 });
    const drive = (serviceMicros: number, answer: () => Reply): readonly OperationRecord[] => {
      const random = Random.fromSeed("paired");
      const driver = driverOf({
        workload: coreWorkload(chosen, random.fork("workload")),
        settings: chosen,
        random: random.fork("driver"),
      });
      return play({ driver, serviceMicros: () => serviceMicros, answer });
    };
    const drawn = (records: readonly OperationRecord[]) =>
      [...records]
        .sort((a, b) => a.id - b.id)
        .map(({ intended, kind, key, session }) => ({ intended, kind, key, session }));
    const fast = drive(100, () => REPLY);
    const slow = drive(20_000, () => refused("timeout"));
    assert.ok(slow.some(({ outcome }) => outcome === "not_sent"));
    assert.deepEqual(drawn(slow), drawn(fast));
    assert.ok(new Set(fast.map(({ session }) => session)).size > 200);
  });
});

describe("the context of a session's last read", () => {
  const one = { model: "closed", clients: 1, think: undefined, targetPerSecond: undefined } as const;
  /** Every answer has a context of its own, `p` of a put and `g` of a get. */
  const contexts = (
    kinds: Parameters<typeof scripted>[0],
    context: WorkloadSettings["context"],
    answer: (request: Request, at: number) => Reply = (request, at) => ({
      ...REPLY,
      context: `${request.kind[0]}${at}`,
      versions: [at],
      values: 1,
    }),
  ): readonly string[] => {
    const driver = driverOf({
      workload: scripted(kinds),
      settings: settings({ load: one, context }),
      phases: { warmupMs: 0, measureMs: kinds.length, drainMs: 0 },
    });
    let at = 0;
    const sent: string[] = [];
    play({ driver, answer: (request) => answer(request, ++at), sent: (request) => sent.push(request.context) });
    return sent;
  };

  it("is what a put carries, whatever it has written since", () => {
    const kinds = [
      ["update", "k"],
      ["read", "k"],
      ["update", "k"],
      ["update", "k"],
      ["delete", "k"],
    ] as const;
    assert.deepEqual(contexts(kinds, "last-read"), ["", "", "g2", "g2", "g2"]);
    assert.deepEqual(contexts(kinds, "session"), ["", "", "g2", "p3", "p4"]);
  });

  it("is none of a key that the last read did not find, of other keys, and of blind writes", () => {
    const nothing = (request: Request, at: number): Reply =>
      request.kind === "get" && at > 1 ? REPLY : { ...REPLY, context: `c${at}` };
    const kinds = [
      ["read", "k"],
      ["update", "k"],
      ["read", "k"],
      ["update", "k"],
    ] as const;
    assert.deepEqual(contexts(kinds, "last-read", nothing), ["", "c1", "", ""]);
    const others = [
      ["read", "k"],
      ["update", "other"],
      ["update", "k", "blind"],
      ["update", "k"],
    ] as const;
    assert.deepEqual(contexts(others, "last-read"), ["", "", "", "g1"]);
  });
});

describe("an operation that says who sends it", () => {
  it("goes out under that client's session, in a closed loop and in an open one", () => {
    const reads = scripted([["read", "k"]]);
    const workload: Workload = { ...reads, next: (client = 0) => ({ ...reads.next(), client: (client + 1) % 3 }) };
    for (const load of [
      { model: "closed", clients: 3, think: undefined, targetPerSecond: undefined },
      { model: "open", clients: 3, ratePerSecond: 100, arrivals: "constant" },
    ] as const) {
      const driver = driverOf({ workload, settings: settings({ load }) });
      const records = play({ driver, serviceMicros: () => 5000 });
      assert.deepEqual(
        records.slice(0, 3).map(({ session }) => session),
        [1, 2, 0],
      );
    }
  });
});

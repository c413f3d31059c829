/**
 * A workload that a number of operations ends: who does how many, when the driver's measured phase is over, and what
 * becomes of inserts that fail. Driven by the real driver against a store in virtual time.
 */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import type { OperationRecord } from "../../../results/record/history";
import { Driver } from "../../../workloads/driver";
import type { Reply } from "../../../workloads/operation";
import { CountedWorkload, type CountedOptions } from "../../../workloads/ycsb/counted-workload";
import { driverOf, play, REPLY, scripted, settings } from "../scripted-target";

interface Played {
  readonly counted: CountedWorkload;
  readonly driver: Driver;
  readonly records: readonly OperationRecord[];
}

function playCounted(
  options: Partial<CountedOptions> & Pick<CountedOptions, "clients" | "operations">,
  script: Partial<Parameters<typeof play>[0]> & { readonly targetPerSecond?: number } = {},
): Played {
  const counted = new CountedWorkload({
    own: scripted([["read", "k1"]], 10),
    random: Random.fromSeed("retries"),
    ...options,
  });
  const driver = driverOf({
    workload: counted,
    phases: { warmupMs: 0, measureMs: 3_600_000, drainMs: 0 },
    settings: settings({
      load: {
        model: "closed",
        clients: options.clients,
        think: undefined,
        targetPerSecond: script.targetPerSecond,
      },
    }),
  });
  return { counted, driver, records: play({ ...script, driver }) };
}

function perSession(records: readonly OperationRecord[]): number[] {
  const counts: number[] = [];
  for (const { session } of records) counts[session] = (counts[session] ?? 0) + 1;
  return counts;
}

describe("a workload that a number of operations ends", () => {
  it("gives every client its share, the first ones the remainder, and the measured phase ends with the last answer", () => {
    const { counted, driver, records } = playCounted({ clients: 4, operations: 103 });
    assert.deepEqual(perSession(records), [26, 26, 26, 25]);
    assert.equal(counted.done, 103);
    const lastEnd = Math.max(...records.map(({ end }) => end));
    assert.equal(driver.phaseStarts.drain, lastEnd + 1, "an hour was set, and nobody waits for it");
    assert(records.every(({ phase }) => phase === "measure"));
  });

  it("wants nothing more of a client that is done, whatever became of its last operation and when", () => {
    const counts = (serviceMicros: number, outcome: Reply["outcome"]): readonly number[] => {
      const { driver } = playCounted(
        { clients: 1, operations: 3 },
        { targetPerSecond: 100, serviceMicros: () => serviceMicros, answer: () => ({ ...REPLY, outcome }) },
      );
      const { unsent, measured } = driver.progress();
      return [unsent, measured.due];
    };
    assert.deepEqual(counts(1_000, "ok"), [0, 3]);
    // A client that was refused waits, and the measured phase is over before that is.
    assert.deepEqual(counts(50_000, "unavailable"), [0, 3]);
    assert.deepEqual(counts(1_300_000_000, "ok"), [0, 3]);
  });

  it("does not let a fast client take over what a slow one has to do", () => {
    const slow = { serviceMicros: ({ session }: { session: number }) => (session === 0 ? 50_000 : 1_000) };
    const { records } = playCounted({ clients: 3, operations: 30 }, slow);
    assert.deepEqual(perSession(records), [10, 10, 10]);
  });

  it("keeps a target rate", () => {
    const { records, driver } = playCounted({ clients: 2, operations: 100 }, { targetPerSecond: 50 });
    assert.equal(records.length, 100);
    const seconds = driver.phaseStarts.drain / 1e6;
    assert(seconds > 1.9 && seconds < 2.1, `${seconds} s for 100 operations at 50/s`);
  });

  it("has an end where it is stopped, and none before", () => {
    let played = 0;
    const counted = new CountedWorkload({
      own: scripted([["read", "k1"]]),
      clients: 2,
      operations: undefined,
      random: Random.fromSeed(1),
    });
    const driver = driverOf({
      workload: counted,
      phases: { warmupMs: 0, measureMs: 3_600_000, drainMs: 0 },
      settings: settings({ load: { model: "closed", clients: 2, think: undefined, targetPerSecond: undefined } }),
    });
    const records = play({
      driver,
      answer: () => {
        if (++played === 500) counted.stop();
        return REPLY;
      },
    });
    assert.equal(counted.done, records.length);
    assert(records.length >= 500 && records.length <= 502, "what was under way is finished");
  });

  const rules = { retryLimit: 2, retryIntervalMs: 1_000, keepGoing: false };

  it("inserts the records of the load, each once and in order", () => {
    const { records, counted } = playCounted({ clients: 3, operations: undefined, inserts: rules });
    assert.equal(records.length, 10);
    assert.deepEqual(new Set(records.map(({ kind }) => kind)), new Set(["insert"]));
    assert.equal(new Set(records.map(({ key }) => key)).size, 10);
    assert.equal(counted.done, 10);
  });

  it("tries a refused insert again after the interval, the same record, and counts it once", () => {
    const failing = new Map<string, number>();
    const lines: string[] = [];
    const { records, counted } = playCounted(
      { clients: 1, operations: undefined, inserts: rules, tell: (line) => lines.push(line) },
      {
        answer: ({ key }) => {
          const tries = failing.get(key.key) ?? 0;
          failing.set(key.key, tries + 1);
          return key.key.endsWith("3") && tries < 2 ? { ...REPLY, outcome: "unavailable" } : REPLY;
        },
      },
    );
    assert.equal(counted.done, 10);
    assert.equal(records.length, 12, "ten records and two further tries");
    const tries = records.filter(({ key }) => key.endsWith("3"));
    assert.deepEqual(
      tries.map(({ outcome }) => outcome),
      ["unavailable", "unavailable", "ok"],
    );
    for (const [i, { start }] of tries.slice(1).entries()) {
      const waited = start - tries[i].end;
      assert(waited >= 800_000 && waited < 1_206_000, `${waited} µs`);
    }
    assert.equal(lines.filter((line) => line.startsWith("Retrying insertion")).length, 2);
  });

  it("stops a client whose insert fails for good, unless it is to keep going", () => {
    const refused = { answer: () => ({ ...REPLY, outcome: "overloaded" as const }) };
    const once = { ...rules, retryLimit: 0 };
    const stopped = playCounted({ clients: 2, operations: undefined, inserts: once }, refused);
    assert.deepEqual([stopped.records.length, stopped.counted.done, stopped.counted.gaveUp], [2, 0, 2]);
    const going = playCounted({ clients: 2, operations: undefined, inserts: { ...once, keepGoing: true } }, refused);
    assert.deepEqual([going.records.length, going.counted.done, going.counted.gaveUp], [10, 10, 0]);
  });

  it("never tries an insert again that may have happened", () => {
    const timeout = { answer: () => ({ ...REPLY, outcome: "timeout" as const }) };
    const { records, counted } = playCounted({ clients: 1, operations: undefined, inserts: rules }, timeout);
    assert.deepEqual([records.length, counted.gaveUp], [1, 1]);
  });
});

/** Scripts: carried out to the letter, one step at a time, and the known ones with the numbers they are known for. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../engine/vocabulary/random";
import {
  checkScript,
  clientsOf,
  READY_SCRIPTS,
  stepCount,
  verbCounts,
  type Script,
  type ScriptStep,
} from "../../../engine/vocabulary/written-scripts";
import type { Written } from "../../../engine/vocabulary/value-kinds";
import type { OperationRecord } from "../../../results/record/history";
import type { Request } from "../../../workloads/operation";
import { workloadFor } from "../../../workloads/mixes/mix";
import type { WorkloadSettings } from "../../../workloads/settings";
import { driverOf, play, refused, settings, type Script as Play } from "../scripted-target";
import { CausalStore } from "./causal-store";

function scriptOf(written: Written): Script {
  const checked = checkScript(written);
  assert.ok(checked.ok, JSON.stringify(checked));
  return checked.value as Script;
}

function settingsOf({ steps }: Script, changes: Partial<WorkloadSettings> = {}): WorkloadSettings {
  const clients = clientsOf(steps).length;
  return settings({
    name: "script",
    mixture: { name: "scripted", steps },
    load: { model: "closed", clients, oneAtATime: true, think: undefined, targetPerSecond: undefined },
    ...changes,
  });
}

interface Carried {
  readonly records: readonly OperationRecord[];
  readonly sent: readonly { readonly request: Request; readonly now: number; readonly outstanding: number }[];
  readonly left: number;
}

function carryOut(
  written: Written,
  rest: Partial<Omit<Play, "driver">> & {
    readonly context?: WorkloadSettings["context"];
    readonly phases?: { readonly warmupMs: number; readonly measureMs: number; readonly drainMs: number };
  } = {},
): Carried {
  const { context = "session", phases, ...plays } = rest;
  const chosen = settingsOf(scriptOf(written), { context });
  const workload = workloadFor(chosen, Random.fromSeed(1));
  const driver = driverOf({ workload, settings: chosen, ...(phases === undefined ? {} : { phases }) });
  const sent: { request: Request; now: number; outstanding: number }[] = [];
  const records = play({
    driver,
    ...plays,
    sent: (request, now, outstanding) => sent.push({ request, now, outstanding }),
  });
  return { records, sent, left: driver.progress().stepsLeft };
}

const map = (entries: Record<string, Written>): Written => new Map(Object.entries(entries));

describe("a script", () => {
  it("is carried out in order, each step when the one before was answered, each client in its session", () => {
    const { sent, left } = carryOut(["a put x", "b blind-put y", "a get x", "c delete x", "b blind-delete y"]);
    assert.deepEqual(
      sent.map(({ request: { kind, session, key, value, writeId } }) => [kind, session, key.key, value, writeId > 0]),
      [
        ["put", 0, "x", "a 1", true],
        ["put", 1, "y", "b 2", true],
        ["get", 0, "x", "", false],
        ["delete", 2, "x", "", true],
        ["delete", 1, "y", "", true],
      ],
    );
    assert.deepEqual(
      sent.map(({ now }) => now),
      [0, 1000, 2000, 3000, 4000],
    );
    assert.ok(sent.every(({ outstanding }) => outstanding === 1));
    assert.equal(left, 0);
  });

  it("begins with the measured phase, runs once, and leaves the rest of the phase quiet", () => {
    const phases = { warmupMs: 500, measureMs: 1000, drainMs: 100 };
    const { records } = carryOut(["a put x", "a get x"], { phases });
    assert.deepEqual(
      records.map(({ kind, phase, start }) => [kind, phase, start]),
      [
        ["update", "measure", 500_000],
        ["read", "measure", 501_000],
      ],
    );
  });

  it("waits where it says so, from the answer before", () => {
    const { sent, left } = carryOut(["wait 10ms", "a put x", "wait 20ms", "wait 5ms", "a get x", "wait 1s"]);
    assert.deepEqual(
      sent.map(({ now }) => now),
      [10_000, 36_000],
    );
    assert.equal(left, 0);
  });

  it("goes on after a step that failed", () => {
    const answer = (request: Request) => (request.kind === "put" ? refused("timeout") : refused("unavailable"));
    const { records } = carryOut(["a put x", "a get x", "b put x"], { answer });
    assert.deepEqual(
      records.map(({ outcome }) => outcome),
      ["timeout", "unavailable", "timeout"],
    );
  });

  it("says how many steps the measured phase left no time for, and begins none of them", () => {
    const { records, left } = carryOut([map({ repeat: 10, steps: ["a put x", "a get x"] }), "b get x"], {
      phases: { warmupMs: 0, measureMs: 10, drainMs: 50 },
      serviceMicros: () => 3000,
    });
    // At 0, 3, 6 and 9 ms; the last is answered in the drain.
    assert.equal(records.length, 4);
    assert.equal(left, 21 - 4);
    assert.equal(records[3].end, 12_000);
  });

  it("walks repetitions within repetitions as if they were written out", () => {
    const leaf = fc.constantFrom("a put x", "b get x", "c blind-put y", "a delete y", "b blind-delete x");
    const { script } = fc.letrec<{ script: Written[]; step: Written }>((tie) => ({
      script: fc.array(tie("step"), { minLength: 1, maxLength: 4 }),
      step: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.record({ repeat: fc.integer({ min: 1, max: 3 }), steps: tie("script") }).map((entries) => map(entries)),
      ),
    }));
    const writtenOut = (steps: readonly ScriptStep[]): readonly ScriptStep[] =>
      steps.flatMap((step) =>
        step.kind === "repeat" ? Array.from({ length: step.times }, () => writtenOut(step.steps)).flat() : [step],
      );
    fc.assert(
      fc.property(script, (written) => {
        const read = scriptOf(written);
        const flat = writtenOut(read.steps);
        assert.equal(stepCount(read.steps), flat.length);
        const workload = workloadFor(settingsOf(read), Random.fromSeed(1));
        const walked: string[] = [];
        const names = clientsOf(read.steps);
        for (let left = flat.length; workload.over!() === false; left--) {
          assert.equal(workload.stepsLeft!(), left);
          const { client, kind, key, blind } = workload.next();
          walked.push(
            `${names[client!]} ${blind ? "blind-" : ""}${kind === "read" ? "get" : kind === "update" ? "put" : kind} ${key.key}`,
          );
        }
        assert.deepEqual(
          walked,
          flat.map((step) => (step.kind === "ask" ? `${step.client} ${step.verb} ${step.key}` : "")),
        );
        assert.equal(workload.stepsLeft!(), 0);
      }),
    );
  });

  it("knows its hottest key's share", () => {
    const script = scriptOf([map({ repeat: 3, steps: ["a put x"] }), "a get y"]);
    assert.equal(workloadFor(settingsOf(script), Random.fromSeed(1)).hottestKeyShare, 0.75);
  });
});

describe("the ready scripts", () => {
  /** Siblings of x at the end of a script. */
  const siblings = (
    name: string,
    clock: string,
    context: WorkloadSettings["context"] = "session",
  ): readonly string[] => {
    const store = new CausalStore(clock);
    carryOut(name, { context, serviceMicros: () => 100, answer: (request, now) => store.answer(request, now) });
    return store.valuesOf("x");
  };

  it("explode to 101 siblings under a merged version vector and stay at the last two writes under a dotted one", () => {
    for (const name of ["explosion-1", "explosion-2"]) {
      const counts = verbCounts(scriptOf(name).steps);
      assert.equal(counts.put + counts["blind-put"], 101, name);
      for (const context of ["session", "last-read"] as const) {
        assert.equal(siblings(name, "vv-server", context).length, 101, `${name}, ${context}`);
        const kept = [...siblings(name, "dvvset", context)].sort();
        assert.deepEqual(kept, ["a 101", "b 100"], `${name}, ${context}`);
      }
    }
  });

  it("lose the update between, keep one too many, or are right, by the clock", () => {
    assert.deepEqual(siblings("lost-update", "vv-server").length, 3);
    assert.deepEqual([...siblings("lost-update", "dvvset")].sort(), ["a 3", "b 2"]);
    assert.deepEqual(siblings("lost-update", "vv-server-separate"), ["a 3"]);
  });

  it("end with a read, so that what is left can be counted in the history", () => {
    for (const name of READY_SCRIPTS.keys()) {
      const last = scriptOf(name).steps.at(-1);
      assert.ok(last?.kind === "ask" && last.verb === "get", name);
    }
  });
});

/** Traces of operations: what a line may say, what is written down of a driver, and that it comes again to the microsecond. */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import type { OperationRecord } from "../../../results/record/history";
import { workloadFor } from "../../../workloads/mixes/mix";
import { ScheduleRecorder } from "../../../workloads/mixes/schedule-recorder";
import {
  COLUMNS,
  headerText,
  operationText,
  TraceReader,
  type TracedOperation,
  type TraceForm,
  type TraceLine,
} from "../../../workloads/mixes/trace-lines";
import type { TraceSettings, WorkloadSettings } from "../../../workloads/settings";
import { driverOf, play, REPLY, settings } from "../scripted-target";

const HEADER = '{"schema":"quorumlab/operations@1"}';

function linesOf(text: string, form: TraceForm = "jsonl"): readonly TraceLine[] {
  const reader = new TraceReader(text, form);
  const all: TraceLine[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) all.push(next);
  return all;
}

const problemsOf = (text: string, form: TraceForm = "jsonl"): readonly string[] =>
  linesOf(text, form).flatMap((one) => ("problems" in one ? one.problems.map((what) => `${one.line} ${what}`) : []));
const operationsOf = (text: string, form: TraceForm = "jsonl"): readonly TracedOperation[] =>
  linesOf(text, form).map((one) => {
    assert.ok("operation" in one, JSON.stringify(one));
    return one.operation;
  });

const EVERY_KIND: readonly TracedOperation[] = [
  { at: undefined, op: "load", key: "a", size: 10 },
  { at: 0, op: "read", key: "a", client: 0 },
  { at: 0, op: "update", key: 'with "quotes", commas\nand lines', size: 0, client: 1 },
  { at: 7, op: "update", key: "ü", value: " x ", client: 1, blind: true },
  { at: 9, op: "insert", key: "b", size: 16_777_216, client: 2 },
  { at: 9, op: "delete", key: "b", client: 2 },
  { at: 10, op: "rmw", key: "a", client: 2 },
  { at: 11, op: "scan", key: "", client: 2, scanLength: 5, scanEnd: "b" },
  { at: 12, op: "list", key: "dir/", client: 2, scanLength: 5, delimiter: "/" },
  { at: 13, op: "multi-get", key: "a", client: 2, keys: ["a", "b,c"] },
];

describe("a trace of operations", () => {
  for (const form of ["jsonl", "csv"] as const) {
    it(`says as ${form} what was written into it`, () => {
      const header = { bucket: "bench", model: "open", clients: 3 };
      const text = headerText(header, form) + EVERY_KIND.map((one) => operationText(one, form)).join("");
      assert.deepEqual(operationsOf(text, form), EVERY_KIND);
      const reader = new TraceReader(text, form);
      reader.next();
      assert.deepEqual(reader.header, header);
      // With the ends of lines and the mark of another system.
      const foreign = "\ufeff" + text.replaceAll(/\n(?=\{|\d|,|at|#|$)/g, "\r\n");
      assert.deepEqual(operationsOf(foreign, form), EVERY_KIND);
    });
  }

  it("may be a plain table with only the columns that somebody has", () => {
    assert.deepEqual(operationsOf("op,at_us,key\nread,5,a\n\nread,6,b", "csv"), [
      { at: 5, op: "read", key: "a" },
      { at: 6, op: "read", key: "b" },
    ]);
  });

  it("has every fault of a line told, and goes on behind it", () => {
    const bad = [
      HEADER,
      '{"at_us":5,"op":"read","key":"a"}',
      '{"at_us":4,"op":"read","key":"a"}',
      '{"at_us":6,"op":"raed","key":"a"}',
      '{"at_us":6,"op":7}',
      "{at_us:6}",
      "[1]",
      '{"at_us":-1,"op":"update","key":"","size":-5}',
      '{"at_us":1.5,"op":"update","key":"a"}',
      '{"op":"read","key":"a"}',
      '{"at_us":6,"op":"read","key":"a","size":3,"clinet":1}',
      '{"at_us":6,"op":"insert","key":"a","size":3,"value":"x"}',
      '{"at_us":6,"op":"multi-get","keys":[]}',
      '{"at_us":6,"op":"scan","key":"a","scan_length":0,"client":10000}',
      '{"op":"load","key":"a","size":1}',
      '{"at_us":6,"op":"delete","key":"a","blind":"yes"}',
      '{"op":"load","key":"a"}',
      '{"at_us":9,"op":"read","key":"a"}',
    ].join("\n");
    const kinds = "load, read, update, insert, delete, rmw, scan, list, multi-get";
    assert.deepEqual(problemsOf(bad), [
      "3 goes back in time: at_us is 4, and the line before has 5",
      '4 has op "raed"; did you mean "read"?',
      `5 has op 7; known: ${kinds}`,
      "6 is no JSON object: {at_us:6}",
      "7 is no JSON object: [1]",
      "8 has at_us -1; allowed: an integer from 0 to 1000000000000000",
      "8 has size -5; allowed: an integer from 0 to 16777216",
      '8 has key ""; allowed: a text that is not empty',
      "9 has at_us 1.5; allowed: an integer from 0 to 1000000000000000",
      '9 lacks size, which "update" needs',
      '10 lacks at_us, which "read" needs',
      '11 has "size", which is no part of "read"',
      '11 has "clinet", which is no part of "read"; did you mean "client"?',
      "12 has size and value; keep one of them",
      "13 has keys []; allowed: a list of 1 to 1000 keys",
      "14 has client 10000; allowed: an integer from 0 to 9999",
      "14 has scan_length 0; allowed: an integer from 1 to 1000000",
      "15 is a load behind operations with an instant; loads come first",
      '16 has blind "yes"; allowed: true, or nothing',
      '17 lacks size, which "load" needs',
    ]);
    assert.equal(linesOf(bad).filter((one) => "operation" in one).length, 2);
  });

  it("is refused without a header that is understood", () => {
    assert.deepEqual(problemsOf(""), ['1 is empty; the first line is a header, {"schema":"quorumlab/operations@1"}']);
    assert.match(problemsOf('{"at_us":5,"op":"read","key":"a"}')[0], /^1 is no header/);
    assert.deepEqual(problemsOf('{"schema":"quorumlab/operations@2"}\n{}'), [
      '1 has schema "quorumlab/operations@2"; this version reads "quorumlab/operations@1"',
    ]);
    assert.match(problemsOf('{"schema":"quorumlab/operations@1","clients":0}')[0], /^1 has clients 0; allowed/);
    assert.match(problemsOf("", "csv")[0], /^1 is empty; the first line names the columns/);
    assert.deepEqual(problemsOf("at_us,op,kex\n", "csv"), ['1 has a column "kex"; did you mean "key"?']);
    assert.deepEqual(problemsOf("op,key\n", "csv"), ["1 lacks the column at_us; the first line names the columns"]);
    assert.deepEqual(problemsOf("at_us,op,key,key\n", "csv"), ["1 names a column twice"]);
  });

  it("has every fault of a table told", () => {
    const bad = 'at_us,op,key,size\n5,read,a\n5,read,a,\n-6,read,a,\n7,update,a,1e3\n7,read,"a,\n';
    assert.deepEqual(problemsOf(bad, "csv"), [
      "2 has 3 fields, and there are 4 columns",
      "4 has at_us -6; allowed: an integer from 0 to 1000000000000000",
      '5 has size "1e3"; allowed: an integer from 0 to 16777216',
      "6 opens a quote that is never closed",
    ]);
  });

  it("has too long keys told by their bytes", () => {
    const key = "ü".repeat(40_000);
    assert.deepEqual(problemsOf(`${HEADER}\n${JSON.stringify({ at_us: 0, op: "read", key })}`), [
      "2 has a key of 80000 bytes; allowed: at most 65535",
    ]);
  });

  it("has no column that is not documented here", () => {
    assert.deepEqual(
      [...COLUMNS],
      "at_us op key size value client scan_length scan_end keys delimiter blind".split(" "),
    );
  });
});

describe("a schedule that is recorded", () => {
  const open: WorkloadSettings["load"] = { model: "open", clients: 3, ratePerSecond: 800, arrivals: "poisson" };
  const mix = { read: 3, update: 2, insert: 1, scan: 1, rmw: 1, delete: 1, blindWrite: 1, multiGet: 1 };

  it("has every operation at its intended instant, also those that were dropped", () => {
    const { records, text } = recordedRun(settings({ load: open, mix, preload: true, maxOutstanding: 2 }));
    const lines = operationsOf(text);
    const loads = lines.filter(({ op }) => op === "load");
    assert.equal(loads.length, 20);
    const timed = lines.filter(({ op }) => op !== "load");
    const wanted = records.filter(({ phase, kind }) => phase === "measure" && (kind === "read" || kind === "scan"));
    assert.ok(records.some(({ outcome }) => outcome === "not_sent"));
    const asked = timed.filter(({ op }) => op === "read" || op === "scan").map(({ at, key }) => `${at} ${key}`);
    const begun = records.find(({ phase }) => phase === "measure")!;
    assert.ok(begun !== undefined && asked.length > 100);
    const start = Math.min(...records.filter(({ phase }) => phase === "load").map(({ end }) => end));
    assert.ok(start > 0);
    // Reads of pairs and multi-gets stand beside those that were asked for by themselves.
    const seen = new Set(wanted.map(({ key, intended }) => `${intended - warmupOf(records, timed)} ${key}`));
    for (const one of asked) assert.ok(seen.has(one), one);
  });

  it("comes again operation by operation, and is then recorded the same, byte for byte", () => {
    for (const form of ["jsonl", "csv"] as const) {
      const recorded = recordedRun(settings({ load: open, mix, preload: true }), form);
      const again = replayed(recorded.text, form, 1);
      assert.equal(again.text, recorded.text);
      const other = replayed(recorded.text, form, 1, 9000);
      assert.equal(other.text, recorded.text, "whatever the store takes");
      assert.equal(again.broken, 0);
      assert.ok(again.confirmed > 50);
    }
  });

  it("of a closed load comes as an open one, and puts in order what was late", () => {
    const closed: WorkloadSettings["load"] = { model: "closed", clients: 3, think: undefined, targetPerSecond: 900 };
    const recorded = recordedRun(settings({ load: closed, mix }), "jsonl", 6000);
    const instants = operationsOf(recorded.text).map(({ at }) => at!);
    assert.ok(instants.length > 300);
    assert.deepEqual(
      instants,
      [...instants].sort((a, b) => a - b),
    );
    assert.equal(replayed(recorded.text, "jsonl", 1).text, recorded.text);
  });

  it("may come faster", () => {
    const recorded = recordedRun(settings({ load: open, mix }));
    const twice = operationsOf(replayed(recorded.text, "jsonl", 2).text).map(({ at }) => at!);
    const once = operationsOf(recorded.text).map(({ at }) => Math.round(at! / 2));
    assert.deepEqual(twice, once);
  });

  it("writes other bytes under another seed, of the same sizes, and tells its own from others", () => {
    const text = `${HEADER}\n{"at_us":0,"op":"update","key":"a","size":40}\n{"at_us":1,"op":"update","key":"a","size":4}\n`;
    const written = (seed: number): readonly string[] => {
      const workload = workloadFor(settingsOf(text, "jsonl", 1), Random.fromSeed(seed));
      const schedule = workload.arrivals!();
      return [0, 1].map((at) => {
        assert.equal(schedule.next(), at);
        const { key, value } = workload.next();
        assert.equal(workload.verify!(key, value), true);
        assert.equal(workload.verify!({ ...key, key: "b" }, value), false);
        return value;
      });
    };
    const one = written(1);
    assert.deepEqual(
      one.map(({ length }) => length),
      [40, 4],
    );
    assert.deepEqual(written(1), one);
    assert.notDeepEqual(written(2), one);
  });

  it("writes the very bytes where the trace has them, and then vouches for none", () => {
    const text = `${HEADER}\n{"at_us":0,"op":"update","key":"a","value":"ü"}\n`;
    const workload = workloadFor({ ...settingsOf(text, "jsonl", 1, true) }, Random.fromSeed(1));
    workload.arrivals!().next();
    assert.equal(workload.next().value, "\u00c3\u00bc");
    assert.equal((workload as { readonly verify?: unknown }).verify, undefined);
  });
});

function warmupOf(records: readonly OperationRecord[], timed: readonly TracedOperation[]): number {
  const first = Math.min(...records.filter(({ phase }) => phase === "measure").map(({ intended }) => intended));
  return first - timed[0].at!;
}

function settingsOf(text: string, form: TraceForm, speed: number, values = false): WorkloadSettings {
  const lines = operationsOf(text, form);
  const loads = lines.filter(({ op }) => op === "load").length;
  const mixture: TraceSettings = {
    name: "trace",
    path: "",
    sha256: "",
    form,
    loads,
    operations: lines.length - loads,
    mostBytes: Math.max(...lines.map(({ size = 0 }) => size)),
    values,
    speed,
    text,
  };
  const load: WorkloadSettings["load"] = { model: "open", clients: 3, ratePerSecond: 1, arrivals: "trace" };
  return settings({ mixture, load, preload: true, maxOutstanding: 10_000 });
}

function recordedRun(chosen: WorkloadSettings, form: TraceForm = "jsonl", mostMicros = 3000) {
  const recorder = new ScheduleRecorder({ clients: 3 }, form);
  const workload = workloadFor(chosen, Random.fromSeed("trace"));
  workload.due = (due) => recorder.due(due);
  const driver = driverOf({ workload, settings: chosen });
  const service = Random.fromSeed("service");
  const stored = new Map<string, string>();
  const records = play({
    driver,
    serviceMicros: () => 500 + service.nextBelow(mostMicros),
    answer: ({ kind, key, value }) => {
      if (kind === "put") stored.set(key.key, value);
      if (kind === "delete") stored.delete(key.key);
      const found = kind === "get" ? stored.get(key.key) : undefined;
      return found === undefined ? REPLY : { ...REPLY, versions: [1], payloads: [found], values: 1 };
    },
  });
  return { records, text: [...recorder.pieces()].join(""), ...driver.progress().integrity };
}

function replayed(text: string, form: TraceForm, speed: number, mostMicros?: number) {
  return recordedRun(settingsOf(text, form, speed), form, mostMicros);
}

/** Operations that are several requests: multi-gets, whose reads leave together, and listings, page after page. */
import assert from "node:assert/strict";
import { octetsFromText } from "../../engine/vocabulary/octets";
import type { OperationRecord } from "../../results/record/history";
import type { DrawnOperation, Reply, Workload } from "../../workloads/operation";
import { driverOf, play, refused, REPLY, scripted, settings } from "./scripted-target";

const LOAD = { model: "open", clients: 2, ratePerSecond: 10, arrivals: "constant" } as const;

function named(key: string): DrawnOperation["key"] {
  return { type: "default", bucket: "b", key: octetsFromText(key) };
}

function asking(next: () => DrawnOperation): Workload {
  return { ...scripted([["read", "k"]]), next };
}

const bare = { value: "", blind: false, insertNumber: -1, scanLength: 0 } as const;
const multiGet = (...keys: string[]): DrawnOperation => ({
  ...bare,
  kind: "multi-get",
  key: named(keys[0]),
  keys: keys.map(named),
});

describe("a multi-get", () => {
  const records = play({
    driver: driverOf({ workload: asking(() => multiGet("a", "b", "c")), settings: settings({ load: LOAD }) }),
    serviceMicros: ({ key }) => (key.key === "b" ? 9_000 : 1_000),
  });

  it("is as many reads at once, and one record that spans them and ends with the slowest", () => {
    assert.equal(records.length, 10 * 4);
    const first = records.slice(0, 4);
    assert.deepEqual(
      first.map(({ kind, key, start, end }) => [kind, key, start, end]),
      [
        ["read", "a", 0, 1_000],
        ["read", "c", 0, 1_000],
        ["read", "b", 0, 9_000],
        ["multi-get", "a", 0, 9_000],
      ],
    );
    assert.equal(new Set(records.map(({ id }) => id)).size, 40);
  });

  it("counts as one of the operations outstanding, and as one that was due", () => {
    const driver = driverOf({
      workload: asking(() => multiGet("a", "b", "c", "d")),
      settings: settings({ load: LOAD, maxOutstanding: 3 }),
    });
    let most = 0;
    const all = play({
      driver,
      serviceMicros: () => 250_000,
      sent: () => (most = Math.max(most, driver.progress().outstanding)),
    });
    assert.equal(most, 3);
    assert.equal(driver.progress().measured.due, 10);
    assert.equal(driver.progress().outstanding, 0);
    assert.equal(driver.progress().operations, 10);
    assert.equal(all.filter(({ kind }) => kind === "multi-get").length, 10);
  });

  it("has the worst outcome of its parts: one that may have happened before one that did not", () => {
    const outcomes: Record<string, Reply> = { b: refused("unavailable"), c: refused("timeout") };
    const worst = (...keys: string[]): string => {
      const all = play({
        driver: driverOf({ workload: asking(() => multiGet(...keys)), settings: settings({ load: LOAD }) }),
        answer: ({ key }) => outcomes[key.key] ?? REPLY,
      });
      return all.find(({ kind }) => kind === "multi-get")!.outcome;
    };
    assert.deepEqual(
      [worst("a"), worst("a", "b"), worst("c", "b", "a"), worst("b", "c")],
      ["ok", "unavailable", "timeout", "timeout"],
    );
  });

  it("is given up whole when the run ends", () => {
    const driver = driverOf({ workload: asking(() => multiGet("a", "b")), settings: settings({ load: LOAD }) });
    const all = play({ driver, serviceMicros: ({ key }) => (key.key === "b" ? Infinity : 10), until: 150_000 });
    const spans = all.filter(({ kind }) => kind === "multi-get");
    assert.deepEqual(
      spans.map(({ outcome, end }) => [outcome, end]),
      [
        ["timeout", 150_000],
        ["timeout", 150_000],
      ],
    );
    assert.equal(driver.progress().outstanding, 0);
  });
});

describe("what is dropped", () => {
  const dropped = (operation: DrawnOperation): readonly OperationRecord[] => {
    const driver = driverOf({
      workload: asking(() => operation),
      settings: settings({ load: LOAD, maxOutstanding: 1 }),
    });
    return play({ driver, serviceMicros: () => 150_000 }).filter(({ outcome }) => outcome === "not_sent");
  };

  it("leaves the records that it would have left at the least, so that availability counts what was due", () => {
    const kinds = (operation: DrawnOperation): string[] =>
      dropped(operation)
        .slice(0, 3)
        .map(({ kind }) => kind);
    assert.deepEqual(kinds({ ...bare, kind: "rmw", key: named("a") }).slice(0, 2), ["read", "rmw"]);
    assert.deepEqual(kinds(multiGet("a", "b")), ["read", "read", "multi-get"]);
    assert.deepEqual(kinds({ ...bare, kind: "list", key: named("a") }).slice(0, 2), ["scan", "list"]);
  });
});

describe("a listing", () => {
  const page = (key: string): DrawnOperation => ({
    ...bare,
    kind: "list",
    key: named(key),
    scanLength: 2,
    scanEnd: octetsFromText("p/~"),
    then: (reply) => (reply.next === undefined ? undefined : page(reply.next)),
  });
  const answers: Record<string, Reply> = {
    "p/": { ...REPLY, values: 2, next: octetsFromText("p/3") },
    "p/3": { ...REPLY, values: 2, next: octetsFromText("p/5") },
    "p/5": { ...REPLY, values: 1 },
  };

  it("is a scan for every page, each intended when the one before it ended, and a record that spans them", () => {
    const asked: string[] = [];
    const records = play({
      driver: driverOf({ workload: asking(() => page("p/")), settings: settings({ load: LOAD }) }),
      answer: (request) => {
        assert.equal(request.kind, "scan");
        assert.equal(request.scanEnd, "p/~");
        assert.equal(request.scanLength, 2);
        asked.push(request.key.key);
        return answers[request.key.key];
      },
    });
    assert.deepEqual(asked.slice(0, 3), ["p/", "p/3", "p/5"]);
    assert.deepEqual(
      records.slice(0, 4).map(({ kind, key, intended, end, values }) => [kind, key, intended, end, values]),
      [
        ["scan", "p/", 0, 1_000, 2],
        ["scan", "p/3", 1_000, 2_000, 2],
        ["scan", "p/5", 2_000, 3_000, 1],
        ["list", "p/", 0, 3_000, 0],
      ],
    );
  });

  it("ends with a page that fails, and with a store that sends it in a circle", () => {
    const spans = (answer: (key: string) => Reply): string[] =>
      play({
        driver: driverOf({ workload: asking(() => page("p/")), settings: settings({ load: LOAD }) }),
        answer: ({ key }) => answer(key.key),
      })
        .filter(({ kind }) => kind === "list")
        .map(({ outcome }) => outcome);
    assert.deepEqual(
      new Set(spans((key) => (key === "p/3" ? refused("timeout") : answers[key]))),
      new Set(["timeout"]),
    );
    assert.deepEqual(new Set(spans(() => answers["p/"])), new Set(["invalid"]));
  });
});

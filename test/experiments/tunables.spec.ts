/** The rows: each default passes its own check, names are unique, and strategies that exist are the ones offered. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { CLOCKS } from "../../engine/clocks/clock";
import { editDistance, nearest } from "../../engine/vocabulary/nearest";
import {
  formatDuration,
  formatSize,
  parseDurationMs,
  parseRatePerSecond,
  parseRatio,
  parseSizeBytes,
} from "../../engine/vocabulary/quantities";
import { tunable, TUNABLES, tunablesBelow, tunablesCalled } from "../../engine/vocabulary/tunables";
import { checkValue, type Written } from "../../engine/vocabulary/value-kinds";
import { packageRoot } from "../../experiments/catalogue";
import { generatedFiles } from "../../experiments/reference";
import { PLAIN_KEYS } from "../../experiments/spec/keys";
import { CHOOSERS } from "../../workloads/ycsb/chooser";

describe("tunable rows", () => {
  for (const row of TUNABLES) {
    it(`${row.key} has a default within its range and all of its prose`, () => {
      if (row.default !== "") {
        const plain =
          row.kind.kind === "choice" || row.kind.kind === "text" ? row.default : (parse(row.default) as Written);
        assert.ok(checkValue(row.kind, plain).ok);
      }
      for (const text of [row.title, row.buys, row.costs, row.source]) assert.ok(text.length > 3, row.key);
      assert.ok(row.charts.length > 0);
    });
  }

  it("have keys of their own", () => {
    const keys = [...TUNABLES, ...PLAIN_KEYS].map((row) => row.key);
    assert.equal(new Set(keys).size, keys.length);
    for (const key of keys) assert.ok(!keys.some((other) => other.startsWith(`${key}.`)), key);
  });

  it("offer exactly the clocks and choosers there are", () => {
    const clock = tunable("tunables.clock");
    assert.ok(clock?.kind.kind === "choice");
    assert.deepEqual([...clock.kind.values].sort(), [...CLOCKS.keys()].sort());
    for (const name of Object.keys(CHOOSERS)) {
      assert.ok(checkValue({ kind: "structure", name: "popularity" }, new Map([["dist", name]])).ok, name);
    }
  });

  it("are found by group and by another store's name", () => {
    assert.deepEqual(
      tunablesBelow("tunables.timeout").map((row) => row.key),
      ["tunables.timeout.read", "tunables.timeout.write"],
    );
    assert.deepEqual(
      tunablesCalled("replication-factor").map(({ row, system }) => `${system} ${row.key}`),
      ["Cassandra tunables.n_val", "Voldemort tunables.n_val"],
    );
    const called = (name: string): readonly string[] =>
      tunablesCalled(name).map(({ row, system }) => `${system} ${row.key}`);
    assert.deepEqual(called("allow_mult"), ["Riak tunables.siblings"]);
    assert.deepEqual(called("last_write_wins"), ["Riak tunables.siblings"]);
    assert.deepEqual(called("use_client_timestamp"), ["Cassandra tunables.timestamps"]);
    assert.deepEqual(called("plan"), [], "a word out of a list of commands");
  });

  for (const [path, text] of generatedFiles()) {
    it(`${path} says what the rows say (node -r ts-node/register experiments/reference.ts writes it)`, () => {
      assert.equal(readFileSync(join(packageRoot(), path), "utf8"), text);
    });
  }
});

describe("quantities", () => {
  it("need a unit", () => {
    const durations = ["5ms", "2s", "1m", "10us", "10µs", "1.5 h", ".5s"].map(parseDurationMs);
    assert.deepEqual(durations, [5, 2000, 60_000, 0.01, 0.01, 5_400_000, 500]);
    for (const wrong of ["5", "", "ms", "-5ms", "5 minutes", "1e3ms", "5MS", "0x5ms"])
      assert.equal(parseDurationMs(wrong), undefined);
    assert.deepEqual(["500/s", "6/min", "5 /s"].map(parseRatePerSecond), [500, 0.1, 5]);
    assert.deepEqual(["100B", "1KiB", "1MB", "0.5KiB"].map(parseSizeBytes), [100, 1024, 1_000_000, 512]);
    assert.equal(parseSizeBytes("0.3B"), undefined);
    assert.deepEqual([0.05, "5%", "5", ".5 %"].map(parseRatio), [0.05, 0.05, undefined, 0.005]);
  });

  it("are printed as they are read", () => {
    for (const text of ["10us", "5ms", "1.5s", "95s", "200s", "1.5m", "2m", "100m", "3601s", "24h"])
      assert.equal(formatDuration(parseDurationMs(text) ?? -1), text);
    for (const text of ["100B", "1KiB", "16MiB", "1MB"]) assert.equal(formatSize(parseSizeBytes(text) ?? -1), text);
  });
});

describe("the nearest name", () => {
  it("counts letters that are changed, missing, too many or swapped", () => {
    assert.equal(editDistance("clock", "clock"), 0);
    assert.equal(editDistance("clokc", "clock"), 1);
    assert.equal(editDistance("", "abc"), 3);
    assert.equal(editDistance("kitten", "sitting"), 3);
  });

  it("is none where nothing is near", () => {
    assert.equal(nearest("max_sibling", ["max_siblings", "siblings"]), "max_siblings");
    assert.equal(nearest("q", ["r", "w"]), undefined);
    assert.equal(nearest("x".repeat(1000), ["x"]), undefined);
  });
});

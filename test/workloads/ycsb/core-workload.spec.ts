import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import type { DrawnOperation, OperationKind } from "../../../workloads/operation";
import type { MixSettings, RecordSettings, WorkloadSettings } from "../../../workloads/settings";
import { coreWorkload } from "../../../workloads/ycsb/core-workload";
import { deterministicField } from "../../../workloads/ycsb/record-values";
import { assertFits } from "../goodness-of-fit";
import { settings } from "../scripted-target";

const MIX: MixSettings = { read: 0, update: 0, insert: 0, scan: 0, rmw: 0, delete: 0, blindWrite: 0 };

function workloadSettings(mix: Partial<MixSettings>, records: Partial<RecordSettings> = {}): WorkloadSettings {
  const base = settings();
  return { ...base, mix: { ...MIX, ...mix }, records: { ...base.records, ...records } };
}

function draws(chosen: WorkloadSettings, count: number, seed = "core"): DrawnOperation[] {
  const workload = coreWorkload(chosen, Random.fromSeed(seed));
  return Array.from({ length: count }, () => {
    const operation = workload.next();
    if (operation.insertNumber >= 0) workload.inserted(operation.insertNumber);
    return operation;
  });
}

describe("the core workload", () => {
  it("draws kinds by weight, whatever the weights sum to; blind writes are blind updates", () => {
    const mix = { read: 5, update: 3, insert: 1, scan: 0, rmw: 2, delete: 0.5, blindWrite: 1 };
    const counts = new Map<string, number>();
    for (const { kind, blind } of draws(workloadSettings(mix), 50_000)) {
      const name = blind ? "blindWrite" : kind;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    assert.equal(counts.has("scan"), false);
    const names = Object.keys(mix).filter((name) => name !== "scan") as (keyof typeof mix)[];
    assertFits(
      names.map((name) => counts.get(name) ?? 0),
      names.map((name) => mix[name] / 12.5),
    );
  });

  it("asks for the same keys when only values or the mix of reads and writes differ", () => {
    const keys = (mix: Partial<MixSettings>, bytes: number): string[] =>
      draws(workloadSettings(mix, { fieldLength: { dist: "constant", bytes } }), 500).map(({ key }) => key.key);
    const base = keys({ read: 1 }, 10);
    assert.deepEqual(keys({ read: 1, update: 3, delete: 1 }, 10), base);
    assert.deepEqual(keys({ update: 1 }, 900), base);
    assert.notDeepEqual(keys({ read: 1 }, 10).reverse(), base);
  });

  it("loads the range once, with hashed or ordered names, in its own bucket", () => {
    const hashed = coreWorkload(
      workloadSettings({ read: 1 }, { insertStart: 5, insertCount: 10, hashedOrder: true, keyPrefix: "user" }),
      Random.fromSeed(1),
    );
    assert.equal(hashed.loadCount, 10);
    const names = Array.from({ length: 10 }, (_, i) => hashed.loadOperation(i).key);
    assert.equal(new Set(names.map(({ key }) => key)).size, 10);
    assert(names.every(({ type, bucket, key }) => type === "default" && bucket === "b" && /^user\d{15,19}$/.test(key)));
    const ordered = coreWorkload(workloadSettings({ read: 1 }, { zeroPadding: 4 }), Random.fromSeed(1));
    assert.equal(ordered.loadOperation(7).key.key, "k0007");
    assert.equal(ordered.loadOperation(7).insertNumber, -1);
  });

  it("inserts go on where the records end, one number after the other", () => {
    const inserts = draws(workloadSettings({ insert: 1 }), 5);
    assert.deepEqual(
      inserts.map(({ insertNumber, key }) => [insertNumber, key.key]),
      [20, 21, 22, 23, 24].map((number) => [number, `k${number}`]),
    );
  });

  it("writes whole records on load and insert, one field on update, all of them under writeallfields", () => {
    const layout = { fieldCount: 10, fieldLength: { dist: "constant", bytes: 100 } } as const;
    const sizes = (chosen: WorkloadSettings): Record<string, number> => {
      const workload = coreWorkload(chosen, Random.fromSeed(3));
      const found: Record<string, number> = { load: workload.loadOperation(0).value.length };
      for (let i = 0; i < 200; i++) {
        const { kind, value } = workload.next();
        found[kind] = value.length;
      }
      return found;
    };
    const mix = { read: 1, update: 1, insert: 1, rmw: 1 };
    assert.deepEqual(sizes(workloadSettings(mix, layout)), {
      load: 1000,
      read: 0,
      update: 100,
      insert: 1000,
      rmw: 100,
    });
    const all = sizes(workloadSettings(mix, { ...layout, writeAllFields: true }));
    assert.deepEqual(all, { load: 1000, read: 0, update: 1000, insert: 1000, rmw: 1000 });
  });

  it("writes printable ASCII, of lengths within the distribution, and hardly ever twice the same", () => {
    for (const dist of ["uniform", "zipfian"] as const) {
      const lengths = { dist, minBytes: 20, maxBytes: 60 };
      const values = draws(workloadSettings({ update: 1 }, { fieldLength: lengths }), 3000).map(({ value }) => value);
      assert(values.every((value) => /^[ -~]*$/.test(value)));
      assert.equal(Math.min(...values.map(({ length }) => length)), 20);
      assert.equal(Math.max(...values.map(({ length }) => length)), 60);
      assert(new Set(values).size > 2990 * (dist === "zipfian" ? 0.97 : 0.99));
      const short = values.filter(({ length }) => length === 20).length / values.length;
      assert(dist === "zipfian" ? short > 0.2 : short < 0.05);
    }
  });

  it("draws scan lengths within their bounds, both ends included", () => {
    const scans = draws(workloadSettings({ scan: 1 }, { scan: { min: 2, max: 5, dist: "uniform" } }), 4000);
    const counts = [2, 3, 4, 5].map((length) => scans.filter(({ scanLength }) => scanLength === length).length);
    assertFits(counts, [0.25, 0.25, 0.25, 0.25]);
  });

  it("data integrity: values follow from key and field as YCSB makes them, and foreign ones are told", () => {
    // The first hash is java.lang.String.hashCode of "k1:field0:".
    let hash = 0;
    for (const character of "k1:field0:") hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
    assert.equal(deterministicField("k1", "field0", 12), `k1:field0:${hash}`.slice(0, 12));
    assert.equal(deterministicField("k1", "field0", 4), "k1:f");
    const chosen = workloadSettings(
      { update: 1 },
      { dataIntegrity: true, fieldCount: 3, fieldLength: { dist: "constant", bytes: 80 } },
    );
    const workload = coreWorkload(chosen, Random.fromSeed(1));
    const loaded = workload.loadOperation(0);
    assert.equal(loaded.value.length, 240);
    assert.equal(workload.verify!(loaded.key, loaded.value), true);
    const update = workload.next();
    assert.equal(update.value.length, 80);
    assert.equal(workload.verify!(update.key, update.value), true);
    assert.equal(workload.verify!(update.key, update.value.slice(1) + "x"), false);
    assert.equal(workload.verify!({ ...update.key, key: "other" }, update.value), false);
  });

  it("is the same for equal seeds and another for others", () => {
    const chosen = workloadSettings({ read: 1, update: 1, insert: 1 });
    assert.deepEqual(draws(chosen, 200), draws(chosen, 200));
    assert.notDeepEqual(draws(chosen, 200), draws(chosen, 200, "other"));
  });

  it("says what a reader should know of sizes", () => {
    const chosen = workloadSettings({ update: 1 }, { fieldCount: 10, readAllFields: false });
    const { notes } = coreWorkload(chosen, Random.fromSeed(1));
    assert.match(notes.join("\n"), /one field it writes/);
    assert.match(notes.join("\n"), /readallfields/);
  });

  it("knows the share of its hottest key where there is one", () => {
    const share = (name: "uniform" | "latest"): number | undefined =>
      coreWorkload(
        workloadSettings({ read: 1, insert: name === "latest" ? 1 : 0 }, { chooser: { name } }),
        Random.fromSeed(1),
      ).hottestKeyShare;
    assert.equal(share("uniform"), 1 / 20);
    assert.equal(share("latest"), undefined);
  });

  it("hands out every kind that an operation can have", () => {
    const mix = { read: 1, update: 1, insert: 1, scan: 1, rmw: 1, delete: 1, blindWrite: 1 };
    const kinds = new Set<OperationKind>(draws(workloadSettings(mix), 300).map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), ["delete", "insert", "read", "rmw", "scan", "update"]);
  });
});

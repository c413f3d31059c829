/** Time series, keys that come and go, and the index of an object store: what they draw, and what they can tell. */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { workloadFor } from "../../../workloads/mixes/mix";
import type { DrawnOperation, Workload } from "../../../workloads/operation";
import type {
  DeleteHeavySettings,
  MixtureSettings,
  ObjectIndexSettings,
  TimeOrderedSettings,
  WorkloadSettings,
} from "../../../workloads/settings";
import { assertFits } from "../goodness-of-fit";
import { driverOf, play, REPLY, settings } from "../scripted-target";

const SERIES: TimeOrderedSettings = {
  name: "time-ordered",
  series: 10,
  popularity: { name: "uniform" },
  initial: 4,
  insert: 0.5,
  scan: 0.2,
  latest: 3,
  window: 6,
};
const COMING_AND_GOING: DeleteHeavySettings = { name: "delete-heavy", keys: 40, alive: 0.5, read: 0.4, readGone: 0.25 };
const OBJECTS: ObjectIndexSettings = {
  name: "object-index",
  objects: 200,
  folders: 10,
  subfolders: 4,
  popularity: { name: "uniform" },
  put: 0.3,
  remove: 0.1,
  list: 0.2,
  page: 7,
  delimiter: "",
};

const settingsOf = (mixture: MixtureSettings, changes: Partial<WorkloadSettings> = {}): WorkloadSettings => {
  const base = settings({ mixture, preload: true, ...changes });
  return { ...base, records: { ...base.records, fieldLength: { dist: "uniform", minBytes: 16, maxBytes: 60 } } };
};

function workloadOf(mixture: MixtureSettings, seed = 1, changes: Partial<WorkloadSettings> = {}): Workload {
  return workloadFor(settingsOf(mixture, changes), Random.fromSeed(seed));
}

function drawn(mixture: MixtureSettings, count: number, seed = 1): readonly DrawnOperation[] {
  const workload = workloadOf(mixture, seed);
  return Array.from({ length: count }, () => workload.next());
}

const told = ({ kind, key, value, scanLength, scanEnd }: DrawnOperation): string =>
  `${kind} ${key.key} ${value} ${scanLength} ${scanEnd ?? ""}`;
const count = (operations: readonly DrawnOperation[], kind: DrawnOperation["kind"]): number =>
  operations.filter((one) => one.kind === kind).length;

describe("mixes with keys of their own", () => {
  for (const mixture of [SERIES, COMING_AND_GOING, OBJECTS] as const) {
    it(`${mixture.name} asks for the same under the same seed, and for something else under another`, () => {
      const first = drawn(mixture, 2000).map(told);
      assert.deepEqual(drawn(mixture, 2000).map(told), first);
      assert.notDeepEqual(drawn(mixture, 2000, 2).map(told), first);
    });

    it(`${mixture.name} can tell a value that it wrote from every other`, () => {
      const workload = workloadOf(mixture);
      const writes = [
        ...Array.from({ length: workload.loadCount }, (_, i) => workload.loadOperation(i)),
        ...Array.from({ length: 500 }, () => workload.next()),
      ].filter(({ value }) => value !== "");
      assert.ok(writes.length > 100);
      for (const { key, value } of writes) assert.equal(workload.verify!(key, value), true);
      const { key, value } = writes[writes.length - 1];
      const other = writes.find((one) => one.key.key !== key.key)!;
      assert.equal(workload.verify!(other.key, value), false, "another key's");
      assert.equal(workload.verify!(key, value.slice(0, -1) + "\0"), false, "a byte changed");
      assert.equal(workload.verify!(key, value + value), false, "longer than any");
      assert.equal(workload.verify!(key, ""), false, "nothing");
      const fresh = workloadOf(mixture);
      assert.equal(fresh.verify!(key, value), false, "not written yet");
    });
  }

  it("take values that are too short for a mark for the key's own", () => {
    const base = settingsOf(COMING_AND_GOING);
    const short = { ...base, records: { ...base.records, fieldLength: { dist: "constant" as const, bytes: 5 } } };
    const workload = workloadFor(short, Random.fromSeed(1));
    const [a, b] = [workload.loadOperation(0), workload.loadOperation(1)];
    assert.equal(a.value.length, 5);
    assert.equal(workload.verify!(a.key, a.value), true);
    assert.equal(workload.verify!(b.key, a.value), false);
  });
});

describe("the time-ordered workload", () => {
  it("keeps its shares, and its series theirs", () => {
    const operations = drawn(SERIES, 30_000);
    assertFits(
      (["insert", "scan", "read"] as const).map((kind) => count(operations, kind)),
      [0.5, 0.2, 0.3],
    );
    const series = new Array<number>(10).fill(0);
    for (const { key } of operations) series[Number(key.key.slice(7, 13))]++;
    assertFits(series, new Array<number>(10).fill(0.1));
  });

  it("makes points that sort by time, each the last of its series, and loads the first of them", () => {
    const workload = workloadOf(SERIES);
    const last = new Map<string, string>();
    const loaded = Array.from({ length: workload.loadCount }, (_, i) => workload.loadOperation(i));
    const inserts = Array.from({ length: 3000 }, () => workload.next()).filter(({ kind }) => kind === "insert");
    for (const { key } of [...loaded, ...inserts]) {
      const series = key.key.slice(0, 14);
      assert.ok(key.key > (last.get(series) ?? ""), key.key);
      last.set(series, key.key);
    }
    assert.equal(last.size, 10);
    assert.equal(loaded.length, 40);
  });

  it("reads one of the latest points and scans the recent window to the end of the series", () => {
    const workload = workloadOf(SERIES);
    const points = new Map<string, string[]>();
    const add = ({ key }: DrawnOperation): void => {
      const series = key.key.slice(0, 14);
      points.set(series, [...(points.get(series) ?? []), key.key]);
    };
    for (let i = 0; i < workload.loadCount; i++) add(workload.loadOperation(i));
    const backs = [0, 0, 0];
    for (let i = 0; i < 5000; i++) {
      const operation = workload.next();
      const there = points.get(operation.key.key.slice(0, 14))!;
      if (operation.kind === "insert") add(operation);
      else if (operation.kind === "read") backs[there.length - 1 - there.indexOf(operation.key.key)]++;
      else {
        assert.equal(operation.key.key, there[Math.max(0, there.length - 6)]);
        assert.equal(operation.scanLength, 6);
        assert.ok(operation.scanEnd! > there[there.length - 1] && operation.scanEnd! < "sensor/" + "9".repeat(6));
      }
    }
    assertFits(backs, [1 / 3, 1 / 3, 1 / 3]);
  });

  it("deletes the oldest of a full series and asks for the same otherwise", () => {
    const kept = drawn({ ...SERIES, keep: 8 }, 4000);
    const alive = new Map<string, string[]>();
    const workload = workloadOf(SERIES);
    for (let i = 0; i < workload.loadCount; i++) {
      const { key } = workload.loadOperation(i).key;
      alive.set(key.slice(0, 14), [...(alive.get(key.slice(0, 14)) ?? []), key]);
    }
    for (const { kind, key } of kept) {
      const there = alive.get(key.key.slice(0, 14))!;
      if (kind === "insert") there.push(key.key);
      if (kind === "delete") assert.equal(key.key, there.shift());
      assert.ok(there.length <= 9);
    }
    assert.ok(count(kept, "delete") > 1000);
    const rest = kept.filter(({ kind }) => kind !== "delete").map(told);
    assert.deepEqual(rest, drawn(SERIES, rest.length).map(told));
  });

  it("finds nothing to read where nothing was loaded, and goes on", () => {
    const workload = workloadOf(SERIES, 1, { preload: false });
    const operations = Array.from({ length: 200 }, () => workload.next());
    assert.ok(operations.every(({ key }) => /^sensor\/\d{6}\/\d{12}$/.test(key.key)));
  });
});

describe("the delete-heavy workload", () => {
  it("creates what is gone and deletes what is there, first in, first out, and keeps its shares", () => {
    const workload = workloadOf(COMING_AND_GOING);
    const alive = Array.from({ length: workload.loadCount }, (_, i) => workload.loadOperation(i).key.key);
    assert.equal(alive.length, 20);
    const kinds = { read: 0, update: 0, delete: 0 };
    let gone = 0;
    let everGone = false;
    for (let i = 0; i < 20_000; i++) {
      const { kind, key } = workload.next();
      kinds[kind as "read"]++;
      if (kind === "delete") assert.equal(key.key, alive.shift());
      else if (kind === "update") {
        assert.ok(!alive.includes(key.key));
        alive.push(key.key);
      } else if (everGone && !alive.includes(key.key)) gone++;
      everGone ||= kind === "delete";
      assert.ok([19, 20].includes(alive.length));
    }
    assertFits([kinds.read, kinds.update, kinds.delete], [0.4, 0.3, 0.3]);
    assertFits([gone, kinds.read - gone], [0.25, 0.75]);
  });

  it("creates and deletes the same whatever share of reads asks for keys that are gone", () => {
    const churn = (readGone: number): readonly string[] =>
      drawn({ ...COMING_AND_GOING, readGone }, 3000)
        .filter(({ kind }) => kind !== "read")
        .map(told);
    assert.deepEqual(churn(0.9), churn(0));
  });

  it("begins with nothing where nothing is loaded", () => {
    const workload = workloadOf({ ...COMING_AND_GOING, read: 0 }, 1, { preload: false });
    const kinds = Array.from({ length: 22 }, () => workload.next().kind);
    assert.deepEqual(kinds, [...new Array<string>(20).fill("update"), "delete", "update"]);
  });
});

describe("the object-index workload", () => {
  it("keeps its shares, and more listings ask for no other objects", () => {
    const operations = drawn(OBJECTS, 30_000);
    assertFits(
      (["list", "update", "delete", "read"] as const).map((kind) => count(operations, kind)),
      [0.2, 0.3, 0.1, 0.4],
    );
    const keys = (list: number): readonly string[] =>
      drawn({ ...OBJECTS, put: 0, remove: 0, list }, 3000)
        .filter(({ kind }) => kind === "read")
        .map(({ key }) => key.key);
    const few = keys(0.6);
    assert.deepEqual(few, keys(0.1).slice(0, few.length));
  });

  it("lists folders in pages, to their very end", () => {
    const answered = driven({ ...OBJECTS, put: 0, remove: 0, list: 1 });
    const { records, progress } = answered;
    const lists = records.filter(({ kind }) => kind === "list");
    const scans = records.filter(({ kind }) => kind === "scan");
    assert.ok(lists.length > 50);
    // 20 objects in a folder, 7 a page.
    assert.equal(scans.length, 3 * lists.length);
    const { listings, due, missing, gone, ghosts } = progress.listings!;
    assert.deepEqual([due, missing, gone, ghosts], [20 * listings, 0, 0, 0]);
  });

  it("shows folders with a delimiter, and jumps over what is in them", () => {
    const { records } = driven({ ...OBJECTS, put: 0, remove: 0, list: 1, page: 2, delimiter: "/" });
    const lists = records.filter(({ kind }) => kind === "list").length;
    const pages = records.filter(({ kind }) => kind === "scan").map(({ values }) => values);
    // Four subfolders of five objects each: a page a subfolder and a last one that finds nothing, where there were ten.
    assert.equal(pages.length, 5 * lists);
    assert.equal(pages.filter((values) => values === 2).length, 4 * lists);
    assert.equal(pages.filter((values) => values === 0).length, lists);
  });

  it("finds nothing missing and no ghosts in a store that does what it says", () => {
    const { progress } = driven(OBJECTS);
    const { listings, due, missing, gone, ghosts } = progress.listings!;
    assert.ok(listings > 100 && due > 1000 && gone > 20, JSON.stringify(progress.listings));
    assert.deepEqual([missing, ghosts], [0, 0]);
    assert.equal(progress.integrity.broken, 0);
    assert.ok(progress.integrity.confirmed > 100);
  });

  it("counts what a store leaves out of listings, and what it shows although it is gone", () => {
    const forgetful = driven(OBJECTS, { hidden: (number) => number % 10 === 3 }).progress.listings!;
    assert.ok(Math.abs(forgetful.missing / forgetful.due - 0.1) < 0.03, JSON.stringify(forgetful));
    assert.equal(forgetful.ghosts, 0);
    const haunted = driven(OBJECTS, { keeps: true }).progress.listings!;
    assert.ok(haunted.gone > 20 && haunted.ghosts === haunted.gone, JSON.stringify(haunted));
    assert.equal(haunted.missing, 0);
  });

  it("holds nothing against a listing that was answered while a write was under way or of unknown outcome", () => {
    const lost = driven(OBJECTS, { unknown: true, hidden: () => true }).progress.listings!;
    const loaded = driven({ ...OBJECTS, put: 0, remove: 0, list: 0.2 }, { hidden: () => true }).progress.listings!;
    assert.equal(loaded.missing, loaded.due, "a loaded object is due until somebody deletes it");
    assert.ok(lost.due < loaded.due);
    assert.equal(lost.gone, 0, "no delete is known to have happened");
    // A put of the load that nobody knows of may come true behind any delete.
    const doubtful = driven(OBJECTS, { unknownLoads: true, keeps: true }).progress.listings!;
    assert.deepEqual([doubtful.gone, doubtful.ghosts], [0, 0]);
    assert.ok(doubtful.due > 100, "puts of the run stand");
  });
});

/** Drives the workload against a store that is one ordered map, with the flaws that are asked for. */
function driven(
  mixture: ObjectIndexSettings,
  flaws: { hidden?: (object: number) => boolean; keeps?: boolean; unknown?: boolean; unknownLoads?: boolean } = {},
) {
  const chosen = settingsOf(mixture);
  const random = Random.fromSeed("drive");
  const driver = driverOf({ workload: workloadFor(chosen, random.fork("workload")), settings: chosen });
  const stored = new Map<string, string>();
  const service = random.fork("service");
  const records = play({
    driver,
    serviceMicros: () => 500 + service.nextBelow(3000),
    answer: (request) => {
      const { key } = request.key;
      if (request.kind === "scan") {
        const range = [...stored.keys()].sort().filter((one) => one >= key && one < request.scanEnd);
        const visible = range.filter((one) => flaws.hidden?.(Number(one.slice(-8))) !== true);
        const page = visible.slice(0, request.scanLength);
        const records = page.map((one) => ({ key: one, versions: [1], payloads: [stored.get(one)!] }));
        const next = visible[request.scanLength];
        return { ...REPLY, values: page.length, records, ...(next === undefined ? {} : { next }) };
      }
      if (request.kind === "get") {
        const value = stored.get(key);
        return value === undefined ? REPLY : { ...REPLY, versions: [1], payloads: [value], values: 1 };
      }
      const loads = driver.phase === "load";
      if (flaws.unknown === true && !loads) return { ...REPLY, outcome: "timeout" };
      if (request.kind === "put") stored.set(key, request.value);
      else if (flaws.keeps !== true) stored.delete(key);
      if (flaws.unknownLoads === true && loads) return { ...REPLY, outcome: "timeout" };
      return REPLY;
    },
  });
  return { records, progress: driver.progress() };
}

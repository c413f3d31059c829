import { strict as assert } from "node:assert";
import fc from "fast-check";
import { clockNamed, packActor, type Version } from "../../../engine/clocks/clock";
import { MAX_PAGE_BYTES, MAX_SCANNED, type RangeCopy, type ScanRequest } from "../../../engine/messages";
import { Coverage } from "../../../engine/quorum/coverage";
import { MAX_ROUNDS, type RangeAsk, ScanCoordination } from "../../../engine/quorum/scan";
import { rangeOfKeys } from "../../../engine/replica/range-page";
import { Ring } from "../../../engine/ring/ring";
import { bucketPrefix, typePrefix } from "../../../engine/vocabulary/address";
import { Random } from "../../../engine/vocabulary/random";
import type { RingSettings } from "../../../engine/vocabulary/settings";
import { by } from "../clocks/event-maker";

const clock = clockNamed("dvvset");
const BUCKET = bucketPrefix("default", "test");

function ringOf(nodes: number, settings: Partial<RingSettings> = {}, seed = 1): Ring {
  const members = Array.from({ length: nodes }, (_, i) => ({ id: `node-${String(i)}`, zone: "a", weight: 1 }));
  const usual = { strategy: "equal-partitions", partitions: 16, vnodesPerNode: 8, hash: "murmur3" } as const;
  return Ring.build({ ...usual, distinctHosts: "walk", ...settings }, members, Random.fromSeed(seed));
}

const RINGS: readonly Partial<RingSettings>[] = [
  {},
  { strategy: "random-tokens" },
  { strategy: "jump" },
  { strategy: "tokens-over-equal-partitions" },
  { strategy: "claim", distinctHosts: "claim" },
];

/** The state after these writes, each made without knowing of the others; negative: a tombstone that knows of all before. */
function stateOf(writes: readonly number[]): unknown {
  let state: unknown;
  for (const write of writes) {
    const version = { writeId: Math.abs(write), value: write < 0 ? "" : `v${String(write)}`, tombstone: write < 0 };
    const context = write < 0 && state !== undefined ? clock.context(state) : "";
    state = clock.update(state, context, version, by(packActor(0, 0, 1)));
  }
  return state;
}

/** What all nodes hold, in memory: (node, vnode) and key to state. */
class Copies {
  private readonly held = new Map<string, Map<string, unknown>>();

  put(node: number, vnode: number, key: string, state: unknown): void {
    const name = `${String(node)}.${String(vnode)}`;
    let keys = this.held.get(name);
    if (keys === undefined) this.held.set(name, (keys = new Map<string, unknown>()));
    keys.set(key, state);
  }

  page({ node, vnodes, start, limit }: RangeAsk, end: string): { copies: RangeCopy[]; upTo: string } {
    const all: RangeCopy[] = [];
    for (const vnode of vnodes) {
      for (const [key, state] of this.held.get(`${String(node)}.${String(vnode)}`) ?? [])
        if (key >= start && (end === "" || key < end)) all.push({ vnode, key, state });
    }
    all.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.vnode - b.vnode));
    let count = Math.min(limit, all.length);
    while (count > 0 && count < all.length && all[count].key === all[count - 1].key) count++;
    return { copies: all.slice(0, count), upTo: count < all.length ? all[count].key : "" };
  }
}

interface Scanned {
  readonly scan: ScanCoordination;
  readonly pages: number;
  /** All nodes that were asked. */
  readonly asked: ReadonlySet<number>;
}

interface Playing {
  readonly ring: Ring;
  readonly n?: number;
  readonly needed?: number;
  readonly up?: (node: number) => boolean;
  /** What a node does with an ask. */
  readonly fate?: (ask: RangeAsk) => "answers" | "fails" | "is silent";
  readonly random?: Random;
}

/** Plays a scan to its end: pages arrive in any order, and whoever is silent is late when nobody else is waited for. */
function play(copies: Copies, request: Partial<ScanRequest>, options: Playing): Scanned {
  const { ring, n = 3, needed = 2, up = () => true, fate = () => "answers", random = Random.fromSeed(1) } = options;
  const usual = { kind: "scan", id: 1, bucket: BUCKET, start: "", end: "", limit: 10, options: undefined } as const;
  const whole = { ...usual, ...request };
  const origin = { kind: "nobody", id: 0 } as const;
  const scan = new ScanCoordination(origin, whole, Coverage.of(ring, n), clock, needed, 0, up);
  scan.id = 1 + random.nextBelow(100);
  scan.begin();
  const out: RangeAsk[] = [...scan.takeAsks(0)];
  const asked = new Set(out.map(({ node }) => node));
  let pages = 0;
  let waitedOnce = false;
  while (scan.verdict() === "pending") {
    const at = out.findIndex((ask) => fate(ask) !== "is silent");
    if (at < 0) {
      if (waitedOnce) break;
      waitedOnce = true;
      scan.lateNow();
    } else {
      const [ask] = out.splice(random.nextBelow(out.length), 1);
      if (fate(ask) === "is silent") {
        out.unshift(ask);
        continue;
      }
      pages++;
      const { node, part } = ask;
      const page = copies.page(ask, whole.end);
      const status = fate(ask) === "fails" ? "failed" : "ok";
      const nothing = { copies: [], upTo: "" };
      assert.notEqual(scan.add(node, { part, status, ...(status === "ok" ? page : nothing) }), undefined);
      assert.equal(scan.add(node, { part, status: "ok", ...page }), undefined, "a second copy of a page is ignored");
    }
    for (const more of scan.takeAsks(0)) {
      out.push(more);
      asked.add(more.node);
    }
  }
  return { scan, pages, asked };
}

const found = (scan: ScanCoordination): { key: string; ids: number[] }[] =>
  scan.response().keys.map(({ key, versions }) => ({ key, ids: idsOf(versions) }));
const idsOf = (versions: readonly Version[]): number[] =>
  versions
    .filter(({ tombstone }) => !tombstone)
    .map(({ writeId }) => writeId)
    .sort((a, b) => a - b);

describe("a scan against a sorted map of everything", () => {
  const key = fc.array(fc.constantFrom("a", "b", "\u0000", "\u00ff"), { maxLength: 3 }).map((parts) => parts.join(""));
  const world = fc.record({
    nodes: fc.integer({ min: 1, max: 9 }),
    n: fc.integer({ min: 1, max: 4 }),
    ring: fc.constantFrom(...RINGS),
    seed: fc.nat(1_000),
    keys: fc.uniqueArray(
      fc.record({
        key,
        writes: fc.array(fc.constantFrom(1, 2, 3, -4, 5), { minLength: 1, maxLength: 4 }),
        /** Of the places of the key, which have missed so many of the writes. */
        missed: fc.array(fc.nat(4), { minLength: 4, maxLength: 4 }),
      }),
      { maxLength: 40, selector: ({ key: name }) => name },
    ),
    start: key,
    end: fc.oneof(fc.constant(""), key),
    limit: fc.integer({ min: 1, max: 12 }),
    needed: fc.integer({ min: 1, max: 4 }),
    down: fc.uniqueArray(fc.nat(8), { maxLength: 3 }),
    failing: fc.uniqueArray(fc.nat(8), { maxLength: 2 }),
    silent: fc.uniqueArray(fc.nat(8), { maxLength: 1 }),
  });

  it("returns each live key that R replicas were asked for, merged and in order, page by page to the end", () => {
    fc.assert(
      fc.property(
        world,
        ({ nodes, n, ring: settings, seed, keys, start, end, limit, needed, down, failing, silent }) => {
          const ring = ringOf(nodes, settings, seed);
          const random = Random.fromSeed(seed);
          const copies = new Copies();
          const held = new Map<string, { node: number; state: unknown }[]>();
          keys.forEach(({ key: name, writes, missed }) => {
            const places = ring.preferenceList(BUCKET + name, n).map(({ node, vnode }, i) => {
              const known = writes.slice(0, writes.length - Math.min(missed[i % missed.length], writes.length));
              const state = known.length === 0 ? undefined : stateOf(known);
              if (state !== undefined) copies.put(node, vnode, name, state);
              return { node, state };
            });
            held.set(name, places);
            // A copy that is left over on a node that is no replica of the key does not count.
            const stray = seed % nodes;
            for (const vnode of Coverage.of(ring, n).vnodesOf(stray))
              if (!ring.preferenceList(BUCKET + name, n).some((place) => place.node === stray && place.vnode === vnode))
                copies.put(stray, vnode, name, stateOf([77]));
          });
          const up = (node: number): boolean => !down.includes(node);
          const coverage = Coverage.of(ring, n);
          const isPossible = coverage.fewest(up) >= needed;
          const fate: NonNullable<Playing["fate"]> = ({ node }) =>
            failing.includes(node) ? "fails" : silent.includes(node) ? "is silent" : "answers";
          const isEmpty = end !== "" && start >= end;
          const sound = (node: number): boolean => up(node) && !failing.includes(node) && !silent.includes(node);
          if (!isPossible) return;
          const all: { key: string; ids: number[] }[] = [];
          let from = start;
          for (let pages = 0; ; pages++) {
            assert.ok(pages < 200, "pages go on");
            const { scan, asked } = play(copies, { start: from, end, limit }, { ring, n, needed, up, fate, random });
            for (const node of asked) assert.ok(up(node), "nobody who is down is asked");
            if (scan.verdict() !== "met") {
              // Fewer than are needed can answer.
              assert.ok(coverage.fewest(sound) < needed, "whoever fails is replaced where that is possible");
              assert.ok(!isEmpty || pages > 0);
              return;
            }
            const { keys: page, next } = scan.response();
            assert.ok(page.length <= limit);
            all.push(...found(scan));
            if (next === "") break;
            assert.ok(next > from, "a step forward");
            from = next;
          }
          // The dumb twin: every key of the range, merged from at least so many of its places as had to be asked.
          const names = [...held.keys()].filter((name) => name >= start && (end === "" || name < end)).sort();
          const possible = new Map(names.map((name) => [name, merges(held.get(name)!, needed)]));
          for (const { key: name, ids } of all)
            assert.ok(possible.get(name)?.has(ids.join(" ")), `${JSON.stringify(name)}: ${ids.join(" ")}`);
          assert.deepEqual(
            all.map(({ key: name }) => name),
            [...new Set(all.map(({ key: name }) => name))].sort(),
            "in order, each once",
          );
          const missing = names.filter((name) => !all.some(({ key: name2 }) => name2 === name));
          for (const name of missing) assert.ok(possible.get(name)!.has(""), `${JSON.stringify(name)} is missing`);
        },
      ),
      { numRuns: 600, seed: 12 },
    );
  });

  /** Live ids that any choice of at least `needed` places comes to; empty where it finds nothing, or tombstones. */
  function merges(places: readonly { readonly state: unknown }[], needed: number): Set<string> {
    const results = new Set<string>();
    for (let choice = 0; choice < 1 << places.length; choice++) {
      const chosen = places.filter((_, i) => (choice & (1 << i)) !== 0);
      if (chosen.length < needed) continue;
      let merged: unknown;
      for (const { state } of chosen) {
        if (state === undefined) continue;
        merged = merged === undefined ? state : clock.sync(merged, state);
      }
      results.add(merged === undefined ? "" : idsOf(clock.versions(merged)).join(" "));
    }
    return results;
  }
});

describe("a scan", () => {
  const ring = ringOf(3);
  const filled = (count: number, writes: (i: number) => readonly number[], of = ring, n = 3): Copies => {
    const copies = new Copies();
    for (let i = 0; i < count; i++) {
      const name = `k${String(i).padStart(5, "0")}`;
      for (const { node, vnode } of of.preferenceList(BUCKET + name, n))
        copies.put(node, vnode, name, stateOf(writes(i)));
    }
    return copies;
  };

  it("asks only as many nodes as it needs, itself among them, and one page each where that is enough", () => {
    const copies = filled(100, () => [1]);
    const { scan, pages, asked } = play(copies, { start: "k00010", limit: 20 }, { ring });
    assert.deepEqual([pages, asked.size, asked.has(0)], [2, 2, true]);
    assert.deepEqual(
      [scan.response().keys.length, scan.response().keys[0].key, scan.response().next],
      [20, "k00010", "k00030"],
    );
  });

  it("on a larger ring asks each for its share, and few a second time", () => {
    const large = ringOf(12, { partitions: 64 });
    const copies = filled(2_000, () => [1], large);
    let most = 0;
    let pages = 0;
    let nodes = 0;
    for (let from = 0; from < 1_800; from += 100) {
      const {
        scan,
        pages: played,
        asked,
      } = play(
        copies,
        { start: `k${String(from).padStart(5, "0")}`, limit: 100 },
        { ring: large, fate: (ask) => ((most = Math.max(most, ask.limit)), "answers") },
      );
      assert.equal(scan.response().keys.length, 100);
      pages += played;
      nodes += asked.size;
    }
    assert.ok(most < 60, String(most));
    assert.ok(pages < 1.2 * nodes, `${String(pages)} pages of ${String(nodes)} nodes`);
  });

  it("on a larger ring keeps what is left of a page when it asks on", () => {
    const large = ringOf(12, { partitions: 64 });
    const copies = filled(600, (i) => (i % 3 === 0 ? [1] : [1, -2]), large);
    let twice = 0;
    for (let from = 0; from < 300; from += 30) {
      const { scan, pages, asked } = play(copies, { start: `k00${String(from).padStart(3, "0")}`, limit: 50 }, { ring: large }); // prettier-ignore
      const wanted = Array.from({ length: 50 }, (_, i) => from + 3 * i);
      assert.deepEqual(scan.response().keys.map(({ key }) => Number(key.slice(1))), wanted); // prettier-ignore
      twice += pages - asked.size;
    }
    assert.ok(twice > 20, String(twice));
  });

  it("leaves tombstones out, does not count them, and passes over thousands in a bounded number of rounds", () => {
    const copies = filled(3_000, (i) => (i < 2_500 ? [1, -2] : [3]));
    const { scan, pages } = play(copies, { limit: 10 }, { ring });
    assert.deepEqual(
      scan.response().keys.map(({ key }) => key),
      Array.from({ length: 10 }, (_, i) => `k0${String(2_500 + i)}`),
    );
    assert.ok(pages <= 2 * (MAX_ROUNDS + 1));
    const endless = filled(9_000, () => [1, -2]);
    const first = play(endless, { limit: 1 }, { ring });
    assert.deepEqual([first.scan.response().outcome, first.scan.response().keys], ["ok", []]);
    assert.ok(first.scan.response().next > "k00200" && first.pages === 2 * (MAX_ROUNDS + 1), "it says how far it came");
  });

  it("returns the siblings of a key without those that were deleted", () => {
    const copies = new Copies();
    // Two replicas know of different events: a value here, a delete of something older there.
    const older = stateOf([1]);
    const here = clock.update(older, "", { writeId: 2, value: "b", tombstone: false }, by(packActor(1, 0, 1)));
    const there = clock.update(
      older,
      clock.context(older),
      { writeId: 3, value: "", tombstone: true },
      by(packActor(2, 0, 1)),
    );
    copies.put(0, 0, "k", here);
    copies.put(1, 0, "k", there);
    copies.put(2, 0, "k", there);
    const { scan } = play(copies, {}, { ring, needed: 3 });
    assert.deepEqual(found(scan), [{ key: "k", ids: [2] }]);
    assert.ok(scan.response().keys[0].versions.every(({ tombstone }) => !tombstone));
  });

  it("asks nobody for a range that ends before it begins", () => {
    for (const [start, end] of [
      ["b", "a"],
      ["a", "a"],
    ]) {
      const { scan, pages } = play(
        filled(5, () => [1]),
        { start, end },
        { ring },
      );
      assert.deepEqual([pages, scan.response()], [0, { outcome: "ok", keys: [], next: "", reason: "" }]);
    }
  });

  it("finds nothing behind the last key", () => {
    const { scan } = play(
      filled(5, () => [1]),
      { start: "z" },
      { ring },
    );
    assert.deepEqual(scan.response(), { outcome: "ok", keys: [], next: "", reason: "" });
  });

  it("brings a bounded number of keys, and of bytes, whatever was asked for", () => {
    const many = play(
      filled(2_500, () => [1]),
      { limit: 5_000 },
      { ring },
    );
    assert.deepEqual([many.scan.response().keys.length, many.scan.response().next], [MAX_SCANNED, "k01000"]);
    const copies = new Copies();
    const size = 300_000;
    for (let i = 0; i < 10; i++) {
      const version = { writeId: i, value: "v".repeat(size), tombstone: false };
      for (let node = 0; node < 3; node++) copies.put(node, 0, `k${String(i)}`, clock.update(undefined, "", version, by(packActor(0, 0, 1)))); // prettier-ignore
    }
    const large = play(copies, { limit: 10 }, { ring });
    assert.equal(large.scan.response().keys.length, Math.ceil(MAX_PAGE_BYTES / size));
    assert.equal(large.scan.response().next, `k${String(Math.ceil(MAX_PAGE_BYTES / size))}`);
  });

  it("gives a key that is an answer's length by itself an answer of its own, which one frame holds", () => {
    const copies = new Copies();
    const sizes = [500_000, 500_000, 7_800_000, 10, 2_000_000];
    sizes.forEach((size, i) => {
      const state = clock.update(undefined, "", { writeId: i, value: "v".repeat(size), tombstone: false }, by(packActor(0, 0, 1))); // prettier-ignore
      for (let node = 0; node < 3; node++) copies.put(node, 0, `k${String(i)}`, state);
    });
    const pages: string[][] = [];
    for (let start: string | undefined = ""; start !== undefined;) {
      const { keys, next } = play(copies, { start }, { ring }).scan.response();
      pages.push(keys.map(({ key }) => key));
      start = next === "" ? undefined : next;
    }
    assert.deepEqual(pages, [["k0", "k1"], ["k2"], ["k3"], ["k4"]]);
    const entries = sizes.map((size, i) => ({ vnode: 0, address: `${BUCKET}k${String(i)}`, state: size }));
    const page = (from: number): number =>
      rangeOfKeys({ entries: entries.slice(from), upTo: undefined }, [], clock, 10, (size) => size as number, BUCKET.length).copies.length; // prettier-ignore
    assert.deepEqual([page(0), page(2), page(3), page(4)], [2, 1, 1, 1]);
  });

  it("takes no page of a node that is out of its mind", () => {
    const state = stateOf([1]);
    const bad: readonly { copies: RangeCopy[]; upTo: string }[] = [
      { copies: [{ vnode: 0, key: "c", state }, { vnode: 0, key: "b", state }], upTo: "" }, // prettier-ignore
      { copies: [{ vnode: 0, key: "a", state }], upTo: "" },
      { copies: [{ vnode: 0, key: "y", state }], upTo: "" },
      { copies: [{ vnode: 0, key: "d", state }], upTo: "c" },
      { copies: [], upTo: "b" },
      { copies: [], upTo: "z" },
    ];
    for (const page of bad) {
      const request: ScanRequest = { kind: "scan", id: 1, bucket: BUCKET, start: "b", end: "x", limit: 5, options: undefined }; // prettier-ignore
      const origin = { kind: "nobody", id: 0 } as const;
      const scan = new ScanCoordination(origin, request, Coverage.of(ring, 3), clock, 2, 0, () => true);
      scan.begin();
      const [first, second] = scan.takeAsks(0);
      scan.add(first.node, { part: first.part, status: "ok", ...page });
      const more = scan.takeAsks(0);
      assert.deepEqual(
        more.map(({ node }) => node),
        [3 - first.node - second.node],
        JSON.stringify(page),
      );
    }
  });

  it("takes no page of a type's keys with one that is in no bucket", () => {
    const state = stateOf([1]);
    const name = bucketPrefix("t", "b").slice(2);
    for (const [key, isTaken] of [
      [`${name}k`, true],
      [name, true],
      [name.slice(0, -1), false],
      ["\u0000", false],
      ["", false],
    ] as const) {
      const request: ScanRequest = { kind: "scan", id: 1, bucket: typePrefix("t"), start: "", end: "", limit: 5, options: undefined }; // prettier-ignore
      const origin = { kind: "nobody", id: 0 } as const;
      const scan = new ScanCoordination(origin, request, Coverage.of(ring, 3), clock, 2, 0, () => true);
      scan.begin();
      const [first] = scan.takeAsks(0);
      scan.add(first.node, { part: first.part, status: "ok", copies: [{ vnode: 0, key, state }], upTo: "" });
      assert.equal(scan.takeAsks(0).length === 0, isTaken, JSON.stringify(key));
    }
  });

  it("asks another in place of one that is silent at half time, and waits on where there is none", () => {
    const copies = filled(20, () => [1]);
    const one = play(copies, {}, { ring, fate: ({ node }) => (node === 0 ? "is silent" : "answers") });
    assert.deepEqual([one.scan.response().outcome, one.scan.response().keys.length, one.asked.size], ["ok", 10, 3]);
    const all = play(copies, {}, { ring, needed: 3, fate: ({ node }) => (node === 0 ? "is silent" : "answers") });
    assert.deepEqual([all.scan.verdict(), all.scan.silent()], ["pending", [0]]);
  });

  it("is unreachable, indefinitely, when too many fail", () => {
    const { scan } = play(
      filled(20, () => [1]),
      {},
      { ring, fate: ({ node }) => (node === 2 ? "answers" : "fails") },
    );
    assert.deepEqual([scan.response().outcome, scan.response().keys], ["quorum_unreachable", []]);
  });

  it("takes whoever replaces a failed node on from where it stands, and keeps what is merged", () => {
    const copies = filled(60, (i) => (i < 40 && i % 10 > 0 ? [1, -2] : [3]));
    // One node answers in the first round, and fails in the second.
    const { scan, asked } = play(copies, { limit: 10 }, { ring, fate: ({ node, start }) => (node === 0 && start !== "" ? "fails" : "answers") }); // prettier-ignore
    assert.equal(asked.size, 3);
    assert.deepEqual(
      scan.response().keys.map(({ key }) => Number(key.slice(1))),
      [0, 10, 20, 30, 40, 41, 42, 43, 44, 45],
    );
  });
});

describe("the nodes that cover a ring", () => {
  it("hold each group as often as is needed, are up, and are none too many", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(...RINGS),
        fc.nat(500),
        fc.integer({ min: 1, max: 4 }),
        fc.uniqueArray(fc.nat(11), { maxLength: 4 }),
        fc.uniqueArray(fc.nat(11), { maxLength: 3 }),
        (nodes, n, settings, seed, needed, down, before) => {
          const coverage = Coverage.of(ringOf(nodes, settings, seed), n);
          const up = (node: number): boolean => !down.includes(node);
          const asked = before.filter((node) => node < nodes);
          const chosen = coverage.choose(needed, asked, up, 0, seed);
          const counted = (group: { readonly replicas: readonly { readonly node: number }[] }, of: readonly number[]) =>
            group.replicas.filter(({ node }) => of.includes(node)).length;
          const everybody = [...Array(nodes).keys()].filter((node) => up(node) || asked.includes(node));
          const isPossible = coverage.groups.every((group) => counted(group, everybody) >= needed);
          assert.equal(chosen !== undefined, isPossible);
          if (chosen === undefined) return;
          for (const node of chosen) assert.ok(up(node) && !asked.includes(node));
          assert.equal(new Set(chosen).size, chosen.length);
          for (const group of coverage.groups) assert.ok(counted(group, [...asked, ...chosen]) >= needed);
          // The last one was chosen because somebody still lacked it.
          const without = [...asked, ...chosen.slice(0, -1)];
          if (chosen.length > 0) assert.ok(coverage.groups.some((group) => counted(group, without) < needed));
          if (asked.length === 0) assert.equal(coverage.fewest(up) >= needed, isPossible);
        },
      ),
      { numRuns: 500, seed: 4 },
    );
  });

  it("are found in large rings too, and the same ones again while everybody is up", () => {
    const coverage = Coverage.of(ringOf(200, { strategy: "random-tokens", vnodesPerNode: 4 }), 3);
    const everybody = coverage.choose(2, [], () => true, 7, 1)!;
    assert.equal(
      coverage.choose(2, [], () => true, 8, 2),
      everybody,
    );
    const others = coverage.choose(2, [], (node) => node !== everybody[0], 8, 2)!;
    for (const chosen of [everybody, others])
      for (const { replicas } of coverage.groups)
        assert.ok(replicas.filter(({ node }) => chosen.includes(node)).length >= 2);
    assert.ok(!others.includes(everybody[0]) && others[0] === 8 && everybody.length < 200);
    assert.equal(
      coverage.choose(3, [], (node) => node !== 5, 8, 2),
      undefined,
    );
    assert.deepEqual([coverage.fewest(() => true), coverage.fewest((node) => node !== 5)], [3, 2]);
  });

  it("take turns", () => {
    const coverage = Coverage.of(ringOf(9), 3);
    const times = new Array<number>(9).fill(0);
    for (let turn = 0; turn < 900; turn++)
      for (const node of coverage.choose(1, [], () => true, turn % 9, turn)!) times[node]++;
    // Not evenly: some nodes fill more groups than others. But nobody is left out.
    assert.ok(Math.min(...times) >= 100 && Math.max(...times) <= 600, times.join(" "));
  });
});

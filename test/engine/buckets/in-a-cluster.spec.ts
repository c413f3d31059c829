/**
 * Properties of buckets where they matter: in a whole simulated cluster, with the real codec, its partitions, crashes and disks.
 * That a bucket's N is how many copies there are, and stays so through everything that copies keys; that all nodes come to know what
 * one was told; that what becomes of siblings differs from bucket to bucket.
 */
import { strict as assert } from "node:assert";
import { DEFAULT_TYPE, MAX_VERSION } from "../../../engine/buckets/book";
import type { BucketChange } from "../../../engine/buckets/properties";
import { COMPARE_EVERY, PATIENCE } from "../../../engine/buckets/spreading";
import { clockNamed } from "../../../engine/clocks/clock";
import type { Party, Watcher } from "../../../engine/sim/trace";
import type {
  AnswerMessage,
  BucketAnswer,
  BucketRequest,
  Message,
  RequestOptions,
  ScanAnswer,
} from "../../../engine/messages";
import type { Node } from "../../../engine/node";
import type { SimulationOptions } from "../../../engine/sim/cluster";
import { bucketPrefix, encodeAddress, typePrefix } from "../../../engine/vocabulary/address";
import type { AaeSettings, EngineSettings } from "../../../engine/vocabulary/settings";
import { Bench, type Changes, members } from "../sim/settings";

const AAE: AaeSettings = { intervalMs: 50, depth: 2, fanout: 4, hash: "clock", repair: "gets", concurrency: 4 };
const address = (bucket: string, key: string, type = DEFAULT_TYPE): string => encodeAddress({ type, bucket, key });
const halves = (of: readonly number[]) => [{ groupOf: of, groups: 2, oneWay: false, sideOf: undefined }];

/** A cluster whose buckets may be asked about. */
class Buckets extends Bench {
  private written = 1_000;

  constructor(changes: Changes = {}, options: Omit<SimulationOptions, "cluster"> = {}) {
    super({ members: members(5), ...changes }, options);
  }

  node(index: number): Node {
    return this.cluster.machines[index].node as Node;
  }

  /** Until `done`, a few seconds at most. */
  until(what: string, done: () => boolean, forMs = 10_000): void {
    for (let ms = 0; ms < forMs && !done(); ms += 10) this.runMs(10);
    assert.ok(done(), what);
  }

  ask(request: Omit<BucketRequest, "kind" | "id">, node: number | "any" = "any"): BucketAnswer {
    let answer: BucketAnswer | undefined;
    this.client.bucket(0, node, request, (told) => (answer = told));
    this.until("every request about a bucket is answered", () => answer !== undefined);
    return answer!;
  }

  set(
    bucket: string | undefined,
    change: BucketChange,
    node: number | "any" = "any",
    type = DEFAULT_TYPE,
  ): BucketAnswer {
    return this.ask({ verb: "set", type, bucket, change }, node);
  }

  write(at: string, value = "v", context = "", options?: RequestOptions, session = 0): AnswerMessage {
    let answer: AnswerMessage | undefined;
    const version = { writeId: ++this.written, value, tombstone: false };
    this.client.put(session, at, context, version, options, (told) => (answer = told));
    this.until("every put is answered", () => answer !== undefined);
    return answer!;
  }

  remove(at: string, context: string): AnswerMessage {
    let answer: AnswerMessage | undefined;
    const version = { writeId: ++this.written, value: "", tombstone: true };
    this.client.put(0, at, context, version, undefined, (told) => (answer = told));
    this.until("every delete is answered", () => answer !== undefined);
    return answer!;
  }

  read(at: string, options?: RequestOptions): AnswerMessage {
    let answer: AnswerMessage | undefined;
    this.client.get(0, at, options, (told) => (answer = told));
    this.until("every get is answered", () => answer !== undefined);
    return answer!;
  }

  list(prefix: string, options?: RequestOptions): ScanAnswer {
    let answer: ScanAnswer | undefined;
    this.client.scan(0, { bucket: prefix, start: "", end: "", limit: 1_000 }, options, (told) => (answer = told));
    this.until("every scan is answered", () => answer !== undefined);
    return answer!;
  }

  /** Nodes that have a copy of their own. */
  holders(at: string): number[] {
    return this.cluster.machines.flatMap((machine, node) => (machine.peek(0, at) === undefined ? [] : [node]));
  }

  /** What all nodes that are up know of buckets; undefined where they do not agree. */
  common(): string | undefined {
    const books = this.cluster.machines.flatMap(({ up }, node) => (up ? [this.node(node).buckets.describe()] : []));
    return books.every((book) => book === books[0]) ? books[0] : undefined;
  }

  exchanges(): number {
    return this.cluster.machines.reduce((sum, _, node) => sum + this.node(node).count().exchanges, 0);
  }
}

/** The one value that a node has of a key. */
function heldBy(bench: Buckets, node: number, at: string): string {
  const state = bench.cluster.machines[node].peek(0, at);
  return state === undefined
    ? ""
    : clockNamed("dvvset")
        .versions(state)
        .map(({ value }) => value)
        .join();
}

/** Is told of each message that is sent. */
class MessageKinds implements Watcher {
  private messages = 0;
  constructor(private readonly seen: (kind: string, to: string) => unknown) {}
  sent(_at: number, _from: Party, to: Party, message: Message): number {
    this.seen(message.kind, JSON.stringify(to));
    return ++this.messages;
  }
  arrived(): void {}
  failed(): void {}
  stored(): void {}
  noted(): void {}
  node(): void {}
  fault(): void {}
}

const MEMBERSHIP: EngineSettings["membership"] = {
  intervalMs: 50,
  fanout: 2,
  seeds: [0],
  payloadBytes: 10_000,
  doubleWrites: true,
  transferBatch: 100,
};

const KEYS = Array.from({ length: 40 }, (_, i) => `key-${String(i)}`);

describe("a bucket's N", () => {
  for (const repair of ["gets", "stream"] as const) {
    it(`is how many copies its keys have, whatever reads, exchanges (by ${repair}) and restarts come`, () => {
      const bench = new Buckets({ storage: { kind: "lmdb", sync: "each" }, engine: { aae: { ...AAE, repair } } });
      assert.equal(bench.set("one", { nVal: 1 }).outcome, "ok");
      assert.equal(bench.set("four", { nVal: 4 }).outcome, "ok");
      const expected = { one: 1, usual: 3, four: 4 };
      const check = (when: string): void => {
        for (const [bucket, copies] of Object.entries(expected)) {
          for (const key of KEYS) {
            const at = address(bucket, key);
            const owners = bench.cluster.ring.preferenceList(at, copies).map(({ node }) => node);
            assert.deepEqual(
              bench.holders(at),
              owners.sort((a, b) => a - b),
              `${bucket}/${key} ${when}`,
            );
          }
        }
      };
      for (const bucket of Object.keys(expected))
        for (const key of KEYS) assert.equal(bench.write(address(bucket, key), key, "", { w: "all" }).outcome, "ok");
      check("after the puts");
      for (const bucket of Object.keys(expected))
        for (const key of KEYS) assert.equal(bench.read(address(bucket, key)).versions[0]?.value, key);
      const before = bench.exchanges();
      bench.runMs(5_000);
      assert.ok(bench.exchanges() > before + 50, "trees are compared");
      check("after exchanges");
      bench.cluster.kill(2);
      bench.runMs(1_000);
      bench.cluster.boot(2);
      bench.runMs(5_000);
      check("after a restart");
      for (const bucket of Object.keys(expected))
        for (const key of KEYS) assert.equal(bench.read(address(bucket, key)).versions[0]?.value, key);
    });
  }

  it("is healed up to by anti-entropy, and no further: a disk that forgot its copies gets its own back", () => {
    const bench = new Buckets({ storage: { kind: "lmdb", sync: "each" }, engine: { aae: AAE, readRepair: "none" } });
    bench.set("two", { nVal: 2 });
    const at = KEYS.map((key) => address("two", key));
    for (const each of at) bench.write(each, "v", "", { w: "all" });
    const owners = at.map((each) => bench.holders(each));
    const lost = owners[0][0];
    bench.cluster.kill(lost);
    bench.cluster.machines[lost].disk!.wipe();
    bench.cluster.boot(lost);
    assert.ok(
      at.some((each) => bench.holders(each).length === 1),
      "something is gone",
    );
    bench.until("all is back", () => at.every((each, i) => bench.holders(each).join() === owners[i].join()), 20_000);
    bench.runMs(3_000);
    for (const [i, each] of at.entries()) assert.deepEqual(bench.holders(each), owners[i]);
  });

  it("may be raised: anti-entropy brings the copies that are missing then", () => {
    const bench = new Buckets({ engine: { aae: AAE } });
    bench.set("grows", { nVal: 1 });
    const at = KEYS.map((key) => address("grows", key));
    for (const each of at) bench.write(each);
    assert.equal(bench.set("grows", { nVal: 4 }).outcome, "ok");
    bench.until("all have four", () => at.every((each) => bench.holders(each).length === 4), 30_000);
  });

  it("is how many copies move when a node joins and when one leaves", () => {
    const bench = new Buckets({
      members: members(5).map((member, node) => (node === 4 ? { ...member, joins: true } : member)),
      storage: { kind: "lmdb", sync: "each" },
      engine: { membership: MEMBERSHIP },
    });
    bench.set("one", { nVal: 1 });
    bench.set("two", { nVal: 2 });
    const copies = { one: 1, two: 2, usual: 3 };
    for (const bucket of Object.keys(copies))
      for (const key of KEYS) bench.write(address(bucket, key), key, "", { w: "all" });
    const settled = (): boolean =>
      Object.entries(copies).every(([bucket, n]) =>
        KEYS.every((key) => {
          const at = address(bucket, key);
          const owners = bench.cluster.ring.preferenceList(at, n).map(({ node }) => node);
          return bench.holders(at).join() === owners.sort((a, b) => a - b).join();
        }),
      );
    assert.ok(settled());
    const first = bench.cluster.ring;
    bench.cluster.boot(4);
    bench.runMs(500);
    bench.cluster.operate(4, { kind: "join", via: 0, replaces: undefined });
    bench.until(
      "the ring has five and copies are where it says",
      () => bench.cluster.ring !== first && settled(),
      60_000,
    );
    assert.ok(
      KEYS.some((key) => bench.holders(address("one", key))[0] === 4),
      "the new node owns some",
    );
    assert.equal(bench.node(4).buckets.propertiesOf(DEFAULT_TYPE, "one")?.nVal, 1);
    bench.cluster.operate(1, { kind: "leave" });
    bench.until(
      "the ring has four others, and copies are with them",
      () => !bench.cluster.ring.has(1) && settled(),
      60_000,
    );
    for (const bucket of Object.keys(copies))
      for (const key of KEYS) assert.equal(bench.read(address(bucket, key)).versions[0]?.value, key);
    // Where copies can move, those beyond a lower N go.
    bench.set("usual", { nVal: 1 });
    copies.usual = 1;
    bench.until("copies beyond the lower N are gone", settled, 60_000);
    for (const key of KEYS) assert.equal(bench.read(address("usual", key)).versions[0]?.value, key);
  });

  it("or a request's lower one, is what a put is widened by while the ring changes", () => {
    const bench = new Buckets({
      members: members(5).map((member, node) => (node === 4 ? { ...member, joins: true } : member)),
      engine: { membership: MEMBERSHIP },
    });
    const at = (key: string): string => address("b", key);
    const first = bench.cluster.ring;
    bench.cluster.boot(4);
    bench.runMs(500);
    bench.cluster.operate(4, { kind: "join", via: 0, replaces: undefined });
    // One after the other, for as long as the ring has not changed: some of them while it does.
    const widened: number[] = [];
    for (let i = 0; i < 4_000 && bench.cluster.ring === first; i++) {
      assert.equal(bench.write(at(`during-${String(i)}`), "v", "", { nVal: 1, w: 1 }).outcome, "ok");
      widened.push(bench.holders(at(`during-${String(i)}`)).length);
    }
    assert.ok(bench.cluster.ring !== first, "the ring has changed meanwhile");
    assert.deepEqual([...new Set(widened)].sort(), [1, 2], "the first owner by each of two rings at most");
  });

  it("may be lowered where copies can move: what was deleted meanwhile does not come back with what is left over", () => {
    const cases = [[false, "immediate"], [false, { afterMs: 3_000 }], [true, "immediate"], [true, { afterMs: 3_000 }]] as const; // prettier-ignore
    for (const [isAway, deleteMode] of cases) {
      const bench: Buckets = new Buckets({
        storage: { kind: "lmdb", sync: "each" },
        engine: { membership: MEMBERSHIP, deleteMode },
      });
      const at = (key: string): string => address("b", key);
      const contexts = KEYS.map((key) => bench.write(at(key), key, "", { w: "all" }).context);
      if (isAway) bench.cluster.kill(2);
      bench.runMs(2_000);
      bench.set("b", { nVal: 1 });
      // The only owner is there.
      const deleted = KEYS.filter((key) => !isAway || bench.cluster.ring.preferenceList(at(key), 1)[0].node !== 2);
      for (const key of deleted) assert.equal(bench.remove(at(key), contexts[KEYS.indexOf(key)]).outcome, "ok");
      if (isAway) {
        bench.runMs(8_000);
        bench.cluster.boot(2);
      }
      bench.until(
        "what is left over is gone",
        () => deleted.every((key) => bench.holders(at(key)).length <= 1),
        60_000,
      );
      bench.runMs(10_000);
      const back = deleted.filter((key) => bench.read(at(key)).versions.some(({ tombstone }) => !tombstone));
      assert.deepEqual(back, [], JSON.stringify([isAway, deleteMode]));
    }
  });

  it("is what scans go by, of a bucket and of all buckets of a type", () => {
    const bench = new Buckets();
    bench.set(undefined, {}, "any", "fast");
    bench.set("one", { nVal: 1 }, "any", "fast");
    bench.set("four", { nVal: 4 }, "any", "fast");
    for (const bucket of ["one", "four", "usual"])
      for (const key of KEYS) bench.write(address(bucket, key, "fast"), key, "", { w: "all" });
    for (const bucket of ["one", "four", "usual"]) {
      const { outcome, keys } = bench.list(bucketPrefix("fast", bucket));
      assert.deepEqual([outcome, keys.map(({ key }) => key)], ["ok", KEYS.toSorted()], bucket);
    }
    const { outcome, keys } = bench.list(typePrefix("fast"));
    assert.deepEqual([outcome, keys.length], ["ok", 3 * KEYS.length]);
  });

  it("lends places of its own: with a primary away a bucket of one copy is still written, and the copy goes home", () => {
    const bench = new Buckets({
      storage: { kind: "lmdb", sync: "each" },
      engine: { standIn: "fallback", sloppyQuorum: true, hint: { batch: 100, idleMs: 0, concurrency: 2 }, aae: AAE },
    });
    bench.set("one", { nVal: 1 });
    const at = address("one", "k");
    const [home] = bench.cluster.ring.preferenceList(at, 1);
    bench.cluster.kill(home.node);
    bench.runMs(2_000);
    assert.equal(bench.write(at, "while away").outcome, "ok");
    assert.equal(bench.read(at).versions[0]?.value, "while away");
    bench.cluster.boot(home.node);
    bench.until("it is home", () => bench.holders(at).join() === String(home.node));
    bench.runMs(3_000);
    assert.deepEqual(bench.holders(at), [home.node]);
  });

  it("is all of whom a delete has to have reached before its tombstone goes", () => {
    const bench = new Buckets({ engine: { deleteMode: "immediate" } });
    bench.set("two", { nVal: 2 });
    const at = address("two", "k");
    const { context } = bench.write(at, "v", "", { w: "all" });
    let gone: AnswerMessage | undefined;
    const tombstone = { writeId: 1, value: "", tombstone: true };
    bench.client.put(0, at, context, tombstone, undefined, (answer) => (gone = answer));
    bench.until("it is deleted, and nothing is left", () => gone !== undefined && bench.holders(at).length === 0);
    assert.deepEqual([gone!.outcome, bench.read(at).versions], ["ok", []]);
  });
});

describe("a bucket's quorums", () => {
  it("are those of its requests: a put waits for all where w is all, and only there", () => {
    const bench = new Buckets();
    bench.set("careful", { w: "all" });
    const down = bench.cluster.ring.preferenceList(address("careful", "k"), 3)[2].node;
    bench.cluster.kill(down);
    // Before anybody suspects it.
    assert.equal(bench.write(address("careful", "k")).outcome, "timeout");
    bench.until("it is suspected", () => bench.write(address("careful", "k")).outcome === "unavailable");
    assert.match(bench.write(address("careful", "k")).reason, /3/);
    assert.equal(bench.write(address("careless", "k")).outcome, "ok");
    assert.equal(bench.write(address("careful", "k"), "v", "", { w: 2 }).outcome, "ok");
    bench.cluster.boot(down);
    bench.until("it is trusted", () => bench.write(address("careful", "k")).outcome === "ok");
  });

  it("are those of its reads: r, pr, notfound_ok and basic_quorum", () => {
    const bench = new Buckets({ engine: { readRepair: "none" } });
    bench.set("strict", { pr: "all" });
    bench.set("absent", { notfoundOk: false, r: "quorum" });
    assert.equal(bench.read(address("absent", "k")).outcome, "ok");
    assert.equal(bench.read(address("usual", "k")).outcome, "ok");
    const down = bench.cluster.ring.preferenceList(address("strict", "k"), 3)[0].node;
    bench.cluster.kill(down);
    bench.runMs(2_000);
    assert.equal(bench.read(address("strict", "k")).outcome, "unavailable");
    assert.equal(bench.read(address("usual", "k")).outcome, "ok");
  });

  it("of more replicas than a bucket has are the request's own fault", () => {
    const bench = new Buckets();
    bench.set("one", { nVal: 1 });
    assert.equal(bench.read(address("one", "k")).outcome, "ok");
    assert.equal(bench.read(address("one", "k"), { r: 2 }).outcome, "invalid");
    assert.equal(bench.read(address("usual", "k"), { r: 2 }).outcome, "ok");
  });
});

describe("a bucket's siblings", () => {
  const twice = (bench: Buckets, bucket: string): readonly string[] => {
    const at = address(bucket, "k");
    for (const value of ["first", "second"]) assert.equal(bench.write(at, value, "", { w: "all" }).outcome, "ok");
    return bench
      .read(at, { r: "all" })
      .versions.map(({ value }) => value)
      .sort();
  };

  for (const clock of ["dvvset", "dvv", "riak-dvv", "vv-server", "vv-server-separate", "vv-client"]) {
    it(`are kept in one bucket, settled in another, overwritten in a third (${clock})`, () => {
      const bench = new Buckets({ engine: { clock, aae: AAE } });
      for (const siblings of ["newest", "overwrite"] as const)
        assert.equal(bench.set(siblings, { siblings }).outcome, "ok");
      assert.equal(bench.set("kept", { siblings: "keep" }).outcome, "ok");
      // What a clock itself loses is another matter: one client's own two writes.
      if (clock !== "vv-client" && clock !== "vv-server") assert.deepEqual(twice(bench, "kept"), ["first", "second"]);
      assert.deepEqual(twice(bench, "newest"), ["second"]);
      assert.deepEqual(twice(bench, "overwrite"), ["second"]);
      bench.runMs(3_000);
      for (const bucket of ["newest", "overwrite"])
        assert.equal(bench.read(address(bucket, "k"), { r: "all" }).versions.length, 1);
    });
  }

  for (const mended of ["anti-entropy", "a read"] as const) {
    it(`are told apart by their dates where they are overwritten: two writes of one name are mended by ${mended}`, () => {
      const bench = new Buckets({
        members: members(3),
        engine: { readRepair: mended === "a read" ? "async" : "none", ...(mended === "a read" ? {} : { aae: AAE }) },
      });
      bench.set("b", { siblings: "overwrite" });
      const at = address("b", "k");
      // Whoever coordinates makes both events from the same empty context, and so under the same name.
      const [first, second, third] = bench.cluster.ring.preferenceList(at, 3).map(({ node }) => node);
      const apart = (alone: number): void => {
        bench.cluster.setPartitions(halves([0, 1, 2].map((node) => (node === alone ? 1 : 0))));
        bench.runMs(2_000);
      };
      const write = (value: string): void => {
        let answer: AnswerMessage | undefined;
        const version = { writeId: value.length, value, tombstone: false };
        bench.cluster
          .client({ routing: "token-aware", graceMs: 100 })
          .put(0, at, "", version, undefined, (told) => (answer = told));
        bench.until("it is answered", () => answer !== undefined);
        assert.equal(answer!.outcome, "ok");
      };
      const held = (): readonly string[] => [first, second, third].map((node) => heldBy(bench, node, at));
      apart(third);
      write("early");
      apart(second);
      write("later on");
      bench.cluster.setPartitions([]);
      if (mended === "a read") {
        assert.deepEqual(held(), ["later on", "early", "later on"]);
        bench.runMs(2_000);
        bench.read(at, { r: "all" });
      }
      bench.until("all have the later one", () => held().every((value) => value === "later on"));
    });
  }

  it("are overwritten without asking a replica first, as events then need none", () => {
    const updates: string[] = [];
    const watcher = new MessageKinds((kind, to) => kind === "replica-update" && updates.push(to));
    const bench = new Buckets({ engine: { coordinator: "any" } }, { watcher });
    bench.set("overwritten", { siblings: "overwrite" });
    for (const key of KEYS) assert.equal(bench.write(address("overwritten", key)).outcome, "ok");
    assert.equal(updates.length, 0);
    for (const key of KEYS) assert.equal(bench.write(address("kept", key)).outcome, "ok");
    assert.ok(updates.length > 0);
  });

  it("that a bucket had kept are one once it keeps the newest, and the next write covers the others", () => {
    const bench = new Buckets({ engine: { aae: AAE } });
    assert.deepEqual(twice(bench, "b"), ["first", "second"]);
    bench.set("b", { siblings: "newest" });
    const read = bench.read(address("b", "k"), { r: "all" });
    assert.equal(read.versions.length, 1);
    bench.write(address("b", "k"), "third", read.context, { w: "all" });
    bench.set("b", { siblings: "keep" });
    assert.deepEqual(
      bench.read(address("b", "k"), { r: "all" }).versions.map(({ value }) => value),
      ["third"],
    );
  });

  it("of a type that was created are kept, where those of the cluster are not", () => {
    const bench = new Buckets({ engine: { siblings: "newest" } });
    bench.set(undefined, {}, "any", "fast");
    assert.deepEqual(twice(bench, "b"), ["second"]);
    for (const value of ["first", "second"]) bench.write(address("b", "k", "fast"), value, "", { w: "all" });
    assert.equal(bench.read(address("b", "k", "fast"), { r: "all" }).versions.length, 2);
  });

  it("cannot be another matter where the clock keeps one anyway", () => {
    const bench = new Buckets({ engine: { clock: "lww" } });
    const { outcome, reason, properties } = bench.set("b", { siblings: "newest", nVal: 9 });
    assert.equal(outcome, "invalid");
    assert.match(reason, /n_val 9 .*; allow_mult .* clock lww/);
    assert.equal(properties?.nVal, 3);
  });
});

describe("a client that coordinates by itself", () => {
  for (const clock of ["dvvset", "lww"]) {
    it(`is refused where something is said of a bucket, which it knows nothing of, and nowhere else (${clock})`, () => {
      const bench = new Buckets({ engine: { clock } });
      const driven = bench.cluster.client({ routing: "client-driven", graceMs: 100, pollMs: 10_000 });
      bench.set("one", { nVal: 1 });
      const at = address("one", "k");
      assert.equal(bench.write(at).outcome, "ok");
      const answers = new Map<string, AnswerMessage>();
      const version = { writeId: 7, value: "of a client", tombstone: false };
      for (const bucket of ["one", "usual"]) {
        driven.put(0, address(bucket, "k"), "", version, undefined, (told) => answers.set(`put ${bucket}`, told));
        bench.runMs(100);
        driven.get(0, address(bucket, "k"), undefined, (told) => answers.set(`get ${bucket}`, told));
        bench.runMs(100);
      }
      const outcomes = [...answers].map(([what, { outcome }]) => `${what}: ${outcome}`);
      // A put that a replica has to make the event of is that replica's, which knows.
      const put = clock === "lww" ? "quorum_unreachable" : "ok";
      assert.deepEqual(outcomes, [`put one: ${put}`, "get one: quorum_unreachable", "put usual: ok", "get usual: ok"]);
      const [owner] = bench.cluster.ring.preferenceList(at, 1);
      assert.deepEqual(bench.holders(at), [owner.node]);
    });
  }
});

describe("what is said of a bucket", () => {
  it("is known to all once it is answered, and answered with what it is now", () => {
    const bench = new Buckets();
    const { outcome, properties, reason } = bench.set("b", { nVal: 2, w: "all" }, 3);
    assert.deepEqual([outcome, reason, properties?.nVal, properties?.w], ["ok", "", 2, "all"]);
    assert.equal(bench.common(), "default/b v1 of n3: n_val=2 w=all");
    assert.equal(bench.ask({ verb: "get", type: DEFAULT_TYPE, bucket: "b", change: undefined }, 1).properties?.nVal, 2);
    const reset = bench.ask({ verb: "reset", type: DEFAULT_TYPE, bucket: "b", change: undefined }, 2);
    assert.deepEqual(reset.properties, bench.node(0).buckets.cluster);
    assert.equal(bench.common(), "default/b v2 of n2: nothing");
  });

  it("is refused of a type that is not there, until something is said of that", () => {
    const bench = new Buckets();
    const refused = bench.set("b", { nVal: 2 }, "any", "fast");
    assert.deepEqual([refused.outcome, refused.properties], ["invalid", undefined]);
    const get = { verb: "get", type: "fast", bucket: undefined, change: undefined } as const;
    assert.equal(bench.ask(get).properties, undefined);
    assert.equal(bench.set(undefined, {}, "any", "fast").outcome, "ok");
    assert.deepEqual(bench.ask(get).properties, bench.node(0).buckets.cluster);
    assert.equal(bench.set("b", { nVal: 2 }, "any", "fast").properties?.nVal, 2);
  });

  it("is refused, and breaks nothing, once somebody has used up the versions", () => {
    const bench = new Buckets();
    const last = { type: DEFAULT_TYPE, bucket: "b", said: { nVal: 1 }, version: MAX_VERSION, node: 1 };
    const message = { kind: "buckets", what: "set", id: 1, hash: [0, 0], entries: [last] } as const;
    bench.cluster.machines[0].tell({ kind: "received", from: 1, message });
    bench.until("all know it", () => bench.common() === `default/b v${String(MAX_VERSION)} of n1: n_val=1`);
    const { outcome, reason } = bench.set("b", { nVal: 2 }, 0);
    assert.deepEqual([outcome, reason], ["overloaded", "properties have been changed too often"]);
    for (let node = 0; node < 5; node++) bench.cluster.kill(node);
    for (let node = 0; node < 5; node++) bench.cluster.boot(node);
    assert.equal(bench.common(), `default/b v${String(MAX_VERSION)} of n1: n_val=1`);
  });

  it("costs nothing when it is nothing new", () => {
    const bench = new Buckets();
    const { properties } = bench.ask({ verb: "get", type: DEFAULT_TYPE, bucket: "b", change: undefined });
    assert.equal(bench.set("b", properties!).outcome, "ok");
    assert.ok(bench.node(0).buckets.isEmpty);
    bench.set("b", { nVal: 2 });
    bench.set("b", { nVal: 2 });
    assert.equal(bench.node(0).buckets.entryOf(DEFAULT_TYPE, "b")?.version, 1);
  });

  it("names who has not heard of it, and is taken nevertheless", () => {
    const bench = new Buckets();
    bench.cluster.kill(4);
    // Not suspected yet: it is waited for, so long.
    const asked = bench.cluster.now();
    const { outcome, reason } = bench.set("b", { nVal: 2 }, 0);
    assert.equal(outcome, "ok");
    assert.match(reason, /^not known yet to node 4,/);
    assert.ok(bench.cluster.now() - asked <= PATIENCE + 100_000);
    bench.runMs(2_000);
    // Suspected: it is not waited for.
    const again = bench.cluster.now();
    assert.match(bench.set("b", { nVal: 1 }, 0).reason, /node 4/);
    assert.ok(bench.cluster.now() - again < 100_000);
    bench.cluster.boot(4);
    bench.until("it learns of it", () => bench.common() === "default/b v2 of n0: n_val=1", (5 * COMPARE_EVERY) / 1_000);
    assert.equal(bench.set("b", { nVal: 2 }, 0).reason, "");
  });

  it("is heard by whoever is back as soon as there is a link, where links tell of themselves", () => {
    const bench = new Buckets({ engine: { detector: { name: "perfect", heartbeatIntervalMs: 100, timeoutMs: 500 } } });
    bench.cluster.kill(4);
    bench.set("b", { nVal: 2 }, 0);
    bench.cluster.boot(4);
    bench.runMs(30);
    assert.equal(bench.common(), "default/b v1 of n0: n_val=2");
  });

  it("outlives a restart of the whole cluster", () => {
    const bench = new Buckets();
    bench.set("b", { nVal: 2, siblings: "newest" });
    bench.set(undefined, { w: "one" }, "any", "fast");
    const before = bench.common();
    for (let node = 0; node < 5; node++) bench.cluster.kill(node);
    for (let node = 0; node < 5; node++) bench.cluster.boot(node);
    assert.equal(bench.common(), before);
    assert.ok(before !== undefined && before.includes("n_val=2"));
    assert.equal(bench.node(3).buckets.propertiesOf("fast", "any")?.w, "one");
  });

  it("on both sides of a partition is one and the same after it", () => {
    const bench = new Buckets();
    bench.cluster.setPartitions(halves([0, 0, 1, 1, 1]));
    bench.runMs(2_000);
    assert.match(bench.set("both", { nVal: 2 }, 0).reason, /node 2, 3, 4/);
    assert.equal(bench.set("both", { nVal: 1 }, 3).outcome, "ok");
    bench.set("left", { w: 1 }, 1);
    bench.set("right", { w: 2 }, 4);
    assert.equal(bench.common(), undefined);
    bench.cluster.setPartitions([]);
    bench.until("all know the same", () => bench.common() !== undefined, 20_000);
    assert.equal(
      bench.common(),
      ["default/both v1 of n3: n_val=1", "default/left v2 of n1: w=1", "default/right v2 of n4: w=2"].join("\n"),
    );
  });

  it("gets through a network that loses and doubles messages", () => {
    const bench = new Buckets({
      network: { intraZone: { dist: "exponential", meanMs: 1, shiftMs: 0 }, loss: 0.3, duplicate: 0.2 },
    });
    for (let i = 0; i < 20; i++) assert.equal(bench.set(`b${String(i % 7)}`, { w: i % 3 }, i % 5).outcome, "ok");
    bench.until("all know the same", () => bench.common() !== undefined, 30_000);
    assert.equal(bench.common()!.split("\n").length, 7);
  });

  it("is no business of clusters where nothing is: not a message more", () => {
    const run = (set: boolean): readonly [string, number] => {
      const bench = new Buckets();
      bench.ask({ verb: "get", type: DEFAULT_TYPE, bucket: "b", change: undefined }, 0);
      if (set) bench.set("b", { nVal: 2 }, 0);
      const before = bench.cluster.machines.reduce((sum, { messagesSent }) => sum + messagesSent, 0);
      bench.runMs(10_000);
      const sent = bench.cluster.machines.reduce((sum, { messagesSent }) => sum + messagesSent, 0) - before;
      return [bench.cluster.digest.hex(), sent];
    };
    const [, quiet] = run(false);
    const [, compared] = run(true);
    // Heartbeats of five nodes to four others, ten times a second; and one comparison a node a second.
    assert.ok(Math.abs(quiet - 2_000) <= 20, String(quiet));
    assert.ok(compared - quiet >= 45 && compared - quiet <= 55, String(compared - quiet));
  });
});

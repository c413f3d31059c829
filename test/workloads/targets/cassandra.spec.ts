/**
 * Cassandra as a target, request by request: what `r`, `w`, `n_val` and the timestamps of an experiment come to on the wire, and what
 * each of Cassandra's errors lets a history conclude. A level that is one off, or a time-out that is told as a refusal, would be in no
 * figure and in all of them.
 */
import assert from "node:assert/strict";
import type { Outcome } from "../../../engine/vocabulary/outcomes";
import type { Reply, Request } from "../../../workloads/operation";
import { CassandraTarget } from "../../../workloads/targets/cassandra";
import { consistencyLevel } from "../../../workloads/targets/consistency-levels";
import { type OtherStoreOptions, StoreFailed } from "../../../workloads/targets/other-store";
import { FakeCassandra, type Mishap } from "./fake-cassandra";

const usual: Omit<OtherStoreOptions, "hosts"> = {
  run: "levels-7",
  connections: 2,
  ...{ nVal: 3, r: "quorum", w: "quorum", readTimeoutMs: 1_000, writeTimeoutMs: 1_000, graceMs: 100 },
  clientTimestamps: false,
  log: () => undefined,
};

describe("Cassandra as a target", function () {
  this.timeout(30_000);
  let fake: FakeCassandra;
  const open = async (options: Partial<OtherStoreOptions> = {}): Promise<CassandraTarget> => {
    const target = await CassandraTarget.open({ ...usual, hosts: [fake.host], ...options });
    await target.prepare();
    return target;
  };
  const ask = (target: CassandraTarget, kind: "get" | "put" | "delete"): Promise<Reply> => {
    const key = { type: "default", bucket: "b", key: "k" };
    const request: Request = { kind, key, session: 1, value: "v", writeId: 5, context: "", scanLength: 0, scanEnd: "" };
    return new Promise((resolve) => target.submit(request, resolve));
  };

  beforeEach(async () => {
    fake = await FakeCassandra.start();
  });
  afterEach(() => fake.stop());

  it("has a level for as many replicas as Cassandra can wait for, and says so where it has none", () => {
    const levels = [1, 2, 3, 4, 5, 6, 7].map((count) => consistencyLevel(count, 7));
    assert.deepEqual(levels, ["ONE", "TWO", "THREE", "QUORUM", undefined, undefined, "ALL"]);
    assert.deepEqual(
      (["one", "quorum", "all"] as const).map((word) => consistencyLevel(word, 3)),
      ["ONE", "QUORUM", "ALL"],
    );
    assert.equal(consistencyLevel(0, 3), undefined);
  });

  it("refuses a quorum that it has no level for, naming those that it has", async () => {
    await assert.rejects(CassandraTarget.open({ ...usual, hosts: [fake.host], nVal: 7, r: 5 }), (error: unknown) => {
      assert.ok(error instanceof StoreFailed);
      assert.match(error.message, /r is 5 of 7 replicas.*no consistency level.*quorum and all/);
      return true;
    });
  });

  it("sends every request prepared, at the level that r or w stands for, and reads at ALL in the end", async () => {
    for (const [r, w, read, written] of [
      [1, 3, "ONE", "THREE"],
      [2, 2, "TWO", "TWO"],
      ["quorum", "all", "QUORUM", "ALL"],
      ["all", "one", "ALL", "ONE"],
    ] as const) {
      const target = await open({ r, w });
      fake.asked.length = 0;
      for (const kind of ["put", "get", "delete"] as const) assert.equal((await ask(target, kind)).outcome, "ok");
      await new Promise<Reply>((resolve) => target.readLast({ type: "default", bucket: "b", key: "k" }, resolve));
      assert.deepEqual(
        fake.asked.map(({ statement, consistency, prepared }) => [statement.split(" ", 1)[0], consistency, prepared]),
        [
          ["INSERT", written, true],
          ["SELECT", read, true],
          ["DELETE", written, true],
          ["SELECT", "ALL", true],
        ],
      );
      assert.equal(target.identity.settings["reads"], `consistency ${read}`);
      await target.dispose();
      await target.close();
    }
  });

  it("prepares a statement once for all its requests", async () => {
    const target = await open();
    for (let i = 0; i < 20; i++) await ask(target, "put");
    assert.equal(fake.preparations, 1);
    await target.close();
  });

  it("makes a keyspace with n_val replicas in the data center that it found, and drops it", async () => {
    const target = await open({ nVal: 3 });
    assert.deepEqual([...fake.keyspaces.keys()], ["quorumlab_levels_7"]);
    assert.match(fake.keyspaces.get("quorumlab_levels_7")!, /'NetworkTopologyStrategy', 'dc-of-the-test': 3/);
    await target.dispose();
    assert.equal(fake.keyspaces.size, 0);
    await target.close();
  });

  it("gives writes their client's timestamps only where the experiment wants them", async () => {
    for (const clientTimestamps of [false, true]) {
      const target = await open({ clientTimestamps });
      fake.asked.length = 0;
      for (let i = 0; i < 3; i++) await ask(target, "put");
      const stamps = fake.asked.map(({ timestamp }) => timestamp);
      if (!clientTimestamps) assert.deepEqual(stamps, [undefined, undefined, undefined]);
      else {
        assert.ok(
          stamps.every((stamp) => stamp !== undefined && stamp > 1_500_000_000_000_000n),
          String(stamps),
        );
        assert.equal(new Set(stamps).size, 3);
        assert.deepEqual([...stamps].sort(), stamps);
      }
      await target.close();
    }
  });

  const definite: readonly (readonly [Mishap, Outcome])[] = [
    ["unavailable", "unavailable"],
    ["bootstrapping", "unavailable"],
    ["invalid", "invalid"],
  ];
  const indefinite: readonly (readonly [Mishap, Outcome])[] = [
    ["write-timeout", "timeout"],
    ["read-timeout", "timeout"],
    ["write-failure", "quorum_unreachable"],
    ["read-failure", "quorum_unreachable"],
    ["server-error", "quorum_unreachable"],
    ["overloaded", "quorum_unreachable"],
    ["silence", "timeout"],
    ["close", "connection_lost"],
  ];

  it("takes for certain only what Cassandra had refused before it did anything, and asks once whatever comes", async () => {
    for (const [mishap, outcome] of [...definite, ...indefinite]) {
      const target = await open();
      await ask(target, "put");
      fake.asked.length = 0;
      fake.mishap = () => mishap;
      const reply = await ask(target, "put");
      assert.equal(reply.outcome, outcome, `${mishap}: ${reply.reason}`);
      assert.equal(fake.asked.length, 1, `${mishap} was asked once`);
      assert.ok(reply.reason.length > 0 && !reply.reason.includes("\n"));
      fake.mishap = () => undefined;
      await target.close();
    }
  });

  it("finds a write that was made although its answer never came", async () => {
    const target = await open();
    fake.mishap = ({ statement }) => (statement.startsWith("INSERT") ? "done-in-silence" : undefined);
    assert.equal((await ask(target, "put")).outcome, "timeout");
    assert.deepEqual((await ask(target, "get")).versions, [5]);
    await target.close();
  });

  it("prepares anew where a node has forgotten the statement, which had not been carried out", async () => {
    const target = await open();
    await ask(target, "put");
    let forgotten = 1;
    fake.mishap = () => (forgotten-- > 0 ? "unprepared" : undefined);
    assert.equal((await ask(target, "put")).outcome, "ok");
    assert.equal(fake.preparations, 2);
    await target.close();
  });
});

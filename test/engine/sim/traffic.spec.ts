/** What messages are charged to: every one to one cause, so that the causes add up to what a node has sent. */
import { strict as assert } from "node:assert";
import { causeOf } from "../../../engine/host/traffic";
import { Bench, members } from "./settings";

describe("messages by cause", () => {
  it("add up to all that a node has sent, messages and bytes, with every mechanism at work", () => {
    const bench = new Bench({
      members: members(5),
      storage: { kind: "lmdb", sync: "each" },
      engine: {
        r: 1,
        w: 1,
        sloppyQuorum: true,
        standIn: "fallback",
        // Reads come before hints do, and have something to repair.
        hint: { batch: 10, idleMs: 500, concurrency: 2 },
        aae: { intervalMs: 100, depth: 4, fanout: 2, hash: "clock", repair: "gets", concurrency: 2 },
      },
    });
    const { cluster } = bench;
    const put = (value: string): void => {
      for (let i = 0; i < 40; i++) bench.wait(bench.put(`k${String(i)}`, value));
    };
    put("before");
    cluster.kill(1);
    bench.runMs(1_000);
    put("meanwhile");
    cluster.boot(1);
    for (let i = 0; i < 40; i++) bench.wait(bench.get(`k${String(i)}`));
    bench.runMs(5_000);
    const causes = new Map<string, number>();
    for (let node = 0; node < 5; node++) {
      const { byCause, messagesSent, bytesSent } = cluster.counts(node)!;
      const all = Object.values(byCause);
      assert.equal(
        all.reduce((sum, { messages }) => sum + messages, 0),
        messagesSent,
      );
      assert.equal(
        all.reduce((sum, { bytes }) => sum + bytes, 0),
        bytesSent,
      );
      for (const [cause, { messages }] of Object.entries(byCause))
        causes.set(cause, (causes.get(cause) ?? 0) + messages);
    }
    for (const cause of ["replication", "reading", "read-repair", "hint", "anti-entropy", "detector", "forwarding"])
      assert.ok(causes.get(cause)! > 0, `${cause} had its part`);
  });

  it("charge a background read and its answer to anti-entropy, and a repair to whoever asked for it", () => {
    const read = { kind: "replica-get", id: 1, vnode: 0, address: "" } as const;
    assert.equal(causeOf(read), "reading");
    assert.equal(causeOf({ ...read, background: true }), "anti-entropy");
    const reply = { kind: "replica-get-reply", id: 1, vnode: 0, status: "absent", state: undefined } as const;
    assert.equal(causeOf({ ...reply, background: true }), "anti-entropy");
    const write = { kind: "replica-put", id: 1, vnode: 0, address: "", state: undefined, acknowledge: "none" } as const;
    for (const cause of ["replication", "read-repair", "hint", "anti-entropy"] as const)
      assert.equal(causeOf({ ...write, cause }), cause);
    assert.equal(causeOf({ kind: "handoff", id: 1, vnode: 0, entries: [] }), "hint");
  });
});

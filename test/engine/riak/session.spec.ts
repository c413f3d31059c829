/**
 * A session of a front end with its node: one answer to everything that was asked, whatever the node does, and bounds that hold.
 */
import { strict as assert } from "node:assert";
import type { Input } from "../../../engine/io";
import { clockNamed } from "../../../engine/clocks/clock";
import { type ClientAnswer, MAX_TIMEOUT_MS } from "../../../engine/messages";
import { FrontSession } from "../../../engine/riak/session";
import { encodeAddress } from "../../../engine/vocabulary/address";
import { ByteReader, ByteWriter } from "../../../engine/vocabulary/octets";
import { Codec } from "../../../engine/wire/codec";
import { FrontFixture } from "../http/front-fixture";

const ADDRESS = encodeAddress({ type: "default", bucket: "b", key: "k" });
const X = { value: "x", tombstone: false };

describe("a session of a front end", () => {
  let nodes: FrontFixture;
  beforeEach(() => (nodes = new FrontFixture({ limits: { maxInFlight: 2, graceMs: 1 } })));
  afterEach(() => nodes.stop());

  it("in memory answers before the call returns", () => {
    const session = new FrontSession(nodes.options());
    const told: string[] = [];
    session.put(ADDRESS, "", X, 1, undefined, ({ outcome }) => told.push(`put ${outcome}`));
    session.get(ADDRESS, undefined, ({ versions }) => told.push(`get ${versions.map(({ value }) => value).join()}`));
    session.bucket({ verb: "get", type: "default", bucket: "b", change: undefined }, ({ properties }) =>
      told.push(`bucket ${String(properties?.nVal)}`),
    );
    assert.deepEqual(told, ["put ok", "get x", "bucket 1"]);
    assert.equal(session.inFlight, 0);
    session.close();
  });

  it("names every write another, over all sessions of the node", () => {
    const [one, two] = [new FrontSession(nodes.options()), new FrontSession(nodes.options())];
    const ids = new Set<number>();
    for (let i = 0; i < 100; i++) {
      ids.add(one.put(ADDRESS, "", X, 1, undefined, () => undefined));
      ids.add(two.put(ADDRESS, "", X, 1, undefined, () => undefined));
      ids.add(one.nextWriteId());
    }
    assert.equal(ids.size, 300);
    assert.ok([...ids].every(Number.isSafeInteger));
    assert.equal(
      one.put(ADDRESS, "", { ...X, writeId: 5 }, 1, undefined, () => undefined),
      5,
    );
  });

  it("refuses what is beyond its bound, times out what is not answered, and tells each once, at its end the rest", async () => {
    let sink: (message: ClientAnswer) => void = () => undefined;
    const asked: Input[] = [];
    const session = new FrontSession({
      ...nodes.options(),
      deliver: (input) => asked.push(input),
      open: (to) => {
        sink = to;
        return 1;
      },
    });
    const told: string[] = [];
    const first = new Promise<void>((resolve) => {
      session.get(ADDRESS, { timeoutMs: 1 }, ({ outcome }) => {
        told.push(`first ${outcome}`);
        resolve();
      });
    });
    session.put(ADDRESS, "", X, 1, { timeoutMs: 60_000 }, ({ outcome }) => told.push(`second ${outcome}`));
    session.get(ADDRESS, undefined, ({ outcome }) => told.push(`third ${outcome}`));
    session.scan({ bucket: ADDRESS, start: "", end: "", limit: 1 }, undefined, ({ outcome }) =>
      told.push(`scan ${outcome}`),
    );
    assert.deepEqual(told, ["third overloaded", "scan overloaded"]);
    await first;
    const late = asked[0];
    assert.ok(late.kind === "asked" && late.message.kind === "get");
    // The node answers after all: nobody listens any more.
    sink({ kind: "answer", id: late.message.id, outcome: "ok", coordinator: 0, versions: [], context: "", reason: "" });
    session.close();
    session.close();
    session.get(ADDRESS, undefined, ({ outcome, reason }) => told.push(`after ${outcome} ${reason}`));
    assert.deepEqual(told.slice(2), ["first timeout", "second connection_lost", "after overloaded the node stops"]);
    assert.deepEqual([session.refused, session.unanswered], [3, 1]);
  });

  it("asks for no longer than nodes let each other wait, whatever its client wants", () => {
    const codec = new Codec(clockNamed("dvvset"));
    const timeouts: (number | undefined)[] = [];
    const session = new FrontSession({
      ...nodes.options(),
      limits: { maxInFlight: 10 },
      deliver(input) {
        assert.ok(input.kind === "asked" && input.message.kind !== "bucket");
        // As it is passed on by a node that has no copy.
        const writer = new ByteWriter();
        codec.encode(input.message, writer);
        const passed = codec.decode(new ByteReader(writer.view()));
        if (passed.kind === "get" || passed.kind === "put" || passed.kind === "scan")
          timeouts.push(passed.options?.timeoutMs);
      },
    });
    const nothing = (): void => undefined;
    for (const timeoutMs of [1, 3_600_000, 3_600_001, 2_147_483_647]) {
      session.get(ADDRESS, { timeoutMs }, nothing);
      session.put(ADDRESS, "", X, 1, { timeoutMs, explain: true }, nothing);
    }
    session.scan({ bucket: ADDRESS, start: "", end: "", limit: 1 }, { timeoutMs: 2_147_483_647 }, nothing);
    assert.deepEqual(timeouts, [1, 1, ...Array<number>(7).fill(MAX_TIMEOUT_MS)]);
    session.close();
  });

  it("keeps a front end's mistakes from the node, and logs them", () => {
    const session = new FrontSession(nodes.options());
    session.get(ADDRESS, undefined, () => {
      throw new Error("a mistake");
    });
    assert.match(nodes.logged.join(), /a mistake/);
    let found = false;
    session.put(ADDRESS, "", X, 1, undefined, ({ outcome }) => (found = outcome === "ok"));
    assert.ok(found);
    session.close();
  });
});

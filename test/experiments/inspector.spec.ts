/** Which keys an inspection looks at, and what it makes of the answers: with a driver and replicas that the test plays. */
import assert from "node:assert/strict";
import { Inspector } from "../../experiments/inspector";
import { ANY_HINT, type Held } from "../../engine/messages";
import { octetsFromText } from "../../engine/vocabulary/octets";
import type { Snapshot } from "../../results/record/history";
import type { KeyActivity } from "../../workloads/key-activity";
import { MiniWorld } from "../engine/mini-world";

/** `hints`: what a node keeps of any key for others; left out where nodes keep nothing. */
function played(
  sample: number,
  hints?: (node: number) => Held | "away",
): {
  readonly inspector: Inspector;
  readonly write: (...keys: string[]) => void;
  readonly asked: (readonly number[])[];
} {
  const asked: (readonly number[])[] = [];
  const keysWritten = new Map<string, KeyActivity>();
  const driver = { keysWritten, writesInFlight: () => false, lastWriteActivity: () => -Infinity };
  const inspector = new Inspector({
    now: () => 0,
    ask: (node, vnodes, addresses, done) => {
      asked.push(vnodes);
      const kept = hints?.(node);
      if (kept === "away") done(undefined);
      else
        done({
          held: addresses.map((_, i) => (vnodes[i] === ANY_HINT ? kept : [1])),
          metadata: addresses.map(() => ({ entries: 1, bytes: 5 })),
        });
    },
    ring: () => new MiniWorld().ring,
    nVal: 3,
    driver,
    seed: 1,
    sample,
    hints: hints !== undefined,
  });
  const write = (...keys: string[]): void => {
    for (const key of keys) {
      const name = { type: octetsFromText("default"), bucket: octetsFromText("b"), key: octetsFromText(key) };
      keysWritten.set(key, { name, writesInFlight: 0, lastWriteActivity: 0 });
    }
  };
  return { inspector, write, asked };
}

const sampleOf = (inspector: Inspector): Promise<Snapshot | undefined> =>
  new Promise((resolve) => inspector.sample(resolve));
const keysOf = async (inspector: Inspector) => (await sampleOf(inspector))?.keys.map(({ key }) => key);

describe("an inspection of replicas", () => {
  it("looks at keys that were written after the first one found an empty store", async () => {
    const { inspector, write } = played(10);
    assert.equal(await sampleOf(inspector), undefined);
    write("a", "b");
    assert.deepEqual((await keysOf(inspector))?.sort(), ["a", "b"]);
  });
  it("follows all keys where all were asked for, also those inserted later", async () => {
    const { inspector, write } = played(100);
    write("a");
    await sampleOf(inspector);
    write("b", "c");
    const snapshot = await sampleOf(inspector);
    assert.equal(snapshot?.keys.length, snapshot?.population);
    assert.ok(snapshot?.keys.every(({ replicas }) => replicas.length === 3));
  });
  it("asks every node for hints of every key, at the end and where nodes keep any", async () => {
    const hints = (vnodes: readonly number[]): boolean => vnodes.includes(ANY_HINT);
    const { inspector, write, asked } = played(2, (node) => (node === 1 ? [7] : node === 2 ? "failed" : undefined));
    write("a", "b");
    await sampleOf(inspector);
    assert.ok(!asked.some(hints), "not during the run");
    const last = await new Promise<Snapshot>((resolve) => inspector.final(resolve));
    assert.deepEqual(
      last.keys.map(({ hinted, hintsUnknown, replicas }) => [hinted, hintsUnknown, replicas]),
      ["a", "b"].map(() => [[7], true, [[1], [1], [1]]]),
      "one node could not read what it keeps",
    );
    const plain = played(2);
    plain.write("a");
    const other = await new Promise<Snapshot>((resolve) => plain.inspector.final(resolve));
    assert.equal(other.keys[0].hinted, undefined, "nobody looked");
  });
  it("asks for hints before it asks replicas: one that goes home meanwhile is found at one of the two", async () => {
    const { inspector, write, asked } = played(0, () => undefined);
    write("a", "b");
    const last = await new Promise<Snapshot>((resolve) => inspector.final(resolve));
    const kinds = asked.map((vnodes) => (vnodes.every((vnode) => vnode === ANY_HINT) ? "hints" : "copies"));
    assert.deepEqual(kinds, [...kinds].sort().reverse());
    assert.ok(kinds.includes("copies") && kinds.includes("hints"));
    assert.deepEqual(
      last.keys.map(({ hinted, hintsUnknown }) => [hinted, hintsUnknown]),
      ["a", "b"].map(() => [[], undefined]),
    );
  });
  it("does not know of the hints of a node that is away", async () => {
    const { inspector, write } = played(0, (node) => (node === 2 ? "away" : [7]));
    write("a");
    const last = await new Promise<Snapshot>((resolve) => inspector.final(resolve));
    assert.deepEqual([last.keys[0].hinted, last.keys[0].hintsUnknown], [[7], true]);
  });
  it("follows the same keys for the whole run once its sample is full", async () => {
    const { inspector, write } = played(3);
    write("a", "b", "c", "d", "e");
    const first = await keysOf(inspector);
    write("f", "g", "h");
    assert.equal(first?.length, 3);
    assert.deepEqual(await keysOf(inspector), first);
  });
});

import { strict as assert } from "node:assert";
import { makeDetector } from "./make";
import { MiniWorld } from "../mini-world";

const PERFECT = { name: "perfect", heartbeatIntervalMs: 100, timeoutMs: 500 };
const world = (settings: object = {}): MiniWorld => new MiniWorld({ settings: { detector: PERFECT, ...settings } });
const tell = (of: MiniWorld, node: number, about: number, up: boolean): void =>
  of.machines[node].host.deliver({ kind: up ? "link-up" : "link-down", node: about });

describe("the perfect detector", () => {
  it("believes what it is told and nothing else, and reports each change once", () => {
    const detector = makeDetector(PERFECT, [1, 2], 0).detector;
    detector.told!(1, false, 10);
    detector.told!(1, false, 11);
    detector.told!(2, true, 12);
    assert.deepEqual(
      [1, 2].map((node) => detector.suspected(node)),
      [true, false],
    );
    assert.deepEqual(detector.advance(13), [1]);
    detector.heard(1, 1_000_000);
    assert.deepEqual(detector.advance(10_000_000), []);
    assert.equal(detector.suspected(1), true, "a message may have been under way for long");
    detector.told!(1, true, 20);
    assert.deepEqual(detector.advance(21), [1]);
    assert.equal(detector.suspected(1), false);
    assert.equal(detector.nextWakeup(), undefined);
  });

  it("knows of who comes back what it was told before, as the world tells of changes alone", () => {
    const detector = makeDetector(PERFECT, [1, 2], 0).detector;
    detector.told!(1, false, 10);
    detector.follow([2], 20);
    detector.follow([1, 2], 30);
    assert.equal(detector.suspected(1), true, "still cut off");
    detector.told!(1, true, 40);
    assert.equal(detector.suspected(1), false);
  });

  it("sends no heartbeats, and an idle node wants no waking", () => {
    const idle = world();
    idle.run(5_000_000);
    assert.equal(idle.sent.length, 0);
    for (const { node } of idle.machines) assert.equal(node.nextWakeup(), undefined);
    idle.put(0, "k", "v");
    assert.ok(idle.machines[0].node.nextWakeup() === undefined, "the put is over, its deadline too");
  });

  it("makes a node skip who is down from that instant, and ask again from the instant it is up", () => {
    const some = world({ w: 3 });
    some.crash(2);
    tell(some, 0, 2, false);
    const before = some.sent.length;
    assert.equal(some.put(0, "k", "v").outcome, "unavailable");
    assert.equal(some.sent.length, before);
    some.boot(2);
    tell(some, 0, 2, true);
    assert.equal(some.put(0, "k", "v").outcome, "ok");
    const opinions = some.notes.flatMap(({ note }) =>
      note.kind === "suspected" || note.kind === "trusted" ? [`${note.kind} ${String(note.node)}`] : [],
    );
    assert.deepEqual(opinions, ["suspected 2", "trusted 2"]);
  });

  it("leaves a detector that goes by silence alone with what the world tells", () => {
    const some = new MiniWorld();
    tell(some, 0, 2, false);
    assert.ok(!some.notes.some(({ note }) => note.kind === "suspected"));
    assert.equal(some.put(0, "k", "v").outcome, "ok");
  });
});

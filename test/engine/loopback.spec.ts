import { strict as assert } from "node:assert";
import { loopbackOf } from "../../engine/host/loopback";
import type { ClusterSettings } from "../../engine/vocabulary/settings";
import { MiniWorld } from "./mini-world";

const values = (answer: { versions: readonly { value: string }[] }): string[] =>
  answer.versions.map(({ value }) => value).sort();

describe("messages of a node to itself", () => {
  for (const clock of ["dvvset", "vv-server", "lww"]) {
    for (const coordinator of ["replica", "any"] as const) {
      it(`serve puts and gets at holders and others: ${clock}, coordinator ${coordinator}`, () => {
        const world = new MiniWorld({
          nodes: 5,
          loopback: true,
          settings: { clock, coordinator, w: 3, r: 3 },
          delay: (_f, _t, _m, random) => 500 + random.nextBelow(3_000),
        });
        let context = "";
        for (let node = 0; node < 5; node++) {
          const answer = world.put(node, "k", `v${String(node)}`, context);
          assert.equal(answer.outcome, "ok");
          context = answer.context;
          for (let reader = 0; reader < 5; reader++)
            assert.deepEqual(values(world.get(reader, "k")), [`v${String(node)}`]);
        }
        const toItself = new Set(world.sent.filter(({ from, to }) => from === to).map(({ message }) => message.kind));
        assert.ok(toItself.has("replica-get") && toItself.has("replica-get-reply"));
        assert.ok(toItself.has(clock === "lww" ? "replica-put" : "replica-update"));
      });
    }
  }

  it("cost what the network says, for the event and for its acknowledgement", () => {
    const took = (loopback: boolean): number => {
      const world = new MiniWorld({ loopback, settings: { w: 1, dw: 0 } });
      const began = world.now;
      assert.equal(world.put(0, "k", "v").outcome, "ok");
      return world.now - began;
    };
    assert.equal(took(false), 0);
    assert.equal(took(true), 2_000);
  });

  it("bring a repair to the coordinator's own copy", () => {
    let quiet = true;
    const world = new MiniWorld({
      loopback: true,
      settings: { clock: "lww", w: 1, dw: 0, r: 3 },
      delay: (_from, to, message) => (quiet && message.kind === "replica-put" && to === 0 ? undefined : 1_000),
    });
    assert.equal(world.put(1, "k", "v").outcome, "ok");
    quiet = false;
    assert.equal(world.stored(0, "k"), undefined);
    assert.deepEqual(values(world.get(0, "k")), ["v"]);
    world.run(10_000);
    assert.match(world.stored(0, "k") ?? "absent", /\[w1\]/);
  });

  it("travel as soon as an experiment says what they cost", () => {
    const delay = { dist: "constant" as const, valueMs: 1 };
    const of = (network: object, simulation?: object): boolean =>
      loopbackOf({ network: { loss: 0, ...network }, simulation } as ClusterSettings);
    assert.equal(of({}), false);
    assert.equal(of({ intraZone: delay, client: delay }), false);
    assert.equal(of({ local: delay }), true);
    assert.equal(of({ wars: {} }), true);
    assert.equal(of({}, { codec: "real" }), false);
    assert.equal(of({}, { codec: "real", localDelay: delay }), true);
  });
});

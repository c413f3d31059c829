/** What every clock strategy must hold, or declare that it does not. Runs over the whole map of strategies. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CLOCKS, clockNamed, encodeVersion, packActor, unpackActor, type Clock } from "../../../engine/clocks/clock";
import { dvvset } from "../../../engine/clocks/dvvset";
import { lww } from "../../../engine/clocks/lww";
import { ByteReader, ByteWriter, MalformedBytes } from "../../../engine/vocabulary/octets";
import { by } from "./event-maker";
import { encoded, LockStep, scripts, throughTheWire, writeIds, type Act } from "./causal-histories";

/** A script and three of the states it reached, by position. */
const reachable = fc.record({ script: scripts(), picks: fc.tuple(fc.nat(), fc.nat(), fc.nat()) });

function reach<S>(clock: Clock<S>, { script, picks }: { script: readonly Act[]; picks: readonly number[] }) {
  const world = new LockStep(clock).play(script);
  fc.pre(world.reached.length > 0);
  const [a, b, c] = picks.map((pick) => world.reached[pick % world.reached.length]);
  return { world, a, b, c };
}

for (const clock of CLOCKS.values()) {
  describe(`clock ${clock.name}`, () => {
    it("agrees with causal histories, but for what it declares, after every step of any script", () => {
      fc.assert(
        fc.property(scripts(60), (script) => {
          new LockStep(clock).play(script);
        }),
        { numRuns: 400 },
      );
    });

    it("merges in any order, and a merge with itself changes nothing", () => {
      fc.assert(
        fc.property(reachable, (choice) => {
          const { world, a, b, c } = reach(clock, choice);
          const bytes = (state: unknown) => encoded(clock, state);
          const sync = (x: unknown, y: unknown) => clock.sync(x, y);
          assert.equal(bytes(sync(a.state, b.state)), bytes(sync(b.state, a.state)), "commutative");
          assert.equal(bytes(sync(a.state, throughTheWire(clock, a.state))), bytes(a.state), "idempotent");
          const ab = sync(a.state, b.state);
          assert.equal(bytes(sync(ab, b.state)), bytes(ab), "absorbing");
          const left = sync(ab, c.state);
          const right = sync(a.state, sync(b.state, c.state));
          if (!clock.declares.mayConflictFalsely) {
            assert.equal(bytes(left), bytes(right), "associative");
          } else {
            // The order of merging may decide which falsely conflicting siblings stay, and nothing else.
            assert.equal(clock.context(left), clock.context(right), "associative in what is known");
            const live = new Set(world.live(world.merged(a, b, c).history));
            const truly = (state: unknown) => writeIds(clock.versions(state)).filter((write) => live.has(write));
            assert.deepEqual(truly(left), truly(right), "associative in true siblings");
          }
          world.check(world.merged(a, b, c));
        }),
        { numRuns: 400 },
      );
    });

    it("compares as it merges", () => {
      fc.assert(
        fc.property(reachable, (choice) => {
          const { a, b } = reach(clock, choice);
          const merged = encoded(clock, clock.sync(a.state, b.state));
          const isA = merged === encoded(clock, a.state);
          const isB = merged === encoded(clock, b.state);
          const expected = isA ? (isB ? "equal" : "after") : isB ? "before" : "concurrent";
          assert.equal(clock.compare(a.state, b.state), expected);
          const mirrored = { equal: "equal", after: "before", before: "after", concurrent: "concurrent" } as const;
          assert.equal(clock.compare(b.state, a.state), mirrored[expected]);
        }),
        { numRuns: 400 },
      );
    });

    it("comes back from the wire as it went, with its metadata counted to the byte", () => {
      fc.assert(
        fc.property(reachable, (choice) => {
          const { a } = reach(clock, choice);
          const bytes = encoded(clock, a.state);
          const back = throughTheWire(clock, a.state);
          assert.equal(encoded(clock, back), bytes);
          assert.equal(clock.describe(back), clock.describe(a.state));
          assert.equal(clock.context(back), clock.context(a.state));
          assert.deepEqual(clock.versions(back), clock.versions(a.state));
          assert.equal(clock.entries(back), clock.entries(a.state));
          const versions = new ByteWriter();
          for (const version of clock.versions(a.state)) encodeVersion(version, versions);
          assert.equal(clock.metadataBytes(a.state), bytes.length - versions.length);
        }),
        { numRuns: 200 },
      );
    });

    it("refuses garbage in place of a state with MalformedBytes and nothing else", () => {
      fc.assert(
        fc.property(reachable, fc.nat(), fc.nat(255), fc.boolean(), (choice, position, byte, cut) => {
          const { a } = reach(clock, choice);
          const bytes = encoded(clock, a.state);
          const at = position % bytes.length;
          const hurt = cut ? bytes.slice(0, at) : bytes.slice(0, at) + String.fromCharCode(byte) + bytes.slice(at + 1);
          try {
            const reader = ByteReader.ofOctets(hurt);
            const state = clock.decode(reader);
            reader.finish();
            // Still well-formed, so still a state in every respect.
            assert.ok(clock.versions(state).length > 0);
            clock.sync(state, a.state);
            clock.checkContext(clock.context(state));
          } catch (error) {
            if (!(error instanceof MalformedBytes)) throw error;
          }
        }),
        { numRuns: 600 },
      );
    });

    it("accepts each context it gave, and refuses anything else with MalformedBytes", () => {
      fc.assert(
        fc.property(reachable, fc.nat(), fc.nat(300), (choice, position, code) => {
          const { a } = reach(clock, choice);
          const context = clock.context(a.state);
          clock.checkContext(context);
          const at = position % context.length;
          const hurt = context.slice(0, at) + String.fromCharCode(code) + context.slice(at + 1);
          try {
            clock.checkContext(hurt);
          } catch (error) {
            assert.ok(error instanceof MalformedBytes);
            const version = { writeId: 9999, value: "", tombstone: false };
            assert.throws(() => clock.update(a.state, hurt, version, by(packActor(0, 0, 1), 5)), MalformedBytes);
            assert.throws(() => clock.update(undefined, hurt, version, by(packActor(0, 0, 1), 5)), MalformedBytes);
          }
        }),
        { numRuns: 600 },
      );
    });

    it("never changes a state it was given", () => {
      const seen: { state: unknown; bytes: string }[] = [];
      const watched: Clock = {
        ...clock,
        update(stored, context, version, maker) {
          return remember(clock.update(stored, context, version, maker));
        },
        sync: (a, b) => remember(clock.sync(a, b)),
      };
      const remember = (state: unknown): unknown => {
        seen.push({ state, bytes: encoded(clock, state) });
        return state;
      };
      fc.assert(
        fc.property(scripts(), (script) => {
          seen.length = 0;
          new LockStep(watched).play(script);
          for (const { state, bytes } of seen) assert.equal(encoded(clock, state), bytes);
        }),
        { numRuns: 50 },
      );
    });
  });
}

describe("the clock property suite", () => {
  function isCaught<S>(broken: Clock<S>): boolean {
    return fc.check(
      fc.property(scripts(), (script) => {
        new LockStep(broken).play(script);
      }),
      { numRuns: 400, seed: 1 },
    ).failed;
  }

  it("passes the clock it breaks below", () => {
    assert.equal(isCaught(dvvset), false);
  });

  it("catches a clock that forgets what was stored", () => {
    const update: typeof dvvset.update = (_, context, version, maker) =>
      dvvset.update(undefined, context, version, maker);
    assert.ok(isCaught({ ...dvvset, update }));
  });

  it("catches a clock that ignores contexts", () => {
    const update: typeof dvvset.update = (stored, _, version, maker) => dvvset.update(stored, "", version, maker);
    assert.ok(isCaught({ ...dvvset, update }));
  });

  it("catches a merge that prefers one side", () => {
    assert.ok(isCaught({ ...dvvset, sync: (_, b) => b }));
  });

  it("catches a loss that was not declared", () => {
    assert.equal(isCaught(lww), false);
    assert.ok(isCaught({ ...lww, declares: { ...lww.declares, mayLose: false } }));
  });

  it("catches a clock that may lose and takes back what a replica had", () => {
    assert.ok(isCaught({ ...lww, update: (_, _context, version, { at }) => ({ at, version }) }));
  });
});

describe("the map of clocks", () => {
  it("finds a strategy by name and lists the names it knows", () => {
    for (const [name, clock] of CLOCKS) {
      assert.equal(clockNamed(name), clock);
      assert.equal(clock.name, name);
    }
    assert.throws(() => clockNamed("dvset"), /no clock "dvset"; known: dvvset, dvv, riak-dvv, vv-server,/);
  });

  it("packs an actor into one safe integer and back", () => {
    for (const [node, vnode, epoch] of [
      [0, 0, 0],
      [3, 0, 1],
      [65_535, 65_535, 2_097_151],
      [1, 65_535, 7],
    ]) {
      const actor = packActor(node, vnode, epoch);
      assert.ok(Number.isSafeInteger(actor));
      assert.deepEqual(unpackActor(actor), { node, vnode, epoch });
    }
  });
});

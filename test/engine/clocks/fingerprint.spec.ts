/** Fingerprints: equal for what a clock calls equal, however it came about, and different for the rest. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { Fingerprints } from "../../../engine/clocks/fingerprint";
import { type Clock, clockFor, clockNamed, CLOCKS, packActor } from "../../../engine/clocks/clock";
import { LockStep, scripts, throughTheWire, writeIds } from "./causal-histories";
import { by } from "./event-maker";
import { address } from "../antientropy/fake-wire";

const key = address("k");
const variants: [string, Clock][] = [...CLOCKS.values()].map((clock) => [clock.name, clock]);
for (const name of ["dvvset", "dvv", "riak-dvv", "vv-server", "vv-server-separate", "vv-client"]) {
  variants.push([`${name}, newest`, clockFor({ clock: name, siblings: "newest" })]);
  variants.push([`${name}, overwrite`, clockFor({ clock: name, siblings: "overwrite" })]);
}
const prune = { small: 1, big: 2, youngMs: 5, oldMs: 40 };
variants.push(["vv-client, pruned", clockFor({ clock: "vv-client", prune })]);

function bits(fingerprints: Fingerprints, at: string, state: unknown): string {
  fingerprints.of(at, state);
  return `${fingerprints.high}/${fingerprints.low}`;
}

describe("fingerprints", () => {
  for (const [label, clock] of variants) {
    it(`tell states of ${label} apart just as the clock does, whatever their histories`, () => {
      const byClock = new Fingerprints(clock, "clock");
      const byContent = new Fingerprints(clock, "content");
      let equal = 0;
      let different = 0;
      fc.assert(
        fc.property(scripts(30), (script) => {
          const world = new LockStep(clock, { times: "skewed", forgets: true });
          // Declarations are the clock suite's business: here only states are wanted.
          world.check = () => undefined;
          world.play(script);
          const states = world.reached.slice(-8).map(({ state }) => state);
          // The same knowledge by other ways: merged in either order, decoded, merged with an older state again.
          for (const a of states.slice(0, 4)) {
            for (const b of states.slice(-3)) states.push(clock.sync(a, b), throughTheWire(clock, clock.sync(b, a)));
          }
          for (const a of states) {
            for (const b of states) {
              const same = bits(byClock, key, a) === bits(byClock, key, b);
              if (clock.compare(a, b) === "equal") {
                equal++;
                assert.ok(same, `${clock.describe(a)} and ${clock.describe(b)} are equal`);
              } else {
                different++;
                assert.ok(!same, `${clock.describe(a)} and ${clock.describe(b)} differ`);
              }
              const [versionsA, versionsB] = [writeIds(clock.versions(a)), writeIds(clock.versions(b))];
              const sameContent = bits(byContent, key, a) === bits(byContent, key, b);
              assert.equal(sameContent, versionsA.join() === versionsB.join(), "content is what was written");
            }
          }
        }),
        { numRuns: 40 },
      );
      assert.ok(equal > 1_000 && different > 500, `${equal} equal, ${different} different pairs were met`);
    });
  }

  it("of content see a value that changed under its clock; of the clock do not", () => {
    const clock = clockNamed("dvvset");
    const made = (value: string, meta?: string) =>
      clock.update(
        undefined,
        "",
        meta === undefined ? { writeId: 1, value, tombstone: false } : { writeId: 1, value, tombstone: false, meta },
        by(packActor(0, 0, 1)),
      );
    const byClock = new Fingerprints(clock, "clock");
    const byContent = new Fingerprints(clock, "content");
    assert.equal(bits(byClock, key, made("abcde")), bits(byClock, key, made("abcdf")));
    assert.notEqual(bits(byContent, key, made("abcde")), bits(byContent, key, made("abcdf")));
    const of = new Set([undefined, "", "x", "y"].map((meta) => bits(byContent, key, made("abcde", meta))));
    assert.equal(of.size, 4, "what is beside a value counts");
  });

  it("have the address in them, or keys that are written alike would cancel each other", () => {
    const clock = clockNamed("lww");
    const state = clock.update(undefined, "", { writeId: 1, value: "v", tombstone: false }, by(packActor(0, 0, 1)));
    for (const hash of ["clock", "content"] as const) {
      const fingerprints = new Fingerprints(clock, hash);
      const all = new Set(Array.from({ length: 1_000 }, (_, i) => bits(fingerprints, address(`user${i}`), state)));
      assert.equal(all.size, 1_000);
    }
  });

  it("spread: each bit of a thousand keys' fingerprints is set in about half", () => {
    const clock = clockNamed("lww");
    const fingerprints = new Fingerprints(clock, "clock");
    const set = new Array<number>(64).fill(0);
    for (let i = 0; i < 1_000; i++) {
      const version = { writeId: i, value: "v", tombstone: false };
      fingerprints.of(address(`user${i}`), clock.update(undefined, "", version, by(packActor(0, 0, 1), i)));
      for (let bit = 0; bit < 32; bit++) {
        set[bit] += (fingerprints.high >>> bit) & 1;
        set[32 + bit] += (fingerprints.low >>> bit) & 1;
      }
    }
    // Five standard deviations of a fair coin.
    for (const count of set) assert.ok(Math.abs(count - 500) < 80, `a bit is set ${count} times`);
  });

  it("tell numbers apart that agree in their low bits", () => {
    const clock = clockNamed("lww");
    const fingerprints = new Fingerprints(clock, "clock");
    const at = (micros: number): string =>
      bits(fingerprints, key, { at: micros, version: { writeId: 1, value: "", tombstone: false } });
    assert.equal(new Set([0, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 52].map(at)).size, 5);
  });
});

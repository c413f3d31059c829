/** Streams of randomness: what names them, and that one kept as four integers goes on where it stopped. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { Random } from "../../../engine/vocabulary/random";

const draws = (random: Random, count = 5): number[] => Array.from({ length: count }, () => random.nextUint32());

describe("a stream of randomness", () => {
  it("is what its seed and name say, however much was drawn from others", () => {
    const root = Random.fromSeed(7);
    const first = draws(root.fork("network"));
    draws(root, 100);
    draws(root.fork("node/3"), 100);
    assert.deepEqual(draws(root.fork("network")), first);
    assert.deepEqual(draws(Random.fromSeed("7").fork("network")), first, "a seed in words is the same seed");
    assert.notDeepEqual(draws(root.fork("networks")), first);
    assert.notDeepEqual(draws(Random.fromSeed(8).fork("network")), first);
  });

  it("goes on from the four integers it was kept as, and forks by its own name all the same", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(20), (name, drawn) => {
        const states = new Int32Array(12);
        const stream = Random.fromSeed(1).fork(name);
        draws(stream, drawn);
        stream.copyTo(states, 4);
        const other = Random.fromSeed("somebody else");
        const fork = draws(other.fork("child"));
        assert.ok(other.copyFrom(states, 4));
        assert.deepEqual(draws(other), draws(stream));
        assert.deepEqual(draws(other.fork("child")), fork);
        assert.deepEqual(
          [...states.subarray(0, 4), ...states.subarray(8)],
          new Array(8).fill(0),
          "nothing else is touched",
        );
      }),
      { numRuns: 50, seed: 3 },
    );
  });

  it("is not found where none was kept", () => {
    const stream = Random.fromSeed(1);
    const expected = draws(Random.fromSeed(1));
    assert.equal(stream.copyFrom(new Int32Array(8), 4), false);
    assert.deepEqual(draws(stream), expected, "and the stream at hand is as it was");
  });
});

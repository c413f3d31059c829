/** Which changes of a bucket's properties are taken, and that all that is wrong with one is said at once. */
import { strict as assert } from "node:assert";
import {
  applied,
  both,
  type BucketChange,
  type BucketLimits,
  describeChange,
  newsIn,
  problemsOf,
  propertiesOfCluster,
} from "../../../engine/buckets/properties";
import { SETTINGS } from "../mini-world";

const CLUSTER = propertiesOfCluster(SETTINGS);
const LIMITS: BucketLimits = { nodes: 5, onlyKeepsOne: undefined };
const problems = (change: BucketChange, before: BucketChange = {}, limits = LIMITS): readonly string[] =>
  problemsOf(change, before, applied(CLUSTER, before), limits);

describe("a change of a bucket's properties", () => {
  it("is fine where it fits, by itself and with what was said before", () => {
    for (const change of [{}, { nVal: 5 }, { nVal: 1, r: 1 }, { w: "all" }, { pr: 3, siblings: "newest" }] as const)
      assert.deepEqual(problems(change), []);
    assert.deepEqual(problems({ nVal: 2 }, { r: 2 }), []);
  });

  it("is refused with everything that is wrong with it", () => {
    assert.deepEqual(problems({ nVal: 2, r: 3, pw: 4, rw: -1, dw: "some" as "one" }), [
      "r 3 is more than n_val 2",
      "pw 4 is more than n_val 2",
      "dw some is neither a number of replicas nor one, quorum or all",
      "rw -1 is neither a number of replicas nor one, quorum or all",
    ]);
    assert.deepEqual(problems({ nVal: 6 }), ["n_val 6 is not between 1 and 5, the nodes that copies can lie on"]);
    assert.deepEqual(problems({ nVal: 0, basicQuorum: 1 as never, siblings: "all" as never }), [
      "n_val 0 is not between 1 and 5, the nodes that copies can lie on",
      "basic_quorum is neither true nor false",
      "siblings all is none of keep, newest, overwrite",
    ]);
  });

  it("is refused with a quorum beyond its N also where N itself is more than the nodes that are left", () => {
    // A ring that has lost members to `leave` is one such; a byte on the wire holds no such number, and peers would read another.
    const limits = { ...LIMITS, nodes: 2 };
    assert.deepEqual(problems({ r: 300 }, {}, limits), ["r 300 is more than n_val 3"]);
    assert.deepEqual(problems({ r: 3, w: "all" }, {}, limits), []);
  });

  it("is refused where an N said now contradicts a quorum said before", () => {
    assert.deepEqual(problems({ nVal: 1 }, { w: 3 }), ["w 3 is more than n_val 1"]);
    assert.deepEqual(problems({ nVal: 1, w: 1 }, { w: 3 }), []);
    // Read and written back beside another N: meant.
    assert.deepEqual(problems({ ...applied(CLUSTER, { r: 2 }), nVal: 1 }, { r: 2 }), ["r 2 is more than n_val 1"]);
  });

  it("is refused where a clock keeps one version whatever it is told, and only if it would change anything", () => {
    const limits = { ...LIMITS, onlyKeepsOne: "lww" };
    assert.match(problems({ siblings: "newest" }, {}, limits).join(), /^allow_mult .* lww keeps one version anyway$/);
    assert.deepEqual(problems({ siblings: "keep", w: 1 }, {}, limits), []);
  });

  it("says nothing where it is what was read", () => {
    const now = applied(CLUSTER, { nVal: 4, w: "all" });
    assert.deepEqual(newsIn(now, now), {});
    // Even beyond what could be set: the cluster was set up so.
    assert.deepEqual(problemsOf(now, {}, now, { ...LIMITS, nodes: 2 }), []);
    assert.deepEqual(newsIn({ ...now, w: 1 }, now), { w: 1 });
  });

  it("adds up with others, the later word counting", () => {
    const said = both({ w: 1, nVal: 2 }, { w: "all", r: undefined });
    assert.deepEqual(said, { nVal: 2, w: "all" });
    assert.equal(describeChange(said), "n_val=2 w=all");
    assert.equal(describeChange({ nodeConfirms: 2, notfoundOk: false }), "node_confirms=2 notfound_ok=false");
  });
});

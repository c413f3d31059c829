/**
 * Bucket properties in Riak's JSON: what is shown is accepted again, what changes is understood, and everything that is wrong with
 * a change is said at once.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { applied, type BucketProperties, propertiesOfCluster } from "../../../engine/buckets/properties";
import { changeOf, riakProperties } from "../../../engine/riak/properties";
import { quorumOfText } from "../../../engine/riak/quorum-words";
import { SETTINGS } from "../mini-world";

const CLUSTER = propertiesOfCluster(SETTINGS);
const quorum = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("one", "quorum", "all")) as fc.Arbitrary<
  BucketProperties["r"]
>;
const properties: fc.Arbitrary<BucketProperties> = fc.record(
  {
    nVal: fc.integer({ min: 1, max: 3 }),
    r: quorum,
    w: quorum,
    pr: quorum,
    pw: quorum,
    dw: quorum,
    rw: quorum,
    nodeConfirms: quorum,
    notfoundOk: fc.boolean(),
    basicQuorum: fc.boolean(),
    siblings: fc.constantFrom("keep", "newest", "overwrite"),
  },
  { noNullPrototype: true },
);

function change(asked: Readonly<Record<string, unknown>>, now: BucketProperties): BucketProperties {
  const made = changeOf(asked, now, SETTINGS, "b");
  if ("problems" in made) throw new Error(made.problems.join("; "));
  return { ...now, ...made.change };
}

function problems(asked: Readonly<Record<string, unknown>>): readonly string[] {
  const made = changeOf(asked, CLUSTER, SETTINGS, "b");
  return "problems" in made ? made.problems : [];
}

describe("bucket properties in Riak's JSON", () => {
  it("are accepted as they were shown, and turn one bucket into the other", () => {
    fc.assert(
      fc.property(properties, properties, (now, then) => {
        const shown = JSON.parse(JSON.stringify(riakProperties(now, SETTINGS, "b"))) as Record<string, unknown>;
        assert.deepEqual(change(shown, now), now);
        assert.deepEqual(
          change(JSON.parse(JSON.stringify(riakProperties(then, SETTINGS, "b"))) as Record<string, unknown>, now),
          then,
        );
        assert.deepEqual(applied(now, {}).siblings, now.siblings);
      }),
    );
  });

  it("two flags make three policies, and both at once are none", () => {
    const policies = [
      [{ allow_mult: true }, "newest", "keep"],
      [{ allow_mult: false }, "keep", "newest"],
      [{ allow_mult: false }, "overwrite", "overwrite"],
      [{ last_write_wins: true, allow_mult: false }, "keep", "overwrite"],
      [{ last_write_wins: false }, "overwrite", "newest"],
      [{ last_write_wins: false }, "keep", "keep"],
    ] as const;
    for (const [asked, from, to] of policies)
      assert.equal(change(asked, { ...CLUSTER, siblings: from }).siblings, to, JSON.stringify(asked));
    assert.match(problems({ last_write_wins: true })[0], /contradict/);
    assert.match(problems({ last_write_wins: true, allow_mult: true })[0], /contradict/);
  });

  it("a body full of what is no property is refused after the first few, and long names are cut", () => {
    const many = Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`no-such-property${String(i)}`, 1]));
    const found = problems(many);
    assert.ok(found.length <= 51, String(found.length));
    assert.equal(found[found.length - 1], "and so on");
    assert.ok(problems({ ["x".repeat(1_000_000)]: 1 })[0].length < 200);
  });

  it("what this store does not have otherwise is refused, all of it at once and with the reason", () => {
    const found = problems({
      n_val: 1.5,
      r: -1,
      w: "most",
      notfound_ok: "yes",
      allow_mult: 1,
      dvv_enabled: false,
      small_vclock: 10,
      postcommit: [{ mod: "x", fun: "y" }],
      chash_keyfun: { mod: "mine", fun: "chash_std_keyfun" },
      linkfun: null,
      sync_on_write: "all",
      n_vall: 2,
      __proto__x: 1,
      constructor: 1,
    });
    for (const name of [
      "n_val",
      "r ",
      "w ",
      "notfound_ok",
      "allow_mult",
      "dvv_enabled",
      "small_vclock",
      "postcommit",
      "chash_keyfun",
      "linkfun",
      "sync_on_write",
      "n_vall",
      "constructor",
    ])
      assert.ok(
        found.some((problem) => problem.startsWith(name)),
        `${name}: ${found.join("\n")}`,
      );
    assert.match(
      found.find((problem) => problem.startsWith("n_vall"))!,
      /n_val is/,
    );
    assert.deepEqual(
      problems({ chash_keyfun: { fun: "chash_std_keyfun", mod: "riak_core_util" } }),
      [],
      "in any order",
    );
  });
});

describe("quorums in words", () => {
  it("are numbers, three words, or nothing said", () => {
    assert.deepEqual(["0", "3", "+2", "one", "quorum", "all", "default"].map(quorumOfText), [
      0,
      3,
      2,
      "one",
      "quorum",
      "all",
      undefined,
    ]);
    for (const text of ["", "-1", "1.0", "ALL", "two", " 1", "1e3", "9999999999"])
      assert.equal(quorumOfText(text), "malformed", text);
  });
});

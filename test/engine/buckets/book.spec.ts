/** What is said of buckets: which entry of a name counts, what a bucket's properties are then, and that no order of arrival matters. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import {
  BucketBook,
  type BucketEntry,
  compareEntries,
  DEFAULT_TYPE,
  describeEntry,
  isName,
  MAX_KEPT,
} from "../../../engine/buckets/book";
import {
  applied,
  type BucketChange,
  type BucketProperties,
  propertiesOfCluster,
} from "../../../engine/buckets/properties";
import { bucketPrefix, encodeAddress } from "../../../engine/vocabulary/address";
import { SETTINGS } from "../mini-world";

const CLUSTER = propertiesOfCluster({ ...SETTINGS, r: 2, w: 3 });
const book = (): BucketBook => new BucketBook(CLUSTER);
const entry = (
  bucket: string | undefined,
  said: BucketChange,
  version = 1,
  node = 0,
  type = DEFAULT_TYPE,
): BucketEntry => ({ type, bucket, said, version, node });
const at = (bucket: string, type = DEFAULT_TYPE): string => encodeAddress({ type, bucket, key: "a key" });

describe("the book of buckets", () => {
  it("says of every key what the cluster says, as long as nothing is said", () => {
    const empty = book();
    assert.ok(empty.isEmpty);
    assert.equal(empty.ofAddress(at("b")), CLUSTER);
    assert.equal(empty.propertiesOf(DEFAULT_TYPE, "b"), CLUSTER);
    assert.equal(empty.propertiesOf("fast", undefined), undefined);
    assert.deepEqual([empty.copies(), empty.types(), empty.ways], [[3], ["default"], ""]);
  });

  it("has a bucket follow its type, and a type the cluster, in all that is not said of it", () => {
    const known = book();
    known.take(entry(undefined, { w: "one" }, 1, 0, "fast"));
    known.take(entry("b", { nVal: 2 }, 2, 0, "fast"));
    assert.deepEqual(known.ofAddress(at("b", "fast")), { ...CLUSTER, w: "one", nVal: 2 });
    assert.deepEqual(known.ofAddress(at("other", "fast")), { ...CLUSTER, w: "one" });
    assert.equal(known.ofAddress(at("b")), CLUSTER);
    // What is said of the type later reaches its buckets too.
    known.take(entry(undefined, { w: "one", basicQuorum: true }, 3, 0, "fast"));
    assert.equal(known.ofAddress(at("b", "fast")).basicQuorum, true);
    assert.deepEqual(known.types(), ["default", "fast"]);
  });

  it("cuts what a bucket inherits down to its N, so that it can be met", () => {
    const known = book();
    known.take(entry("b", { nVal: 1 }));
    const { nVal, r, w } = known.ofAddress(at("b"));
    assert.deepEqual({ nVal, r, w }, { nVal: 1, r: 1, w: 1 });
  });

  it("keeps siblings in a type that was created, whatever the cluster's own buckets do", () => {
    const known = new BucketBook({ ...CLUSTER, siblings: "overwrite" });
    known.take(entry(undefined, {}, 1, 0, "fast"));
    assert.equal(known.ofAddress(at("b", "fast")).siblings, "keep");
    assert.equal(known.ofAddress(at("b")).siblings, "overwrite");
  });

  it("tells of a name only what was said last, and of two that did not know each other the same one everywhere", () => {
    const known = book();
    assert.equal(known.take(entry("b", { w: 1 }, 4, 1)), "news");
    assert.equal(known.take(entry("b", { w: 2 }, 3, 2)), "old");
    assert.equal(known.take(entry("b", { w: 3 }, 4, 0)), "old");
    assert.equal(known.take(entry("b", { w: 1 }, 4, 1)), "old");
    assert.equal(known.take(entry("b", { w: "all" }, 4, 2)), "news");
    assert.equal(known.ofAddress(at("b")).w, "all");
    assert.equal(known.make(DEFAULT_TYPE, "c", {}, 0).version, 5);
  });

  it("forgets nothing by a reset, which is later than what it takes back", () => {
    const known = book();
    const said = entry("b", { nVal: 1 });
    known.take(said);
    known.take(known.make(DEFAULT_TYPE, "b", {}, 0));
    assert.equal(known.take(said), "old");
    assert.equal(known.ofAddress(at("b")).nVal, 3);
  });

  it("does not take a type for a bucket, nor a name for another that begins like it", () => {
    const known = book();
    known.take(entry("bucket", { nVal: 1 }));
    known.take(entry(undefined, { nVal: 2 }, 1, 0, "defaul"));
    for (const bucket of ["bucke", "bucketx", "", "t"]) assert.equal(known.ofAddress(at(bucket)), CLUSTER, bucket);
    assert.equal(known.ofAddress(at("tbucket", "defaul")).nVal, 2);
    assert.equal(known.ofAddress(bucketPrefix(DEFAULT_TYPE, "bucket")).nVal, 1);
  });

  it("knows the fewest copies that a bucket of a type has, whichever type", () => {
    const known = book();
    known.take(entry("b", { nVal: 2 }));
    known.take(entry("c", { nVal: 1 }, 1, 0, "fast"));
    assert.deepEqual([known.fewestCopies(DEFAULT_TYPE), known.copies()], [2, [3, 2, 1]]);
    // Of a type that was not created nothing can be said of a bucket; should a peer have said it, it counts.
    known.take(entry(undefined, {}, 1, 0, "fast"));
    assert.equal(known.fewestCopies("fast"), 1);
  });

  it("takes no more than there is room for", () => {
    const known = book();
    for (let i = 0; i < MAX_KEPT; i++) assert.equal(known.take(entry(`b${String(i)}`, {})), "news");
    assert.equal(known.take(entry("one more", {})), "full");
    assert.equal(known.take(entry("b7", { nVal: 1 }, 2)), "news");
    assert.equal(known.size, MAX_KEPT);
  });

  it("is told which names can be anybody's", () => {
    assert.ok(isName("t", "b") && isName("t", undefined));
    assert.ok(!isName("", "b") && !isName("t", "") && !isName("t".repeat(256), "b") && !isName("t", "b".repeat(1_900)));
  });

  const change = fc.record(
    {
      nVal: fc.integer({ min: 1, max: 5 }),
      r: fc.constantFrom(1, 2, 3, "one", "quorum", "all" as const),
      nodeConfirms: fc.nat(3),
      basicQuorum: fc.boolean(),
      siblings: fc.constantFrom("keep", "newest", "overwrite" as const),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<BucketChange>;
  const anyEntry: fc.Arbitrary<BucketEntry> = fc.record({
    type: fc.constantFrom(DEFAULT_TYPE, "fast", "f"),
    bucket: fc.constantFrom(undefined, "a", "b", "fa"),
    said: change,
    version: fc.integer({ min: 1, max: 4 }),
    node: fc.nat(2),
  });

  it("is the same book in whatever order and however often entries come, and what a table of all of them says", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (entries, order) => {
        const one = book();
        const other = book();
        for (const each of entries) one.take(each);
        const again = [...order.map((n) => entries[n % Math.max(1, entries.length)]), ...entries.toReversed()];
        for (const each of again) if (entries.length > 0) other.take(each);
        assert.deepEqual(other.hash, one.hash);
        assert.equal(other.describe(), one.describe());
        assert.equal(other.ways, one.ways);
        for (const type of [DEFAULT_TYPE, "fast", "f"]) {
          for (const bucket of ["a", "b", "fa", "none"])
            assert.deepEqual(one.ofAddress(at(bucket, type)), naive(entries, type, bucket), `${type}/${bucket}`);
        }
      }),
    );
  });

  it("has another hash for other entries", () => {
    fc.assert(
      fc.property(anyEntry, anyEntry, (x, y) => {
        fc.pre(describeEntry(x) !== describeEntry(y));
        const [one, other] = [book(), book()];
        one.take(x);
        other.take(y);
        assert.notDeepEqual(one.hash, other.hash);
      }),
    );
  });

  /** By looking at all of them. */
  function naive(entries: readonly BucketEntry[], type: string, bucket: string): BucketProperties {
    const last = (of: string | undefined): BucketEntry | undefined =>
      entries
        .filter((each) => each.type === type && each.bucket === of)
        .sort(compareEntries)
        .at(-1);
    const ofType = last(undefined);
    let properties = CLUSTER;
    if (ofType !== undefined)
      properties = applied({ ...CLUSTER, ...(type === DEFAULT_TYPE ? {} : { siblings: "keep" }) }, ofType.said);
    const own = last(bucket);
    return own === undefined ? properties : applied(properties, own.said);
  }
});

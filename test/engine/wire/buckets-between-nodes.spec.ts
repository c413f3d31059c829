/** What nodes tell each other of buckets survives the wire as it was, and is refused where it could not have been said. */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { type BucketEntry, MAX_KEPT, MAX_VERSION } from "../../../engine/buckets/book";
import type { BucketChange } from "../../../engine/buckets/properties";
import { clockNamed } from "../../../engine/clocks/clock";
import type { BucketsMessage } from "../../../engine/messages";
import { ByteReader, ByteWriter, MalformedBytes } from "../../../engine/vocabulary/octets";
import { Codec } from "../../../engine/wire/codec";

const codec = new Codec(clockNamed("dvvset"));

const octets = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes));
const quorum = fc.oneof(fc.constantFrom("one" as const, "quorum" as const, "all" as const), fc.nat(20));
const said: fc.Arbitrary<BucketChange> = fc.record(
  {
    nVal: fc.integer({ min: 1, max: 30 }),
    r: quorum,
    w: quorum,
    pr: quorum,
    pw: quorum,
    dw: quorum,
    rw: quorum,
    nodeConfirms: quorum,
    notfoundOk: fc.boolean(),
    basicQuorum: fc.boolean(),
    siblings: fc.constantFrom("keep" as const, "newest" as const, "overwrite" as const),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const entry: fc.Arbitrary<BucketEntry> = fc.record(
  {
    type: octets,
    bucket: fc.option(octets, { nil: undefined }),
    said,
    version: fc.integer({ min: 1, max: MAX_VERSION }),
    node: fc.nat(65_535),
  },
  { noNullPrototype: true },
);
const message: fc.Arbitrary<BucketsMessage> = fc.record(
  {
    kind: fc.constant("buckets" as const),
    what: fc.constantFrom("set" as const, "kept" as const, "compare" as const, "mine" as const, "yours" as const),
    id: fc.nat(2 ** 30 - 1),
    hash: fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)),
    entries: fc.array(entry, { maxLength: 5 }),
  },
  { noNullPrototype: true },
);

function bytesOf(what: BucketsMessage): Uint8Array {
  const writer = new ByteWriter();
  codec.encode(what, writer);
  return writer.view().slice();
}

describe("what nodes tell each other of buckets", () => {
  it("comes out as it went in", () => {
    fc.assert(fc.property(message, (one) => assert.deepEqual(codec.decode(new ByteReader(bytesOf(one))), one)));
  });

  it("is malformed where it is cut short, and whole or malformed where a byte is another", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), (one, at, byte) => {
        const bytes = bytesOf(one);
        assert.throws(() => codec.decode(new ByteReader(bytes.slice(0, at % bytes.length))), MalformedBytes);
        bytes[at % bytes.length] = byte;
        try {
          codec.decode(new ByteReader(bytes));
        } catch (error) {
          assert.ok(error instanceof MalformedBytes, String(error));
        }
      }),
    );
  });

  const usual: BucketEntry = { type: "t", bucket: "b", said: {}, version: 1, node: 0 };
  const impossible: readonly [string, Partial<BucketEntry>][] = [
    ["no type", { type: "" }],
    ["a bucket without a name", { bucket: "" }],
    ["a name that no key could have", { bucket: "b".repeat(1_900) }],
    ["no copies", { said: { nVal: 0 } }],
    ["more copies than can be counted", { said: { nVal: 31 } }],
    ["version 0", { version: 0 }],
    ["a version after which there is none", { version: MAX_VERSION + 1 }],
    ["a quorum of more than there can be", { said: { r: 31 } }],
  ];
  for (const [what, part] of impossible) {
    it(`is refused with ${what}`, () => {
      const bytes = bytesOf({ kind: "buckets", what: "set", id: 1, hash: [0, 0], entries: [{ ...usual, ...part }] });
      assert.throws(() => codec.decode(new ByteReader(bytes)), MalformedBytes);
    });
  }

  it("is as much as a whole book, and no more", () => {
    const entries = (count: number): readonly BucketEntry[] =>
      Array.from({ length: count }, (_, i) => ({ ...usual, bucket: String(i) }));
    const whole = { kind: "buckets", what: "mine", id: 0, hash: [1, 2], entries: entries(MAX_KEPT) } as const;
    assert.deepEqual(codec.decode(new ByteReader(bytesOf(whole))), whole);
    const more = bytesOf({ ...whole, entries: entries(MAX_KEPT + 1) });
    assert.throws(() => codec.decode(new ByteReader(more)), MalformedBytes);
  });
});

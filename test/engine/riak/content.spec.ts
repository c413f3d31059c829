/**
 * What both front ends keep beside a value and how they write clocks: there and back for anything, and nothing taken for what
 * it is not.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { type Content, contentOf, decodeContent, encodeContent, OCTET_STREAM } from "../../../engine/riak/content";
import { decodeVclock, encodeVclock } from "../../../engine/riak/vclock";
import { base62 } from "../../../engine/riak/write-ids";
import { MalformedBytes } from "../../../engine/vocabulary/octets";

const octets = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 200 })
  .map((codes) => String.fromCharCode(...codes));
const named = fc.array(fc.tuple(octets, octets), { maxLength: 4 });
const content: fc.Arbitrary<Content> = fc.record(
  {
    contentType: fc.oneof(fc.constant(OCTET_STREAM), octets),
    charset: octets,
    encoding: octets,
    lastModifiedMicros: fc.maxSafeNat(),
    userMeta: named,
    links: fc.array(fc.tuple(octets, octets, octets), { maxLength: 4 }),
    indexes: named,
  },
  { requiredKeys: ["contentType", "userMeta", "links", "indexes"] },
);

/** Without members that are undefined. */
const defined = (value: Content): unknown =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));

describe("metadata of a value", () => {
  it("comes back as it was, and equal metadata is equal octets", () => {
    fc.assert(
      fc.property(content, (value) => {
        const meta = encodeContent(value);
        assert.ok([...meta].every((c) => c.charCodeAt(0) <= 255));
        assert.deepEqual(defined(decodeContent(meta)), defined(value));
        assert.equal(encodeContent(decodeContent(meta)), meta);
      }),
    );
  });

  it("is refused when it breaks off, goes on, or is of another format, and never anything but refused", () => {
    fc.assert(
      fc.property(content, fc.nat(), octets, (value, at, tail) => {
        const meta = encodeContent(value);
        for (const damaged of [
          meta.slice(0, at % (meta.length + 1)),
          meta + tail,
          tail,
          meta.slice(0, at % meta.length) + tail,
        ]) {
          try {
            decodeContent(damaged);
          } catch (error) {
            assert.ok(error instanceof MalformedBytes, String(error));
          }
        }
      }),
    );
    assert.throws(() => decodeContent(""), MalformedBytes);
    assert.throws(() => decodeContent("\x02"), MalformedBytes);
    assert.throws(() => decodeContent("\x01\x09"), MalformedBytes);
    assert.throws(() => decodeContent("\x01\x01\x05ab"), MalformedBytes);
    assert.throws(() => decodeContent("\x01\x02\x01a\x01\x01a"), MalformedBytes, "fields that do not ascend");
  });

  it("of a version without any is octets, dated only where the store knows when", () => {
    const version = { writeId: 1, value: "x", tombstone: false };
    assert.deepEqual(contentOf(version), { contentType: OCTET_STREAM, userMeta: [], links: [], indexes: [] });
    assert.equal(contentOf({ ...version, date: 5 }).lastModifiedMicros, 5);
    const meta = encodeContent({ ...contentOf(version), lastModifiedMicros: 7 });
    assert.equal(contentOf({ ...version, meta, date: 5 }).lastModifiedMicros, 7);
  });

  it("that a client of the binary protocol has made up reads as none: its value can still be read", () => {
    const version = { writeId: 1, value: "x", tombstone: false, meta: "my own notes", date: 5 };
    assert.deepEqual(contentOf(version), { ...contentOf({ ...version, meta: undefined }) });
  });
});

describe("vclocks", () => {
  it("are base64 of the context, there and back", () => {
    fc.assert(
      fc.property(octets, (context) => {
        const text = encodeVclock(context);
        assert.equal(text, Buffer.from(context, "latin1").toString("base64"));
        assert.equal(decodeVclock(text), context);
      }),
    );
  });

  it("have one spelling: what is damaged, padded wrongly or cut is none", () => {
    for (const text of [
      "A",
      "AA",
      "AAA",
      "AAAAA",
      "A===",
      "====",
      "AA=A",
      "AB==",
      "AAB=",
      "AA A",
      "AAA\n",
      "AA-_",
      "ÿÿÿÿ",
    ])
      assert.equal(decodeVclock(text), undefined, text);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const context = decodeVclock(text);
        if (context !== undefined) assert.equal(encodeVclock(context), text);
      }),
    );
  });
});

describe("numbers in base 62", () => {
  it("are Riak's: digits, capitals, then small letters", () => {
    assert.equal(base62(new Uint8Array([0])), "0");
    assert.equal(base62(new Uint8Array([61])), "z");
    assert.equal(base62(new Uint8Array([62])), "10");
    assert.equal(base62(new Uint8Array([1, 0])), "48");
  });
});

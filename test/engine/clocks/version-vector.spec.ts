/** Causal contexts: one encoding a vector, and nothing else gets in. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { packActor } from "../../../engine/clocks/clock";
import {
  actorBytes,
  compareVectors,
  incrementVector,
  MAX_CONTEXT_ENTRIES,
  mergeVectors,
  readContext,
  varintBytes,
  writeContext,
  type VersionVector,
} from "../../../engine/clocks/version-vector";
import { ByteWriter, MalformedBytes } from "../../../engine/vocabulary/octets";

const actor = fc.oneof(
  fc.tuple(fc.nat(5), fc.constant(0), fc.integer({ min: 1, max: 3 })).map(([n, p, e]) => packActor(n, p, e)),
  fc.tuple(fc.nat(65_535), fc.nat(65_535), fc.nat(2_097_151)).map(([n, p, e]) => packActor(n, p, e)),
);
const counter = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const vector: fc.Arbitrary<VersionVector> = fc
  .uniqueArray(fc.tuple(actor, counter), { selector: ([id]) => id, maxLength: 8 })
  .map((entries) => {
    entries.sort((x, y) => x[0] - y[0]);
    return { ids: entries.map(([id]) => id), counters: entries.map(([, count]) => count) };
  });

function asMap({ ids, counters }: VersionVector): Map<number, number> {
  return new Map(ids.map((id, k) => [id, counters[k]]));
}

describe("version vectors", () => {
  it("come back from a context as they went", () => {
    fc.assert(fc.property(vector, (one) => assert.deepEqual(readContext(writeContext(one)), one)));
  });

  it("have the empty string for the empty vector, and four bytes an entry in small clusters", () => {
    assert.equal(writeContext({ ids: [], counters: [] }), "");
    assert.equal(writeContext({ ids: [packActor(1, 0, 1), packActor(2, 0, 1)], counters: [5, 100] }).length, 9);
  });

  it("accept no two texts for one vector", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { maxLength: 20 }), fc.boolean(), (bytes, format) => {
        const text = String.fromCharCode(...(format ? [1, ...bytes] : bytes));
        let read: VersionVector;
        try {
          read = readContext(text);
        } catch (error) {
          assert.ok(error instanceof MalformedBytes);
          return;
        }
        assert.equal(writeContext(read), text);
      }),
      { numRuns: 3000 },
    );
  });

  it("refuse what is not octets, of another format, cut short, unordered, padded, zero or impossible", () => {
    const bad: readonly (readonly [string, RegExp])[] = [
      ["\u0100", /unknown format/],
      ["\x02\x00\x00\x01\x01", /unknown format/],
      ["\x01", /without entries/],
      ["\x01\x00\x00\x01", /breaks off/],
      ["\x01\x00\x00\x01\u0141", /not octets/],
      ["\x01\x01\x00\x01\x01\x00\x00\x01\x01", /do not ascend/],
      ["\x01\x01\x00\x01\x01\x01\x00\x01\x01", /do not ascend/],
      ["\x01\x00\x00\x01\x00", /zero counter/],
      ["\x01\x00\x00\x01\x81\x00", /padded/],
      ["\x01\x80\x80\x04\x00\x01\x01", /impossible actor/],
      ["\x01\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x01", /longer than eight/],
      ["\x01\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\x7f", /above 2\^53/],
    ];
    for (const [text, message] of bad) {
      assert.throws(
        () => readContext(text),
        (error) => error instanceof MalformedBytes && message.test(error.message),
      );
    }
  });

  it("refuse more entries than any key can have", () => {
    const make = (count: number): VersionVector => ({
      ids: Array.from({ length: count }, (_, k) => packActor(0, 0, k)),
      counters: Array.from({ length: count }, () => 1),
    });
    assert.equal(readContext(writeContext(make(MAX_CONTEXT_ENTRIES))).ids.length, MAX_CONTEXT_ENTRIES);
    assert.throws(() => readContext(writeContext(make(MAX_CONTEXT_ENTRIES + 1))), MalformedBytes);
  });

  it("merge and compare as maps do", () => {
    fc.assert(
      fc.property(vector, vector, (x, y) => {
        const mapX = asMap(x);
        const mapY = asMap(y);
        const merged = mergeVectors(x, y);
        const all = [...new Set([...x.ids, ...y.ids])].sort((p, q) => p - q);
        assert.deepEqual(merged.ids, all);
        assert.deepEqual(
          merged.counters,
          all.map((id) => Math.max(mapX.get(id) ?? 0, mapY.get(id) ?? 0)),
        );
        const xInY = x.ids.every((id) => mapX.get(id)! <= (mapY.get(id) ?? 0));
        const yInX = y.ids.every((id) => mapY.get(id)! <= (mapX.get(id) ?? 0));
        const expected = xInY ? (yInX ? "equal" : "before") : yInX ? "after" : "concurrent";
        assert.equal(compareVectors(x, y), expected);
        assert.equal(compareVectors(merged, x) === "equal" || compareVectors(merged, x) === "after", true);
      }),
    );
  });

  it("gain one event at a time", () => {
    fc.assert(
      fc.property(vector, actor, (one, id) => {
        const known = asMap(one).get(id) ?? 0;
        fc.pre(known < Number.MAX_SAFE_INTEGER);
        const next = incrementVector(one, id);
        assert.equal(compareVectors(one, next), "before");
        assert.equal(asMap(next).get(id), known + 1);
        assert.deepEqual(readContext(writeContext(next)), next);
      }),
    );
  });

  it("count bytes as the writer spends them", () => {
    fc.assert(
      fc.property(counter, actor, (value, id) => {
        const writer = new ByteWriter();
        writer.varint(value);
        assert.equal(varintBytes(value), writer.length);
        assert.equal(actorBytes(id), writeContext({ ids: [id], counters: [1] }).length - 2);
      }),
    );
  });
});

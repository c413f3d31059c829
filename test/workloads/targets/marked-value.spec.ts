/**
 * Values that carry their write's id through a store that knows of none: what was written comes back whole, and nothing
 * else is taken for a marked value. The dumb twin of the parse is to write the id again and compare.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { MARK_BYTES, marked, unmarked } from "../../../workloads/targets/marked-value";

const octets = fc.uint8Array({ maxLength: 64 }).map((bytes) => String.fromCharCode(...bytes));
const writeId = fc.oneof(fc.maxSafeNat(), fc.nat(40), fc.constant(Number.MAX_SAFE_INTEGER));

/** The slow way: take the text before the first colon for an id, if that id is written just so. */
function slowly(value: string): { writeId: number; payload: string } | undefined {
  const colon = value.indexOf(":");
  if (colon < 0) return undefined;
  const id = parseInt(value.slice(0, colon), 36);
  if (!Number.isSafeInteger(id) || id < 0 || id.toString(36) !== value.slice(0, colon)) return undefined;
  return { writeId: id, payload: value.slice(colon + 1) };
}

describe("marked values", () => {
  it("bring every write id and every byte of the payload back", () => {
    fc.assert(
      fc.property(writeId, octets, (id, payload) => {
        const value = marked(id, payload);
        assert.deepEqual(unmarked(value), { writeId: id, payload });
        assert.ok(value.length - payload.length <= MARK_BYTES);
      }),
    );
  });

  it("take nothing for a mark that is not written as one, whatever a store holds", () => {
    const nearly = fc
      .tuple(
        fc.array(fc.constantFrom("0", "1", "z", "A", "-", "+", " ", ".", "e", "\u00ff"), { maxLength: 14 }),
        fc.constantFrom(":", "", "::"),
        octets,
      )
      .map(([head, colon, rest]) => head.join("") + colon + rest);
    fc.assert(
      fc.property(fc.oneof(nearly, octets), (value) => {
        assert.deepEqual(unmarked(value), slowly(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it("refuse ids that a number cannot hold, leading zeros, capitals and signs", () => {
    for (const value of [
      "",
      ":",
      ":x",
      "2gosa7pa2gw:x",
      "zzzzzzzzzzzz:x",
      "01:x",
      "1A:x",
      "-1:x",
      "+1:x",
      " 1:x",
      "1",
    ]) {
      assert.equal(unmarked(value), undefined, value);
    }
    assert.deepEqual(unmarked("2gosa7pa2gv:x"), { writeId: Number.MAX_SAFE_INTEGER, payload: "x" });
    assert.deepEqual(unmarked("0:"), { writeId: 0, payload: "" });
    assert.throws(() => marked(-1, ""));
    assert.throws(() => marked(2 ** 53, ""));
  });
});

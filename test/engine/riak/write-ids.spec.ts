/**
 * Names of writes at the front ends: the same number, there and back, as a vtag and as the header by which a client of
 * ours names its own. Both are read from strangers' bytes.
 */
import { strict as assert } from "node:assert";
import fc from "fast-check";
import { vtagOf, writeIdOfHeader, writeIdOfVtag } from "../../../engine/riak/write-ids";

describe("names of writes", () => {
  it("come back from their vtags, and from their header", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (id) => {
        assert.equal(writeIdOfVtag(vtagOf(id)), id);
        assert.equal(writeIdOfHeader(String(id)), id === 0 ? undefined : id);
      }),
    );
  });

  it("are read from nothing else", () => {
    for (const vtag of ["", "12345678", "1234567890", "zzzzzzzzz", "12345678-", "12345678\u00ff"]) {
      assert.equal(writeIdOfVtag(vtag), undefined, vtag);
    }
    for (const text of [
      "",
      "0",
      "-1",
      "+1",
      "1.5",
      "1e3",
      "007",
      " 1",
      "0x10",
      "9007199254740992",
      "1".repeat(400),
      "1,2",
    ]) {
      assert.equal(writeIdOfHeader(text), undefined, text);
    }
  });
});

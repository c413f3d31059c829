import { strict as assert } from "node:assert";
import { SEMANTICS_VERSION } from "../../engine/vocabulary/semantics";
import { committedDigest, goldenDigest } from "./digest";

describe("the semantics version", () => {
  it("stands beside the digest of a simulation that was recorded under it", () => {
    const now = goldenDigest();
    const then = committedDigest();
    const means = `a simulation of seed 7 gave digest ${then.digest} under semantics ${then.semantics}, and gives ${now.digest} under ${now.semantics}`;
    assert.equal(
      then.semantics,
      SEMANTICS_VERSION,
      `${means}. The version was changed: record the digest that belongs to it (npm run scenarios -- --record digest).`,
    );
    assert.deepEqual(
      now,
      then,
      `${means}. Equal cells and seeds no longer give equal histories. If you meant to change semantics, raise SEMANTICS_VERSION in engine/vocabulary/semantics.ts and re-record (npm run scenarios -- --record digest); if not, this change does more than it should.`,
    );
    assert.ok(now.answered > 500, `${String(now.answered)} operations make a simulation of middle size`);
  });

  it("gives the same digest a second time", () => {
    assert.deepEqual(goldenDigest(), goldenDigest());
  });
});

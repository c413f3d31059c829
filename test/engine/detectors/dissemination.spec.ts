/** The cost of news in SWIM: the same at rest for few and for many, and a spread that grows as the logarithm of the group. */
import { strict as assert } from "node:assert";
import { spreadOfDeath, type Carrier } from "../../bench/dissemination";

function mean(n: number, carrier: Carrier): { periods: number; rest: number } {
  const all = [1, 2, 3, 4].map((seed) => spreadOfDeath(n, seed, carrier));
  assert.ok(all.every(({ missed }) => missed === 0));
  return {
    periods: all.reduce((sum, { allPeriods }) => sum + allPeriods, 0) / all.length,
    rest: all.reduce((sum, { restBytes }) => sum + restBytes, 0) / all.length,
  };
}

describe("news of a death", function () {
  this.timeout(60_000);

  for (const carrier of ["probes", "rumours"] as const) {
    it(`by ${carrier} is with all in a time that grows as log n, and costs nothing at rest`, () => {
      const [few, many] = [mean(16, carrier), mean(256, carrier)];
      assert.equal(few.rest, many.rest);
      // log2 256 / log2 16 is 2; told from one to the next it would be 17.
      const growth = many.periods / few.periods;
      assert.ok(growth > 1.1 && growth < 3, `${String(few.periods)} and ${String(many.periods)} periods`);
    });
  }

  it("is sooner with all by rumours of its own than by probes alone", () => {
    assert.ok(mean(64, "rumours").periods < 0.5 * mean(64, "probes").periods);
  });
});

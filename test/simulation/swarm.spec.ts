import { strict as assert } from "node:assert";
import {
  drawScenario,
  FIRST_WITH_BUCKETS,
  FIRST_WITH_CLIENTS,
  FIRST_WITH_CLIENTS_AND_MEMBERSHIP,
  FIRST_WITH_DETECTORS,
  FIRST_WITH_MEMBERSHIP,
  FIRST_WITH_MEMBERSHIP_AND_DETECTORS,
  FIRST_WITH_OPTIONS,
  FIRST_WITH_REPAIR,
} from "./draw";
import { OPEN_BUGS } from "./open-bugs";
import { MEMBERSHIP_PLANTS, PLANTS, REPAIR_PLANTS } from "./plants";
import SEEDS from "./seeds.json";
import { runSeed } from "./swarm-run";
import { describeFailure, tryTwice } from "./twice";

/** Fixed, so that a failure of the build is a failure of the change. */
const RANGES = [
  0,
  FIRST_WITH_REPAIR,
  FIRST_WITH_MEMBERSHIP,
  FIRST_WITH_DETECTORS,
  FIRST_WITH_MEMBERSHIP_AND_DETECTORS,
  FIRST_WITH_CLIENTS,
  FIRST_WITH_CLIENTS_AND_MEMBERSHIP,
  FIRST_WITH_OPTIONS,
  FIRST_WITH_BUCKETS,
];
const FRESH = RANGES.map((first) => first + 5_001).flatMap((from) => Array.from({ length: 12 }, (_, i) => from + i));

/** A planted bug is found within so many seeds. */
const MOST_SEEDS = 40;

describe("swarm", function () {
  this.timeout(60_000);

  for (const { seed, story } of SEEDS) {
    it(`seed ${String(seed)}: ${story}`, () => {
      const { failure } = tryTwice(seed);
      assert.ok(failure === undefined, failure && describeFailure(failure));
    });
  }

  for (const seed of FRESH) {
    it(`seed ${String(seed)} keeps every promise, and gives one history`, () => {
      const { run, failure } = tryTwice(seed);
      assert.ok(failure === undefined, failure && describeFailure(failure));
      assert.ok(run.operations > 0);
    });
  }

  it("draws the same scenario from the same seed, and others from others", () => {
    assert.deepEqual(drawScenario(3), drawScenario(3));
    assert.notDeepEqual(drawScenario(3).cluster, drawScenario(4).cluster);
  });

  for (const { name, seed, breaks } of OPEN_BUGS) {
    it(`still finds: ${name}`, () => {
      const { known } = runSeed(seed);
      const found = known.filter(({ violation }) => breaks?.has(violation.invariant) ?? true);
      assert.ok(found.length > 0, `seed ${String(seed)} passes: if it is mended, take it off open-bugs.ts and put the seed into seeds.json`); // prettier-ignore
    });
  }
});

describe("a planted bug (long)", function () {
  this.timeout(120_000);

  const all = [...PLANTS].map(([name, plant]) => [name, { plant, from: 1 }] as const);
  for (const [name, { plant, from }] of [...all, ...REPAIR_PLANTS, ...MEMBERSHIP_PLANTS]) {
    it(`is found within ${String(MOST_SEEDS)} seeds: ${name}`, () => {
      for (let seed = from; seed < from + MOST_SEEDS; seed++) {
        const [violation] = runSeed(seed, plant).violations;
        if (violation === undefined) continue;
        const clean = runSeed(seed);
        assert.deepEqual(clean.violations, [], `seed ${String(seed)} passes without it`);
        return;
      }
      assert.fail(`not found within ${String(MOST_SEEDS)} seeds`);
    });
  }
});

/**
 * How large a page may grow: a thousand trials with every figure there is stay below five megabytes, and twelve times the repetitions do not
 * make the page larger in proportion, because a page holds configurations and not trials.
 */
import assert from "node:assert/strict";
import { renderRunReport } from "../../../results/reports/run-report";
import { syntheticRun } from "../../bench/synthetic-run";

describe("the page of a large run (long)", function () {
  this.timeout(180_000);

  it("of a thousand trials is below 5 MB, with as many pictures as there is room for", () => {
    const page = renderRunReport(syntheticRun({ cells: 84, repetitions: 12, intervals: 60 }));
    const bytes = Buffer.byteLength(page);
    assert.ok(bytes < 5_000_000, `${bytes} bytes`);
    assert.match(page, /With all of its pictures this page would have grown too large/);
    assert.match(page, /data-chart="trade-off" data-panel="0"><svg/);
    assert.doesNotMatch(page.replace(/<script[\s\S]*?<\/script>/g, ""), /\bNaN\b|\bundefined\b|\bInfinity\b/);
  });

  it("grows with configurations and not with trials", () => {
    const size = (repetitions: number): number =>
      Buffer.byteLength(renderRunReport(syntheticRun({ cells: 6, repetitions, intervals: 60 })));
    assert.ok(size(24) < 1.5 * size(2));
  });
});

/** What a trial learns of its machine and of its nodes, and that it never takes "unknown" for nothing. */
import assert from "node:assert/strict";
import { calibrationOf, outsideLoad } from "../../experiments/calibration";
import { withUnborn, workBetween } from "../../experiments/processes-trial";
import { fold, get } from "../results/measures/histories";
import { countsOf } from "./server-counts";

const reading = (busy: number, steal: number, total: number) => ({ busy, steal, total });

describe("the load that others put on the machine", () => {
  it("is what was busy less what was ours, over all processors", () => {
    assert.deepEqual(outsideLoad(reading(100, 1, 1_000), reading(108, 2, 1_020), 6), { outsideCpu: 0.1, steal: 0.05 });
    assert.equal(outsideLoad(reading(100, 0, 1_000), reading(104, 0, 1_020), 5).outsideCpu, 0, "never below none");
  });
  it("is unknown, not none, where the kernel or a node does not tell, and raises no doubt of its own", () => {
    const unknown = [
      outsideLoad(undefined, reading(1, 0, 2), 1),
      outsideLoad(reading(1, 0, 2), reading(1, 0, 2), 0),
      outsideLoad(reading(1, 0, 2), reading(2, 0, 4), NaN),
    ];
    for (const one of unknown) {
      assert.ok(Number.isNaN(one.outsideCpu));
      const calibration = calibrationOf({ roundTrips: [], timerLags: [], placement: "none", loadAverage: 0, ...one });
      assert.match(JSON.stringify(calibration), /"outsideCpu":null/);
      const { validity } = fold([get([], 0, 10)], { calibration, offeredPerSecond: 1 });
      assert.deepEqual(
        validity.doubts.map(({ kind }) => kind),
        ["thin-percentiles"],
      );
    }
  });
});

describe("the work of the nodes in a phase", () => {
  const counts = (messagesSent: number) => countsOf({ messagesSent });
  const nodes = ["node-1", "node-2"];

  it("is the difference of two readings", () => {
    const work = workBetween(nodes, [counts(100), counts(10)], [counts(150), counts(30)]);
    assert.deepEqual(
      work.map(({ node, messagesSent }) => [node, messagesSent]),
      [
        ["node-1", 50],
        ["node-2", 20],
      ],
    );
  });
  it("is not known when one reading of one node is missing", () => {
    const whole = [counts(150), counts(30)];
    assert.deepEqual(workBetween(nodes, [undefined, counts(10)], whole), []);
    assert.deepEqual(workBetween(nodes, whole, [whole[0], undefined]), []);
  });

  it("takes a spare that never started for one that did nothing, and one that started and does not tell for unknown", () => {
    const told = [counts(100), undefined];
    const work = workBetween(nodes, withUnborn(told, [1]), withUnborn([counts(150), undefined], [1]));
    assert.deepEqual([work[0].messagesSent, work[1].messagesSent, work[1].replicaReads], [50, 0, 0]);
    // It joined meanwhile: all it has done is of this phase; unless it does not answer.
    assert.equal(workBetween(nodes, withUnborn(told, [1]), [counts(150), counts(30)])[1].messagesSent, 30);
    assert.deepEqual(workBetween(nodes, withUnborn(told, [1]), withUnborn([counts(150), undefined], [])), []);
  });
});

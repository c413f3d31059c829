import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { judgeAll } from "./staleness-oracle";
import type { OperationRecord } from "../../../results/record/history";
import { TrialFold } from "../../../results/measures/fold";
import { END, get, inOrderOfCompletion, put } from "./histories";

/**
 * A register on three replicas with W = 2: a write reaches each replica after a drawn delay and is acknowledged at the
 * second; a read asks all three and answers with the newest of the first `repliesWaitedFor`. With R = 2 that is a correct
 * quorum system; answering after one is the planted fault.
 */
function quorumHistory(repliesWaitedFor: number, seed: string): OperationRecord[] {
  const random = Random.fromSeed(seed);
  const delay = (): number => 200 + Math.floor(-2_000 * Math.log(1 - random.nextFloat()));
  const history: OperationRecord[] = [];
  const keys = ["a", "b", "c"].map((key) => ({ key, writes: [] as { id: number; arrives: number[] }[] }));
  let id = 0;
  for (let at = 0; at < 9_000_000; at += 300) {
    id++;
    const key = keys[random.nextBelow(keys.length)];
    const there = [delay(), delay(), delay()].map((d) => at + d);
    const back = there.map((t) => t + delay());
    if (random.nextBelow(4) === 0) {
      key.writes.push({ id, arrives: there });
      history.push(put(id, at, [...back].sort((a, b) => a - b)[1], { id, key: key.key }));
    } else {
      const quickest = [0, 1, 2].sort((a, b) => back[a] - back[b]).slice(0, repliesWaitedFor);
      const newest = Math.max(0, ...quickest.map((r) => newestAt(key.writes, r, there[r])));
      const end = Math.max(...quickest.map((r) => back[r]));
      history.push(get(newest === 0 ? [] : [newest], at, end, { id, key: key.key }));
    }
    // Older writes have long arrived everywhere.
    if (key.writes.length > 200) key.writes.splice(0, 100);
  }
  return inOrderOfCompletion(history);
}

function newestAt(writes: readonly { id: number; arrives: number[] }[], replica: number, at: number): number {
  for (let i = writes.length - 1; i >= 0; i--) if (writes[i].arrives[replica] <= at) return writes[i].id;
  return 0;
}

function judged(history: readonly OperationRecord[]) {
  const phases = { startOfWarmup: 0, startOfMeasure: 0, endOfMeasure: 9_000_000 };
  const trial = new TrialFold({ intervalMs: 500, percentiles: [], phases });
  for (const operation of history) trial.operation(operation);
  return trial.finish(END);
}

describe("a coordinator that answers after fewer than R replies", () => {
  it("is caught: its stale reads are far from zero, interval and all", () => {
    const { metrics, figures } = judged(quorumHistory(1, "planted"));
    const stale = metrics["p_stale"];
    assert.ok(stale.n > 15_000);
    assert.ok(stale.lo! > 0.002, `p_stale ${stale.value} from ${stale.lo}`);
    assert.ok(figures.kStaleness.length > 1);
  });

  it("differs from one that waits for R = 2 of N = 3 with W = 2, which never reads stale", () => {
    const { metrics, validity } = judged(quorumHistory(2, "planted"));
    assert.equal(metrics["p_stale"].value, 0);
    assert.ok(metrics["p_stale"].hi! > 0 && metrics["p_stale"].hi! < 0.001);
    assert.ok(metrics["p_stale"].n > 15_000);
    assert.deepEqual(
      validity.doubts.filter((doubt) => doubt.kind !== "thin-percentiles"),
      [],
    );
  });

  it("has exactly the stale reads that the definition finds in the whole history", () => {
    const history = quorumHistory(1, "another").slice(0, 900);
    const { figures } = judged(history);
    assert.equal(figures.stale.hits, judgeAll(history).filter((verdict) => verdict.stale).length);
    assert.ok(figures.stale.hits > 0);
  });
});

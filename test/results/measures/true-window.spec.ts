/** From an acknowledgement until the last primary has the write: a few stores at three replicas. */
import assert from "node:assert/strict";
import { TrueWindowMeasure } from "../../../results/measures/true-window";
import type { Findings } from "../../../results/measures/measure";
import type { OperationRecord } from "../../../results/record/history";
import { put } from "./histories";

type Store = readonly [at: number, replica: number, ...versions: number[]];

/** In order of time; stores first. */
function follow(stores: readonly Store[], operations: readonly OperationRecord[], most?: number): Findings {
  const measure = new TrueWindowMeasure(most);
  const left = [...stores];
  const tellUntil = (now: number): void => {
    while (left.length > 0 && left[0][0] <= now) {
      const [at, replica, ...versions] = left.shift()!;
      measure.stored({ at, replica, replicas: 3, versions });
    }
  };
  for (const operation of operations) {
    tellUntil(operation.end);
    measure.operation(operation);
  }
  tellUntil(Infinity);
  return measure.finish();
}

const windowOf = (...given: Parameters<typeof follow>) => {
  const { none, open, ms, writes } = follow(...given).figures!.trueWindow!;
  return { none, open, writes, ms: ms.ms };
};

describe("the true window", () => {
  it("ends when the last primary has the write", () => {
    const stores: Store[] = [
      [1_000, 0, 1],
      [2_000, 1, 1],
      [9_000, 2, 1],
    ];
    assert.deepEqual(windowOf(stores, [put(1, 0, 3_000)]), { none: 0, open: 0, writes: 1, ms: [6] });
    assert.deepEqual(windowOf(stores, [put(1, 0, 10_000)]), { none: 1, open: 0, writes: 1, ms: [] });
  });
  it("ends also where a primary has what replaced it instead, however that is learnt", () => {
    const first = put(1, 0, 3_000);
    const second = put(2, 4_000, 8_000, { seen: [1] });
    const third = put(3, 9_000, 12_000, { seen: [2] });
    const stores: Store[] = [
      [1_000, 0, 1],
      [2_000, 1, 1],
      [5_000, 0, 2],
      [5_500, 1, 2],
      [10_000, 2, 3],
      [10_500, 0, 3],
      [11_000, 1, 3],
    ];
    // Replica 2 never had 1 or 2: the third, which had read what had read the first, is enough.
    assert.deepEqual(windowOf(stores, [first, second, third]), { none: 1, open: 0, writes: 3, ms: [2, 7] });
  });
  it("does not end for a concurrent write", () => {
    const stores: Store[] = [
      [1_000, 0, 1],
      [2_000, 1, 2],
      [3_000, 2, 2],
    ];
    assert.deepEqual(windowOf(stores, [put(1, 0, 1_500), put(2, 0, 2_500)]), { none: 0, open: 2, writes: 2, ms: [] });
  });
  it("that never ended is a lower bound, and the share of those that did is not flattered", () => {
    const writes = Array.from({ length: 200 }, (_, i) => put(i + 1, i * 10, i * 10 + 5, { id: i }));
    const stores = writes.flatMap(({ writeId, start }): Store[] =>
      [0, 1, 2].filter((r) => r < 2 || writeId % 20 !== 0).map((r) => [start + (r === 2 ? 1_005 : 1), r, writeId]),
    );
    const { metrics } = follow(
      stores.sort((a, b) => a[0] - b[0]),
      writes,
    );
    assert.equal(metrics!["true_window_p50_ms"].value, 1);
    assert.equal(metrics!["true_window_p99_ms"].atLeast, true, "one in twenty never arrived");
  });
  it("is that of acknowledged writes of the measured phase alone", () => {
    const others = [
      put(1, 0, 10, { phase: "load" }),
      put(2, 20, 30, { phase: "warmup" }),
      put(3, 40, 50, { outcome: "timeout" }),
      put(4, 60, 70, { outcome: "unavailable" }),
    ];
    const stores = [1, 2, 3, 4].flatMap((id) => [0, 1, 2].map((r): Store => [100, r, id]));
    assert.deepEqual(follow(stores, others), {});
  });
  it("is not known where nobody tells what replicas store", () => {
    assert.deepEqual(follow([], [put(1, 0, 10)]), {});
  });
  it("counts writes that there was no room to follow, and keeps no more", () => {
    const stores = [1, 2, 3].map((id): Store => [id * 10, 0, id]);
    const { open, writes } = windowOf(stores, [put(1, 0, 15), put(2, 0, 25), put(3, 0, 35)], 2);
    assert.deepEqual([open, writes], [3, 3]);
  });
});

import assert from "node:assert/strict";
import { fold, get } from "./histories";

const HISTORY = [get([], 0, 1_000)];

describe("merges by the application", () => {
  it("are told with what they cost, for workloads that merge", () => {
    const { metrics } = fold(HISTORY, { merges: { reads: 12, versions: 30, dropped: 5, undone: 2 } });
    assert.deepEqual(
      [metrics.merged_reads, metrics.merge_dropped, metrics.merge_undone].map(({ value, n, unit }) => [value, n, unit]),
      [
        [12, 12, "count"],
        [5, 12, "entries"],
        [2, 12, "entries"],
      ],
    );
  });

  it("are absent where nothing merges, and not 0", () => {
    assert.deepEqual(
      Object.keys(fold(HISTORY, {}).metrics).filter((name) => name.startsWith("merge")),
      [],
    );
  });
});

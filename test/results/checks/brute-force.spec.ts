import assert from "node:assert/strict";
import fc from "fast-check";
import { checkLinearizable } from "../../../results/checks/linearizable";
import { searchLinearization } from "../../../results/checks/linearization-search";
import { checkMultiValue } from "../../../results/checks/multi-value";
import { registerHistory, type RegisterHistory } from "../../../results/checks/register-history";
import { checkRegular } from "../../../results/checks/regular";
import type { Verdict } from "../../../results/checks/verdict";
import type { OperationRecord } from "../../../results/record/history";
import { isLinearizable, isMultiValueRegular, isRegular } from "./brute-force";
import { operation } from "./histories";

const times = fc.tuple(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 6 }));
const write = fc.record({
  times,
  isDelete: fc.integer({ min: 0, max: 3 }).map((draw) => draw === 0),
  outcome: fc.constantFrom("ok", "ok", "ok", "ok", "timeout", "unavailable"),
  seen: fc.subarray([1, 2, 3, 4]),
});
const read = fc.record({
  times,
  versions: fc.constantFrom([], [1], [1], [2], [2], [3], [4]),
  siblings: fc.subarray([1, 2, 3, 4]),
});
const drawn = fc.record({
  writes: fc.array(write, { maxLength: 4 }),
  reads: fc.array(read, { maxLength: 4 }),
  withDeletes: fc.boolean(),
});

function recordsOf(
  { writes, reads, withDeletes }: typeof drawn extends fc.Arbitrary<infer T> ? T : never,
  siblings: boolean,
): OperationRecord[] {
  const written = writes.map(({ times: [start, took], isDelete, outcome, seen }, i) =>
    operation({
      id: i + 1,
      kind: isDelete && withDeletes ? "delete" : "update",
      start,
      end: start + took,
      outcome: outcome,
      writeId: i + 1,
      // Only what had begun earlier can have been seen.
      seen: seen.filter((id) => id <= writes.length && writes[id - 1].times[0] < start),
    }),
  );
  const answered = reads.map(({ times: [start, took], versions, siblings: some }, i) =>
    operation({ id: 100 + i, kind: "read", start, end: start + took, versions: siblings ? some : versions }),
  );
  return [...written, ...answered];
}

/** Compares over many histories, and makes sure that both answers were common. */
function compare(
  siblings: boolean,
  check: (history: RegisterHistory) => Verdict,
  truth: (history: RegisterHistory) => boolean,
  whatever: (history: RegisterHistory, verdict: Verdict) => void = () => undefined,
): void {
  const answers = { yes: 0, no: 0, unknown: 0 };
  fc.assert(
    fc.property(drawn, (made) => {
      const history = registerHistory(recordsOf(made, siblings));
      const verdict = check(history);
      answers[verdict.verdict]++;
      assert.equal(verdict.verdict, truth(history) ? "yes" : "no");
      whatever(history, verdict);
    }),
    { numRuns: RUNS, seed: 7 },
  );
  assert(answers.yes > RUNS / 20 && answers.no > RUNS / 20, JSON.stringify(answers));
}

/** The part of `history` that a witness names. */
function named(history: RegisterHistory, verdict: Verdict): RegisterHistory {
  assert(verdict.verdict === "no");
  const ids = new Set(verdict.witness.operations.map(({ id }) => id));
  return {
    writes: history.writes.filter((one) => ids.has(one.operation)),
    reads: history.reads.filter((one) => ids.has(one.operation)),
  };
}

describe("the checks against trying everything", () => {
  it("linearizable, and a witness is by itself not linearizable", () => {
    compare(false, checkLinearizable, isLinearizable, (history, verdict) => {
      if (verdict.verdict !== "no") return;
      const part = named(history, verdict);
      assert.equal(isLinearizable(part), false);
      // What the witness leaves out cannot excuse it, whichever of it is put back.
      for (const more of history.reads) {
        if (!part.reads.includes(more)) assert.equal(isLinearizable({ ...part, reads: [...part.reads, more] }), false);
      }
      for (const more of history.writes) {
        if (!part.writes.includes(more))
          assert.equal(isLinearizable({ ...part, writes: [...part.writes, more] }), false);
      }
    });
  });

  it("regular, and a witness is by itself not regular", () => {
    compare(false, checkRegular, isRegular, (history, verdict) => {
      if (verdict.verdict === "no") assert.equal(isRegular(named(history, verdict)), false);
    });
  });

  it("regular with siblings", () => {
    compare(true, checkMultiValue, isMultiValueRegular);
    compare(false, checkMultiValue, isMultiValueRegular);
  });

  it("sorting blocks and searching orders agree where both apply", () => {
    fc.assert(
      fc.property(drawn, (made) => {
        const history = registerHistory(recordsOf({ ...made, withDeletes: false }, false));
        const writesThere = history.reads.every(({ versions, end }) =>
          versions.every((id) =>
            history.writes.some((one) => one.id === id && one.fate !== "refused" && one.start <= end),
          ),
        );
        fc.pre(writesThere);
        assert.equal(checkLinearizable(history).verdict, searchLinearization(history, { states: 100_000 }));
      }),
      { numRuns: RUNS, seed: 8 },
    );
  });

  it("linearizable implies regular", () => {
    fc.assert(
      fc.property(drawn, (made) => {
        const history = registerHistory(recordsOf(made, false));
        if (checkLinearizable(history).verdict === "yes") assert.equal(checkRegular(history).verdict, "yes");
      }),
      { numRuns: RUNS, seed: 9 },
    );
  });
});

const RUNS = 3000;

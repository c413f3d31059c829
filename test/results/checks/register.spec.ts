import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import type { OperationRecord } from "../../../results/record/history";
import { checkHistory, describeHistoryCheck } from "../../../results/checks/history-check";
import { checkRegister, type PromiseName } from "../../../results/checks/register";
import { history, linesOf, operation } from "./histories";

/** Verdicts in the order linearizable, regular, multi-value; a number of lines is the witness. */
function verdicts(text: string): (string | number[])[] {
  const found = checkRegister(history(text));
  return (["linearizable", "regular", "multiValue"] as const).map((promise) => {
    const verdict = found[promise];
    return verdict.verdict === "no" ? linesOf(verdict.witness) : verdict.verdict;
  });
}

function because(text: string, promise: PromiseName): string {
  const verdict = checkRegister(history(text))[promise];
  assert(verdict.verdict === "no");
  return verdict.witness.because;
}

describe("a register's history", () => {
  it("in which everything happened one after the other is fine", () => {
    const text = `
      read - 0-1
      write a 2-4
      read a 5-6
      write b 7-9
      read b 10-11`;
    assert.deepEqual(verdicts(text), ["yes", "yes", "yes"]);
    assert.deepEqual(verdicts(""), ["yes", "yes", "yes"]);
  });

  it("may show an overlapping write early or late", () => {
    const text = `
      write a 0-10
      write b 20-40
      read a 25-30
      read b 31-35
      read b 50-51`;
    assert.deepEqual(verdicts(text), ["yes", "yes", "yes"]);
  });

  it("with a new value and then the old one again is regular and not linearizable", () => {
    const text = `
      write a 0-10
      write b 20-90
      read b 30-40
      read a 50-60
      read b 95-99`;
    assert.deepEqual(verdicts(text), [[1, 2, 3, 4], "yes", "yes"]);
    assert.equal(
      because(text, "linearizable"),
      "the write w1.1 ended before the write w2.1 began, " +
        "and the write w2.1 must come before the write w1.1, because the read of w2.1 by session 0 ended before the read of w1.1 by session 0 began",
    );
  });

  it("that lost an acknowledged write is neither", () => {
    const text = `
      write a 0-10
      write b 20-30
      read a 40-50
      read b 60-61
      read a 70-71`;
    assert.deepEqual(verdicts(text), [
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
    assert.equal(
      because(text, "regular"),
      "the read of w1.1 by session 0 missed the write w2.1, which began after the write w1.1 had ended, and ended before the read began",
    );
    const regular = checkRegister(history(text)).regular;
    assert(regular.verdict === "no" && regular.offending === 2);
  });

  it("with a read of nothing after an acknowledged write is neither", () => {
    const text = `
      write a 0-10
      read - 5-6
      read - 11-12`;
    assert.deepEqual(verdicts(text), [
      [1, 3],
      [1, 3],
      [1, 3],
    ]);
  });

  it("with a read from the future is none of all", () => {
    const text = `
      write a 0-10
      read b 12-14
      write b 20-30`;
    assert.deepEqual(verdicts(text), [
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
    assert.match(because(text, "multiValue"), /began only after the read had ended/);
  });

  it("with a value that nobody wrote, or whose write was refused, is none of all", () => {
    assert.deepEqual(verdicts("read z 1-2"), [[1], [1], [1]]);
    assert.match(because("read z 1-2", "regular"), /no write of this key made it/);
    const refused = `
      write a 0-1 refused
      read a 2-3`;
    assert.deepEqual(verdicts(refused), [
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    assert.match(because(refused, "linearizable"), /refused for certain/);
    assert.deepEqual(verdicts("write a 0-1 refused\nread - 2-3"), ["yes", "yes", "yes"]);
  });

  it("with a write of unknown outcome may show it late or never", () => {
    assert.deepEqual(verdicts("write a 0-1\nwrite b 2-?\nread a 50-51\nread b 60-61"), ["yes", "yes", "yes"]);
    assert.deepEqual(verdicts("write a 0-1\nwrite b 2-?\nread a 50-51"), ["yes", "yes", "yes"]);
    const overwritten = "write a 0-1\nwrite b 2-?\nwrite c 5-6\nread b 50-51\nread b 52-53";
    // A store with siblings has no excuse for c: b never saw it and began before it ended.
    assert.deepEqual(verdicts(overwritten), ["yes", "yes", [2, 3, 4]]);
  });

  it("with a write of unknown outcome seen and then unseen is regular and not linearizable", () => {
    const text = `
      write a 0-1
      write b 2-?
      read b 10-11
      read a 20-21`;
    assert.deepEqual(verdicts(text), [[1, 2, 3, 4], "yes", "yes"]);
  });

  it("says nothing through reads that failed", () => {
    assert.deepEqual(verdicts("write a 0-1\nread z 2-3 failed"), ["yes", "yes", "yes"]);
  });

  it("orders nothing within a microsecond", () => {
    assert.deepEqual(verdicts("write a 0-10\nwrite b 10-20\nread a 20-30"), ["yes", "yes", "yes"]);
  });
});

describe("deletes", () => {
  it("explain reads of nothing, in whatever order that needs", () => {
    const text = `
      write a 0-10
      delete d 20-30
      read - 25-28
      read - 40-50
      write b 60-70
      read b 80-90
      delete e 85-?
      read - 95-96`;
    assert.deepEqual(verdicts(text), ["yes", "yes", "yes"]);
  });

  it("that came too late explain nothing", () => {
    const text = `
      write a 0-10
      read a 2-3
      write b 12-14
      read - 20-30
      delete d 40-50
      read - 60-70`;
    const [linearizable, ...others] = verdicts(text);
    assert.deepEqual(others, [
      [3, 4],
      [3, 4],
    ]);
    // Either write forbids it; one is enough.
    assert(Array.isArray(linearizable) && linearizable.length === 2 && linearizable.includes(4));
  });

  it("that are undone by an old value are caught, tombstone returned or not", () => {
    for (const seen of ["d", "-"]) {
      const text = `
        write a 0-10
        delete d 20-30
        read ${seen} 40-50
        read a 60-70`;
      const [linearizable, ...others] = verdicts(text);
      assert.deepEqual(others, [
        [1, 2, 4],
        [1, 2, 4],
      ]);
      assert(Array.isArray(linearizable) && linearizable.includes(4));
    }
  });

  it("make the search give up at its bound, and say so", () => {
    const writes = Array.from({ length: 12 }, (_, i) => `write ${String.fromCharCode(97 + i)} 0-100`);
    const deletes = Array.from({ length: 6 }, (_, i) => `delete ${String.fromCharCode(110 + i)} 0-100`);
    const text = [...writes, ...deletes, "read - 200-201", "read a 300-301"].join("\n");
    const { linearizable } = checkRegister(history(text), 500);
    assert.deepEqual(linearizable, {
      verdict: "unknown",
      reason: "the search for an order met its bound of 500 states",
    });
  });
});

describe("siblings", () => {
  it("are no register's, and regular while nothing acknowledged is missing", () => {
    const text = `
      write a 0-10
      write b 5-15
      read a,b 20-21
      write c 30-40 sees a,b
      read c 50-51`;
    const [linearizable, regular, multi] = verdicts(text);
    assert.deepEqual([linearizable, regular, multi], ["unknown", "unknown", "yes"]);
  });

  it("that lose one of two concurrent writes are caught", () => {
    const text = `
      write a 0-10
      write b 5-15
      write c 1-?
      read a,b 20-21
      read b 30-31`;
    assert.deepEqual(verdicts(text).at(-1), [1, 2, 5]);
    assert.match(because(text, "multiValue"), /the write w1.1 ended before the read of w2.1 by session 0 began/);
  });

  it("are followed through contexts, over a write that is not returned and began before", () => {
    // b began before a had ended, but carried a's value; c replaced b in turn.
    const text = `
      write a 0-20
      write b 10-30 sees a
      write c 15-40 sees b
      read c 50-51`;
    assert.deepEqual(verdicts(text).at(-1), "yes");
    assert.deepEqual(verdicts(text.replace(" sees b", "")).at(-1), [2, 3, 4]);
  });

  it("may be on their way while a write that overlaps the read replaces them", () => {
    assert.deepEqual(verdicts("write a 0-10\nwrite b 20-60\nread - 30-40").at(-1), "yes");
    assert.deepEqual(verdicts("write a 0-10\nwrite b 5-?\nread - 30-40").at(-1), [1, 3]);
    assert.deepEqual(verdicts("write a 0-10\nwrite b 5-? sees a\nread - 30-40").at(-1), "yes");
  });

  it("need not show a tombstone beside what it did not replace", () => {
    assert.deepEqual(verdicts("write a 0-10\ndelete d 5-15\nread a 20-21").at(-1), "yes");
    assert.deepEqual(verdicts("write a 0-10\ndelete d 5-15 sees a\nread a 20-21").at(-1), [1, 2, 3]);
  });
});

describe("a run's history", () => {
  const good = history("write a 0-10\nread a 20-30\nread a 40-50", "good");
  const bad = history("write a 0-10\nread - 20-30", "bad");
  const rare = history("write a 0-10", "rare");

  it("is checked key by key, and a key's violation names the key and its operations", () => {
    const checked = checkHistory([...bad, ...good, ...rare]);
    assert.deepEqual(checked.keys, { checked: 3, leftOut: 0 });
    assert.deepEqual(checked.operations, { checked: 6, leftOut: 0 });
    const { yes, no, unknown, violations } = checked.promises.regular;
    assert.deepEqual([yes, no, unknown], [2, 1, 0]);
    assert.deepEqual(
      violations.map(({ key }) => key),
      ["bad"],
    );
    assert.equal(
      describeHistoryCheck(checked),
      `checked 3 keys with 6 operations
linearizable: 2 yes, 1 no, 0 unknown
  key bad: the initial state comes before the write w1.1 by definition, and the write w1.1 must come before the initial state, because the write w1.1 ended before the read of nothing by session 0 began
    0-10 µs: session 1 wrote (w1.1), acknowledged
    20-30 µs: session 0 read nothing
regular: 2 yes, 1 no, 0 unknown
  key bad: the read of nothing by session 0 missed the write w1.1, which ended before the read began
    0-10 µs: session 1 wrote (w1.1), acknowledged
    20-30 µs: session 0 read nothing
regular with siblings: 2 yes, 1 no, 0 unknown
  key bad: the write w1.1 ended before the read of nothing by session 0 began; it was not returned, and nothing returned or under way came after it
    0-10 µs: session 1 wrote (w1.1), acknowledged
    20-30 µs: session 0 read nothing`,
    );
  });

  it("is bounded: the busiest keys whole, and what is left out is counted", () => {
    const checked = checkHistory([...rare, ...bad, ...good], { operations: 4 });
    assert.deepEqual(checked.keys, { checked: 2, leftOut: 1 });
    assert.deepEqual(checked.operations, { checked: 4, leftOut: 2 });
    assert.equal(checked.promises.regular.no, 0, "the bad key did not fit whole");
    assert.match(describeHistoryCheck(checked), /left out 1 keys and 2 operations/);
    const few = checkHistory([...good, ...bad, ...rare], { keys: 1 });
    assert.deepEqual([few.keys.checked, few.operations.leftOut, few.uncountedKeys], [1, 3, true]);
  });

  it("leaves out spans, scans, reads that failed and writes never sent", () => {
    const times = { start: 1, end: 2 };
    const records = [
      operation({ id: 1, kind: "rmw", ...times }),
      operation({ id: 2, kind: "scan", ...times, versions: [99] }),
      operation({ id: 3, kind: "read", ...times, outcome: "timeout", versions: [99] }),
      operation({ id: 4, kind: "update", ...times, outcome: "not_sent" }),
    ];
    const checked = checkHistory(records);
    assert.deepEqual(checked.operations, { checked: 0, leftOut: 0 });
    assert.deepEqual(checkRegister(records).linearizable, { verdict: "yes" });
  });
});

describe("a long history", () => {
  /** Sessions that work one operation after the other on a store of one copy; `broken` answers once with what was there before. */
  function long(size: number, deletes: boolean, broken: boolean): OperationRecord[] {
    const random = Random.fromSeed(`long ${size}`);
    const due: { readonly session: number; readonly start: number; readonly happens: number; readonly end: number }[] =
      [];
    for (let session = 0; session < 8; session++) {
      for (let i = 0, at = random.nextBelow(1000); i < size / 8; i++) {
        const end = at + 1 + random.nextBelow(1000);
        due.push({ session, start: at, happens: at + random.nextBelow(end - at + 1), end });
        at = end + 1 + random.nextBelow(1000);
      }
    }
    due.sort((a, b) => a.happens - b.happens);
    let held: number[] = [];
    let before: number[] = [];
    return due.map(({ session, start, end }, i) => {
      if (random.nextBelow(3) > 0) {
        const versions = broken && i > size * 0.9 && i < size * 0.91 ? before : held;
        return operation({ id: i, kind: "read", session, start, end, versions });
      }
      const isDelete = deletes && random.nextBelow(3) === 0;
      before = held;
      held = isDelete ? [] : [i + 1];
      return operation({ id: i, kind: isDelete ? "delete" : "update", session, start, end, writeId: i + 1 });
    });
  }

  for (const deletes of [false, true]) {
    it(`is decided ${deletes ? "by the search, within its bound" : "by sorting"}`, () => {
      assert.equal(checkRegister(long(8000, deletes, false)).linearizable.verdict, "yes");
      const { linearizable } = checkRegister(long(8000, deletes, true));
      assert(linearizable.verdict === "no" && linearizable.witness.operations.length <= 6);
    });
  }
});

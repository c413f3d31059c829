/** Field lengths by a histogram file of YCSB's: what is read, what is refused with its line, and which lengths are drawn. */
import assert from "node:assert/strict";
import { Random } from "../../../engine/vocabulary/random";
import { readFieldHistogram } from "../../../workloads/ycsb/field-histogram";
import { workloadFromProperties } from "../../../workloads/ycsb/import";
import { lengthChooser, longestField } from "../../../workloads/ycsb/record-values";
import { assertFits } from "../goodness-of-fit";

describe("field lengths by a histogram", () => {
  it("reads block size and weights, with either line ending and a blank end", () => {
    const expected = { dist: "histogram", blockBytes: 16, weights: [3, 0, 7] };
    assert.deepEqual(readFieldHistogram("BlockSize\t16\n0\t3\n1\t0\n2\t7\n\n"), expected);
    assert.deepEqual(readFieldHistogram("BlockSize\t16\r\n0\t3\r\n1\t0\r\n2\t7"), expected);
  });

  it("names the line that is wrong", () => {
    const wrong: Readonly<Record<string, RegExp>> = {
      "": /the file is empty/,
      "Block\t16\n0\t3": /line 1: "Block\t16" is not BlockSize/,
      "BlockSize\t0\n0\t3": /line 1: /,
      "BlockSize\t16\n0 3": /line 2: "0 3" is not a bucket, a tab and a count/,
      "BlockSize\t16\n0\t3\n2\t3": /line 3: bucket 2 where 1 comes next/,
      "BlockSize\t16\n0\t3\n0\t3": /line 3: bucket 0 where 1 comes next/,
      "BlockSize\t16\n0\t-3": /line 2: /,
      "BlockSize\t16\n0\t0\n1\t0": /no bucket has a count above 0/,
      "BlockSize\t16\n0\t2000000000\n1\t2000000000": /more than 2147483647/,
      "BlockSize\t16\n0\t5": /a single bucket means fields of 0 bytes/,
    };
    for (const [text, message] of Object.entries(wrong)) {
      const read = readFieldHistogram(text);
      assert("problem" in read, text);
      assert.match(read.problem, message);
    }
  });

  it("draws the lengths that YCSB draws: upper ends, the last bucket's being that of the one before it", () => {
    const length = { dist: "histogram", blockBytes: 10, weights: [500, 300, 0, 200] } as const;
    const draw = lengthChooser(length);
    const random = Random.fromSeed("lengths");
    const counts = new Map<number, number>();
    for (let i = 0; i < 200_000; i++) {
      const bytes = draw(random);
      counts.set(bytes, (counts.get(bytes) ?? 0) + 1);
    }
    assert.deepEqual([...counts.keys()].sort(), [10, 20, 30]);
    // Of a draw from 0 to 999 the first bucket has 0 to 500.
    assertFits(
      [10, 20, 30].map((bytes) => counts.get(bytes)!),
      [0.501, 0.3, 0.199],
    );
    assert.equal(longestField(length), 30);
  });

  it("is asked for by fieldlengthhistogram, hist.txt where nothing is said, and bounds a record", () => {
    const properties = new Map([
      ["workload", "core"],
      ["recordcount", "5"],
      ["fieldlengthdistribution", "histogram"],
    ]);
    const asked: string[] = [];
    const readFile = (path: string): { readonly text: string } => {
      asked.push(path);
      return { text: `BlockSize\t${path === "hist.txt" ? 16 : 100_000_000}\n0\t3\n1\t4\n` };
    };
    const read = workloadFromProperties(properties, { name: "test", readFile });
    assert(read.ok);
    assert.deepEqual(read.settings.records.fieldLength, { dist: "histogram", blockBytes: 16, weights: [3, 4] });
    properties.set("fieldlengthhistogram", "big");
    const tooLong = workloadFromProperties(properties, { name: "test", readFile });
    assert(!tooLong.ok);
    assert.match(tooLong.problems.join(), /fieldlength: records of 1000000000 bytes are above the limit/);
    assert.deepEqual(asked, ["hist.txt", "big"]);
  });
});

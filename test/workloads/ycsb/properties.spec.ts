import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_PROPERTY_CHARACTERS, propertyMap, readProperties } from "../../../workloads/ycsb/properties";

function entries(text: string): [string, string][] {
  const reading = readProperties(text);
  assert(reading.ok, "the text is well formed");
  return reading.entries.map(({ key, value }) => [key, value]);
}

describe("Java property files", () => {
  it("takes =, : and blanks as separators, with blanks around them", () => {
    assert.deepEqual(entries("a=1\nb:2\nc 3\n  d \t=\t 4\ne\nf = = g"), [
      ["a", "1"],
      ["b", "2"],
      ["c", "3"],
      ["d", "4"],
      ["e", ""],
      ["f", "= g"],
    ]);
  });

  it("skips blank lines and both kinds of comment, whose backslash continues nothing", () => {
    assert.deepEqual(entries("# one \\\n ! two\n\n \t\na=1\r\nb=2\rc=3"), [
      ["a", "1"],
      ["b", "2"],
      ["c", "3"],
    ]);
  });

  it("joins continued lines without their leading blanks; a # there is text", () => {
    assert.deepEqual(entries("list=1,\\\n   2,\\\n   #3\nnext=a\\\\\nlast=b\\"), [
      ["list", "1,2,#3"],
      ["next", "a\\"],
      ["last", "b"],
    ]);
  });

  it("undoes escapes, also in keys", () => {
    assert.deepEqual(entries("a\\=b\\ c=\\u0041\\t\\q\\\\\n"), [["a=b c", "A\tq\\"]]);
  });

  it("drops blanks at the end of a value, where Java's number parsing would fail, but not an escaped one", () => {
    assert.deepEqual(entries("recordcount=1000 \t\nlabel=run\\  "), [
      ["recordcount", "1000"],
      ["label", "run "],
    ]);
  });

  it("keeps lines and duplicates; in the map the last one wins, over several files in order", () => {
    const first = readProperties("# top\na=1\n\nb=\\\n2\na=3\n");
    const second = readProperties("b=4");
    assert(first.ok && second.ok);
    assert.deepEqual(
      first.entries.map(({ key, line }) => [key, line]),
      [
        ["a", 2],
        ["b", 4],
        ["a", 6],
      ],
    );
    assert.deepEqual(
      [...propertyMap(first.entries, second.entries)],
      [
        ["a", "3"],
        ["b", "4"],
      ],
    );
  });

  it("reports every malformed escape at once, with its line", () => {
    const reading = readProperties("a=\\u12\nb=fine\nc=\\uzzzz\n=nothing");
    assert(!reading.ok);
    assert.deepEqual(
      reading.problems.map(({ line }) => line),
      [1, 3, 4],
    );
    assert.match(reading.problems[0].message, /\\u12/);
  });

  it("refuses a text that is too long to be a property file", () => {
    const reading = readProperties("a".repeat(MAX_PROPERTY_CHARACTERS + 1));
    assert(!reading.ok);
    assert.match(reading.problems[0].message, /longer than/);
  });

  it("never throws, whatever it is given", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("\\", "u", "0", "=", ":", " ", "\n", "\r", "#", "x", "é") }),
        (text) => {
          const reading = readProperties(text);
          return reading.ok || reading.problems.length > 0;
        },
      ),
    );
  });

  it("reads back what Java's own escaping would have written", () => {
    const plain = fc.string({ unit: "binary-ascii", minLength: 1 });
    const escape = (text: string): string =>
      [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
    fc.assert(
      fc.property(plain, plain, (key, value) => {
        assert.deepEqual(entries(`${escape(key)}=${escape(value)}`), [[key, value]]);
      }),
    );
  });
});

/** A book outlives its process as it was, or is refused as a whole. */
import { strict as assert } from "node:assert";
import { type BucketEntry, MAX_VERSION } from "../../../engine/buckets/book";
import { BrokenBook, entriesFrom, textOfEntries } from "../../../engine/buckets/remembered";

const ENTRIES: readonly BucketEntry[] = [
  { type: "default", bucket: "b\xff\x00\n", said: { nVal: 1, w: "all", notfoundOk: false }, version: 3, node: 2 },
  { type: "fast", bucket: undefined, said: { siblings: "newest", nodeConfirms: 0 }, version: 4, node: 0 },
  { type: "fast", bucket: "x", said: {}, version: 9, node: 1 },
];

describe("what a node remembers of buckets", () => {
  it("is what it knew, octet by octet", () => {
    const read = entriesFrom(textOfEntries(ENTRIES));
    assert.deepEqual(read, ENTRIES);
  });

  const broken: readonly [string, string][] = [
    ["nothing", ""],
    ["half of it", textOfEntries(ENTRIES).slice(0, 90)],
    ["no object", "[]"],
    ["no list", `{"entries":{}}`],
    ...(
      [
        ["no entry", 7],
        ["no type", { type: 1 }],
        ["an empty type", { type: "" }],
        ["a type of no bytes", { type: "t\u0100" }],
        ["an empty bucket", { bucket: "" }],
        ["nothing said", { said: undefined }],
        ["something unknown", { said: { small_vclock: 3 } }],
        ["no copies", { said: { nVal: 0 } }],
        ["too many copies", { said: { nVal: 31 } }],
        ["half a copy", { said: { nVal: 1.5 } }],
        ["a word that is no quorum", { said: { r: "two" } }],
        ["a quorum of more than there can be", { said: { r: 254 } }],
        ["a flag that is none", { said: { basicQuorum: 1 } }],
        ["an unknown policy", { said: { siblings: "some" } }],
        ["version 0", { version: 0 }],
        ["a version after which there is none", { version: MAX_VERSION + 1 }],
        ["no node", { node: -1 }],
      ] as const
    ).map(([what, part]): [string, string] => [
      what,
      JSON.stringify({ entries: [ENTRIES[2], typeof part === "number" ? part : { ...ENTRIES[1], ...part }] }),
    ]),
  ];
  for (const [what, text] of broken)
    it(`is refused as a whole: ${what}`, () => assert.throws(() => entriesFrom(text), BrokenBook));
});

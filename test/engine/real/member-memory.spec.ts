/** What a node keeps beside its records, on a real file system: each slot by itself, whole or not at all. */
import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { textOfEntries } from "../../../engine/buckets/remembered";
import { MemberMemory } from "../../../engine/real/member-memory";

describe("a node's memory", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "memory-"));
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it("has nothing at first, then of each slot what was written last", () => {
    const memory = new MemberMemory(directory);
    assert.equal(memory.read("buckets"), undefined);
    const said = (nVal: number): string =>
      textOfEntries([{ type: "default", bucket: "b", said: { nVal }, version: nVal, node: 0 }]);
    memory.write("buckets", said(1));
    memory.write("buckets", said(2));
    assert.equal(new MemberMemory(directory).read("buckets"), said(2));
    assert.equal(memory.read("membership"), undefined);
  });

  it("is refused by name of its file where it is damaged", () => {
    writeFileSync(join(directory, "buckets.json"), `{"entries":[{}]}`);
    assert.throws(() => new MemberMemory(directory).read("buckets"), /buckets\.json: entries\[0\]/);
    writeFileSync(join(directory, "membership.json"), "{");
    assert.throws(() => new MemberMemory(directory).read("membership"), /membership\.json: it is no JSON/);
  });
});

import { strict as assert } from "node:assert";
import * as fs from "node:fs";
import { makeFolders } from "../../../results/record/files";
import { ResultsNotWritable } from "../../../results/record/results-not-writable";
import { RunWriter } from "../../../results/record/writer";

describe("makeFolders", () => {
  it("ends where the system refuses a new folder as missing, as below /proc", function () {
    if (!fs.existsSync("/proc/self")) {
      console.log("      skipped: no /proc on this system");
      this.skip();
    }
    assert.throws(() => makeFolders("/proc/no-such-folder/below"), { code: "ENOENT" });
    assert.throws(() => new RunWriter({ root: "/proc/no-such-folder", experiment: "e", run: "r" }), ResultsNotWritable);
  });
});

import { strict as assert } from "node:assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nextBootEpoch } from "../../../engine/real/boot-epoch";

describe("the boot epoch", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "quorumlab-epoch-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("rises by one at each boot, from one, and is on disk before it is told", () => {
    const home = join(folder, "not", "yet", "there");
    for (let boot = 1; boot <= 4; boot++) {
      assert.equal(nextBootEpoch(home), boot);
      assert.equal(readFileSync(join(home, "boot-epoch"), "utf8"), `${String(boot)}\n`);
    }
  });

  it("does not start over after a boot that died between writing and renaming", () => {
    nextBootEpoch(folder);
    writeFileSync(join(folder, "boot-epoch.new"), "");
    assert.equal(nextBootEpoch(folder), 2);
  });

  it("refuses a damaged count instead of reusing an old epoch, and names the file", () => {
    for (const damage of ["", "seven", "-1", "1.5", "1e300", "99999999"]) {
      writeFileSync(join(folder, "boot-epoch"), damage);
      assert.throws(
        () => nextBootEpoch(folder),
        ({ message }: Error) => message.includes(join(folder, "boot-epoch")),
        damage,
      );
    }
    rmSync(join(folder, "boot-epoch"));
    mkdirSync(join(folder, "boot-epoch"));
    assert.throws(
      () => nextBootEpoch(folder),
      ({ message }: Error) => message.includes(join(folder, "boot-epoch")),
    );
  });
});

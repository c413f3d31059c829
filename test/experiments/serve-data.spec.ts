/** The folder that `quorumlab serve --data` keeps: whose it is, and one process's at a time. */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepData } from "../../experiments/cli/serve-data";
import { settingsOf, temporaryFolder } from "../process/live-cluster";

describe("the data of a served cluster", () => {
  let folder = "";
  const settings = { ...settingsOf({ storage: { kind: "lmdb", sync: "group" } }), name: "one-served" };
  beforeEach(() => (folder = temporaryFolder()));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is made, given back and taken up again", () => {
    const at = join(folder, "deep", "er");
    keepData(at, settings).release();
    assert.deepEqual(readdirSync(at), ["quorumlab-serve.json"]);
    keepData(at, settings).release();
  });

  it("is not somebody else's", () => {
    writeFileSync(join(folder, "letter.txt"), "dear");
    assert.throws(() => keepData(folder, settings), /has files that are not of quorumlab serve/);
    assert.deepEqual(readdirSync(folder), ["letter.txt"], "nothing was written");
    assert.throws(() => keepData(join(folder, "letter.txt"), settings), /is a file and no folder/);
  });

  it("is not another cluster's, and says in what", () => {
    keepData(folder, settings).release();
    const other = { ...settings, engine: { ...settings.engine, clock: "lww" as const } };
    assert.throws(() => keepData(folder, other), /tunables\.clock differs \(tunables\.clock was \w+, now lww\)/);
    assert.throws(() => keepData(folder, { ...settings, seed: 12 }), /seed differs/);
    const wider = { ...settings, members: settings.members.slice(1) };
    assert.throws(() => keepData(folder, wider), /nodes differs/);
    // Neither of them kept it.
    keepData(folder, settings).release();
  });

  it("is one process's at a time, and nobody's once that has died", () => {
    const kept = keepData(folder, settings);
    assert.throws(
      () => keepData(folder, settings),
      new RegExp(`in use by another quorumlab serve, process ${process.pid}`),
    );
    kept.release();
    const dead = spawnSync(process.execPath, ["-e", "process.stdout.write(String(process.pid))"], { encoding: "utf8" });
    writeFileSync(join(folder, "quorumlab-serve.pid"), `${dead.stdout} 12345\n`);
    keepData(folder, settings).release();
    // A process that has the number by now, and is another.
    writeFileSync(join(folder, "quorumlab-serve.pid"), `${process.pid} 1\n`);
    keepData(folder, settings).release();
  });

  it("says so when what it was made for cannot be read", () => {
    mkdirSync(join(folder, "d"));
    writeFileSync(join(folder, "d", "quorumlab-serve.json"), "{");
    assert.throws(() => keepData(join(folder, "d"), settings), /cannot be read/);
    writeFileSync(join(folder, "d", "quorumlab-serve.json"), '{"schema": "quorumlab/serve-data@9"}');
    assert.throws(() => keepData(join(folder, "d"), settings), /another version/);
  });
});

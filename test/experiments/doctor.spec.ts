/** `quorumlab doctor`: each check against machines that lack what it looks for; and the command on the one it runs on. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { main } from "../../experiments/cli/main";
import { compiled, cores, diskSpace, memory, nodeVersion, pressure, type Check } from "../../experiments/environment";
import { optionalTools } from "../../experiments/optional-tools";
import { recordingIo } from "./recording-io";

describe("doctor", () => {
  let folder = "";
  const put = (path: string, seconds: number): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), "");
    utimesSync(join(folder, path), seconds, seconds);
  };
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "quorumlab-doctor-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("compares versions as numbers", () => {
    const state = (version: string): string => nodeVersion(version, "20.19").state;
    assert.deepEqual(["20.19.0", "20.20.1", "22.0.0", "20.9.9", "18.99.0", "20.19"].map(state), [
      "ok",
      "ok",
      "ok",
      "missing",
      "missing",
      "ok",
    ]);
    assert.ok(nodeVersion("18.0.0", "20.19").required);
  });

  it("sees that the program is not compiled, or older than a source", () => {
    assert.deepEqual([compiled(folder).state, compiled(folder).required], ["missing", true]);
    put("dist/experiments/cli/main.js", 1_000);
    assert.equal(compiled(folder).state, "ok", "an installed package has no sources");
    put("engine/ring/hash.ts", 2_000);
    const stale = compiled(folder);
    assert.deepEqual([stale.state, stale.found], ["warning", "older than engine/ring/hash.ts"]);
    put("dist/engine/ring/hash.js", 3_000);
    assert.equal(compiled(folder).state, "ok");
    put("results/runs/some/figure.ts", 4_000);
    put("engine/ring/hash.d.ts", 4_000);
    assert.equal(compiled(folder).state, "ok", "what is no source does not count");
  });

  it("judges company by pressure, and by load where the system tells no pressure", () => {
    const text = (avg: number): string =>
      `some avg10=${avg} avg60=1.00 avg300=0.50 total=1\nfull avg10=99.00 avg60=0 avg300=0 total=0\n`;
    assert.equal(pressure(text(3.5), 4, 9).state, "ok", "waiting counts, not running");
    assert.equal(pressure(text(40), 4, 0.1).state, "warning");
    assert.match(pressure(text(40), 4, 0.1).found, /^tasks waited 40 % of the last 10 s; load 0\.10 on 4 cores$/);
    assert.equal(pressure(undefined, 4, 2).state, "ok");
    assert.equal(pressure(undefined, 4, 3.5).state, "warning");
  });

  it("warns of few cores, a full disk, little memory", () => {
    assert.deepEqual([cores(2).state, cores(8).state], ["warning", "ok"]);
    assert.deepEqual(
      [diskSpace(1e8).state, diskSpace(5e9).state, diskSpace(Number.NaN).state],
      ["warning", "ok", "ok"],
    );
    assert.deepEqual([memory(5e8, 8e9).state, memory(4e9, 8e9).state], ["warning", "ok"]);
  });

  it("finds programs along PATH only where they can be run, and requires none", () => {
    const tool = (name: string, PATH: string): Check | undefined =>
      optionalTools({ PATH }).find((one) => one.name === name);
    assert.equal(tool("Redis", folder)?.state, "missing");
    put("redis-server", 1);
    assert.equal(tool("Redis", folder)?.state, "missing", "no program");
    chmodSync(join(folder, "redis-server"), 0o755);
    assert.deepEqual(
      [tool("Redis", `/nowhere:${folder}`)?.state, tool("Redis", folder)?.found],
      ["ok", join(folder, "redis-server")],
    );
    assert.equal(tool("LaTeX", "")?.state, "missing");
    assert.ok(optionalTools({}).every(({ required }) => !required));
    assert.equal(optionalTools({}).find(({ name }) => name === "typescript")?.state, "ok");
  });

  it("tells a line each, what is amiss with its use and its remedy, and ends well where nothing required is missing", async () => {
    const io = recordingIo(folder);
    const code = await main(["doctor"], { ...io, env: { PATH: "" } });
    const lines = io.out().split("\n");
    assert.match(lines[0], /^ok {7}Node\.js +\d+\.\d+/);
    assert.match(io.out(), /^missing {2}LaTeX +no pdflatex\n +for compiling an exported paper; apt-get install/m);
    const json = recordingIo(folder);
    await main(["doctor", "--json"], { ...json, env: { PATH: "" } });
    const document = JSON.parse(json.out()) as { schema: string; ok: boolean; checks: Check[] };
    assert.equal(document.schema, "quorumlab/doctor@1");
    assert.equal(code, document.ok ? 0 : 3);
    for (const check of document.checks) {
      assert.ok(check.neededFor !== "" && check.found !== "", check.name);
      assert.equal(check.advice === "", check.state === "ok", check.name);
    }
  });
});

/**
 * Files that extend others: what is merged and how, where mistakes of a base are told, what cannot be extended, and the
 * chain that `explain --why` prints. The merge is checked against a twin that knows plain objects alone.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { main } from "../../experiments/cli/main";
import { trialId } from "../../experiments/plan";
import type { Experiment, Problem } from "../../experiments/spec/experiment";
import { readExtended } from "../../experiments/spec/extends";
import { keptFiles, wholeText } from "../../experiments/spec/source-files";
import { toJson, written } from "../../experiments/spec/located";
import { Problems } from "../../experiments/spec/problems";
import { checkEverything, resolveExperiment, type ResolveRequest } from "../../experiments/spec/resolve";
import { recordingIo } from "./recording-io";

let folder = "";

function put(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function resolve(text: string, rest: Partial<ResolveRequest> = {}): Experiment {
  const resolution = resolveExperiment({ path: put("child.yaml", text), text, ...rest });
  assert.ok(resolution.ok, resolution.ok ? "" : resolution.problems.map((one) => one.message).join("\n"));
  return resolution.experiment;
}

/** As `file:line:column message`, without the folder. */
function told(text: string): readonly string[] {
  const resolution = resolveExperiment({ path: put("child.yaml", text), text });
  const problems: readonly Problem[] = resolution.ok ? resolution.experiment.warnings : resolution.problems;
  return problems
    .filter(({ severity }) => severity === "error")
    .map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`.replaceAll(`${folder}/`, ""));
}

const BASE = `name: the-base
title: The base
world: processes
tunables: {n_val: 3, r: 1, w: 1, timeout: {read: 5ms, write: 6ms}}
network: {intra_zone: {dist: uniform, min: 1ms, max: 2ms}}
faults:
  - {id: split, kind: partition, groups: [[node-1], [node-2, node-3]], at: 2s, for: 1s}
  - {id: stop, kind: pause, node: node-1, at: 5s, for: 1s}
sweep: {axes: {clock: [dvvset, lww]}}
profiles: {smoke: {phases: {measure: 7s}}}
`;

describe("an experiment that extends another", () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorumlab-extends-"));
    put("base.yaml", BASE);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("merges maps key by key, replaces lists and distributions whole, reaches items of lists by their id", () => {
    const experiment = resolve(
      "extends: ./base.yaml\n" +
        "tunables: {r: 2, timeout: {write: 9ms}}\n" +
        "network: {intra_zone: {dist: exponential, mean: 1ms}}\n" +
        "faults: {split: {for: 2s}}\n" +
        "sweep: {axes: {clock: [dvvset, dvv, vv-client]}}\n" +
        "profiles: {smoke: {repetitions: {count: 1}}}\n",
      { profile: "smoke" },
    );
    const [cell] = experiment.cells;
    const { engine, network } = cell.cluster;
    assert.deepEqual([engine.r, engine.w, engine.readTimeoutMs, engine.writeTimeoutMs], [2, 1, 5, 9]);
    assert.deepEqual(network.intraZone, { dist: "exponential", meanMs: 1, shiftMs: 0 });
    assert.match(JSON.stringify(cell.faults), /"forMs":2000.*"forMs":1000/);
    assert.deepEqual([experiment.cells.length, experiment.repetitions, cell.phases.measureMs], [3, 1, 7_000]);
    assert.equal(experiment.title, "The base");
  });

  it("keeps its own name: the base's results are not its results", () => {
    assert.equal(resolve("extends: ./base.yaml\n").name, "child");
    assert.equal(resolve("extends: ./base.yaml\nname: other\n").name, "other");
  });

  it("has the trials of a file that says the same itself", () => {
    const extended = resolve("extends: ./base.yaml\ntunables: {r: 2}\nsweep:\n");
    const flat = resolve(BASE.replace("r: 1", "r: 2").replace(/^sweep.*\n/m, ""));
    assert.deepEqual(
      extended.cells.map((cell) => trialId(cell, 1, "")),
      flat.cells.map((cell) => trialId(cell, 1, "")),
    );
  });

  it("takes keys away by an empty value, goes through chains, and knows the catalogue by name", () => {
    put("deep/middle.yaml", "extends: ../base.yaml\nname: middle\ntunables: {w: 3, r: }\nfaults:\n");
    const experiment = resolve("extends: deep/middle.yaml\ntunables: {w: 2}\n");
    const { engine } = experiment.cells[0].cluster;
    assert.deepEqual([engine.r, engine.w, experiment.name], ["quorum", 2, "child"]);
    assert.deepEqual(experiment.cells[0].faults, []);
    assert.deepEqual(
      experiment.source.bases?.map(({ path }) => path.slice(folder.length + 1)),
      ["deep/middle.yaml", "base.yaml"],
    );
    const ready = resolve("extends: quickstart\nrepetitions: {count: 1}\n");
    assert.match(ready.question, /\?/);
    assert.match(ready.source.bases![0].path, /catalogue\/quickstart\.yaml$/);
  });

  it("keeps its bases with a run, so that the copy says the same and its digest covers them", () => {
    put("deep/middle.yaml", "# middle\nextends: ../base.yaml\ntunables: {w: 3}\n");
    const { source, cells } = resolve("# mine\nextends: deep/middle.yaml   # why\nname: mine\ntunables: {r: 2}\n");
    const kept = keptFiles(source);
    assert.deepEqual(
      kept.map(([name]) => name),
      ["experiment.yaml", "experiment.base-1.yaml", "experiment.base-2.yaml"],
    );
    for (const [name, text] of kept) put(`kept/${name}`, text);
    assert.match(kept[0][1], /^# mine\nextends: \.\/experiment\.base-1\.yaml # why\nname: mine\n/);
    assert.equal(kept[2][1], BASE, "what extends nothing is as it was");
    const copy = resolveExperiment({ path: join(folder, "kept/experiment.yaml"), text: kept[0][1] });
    assert.ok(copy.ok);
    assert.deepEqual(
      copy.experiment.cells.map((cell) => trialId(cell, 1, "")),
      cells.map((cell) => trialId(cell, 1, "")),
    );
    const alone = { path: "a.yaml", text: "title: a\n" };
    assert.deepEqual([wholeText(alone), keptFiles(alone)], ["title: a\n", [["experiment.yaml", "title: a\n"]]]);
    put("base.yaml", BASE.replace("w: 1", "w: 2"));
    const changed = resolve("# mine\nextends: deep/middle.yaml   # why\nname: mine\ntunables: {r: 2}\n");
    put("base.yaml", BASE);
    assert.notEqual(wholeText(changed.source), wholeText(source));
  });

  it("starts paths at the file that says them", () => {
    put("deep/delays.csv", "share,ms\n0.5,1\n1,2\n");
    put("deep/measured.yaml", "world: processes\nnetwork: {intra_zone: {dist: empirical, file: delays.csv}}\n");
    const { network } = resolve("extends: deep/measured.yaml\n").cells[0].cluster;
    assert.equal(network.intraZone?.dist, "empirical");
  });

  it("says of every key where its value was written", () => {
    const { origins } = resolve("extends: ./base.yaml\ntunables:\n  w: 2\n", { sets: ["n_val=5"], profile: "smoke" });
    const { path } = { path: folder };
    assert.deepEqual(origins["tunables.r"], { from: "extends", where: `${path}/base.yaml:4:25` });
    assert.deepEqual(origins["tunables.w"], { from: "file", where: `${path}/child.yaml:3:6` });
    assert.deepEqual(origins["tunables.n_val"], { from: "set", where: "-S n_val=5" });
    assert.deepEqual(origins["phases.measure"], { from: "profile", where: `${path}/base.yaml:10:38` });
    assert.deepEqual(origins["tunables.pr"], { from: "default" });
    assert.deepEqual(origins["tunables.clock"], { from: "axis", where: `${path}/base.yaml:9:24` });
    assert.deepEqual(origins.faults, { from: "extends", where: `${path}/base.yaml:7:3` });
  });

  it("tells mistakes of a base in the base, those of the file first", () => {
    put("wrong.yaml", "world: processes\ntunables:\n  clok: dvvset\n  r: 9\n");
    const text = "\n\nextends: wrong.yaml\ntunables: {w: 8}\n";
    assert.deepEqual(told(text), [
      "child.yaml:4:15 w is 8 but n_val is 3; allowed: at most 3, or one, quorum, all",
      'wrong.yaml:3:3 unknown key "clok" in tunables; did you mean "clock"?',
      "wrong.yaml:4:6 r is 9 but n_val is 3; allowed: at most 3, or one, quorum, all",
    ]);
    const everything = checkEverything({ path: put("child.yaml", text), text });
    assert.deepEqual(
      everything.map(({ file, line }) => `${file.slice(folder.length + 1)}:${line}`),
      ["child.yaml:4", "wrong.yaml:3", "wrong.yaml:4"],
    );
    put("syntax.yaml", "tunables: {r: 1\n");
    assert.match(told("extends: syntax.yaml\n")[0], /^syntax\.yaml:2:1 YAML: /);
    assert.deepEqual(told("extends: base.yaml\nfaults: {splt: {at: 1s}}\n"), [
      'child.yaml:2:10 faults.splt: there is no fault "splt"; did you mean "split"?',
    ]);
  });

  it("tells at the line that extends why a base cannot be had", () => {
    put("big.yaml", `# ${"x".repeat(1_100_000)}\n`);
    writeFileSync(join(folder, "bytes.yaml"), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]));
    put("a.yaml", "name: a\nextends: b.yaml\n");
    put("b.yaml", "extends: a.yaml\n");
    symlinkSync(join(folder, "child.yaml"), join(folder, "link.yaml"));
    put("seven.yaml", "tags: 7\n");
    for (const [value, message] of [
      ["bse.yaml", 'extends "bse.yaml": there is no file bse.yaml; did you mean "base.yaml"?'],
      ["quikstart", 'extends "quikstart": there is no file quikstart; did you mean "quickstart"?'],
      ["./deep", 'extends "./deep": deep is a folder'],
      ["big.yaml", 'extends "big.yaml": big.yaml has 1100003 bytes; allowed: at most 1048576'],
      ["bytes.yaml", 'extends "bytes.yaml": bytes.yaml is not text in UTF-8'],
      ["child.yaml", "extends goes in a circle: child.yaml → child.yaml"],
      ["link.yaml", "extends goes in a circle: child.yaml → link.yaml"],
      ["https://example.org/a.yaml", 'extends is "https://example.org/a.yaml"; a base is a file, nothing is fetched'],
      [
        "[base.yaml]",
        'extends is ["base.yaml"]; it names one file beside this one, such as ./base.yaml, or an experiment of the catalogue',
      ],
      [
        '""',
        'extends is ""; it names one file beside this one, such as ./base.yaml, or an experiment of the catalogue',
      ],
    ])
      assert.deepEqual(told(`title: x\nextends: ${value}\n`), [`child.yaml:2:10 ${message}`], value);
    assert.deepEqual(told("extends: a.yaml\n"), ["b.yaml:1:10 extends goes in a circle: a.yaml → b.yaml → a.yaml"]);
  });

  it("stops at a chain too long to be read", () => {
    for (let i = 0; i < 12; i++) put(`long-${i}.yaml`, i === 11 ? "title: end\n" : `extends: long-${i + 1}.yaml\n`);
    const [only, ...more] = told("extends: long-0.yaml\n");
    assert.match(only, /^long-7\.yaml:1:10 extends goes through more than 8 files: child\.yaml → long-0\.yaml → /);
    assert.equal(more.length, 0);
    assert.deepEqual(told("extends: long-4.yaml\nworld: processes\n"), [], "seven are few enough");
  });

  it("is no axis, no flag and no part of a profile", () => {
    assert.deepEqual(told("world: processes\nprofiles: {smoke: {extends: base.yaml}}\n"), [
      "child.yaml:2:20 a profile cannot set extends",
    ]);
    assert.deepEqual(told("world: processes\nsweep: {axes: {extends: [a, b]}}\n"), [
      "child.yaml:2:16 extends cannot be an axis",
    ]);
    const flagged = resolveExperiment({ path: "x.yaml", text: "world: processes\n", sets: ["extends=base.yaml"] });
    assert.ok(!flagged.ok);
    assert.match(flagged.problems[0].message, /read before any flag/);
  });

  it("merges as plain objects are merged", () => {
    type Plain = string | number | readonly Plain[] | { readonly [key: string]: Plain };
    const isMap = (value: Plain | undefined): value is { readonly [key: string]: Plain } =>
      typeof value === "object" && !Array.isArray(value);
    const merged = (base: Plain | undefined, over: Plain): Plain =>
      isMap(base) && isMap(over) && !("dist" in over)
        ? Object.fromEntries(
            [...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [
              key,
              key in over ? merged(base[key], over[key]) : base[key],
            ]),
          )
        : isMap(over) && !isMap(base)
          ? Object.fromEntries(Object.entries(over).map(([key, value]) => [key, merged(undefined, value)]))
          : over;
    const { tree } = fc.letrec<{ tree: Plain; map: Plain }>((tie) => ({
      map: fc.dictionary(fc.constantFrom("a", "b", "c", "dist"), tie("tree"), { maxKeys: 3, noNullPrototype: true }),
      tree: fc.oneof(
        { depthSize: "small" },
        fc.integer(),
        fc.constantFrom("x", "y"),
        fc.array(fc.integer()),
        tie("map"),
      ),
    }));
    const map = fc.dictionary(fc.constantFrom("network", "workload", "tunables"), tree, {
      maxKeys: 3,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(map, map, (base, over) => {
        put("twin-base.yaml", JSON.stringify(base));
        const text = JSON.stringify({ extends: "twin-base.yaml", ...over });
        const read = readExtended({ path: join(folder, "twin.yaml"), text }, new Problems());
        // In lists that are there, keys address items: the reader refuses names that no item has.
        if (read === undefined) return;
        const got = toJson(written(read.steps[1].tree));
        if (listUnderMap(base, over)) return;
        assert.deepEqual(got, merged(base, over));
      }),
      { numRuns: 150 },
    );
    function listUnderMap(base: Plain | undefined, over: Plain): boolean {
      if (!isMap(over)) return false;
      if (Array.isArray(base)) return true;
      return Object.keys(over).some((key) => isMap(base) && listUnderMap(base[key], over[key]));
    }
  });
});

describe("explain --why", () => {
  const why = async (argv: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const io = recordingIo(process.cwd());
    const code = await main(["explain", "--why", ...argv], io);
    return { code, out: io.out().replaceAll(`${folder}/`, ""), err: io.err().replaceAll(`${folder}/`, "") };
  };
  let file = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorumlab-why-"));
    put("base.yaml", BASE);
    file = put("child.yaml", "extends: ./base.yaml\ntunables: {r: 2}\nfaults: {split: {at: 4s}}\n");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("prints what holds, where it stands, and what it overrode", async () => {
    const { code, out } = await why(["r", file, "-S", "r=3"]);
    assert.equal(code, 0);
    assert.deepEqual(
      out
        .trimEnd()
        .split("\n")
        .map((line) => line.trim().split(/ {2,}/)),
      [
        ["tunables.r"],
        ["3", "-S r=3"],
        ["2", "child.yaml:2:15", "overridden"],
        ["1", "base.yaml:4:25 (extends)", "overridden"],
        ["quorum", "default", "overridden"],
      ],
    );
  });

  it("says of a key that was taken away that the default holds", async () => {
    const { out } = await why(["tunables.r", file, "-S", "r="]);
    assert.match(out, /\(taken away\) +-S r=\n/);
    assert.match(out, /quorum +default +holds\n/);
  });

  it("knows axes, profiles, groups and items of lists", async () => {
    assert.match((await why(["clock", file])).out, /dvvset \| lww +base\.yaml:9:24 \(axis of the sweep\)/);
    assert.match(
      (await why(["phases", file, "-p", "smoke"])).out,
      /^phases\.measure\n +7s +base\.yaml:10:38 \(profile\)/,
    );
    assert.match(
      (await why(["faults.split.at", file])).out,
      /4s +child\.yaml:3:22\n +2s +base\.yaml:7:\d+ \(extends\)/,
    );
    assert.match((await why(["faults", file])).out, /child\.yaml:3:18\n/);
    assert.deepEqual((await why(["timeout", file])).out.match(/^tunables\S+$/gm), [
      "tunables.timeout.read",
      "tunables.timeout.write",
    ]);
  });

  it("is one document for programs", async () => {
    const { out } = await why(["r", file, "--json"]);
    assert.deepEqual(JSON.parse(out), {
      schema: "quorumlab/why@1",
      file: "child.yaml",
      keys: [
        {
          key: "tunables.r",
          chain: [
            { from: "file", value: 2, where: "child.yaml:2:15" },
            { from: "extends", value: 1, where: "base.yaml:4:25" },
            { from: "default", value: "quorum" },
          ],
          value: 2,
        },
      ],
    });
  });

  it("refuses unknown keys, a missing file, and files that cannot be read", async () => {
    const unknown = await why(["tunables.raed_repair", file]);
    assert.deepEqual(
      [unknown.code, unknown.err],
      [2, 'error: there is no key "tunables.raed_repair"; did you mean "tunables.read_repair"?\n'],
    );
    assert.match((await why(["r"])).err, /--why needs a file/);
    const io = recordingIo(process.cwd());
    assert.equal(await main(["explain", "r", file], io), 2);
    assert.match(io.err(), /a file is for --why: quorumlab explain --why r /);
    const broken = await why(["r", put("broken.yaml", "extends: nowhere.yaml\n")]);
    assert.equal(broken.code, 2);
    assert.match(broken.err, /broken\.yaml:1:10 {2}error +extends "nowhere\.yaml": there is no file/);
  });
});

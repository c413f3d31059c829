import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { CONFINED, isCore, roomOf, ROOMS, STRANGERS } from "./tidy/rooms";
import { lineOf, read, ROOT, type Source, sources, trackedFiles, visit } from "./tidy/sources";

/** Fails with every breach on a line of its own, and what to do instead. */
function none(breaches: readonly string[], instead: string): void {
  assert.ok(breaches.length === 0, `${instead}\n  ${[...new Set(breaches)].join("\n  ")}`);
}

/** Global names that bring the world, time or chance into the core, and what to use there. */
const WORLDLY: ReadonlyMap<string, string> = new Map([
  ["Date", "take `now: Micros` as an argument"],
  ["performance", "take `now: Micros` as an argument"],
  ["setTimeout", "answer from `nextWakeup`"],
  ["setInterval", "answer from `nextWakeup`"],
  ["setImmediate", "emit an effect; the host steps again"],
  ["queueMicrotask", "emit an effect; the host steps again"],
  ["process", "take what you need as an option; only the world knows its process"],
  ["Promise", "emit an effect and take its completion as an input"],
  ["Buffer", "use Uint8Array, DataView and vocabulary/octets"],
  ["Intl", "format in results/ or experiments/, with a locale that is given"],
  ["crypto", "fork a `Random` by name; hashes are in engine/ring"],
  ["WeakRef", "bound the table: when garbage is collected is no input"],
  ["FinalizationRegistry", "bound the table: when garbage is collected is no input"],
  ["require", "import it at the top of the file"],
]);

const LOCAL_DEPENDENT = new Set(["localeCompare", "toLocaleString", "toLocaleUpperCase", "toLocaleLowerCase"]);

/** Of Math, what gives the same bits on every engine. */
const EXACT_MATH = new Set([
  ..."abs ceil clz32 floor fround imul max min round sign sqrt trunc".split(" "),
  ..."PI E LN2 LN10 LOG2E LOG10E SQRT2 SQRT1_2".split(" "),
]);

/** The name of a property or member, not a use of a global. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) {
    return (ts.isPropertyAccessExpression(parent) ? parent.name : parent.right) === node;
  }
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return (
    (ts.isPropertyAssignment(parent) ||
      ts.isClassElement(parent) ||
      ts.isTypeElement(parent) ||
      ts.isEnumMember(parent)) &&
    parent.name === node
  );
}

const isIntegerLiteral = (node: ts.Expression): boolean => ts.isNumericLiteral(node) && /^[\d_]+$/.test(node.text);

function worldlinessOf({ path, tree, imports }: Source): string[] {
  const breaches: string[] = [];
  const breach = (node: ts.Node, what: string, instead: string): void => {
    breaches.push(`${path}:${String(lineOf(tree, node))} ${what}: ${instead}`);
  };
  for (const { specifier, target, line } of imports) {
    if (target === undefined)
      breaches.push(`${path}:${String(line)} imports ${specifier}: no module of Node or npm here`);
  }
  visit(tree, (node) => {
    if (ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.AsyncKeyword) {
      breach(node, "is asynchronous", "emit an effect and take its completion as an input");
    }
    if (ts.isIdentifier(node)) {
      const instead = WORLDLY.get(node.text);
      if (instead !== undefined && !isMemberName(node)) breach(node, node.text, instead);
    }
    if (ts.isPropertyAccessExpression(node)) {
      const name = node.name.text;
      if (LOCAL_DEPENDENT.has(name)) breach(node, name, "compare octets with < and >");
      if (node.expression.getText(tree) === "Math" && !EXACT_MATH.has(name)) {
        const instead = name === "random" ? "draw from a `Random` that is given" : "use vocabulary/mathematics";
        breach(node, `Math.${name}`, instead);
      }
      if (node.expression.getText(tree) === "globalThis") breach(node, "globalThis", "take what you need as an option");
    }
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken) {
      // 2 ** n only moves the exponent.
      const exact = node.left.getText(tree) === "2" || (isIntegerLiteral(node.left) && isIntegerLiteral(node.right));
      if (!exact) breach(node, "**", "use pow of vocabulary/mathematics; powers of 2 alone are exact everywhere");
    }
  });
  return breaches;
}

function named(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

describe("the house is tidy", function () {
  this.timeout(60_000);
  let all: readonly Source[] = [];
  let files: readonly string[] = [];
  const product = (): Source[] => all.filter(({ path }) => !path.startsWith("test/"));

  before(() => {
    files = trackedFiles();
    all = sources();
    assert.ok(all.length > 100, "the sources were found");
  });

  it("every source file stands in a known room", () => {
    none(
      all.filter(({ path }) => roomOf(path) === undefined).map(({ path }) => path),
      "These stand in no room. Move them, or add the room, in its place in the order, to test/tidy/rooms.ts:",
    );
  });

  it("rooms import only from rooms above them", () => {
    const breaches: string[] = [];
    for (const { path, imports } of all) {
      const room = roomOf(path);
      for (const { specifier, target, line } of imports) {
        if (target === undefined || room === undefined) continue;
        const from = roomOf(target);
        const where = `${path}:${String(line)} imports ${specifier}`;
        if (from === undefined) {
          breaches.push(`${where}, which is in no room`);
          continue;
        }
        if (from === room) continue;
        const confined = CONFINED.get(room.name);
        if (ROOMS.indexOf(from) > ROOMS.indexOf(room)) breaches.push(`${where}: ${from.name} is below ${room.name}`);
        else if (confined !== undefined && !confined.includes(from.name)) {
          breaches.push(`${where}: ${room.name} sees only ${confined.join(" and ") || "itself"}`);
        }
        if (STRANGERS.some((pair) => pair.includes(room.name) && pair.includes(from.name))) {
          breaches.push(`${where}: ${room.name} and ${from.name} never import each other`);
        }
      }
    }
    none(breaches, "Move what is shared to a room above both, or pass it in as an argument:");
  });

  it("no two files of a product room import each other in a ring of values", () => {
    const values = new Map(
      product().map(({ path, imports }) => [
        path,
        imports.flatMap(({ target, typeOnly }) => (target === undefined || typeOnly ? [] : [target])),
      ]),
    );
    const rings: string[] = [];
    const done = new Set<string>();
    const walk = (path: string, trail: readonly string[]): void => {
      const at = trail.indexOf(path);
      if (at >= 0) rings.push([...trail.slice(at), path].join(" → "));
      if (at >= 0 || done.has(path)) return;
      for (const next of values.get(path) ?? []) walk(next, [...trail, path]);
      done.add(path);
    };
    for (const path of values.keys()) walk(path, []);
    none(
      rings,
      "What is loaded first sees half a module. Import the type only, or move what both need to a third file:",
    );
  });

  it("below the host there is no world: no time, timer, chance, promise, module of Node or locale", () => {
    const core = product().filter(({ path }) => isCore(path));
    assert.ok(core.length > 40, `${String(core.length)} files are held to it`);
    none(
      core.flatMap(worldlinessOf),
      "The core is a value machine; equal inputs give equal effects on every machine. Instead:",
    );
  });

  it("files are named after what they are about", () => {
    none(
      files.filter((path) => /(^|\/)(utils?|helpers?|common|types?|managers?|misc|constants?)\.\w+$/.test(path)),
      "A drawer, not a concept. Name the file after the one thing in it, or split it:",
    );
  });

  it("the top level holds what is expected and nothing else", () => {
    const expected = new Set([
      ..."package.json package-lock.json tsconfig.json engine workloads experiments results notebooks test".split(" "),
      ..."README.md CHANGELOG.md CONTRIBUTING.md CITATION.cff LICENSE .ci".split(" "),
      // What tools ask for by name.
      ".eslint.config.mjs",
      ".gitattributes",
      ".gitignore",
      ".mocharc.json",
      ".npmrc",
      ".prettierignore",
      ".prettierrc.json",
    ]);
    const present = new Set(files.map((path) => path.split("/")[0]));
    none(
      [...present].filter((entry) => !expected.has(entry)),
      "Put these in the room they belong to, or justify a new top-level entry here:",
    );
    none(
      [...expected].filter((entry) => !present.has(entry) && !entry.startsWith(".git")),
      "The repository lacks:",
    );
  });

  it("no file is dead: all are reached from a command, a node process or a notebook", () => {
    const manifest = read("package.json");
    // Compiled programs, and scripts that developers start from source.
    const started = [
      ...[...manifest.matchAll(/\bdist\/([\w./-]+)\.js/g)].map((match) => `${match[1]}.ts`),
      ...[...manifest.matchAll(/\bts-node ((?!test\/)[\w./-]+\.ts)/g)].map((match) => match[1]),
    ];
    // Started by name, not imported: a process of each real node, one that overloads nodes, and threads of simulated trials and of raw histories.
    const entries = [
      "engine/real/server.ts",
      "engine/real/flood-process.ts",
      "experiments/load-process.ts",
      "experiments/trial-worker.ts",
      "results/record/history-thread.ts",
      ...started,
      ...files.filter((path) => path.endsWith(".nb.ts")),
    ];
    const reached = new Set<string>();
    const byPath = new Map(all.map((source) => [source.path, source]));
    const reach = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { target } of byPath.get(path)?.imports ?? []) if (target !== undefined) reach(target);
    };
    none(
      [...new Set(entries)].filter((path) => !byPath.has(path)),
      "package.json starts programs that are not there:",
    );
    entries.forEach(reach);
    none(
      product().flatMap(({ path }) => (reached.has(path) ? [] : [path])),
      "Nothing that runs comes here (tests alone do not count). Use it or delete it:",
    );
  });

  it("every test file is run, or used by one that is", () => {
    const used = new Set(all.flatMap(({ imports }) => imports.flatMap(({ target }) => target ?? [])));
    const named = [
      read("package.json"),
      ...all.filter(({ path }) => path.startsWith("test/")).map(({ path }) => read(path)),
    ];
    const isNamed = (path: string): boolean =>
      named.some((text) => text.includes(posix.basename(path)) || text.includes(posix.basename(path, ".ts") + ".js"));
    none(
      all.flatMap(({ path }) =>
        !path.startsWith("test/") || path.endsWith(".spec.ts") || used.has(path) || isNamed(path) ? [] : [path],
      ),
      "mocha runs *.spec.ts; no test imports or starts these. Rename, use or delete:",
    );
  });

  it("no import leads nowhere", () => {
    none(
      all.flatMap(({ path, imports }) =>
        imports.flatMap(({ specifier, target, line }) =>
          target?.endsWith("(missing)") === true && !specifier.endsWith(".json")
            ? [`${path}:${String(line)} ${specifier}`]
            : [],
        ),
      ),
      "The file is not there:",
    );
  });

  it("no test shuts the others out", () => {
    const breaches: string[] = [];
    for (const { path, tree } of all) {
      visit(tree, (node) => {
        if (!ts.isPropertyAccessExpression(node) || node.name.text !== "only") return;
        if (/^(describe|context|suite|it|specify|test)$/.test(node.expression.getText(tree))) {
          breaches.push(`${path}:${String(lineOf(tree, node))}`);
        }
      });
    }
    none(breaches, "Remove `.only`; run one test with `npx mocha -g`:");
  });

  it("every dependency is used, and everything used is a dependency", () => {
    const manifest = JSON.parse(read("package.json")) as {
      scripts: Record<string, string>;
      name: string;
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
      optionalDependencies?: Record<string, string>;
    };
    const lint = ".eslint.config.mjs";
    const users = [
      ...all,
      {
        path: lint,
        imports: [...read(lint).matchAll(/from "([^"]+)"/g)].map((match) => ({
          specifier: match[1],
          target: undefined,
        })),
      },
    ];
    const importers = new Map<string, string[]>();
    for (const { path, imports } of users) {
      for (const { specifier, target } of imports) {
        if (target !== undefined || specifier.startsWith(".") || specifier.startsWith("node:")) continue;
        const name = named(specifier);
        // What people who use the package write stands here as templates and notebooks.
        if (name === manifest.name) continue;
        importers.set(name, [...(importers.get(name) ?? []), path]);
      }
    }
    const scripts = Object.values(manifest.scripts).join(" ");
    /** Tools that are started or named in settings, never imported. */
    const started = (name: string): boolean =>
      (["eslint", "prettier", "mocha", "ts-node"].includes(name) && new RegExp(`\\b${name}\\b`).test(scripts)) ||
      (name === "typescript" && /\btsc\b/.test(scripts)) ||
      (name === "@swc/core" && read("tsconfig.json").includes('"swc": true')) ||
      (name.startsWith("@types/") &&
        // Types that packages used do not bring themselves.
        (importers.has(name.slice("@types/".length)) ||
          read("test/tsconfig.json").includes(`"${name.slice("@types/".length)}"`)));
    const listed = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    none(
      Object.keys(listed).filter((name) => !importers.has(name) && !started(name)),
      "Listed in package.json and used nowhere. Use or remove:",
    );
    none(
      [...importers].flatMap(([name, paths]) =>
        listed[name] === undefined ? [`${name}, imported by ${paths[0]}`] : [],
      ),
      "Imported but not listed in package.json:",
    );
    none(
      [...importers].flatMap(([name, paths]) => {
        const shipped = paths.find((path) => roomOf(path) !== undefined && !path.startsWith("test/"));
        const there = manifest.dependencies[name] ?? manifest.optionalDependencies?.[name];
        return shipped !== undefined && there === undefined ? [`${name}, imported by ${shipped}`] : [];
      }),
      "The product needs these at run time: list them under `dependencies`, or where it can do without under `optionalDependencies`:",
    );
    none(
      Object.keys(manifest.dependencies).filter((name) =>
        (importers.get(name) ?? []).every((path) => path.startsWith("test/")),
      ),
      "Only tests need these: list them under `devDependencies`:",
    );
    none(
      Object.entries(listed).flatMap(([name, version]) =>
        /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) ? [] : [`${name} ${version}`],
      ),
      "Results must not change with the day of installation. Pin the exact version:",
    );
  });

  it("the lock file names no address of a registry", () => {
    const lock = read("package-lock.json");
    none(
      [...lock.matchAll(/"resolved": "([^"]*)"/g)].slice(0, 5).map((match) => match[1]),
      "It would tie everybody to one mirror. `omit-lockfile-registry-resolved=true` belongs in .npmrc; addresses found:",
    );
    assert.match(lock, /"integrity": "sha512-/, "checksums stay");
  });

  it("no tracked file speaks of a folder of one machine", () => {
    // Somebody's home stands in tests for what must not be told.
    const machine = new RegExp(`(^|[\\s"'\`(=:,])/(${["work", "root", "home", "Users"].join("|")})/(?!someone/)`);
    const breaches: string[] = [];
    for (const path of files) {
      if (/\.(png|ico|woff2?|gz|hdr|pdf)$/.test(path)) continue;
      read(path)
        .split("\n")
        .forEach((line, at) => {
          if (machine.test(line)) breaches.push(`${path}:${String(at + 1)} ${line.trim().slice(0, 80)}`);
        });
    }
    none(breaches, "Others have no such folder. Use a relative path, os.tmpdir() or an option:");
  });

  it("no tracked file is what tools make", () => {
    none(
      files.filter(
        (path) => /^(dist|node_modules|coverage|results\/(runs|bench))\//.test(path) || path.endsWith(".tsbuildinfo"),
      ),
      "git rm --cached these; .gitignore should name them:",
    );
    for (const made of ["dist", "node_modules", "results/runs"]) {
      assert.ok(read(".gitignore").includes(made), `.gitignore names ${made}`);
    }
    assert.ok(existsSync(join(ROOT, "package-lock.json")), "the lock file is there");
  });

  it("the lock file names every optional package, those of other platforms too", () => {
    const lock = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    none(
      Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
        Object.keys(optionalDependencies).flatMap((name) =>
          lock.packages[`node_modules/${name}`] === undefined ? [`${name}, wanted by ${path}`] : [],
        ),
      ),
      "npm ci refuses such a lock file; add the entry with its version, os, cpu and optional: true:",
    );
  });
});

/**
 * A notebook held against its types, by the TypeScript of the project it stands in. A cell that no run reaches (an exercise, a branch)
 * is checked too, and an editor's complaint is the same as this one. The library is taken from this program, as it is when the
 * notebook runs.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { packageRoot } from "../catalogue";
import { LIBRARY } from "./bundle";
import { cellInWords, readCells } from "./cells";
import type { NotebookError } from "./notebook-process";

export type TypeCheck =
  | { readonly checked: true; readonly errors: readonly NotebookError[] }
  /** Why not. */
  | { readonly checked: false; readonly reason: string };

/** All notebooks at once: most of the time goes into what they import. `read`: the text of one. */
export async function checkTypes(
  files: readonly string[],
  read: (file: string) => string,
  signal: AbortSignal,
): Promise<TypeCheck> {
  const compiler = compilerFor(files[0]);
  if (compiler === undefined)
    return {
      checked: false,
      reason: "types were not checked: typescript is not installed here (npm install -D typescript)",
    };
  const folder = mkdtempSync(join(tmpdir(), "quorumlab-types-"));
  try {
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(projectFor(files)));
    const { code, text } = await run([compiler, "-p", folder, "--pretty", "false"], signal);
    const errors = text.split("\n").flatMap((line) => errorOf(line, folder, read));
    if (code !== 0 && errors.length === 0 && !signal.aborted)
      return { checked: false, reason: `types were not checked: ${text.trim().split("\n")[0] ?? ""}` };
    return { checked: true, errors };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compilerFor(file: string): string | undefined {
  for (const from of [file, join(packageRoot(), "package.json")]) {
    try {
      return createRequire(from).resolve("typescript/bin/tsc");
    } catch {
      // Not there; perhaps in the next.
    }
  }
  return undefined;
}

function projectFor(files: readonly string[]): object {
  const built = join(packageRoot(), "dist", "experiments", "notebook", "library.d.ts");
  const roots = [...new Set(files.flatMap((file) => above(dirname(file))).concat(packageRoot()))]
    .map((folder) => join(folder, "node_modules", "@types"))
    .filter((folder) => existsSync(folder));
  return {
    compilerOptions: {
      ...{ target: "es2022", lib: ["es2023"], module: "esnext", moduleResolution: "bundler" },
      ...{ strict: true, noEmit: true, skipLibCheck: true, esModuleInterop: true, resolveJsonModule: true },
      ...{ types: roots.some((root) => existsSync(join(root, "node"))) ? ["node"] : [], typeRoots: roots },
      paths: { [LIBRARY]: [existsSync(built) ? built : join(__dirname, "library.ts")] },
    },
    files,
  };
}

function above(folder: string): string[] {
  const parent = resolve(folder, "..");
  return parent === folder ? [folder] : [folder, ...above(parent)];
}

function run(argv: readonly string[], signal: AbortSignal): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"], signal });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (text += part));
    child.on("error", (error) => (signal.aborted ? done({ code: 1, text: "" }) : fail(error)));
    child.on("close", (code) => done({ code: code ?? 1, text }));
  });
}

function errorOf(line: string, folder: string, read: (file: string) => string): NotebookError[] {
  const found = /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/.exec(line.trim());
  if (found === null) return [];
  const file = resolve(folder, found[1]);
  const at = Number(found[2]);
  const cell = file.endsWith(".nb.ts") ? readCells(read(file)).cells.findLast((one) => one.line <= at) : undefined;
  return [
    {
      ...{ file, line: at, column: Number(found[3]) },
      cell: cell === undefined ? "" : cellInWords(cell),
      message: `${found[5]} (${found[4]})`,
    },
  ];
}

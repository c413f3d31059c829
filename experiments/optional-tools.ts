/**
 * Programs and packages that some commands can use and none needs: found where a shell, or `require`, would find them. `doctor` names
 * for each what is lost without it, because most people need none of them.
 */
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { packageRoot } from "./catalogue";
import type { Check } from "./environment";

export type Environment = Readonly<Record<string, string | undefined>>;

/** `env`: where PATH is looked up. */
export function optionalTools(env: Environment): readonly Check[] {
  return [...TOOLS.map((tool) => checkTool(tool, env)), ...PACKAGES.map(checkPackage)];
}

interface Tool {
  readonly name: string;
  readonly programs: readonly string[];
  readonly neededFor: string;
  readonly advice: string;
}

const TOOLS: readonly Tool[] = [
  {
    name: "taskset",
    programs: ["taskset"],
    neededFor: "pinning nodes to cores (cluster.pin), on Linux",
    advice: "apt-get install util-linux",
  },
  {
    name: "LaTeX",
    programs: ["pdflatex"],
    neededFor: "compiling an exported paper",
    advice: "apt-get install texlive-latex-recommended texlive-pictures lmodern",
  },
  {
    name: "Jupyter",
    programs: ["jupyter"],
    neededFor: "running exported .ipynb again (they open without)",
    advice: "apt-get install jupyter-nbconvert jupyter-client",
  },
  {
    name: "Chromium",
    programs: ["chromium", "chromium-browser", "google-chrome"],
    neededFor: "tests that look at pages; any browser opens a report",
    advice: "apt-get install chromium",
  },
  {
    name: "Redis",
    programs: ["redis-server"],
    neededFor: "target: redis on this machine",
    advice: "apt-get install redis-server",
  },
];

function checkTool({ name, programs, neededFor, advice }: Tool, env: Environment): Check {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const path = programs.flatMap((program) => folders.map((folder) => join(folder, program))).find(isProgram);
  return {
    name,
    state: path === undefined ? "missing" : "ok",
    required: false,
    found: path ?? `no ${programs[0]}`,
    neededFor,
    advice: path === undefined ? advice : "",
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const PACKAGES: readonly (readonly [name: string, neededFor: string])[] = [
  ["typescript", "quorumlab notebook check, which compiles notebooks"],
  ["ioredis", "target: redis"],
  ["cassandra-driver", "target: cassandra"],
  ["@aws-sdk/client-dynamodb", "target: dynamodb"],
];

function checkPackage([name, neededFor]: (typeof PACKAGES)[number]): Check {
  const folder = packageFolder(name);
  return {
    name,
    state: folder === undefined ? "missing" : "ok",
    required: false,
    found: folder === undefined ? "not installed" : versionIn(folder),
    neededFor,
    advice: folder === undefined ? `npm install ${name}` : "",
  };
}

/** From this package upwards, as `require` would look. */
function packageFolder(name: string): string | undefined {
  for (let folder = packageRoot(); ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

function versionIn(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly version: string }).version;
}

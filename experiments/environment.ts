/**
 * What a machine has to have, and what makes its numbers doubtful: the rows of `quorumlab doctor`. A row says what it is needed for and
 * how to get it, so that nobody installs a browser to run a simulation. Nothing here waits for more than a moment or changes anything.
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, freemem, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { packageRoot } from "./catalogue";
import { optionalTools, type Environment } from "./optional-tools";

export interface Check {
  readonly name: string;
  readonly state: "ok" | "warning" | "missing";
  /** Without it nothing works. */
  readonly required: boolean;
  /** What was seen. */
  readonly found: string;
  readonly neededFor: string;
  /** How to get it, or what to do about it; empty where all is well. */
  readonly advice: string;
}

/** All checks, the required ones first. `cwd`: where results would be written. */
export async function checkEnvironment(cwd: string, env: Environment): Promise<readonly Check[]> {
  return [
    nodeVersion(process.versions.node, nodeWanted()),
    compiled(packageRoot()),
    writable(cwd),
    await loopback(),
    disk(cwd),
    cores(availableParallelism()),
    pressure(pressureText(), availableParallelism(), loadavg()[0]),
    memory(freeBytes(), totalmem()),
    ...optionalTools(env),
  ];
}

export function nodeVersion(version: string, wanted: string): Check {
  const ok = atLeast(version, wanted);
  return {
    name: "Node.js",
    state: ok ? "ok" : "missing",
    required: true,
    found: `${version}${ok ? "" : `, which is older than ${wanted}`}`,
    neededFor: "everything",
    advice: ok ? "" : `install ${wanted} or newer: https://nodejs.org, or your system's packages`,
  };
}

function atLeast(version: string, wanted: string): boolean {
  const [have, want] = [version, wanted].map((text) => text.split(".").map(Number));
  for (let i = 0; i < want.length; i++) {
    if ((have[i] ?? 0) !== want[i]) return (have[i] ?? 0) > want[i];
  }
  return true;
}

function nodeWanted(): string {
  const content = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
    readonly engines: { readonly node: string };
  };
  return content.engines.node.replace(/^[^\d]*/, "");
}

/** Rooms whose sources are compiled. */
const ROOMS = ["engine", "workloads", "experiments", "results"];

/** `root`: the package's folder. In an installed package there are no sources. */
export function compiled(root: string): Check {
  const program = join(root, "dist", "experiments", "cli", "main.js");
  const common = {
    name: "compiled program",
    required: true,
    neededFor: "nodes as processes, and a quick start",
  } as const;
  const advice = "npm run build, in the folder of the clone";
  const built = statSync(program, { throwIfNoEntry: false });
  if (built === undefined) return { ...common, state: "missing", found: `no ${program}`, advice };
  const newest = newestSource(root);
  if (newest === undefined || newest.mtimeMs <= newestBelow(join(root, "dist"), ".js", ROOMS)!.mtimeMs)
    return {
      ...common,
      state: "ok",
      found: newest === undefined ? "there" : "there, and newer than its sources",
      advice: "",
    };
  return { ...common, state: "warning", found: `older than ${newest.path}`, advice };
}

interface Dated {
  readonly path: string;
  readonly mtimeMs: number;
}

function newestSource(root: string): Dated | undefined {
  return newestBelow(root, ".ts", ROOMS);
}

function newestBelow(root: string, ending: string, folders: readonly string[]): Dated | undefined {
  let newest: Dated | undefined;
  for (const folder of folders.filter((name) => existsSync(join(root, name)))) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (["runs", "bench", "templates", "node_modules"].includes(entry.name)) continue;
      const found = entry.isDirectory()
        ? newestBelow(root, ending, [path])
        : entry.name.endsWith(ending) && !entry.name.endsWith(".d.ts")
          ? { path, mtimeMs: statSync(join(root, path)).mtimeMs }
          : undefined;
      if (found !== undefined && (newest === undefined || found.mtimeMs > newest.mtimeMs)) newest = found;
    }
  }
  return newest;
}

export function writable(folder: string): Check {
  const common = { name: "results folder", required: true, neededFor: "keeping what was measured" } as const;
  const results = ["results/runs", "results", "."].map((part) => join(folder, part)).find(existsSync) ?? folder;
  try {
    accessSync(results, constants.W_OK);
    return { ...common, state: "ok", found: `${results} can be written`, advice: "" };
  } catch {
    return {
      ...common,
      state: "missing",
      found: `${results} cannot be written`,
      advice: "work elsewhere, or use -o DIR",
    };
  }
}

function loopback(): Promise<Check> {
  const common = {
    name: "loopback port",
    required: true,
    neededFor: "nodes as processes, which talk over 127.0.0.1",
  } as const;
  return new Promise((done) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      done({
        ...common,
        state: "missing",
        found: `none can be opened (${error.code ?? error.message})`,
        advice: "allow listening on 127.0.0.1",
      }),
    );
    server.listen(0, "127.0.0.1", () =>
      server.close(() => done({ ...common, state: "ok", found: "127.0.0.1 listens", advice: "" })),
    );
  });
}

function disk(folder: string): Check {
  let free: number;
  try {
    const status = statfsSync(folder);
    free = status.bavail * status.bsize;
  } catch {
    free = Number.NaN;
  }
  return diskSpace(free);
}

/** NaN: the system does not tell. */
export function diskSpace(free: number): Check {
  const little = free < 1e9;
  return {
    name: "free disk",
    state: little ? "warning" : "ok",
    required: false,
    found: Number.isNaN(free) ? "this system does not tell" : gigabytes(free),
    neededFor: "raw histories, and cluster.storage: lmdb",
    advice: little ? "make room, or use -o DIR on another disk; quorumlab plan says what a run takes" : "",
  };
}

export function cores(count: number): Check {
  const few = count < 4;
  return {
    name: "cores",
    state: few ? "warning" : "ok",
    required: false,
    found: String(count),
    neededFor: "real processes: nodes and load share what there is (simulation does not mind)",
    advice: few ? "keep clusters of processes small and rates low; the run says when it doubts itself" : "",
  };
}

function pressureText(): string | undefined {
  try {
    return readFileSync("/proc/pressure/cpu", "utf8");
  } catch {
    return undefined;
  }
}

/** Some task waited for a core so much of the time. */
const MOST_PRESSURE_PERCENT = 10;
/** Of the cores; without pressure to look at. */
const MOST_LOAD = 0.7;

/** `text`: of /proc/pressure/cpu. */
export function pressure(text: string | undefined, count: number, load: number): Check {
  const some = /^some avg10=([\d.]+)/m.exec(text ?? "")?.[1];
  const busy = some === undefined ? load > MOST_LOAD * count : Number(some) > MOST_PRESSURE_PERCENT;
  const loadText = `load ${load.toFixed(2)} on ${count} ${count === 1 ? "core" : "cores"}`;
  return {
    name: "company",
    state: busy ? "warning" : "ok",
    required: false,
    found: some === undefined ? loadText : `tasks waited ${Number(some)} % of the last 10 s; ${loadText}`,
    neededFor: "wall-clock numbers: other programs on the cores become latency of the store",
    advice: busy ? "wait for a quiet machine, or use world: simulation" : "",
  };
}

/** What could be had, on Linux; elsewhere what lies idle. */
function freeBytes(): number {
  try {
    const kib = /^MemAvailable: +(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
    if (kib !== undefined) return Number(kib) * 1_024;
  } catch {
    // No such file elsewhere.
  }
  return freemem();
}

export function memory(free: number, total: number): Check {
  const little = free < 1e9;
  return {
    name: "memory",
    state: little ? "warning" : "ok",
    required: false,
    found: `${gigabytes(free)} of ${gigabytes(total)} free`,
    neededFor: "large clusters, and -j",
    advice: little ? "close something, or use -j 1" : "",
  };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

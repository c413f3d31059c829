/**
 * Where a run came from: the code, the machine, the command. Enough to run it again and to doubt it; never the whole
 * environment, which may hold secrets, and never a path of the machine.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type as osType } from "node:os";
import { join } from "node:path";
import type { RunManifest } from "../results/record/run-folder";
import { packageRoot } from "./catalogue";

export interface CodeProvenance {
  readonly code: RunManifest["quorumlab"];
  /** The uncommitted change, when there is one. */
  readonly patch: string | undefined;
}

const ENVIRONMENT = ["NODE_OPTIONS", "NODE_ENV", "CI", "UV_THREADPOOL_SIZE"];
const GIT_PATIENCE_MS = 3_000;
const MAX_PATCH_BYTES = 4 * 1024 * 1024;

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string }).version;
}

/** Version, commit and uncommitted change; nulls where there is no git checkout of our own. */
export function codeProvenance(): CodeProvenance {
  const root = packageRoot();
  const git = (...args: string[]): string | undefined => {
    try {
      return execFileSync("git", ["-C", root, ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        timeout: GIT_PATIENCE_MS,
        maxBuffer: MAX_PATCH_BYTES,
      });
    } catch {
      return undefined;
    }
  };
  // A package installed below somebody else's checkout is not that checkout.
  const own = existsSync(join(root, ".git"));
  const commit = own ? git("rev-parse", "HEAD")?.trim() : undefined;
  const status = commit === undefined ? undefined : git("status", "--porcelain", "--untracked-files=no");
  const dirty = status === undefined ? null : status.trim() !== "";
  const patch = dirty === true ? git("diff", "HEAD") : undefined;
  const lockfile = join(root, "package-lock.json");
  return {
    code: {
      version: packageVersion(),
      commit: commit ?? null,
      dirty,
      patchSha256: patch === undefined ? null : sha256(patch),
      lockfileSha256: existsSync(lockfile) ? sha256(readFileSync(lockfile)) : null,
    },
    patch,
  };
}

export function machineProvenance(): RunManifest["machine"] {
  const cores = cpus();
  return {
    node: process.version,
    v8: process.versions.v8,
    os: osType(),
    kernel: release(),
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryBytes: totalmem(),
    container: insideContainer(),
  };
}

/** The one-minute load average. */
export function loadAverage(): number {
  return loadavg()[0];
}

export function allowedEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** null where nothing tells. */
function insideContainer(): boolean | null {
  if (existsSync("/.dockerenv") || existsSync("/run/.containerenv")) return true;
  try {
    return /docker|kubepods|containerd|lxc/.test(readFileSync("/proc/1/cgroup", "utf8")) ? true : null;
  } catch {
    return null;
  }
}

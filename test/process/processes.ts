/**
 * Which operating-system processes live, for tests that nothing is left behind. A process that has ended but was not
 * yet collected by its new parent (a zombie) counts as gone: it runs nothing and holds nothing.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "latin1");
    return !/\) [ZX] /.test(stat.slice(stat.lastIndexOf(")")));
  } catch {
    // Gone meanwhile, or a system without /proc.
    return process.platform !== "linux";
  }
}

/** Processes whose command line mentions `text`: nodes are started with a file in the cluster's own directory. */
export function processesNaming(text: string): readonly number[] {
  if (process.platform !== "linux") {
    const lines = spawnSync("ps", ["-A", "-ww", "-o", "pid=,args="], { encoding: "utf8" }).stdout.split("\n");
    return lines.filter((line) => line.includes(text)).map((line) => Number.parseInt(line, 10));
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${String(pid)}/cmdline`, "latin1").includes(text) && alive(pid);
      } catch {
        return false;
      }
    });
}

/** Processes that were started by `parent` and live. */
export function childrenOf(parent: number): readonly number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const [pid, of] = line.trim().split(/\s+/).map(Number);
    return of === parent && alive(pid) ? [pid] : [];
  });
}

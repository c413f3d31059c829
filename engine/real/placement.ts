/**
 * Which processor core each process runs on. On few cores a quorum's latency depends more on where the scheduler puts
 * the processes than on most tunables, so a run either pins them or says that it did not.
 */
import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { accessSync, constants } from "node:fs";

export type PinSettings = "auto" | "none" | readonly (readonly number[])[];

export interface Placement {
  /** Cores of node i; undefined leaves it to the scheduler. */
  readonly nodes: readonly (readonly number[])[] | undefined;
  readonly driver: readonly number[] | undefined;
  /** Of processes that make the load, in turn; undefined leaves them where the driver is. */
  readonly loads?: readonly (readonly number[])[];
  /** For the report. */
  readonly description: string;
}

/** Cores this process may use, from the kernel where it tells. */
export function allowedCores(): readonly number[] {
  try {
    const line = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
    const cores = line.split(",").flatMap((part) => {
      const [from, to] = part.split("-").map(Number);
      return Array.from({ length: (to ?? from) - from + 1 }, (_, i) => from + i);
    });
    return cores.filter((core) => Number.isInteger(core));
  } catch {
    return [];
  }
}

/** Full path of `taskset`, where installed. */
export function findTaskset(): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, "taskset");
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

/**
 * `auto`: the driver on a core of its own, nodes dealt over the others; with two cores all nodes share one. Several `drivers`
 * have a core each, but never more than half of the cores together. Without `taskset`, or with a single core, nothing is
 * pinned and the description says why.
 */
export function place(
  pin: PinSettings,
  nodes: number,
  cores: readonly number[] = allowedCores(),
  taskset = findTaskset(),
  drivers = 1,
): Placement {
  const unpinned = (why: string): Placement => ({ nodes: undefined, driver: undefined, description: `none (${why})` });
  if (pin === "none") return unpinned("as asked");
  if (taskset === undefined) return unpinned("taskset is not installed");
  if (pin !== "auto") {
    const lists = Array.from({ length: nodes }, (_, i) => pin[i % pin.length]);
    // One list more than there are nodes is the driver's.
    const driver = pin.length > nodes ? pin[nodes] : undefined;
    return {
      nodes: lists,
      driver,
      description: `nodes ${lists.map((list) => list.join("+")).join(" ")}, driver ${driver === undefined ? "unpinned" : driver.join("+")}`,
    };
  }
  if (cores.length < 2) return unpinned("a single core");
  const own = cores.slice(-Math.min(drivers, Math.floor(cores.length / 2)));
  const others = cores.slice(0, -own.length);
  const lists = Array.from({ length: nodes }, (_, i) => [others[i % others.length]]);
  return {
    nodes: lists,
    driver: own,
    ...(drivers === 1 ? {} : { loads: own.map((core) => [core]) }),
    description: `pinned: ${String(nodes)} nodes on core${others.length > 1 ? "s" : ""} ${others.slice(0, nodes).join(", ")}, ${drivers === 1 ? "driver" : `${String(drivers)} drivers`} on core${own.length > 1 ? "s" : ""} ${own.join(", ")}`,
  };
}

/** Moves this whole process (all threads) to `cores`; returns a way back. */
export function pinThisProcess(cores: readonly number[] | undefined): () => void {
  const taskset = findTaskset();
  const before = allowedCores();
  if (cores === undefined || taskset === undefined || before.length === 0) return () => undefined;
  const move = (to: readonly number[]): void => {
    spawnSync(taskset, ["-a", "-cp", to.join(","), String(process.pid)], { stdio: "ignore" });
  };
  move(cores);
  return () => move(before);
}

/** Moves a running process, all its threads, to `cores`. Rejects when the system refuses. */
export function pinProcess(pid: number, cores: readonly number[]): Promise<void> {
  const taskset = findTaskset();
  if (taskset === undefined) return Promise.reject(new Error("taskset is not installed"));
  return new Promise((resolve, reject) => {
    execFile(taskset, ["-a", "-cp", cores.join(","), String(pid)], (error) => {
      if (error === null) resolve();
      else
        reject(new Error(`cannot pin process ${String(pid)} to ${cores.join(",")}: ${error.message.split("\n")[0]}`));
    });
  });
}

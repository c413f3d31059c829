/**
 * The rooms of the house in their order: a room may import from itself and from rooms above it. A file belongs to the
 * first room whose folder, or very path, it is in.
 */

export interface Room {
  readonly name: string;
  /** Folders end in a slash. */
  readonly paths: readonly string[];
}

/** From the top down. `clocks` stands above `messages`: what nodes say carries contexts and versions. */
export const ROOMS: readonly Room[] = [
  { name: "engine/vocabulary", paths: ["engine/vocabulary/"] },
  { name: "results/record", paths: ["results/record/"] },
  { name: "engine/clocks", paths: ["engine/clocks/"] },
  { name: "engine/buckets, what is said of them", paths: ["engine/buckets/properties.ts", "engine/buckets/book.ts"] },
  { name: "engine/messages and io", paths: ["engine/messages.ts", "engine/io.ts"] },
  { name: "engine/ring", paths: ["engine/ring/"] },
  { name: "engine/detectors", paths: ["engine/detectors/"] },
  { name: "engine/quorum", paths: ["engine/quorum/"] },
  { name: "engine/buckets", paths: ["engine/buckets/"] },
  { name: "engine/replica", paths: ["engine/replica/"] },
  { name: "engine/handoff", paths: ["engine/handoff/"] },
  { name: "engine/antientropy", paths: ["engine/antientropy/"] },
  { name: "engine/membership", paths: ["engine/membership/"] },
  { name: "engine/node", paths: ["engine/node.ts"] },
  { name: "engine/wire", paths: ["engine/wire/"] },
  { name: "engine/host", paths: ["engine/host/"] },
  { name: "engine/riak", paths: ["engine/riak/"] },
  { name: "engine/http", paths: ["engine/http/"] },
  { name: "engine/pb", paths: ["engine/pb/"] },
  { name: "engine/real", paths: ["engine/real/"] },
  { name: "engine/sim", paths: ["engine/sim/"] },
  { name: "workloads", paths: ["workloads/"] },
  { name: "results", paths: ["results/"] },
  { name: "notebooks", paths: ["notebooks/"] },
  { name: "experiments", paths: ["experiments/"] },
  { name: "test", paths: ["test/"] },
];

/** Rooms apart: neither may import the other, whatever their order. */
export const STRANGERS: readonly (readonly [string, string])[] = [["engine/real", "engine/sim"]];

/** Rooms that see of all that is above them only what is named here. */
export const CONFINED: ReadonlyMap<string, readonly string[]> = new Map([
  ["engine/vocabulary", []],
  ["results/record", []],
  ["results", ["engine/vocabulary", "results/record"]],
  ["notebooks", ["results", "results/record"]],
]);

export function roomOf(path: string): Room | undefined {
  return ROOMS.find(({ paths }) => paths.some((part) => (part.endsWith("/") ? path.startsWith(part) : path === part)));
}

/** What must run in a browser and give equal effects for equal inputs: no world in it. */
export function isCore(path: string): boolean {
  if (path.startsWith("engine/")) return !/^engine\/(real|riak|http|pb)\//.test(path);
  if (!path.startsWith("workloads/")) return false;
  return !OUTSIDE_THE_DRIVER.some((part) => path.startsWith(part));
}

/** Of the workloads, what meets files, sockets and real time. */
const OUTSIDE_THE_DRIVER: readonly string[] = [
  "workloads/targets/",
  "workloads/real-time.ts",
  "workloads/loader.ts",
  // Reads YCSB property files from disk.
  "workloads/ycsb/import.ts",
  "workloads/ycsb/properties.ts",
];

/**
 * Where a store of somebody else is: what `hosts` says, or where such a store is found when it was started on this machine
 * as its own manual says. Never anywhere else: an address that nobody wrote, from the environment or a profile of a cloud, would
 * put a load on a store, and a bill, that nobody meant.
 */
import { nodeAt, type LocatedMap } from "./located";
import type { Problems } from "./problems";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

/** Stores that other people wrote, and where each listens unless told otherwise. */
export const LOOPBACK_HOSTS = {
  riak: "127.0.0.1:8098",
  cassandra: "127.0.0.1:9042",
  dynamodb: "127.0.0.1:8000",
  redis: "127.0.0.1:6379",
} as const;

export type OtherStoreName = keyof typeof LOOPBACK_HOSTS;

/** Reached by one address alone. */
const ONE_ADDRESS: readonly OtherStoreName[] = ["dynamodb", "redis"];

export function isOtherStore(target: string): target is OtherStoreName {
  return Object.hasOwn(LOOPBACK_HOSTS, target);
}

/** Undefined where the cell's target is this project's own cluster, which says itself where it is. */
export function hostsOf(values: Values): readonly string[] | undefined {
  const target = values.text("target");
  if (!isOtherStore(target)) return undefined;
  return (values.get("hosts") as readonly string[] | undefined) ?? [LOOPBACK_HOSTS[target]];
}

export function checkHostsUse(values: Values, warn: Warn, problems: Problems): void {
  if (!values.given("hosts") || !values.sound("hosts", "target")) return;
  const target = values.text("target");
  const at = values.place("hosts");
  if (!isOtherStore(target)) {
    if (targetVaries(values.tree)) {
      warn(at, `hosts has no effect on cells of target ${target}, which starts its own cluster`);
      return;
    }
    const others = Object.keys(LOOPBACK_HOSTS).join(", ");
    problems.error(
      at,
      `hosts belongs to a target of somebody else (${others}); target ${target} starts its own cluster`,
    );
    return;
  }
  const hosts = values.get("hosts") as readonly string[];
  if (ONE_ADDRESS.includes(target) && hosts.length > 1)
    problems.error(at, `hosts has ${hosts.length} entries, and target ${target} is reached by one`);
  const cloud = hosts.find((host) => /\.amazonaws\.com(\.cn)?:/i.test(host));
  if (cloud !== undefined)
    problems.error(
      at,
      `hosts names ${cloud}; a load is never put on a cloud's own DynamoDB: the credentials that go along are made up. Start DynamoDB local or dynalite (workloads/targets/README.md)`,
    );
}

/** Other cells may have a target that hosts belongs to. */
function targetVaries(tree: LocatedMap): boolean {
  const axes = nodeAt(tree, ["sweep", "axes"]);
  if (axes?.kind !== "map") return false;
  return [...axes.entries].some(([name, { node }]) => {
    const zip = node.kind === "map" ? node.entries.get("zip")?.node : undefined;
    return name === "target" || (zip?.kind === "map" && zip.entries.has("target"));
  });
}

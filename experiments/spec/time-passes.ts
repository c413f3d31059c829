/**
 * In virtual time a closed workload whose operations take no time performs infinitely many of them before the first
 * microsecond is over: the run would never end. On processes this cannot happen, so nobody thinks of it. Time passes for
 * certain when clients think, when every operation crosses something that costs time, or when some do that every client
 * comes to sooner or later; a coordinator that answers alone, out of its own store, crosses no link.
 */
import { coordinatesPuts } from "./client-driven";
import { resolveQuorum } from "../../engine/quorum/arithmetic";
import { distributionOf } from "../../engine/vocabulary/distributions";
import type { DistributionSettings, QuorumValue } from "../../engine/vocabulary/settings";
import type { WorkloadSettings } from "../../workloads/settings";
import type { Problems } from "./problems";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

/** Crossed by every operation. */
const EVERY_OPERATION = [
  "network.client",
  "node_model.service.message",
  "network.wars.w",
  "network.wars.a",
  "network.wars.r",
  "network.wars.s",
];
/** Crossed by a coordinator's messages to itself. */
const TO_ITSELF = ["network.local", "simulation.local_delay"];
const BETWEEN_NODES = ["network.intra_zone", "network.inter_zone"];
const SERVICE = ["message", "read", "write", "sync"].map((name) => `node_model.service.${name}`);
const COSTS = [
  ...EVERY_OPERATION,
  ...TO_ITSELF,
  ...BETWEEN_NODES,
  ...SERVICE,
  "network.balancer",
  "network.zone_pairs",
];

/** Asked only of a cell in which nothing else is wrong: a delay that could not be read looks like none. */
export function checkTimePasses(
  values: Values,
  nodes: number,
  workload: WorkloadSettings,
  warn: Warn,
  problems: Problems,
): void {
  const { load } = workload;
  if (problems.hasErrors) return;
  // A script has an end, whatever its steps take.
  if (workload.mixture?.name === "scripted") return;
  warnOfNoTime(values, load.model !== "closed", warn);
  if (values.text("world") !== "simulation" || load.model !== "closed" || load.targetPerSecond !== undefined) return;
  if (takesTime(load.think)) return;
  const costs = (key: string): boolean => takesTime(values.get(key) as DistributionSettings | undefined);
  // Where there is a disk, every operation loads, and writes store.
  const disk = ["node_model.service.read", ...(writesOf(workload) > 0 ? ["node_model.service.write"] : [])];
  if (workload.routing === "any" && costs("network.balancer")) return;
  const ownDisk = values.text("cluster.storage") === "memory" ? [] : disk;
  if ([...EVERY_OPERATION, ...TO_ITSELF, ...ownDisk].some(costs)) return;
  const pairs = (values.get("network.zone_pairs") ?? []) as readonly (readonly [string, DistributionSettings])[];
  const between = BETWEEN_NODES.some(costs) || pairs.some(([, delay]) => takesTime(delay));
  if (between && !answeredAlone(values, nodes, workload)) return;
  const key = ["network.intra_zone", "network.inter_zone", "workload.model", "world"].find((name) =>
    values.given(name),
  );
  const why = between
    ? "a coordinator answers every operation alone and without any cost"
    : "nothing in this simulation takes time";
  problems.error(
    values.place(key ?? "world"),
    `${why}, so a closed workload would do endlessly many operations in its first instant; give network.client${between ? "" : " or network.intra_zone"} a delay (such as 0.5ms), or workload.think, or use workload.model: open`,
  );
}

/**
 * An open workload ends all the same, and reports latencies of nothing: most likely somebody took the simulation's network for
 * one that has delays by itself. Whoever writes down that it has none knows.
 */
function warnOfNoTime(values: Values, open: boolean, warn: Warn): void {
  if (!open || values.text("world") !== "simulation" || COSTS.some((key) => values.given(key))) return;
  warn(
    values.place(values.given("world") ? "world" : "workload.model"),
    "nothing in this simulation takes time, so every latency will be nought; give network.intra_zone a delay (such as 1ms), and node_model.service.message one (such as 100us) if nodes are to have a capacity",
  );
}

function takesTime(settings: DistributionSettings | undefined): boolean {
  return settings !== undefined && distributionOf(settings).meanMicros !== 0;
}

/** Whether every operation asked for can be answered by one node that holds the key and is asked itself. */
function answeredAlone(values: Values, nodes: number, workload: WorkloadSettings): boolean {
  const { mix, routing } = workload;
  const n = values.number("tunables.n_val");
  if (nodes > n && routing === "any") return false;
  const one = (name: string): boolean => (resolveQuorum(values.get(`tunables.${name}`) as QuorumValue, n) ?? 0) <= 1;
  // What a client coordinates crosses network.client, and nothing between nodes.
  const driven = routing === "client-driven";
  const reads = driven || (one("r") && one("pr") && one("node_confirms"));
  const writes = (driven && coordinatesPuts(values)) || (one("w") && one("dw") && one("pw") && one("node_confirms"));
  const readsAsked = mix.read + mix.rmw + mix.scan;
  return (readsAsked === 0 || reads) && (writesOf(workload) === 0 || writes);
}

function writesOf({ mix }: WorkloadSettings): number {
  return mix.update + mix.insert + mix.delete + mix.blindWrite + mix.rmw;
}

/**
 * What no key can know alone: a quorum above N, more replicas than nodes, a range for nobody. Contradictions are errors;
 * what is legal but weak (R + W <= N) is a warning that travels into the report, because studying it may be the point.
 */
import { MAX_SCANNED } from "../../engine/messages";
import { resolveQuorum } from "../../engine/quorum/arithmetic";
import type { QuorumValue } from "../../engine/vocabulary/settings";
import type { WorkloadSettings } from "../../workloads/settings";
import type { PhaseSettings, World } from "./experiment";
import { checkClientDriven } from "./client-driven";
import { checkClocks } from "./clock-checks";
import { checkDetector } from "./detector";
import { checkDrawnKinds, checkFaults, checkFaultTimes } from "./fault-checks";
import type { ReadFaults } from "./faults";
import { checkHostsUse } from "./hosts";
import type { Place } from "./located";
import { checkMembership } from "./membership";
import { checkMixture } from "./mixes";
import { checkZonePairs } from "./network";
import type { Problems } from "./problems";
import { checkReads } from "./reads";
import { checkRepair } from "./repair";
import { checkRing } from "./ring";
import { checkTarget } from "./target-checks";
import { checkTimePasses } from "./time-passes";
import type { Values } from "./values";
import { checkDistributions, checkWorld } from "./world-checks";

const OF_THE_DISK = ["node_model.service.read", "node_model.service.write", "node_model.service.sync"];

export interface MemberPlan {
  readonly id: string;
  readonly zone: string;
  readonly weight: number;
  readonly speed?: number;
  /** Not there from the beginning. */
  readonly joins?: true;
}

/** Nodes in order of their zones, or undefined when counts contradict each other. */
export function resolveMembers(values: Values, problems: Problems): readonly MemberPlan[] | undefined {
  if (!values.sound("cluster.nodes", "cluster.zones", "cluster.weights", "cluster.speed", "cluster.spares"))
    return undefined;
  const zones = values.get("cluster.zones") as readonly (readonly [string, number])[] | undefined;
  const sum = zones?.reduce((total, [, count]) => total + count, 0);
  const nodes = sum !== undefined && !values.given("cluster.nodes") ? sum : values.number("cluster.nodes");
  if (sum !== undefined && sum !== nodes) {
    problems.error(
      values.place("cluster.zones"),
      `cluster.zones hold ${sum} nodes but cluster.nodes is ${nodes}; make them agree, or leave cluster.nodes out`,
    );
    return undefined;
  }
  const zoneOf =
    zones === undefined
      ? Array<string>(nodes).fill("a")
      : zones.flatMap(([zone, count]) => Array<string>(count).fill(zone));
  const zoneNames = zones?.map(([zone]) => zone) ?? ["a"];
  const spares = Array.from({ length: values.number("cluster.spares") }, (_, i) => zoneNames[i % zoneNames.length]);
  const weights = factors(values, "cluster.weights");
  const speeds = factors(values, "cluster.speed");
  const members = [...zoneOf, ...spares].map((zone, i): MemberPlan => {
    const id = `node-${i + 1}`;
    const speed = speeds.get(id);
    return {
      id,
      zone,
      weight: weights.get(id) ?? 1,
      ...(speed === undefined ? {} : { speed }),
      ...(i < nodes ? {} : { joins: true as const }),
    };
  });
  const ids = new Set(members.map(({ id }) => id));
  for (const [key, named] of [
    ["cluster.weights", weights],
    ["cluster.speed", speeds],
  ] as const) {
    for (const id of named.keys()) {
      if (!ids.has(id))
        problems.error(values.place(key), `${key} names "${id}", but the nodes are node-1 to node-${members.length}`);
    }
  }
  return members;
}

function factors(values: Values, key: string): ReadonlyMap<string, number> {
  return new Map((values.get(key) ?? []) as readonly (readonly [string, number])[]);
}

/** What of a cell could be read; the rest has been told. */
export interface UncheckedCell {
  readonly values: Values;
  readonly members: readonly MemberPlan[] | undefined;
  readonly workload: WorkloadSettings | undefined;
  readonly phases: PhaseSettings | undefined;
  readonly faults: ReadFaults;
  /** Of all cells. */
  readonly worlds: ReadonlySet<World>;
}

/** Returns the weak choices of this cell in words. */
export function crossCheck(cell: UncheckedCell, problems: Problems): readonly string[] {
  const { values, members, workload, phases, faults, worlds } = cell;
  const weak: string[] = [];
  const warn = (at: Place, message: string): void => {
    weak.push(message);
    problems.warning(at, message);
  };
  checkHostsUse(values, warn, problems);
  checkQuorums(values, warn, (message) => weak.push(message), problems);
  if (members !== undefined) checkCluster(values, members, warn, problems);
  checkTimes(values, warn, problems);
  checkWorld(values, members?.length, worlds, warn, problems);
  checkTarget({ values, workload, faults }, warn, problems);
  checkDistributions(values, warn, problems);
  checkClocks(values, warn);
  checkClientDriven(values, warn, problems);
  checkRepair(values, warn);
  checkMembership(values, members, warn, problems);
  checkReads(values, warn);
  if (members !== undefined) checkZonePairs(values, members, problems);
  if (faults.kind === "random") checkDrawnKinds(faults.settings.kinds, values, warn);
  else {
    if (phases !== undefined) checkFaultTimes(faults.times, phases, warn, problems);
    if (members !== undefined) checkFaults(faults.faults, { values, members }, warn, problems);
  }
  if (workload !== undefined) checkMixture(values, workload, phases, warn, problems);
  if (workload !== undefined && workload.mix.scan > 0 && workload.records.scan.max > MAX_SCANNED) {
    const at = values.place(values.given("workload.ycsb") ? "workload.ycsb" : "workload.mix.scan");
    const { max } = workload.records.scan;
    warn(at, `scans ask for up to ${max} records, and an answer brings ${MAX_SCANNED} at most: longer ones end there`);
  }
  if (workload !== undefined && members !== undefined)
    checkTimePasses(values, members.length, workload, warn, problems);
  return weak;
}

function checkQuorums(
  values: Values,
  warn: (at: Place, message: string) => void,
  note: (message: string) => void,
  problems: Problems,
): void {
  if (!values.sound("tunables.n_val")) return;
  const n = values.number("tunables.n_val");
  for (const name of ["r", "w", "pr", "pw", "dw", "node_confirms"]) {
    const key = `tunables.${name}`;
    const value = values.get(key);
    if (typeof value !== "number" || value <= n) continue;
    const at = values.given(key) ? values.place(key) : values.place("tunables.n_val");
    problems.error(at, `${name} is ${value} but n_val is ${n}; allowed: at most ${n}, or one, quorum, all`);
  }
  if (!values.sound("tunables.r", "tunables.w")) return;
  const r = resolveQuorum(values.get("tunables.r") as QuorumValue, n);
  const w = resolveQuorum(values.get("tunables.w") as QuorumValue, n);
  if (r === undefined || w === undefined || r + w > n) return;
  const at = values.place(
    values.given("tunables.r") ? "tunables.r" : values.given("tunables.w") ? "tunables.w" : "tunables.n_val",
  );
  const message = `r + w = ${r + w} does not exceed n_val = ${n} (r ${r}, w ${w}): a read may miss the latest acknowledged write`;
  // Who varies a quorum asks what the weak ones cost: the cell says that it is one, the file is in order.
  const varied = ["r", "w", "n_val"].some((name) => values.place(`tunables.${name}`).origin === "axis");
  if (varied) note(message);
  else warn(at, message);
}

function checkCluster(
  values: Values,
  members: readonly MemberPlan[],
  warn: (at: Place, message: string) => void,
  problems: Problems,
): void {
  const nodes = members.filter(({ joins }) => joins !== true).length;
  const n = values.get("tunables.n_val") as number | undefined;
  if (n !== undefined && n > nodes) {
    const at = values.place(
      values.given("tunables.n_val")
        ? "tunables.n_val"
        : values.given("cluster.nodes")
          ? "cluster.nodes"
          : "cluster.zones",
    );
    problems.error(at, `n_val is ${n} but there are ${nodes} nodes; every replica needs a node of its own`);
  }
  checkRing(values, members, warn, problems);
  if (values.given("cluster.sync") && values.text("cluster.storage") === "memory") {
    warn(values.place("cluster.sync"), "cluster.sync has no effect with cluster.storage memory; it belongs to lmdb");
  }
  // In a sweep over storage it is what the other cells need.
  const inMemory = values.text("world") === "simulation" && values.text("cluster.storage") === "memory";
  if (inMemory && values.place("cluster.storage").origin !== "axis") {
    for (const key of OF_THE_DISK) {
      if (values.get(key) !== undefined)
        warn(values.place(key), `${key} has no effect with cluster.storage memory; it belongs to lmdb`);
    }
  }
  checkSpeed(values, warn);
  const zones = new Set(members.map((member) => member.zone));
  // In a sweep over zones it is what the other cells need.
  const zonesVary = values.place("cluster.zones").origin === "axis";
  if (values.get("network.inter_zone") !== undefined && zones.size === 1 && !zonesVary) {
    warn(
      values.place("network.inter_zone"),
      "network.inter_zone has no effect with one zone; name several in cluster.zones",
    );
  }
  const pin = values.get("cluster.pin");
  if (Array.isArray(pin) && pin.length !== members.length + 1) {
    problems.error(
      values.place("cluster.pin"),
      `cluster.pin has ${pin.length} lists but needs ${members.length + 1}: one for each node and one for the driver`,
    );
  }
}

/** What multiplies nothing only seems to be uneven. In a sweep over service times it is what the other cells need. */
function checkSpeed(values: Values, warn: (at: Place, message: string) => void): void {
  if (!values.given("cluster.speed") || values.text("world") !== "simulation") return;
  const divided = ["node_model.service.message", ...OF_THE_DISK];
  const known = divided.some((key) => values.get(key) !== undefined || values.place(key).origin === "axis");
  if (!known)
    warn(
      values.place("cluster.speed"),
      `cluster.speed has no effect: it divides ${divided.join(", ")}, none of which is set`,
    );
}

function checkTimes(values: Values, warn: (at: Place, message: string) => void, problems: Problems): void {
  checkDetector(values, warn, problems);
  if (!values.sound("phases.measure", "measure.interval")) return;
  const measure = values.number("phases.measure");
  if (measure < values.number("measure.interval")) {
    const at = values.place(values.given("measure.interval") ? "measure.interval" : "phases.measure");
    warn(
      at,
      `phases.measure (${measure} ms) is shorter than measure.interval (${values.number("measure.interval")} ms): charts over time will have a single point`,
    );
  }
}

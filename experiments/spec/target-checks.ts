/**
 * What a cell may ask of its target. A combination that cannot work is an error that says why; a key that is written and
 * changes nothing on this target is a warning, carried into the report: whoever sweeps over targets needs the key for the
 * engine's cells, and whoever reads the result must not believe that a Redis was run with R = 2.
 */
import type { QuorumValue } from "../../engine/vocabulary/settings";
import { TUNABLES } from "../../engine/vocabulary/tunables";
import { type Capability, isTarget, type TargetName, TARGETS } from "../../results/record/capabilities";
import type { WorkloadSettings } from "../../workloads/settings";
import { consistencyLevel, NO_LEVEL } from "../../workloads/targets/consistency-levels";
import type { ReadFaults } from "./faults";
import { nodeAt, placeOf } from "./located";
import type { Problems } from "./problems";
import type { Values } from "./values";
import type { Warn } from "./world-checks";

export function targetOf(values: Values): TargetName | undefined {
  const name = values.text("target");
  return values.sound("target") && isTarget(name) ? name : undefined;
}

/** What of a cell could be read; the rest has been told. */
export interface TargetedCell {
  readonly values: Values;
  readonly workload: WorkloadSettings | undefined;
  readonly faults: ReadFaults;
}

export function checkTarget({ values, workload, faults }: TargetedCell, warn: Warn, problems: Problems): void {
  const target = targetOf(values);
  if (target === undefined || target === "engine") return;
  const refuse: Refuse = (key, why) => {
    const at = values.given(key) ? values.place(key) : values.place("target");
    problems.error(at, `target ${target}: ${why}`);
  };
  if (values.sound("world") && values.text("world") !== "processes")
    refuse("target", "it is reached over the machine's own network; set world: processes");
  checkLoad(target, values, workload, refuse);
  if (workload !== undefined) checkMix(target, workload, refuse);
  const { can, why, store } = TARGETS[target];
  if (!can.faults && (faults.kind === "random" || faults.faults.length > 0))
    problems.error(
      placeOf(values.tree, ["faults"], "key"),
      `target ${target}: no faults can be made: ${String(why.faults)}`,
    );
  if (store === "ours") checkClock(values, refuse);
  else warnOfIdleKeys(target, values, warn);
  if (target === "cassandra") checkConsistencyLevels(values, refuse);
}

/** At the key where it is written, else at the target. */
type Refuse = (key: string, why: string) => void;

function checkLoad(target: TargetName, values: Values, workload: WorkloadSettings | undefined, refuse: Refuse): void {
  const { can, why } = TARGETS[target];
  const routing = values.sound("workload.routing") ? values.text("workload.routing") : "any";
  if (routing !== "any" && !(routing === "token-aware" && target === "engine-http"))
    refuse("workload.routing", `workload.routing is ${routing}, and its clients ${LACK[routing]}; use any`);
  if (target === "autocannon") {
    for (const key of ["network.client", "network.balancer"]) {
      if (values.sound(key) && values.given(key) && String(values.printed(key)) !== "none")
        refuse(key, `${key} is added by clients of ours, and autocannon is none; leave it out`);
    }
  }
  if (values.number("workload.load_processes") > 1 && target !== "engine-http")
    refuse("workload.load_processes", "it is driven from one process; leave workload.load_processes out");
  if (workload === undefined) return;
  if (workload.load.model !== "closed" && !can.openLoop)
    refuse("workload.model", `workload.model is ${workload.load.model}, and ${why.openLoop}; use model: closed`);
  if (target === "autocannon") checkLoadOfAutocannon(values, workload, refuse);
}

/** One connection a client, the next request when the last is answered, each drawn without waiting for another. */
function checkLoadOfAutocannon(values: Values, workload: WorkloadSettings, refuse: Refuse): void {
  const { load, mixture, mix, context } = workload;
  if (mixture !== undefined)
    refuse(
      "workload.mix_name",
      `mix ${mixture.name} decides what to ask by what was answered, and autocannon draws each request by itself; use mix_name: ycsb`,
    );
  if (load.model === "closed" && load.think !== undefined)
    refuse("workload.think", "autocannon's clients do not think; leave workload.think out");
  if (load.model === "closed" && load.targetPerSecond !== undefined)
    refuse("workload.ycsb", "a target rate (target of the YCSB file) is not held by its closed loop; leave it out");
  if (mixture === undefined && (mix.rmw > 0 || context === "read-first"))
    refuse(
      mix.rmw > 0 ? "workload.mix.rmw" : "workload.context",
      "a read before each write needs two requests in a row, and autocannon draws each request by itself",
    );
  if ((mix.multiGet ?? 0) > 0)
    refuse(
      "workload.mix.multi_get",
      "a read of several keys is several requests at once, and its clients have one connection",
    );
  if (workload.probe !== undefined)
    refuse(
      values.given("workload.probe.share") ? "workload.probe.share" : "workload.session.read_your_writes_probe",
      "probes are requests at instants of their own, and autocannon knows none",
    );
  if (workload.clientLifetime !== undefined)
    refuse("workload.client_lifetime", "a client is a connection for the whole trial; leave it out");
}

/** What the workload needs that the target does not have. */
function checkMix(target: TargetName, { mix, mixture }: WorkloadSettings, refuse: Refuse): void {
  const needs = (capability: Capability, key: string, what: string): void => {
    const { can, why } = TARGETS[target];
    if (!can[capability]) refuse(key, `${what}, and ${why[capability]}`);
  };
  const named = (key: string): string => (mixture === undefined ? key : "workload.mix_name");
  if (mix.scan > 0 || mixture?.name === "object-index") needs("scans", named("workload.mix.scan"), "the mix scans");
  if (mix.delete > 0) needs("deletes", named("workload.mix.delete"), "the mix deletes");
}

function checkClock(values: Values, refuse: Refuse): void {
  if (values.get("tunables.timestamps") === "client")
    refuse(
      "tunables.timestamps",
      "Riak's HTTP API takes no timestamp of a client's; use tunables.timestamps: coordinator",
    );
}

function checkConsistencyLevels(values: Values, refuse: Refuse): void {
  const nVal = values.get("tunables.n_val");
  if (typeof nVal !== "number") return;
  for (const name of ["r", "w"]) {
    const value = values.get(`tunables.${name}`) as QuorumValue | undefined;
    if (value !== undefined && consistencyLevel(value, nVal) === undefined)
      refuse(`tunables.${name}`, `${name} is ${value} of ${nVal} replicas: ${NO_LEVEL}`);
  }
}

/** Keys that are written and change nothing in a store of somebody else, in one line. */
function warnOfIdleKeys(target: TargetName, values: Values, warn: Warn): void {
  const effective = EFFECTIVE[target] ?? [];
  const idle = TUNABLES.map(({ key }) => key).filter(
    (key) => OF_OUR_STORE.some((prefix) => key.startsWith(prefix)) && !effective.includes(key) && values.given(key),
  );
  const scan = nodeAt(values.tree, ["measure", "divergence_scan"]);
  const off = scan?.kind === "scalar" && scan.value === "none";
  if (scan !== undefined && !off && !idle.some((key) => key.startsWith("measure.divergence_scan")))
    idle.push("measure.divergence_scan");
  if (idle.length === 0) return;
  const has = idle.length === 1 ? "has" : "have";
  warn(
    values.place("target"),
    `target ${target} is a store of its own making: ${idle.join(", ")} ${has} no effect on it`,
  );
}

/** What a client needs for a routing, and has not. */
const LACK: Readonly<Record<string, string>> = {
  "token-aware": "know no ring",
  "client-driven": "cannot speak with replicas",
};

const OF_OUR_STORE = [
  "cluster.",
  "ring.",
  "network.",
  "node_model.",
  "tunables.",
  "measure.divergence_scan",
  "measure.rings",
  "measure.availability",
  "measure.flooding",
];

/** What a request to it, or its client, takes from the file. */
const EFFECTIVE: Readonly<Partial<Record<TargetName, readonly string[]>>> = {
  riak: [
    ...["n_val", "r", "w", "pr", "pw", "dw", "notfound_ok", "basic_quorum", "node_confirms", "siblings"].map(
      (name) => `tunables.${name}`,
    ),
    "tunables.timeout.read",
    "tunables.timeout.write",
  ],
  cassandra: [
    "tunables.n_val",
    "tunables.r",
    "tunables.w",
    "tunables.timestamps",
    "tunables.timeout.read",
    "tunables.timeout.write",
  ],
  dynamodb: ["tunables.r", "tunables.timeout.read", "tunables.timeout.write"],
  redis: ["tunables.timeout.read", "tunables.timeout.write"],
};

/**
 * One cell: the tree with one combination of axis values put in, checked and turned into settings. Everything a trial
 * needs is in the result; nothing is looked up later.
 */
import { TOPOLOGIES } from "../../engine/membership/flooding";
import type { ClockSettings, ClusterSettings, EngineSettings, QuorumValue } from "../../engine/vocabulary/settings";
import { DEFAULT_TARGET } from "../../results/record/capabilities";
import type { AxisValues } from "../../results/record/run-folder";
import { axisText } from "./cell-names";
import { crossCheck, resolveMembers, type MemberPlan } from "./cross-checks";
import type { Cell, MeasureSettings, PhaseSettings, World } from "./experiment";
import { detectorOf } from "./detector";
import { idleness } from "./fault-checks";
import { hostsOf } from "./hosts";
import { readFaults } from "./faults";
import { idOf, nodeAt, toJson, written, type LocatedMap } from "./located";
import { membershipOf } from "./membership";
import { networkOf, nodeModelOf, simulationOf, wallErrorsOf } from "./network";
import type { Problems } from "./problems";
import { repairOf } from "./repair";
import { readsOf } from "./reads";
import { ringOf } from "./ring";
import type { RecordedDistributions } from "./recorded-distribution";
import { applyCombination, named, type Combination } from "./sweep";
import { targetOf } from "./target-checks";
import { readTraceWindows } from "./trace-windows";
import { Values } from "./values";
import { resolveWorkload } from "./workload";

/** What all cells of an experiment have in common. */
export interface SharedByCells {
  /** Of the experiment's file. */
  readonly path: string;
  readonly worlds: ReadonlySet<World>;
  readonly recorded: RecordedDistributions;
}

/** Undefined when the cell has an error. */
export function resolveCell(
  tree: LocatedMap,
  combination: Combination,
  id: string,
  shared: SharedByCells,
  problems: Problems,
): Cell | undefined {
  const cellTree = applyCombination(tree, combination);
  const values = new Values(cellTree, shared.recorded, problems);
  const members = resolveMembers(values, problems);
  const workload = resolveWorkload(values, shared.path, problems);
  const phases = phasesOf(values);
  const faults = readFaults(cellTree, phases, {
    members,
    recorded: shared.recorded,
    problems,
    // Of both worlds those of the simulation, so that equal seeds draw equal faults.
    idle: (kind) => idleness(kind, values, shared.worlds.has("simulation") ? "simulation" : "processes") !== undefined,
  });
  const weak = crossCheck({ values, members, workload, phases, faults, worlds: shared.worlds }, problems);
  const target = targetOf(values);
  const { traced, ignored } = readTraceWindows(cellTree, phases, values.text("world"), problems);
  const warnings = [...weak, ...ignored];
  const hosts = hostsOf(values);
  if (members === undefined || workload === undefined || phases === undefined || problems.hasErrors) return undefined;
  return {
    id,
    axes: axisValues(combination),
    world: values.text("world") as Cell["world"],
    ...(target === undefined || target === DEFAULT_TARGET ? {} : { target }),
    ...(hosts === undefined ? {} : { hosts }),
    cluster: clusterOf(values, members),
    pin: values.get("cluster.pin") as Cell["pin"],
    workload,
    phases,
    measure: { ...measureOf(values), ...traced },
    faults: faults.kind === "random" ? faults.settings : faults.faults.flatMap(({ occurrences }) => occurrences),
    resolved: resolvedOf(values, combination, cellTree),
    warnings,
  };
}

function axisValues(combination: Combination): AxisValues {
  return Object.fromEntries(
    named(combination).map(({ axis, value }) => {
      const plain = written(value);
      return [axis, typeof plain === "number" || typeof plain === "boolean" ? plain : axisText(plain)];
    }),
  );
}

/** Undefined when one of them is wrong. */
function phasesOf(values: Values): PhaseSettings | undefined {
  if (!values.sound("phases.warmup", "phases.measure", "phases.drain")) return undefined;
  return {
    warmupMs: values.number("phases.warmup"),
    measureMs: values.number("phases.measure"),
    drainMs: values.number("phases.drain"),
  };
}

function clusterOf(values: Values, members: readonly MemberPlan[]): Omit<ClusterSettings, "name" | "seed"> {
  const quorum = (name: string): QuorumValue => values.get(`tunables.${name}`) as QuorumValue;
  const wallErrors = wallErrorsOf(values);
  return {
    members,
    ring: ringOf(values),
    engine: {
      nVal: values.number("tunables.n_val"),
      r: quorum("r"),
      w: quorum("w"),
      pr: quorum("pr"),
      pw: quorum("pw"),
      dw: quorum("dw"),
      notfoundOk: values.get("tunables.notfound_ok") === true,
      basicQuorum: values.get("tunables.basic_quorum") === true,
      // None is as before there was a choice: trials keep their names.
      ...(values.get("tunables.node_confirms") === 0 ? {} : { nodeConfirms: quorum("node_confirms") }),
      coordinator: values.text("tunables.coordinator") as "replica" | "any",
      ...clockOf(values),
      ...repairOf(values),
      maxSiblings: values.number("tunables.max_siblings"),
      ...readsOf(values),
      readTimeoutMs: values.number("tunables.timeout.read"),
      writeTimeoutMs: values.number("tunables.timeout.write"),
      admission: values.number("tunables.admission"),
      detector: detectorOf(values),
      ...membershipOf(values, members),
    },
    network: networkOf(values, members),
    storage: {
      kind: values.text("cluster.storage") as "memory" | "lmdb",
      sync: values.text("cluster.sync") as "each" | "group" | "never",
    },
    ...(values.text("world") === "simulation"
      ? { nodeModel: nodeModelOf(values), simulation: simulationOf(values) }
      : wallErrors === undefined
        ? {}
        : { nodeModel: wallErrors }),
  };
}

/** Settings of the clock that have an effect; the others are left out, so that a trial is addressed by what matters. */
function clockOf(values: Values): Pick<EngineSettings, keyof ClockSettings | "timestamps"> {
  const siblings = values.text("tunables.siblings") as NonNullable<ClockSettings["siblings"]>;
  const prune = values.get("tunables.prune") as ClockSettings["prune"];
  return {
    clock: values.text("tunables.clock"),
    ...(siblings === "keep" ? {} : { siblings }),
    ...(prune === undefined ? {} : { prune }),
    ...(values.get("tunables.actor_epochs") === true ? {} : { actorEpochs: false }),
    ...(values.text("tunables.timestamps") === "client" ? { timestamps: "client" as const } : {}),
  };
}

function measureOf(values: Values): MeasureSettings {
  const scan = nodeAt(values.tree, ["measure", "divergence_scan"]);
  const off = scan?.kind === "scalar" && scan.value === "none";
  return {
    intervalMs: values.number("measure.interval"),
    percentiles: values.get("measure.percentiles") as readonly number[],
    ...slowOf(values),
    divergenceScan: off
      ? undefined
      : {
          everyMs: values.number("measure.divergence_scan.every"),
          keys: values.number("measure.divergence_scan.keys"),
        },
    rawHistory: values.get("measure.raw.history") as MeasureSettings["rawHistory"],
    ...ringsOf(values),
    ...floodingOf(values),
  };
}

function slowOf(values: Values): Pick<MeasureSettings, "slowMs"> {
  const slowMs = values.get("measure.slow") as number | undefined;
  return slowMs === undefined ? {} : { slowMs };
}

function floodingOf(values: Values): Pick<MeasureSettings, "flooding"> {
  const topology = TOPOLOGIES.find((name) => name === values.text("measure.flooding.topology"));
  if (topology === undefined) return {};
  const ratePerSecond = values.number("measure.flooding.rate");
  return { flooding: { topology, ratePerSecond, lengthMs: values.number("measure.flooding.length") } };
}

function ringsOf(values: Values): Pick<MeasureSettings, "rings" | "availability"> {
  const rings = values.number("measure.rings");
  const of = (name: string): number => values.number(`measure.availability.${name}`);
  const centuries = of("centuries");
  return {
    ...(rings === 0 ? {} : { rings }),
    ...(centuries === 0
      ? {}
      : {
          availability: {
            centuries,
            failuresPerCentury: of("failures_per_century"),
            acceleration: of("acceleration"),
            bytesPerNode: of("node_data"),
            inBytesPerSecond: of("inbound"),
            outBytesPerSecond: of("outbound"),
          },
        }),
  };
}

/** Every row as it would be written, the faults by their ids, and the tags that an axis sets. */
export function resolvedOf(
  values: Values,
  combination: Combination,
  tree: LocatedMap,
): Readonly<Record<string, unknown>> {
  const resolved: Record<string, unknown> = {};
  for (const [key, value] of values.entries()) if (value.printed !== null) resolved[key] = value.printed;
  const faults = nodeAt(tree, ["faults"]);
  if (faults?.kind === "list") {
    for (const [i, item] of faults.items.entries()) resolved[`faults.${idOf(item) ?? i}`] = toJson(written(item));
  } else if (faults !== undefined) resolved.faults = toJson(written(faults));
  const windows = nodeAt(tree, ["measure", "raw", "trace_windows"]);
  if (windows !== undefined) resolved["measure.raw.trace_windows"] = toJson(written(windows));
  for (const { axis, value } of combination) if (axis.startsWith("tags.")) resolved[axis] = axisText(written(value));
  return resolved;
}

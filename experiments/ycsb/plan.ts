/**
 * From arguments to one trial: property files become the workload, an experiment (a small one of its own unless another is
 * named) becomes the cluster under it. Everything that is wrong with either is told at once, with the place where it was said.
 */
import { Random } from "../../engine/vocabulary/random";
import type { Io } from "../cli/io";
import { readExperimentFile } from "../cli/experiment-file";
import type { MeasurementSettings } from "../../results/ycsb/settings";
import type { WorkloadSettings } from "../../workloads/settings";
import type { InsertionRules } from "../../workloads/ycsb/counted-workload";
import { workloadFromProperties, type ImportedWorkload } from "../../workloads/ycsb/import";
import { planTrials, type PlannedTrial } from "../plan";
import type { Cell, Experiment } from "../spec/experiment";
import { resolveExperiment } from "../spec/resolve";
import type { YcsbArguments } from "./arguments";
import { readClientProperties, type ClientProperties } from "./client-properties";
import { type LocatedProperties, readPropertyFiles, readText } from "./property-files";

export interface YcsbPlan {
  readonly trial: PlannedTrial;
  /** Undefined: the records are loaded and not measured, then operations are. */
  readonly inserts: InsertionRules | undefined;
  readonly client: ClientProperties;
  readonly measurement: MeasurementSettings;
  readonly threads: number;
  /** Undefined: until `maxSeconds`, or until it is interrupted. */
  readonly operations: number | undefined;
  readonly maxSeconds: number | undefined;
  readonly target: { readonly perSecond: number; readonly where: string } | undefined;
  /** For standard error, before anything is done. */
  readonly notes: readonly string[];
}

export type PlanResult =
  { readonly ok: true; readonly plan: YcsbPlan } | { readonly ok: false; readonly problems: readonly string[] };

/** The cluster unless an experiment brings another. */
const OWN_EXPERIMENT = `schema: quorumlab/experiment@1
name: ycsb
world: processes
cluster: {nodes: 3, storage: memory}
tunables: {n_val: 3, r: 2, w: 2}
measure: {divergence_scan: none}
`;
/** In virtual time nothing takes any unless it is said: a cluster in one machine room. */
const SIMULATED_NETWORK = `network:
  intra_zone: {dist: exponential, mean: 250us}
  client: {dist: constant, value: 100us}
`;

/** Keys of a workload that YCSB's properties do not say, and so may be set. */
const SETTABLE = ["context", "routing", "client_lifetime", "session", "probe"];
const MOST_LOADED = 10_000_000;
/** Where neither a number of operations nor a time ends the run: a week. */
const LONGEST_MS = 7 * 24 * 3_600_000;

export function planYcsb(args: YcsbArguments, io: Io): PlanResult {
  const problems: string[] = [];
  const files = readPropertyFiles(args.files, args.properties, io.cwd);
  if (!files.ok) problems.push(...files.problems);
  const named = args.files.length > 0 || (files.ok && files.properties.values.has("workload"));
  if (!named) problems.push("no workload: name a property file, such as -P workloads/workloada");
  const read = files.ok && named ? readWorkload(files.properties, args, io, problems) : undefined;
  const cell = readCell(args, io, problems);
  if (problems.length > 0 || read === undefined || cell === undefined || !files.ok) return { ok: false, problems };
  return { ok: true, plan: makePlan({ ...read, ...cell, files: files.properties, args }) };
}

interface ReadWorkload {
  readonly imported: ImportedWorkload;
  readonly client: ClientProperties;
}

function readWorkload(
  { values, origins }: LocatedProperties,
  args: YcsbArguments,
  io: Io,
  problems: string[],
): ReadWorkload | undefined {
  const read: { client?: ClientProperties } = {};
  const imported = workloadFromProperties(values, {
    name: "YCSB",
    readFile: (path) => readText(path, io.cwd),
    also: (properties) => {
      read.client = readClientProperties(properties);
      const tooMany = tooManyRecords(values);
      if (tooMany !== undefined) properties.problems.push(tooMany);
    },
  });
  const elsewhere = args.files.join(", ");
  if (!imported.ok) {
    for (const message of imported.problems) {
      const key = /^([\w.]+)[:,]/.exec(message)?.[1] ?? "";
      problems.push(`${origins.get(key) ?? (elsewhere === "" ? "ycsb" : elsewhere)}: ${message}`);
    }
    return undefined;
  }
  return { imported: imported.settings, client: read.client! };
}

/** Undefined where the records can be loaded, or their number is wrong in another way. */
function tooManyRecords(values: ReadonlyMap<string, string>): string | undefined {
  const numberOf = (key: string): number => Number(values.get(key) ?? "0");
  const recordCount = numberOf("recordcount") === 0 ? 2_147_483_647 : numberOf("recordcount");
  const insertCount = values.has("insertcount") ? numberOf("insertcount") : recordCount - numberOf("insertstart");
  if (!(insertCount > MOST_LOADED)) return undefined;
  const key = values.has("insertcount") ? "insertcount" : "recordcount";
  const absent = numberOf("recordcount") === 0 ? " (YCSB reads a recordcount that is absent or 0 as 2147483647)" : "";
  return `${key}: ${insertCount} records would be loaded${absent}; at most ${MOST_LOADED} are, for the cluster lives on this machine`;
}

interface ChosenCell {
  readonly experiment: Experiment;
  readonly cell: Cell;
}

function readCell(args: YcsbArguments, io: Io, problems: string[]): ChosenCell | undefined {
  for (const set of args.sets) {
    const part = /^workload\.(\w+)/.exec(set)?.[1];
    if (part !== undefined && !SETTABLE.includes(part))
      problems.push(`-S ${set}: the workload is what the properties say; set one with -p name=value`);
  }
  const file = args.experiment === undefined ? undefined : readExperimentFile(args.experiment, io);
  const simulated = args.world === "simulation" || args.sets.includes("world=simulation");
  const resolution = resolveExperiment({
    path: file?.path ?? "ycsb",
    text: file?.text ?? OWN_EXPERIMENT + (simulated ? SIMULATED_NETWORK : ""),
    sets: [...args.sets, ...(args.world === undefined ? [] : [`world=${args.world}`])],
    only: args.only,
    ...(args.profile === undefined ? {} : { profile: args.profile }),
    ...(args.seed === undefined ? {} : { seed: args.seed }),
  });
  if (!resolution.ok) {
    for (const { file: where, line, column, severity, message } of resolution.problems)
      if (severity === "error")
        problems.push(`${where.startsWith("-") ? where : `${where}:${line}:${column}`}: ${message}`);
    return undefined;
  }
  const { experiment } = resolution;
  const [cell, ...others] = experiment.cells;
  if (cell !== undefined && others.length === 0) return { experiment, cell };
  const axes = Object.entries(cell?.axes ?? {}).map(([axis, value]) => `--only ${axis}=${String(value)}`);
  problems.push(
    `${args.experiment ?? "the experiment"}: has ${experiment.cells.length} cells, and one cluster is started` +
      (axes.length === 0 ? "" : `; choose one, such as ${axes.join(" ")}`),
  );
  return undefined;
}

function makePlan(
  given: ReadWorkload & ChosenCell & { readonly files: LocatedProperties; readonly args: YcsbArguments },
): YcsbPlan {
  const { imported, client, experiment, cell, files, args } = given;
  const notes = [...files.notes, ...imported.notes, ...client.notes, ...cell.warnings];
  if (args.ignored.length > 0) notes.push(`${args.ignored.join(", ")}: for the Java machine of YCSB; not used`);
  const loads = !imported.transactions;
  const { operationCount } = imported.records;
  const operations = loads ? imported.records.insertCount : operationCount === 0 ? undefined : operationCount;
  const threads = Math.min(imported.threads, operations ?? imported.threads);
  if (threads < imported.threads)
    notes.push(`threadcount ${imported.threads} is more than there is to do: ${threads} threads, as in YCSB`);
  const perSecond = imported.targetPerSecond;
  const { maxSeconds } = imported;
  const workload: WorkloadSettings = {
    name: "YCSB",
    bucketType: cell.workload.bucketType,
    bucket: imported.table,
    mix: imported.mix,
    records: imported.records,
    load: { model: "closed", clients: threads, think: undefined, targetPerSecond: perSecond },
    context: cell.workload.context,
    ...(cell.workload.clientLifetime === undefined ? {} : { clientLifetime: cell.workload.clientLifetime }),
    ...(cell.workload.probe === undefined ? {} : { probe: cell.workload.probe }),
    routing: cell.workload.routing,
    preload: !loads,
    maxOutstanding: Math.max(threads, cell.workload.maxOutstanding),
    notes: [],
  };
  const measureMs = maxSeconds === undefined ? LONGEST_MS : Math.min(LONGEST_MS, maxSeconds * 1_000);
  const own: Cell = { ...cell, workload, phases: { warmupMs: 0, measureMs, drainMs: 0 } };
  const nonce = String(Random.fromSeed(experiment.seed).nextUint32());
  const [trial] = planTrials({ ...experiment, cells: [own], repetitions: 1 }, nonce);
  return {
    trial,
    inserts: loads ? client.insertion : undefined,
    client,
    measurement: { ...client.measurement, interval: imported.measurementInterval },
    threads,
    operations,
    maxSeconds,
    target: perSecond === undefined ? undefined : { perSecond, where: files.origins.get("target") ?? "target" },
    notes,
  };
}

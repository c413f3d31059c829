/**
 * The `workload:` block as settings. Records and mix come either from a YCSB property file or from native fields, never
 * half from each: a mix whose reads are YCSB's and whose updates are not has no name. Load (model, clients, rate),
 * context and routing may be said beside both.
 */
import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { nearest } from "../../engine/vocabulary/nearest";
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import type {
  ChooserSettings,
  LengthSettings,
  MixSettings,
  MixtureSettings,
  RecordSettings,
  WorkloadSettings,
} from "../../workloads/settings";
import { driversOf, whyNotShared } from "../../workloads/shares";
import { workloadFromProperties, type ImportedWorkload } from "../../workloads/ycsb/import";
import { propertyMap, readProperties } from "../../workloads/ycsb/properties";
import { catalogueFolder } from "../catalogue";
import { readText } from "../ycsb/property-files";
import { nodeAt, placeOf, type Place } from "./located";
import { resolveLoad } from "./load";
import { checkBelonging, loadOfScript, resolveMixture } from "./mixes";
import { loadOfTrace } from "./operation-trace";
import type { Problems } from "./problems";
import type { Values } from "./values";

/** Sessions where neither the experiment nor a YCSB file says. */
const MOST_PRELOADED = 10_000_000;
const YCSB_LETTERS = ["a", "b", "c", "d", "e", "f"];
const BUCKET_TYPE = "default";
const BUCKET = "bench";
const NATIVE_ONLY = [
  "workload.keys.count",
  "workload.keys.popularity",
  "workload.value_size",
  "workload.mix.read",
  "workload.mix.update",
  "workload.mix.blind_write",
  "workload.mix.delete",
  "workload.mix.insert",
  "workload.mix.scan",
  "workload.mix.rmw",
  "workload.mix.multi_get",
  "workload.fan_out",
];

interface Content {
  readonly name: string;
  readonly bucket: string;
  readonly mixture?: MixtureSettings;
  readonly mix: MixSettings;
  readonly records: RecordSettings;
  readonly notes: readonly string[];
  readonly threads: number | undefined;
  readonly targetPerSecond: number | undefined;
}

/** `experimentPath` is where a relative property file is looked for. Undefined when something was wrong. */
export function resolveWorkload(
  values: Values,
  experimentPath: string,
  problems: Problems,
): WorkloadSettings | undefined {
  checkBelonging(values, problems);
  if (!values.sound("workload.mix_name")) return undefined;
  const content = contentOf(values, experimentPath, problems);
  const mixName = values.text("workload.mix_name");
  const script = mixName === "scripted";
  const ownTime = script || mixName === "trace";
  const load =
    content?.mixture?.name === "scripted"
      ? loadOfScript(values, content.mixture)
      : content?.mixture?.name === "trace"
        ? loadOfTrace(values, content.mixture, problems)
        : ownTime
          ? undefined
          : resolveLoad(values, content, problems);
  if (content === undefined || load === undefined) return undefined;
  const preload = !script && values.text("workload.preload") === "all";
  if (preload && content.records.insertCount > MOST_PRELOADED) {
    problems.error(
      values.place(values.given("workload.ycsb") ? "workload.ycsb" : "workload.keys.count"),
      `the workload preloads ${content.records.insertCount} records; allowed: at most ${MOST_PRELOADED} (set recordcount, or preload: none)`,
    );
  }
  const settings: WorkloadSettings = {
    name: content.name,
    bucketType: BUCKET_TYPE,
    bucket: content.bucket,
    ...(content.mixture === undefined ? {} : { mixture: content.mixture }),
    mix: content.mix,
    records: content.records,
    load,
    context: values.text("workload.context") as WorkloadSettings["context"],
    ...lifetimeOf(values),
    ...probeOf(values, problems),
    routing: values.text("workload.routing") as WorkloadSettings["routing"],
    ...(values.text("workload.routing") === "client-driven"
      ? { membershipPollMs: values.number("workload.membership_poll") }
      : {}),
    ...(values.text("workload.pacing") === "spin" ? { pacing: "spin" as const } : {}),
    ...(values.number("workload.load_processes") > 1
      ? { loadProcesses: values.number("workload.load_processes") }
      : {}),
    preload,
    maxOutstanding: values.number("workload.max_outstanding"),
    notes: content.notes,
  };
  return isShared(values, settings, problems) ? settings : undefined;
}

/** False when several drivers are wanted and something is in the way. */
function isShared(values: Values, settings: WorkloadSettings, problems: Problems): boolean {
  const obstacle = whyNotShared(settings);
  if (obstacle === undefined) return true;
  const key = values.given(obstacle.key) ? obstacle.key : "workload.load_processes";
  const drivers = `workload.load_processes is ${driversOf(settings)}`;
  problems.error(values.place(key), `${drivers}, and ${obstacle.why}`);
  return false;
}

function contentOf(values: Values, experimentPath: string, problems: Problems): Content | undefined {
  if (values.text("workload.mix_name") !== "ycsb") {
    const mixture = resolveMixture(values, experimentPath, problems);
    return mixture && { bucket: BUCKET, notes: [], ...mixture, threads: undefined, targetPerSecond: undefined };
  }
  return values.given("workload.ycsb") || values.given("workload.properties")
    ? fromYcsb(values, experimentPath, problems)
    : fromFields(values, problems);
}

function lifetimeOf(values: Values): Pick<WorkloadSettings, "clientLifetime"> {
  const lifetime = values.get("workload.client_lifetime") as number | undefined;
  return lifetime === undefined ? {} : { clientLifetime: lifetime };
}

function probeOf(values: Values, problems: Problems): Pick<WorkloadSettings, "probe"> {
  if (!values.sound("workload.probe.share", "workload.probe.after")) return {};
  const share = values.number("workload.probe.share");
  const readBack = sessionProbeOf(values, problems);
  if (readBack !== undefined) return readBack;
  if (share === 0) {
    if (values.given("workload.probe.after") && !values.given("workload.probe.share"))
      problems.error(values.place("workload.probe.after"), "workload.probe.after needs workload.probe.share above 0");
    return {};
  }
  const after = values.get("workload.probe.after") as DistributionSettings | undefined;
  return { probe: { share, after: after ?? { dist: "constant", valueMs: 0 } } };
}

/** `workload.session.read_your_writes_probe`: a probe with nothing in between. */
function sessionProbeOf(values: Values, problems: Problems): Pick<WorkloadSettings, "probe"> | undefined {
  const key = "workload.session.read_your_writes_probe";
  if (!values.sound(key) || values.number(key) === 0) return undefined;
  for (const other of ["workload.probe.share", "workload.probe.after"])
    if (values.given(other))
      problems.error(
        values.place(other),
        `${other} cannot stand beside ${key}, which is a probe too; keep one of them`,
      );
  return { probe: { share: values.number(key), after: { dist: "constant", valueMs: 0 } } };
}

function fromFields(values: Values, problems: Problems): Content | undefined {
  if (!values.sound(...NATIVE_ONLY)) return undefined;
  const recordCount = values.number("workload.keys.count");
  const mix = nativeMix(values);
  if (Object.values(mix).every((weight) => weight === 0)) {
    problems.error(
      placeOf(values.tree, ["workload", "mix"], "key"),
      "every weight of workload.mix is 0, so there is nothing to do",
    );
    return undefined;
  }
  const fanOut = values.number("workload.fan_out");
  if ((mix.multiGet ?? 0) > 0 && fanOut > recordCount) {
    const at = values.place(values.given("workload.fan_out") ? "workload.fan_out" : "workload.keys.count");
    problems.error(at, `workload.fan_out is ${fanOut}, and there are ${recordCount} keys; allowed: at most as many`);
    return undefined;
  }
  return {
    name: "native",
    bucket: BUCKET,
    mix,
    records: {
      recordCount,
      insertStart: 0,
      insertCount: recordCount,
      operationCount: 0,
      chooser: values.get("workload.keys.popularity") as ChooserSettings,
      keyPrefix: "user",
      hashedOrder: true,
      zeroPadding: 1,
      fieldCount: 1,
      fieldLength: values.get("workload.value_size") as LengthSettings,
      fieldNamePrefix: "field",
      writeAllFields: true,
      readAllFields: true,
      scan: { min: 1, max: 100, dist: "uniform" },
      dataIntegrity: false,
      fanOut,
    },
    notes: [],
    threads: undefined,
    targetPerSecond: undefined,
  };
}

/** Once a mix is given, kinds it leaves out are 0. */
function nativeMix(values: Values): MixSettings {
  const given = nodeAt(values.tree, ["workload", "mix"]) !== undefined;
  const weight = (name: string): number =>
    given && !values.given(`workload.mix.${name}`) ? 0 : values.number(`workload.mix.${name}`);
  return {
    read: weight("read"),
    update: weight("update"),
    insert: weight("insert"),
    scan: weight("scan"),
    rmw: weight("rmw"),
    delete: weight("delete"),
    blindWrite: weight("blind_write"),
    multiGet: weight("multi_get"),
  };
}

function fromYcsb(values: Values, experimentPath: string, problems: Problems): Content | undefined {
  if (!values.sound("workload.ycsb", "workload.properties")) return undefined;
  if (!values.given("workload.ycsb")) {
    problems.error(
      values.place("workload.properties"),
      NATIVE_ONLY.some((key) => values.given(key))
        ? "workload.properties override a YCSB file, and this is a mix of its own; recordcount is workload.keys.count here, fieldlength workload.value_size, requestdistribution workload.keys.popularity"
        : "workload.properties override a YCSB file; name it: workload: {ycsb: a, properties: {…}}",
    );
    return undefined;
  }
  for (const key of NATIVE_ONLY) {
    if (!values.given(key)) continue;
    const last = key.slice("workload.".length);
    problems.error(
      values.place(key),
      `${key} cannot stand beside workload.ycsb, which brings its own; use workload.properties${last === "keys.count" ? ": {recordcount: …}" : ""}`,
    );
  }
  const at = values.place("workload.ycsb");
  const wanted = values.text("workload.ycsb");
  const file = ycsbFile(wanted, experimentPath);
  const text = readPropertyFile(file, wanted, at, problems);
  if (text === undefined) return undefined;
  const reading = readProperties(text);
  if (!reading.ok) {
    for (const problem of reading.problems)
      problems.error({ ...at, file, line: problem.line, column: 1 }, problem.message);
    return undefined;
  }
  const overrides = new Map((values.get("workload.properties") ?? []) as readonly (readonly [string, string])[]);
  const properties = propertyMap(reading.entries);
  const imported = workloadFromProperties(properties, {
    name: ycsbName(wanted),
    overrides,
    readFile: (path) => readText(path, dirname(resolve(experimentPath))),
  });
  if (!imported.ok) {
    for (const message of imported.problems) tellProperty(message, values, at, file, reading.entries, problems);
    return undefined;
  }
  const { settings } = imported;
  if (!settings.transactions) {
    problems.error(
      at,
      `${wanted} says dotransactions=false, which makes it a load phase alone; add properties: {dotransactions: true}`,
    );
    return undefined;
  }
  const threads = properties.has("threadcount") || overrides.has("threadcount") ? settings.threads : undefined;
  return {
    name: settings.name,
    bucket: settings.table,
    mix: settings.mix,
    records: settings.records,
    notes: notesOf(settings, overrides),
    threads,
    targetPerSecond: settings.targetPerSecond,
  };
}

/** The importer's messages begin with the property's name: point at the override, else at the line of the file. */
function tellProperty(
  message: string,
  values: Values,
  at: Place,
  file: string,
  entries: readonly { key: string; line: number }[],
  problems: Problems,
): void {
  const key = /^([\w.]+)[:,]/.exec(message)?.[1] ?? "";
  const override = nodeAt(values.tree, ["workload", "properties", key]);
  const line = entries.findLast((entry) => entry.key === key)?.line;
  if (override !== undefined) problems.error(override.at, `workload.properties.${message}`);
  else if (line !== undefined) problems.error({ ...at, file, line, column: 1 }, message);
  else problems.error(at, `workload.ycsb: ${message}`);
}

function notesOf(settings: ImportedWorkload, overrides: ReadonlyMap<string, string>): readonly string[] {
  const notes = [...settings.notes];
  if (overrides.size > 0)
    notes.unshift(`properties overridden: ${[...overrides].map(([key, value]) => `${key}=${value}`).join(", ")}`);
  if (settings.maxSeconds !== undefined)
    notes.push("maxexecutiontime is not used: phases.measure says how long a trial is");
  return notes;
}

/** `a` to `f` are the files of the catalogue; anything else is a path relative to the experiment. */
function ycsbFile(wanted: string, experimentPath: string): string {
  const letter = wanted.toLowerCase();
  if (YCSB_LETTERS.includes(letter)) return join(catalogueFolder(), "ycsb", `workload${letter}`);
  return isAbsolute(wanted) ? wanted : join(dirname(resolve(experimentPath)), wanted);
}

function ycsbName(wanted: string): string {
  const letter = /(?:^|[/\\])(?:workload)?([a-f])$/i.exec(wanted);
  return letter === null ? `YCSB ${wanted}` : `YCSB ${letter[1].toUpperCase()}`;
}

function readPropertyFile(file: string, wanted: string, at: Place, problems: Problems): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const near = nearest(
      wanted,
      YCSB_LETTERS.map((letter) => `workload${letter}`),
    );
    const reason =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "that is a folder"
          : `it cannot be read (${code})`;
    const hint =
      near === undefined
        ? "the catalogue's files are a, b, c, d, e and f"
        : `did you mean "${near.slice("workload".length)}"?`;
    problems.error(at, `workload.ycsb is "${wanted}", but ${reason}; ${hint}`, near?.slice("workload".length));
    return undefined;
  }
}

/**
 * The closed list of keys. A key is a tunable row, one of the plain keys below, a group of those, a part that has a
 * reader of its own (sweep, profiles, hypotheses, …), or a name that the vocabulary knows and this version does not
 * support yet. Anything else is a mistake, and gets the nearest name.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import { tunable, TUNABLES, tunablesCalled } from "../../engine/vocabulary/tunables";
import type { ValueKind } from "../../engine/vocabulary/value-kinds";
import { DEFAULT_TARGET, TARGET_NAMES } from "../../results/record/capabilities";

/** A key of the experiment that is no tunable of the store. */
export interface PlainKey {
  readonly key: string;
  readonly kind: ValueKind;
  readonly default: string;
  readonly title: string;
}

const text = (maxLength: number): ValueKind => ({ kind: "text", maxLength });

export const PLAIN_KEYS: readonly PlainKey[] = [
  {
    key: "schema",
    kind: { kind: "choice", values: ["quorumlab/experiment@1"], later: [] },
    default: "quorumlab/experiment@1",
    title: "Version of this file format",
  },
  {
    key: "name",
    kind: text(64),
    default: "",
    title: "Names the folder of results: lower-case letters, digits and -; the file's name when left out",
  },
  { key: "title", kind: text(300), default: "", title: "The headline of the report" },
  { key: "question", kind: text(4_000), default: "", title: "What the experiment is to answer" },
  {
    key: "world",
    kind: { kind: "choice", values: ["simulation", "processes"], later: [] },
    default: "simulation",
    title: "Virtual time, or real processes on this machine; a list of both is an axis of the sweep",
  },
  {
    key: "target",
    kind: {
      kind: "choice",
      values: TARGET_NAMES,
      later: [],
    },
    default: DEFAULT_TARGET,
    title:
      "The store under load, and the interface by which it is asked; may be an axis. All but engine need world: processes",
  },
  {
    key: "hosts",
    kind: { kind: "structure", name: "hosts" },
    default: "",
    title:
      "Where a store of somebody else is: host:port, or a list of them; its usual port on this machine when left out (workloads/targets/README.md)",
  },
  {
    key: "seed",
    kind: { kind: "integer", min: 0, max: Number.MAX_SAFE_INTEGER },
    default: "1",
    title: "The root of all randomness; streams are derived from it by purpose",
  },
  {
    key: "repetitions.count",
    kind: { kind: "integer", min: 1, max: 1_000 },
    default: "6",
    title: "Trials of each cell; fewer than 6 give no 95 % interval of a median",
  },
  {
    key: "repetitions.pairing",
    kind: { kind: "choice", values: ["common-seeds"], later: [] },
    default: "common-seeds",
    title: "Repetition k uses the same streams in every cell",
  },
  {
    key: "analysis.compare_to",
    kind: { kind: "choice", values: ["baseline"], later: [] },
    default: "baseline",
    title: "What the cells are compared with",
  },
  {
    key: "analysis.noise_floor",
    kind: { kind: "ratio", max: 1 },
    default: "2%",
    title: "Relative difference below which cells count as the same",
  },
  {
    key: "analysis.alpha",
    kind: { kind: "ratio", max: 0.5 },
    default: "0.05",
    title: "Probability of a false alarm that is accepted over the whole table",
  },
  {
    key: "analysis.correction",
    kind: { kind: "choice", values: ["holm"], later: [] },
    default: "holm",
    title: "Correction for many comparisons",
  },
  {
    key: "report.theme",
    kind: { kind: "choice", values: ["auto", "light", "dark"], later: [] },
    default: "auto",
    title: "How the report's page looks; auto follows the reader's system. Printed and exported pictures are light",
  },
  {
    key: "budget.wall",
    kind: { kind: "duration", minMs: 1_000, maxMs: 30 * 86_400_000 },
    default: "",
    title: "Time on the wall after which no further trial is started; those that run are finished",
  },
  {
    key: "budget.disk",
    kind: { kind: "size", minBytes: 1_000_000, maxBytes: 1e15 },
    default: "",
    title: "Size of this run's trials on disk after which no further trial is started",
  },
];

/** Parts with a reader of their own. */
export const PARTS: ReadonlyMap<string, string> = new Map([
  [
    "hypotheses",
    "A list of {id, text, expect, where}: what is expected, before it is measured; a condition on metrics that every cell selected by where is to meet",
  ],
  ["tags", "A map of labels; tags.<name> may be an axis, for cells that differ in nothing else"],
  ["citations", "A list of keys of papers"],
  [
    "sweep",
    'axes, where, exclude and baseline: what is varied. where is a condition that cells are to meet, such as "r + w > n_val"',
  ],
  [
    "faults",
    "A list of faults, none, random, or {random: {count, kinds, from, to, longest}}: what is hurt, when, for how long",
  ],
  [
    "published",
    "A list of {metric, where, value, source, tolerance or within} to set beside measured values; with relative_to the value is a share of the metric in the cells of where that have these values instead, both summed over their cells",
  ],
  [
    "slos",
    "A list of {id, sli, over, op, value, severity}: objectives on metrics, each judged in every cell as pass, fail or inconclusive. over: {time: measure, outcome: ok, fault, keys, repetitions: median, max, min or p90}; severity: fail, or abort to start no further trial after one that fails it",
  ],
  [
    "report.headline",
    "A list of metrics: the first table of the report, in this order, and what cells are compared with the baseline in",
  ],
  [
    "measure.probes",
    "A list of names, or all that there are where left out: which questions the report's first table and charts answer. Every measure is computed and stored whatever is listed",
  ],
  [
    "measure.raw.trace_windows",
    "A list of {from, to}, counted from the start of the warm-up: every message of these stretches is kept, in simulation",
  ],
  [
    "analysis.pareto",
    "A list of {minimise: <metric>} or {maximise: <metric>}: cells that no other beats in all of them are marked",
  ],
  [
    "analysis.model_overlay",
    "A list of models (pbs), or none: whose predictions lie over the charts. All that apply where left out",
  ],
  [
    "extends",
    "Another experiment file, by its path from this one, or an experiment of the catalogue by its name: what this file says is laid over it as a profile would be. Its name is not inherited",
  ],
  ["profiles", "Named changes to the file, chosen with --profile; keys may be dotted"],
]);

export const NOT_YET = "is not supported by this version yet";

/** Known names that a later version brings; a name covers everything below it. */
const LATER: readonly string[] = ["presets"];

/** Known names that no version will bring, and why; a name covers everything below it. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  [
    "repetitions.stop_early",
    "is refused: repetitions that end when a difference shows make its p-values and intervals too small, and every run is compared by them; set repetitions.count, or limit the run with budget.wall",
  ],
]);

/** A scalar in place of the group means this key of it. */
export const SCALAR_FORMS: ReadonlyMap<string, string> = new Map([["tunables.detector", "name"]]);

/** Where a group may be switched off by the word none. */
export const SWITCHABLE: ReadonlySet<string> = new Set(["measure.divergence_scan"]);

const PLAIN_BY_KEY: ReadonlyMap<string, PlainKey> = new Map(PLAIN_KEYS.map((row) => [row.key, row]));
const LEAVES: readonly string[] = [...PLAIN_KEYS.map((row) => row.key), ...TUNABLES.map((row) => row.key)];
const GROUPS: ReadonlySet<string> = new Set(LEAVES.flatMap(prefixes));

function prefixes(key: string): string[] {
  const parts = key.split(".");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("."));
}

export type KeyMeaning =
  | {
      readonly kind: "leaf";
      readonly key: string;
      readonly value: ValueKind;
      readonly default: string;
      readonly title: string;
    }
  | { readonly kind: "group"; readonly key: string }
  | { readonly kind: "part"; readonly key: string }
  /** `why`: what is to be told after the key. */
  | { readonly kind: "later"; readonly key: string; readonly why: string }
  | { readonly kind: "unknown"; readonly key: string };

/** What the dotted `key` is. */
export function meaningOf(key: string): KeyMeaning {
  const row = tunable(key) ?? PLAIN_BY_KEY.get(key);
  if (row !== undefined) return { kind: "leaf", key, value: row.kind, default: row.default, title: row.title };
  if (PARTS.has(key)) return { kind: "part", key };
  if (GROUPS.has(key)) return { kind: "group", key };
  const covered = (name: string): boolean => key === name || key.startsWith(`${name}.`);
  for (const [name, why] of REFUSED) if (covered(name)) return { kind: "later", key, why };
  if (LATER.some(covered)) return { kind: "later", key, why: NOT_YET };
  return { kind: "unknown", key };
}

/** Names that may stand directly in the group `prefix` ("" for the top). */
export function namesIn(prefix: string): readonly string[] {
  const depth = prefix === "" ? 0 : prefix.split(".").length;
  const all = [...LEAVES, ...PARTS.keys(), ...LATER, ...REFUSED.keys()].filter(
    (key) => prefix === "" || key.startsWith(`${prefix}.`),
  );
  return [...new Set(all.map((key) => key.split(".")[depth]))];
}

/** Every supported key, and those of later versions. */
export function allKeys(): { readonly supported: readonly string[]; readonly later: readonly string[] } {
  return { supported: [...LEAVES, ...PARTS.keys()], later: LATER };
}

/** The complaint about an unknown `name` in group `prefix`, with the best advice there is. */
export function unknownKey(prefix: string, name: string): { readonly message: string; readonly suggestion?: string } {
  const where = prefix === "" ? "at the top of the file" : `in ${prefix}`;
  const head = `unknown key "${name}" ${where}`;
  if (name.toLowerCase() === "consistency" || name.toLowerCase() === "consistency_level") {
    return {
      message: `${head}: Cassandra's consistency levels are R and W here; for QUORUM write "r: quorum" and "w: quorum", for ONE "r: one" and "w: one"`,
      suggestion: "r",
    };
  }
  const elsewhere =
    LEAVES.find((key) => key.endsWith(`.${name}`)) ?? [...GROUPS].find((key) => key.endsWith(`.${name}`));
  if (elsewhere !== undefined) {
    return { message: `${head}; it belongs under ${elsewhere.slice(0, -name.length - 1)}`, suggestion: elsewhere };
  }
  const foreign = tunablesCalled(name);
  if (foreign.length > 0) {
    const keys = [...new Set(foreign.map(({ row }) => row.key))];
    return { message: `${head}: ${foreign[0].system}'s name for ${keys.join(" and ")}`, suggestion: keys[0] };
  }
  const near = nearest(name, namesIn(prefix));
  if (near !== undefined) return { message: `${head}; did you mean "${near}"?`, suggestion: near };
  return {
    message: `${head}; known: ${namesIn(prefix)
      .filter((known) => meaningOf(prefix === "" ? known : `${prefix}.${known}`).kind !== "later")
      .join(", ")}`,
  };
}

/** The full key of an axis: those under `tunables` may go by their last name. */
export function axisKey(name: string): string {
  if (name.includes(".")) return name;
  return meaningOf(`tunables.${name}`).kind === "unknown" ? name : `tunables.${name}`;
}

/**
 * Path of a dotted key in the tree. Names that hold dots themselves (axes, YCSB properties) are kept whole.
 */
export function pathOf(key: string): readonly string[] {
  for (const prefix of ["sweep.axes.", "workload.properties.", "sweep.baseline."]) {
    if (key.startsWith(prefix)) return [...prefix.slice(0, -1).split("."), key.slice(prefix.length)];
  }
  return key.split(".");
}

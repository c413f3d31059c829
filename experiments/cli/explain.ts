/** `quorumlab explain`: what a key, a metric, a fault, a clock, a key chooser or a mix means, and what it costs. */
import type { Command } from "commander";
import { nearest } from "../../engine/vocabulary/nearest";
import type { Tunable } from "../../engine/vocabulary/tunables";
import type { Script } from "../../engine/vocabulary/written-scripts";
import { collect, common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { columnsOf } from "./io";
import type { ShapeOptions } from "./resolve-options";
import { wrapText } from "./table";
import { UserError } from "./user-error";

/** An explanation as labelled paragraphs; labels are stable, programs read them too. */
export interface Explanation {
  readonly kind:
    | "tunable"
    | "key"
    | "metric"
    | "fault"
    | "clock"
    | "detector"
    | "chooser"
    | "mix"
    | "script"
    | "validity"
    | "target"
    | "later";
  readonly name: string;
  readonly title: string;
  readonly paragraphs: readonly (readonly [label: string, text: string])[];
}

export function defineExplain(program: Command, context: CommandContext): void {
  const command = program
    .command("explain")
    .description(
      "what a key, metric, fault, clock or key chooser means: default, range, price, source, other stores' names",
    )
    .argument(
      "<name>",
      "such as r, ring.partitions, p_stale, partition, dvvset, zipfian; or another store's name, such as num_tokens",
    )
    .argument("[file]", "with --why: an experiment file, or a name of the catalogue")
    .option("--why", "where the key's value in this file comes from, and what it overrides")
    .option("-S, --set <key=value>", "with --why: as for run; may be repeated", collect)
    .option("-p, --profile <name>", "with --why: as for run")
    .action((name: string, file: string | undefined, options: ShapeOptions & { readonly why?: boolean }) => {
      if (options.why === true || file !== undefined) {
        if (file === undefined) throw new UserError(`--why needs a file: quorumlab explain --why ${name} my.yaml`);
        if (options.why !== true) throw new UserError(`a file is for --why: quorumlab explain --why ${name} ${file}`);
        const { explainWhy } = require("./why") as typeof import("./why");
        explainWhy(name, file, options, context);
        return;
      }
      const commands = program.commands.map((each) => each.name());
      explain(name, commands, options, context);
    });
  common(command, [
    ["quorumlab explain r", "a tunable by its last name"],
    ["quorumlab explain network", "all keys of a group"],
    ["quorumlab explain partition", "a fault: what it does, what it takes, and how it is written"],
    ["quorumlab explain zipfian", "why YCSB's is not a zipfian over the keys there are"],
    ["quorumlab explain replication_factor", "by the name Cassandra has for it"],
    ["quorumlab explain --why r my.yaml", "which line of which file decides it, and what that overrides"],
  ]);
}

function explain(typed: string, commands: readonly string[], options: CommonOptions, context: CommandContext): void {
  const { io } = context;
  const found = explanations(typed);
  if (found.length === 0) {
    const containing = namesWith(typed);
    if (containing.length > 0) {
      const shown = containing
        .slice(0, NAMES_SHOWN)
        .map(({ name, by }) => (by === undefined ? name : `${name} (${by})`));
      const more = containing.length - shown.length;
      throw new UserError(
        `nothing is called "${typed}" alone; it is part of: ${shown.join(", ")}${more === 0 ? "" : ` and ${more} more (quorumlab list)`}`,
      );
    }
    const elsewhere = outsideTheVocabulary(typed, commands);
    if (elsewhere !== undefined) throw new UserError(elsewhere);
    const near = nearest(typed, knownNames());
    throw new UserError(
      `nothing is called "${typed}"${near === undefined ? "; quorumlab list shows what is" : `; did you mean "${near}"?`}`,
    );
  }
  if (options.json === true) {
    const documents = found.map(({ kind, name, title, paragraphs }) => ({
      kind,
      name,
      title,
      ...Object.fromEntries(paragraphs),
    }));
    printJson(io, { schema: "quorumlab/explain@1", explanations: documents });
    return;
  }
  const paint = outPaint(context, options);
  const columns = Math.min(100, columnsOf(io));
  found.forEach((one, i) => {
    if (i > 0) io.stdout.write("\n");
    io.stdout.write(`${paint.bold(one.name)}   ${one.title}\n`);
    for (const [label, text] of one.paragraphs) {
      const [first, ...rest] = wrapText(text, columns, " ".repeat(13)).split("\n");
      io.stdout.write(`  ${paint.dim(label.padEnd(10))} ${first.trimStart()}\n${rest.join("\n")}`);
    }
  });
  const lists = {
    ...{ tunable: " tunables", fault: " faults", metric: " metrics", clock: " clocks" },
    validity: " validity",
    target: " targets",
  } as const;
  const { kind } = found[0];
  next(io, `quorumlab list${kind in lists ? lists[kind as keyof typeof lists] : ""}`);
}

/** Words that mean something and have no explanation of their own: where to ask about them. */
function outsideTheVocabulary(typed: string, commands: readonly string[]): string | undefined {
  const { catalogueNames } = require("../catalogue") as typeof import("../catalogue");
  const { KINDS } = require("./list") as typeof import("./list");
  if (catalogueNames().includes(typed)) return `"${typed}" is an experiment; see it with: quorumlab plan ${typed}`;
  if (KINDS.some((kind) => kind === typed)) return `"${typed}" is a list; see it with: quorumlab list ${typed}`;
  if (commands.includes(typed)) return `"${typed}" is a command; see it with: quorumlab ${typed} --help`;
  return undefined;
}

/** Names shown to somebody who typed a part of them. */
const NAMES_SHOWN = 12;

/**
 * Keys, metrics and faults whose name has the word `typed` (with or without the s of a plural) as whole words of theirs; and
 * parts of the file that have it among what is written in them, such as `expect` in `hypotheses`; and keys whose value it may be.
 */
function namesWith(typed: string): readonly { readonly name: string; readonly by?: string }[] {
  const { allKeys, PARTS } = require("../spec/keys") as typeof import("../spec/keys");
  const word = wordsOf(typed).join("_");
  if (word.length < 3) return [];
  const has = (text: string): boolean => `_${wordsOf(text).join("_")}_`.includes(`_${word}_`);
  const { metricDescriptions } = require("./metrics") as typeof import("./metrics");
  const { FAULT_KINDS } =
    require("../../engine/vocabulary/rows/fault-kinds") as typeof import("../../engine/vocabulary/rows/fault-kinds");
  const { PROBES } = require("../../results/record/probes") as typeof import("../../results/record/probes");
  const named = [
    ...allKeys().supported,
    ...metricDescriptions().map(({ name }) => name),
    ...FAULT_KINDS.map(({ kind }) => kind),
  ].filter(has);
  const { TUNABLES } = require("../../engine/vocabulary/tunables") as typeof import("../../engine/vocabulary/tunables");
  const { rangeText } =
    require("../../engine/vocabulary/value-kinds") as typeof import("../../engine/vocabulary/value-kinds");
  const chosen = TUNABLES.filter(({ kind }) => rangeText(kind).split(", ").includes(typed)).map(({ key }) => key);
  const inside = [...PARTS].filter(([key, title]) => !has(key) && membersIn(title).some(has)).map(([key]) => key);
  return [
    ...[...new Set([...named, ...inside])].map((name) => ({ name })),
    ...chosen.map((name) => ({ name, by: "one of its values" })),
    ...PROBES.filter(({ name }) => has(name)).map(({ name }) => ({ name: "measure.probes", by: `its probe ${name}` })),
  ];
}

/** The names between braces: `{id, text, expect, where}`. */
function membersIn(title: string): readonly string[] {
  return [...title.matchAll(/\{([^{}]*)\}/g)].flatMap(([, list]) => list.split(/,|:| or /));
}

/** Lower case, without the s of a plural: `tunables.hint_window` is `tunable hint window`. */
function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => (word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word));
}

/** Everything that `typed` may mean, the most direct meaning first. */
export function explanations(typed: string): readonly Explanation[] {
  const vocabulary = require("../../engine/vocabulary/tunables") as typeof import("../../engine/vocabulary/tunables");
  const { meaningOf } = require("../spec/keys") as typeof import("../spec/keys");
  const name = typed.trim();
  const exact = vocabulary.tunable(name) ?? vocabulary.tunable(`tunables.${name}`);
  const strategies = [
    ...clocks(name),
    ...detectors(name),
    ...choosers(name),
    ...mixes(name),
    ...metrics(name),
    ...faults(name),
    ...validity(name),
    ...targets(name),
  ];
  if (exact !== undefined) return [fromRow(exact), ...strategies];
  const last = vocabulary.TUNABLES.filter((row) => row.key.endsWith(`.${name}`));
  const group =
    [name, `tunables.${name}`, `workload.${name}`]
      .map((key) => vocabulary.tunablesBelow(key))
      .find((rows) => rows.length > 0) ?? [];
  const direct = [...strategies, ...[...new Set([...last, ...group])].map(fromRow)];
  if (direct.length > 0) return direct;
  const foreign = vocabulary.tunablesCalled(name);
  if (foreign.length > 0) return [...new Set(foreign.map(({ row }) => row))].map(fromRow);
  for (const key of [
    name,
    `tunables.${name}`,
    `repetitions.${name}`,
    `analysis.${name}`,
    `report.${name}`,
    `budget.${name}`,
  ]) {
    const meaning = meaningOf(key);
    if (meaning.kind === "leaf") return [fromPlainKey(key, meaning.title, meaning.default)];
    if (meaning.kind === "later") return [notYet(key, meaning.why)];
  }
  const part = fromPart(name);
  return part.length > 0 ? part : fromGroup(name);
}

/** All keys and parts of a group that has no tunables (`analysis`), or that is not at the top (`divergence_scan`). */
function fromGroup(name: string): readonly Explanation[] {
  const { allKeys, meaningOf } = require("../spec/keys") as typeof import("../spec/keys");
  return allKeys()
    .supported.filter((key) => key.startsWith(`${name}.`) || key.includes(`.${name}.`))
    .flatMap((key) => {
      const meaning = meaningOf(key);
      return meaning.kind === "leaf" ? explanations(key) : fromPart(key);
    });
}

function notYet(name: string, why: string): Explanation {
  const { NOT_YET } = require("../spec/keys") as typeof import("../spec/keys");
  const status = "The name belongs to the closed list of keys; a later version brings what it does.";
  if (why === NOT_YET)
    return { kind: "later", name, title: "not supported by this version yet", paragraphs: [["status", status]] };
  const [title, reason] = why.replace(/^is /, "").split(": ");
  return { kind: "later", name, title, paragraphs: [["why", reason]] };
}

function fromRow(row: Tunable): Explanation {
  const { rangeText } =
    require("../../engine/vocabulary/value-kinds") as typeof import("../../engine/vocabulary/value-kinds");
  const names = Object.entries(row.names).map(
    ([system, called]) => `${system[0].toUpperCase()}${system.slice(1)}: ${called}`,
  );
  return {
    kind: "tunable",
    name: row.key,
    title: row.title,
    paragraphs: [
      ["default", row.default === "" ? "none" : row.default],
      ["range", rangeText(row.kind)],
      ["scope", row.scope],
      ["buys", row.buys],
      ["costs", row.costs],
      ...(names.length === 0 ? [] : [["elsewhere", names.join("; ")] as const]),
      ["source", row.source],
      ["charts", row.charts.join(", ")],
    ],
  };
}

function fromPlainKey(key: string, title: string, fallback: string): Explanation {
  const { PLAIN_KEYS } = require("../spec/keys") as typeof import("../spec/keys");
  const { rangeText } =
    require("../../engine/vocabulary/value-kinds") as typeof import("../../engine/vocabulary/value-kinds");
  const row = PLAIN_KEYS.find((one) => one.key === key);
  return {
    kind: "key",
    name: key,
    title,
    paragraphs: [
      ["default", fallback === "" ? "none" : fallback],
      ...(row === undefined ? [] : [["range", rangeText(row.kind)] as const]),
    ],
  };
}

function probeParagraphs(): Explanation["paragraphs"] {
  const { PROBES } = require("../../results/record/probes") as typeof import("../../results/record/probes");
  return PROBES.map(({ name, title }) => [name, title] as const);
}

function fromPart(name: string): readonly Explanation[] {
  const { PARTS } = require("../spec/keys") as typeof import("../spec/keys");
  const key = [...PARTS.keys()].find((part) => part === name || part.endsWith(`.${name}`)) ?? name;
  const title = PARTS.get(key);
  if (title === undefined) return [];
  if (key !== name || key === "measure.probes")
    return [{ kind: "key", name: key, title, paragraphs: key === "measure.probes" ? probeParagraphs() : [] }];
  if (name !== "faults") return [{ kind: "key", name, title, paragraphs: [] }];
  const { FAULT_KINDS, FAULTS_PROSE } =
    require("../../engine/vocabulary/rows/fault-kinds") as typeof import("../../engine/vocabulary/rows/fault-kinds");
  return [
    {
      kind: "key",
      name,
      title,
      paragraphs: [...FAULTS_PROSE, ["kinds", FAULT_KINDS.map((row) => row.kind).join(", ")]],
    },
  ];
}

function faults(name: string): readonly Explanation[] {
  const { explainedParts, FAULT_KINDS } =
    require("../../engine/vocabulary/rows/fault-kinds") as typeof import("../../engine/vocabulary/rows/fault-kinds");
  const row = FAULT_KINDS.find(({ kind }) => kind === name);
  if (row === undefined) return [];
  const { needs, may } = explainedParts(row);
  return [
    {
      kind: "fault",
      name,
      title: `${row.title} (faults)`,
      paragraphs: [
        ["example", row.example],
        ["needs", needs.join("; ")],
        ...(may.length === 0 ? [] : [["may have", may.join("; ")] as const]),
        ["shows", row.shows],
        ["worlds", `simulation and processes. On processes: ${row.processes}`],
        ["source", row.source],
        ["charts", row.charts.join(", ")],
      ],
    },
  ];
}

function clocks(name: string): readonly Explanation[] {
  const { CLOCKS } = require("../../engine/clocks/clock") as typeof import("../../engine/clocks/clock");
  const clock = CLOCKS.get(name);
  if (clock === undefined) return [];
  const { declares } = clock;
  const wrongs = [
    ...(declares.mayLose ? ["may drop a version that nobody had seen overwritten"] : []),
    ...(declares.mayConflictFalsely ? ["may return siblings although one precedes the other"] : []),
  ];
  return [
    {
      kind: "clock",
      name,
      title: "a logical clock (tunables.clock)",
      paragraphs: [
        ["what", clock.prose],
        ["may err", wrongs.length === 0 ? "no: it neither loses versions nor invents conflicts" : wrongs.join("; ")],
        ["grows", `with ${declares.growsWith}`],
        ["source", clock.source],
        ["charts", "siblings, divergence"],
      ],
    },
  ];
}

function detectors(name: string): readonly Explanation[] {
  const { DETECTORS } = require("../../engine/detectors/detector") as typeof import("../../engine/detectors/detector");
  const detector = DETECTORS.get(name);
  if (detector === undefined) return [];
  const { KEYS_OF_DETECTORS } =
    require("../../engine/vocabulary/written-detectors") as typeof import("../../engine/vocabulary/written-detectors");
  const keys = KEYS_OF_DETECTORS.get(name) ?? [];
  return [
    {
      kind: "detector",
      name,
      title: "a failure detector (tunables.detector)",
      paragraphs: [
        ["what", detector.prose],
        ["keys", keys.length === 0 ? "none" : `${keys.map((key) => `tunables.detector.${key}`).join(", ")}`],
        ["source", detector.source],
        ["charts", "failure detection"],
      ],
    },
  ];
}

/** What a name hides that its prose does not say. */
const CHOOSER_TRAPS: ReadonlyMap<string, string> = new Map([
  [
    "zipfian",
    "It is no zipf law over the keys. YCSB draws a rank from a zipf law (theta 0.99) over a fixed ten thousand million items, " +
      "whose zeta is 26.469, and folds the ranks onto the keys by a hash. So the first rank has 1/26.469 = 3.78 % of the " +
      "operations whatever the number of keys, and the long tail falls on all keys alike. A zipf law over the keys " +
      "themselves with the same theta gives its hottest key 12.9 % at 1,000 keys, 9.8 % at 10,000, 7.8 % at 100,000 and 6.5 % " +
      "at 1,000,000. Use zipf for that one, and zipfian where results are to be compared with YCSB's; run, plan and ycsb " +
      "print the share that the hottest key is expected to get.",
  ],
  [
    "latest",
    "Skewed towards the key that was inserted last; without inserts in the mix it is a zipf law over the end of the key space.",
  ],
  ["uniform", "YCSB's uniform never chooses a key that was inserted during the run."],
  ["exponential", "YCSB's comments call its default fraction 1/7; it is 6/7, so the law is nearly flat."],
]);

function choosers(name: string): readonly Explanation[] {
  const { CHOOSERS } = require("../../workloads/ycsb/chooser") as typeof import("../../workloads/ycsb/chooser");
  if (!Object.hasOwn(CHOOSERS, name)) return [];
  const chooser = CHOOSERS[name as keyof typeof CHOOSERS];
  const trap = CHOOSER_TRAPS.get(name);
  return [
    {
      kind: "chooser",
      name,
      title: "a popularity of keys (workload.keys.popularity)",
      paragraphs: [
        ["what", chooser.prose],
        ...(trap === undefined ? [] : [["trap", trap] as const]),
        ["source", chooser.source],
        ["charts", "siblings, k-staleness, ring balance"],
      ],
    },
  ];
}

/** Mixes, and the scripts that are ready. */
function mixes(name: string): readonly Explanation[] {
  const { MIXES } = require("../../workloads/mixes/mix") as typeof import("../../workloads/mixes/mix");
  const { checkScript, describeScript, READY_SCRIPTS } =
    require("../../engine/vocabulary/written-scripts") as typeof import("../../engine/vocabulary/written-scripts");
  const script = READY_SCRIPTS.get(name);
  const checked = checkScript(name);
  if (script !== undefined && checked.ok) {
    const { steps } = checked.value as Script;
    return [
      {
        kind: "script",
        name,
        title: "a ready script (workload.mix_name: scripted)",
        paragraphs: [
          ["what", script.prose],
          ["steps", describeScript(steps)],
          ["written", `workload: {mix_name: scripted, script: ${name}}`],
        ],
      },
    ];
  }
  if (!Object.hasOwn(MIXES, name)) return [];
  const mix = MIXES[name as keyof typeof MIXES];
  return [
    {
      kind: "mix",
      name,
      title: "what the clients do (workload.mix_name)",
      paragraphs: [["what", mix.prose]],
    },
  ];
}

function metrics(name: string): readonly Explanation[] {
  const { metricDescriptions } = require("./metrics") as typeof import("./metrics");
  return metricDescriptions()
    .filter((metric) => metric.name === name)
    .map((metric) => ({
      kind: "metric",
      name,
      title: metric.title,
      paragraphs: [
        ["what", metric.definition],
        ["unit", metric.unit],
        ["better", metric.better === "neutral" ? "neither direction is better" : metric.better],
      ],
    }));
}

function validity(name: string): readonly Explanation[] {
  const { thresholdInWords, validityKind } =
    require("../../results/statistics/validity") as typeof import("../../results/statistics/validity");
  const row = validityKind(name);
  if (row === undefined) return [];
  return [
    {
      kind: "validity",
      name,
      title: `${row.title} (a doubt about a ${row.about === "configuration" ? "configuration" : "trial"})`,
      paragraphs: [
        ["error", row.letsThrough],
        ["doubtful", thresholdInWords(row, row.doubtful)],
        ["invalid", thresholdInWords(row, row.invalid)],
        ["why", row.why],
        ["advice", row.advice],
        ["judged", JUDGED_WHERE[row.about]],
      ],
    },
  ];
}

/** A store, or an interface of ours, that an experiment may name as its `target`. */
function targets(name: string): readonly Explanation[] {
  const { CAPABILITY_TITLES, isTarget, TARGETS } =
    require("../../results/record/capabilities") as typeof import("../../results/record/capabilities");
  if (!isTarget(name)) return [];
  const { title, can, why } = TARGETS[name];
  const capabilities = Object.keys(can) as (keyof typeof can)[];
  const there = capabilities.filter((one) => can[one]).map((one) => CAPABILITY_TITLES[one]);
  const missing = capabilities.filter((one) => !can[one]);
  const lacks = missing.map((one) => `${CAPABILITY_TITLES[one]} (${String(why[one])})`).join("; ");
  return [
    {
      kind: "target",
      name,
      title,
      paragraphs: [
        ["write", `target: ${name}`],
        ["shows", there.join(", ")],
        ...(missing.length === 0 ? [] : [["lacks", lacks] as const]),
      ],
    },
  ];
}

const JUDGED_WHERE = {
  trial: "in every trial of both worlds",
  machine: "in trials on real processes; virtual time has no machine",
  configuration: "of the repetitions of a configuration together",
} as const;

/** Everything that has an explanation, also by other stores' names. */
export function knownNames(): readonly string[] {
  const { namesIn, TUNABLES } =
    require("../../engine/vocabulary/tunables") as typeof import("../../engine/vocabulary/tunables");
  const { CLOCKS } = require("../../engine/clocks/clock") as typeof import("../../engine/clocks/clock");
  const { DETECTORS } = require("../../engine/detectors/detector") as typeof import("../../engine/detectors/detector");
  const { CHOOSERS } = require("../../workloads/ycsb/chooser") as typeof import("../../workloads/ycsb/chooser");
  const { MIXES } = require("../../workloads/mixes/mix") as typeof import("../../workloads/mixes/mix");
  const { READY_SCRIPTS } =
    require("../../engine/vocabulary/written-scripts") as typeof import("../../engine/vocabulary/written-scripts");
  const { metricDescriptions } = require("./metrics") as typeof import("./metrics");
  const { FAULT_KINDS } =
    require("../../engine/vocabulary/rows/fault-kinds") as typeof import("../../engine/vocabulary/rows/fault-kinds");
  const { VALIDITY_KINDS } =
    require("../../results/statistics/validity") as typeof import("../../results/statistics/validity");
  const { TARGET_NAMES } =
    require("../../results/record/capabilities") as typeof import("../../results/record/capabilities");
  const keys = TUNABLES.flatMap((row) => [row.key.slice(row.key.lastIndexOf(".") + 1), row.key]);
  const foreign = TUNABLES.flatMap((row) => Object.values(row.names).flatMap(namesIn));
  return [
    ...keys,
    ...CLOCKS.keys(),
    ...DETECTORS.keys(),
    ...Object.keys(CHOOSERS),
    ...Object.keys(MIXES),
    ...READY_SCRIPTS.keys(),
    ...metricDescriptions().map((metric) => metric.name),
    ...FAULT_KINDS.map(({ kind }) => kind),
    ...VALIDITY_KINDS.map(({ kind }) => kind),
    ...TARGET_NAMES,
    ...foreign,
  ];
}

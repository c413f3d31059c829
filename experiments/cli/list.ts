/** `quorumlab list`: what exists, a line each. */
import { readFileSync } from "node:fs";
import { Argument, type Command } from "commander";
import { common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { columnsOf } from "./io";
import { textTable } from "./table";

export const KINDS = [
  "experiments",
  "metrics",
  "faults",
  "workloads",
  "tunables",
  "clocks",
  "targets",
  "validity",
  "templates",
] as const;
type Kind = (typeof KINDS)[number];

const NEXT: Readonly<Record<Kind, string>> = {
  experiments: "quorumlab run quickstart",
  metrics: "quorumlab explain p_stale",
  faults: "quorumlab explain partition",
  workloads: "quorumlab explain zipfian",
  tunables: "quorumlab explain r",
  clocks: "quorumlab explain dvvset",
  targets: "quorumlab explain autocannon",
  validity: "quorumlab explain schedule-lag",
  templates: "quorumlab init my-sweep --template sweep",
};

interface Item {
  readonly name: string;
  readonly summary: string;
}

export function defineList(program: Command, context: CommandContext): void {
  const command = program
    .command("list")
    .description("what exists, one line each")
    .addArgument(new Argument("[kind]", "what to list; everything when left out").choices(KINDS))
    .action((kind: Kind | undefined, options: CommonOptions) => list(kind, options, context));
  common(command, [
    ["quorumlab list experiments", "what can be run at once"],
    ["quorumlab list tunables", "every knob with its default"],
    ["quorumlab list --json", "everything, for scripts"],
  ]);
}

function list(kind: Kind | undefined, options: CommonOptions, context: CommandContext): void {
  const { io } = context;
  const kinds = kind === undefined ? KINDS : [kind];
  const lists = kinds.map((one) => ({ kind: one, items: itemsOf(one) }));
  if (options.json === true) {
    printJson(io, { schema: "quorumlab/list@1", lists });
    return;
  }
  const paint = outPaint(context, options);
  for (const { kind: name, items } of lists) {
    if (kinds.length > 1) io.stdout.write(`${paint.bold(name)}\n`);
    io.stdout.write(
      textTable(
        ["name", ""],
        items.map((item) => [item.name, item.summary]),
        columnsOf(io),
      ).replace(/^.*\n/, ""),
    );
    if (kinds.length > 1) io.stdout.write("\n");
  }
  next(io, kind === undefined ? "quorumlab explain r" : NEXT[kind]);
}

function itemsOf(kind: Kind): readonly Item[] {
  switch (kind) {
    case "experiments":
      return experiments();
    case "tunables": {
      const { TUNABLES } =
        require("../../engine/vocabulary/tunables") as typeof import("../../engine/vocabulary/tunables");
      return TUNABLES.map((row) => ({
        name: row.key,
        summary: `${row.title}${row.default === "" ? "" : ` (${row.default})`}`,
      }));
    }
    case "clocks": {
      const { CLOCKS } = require("../../engine/clocks/clock") as typeof import("../../engine/clocks/clock");
      return [...CLOCKS.values()].map((clock) => ({ name: clock.name, summary: firstSentence(clock.prose) }));
    }
    case "faults": {
      const { FAULT_KINDS } =
        require("../../engine/vocabulary/rows/fault-kinds") as typeof import("../../engine/vocabulary/rows/fault-kinds");
      return FAULT_KINDS.map((row) => ({ name: row.kind, summary: row.title }));
    }
    case "workloads":
      return workloads();
    case "targets": {
      const { TARGET_NAMES, TARGETS } =
        require("../../results/record/capabilities") as typeof import("../../results/record/capabilities");
      return TARGET_NAMES.map((name) => ({ name, summary: TARGETS[name].title }));
    }
    case "validity": {
      const { VALIDITY_KINDS } =
        require("../../results/statistics/validity") as typeof import("../../results/statistics/validity");
      return VALIDITY_KINDS.map(({ kind, title }) => ({ name: kind, summary: title }));
    }
    case "templates": {
      const { TEMPLATE_NAMES, templateTitle } = require("../templates") as typeof import("../templates");
      return TEMPLATE_NAMES.map((name) => ({ name, summary: templateTitle(name) }));
    }
    case "metrics": {
      const { metricDescriptions } = require("./metrics") as typeof import("./metrics");
      return metricDescriptions().map((metric) => ({ name: metric.name, summary: `${metric.title} (${metric.unit})` }));
    }
  }
}

function experiments(): readonly Item[] {
  const { catalogueFile, catalogueNames } = require("../catalogue") as typeof import("../catalogue");
  return catalogueNames().map((name) => ({ name, summary: titleIn(readFileSync(catalogueFile(name), "utf8")) }));
}

/** Of an experiment. Reading sixty whole files for their titles takes a second; a plain title is one line. */
function titleIn(text: string): string {
  const line = /^title: +(.*?)\s*$/m.exec(text)?.[1] ?? "";
  if (/^[A-Za-z0-9][^#:]*$/.test(line) && !/^title:.*\n +\S/m.test(text)) return line;
  const { parse } = require("yaml") as typeof import("yaml");
  return (parse(text) as { readonly title?: string }).title ?? "";
}

function workloads(): readonly Item[] {
  const { workloadFromProperties } =
    require("../../workloads/ycsb/import") as typeof import("../../workloads/ycsb/import");
  const { propertyMap, readProperties } =
    require("../../workloads/ycsb/properties") as typeof import("../../workloads/ycsb/properties");
  const { catalogueFolder } = require("../catalogue") as typeof import("../catalogue");
  const { CHOOSERS } = require("../../workloads/ycsb/chooser") as typeof import("../../workloads/ycsb/chooser");
  const { MIXES } = require("../../workloads/mixes/mix") as typeof import("../../workloads/mixes/mix");
  const { READY_SCRIPTS } =
    require("../../engine/vocabulary/written-scripts") as typeof import("../../engine/vocabulary/written-scripts");
  const files = ["a", "b", "c", "d", "e", "f"].flatMap((letter): Item[] => {
    const reading = readProperties(readFileSync(`${catalogueFolder()}/ycsb/workload${letter}`, "latin1"));
    const imported = reading.ok ? workloadFromProperties(propertyMap(reading.entries), { name: letter }) : undefined;
    if (imported?.ok !== true) return [];
    const { mix, records } = imported.settings;
    const kinds = Object.entries(mix)
      .filter(([, weight]) => weight > 0)
      .map(([kind, weight]) => `${kind} ${weight}`);
    return [
      {
        name: `ycsb: ${letter}`,
        summary: `${kinds.join(", ")}; ${records.chooser.name}, ${records.recordCount} records`,
      },
    ];
  });
  const choosers = Object.values(CHOOSERS).map((chooser) => ({
    name: chooser.name,
    summary: `keys: ${firstSentence(chooser.prose)}`,
  }));
  const mixes = Object.values(MIXES).map((mix) => ({ name: mix.name, summary: `mix: ${firstSentence(mix.prose)}` }));
  const scripts = [...READY_SCRIPTS].map(([name, { prose }]) => ({ name, summary: `script: ${firstSentence(prose)}` }));
  return [...files, ...mixes, ...scripts, ...choosers];
}

function firstSentence(prose: string): string {
  const line = prose.replaceAll(/\s+/g, " ").trim();
  return /^.*?\.(?=\s|$)/.exec(line)?.[0] ?? line;
}

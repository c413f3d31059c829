/**
 * What may stand where the cursor is. Commands, options and choices are read off the program that carries them out, so that a command
 * that is added completes at once; experiments, run ids, keys, metrics and profiles are looked up when they are asked for. Whatever
 * goes wrong, there is no candidate and no message: a shell would print it into somebody's half-typed line.
 */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Argument, Command, Option } from "commander";
import type { Io } from "./io";
import { RESULTS_ROOT } from "./find-run";

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface Completions {
  readonly candidates: readonly Candidate[];
  /** What of the file system may stand here, too. */
  readonly paths?: "files" | "folders";
  /** The word goes on behind a candidate (`key=`). */
  readonly open?: boolean;
}

const NONE: Completions = { candidates: [] };

/** `words`: after the program's name; the last one is being typed and may be empty. */
export function completionsOf(program: Command, words: readonly string[], io: Io): Completions {
  const current = words[words.length - 1] ?? "";
  const found = expected(program, words, io);
  const candidates = found.candidates.filter(({ value }) => value.startsWith(current));
  return { ...found, candidates };
}

function expected(program: Command, words: readonly string[], io: Io): Completions {
  const current = words[words.length - 1] ?? "";
  let command = program;
  let pending: Option | undefined;
  let optionsEnded = false;
  const typed: string[] = [];
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) pending = undefined;
    else if (word === "--") optionsEnded = true;
    else if (!optionsEnded && word.startsWith("-")) {
      const option = command.options.find(({ long, short }) => word === long || word === short);
      if (option?.required === true) pending = option;
    } else {
      const sub = typed.length === 0 ? shown(command).find((one) => one.name() === word) : undefined;
      if (sub === undefined) typed.push(word);
      else command = sub;
    }
  }
  if (pending !== undefined) return valuesOf(pending, typed, io);
  if (!optionsEnded && current.startsWith("--") && current.includes("=")) {
    const [flag] = current.split("=", 1);
    const option = command.options.find(({ long }) => long === flag);
    return option === undefined ? NONE : behind(`${flag}=`, valuesOf(option, typed, io));
  }
  if (!optionsEnded && current.startsWith("-")) return { candidates: optionsOf(command) };
  const commands = shown(command);
  if (commands.length > 0 && typed.length === 0) {
    const help = command === program ? [{ value: "help", description: "examples and options of a command" }] : [];
    return { candidates: [...commands.map((one) => named(one.name(), one.description())), ...help] };
  }
  if (command === program && typed[0] === "help")
    return { candidates: commands.map((one) => named(one.name(), one.description())) };
  const args = command.registeredArguments;
  const argument = args[typed.length] ?? (args[args.length - 1]?.variadic === true ? args[args.length - 1] : undefined);
  return argument === undefined ? NONE : argumentsOf(command, argument, io);
}

function shown(command: Command): readonly Command[] {
  return command.commands.filter((one) => !one.name().startsWith("_"));
}

function optionsOf(command: Command): readonly Candidate[] {
  const options = command.options.filter(({ hidden }) => !hidden);
  return [
    ...options.map(({ long, short, description }) => named(long ?? short ?? "", description)),
    named("--help", "examples and options"),
  ];
}

function named(value: string, description: string): Candidate {
  return { value, description };
}

function plainly(values: readonly string[]): readonly Candidate[] {
  return values.map((value) => named(value, ""));
}

function behind(prefix: string, { candidates, ...rest }: Completions): Completions {
  return { ...rest, candidates: candidates.map((one) => ({ ...one, value: prefix + one.value })) };
}

function valuesOf(option: Option, typed: readonly string[], io: Io): Completions {
  if (option.argChoices !== undefined) return { candidates: plainly(option.argChoices) };
  switch (option.long ?? "") {
    case "--set":
      return { candidates: keys(), open: true };
    case "--profile":
      return { candidates: profilesOf(typed[typed.length - 1] ?? "", io) };
    case "--metric":
    case "--sort":
    case "--columns":
      return { candidates: metrics() };
    case "--model":
      return { candidates: models() };
  }
  const value = /<(\w+)>/.exec(option.flags)?.[1];
  if (value === "dir") return { candidates: [], paths: "folders" };
  return value === "file" || value === "path" ? { candidates: [], paths: "files" } : NONE;
}

function argumentsOf(command: Command, argument: Argument, io: Io): Completions {
  if (argument.argChoices !== undefined) return { candidates: plainly(argument.argChoices) };
  switch (argument.name()) {
    case "file":
      // Of notebooks there is no catalogue.
      return command.parent?.name() === "notebook"
        ? { candidates: [], paths: "files" }
        : { candidates: experiments(), paths: "files" };
    case "run":
    case "runs":
      return { candidates: runs(io), paths: "folders" };
    case "name":
      return { candidates: words() };
    case "format":
      return { candidates: formats() };
    case "dir":
    case "results":
      return { candidates: [], paths: "folders" };
  }
  return NONE;
}

function experiments(): readonly Candidate[] {
  const { catalogueNames } = require("../catalogue") as typeof import("../catalogue");
  return plainly(catalogueNames());
}

/** Experiments that have runs, the word latest, and the ids of runs, the newest first. */
function runs(io: Io): readonly Candidate[] {
  const root = resolve(io.cwd, RESULTS_ROOT);
  const names = foldersIn(root).filter((name) => name !== "latest");
  const ids = names.flatMap((experiment) =>
    foldersIn(join(root, experiment))
      .filter((id) => /^\d{8}T/.test(id))
      .map((id) => named(id, experiment)),
  );
  const newest = ids.sort((a, b) => (a.value < b.value ? 1 : -1)).slice(0, MOST_IDS);
  return [
    ...(names.length === 0 ? [] : [named("latest", "the latest run")]),
    ...names.map((name) => named(name, "its latest run")),
    ...newest,
  ];
}

/** A list that is longer is no help. */
const MOST_IDS = 200;

function foldersIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function keys(): readonly Candidate[] {
  const { TUNABLES } = require("../../engine/vocabulary/tunables") as typeof import("../../engine/vocabulary/tunables");
  const { PLAIN_KEYS } = require("../spec/keys") as typeof import("../spec/keys");
  return [...TUNABLES, ...PLAIN_KEYS].map(({ key, title }) => named(`${key.replace(/^tunables\./, "")}=`, title));
}

function metrics(): readonly Candidate[] {
  const { metricDescriptions } = require("./metrics") as typeof import("./metrics");
  return metricDescriptions().map(({ name, title }) => named(name, title));
}

function models(): readonly Candidate[] {
  const { MODELS } = require("../../results/predictions/models") as typeof import("../../results/predictions/models");
  return plainly([...MODELS.keys()]);
}

function formats(): readonly Candidate[] {
  const { EXPORT_FORMATS } = require("./export") as typeof import("./export");
  return plainly(EXPORT_FORMATS);
}

/** Everything that explain explains, by the names that are typed most: a tunable's last. */
function words(): readonly Candidate[] {
  const { knownNames } = require("./explain") as typeof import("./explain");
  const { TUNABLES } = require("../../engine/vocabulary/tunables") as typeof import("../../engine/vocabulary/tunables");
  const titles = new Map([
    ...metrics().map(({ value, description }) => [value, description] as const),
    ...TUNABLES.flatMap(({ key, title }) => [
      [key, title] as const,
      [key.slice(key.lastIndexOf(".") + 1), title] as const,
    ]),
  ]);
  return [...new Set(knownNames())]
    .filter((name) => !/\s/.test(name))
    .map((name) => named(name, titles.get(name) ?? ""));
}

/** Of the experiment that was typed before. */
function profilesOf(typed: string, io: Io): readonly Candidate[] {
  const { readExperimentFile } = require("./experiment-file") as typeof import("./experiment-file");
  const { profileNames } = require("../spec/resolve") as typeof import("../spec/resolve");
  return plainly(profileNames(readExperimentFile(typed, io)));
}

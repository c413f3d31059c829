/**
 * The command line of YCSB: that of its launcher (`bin/ycsb run basic -P file -threads 8`), that of its client (`-t -db x
 * -P file`), and the options that are ours, which have two dashes. Single dashes before long names are nothing that a usual
 * parser likes, so this one is its own. YCSB stops at the first mistake and ends with code 0; here all are told, with 2.
 */
import { nearest } from "../../engine/vocabulary/nearest";

/** A property set on the command line: all of these beat all files, the last of one name beats the others. */
export interface CommandProperty {
  readonly key: string;
  readonly value: string;
  /** As typed, for messages. */
  readonly typed: string;
}

export interface YcsbArguments {
  readonly help: boolean;
  /** What the launcher was told; undefined in the client's form. */
  readonly phase: "load" | "run" | undefined;
  readonly binding: string | undefined;
  /** In order. */
  readonly files: readonly string[];
  readonly properties: readonly CommandProperty[];
  readonly world: "simulation" | "processes" | undefined;
  readonly experiment: string | undefined;
  readonly profile: string | undefined;
  readonly sets: readonly string[];
  readonly only: readonly string[];
  readonly seed: number | undefined;
  /** Options of the launcher for its Java machine. */
  readonly ignored: readonly string[];
}

export type ArgumentsResult =
  | { readonly ok: true; readonly arguments: YcsbArguments }
  | { readonly ok: false; readonly problems: readonly string[] };

const PHASES = ["load", "run"] as const;
/** Each with a value after it, but for those in {@link FLAGS}. */
const VALUED = ["-P", "-p", "-threads", "-target", "-l", "-db", "-cp", "-jvm-args", "-S"];
const OURS = ["--world", "--experiment", "--profile", "--set", "--only", "--seed"];
const FLAGS = ["-s", "-load", "-t", "--help", "-h"];

export function readArguments(argv: readonly string[]): ArgumentsResult {
  const reader = new Reader();
  reader.read(argv);
  return reader.result();
}

class Reader {
  private readonly problems: string[] = [];
  private readonly positionals: string[] = [];
  private readonly files: string[] = [];
  private readonly properties: CommandProperty[] = [];
  private readonly sets: string[] = [];
  private readonly only: string[] = [];
  private readonly ignored: string[] = [];
  private help = false;
  private world: YcsbArguments["world"];
  private experiment: string | undefined;
  private profile: string | undefined;
  private seed: number | undefined;

  read(argv: readonly string[]): void {
    for (let at = 0; at < argv.length; at++) {
      const typed = argv[at];
      const joined = /^(--[a-z-]+|-jvm-args)=(.*)$/s.exec(typed);
      const option = joined?.[1] ?? typed;
      if (FLAGS.includes(option) && joined === null) this.flag(option);
      else if (VALUED.includes(option) || OURS.includes(option)) {
        const value = joined?.[2] ?? argv[++at];
        if (value === undefined) this.problems.push(`${option}: a value must follow`);
        else this.valued(option, value);
      } else if (typed.startsWith("-") && typed !== "-") this.unknown(typed);
      else this.positionals.push(typed);
    }
  }

  result(): ArgumentsResult {
    const [first, binding, ...rest] = this.positionals;
    const phase = PHASES.find((one) => one === first);
    if (first !== undefined && phase === undefined && !this.help) this.problems.push(wrongPhase(first));
    for (const word of rest)
      this.problems.push(`"${word}": ${phase ?? "the command"} takes one binding, and that is "${binding}"`);
    if (phase !== undefined)
      this.properties.push({ key: "dotransactions", value: String(phase === "run"), typed: phase });
    if (this.problems.length > 0) return { ok: false, problems: this.problems };
    const { help, files, properties, world, experiment, profile, sets, only, seed, ignored } = this;
    return {
      ok: true,
      arguments: { help, phase, binding, files, properties, world, experiment, profile, sets, only, seed, ignored },
    };
  }

  private flag(option: string): void {
    switch (option) {
      case "-s":
        return this.set("status", "true", "-s");
      case "-load":
        return this.set("dotransactions", "false", "-load");
      case "-t":
        return this.set("dotransactions", "true", "-t");
      default:
        this.help = true;
    }
  }

  private valued(option: string, value: string): void {
    switch (option) {
      case "-P":
        this.files.push(value);
        return;
      case "-p":
        return this.property(value);
      case "-threads":
        return this.count("threadcount", option, value);
      case "-target":
        return this.count("target", option, value);
      case "-l":
        return this.set("label", value, `-l ${value}`);
      case "-db":
        return this.set("db", value, `-db ${value}`);
      case "-cp":
      case "-jvm-args":
        this.ignored.push(option);
        return;
      case "-S":
      case "--set":
        if (value.includes("=")) this.sets.push(value);
        else this.problems.push(`${option} ${value}: write key=value, such as -S tunables.r=1`);
        return;
      case "--only":
        this.only.push(value);
        return;
      case "--experiment":
        this.experiment = value;
        return;
      case "--profile":
        this.profile = value;
        return;
      case "--world":
        if (value === "simulation" || value === "processes") this.world = value;
        else this.problems.push(`--world ${value}: allowed: simulation, processes${meant(value, WORLDS)}`);
        return;
      case "--seed":
        if (/^\d+$/.test(value) && Number.isSafeInteger(Number(value))) this.seed = Number(value);
        else this.problems.push(`--seed ${value}: allowed: an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
    }
  }

  /** `name=value`, split at the first equals sign; further ones belong to the value. */
  private property(text: string): void {
    const at = text.indexOf("=");
    if (at <= 0) this.problems.push(`-p ${text}: write name=value, such as -p operationcount=10000`);
    else this.set(text.slice(0, at), text.slice(at + 1), `-p ${text}`);
  }

  private count(key: string, option: string, value: string): void {
    if (/^[+-]?\d+$/.test(value)) this.set(key, value, `${option} ${value}`);
    else this.problems.push(`${option} ${value}: not an integer`);
  }

  private set(key: string, value: string, typed: string): void {
    // Blanks at the end, as in files: no number of YCSB's has one, and a shell variable often does.
    this.properties.push({ key, value: value.trimEnd(), typed });
  }

  private unknown(typed: string): void {
    const known = [...VALUED, ...OURS, ...FLAGS];
    const doubled = known.find((one) => one === typed.slice(1) || `-${one}` === typed || `--${one.slice(1)}` === typed);
    const near = doubled ?? nearest(typed.split("=")[0], known);
    this.problems.push(`${typed}: no such option${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
}

const WORLDS = ["simulation", "processes"];

function meant(typed: string, known: readonly string[]): string {
  const near = nearest(typed, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

function wrongPhase(first: string): string {
  if (first === "shell") return "shell: YCSB's interactive mode is not here; load and run are";
  return `"${first}": the first word is load or run${meant(first, PHASES)}`;
}

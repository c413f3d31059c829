/**
 * What all commands share: the options every one of them has, and how one hands back its exit code. A command's file
 * defines its options when the program starts and loads what it needs only when it is called.
 */
import type { Command } from "commander";
import type { RunExperiment } from "../run-types";
import { paintFor, type Io, type Paint } from "./io";
import type { ExitCode } from "./user-error";

export interface CommandContext {
  readonly io: Io;
  /** What carries out a run, loaded when it is needed. */
  runner(): RunExperiment;
  /** The command line after the program's name. */
  readonly argv: readonly string[];
  /** Says with which code the program will end. */
  exit(code: ExitCode): void;
}

export interface CommonOptions {
  readonly json?: boolean;
  /** False after `--no-color`. */
  readonly color: boolean;
}

/** Adds `--json`, `--no-color` and, before everything else in the help, the examples. */
export function common(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, why]) => `  ${line.padEnd(width)}  ${why}`);
  return command
    .option("--json", "one JSON document on standard output")
    .option("--no-color", "no colour")
    .addHelpText("before", `Examples:\n${lines.join("\n")}\n`);
}

/** For options that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function outPaint(context: CommandContext, options: CommonOptions): Paint {
  return paintFor(context.io.stdout, context.io, !options.color);
}

export function errPaint(context: CommandContext, options: CommonOptions): Paint {
  return paintFor(context.io.stderr, context.io, !options.color);
}

export function printJson(io: Io, document: unknown): void {
  io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** The next useful commands (`quorumlab show …`), on standard error, as they can be typed in a clone: nothing is installed globally. */
export function next(io: Io, ...commands: readonly string[]): void {
  io.stderr.write(`next: ${commands.map((command) => command.replace(/^(?!npx )/, "npx ")).join("    ")}\n`);
}

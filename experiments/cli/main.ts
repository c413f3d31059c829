#!/usr/bin/env node
/**
 * The command `quorumlab`. It defines all commands and loads none of them: what a command needs (YAML, clocks, the
 * engine) is required when it is called, so that help and mistakes answer at once. Results go to standard output,
 * everything else to standard error; an exit code is chosen in one place.
 */
import { Command, CommanderError } from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../catalogue";
import type { RunExperiment } from "../run-types";
import { defineBrowse } from "./browse";
import { defineCheck } from "./check";
import type { CommandContext } from "./command";
import { defineCompare } from "./compare";
import { COMPLETE, complete, defineCompletion } from "./completion";
import { defineDoctor } from "./doctor";
import { defineExplain } from "./explain";
import { defineExport } from "./export";
import { defineInit } from "./init";
import { processIo, type Io } from "./io";
import { defineList } from "./list";
import { defineNotebook } from "./notebook";
import { definePlan } from "./plan";
import { definePredict } from "./predict";
import { defineReplay } from "./replay";
import { defineReport } from "./report";
import { defineReproduce } from "./reproduce";
import { defineResume } from "./resume";
import { defineRun } from "./run";
import { defineRuns } from "./runs";
import { defineSaturate } from "./saturate";
import { defineServe } from "./serve";
import { defineShow } from "./show";
import { exitOfTold, systemMessage, type ExitCode } from "./user-error";
import { defineValidate } from "./validate";
import { defineVerify } from "./verify";
import { defineYcsb, ycsb } from "./ycsb";

/**
 * Runs one command line (without the program's name) and resolves with its exit code. Never rejects. `runner` stands in
 * for the real one in tests of the command line.
 */
export async function main(argv: readonly string[], io: Io, runner: () => RunExperiment = realRunner): Promise<number> {
  let code: ExitCode = 0;
  const context: CommandContext = { io, argv, runner, exit: (chosen) => (code = chosen) };
  try {
    const program = define(context);
    if (argv.length === 0) program.outputHelp();
    else if (argv[0] === COMPLETE) complete(program, argv.slice(1), context);
    else if (argv[0] === "ycsb") await ycsb(argv.slice(1), context);
    else await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return explainFailure(error, io);
  }
}

function realRunner(): RunExperiment {
  return (require("../runner") as typeof import("../runner")).runExperiment;
}

function define(context: CommandContext): Command {
  const { io } = context;
  const program = new Command("quorumlab");
  program
    .description("A workbench for leaderless, quorum-replicated stores: experiments in, charts out.")
    .version(version(), "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      outputError: (text, write) => write(text),
    })
    .showSuggestionAfterError(true)
    .addHelpText(
      "before",
      "Examples:\n" +
        "  quorumlab run quickstart            the first experiment, about a minute\n" +
        "  quorumlab plan my.yaml              what a run would do\n" +
        "  quorumlab explain r                 what a knob buys and costs\n",
    )
    .addHelpText(
      "after",
      "\nExit codes:\n" +
        "  0    done; a published value that is missed, and a hypothesis without a condition (expect), change nothing\n" +
        "  1    run: an objective (slos) failed or a hypothesis (expect) does not hold; verify: something differs;\n" +
        "       check: a promise was broken; saturate: not even the lowest rate met the objective; compare: what --fail-on names;\n" +
        "       notebook: an expectation does not hold, or what was exported differs\n" +
        "  2    bad usage or input; compare: the runs may not be compared\n" +
        "  3    trials failed, or something broke off; serve: a node did not start, or not again\n" +
        "  4    run: an objective or hypothesis could not be decided, or no trial of a configuration is valid;\n" +
        "       saturate: a rate could not, or none up to the ceiling failed; compare --fail-on: undecided\n" +
        "  130  interrupted, or the budget was used up\n",
    )
    .helpCommand("help [command]", "examples and options of a command");
  for (const add of [
    defineValidate,
    definePlan,
    defineRun,
    defineResume,
    defineSaturate,
    defineShow,
    defineReport,
    defineCompare,
    defineRuns,
    defineBrowse,
    defineExport,
    defineVerify,
    defineCheck,
    defineReplay,
    defineServe,
    definePredict,
    defineReproduce,
    defineList,
    defineExplain,
    defineYcsb,
    defineInit,
    defineDoctor,
    defineCompletion,
    defineNotebook,
  ])
    add(program, context);
  return program;
}

function version(): string {
  const content = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { readonly version: string };
  return content.version;
}

function explainFailure(error: unknown, io: Io): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (!error.code.startsWith("commander.help")) io.stderr.write("next: quorumlab help\n");
    return 2;
  }
  const debug = io.env.QUORUMLAB_DEBUG === "1" && error instanceof Error ? `${error.stack ?? ""}\n` : "";
  const message = error instanceof Error ? error.message : String(error);
  const told = exitOfTold(error);
  if (told !== undefined) {
    io.stderr.write(`error: ${message}\n${debug}`);
    return told;
  }
  const system = systemMessage(error);
  if (system !== undefined) io.stderr.write(`error: ${system}\n${debug}`);
  else
    io.stderr.write(
      `error: ${message.split("\n")[0]} (a fault of quorumlab's own unless the message says otherwise; QUORUMLAB_DEBUG=1 shows where)\n${debug}`,
    );
  return 3;
}

if (require.main === module) {
  void main(process.argv.slice(2), processIo()).then((code) => {
    process.exitCode = code;
  });
}

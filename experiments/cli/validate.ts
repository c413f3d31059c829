/** `quorumlab validate`: every problem of every file, also of each profile, with line and column. */
import type { Command } from "commander";
import type { Problem } from "../spec/experiment";
import { collect, common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { readExperimentFile } from "./experiment-file";
import { countProblems, explainable, problemLine } from "./problem-lines";
import { UserError } from "./user-error";

interface Options extends CommonOptions {
  readonly strict?: boolean;
  readonly set?: readonly string[];
}

export function defineValidate(program: Command, context: CommandContext): void {
  const command = program
    .command("validate")
    .description("check experiment files; every problem at once, with line and column")
    .argument("<file...>", "experiment files, or names of the catalogue")
    .option("--strict", "warnings count as errors")
    .option("-S, --set <key=value>", "check with this key changed; may be repeated", collect)
    .action((files: readonly string[], options: Options) => validate(files, options, context));
  common(command, [
    ["quorumlab validate my.yaml", "check one file"],
    ["quorumlab validate --strict experiments/catalogue/*.yaml", "warnings fail too"],
    ["quorumlab validate my.yaml --json", "for editors and scripts"],
  ]);
}

function validate(files: readonly string[], options: Options, context: CommandContext): void {
  const { checkEverything } = require("../spec/resolve") as typeof import("../spec/resolve");
  const { io } = context;
  const problems: Problem[] = [];
  for (const typed of files) {
    try {
      const { path, text } = readExperimentFile(typed, io);
      problems.push(...checkEverything({ path, text, sets: options.set ?? [] }));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const message = error.message.startsWith(`${typed}: `) ? error.message.slice(typed.length + 2) : error.message;
      problems.push({ file: typed, line: 1, column: 1, severity: "error", message });
    }
  }
  const ok = problems.every((problem) => problem.severity === "warning" && options.strict !== true);
  context.exit(ok ? 0 : 2);
  if (options.json === true) {
    printJson(io, { schema: "quorumlab/validate@1", ok, problems });
    return;
  }
  const paint = outPaint(context, options);
  for (const problem of problems) io.stdout.write(problemLine(problem, paint));
  const about = explainable(problems);
  io.stdout.write(`${countProblems(problems)}${about === undefined ? "" : `      (quorumlab explain ${about})`}\n`);
  if (ok) next(io, `quorumlab plan ${files[0]}`);
}

/**
 * `quorumlab doctor`: is this machine fit for it? Each line is ok, a warning or missing, says what the thing is needed for, and how to
 * get it. Measured is what can make numbers wrong in silence: other programs on the cores, too few of them, a disk about to be full.
 */
import type { Command } from "commander";
import type { Check } from "../environment";
import { common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { columnsOf } from "./io";
import { plural } from "./problem-lines";
import { wrapText } from "./table";

export function defineDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command("doctor")
    .description("is this machine fit for it? What is there, what is missing, what it is needed for")
    .action((options: CommonOptions) => doctor(options, context));
  common(command, [
    ["quorumlab doctor", "everything, a line each"],
    ["quorumlab doctor --json", "for scripts; exit code 3 when something required is missing"],
  ]);
}

async function doctor(options: CommonOptions, context: CommandContext): Promise<void> {
  const { checkEnvironment } = require("../environment") as typeof import("../environment");
  const { io } = context;
  const checks = await checkEnvironment(io.cwd, io.env);
  const missing = checks.filter(({ state, required }) => state === "missing" && required);
  context.exit(missing.length > 0 ? 3 : 0);
  if (options.json === true) {
    printJson(io, { schema: "quorumlab/doctor@1", ok: missing.length === 0, checks });
    return;
  }
  const paint = outPaint(context, options);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const label = ({ state }: Check): string =>
    state === "ok" ? paint.green("ok     ") : state === "warning" ? paint.yellow("warning") : paint.red("missing");
  const columns = Math.min(110, columnsOf(io));
  for (const check of checks) {
    io.stdout.write(`${label(check)}  ${check.name.padEnd(width)}  ${check.found}\n`);
    if (check.state === "ok") continue;
    const advice = [`for ${check.neededFor}`, check.advice].filter((part) => part !== "").join("; ");
    io.stdout.write(wrapText(advice, columns, " ".repeat(width + 11)));
  }
  const count = (state: Check["state"]): number => checks.filter((check) => check.state === state).length;
  const verdict =
    missing.length > 0
      ? `${missing.map(({ name }) => name).join(", ")}: without ${missing.length === 1 ? "it" : "them"} it does not work`
      : "nothing that is required is missing";
  io.stdout.write(`${plural(count("warning"), "warning")}, ${count("missing")} missing; ${verdict}\n`);
  next(io, "quorumlab run quickstart", "quorumlab init my-sweep --template sweep");
}

/**
 * `quorumlab ycsb`: a command line written for YCSB runs here after its first word is changed. Its words are YCSB's own
 * (`run basic -P file -p name=value -threads 8 -s`) and are read by a parser of their own; the report is YCSB's, and what
 * a store of replicas has to answer for besides stands behind it.
 *
 * There is no store that outlives a command: each starts a cluster, and `run` loads before it runs.
 */
import type { Command } from "commander";
import type { YcsbOutcome } from "../ycsb/execution";
import type { YcsbPlan } from "../ycsb/plan";
import type { CommandContext } from "./command";
import type { Io } from "./io";
import { plural } from "./problem-lines";

const HELP = `Usage: quorumlab ycsb [load|run] [binding] [options]      as YCSB's launcher, bin/ycsb
       quorumlab ycsb [-load|-t] [options]                as YCSB's client

Examples:
  quorumlab ycsb load basic -P workloads/workloada -s
  quorumlab ycsb run basic -P workloads/workloada -p operationcount=10000 -threads 16 -target 2000
  quorumlab ycsb -t -P workloads/workloadb --world simulation -S tunables.r=1

Every command starts a cluster of its own and stops it at the end: nothing that one loaded is there for the next. So
  load   inserts the records and reports on that ([INSERT])
  run    loads them first, in silence and on the same cluster, then makes operationcount operations, or as many as
         maxexecutiontime lets it; with neither it runs until Ctrl-C and then reports
A script that loads and then runs works as it stands; its load is measured on another cluster than its run.

YCSB's options:
  -P file          a property file; several apply in order. workloads/workloada to f need not exist: the catalogue has them
  -p name=value    a property; beats every file
  -threads n       clients, each with one operation outstanding (threadcount)
  -target n        operations a second, of all clients together (target)
  -s               a status line every status.interval seconds, on standard error
  -l label         before each status line
  -load, -t        load, or run (dotransactions)
  -db x            and the launcher's binding: accepted; what is driven is always our own store
  -cp, -jvm-args   accepted; there is no Java machine

Our own:
  --world <w>        processes (the default) or simulation
  --experiment <f>   the cluster, network, tunables and faults of an experiment; by default three nodes, N 3, R 2, W 2; in
                     simulation with 0.25 ms between nodes on average and 0.1 ms to clients
  --profile <name>   one of its profiles
  --only <axis=v>    the one of its cells to take
  -S, --set <k=v>    change a key of it, such as -S tunables.r=1 or -S network.intra_zone=2ms
  --seed <n>         the root of all randomness
  --help             this text

The report goes to standard output or to exportfile, in YCSB's form; all else goes to standard error. Lines of ours stand
last: [WORLD], [OUTCOMES], [STALENESS], [SIBLINGS], [DIVERGENCE], [CAUSALITY]. An operation of which nobody knows whether
it happened is Return=INDEFINITE and [<OP>-INDEFINITE], never failed.

Exit codes: 0 done; 2 bad usage or input; 3 something broke off, or clients gave up; 130 interrupted.
`;

/** For the list of commands and `quorumlab help ycsb`; its words never come here (see {@link ycsb}). */
export function defineYcsb(program: Command, context: CommandContext): void {
  const command = program
    .command("ycsb")
    .description("run a command line that was written for YCSB, and report as YCSB does")
    .allowUnknownOption()
    .argument("[words...]", "as for YCSB")
    .action(() => ycsb(context.argv.slice(1), context));
  command.helpInformation = () => HELP;
}

export async function ycsb(argv: readonly string[], context: CommandContext): Promise<void> {
  const { readArguments } = require("../ycsb/arguments") as typeof import("../ycsb/arguments");
  const { io } = context;
  const read = readArguments(argv);
  if (!read.ok) return refuse(read.problems, context);
  if (read.arguments.help) {
    io.stdout.write(HELP);
    return;
  }
  const { planYcsb } = require("../ycsb/plan") as typeof import("../ycsb/plan");
  const planned = planYcsb(read.arguments, io);
  if (!planned.ok) return refuse(planned.problems, context);
  const { plan } = planned;
  announce(plan, io);
  const { carryOut } = require("../ycsb/execution") as typeof import("../ycsb/execution");
  const { Random } = require("../../engine/vocabulary/random") as typeof import("../../engine/vocabulary/random");
  const outcome = await carryOut(plan, io, Random.fromSeed(plan.trial.seed).fork("ycsb"));
  conclude(plan, outcome, context);
}

function refuse(problems: readonly string[], context: CommandContext): void {
  for (const problem of problems) context.io.stderr.write(`error: ${problem}\n`);
  context.io.stderr.write(`${plural(problems.length, "error")}; nothing was done      (quorumlab ycsb --help)\n`);
  context.exit(2);
}

function announce(plan: YcsbPlan, io: Io): void {
  const { hottestKeyLine } = require("./hottest-key") as typeof import("./hottest-key");
  const { cell } = plan.trial;
  const { engine, members } = cell.cluster;
  for (const note of plan.notes) io.stderr.write(`note: ${note}\n`);
  const where = cell.world === "simulation" ? "in simulation" : "on processes";
  io.stderr.write(
    `quorumlab ycsb: ${plural(members.length, "node")} ${where}, N ${engine.nVal} R ${engine.r} W ${engine.w}, ` +
      `${plural(plan.threads, "thread")}${plan.target === undefined ? "" : `, target ${plan.target.perSecond}/s`}\n`,
  );
  const line = plan.inserts === undefined ? hottestKeyLine(cell.workload) : undefined;
  if (line !== undefined) io.stderr.write(`${line}\n`);
  if (plan.operations === undefined && plan.maxSeconds === undefined)
    io.stderr.write("operationcount and maxexecutiontime are 0: runs until Ctrl-C, then reports\n");
  if (plan.inserts !== undefined)
    io.stderr.write("what is loaded goes with this command's cluster; run loads for itself\n");
}

function conclude(plan: YcsbPlan, outcome: YcsbOutcome, context: CommandContext): void {
  const { io } = context;
  const { output, operationsPerSecond, gaveUp, stopped } = outcome;
  if (output === undefined) {
    context.exit(130);
    return;
  }
  const { target } = plan;
  if (target !== undefined && !stopped && operationsPerSecond < REACHED * target.perSecond) {
    const rate = Math.round(operationsPerSecond);
    io.stderr.write(
      `warning: ${target.where}: a target of ${target.perSecond}/s was not reached: ${rate}/s were made by ${plural(plan.threads, "thread")}; ` +
        "measurement.interval=both shows how long operations waited for their turn\n",
    );
  }
  const { doubts } = output.validity;
  for (const { kind, verdict, reason } of doubts) io.stderr.write(`${verdict} (${kind}): ${reason}\n`);
  if (doubts.length > 0)
    io.stderr.write(`what such a doubt means and what helps: quorumlab explain ${doubts[0].kind}\n`);
  if (gaveUp > 0) {
    io.stderr.write(
      `error: ${plural(gaveUp, "thread")} of ${plan.threads} stopped at an insert that failed; ` +
        "core_workload_insertion_retry_limit tries again, core_workload_insertion_keep_going_on_error goes on\n",
    );
    context.exit(3);
  } else if (outcome.nothingLoaded) {
    io.stderr.write("error: no record could be loaded; what was measured is a store that does not answer\n");
    context.exit(3);
  } else if (stopped && (plan.operations !== undefined || plan.maxSeconds !== undefined)) context.exit(130);
}

/** Of a target rate; less than that is told. */
const REACHED = 0.95;

/**
 * `quorumlab verify`: is a stored run what it says it is? Files against `SHA256SUMS`, and every simulated trial run again from
 * its seed, digest against digest. Trials of real processes cannot be repeated, and that is said.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import type { TrialRecord } from "../../results/record/run-folder";
import type { PlannedTrial } from "../plan";
import type { Mismatch } from "../verification";
import { common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { findRun, RESULTS_ROOT } from "./find-run";
import { plural } from "./problem-lines";
import { loadRunAt } from "./stored-run";

interface Options extends CommonOptions {
  readonly out: string;
  readonly sample?: number;
  readonly jobs?: number;
}

export function defineVerify(program: Command, context: CommandContext): void {
  const command = program
    .command("verify")
    .description("run simulated trials again and compare digests; check the files of a run")
    .argument("[run]", "a run's folder, id or its beginning, an experiment's name, or latest", "latest")
    .option("--sample <n>", "only so many of the trials, spread over the plan", wholeNumber)
    .option("-j, --jobs <n>", "trials at once", wholeNumber)
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .action((run: string, options: Options) => verify(run, options, context));
  common(command, [
    ["quorumlab verify", "every simulated trial of the latest run"],
    ["quorumlab verify pbs --sample 5", "five of them"],
  ]);
}

/** A positive whole number of an option. */
export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 1_000_000)
    throw new InvalidArgumentError("write a whole number from 1 to 1000000");
  return number;
}

async function verify(typed: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  const folder = findRun(typed, options.out, io);
  const run = loadRunAt(folder);
  const files = wrongFiles(folder);
  const simulated = run.trials.map(({ record }) => record).filter(isSimulated);
  const chosen = sampleOf(simulated, options.sample);
  const controller = new AbortController();
  const stop = io.onInterrupt(() => (controller.signal.aborted ? io.exitNow(130) : controller.abort()));
  let mismatches: readonly Mismatch[] = [];
  try {
    mismatches = await rerun(folder, chosen, options.jobs, controller.signal, context);
  } finally {
    stop();
  }
  const interrupted = controller.signal.aborted;
  const ok = files.length === 0 && mismatches.length === 0 && !interrupted;
  if (options.json === true) {
    const { trials } = { trials: chosen.length };
    printJson(io, { schema: "quorumlab/verify@1", ok, trials, of: simulated.length, files, mismatches, interrupted });
  } else tell(run.trials.length, simulated.length, chosen.length, files, mismatches, options, context);
  context.exit(interrupted ? 130 : ok ? 0 : 1);
  next(io, `npx quorumlab show ${shownPath(folder, io)}`);
}

function isSimulated(record: TrialRecord): boolean {
  return record.world === "simulation" && record.outcome === "done";
}

/** So many of them, spread evenly. */
function sampleOf(records: readonly TrialRecord[], count: number | undefined): readonly TrialRecord[] {
  if (count === undefined || count >= records.length) return records;
  return Array.from({ length: count }, (_, i) => records[Math.floor((i * records.length) / count)]);
}

async function rerun(
  folder: string,
  records: readonly TrialRecord[],
  jobs: number | undefined,
  signal: AbortSignal,
  context: CommandContext,
): Promise<readonly Mismatch[]> {
  const { plannedFrom, compareWithRecord } = require("../verification") as typeof import("../verification");
  const { TrialPool } = require("../trial-pool") as typeof import("../trial-pool");
  const { TrialFailed } = require("../trial") as typeof import("../trial");
  const { runTrial } = require("../world") as typeof import("../world");
  const { stderr } = context.io;
  const found: (Mismatch | undefined)[] = new Array<undefined>(records.length).fill(undefined);
  const pool = new TrialPool();
  const atOnce = Math.min(jobs ?? availableParallelism(), Math.max(1, records.length));
  let begun = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (begun < records.length && !signal.aborted) {
      const at = begun++;
      const record = records[at];
      const named = { trial: record.id, cell: record.cell, repetition: record.repetition, firstEvent: undefined };
      const planned: PlannedTrial | string = plannedFrom(folder, record);
      if (typeof planned === "string") found[at] = { ...named, what: planned };
      else {
        try {
          const quiet = { progress: () => undefined, log: () => undefined };
          const options = { trial: planned, signal, ...quiet };
          const output = await (atOnce === 1 ? runTrial(options) : pool.run(options));
          if (output !== undefined) found[at] = await compareWithRecord(planned, record, output, signal);
        } catch (error) {
          if (!(error instanceof TrialFailed)) throw error;
          found[at] = { ...named, what: `it failed now: ${error.message}` };
        }
      }
      done++;
      if (stderr.isTTY) stderr.write(`\r${String(done)} of ${String(records.length)} run again`);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, lane));
  } finally {
    await pool.close();
    if (stderr.isTTY && done > 0) stderr.write("\n");
  }
  return found.filter((one) => one !== undefined);
}

/** Files that are missing or do not have the checksum that the run's own list gives them; one line each. */
function wrongFiles(folder: string): readonly string[] {
  const list = join(folder, "SHA256SUMS");
  if (!existsSync(list)) return ["SHA256SUMS is missing: the run was not finished"];
  const experiment = resolve(folder, "..");
  const wrong: string[] = [];
  for (const line of readFileSync(list, "utf8").split("\n")) {
    const match = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
    if (match === null) {
      if (line !== "") wrong.push(`SHA256SUMS has a line that is none: ${JSON.stringify(line.slice(0, 80))}`);
      continue;
    }
    const [, sum, name] = match;
    const file = resolve(folder, name);
    // A list may be forged: it names files of this experiment and no others.
    if (relative(experiment, file).startsWith("..")) wrong.push(`${name}: outside the experiment's folder`);
    else if (!existsSync(file) || !statSync(file).isFile()) wrong.push(`${name}: missing`);
    else if (createHash("sha256").update(readFileSync(file)).digest("hex") !== sum) wrong.push(`${name}: changed`);
  }
  return wrong;
}

function tell(
  trials: number,
  simulated: number,
  chosen: number,
  files: readonly string[],
  mismatches: readonly Mismatch[],
  options: Options,
  context: CommandContext,
): void {
  const { stdout } = context.io;
  const paint = outPaint(context, options);
  for (const file of files) stdout.write(`${paint.red("file")}   ${file}\n`);
  for (const { trial, cell, repetition, what, firstEvent } of mismatches) {
    stdout.write(`${paint.red("trial")}  ${trial} (${cell}, repetition ${String(repetition)}): ${what}\n`);
    if (firstEvent !== undefined) stdout.write(`       first: ${firstEvent}\n`);
  }
  const verified = chosen - mismatches.length;
  stdout.write(
    simulated === 0
      ? "no trial of this run was simulated: runs of real processes cannot be repeated, only their files checked\n"
      : `${String(verified)} of ${plural(chosen, "simulated trial")} came out again, event for event${chosen < simulated ? ` (a sample of ${String(simulated)})` : ""}\n`,
  );
  if (simulated > 0 && simulated < trials) {
    stdout.write(`${plural(trials - simulated, "trial")} ran on real processes, which cannot be repeated\n`);
  }
  stdout.write(files.length === 0 ? "all files are as they were written\n" : `${plural(files.length, "file")} wrong\n`);
}

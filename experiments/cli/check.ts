/**
 * `quorumlab check`: do the histories of single keys fit a register? Linearizable, regular, and regular with siblings, each
 * with a witness where they do not. Needs the raw history (`--raw all` or `keys:5%` when the run was made). What a configuration
 * promises is worked out here from its resolved keys; a broken promise ends with 1.
 */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { HistoryCheck } from "../../results/checks/history-check";
import type { PromiseName } from "../../results/checks/register";
import type { TrialRecord } from "../../results/record/run-folder";
import { common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { findRun, RESULTS_ROOT } from "./find-run";
import { loadRunAt } from "./stored-run";
import { UserError } from "./user-error";

interface Options extends CommonOptions {
  readonly out: string;
  readonly trial?: string;
}

/** Compressed; about ten times as much in memory. */
const MAX_HISTORY_BYTES = 256 * 1024 * 1024;

const NAMES: Readonly<Record<PromiseName, string>> = {
  linearizable: "linearizable",
  regular: "regular",
  multiValue: "regular with siblings",
};

export function defineCheck(program: Command, context: CommandContext): void {
  const command = program
    .command("check")
    .description("do recorded histories fit a register: linearizable, regular, regular with siblings")
    .argument("[run]", "a run's folder, id or its beginning, an experiment's name, or latest", "latest")
    .option("--trial <id>", "only the trial whose id begins so")
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .action((run: string, options: Options) => check(run, options, context));
  common(command, [
    ["quorumlab run quickstart --raw all && quorumlab check", "every operation kept, then checked"],
    ["quorumlab check latest --trial 3fa1", "one trial"],
  ]);
}

interface Checked {
  readonly trial: string;
  readonly cell: string;
  readonly world: string;
  /** The strongest that the configuration promises; null for none. */
  readonly promised: PromiseName | null;
  /** Why it promises nothing; null where it does. */
  readonly because: string | null;
  readonly kept: boolean;
  readonly check: HistoryCheck;
}

function check(typed: string, options: Options, context: CommandContext): void {
  const { io } = context;
  const folder = findRun(typed, options.out, io);
  const records = loadRunAt(folder)
    .trials.map(({ record }) => record)
    .filter(({ id, outcome }) => outcome === "done" && (options.trial === undefined || id.startsWith(options.trial)));
  if (records.length === 0)
    throw new UserError(
      `${typed}: no finished trial${options.trial === undefined ? "" : ` begins with ${options.trial}`}`,
    );
  const checked = records.flatMap((record) => checkTrial(folder, record) ?? []);
  if (checked.length === 0) {
    throw new UserError(`${typed}: the run kept no raw history; make it again with --raw all or --raw keys:5%`);
  }
  const kept = checked.every((one) => one.kept);
  if (options.json === true) printJson(io, { schema: "quorumlab/check@1", ok: kept, trials: checked });
  else for (const one of checked) tell(one, options, context);
  context.exit(kept ? 0 : 1);
  next(io, `npx quorumlab show ${shownPath(folder, io)}`);
}

function checkTrial(folder: string, record: TrialRecord): Checked | undefined {
  const { checkHistory } =
    require("../../results/checks/history-check") as typeof import("../../results/checks/history-check");
  const { readHistory } =
    require("../../results/record/history-file") as typeof import("../../results/record/history-file");
  const file = join(resolve(folder, ".."), "trials", record.id, "history.jsonl.gz");
  if (!existsSync(file)) return undefined;
  if (statSync(file).size > MAX_HISTORY_BYTES) {
    throw new UserError(
      `${file}: larger than ${String(MAX_HISTORY_BYTES / 1024 / 1024)} MiB; keep fewer keys with --raw keys:5%`,
    );
  }
  let operations: ReturnType<typeof readHistory>["operations"];
  try {
    operations = readHistory(file).operations;
  } catch (error) {
    throw new UserError(`${file}: is no history: ${error instanceof Error ? error.message : String(error)}`);
  }
  const promise = promiseOf(record.resolved);
  const promised = typeof promise === "string" ? promise : undefined;
  const result = checkHistory(operations);
  const kept = promised === undefined || result.promises[promised].no === 0;
  const { id: trial, cell, world } = record;
  const because = typeof promise === "string" ? null : promise.nothing;
  return { trial, cell, world, promised: promised ?? null, because, kept, check: result };
}

/** What a configuration promises, or in a clause why nothing. */
export type Promised = PromiseName | { readonly nothing: string };

/**
 * What strict overlapping quorums promise: that a read meets the latest acknowledged write. With siblings kept that is
 * regularity with siblings; under last write wins it is regularity as long as no wall time is wrong. Never linearizability.
 * A clock that may lose what nobody has seen overwritten promises neither.
 */
export function promiseOf(resolved: Readonly<Record<string, unknown>>): Promised {
  const n = Number(resolved["tunables.n_val"]);
  const quorum = (key: string): number => {
    const value = resolved[`tunables.${key}`];
    if (value === "one") return 1;
    if (value === "quorum") return Math.floor(n / 2) + 1;
    return value === "all" ? n : Number(value);
  };
  const reads = Math.max(quorum("r"), quorum("pr"));
  const writes = Math.max(quorum("w"), quorum("pw"), quorum("dw"));
  if (!(reads + writes > n)) return { nothing: "reads and writes need not meet" };
  const standIn = resolved["tunables.stand_in"] ?? "none";
  // Primaries meet whoever stands in.
  if (resolved["tunables.sloppy_quorum"] === true && standIn !== "none" && !(quorum("pr") + quorum("pw") > n))
    return { nothing: "stand-ins count to its quorums (sloppy_quorum)" };
  // A node that dies with its memory forgets what it had acknowledged.
  if (hasFaults(resolved)) return { nothing: "faults may take what was acknowledged" };
  const is = (key: string, value: unknown): boolean => resolved[key] === undefined || resolved[key] === value;
  if (!is("tunables.delete_mode", "keep") || !is("tunables.grace", "none")) return { nothing: "tombstones are reaped" };
  const { CLOCKS } = require("../../engine/clocks/clock") as typeof import("../../engine/clocks/clock");
  const name = String(resolved["tunables.clock"]);
  if (name === "lww" || name === "lww-hlc") {
    const exact =
      is("node_model.clock_skew", "none") &&
      Number(resolved["node_model.clock_drift"] ?? 0) === 0 &&
      is("tunables.timestamps", "coordinator");
    return exact ? "regular" : { nothing: "the newest timestamp need not be the latest write's" };
  }
  const keeps =
    CLOCKS.get(name)?.declares.mayLose === false &&
    is("tunables.siblings", "keep") &&
    is("tunables.actor_epochs", true);
  return keeps ? "multiValue" : { nothing: "its clock may lose an acknowledged write" };
}

/** Faults of a list are resolved one by one, as `faults.<id>`; drawn ones, and the word none, as `faults`. */
function hasFaults(resolved: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(resolved).some(
    ([key, value]) => (key === "faults" && value !== "none") || key.startsWith("faults."),
  );
}

function tell(
  { trial, cell, world, promised, because, kept, check: result }: Checked,
  options: Options,
  context: CommandContext,
): void {
  const { describeHistoryCheck } =
    require("../../results/checks/history-check") as typeof import("../../results/checks/history-check");
  const { stdout } = context.io;
  const paint = outPaint(context, options);
  const promise =
    promised === null ? `nothing is promised: ${because ?? ""}` : `its quorums promise: ${NAMES[promised]}`;
  stdout.write(`${paint.bold(cell)}  ${trial}, ${world === "simulation" ? "simulated" : "on processes"}; ${promise}\n`);
  for (const line of describeHistoryCheck(result).split("\n")) stdout.write(`  ${line}\n`);
  if (!kept) stdout.write(`  ${paint.red("the promise was broken")}\n`);
}

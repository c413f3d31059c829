/**
 * An interrupted run, ready to go on: its plan, what has ended by its journal, and what is left. Everything that forbids going on is
 * found here, before a file is touched: another engine would put two stores into one table, a second process would write the same
 * folder, and a folder that was damaged says nothing certain about what is left.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SEMANTICS_VERSION } from "../engine/vocabulary/semantics";
import { accountOf, type JournalAccount, readJournal } from "../results/record/journal";
import { readManifest, RunNotReadable } from "../results/record/reader";
import type { RunManifest } from "../results/record/run-folder";
import { lockOf } from "../results/record/run-lock";
import { type KeptOptions, readExecution } from "./execution-record";
import type { PlannedTrial } from "./plan";
import type { Experiment } from "./spec/experiment";

export interface InterruptedRun {
  readonly folder: string;
  readonly manifest: RunManifest;
  readonly experiment: Experiment;
  readonly plan: readonly PlannedTrial[];
  readonly options: KeptOptions;
  readonly account: JournalAccount;
  /** Trials that failed are carried out again. */
  readonly retryFailed: boolean;
}

/** One sentence that says why, and what to do instead. */
export class NotResumable extends Error {
  override readonly name = "NotResumable";
}

/** Throws {@link NotResumable}. */
export function openInterrupted(folder: string, retryFailed: boolean): InterruptedRun {
  const manifest = manifestAt(folder);
  const { run, experiment: name, semanticsVersion, stopped } = manifest;
  refuseElsewhere(folder, manifest);
  refuseWhileRunning(folder, run);
  const again = `run the experiment again: simulated trials that are done are taken over`;
  if (manifest.saturation !== undefined)
    throw new NotResumable(
      `${run} is a search for the saturating rate, which decides as it goes: type its command again (${manifest.argv.join(" ")}), and simulated trials are taken over`,
    );
  if (semanticsVersion !== undefined && semanticsVersion !== SEMANTICS_VERSION)
    throw new NotResumable(
      `${run} was begun under semantics version ${semanticsVersion} of the engine, and this one has ${SEMANTICS_VERSION}: its trials would not be comparable with each other; run the experiment again`,
    );
  if (stopped?.by === "objective")
    throw new NotResumable(`${run} stopped itself: ${stopped.reason}; what it would do next is stop again`);
  const execution = readExecution(folder, run);
  if (typeof execution === "string") throw new NotResumable(`${folder} cannot be resumed: ${execution}; ${again}`);
  const journal = readJournal(join(folder, "journal.jsonl"));
  if (!journal.some(({ event }) => event === "planned"))
    throw new NotResumable(`${folder} cannot be resumed: journal.jsonl is missing or damaged; ${again}`);
  const account = accountOf(journal);
  const { failed, left } = leftOf(execution.plan, account);
  if (left === 0 && isConcluded(folder, manifest)) {
    if (failed === 0)
      throw new NotResumable(
        `${run} is done: all ${execution.plan.length} trials are there; quorumlab show ${name} shows them`,
      );
    if (!retryFailed)
      throw new NotResumable(
        `${run} has nothing left to begin; ${failed} of ${execution.plan.length} trials failed, and --retry-failed carries them out again`,
      );
  }
  return { folder, manifest, ...execution, account, retryFailed };
}

/** By the journal: how many of the plan ended well, failed, or have no end. */
export function leftOf(
  plan: readonly { readonly id: string }[],
  { ends }: JournalAccount,
): { readonly done: number; readonly failed: number; readonly left: number } {
  const failed = plan.filter(({ id }) => ends.get(id) === "failed").length;
  const left = plan.filter(({ id }) => !ends.has(id)).length;
  return { done: plan.length - failed - left, failed, left };
}

/** Whether, of what its manifest alone says, the run may have something left. `running` of a process that lives is not. */
export function looksInterrupted(folder: string, manifest: RunManifest, retryFailed: boolean): boolean {
  if (manifest.saturation !== undefined || manifest.stopped?.by === "objective") return false;
  // A copy of a run; the run itself may go on.
  if (basename(folder) !== manifest.run || basename(dirname(folder)) !== manifest.experiment) return false;
  if (!isConcluded(folder, manifest)) return !isHeld(folder);
  const execution = readExecution(folder, manifest.run);
  if (typeof execution === "string") return false;
  const { failed, left } = leftOf(execution.plan, accountOf(readJournal(join(folder, "journal.jsonl"))));
  return left > 0 || (retryFailed && failed > 0);
}

/** Its checksums come last: without them it broke off while it wrote its end. */
function isConcluded(folder: string, { status }: RunManifest): boolean {
  return status !== "running" && status !== "interrupted" && existsSync(join(folder, "SHA256SUMS"));
}

function isHeld(folder: string): boolean {
  const lock = lockOf(folder);
  return lock !== undefined && lock.state !== "dead";
}

/** A run goes on where its names lead. From a copy, or under another name, that is the folder of another run, or none. */
function refuseElsewhere(folder: string, { run, experiment }: RunManifest): void {
  if (basename(folder) === run && basename(dirname(folder)) === experiment) return;
  throw new NotResumable(
    `${folder} cannot be resumed: it is the run ${run} of ${experiment} under another name, and would go on in ${experiment}/${run}; give it that name, or resume the run that it was copied from`,
  );
}

function refuseWhileRunning(folder: string, run: string): void {
  const lock = lockOf(folder);
  if (lock === undefined || lock.state === "dead") return;
  throw new NotResumable(
    lock.state === "elsewhere"
      ? `${run} may be running on another machine (process ${lock.pid} there); if it is not, remove ${join(folder, ".lock")}`
      : `${run} is still running, in process ${lock.pid}`,
  );
}

function manifestAt(folder: string): RunManifest {
  try {
    return readManifest(folder);
  } catch (error) {
    if (!(error instanceof RunNotReadable)) throw error;
    throw new NotResumable(`cannot be resumed: ${error.message}; run the experiment again`);
  }
}

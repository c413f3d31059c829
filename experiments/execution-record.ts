/**
 * What a run is going to carry out, kept in its folder: the experiment as it was resolved (its cells stand in `provenance/cells.json`)
 * and how it was to be run. So that resuming goes on with the same plan, whatever has become of the file since, of what it extends,
 * of the folder that paths in it were relative to, or of a default.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { trialId, type PlannedTrial } from "./plan";
import { fromFolder } from "./recorded-operations";
import type { RunOptions } from "./run-types";
import type { Cell, Experiment } from "./spec/experiment";
import { CELLS_FILE } from "./verification";

export const EXECUTION_FILE = "provenance/execution.json";
const SCHEMA = "quorumlab/execution@1";

/** Of {@link RunOptions}, what holds for every sitting. */
export type KeptOptions = Pick<RunOptions, "onError" | "reuse" | "jobs" | "recordTrace">;

interface Execution {
  readonly options: KeptOptions;
  readonly experiment: Omit<Experiment, "cells">;
}

/** For {@link EXECUTION_FILE}. */
export function executionDocument({ cells: _kept, ...experiment }: Experiment, options: KeptOptions): string {
  const { onError, reuse, jobs, recordTrace } = options;
  const execution: Execution = {
    options: {
      onError,
      ...(reuse === undefined ? {} : { reuse }),
      ...(jobs === undefined ? {} : { jobs }),
      ...(recordTrace === undefined ? {} : { recordTrace }),
    },
    experiment,
  };
  const text = JSON.stringify(execution);
  return `${JSON.stringify({ schema: SCHEMA, sha256: digestOf(text), execution })}\n`;
}

/** What the folder says, or in a clause why it cannot be believed. The plan is that of the folder, checked against its cells. */
export function readExecution(
  folder: string,
  nonce: string,
): { readonly experiment: Experiment; readonly plan: readonly PlannedTrial[]; readonly options: KeptOptions } | string {
  const file = join(folder, EXECUTION_FILE);
  if (!existsSync(file)) return `it has no ${EXECUTION_FILE}: a version made it that could not resume`;
  const kept = jsonOf(file) as { schema?: unknown; sha256?: unknown; execution?: Execution } | undefined;
  if (kept?.schema !== SCHEMA && typeof kept?.schema === "string")
    return `${EXECUTION_FILE} was written by another version (${kept.schema.slice(0, 60)})`;
  if (kept?.execution === undefined || kept.sha256 !== digestOf(JSON.stringify(kept.execution)))
    return `${EXECUTION_FILE} is damaged or was changed`;
  const cells = (jsonOf(join(folder, CELLS_FILE)) as { cells?: unknown } | undefined)?.cells;
  if (!Array.isArray(cells)) return `${CELLS_FILE} is missing or damaged`;
  const { execution } = kept;
  const experiment: Experiment = {
    ...execution.experiment,
    cells: (cells as Cell[]).map((cell) => ({ ...cell, workload: fromFolder(folder, cell.workload) })),
  };
  const plan = readPlan(folder, experiment, nonce);
  return typeof plan === "string" ? plan : { experiment, plan, options: execution.options };
}

function readPlan(folder: string, { cells }: Experiment, nonce: string): readonly PlannedTrial[] | string {
  const file = join(folder, "plan.jsonl");
  if (!existsSync(file)) return "it has no plan.jsonl";
  const byId = new Map(cells.map((cell) => [cell.id, cell]));
  const plan: PlannedTrial[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    const planned = parsed(line) as
      { trial?: unknown; cell?: unknown; repetition?: unknown; seed?: unknown } | undefined;
    const { trial, cell: id, repetition, seed } = planned ?? {};
    const at = `plan.jsonl, line ${String(plan.length + 1)}`;
    if (
      typeof trial !== "string" ||
      typeof id !== "string" ||
      typeof repetition !== "number" ||
      typeof seed !== "number"
    )
      return `${at} is damaged`;
    const cell = byId.get(id);
    if (cell === undefined) return `${at} names the cell ${id.slice(0, 80)}, which ${CELLS_FILE} does not have`;
    if (addressOf(cell, seed, nonce) !== trial)
      return `${at} names a trial that is not the one of cell ${id} and its seed: one of them was changed`;
    plan.push({ id: trial, index: plan.length, cell, repetition, seed });
  }
  return plan.length === 0 ? "plan.jsonl is empty" : plan;
}

function addressOf(cell: Cell, seed: number, nonce: string): string | undefined {
  try {
    return trialId(cell, seed, nonce);
  } catch {
    return undefined; // no cell at all
  }
}

function jsonOf(file: string): unknown {
  return existsSync(file) ? parsed(readFileSync(file, "utf8")) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

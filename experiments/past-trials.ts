/**
 * What earlier runs of an experiment tell a plan: which of its trials stand on disk, and what trials of the same cells took, in time and
 * in bytes. A trial of the same cell is the best estimate there is of the next one; cells that never ran are reckoned from the model, corrected by
 * what it was wrong by for those that did.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { MEASURES_VERSION } from "../results/record/measures-version";
import type { TrialRecord } from "../results/record/run-folder";
import { canonicalJson, type PlannedTrial } from "./plan";
import { reusable } from "./reuse";
import type { Cell, Experiment, World } from "./spec/experiment";

/** Of one trial of a cell. */
export interface Taken {
  readonly ms: number;
  readonly bytes: number;
}

export interface PastTrials {
  /** Trials of the plan that a run would take as they are. */
  readonly cached: ReadonlySet<string>;
  /** Trials that the estimate rests on. */
  readonly count: number;
  /** The mean over trials of the same cell; undefined: none has ended well. */
  of(cell: Cell): Taken | undefined;
}

export const NO_PAST: PastTrials = { cached: new Set(), count: 0, of: () => undefined };

/** `quick`: a trial's record alone is believed, and no checksum looked at, where only the time is in question. */
export function pastTrials(
  root: string,
  experiment: Experiment,
  plan: readonly PlannedTrial[],
  { quick = false } = {},
): PastTrials {
  const folder = join(root, experiment.name, "trials");
  if (!existsSync(folder)) return NO_PAST;
  const byCell = new Map<string, Taken[]>(experiment.cells.map((cell) => [keyOf(cell), []]));
  const planned = new Map(plan.map((trial) => [trial.id, trial]));
  const standing = new Set<string>();
  let count = 0;
  for (const id of readdirSync(folder)) {
    const record = recordIn(join(folder, id));
    if (record?.outcome !== "done") continue;
    const taken = takenBy(join(folder, id), record);
    const same = byCell.get(keyOf(record));
    if (taken !== undefined && same !== undefined) {
      same.push(taken);
      count++;
    }
    if (planned.get(id)?.cell.world === "simulation" && record.measures === MEASURES_VERSION) standing.add(id);
  }
  const cached = quick ? standing : new Set(reusable(root, experiment, plan).keys());
  return { cached, count, of: (cell) => meanOf(byCell.get(keyOf(cell)) ?? []) };
}

/** By everything that was resolved for it: a profile's short phases make another cell. */
function keyOf({
  world,
  resolved,
}: {
  readonly world: World;
  readonly resolved: Readonly<Record<string, unknown>>;
}): string {
  return `${world} ${canonicalJson(resolved)}`;
}

function recordIn(trial: string): TrialRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(trial, "trial.json"), "utf8")) as TrialRecord | null;
    return record?.schema === "quorumlab/trial@1" && typeof record.resolved === "object" ? record : undefined;
  } catch {
    return undefined; // half written, damaged or none: nothing is known of it
  }
}

function takenBy(trial: string, { startedAt, endedAt, files }: TrialRecord): Taken | undefined {
  const ms = Date.parse(endedAt) - Date.parse(startedAt);
  // Whoever changed the record may have left anything there; a run tells it.
  const sizes = Object.values(files ?? {}).map((file: { readonly bytes: number } | null) => Number(file?.bytes));
  const bytes = sizes.reduce((sum, size) => sum + size, statSync(join(trial, "trial.json")).size);
  return ms >= 0 && Number.isFinite(bytes) ? { ms, bytes } : undefined;
}

function meanOf(all: readonly Taken[]): Taken | undefined {
  if (all.length === 0) return undefined;
  const mean = (of: (one: Taken) => number): number => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  return { ms: mean(({ ms }) => ms), bytes: mean(({ bytes }) => bytes) };
}

/**
 * Which trials of a plan need not be carried out, because they stand on disk: made by this run before it was interrupted, or, of
 * simulations, by an earlier run of the experiment. The journal says what this run made; the disk has to agree. What is there and cannot be used is
 * told, because somebody may believe that it counts.
 */
import { judgedByClaims } from "../results/statistics/validity";
import type { Validity } from "../results/record/figures";
import type { TrialEnd } from "../results/record/journal";
import type { LoadedTrial } from "../results/record/whole-trial";
import { canonicalJson, type PlannedTrial } from "./plan";
import type { InterruptedRun } from "./resume";
import { findTrial, type Found } from "./reuse";

/** A trial that is taken as it stands. */
export interface Standing {
  readonly trial: LoadedTrial;
  /** What the journal does not say yet; undefined: it does. */
  readonly entry: TrialEnd | undefined;
  /** How it came into this run. */
  readonly end: TrialEnd;
}

export interface StandingOptions {
  /** The experiment's folder of trials. */
  readonly trials: string;
  /** Simulated trials of earlier runs are taken. */
  readonly reuse: boolean;
  readonly resumed: Pick<InterruptedRun, "account" | "retryFailed"> | undefined;
}

/** Undefined: it is to be carried out. `tell` gets a clause where something is there that does not count. */
export function standingTrial(
  planned: PlannedTrial,
  { trials, reuse, resumed }: StandingOptions,
  tell: (why: string, usual: boolean) => void,
): Standing | undefined {
  const simulated = planned.cell.world === "simulation";
  const before = resumed?.account.ends.get(planned.id);
  const begun = resumed?.account.started.has(planned.id) ?? false;
  if (before === "failed" && resumed?.retryFailed === true) return undefined;
  // The folder of a trial of processes has this run's nonce in its name: who else could have made it?
  if (before === undefined && !(simulated ? reuse : begun)) return undefined;
  const found: Found = findTrial(trials, planned);
  switch (found.kind) {
    case "absent":
      if (before !== undefined) tell("its folder is gone", false);
      return undefined;
    case "unusable":
      tell(found.why, found.other);
      return undefined;
    case "failed":
      if (before === "failed" || (before === undefined && begun))
        return { trial: found.trial, end: "failed", entry: before === "failed" ? undefined : "failed" };
      tell("it failed before", false);
      return undefined;
    case "whole": {
      const end = before === "done" || (before === undefined && begun) ? "done" : "reused";
      return { trial: found.trial, end, entry: end === before ? undefined : end };
    }
  }
}

/**
 * What this run doubts of a trial, where that is not what its folder says: undefined where it is. What an experiment claims may be
 * more, or less, than what the earlier one did.
 */
export function doubtsHere({ summary }: Pick<LoadedTrial, "summary">, claims: readonly string[]): Validity | undefined {
  if (summary === null) return undefined;
  const here = judgedByClaims(summary.validity, summary.metrics, claims);
  return essence(here) === essence(summary.validity) ? undefined : here;
}

export function essence({ verdict, doubts }: Validity): string {
  return [verdict, ...doubts.map((doubt) => canonicalJson(doubt)).sort()].join("\n");
}

/** A seed carried out twice: the same run, and every promise kept; or how to see that it is not. */
import type { Violation } from "./ledger";
import { type Plant, runSeed, type SwarmRun } from "./swarm-run";

export interface Failure {
  readonly seed: number;
  readonly violation: Violation;
}

export function tryTwice(
  seed: number,
  plant?: Plant,
): { readonly run: SwarmRun; readonly failure: Failure | undefined } {
  const run = runSeed(seed, plant);
  const again = runSeed(seed, plant);
  if (run.digest !== again.digest || run.operations !== again.operations) {
    const first = run.checkpoints.findIndex((value, i) => value !== again.checkpoints[i]);
    const evidence = `digest ${run.digest}, then ${again.digest}; first difference about event ${String(first + 1)}`;
    return { run, failure: { seed, violation: { invariant: "a seed gives one history", at: 0, evidence } } };
  }
  const [violation] = run.violations;
  return { run, failure: violation === undefined ? undefined : { seed, violation } };
}

/** The first line replays it. */
export function describeFailure({ seed, violation }: Failure): string {
  const { invariant, at, evidence } = violation;
  return `npm run swarm -- --seed ${String(seed)}\n  broken at ${String(at)} µs: ${invariant}\n  ${evidence}`;
}

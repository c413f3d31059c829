/**
 * What the swarm has found in the engine and nobody has mended yet. Where such a bug can strike, the invariants it breaks
 * are counted and not reported, so that the next one is not drowned; a test holds that its seed still shows it. Mending one
 * is: the fix, its entry here removed, its seed moved to `seeds.json`.
 */
import type { Scenario } from "./draw";
import type { Violation } from "./ledger";

export interface OpenBug {
  readonly name: string;
  readonly story: string;
  /** Shows it. */
  readonly seed: number;
  /** Undefined: any. */
  readonly breaks: ReadonlySet<string> | undefined;
  strikes(scenario: Scenario): boolean;
}

export const OPEN_BUGS: readonly OpenBug[] = [];

/** The open bug that may be behind a violation. */
export function behind(scenario: Scenario, { invariant }: Violation): OpenBug | undefined {
  return OPEN_BUGS.find((bug) => (bug.breaks === undefined || bug.breaks.has(invariant)) && bug.strikes(scenario));
}

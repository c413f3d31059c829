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

const kinds = ({ faults }: Scenario): ReadonlySet<string> => new Set(faults.map(({ action }) => action.kind));

export const OPEN_BUGS: readonly OpenBug[] = [
  {
    name: "a failed store gives its dot away again",
    story:
      "A replica makes an event, sends it to the others, and its own store fails: the next load gives the state before the event, and the next event gets the same dot. Two writes of one dot; with one merged vector an acknowledged write is lost.",
    seed: 19,
    breaks: undefined,
    strikes: (scenario) => kinds(scenario).has("disk-error") || kinds(scenario).has("disk-full"),
  },
  {
    name: "a doubled request is carried out twice",
    story:
      "The network delivers a forwarded put or a replica-update twice and the event is made twice: one write under two dots, overwritten versions that come back, and a second copy refused definitely although the first was stored.",
    seed: 1213,
    breaks: new Set([
      "siblings are concurrent",
      "a definite failure did not happen",
      "healed keys can be read",
      "siblings are bounded",
    ]),
    strikes: (scenario) => (scenario.cluster.network.duplicate ?? 0) > 0 || kinds(scenario).has("duplicate"),
  },
];

/** The open bug that may be behind a violation. */
export function behind(scenario: Scenario, { invariant }: Violation): OpenBug | undefined {
  return OPEN_BUGS.find((bug) => (bug.breaks === undefined || bug.breaks.has(invariant)) && bug.strikes(scenario));
}

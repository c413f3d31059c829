/** MADE-UP views of a ring, for tests of charts and reports: node-4 joins three others, and node-1 leaves them. */
import type { Random } from "../../engine/vocabulary/random";
import type { MembershipFigure, RingStateSeen } from "../../results/record/membership";

export function madeUpMembership(random: Random, seconds: number): MembershipFigure {
  const phases = ["joining", "switching", "settled", "joining", "switching", "settled"] as const;
  const states: RingStateSeen[] = phases.map((phase, i) => {
    const firstS = seconds * (0.2 + 0.1 * i + 0.02 * random.nextFloat());
    return { version: i + 2, phase, firstS, lastS: firstS + 0.03 * seconds * random.nextFloat(), nodes: 4 };
  });
  const views = states.flatMap(({ version, phase, firstS, lastS }) =>
    [0, 1, 2, 3].map((node) => [firstS + ((lastS - firstS) * node) / 3, node, version, phase] as const),
  );
  return {
    states,
    nodes: ["node-1", "node-2", "node-3", "node-4"],
    first: [0, 1, 2],
    views: [...views, [0.9 * seconds, 0, 7, "left"]],
    dropped: 0,
    transferredKeys: 120,
    transferredBytes: 130_000,
    gossipBytes: 9_000,
  };
}

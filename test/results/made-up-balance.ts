/** MADE-UP work of five nodes by role, imbalance over a day and what clients got while each node was away: shapes, no measurement. */
import type { Random } from "../../engine/vocabulary/random";
import type { TrialFigures } from "../../results/record/figures";

type Balance = Required<Pick<TrialFigures, "work" | "imbalance" | "outages">>;

export function madeUpBalance(random: Random, intervals: number): Balance {
  const unit = (): number => random.nextUint32() / 2 ** 32;
  const nodes = Array.from({ length: 5 }, (_, i) => `node-${i + 1}`);
  const counts = (mean: number): number[] => nodes.map(() => Math.round(mean * (0.9 + 0.2 * unit())));
  const t = Array.from({ length: intervals }, (_, i) => i * 0.5);
  const load = t.map((_, i) => 100 - 78 * Math.cos((2 * Math.PI * i) / Math.max(1, intervals)) + unit());
  return {
    work: {
      nodes,
      roles: [
        { role: "coordinating gets", unit: "requests", counts: counts(900) },
        { role: "coordinating puts", unit: "requests", counts: counts(600) },
        { role: "replica reads", unit: "copies", counts: counts(2_700) },
        { role: "keeping hints", unit: "copies", counts: counts(12) },
        { role: "failure detection", unit: "messages", counts: nodes.map(() => 480) },
      ],
    },
    imbalance: {
      threshold: 0.15,
      windowS: 0.5,
      rises: true,
      t,
      columns: { out_of_balance: load.map((one) => Math.min(1, 3 / Math.sqrt(one))), requests_per_node: load },
    },
    outages: nodes.map((_, i) => ({
      faults: [`without-${i + 1}`],
      fromS: 5 * i,
      toS: 5 * i + 3,
      due: 1_500,
      ok: 1_480 + Math.round(15 * unit()),
      readP99Ms: 4 + unit(),
      writeP99Ms: 6 + unit(),
    })),
  };
}

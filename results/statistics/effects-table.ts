/**
 * Effects as a tidy table and as rows of a JSON document: one row a main effect, one an interaction, with the steps of the factors they are
 * about spelled out, so that neither needs the experiment's file to be understood.
 */
import type { Effect, Effects } from "./effects";
import type { Factor } from "./factors";
import type { AxisValues } from "../record/run-folder";
import type { Table } from "./tables";

/** `summaries/effects.csv`. */
export function effectsTable(effects: readonly Effects[]): Table {
  return {
    name: "effects",
    header: [
      ...["kind", "axis", "from", "to", "axis_2", "from_2", "to_2", "metric", "unit"],
      ...["diff", "ci_lo", "ci_hi", "p", "p_adj", "n", "repetitions", "settings", "settings_of"],
      ...["reference", "relative", "verdict", "world", "reason"],
    ],
    rows: effects.flatMap(({ mains, interactions }) =>
      [...mains, ...interactions].map((row) => [
        kindOf(row),
        ...[0, 1].flatMap((i) => {
          const step = row.steps[i];
          if (step === undefined) return [null, null, null];
          const written = (level: AxisValues): string => writtenLevel(step.factor, level);
          return [step.factor.axes.join("+"), written(step.from), written(step.to)];
        }),
        ...[row.metric, row.unit, row.difference, row.lo, row.hi, row.p, row.pAdjusted, row.n, row.repetitions],
        ...[row.blocks, row.blocksOf, row.reference, row.relative, row.verdict, row.world, row.reason],
      ]),
    ),
  };
}

/** `effects` of the run's document. */
export function effectDocuments(effects: readonly Effects[]): unknown[] {
  return effects.flatMap(({ mains, interactions }) =>
    [...mains, ...interactions].map(({ steps, blocks, blocksOf, ...row }) => ({
      kind: kindOf({ steps }),
      steps: steps.map(({ from, to }) => ({ from, to })),
      ...row,
      settings: blocks,
      settingsOf: blocksOf,
    })),
  );
}

function kindOf({ steps }: Pick<Effect, "steps">): string {
  return steps.length > 1 ? "interaction" : "main";
}

function writtenLevel({ axes }: Factor, level: AxisValues): string {
  return axes.map((axis) => String(level[axis] ?? "")).join("+");
}

/**
 * What is compared: runs, each whole or one cell of it, or the cells of one run split by an axis. Either way a side is a letter and
 * the trials that count for it; the cells are summarised again from those, because a run that was interrupted has trials that its
 * tables do not know. One run on both sides is refused: a run does not differ from itself, and every row would say so with certainty.
 */
import { axisInWords } from "../charts/cells";
import type { AxisValues, CellSummary, LoadedRun } from "../record/run-folder";
import { summariseCells } from "../statistics/summarise";
import { WORLD_AXIS } from "../statistics/worlds";

/** The numbers mean nothing together, or there are none. The message is one sentence for a person. */
export class NotComparable extends Error {
  override readonly name = "NotComparable";
}

export type LoadedTrial = LoadedRun["trials"][number];

export interface ChosenRun {
  readonly run: LoadedRun;
  /** Id of the one cell that is meant. */
  readonly cell?: string;
}

export interface Side {
  readonly letter: string;
  /** Empty where runs are compared: what differs gives the name later. */
  readonly name: string;
  readonly run: LoadedRun;
  readonly trials: readonly LoadedTrial[];
  readonly cells: readonly CellSummary[];
}

/** Letters there are, and as many sides as a table can hold. */
export const MOST_SIDES = 12;
const LETTERS = "ABCDEFGHIJKL";

/** Throws {@link NotComparable}. */
export function sidesOf(chosen: readonly ChosenRun[], by: readonly string[]): Side[] {
  const sides = by.length > 0 ? splitBy(chosen, by) : chosen.map((one, i) => sideOf(one, i));
  if (sides.length > MOST_SIDES)
    throw new NotComparable(`${sides.length} sides are too many to compare; at most ${MOST_SIDES} fit in a table`);
  if (by.length === 0) refuseTheSame(chosen);
  return sides.map((side, i) => ({ ...side, letter: LETTERS[i] }));
}

function sideOf({ run, cell }: ChosenRun, index: number): Side {
  const cells = new Set(run.trials.map(({ record }) => record.cell));
  if (run.trials.length === 0)
    throw new NotComparable(
      `run ${run.manifest.run} (${LETTERS[index] ?? "?"}) holds no trial that can be read: there is nothing to compare`,
    );
  if (cell !== undefined && !cells.has(cell))
    throw new NotComparable(`run ${run.manifest.run} has no configuration "${cell}"; it has ${named([...cells])}`);
  const trials = cell === undefined ? run.trials : run.trials.filter(({ record }) => record.cell === cell);
  return { letter: "", name: "", run, trials, cells: summariseCells(trials) };
}

function refuseTheSame(chosen: readonly ChosenRun[]): void {
  if (chosen.length < 2)
    throw new NotComparable(
      "one run alone has nothing to be compared with; name a second one, or split this one by an axis with --by",
    );
  for (const [i, one] of chosen.entries())
    for (const [j, other] of chosen.entries())
      if (i < j && one.run.folder === other.run.folder && one.run.manifest.run === other.run.manifest.run)
        if (one.cell === other.cell)
          throw new NotComparable(
            `${LETTERS[i]} and ${LETTERS[j]} are the same run (${one.run.manifest.run}): a run does not differ from itself. Name another one, or compare its configurations with --by`,
          );
}

function splitBy(chosen: readonly ChosenRun[], by: readonly string[]): Side[] {
  if (chosen.length !== 1)
    throw new NotComparable("--by splits one run; give one run, or compare several without --by");
  const { run } = chosen[0];
  const whole = sideOf(chosen[0], 0);
  const axes = [...new Set(whole.cells.flatMap(({ axes: of }) => Object.keys(of)))];
  const keys = by.map((typed) => axisCalled(typed, axes, run));
  if (keys.includes(WORLD_AXIS))
    throw new NotComparable(
      "the two worlds are never tested against each other: what differs between them is the model, not chance. The run's own report says how far apart they are",
    );
  const values = new Map<string, { readonly at: AxisValues; readonly ids: Set<string> }>();
  for (const { id, axes: of } of whole.cells) {
    const at = Object.fromEntries(keys.map((key) => [key, of[key]]));
    const text = JSON.stringify(at);
    const found = values.get(text) ?? { at, ids: new Set<string>() };
    found.ids.add(id);
    values.set(text, found);
  }
  if (values.size < 2)
    throw new NotComparable(
      `every configuration of run ${run.manifest.run} has the same ${keys.join(", ")}: there is nothing to split it by`,
    );
  return [...values.values()].map(({ at, ids }) => {
    const trials = whole.trials.filter(({ record }) => ids.has(record.cell));
    return {
      letter: "",
      name: keys.map((key) => axisInWords(key, at[key])).join(", "),
      run,
      trials,
      cells: summariseCells(trials),
    };
  });
}

/** By its whole name or its last part. */
function axisCalled(typed: string, axes: readonly string[], run: LoadedRun): string {
  const found = axes.find((axis) => axis === typed) ?? axes.find((axis) => axis.endsWith(`.${typed}`));
  const plain = typed.replace(/^tunables\./, "");
  const key = found ?? axes.find((axis) => axis === plain);
  if (key !== undefined) return key;
  throw new NotComparable(
    axes.length === 0
      ? `run ${run.manifest.run} varies nothing, so it cannot be split by ${typed}`
      : `run ${run.manifest.run} does not vary ${typed}; it varies ${axes.join(", ")}`,
  );
}

export function named(ids: readonly string[], most = 8): string {
  return ids.length <= most ? ids.join(", ") : `${ids.slice(0, most).join(", ")} and ${ids.length - most} more`;
}

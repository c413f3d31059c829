/**
 * Which cells a published value belongs to: those whose axes or settings are the ones it names. One place, because the report's table, the
 * verdicts and the curves in charts must agree on it.
 */
import type { CellSummary, LoadedRun, PublishedValue } from "../record/run-folder";
import { WORLD_AXIS } from "./worlds";

export function publishedFor(run: LoadedRun, cell: CellSummary, { where }: PublishedValue): boolean {
  const resolved = run.trials.find(({ record }) => record.cell === cell.id)?.record.resolved ?? {};
  return Object.entries(where).every(([key, value]) => {
    if (key === WORLD_AXIS) return cell.world === value;
    return named(cell.axes, key) === value || named(resolved, key) === value;
  });
}

/** By the whole key, else by its last name: `r` finds `tunables.r`. */
function named(values: Readonly<Record<string, unknown>>, key: string): unknown {
  if (key in values) return values[key];
  const whole = Object.keys(values).find((name) => name.endsWith(`.${key}`));
  return whole === undefined ? undefined : values[whole];
}

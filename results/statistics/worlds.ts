/**
 * Two worlds in one run: real processes and virtual time. A cell belongs to one of them, and its number is never pooled with,
 * averaged with or tested against one of the other: what differs between the worlds is the model, not chance. Cells
 * that are equal in everything else are twins, and the distance between twins is a result of its own (`distance.ts`).
 */
import type { AxisValues, CellSummary, LoadedRun, TrialRecord } from "../record/run-folder";

export type World = TrialRecord["world"];

/** In the order in which they are shown. */
export const WORLDS: readonly World[] = ["processes", "simulation"];

/** On badges and in sentences: `measured on processes`, `simulated`. */
export const WORLD_IN_WORDS: Readonly<Record<World, string>> = {
  processes: "measured on processes",
  simulation: "simulated",
};

/** The key under which an experiment that runs in both worlds lists them among its axes. */
export const WORLD_AXIS = "world";

/** All axes but the world. */
export function otherAxes(axes: AxisValues): AxisValues {
  return Object.fromEntries(Object.entries(axes).filter(([key]) => key !== WORLD_AXIS));
}

/** Equal for cells that differ in nothing but the world. */
export function settingOf(axes: AxisValues): string {
  return JSON.stringify(Object.entries(otherAxes(axes)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface Twins<T> {
  readonly processes: T;
  readonly simulation: T;
}

/** Pairs of cells that exist in both worlds, in the order of those on processes. */
export function twins<T extends Pick<CellSummary, "axes" | "world">>(cells: readonly T[]): Twins<T>[] {
  const simulated = new Map(
    cells.filter(({ world }) => world === "simulation").map((cell) => [settingOf(cell.axes), cell]),
  );
  return cells
    .filter(({ world }) => world === "processes")
    .flatMap((processes) => {
      const simulation = simulated.get(settingOf(processes.axes));
      return simulation === undefined ? [] : [{ processes, simulation }];
    });
}

/** The worlds that a run has cells of; those it was to have where nothing finished. */
export function worldsOf({ cells, manifest }: LoadedRun): World[] {
  const found = WORLDS.filter((world) => cells.some((cell) => cell.world === world));
  return found.length > 0 ? found : WORLDS.filter((world) => manifest.worlds.includes(world));
}

/** The run as if it had been made in one world alone. */
export function inWorld(run: LoadedRun, world: World): LoadedRun {
  const cells = run.cells.filter((cell) => cell.world === world);
  const ids = new Set(cells.map(({ id }) => id));
  return {
    ...run,
    manifest: { ...run.manifest, worlds: [world], axes: run.manifest.axes.filter((axis) => axis !== WORLD_AXIS) },
    cells,
    trials: run.trials.filter(({ record }) => record.world === world),
    comparisons: run.comparisons.filter(({ cell }) => ids.has(cell)),
  };
}

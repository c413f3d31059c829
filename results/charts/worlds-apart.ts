/**
 * A chart of a run that holds both worlds: drawn once for each, under one heading. Sixteen lines in one frame tell nothing, and one
 * line of the one world beside one of the other invites to read a difference in the model as a difference in the
 * store. Both drawings have the same axes, so the eye may still go from one to the other.
 */
import { inWorld, worldsOf, type World } from "../statistics/worlds";
import { chartInput } from "./cells";
import type { ChartDefinition, ChartFigure, Panel, Plain } from "./chart";
import type { LoadedRun } from "../record/run-folder";

export interface WorldFigure {
  readonly world: World;
  /** undefined: there was nothing to draw in this world. */
  readonly figure: ChartFigure | undefined;
}

/** One entry a world of the run; with two, each figure's id ends with its world. */
export function drawInWorlds(run: LoadedRun, charts: readonly ChartDefinition[]): ReadonlyMap<string, WorldFigure[]> {
  const worlds = worldsOf(run);
  const inputs = worlds.map((world) => ({ world, input: chartInput(inWorld(run, world)) }));
  return new Map(
    charts.map((chart) => {
      const drawn = inputs.map(({ world, input }): WorldFigure => ({ world, figure: chart.draw(input) }));
      if (drawn.length < 2) return [chart.id, drawn];
      const named = drawn.map(({ world, figure }): WorldFigure => ({
        world,
        figure: figure === undefined ? undefined : { ...figure, id: `${figure.id}-${world}` },
      }));
      return [chart.id, withEqualAxes(named)];
    }),
  );
}

interface Scale {
  readonly min?: number;
  readonly max?: number;
  readonly type?: string;
  readonly title?: { readonly text?: string };
}

/** Panels whose axes have the same titles get the widest bounds of any of them. */
function withEqualAxes(drawn: readonly WorldFigure[]): WorldFigure[] {
  const bounds = new Map<string, { min: number; max: number }>();
  const each = (panel: Panel, visit: (key: string, scale: Scale) => void): void => {
    for (const name of ["x", "y"]) {
      const scale = scalesOf(panel)?.[name];
      const title = scale?.title?.text;
      if (scale !== undefined && title !== undefined && scale.min !== undefined && scale.max !== undefined)
        visit(`${name} ${scale.type} ${title}`, scale);
    }
  };
  for (const { figure } of drawn)
    for (const panel of figure?.panels ?? [])
      each(panel, (key, scale) => {
        const known = bounds.get(key);
        bounds.set(key, {
          min: Math.min(scale.min!, known?.min ?? Infinity),
          max: Math.max(scale.max!, known?.max ?? -Infinity),
        });
      });
  const widened = (panel: Panel): Panel => {
    if (panel.drawing.kind !== "chart") return panel;
    const scales: Record<string, Plain> = { ...(scalesOf(panel) as unknown as Record<string, Plain>) };
    each(panel, (key) => {
      const name = key[0];
      scales[name] = { ...(scales[name] as { readonly [key: string]: Plain }), ...bounds.get(key)! };
    });
    const config = panel.drawing.config;
    const options = { ...(config["options"] as { readonly [key: string]: Plain }), scales };
    return { ...panel, drawing: { kind: "chart", config: { ...config, options } } };
  };
  return drawn.map(({ world, figure }) => ({
    world,
    figure: figure === undefined ? undefined : { ...figure, panels: figure.panels.map(widened) },
  }));
}

function scalesOf(panel: Panel): Readonly<Record<string, Scale | undefined>> | undefined {
  if (panel.drawing.kind !== "chart") return undefined;
  const options = panel.drawing.config["options"] as unknown as {
    readonly scales: Readonly<Record<string, Scale | undefined>>;
  };
  return options.scales;
}

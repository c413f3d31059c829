/**
 * From the text of an experiment file to a resolved experiment, or to every problem in it at once. The order is: read
 * YAML and what it extends, lay the profile and the flags over it, find unknown keys, spread the sweep, check and resolve every cell. Each
 * step goes on after an error wherever the rest can still be judged.
 */
import { basename } from "node:path";
import { axisText, cellIds } from "./cell-names";
import { resolveCell } from "./cell";
import { applyWhere, settingsOf } from "./conditions";
import type { Cell, Experiment, Problem, Resolution } from "./experiment";
import { readExtended } from "./extends";
import { axisKey } from "./keys";
import { layersOf } from "./layers";
import { nodeAt, written, type LocatedMap, type Place } from "./located";
import { originsOf } from "./origins";
import {
  aboutCells,
  readHeadline,
  readHypotheses,
  readModelOverlay,
  readObjectives,
  readPareto,
  readProbes,
} from "./objectives";
import { warnOfOverlay } from "./overlay-checks";
import { inOrder, Problems } from "./problems";
import { checkProfiles, readCitations, readPublished, readTags } from "./prose";
import { RecordedDistributions } from "./recorded-distribution";
import { expandSweep, matches, named, rangesOf, readCondition, type Combination, type Sweep } from "./sweep";
import { checkKeys, Values } from "./values";
import { spreadWorlds, worldsOf } from "./worlds";

export interface ResolveRequest {
  /** As given by the person; relative workload files are looked for beside it. */
  readonly path: string;
  readonly text: string;
  readonly profile?: string;
  /** `key=value`, in order. */
  readonly sets?: readonly string[];
  readonly seed?: number;
  /** Conditions on axes, `r=1` or `r=1,clock=dvvset`; a cell must meet all. */
  readonly only?: readonly string[];
}

/** The profile's name where none is chosen. */
export const NO_PROFILE = "default";

export function resolveExperiment(request: ResolveRequest): Resolution {
  const problems = new Problems(request.path);
  const refused = (): Resolution => ({ ok: false, problems: problems.sorted() });
  const read = layersOf(request, problems);
  if (read === undefined) return refused();
  const worlds = spreadWorlds(read.layers[read.layers.length - 1].tree, problems);
  const { tree } = worlds;
  checkKeys(tree, problems);

  const recorded = new RecordedDistributions(request.path);
  const base = new Values(tree, recorded, problems);
  const name = resolveName(base, request.path, problems);
  const hypotheses = readHypotheses(tree, problems);
  const tags = readTags(tree, problems);
  const citations = readCitations(tree, problems);
  const published = readPublished(tree, problems);
  const objectives = readObjectives(tree, problems);
  const pareto = readPareto(tree, problems);
  const headline = readHeadline(tree, problems);
  const probes = readProbes(tree, problems);
  const modelOverlay = readModelOverlay(tree, problems);

  const spread = applyWhere(tree, expandSweep(tree, problems), recorded, problems);
  const decided = spread.axisKeys.filter((axis) => axis !== "world" || !worlds.listed);
  refuseSetsOfAxes(request.sets ?? [], decided, problems);
  const baseline = findBaseline(tree, spread, problems);
  const sweep = restrict(spread, request.only ?? [], problems);
  const ids = cellIds(spread.combinations);
  const idOf = new Map(spread.combinations.map((combination, i) => [combination, ids[i]]));
  const shared = { path: request.path, worlds: worldsOf(tree, spread.combinations), recorded };
  const cells: Cell[] = [];
  for (const combination of sweep.combinations) {
    const cell = resolveCell(tree, combination, idOf.get(combination) ?? "base", shared, problems);
    if (cell !== undefined) cells.push(cell);
  }
  const claims = aboutCells(
    hypotheses,
    hypotheses.some(({ expect }) => expect !== undefined)
      ? sweep.combinations.map((combination) => ({
          id: idOf.get(combination) ?? "base",
          settings: settingsOf(tree, combination, recorded),
        }))
      : [],
    problems,
  );
  warnOfOverlay(tree, modelOverlay, cells, problems);
  if (problems.hasErrors) return refused();

  const baselineId = baseline === undefined ? undefined : idOf.get(baseline);
  const kept = cells.some((cell) => cell.id === baselineId);
  const title = base.text("title").trim();
  const experiment: Experiment = {
    name,
    title: title === "" ? name : title,
    question: base.text("question").trim(),
    hypotheses: claims,
    tags,
    citations,
    seed: base.number("seed"),
    profile: request.profile ?? NO_PROFILE,
    axisKeys: axesThatName(sweep),
    axisGroups: sweep.axisGroups,
    ranges: rangesOf(tree, sweep),
    cells,
    combinations: spread.combinations.length + spread.excluded,
    excluded: spread.excluded,
    repetitions: base.number("repetitions.count"),
    baseline: kept ? baselineId : undefined,
    analysis: { noiseFloor: base.number("analysis.noise_floor"), alpha: base.number("analysis.alpha") },
    objectives,
    pareto,
    report: {
      ...(headline === undefined ? {} : { headline }),
      theme: base.text("report.theme") as NonNullable<Experiment["report"]["theme"]>,
      ...(probes === undefined ? {} : { probes }),
      ...(modelOverlay === undefined ? {} : { modelOverlay }),
    },
    budget: {
      wallMs: base.get("budget.wall") as number | undefined,
      diskBytes: base.get("budget.disk") as number | undefined,
    },
    published,
    warnings: problems.sorted(),
    origins: originsOf(base, sweep),
    source: {
      path: request.path,
      text: request.text,
      ...(read.bases.length === 0 ? {} : { bases: read.bases }),
    },
  };
  return { ok: true, experiment };
}

/** Problems of the file as it stands and under every profile of its own, each once. Flags are laid over all of them. */
export function checkEverything(request: ResolveRequest): readonly Problem[] {
  const found = new Map<string, Problem>();
  for (const profile of [undefined, ...profileNames(request)]) {
    const resolution = resolveExperiment({ ...request, ...(profile === undefined ? {} : { profile }) });
    const told = resolution.ok ? resolution.experiment.warnings : resolution.problems;
    for (const problem of told) {
      const key = `${problem.file}:${problem.line}:${problem.column}:${problem.message}`;
      if (!found.has(key)) found.set(key, problem);
    }
  }
  return inOrder([...found.values()], request.path);
}

/** The profiles of a file, in order; none when it cannot be read. */
export function profileNames(request: { readonly path: string; readonly text: string }): readonly string[] {
  const read = readExtended(request, new Problems());
  return read === undefined ? [] : checkProfiles(read.steps[read.steps.length - 1].tree, new Problems());
}

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

function resolveName(values: Values, path: string, problems: Problems): string {
  const given = values.given("name");
  const name = given ? values.text("name") : basename(path).replace(/\.ya?ml$/i, "");
  if (given ? !values.sound("name") : false) return name;
  if (!NAME.test(name)) {
    const where = given ? `name is "${name}"` : `the file's name "${name}" is no name for an experiment; add name:`;
    problems.error(
      values.place("name"),
      `${where}; allowed: lower-case letters, digits and -, at most 63, as it names a folder`,
    );
  }
  return name;
}

/** The combination that `sweep.baseline` names; told where it names none, or several. */
export function findBaseline(tree: LocatedMap, sweep: Sweep, problems: Problems): Combination | undefined {
  const node = nodeAt(tree, ["sweep", "baseline"]);
  if (node === undefined || sweep.axisKeys.length === 0) return undefined;
  const condition = readCondition(node, "sweep.baseline", sweep.axisKeys, problems);
  if (condition === undefined) return undefined;
  let found = sweep.combinations.filter((combination) => matches(combination, condition));
  if (found.length > 1 && !condition.has("world")) {
    // Both worlds of one configuration: the one that is named first.
    const worldOf = (combination: Combination): string | undefined => {
      const value = combination.find(({ axis }) => axis === "world")?.value;
      return value === undefined ? undefined : axisText(written(value));
    };
    found = found.filter((combination) => worldOf(combination) === worldOf(found[0]));
  }
  if (found.length === 1) return found[0];
  const named = [...condition.keys()].map(axisKey);
  const missing = sweep.axisKeys.filter((axis) => !named.includes(axisKey(axis)));
  const advice =
    found.length === 0
      ? "no cell has these values"
      : `${found.length} cells have these values; name also ${missing.join(", ")}`;
  problems.error(node.at, `sweep.baseline must name one cell: ${advice}`);
  return undefined;
}

/** A flag for a key that the sweep varies would be overridden in every cell, in silence. */
function refuseSetsOfAxes(sets: readonly string[], axes: readonly string[], problems: Problems): void {
  for (const set of sets) {
    const key = set.slice(0, Math.max(0, set.indexOf("="))).trim();
    const axis = axes.find((name) => axisKey(name) === axisKey(key));
    if (axis === undefined) continue;
    const at: Place = { file: `-S ${set}`, line: 1, column: 1, origin: "flag" };
    problems.error(
      at,
      `${axis} is an axis of the sweep, which decides it in every cell; use --only ${axis}=… or -S 'sweep.axes={…}'`,
    );
  }
}

/** The cells that meet every `--only` condition. */
function restrict(sweep: Sweep, only: readonly string[], problems: Problems): Sweep {
  let combinations = sweep.combinations;
  for (const text of only) {
    const at: Place = { file: `--only ${text}`, line: 1, column: 1, origin: "flag" };
    for (const part of text.split(/,|\s+and\s+/)) {
      const match = /^\s*([\w.-]+)\s*==?\s*(.+?)\s*$/.exec(part);
      if (match === null) {
        problems.error(at, `"${part.trim()}" is no axis=value, such as --only r=1`);
        return sweep;
      }
      const [, axis, wanted] = match;
      if (!sweep.axisKeys.some((key) => axisKey(key) === axisKey(axis))) {
        const axes = sweep.axisKeys.length === 0 ? "this experiment has no axes" : `axes: ${sweep.axisKeys.join(", ")}`;
        problems.error(at, `"${axis}" is no axis; ${axes}`);
        return sweep;
      }
      const has = (combination: Combination): boolean =>
        combination.some(
          (one) =>
            axisKey(one.axis) === axisKey(axis) &&
            axisText(written(one.value)) === wanted.replaceAll(/^["']|["']$/g, ""),
        );
      combinations = combinations.filter(has);
    }
    if (combinations.length === 0) problems.error(at, "no cell meets this condition");
  }
  return { ...sweep, combinations };
}

/** Without those that a tag stands for. */
function axesThatName({ axisKeys, combinations }: Sweep): readonly string[] {
  const names = new Set(combinations.flatMap(named).map(({ axis }) => axis));
  return axisKeys.filter((axis) => names.has(axis));
}

/**
 * What a run says of itself: where its numbers come from, on which machine, by which command, and every value of every cell with
 * its origin. Written before the first trial begins, so that a folder left behind by a crash can be understood.
 */
import { relative } from "node:path";
import { SEMANTICS_VERSION } from "../engine/vocabulary/semantics";
import { TUNABLES } from "../engine/vocabulary/tunables";
import { METRICS } from "../results/record/metrics";
import type { RunManifest, TunableLabel } from "../results/record/run-folder";
import { allowedEnvironment, loadAverage, machineProvenance, sha256 } from "./provenance";
import type { RunOptions } from "./run-types";
import type { Experiment } from "./spec/experiment";
import { wholeText } from "./spec/source-files";

/** Units of what a tunable holds, where it has one. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["duration", "time"],
  ["rate", "1/s"],
  ["size", "bytes"],
]);

export interface RunIdentity {
  readonly run: string;
  readonly startedAt: Date;
  readonly code: RunManifest["quorumlab"];
}

/** Of a run that has just begun. */
export function describeRun(
  experiment: Experiment,
  options: Pick<RunOptions, "argv" | "note" | "tags">,
  { run, startedAt, code }: RunIdentity,
): RunManifest {
  return {
    schema: "quorumlab/manifest@1",
    run,
    experiment: experiment.name,
    title: experiment.title,
    question: experiment.question,
    profile: experiment.profile,
    seed: experiment.seed,
    quorumlab: code,
    machine: machineProvenance(),
    argv: options.argv,
    configPath: relative(process.cwd(), experiment.source.path) || experiment.source.path,
    configSha256: sha256(wholeText(experiment.source)),
    startedAt: startedAt.toISOString(),
    endedAt: null,
    wallSeconds: null,
    cpuSeconds: null,
    loadAverageAtStart: loadAverage(),
    random:
      "xoshiro128** seeded from text, forked by name; the ring, the network of each link, the workload and the driver have streams of their own",
    worlds: [...new Set(experiment.cells.map(({ world }) => world))],
    note: options.note ?? null,
    tags: options.tags,
    environment: allowedEnvironment(),
    warnings: experiment.warnings.map(({ message }) => message),
    axes: experiment.axisKeys,
    axisGroups: experiment.axisGroups,
    ...(experiment.citations.length === 0 ? {} : { citations: experiment.citations }),
    ...(experiment.published.length === 0 ? {} : { published: experiment.published }),
    ...(experiment.objectives.length === 0 ? {} : { slos: experiment.objectives }),
    ...(experiment.hypotheses.length === 0 ? {} : { hypotheses: experiment.hypotheses }),
    ...(experiment.pareto.length === 0 ? {} : { pareto: experiment.pareto }),
    ...(experiment.saturation === undefined ? {} : { saturation: experiment.saturation }),
    report: experiment.report,
    metrics: METRICS,
    tunables: TUNABLES.map(labelOf),
    semanticsVersion: SEMANTICS_VERSION,
    status: "running",
  };
}

function labelOf(row: (typeof TUNABLES)[number]): TunableLabel {
  return {
    key: row.key,
    title: row.title,
    unit: UNITS.get(row.kind.kind) ?? "",
    default: row.default,
    prose: `${row.buys} ${row.costs}`,
  };
}

/** What `experiment.resolved.json` holds: every value of every cell, and where each came from. */
export function resolvedDocument(experiment: Experiment): object {
  const { name, seed, profile, repetitions, axisKeys, baseline, analysis, origins } = experiment;
  return {
    schema: "quorumlab/resolved@1",
    name,
    seed,
    profile,
    repetitions,
    axes: axisKeys,
    baseline: baseline ?? null,
    analysis,
    origins,
    cells: experiment.cells.map(({ id, axes, world, resolved, warnings }) => ({ id, axes, world, resolved, warnings })),
  };
}

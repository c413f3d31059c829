/**
 * Every metric of every cell as OpenMetrics text 1.0, for Prometheus' tools and whatever reads its format. A family's name
 * ends in its unit because the format demands that; a name that does so already stays as it is. Values are gauges: the median
 * over repetitions, with the bounds of its interval beside it as samples of their own. What was not measured has no sample.
 */
import { describeMetric } from "../record/metrics";
import type { AxisValues, CellSummary, LoadedRun } from "../record/run-folder";
import { axesOf, type ExportFormat, type ExportRequest, type Piece } from "./format";

export const openmetrics: ExportFormat = {
  name: "openmetrics",
  title: "OpenMetrics text 1.0: a gauge a metric, labelled by run, cell and axes",
  plan: (request) => ({ files: [{ name: "metrics.om", pieces: () => pieces(request) }], notes: [] }),
};

interface Sample {
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number;
}

function* pieces({ run, oneTrial, eachTrial }: ExportRequest): Generator<Piece> {
  const { manifest } = run;
  yield "# TYPE quorumlab_run info\n# HELP quorumlab_run The run that these numbers are of.\n";
  yield `quorumlab_run_info${labelled([
    ...runLabels(run),
    ["version", manifest.quorumlab.version],
    ["commit", manifest.quorumlab.commit ?? "unknown"],
    ["started_at", manifest.startedAt],
    ["profile", manifest.profile],
  ])} 1\n`;
  const samples = oneTrial || eachTrial ? trialSamples(run) : cellSamples(run);
  for (const [metric, { unit, samples: of }] of samples) {
    const family = familyOf(metric, unit);
    const described = describeMetric(metric);
    const direction =
      described === undefined || described.better === "neutral" ? "" : ` Better: ${described.better}. Unit: ${unit}.`;
    yield `# TYPE ${family.name} gauge\n`;
    if (family.unit !== "") yield `# UNIT ${family.name} ${family.unit}\n`;
    yield `# HELP ${family.name} ${escapeHelp(`${described?.definition ?? metric}${direction === "" ? ` Unit: ${unit}.` : direction}`)}\n`;
    for (const { labels, value } of of) yield `${family.name}${labelled(labels)} ${String(value)}\n`;
  }
  yield "# EOF\n";
}

type Families = Map<string, { readonly unit: string; readonly samples: Sample[] }>;

function cellSamples(run: LoadedRun): Families {
  const families: Families = new Map();
  for (const cell of run.cells) {
    const labels = [...runLabels(run), ...cellLabels(run, cell)];
    for (const [metric, { value, lo, hi, unit, n, atLeast }] of Object.entries(cell.metrics))
      for (const [statistic, number] of [
        [atLeast === true ? "lower_bound" : "median", value],
        ["ci_lo", lo],
        ["ci_hi", hi],
      ] as const)
        if (number !== null && Number.isFinite(number))
          samplesOf(families, metric, unit).push({
            labels: [...labels, ["statistic", statistic], ["n", String(n)]],
            value: number,
          });
  }
  return families;
}

function trialSamples(run: LoadedRun): Families {
  const families: Families = new Map();
  for (const { record, summary } of run.trials) {
    const labels = [
      ...runLabels(run),
      ...cellLabels(run, { id: record.cell, world: record.world, axes: record.axes }),
      ["trial", record.id] as const,
      ["repetition", String(record.repetition)] as const,
    ];
    const doubt = summary === null ? [] : [["validity", summary.validity.verdict] as const];
    for (const [metric, { value, unit, atLeast }] of Object.entries(summary?.metrics ?? {}))
      if (value !== null && Number.isFinite(value))
        samplesOf(families, metric, unit).push({
          labels: [...labels, ...doubt, ...(atLeast === true ? [["statistic", "lower_bound"] as const] : [])],
          value,
        });
  }
  return families;
}

function samplesOf(families: Families, metric: string, unit: string): Sample[] {
  let family = families.get(metric);
  if (family === undefined) families.set(metric, (family = { unit, samples: [] }));
  return family.samples;
}

function runLabels({ manifest }: LoadedRun): [string, string][] {
  return [
    ["experiment", manifest.experiment],
    ["run", manifest.run],
  ];
}

function cellLabels(run: LoadedRun, cell: Pick<CellSummary, "id" | "world" | "axes">): [string, string][] {
  return [["cell", cell.id], ["world", cell.world], ...axisLabels(axesOf(run), cell.axes)];
}

/** `ring.vnodes_per_node` becomes `axis_ring_vnodes_per_node`; two that would become one get their place added. */
function axisLabels(axes: readonly string[], values: AxisValues): [string, string][] {
  const names = axes.map((axis) => `axis_${axis.replaceAll(/[^A-Za-z0-9_]/g, "_")}`);
  return names.flatMap((name, i): [string, string][] => {
    const value = values[axes[i]];
    if (value === undefined) return [];
    return [[names.indexOf(name) === i ? name : `${name}_${i}`, String(value)]];
  });
}

/** The family's name and the unit it ends in; counts have none. */
export function familyOf(metric: string, unit: string): { readonly name: string; readonly unit: string } {
  const name = `quorumlab_${metric.replaceAll(/[^A-Za-z0-9_]/g, "_")}`;
  const suffix = unit === "count" || unit === "" ? "" : (UNITS[unit] ?? unit.replaceAll(/[^A-Za-z0-9_]+/g, "_"));
  if (suffix === "") return { name, unit: "" };
  return { name: name.endsWith(`_${suffix}`) ? name : `${name}_${suffix}`, unit: suffix };
}

const UNITS: Readonly<Record<string, string>> = {
  "1/s": "per_second",
  "1/op": "per_op",
  "bytes/op": "bytes_per_op",
  "bytes/s": "bytes_per_second",
  "%": "percent",
};

function labelled(labels: readonly (readonly [string, string])[]): string {
  return `{${labels.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

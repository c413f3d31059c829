/**
 * The validation of Bailis and others ("Probabilistically bounded staleness", VLDB 2012, section 5.2) for any run that has both
 * worlds: how soon a read sees a write, as measured on processes, as simulated, and as the model predicts from the delays
 * that the processes had, in one frame for each configuration. Three curves that look alike prove little, so the root mean
 * square errors between them stand below it, beside what chance alone would make of as many reads.
 *
 * Errors are over the bins of age in which both had reads, each counted by the reads on processes.
 */
import { areComplete, latencyFromLegs, predictedInBin, type Distance } from "../predictions/from-legs";
import type { LegDelays } from "../record/figures";
import { errorAgainst } from "../statistics/distance";
import { inWorld, twins } from "../statistics/worlds";
import { chartInput, MOST_PANELS, type ChartCell, type ChartInput } from "./cells";
import type { ChartDefinition, ChartFigure, LegendEntry } from "./chart";
import { band, chartPanel, line, logBounds, panelSize } from "./frame";
import { counted, median, NBSP, percent, plain, trimmed } from "./numbers";
import { FEWEST_READS, visibilityOf, type VisibilityOfCell } from "./t-visibility";
import type { SeriesStyle } from "./theme";

export const visibilityInWorlds: ChartDefinition = {
  id: "visibility-distance",
  number: 0,
  title: "Consistent reads by age of the last write: measured, simulated, predicted",
  question: "Do the worlds and the model agree on how soon a read sees a write?",
  prose:
    "One panel takes one configuration that ran in both worlds. The solid line is what real processes did, with the 95 % Wilson interval of each bin; the dashed one is the simulation; the dotted one is what the WARS model predicts from the delays that the processes' own messages had. Where dotted and solid part, the store does something that the model leaves out, or the machine was late; where dashed and solid part, the simulated delays are not the real ones.",
  absence: "No configuration had reads soon enough after an acknowledged write in both worlds.",
  draw,
};

interface Twin {
  readonly cell: ChartCell;
  readonly real: VisibilityOfCell;
  readonly simulated: VisibilityOfCell;
}

/** Root mean square errors of one configuration; undefined where there is nothing to compare. */
export interface VisibilityErrors {
  /** Id of the cell on processes. */
  readonly processes: string;
  readonly predicted: Distance | undefined;
  readonly simulated: Distance | undefined;
  /** N-RMSE of predicted latency over the percentiles 1 to 99.9, median over repetitions; a share of the range. */
  readonly latency: { readonly read: number | undefined; readonly write: number | undefined };
}

const PROCESSES: SeriesStyle = { colour: "$s2", dash: [], marker: "circle" };
const SIMULATED: SeriesStyle = { colour: "$s1", dash: [7, 3], marker: "rect" };
const PREDICTED: SeriesStyle = { colour: "$ink", dash: [1.5, 2.5], marker: "line" };
const NAMES = { processes: "measured on processes", simulated: "simulated", predicted: "predicted (WARS)" };

/** One entry a configuration of both worlds, in the run's order. */
export function visibilityErrors(input: ChartInput): VisibilityErrors[] {
  return twinsOf(input).map(errorsOf);
}

function twinsOf(input: ChartInput): Twin[] {
  const named = new Map(chartInput(inWorld(input.run, "processes")).cells.map((cell) => [cell.summary.id, cell]));
  const byId = new Map(input.cells.map((cell) => [cell.summary.id, cell]));
  return twins(input.run.cells).flatMap(({ processes, simulation }) => {
    const cell = named.get(processes.id);
    const other = byId.get(simulation.id);
    if (cell === undefined || other === undefined || cell.figures.length === 0 || other.figures.length === 0) return [];
    // An invalid run is no evidence of how far the worlds are apart.
    if (cell.invalid || other.invalid) return [];
    return [{ cell, real: visibilityOf(cell), simulated: visibilityOf(other) }];
  });
}

function errorsOf({ cell, real, simulated }: Twin): VisibilityErrors {
  return {
    processes: cell.summary.id,
    predicted: real.overlay?.distance,
    simulated: distanceOf(real.bins, simulated.bins),
    latency: { read: latencyErrorOf(cell, "read"), write: latencyErrorOf(cell, "write") },
  };
}

const LATENCY_TRIALS = 50_000;

/**
 * Predicted from each repetition's delays against the service time it measured, from sending to the answer: when an operation was
 * meant to be sent is the driver's business and no part of the model. For the way between client and coordinator, which is none
 * either, the trial's own median round trip of an empty request is added.
 */
function latencyErrorOf(cell: ChartCell, kind: "read" | "write"): number | undefined {
  const { n, r, w } = cell;
  if (cell.apart || n === undefined || r === undefined || w === undefined) return undefined;
  const errors = cell.figures.flatMap(({ legs, spectra, calibration }, i) => {
    const measured = spectra.find((one) => one.kind === kind && one.basis === "service");
    if (measured === undefined || legs === undefined || !areComplete(legs)) return [];
    const sample = predictedLatency(legs, { n, r, w, trials: LATENCY_TRIALS, seed: `${cell.summary.id}/${i}` })[kind];
    const clientMs = calibration?.nullRoundTripP50Ms ?? 0;
    return errorAgainst(measured, (percentile) => sample.quantile(percentile / 100).value + clientMs)?.error ?? [];
  });
  return errors.length === 0 ? undefined : median(errors);
}

type Predicted = ReturnType<typeof latencyFromLegs>;

/** A report asks for reads and writes of the same delays, several times. */
const known = new WeakMap<LegDelays, Predicted>();

function predictedLatency(legs: LegDelays, question: Parameters<typeof latencyFromLegs>[1]): Predicted {
  let predicted = known.get(legs);
  if (predicted === undefined) known.set(legs, (predicted = latencyFromLegs(legs, question)));
  return predicted;
}

/** Of two samples: by chance both are off. */
function distanceOf(real: VisibilityOfCell["bins"], other: VisibilityOfCell["bins"]): Distance | undefined {
  let squares = 0;
  let chance = 0;
  let reads = 0;
  real.fromMs.forEach((from, i) => {
    const k = other.fromMs.indexOf(from);
    const [n, m] = [real.reads[i], k < 0 ? 0 : other.reads[k]];
    if (n < FEWEST_READS || m < FEWEST_READS) return;
    const [p, q] = [real.consistent[i] / n, other.consistent[k] / m];
    const both = (real.consistent[i] + other.consistent[k]) / (n + m);
    squares += n * (p - q) ** 2;
    chance += n * both * (1 - both) * (1 / n + 1 / m);
    reads += n;
  });
  return reads === 0 ? undefined : { rms: Math.sqrt(squares / reads), byChance: Math.sqrt(chance / reads), reads };
}

function draw(input: ChartInput): ChartFigure | undefined {
  const all = twinsOf(input).filter(({ real, simulated }) => real.points.length > 0 && simulated.points.length > 0);
  if (all.length === 0) return undefined;
  const shown = all.slice(0, MOST_PANELS);
  const lines = shown.flatMap(({ real, simulated }) => [real.points, simulated.points, real.predicted]).flat();
  const lowest = Math.min(...lines.map(({ y }) => y));
  const bottom = lowest > 90 ? Math.floor(lowest - 1) : Math.max(0, Math.floor((lowest - 5) / 10) * 10);
  const bounds = logBounds(lines.map(({ x }) => x));
  const size = panelSize(shown.length);
  const predicts = shown.some(({ real }) => real.predicted.length > 0);
  const reads = all.reduce((sum, { real }) => sum + real.reads, 0);
  return {
    id: visibilityInWorlds.id,
    number: visibilityInWorlds.number,
    title: visibilityInWorlds.title,
    question: visibilityInWorlds.question,
    answer: answerOf(all),
    caption:
      `${counted(all.length, "configuration")} of both worlds, ${counted(reads, "read")} on processes; shaded: 95${NBSP}% Wilson interval of each bin on processes.` +
      (bottom > 0 ? ` The vertical axes begin at ${bottom}${NBSP}%.` : "") +
      (predicts ? " Predicted from the one-way delays of the processes' own messages." : "") +
      (all.length > shown.length ? ` The first ${shown.length} are drawn.` : ""),
    description:
      "For each configuration the share of reads that returned the latest acknowledged write, by milliseconds since its acknowledgement, measured on processes, simulated and predicted. " +
      all.map((twin) => `${twin.cell.label}: ${errorsInWords(errorsOf(twin))}`).join("; ") +
      ".",
    axes: { x: "time since the write was acknowledged (ms)", y: "consistent reads (%)" },
    legend: [
      entry(NAMES.processes, PROCESSES),
      entry(NAMES.simulated, SIMULATED),
      ...(predicts ? [entry(NAMES.predicted, PREDICTED)] : []),
    ],
    panels: shown.map(({ cell, real, simulated }) =>
      chartPanel(shown.length === 1 ? "" : cell.label, size, {
        type: "line",
        x: {
          title:
            shown.length > 2
              ? "time since the write (ms, log)"
              : "time since the write was acknowledged (ms, log scale)",
          scale: "logarithmic",
          ...bounds,
          unit: "ms",
          name: "ms since the write",
        },
        y: { title: "reads that return it (%)", scale: "linear", min: bottom, max: 100, unit: "%", name: "consistent" },
        datasets: [
          line(NAMES.processes, PROCESSES, real.points, { clip: 6 }),
          ...band(NAMES.processes, PROCESSES, real.low, real.high),
          line(NAMES.simulated, SIMULATED, simulated.points, { clip: 6 }),
          ...(real.predicted.length === 0
            ? []
            : [line(NAMES.predicted, PREDICTED, real.predicted, { pointRadius: 0, borderWidth: 1.5, clip: 6 })]),
        ],
      }),
    ),
    table: {
      columns: [
        ...["configuration", "from (ms)", "to (ms)", "reads on processes", "measured on processes (%)"],
        ...["reads simulated", "simulated (%)", "predicted (%)"],
      ],
      rows: all.flatMap(rowsOf),
    },
  };
}

function entry(series: string, { colour, dash, marker }: SeriesStyle): LegendEntry {
  return { series, colour, dash, mark: marker };
}

function rowsOf({ cell, real, simulated }: Twin): (string | number | null)[][] {
  return real.bins.fromMs.flatMap((from, i) => {
    const k = simulated.bins.fromMs.indexOf(from);
    const to = real.bins.toMs[i];
    const share = ({ bins }: VisibilityOfCell, at: number): number | null =>
      at < 0 || bins.reads[at] === 0 ? null : trimmed((100 * bins.consistent[at]) / bins.reads[at]);
    if (real.bins.reads[i] === 0) return [];
    const predicted =
      real.overlay === undefined
        ? null
        : trimmed(100 * predictedInBin(real.overlay.curve, { fromMs: from, toMs: to, meanMs: real.bins.meanMs?.[i] }));
    return [
      [
        ...[cell.label, trimmed(from), Number.isFinite(to) ? trimmed(to) : null, real.bins.reads[i], share(real, i)],
        ...[k < 0 ? 0 : simulated.bins.reads[k], share(simulated, k), predicted],
      ],
    ];
  });
}

function answerOf(all: readonly Twin[]): string {
  const errors = all.map((twin) => ({ name: twin.cell.label, ...errorsOf(twin) }));
  const worst = (kind: "predicted" | "simulated"): string | undefined => {
    const known = errors.flatMap(({ name, [kind]: distance }) =>
      distance === undefined ? [] : [{ name, ...distance }],
    );
    if (known.length === 0) return undefined;
    const [most] = [...known].sort((a, b) => b.rms - a.rms);
    if (most.rms === 0) return "exactly what was measured on processes";
    return (
      `at most ${points(most.rms)} from what was measured on processes (at ${most.name}, where chance alone makes ${points(most.byChance)}` +
      (known.length === 1
        ? ")"
        : `; on average ${points(known.reduce((sum, { rms }) => sum + rms, 0) / known.length)})`)
    );
  };
  const latency = errors.flatMap(({ name, latency: of }) =>
    (["read", "write"] as const).flatMap((kind) => (of[kind] === undefined ? [] : [{ name, kind, error: of[kind] }])),
  );
  latency.sort((a, b) => b.error - a.error);
  const [predicted, simulated] = [worst("predicted"), worst("simulated")];
  const said = [
    ...(predicted === undefined ? [] : [`the prediction is ${predicted}`]),
    ...(simulated === undefined ? [] : [`the simulation is ${simulated}`]),
  ];
  if (said.length === 0) return "No age had enough reads in both worlds.";
  return (
    `In the share of consistent reads, ${said.join("; ")} (root mean square over all ages).` +
    (latency.length === 0
      ? ""
      : ` Latency as predicted, with the round trip of an empty request for the way between client and coordinator, is at most ${percent(latency[0].error)} of the measured range off (N-RMSE of service time over the percentiles 1 to 99.9, ${latency[0].kind}s at ${latency[0].name}` +
        `; on average ${percent(latency.reduce((sum, { error }) => sum + error, 0) / latency.length)}).`)
  );
}

/** `predicted 0.41 points (by chance 0.3), simulated 0.52 points (by chance 0.42)`. */
export function errorsInWords({ predicted, simulated }: Omit<VisibilityErrors, "latency">): string {
  const one = (name: string, distance: Distance | undefined): string[] =>
    distance === undefined ? [] : [`${name} ${points(distance.rms)} (by chance ${plain(100 * distance.byChance)})`];
  return [...one("predicted", predicted), ...one("simulated", simulated)].join(", ") || "not measured";
}

function points(share: number): string {
  const value = plain(100 * share);
  return `${value}${NBSP}${value === "1" ? "point" : "points"}`;
}

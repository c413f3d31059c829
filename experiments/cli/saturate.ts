/**
 * `quorumlab saturate`: the highest offered rate that meets an objective, and latency against load on the way there. Every rate
 * tried is a real trial in an ordinary run folder; the search itself is a value (`results/statistics/saturation-search.ts`).
 * Only a load that is offered can be searched along: a closed loop slows down with the store, so it never asks for more than it gets.
 */
import { join, resolve } from "node:path";
import { Option, type Command } from "commander";
import type { LoadedRun } from "../../results/record/run-folder";
import type { SaturationQuestion, SaturationTarget } from "../../results/record/saturation";
import type { SearchEvent } from "../saturation";
import type { ProgressEvent, RunResult } from "../run-types";
import type { Cell, Experiment } from "../spec/experiment";
import type { Place } from "../spec/located";
import { collect, common, errPaint, next, outPaint, printJson, type CommandContext } from "./command";
import { readExperimentFile, shownPath } from "./experiment-file";
import { RESULTS_ROOT } from "./find-run";
import { columnsOf, type Io } from "./io";
import { countProblems, plural, problemLine } from "./problem-lines";
import { createProgress, type ProgressMode } from "./progress";
import { resolveFor, shapeOptions, type ShapeOptions } from "./resolve-options";
import { listenForInterrupts } from "./carry-out";
import { makeResultsFolder } from "./run";
import { loadRunAt } from "./stored-run";
import { textTable, wrapText } from "./table";
import type { ExitCode } from "./user-error";
import { wholeNumber } from "./verify";

interface Options extends ShapeOptions {
  readonly slo?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly precision: string;
  readonly repetitions: string;
  readonly fresh?: boolean;
  readonly note?: string;
  readonly out: string;
  readonly progress?: "json" | "plain";
  readonly jobs?: number;
}

/** Of the ceiling over the first rate, where none is given: eight doublings. */
const CEILING = 256;
const MOST_CURVES = 16;
const MOST_REPETITIONS = 100;
const PRECISION = { least: 0.005, most: 1 };
/** Arrivals of one rate from the beginning to the end. */
const STEADY = ["constant", "poisson"];
/** Arrivals that take no rate from the workload. */
const WITHOUT_RATE = ["steps", "trace"];

export function defineSaturate(program: Command, context: CommandContext): void {
  const command = program
    .command("saturate")
    .description("search for the highest offered rate that meets an objective; draws latency against load")
    .argument("<file>", "experiment file, or a name of the catalogue; its load must be open")
    .option(
      "--slo <condition>",
      "what must hold, such as 'read_p99_ms <= 20ms'; may be repeated, and all must hold; the file's slos where left out",
      collect,
    )
    .option("--from <rate>", "the first rate, such as 100/s; that of the file where left out")
    .option("--to <rate>", `the highest that may be tried; ${CEILING} times the first where left out`)
    .option("--precision <share>", "how close the ends of the answer are", "5%")
    .option("--repetitions <n>", "trials that decide a rate", "3")
    .option("--fresh", "take no trial from earlier runs (of simulations, those are the same)")
    .option("-m, --note <text>", "a note kept with this run")
    .option("-o, --out <dir>", "put the run's folder below DIR", RESULTS_ROOT)
    .option("-j, --jobs <n>", "simulated trials at once; as many as there are processors when left out", wholeNumber)
    .addOption(new Option("--progress <form>", "how progress is shown on standard error").choices(["json", "plain"]))
    .action((file: string, options: Options) => saturate(file, options, context));
  common(shapeOptions(command), [
    ["quorumlab saturate saturation --slo 'read_p99_ms <= 20'", "a curve for each quorum of the ready experiment"],
    ["quorumlab saturate my.yaml --slo 'read_p99_ms <= 20ms' --slo 'availability >= 99.9%'", "two objectives at once"],
    ["quorumlab saturate my.yaml --slo 'write_p99_ms < 50ms' --from 200/s --to 20000/s", "between two rates"],
    ["quorumlab saturate my.yaml --only r=1 --precision 2% --repetitions 6", "one cell, closer"],
  ]);
}

async function saturate(file: string, options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  if (io.stderr.isTTY) io.stderr.write(`reading ${file}\n`);
  const experiment = resolveFor(file, options, context);
  if (experiment === undefined) return;
  const curves = curvesOf(experiment);
  const question = readQuestion(experiment, curves, options, context);
  if (question === undefined) return;
  const atRates = experimentAtRates(file, options, context);
  const ends = atRates([...new Set([question.fromPerSecond, question.toPerSecond])]);
  if (!isWhole(ends, curves, question, options, context)) return;

  const { SaturationRun } = require("../saturation") as typeof import("../saturation");
  const mode: ProgressMode = options.progress ?? (io.stderr.isTTY && io.env.TERM !== "dumb" ? "line" : "plain");
  const progress = createProgress(io.stderr, mode, () => performance.now(), io.stderr.columns ?? columnsOf(io));
  const search = new SaturationRun(
    curves,
    question,
    (rates) => toldBy(atRates(rates)),
    (event) => {
      progress.event(progressOf(event, question));
    },
  );
  announce(curves, question, experiment, options, context);
  makeResultsFolder(resolve(io.cwd, options.out));
  const runExperiment = context.runner();
  const interrupts = listenForInterrupts(io, () => progress.clear());
  try {
    const result = await runExperiment(search.first(), {
      resultsRoot: resolve(io.cwd, options.out),
      argv: ["quorumlab", ...context.argv],
      ...(options.note === undefined ? {} : { note: options.note }),
      tags: experiment.tags,
      onError: "continue",
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
      nextStage: (ended) => search.next(ended),
      reuse: options.fresh !== true,
      progress: (event) => progress.event(event),
      signal: interrupts.signal,
    });
    progress.clear();
    for (const failure of result.failures) io.stderr.write(`${errPaint(context, options).red("failed")}  ${failure}\n`);
    const stored = loadRunAt(result.folder);
    tell(stored, result, options, context);
    context.exit(exitOf(stored, result));
    closing(result, curves, file, io);
  } finally {
    progress.clear();
    interrupts.stop();
  }
}

/** One cell a curve: cells that differ in nothing but the rate are on one. */
function curvesOf({ cells }: Experiment): readonly Cell[] {
  const { curveKey } = require("../../results/record/saturation") as typeof import("../../results/record/saturation");
  const curves = new Map<string, Cell>();
  for (const cell of cells) if (!curves.has(curveKey(cell))) curves.set(curveKey(cell), cell);
  return [...curves.values()];
}

/** The question, or undefined after telling everything that is wrong with it and choosing exit code 2. */
function readQuestion(
  experiment: Experiment,
  curves: readonly Cell[],
  options: Options,
  context: CommandContext,
): SaturationQuestion | undefined {
  const { Problems } = require("../spec/problems") as typeof import("../spec/problems");
  const { readTarget, targetOfObjective } =
    require("../spec/saturation-targets") as typeof import("../spec/saturation-targets");
  const { parseRatio } =
    require("../../engine/vocabulary/quantities") as typeof import("../../engine/vocabulary/quantities");
  const problems = new Problems();
  const at = (flag: string): Place => ({ file: flag, line: 1, column: 1, origin: "flag" });
  const wrong = (flag: string, message: string): undefined => void problems.error(at(flag), message);

  const objectives = experiment.objectives.flatMap((one) => targetOfObjective(one) ?? []);
  const targets: readonly SaturationTarget[] =
    options.slo === undefined ? objectives : options.slo.flatMap((text) => readTarget(text, problems));
  if (targets.length === 0 && !problems.hasErrors)
    wrong("--slo", "is missing, and the file has no slos that load decides; such as --slo 'read_p99_ms <= 20ms'");

  for (const message of loadProblems(curves))
    problems.error({ ...at(experiment.source.path), file: experiment.source.path }, message);
  const from = options.from === undefined ? lowestRate(experiment) : readRate("--from", options.from, wrong);
  const to =
    options.to === undefined
      ? from === undefined
        ? undefined
        : Math.min(CEILING * from, rateBounds().max)
      : readRate("--to", options.to, wrong);
  if (from !== undefined && to !== undefined && from > to)
    wrong(
      "--from",
      `${options.from === undefined ? `is left out, and the file's rate is ${from}/s` : `is ${from}/s`}, above --to ${to}/s; the search goes upward`,
    );
  const precision =
    parseRatio(options.precision) ?? (/^\d*\.?\d+$/.test(options.precision) ? Number(options.precision) : undefined);
  if (precision === undefined || precision < PRECISION.least || precision > PRECISION.most)
    wrong("--precision", `is ${JSON.stringify(options.precision)}; allowed: a share from 0.5% to 100%, such as 5%`);
  const repetitions = Number(options.repetitions);
  if (!/^\d+$/.test(options.repetitions) || repetitions < 1 || repetitions > MOST_REPETITIONS)
    wrong(
      "--repetitions",
      `is ${JSON.stringify(options.repetitions)}; allowed: an integer from 1 to ${MOST_REPETITIONS}`,
    );
  if (curves.length > MOST_CURVES)
    wrong(
      "--only",
      `is needed: the file has ${curves.length} cells beside the rate, each a search of its own; allowed: at most ${MOST_CURVES}`,
    );
  if (problems.hasErrors) {
    refuse(problems.sorted(), options, context);
    return undefined;
  }
  return { targets, fromPerSecond: from!, toPerSecond: to!, precision: precision!, repetitions };
}

/** Why a load cannot be raised, each once. */
function loadProblems(curves: readonly Cell[]): readonly string[] {
  const messages = curves.flatMap(({ workload: { load } }) => {
    if (load.model === "closed")
      return [
        "workload.model is closed: each client waits for its answer, so a slow store is asked for less and no rate is ever too high; use -S workload.model=open -S workload.rate=100/s",
      ];
    if (WITHOUT_RATE.includes(load.arrivals))
      return [
        `workload.arrivals is ${load.arrivals}, which does not take its rate from workload.rate, so there is nothing to search along; use -S workload.arrivals=poisson`,
      ];
    return [];
  });
  return [...new Set(messages)];
}

function lowestRate({ cells }: Experiment): number | undefined {
  const rates = cells.flatMap(({ workload: { load } }) => (load.model === "closed" ? [] : [load.ratePerSecond]));
  return rates.length === 0 ? undefined : Math.min(...rates);
}

function readRate(flag: string, text: string, wrong: (flag: string, message: string) => undefined): number | undefined {
  const { parseRatePerSecond } =
    require("../../engine/vocabulary/quantities") as typeof import("../../engine/vocabulary/quantities");
  const rate = parseRatePerSecond(text);
  if (rate === undefined) return wrong(flag, `is ${JSON.stringify(text)}; write a rate with its unit, such as 500/s`);
  const { min, max } = rateBounds();
  if (rate >= min && rate <= max) return rate;
  return wrong(flag, `is ${JSON.stringify(text)}; allowed: a rate from ${min}/s to ${max}/s`);
}

/** Of workload.rate, whatever is searched for. */
function rateBounds(): { readonly min: number; readonly max: number } {
  const { tunable } = require("../../engine/vocabulary/tunables") as typeof import("../../engine/vocabulary/tunables");
  const { RATE_AXIS } = require("../../results/record/saturation") as typeof import("../../results/record/saturation");
  const kind = tunable(RATE_AXIS)?.kind;
  if (kind?.kind !== "rate") throw new Error(`${RATE_AXIS} is no rate`);
  return kind;
}

function refuse(problems: Parameters<typeof countProblems>[0], options: Options, context: CommandContext): void {
  const { io } = context;
  const paint = errPaint(context, options);
  if (options.json === true) printJson(io, { schema: "quorumlab/validate@1", ok: false, problems });
  else for (const problem of problems) io.stderr.write(problemLine(problem, paint));
  io.stderr.write(`${countProblems(problems)}; nothing was done      (quorumlab saturate --help)\n`);
  context.exit(2);
}

type AtRates = (rates: readonly number[]) => ReturnType<(typeof import("../spec/resolve"))["resolveExperiment"]>;

/** The file with the rates as an axis, and without what it says of its own cells: their baseline, objectives and published values. */
function experimentAtRates(file: string, options: Options, { io }: CommandContext): AtRates {
  const { resolveExperiment } = require("../spec/resolve") as typeof import("../spec/resolve");
  const { axisOfRates } = require("../saturation") as typeof import("../saturation");
  const { path, text } = readExperimentFile(file, io);
  const { profile, seed, budget } = options;
  const own = (options.set ?? []).filter((set) => !/^\s*workload\.rate\s*=/.test(set));
  const sets = [
    ...own,
    ...(budget === undefined ? [] : [`budget.wall=${budget}`]),
    ...["sweep.baseline=", "slos=", "hypotheses=", "published=", "analysis.pareto="],
  ];
  return (rates) => {
    const resolution = resolveExperiment({
      path,
      text,
      sets: [...sets, axisOfRates(rates)],
      ...(profile === undefined ? {} : { profile }),
      ...(seed === undefined ? {} : { seed }),
    });
    if (!resolution.ok) return resolution;
    const { experiment } = resolution;
    // Many cells that differ in the rate alone: what is asked of single configurations would fill the page.
    const probes = experiment.report.probes ?? [];
    return { ok: true, experiment: { ...experiment, report: { ...experiment.report, probes } } };
  };
}

function toldBy(resolution: ReturnType<AtRates>): Experiment {
  if (resolution.ok) return resolution.experiment;
  throw new Error(resolution.problems.map(({ message }) => message).join("; "));
}

/** Whether the file has every curve at both ends of the search; told where not. */
function isWhole(
  resolution: ReturnType<AtRates>,
  curves: readonly Cell[],
  { fromPerSecond, toPerSecond }: SaturationQuestion,
  options: Options,
  context: CommandContext,
): boolean {
  if (!resolution.ok) {
    refuse(resolution.problems, options, context);
    return false;
  }
  const { curveKey } = require("../../results/record/saturation") as typeof import("../../results/record/saturation");
  const { cells } = resolution.experiment;
  const wanted = fromPerSecond === toPerSecond ? 1 : 2;
  const missing = curves.find((curve) => cells.filter((cell) => curveKey(cell) === curveKey(curve)).length < wanted);
  if (missing === undefined) return true;
  const at: Place = { file: resolution.experiment.source.path, line: 1, column: 1, origin: "file" };
  const message = `the sweep leaves out ${missing.id} at ${fromPerSecond}/s or ${toPerSecond}/s (sweep.where, sweep.exclude, or a zip group with workload.rate), so it cannot be searched along its rate`;
  refuse([{ ...at, severity: "error", message }], options, context);
  return false;
}

function announce(
  curves: readonly Cell[],
  question: SaturationQuestion,
  { name }: Experiment,
  options: Options,
  context: CommandContext,
): void {
  const { targetsInWords, rateInWords } =
    require("../../results/charts/saturation-words") as typeof import("../../results/charts/saturation-words");
  const { io } = context;
  const paint = errPaint(context, options);
  for (const warning of warningsOf(curves)) io.stderr.write(`${paint.yellow("warning")}  ${warning}\n`);
  const words = `${targetsInWords(question)}, from ${rateInWords(question.fromPerSecond)} to at most ${rateInWords(question.toPerSecond)}, ${plural(question.repetitions, "trial")} a rate`;
  io.stderr.write(
    `${paint.bold(name)}   ${curves.length === 1 ? "one search" : `${curves.length} searches`}: ${spaced(words)}\n`,
  );
}

function warningsOf(curves: readonly Cell[]): readonly string[] {
  const arrivals = new Set(
    curves.flatMap(({ workload: { load } }) =>
      load.model === "closed" || STEADY.includes(load.arrivals) ? [] : [load.arrivals],
    ),
  );
  const timeless = curves.some(
    ({ world, resolved }) =>
      world === "simulation" &&
      !Object.entries(resolved).some(([key, value]) => key.startsWith("node_model.service") && value !== "none"),
  );
  return [
    ...[...arrivals].map(
      (name) =>
        `workload.arrivals is ${name}: the rate changes within a trial, and the answer is about the workload.rate that it is made from`,
    ),
    ...(timeless
      ? [
          "the simulated nodes of this file take no time for a request (node_model.service), so no load is too high for them; give them some, such as -S node_model.service.message=1ms",
        ]
      : []),
  ];
}

function progressOf(event: SearchEvent, question: SaturationQuestion): ProgressEvent {
  const { rateInWords, tallyInWords } =
    require("../../results/charts/saturation-words") as typeof import("../../results/charts/saturation-words");
  const { withUnit } = require("../../results/charts/numbers") as typeof import("../../results/charts/numbers");
  const name = event.curve === "" ? "" : `${event.curve}: `;
  switch (event.kind) {
    case "trying":
      return {
        ...{ kind: "search", step: "trying", curve: event.curve, ratePerSecond: event.ratePerSecond, why: event.why },
        message: spaced(`${name}trying ${rateInWords(event.ratePerSecond)}${WHY[event.why]}`),
      };
    case "judged": {
      const { rate } = event;
      const values = question.targets.flatMap(({ metric, unit }) => {
        const spread = rate.metrics[metric];
        return spread === undefined ? [] : [`${metric} ${withUnit(spread.median, unit)}`];
      });
      const { ratePerSecond, verdict, met, failed, undecided } = rate;
      const why = verdict === "met" ? undefined : rate.why[0];
      return {
        ...{ kind: "search", step: "judged", curve: event.curve, ratePerSecond, verdict, met, failed, undecided },
        message: spaced(
          `${name}${rateInWords(ratePerSecond)} ${[tallyInWords(rate), ...values].join(", ")}${why === undefined ? "" : `: ${why}`}`,
        ),
      };
    }
    case "over": {
      const { outcome, highestMet, lowestFailed } = event.answer;
      const [from, to] = [highestMet, lowestFailed].map((rate) => (rate === undefined ? "" : rateInWords(rate)));
      const known =
        from === ""
          ? to === ""
            ? "nothing known"
            : `below ${to}`
          : to === ""
            ? `at least ${from}`
            : `between ${from} and ${to}`;
      return {
        ...{ kind: "search", step: "over", curve: event.curve, outcome },
        ...(highestMet === undefined ? {} : { highestMet }),
        ...(lowestFailed === undefined ? {} : { lowestFailed }),
        message: spaced(`${name}${outcome.replace("-", " ")}: ${known}`),
      };
    }
  }
}

const WHY = {
  grow: "",
  narrow: " (halving)",
  repeat: " again: a trial said nothing",
  draw: " (for the curve)",
} as const;

/** For terminals and logs: plain blanks, and rates that can be typed again. */
function spaced(text: string): string {
  return text
    .replace(/\u202f/g, "")
    .replace(/\u00a0/g, " ")
    .replace(/ \/s/g, "/s");
}

function tell(run: LoadedRun, result: RunResult, options: Options, context: CommandContext): void {
  const { saturationDocuments, saturationTexts } =
    require("../../results/reports/saturation") as typeof import("../../results/reports/saturation");
  const { targetsInWords } =
    require("../../results/charts/saturation-words") as typeof import("../../results/charts/saturation-words");
  const { io } = context;
  const { manifest, trials } = run;
  const question = manifest.saturation!;
  const report = result.report === "" ? "" : shownPath(result.report, io);
  const failed = trials.filter(({ record }) => record.outcome === "failed").length;
  if (options.json === true) {
    printJson(io, {
      schema: "quorumlab/saturate@1",
      experiment: manifest.experiment,
      run: manifest.run,
      path: shownPath(result.folder, io),
      report,
      status: manifest.status,
      seed: manifest.seed,
      slos: question.targets,
      from_per_s: question.fromPerSecond,
      to_per_s: question.toPerSecond,
      precision: question.precision,
      repetitions: question.repetitions,
      trials: { done: trials.length - failed, failed, reused: result.reused ?? 0 },
      curves: saturationDocuments(run),
    });
    return;
  }
  const paint = outPaint(context, options);
  const columns = columnsOf(io);
  const line = (text = ""): void => io.stdout.write(`${text}\n`);
  line(paint.bold(manifest.title));
  line(spaced(`${manifest.experiment}  ${manifest.run}  searched for ${targetsInWords(question)}`));
  for (const { heading, table, answer } of saturationTexts(run)) {
    line();
    if (heading !== "") line(paint.bold(spaced(heading)));
    io.stdout.write(
      spaced(
        textTable(
          table.columns,
          table.rows.map((row) => row.map(String)),
          columns,
        ),
      ),
    );
    io.stdout.write(wrapText(spaced(answer), Math.min(110, columns), "  "));
  }
  line();
  if ((result.reused ?? 0) > 0) line(`${result.reused} of ${plural(trials.length, "trial")} taken from earlier runs`);
  if (report !== "") line(`report: ${report}`);
}

/** Of several searches the worst decides, in the order of the table of exit codes. */
function exitOf(run: LoadedRun, { exit, failures }: RunResult): ExitCode {
  const { saturationsOf } =
    require("../../results/statistics/saturation") as typeof import("../../results/statistics/saturation");
  if (exit === 130) return 130;
  if (failures.length > 0) return 3;
  const outcomes = saturationsOf(run).map(({ outcome }) => outcome);
  if (outcomes.includes("never-met")) return 1;
  return outcomes.length > 0 && outcomes.every((outcome) => outcome === "found") ? 0 : 4;
}

function closing({ exit, folder, stopped }: RunResult, curves: readonly Cell[], file: string, io: Io): void {
  const shown = shownPath(folder, io);
  if (exit !== 130) {
    next(io, `quorumlab report ${shown} --open`, `quorumlab show ${shown}`);
    return;
  }
  if (stopped !== undefined) io.stderr.write(`stopped: ${stopped}\n`);
  io.stderr.write(`${stopped === undefined ? "interrupted" : "not over"}: the trials that were done are in ${shown}\n`);
  io.stderr.write(
    curves.every(({ world }) => world === "simulation")
      ? "the same command goes on from them\n"
      : "trials on processes are not taken over: begin with --from and --to at what is known by now\n",
  );
  next(io, `quorumlab saturate ${file} …`, `quorumlab show ${join(shown)}`);
}

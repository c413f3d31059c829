/**
 * `quorumlab compare`: runs against the first of them, or one run split by an axis. Whether they may be compared comes before the
 * numbers: times that two machines measured are refused with code 2. A difference that was found is a finding and no failure, because
 * nobody said beforehand what it should be, so the code is 0 unless `--fail-on` says what shall fail.
 */
import { dirname, resolve } from "node:path";
import { writeFileSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { nearest } from "../../engine/vocabulary/nearest";
import type { Compared } from "../../results/comparison/compare-runs";
import type { ChosenRun } from "../../results/comparison/sides";
import type { RunComparison } from "../../results/comparison/run-comparison";
import { collect, common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { findRun, RESULTS_ROOT } from "./find-run";
import { columnsOf } from "./io";
import { loadRunAt } from "./stored-run";
import { UserError, type ExitCode } from "./user-error";

interface Options extends CommonOptions {
  readonly by?: string;
  readonly metric?: readonly string[];
  readonly cell?: string;
  readonly noise?: number;
  readonly alpha?: number;
  readonly html?: string;
  readonly md?: boolean;
  readonly failOn: "regression" | "any" | "never";
  readonly force?: boolean;
  readonly all?: boolean;
  readonly geometricMean?: boolean;
  readonly out: string;
}

export function defineCompare(program: Command, context: CommandContext): void {
  const command = program
    .command("compare")
    .description("runs against the first of them, or the configurations of one run split by an axis")
    .argument(
      "<runs...>",
      "A, the baseline, and what is held against it: each as for show, or <run>#<cell>; one with --by",
    )
    .option("--by <axes>", "split one run by these axes, all else equal: r, or r,w where they vary together")
    .option(
      "--metric <names>",
      "compare these metrics instead of the headline's; may be repeated",
      (value: string, before?: readonly string[]) =>
        value
          .split(",")
          .filter((name) => name !== "")
          .reduce<readonly string[]>((all, name) => collect(name, all), before ?? []),
    )
    .option("--cell <id>", "this configuration of every run")
    .option("--noise <share>", "differences below it are noise: 2% of A (default: the run's own)", share)
    .option("--alpha <p>", "significance level after correction, e.g. .05 (default: the run's own)", level)
    .option("--html <file>", "write the page, too")
    .option("--md", "Markdown on standard output, for a pull request")
    .addOption(
      new Option("--fail-on <what>", "end with code 1 on this")
        .choices(["regression", "any", "never"])
        .default("never"),
    )
    .option("--force", "compare what may not be compared; the refusal stays above the numbers")
    .option("--all", "show equal parameters, too")
    .option("--geometric-mean", "add geometric means of ratios over metrics of one unit")
    .option("-o, --out <dir>", "where run folders stand", RESULTS_ROOT)
    .addHelpText(
      "after",
      "\nExit codes:\n" +
        "  0    compared; differences are findings unless --fail-on says otherwise\n" +
        "  1    --fail-on regression: a metric is worse; --fail-on any: one is better, worse or different\n" +
        "  2    bad usage, or the runs may not be compared (times of different machines; nothing in common)\n" +
        "  4    --fail-on regression or any: nothing that fails, but a row is inconclusive, or cannot be compared\n",
    )
    .action((runs: readonly string[], options: Options) => compare(runs, options, context));
  common(command, [
    ["quorumlab compare quickstart@latest 20261123T043021Z --html compare.html", "two runs, and the page"],
    ["quorumlab compare @latest --by r", "one run: R=1 against the other values, all else equal"],
    ["quorumlab compare main.run branch.run --fail-on regression --md", "for a pull request"],
    ["quorumlab compare run-1 run-2 run-3 --metric read_p99_ms,p_stale --noise 5%", "three runs in two metrics"],
  ]);
}

function compare(typed: readonly string[], options: Options, context: CommandContext): void {
  const { io } = context;
  if (options.md === true && options.json === true)
    throw new UserError("--md and --json both go to standard output; choose one");
  const chosen = typed.map((one) => choose(one, options, context));
  const compared = carryOut(chosen, options);
  const { comparison } = compared;
  const refusals = comparison.comparability.differences.filter(({ weight }) => weight === "refusal");
  const refused = refusals.length > 0 && (options.force !== true || comparison.groups.length === 0);
  if (options.json === true) printJson(io, documentOf(comparison, options, context));
  if (refused) {
    const advice = comparison.groups.length === 0 ? "" : " --force compares them all the same.";
    throw new UserError(`not comparable: ${refusals.map(({ text }) => text).join(" ")}${advice}`);
  }
  if (options.md === true) io.stdout.write(markdown(comparison, options));
  else if (options.json !== true) io.stdout.write(text(comparison, options, context));
  if (options.html !== undefined) {
    const file = writePage(compared, options, context);
    (options.json === true || options.md === true ? io.stderr : io.stdout).write(`page: ${file}\n`);
  }
  context.exit(exitOf(comparison, options.failOn));
  const again = `quorumlab compare ${typed.join(" ")}${options.by === undefined ? "" : ` --by ${options.by}`}`;
  next(io, ...(options.html === undefined ? [`${again} --html compare.html`] : []), `quorumlab runs`);
}

/** `run#cell`. */
function choose(typed: string, options: Options, context: CommandContext): ChosenRun {
  const at = typed.indexOf("#");
  const [name, own] = at < 0 ? [typed, undefined] : [typed.slice(0, at), typed.slice(at + 1)];
  if (own !== undefined && options.cell !== undefined)
    throw new UserError(`${typed} names a configuration, and --cell another; choose one way`);
  const cell = own ?? options.cell;
  const run = loadRunAt(findRun(name, options.out, context.io));
  return cell === undefined ? { run } : { run, cell };
}

function carryOut(chosen: readonly ChosenRun[], options: Options): Compared {
  const { compareRuns } =
    require("../../results/comparison/compare-runs") as typeof import("../../results/comparison/compare-runs");
  const metrics = options.metric?.map((name) => knownMetric(name, chosen));
  try {
    return compareRuns(chosen, {
      ...(options.by === undefined ? {} : { by: options.by.split(",").filter((key) => key !== "") }),
      ...(metrics === undefined ? {} : { metrics: [...new Set(metrics)] }),
      ...(options.noise === undefined ? {} : { noiseFloor: options.noise }),
      ...(options.alpha === undefined ? {} : { alpha: options.alpha }),
      ...(options.force === true ? { force: true } : {}),
    });
  } catch (error) {
    if (error instanceof Error && error.name === "NotComparable") throw new UserError(error.message);
    throw error;
  }
}

/** One that this version describes, or that some run has. */
function knownMetric(name: string, chosen: readonly ChosenRun[]): string {
  const { describeMetric, METRICS } =
    require("../../results/record/metrics") as typeof import("../../results/record/metrics");
  if (describeMetric(name) !== undefined) return name;
  const measured = new Set(
    chosen.flatMap(({ run }) => run.trials.flatMap(({ summary }) => Object.keys(summary?.metrics ?? {}))),
  );
  if (measured.has(name)) return name;
  const near = nearest(name, new Set([...METRICS.map((metric) => metric.name), ...measured]));
  throw new UserError(
    `--metric ${name}: no such metric${near === undefined ? "; quorumlab list metrics shows them" : `; did you mean ${near}?`}`,
  );
}

function text(comparison: RunComparison, options: Options, context: CommandContext): string {
  const { renderComparisonText } =
    require("../../results/reports/compare-terminal") as typeof import("../../results/reports/compare-terminal");
  return renderComparisonText(comparison, {
    color: outPaint(context, options).enabled,
    columns: columnsOf(context.io),
    ...shownOf(options),
  });
}

function markdown(comparison: RunComparison, options: Options): string {
  const { renderComparisonMarkdown } =
    require("../../results/reports/compare-markdown") as typeof import("../../results/reports/compare-markdown");
  return renderComparisonMarkdown(comparison, shownOf(options));
}

function writePage(compared: Compared, options: Options, { io }: CommandContext): string {
  const { renderComparisonPage } =
    require("../../results/reports/compare-page") as typeof import("../../results/reports/compare-page");
  const { makeFolders } = require("../../results/record/files") as typeof import("../../results/record/files");
  const file = resolve(io.cwd, options.html!);
  const page = renderComparisonPage(compared, shownOf(options));
  makeFolders(dirname(file));
  writeFileSync(file, page);
  return shownPath(file, io);
}

function shownOf(options: Options): { readonly all: boolean; readonly geometricMeans: boolean } {
  return { all: options.all === true, geometricMeans: options.geometricMean === true };
}

/** Paths as they are shown; equal parameters only where they are asked for. */
function documentOf(comparison: RunComparison, options: Options, { io }: CommandContext): object {
  return {
    ...comparison,
    sides: comparison.sides.map((side) => ({ ...side, folder: shownPath(side.folder, io) })),
    parameters: comparison.parameters.filter(({ differs }) => differs || options.all === true),
  };
}

export function exitOf({ counts }: RunComparison, failOn: Options["failOn"]): ExitCode {
  if (failOn === "never") return 0;
  const failing = failOn === "regression" ? counts.worse : counts.worse + counts.better + counts.different;
  if (failing > 0) return 1;
  return counts.inconclusive + counts.incomparable > 0 || counts.same + counts.better + counts.different === 0 ? 4 : 0;
}

/** `2%` or `0.02`. */
function share(typed: string): number {
  const match = /^(\d*\.?\d+)(%?)$/.exec(typed.trim());
  const value = match === null ? NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (!(value >= 0 && value < 1)) throw new InvalidArgumentError("write a share below 1, such as 2% or 0.02.");
  return value;
}

function level(typed: string): number {
  const value = /^\d*\.?\d+$/.test(typed.trim()) ? Number(typed) : NaN;
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("write a probability between 0 and 1, such as .05.");
  return value;
}

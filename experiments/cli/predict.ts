/**
 * `quorumlab predict`: what "eventually" comes to for given delays and quorums, in seconds and without a cluster. By the
 * WARS model of Bailis and others, with their own models by name or with delays that are given.
 */
import type { Command } from "commander";
import { nearest } from "../../engine/vocabulary/nearest";
import type { DistributionSettings } from "../../engine/vocabulary/settings";
import type { NamedModel } from "../../results/predictions/models";
import type { Prediction } from "../../results/predictions/prediction";
import type { Estimate } from "../../results/predictions/sorted-sample";
import type { WarsLegs, WarsModel } from "../../results/predictions/wars";
import { common, errPaint, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { columnsOf } from "./io";
import { countProblems, problemLine } from "./problem-lines";
import { textTable, wrapText } from "./table";

interface PredictOptions extends CommonOptions {
  readonly nVal: string;
  readonly r: string;
  readonly w: string;
  readonly model?: string;
  readonly distW?: string;
  readonly distA?: string;
  readonly distR?: string;
  readonly distS?: string;
  readonly trials: string;
  readonly seed: string;
  readonly t?: string;
}

interface Question {
  readonly model: WarsModel & Partial<NamedModel> & { readonly name: string };
  readonly n: number;
  readonly r: number;
  readonly w: number;
  readonly trials: number;
  readonly seed: number;
  readonly atMs?: readonly number[];
}

const LEGS = ["w", "a", "r", "s"] as const;
const LEAST_TRIALS = 1_000;
const MOST_TIMES = 50;
const LATEST_MS = 86_400_000;
/** Draws from which on it takes long enough to say so. */
const MANY_DRAWS = 30_000_000;

/** Read as text and checked together, so that all mistakes are told at once. */
export function definePredict(program: Command, context: CommandContext): void {
  const command = program
    .command("predict")
    .description("how soon reads are consistent for given delays and quorums (PBS), without a cluster")
    .option("--n-val <count>", "replicas of a key (N)", "3")
    .option("-r <quorum>", "replicas that answer a read: a number, one, quorum or all", "1")
    .option("-w <quorum>", "replicas that acknowledge a write", "1")
    .option("-m, --model <name>", "published latencies: lnkd-ssd, lnkd-disk, ymmr, ymmr-printed or wan")
    .option("--dist-w <delay>", "instead of a model: of a write on its way to a replica, as in an experiment file")
    .option("--dist-a <delay>", "of its acknowledgement on the way back; legs left out cost nothing")
    .option("--dist-r <delay>", "of a read on its way to a replica")
    .option("--dist-s <delay>", "of its response on the way back")
    .option("--trials <count>", "how often to draw", "1000000")
    .option("--seed <number>", "the root of all randomness", "1")
    .option("--t <list>", "times after the acknowledgement, in ms or with a unit, such as 0,1,5,10 or 500us,1s")
    .action((options: PredictOptions) => predictFor(options, context));
  common(command, [
    ["quorumlab predict --model lnkd-disk", "N=3, R=W=1: how eventual is eventual?"],
    ["quorumlab predict --n-val 3 -r 2 -w 1 --model ymmr", "a larger read quorum"],
    ["quorumlab predict --model wan --t 0,10,50,100", "at these milliseconds after the acknowledgement"],
    [`quorumlab predict --dist-w "{dist: exponential, mean: 20ms}"`, "delays of one's own"],
  ]);
}

function predictFor(options: PredictOptions, context: CommandContext): void {
  const { io } = context;
  const question = readQuestion(options, context);
  if (question === undefined) return;
  const { predict } =
    require("../../results/predictions/prediction") as typeof import("../../results/predictions/prediction");
  const progress = progressOf(question, context);
  const prediction = predict({ ...question, ...(progress === undefined ? {} : { onProgress: progress }) });
  if (options.json === true) {
    printJson(io, documentOf(question, prediction));
    return;
  }
  print(question, prediction, options, context);
  const { n, r, w } = question;
  const other = r + w <= n ? `-r ${r + 1} -w ${w}` : "-r 1 -w 1";
  const model = question.model.source === undefined ? "lnkd-disk" : question.model.name;
  next(io, `npx quorumlab predict --n-val ${n} ${other} --model ${model}`, "npx quorumlab list experiments");
}

/** The question, or undefined after telling everything that is wrong with it and choosing exit code 2. */
function readQuestion(options: PredictOptions, context: CommandContext): Question | undefined {
  const { Problems } = require("../spec/problems") as typeof import("../spec/problems");
  const { MOST_REPLICAS, MOST_TRIALS } =
    require("../../results/predictions/wars") as typeof import("../../results/predictions/wars");
  const problems = new Problems();
  const wrong = (flag: string, message: string, suggestion?: string): undefined =>
    void problems.error({ file: flag, line: 1, column: 1, origin: "flag" }, message, suggestion);
  const integer = (flag: string, text: string, least: number, most: number, also = ""): number | undefined => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    return wrong(flag, `is ${JSON.stringify(text)}; allowed: an integer from ${least} to ${most}${also}`);
  };
  const n = integer("--n-val", options.nVal, 1, MOST_REPLICAS);
  const quorum = (flag: string, text: string): number | undefined => {
    const words = { one: 1, quorum: Math.floor((n ?? 1) / 2) + 1, all: n ?? 1 };
    if (Object.hasOwn(words, text)) return words[text as keyof typeof words];
    return integer(flag, text, 1, n ?? MOST_REPLICAS, `${n === undefined ? "" : " (N)"}, or one, quorum, all`);
  };
  const r = quorum("-r", options.r);
  const w = quorum("-w", options.w);
  const trials = integer("--trials", options.trials, LEAST_TRIALS, MOST_TRIALS);
  const seed = integer("--seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  const atMs = options.t === undefined ? undefined : readTimes(options.t, (message) => void wrong("--t", message));
  const model = readModel(options, problems, wrong);
  if (problems.hasErrors) {
    const found = problems.sorted();
    const paint = errPaint(context, options);
    if (options.json === true) printJson(context.io, { schema: "quorumlab/validate@1", ok: false, problems: found });
    else for (const problem of found) context.io.stderr.write(problemLine(problem, paint));
    context.io.stderr.write(`${countProblems(found)}; nothing was done      (quorumlab predict --help)\n`);
    context.exit(2);
    return undefined;
  }
  return { model: model!, n: n!, r: r!, w: w!, trials: trials!, seed: seed!, ...(atMs === undefined ? {} : { atMs }) };
}

function readModel(
  options: PredictOptions,
  problems: InstanceType<(typeof import("../spec/problems"))["Problems"]>,
  wrong: (flag: string, message: string, suggestion?: string) => undefined,
): Question["model"] | undefined {
  const { MODELS } = require("../../results/predictions/models") as typeof import("../../results/predictions/models");
  const known = [...MODELS.keys()].join(", ");
  const texts = { w: options.distW, a: options.distA, r: options.distR, s: options.distS };
  const given = LEGS.filter((leg) => texts[leg] !== undefined);
  const legs: { [leg in (typeof LEGS)[number]]: DistributionSettings } = { w: NONE, a: NONE, r: NONE, s: NONE };
  for (const leg of given) legs[leg] = readDelay(`--dist-${leg}`, texts[leg]!, problems) ?? NONE;
  if (options.model === undefined) {
    if (given.length > 0) return { name: "given", legs };
    return wrong("--model", `is missing; known: ${known}; or give delays with --dist-w, --dist-a, --dist-r, --dist-s`);
  }
  const model = MODELS.get(options.model);
  if (model === undefined) {
    const near = nearest(options.model, MODELS.keys());
    const hint = near === undefined ? `known: ${known}` : `did you mean "${near}"? Known: ${known}`;
    wrong("--model", `is ${JSON.stringify(options.model)}; ${hint}`, near);
  }
  if (given.length > 0) wrong(`--dist-${given[0]}`, "stands in place of a model; leave out --model, or the delays");
  return model;
}

const NONE: DistributionSettings = { dist: "constant", valueMs: 0 };

function readDelay(
  flag: string,
  text: string,
  problems: InstanceType<(typeof import("../spec/problems"))["Problems"]>,
): DistributionSettings | undefined {
  const { readFlagValue } = require("../spec/document") as typeof import("../spec/document");
  const { written } = require("../spec/located") as typeof import("../spec/located");
  const { checkStructure } =
    require("../../engine/vocabulary/structures") as typeof import("../../engine/vocabulary/structures");
  const node = readFlagValue(text, flag, problems);
  if (node === undefined) return undefined;
  const checked = checkStructure("distribution", written(node));
  // `none` is a delay of nothing.
  if (checked.ok) return checked.value as DistributionSettings | undefined;
  for (const { path, message, suggestion } of checked.faults) {
    problems.error(node.at, path.length === 0 ? message : `${path.join(".")} ${message}`, suggestion);
  }
  return undefined;
}

function readTimes(text: string, wrong: (message: string) => void): readonly number[] {
  const { parseDurationMs } =
    require("../../engine/vocabulary/quantities") as typeof import("../../engine/vocabulary/quantities");
  const parts = text.split(",").map((part) => part.trim());
  const times = parts.map((part) => (/^\d+(\.\d+)?$/.test(part) ? Number(part) : parseDurationMs(part)));
  parts.forEach((part, i) => {
    const time = times[i];
    if (time === undefined || !(time >= 0 && time <= LATEST_MS)) {
      wrong(`has ${JSON.stringify(part)}; allowed: times from 0 to a day, in ms or with a unit, such as 0,1,5,10`);
    }
  });
  if (parts.length > MOST_TIMES) wrong(`has ${parts.length} times; allowed: up to ${MOST_TIMES}`);
  return [...new Set(times.map((time) => time ?? 0))].sort((a, b) => a - b);
}

/** A line that counts up on a terminal, one line at all elsewhere; undefined where it will be over at once. */
function progressOf({ trials, n }: Question, { io }: CommandContext): ((done: number) => void) | undefined {
  if (trials * n * LEGS.length < MANY_DRAWS) return undefined;
  if (!io.stderr.isTTY) {
    io.stderr.write(`drawing ${trials} trials of ${n} replicas …\n`);
    return undefined;
  }
  let shown = -1;
  return (done) => {
    const percent = Math.floor((100 * done) / trials);
    if (percent === shown) return;
    shown = percent;
    io.stderr.write(done === trials ? "\r\u001b[K" : `\rdrawing ${trials} trials: ${percent} %`);
  };
}

function print(
  { model, n, r, w, trials, seed }: Question,
  of: Prediction,
  options: CommonOptions,
  context: CommandContext,
): void {
  const { io } = context;
  const paint = outPaint(context, options);
  const columns = columnsOf(io);
  const line = (text = ""): void => io.stdout.write(`${text}\n`);
  line(`${paint.bold(model.name)}   ${model.title ?? "delays as given"}`);
  line(`N=${n} R=${r} W=${w}, ${trials} trials, seed ${seed}`);
  if (r + w > n) line("R + W > N: every read quorum meets every write quorum, so no read is stale.");
  line();
  io.stdout.write(
    textTable(
      [
        "t (ms)",
        "consistent (%)",
        "95 % interval",
        ...of.curve[0].withinVersions.slice(1).map((_, i) => `within ${i + 2} (%)`),
      ],
      of.curve.map(({ tMs, consistent, withinVersions }) => [
        String(tMs),
        percent(consistent.value),
        `${percent(consistent.lo)} to ${percent(consistent.hi)}`,
        ...withinVersions.slice(1).map(percent),
      ]),
      columns,
    ),
  );
  line();
  const { published } = of;
  const withPublished = (cells: readonly string[], value: number | undefined): readonly string[] =>
    published === undefined ? cells : [...cells, value === undefined ? "" : String(value)];
  io.stdout.write(
    textTable(
      withPublished(["latency (ms)", "p50", "p99", "p99.9", "95 % interval"], undefined).map((name, i) =>
        i === 5 ? "published p99.9" : name,
      ),
      (["read", "write"] as const).map((kind) => {
        const { p50, p99, p999 } = of[kind];
        const cells = [kind, short(p50.value), short(p99.value), short(p999.value), interval(p999)];
        return withPublished(cells, kind === "read" ? published?.readP999Ms : published?.writeP999Ms);
      }),
      columns,
    ),
  );
  line();
  const { crossing } = of;
  const rows = [
    ["exact quantile", short(of.quantileMs.value), interval(of.quantileMs), "95 % interval"],
    [
      "first crossing",
      crossing.value === null ? "none" : short(crossing.value),
      `${end(crossing.lo)} to ${end(crossing.hi)}`,
      `90 % of ${crossing.walks} walks, the authors' ${crossing.grid} grid`,
    ],
    ...(published === undefined ? [] : [["published", short(published.tVisibilityMs), "", "a first crossing"]]),
  ];
  io.stdout.write(textTable(["99.9 % consistent", "t (ms)", "between", ""], rows, columns));
  line();
  const versions = of.closed.kStaleness
    .map((p, i) => [i + 1, p] as const)
    .filter(([k, p], i, all) => [1, 2, 3, 5, 10].includes(k) && (i === 0 || all[i - 1][1] < p))
    .map(([k, p]) => `${percent(p)} % within ${k}`)
    .join(", ");
  io.stdout.write(
    wrapText(
      `Quorums that stay as they were at the acknowledgement (closed form): ${versions}; ` +
        `monotonic reads ${percent(of.closed.monotonicReads)} % with as many writes as reads.`,
      Math.min(100, columns),
      "  ",
    ),
  );
  io.stdout.write(
    wrapText(
      "Model: one write and one read, replicas alike and independent; no repair, no failures, no way between client and coordinator. " +
        '"Within k" at a time t is the conservative rule (the chance to miss to the power of k).',
      Math.min(100, columns),
      "  ",
    ),
  );
  // They say where the published figures disagree, and mean nothing where none of these is shown.
  const footnotes = published === undefined ? [] : (model.footnotes ?? []);
  for (const note of footnotes) io.stdout.write(wrapText(`note: ${note}.`, Math.min(100, columns), "  "));
  if (model.source !== undefined) io.stdout.write(wrapText(`source: ${model.source}.`, Math.min(100, columns), "  "));
}

function documentOf({ model, n, r, w, trials, seed }: Question, of: Prediction): object {
  const { distributionOf } =
    require("../../engine/vocabulary/distributions") as typeof import("../../engine/vocabulary/distributions");
  const { TARGET } =
    require("../../results/predictions/prediction") as typeof import("../../results/predictions/prediction");
  const legs: WarsLegs = model.legs;
  const pair = ({ lo, hi }: Estimate): readonly number[] => [lo, hi];
  const latencies = ({ p50, p99, p999 }: Prediction["read"]): object => ({
    p50: p50.value,
    p99: p99.value,
    "p99.9": p999.value,
    "p99.9_interval": pair(p999),
  });
  const { published, crossing } = of;
  return {
    schema: "quorumlab/predict@1",
    model: model.name,
    n,
    r,
    w,
    trials,
    seed,
    p_consistent_at_commit: of.atCommit.value,
    p_consistent_at_commit_interval: pair(of.atCommit),
    p_consistent: of.curve.map(({ tMs, consistent, withinVersions }) => ({
      t_ms: tMs,
      p: consistent.value,
      lo: consistent.lo,
      hi: consistent.hi,
      within_versions: withinVersions,
    })),
    t_visibility_ms: {
      target: TARGET,
      quantile: of.quantileMs.value,
      quantile_interval: pair(of.quantileMs),
      first_crossing: crossing.value,
      first_crossing_range: [crossing.lo, crossing.hi],
      first_crossing_walks: crossing.walks,
      grid: crossing.grid,
    },
    read_ms: latencies(of.read),
    write_ms: latencies(of.write),
    k_staleness: of.closed.kStaleness,
    monotonic_reads: of.closed.monotonicReads,
    least_load: of.closed.leastLoad,
    legs: Object.fromEntries(LEGS.map((leg) => [leg, distributionOf(legs[leg]).describe()])),
    distance_ms: model.distanceMs ?? 0,
    published:
      published === undefined
        ? null
        : {
            "read_p99.9_ms": published.readP999Ms,
            "write_p99.9_ms": published.writeP999Ms,
            t_visibility_ms: published.tVisibilityMs,
            p_consistent_at_commit: published.atCommit ?? null,
          },
    source: model.source ?? null,
    footnotes: model.footnotes ?? [],
  };
}

/** As many digits as tell it from 100. */
function percent(share: number): string {
  if (share === 1) return "100";
  // Rounded up it would claim certainty.
  if (share > 0.9999999) return "99.99999";
  return (100 * share).toFixed(share > 0.9999 ? 5 : share > 0.99 ? 3 : 2);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function interval({ lo, hi }: Estimate): string {
  return `${short(lo)} to ${short(hi)}`;
}

function end(value: number | null): string {
  return value === null ? "beyond the grid" : short(value);
}

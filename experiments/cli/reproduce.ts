/**
 * `quorumlab reproduce`: published results, measured again and judged. The first Ctrl-C keeps what is measured and says how to go on, the
 * second ends at once. Its exit code follows the gated targets alone: those about shape never fail.
 */
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import type { ReproducedTarget } from "../../results/record/reproduction";
import type { Target } from "../reproduce/target";
import type { SessionOptions, TargetEvent, WorldWanted } from "../reproduce/session";
import { listenForInterrupts } from "./carry-out";
import { common, next, outPaint, printJson, type CommandContext, type CommonOptions } from "./command";
import { shownPath } from "./experiment-file";
import { RESULTS_ROOT } from "./find-run";
import { columnsOf } from "./io";
import { createProgress } from "./progress";
import { makeResultsFolder } from "./run";
import { UserError } from "./user-error";
import { wholeNumber } from "./verify";

interface Options extends CommonOptions {
  readonly quick?: boolean;
  readonly only?: WorldWanted;
  readonly list?: boolean;
  readonly out?: string;
  readonly jobs?: number;
  readonly fresh?: boolean;
}

const OUT = "results/reproduce";

export function defineReproduce(program: Command, context: CommandContext): void {
  const command = program
    .command("reproduce")
    .description("published results of papers, measured again and judged beside what was published")
    .argument("[ids...]", "targets by id (DYN-8a, CO-1, CO-1/processes); all when left out")
    .option("--quick", "what can be measured in under five minutes on two cores, some at smaller sizes")
    .addOption(new Option("--only <world>", "simulated targets, or those on real processes").choices(["sim", "real"]))
    .option("--list", "the targets and about how long each takes; nothing is run")
    .option("-o, --out <dir>", `put page, numbers and run folders below DIR (else ${OUT} and ${RESULTS_ROOT})`)
    .option("-j, --jobs <n>", "simulated trials at once; as many as there are processors when left out", wholeNumber)
    .option("--fresh", "measure everything: no trials of earlier runs, no interrupted reproduction")
    .action((ids: readonly string[], options: Options) => reproduceTargets(ids, options, context));
  common(command, [
    ["quorumlab reproduce --quick", "about three dozen results in under five minutes"],
    ["quorumlab reproduce", "all of them: about an hour and a half"],
    ["quorumlab reproduce DYN-8a PBS-T4L", "two of them"],
    ["quorumlab reproduce --list", "which there are, and how long they take"],
  ]);
}

async function reproduceTargets(ids: readonly string[], options: Options, context: CommandContext): Promise<void> {
  const { io } = context;
  const { TARGETS } = require("../reproduce/targets") as typeof import("../reproduce/targets");
  const targets = ids.length === 0 ? TARGETS : chosen(ids, TARGETS);
  if (options.list === true) {
    list(targets, options, context);
    return;
  }
  const { reproduce, exitOf } = require("../reproduce/session") as typeof import("../reproduce/session");
  const out = resolve(io.cwd, options.out ?? OUT);
  const runsRoot = resolve(io.cwd, options.out === undefined ? RESULTS_ROOT : `${options.out}/runs`);
  makeResultsFolder(out);
  const progress = createProgress(io.stderr, "line", () => performance.now(), io.stderr.columns ?? columnsOf(io));
  const live = io.stderr.isTTY && io.env.TERM !== "dumb";
  const interrupts = listenForInterrupts(io, () => progress.clear());
  try {
    const result = await reproduce({
      size: options.quick === true ? "quick" : "full",
      ...{ out, runsRoot, targets, fresh: options.fresh === true, signal: interrupts.signal },
      argv: ["quorumlab", ...context.argv],
      ...(options.only === undefined ? {} : { only: options.only }),
      ...(options.jobs === undefined ? {} : { jobs: options.jobs }),
      runner: context.runner(),
      progress: (event) => {
        if (live) progress.event(event);
      },
      onTarget: (event) => {
        progress.clear();
        io.stderr.write(`${toldOf(event)}\n`);
      },
    } satisfies SessionOptions);
    progress.clear();
    const page = shownPath(result.page, io);
    if (options.json === true) printJson(io, { ...result.document, page });
    else io.stdout.write(`${table(result.document.targets, options, context)}page: ${page}\n`);
    context.exit(exitOf(result));
    if (result.interrupted) {
      io.stderr.write("interrupted: the targets that are done are kept, and this goes on from here:\n");
      // With --fresh it would begin anew.
      next(io, ["quorumlab", ...context.argv.filter((word) => word !== "--fresh")].join(" "));
      return;
    }
    const first = result.document.targets.find(({ verdict }) => verdict === "fail" || verdict === "inconclusive");
    next(io, ...(first === undefined ? ["quorumlab reproduce --list"] : [first.command]));
  } finally {
    progress.clear();
    interrupts.stop();
  }
}

/** @throws UserError naming the nearest. */
function chosen(ids: readonly string[], all: readonly Target[]): readonly Target[] {
  const { targetsNamed } = require("../reproduce/targets") as typeof import("../reproduce/targets");
  const found = ids.flatMap((id) => {
    const of = targetsNamed(id);
    if (of.length === 0) {
      const family = [...new Set(all.map((target) => target.id))].filter(
        (known) => known.split("-")[0] === id.toUpperCase().split("-")[0],
      );
      throw new UserError(
        `there is no target ${id}${family.length === 0 ? "" : `; there are ${family.join(", ")}`} (quorumlab reproduce --list)`,
      );
    }
    return of;
  });
  return all.filter((target) => found.includes(target));
}

function list(targets: readonly Target[], options: Options, context: CommandContext): void {
  const { isCovered, keyOf, PAPERS } = require("../reproduce/target") as typeof import("../reproduce/target");
  const minutes = (value: number | undefined): string =>
    value === undefined ? "–" : value < 0.095 ? "< 0.1" : String(value);
  if (options.json === true) {
    printJson(context.io, {
      schema: "quorumlab/reproduce-list@1",
      targets: targets.map((target) => ({
        ...{
          id: target.id,
          key: keyOf(target),
          claim: target.claim,
          paper: PAPERS[target.paper],
          source: target.source,
        },
        ...{ world: target.world, tier: target.tier, tolerance: target.tolerance, run: target.run },
        ...(isCovered(target) ? { minutes: target.minutes } : { not_covered: target.notCovered }),
      })),
    });
    return;
  }
  const width = Math.max(...targets.map((target) => keyOf(target).length));
  const paint = outPaint(context, options);
  const lines = targets.map((target, i) => {
    const paper =
      i === 0 || targets[i - 1].paper !== target.paper
        ? `${i === 0 ? "" : "\n"}${paint.bold(PAPERS[target.paper])}\n`
        : "";
    const time = isCovered(target)
      ? `${minutes(target.minutes.quick).padStart(6)} ${minutes(target.minutes.full).padStart(6)}`
      : "   not covered";
    return `${paper}  ${keyOf(target).padEnd(width)} ${time}  ${target.claim}\n`;
  });
  context.io.stdout.write(
    `  ${"".padEnd(width)}  quick   full  (minutes on two quiet cores, about)\n${lines.join("")}`,
  );
  next(context.io, "quorumlab reproduce --quick");
}

function toldOf(event: TargetEvent): string {
  switch (event.kind) {
    case "kept":
      return `kept   ${event.key}, from the reproduction that was interrupted`;
    case "began":
      return `[${String(event.index + 1).padStart(String(event.total).length)}/${event.total}] ${event.key}, about ${event.minutes < 0.095 ? "a few seconds" : `${event.minutes} min`}`;
    case "ended": {
      const { inBrief, minutesInWords, REPRODUCED } = words();
      const { target } = event;
      const time = target.minutes === null ? "" : ` in ${minutesInWords(target.minutes)}`;
      return `${"".padStart(2 * String(event.total).length + 3)} ${REPRODUCED[target.verdict].mark} ${REPRODUCED[target.verdict].word}${time}: ${inBrief(target)}`;
    }
  }
}

function words(): typeof import("../../results/reports/reproduction-words") {
  return require("../../results/reports/reproduction-words") as typeof import("../../results/reports/reproduction-words");
}

function table(targets: readonly ReproducedTarget[], options: Options, context: CommandContext): string {
  const { inBrief, keyInWords, minutesInWords, REPRODUCED, tallyInWords } = words();
  const paint = outPaint(context, options);
  const width = Math.max(...targets.map((target) => keyInWords(target).length));
  const columns = Math.max(60, columnsOf(context.io));
  const colour = { pass: "green", fail: "red", inconclusive: "yellow", "not-run": "dim" } as const;
  const lines = targets.map((target, i) => {
    const paper =
      i === 0 || targets[i - 1].paper !== target.paper ? `${i === 0 ? "" : "\n"}${paint.bold(target.paper)}\n` : "";
    const { mark, word } = REPRODUCED[target.verdict];
    const head = `  ${keyInWords(target).padEnd(width)}  `;
    const verdict = `${mark} ${word}`.padEnd(11);
    const time = minutesInWords(target.minutes).padStart(8);
    const room = columns - head.length - verdict.length - time.length - 4;
    const brief = inBrief(target);
    const shown = brief.length > room ? `${brief.slice(0, Math.max(10, room - 1))}…` : brief;
    return `${paper}${head}${paint[colour[target.verdict]](verdict)} ${time}  ${shown}\n`;
  });
  return `${lines.join("")}\n${tallyInWords(targets)}\n`;
}

/**
 * `quorumlab explain --why tunables.r my.yaml`: which value of a key holds, where it was written, and what it overrode.
 * Asked when a flag or a profile seems to do nothing, and of files that extend others, where the line that counts is
 * somewhere else.
 */
import { nearest } from "../../engine/vocabulary/nearest";
import type { ValueHistory, ValueStep } from "../spec/origins";
import { errPaint, next, outPaint, printJson, type CommandContext } from "./command";
import { readExperimentFile } from "./experiment-file";
import { problemLine } from "./problem-lines";
import { sameRun, type ShapeOptions } from "./resolve-options";
import { UserError } from "./user-error";

/** Throws {@link UserError} for a key that there is not. */
export function explainWhy(key: string, file: string, options: ShapeOptions, context: CommandContext): void {
  const { layersOf } = require("../spec/layers") as typeof import("../spec/layers");
  const { historiesOf } = require("../spec/origins") as typeof import("../spec/origins");
  const { Problems } = require("../spec/problems") as typeof import("../spec/problems");
  const { expandSweep } = require("../spec/sweep") as typeof import("../spec/sweep");
  const { spreadWorlds } = require("../spec/worlds") as typeof import("../spec/worlds");
  const { io } = context;
  const read = readExperimentFile(file, io);
  const problems = new Problems(read.path);
  const { profile, set: sets = [] } = options;
  const layers = layersOf({ ...read, sets, ...(profile === undefined ? {} : { profile }) }, problems);
  const told = problems.sorted().filter(({ severity }) => severity === "error");
  if (layers === undefined || told.length > 0) {
    for (const problem of told) io.stderr.write(problemLine(problem, errPaint(context, options)));
    context.exit(2);
    return;
  }
  // What is wrong with the sweep is told by validate; here its axes are asked for.
  const sweep = expandSweep(
    spreadWorlds(layers.layers[layers.layers.length - 1].tree, new Problems()).tree,
    new Problems(),
  );
  const histories = historiesOf(layers, sweep, key);
  if (histories === undefined) throw new UserError(`there is no key "${key}"${advice(key)}`);
  if (options.json === true) {
    const keys = histories.map((history) => ({ ...history, value: history.chain[0]?.value ?? null }));
    printJson(io, { schema: "quorumlab/why@1", file: read.path, keys });
    return;
  }
  const paint = outPaint(context, options);
  for (const history of histories) {
    io.stdout.write(`${paint.bold(history.key)}\n`);
    for (const line of linesOf(history)) io.stdout.write(`  ${line}\n`);
  }
  const { meaningOf } = require("../spec/keys") as typeof import("../spec/keys");
  const known = histories.slice(0, 1).filter((one) => meaningOf(one.key).kind !== "unknown");
  next(
    io,
    ...known.map((one) => `quorumlab explain ${one.key}`),
    sameRun(file, options).replace("quorumlab run", "quorumlab plan"),
  );
}

function advice(key: string): string {
  const { allKeys } = require("../spec/keys") as typeof import("../spec/keys");
  const near = nearest(key, allKeys().supported) ?? nearest(`tunables.${key}`, allKeys().supported);
  return near === undefined ? "; quorumlab explain <word> looks for one" : `; did you mean "${near}"?`;
}

function linesOf({ chain }: ValueHistory): readonly string[] {
  if (chain.length === 0) return ["nobody says anything, and it has no default"];
  const rows = chain.map((step, i) => [valueText(step), sourceText(step), i === 0 ? "" : "overridden"]);
  // After a key was taken away, what was said before it counts no more, and the default does.
  if (chain[0].value === null) {
    rows[0][0] = "(taken away)";
    const last = chain[chain.length - 1];
    if (chain.length > 1 && last.from === "default") rows[rows.length - 1][2] = "holds";
  }
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}

const VALUE_CHARACTERS = 60;

function valueText({ from, value }: ValueStep): string {
  const text =
    from === "axis"
      ? (value as readonly unknown[]).map(oneText).join(" | ")
      : value === null
        ? "(taken away)"
        : oneText(value);
  return text.length <= VALUE_CHARACTERS ? text : `${text.slice(0, VALUE_CHARACTERS - 1)}…`;
}

function oneText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function sourceText({ from, where }: ValueStep): string {
  if (from === "default") return "default";
  if (from === "set") return where ?? "-S";
  if (from === "axis") return `${where ?? ""} (axis of the sweep)`;
  return `${where ?? ""}${from === "file" ? "" : ` (${from})`}`;
}

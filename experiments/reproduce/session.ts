/**
 * A reproduction as it goes on: target after target, each kept on disk as soon as it is known, so that Ctrl-C costs one target and the
 * next call goes on where this one stopped. Only an unfinished reproduction of the same size, targets and version is continued; one
 * that ended is never taken for a new one. What a target throws is its own: the others are still measured.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SEMANTICS_VERSION } from "../../engine/vocabulary/semantics";
import { makeFolders, replaceFile, replaceLink } from "../../results/record/files";
import type { ReproducedTarget, Reproduction, ReproductionSize } from "../../results/record/reproduction";
import { reproductionPage } from "../../results/reports/reproduction-page";
import { codeProvenance, machineProvenance } from "../provenance";
import { Interrupted, MeasuringContext, type MeasuringOptions } from "./measuring";
import { inSize, isCovered, keyOf, PAPERS, type CoveredTarget, type Target, verdictOf } from "./target";

/** Raised whenever a target is measured or judged otherwise than before. */
export const TARGETS_VERSION = 1;

export type WorldWanted = "sim" | "real";

export interface SessionOptions extends MeasuringOptions {
  /** Below it `<stamp>/` is made, and `latest` points at that. */
  readonly out: string;
  readonly targets: readonly Target[];
  readonly only?: WorldWanted;
  readonly onTarget: (event: TargetEvent) => void;
}

export type TargetEvent =
  | {
      readonly kind: "began";
      readonly key: string;
      readonly index: number;
      readonly total: number;
      readonly minutes: number;
    }
  | { readonly kind: "ended"; readonly target: ReproducedTarget; readonly index: number; readonly total: number }
  /** Taken over from the reproduction that this one continues. */
  | { readonly kind: "kept"; readonly key: string };

export interface SessionResult {
  readonly document: Reproduction;
  readonly folder: string;
  readonly page: string;
  readonly interrupted: boolean;
  /** Keys of targets that broke. */
  readonly broken: readonly string[];
}

const DOCUMENT = "reproduction.json";
/** Kept beside the document: what makes two reproductions the same. */
interface Standing extends Reproduction {
  readonly targetsVersion: number;
  readonly selected: readonly string[];
  readonly broken: readonly string[];
}

export async function reproduce(options: SessionOptions): Promise<SessionResult> {
  const { size, out, targets, argv } = options;
  makeFolders(out);
  const selected = targets.map(keyOf);
  const before = options.fresh ? undefined : unfinished(out, size, selected);
  const startedAt = before?.document.startedAt ?? new Date().toISOString();
  const folder = before?.folder ?? join(out, startedAt.replace(/[-:]/g, "").replace(/\.\d+/, ""));
  makeFolders(folder);
  const done = new Map<string, ReproducedTarget>();
  for (const target of before?.document.targets ?? []) {
    const key = keyOf(target);
    if (before!.document.broken.includes(key) || target.minutes === null) continue;
    done.set(key, target);
    options.onTarget({ kind: "kept", key });
  }
  const base = {
    schema: "quorumlab/reproduce@1" as const,
    startedAt,
    size,
    argv,
    quorumlab: codeProvenance().code,
    machine: machineProvenance(),
    semanticsVersion: SEMANTICS_VERSION,
  };
  const broken: string[] = [];
  const page = join(folder, "index.html");
  const standing = (endedAt: string | null): Standing => ({
    ...base,
    endedAt,
    targets: targets.map((target) => done.get(keyOf(target)) ?? notRun(target, options)),
    targetsVersion: TARGETS_VERSION,
    selected,
    broken,
  });
  const keep = (endedAt: string | null): Standing => {
    const document = standing(endedAt);
    replaceFile(join(folder, DOCUMENT), `${JSON.stringify(document, null, 1)}\n`);
    replaceFile(page, reproductionPage(document, Object.values(PAPERS)));
    return document;
  };
  keep(null);
  replaceLink(join(out, "latest"), folder.slice(out.length + 1));
  const known = new Map<string, string>();
  const wanted = targets.filter(
    (target): target is CoveredTarget => isCovered(target) && leftOut(target, options) === undefined,
  );
  const open = wanted.filter((target) => !done.has(keyOf(target)));
  let interrupted = false;
  for (const [index, target] of open.entries()) {
    const key = keyOf(target);
    options.onTarget({ kind: "began", key, index, total: open.length, minutes: minutesOf(target, size) });
    try {
      const measured = await measureTarget(target, options, known);
      done.set(key, measured);
      options.onTarget({ kind: "ended", target: measured, index, total: open.length });
    } catch (error) {
      if (error instanceof Interrupted || options.signal.aborted) {
        interrupted = true;
        break;
      }
      broken.push(key);
      const reason = `broke off: ${error instanceof Error ? error.message : String(error)}`;
      const failed = { ...notRun(target, options), reason };
      done.set(key, failed);
      options.onTarget({ kind: "ended", target: failed, index, total: open.length });
    }
    keep(null);
  }
  const document = keep(interrupted ? null : new Date().toISOString());
  return { document, folder, page, interrupted, broken };
}

async function measureTarget(
  target: CoveredTarget,
  options: SessionOptions,
  known: Map<string, string>,
): Promise<ReproducedTarget> {
  const context = new MeasuringContext(options, keyOf(target), known);
  const began = performance.now();
  await context.breathe();
  const { points, curves = [], remarks = [] } = await target.measure(context);
  const { runs, trials, reused, reusedSeconds } = context.usedRuns();
  const footnote = [...(target.footnote === undefined ? [] : [target.footnote]), ...remarks].join(" ");
  return {
    ...described(target, options.size),
    published: points.map(({ published }) => published),
    measured: points.map(({ measured }) => measured),
    verdict: verdictOf(points, target.tier),
    ...{ points, curves },
    ...(footnote === "" ? {} : { footnote }),
    minutes: ((performance.now() - began) / 1_000 + reusedSeconds) / 60,
    ...(trials === 0 ? {} : { trials: { all: trials, reused } }),
    at: new Date().toISOString(),
    runs,
  };
}

function described(target: Target, size: ReproductionSize) {
  const { id, variant, claim, paper, source, read, world, tier, tolerance, run } = target;
  return {
    id,
    ...(variant === undefined ? {} : { variant }),
    ...{ claim, paper: PAPERS[paper], source, read, world, tier, tolerance, run, size },
    command: `npx quorumlab reproduce ${keyOf(target)}${size === "quick" ? " --quick" : ""}`,
  };
}

/** A target without numbers, and why. */
function notRun(target: Target, options: SessionOptions): ReproducedTarget {
  const { footnote } = target;
  return {
    ...described(target, options.size),
    ...{ published: [], measured: [], verdict: "not-run" as const, points: [], curves: [], minutes: null, runs: [] },
    ...(footnote === undefined ? {} : { footnote }),
    reason: isCovered(target)
      ? (leftOut(target, options) ?? "interrupted before it")
      : `not covered: ${target.notCovered}`,
  };
}

/** Why a covered target is not measured this time. */
function leftOut(target: CoveredTarget, { size, only }: SessionOptions): string | undefined {
  if (only === "sim" && target.world !== "simulation") return "left out by --only sim: it runs real processes";
  if (only === "real" && target.world === "simulation") return "left out by --only real: it is simulated";
  if (!inSize(target, size)) return `not part of --quick: it takes about ${target.minutes.full} minutes`;
  return undefined;
}

export function minutesOf({ minutes }: CoveredTarget, size: ReproductionSize): number {
  return size === "quick" ? (minutes.quick ?? 0) : minutes.full;
}

/** The latest reproduction, where it was interrupted and asked for the same. */
function unfinished(
  out: string,
  size: ReproductionSize,
  selected: readonly string[],
): { readonly folder: string; readonly document: Standing } | undefined {
  const latest = join(out, "latest", DOCUMENT);
  if (!existsSync(latest)) return undefined;
  try {
    const document = JSON.parse(readFileSync(latest, "utf8")) as Standing;
    const same =
      document.schema === "quorumlab/reproduce@1" &&
      document.endedAt === null &&
      document.size === size &&
      document.semanticsVersion === SEMANTICS_VERSION &&
      document.targetsVersion === TARGETS_VERSION &&
      document.selected.join(" ") === selected.join(" ");
    const stamp = document.startedAt.replace(/[-:]/g, "").replace(/\.\d+/, "");
    return same && /^\d{8}T\d{6}Z$/.test(stamp) ? { folder: join(out, stamp), document } : undefined;
  } catch {
    // Half a file of a crash, or somebody else's: begun anew.
    return undefined;
  }
}

/** 3, 1, 4, 0 in that order; an interruption is told apart. */
export function exitOf({ document, broken, interrupted }: SessionResult): 0 | 1 | 3 | 4 | 130 {
  if (interrupted) return 130;
  if (broken.length > 0) return 3;
  const gated = document.targets.filter(({ tier }) => tier !== 3);
  if (gated.some(({ verdict }) => verdict === "fail")) return 1;
  return gated.some(({ verdict }) => verdict === "inconclusive") ? 4 : 0;
}

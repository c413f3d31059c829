/**
 * Distributions of a duration as a person writes them: `5ms`, `{dist: lognormal, median: 2ms, p99: 10ms}`, a table of
 * percentiles, a mixture of any of these. The shapes are those that latency studies of these stores use (exponential and
 * Pareto in Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012; mixtures in its fits of production traces).
 *
 * What is accepted here can be drawn from: the last check makes the distribution, so that a parameter that it refuses is
 * a complaint with a place and never an exception in the middle of a trial.
 */
import { distributionOf } from "./distributions";
import { parseRatio } from "./quantities";
import type { DistributionSettings } from "./settings";
import { below, readShape, superfluous, type Shape } from "./shapes";
import {
  checkScalar,
  isList,
  isMap,
  printWritten,
  wrong,
  type Checked,
  type Fault,
  type ScalarKind,
  type Written,
} from "./scalar-kinds";

const DAY_MS = 86_400_000;
const DURATION: ScalarKind = { kind: "duration", minMs: 0, maxMs: DAY_MS };
const POSITIVE_DURATION: ScalarKind = { kind: "duration", minMs: 0.001, maxMs: DAY_MS };
const WEIGHT: ScalarKind = { kind: "number", min: 0, max: 1_000_000 };

/** Mixtures in mixtures. */
const MAX_DEPTH = 3;
const MAX_PARTS = 16;
export const MAX_POINTS = 10_000;

const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["constant", { value: { kind: DURATION } }],
  ["uniform", { min: { kind: DURATION }, max: { kind: DURATION } }],
  ["exponential", { mean: { kind: POSITIVE_DURATION }, shift: { kind: DURATION, fallback: "0ms" } }],
  ["normal", { mean: { kind: DURATION }, sd: { kind: DURATION } }],
  ["lognormal", { median: { kind: POSITIVE_DURATION }, p99: { kind: POSITIVE_DURATION } }],
  ["pareto", { min: { kind: POSITIVE_DURATION }, alpha: { kind: { kind: "number", min: 0.1, max: 1_000 } } }],
  ["weibull", { scale: { kind: POSITIVE_DURATION }, shape: { kind: { kind: "number", min: 0.1, max: 1_000 } } }],
  // Their parts are lists, and read below.
  ["empirical", {}],
  ["mixture", {}],
]);

/** The names that `dist:` takes. */
export const DISTRIBUTION_NAMES: readonly string[] = [...SHAPES.keys()];

export const DISTRIBUTION_TEXT =
  "none, a duration, or {dist: constant, value} {dist: uniform, min, max} {dist: exponential, mean, shift} " +
  "{dist: normal, mean, sd} {dist: lognormal, median, p99} {dist: pareto, min, alpha} {dist: weibull, scale, shape} " +
  "{dist: empirical, points or file} {dist: mixture, of}";

/** One line for each, for `explain` and the reference. */
export const DISTRIBUTION_PROSE: ReadonlyMap<string, { readonly parts: string; readonly prose: string }> = new Map([
  ["constant", { parts: "value", prose: "Always the same; a bare duration means this." }],
  ["uniform", { parts: "min, max", prose: "Anything between the two with equal chance." }],
  [
    "exponential",
    {
      parts: "mean, shift (0ms)",
      prose:
        "Memoryless: what a queue in light load or a random retry looks like. The shift is the least it takes, and comes on top of the mean.",
    },
  ],
  [
    "normal",
    {
      parts: "mean, sd",
      prose:
        "Symmetric; what would be below zero is drawn again, so the mean is a little higher than written where sd is large.",
    },
  ],
  [
    "lognormal",
    {
      parts: "median, p99",
      prose: "The usual shape of latency, by the two numbers that can be read off a latency plot.",
    },
  ],
  [
    "pareto",
    {
      parts: "min, alpha",
      prose:
        "A tail that falls as a power: above x with probability (min/x)^alpha. It has no mean where alpha is 1 or less, and no variance at 2 or less.",
    },
  ],
  [
    "weibull",
    {
      parts: "scale, shape",
      prose:
        "Above x with probability exp(-(x/scale)^shape): exponential at shape 1, a heavier tail below it, a lighter one above.",
    },
  ],
  [
    "empirical",
    {
      parts: "points: [[share, duration], …] or file",
      prose:
        "A recorded distribution: straight lines between points from share 0 to share 1. A file is .hlog, .hgrm or .csv (share and milliseconds), beside the experiment.",
    },
  ],
  [
    "mixture",
    {
      parts: "of: [{weight, dist, …}, …]",
      prose: "One of the parts, chosen by weight: a body and a tail, a cache hit and a miss.",
    },
  ],
]);

/** A distribution's settings, undefined for `none`, or every fault. */
export function checkDistribution(value: Written): Checked {
  if (value === "none") return { ok: true, value: undefined };
  const checked = isMap(value) ? fromMap(value, 1) : fromScalar(value);
  if (!checked.ok) return checked;
  try {
    distributionOf(checked.value as DistributionSettings);
  } catch (error) {
    if (error instanceof RangeError) return wrong(`cannot be drawn from: ${error.message}`);
    throw error;
  }
  return checked;
}

/** Whether draws have a mean; where they have none, a longer run gives a higher average and none to trust. */
export function hasMean(settings: DistributionSettings): boolean {
  return distributionOf(settings).meanMicros !== undefined;
}

function fromScalar(value: Written): Checked {
  if (typeof value === "string" && SHAPES.has(value))
    return wrong(`is ${printWritten(value)}, which needs its parameters; allowed: ${DISTRIBUTION_TEXT}`);
  const constant = checkScalar(DURATION, value);
  if (constant.ok) return { ok: true, value: { dist: "constant", valueMs: constant.value } };
  return typeof value === "number" ? constant : wrong(`is ${printWritten(value)}; allowed: ${DISTRIBUTION_TEXT}`);
}

/** `extra` names parts that the surrounding value reads. */
function fromMap(value: ReadonlyMap<string, Written>, depth: number, extra: readonly string[] = []): Checked {
  const name = value.get("dist");
  if (name === "empirical") return empirical(value, extra);
  if (name === "mixture") return mixture(value, depth, extra);
  const fields = readShape(SHAPES, value, extra);
  if (!fields.ok) return fields;
  const n = fields.values as Record<string, number>;
  switch (fields.dist) {
    case "constant":
      return made({ dist: "constant", valueMs: n.value });
    case "uniform":
      if (n.min > n.max) return wrong("has min above max");
      return made({ dist: "uniform", minMs: n.min, maxMs: n.max });
    case "exponential":
      return made({ dist: "exponential", meanMs: n.mean, shiftMs: n.shift });
    case "normal":
      return made({ dist: "normal", meanMs: n.mean, sdMs: n.sd });
    case "lognormal":
      if (n.p99 < n.median) return wrong("has p99 below median");
      return made({ dist: "lognormal", medianMs: n.median, p99Ms: n.p99 });
    case "pareto":
      return made({ dist: "pareto", minMs: n.min, alpha: n.alpha });
    default:
      return made({ dist: "weibull", scaleMs: n.scale, shape: n.shape });
  }
}

function made(settings: DistributionSettings): Checked {
  return { ok: true, value: settings };
}

/** Points from share 0 to share 1, both columns ascending. A `file` has become points before this is asked. */
function empirical(value: ReadonlyMap<string, Written>, extra: readonly string[]): Checked {
  const faults: Fault[] = [];
  for (const key of value.keys()) {
    if (!["dist", "points", "file", ...extra].includes(key))
      faults.push(superfluous(key, "dist: empirical", ["points", "file", ...extra]));
  }
  const list = value.get("points");
  if (list === undefined) {
    const message = value.has("file")
      ? "names a file, which is read beside an experiment only; give points here"
      : "lacks points or file, one of which dist: empirical needs";
    return { ok: false, faults: [...faults, { path: [], about: "value", message }] };
  }
  if (value.has("file"))
    faults.push({ path: ["file"], about: "key", message: "stands beside points; keep one of them" });
  if (!isList(list) || list.length < 2 || list.length > MAX_POINTS) {
    const found = isList(list) ? `has ${list.length} points` : `is ${printWritten(list)}`;
    const message = `${found}; allowed: a list of 2 to ${MAX_POINTS} points [share, duration], such as [[0, 1ms], [0.5, 2ms], [1, 9ms]]`;
    return { ok: false, faults: [...faults, { path: ["points"], about: "value", message }] };
  }
  const points: (readonly [number, number])[] = [];
  list.forEach((point, i) => {
    const wrongs = readPoint(point, points);
    faults.push(...below("points", below(i, wrongs)));
  });
  if (faults.length > 0) return { ok: false, faults };
  points.forEach(([share, ms], i) => {
    const complain = (message: string): void => void faults.push({ path: ["points", i], about: "value", message });
    const before = i === 0 ? undefined : points[i - 1];
    if (i === 0 && share !== 0) complain(`has share ${share}; the first point has share 0, the shortest there is`);
    if (i === points.length - 1 && share !== 1)
      complain(`has share ${share}; the last point has share 1, the longest there is`);
    if (before !== undefined && (share < before[0] || ms < before[1]))
      complain("is below the point before it; shares and durations ascend");
  });
  return faults.length === 0 ? made({ dist: "empirical", points }) : { ok: false, faults };
}

/** Adds a pair to `points`, or returns its faults. */
function readPoint(point: Written, points: (readonly [number, number])[]): readonly Fault[] {
  if (!isList(point) || point.length !== 2) {
    const message = `is ${printWritten(point)}; allowed: [share, duration], such as [0.99, 20ms]`;
    return [{ path: [], about: "value", message }];
  }
  const share = parseRatio(point[0]);
  const length = checkScalar(DURATION, point[1]);
  const faults: Fault[] = [];
  if (share === undefined || share < 0 || share > 1)
    faults.push({ path: [0], about: "value", message: `is ${printWritten(point[0])}; allowed: a share from 0 to 1` });
  if (!length.ok) faults.push(...below(1, length.faults));
  if (faults.length === 0) points.push([share as number, (length as { readonly value: number }).value]);
  return faults;
}

function mixture(value: ReadonlyMap<string, Written>, depth: number, extra: readonly string[]): Checked {
  const faults: Fault[] = [];
  for (const key of value.keys()) {
    if (!["dist", "of", ...extra].includes(key)) faults.push(superfluous(key, "dist: mixture", ["of", ...extra]));
  }
  const of = value.get("of");
  if (of === undefined)
    return {
      ok: false,
      faults: [...faults, { path: [], about: "value", message: "lacks of, which dist: mixture needs" }],
    };
  if (!isList(of) || of.length === 0 || of.length > MAX_PARTS) {
    const found = isList(of) ? `has ${of.length} parts` : `is ${printWritten(of)}`;
    const message = `${found}; allowed: a list of 1 to ${MAX_PARTS} parts {weight, dist, …}`;
    return { ok: false, faults: [...faults, { path: ["of"], about: "value", message }] };
  }
  if (depth > MAX_DEPTH) {
    const message = `is nested too deeply; allowed: at most ${MAX_DEPTH} mixtures in one another`;
    return { ok: false, faults: [...faults, { path: [], about: "value", message }] };
  }
  const parts: Part[] = [];
  of.forEach((part, i) => {
    faults.push(...below("of", below(i, readPart(part, depth, parts))));
  });
  if (faults.length > 0) return { ok: false, faults };
  if (parts.every(({ weight }) => weight === 0)) return wrong("has no weight above 0");
  return made({ dist: "mixture", parts });
}

interface Part {
  readonly weight: number;
  readonly of: DistributionSettings;
}

/** Adds a part to `parts`, or returns its faults. */
function readPart(part: Written, depth: number, parts: Part[]): readonly Fault[] {
  if (!isMap(part)) {
    const message = `is ${printWritten(part)}; allowed: {weight, dist, …}, such as {weight: 0.9, dist: constant, value: 1ms}`;
    return [{ path: [], about: "value", message }];
  }
  const faults: Fault[] = [];
  const written = part.get("weight");
  const weight = written === undefined ? wrong("lacks weight") : checkScalar(WEIGHT, written);
  if (!weight.ok) faults.push(...(written === undefined ? weight.faults : below("weight", weight.faults)));
  const of = fromMap(part, depth + 1, ["weight"]);
  if (!of.ok) faults.push(...of.faults);
  if (weight.ok && of.ok) parts.push({ weight: weight.value as number, of: of.value as DistributionSettings });
  return faults;
}

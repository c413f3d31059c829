/**
 * `measure.raw.trace_windows`: stretches of a simulated trial of which every message is kept. They are in order and do
 * not overlap, for each is a file of its own, and lie within the trial: a window after its end would be an empty file that
 * looks like a quiet cluster. Processes cannot be watched message by message, and their cells ignore it.
 */
import { formatDuration, parseDurationMs } from "../../engine/vocabulary/quantities";
import { printWritten } from "../../engine/vocabulary/value-kinds";
import type { MeasureSettings, PhaseSettings } from "./experiment";
import { nodeAt, written, type Located, type LocatedMap } from "./located";
import type { Problems } from "./problems";

const KEY = "measure.raw.trace_windows";
const MOST_WINDOWS = 10;

type Window = NonNullable<MeasureSettings["traceWindows"]>[number];

export interface ReadTraceWindows {
  /** Without the field where there is none, so that the trial keeps its address. */
  readonly traced: Pick<MeasureSettings, "traceWindows">;
  /** What the cell ignores, in words. */
  readonly ignored: readonly string[];
}

/** `phases` undefined: they are wrong themselves, and any time lies within them. */
export function readTraceWindows(
  tree: LocatedMap,
  phases: PhaseSettings | undefined,
  world: string,
  problems: Problems,
): ReadTraceWindows {
  const node = nodeAt(tree, KEY.split("."));
  const none: ReadTraceWindows = { traced: {}, ignored: [] };
  if (node === undefined || (node.kind === "scalar" && node.value === "none")) return none;
  if (node.kind !== "list") {
    problems.error(
      node.at,
      `${KEY} is ${printWritten(written(node))}; write a list such as [{from: 19s, to: 22s}], or none`,
    );
    return none;
  }
  if (node.items.length > MOST_WINDOWS)
    problems.error(node.at, `${KEY} has ${node.items.length} windows; allowed: at most ${MOST_WINDOWS}`);
  const end = phases === undefined ? Infinity : phases.warmupMs + phases.measureMs + phases.drainMs;
  const windows: Window[] = [];
  for (const [i, item] of node.items.entries()) {
    const window = readWindow(item, `${KEY}.${i}`, problems);
    if (window === undefined) continue;
    const before = windows.at(-1);
    if (window.toMs <= window.fromMs)
      problems.error(
        item.at,
        `${KEY}.${i} ends (${formatDuration(window.toMs)}) before it begins (${formatDuration(window.fromMs)})`,
      );
    else if (window.fromMs >= end)
      problems.error(
        item.at,
        `${KEY}.${i} begins at ${formatDuration(window.fromMs)}, when the trial is over (${formatDuration(end)} from the start of the warm-up)`,
      );
    else if (before !== undefined && window.fromMs < before.toMs)
      problems.error(item.at, `${KEY}.${i} begins before the one before it ends; keep them in order and apart`);
    windows.push(window);
  }
  if (windows.length === 0) return none;
  if (world !== "processes") return { traced: { traceWindows: windows }, ignored: [] };
  const message = `${KEY} has an effect only in world: simulation; messages between processes are not kept`;
  problems.warning(node.at, message);
  return { traced: {}, ignored: [message] };
}

function readWindow(item: Located, what: string, problems: Problems): Window | undefined {
  if (item.kind !== "map") {
    problems.error(item.at, `${what} is no map; write {from: 19s, to: 22s}`);
    return undefined;
  }
  for (const [key, entry] of item.entries)
    if (key !== "from" && key !== "to")
      problems.error(entry.keyAt, `unknown key "${key}" in ${what}; it has from and to`);
  const time = (key: "from" | "to"): number | undefined => {
    const node = item.entries.get(key)?.node;
    const ms = node?.kind === "scalar" && typeof node.value === "string" ? parseDurationMs(node.value) : undefined;
    if (ms === undefined)
      problems.error(
        node?.at ?? item.at,
        node === undefined
          ? `${what} lacks ${key}`
          : `${what}.${key} is ${printWritten(written(node))}; write a duration with its unit, such as 19s`,
      );
    return ms;
  };
  const [fromMs, toMs] = [time("from"), time("to")];
  return fromMs === undefined || toMs === undefined ? undefined : { fromMs, toMs };
}

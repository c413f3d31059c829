/**
 * `faults: random`, or `{random: {count, kinds, from, to, longest}}`: how much the seed may draw. Left out, faults stay
 * within the measured phase, so that the drain can show whether everything heals.
 */
import { OF_MEMBERSHIP } from "../../engine/vocabulary/faults";
import type { FaultKind, RandomFaultsSettings } from "../../engine/vocabulary/faults";
import { nearest } from "../../engine/vocabulary/nearest";
import { formatDuration } from "../../engine/vocabulary/quantities";
import { FAULT_KINDS, RANDOM_FAULT_KINDS } from "../../engine/vocabulary/rows/fault-kinds";
import { checkValue, printWritten, type ValueKind } from "../../engine/vocabulary/value-kinds";
import type { PhaseSettings } from "./experiment";
import { FAULT_ROWS, type Surroundings } from "./fault-reader";
import { written, type Located, type LocatedMap } from "./located";
import type { Problems } from "./problems";

export const MOST_FAULTS = 200;
const RANDOM_KEYS = ["count", "kinds", "from", "to", "longest"];

export function readRandomFaults(
  map: LocatedMap | undefined,
  phases: PhaseSettings,
  { problems, idle }: Pick<Surroundings, "problems" | "idle">,
): RandomFaultsSettings {
  const start = phases.warmupMs;
  const end = phases.warmupMs + phases.measureMs;
  const entry = (key: string): Located | undefined => map?.entries.get(key)?.node;
  for (const [key, { keyAt }] of map?.entries ?? []) {
    if (RANDOM_KEYS.includes(key)) continue;
    const near = nearest(key, RANDOM_KEYS);
    problems.error(
      keyAt,
      `unknown key "${key}" in faults.random; ${near === undefined ? `known: ${RANDOM_KEYS.join(", ")}` : `did you mean "${near}"?`}`,
      near,
    );
  }
  const read = (key: string, kind: ValueKind, fallback: number): number => {
    const node = entry(key);
    if (node === undefined) return fallback;
    const checked = checkValue(kind, written(node));
    if (checked.ok) return checked.value as number;
    for (const fault of checked.faults)
      problems.error(node.at, `faults.random.${key} ${fault.message}`, fault.suggestion);
    return fallback;
  };
  const moment: ValueKind = { kind: "duration", minMs: 0, maxMs: 864_000_000 };
  const fromMs = read("from", moment, start);
  const toMs = read("to", moment, Math.max(end, fromMs + 1));
  const settings: RandomFaultsSettings = {
    count: read("count", { kind: "integer", min: 1, max: MOST_FAULTS }, 3),
    kinds: randomKinds(entry("kinds"), problems).filter((kind) => entry("kinds") !== undefined || !idle(kind)),
    fromMs,
    toMs,
    longestMs: read(
      "longest",
      { kind: "duration", minMs: 1, maxMs: 864_000_000 },
      Math.max(1, Math.floor((toMs - fromMs) / 4)),
    ),
  };
  const whole = end + phases.drainMs;
  const at = entry("to")?.at ?? entry("from")?.at;
  if (at !== undefined && toMs <= fromMs)
    problems.error(at, `faults.random ends at ${formatDuration(toMs)}, before it begins at ${formatDuration(fromMs)}`);
  else if (at !== undefined && toMs > whole)
    problems.error(
      at,
      `faults.random goes on to ${formatDuration(toMs)}, but the run ends at ${formatDuration(whole)}`,
    );
  return settings;
}

function randomKinds(node: Located | undefined, problems: Problems): readonly FaultKind[] {
  if (node === undefined || (node.kind === "scalar" && node.value === "all"))
    return node === undefined
      ? RANDOM_FAULT_KINDS
      : FAULT_KINDS.map(({ kind }) => kind).filter((kind) => !OF_MEMBERSHIP.has(kind));
  if (node.kind !== "list" || node.items.length === 0) {
    problems.error(node.at, `faults.random.kinds is ${printWritten(written(node))}; allowed: all, or a list of kinds`);
    return RANDOM_FAULT_KINDS;
  }
  return node.items.flatMap((item): readonly FaultKind[] => {
    const kind = item.kind === "scalar" ? String(item.value) : "";
    const row = FAULT_ROWS.get(kind);
    if (row !== undefined && OF_MEMBERSHIP.has(row.kind)) {
      problems.error(
        item.at,
        `faults.random.kinds names ${kind}, which is not drawn: who joins or leaves, and when, has to be listed`,
      );
      return [];
    }
    if (row !== undefined) return [row.kind];
    const near = nearest(kind, FAULT_ROWS.keys());
    const hint = near === undefined ? `known: ${[...FAULT_ROWS.keys()].join(", ")}` : `did you mean "${near}"?`;
    problems.error(item.at, `faults.random.kinds names ${printWritten(written(item))}; ${hint}`, near);
    return [];
  });
}

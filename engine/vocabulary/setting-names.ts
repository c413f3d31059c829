/**
 * Settings of a cell under the names that people use in conditions: an axis or a tunable by its last name (`r`,
 * `read_repair`), anything by its dotted key (`workload.rate`, `faults.split.at`, `tags.model`). R and W are numbers
 * also where they are written as a word, for `r + w <= n_val` is what one wants to ask. What is known and not set is the
 * word none: an unset key that was no name at all would turn a condition into a mistake in some cells only.
 */
import { exactly, valueOfSetting, type ExpressionValue, type Names } from "./expression-value";
import { TUNABLES } from "./tunables";

/** Dotted keys with printable values, as `trial.json` has them; axes over them. */
export type ResolvedSettings = Readonly<Record<string, unknown>>;

export function settingNames(resolved: ResolvedSettings): Names {
  return {
    valueOf: (name) => settingCalled(name, resolved),
    known: () => knownNames(resolved),
    what: "axis or setting",
  };
}

function settingCalled(name: string, resolved: ResolvedSettings): ExpressionValue | undefined {
  const key = [name, `tunables.${name}`].find((one) => resolved[one] !== undefined && resolved[one] !== null);
  const found = key === undefined ? insideStructure(name, resolved) : resolved[key];
  if (found === undefined || found === null)
    return ROWS.has(name) || ROWS.has(`tunables.${name}`) ? { kind: "text", text: "none" } : undefined;
  const last = name.replace(/^tunables\./, "");
  if (typeof found === "string" && QUORUMS.has(last)) {
    const replicas = replicasOf(found, settingCalled("n_val", resolved));
    if (replicas !== undefined) return exactly(replicas, "plain");
  }
  return typeof found === "string" || typeof found === "number" || typeof found === "boolean"
    ? valueOfSetting(found)
    : { kind: "text", text: printed(found) };
}

/** `faults.split.at` of the value of `faults.split`. */
function insideStructure(name: string, resolved: ResolvedSettings): unknown {
  const parts = name.split(".");
  for (let i = parts.length - 1; i > 0; i--) {
    const prefix = parts.slice(0, i).join(".");
    let value: unknown = resolved[prefix] ?? resolved[`tunables.${prefix}`];
    if (value === undefined) continue;
    for (const part of parts.slice(i)) {
      const members = typeof value === "object" && value !== null ? value : {};
      value = Object.hasOwn(members, part) ? (members as Readonly<Record<string, unknown>>)[part] : undefined;
    }
    return value;
  }
  return undefined;
}

/** The words of `engine/quorum/arithmetic.ts`. */
function replicasOf(word: string, n: ExpressionValue | undefined): number | undefined {
  if (word === "one") return 1;
  if (n?.kind !== "number") return undefined;
  return word === "all" ? n.lo : word === "quorum" ? Math.floor(n.lo / 2) + 1 : undefined;
}

function knownNames(resolved: ResolvedSettings): ReadonlySet<string> {
  return new Set(
    [...Object.keys(resolved), ...ROWS].flatMap((key) =>
      key.startsWith("tunables.") ? [key.slice("tunables.".length), key] : [key],
    ),
  );
}

/** `{interval: 15s, tree_depth: 10}`, as axes are printed. */
function printed(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printed).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, member]) => `${key}: ${printed(member)}`)
      .join(", ")}}`;
  return String(value);
}

const ROWS: ReadonlySet<string> = new Set(TUNABLES.map(({ key }) => key));
const QUORUMS: ReadonlySet<string> = new Set(["r", "w", "pr", "pw", "dw", "node_confirms"]);

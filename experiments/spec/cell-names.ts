/**
 * Names of cells: readable, unique in the experiment, safe as names of files, and the same from run to run
 * (`r1-w1-dvvset`). A number needs its key beside it; a strategy's name speaks for itself. Only where two cells would
 * share a name are the keys written out. What is zipped with a tag is not in the name; the tag is.
 */
import { createHash } from "node:crypto";
import { tunable } from "../../engine/vocabulary/tunables";
import { printWritten, type Written } from "../../engine/vocabulary/value-kinds";
import { axisKey } from "./keys";
import { written } from "./located";
import { named, type Combination } from "./sweep";

const LONGEST = 80;

/** The ids of `combinations`, in order. */
export function cellIds(combinations: readonly Combination[]): readonly string[] {
  if (combinations.length === 1 && combinations[0].length === 0) return ["base"];
  const brief = combinations.map((combination) => join(combination, false));
  const full = combinations.map((combination) => join(combination, true));
  const shared = (ids: readonly string[], id: string): boolean =>
    ids.filter((other) => other.toLowerCase() === id.toLowerCase()).length > 1;
  const chosen = brief.some((id) => shared(brief, id)) ? full : brief;
  return chosen.map((id, i) => {
    if (id.length <= LONGEST && !shared(chosen, id)) return id;
    const digest = createHash("sha256").update(
      JSON.stringify(combinations[i].map(({ axis, value }) => [axis, axisText(written(value))])),
    );
    return `${id.slice(0, LONGEST - 7)}-${digest.digest("hex").slice(0, 6)}`;
  });
}

function join(combination: Combination, keys: boolean): string {
  return named(combination)
    .map(({ axis, value }) => part(axis, written(value), keys))
    .join("-");
}

function part(axis: string, value: Written, keys: boolean): string {
  const row = tunable(axisKey(axis));
  // Of a fault both are needed: which one, and what of it.
  const last = axis.startsWith("faults.") ? axis.slice("faults.".length) : axis.slice(axis.lastIndexOf(".") + 1);
  const name = safe(row?.short ?? last);
  const text = safe(axisText(value));
  if (typeof value === "number") return `${name}${text}`;
  if (row?.kind.kind === "choice" && !keys && text !== "none" && text !== "any") return text;
  return /^\d/.test(text) && typeof value === "string" ? `${name}${text}` : `${name}-${text}`;
}

function safe(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._]+/g, "-").replaceAll(/^[-.]+|[-.]+$/g, "") || "x";
}

/** A value of an axis on one line; scalars as they are. */
export function axisText(value: Written): string {
  return typeof value === "string" ? value : printWritten(value).replaceAll('"', "");
}
